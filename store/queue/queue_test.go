package queue_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/fleet"
	"lyceum/store/queue"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
)

func TestMain(m *testing.M) {
	if os.Getenv(childStep) != "" {
		child()
		return
	}
	storetest.Main(m)
}

var jobTables sync.Once

// world is a migrated database with the jobs' tables.
func world(t *testing.T) *storetest.World {
	t.Helper()
	w := storetest.New(t)
	jobTables.Do(func() {
		a, err := fleet.Open(t.Context(), fleet.Options{URL: w.Admin.Config().ConnString()})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		if _, _, err := a.Migrate(t.Context(), "", rollout.Options{}, nil); err != nil {
			t.Fatal(err)
		}
	})
	return w
}

// happen appends events of a type to a tenant and gives their ids.
func happen(t *testing.T, s *store.Store, ctx context.Context, typ string, n int) []uid.ID {
	t.Helper()
	ids := make([]uid.ID, n)
	err := s.InTenant(ctx, func(ctx context.Context) error {
		for i := range ids {
			e, err := event.New(ctx, time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC), typ, "thing", uid.New(), map[string]int{"n": i})
			if err != nil {
				return err
			}
			ids[i] = e.ID
			if err := s.AppendEvents(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// tally counts how often each event was worked.
type tally struct {
	mu   sync.Mutex
	seen map[uid.ID]int
	all  chan struct{}
	want int
}

func newTally(want int) *tally {
	return &tally{seen: map[uid.ID]int{}, all: make(chan struct{}), want: want}
}

func (c *tally) do(_ context.Context, e event.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[e.ID]++
	if len(c.seen) == c.want && c.seen[e.ID] == 1 {
		close(c.all)
	}
	return nil
}

func (c *tally) wait(t *testing.T) {
	t.Helper()
	select {
	case <-c.all:
	case <-time.After(60 * time.Second):
		c.mu.Lock()
		defer c.mu.Unlock()
		t.Fatalf("%d of %d events were worked", len(c.seen), c.want)
	}
}

// start runs a queue until the test ends. The consequence's name is the test's own: the jobs' table is shared.
func start(t *testing.T, w *storetest.World, keep queue.Keeper, name, when string, do func(context.Context, event.Event) error) *queue.Queue {
	t.Helper()
	q, err := queue.New(t.Context(), queue.Options{URL: w.URL, Keep: keep, Consequences: []queue.Consequence{{When: when, Name: name, Do: do}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return q
}

func outbox(t *testing.T, s *store.Store, ctx context.Context) (n int) {
	t.Helper()
	err := s.InTenant(ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select count(*) from outbox").Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// These tests share one jobs' table and each runs workers that would take another's jobs, so they run one by one.

func TestWhatHappenedIsWorkedOnceAndOnlyWithItsOwnTenant(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	a, b := w.Tenant(t), w.Tenant(t)
	ids := append(happen(t, w.Store, a, "thing.done", 250), happen(t, w.Store, b, "thing.done", 3)...)
	happen(t, w.Store, a, "thing.ignored", 2)
	want := map[uid.ID]uid.ID{}
	ta, _ := tenant.From(a)
	tb, _ := tenant.From(b)
	for i, id := range ids {
		want[id] = ta.ID
		if i >= 250 {
			want[id] = tb.ID
		}
	}
	c := newTally(len(ids))
	start(t, w, w.Store, "once", "thing.done", func(ctx context.Context, e event.Event) error {
		if tn, _ := tenant.From(ctx); tn.ID != want[e.ID] {
			t.Errorf("event %s was worked in tenant %s", e.ID, tn.ID)
		}
		return c.do(ctx, e)
	})
	c.wait(t)
	for id, n := range c.seen {
		if n != 1 {
			t.Errorf("event %s was worked %d times", id, n)
		}
	}
	if outbox(t, w.Store, a) != 0 || outbox(t, w.Store, b) != 0 {
		t.Error("the outbox is not empty")
	}
}

// crashing is a store whose outbox cannot be emptied: the relay dies between making jobs and taking events out.
type crashing struct {
	*store.Store
	times atomic.Int32
}

func (c *crashing) HandedOn(ctx context.Context, events []event.Event) error {
	if c.times.Add(-1) >= 0 {
		return errors.New("killed here")
	}
	return c.Store.HandedOn(ctx, events)
}

func TestARelayThatDiesAfterMakingJobsMakesNoneTwice(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	ctx := w.Tenant(t)
	tn, _ := tenant.From(ctx)
	ids := happen(t, w.Store, ctx, "thing.crashed", 5)
	keep := &crashing{Store: w.Store}
	keep.times.Store(2)
	c := newTally(len(ids))
	q := start(t, w, keep, "crash", "thing.crashed", c.do)
	c.wait(t)
	for range 3 { // the next attempts hand the same events on again
		_, _ = q.Relay(ctx, tn)
	}
	if n := outbox(t, w.Store, ctx); n != 0 {
		t.Errorf("%d events are left in the outbox", n)
	}
	var jobs int
	if err := w.Admin.QueryRow(t.Context(), "select count(*) from river.river_job where args->>'tenant' = $1", tn.ID.String()).Scan(&jobs); err != nil {
		t.Fatal(err)
	}
	if jobs != len(ids) {
		t.Errorf("%d jobs for %d events", jobs, len(ids))
	}
}

func TestAFailedJobIsTriedAgain(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	ctx := w.Tenant(t)
	ids := happen(t, w.Store, ctx, "thing.failed", 1)
	c := newTally(1)
	var tries atomic.Int32
	start(t, w, w.Store, "retry", "thing.failed", func(ctx context.Context, e event.Event) error {
		if tries.Add(1) == 1 {
			return errors.New("not this time")
		}
		return c.do(ctx, e)
	})
	c.wait(t)
	if c.seen[ids[0]] != 1 || tries.Load() != 2 {
		t.Errorf("worked %d times in %d tries", c.seen[ids[0]], tries.Load())
	}
	// A mail server may be down for a weekend, and nobody who learned may go unbilled: hourly tries for weeks.
	var hours int
	if err := w.Admin.QueryRow(t.Context(), "select min(max_attempts) from river.river_job where kind = 'consequence'").Scan(&hours); err != nil || hours < 14*24 {
		t.Errorf("a job is given up after %d tries (%v)", hours, err)
	}
}

func TestAJobThatAsksToBeCalledAgainIsNoFailure(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	ids := happen(t, w.Store, w.Tenant(t), "thing.later", 1)
	c := newTally(1)
	var calls, failures atomic.Int32
	q, err := queue.New(t.Context(), queue.Options{
		URL: w.URL, Keep: w.Store, Failed: func(uid.ID, string, error) { failures.Add(1) },
		Consequences: []queue.Consequence{{When: "thing.later", Name: "later", Do: func(ctx context.Context, e event.Event) error {
			if calls.Add(1) < 3 {
				return queue.Again(time.Millisecond)
			}
			return c.do(ctx, e)
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c.wait(t)
	if c.seen[ids[0]] != 1 || calls.Load() != 3 || failures.Load() != 0 {
		t.Errorf("%d calls, %d failures", calls.Load(), failures.Load())
	}
}

func TestJobsOfAPortalThatIsMaintainedWaitAndCountNoTry(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	still, other := w.Tenant(t), w.Tenant(t)
	held, _ := tenant.From(still)
	mine := happen(t, w.Store, still, "thing.held", 1)
	happen(t, w.Store, other, "thing.held", 1)
	c := newTally(2)
	var asked atomic.Int32
	q, err := queue.New(t.Context(), queue.Options{
		URL: w.URL, Keep: w.Store, Consequences: []queue.Consequence{{When: "thing.held", Name: "held", Do: func(ctx context.Context, e event.Event) error {
			if e.ID == mine[0] && asked.Load() < 3 {
				t.Error("it was worked while its portal was maintained")
			}
			return c.do(ctx, e)
		}}},
		Holds: func(_ context.Context, tn tenant.Tenant) time.Duration {
			if tn.ID == held.ID && asked.Add(1) < 3 {
				return time.Millisecond
			}
			return 0
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c.wait(t)
	if asked.Load() != 3 || c.seen[mine[0]] != 1 {
		t.Errorf("asked %d times, worked %d times", asked.Load(), c.seen[mine[0]])
	}
}

func TestWorkThatTakesLongIsGivenItsTime(t *testing.T) { //nolint:paralleltest // see above
	w := world(t)
	ctx := w.Tenant(t)
	left := make(chan time.Duration, 2)
	note := func(ctx context.Context) error {
		until, _ := ctx.Deadline()
		left <- time.Until(until)
		return nil
	}
	q, err := queue.New(t.Context(), queue.Options{
		URL: w.URL, Keep: w.Store,
		Consequences: []queue.Consequence{{When: "thing.slow", Name: "slow", Timeout: time.Hour, Do: func(ctx context.Context, _ event.Event) error { return note(ctx) }}},
		Chores:       []queue.Chore{{Name: "slow chore", Every: time.Hour, Timeout: time.Hour, Do: note}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := q.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	happen(t, w.Store, ctx, "thing.slow", 1)
	q.Wake(uid.Nil)
	for range 2 {
		select {
		case got := <-left:
			if got < 50*time.Minute {
				t.Errorf("only %s were left", got)
			}
		case <-time.After(60 * time.Second):
			t.Fatal("not worked")
		}
	}
}

// A process that is killed (SIGKILL, by itself) at a step leaves its work to the next one.

const childStep, childURL = "QUEUE_TEST_DIE_AT", "QUEUE_TEST_URL"

func die() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) }

// dying dies at a step of the relay.
type dying struct {
	*store.Store
	step string
}

func (d dying) WaitingEvents(ctx context.Context, n int) ([]event.Event, error) {
	events, err := d.Store.WaitingEvents(ctx, n)
	if d.step == "read" && len(events) > 0 {
		die()
	}
	return events, err
}

func (d dying) HandedOn(ctx context.Context, events []event.Event) error {
	if d.step == "made" {
		die()
	}
	return d.Store.HandedOn(ctx, events)
}

func child() {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: os.Getenv(childURL)})
	if err != nil {
		panic(err)
	}
	step := os.Getenv(childStep)
	q, err := queue.New(ctx, queue.Options{URL: os.Getenv(childURL), Keep: dying{s, step}, Consequences: []queue.Consequence{{
		When: "thing.killed", Name: "kill", Do: func(context.Context, event.Event) error {
			if step == "work" {
				die()
			}
			return nil
		},
	}}})
	if err != nil {
		panic(err)
	}
	if err := q.Start(ctx); err != nil {
		panic(err)
	}
	time.AfterFunc(30*time.Second, func() { os.Exit(3) }) // the parent sees that nothing killed us
	select {}
}

func TestAProcessKilledAtAnyStepLosesNothing(t *testing.T) { //nolint:paralleltest // see above
	for _, step := range []string{"read", "made", "work"} {
		t.Run(step, func(t *testing.T) { //nolint:paralleltest // see above
			w := world(t)
			ctx := w.Tenant(t)
			ids := happen(t, w.Store, ctx, "thing.killed", 3)
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), childStep+"="+step, childURL+"="+w.URL)
			out, err := cmd.CombinedOutput()
			if !strings.Contains(err.Error(), "killed") {
				t.Fatalf("the child ended otherwise: %v\n%s", err, out)
			}
			c := newTally(len(ids))
			start(t, w, w.Store, "kill", "thing.killed", c.do)
			c.wait(t)
			if n := outbox(t, w.Store, ctx); n != 0 && step != "read" {
				t.Logf("%d events wait for the next sweep", n)
			}
		})
	}
}
