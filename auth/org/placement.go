package org

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// SpanKind is what a span says of a person: a UnitKind, a manager beside their line's, or a field of the portal's own.
type SpanKind string

// The kinds of spans.
const (
	SpanDepartment SpanKind = "department"
	SpanLocation   SpanKind = "location"
	SpanPosition   SpanKind = "position"
	SpanFunctional SpanKind = "functional" // the manager of their trade: a dotted line
	SpanMentor     SpanKind = "mentor"
	SpanField      SpanKind = "field"
)

// ManagerKinds lists the managers beside the line's.
func ManagerKinds() []SpanKind { return []SpanKind{SpanFunctional, SpanMentor} }

// Fact is what was so of a person from a day to another.
type Fact struct {
	Kind           SpanKind
	UnitID         *uid.ID
	ManagerID      *uid.ID
	FieldID        *uid.ID
	Name           string // of the unit on the first day, of the manager or of the field
	Code           string // of the unit or field
	Value          string // of a field
	ValidFrom      time.Time
	ValidTo        *time.Time // the first day on which it was no more; nil: until further notice
	RecordedAt     time.Time
	RecordedByName string // "" the system, or a directory
}

// Placement is where a person stood on a day, as known at a moment.
type Placement struct {
	Person  auth.Person
	When    When
	Facts   []Fact  // of the day; one of each kind, and of each field
	History []Fact  // all that is known now, the newest first
	Fields  []Field // that are asked and that who asks may see
}

// Fact gives what was so of a kind; the zero Fact for nothing.
func (p Placement) Fact(kind SpanKind) Fact {
	for _, f := range p.Facts {
		if f.Kind == kind {
			return f
		}
	}
	return Fact{}
}

// Value gives what a field says.
func (p Placement) Value(field uid.ID) string {
	for _, f := range p.Facts {
		if f.FieldID != nil && *f.FieldID == field {
			return f.Value
		}
	}
	return ""
}

// Change is one thing that becomes so of a person. A zero Unit, Manager or Value takes it away.
type Change struct {
	Person  uid.ID
	Kind    SpanKind
	Field   uid.ID
	Unit    uid.ID
	Manager uid.ID
	Value   string
}

// PlacementKeeper is what placements need kept.
type PlacementKeeper interface {
	// PersonFactsOn gives what was so of a person on a day, as known at a moment.
	PersonFactsOn(ctx context.Context, person uid.ID, w When) ([]Fact, error)
	// PersonFactsOf gives all that is known now, the newest first.
	PersonFactsOf(ctx context.Context, person uid.ID, n int) ([]Fact, error)
	// WritePersonFacts has changes count from a day on: what was known from that day on is superseded. Names of units go to the people's
	// attributes too: department, location and title.
	WritePersonFacts(ctx context.Context, changes []Change, day string, at time.Time) error
	// UnitsNamed gives the open units of a kind that a text means: by code, by path, else by name, in any case.
	UnitsNamed(ctx context.Context, kind UnitKind, text string) ([]Unit, error)
	TeamKinds(ctx context.Context) ([]SpanKind, error)
	SetTeamKinds(ctx context.Context, kinds []SpanKind) error
	// HasTeam tells whether anybody has a person as a manager of a kind that counts.
	HasTeam(ctx context.Context, manager uid.ID) (bool, error)
}

const historyMax = 300

// Placement tells where a person stands, or stood on a day as known at a moment, with all that is known of it over time. It needs
// person:read, but for oneself; auth.ErrPersonNotFound.
func (s *Service) Placement(ctx context.Context, person uid.ID, w When) (out Placement, err error) {
	who, _ := auth.PrincipalFrom(ctx)
	need := policy.PersonRead
	if who.PersonID == person {
		need = policy.PersonSelf
	}
	if err := auth.Require(ctx, need); err != nil {
		return out, err
	}
	w = w.orNow(s.now())
	out.When = w
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out.Person, err = s.keep.PersonByID(ctx, person); err != nil {
			return err
		}
		out.Person.PasswordHash = ""
		if out.Fields, err = s.keep.PersonFields(ctx, true); err != nil {
			return err
		}
		if out.Facts, err = s.keep.PersonFactsOn(ctx, person, w); err != nil {
			return err
		}
		out.History, err = s.keep.PersonFactsOf(ctx, person, historyMax)
		return err
	})
	out.Fields = slices.DeleteFunc(out.Fields, func(f Field) bool { return !f.Seen(ctx, person) })
	seen := map[uid.ID]bool{}
	for _, f := range out.Fields {
		seen[f.ID] = true
	}
	hidden := func(f Fact) bool { return f.FieldID != nil && !seen[*f.FieldID] }
	out.Facts, out.History = slices.DeleteFunc(out.Facts, hidden), slices.DeleteFunc(out.History, hidden)
	out.Fields = slices.DeleteFunc(out.Fields, func(f Field) bool { return f.ArchivedAt != nil })
	return out, err
}

// Named finds the person of an e-mail. It needs person:read; ErrNoManager for nobody.
func (s *Service) Named(ctx context.Context, email string) (person uid.ID, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return person, err
	}
	address, ok := auth.NormaliseEmail(email)
	if !ok {
		return person, ErrNoManager
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByEmail(ctx, address)
		if errors.Is(err, auth.ErrPersonNotFound) {
			return ErrNoManager
		}
		person = p.ID
		return err
	})
	return person, err
}

// PlacementNow is Placement of today for a page that is served in older shapes of a portal too: there nothing is known.
func (s *Service) PlacementNow(ctx context.Context, person uid.ID) (Placement, error) {
	p, err := s.Placement(ctx, person, When{})
	if errors.Is(err, tenant.ErrSchemaVersion) {
		return Placement{}, nil
	}
	return p, err
}

// PlaceInput is what becomes so of a person. Nil leaves as it is; uid.Nil and "" take it away.
type PlaceInput struct {
	Department, Location, Position *uid.ID
	Functional, Mentor             *uid.ID
	Fields                         map[string]string // by code
	Since                          *Day              // today or a day that is over; nil: today
}

// SetPlacement says where a person stands from a day on: what was known from that day on is superseded, and what was known before can still
// be asked for. It needs person:manage; auth.ErrPersonNotFound for the person and managers, ErrNoUnit, ErrUnitClosed; faults at since,
// functional, mentor and fields.<code>. Event person.placed where something changed.
func (s *Service) SetPlacement(ctx context.Context, person uid.ID, in PlaceInput) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	return s.place(ctx, person, in, CircleManage)
}

// SetOwnFields writes those of one's own fields that one may change; faults at fields.<code>. Event person.placed.
func (s *Service) SetOwnFields(ctx context.Context, values map[string]string) error {
	if err := auth.Require(ctx, policy.PersonSelf); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.place(ctx, who.PersonID, PlaceInput{Fields: values}, CircleSelf)
}

func (s *Service) place(ctx context.Context, person uid.ID, in PlaceInput, by Circle) error {
	now := s.now()
	day := DayOf(now)
	if in.Since != nil {
		if in.Since.After(day.Time) {
			return fault.Invalid(map[string]string{"since": "Choose today or a day that is over."})
		}
		day = *in.Since
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.LockPerson(ctx, person)
		if err != nil {
			return err
		}
		held, err := s.keep.PersonFactsOn(ctx, person, When{DayOf(now), now})
		if err != nil {
			return err
		}
		changes, err := s.changes(ctx, person, in, by, Placement{Facts: held})
		if err != nil || len(changes) == 0 {
			return err
		}
		if err := s.keep.WritePersonFacts(ctx, changes, day.String(), now); err != nil {
			return err
		}
		var said []string
		for _, c := range changes {
			said = append(said, string(c.Kind))
		}
		facts := map[string]any{"person_id": p.ID, "name": p.Name, "changed": said}
		if in.Since != nil {
			facts["since"] = day.String()
		}
		e, err := event.New(ctx, now, "person.placed", "person", person, facts)
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
}

// changes is what a wish changes of what holds; with a day every wish counts.
func (s *Service) changes(ctx context.Context, person uid.ID, in PlaceInput, by Circle, held Placement) (out []Change, err error) {
	f := fault.Fields{}
	same := func(a *uid.ID, b uid.ID) bool {
		return in.Since == nil && (a == nil && b == uid.Nil || a != nil && *a == b)
	}
	for kind, wish := range map[UnitKind]*uid.ID{Department: in.Department, Location: in.Location, Position: in.Position} {
		if wish == nil || same(held.Fact(SpanKind(kind)).UnitID, *wish) {
			continue
		}
		if *wish != uid.Nil {
			u, err := s.keep.UnitByID(ctx, *wish)
			if err != nil {
				return nil, err
			}
			if u.Kind != kind {
				return nil, ErrNoUnit
			}
			if u.ClosedAt != nil {
				return nil, ErrUnitClosed
			}
		}
		out = append(out, Change{Person: person, Kind: SpanKind(kind), Unit: *wish})
	}
	for kind, wish := range map[SpanKind]*uid.ID{SpanFunctional: in.Functional, SpanMentor: in.Mentor} {
		if wish == nil || same(held.Fact(kind).ManagerID, *wish) {
			continue
		}
		f.Check(*wish != person, string(kind), "Nobody is their own manager. Choose another person.")
		if *wish != uid.Nil {
			if _, err := s.keep.PersonByID(ctx, *wish); err != nil {
				return nil, err
			}
		}
		out = append(out, Change{Person: person, Kind: kind, Manager: *wish})
	}
	if len(in.Fields) > 0 {
		fields, err := s.keep.PersonFields(ctx, false)
		if err != nil {
			return nil, err
		}
		known := map[string]Field{}
		for _, one := range fields {
			known[one.Code] = one
		}
		for code, value := range in.Fields {
			at := "fields." + code
			one, there := known[code]
			if there && by == CircleSelf {
				there = one.EditedBy == CircleSelf
			}
			if f.Check(there, at, "There is no such field."); !there {
				continue
			}
			kept, why := one.Read(value)
			f.Check(why == "", at, why)
			f.Check(!one.Required || kept != "" || why != "", at, "This must be filled in.")
			if kept != held.Value(one.ID) || in.Since != nil {
				out = append(out, Change{Person: person, Kind: SpanField, Field: one.ID, Value: kept})
			}
		}
	}
	slices.SortFunc(out, func(a, b Change) int {
		return strings.Compare(string(a.Kind)+a.Field.String(), string(b.Kind)+b.Field.String())
	})
	return out, f.Err()
}

// TeamKinds lists which managers beside the line's see their people under /team. It needs person:read.
func (s *Service) TeamKinds(ctx context.Context) (kinds []SpanKind, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		kinds, err = s.keep.TeamKinds(ctx)
		return err
	})
	return kinds, err
}

// SetTeamKinds says which managers beside the line's see their people under /team: event org.team_kinds_changed. It needs
// person:manage; a fault at kinds.
func (s *Service) SetTeamKinds(ctx context.Context, kinds []SpanKind) error {
	for _, k := range kinds {
		if !slices.Contains(ManagerKinds(), k) {
			return fault.Invalid(map[string]string{"kinds": "Choose functional or mentor."})
		}
	}
	t, _ := tenant.From(ctx)
	err := s.managing(ctx, func(ctx context.Context) error {
		was, err := s.keep.TeamKinds(ctx)
		if err != nil {
			return err
		}
		slices.Sort(kinds)
		kinds = slices.Compact(kinds)
		if slices.Equal(was, kinds) {
			return nil
		}
		if err := s.keep.SetTeamKinds(ctx, kinds); err != nil {
			return err
		}
		e, err := event.New(ctx, s.now(), "org.team_kinds_changed", "tenant", t.ID, map[string]any{"kinds": kinds, "was": was})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
	s.forget(ctx, err)
	return err
}

// What follows asks nobody's permission: a job does it.

// Follow places a person in the open units that their attributes name — what a directory or a list said last: department, location and
// title, by code or by name. A text that names none, or several, places nobody. Event person.placed where something changed.
func (s *Service) Follow(ctx context.Context, person uid.ID) error {
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByID(ctx, person)
		if err != nil {
			return err
		}
		now := s.now()
		facts, err := s.keep.PersonFactsOn(ctx, person, When{DayOf(now), now})
		if err != nil {
			return err
		}
		held, in := Placement{Facts: facts}, PlaceInput{}
		for kind, to := range map[UnitKind]**uid.ID{Department: &in.Department, Location: &in.Location, Position: &in.Position} {
			said := p.Attributes[attributeOf(kind)]
			fact := held.Fact(SpanKind(kind))
			if said == "" || fact.UnitID != nil && (strings.EqualFold(fact.Name, said) || strings.EqualFold(fact.Code, said)) {
				continue
			}
			found, err := s.keep.UnitsNamed(ctx, kind, said)
			if err != nil {
				return err
			}
			if len(found) == 1 {
				*to = &found[0].ID
			}
		}
		return s.place(ctx, person, in, CircleManage)
	})
	if errors.Is(err, auth.ErrPersonNotFound) {
		return nil
	}
	return err
}

// attributeOf is the attribute of a person that says what unit of a kind they are in.
func attributeOf(kind UnitKind) string {
	if kind == Position {
		return "title"
	}
	return string(kind)
}
