package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Bounds of what a tenant may define; the product's own are a tenth of it.
const (
	policyLinesMax = 10_000
	rolesMax       = 1_000
)

type roleRow struct {
	Code    policy.Role
	Name    string
	BuiltIn bool
}

type personRoleRow struct {
	PersonID uid.ID
	Role     policy.Role
}

// PolicyLines gives all lines of the running tenant. It needs no transaction around it.
func (s *Store) PolicyLines(ctx context.Context) (lines []policy.Line, err error) {
	err = s.single(ctx, func(rows pgx.Rows) (err error) {
		lines, err = pgx.CollectRows(rows, pgx.RowToStructByPos[policy.Line])
		return err
	}, "select ptype, v0, v1, v2 from policies order by ptype, v0, v1, v2 limit $1", policyLinesMax)
	return lines, fail(err, "read the policy")
}

// SeedPolicies writes the built-in roles and their lines where they are missing.
func (s *Store) SeedPolicies(ctx context.Context) error {
	var roles []roleRow
	for _, b := range policy.BuiltIns() {
		roles = append(roles, roleRow{Code: b.Role, Name: b.Name, BuiltIn: true})
	}
	missing := clause.OnConflict{DoNothing: true}
	if err := s.tx(ctx).Table("roles").Clauses(missing).Create(&roles).Error; err != nil {
		return fail(err, "seed the roles")
	}
	lines := policy.BuiltInLines()
	return fail(s.tx(ctx).Table("policies").Clauses(missing).Create(&lines).Error, "seed the policy")
}

// Roles gives the codes of all roles.
func (s *Store) Roles(ctx context.Context) (roles []policy.Role, err error) {
	err = s.tx(ctx).Table("roles").Order("code").Limit(rolesMax).Pluck("code", &roles).Error
	return roles, fail(err, "list the roles")
}

// RolesOf gives a person's roles.
func (s *Store) RolesOf(ctx context.Context, person uid.ID) (roles []policy.Role, err error) {
	err = s.tx(ctx).Table("person_roles").Where("person_id = ?", person).Order("role").Limit(rolesMax).Pluck("role", &roles).Error
	return roles, fail(err, "roles of person %s", person)
}

// LockOwners gives the active owners and holds them, role and person, until the transaction ends. Who waited here for
// another's change sees it: PostgreSQL tests the conditions again on the rows as they are then.
func (s *Store) LockOwners(ctx context.Context) (owners []uid.ID, err error) {
	err = s.tx(ctx).Raw(`select p.id from person_roles r join people p on p.id = r.person_id
		where r.role = ? and p.status = ? order by p.id for no key update`, policy.Owner, auth.PersonActive).Scan(&owners).Error
	return owners, fail(err, "hold the owners")
}

// GiveRoles adds roles to a person; those they have stay.
func (s *Store) GiveRoles(ctx context.Context, person uid.ID, roles []policy.Role) error {
	rows := make([]personRoleRow, len(roles))
	for i, role := range roles {
		rows[i] = personRoleRow{person, role}
	}
	return fail(s.tx(ctx).Table("person_roles").Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error, "give roles to person %s", person)
}

// TakeRoles removes roles from a person.
func (s *Store) TakeRoles(ctx context.Context, person uid.ID, roles []policy.Role) error {
	return fail(s.remove(ctx, "person_roles", "person_id = ? and role in ?", person, roles).Error, "take roles from person %s", person)
}
