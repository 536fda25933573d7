package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth/hrsync"
	"lyceum/auth/org"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// AddHRSource writes a new source.
func (s *Store) AddHRSource(ctx context.Context, src hrsync.Source) error {
	return fail(s.tx(ctx).Table("hr_sources").Create(&src).Error, "add an HR source")
}

// SaveHRSource writes one.
func (s *Store) SaveHRSource(ctx context.Context, src hrsync.Source) error {
	return fail(s.tx(ctx).Table("hr_sources").Where("id = ?", src.ID).Select("*").Omit("id", "kind", "created_by", "created_at").Updates(&src).Error, "save HR source %s", src.ID)
}

// HRSources lists them by name, those in use first.
func (s *Store) HRSources(ctx context.Context) (list []hrsync.Source, err error) {
	err = s.tx(ctx).Table("hr_sources").Order("archived_at is not null, lower(name), id").Limit(1000).Find(&list).Error
	return list, fail(err, "list HR sources")
}

// HRSource finds one.
func (s *Store) HRSource(ctx context.Context, id uid.ID) (src hrsync.Source, err error) {
	err = s.tx(ctx).Table("hr_sources").Where("id = ?", id).Take(&src).Error
	return src, notFound(err, hrsync.ErrNoSource, "find HR source %s", id)
}

// LockHRSource finds one and holds it until the transaction ends.
func (s *Store) LockHRSource(ctx context.Context, id uid.ID) (src hrsync.Source, err error) {
	err = s.tx(ctx).Table("hr_sources").Where("id = ?", id).Clauses(clause.Locking{Strength: "NO KEY UPDATE"}).Take(&src).Error
	return src, notFound(err, hrsync.ErrNoSource, "hold HR source %s", id)
}

// AddHRRun writes a run with its rows.
func (s *Store) AddHRRun(ctx context.Context, r hrsync.Run, rows []hrsync.Row) error {
	if err := s.tx(ctx).Table("hr_runs").Create(&r).Error; err != nil {
		return fail(err, "add an HR run")
	}
	changes := make([]string, len(rows))
	for i, row := range rows {
		raw, err := json.Marshal(row.Changes)
		if err != nil {
			return fmt.Errorf("changes of a row: %w", err)
		}
		changes[i] = string(raw)
	}
	columns := []string{"run_id", "position", "line", "subject", "outcome", "state", "external_id", "email", "name", "person_id", "unit_id", "day", "changes", "field", "problem"}
	return copyRows(ctx, current(ctx).pgx, "hr_rows", columns, len(rows), func(i int) []any {
		r := rows[i]
		return []any{r.RunID, r.Position, r.Line, string(r.Subject), string(r.Outcome), string(r.State), r.ExternalID, r.Email, r.Name, r.PersonID, r.UnitID, r.Day, changes[i], r.Field, r.Problem}
	})
}

// SaveHRRun writes how far a run is.
func (s *Store) SaveHRRun(ctx context.Context, r hrsync.Run) error {
	err := s.tx(ctx).Table("hr_runs").Where("id = ?", r.ID).Select("status", "held", "problem", "done", "failed", "requested_by", "requested_at", "finished_at").Updates(&r).Error
	return fail(err, "save HR run %s", r.ID)
}

func (s *Store) hrRun(ctx context.Context, lock bool, where string, args ...any) (r hrsync.Run, err error) {
	q := s.tx(ctx).Table("hr_runs").Where(where, args...)
	if lock {
		q = q.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	err = q.Take(&r).Error
	return r, notFound(err, hrsync.ErrNoRun, "find an HR run")
}

// HRRun finds a run.
func (s *Store) HRRun(ctx context.Context, id uid.ID) (hrsync.Run, error) {
	return s.hrRun(ctx, false, "id = ?", id)
}

// LockHRRun finds a run and holds it until the transaction ends.
func (s *Store) LockHRRun(ctx context.Context, id uid.ID) (hrsync.Run, error) {
	return s.hrRun(ctx, true, "id = ?", id)
}

// OpenHRRun is the run of a source that is planned or running.
func (s *Store) OpenHRRun(ctx context.Context, source uid.ID) (hrsync.Run, error) {
	return s.hrRun(ctx, true, "source_id = ? and status in ('planned', 'running')", source)
}

// HRRunByKey is that which came with a request's key.
func (s *Store) HRRunByKey(ctx context.Context, source uid.ID, key string) (hrsync.Run, error) {
	return s.hrRun(ctx, false, "source_id = ? and request_key = ?", source, key)
}

// HRRuns lists a source's runs, uid.Nil: all, the newest first.
func (s *Store) HRRuns(ctx context.Context, source uid.ID, r page.Request) (out page.Of[hrsync.Run], err error) {
	limit := r.Bounded()
	q := s.tx(ctx).Table("hr_runs").Order("id desc").Limit(limit + 1)
	if source != uid.Nil {
		q = q.Where("source_id = ?", source)
	}
	if r.After != "" {
		parts, err := page.Parts(r.After, 1)
		if err != nil {
			return out, err
		}
		if _, ok := uid.Parse(parts[0]); !ok {
			return out, page.ErrCursor
		}
		q = q.Where("id < ?", parts[0])
	}
	var rows []hrsync.Run
	if err := q.Find(&rows).Error; err != nil {
		return out, fail(err, "list HR runs")
	}
	return page.Cut(rows, limit, func(r hrsync.Run) []string { return []string{r.ID.String()} }), nil
}

// DeleteHRRuns removes runs that were made before a moment and are not running.
func (s *Store) DeleteHRRuns(ctx context.Context, before time.Time) (int64, error) {
	if err := s.setAside(ctx, "hr_rows", "run_id in (select id from hr_runs where created_at < ? and status <> 'running')", before); err != nil {
		return 0, err
	}
	done := s.tx(ctx).Exec("delete from hr_runs where created_at < ? and status <> 'running'", before)
	return done.RowsAffected, fail(done.Error, "remove old HR runs")
}

// HRRows lists rows of a run by position.
func (s *Store) HRRows(ctx context.Context, run uid.ID, f hrsync.Filter) (out page.Of[hrsync.Row], err error) {
	limit := f.Page.Bounded()
	q := s.tx(ctx).Table("hr_rows").Where("run_id = ?", run).Order("position").Limit(limit + 1)
	if f.Outcome != "" {
		q = q.Where("outcome = ?", f.Outcome)
	}
	if f.Failed {
		q = q.Where("state in ('failed', 'partly')")
	}
	if text := strings.TrimSpace(f.Query); text != "" {
		like := "%" + escapeLike(text) + "%"
		q = q.Where("(external_id ilike ? or name ilike ? or email ilike ?)", like, like, like)
	}
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 1)
		if err != nil {
			return out, err
		}
		n, err := strconv.ParseInt(parts[0], 10, 32)
		if err != nil {
			return out, page.ErrCursor
		}
		q = q.Where("position > ?", n)
	}
	var rows []hrsync.Row
	if err := q.Find(&rows).Error; err != nil {
		return out, fail(err, "rows of HR run %s", run)
	}
	return page.Cut(rows, limit, func(r hrsync.Row) []string { return []string{strconv.Itoa(r.Position)} }), nil
}

// HRRowsIn gives the first rows of a run in some states by position; n 0: all.
func (s *Store) HRRowsIn(ctx context.Context, run uid.ID, states []hrsync.State, n int) (rows []hrsync.Row, err error) {
	q := s.tx(ctx).Table("hr_rows").Where("run_id = ? and state in ?", run, states).Order("position")
	if n > 0 {
		q = q.Limit(n)
	}
	err = q.Find(&rows).Error
	return rows, fail(err, "rows of HR run %s", run)
}

// SaveHRRows writes what became of rows, in one statement for many.
func (s *Store) SaveHRRows(ctx context.Context, rows []hrsync.Row) error {
	type row struct {
		Position int          `json:"n"`
		State    hrsync.State `json:"s"`
		Field    string       `json:"f"`
		Problem  string       `json:"p"`
	}
	if len(rows) == 0 {
		return nil
	}
	list := make([]row, len(rows))
	for i, r := range rows {
		list[i] = row{r.Position, r.State, r.Field, r.Problem}
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("rows of an HR run: %w", err)
	}
	err = s.tx(ctx).Exec(`update hr_rows h set state = r.s, field = r.f, problem = r.p from jsonb_to_recordset(cast(@rows as jsonb)) as r (n integer, s text, f text, p text) where h.run_id = @run and h.position = r.n`,
		map[string]any{"rows": string(raw), "run": rows[0].RunID}).Error
	return fail(err, "save rows of an HR run")
}

// HRLinks lists whom a source knows.
func (s *Store) HRLinks(ctx context.Context, source uid.ID) (list []hrsync.Link, err error) {
	err = s.tx(ctx).Table("hr_links").Where("source_id = ?", source).Find(&list).Error
	return list, fail(err, "whom HR source %s knows", source)
}

// SetHRLinks writes links. Who was linked before keeps the day since when.
func (s *Store) SetHRLinks(ctx context.Context, links []hrsync.Link) error {
	if len(links) == 0 {
		return nil
	}
	type row struct {
		Source   uid.ID     `json:"s"`
		External string     `json:"e"`
		Person   uid.ID     `json:"p"`
		At       time.Time  `json:"a"`
		Left     *time.Time `json:"l"`
	}
	list := make([]row, len(links))
	for i, l := range links {
		list[i] = row{l.SourceID, l.ExternalID, l.PersonID, l.LinkedAt, l.LeftAt}
	}
	raw, err := json.Marshal(list)
	if err != nil {
		return fmt.Errorf("links of an HR source: %w", err)
	}
	err = s.tx(ctx).Exec(`insert into hr_links (source_id, external_id, person_id, linked_at, left_at) select r.s, r.e, r.p, r.a, r.l
		from jsonb_to_recordset(cast(@rows as jsonb)) as r (s uuid, e text, p uuid, a timestamptz, l timestamptz)
		on conflict (source_id, external_id) do update set left_at = excluded.left_at, person_id = excluded.person_id`, map[string]any{"rows": string(raw)}).Error
	return fail(err, "link people to an HR source")
}

// CutHRLinks removes the links of people.
func (s *Store) CutHRLinks(ctx context.Context, source uid.ID, people []uid.ID) error {
	if len(people) == 0 {
		return nil
	}
	err := s.remove(ctx, "hr_links", "source_id = @source and person_id = any(cast(@people as uuid[]))", map[string]any{"source": source, "people": idList(people)}).Error
	return fail(err, "cut links of HR source %s", source)
}

// someOf narrows to some ids; nil: all.
func someOf(q *gorm.DB, column string, ids []uid.ID) *gorm.DB {
	if ids == nil {
		return q
	}
	return q.Where(column+" = any(cast(@ids as uuid[]))", map[string]any{"ids": idList(ids)})
}

// FactsForHR gives what is so of people today; nil: everybody.
func (s *Store) FactsForHR(ctx context.Context, ids []uid.ID) (list []hrsync.Fact, err error) {
	q := s.tx(ctx).Table("person_spans").Select("person_id, kind, unit_id, manager_id, field_id, coalesce(value, '') as value").Where("valid_to is null and superseded_at is null")
	err = someOf(q, "person_id", ids).Find(&list).Error
	return list, fail(err, "facts for HR")
}

// UnitsForHR gives all units, closed ones too.
func (s *Store) UnitsForHR(ctx context.Context) (list []org.Unit, err error) {
	err = s.tx(ctx).Table("org_units u").Select(unitColumns).Order("u.id").Find(&list).Error
	return list, fail(err, "units for HR")
}
