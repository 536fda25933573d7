package store

import (
	"context"
	"slices"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/path"
)

const (
	// pathCourses are the courses of the paths of requirements as the paths are now, as rows of requirement_courses.
	pathCourses = `with now as (select r.id as requirement_id, k.id as course_id, cast(row_number() over (partition by r.id order by s.ordinality, c.ordinality) - 1 as integer) as position,
		cast(s.ordinality as integer) as section, coalesce(cast(s.value ->> 'need' as integer), 0) as need from requirements r join paths p on p.id = r.path_id
		cross join lateral jsonb_array_elements(p.sections) with ordinality s cross join lateral jsonb_array_elements_text(s.value -> 'courses') with ordinality c join courses k on k.id = cast(c.value as uuid)
		where @everything or r.id = @requirement)`
	leavePathsSQL = pathCourses + ` delete from requirement_courses q using requirements r where r.id = q.requirement_id and r.path_id is not null and (@everything or r.id = @requirement)
		and not exists (select 1 from now n where n.requirement_id = q.requirement_id and n.course_id = q.course_id and n.position = q.position and n.section = q.section and n.need = q.need)`
	enterPathsSQL = pathCourses + ` insert into requirement_courses (requirement_id, course_id, position, section, need) select requirement_id, course_id, position, section, need from now on conflict do nothing`

	// walkers begins with w: duties d with a window. What was completed counts from opened_at on and after after_at; of a first cycle what would
	// still be valid when the duty began. firsts are the first completions that count, by course.
	walkerFirsts = `, firsts as (select distinct on (w.id, q.course_id) w.id, q.section, q.course_id, e.completed_at, e.id as enrolment_id from w join requirement_courses q on q.requirement_id = w.requirement_id
		join enrolment_rounds e on e.course_id = q.course_id and e.person_id = w.person_id and e.completed_at is not null and coalesce(e.completed_at >= w.opened_at, true) and coalesce(e.completed_at > w.after_at, true)
			and coalesce((e.completed_at at time zone 'UTC' + make_interval(months => w.months)) at time zone 'UTC' > w.began_at, true)
		order by w.id, q.course_id, e.completed_at, e.id)`
	// walked is of each whose path is complete the completion that made it so. Courses that nobody can take any more and the person is not in
	// are passed over, as path.Stand does.
	walked = walkerFirsts + `, turns as (select f.*, row_number() over (partition by f.id, f.section order by f.completed_at, f.enrolment_id) as turn from firsts f),
		needs as (select w.id, q.section, case when max(q.need) > 0 then least(max(q.need), count(*)) else count(*) end as need from w join requirement_courses q on q.requirement_id = w.requirement_id join courses k on k.id = q.course_id
			left join firsts f on f.id = w.id and f.course_id = q.course_id left join enrolments e on e.person_id = w.person_id and e.course_id = q.course_id and e.status = 'active'
			where k.status = 'published' or f.id is not null or e.id is not null group by w.id, q.section),
		met as (select n.id from needs n left join turns t on t.id = n.id and t.section = n.section and t.turn = n.need group by n.id having bool_and(t.id is not null)),
		f as (select distinct on (w.id) w.*, t.completed_at, t.course_id, t.enrolment_id, (t.completed_at at time zone 'UTC' + make_interval(months => w.valid_months)) at time zone 'UTC' as expires_at
			from met m join w on w.id = m.id join needs n on n.id = m.id join turns t on t.id = n.id and t.section = n.section and t.turn = n.need order by w.id, t.completed_at desc, t.enrolment_id desc)`
	walkersOf = ` where r.path_id is not null and d.withdrawn_at is null and (@everything or d.requirement_id = @requirement) and (@everyone or d.person_id = @person)`

	completePathsSQL = `with w as (select d.id, d.requirement_id, d.person_id, c.number, d.began_at, r.valid_months, r.renew_days, r.grace_days, r.valid_months as months, cast(null as timestamptz) as opened_at, cast(null as timestamptz) as after_at` +
		dutyFrom + ` join requirements r on r.id = d.requirement_id` + walkersOf + ` and c.completed_at is null)` + walked + `
		update duty_cycles c set completed_at = f.completed_at, course_id = f.course_id, enrolment_id = f.enrolment_id, expires_at = f.expires_at,
		renews_at = ` + renewsAt + `, grace_until = f.expires_at + f.grace_days * interval '24 hours' from f where c.duty_id = f.id and c.number = f.number`
	endPathsSQL = `with w as (select d.id, d.requirement_id, d.person_id, c.number, d.began_at, r.valid_months, cast(null as integer) as months, c.renews_at as opened_at, c.completed_at as after_at` +
		dutyFrom + ` join requirements r on r.id = d.requirement_id` + walkersOf + ` and c.renews_at is not null)` + walked + `
		update duty_cycles c set ended_at = f.completed_at from f where c.duty_id = f.id and c.number = f.number`

	walkersSQL = `with w as (select d.id, d.requirement_id, d.person_id, d.began_at, case when c.completed_at is null then c.due_at else c.expires_at end as due_at, case when c.completed_at is null then r.valid_months end as months,
			case when c.completed_at is not null then c.renews_at end as opened_at, c.completed_at as after_at` + dutyFrom + ` join requirements r on r.id = d.requirement_id
			where d.requirement_id = @requirement and d.withdrawn_at is null and d.person_id > @after and d.person_id <= @last and (c.completed_at is null or c.renews_at <= @now)
			and not (d.waived_at is not null and (d.waived_until is null or d.waived_until > @now)))` + walkerFirsts + `
		select w.person_id, w.due_at, x.person_id is not null as on_path, x.completed_at is not null as through, q.course_id, q.section, q.need, k.status = 'published' as open, f.id is not null as done, coalesce(e.status, '') as standing
		from w join requirements r on r.id = w.requirement_id join requirement_courses q on q.requirement_id = w.requirement_id join courses k on k.id = q.course_id left join path_enrolments x on x.path_id = r.path_id and x.person_id = w.person_id
		left join firsts f on f.id = w.id and f.course_id = q.course_id left join enrolments e on e.person_id = w.person_id and e.course_id = q.course_id order by w.person_id, q.position`
)

// followPaths brings the courses of requirements that a path fulfils to what the paths are now. args has requirement and everything.
func (s *Store) followPaths(ctx context.Context, args map[string]any) error {
	for _, sql := range []string{leavePathsSQL, enterPathsSQL} {
		if err := s.tx(ctx).Exec(sql, args).Error; err != nil {
			return fail(err, "follow the paths of requirements")
		}
	}
	return nil
}

// KnownPath tells whether a path is published and has courses.
func (s *Store) KnownPath(ctx context.Context, id uid.ID) (ok bool, err error) {
	err = s.tx(ctx).Raw("select exists (select 1 from paths p cross join lateral jsonb_array_elements(p.sections) s where p.id = ? and p.status = 'published' and jsonb_array_length(s.value -> 'courses') > 0)", id).Scan(&ok).Error
	return ok, fail(err, "look for path %s", id)
}

// RequirementsOfPath lists those that a path fulfils.
func (s *Store) RequirementsOfPath(ctx context.Context, path uid.ID) (ids []uid.ID, err error) {
	err = s.tx(ctx).Raw("select id from requirements where path_id = ? order by id", path).Scan(&ids).Error
	return ids, fail(err, "requirements of path %s", path)
}

// DutiesOnPath looks at the next n people of a requirement, and gives those who have something to do for it.
func (s *Store) DutiesOnPath(ctx context.Context, requirement, after uid.ID, now time.Time, n int) (people []duty.Walker, last uid.ID, more bool, err error) {
	args := map[string]any{"requirement": requirement, "after": after, "now": now, "n": n}
	last, more, err = s.nextDuties(ctx, args)
	if err != nil || last == after {
		return nil, last, more, err
	}
	args["last"] = last
	var rows []struct {
		PersonID uid.ID
		DueAt    *time.Time
		OnPath   bool
		Through  bool
		CourseID uid.ID
		Section  int
		Need     int
		Open     bool
		Done     bool
		Standing enrolment.Status
	}
	if err = s.tx(ctx).Raw(walkersSQL, args).Scan(&rows).Error; err != nil {
		return nil, last, more, fail(err, "who walks the path of requirement %s", requirement)
	}
	for _, r := range rows {
		if len(people) == 0 || people[len(people)-1].PersonID != r.PersonID {
			people = append(people, duty.Walker{PersonID: r.PersonID, DueAt: r.DueAt, On: r.OnPath, Through: r.Through})
		}
		p := &people[len(people)-1]
		p.Steps = append(p.Steps, duty.WalkerStep{CourseID: r.CourseID, Section: r.Section, Need: r.Need, Open: r.Open, Done: r.Done, Standing: r.Standing})
	}
	return slices.Clip(people), last, more, nil
}

// PutOnPath puts people on a path for a requirement, and gives those who were not on it.
func (s *Store) PutOnPath(ctx context.Context, like path.Enrolment, people []uid.ID) (list []enrolment.Learner, err error) {
	err = s.tx(ctx).Raw(`with put as (insert into path_enrolments (path_id, person_id, enrolled_by, enrolled_at, requirement_id)
			select @path, p.id, @by, @at, @requirement from people p where p.id = any(cast(@people as uuid[])) and p.status <> 'deactivated'
			on conflict (path_id, person_id) do update set requirement_id = excluded.requirement_id where path_enrolments.enrolled_by is null and path_enrolments.requirement_id is null
			returning person_id, enrolled_at, xmax = 0 as fresh)
		select p.id, p.name from put join people p on p.id = put.person_id where put.fresh order by p.id`,
		map[string]any{"path": like.PathID, "by": like.EnrolledBy, "at": like.EnrolledAt, "requirement": like.RequirementID, "people": array(idTexts(people))}).Scan(&list).Error
	return list, fail(err, "put %d people on path %s", len(people), like.PathID)
}

// IdleOnPath gives those whom a requirement put on a path, who have begun nothing and of whom nothing asks for it any more.
func (s *Store) IdleOnPath(ctx context.Context, id, requirement uid.ID, limit int) (list []enrolment.Learner, err error) {
	err = s.tx(ctx).Raw(`select p.id, p.name from path_enrolments x join people p on p.id = x.person_id join requirements q on q.id = x.requirement_id where x.path_id = @path and x.requirement_id = @requirement and x.completed_at is null
		and (q.leave_course or exists (select 1 from requirement_runs u join requirement_run_changes c on c.run_id = u.id where u.requirement_id = q.id and u.undone_at is not null and c.person_id = x.person_id))
		and not exists (select 1 from duties d join requirements r on r.id = d.requirement_id where d.person_id = x.person_id and d.withdrawn_at is null and r.path_id = x.path_id)
		and not exists (select 1 from requirement_courses k join enrolments e on e.course_id = k.course_id where k.requirement_id = x.requirement_id and e.person_id = x.person_id and e.status <> 'withdrawn')
		order by p.id limit @limit`, map[string]any{"path": id, "requirement": requirement, "limit": limit}).Scan(&list).Error
	return list, fail(err, "who stands idle on path %s", id)
}

// DutyDue is when somebody's duty is due, or its renewal.
func (s *Store) DutyDue(ctx context.Context, requirement, person uid.ID) (*time.Time, error) {
	var found struct{ DueAt *time.Time }
	err := s.tx(ctx).Raw("select case when c.completed_at is null then c.due_at else c.expires_at end as due_at"+dutyFrom+" where d.requirement_id = @requirement and d.person_id = @person and d.withdrawn_at is null",
		map[string]any{"requirement": requirement, "person": person}).Scan(&found).Error
	return found.DueAt, fail(err, "when requirement %s is due", requirement)
}

// NotePathEntered writes into the ledger of a requirement what a person was put into for it.
func (s *Store) NotePathEntered(ctx context.Context, requirement uid.ID, added []enrolment.Added, at time.Time) error {
	list := make([]duty.RunChange, len(added))
	for i, a := range added {
		list[i] = duty.RunChange{PersonID: a.PersonID, EnrolmentID: &a.ID, At: at}
	}
	return s.NoteEnrolled(ctx, requirement, list)
}
