package org

import (
	"context"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Day is a day of the calendar, in UTC.
type Day struct{ time.Time }

// DayOf is the day of a moment.
func DayOf(at time.Time) Day { return Day{at.UTC().Truncate(24 * time.Hour)} }

// ParseDay reads a day as 2026-03-31 (ISO 8601); ok is false for anything else.
func ParseDay(text string) (d Day, ok bool) {
	at, err := time.Parse(time.DateOnly, text)
	return Day{at}, err == nil && at.Year() > 1900 && at.Year() < 3000
}

// String writes it so.
func (d Day) String() string { return d.Format(time.DateOnly) }

// Span is a manager whom a person had from a day to another.
type Span struct {
	ManagerID      uid.ID
	Name           string
	Email          string
	ValidFrom      time.Time
	ValidTo        *time.Time // the first day on which it was no more; nil: until further notice
	RecordedAt     time.Time
	RecordedByName string // "" the system, or a directory
}

// When is a day, and the moment whose knowledge of it counts.
type When struct {
	Day   Day
	Known time.Time
}

// orNow fills in what was left out: today, as known now.
func (w When) orNow(now time.Time) When {
	if w.Day.IsZero() {
		w.Day = DayOf(now)
	}
	if w.Known.IsZero() {
		w.Known = now
	}
	return w
}

// Node is a person in the structure of a day.
type Node struct {
	PersonID uid.ID
	Name     string
	Email    string
	Status   auth.PersonStatus
	Reports  int // directly
	Below    int // at any distance
}

// Structure is a part of the tree of a day.
type Structure struct {
	When  When
	Whose *Node  // nil: the top
	Above []Node // of Whose, from the top down
	Nodes []Node // who reported to them directly, or who stood at the top; at most 500, by name
}

// Delegation is somebody who looks after another's people while they are away.
type Delegation struct {
	ID      uid.ID
	GiverID uid.ID
	Giver   string
	TakerID uid.ID
	Taker   string
	First   Day `gorm:"-"`
	Last    Day `gorm:"-"` // included
	MadeAt  time.Time
	EndedAt *time.Time
}

// StructureKeeper is what the structure of days and delegations need kept.
type StructureKeeper interface {
	// SetManagerSince writes a person's manager from a day on that is over or today, with what follows from it.
	SetManagerSince(ctx context.Context, person uid.ID, manager *uid.ID, day string, at time.Time) error
	SpansOf(ctx context.Context, person uid.ID) ([]Span, error)
	LineOn(ctx context.Context, manager uid.ID, w When, n int) ([]Node, error)
	AboveOn(ctx context.Context, person uid.ID, w When) ([]Node, error)
	AddDelegation(ctx context.Context, d Delegation) error
	Delegations(ctx context.Context, person uid.ID, today Day, n int) ([]Delegation, error)
	// DelegationByID and EndDelegation fail with ErrNoDelegation.
	DelegationByID(ctx context.Context, id uid.ID) (Delegation, error)
	EndDelegation(ctx context.Context, id uid.ID, at time.Time) error
	// StandsFor gives those whose people a person looks after on a day.
	StandsFor(ctx context.Context, person uid.ID, day string) ([]uid.ID, error)
}

// Failures of delegations.
var (
	ErrNoDelegation = fault.New(fault.KindNotFound, "delegation_not_found", "There is no such delegation that runs.")
	ErrNoDeputy     = fault.New(fault.KindInvalid, "deputy_unknown", "Nobody who can sign in here has this e-mail address. Enter the address of the account of whom you mean.")
	ErrSelfDeputy   = fault.New(fault.KindConflict, "deputy_self", "Nobody stands in for themselves. Choose somebody else.")
)

const (
	nodesMax       = 500
	delegationsMax = 200
	delegationDays = 366
)

// SpansOf tells whom a person reported to over time, the newest first, as it is known now. It needs person:read;
// auth.ErrPersonNotFound.
func (s *Service) SpansOf(ctx context.Context, person uid.ID) (list []Span, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.keep.PersonByID(ctx, person); err != nil {
			return err
		}
		list, err = s.keep.SpansOf(ctx, person)
		return err
	})
	return list, err
}

// Structure tells who reported to whom on a day, as it was known at a moment: below a person, or at the top with uid.Nil. It
// needs person:read; auth.ErrPersonNotFound.
func (s *Service) Structure(ctx context.Context, whose uid.ID, w When) (out Structure, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return out, err
	}
	w = w.orNow(s.now())
	out.When = w
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if whose != uid.Nil {
			p, err := s.keep.PersonByID(ctx, whose)
			if err != nil {
				return err
			}
			out.Whose = &Node{PersonID: p.ID, Name: p.Name, Email: p.Email, Status: p.Status}
			if out.Above, err = s.keep.AboveOn(ctx, whose, w); err != nil {
				return err
			}
		}
		out.Nodes, err = s.keep.LineOn(ctx, whose, w, nodesMax)
		return err
	})
	return out, err
}

// Absence is who looks after whose people, from when to when. Giver is uid.Nil for who asks.
type Absence struct {
	Giver uid.ID
	To    string // the e-mail of who takes over
	First Day
	Last  Day // included
}

// Delegate has somebody look after one's people while one is away; for another it needs person:manage. They see and do at /team
// what the giver may, and nothing more; what they took over they cannot pass on. Faults at first_day and last_day, ErrNoDeputy,
// ErrSelfDeputy. Event delegation.made.
func (s *Service) Delegate(ctx context.Context, in Absence) (d Delegation, err error) {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return d, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	if in.Giver == uid.Nil {
		in.Giver = who.PersonID
	}
	if in.Giver != who.PersonID {
		if err := auth.Require(ctx, policy.PersonManage); err != nil {
			return d, err
		}
	}
	now := s.now()
	f := fault.Fields{}
	f.Check(!in.First.IsZero(), "first_day", "Choose a day.")
	f.Check(!in.Last.IsZero() && !in.Last.Before(in.First.Time) && !in.Last.Before(DayOf(now).Time), "last_day", "Choose a day that is not over, and not before the first.")
	f.Check(in.Last.IsZero() || in.Last.Sub(in.First.Time) < delegationDays*24*time.Hour, "last_day", "Choose a day within a year of the first.")
	address, ok := auth.NormaliseEmail(in.To)
	f.Check(ok, "to", "Enter an e-mail address, for example “anna@example.com”.")
	if err := f.Err(); err != nil {
		return d, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		giver, err := s.keep.PersonByID(ctx, in.Giver)
		if err != nil {
			return err
		}
		taker, err := s.keep.PersonByEmail(ctx, address)
		if errors.Is(err, auth.ErrPersonNotFound) || err == nil && taker.Status != auth.PersonActive {
			return ErrNoDeputy
		}
		if err != nil {
			return err
		}
		if taker.ID == giver.ID {
			return ErrSelfDeputy
		}
		d = Delegation{ID: uid.New(), GiverID: giver.ID, Giver: giver.Name, TakerID: taker.ID, Taker: taker.Name, First: in.First, Last: in.Last, MadeAt: now}
		if err := s.keep.AddDelegation(ctx, d); err != nil {
			return err
		}
		return s.tellDelegation(ctx, "delegation.made", d)
	})
	s.forget(ctx, err)
	return d, err
}

// EndDelegation ends one before its last day: the giver, the taker, or who may manage people. ErrNoDelegation for anybody else's.
// Event delegation.ended.
func (s *Service) EndDelegation(ctx context.Context, id uid.ID) error {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		d, err := s.keep.DelegationByID(ctx, id)
		if err != nil {
			return err
		}
		if d.GiverID != who.PersonID && d.TakerID != who.PersonID && !who.May.Has(policy.PersonManage) {
			return ErrNoDelegation
		}
		if err := s.keep.EndDelegation(ctx, id, s.now()); err != nil {
			return err
		}
		return s.tellDelegation(ctx, "delegation.ended", d)
	})
	s.forget(ctx, err)
	return err
}

// Delegations lists one's own that are not over, given and taken; with everybody's it needs person:manage. At most 200.
func (s *Service) Delegations(ctx context.Context, everybody bool) (list []Delegation, err error) {
	need := policy.PersonSelf
	if everybody {
		need = policy.PersonManage
	}
	if err := auth.Require(ctx, need); err != nil {
		return nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	whose := who.PersonID
	if everybody {
		whose = uid.Nil
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.Delegations(ctx, whose, DayOf(s.now()), delegationsMax)
		return err
	})
	return list, err
}

func (s *Service) tellDelegation(ctx context.Context, typ string, d Delegation) error {
	e, err := event.New(ctx, s.now(), typ, "person", d.GiverID, map[string]any{
		"delegation_id": d.ID, "giver": d.Giver, "person_id": d.TakerID, "person_name": d.Taker, "first_day": d.First.String(), "last_day": d.Last.String(), "due_at": d.Last.Add(12 * time.Hour),
	})
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}

// forget drops who leads somebody, unless nothing changed.
func (s *Service) forget(ctx context.Context, err error) {
	if t, ok := tenant.From(ctx); ok && err == nil {
		s.leads.Drop(func(at seat, _ bool) bool { return at.tenant == t.ID })
	}
}
