package web

import (
	"strconv"

	"github.com/gofiber/fiber/v2"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/desk"
	"lyceum/themes"
)

// Desk is the instructor's view of a course.
type Desk struct {
	*Site
	Catalog *catalog.Service
	Desk    *desk.Service
}

func (d Desk) page(c *fiber.Ctx, who desk.Who) (p themes.DeskPage, err error) {
	ctx := c.UserContext()
	course, err := id(c, "course")
	if err != nil {
		return p, err
	}
	if p.Outline, err = d.Catalog.Head(ctx, course); err != nil {
		return p, err
	}
	p.Who, p.Key = who, uid.New()
	if p.Desk, err = d.Desk.Course(ctx, course); err != nil {
		return p, err
	}
	p.People, err = d.Desk.People(ctx, course, desk.Filter{Who: who, Page: after(c)})
	return p, err
}

// Show shows who is stuck where; without a choice those behind, where there are any.
func (d Desk) Show(c *fiber.Ctx) error {
	who := desk.Who(query(c, "who"))
	if !who.Known() {
		who = desk.Everyone
	}
	p, err := d.page(c, who)
	if err != nil {
		return err
	}
	return d.show(c, p)
}

// All shows how all courses stand, and who is behind in any of them.
func (d Desk) All(c *fiber.Ctx) error {
	p := themes.DesksPage{Whose: desk.All, Who: desk.Behind}
	if desk.Whose(query(c, "whose")) == desk.Mine {
		p.Whose = desk.Mine
	}
	if who := desk.Who(query(c, "who")); who.Known() && who != desk.Everyone {
		p.Who = who
	}
	ctx, f := c.UserContext(), desk.OverviewFilter{Whose: p.Whose, Who: p.Who, Page: after(c)}
	var err error
	if p.Totals, err = d.Desk.Totals(ctx, f); err != nil {
		return err
	}
	if p.Courses, err = d.Desk.Courses(ctx, f); err != nil {
		return err
	}
	f.Page.After = query(c, "people")
	if p.People, err = d.Desk.Stragglers(ctx, f); err != nil {
		return err
	}
	return d.show(c, p)
}

// Write sends a message to the group that was shown.
func (d Desk) Write(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	course, err := id(c, "course")
	if err != nil {
		return err
	}
	key, ok := uid.Parse(f.get("key"))
	if !ok {
		return fault.Invalid(map[string]string{"key": "Reload the page and send the message again."})
	}
	who := desk.Who(f.get("who"))
	m, err := d.Desk.Write(c.UserContext(), desk.Note{ID: key, Course: course, To: who, Body: f.get("body")})
	if err != nil {
		if !who.Known() {
			who = desk.Everyone
		}
		p, failed := d.page(c, who)
		if failed != nil {
			return failed
		}
		p.Key, p.Body = key, f.get("body")
		return d.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return d.done(c, studio(course)+"/desk", themes.FlashMessaged, strconv.Itoa(m.People))
}
