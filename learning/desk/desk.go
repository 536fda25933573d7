// Package desk is an instructor's view of a course: who is stuck where, how far everybody came lesson by lesson, where people
// stop, what waits to be marked, and a word to those behind. It reads what enrolment keeps; what it keeps itself is which
// messages were sent to whom.
package desk

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// After how long somebody counts as behind.
const (
	QuietAfter   = 14 * 24 * time.Hour // begun, and not seen since
	UnbegunAfter = 7 * 24 * time.Hour  // enrolled, and never begun
)

// Who is behind, and how.
type Who string

// The groups of people that the desk tells apart; "" is everyone.
const (
	Everyone Who = ""
	Behind   Who = "behind"  // any of the three below
	Quiet    Who = "quiet"   // begun, under way, and not seen for QuietAfter
	Unbegun  Who = "unbegun" // enrolled UnbegunAfter ago, and never begun
	Overdue  Who = "overdue" // the due date is over
)

// Known tells whether it is one of the groups.
func (w Who) Known() bool {
	switch w {
	case Everyone, Behind, Quiet, Unbegun, Overdue:
		return true
	}
	return false
}

// Lesson is a lesson of the published version, and how people got through it.
type Lesson struct {
	ID     uid.ID
	Title  string
	Module string
	Kind   catalog.LessonKind
	Begun  int // people of the course who opened it
	Done   int // who completed it
	Here   int // who were last seen in it, under way, and are quiet
}

// Rest is how many opened it and did not complete it.
func (l Lesson) Rest() int { return max(l.Begun-l.Done, 0) }

// Counts is how a course stands.
type Counts struct {
	Active, Completed       int
	Quiet, Unbegun, Overdue int // of the active ones
	Behind                  int // active people who are any of the three
	Waiting                 int // pieces of work and tests that wait to be marked
}

// Person is somebody who is in the course.
type Person struct {
	EnrolmentID uid.ID
	PersonID    uid.ID
	Name        string
	Email       string
	Percent     int
	Status      enrolment.Status
	EnrolledAt  time.Time
	DueAt       *time.Time
	SeenAt      *time.Time // when they last did something in a lesson; nil: never
	LastID      *uid.ID    // the lesson they were in last
	MessagedAt  *time.Time // when they were last written to from the desk
	Quiet       bool
	Unbegun     bool
	Overdue     bool
	Cells       map[uid.ID]enrolment.ProgressStatus `gorm:"-"` // by lesson; none: not opened
}

// Behind tells whether they are behind in any way.
func (p Person) Behind() bool { return p.Quiet || p.Unbegun || p.Overdue }

// Message is what was written to people of a course.
type Message struct {
	ID         uid.ID
	CourseID   uid.ID
	Audience   Who
	Body       string
	People     int
	SentBy     uid.ID
	SentByName string `gorm:"->"`
	SentAt     time.Time
}

// TableName is course_messages.
func (Message) TableName() string { return "course_messages" }

// Desk is a course at a glance.
type Desk struct {
	Lessons  []Lesson
	Counts   Counts
	Messages []Message // the newest ten
}

// Filter narrows the list of people.
type Filter struct {
	Who  Who
	Page page.Request
}

// Cut is a moment's view: since when somebody counts as quiet, unbegun, overdue.
type Cut struct{ Quiet, Unbegun, Overdue time.Time }

func cutAt(now time.Time) Cut {
	return Cut{Quiet: now.Add(-QuietAfter), Unbegun: now.Add(-UnbegunAfter), Overdue: now}
}

// Keeper is what the desk needs kept, all of it within InTenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// CourseByID is catalog.ErrCourseNotFound for nobody's course.
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	CourseTitle(ctx context.Context, id uid.ID) (string, error)
	DeskLessons(ctx context.Context, course uid.ID, c Cut) ([]Lesson, error)
	DeskCounts(ctx context.Context, course uid.ID, c Cut) (Counts, error)
	// DeskPeople lists active and completed people; who was not seen for longest first.
	DeskPeople(ctx context.Context, course uid.ID, f Filter, c Cut) (page.Of[Person], error)
	// DeskAudience lists the active people of a group with an account that can sign in, at most n.
	DeskAudience(ctx context.Context, course uid.ID, w Who, c Cut, n int) ([]Person, error)
	// AddCourseMessage is false when the message was sent already.
	AddCourseMessage(ctx context.Context, m Message, to []Person) (added bool, err error)
	CourseMessages(ctx context.Context, course uid.ID, n int) ([]Message, error)
	CourseMessage(ctx context.Context, id uid.ID) (Message, error)

	// DeskTotals, DeskCourses and DeskStragglers are over the published courses that by made; uid.Nil: that anybody made.
	DeskTotals(ctx context.Context, by uid.ID, c Cut) (Totals, error)
	// DeskCourses lists the one with most people behind first.
	DeskCourses(ctx context.Context, by uid.ID, c Cut, p page.Request) (page.Of[Standing], error)
	// DeskStragglers lists active people; who was not seen for longest first.
	DeskStragglers(ctx context.Context, by uid.ID, w Who, c Cut, p page.Request) (page.Of[Straggler], error)
	// DeskDrops tells of each course where most people stop, if they do.
	DeskDrops(ctx context.Context, courses []uid.ID) ([]Drop, error)
}

// Service is the desk.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep: keep, now: now} }

// Failures of this package.
var (
	ErrNobody  = fault.New(fault.KindConflict, "message_to_nobody", "Nobody is in this group now. Reload the page to see who is behind.")
	ErrTooMany = fault.New(fault.KindConflict, "message_to_too_many", "A message goes to at most 2,000 people. Choose a smaller group.")
	ErrUnknown = fault.New(fault.KindNotFound, "message_not_found", "There is no such message.")
)

const (
	messagesShown = 10
	audienceMax   = 2000
	bodyMax       = 4000
)

// Course gives a course at a glance. It needs enrolment:manage; catalog.ErrCourseNotFound.
func (s *Service) Course(ctx context.Context, course uid.ID) (d Desk, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return d, err
	}
	c := cutAt(s.now())
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		if d.Lessons, err = s.keep.DeskLessons(ctx, course, c); err != nil {
			return err
		}
		if d.Counts, err = s.keep.DeskCounts(ctx, course, c); err != nil {
			return err
		}
		d.Messages, err = s.keep.CourseMessages(ctx, course, messagesShown)
		return err
	})
	return d, err
}

// People lists who is in a course, with how far they are in each lesson; who was not seen for longest first. It needs
// enrolment:manage; catalog.ErrCourseNotFound.
func (s *Service) People(ctx context.Context, course uid.ID, f Filter) (out page.Of[Person], err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	if !f.Who.Known() {
		return out, fault.Invalid(map[string]string{"who": "Choose behind, quiet, unbegun or overdue, or leave it out."})
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.keep.CourseByID(ctx, course); err != nil {
			return err
		}
		out, err = s.keep.DeskPeople(ctx, course, f, cutAt(s.now()))
		return err
	})
	return out, err
}

// Note is a message to be sent. ID is the sender's own: sent again, it goes to nobody twice.
type Note struct {
	ID     uid.ID
	Course uid.ID
	To     Who
	Body   string
}

// Write sends a message to the people of a group, in the app and by mail as each of them chose. It needs enrolment:manage. A fault
// at body or who; ErrNobody, ErrTooMany, catalog.ErrCourseNotFound. Events course.message_sent, and learner.messaged for each.
func (s *Service) Write(ctx context.Context, n Note) (m Message, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return m, err
	}
	n.Body = strings.TrimSpace(strings.ReplaceAll(n.Body, "\r\n", "\n"))
	f := fault.Fields{}
	f.Check(n.Body != "", "body", "Write a few words.")
	f.Check(utf8.ValidString(n.Body) && utf8.RuneCountInString(n.Body) <= bodyMax, "body", "Write at most 4,000 characters.")
	f.Check(n.To.Known(), "who", "Choose whom to write to.")
	if err := f.Err(); err != nil {
		return m, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	now := s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		course, err := s.keep.CourseByID(ctx, n.Course)
		if err != nil {
			return err
		}
		title, err := s.keep.CourseTitle(ctx, n.Course)
		if err != nil {
			return err
		}
		to, err := s.keep.DeskAudience(ctx, n.Course, n.To, cutAt(now), audienceMax+1)
		switch {
		case err != nil:
			return err
		case len(to) > audienceMax:
			return ErrTooMany
		}
		m = Message{ID: n.ID, CourseID: n.Course, Audience: n.To, Body: n.Body, People: len(to), SentBy: who.PersonID, SentByName: who.Name, SentAt: now}
		if len(to) == 0 {
			if m, err = s.keep.CourseMessage(ctx, n.ID); err != nil || m.CourseID != n.Course { // else sent already, and nobody is behind any more
				return ErrNobody
			}
			return nil
		}
		added, err := s.keep.AddCourseMessage(ctx, m, to)
		if err != nil {
			return err
		}
		if !added {
			if m, err = s.keep.CourseMessage(ctx, n.ID); err == nil && m.CourseID != n.Course {
				err = ErrUnknown
			}
			return err
		}
		sent, err := event.New(ctx, now, "course.message_sent", "course", n.Course, map[string]any{"course_id": n.Course, "course_title": title, "message_id": m.ID, "audience": m.Audience, "people": m.People})
		if err != nil {
			return err
		}
		events := []event.Event{sent}
		for _, p := range to {
			e, err := event.New(ctx, now, "learner.messaged", "enrolment", p.EnrolmentID, map[string]any{
				"person_id": p.PersonID, "course_id": n.Course, "course_title": title, "slug": course.Slug, "message_id": m.ID,
			})
			if err != nil {
				return err
			}
			events = append(events, e)
		}
		return s.keep.AppendEvents(ctx, events...)
	})
	return m, err
}
