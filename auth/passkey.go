package auth

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
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

// Failures of passkeys.
var (
	ErrPasskeyRefused = fault.New(fault.KindUnauthenticated, "passkey_refused", "This passkey was not accepted. Try again, or use another way.")
	ErrPasskeyTaken   = fault.New(fault.KindConflict, "passkey_taken", "This passkey is here already.")
	ErrPasskeyHost    = fault.New(fault.KindConflict, "passkey_host", "Passkeys do not work at this address. Open the portal by its name and try again.")
)

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
