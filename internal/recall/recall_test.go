package recall_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/internal/recall"
)

func TestAValueIsLoadedOnceForManyAndAgainWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	c := recall.New[string, int](10, time.Minute, func() time.Time { return now })
	var loads atomic.Int32
	release := make(chan struct{})
	load := func(context.Context) (int, error) { <-release; return int(loads.Add(1)), nil }
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if v, err := c.Get(t.Context(), "a", load); err != nil || v != 1 {
				t.Errorf("got %d, %v", v, err)
			}
		})
	}
	close(release)
	wg.Wait()
	now = now.Add(time.Minute)
	if v, _ := c.Get(t.Context(), "a", load); v != 2 {
		t.Errorf("after its time: %d", v)
	}
}

func TestALoadThatBeganBeforeADropIsNotKept(t *testing.T) {
	t.Parallel()
	c := recall.New[string, string](10, time.Hour, time.Now)
	got, err := c.Get(t.Context(), "a", func(context.Context) (string, error) {
		c.Drop(nil) // the row changed after it was read
		return "old", nil
	})
	if err != nil || got != "old" {
		t.Fatal(got, err)
	}
	if got, _ := c.Get(t.Context(), "a", func(context.Context) (string, error) { return "new", nil }); got != "new" {
		t.Fatalf("kept %q", got)
	}
}

func TestAnErrorIsNotKeptAndAHungUpAskerFailsNobody(t *testing.T) {
	t.Parallel()
	c := recall.New[string, int](10, time.Hour, time.Now)
	if _, err := c.Get(t.Context(), "a", func(context.Context) (int, error) { return 0, errors.New("down") }); err == nil {
		t.Fatal("no error")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := c.Get(gone, "a", func(ctx context.Context) (int, error) { return 1, ctx.Err() }); err != nil || v != 1 {
		t.Fatalf("got %d, %v", v, err)
	}
	c.Drop(func(k string, _ int) bool { return k == "b" })
	if _, ok := c.Peek("a"); !ok {
		t.Fatal("another key was dropped")
	}
}
