// Package hrsync is what an HR system says of people and of the structure: a list comes in, by hand or every night, says row by row what it
// would change and why not, is reviewed where it changes much, is brought in by a job, and can be taken back. Only what differs is written.
// Lists of people who are asked to join once are auth/bulk's; directories that are read or that write themselves are auth/ldapsync's and
// auth/scim's.
package hrsync

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// Kind is what a source's lists are of.
type Kind string

// The kinds of sources.
const (
	KindPeople Kind = "people"
	KindUnits  Kind = "units" // departments, locations and positions
)

// Kinds lists them.
func Kinds() []Kind { return []Kind{KindPeople, KindUnits} }

// Source is where lists come from and how they are understood. It is a row of hr_sources.
type Source struct {
	ID         uid.ID
	Name       string
	Code       string // what the API calls it: small letters, digits, - and _; unique
	Kind       Kind
	Columns    map[string]string `gorm:"serializer:json"` // field → heading, where it is not one of the usual ones
	Whole      bool              // its lists are of everybody: who is missing leaves; a unit that is missing is closed
	LeaversMax int               // per cent of those it knows who may leave without a look at the run
	ChangesMax int               // per cent that may change
	MakesUnits bool              // units that lists name and that are not here are made
	Invites    bool              // new people are asked to join by mail; else they have an account at once and no password
	Auto       bool              // what programs send is brought in by itself within the limits
	Revision   int
	CreatedBy  *uid.ID
	CreatedAt  time.Time
	UpdatedAt  time.Time
	ArchivedAt *time.Time
}

// From is the source as auth writes it down.
func (s Source) From() auth.Source {
	return auth.Source{Kind: auth.SourceHR, ID: s.ID, Name: s.Name}
}

// Status is how far a run is.
type Status string

// The states of a run.
const (
	StatusPlanned   Status = "planned" // it waits to be reviewed; nothing is done
	StatusRunning   Status = "running"
	StatusDone      Status = "done"
	StatusDiscarded Status = "discarded" // by somebody, or because a newer list came
	StatusFailed    Status = "failed"    // Problem says why; nothing more is done
)

// Held is why a run waits for somebody to look at it.
type Held string

// The reasons.
const (
	HeldAsked   Held = "asked" // it came by hand, or its source says so
	HeldLeavers Held = "leavers"
	HeldChanges Held = "changes"
	HeldUndo    Held = "undo"
)

// Outcome is what becomes of a row, or became.
type Outcome string

// The outcomes.
const (
	OutcomeCreate  Outcome = "create"
	OutcomeUpdate  Outcome = "update"
	OutcomeReturn  Outcome = "return" // who had left comes back; a closed unit is opened
	OutcomeLeave   Outcome = "leave"  // is deactivated; a unit is closed
	OutcomeSame    Outcome = "same"   // counted, and kept in no row
	OutcomeRefused Outcome = "refused"
)

// Outcomes lists them in the order in which they are shown.
func Outcomes() []Outcome {
	return []Outcome{OutcomeCreate, OutcomeUpdate, OutcomeReturn, OutcomeLeave, OutcomeRefused, OutcomeSame}
}

// State is whether a row was done.
type State string

// The states of a row.
const (
	RowWaiting State = "waiting"
	RowPlaced  State = "placed" // all but whom they report to, which waits until everybody is here
	RowDone    State = "done"
	RowPartly  State = "partly" // done but for whom they report to; Problem says why not
	RowFailed  State = "failed" // Problem says why
	RowPassed  State = "passed" // nothing was to be done
)

// Subject is what a row is about.
type Subject string

// The subjects.
const (
	SubjectPerson Subject = "person"
	SubjectUnit   Subject = "unit"
)

// Diff is what a field was and what it becomes. Where a field names a unit or a person the ids say whom; names are for people.
type Diff struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
	OldID uid.ID `json:"old_id,omitzero"`
	NewID uid.ID `json:"new_id,omitzero"`
}

// Diffs is a JSON list of them in a row.
type Diffs []Diff

// Counts counts rows by outcome.
type Counts map[Outcome]int

// Run is a list that came in, or the undoing of one. It is a row of hr_runs.
type Run struct {
	ID             uid.ID
	SourceID       uid.ID
	SourceRevision int
	UndoOf         *uid.ID
	Name           string // of the file; "" for none
	RequestKey     string
	Digest         []byte
	Status         Status
	Held           Held
	Problem        string
	Columns        map[string]string `gorm:"serializer:json"` // heading → field; "" for what is passed over
	Total          int               // lines
	Known          int               // whom, or what, the source knew when it was planned
	Counts         Counts            `gorm:"serializer:json"`
	Done           int
	Failed         int
	CreatedBy      *uid.ID
	CreatedAt      time.Time
	RequestedBy    *uid.ID
	RequestedAt    *time.Time
	FinishedAt     *time.Time
}

// Work is how many rows there are to do.
func (r Run) Work() int {
	return r.Counts[OutcomeCreate] + r.Counts[OutcomeUpdate] + r.Counts[OutcomeReturn] + r.Counts[OutcomeLeave]
}

// Percent is how much of the work is done.
func (r Run) Percent() int {
	if r.Work() == 0 {
		return 100
	}
	return 100 * (r.Done + r.Failed) / r.Work()
}

// Row is what a run would do to somebody or something, and did. It is a row of hr_rows.
type Row struct {
	RunID      uid.ID
	Position   int
	Line       int // of the list, from 1; 0 for what stands in none
	Subject    Subject
	Outcome    Outcome
	State      State
	ExternalID string
	Email      string
	Name       string
	PersonID   *uid.ID
	UnitID     *uid.ID
	Day        *time.Time // from which it counts; nil: the day on which it is done
	Changes    Diffs      `gorm:"serializer:json"`
	Field      string     // what Problem is about; "" for the row as a whole
	Problem    string     // why it was refused or failed, in English
}

// Link is somebody whom a source knows. It is a row of hr_links.
type Link struct {
	SourceID   uid.ID
	ExternalID string
	PersonID   uid.ID
	LinkedAt   time.Time
	LeftAt     *time.Time
}

// Filter narrows the rows of a run. Zero values do not narrow.
type Filter struct {
	Outcome Outcome
	Failed  bool   // only those that failed, wholly or partly
	Query   string // part of the external id, name or e-mail, in any case
	Page    page.Request
}

// Fact is what is so of a person now, beside what stands in their own row.
type Fact struct {
	PersonID  uid.ID
	Kind      org.SpanKind
	UnitID    *uid.ID
	ManagerID *uid.ID
	FieldID   *uid.ID
	Value     string
}

// ManagerChange is a person's manager from a day on; nil for none.
type ManagerChange struct {
	Person  uid.ID
	Manager *uid.ID
	Day     org.Day // today or one that is over
}

// Keeper is what is needed kept; all but InTenant runs inside it.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// Try takes back what fn did, and nothing else, when it fails.
	Try(ctx context.Context, fn func(ctx context.Context) error) error
	HoldLines(ctx context.Context) error

	AddHRSource(ctx context.Context, s Source) error // ErrCode
	SaveHRSource(ctx context.Context, s Source) error
	HRSources(ctx context.Context) ([]Source, error)
	// HRSource finds a source and LockHRSource holds it until the transaction ends; ErrNoSource.
	HRSource(ctx context.Context, id uid.ID) (Source, error)
	LockHRSource(ctx context.Context, id uid.ID) (Source, error)

	AddHRRun(ctx context.Context, r Run, rows []Row) error // ErrOpen, ErrUndone
	SaveHRRun(ctx context.Context, r Run) error
	// HRRun finds a run and LockHRRun holds it until the transaction ends; ErrNoRun.
	HRRun(ctx context.Context, id uid.ID) (Run, error)
	LockHRRun(ctx context.Context, id uid.ID) (Run, error)
	// HRRuns lists a source's, uid.Nil: all, the newest first.
	HRRuns(ctx context.Context, source uid.ID, r page.Request) (page.Of[Run], error)
	// OpenHRRun is the run of a source that is planned or running; ErrNoRun.
	OpenHRRun(ctx context.Context, source uid.ID) (Run, error)
	// HRRunByKey is that which came with a request's key; ErrNoRun.
	HRRunByKey(ctx context.Context, source uid.ID, key string) (Run, error)
	DeleteHRRuns(ctx context.Context, before time.Time) (int64, error)
	HRRows(ctx context.Context, run uid.ID, f Filter) (page.Of[Row], error)
	// HRRowsIn gives the first n rows in a state by position; n 0: all.
	HRRowsIn(ctx context.Context, run uid.ID, states []State, n int) ([]Row, error)
	SaveHRRows(ctx context.Context, rows []Row) error

	HRLinks(ctx context.Context, source uid.ID) ([]Link, error)
	// SetHRLinks writes links, CutHRLinks removes those of people.
	SetHRLinks(ctx context.Context, links []Link) error
	CutHRLinks(ctx context.Context, source uid.ID, people []uid.ID) error

	// PeopleForHR gives people with their roles; nil: everybody. With hold they are held until the transaction ends.
	PeopleForHR(ctx context.Context, ids []uid.ID, hold bool) ([]auth.Person, error)
	// PeopleByEmails gives the people of normalised e-mails.
	PeopleByEmails(ctx context.Context, emails []string) (map[string]auth.Person, error)
	// FactsForHR gives what is so of people today; nil: everybody.
	FactsForHR(ctx context.Context, ids []uid.ID) ([]Fact, error)
	// UnitsForHR gives all units, closed ones too.
	UnitsForHR(ctx context.Context) ([]org.Unit, error)
	PersonFields(ctx context.Context, archived bool) ([]org.Field, error)
	WritePersonFacts(ctx context.Context, changes []org.Change, day string, at time.Time) error
	// SetManagers writes managers of many at once with the lines and spans that follow. It holds the lines; auth.ErrLoop, auth.ErrLineLong.
	SetManagers(ctx context.Context, changes []ManagerChange, at time.Time) error
}

// Options are what the service works with.
type Options struct {
	Keep Keeper
	Auth *auth.Service
	Org  *org.Service
	Now  clock.Clock
}

// Service brings in what HR systems say, in the tenant of each call's context.
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
	// MaxRows is how many rows a list may have.
	MaxRows = 100_000
	// MaxBytes is how large a list may be.
	MaxBytes = 32 << 20
	// MaxInvited is how many invitations one run may send.
	MaxInvited = 5000
	// keptFor is how long a run is kept, and can be undone: it holds people's names.
	keptFor    = 90 * 24 * time.Hour
	sourcesMax = 50
	batch      = 500 // rows that one transaction brings in
	leaveBatch = 50
)

// Failures of this package.
var (
	ErrNoSource   = fault.New(fault.KindNotFound, "hr_source_not_found", "There is no such HR source.")
	ErrCode       = fault.New(fault.KindConflict, "hr_source_code_taken", "Another source has this code already. Choose another code.")
	ErrChanged    = fault.New(fault.KindConflict, "hr_source_changed", "Someone else changed this source meanwhile. Look at it again, then save.")
	ErrFull       = fault.New(fault.KindConflict, "hr_sources_full", "There are 50 sources already. Archive one that is not used.")
	ErrArchived   = fault.New(fault.KindConflict, "hr_source_archived", "This source is archived. Take it into use again first.")
	ErrNoRun      = fault.New(fault.KindNotFound, "hr_run_not_found", "There is no such run. Runs are kept for 90 days.")
	ErrOpen       = fault.New(fault.KindConflict, "hr_run_running", "A run of this source is being brought in. Wait until it is through, then send the list again.")
	ErrNotNow     = fault.New(fault.KindConflict, "hr_run_not_now", "This run does not wait for a review any more. Look at it again.")
	ErrStale      = fault.New(fault.KindConflict, "hr_run_stale", "The settings of the source are others than when this run was planned. Send the list again.")
	ErrNothing    = fault.New(fault.KindConflict, "hr_run_nothing", "Nothing of this list would change anything.")
	ErrTooMany    = fault.New(fault.KindTooMany, "hr_run_too_many", "A run sends at most 5,000 invitations. Have this source give accounts without an invitation, or send the list in parts.")
	ErrNotDone    = fault.New(fault.KindConflict, "hr_run_not_done", "Only what was brought in can be undone.")
	ErrUndone     = fault.New(fault.KindConflict, "hr_run_undone", "This run was undone already, or is about to be.")
	ErrKeyReused  = fault.New(fault.KindConflict, "hr_run_key_reused", "This Idempotency-Key came with another list before. Use a new key for each list.")
	errAskerGone  = fault.New(fault.KindForbidden, "hr_run_asker_gone", "Who asked for it may not manage people any more. Somebody who may has to bring it in.")
	errMoved      = fault.New(fault.KindConflict, "hr_row_moved", "This was changed in the portal since the run was planned. Send the list again.")
	errEmailTaken = fault.New(fault.KindConflict, "hr_row_email", "Somebody else here has this e-mail by now. Correct it in the list, or change theirs first.")
	errNobody     = fault.New(fault.KindNotFound, "hr_row_gone", "This person is not here any more.")
)
