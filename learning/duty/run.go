package duty

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Cause is why it changed who has a duty.
type Cause string

// The causes.
const (
	CauseSettled                Cause = "settled" // groups changed, or a person's account
	CauseGroupAdded             Cause = "group_added"
	CauseNewcomersAdded         Cause = "newcomers_added" // only of what a group was before: who was in it was spared
	CauseGroupExcepted          Cause = "group_excepted"
	CauseGroupRemoved           Cause = "group_removed"
	CauseExceptionRemoved       Cause = "exception_removed"
	CausePersonAdded            Cause = "person_added"
	CausePersonExcepted         Cause = "person_excepted"
	CausePersonRemoved          Cause = "person_removed"
	CausePersonExceptionRemoved Cause = "person_exception_removed"
	CauseSwitchedOn             Cause = "switched_on"
	CauseSwitchedOff            Cause = "switched_off"
	CauseUndone                 Cause = "undone" // of the run that AboutID names
)

// Run is one time that it changed who has a duty. It is a row of requirement_runs.
type Run struct {
	ID            uid.ID
	RequirementID uid.ID
	Cause         Cause
	AboutID       *uid.ID // the group, the person or the run
	AboutName     string
	Was           Cause  // what the group or the person was before: "" nothing, *_added or *_excepted
	Note          string // the reason that a named person had before
	ByID          *uid.ID
	ByName        string `gorm:"->"`
	At            time.Time
	Given         int
	Withdrawn     int
	Enrolled      int `gorm:"->"`
	UndoneAt      *time.Time
	UndoneBy      *uid.ID
}

// TableName is requirement_runs.
func (Run) TableName() string { return "requirement_runs" }

// Undoable tells whether it was made by hand and not undone. Whom a group for newcomers only spared is not known any more.
func (r Run) Undoable() bool {
	return r.UndoneAt == nil && r.Cause != CauseSettled && r.Cause != CauseUndone && r.Was != CauseNewcomersAdded
}

// RunChange is what a run did to a person.
type RunChange struct {
	PersonID    uid.ID
	Name        string
	Email       string
	Change      string // given, withdrawn, enrolled or left
	EnrolmentID *uid.ID
	At          time.Time
}

// Because is why somebody is in a course.
type Because struct {
	RequirementID   uid.ID
	RequirementName string
	RunID           uid.ID
	Cause           Cause
	AboutName       string
	Reasons         string // the groups that make it a duty now
	At              time.Time
}

// How somebody comes into a course.
const (
	EnrolNew   = "new"
	EnrolAgain = "again" // they completed it before
	EnrolBack  = "back"  // a requirement took them out of it
)

// ToEnrol is someone who has to take the first course of a requirement.
type ToEnrol struct {
	PersonID uid.ID
	DueAt    *time.Time
	How      string
}

// RunKeeper is what runs need kept.
type RunKeeper interface {
	// SettleDuties gives and withdraws the duties of a requirement as its scope is now, and keeps the run where it changed something or was made by hand.
	SettleDuties(ctx context.Context, id uid.ID, sc Scope, run Run) (Change, error)
	// DutiesToEnrol looks at the next n people of a requirement, by id, and gives those who have something to do for it now and are at none of
	// its courses; last is the last one that it looked at.
	DutiesToEnrol(ctx context.Context, requirement, after uid.ID, now time.Time, n int) (people []ToEnrol, last uid.ID, more bool, err error)
	// EnrolmentsToLeave gives, by id, enrolments after one that a requirement made, which nobody began and nothing asks for any more.
	EnrolmentsToLeave(ctx context.Context, requirement, after uid.ID, n int) ([]RunChange, error)
	// NoteEnrolled writes what the runs that gave people a duty put them into; NoteLeft what they were taken out of.
	NoteEnrolled(ctx context.Context, requirement uid.ID, list []RunChange) error
	NoteLeft(ctx context.Context, list []RunChange) error
	Runs(ctx context.Context, requirement uid.ID, p page.Request) (page.Of[Run], error)
	// RunByID is ErrNoRun.
	RunByID(ctx context.Context, requirement, run uid.ID) (Run, error)
	RunChanges(ctx context.Context, run uid.ID, p page.Request) (page.Of[RunChange], error)
	// UndoRun notes that a run was undone, and gives back the duties that it withdrew; false where it was undone already.
	UndoRun(ctx context.Context, run uid.ID, by uid.ID, at time.Time) (bool, error)
	BecauseOf(ctx context.Context, enrolment uid.ID) ([]Because, error)
}

// settle brings the duties of a requirement to what its scope and completions say, and tells what changed.
func (s *Service) settle(ctx context.Context, id uid.ID, run Run) (out Shown, err error) {
	sc, err := s.keep.HoldScope(ctx, id)
	if err != nil {
		return out, err
	}
	run.ID, run.RequirementID, run.At = uid.New(), id, s.now()
	if who, ok := auth.PrincipalFrom(ctx); ok && run.Cause != CauseSettled {
		run.ByID = &who.PersonID
	}
	c, err := s.keep.SettleDuties(ctx, id, sc, run)
	if err != nil {
		return out, err
	}
	quiet := run.Cause == CauseSettled && c.None() // a job's look that changed nothing: most are
	if err = s.advance(ctx, id, uid.Nil, quiet && c.Rows == 0); err != nil {
		return out, err
	}
	if quiet {
		return s.keep.PlainRequirement(ctx, id)
	}
	if out, err = s.keep.RequirementByID(ctx, id, s.now()); err != nil || c.None() {
		return out, err
	}
	return out, s.tell(ctx, "requirement.settled", out, map[string]any{"added": c.Added, "withdrawn": c.Withdrawn, "cause": run.Cause, "run_id": run.ID, "about": run.AboutName})
}

// Runs lists what changed who has a duty, the newest first. It needs enrolment:manage; ErrNotFound.
func (s *Service) Runs(ctx context.Context, id uid.ID, p page.Request) (out page.Of[Run], err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		if _, err := s.keep.ScopeOf(ctx, id); err != nil {
			return err
		}
		out, err = s.keep.Runs(ctx, id, p)
		return err
	})
	return out, err
}

// Changes lists what a run did to whom, by name. It needs enrolment:manage; ErrNoRun.
func (s *Service) Changes(ctx context.Context, id, run uid.ID, p page.Request) (r Run, out page.Of[RunChange], err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		if r, err = s.keep.RunByID(ctx, id, run); err != nil {
			return err
		}
		out, err = s.keep.RunChanges(ctx, run, p)
		return err
	})
	return r, out, err
}

// Because lists which requirements put somebody into a course, and why. It needs enrolment:manage.
func (s *Service) Because(ctx context.Context, enrolment uid.ID) (list []Because, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		list, err = s.keep.BecauseOf(ctx, enrolment)
		return err
	})
	return list, err
}

// Undo takes back what a run by hand changed: who it gave the duty has it no more, who lost it has it again as they had it, and who it put into
// the course and has not begun is taken out. It needs enrolment:manage; ErrNotFound, ErrNoRun, ErrNotUndone, ErrRole, ErrOwn. Event requirement.run_undone.
func (s *Service) Undo(ctx context.Context, id, run uid.ID) (out Shown, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		r, err := s.keep.RunByID(ctx, id, run)
		if err != nil {
			return err
		}
		before, err := s.keep.RequirementByID(ctx, id, s.now())
		if err != nil {
			return err
		}
		who, _ := auth.PrincipalFrom(ctx)
		if !r.Undoable() {
			return ErrNotUndone
		}
		if r.AboutID != nil && *r.AboutID == who.PersonID && (r.Cause == CausePersonAdded || r.Was == CausePersonExcepted) {
			return ErrOwn
		}
		if err := s.mayCatch(ctx, before.Requirement); err != nil {
			return err
		}
		if ok, err := s.keep.UndoRun(ctx, run, who.PersonID, s.now()); err != nil || !ok {
			if err == nil {
				err = ErrNotUndone
			}
			return err
		}
		undo := Run{Cause: CauseUndone, AboutID: &run, AboutName: r.AboutName}
		switch r.Cause {
		case CauseSwitchedOn, CauseSwitchedOff:
			if before.On() != (r.Cause == CauseSwitchedOn) {
				return ErrNotUndone
			}
			if out, err = s.switchTo(ctx, before, r.Cause == CauseSwitchedOff, undo); err != nil {
				return err
			}
		default:
			if err = s.reverse(ctx, id, r, who.PersonID); err != nil {
				if fault.Of(err).Kind == fault.KindNotFound {
					err = ErrNotUndone
				}
				return err
			}
			if out, err = s.settle(ctx, id, undo); err != nil {
				return err
			}
		}
		return s.tell(ctx, "requirement.run_undone", out, map[string]any{"run_id": run, "cause": r.Cause, "about": r.AboutName})
	})
	return out, err
}

// reverse makes the group or the person of a run what it was before.
func (s *Service) reverse(ctx context.Context, id uid.ID, r Run, by uid.ID) error {
	if r.AboutID == nil {
		return ErrNotUndone
	}
	switch r.Cause {
	case CauseGroupAdded, CauseGroupExcepted, CauseGroupRemoved, CauseExceptionRemoved:
		if r.Was == "" {
			return s.keep.DeleteRequirementGroup(ctx, id, *r.AboutID)
		}
		if _, err := s.keep.GroupByID(ctx, *r.AboutID); err != nil {
			return err
		}
		return s.keep.AddRequirementGroup(ctx, id, *r.AboutID, r.Was == CauseGroupExcepted, by, s.now())
	}
	if r.Was == "" {
		return s.keep.UnnamePerson(ctx, id, *r.AboutID)
	}
	return s.keep.NamePerson(ctx, id, Named{PersonID: *r.AboutID, Excepted: r.Was == CausePersonExcepted, Reason: r.Note}, by, s.now())
}

// What follows asks nobody's permission: jobs do it, each safe to run twice.

// Run settles a requirement, takes out of its course who is to leave it, and enrols whoever has something to do for it and is at none of its
// courses: who has not done it yet, and whose renewal is open. Who completed the first course before takes it again. Some hundreds go in a
// transaction. What keeps people out (the course is not published any more) ends it for now; the chore tries again.
func (s *Service) Run(ctx context.Context, id uid.ID) error {
	var r Shown
	err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		r, err = s.settle(ctx, id, Run{Cause: CauseSettled})
		return err
	})
	if fault.Of(err).Code == ErrNotFound.Code && err != nil || err == nil && len(r.Courses) == 0 {
		return nil // it is gone, or its courses are
	}
	for after, more := uid.Nil, true; err == nil && more; {
		after, more, err = s.leaveSome(ctx, id, after)
	}
	next := s.enrolSome
	if r.Path != nil {
		next = s.walkSome
		if err == nil && s.paths != nil {
			err = s.paths.Release(ctx, r.Path.ID, id)
		}
	}
	for after, more := uid.Nil, true; err == nil && more; {
		after, more, err = next(ctx, r, after)
	}
	if err != nil && fault.Of(err).Kind != fault.KindInternal {
		return nil
	}
	return err
}

// leaveSome takes the next people out, and tells how far it came.
func (s *Service) leaveSome(ctx context.Context, id, after uid.ID) (last uid.ID, more bool, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err := s.keep.EnrolmentsToLeave(ctx, id, after, batch)
		if err != nil || len(list) == 0 {
			return err
		}
		var left []RunChange
		for _, one := range list {
			out, err := s.enrol.Dismiss(ctx, *one.EnrolmentID)
			if err != nil {
				return err
			}
			if out {
				one.At = s.now()
				left = append(left, one)
			}
		}
		last, more = *list[len(list)-1].EnrolmentID, len(list) == batch
		return s.keep.NoteLeft(ctx, left)
	})
	return last, more, err
}

// enrolSome enrols the next people, and tells how far it came.
func (s *Service) enrolSome(ctx context.Context, r Shown, after uid.ID) (last uid.ID, more bool, err error) {
	course := r.Courses[0].ID
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		var people []ToEnrol
		var err error
		if people, last, more, err = s.keep.DutiesToEnrol(ctx, r.ID, after, s.now(), batch); err != nil || len(people) == 0 {
			return err
		}
		var fresh []enrolment.Wanted
		var done []RunChange
		for _, p := range people {
			in := enrolment.Assignment{Course: course, Person: p.PersonID, By: r.CreatedBy}
			var e enrolment.Enrolment
			added := true
			switch p.How {
			case EnrolAgain:
				e, added, err = s.enrol.Renew(ctx, in, p.DueAt)
			case EnrolBack:
				e, err = s.enrol.Return(ctx, in, p.DueAt)
			default:
				fresh = append(fresh, enrolment.Wanted{Person: p.PersonID, DueAt: p.DueAt})
				continue
			}
			if err != nil {
				return err
			}
			if added {
				done = append(done, RunChange{PersonID: p.PersonID, EnrolmentID: &e.ID, At: s.now()})
			}
		}
		added, err := s.enrol.AssignMany(ctx, course, r.CreatedBy, fresh)
		if err != nil {
			return err
		}
		for _, a := range added {
			done = append(done, RunChange{PersonID: a.PersonID, EnrolmentID: &a.ID, At: s.now()})
		}
		return s.keep.NoteEnrolled(ctx, r.ID, done)
	})
	return last, more, err
}
