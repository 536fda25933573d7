package signon

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Purpose is what a handshake is for.
type Purpose string

const (
	// PurposeSignIn signs someone in.
	PurposeSignIn Purpose = "sign_in"
	// PurposeTest shows whom an answer would sign in, and signs nobody in, whatever the connection's status.
	PurposeTest Purpose = "test"
	// PurposeStepUp has who is signed in prove themselves anew at their identity provider; their session goes on.
	PurposeStepUp Purpose = "step_up"

	purposeAnswer     Purpose = "answer"      // a verified answer that waits for its browser
	purposeFirstLink  Purpose = "first_link"  // a verified answer that waits for a proof of the account that is here
	purposeMailedLink Purpose = "mailed_link" // that proof, by a link in a mail
	purposeProvenLink Purpose = "proven_link" // that proof, given; the second factor is all that is missing
	purposeLogout     Purpose = "logout"      // our logout request, under way
)

// How long what is under way waits.
const (
	HandshakeLifetime = 10 * time.Minute
	FirstLinkLifetime = time.Hour
)

// secretLength is how long what uid.Secret makes is.
const secretLength = 43

// Handshake is something under way between here and a browser. It is a row of handshakes. Of what the browser and the
// other side hold only hashes are kept; what it is about is sealed.
type Handshake struct {
	ID           uid.ID
	Hash         []byte
	Browser      []byte // hash of the secret in the browser's cookie; nil: not bound yet
	Purpose      Purpose
	ConnectionID *uid.ID
	PersonID     *uid.ID
	Sealed       []byte
	Tries        int
	CreatedAt    time.Time
	ExpiresAt    time.Time
	UsedAt       *time.Time
}

// open tells whether the handshake can still be used.
func (h Handshake) open(now time.Time) bool { return h.UsedAt == nil && now.Before(h.ExpiresAt) }

// with tells whether the handshake belongs to a browser, by the secret in its cookie.
func (h Handshake) with(browser string) bool {
	return len(browser) == secretLength && len(h.Browser) > 0 && equal(h.Browser, uid.Hash(browser))
}

// begun is what is sealed in a handshake that was sent to an identity provider.
type begun struct {
	Request  string `json:"request,omitempty"` // id of the SAML request
	Nonce    string `json:"nonce,omitempty"`
	Verifier string `json:"verifier,omitempty"`
	ReturnTo string `json:"return_to,omitempty"`
}

// answered is what is sealed of an answer that was verified and waits.
type answered struct {
	Assertion auth.Assertion `json:"assertion"`
	Report    auth.Report    `json:"report"`
	ReturnTo  string         `json:"return_to,omitempty"`
	Purpose   Purpose        `json:"purpose"`
	// Person is the account that waits to be linked.
	Person uid.ID `json:"person,omitzero"`
	// Proven is how they have proven it, where their second factor was asked for beside.
	Proven string `json:"proven,omitempty"`
}

// newHandshake makes a handshake of now, with the secret that names it.
func (s *Service) newHandshake(ctx context.Context, p Purpose, connection uid.ID, life time.Duration, about any) (secret string, h Handshake, err error) {
	secret, hash := uid.Secret()
	now := s.Now()
	h = Handshake{ID: uid.New(), Hash: hash, Purpose: p, ConnectionID: &connection, CreatedAt: now, ExpiresAt: now.Add(life)}
	h.Sealed, err = s.sealJSON(ctx, sealHandshake, about)
	return secret, h, err
}

// Purposes of what is sealed.
const (
	sealHandshake = "handshake"
	sealSession   = "session"
)

func (s *Service) sealJSON(ctx context.Context, purpose string, v any) ([]byte, error) {
	t, _ := tenant.From(ctx)
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write what is to be sealed for %s: %w", purpose, err)
	}
	return s.Seal.Seal(t.ID, purpose, raw)
}

func (s *Service) openJSON(ctx context.Context, purpose string, sealed []byte, v any) error {
	t, _ := tenant.From(ctx)
	raw, err := s.Seal.Open(t.ID, purpose, sealed)
	if err != nil {
		return fmt.Errorf("open what was sealed for %s: %w", purpose, err)
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return fmt.Errorf("read what was sealed for %s: %w", purpose, err)
	}
	return nil
}

// handshake finds the handshake of a secret, of one of these purposes, used, expired or not; ErrHandshakeOver.
func (s *Service) handshake(ctx context.Context, secret string, purposes ...Purpose) (h Handshake, err error) {
	if len(secret) != secretLength {
		return h, ErrHandshakeOver
	}
	if h, err = s.Keep.HandshakeByHash(ctx, uid.Hash(secret)); err != nil {
		return h, err
	}
	for _, p := range purposes {
		if h.Purpose == p && h.ConnectionID != nil {
			return h, nil
		}
	}
	return Handshake{}, ErrHandshakeOver
}

// Sweep removes what has run out of the tenant of ctx: handshakes, and assertions that can no longer be replayed.
func (s *Service) Sweep(ctx context.Context) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		// An hour longer than they live, so that who comes late is told what happened.
		if err := s.Keep.DeleteHandshakes(ctx, s.Now().Add(-time.Hour)); err != nil {
			return err
		}
		return s.Keep.ForgetSeen(ctx, s.Now())
	})
}

// Failures of a sign-on. What an answer of an identity provider lacks is auth.ErrSignOnRefused to the person; these are
// what they can do something about.
var (
	ErrHandshakeOver = fault.New(fault.KindNotFound, "sign_on_over", "This sign-in has run out, or was finished already. Begin again.")
	ErrOtherBrowser  = fault.New(fault.KindForbidden, "sign_on_other_browser", "This sign-in was begun in another browser. Begin again in this one.")
	ErrLinkElsewhere = fault.New(fault.KindForbidden, "sign_on_link_elsewhere", "Open this link in the browser in which you signed in with your company account.")
	ErrDeactivated   = fault.New(fault.KindForbidden, "sign_on_deactivated", "Your account here has been deactivated. Ask your administrator to reactivate it.")
	ErrNoAccount     = fault.New(fault.KindForbidden, "sign_on_no_account", "You have no account here, and none is made at sign-in. Ask your administrator for one.")
	ErrNoRole        = fault.New(fault.KindForbidden, "sign_on_no_role", "Your organization lets you sign in and gives you no access to this portal. Ask your IT team for it.")
	ErrNoEmail       = fault.New(fault.KindForbidden, "sign_on_no_email", "Your organization's sign-in did not say your e-mail address, without which there is no account. Tell your IT team.")
	// ErrIdentityKnown is a subject that was linked a moment ago, by another sign-in of the same person.
	ErrIdentityKnown    = fault.New(fault.KindConflict, "identity_known", "This company account was connected a moment ago. Sign in again.")
	ErrIdentityNotFound = fault.New(fault.KindNotFound, "identity_not_found", "This company account is not connected to anybody here.")
)

// samlProvider is our side of a SAML connection.
func (s *Service) samlProvider(ctx context.Context, c Connection) (saml.Provider, error) {
	a := s.Addresses(ctx, c.ID)
	keys, err := s.samlKeys(ctx)
	if err != nil {
		return saml.Provider{}, err
	}
	p := saml.Provider{EntityID: a.EntityID, ACSURL: a.ACS, SLOURL: a.SLO, Keys: keys}
	if c.Admission.V.OwnEntity {
		p.EntityID = a.OwnMetadata
	}
	return p, nil
}
