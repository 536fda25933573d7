// Package duty is what people must have done: requirements, the groups of people that each catches, the duty of each person with the
// reasons why it is one, and its cycles with their three clocks: due, grace, expiry. What fulfils a requirement is enrolment's to say; how a
// duty stands is a pure function of facts and the clock (Cycles, Cycle.State), and kept by statements over everybody at once.
package duty

import (
	"context"
	"errors"
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
	"lyceum/learning/enrolment"
)

// Requirement is something that people must have done.
type Requirement struct {
	ID          uid.ID
	Name        string
	Framework   string // the rule it comes from, OSHA for one; "" none
	ValidMonths *int
	DueDays     *int
	GraceDays   int
	RenewDays   int
	KeepDay     bool
	DueAt       *time.Time
	Status      Status // "": on
	LeaveCourse bool   // who has it no more and has not begun is taken out of the course

	DueFromHired     bool         // Terms.FromHired
	UntilCertificate bool         // Terms.Certificate
	Role             *policy.Role // that it gives; nil: none
	RoleWhile        *RoleWhile   // while what, where it gives one
	PathID           *uid.ID      // the path that fulfils it; nil: any of its courses does

	Revision  int
	CreatedBy *uid.ID
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Terms are how it counts time.
func (r Requirement) Terms() Terms {
	return Terms{ValidMonths: r.ValidMonths, DueDays: r.DueDays, GraceDays: r.GraceDays, RenewDays: r.RenewDays, KeepDay: r.KeepDay, DueAt: r.DueAt, FromHired: r.DueFromHired, Certificate: r.UntilCertificate}
}

// On tells whether it catches people.
func (r Requirement) On() bool { return r.Status == StatusOn || r.Status == "" }

// Course is one of those that fulfil a requirement.
type Course struct {
	ID    uid.ID
	Title string
	Slug  string
}

// Path is the one that fulfils a requirement.
type Path struct {
	ID    uid.ID
	Title string
	Slug  string
}

// Group is one whose people a requirement catches.
type Group struct {
	ID       uid.ID
	Name     string
	Members  int
	Excepted bool // its people are left out
	Spared   int  // of its members, who were in it already when it was added for newcomers only
}

// Count is how many are in a state.
type Count struct {
	State State
	N     int
}

// Shown is a requirement with what belongs to it.
type Shown struct {
	Requirement
	Path    *Path    // nil: one of the courses is enough
	Courses []Course // those of the path; without one any of them, and people are enrolled in the first
	Groups  []Group
	People  []Named // by name, at most 500
	Counts  []Count // in the order of States, without those that are none
}

// Count is how many have the duty.
func (s Shown) Count() (n int) {
	for _, c := range s.Counts {
		n += c.N
	}
	return n
}

// Duty is a requirement for a person, as it stands now.
type Duty struct {
	ID              uid.ID
	RequirementID   uid.ID
	RequirementName string
	Framework       string
	PersonID        uid.ID
	Name            string
	Email           string
	BeganAt         time.Time
	State           State
	DueAt           *time.Time
	GraceUntil      *time.Time
	CompletedAt     *time.Time
	ExpiresAt       *time.Time
	WaivedUntil     *time.Time
	WaivedReason    string
	Reasons         string // the names of the groups that make it one
	ByName          bool   // the person was named
	CourseSlug      string // the course that people are enrolled in, the first of a path
	CourseTitle     string
	PathSlug        string // "" without a path
	PathTitle       string
}

// Change is what settling did.
type Change struct {
	Added, Withdrawn int
	Rows             int64 // that were written, of any kind: a reason or a date may change where nobody comes or goes
}

// None tells whether nobody came or went.
func (c Change) None() bool { return c.Added == 0 && c.Withdrawn == 0 }

// Filter narrows the duties of a requirement.
type Filter struct {
	State State // "": all
	Page  page.Request
}

// Keeper is what duties need kept, all of it within InTenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	GroupByID(ctx context.Context, id uid.ID) (auth.Group, error)
	Requirements(ctx context.Context, now time.Time) ([]Shown, error)
	// RequirementByID is ErrNotFound for nobody's.
	RequirementByID(ctx context.Context, id uid.ID, now time.Time) (Shown, error)
	CountRequirements(ctx context.Context) (int, error)
	// AddRequirement is ErrNameTaken, SaveRequirement ErrChanged where the revision is not the one before.
	AddRequirement(ctx context.Context, r Requirement, courses []uid.ID) error
	SaveRequirement(ctx context.Context, r Requirement, courses []uid.ID) error
	KnownCourses(ctx context.Context, ids []uid.ID) (int, error)
	PathKeeper
	ScopeKeeper
	RunKeeper
	// AdvanceDuties takes completions into the cycles: of a requirement, of a person, with uid.Nil of all. What then differs from what was
	// known goes into the history, unless still says that nothing else was written since it was looked at last; it comes after SettleDuties, in its
	// transaction.
	// Then come the roles that people have by requirements.
	AdvanceDuties(ctx context.Context, requirement, person uid.ID, still bool, now time.Time) ([]RoleChange, error)
	// PlainRequirement is RequirementByID without groups and counts.
	PlainRequirement(ctx context.Context, id uid.ID) (Shown, error)
	Duties(ctx context.Context, requirement uid.ID, f Filter, now time.Time) (page.Of[Duty], error)
	DutiesOf(ctx context.Context, person uid.ID, now time.Time) ([]Duty, error)
	// WaiveDuty is ErrNoDuty.
	WaiveDuty(ctx context.Context, requirement, person uid.ID, at, until *time.Time, by uid.ID, reason string, now time.Time) error
	// DutyChoices lists what there is to choose from.
	DutyChoices(ctx context.Context) (Choices, error)
	RequirementsOfGroup(ctx context.Context, group uid.ID) ([]uid.ID, error)
}

// Enroller enrols people; enrolment.Service is one.
type Enroller interface {
	AssignMany(ctx context.Context, course uid.ID, by *uid.ID, people []enrolment.Wanted) ([]enrolment.Added, error)
	Renew(ctx context.Context, in enrolment.Assignment, due *time.Time) (e enrolment.Enrolment, added bool, err error)
	// Return brings a withdrawn person back; Dismiss takes out who has not begun.
	Return(ctx context.Context, in enrolment.Assignment, due *time.Time) (enrolment.Enrolment, error)
	Dismiss(ctx context.Context, id uid.ID) (bool, error)
}

// Choices is what a requirement can be made of: published courses and paths, and groups, at most 500 of each, by name.
type Choices struct {
	Courses []Course
	Paths   []Path
	Groups  []Group
}

// Failures of this package.
var (
	ErrNotFound       = fault.New(fault.KindNotFound, "requirement_not_found", "There is no such requirement.")
	ErrNameTaken      = fault.New(fault.KindConflict, "requirement_name_taken", "A requirement of this name exists. Choose another name.")
	ErrChanged        = fault.New(fault.KindConflict, "requirement_changed", "Somebody else changed this requirement meanwhile. Reload the page.")
	ErrGroupNotCaught = fault.New(fault.KindNotFound, "requirement_group_not_found", "This requirement does not apply to this group.")
	ErrNamed          = fault.New(fault.KindNotFound, "requirement_person_not_found", "This requirement does not name this person.")
	ErrNoRun          = fault.New(fault.KindNotFound, "requirement_run_not_found", "There is no such change of who has a duty.")
	ErrNotUndone      = fault.New(fault.KindConflict, "requirement_run_not_undoable", "This change cannot be undone: it was undone already, or what it changed is different by now.")
	ErrTooMany        = fault.New(fault.KindConflict, "requirements_too_many", "A portal has at most 500 requirements. Change one that is off.")
	ErrNoDuty         = fault.New(fault.KindNotFound, "duty_not_found", "This person does not have this duty.")
)

const (
	nameMax    = 120
	coursesMax = 20

	requirementsMax = 500
	daysMax         = 3660
	monthsMax       = 120
	reasonMax       = 1000
	previewsMax     = 20
	batch           = 5000 // how many people one transaction looks at, and enrols
)

// Service is requirements and duties.
type Service struct {
	keep  Keeper
	enrol Enroller
	paths Paths // nil: none
	roles Roles
	now   clock.Clock
}

// New makes the service.
func New(keep Keeper, enrol Enroller, roles Roles, now clock.Clock) *Service {
	return &Service{keep: keep, enrol: enrol, roles: roles, now: now}
}

// Along gives it what takes people along paths; without it no path can fulfil a requirement.
func (s *Service) Along(paths Paths) *Service {
	s.paths = paths
	return s
}

// in does something within the tenant for who may enrol others.
func (s *Service) in(ctx context.Context, do func(context.Context) error) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, do)
}

// List gives all requirements by name with how people stand. It needs enrolment:manage.
func (s *Service) List(ctx context.Context) (out []Shown, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		out, err = s.keep.Requirements(ctx, s.now())
		return err
	})
	return out, err
}

// Get gives a requirement. It needs enrolment:manage; ErrNotFound.
func (s *Service) Get(ctx context.Context, id uid.ID) (out Shown, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		out, err = s.keep.RequirementByID(ctx, id, s.now())
		return err
	})
	return out, err
}

// Choices lists what there is to choose from. It needs enrolment:manage.
func (s *Service) Choices(ctx context.Context) (out Choices, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		out, err = s.keep.DutyChoices(ctx)
		return err
	})
	return out, err
}

func (s *Service) tell(ctx context.Context, typ string, r Shown, more map[string]any) error {
	data := map[string]any{"requirement_id": r.ID, "name": r.Name}
	for k, v := range more {
		data[k] = v
	}
	e, err := event.New(ctx, s.now(), typ, "requirement", r.ID, data)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// Duties lists who has a duty, by name. It needs enrolment:manage; ErrNotFound.
func (s *Service) Duties(ctx context.Context, id uid.ID, f Filter) (out page.Of[Duty], err error) {
	if f.State != "" && !f.State.Known() {
		return out, fault.Invalid(map[string]string{"state": "Choose one of the states, or leave it out."})
	}
	err = s.in(ctx, func(ctx context.Context) error {
		if _, err := s.keep.RequirementByID(ctx, id, s.now()); err != nil {
			return err
		}
		out, err = s.keep.Duties(ctx, id, f, s.now())
		return err
	})
	return out, err
}

// Own lists the asker's duties, what is due first at the top. It needs enrolment:self.
func (s *Service) Own(ctx context.Context) (out []Duty, err error) {
	if err := auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.DutiesOf(ctx, who.PersonID, s.now())
		return err
	})
	return out, err
}

// Waive says that somebody need not, until a moment or with nil for good. It needs enrolment:manage, and nobody waives their own; faults at
// reason and until, ErrNoDuty. Event duty.waived.
func (s *Service) Waive(ctx context.Context, requirement, person uid.ID, until *time.Time, reason string) error {
	reason = strings.TrimSpace(reason)
	f := fault.Fields{}
	f.Check(reason != "" && utf8.ValidString(reason) && utf8.RuneCountInString(reason) <= reasonMax, "reason", "Say why, in at most 1,000 characters.")
	f.Check(until == nil || until.After(s.now()), "until", "Choose a day to come, or leave it empty.")
	if err := f.Err(); err != nil {
		return err
	}
	now := s.now()
	return s.waive(ctx, requirement, person, &now, until, reason, "duty.waived")
}

// Unwaive ends a waiver. It needs enrolment:manage; ErrNoDuty. Event duty.unwaived.
func (s *Service) Unwaive(ctx context.Context, requirement, person uid.ID) error {
	return s.waive(ctx, requirement, person, nil, nil, "", "duty.unwaived")
}

// ErrOwn is a decision about one's own duty.
var ErrOwn = fault.New(fault.KindForbidden, "own_duty", "This is your own duty. Somebody else has to decide about it.")

func (s *Service) waive(ctx context.Context, requirement, person uid.ID, at, until *time.Time, reason, typ string) error {
	return s.in(ctx, func(ctx context.Context) error {
		who, _ := auth.PrincipalFrom(ctx)
		if who.PersonID == person {
			return ErrOwn
		}
		r, err := s.keep.RequirementByID(ctx, requirement, s.now())
		if err != nil {
			return err
		}
		if err := s.keep.WaiveDuty(ctx, requirement, person, at, until, who.PersonID, reason, s.now()); err != nil {
			return err
		}
		return s.tell(ctx, typ, r, map[string]any{"person_id": person, "until": until, "reason": reason})
	})
}

// What follows asks nobody's permission: jobs do it, each safe to run twice.

// Advance takes what a person completed into their duties.
func (s *Service) Advance(ctx context.Context, person uid.ID) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error { return s.advance(ctx, uid.Nil, person, false) })
}

// Joined runs the requirements that apply to a group; with uid.Nil all.
func (s *Service) Joined(ctx context.Context, group uid.ID) error {
	var ids []uid.ID
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		ids, err = s.keep.RequirementsOfGroup(ctx, group)
		return err
	})
	for _, id := range ids { // one that fails keeps no other from running
		err = errors.Join(err, s.Run(ctx, id))
	}
	return err
}

// RunAll runs every requirement: what no event told.
func (s *Service) RunAll(ctx context.Context) error { return s.Joined(ctx, uid.Nil) }
