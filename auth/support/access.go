package support

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Access is what a portal allows, and the visits that there are and were.
type Access struct {
	Rules  Rules
	Visits []Visit // the newest 50
}

const visitsShown = 50

// Access gives the portal's rules and visits. It needs security:manage.
func (s *Service) Access(ctx context.Context) (a Access, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return a, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if a.Rules, err = s.keep.SupportRules(ctx); err != nil {
			return err
		}
		a.Visits, err = s.keep.Visits(ctx, visitsShown)
		return err
	})
	return a, err
}

// Wanted is what a portal's people choose. Hours is for how long changes are granted, 0: not, or no longer.
type Wanted struct {
	Off, Approve bool
	Hours        int
}

// more tells whether rules allow operators something that others do not. Changes that go on are more than none, for however long.
func (r Rules) more(than Rules, now time.Time) bool {
	return !r.Off && than.Off || !r.Approve && than.Approve || r.Grants(now)
}

// SetRules writes what the portal allows; switched off, its visits end. It needs security:manage. Where rights are barred
// (auth.BarGrants) it allows less and no more. Event support.rules_changed.
func (s *Service) SetRules(ctx context.Context, w Wanted) error {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return err
	}
	if w.Hours < 0 || w.Hours > 72 {
		return fault.Invalid(map[string]string{"hours": "Choose between 1 and 72 hours."})
	}
	now, r := s.now(), Rules{Off: w.Off, Approve: w.Approve}
	if w.Hours > 0 && !w.Off {
		until := now.Add(time.Duration(w.Hours) * time.Hour)
		r.WritesUntil = &until
	}
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		if why := auth.GrantsBarred(ctx); why != nil {
			was, err := s.keep.SupportRules(ctx)
			if err != nil {
				return err
			}
			if r.more(was, now) {
				return why
			}
		}
		if err := s.keep.SaveSupportRules(ctx, r, now); err != nil {
			return err
		}
		t, _ := tenant.From(ctx)
		e, err := event.New(ctx, now, "support.rules_changed", "tenant", t.ID, r)
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
	if err == nil && w.Off {
		_, err = s.endAll(ctx)
	}
	return err
}

// Decide answers a visit that waits: with a yes it can be entered for an hour. It needs security:manage. ErrDecided. Events
// support.approved, support.refused. Where rights are barred (auth.BarGrants) there is no yes.
func (s *Service) Decide(ctx context.Context, id uid.ID, yes bool) error {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return err
	}
	if why := auth.GrantsBarred(ctx); why != nil && yes {
		return why
	}
	who, _ := auth.PrincipalFrom(ctx)
	var v Visit
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if v, err = s.keep.LockVisit(ctx, id); err != nil {
			return err
		}
		now := s.now()
		if v.State != Waiting || v.over(now) {
			return ErrDecided
		}
		v.State, v.DecidedBy, v.DecidedAt = Refused, &who.PersonID, &now
		if yes {
			v.State = Approved
		}
		if err = s.keep.SaveVisit(ctx, v); err != nil {
			return err
		}
		return s.tell(ctx, "support."+string(v.State), v)
	})
	if err != nil {
		return err
	}
	return s.Register(ctx, v)
}

// End ends one visit of the portal. It needs security:manage. Event support.ended.
func (s *Service) End(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.end(ctx, id, WhyPortal, &who.PersonID, func(Visit) error { return nil })
}

// EndEvery ends all visits of the portal. It needs security:manage.
func (s *Service) EndEvery(ctx context.Context) (int, error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return 0, err
	}
	return s.endAll(ctx)
}

func (s *Service) endAll(ctx context.Context) (int, error) {
	who, _ := auth.PrincipalFrom(ctx)
	return s.EndAll(ctx, WhyPortal, &who.PersonID)
}
