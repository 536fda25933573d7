package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// What the course page of who is in it asks, with $1 for the person and $2 for the course's address.
var (
	shownEnrolment = columnsOf[enrolment.Enrolment]()
	shownCourse    = columnsOf[catalog.Course]()
	shownVersion   = columnsOf[catalog.Version]()
	shownModule    = columnsOf[catalog.Module]()
	shownLesson    = columnsOf[catalog.Lesson]("body", "questions")
	shownProgress  = columnsOf[enrolment.Progress]()

	shownOf = ` from enrolments e join courses c on c.id = e.course_id `
	shownIn = ` where e.person_id = $1 and c.slug = $2 and e.status <> 'withdrawn'`

	shownRecordSQL = `select ` + shownEnrolment.from("e") + `, ` + shownCourse.from("c") + `, ` + shownVersion.from("v") + `, p.name, p.email, coalesce(ce.code, '')` + shownOf + `
		join course_versions v on v.id = e.version_id join people p on p.id = e.person_id
		left join certificates ce on ce.enrolment_id = e.id and ce.revoked_at is null and ce.replaced_at is null` + shownIn
	shownModulesSQL  = `select ` + shownModule.from("m") + shownOf + `join modules m on m.version_id = e.version_id` + shownIn + ` order by m.position, m.id`
	shownLessonsSQL  = `select ` + shownLesson.from("l") + shownOf + `join lessons l on l.version_id = e.version_id` + shownIn + ` order by l.position, l.id`
	shownProgressSQL = `select ` + shownProgress.from("q") + shownOf + `join lesson_progress q on q.enrolment_id = e.id` + shownIn
)

// ShownIn reads the enrolment of a person in a course named by its address, with the outline of its version and how far they
// are, in one transaction of four queries, which alone travel in one message. It finds none that the person was taken out
// of.
func (s *Store) ShownIn(ctx context.Context, person uid.ID, slug string) (out enrolment.Shown, err error) {
	var (
		c       catalog.Course
		v       catalog.Version
		modules []catalog.Module
		lessons []catalog.Lesson
		found   bool
	)
	args := []any{person, slug}
	err = s.several(ctx,
		question{shownRecordSQL, args, func(rows pgx.Rows) error {
			if found = rows.Next(); !found {
				return rows.Err()
			}
			to := append(append(shownEnrolment.into(&out.Enrolment), shownCourse.into(&c)...), shownVersion.into(&v)...)
			return rows.Scan(append(to, &out.PersonName, &out.PersonEmail, &out.CertificateCode)...)
		}},
		question{shownModulesSQL, args, func(rows pgx.Rows) (err error) { modules, err = scanned[catalog.Module](rows, shownModule); return err }},
		question{shownLessonsSQL, args, func(rows pgx.Rows) (err error) { lessons, err = scanned[catalog.Lesson](rows, shownLesson); return err }},
		question{shownProgressSQL, args, func(rows pgx.Rows) error {
			list, err := scanned[enrolment.Progress](rows, shownProgress)
			out.Progress = make(map[uid.ID]enrolment.Progress, len(list))
			for _, p := range list {
				out.Progress[p.LessonID] = p
			}
			return err
		}},
	)
	switch {
	case err != nil:
		return enrolment.Shown{}, fail(err, "course page %s of person %s", slug, person)
	case !found:
		return enrolment.Shown{}, enrolment.ErrEnrolmentNotFound
	}
	out.Outline = catalog.Assemble(c, v, modules, lessons)
	return out, nil
}

// scanned reads every row into a struct.
func scanned[T any](rows pgx.Rows, c columns) (list []T, err error) {
	for rows.Next() {
		var row T
		if err = rows.Scan(c.into(&row)...); err != nil {
			return nil, err
		}
		list = append(list, row)
	}
	return list, rows.Err()
}

// CourseSQL are the queries behind ShownIn, for the benchmark's yardstick: both run the same.
func CourseSQL() []string {
	return []string{shownRecordSQL, shownModulesSQL, shownLessonsSQL, shownProgressSQL}
}
