package store

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// CloneModules copies the modules of a version into another, with their ids.
func (s *Store) CloneModules(ctx context.Context, from, to uid.ID) error {
	err := s.tx(ctx).Exec(`insert into modules (version_id, id, position, title)
		select ?::uuid, id, position, title from modules where version_id = ?`, to, from).Error
	return fail(err, "clone modules of version %s", from)
}

// CloneLessons copies the lessons of a version into another, with their ids.
func (s *Store) CloneLessons(ctx context.Context, from, to uid.ID) error {
	err := s.tx(ctx).Exec(`insert into lessons (version_id, id, module_id, position, kind, title, minutes, body, file_id, captions_file_id, pass_percent, questions, url, completion, no_skip, revision)
		select ?::uuid, id, module_id, position, kind, title, minutes, body, file_id, captions_file_id, pass_percent, questions, url, completion, no_skip, revision
		from lessons where version_id = ?`, to, from).Error
	return fail(err, "clone lessons of version %s", from)
}

// AddModules writes new modules.
func (s *Store) AddModules(ctx context.Context, modules []catalog.Module) error {
	if len(modules) == 0 {
		return nil
	}
	return fail(s.tx(ctx).Create(&modules).Error, "add %d modules", len(modules))
}

// ModulesOf reads the modules of a version in order.
func (s *Store) ModulesOf(ctx context.Context, version uid.ID) (modules []catalog.Module, err error) {
	err = s.tx(ctx).Where("version_id = ?", version).Order("position, id").Limit(catalog.MaxModules).Find(&modules).Error
	return modules, fail(err, "modules of version %s", version)
}

// RenameModule gives a module another title.
func (s *Store) RenameModule(ctx context.Context, version, module uid.ID, title string) error {
	return s.changeOne(ctx, catalog.ErrModuleNotFound, "rename module", "update modules set title = ? where version_id = ? and id = ?", title, version, module)
}

// ShiftModule moves a module between positions and those between by one, in one statement.
func (s *Store) ShiftModule(ctx context.Context, version, module uid.ID, from, to int) error {
	return s.changeOne(ctx, catalog.ErrModuleNotFound, "move module", `update modules
		set position = case when id = ? then ?::integer when position > ? then position - 1 else position + 1 end
		where version_id = ? and position between ? and ?`, module, to, from, version, min(from, to), max(from, to))
}

// RemoveModule deletes a module with its lessons.
func (s *Store) RemoveModule(ctx context.Context, version, module uid.ID) error {
	return s.changeOne(ctx, catalog.ErrModuleNotFound, "remove module", "delete from modules where version_id = ? and id = ?", version, module)
}

// AddLessons writes new lessons.
func (s *Store) AddLessons(ctx context.Context, lessons []catalog.Lesson) error {
	if len(lessons) == 0 {
		return nil
	}
	return fail(s.tx(ctx).CreateInBatches(&lessons, 100).Error, "add %d lessons", len(lessons))
}

// LessonsOf reads the lessons of a version, in order within their modules.
func (s *Store) LessonsOf(ctx context.Context, version uid.ID) (lessons []catalog.Lesson, err error) {
	err = s.tx(ctx).Where("version_id = ?", version).Order("position, id").Limit(catalog.MaxLessons).Find(&lessons).Error
	return lessons, fail(err, "lessons of version %s", version)
}

// LessonHeads reads the lessons of a version without body and questions.
func (s *Store) LessonHeads(ctx context.Context, version uid.ID) (lessons []catalog.Lesson, err error) {
	err = s.tx(ctx).Select("version_id", "id", "module_id", "position", "kind", "title", "minutes", "file_id", "captions_file_id", "pass_percent", "url", "completion", "no_skip", "revision").
		Where("version_id = ?", version).Order("position, id").Limit(catalog.MaxLessons).Find(&lessons).Error
	return lessons, fail(err, "lesson titles of version %s", version)
}

// UpdateLesson writes what a lesson says, not where it stands.
func (s *Store) UpdateLesson(ctx context.Context, l catalog.Lesson) error {
	return s.changeOne(ctx, catalog.ErrLessonNotFound, "update lesson", `update lessons set kind = ?, title = ?, minutes = ?, body = ?, file_id = ?, captions_file_id = ?, pass_percent = ?, questions = ?,
		url = ?, completion = ?, no_skip = ?, revision = ? where version_id = ? and id = ?`, l.Kind, l.Title, l.Minutes, l.Body, l.FileID, l.CaptionsFileID, l.PassPercent, l.Questions,
		l.URL, l.Completion, l.NoSkip, l.Revision, l.VersionID, l.ID)
}

// ShiftLesson moves a lesson to another position, in its module or another, and closes and opens the gaps, in one
// statement.
func (s *Store) ShiftLesson(ctx context.Context, m catalog.LessonShift) error {
	const within = `update lessons
		set position = case when id = ? then ?::integer when position > ? then position - 1 else position + 1 end
		where version_id = ? and module_id = ? and position between ? and ?`
	const across = `update lessons
		set position = case when id = ? then ?::integer when module_id = ? then position - 1 else position + 1 end,
			module_id = case when id = ? then ?::uuid else module_id end
		where version_id = ? and (module_id = ? and position >= ? or module_id = ? and position >= ?)`
	q := s.tx(ctx)
	if m.FromModule == m.ToModule {
		q = q.Exec(within, m.Lesson, m.To, m.From, m.Version, m.FromModule, min(m.From, m.To), max(m.From, m.To))
	} else {
		q = q.Exec(across, m.Lesson, m.To, m.FromModule, m.Lesson, m.ToModule, m.Version, m.FromModule, m.From, m.ToModule, m.To)
	}
	if q.Error == nil && q.RowsAffected == 0 {
		return catalog.ErrLessonNotFound
	}
	return fail(q.Error, "move lesson %s", m.Lesson)
}

// RemoveLesson deletes a lesson.
func (s *Store) RemoveLesson(ctx context.Context, version, lesson uid.ID) error {
	return s.changeOne(ctx, catalog.ErrLessonNotFound, "remove lesson", "delete from lessons where version_id = ? and id = ?", version, lesson)
}
