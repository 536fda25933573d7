package enrolment

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Wanted is someone who is to be in a course.
type Wanted struct {
	Person uid.ID
	DueAt  *time.Time
}

// Added is someone who is in a course since now.
type Added struct {
	ID         uid.ID
	PersonID   uid.ID
	PersonName string
	DueAt      *time.Time
}

// Round is one time that a person was in a course. A round that was superseded is closed.
type Round struct {
	Enrolment
	SupersededAt    *time.Time
	VersionNumber   int
	CertificateCode string // "" none that holds
}

// RoundKeeper is what people who take a course again need kept.
type RoundKeeper interface {
	// Supersede closes a completed round; false where it is not completed, or something in it waits for a mark or runs.
	Supersede(ctx context.Context, id uid.ID, at time.Time) (bool, error)
	// EnrolMany writes enrolments like one; who is in the course, was withdrawn from it or is deactivated is left out.
	EnrolMany(ctx context.Context, like Enrolment, people []Wanted) ([]Added, error)
	// RoundsOf lists every round of the person in the course of an enrolment, the newest first.
	RoundsOf(ctx context.Context, enrolment uid.ID) ([]Round, error)
}

// ErrNotCompleted is a course that cannot be taken again, since the last time is not over.
var ErrNotCompleted = fault.New(fault.KindConflict, "enrolment_not_completed", "This person has not completed the course, or something that they handed in waits for a mark. Finish that first.")

// AssignMany is Assign for many at once, each with a due date: a few statements for all of them, each person's event
// enrolment.created. It gives those who were added.
func (s *Service) AssignMany(ctx context.Context, course uid.ID, by *uid.ID, people []Wanted) (added []Added, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.ShareCourse(ctx, course)
		if err != nil {
			return err
		}
		if err = takes(c); err != nil {
			return err
		}
		like := s.fresh(c, uid.Nil, SourceAssigned)
		like.EnrolledBy = by
		if added, err = s.keep.EnrolMany(ctx, like, people); err != nil || len(added) == 0 {
			return err
		}
		v, err := s.keep.VersionByID(ctx, like.VersionID)
		if err != nil {
			return err
		}
		list := make([]event.Event, len(added))
		for i, a := range added {
			data := told{PersonID: a.PersonID, PersonName: a.PersonName, CourseID: c.ID, CourseTitle: v.Title, Version: v.Number, Source: like.Source}
			if list[i], err = event.New(ctx, like.EnrolledAt, "enrolment.created", "enrolment", a.ID, data); err != nil {
				return err
			}
		}
		return s.keep.AppendEvents(ctx, list...)
	})
	return added, err
}

// Renew puts a person who has completed a course into it anew, on the version of today, as a job does it: the round before is closed
// with all that belongs to it, and its certificate stays. added is false where the course is not completed, something in it
// waits for a mark, or the person is deactivated. Event enrolment.renewed.
func (s *Service) Renew(ctx context.Context, in Assignment, due *time.Time) (e Enrolment, added bool, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		was, err := s.keep.EnrolmentIn(ctx, in.Person, in.Course)
		if err != nil {
			return err
		}
		e, added, err = s.renew(ctx, was, in.By, due)
		return err
	})
	return e, added, err
}

// Return brings a person who was withdrawn back into a course, as a job does it: with their progress, and with a due date. Event
// enrolment.reinstated.
func (s *Service) Return(ctx context.Context, in Assignment, due *time.Time) (e Enrolment, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.ShareCourse(ctx, in.Course)
		if err != nil {
			return err
		}
		if err = takes(c); err != nil {
			return err
		}
		l, err := s.keep.LearnerByID(ctx, in.Person)
		if err != nil {
			return err
		}
		wish := s.fresh(c, in.Person, SourceAssigned)
		wish.EnrolledBy = in.By
		if e, err = s.reinstate(ctx, c, wish); err != nil {
			return err
		}
		if due != nil {
			e.DueAt = due
			if err = s.keep.UpdateEnrolment(ctx, e); err != nil {
				return err
			}
		}
		return s.tell(ctx, "enrolment.reinstated", e, l)
	})
	return e, err
}

// Dismiss takes a person who has not begun out of a course, as a job does it; false where they have begun, or are not in it. Event
// enrolment.withdrawn.
func (s *Service) Dismiss(ctx context.Context, id uid.ID) (out bool, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, id)
		if err != nil || e.Status != StatusActive || e.StartedAt != nil {
			return err
		}
		out = true
		return s.withdraw(ctx, e)
	})
	return out, err
}

// Again is Renew by hand, for an enrolment. It needs enrolment:manage; ErrEnrolmentNotFound, ErrNotCompleted, ErrDeactivated.
func (s *Service) Again(ctx context.Context, id uid.ID) (e Enrolment, err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return e, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		was, err := s.keep.LockEnrolment(ctx, id)
		if err != nil {
			return err
		}
		l, err := s.keep.LearnerByID(ctx, was.PersonID)
		if err != nil {
			return err
		}
		if l.Deactivated {
			return ErrDeactivated
		}
		var added bool
		if e, added, err = s.renew(ctx, was, &who.PersonID, nil); err == nil && !added {
			err = ErrNotCompleted
		}
		return err
	})
	return e, err
}

func (s *Service) renew(ctx context.Context, was Enrolment, by *uid.ID, due *time.Time) (e Enrolment, added bool, err error) {
	c, err := s.keep.ShareCourse(ctx, was.CourseID)
	if err != nil {
		return e, false, err
	}
	if err = takes(c); err != nil {
		return e, false, err
	}
	l, err := s.keep.LearnerByID(ctx, was.PersonID)
	if err != nil || l.Deactivated {
		return e, false, err
	}
	at := s.now().Truncate(time.Microsecond)
	if closed, err := s.keep.Supersede(ctx, was.ID, at); err != nil || !closed {
		return e, false, err
	}
	e = s.fresh(c, was.PersonID, SourceAssigned)
	e.EnrolledBy, e.DueAt = by, due
	if added, err = s.keep.AddEnrolment(ctx, e); err != nil || !added {
		return e, added, err
	}
	// That the course was completed once is read from its moves: what asks for that first stays open.
	m := Move{ID: uid.New(), EnrolmentID: e.ID, FromVersionID: was.VersionID, ToVersionID: e.VersionID, Status: was.Status, Percent: was.Percent, CompletedAt: was.CompletedAt, MovedBy: by, MovedAt: at}
	if err = s.keep.AddMove(ctx, m); err != nil {
		return e, false, err
	}
	data, err := s.told(ctx, e, l)
	if err != nil {
		return e, false, err
	}
	data.Source = e.Source
	return e, true, s.tellOf(ctx, "enrolment.renewed", "enrolment", e.ID, renewed{told: data, Before: was.ID, DueAt: due})
}

// renewed is what is told of a new round.
type renewed struct {
	told
	Before uid.ID     `json:"before_id"` // the enrolment that was closed
	DueAt  *time.Time `json:"due_at,omitempty"`
}

// Rounds lists every time that the person of an enrolment was in its course, the newest first. One's own needs enrolment:self, anyone's
// enrolment:manage; to everyone else there is none.
func (s *Service) Rounds(ctx context.Context, enrolment uid.ID) (list []Round, err error) {
	shown, err := s.Show(ctx, enrolment)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.RoundsOf(ctx, shown.ID)
		return err
	})
	return list, err
}
