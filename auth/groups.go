package auth

import (
	"context"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Group is people together, kept by a directory or by hand. It is a row of groups.
type Group struct {
	ID          uid.ID
	Name        string
	DirectoryID *uid.ID // nil: kept by hand
	ExternalID  *string // what the directory calls it
	Description string
	Revision    int // counts changes: the ETag at SCIM
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// GroupFilter narrows a list of groups. Zero values do not narrow.
type GroupFilter struct {
	Query     string // part of the name, in any case
	Directory uid.ID
	Page      page.Request
}

// GroupKeeper is what is needed kept of groups. All of it runs inside InTenant.
type GroupKeeper interface {
	// GroupByID gives a group; ErrGroupNotFound.
	GroupByID(ctx context.Context, id uid.ID) (Group, error)
	// GroupsBy lists groups by name.
	GroupsBy(ctx context.Context, f GroupFilter) (page.Of[Group], error)
	// GroupsOf gives the groups a person is in, by name, at most 2,000.
	GroupsOf(ctx context.Context, person uid.ID) ([]Group, error)
	// MembersOf gives who is in a group, by id, at most n after a person (uid.Nil: from the beginning).
	MembersOf(ctx context.Context, group, after uid.ID, n int) ([]uid.ID, error)
	InsertGroup(ctx context.Context, g Group) error
	// SetGroup writes name, external id, revision and UpdatedAt; ErrGroupNotFound.
	SetGroup(ctx context.Context, g Group) error
	// DeleteGroup removes a group with its memberships; ErrGroupNotFound.
	DeleteGroup(ctx context.Context, id uid.ID) error
	// AddMembers puts people into a group and says how many were new; people who do not exist are ErrPersonNotFound.
	AddMembers(ctx context.Context, group uid.ID, people []uid.ID) (int, error)
	// RemoveMembers takes people out of a group and says how many were in it.
	RemoveMembers(ctx context.Context, group uid.ID, people []uid.ID) (int, error)
}

// ErrGroupNotFound is an id that names no group here.
var ErrGroupNotFound = fault.New(fault.KindNotFound, "group_not_found", "There is no such group here.")
