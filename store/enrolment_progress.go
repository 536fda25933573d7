package store

import (
	"context"

	"gorm.io/gorm/clause"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// LessonToLearn reads a lesson of a version whole, with the seconds of its video.
func (s *Store) LessonToLearn(ctx context.Context, version, lesson uid.ID) (l catalog.Lesson, seconds float64, err error) {
	row := struct {
		catalog.Lesson
		Seconds float64
	}{}
	err = s.tx(ctx).Table("lessons l").
		Select("l.version_id, l.id, l.module_id, l.position, l.kind, l.title, l.minutes, l.body, l.file_id, l.captions_file_id, l.pass_percent, l.questions, l.url, l.completion, l.no_skip, l.revision, coalesce(f.seconds, 0) as seconds").
		Joins("left join files f on f.id = l.file_id").
		Where("l.version_id = ? and l.id = ?", version, lesson).Take(&row).Error
	return row.Lesson, row.Seconds, notFound(err, catalog.ErrLessonNotFound, "lesson %s of version %s", lesson, version)
}

// LockProgress reads a person's progress in a lesson and holds it until the transaction ends; begun is false before the
// first time it is opened.
func (s *Store) LockProgress(ctx context.Context, enrolmentID, lesson uid.ID) (p enrolment.Progress, begun bool, err error) {
	res := s.tx(ctx).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).
		Where("enrolment_id = ? and lesson_id = ?", enrolmentID, lesson).Limit(1).Find(&p)
	return p, res.RowsAffected == 1, fail(res.Error, "progress of enrolment %s in lesson %s", enrolmentID, lesson)
}

// ProgressOf reads a person's progress in every lesson begun.
func (s *Store) ProgressOf(ctx context.Context, enrolmentID uid.ID) (list []enrolment.Progress, err error) {
	err = s.tx(ctx).Where("enrolment_id = ?", enrolmentID).Order("lesson_id").Limit(catalog.MaxLessons).Find(&list).Error
	return list, fail(err, "progress of enrolment %s", enrolmentID)
}

// PutProgress writes a person's progress in a lesson over what was there. The start of it stays.
func (s *Store) PutProgress(ctx context.Context, p enrolment.Progress) error {
	err := s.tx(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "enrolment_id"}, {Name: "lesson_id"}},
		DoUpdates: clause.AssignmentColumns([]string{"status", "position", "position_at", "watched", "seen", "evidence", "updated_at", "completed_at"}),
	}).Create(&p).Error
	return fail(err, "write progress of enrolment %s in lesson %s", p.EnrolmentID, p.LessonID)
}

// LessonCounts tells how many lessons a version has, and how many of them an enrolment has completed.
func (s *Store) LessonCounts(ctx context.Context, enrolmentID, version uid.ID) (all, done int, err error) {
	row := struct{ All, Done int }{}
	err = s.tx(ctx).Raw(`select count(*) as "all", count(p.lesson_id) as done
		from lessons l left join lesson_progress p on p.enrolment_id = ? and p.lesson_id = l.id and p.status = 'completed'
		where l.version_id = ?`, enrolmentID, version).Scan(&row).Error
	return row.All, row.Done, fail(err, "count lessons of enrolment %s", enrolmentID)
}

// AddAttempt writes a quiz handed in.
func (s *Store) AddAttempt(ctx context.Context, a enrolment.Attempt) error {
	return fail(s.tx(ctx).Create(&a).Error, "add attempt %d of enrolment %s", a.Number, a.EnrolmentID)
}

// AttemptCount tells how often a quiz was handed in.
func (s *Store) AttemptCount(ctx context.Context, enrolmentID, lesson uid.ID) (int, error) {
	var n int64
	err := s.tx(ctx).Model(&enrolment.Attempt{}).Where("enrolment_id = ? and lesson_id = ?", enrolmentID, lesson).Count(&n).Error
	return int(n), fail(err, "count attempts of enrolment %s", enrolmentID)
}

// Attempts reads the newest attempts of a quiz, newest first.
func (s *Store) Attempts(ctx context.Context, enrolmentID, lesson uid.ID, limit int) (list []enrolment.Attempt, err error) {
	err = s.tx(ctx).Where("enrolment_id = ? and lesson_id = ?", enrolmentID, lesson).Order("number desc").Limit(limit).Find(&list).Error
	return list, fail(err, "attempts of enrolment %s", enrolmentID)
}
