package enrolment

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// A due date is a day, and ends where the learner is: what is kept is the last second of that day in their time zone.

// DueKeeper is what due dates need kept; every method joins the running transaction of the tenant.
type DueKeeper interface {
	// SetDue writes an enrolment's due date (nil: none) and forgets how far its reminders went.
	SetDue(ctx context.Context, enrolment uid.ID, due *time.Time) error
	// DueToRemind holds active enrolments of people who may sign in whose next reminder is due, the most urgent first, at
	// most n.
	DueToRemind(ctx context.Context, now time.Time, n int) ([]Reminder, error)
	// Reminded writes how far the reminders of an enrolment went.
	Reminded(ctx context.Context, enrolment uid.ID, urgency Urgency) error
}

// Urgency is how far the reminders of a due date went.
type Urgency int

// The reminders, in order.
const (
	UrgencyNone Urgency = iota
	UrgencyWeek         // within 7 days
	UrgencyDay          // within a day
	UrgencyOver         // past
)

// How long before the due date the reminders go out.
const (
	remindWeek = 7 * 24 * time.Hour
	remindDay  = 24 * time.Hour
)

// UrgencyAt is the reminder that a due date asks for at a moment.
func UrgencyAt(due, now time.Time) Urgency {
	switch left := due.Sub(now); {
	case left < 0:
		return UrgencyOver
	case left <= remindDay:
		return UrgencyDay
	case left <= remindWeek:
		return UrgencyWeek
	}
	return UrgencyNone
}

// Reminder is an enrolment whose learner is to be reminded of its due date.
type Reminder struct {
	Enrolment
	PersonName  string
	CourseTitle string
	CourseSlug  string
	Reminded    Urgency
}

// Day is a calendar day without a time zone.
type Day struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDay reads a day as 2026-03-31 (ISO 8601); ok is false for anything else.
func ParseDay(s string) (d Day, ok bool) {
	t, err := time.Parse(time.DateOnly, s)
	return Day{t.Year(), t.Month(), t.Day()}, err == nil
}

// EndIn is the last second of the day in a place.
func (d Day) EndIn(place *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, place).Add(-time.Second).UTC()
}

// ErrNoDueDate is a date where the enrolment's state knows none.
var ErrNoDueDate = fault.New(fault.KindConflict, "enrolment_not_active", "Only a course under way has a due date. This one is completed, or its person was taken out of it.")

// maxDueYears is how far ahead a due date may be.
const maxDueYears = 10

// EnrolBy is Enrol with a day by which the course is to be completed; nil is none. A wrong day enrols nobody.
func (s *Service) EnrolBy(ctx context.Context, course, person uid.ID, on *Day) (e Enrolment, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if e, err = s.Enrol(ctx, course, person); err != nil || on == nil {
			return err
		}
		e, err = s.setDue(ctx, e, on, true)
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	return e, nil
}

// SetDue says by which day a course under way is to be completed: the day ends where the learner is. nil takes the date
// away. It tells of a change as enrolment.due_changed, and needs enrolment:manage. ErrNoDueDate unless the enrolment is
// active.
func (s *Service) SetDue(ctx context.Context, enrolment uid.ID, on *Day) (e Enrolment, err error) {
	if err = auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return Enrolment{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if e, err = s.keep.LockEnrolment(ctx, enrolment); err != nil {
			return err
		}
		if e.Status != StatusActive {
			return ErrNoDueDate
		}
		e, err = s.setDue(ctx, e, on, false)
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	return e, nil
}

// setDue writes the date of an enrolment that the transaction holds; first is at enrolling, which tells of it by itself.
func (s *Service) setDue(ctx context.Context, e Enrolment, on *Day, first bool) (Enrolment, error) {
	l, err := s.keep.LearnerByID(ctx, e.PersonID)
	if err != nil {
		return e, err
	}
	before := e.DueAt
	if e.DueAt, err = s.dueIn(l.Location(), on); err != nil {
		return e, err
	}
	if same(before, e.DueAt) {
		return e, nil
	}
	if err = s.keep.SetDue(ctx, e.ID, e.DueAt); err != nil {
		return e, err
	}
	facts, err := s.told(ctx, e, l)
	if err != nil {
		return e, err
	}
	return e, s.append(ctx, "enrolment.due_changed", e.ID, dueFacts{told: facts, DueAt: e.DueAt, Before: before, First: first})
}

// dueIn is the end of a day where the learner is.
func (s *Service) dueIn(place *time.Location, on *Day) (*time.Time, error) {
	if on == nil {
		return nil, nil
	}
	end, now := on.EndIn(place), s.now()
	f := fault.Fields{}
	f.Check(!end.Before(now), "due_on", "This day is over where the learner is. Choose today or a later day.")
	f.Check(end.Before(now.AddDate(maxDueYears, 0, 0)), "due_on", "Choose a day within the next ten years.")
	return &end, f.Err()
}

func same(a, b *time.Time) bool { return a == nil && b == nil || a != nil && b != nil && a.Equal(*b) }

// dueFacts is what events about due dates carry.
type dueFacts struct {
	told
	CourseSlug string     `json:"course_slug,omitempty"`
	DueAt      *time.Time `json:"due_at,omitempty"`
	Before     *time.Time `json:"before,omitempty"`
	First      bool       `json:"first,omitempty"`
	Days       int        `json:"days,omitempty"`
}

func (s *Service) append(ctx context.Context, typ string, enrolment uid.ID, data any) error {
	e, err := event.New(ctx, s.now(), typ, "enrolment", enrolment, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// remindAtOnce is how many reminders one transaction makes.
const remindAtOnce = 200

// Remind tells of due dates that come near (enrolment.due_soon, a week and a day before) and that are over
// (enrolment.overdue), each once; who was not reminded in time gets the latest reminder only. It is a chore's: it asks
// for no permission.
func (s *Service) Remind(ctx context.Context) error {
	for {
		n := 0
		err := s.keep.InTenant(ctx, func(ctx context.Context) error {
			list, err := s.keep.DueToRemind(ctx, s.now(), remindAtOnce)
			if err != nil {
				return err
			}
			n = len(list)
			var errs []error
			for _, r := range list {
				errs = append(errs, s.remind(ctx, r))
			}
			return errors.Join(errs...)
		})
		if err != nil || n < remindAtOnce {
			return err
		}
	}
}

func (s *Service) remind(ctx context.Context, r Reminder) error {
	urgency := UrgencyAt(*r.DueAt, s.now())
	if err := s.keep.Reminded(ctx, r.ID, urgency); err != nil {
		return err
	}
	facts := dueFacts{
		told:  told{PersonID: r.PersonID, PersonName: r.PersonName, CourseID: r.CourseID, CourseTitle: r.CourseTitle},
		DueAt: r.DueAt, CourseSlug: r.CourseSlug,
	}
	typ := "enrolment.due_soon"
	switch urgency {
	case UrgencyOver:
		typ = "enrolment.overdue"
	case UrgencyDay:
		facts.Days = 1
	case UrgencyWeek, UrgencyNone:
		facts.Days = 7
	}
	return s.append(ctx, typ, r.ID, facts)
}
