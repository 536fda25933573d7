package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/privacy/retention"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/themes"
)

// Privacy is what a portal owes to people about their data.
type Privacy struct {
	*Site
	Privacy *privacy.Service
	Access  *access.Service
	Holds   *hold.Service
	Keep    *retention.Service
}

// latest is how many copies the first page shows.
const latest = 5

const atPrivacy, atOwnData = "/privacy", "/account/data"

func (p Privacy) first(c *fiber.Ctx, at page.Request) (out themes.PrivacyPage, err error) {
	if out.Erasures, err = p.Privacy.Erasures(c.UserContext(), at); err != nil {
		return out, err
	}
	copies, err := p.Access.All(c.UserContext(), page.Request{Limit: latest})
	out.Copies = copies.Items
	return out, err
}

// Show lists erasures.
func (p Privacy) Show(c *fiber.Ctx) error {
	shown, err := p.first(c, after(c))
	if err != nil {
		return err
	}
	return p.show(c, shown)
}

// Register shows what is kept of people.
func (p Privacy) Register(c *fiber.Ctx) error {
	return p.show(c, themes.PrivacyRegisterPage{Lines: privacy.Overview()})
}

// Return lets somebody come back who was erased.
func (p Privacy) Return(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if err = p.Privacy.Welcome(c.UserContext(), f.get("email")); err != nil {
		shown, failed := p.first(c, page.Request{})
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page {
			shown.Email, shown.Problem = f.get("email"), wrong
			return shown
		})
	}
	return p.done(c, atPrivacy, themes.FlashReturnAllowed, "")
}

func (p Privacy) person(c *fiber.Ctx) (out themes.PrivacyPersonPage, err error) {
	person, err := id(c, "person")
	if err != nil {
		return out, err
	}
	out.Days = p.Privacy.Days
	if out.Preview, err = p.Privacy.Preview(c.UserContext(), person); err != nil {
		return out, err
	}
	out.Copies, err = p.Access.Of(c.UserContext(), person)
	return out, err
}

// Person shows what an erasure of somebody would do.
func (p Privacy) Person(c *fiber.Ctx) error {
	shown, err := p.person(c)
	if err != nil {
		return err
	}
	return p.show(c, shown)
}

// Erase decides that somebody is erased.
func (p Privacy) Erase(c *fiber.Ctx) error {
	shown, err := p.person(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	e, err := p.Privacy.Schedule(c.UserContext(), shown.Preview.Person.ID, f.get("confirm"))
	if err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page {
			shown.Confirm, shown.Problem = f.get("confirm"), wrong
			return shown
		})
	}
	return p.done(c, "/privacy/erasures/"+e.ID.String(), themes.FlashErasureScheduled, called(shown.Preview.Person))
}

func (p Privacy) erasure(c *fiber.Ctx) (out themes.ErasurePage, err error) {
	erasure, err := id(c, "erasure")
	if err != nil {
		return out, err
	}
	out.Erasure, out.Steps, err = p.Privacy.Show(c.UserContext(), erasure)
	return out, err
}

// Erasure shows where one stands.
func (p Privacy) Erasure(c *fiber.Ctx) error {
	shown, err := p.erasure(c)
	if err != nil {
		return err
	}
	return p.show(c, shown)
}

// Cancel takes one back.
func (p Privacy) Cancel(c *fiber.Ctx) error {
	shown, err := p.erasure(c)
	if err != nil {
		return err
	}
	if err = p.Privacy.Cancel(c.UserContext(), shown.Erasure.ID); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { shown.Problem = wrong; return shown })
	}
	return p.done(c, shown.At(), themes.FlashErasureWithdrawn, "")
}

// Refuse answers a wish with no.
func (p Privacy) Refuse(c *fiber.Ctx) error {
	shown, err := p.erasure(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	if err = p.Privacy.Refuse(c.UserContext(), shown.Erasure.ID, f.get("answer")); err != nil {
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page {
			shown.Answer, shown.Problem = f.get("answer"), wrong
			return shown
		})
	}
	return p.done(c, shown.At(), themes.FlashErasureRefused, "")
}

// Receipt gives a receipt as it was signed.
func (p Privacy) Receipt(c *fiber.Ctx) error {
	erasure, err := id(c, "erasure")
	if err != nil {
		return err
	}
	e, err := p.Privacy.Proof(c.UserContext(), erasure)
	if err != nil {
		return err
	}
	noStore(c)
	c.Set(fiber.HeaderContentType, "application/jose")
	c.Attachment("erasure-" + e.ID.String()[:8] + ".jws")
	return c.SendString(e.Receipt)
}

func (p Privacy) own(c *fiber.Ctx) (out themes.AccountDataPage, err error) {
	out.Lines = privacy.Overview()
	if out.Erasure, err = p.Privacy.Own(c.UserContext()); err != nil {
		return out, err
	}
	if out.Erasure == nil {
		if out.Refused, err = p.Privacy.OwnRefused(c.UserContext()); err != nil {
			return out, err
		}
	}
	out.Copies, err = p.Access.Own(c.UserContext())
	return out, err
}

// Own shows what one may ask about one's own data.
func (p Privacy) Own(c *fiber.Ctx) error {
	shown, err := p.own(c)
	if err != nil {
		return err
	}
	return p.show(c, shown)
}

// EraseOwn asks to be erased.
func (p Privacy) EraseOwn(c *fiber.Ctx) error {
	if _, err := p.Privacy.AskOwn(c.UserContext()); err != nil {
		shown, failed := p.own(c)
		if failed != nil {
			return failed
		}
		return p.refused(c, err, func(wrong *fault.Fault) themes.Page { shown.Problem = wrong; return shown })
	}
	return p.done(c, atOwnData, themes.FlashErasureAsked, "")
}

// KeepOwn takes the wish back.
func (p Privacy) KeepOwn(c *fiber.Ctx) error {
	if err := p.Privacy.TakeBack(c.UserContext()); err != nil {
		return err
	}
	return p.done(c, atOwnData, themes.FlashErasureWithdrawn, "")
}
