package web

import (
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/learning/push"
	"lyceum/learning/reminder"
	"lyceum/themes"
)

// Notices is what the person is told: the list, how they want it, and the line to their open pages (live.go).
type Notices struct {
	*Site
	Notices   *notice.Service
	Reminders *reminder.Service
	Devices   *push.Service
	Auth      *auth.Service
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
	p, err := n.settings(c)
	if err != nil {
		return err
	}
	return n.show(c, p)
}

func (n Notices) settings(c *fiber.Ctx) (p themes.NotificationSettingsPage, err error) {
	if p.Choices, err = n.Notices.Choices(c.UserContext()); err != nil {
		return p, err
	}
	if p.Devices, err = n.Devices.Devices(c.UserContext()); err != nil {
		return p, err
	}
	own, from, to, err := n.Reminders.Hours(c.UserContext())
	p.PortalFrom, p.PortalTo = from, to
	if own.From != nil && own.To != nil {
		p.From, p.To = strconv.Itoa(*own.From), strconv.Itoa(*own.To)
	}
	return p, err
}

// SaveSettings keeps the choices of the kinds that the form showed.
func (n Notices) SaveSettings(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	wishes := map[notice.Kind]notice.Wish{}
	for _, kind := range f.all("kind") {
		w := notice.Wish{App: f.get("app."+kind) != "", Mail: f.get("mail."+kind) != ""}
		if f.get("devices") != "" { // the form had that column
			push := f.get("push."+kind) != ""
			w.Push = &push
		}
		wishes[notice.Kind(kind)] = w
	}
	if err = n.Notices.Choose(c.UserContext(), wishes); err == nil {
		err = n.Reminders.SetHours(c.UserContext(), reminder.Hours{From: hour(f.get("quiet_from")), To: hour(f.get("quiet_to"))})
	}
	if err != nil {
		p, failed := n.settings(c)
		if failed != nil {
			return failed
		}
		p.From, p.To = f.get("quiet_from"), f.get("quiet_to")
		return n.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return n.done(c, "/notifications/settings", themes.FlashSaved, "")
}

// hour reads a full hour; nil for none. What is no number is no hour of the day.
func hour(text string) *int {
	if text == "" {
		return nil
	}
	h, err := strconv.Atoi(text)
	if err != nil {
		h = -1
	}
	return &h
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
