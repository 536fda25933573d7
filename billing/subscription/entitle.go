package subscription

import (
	"context"
	"errors"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Standing is what an organization may do now, as far as it is known. The zero value allows everything: a fault of billing
// closes nothing.
type Standing struct {
	Known  bool // it was read; an organization without a subscription has no limits
	State  State
	Limits *plan.Limits // nil: no limits
}

// Standing gives what is known about a tenant. It asks at most the database, never a provider, and remembers the answer.
func (s *Service) Standing(ctx context.Context, tenantID uid.ID) Standing {
	st, err := s.standings.Get(ctx, tenantID, func(ctx context.Context) (Standing, error) {
		ctx = s.Keep.Aside(ctx)
		sub, err := s.read(ctx, tenantID)
		if errors.Is(err, ErrNotFound) {
			return Standing{Known: true}, nil
		}
		if err != nil {
			return Standing{}, err
		}
		st := Standing{Known: true, State: sub.State}
		o, err := s.offer(ctx, sub.VersionID)
		if err != nil {
			return st, err
		}
		if o != nil {
			limits := o.Version.Limits
			st.Limits = &limits
		}
		return st, nil
	})
	if err != nil {
		s.Log.WarnContext(ctx, "a subscription could not be read; everything is allowed", "tenant", tenantID, "err", err)
		return Standing{}
	}
	return st
}

// Drop forgets what is remembered about a tenant (uid.Nil: about all).
func (s *Service) Drop(tenantID uid.ID) {
	if tenantID == uid.Nil {
		s.standings.Drop(func(uid.ID, Standing) bool { return true })
		s.used.Drop(func(uid.ID, plan.Quantities) bool { return true })
		return
	}
	s.standings.Forget(tenantID)
	s.used.Forget(tenantID)
}

// MayMake fails with ErrReadOnly while nothing new is made.
func (s *Service) MayMake(ctx context.Context) error {
	t, ok := tenant.From(ctx)
	if !ok {
		return nil
	}
	if st := s.Standing(ctx, t.ID); st.State.rank() >= StateReadOnly.rank() {
		return ErrReadOnly
	}
	return nil
}

// usedNow is what a tenant used this month, remembered for a minute; ok is false when it cannot be found out.
func (s *Service) usedNow(ctx context.Context, tenantID uid.ID) (plan.Quantities, bool) {
	if s.Rating == nil {
		return nil, false
	}
	q, err := s.used.Get(ctx, tenantID, func(ctx context.Context) (plan.Quantities, error) {
		return s.Rating.Used(s.Keep.Aside(ctx), tenantID, billing.PeriodOf(s.Now()))
	})
	if err != nil {
		s.Log.WarnContext(ctx, "usage could not be read; the limit is not applied", "tenant", tenantID, "err", err)
	}
	return q, err == nil
}

// hard gives a limit that stops; ok is false where there is none.
func (st Standing) hard(m billing.Meter) (limit int64, ok bool) {
	if st.Limits == nil || !st.Limits.Stops(m) {
		return 0, false
	}
	limit = LimitOf(*st.Limits, m)
	return limit, limit != plan.Unlimited
}

// LimitOf gives a meter's limit in a month; storage has one at a time instead, in bytes.
func LimitOf(l plan.Limits, m billing.Meter) int64 { return l.Of(m) }

// MayCall fails with ErrAPILimit when the plan's calls are used up and its limit stops. Reset is when it begins anew.
func (s *Service) MayCall(ctx context.Context) (reset time.Duration, err error) {
	t, ok := tenant.From(ctx)
	if !ok {
		return 0, nil
	}
	limit, stops := s.Standing(ctx, t.ID).hard(billing.MeterAPICalls)
	if !stops {
		return 0, nil
	}
	if q, known := s.usedNow(ctx, t.ID); !known || q[billing.MeterAPICalls] < limit {
		return 0, nil
	}
	now := s.Now()
	return billing.PeriodOf(now).End().Sub(now), ErrAPILimit
}

// StorageLimit gives how many bytes the tenant of ctx may keep where its plan stops there; ok is false for no limit.
func (s *Service) StorageLimit(ctx context.Context) (bytes int64, ok bool) {
	t, found := tenant.From(ctx)
	if !found {
		return 0, false
	}
	return s.Standing(ctx, t.ID).hard(billing.MeterStorage)
}

// Feature is something that a plan has or has not.
type Feature string

// The features.
const (
	FeatureSSO     Feature = "sso"
	FeatureDomains Feature = "custom_domains"
	FeatureSandbox Feature = "sandbox"
)

// MayAdd fails with ErrNotInPlan when a plan does not have a feature, or has no more of it than the have there are. It is
// asked only where something new is added; what is there works on, whatever the bill. Where the plan cannot be read it
// fails with ErrPlanUnknown: an administrator can wait.
func (s *Service) MayAdd(ctx context.Context, f Feature, have int64) error {
	t, ok := tenant.From(ctx)
	if !ok {
		return ErrPlanUnknown
	}
	s.standings.Forget(t.ID) // a plan that was bought a moment ago counts
	st := s.Standing(ctx, t.ID)
	switch {
	case !st.Known:
		return ErrPlanUnknown
	case st.Limits == nil:
		return nil
	}
	allowed := false
	switch f {
	case FeatureSSO:
		allowed = st.Limits.SSO
	case FeatureSandbox:
		allowed = st.Limits.Sandbox
	case FeatureDomains:
		allowed = st.Limits.CustomDomains == plan.Unlimited || have < st.Limits.CustomDomains
	}
	if !allowed {
		return ErrNotInPlan
	}
	return nil
}
