package store

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/desk"
	"lyceum/learning/enrolment"
)

const (
	// deskPeople is who is in a course, with when they were last seen and in what way they are behind.
	deskPeople = `with desk as (
		select e.id as enrolment_id, e.person_id, p.name, p.email, p.status as account, e.percent, e.status, e.enrolled_at, e.due_at, e.last_lesson_id as last_id, s.seen_at,
			coalesce(e.status = 'active' and s.seen_at < @quiet, false) as quiet,
			coalesce(e.status = 'active' and s.seen_at is null and e.enrolled_at < @unbegun, false) as unbegun,
			coalesce(e.status = 'active' and e.due_at < @now, false) as overdue
		from enrolments e join people p on p.id = e.person_id
		left join lateral (select max(g.updated_at) as seen_at from lesson_progress g where g.enrolment_id = e.id) s on true
		where e.course_id = @course and e.status in ('active', 'completed'))`
	deskOf = ` from desk where (@who = '' or @who = 'quiet' and quiet or @who = 'unbegun' and unbegun or @who = 'overdue' and overdue or @who = 'behind' and (quiet or unbegun or overdue))`

	deskListSQL = deskPeople + ` select enrolment_id, person_id, name, email, percent, status, enrolled_at, due_at, last_id, seen_at, quiet, unbegun, overdue,
		(select max(m.sent_at) from course_message_people x join course_messages m on m.id = x.message_id where x.enrolment_id = desk.enrolment_id) as messaged_at` + deskOf + `
		and (not @further or (status = 'completed', coalesce(seen_at, enrolled_at), enrolment_id) > (@done, @at, @id))
		order by status = 'completed', coalesce(seen_at, enrolled_at), enrolment_id limit @limit`
	deskAudienceSQL = deskPeople + ` select enrolment_id, person_id, name, email, status` + deskOf + ` and status = 'active' and account = 'active' order by enrolment_id limit @limit`
	deskCountsSQL   = deskPeople + ` select count(*) filter (where status = 'active') as active, count(*) filter (where status = 'completed') as completed,
		count(*) filter (where quiet) as quiet, count(*) filter (where unbegun) as unbegun, count(*) filter (where overdue) as overdue,
		count(*) filter (where quiet or unbegun or overdue) as behind,
		(select count(*) from submissions s join enrolments e on e.id = s.enrolment_id where e.course_id = @course and e.status <> 'withdrawn' and s.status = 'submitted')
		+ (select count(*) from test_attempts t join enrolments e on e.id = t.enrolment_id where e.course_id = @course and e.status <> 'withdrawn' and t.status = 'to_mark') as waiting from desk`
	deskLessonsSQL = deskPeople + `, far as (
			select g.lesson_id, count(*) as begun, count(*) filter (where g.status = 'completed') as done
			from desk d join lesson_progress g on g.enrolment_id = d.enrolment_id group by 1),
		here as (select last_id, count(*) as n from desk where quiet group by 1)
		select l.id, l.title, m.title as module, l.kind, coalesce(far.begun, 0) as begun, coalesce(far.done, 0) as done, coalesce(here.n, 0) as here
		from courses c join lessons l on l.version_id = c.published_id join modules m on m.version_id = l.version_id and m.id = l.module_id
		left join far on far.lesson_id = l.id left join here on here.last_id = l.id
		where c.id = @course order by m.position, l.position`
)

func deskArgs(course uid.ID, w desk.Who, c desk.Cut, limit int) map[string]any {
	return map[string]any{"course": course, "who": string(w), "quiet": c.Quiet, "unbegun": c.Unbegun, "now": c.Overdue, "limit": limit}
}

// DeskLessons lists the lessons of the published version with how people got through them.
func (s *Store) DeskLessons(ctx context.Context, course uid.ID, c desk.Cut) (list []desk.Lesson, err error) {
	err = s.tx(ctx).Raw(deskLessonsSQL, deskArgs(course, "", c, 0)).Scan(&list).Error
	return list, fail(err, "lessons of course %s", course)
}

// DeskCounts counts how a course stands.
func (s *Store) DeskCounts(ctx context.Context, course uid.ID, c desk.Cut) (n desk.Counts, err error) {
	err = s.tx(ctx).Raw(deskCountsSQL, deskArgs(course, "", c, 0)).Scan(&n).Error
	return n, fail(err, "count people of course %s", course)
}

// DeskPeople lists active and completed people; who was not seen for longest first.
func (s *Store) DeskPeople(ctx context.Context, course uid.ID, f desk.Filter, c desk.Cut) (out page.Of[desk.Person], err error) {
	limit := f.Page.Bounded()
	args := deskArgs(course, f.Who, c, limit+1)
	args["further"], args["done"], args["at"], args["id"] = false, false, time.Time{}, uid.Nil
	if f.Page.After != "" {
		parts, err := page.Parts(f.Page.After, 3)
		if err != nil {
			return out, err
		}
		at, bad := time.Parse(time.RFC3339Nano, parts[1])
		id, ok := uid.Parse(parts[2])
		if bad != nil || !ok {
			return out, page.ErrCursor
		}
		args["further"], args["done"], args["at"], args["id"] = true, parts[0] == "true", at, id
	}
	var list []desk.Person
	if err = s.tx(ctx).Raw(deskListSQL, args).Scan(&list).Error; err != nil {
		return out, fail(err, "people of course %s", course)
	}
	out = page.Cut(list, limit, func(p desk.Person) []string {
		at, done := p.EnrolledAt, "false"
		if p.SeenAt != nil {
			at = *p.SeenAt
		}
		if p.Status == enrolment.StatusCompleted {
			done = "true"
		}
		return []string{done, at.UTC().Format(time.RFC3339Nano), p.EnrolmentID.String()}
	})
	return out, s.deskCells(ctx, out.Items)
}

// deskCells adds how far each person is in each lesson.
func (s *Store) deskCells(ctx context.Context, people []desk.Person) error {
	if len(people) == 0 {
		return nil
	}
	ids, by := make([]uid.ID, len(people)), map[uid.ID]map[uid.ID]enrolment.ProgressStatus{}
	for i, p := range people {
		ids[i], by[p.EnrolmentID] = p.EnrolmentID, map[uid.ID]enrolment.ProgressStatus{}
		people[i].Cells = by[p.EnrolmentID]
	}
	var cells []enrolment.Progress
	if err := s.tx(ctx).Select("enrolment_id, lesson_id, status").Where("enrolment_id in ?", ids).Find(&cells).Error; err != nil {
		return fail(err, "progress of people")
	}
	for _, c := range cells {
		by[c.EnrolmentID][c.LessonID] = c.Status
	}
	return nil
}

// DeskAudience lists the active people of a group with an account that can sign in, at most n.
func (s *Store) DeskAudience(ctx context.Context, course uid.ID, w desk.Who, c desk.Cut, n int) (list []desk.Person, err error) {
	err = s.tx(ctx).Raw(deskAudienceSQL, deskArgs(course, w, c, n)).Scan(&list).Error
	return list, fail(err, "audience in course %s", course)
}

// AddCourseMessage notes a message with whom it goes to; added is false when it was sent already.
func (s *Store) AddCourseMessage(ctx context.Context, m desk.Message, to []desk.Person) (added bool, err error) {
	res := s.tx(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&m)
	if res.Error != nil || res.RowsAffected == 0 {
		return false, fail(res.Error, "note a message in course %s", m.CourseID)
	}
	ids := make([]uid.ID, len(to))
	for i, p := range to {
		ids[i] = p.EnrolmentID
	}
	_, err = Pgx(ctx).Exec(ctx, "insert into course_message_people (message_id, enrolment_id) select $1, unnest($2::uuid[])", m.ID, ids)
	return true, fail(err, "note whom a message goes to")
}

// CourseMessages lists the newest messages of a course.
func (s *Store) CourseMessages(ctx context.Context, course uid.ID, n int) (list []desk.Message, err error) {
	err = s.tx(ctx).Table("course_messages m").Select("m.*, coalesce(p.name, '') as sent_by_name").Joins("left join people p on p.id = m.sent_by").
		Where("m.course_id = ?", course).Order("m.sent_at desc, m.id").Limit(n).Scan(&list).Error
	return list, fail(err, "messages of course %s", course)
}

// CourseMessage is one message; desk.ErrUnknown.
func (s *Store) CourseMessage(ctx context.Context, id uid.ID) (m desk.Message, err error) {
	err = s.tx(ctx).Select("id, course_id, audience, body, people, sent_by, sent_at").Where("id = ?", id).Take(&m).Error
	return m, notFound(err, desk.ErrUnknown, "message %s", id)
}

// CourseTitle is the title of the published version, else of the draft.
func (s *Store) CourseTitle(ctx context.Context, id uid.ID) (title string, err error) {
	err = s.tx(ctx).Raw("select v.title from courses c join course_versions v on v.id = coalesce(c.published_id, c.draft_id) where c.id = ?", id).Scan(&title).Error
	return title, fail(err, "title of course %s", id)
}
