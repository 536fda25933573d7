package auth

import (
	"context"

	"lyceum/internal/fault"
)

// Gate says who may sign in locally (password, passkey, invitation) where the organization requires its identity provider.
// auth/signon has one.
type Gate interface {
	// LocalSignIn is nil when this person may; ErrUseSignOn when their identity provider is required today.
	LocalSignIn(ctx context.Context, p Person) error
}

// open is the gate of a portal without rules.
type open struct{}

// LocalSignIn lets everyone through.
func (open) LocalSignIn(context.Context, Person) error { return nil }

// ErrUseSignOn is a local sign-in by someone whose organization requires its own.
var ErrUseSignOn = fault.New(fault.KindForbidden, "use_sign_on", "Your organization asks you to sign in with your company account. Enter your e-mail and choose “Continue”.")
