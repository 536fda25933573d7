package auth

import (
	"context"
	"encoding/hex"
	"fmt"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"lyceum/internal/uid"
)

const (
	// principalLifetime is how long a principal is believed without asking the store: the net below a lost
	// notification.
	principalLifetime = 5 * time.Second
	// loadDeadline is how long a load may take that several requests wait for.
	loadDeadline    = 5 * time.Second
	memoryDefault   = 10_000
	seenEvery       = time.Minute // how often seen_at and last_used_at are written at most
	generationSlots = 256
)

// memory remembers principals for a few seconds and loads each once however many ask. It is not golang-lru's
// expirable cache: that one owns a goroutine nobody can end, and a clock nobody can move.
type memory struct {
	known       *lru.Cache[memoryKey, remembered]
	loads       singleflight.Group
	generations [generationSlots]atomic.Uint64
}

// memoryKey carries the generation: dropping a tenant counts it up, and what was known or is still being loaded under
// the old count is found by nobody.
type memoryKey struct {
	tenant     uid.ID
	generation uint64
	hash       [32]byte
	kind       byte // 's' session, 'p' session peeked at, 'k' key
}

type remembered struct {
	who   Principal
	until time.Time
}

func newMemory(size int) *memory {
	if size <= 0 {
		size = memoryDefault
	}
	known, err := lru.New[memoryKey, remembered](size)
	if err != nil {
		panic(err) // unreachable: the size is positive
	}
	return &memory{known: known}
}

// generation counts a tenant's drops. Tenants share counters: a drop too many costs a query each.
func (m *memory) generation(tenantID uid.ID) *atomic.Uint64 {
	return &m.generations[tenantID[len(tenantID)-1]]
}

// drop forgets a tenant's principals; uid.Nil forgets everyone's.
func (m *memory) drop(tenantID uid.ID) {
	if tenantID != uid.Nil {
		m.generation(tenantID).Add(1)
		return
	}
	for i := range m.generations {
		m.generations[i].Add(1)
	}
}

// principal gives who holds the secret, loaded at most once at a time. What fails is not remembered.
func (m *memory) principal(
	ctx context.Context, tenantID uid.ID, kind byte, hash []byte, now time.Time,
	load func(context.Context) (Principal, time.Time, error),
) (Principal, error) {
	key := memoryKey{tenant: tenantID, generation: m.generation(tenantID).Load(), kind: kind, hash: [32]byte(hash)}
	if r, ok := m.known.Get(key); ok && now.Before(r.until) {
		return r.who, nil
	}
	flight := fmt.Sprintf("%c %s %d %s", kind, tenantID, key.generation, hex.EncodeToString(hash))
	who, err, _ := m.loads.Do(flight, func() (any, error) {
		// Several requests wait for this load: it must not end because the first of them hung up.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadDeadline)
		defer cancel()
		if r, ok := m.known.Get(key); ok && now.Before(r.until) {
			return r.who, nil // a load ended between our look and our turn
		}
		who, expires, err := load(ctx)
		if err != nil {
			return Principal{}, err
		}
		until := now.Add(principalLifetime)
		if expires.Before(until) {
			until = expires
		}
		m.known.Add(key, remembered{who, until})
		return who, nil
	})
	if err != nil {
		return Principal{}, err
	}
	return who.(Principal), nil
}
