package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"lyceum/auth/privacy/access"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// InsertDataRequest writes a wish for a copy; access.ErrOpen while another one is being made.
func (s *Store) InsertDataRequest(ctx context.Context, r access.Request) error {
	return fail(s.tx(ctx).Create(&r).Error, "wish for a copy of data")
}

// LastDataRequest is when a copy of a person was last asked for that did not fail; nil: never.
func (s *Store) LastDataRequest(ctx context.Context, person uid.ID, bySelf bool) (last *time.Time, err error) {
	err = s.tx(ctx).Raw("select max(asked_at) from data_requests where person_id = ? and by_self = ? and status <> 'failed'", person, bySelf).Row().Scan(&last)
	return last, fail(err, "last copy of data of %s", person)
}

// BeginDataRequest takes one for the next attempt.
func (s *Store) BeginDataRequest(ctx context.Context, id uid.ID) (r access.Request, ok bool, err error) {
	done := s.tx(ctx).Exec("update data_requests set status = 'working', attempts = attempts + 1, done = 0 where id = ? and status in ('waiting', 'working')", id)
	if done.Error != nil || done.RowsAffected == 0 {
		return r, false, fail(done.Error, "begin the copy %s", id)
	}
	r, err = s.DataRequestByID(ctx, id)
	return r, err == nil, err
}

// SaveDataRequest writes one that is worked at in this attempt.
func (s *Store) SaveDataRequest(ctx context.Context, r access.Request) (bool, error) {
	done := s.tx(ctx).Model(&access.Request{}).Where("id = ? and status = 'working' and attempts = ?", r.ID, r.Attempts).
		Select("status", "parts", "done", "object", "bytes", "sha256", "ready_at", "expires_at").UpdateColumns(&r)
	return done.RowsAffected == 1, fail(done.Error, "save the copy %s", r.ID)
}

func (s *Store) dataRequests(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("data_requests d").Select("d.*, coalesce(p.name, '') as person_name").Joins("left join people p on p.id = d.person_id")
}

// DataRequestByID finds one.
func (s *Store) DataRequestByID(ctx context.Context, id uid.ID) (r access.Request, err error) {
	return r, notFound(s.dataRequests(ctx).Where("d.id = ?", id).Take(&r).Error, access.ErrNotFound, "copy %s", id)
}

// DataRequestsOf lists a person's, the newest first.
func (s *Store) DataRequestsOf(ctx context.Context, person uid.ID, n int) (list []access.Request, err error) {
	return list, fail(s.dataRequests(ctx).Where("d.person_id = ?", person).Order("d.id desc").Limit(n).Scan(&list).Error, "list copies of %s", person)
}

// DataRequests lists all, the newest first.
func (s *Store) DataRequests(ctx context.Context, p page.Request) (out page.Of[access.Request], err error) {
	limit := p.Bounded()
	q := s.dataRequests(ctx)
	if p.After != "" {
		parts, err := page.Parts(p.After, 1)
		if err != nil {
			return out, err
		}
		if _, ok := uid.Parse(parts[0]); !ok {
			return out, page.ErrCursor
		}
		q = q.Where("d.id < ?", parts[0])
	}
	var rows []access.Request
	if err := q.Order("d.id desc").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "list copies")
	}
	return page.Cut(rows, limit, func(r access.Request) []string { return []string{r.ID.String()} }), nil
}

// DataRequestsPast lists those whose file is to be removed.
func (s *Store) DataRequestsPast(ctx context.Context, now time.Time, n int) (list []access.Request, err error) {
	err = s.dataRequests(ctx).Where("d.object <> '' and (d.status in ('failed', 'expired') or d.status = 'ready' and d.expires_at <= ?)", now).Order("d.id").Limit(n).Scan(&list).Error
	return list, fail(err, "list old copies")
}

// CloseDataRequests ends those of a person, and gives those that have a file.
func (s *Store) CloseDataRequests(ctx context.Context, person uid.ID) (list []access.Request, err error) {
	if err = s.tx(ctx).Exec("update data_requests set status = 'expired' where person_id = ? and status in ('waiting', 'working', 'ready')", person).Error; err != nil {
		return nil, fail(err, "end the copies of %s", person)
	}
	return list, fail(s.dataRequests(ctx).Where("d.person_id = ? and d.object <> ''", person).Scan(&list).Error, "list the copies of %s", person)
}

// DropDataRequest notes that the file of one is gone.
func (s *Store) DropDataRequest(ctx context.Context, id uid.ID) error {
	return s.changeOne(ctx, access.ErrNotFound, "drop a copy", "update data_requests set object = '', status = case status when 'ready' then 'expired' else status end where id = ?", id)
}

// ForgetDataRequests removes what is old and has no file.
func (s *Store) ForgetDataRequests(ctx context.Context, before time.Time) error {
	return fail(s.tx(ctx).Exec("delete from data_requests where asked_at < ? and object = '' and status not in ('waiting', 'working')"+unlessHeld(ctx, "data_requests.person_id"), before).Error, "forget copies")
}

// besides are words for ids, so that a copy can be read: beside a table that has these columns and not that one stands a column of this name.
var besides = []struct {
	have []string
	not  string
	name string
	sql  string
}{
	{[]string{"course_id"}, "course_title", "course", "(select v.title from courses c join course_versions v on v.id = coalesce(c.published_id, c.draft_id) where c.id = t.course_id)"},
	{[]string{"enrolment_id"}, "course_id", "course", "(select v.title from enrolment_rounds r join course_versions v on v.id = r.version_id where r.id = t.enrolment_id)"},
	{[]string{"enrolment_id", "lesson_id"}, "", "lesson", "(select l.title from enrolment_rounds r join lessons l on l.version_id = r.version_id and l.id = t.lesson_id where r.id = t.enrolment_id)"},
	{[]string{"attempt_id"}, "", "lesson", "(select l.title from test_attempts a join enrolment_rounds r on r.id = a.enrolment_id join lessons l on l.version_id = r.version_id and l.id = a.lesson_id where a.id = t.attempt_id)"},
	{[]string{"submission_id"}, "lesson_id", "lesson", "(select l.title from submissions a join enrolment_rounds r on r.id = a.enrolment_id join lessons l on l.version_id = r.version_id and l.id = a.lesson_id where a.id = t.submission_id)"},
	{[]string{"path_id"}, "", "path", "(select p.title from paths p where p.id = t.path_id)"},
	{[]string{"requirement_id"}, "", "requirement", "(select q.name from requirements q where q.id = t.requirement_id)"},
	{[]string{"duty_id"}, "requirement_id", "requirement", "(select q.name from duties d join requirements q on q.id = d.requirement_id where d.id = t.duty_id)"},
	{[]string{"group_id"}, "group_name", "group", "(select g.name from groups g where g.id = t.group_id)"},
	{[]string{"unit_id"}, "", "unit", "(select u.name from org_units u where u.id = t.unit_id)"},
	{[]string{"field_id"}, "", "field", "(select f.name from person_fields f where f.id = t.field_id)"},
	{[]string{"connection_id"}, "", "connection", "(select k.name from connections k where k.id = t.connection_id)"},
	{[]string{"directory_id"}, "", "directory", "(select k.name from directories k where k.id = t.directory_id)"},
}

// GivenColumns are the columns of a table in their order, without those named, and after them words for ids.
func (s *Store) GivenColumns(ctx context.Context, t access.Table) (kept []string, err error) {
	var columns []string
	err = s.tx(ctx).Raw(`select column_name from information_schema.columns where table_schema = current_schema() and table_name = ? order by ordinal_position`, t.Name).Scan(&columns).Error
	if err != nil {
		return nil, fail(err, "columns of %s", t.Name)
	}
	for _, c := range columns {
		if !slices.Contains(t.Secret, c) {
			kept = append(kept, c)
		}
	}
	for _, b := range besides {
		missing := func(c string) bool { return !slices.Contains(columns, c) }
		if !slices.ContainsFunc(b.have, missing) && missing(b.name) && (b.not == "" || missing(b.not)) {
			kept = append(kept, b.name)
		}
	}
	return kept, nil
}

// givenAtOnce is how many rows of a copy are in memory.
const givenAtOnce = 200

// GivenRows hands over the rows of a person in a table, some at a time. Names of tables and columns are the register's and the schema's, and quoted.
func (s *Store) GivenRows(ctx context.Context, person uid.ID, t access.Table, columns []string, each func([]access.Row) error) error {
	var chosen, where []string
	for _, c := range columns {
		name := pgx.Identifier{c}.Sanitize()
		what := "t." + name
		for _, b := range besides {
			if b.name == c {
				if !slices.ContainsFunc(b.have, func(have string) bool { return !slices.Contains(columns, have) }) {
					what = b.sql
					break
				}
			}
		}
		chosen = append(chosen, what+" as "+name)
	}
	for _, link := range t.Links {
		predicate, ok := personRows[link]
		if !ok {
			return fmt.Errorf("store: rows of %s are not found by %s", t.Name, link)
		}
		where = append(where, predicate)
	}
	statement := fmt.Sprintf("declare given no scroll cursor for select cast(row_to_json(x) as text) from (select %s from %s t where %s order by 1, 2) x", strings.Join(chosen, ", "), pgx.Identifier{t.Name}.Sanitize(), strings.Join(where, " or "))
	if err := s.tx(ctx).Exec(statement, map[string]any{"person": person}).Error; err != nil {
		return fail(err, "read %s of %s", t.Name, person)
	}
	for {
		var lines []string
		if err := s.tx(ctx).Raw(fmt.Sprintf("fetch %d from given", givenAtOnce)).Scan(&lines).Error; err != nil {
			return fail(err, "read %s of %s", t.Name, person)
		}
		rows := make([]access.Row, len(lines))
		for i, line := range lines {
			decoder := json.NewDecoder(strings.NewReader(line))
			decoder.UseNumber()
			if err := decoder.Decode(&rows[i]); err != nil {
				return fmt.Errorf("row of %s: %w", t.Name, err)
			}
		}
		if len(rows) > 0 {
			if err := each(rows); err != nil {
				return err
			}
		}
		if len(lines) < givenAtOnce {
			return fail(s.tx(ctx).Exec("close given").Error, "read %s of %s", t.Name, person)
		}
	}
}

// AddressesOf are a person's e-mail addresses as far as they are known.
func (s *Store) AddressesOf(ctx context.Context, person uid.ID) (list []string, err error) {
	err = s.tx(ctx).Raw(`select email from people where id = @person union select unnest(emails) from directory_people where person_id = @person
		union select user_name from directory_people where person_id = @person and user_name is not null union select subject from identities where person_id = @person`, map[string]any{"person": person}).Scan(&list).Error
	return list, fail(err, "addresses of %s", person)
}

// OthersAmong tells which of these ids and names, in lower case, are other people's.
func (s *Store) OthersAmong(ctx context.Context, person uid.ID, ids, names []string) (others []string, err error) {
	r := current(ctx)
	if r == nil {
		return nil, ErrNoTransaction
	}
	var known []uid.ID
	for _, id := range ids {
		if one, ok := uid.Parse(id); ok {
			known = append(known, one)
		}
	}
	rows, err := r.pgx.Query(ctx, s.tagOf(r.schema)+"select cast(id as text) from people where id = any($2::uuid[]) and id <> $1 union select lower(name) from people where lower(name) = any($3::text[]) and id <> $1", person, known, names)
	if err != nil {
		return nil, fail(err, "look for others")
	}
	others, err = pgx.CollectRows(rows, pgx.RowTo[string])
	return others, fail(err, "look for others")
}

// HandedFiles walks over what a person handed in, by id.
func (s *Store) HandedFiles(ctx context.Context, person, after uid.ID, n int) (list []access.File, err error) {
	return list, fail(s.tx(ctx).Table("files").Select("id, name, sha256").Where("handed and created_by = ? and id > ?", person, after).Order("id").Limit(n).Find(&list).Error, "what %s handed in", person)
}

var _ access.Keeper = (*Store)(nil)
