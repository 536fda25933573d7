package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
)

const (
	reportDuties = `select d.id, d.person_id, p.name as person, p.email, coalesce(p.attributes ->> 'department', '') as department, p.manager_id, lower(p.name) as sort_name, r.id as subject_id, r.name as subject, r.framework, ` + dutyState + ` as state,
		0 as version, 0 as percent, case when d.waived_at is not null and (d.waived_until is null or d.waived_until > @now) then coalesce(d.waived_reason, '') else '' end as waived, d.began_at as given_at, null::timestamptz as started_at, c.due_at, c.grace_until, c.completed_at, c.expires_at` + dutyFrom + `
		join requirements r on r.id = d.requirement_id join people p on p.id = d.person_id where d.withdrawn_at is null`
	reportEnrolments = `select e.id, e.person_id, p.name as person, p.email, coalesce(p.attributes ->> 'department', '') as department, p.manager_id, lower(p.name) as sort_name, k.id as subject_id, v.title as subject, '' as framework, e.status as state,
		v.number as version, e.percent, '' as waived, e.enrolled_at as given_at, e.started_at, e.due_at, null::timestamptz as grace_until, e.completed_at, null::timestamptz as expires_at
		from enrolment_rounds e join people p on p.id = e.person_id join courses k on k.id = e.course_id join course_versions v on v.id = e.version_id`
)

// reportMoments are the periods of the names of moments.
var reportMoments = map[string]string{
	"given": "z.given_at > ? and z.given_at <= ?", "started": "z.started_at > ? and z.started_at <= ?", "due": "z.due_at > ? and z.due_at <= ?", "completed": "z.completed_at > ? and z.completed_at <= ?", "expires": "z.expires_at > ? and z.expires_at <= ?",
}

// reportBelow is people below a manager.
const reportBelow = "z.person_id in (select p.id from people p where " + chain + ")"

// reportGroups are what lines are counted by.
var reportGroups = map[string]string{
	"subject": "z.subject_id as id, max(z.subject) as label, count(*) as n", "state": "z.state as label, count(*) as n", "department": "z.department as label, count(*) as n",
}

var reportGroupBy = map[string]string{"subject": "z.subject_id", "state": "z.state", "department": "z.department"}

// reportOf is the lines z of a report.
func (s *Store) reportOf(ctx context.Context, d builder.Definition, now time.Time) *gorm.DB {
	all := s.tx(ctx).Raw(reportDuties, map[string]any{"now": now})
	if d.Source == builder.Enrolments {
		all = s.tx(ctx).Raw(reportEnrolments)
	}
	q := s.tx(ctx).Table("(?) as z", all)
	if len(d.States) > 0 {
		q = q.Where("z.state in ?", d.States)
	}
	if d.Subject != uid.Nil {
		q = q.Where("z.subject_id = ?", d.Subject)
	}
	if d.Members != uid.Nil {
		q = q.Where("exists (select 1 from group_members m where m.group_id = ? and m.person_id = z.person_id)", d.Members)
	}
	if d.Department != "" {
		q = q.Where("z.department = ?", d.Department)
	}
	if d.Manager != uid.Nil {
		q = q.Where(reportBelow, []uid.ID{d.Manager})
	}
	if from, until, ok := d.Period(now); ok {
		q = q.Where(reportMoments[d.Moment], from, until)
	}
	return q
}

type reportLine struct {
	builder.Line `gorm:"embedded"`
	SortName     string
}

const reportLineColumns = "z.id, z.person_id, z.person, z.email, z.department, z.sort_name, z.subject_id, z.subject, z.framework, z.state, z.version, z.percent, z.waived, z.given_at, z.started_at, z.due_at, z.grace_until, z.completed_at, z.expires_at"

// ReportLines lists a report's lines by the person's name.
func (s *Store) ReportLines(ctx context.Context, d builder.Definition, p page.Request, now time.Time) (out page.Of[builder.Line], err error) {
	limit := p.Bounded()
	q, err := afterName(s.reportOf(ctx, d, now), "(z.sort_name, z.id) > (?, ?)", p.After)
	if err != nil {
		return out, err
	}
	var rows []reportLine
	if err = q.Select(reportLineColumns).Order("z.sort_name, z.id").Limit(limit + 1).Scan(&rows).Error; err != nil {
		return out, fail(err, "lines of a report")
	}
	return byName(rows, limit, func(r reportLine) (string, uid.ID) { return r.SortName, r.ID }, func(r reportLine) builder.Line { return r.Line }), nil
}

// EachReportLine hands over all lines as they are read.
func (s *Store) EachReportLine(ctx context.Context, d builder.Definition, now time.Time, do func(builder.Line) error) error {
	rows, err := s.reportOf(ctx, d, now).Select(reportLineColumns).Order("z.sort_name, z.id").Rows()
	if err != nil {
		return fail(err, "lines of a report")
	}
	defer rows.Close()
	for rows.Next() {
		var r reportLine
		if err := s.tx(ctx).ScanRows(rows, &r); err != nil {
			return fail(err, "read a line of a report")
		}
		if err := do(r.Line); err != nil {
			return err
		}
	}
	return fail(rows.Err(), "lines of a report")
}

// ReportCount counts a report's lines.
func (s *Store) ReportCount(ctx context.Context, d builder.Definition, now time.Time) (n int, err error) {
	err = s.reportOf(ctx, d, now).Select("count(*)").Scan(&n).Error
	return n, fail(err, "count the lines of a report")
}

// ReportCounts counts a report's lines, the most first.
func (s *Store) ReportCounts(ctx context.Context, d builder.Definition, n int, now time.Time) (list []builder.Count, err error) {
	err = s.reportOf(ctx, d, now).Select(reportGroups[d.Group]).Group(reportGroupBy[d.Group]).Order("n desc, label").Limit(n).Scan(&list).Error
	return list, fail(err, "counts of a report")
}

const (
	// reportPlaces give rows and parts of a chart their places, by how many lines there are.
	reportPlaces = `select o.*, dense_rank() over (order by o.row_total desc, o.row_key) as row_place, dense_rank() over (order by o.part_total desc, o.part_key) as part_place
		from (select c.*, sum(c.n) over (partition by c.row_key) as row_total, sum(c.n) over (partition by c.part_key) as part_total from (?) c) o`
	// reportTimes do so with rows in order of time.
	reportTimes = `select o.*, dense_rank() over (order by o.row_key) as row_place, dense_rank() over (order by o.part_total desc, o.part_key) as part_place
		from (select c.*, sum(c.n) over (partition by c.part_key) as part_total from (?) c) o`
	// reportCells make one part of those beyond the first ones.
	reportCells = `select f.row_key as row, max(f.row_label) as row_label, f.part, max(f.part_label) as part_label, f.rest, cast(sum(f.n) as bigint) as n
		from (select w.row_key, w.row_label, w.row_place, w.part_place > @parts as rest, case when w.part_place > @parts then '' else w.part_key end as part,
			case when w.part_place > @parts then '' else w.part_label end as part_label, w.n from (@placed) w where w.row_place <= @rows) f
		group by f.row_key, f.row_place, f.part, f.rest order by f.row_place, f.part`
)

// reportValues are a line's values of what can be counted by, and their labels.
var reportValues = map[string]string{"subject": "cast(z.subject_id as text)", "state": "z.state", "department": "z.department", "": "cast('' as text)"}

var reportLabels = map[string]string{"subject": "max(z.subject)", "state": "z.state", "department": "z.department", "": "cast('' as text)"}

// reportPairs are the selections of what is counted by two of them.
var reportPairs = func() map[[2]string]string {
	out := map[[2]string]string{}
	for row := range reportValues {
		for part := range reportValues {
			out[[2]string{row, part}] = reportValues[row] + " as row_key, " + reportLabels[row] + " as row_label, " + reportValues[part] + " as part_key, " + reportLabels[part] + " as part_label, count(*) as n"
		}
	}
	return out
}()

// reportDays are the days on which the steps of moments begin, in a zone.
var reportDays = func() map[string]string {
	out := map[string]string{}
	for name, column := range map[string]string{"given": "z.given_at", "started": "z.started_at", "due": "z.due_at", "completed": "z.completed_at", "expires": "z.expires_at"} {
		out[name] = "to_char(date_trunc(?, " + column + " at time zone ?), 'YYYY-MM-DD')"
	}
	return out
}()

// reportTimed are the selections of what is counted over time.
var reportTimed = func() map[[2]string]string {
	out := map[[2]string]string{}
	for moment, day := range reportDays {
		for part := range reportValues {
			out[[2]string{moment, part}] = day + " as row_key, cast('' as text) as row_label, " + reportValues[part] + " as part_key, " + reportLabels[part] + " as part_label, count(*) as n"
		}
	}
	return out
}()

var reportThere = map[string]string{
	"given": "z.given_at is not null", "started": "z.started_at is not null", "due": "z.due_at is not null", "completed": "z.completed_at is not null", "expires": "z.expires_at is not null",
}

// ReportCells counts a report's lines by two of their values.
func (s *Store) ReportCells(ctx context.Context, d builder.Definition, rows, parts int, now time.Time) ([]builder.Cell, error) {
	all := s.reportOf(ctx, d, now).Select(reportPairs[[2]string{d.Group, d.Split}]).Group(reportGroupBy[d.Group]).Group(reportGroupBy[d.Split])
	return s.reportCells(ctx, s.tx(ctx).Raw(reportPlaces, all), rows, parts)
}

// ReportSteps counts a report's lines over time and by one of their values.
func (s *Store) ReportSteps(ctx context.Context, d builder.Definition, n, parts int, now time.Time) ([]builder.Cell, error) {
	zone := "UTC"
	if d.Zone != nil {
		zone = d.Zone.String()
	}
	all := s.reportOf(ctx, d, now).Select(reportTimed[[2]string{d.Moment, d.Split}], string(d.Step), zone).Where(reportThere[d.Moment]).Group("row_key")
	if d.Split != "" {
		all = all.Group(reportGroupBy[d.Split])
	}
	return s.reportCells(ctx, s.tx(ctx).Raw(reportTimes, all), n, parts)
}

func (s *Store) reportCells(ctx context.Context, placed *gorm.DB, rows, parts int) (list []builder.Cell, err error) {
	err = s.tx(ctx).Raw(reportCells, map[string]any{"parts": parts, "rows": rows, "placed": placed}).Scan(&list).Error
	return list, fail(err, "figures of a report's chart")
}

// ReportCourses lists courses by title.
func (s *Store) ReportCourses(ctx context.Context, n int) (list []report.Choice, err error) {
	err = s.tx(ctx).Raw("select c.id, v.title as name from courses c join course_versions v on v.id = coalesce(c.published_id, c.draft_id) order by lower(v.title), c.id limit ?", n).Scan(&list).Error
	return list, fail(err, "courses to choose from")
}

func (s *Store) savedReports(ctx context.Context) *gorm.DB {
	return s.tx(ctx).Table("reports r").Select("r.id, r.name, r.definition, r.owner_id, coalesce(nullif(p.name, ''), p.email) as owner_name, r.shared, r.revision, r.created_at, r.updated_at").Joins("join people p on p.id = r.owner_id")
}

// SavedReports lists a person's own reports and those that are shared.
func (s *Store) SavedReports(ctx context.Context, person uid.ID, n int) (list []builder.Saved, err error) {
	err = s.savedReports(ctx).Where("r.owner_id = ? or r.shared", person).Order("lower(r.name), r.id").Limit(n).Scan(&list).Error
	return list, fail(err, "list reports")
}

// SavedReport finds one.
func (s *Store) SavedReport(ctx context.Context, id uid.ID) (out builder.Saved, err error) {
	return out, notFound(s.savedReports(ctx).Where("r.id = ?", id).Take(&out).Error, builder.ErrNotFound, "report %s", id)
}

// AddReport writes a new one.
func (s *Store) AddReport(ctx context.Context, r builder.Saved) error {
	return fail(s.tx(ctx).Create(&r).Error, "add a report")
}

// SaveReport writes one of the revision before.
func (s *Store) SaveReport(ctx context.Context, r builder.Saved) error {
	done := s.tx(ctx).Table("reports").Where("id = ? and revision = ?", r.ID, r.Revision-1).Select("name", "definition", "shared", "revision", "updated_at").Updates(&r)
	if done.Error == nil && done.RowsAffected == 0 {
		return builder.ErrChanged
	}
	return fail(done.Error, "save report %s", r.ID)
}

// DeleteReport removes one.
func (s *Store) DeleteReport(ctx context.Context, id uid.ID) error {
	return s.removeOne(ctx, builder.ErrNotFound, "delete a report", "reports", "id = ?", id)
}

var _ builder.Keeper = (*Store)(nil)
