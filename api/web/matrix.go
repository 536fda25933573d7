package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	standing "lyceum/learning/report"
	"lyceum/learning/report/export"
	"lyceum/themes"
)

// Matrix is how people stand with what they must have done, and the record of each duty.
type Matrix struct {
	*Site
	Reports *standing.Service
	Exports *export.Service
}

// endOf reads a day of the address as its end in a zone, and in that zone: it is the day whose departments and lines a report shows. The
// zero time for none.
func endOf(c *fiber.Ctx, wrong fault.Fields, name string, zone *time.Location) (at time.Time) {
	text := query(c, name)
	if text == "" {
		return at
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	wrong.Check(err == nil && day.Year() >= 1970 && day.Year() < 3000, name, "Write a day as year-month-day, for example 2026-03-31.")
	return day.AddDate(0, 0, 1).Add(-time.Microsecond)
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

// File sends all that matches as a file while it is read.
func (m Matrix) File(format export.Format) fiber.Handler {
	return func(c *fiber.Ctx) error {
		f, _, err := m.filter(c)
		if err != nil {
			return err
		}
		return m.file(c, m.Exports, export.Wish{Kind: export.Matrix, Cells: export.CellsOf(f)}, format)
	}
}
