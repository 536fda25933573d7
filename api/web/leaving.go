package web

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/tenant/leaving"
	"lyceum/tenant/takeout"
	"lyceum/themes"
)

// Leaving is where an owner takes everything out of a portal, and has it erased.
type Leaving struct {
	*Site
	Leaving  *leaving.Service
	Takeouts *takeout.Service
}

const atLeaving = "/settings/leaving"

func (l Leaving) page(c *fiber.Ctx) (p themes.LeavingPage, err error) {
	t := visit.Of(c).Tenant
	p.Slug, p.Days, p.PausedAt = t.Slug, l.Leaving.Days, t.PausedAt
	if p.Leaving, err = l.Leaving.Current(c.UserContext()); err != nil {
		return p, err
	}
	p.Takeouts, err = l.Takeouts.List(c.UserContext())
	return p, err
}

// Show shows what can be taken out, and whether the portal is to be erased.
func (l Leaving) Show(c *fiber.Ctx) error {
	p, err := l.page(c)
	if err != nil {
		return err
	}
	return l.show(c, p)
}

// Ask has the portal erased when the days to think again are over.
func (l Leaving) Ask(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	wish, err := l.Leaving.Ask(c.UserContext(), f.get("confirm"))
	if err != nil {
		p, failed := l.page(c)
		if failed != nil {
			return failed
		}
		p.Confirm = f.get("confirm")
		return l.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return l.done(c, atLeaving, themes.FlashLeavingAsked, wish.EraseAt.Format("2006-01-02"))
}

// Keep takes the wish back.
func (l Leaving) Keep(c *fiber.Ctx) error {
	if err := l.Leaving.Stay(c.UserContext()); err != nil {
		return err
	}
	return l.done(c, atLeaving, themes.FlashLeavingKept, "")
}

// Pause lets the portal rest.
func (l Leaving) Pause(c *fiber.Ctx) error {
	if err := l.Leaving.Pause(c.UserContext()); err != nil {
		return err
	}
	return l.done(c, atLeaving, themes.FlashPortalPaused, "")
}

// Resume has it go on.
func (l Leaving) Resume(c *fiber.Ctx) error {
	if err := l.Leaving.Resume(c.UserContext()); err != nil {
		return err
	}
	return l.done(c, atLeaving, themes.FlashPortalWentOn, "")
}

// Take wishes for an archive.
func (l Leaving) Take(c *fiber.Ctx) error {
	if _, err := l.Takeouts.Ask(c.UserContext()); err != nil {
		p, failed := l.page(c)
		if failed != nil {
			return failed
		}
		return l.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return l.done(c, atLeaving, themes.FlashTakeoutAsked, "")
}

// Archive gives an archive that is ready.
func (l Leaving) Archive(c *fiber.Ctx) error {
	id, err := id(c, "takeout")
	if err != nil {
		return err
	}
	t, r, err := l.Takeouts.Read(c.UserContext(), id)
	if err != nil {
		return err
	}
	noStore(c)
	c.Set(fiber.HeaderContentType, "application/zip")
	c.Attachment(visit.Of(c).Tenant.Slug + "-" + t.AskedAt.UTC().Format("2006-01-02") + ".zip")
	c.Response().SetBodyStream(r, int(t.Bytes)) // closes it
	return nil
}

// Receipts is the proof that is left of a portal, on the platform's own site: whoever holds the address may read it.
type Receipts struct {
	*Site
	Leaving *leaving.Service
}

func (r Receipts) find(c *fiber.Ctx) (l leaving.Leaving, receipt leaving.Receipt, err error) {
	if l, err = r.Leaving.ByToken(c.UserContext(), c.Params("token")); err != nil {
		return l, receipt, err
	}
	keys, err := r.Leaving.Keys()
	if err != nil {
		return l, receipt, err
	}
	receipt, err = leaving.Verify(l.Receipt, keys)
	return l, receipt, err
}

// Show shows a receipt in words.
func (r Receipts) Show(c *fiber.Ctx) error {
	l, receipt, err := r.find(c)
	if err != nil {
		return err
	}
	noStore(c)
	return r.show(c, themes.ReceiptPage{Leaving: l, Steps: receipt.Steps})
}

// File gives a receipt as it was signed.
func (r Receipts) File(c *fiber.Ctx) error {
	l, _, err := r.find(c)
	if err != nil {
		return err
	}
	noStore(c)
	c.Set(fiber.HeaderContentType, "application/jose")
	c.Attachment("receipt-" + strings.ToLower(l.TenantSlug) + ".jws")
	return c.SendString(l.Receipt)
}

// Keys gives the platform's public key, for whoever checks receipts.
func (r Receipts) Keys(c *fiber.Ctx) error {
	keys, err := r.Leaving.Keys()
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/jwk-set+json")
	return c.Send(keys)
}
