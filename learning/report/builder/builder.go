// Package builder is reports that people put together: what they tell of, which columns, whom they hold, and what is counted. They are
// looked at live, sent as files, kept under a name and shared. What stands in them is read; nothing here changes it.
package builder

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report"
)

// Source is what a report tells of: a line is a duty of a person, or a course that a person is or was in.
type Source string

// The sources.
const (
	Duties     Source = "duties"
	Enrolments Source = "enrolments"
)

// Sources lists them.
func Sources() []Source { return []Source{Duties, Enrolments} }

// columns are what the lines of a source have, in the order in which they are shown.
var columns = map[Source][]string{
	Duties:     {"person", "email", "department", "subject", "framework", "state", "given", "due", "grace", "completed", "expires", "waived"},
	Enrolments: {"person", "email", "department", "subject", "version", "state", "percent", "given", "started", "due", "completed"},
}

// Columns lists a source's.
func (s Source) Columns() []string { return columns[s] }

// groups are what lines can be counted by.
var groups = []string{"subject", "state", "department"}

// Groups lists them.
func Groups() []string { return groups }

// States lists what lines of a source can be in.
func (s Source) States() (list []string) {
	switch s {
	case Duties:
		for _, state := range duty.States() {
			list = append(list, string(state))
		}
	case Enrolments:
		list = []string{"active", "completed", "withdrawn"}
	}
	return list
}

// Moments are the columns that a period can be of.
func (s Source) Moments() []string {
	if s == Duties {
		return []string{"given", "due", "completed", "expires"}
	}
	return []string{"given", "started", "due", "completed"}
}

// Definition is a report as it was put together.
type Definition struct {
	Source     Source   `json:"source"`
	Columns    []string `json:"columns"`
	Group      string   `json:"group,omitempty"`   // count by it; "" no counts
	States     []string `json:"states,omitempty"`  // only these
	Subject    uid.ID   `json:"subject,omitempty"` // the requirement or course
	Members    uid.ID   `json:"members,omitempty"` // people of this group
	Department string   `json:"department,omitempty"`
	Manager    uid.ID   `json:"manager,omitempty"` // people below this one
	Moment     string   `json:"moment,omitempty"`  // the column that Days, From and Until are of; "" no period
	Days       int      `json:"days,omitempty"`    // the last so many days, with a minus the next; of 24 hours, up to now
	From       string   `json:"from,omitempty"`    // the first day, as 2026-03-31, in Zone
	Until      string   `json:"until,omitempty"`   // the last day
	Chart      Chart    `json:"chart,omitempty"`   // how counts are drawn; "" as ChartBar where there is a Group
	Split      string   `json:"split,omitempty"`   // what each count is divided by
	Step       Step     `json:"step,omitempty"`    // of a ChartLine

	Zone *time.Location `json:"-"` // of its days; nil: UTC
}

func (d Definition) zone() *time.Location {
	if d.Zone == nil {
		return time.UTC
	}
	return d.Zone
}

// Check tidies a definition and says what is wrong.
func (d *Definition) Check() error {
	wrong := fault.Fields{}
	wrong.Check(slices.Contains(Sources(), d.Source), "source", "Choose one of the list.")
	var kept []string
	for _, c := range d.Source.Columns() { // in our order, none twice
		if slices.Contains(d.Columns, c) {
			kept = append(kept, c)
		}
	}
	if d.Columns = kept; len(kept) == 0 {
		d.Columns = d.Source.Columns()
	}
	wrong.Check(d.Group == "" || slices.Contains(groups, d.Group), "group", "Choose one of the list.")
	for _, s := range d.States {
		wrong.Check(slices.Contains(d.Source.States(), s), "states", "Choose one of the list.")
	}
	wrong.Check(d.Moment == "" || slices.Contains(d.Source.Moments(), d.Moment), "moment", "Choose one of the list.")
	wrong.Check(d.Days >= -daysMax && d.Days <= daysMax, "days", "Use at most 3,660 days.")
	d.checkDays(wrong)
	d.checkChart(wrong)
	if d.Moment == "" || d.Days == 0 && d.From == "" && d.Until == "" && d.Chart != ChartLine {
		d.Moment, d.Days, d.From, d.Until = "", 0, "", ""
	}
	d.Department = strings.TrimSpace(d.Department)
	wrong.Check(utf8.ValidString(d.Department) && len(d.Department) <= nameMax && !strings.ContainsRune(d.Department, 0), "department", "Use at most 200 characters.")
	return wrong.Err()
}

// checkDays says what is wrong with From and Until.
func (d *Definition) checkDays(wrong fault.Fields) {
	from, ok := dayOf(d.From, d.zone())
	wrong.Check(ok, "from", "Write a day as 2026-03-31.")
	until, fits := dayOf(d.Until, d.zone())
	wrong.Check(fits, "until", "Write a day as 2026-03-31.")
	if ok && fits && d.From != "" && d.Until != "" {
		wrong.Check(!until.Before(from), "until", "The period ends before it begins. Choose a later end.")
	}
}

// dayOf is the first moment of a day; ok for "" too.
func dayOf(text string, zone *time.Location) (at time.Time, ok bool) {
	if text == "" {
		return at, true
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	return at, err == nil && at.Year() >= 1900 && at.Year() <= 2999
}

// Period is what Days, From and Until mean now: after from, up to until; ok is false for no period.
func (d Definition) Period(now time.Time) (from, until time.Time, ok bool) {
	if d.Moment == "" || d.Days == 0 && d.From == "" && d.Until == "" {
		return from, until, false
	}
	from, until = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	span := time.Duration(d.Days) * 24 * time.Hour
	if d.Days > 0 {
		from, until = now.Add(-span), now
	} else if d.Days < 0 {
		from, until = now, now.Add(-span)
	}
	const just = time.Microsecond // PostgreSQL's: days begin with their first moment
	if at, given := dayOf(d.From, d.zone()); given && d.From != "" && at.Add(-just).After(from) {
		from = at.Add(-just)
	}
	if at, given := dayOf(d.Until, d.zone()); given && d.Until != "" && at.AddDate(0, 0, 1).Add(-just).Before(until) {
		until = at.AddDate(0, 0, 1).Add(-just)
	}
	return from, until, true
}

// Line is one of a report. What its source has not is zero.
type Line struct {
	ID          uid.ID // of the duty or the enrolment
	PersonID    uid.ID
	Person      string
	Email       string
	Department  string
	SubjectID   uid.ID // the requirement or the course
	Subject     string
	Framework   string
	State       string
	Version     int
	Percent     int
	Waived      string
	GivenAt     *time.Time
	StartedAt   *time.Time
	DueAt       *time.Time
	GraceUntil  *time.Time
	CompletedAt *time.Time
	ExpiresAt   *time.Time
}

// At gives the moment of a column, nil for none and for one that is no moment.
func (l Line) At(column string) *time.Time {
	return map[string]*time.Time{"given": l.GivenAt, "started": l.StartedAt, "due": l.DueAt, "grace": l.GraceUntil, "completed": l.CompletedAt, "expires": l.ExpiresAt}[column]
}

// Text gives a column for a file: days as year-month-day in a zone, states as their codes.
func (l Line) Text(column string, zone *time.Location) string {
	if at := l.At(column); at != nil {
		return at.In(zone).Format(time.DateOnly)
	}
	switch column {
	case "person":
		return l.Person
	case "email":
		return l.Email
	case "department":
		return l.Department
	case "subject":
		return l.Subject
	case "framework":
		return l.Framework
	case "state":
		return l.State
	case "version":
		return strconv.Itoa(l.Version)
	case "percent":
		return strconv.Itoa(l.Percent)
	case "waived":
		return l.Waived
	}
	return ""
}

// Count is how many lines there are of a value. ID is of a subject.
type Count struct {
	ID    uid.ID
	Label string
	N     int
}

// Saved is a report that is kept under a name. It is a row of reports.
type Saved struct {
	ID         uid.ID
	Name       string
	Definition string // JSON
	OwnerID    uid.ID
	OwnerName  string `gorm:"->"`
	Shared     bool   // with everyone who may look at reports
	Revision   int
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// TableName is reports.
func (Saved) TableName() string { return "reports" }

// Defined is its definition.
func (s Saved) Defined() (d Definition, err error) {
	if err = json.Unmarshal([]byte(s.Definition), &d); err != nil {
		return d, fmt.Errorf("report %s: %w", s.ID, err)
	}
	return d, d.Check()
}

// Input is what is kept.
type Input struct {
	Name       string
	Shared     bool
	Revision   int // that it was made from, 0 for a new one
	Definition Definition
}

// Keeper is what is kept; every method but InTenant joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	ReportChoices(ctx context.Context, n int) (report.Choices, error)
	ReportCourses(ctx context.Context, n int) ([]report.Choice, error)
	// ReportLines lists by name of the person.
	ReportLines(ctx context.Context, d Definition, p page.Request, now time.Time) (page.Of[Line], error)
	// EachReportLine hands over all, as they are read.
	EachReportLine(ctx context.Context, d Definition, now time.Time, do func(Line) error) error
	// ReportCount counts all lines.
	ReportCount(ctx context.Context, d Definition, now time.Time) (int, error)
	// ReportCounts counts by Definition.Group, the most first, at most n.
	ReportCounts(ctx context.Context, d Definition, n int, now time.Time) ([]Count, error)
	// ReportCells counts by Group and Split, of the rows with the most and the parts with the most; what is in further parts is one, Rest.
	ReportCells(ctx context.Context, d Definition, rows, parts int, now time.Time) ([]Cell, error)
	// ReportSteps counts by Step of Moment and by Split, the same way; in order of time, at most n steps.
	ReportSteps(ctx context.Context, d Definition, n, parts int, now time.Time) ([]Cell, error)
	// SavedReports lists a person's own and those that are shared, by name.
	SavedReports(ctx context.Context, person uid.ID, n int) ([]Saved, error)
	// SavedReport is ErrNotFound.
	SavedReport(ctx context.Context, id uid.ID) (Saved, error)
	// AddReport is ErrNameTaken, SaveReport ErrChanged where the revision is not the one before.
	AddReport(ctx context.Context, s Saved) error
	SaveReport(ctx context.Context, s Saved) error
	DeleteReport(ctx context.Context, id uid.ID) error
}

// Failures of this package.
var (
	ErrNotFound  = fault.New(fault.KindNotFound, "report_not_found", "There is no such report.")
	ErrNameTaken = fault.New(fault.KindConflict, "report_name_taken", "You have a report of this name. Choose another name.")
	ErrChanged   = fault.New(fault.KindConflict, "report_changed", "This report was changed meanwhile. Reload the page.")
	ErrNotOwn    = fault.New(fault.KindForbidden, "report_not_own", "This report is somebody else's. Save it under a name of your own.")
	ErrTooMany   = fault.New(fault.KindConflict, "reports_too_many", "You have 200 reports. Delete one first.")
)

const (
	nameMax    = 120
	daysMax    = 3660
	choicesMax = 500
	countsMax  = 50
	savedMax   = 200
)

// Service is the reports that people put together.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep, now} }

func (s *Service) in(ctx context.Context, fn func(context.Context) error) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, fn)
}

// Choices are what a report can be narrowed to.
type Choices struct {
	report.Choices
	Courses []report.Choice
}

// Choices lists them, at most 500 of each. It needs enrolment:manage.
func (s *Service) Choices(ctx context.Context) (out Choices, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		if out.Choices, err = s.keep.ReportChoices(ctx, choicesMax); err != nil {
			return err
		}
		out.Courses, err = s.keep.ReportCourses(ctx, choicesMax)
		return err
	})
	return out, err
}

// Result is a report as it is now.
type Result struct {
	Definition Definition // tidied
	At         time.Time
	Lines      page.Of[Line]
	Counts     []Count // where it counts without dividing, the most first, at most 50
	Drawn      *Drawn  // where it divides or counts over time
}

// Run gives a page of a report and its counts. It needs enrolment:manage; faults at the definition's fields.
func (s *Service) Run(ctx context.Context, d Definition, p page.Request) (out Result, err error) {
	if err := d.Check(); err != nil {
		return out, err
	}
	out.Definition, out.At = d, s.now()
	err = s.in(ctx, func(ctx context.Context) error {
		if out.Lines, err = s.keep.ReportLines(ctx, d, p, out.At); err != nil {
			return err
		}
		switch {
		case d.Chart == ChartLine || d.Split != "":
			out.Drawn, err = s.draw(ctx, d, out.At)
		case d.Group != "":
			out.Counts, err = s.keep.ReportCounts(ctx, d, countsMax, out.At)
		}
		return err
	})
	return out, err
}

// Count gives how many lines a report has. It needs enrolment:manage; faults as Run.
func (s *Service) Count(ctx context.Context, d Definition) (n int, err error) {
	if err := d.Check(); err != nil {
		return 0, err
	}
	err = s.in(ctx, func(ctx context.Context) error {
		n, err = s.keep.ReportCount(ctx, d, s.now())
		return err
	})
	return n, err
}

// Export gives a function that hands over every line of a report, as of one moment, while it is read. It needs enrolment:manage; faults as Run.
func (s *Service) Export(ctx context.Context, d Definition) (tidied Definition, at time.Time, each func(context.Context, func(Line) error) error, err error) {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return d, at, nil, err
	}
	if err := d.Check(); err != nil {
		return d, at, nil, err
	}
	now := s.now()
	return d, now, func(ctx context.Context, do func(Line) error) error {
		begun := false
		return s.keep.InTenant(ctx, func(ctx context.Context) error {
			if begun {
				return fmt.Errorf("report: what is read changed its shape meanwhile")
			}
			begun = true
			return s.keep.EachReportLine(ctx, d, now, do)
		})
	}, nil
}
