package signon

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// ticketPurpose seals the proof that an owner carries from the first step of break-glass to the second.
const ticketPurpose = "break glass"

// ticket says that a person has proven themselves.
type ticket struct {
	Person uid.ID    `json:"person"`
	At     time.Time `json:"at"`
}

// EmergencyProof is how an owner proves themselves.
type EmergencyProof struct{ Email, Password string }

// Standing is what an owner named for emergencies sees when they have proven themselves.
type Standing struct {
	Ticket string // what their next step carries
	You    auth.Person
	// Last is the last emergency; the zero value when there was none.
	Last  Emergency
	State EmergencyState // of Last; empty when there was none
	// Asker is who asked for Last; Yours tells that it was you.
	Asker string
	Yours bool
}

// ProveForEmergency takes the proof of an owner named for emergencies. It is throttled and answered as a sign-in is
// (auth.ErrWrongCredentials, auth.ErrTooManyAttempts); ErrNotNamed for who knows their password and is not named,
// ErrNotRequired while nothing is locked.
func (s *Service) ProveForEmergency(ctx context.Context, proof EmergencyProof, c auth.Client) (st Standing, err error) {
	p, err := s.Auth.ProveByEmail(ctx, proof.Email, proof.Password, c)
	if err != nil {
		return st, err
	}
	t, _ := tenant.From(ctx)
	raw, err := json.Marshal(ticket{Person: p.ID, At: s.Now()})
	if err != nil {
		return st, fmt.Errorf("ticket of break-glass: %w", err)
	}
	sealed, err := s.Seal.Seal(t.ID, ticketPurpose, raw)
	if err != nil {
		return st, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		st, err = s.standing(ctx, p.ID)
		return err
	})
	st.Ticket = base64.RawURLEncoding.EncodeToString(sealed)
	return st, err
}

// StandingOf gives what the holder of a ticket sees; ErrTicketOver, and what ProveForEmergency says.
func (s *Service) StandingOf(ctx context.Context, heldTicket string) (st Standing, err error) {
	person, err := s.holder(ctx, heldTicket)
	if err != nil {
		return st, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		st, err = s.standing(ctx, person)
		return err
	})
	st.Ticket = heldTicket
	return st, err
}

// standing gives what a person sees; ErrNotNamed unless they may take part.
func (s *Service) standing(ctx context.Context, person uid.ID) (st Standing, err error) {
	rules, err := s.Keep.SignOnRules(ctx)
	if err != nil {
		return st, err
	}
	if st.You, err = s.named(ctx, rules, person); err != nil {
		return st, err
	}
	last, err := s.Keep.LastEmergencies(ctx, 1)
	if err != nil || len(last) == 0 {
		return st, err
	}
	st.Last, st.State, st.Yours = last[0], last[0].State(s.Now()), last[0].RequestedBy == person
	asker, err := s.Keep.PersonByID(ctx, st.Last.RequestedBy)
	if err != nil && !errors.Is(err, auth.ErrPersonNotFound) {
		return st, err
	}
	st.Asker = asker.Name
	return st, nil
}

// named gives a person who may take part in opening local sign-in; ErrNotNamed, ErrNotRequired.
func (s *Service) named(ctx context.Context, rules Rules, person uid.ID) (auth.Person, error) {
	h, err := s.Keep.HolderByID(ctx, person)
	if err != nil {
		return auth.Person{}, err
	}
	if !slices.Contains(rules.BreakGlass, person) || !canOpen(h) {
		return auth.Person{}, ErrNotNamed
	}
	h.PasswordHash = ""
	p, err := s.Gate.load(ctx) // as it is now, not as it was remembered
	if err == nil && !p.requires(s.Now()) {
		err = ErrNotRequired
	}
	return h.Person, err
}

// holder opens a ticket and gives whose it is; ErrTicketOver.
func (s *Service) holder(ctx context.Context, text string) (uid.ID, error) {
	t, _ := tenant.From(ctx)
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return uid.Nil, ErrTicketOver
	}
	raw, err := s.Seal.Open(t.ID, ticketPurpose, sealed)
	if err != nil {
		return uid.Nil, ErrTicketOver
	}
	var held ticket
	if err := json.Unmarshal(raw, &held); err != nil {
		return uid.Nil, fmt.Errorf("ticket of break-glass: %w", err)
	}
	if !s.Now().Before(held.At.Add(ticketLife)) {
		return uid.Nil, ErrTicketOver
	}
	return held.Person, nil
}

// AskEmergency asks that local sign-in be opened: with a reason, for 15 to 240 minutes. Another owner named for emergencies
// may open it within 30 minutes. ErrAlreadyAsked, ErrTicketOver. Event break_glass.requested, on which all owners are told.
func (s *Service) AskEmergency(ctx context.Context, heldTicket, reason string, minutes int) (e Emergency, err error) {
	person, err := s.holder(ctx, heldTicket)
	if err != nil {
		return e, err
	}
	reason = strings.Join(strings.Fields(reason), " ")
	f := fault.Fields{}
	f.Check(reason != "", "reason", "Say what has happened: every owner reads it.")
	f.Check(utf8.RuneCountInString(reason) <= reasonMax, "reason", "Use at most 500 characters.")
	f.Check(minutes >= EmergencyMinutesMin && minutes <= EmergencyMinutesMax, "minutes", "Choose 15 to 240 minutes.")
	if err := f.Err(); err != nil {
		return e, err
	}
	now := s.Now()
	e = Emergency{ID: uid.New(), Reason: reason, RequestedBy: person, RequestedAt: now, ExpiresAt: now.Add(emergencyWaits), Minutes: minutes}
	ctx = event.WithActor(ctx, event.Actor{ID: person, Kind: "person"})
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		last, err := s.lockEmergencies(ctx, person)
		if err != nil {
			return err
		}
		if st := last.State(now); last.ID != uid.Nil && (st == EmergencyWaiting || st == EmergencyOpen) {
			return ErrAlreadyAsked
		}
		if err := s.Keep.InsertEmergency(ctx, e); err != nil {
			return err
		}
		return s.tellEmergency(ctx, "break_glass.requested", e)
	})
	if err == nil {
		s.turned(ctx)
	}
	return e, err
}

// lockEmergencies holds break-glass for a person who takes part, and gives the last emergency.
func (s *Service) lockEmergencies(ctx context.Context, person uid.ID) (last Emergency, err error) {
	rules, err := s.Keep.LockSignOnRules(ctx)
	if err != nil {
		return last, err
	}
	if _, err := s.named(ctx, rules, person); err != nil {
		return last, err
	}
	list, err := s.Keep.LastEmergencies(ctx, 1)
	if err == nil && len(list) > 0 {
		last = list[0]
	}
	return last, err
}

// OpenEmergency opens what another owner asked for: for its minutes, owners and administrators who have a password sign in
// with it, and their sessions end with it. ErrTwoPeople for who asked, ErrNothingWaits, ErrTicketOver. Event
// break_glass.opened, on which all owners and the platform are told.
func (s *Service) OpenEmergency(ctx context.Context, heldTicket string) (e Emergency, err error) {
	person, err := s.holder(ctx, heldTicket)
	if err != nil {
		return e, err
	}
	now := s.Now()
	ctx = event.WithActor(ctx, event.Actor{ID: person, Kind: "person"})
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if e, err = s.lockEmergencies(ctx, person); err != nil {
			return err
		}
		switch {
		case e.ID == uid.Nil || e.State(now) != EmergencyWaiting:
			return ErrNothingWaits
		case e.RequestedBy == person:
			return ErrTwoPeople
		}
		until := now.Add(time.Duration(e.Minutes) * time.Minute)
		e.ApprovedBy, e.ApprovedAt, e.OpenUntil = &person, &now, &until
		if err := s.Keep.SetEmergency(ctx, e); err != nil {
			return err
		}
		return s.tellEmergency(ctx, "break_glass.opened", e)
	})
	if err != nil {
		return e, err
	}
	s.turned(ctx)
	return e, nil
}

// EndEmergency closes local sign-in again, or takes back what was asked for, and ends the sessions that it let in. It needs
// an owner. ErrEmergencyOver. Event break_glass.ended.
func (s *Service) EndEmergency(ctx context.Context) (e Emergency, err error) {
	who, ok := auth.PrincipalFrom(ctx)
	if !ok {
		return e, auth.ErrSignInFirst
	}
	if !slices.Contains(who.Roles, policy.Owner) || who.PersonID == uid.Nil {
		return e, ErrEmergencyOwners
	}
	now := s.Now()
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.LockSignOnRules(ctx); err != nil {
			return err
		}
		list, err := s.Keep.LastEmergencies(ctx, 1)
		if err != nil {
			return err
		}
		if len(list) == 0 || list[0].State(now) != EmergencyOpen && list[0].State(now) != EmergencyWaiting {
			return ErrEmergencyOver
		}
		e = list[0]
		e.EndedBy, e.EndedAt = &who.PersonID, &now
		if err := s.Keep.SetEmergency(ctx, e); err != nil {
			return err
		}
		if e.OpenUntil != nil {
			if _, err := s.Keep.EndLocalSessionsUntil(ctx, *e.OpenUntil); err != nil {
				return err
			}
		}
		return s.tellEmergency(ctx, "break_glass.ended", e)
	})
	if err == nil {
		s.turned(ctx)
	}
	return e, err
}

// Emergencies lists the last openings, the newest first, with the names of who took part. It needs security:manage.
func (s *Service) Emergencies(ctx context.Context) (list []Emergency, names map[uid.ID]string, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return nil, nil, err
	}
	names = map[uid.ID]string{}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if list, err = s.Keep.LastEmergencies(ctx, emergenciesShown); err != nil {
			return err
		}
		var people []uid.ID
		for _, e := range list {
			people = append(people, e.RequestedBy)
			for _, id := range []*uid.ID{e.ApprovedBy, e.EndedBy} {
				if id != nil {
					people = append(people, *id)
				}
			}
		}
		names, err = s.Keep.NamesOf(ctx, people)
		return err
	})
	return list, names, err
}

const emergenciesShown = 10

func (s *Service) tellEmergency(ctx context.Context, typ string, e Emergency) error {
	data := map[string]any{"reason": e.Reason, "minutes": e.Minutes, "requested_by": e.RequestedBy}
	if e.ApprovedBy != nil {
		data["approved_by"], data["open_until"] = *e.ApprovedBy, e.OpenUntil.Format(time.RFC3339)
	}
	return s.tell(ctx, typ, "break_glass", e.ID, data)
}
