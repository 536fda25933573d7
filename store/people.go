package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// personColumns names a person's columns without the password's hash; p is people.
const personColumns = "p.id, p.email, p.name, p.status, p.locale, p.time_zone, p.created_at, p.updated_at, p.attributes, p.manager_id"

// personRoles gathers the roles of p in the same query. A role's code holds no space.
const personRoles = "coalesce((select string_agg(r.role, ' ' order by r.role) from person_roles r where r.person_id = p.id), '') as role_codes"

// personRow is a person with what a query gathers beside.
type personRow struct {
	auth.Person
	RoleCodes string
	SortName  string
}

func (r personRow) person() auth.Person {
	p := r.Person
	p.Roles = rolesIn(r.RoleCodes)
	return p
}

func rolesIn(codes string) []policy.Role {
	var roles []policy.Role
	for _, code := range strings.Fields(codes) {
		roles = append(roles, policy.Role(code))
	}
	return roles
}

// PersonByID finds a person with their roles.
func (s *Store) PersonByID(ctx context.Context, id uid.ID) (auth.Person, error) {
	return s.personWhere(ctx, "p.id = ?", id)
}

// PersonByEmail finds the person of a normalised e-mail with their roles.
func (s *Store) PersonByEmail(ctx context.Context, email string) (auth.Person, error) {
	return s.personWhere(ctx, "p.email = ?", email)
}

func (s *Store) personWhere(ctx context.Context, where string, arg any) (auth.Person, error) {
	var row personRow
	err := s.tx(ctx).Table("people p").Select(personColumns+", p.password_hash, "+personRoles).Where(where, arg).Take(&row).Error
	return row.person(), notFound(err, auth.ErrPersonNotFound, "find a person")
}

// LockPerson finds a person, without roles, and holds them until the transaction ends.
func (s *Store) LockPerson(ctx context.Context, id uid.ID) (p auth.Person, err error) {
	err = s.tx(ctx).Table("people p").Select(personColumns+", p.password_hash").Where("p.id = ?", id).
		Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&p).Error
	return p, notFound(err, auth.ErrPersonNotFound, "hold person %s", id)
}

// PeopleBy lists people by name, in any case, with their roles.
func (s *Store) PeopleBy(ctx context.Context, f auth.PeopleFilter) (out page.Of[auth.Person], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("people p").Select(personColumns + ", lower(p.name) as sort_name, " + personRoles).
		Order("lower(p.name), p.id").Limit(limit + 1)
	if f.Query != "" {
		like := "%" + escapeLike(f.Query) + "%"
		q = q.Where("(p.name ilike ? or p.email ilike ?)", like, like)
	}
	if f.Status != "" {
		q = q.Where("p.status = ?", f.Status)
	}
	if f.Role != "" {
		q = q.Where("exists (select 1 from person_roles f where f.person_id = p.id and f.role = ?)", f.Role)
	}
	if len(f.AnyRole) > 0 {
		q = q.Where("exists (select 1 from person_roles f where f.person_id = p.id and f.role in ?)", f.AnyRole)
	}
	if f.Unit != uid.Nil {
		q = q.Where(unitsBelow, []uid.ID{f.Unit})
	}
	if f.Field != "" && f.Value != "" {
		q = q.Where("lower("+customColumn+") = lower(?)", f.Field, f.Value)
	}
	q, err = afterPerson(q, f.Page.After)
	if err != nil {
		return out, err
	}
	var rows []personRow
	if err = q.Find(&rows).Error; err != nil {
		return out, fail(err, "list people")
	}
	return peopleByName(rows, limit), nil
}

// InsertPerson adds a person, with the lines that follow from their manager.
func (s *Store) InsertPerson(ctx context.Context, p auth.Person) error {
	if err := s.tx(ctx).Create(&p).Error; err != nil || p.ManagerID == nil {
		return fail(err, "add a person")
	}
	return s.movedTo(ctx, p.CreatedAt, p.ID)
}

// SetProfile writes name, locale, time zone and when.
func (s *Store) SetProfile(ctx context.Context, p auth.Person) error {
	return s.changeOne(ctx, auth.ErrPersonNotFound, "change a person's profile",
		"update people set name = ?, locale = ?, time_zone = ?, updated_at = ? where id = ?", p.Name, p.Locale, p.TimeZone, p.UpdatedAt, p.ID)
}

// SetPassword writes a password's hash.
func (s *Store) SetPassword(ctx context.Context, id uid.ID, hash string, at time.Time) error {
	return s.changeOne(ctx, auth.ErrPersonNotFound, "set a password",
		"update people set password_hash = ?, updated_at = ? where id = ?", hash, at, id)
}

// SetPersonStatus writes whether a person may sign in.
func (s *Store) SetPersonStatus(ctx context.Context, id uid.ID, status auth.PersonStatus, at time.Time) error {
	return s.changeOne(ctx, auth.ErrPersonNotFound, "set a person's status",
		"update people set status = ?, updated_at = ? where id = ?", status, at, id)
}

// changeOne runs a statement that must meet a row; the declared failure when it met none.
func (s *Store) changeOne(ctx context.Context, missing *fault.Fault, doing, statement string, args ...any) error {
	res := s.tx(ctx).Exec(statement, args...)
	if res.Error == nil && res.RowsAffected == 0 {
		return missing
	}
	return fail(res.Error, "%s", doing)
}

// NamesOf gives the names of people of the running tenant, as far as they are there.
func (s *Store) NamesOf(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error) {
	names := make(map[uid.ID]string, len(ids))
	if len(ids) == 0 {
		return names, nil
	}
	var rows []struct {
		ID   uid.ID
		Name string
	}
	if err := s.tx(ctx).Table("people").Select("id", "name").Where("id in ?", ids).Find(&rows).Error; err != nil {
		return nil, fail(err, "names of people")
	}
	for _, r := range rows {
		names[r.ID] = r.Name
	}
	return names, nil
}
