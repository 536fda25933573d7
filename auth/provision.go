package auth

import (
	"context"
	"maps"
	"slices"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// What follows asks nobody's permission: an identity provider or a directory that an administrator has set up does it. All
// of it runs in the caller's transaction; the caller tells Changed after the commit.

// SourceKind is what sort of thing creates and changes people.
type SourceKind string

const (
	// SourceConnection is an identity provider, at a sign-in.
	SourceConnection SourceKind = "connection"
	// SourceDirectory is a directory: SCIM or LDAP sync.
	SourceDirectory SourceKind = "directory"
	// SourceImport is a list that somebody brought in.
	SourceImport SourceKind = "import"
	// SourceLink is a link by which people ask to join.
	SourceLink SourceKind = "join_link"
	// SourceHR is what an HR system sends.
	SourceHR SourceKind = "hr"
)

// Source is who creates and changes people beside people themselves.
type Source struct {
	Kind SourceKind
	ID   uid.ID
	Name string // for the audit log
}

func (src Source) facts(person uid.ID) map[string]any {
	return map[string]any{"person_id": person, "source": src.Kind, "source_id": src.ID, "source_name": src.Name}
}

// Profile is what a source says of a person. Empty fields say nothing and change nothing; an attribute that is there but
// empty is removed.
type Profile struct {
	Email      string
	Name       string
	Locale     string
	TimeZone   string
	Attributes Attributes
	ManagerID  *uid.ID // nil says nothing, uid.Nil removes
	// Aliases are by what else the source knows the person (see Source.Alias): of somebody new it is asked whether they were erased.
	Aliases []string
}

// Alias is what a source calls a person, told from what others call theirs.
func (src Source) Alias(name string) string {
	if name == "" {
		return ""
	}
	return src.ID.String() + " " + name
}

// ProvisionKeeper is what provisioning needs kept beside people and roles.
type ProvisionKeeper interface {
	LineKeeper
	ArrivalKeeper
	// SetProvisioned writes e-mail, name, locale, time zone, attributes, manager with the lines, and UpdatedAt; ErrEmailTaken.
	SetProvisioned(ctx context.Context, p Person) error
	// RolesFrom gives the roles that a source gave a person.
	RolesFrom(ctx context.Context, person, source uid.ID) ([]policy.Role, error)
	// GiveRolesFrom adds roles with their source; a role that is there already stays as it is.
	GiveRolesFrom(ctx context.Context, person, source uid.ID, roles []policy.Role) error
	// TakeRolesFrom removes those roles that the source gave.
	TakeRolesFrom(ctx context.Context, person, source uid.ID, roles []policy.Role) error
}

// Provision creates a person (person is uid.Nil) or brings them to what the source says, and names the fields that
// changed; none is no write. A new person is active and has no password. A fault at email or name when a new person would
// have none; ErrEmailTaken, ErrErased, ErrPersonNotFound, and of a manager ErrLoop, ErrLineLong: nothing is written then. Events person.created,
// person.updated.
func (s *Service) Provision(ctx context.Context, src Source, person uid.ID, in Profile) (p Person, changed []string, err error) {
	now := s.now()
	if person == uid.Nil {
		f := fault.Fields{}
		email, ok := NormaliseEmail(in.Email)
		f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
		name := checkName(f, "name", in.Name)
		if err := f.Err(); err != nil {
			return p, nil, err
		}
		p = Person{
			ID: uid.New(), Email: email, Name: name, Status: PersonActive, Locale: in.Locale, TimeZone: in.TimeZone,
			Attributes: merged(nil, in.Attributes), CreatedAt: now, UpdatedAt: now,
		}
		if in.ManagerID != nil && *in.ManagerID != uid.Nil {
			p.ManagerID = in.ManagerID
		}
		if err := s.refuseErased(ctx, p.Email, in.Aliases...); err != nil {
			return p, nil, err
		}
		if err := s.keep.InsertPerson(ctx, p); err != nil {
			return p, nil, err
		}
		facts := src.facts(p.ID)
		facts["email"], facts["name"] = p.Email, p.Name
		return p, []string{FieldEmail, FieldName}, s.tell(ctx, "person.created", p.ID, facts)
	}
	if p, err = s.keep.LockPerson(ctx, person); err != nil {
		return p, nil, err
	}
	was := p
	if changed, err = apply(&p, in); err != nil || len(changed) == 0 {
		return p, nil, err
	}
	if p.ManagerID != nil && slices.Contains(changed, "manager") {
		if err := s.keep.MayReport(ctx, p.ID, *p.ManagerID); err != nil {
			return was, nil, err
		}
	}
	p.UpdatedAt = now
	if err := s.keep.SetProvisioned(ctx, p); err != nil {
		return was, nil, err
	}
	facts := src.facts(p.ID)
	facts["changed"] = changed
	return p, changed, s.tell(ctx, "person.updated", p.ID, facts)
}

// apply brings a person to a profile and names what changed.
func apply(p *Person, in Profile) (changed []string, err error) {
	set := func(field string, to *string, value string) {
		if value != "" && value != *to {
			*to = value
			changed = append(changed, field)
		}
	}
	f := fault.Fields{}
	if in.Email != "" {
		email, ok := NormaliseEmail(in.Email)
		f.Check(ok, "email", "Enter an e-mail address, for example “anna@example.com”.")
		in.Email = email
	}
	if in.Name != "" {
		in.Name = checkName(f, "name", in.Name)
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	set(FieldEmail, &p.Email, in.Email)
	set(FieldName, &p.Name, in.Name)
	set(FieldLocale, &p.Locale, in.Locale)
	set(FieldTimeZone, &p.TimeZone, in.TimeZone)
	after := merged(p.Attributes, in.Attributes)
	for _, name := range AttributeNames() {
		if after[name] != p.Attributes[name] {
			changed = append(changed, name)
		}
	}
	p.Attributes = after
	if in.ManagerID != nil {
		was := uid.Nil
		if p.ManagerID != nil {
			was = *p.ManagerID
		}
		if *in.ManagerID != was {
			changed = append(changed, "manager")
			if p.ManagerID = in.ManagerID; *in.ManagerID == uid.Nil {
				p.ManagerID = nil
			}
		}
	}
	return changed, nil
}

// merged lays what a source says over what is known; an empty value removes.
func merged(known, said Attributes) Attributes {
	out := Attributes{}
	maps.Copy(out, known)
	for name, value := range said {
		if value == "" {
			delete(out, name)
		} else if slices.Contains(AttributeNames(), name) {
			out[name] = value
		}
	}
	return out
}

// AssignFrom brings the roles that a source gave a person to the wished ones; those given by hand, or by another source,
// stay. Making or unmaking the owner is a person's to do: ErrOwnersOnly when wished holds Owner. Event
// person.roles_changed where something changed.
func (s *Service) AssignFrom(ctx context.Context, src Source, person uid.ID, wished []policy.Role) (changed bool, err error) {
	if hasRole(wished, policy.Owner) {
		return false, ErrOwnersOnly
	}
	before, err := s.keep.RolesOf(ctx, person)
	if err != nil {
		return false, err
	}
	theirs, err := s.keep.RolesFrom(ctx, person, src.ID)
	if err != nil {
		return false, err
	}
	give, take := without(wished, before), without(theirs, wished)
	if len(give)+len(take) == 0 {
		return false, nil
	}
	if len(take) > 0 {
		if err := s.keep.TakeRolesFrom(ctx, person, src.ID, take); err != nil {
			return false, err
		}
	}
	if len(give) > 0 {
		if err := s.keep.GiveRolesFrom(ctx, person, src.ID, give); err != nil {
			return false, err
		}
	}
	after, err := s.keep.RolesOf(ctx, person)
	if err != nil {
		return false, err
	}
	facts := src.facts(person)
	facts["before"], facts["after"] = before, after
	return true, s.tell(ctx, "person.roles_changed", person, facts)
}

// DeactivateFrom is Deactivate as a source does it: sessions, links and API keys end, the learning record stays. A person
// who is deactivated already is no failure; ErrLastOwner, ErrPersonNotFound.
func (s *Service) DeactivateFrom(ctx context.Context, src Source, person uid.ID) error {
	p, owners, err := s.hold(ctx, person)
	if err != nil || p.Status == PersonDeactivated {
		return err
	}
	if isLast(owners, person) {
		return ErrLastOwner
	}
	if err := s.switchOff(ctx, person, s.now()); err != nil {
		return err
	}
	return s.tell(ctx, "person.deactivated", person, src.facts(person))
}

// ReactivateFrom lets a deactivated or invited person in again as a source says: active, whether or not they have a
// password. Sessions and API keys do not come back.
func (s *Service) ReactivateFrom(ctx context.Context, src Source, person uid.ID) error {
	p, _, err := s.hold(ctx, person)
	if err != nil || p.Status == PersonActive {
		return err
	}
	if err := s.keep.SetPersonStatus(ctx, person, PersonActive, s.now()); err != nil {
		return err
	}
	return s.tell(ctx, "person.reactivated", person, src.facts(person))
}

// switchOff ends all that lets a person in.
func (s *Service) switchOff(ctx context.Context, person uid.ID, now time.Time) error {
	if err := s.keep.SetPersonStatus(ctx, person, PersonDeactivated, now); err != nil {
		return err
	}
	if err := s.keep.DeleteTokens(ctx, person, TokenInvitation, TokenPasswordReset); err != nil {
		return err
	}
	if err := s.keep.DeleteChallenges(ctx, person); err != nil {
		return err
	}
	if _, err := s.keep.DeleteSessionsBut(ctx, person, uid.Nil); err != nil {
		return err
	}
	return s.keep.RevokeAPIKeysOf(ctx, person, now)
}

// Changed tells every process, after a commit, to forget what it remembers of the tenant of ctx: who holds which session
// and key, and what roles may. Whoever provisions, or ends sessions, calls it.
func (s *Service) Changed(ctx context.Context) { s.changed(ctx) }
