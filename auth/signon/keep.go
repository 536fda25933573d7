package signon

import (
	"context"
	"time"

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
	// LockConnections holds all until the transaction ends, so that two changes of their order wait for each other.
	LockConnections(ctx context.Context) error
	// SetConnectionPosition moves one in the order, which is no change of its revision.
	SetConnectionPosition(ctx context.Context, id uid.ID, position int) error
	// SetConnectionChecked notes when metadata or discovery was fetched and why that failed, which is no change of its revision.
	SetConnectionChecked(ctx context.Context, id uid.ID, at time.Time, problem string) error
	// LinkedPeople gives who is linked to a connection with the roles they have, by person, at most n.
	LinkedPeople(ctx context.Context, connection uid.ID, n int) ([]Linked, error)
	// Stakes counts what hangs on a connection.
	Stakes(ctx context.Context, connection uid.ID) (Stakes, error)
	TraceKeeper
}

// FlowKeeper is what is needed kept of handshakes, identities, replays and the trace.
type FlowKeeper interface{}

// DomainKeeper is what is needed kept of e-mail domains, here and in the control schema.
type DomainKeeper interface{}

// AccessKeeper is what is needed kept of set-up links, our own keys, rules and break-glass.
type AccessKeeper interface{}
