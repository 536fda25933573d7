package signon

import (
	"context"

	"lyceum/internal/uid"
)

// ConnectionKeeper is what is needed kept of connections.
type ConnectionKeeper interface {
	// SignOnConnections lists all by position, then name, at most 100.
	SignOnConnections(ctx context.Context) ([]Connection, error)
	// ConnectionByID gives one; ErrConnectionNotFound.
	ConnectionByID(ctx context.Context, id uid.ID) (Connection, error)
	InsertConnection(ctx context.Context, c Connection) error
	// SetConnection writes everything but id and kind, when the row still has the revision before; ErrStaleRevision.
	SetConnection(ctx context.Context, c Connection, was int) error
	// DeleteConnection removes one with its identities and trace; ErrConnectionNotFound.
	DeleteConnection(ctx context.Context, id uid.ID) error
}

// FlowKeeper is what is needed kept of handshakes, identities, replays and the trace.
type FlowKeeper interface{}

// DomainKeeper is what is needed kept of e-mail domains, here and in the control schema.
type DomainKeeper interface{}

// AccessKeeper is what is needed kept of set-up links, our own keys, rules and break-glass.
type AccessKeeper interface{}
