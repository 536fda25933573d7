package report

import (
	"sync"
	"time"

	"lyceum/internal/clock"
)

// How a breaker behaves: after so many failures one after the other nobody is asked for a while, then one try decides. The
// while doubles with each try that fails.
const (
	breakAfter  = 5
	shortestOff = 30 * time.Second
	longestOff  = 15 * time.Minute
)

// Breaker leaves a provider that does not answer alone. It belongs to one process.
type Breaker struct {
	now clock.Clock

	mu       sync.Mutex
	failures int
	off      time.Duration
	until    time.Time
}

// NewBreaker makes a closed one.
func NewBreaker(now clock.Clock) *Breaker { return &Breaker{now: now} }

// Allow tells whether to ask. Where it is open and its while is over, one is let through to try.
func (b *Breaker) Allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < breakAfter {
		return true
	}
	now := b.now()
	if now.Before(b.until) {
		return false
	}
	b.until = now.Add(b.off) // others wait for what the one finds
	return true
}

// Succeeded closes it.
func (b *Breaker) Succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.off = 0, 0
}

// Failed counts a failure. after is how long the provider wants to be left alone, 0 where it did not say.
func (b *Breaker) Failed(after time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if after > 0 {
		b.failures = max(b.failures, breakAfter)
	}
	if b.failures < breakAfter {
		return
	}
	b.off = min(max(2*b.off, shortestOff, after), max(longestOff, after))
	b.until = b.now().Add(b.off)
}

// Open tells until when nobody is asked; ok is false where the breaker is closed.
func (b *Breaker) Open() (until time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until, b.failures >= breakAfter
}
