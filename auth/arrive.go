package auth

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// What follows is Provision for many people in a few statements. It asks nobody's permission, and runs in the caller's transaction; the caller
// tells Changed after the commit.

// Arrival is one of many whom a source brings in, or of whom it says something else.
type Arrival struct {
	Person  Person   // as they become; managers are set by who brings them in
	New     bool     // they are not here yet
	Changed []string // the fields of their own row that become another
	Again   bool     // they were deactivated and come back
	Alias   string   // by what else the source knows them (Source.Alias), of somebody new
}

// ArrivalKeeper is what many need kept.
type ArrivalKeeper interface {
	// InsertPeople adds people, without managers; ErrEmailTaken.
	InsertPeople(ctx context.Context, people []Person) error
	// SetProvisionedAll writes e-mail, name, locale, time zone, attributes and UpdatedAt of people; ErrEmailTaken.
	SetProvisionedAll(ctx context.Context, people []Person) error
	// GiveRoleFrom gives people a role with its source; who has it already keeps it as it is.
	GiveRoleFrom(ctx context.Context, people []uid.ID, source uid.ID, role policy.Role) error
	// ErasedMarksAmong gives those of the marks that are of somebody who was erased.
	ErasedMarksAmong(ctx context.Context, marks [][]byte) ([][]byte, error)
}

// ArriveAll brings people in, with the role of new ones, and brings others to what the source says of them. New ones are asked to join with
// invite, else they are active and have no password. Roles given are the role of new ones. Events person.created or invitation.created,
// person.updated, person.reactivated. ErrEmailTaken: nothing is to be kept then.
func (s *Service) ArriveAll(ctx context.Context, src Source, role policy.Role, invite bool, list []Arrival) error {
	now := s.now()
	var fresh, others []Person
	var events []event.Event
	tell := func(typ string, p Person, facts map[string]any) error {
		e, err := event.New(ctx, now, typ, "person", p.ID, facts)
		events = append(events, e)
		return err
	}
	var ids []uid.ID
	for i := range list {
		a := &list[i]
		a.Person.UpdatedAt = now
		facts := src.facts(a.Person.ID)
		var err error
		switch {
		case a.New:
			a.Person.CreatedAt, a.Person.Status = now, PersonActive
			typ := "person.created"
			if invite {
				a.Person.Status, typ = PersonInvited, "invitation.created"
			}
			fresh, ids = append(fresh, a.Person), append(ids, a.Person.ID)
			facts["email"], facts["name"], facts["roles"] = a.Person.Email, a.Person.Name, []policy.Role{role}
			err = tell(typ, a.Person, facts)
		case len(a.Changed) > 0:
			others = append(others, a.Person)
			facts["changed"] = a.Changed
			err = tell("person.updated", a.Person, facts)
		}
		if err == nil && a.Again {
			if err = s.keep.SetPersonStatus(ctx, a.Person.ID, PersonActive, now); err == nil {
				err = tell("person.reactivated", a.Person, src.facts(a.Person.ID))
			}
		}
		if err != nil {
			return err
		}
	}
	if err := s.keep.InsertPeople(ctx, fresh); err != nil {
		return err
	}
	if err := s.keep.GiveRoleFrom(ctx, ids, src.ID, role); err != nil {
		return err
	}
	if err := s.keep.SetProvisionedAll(ctx, others); err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, events...)
}

// ErasedAmong gives those names (e-mails, Source.Alias) by which somebody was known who was erased, within the caller's transaction.
func (s *Service) ErasedAmong(ctx context.Context, names []string) (map[string]bool, error) {
	out := map[string]bool{}
	if !s.seal.Set() { // nobody can have been erased without a master key
		return out, nil
	}
	names = slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" })
	marks, err := s.ErasedMarks(ctx, names...)
	if err != nil {
		return nil, err
	}
	found, err := s.keep.ErasedMarksAmong(ctx, marks)
	if err != nil || len(found) == 0 {
		return out, err
	}
	there := map[string]bool{}
	for _, m := range found {
		there[string(m)] = true
	}
	for i, m := range marks {
		if there[string(m)] {
			out[names[i]] = true
		}
	}
	return out, nil
}

// MayTouch fails unless who asks may do what lets somebody with these roles in or keeps them out; ErrOwnersOnly, ErrRoleExceeds.
func (s *Service) MayTouch(ctx context.Context, roles ...policy.Role) error {
	who, err := requirePerson(ctx, policy.PersonManage)
	if err != nil {
		return err
	}
	return s.mayChange(ctx, who, roles...)
}

// CheckName brings a name into the form in which it is kept; why says what is wrong with it.
func CheckName(name string) (kept, why string) {
	f := fault.Fields{}
	kept = checkName(f, "name", strings.TrimSpace(name))
	if !utf8.ValidString(kept) {
		kept = ""
	}
	return kept, f["name"]
}
