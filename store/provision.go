package store

import (
	"context"

	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// SetProvisioned writes what a source says of a person.
func (s *Store) SetProvisioned(ctx context.Context, p auth.Person) error {
	return s.changeOne(ctx, auth.ErrPersonNotFound, "bring a person to what a source says",
		"update people set email = ?, name = ?, locale = ?, time_zone = ?, attributes = ?, manager_id = ?, updated_at = ? where id = ?",
		p.Email, p.Name, p.Locale, p.TimeZone, p.Attributes, p.ManagerID, p.UpdatedAt, p.ID)
}

// sourcedRoleRow is a role with who gave it.
type sourcedRoleRow struct {
	PersonID uid.ID
	Role     policy.Role
	Source   uid.ID
}

// RolesFrom gives the roles that a source gave a person.
func (s *Store) RolesFrom(ctx context.Context, person, source uid.ID) (roles []policy.Role, err error) {
	err = s.tx(ctx).Table("person_roles").Where("person_id = ? and source = ?", person, source).Order("role").Limit(rolesMax).Pluck("role", &roles).Error
	return roles, fail(err, "roles of person %s from %s", person, source)
}

// GiveRolesFrom adds roles with their source; a role that is there already stays as it is.
func (s *Store) GiveRolesFrom(ctx context.Context, person, source uid.ID, roles []policy.Role) error {
	rows := make([]sourcedRoleRow, len(roles))
	for i, role := range roles {
		rows[i] = sourcedRoleRow{person, role, source}
	}
	return fail(s.tx(ctx).Table("person_roles").Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error, "give roles to person %s", person)
}

// TakeRolesFrom removes those roles that the source gave.
func (s *Store) TakeRolesFrom(ctx context.Context, person, source uid.ID, roles []policy.Role) error {
	return fail(s.tx(ctx).Exec("delete from person_roles where person_id = ? and source = ? and role in ?", person, source, roles).Error,
		"take roles from person %s", person)
}
