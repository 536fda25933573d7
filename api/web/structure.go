package web

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth/org"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Structure is who reported to whom on a day, and who looks after whose people.
type Structure struct {
	*Site
	Org *org.Service
}

// Show shows the structure of a day, as it was known at the end of another.
func (s Structure) Show(c *fiber.Ctx) error {
	ctx := c.UserContext()
	p := themes.StructurePage{On: query(c, "on"), Known: query(c, "known")}
	var w org.When
	if day, ok := org.ParseDay(p.On); ok {
		w.Day = day
	}
	if day, ok := org.ParseDay(p.Known); ok {
		w.Known = day.Add(24*time.Hour - time.Microsecond)
	}
	whose := uid.Nil
	if one, ok := uid.Parse(query(c, "person")); ok {
		whose = one
	}
	var err error
	if p.Structure, err = s.Org.Structure(ctx, whose, w); err != nil {
		return err
	}
	return s.show(c, p)
}

func (s Structure) spans(c *fiber.Ctx) (p themes.SpansPage, err error) {
	ctx := c.UserContext()
	person, err := id(c, "id")
	if err != nil {
		return p, err
	}
	if p.Place, err = s.Org.Place(ctx, person); err != nil {
		return p, err
	}
	if p.Place.Manager != nil {
		p.Manager = p.Place.Manager.Email
	}
	p.Spans, err = s.Org.SpansOf(ctx, person)
	return p, err
}

// Spans shows whom a person reported to over time.
func (s Structure) Spans(c *fiber.Ctx) error {
	p, err := s.spans(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// SetManager says whom a person reports to, from a day on or from today.
func (s Structure) SetManager(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := s.spans(c)
	if err != nil {
		return err
	}
	var since *org.Day
	if text := f.get("since"); text != "" {
		day, ok := org.ParseDay(text)
		if !ok {
			err = fault.Invalid(map[string]string{"since": "Write a day as year-month-day, for example 2026-03-31."})
		}
		since = &day
	}
	if err == nil {
		err = s.Org.SetManagerByEmail(c.UserContext(), p.Place.Person.ID, f.get("manager"), since)
	}
	if err != nil {
		p.Manager, p.Since = f.get("manager"), f.get("since")
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, p.At(), themes.FlashSaved, "")
}

func (s Structure) away(c *fiber.Ctx) (p themes.AwayPage, err error) {
	p.Everybody = query(c, "of") == "everybody"
	p.Delegations, err = s.Org.Delegations(c.UserContext(), p.Everybody)
	return p, err
}

// Away shows who looks after one's people while one is away, and whose people one looks after.
func (s Structure) Away(c *fiber.Ctx) error {
	p, err := s.away(c)
	if err != nil {
		return err
	}
	return s.show(c, p)
}

// Delegate has somebody look after one's people.
func (s Structure) Delegate(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	in := org.Absence{To: f.get("to")}
	in.First, _ = org.ParseDay(f.get("first_day"))
	in.Last, _ = org.ParseDay(f.get("last_day"))
	d, err := s.Org.Delegate(c.UserContext(), in)
	if err != nil {
		p, failed := s.away(c)
		if failed != nil {
			return failed
		}
		p.To, p.First, p.Last = in.To, f.get("first_day"), f.get("last_day")
		return s.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return s.done(c, "/team/away", themes.FlashDelegated, d.Taker)
}

// EndDelegation ends one before its last day.
func (s Structure) EndDelegation(c *fiber.Ctx) error {
	one, err := id(c, "delegation")
	if err != nil {
		return err
	}
	if err := s.Org.EndDelegation(c.UserContext(), one); err != nil {
		return err
	}
	return s.done(c, "/team/away", themes.FlashSaved, "")
}
