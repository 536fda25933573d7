package auth

import (
	"context"

	"lyceum/auth/policy"
)

// GivableRoles lists the tenant's roles that who asks may give: those that may no more than they do, and Owner only by
// owners.
func (s *Service) GivableRoles(ctx context.Context) (givable []policy.Role, err error) {
	who, ok := PrincipalFrom(ctx)
	if !ok {
		return nil, ErrSignInFirst
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		known, err := s.keep.Roles(ctx)
		if err != nil {
			return err
		}
		givable = nil
		for _, role := range known {
			theirs, err := s.policy.For(ctx, []policy.Role{role})
			if err != nil {
				return err
			}
			if who.May.Covers(theirs) && (role != policy.Owner || hasRole(who.Roles, policy.Owner)) {
				givable = append(givable, role)
			}
		}
		return nil
	})
	return givable, err
}

// KnownRoles lists the tenant's roles. It asks nobody's permission.
func (s *Service) KnownRoles(ctx context.Context) (known []policy.Role, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		known, err = s.keep.Roles(ctx)
		return err
	})
	return known, err
}

// RoleMay tells what a role of the tenant may. It asks nobody's permission.
func (s *Service) RoleMay(ctx context.Context, role policy.Role) (may policy.Set, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		may, err = s.policy.For(ctx, []policy.Role{role})
		return err
	})
	return may, err
}
