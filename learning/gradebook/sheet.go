package gradebook

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// The gradebook as a table goes out, is filled in elsewhere, and comes back: nothing is changed before somebody saw what
// would be.

// Columns of the table before those of the grades.
const (
	colEnrolment = "enrolment_id"
	colName      = "name"
	colEmail     = "email"
	colTotal     = "total"
	colStep      = "grade"
)

// MaxRows bounds a table that comes in.
const MaxRows = 20_000

// Table is a course's gradebook as rows of text, percentages with up to four places; the first row is the header. A column is
// named by its title, and by its title and id where two are called the same. each is called row by row, so that a large course
// needs little memory. It needs enrolment:mark.
func (s *Service) Table(ctx context.Context, course uid.ID, each func(row []string) error) error {
	for after, first := "", true; first || after != ""; first = false {
		b, err := s.Book(ctx, course, page.Request{After: after, Limit: page.MaxLimit})
		if err != nil {
			return err
		}
		if first {
			header := append([]string{colEnrolment, colName, colEmail}, headings(b.Columns)...)
			if err = each(append(header, colTotal, colStep)); err != nil {
				return err
			}
		}
		for _, p := range b.People.Items {
			row := []string{p.EnrolmentID.String(), p.Name, p.Email}
			for _, c := range p.Row.Cells {
				switch c.Source {
				case SourceExcused:
					row = append(row, "excused")
				case SourceMissing, SourceNone:
					row = append(row, "")
				case SourceComputed, SourceEntered:
					row = append(row, Text(c.Grade))
				}
			}
			if err = each(append(row, Text(p.Row.Total.Grade), p.Row.Step)); err != nil {
				return err
			}
		}
		after = b.People.Next
	}
	return nil
}

// Text writes a grade as a percentage with up to four places; "" for none.
func Text(g *Share) string {
	if g == nil {
		return ""
	}
	whole, rest := *g/(Whole/100), *g%(Whole/100)
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%d.%04d", whole, rest), "0"), ".")
}

// Parse reads a percentage that was typed ("82.5", "82,5 %"), or points of so many ("33/40"); it is rounded to a millionth.
func Parse(text string) (Share, bool) {
	text = strings.TrimSpace(text)
	got, of, points := strings.Cut(text, "/")
	most := big.NewRat(100, 1)
	if points {
		var ok bool
		if most, ok = decimal(of); !ok || most.Sign() == 0 {
			return 0, false
		}
	} else {
		got = strings.TrimSuffix(got, "%")
	}
	n, ok := decimal(got)
	if !ok {
		return 0, false
	}
	n.Mul(n.Quo(n, most), big.NewRat(int64(Whole), 1))
	if n.Cmp(big.NewRat(int64(Most), 1)) > 0 {
		return 0, false
	}
	return *rounded(n, 1), true
}

// decimal reads digits with at most one point or comma among them.
func decimal(text string) (*big.Rat, bool) {
	text = strings.TrimSpace(text)
	whole, rest, _ := strings.Cut(strings.Replace(text, ",", ".", 1), ".")
	if whole+rest == "" || len(text) > 40 || strings.Trim(whole+rest, "0123456789") != "" {
		return nil, false
	}
	return new(big.Rat).SetString("0" + whole + "." + rest + "0")
}

func headings(columns []Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Title
		if slices.ContainsFunc(columns, func(o Column) bool { return o.ID != c.ID && strings.EqualFold(o.Title, c.Title) }) {
			out[i] = c.Title + " (" + c.ID.String() + ")"
		}
	}
	return out
}

// Change is a grade that a table would change.
type Change struct {
	Line      int // from 2: the header is 1
	Enrolment uid.ID
	Name      string
	Column    uid.ID
	Title     string
	Before    *Share
	Grade     *Share
	Excused   bool

	person uid.ID
	last   int // the number of the newest mark
}

// Wrong is a cell or line of a table that cannot be taken.
type Wrong struct {
	Line int
	What string // the column's heading, "" for the line
	Why  string
}

// Plan is what a table would change.
type Plan struct {
	Title    string
	Rows     int
	Same     int // cells that stand as they are
	Unknown  []string
	Changes  []Change
	Wrong    []Wrong
	CourseID uid.ID
	seen     map[uid.ID]int // the line of each person
}

// wrongShown bounds what is told.
const wrongShown = 200

// Plan tells what a table that was filled in elsewhere would change; nothing is kept. A person is found by enrolment_id, or by
// email. Cells that are empty, and columns that the course does not have, are left alone; total and grade are computed and not
// read. It needs enrolment:mark. ErrFile.
func (s *Service) Plan(ctx context.Context, course uid.ID, table [][]string) (p Plan, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return p, err
	}
	if len(table) == 0 || len(table) > MaxRows+1 {
		return p, ErrFile
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		b, err := s.head(ctx, course)
		if err != nil {
			return err
		}
		p = Plan{Title: b.Title, CourseID: course, Rows: len(table) - 1, seen: map[uid.ID]int{}}
		places, err := p.header(table[0], b.Columns)
		if err != nil {
			return err
		}
		people, err := s.everybody(ctx, b)
		if err != nil {
			return err
		}
		for n, row := range table[1:] {
			p.read(n+2, row, places, b.Columns, people)
		}
		return nil
	})
	return p, err
}

// layout is where a table has what.
type layout struct {
	enrolment, email int
	columns          map[int]int // place → column
	names            []string
}

func (p *Plan) header(row []string, columns []Column) (l layout, err error) {
	l = layout{enrolment: -1, email: -1, columns: map[int]int{}, names: row}
	known := headings(columns)
	for i, name := range row {
		name = strings.TrimSpace(strings.TrimPrefix(name, "\ufeff"))
		at := slices.IndexFunc(known, func(k string) bool { return strings.EqualFold(k, name) })
		switch {
		case at >= 0:
			l.columns[i] = at
		case strings.EqualFold(name, colEnrolment):
			l.enrolment = i
		case strings.EqualFold(name, colEmail):
			l.email = i
		case slices.ContainsFunc([]string{colName, colTotal, colStep, ""}, func(k string) bool { return strings.EqualFold(k, name) }):
		default:
			p.Unknown = append(p.Unknown, name)
		}
	}
	if l.enrolment < 0 && l.email < 0 || len(l.columns) == 0 {
		return l, ErrFile
	}
	return l, nil
}

type everybody struct {
	byID    map[string]*Person
	byEmail map[string]*Person
	last    map[uid.ID]map[uid.ID]Mark
}

// everybody reads all people of a course with their rows.
func (s *Service) everybody(ctx context.Context, b Book) (out everybody, err error) {
	out = everybody{map[string]*Person{}, map[string]*Person{}, map[uid.ID]map[uid.ID]Mark{}}
	for after, first := "", true; first || after != ""; first = false {
		list, err := s.keep.GradedPeople(ctx, b.CourseID, page.Request{After: after, Limit: page.MaxLimit})
		if err != nil {
			return out, err
		}
		known, err := s.known(ctx, b.Settings, list.Items)
		if err != nil {
			return out, err
		}
		for i := range list.Items {
			one := &list.Items[i]
			one.Row = Compute(b.Settings, b.Columns, known[one.EnrolmentID])
			out.last[one.EnrolmentID] = known[one.EnrolmentID].Marks
			out.byID[one.EnrolmentID.String()], out.byEmail[strings.ToLower(one.Email)] = one, one
		}
		after = list.Next
	}
	return out, nil
}

func (p *Plan) wrong(line int, what, why string) {
	if len(p.Wrong) < wrongShown {
		p.Wrong = append(p.Wrong, Wrong{line, what, why})
	}
}

func (p *Plan) read(line int, row []string, l layout, columns []Column, people everybody) {
	cell := func(i int) string {
		if i < 0 || i >= len(row) {
			return ""
		}
		return strings.TrimSpace(row[i])
	}
	who := people.byID[strings.ToLower(cell(l.enrolment))]
	if who == nil {
		who = people.byEmail[strings.ToLower(cell(l.email))]
	}
	if who == nil {
		if strings.Join(row, "") != "" {
			p.wrong(line, "", "Nobody in this course has this enrolment_id or email.")
		}
		return
	}
	if first, twice := p.seen[who.EnrolmentID]; twice {
		p.wrong(line, "", fmt.Sprintf("This person stands in line %d already.", first))
		return
	}
	p.seen[who.EnrolmentID] = line
	for i := range l.names {
		at, ok := l.columns[i]
		text := cell(i)
		if !ok || text == "" {
			continue
		}
		now := who.Row.Cells[at]
		c := Change{Line: line, Enrolment: who.EnrolmentID, Name: who.Name, Column: columns[at].ID, Title: columns[at].Title, Before: now.Grade, person: who.PersonID, last: people.last[who.EnrolmentID][columns[at].ID].Number}
		if strings.EqualFold(text, "excused") {
			c.Excused = true
		} else {
			g, ok := Parse(text)
			if !ok {
				p.wrong(line, l.names[i], "Enter 0 to 200 percent.")
				continue
			}
			c.Grade = &g
		}
		same := c.Excused && now.Source == SourceExcused || c.Grade != nil && now.Grade != nil && *c.Grade == *now.Grade && now.Source != SourceMissing
		if same {
			p.Same++
			continue
		}
		p.Changes = append(p.Changes, c)
	}
}

// Apply enters what a table changes, all of it or nothing, with one reason; it is planned anew, so what changed since it was
// looked at counts. Lines that are wrong are left out. It needs enrolment:mark. Fields: reason; ErrFile.
func (s *Service) Apply(ctx context.Context, course uid.ID, table [][]string, reason string) (changed int, err error) {
	if strings.TrimSpace(reason) == "" {
		return 0, fault.Invalid(map[string]string{"reason": "Say why: it stands in the history of each grade."})
	}
	reason = strings.TrimSpace(reason)
	if utf8.RuneCountInString(reason) > MaxReason {
		return 0, fault.Invalid(map[string]string{"reason": fmt.Sprintf("Use at most %d characters.", MaxReason)})
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.Plan(ctx, course, table)
		if err != nil || len(p.Changes) == 0 {
			return err
		}
		now := s.now()
		marks, events := make([]Mark, 0, len(p.Changes)), make([]event.Event, 0, len(p.Changes))
		for _, c := range p.Changes {
			if c.person == who.PersonID {
				return ErrOwn
			}
			m := Mark{EnrolmentID: c.Enrolment, ColumnID: c.Column, Number: c.last + 1, Grade: c.Grade, Excused: c.Excused, Reason: reason, Before: c.Before, ByID: who.PersonID, At: now}
			ev, err := entered(ctx, course, p.Title, c.person, c.Title, m)
			if err != nil {
				return err
			}
			marks, events = append(marks, m), append(events, ev)
		}
		changed = len(marks)
		return errors.Join(s.keep.AddGradebookMarks(ctx, marks), s.keep.AppendEvents(ctx, events...))
	})
	return changed, err
}
