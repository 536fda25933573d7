package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/report"
)

// What is known of duties is recorded set-wise, in the transaction that changes them: for each cycle what differs from what was said of it
// last. A cycle that runs says what is of the duty too.
const (
	recordSaid = `with said as (select distinct on (h.duty_id, h.number) h.* from duty_history h where `
	recordWhy  = ` order by h.duty_id, h.number, h.revision desc),
		newest as (select distinct on (duty_id) * from said order by duty_id, revision desc),
		why as (select x.duty_id, string_agg(x.group_name, ', ' order by x.since, x.group_name) as names from duty_reasons x join duties d on d.id = x.duty_id where x.ended_at is null and `
	recordNow = ` group by x.duty_id),
		facts as (select d.requirement_id, d.id as duty_id, c.number, d.person_id, c.began_at, c.due_at, c.completed_at, c.course_id, c.enrolment_id, c.renews_at, c.expires_at, c.grace_until, c.ended_at,
			d.began_at as given_at, d.withdrawn_at, d.waived_at, d.waived_until, d.waived_by, d.waived_reason, coalesce(w.names, '') as reasons
			from duties d join duty_cycles c on c.duty_id = d.id left join why w on w.duty_id = d.id where `
	recordInto = `)
		insert into duty_history (requirement_id, duty_id, number, revision, person_id, spell, recorded_at, began_at, due_at, due_grace, completed_at, course_id, version_id, enrolment_id, renews_at, expires_at, grace_until, ended_at,
			given_at, withdrawn_at, waived_at, waived_until, waived_by, waived_reason, reasons)
		select f.requirement_id, f.duty_id, f.number, coalesce(n.revision, 0) + 1, f.person_id, coalesce(n.spell, 1) + case when n.withdrawn_at is not null and f.withdrawn_at is null then 1 else 0 end, @now, f.began_at, f.due_at,
			case when f.completed_at is null then f.grace_until when s.due_at = f.due_at then s.due_grace else f.due_at + r.grace_days * interval '24 hours' end,
			f.completed_at, f.course_id, case when f.completed_at is null then null when s.completed_at = f.completed_at then s.version_id else (select e.version_id from enrolment_rounds e where e.id = f.enrolment_id) end,
			f.enrolment_id, f.renews_at, f.expires_at, f.grace_until, f.ended_at, f.given_at, f.withdrawn_at, f.waived_at, f.waived_until, f.waived_by, f.waived_reason, f.reasons
		from facts f join requirements r on r.id = f.requirement_id left join newest n on n.duty_id = f.duty_id left join said s on s.duty_id = f.duty_id and s.number = f.number
		where s.duty_id is null
			or (f.began_at, f.due_at, f.completed_at, f.course_id, f.enrolment_id, f.renews_at, f.expires_at, f.grace_until, f.ended_at)
				is distinct from (s.began_at, s.due_at, s.completed_at, s.course_id, s.enrolment_id, s.renews_at, s.expires_at, s.grace_until, s.ended_at)
			or f.ended_at is null and (f.given_at, f.withdrawn_at, f.waived_at, f.waived_until, f.waived_by, f.waived_reason, f.reasons)
				is distinct from (n.given_at, n.withdrawn_at, n.waived_at, n.waived_until, n.waived_by, n.waived_reason, n.reasons)
			or f.given_at <> n.given_at and (n.withdrawn_at is null or f.withdrawn_at is not null)`

	recordRequirementSQL = recordSaid + `h.requirement_id = @requirement` + recordWhy + `d.requirement_id = @requirement` + recordNow + `d.requirement_id = @requirement` + recordInto
	recordPersonSQL      = recordSaid + `h.person_id = @person` + recordWhy + `d.person_id = @person` + recordNow + `d.person_id = @person` + recordInto
	recordTermsSQL       = `insert into requirement_history (requirement_id, revision, recorded_at, facts)
		select r.id, r.revision, @now, to_jsonb(r) || jsonb_build_object('courses', coalesce((select jsonb_agg(q.course_id order by q.position) from requirement_courses q where q.requirement_id = r.id), '[]')) from requirements r
		where (@everything or r.id = @requirement) and not exists (select 1 from requirement_history h where h.requirement_id = r.id and h.revision = r.revision)`
	recordAllSQL = recordSaid + `true` + recordWhy + `true` + recordNow + `true` + recordInto
)

// The state at @moment of each duty as it was known at @known: of what was said by then, the cycle that had not ended at the moment, in
// the last spell that had begun. A completion of later is none yet; what was waived by then is.
const (
	asOfKnown = `select x.*, case when exists (select 1 from (select w.waived_at, w.waived_until from duty_history w where w.requirement_id = x.requirement_id and w.duty_id = x.duty_id and w.recorded_at <= least(cast(@known as timestamptz), cast(@moment as timestamptz))
				order by w.revision desc limit 1) w where w.waived_at <= @moment and (w.waived_until is null or w.waived_until > @moment)) then 'waived'
			when x.completed_at <= @moment and (x.expires_at is null or x.renews_at > @moment) then 'compliant'
			when x.completed_at <= @moment and x.expires_at > @moment then 'expiring'
			when x.completed_at <= @moment then case when x.grace_until > @moment then 'in_grace' else 'non_compliant' end
			when x.due_at is null or x.due_at > @moment then case when exists (select 1 from requirement_courses q join enrolment_rounds e on e.course_id = q.course_id
				where q.requirement_id = x.requirement_id and e.person_id = x.person_id and e.started_at <= least(cast(@known as timestamptz), cast(@moment as timestamptz))
				and (e.completed_at is null or e.completed_at > least(cast(@known as timestamptz), cast(@moment as timestamptz)))) then 'in_progress' else 'not_started' end
			when x.due_grace > @moment then 'in_grace' else 'non_compliant' end as state
		from (select distinct on (k.duty_id) k.* from (select distinct on (h.duty_id, h.spell, h.number) h.* from duty_history h where h.recorded_at <= @known and (not @chosen or h.requirement_id = @requirement) and `
	asOfMoment = ` order by h.duty_id, h.spell, h.number, h.revision desc) k
		where k.given_at <= @moment and (k.withdrawn_at is null or k.withdrawn_at > @moment) and (k.ended_at is null or k.ended_at > @moment) order by k.duty_id, k.spell desc, k.number) x`

	dutyChosen = ` and d.withdrawn_at is null and (not @chosen or d.requirement_id = @requirement)`

	matrixHasLive = `exists (select 1` + dutyFrom + ` where d.person_id = p.id` + dutyChosen + ` and (@state = '' or ` + dutyState + ` = @state))`
	// matrixFirstLive is matrixHasLive for a page: one person after the other, by name, until the page is full. As exists PostgreSQL would put
	// everybody's duties in a state together first.
	matrixFirstLive = `(select true` + dutyFrom + ` where d.person_id = p.id` + dutyChosen + ` and (@state = '' or ` + dutyState + ` = @state) limit 1)`
	matrixHasThen   = `exists (select 1 from (` + asOfKnown + `h.person_id = p.id` + asOfMoment + `) z where @state = '' or z.state = @state)`

	matrixCellsLive = `select d.person_id, d.requirement_id, ` + dutyState + ` as state, c.due_at, c.grace_until, c.completed_at, c.expires_at` + dutyFrom + ` where d.person_id in @people` + dutyChosen
	matrixCellsThen = `select z.person_id, z.requirement_id, z.state, z.due_at, case when z.completed_at <= @moment then z.grace_until else z.due_grace end as grace_until,
		case when z.completed_at <= @moment then z.completed_at end as completed_at, case when z.completed_at <= @moment then z.expires_at end as expires_at
		from (` + asOfKnown + `h.person_id in @people` + asOfMoment + `) z`

	matrixTotalsLive = `select z.requirement_id, z.state, count(*) as n from (select d.requirement_id, ` + dutyState + ` as state` + dutyFrom + ` where (not @narrow or d.person_id in (@within))` + dutyChosen + `) z where @state = '' or z.state = @state group by 1, 2`
	matrixTotalsThen = `select z.requirement_id, z.state, count(*) as n from (` + asOfKnown + `h.person_id in (@within)` + asOfMoment + `) z where @state = '' or z.state = @state group by 1, 2`

	dutyRecordSQL = `select h.revision, h.number, h.spell, h.recorded_at, h.began_at, h.due_at, h.due_grace, h.completed_at, h.enrolment_id, h.renews_at, h.expires_at, h.grace_until, h.ended_at, h.given_at, h.withdrawn_at, h.waived_at, h.waived_until,
		coalesce(h.waived_reason, '') as waived_reason, h.reasons, coalesce(nullif(b.name, ''), b.email, '') as waived_by, coalesce(k.slug, '') as course_slug, coalesce(v.title, l.title, '') as course_title, coalesce(v.number, 0) as version,
		coalesce((select ce.code from certificates ce where ce.enrolment_id = h.enrolment_id and ce.revoked_at is null and ce.replaced_at is null limit 1), '') as certificate
		from duty_history h left join people b on b.id = h.waived_by left join courses k on k.id = h.course_id left join course_versions v on v.id = h.version_id left join course_versions l on l.id = coalesce(k.published_id, k.draft_id)
		where h.requirement_id = @requirement and h.person_id = @person order by h.revision desc, h.number desc limit @limit`
)

// recordsMax bounds what is shown of the record of a duty.
const recordsMax = 1000

// recordDuties writes down what is known now of the duties of a requirement, of a person, or with uid.Nil of all: what changed.
func (s *Store) recordDuties(ctx context.Context, requirement, person uid.ID, now time.Time) error {
	sql := recordAllSQL
	switch {
	case person != uid.Nil:
		sql = recordPersonSQL
	case requirement != uid.Nil:
		sql = recordRequirementSQL
	}
	args := map[string]any{"requirement": requirement, "person": person, "now": now, "everything": requirement == uid.Nil}
	if person == uid.Nil {
		if err := s.tx(ctx).Exec(recordTermsSQL, args).Error; err != nil {
			return fail(err, "record requirements")
		}
	}
	return fail(s.tx(ctx).Exec(sql, args).Error, "record duties")
}

// ReportColumns lists requirements by name.
func (s *Store) ReportColumns(ctx context.Context) (list []report.Column, err error) {
	err = s.tx(ctx).Raw("select id, name, framework from requirements order by name, id limit ?", requirementsMax).Scan(&list).Error
	return list, fail(err, "columns of the matrix")
}

// ReportChoices lists what there is to filter by.
func (s *Store) ReportChoices(ctx context.Context, n int) (out report.Choices, err error) {
	if out.Requirements, err = s.ReportColumns(ctx); err != nil {
		return out, err
	}
	if err = s.tx(ctx).Raw("select id, name from groups order by lower(name), id limit ?", n).Scan(&out.Groups).Error; err != nil {
		return out, fail(err, "groups to choose from")
	}
	if err = s.tx(ctx).Raw("select p.id, coalesce(nullif(p.name, ''), p.email) as name from people p where exists (select 1 from people b where b.manager_id = p.id) order by lower(p.name), p.id limit ?", n).Scan(&out.Managers).Error; err != nil {
		return out, fail(err, "managers to choose from")
	}
	err = s.tx(ctx).Raw("select distinct attributes ->> 'department' from people where attributes ->> 'department' <> '' union select n.name from org_unit_spans n join org_units u on u.id = n.unit_id where u.kind = 'department' order by 1 limit ?", n).Scan(&out.Departments).Error
	return out, fail(err, "departments to choose from")
}

func matrixArgs(f report.Filter, now time.Time, more map[string]any) map[string]any {
	args := map[string]any{"chosen": f.Requirement != uid.Nil, "requirement": f.Requirement, "state": string(f.State), "now": now, "moment": f.As.At, "known": f.As.Known}
	for k, v := range more {
		args[k] = v
	}
	return args
}

// matrixPeople is people p as a filter narrows them.
func (s *Store) matrixPeople(ctx context.Context, f report.Filter) (q *gorm.DB, narrow bool) {
	q = s.tx(ctx).Table("people p")
	if f.Group != uid.Nil {
		q, narrow = q.Where("exists (select 1 from group_members m where m.group_id = ? and m.person_id = p.id)", f.Group), true
	}
	if f.Department != "" {
		q, narrow = q.Where(departmentOf(f)+" = @department", whereabouts(f, map[string]any{"department": f.Department})), true
	}
	if f.Manager != uid.Nil {
		if f.As.Live() {
			q, narrow = q.Where(chain, []uid.ID{f.Manager}), true
		} else {
			q, narrow = q.Where(chainThen, whereabouts(f, map[string]any{"managers": []uid.ID{f.Manager}})), true
		}
	}
	if f.Name != "" {
		q, narrow = q.Where("position(lower(?) in lower(p.name || ' ' || p.email)) > 0", f.Name), true
	}
	return q, narrow
}

// Where people stood on the day of @there as known at @knew: the department's name, and below @managers. Who was never placed is where their
// attributes say now.
const (
	departmentNow  = `coalesce(p.attributes ->> 'department', '')`
	departmentThen = `case when exists (select 1 from person_spans x where x.person_id = p.id and x.kind = 'department') then coalesce((select coalesce(n.name, u.name) from person_spans x join org_units u on u.id = x.unit_id
			left join org_unit_spans n on n.unit_id = u.id and n.recorded_at <= @knew and (n.superseded_at is null or n.superseded_at > @knew) and n.valid_from <= cast(@there as date) and (n.valid_to is null or n.valid_to > cast(@there as date))
			where x.person_id = p.id and x.kind = 'department' and x.recorded_at <= @knew and (x.superseded_at is null or x.superseded_at > @knew) and x.valid_from <= cast(@there as date) and (x.valid_to is null or x.valid_to > cast(@there as date)) limit 1), '')
		else coalesce(p.attributes ->> 'department', '') end`
	chainThen = `p.id in (with recursive known as (select person_id, manager_id from manager_spans where recorded_at <= @knew and (superseded_at is null or superseded_at > @knew) and valid_from <= cast(@there as date) and (valid_to is null or valid_to > cast(@there as date))),
		below as (select person_id from known where manager_id in @managers union select k.person_id from known k join below b on k.manager_id = b.person_id) select person_id from below)`
)

func departmentOf(f report.Filter) string {
	if f.As.Live() {
		return departmentNow
	}
	return departmentThen
}

// whereabouts is what departmentThen and chainThen are bound to, and more. The day is that of the moment where it was asked for.
func whereabouts(f report.Filter, more map[string]any) map[string]any {
	args := map[string]any{"there": f.As.At.Format(time.DateOnly), "knew": f.As.Known}
	for k, v := range more {
		args[k] = v
	}
	return args
}

// MatrixRows lists people who have a duty, by name.
func (s *Store) MatrixRows(ctx context.Context, f report.Filter, now time.Time) (out page.Of[report.Row], err error) {
	limit := f.Page.Bounded()
	has := matrixHasThen
	if f.As.Live() {
		has = matrixFirstLive
	}
	q, _ := s.matrixPeople(ctx, f)
	if q, err = afterPerson(q, f.Page.After); err != nil {
		return out, err
	}
	var rows []struct {
		report.Row `gorm:"embedded"`
		SortName   string
	}
	columns := "p.id as person_id, p.name, p.email, " + departmentOf(f) + " as department, lower(p.name) as sort_name"
	if q = q.Select(columns); !f.As.Live() {
		q = q.Select(columns, whereabouts(f, nil))
	}
	err = q.
		Where(has, matrixArgs(f, now, nil)).Order("lower(p.name), p.id").Limit(limit + 1).Scan(&rows).Error
	if err != nil {
		return out, fail(err, "people of the matrix")
	}
	piece := page.Cut(rows, limit, func(r struct {
		report.Row `gorm:"embedded"`
		SortName   string
	},
	) []string {
		return []string{r.SortName, r.PersonID.String()}
	})
	out.Next = piece.Next
	for _, r := range piece.Items {
		out.Items = append(out.Items, r.Row)
	}
	return out, nil
}

// MatrixPeople counts people who have a duty.
func (s *Store) MatrixPeople(ctx context.Context, f report.Filter, now time.Time) (n int, err error) {
	has := matrixHasThen
	if f.As.Live() {
		has = matrixHasLive
	}
	q, _ := s.matrixPeople(ctx, f)
	err = q.Select("count(*)").Where(has, matrixArgs(f, now, nil)).Scan(&n).Error
	return n, fail(err, "count people of the matrix")
}

// MatrixCells lists how people stand with what is a duty of theirs.
func (s *Store) MatrixCells(ctx context.Context, people []uid.ID, f report.Filter, now time.Time) (list []report.Cell, err error) {
	sql := matrixCellsThen
	if f.As.Live() {
		sql = matrixCellsLive
	}
	err = s.tx(ctx).Raw(sql, matrixArgs(f, now, map[string]any{"people": people})).Scan(&list).Error
	return list, fail(err, "cells of the matrix")
}

// MatrixTotals counts them.
func (s *Store) MatrixTotals(ctx context.Context, f report.Filter, now time.Time) (list []report.Total, err error) {
	sql := matrixTotalsThen
	if f.As.Live() {
		sql = matrixTotalsLive
	}
	within, narrow := s.matrixPeople(ctx, f)
	err = s.tx(ctx).Raw(sql, matrixArgs(f, now, map[string]any{"within": within.Select("p.id"), "narrow": narrow})).Scan(&list).Error
	return list, fail(err, "totals of the matrix")
}

// DutyRecord gives everything that was known of a duty, the newest first.
func (s *Store) DutyRecord(ctx context.Context, requirement, person uid.ID) (out report.Record, err error) {
	args := map[string]any{"requirement": requirement, "person": person, "limit": recordsMax}
	if err = s.tx(ctx).Raw(dutyRecordSQL, args).Scan(&out.Entries).Error; err != nil {
		return out, fail(err, "record of a duty")
	}
	if len(out.Entries) == 0 {
		return out, report.ErrNoRecord
	}
	out.PersonID = person
	if err = s.tx(ctx).Raw("select id, name, framework from requirements where id = ?", requirement).Scan(&out.Requirement).Error; err != nil {
		return out, fail(err, "requirement of a record")
	}
	var who struct{ Name, Email string }
	err = s.tx(ctx).Raw("select name, email from people where id = ?", person).Scan(&who).Error
	out.Name, out.Email = who.Name, who.Email
	return out, fail(err, "person of a record")
}

var _ report.Keeper = (*Store)(nil)
