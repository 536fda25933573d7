package web

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/themes"
)

// SSO is signing in through someone else: beginnings, answers, first links. Signing out is in sso_logout.go.
type SSO struct {
	*Site
	Auth   *auth.Service
	SignOn *signon.Service
	// Limit bounds what comes from one address: see Limits.SignOn.
	Limit auth.Limiter
}

var errTooManySignOns = fault.New(fault.KindTooMany, "too_many_sign_ons", "Too many sign-ins came from your network. Wait a moment and try again.")

// bounded takes one of what the visitor's network may do.
func (h SSO) bounded(c *fiber.Ctx) error {
	v := visit.Of(c)
	if ok, retry, _ := h.Limit.Allow("sign-on " + v.Tenant.ID.String() + " " + v.Network()); !ok {
		return problem.After(errTooManySignOns, retry)
	}
	return nil
}

// called gives the connection of the path, and takes one of what the visitor's network may do.
func (h SSO) called(c *fiber.Ctx) (uid.ID, error) {
	if err := h.bounded(c); err != nil {
		return uid.Nil, err
	}
	return id(c, "connection")
}

// start is what a beginning says in its query.
func (h SSO) start(c *fiber.Ctx) signon.Start {
	in := signon.Start{ReturnTo: visit.Local(query(c, "next")), Hint: hint(c), Client: client(c), Purpose: signon.PurposeSignIn}
	if p := signon.Purpose(query(c, "purpose")); p == signon.PurposeTest || p == signon.PurposeStepUp {
		in.Purpose = p
	}
	if query(c, "test") != "" {
		in.Purpose = signon.PurposeTest
	}
	return in
}

// hint is the e-mail that the person typed, or that the identity provider's own page names (OIDC Core 1.0 §4).
func hint(c *fiber.Ctx) string {
	typed := query(c, "hint")
	if typed == "" {
		typed = query(c, "login_hint")
	}
	email, _ := auth.NormaliseEmail(typed)
	return email
}

// Start begins a sign-on. Who is signed in goes on, unless it is a test or a step-up.
func (h SSO) Start(c *fiber.Ctx) error {
	connection, err := h.called(c)
	if err != nil {
		return err
	}
	if home := h.elsewhere(c); home != "" {
		return h.to(c, home+c.OriginalURL())
	}
	in := h.start(c)
	if _, known := auth.PrincipalFrom(c.UserContext()); known && in.Purpose == signon.PurposeSignIn {
		return h.to(c, onward(in.ReturnTo))
	}
	in.Browser, in.Locales = visit.KnowBrowser(c), []string{h.view(c).Locale}
	d, err := h.SignOn.Begin(c.UserContext(), connection, in)
	if err != nil {
		return h.failed(c, err)
	}
	return h.leave(c, d)
}

// elsewhere is the portal's own address when another leads here: the identity provider's answer comes to the own one, and
// cookies are bound to it.
func (h SSO) elsewhere(c *fiber.Ctx) string {
	v := visit.Of(c)
	own := h.hosts.PortalURL(v.Tenant)
	u, err := url.Parse(own)
	if err != nil || tenant.NormaliseHost(u.Host) == tenant.NormaliseHost(v.Host) {
		return ""
	}
	return own
}

// leave sends the browser on: at once within the portal; to another site by a page, since browsers hold the redirects of a
// form that was posted here to form-action, which knows this site only.
func (h SSO) leave(c *fiber.Ctx, d signon.Departure) error {
	if visit.Local(d.URL) != "" {
		return h.to(c, d.URL)
	}
	noStore(c)
	if d.Action != "" {
		postsTo(c, d.Action)
	}
	return h.show(c, themes.SSOLeavePage{Departure: d})
}

// AcceptSAML takes an identity provider's response. It came with a post of another site, so without our cookies: what it
// says waits for the browser at finish.
func (h SSO) AcceptSAML(c *fiber.Ctx) error {
	connection, err := h.called(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	secret, err := h.SignOn.AcceptSAML(c.UserContext(), connection, signon.SAMLResponse{
		Response: f.get("SAMLResponse"), RelayState: f.get("RelayState"), Client: client(c),
	})
	if err != nil {
		return h.failed(c, err)
	}
	// The answer may have come to an address that the portal had once; the browser that began is known at the present one.
	return h.to(c, h.elsewhere(c)+"/sso/finish/"+secret)
}

// Finish ends a sign-on whose response waits, or asks first, where the browser did not begin it.
func (h SSO) Finish(c *fiber.Ctx) error {
	noStore(c)
	ask, a, err := h.SignOn.Finish(c.UserContext(), c.Params("token"), visit.KnowBrowser(c), false, client(c))
	if err == nil && ask != nil {
		return h.show(c, themes.SSOContinuePage{Waiting: *ask, As: who(c.UserContext()).Name, Here: c.Path()})
	}
	return h.arrived(c, a, err)
}

// Continue is the yes of who was asked.
func (h SSO) Continue(c *fiber.Ctx) error {
	_, a, err := h.SignOn.Finish(c.UserContext(), c.Params("token"), visit.Browser(c), true, client(c))
	return h.arrived(c, a, err)
}

// AnswerOIDC takes what an OpenID provider's redirect brings.
func (h SSO) AnswerOIDC(c *fiber.Ctx) error {
	if err := h.bounded(c); err != nil {
		return err
	}
	noStore(c)
	q := url.Values{}
	for name, value := range c.Context().QueryArgs().All() {
		q.Add(clean(string(name)), clean(string(value)))
	}
	a, err := h.SignOn.AnswerOIDC(c.UserContext(), q, visit.Browser(c), client(c))
	return h.arrived(c, a, err)
}

// arrived goes on after a sign-on that ended.
func (h SSO) arrived(c *fiber.Ctx, a signon.Arrival, err error) error {
	switch {
	case err != nil:
		return h.failed(c, err)
	case a.Result != nil:
		return h.ended(c, fiber.StatusOK, themes.SSOTriedPage{Tried: *a.Result, ReturnTo: visit.Local(a.ReturnTo)})
	case a.FirstLink != "":
		return h.to(c, "/sso/confirm/"+a.FirstLink)
	}
	next := visit.Local(a.ReturnTo)
	if a.SteppedUp {
		return h.to(c, onward(next))
	}
	return h.entered(c, *a.SignedIn, next, func() error { return h.to(c, onward(next)) })
}

// failed shows a sign-on that came to nothing, with the number by which an IT team finds the reason; other failures go on.
func (h SSO) failed(c *fiber.Ctx, err error) error {
	noStore(c)
	p := themes.SSORefusedPage{}
	var refused *signon.Refused
	if errors.As(err, &refused) {
		p.Fault, p.Number, p.Connection = refused.Fault(), signon.Number(refused.Attempt), refused.Name
		p.Again = signon.Offer{ID: refused.Connection}.Path(visit.Local(refused.ReturnTo), "")
		return h.ended(c, refusedStatus(p.Fault), p)
	}
	for _, told := range []*fault.Fault{signon.ErrHandshakeOver, signon.ErrOtherBrowser, signon.ErrLinkElsewhere, signon.ErrConnectionOff, auth.ErrSignOnRefused} {
		if errors.Is(err, told) {
			p.Fault = told
			return h.ended(c, refusedStatus(told), p)
		}
	}
	return err
}

// ended shows the end of a sign-on. Its address works once and may hold secrets: nothing on the page leads back to it.
func (h SSO) ended(c *fiber.Ctx, status int, p themes.Page) error {
	v := h.view(c)
	v.Path = "/signin"
	return h.draw(c, status, v, p)
}

// refusedStatus is the status of a refusal; 401 would ask the browser for HTTP authentication.
func refusedStatus(f *fault.Fault) int {
	if f.Kind == fault.KindUnauthenticated {
		return fiber.StatusForbidden
	}
	return problem.Status(f.Kind)
}

// LDAPForm asks for name and password of a company account.
func (h SSO) LDAPForm(c *fiber.Ctx) error {
	p, err := h.ldapPage(c)
	if err != nil {
		return h.failed(c, err)
	}
	return h.show(c, p)
}

func (h SSO) ldapPage(c *fiber.Ctx) (p themes.SSOPasswordPage, err error) {
	connection, err := id(c, "connection")
	if err != nil {
		return p, err
	}
	in := h.start(c)
	offer, err := h.SignOn.PasswordForm(c.UserContext(), connection, in.Purpose)
	return themes.SSOPasswordPage{Connection: offer.Name, Form: themes.SSOPasswordForm{Login: in.Hint}, Test: in.Purpose == signon.PurposeTest, Here: c.OriginalURL()}, err
}

// SignInByLDAP asks the company's directory. It posts to its own address, whose query says where to go on to.
func (h SSO) SignInByLDAP(c *fiber.Ctx) error {
	p, err := h.ldapPage(c)
	if err != nil {
		return h.failed(c, err)
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	connection, err := id(c, "connection")
	if err != nil {
		return err
	}
	in := signon.LDAPLogin{Login: f.get("login"), Password: f.get("password"), Start: h.start(c)}
	in.Browser = visit.KnowBrowser(c)
	a, err := h.SignOn.SignInByLDAP(c.UserContext(), connection, in)
	if typing(err) {
		p.Form.Login = in.Login
		return h.refused(c, typed(err), func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return h.arrived(c, a, err)
}

// typing tells a failure that typing again may mend.
func typing(err error) bool {
	return errors.Is(err, auth.ErrWrongCredentials) || errors.Is(err, auth.ErrTooManyAttempts)
}

// typed is such a failure as a company's form tells it: nobody resets that password here.
func typed(err error) error {
	if errors.Is(err, auth.ErrWrongCredentials) {
		return errCompanyCredentials
	}
	return err
}

var errCompanyCredentials = fault.New(fault.KindUnauthenticated, "wrong_company_credentials", "Name or password is not right. Check both; the password is the one of your company account.")
