package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lyceum/internal/uid"
	"lyceum/migrations"
	"lyceum/tenant/rollout"
)

// workLock is held by the one process that works on rollouts; it goes with the process's connection.
const workLock = 7206210006

// look is how often a working process looks whether it is to stop.
const look = time.Second

// accepted is the share of failures, in percent, with which nothing pauses by itself.
const accepted = 100

// errorMax bounds what is kept of a failure, in bytes.
const errorMax = 2000

// Work works on the open rollout until it is through, is paused or stopped, or ctx ends; told (nil: nobody) hears of each
// schema. It gives the rollout as it then stands. With none that is running, and while another process works, it does nothing
// and gives rollout.ErrNothing or rollout.ErrHeld. A process that died is followed by the next that calls it, which goes on
// exactly where it was: a schema and its step are one transaction.
func (a *Admin) Work(ctx context.Context, told func(rollout.Rollout)) (r rollout.Rollout, err error) {
	lock, err := a.pool.Acquire(ctx)
	if err != nil {
		return r, fmt.Errorf("connect as administrator: %w", err)
	}
	defer lock.Release()
	var mine bool
	if err := lock.QueryRow(ctx, "select pg_try_advisory_lock($1)", workLock).Scan(&mine); err != nil {
		return r, fmt.Errorf("hold the rollout: %w", err)
	}
	if !mine {
		return r, rollout.ErrHeld
	}
	defer lock.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", workLock) //nolint:errcheck // ends with the connection
	var id uid.ID
	err = lock.QueryRow(ctx, "update control.rollouts set holder = $2, worked_at = now() where state = 'running' and target = $1 returning id", a.Version(), holder()).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, rollout.ErrNothing
	}
	if err != nil {
		return r, fmt.Errorf("take the rollout up: %w", err)
	}
	for {
		if r, err = a.Rollout(ctx, id); err != nil {
			return r, err
		}
		if told != nil {
			told(r)
		}
		if r.State != rollout.Running {
			return r, nil
		}
		if err := a.advance(ctx, lock, r, told); err != nil {
			return r, err
		}
	}
}

// holder names this process.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%s:%d", host, os.Getpid())
}

// advance does the wave that is on, or ends the rollout.
func (a *Admin) advance(ctx context.Context, lock *pgxpool.Conn, r rollout.Rollout, told func(rollout.Rollout)) error {
	n := r.Wave()
	if n > len(r.Waves) {
		return a.finish(ctx, lock, r)
	}
	if n == 2 && r.Waves[0].Failed > 0 && r.MaxFailed < accepted { // the first are through: what failed is looked at before more is touched
		return a.hold(ctx, lock, r, rollout.WhyCanary)
	}
	return a.wave(ctx, lock, r, n, told)
}

// finish ends a rollout whose steps were all tried. Schemas that came behind meanwhile, as a spare that was taken, are added.
func (a *Admin) finish(ctx context.Context, lock *pgxpool.Conn, r rollout.Rollout) error {
	tag, err := lock.Exec(ctx, `insert into control.rollout_steps (rollout_id, schema_name, slug, wave, state, tries, error, ms)
		select $1, b.schema_name, b.slug, $3, 'waiting', 0, '', 0 from (
			select schema_name, slug from control.tenants where schema_version between 1 and $2 - 1 and status <> 'deleting'
			union all select schema_name, '' from control.spares where schema_version < $2) b
		on conflict (rollout_id, schema_name) do update set state = 'waiting' where rollout_steps.state = 'done'`, r.ID, r.Target, len(r.Plan))
	if err != nil {
		return fmt.Errorf("look for schemas that came behind: %w", err)
	}
	if tag.RowsAffected() > 0 {
		return nil
	}
	if r.Sum().Failed > 0 && r.MaxFailed < accepted {
		return a.hold(ctx, lock, r, rollout.WhyFailed)
	}
	_, err = lock.Exec(ctx, "update control.rollouts set state = 'done', finished_at = now(), worked_at = now() where id = $1 and state = 'running'", r.ID)
	if err == nil {
		a.log.InfoContext(ctx, "every tenant has this release's shape", slog.Int("version", r.Target), slog.Int("schemas", r.Sum().Done))
	}
	return wrapped(err, "end rollout %s", r.ID)
}

// hold pauses a rollout by itself.
func (a *Admin) hold(ctx context.Context, lock *pgxpool.Conn, r rollout.Rollout, why string) error {
	_, err := lock.Exec(ctx, "update control.rollouts set state = 'paused', why = $2, worked_at = now() where id = $1 and state = 'running'", r.ID, why)
	if err == nil {
		a.log.ErrorContext(ctx, "the rollout paused; `lyceum migrate status` says why", slog.String("why", why), slog.Int("failed", r.Sum().Failed))
	}
	return wrapped(err, "pause rollout %s", r.ID)
}

// outcome is what became of one schema.
type outcome struct {
	schema migrations.Schema
	tried  int
	took   time.Duration
	err    error
}

// wave migrates the schemas of a wave, some at a time. It ends when none is left, too many failed, the rollout is no longer
// running, or ctx ends; what was begun is always ended.
func (a *Admin) wave(ctx context.Context, lock *pgxpool.Conn, r rollout.Rollout, n int, told func(rollout.Rollout)) error {
	todo, err := a.waiting(ctx, lock, r.ID, n)
	if err != nil {
		return err
	}
	results, w, running := make(chan outcome), &r.Waves[n-1], 0
	tick := time.NewTicker(look)
	defer tick.Stop()
	going := true
	var wrong error
	for len(todo) > 0 && going || running > 0 {
		for going && running < r.Workers && len(todo) > 0 && ctx.Err() == nil {
			s := todo[0]
			todo, running = todo[1:], running+1
			go func() { results <- a.one(ctx, r.ID, s) }()
		}
		if going = going && ctx.Err() == nil; running == 0 {
			break
		}
		select {
		case o := <-results:
			running--
			if err := a.settle(ctx, r, w, o); err != nil {
				going, wrong = false, errors.Join(wrong, err)
			}
			if told != nil {
				told(r)
			}
			if going && tooMany(*w, r.MaxFailed) {
				going, wrong = false, errors.Join(wrong, a.hold(ctx, lock, r, rollout.WhyFailures))
			}
		case <-tick.C:
			var state rollout.State
			err := lock.QueryRow(ctx, "update control.rollouts set worked_at = now() where id = $1 returning state", r.ID).Scan(&state)
			if err != nil || state != rollout.Running {
				going, wrong = false, errors.Join(wrong, err)
			}
		}
	}
	return errors.Join(wrong, ctx.Err())
}

// tooMany tells whether more of a wave failed than may: at least three, so that one in a small wave is none of a percentage.
func tooMany(w rollout.Wave, percent int) bool {
	tried := w.Done + w.Failed
	return percent < accepted && w.Failed >= 3 && w.Failed*100 > percent*tried
}

func (a *Admin) waiting(ctx context.Context, lock *pgxpool.Conn, id uid.ID, wave int) ([]migrations.Schema, error) {
	rows, err := lock.Query(ctx, "select schema_name, slug = '' from control.rollout_steps where rollout_id = $1 and wave = $2 and state = 'waiting' order by slug = '', schema_name", id, wave)
	if err != nil {
		return nil, fmt.Errorf("schemas of wave %d: %w", wave, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s migrations.Schema, err error) {
		return s, row.Scan(&s.Name, &s.Spare)
	})
}

// one brings a schema up; its step is noted in the same transaction. A process that is told to stop lets it end.
func (a *Admin) one(ctx context.Context, id uid.ID, s migrations.Schema) outcome {
	began := time.Now()
	tried, err := migrations.Up(context.WithoutCancel(ctx), a.pool, a.tenant, s, func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `update control.rollout_steps set state = 'done', error = '', tries = tries + 1, ms = $3, ended_at = now() where rollout_id = $1 and schema_name = $2`,
			id, s.Name, time.Since(began).Milliseconds())
		return err
	})
	return outcome{s, tried, time.Since(began), err}
}

// settle counts an outcome, and notes one that failed.
func (a *Admin) settle(ctx context.Context, r rollout.Rollout, w *rollout.Wave, o outcome) error {
	w.Waiting--
	if o.err == nil {
		w.Done++
		return nil
	}
	w.Failed++
	text := o.err.Error()
	a.log.WarnContext(ctx, "a schema could not be migrated", slog.String("schema", o.schema.Name), slog.String("err", text))
	_, err := a.pool.Exec(context.WithoutCancel(ctx), `update control.rollout_steps set state = 'failed', error = $3, tries = tries + $4, ms = $5, ended_at = now() where rollout_id = $1 and schema_name = $2`,
		r.ID, o.schema.Name, text[:min(len(text), errorMax)], o.tried, o.took.Milliseconds())
	return wrapped(err, "note the failure of %s", o.schema.Name)
}
