package signon

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// attempt is one sign-on on its way through the checks; what becomes of it is written down as an Attempt.
type attempt struct {
	connection Connection
	client     auth.Client
	purpose    Purpose
	assertion  auth.Assertion
	report     auth.Report
	browser    string
	returnTo   string
	proven     uid.ID // the account that its owner has proven: it may be linked
	factor     bool   // and with it their second factor here
}

// dry tells whether nobody is to be signed in, whatever the answer says.
func (t attempt) dry() bool { return t.purpose == PurposeTest || t.connection.Status == StatusDryRun }

// mayUse refuses an answer over a connection that was switched off.
func (t *attempt) mayUse() error {
	if t.connection.Status == StatusOff && t.purpose != PurposeTest {
		return t.report.Refused(CheckConnection, ErrConnectionOff, "the connection is switched off")
	}
	t.report.Passed(CheckConnection, "%s", t.connection.Status)
	return nil
}

// Arrival is how a sign-on ended that was not refused: exactly one of SignedIn, SteppedUp, FirstLink and Result is
// there.
type Arrival struct {
	SignedIn  *auth.SignedIn // a session, or the second factor that the portal's rules ask for beside
	SteppedUp bool           // the session goes on, with a fresh proof
	FirstLink string         // secret of the first-link confirmation that waits for the person
	Result    *Tried         // a dry run
	ReturnTo  string         // local address to go on to; empty: home
}

// Tried is what a dry run showed.
type Tried struct {
	Attempt    Attempt
	Connection Connection
}

// Refused is a sign-on that came to nothing. The person is shown its fault and the number of the attempt, by which their
// IT team finds the reason in the trace. No inner reason is in the fault.
type Refused struct {
	Attempt    uid.ID
	Connection uid.ID
	Name       string // the connection's
	ReturnTo   string
	err        error
}

// Error says why.
func (r *Refused) Error() string { return r.err.Error() }

// Unwrap gives the cause.
func (r *Refused) Unwrap() error { return r.err }

// Fault is what the person is told: a declared failure of ours that is meant for them, else auth.ErrSignOnRefused.
func (r *Refused) Fault() *fault.Fault {
	for _, told := range []*fault.Fault{
		ErrConnectionOff, ErrOtherBrowser, ErrHandshakeOver, ErrDeactivated, ErrNoAccount, ErrNoRole, ErrNoEmail, ErrLinkElsewhere,
		auth.ErrWrongCredentials, auth.ErrTooManyAttempts, auth.ErrStepUpOther, oidc.ErrUnreachable, ldap.ErrUnavailable, ldap.ErrPasswordExpired,
	} {
		if errors.Is(r.err, told) {
			return told
		}
	}
	return auth.ErrSignOnRefused
}

// Number is an attempt's short name, which people read out to their IT team: "7F3A-91C2".
func Number(id uid.ID) string {
	s := strings.ToUpper(strings.ReplaceAll(id.String(), "-", ""))
	return s[24:28] + "-" + s[28:32]
}

// refuse writes a refused attempt down and gives the *Refused to return. Our own mistakes stay what they are.
func (s *Service) refuse(ctx context.Context, t attempt, cause error) error {
	reason := ""
	if r, ok := auth.RefusalOf(cause); ok {
		reason = r.Reason
		if n := len(t.report); n == 0 || t.report[n-1].OK || t.report[n-1].Name != reason {
			t.report = append(slices.Clone(t.report), auth.Check{Name: reason, Detail: r.Detail})
		}
	} else if len(t.report) > 0 && !t.report[len(t.report)-1].OK {
		reason = t.report[len(t.report)-1].Name
	}
	if reason == "" {
		if fault.Of(cause).Kind == fault.KindInternal {
			return cause
		}
		reason = fault.Of(cause).Code
	}
	row := t.row(s, OutcomeRefused, reason)
	err := s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.writeDown(ctx, row) })
	if err != nil {
		return errors.Join(cause, err)
	}
	s.Log.InfoContext(ctx, "sign-on refused", slog.String("connection", t.connection.ID.String()), slog.String("attempt", row.ID.String()),
		slog.String("reason", reason), slog.Any("err", cause))
	return &Refused{Attempt: row.ID, Connection: t.connection.ID, Name: t.connection.Name, ReturnTo: t.returnTo, err: cause}
}

// row is the attempt as it is kept.
func (t attempt) row(s *Service, o Outcome, reason string) Attempt {
	return Attempt{
		ID: uid.New(), ConnectionID: t.connection.ID, Outcome: o, Reason: reason, Subject: cut(t.assertion.Subject, subjectMax), IP: cut(t.client.IP, ipMax),
		Checks: JSON[auth.Report]{t.report}, Claims: JSON[map[string][]string]{redacted(t.assertion.Claims)}, At: s.Now(),
	}
}

// writeDown keeps an attempt, lets go of those beyond AttemptsKept, and tells of a refusal.
func (s *Service) writeDown(ctx context.Context, a Attempt) error {
	if err := s.Keep.InsertAttempt(ctx, a, AttemptsKept); err != nil {
		return err
	}
	if a.Outcome != OutcomeRefused {
		return nil
	}
	return s.tell(ctx, "sign_on.refused", "connection", a.ConnectionID, map[string]any{
		"connection_id": a.ConnectionID, "attempt_id": a.ID, "reason": a.Reason, "ip": a.IP, "person_id": a.PersonID,
	})
}

// Bounds of what the trace keeps.
const (
	subjectMax     = 200
	ipMax          = 64
	claimsMax      = 100
	claimValuesMax = 200
	claimValueMax  = 200 // characters
	claimsSizeMax  = 48 << 10
)

// redacted are claims as they may be kept and read: what looks like a secret is taken out, what is long is cut.
func redacted(claims map[string][]string) map[string][]string {
	out, size := map[string][]string{}, 0
	names := make([]string, 0, len(claims))
	for name := range claims {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names[:min(len(names), claimsMax)] {
		values := claims[name]
		kept := make([]string, 0, min(len(values), claimValuesMax))
		for _, v := range values[:min(len(values), claimValuesMax)] {
			v = redactedValue(name, v)
			if size += len(v); size > claimsSizeMax {
				break
			}
			kept = append(kept, v)
		}
		out[cut(name, claimValueMax)] = kept
	}
	return out
}

// secretWords in a claim's name make its value one that nobody reads.
var secretWords = []string{"password", "passwd", "pwd", "secret", "token", "private_key", "privatekey", "at_hash", "c_hash", "s_hash", "nonce", "credential"}

func redactedValue(claim, value string) string {
	lower := strings.ToLower(claim[strings.LastIndexByte(claim, '/')+1:])
	for _, word := range secretWords {
		if strings.Contains(lower, word) {
			return "[redacted]"
		}
	}
	if looksLikeToken(value) {
		return "[redacted]"
	}
	if n := utf8.RuneCountInString(value); n > claimValueMax {
		return cut(value, claimValueMax) + "…"
	}
	return strings.ToValidUTF8(strings.ReplaceAll(value, "\x00", ""), "�")
}

// looksLikeToken tells a JSON Web Token or key material by its shape.
func looksLikeToken(value string) bool {
	return strings.HasPrefix(value, "eyJ") && strings.Count(value, ".") >= 2 || strings.Contains(value, "-----BEGIN") || strings.HasPrefix(value, "{SSHA")
}

// cut shortens a text to so many characters, readable ones.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "�")
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most])
}

// result is what the trace keeps of a verdict.
func (v verdict) result() Result {
	return Result{
		Profile: v.mapped.Profile, Groups: v.mapped.Groups[:min(len(v.mapped.Groups), claimValuesMax)], From: v.mapped.From, Left: v.mapped.Left,
		Role: v.role, Rule: v.rule, Effect: v.effect,
	}
}

func (v verdict) personID() *uid.ID {
	if v.person.ID == uid.Nil {
		return nil
	}
	return &v.person.ID
}

// roleKnown tells whether the tenant has a role.
func (s *Service) roleKnown(ctx context.Context, role policy.Role) (bool, error) {
	all, err := s.Keep.Roles(ctx)
	return slices.Contains(all, role), err
}
