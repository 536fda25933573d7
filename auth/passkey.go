package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Site is where the browser stands. Its host is the relying party that passkeys are bound to, and its origin the only one
// they are taken from (WebAuthn Level 3 §4, §13.4.9): a portal that has two hosts has passkeys of each.
type Site struct {
	Origin string // scheme://host[:port]
	Name   string // shown when a passkey is made
}

func (w Site) host() string {
	u, err := url.Parse(w.Origin)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// Passkey is what is kept of a WebAuthn credential (§4, credential record), but its id. No attestation is asked for, so
// none is kept.
type Passkey struct {
	Host           string   `json:"host"` // the relying party
	PublicKey      []byte   `json:"public_key"`
	SignCount      uint32   `json:"sign_count"`
	UserVerified   bool     `json:"user_verified"`
	BackupEligible bool     `json:"backup_eligible"` // it is kept in an account and comes along to new devices
	BackupState    bool     `json:"backup_state"`
	Transports     []string `json:"transports,omitempty"`
	AAGUID         []byte   `json:"aaguid,omitempty"`

	ceremony *ceremony // that made it, until it is kept
}

// words are what using it proves, in the words of RFC 8176: a key that never leaves its device, or one that does.
func (p *Passkey) words() string {
	if p == nil || p.BackupEligible {
		return "swk user"
	}
	return "hwk user"
}

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

// Failures of passkeys.
var (
	ErrPasskeyRefused = fault.New(fault.KindUnauthenticated, "passkey_refused", "This passkey was not accepted. Try again, or use another way.")
	ErrPasskeyTaken   = fault.New(fault.KindConflict, "passkey_taken", "This passkey is here already.")
	ErrPasskeyHost    = fault.New(fault.KindConflict, "passkey_host", "Passkeys do not work at this address. Open the portal by its name and try again.")
)

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

// AddPasskey adds the passkey that an authenticator made for who asks; ErrPasskeyRefused, ErrPasskeyTaken,
// ErrTooManyFactors. It needs person:self and a session. Event factor.added.
func (s *Service) AddPasskey(ctx context.Context, a PasskeyAnswer, name string) (Factor, error) {
	who, err := s.changesFactors(ctx)
	if err != nil {
		return Factor{}, err
	}
	f, err := s.registered(ctx, who.PersonID, a, name)
	if err != nil {
		return Factor{}, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		_, factors, err := s.holdFactors(ctx, who.PersonID)
		if err != nil {
			return err
		}
		if err := s.spendCeremony(ctx, f); err != nil {
			return err
		}
		return s.addFactor(ctx, factors, f)
	})
	return f, err
}

func (s *Service) spendCeremony(ctx context.Context, f Factor) error {
	return s.spend(ctx, *f.Data.Passkey.ceremony)
}

// registered checks what an authenticator made (§7.1) and gives it as a factor that is not kept yet.
func (s *Service) registered(ctx context.Context, person uid.ID, a PasskeyAnswer, name string) (Factor, error) {
	wrong := fault.Fields{}
	name = factorName(wrong, strings.TrimSpace(name), "Passkey")
	if err := wrong.Err(); err != nil {
		return Factor{}, err
	}
	c, err := s.openCeremony(ctx, a, CeremonyRegister, person)
	if err != nil {
		return Factor{}, err
	}
	party, err := relying(a.Site)
	if err != nil {
		return Factor{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(a.Response))
	if err != nil {
		return Factor{}, ErrPasskeyRefused.Because(err)
	}
	made, err := party.CreateCredential(holder{person: Person{ID: person}}, webauthn.SessionData{
		Challenge: c.Challenge, RelyingPartyID: a.Site.host(), Origin: a.Site.Origin, UserID: person[:],
		UserVerification: protocol.VerificationPreferred, CredParams: webauthn.CredentialParametersDefault(),
	}, parsed)
	if err != nil {
		return Factor{}, ErrPasskeyRefused.Because(err)
	}
	now := s.now()
	p := &Passkey{
		Host: a.Site.host(), PublicKey: made.PublicKey, SignCount: made.Authenticator.SignCount, UserVerified: made.Flags.UserVerified,
		BackupEligible: made.Flags.BackupEligible, BackupState: made.Flags.BackupState, AAGUID: made.Authenticator.AAGUID, ceremony: &c,
	}
	for _, t := range made.Transport {
		p.Transports = append(p.Transports, string(t))
	}
	return Factor{
		ID: uid.New(), PersonID: person, Kind: FactorPasskey, Name: name, CredentialID: made.ID, Data: FactorData{Passkey: p}, CreatedAt: now, ConfirmedAt: &now,
	}, nil
}

// provePasskey checks an answer (§7.2) by one of a held person's passkeys and writes its new count down. ErrPasskeyRefused,
// also when the count went back: two authenticators may have the key then (§6.1.1). verified tells whether the authenticator
// verified its person.
func (s *Service) provePasskey(ctx context.Context, p Person, factors []Factor, a PasskeyAnswer, kind CeremonyKind) (f Factor, verified bool, err error) {
	asked, handle := p.ID, p.ID[:]
	if kind == CeremonySignIn {
		asked = uid.Nil
	}
	c, err := s.openCeremony(ctx, a, kind, asked)
	if err != nil {
		return f, false, err
	}
	party, err := relying(a.Site)
	if err != nil {
		return f, false, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(a.Response))
	if err != nil {
		return f, false, ErrPasskeyRefused.Because(err)
	}
	session := webauthn.SessionData{Challenge: c.Challenge, RelyingPartyID: a.Site.host(), Origin: a.Site.Origin, UserID: handle, UserVerification: protocol.VerificationPreferred}
	if kind == CeremonySignIn {
		session.UserVerification = protocol.VerificationRequired
		if !bytes.Equal(parsed.Response.UserHandle, handle) {
			return f, false, ErrPasskeyRefused // §7.2 step 6: alone, it must name its person
		}
	}
	used, err := party.ValidateLogin(holder{person: p, factors: factors, host: a.Site.host()}, session, parsed)
	if err != nil {
		return f, false, ErrPasskeyRefused.Because(err)
	}
	if used.Authenticator.CloneWarning {
		return f, false, ErrPasskeyRefused.Because(errors.New("its sign count went back"))
	}
	if err := s.spend(ctx, c); err != nil {
		return f, false, err
	}
	for _, f = range factors {
		if f.Kind == FactorPasskey && bytes.Equal(f.CredentialID, used.ID) {
			break
		}
	}
	now := s.now()
	kept := *f.Data.Passkey
	kept.SignCount, kept.BackupState = used.Authenticator.SignCount, used.Flags.BackupState
	f.Data.Passkey, f.LastUsedAt = &kept, &now
	return f, parsed.Response.AuthenticatorData.Flags.HasUserVerified(), s.keep.SetFactor(ctx, f)
}

// SignInByPasskey opens a session for who holds a passkey that verified them: that is two factors in one, so no other is
// asked. Everything that does not fit is ErrPasskeyRefused; ErrTooManyAttempts, ErrUseSignOn. Event person.signed_in.
func (s *Service) SignInByPasskey(ctx context.Context, a PasskeyAnswer, c Client) (out SignedIn, err error) {
	if err := take(s.guesses.from, place(ctx)+" passkey from "+network(c.IP), adviceNone); err != nil {
		return out, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(a.Response))
	if err != nil {
		return out, ErrPasskeyRefused.Because(err)
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return out, err
	}
	p, err := s.holderOfPasskey(ctx, parsed.RawID)
	if err != nil {
		return out, err
	}
	proof, err := s.locally(ctx, p, Proof{Method: MethodPasskey})
	if err != nil {
		// Only who holds the key may learn that it is not to be used: it is checked first, and nothing of that is kept.
		if refused := s.tried(ctx, p.ID, a); refused != nil {
			return out, refused
		}
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, factors, err := s.holdFactors(ctx, p.ID)
		if errors.Is(err, ErrPersonNotFound) {
			return ErrPasskeyRefused
		}
		if err != nil {
			return err
		}
		f, _, err := s.provePasskey(ctx, p, factors, a, CeremonySignIn)
		if err != nil {
			return err
		}
		proof.Factors = joined(f.Data.Passkey.words(), "mfa")
		out, err = s.opened(ctx, rules, p, proof, c)
		return err
	})
	if errors.Is(err, ErrPasskeyRefused) {
		if refused := s.refuse(ctx, p.ID, c); !errors.Is(refused, ErrWrongCredentials) {
			return out, refused
		}
	}
	if err != nil {
		return SignedIn{}, err
	}
	s.limited(ctx, out)
	return out, nil
}

// holderOfPasskey gives the person, with roles, whose passkey this is; ErrPasskeyRefused.
func (s *Service) holderOfPasskey(ctx context.Context, credential []byte) (p Person, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		f, err := s.keep.FactorByCredential(ctx, credential)
		if err != nil {
			return err
		}
		p, err = s.keep.PersonByID(ctx, f.PersonID)
		return err
	})
	if errors.Is(err, ErrFactorNotFound) || errors.Is(err, ErrPersonNotFound) {
		return p, ErrPasskeyRefused
	}
	return p, err
}

// errUndo takes back what a transaction did that was only to see.
var errUndo = errors.New("undo")

// tried tells whether an answer would be accepted, and leaves nothing behind.
func (s *Service) tried(ctx context.Context, person uid.ID, a PasskeyAnswer) error {
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, factors, err := s.holdFactors(ctx, person)
		if err != nil {
			return ErrPasskeyRefused.Because(err)
		}
		if _, _, err := s.provePasskey(ctx, p, factors, a, CeremonySignIn); err != nil {
			return err
		}
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return err
}
