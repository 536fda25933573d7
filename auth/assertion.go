package auth

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"lyceum/internal/fault"
)

// Protocol is how someone else vouches for a person.
type Protocol string

const (
	// ProtocolSAML is SAML 2.0 Web Browser SSO (saml-profiles-2.0-os §4.1).
	ProtocolSAML Protocol = "saml"
	// ProtocolOIDC is OpenID Connect Core 1.0, authorization code flow with PKCE.
	ProtocolOIDC Protocol = "oidc"
	// ProtocolLDAP is a bind at a directory (RFC 4513 §5.1.3).
	ProtocolLDAP Protocol = "ldap"
)

// Assertion is what an identity provider said of a person, in one shape for all protocols. The protocol's own room has
// verified it: nothing in it comes from a part that was not signed, or not read over a connection that was checked.
type Assertion struct {
	Protocol Protocol
	Issuer   string // entity id (SAML), issuer identifier (OIDC), name of the directory (LDAP)
	// Subject names the person at the issuer: NameID, sub, entryUUID or objectGUID.
	Subject string
	// SubjectFormat and the qualifiers are SAML's, sent back as they came at single logout (saml-core-2.0-os §8.3).
	SubjectFormat, NameQualifier, SPNameQualifier string
	// Session names the session at the issuer: SessionIndex (SAML), sid (OIDC); empty when it names none.
	Session string
	// ID is the assertion's own: its replay is refused until ExpiresAt.
	ID string
	// InResponseTo is the request that this answers; empty where the provider began it.
	InResponseTo    string
	IssuedAt        time.Time
	AuthenticatedAt time.Time // zero where the issuer does not say
	ExpiresAt       time.Time // NotOnOrAfter or exp
	SessionEndsAt   time.Time // SessionNotOnOrAfter; zero: the issuer sets no end
	Context         string    // AuthnContextClassRef or acr
	// Claims are the attributes by name, each with its values in order.
	Claims map[string][]string
	// EmailVerified is what OIDC says of the claim email; nil where it says nothing.
	EmailVerified *bool
	// IDToken is kept for id_token_hint at logout; it is a secret.
	IDToken string
}

// Claim gives the first value of a claim, "" where there is none.
func (a Assertion) Claim(name string) string {
	if v := a.Claims[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Check is one thing that was looked at while an answer of an identity provider was verified: a line of the trace that
// an IT person reads. Detail holds no secret.
type Check struct {
	Name   string `json:"name"` // stable, snake_case: "signature", "audience", "replay"
	OK     bool   `json:"ok"`
	Detail string `json:"detail,omitempty"` // what was met and what was expected, in English
	// Until is when what was looked at ends, where it does and nothing of ours keeps it: the certificate of a server.
	Until *time.Time `json:"until,omitempty"`
}

// Report is the checks of one attempt in order; the last is the one that refused, when one did.
type Report []Check

// OK tells whether no check refused.
func (r Report) OK() bool {
	return !slices.ContainsFunc(r, func(c Check) bool { return !c.OK })
}

// Passed notes a check that went well.
func (r *Report) Passed(name, format string, args ...any) {
	*r = append(*r, Check{Name: name, OK: true, Detail: fmt.Sprintf(format, args...)})
}

// Refused notes the check that failed and gives the refusal to return.
func (r *Report) Refused(name string, cause error, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	*r = append(*r, Check{Name: name, Detail: detail})
	return &Refusal{Reason: name, Detail: detail, cause: cause}
}

// Refusal is an answer of an identity provider that is not believed. A person is told ErrSignOnRefused and the number
// of the trace; Reason and Detail stand in the trace, and the cause in the log only (an answer's inner failure can be an
// oracle).
type Refusal struct {
	Reason string // the check's name
	Detail string
	cause  error
}

// Error says the reason.
func (r *Refusal) Error() string { return "sign-on refused: " + r.Reason + ": " + r.Detail }

// Unwrap gives the fault that a person is shown, and the cause.
func (r *Refusal) Unwrap() []error {
	if r.cause == nil {
		return []error{ErrSignOnRefused}
	}
	return []error{ErrSignOnRefused, r.cause}
}

// RefusalOf finds the refusal in an error chain.
func RefusalOf(err error) (r *Refusal, ok bool) {
	ok = errors.As(err, &r)
	return r, ok
}

// ErrSignOnRefused is what a person is told when their identity provider's answer was not believed.
var ErrSignOnRefused = fault.New(fault.KindForbidden, "sign_on_refused", "Your organization's sign-in was not accepted. Try again; if it stays, send your IT team the number below.")
