package scim

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Keeper is what the service needs kept. Everything but InTenant and DirectoryTokenByHash runs inside InTenant.
type Keeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	// Try runs fn within the transaction and takes back what it did, and nothing else, when it fails.
	Try(ctx context.Context, fn func(ctx context.Context) error) error
	event.Log
	DirectoryKeeper
	RecordKeeper
	GroupKeeper
	RequestKeeper

	// PersonByID, PersonByEmail, Roles and NamesOf are auth's.
	PersonByID(ctx context.Context, id uid.ID) (auth.Person, error)
	PersonByEmail(ctx context.Context, email string) (auth.Person, error)
	Roles(ctx context.Context) ([]policy.Role, error)
	NamesOf(ctx context.Context, people []uid.ID) (map[uid.ID]string, error)
	// SignOnConnections is auth/signon's.
	SignOnConnections(ctx context.Context) ([]signon.Connection, error)
	// DomainVerified tells whether an e-mail domain was proven to be the tenant's.
	DomainVerified(ctx context.Context, domain string) (bool, error)
}

// DirectoryKeeper is what is needed kept of directories and their tokens.
type DirectoryKeeper interface {
	// Directories lists those of a kind by name, at most 100.
	Directories(ctx context.Context, kind Kind) ([]Directory, error)
	// DirectoryByID gives one; ErrDirectoryNotFound.
	DirectoryByID(ctx context.Context, kind Kind, id uid.ID) (Directory, error)
	InsertDirectory(ctx context.Context, d Directory) error
	// SetDirectory writes everything but id, kind and SyncedAt, when the row still has the revision; ErrDirectoryChanged.
	SetDirectory(ctx context.Context, d Directory, was int) error
	// DeleteDirectory removes one with its tokens, records, groups and log; ErrDirectoryNotFound.
	DeleteDirectory(ctx context.Context, kind Kind, id uid.ID) error

	InsertDirectoryToken(ctx context.Context, t Token) error
	// DirectoryTokenByHash gives a token, expired, revoked or not, with its directory; ErrUnauthorised.
	DirectoryTokenByHash(ctx context.Context, hash []byte) (Token, Directory, error)
	// TouchDirectoryToken writes when a token, and its directory, were used.
	TouchDirectoryToken(ctx context.Context, t Token, at time.Time) error
	// DirectoryTokens lists those that are not revoked, the newest first, without hashes.
	DirectoryTokens(ctx context.Context, directory uid.ID) ([]Token, error)
	// RevokeDirectoryToken ends one; ErrTokenNotFound.
	RevokeDirectoryToken(ctx context.Context, directory, id uid.ID, at time.Time) error
}

// Span is a part of a directory's people or groups.
type Span struct {
	Directory  uid.ID
	Where      Condition // nil: all
	By         Field     // FieldID, FieldUserName, FieldCreated or FieldLastModified
	Descending bool
	After      Cursor // zero: from the beginning
	Skip       int
	Limit      int
}

// RecordKeeper is what is needed kept of the people of a directory. None but Unlinked sees those who were deleted.
type RecordKeeper interface {
	// RecordByID gives a person's record and holds it with lock; ErrNotFound.
	RecordByID(ctx context.Context, directory, person uid.ID, lock bool) (Record, error)
	// RecordByUserName gives the record of a folded userName; ErrNotFound.
	RecordByUserName(ctx context.Context, directory uid.ID, userName string) (Record, error)
	// RecordOf gives the record of a person in whatever SCIM directory, the one that was changed last; ErrNotFound.
	RecordOf(ctx context.Context, person uid.ID) (Record, error)
	// Unlinked gives those deleted ones that had this folded userName or this externalId, the last deleted first, at most
	// 10.
	Unlinked(ctx context.Context, directory uid.ID, userName string, externalID *string) ([]Record, error)
	// Records lists records.
	Records(ctx context.Context, s Span) ([]Record, error)
	// CountRecords counts those that fulfil a condition.
	CountRecords(ctx context.Context, directory uid.ID, where Condition) (int, error)
	// InsertRecord adds a record, or puts it in the place of the deleted one of the same person; ErrUniqueness.
	InsertRecord(ctx context.Context, r Record) error
	// SetRecord writes a record; ErrUniqueness, ErrNotFound.
	SetRecord(ctx context.Context, r Record) error
	// UnlinkRecord writes that the directory deleted the person, and takes them out of its groups; ErrNotFound.
	UnlinkRecord(ctx context.Context, directory, person uid.ID, at time.Time) error
	// Linked gives those of the people who are in the directory.
	Linked(ctx context.Context, directory uid.ID, people []uid.ID) ([]uid.ID, error)
	// MembershipsIn gives the groups of a directory that people are in, by person, then name.
	MembershipsIn(ctx context.Context, directory uid.ID, people []uid.ID) ([]Membership, error)
	// PeopleOf gives people with their roles, without password hashes.
	PeopleOf(ctx context.Context, people []uid.ID) (map[uid.ID]auth.Person, error)
	// RolesGiven gives the roles that a directory gave to people.
	RolesGiven(ctx context.Context, directory uid.ID, people []uid.ID) (map[uid.ID][]policy.Role, error)
}

// GroupKeeper is what is needed kept of a directory's groups.
type GroupKeeper interface {
	// DirectoryGroup gives a group of a directory and holds it with lock; ErrNotFound.
	DirectoryGroup(ctx context.Context, directory, id uid.ID, lock bool) (auth.Group, error)
	// DirectoryGroups lists groups.
	DirectoryGroups(ctx context.Context, s Span) ([]auth.Group, error)
	// CountGroups counts those that fulfil a condition.
	CountGroups(ctx context.Context, directory uid.ID, where Condition) (int, error)
	// GroupMembers gives the members of groups, by group, then person.
	GroupMembers(ctx context.Context, groups []uid.ID) ([]Member, error)
	// MemberCounts counts the members of groups.
	MemberCounts(ctx context.Context, groups []uid.ID) (map[uid.ID]int, error)
	// PutMembers adds members, or what they are called, and gives those who were not in the group.
	PutMembers(ctx context.Context, members []Member) ([]uid.ID, error)
	// TakeMembers takes people out of a group (all of them with nil) and gives those who were in it.
	TakeMembers(ctx context.Context, group uid.ID, people []uid.ID) ([]uid.ID, error)
	// InsertGroup, SetGroup and DeleteGroup are auth's.
	InsertGroup(ctx context.Context, g auth.Group) error
	SetGroup(ctx context.Context, g auth.Group) error
	DeleteGroup(ctx context.Context, id uid.ID) error
}

// RequestKeeper is what is needed kept of the log of requests.
type RequestKeeper interface {
	// LogRequest adds a request and removes those beyond RequestsKept.
	LogRequest(ctx context.Context, l Logged) error
	// LoggedRequests lists them, the newest first; without bodies unless whole.
	LoggedRequests(ctx context.Context, directory uid.ID, p page.Request, whole bool) (page.Of[Logged], error)
	// LoggedRequest gives one; ErrRequestNotFound.
	LoggedRequest(ctx context.Context, directory, id uid.ID) (Logged, error)
}
