package auth

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// PeopleKeeper is what the service needs kept of people.
type PeopleKeeper interface {
	// PersonByID gives a person with their roles; ErrPersonNotFound.
	PersonByID(ctx context.Context, id uid.ID) (Person, error)
	// PersonByEmail gives the person of a normalised e-mail with their roles; ErrPersonNotFound.
	PersonByEmail(ctx context.Context, email string) (Person, error)
	// LockPerson gives a person, without roles, and holds them until the transaction ends; ErrPersonNotFound.
	LockPerson(ctx context.Context, id uid.ID) (Person, error)
	// PeopleBy lists people by name with their roles, without password hashes.
	PeopleBy(ctx context.Context, f PeopleFilter) (page.Of[Person], error)
	// InsertPerson adds a person; ErrEmailTaken.
	InsertPerson(ctx context.Context, p Person) error
	// SetProfile writes name, locale, time zone and UpdatedAt.
	SetProfile(ctx context.Context, p Person) error
	// SetPassword writes a password's hash.
	SetPassword(ctx context.Context, id uid.ID, hash string, at time.Time) error
	// SetPersonStatus writes whether the person may sign in.
	SetPersonStatus(ctx context.Context, id uid.ID, status PersonStatus, at time.Time) error
}

// PeopleFilter narrows a list of people. Zero values do not narrow.
type PeopleFilter struct {
	Query string // part of the name or e-mail, in any case
	Role  policy.Role
	// AnyRole narrows to who has at least one of these.
	AnyRole []policy.Role
	Status  PersonStatus
	// Unit narrows to who is in a department, location or position, or below it.
	Unit uid.ID
	// Field and Value narrow to who has a value in one of the portal's own fields, by its code, in any case.
	Field, Value string
	Page         page.Request
}

// InviteInput is who is asked to join, and as what.
type InviteInput struct {
	Email string
	Name  string
	Role  policy.Role
}

const nameMax = 200 // characters of a person's or key's name

// Validate gathers what is wrong with the input, and brings e-mail and name into the form in which they are kept.
func (in *InviteInput) Validate() error {
	f := fault.Fields{}
	email, ok := NormaliseEmail(in.Email)
	f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
	in.Email = email
	in.Name = checkName(f, "name", in.Name)
	f.Check(in.Role != "", "role", "Choose a role.")
	return f.Err()
}

// ProfileInput is what people change about themselves. Locale and TimeZone may be empty: the portal's then.
type ProfileInput struct {
	Name     string
	Locale   string
	TimeZone string
}

// Validate gathers what is wrong with the input, and brings name and locale into the form in which they are kept.
func (in *ProfileInput) Validate() error {
	f := fault.Fields{}
	in.Name = checkName(f, "name", in.Name)
	if in.Locale != "" {
		tag, err := language.Parse(in.Locale)
		f.Check(err == nil, "locale", "Choose a language from the list.")
		in.Locale = tag.String()
	}
	if in.TimeZone != "" {
		_, err := time.LoadLocation(in.TimeZone)
		f.Check(err == nil && in.TimeZone != "Local", "time_zone", "Choose a time zone from the list, for example “Europe/Berlin”.")
	}
	return f.Err()
}

// checkName trims a name and notes what is wrong with it.
func checkName(f fault.Fields, field, name string) string {
	name = strings.TrimSpace(name)
	f.Check(name != "", field, "Enter a name.")
	f.Check(utf8.RuneCountInString(name) <= nameMax, field, "Use at most 200 characters.")
	f.Check(utf8.ValidString(name) && !strings.ContainsFunc(name, breaks), field, "Use only letters, digits and signs that can be printed.")
	return name
}

// breaks tells a control character or what ends a line or paragraph (U+2028, U+2029): a name with one would forge lines
// in mails, exports and logs.
func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// People lists people by name. It needs person:read.
func (s *Service) People(ctx context.Context, f PeopleFilter) (people page.Of[Person], err error) {
	if err := Require(ctx, policy.PersonRead); err != nil {
		return people, err
	}
	if !utf8.ValidString(f.Query) || strings.ContainsRune(f.Query, 0) {
		return people, nil // no name holds such bytes
	}
	f.Query = strings.TrimSpace(f.Query)
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		people, err = s.keep.PeopleBy(ctx, f)
		return err
	})
	return people, err
}

// Person gives one person with their roles. It needs person:read, but for oneself.
func (s *Service) Person(ctx context.Context, id uid.ID) (p Person, err error) {
	who, ok := PrincipalFrom(ctx)
	if !ok || who.PersonID != id || !who.May.Has(policy.PersonSelf) {
		if err := Require(ctx, policy.PersonRead); err != nil {
			return p, err
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		p, err = s.keep.PersonByID(ctx, id)
		return err
	})
	return shown(p), err
}

// shown is a person as they leave this package: without what verifies their password.
func shown(p Person) Person {
	p.PasswordHash = ""
	return p
}

// Invite asks someone to join with a role: event invitation.created, on which the mail goes out. Inviting an invited
// person again corrects name and role and sends a new link. It needs person:manage and a role within one's own
// permissions; ErrEmailTaken for someone who is here already; ErrTooManyInvitations.
func (s *Service) Invite(ctx context.Context, in InviteInput) (p Person, err error) {
	who, err := requirePerson(ctx, policy.PersonManage)
	if err != nil {
		return p, err
	}
	if err := in.Validate(); err != nil {
		return p, err
	}
	if s.invites != nil {
		if ok, _, _ := s.invites.Allow(place(ctx) + " invite by " + who.PersonID.String()); !ok {
			return p, ErrTooManyInvitations
		}
	}
	now := s.now()
	fresh := Person{ID: uid.New(), Email: in.Email, Name: in.Name, Status: PersonInvited, CreatedAt: now, UpdatedAt: now}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.checkRoles(ctx, "role", in.Role); err != nil {
			return err
		}
		if p, err = s.invited(ctx, fresh); err != nil {
			return err
		}
		if _, err := s.assign(ctx, who, &p, []policy.Role{in.Role}); err != nil {
			return err
		}
		return s.tellInvited(ctx, p)
	})
	return shown(p), err
}

// invited adds the person, or corrects and holds who was invited before.
func (s *Service) invited(ctx context.Context, fresh Person) (Person, error) {
	p, err := s.keep.PersonByEmail(ctx, fresh.Email)
	if errors.Is(err, ErrPersonNotFound) {
		if err = s.refuseErased(ctx, fresh.Email); err != nil {
			return fresh, err
		}
		return fresh, s.keep.InsertPerson(ctx, fresh)
	}
	if err == nil {
		p, _, err = s.hold(ctx, p.ID)
	}
	switch {
	case err != nil:
		return p, err
	case p.Status == PersonDeactivated:
		return p, ErrEmailTaken.Saying("Someone with this e-mail was deactivated. Reactivate them instead.").With("email", "This person is deactivated.")
	case p.Status == PersonActive:
		return p, ErrEmailTaken.With("email", "This person is here already.")
	}
	p.Name, p.UpdatedAt = fresh.Name, fresh.UpdatedAt
	return p, s.keep.SetProfile(ctx, p)
}

// tellInvited appends the event on which the invitation goes out.
func (s *Service) tellInvited(ctx context.Context, p Person) error {
	return s.tell(ctx, "invitation.created", p.ID, map[string]any{"person_id": p.ID, "email": p.Email, "name": p.Name, "roles": p.Roles})
}

// CreateOwner adds the first owner, active, or makes who has the e-mail one; without a password's hash they are invited, and
// choose one by the link of their mail. It asks nobody's permission: provisioning
// calls it, within InTenant, as often as it needs to.
func (s *Service) CreateOwner(ctx context.Context, email, name, passwordHash string) (p Person, err error) {
	f := fault.Fields{}
	email, ok := NormaliseEmail(email)
	f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
	name = checkName(f, "name", name)
	if err := f.Err(); err != nil {
		return p, err
	}
	now := s.now()
	fresh := Person{
		ID: uid.New(), Email: email, Name: name, PasswordHash: passwordHash, Status: PersonActive,
		CreatedAt: now, UpdatedAt: now,
	}
	if passwordHash == "" {
		fresh.Status = PersonInvited
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err = s.keep.PersonByEmail(ctx, email)
		if errors.Is(err, ErrPersonNotFound) {
			p = fresh
			if err = s.keep.InsertPerson(ctx, p); err != nil {
				return err
			}
			if passwordHash != "" {
				err = s.tell(ctx, "person.created", p.ID, map[string]any{"person_id": p.ID, "email": p.Email, "name": p.Name})
			}
		}
		if err != nil || hasRole(p.Roles, policy.Owner) {
			return err
		}
		if err := s.keep.GiveRoles(ctx, p.ID, []policy.Role{policy.Owner}); err != nil {
			return err
		}
		p.Roles = append(p.Roles, policy.Owner)
		if p.ID == fresh.ID && p.Status == PersonInvited {
			return s.tellInvited(ctx, p)
		}
		return nil
	})
	return shown(p), err
}

// Deactivate keeps a person from signing in: their sessions, links and API keys end, the learning record stays. It
// needs person:manage and no fewer permissions than theirs; ErrLastOwner.
func (s *Service) Deactivate(ctx context.Context, id uid.ID) error {
	who, err := requirePerson(ctx, policy.PersonManage)
	if err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, owners, err := s.hold(ctx, id)
		if err != nil || p.Status == PersonDeactivated {
			return err
		}
		if err := s.mayChange(ctx, who, p.Roles...); err != nil {
			return err
		}
		if isLast(owners, id) {
			return ErrLastOwner
		}
		if err := s.switchOff(ctx, id, s.now()); err != nil {
			return err
		}
		return s.tell(ctx, "person.deactivated", id, map[string]any{"person_id": id})
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// Reactivate lets a deactivated person sign in again, or be invited again when they never had a password. Sessions and
// API keys do not come back. It needs person:manage and no fewer permissions than theirs.
func (s *Service) Reactivate(ctx context.Context, id uid.ID) error {
	who, err := requirePerson(ctx, policy.PersonManage)
	if err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, _, err := s.hold(ctx, id)
		if err != nil || p.Status != PersonDeactivated {
			return err
		}
		if err := s.mayChange(ctx, who, p.Roles...); err != nil {
			return err
		}
		status := PersonActive
		if p.PasswordHash == "" {
			status = PersonInvited
		}
		if err := s.keep.SetPersonStatus(ctx, id, status, s.now()); err != nil {
			return err
		}
		return s.tell(ctx, "person.reactivated", id, map[string]any{"person_id": id})
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// UpdateProfile changes one's own name, language and time zone. It needs person:self.
func (s *Service) UpdateProfile(ctx context.Context, in ProfileInput) error {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p := Person{ID: who.PersonID, Name: in.Name, Locale: in.Locale, TimeZone: in.TimeZone, UpdatedAt: s.now()}
		if err := s.keep.SetProfile(ctx, p); err != nil {
			return err
		}
		return s.tell(ctx, "person.updated", p.ID, map[string]any{"person_id": p.ID, "name": p.Name})
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// As puts a person into the context as who asks, with all that their roles allow and without a session. It asks nobody's
// permission: jobs and demo data that act for a person call it. ErrPersonNotFound unless the person is active.
func (s *Service) As(ctx context.Context, person uid.ID) (context.Context, error) {
	var who Principal
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByID(ctx, person)
		if err != nil {
			return err
		}
		if p.Status != PersonActive {
			return ErrPersonNotFound
		}
		who, err = s.principalOf(ctx, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	return event.WithActor(WithPrincipal(ctx, who), event.Actor{ID: person, Kind: "person"}), nil
}

func (s *Service) principalOf(ctx context.Context, p Person) (Principal, error) {
	may, err := s.policy.For(ctx, p.Roles)
	return Principal{
		PersonID: p.ID, Email: p.Email, Name: p.Name, Locale: p.Locale, TimeZone: p.TimeZone, Roles: p.Roles, May: may,
	}, err
}
