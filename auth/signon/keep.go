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
	// ConnectionByID gives one; ErrConnectionNotFound. HoldConnection is ConnectionByID that keeps others from changing it
	// until the transaction ends.
	ConnectionByID(ctx context.Context, id uid.ID) (Connection, error)
	HoldConnection(ctx context.Context, id uid.ID) (Connection, error)
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
	// OwnersOver counts the owners who are linked to a connection.
	OwnersOver(ctx context.Context, connection uid.ID) (int, error)
	// Stakes counts what hangs on a connection now.
	Stakes(ctx context.Context, connection uid.ID, now time.Time) (Stakes, error)
	TraceKeeper
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
	// EndSessionsOver ends a person's that a connection opened.
	EndSessionsOver(ctx context.Context, person, connection uid.ID) error
	// EndSessionsOf ends all sessions that a connection opened but one (Nil: all) and names them.
	EndSessionsOf(ctx context.Context, connection, but uid.ID) ([]EndedSession, error)
}

// DomainKeeper is what is needed kept of e-mail domains, here and in the control schema.
type DomainKeeper interface {
	// EmailDomains lists all by name, at most 200.
	EmailDomains(ctx context.Context) ([]Domain, error)
	// EmailDomain gives one; ErrDomainNotFound.
	EmailDomain(ctx context.Context, name string) (Domain, error)
	// InsertEmailDomain adds one; ErrDomainHere.
	InsertEmailDomain(ctx context.Context, d Domain) error
	// SetEmailDomain writes connection, policy and what its checks found; ErrDomainNotFound.
	SetEmailDomain(ctx context.Context, d Domain) error
	// DeleteEmailDomain removes one; ErrDomainNotFound.
	DeleteEmailDomain(ctx context.Context, name string) error

	// What follows runs inside InControl.

	// ClaimEmailDomain gives a domain to a tenant unless another has it; owner is who has it then.
	ClaimEmailDomain(ctx context.Context, name string, tenantID uid.ID, at time.Time) (owner uid.ID, err error)
	// ReleaseEmailDomain takes a domain from a tenant, where that one has it.
	ReleaseEmailDomain(ctx context.Context, name string, tenantID uid.ID) error
	// ClaimedEmailDomains lists what a tenant has, at most 1,000.
	ClaimedEmailDomains(ctx context.Context, tenantID uid.ID) ([]string, error)
}

// AccessKeeper is what is needed kept of set-up links, our own keys, rules and break-glass.
type AccessKeeper interface {
	// SignOnRules gives the organization's rules; the zero Rules when it has set none.
	SignOnRules(ctx context.Context) (Rules, error)
	// LockSignOnRules is SignOnRules that holds them until the transaction ends; it is also what makes of two who open
	// local sign-in, or make a key, at once one after the other.
	LockSignOnRules(ctx context.Context) (Rules, error)
	// SaveSignOnRules writes rules that are held.
	SaveSignOnRules(ctx context.Context, r Rules, at time.Time) error
	// PeopleInRoles gives active people with any of the roles, each with all of theirs and whether a connection that is on
	// has ever signed them in; by name, at most n.
	PeopleInRoles(ctx context.Context, roles []policy.Role, n int) ([]Holder, error)
	// HolderByID gives a person, active or not, in the same way; auth.ErrPersonNotFound.
	HolderByID(ctx context.Context, id uid.ID) (Holder, error)
	// NamesOf gives the names of people, as far as they are there.
	NamesOf(ctx context.Context, people []uid.ID) (map[uid.ID]string, error)
	// CountUnlinked counts active people whom no connection that is on has ever signed in, and all active people.
	CountUnlinked(ctx context.Context) (unlinked, all int, err error)

	InsertEmergency(ctx context.Context, e Emergency) error
	// SetEmergency writes who approved and who ended it; ErrTwoPeople when that is who asked.
	SetEmergency(ctx context.Context, e Emergency) error
	// LastEmergencies lists the newest first, at most n.
	LastEmergencies(ctx context.Context, n int) ([]Emergency, error)
	// EndLocalSessionsUntil ends the local sessions that were bounded to an instant, and says how many.
	EndLocalSessionsUntil(ctx context.Context, until time.Time) (int, error)

	InsertSetupLink(ctx context.Context, l SetupLink) error
	// SetupLinks lists the newest first, at most n.
	SetupLinks(ctx context.Context, n int) ([]SetupLink, error)
	// LockSetupLink gives one and holds it until the transaction ends; ErrSetupLinkNotFound.
	LockSetupLink(ctx context.Context, id uid.ID) (SetupLink, error)
	// SetupLinkByHash gives the link of a secret; ErrSetupLinkNotFound.
	SetupLinkByHash(ctx context.Context, hash []byte) (SetupLink, error)
	// BindSetupLink binds a link to a browser at its first use; ErrSetupLinkUsed when one has it, or it is over.
	BindSetupLink(ctx context.Context, id uid.ID, browser []byte, at time.Time) error
	// SetSetupLink writes hash, connection, and when it was finished or revoked; ErrSetupLinkNotFound.
	SetSetupLink(ctx context.Context, l SetupLink) error

	// SigningKeys lists our keys, the oldest first: of more than 20 the newest.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	InsertSigningKey(ctx context.Context, k SigningKey) error
	// SetSigningKey writes when a key became current and when it was retired; ErrKeyNotFound.
	SetSigningKey(ctx context.Context, k SigningKey) error
	// DeleteSigningKey removes one; ErrKeyNotFound.
	DeleteSigningKey(ctx context.Context, id uid.ID) error

	// NoteExpiry notes that a warning was given; first is false when it had been.
	NoteExpiry(ctx context.Context, what string, step int, at time.Time) (first bool, err error)
	// DirectoryTokensEnding lists tokens of directories that are in use and end before an instant, at most 1,000.
	DirectoryTokensEnding(ctx context.Context, now, before time.Time) ([]Ending, error)
	// ConnectionServersEnding lists LDAP connections that are not off and whose server showed, when somebody signed in last, a
	// certificate that ends before an instant; DirectoryServersEnding the same of directories, when they were read last.
	ConnectionServersEnding(ctx context.Context, before time.Time) ([]Ending, error)
	DirectoryServersEnding(ctx context.Context, before time.Time) ([]Ending, error)
	// DirectoryAuthorities lists LDAP directories that are not off and have certificates of authorities of their own, at most
	// 100.
	DirectoryAuthorities(ctx context.Context) ([]Authorities, error)
	// MetadataPoll gives what the polls of a connection know; the zero Poll before the first.
	MetadataPoll(ctx context.Context, connection uid.ID) (Poll, error)
	SaveMetadataPoll(ctx context.Context, p Poll) error
}
