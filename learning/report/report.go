// Package report tells how people stand with what they must have done, for those who answer for it: the matrix of people by
// requirements, now or as of a day as it was known on another, and the record of a duty behind each of its cells. It changes nothing:
// what a duty is, and what fulfils it, is duty's to say.
package report

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
)

// Moment is what a report is about: how things stood at At as it was known at Known. The zero Moment is now. Departments and lines, which
// have days, are those of At's day in its own zone.
type Moment struct{ At, Known time.Time }

// Live tells that it is now: what is kept is asked, not what was known.
func (m Moment) Live() bool { return m.At.IsZero() && m.Known.IsZero() }

// fill puts in what was left out: known is now, and the moment is that of what was known. What is not known yet is not asked for; how
// people will stand at a moment to come is.
func (m Moment) fill(now time.Time) Moment {
	if m.Known.IsZero() || m.Known.After(now) {
		m.Known = now
	}
	if m.At.IsZero() {
		m.At = m.Known
	}
	return m
}

// Filter says whom and what a report holds. Nothing of it is left out: everyone who has a duty.
type Filter struct {
	Requirement uid.ID // only this one
	State       duty.State
	Group       uid.ID
	Department  string
	Manager     uid.ID // and everybody below
	Name        string // a piece of the name or the address, in any case
	As          Moment
	Page        page.Request
}

func (f Filter) check() error {
	wrong := fault.Fields{}
	wrong.Check(f.State == "" || f.State.Known(), "state", "Choose one of the states, or leave it out.")
	wrong.Check(utf8.ValidString(f.Name+f.Department) && !strings.ContainsRune(f.Name+f.Department, 0) && len(f.Name) <= textMax && len(f.Department) <= textMax, "name", "Use at most 200 characters.")
	return wrong.Err()
}

// Column is a requirement as a column of the matrix.
type Column struct {
	ID        uid.ID
	Name      string
	Framework string
}

// Cell is how a person stands with a requirement. GraceUntil is of what is asked next: of DueAt while it is open, of ExpiresAt after.
type Cell struct {
	PersonID      uid.ID
	RequirementID uid.ID
	State         duty.State
	DueAt         *time.Time
	GraceUntil    *time.Time
	CompletedAt   *time.Time
	ExpiresAt     *time.Time
}

// Row is a person with a cell for each requirement that is a duty of theirs.
type Row struct {
	PersonID   uid.ID
	Name       string
	Email      string
	Department string
	Cells      map[uid.ID]Cell `gorm:"-"` // by requirement
}

// Total is how many people are in a state with a requirement.
type Total struct {
	RequirementID uid.ID
	State         duty.State
	N             int
}

// Matrix is people by requirements.
type Matrix struct {
	As      Moment // filled in
	Columns []Column
	Rows    page.Of[Row]
}

// Choice is something to filter by.
type Choice struct {
	ID   uid.ID
	Name string
}

// Choices are what the matrix can be filtered by.
type Choices struct {
	Requirements []Column
	Groups       []Choice
	Managers     []Choice
	Departments  []string
}

// Keeper is what reports need kept, all of it within InTenant. A Filter comes with its moment filled in, or live.
type Keeper interface {
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// ReportColumns lists requirements by name.
	ReportColumns(ctx context.Context) ([]Column, error)
	// ReportChoices lists at most n of each.
	ReportChoices(ctx context.Context, n int) (Choices, error)
	// MatrixRows lists people without their cells, by name.
	MatrixRows(ctx context.Context, f Filter, now time.Time) (page.Of[Row], error)
	// MatrixPeople counts whom MatrixRows lists.
	MatrixPeople(ctx context.Context, f Filter, now time.Time) (int, error)
	MatrixCells(ctx context.Context, people []uid.ID, f Filter, now time.Time) ([]Cell, error)
	MatrixTotals(ctx context.Context, f Filter, now time.Time) ([]Total, error)
	// DutyRecord is ErrNoRecord for a duty that never was.
	DutyRecord(ctx context.Context, requirement, person uid.ID) (Record, error)
}

// Failures of this package.
var (
	ErrNoRequirement = duty.ErrNotFound
	ErrNoRecord      = fault.New(fault.KindNotFound, "duty_record_not_found", "Nothing is recorded of this person and this requirement.")
	ErrTooWide       = fault.New(fault.KindConflict, "matrix_too_wide", "This table has more than 16,000 columns. Choose a requirement.")
)

const (
	textMax    = 200
	choicesMax = 500
	exportRows = page.MaxLimit // that are read at once
)

// Service is the reports.
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

// asked checks a filter and fills in its moment.
func (s *Service) asked(f Filter) (Filter, time.Time, error) {
	now := s.now()
	if !f.As.Live() {
		f.As = f.As.fill(now)
	}
	return f, now, f.check()
}

func columns(all []Column, only uid.ID) []Column {
	if only == uid.Nil {
		return all
	}
	for _, c := range all {
		if c.ID == only {
			return []Column{c}
		}
	}
	return nil
}

// Matrix gives people who have a duty, by name, with how they stand with each requirement. It needs enrolment:manage; faults at state and
// name, duty.ErrNotFound for a requirement that is nobody's.
func (s *Service) Matrix(ctx context.Context, f Filter) (out Matrix, err error) {
	f, now, err := s.asked(f)
	if err != nil {
		return out, err
	}
	err = s.in(ctx, func(ctx context.Context) error {
		out, err = s.piece(ctx, f, now)
		return err
	})
	return out, err
}

func (s *Service) piece(ctx context.Context, f Filter, now time.Time) (out Matrix, err error) {
	all, err := s.keep.ReportColumns(ctx)
	if err != nil {
		return out, err
	}
	out.As, out.Columns = f.As.fill(now), columns(all, f.Requirement)
	if f.Requirement != uid.Nil && len(out.Columns) == 0 {
		return out, ErrNoRequirement
	}
	if out.Rows, err = s.keep.MatrixRows(ctx, f, now); err != nil || len(out.Rows.Items) == 0 {
		return out, err
	}
	at, ids := map[uid.ID]int{}, make([]uid.ID, len(out.Rows.Items))
	for i := range out.Rows.Items {
		out.Rows.Items[i].Cells = map[uid.ID]Cell{}
		ids[i] = out.Rows.Items[i].PersonID
		at[ids[i]] = i
	}
	cells, err := s.keep.MatrixCells(ctx, ids, f, now)
	for _, c := range cells {
		out.Rows.Items[at[c.PersonID]].Cells[c.RequirementID] = c
	}
	return out, err
}

// Totals counts how many people stand how with each requirement, without Page. It needs enrolment:manage; faults as Matrix.
func (s *Service) Totals(ctx context.Context, f Filter) (out []Total, err error) {
	f, now, err := s.asked(f)
	if err != nil {
		return nil, err
	}
	err = s.in(ctx, func(ctx context.Context) error {
		out, err = s.keep.MatrixTotals(ctx, f, now)
		return err
	})
	return out, err
}

// People counts who is in the matrix, without Page. It needs enrolment:manage; faults as Matrix.
func (s *Service) People(ctx context.Context, f Filter) (n int, err error) {
	f, now, err := s.asked(f)
	if err != nil {
		return 0, err
	}
	err = s.in(ctx, func(ctx context.Context) error {
		n, err = s.keep.MatrixPeople(ctx, f, now)
		return err
	})
	return n, err
}

// Choices lists what the matrix can be filtered by, at most 500 of each. It needs enrolment:manage.
func (s *Service) Choices(ctx context.Context) (out Choices, err error) {
	err = s.in(ctx, func(ctx context.Context) error {
		out, err = s.keep.ReportChoices(ctx, choicesMax)
		return err
	})
	return out, err
}

// Export gives a function that hands over the whole matrix row by row; it keeps at most a page of it in memory, and holds no transaction
// from one page to the next. All rows are as of one moment. It needs enrolment:manage; faults as Matrix, before the first row.
func (s *Service) Export(ctx context.Context, f Filter) (head Matrix, each func(context.Context, func(Row) error) error, err error) {
	f.Page = page.Request{Limit: exportRows}
	if head, err = s.Matrix(ctx, f); err != nil {
		return head, nil, err
	}
	f, now, err := s.asked(f)
	if err != nil {
		return head, nil, err
	}
	return head, func(ctx context.Context, row func(Row) error) error {
		for m := head; ; {
			for _, r := range m.Rows.Items {
				if err := row(r); err != nil {
					return err
				}
			}
			if m.Rows.Next == "" {
				return nil
			}
			f.Page.After = m.Rows.Next
			var next Matrix
			err := s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
				next, err = s.piece(ctx, f, now)
				return err
			})
			if err != nil {
				return err
			}
			m = next
		}
	}, nil
}
