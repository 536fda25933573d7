package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Setup is where an IT person without an account sets something up by a link.
type Setup struct {
	*Site
	SignOn *signon.Service
}

func (u Setup) base(c *fiber.Ctx) string { return "/setup/" + c.Params("token") }

// over answers a link that does not open; other failures go on.
func (u Setup) over(c *fiber.Ctx, err error) error {
	switch {
	case errors.Is(err, signon.ErrSetupLinkOver):
		return u.showWith(c, fiber.StatusNotFound, themes.SetupOverPage{})
	case errors.Is(err, signon.ErrSetupLinkUsed):
		return u.showWith(c, fiber.StatusConflict, themes.SetupOverPage{Elsewhere: true})
	}
	return err
}

// enter lets the browser that opened the link in.
func (u Setup) enter(c *fiber.Ctx) (signon.SetupLink, error) {
	noStore(c)
	ctx, token := c.UserContext(), c.Params("token")
	l, err := u.SignOn.LookAtSetup(ctx, token)
	if err != nil {
		return l, err
	}
	ctx, l, err = u.SignOn.EnterSetup(ctx, token, visit.Setup(c, l.ID))
	if err == nil {
		c.SetUserContext(ctx)
	}
	return l, err
}

// As runs a handler as whoever the link is for, and as nobody else: not even as the person who is signed in here.
func (u Setup) As(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if _, err := u.enter(c); err != nil {
			return u.over(c, err)
		}
		return h(c)
	}
}

// Show shows what the link is for: before it is opened, the button that opens it. Looking uses nothing up.
func (u Setup) Show(c *fiber.Ctx) error {
	l, err := u.enter(c)
	if errors.Is(err, signon.ErrSetupLinkUsed) && l.OpenedAt == nil {
		return u.show(c, themes.SetupPage{Base: u.base(c), Link: l})
	}
	if err != nil {
		return u.over(c, err)
	}
	p, err := u.page(c, l)
	if err != nil {
		return err
	}
	return u.show(c, p)
}

// page gathers what the link is for; the browser has been let in.
func (u Setup) page(c *fiber.Ctx, l signon.SetupLink) (p themes.SetupPage, err error) {
	ctx := c.UserContext()
	p = themes.SetupPage{Base: u.base(c), Link: l, Entered: true}
	if l.Kind == signon.SetupDomains {
		p.Domains, err = u.SignOn.Domains(ctx)
		return p, err
	}
	if l.ConnectionID != nil {
		one, err := u.SignOn.Connection(ctx, *l.ConnectionID)
		if errors.Is(err, signon.ErrConnectionNotFound) {
			return p, nil // deleted meanwhile: there is nothing to go on with
		}
		p.Connection = &one
		return p, err
	}
	return p, nil
}

// Open binds the link to this browser.
func (u Setup) Open(c *fiber.Ctx) error {
	noStore(c)
	l, carried, err := u.SignOn.OpenSetup(c.UserContext(), c.Params("token"))
	if errors.Is(err, signon.ErrSetupLinkUsed) && visit.Setup(c, l.ID) != "" {
		return u.to(c, u.base(c)) // the button was pressed twice; Show finds out whether by this browser
	}
	if err != nil {
		return u.over(c, err)
	}
	visit.SetSetup(c, l.ID, carried, l.ExpiresAt.Sub(u.now()))
	return u.to(c, u.base(c))
}

// Back leads to what the link is for.
func (u Setup) Back(c *fiber.Ctx) error { return u.to(c, u.base(c)) }

// Made ties the link to the connection that was made by it.
func (u Setup) Made(c *fiber.Ctx, connection uid.ID) error {
	return u.SignOn.NoteSetupConnection(c.UserContext(), connection)
}

// Try begins a test sign-on over the connection: it signs nobody in.
func (u Setup) Try(start fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		args := c.Context().QueryArgs()
		args.Set("test", "1")
		args.Set("next", u.base(c)+"/connection/"+c.Params("connection")+"/attempts")
		return start(c)
	}
}

// again shows the page with what was wrong.
func (u Setup) again(c *fiber.Ctx, typed string, failed error) error {
	l, _ := signon.SetupFrom(c.UserContext())
	p, err := u.page(c, l)
	if err != nil {
		return err
	}
	p.Form.Domain = typed
	return u.refused(c, failed, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// AddDomain puts a domain on the organization's list.
func (u Setup) AddDomain(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	d, err := u.SignOn.AddDomain(c.UserContext(), f.get("domain"))
	if err != nil {
		return u.again(c, f.get("domain"), err)
	}
	return u.done(c, u.base(c), themes.FlashDomainAdded, d.Shown())
}

// VerifyDomain looks for a domain's record now.
func (u Setup) VerifyDomain(c *fiber.Ctx) error {
	d, err := u.SignOn.VerifyDomain(c.UserContext(), c.Params("domain"))
	if err != nil {
		return u.again(c, "", err)
	}
	return u.done(c, u.base(c), themes.FlashDomainVerified, d.Shown())
}

// Finish hands the work over to the portal's administrators.
func (u Setup) Finish(c *fiber.Ctx) error {
	if err := u.SignOn.FinishSetup(c.UserContext()); err != nil {
		return u.over(c, err)
	}
	return u.show(c, themes.SetupOverPage{Finished: true})
}
