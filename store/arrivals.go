package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/auth"
	"lyceum/auth/hrsync"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// InsertPeople adds people, without managers.
func (s *Store) InsertPeople(ctx context.Context, people []auth.Person) error {
	if len(people) == 0 {
		return nil
	}
	attributes := make([]any, len(people))
	for i, p := range people {
		value, err := p.Attributes.Value()
		if err != nil {
			return fmt.Errorf("attributes of %s: %w", p.ID, err)
		}
		attributes[i] = value
	}
	columns := []string{"id", "email", "name", "password_hash", "status", "locale", "time_zone", "created_at", "updated_at", "attributes"}
	return copyRows(ctx, current(ctx).pgx, "people", columns, len(people), func(i int) []any {
		p := people[i]
		return []any{p.ID, p.Email, p.Name, p.PasswordHash, string(p.Status), p.Locale, p.TimeZone, p.CreatedAt, p.UpdatedAt, attributes[i]}
	})
}

// SetProvisionedAll writes what a source says of people, but for managers.
func (s *Store) SetProvisionedAll(ctx context.Context, people []auth.Person) error {
	type row struct {
		ID         uid.ID          `json:"i"`
		Email      string          `json:"e"`
		Name       string          `json:"n"`
		Locale     string          `json:"l"`
		TimeZone   string          `json:"t"`
		Attributes auth.Attributes `json:"a"`
		At         time.Time       `json:"u"`
	}
	if len(people) == 0 {
		return nil
	}
	rows := make([]row, len(people))
	for i, p := range people {
		rows[i] = row{p.ID, p.Email, p.Name, p.Locale, p.TimeZone, p.Attributes, p.UpdatedAt}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("people as JSON: %w", err)
	}
	done := s.tx(ctx).Exec(`update people p set email = r.e, name = r.n, locale = r.l, time_zone = r.t, attributes = nullif(nullif(r.a, '{}'), 'null'), updated_at = r.u
		from jsonb_to_recordset(cast(@rows as jsonb)) as r (i uuid, e text, n text, l text, t text, a jsonb, u timestamptz) where p.id = r.i`, map[string]any{"rows": string(raw)})
	if done.Error == nil && done.RowsAffected != int64(len(people)) {
		return auth.ErrPersonNotFound
	}
	return fail(done.Error, "bring people to what a source says")
}

// GiveRoleFrom gives people a role with its source.
func (s *Store) GiveRoleFrom(ctx context.Context, people []uid.ID, source uid.ID, role policy.Role) error {
	if len(people) == 0 {
		return nil
	}
	err := s.tx(ctx).Exec("insert into person_roles (person_id, role, source) select unnest(cast(@people as uuid[])), @role, @source on conflict do nothing", map[string]any{"people": idList(people), "role": role, "source": source}).Error
	return fail(err, "give a role to many")
}

// ErasedMarksAmong gives those of the marks that are of somebody who was erased.
func (s *Store) ErasedMarksAmong(ctx context.Context, marks [][]byte) (found [][]byte, err error) {
	if len(marks) == 0 {
		return nil, nil
	}
	texts := make([]string, len(marks))
	for i, m := range marks {
		texts[i] = `"\\x` + hex.EncodeToString(m) + `"`
	}
	err = s.tx(ctx).Raw("select mark from erased_marks where mark = any(cast(@marks as bytea[]))", map[string]any{"marks": "{" + strings.Join(texts, ",") + "}"}).Scan(&found).Error
	return found, fail(err, "look for people who were erased")
}

// PeopleForHR gives people with their roles; nil: everybody.
func (s *Store) PeopleForHR(ctx context.Context, ids []uid.ID, hold bool) ([]auth.Person, error) {
	q := someOf(s.tx(ctx).Table("people p").Select(personColumns+", "+personRoles), "p.id", ids)
	if hold {
		q = q.Clauses(clause.Locking{Strength: "NO KEY UPDATE", Table: clause.Table{Name: "p"}}).Order("p.id")
	}
	var rows []personRow
	if err := q.Find(&rows).Error; err != nil {
		return nil, fail(err, "people for HR")
	}
	people := make([]auth.Person, len(rows))
	for i, r := range rows {
		people[i] = r.person()
	}
	return people, nil
}

const (
	// wishedLines is the managers that @rows holds as JSON.
	wishedLines = `with wished as (select * from jsonb_to_recordset(cast(@rows as jsonb)) as r (person_id uuid, manager_id uuid, day date))`
	// cutManySQL is cutSpansSQL for many, each from a day that is over.
	cutManySQL = wishedLines + `, cut as (update manager_spans s set superseded_at = @at from wished r where s.person_id = r.person_id and r.day < cast(@day as date) and s.superseded_at is null and (s.valid_to is null or s.valid_to > r.day)
			returning s.person_id, s.manager_id, s.valid_from, r.day)
		insert into manager_spans (id, person_id, manager_id, valid_from, valid_to, recorded_at, recorded_by) select gen_random_uuid(), person_id, manager_id, valid_from, day, @at, @by from cut where valid_from < day`
	openManySQL = wishedLines + ` insert into manager_spans (id, person_id, manager_id, valid_from, recorded_at, recorded_by) select gen_random_uuid(), person_id, manager_id, day, @at, @by from wished where day < cast(@day as date) and manager_id is not null`
	setManySQL  = wishedLines + ` update people p set manager_id = r.manager_id, updated_at = @at from wished r where p.id = r.person_id`
)

// SetManagers writes managers of many at once with the lines and spans that follow.
func (s *Store) SetManagers(ctx context.Context, changes []hrsync.ManagerChange, at time.Time) error {
	type row struct {
		Person  uid.ID  `json:"person_id"`
		Manager *uid.ID `json:"manager_id,omitempty"`
		Day     string  `json:"day"`
	}
	if len(changes) == 0 {
		return nil
	}
	rows, people := make([]row, len(changes)), make([]uid.ID, len(changes))
	for i, c := range changes {
		rows[i], people[i] = row{c.Person, c.Manager, c.Day.String()}, c.Person
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("managers as JSON: %w", err)
	}
	args := map[string]any{"rows": string(raw), "at": at, "day": at.UTC().Format(time.DateOnly), "by": recorder(ctx)}
	for _, sql := range []string{cutManySQL, openManySQL, setManySQL} {
		if err := s.tx(ctx).Exec(sql, args).Error; err != nil {
			return fail(err, "set managers of many")
		}
	}
	return s.movedTo(ctx, at, people...)
}
