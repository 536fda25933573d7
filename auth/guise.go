package auth

import (
	"context"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Guise is set on a Principal behind whom an operator of the platform stands: they look at the portal as this person, for a
// reason and until a moment (auth/support). The permissions are the person's, less what such a visit is never for.
type Guise struct {
	Visit    uid.ID
	Operator uid.ID
	Name     string // of the operator
	Reason   string
	Ticket   string
	Writes   bool // the portal has granted changes; without, its data can only be read
	EndsAt   time.Time
}

// GuiseFrom gives who stands behind the person who asks; ok is false for the person themselves.
func GuiseFrom(ctx context.Context) (g Guise, ok bool) {
	p, _ := PrincipalFrom(ctx)
	if p.Guise == nil {
		return Guise{}, false
	}
	return *p.Guise, true
}

// Unguised is the context without who asks: for what is done about a visit itself.
func Unguised(ctx context.Context) context.Context {
	return context.WithValue(ctx, principalKey{}, nil)
}

var (
	// ErrGuiseReads is a change asked for on a visit on which nothing is changed.
	ErrGuiseReads = fault.New(fault.KindForbidden, "support_reads_only", "On this support visit you can look, not change anything. Ask an owner of the portal to do it, or to allow changes under Support access.")
	// ErrGuiseNever is what no visit is for.
	ErrGuiseNever = fault.New(fault.KindForbidden, "support_never", "This is not open to support: it belongs to the person alone. End the support visit, or ask them to do it.")
)
