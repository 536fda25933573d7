package org

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// UnitKind is what sort of thing people are placed in.
type UnitKind string

const (
	// Department is a part of the organization; departments are a tree.
	Department UnitKind = "department"
	// Location is where people work; locations are a tree.
	Location UnitKind = "location"
	// Position is what people are; positions stand in no tree.
	Position UnitKind = "position"
)

// UnitKinds lists them.
func UnitKinds() []UnitKind { return []UnitKind{Department, Location, Position} }

// Known tells whether there is such a kind.
func (k UnitKind) Known() bool { return k == Department || k == Location || k == Position }

// Unit is a department, a location or a position. It is a row of org_units.
type Unit struct {
	ID        uid.ID
	Kind      UnitKind
	ParentID  *uid.ID // nil: at the top
	Code      string  // what an HR system calls it: unique within the kind in any case; "" for none
	Name      string  // unique among its open siblings in any case
	ClosedAt  *time.Time
	Revision  int
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Branch is a unit in its tree, with how many people are in it.
type Branch struct {
	Unit  `gorm:"embedded"`
	Path  string // the names from the top down, with " / " between
	Depth int    // 0 at the top
	Here  int    // people placed in it who are not deactivated
	All   int    // and in what is below it
}

// UnitInput is a unit as it is wished. ID counts when it is made only; the zero ID: any.
type UnitInput struct {
	ID     uid.ID
	Kind   UnitKind
	Name   string
	Code   string
	Parent *uid.ID
}

// Bounds of units.
const (
	UnitsMax    = 10_000 // of a portal, all kinds, closed ones too
	unitDepth   = 20
	unitNameMax = 120
	codeMax     = 100
)

// Failures of units.
var (
	ErrNoUnit      = fault.New(fault.KindNotFound, "org_unit_not_found", "There is no such department, location or position.")
	ErrUnitCode    = fault.New(fault.KindConflict, "org_unit_code_taken", "Another one has this code already. Choose another code.")
	ErrUnitName    = fault.New(fault.KindConflict, "org_unit_name_taken", "Another one of this name stands at this place already. Choose another name.")
	ErrUnitLoop    = fault.New(fault.KindConflict, "org_unit_loop", "It cannot stand below itself. Choose another place.")
	ErrUnitDeep    = fault.New(fault.KindConflict, "org_unit_deep", "At most 20 may stand below one another. Choose a place further up.")
	ErrUnitHeld    = fault.New(fault.KindConflict, "org_unit_held", "People are in it, or something open is below it. Move them first, or merge it into another.")
	ErrUnitClosed  = fault.New(fault.KindConflict, "org_unit_closed", "It is closed. Open it again first.")
	ErrUnitChanged = fault.New(fault.KindConflict, "org_unit_changed", "Someone else changed it meanwhile. Look at it again, then save.")
	ErrUnitsFull   = fault.New(fault.KindConflict, "org_units_full", "There are 10,000 departments, locations and positions already. Close and merge some instead.")
	ErrUnitMerge   = fault.New(fault.KindConflict, "org_unit_merge", "Choose another one of the same kind that is open and does not stand below it.")
)

// UnitKeeper is what units need kept.
type UnitKeeper interface {
	// Branches lists the units of a kind in the order of their trees, as of a day as known at a moment: without the zero When as they
	// are now. Closed ones come with closed.
	Branches(ctx context.Context, kind UnitKind, w When, closed bool) ([]Branch, error)
	// UnitByID and LockUnit fail with ErrNoUnit.
	UnitByID(ctx context.Context, id uid.ID) (Unit, error)
	LockUnit(ctx context.Context, id uid.ID) (Unit, error)
	CountUnits(ctx context.Context) (int, error)
	// UnitsAbove counts how deep a unit stands, 1 at the top, and whether below stands above it or is it.
	UnitsAbove(ctx context.Context, id, below uid.ID) (depth int, within bool, err error)
	// UnitsBelow tells how many levels stand below a unit.
	UnitsBelow(ctx context.Context, id uid.ID) (int, error)
	// UnitHeld tells whether people who are not deactivated are in a unit, or open units below it.
	UnitHeld(ctx context.Context, id uid.ID) (bool, error)
	// AddUnit and SaveUnit write one with its span, and bring what people are said to be in to a new name; ErrUnitCode, ErrUnitName.
	AddUnit(ctx context.Context, u Unit) error
	SaveUnit(ctx context.Context, u Unit) error
	// PourUnit puts all that stands in or below one unit into another from a day on, and tells how many people that were.
	PourUnit(ctx context.Context, from, into uid.ID, day string, at time.Time) (int, error)
}

func (in *UnitInput) validate() error {
	f := fault.Fields{}
	in.Name, in.Code = strings.TrimSpace(in.Name), strings.TrimSpace(in.Code)
	f.Check(in.Kind.Known(), "kind", "Choose department, location or position.")
	f.Check(in.Name != "", "name", "Enter a name.")
	f.Check(utf8.RuneCountInString(in.Name) <= unitNameMax, "name", "Use at most 120 characters.")
	f.Check(!strings.ContainsFunc(in.Name, unicode.IsControl) && utf8.ValidString(in.Name) && !strings.Contains(in.Name, " / "), "name", "Use only letters, digits and signs that can be printed, and no slash between spaces.")
	f.Check(utf8.RuneCountInString(in.Code) <= codeMax && utf8.ValidString(in.Code) && !strings.ContainsFunc(in.Code, unicode.IsControl), "code", "Use at most 100 characters.")
	f.Check(in.Kind != Position || in.Parent == nil, "parent", "Positions stand in no tree.")
	return f.Err()
}

// Units lists the units of a kind in the order of their trees, with how many people are in each: as they are now, or as they were on
// a day, as known at a moment. It needs person:read.
func (s *Service) Units(ctx context.Context, kind UnitKind, w When, closed bool) (list []Branch, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return nil, err
	}
	if !kind.Known() {
		return nil, fault.Invalid(map[string]string{"kind": "Choose department, location or position."})
	}
	if w != (When{}) {
		w = w.orNow(s.now())
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.Branches(ctx, kind, w, closed)
		return err
	})
	return list, err
}

// Choices gives the open departments, locations and positions in the order of their trees, and the portal's own fields that who asks may
// see: what a list of people can be narrowed by. A portal in an older shape has none. It needs person:read.
func (s *Service) Choices(ctx context.Context) (units []Branch, fields []Field, err error) {
	for _, kind := range UnitKinds() {
		list, err := s.Units(ctx, kind, When{}, false)
		if errors.Is(err, tenant.ErrSchemaVersion) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		units = append(units, list...)
	}
	fields, err = s.Fields(ctx, false)
	return units, fields, err
}

// Unit gives one. It needs person:read; ErrNoUnit.
func (s *Service) Unit(ctx context.Context, id uid.ID) (u Unit, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return u, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		u, err = s.keep.UnitByID(ctx, id)
		return err
	})
	return u, err
}

// managing does something to the structure for who may manage people, one after the other.
func (s *Service) managing(ctx context.Context, do func(ctx context.Context) error) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.HoldLines(ctx); err != nil {
			return err
		}
		return do(ctx)
	})
}

// AddUnit makes a unit: event org_unit.created. It needs person:manage; ErrNoUnit and ErrUnitClosed of the parent, ErrUnitCode,
// ErrUnitName, ErrUnitDeep, ErrUnitsFull.
func (s *Service) AddUnit(ctx context.Context, in UnitInput) (u Unit, err error) {
	if err := in.validate(); err != nil {
		return u, err
	}
	now := s.now()
	if in.ID == uid.Nil {
		in.ID = uid.New()
	}
	u = Unit{ID: in.ID, Kind: in.Kind, ParentID: in.Parent, Code: in.Code, Name: in.Name, Revision: 1, CreatedAt: now, UpdatedAt: now}
	err = s.managing(ctx, func(ctx context.Context) error {
		n, err := s.keep.CountUnits(ctx)
		if err != nil {
			return err
		}
		if n >= UnitsMax {
			return ErrUnitsFull
		}
		if err := s.below(ctx, u); err != nil {
			return err
		}
		if err := s.keep.AddUnit(ctx, u); err != nil {
			return err
		}
		return s.tellUnit(ctx, "org_unit.created", u, nil)
	})
	return u, err
}

// below checks the place where a unit is to stand.
func (s *Service) below(ctx context.Context, u Unit) error {
	if u.ParentID == nil {
		return nil
	}
	parent, err := s.keep.UnitByID(ctx, *u.ParentID)
	switch {
	case err != nil:
		return err
	case parent.Kind != u.Kind:
		return ErrNoUnit
	case parent.ClosedAt != nil:
		return ErrUnitClosed
	}
	depth, within, err := s.keep.UnitsAbove(ctx, parent.ID, u.ID)
	if err != nil {
		return err
	}
	if within {
		return ErrUnitLoop
	}
	levels, err := s.keep.UnitsBelow(ctx, u.ID)
	if err == nil && depth+1+levels > unitDepth {
		return ErrUnitDeep
	}
	return err
}

// ChangeUnit gives a unit another name, code and place, as made on a revision (below 0: on any); its kind stays. From today on: what
// it was called before is kept. Event org_unit.changed. It needs person:manage; as AddUnit, and ErrUnitLoop, ErrUnitChanged.
func (s *Service) ChangeUnit(ctx context.Context, id uid.ID, revision int, in UnitInput) (u Unit, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		if u, err = s.keep.LockUnit(ctx, id); err != nil {
			return err
		}
		in.Kind = u.Kind
		if err := in.validate(); err != nil {
			return err
		}
		if revision >= 0 && revision != u.Revision {
			return ErrUnitChanged
		}
		was := u
		u.Name, u.Code, u.ParentID = in.Name, in.Code, in.Parent
		if err := s.below(ctx, u); err != nil {
			return err
		}
		return s.saveUnit(ctx, &u, "org_unit.changed", map[string]any{"was": was.Name})
	})
	return u, err
}

func (s *Service) saveUnit(ctx context.Context, u *Unit, typ string, facts map[string]any) error {
	u.Revision++
	u.UpdatedAt = s.now()
	if err := s.keep.SaveUnit(ctx, *u); err != nil {
		return err
	}
	return s.tellUnit(ctx, typ, *u, facts)
}

// CloseUnit keeps people from being placed in a unit; what was known of it stays. Event org_unit.closed. It needs person:manage;
// ErrNoUnit, ErrUnitHeld.
func (s *Service) CloseUnit(ctx context.Context, id uid.ID) error {
	return s.managing(ctx, func(ctx context.Context) error {
		u, err := s.keep.LockUnit(ctx, id)
		if err != nil || u.ClosedAt != nil {
			return err
		}
		held, err := s.keep.UnitHeld(ctx, id)
		if err != nil {
			return err
		}
		if held {
			return ErrUnitHeld
		}
		now := s.now()
		u.ClosedAt = &now
		return s.saveUnit(ctx, &u, "org_unit.closed", nil)
	})
}

// OpenUnit opens a closed one again: event org_unit.opened. It needs person:manage; ErrNoUnit, ErrUnitName, and ErrUnitClosed where what it
// stands below is closed.
func (s *Service) OpenUnit(ctx context.Context, id uid.ID) error {
	return s.managing(ctx, func(ctx context.Context) error {
		u, err := s.keep.LockUnit(ctx, id)
		if err != nil || u.ClosedAt == nil {
			return err
		}
		u.ClosedAt = nil
		if err := s.below(ctx, u); err != nil {
			return err
		}
		return s.saveUnit(ctx, &u, "org_unit.opened", nil)
	})
}

// MergeUnit puts all people of a unit and all that stands below it into another of its kind from today on, and closes it; it tells
// how many people moved. Event org_unit.merged. It needs person:manage; ErrNoUnit, ErrUnitMerge, ErrUnitName, ErrUnitDeep.
func (s *Service) MergeUnit(ctx context.Context, id, into uid.ID) (moved int, err error) {
	err = s.managing(ctx, func(ctx context.Context) error {
		u, err := s.keep.LockUnit(ctx, id)
		if err != nil {
			return err
		}
		to, err := s.keep.LockUnit(ctx, into)
		if err != nil {
			return err
		}
		depth, within, err := s.keep.UnitsAbove(ctx, into, id)
		if err != nil {
			return err
		}
		if u.Kind != to.Kind || to.ClosedAt != nil || u.ClosedAt != nil || within {
			return ErrUnitMerge
		}
		levels, err := s.keep.UnitsBelow(ctx, id)
		if err != nil {
			return err
		}
		if depth+levels > unitDepth {
			return ErrUnitDeep
		}
		now := s.now()
		if moved, err = s.keep.PourUnit(ctx, id, into, DayOf(now).String(), now); err != nil {
			return err
		}
		u.ClosedAt = &now
		return s.saveUnit(ctx, &u, "org_unit.merged", map[string]any{"into_id": to.ID, "into": to.Name, "people": moved})
	})
	return moved, err
}

func (s *Service) tellUnit(ctx context.Context, typ string, u Unit, more map[string]any) error {
	facts := map[string]any{"unit_id": u.ID, "kind": u.Kind, "name": u.Name, "code": u.Code}
	if u.ParentID != nil {
		facts["parent_id"] = *u.ParentID
	}
	for k, v := range more {
		facts[k] = v
	}
	e, err := event.New(ctx, s.now(), typ, "org_unit", u.ID, facts)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, e)
}
