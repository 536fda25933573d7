package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	table "lyceum/internal/sheet"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	standing "lyceum/learning/report"
	"lyceum/themes"
)

// Matrix is how people stand with what they must have done, and the record of each duty.
type Matrix struct {
	*Site
	Reports *standing.Service
}

// endOf reads a day of the address as its end in a zone; the zero time for none.
func endOf(c *fiber.Ctx, wrong fault.Fields, name string, zone *time.Location) (at time.Time) {
	text := query(c, name)
	if text == "" {
		return at
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	wrong.Check(err == nil && day.Year() >= 1970 && day.Year() < 3000, name, "Write a day as year-month-day, for example 2026-03-31.")
	return day.AddDate(0, 0, 1).Add(-time.Microsecond).UTC()
}

// filter reads what the address asks for. A day is its end, in the zone of who asks.
func (m Matrix) filter(c *fiber.Ctx) (f standing.Filter, typed themes.MatrixForm, err error) {
	zone := zoneOf(c.UserContext())
	typed = themes.MatrixForm{
		Requirement: query(c, "requirement"), State: duty.State(query(c, "state")), Group: query(c, "group"), Department: query(c, "department"), Manager: query(c, "manager"), Name: query(c, "name"),
		AsOf: query(c, "as_of"), KnownOn: query(c, "known_on"), Figures: query(c, "figures") != "", Zone: zone.String(),
	}
	f = standing.Filter{State: typed.State, Department: typed.Department, Name: typed.Name, Page: after(c)}
	wrong := fault.Fields{}
	for name, into := range map[string]*uid.ID{"requirement": &f.Requirement, "group": &f.Group, "manager": &f.Manager} {
		if text := query(c, name); text != "" {
			var ok bool
			*into, ok = uid.Parse(text)
			wrong.Check(ok, name, "Choose one of the list.")
		}
	}
	f.As = standing.Moment{At: endOf(c, wrong, "as_of", zone), Known: endOf(c, wrong, "known_on", zone)}
	return f, typed, wrong.Err()
}

// Show shows the matrix.
func (m Matrix) Show(c *fiber.Ctx) error {
	ctx := c.UserContext()
	f, typed, err := m.filter(c)
	p := themes.MatrixPage{Form: typed, Live: f.As.Live()}
	var failed error
	if p.Choices, failed = m.Reports.Choices(ctx); failed != nil {
		return failed
	}
	if err == nil {
		p.Matrix, err = m.Reports.Matrix(ctx, f)
	}
	if err == nil && typed.Figures {
		p.Totals, err = m.Reports.Totals(ctx, f)
	}
	if err != nil {
		return m.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return m.show(c, p)
}

// Record shows a duty: how it stands, and what was known of it when.
func (m Matrix) Record(c *fiber.Ctx) error {
	requirement, err := id(c, "requirement")
	if err != nil {
		return err
	}
	person, err := id(c, "person")
	if err != nil {
		return err
	}
	rec, err := m.Reports.Record(c.UserContext(), requirement, person, standing.Moment{})
	if err != nil {
		return err
	}
	return m.show(c, themes.DutyRecordPage{Record: rec})
}

// rows is one of the writers of a table.
type rows interface{ Row(cells []string) error }

// write hands the matrix over as a table: a line a person, a column a requirement, and before them what it is about.
func (m Matrix) write(ctx context.Context, w rows, head standing.Matrix, each func(context.Context, func(standing.Row) error) error, zone *time.Location) error {
	day := func(at *time.Time) string {
		if at == nil {
			return ""
		}
		return at.In(zone).Format(time.DateOnly)
	}
	titles := []string{"person_id", "name", "email", "department"}
	for _, c := range head.Columns {
		titles = append(titles, c.Name, c.Name+" (due)", c.Name+" (completed)", c.Name+" (expires)")
	}
	titles = append(titles, "as_of", "known_on")
	if err := w.Row(titles); err != nil {
		return err
	}
	at, known := head.As.At.In(zone).Format(time.RFC3339), head.As.Known.In(zone).Format(time.RFC3339)
	return each(ctx, func(r standing.Row) error {
		line := make([]string, 0, len(titles))
		line = append(line, r.PersonID.String(), r.Name, r.Email, r.Department)
		for _, c := range head.Columns {
			cell := r.Cells[c.ID]
			line = append(line, string(cell.State), day(cell.DueAt), day(cell.CompletedAt), day(cell.ExpiresAt))
		}
		return w.Row(append(line, at, known))
	})
}

// columnsMax is what a sheet of a workbook has room for (ISO/IEC 29500: 16,384 columns).
const columnsMax = 4000

func (m Matrix) export(c *fiber.Ctx, kind, mediaType string, send func(context.Context, *bufio.Writer, standing.Matrix, func(context.Context, func(standing.Row) error) error, *time.Location) error) error {
	f, _, err := m.filter(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	head, each, err := m.Reports.Export(ctx, f)
	if err != nil {
		return err
	}
	if len(head.Columns) > columnsMax {
		return standing.ErrTooWide
	}
	v, zone := visit.Of(c), zoneOf(ctx)
	c.Set(fiber.HeaderContentType, mediaType)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", v.Tenant.Slug+"-compliance-"+head.As.At.In(zone).Format(time.DateOnly)+"."+kind))
	noStore(c)
	// The request's own deadline ends with this handler; the body is sent after it.
	ctx = context.WithoutCancel(ctx)
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		ctx, cancel := context.WithTimeout(ctx, exportFor)
		defer cancel()
		if err := send(ctx, w, head, each, zone); err != nil {
			// What was sent cannot be taken back: the file says itself that it is not whole.
			_, _ = io.WriteString(w, "\nTHE EXPORT BROKE OFF HERE AND IS NOT COMPLETE. EXPORT AGAIN.\n")
			m.log.ErrorContext(ctx, "export the compliance matrix", slog.String("request_id", v.ID), slog.Any("err", err))
		}
	})
	return nil
}

// CSV sends all that matches while it is read.
func (m Matrix) CSV(c *fiber.Ctx) error {
	return m.export(c, "csv", "text/csv; charset=utf-8; header=present", func(ctx context.Context, w *bufio.Writer, head standing.Matrix, each func(context.Context, func(standing.Row) error) error, zone *time.Location) error {
		out := table.NewCSV(w)
		if err := m.write(ctx, out, head, each, zone); err != nil {
			_ = out.End()
			return err
		}
		return out.End()
	})
}

// XLSX sends it as a workbook.
func (m Matrix) XLSX(c *fiber.Ctx) error {
	return m.export(c, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", func(ctx context.Context, w *bufio.Writer, head standing.Matrix, each func(context.Context, func(standing.Row) error) error, zone *time.Location) error {
		out, err := table.NewXLSX(38, 24, 30, 20)
		if err == nil {
			err = m.write(ctx, out, head, each, zone)
		}
		if err != nil {
			return err
		}
		return out.End(w)
	})
}
