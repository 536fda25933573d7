package export

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/paper"
	"lyceum/internal/sheet"
	"lyceum/internal/uid"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
)

// Look is for whom a file is written: days are those of a zone, a PDF is in a language.
type Look struct{ Zone, Locale string }

// File is one that can be written, once.
type File struct {
	Wish   Wish // tidied
	Format Format
	Name   string // without the portal's
	At     time.Time
	// Write writes all of it; done is told how many lines were read, and may stop it.
	Write func(ctx context.Context, w io.Writer, done func(lines int) error) error
}

// Open prepares a file of a report. It needs enrolment:manage; faults as builder's Run and report's Matrix, ErrFormat, report.ErrTooWide.
func (s *Service) Open(ctx context.Context, w Wish, f Format, look Look) (File, error) {
	if f.MediaType() == "" {
		return File{}, ErrFormat
	}
	if err := w.Check(); err != nil {
		return File{}, err
	}
	zone := zoneOf(look.Zone)
	var t lines
	var err error
	if w.Kind == Matrix {
		t, err = s.matrix(ctx, w, zone, f)
	} else {
		t, err = s.built(ctx, &w, zone, f)
	}
	if err != nil {
		return File{}, err
	}
	file := File{Wish: w, Format: f, Name: fileName(w, t.at, zone, f), At: t.at}
	if f == PDF {
		words := s.Words(look.Locale, look.Zone, t.at)
		about, err := s.facts(ctx, w, t, words, zone)
		if err != nil {
			return File{}, err
		}
		file.Write = func(ctx context.Context, out io.Writer, done func(int) error) error {
			return s.draw(ctx, out, t, about, words, done)
		}
		return file, nil
	}
	file.Write = func(ctx context.Context, out io.Writer, done func(int) error) error {
		return t.sheet(ctx, out, f, done)
	}
	return file, nil
}

// span writes a period: after from, up to until. One without a beginning or an end has that side empty.
func span(words Words, from, until time.Time) string {
	begin, end := "", ""
	if from.Year() > 1 {
		begin = words.Day(from.Add(time.Microsecond))
	}
	if until.Year() < 9999 {
		end = words.Day(until)
	}
	return strings.TrimSpace(begin + " – " + end)
}

// lines are what a file is written of.
type lines struct {
	at    time.Time
	heads []string // of a sheet
	// each hands over all lines as they stand in a sheet, spoken as they stand in a PDF.
	each   func(ctx context.Context, do func([]string) error) error
	spoken func(w Words) (heads []string, right []bool, each func(ctx context.Context, do func([]string) error) error)
	widths []float64
}

func (t lines) sheet(ctx context.Context, out io.Writer, f Format, done func(int) error) error {
	var rows interface{ Row([]string) error }
	var end func() error
	if f == CSV {
		csv := sheet.NewCSV(out)
		rows, end = csv, csv.End
	} else {
		book, err := sheet.NewXLSX(t.widths...)
		if err != nil {
			return err
		}
		rows, end = book, func() error { return book.End(out) }
	}
	if err := rows.Row(t.heads); err != nil {
		return err
	}
	n := 0
	err := t.each(ctx, func(cells []string) error {
		if err := rows.Row(cells); err != nil {
			return err
		}
		n++
		return done(n)
	})
	if err != nil {
		return err
	}
	return end()
}

func (s *Service) draw(ctx context.Context, out io.Writer, t lines, about paper.Table, words Words, done func(int) error) error {
	brand, err := s.Brand(ctx)
	if err != nil {
		return err
	}
	heads, right, each := t.spoken(words)
	about.Columns, about.Right, about.Foot, about.Page, about.Nothing = heads, right, brand.Name, words.Page, words.Named("export_label", "nothing")
	n := 0
	if err := each(ctx, func(cells []string) error {
		if n++; n > PDFMost {
			return ErrTooLong
		}
		about.Rows = append(about.Rows, cells)
		return done(n)
	}); err != nil {
		return err
	}
	p, err := paper.New("L", brand.Colour, paper.Facts{Title: about.Title, Author: brand.Name, Subject: strings.Join(about.Facts, " · "), Language: words.Language, At: t.at})
	if err != nil {
		return err
	}
	p.Table(about)
	if err := p.Output(out); err != nil {
		return fmt.Errorf("draw a report: %w", err)
	}
	return nil
}

func (s *Service) built(ctx context.Context, w *Wish, zone *time.Location, f Format) (t lines, err error) {
	w.Definition.Zone = zone
	d, at, each, err := s.Built.Export(ctx, w.Definition)
	if err != nil {
		return t, err
	}
	w.Definition, t.at = d, at
	t.heads, t.widths = append([]string{"person_id"}, d.Columns...), []float64{38, 24, 30}
	t.each = func(ctx context.Context, do func([]string) error) error {
		return each(ctx, func(l builder.Line) error {
			cells := append(make([]string, 0, len(d.Columns)+1), l.PersonID.String())
			for _, column := range d.Columns {
				cells = append(cells, l.Text(column, zone))
			}
			return do(cells)
		})
	}
	t.spoken = func(words Words) (heads []string, right []bool, _ func(context.Context, func([]string) error) error) {
		for _, column := range d.Columns {
			heads, right = append(heads, columnName(words, d.Source, column)), append(right, column == "percent" || column == "version")
		}
		return heads, right, func(ctx context.Context, do func([]string) error) error {
			return each(ctx, func(l builder.Line) error {
				cells := make([]string, 0, len(d.Columns))
				for _, column := range d.Columns {
					cells = append(cells, spokenCell(words, d.Source, l, column, zone))
				}
				return do(cells)
			})
		}
	}
	return t, nil
}

func columnName(words Words, source builder.Source, column string) string {
	if column == "subject" {
		return words.Named("report_subject", source)
	}
	return words.Named("report_column", column)
}

func stateName(words Words, source builder.Source, state string) string {
	if source == builder.Enrolments {
		return words.Named("enrolment_status", state)
	}
	return words.Named("duty_state", state)
}

func spokenCell(words Words, source builder.Source, l builder.Line, column string, zone *time.Location) string {
	if at := l.At(column); at != nil {
		return words.Day(*at)
	}
	switch column {
	case "state":
		return stateName(words, source, l.State)
	case "percent":
		return strconv.Itoa(l.Percent) + " %"
	}
	return l.Text(column, zone)
}

// sheetColumns is what a sheet of a workbook has room for (ISO/IEC 29500: 16,384 columns), and paperColumns a sheet of paper; beyond it each
// requirement of a person has a line.
const (
	sheetColumns = 4000
	paperColumns = 8
)

func (s *Service) matrix(ctx context.Context, w Wish, zone *time.Location, f Format) (t lines, err error) {
	head, each, err := s.Matrix.Export(ctx, w.Cells.Filter())
	if err != nil {
		return t, err
	}
	if len(head.Columns) > sheetColumns && f != PDF {
		return t, report.ErrTooWide
	}
	t.at = head.As.At
	day := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return at.In(zone).Format(time.DateOnly)
	}
	t.heads, t.widths = []string{"person_id", "name", "email", "department"}, []float64{38, 24, 30, 20}
	for _, c := range head.Columns {
		t.heads = append(t.heads, c.Name, c.Name+" (due)", c.Name+" (completed)", c.Name+" (expires)")
	}
	t.heads = append(t.heads, "as_of", "known_on")
	at, known := head.As.At.In(zone).Format(time.RFC3339), head.As.Known.In(zone).Format(time.RFC3339)
	t.each = func(ctx context.Context, do func([]string) error) error {
		return each(ctx, func(r report.Row) error {
			cells := append(make([]string, 0, len(t.heads)), r.PersonID.String(), r.Name, r.Email, r.Department)
			for _, c := range head.Columns {
				cell := r.Cells[c.ID]
				cells = append(cells, string(cell.State), day(cell.DueAt), day(cell.CompletedAt), day(cell.ExpiresAt))
			}
			return do(append(cells, at, known))
		})
	}
	t.spoken = func(words Words) ([]string, []bool, func(context.Context, func([]string) error) error) {
		if len(head.Columns) > paperColumns {
			return longMatrix(words, head, each)
		}
		return wideMatrix(words, head, each)
	}
	return t, nil
}

type eachRow func(context.Context, func(report.Row) error) error

func spokenDay(words Words, at *time.Time) string {
	if at == nil {
		return ""
	}
	return words.Day(*at)
}

// wideMatrix is a person a line and a requirement a column: the state, and the day that matters next.
func wideMatrix(words Words, head report.Matrix, each eachRow) (heads []string, right []bool, _ func(context.Context, func([]string) error) error) {
	heads = []string{words.Named("report_column", "person"), words.Named("report_column", "department")}
	for _, c := range head.Columns {
		heads = append(heads, c.Name)
	}
	return heads, nil, func(ctx context.Context, do func([]string) error) error {
		return each(ctx, func(r report.Row) error {
			cells := []string{personName(r), r.Department}
			for _, c := range head.Columns {
				cell, text := r.Cells[c.ID], ""
				if cell.State != "" {
					text = words.Named("duty_state", cell.State)
				}
				switch {
				case cell.ExpiresAt != nil:
					text += " · " + words.Named("report_column", "expires") + " " + words.Day(*cell.ExpiresAt)
				case cell.DueAt != nil && cell.CompletedAt == nil:
					text += " · " + words.Named("report_column", "due") + " " + words.Day(*cell.DueAt)
				}
				cells = append(cells, text)
			}
			return do(cells)
		})
	}
}

func personName(r report.Row) string {
	if r.Name == "" {
		return r.Email
	}
	return r.Name
}

// longMatrix is a line for each requirement of a person.
func longMatrix(words Words, head report.Matrix, each eachRow) (heads []string, right []bool, _ func(context.Context, func([]string) error) error) {
	for _, c := range []string{"person", "department"} {
		heads = append(heads, words.Named("report_column", c))
	}
	heads = append(heads, words.Named("report_subject", builder.Duties))
	for _, c := range []string{"state", "due", "completed", "expires"} {
		heads = append(heads, words.Named("report_column", c))
	}
	return heads, nil, func(ctx context.Context, do func([]string) error) error {
		return each(ctx, func(r report.Row) error {
			for _, c := range head.Columns {
				cell := r.Cells[c.ID]
				if cell.State == "" {
					continue
				}
				if err := do([]string{personName(r), r.Department, c.Name, words.Named("duty_state", cell.State), spokenDay(words, cell.DueAt), spokenDay(words, cell.CompletedAt), spokenDay(words, cell.ExpiresAt)}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// facts says above a table what it is of: what it was narrowed to, when it was read, and whose days these are.
func (s *Service) facts(ctx context.Context, w Wish, t lines, words Words, zone *time.Location) (out paper.Table, err error) {
	choices, err := s.Built.Choices(ctx)
	if err != nil {
		return out, err
	}
	name := func(id uid.ID, lists ...[]report.Choice) string {
		for _, list := range lists {
			for _, c := range list {
				if c.ID == id {
					return c.Name
				}
			}
		}
		return id.String()
	}
	var parts []string
	say := func(label, value string) {
		if value != "" {
			parts = append(parts, label+": "+value)
		}
	}
	named := func(label string, id uid.ID, lists ...[]report.Choice) {
		if id != uid.Nil {
			say(label, name(id, lists...))
		}
	}
	label := func(code string) string { return words.Named("export_label", code) }
	var requirements []report.Choice
	for _, c := range choices.Requirements {
		requirements = append(requirements, report.Choice{ID: c.ID, Name: c.Name})
	}
	c, d, source := w.Cells, w.Definition, builder.Duties
	out.Title = w.Title
	if w.Kind == Built {
		c, source = Cells{Requirement: d.Subject, Group: d.Members, Department: d.Department, Manager: d.Manager}, d.Source
		if out.Title == "" {
			out.Title = words.Named("report_source", d.Source)
		}
	} else if out.Title == "" {
		out.Title = label("matrix")
	}
	named(words.Named("report_subject", source), c.Requirement, requirements, choices.Courses)
	states := d.States
	if c.State != "" {
		states = []string{string(c.State)}
	}
	for i, state := range states {
		if i == 0 {
			states = append([]string(nil), states...)
		}
		states[i] = stateName(words, source, state)
	}
	say(words.Named("report_column", "state"), strings.Join(states, ", "))
	named(label("group"), c.Group, choices.Groups)
	say(words.Named("report_column", "department"), c.Department)
	named(label("manager"), c.Manager, choices.Managers)
	say(words.Named("report_column", "person"), c.Name)
	d.Zone = zone
	if from, until, ok := d.Period(t.at); ok {
		say(columnName(words, d.Source, d.Moment), span(words, from, until))
	}
	if len(parts) > 0 {
		out.Facts = append(out.Facts, strings.Join(parts, " · "))
	}
	moment := label("as_of") + " " + words.Moment(t.at)
	if !c.Known.IsZero() {
		moment += " · " + label("known_on") + " " + words.Moment(c.Known)
	}
	out.Facts = append(out.Facts, moment+" · "+label("zone")+" "+zone.String())
	return out, nil
}
