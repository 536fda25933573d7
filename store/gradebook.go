package store

import (
	"context"
	"encoding/json"
	"time"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/gradebook"
)

// gradebookMax bounds what belongs to the people of one page.
const gradebookMax = 100_000

// GradedLessons reads the quizzes, tests and assignments of the published version, in their order.
func (s *Store) GradedLessons(ctx context.Context, course uid.ID) (list []gradebook.Column, err error) {
	err = s.tx(ctx).Raw(`select l.id, l.kind, l.title from courses c join lessons l on l.version_id = c.published_id join modules m on m.version_id = l.version_id and m.id = l.module_id
		where c.id = ? and l.kind in ('quiz', 'test', 'submission') order by m.position, l.position limit ?`, course, testPartsMax).Scan(&list).Error
	return list, fail(err, "graded lessons of course %s", course)
}

// GradebookSettings reads how a course is graded; number 0: nobody said.
func (s *Store) GradebookSettings(ctx context.Context, course uid.ID) (out gradebook.Settings, number int, err error) {
	var row struct {
		Number   int
		Settings string
	}
	if err = s.tx(ctx).Table("gradebook_settings").Select("number, settings::text as settings").Where("course_id = ?", course).Order("number desc").Limit(1).Find(&row).Error; err != nil {
		return out, 0, fail(err, "gradebook of course %s", course)
	}
	if row.Number > 0 {
		err = json.Unmarshal([]byte(row.Settings), &out)
	}
	return out, row.Number, fail(err, "read the gradebook of course %s", course)
}

// GradebookVersions reads how a course was graded, the newest first.
func (s *Store) GradebookVersions(ctx context.Context, course uid.ID, limit int) (list []gradebook.Version, err error) {
	var rows []struct {
		Number   int
		Settings string
		By       string
		At       time.Time
	}
	err = s.tx(ctx).Table("gradebook_settings g").Select("g.number, g.settings::text as settings, coalesce(p.name, '') as by, g.saved_at as at").
		Joins("left join people p on p.id = g.saved_by").Where("g.course_id = ?", course).Order("g.number desc").Limit(limit).Find(&rows).Error
	for _, r := range rows {
		v := gradebook.Version{Number: r.Number, By: r.By, At: r.At}
		if err == nil {
			err = json.Unmarshal([]byte(r.Settings), &v.Settings)
		}
		list = append(list, v)
	}
	return list, fail(err, "versions of the gradebook of course %s", course)
}

// AddGradebookSettings writes how a course is graded as a version.
func (s *Store) AddGradebookSettings(ctx context.Context, course uid.ID, number int, in gradebook.Settings, by uid.ID, at time.Time) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return fail(s.tx(ctx).Exec("insert into gradebook_settings (course_id, number, settings, saved_by, saved_at) values (?, ?, ?, ?, ?)", course, number, string(text), by, at).Error, "gradebook %d of course %s", number, course)
}

const gradedColumns = "e.id as enrolment_id, e.person_id, p.name, p.email, e.status, e.due_at"

// GradedPeople lists active and completed people by name.
func (s *Store) GradedPeople(ctx context.Context, course uid.ID, r page.Request) (out page.Of[gradebook.Person], err error) {
	limit := r.Bounded()
	q := s.tx(ctx).Table("enrolments e").Select(gradedColumns).Joins("join people p on p.id = e.person_id").
		Where("e.course_id = ? and e.status in ('active', 'completed')", course).Order("p.name, e.id").Limit(limit + 1)
	if r.After != "" {
		parts, err := page.Parts(r.After, 2)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[1])
		if !ok {
			return out, page.ErrCursor
		}
		q = q.Where("(p.name, e.id) > (?, ?)", parts[0], id)
	}
	var list []gradebook.Person
	if err = q.Find(&list).Error; err != nil {
		return out, fail(err, "people of course %s", course)
	}
	return page.Cut(list, limit, func(p gradebook.Person) []string { return []string{p.Name, p.EnrolmentID.String()} }), nil
}

// GradedPerson reads whose an enrolment is.
func (s *Store) GradedPerson(ctx context.Context, id uid.ID) (p gradebook.Person, err error) {
	err = s.tx(ctx).Table("enrolments e").Select(gradedColumns).Joins("join people p on p.id = e.person_id").Where("e.id = ?", id).Take(&p).Error
	return p, notFound(err, enrolment.ErrEnrolmentNotFound, "enrolment %s", id)
}

// GradesOf reads what quizzes and tests came to at the best, and assignments at the last; work of a group is that of all who
// are in it.
func (s *Store) GradesOf(ctx context.Context, enrolments []uid.ID) (list []gradebook.Grade, err error) {
	err = s.tx(ctx).Raw(`select q.enrolment_id, q.lesson_id, max(q.percent)::bigint * 10000 as share from quiz_attempts q where q.enrolment_id in @who group by 1, 2
		union all
		select t.enrolment_id, t.lesson_id, max(round(t.points::numeric * 1000000 / t.most))::bigint from test_attempts t where t.enrolment_id in @who and t.status = 'graded' and t.most > 0 group by 1, 2
		union all
		(select distinct on (x.enrolment_id, x.lesson_id) x.enrolment_id, x.lesson_id, x.percent::bigint * 10000 from (
				select s.enrolment_id, s.lesson_id, s.percent, s.number, s.submitted_at from submissions s where s.enrolment_id in @who and s.percent is not null and s.status in ('accepted', 'failed')
				union all
				select m.enrolment_id, s.lesson_id, s.percent, s.number, s.submitted_at from submission_members m join submissions s on s.id = m.submission_id
					where m.enrolment_id in @who and s.percent is not null and s.status in ('accepted', 'failed')) x
			order by x.enrolment_id, x.lesson_id, x.number desc, x.submitted_at desc)
		limit @limit`, map[string]any{"who": enrolments, "limit": gradebookMax}).Scan(&list).Error
	return list, fail(err, "grades of %d enrolments", len(enrolments))
}

// GradebookMarksOf reads the newest mark of each column of enrolments.
func (s *Store) GradebookMarksOf(ctx context.Context, enrolments []uid.ID) (list []gradebook.Mark, err error) {
	err = s.tx(ctx).Raw("select distinct on (enrolment_id, column_id) * from gradebook_marks where enrolment_id in ? order by enrolment_id, column_id, number desc limit ?", enrolments, gradebookMax).Scan(&list).Error
	return list, fail(err, "marks of %d enrolments", len(enrolments))
}

// GradebookHistory reads what was entered for a person, the newest first.
func (s *Store) GradebookHistory(ctx context.Context, enrolment uid.ID, limit int) (list []gradebook.Mark, err error) {
	err = s.tx(ctx).Table("gradebook_marks m").Select("m.*, coalesce(p.name, '') as by_name").Joins("left join people p on p.id = m.by_id").
		Where("m.enrolment_id = ?", enrolment).Order("m.at desc, m.column_id, m.number desc").Limit(limit).Find(&list).Error
	return list, fail(err, "history of enrolment %s", enrolment)
}

// AddGradebookMarks writes marks.
func (s *Store) AddGradebookMarks(ctx context.Context, list []gradebook.Mark) error {
	return fail(s.tx(ctx).CreateInBatches(&list, 500).Error, "%d marks", len(list))
}
