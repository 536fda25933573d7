package signon

import (
	"context"
	"time"

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
type FlowKeeper interface{}

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

	// SigningKeys lists our keys that are not retired long ago, the oldest first, at most 20.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	InsertSigningKey(ctx context.Context, k SigningKey) error
	// SetSigningKey writes when a key became current and when it was retired.
	SetSigningKey(ctx context.Context, k SigningKey) error

	// NoteExpiry notes that a warning was given; first is false when it had been.
	NoteExpiry(ctx context.Context, what string, step int, at time.Time) (first bool, err error)
	// DirectoryTokensEnding lists tokens of directories that are in use and end before an instant, at most 1,000.
	DirectoryTokensEnding(ctx context.Context, now, before time.Time) ([]Ending, error)
	// MetadataPoll gives what the polls of a connection know; the zero Poll before the first.
	MetadataPoll(ctx context.Context, connection uid.ID) (Poll, error)
	SaveMetadataPoll(ctx context.Context, p Poll) error
}
