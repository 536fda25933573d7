package tenant

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant/life"
)

// LifeStep is one step of an organization's life. It is a row of control.life_steps, written in the transaction that made it, and
// outlives the organization.
type LifeStep struct {
	ID         uid.ID
	TenantID   uid.ID
	TenantSlug string
	FromState  *life.State // nil: the first
	ToState    life.State
	Why        string // signed_up, ready, bill, closed, opened, leaving, kept, erasing
	ActorKind  string
	ActorID    *uid.ID
	At         time.Time
	ToldAt     *time.Time
}

// StepKeeper is what telling steps needs kept.
type StepKeeper interface {
	LifeSteps(ctx context.Context, id uid.ID, limit int) ([]LifeStep, error)
	UntoldSteps(ctx context.Context, n int) ([]LifeStep, error)
	StepTold(ctx context.Context, id uid.ID, at time.Time) error
	HasEvent(ctx context.Context, id uid.ID) (bool, error)
}

// maxSteps bounds the steps of one organization that are shown.
const maxSteps = 100

// Steps lists the steps of an organization's life, the newest first.
func (s *Service) Steps(ctx context.Context, id uid.ID) ([]LifeStep, error) {
	return s.Keep.LifeSteps(ctx, id, maxSteps)
}

// TellSteps puts the steps that were taken into the organizations' own logs, as portal.state_changed: from there they go into the
// audit log and to whoever listens. A step is told once, also when a run was cut short; one organization's failure does not keep
// the others' from being told.
func (s *Service) TellSteps(ctx context.Context) error {
	var errs []error
	list, err := s.Keep.UntoldSteps(ctx, 500)
	if err != nil {
		return err
	}
	for _, step := range list {
		if err := s.tell(ctx, step); err != nil {
			errs = append(errs, fmt.Errorf("tell a step of %s: %w", step.TenantSlug, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) tell(ctx context.Context, step LifeStep) error {
	t, err := s.Keep.TenantByID(ctx, step.TenantID)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && t.Status == StatusDeleting:
		return s.Keep.StepTold(ctx, step.ID, s.Now()) // its log is gone, or goes
	case err != nil:
		return err
	case t.SchemaVersion == 0 || t.Status == StatusProvisioning:
		return nil // it has no log yet: the next run
	case s.Holds != nil && s.Holds(ctx, t):
		return nil
	}
	actor := event.Actor{Kind: step.ActorKind}
	if step.ActorID != nil {
		actor.ID = *step.ActorID
	}
	data := map[string]string{"to": string(step.ToState), "why": step.Why}
	if step.FromState != nil {
		data["from"] = string(*step.FromState)
	}
	e, err := event.New(event.WithActor(ctx, actor), step.At, "portal.state_changed", "portal", t.ID, data)
	if err != nil {
		return err
	}
	e.ID = step.ID
	err = s.Keep.InTenant(With(ctx, t), func(ctx context.Context) error {
		if has, err := s.Keep.HasEvent(ctx, e.ID); err != nil || has {
			return err
		}
		return s.Keep.AppendEvents(ctx, e)
	})
	if err != nil {
		return err
	}
	return s.Keep.StepTold(ctx, step.ID, s.Now())
}
