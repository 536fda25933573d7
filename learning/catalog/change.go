package catalog

import (
	"context"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// UpdateCourse changes what a course says of itself. Slug and self-enrolment hold at once; the rest belongs to the
// draft, which begins with the first change to it. It needs course:edit, and fails with ErrRevision when the course is
// not at the revision named any more.
func (s *Service) UpdateCourse(ctx context.Context, id uid.ID, revision int, in CourseInput) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	in.Normalise()
	if err = in.Validate(); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		f := fault.Fields{}
		if err := s.checkFiles(ctx, f, in.files()); err != nil {
			return err
		}
		if err := f.Err(); err != nil {
			return err
		}
		c, err := s.take(ctx, id, revision)
		if err != nil {
			return err
		}
		v, err := s.keep.VersionByID(ctx, c.edited())
		if err != nil {
			return err
		}
		if in.Language != v.Language {
			if _, offered, err := s.keep.TextOf(ctx, v.ID, in.Language, v.ID); err != nil {
				return err
			} else if offered {
				return fault.Fields{"language": "The course is offered in this language already. Remove that translation first."}.Err()
			}
		}
		if !in.says(v) {
			if v, err = s.draft(ctx, &c); err != nil {
				return err
			}
			if err = s.keep.UpdateVersion(ctx, in.into(v)); err != nil {
				return err
			}
		}
		c.Slug, c.SelfEnrol = in.Slug, in.SelfEnrol
		if err = s.keep.UpdateCourseRow(ctx, c); err != nil {
			return refuse(err)
		}
		out, err = s.outline(ctx, c, c.edited(), s.keep.LessonsOf)
		return err
	})
	return out, err
}

// says tells whether a version says what the input says.
func (in CourseInput) says(v Version) bool {
	same := in.CoverFileID == nil && v.CoverFileID == nil ||
		in.CoverFileID != nil && v.CoverFileID != nil && *in.CoverFileID == *v.CoverFileID
	return same && in.Title == v.Title && in.Summary == v.Summary && in.Language == v.Language && in.EstimatedMinutes == v.EstimatedMinutes
}

// AddModule adds a chapter at the end. It needs course:edit.
func (s *Service) AddModule(ctx context.Context, course uid.ID, revision int, title string) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		title, err := checkedTitle(title)
		if err != nil {
			return err
		}
		if len(d.Modules) >= MaxModules {
			return ErrCourseFull
		}
		return s.keep.AddModules(ctx, []Module{{VersionID: d.Version.ID, ID: uid.New(), Position: len(d.Modules), Title: title}})
	})
}

// RenameModule gives a chapter another title. It needs course:edit.
func (s *Service) RenameModule(ctx context.Context, course uid.ID, revision int, module uid.ID, title string) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		title, err := checkedTitle(title)
		if err != nil {
			return err
		}
		if _, err = d.module(module); err != nil {
			return err
		}
		return s.keep.RenameModule(ctx, d.Version.ID, module, title)
	})
}

// MoveModule puts a chapter at a position counted from 0; beyond the end means the end. It needs course:edit.
func (s *Service) MoveModule(ctx context.Context, course uid.ID, revision int, module uid.ID, position int) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		from, err := d.module(module)
		if err != nil {
			return err
		}
		to := within(position, len(d.Modules))
		if to == from {
			return nil
		}
		return s.keep.ShiftModule(ctx, d.Version.ID, module, from, to)
	})
}

// DeleteModule takes a chapter with its lessons out of the draft. Versions published earlier keep it. It needs
// course:edit.
func (s *Service) DeleteModule(ctx context.Context, course uid.ID, revision int, module uid.ID) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		from, err := d.module(module)
		if err != nil {
			return err
		}
		if last := len(d.Modules) - 1; from != last {
			if err = s.keep.ShiftModule(ctx, d.Version.ID, module, from, last); err != nil {
				return err
			}
		}
		gone := []uid.ID{module}
		for _, l := range d.Modules[from].Lessons {
			gone = append(gone, l.ID)
		}
		if err = s.keep.RemoveTexts(ctx, d.Version.ID, gone); err != nil {
			return err
		}
		return s.keep.RemoveModule(ctx, d.Version.ID, module)
	})
}

// AddLesson adds a lesson at the end of a module and gives its id. It needs course:edit.
func (s *Service) AddLesson(ctx context.Context, course uid.ID, revision int, module uid.ID, in LessonInput) (out Outline, lesson uid.ID, err error) {
	lesson = uid.New()
	out, err = s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		in.Normalise()
		if err := in.Validate(); err != nil {
			return err
		}
		i, err := d.module(module)
		if err != nil {
			return err
		}
		if len(d.Lessons()) >= MaxLessons {
			return ErrCourseFull
		}
		if err = s.checkLessonFiles(ctx, in); err != nil {
			return err
		}
		l := Lesson{VersionID: d.Version.ID, ID: lesson, ModuleID: module, Position: len(d.Modules[i].Lessons)}
		return s.keep.AddLessons(ctx, []Lesson{in.into(l)})
	})
	if err != nil {
		return Outline{}, uid.Nil, err
	}
	return out, lesson, nil
}

// UpdateLesson changes what a lesson says. Its kind stays what it was: what completes it must not change under those
// who began it. Questions and options keep the ids they come with. It needs course:edit.
func (s *Service) UpdateLesson(ctx context.Context, course uid.ID, revision int, lesson uid.ID, in LessonInput) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		l, ok := d.Lesson(lesson)
		if !ok {
			return ErrLessonNotFound
		}
		if in.Kind == "" {
			in.Kind = l.Kind
		}
		if in.Kind != l.Kind {
			return fault.Fields{"kind": "A lesson keeps its kind. Add a new lesson of the other kind and delete this one."}.Err()
		}
		in.Normalise()
		if err := in.Validate(); err != nil {
			return err
		}
		if err := s.checkLessonFiles(ctx, in); err != nil {
			return err
		}
		return s.keep.UpdateLesson(ctx, in.into(l))
	})
}

// MoveLesson puts a lesson at a position, counted from 0, of a module, its own or another; beyond the end means the
// end. It needs course:edit.
func (s *Service) MoveLesson(ctx context.Context, course uid.ID, revision int, lesson, toModule uid.ID, position int) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		l, ok := d.Lesson(lesson)
		if !ok {
			return ErrLessonNotFound
		}
		i, err := d.module(toModule)
		if err != nil {
			return err
		}
		places := len(d.Modules[i].Lessons)
		if toModule != l.ModuleID {
			places++
		}
		to := within(position, places)
		if toModule == l.ModuleID && to == l.Position {
			return nil
		}
		return s.keep.ShiftLesson(ctx, LessonShift{Version: d.Version.ID, Lesson: lesson, FromModule: l.ModuleID, ToModule: toModule, From: l.Position, To: to})
	})
}

// DeleteLesson takes a lesson out of the draft. Versions published earlier keep it. It needs course:edit.
func (s *Service) DeleteLesson(ctx context.Context, course uid.ID, revision int, lesson uid.ID) (Outline, error) {
	return s.change(ctx, course, revision, func(ctx context.Context, d Outline) error {
		l, ok := d.Lesson(lesson)
		if !ok {
			return ErrLessonNotFound
		}
		i, err := d.module(l.ModuleID)
		if err != nil {
			return err
		}
		if last := len(d.Modules[i].Lessons) - 1; l.Position != last {
			shift := LessonShift{Version: d.Version.ID, Lesson: lesson, FromModule: l.ModuleID, ToModule: l.ModuleID, From: l.Position, To: last}
			if err = s.keep.ShiftLesson(ctx, shift); err != nil {
				return err
			}
		}
		if err = s.keep.RemoveTexts(ctx, d.Version.ID, []uid.ID{lesson}); err != nil {
			return err
		}
		return s.keep.RemoveLesson(ctx, d.Version.ID, lesson)
	})
}

// change runs one change on the draft of a course, holding the course from the revision check to the commit: changes
// to one course happen one after the other, so what apply reads in the outline is so when it writes.
func (s *Service) change(ctx context.Context, course uid.ID, revision int, apply func(context.Context, Outline) error) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.take(ctx, course, revision)
		if err != nil {
			return err
		}
		if _, err = s.draft(ctx, &c); err != nil {
			return err
		}
		before, err := s.outline(ctx, c, *c.DraftID, s.keep.LessonHeads) // apply asks where things stand, not what they say
		if err != nil {
			return err
		}
		if err = apply(ctx, before); err != nil {
			return err
		}
		out, err = s.outline(ctx, c, *c.DraftID, s.keep.LessonsOf)
		return err
	})
	if err != nil {
		return Outline{}, err
	}
	return out, nil
}

// take holds the course if it still is at the revision, counting it up.
func (s *Service) take(ctx context.Context, course uid.ID, revision int) (Course, error) {
	c, taken, err := s.keep.TakeRevision(ctx, course, revision, s.now())
	if err != nil || taken {
		return c, err
	}
	if _, err = s.keep.CourseByID(ctx, course); err != nil {
		return Course{}, err
	}
	return Course{}, ErrRevision
}

// draft gives the version being written. When there is none, it begins one as a copy of the published version, with
// the ids of modules and lessons. The course must be held.
func (s *Service) draft(ctx context.Context, c *Course) (Version, error) {
	if c.DraftID == nil {
		if err := s.clone(ctx, c, *c.PublishedID); err != nil {
			return Version{}, err
		}
	}
	v, err := s.keep.VersionByID(ctx, *c.DraftID)
	if err == nil && v.PublishedAt != nil {
		err = ErrVersionFixed
	}
	return v, err
}

// clone begins a draft of a held course as a copy of one of its versions, translations too.
func (s *Service) clone(ctx context.Context, c *Course, from uid.ID) error {
	id := uid.New()
	if err := s.keep.CloneVersion(ctx, from, id, s.now()); err != nil {
		return err
	}
	for _, copied := range []func(context.Context, uid.ID, uid.ID) error{s.keep.CloneModules, s.keep.CloneLessons, s.keep.CloneTexts} {
		if err := copied(ctx, from, id); err != nil {
			return err
		}
	}
	c.DraftID = &id
	c.unreviewed()
	return s.keep.UpdateCourseRow(ctx, *c)
}

func (s *Service) checkLessonFiles(ctx context.Context, in LessonInput) error {
	f := fault.Fields{}
	if err := s.checkFiles(ctx, f, in.files("")); err != nil {
		return err
	}
	return f.Err()
}

func (o Outline) module(id uid.ID) (index int, err error) {
	i := slices.IndexFunc(o.Modules, func(m OutlineModule) bool { return m.ID == id })
	if i < 0 {
		return 0, ErrModuleNotFound
	}
	return i, nil
}

func within(position, places int) int { return max(0, min(position, places-1)) }

func checkedTitle(title string) (string, error) {
	title = line(title)
	f := fault.Fields{}
	checkTitle(f, "title", title)
	return title, f.Err()
}
