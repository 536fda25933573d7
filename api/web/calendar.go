package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/learning/calendar"
	"lyceum/themes"
)

// Calendar is the person's dates: a month, an agenda, and the feed that calendar programs read.
type Calendar struct {
	*Site
	Calendar *calendar.Service
}

// agendaMonths is how far the agenda looks ahead.
const agendaMonths = 3

func (k Calendar) page(c *fiber.Ctx) (p themes.CalendarPage, err error) {
	zone := zoneOf(c.UserContext())
	now := k.now().In(zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, zone)
	p = themes.CalendarPage{Today: today, Agenda: query(c, "view") == "agenda"}
	p.Month = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, zone)
	if wish, err := time.ParseInLocation("2006-01", query(c, "month"), zone); err == nil && wish.Year() >= 2000 && wish.Year() < 2200 {
		p.Month = wish
	}
	// The month is shown in whole weeks.
	from, until := p.Month.AddDate(0, 0, -7), p.Month.AddDate(0, 1, 7)
	if p.Agenda {
		from, until = today.AddDate(0, 0, -30), today.AddDate(0, agendaMonths, 0)
	}
	ctx := c.UserContext()
	if p.Items, err = k.Calendar.Mine(ctx, from, until); err != nil {
		return p, err
	}
	a, err := k.Calendar.Address(ctx)
	if errors.Is(err, calendar.ErrNoAddress) {
		return p, nil
	}
	p.Address = &a
	return p, err
}

// Show shows a month, or what comes.
func (k Calendar) Show(c *fiber.Ctx) error {
	p, err := k.page(c)
	if err != nil {
		return err
	}
	return k.show(c, p)
}

// MakeAddress makes the secret address of the feed and shows it, once.
func (k Calendar) MakeAddress(c *fiber.Ctx) error {
	secret, err := k.Calendar.MakeAddress(c.UserContext())
	if err != nil {
		return err
	}
	p, err := k.page(c)
	if err != nil {
		return err
	}
	p.Link = calendar.FeedURL(k.hosts.PortalURL(visit.Of(c).Tenant), secret)
	noStore(c)
	return k.show(c, p)
}

// RevokeAddress ends the feed.
func (k Calendar) RevokeAddress(c *fiber.Ctx) error {
	if err := k.Calendar.RevokeAddress(c.UserContext()); err != nil {
		return err
	}
	return k.done(c, "/calendar", themes.FlashCalendarRevoked, "")
}

// Feed gives the calendar behind a secret address as iCalendar, to whoever holds the address: it needs no cookie. It is
// asked for often, so what did not change is not sent again (RFC 9110 §13.1.2).
func (k Calendar) Feed(c *fiber.Ctx) error {
	whose, items, err := k.Calendar.Feed(c.UserContext(), c.Params("token"))
	if err != nil {
		return err
	}
	portal := k.hosts.PortalURL(visit.Of(c).Tenant)
	body := calendar.ICal(items, k.feedLook(c, portal, whose), whose.Location())
	sum := sha256.Sum256(body)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Set("X-Robots-Tag", "noindex")
	if matches(c.Get(fiber.HeaderIfNoneMatch), etag) {
		return c.SendStatus(fiber.StatusNotModified)
	}
	c.Set(fiber.HeaderContentType, "text/calendar; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `inline; filename="learning.ics"`)
	return c.Send(body)
}

// feedLook is how a feed is written: in its owner's language.
func (k Calendar) feedLook(c *fiber.Ctx, portal string, whose calendar.Whose) calendar.Look {
	host := portal
	if at, err := url.Parse(portal); err == nil {
		host = at.Hostname()
	}
	return calendar.Look{
		Name: k.brand(c).Name, Domain: host, URL: portal,
		Titles: k.themes.ItemTitles(themes.PickLocale(whose.Locale, "")),
	}
}
