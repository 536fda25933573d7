package enrolment

import (
	"context"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// NeedKind is what a course asks for first.
type NeedKind string

const (
	// NeedCourse asks for a course completed, on any version of it.
	NeedCourse NeedKind = "course"
	// NeedCertificate asks for a certificate of a course that is valid today.
	NeedCertificate NeedKind = "certificate"
	// NeedSkill asks for any completed course that teaches the skill.
	NeedSkill NeedKind = "skill"
)

// Need is something that a course asks for first, for one person. A course's needs must all be met before it is started.
type Need struct {
	ID           uid.ID // of the prerequisite
	CourseID     uid.ID
	Kind         NeedKind
	NeededCourse *uid.ID
	NeededSkill  *uid.ID
	Name         string // the needed course's title, or the skill's name
	Slug         string // of the needed course
	Met          bool
}

// Unmet are the needs that are not met.
func Unmet(needs []Need) (list []Need) {
	for _, n := range needs {
		if !n.Met {
			list = append(list, n)
		}
	}
	return list
}

// ErrNeedsFirst is a course that asks for something that the person does not have yet.
var ErrNeedsFirst = fault.New(fault.KindConflict, "course_needs_first", "This course asks for something first. Its page says what, and the shortest way there.")

// NeedKeeper is what prerequisites need kept.
type NeedKeeper interface {
	// NeedsOf lists what courses ask for first, by name, and whether it is met for a person; uid.Nil meets nothing. For who
	// may start a course without (a waiver) its needs are met.
	NeedsOf(ctx context.Context, person uid.ID, courses []uid.ID) ([]Need, error)
}

// ready fails with ErrNeedsFirst, naming what is missing, when a person may not start a course yet.
func (s *Service) ready(ctx context.Context, person, course uid.ID) error {
	needs, err := s.keep.NeedsOf(ctx, person, []uid.ID{course})
	if err != nil {
		return err
	}
	missing := Unmet(needs)
	if len(missing) == 0 {
		return nil
	}
	names := make([]string, len(missing))
	for i, n := range missing {
		names[i] = "“" + n.Name + "”"
	}
	return ErrNeedsFirst.Saying("Before this course comes: %s.", strings.Join(names, ", "))
}

// startable is ready for who is about to start; who has started goes on, whatever the course asks for since.
func (s *Service) startable(ctx context.Context, e Enrolment) error {
	if e.StartedAt != nil {
		return nil
	}
	return s.ready(ctx, e.PersonID, e.CourseID)
}
