// Package turn shares a few places fairly among many keys that want them: whose key used them least goes first (start-time
// fair queueing), no key holds all of them, and what runs behind goes after what somebody waits for. It knows nothing of what
// the places are.
package turn

import (
	"context"
	"math"
	"sync"
	"time"
)

// Options say how many places there are.
type Options struct {
	Places int // at once, of all keys; at least one
	// Each is the most that one key holds at once; default Places. With less, there is always a place for whoever comes
	// while one key wants all.
	Each int
	// Behind is the most that one key holds at once for work that nobody waits for; default Each less one, at least one.
	Behind int
	// Now tells the time that use is counted by; default time.Now.
	Now func() time.Time
}

// Line is the places and who waits for them. It is safe for many goroutines.
type Line struct {
	o        Options
	mu       sync.Mutex
	free     int
	virtual  time.Duration // the use at which the one served last stood
	accounts map[string]*account
	queued   map[string]*account // those of them that wait
}

// account is a key's.
type account struct {
	used           time.Duration // what it has used, lifted to virtual whenever it comes back
	held, behind   int           // places; those of them that are behind
	first, yielded []*waiter     // who waits, for itself and behind
}

type waiter struct {
	granted chan struct{}
	behind  bool
}

// New opens a line.
func New(o Options) *Line {
	o.Places = max(o.Places, 1)
	if o.Each <= 0 || o.Each > o.Places {
		o.Each = o.Places
	}
	if o.Behind <= 0 || o.Behind > o.Each {
		o.Behind = max(o.Each-1, 1)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Line{o: o, free: o.Places, accounts: map[string]*account{}, queued: map[string]*account{}}
}

// manyAccounts is from how many keys on the resting ones are forgotten.
const manyAccounts = 4096

// Take waits for a place and gives what returns it, to be called once. The error is ctx's.
func (l *Line) Take(ctx context.Context, key string) (release func(), err error) {
	behind := IsBehind(ctx)
	l.mu.Lock()
	a := l.account(key)
	if l.free > 0 && a.may(l.o, behind) && (!behind || len(a.first) == 0) {
		l.grant(a, behind)
		l.mu.Unlock()
		return l.releasing(a, behind), nil
	}
	w := &waiter{granted: make(chan struct{}), behind: behind}
	if behind {
		a.yielded = append(a.yielded, w)
	} else {
		a.first = append(a.first, w)
	}
	l.queued[key] = a
	l.mu.Unlock()
	select {
	case <-w.granted:
		return l.releasing(a, behind), nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.granted: // at the same moment
		l.giveBack(a, behind, 0)
	default:
		a.first, a.yielded = without(a.first, w), without(a.yielded, w)
		l.settle(key, a)
	}
	return nil, context.Cause(ctx)
}

// account finds a key's, and lets one that rested begin where the others stand: rest is not saved up.
func (l *Line) account(key string) *account {
	a := l.accounts[key]
	if a == nil {
		if len(l.accounts) >= manyAccounts {
			l.forget()
		}
		a = &account{}
		l.accounts[key] = a
	}
	if a.resting() {
		a.used = max(a.used, l.virtual)
	}
	return a
}

func (a *account) resting() bool { return a.held == 0 && len(a.first)+len(a.yielded) == 0 }

func (a *account) may(o Options, behind bool) bool {
	return a.held < o.Each && (!behind || a.behind < o.Behind)
}

// next is who of the account would go now, nil for nobody.
func (a *account) next(o Options) *waiter {
	switch {
	case len(a.first) > 0 && a.may(o, false):
		return a.first[0]
	case len(a.first) == 0 && len(a.yielded) > 0 && a.may(o, true):
		return a.yielded[0]
	}
	return nil
}

func (l *Line) grant(a *account, behind bool) {
	l.free--
	a.held++
	if behind {
		a.behind++
	}
	l.virtual = max(l.virtual, a.used)
}

// serve gives free places to who used least.
func (l *Line) serve() {
	for l.free > 0 {
		var least *account
		var key string
		used := time.Duration(math.MaxInt64)
		for k, a := range l.queued {
			if a.used < used && a.next(l.o) != nil {
				least, key, used = a, k, a.used
			}
		}
		if least == nil {
			return
		}
		w := least.next(l.o)
		if w.behind {
			least.yielded = least.yielded[1:]
		} else {
			least.first = least.first[1:]
		}
		l.settle(key, least)
		l.grant(least, w.behind)
		close(w.granted)
	}
}

func (l *Line) settle(key string, a *account) {
	if len(a.first)+len(a.yielded) == 0 {
		delete(l.queued, key)
	}
}

func (l *Line) releasing(a *account, behind bool) func() {
	began := l.o.Now()
	return func() {
		took := l.o.Now().Sub(began)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.giveBack(a, behind, max(took, 0))
	}
}

func (l *Line) giveBack(a *account, behind bool, took time.Duration) {
	l.free++
	a.held--
	if behind {
		a.behind--
	}
	a.used += took
	l.serve()
}

// forget drops the accounts of those who rest and owe nothing.
func (l *Line) forget() {
	for k, a := range l.accounts {
		if a.resting() && a.used <= l.virtual {
			delete(l.accounts, k)
		}
	}
}

// Waiting is how many wait now.
func (l *Line) Waiting() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.queued {
		n += len(a.first) + len(a.yielded)
	}
	return n
}

func without(list []*waiter, w *waiter) []*waiter {
	for i, x := range list {
		if x == w {
			return append(list[:i:i], list[i+1:]...)
		}
	}
	return list
}

type behindKey struct{}

// Behind marks a context's work as what nobody waits for: it goes after its own key's other work and holds fewer places.
func Behind(ctx context.Context) context.Context { return context.WithValue(ctx, behindKey{}, true) }

// IsBehind tells whether a context's work is so marked.
func IsBehind(ctx context.Context) bool { b, _ := ctx.Value(behindKey{}).(bool); return b }
