package auth

import (
	"cmp"
	"context"
	"errors"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
)

// Outcome is what becomes of a line of many invitations.
type Outcome string

// The outcomes.
const (
	OutcomeInvited Outcome = "invited" // or would be
	OutcomeAgain   Outcome = "again"   // was invited before, and is sent another link
	OutcomeHere    Outcome = "here"    // is here already: nothing happens
	OutcomeRefused Outcome = "refused" // see Problem
)

// InvitationLine is one line of many.
type InvitationLine struct {
	Number  int // of the line, from 1
	Email   string
	Name    string
	Outcome Outcome
	Problem *fault.Fault // why it was refused
}

// Many is what became of many invitations.
type Many struct {
	Lines []InvitationLine
	Dry   bool // nothing was done
}

// Count counts an outcome.
func (m Many) Count(o Outcome) int {
	n := 0
	for _, l := range m.Lines {
		if l.Outcome == o {
			n++
		}
	}
	return n
}

// Good counts those who are, or would be, asked to join.
func (m Many) Good() int { return m.Count(OutcomeInvited) + m.Count(OutcomeAgain) }

// MaxInvitations is how many people one call asks to join.
const MaxInvitations = 200

// InviteMany asks many to join with one role, from text with one person a line: an address, with a name before it in angle
// brackets' fashion, or after it behind a comma, semicolon or tab. A heading that names the columns is passed over. Dry, it
// only says what would happen. Lines stand for themselves: one that is refused keeps no other. It needs person:manage and a
// role within one's own permissions; more than MaxInvitations lines are refused.
func (s *Service) InviteMany(ctx context.Context, text string, role policy.Role, dry bool) (m Many, err error) {
	if err := Require(ctx, policy.PersonManage); err != nil {
		return m, err
	}
	m = Many{Lines: invitationLines(text), Dry: dry}
	f := fault.Fields{}
	f.Check(len(m.Lines) > 0, "people", "Enter at least one e-mail address.")
	f.Check(len(m.Lines) <= MaxInvitations, "people", "Invite at most 200 people at once.")
	f.Check(role != "", "role", "Choose a role.")
	if err := f.Err(); err != nil {
		return m, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.checkRoles(ctx, "role", role) })
	if err != nil {
		return m, err
	}
	seen := map[string]bool{}
	for i := range m.Lines {
		l := &m.Lines[i]
		if err := s.inviteLine(ctx, l, role, dry, seen); err != nil {
			return m, err
		}
	}
	return m, nil
}

// inviteLine does one line; the error is one that concerns them all.
func (s *Service) inviteLine(ctx context.Context, l *InvitationLine, role policy.Role, dry bool, seen map[string]bool) error {
	in := InviteInput{Email: l.Email, Name: cmp.Or(l.Name, nameOf(l.Email)), Role: role}
	err := in.Validate()
	if err == nil {
		l.Email, l.Name = in.Email, in.Name
	}
	if err == nil && seen[in.Email] {
		l.Outcome, l.Problem = OutcomeRefused, errTwice
		return nil
	}
	seen[in.Email] = true
	if err == nil {
		l.Outcome, err = s.lineOutcome(ctx, in)
	}
	if err == nil && !dry && (l.Outcome == OutcomeInvited || l.Outcome == OutcomeAgain) {
		_, err = s.Invite(ctx, in)
	}
	var f *fault.Fault
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f) && f.Kind != fault.KindInternal && f.Kind != fault.KindForbidden && f.Kind != fault.KindUnauthenticated:
		l.Outcome, l.Problem = OutcomeRefused, f
		for _, text := range f.Fields { // one is enough for a line
			l.Problem = fault.New(f.Kind, f.Code, text)
		}
		return nil
	}
	return err
}

var errTwice = fault.New(fault.KindInvalid, "invitation_twice", "This address stands further up already.")

func (s *Service) lineOutcome(ctx context.Context, in InviteInput) (o Outcome, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByEmail(ctx, in.Email)
		switch {
		case errors.Is(err, ErrPersonNotFound):
			o = OutcomeInvited
			return nil
		case err != nil:
			return err
		case p.Status == PersonActive:
			o = OutcomeHere
		case p.Status == PersonDeactivated:
			return ErrEmailTaken.Saying("This person is deactivated. Reactivate them instead.")
		default:
			o = OutcomeAgain
		}
		return nil
	})
	return o, err
}

// nameOf makes a name of an address, until its person says another: anna.berg@… is Anna Berg.
func nameOf(email string) string {
	local, _, _ := strings.Cut(email, "@")
	words := strings.FieldsFunc(local, func(r rune) bool { return r == '.' || r == '_' || r == '-' || r == '+' })
	for i, w := range words {
		r, size := utf8.DecodeRuneInString(w)
		words[i] = string(unicode.ToUpper(r)) + w[size:]
	}
	return strings.Join(words, " ")
}

// invitationLines reads people from text, empty lines and a heading left out.
func invitationLines(text string) (out []InvitationLine) {
	text = strings.TrimPrefix(text, "\ufeff")
	for i, line := range strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		email, name := invitationLine(line)
		if len(out) == 0 && !strings.Contains(line, "@") && strings.ContainsAny(line, ",;\t") {
			continue // a heading
		}
		out = append(out, InvitationLine{Number: i + 1, Email: email, Name: name})
	}
	return out
}

// invitationLine reads “Anna Berg <anna@example.com>”, “anna@example.com, Anna Berg” and “Anna Berg; anna@example.com”.
func invitationLine(line string) (email, name string) {
	if a, err := mail.ParseAddress(line); err == nil {
		return a.Address, a.Name
	}
	sep := ","
	for _, s := range []string{"\t", ";"} {
		if strings.Contains(line, s) {
			sep = s
		}
	}
	var names []string
	for _, part := range strings.Split(line, sep) {
		part = strings.Trim(strings.TrimSpace(part), `"`)
		switch {
		case part == "":
		case email == "" && strings.Contains(part, "@"):
			email = part
		default:
			names = append(names, part)
		}
	}
	if email == "" {
		return line, ""
	}
	return email, strings.Join(names, " ")
}
