package oidc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// renewed is a value that is fetched when its life is over, by one for all who ask. While that fails the last good value
// serves. There is no goroutine: who fetches is one of the askers, and the others may leave.
type renewed[T any] struct {
	turn  chan struct{} // held by the one who fetches
	mu    sync.Mutex
	state state[T]
}

func newRenewed[T any]() *renewed[T] { return &renewed[T]{turn: make(chan struct{}, 1)} }

type state[T any] struct {
	value    T
	version  uint64 // counts good fetches; 0: never fetched
	tries    uint64 // counts all fetches
	at       time.Time
	failedAt time.Time
	err      error // of the fetch after the last good one
}

// terms are the rules of renewing.
type terms struct {
	now           time.Time
	life, keepFor time.Duration
}

func (r *renewed[T]) look() state[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// get gives the state with a value that can be used, fetched when its life is over. An issuer that failed is left alone for
// retryAfter: until then, and while it fails, the last good value serves for at most keepFor beyond its life.
func (r *renewed[T]) get(ctx context.Context, t terms, fetch func(context.Context) (T, error)) (state[T], error) {
	s := r.look()
	if s.version > 0 && t.now.Sub(s.at) < t.life {
		return s, nil
	}
	if s.err == nil || t.now.Sub(s.failedAt) >= retryAfter {
		var err error
		if s, err = r.renew(ctx, t, s, nil, fetch); err != nil {
			return s, err
		}
	}
	if s.version > 0 && t.now.Sub(s.at) < t.life+t.keepFor {
		return s, nil
	}
	return s, s.err
}

// renew fetches, unless another did since seen was looked at or may says no (errTooOften). Its error is of waiting and
// asking; what came of the fetch stands in the state.
func (r *renewed[T]) renew(ctx context.Context, t terms, seen state[T], may func() bool, fetch func(context.Context) (T, error)) (state[T], error) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return seen, fmt.Errorf("wait for the identity provider: %w", ctx.Err())
	}
	defer func() { <-r.turn }()
	if s := r.look(); s.tries != seen.tries {
		return s, nil
	}
	if may != nil && !may() {
		return seen, errTooOften
	}
	value, err := fetch(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state.tries++
	if err != nil {
		r.state.failedAt, r.state.err = t.now, err
		return r.state, nil
	}
	r.state = state[T]{value: value, version: r.state.version + 1, tries: r.state.tries, at: t.now}
	return r.state, nil
}

// errTooOften is a fetch that is not made for now.
var errTooOften = errors.New("the issuer was asked too often of late")
