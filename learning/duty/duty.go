// Package duty is what people must have done: requirements, the groups of people that each catches, the duty of each person with the
// reasons why it is one, and its cycles with their three clocks: due, grace, expiry. What fulfils a requirement is enrolment's to say; how a
// duty stands is a pure function of facts and the clock (Cycles, Cycle.State), and kept by statements over everybody at once.
package duty

import (
	"context"
	"fmt"
	"slices"
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
	Revision    int
	CreatedBy   *uid.ID
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Terms are how it counts time.
func (r Requirement) Terms() Terms {
	return Terms{ValidMonths: r.ValidMonths, DueDays: r.DueDays, GraceDays: r.GraceDays, RenewDays: r.RenewDays, KeepDay: r.KeepDay}
}

// Course is one of those that fulfil a requirement.
type Course struct {
	ID    uid.ID
	Title string
	Slug  string
}

// Group is one whose people a requirement catches.
type Group struct {
	ID      uid.ID
	Name    string
	Members int
}

// Count is how many are in a state.
type Count struct {
	State State
	N     int
}

// Shown is a requirement with what belongs to it.
type Shown struct {
	Requirement
	Courses []Course // the first is the one that people are enrolled in
	Groups  []Group
	Counts  []Count // in the order of States, without those that are none
}

// People is how many have the duty.
func (s Shown) People() (n int) {
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
	CourseSlug      string // the course that people are enrolled in
	CourseTitle     string
}

// Preview is what catching the people of a group would do.
type Preview struct {
	GroupID uid.ID
	Name    string
	Members int           // people of the group who are not deactivated
	New     int           // of them who do not have the duty yet
	People  []auth.Person `gorm:"-"` // the first of the new ones by name, at most 20
}

// Change is what settling did.
type Change struct{ Added, Withdrawn int }

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
	// AddRequirement is ErrNameTaken, SaveRequirement ErrChanged where the revision is not the one before.
	AddRequirement(ctx context.Context, r Requirement, courses []uid.ID) error
	SaveRequirement(ctx context.Context, r Requirement, courses []uid.ID) error
	KnownCourses(ctx context.Context, ids []uid.ID) (int, error)
	AddRequirementGroup(ctx context.Context, id, group, by uid.ID, at time.Time) error
	// DeleteRequirementGroup is ErrGroupNotCaught.
	DeleteRequirementGroup(ctx context.Context, id, group uid.ID) error
	PreviewRequirementGroup(ctx context.Context, id, group uid.ID, n int) (Preview, error)
	// SettleDuties gives and withdraws the duties of a requirement as its groups are now.
	SettleDuties(ctx context.Context, id uid.ID, now time.Time) (Change, error)
	// AdvanceDuties takes completions into the cycles: of a requirement, of a person, with uid.Nil of all. What then differs from what was
	// known goes into the history; it comes after SettleDuties, in its transaction.
	AdvanceDuties(ctx context.Context, requirement, person uid.ID, now time.Time) error
	Duties(ctx context.Context, requirement uid.ID, f Filter, now time.Time) (page.Of[Duty], error)
	DutiesOf(ctx context.Context, person uid.ID, now time.Time) ([]Duty, error)
	// WaiveDuty is ErrNoDuty.
	WaiveDuty(ctx context.Context, requirement, person uid.ID, at, until *time.Time, by uid.ID, reason string, now time.Time) error
	// DutiesToEnrol gives, by id, people after one who have something to do for a requirement now, and are at none of its courses.
	DutiesToEnrol(ctx context.Context, requirement, after uid.ID, now time.Time, n int) ([]ToEnrol, error)
	// DutyChoices lists published courses and groups to choose from, at most 500 of each, by name.
	DutyChoices(ctx context.Context) (courses []Course, groups []Group, err error)
	RequirementsOfGroup(ctx context.Context, group uid.ID) ([]uid.ID, error)
}

// ToEnrol is someone who has to take the first course of a requirement.
type ToEnrol struct {
	PersonID uid.ID
	DueAt    *time.Time
	Again    bool // they completed it before
}

// Enroller enrols people; enrolment.Service is one.
type Enroller interface {
	AssignMany(ctx context.Context, course uid.ID, by *uid.ID, people []enrolment.Wanted) (n int, err error)
	Renew(ctx context.Context, in enrolment.Assignment, due *time.Time) (added bool, err error)
}

// Failures of this package.
var (
	ErrNotFound       = fault.New(fault.KindNotFound, "requirement_not_found", "There is no such requirement.")
	ErrNameTaken      = fault.New(fault.KindConflict, "requirement_name_taken", "A requirement of this name exists. Choose another name.")
	ErrChanged        = fault.New(fault.KindConflict, "requirement_changed", "Somebody else changed this requirement meanwhile. Reload the page.")
	ErrGroupNotCaught = fault.New(fault.KindNotFound, "requirement_group_not_found", "This requirement does not apply to this group.")
	ErrNoDuty         = fault.New(fault.KindNotFound, "duty_not_found", "This person does not have this duty.")
)

const (
	nameMax     = 120
	coursesMax  = 20
	daysMax     = 3660
	monthsMax   = 120
	reasonMax   = 1000
	previewsMax = 20
	batch       = 500 // how many people one transaction enrols
)

// Service is requirements and duties.
type Service struct {
	keep  Keeper
	enrol Enroller
	now   clock.Clock
}

// New makes the service.
func New(keep Keeper, enrol Enroller, now clock.Clock) *Service {
	return &Service{keep: keep, enrol: enrol, now: now}
}

// Input is a requirement as it is written. Revision is that of the one it was made from, 0 for a new one.
type Input struct {
	Name, Framework string
	Courses         []uid.ID
	Terms           Terms
	Revision        int
}

func (in *Input) check() error {
	in.Name, in.Framework = strings.TrimSpace(in.Name), strings.TrimSpace(in.Framework)
	f := fault.Fields{}
	f.Check(in.Name != "" && utf8.ValidString(in.Name) && utf8.RuneCountInString(in.Name) <= nameMax, "name", "Use a name of 1 to 120 characters.")
	f.Check(utf8.ValidString(in.Framework) && utf8.RuneCountInString(in.Framework) <= nameMax, "framework", "Use at most 120 characters.")
	in.Courses = slices.Compact(in.Courses)
	f.Check(len(in.Courses) > 0 && len(in.Courses) <= coursesMax, "courses", "Choose 1 to 20 courses.")
	within := func(n *int, most int, field string) {
		f.Check(n == nil || *n >= 1 && *n <= most, field, fmt.Sprintf("Use 1 to %d, or leave it empty.", most))
	}
	within(in.Terms.ValidMonths, monthsMax, "valid_months")
	within(in.Terms.DueDays, daysMax, "due_days")
	f.Check(in.Terms.GraceDays >= 0 && in.Terms.GraceDays <= daysMax, "grace_days", fmt.Sprintf("Use 0 to %d days.", daysMax))
	most := daysMax
	if in.Terms.ValidMonths != nil {
		most = *in.Terms.ValidMonths * 28
	}
	f.Check(in.Terms.RenewDays >= 0 && in.Terms.RenewDays <= most, "renew_days", "Renewal cannot open before the training was done. Use fewer days.")
	return f.Err()
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

// Choices lists the published courses and the groups to choose from, at most 500 of each, by name. It needs enrolment:manage.
func (s *Service) Choices(ctx context.Context) (courses []Course, groups []Group, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		courses, groups, err = s.keep.DutyChoices(ctx)
		return err
	})
	return courses, groups, err
}

// Save writes a requirement, a new one with uid.Nil. A change of terms moves open cycles; what was completed keeps what it was
// completed under. It needs enrolment:manage; faults at the fields, ErrNotFound, ErrNameTaken, ErrChanged. Event requirement.saved.
func (s *Service) Save(ctx context.Context, id uid.ID, in Input) (out Shown, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return out, err
	}
	if err := in.check(); err != nil {
		return out, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	now := s.now()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if n, err := s.keep.KnownCourses(ctx, in.Courses); err != nil || n != len(in.Courses) {
			if err == nil {
				err = fault.Invalid(map[string]string{"courses": "Choose courses that are published."})
			}
			return err
		}
		r := Requirement{ID: id, Name: in.Name, Framework: in.Framework, ValidMonths: in.Terms.ValidMonths, DueDays: in.Terms.DueDays, GraceDays: in.Terms.GraceDays, RenewDays: in.Terms.RenewDays, KeepDay: in.Terms.KeepDay, Revision: in.Revision + 1, CreatedBy: &who.PersonID, CreatedAt: now, UpdatedAt: now}
		if id == uid.Nil {
			r.ID, r.Revision = uid.New(), 1
			err = s.keep.AddRequirement(ctx, r, in.Courses)
		} else if _, err = s.keep.RequirementByID(ctx, id, now); err == nil {
			err = s.keep.SaveRequirement(ctx, r, in.Courses)
		}
		if err != nil {
			return err
		}
		if out, err = s.settle(ctx, r.ID, nil); err != nil {
			return err
		}
		return s.tell(ctx, "requirement.saved", out, nil)
	})
	return out, err
}

// settle brings the duties of a requirement to what its groups and completions say, and tells what changed.
func (s *Service) settle(ctx context.Context, id uid.ID, more map[string]any) (out Shown, err error) {
	c, err := s.keep.SettleDuties(ctx, id, s.now())
	if err != nil {
		return out, err
	}
	if err = s.keep.AdvanceDuties(ctx, id, uid.Nil, s.now()); err != nil {
		return out, err
	}
	if out, err = s.keep.RequirementByID(ctx, id, s.now()); err != nil || c == (Change{}) {
		return out, err
	}
	data := map[string]any{"added": c.Added, "withdrawn": c.Withdrawn}
	for k, v := range more {
		data[k] = v
	}
	return out, s.tell(ctx, "requirement.settled", out, data)
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

// Preview tells what catching the people of a group would do; nothing is kept. It needs enrolment:manage; ErrNotFound,
// auth.ErrGroupNotFound.
func (s *Service) Preview(ctx context.Context, id, group uid.ID) (out Preview, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		if _, err := s.keep.RequirementByID(ctx, id, s.now()); err != nil {
			return err
		}
		g, err := s.keep.GroupByID(ctx, group)
		if err != nil {
			return err
		}
		out, err = s.keep.PreviewRequirementGroup(ctx, id, group, previewsMax)
		out.GroupID, out.Name = group, g.Name
		return err
	})
	return out, err
}

// AddGroup makes it a duty of everyone of a group, and of who joins it later; a job enrols them. It needs enrolment:manage; ErrNotFound,
// auth.ErrGroupNotFound. Event requirement.group_added.
func (s *Service) AddGroup(ctx context.Context, id, group uid.ID) (out Shown, err error) {
	return s.group(ctx, id, group, "requirement.group_added", func(ctx context.Context) error {
		who, _ := auth.PrincipalFrom(ctx)
		return s.keep.AddRequirementGroup(ctx, id, group, who.PersonID, s.now())
	})
}

// RemoveGroup takes a group out: who is caught by no other group has the duty no more. Enrolments, progress and history stay. It needs
// enrolment:manage; ErrNotFound, ErrGroupNotCaught. Event requirement.group_removed.
func (s *Service) RemoveGroup(ctx context.Context, id, group uid.ID) (out Shown, err error) {
	return s.group(ctx, id, group, "requirement.group_removed", func(ctx context.Context) error {
		return s.keep.DeleteRequirementGroup(ctx, id, group)
	})
}

func (s *Service) group(ctx context.Context, id, group uid.ID, typ string, do func(context.Context) error) (out Shown, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		if _, err := s.keep.RequirementByID(ctx, id, s.now()); err != nil {
			return err
		}
		g, err := s.keep.GroupByID(ctx, group)
		if err != nil {
			return err
		}
		if err := do(ctx); err != nil {
			return err
		}
		about := map[string]any{"group_id": group, "group_name": g.Name}
		if out, err = s.settle(ctx, id, about); err != nil {
			return err
		}
		return s.tell(ctx, typ, out, about)
	})
	return out, err
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

// ErrOwn is a waiver of one's own duty.
var ErrOwn = fault.New(fault.KindForbidden, "own_duty", "This is your own duty. Somebody else has to waive it.")

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

// Run settles a requirement and enrols whoever has something to do for it and is at none of its courses: who has not done it yet, and whose
// renewal is open. Who completed the first course before takes it again. Some hundreds go in a transaction. What keeps people out (the course
// is not published any more) ends it for now; the chore tries again.
func (s *Service) Run(ctx context.Context, id uid.ID) error {
	var r Shown
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		r, err = s.settle(ctx, id, nil)
		return err
	})
	if fault.Of(err).Code == ErrNotFound.Code && err != nil || err == nil && len(r.Courses) == 0 {
		return nil // it is gone, or its courses are
	}
	for after, more := uid.Nil, true; err == nil && more; {
		after, more, err = s.enrolSome(ctx, r, after)
	}
	if err != nil && fault.Of(err).Kind != fault.KindInternal {
		return nil
	}
	return err
}

// enrolSome enrols the next people, and tells how far it came.
func (s *Service) enrolSome(ctx context.Context, r Shown, after uid.ID) (last uid.ID, more bool, err error) {
	course := r.Courses[0].ID
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		people, err := s.keep.DutiesToEnrol(ctx, r.ID, after, s.now(), batch)
		if err != nil || len(people) == 0 {
			return err
		}
		var fresh []enrolment.Wanted
		for _, p := range people {
			if !p.Again {
				fresh = append(fresh, enrolment.Wanted{Person: p.PersonID, DueAt: p.DueAt})
				continue
			}
			if _, err = s.enrol.Renew(ctx, enrolment.Assignment{Course: course, Person: p.PersonID, By: r.CreatedBy}, p.DueAt); err != nil {
				return err
			}
		}
		last, more = people[len(people)-1].PersonID, len(people) == batch
		_, err = s.enrol.AssignMany(ctx, course, r.CreatedBy, fresh)
		return err
	})
	return last, more, err
}

// Advance takes what a person completed into their duties.
func (s *Service) Advance(ctx context.Context, person uid.ID) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.AdvanceDuties(ctx, uid.Nil, person, s.now()) })
}

// Joined runs the requirements that apply to a group; with uid.Nil all.
func (s *Service) Joined(ctx context.Context, group uid.ID) error {
	var ids []uid.ID
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		ids, err = s.keep.RequirementsOfGroup(ctx, group)
		return err
	})
	for _, id := range ids {
		if err == nil {
			err = s.Run(ctx, id)
		}
	}
	return err
}

// RunAll runs every requirement: what no event told.
func (s *Service) RunAll(ctx context.Context) error { return s.Joined(ctx, uid.Nil) }
