package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/learning/dashboard"
	"lyceum/themes"
)

// Dashboards is how the portal does, in figures that open their rows.
type Dashboards struct {
	*Site
	Dashboards *dashboard.Service
}

// Show shows the figures; with past those of the past, however many there are to count.
func (d Dashboards) Show(c *fiber.Ctx) error {
	out, err := d.Dashboards.Look(c.UserContext(), zoneOf(c.UserContext()), query(c, "past") != "")
	if err != nil {
		return err
	}
	return d.show(c, themes.DashboardPage{Dashboard: out})
}

// Completions lists what was completed in a month.
func (d Dashboards) Completions(c *fiber.Ctx) error {
	from, list, err := d.Dashboards.Completions(c.UserContext(), query(c, "month"), zoneOf(c.UserContext()), after(c))
	if err != nil {
		return err
	}
	return d.show(c, themes.CompletionsPage{From: from, List: list})
}
