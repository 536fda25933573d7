package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/themes"
)

// Notices is what the person is told: the list, how they want it, and the line to their open pages (live.go).
type Notices struct {
	*Site
	Notices *notice.Service
	Auth    *auth.Service
}

// List shows what the person was told, the newest first.
func (n Notices) List(c *fiber.Ctx) error {
	at := after(c)
	list, err := n.Notices.Mine(c.UserContext(), at)
	if err != nil {
		return err
	}
	return n.show(c, themes.NotificationsPage{List: list, First: at.After == ""})
}

// Open reads one and leads to its page.
func (n Notices) Open(c *fiber.Ctx) error {
	wanted, err := id(c, "notice")
	if err != nil {
		return err
	}
	read, err := n.Notices.Read(c.UserContext(), wanted)
	if err != nil {
		return err
	}
	to := visit.Local(read.Path)
	if to == "" {
		to = "/notifications"
	}
	return n.to(c, to)
}

// Read marks one as read and stays.
func (n Notices) Read(c *fiber.Ctx) error {
	wanted, err := id(c, "notice")
	if err != nil {
		return err
	}
	if _, err = n.Notices.Read(c.UserContext(), wanted); err != nil {
		return err
	}
	return n.to(c, "/notifications")
}

// ReadAll marks all up to the newest shown as read.
func (n Notices) ReadAll(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if err := n.Notices.ReadAll(c.UserContext(), optionalID(f.get("up_to"))); err != nil {
		return err
	}
	return n.done(c, "/notifications", themes.FlashNoticesRead, "")
}

// Settings shows how the person wants to be told of what.
func (n Notices) Settings(c *fiber.Ctx) error {
	choices, err := n.Notices.Choices(c.UserContext())
	if err != nil {
		return err
	}
	return n.show(c, themes.NotificationSettingsPage{Choices: choices})
}

// SaveSettings keeps the choices of the kinds that the form showed.
func (n Notices) SaveSettings(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	wishes := notice.Preferences{}
	for _, kind := range f.all("kind") {
		wishes[notice.Kind(kind)] = notice.Ways{App: f.get("app."+kind) != "", Mail: f.get("mail."+kind) != ""}
	}
	if err := n.Notices.Choose(c.UserContext(), wishes); err != nil {
		choices, failed := n.Notices.Choices(c.UserContext())
		if failed != nil {
			return failed
		}
		return n.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.NotificationSettingsPage{Choices: choices, Problem: wrong}
		})
	}
	return n.done(c, "/notifications/settings", themes.FlashSaved, "")
}

// seen is the newest notice that an open page knows: from the broken line (Last-Event-ID), else from the address, where
// the id of zeros stands for none. known is false when the page says nothing.
func seen(c *fiber.Ctx) (last uid.ID, known bool) {
	for _, text := range []string{c.Get("Last-Event-ID"), query(c, "after")} {
		if last, known = uid.Parse(strings.TrimSpace(text)); known {
			return last, true
		}
	}
	return uid.Nil, false
}
