package duty

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Status is whether a requirement catches people.
type Status string

const (
	// StatusDraft was never on: it catches nobody yet.
	StatusDraft Status = "draft"
	// StatusOn catches people.
	StatusOn Status = "on"
	// StatusOff was on: nobody has the duty any more, and the history stays.
	StatusOff Status = "off"
)

// Named is a person whom a requirement names.
type Named struct {
	PersonID uid.ID
	Name     string
	Email    string
	Excepted bool // left out, whatever their groups say
	Reason   string
}

// Scope is whom a requirement catches, but for those whom it names.
type Scope struct {
	On       bool
	Groups   []uid.ID
	Excepted []uid.ID // groups whose people are left out
	Whole    []uid.ID // of Groups those of which nobody is spared
}

// Do is a change of whom a requirement catches.
type Do string

const (
	// DoAdd makes it a duty of everyone of a group, and of who joins it later.
	DoAdd Do = "add"
	// DoNewcomers makes it a duty of who joins a group from now on.
	DoNewcomers Do = "newcomers"
	// DoExcept leaves the people of a group out, through whichever group they would come.
	DoExcept Do = "except"
	// DoRemove takes a group out, one that is excepted as well.
	DoRemove Do = "remove"
	// DoOn begins to catch people.
	DoOn Do = "on"
	// DoOff ends it for everybody.
	DoOff Do = "off"
)

// Proposal is a change, and the group that it is about where it is about one.
type Proposal struct {
	Do    Do
	Group uid.ID
}

// Plan is what a change would do.
type Plan struct {
	Proposal
	GroupName string
	Given     int // who would get the duty
	Withdrawn int // who would have it no more
	Kept      int
	People    page.Of[Planned] `gorm:"-"` // those whom it changes, by name
}

// Planned is one whom a change changes.
type Planned struct {
	PersonID uid.ID
	Name     string
	Email    string
	Change   string // given or withdrawn
}

// ScopeKeeper is what whom a requirement catches needs kept.
type ScopeKeeper interface {
	// ScopeOf is ErrNotFound. HoldScope reads it with nobody else at it until the transaction ends.
	ScopeOf(ctx context.Context, id uid.ID) (Scope, error)
	HoldScope(ctx context.Context, id uid.ID) (Scope, error)
	// AddRequirementGroup adds a group, or changes whether it is excepted.
	AddRequirementGroup(ctx context.Context, id, group uid.ID, excepted bool, by uid.ID, at time.Time) error
	// SpareMembers leaves out who is in a group now; SpareNobody ends that.
	SpareMembers(ctx context.Context, id, group uid.ID) error
	SpareNobody(ctx context.Context, id, group uid.ID) error
	// DeleteRequirementGroup is ErrGroupNotCaught.
	DeleteRequirementGroup(ctx context.Context, id, group uid.ID) error
	// NamePerson is auth.ErrPersonNotFound; UnnamePerson is ErrNamed.
	NamePerson(ctx context.Context, id uid.ID, p Named, by uid.ID, at time.Time) error
	UnnamePerson(ctx context.Context, id, person uid.ID) error
	// NamedPerson is ErrNamed.
	NamedPerson(ctx context.Context, id, person uid.ID) (Named, error)
	SwitchRequirement(ctx context.Context, id uid.ID, to Status) error
	// PlanDuties tells what the duties would be under a scope; nothing is kept.
	PlanDuties(ctx context.Context, id uid.ID, sc Scope, p page.Request) (Plan, error)
}

// with gives the scope that a proposal leads to.
func (sc Scope) with(p Proposal) Scope {
	without := func(list []uid.ID) (out []uid.ID) {
		for _, g := range list {
			if g != p.Group {
				out = append(out, g)
			}
		}
		return out
	}
	switch p.Do {
	case DoOn, DoOff:
		sc.On = p.Do == DoOn
		return sc
	}
	if p.Do == DoNewcomers && slices.Contains(sc.Groups, p.Group) {
		return sc // who is in it has it already
	}
	sc.Groups, sc.Excepted = without(sc.Groups), without(sc.Excepted)
	switch p.Do {
	case DoAdd:
		sc.Groups, sc.Whole = append(sc.Groups, p.Group), append(sc.Whole, p.Group)
	case DoExcept:
		sc.Excepted = append(sc.Excepted, p.Group)
	}
	return sc // newcomers: nobody today
}

func (p Proposal) check() error {
	switch p.Do {
	case DoAdd, DoNewcomers, DoExcept, DoRemove:
		if p.Group == uid.Nil {
			return fault.Invalid(map[string]string{"group": "Choose a group."})
		}
	case DoOn, DoOff:
	default:
		return fault.Invalid(map[string]string{"do": "Choose add, newcomers, except, remove, on or off."})
	}
	return nil
}

// Plan tells whom a change would give the duty and who would have it no more; nothing is kept. It needs enrolment:manage; ErrNotFound,
// auth.ErrGroupNotFound, a fault at do or group.
func (s *Service) Plan(ctx context.Context, id uid.ID, p Proposal, at page.Request) (out Plan, err error) {
	if err := p.check(); err != nil {
		return out, err
	}
	err = s.in(ctx, func(ctx context.Context) error {
		sc, err := s.keep.ScopeOf(ctx, id)
		if err != nil {
			return err
		}
		var g auth.Group
		if p.Group != uid.Nil {
			if g, err = s.keep.GroupByID(ctx, p.Group); err != nil {
				return err
			}
		}
		out, err = s.keep.PlanDuties(ctx, id, sc.with(p), at)
		out.Proposal, out.GroupName = p, g.Name
		return err
	})
	return out, err
}

// Apply makes a change; a job enrols those who get the duty, and takes out of the course who is to leave it. Done again it changes nothing. It needs
// enrolment:manage; ErrNotFound, auth.ErrGroupNotFound, ErrGroupNotCaught, a fault at do or group. Events requirement.group_added,
// requirement.group_removed, requirement.switched.
func (s *Service) Apply(ctx context.Context, id uid.ID, p Proposal) (out Shown, err error) {
	if err := p.check(); err != nil {
		return out, err
	}
	err = s.in(ctx, func(ctx context.Context) error {
		before, err := s.keep.RequirementByID(ctx, id, s.now())
		if err != nil {
			return err
		}
		if p.Do == DoOn || p.Do == DoOff {
			if p.Do == DoOn {
				if err := s.mayCatch(ctx, before.Requirement); err != nil {
					return err
				}
			}
			out, err = s.switchTo(ctx, before, p.Do == DoOn, Run{})
			return err
		}
		if err := s.mayCatch(ctx, before.Requirement); err != nil {
			return err
		}
		g, err := s.keep.GroupByID(ctx, p.Group)
		if err != nil {
			return err
		}
		run, typ := Run{Cause: CauseGroupAdded, AboutID: &g.ID, AboutName: g.Name}, "requirement.group_added"
		for _, had := range before.Groups {
			if had.ID == g.ID && had.Excepted {
				run.Was = CauseGroupExcepted
			} else if had.ID == g.ID {
				run.Was = CauseGroupAdded
				if had.Spared > 0 {
					run.Was = CauseNewcomersAdded
				}
			}
		}
		who, _ := auth.PrincipalFrom(ctx)
		switch p.Do {
		case DoRemove:
			run.Cause, typ = CauseGroupRemoved, "requirement.group_removed"
			if run.Was == CauseGroupExcepted {
				run.Cause = CauseExceptionRemoved
			}
			err = s.keep.DeleteRequirementGroup(ctx, id, g.ID)
		default:
			if p.Do == DoExcept {
				run.Cause = CauseGroupExcepted
			}
			err = s.keep.AddRequirementGroup(ctx, id, g.ID, p.Do == DoExcept, who.PersonID, s.now())
			switch {
			case err != nil:
			case p.Do == DoNewcomers && (run.Was == "" || run.Was == CauseGroupExcepted):
				err = s.keep.SpareMembers(ctx, id, g.ID)
			case p.Do != DoNewcomers:
				err = s.keep.SpareNobody(ctx, id, g.ID)
			}
		}
		if err != nil {
			return err
		}
		if out, err = s.settle(ctx, id, run); err != nil {
			return err
		}
		return s.tell(ctx, typ, out, map[string]any{"group_id": g.ID, "group_name": g.Name, "do": p.Do})
	})
	return out, err
}

func (s *Service) switchTo(ctx context.Context, r Shown, on bool, run Run) (out Shown, err error) {
	to := StatusOn
	if run.Cause == "" {
		run.Cause = CauseSwitchedOn
	}
	if !on {
		if to = StatusOff; r.Status == StatusDraft {
			return r, nil
		}
		if run.Cause == CauseSwitchedOn {
			run.Cause = CauseSwitchedOff
		}
	}
	if r.Status == to {
		return r, nil
	}
	if err = s.keep.SwitchRequirement(ctx, r.ID, to); err != nil {
		return out, err
	}
	if out, err = s.settle(ctx, r.ID, run); err != nil {
		return out, err
	}
	return out, s.tell(ctx, "requirement.switched", out, map[string]any{"status": to})
}

// Name makes it a duty of a person by name, or leaves them out whatever their groups say, with a reason. It needs enrolment:manage;
// ErrNotFound, auth.ErrPersonNotFound, ErrRole, ErrOwn for leaving oneself out, a fault at reason. Event requirement.person_named.
func (s *Service) Name(ctx context.Context, id, person uid.ID, excepted bool, reason string) (out Shown, err error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > reasonMax {
		return out, fault.Invalid(map[string]string{"reason": "Say why, in at most 1,000 characters."})
	}
	lets := func(Cause) bool { return excepted } // nobody leaves themselves out
	return s.named(ctx, id, person, "requirement.person_named", lets, func(ctx context.Context, run *Run) error {
		run.Cause = CausePersonAdded
		if excepted {
			run.Cause = CausePersonExcepted
		}
		who, _ := auth.PrincipalFrom(ctx)
		return s.keep.NamePerson(ctx, id, Named{PersonID: person, Excepted: excepted, Reason: reason}, who.PersonID, s.now())
	})
}

// Unname takes a person out of those whom a requirement names. It needs enrolment:manage; ErrNotFound, ErrNamed,
// ErrRole, ErrOwn. Event requirement.person_unnamed.
func (s *Service) Unname(ctx context.Context, id, person uid.ID) (out Shown, err error) {
	lets := func(was Cause) bool { return was == CausePersonAdded }
	return s.named(ctx, id, person, "requirement.person_unnamed", lets, func(ctx context.Context, run *Run) error {
		run.Cause = CausePersonRemoved
		if run.Was == CausePersonExcepted {
			run.Cause = CausePersonExceptionRemoved
		}
		return s.keep.UnnamePerson(ctx, id, person)
	})
}

// named changes what a requirement says of a person; own tells whether it is nothing to do to oneself, by what was said before.
func (s *Service) named(ctx context.Context, id, person uid.ID, typ string, own func(was Cause) bool, do func(context.Context, *Run) error) (out Shown, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		before, err := s.keep.RequirementByID(ctx, id, s.now())
		if err != nil {
			return err
		}
		if err = s.mayCatch(ctx, before.Requirement); err != nil {
			return err
		}
		run := Run{AboutID: &person}
		had, err := s.keep.NamedPerson(ctx, id, person)
		if err != nil && !errors.Is(err, ErrNamed) {
			return err
		}
		if err == nil {
			if run.Was, run.Note = CausePersonAdded, had.Reason; had.Excepted {
				run.Was = CausePersonExcepted
			}
		}
		if who, _ := auth.PrincipalFrom(ctx); who.PersonID == person && own(run.Was) {
			return ErrOwn
		}
		if err = do(ctx, &run); err != nil {
			return err
		}
		if now, err := s.keep.NamedPerson(ctx, id, person); err == nil {
			had = now
		}
		if run.AboutName = had.Name; run.AboutName == "" {
			run.AboutName = had.Email
		}
		if out, err = s.settle(ctx, id, run); err != nil {
			return err
		}
		return s.tell(ctx, typ, out, map[string]any{"person_id": person, "person_name": run.AboutName, "cause": run.Cause})
	})
	return out, err
}
