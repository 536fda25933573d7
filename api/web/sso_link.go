package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// linkPage is the confirmation of a first link, in the browser that it waits for.
func (h SSO) linkPage(c *fiber.Ctx) (themes.SSOConfirmPage, error) {
	f, err := h.SignOn.OpenFirstLink(c.UserContext(), c.Params("token"), visit.Browser(c))
	return themes.SSOConfirmPage{Link: f, Token: c.Params("token")}, err
}

// ConfirmForm asks who signed in for the first time to prove that the account with their e-mail is theirs; who has done so,
// with their second factor, goes on.
func (h SSO) ConfirmForm(c *fiber.Ctx) error {
	noStore(c)
	p, err := h.linkPage(c)
	if err != nil {
		return h.failed(c, err)
	}
	if p.Link.Proven {
		a, err := h.SignOn.FinishFirstLink(c.UserContext(), p.Token, visit.Browser(c), client(c))
		return h.arrived(c, a, err)
	}
	return h.show(c, p)
}

// Confirm takes the proof: the account's password, or the yes of who opened the mailed link.
func (h SSO) Confirm(c *fiber.Ctx) error {
	noStore(c)
	p, err := h.linkPage(c)
	if err != nil {
		return h.failed(c, err)
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, token, browser := c.UserContext(), c.Params("token"), visit.Browser(c)
	var a signon.Arrival
	if p.Link.ByMail {
		a, err = h.SignOn.ProveByMail(ctx, token, browser, client(c))
	} else {
		a, err = h.SignOn.ProveByPassword(ctx, token, browser, f.get("password"), client(c))
	}
	if typing(err) {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.arrived(c, a, err)
}

// MailLink sends the link that proves the account by its mailbox.
func (h SSO) MailLink(c *fiber.Ctx) error {
	noStore(c)
	p, err := h.linkPage(c)
	if err == nil {
		err = h.SignOn.RequestFirstLink(c.UserContext(), c.Params("token"), visit.Browser(c))
	}
	if err == nil {
		p.Sent = true
		return h.show(c, p)
	}
	if fault.Of(err).Kind == fault.KindTooMany {
		return h.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.failed(c, err)
}
