package auth

import (
	"context"
)

// SkipEnrolment puts adding a second factor off, while the rules allow it, and opens the session; ErrChallengeOver.
func (s *Service) SkipEnrolment(ctx context.Context, secret string, c Client) (SignedIn, error) {
	var state pending
	h, err := s.openHandshake(ctx, purposeFactor, secret, &state)
	if err != nil {
		return SignedIn{}, err
	}
	if !state.Enrol || !s.now().Before(state.SkipUntil) {
		return SignedIn{}, ErrChallengeOver
	}
	return s.enrolled(ctx, h, state, c, nil)
}

// ChallengeSeed is the seed that an app is to be added with before the session opens, always the same for a challenge;
// ErrChallengeOver.
func (s *Service) ChallengeSeed(ctx context.Context, secret string) (Seed, error) {
	c, err := s.OpenChallenge(ctx, secret)
	if err != nil {
		return Seed{}, err
	}
	return s.seed(ctx, c.Person.ID, c.Person.Email, derivedSeed(secret))
}

// EnrolTOTP adds an app to who signs in and has no second factor, and opens the session. A fault at code; ErrChallengeOver,
// also when they have one by now: then that one is asked. Events factor.added, person.signed_in.
func (s *Service) EnrolTOTP(ctx context.Context, secret, token, code, name string, c Client) (SignedIn, error) {
	var state pending
	h, err := s.openHandshake(ctx, purposeFactor, secret, &state)
	if err != nil {
		return SignedIn{}, err
	}
	f, err := s.confirmed(ctx, *h.PersonID, token, code, name)
	if err != nil {
		return SignedIn{}, err
	}
	return s.enrolled(ctx, h, state, c, &f)
}

// EnrolPasskey is EnrolTOTP for a passkey; ErrPasskeyRefused.
func (s *Service) EnrolPasskey(ctx context.Context, secret string, a PasskeyAnswer, name string, c Client) (SignedIn, error) {
	var state pending
	h, err := s.openHandshake(ctx, purposeFactor, secret, &state)
	if err != nil {
		return SignedIn{}, err
	}
	f, err := s.registered(ctx, *h.PersonID, a, name)
	if err != nil {
		return SignedIn{}, err
	}
	return s.enrolled(ctx, h, state, c, &f)
}

// enrolled opens the session of a sign-in by someone without a second factor, who adds one (nil: puts it off).
func (s *Service) enrolled(ctx context.Context, h Handshake, state pending, c Client, f *Factor) (SignedIn, error) {
	rules, err := s.rules(ctx)
	if err == nil {
		state.Proof, err = s.stillMay(ctx, *h.PersonID, state)
	}
	if err != nil {
		return SignedIn{}, err
	}
	return s.finish(ctx, rules, h, state, c, func(ctx context.Context, p Person, factors []Factor) (Proof, string, error) {
		proof := state.Proof
		if !state.Enrol || has(factors) {
			return proof, "", ErrChallengeOver // one that they have is to be asked
		}
		if f == nil {
			return proof, "", nil
		}
		if f.Kind == FactorPasskey {
			if err := s.spendCeremony(ctx, *f); err != nil {
				return proof, "", err
			}
		}
		proof.Factors = withFactor(proof.Factors, *f)
		return proof, "", s.addFactor(ctx, factors, *f)
	})
}
