package turn_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/internal/turn"
)

// hand is a clock that the test moves.
type hand struct{ ns atomic.Int64 }

func (h *hand) now() time.Time          { return time.Unix(0, h.ns.Load()) }
func (h *hand) advance(d time.Duration) { h.ns.Add(int64(d)) }

func take(t *testing.T, l *turn.Line, ctx context.Context, key string) func() {
	t.Helper()
	release, err := l.Take(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// waits starts someone who wants a place, waits until they stand in the line, and gives a channel on which their release comes.
func waits(t *testing.T, l *turn.Line, ctx context.Context, key string) <-chan func() {
	t.Helper()
	before := l.Waiting()
	got := make(chan func(), 1)
	go func() {
		if release, err := l.Take(ctx, key); err == nil {
			got <- release
		}
	}()
	for l.Waiting() == before {
		time.Sleep(time.Millisecond)
	}
	return got
}

func served(c <-chan func()) bool {
	select {
	case release := <-c:
		defer release()
		return true
	case <-time.After(50 * time.Millisecond):
		return false
	}
}

func TestNoKeyHoldsEveryPlace(t *testing.T) {
	t.Parallel()
	l := turn.New(turn.Options{Places: 3, Each: 2})
	ctx := t.Context()
	one, two := take(t, l, ctx, "noisy"), take(t, l, ctx, "noisy")
	third := waits(t, l, ctx, "noisy")
	take(t, l, ctx, "quiet")() // without waiting, though the noisy one wants more
	if served(third) {
		t.Fatal("one key held all three places")
	}
	one()
	if !served(third) {
		t.Fatal("its third was not served when its first was done")
	}
	two()
}

func TestWhoUsedLeastGoesFirst(t *testing.T) {
	t.Parallel()
	var h hand
	l := turn.New(turn.Options{Places: 1, Now: h.now})
	ctx := t.Context()
	hold := take(t, l, ctx, "noisy")
	h.advance(time.Second) // of use
	noisy := waits(t, l, ctx, "noisy")
	quiet := waits(t, l, ctx, "quiet") // came later
	hold()
	release := <-quiet
	select {
	case <-noisy:
		t.Fatal("the noisy one goes beside it")
	default:
	}
	release()
	(<-noisy)()
}

func TestRestIsNotSavedUp(t *testing.T) {
	t.Parallel()
	var h hand
	l := turn.New(turn.Options{Places: 1, Now: h.now})
	ctx := t.Context()
	take(t, l, ctx, "resting")()
	for range 10 {
		release := take(t, l, ctx, "busy")
		h.advance(time.Second)
		release()
	}
	// One that comes back after ten seconds of rest is served first once, and then in turn.
	hold := take(t, l, ctx, "busy")
	h.advance(time.Second)
	first, second := waits(t, l, ctx, "resting"), waits(t, l, ctx, "resting")
	busy := waits(t, l, ctx, "busy")
	hold()
	release := <-first
	h.advance(5 * time.Second)
	release()
	select {
	case release := <-busy:
		release()
	case <-second:
		t.Fatal("its rest counted for more than one turn")
	}
	(<-second)()
}

func TestWhatRunsBehindGoesAfterWhatSomebodyWaitsFor(t *testing.T) {
	t.Parallel()
	l := turn.New(turn.Options{Places: 2})
	ctx, behind := t.Context(), turn.Behind(t.Context())
	job := take(t, l, behind, "a")
	other := waits(t, l, behind, "a") // one place stays for its people
	page := take(t, l, ctx, "a")
	next := waits(t, l, ctx, "a")
	job()
	release := <-next
	if served(other) {
		t.Fatal("the job went before the page, or beside all places")
	}
	release()
	page()
	if !served(other) {
		t.Fatal("the job was never served")
	}
}

func TestWhoGivesUpLeavesTheLine(t *testing.T) {
	t.Parallel()
	l := turn.New(turn.Options{Places: 1})
	release := take(t, l, t.Context(), "a")
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := make(chan error, 1)
	go func() { _, err := l.Take(ctx, "b"); gone <- err }()
	for l.Waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	why := errors.New("enough")
	cancel(why)
	if err := <-gone; !errors.Is(err, why) {
		t.Fatalf("got %v", err)
	}
	if l.Waiting() != 0 {
		t.Fatal("still in the line")
	}
	release()
	take(t, l, t.Context(), "c")()
}

// TestNoPlaceIsLostOrGivenTwice lets many keys come, wait, give up and go at once.
func TestNoPlaceIsLostOrGivenTwice(t *testing.T) {
	t.Parallel()
	const places, each = 4, 3
	l := turn.New(turn.Options{Places: places, Each: each})
	var held atomic.Int32
	var by [5]atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 1))
			for range 200 {
				k := rnd.IntN(len(by))
				ctx := t.Context()
				if rnd.IntN(2) == 0 {
					ctx = turn.Behind(ctx)
				}
				cancel := func() {}
				if rnd.IntN(3) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(rnd.IntN(300))*time.Microsecond)
				}
				release, err := l.Take(ctx, string(rune('a'+k)))
				if err == nil {
					if n := held.Add(1); n > places {
						t.Errorf("%d places of %d are held", n, places)
					}
					if n := by[k].Add(1); n > each {
						t.Errorf("one key holds %d", n)
					}
					time.Sleep(time.Duration(rnd.IntN(50)) * time.Microsecond)
					by[k].Add(-1)
					held.Add(-1)
					release()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if l.Waiting() != 0 {
		t.Fatalf("%d still wait", l.Waiting())
	}
	for i := range places { // all places are there again
		defer take(t, l, t.Context(), string(rune('p'+i)))()
	}
}
