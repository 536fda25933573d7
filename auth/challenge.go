package auth

import (
	"context"
	"errors"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

const (
	// ChallengeLifetime is how long a sign-in waits for its second factor.
	ChallengeLifetime = 10 * time.Minute
	// ChallengeTries is how many answers a sign-in takes before it has to begin again.
	ChallengeTries = 6

	handshakePurpose = "handshake"
)

// ChallengeKeeper is what the service needs kept of what is under way.
type ChallengeKeeper interface {
	InsertChallenge(ctx context.Context, h Handshake) error
	// ChallengeByHash gives one, used, expired or not; ErrChallengeOver.
	ChallengeByHash(ctx context.Context, purpose HandshakePurpose, hash []byte) (Handshake, error)
	// TryChallenge counts a try; ErrChallengeOver when there were so many, or it was used, or has expired.
	TryChallenge(ctx context.Context, id uid.ID, limit int, at time.Time) error
	// SpendChallenge uses it up; ErrChallengeOver when it was used or has expired.
	SpendChallenge(ctx context.Context, id uid.ID, at time.Time) error
	// DeleteChallenges removes a person's of auth's purposes.
	DeleteChallenges(ctx context.Context, person uid.ID) error
	// SpendCeremony notes that the challenge of a passkey was answered; ErrPasskeyRefused when it was before.
	SpendCeremony(ctx context.Context, hash []byte, expires time.Time) error
}

// SignedIn is what a sign-in led to: a session, a challenge that stands before it, or what waited for the challenge.
type SignedIn struct {
	Secret    string // of the session; "" when a challenge stands before it
	Waited    string // what ChallengeBefore was given, now that the challenge is answered; there is no session then
	Challenge string // the secret of the challenge; "" for none
	Enrol     bool   // the challenge is to add a second factor, for the person has none
	Known     string // the secret of the browser, to be remembered; "" when it is not to be
	KnownDays int
	Person    Person
	// UsedRecovery says that a recovery code was used, and CodesLeft how many are left.
	UsedRecovery bool
	CodesLeft    int

	ended int // older sessions that the new one ended
}

// FactorAnswer is one answer to the question for a second factor. Exactly one of Code, Recovery and Passkey is used, in
// this order.
type FactorAnswer struct {
	Code     string
	Recovery string
	Passkey  PasskeyAnswer
	Remember bool // this browser is to be remembered, where the rules allow it
}

// Challenge is a sign-in that lacks its second factor, as its page shows it.
type Challenge struct {
	Person    Person
	Enrol     bool      // the person has none and is to add one
	SkipUntil time.Time // it may be put off until then; zero: it may not
	TOTP      bool      // what the person has
	Passkey   bool
	Recovery  bool
	Waits     bool // it stands before something else than a session: see ChallengeBefore
	ExpiresAt time.Time
}

// ErrChallengeOver is a sign-in that took too long, was tried too often, or has gone on already.
var ErrChallengeOver = fault.New(fault.KindUnauthenticated, "challenge_over", "This sign-in has taken too long, or was tried too often. Sign in again from the beginning.")

// pending is what a challenge holds sealed: the sign-in that it stands before.
type pending struct {
	Proof     Proof     `json:"proof"`
	Enrol     bool      `json:"enrol"`
	SkipUntil time.Time `json:"skip_until,omitzero"`
	Waits     string    `json:"waits,omitempty"` // what it stands before that is no sign-in of its own; "": a session
}

// admit opens a session for a person whom the transaction holds and whose roles are known, or puts a challenge before it
// where they have a second factor or need one. The rules are read before the transaction.
func (s *Service) admit(ctx context.Context, rules SecurityRules, p Person, proof Proof, c Client) (SignedIn, error) {
	factors, err := s.keep.FactorsOf(ctx, p.ID)
	if err != nil {
		return SignedIn{}, err
	}
	d := rules.demandsOf(p, s.now())
	switch {
	case proof.multi() || !proof.Method.Local() && !rules.FactorSignOn:
		return s.opened(ctx, rules, p, proof, c)
	case has(factors):
		known, err := s.recognise(ctx, rules, factors, c)
		if err != nil {
			return SignedIn{}, err
		}
		if known {
			return s.opened(ctx, rules, p, proof, c)
		}
		return s.challenge(ctx, p, pending{Proof: proof})
	case d.now || !d.until.IsZero():
		return s.challenge(ctx, p, pending{Proof: proof, Enrol: true, SkipUntil: d.until})
	}
	return s.opened(ctx, rules, p, proof, c)
}

// opened opens the session of a sign-in.
func (s *Service) opened(ctx context.Context, rules SecurityRules, p Person, proof Proof, c Client) (SignedIn, error) {
	secret, hash := uid.Secret()
	ended, err := s.begin(ctx, rules, p.ID, hash, c, proof)
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Secret: secret, Person: shown(p), ended: ended}, nil
}

// challenge writes a sign-in down that waits for its second factor.
func (s *Service) challenge(ctx context.Context, p Person, state pending) (SignedIn, error) {
	secret, hash := uid.Secret()
	h, err := s.handshake(ctx, purposeFactor, hash, p.ID, state)
	if err != nil {
		return SignedIn{}, err
	}
	if err := s.keep.InsertChallenge(ctx, h); err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Challenge: secret, Enrol: state.Enrol, Person: shown(p)}, nil
}

// OpenChallenge shows a sign-in that waits for its second factor; ErrChallengeOver.
func (s *Service) OpenChallenge(ctx context.Context, secret string) (c Challenge, err error) {
	var state pending
	h, err := s.openHandshake(ctx, purposeFactor, secret, &state)
	if err != nil {
		return c, err
	}
	if h.Tries >= ChallengeTries {
		return c, ErrChallengeOver
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.PersonByID(ctx, *h.PersonID)
		if err != nil {
			return err
		}
		factors, err := s.keep.FactorsOf(ctx, p.ID)
		if err != nil {
			return err
		}
		c = Challenge{
			Person: shown(p), Enrol: state.Enrol, SkipUntil: state.SkipUntil, ExpiresAt: h.ExpiresAt, Waits: state.Waits != "",
			TOTP: count(factors, FactorTOTP) > 0, Passkey: count(factors, FactorPasskey) > 0, Recovery: codesLeft(factors) > 0,
		}
		return nil
	})
	return c, err
}

// AnswerChallenge opens the session of a sign-in whose second factor is right. ErrFactorWrong, ErrPasskeyRefused;
// ErrChallengeOver after six wrong answers, ErrTooManyAttempts when too many came for the person. Events person.signed_in
// and factor.refused; factor.exhausted, on which the person is told, at the last wrong answer.
func (s *Service) AnswerChallenge(ctx context.Context, secret string, a FactorAnswer, c Client) (SignedIn, error) {
	var state pending
	h, err := s.openHandshake(ctx, purposeFactor, secret, &state)
	if err != nil {
		return SignedIn{}, err
	}
	if state.Enrol {
		return SignedIn{}, ErrChallengeOver
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return SignedIn{}, err
	}
	if state.Proof, err = s.stillMay(ctx, *h.PersonID, state); err != nil {
		return SignedIn{}, err
	}
	if err := s.takeTry(ctx, h); err != nil {
		return SignedIn{}, err
	}
	var f Factor
	out, err := s.finish(ctx, rules, h, state, c, func(ctx context.Context, p Person, factors []Factor) (_ Proof, _ string, err error) {
		if f, err = s.prove(ctx, p, factors, a); err != nil {
			return Proof{}, "", err
		}
		proof := state.Proof
		proof.Factors = withFactor(proof.Factors, f)
		known := ""
		if a.Remember && rules.RememberDays > 0 && state.Waits == "" {
			known, err = s.remember(ctx, rules, p.ID, factors, c)
		}
		return proof, known, err
	})
	if refusedFactor(err) {
		return SignedIn{}, s.refuseFactor(ctx, h, err, c)
	}
	if out.Known != "" {
		out.KnownDays = rules.RememberDays
	}
	out.UsedRecovery, out.CodesLeft = f.Kind == FactorRecovery, len(f.Data.Codes)
	return out, err
}

// takeTry takes one of a challenge's tries, for good: what the transaction after it does not undo. Tries are counted at the
// person too, whatever the network: who comes so far knows the password, and each network more would be tries more.
func (s *Service) takeTry(ctx context.Context, h Handshake) error {
	if err := take(s.guesses.of, place(ctx)+" factor "+h.PersonID.String(), adviceNone); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.TryChallenge(ctx, h.ID, ChallengeTries, s.now()) })
}

// finish uses a challenge up and opens the session, or gives what waits instead of one, when what it is given says how that
// was proven.
func (s *Service) finish(
	ctx context.Context, rules SecurityRules, h Handshake, state pending, c Client, proven func(context.Context, Person, []Factor) (Proof, string, error),
) (out SignedIn, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, factors, err := s.holdFactors(ctx, *h.PersonID)
		if errors.Is(err, ErrPersonNotFound) && state.Waits != "" && p.Status == PersonInvited {
			factors, err = s.keep.FactorsOf(ctx, p.ID) // what waits lets them in
		}
		if errors.Is(err, ErrPersonNotFound) {
			return ErrChallengeOver
		}
		if err != nil {
			return err
		}
		proof, known, err := proven(ctx, p, factors)
		if err != nil {
			return err
		}
		if err := s.keep.SpendChallenge(ctx, h.ID, s.now()); err != nil {
			return err
		}
		if state.Waits != "" {
			out = SignedIn{Waited: state.Waits, Person: shown(p)}
			return nil
		}
		out, err = s.opened(ctx, rules, p, proof, c)
		out.Known = known
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	s.limited(ctx, out)
	return out, nil
}

// refusedFactor tells an answer that is wrong from other failures.
func refusedFactor(err error) bool {
	return errors.Is(err, ErrFactorWrong) || errors.Is(err, ErrPasskeyRefused)
}

// refuseFactor writes a wrong answer down and gives its failure, or ErrChallengeOver when it was the last one.
func (s *Service) refuseFactor(ctx context.Context, h Handshake, refused error, c Client) error {
	last := h.Tries+1 >= ChallengeTries
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		facts := map[string]any{"person_id": *h.PersonID, "ip": printable(c.IP, ipMax)}
		if err := s.tell(ctx, "factor.refused", *h.PersonID, facts); err != nil || !last {
			return err
		}
		return s.tell(ctx, "factor.exhausted", *h.PersonID, facts)
	})
	switch {
	case err != nil:
		return err
	case last:
		return ErrChallengeOver
	}
	return refused
}

// prove checks one answer against the factors of a held person.
func (s *Service) prove(ctx context.Context, p Person, factors []Factor, a FactorAnswer) (Factor, error) {
	switch {
	case a.Code != "":
		return s.proveTOTP(ctx, factors, a.Code)
	case a.Recovery != "":
		return s.proveRecovery(ctx, factors, a.Recovery)
	case a.Passkey.Response != "":
		f, _, err := s.provePasskey(ctx, p, factors, a.Passkey, CeremonyFactor)
		return f, err
	}
	return Factor{}, ErrFactorWrong
}

// withFactor adds what a second factor proved, in the words of RFC 8176.
func withFactor(words string, f Factor) string {
	switch f.Kind {
	case FactorPasskey:
		return joined(words, f.Data.Passkey.words(), "mfa")
	default: // a code of an app, or one written down: both work once
		return joined(words, "otp", "mfa")
	}
}

// limited tells every process, after a commit that opened a session, to forget those that it ended.
func (s *Service) limited(ctx context.Context, in SignedIn) {
	if in.ended > 0 {
		s.changed(ctx)
	}
}

func codesLeft(factors []Factor) (n int) {
	for _, f := range factors {
		if f.Kind == FactorRecovery {
			n += len(f.Data.Codes)
		}
	}
	return n
}
