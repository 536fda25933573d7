package auth

import (
	"context"
	"slices"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// RoleKeeper is what the service needs kept of roles.
type RoleKeeper interface {
	// Roles gives the codes of all roles of the tenant.
	Roles(ctx context.Context) ([]policy.Role, error)
	// RolesOf gives a person's roles, sorted.
	RolesOf(ctx context.Context, person uid.ID) ([]policy.Role, error)
	// LockOwners gives the active owners and holds them, as owners and as active, until the transaction ends.
	LockOwners(ctx context.Context) ([]uid.ID, error)
	// GiveRoles adds roles to a person; those they have already stay.
	GiveRoles(ctx context.Context, person uid.ID, roles []policy.Role) error
	// TakeRoles removes roles from a person.
	TakeRoles(ctx context.Context, person uid.ID, roles []policy.Role) error
}

var (
	// ErrOwnersOnly is a wish to make, unmake or deactivate an owner by someone who is none.
	ErrOwnersOnly = fault.New(fault.KindForbidden, "owners_only", "Only an owner can do this to an owner. Ask an owner of your portal.")
	// ErrRoleExceeds is a wish to give, take or switch off a role that may more than who asks.
	ErrRoleExceeds = fault.New(fault.KindForbidden, "role_exceeds", "This role may more than yours. Ask someone with that role, or an owner.")
)

// SetRoles gives a person exactly these roles, at least one. It needs person:manage; nobody gives or takes a role that
// may more than they do, and only owners make and unmake owners. ErrLastOwner when nobody who may sign in would be
// left as an owner.
func (s *Service) SetRoles(ctx context.Context, id uid.ID, roles []policy.Role) error {
	who, err := requirePerson(ctx, policy.PersonManage)
	if err != nil {
		return err
	}
	changed := false
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.checkRoles(ctx, "roles", roles...); err != nil {
			return err
		}
		p, owners, err := s.hold(ctx, id)
		if err != nil {
			return err
		}
		if isLast(owners, id) && !hasRole(roles, policy.Owner) {
			return ErrLastOwner
		}
		before := p.Roles
		if why := GrantsBarred(ctx); why != nil && slices.ContainsFunc(roles, func(r policy.Role) bool { return !slices.Contains(before, r) }) {
			return why
		}
		if changed, err = s.assign(ctx, who, &p, roles); err != nil || !changed {
			return err
		}
		return s.tell(ctx, "person.roles_changed", id, map[string]any{"person_id": id, "before": before, "after": p.Roles})
	})
	if err == nil && changed {
		s.changed(ctx)
	}
	return err
}

// hold gives a person with their roles and the active owners, all held until the transaction ends. Owners are held
// first, always, so that two changes of roles wait for each other and never for ever.
func (s *Service) hold(ctx context.Context, id uid.ID) (p Person, owners []uid.ID, err error) {
	if owners, err = s.keep.LockOwners(ctx); err != nil {
		return p, nil, err
	}
	if p, err = s.keep.LockPerson(ctx, id); err != nil {
		return p, nil, err
	}
	p.Roles, err = s.keep.RolesOf(ctx, id)
	return p, owners, err
}

// assign brings a person's roles to the wished ones, when who asks may give and take each that differs.
func (s *Service) assign(ctx context.Context, who Principal, p *Person, wished []policy.Role) (changed bool, err error) {
	wished = slices.Compact(slices.Sorted(slices.Values(wished)))
	give, take := without(wished, p.Roles), without(p.Roles, wished)
	if len(give)+len(take) == 0 {
		return false, nil
	}
	if err := s.mayChange(ctx, who, append(slices.Clone(give), take...)...); err != nil {
		return false, err
	}
	if len(take) > 0 {
		if err := s.keep.TakeRoles(ctx, p.ID, take); err != nil {
			return false, err
		}
	}
	if len(give) > 0 {
		if err := s.keep.GiveRoles(ctx, p.ID, give); err != nil {
			return false, err
		}
	}
	p.Roles = wished
	return true, nil
}

// mayChange tells whether who asks may give these roles, take them, or switch off someone who has them.
func (s *Service) mayChange(ctx context.Context, who Principal, roles ...policy.Role) error {
	if hasRole(roles, policy.Owner) && !hasRole(who.Roles, policy.Owner) {
		return ErrOwnersOnly
	}
	theirs, err := s.policy.For(ctx, roles)
	if err != nil {
		return err
	}
	if !who.May.Covers(theirs) {
		return ErrRoleExceeds
	}
	return nil
}

// checkRoles is a fault at the field unless there is at least one role and the tenant has each.
func (s *Service) checkRoles(ctx context.Context, field string, roles ...policy.Role) error {
	if len(roles) == 0 {
		return fault.Invalid(map[string]string{field: "Choose at least one role."})
	}
	known, err := s.keep.Roles(ctx)
	if err != nil {
		return err
	}
	if unknown := without(roles, known); len(unknown) > 0 {
		return fault.Invalid(map[string]string{field: "There is no such role. Choose one from the list."})
	}
	return nil
}

func hasRole(roles []policy.Role, role policy.Role) bool { return slices.Contains(roles, role) }

// isLast tells whether the person is the only one of the owners.
func isLast(owners []uid.ID, id uid.ID) bool { return len(owners) == 1 && owners[0] == id }

// without gives the roles that are not among the others.
func without(roles, others []policy.Role) []policy.Role {
	var out []policy.Role
	for _, r := range roles {
		if !hasRole(others, r) {
			out = append(out, r)
		}
	}
	return out
}

type barredKey struct{}

// BarGrants has what gives rights under ctx fail with why: a role to somebody, more to support; taking away goes on. A portal that is read-only
// asks for it.
func BarGrants(ctx context.Context, why error) context.Context {
	return context.WithValue(ctx, barredKey{}, why)
}

// GrantsBarred is why no rights are given under ctx; nil: they are.
func GrantsBarred(ctx context.Context) error {
	why, _ := ctx.Value(barredKey{}).(error)
	return why
}
