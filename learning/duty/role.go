package duty

import (
	"context"
	"slices"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// RoleWhile is how long a requirement gives its role.
type RoleWhile string

const (
	// RoleWhileDuty is as long as it is a person's duty.
	RoleWhileDuty RoleWhile = "duty"
	// RoleWhileValid is as long as it is fulfilled, the days of grace after it expired included: who let it lapse has the role no more.
	RoleWhileValid RoleWhile = "valid"
)

// RoleChange is a role that a person got or lost by requirements.
type RoleChange struct {
	PersonID uid.ID
	Role     policy.Role
	Change   string // given or taken
}

// Roles is who may give which roles; auth.Service is one.
type Roles interface {
	// GivableRoles lists the roles that who asks may give.
	GivableRoles(ctx context.Context) ([]policy.Role, error)
	// RoleMay tells what a role may.
	RoleMay(ctx context.Context, role policy.Role) (policy.Set, error)
}

// guarded is what no role may that comes by a requirement: who is in a group is often nobody's careful decision.
var guarded = []policy.Permission{
	policy.PersonManage, policy.RoleManage, policy.GroupManage, policy.ConnectionManage, policy.SecurityManage, policy.APIKeyManage,
	policy.BillingManage, policy.AddressManage, policy.PortalLeave, policy.PrivacyRead, policy.PrivacyManage, policy.AuditRead,
}

// ErrRole is a requirement that gives a role which who asks may not give: whom it catches is not theirs to say either.
var ErrRole = fault.New(fault.KindForbidden, "requirement_role", "This requirement gives a role that you may not give. Ask somebody who may to change it.")

// GivableRoles lists the roles that who asks may have a requirement give: those that they may give themselves, and that manage neither people,
// roles, groups, sign-on, security, keys nor the portal. It needs enrolment:manage.
func (s *Service) GivableRoles(ctx context.Context) (list []policy.Role, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		roles, err := s.roles.GivableRoles(ctx)
		if err != nil {
			return err
		}
		for _, role := range roles {
			may, err := s.roles.RoleMay(ctx, role)
			if err != nil {
				return err
			}
			if role != policy.Learner && !slices.ContainsFunc(guarded, may.Has) {
				list = append(list, role)
			}
		}
		return nil
	})
	return list, err
}

// mayCatch is ErrRole unless who asks may have a requirement give the role that it gives: whoever says whom it catches gives it.
func (s *Service) mayCatch(ctx context.Context, r Requirement) error {
	if r.Role == nil {
		return nil
	}
	list, err := s.GivableRoles(ctx)
	if err == nil && !slices.Contains(list, *r.Role) {
		err = ErrRole
	}
	return err
}

// mayGive is a fault at role unless who asks may have a requirement give it. Anybody may have it give none any more.
func (s *Service) mayGive(ctx context.Context, role policy.Role) error {
	if role == "" {
		return nil
	}
	list, err := s.GivableRoles(ctx)
	if err == nil && !slices.Contains(list, role) {
		err = fault.Invalid(map[string]string{"role": "Choose a role that you may give, and that manages neither people, roles, groups, sign-on nor the portal."})
	}
	return err
}

// advance takes completions into duties, and tells whose roles changed by it. Events person.roles_changed.
func (s *Service) advance(ctx context.Context, requirement, person uid.ID, still bool) error {
	moved, err := s.keep.AdvanceDuties(ctx, requirement, person, still, s.now())
	if err != nil || len(moved) == 0 {
		return err
	}
	type change struct{ given, taken []policy.Role }
	by, order := map[uid.ID]*change{}, []uid.ID{}
	for _, m := range moved {
		if by[m.PersonID] == nil {
			by[m.PersonID], order = &change{}, append(order, m.PersonID)
		}
		if c := by[m.PersonID]; m.Change == "given" {
			c.given = append(c.given, m.Role)
		} else {
			c.taken = append(c.taken, m.Role)
		}
	}
	var list []event.Event
	for _, p := range order {
		c := by[p]
		still := func(r policy.Role) bool { return slices.Contains(c.given, r) && slices.Contains(c.taken, r) } // another requirement gives it now
		given := slices.DeleteFunc(slices.Clone(c.given), still)
		taken := slices.DeleteFunc(slices.Clone(c.taken), still)
		if len(given)+len(taken) == 0 {
			continue
		}
		e, err := event.New(ctx, s.now(), "person.roles_changed", "person", p, map[string]any{"person_id": p, "given": given, "taken": taken, "by": "requirements"})
		if err != nil {
			return err
		}
		list = append(list, e)
	}
	return s.keep.AppendEvents(ctx, list...)
}
