package store

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// CountSave counts a save of a course's lessons and holds the course until the transaction ends.
func (s *Store) CountSave(ctx context.Context, course uid.ID, at time.Time) (c catalog.Course, err error) {
	res := s.tx(ctx).Raw("update courses set saves = coalesce(saves, 0) + 1, updated_at = ? where id = ? returning "+courseColumns, at, course).Scan(&c)
	if res.Error == nil && res.RowsAffected == 0 {
		return c, catalog.ErrCourseNotFound
	}
	return c, fail(res.Error, "count a save of course %s", course)
}

// LessonByID reads a lesson of a version.
func (s *Store) LessonByID(ctx context.Context, version, lesson uid.ID) (l catalog.Lesson, err error) {
	err = s.tx(ctx).Where("version_id = ? and id = ?", version, lesson).Take(&l).Error
	return l, notFound(err, catalog.ErrLessonNotFound, "lesson %s", lesson)
}

// AddLessonSaves keeps states of a lesson.
func (s *Store) AddLessonSaves(ctx context.Context, saves ...catalog.Save) error {
	return fail(s.tx(ctx).Create(&saves).Error, "keep %d states of a lesson", len(saves))
}

// ofCourse narrows saves to a lesson of a course.
const ofCourse = "lesson_id = ? and version_id in (select id from course_versions where course_id = ?)"

// LessonSaves lists the states of a lesson that are kept, the newest first and without what they say.
func (s *Store) LessonSaves(ctx context.Context, course, lesson uid.ID, limit int) (saves []catalog.Save, err error) {
	err = s.tx(ctx).Select("id", "version_id", "lesson_id", "revision", "automatic", "saved_by", "saved_at").
		Where(ofCourse, lesson, course).Order("revision desc, id desc").Limit(limit).Find(&saves).Error
	return saves, fail(err, "states of lesson %s", lesson)
}

// LessonSaveUpTo reads the newest state of a lesson up to a revision.
func (s *Store) LessonSaveUpTo(ctx context.Context, course, lesson uid.ID, revision int) (save catalog.Save, err error) {
	err = s.tx(ctx).Where(ofCourse+" and revision <= ?", lesson, course, revision).Order("revision desc, id desc").Limit(1).Take(&save).Error
	return save, notFound(err, catalog.ErrSaveNotFound, "state %d of lesson %s", revision, lesson)
}

// ThinLessonSaves forgets the automatic saves of a version that a person made since a time, before this one.
func (s *Store) ThinLessonSaves(ctx context.Context, save catalog.Save, since time.Time) error {
	err := s.tx(ctx).Exec("delete from lesson_saves where version_id = ? and lesson_id = ? and automatic and saved_by = ? and saved_at >= ? and revision < ?",
		save.VersionID, save.LessonID, save.SavedBy, since, save.Revision).Error
	return fail(err, "thin the states of lesson %s", save.LessonID)
}

// TrimLessonSaves keeps the newest states of a lesson in a version.
func (s *Store) TrimLessonSaves(ctx context.Context, version, lesson uid.ID, keep int) error {
	err := s.tx(ctx).Exec(`delete from lesson_saves where version_id = ? and lesson_id = ? and revision <=
		(select revision from lesson_saves where version_id = ? and lesson_id = ? order by revision desc offset ? limit 1)`,
		version, lesson, version, lesson, keep).Error
	return fail(err, "trim the states of lesson %s", lesson)
}

// SeeWriter notes that a person has a lesson open.
func (s *Store) SeeWriter(ctx context.Context, lesson, person uid.ID, at time.Time) error {
	err := s.tx(ctx).Exec(`insert into lesson_writers (lesson_id, person_id, seen_at) values (?, ?, ?)
		on conflict (lesson_id, person_id) do update set seen_at = excluded.seen_at`, lesson, person, at).Error
	return fail(err, "note a writer of lesson %s", lesson)
}

// writersMost bounds how many are named.
const writersMost = 20

// WritersSince gives who else has had a lesson open since a time.
func (s *Store) WritersSince(ctx context.Context, lesson, but uid.ID, since time.Time) (people []uid.ID, err error) {
	err = s.tx(ctx).Table("lesson_writers").Where("lesson_id = ? and person_id <> ? and seen_at >= ?", lesson, but, since).
		Order("seen_at desc").Limit(writersMost).Pluck("person_id", &people).Error
	return people, fail(err, "writers of lesson %s", lesson)
}
