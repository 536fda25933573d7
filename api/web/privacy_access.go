package web

import (
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/privacy/access"
	"lyceum/internal/fault"
	"lyceum/themes"
)

func copyLook(c *fiber.Ctx) access.Look {
	ctx := c.UserContext()
	return access.Look{Locale: themes.PickLocale(who(ctx).Locale, c.Get(fiber.HeaderAcceptLanguage)), Zone: zoneOf(ctx).String()}
}

// CopyOwn asks for a copy of one's own data.
func (p Privacy) CopyOwn(c *fiber.Ctx) error {
	if _, err := p.Access.AskOwn(c.UserContext(), copyLook(c)); err != nil {
		shown, failed := p.own(c)
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { shown.Problem = wrong; return shown })
	}
	return p.done(c, atOwnData, themes.FlashCopyAsked, "")
}

// CopyOf asks for a copy of somebody's data.
func (p Privacy) CopyOf(c *fiber.Ctx) error {
	shown, err := p.person(c)
	if err != nil {
		return err
	}
	if _, err = p.Access.AskFor(c.UserContext(), shown.Preview.Person.ID, copyLook(c)); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { shown.Problem = wrong; return shown })
	}
	return p.done(c, shown.At(), themes.FlashCopyAsked, "")
}

// Copies lists copies of people's data.
func (p Privacy) Copies(c *fiber.Ctx) error {
	list, err := p.Access.All(c.UserContext(), after(c))
	if err != nil {
		return err
	}
	return p.show(c, themes.CopiesPage{List: list})
}

// Copy gives the file of a copy, or a part of it: a download that broke off goes on where it was (RFC 9110 §14).
func (p Privacy) Copy(c *fiber.Ctx) error {
	wanted, err := id(c, "copy")
	if err != nil {
		return err
	}
	r, err := p.Access.Fetchable(c.UserContext(), wanted)
	if err != nil {
		return err
	}
	etag := strconv.Quote(r.SHA256[:min(32, len(r.SHA256))])
	part, status := span{0, r.Bytes}, fiber.StatusOK
	if header := c.Get(fiber.HeaderRange); header != "" && unchanged(c.Get(fiber.HeaderIfRange), etag, *r.ReadyAt) {
		one, _, how := readRange(header, r.Bytes)
		switch how {
		case wishNone:
			c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes */%d", r.Bytes))
			return c.SendStatus(fiber.StatusRequestedRangeNotSatisfiable)
		case wishSpan:
			part, status = one, fiber.StatusPartialContent
			c.Set(fiber.HeaderContentRange, fmt.Sprintf("bytes %d-%d/%d", part.from, part.from+part.length-1, r.Bytes))
		case wishWhole:
		}
	}
	ctx, cancel := sending(c)
	file, err := p.Access.Read(ctx, r, part.from, part.length)
	if err != nil {
		cancel()
		return err
	}
	noStore(c)
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Set(fiber.HeaderAcceptRanges, "bytes")
	c.Set(fiber.HeaderETag, etag)
	c.Set(fiber.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", visit.Of(c).Tenant.Slug+"-"+r.FileName()))
	c.Response().SetBodyStream(&reading{file, cancel}, int(part.length))
	c.Status(status)
	return nil
}
