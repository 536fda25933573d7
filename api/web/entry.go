package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/themes"
)

// Entry is how people get in and out: signing in, resetting a password, accepting an invitation.
type Entry struct {
	*Site
	Auth   *auth.Service
	SignOn *signon.Service
}

// home is where who is signed in begins.
const home = "/"

// onward is a local address, or home.
func onward(next string) string {
	if local := visit.Local(next); local != "" {
		return local
	}
	return home
}

// signInPage is the page with what was typed; with the password it asks for that too, whatever other ways there are.
func (e Entry) signInPage(c *fiber.Ctx, form themes.SignInForm, password bool) (themes.SignInPage, error) {
	words := markdown.Render(e.brand(c).LoginText, markdown.Options{HeadingOffset: 1, IDPrefix: "login-"})
	entrance, err := e.SignOn.Entrance(c.UserContext())
	return themes.SignInPage{LoginText: words, Form: form, Entrance: entrance, Password: password, From: entrance.Coming}, err
}

// SignInForm shows the form; who is signed in goes on.
func (e Entry) SignInForm(c *fiber.Ctx) error {
	next := visit.Local(query(c, "next"))
	if _, in := auth.PrincipalFrom(c.UserContext()); in {
		return e.to(c, onward(next))
	}
	p, err := e.signInPage(c, themes.SignInForm{Next: next}, query(c, "step") == "password")
	if err != nil {
		return err
	}
	return e.show(c, p)
}

// goOn leads who has typed an e-mail alone to where people with such an address sign in: a connection, or the form for the
// password. Nobody learns whether there is such an account.
func (e Entry) goOn(c *fiber.Ctx, typed themes.SignInForm) error {
	next, err := e.SignOn.Discover(c.UserContext(), typed.Email)
	if err != nil {
		return err
	}
	if next.Offer != nil {
		email, _ := auth.NormaliseEmail(typed.Email)
		return e.to(c, next.Offer.Path(typed.Next, email))
	}
	p, err := e.signInPage(c, typed, true)
	if err != nil {
		return err
	}
	if next.From != nil {
		p.From = next.From
	}
	return e.show(c, p)
}

// SignIn opens a session for an e-mail with its password; an e-mail alone leads on.
func (e Entry) SignIn(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.SignInForm{Email: f.get("email"), Next: visit.Local(f.get("next"))}
	if _, sent := f.values["password"]; !sent {
		return e.goOn(c, typed)
	}
	page, err := e.signInPage(c, typed, true)
	if err != nil {
		return err
	}
	in, err := e.Auth.SignIn(c.UserContext(), typed.Email, f.get("password"), client(c))
	if err != nil {
		return e.refused(c, err, func(p *fault.Fault) themes.Page { page.Problem = p; return page })
	}
	return e.entered(c, in, typed.Next, func() error { return e.to(c, onward(typed.Next)) })
}

// Forgot shows the form that asks for a link.
func (e Entry) Forgot(c *fiber.Ctx) error { return e.show(c, themes.ForgotPage{}) }

// SendReset asks for a link; the answer is the same whether the e-mail is known or not.
func (e Entry) SendReset(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.ForgotForm{Email: f.get("email")}
	if err := e.Auth.RequestReset(c.UserContext(), typed.Email, client(c)); err != nil {
		return e.refused(c, err, func(p *fault.Fault) themes.Page { return themes.ForgotPage{Form: typed, Problem: p} })
	}
	return e.show(c, themes.ForgotPage{Form: typed, Sent: true})
}

// linkFailed shows the page about a link that is over, with no trace of the link; other failures go on.
func (e Entry) linkFailed(c *fiber.Ctx, kind auth.TokenKind, err error) error {
	if errors.Is(err, auth.ErrLinkInvalid) {
		return e.showWith(c, fiber.StatusNotFound, themes.LinkInvalidPage{Kind: kind})
	}
	return err
}

// ResetForm shows the form for a new password to who holds the link.
func (e Entry) ResetForm(c *fiber.Ctx) error {
	p, err := e.Auth.OpenLink(c.UserContext(), auth.TokenPasswordReset, c.Params("token"))
	if err != nil {
		return e.linkFailed(c, auth.TokenPasswordReset, err)
	}
	noStore(c)
	return e.show(c, themes.ResetPage{Person: p})
}

// Reset sets the new password.
func (e Entry) Reset(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, token := c.UserContext(), c.Params("token")
	p, err := e.Auth.OpenLink(ctx, auth.TokenPasswordReset, token)
	if err == nil {
		err = e.Auth.ResetPassword(ctx, token, f.get("password"))
	}
	if errors.Is(err, auth.ErrLinkInvalid) {
		return e.linkFailed(c, auth.TokenPasswordReset, err)
	}
	if err != nil {
		return e.refused(c, err, func(wrong *fault.Fault) themes.Page { return themes.ResetPage{Person: p, Problem: wrong} })
	}
	visit.ClearSession(c)
	return e.done(c, "/signin", themes.FlashPasswordReset, "")
}

// InvitationForm shows the form with which an invited person joins.
func (e Entry) InvitationForm(c *fiber.Ctx) error {
	p, err := e.Auth.OpenLink(c.UserContext(), auth.TokenInvitation, c.Params("token"))
	if err != nil {
		return e.linkFailed(c, auth.TokenInvitation, err)
	}
	noStore(c)
	return e.show(c, themes.InvitationPage{Person: p, Form: themes.InvitationForm{Name: p.Name}})
}

// Join accepts an invitation and signs in.
func (e Entry) Join(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, token := c.UserContext(), c.Params("token")
	p, err := e.Auth.OpenLink(ctx, auth.TokenInvitation, token)
	if err != nil {
		return e.linkFailed(c, auth.TokenInvitation, err)
	}
	typed := themes.InvitationForm{Name: f.get("name")}
	in, err := e.Auth.AcceptInvitation(ctx, token, typed.Name, f.get("password"), client(c))
	if errors.Is(err, auth.ErrLinkInvalid) {
		return e.linkFailed(c, auth.TokenInvitation, err)
	}
	if err != nil {
		return e.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.InvitationPage{Person: p, Form: typed, Problem: wrong}
		})
	}
	return e.entered(c, in, "", func() error { return e.done(c, home, themes.FlashWelcome, e.brand(c).Name) })
}

// Welcome signs in who has just signed up on the platform's site, by the link that it redirected to. A link that is
// over leads to the sign-in page: its owner knows the password.
func (e Entry) Welcome(c *fiber.Ctx) error {
	in, err := e.Auth.SignInByLink(c.UserContext(), c.Params("token"), client(c))
	if errors.Is(err, auth.ErrLinkInvalid) {
		return e.to(c, "/signin")
	}
	if err != nil {
		return err
	}
	return e.entered(c, in, "", func() error { return e.done(c, firstSteps, themes.FlashWelcome, e.brand(c).Name) })
}

// noStore marks an answer that must not be kept anywhere: it shows a secret, or its address is one.
func noStore(c *fiber.Ctx) { c.Set(fiber.HeaderCacheControl, "no-store") }
