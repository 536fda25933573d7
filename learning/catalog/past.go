package catalog

import (
	"context"
	"maps"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/lines"
	"lyceum/internal/uid"
)

// Lesson gives a lesson as its authors see it. It needs course:edit.
func (s *Service) Lesson(ctx context.Context, course, lesson uid.ID) (w Written, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Written{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		w, err = s.written(ctx, course, lesson, false)
		return err
	})
	return w, err
}

// Saves lists what is kept of a lesson's past, in all versions of the course, the newest first and without content. It
// needs course:edit.
func (s *Service) Saves(ctx context.Context, course, lesson uid.ID) (saves []Save, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err = s.written(ctx, course, lesson, false); err != nil {
			return err
		}
		if saves, err = s.keep.LessonSaves(ctx, course, lesson, MaxSaves); err != nil {
			return err
		}
		return s.name(ctx, saves)
	})
	return saves, err
}

// name fills in who saved.
func (s *Service) name(ctx context.Context, saves []Save) error {
	people := map[uid.ID]bool{}
	for _, save := range saves {
		if save.SavedBy != nil {
			people[*save.SavedBy] = true
		}
	}
	names, err := s.keep.NamesOf(ctx, slices.Collect(maps.Keys(people)))
	for i := range saves {
		if by := saves[i].SavedBy; by != nil {
			saves[i].Name = names[*by]
		}
	}
	return err
}

// Past is a state of a lesson, and what made it of the one before.
type Past struct {
	Save
	Before *Save // nil for the first that is kept
}

// Changes tells how the text changed from the state before to this one; without one before, all of it is new.
func (p Past) Changes() []lines.Change {
	before := ""
	if p.Before != nil {
		before = p.Before.Content.Body
	}
	return lines.Diff(before, p.Content.Body)
}

// Fields names what else changed, by the fields of LessonInput.
func (p Past) Fields() []string {
	if p.Before == nil {
		return nil
	}
	return differing(LessonInput(p.Before.Content), LessonInput(p.Content))
}

// SaveOf gives one state of a lesson's past. It needs course:edit; one that is not kept is ErrSaveNotFound.
func (s *Service) SaveOf(ctx context.Context, course, lesson uid.ID, revision int) (p Past, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Past{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if p.Save, err = s.saveOf(ctx, course, lesson, revision); err != nil {
			return err
		}
		all := []Save{p.Save}
		before, missing := s.keep.LessonSaveUpTo(ctx, course, lesson, revision-1)
		if missing == nil {
			all = append(all, before)
		}
		if err = s.name(ctx, all); err != nil {
			return err
		}
		p.Save = all[0]
		if missing == nil {
			p.Before = &all[1]
		}
		return nil
	})
	return p, err
}

func (s *Service) saveOf(ctx context.Context, course, lesson uid.ID, revision int) (Save, error) {
	if _, err := s.written(ctx, course, lesson, false); err != nil {
		return Save{}, err
	}
	kept, err := s.keep.LessonSaveUpTo(ctx, course, lesson, revision)
	if err == nil && kept.Revision != revision {
		err = ErrSaveNotFound
	}
	return kept, err
}

// RestoreLesson makes a lesson say again what it said at an earlier revision, as a new save on the revision named. It
// needs course:edit.
func (s *Service) RestoreLesson(ctx context.Context, course, lesson uid.ID, revision, earlier int) (Written, error) {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return Written{}, err
	}
	var kept Save
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		kept, err = s.saveOf(ctx, course, lesson, earlier)
		return err
	})
	if err != nil {
		return Written{}, err
	}
	return s.write(ctx, course, lesson, LessonSave{Revision: revision, Lesson: LessonInput(kept.Content)}, false)
}

// Writing notes that who asks has a lesson open to write in it, and gives the names of who else has. It needs
// course:edit.
func (s *Service) Writing(ctx context.Context, course, lesson uid.ID) (w Written, others []string, err error) {
	if err = auth.Require(ctx, policy.CourseEdit); err != nil {
		return Written{}, nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if w, err = s.written(ctx, course, lesson, false); err != nil {
			return err
		}
		if err = s.keep.SeeWriter(ctx, lesson, who.PersonID, s.now()); err != nil {
			return err
		}
		people, err := s.keep.WritersSince(ctx, lesson, who.PersonID, s.now().Add(-WriterFresh))
		if err != nil {
			return err
		}
		names, err := s.keep.NamesOf(ctx, people)
		others = slices.Sorted(maps.Values(names))
		return err
	})
	return w, others, err
}
