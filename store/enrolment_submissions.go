package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// AddSubmission writes something handed in.
func (s *Store) AddSubmission(ctx context.Context, sub enrolment.Submission) error {
	return fail(s.tx(ctx).Create(&sub).Error, "add submission %d of enrolment %s", sub.Number, sub.EnrolmentID)
}

// SubmissionsIn reads the newest submissions of a lesson, newest first.
func (s *Store) SubmissionsIn(ctx context.Context, enrolmentID, lesson uid.ID, limit int) (list []enrolment.Submission, err error) {
	err = s.tx(ctx).Where("enrolment_id = ? and lesson_id = ?", enrolmentID, lesson).Order("number desc").Limit(limit).Find(&list).Error
	return list, fail(err, "submissions of enrolment %s", enrolmentID)
}

// handed is submissions with whose they are and what they are for; the task's own text is long and read only where it is shown.
func (s *Store) handed(ctx context.Context, withTask bool) *gorm.DB {
	return s.tx(ctx).Table("submissions s").
		Select(`s.id, s.enrolment_id, s.lesson_id, s.number, s.text, s.file_id, s.status, s.comment, s.percent, s.marked_by, s.submitted_at, s.marked_at,
			e.person_id, p.name as person_name, e.course_id, v.title as course_title, coalesce(l.title, '') as lesson_title, case when ? then coalesce(l.body, '') else '' end as task,
			coalesce(f.name, '') as file_name, coalesce(m.name, '') as marker_name`, withTask).
		Joins("join enrolments e on e.id = s.enrolment_id").
		Joins("join people p on p.id = e.person_id").
		Joins("join course_versions v on v.id = e.version_id").
		Joins("left join lessons l on l.version_id = e.version_id and l.id = s.lesson_id").
		Joins("left join files f on f.id = s.file_id").
		Joins("left join people m on m.id = s.marked_by")
}

// Submissions lists what was handed in: what waits, the longest first; what was marked, the newest first.
func (s *Store) Submissions(ctx context.Context, f enrolment.HandedFilter) (out page.Of[enrolment.Handed], err error) {
	limit := f.Page.Bounded()
	q := s.handed(ctx, false).Where("s.status = ?", f.Status).Limit(limit + 1)
	if f.Course != uid.Nil {
		q = q.Where("e.course_id = ?", f.Course)
	}
	later, order := "(s.submitted_at, s.id) > (?, ?)", "s.submitted_at, s.id"
	if f.Status != enrolment.SubmissionOpen {
		later, order = "(s.submitted_at, s.id) < (?, ?)", "s.submitted_at desc, s.id desc"
	}
	if f.Page.After != "" {
		at, id, err := timeCursor(f.Page.After)
		if err != nil {
			return out, err
		}
		q = q.Where(later, at, id)
	}
	var list []enrolment.Handed
	if err = q.Order(order).Scan(&list).Error; err != nil {
		return out, fail(err, "list submissions")
	}
	return page.Cut(list, limit, func(h enrolment.Handed) []string {
		return []string{h.SubmittedAt.UTC().Format(time.RFC3339Nano), h.ID.String()}
	}), nil
}

// SubmissionByID reads one with whose it is and what it is for.
func (s *Store) SubmissionByID(ctx context.Context, id uid.ID) (h enrolment.Handed, err error) {
	err = s.handed(ctx, true).Where("s.id = ?", id).Take(&h).Error
	return h, notFound(err, enrolment.ErrSubmissionNotFound, "submission %s", id)
}

// MarkSubmission writes what was said of one that waits.
func (s *Store) MarkSubmission(ctx context.Context, sub enrolment.Submission) error {
	return s.changeOne(ctx, enrolment.ErrMarked, "mark submission", "update submissions set status = ?, comment = ?, percent = ?, marked_by = ?, marked_at = ? where id = ? and status = 'submitted'",
		sub.Status, sub.Comment, sub.Percent, sub.MarkedBy, sub.MarkedAt, sub.ID)
}

// FileIsOf tells whether a file is here that the person uploaded.
func (s *Store) FileIsOf(ctx context.Context, file, person uid.ID) (bool, error) {
	var n int64
	err := s.tx(ctx).Table("files").Where("id = ? and created_by = ?", file, person).Count(&n).Error
	return n == 1, fail(err, "whose file %s is", file)
}
