package store

import (
	"context"
	"strconv"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/desk"
)

const (
	// deskAll is who is in the published courses that one person made, or anybody, and in what way they are behind.
	deskAll = `with desk as (
		select e.course_id, v.title as course_title, c.published_id, e.id as enrolment_id, e.person_id, p.name, p.email, e.percent, e.status, e.enrolled_at, e.due_at, e.last_lesson_id as last_id, s.seen_at,
			coalesce(e.status = 'active' and s.seen_at < @quiet, false) as quiet,
			coalesce(e.status = 'active' and s.seen_at is null and e.enrolled_at < @unbegun, false) as unbegun,
			coalesce(e.status = 'active' and e.due_at < @now, false) as overdue
		from enrolments e join people p on p.id = e.person_id join courses c on c.id = e.course_id join course_versions v on v.id = c.published_id
		left join lateral (select max(g.updated_at) as seen_at from lesson_progress g where g.enrolment_id = e.id) s on true
		where e.status in ('active', 'completed') and (not @owned or c.created_by = @by))`
	deskFigures = `count(*) filter (where status = 'active') as active, count(*) filter (where status = 'completed') as completed,
		count(*) filter (where quiet) as quiet, count(*) filter (where unbegun) as unbegun, count(*) filter (where overdue) as overdue,
		count(*) filter (where quiet or unbegun or overdue) as behind`

	deskWaitingAll = `, waiting as (
		select e.course_id, count(*) as n from enrolments e
		join (select enrolment_id from submissions where status = 'submitted' union all select enrolment_id from test_attempts where status = 'to_mark') w on w.enrolment_id = e.id
		where e.status <> 'withdrawn' and e.course_id in (select course_id from desk) group by 1)`

	deskTotalsSQL  = deskAll + deskWaitingAll + ` select count(distinct course_id) as courses, ` + deskFigures + `, (select coalesce(sum(n), 0)::integer from waiting) as waiting from desk`
	deskCoursesSQL = deskAll + deskWaitingAll + `, stand as (select course_id, max(course_title) as title, ` + deskFigures + ` from desk group by course_id),
		stuck as (select distinct on (course_id) course_id, last_id, n from (select course_id, last_id, count(*) as n from desk where quiet and last_id is not null group by 1, 2) x order by course_id, n desc, last_id)
		select stand.course_id, stand.title, active, completed, quiet, unbegun, overdue, behind, coalesce(waiting.n, 0) as waiting,
			l.id as stuck_id, coalesce(l.title, '') as stuck_title, coalesce(stuck.n, 0) as stuck
		from stand left join waiting on waiting.course_id = stand.course_id left join stuck on stuck.course_id = stand.course_id
		left join courses c on c.id = stand.course_id left join lessons l on l.version_id = c.published_id and l.id = stuck.last_id
		where not @further or (-behind, stand.course_id) > (@rank, @id)
		order by -behind, stand.course_id limit @limit`
	deskStragglersSQL = deskAll + ` select desk.course_id, course_title, enrolment_id, person_id, name, email, percent, enrolled_at, due_at, seen_at, quiet, unbegun, overdue, coalesce(l.title, '') as last_title,
		(select max(m.sent_at) from course_message_people x join course_messages m on m.id = x.message_id where x.enrolment_id = desk.enrolment_id) as messaged_at
		from desk left join lessons l on l.version_id = desk.published_id and l.id = desk.last_id
		where (@who = 'quiet' and quiet or @who = 'unbegun' and unbegun or @who = 'overdue' and overdue or @who = 'behind' and (quiet or unbegun or overdue))
		and (not @further or (coalesce(seen_at, enrolled_at), enrolment_id) > (@at, @id))
		order by coalesce(seen_at, enrolled_at), enrolment_id limit @limit`

	deskDropsSQL = `with people as (select e.id, e.course_id from enrolments e where e.course_id in @courses and e.status in ('active', 'completed')),
		many as (select course_id, count(*) as n from people group by 1),
		far as (select p.course_id, g.lesson_id, count(*) as done from people p join lesson_progress g on g.enrolment_id = p.id where g.status = 'completed' group by 1, 2),
		steps as (
			select c.id as course_id, l.id as lesson_id, l.title, coalesce(far.done, 0) as done, lag(coalesce(far.done, 0), 1, many.n) over (partition by c.id order by m.position, l.position) as before
			from courses c join many on many.course_id = c.id join lessons l on l.version_id = c.published_id join modules m on m.version_id = l.version_id and m.id = l.module_id
			left join far on far.course_id = c.id and far.lesson_id = l.id)
		select distinct on (course_id) course_id, lesson_id, title, before, before - done as lost from steps where before > done order by course_id, before - done desc, lesson_id limit @limit`
)

func deskAllArgs(by uid.ID, c desk.Cut) map[string]any {
	return map[string]any{"by": by, "owned": by != uid.Nil, "quiet": c.Quiet, "unbegun": c.Unbegun, "now": c.Overdue, "further": false, "rank": 0, "at": time.Time{}, "id": uid.Nil}
}

// DeskTotals counts how courses stand together.
func (s *Store) DeskTotals(ctx context.Context, by uid.ID, c desk.Cut) (t desk.Totals, err error) {
	err = s.tx(ctx).Raw(deskTotalsSQL, deskAllArgs(by, c)).Scan(&t).Error
	return t, fail(err, "count people of courses")
}

// DeskCourses lists how courses stand, the one with most people behind first.
func (s *Store) DeskCourses(ctx context.Context, by uid.ID, c desk.Cut, p page.Request) (out page.Of[desk.Standing], err error) {
	limit := p.Bounded()
	args := deskAllArgs(by, c)
	args["limit"] = limit + 1
	if p.After != "" {
		parts, err := page.Parts(p.After, 2)
		if err != nil {
			return out, err
		}
		rank, bad := strconv.Atoi(parts[0])
		id, ok := uid.Parse(parts[1])
		if bad != nil || !ok {
			return out, page.ErrCursor
		}
		args["further"], args["rank"], args["id"] = true, -rank, id
	}
	var list []desk.Standing
	if err = s.tx(ctx).Raw(deskCoursesSQL, args).Scan(&list).Error; err != nil {
		return out, fail(err, "standings of courses")
	}
	return page.Cut(list, limit, func(t desk.Standing) []string { return []string{strconv.Itoa(t.Behind), t.CourseID.String()} }), nil
}

// DeskStragglers lists who is behind; who was not seen for longest first.
func (s *Store) DeskStragglers(ctx context.Context, by uid.ID, w desk.Who, c desk.Cut, p page.Request) (out page.Of[desk.Straggler], err error) {
	limit := p.Bounded()
	args := deskAllArgs(by, c)
	args["limit"], args["who"] = limit+1, string(w)
	if p.After != "" {
		if args["at"], args["id"], err = timeCursor(p.After); err != nil {
			return out, err
		}
		args["further"] = true
	}
	var list []desk.Straggler
	if err = s.tx(ctx).Raw(deskStragglersSQL, args).Scan(&list).Error; err != nil {
		return out, fail(err, "people behind in courses")
	}
	return page.Cut(list, limit, func(t desk.Straggler) []string {
		at := t.EnrolledAt
		if t.SeenAt != nil {
			at = *t.SeenAt
		}
		return []string{at.UTC().Format(time.RFC3339Nano), t.EnrolmentID.String()}
	}), nil
}

// DeskDrops tells of each course where most people stop.
func (s *Store) DeskDrops(ctx context.Context, courses []uid.ID) (list []desk.Drop, err error) {
	if len(courses) == 0 {
		return nil, nil
	}
	err = s.tx(ctx).Raw(deskDropsSQL, map[string]any{"courses": courses, "limit": len(courses)}).Scan(&list).Error
	return list, fail(err, "where people stop in %d courses", len(courses))
}
