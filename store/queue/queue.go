// Package queue hands what happened on to what must follow: a relay takes events from tenants' outboxes and makes
// River jobs of them, idempotent by tenant, event and consequence; workers run them, each safe to run twice. What
// follows from what stands in one table, cmd/lyceum/worker.go.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"golang.org/x/sync/errgroup"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Consequence is one line of the table: when an event of a type happened, then this is done, in a context inside the
// tenant. Do must be safe to run twice. Name is stable: waiting jobs are found by it.
type Consequence struct {
	When string
	Name string
	// Urgency says who goes first when jobs wait; the zero value is in the middle.
	Urgency Urgency
	// Timeout bounds one attempt; default a minute.
	Timeout time.Duration
	// Long is a run that takes minutes and that a tenant causes now and then, such as an import: it waits in a line of its own,
	// where of one tenant one runs at a time in a process.
	Long bool
	Do   func(ctx context.Context, e event.Event) error
}

// Urgency orders waiting jobs.
type Urgency int

const (
	// Waited is what a person waits for: a mail with a link, a certificate.
	Waited Urgency = -1
	// Unseen is what nobody waits for: counting, tidying.
	Unseen Urgency = 1
)

// priority is River's: 1 goes first, 4 last.
func (u Urgency) priority() int { return 2 + int(u) }

// inBulk is the priority of what one tenant causes by the hundred: after everybody's single jobs.
const inBulk = 4

// One tenant's jobs of one name go in bulk beyond this many at once, and this many a minute.
const (
	singlesAtOnce  = 50
	singlesAMinute = 300
)

// The lines apart from River's default one: a job of minutes, or a round through thousands of tenants, holds up no mail.
const (
	longLine  = "long"
	choreLine = "chores"
)

// line is where a consequence's jobs wait.
func (c Consequence) line() string {
	if c.Long {
		return longLine
	}
	return river.QueueDefault
}

// Chore is done every so often by one process of all, beginning soon after start. Do must be safe to run twice.
type Chore struct {
	Name  string
	Every time.Duration
	// Timeout bounds one turn; default a minute. Where it is longer than Every, turns overlap.
	Timeout time.Duration
	Do      func(ctx context.Context) error
}

// Keeper is what the queue needs of the store.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
	TenantByID(ctx context.Context, id uid.ID) (tenant.Tenant, error)
	TenantsAfter(ctx context.Context, after uid.ID, n int) ([]tenant.Tenant, error)
	WaitingEvents(ctx context.Context, n int) ([]event.Event, error)
	HandedOn(ctx context.Context, events []event.Event) error
	EventByID(ctx context.Context, id uid.ID) (event.Event, error)
}

// Options are what the queue works with.
type Options struct {
	// URL reaches PostgreSQL itself as the application: a transaction pooler does not carry River's LISTEN.
	URL          string
	Keep         Keeper
	Consequences []Consequence
	Chores       []Chore
	Workers      int // short jobs at once in this process, beside a quarter of that of long ones and half of chores; default 8
	Log          *slog.Logger
	// Observed is told how each job ended, for metrics.
	Observed func(name string, took time.Duration, err error)
	// Worked is told how each job of a portal ended, and how long it waited after its time had come; Handed how long an event
	// waited to be handed on. Nil: nobody is.
	Worked func(tenantID uid.ID, waited time.Duration, err error)
	Handed func(tenantID uid.ID, waited time.Duration)
	// Holds is how long a portal's jobs still wait because it is maintained; 0: they do not. Nil: none ever do.
	Holds func(ctx context.Context, t tenant.Tenant) time.Duration
	// Failed is told of each consequence that failed, with its tenant.
	Failed func(tenantID uid.ID, name string, err error)
}

// Queue is the relay and the workers of one process.
type Queue struct {
	o       Options
	pool    *pgxpool.Pool
	client  *river.Client[pgx.Tx]
	byEvent map[string][]Consequence
	byName  map[string]Consequence

	singles *throttle.Limiter // by tenant and name

	mu      sync.Mutex
	long    map[uid.ID]struct{} // tenants of whom a long job runs
	waiting map[uid.ID]struct{} // tenants whose outbox is to be read
	wake    chan struct{}
	done    sync.WaitGroup
	cancel  context.CancelFunc
	life    *life
}

// fetchCooldown is the shortest time between two looks for jobs. River's own default of 100 ms would hold back jobs
// that take a few milliseconds.
const fetchCooldown = 20 * time.Millisecond

// maxAttempts is how often a consequence is tried: hourly at last, so for about six weeks. River's own 25 would be over
// after 82 minutes at our pace, and with them a mail server's long night, or a learner who was to be billed.
const maxAttempts = 1000

// One tenant whose rows are locked holds up no other's events for longer than this.
const (
	relaysAtOnce = 4
	relayTimeout = 30 * time.Second
)

// sweepEvery is how often all outboxes are read for what a crash left between a commit and its hint.
const sweepEvery = 5 * time.Minute

// New prepares the queue; nothing runs before Start.
func New(ctx context.Context, o Options) (*Queue, error) {
	if o.Workers <= 0 {
		o.Workers = 8
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Observed == nil {
		o.Observed = func(string, time.Duration, error) {}
	}
	if o.Worked == nil {
		o.Worked = func(uid.ID, time.Duration, error) {}
	}
	if o.Handed == nil {
		o.Handed = func(uid.ID, time.Duration) {}
	}
	if o.Holds == nil {
		o.Holds = func(context.Context, tenant.Tenant) time.Duration { return 0 }
	}
	if o.Failed == nil {
		o.Failed = func(uid.ID, string, error) {}
	}
	q := &Queue{
		o: o, byEvent: map[string][]Consequence{}, byName: map[string]Consequence{},
		waiting: map[uid.ID]struct{}{}, wake: make(chan struct{}, 1),
		long: map[uid.ID]struct{}{}, singles: throttle.New(time.Now, singlesAMinute, time.Minute, singlesAtOnce),
	}
	for _, c := range o.Consequences {
		q.byEvent[c.When] = append(q.byEvent[c.When], c)
		q.byName[c.Name] = c
	}
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("jobs' database URL: %w", err)
	}
	cfg.MaxConns = 4
	cfg.ConnConfig.RuntimeParams["application_name"] = "lyceum-jobs"
	if q.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, fmt.Errorf("open the jobs' pool: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &consequenceWorker{q: q})
	river.AddWorker(workers, &choreWorker{q: q})
	var periodic []*river.PeriodicJob
	for _, c := range o.Chores {
		periodic = append(periodic, river.NewPeriodicJob(river.PeriodicInterval(c.Every), func() (river.JobArgs, *river.InsertOpts) {
			return choreArgs{Name: c.Name}, &river.InsertOpts{Queue: choreLine, MaxAttempts: 1, Priority: Unseen.priority(), UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: c.Every}}
		}, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	q.life = &life{url: o.URL, id: "lyceum-" + uid.New().String(), log: o.Log}
	q.client, err = river.NewClient(riverpgxv5.New(q.pool), &river.Config{
		ID: q.life.id, Schema: "river", Workers: workers, PeriodicJobs: periodic,
		Queues: map[string]river.QueueConfig{
			river.QueueDefault: {MaxWorkers: o.Workers}, longLine: {MaxWorkers: max(o.Workers/4, 1)}, choreLine: {MaxWorkers: max(o.Workers/2, 1)},
		},
		FetchCooldown:        fetchCooldown,
		JobTimeout:           time.Minute,
		RescueStuckJobsAfter: 5 * time.Minute, // the last resort: reap.go is quicker
		Logger:               slog.New(quiet{o.Log.Handler()}),
	})
	if err != nil {
		q.pool.Close()
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return q, nil
}

// Start runs relay and workers until Stop.
func (q *Queue) Start(ctx context.Context) error {
	conn, err := q.life.begin(ctx) // before the first job is taken
	if err != nil {
		return err
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		_ = conn.Close(ctx)
		return fmt.Errorf("start the workers: %w", err)
	}
	relayCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	lifeCtx, end := context.WithCancel(context.WithoutCancel(ctx))
	q.cancel, q.life.end = cancel, end
	q.life.done.Go(func() { q.life.run(lifeCtx, conn) })
	q.done.Add(2)
	go func() { defer q.done.Done(); q.relayLoop(relayCtx) }()
	go func() { defer q.done.Done(); q.sweepLoop(relayCtx) }()
	return nil
}

// Stop lets running jobs end until ctx is done, then cancels them, and closes the connections.
func (q *Queue) Stop(ctx context.Context) error {
	var err error
	if q.cancel != nil {
		q.cancel()
		q.done.Wait()
		if err = q.client.Stop(ctx); err != nil {
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			err = q.client.StopAndCancel(stop)
		}
		q.life.end() // after the last job: its lock says that we work
		q.life.done.Wait()
	}
	q.pool.Close()
	return err
}

// Wake says that a tenant's outbox has something (uid.Nil: any may). It never blocks.
func (q *Queue) Wake(tenantID uid.ID) {
	q.mu.Lock()
	q.waiting[tenantID] = struct{}{}
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *Queue) relayLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.wake:
		}
		q.mu.Lock()
		todo := q.waiting
		q.waiting = map[uid.ID]struct{}{}
		q.mu.Unlock()
		var relays errgroup.Group
		relays.SetLimit(relaysAtOnce)
		for id := range todo {
			relays.Go(func() error {
				err := q.relayOne(ctx, id)
				if err != nil && ctx.Err() == nil {
					q.o.Log.ErrorContext(ctx, "relay events", slog.String("tenant", id.String()), slog.Any("err", err))
				}
				return nil
			})
		}
		_ = relays.Wait() // each told its own failure
	}
}

func (q *Queue) relayOne(ctx context.Context, id uid.ID) error {
	if id == uid.Nil {
		return q.sweep(ctx)
	}
	return q.relayTo(ctx, id)
}

// relayWithin hands on some of a tenant's events; where more wait, it is their turn again after the others'.
func (q *Queue) relayWithin(ctx context.Context, t tenant.Tenant) error {
	ctx, cancel := context.WithTimeout(ctx, relayTimeout)
	defer cancel()
	for range turns {
		n, err := q.relaySome(ctx, t)
		if err != nil || n < batch {
			return err
		}
	}
	q.Wake(t.ID)
	return nil
}

func (q *Queue) sweepLoop(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	q.Wake(uid.Nil)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			q.Wake(uid.Nil)
		}
	}
}

// sweep reads every active tenant's outbox.
func (q *Queue) sweep(ctx context.Context) error {
	var errs []error
	for after := uid.Nil; ; {
		list, err := q.o.Keep.TenantsAfter(ctx, after, 200)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, t := range list {
			after = t.ID
			if err := q.relayWithin(ctx, t); err != nil && len(errs) < 10 {
				errs = append(errs, fmt.Errorf("tenant %s: %w", t.Slug, err))
			}
		}
		if len(list) < 200 || ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
}

func (q *Queue) relayTo(ctx context.Context, id uid.ID) error {
	t, err := q.o.Keep.TenantByID(ctx, id)
	if fault.Of(err).Kind == fault.KindNotFound {
		return nil // deleted meanwhile, with its outbox
	}
	if err != nil {
		return err
	}
	return q.relayWithin(ctx, t)
}

// priority is a consequence's for a tenant: an import's thousand mails wait behind another portal's one.
func (q *Queue) priority(of uid.ID, c Consequence) int {
	if ok, _, _ := q.singles.Allow(of.String() + " " + c.Name); !ok {
		return inBulk
	}
	return c.Urgency.priority()
}

// batch is how many events are handed on at a time, and turns how many times before it is another tenant's turn.
const (
	batch = 200
	turns = 5
)

// Relay makes jobs of everything in a tenant's outbox and gives how many events it handed on. Jobs are made before
// the events leave the outbox: a crash in between hands them on again, and River refuses the double by its arguments.
func (q *Queue) Relay(ctx context.Context, t tenant.Tenant) (total int, err error) {
	for {
		n, err := q.relaySome(ctx, t)
		total += n
		if err != nil || n < batch {
			return total, err
		}
	}
}

// relaySome makes jobs of the oldest events in a tenant's outbox, a batch at most.
func (q *Queue) relaySome(ctx context.Context, t tenant.Tenant) (int, error) {
	inside := tenant.With(ctx, t)
	var events []event.Event
	err := q.o.Keep.InTenant(inside, func(ctx context.Context) (err error) {
		events, err = q.o.Keep.WaitingEvents(ctx, batch)
		return err
	})
	if err != nil || len(events) == 0 {
		return 0, err
	}
	var jobs []river.InsertManyParams
	for _, e := range events {
		for _, c := range q.byEvent[e.Type] {
			jobs = append(jobs, river.InsertManyParams{
				Args:       consequenceArgs{Tenant: t.ID, Event: e.ID, Name: c.Name},
				InsertOpts: &river.InsertOpts{Queue: c.line(), MaxAttempts: maxAttempts, Priority: q.priority(t.ID, c), UniqueOpts: river.UniqueOpts{ByArgs: true}},
			})
		}
	}
	if len(jobs) > 0 {
		if _, err := q.client.InsertMany(ctx, jobs); err != nil {
			return 0, fmt.Errorf("make jobs: %w", err)
		}
	}
	if err := q.o.Keep.InTenant(inside, func(ctx context.Context) error { return q.o.Keep.HandedOn(ctx, events) }); err != nil {
		return 0, err
	}
	for _, e := range events {
		q.o.Handed(t.ID, time.Since(e.At))
	}
	return len(events), nil
}
