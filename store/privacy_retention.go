package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"lyceum/auth/privacy/retention"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// retentionSince is the tenant migration that brought what this file keeps.
const retentionSince = 49

// oldRows is how a table tells the age of a row and whose it is; t is the row. Written by us: no name comes from outside.
var oldRows = map[string]struct {
	when   string   // the moment of its clock
	people []string // columns that hold a person's id, the first one is whose row it is
	and    string   // what must be true beside
}{
	// A round goes with all that hangs on it; not one in which a group handed in whose other members need it.
	"enrolment_rounds": {"coalesce(t.superseded_at, t.completed_at, t.left_at)", []string{"t.person_id"}, `(t.superseded_at is not null or t.status in ('completed', 'withdrawn'))
		and not exists (select 1 from submissions su join submission_members me on me.submission_id = su.id where su.enrolment_id = t.id and me.enrolment_id <> t.id)`},
	"duty_history":       {"coalesce(t.ended_at, t.withdrawn_at)", []string{"t.person_id"}, ""},
	"duties":             {"t.withdrawn_at", []string{"t.person_id"}, ""},
	"reminder_messages":  {"t.sent_at", []string{"t.person_id"}, ""},
	"nudges":             {"t.sent_at", []string{"t.person_id", "t.sent_by"}, ""},
	"sign_on_attempts":   {"t.at", []string{"t.person_id"}, ""},
	"course_messages":    {"t.sent_at", []string{"t.sent_by"}, ""},
	"notifications":      {"t.at", []string{"t.person_id"}, ""},
	"report_deliveries":  {"t.at", []string{"t.person_id"}, ""},
	"directory_requests": {"t.at", nil, ""},
	// An event stays until its jobs are made.
	"events": {"t.at", []string{"t.actor_id", "t.subject_id"}, `not exists (select 1 from outbox o where o.event_id = t.id)
		and not exists (select 1 from holds hh join hold_people hp on hp.hold_id = hh.id where hh.released_at is null and cast(hp.person_id as text) = t.data->>'person_id')`},
}

// oldOf is the condition of rows of a table that are older than @name.
func oldOf(ctx context.Context, table, name string) (string, error) {
	o, ok := oldRows[table]
	if !ok {
		return "", fmt.Errorf("store: nobody knows the age of rows of %s", table)
	}
	where := o.when + " < @" + name
	if o.and != "" {
		where += " and " + o.and
	}
	if len(o.people) == 0 {
		where += " and not exists (select 1 from holds where released_at is null)" // whose it is stands nowhere
	}
	for _, p := range o.people {
		where += unlessHeld(ctx, p)
	}
	return where, nil
}

// leftBefore is the condition of people who were deactivated before @left, are under no hold, and whose erasure is neither open nor was taken back or
// refused after @let. When somebody was deactivated the audit log says; where it does not, the last change of their row.
func leftBefore(ctx context.Context) string {
	return `p.status = 'deactivated' and coalesce((select max(a.at) from audit a where a.subject_id = p.id and a.type = 'person.deactivated'), p.updated_at) < @left
		and not exists (select 1 from erasures e where e.person_id = p.id and (e.status in ('asked', 'scheduled', 'working') or coalesce(e.decided_at, e.asked_at) > @let))` + unlessHeld(ctx, "p.id")
}

// RetentionDays are the days that a portal chose, by line.
func (s *Store) RetentionDays(ctx context.Context) (map[string]int, error) {
	var rows []struct {
		Line string
		Days int
	}
	err := s.tx(ctx).Raw("select line, days from retention_rules").Scan(&rows).Error
	out := map[string]int{}
	for _, r := range rows {
		out[r.Line] = r.Days
	}
	return out, fail(err, "read the schedule of retention")
}

// SaveRetentionDays writes the days of a line.
func (s *Store) SaveRetentionDays(ctx context.Context, line string, days int, by uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec(`insert into retention_rules (line, days, saved_by, saved_at) values (?, ?, ?, ?)
		on conflict (line) do update set days = excluded.days, saved_by = excluded.saved_by, saved_at = excluded.saved_at`, line, days, by, at).Error, "save the schedule of retention")
}

// RetentionOn tells whether sweeps are on. In a portal of the shape before they are not.
func (s *Store) RetentionOn(ctx context.Context) (on bool, err error) {
	if t, ok := tenant.From(ctx); ok && t.SchemaVersion != 0 && t.SchemaVersion < retentionSince {
		return false, nil
	}
	err = s.tx(ctx).Raw("select exists (select 1 from settings where name = 'retention' and value = 'true')").Row().Scan(&on)
	return on, fail(err, "whether sweeps are on")
}

// SwitchRetention switches them.
func (s *Store) SwitchRetention(ctx context.Context, on bool, at time.Time) error {
	text := "false"
	if on {
		text = "true"
	}
	return fail(s.tx(ctx).Exec(`insert into settings (name, value, updated_at) values ('retention', cast(? as jsonb), ?)
		on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at`, text, at).Error, "switch sweeps")
}

// CountOld counts what is older than lines allow, in one statement.
func (s *Store) CountOld(ctx context.Context, lines []retention.Line, now time.Time) (p retention.Preview, err error) {
	var parts []string
	args := map[string]any{"let": now.AddDate(-1, 0, 0)}
	for i, l := range lines {
		before, ok := l.Before(now)
		if !ok {
			continue
		}
		if l.Clock == retention.Left {
			args["left"] = before
			parts = append(parts, fmt.Sprintf("select %d as line, p.id as person from people p where %s", i, leftBefore(ctx)))
			continue
		}
		name := fmt.Sprintf("before%d", i)
		args[name] = before
		for _, table := range l.Tables {
			where, err := oldOf(ctx, table, name)
			if err != nil {
				return p, err
			}
			person := "cast(null as uuid)"
			if whose := oldRows[table].people; len(whose) > 0 {
				person = whose[0]
			}
			parts = append(parts, fmt.Sprintf("select %d as line, %s as person from %s t where %s", i, person, table, where))
		}
	}
	if len(parts) == 0 {
		return p, nil
	}
	var rows []struct {
		Line         *int
		Rows, People int64
	}
	err = s.tx(ctx).Raw("with old as ("+strings.Join(parts, " union all ")+") select line, count(*) as rows, count(distinct person) as people from old group by grouping sets ((line), ()) order by line", args).Scan(&rows).Error
	for _, r := range rows {
		if r.Line == nil {
			p.Rows, p.People = r.Rows, r.People
		} else {
			p.Counts = append(p.Counts, retention.Count{Line: lines[*r.Line].Name, Rows: r.Rows, People: r.People})
		}
	}
	return p, fail(err, "count what is old")
}

// DeleteOld deletes at most n rows of a table that are older than a moment.
func (s *Store) DeleteOld(ctx context.Context, table string, before time.Time, n int) (int64, error) {
	where, err := oldOf(ctx, table, "before")
	if err != nil {
		return 0, err
	}
	res := s.tx(ctx).Exec(fmt.Sprintf("delete from %[1]s where ctid = any(array(select t.ctid from %[1]s t where %[2]s limit @n))", table, where), map[string]any{"before": before, "n": n})
	return res.RowsAffected, fail(res.Error, "delete what is old of %s", table)
}

// PeopleLeft are people who left before a moment and are to be erased, at most n.
func (s *Store) PeopleLeft(ctx context.Context, before, after time.Time, n int) (list []uid.ID, err error) {
	err = s.tx(ctx).Raw("select p.id from people p where "+leftBefore(ctx)+" order by p.id limit @n", map[string]any{"left": before, "let": after, "n": n}).Scan(&list).Error
	return list, fail(err, "who left long ago")
}

// LatestRetentionRun holds the latest run until the transaction ends; nil: there was none.
func (s *Store) LatestRetentionRun(ctx context.Context) (*retention.Run, error) {
	var r retention.Run
	err := s.tx(ctx).Order("id desc").Limit(1).Clauses(clause.Locking{Strength: "UPDATE"}).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, nil
	}
	return &r, fail(err, "latest sweep")
}

// InsertRetentionRun writes a new run.
func (s *Store) InsertRetentionRun(ctx context.Context, r retention.Run) error {
	return fail(s.tx(ctx).Create(&r).Error, "begin a sweep")
}

// SaveRetentionRun writes what went in one, and its end.
func (s *Store) SaveRetentionRun(ctx context.Context, r retention.Run) error {
	return fail(s.tx(ctx).Model(&retention.Run{}).Where("id = ?", r.ID).Select("ended_at", "counts").UpdateColumns(&r).Error, "save a sweep")
}

// RetentionRuns lists runs, the newest first.
func (s *Store) RetentionRuns(ctx context.Context, n int) (list []retention.Run, err error) {
	return list, fail(s.tx(ctx).Order("id desc").Limit(n).Find(&list).Error, "list sweeps")
}

var _ retention.Keeper = (*Store)(nil)
