package web

import (
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/report/export"
	"lyceum/learning/report/schedule"
	"lyceum/themes"
)

// Schedules is reports that are sent by mail.
type Schedules struct {
	*Site
	Schedules *schedule.Service
}

// List lists them.
func (s Schedules) List(c *fiber.Ctx) error {
	list, err := s.Schedules.List(c.UserContext())
	if err != nil {
		return err
	}
	return s.show(c, themes.SchedulesPage{List: list})
}

// about reads from the address what a new schedule is of: a report that was kept, or what a report or the matrix is put together of.
func (s Schedules) about(c *fiber.Ctx) (report *uid.ID, w export.Wish, err error) {
	if text := query(c, "report"); text != "" {
		id, ok := uid.Parse(text)
		if !ok {
			return nil, w, schedule.ErrNotFound
		}
		return &id, w, nil
	}
	w.Kind = export.Built
	if query(c, "kind") == string(export.Matrix) {
		w.Kind = export.Matrix
		f, _, wrong := Matrix{Site: s.Site}.filter(c)
		w.Cells = export.CellsOf(f)
		return nil, w, wrong
	}
	w.Definition, err = askedReport(c)
	return nil, w, err
}

// New shows the form of a new one.
func (s Schedules) New(c *fiber.Ctx) error {
	ctx := c.UserContext()
	if _, _, err := s.about(c); err != nil {
		return err
	}
	me := who(ctx)
	p := themes.SchedulePage{Form: themes.ScheduleForm{Name: query(c, "name"), Format: export.XLSX, Times: schedule.Times{Every: schedule.Weekly, Weekday: 1, Day: 1, Hour: 7, Zone: zoneOf(ctx).String()}, People: []uid.ID{me.PersonID}}}
	return s.form(c, p)
}

func (s Schedules) form(c *fiber.Ctx, p themes.SchedulePage) error {
	p, err := s.filled(c, p)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

func (s Schedules) filled(c *fiber.Ctx, p themes.SchedulePage) (_ themes.SchedulePage, err error) {
	p.Asked = string(c.Context().QueryArgs().QueryString())
	p.Zones = timeZones(p.Form.Times.Zone)
	p.Readers, err = s.Schedules.Readers(c.UserContext())
	return p, err
}

// Show shows one, with what was sent.
func (s Schedules) Show(c *fiber.Ctx) error {
	one, err := id(c, "schedule")
	if err != nil {
		return err
	}
	found, runs, err := s.Schedules.Get(c.UserContext(), one)
	if err != nil {
		return err
	}
	return s.form(c, themes.SchedulePage{Schedule: &found, Runs: runs, Form: themes.ScheduleForm{Name: found.Name, Format: found.Format, Times: found.Times, People: found.To()}})
}

// Save keeps one; without an id in the address a new one.
func (s Schedules) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	in := schedule.Input{Name: f.get("name"), Format: export.Format(f.get("format")), Revision: max(f.revision(), 0)}
	wrong := fault.Fields{}
	number := func(name string) int {
		n, err := strconv.Atoi(f.get(name))
		wrong.Check(err == nil, name, "Choose one of the list.")
		return n
	}
	in.Times = schedule.Times{Every: schedule.Every(f.get("every")), Weekday: number("weekday"), Day: number("day"), Hour: number("hour"), Zone: f.get("zone")}
	for _, text := range f.all("people") {
		if p, ok := uid.Parse(text); ok {
			in.People = append(in.People, p)
		}
	}
	p := themes.SchedulePage{Form: themes.ScheduleForm{Name: in.Name, Format: in.Format, Times: in.Times, People: slices.Clone(in.People)}}
	var one uid.ID
	if c.Params("schedule") != "" {
		if one, err = id(c, "schedule"); err != nil {
			return err
		}
		found, runs, err := s.Schedules.Get(c.UserContext(), one)
		if err != nil {
			return err
		}
		p.Schedule, p.Runs, in.ReportID = &found, runs, found.ReportID
		if in.Wish, err = found.Wished(); err != nil {
			return err
		}
	} else if in.ReportID, in.Wish, err = s.about(c); err != nil {
		return err
	}
	var saved schedule.Schedule
	if err = wrong.Err(); err == nil {
		saved, err = s.Schedules.Save(c.UserContext(), one, in)
	}
	if err != nil {
		p, failed := s.filled(c, p)
		if failed != nil {
			return failed
		}
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, "/reports/schedules/"+saved.ID.String(), themes.FlashSaved, "")
}

// Do does one thing with one: pause, resume, run or delete.
func (s Schedules) Do(what string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		one, err := id(c, "schedule")
		if err != nil {
			return err
		}
		ctx, to, flash := c.UserContext(), "/reports/schedules/"+one.String(), themes.FlashSaved
		switch what {
		case "pause":
			err = s.Schedules.Pause(ctx, one)
		case "resume":
			err = s.Schedules.Resume(ctx, one)
		case "run":
			err, flash = s.Schedules.RunNow(ctx, one), themes.FlashScheduleRuns
		case "delete":
			err, to = s.Schedules.Delete(ctx, one), "/reports/schedules"
		}
		if err != nil {
			return err
		}
		return s.done(c, to, flash, "")
	}
}
