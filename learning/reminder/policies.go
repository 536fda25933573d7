package reminder

import (
	"context"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Policies lists the portal's rules, written or not, and then those of requirements and courses. It needs enrolment:manage.
func (s *Service) Policies(ctx context.Context) (list []Policy, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.ReminderPolicies(ctx)
		return err
	})
	if err == nil && !slices.ContainsFunc(list, func(p Policy) bool { return p.Scope == ScopePortal }) {
		list = slices.Insert(list, 0, Policy{Scope: ScopePortal, Rules: Default()})
	}
	return list, err
}

// Policy gives the rules of a scope; where it has none of its own, those of the portal with revision 0. It needs enrolment:manage; ErrNoScope.
func (s *Service) Policy(ctx context.Context, scope Scope, id uid.ID) (p Policy, err error) {
	list, err := s.Policies(ctx)
	if err != nil {
		return p, err
	}
	if !scope.Known() || (scope == ScopePortal) != (id == uid.Nil) {
		return p, ErrNoScope
	}
	p = Policy{Scope: scope, ScopeID: id, Rules: list[0].Rules}
	for _, one := range list {
		if one.Scope == scope && one.ScopeID == id {
			p = one
		}
	}
	if scope == ScopePortal {
		return p, nil
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p.Name, err = s.keep.ReminderScope(ctx, scope, id)
		return err
	})
	return p, err
}

// may asks for what writing rules needs: the portal's are its administrators'.
func may(ctx context.Context, scope Scope) error {
	if scope == ScopePortal {
		return auth.Require(ctx, policy.PersonManage)
	}
	return auth.Require(ctx, policy.EnrolmentManage)
}

// Save writes the rules of a scope. It needs person:manage for the portal's, else enrolment:manage; faults at the rules, ErrNoScope,
// ErrChanged. Event reminder.rules_saved.
func (s *Service) Save(ctx context.Context, p Policy) (Policy, error) {
	if err := may(ctx, p.Scope); err != nil {
		return p, err
	}
	now, err := s.Policy(ctx, p.Scope, p.ScopeID)
	if err != nil {
		return p, err
	}
	if p.Scope != ScopePortal { // the quiet hours are the portal's
		p.Rules.QuietFrom, p.Rules.QuietTo = 0, 0
	}
	if err := p.Rules.check(); err != nil {
		return p, err
	}
	if p.Revision != now.Revision {
		return p, ErrChanged
	}
	who, _ := auth.PrincipalFrom(ctx)
	at := s.now()
	p.Name, p.Revision, p.SavedBy, p.SavedAt = now.Name, p.Revision+1, &who.PersonID, &at
	return p, s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.SaveReminderPolicy(ctx, p); err != nil {
			return err
		}
		return s.happened(ctx, "reminder.rules_saved", p)
	})
}

// Remove takes the rules of a requirement or course away: the portal's hold again. It needs enrolment:manage; ErrNotFound, ErrNoScope.
// Event reminder.rules_removed.
func (s *Service) Remove(ctx context.Context, scope Scope, id uid.ID) error {
	if err := may(ctx, scope); err != nil {
		return err
	}
	p, err := s.Policy(ctx, scope, id)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.DeleteReminderPolicy(ctx, scope, id); err != nil {
			return err
		}
		return s.happened(ctx, "reminder.rules_removed", p)
	})
}

func (s *Service) happened(ctx context.Context, typ string, p Policy) error {
	subject := p.ScopeID
	if p.Scope == ScopePortal {
		t, _ := tenant.From(ctx)
		subject = t.ID
	}
	e, err := event.New(ctx, s.now(), typ, string(p.Scope), subject, map[string]any{"name": p.Name, "rules": p.Rules})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
