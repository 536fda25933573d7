package catalog

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// CopyInput is what a copy is called. An empty Slug is made from the title.
type CopyInput struct{ Title, Slug string }

// Duplicate begins a course with everything that another's authors see of it: modules, lessons, languages, and the
// settings but that it is a template. So a course begins from a template too. Nobody is in it. It tells of it as
// course.created and needs course:edit.
func (s *Service) Duplicate(ctx context.Context, course uid.ID, in CopyInput) (out Outline, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Outline{}, err
	}
	f := fault.Fields{}
	in.Title = line(in.Title)
	checkTitle(f, "title", in.Title)
	if err = f.Err(); err != nil {
		return Outline{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		from, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		source, err := s.outline(ctx, from, from.edited(), s.keep.LessonsOf)
		if err != nil {
			return err
		}
		out, err = s.copied(ctx, source, in)
		return err
	})
	return out, err
}

// copied writes an outline into a new course.
func (s *Service) copied(ctx context.Context, source Outline, in CopyInput) (Outline, error) {
	v := source.Version
	begin := CourseInput{
		Title: in.Title, Slug: in.Slug, Summary: v.Summary, Language: v.Language, CoverFileID: v.CoverFileID, EstimatedMinutes: v.EstimatedMinutes, SelfEnrol: source.Course.SelfEnrol,
	}
	begin.Normalise()
	chosen := begin.Slug != ""
	if !chosen {
		begin.Slug = SlugFrom(begin.Title)
	}
	if err := begin.Validate(); err != nil {
		return Outline{}, err
	}
	c, err := s.begin(ctx, begin, chosen)
	if err != nil {
		return Outline{}, err
	}
	if err = s.copySettings(ctx, source.Course, &c); err != nil {
		return Outline{}, err
	}
	ids := map[uid.ID]uid.ID{v.ID: *c.DraftID}
	var modules []Module
	var lessons []Lesson
	for _, m := range source.Modules {
		ids[m.ID] = uid.New()
		modules = append(modules, Module{VersionID: *c.DraftID, ID: ids[m.ID], Position: m.Position, Title: m.Title})
		for _, l := range m.Lessons {
			ids[l.ID] = uid.New()
			l.VersionID, l.ID, l.ModuleID, l.Revision = *c.DraftID, ids[l.ID], ids[m.ID], 0
			lessons = append(lessons, l)
		}
	}
	if err = s.keep.AddModules(ctx, modules); err != nil {
		return Outline{}, err
	}
	if err = s.keep.AddLessons(ctx, lessons); err != nil {
		return Outline{}, err
	}
	for _, l := range source.Lessons() {
		switch l.Kind {
		case LessonSubmission:
			err = s.keep.CopyAssignmentRules(ctx, l.ID, ids[l.ID])
		case LessonTest:
			err = s.keep.CopyTestSettings(ctx, l.ID, ids[l.ID])
		default:
		}
		if err != nil {
			return Outline{}, err
		}
	}
	texts, err := s.keep.TextsOf(ctx, v.ID)
	if err != nil {
		return Outline{}, err
	}
	for _, t := range texts {
		part, here := ids[t.Part]
		if !here {
			continue
		}
		t.VersionID, t.Part = *c.DraftID, part
		if err = s.keep.PutText(ctx, t); err != nil {
			return Outline{}, err
		}
	}
	out, err := s.outline(ctx, c, *c.DraftID, s.keep.LessonsOf)
	if err != nil {
		return Outline{}, err
	}
	return out, s.tell(ctx, "course.created", c, map[string]any{"slug": c.Slug, "title": out.Version.Title, "source_id": source.Course.ID, "source_name": v.Title})
}

func (s *Service) copySettings(ctx context.Context, from Course, to *Course) error {
	set, err := s.keep.CourseSettings(ctx, from)
	if err != nil {
		return err
	}
	set.Template = false
	set.into(to)
	if err = s.keep.UpdateCourseRow(ctx, *to); err != nil {
		return err
	}
	return s.setLists(ctx, to.ID, Settings{}, set)
}
