package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth/privacy/retention"
	"lyceum/internal/fault"
	"lyceum/themes"
)

const atRetention = "/privacy/retention"

func (p Privacy) retention(c *fiber.Ctx) (out themes.RetentionPage, err error) {
	if out.Schedule, err = p.Keep.Show(c.UserContext()); err != nil {
		return out, err
	}
	out.Preview, err = p.Keep.Preview(c.UserContext())
	return out, err
}

// Retention shows how long what is kept of people is kept, and what a sweep would delete now.
func (p Privacy) Retention(c *fiber.Ctx) error {
	shown, err := p.retention(c)
	if err != nil {
		return err
	}
	return p.show(c, shown)
}

// RetentionSave chooses days by line.
func (p Privacy) RetentionSave(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	days, typed, wrong := map[string]int{}, map[string]string{}, fault.Fields{}
	for _, l := range retention.Lines() {
		text := strings.TrimSpace(f.get(l.Name))
		typed[l.Name] = text
		n, err := strconv.Atoi(text)
		wrong.Check(err == nil, l.Name, "Enter a whole number.")
		days[l.Name] = n
	}
	if err = wrong.Err(); err == nil {
		err = p.Keep.Save(c.UserContext(), days)
	}
	if err != nil {
		shown, failed := p.retention(c)
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page {
			shown.Typed, shown.Problem = typed, wrong
			return shown
		})
	}
	return p.done(c, atRetention, themes.FlashRetentionSaved, "")
}

// RetentionSwitch has sweeps begin or stop.
func (p Privacy) RetentionSwitch(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	on, flash := f.get("on") != "", themes.FlashRetentionOff
	if on {
		flash = themes.FlashRetentionOn
	}
	if err := p.Keep.Switch(c.UserContext(), on); err != nil {
		return err
	}
	return p.done(c, atRetention, flash, "")
}
