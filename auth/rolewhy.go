package auth

import (
	"context"
	"maps"
	"slices"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Allowing lists the roles that allow a permission, each with the line that decides. It needs person:read;
// ErrPermissionNotFound.
func (s *Service) Allowing(ctx context.Context, p policy.Permission) (rules map[policy.Role]string, err error) {
	if err := Require(ctx, policy.PersonRead); err != nil {
		return nil, err
	}
	if !policy.Known(p) {
		return nil, ErrPermissionNotFound
	}
	var codes []policy.Role
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		codes, err = s.keep.Roles(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	rules = map[policy.Role]string{}
	for _, code := range codes {
		allowed, rule, err := s.policy.Explain(ctx, []policy.Role{code}, p)
		if err != nil {
			return nil, err
		}
		if allowed {
			rules[code] = rule
		}
	}
	return rules, nil
}

// WhoMay lists the active people who may do this, by name, and the roles that allow it with the line that decides. It
// needs person:read.
func (s *Service) WhoMay(ctx context.Context, p policy.Permission, at page.Request) (people page.Of[Person], rules map[policy.Role]string, err error) {
	if rules, err = s.Allowing(ctx, p); err != nil || len(rules) == 0 {
		return people, rules, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		f := PeopleFilter{AnyRole: slices.Sorted(maps.Keys(rules)), Status: PersonActive, Page: at}
		people, err = s.keep.PeopleBy(ctx, f)
		return err
	})
	return people, rules, err
}

// Reason is why someone may, or may not, do something.
type Reason struct {
	Person     Person
	Permission policy.Permission
	Allowed    bool
	Rule       string // the line that decides: "owner: p, instructor, course, edit"; empty when nothing allows it
	ByRole     policy.Role
	// Inactive says that no role counts: who is invited or deactivated may do nothing.
	Inactive bool
	// Would are the roles that would allow it.
	Would []policy.Role
}

// Why explains why a person may, or may not, do something. It needs person:read; ErrPersonNotFound.
func (s *Service) Why(ctx context.Context, person uid.ID, p policy.Permission) (out Reason, err error) {
	rules, err := s.Allowing(ctx, p)
	if err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		out.Person, err = s.keep.PersonByID(ctx, person)
		return err
	})
	if err != nil {
		return Reason{}, err
	}
	out.Person, out.Permission = shown(out.Person), p
	out.Inactive = out.Person.Status != PersonActive
	for _, role := range out.Person.Roles {
		if rule, ok := rules[role]; ok && out.Rule == "" {
			out.Rule, out.ByRole = rule, role
		}
	}
	out.Allowed = out.Rule != "" && !out.Inactive
	out.Would = slices.Sorted(maps.Keys(rules))
	return out, nil
}
