package ldapsync

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

// Resource is what a directory said of a person at the last run.
type Resource struct {
	DN     string              `json:"dn"`
	Claims map[string][]string `json:"claims"`
	// Made is whether the account was made for this entry: then its e-mail address is the directory's to change.
	Made bool `json:"made"`
}

// Record is who a person is in a directory. It is a row of directory_people.
type Record struct {
	DirectoryID uid.ID
	PersonID    uid.ID
	ExternalID  string // the subject
	UserName    string // in small letters
	Active      bool   // as the directory says; false for who is gone from it
	Resource    signon.JSON[Resource]
	Revision    int // of the directory when it was last brought to it; 0: something is still to be done
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Keeper is what the service needs kept. Everything but InTenant runs inside it.
type Keeper interface {
	InTenant(ctx context.Context, fn func(ctx context.Context) error) error
	event.Log
	// RolesFrom is auth's.
	RolesFrom(ctx context.Context, person, source uid.ID) ([]policy.Role, error)

	// LDAPDirectories lists all by name, at most 100.
	LDAPDirectories(ctx context.Context) ([]Directory, error)
	// LDAPDirectory gives one; ErrDirectoryNotFound.
	LDAPDirectory(ctx context.Context, id uid.ID) (Directory, error)
	InsertLDAPDirectory(ctx context.Context, d Directory) error
	// SetLDAPDirectory writes everything but id, kind and what runs write, when the row still has the revision;
	// ErrDirectoryChanged.
	SetLDAPDirectory(ctx context.Context, d Directory, was int) error
	// DeleteLDAPDirectory removes one with its records, groups and runs; the roles that it gave stay as if given by hand.
	// ErrDirectoryNotFound.
	DeleteLDAPDirectory(ctx context.Context, id uid.ID) error
	// SetLDAPSynced writes when a run ended and what was in its way.
	SetLDAPSynced(ctx context.Context, id uid.ID, at time.Time, problem string) error

	// BeginDirectoryRun adds a run and removes those beyond RunsKept; those of its directory of which nothing was heard since quiet
	// are ended as failed. ErrRunning when another one runs.
	BeginDirectoryRun(ctx context.Context, r Run, quiet time.Time) error
	// BeatDirectoryRun writes a sign of life; ErrRunOver when the run has ended.
	BeatDirectoryRun(ctx context.Context, id uid.ID, at time.Time) error
	// EndDirectoryRun writes how a run ended; ErrRunOver when it has ended already.
	EndDirectoryRun(ctx context.Context, r Run) error
	// DirectoryRuns lists a directory's, the newest first; without changes and report unless whole.
	DirectoryRuns(ctx context.Context, directory uid.ID, p page.Request, whole bool) (page.Of[Run], error)
	// DirectoryRun gives one of a directory's, whole; ErrRunNotFound.
	DirectoryRun(ctx context.Context, directory, id uid.ID) (Run, error)

	// SubjectRecords gives the records of subjects of a directory.
	SubjectRecords(ctx context.Context, directory uid.ID, subjects []string) ([]Record, error)
	// RecordOfPerson gives a person's record in a directory; auth.ErrPersonNotFound.
	RecordOfPerson(ctx context.Context, directory, person uid.ID) (Record, error)
	// NamedRecord gives the person who has a user name in a directory, uid.Nil when nobody has.
	NamedRecord(ctx context.Context, directory uid.ID, userName string) (person uid.ID, err error)
	// ActiveRecords gives those of a directory's records that are active, by person, at most n after a person.
	ActiveRecords(ctx context.Context, directory, after uid.ID, n int) ([]Record, error)
	// CountActiveRecords counts them.
	CountActiveRecords(ctx context.Context, directory uid.ID) (int, error)
	// PutSubjectRecord adds a record, or puts it in the place of the person's.
	PutSubjectRecord(ctx context.Context, r Record) error
	// SetSubjectRecord writes user name, active, resource and revision; auth.ErrPersonNotFound.
	SetSubjectRecord(ctx context.Context, r Record) error
	// HoldLines holds the tenant's reporting lines until the transaction ends.
	HoldLines(ctx context.Context) error
	// ManagersOf gives the managers of those people who have one.
	ManagersOf(ctx context.Context, people []uid.ID) (map[uid.ID]uid.ID, error)
	// DomainVerified tells whether an e-mail domain was proven to be the tenant's.
	DomainVerified(ctx context.Context, domain string) (bool, error)

	// PersonByID, PersonByEmail and Roles are auth's, and so is all of GroupKeeper.
	PersonByID(ctx context.Context, id uid.ID) (auth.Person, error)
	PersonByEmail(ctx context.Context, email string) (auth.Person, error)
	Roles(ctx context.Context) ([]policy.Role, error)
	auth.GroupKeeper
}
