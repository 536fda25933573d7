package assignment

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// Rules are the settings of an assignment as its author edits them.
type Rules struct {
	Settings
	LessonID uid.ID
	Number   int // 0: nobody has set any
	Teams    []Team
}

// Rules reads the settings of a lesson. It needs course:edit.
func (s *Service) Rules(ctx context.Context, lesson uid.ID) (out Rules, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return out, err
	}
	out.LessonID = lesson
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out.Settings, out.Number, err = s.keep.AssignmentRules(ctx, lesson, 0); err != nil {
			return err
		}
		out.Teams, err = s.keep.TeamNames(ctx)
		return err
	})
	return out, err
}

// SetRulesInput is new settings; Number is that of the ones they were made from.
type SetRulesInput struct {
	Course   uid.ID
	Lesson   uid.ID
	Number   int
	Settings Settings
}

// SetRules keeps new settings as the next version. They hold for what is handed in from now on; what was handed in is
// marked by those it came under. Told as assignment.rules_set. It needs course:edit.
func (s *Service) SetRules(ctx context.Context, in SetRulesInput) (number int, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return 0, err
	}
	if in.Settings, err = in.Settings.Clean(); err != nil {
		return 0, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, in.Course)
		if err != nil {
			return err
		}
		title, err := s.hasTask(ctx, c, in.Lesson)
		if err != nil {
			return err
		}
		_, now, err := s.keep.AssignmentRules(ctx, in.Lesson, 0)
		if err != nil {
			return err
		}
		if now != in.Number {
			return ErrSettingsMoved
		}
		number = now + 1
		if err = s.keep.AddAssignmentRules(ctx, in.Lesson, number, in.Settings, asker(ctx).PersonID, s.moment()); err != nil {
			return err
		}
		return s.tell(ctx, "assignment.rules_set", c.ID, told{CourseID: c.ID, CourseTitle: title.course, LessonID: in.Lesson, LessonTitle: title.lesson, Number: number})
	})
	return number, err
}

// Task fails unless a course has a lesson to hand in for: catalog.ErrCourseNotFound, or what hasTask says. It asks for no permission.
func (s *Service) Task(ctx context.Context, course, lesson uid.ID) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		_, err = s.hasTask(ctx, c, lesson)
		return err
	})
}

// titles are what a course and a lesson of it are called.
type titles struct{ course, lesson string }

// hasTask fails when a lesson is not one of a course's, in its draft or as published, that asks for something to be handed
// in.
func (s *Service) hasTask(ctx context.Context, c catalog.Course, lesson uid.ID) (out titles, err error) {
	for _, version := range []*uid.ID{c.DraftID, c.PublishedID} {
		if version == nil {
			continue
		}
		l, _, err := s.keep.LessonToLearn(ctx, *version, lesson)
		switch {
		case err == nil && l.Kind != catalog.LessonSubmission:
			return out, enrolment.ErrNotASubmission
		case err == nil:
			v, err := s.keep.VersionByID(ctx, *version)
			return titles{v.Title, l.Title}, err
		case fault.Of(err).Kind != fault.KindNotFound:
			return out, err
		}
	}
	return out, catalog.ErrLessonNotFound
}
