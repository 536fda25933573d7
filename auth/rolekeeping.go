package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Role is a role of the tenant with what makes it.
type Role struct {
	Code        policy.Role
	Name        string
	Description string
	BuiltIn     bool
	Inherits    []policy.Role       // it may all that these may
	Own         []policy.Permission // what it may beside
	May         policy.Set          // both together
	People      int                 // active people who have it
}

// RoleRow is a role without its lines, as it is kept.
type RoleRow struct {
	Code        policy.Role
	Name        string
	Description string
	BuiltIn     bool
}

// RoleSet is a combination of roles and how many active people have just this one.
type RoleSet struct {
	Roles  []policy.Role
	People int
}

// RoleKeepingKeeper is what is needed kept to make and explain roles.
type RoleKeepingKeeper interface {
	// RoleRows lists all roles, the built-in ones first, then by name.
	RoleRows(ctx context.Context) ([]RoleRow, error)
	// InsertRole adds a role; ErrRoleTaken for a name that is there already.
	InsertRole(ctx context.Context, r RoleRow) error
	// SetRole writes name and description; ErrRoleNotFound, ErrRoleTaken.
	SetRole(ctx context.Context, r RoleRow) error
	// DeleteRole removes a role and its lines; ErrRoleNotFound, ErrRoleInUse.
	DeleteRole(ctx context.Context, role policy.Role) error
	// SetLines replaces all lines of a role.
	SetLines(ctx context.Context, role policy.Role, lines []policy.Line) error
	// LockRoles holds back other changes of roles until the transaction ends.
	LockRoles(ctx context.Context) error
	PolicyLines(ctx context.Context) ([]policy.Line, error)
	// RoleSets counts active people by their combination of roles.
	RoleSets(ctx context.Context) ([]RoleSet, error)
}

// Failures of keeping roles.
var (
	ErrRoleNotFound = fault.New(fault.KindNotFound, "role_not_found", "There is no such role here.")
	// ErrPermissionNotFound is a question about a permission that does not exist.
	ErrPermissionNotFound = fault.New(fault.KindNotFound, "permission_not_found", "There is no such permission. Choose from the list.")

	ErrRoleTaken   = fault.New(fault.KindConflict, "role_taken", "A role of this name is here already. Choose another name.")
	ErrRoleBuiltIn = fault.New(fault.KindConflict, "role_built_in", "This role comes with the portal and stays as it is. Make one of your own that inherits it.")
	ErrRoleInUse   = fault.New(fault.KindConflict, "role_in_use", "People, sign-on rules, directories or requirements still give this role. Take it from them first.")
)

// RoleInput is a role as it is wished.
type RoleInput struct {
	Name        string
	Description string
	Inherits    []policy.Role // built-in roles but the owner's
	Permissions []policy.Permission
}

const (
	roleNameMax        = 60
	roleDescriptionMax = 300
	ownRolesMax        = 100
)

// Validate gathers what is wrong with the input, and brings it into the form in which it is kept.
func (in *RoleInput) Validate() error {
	f := fault.Fields{}
	in.Name = checkName(f, "name", in.Name)
	f.Check(utf8.RuneCountInString(in.Name) <= roleNameMax, "name", fmt.Sprintf("Use at most %d characters.", roleNameMax))
	in.Description = strings.TrimSpace(in.Description)
	f.Check(utf8.RuneCountInString(in.Description) <= roleDescriptionMax && utf8.ValidString(in.Description), "description",
		fmt.Sprintf("Use at most %d characters.", roleDescriptionMax))
	for _, r := range in.Inherits {
		f.Check(slices.Contains(policy.BuiltInRoles(), r) && r != policy.Owner, "inherits", "A role inherits built-in roles, but not the owner’s.")
	}
	for _, p := range in.Permissions {
		f.Check(policy.Known(p), "permissions", "There is no such permission. Choose from the list.")
	}
	f.Check(len(in.Inherits)+len(in.Permissions) > 0, "permissions", "Choose what the role may do: a role it inherits, or permissions.")
	in.Inherits = slices.Compact(slices.Sorted(slices.Values(in.Inherits)))
	in.Permissions = slices.Compact(slices.Sorted(slices.Values(in.Permissions)))
	return f.Err()
}

// RoleList lists the tenant's roles with what each may and how many people have it. It needs person:read.
func (s *Service) RoleList(ctx context.Context) (roles []Role, err error) {
	if err := Require(ctx, policy.PersonRead); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		roles, err = s.roles(ctx)
		return err
	})
	return roles, err
}

// RoleByCode gives one role. It needs person:read; ErrRoleNotFound.
func (s *Service) RoleByCode(ctx context.Context, code policy.Role) (Role, error) {
	roles, err := s.RoleList(ctx)
	if err != nil {
		return Role{}, err
	}
	return roleIn(roles, code)
}

func roleIn(roles []Role, code policy.Role) (Role, error) {
	i := slices.IndexFunc(roles, func(r Role) bool { return r.Code == code })
	if i < 0 {
		return Role{}, ErrRoleNotFound
	}
	return roles[i], nil
}

// roles gives all roles from what is kept, not from what an engine remembers.
func (s *Service) roles(ctx context.Context) ([]Role, error) {
	rows, err := s.keep.RoleRows(ctx)
	if err != nil {
		return nil, err
	}
	lines, err := s.keep.PolicyLines(ctx)
	if err != nil {
		return nil, err
	}
	sets, err := s.keep.RoleSets(ctx)
	if err != nil {
		return nil, err
	}
	trial, err := policy.NewTrial(lines)
	if err != nil {
		return nil, err
	}
	people := map[policy.Role]int{}
	for _, set := range sets {
		for _, r := range set.Roles {
			people[r] += set.People
		}
	}
	roles := make([]Role, len(rows))
	for i, row := range rows {
		r := Role{Code: row.Code, Name: row.Name, Description: row.Description, BuiltIn: row.BuiltIn, People: people[row.Code]}
		for _, l := range lines {
			switch {
			case !l.Of(row.Code):
			case l.Kind == policy.LineInherits:
				r.Inherits = append(r.Inherits, policy.Role(l.V1))
			default:
				r.Own = append(r.Own, policy.Permission(l.V1+":"+l.V2))
			}
		}
		if r.May, err = trial.For([]policy.Role{row.Code}); err != nil {
			return nil, err
		}
		roles[i] = r
	}
	return roles, nil
}

// CreateRole makes a role. It needs role:manage, and nobody makes one that may more than they do; ErrRoleTaken. Event
// role.created.
func (s *Service) CreateRole(ctx context.Context, in RoleInput) (role Role, err error) {
	if _, err := requirePerson(ctx, policy.RoleManage); err != nil {
		return role, err
	}
	if err := in.Validate(); err != nil {
		return role, err
	}
	row := RoleRow{Code: policy.Role("own-" + uid.Opaque(8)), Name: in.Name, Description: in.Description}
	err = s.keepRole(ctx, "role.created", row, in, s.keep.InsertRole)
	if err != nil {
		return role, err
	}
	return s.RoleByCode(ctx, row.Code)
}

// ChangeRole makes a role what is wished: for everyone who has it, at once and in every process. It needs role:manage and
// all that the role may, before and after; ErrRoleNotFound, ErrRoleBuiltIn, ErrRoleTaken. Event role.changed.
func (s *Service) ChangeRole(ctx context.Context, code policy.Role, in RoleInput) error {
	if _, err := requirePerson(ctx, policy.RoleManage); err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	return s.keepRole(ctx, "role.changed", RoleRow{Code: code, Name: in.Name, Description: in.Description}, in, s.keep.SetRole)
}

// keepRole writes a role with its lines, when who asks may all that it may and might.
func (s *Service) keepRole(ctx context.Context, typ string, row RoleRow, in RoleInput, write func(context.Context, RoleRow) error) error {
	who, _ := PrincipalFrom(ctx)
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.LockRoles(ctx); err != nil {
			return err
		}
		roles, err := s.roles(ctx)
		if err != nil {
			return err
		}
		before, err := roleIn(roles, row.Code)
		switch {
		case typ == "role.created":
			if len(roles) >= ownRolesMax+len(policy.BuiltInRoles()) {
				return fault.Invalid(map[string]string{"name": fmt.Sprintf("A portal has at most %d roles of its own. Remove one that nobody needs.", ownRolesMax)})
			}
		case err != nil:
			return err
		case before.BuiltIn:
			return ErrRoleBuiltIn
		}
		after, err := s.trial(ctx, row.Code, in)
		if err != nil {
			return err
		}
		if !who.May.Covers(before.May) || !who.May.Covers(after) {
			return ErrRoleExceeds
		}
		if err := write(ctx, row); err != nil {
			return err
		}
		if err := s.keep.SetLines(ctx, row.Code, policy.LinesOf(row.Code, in.Inherits, in.Permissions)); err != nil {
			return err
		}
		return s.tellRole(ctx, typ, row, before.May, after)
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// trial gives what a role would be allowed with this input.
func (s *Service) trial(ctx context.Context, code policy.Role, in RoleInput) (policy.Set, error) {
	trial, err := s.trialWith(ctx, code, policy.LinesOf(code, in.Inherits, in.Permissions))
	if err != nil {
		return nil, err
	}
	return trial.For([]policy.Role{code})
}

// trialWith compiles the tenant's policy with other lines for one role.
func (s *Service) trialWith(ctx context.Context, code policy.Role, lines []policy.Line) (*policy.Trial, error) {
	all, err := s.keep.PolicyLines(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(l policy.Line) bool { return l.Of(code) })
	return policy.NewTrial(append(all, lines...))
}

// tellRole appends an event about a role: its subject is the role's code, which is no id, so the id is made of it.
func (s *Service) tellRole(ctx context.Context, typ string, r RoleRow, before, after policy.Set) error {
	gained, lost := difference(before, after)
	e, err := event.New(ctx, s.now(), typ, "role", roleID(r.Code), map[string]any{"role": r.Code, "name": r.Name, "gained": gained, "lost": lost})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// DeleteRole removes a role that nobody has any more. It needs role:manage and all that the role may; ErrRoleNotFound,
// ErrRoleBuiltIn, ErrRoleInUse. Event role.deleted.
func (s *Service) DeleteRole(ctx context.Context, code policy.Role) error {
	who, err := requirePerson(ctx, policy.RoleManage)
	if err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.LockRoles(ctx); err != nil {
			return err
		}
		roles, err := s.roles(ctx)
		if err != nil {
			return err
		}
		r, err := roleIn(roles, code)
		switch {
		case err != nil:
			return err
		case r.BuiltIn:
			return ErrRoleBuiltIn
		case !who.May.Covers(r.May):
			return ErrRoleExceeds
		}
		if err := s.keep.DeleteRole(ctx, code); err != nil {
			return err
		}
		return s.tellRole(ctx, "role.deleted", RoleRow{Code: code, Name: r.Name}, r.May, nil)
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// difference gives what is only in the second set and what only in the first, sorted.
func difference(before, after policy.Set) (gained, lost []policy.Permission) {
	for p := range after {
		if !before.Has(p) {
			gained = append(gained, p)
		}
	}
	for p := range before {
		if !after.Has(p) {
			lost = append(lost, p)
		}
	}
	slices.Sort(gained)
	slices.Sort(lost)
	return gained, lost
}

// roleID makes the id under which events name a role: the same for the same code (RFC 9562 §5.8).
func roleID(code policy.Role) uid.ID {
	var id uid.ID
	copy(id[:], uid.Hash("lyceum role "+string(code)))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	return id
}
