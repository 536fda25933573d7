package signon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Identity is who a person is at a connection. It is a row of identities: a subject belongs to one person.
type Identity struct {
	ID           uid.ID
	PersonID     uid.ID
	ConnectionID uid.ID
	Issuer       string
	Subject      string
	LinkedBy     LinkedBy
	LinkedAt     time.Time
	SeenAt       time.Time // the last sign-in
}

// LinkedBy is what connected a subject with a person.
type LinkedBy string

const (
	// LinkedByJIT is the account that was made at the first sign-in.
	LinkedByJIT LinkedBy = "jit"
	// LinkedByDirectory is a directory tied to the connection that knew the subject.
	LinkedByDirectory LinkedBy = "directory"
	// LinkedByProof is the person, who proved that the account was theirs.
	LinkedByProof LinkedBy = "proof"
)

// What a sign-on came to, or would have: Result.Effect.
const (
	EffectSignedIn = "signed_in"
	EffectLinked   = "linked"
	EffectCreated  = "created"
	EffectConfirm  = "confirmation_needed"
)

// Why a sign-on was refused that an identity provider vouched for: Attempt.Reason.
const (
	ReasonDeactivated      = "deactivated"         // the person is
	ReasonAmbiguous        = "directory_ambiguous" // directories know several people by it
	ReasonNoEmail          = "email_missing"
	ReasonEmailUnverified  = "email_unverified"  // the issuer has not verified the e-mail
	ReasonDomainUnverified = "domain_unverified" // the e-mail's domain is not proven
	ReasonEmailTaken       = "email_taken"       // by an account that may not be linked by it
	ReasonOtherSubject     = "other_subject"     // the account belongs to another subject of the connection
	ReasonNoAccount        = "no_account"        // and none is made
	ReasonNoRole           = "no_role"
	ReasonOtherPerson      = "other_person" // a fresh proof of somebody else
	ReasonFirstLink        = "first_link"   // the person is asked to prove the account that is here
)

// verdict is whose assertion it is, and what follows.
type verdict struct {
	effect   string
	person   auth.Person // zero: none yet
	identity *Identity   // nil: none yet
	by       LinkedBy
	mapped   auth.Mapped
	role     policy.Role // empty: none
	rule     int
	reason   string
	refused  error // what the person is told
}

// decide finds the person behind an assertion that was verified: the one who is linked to its subject; else the one whom a
// directory tied to the connection knows by it; else the one who has its e-mail, when they prove that they are; else a new
// one, where the connection admits such. It changes nothing.
func (s *Service) decide(ctx context.Context, t *attempt) (v verdict, err error) {
	v.mapped = t.connection.Mapping.V.Apply(t.assertion.Claims)
	for _, find := range []func(context.Context, *attempt, *verdict) (bool, error){s.byIdentity, s.byDirectory, s.byEmail, s.asNew} {
		found, err := find(ctx, t, &v)
		if err != nil {
			return v, err
		}
		if found {
			break
		}
	}
	if v.refused == nil {
		err = s.decideRoles(ctx, t, &v)
	}
	if err == nil && v.refused == nil {
		err = s.decideProfile(ctx, t, &v)
	}
	return v, err
}

// refuse notes why a verdict is a refusal.
func (v *verdict) refuse(t *attempt, reason string, told error, format string, args ...any) {
	refusal := t.report.Refused(reason, told, format, args...)
	v.reason, v.refused = reason, refusal
}

func (s *Service) byIdentity(ctx context.Context, t *attempt, v *verdict) (bool, error) {
	i, err := s.Keep.IdentityBySubject(ctx, t.connection.ID, t.assertion.Subject)
	if errors.Is(err, ErrIdentityNotFound) {
		return false, nil
	}
	if err == nil {
		v.identity = &i
		v.person, err = s.Keep.PersonByID(ctx, i.PersonID)
	}
	if err != nil {
		return false, err
	}
	v.effect = EffectSignedIn
	t.report.Passed(CheckPerson, "%s, connected since %s", v.person.Email, i.LinkedAt.UTC().Format(time.DateOnly))
	s.checkActive(t, v)
	return true, nil
}

func (s *Service) byDirectory(ctx context.Context, t *attempt, v *verdict) (bool, error) {
	a := t.connection.Admission.V
	names := []string{t.assertion.Subject}
	if id := t.assertion.Claim(a.ExternalIDClaim); a.ExternalIDClaim != "" && id != "" {
		names = append(names, id)
	}
	people, err := s.Keep.PeopleInDirectories(ctx, t.connection.ID, names, a.SubjectIsUserName)
	if err != nil || len(people) == 0 {
		return false, err
	}
	if len(people) > 1 {
		v.refuse(t, ReasonAmbiguous, nil, "directories tied to this connection know several people as %s", strings.Join(names, " or "))
		return true, nil
	}
	if v.person, err = s.Keep.PersonByID(ctx, people[0]); err != nil {
		return false, err
	}
	v.effect, v.by = EffectLinked, LinkedByDirectory
	t.report.Passed(CheckPerson, "%s, whom the directory knows as %s", v.person.Email, strings.Join(names, " or "))
	if s.checkActive(t, v); v.refused != nil || !slices.Contains(v.person.Roles, policy.Owner) {
		return true, nil
	}
	// Whoever holds a directory's token says what it knows people as. Nobody becomes an owner by that alone.
	v.by = LinkedByProof
	if t.proven != v.person.ID {
		v.effect = EffectConfirm
		t.report.Passed(CheckPerson, "an owner, who is asked to prove the account once, whatever the directory says")
	}
	return true, nil
}

func (s *Service) checkActive(t *attempt, v *verdict) {
	if v.person.Status == auth.PersonDeactivated {
		v.refuse(t, ReasonDeactivated, ErrDeactivated, "%s is deactivated here", v.person.Email)
	}
}

// byEmail finds the account that has the e-mail. It is never linked by that alone.
func (s *Service) byEmail(ctx context.Context, t *attempt, v *verdict) (bool, error) {
	email := v.mapped.Profile.Email
	if email == "" {
		v.refuse(t, ReasonNoEmail, ErrNoEmail, "the mapping made no e-mail address of the claims")
		return true, nil
	}
	p, err := s.Keep.PersonByEmail(ctx, email)
	if errors.Is(err, auth.ErrPersonNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// The account may have been made by this very subject's other sign-in, between the look at identities and this one.
	if found, err := s.byIdentity(ctx, t, v); found || err != nil {
		return found, err
	}
	verified, err := s.Keep.DomainVerified(ctx, mailDomain(email))
	if err != nil {
		return false, err
	}
	v.person = p
	if !verified {
		v.refuse(t, ReasonEmailTaken, nil, "%s has an account here, and the domain %s is not verified: nobody is connected by an e-mail address alone", email, mailDomain(email))
		return true, nil
	}
	if unverified(t.assertion) {
		v.refuse(t, ReasonEmailUnverified, nil, "%s has an account here, and the identity provider says that it has not verified the address", email)
		return true, nil
	}
	if s.checkActive(t, v); v.refused != nil {
		return true, nil
	}
	linked, err := s.Keep.IdentitiesOf(ctx, p.ID)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(linked, func(i Identity) bool { return i.ConnectionID == t.connection.ID }) {
		v.refuse(t, ReasonOtherSubject, nil, "the account of %s is connected with another subject of this connection; disconnect that first, if this is the same person", email)
		return true, nil
	}
	v.effect, v.by = EffectConfirm, LinkedByProof
	if t.proven == p.ID {
		v.effect = EffectLinked
		t.report.Passed(CheckPerson, "%s, whose owner has proven the account", email)
		return true, nil
	}
	t.report.Passed(CheckPerson, "%s has an account here; its owner is asked to prove it once", email)
	return true, nil
}

// asNew makes an account where the connection admits one.
func (s *Service) asNew(ctx context.Context, t *attempt, v *verdict) (bool, error) {
	a, email := t.connection.Admission.V, v.mapped.Profile.Email
	if !a.AllowJIT {
		v.refuse(t, ReasonNoAccount, ErrNoAccount, "%s has no account here, and this connection makes none", email)
		return true, nil
	}
	if unverified(t.assertion) {
		v.refuse(t, ReasonEmailUnverified, nil, "the identity provider says that it has not verified %s", email)
		return true, nil
	}
	verified, err := s.Keep.DomainVerified(ctx, mailDomain(email))
	if err != nil {
		return false, err
	}
	if !verified && !a.AllowUnverifiedDomains {
		v.refuse(t, ReasonDomainUnverified, ErrNoAccount, "the domain %s is not verified for this portal, and this connection makes accounts at verified ones only", mailDomain(email))
		return true, nil
	}
	v.effect, v.by = EffectCreated, LinkedByJIT
	t.report.Passed(CheckPerson, "nobody here; an account is made for %s", email)
	return true, nil
}

// unverified tells that the issuer says it has not verified the e-mail (OIDC Core 1.0 §5.1).
func unverified(a auth.Assertion) bool { return a.EmailVerified != nil && !*a.EmailVerified }

// mailDomain is an address's domain in the form in which domains are kept; empty for what is none, which nobody has proven.
func mailDomain(email string) string {
	name, _ := domainOf(email)
	return name
}

// decideRoles asks the role rules. Owners are neither made nor unmade by them.
func (s *Service) decideRoles(ctx context.Context, t *attempt, v *verdict) error {
	role, rule, ok := t.connection.RoleRules.V.For(v.mapped.Groups)
	if ok && role == policy.Owner {
		t.report.Passed(CheckRoles, "rule %d names the owner's role, which no rule gives", rule)
		ok = false
	}
	if ok && !slices.Contains(v.person.Roles, role) {
		known, err := s.roleKnown(ctx, role)
		if err != nil {
			return err
		}
		if !known {
			t.report.Passed(CheckRoles, "rule %d names the role %s, which does not exist any more", rule, role)
			ok = false
		}
	}
	if ok {
		v.role, v.rule = role, rule
		t.report.Passed(CheckRoles, "%s, by %s", role, ruleName(rule))
		return nil
	}
	kept, err := s.rolesElsewhere(ctx, t.connection.ID, v.person)
	if err != nil {
		return err
	}
	if len(kept) == 0 {
		v.refuse(t, ReasonNoRole, ErrNoRole, "no role rule is for any of the %d groups, there is no default, and the person has no role of their own", len(v.mapped.Groups))
		return nil
	}
	t.report.Passed(CheckRoles, "none by the rules; %v otherwise", kept)
	return nil
}

func ruleName(rule int) string {
	if rule == 0 {
		return "default"
	}
	return "the first rule that fits"
}

// rolesElsewhere are a person's roles that this connection did not give.
func (s *Service) rolesElsewhere(ctx context.Context, connection uid.ID, p auth.Person) ([]policy.Role, error) {
	if p.ID == uid.Nil {
		return nil, nil
	}
	theirs, err := s.Keep.RolesFrom(ctx, p.ID, connection)
	return slices.DeleteFunc(slices.Clone(p.Roles), func(r policy.Role) bool { return slices.Contains(theirs, r) }), err
}

// decideProfile takes out of the mapped profile what must not be taken over for a person who is here already.
func (s *Service) decideProfile(ctx context.Context, t *attempt, v *verdict) error {
	p := &v.mapped.Profile
	if v.person.ID == uid.Nil {
		return nil
	}
	if v.mapped.From[auth.FieldName] == "" && p.Attributes["given_name"] == "" && p.Attributes["family_name"] == "" {
		p.Name = "" // made of the e-mail: good enough for a new account only
	}
	if v.person.Locale != "" {
		p.Locale = "" // people choose these two themselves
	}
	if v.person.TimeZone != "" {
		p.TimeZone = ""
	}
	if p.Email == "" || p.Email == v.person.Email {
		return nil
	}
	why, err := s.keepsEmail(ctx, t, v, p.Email)
	if err == nil && why != "" {
		v.mapped.Left[auth.FieldEmail] = why
		t.report.Passed("email", "%s is not taken over: %s", p.Email, why)
		p.Email = ""
	}
	return err
}

// keepsEmail says why a person's e-mail is not changed to the one that the identity provider says; empty when it is.
func (s *Service) keepsEmail(ctx context.Context, t *attempt, v *verdict, email string) (why string, err error) {
	if slices.Contains(v.person.Roles, policy.Owner) {
		return "an owner's address is changed by owners", nil
	}
	if unverified(t.assertion) {
		return "the identity provider has not verified it", nil
	}
	if _, err := s.Keep.PersonByEmail(ctx, email); !errors.Is(err, auth.ErrPersonNotFound) {
		return "someone else has it here", err
	}
	verified, err := s.Keep.DomainVerified(ctx, mailDomain(email))
	if err != nil || verified {
		return "", err
	}
	own, err := s.rolesElsewhere(ctx, t.connection.ID, v.person)
	if err == nil && (len(own) > 0 || !t.connection.Admission.V.AllowUnverifiedDomains) {
		why = "its domain is not verified for this portal"
	}
	return why, err
}

// settle brings the person to what was decided: made or changed, linked, with the roles of the rules.
func (s *Service) settle(ctx context.Context, t attempt, v verdict) (p auth.Person, err error) {
	src := t.connection.Source()
	v.mapped.Profile.Aliases = []string{src.Alias(t.assertion.Subject)}
	if p, _, err = s.Auth.Provision(ctx, src, v.person.ID, v.mapped.Profile); err != nil {
		return p, err
	}
	if v.identity != nil {
		err = s.Keep.TouchIdentity(ctx, v.identity.ID, s.Now())
	} else {
		err = s.link(ctx, t, p.ID, v.by)
	}
	if err != nil {
		return p, err
	}
	if p.Status == auth.PersonInvited {
		if err := s.Auth.ReactivateFrom(ctx, src, p.ID); err != nil {
			return p, err
		}
	}
	return p, s.giveRoles(ctx, t, v, p.ID)
}

func (s *Service) giveRoles(ctx context.Context, t attempt, v verdict, person uid.ID) error {
	if slices.Contains(v.person.Roles, policy.Owner) {
		return nil
	}
	var wished []policy.Role
	if v.role != "" {
		wished = []policy.Role{v.role}
	}
	_, err := s.Auth.AssignFrom(ctx, t.connection.Source(), person, wished)
	return err
}

// takeRoles takes the connection's roles from someone whom its rules give none any more.
func (s *Service) takeRoles(ctx context.Context, t attempt, v verdict) error {
	if v.reason != ReasonNoRole || v.person.ID == uid.Nil || v.identity == nil {
		return nil
	}
	return s.giveRoles(ctx, t, v, v.person.ID)
}

// link connects the assertion's subject with a person. Event person.linked.
func (s *Service) link(ctx context.Context, t attempt, person uid.ID, by LinkedBy) error {
	now := s.Now()
	err := s.Keep.InsertIdentity(ctx, Identity{
		ID: uid.New(), PersonID: person, ConnectionID: t.connection.ID, Issuer: t.assertion.Issuer, Subject: t.assertion.Subject, LinkedBy: by, LinkedAt: now, SeenAt: now,
	})
	if err != nil {
		return err
	}
	for _, p := range []Purpose{purposeFirstLink, purposeMailedLink, purposeProvenLink} { // what else waits for this account waits for nothing
		if err := s.Keep.VoidHandshakes(ctx, p, person, t.connection.ID); err != nil {
			return err
		}
	}
	return s.tell(ctx, "person.linked", "person", person, map[string]any{
		"person_id": person, "connection_id": t.connection.ID, "connection_name": t.connection.Name, "subject": cut(t.assertion.Subject, subjectMax), "linked_by": by,
	})
}
