package auth

import (
	"context"
	"errors"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

var (
	// ErrStepUp is something dangerous asked for in a session whose person proved themselves too long ago.
	ErrStepUp = fault.New(fault.KindForbidden, "step_up_required", "This needs a fresh proof that it is you. Confirm it at /step-up of the portal in this browser, then send it again.")
	// ErrRequestOver is a kept request that was sent, or waited too long.
	ErrRequestOver = fault.New(fault.KindNotFound, "kept_request_over", "What you wanted to send has waited too long, or was sent already. Go back to its page and look.")
	// ErrRequestTooLarge is a request that is too long to be kept.
	ErrRequestTooLarge = fault.New(fault.KindTooLarge, "kept_request_too_large", "This form is too long to be kept while you confirm that it is you. Confirm first, then send it again.")
)

// keptMax is the longest request that is kept, in bytes: forms of roles, keys and rules are far shorter.
const keptMax = 64 << 10

// Fresh is nil when who asks proved themselves lately enough for what is dangerous, by the tenant's rules; else ErrStepUp.
// An API key is always: it was made in a fresh session, with these scopes.
func (s *Service) Fresh(ctx context.Context) error {
	who, ok := PrincipalFrom(ctx)
	if !ok {
		return ErrSignInFirst
	}
	if who.Guise != nil {
		return ErrGuiseNever // an operator can never prove to be the person
	}
	if who.SessionID == uid.Nil {
		return nil
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return err
	}
	if s.now().Sub(who.VerifiedAt) > time.Duration(rules.StepUpMinutes)*time.Minute {
		return ErrStepUp
	}
	return nil
}

// StepUpWays is how who asks can prove themselves anew.
type StepUpWays struct {
	Password   bool
	TOTP       bool
	Passkey    bool
	Recovery   bool
	Connection uid.ID // of the identity provider that vouched for this session; uid.Nil for none
}

// StepUpWays gives the ways that are open to who asks. Where an identity provider vouched, it is asked again, and the
// portal's own password, which it replaces, is not.
func (s *Service) StepUpWays(ctx context.Context) (w StepUpWays, err error) {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return w, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return w, err
	}
	w.Connection = who.ConnectionID
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByID(ctx, who.PersonID)
		if err != nil {
			return err
		}
		factors, err := s.keep.FactorsOf(ctx, who.PersonID)
		w.Password = p.PasswordHash != "" && who.Method.Local() && !rules.PasswordOff
		w.TOTP, w.Passkey, w.Recovery = count(factors, FactorTOTP) > 0, count(factors, FactorPasskey) > 0, codesLeft(factors) > 0
		return err
	})
	return w, err
}

// StepUpAnswer is one proof: a password, or a second factor.
type StepUpAnswer struct {
	Password string
	FactorAnswer
}

// StepUp notes in the session of who asks that they proved themselves now, by their password or one of their second
// factors. A fault at password; ErrFactorWrong, ErrPasskeyRefused, ErrTooManyAttempts. Event person.stepped_up.
func (s *Service) StepUp(ctx context.Context, a StepUpAnswer) error {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return err
	}
	if who.SessionID == uid.Nil {
		return ErrSessionNotFound
	}
	if err := take(s.guesses.of, place(ctx)+" step up "+who.PersonID.String(), adviceNone); err != nil {
		return err
	}
	if a.Password != "" {
		if err := s.provePassword(ctx, who.PersonID, a.Password); err != nil {
			return err
		}
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if a.Password != "" {
			return s.verifiedNow(ctx, who, "pwd")
		}
		p, factors, err := s.holdFactors(ctx, who.PersonID)
		if err != nil {
			return err
		}
		f, err := s.prove(ctx, p, factors, a.FactorAnswer)
		if err != nil {
			return err
		}
		return s.verifiedNow(ctx, who, withFactor("", f))
	})
	if refusedFactor(err) {
		return s.toldRefused(ctx, who.PersonID, err)
	}
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// provePassword is a fault at password unless it is the person's, and may be used.
func (s *Service) provePassword(ctx context.Context, person uid.ID, password string) error {
	ways, err := s.StepUpWays(ctx)
	if err != nil {
		return err
	}
	var p Person
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		p, err = s.keep.PersonByID(ctx, person)
		return err
	})
	if err != nil {
		return err
	}
	if !ways.Password {
		p.PasswordHash = ""
	}
	right, _, err := s.passwords.verify(ctx, password, p.PasswordHash)
	if err != nil {
		return err
	}
	if !right {
		if err := s.toldRefused(ctx, person, nil); err != nil {
			return err
		}
		return fault.Invalid(map[string]string{"password": "This is not your password."})
	}
	return nil
}

// toldRefused writes a wrong proof down and gives its failure.
func (s *Service) toldRefused(ctx context.Context, person uid.ID, refused error) error {
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		return s.tell(ctx, "factor.refused", person, map[string]any{"person_id": person, "step_up": true})
	})
	if err != nil {
		return err
	}
	return refused
}

// verifiedNow writes a fresh proof into the session of who asks.
func (s *Service) verifiedNow(ctx context.Context, who Principal, words string) error {
	if err := s.keep.VerifySession(ctx, who.PersonID, who.SessionID, words, s.now()); err != nil {
		return err
	}
	return s.tell(ctx, "person.stepped_up", who.PersonID, map[string]any{"person_id": who.PersonID, "factors": words})
}

// StepUpVouched notes in the session of who asks that an identity provider has vouched for them anew: auth/signon calls it,
// in the transaction that runs or in one of its own, when it has checked a forced re-authentication (SAML ForceAuthn, OIDC
// max_age=0 with its auth_time). ErrStepUpOther when it vouched for someone else. Who calls tells Changed after the commit.
// Event person.stepped_up.
func (s *Service) StepUpVouched(ctx context.Context, person uid.ID, proof Proof) error {
	who, ok := PrincipalFrom(ctx)
	switch {
	case !ok:
		return ErrSignInFirst
	case who.PersonID != person:
		return ErrStepUpOther
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		return s.verifiedNow(ctx, who, joined("fed", proof.Factors))
	})
}

// ErrStepUpOther is a company account of someone else.
var ErrStepUpOther = fault.New(fault.KindForbidden, "step_up_other", "This company account is someone else's. Confirm with the account that you are signed in with.")

// KeptRequest is a form that was posted before its person proved themselves, so that it need not be filled in again.
type KeptRequest struct {
	Path string `json:"path"`
	Type string `json:"type"` // Content-Type
	Body []byte `json:"body"`
	Back string `json:"back"` // the page that it was posted from

	Session uid.ID `json:"session"`
}

// KeepRequest keeps a form of who asks, sealed, for ten minutes, and gives its name. Only the same session finds it.
// ErrRequestTooLarge.
func (s *Service) KeepRequest(ctx context.Context, r KeptRequest) (name string, err error) {
	who, ok := PrincipalFrom(ctx)
	if !ok || who.SessionID == uid.Nil {
		return "", ErrSignInFirst
	}
	if len(r.Body) > keptMax {
		return "", ErrRequestTooLarge
	}
	r.Session = who.SessionID
	name, hash := uid.Secret()
	h, err := s.handshake(ctx, purposeRequest, hash, who.PersonID, r)
	if err != nil {
		return "", err
	}
	return name, s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.InsertChallenge(ctx, h) })
}

// PeekRequest shows a kept form of who asks; ErrRequestOver.
func (s *Service) PeekRequest(ctx context.Context, name string) (r KeptRequest, err error) {
	_, r, err = s.keptRequest(ctx, name)
	return r, err
}

// TakeRequest gives a kept form of who asks, once, when their proof is fresh; ErrRequestOver, ErrStepUp.
func (s *Service) TakeRequest(ctx context.Context, name string) (r KeptRequest, err error) {
	if err := s.Fresh(ctx); err != nil {
		return r, err
	}
	h, r, err := s.keptRequest(ctx, name)
	if err != nil {
		return r, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.SpendChallenge(ctx, h.ID, s.now()) })
	if errors.Is(err, ErrChallengeOver) {
		err = ErrRequestOver
	}
	return r, err
}

func (s *Service) keptRequest(ctx context.Context, name string) (h Handshake, r KeptRequest, err error) {
	who, ok := PrincipalFrom(ctx)
	if !ok {
		return h, r, ErrSignInFirst
	}
	h, err = s.openHandshake(ctx, purposeRequest, name, &r)
	if errors.Is(err, ErrChallengeOver) || err == nil && r.Session != who.SessionID {
		return h, KeptRequest{}, ErrRequestOver
	}
	return h, r, err
}

// Refreshed gives the context in which who asks has proved themselves just now: what is left of a request after StepUp.
func (s *Service) Refreshed(ctx context.Context) context.Context {
	who, ok := PrincipalFrom(ctx)
	if !ok {
		return ctx
	}
	who.VerifiedAt = s.now()
	return WithPrincipal(ctx, who)
}
