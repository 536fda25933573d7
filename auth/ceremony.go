package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// CeremonyKind is what a passkey is asked for.
type CeremonyKind string

const (
	// CeremonySignIn is a passkey alone: it names its person and verifies them.
	CeremonySignIn CeremonyKind = "sign_in"
	// CeremonyFactor is one of a known person's, beside a password or to prove oneself anew.
	CeremonyFactor CeremonyKind = "factor"
	// CeremonyRegister makes a new one.
	CeremonyRegister CeremonyKind = "register"
)

// ceremonyLifetime is how long a browser may take; a sign-in page may lie open for a while before someone uses it.
const ceremonyLifetime = 30 * time.Minute

// ceremony is a challenge under way. It lies sealed in a cookie, so that a page that merely offers passkeys writes
// nothing; that it is answered once is noted when it is.
type ceremony struct {
	Kind      CeremonyKind `json:"k"`
	Challenge string       `json:"c"`
	Person    uid.ID       `json:"p"`
	Origin    string       `json:"o"`
	Expires   time.Time    `json:"e"`
}

// Ceremony is what a browser is given to ask an authenticator with.
type Ceremony struct {
	Options json.RawMessage // for navigator.credentials, in the JSON form of WebAuthn Level 3 §5.1
	Token   string          // comes back with the answer, by a cookie
}

// PasskeyAnswer is what a browser brings back.
type PasskeyAnswer struct {
	Site     Site
	Token    string
	Response string // PublicKeyCredential.toJSON()
}

// relying makes the library's view of a site.
func relying(w Site) (*webauthn.WebAuthn, error) {
	if protocol.ValidateRPID(w.host()) != nil {
		return nil, ErrPasskeyHost
	}
	name := w.Name
	if name == "" {
		name = w.host()
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: w.host(), RPDisplayName: name, RPOrigins: []string{w.Origin}, AttestationPreference: protocol.PreferNoAttestation,
		// Password managers answer with outputs of their own (credProps, prf): nothing hangs on them.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	if err != nil {
		return nil, ErrPasskeyHost.Because(err)
	}
	return party, nil
}

// holder is a person as the library wants them. The user handle is the person's id: opaque, and the same for all of their
// passkeys (§14.6.1).
type holder struct {
	person  Person
	factors []Factor
	host    string
}

// WebAuthnID is the user handle.
func (h holder) WebAuthnID() []byte { return h.person.ID[:] }

// WebAuthnName is what tells accounts apart.
func (h holder) WebAuthnName() string { return h.person.Email }

// WebAuthnDisplayName is what the person is called.
func (h holder) WebAuthnDisplayName() string { return h.person.Name }

// WebAuthnCredentials are the person's passkeys at this host.
func (h holder) WebAuthnCredentials() (out []webauthn.Credential) {
	for _, f := range h.factors {
		p := f.Data.Passkey
		if f.Kind != FactorPasskey || p == nil || p.Host != h.host {
			continue
		}
		c := webauthn.Credential{
			ID: f.CredentialID, PublicKey: p.PublicKey,
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: p.UserVerified, BackupEligible: p.BackupEligible, BackupState: p.BackupState},
			Authenticator: webauthn.Authenticator{AAGUID: p.AAGUID, SignCount: p.SignCount},
		}
		for _, t := range p.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		out = append(out, c)
	}
	return out
}

// BeginPasskeySignIn asks for a passkey that names its person. It writes nothing: a sign-in page may ask each time it is
// shown.
func (s *Service) BeginPasskeySignIn(ctx context.Context, w Site) (Ceremony, error) {
	party, err := relying(w)
	if err != nil {
		return Ceremony{}, err
	}
	options, session, err := party.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.ceremony(ctx, CeremonySignIn, uid.Nil, w, session.Challenge, options)
}

// BeginPasskeyChallenge asks for one of the passkeys of who signs in; ErrChallengeOver.
func (s *Service) BeginPasskeyChallenge(ctx context.Context, challenge string, w Site) (Ceremony, error) {
	c, err := s.OpenChallenge(ctx, challenge)
	if err != nil {
		return Ceremony{}, err
	}
	if c.Enrol {
		return s.beginRegister(ctx, c.Person, w)
	}
	return s.beginFactor(ctx, c.Person, w)
}

// BeginPasskeyStepUp asks for one of the passkeys of who asks.
func (s *Service) BeginPasskeyStepUp(ctx context.Context, w Site) (Ceremony, error) {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return Ceremony{}, err
	}
	return s.beginFactor(ctx, Person{ID: who.PersonID, Email: who.Email, Name: who.Name}, w)
}

// BeginPasskey asks an authenticator for a new passkey of who asks. It needs person:self and a session.
func (s *Service) BeginPasskey(ctx context.Context, w Site) (Ceremony, error) {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return Ceremony{}, err
	}
	return s.beginRegister(ctx, Person{ID: who.PersonID, Email: who.Email, Name: who.Name}, w)
}

func (s *Service) beginFactor(ctx context.Context, p Person, w Site) (Ceremony, error) {
	h, party, err := s.holderOf(ctx, p, w)
	if err != nil {
		return Ceremony{}, err
	}
	if len(h.WebAuthnCredentials()) == 0 {
		return Ceremony{}, ErrFactorNotFound
	}
	// A password was typed, or a session is there: that the person is there is enough.
	options, session, err := party.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return s.ceremony(ctx, CeremonyFactor, p.ID, w, session.Challenge, options)
}

func (s *Service) beginRegister(ctx context.Context, p Person, w Site) (Ceremony, error) {
	h, party, err := s.holderOf(ctx, p, w)
	if err != nil {
		return Ceremony{}, err
	}
	options, session, err := party.BeginRegistration(h,
		webauthn.WithExclusions(webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()),
		webauthn.WithConveyancePreference(protocol.PreferNoAttestation),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred}))
	if err != nil {
		return Ceremony{}, fmt.Errorf("ask for a new passkey: %w", err)
	}
	return s.ceremony(ctx, CeremonyRegister, p.ID, w, session.Challenge, options)
}

// holderOf gives a person with their passkeys.
func (s *Service) holderOf(ctx context.Context, p Person, w Site) (h holder, party *webauthn.WebAuthn, err error) {
	if party, err = relying(w); err != nil {
		return h, nil, err
	}
	h = holder{person: p, host: w.host()}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		h.factors, err = s.keep.FactorsOf(ctx, p.ID)
		return err
	})
	return h, party, err
}

// ceremony seals a challenge.
func (s *Service) ceremony(ctx context.Context, kind CeremonyKind, person uid.ID, w Site, challenge string, options any) (Ceremony, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, fmt.Errorf("passkey options: %w", err)
	}
	plain, err := json.Marshal(ceremony{Kind: kind, Challenge: challenge, Person: person, Origin: w.Origin, Expires: s.now().Add(ceremonyLifetime)})
	if err != nil {
		return Ceremony{}, fmt.Errorf("passkey ceremony: %w", err)
	}
	t, _ := tenant.From(ctx)
	sealed, err := s.seal.Seal(t.ID, "passkey", plain)
	if err != nil {
		return Ceremony{}, fmt.Errorf("seal a passkey's challenge: %w", err)
	}
	return Ceremony{Options: raw, Token: base64.RawURLEncoding.EncodeToString(sealed)}, nil
}

// openCeremony reads a challenge of a kind that is still under way at this site; ErrPasskeyRefused.
func (s *Service) openCeremony(ctx context.Context, a PasskeyAnswer, kind CeremonyKind, person uid.ID) (c ceremony, err error) {
	t, _ := tenant.From(ctx)
	sealed, err := base64.RawURLEncoding.DecodeString(a.Token)
	if err != nil {
		return c, ErrPasskeyRefused.Because(err)
	}
	plain, err := s.seal.Open(t.ID, "passkey", sealed)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		return c, ErrPasskeyRefused.Because(err)
	}
	if c.Kind != kind || c.Person != person || c.Origin != a.Site.Origin || !s.now().Before(c.Expires) {
		return c, ErrPasskeyRefused
	}
	return c, nil
}

// spend notes that a challenge was answered; ErrPasskeyRefused when it was before.
func (s *Service) spend(ctx context.Context, c ceremony) error {
	return s.keep.SpendCeremony(ctx, uid.Hash("passkey "+c.Challenge), c.Expires)
}
