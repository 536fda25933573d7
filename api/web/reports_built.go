package web

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/export"
	"lyceum/themes"
)

// Reports is what people put together, keep, share and send as files.
type Reports struct {
	*Site
	Reports *builder.Service
	Exports *export.Service
}

// List lists the reports that everybody has, and those that were kept.
func (r Reports) List(c *fiber.Ctx) error {
	list, err := r.Reports.List(c.UserContext())
	if err != nil {
		return err
	}
	return r.show(c, themes.ReportsPage{Saved: list})
}

// definition reads what a report is put together of; get gives a field, all a field with several values.
func definition(get func(string) string, all func(string) []string) (d builder.Definition, err error) {
	wrong := fault.Fields{}
	d = builder.Definition{
		Source: builder.Source(get("source")), Columns: all("columns"), Group: get("group"), States: all("states"), Department: get("department"), Moment: get("moment"),
		From: get("from"), Until: get("until"), Chart: builder.Chart(get("chart")), Split: get("split"), Step: builder.Step(get("step")),
	}
	if d.Chart == "" || d.Chart == builder.ChartBar { // the form has fields that only other charts use
		d.Split, d.Step = "", ""
	}
	if d.Source == "" {
		d.Source = builder.Duties
	}
	for name, into := range map[string]*uid.ID{"subject": &d.Subject, "members": &d.Members, "manager": &d.Manager} {
		if text := get(name); text != "" {
			var ok bool
			*into, ok = uid.Parse(text)
			wrong.Check(ok, name, "Choose one of the list.")
		}
	}
	if text := get("days"); text != "" {
		d.Days, err = strconv.Atoi(text)
		wrong.Check(err == nil, "days", "Use at most 3,660 days.")
	}
	if get("ahead") != "" && d.Days > 0 {
		d.Days = -d.Days
	}
	return d, wrong.Err()
}

func askedReport(c *fiber.Ctx) (d builder.Definition, err error) {
	defer func() { d.Zone = zoneOf(c.UserContext()) }()
	return definition(func(name string) string { return query(c, name) }, func(name string) (list []string) {
		for _, v := range c.Context().QueryArgs().PeekMulti(name) {
			list = append(list, clean(string(v)))
		}
		return list
	})
}

// page fills in the page of a report.
func (r Reports) page(c *fiber.Ctx, d builder.Definition) (p themes.ReportPage, err error) {
	p.Zone = zoneOf(c.UserContext()).String()
	p.Result.Definition = d
	p.Choices, err = r.Reports.Choices(c.UserContext())
	return p, err
}

func (r Reports) run(c *fiber.Ctx, d builder.Definition, wrong error, saved *builder.Saved) error {
	p, err := r.page(c, d)
	if err != nil {
		return err
	}
	p.Saved = saved
	if saved != nil {
		p.Name, p.Shared, p.Own = saved.Name, saved.Shared, saved.OwnerID == who(c.UserContext()).PersonID
	}
	if wrong == nil {
		p.Result, wrong = r.Reports.Run(c.UserContext(), d, after(c))
	}
	if wrong != nil {
		return r.refused(c, wrong, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return r.show(c, p)
}

// Show shows a report as the address puts it together.
func (r Reports) Show(c *fiber.Ctx) error {
	d, wrong := askedReport(c)
	return r.run(c, d, wrong, nil)
}

// Saved shows a report that was kept.
func (r Reports) Saved(c *fiber.Ctx) error {
	report, err := id(c, "report")
	if err != nil {
		return err
	}
	saved, err := r.Reports.Get(c.UserContext(), report)
	if err != nil {
		return err
	}
	d, err := saved.Defined()
	if err != nil {
		return err
	}
	d.Zone = zoneOf(c.UserContext())
	return r.run(c, d, nil, &saved)
}

// Save keeps a report; with an id of the address the one that is there.
func (r Reports) Save(c *fiber.Ctx) error {
	var report uid.ID
	if c.Params("report") != "" {
		var err error
		if report, err = id(c, "report"); err != nil {
			return err
		}
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	d, err := definition(f.get, f.all)
	var saved builder.Saved
	if err == nil {
		saved, err = r.Reports.Save(c.UserContext(), report, builder.Input{Name: f.get("name"), Shared: f.get("shared") != "", Revision: max(f.revision(), 0), Definition: d})
	}
	if err != nil {
		p, failed := r.page(c, d)
		if failed != nil {
			return failed
		}
		p.Name, p.Shared = f.get("name"), f.get("shared") != ""
		return r.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return r.done(c, "/reports/"+saved.ID.String(), themes.FlashSaved, "")
}

// Delete removes one.
func (r Reports) Delete(c *fiber.Ctx) error {
	report, err := id(c, "report")
	if err == nil {
		err = r.Reports.Delete(c.UserContext(), report)
	}
	if err != nil {
		return err
	}
	return r.done(c, "/reports", themes.FlashSaved, "")
}

// File sends a report as a file while it is read.
func (r Reports) File(format export.Format) fiber.Handler {
	return func(c *fiber.Ctx) error {
		d, err := askedReport(c)
		if err != nil {
			return err
		}
		return r.file(c, r.Exports, export.Wish{Kind: export.Built, Title: query(c, "title"), Definition: d}, format)
	}
}
