// Package schedule sends reports by mail: every day, week or month at an hour of a place, as a file, to people of the portal. A file is made
// for each of them by what they may see when it is sent; who may see reports no more gets nothing. What was due is noted before it is done,
// so that nothing is sent twice, whatever becomes of a process. How a file is made is export's business.
package schedule

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/export"
)

// Bounds.
const (
	AttachMost = 4 << 20 // bytes of a file that goes with the mail; a larger one is fetched from the portal
	nameMax    = 120
	peopleMost = 50
	ownMost    = 50
	readersMax = 500
	runsShown  = 30
	attempts   = 8 // of a run, over more than an hour
	failedMost = 3 // runs in a row, then it is paused
	lookEvery  = 6 * time.Hour
	keptFor    = 400 * 24 * time.Hour
)

// Every is how often.
type Every string

// How often.
const (
	Daily   Every = "daily"
	Weekly  Every = "weekly"
	Monthly Every = "monthly"
)

// Everies lists them.
func Everies() []Every { return []Every{Daily, Weekly, Monthly} }

// Times say when: at the beginning of an hour of a zone. Weekday is 1 (Monday) to 7 (ISO 8601), Day of the month 1 to 31, the last one where
// a month is shorter.
type Times struct {
	Every   Every
	Weekday int
	Day     int
	Hour    int
	Zone    string // an IANA name
}

func (t Times) check(wrong fault.Fields) {
	wrong.Check(slices.Contains(Everies(), t.Every), "every", "Choose one of the list.")
	wrong.Check(t.Every != Weekly || t.Weekday >= 1 && t.Weekday <= 7, "weekday", "Choose one of the list.")
	wrong.Check(t.Every != Monthly || t.Day >= 1 && t.Day <= 31, "day", "Use a day from 1 to 31.")
	wrong.Check(t.Hour >= 0 && t.Hour <= 23, "hour", "Choose one of the list.")
	_, err := time.LoadLocation(t.Zone)
	wrong.Check(err == nil && t.Zone != "" && t.Zone != "Local", "zone", "Choose one of the list.")
}

// Next is the first time after a moment. A day whose clock skips the hour has it an hour later; one that has it twice has it once.
func (t Times) Next(after time.Time) time.Time {
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		zone = time.UTC
	}
	y, m, d := after.In(zone).Date()
	for n := 0; ; n++ {
		day := time.Date(y, m, d+n, 12, 0, 0, 0, zone)
		switch t.Every {
		case Weekly:
			if (int(day.Weekday())+6)%7+1 != t.Weekday {
				continue
			}
		case Monthly:
			last := time.Date(day.Year(), day.Month()+1, 0, 12, 0, 0, 0, zone).Day()
			if day.Day() != min(t.Day, last) {
				continue
			}
		case Daily:
		}
		at := time.Date(day.Year(), day.Month(), day.Day(), t.Hour, 0, 0, 0, zone)
		if at.After(after) {
			return at.UTC()
		}
	}
}

// Why is why a schedule is paused.
type Why string

// The reasons.
const (
	ByHand Why = "by_hand"
	Failed Why = "failed" // three times in a row
	Nobody Why = "nobody" // of those it goes to may see reports
	Owner  Why = "owner"  // may see reports no more
	Gone   Why = "gone"   // the report that it sends, or what it is of
	Long   Why = "long"   // for a PDF or an XLSX
)

// Schedule is a report that is sent. It is a row of report_schedules.
type Schedule struct {
	ID        uid.ID
	OwnerID   uid.ID
	OwnerName string `gorm:"->"`
	Name      string
	ReportID  *uid.ID // the report that was kept; nil: Wish says it
	Wish      string  // JSON
	Format    export.Format
	Times     `gorm:"embedded"`
	People    string // JSON: the ids of whom it goes to
	Paused    Why    // "": it is sent
	Failures  int    // in a row
	NextAt    time.Time
	LastAt    *time.Time `gorm:"->"` // when it was sent last
	Revision  int
	CreatedAt time.Time
	UpdatedAt time.Time
}

// TableName is report_schedules.
func (Schedule) TableName() string { return "report_schedules" }

// To is whom it goes to.
func (s Schedule) To() (list []uid.ID) {
	_ = json.Unmarshal([]byte(s.People), &list)
	return list
}

// Wished is what it sends, but for a report that was kept.
func (s Schedule) Wished() (w export.Wish, err error) {
	if err = json.Unmarshal([]byte(s.Wish), &w); err != nil {
		return w, fmt.Errorf("schedule %s: %w", s.ID, err)
	}
	return w, nil
}

// Status is where a run stands.
type Status string

// The states.
const (
	Waiting Status = "waiting"
	Working Status = "working"
	Done    Status = "done"
	Broken  Status = "failed"
)

// Run is one time that a report was or is to be sent. It is a row of report_runs; a second one of the same schedule and moment is refused.
type Run struct {
	ID         uid.ID
	ScheduleID uid.ID
	DueAt      time.Time
	AskedBy    *uid.ID // who wished for it; nil: its time had come
	Status     Status
	Attempts   int
	Problem    Why // why it failed; never ByHand
	EndedAt    *time.Time
	Deliveries []Delivery `gorm:"-"`
}

// TableName is report_runs.
func (Run) TableName() string { return "report_runs" }

// Sending is where a mail stands.
type Sending string

// The states.
const (
	ToSend   Sending = "waiting"
	Begun    Sending = "sending" // the mail server may have it: it is not sent again
	Attached Sending = "attached"
	Linked   Sending = "linked"
	NoRight  Sending = "no_right" // who may not see reports gets nothing
	Refused  Sending = "refused"  // the address
	Stopped  Sending = "stopped"  // its reader cancelled or deleted the file
)

// Delivery is what a run is for one person. It is a row of report_deliveries.
type Delivery struct {
	RunID    uid.ID
	PersonID uid.ID
	Name     string `gorm:"->"`
	ExportID uid.ID
	Status   Sending
	At       *time.Time
}

// TableName is report_deliveries.
func (Delivery) TableName() string { return "report_deliveries" }

// Reader is somebody who may be sent reports.
type Reader struct {
	ID          uid.ID
	Name, Email string
}

// Input is what is kept of a schedule.
type Input struct {
	Name     string
	ReportID *uid.ID
	Wish     export.Wish // where there is no report
	Format   export.Format
	Times    Times
	People   []uid.ID
	Revision int
}

func (in *Input) check() error {
	in.Name = strings.TrimSpace(in.Name)
	wrong := fault.Fields{}
	wrong.Check(in.Name != "" && utf8.ValidString(in.Name) && utf8.RuneCountInString(in.Name) <= nameMax, "name", "Use a name of 1 to 120 characters.")
	wrong.Check(in.Format.MediaType() != "", "format", "Choose one of the list.")
	slices.SortFunc(in.People, func(a, b uid.ID) int { return strings.Compare(a.String(), b.String()) })
	in.People = slices.Compact(in.People)
	wrong.Check(len(in.People) >= 1 && len(in.People) <= peopleMost, "people", "Choose 1 to 50 people.")
	in.Times.check(wrong)
	if err := wrong.Err(); err != nil || in.ReportID != nil {
		return err
	}
	return in.Wish.Check()
}

// Failures of this package.
var (
	ErrNotFound = fault.New(fault.KindNotFound, "report_schedule_not_found", "There is no such schedule.")
	ErrChanged  = fault.New(fault.KindConflict, "report_schedule_changed", "This schedule was changed meanwhile. Reload the page.")
	ErrTooMany  = fault.New(fault.KindConflict, "report_schedules_too_many", "You have 50 schedules. Delete one first.")
	ErrRunning  = fault.New(fault.KindConflict, "report_schedule_running", "This report is being sent. Wait until it is done.")
	ErrPeople   = fault.New(fault.KindInvalid, "report_schedule_people", "Some of these people may not see reports. Choose those of the list.")
)

// ErrRefused is a mail that its address's server does not take; trying again is of no use.
var ErrRefused = fault.New(fault.KindInvalid, "report_mail_refused", "The mail server does not accept this address.")

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// Roles lists every role of the portal.
	Roles(ctx context.Context) ([]policy.Role, error)
	// ReportReaders lists who may sign in and has one of these roles, by name; among some people, with nil among all.
	ReportReaders(ctx context.Context, roles []policy.Role, among []uid.ID, n int) ([]Reader, error)
	// Schedules lists those of an owner, with uid.Nil all, by name.
	Schedules(ctx context.Context, owner uid.ID, n int) ([]Schedule, error)
	// ScheduleByID is ErrNotFound.
	ScheduleByID(ctx context.Context, id uid.ID) (Schedule, error)
	AddSchedule(ctx context.Context, s Schedule) error
	// SaveSchedule writes one of the revision before; ErrChanged.
	SaveSchedule(ctx context.Context, s Schedule) error
	// MarkSchedule writes paused, failures and next_at, whatever the revision.
	MarkSchedule(ctx context.Context, s Schedule) error
	DeleteSchedule(ctx context.Context, id uid.ID) error
	// DueSchedules takes those whose time has come and holds them until the end of the transaction.
	DueSchedules(ctx context.Context, now time.Time, n int) ([]Schedule, error)
	// NextSchedule is when the next one's time comes; the zero time for never.
	NextSchedule(ctx context.Context) (time.Time, error)
	// AddRun is false where there is one of that schedule and moment.
	AddRun(ctx context.Context, r Run) (bool, error)
	AddDeliveries(ctx context.Context, list []Delivery) error
	// OpenRuns counts those of a schedule that are not over.
	OpenRuns(ctx context.Context, schedule uid.ID) (int, error)
	// BeginRun takes one for its next attempt; false where it is over.
	BeginRun(ctx context.Context, id uid.ID) (Run, bool, error)
	// EndRun is false where it was over.
	EndRun(ctx context.Context, r Run) (bool, error)
	// ReportRuns lists a schedule's with their deliveries, the newest first.
	ReportRuns(ctx context.Context, schedule uid.ID, n int) ([]Run, error)
	Deliveries(ctx context.Context, run uid.ID) ([]Delivery, error)
	// MoveDelivery writes a state where it has that one, and tells whether it had.
	MoveDelivery(ctx context.Context, run, person uid.ID, from, to Sending, at time.Time) (bool, error)
	ForgetRuns(ctx context.Context, before time.Time) error
}

// Mail is what a person is sent.
type Mail struct {
	ID       uid.ID // the same at every attempt
	Schedule Schedule
	Run      Run
	Person   uid.ID
	Export   export.Export
	File     []byte // nil: it is fetched from the portal
}

// Exports makes files; export.Service is one.
type Exports interface {
	MakeFor(ctx context.Context, id, person uid.ID, w export.Wish, f export.Format, look export.Look) (export.Export, error)
	Content(ctx context.Context, e export.Export) ([]byte, error)
}

// Options are what the service works with.
type Options struct {
	Keep    Keeper
	Exports Exports
	Reports *builder.Service
	// As puts a person who may sign in into the context as who asks: auth.ErrPersonNotFound for any other.
	As func(ctx context.Context, person uid.ID) (context.Context, error)
	// May gives what roles may.
	May func(ctx context.Context, roles []policy.Role) (policy.Set, error)
	// Send sends a mail: ErrRefused where the address is refused; after any other error it is tried again.
	Send func(ctx context.Context, m Mail) error
	Now  clock.Clock
}

// Service is the schedules.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }
