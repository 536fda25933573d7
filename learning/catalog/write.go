package catalog

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
)

// WritingKeeper is what writing lessons needs kept beside the rest.
type WritingKeeper interface {
	// CountSave counts a save of one of the course's lessons, and holds the course until the transaction ends.
	CountSave(ctx context.Context, course uid.ID, at time.Time) (Course, error)
	LessonByID(ctx context.Context, version, lesson uid.ID) (Lesson, error)
	AddLessonSaves(ctx context.Context, saves ...Save) error
	// LessonSaves lists what is kept of a lesson in all versions of its course, the newest first and without content.
	LessonSaves(ctx context.Context, course, lesson uid.ID, limit int) ([]Save, error)
	// LessonSaveUpTo gives the newest save whose revision is at most this one.
	LessonSaveUpTo(ctx context.Context, course, lesson uid.ID, revision int) (Save, error)
	// ThinLessonSaves forgets a person's automatic saves of a version since a time, before a revision.
	ThinLessonSaves(ctx context.Context, s Save, since time.Time) error
	// TrimLessonSaves keeps the newest saves of a lesson's version.
	TrimLessonSaves(ctx context.Context, version, lesson uid.ID, keep int) error
	NamesOf(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)

	// SeeWriter notes that a person has a lesson open.
	SeeWriter(ctx context.Context, lesson, person uid.ID, at time.Time) error
	// WritersSince gives who else has had it open since a time.
	WritersSince(ctx context.Context, lesson, but uid.ID, since time.Time) ([]uid.ID, error)
}

// Bounds of what is kept of a lesson's past.
const (
	// MaxSaves is how many saves of a lesson are kept in each version.
	MaxSaves = 100
	// SaveEvery is how long one person's automatic saves count as one.
	SaveEvery = 3 * time.Minute
	// WriterFresh is how long a page that is open counts after it last said so.
	WriterFresh = 90 * time.Second
)

// Content is what a lesson says, kept as one JSON value.
type Content LessonInput

// Value writes the JSON as a string: []byte fails in pgx's exec mode.
func (c Content) Value() (driver.Value, error) {
	b, err := json.Marshal(LessonInput(c))
	return string(b), err
}

// Scan reads the JSON.
func (c *Content) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*LessonInput)(c))
	case []byte:
		return json.Unmarshal(v, (*LessonInput)(c))
	case nil:
		*c = Content{}
		return nil
	}
	return fmt.Errorf("lesson content: cannot read %T", src)
}

// Save is what a lesson said at one of its revisions. It is a row of lesson_saves.
type Save struct {
	ID        uid.ID
	VersionID uid.ID
	LessonID  uid.ID
	Revision  int
	Automatic bool // by the editor, not by its button
	Content   Content
	SavedBy   *uid.ID // nil for what it said before anything was kept
	SavedAt   time.Time
	Name      string `gorm:"-"` // of who saved it, "" when they are not here any more
}

// TableName is lesson_saves.
func (Save) TableName() string { return "lesson_saves" }

// Input is what a lesson says as an author would write it.
func (l Lesson) Input() (in LessonInput) {
	// By their names: every field that an author writes is called the same in both.
	b, err := json.Marshal(l)
	if err == nil {
		err = json.Unmarshal(b, &in)
	}
	if err != nil {
		panic(err) // unreachable: both are plain values
	}
	return in
}

// says tells whether two inputs say the same.
func (in LessonInput) says(other LessonInput) bool {
	a, errA := json.Marshal(in.plain())
	b, errB := json.Marshal(other.plain())
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// plain writes no questions in one way.
func (in LessonInput) plain() LessonInput {
	if len(in.Questions) == 0 {
		in.Questions = nil
	}
	return in
}

// LessonSave is a lesson to save, made on its revision.
type LessonSave struct {
	Revision int
	// Automatic is the editor's own save. It takes what is not finished yet; a person's is refused while a picture has
	// no alternative text.
	Automatic bool
	Lesson    LessonInput
}

// Written is a lesson with the version it stands in.
type Written struct {
	Course  Course
	Version Version
	Lesson  Lesson
}

// SaveLesson changes what a lesson says, and keeps what it said before. The revision is the lesson's own: authors of
// different lessons never meet. A draft that was to be read over, or was approved, asks for another reading. One that is not the latest is ErrLessonChanged, unless the lesson says this already: a
// save whose answer was lost may be sent again. Its kind stays what it was: what completes it must not change under
// those who began it. Questions and options keep the ids they come with. It needs course:edit.
func (s *Service) SaveLesson(ctx context.Context, course, lesson uid.ID, in LessonSave) (Written, error) {
	return s.write(ctx, course, lesson, in, !in.Automatic)
}

// write saves a lesson; finished asks for the alternative texts of its pictures.
func (s *Service) write(ctx context.Context, course, lesson uid.ID, in LessonSave, finished bool) (w Written, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Written{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if w, err = s.written(ctx, course, lesson, true); err != nil {
			return err
		}
		if in.Lesson, err = s.checkedLesson(ctx, w.Lesson, in.Lesson, finished); err != nil {
			return err
		}
		if w.Lesson.Input().says(in.Lesson) {
			return nil
		}
		if in.Revision != w.Lesson.Revision {
			return ErrLessonChanged
		}
		before := w
		if w.Course, err = s.keep.CountSave(ctx, course, s.now()); err != nil {
			return err
		}
		if w.Version, err = s.draft(ctx, &w.Course); err != nil {
			return err
		}
		if err = s.reread(ctx, &w.Course); err != nil {
			return err
		}
		w.Lesson = in.Lesson.Into(w.Lesson)
		w.Lesson.VersionID, w.Lesson.Revision = w.Version.ID, w.Lesson.Revision+1
		if err = s.keep.UpdateLesson(ctx, w.Lesson); err != nil {
			return err
		}
		return s.remember(ctx, before, w, in.Automatic)
	})
	if err != nil {
		return Written{}, err
	}
	return w, nil
}

// written reads a lesson as its authors see it; hold holds its course.
func (s *Service) written(ctx context.Context, course, lesson uid.ID, hold bool) (w Written, err error) {
	read := s.keep.CourseByID
	if hold {
		read = s.keep.LockCourse
	}
	if w.Course, err = read(ctx, course); err != nil {
		return w, err
	}
	if w.Version, err = s.keep.VersionByID(ctx, w.Course.edited()); err != nil {
		return w, err
	}
	w.Lesson, err = s.keep.LessonByID(ctx, w.Version.ID, lesson)
	return w, err
}

// checkedLesson gives the input as it will be kept, or what is wrong with it.
func (s *Service) checkedLesson(ctx context.Context, l Lesson, in LessonInput, finished bool) (LessonInput, error) {
	if in.Kind == "" {
		in.Kind = l.Kind
	}
	if in.Kind != l.Kind {
		return in, fault.Fields{"kind": "A lesson keeps its kind. Add a new lesson of the other kind and delete this one."}.Err()
	}
	in.Normalise()
	if err := in.Validate(); err != nil {
		return in, err
	}
	if err := markdown.Check(in.Body); err != nil {
		return in, fault.Fields{"body": fault.Of(err).Text}.Err()
	}
	f := fault.Fields{}
	if finished {
		CheckAlternatives(f, in.Body)
	}
	if err := s.checkFiles(ctx, f, in.files("")); err != nil {
		return in, err
	}
	return in, f.Err()
}

// remember keeps a save, and what the lesson said before the first one.
func (s *Service) remember(ctx context.Context, before, after Written, automatic bool) error {
	save := func(w Written) Save {
		return Save{ID: uid.New(), VersionID: w.Version.ID, LessonID: w.Lesson.ID, Revision: w.Lesson.Revision, Content: Content(w.Lesson.Input())}
	}
	_, err := s.keep.LessonSaveUpTo(ctx, after.Course.ID, after.Lesson.ID, before.Lesson.Revision)
	if errors.Is(err, ErrSaveNotFound) {
		first := save(before)
		first.SavedAt = before.Version.CreatedAt
		err = s.keep.AddLessonSaves(ctx, first)
	}
	if err != nil {
		return err
	}
	latest := save(after)
	latest.Automatic, latest.SavedAt = automatic, s.now()
	if who, ok := auth.PrincipalFrom(ctx); ok {
		latest.SavedBy = &who.PersonID
	}
	if err = s.keep.AddLessonSaves(ctx, latest); err != nil {
		return err
	}
	if automatic {
		if err = s.keep.ThinLessonSaves(ctx, latest, latest.SavedAt.Truncate(SaveEvery)); err != nil {
			return err
		}
	}
	return s.keep.TrimLessonSaves(ctx, latest.VersionID, latest.LessonID, MaxSaves)
}
