// Package bulk is people who come in numbers: a list is read, says what it would do, is reviewed and then brought in as it
// was reviewed; and links by which people ask to join. One person at a time is auth's.
package bulk

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
)

// Status is how far a list is.
type Status string

const (
	// StatusPlanned says what it would do; nothing is done.
	StatusPlanned Status = "planned"
	// StatusRunning is being brought in.
	StatusRunning Status = "running"
	// StatusDone is through.
	StatusDone Status = "done"
)

// Outcome is what becomes of a line, or became.
type Outcome string

const (
	// OutcomeInvite is somebody new who is asked to join.
	OutcomeInvite Outcome = "invite"
	// OutcomeCreate is somebody new who gets an account without an invitation.
	OutcomeCreate Outcome = "create"
	// OutcomeUpdate is somebody who is here and gets what the line says beyond what they have.
	OutcomeUpdate Outcome = "update"
	// OutcomeSame is somebody for whom nothing changes.
	OutcomeSame Outcome = "same"
	// OutcomeRefused is a line that cannot be done; Problem says why.
	OutcomeRefused Outcome = "refused"
)

// Outcomes lists them in the order in which they are shown.
func Outcomes() []Outcome {
	return []Outcome{OutcomeInvite, OutcomeCreate, OutcomeUpdate, OutcomeSame, OutcomeRefused}
}

// State is whether a line was done.
type State string

// The states of a line.
const (
	LineWaiting State = "waiting"
	LineDone    State = "done"
	LineFailed  State = "failed" // Problem says why
	LinePassed  State = "passed" // nothing was to be done
)

// List is a JSON list of texts in a row.
type List []string

// Counts counts lines by outcome.
type Counts map[Outcome]int

// Import is a list of people. It is a row of people_imports.
type Import struct {
	ID          uid.ID
	Name        string // of the file; "" for a typed list
	Status      Status
	Header      List        `gorm:"serializer:json"`
	Columns     List        `gorm:"serializer:json"` // what each column is: one of Fields, or "" for passed over
	Role        policy.Role // of lines that name none
	Quiet       bool        // new people get an account and no invitation
	NewGroups   bool        // groups that are not here are made
	Revision    int         // counts plans: what is brought in is what was reviewed
	Total       int         // lines
	Counts      Counts      `gorm:"serializer:json"`
	Done        int         // lines that were done
	Failed      int
	Mailed      int // invitations that it sends
	CreatedBy   *uid.ID
	CreatedAt   time.Time
	RequestedBy *uid.ID
	RequestedAt *time.Time
	FinishedAt  *time.Time
}

// Work is how many lines there are to do.
func (i Import) Work() int {
	return i.Counts[OutcomeInvite] + i.Counts[OutcomeCreate] + i.Counts[OutcomeUpdate]
}

// Percent is how much of the work is done.
func (i Import) Percent() int {
	if i.Work() == 0 {
		return 100
	}
	return 100 * (i.Done + i.Failed) / i.Work()
}

// Detail is what a line says, read by the columns.
type Detail struct {
	Profile auth.Profile  `json:"profile"`
	Roles   []policy.Role `json:"roles"`
	Groups  []string      `json:"groups,omitempty"` // names
	Changes []string      `json:"changes,omitempty"`
	Left    []string      `json:"left,omitempty"` // fields whose value was not fit to be taken over
}

// Line is one line of a list. It is a row of people_import_lines.
type Line struct {
	ImportID uid.ID
	Number   int  // of the line in the file, from 1
	Cells    List `gorm:"serializer:json"`
	Email    string
	Name     string
	Outcome  Outcome
	Detail   Detail `gorm:"serializer:json"`
	Problem  string // why it was refused or failed, in English
	State    State
	PersonID *uid.ID
}

// Filter narrows the lines of a list. Zero values do not narrow.
type Filter struct {
	Outcome Outcome
	State   State
	Page    page.Request
}

// Keeper is what is needed kept; all but InTenant runs inside it.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	AddImport(ctx context.Context, i Import, lines []Line) error
	// ImportByID gives a list; ErrNotFound. LockImport holds it until the transaction ends.
	ImportByID(ctx context.Context, id uid.ID) (Import, error)
	LockImport(ctx context.Context, id uid.ID) (Import, error)
	SaveImport(ctx context.Context, i Import) error
	// Imports lists them, the newest first.
	Imports(ctx context.Context, r page.Request) (page.Of[Import], error)
	DeleteImport(ctx context.Context, id uid.ID) error
	// DeleteImports removes those that were made before.
	DeleteImports(ctx context.Context, before time.Time) (int64, error)
	// ImportLines lists lines by number.
	ImportLines(ctx context.Context, id uid.ID, f Filter) (page.Of[Line], error)
	// WaitingLines gives the first n lines that are to be done.
	WaitingLines(ctx context.Context, id uid.ID, n int) ([]Line, error)
	// SaveLines writes what becomes of lines.
	SaveLines(ctx context.Context, lines []Line) error
	// MailedSince counts the invitations of lists that were asked for since.
	MailedSince(ctx context.Context, since time.Time) (int, error)
	// PeopleByEmails gives the people of normalised e-mails with their roles and attributes.
	PeopleByEmails(ctx context.Context, emails []string) (map[string]auth.Person, error)
	// GroupsByNames gives groups by their names in small letters.
	GroupsByNames(ctx context.Context, names []string) (map[string]group.Group, error)
	// GroupNamesOf gives the names, in small letters, of the groups that each of these people is in.
	GroupNamesOf(ctx context.Context, people []uid.ID) (map[uid.ID]map[string]bool, error)
	RoleRows(ctx context.Context) ([]auth.RoleRow, error)
	linkKeeper
}

// Options are what the service works with.
type Options struct {
	Keep   Keeper
	Auth   *auth.Service
	Groups *group.Service
	Seal   seal.Key
	// Joins bounds how many ask to join from one network address, JoinMails how often one e-mail does; nil: no bound.
	Joins     auth.Limiter
	JoinMails auth.Limiter
	Now       clock.Clock
}

// Service brings many people in, in the tenant of each call's context.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = clock.Real
	}
	return &Service{o}
}

// Bounds.
const (
	// MaxADay is how many invitations lists send a portal's people within a day.
	MaxADay = 5000
	// keptFor is how long a list is kept: it holds people's names.
	keptFor = 30 * 24 * time.Hour
	// batch is how many lines one transaction brings in.
	batch = 50
)

// Failures of this package.
var (
	ErrNotFound  = fault.New(fault.KindNotFound, "people_import_not_found", "There is no such list. Lists are kept for 30 days.")
	ErrNotNow    = fault.New(fault.KindConflict, "people_import_started", "This list is being brought in, or was. Read it in again to do more.")
	ErrReview    = fault.New(fault.KindConflict, "people_import_changed", "This list was read anew meanwhile. Review it again, then bring it in.")
	ErrNothing   = fault.New(fault.KindConflict, "people_import_nothing", "Nothing of this list would change anything.")
	ErrTooMany   = fault.New(fault.KindTooMany, "people_import_too_many", "Lists send at most 5,000 invitations a day. Bring the rest in tomorrow, or without invitations.")
	errTwice     = fault.New(fault.KindInvalid, "people_import_twice", "This address stands further up already.")
	errNoRole    = fault.New(fault.KindInvalid, "people_import_no_role", "There is no role of this name.")
	errNoGroup   = fault.New(fault.KindInvalid, "people_import_no_group", "There is no group of this name. Choose that new groups are made, or make it first.")
	errKept      = fault.New(fault.KindInvalid, "people_import_group_kept", "A directory or a rule says who is in this group.")
	errMayGroup  = fault.New(fault.KindInvalid, "people_import_may_not_group", "You may not put people into groups. Leave that column out.")
	errOff       = fault.New(fault.KindInvalid, "people_import_deactivated", "This person is deactivated. Reactivate them instead.")
	errAskerGone = fault.New(fault.KindForbidden, "people_import_asker_gone", "Who asked for it may not do it any more.")
)
