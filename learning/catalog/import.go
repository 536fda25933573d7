package catalog

import (
	"context"
	"errors"
	"fmt"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// ImportCourse is a whole course at once: for the demo, templates and copies.
type ImportCourse struct {
	CourseInput
	Modules []ImportModule
}

// ImportModule is a chapter of it.
type ImportModule struct {
	Title   string
	Lessons []LessonInput
}

// normalise trims texts everywhere.
func (in *ImportCourse) normalise() {
	in.Normalise()
	if in.Slug == "" {
		in.Slug = SlugFrom(in.Title)
	}
	modules := make([]ImportModule, len(in.Modules))
	for i, m := range in.Modules {
		modules[i] = ImportModule{Title: line(m.Title), Lessons: make([]LessonInput, len(m.Lessons))}
		for j, l := range m.Lessons {
			l.Normalise()
			modules[i].Lessons[j] = l
		}
	}
	in.Modules = modules
}

// Validate gathers every fault of course, modules and lessons: fields as in CourseInput, modules.0.title,
// modules.0.lessons.1.body and so on.
func (in ImportCourse) Validate() error {
	f := fault.Fields{}
	in.check(f)
	lessons := 0
	for i, m := range in.Modules {
		checkTitle(f, fmt.Sprintf("modules.%d.title", i), m.Title)
		for j, l := range m.Lessons {
			l.check(f, byPlace().lesson(i, j))
		}
		lessons += len(m.Lessons)
	}
	f.Check(len(in.Modules) <= MaxModules, "modules", fmt.Sprintf("A course has at most %d modules.", MaxModules))
	f.Check(lessons <= MaxLessons, "modules", fmt.Sprintf("A course has at most %d lessons.", MaxLessons))
	return f.Err()
}

// Import makes a published course at once, all or nothing, with the checks of Publish. It is idempotent by slug: when
// a course has the slug already, that one comes back unchanged. It needs course:edit and
// course:publish.
func (s *Service) Import(ctx context.Context, in ImportCourse) (out Outline, err error) {
	for _, p := range []policy.Permission{policy.CourseEdit, policy.CoursePublish} {
		if err = auth.Require(ctx, p); err != nil {
			return Outline{}, err
		}
	}
	in.normalise()
	if err = in.Validate(); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseBySlug(ctx, in.Slug)
		if errors.Is(err, ErrCourseNotFound) {
			d := in.outline()
			if err = s.reviewed(ctx, Course{}, -1); err != nil { // what comes at once was read by nobody
				return err
			}
			if err = s.checkImport(ctx, in, d); err != nil {
				return err
			}
			c, err = s.begin(ctx, in.CourseInput, true)
			if err == nil {
				out, err = s.fill(ctx, c, d)
				return err
			}
			if errors.Is(err, ErrSlugTaken) { // another import came first
				c, err = s.keep.CourseBySlug(ctx, in.Slug)
			}
		}
		if err != nil {
			return err
		}
		out, err = s.outline(ctx, c, c.edited(), s.keep.LessonsOf)
		return err
	})
	return out, err
}

// outline lays the import out, with new ids.
func (in ImportCourse) outline() (o Outline) {
	for i, m := range in.Modules {
		module := OutlineModule{Module: Module{ID: uid.New(), Position: i, Title: m.Title}}
		for j, l := range m.Lessons {
			module.Lessons = append(module.Lessons, l.into(Lesson{ID: uid.New(), ModuleID: module.ID, Position: j}))
		}
		o.Modules = append(o.Modules, module)
	}
	return o
}

// checkImport fails when files are not here or something is missing for publishing.
func (s *Service) checkImport(ctx context.Context, in ImportCourse, o Outline) error {
	wishes := in.files()
	for i, m := range in.Modules {
		for j, l := range m.Lessons {
			wishes = append(wishes, l.files(byPlace().lesson(i, j))...)
		}
	}
	f := fault.Fields{}
	if err := s.checkFiles(ctx, f, wishes); err != nil {
		return err
	}
	if err := s.checkTeachable(ctx, f, o, byPlace()); err != nil {
		return err
	}
	if len(f) > 0 {
		return incomplete(f)
	}
	return nil
}

// fill writes an import's modules and lessons into the new course's draft and publishes it.
func (s *Service) fill(ctx context.Context, c Course, o Outline) (Outline, error) {
	v, err := s.keep.VersionByID(ctx, *c.DraftID)
	if err != nil {
		return Outline{}, err
	}
	var modules []Module
	var lessons []Lesson
	for _, m := range o.Modules {
		m.VersionID = v.ID
		modules = append(modules, m.Module)
		for _, l := range m.Lessons {
			l.VersionID = v.ID
			lessons = append(lessons, l)
		}
	}
	if err = s.keep.AddModules(ctx, modules); err != nil {
		return Outline{}, err
	}
	if err = s.keep.AddLessons(ctx, lessons); err != nil {
		return Outline{}, err
	}
	return s.publish(ctx, Assemble(c, v, modules, lessons))
}
