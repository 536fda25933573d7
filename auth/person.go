// Package auth is who the person is and how they prove it: people, sessions, invitations, passwords, API keys, and the
// platform's operators. What they may do is auth/policy's; it is asked here through Principal.
package auth

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// PersonStatus is whether a person may sign in.
type PersonStatus string

const (
	// PersonInvited has been asked to join and has not chosen a password yet.
	PersonInvited PersonStatus = "invited"
	// PersonActive may sign in.
	PersonActive PersonStatus = "active"
	// PersonDeactivated may not sign in; the learning record stays.
	PersonDeactivated PersonStatus = "deactivated"
)

// Person is one human in one tenant. It is a row of people.
type Person struct {
	ID           uid.ID
	Email        string // lower case
	Name         string
	PasswordHash string // argon2id in PHC form; empty while invited
	Status       PersonStatus
	Locale       string // BCP 47; empty means the portal's
	TimeZone     string // IANA name; empty means the portal's
	CreatedAt    time.Time
	UpdatedAt    time.Time
	Attributes   Attributes    // what a directory or identity provider says beside; not filled where a session resumes
	ManagerID    *uid.ID       // nil: unknown
	Roles        []policy.Role `gorm:"-"` // filled where a listing shows them
}

// Session is one signed-in browser. Only the secret's SHA-256 is kept.
type Session struct {
	ID        uid.ID
	Hash      []byte
	PersonID  uid.ID
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	IP        string
	UserAgent string
	Proof     `gorm:"embedded"`
	// ConnectionName is what the identity provider that vouched is called; filled where a person's sessions are listed.
	ConnectionName string `gorm:"->"`
}

// SessionLifetime is how long a session lasts without use, SessionMaximum how long at all, where a tenant's rules say
// nothing else. The cookie that carries it lasts as long as the longest may.
const (
	SessionLifetime = 14 * 24 * time.Hour
	SessionMaximum  = 90 * 24 * time.Hour
)

// TokenKind is what a single-use link is for.
type TokenKind string

const (
	// TokenInvitation lets an invited person choose a password; it lasts 14 days.
	TokenInvitation TokenKind = "invitation"
	// TokenPasswordReset lets a person choose a new password; it lasts one hour.
	TokenPasswordReset TokenKind = "password_reset"
	// TokenHandover signs in once, on the portal's own host, who has just signed up on the platform's; it lasts two
	// minutes.
	TokenHandover TokenKind = "handover"
)

// Token is a single-use link. Only the secret's SHA-256 is kept.
type Token struct {
	Hash      []byte
	Kind      TokenKind
	PersonID  uid.ID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
}

// APIKey lets a program act as a person, within scopes. Only the secret's SHA-256 is kept; the secret is shown once.
type APIKey struct {
	ID         uid.ID
	Name       string
	Prefix     string // the first characters of the secret, to tell keys apart
	Hash       []byte
	Scopes     string // permissions separated by a space; "*" is all that the person may
	PersonID   uid.ID
	CreatedAt  time.Time
	ExpiresAt  time.Time
	LastUsedAt *time.Time
	RevokedAt  *time.Time
}

// Operator is one who runs the platform. It is a row of control.operators.
type Operator struct {
	ID           uid.ID
	Email        string
	Name         string
	PasswordHash string
	CreatedAt    time.Time
	TOTPSealed   []byte `gorm:"column:totp_sealed"` // the seed of their app; nil while they have none
	TOTPStep     int64  `gorm:"column:totp_step"`   // the last time step whose code was used
	Role         OperatorRole
	// DeactivatedAt is since when they may no longer sign in; nil: they may.
	DeactivatedAt *time.Time

	// The session they ask in; zero outside of one.
	SessionID  uid.ID    `gorm:"-"`
	VerifiedAt time.Time `gorm:"-"` // when they last proved themselves in it
}

// HasApp tells whether the operator has added their app. Until then they reach nothing but the page that adds it.
func (o Operator) HasApp() bool { return o.TOTPSealed != nil }

// Active tells whether the operator may sign in.
func (o Operator) Active() bool { return o.DeactivatedAt == nil }

// OperatorRole is what an operator may do.
type OperatorRole string

// The operators' roles.
const (
	OperatorAdmin  OperatorRole = "admin"    // everything: operators, settings, deletions
	OperatorRunner OperatorRole = "operator" // runs tenants, and deletes none
	OperatorReader OperatorRole = "reader"   // looks
)

// OperatorRoles are all roles, the mightiest first.
func OperatorRoles() []OperatorRole {
	return []OperatorRole{OperatorAdmin, OperatorRunner, OperatorReader}
}

// OperatorSession is an operator's signed-in browser.
type OperatorSession struct {
	ID         uid.ID
	Hash       []byte
	OperatorID uid.ID
	CreatedAt  time.Time
	SeenAt     time.Time
	VerifiedAt *time.Time // when the factor was last shown; nil: in an earlier release
	ExpiresAt  time.Time
	IP         string
	UserAgent  string
}

// Principal is who asks: the person with the session or key that proves it and the permissions it carries. A request
// has one for its whole life.
type Principal struct {
	PersonID  uid.ID
	Email     string
	Name      string
	Locale    string
	TimeZone  string
	Roles     []policy.Role
	SessionID uid.ID // Nil with an API key
	KeyID     uid.ID // Nil with a session
	// How the session was opened; zero with an API key.
	Method       Method
	ConnectionID uid.ID    // of the identity provider that vouched; Nil for a local sign-in
	VerifiedAt   time.Time // when the person last proved themselves in this session: step-up asks it
	May          policy.Set
	Guise        *Guise // an operator looks as this person; nil: it is the person
}

// Client is where a sign-in comes from, for throttling and for the session list.
type Client struct {
	IP        string
	UserAgent string
	Known     string // the secret by which a remembered browser shows itself; "" for none
}

type principalKey struct{}

// WithPrincipal puts who asks into the context.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom gives who asks; ok is false for a stranger.
func PrincipalFrom(ctx context.Context) (p Principal, ok bool) {
	p, ok = ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// Require fails with policy.ErrForbidden unless who asks may do this; with ErrSignInFirst for a stranger. The domain
// asks it again where rows matter, so that a forgotten check in the API opens nothing.
func Require(ctx context.Context, p policy.Permission) error {
	who, ok := PrincipalFrom(ctx)
	switch {
	case !ok:
		return ErrSignInFirst
	case !who.May.Has(p):
		return policy.ErrForbidden
	}
	return nil
}

// Failures of this package.
var (
	ErrSignInFirst        = fault.New(fault.KindUnauthenticated, "sign_in_first", "Please sign in to go on.")
	ErrWrongCredentials   = fault.New(fault.KindUnauthenticated, "wrong_credentials", "E-mail or password is not right. Check both, or reset your password.")
	ErrTooManyAttempts    = fault.New(fault.KindTooMany, "too_many_attempts", "Too many attempts. Wait a few minutes, or reset your password.")
	ErrTooManyInvitations = fault.New(fault.KindTooMany, "too_many_invitations", "You have sent as many invitations as one person may for now. Wait a few minutes, then send the rest.")
	ErrLinkInvalid        = fault.New(fault.KindNotFound, "link_invalid", "This link has expired or was used already. Ask for a new one.")
	ErrPersonNotFound     = fault.New(fault.KindNotFound, "person_not_found", "There is no such person here.")
	ErrEmailTaken         = fault.New(fault.KindConflict, "email_taken", "Someone with this e-mail is here already.")
	ErrSessionNotFound    = fault.New(fault.KindNotFound, "session_not_found", "This session has ended already.")
	ErrKeyNotFound        = fault.New(fault.KindNotFound, "api_key_not_found", "There is no such API key.")
	ErrKeyInvalid         = fault.New(fault.KindUnauthenticated, "api_key_invalid", "This API key is unknown, expired or revoked. Make a new one in the portal under API keys.")
	ErrLastOwner          = fault.New(fault.KindConflict, "last_owner", "A portal needs at least one owner. Make someone else an owner first.")
	ErrOperatorNotFound   = fault.New(fault.KindNotFound, "operator_not_found", "There is no such operator.")
	ErrOperatorTaken      = fault.New(fault.KindConflict, "operator_taken", "An operator with this e-mail exists already.")
)

// NormaliseEmail lowers and trims an address; ok is false for what no mail could reach.
func NormaliseEmail(s string) (email string, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !strings.Contains(s[strings.LastIndexByte(s, '@')+1:], ".") {
		return "", false
	}
	return s, true
}

// CheckPassword says what is wrong with a wished password, or "": 10 to 200 characters, not the e-mail or the name
// (NIST SP 800-63B §5.1.1.2: length over composition rules).
func CheckPassword(password, email, name string) string {
	p := strings.ToLower(password)
	n := len([]rune(password))
	switch {
	case n < 10:
		return "Use at least 10 characters. Three or four unrelated words make a good one."
	case n > 200:
		return "Use at most 200 characters."
	case p == strings.ToLower(email) || p == strings.ToLower(name):
		return "Do not use your e-mail or name as the password."
	case strings.Count(p, p[:1]) == len(p):
		return "Do not repeat a single character."
	}
	return ""
}
