package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/turn"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// consequenceArgs name one consequence of one event; River keeps one job for each.
type consequenceArgs struct {
	Tenant uid.ID `json:"tenant"`
	Event  uid.ID `json:"event"`
	Name   string `json:"name"`
}

// Kind is stable: waiting jobs are found by it.
func (consequenceArgs) Kind() string { return "consequence" }

type consequenceWorker struct {
	river.WorkerDefaults[consequenceArgs]
	q *Queue
}

// Work runs the consequence inside the tenant. A tenant or event that is gone, and a consequence that no longer exists
// in this release, end the job for good.
func (w *consequenceWorker) Work(ctx context.Context, job *river.Job[consequenceArgs]) (err error) {
	started := time.Now()
	defer func() {
		if !errors.Is(err, errNotYet) {
			w.q.o.Observed(job.Args.Name, time.Since(started), err)
			w.q.o.Worked(job.Args.Tenant, started.Sub(job.ScheduledAt), err)
		}
	}()
	c, ok := w.q.byName[job.Args.Name]
	if !ok {
		return river.JobCancel(fmt.Errorf("no consequence is named %s", job.Args.Name))
	}
	t, err := w.q.o.Keep.TenantByID(ctx, job.Args.Tenant)
	if err != nil {
		return gone(err)
	}
	ctx = tenant.With(ctx, t)
	if left := w.q.o.Holds(ctx, t); left > 0 {
		return river.JobSnooze(min(left, heldAgain))
	}
	if c.Long {
		if !w.q.begins(t.ID) {
			return errNotYet
		}
		defer w.q.ends(t.ID)
	}
	if c.Urgency != Waited {
		ctx = turn.Behind(ctx)
	}
	var e event.Event
	err = w.q.o.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		e, err = w.q.o.Keep.EventByID(ctx, job.Args.Event)
		return err
	})
	if err != nil {
		return gone(err)
	}
	if err := c.Do(ctx, e); err != nil {
		if errors.Is(err, errNotYet) {
			return err
		}
		w.q.o.Failed(t.ID, c.Name, err)
		w.q.o.Log.ErrorContext(ctx, "job failed", slog.String("job", c.Name), slog.String("tenant", t.Slug), slog.String("event", e.ID.String()),
			slog.Int("attempt", job.Attempt), slog.Any("err", err))
		return fmt.Errorf("%s for %s of %s: %w", c.Name, e.Type, t.Slug, err)
	}
	return nil
}

// Again is what a consequence returns to be called once more after so long: it did what there was to do, and there will be more.
func Again(after time.Duration) error { return river.JobSnooze(after) }

// longAgain is when a tenant's next long job is looked at again.
const longAgain = 5 * time.Second

// errNotYet lays a job aside until then, which counts as no attempt. Each error that does so is the same to errors.Is.
var errNotYet = river.JobSnooze(longAgain)

// heldAgain is when a job that waits for the end of maintenance is looked at again: the end may come sooner.
const heldAgain = time.Minute

// begins tells whether a long job of a tenant may run, and holds the place until ends.
func (q *Queue) begins(of uid.ID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, runs := q.long[of]; runs {
		return false
	}
	q.long[of] = struct{}{}
	return true
}

func (q *Queue) ends(of uid.ID) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.long, of)
}

// NextRetry waits 1, 4, 9, 16 … seconds at first and up to an hour later: a mail server that restarts costs seconds.
func (w *consequenceWorker) NextRetry(job *river.Job[consequenceArgs]) time.Time {
	return time.Now().Add(min(time.Duration(job.Attempt*job.Attempt)*time.Second, time.Hour))
}

// Timeout is the consequence's; 0 takes the usual one.
func (w *consequenceWorker) Timeout(job *river.Job[consequenceArgs]) time.Duration {
	return w.q.byName[job.Args.Name].Timeout
}

func gone(err error) error {
	if fault.Of(err).Kind == fault.KindNotFound {
		return river.JobCancel(err)
	}
	return err
}

type choreArgs struct {
	Name string `json:"name"`
}

// Kind is stable: waiting jobs are found by it.
func (choreArgs) Kind() string { return "chore" }

type choreWorker struct {
	river.WorkerDefaults[choreArgs]
	q *Queue
}

// Work runs the chore; a failed one is tried again at its next turn.
func (w *choreWorker) Work(ctx context.Context, job *river.Job[choreArgs]) (err error) {
	started := time.Now()
	defer func() { w.q.o.Observed(job.Args.Name, time.Since(started), err) }()
	ctx = turn.Behind(ctx)
	for _, c := range w.q.o.Chores {
		if c.Name == job.Args.Name {
			if err := c.Do(ctx); err != nil {
				w.q.o.Log.ErrorContext(ctx, "chore failed", slog.String("job", c.Name), slog.Any("err", err))
				return fmt.Errorf("chore %s: %w", c.Name, err)
			}
		}
	}
	return nil
}

// Timeout is the chore's; 0 takes the usual one.
func (w *choreWorker) Timeout(job *river.Job[choreArgs]) time.Duration {
	for _, c := range w.q.o.Chores {
		if c.Name == job.Args.Name {
			return c.Timeout
		}
	}
	return 0
}

// quiet passes River's warnings and errors; its notes about starting, leading and stopping are for its authors, and that
// it was interrupted by our own stopping is no error.
type quiet struct{ slog.Handler }

// Enabled is true from warnings up.
func (h quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// Handle leaves out interruptions.
func (h quiet) Handle(ctx context.Context, r slog.Record) error {
	interrupted := false
	r.Attrs(func(a slog.Attr) bool {
		interrupted = strings.Contains(a.Value.String(), context.Canceled.Error())
		return !interrupted
	})
	if interrupted {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps quiet.
func (h quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{h.Handler.WithAttrs(attrs)} }

// WithGroup keeps quiet.
func (h quiet) WithGroup(name string) slog.Handler { return quiet{h.Handler.WithGroup(name)} }
