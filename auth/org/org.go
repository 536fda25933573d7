// Package org is how an organization is built: who reports to whom, departments, locations and positions with the people in them, the
// portal's own fields of a person, all of it as it was on a day and known at a moment, and who looks after whose people while they are away. The lines themselves are kept by whoever changes a
// manager (auth.LineKeeper); what managers see of their people is learning/team's.
package org

import (
	"context"
	"errors"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/recall"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Place is where a person stands.
type Place struct {
	Person  auth.Person
	Manager *auth.Person // nil: nobody is known
	Reports int          // who report to them directly and are not deactivated
}

// Keeper is what the service needs kept, all of it within InTenant.
type Keeper interface {
	event.Log
	auth.LineKeeper
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// PersonByID is auth.ErrPersonNotFound for nobody.
	PersonByID(ctx context.Context, id uid.ID) (auth.Person, error)
	PersonByEmail(ctx context.Context, email string) (auth.Person, error)
	LockPerson(ctx context.Context, id uid.ID) (auth.Person, error)
	// SetManager writes a person's manager, nil for none, and the lines that follow from it.
	SetManager(ctx context.Context, person uid.ID, manager *uid.ID, at time.Time) error
	// CountReports counts who report to a person directly and are not deactivated.
	CountReports(ctx context.Context, manager uid.ID) (int, error)
	// HasReports tells whether anybody who is not deactivated reports to a person.
	HasReports(ctx context.Context, manager uid.ID) (bool, error)
	StructureKeeper
	UnitKeeper
	FieldKeeper
	PlacementKeeper
}

// Service is the structure of an organization.
type Service struct {
	keep  Keeper
	now   clock.Clock
	leads *recall.Cache[seat, bool]
}

type seat struct{ tenant, person uid.ID }

// leadsFor is how long a process remembers who leads somebody; the link to the team may come that much later.
const leadsFor = time.Minute

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service {
	return &Service{keep: keep, now: now, leads: recall.New[seat, bool](10_000, leadsFor, now)}
}

// ErrNoManager is a manager who is nobody here.
var ErrNoManager = fault.New(fault.KindInvalid, "manager_unknown", "Nobody in this portal has this e-mail address. Enter the address of the manager's account.")

// Place tells where a person stands. It needs person:read; auth.ErrPersonNotFound.
func (s *Service) Place(ctx context.Context, person uid.ID) (out Place, err error) {
	if err := auth.Require(ctx, policy.PersonRead); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByID(ctx, person)
		if err != nil {
			return err
		}
		p.PasswordHash, out.Person = "", p
		if p.ManagerID != nil {
			m, err := s.keep.PersonByID(ctx, *p.ManagerID)
			if err != nil {
				return err
			}
			m.PasswordHash = ""
			out.Manager = &m
		}
		out.Reports, err = s.keep.CountReports(ctx, person)
		return err
	})
	return out, err
}

// Leads tells whether anybody reports to who asks, or to somebody whom they stand in for, as of at most a minute ago.
func (s *Service) Leads(ctx context.Context) (bool, error) {
	who, ok := auth.PrincipalFrom(ctx)
	t, known := tenant.From(ctx)
	if !ok || !known || who.PersonID == uid.Nil {
		return false, nil
	}
	return s.leads.Get(ctx, seat{t.ID, who.PersonID}, func(ctx context.Context) (leads bool, err error) {
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			if leads, err = s.keep.HasReports(ctx, who.PersonID); err != nil || leads {
				return err
			}
			if leads, err = s.keep.HasTeam(ctx, who.PersonID); err != nil || leads {
				return err
			}
			stands, err := s.keep.StandsFor(ctx, who.PersonID, DayOf(s.now()).String())
			leads = len(stands) > 0
			return err
		})
		if errors.Is(err, tenant.ErrSchemaVersion) { // a portal in an older shape knows no delegations, and no managers of other kinds
			return leads, nil
		}
		return leads, err
	})
}

// SetManagerByEmail is SetManagerSince by the manager's address; "" takes the manager away. ErrNoManager.
func (s *Service) SetManagerByEmail(ctx context.Context, person uid.ID, email string, since *Day) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	if strings.TrimSpace(email) == "" {
		return s.SetManagerSince(ctx, person, nil, since)
	}
	address, ok := auth.NormaliseEmail(email)
	if !ok {
		return fault.Invalid(map[string]string{"manager": "Enter an e-mail address, for example “anna@example.com”."})
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		m, err := s.keep.PersonByEmail(ctx, address)
		if fault.Of(err).Kind == fault.KindNotFound && err != nil {
			return ErrNoManager
		}
		if err != nil {
			return err
		}
		return s.SetManagerSince(ctx, person, &m.ID, since)
	})
}

// SetManager says whom a person reports to; nil says nobody. What a directory says replaces it at its next sync. It needs
// person:manage; auth.ErrPersonNotFound for either, auth.ErrLoop, auth.ErrLineLong. Event person.manager_changed where it changed.
func (s *Service) SetManager(ctx context.Context, person uid.ID, manager *uid.ID) error {
	return s.SetManagerSince(ctx, person, manager, nil)
}

// SetManagerSince is SetManager from a day on that is over, nil for today: what was known from that day on is superseded, and what
// was known before can still be asked for. A fault at since.
func (s *Service) SetManagerSince(ctx context.Context, person uid.ID, manager *uid.ID, since *Day) error {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return err
	}
	now := s.now()
	today := DayOf(now)
	if since != nil && since.After(today.Time) {
		return fault.Invalid(map[string]string{"since": "Choose today or a day that is over."})
	}
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.LockPerson(ctx, person)
		if err != nil || since == nil && (p.ManagerID == nil && manager == nil || p.ManagerID != nil && manager != nil && *p.ManagerID == *manager) {
			return err
		}
		facts := map[string]any{"person_id": p.ID, "name": p.Name, "manager_id": manager, "was": p.ManagerID}
		if manager != nil {
			m, err := s.keep.PersonByID(ctx, *manager)
			if err != nil {
				return err
			}
			if err := s.keep.MayReport(ctx, person, *manager); err != nil {
				return err
			}
			facts["manager"] = m.Name
		}
		if since == nil {
			err = s.keep.SetManager(ctx, person, manager, now)
		} else {
			facts["since"] = since.String()
			err = s.keep.SetManagerSince(ctx, person, manager, since.String(), now)
		}
		if err != nil {
			return err
		}
		e, err := event.New(ctx, now, "person.manager_changed", "person", person, facts)
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, e)
	})
	s.forget(ctx, err)
	return err
}
