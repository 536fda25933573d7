package signon

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
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
type FlowKeeper interface {
	InsertHandshake(ctx context.Context, h Handshake) error
	// HandshakeByHash and HandshakeByID give one, used, expired or not; ErrHandshakeOver.
	HandshakeByHash(ctx context.Context, hash []byte) (Handshake, error)
	HandshakeByID(ctx context.Context, id uid.ID) (Handshake, error)
	// UseHandshake marks one used; ErrHandshakeOver when it was used or has expired at that time.
	UseHandshake(ctx context.Context, id uid.ID, at time.Time) error
	// BindHandshake binds one to a browser; ErrHandshakeOver when it is bound already.
	BindHandshake(ctx context.Context, id uid.ID, browser []byte) error
	// CountTry counts a try and says how many there were.
	CountTry(ctx context.Context, id uid.ID) (int, error)
	// VoidHandshakes removes those of a person at a connection for a purpose.
	VoidHandshakes(ctx context.Context, p Purpose, person, connection uid.ID) error
	// DeleteHandshakes removes what expired before.
	DeleteHandshakes(ctx context.Context, before time.Time) error

	// Remember notes what must not be accepted twice until a time; false when it was noted before.
	Remember(ctx context.Context, hash []byte, until time.Time) (bool, error)
	// ForgetSeen removes what expired before.
	ForgetSeen(ctx context.Context, before time.Time) error

	// IdentityBySubject gives who a subject of a connection is; ErrIdentityNotFound.
	IdentityBySubject(ctx context.Context, connection uid.ID, subject string) (Identity, error)
	// IdentitiesOf lists a person's, the oldest first, at most 100.
	IdentitiesOf(ctx context.Context, person uid.ID) ([]Identity, error)
	// InsertIdentity links a subject; ErrIdentityKnown.
	InsertIdentity(ctx context.Context, i Identity) error
	// TouchIdentity writes when a subject last signed in.
	TouchIdentity(ctx context.Context, id uid.ID, at time.Time) error
	// DeleteIdentity disconnects a subject from a person; ErrIdentityNotFound.
	DeleteIdentity(ctx context.Context, person, id uid.ID) (Identity, error)
	// PeopleInDirectories gives the people whom directories that are on and tied to a connection know by one of these external
	// ids or, where userNames is set, user names (in any case), at most 2.
	PeopleInDirectories(ctx context.Context, connection uid.ID, names []string, userNames bool) ([]uid.ID, error)
	// DomainVerified tells whether an e-mail domain is proven for the tenant.
	DomainVerified(ctx context.Context, domain string) (bool, error)
	// Roles and RolesFrom are auth's.
	Roles(ctx context.Context) ([]policy.Role, error)
	RolesFrom(ctx context.Context, person, source uid.ID) ([]policy.Role, error)

	// InsertAttempt adds one to the trace and removes all of its connection but the newest.
	InsertAttempt(ctx context.Context, a Attempt, keep int) error

	// VouchedSession gives a session with what an identity provider said of it; auth.ErrSessionNotFound.
	VouchedSession(ctx context.Context, id uid.ID) (auth.Session, error)
	// VouchedSessions lists those that have a name at a connection's identity provider, at most 100.
	VouchedSessions(ctx context.Context, connection uid.ID, name string) ([]auth.Session, error)
	// EndVouchedSessions ends those that are meant and names them.
	EndVouchedSessions(ctx context.Context, v Vouched) ([]EndedSession, error)
}

// DomainKeeper is what is needed kept of e-mail domains, here and in the control schema.
type DomainKeeper interface{}

// AccessKeeper is what is needed kept of set-up links, our own keys, rules and break-glass.
type AccessKeeper interface{}
