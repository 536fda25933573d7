package store

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// What the course page of who is in it asks: the enrolment with its outline ($1 the person, $2 the course's address), then
// the lessons of its version ($1) and the progress of the enrolment ($1).
var (
	shownEnrolment = columnsOf[enrolment.Enrolment]()
	shownCourse    = columnsOf[catalog.Course]()
	shownVersion   = columnsOf[catalog.Version]()
	shownLesson    = columnsOf[catalog.Lesson]("body", "questions")
	shownProgress  = columnsOf[enrolment.Progress]()

	shownRecordSQL = `select ` + shownEnrolment.from("e") + `, ` + shownCourse.from("c") + `, ` + shownVersion.from("v") + `, ` + outlineParts + `,
			p.name, p.email, coalesce(ce.code, '')
		from enrolments e join courses c on c.id = e.course_id join course_versions v on v.id = e.version_id join people p on p.id = e.person_id
		left join certificates ce on ce.enrolment_id = e.id and ce.revoked_at is null and ce.replaced_at is null
		where e.person_id = $1 and c.slug = $2 and e.status <> 'withdrawn'`
	shownLessonsSQL  = `select ` + shownLesson.from("l") + ` from lessons l where l.version_id = $1 order by l.position, l.id limit ` + strconv.Itoa(catalog.MaxLessons)
	shownProgressSQL = `select ` + shownProgress.from("q") + ` from lesson_progress q where q.enrolment_id = $1 order by q.lesson_id limit ` + strconv.Itoa(catalog.MaxLessons)
)

// ShownIn reads the enrolment of a person in a course named by its address, with the outline of its version in the version's
// own language, and how far they are: three queries in two messages, for this page is looked at often. A version and what an
// enrolment is on do not change between them but by a move, and then the older one is shown once more. It finds none that
// the person was taken out of.
func (s *Store) ShownIn(ctx context.Context, person uid.ID, slug string) (out enrolment.Shown, err error) {
	var row outlineRow
	err = s.singleRow(ctx, enrolment.ErrEnrolmentNotFound, func(r pgx.Row) error {
		to := append(append(shownEnrolment.into(&out.Enrolment), shownCourse.into(&row.Course)...), shownVersion.into(&row.Version)...)
		return r.Scan(append(to, &row.Languages, &row.Modules, &row.Meta, &out.PersonName, &out.PersonEmail, &out.CertificateCode)...)
	}, shownRecordSQL, person, slug)
	if err != nil {
		return enrolment.Shown{}, fail(err, "course page %s of person %s", slug, person)
	}
	head, err := row.outline()
	if err != nil {
		return enrolment.Shown{}, err
	}
	var lessons []catalog.Lesson
	err = s.several(ctx,
		question{shownLessonsSQL, []any{out.VersionID}, func(rows pgx.Rows) (err error) { lessons, err = scanned[catalog.Lesson](rows, shownLesson); return err }},
		question{shownProgressSQL, []any{out.ID}, func(rows pgx.Rows) error {
			list, err := scanned[enrolment.Progress](rows, shownProgress)
			out.Progress = make(map[uid.ID]enrolment.Progress, len(list))
			for _, p := range list {
				out.Progress[p.LessonID] = p
			}
			return err
		}},
	)
	out.Outline = head.With(lessons)
	return out, fail(err, "lessons of enrolment %s", out.ID)
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
