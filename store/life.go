package store

import (
	"context"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/life"
)

// settleLife works out where a tenant stands after something changed in the running transaction, and notes the step. Nothing
// changed: nothing is noted. A step that life.Table does not have fails the transaction: tenant.ErrWrongStatus.
func (s *Store) settleLife(ctx context.Context, id uid.ID, why string, at time.Time) error {
	var rows []struct {
		Slug    string
		Status  string
		Life    *life.State
		Leaving bool
		Paused  bool
		Billing string
	}
	err := s.tx(ctx).Raw(`select t.slug, t.status, t.life, t.leaves_at is not null leaving, t.paused_at is not null paused,
		coalesce((select s.state from control.subscriptions s where s.tenant_id = t.id), '') billing from control.tenants t where t.id = ? for update of t`, id).Scan(&rows).Error
	if err != nil || len(rows) == 0 { // a subscription outlives its tenant
		return fail(err, "where a tenant stands")
	}
	r := rows[0]
	to := life.Of(life.Facts{Status: r.Status, Billing: r.Billing, Leaving: r.Leaving, Paused: r.Paused})
	if r.Life != nil {
		if *r.Life == to {
			return nil
		}
		if !life.May(*r.Life, to) {
			return tenant.ErrWrongStatus.Saying("A portal that is %s cannot become %s.", *r.Life, to)
		}
	}
	if err := s.tx(ctx).Exec("update control.tenants set life = ? where id = ?", to, id).Error; err != nil {
		return fail(err, "note where a tenant stands")
	}
	a := event.ActorFrom(ctx)
	step := tenant.LifeStep{ID: uid.New(), TenantID: id, TenantSlug: r.Slug, FromState: r.Life, ToState: to, Why: why, ActorKind: a.Kind, At: at}
	if a.ID != uid.Nil {
		step.ActorID = &a.ID
	}
	if err := s.tx(ctx).Table("control.life_steps").Create(&step).Error; err != nil {
		return fail(err, "note a step of a tenant's life")
	}
	return s.announceAtCommit(ctx, id)
}

// LifeSteps lists the steps of a tenant's life, the newest first.
func (s *Store) LifeSteps(ctx context.Context, id uid.ID, limit int) (list []tenant.LifeStep, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table("control.life_steps").Where("tenant_id = ?", id).Order("id desc").Limit(limit).Find(&list).Error, "steps of a tenant's life")
	})
	return list, err
}

// UntoldSteps lists steps that the tenants' own logs do not have yet, the oldest first.
func (s *Store) UntoldSteps(ctx context.Context, n int) (list []tenant.LifeStep, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table("control.life_steps").Where("told_at is null").Order("id").Limit(n).Find(&list).Error, "steps to tell")
	})
	return list, err
}

// StepTold notes that a tenant's own log has a step, or that there is no log any more.
func (s *Store) StepTold(ctx context.Context, id uid.ID, at time.Time) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec("update control.life_steps set told_at = ? where id = ?", at, id).Error, "note that a step was told")
	})
}

// HasEvent tells whether the running tenant's log has an event.
func (s *Store) HasEvent(ctx context.Context, id uid.ID) (has bool, err error) {
	return has, fail(s.tx(ctx).Raw("select exists (select from events where id = ?)", id).Scan(&has).Error, "look for an event")
}
