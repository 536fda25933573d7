// Package intake is whole groups enrolled in courses: once, or also those who join the group later. It says who is to be
// enrolled and leaves the enrolling to enrolment; nobody is withdrawn because they left a group, and nobody is enrolled
// again who was withdrawn by hand.
package intake

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// Intake is a group enrolled in a course. It is a row of intakes.
type Intake struct {
	GroupID    uid.ID
	CourseID   uid.ID
	Later      bool // those who join later too
	CreatedBy  *uid.ID
	CreatedAt  time.Time
	FinishedAt *time.Time // nil while it waits or runs
	Enrolled   int        // people enrolled through it, so far
	Problem    string     // why people were left out; "" for no reason
}

// Listed is an intake with what it joins.
type Listed struct {
	Intake      `gorm:"embedded"`
	GroupName   string
	CourseTitle string
	CourseSlug  string
}

// Keeper is what intakes need kept; all but InTenant joins the running transaction.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	GroupByID(ctx context.Context, id uid.ID) (auth.Group, error)
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	VersionByID(ctx context.Context, id uid.ID) (catalog.Version, error)
	// PutIntake writes an intake, which may be there already: later, by whom and when are then those of the new one, and it
	// waits again.
	PutIntake(ctx context.Context, i Intake) error
	// IntakeOf gives one; ErrNotFound.
	IntakeOf(ctx context.Context, group, course uid.ID) (Intake, error)
	// IntakesOf lists those of a group, by the course's title, or of a course, by the group's name; at most 500.
	IntakesOf(ctx context.Context, group uid.ID) ([]Listed, error)
	IntakesInto(ctx context.Context, course uid.ID) ([]Listed, error)
	// StandingIntakes gives all that also take those who join later; of one group, or with uid.Nil of all.
	StandingIntakes(ctx context.Context, group uid.ID) ([]Intake, error)
	// DeleteIntake removes one; ErrNotFound.
	DeleteIntake(ctx context.Context, group, course uid.ID) error
	// NotEnrolled gives, by id, at most n people of a group after one who are not deactivated and were never in a course.
	NotEnrolled(ctx context.Context, group, course, after uid.ID, n int) ([]uid.ID, error)
	// CountEnrolled adds to how many were enrolled through an intake; FinishIntake says that it ran to its end.
	CountEnrolled(ctx context.Context, group, course uid.ID, n int) error
	FinishIntake(ctx context.Context, group, course uid.ID, at time.Time, problem string) error
}

// Enroller enrols people; enrolment.Service is one.
type Enroller interface {
	// Assign puts a person into a course for someone, whatever their permissions: added is false for who is or was in it.
	Assign(ctx context.Context, in enrolment.Assignment) (added bool, err error)
}

// ErrNotFound is a group that is not enrolled in this course.
var ErrNotFound = fault.New(fault.KindNotFound, "intake_not_found", "This group is not enrolled in this course.")

// batch is how many people one transaction enrols.
const batch = 100

// Service enrols groups.
type Service struct {
	keep  Keeper
	enrol Enroller
	now   clock.Clock
}

// New makes the service.
func New(keep Keeper, enrol Enroller, now clock.Clock) *Service {
	if now == nil {
		now = clock.Real
	}
	return &Service{keep: keep, enrol: enrol, now: now}
}

// Enrol has a job enrol everyone of a group in a published course, and with later everyone who joins the group from then on:
// event intake.requested. Asking again runs it again, and enrols nobody twice. It needs enrolment:manage;
// auth.ErrGroupNotFound, catalog.ErrCourseNotFound, catalog.ErrNotPublished.
func (s *Service) Enrol(ctx context.Context, group, course uid.ID, later bool) (i Intake, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return i, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	i = Intake{GroupID: group, CourseID: course, Later: later, CreatedBy: &who.PersonID, CreatedAt: s.now()}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		g, err := s.keep.GroupByID(ctx, group)
		if err != nil {
			return err
		}
		c, err := s.keep.CourseByID(ctx, course)
		switch {
		case err != nil:
			return err
		case c.PublishedID == nil:
			return catalog.ErrCourseNotFound
		case c.Status != catalog.StatusPublished:
			return catalog.ErrNotPublished
		}
		if err := s.keep.PutIntake(ctx, i); err != nil {
			return err
		}
		return s.tell(ctx, "intake.requested", g, c, map[string]any{"later": later})
	})
	return i, err
}

// Stop ends an intake: who joins later is enrolled no more; those who are in the course stay: event intake.stopped. It needs
// enrolment:manage; ErrNotFound.
func (s *Service) Stop(ctx context.Context, group, course uid.ID) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		g, err := s.keep.GroupByID(ctx, group)
		if err != nil {
			return err
		}
		c, err := s.keep.CourseByID(ctx, course)
		if err != nil {
			return err
		}
		if err := s.keep.DeleteIntake(ctx, group, course); err != nil {
			return err
		}
		return s.tell(ctx, "intake.stopped", g, c, nil)
	})
}

// OfGroup lists in which courses a group is enrolled. It needs enrolment:manage; auth.ErrGroupNotFound.
func (s *Service) OfGroup(ctx context.Context, group uid.ID) ([]Listed, error) {
	return s.list(ctx, func(ctx context.Context) ([]Listed, error) {
		if _, err := s.keep.GroupByID(ctx, group); err != nil {
			return nil, err
		}
		return s.keep.IntakesOf(ctx, group)
	})
}

// IntoCourse lists which groups are enrolled in a course. It needs enrolment:manage; catalog.ErrCourseNotFound.
func (s *Service) IntoCourse(ctx context.Context, course uid.ID) ([]Listed, error) {
	return s.list(ctx, func(ctx context.Context) ([]Listed, error) {
		if _, err := s.keep.CourseByID(ctx, course); err != nil {
			return nil, err
		}
		return s.keep.IntakesInto(ctx, course)
	})
}

func (s *Service) list(ctx context.Context, read func(context.Context) ([]Listed, error)) (out []Listed, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		out, err = read(ctx)
		return err
	})
	return out, err
}

// What follows asks nobody's permission: jobs do it, each safe to run twice.

// Run enrols everyone of the group who was never in the course, a hundred in a transaction: a job that is cut short goes on
// with the rest. What keeps people out (a full course, one that was archived) is noted at the intake and is no failure.
func (s *Service) Run(ctx context.Context, group, course uid.ID) error {
	var i Intake
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		i, err = s.keep.IntakeOf(ctx, group, course)
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return nil // it was stopped meanwhile
	}
	var kept *fault.Fault
	for after := uid.Nil; err == nil && kept == nil; {
		var people []uid.ID
		err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
			if people, err = s.keep.NotEnrolled(ctx, group, course, after, batch); err != nil || len(people) == 0 {
				return err
			}
			kept, err = s.take(ctx, i, people)
			return err
		})
		if len(people) < batch {
			break
		}
		after = people[len(people)-1]
	}
	if err != nil {
		return err
	}
	problem := ""
	if kept != nil {
		problem = kept.Text
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		return s.keep.FinishIntake(ctx, group, course, s.now(), problem)
	})
}

// take enrols people, as far as none is refused; kept is why one was.
func (s *Service) take(ctx context.Context, i Intake, people []uid.ID) (kept *fault.Fault, err error) {
	n := 0
	for _, p := range people {
		added, err := s.enrol.Assign(ctx, enrolment.Assignment{Course: i.CourseID, Person: p, By: i.CreatedBy})
		if f := fault.Of(err); err != nil && f.Kind != fault.KindInternal {
			kept = f
			break
		}
		if err != nil {
			return nil, err
		}
		if added {
			n++
		}
	}
	return kept, s.keep.CountEnrolled(ctx, i.GroupID, i.CourseID, n)
}

// Joined enrols those who joined a group since, in the courses whose intakes take them.
func (s *Service) Joined(ctx context.Context, group uid.ID) error { return s.runAll(ctx, group) }

// RunAll does that for all groups: what no event told.
func (s *Service) RunAll(ctx context.Context) error { return s.runAll(ctx, uid.Nil) }

func (s *Service) runAll(ctx context.Context, group uid.ID) error {
	var standing []Intake
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		standing, err = s.keep.StandingIntakes(ctx, group)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, i := range standing {
		errs = append(errs, s.Run(ctx, i.GroupID, i.CourseID)) // one that fails keeps no other from running
	}
	return errors.Join(errs...)
}

// tell appends an event about an intake; its subject is the group.
func (s *Service) tell(ctx context.Context, typ string, g auth.Group, c catalog.Course, more map[string]any) error {
	data := map[string]any{"group_id": g.ID, "group_name": g.Name, "course_id": c.ID, "course_slug": c.Slug}
	if c.PublishedID != nil {
		v, err := s.keep.VersionByID(ctx, *c.PublishedID)
		if err != nil {
			return err
		}
		data["course_title"] = v.Title
	}
	for k, v := range more {
		data[k] = v
	}
	e, err := event.New(ctx, s.now(), typ, "group", g.ID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
