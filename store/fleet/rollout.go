package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/migrations"
	"lyceum/tenant"
	"lyceum/tenant/rollout"
)

const rolloutColumns = "id, target, state, why, plan, workers, max_failed, started_by, started_at, worked_at, holder, finished_at"

func scanRollout(row pgx.Row) (r rollout.Rollout, err error) {
	var plan []byte
	err = row.Scan(&r.ID, &r.Target, &r.State, &r.Why, &plan, &r.Workers, &r.MaxFailed, &r.StartedBy, &r.StartedAt, &r.WorkedAt, &r.Holder, &r.FinishedAt)
	if err == nil {
		err = json.Unmarshal(plan, &r.Plan)
	}
	return r, err
}

// Rollouts lists rollouts, the newest first.
func (a *Admin) Rollouts(ctx context.Context, n int) (list []rollout.Rollout, err error) {
	rows, err := a.pool.Query(ctx, "select "+rolloutColumns+" from control.rollouts order by id desc limit $1", n)
	if err != nil {
		return nil, fmt.Errorf("list rollouts: %w", err)
	}
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (rollout.Rollout, error) { return scanRollout(row) })
	if err != nil {
		return nil, fmt.Errorf("list rollouts: %w", err)
	}
	for i := range list {
		if err := a.waves(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Rollout gives one.
func (a *Admin) Rollout(ctx context.Context, id uid.ID) (rollout.Rollout, error) {
	r, err := scanRollout(a.pool.QueryRow(ctx, "select "+rolloutColumns+" from control.rollouts where id = $1", id))
	if errors.Is(err, pgx.ErrNoRows) {
		return r, rollout.ErrNotFound
	}
	if err == nil {
		err = a.waves(ctx, &r)
	}
	if err != nil {
		return r, fmt.Errorf("rollout %s: %w", id, err)
	}
	return r, nil
}

// waves counts a rollout's steps.
func (a *Admin) waves(ctx context.Context, r *rollout.Rollout) error {
	r.Waves = make([]rollout.Wave, len(r.Plan))
	for i := range r.Waves {
		r.Waves[i] = rollout.Wave{Number: i + 1, Share: r.Plan[i]}
	}
	rows, err := a.pool.Query(ctx, "select wave, state, count(*) from control.rollout_steps where rollout_id = $1 group by 1, 2", r.ID)
	if err != nil {
		return fmt.Errorf("waves: %w", err)
	}
	var wave, n int
	var state rollout.StepState
	_, err = pgx.ForEachRow(rows, []any{&wave, &state, &n}, func() error {
		w := &r.Waves[min(max(wave, 1), len(r.Waves))-1]
		switch state {
		case rollout.StepDone:
			w.Done += n
		case rollout.StepFailed:
			w.Failed += n
		case rollout.Waiting:
			w.Waiting += n
		}
		return nil
	})
	return err
}

// Failed lists the steps that failed.
func (a *Admin) Failed(ctx context.Context, id uid.ID, n int) ([]rollout.Step, error) {
	rows, err := a.pool.Query(ctx, `select schema_name, slug, wave, state, tries, error, ms, ended_at from control.rollout_steps
		where rollout_id = $1 and state = 'failed' order by wave, schema_name limit $2`, id, n)
	if err != nil {
		return nil, fmt.Errorf("failed steps: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s rollout.Step, err error) {
		var ms int64
		err = row.Scan(&s.SchemaName, &s.Slug, &s.Wave, &s.State, &s.Tries, &s.Error, &ms, &s.EndedAt)
		s.Took = time.Duration(ms) * time.Millisecond
		return s, err
	})
}

// Behind counts the schemas that lack the newest shape.
func (a *Admin) Behind(ctx context.Context) (behind, all int, err error) {
	list, err := migrations.Behind(ctx, a.pool, a.Version())
	if err != nil {
		return 0, 0, err
	}
	err = a.pool.QueryRow(ctx, "select (select count(*) from control.tenants where schema_version > 0) + (select count(*) from control.spares)").Scan(&all)
	return len(list), all, err
}

// Begin begins a rollout for the schemas that are behind, or gives the open one for this release. One for an older release
// that is still open is stopped.
func (a *Admin) Begin(ctx context.Context, o rollout.Options) (r rollout.Rollout, err error) {
	if err := o.Normalise(); err != nil {
		return r, err
	}
	err = pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(7206210005)"); err != nil {
			return err
		}
		r, err = scanRollout(tx.QueryRow(ctx, "select "+rolloutColumns+" from control.rollouts where state in ('running', 'paused') for update"))
		switch {
		case err == nil && r.Target == a.Version():
			return nil
		case err == nil && r.Target > a.Version():
			return rollout.ErrHeld.Saying("A newer release rolls out its own shape. Roll out with that release.")
		case err == nil:
			if _, err := tx.Exec(ctx, "update control.rollouts set state = 'stopped', why = $2, finished_at = now() where id = $1", r.ID, rollout.WhyNewer); err != nil {
				return err
			}
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		r, err = a.begin(ctx, tx, o)
		return err
	})
	if err != nil {
		return r, fmt.Errorf("begin a rollout: %w", err)
	}
	return a.Rollout(ctx, r.ID)
}

// begin writes a rollout and its steps: canaries and the youngest tenants first, then the others, spares last.
func (a *Admin) begin(ctx context.Context, tx pgx.Tx, o rollout.Options) (r rollout.Rollout, err error) {
	r = rollout.Rollout{ID: uid.New(), Target: a.Version(), State: rollout.Running, Plan: o.Plan, Workers: o.Workers, MaxFailed: o.MaxFailed, StartedBy: o.By, StartedAt: time.Now().UTC()}
	plan, err := json.Marshal(r.Plan)
	if err != nil {
		return r, err
	}
	_, err = tx.Exec(ctx, `insert into control.rollouts (id, target, state, why, plan, workers, max_failed, started_by, started_at, holder) values ($1, $2, $3, '', $4, $5, $6, $7, $8, '')`,
		r.ID, r.Target, r.State, string(plan), r.Workers, r.MaxFailed, r.StartedBy, r.StartedAt)
	if err != nil {
		return r, err
	}
	// The order is: who was chosen to go first, then the youngest, which have the least to lose. A wave reaches the share of
	// its plan, rounded up, so that the first has at least one; all that were chosen are in the first.
	tag, err := tx.Exec(ctx, `with behind as (
			select schema_name, slug, coalesce(canary, false) as canary, 0 as spare, created_at from control.tenants where schema_version between 1 and $2 - 1 and status <> 'deleting'
			union all select schema_name, '', false, 1, created_at from control.spares where schema_version < $2
		), ranked as (
			select *, row_number() over (order by spare, canary desc, created_at desc, schema_name) as place, count(*) over () as everything, count(*) filter (where canary) over () as chosen from behind
		)
		insert into control.rollout_steps (rollout_id, schema_name, slug, wave, state, tries, error, ms)
		select $1, schema_name, slug, (
			select min(p.n) from jsonb_array_elements_text($3::jsonb) with ordinality as p(share, n)
			where place <= case when p.n = 1 and chosen > 0 then chosen else ceil(everything * p.share::int / 100.0) end or p.share::int = 100
		), 'waiting', 0, '', 0 from ranked`, r.ID, r.Target, string(plan))
	if err != nil {
		return r, err
	}
	if tag.RowsAffected() == 0 {
		return r, rollout.ErrNothing
	}
	return r, a.noted(ctx, tx, "rollout.began", r.ID, o.By, map[string]any{"target": r.Target, "schemas": tag.RowsAffected(), "plan": r.Plan})
}

// noted writes an operator's act into the control schema's audit.
func (a *Admin) noted(ctx context.Context, tx pgx.Tx, action string, id uid.ID, by string, more map[string]any) error {
	data := map[string]any{"rollout_id": id, "by": by}
	for k, v := range more {
		data[k] = v
	}
	return a.audited(ctx, tx, action, nil, data)
}

// audited writes an entry of the log of acts, of a tenant where it is of one.
func (a *Admin) audited(ctx context.Context, tx pgx.Tx, action string, of *uid.ID, data map[string]any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return err
	}
	actor := event.ActorFrom(ctx)
	var who *uid.ID
	if actor.ID != uid.Nil {
		who = &actor.ID
	}
	_, err = tx.Exec(ctx, "insert into control.audit (id, actor_kind, actor_id, action, tenant_id, data, at) values ($1, $2, $3, $4, $5, $6, now())", uid.New(), actor.Kind, who, action, of, string(raw))
	return err
}

// Pause has a rollout begin no further schema; those being migrated end.
func (a *Admin) Pause(ctx context.Context, id uid.ID, by string) error {
	return a.change(ctx, id, "rollout.paused", by, "update control.rollouts set state = 'paused', why = 'operator' where id = $1 and state in ('running', 'paused')")
}

// Resume has a paused rollout go on. One that paused by itself goes on whatever failed, and will fail.
func (a *Admin) Resume(ctx context.Context, id uid.ID, by string) error {
	return a.change(ctx, id, "rollout.resumed", by, `update control.rollouts set state = 'running', why = '', max_failed = case when why in ('canary', 'failures', 'failed') then 100 else max_failed end
		where id = $1 and state in ('running', 'paused')`)
}

// Discard gives a rollout up: schemas that were reached keep their shape.
func (a *Admin) Discard(ctx context.Context, id uid.ID, by string) error {
	return a.change(ctx, id, "rollout.discarded", by, "update control.rollouts set state = 'stopped', why = 'discarded', finished_at = now() where id = $1 and state in ('running', 'paused')")
}

// Retry has failed steps tried again.
func (a *Admin) Retry(ctx context.Context, id uid.ID, schema, by string) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		var target int
		var state rollout.State
		err := tx.QueryRow(ctx, "select target, state from control.rollouts where id = $1 for update", id).Scan(&target, &state)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return rollout.ErrNotFound
		case err != nil:
			return err
		case state == rollout.Stopped || target != a.Version():
			return rollout.ErrOver
		}
		tag, err := tx.Exec(ctx, "update control.rollout_steps set state = 'waiting', error = '' where rollout_id = $1 and state = 'failed' and ($2 = '' or schema_name = $2)", id, schema)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return rollout.ErrNothing.Saying("No schema of this rollout failed.")
		}
		if _, err := tx.Exec(ctx, "update control.rollouts set state = 'running', why = '', finished_at = null where id = $1", id); err != nil {
			return err
		}
		return a.noted(ctx, tx, "rollout.retried", id, by, map[string]any{"schemas": tag.RowsAffected()})
	})
	return wrapped(err, "retry rollout %s", id)
}

// SetCanary chooses a tenant to go first, or not, and writes down who did; chosen again it changes nothing. tenant.ErrNotFound.
func (a *Admin) SetCanary(ctx context.Context, slug string, first bool, by string) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		var id uid.ID
		var before bool
		err := tx.QueryRow(ctx, "select id, coalesce(canary, false) from control.tenants where slug = $1 for update", slug).Scan(&id, &before)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return fmt.Errorf("%s: %w", slug, tenant.ErrNotFound)
		case err != nil || before == first:
			return err
		}
		if _, err = tx.Exec(ctx, "update control.tenants set canary = $2 where id = $1", id, first); err != nil {
			return err
		}
		return a.audited(ctx, tx, "rollout.canary_set", &id, map[string]any{"slug": slug, "first": first, "by": by})
	})
	return wrapped(err, "choose %s", slug)
}

// Canaries lists the tenants that were chosen to go first.
func (a *Admin) Canaries(ctx context.Context) ([]string, error) {
	rows, err := a.pool.Query(ctx, "select slug from control.tenants where canary order by slug limit 1000")
	if err != nil {
		return nil, fmt.Errorf("list who goes first: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (a *Admin) change(ctx context.Context, id uid.ID, action, by, sql string) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			var there bool
			if err := tx.QueryRow(ctx, "select exists (select from control.rollouts where id = $1)", id).Scan(&there); err != nil {
				return err
			}
			if !there {
				return rollout.ErrNotFound
			}
			return rollout.ErrOver
		}
		return a.noted(ctx, tx, action, id, by, nil)
	})
	return wrapped(err, "%s %s", action, id)
}

func wrapped(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
