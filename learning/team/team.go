// Package team is a manager's view of their people: who is overdue, with what, how far everybody came, and what a manager does
// about it: remind, enrol, answer requests for a place. Whom they see comes from the reporting lines and from nothing else, but
// for who may manage people: they may look at everybody.
package team

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// SoonWithin is how long before its due date something counts as due soon.
const SoonWithin = 14 * 24 * time.Hour

// Scope is how far down a list goes.
type Scope string

// The scopes.
const (
	ScopeLine     Scope = "line"     // everybody below the asker
	ScopeDirect   Scope = "direct"   // who reports to the asker directly
	ScopeEveryone Scope = "everyone" // the whole portal; for who may manage people
)

// Show narrows a list to people in one state; "" is all.
type Show string

// The states of people, the most pressing first. A person is in exactly one.
const (
	ShowOverdue Show = "overdue" // something is overdue
	ShowSoon    Show = "soon"    // nothing is overdue, something is due or expires within SoonWithin
	ShowOpen    Show = "open"    // something is to be done, later or without a date
	ShowClear   Show = "clear"   // nothing is to be done
)

// Shows lists the states.
func Shows() []Show { return []Show{ShowOverdue, ShowSoon, ShowOpen, ShowClear} }

// Known tells whether it is a state, or none.
func (s Show) Known() bool {
	return s == "" || s == ShowOverdue || s == ShowSoon || s == ShowOpen || s == ShowClear
}

// Reach is whose people are meant: those below Me or below whom Me stands in for, or with Everyone all of the portal.
type Reach struct {
	Me       uid.ID
	For      []uid.ID // Me stands in for them today
	Everyone bool
	Direct   bool // only who reports to Me directly
}

// Filter narrows a list.
type Filter struct {
	Scope Scope
	Show  Show
	Query string // part of the name or e-mail, in any case
	Page  page.Request
}

// Member is one of a manager's people. Things to do are duties, and courses under way that no open duty asks for.
type Member struct {
	PersonID  uid.ID
	Name      string
	Email     string
	Status    auth.PersonStatus
	Depth     int // 1: reports directly; 0 where everybody is listed
	State     Show
	Overdue   int
	Soon      int
	Open      int
	NextDue   *time.Time // the earliest date of what is to be done
	Courses   int        // that they are in or completed
	Completed int
	Percent   int        // over all their courses
	SeenAt    *time.Time // when they last did something in a lesson; nil: never
	NudgedAt  *time.Time // when they were last reminded by a manager
}

// Counts is how people stand.
type Counts struct {
	People, Overdue, Soon, Open, Clear int
	Requests                           int // for a place, that wait for an answer
}

// Of gives how many are in a state; "" all.
func (c Counts) Of(s Show) int {
	switch s {
	case ShowOverdue:
		return c.Overdue
	case ShowSoon:
		return c.Soon
	case ShowOpen:
		return c.Open
	case ShowClear:
		return c.Clear
	}
	return c.People
}

// ThingKind is what something to do is.
type ThingKind string

// The kinds.
const (
	ThingDuty   ThingKind = "duty"   // a requirement
	ThingCourse ThingKind = "course" // a course that no duty asks for
)

// Thing is something a person has to do.
type Thing struct {
	Kind    ThingKind
	ID      uid.ID // of the requirement or the course
	Name    string
	Slug    string // of the course that does it; "" none
	State   Show   // never ShowClear
	DueAt   *time.Time
	Percent int  // of the course
	Renewal bool // it is done, and expires at DueAt
}

// Done is a course that was completed.
type Done struct {
	CourseID    uid.ID
	Title       string
	Slug        string
	CompletedAt time.Time
}

// Award is a certificate.
type Award struct {
	Code        string
	CourseTitle string
	IssuedAt    time.Time
	ValidUntil  *time.Time
}

// Asked is a request for a place.
type Asked struct {
	ID       uid.ID
	PersonID uid.ID
	Name     string
	Email    string
	CourseID uid.ID
	Course   string
	Slug     string
	Kind     enrolment.RequestKind
	Note     string
	AskedAt  time.Time
}

// Sheet is one of a manager's people in full.
type Sheet struct {
	Member   Member
	Things   []Thing // the most pressing first; at most 200
	Done     []Done  // the newest first; at most 200
	Awards   []Award // that hold and are not replaced, the newest first; at most 200
	Requests []Asked
	Nudges   []Nudge // the newest five
}

// Course is one to enrol people in.
type Course struct {
	ID    uid.ID
	Title string
	Slug  string
}

// Nudge is a reminder that a manager sent. It is a row of nudges.
type Nudge struct {
	ID         uid.ID
	PersonID   uid.ID
	Day        time.Time // where the person is
	Note       string
	SentBy     *uid.ID
	SentByName string `gorm:"->"`
	SentAt     time.Time
}

// Keeper is what the service needs kept, all of it within InTenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// HasReports tells whether anybody who is not deactivated reports to a person.
	HasReports(ctx context.Context, manager uid.ID) (bool, error)
	// StandsFor gives those whose people a person looks after on a day, while they are away.
	StandsFor(ctx context.Context, person uid.ID, day string) ([]uid.ID, error)
	// Reaches tells whether a person who is not deactivated is within a reach.
	Reaches(ctx context.Context, r Reach, person uid.ID) (bool, error)
	// TeamCounts counts how the people within a reach stand at a moment.
	TeamCounts(ctx context.Context, r Reach, at Moment) (Counts, error)
	// TeamMembers lists people within a reach, the most pressing first.
	TeamMembers(ctx context.Context, r Reach, f Filter, at Moment) (page.Of[Member], error)
	// TeamMember is one person, whatever the reach; auth.ErrPersonNotFound.
	TeamMember(ctx context.Context, r Reach, person uid.ID, at Moment) (Member, error)
	// TeamOverdue gives active people within a reach with something overdue, at most n.
	TeamOverdue(ctx context.Context, r Reach, at Moment, n int) ([]uid.ID, error)
	ThingsOf(ctx context.Context, person uid.ID, at Moment) ([]Thing, error)
	DoneOf(ctx context.Context, person uid.ID) ([]Done, error)
	AwardsOf(ctx context.Context, person uid.ID, now time.Time) ([]Award, error)
	// RequestsWithin lists open requests of people within a reach, the oldest first, at most n; with a person only theirs.
	RequestsWithin(ctx context.Context, r Reach, person uid.ID, n int) ([]Asked, error)
	// OpenRequest is enrolment.ErrRequestNotFound when there is none within the reach.
	OpenRequest(ctx context.Context, r Reach, request uid.ID) (Asked, error)
	// CoursesToGive lists published courses that the asker may find, by title, at most n.
	CoursesToGive(ctx context.Context, asker uid.ID, all bool, n int) ([]Course, error)
	// ClaimDay takes the one message that a person is sent on a day, of reminders and by managers, under an id; false where they had it.
	ClaimDay(ctx context.Context, id, person uid.ID, day, at time.Time) (free bool, err error)
	// CourseToGive finds one of them; catalog.ErrCourseNotFound.
	CourseToGive(ctx context.Context, asker uid.ID, all bool, id uid.ID) (Course, error)
	// AddNudge is false when the person was reminded on that day.
	AddNudge(ctx context.Context, n Nudge) (added bool, err error)
	NudgesOf(ctx context.Context, person uid.ID, n int) ([]Nudge, error)
	LearnerByID(ctx context.Context, id uid.ID) (enrolment.Learner, error)
}

// Moment is when, and until when something is due soon.
type Moment struct{ Now, Soon time.Time }

// Enroller puts people into courses and answers their requests, whatever the asker's permissions: the line was asked before.
type Enroller interface {
	Assign(ctx context.Context, in enrolment.Assignment) (added bool, err error)
	DecidePlaceFor(ctx context.Context, d enrolment.Decision) (enrolment.PlaceRequest, error)
}

// Service is the manager's view.
type Service struct {
	keep  Keeper
	enrol Enroller
	now   clock.Clock
}

// New makes the service.
func New(keep Keeper, enrol Enroller, now clock.Clock) *Service {
	return &Service{keep: keep, enrol: enrol, now: now}
}

// Failures of this package.
var (
	ErrNotYours = fault.New(fault.KindNotFound, "not_in_your_line", "Nobody like this reports to you. If that is wrong, ask whoever keeps the portal's people.")
	ErrNudged   = fault.New(fault.KindConflict, "reminded_today", "This person was reminded today already. Remind them again tomorrow.")
	ErrNotGiven = fault.New(fault.KindConflict, "not_enrolled", "This person is in the course already, or was taken out of it. Whoever looks after the course can let them in again.")
	ErrCannot   = fault.New(fault.KindConflict, "person_not_active", "This person cannot sign in yet. Remind them once they have joined.")
)

const (
	requestsMax = 200
	coursesMax  = 500
	nudgesShown = 5
	nudgeMax    = 500 // people whom one press of a button reminds
	noteMax     = 500 // characters
)

func (s *Service) moment() Moment {
	now := s.now()
	return Moment{Now: now, Soon: now.Add(SoonWithin)}
}

// asker gives who asks and whether they may look at everybody. It needs person:self.
func asker(ctx context.Context) (who auth.Principal, all bool, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return who, false, err
	}
	who, _ = auth.PrincipalFrom(ctx)
	return who, who.May.Has(policy.PersonManage), nil
}

// Reach gives what a scope means for who asks. Without a scope it is their line, and everybody for who may manage people and
// leads nobody. policy.ErrForbidden for everybody without person:manage.
func (s *Service) Reach(ctx context.Context, scope Scope) (r Reach, used Scope, err error) {
	who, all, err := asker(ctx)
	if err != nil {
		return r, "", err
	}
	if r, err = s.own(ctx, who); err != nil {
		return r, "", err
	}
	switch scope {
	case ScopeDirect:
		r.Direct = true
	case ScopeLine:
	case ScopeEveryone:
		if !all {
			return r, "", policy.ErrForbidden
		}
		r.Everyone = true
	case "":
		scope = ScopeLine
		if all {
			leads := false
			err = s.keep.InTenant(ctx, func(ctx context.Context) error {
				leads, err = s.keep.HasReports(ctx, who.PersonID)
				return err
			})
			if err == nil && !leads && len(r.For) == 0 {
				scope, r.Everyone = ScopeEveryone, true
			}
		}
	default:
		return r, "", fault.Invalid(map[string]string{"scope": "Choose direct, line or everyone, or leave it out."})
	}
	return r, scope, err
}

// own is the line of who asks, with those of whom they stand in for today.
func (s *Service) own(ctx context.Context, who auth.Principal) (r Reach, err error) {
	r.Me = who.PersonID
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		r.For, err = s.keep.StandsFor(ctx, who.PersonID, s.now().UTC().Format(time.DateOnly))
		return err
	})
	return r, err
}

// widest is all that who asks may see.
func (s *Service) widest(ctx context.Context) (Reach, error) {
	who, all, err := asker(ctx)
	if err != nil {
		return Reach{}, err
	}
	r, err := s.own(ctx, who)
	r.Everyone = all
	return r, err
}

// Look is a list with how all within its scope stand.
type Look struct {
	Scope   Scope
	Counts  Counts
	Members page.Of[Member]
}

// List lists one's people, the most pressing first: what is overdue, then what is due next. Whom it lists comes from the
// reporting lines; deactivated people are left out. It needs person:self.
func (s *Service) List(ctx context.Context, f Filter) (out Look, err error) {
	if !f.Show.Known() {
		return out, fault.Invalid(map[string]string{"show": "Choose overdue, soon, open or clear, or leave it out."})
	}
	r, scope, err := s.Reach(ctx, f.Scope)
	if err != nil {
		return out, err
	}
	out.Scope = scope
	at := s.moment()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out.Counts, err = s.keep.TeamCounts(ctx, r, at); err != nil {
			return err
		}
		out.Members, err = s.keep.TeamMembers(ctx, r, f, at)
		return err
	})
	return out, err
}

// within runs fn in the tenant for a person in the asker's reach; ErrNotYours for anybody else.
func (s *Service) within(ctx context.Context, person uid.ID, fn func(ctx context.Context, r Reach) error) error {
	r, err := s.widest(ctx)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		yours, err := s.keep.Reaches(ctx, r, person)
		if err != nil {
			return err
		}
		if !yours {
			return ErrNotYours
		}
		return fn(ctx, r)
	})
}

// Sheet gives one of one's people in full. It needs person:self; ErrNotYours.
func (s *Service) Sheet(ctx context.Context, person uid.ID) (out Sheet, err error) {
	at := s.moment()
	err = s.within(ctx, person, func(ctx context.Context, r Reach) error {
		if out.Member, err = s.keep.TeamMember(ctx, r, person, at); err != nil {
			return err
		}
		if out.Things, err = s.keep.ThingsOf(ctx, person, at); err != nil {
			return err
		}
		if out.Done, err = s.keep.DoneOf(ctx, person); err != nil {
			return err
		}
		if out.Awards, err = s.keep.AwardsOf(ctx, person, at.Now); err != nil {
			return err
		}
		if out.Requests, err = s.keep.RequestsWithin(ctx, r, person, requestsMax); err != nil {
			return err
		}
		out.Nudges, err = s.keep.NudgesOf(ctx, person, nudgesShown)
		return err
	})
	return out, err
}

// Requests lists open requests for places of one's people, the oldest first, at most 200. It needs person:self.
func (s *Service) Requests(ctx context.Context, scope Scope) (list []Asked, err error) {
	r, _, err := s.Reach(ctx, scope)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.RequestsWithin(ctx, r, uid.Nil, requestsMax)
		return err
	})
	return list, err
}

// Courses lists the courses in which one may enrol one's people: published, and such as one may find oneself; at most 500, by
// title. It needs person:self.
func (s *Service) Courses(ctx context.Context) (list []Course, err error) {
	who, _, err := asker(ctx)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.CoursesToGive(ctx, who.PersonID, who.May.Has(policy.EnrolmentManage), coursesMax)
		return err
	})
	return list, err
}
