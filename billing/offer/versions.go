package offer

import (
	"context"
	"strconv"
	"time"

	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// Opened is a version with its plan.
type Opened struct {
	Listed
	Version plan.Version
}

// Open gives a version with its plan; ErrVersionNotFound.
func (s *Service) Open(ctx context.Context, version uid.ID) (o Opened, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		v, err := s.Keep.PlanVersion(ctx, version)
		if err != nil {
			return err
		}
		p, err := s.Keep.PlanByID(ctx, v.PlanID)
		if err != nil {
			return err
		}
		o.Version = v
		o.Listed, err = s.listed(ctx, p)
		return err
	})
	return o, err
}

// NewVersion makes a draft as a copy of a version of the plan; ErrDraftThere.
func (s *Service) NewVersion(ctx context.Context, planID, from uid.ID) (v plan.Version, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.LockPlans(ctx); err != nil {
			return err
		}
		p, err := s.Keep.PlanByID(ctx, planID)
		if err != nil {
			return err
		}
		l, err := s.listed(ctx, p)
		switch {
		case err != nil:
			return err
		case p.ArchivedAt != nil:
			return ErrArchived
		case l.Draft() != nil:
			return ErrDraftThere
		}
		v = s.blank(planID, 1)
		for i := len(l.Versions) - 1; i >= 0; i-- { // the oldest first: without a wish the newest is copied
			if from == uid.Nil || l.Versions[i].ID == from {
				v = l.Versions[i]
			}
		}
		now := s.Now()
		v.ID, v.Number, v.Status, v.Revision, v.CreatedAt, v.UpdatedAt, v.PublishedAt, v.RetiredAt = uid.New(), nextNumber(l.Versions), plan.StatusDraft, 1, now, now, nil, nil
		if err := s.Keep.InsertPlanVersion(ctx, v); err != nil {
			return err
		}
		return s.note(ctx, "plan.version_begun", p, numbered(v))
	})
	return v, err
}

func nextNumber(list []plan.Version) (n int) {
	for _, v := range list {
		n = max(n, v.Number)
	}
	return n + 1
}

func numbered(v plan.Version) map[string]string {
	return map[string]string{"version": v.ID.String(), "number": strconv.Itoa(v.Number)}
}

// draft does something to a draft that is still in the revision that was looked at.
func (s *Service) draft(ctx context.Context, id uid.ID, revision int64, do func(ctx context.Context, p plan.Plan, v *plan.Version) error) (v plan.Version, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if err := s.Keep.LockPlans(ctx); err != nil {
			return err
		}
		if v, err = s.Keep.PlanVersion(ctx, id); err != nil {
			return err
		}
		p, err := s.Keep.PlanByID(ctx, v.PlanID)
		switch {
		case err != nil:
			return err
		case v.Status != plan.StatusDraft:
			return ErrNoDraft
		case v.Revision != revision:
			return ErrChanged
		}
		return do(ctx, p, &v)
	})
	return v, err
}

// SaveDraft writes a draft: currency, interval, trial, components, limits, life. in.Revision is the one that was looked at.
func (s *Service) SaveDraft(ctx context.Context, in plan.Version) (plan.Version, error) {
	if err := in.Validate(); err != nil {
		return in, err
	}
	return s.draft(ctx, in.ID, in.Revision, func(ctx context.Context, p plan.Plan, v *plan.Version) error {
		v.Currency, v.Interval, v.TrialDays, v.Components, v.Limits, v.Life = in.Currency, in.Interval, in.TrialDays, in.Components, in.Limits, in.Life
		v.Revision++
		v.UpdatedAt = s.Now()
		if err := s.Keep.SavePlanVersion(ctx, *v); err != nil {
			return err
		}
		return s.note(ctx, "plan.version_saved", p, numbered(*v))
	})
}

// Discard throws a draft away.
func (s *Service) Discard(ctx context.Context, id uid.ID, revision int64) (plan.Version, error) {
	return s.draft(ctx, id, revision, func(ctx context.Context, p plan.Plan, v *plan.Version) error {
		if err := s.Keep.DeletePlanDraft(ctx, v.ID, v.Revision); err != nil {
			return err
		}
		return s.note(ctx, "plan.version_discarded", p, numbered(*v))
	})
}

// Publish puts a draft on sale. The published version of the same currency and interval is retired by it. From now on the
// version does not change. The provider is told; told is false when it could not be: a chore tells it again.
func (s *Service) Publish(ctx context.Context, id uid.ID, revision int64) (v plan.Version, told bool, err error) {
	v, err = s.draft(ctx, id, revision, func(ctx context.Context, p plan.Plan, v *plan.Version) error {
		if p.ArchivedAt != nil {
			return ErrArchived
		}
		if err := v.Validate(); err != nil {
			return err
		}
		return s.publish(ctx, p, v)
	})
	if err != nil {
		return v, false, err
	}
	s.Drop()
	return v, s.tell(ctx), nil
}

// publish puts a version on sale in the transaction that runs.
func (s *Service) publish(ctx context.Context, p plan.Plan, v *plan.Version) error {
	if err := s.makeRoom(ctx, p, *v); err != nil {
		return err
	}
	now := s.Now()
	v.Status, v.PublishedAt, v.UpdatedAt = plan.StatusPublished, &now, now
	v.Revision++
	if err := s.Keep.SavePlanVersion(ctx, *v); err != nil {
		return err
	}
	return s.note(ctx, "plan.published", p, numbered(*v))
}

// makeRoom retires what a version replaces: the published one of the same currency and interval.
func (s *Service) makeRoom(ctx context.Context, p plan.Plan, v plan.Version) error {
	list, err := s.Keep.PlanVersions(ctx, p.ID)
	if err != nil {
		return err
	}
	for _, old := range list {
		if old.Status == plan.StatusPublished && old.Currency == v.Currency && old.Interval == v.Interval {
			if err := s.retire(ctx, p, old, s.Now()); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) retire(ctx context.Context, p plan.Plan, v plan.Version, now time.Time) error {
	if err := s.Keep.RetirePlanVersion(ctx, v.ID, now); err != nil {
		return err
	}
	return s.note(ctx, "plan.retired", p, numbered(v))
}

// Retire takes a published version from sale; who is on it stays. The last version of the plan for sign-ups is not retired.
func (s *Service) Retire(ctx context.Context, id uid.ID) (v plan.Version, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if err := s.Keep.LockPlans(ctx); err != nil {
			return err
		}
		if v, err = s.Keep.PlanVersion(ctx, id); err != nil {
			return err
		}
		p, err := s.Keep.PlanByID(ctx, v.PlanID)
		if err != nil {
			return err
		}
		l, err := s.listed(ctx, p)
		if err != nil {
			return err
		}
		on := 0
		for _, other := range l.Versions {
			if other.Status == plan.StatusPublished {
				on++
			}
		}
		switch {
		case v.Status != plan.StatusPublished:
			return ErrNotPublished
		case p.SignUp && on == 1:
			return ErrSignUpPlan
		}
		return s.retire(ctx, p, v, s.Now())
	})
	if err == nil {
		s.Drop()
		s.tell(ctx)
	}
	return v, err
}

// tell has the provider's products match what is on sale.
func (s *Service) tell(ctx context.Context) bool {
	if s.provider() == nil {
		return true
	}
	if _, err := s.Sync(ctx, false); err != nil {
		s.Log.WarnContext(ctx, "the payment service was not told of the plans; it is told again", "err", err)
		return false
	}
	return true
}

// Sync has the provider's products, prices and meters match the versions that are on sale, or says with dry set what it
// would change. Without a provider there is nothing to do.
func (s *Service) Sync(ctx context.Context, dry bool) ([]provider.Change, error) {
	p := s.provider()
	if p == nil {
		return nil, nil
	}
	offers, err := s.onSale(ctx, func(plan.Plan) bool { return true })
	if err != nil {
		return nil, err
	}
	return p.Publish(ctx, offers, dry)
}
