// Package export makes files of reports: CSV and XLSX with all lines for programs and spreadsheets, PDF for people. A small one is sent while
// it is read; a large one is made by a job, and whoever asked sees how far it is and fetches it while it is kept. What a file may hold is
// what who asked may see at the moment of making. It knows no schedules.
package export

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
	"lyceum/tenant"
)

// Bounds.
const (
	KeptFor   = 7 * 24 * time.Hour // how long a file can be fetched
	AtOnce    = 5000               // lines up to which a file is sent at once; more is a job
	PDFAtOnce = 1000
	PDFMost   = 10_000    // lines of a PDF: it is drawn in memory
	XLSXMost  = 1<<20 - 1 // lines of an XLSX beside its heading: ISO/IEC 29500 has no more rows
	openMost  = 5         // that one person may have being made
	titleMax  = 120
	attempts  = 5
	rowsKept  = 90 * 24 * time.Hour
	listMost  = 50
)

// Kind is what a file is of.
type Kind string

// The kinds.
const (
	Built  Kind = "built" // a report as it was put together
	Matrix Kind = "matrix"
)

// Format is how a file is written.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
	PDF  Format = "pdf"
)

// Formats lists them.
func Formats() []Format { return []Format{CSV, XLSX, PDF} }

// MediaType is a format's, "" for what is none.
func (f Format) MediaType() string {
	return map[Format]string{CSV: "text/csv; charset=utf-8; header=present", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", PDF: "application/pdf"}[f]
}

// Cells narrow the matrix, as report.Filter; its moments are zero for now.
type Cells struct {
	Requirement uid.ID     `json:"requirement,omitzero"`
	State       duty.State `json:"state,omitzero"`
	Group       uid.ID     `json:"group,omitzero"`
	Department  string     `json:"department,omitzero"`
	Manager     uid.ID     `json:"manager,omitzero"`
	Name        string     `json:"name,omitzero"`
	At          time.Time  `json:"at,omitzero"`
	Known       time.Time  `json:"known,omitzero"`
}

// Filter is the matrix's.
func (c Cells) Filter() report.Filter {
	return report.Filter{Requirement: c.Requirement, State: c.State, Group: c.Group, Department: c.Department, Manager: c.Manager, Name: c.Name, As: report.Moment{At: c.At, Known: c.Known}}
}

// CellsOf is the other way.
func CellsOf(f report.Filter) Cells {
	return Cells{f.Requirement, f.State, f.Group, f.Department, f.Manager, f.Name, f.As.At, f.As.Known}
}

// Wish is what a file is to hold. Title heads a PDF; "" is the kind's own.
type Wish struct {
	Kind       Kind               `json:"kind"`
	Title      string             `json:"title,omitzero"`
	Definition builder.Definition `json:"definition,omitzero"`
	Cells      Cells              `json:"cells,omitzero"`
}

// Check tidies a wish and says what is wrong.
func (w *Wish) Check() error {
	wrong := fault.Fields{}
	wrong.Check(w.Kind == Built || w.Kind == Matrix, "kind", "Choose one of the list.")
	wrong.Check(utf8.ValidString(w.Title) && utf8.RuneCountInString(w.Title) <= titleMax, "title", "Use at most 120 characters.")
	if err := wrong.Err(); err != nil || w.Kind == Matrix {
		return err
	}
	return w.Definition.Check()
}

// Status is where a file stands.
type Status string

// The states.
const (
	Waiting   Status = "waiting"
	Working   Status = "working"
	Ready     Status = "ready"
	Failed    Status = "failed"
	Cancelled Status = "cancelled"
	Expired   Status = "expired" // or taken away
)

// Problem is why a file could not be made.
type Problem string

// The problems.
const (
	NoRight Problem = "no_right" // who asked may see it no more
	TooLong Problem = "too_long" // for a PDF

	SheetTooLong Problem = "sheet_too_long" // for an XLSX
	Gone         Problem = "gone"           // what it is of
	Internal     Problem = "internal"
)

// Export is a file that a job makes. It is a row of report_exports.
type Export struct {
	ID        uid.ID
	PersonID  uid.ID // who asked: nobody else sees it
	Wish      string // JSON
	Format    Format
	Zone      string // in which its days are, an IANA name
	Locale    string // of a PDF
	Status    Status
	Lines     int // in all, as they were counted when it was begun
	Done      int
	Attempts  int // a process that was killed is followed by another one, which begins anew
	Problem   Problem
	Object    string
	Bytes     int64
	SHA256    string `gorm:"column:sha256"`
	AskedAt   time.Time
	ReadyAt   *time.Time
	ExpiresAt *time.Time
}

// TableName is report_exports.
func (Export) TableName() string { return "report_exports" }

// Open tells whether it is still being made.
func (e Export) Open() bool { return e.Status == Waiting || e.Status == Working }

// Percent is how much of it is made.
func (e Export) Percent() int {
	switch {
	case e.Status == Ready:
		return 100
	case e.Lines == 0:
		return 0
	}
	return min(e.Done, e.Lines) * 100 / e.Lines
}

// Wished is what it holds.
func (e Export) Wished() (w Wish, err error) {
	if err = json.Unmarshal([]byte(e.Wish), &w); err != nil {
		return w, fmt.Errorf("export %s: %w", e.ID, err)
	}
	return w, nil
}

// FileName is the name of its file, without the portal's.
func (e Export) FileName() string {
	w, _ := e.Wished()
	return fileName(w, e.AskedAt, zoneOf(e.Zone), e.Format)
}

func fileName(w Wish, at time.Time, zone *time.Location, f Format) string {
	about := "compliance"
	if w.Kind == Built {
		about = string(w.Definition.Source)
	}
	return about + "-" + at.In(zone).Format(time.DateOnly) + "." + string(f)
}

func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}

// Failures of this package.
var (
	ErrNotFound     = fault.New(fault.KindNotFound, "export_not_found", "There is no such file. Files are kept for seven days.")
	ErrNotReady     = fault.New(fault.KindConflict, "export_not_ready", "This file is not ready, or its days are over. Ask for another one.")
	ErrTooMany      = fault.New(fault.KindConflict, "exports_too_many", "Five of your files are being made. Wait until one is ready, or cancel one.")
	ErrSheetTooLong = fault.New(fault.KindInvalid, "export_sheet_too_long", "An XLSX file has room for 1,048,575 lines. Choose less, or take CSV.")

	ErrTooLong = fault.New(fault.KindInvalid, "export_too_long", "A PDF has room for 10,000 lines. Choose less, or take CSV or XLSX.")
	ErrFormat  = fault.New(fault.KindInvalid, "export_format", "Choose CSV, XLSX or PDF.")
)

// Words are what people read in a PDF, in a language and a zone.
type Words struct {
	Language string
	Named    func(family string, code any) string
	Day      func(time.Time) string
	Moment   func(time.Time) string
	Page     func(n, of int) string
}

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	InsertExport(ctx context.Context, e Export) error
	// OpenExports counts a person's that are being made.
	OpenExports(ctx context.Context, person uid.ID) (int, error)
	// BeginExport takes one that is open for the next attempt; false for any other.
	BeginExport(ctx context.Context, id uid.ID) (Export, bool, error)
	// SaveExport writes one where it is still worked at in this attempt, and tells whether it was.
	SaveExport(ctx context.Context, e Export) (bool, error)
	// StopExport moves a person's own from one of those states; false where it has none of them.
	StopExport(ctx context.Context, id, person uid.ID, from []Status, to Status) (bool, error)
	// Exports lists a person's, the newest first.
	Exports(ctx context.Context, person uid.ID, n int) ([]Export, error)
	// ExportByID is ErrNotFound.
	ExportByID(ctx context.Context, id uid.ID) (Export, error)
	// ExportsPast lists those that have a file and should have none.
	ExportsPast(ctx context.Context, now time.Time, n int) ([]Export, error)
	// DropExport notes that the file of one is gone.
	DropExport(ctx context.Context, id uid.ID) error
	ForgetExports(ctx context.Context, before time.Time) error
}

// Options are what the service works with.
type Options struct {
	Keep   Keeper
	Blobs  *blob.Store
	Built  *builder.Service
	Matrix *report.Service
	// As puts a person who may sign in into the context as who asks: auth.ErrPersonNotFound for any other.
	As    func(ctx context.Context, person uid.ID) (context.Context, error)
	Brand func(ctx context.Context) (tenant.Brand, error)
	Words func(locale, zone string, now time.Time) Words
	Now   clock.Clock
}

// Service makes files.
type Service struct{ Options }

// New makes the service.
func New(o Options) *Service { return &Service{o} }

// in is a transaction for who may see reports.
func (s *Service) in(ctx context.Context, fn func(ctx context.Context, who auth.Principal) error) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.Keep.InTenant(ctx, func(ctx context.Context) error { return fn(ctx, who) })
}
