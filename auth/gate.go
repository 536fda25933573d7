package auth

import (
	"context"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Gate says who may sign in locally (password, passkey, invitation) where the organization requires its identity provider.
// auth/signon has one. No method is to be called within a transaction: it may wait for another's load, which may wait
// for a connection.
type Gate interface {
	// LocalSignIn is nil when this person may; ErrUseSignOn when their identity provider is required today.
	LocalSignIn(ctx context.Context, p Person) error
	// LocalEnds is the end of what alone lets this person in locally now (an emergency); nil: there is none.
	LocalEnds(ctx context.Context, person uid.ID) (*time.Time, error)
	// Vouches is nil when a connection signs people in; else why not. It asks the store.
	Vouches(ctx context.Context, connection uid.ID) error
}

// open is the gate of a portal without rules.
type open struct{}

// LocalSignIn lets everyone through.
func (open) LocalSignIn(context.Context, Person) error { return nil }

// LocalEnds bounds nobody.
func (open) LocalEnds(context.Context, uid.ID) (*time.Time, error) { return nil, nil } //nolint:nilnil // no end

// Vouches lets every connection vouch.
func (open) Vouches(context.Context, uid.ID) error { return nil }

// locally is what a local session of this person rests on, with the end that the gate sets; ErrUseSignOn when it lets them
// open none.
func (s *Service) locally(ctx context.Context, p Person, proof Proof) (Proof, error) {
	if err := s.gate.LocalSignIn(ctx, p); err != nil {
		return proof, err
	}
	ends, err := s.gate.LocalEnds(ctx, p.ID)
	proof.EndsAt = ends
	return proof, err
}

// stillLocally is locally for a proof that was given a while ago: what let it in may have ended since. What an identity
// provider vouched for passes.
func (s *Service) stillLocally(ctx context.Context, person uid.ID, proof Proof) (Proof, error) {
	if !proof.Method.Local() {
		return proof, nil
	}
	return s.locally(ctx, Person{ID: person}, proof)
}

// stillMay is stillLocally for a challenge, before which the connection that vouched may have been switched off; what waits
// for one that is no sign-in asks the gate itself, if at all.
func (s *Service) stillMay(ctx context.Context, person uid.ID, state pending) (Proof, error) {
	if state.Waits != "" {
		return state.Proof, nil
	}
	if id := state.Proof.ConnectionID; id != nil {
		return state.Proof, s.gate.Vouches(ctx, *id)
	}
	return s.stillLocally(ctx, person, state.Proof)
}

// ErrUseSignOn is a local sign-in by someone whose organization requires its own.
var ErrUseSignOn = fault.New(fault.KindForbidden, "use_sign_on", "Your organization asks you to sign in with your company account. Enter your e-mail and choose “Continue”.")
