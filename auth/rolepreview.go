package auth

import (
	"context"

	"lyceum/auth/policy"
)

// RolePreview is what a change of a role would do.
type RolePreview struct {
	Gained, Lost   []policy.Permission // by the role itself
	Gaining        int                 // people who could do more than today
	Losing         int                 // people who could do less
	Unchanged      int                 // people with the role for whom nothing changes: other roles give the same
	Before, Wanted policy.Set
}

// PreviewRole computes what a change would do and writes nothing. It needs role:manage; ErrRoleNotFound, ErrRoleBuiltIn.
func (s *Service) PreviewRole(ctx context.Context, code policy.Role, in RoleInput) (out RolePreview, err error) {
	if _, err := requirePerson(ctx, policy.RoleManage); err != nil {
		return out, err
	}
	if err := in.Validate(); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		roles, err := s.roles(ctx)
		if err != nil {
			return err
		}
		r, err := roleIn(roles, code)
		if err != nil {
			return err
		}
		if r.BuiltIn {
			return ErrRoleBuiltIn
		}
		now, err := s.trialWith(ctx, code, policy.LinesOf(code, r.Inherits, r.Own))
		if err != nil {
			return err
		}
		then, err := s.trialWith(ctx, code, policy.LinesOf(code, in.Inherits, in.Permissions))
		if err != nil {
			return err
		}
		out.Before = r.May
		if out.Wanted, err = then.For([]policy.Role{code}); err != nil {
			return err
		}
		out.Gained, out.Lost = difference(out.Before, out.Wanted)
		sets, err := s.keep.RoleSets(ctx)
		if err != nil {
			return err
		}
		return out.count(code, sets, now, then)
	})
	return out, err
}

// count says for how many people something changes, all their roles taken together.
func (p *RolePreview) count(code policy.Role, sets []RoleSet, now, then *policy.Trial) error {
	for _, set := range sets {
		if !hasRole(set.Roles, code) {
			continue
		}
		before, err := now.For(set.Roles)
		if err != nil {
			return err
		}
		after, err := then.For(set.Roles)
		if err != nil {
			return err
		}
		gained, lost := difference(before, after)
		if len(gained) > 0 {
			p.Gaining += set.People
		}
		if len(lost) > 0 {
			p.Losing += set.People
		}
		if len(gained)+len(lost) == 0 {
			p.Unchanged += set.People
		}
	}
	return nil
}
