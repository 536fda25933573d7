package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// SetProvisioned writes what a source says of a person, and with another manager the lines that follow from it.
func (s *Store) SetProvisioned(ctx context.Context, p auth.Person) error {
	var was []*uid.ID
	err := s.tx(ctx).Raw("update people p set email = ?, name = ?, locale = ?, time_zone = ?, attributes = ?, manager_id = ?, updated_at = ? from people o where o.id = p.id and p.id = ? returning o.manager_id",
		p.Email, p.Name, p.Locale, p.TimeZone, p.Attributes, p.ManagerID, p.UpdatedAt, p.ID).Scan(&was).Error
	switch {
	case err != nil:
		return fail(err, "bring a person to what a source says")
	case len(was) == 0:
		return auth.ErrPersonNotFound
	case samePerson(was[0], p.ManagerID):
		return nil
	}
	return s.movedTo(ctx, p.UpdatedAt, p.ID)
}

// samePerson tells that both are nobody, or one person.
func samePerson(a, b *uid.ID) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// SetManager writes a person's manager, nil for none, and the lines that follow from it.
func (s *Store) SetManager(ctx context.Context, person uid.ID, manager *uid.ID, at time.Time) error {
	if err := s.changeOne(ctx, auth.ErrPersonNotFound, "set a person's manager", "update people set manager_id = ?, updated_at = ? where id = ?", manager, at, person); err != nil {
		return err
	}
	return s.movedTo(ctx, at, person)
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
	return fail(s.remove(ctx, "person_roles", "person_id = ? and source = ? and role in ?", person, source, roles).Error,
		"take roles from person %s", person)
}
