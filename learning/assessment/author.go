package assessment

import (
	"context"
	"fmt"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
)

// Rules are the settings of a test as its author edits them.
type Rules struct {
	Settings
	Number int                      // 0: nobody has set any
	Heads  map[uid.ID]bank.Question // of the fixed questions, as far as who asks may use them
}

// DefaultSettings are what the author of a new test begins with.
func DefaultSettings() Settings {
	return Settings{Sections: []Section{{Marks: 1}}, Pass: 60, Feedback: Feedback{Marks: true, Right: true, Texts: true}}
}

// Rules reads the settings of a lesson of a course. It needs course:edit.
func (s *Service) Rules(ctx context.Context, course, lesson uid.ID) (out Rules, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.inCourse(ctx, course, lesson); err != nil {
			return err
		}
		if out.Settings, out.Number, err = s.keep.TestSettings(ctx, lesson, 0); err != nil {
			return err
		}
		if out.Number == 0 {
			out.Settings = DefaultSettings()
		}
		out.Heads, err = s.questions.Heads(ctx, out.fixed())
		return err
	})
	return out, err
}

// fixed are the questions that every attempt asks.
func (s Settings) fixed() (ids []uid.ID) {
	for _, sec := range s.Sections {
		for _, r := range sec.Fixed {
			ids = append(ids, r.Question)
		}
	}
	return ids
}

// SetInput is new settings; Number is that of the ones they were made from, 0 for none.
type SetInput struct {
	Course   uid.ID
	Lesson   uid.ID
	Number   int
	Settings Settings
}

// SetSettings writes the next version of a test's rules. Attempts that run stay by theirs. Questions must be published and
// of banks that who asks may use; those that stood in the test before may stay. It needs course:edit. Fields are those of
// Settings.Validate.
func (s *Service) SetSettings(ctx context.Context, in SetInput) (number int, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return 0, err
	}
	in.Settings.Code = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(in.Settings.Code, "\x00", ""), ""))
	for i := range in.Settings.Sections {
		sec := &in.Settings.Sections[i]
		sec.Title = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(sec.Title, "\x00", ""), ""))
	}
	if err = in.Settings.Validate(); err != nil {
		return 0, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		title, err := s.inCourse(ctx, in.Course, in.Lesson)
		if err != nil {
			return err
		}
		before, is, err := s.keep.TestSettings(ctx, in.Lesson, 0)
		if err != nil {
			return err
		}
		if is != in.Number {
			return ErrMoved
		}
		if err = s.usable(ctx, in.Settings, before); err != nil {
			return err
		}
		number = is + 1
		if err = s.keep.AddTestSettings(ctx, in.Lesson, number, in.Settings, who.PersonID, s.moment()); err != nil {
			return err
		}
		return s.tell(ctx, "test.changed", "lesson", in.Lesson, told{LessonID: in.Lesson, LessonTitle: title.lesson, CourseID: &in.Course, CourseTitle: title.course, Version: number})
	})
	return number, err
}

// usable fails for questions that are not there or may not be used, and for pools that have too few.
func (s *Service) usable(ctx context.Context, in, before Settings) error {
	heads, err := s.questions.Heads(ctx, in.fixed())
	if err != nil {
		return err
	}
	stood := map[bank.Ref]bool{}
	pools := map[string]bool{}
	for _, sec := range before.Sections {
		for _, r := range sec.Fixed {
			stood[r] = true
		}
		for _, p := range sec.Pools {
			pools[fmt.Sprint(p)] = true
		}
	}
	f := fault.Fields{}
	for i, sec := range in.Sections {
		at := fmt.Sprintf("sections.%d.", i)
		for _, r := range sec.Fixed {
			h, ok := heads[r.Question]
			f.Check(stood[r] || ok && r.Version >= 1 && r.Version <= h.Version, at+"fixed", "A question is not published, or its bank is not shared with you. Take it out, or choose another one.")
		}
		for n, p := range sec.Pools {
			size, err := s.questions.PoolSize(ctx, p)
			switch {
			case err != nil && fault.Of(err).Kind == fault.KindInternal:
				return err
			case err != nil:
				f.Check(pools[fmt.Sprint(p)], fmt.Sprintf("%spools.%d", at, n), fault.Of(err).Text)
			default:
				f.Check(size >= p.Count, fmt.Sprintf("%spools.%d", at, n), fmt.Sprintf("There are only %d published questions to draw from.", size))
			}
		}
	}
	return f.Err()
}

// titles are what a course and a lesson of it are called.
type titles struct{ course, lesson string }

// inCourse fails when a lesson is not a test of a course's, in its draft or as published.
func (s *Service) inCourse(ctx context.Context, course, lesson uid.ID) (out titles, err error) {
	c, err := s.keep.CourseByID(ctx, course)
	if err != nil {
		return out, err
	}
	for _, version := range []*uid.ID{c.DraftID, c.PublishedID} {
		if version == nil {
			continue
		}
		l, _, err := s.keep.LessonToLearn(ctx, *version, lesson)
		switch {
		case err == nil && l.Kind != catalog.LessonTest:
			return out, ErrNotATest
		case err == nil:
			v, err := s.keep.VersionByID(ctx, *version)
			return titles{v.Title, l.Title}, err
		case fault.Of(err).Kind != fault.KindNotFound:
			return out, err
		}
	}
	return out, catalog.ErrLessonNotFound
}

// isTest fails when a lesson of a version is not a test.
func (s *Service) isTest(ctx context.Context, version, lesson uid.ID) error {
	l, _, err := s.keep.LessonToLearn(ctx, version, lesson)
	if err == nil && l.Kind != catalog.LessonTest {
		err = ErrNotATest
	}
	return err
}

// Heads are questions of banks that who asks may use, for choosing among them. It needs course:edit.
func (s *Service) Heads(ctx context.Context, ids []uid.ID) (map[uid.ID]bank.Question, error) {
	return s.questions.Heads(ctx, ids)
}
