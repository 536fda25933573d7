// Package recall keeps loaded values at hand for a while: bounded, loaded once for many who ask at the same moment, and
// never older than what was dropped. It has no goroutine of its own. It is not a store: any value may be gone.
package recall

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"lyceum/internal/clock"
)

// loadTimeout bounds a load: it serves all who wait, so the first asker's hanging up does not end it.
const loadTimeout = 10 * time.Second

// Cache keeps values of one kind.
type Cache[K comparable, V any] struct {
	now     clock.Clock
	ttl     time.Duration
	kept    *lru.Cache[K, kept[V]]
	flight  singleflight.Group
	mu      sync.Mutex // makes "nothing was dropped since" and keeping one step
	dropped atomic.Uint64
}

type kept[V any] struct {
	value V
	until time.Time
}

// New makes a cache of at most size values, each kept for ttl.
func New[K comparable, V any](size int, ttl time.Duration, now clock.Clock) *Cache[K, V] {
	l, err := lru.New[K, kept[V]](size)
	if err != nil {
		panic(err) // a size below one is a mistake in the wiring
	}
	return &Cache[K, V]{now: now, ttl: ttl, kept: l}
}

// Get gives the value of a key, loaded when it is not at hand. An error is not kept. A value whose load began before a
// Drop is given to those who waited but not kept.
func (c *Cache[K, V]) Get(ctx context.Context, key K, load func(context.Context) (V, error)) (V, error) {
	if v, ok := c.Peek(key); ok {
		return v, nil
	}
	before := c.dropped.Load()
	// Who asks after a drop does not join a load from before it.
	v, err, _ := c.flight.Do(fmt.Sprint(before, key), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		if v, ok := c.Peek(key); ok {
			return v, nil // a load ended between our look and our turn
		}
		v, err := load(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil && c.dropped.Load() == before {
			c.kept.Add(key, kept[V]{v, c.now().Add(c.ttl)})
		}
		return v, err
	})
	value, _ := v.(V)
	return value, err
}

// Peek gives the value of a key if it is at hand.
func (c *Cache[K, V]) Peek(key K) (v V, ok bool) {
	if k, ok := c.kept.Get(key); ok && c.now().Before(k.until) {
		return k.value, true
	}
	return v, false
}

// Put keeps a value that is known without a load.
func (c *Cache[K, V]) Put(key K, v V) { c.kept.Add(key, kept[V]{v, c.now().Add(c.ttl)}) }

// Forget forgets the values of these keys; a load of any that runs is not kept.
func (c *Cache[K, V]) Forget(keys ...K) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped.Add(1)
	for _, key := range keys {
		c.kept.Remove(key)
	}
}

// Drop forgets the values that match; nil forgets all.
func (c *Cache[K, V]) Drop(match func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped.Add(1)
	if match == nil {
		c.kept.Purge()
		return
	}
	for _, key := range c.kept.Keys() {
		if k, ok := c.kept.Peek(key); ok && match(key, k.value) {
			c.kept.Remove(key)
		}
	}
}
