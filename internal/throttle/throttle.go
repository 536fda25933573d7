// Package throttle limits how often something may be done, per key, in the memory of one process: GCRA (the generic
// cell rate algorithm, ITU-T I.371), which needs one time per key and no timer. It knows nothing of what it limits.
package throttle

import (
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"lyceum/internal/clock"
)

// defaultKeys bounds the keys that are remembered; beyond it the one used longest ago starts afresh.
const defaultKeys = 100_000

// Limiter allows a number of times per duration and key, and a burst of them at once. It is safe for many goroutines.
type Limiter struct {
	now      clock.Clock
	interval time.Duration // between two times at the steady rate
	burst    int
	mu       sync.Mutex
	due      *lru.Cache[string, time.Time] // the theoretical arrival time of the next one
}

// New allows n times per duration at a steady rate, and burst times at once (at least one).
func New(now clock.Clock, n int, per time.Duration, burst int) *Limiter {
	return Sized(now, n, per, burst, defaultKeys)
}

// Sized is New with a bound on the keys remembered.
func Sized(now clock.Clock, n int, per time.Duration, burst, keys int) *Limiter {
	due, err := lru.New[string, time.Time](max(keys, 1))
	if err != nil {
		panic(err) // unreachable: the size is positive
	}
	return &Limiter{now: now, interval: per / time.Duration(max(n, 1)), burst: max(burst, 1), due: due}
}

// Burst is how many are allowed at once.
func (l *Limiter) Burst() int { return l.burst }

// Allow takes one for a key. When none is left, ok is false and retryAfter says when the next will be; remaining is
// how many more are allowed right now. A refusal costs nothing.
func (l *Limiter) Allow(key string) (ok bool, retryAfter time.Duration, remaining int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	due, known := l.due.Get(key)
	if !known || due.Before(now) {
		due = now
	}
	// One more may come when the debt after it is at most a burst's.
	next := due.Add(l.interval)
	debt := next.Sub(now)
	tolerance := time.Duration(l.burst) * l.interval
	if debt > tolerance {
		return false, debt - tolerance, 0
	}
	l.due.Add(key, next)
	return true, 0, int((tolerance - debt) / l.interval)
}
