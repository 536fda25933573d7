package queue_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/turn"
	"lyceum/internal/uid"
	"lyceum/store/queue"
	"lyceum/tenant"
)

// These tests take others' jobs as those in queue_test.go do, so they run one by one.

func opened(t *testing.T, o queue.Options) *queue.Queue {
	t.Helper()
	q, err := queue.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return q
}

func TestOnePortalsHundredsOfJobsDoNotGoBeforeAnothersFew(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	noisy, quiet := w.Tenant(t), w.Tenant(t)
	happen(t, w.Store, noisy, "fair.flood", 400)
	mine := happen(t, w.Store, quiet, "fair.flood", 3)
	want := newTally(403)
	var mu sync.Mutex
	var order []uid.ID
	q := opened(t, queue.Options{URL: w.URL, Keep: w.Store, Workers: 1, Consequences: []queue.Consequence{{When: "fair.flood", Name: "fair_flood", Do: func(ctx context.Context, e event.Event) error {
		tn, _ := tenant.From(ctx)
		mu.Lock()
		order = append(order, tn.ID)
		mu.Unlock()
		return want.do(ctx, e)
	}}}})
	for _, ctx := range []context.Context{noisy, quiet} {
		tn, _ := tenant.From(ctx)
		if _, err := q.Relay(t.Context(), tn); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	want.wait(t)
	who, _ := tenant.From(quiet)
	mu.Lock()
	defer mu.Unlock()
	seen := 0
	for i, id := range order {
		if id == who.ID {
			if seen++; seen == len(mine) {
				if i > 60 { // fifty of the other's go as anybody's, the rest in bulk
					t.Fatalf("the quiet portal's %d jobs were done after %d of the noisy one's", len(mine), i+1-len(mine))
				}
				return
			}
		}
	}
	t.Fatal("the quiet portal's jobs were not done")
}

func TestOfOnePortalOneLongJobRunsAtATimeAndAnothersBesideIt(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	one, other := w.Tenant(t), w.Tenant(t)
	first, second := happen(t, w.Store, one, "fair.long", 1), happen(t, w.Store, one, "fair.long", 1)
	begun, goOn := make(chan uid.ID, 4), make(chan struct{})
	o := queue.Options{URL: w.URL, Keep: w.Store, Consequences: []queue.Consequence{
		{When: "fair.long", Name: "fair_long", Long: true, Do: func(_ context.Context, e event.Event) error {
			begun <- e.ID
			<-goOn
			return nil
		}},
		{When: "fair.short", Name: "fair_short", Do: func(ctx context.Context, e event.Event) error {
			if !turn.IsBehind(ctx) {
				t.Error("a job that nobody waits for does not stand behind")
			}
			begun <- e.ID
			return nil
		}},
	}}
	q := opened(t, o)
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wake := func(ctx context.Context) { tn, _ := tenant.From(ctx); q.Wake(tn.ID) }
	next := func() uid.ID {
		select {
		case id := <-begun:
			return id
		case <-time.After(60 * time.Second):
			t.Fatal("no job began")
			return uid.Nil
		}
	}
	wake(one)
	held := next()
	beside := happen(t, w.Store, other, "fair.long", 1)[0]
	wake(other)
	if got := next(); got != beside {
		t.Fatalf("%s began, want the other portal's", got)
	}
	short := happen(t, w.Store, one, "fair.short", 1)[0]
	wake(one)
	if got := next(); got != short {
		t.Fatalf("%s began, want the portal's short job: its second long one waits", got)
	}
	close(goOn)
	last := map[uid.ID]uid.ID{first[0]: second[0], second[0]: first[0]}[held]
	if got := next(); got != last {
		t.Fatalf("%s began, want the one that waited", got)
	}
}
