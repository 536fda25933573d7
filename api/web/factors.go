package web

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// Factors is the second step of signing in, a person's own second factors and sessions, and proving oneself anew.
type Factors struct {
	*Site
	Auth   *auth.Service
	SignOn *signon.Service
}

const (
	securityHome = "/account/security"
	recoveryHome = "/account/security/recovery"
)

// entered gives the browser what a sign-in led to: a session, and done goes on; or the way to the second factor.
func (s *Site) entered(c *fiber.Ctx, in auth.SignedIn, next string, done func() error) error {
	if in.Person.Locale != "" {
		visit.SetLocale(c, in.Person.Locale)
	}
	if in.Challenge != "" {
		visit.SetChallenge(c, in.Challenge)
		address := "/signin/factor"
		if in.Enrol {
			address = "/signin/factor/enrol"
		}
		return s.to(c, withNext(address, next))
	}
	visit.ClearChallenge(c)
	visit.SetSession(c, in.Secret)
	if in.Known != "" {
		visit.SetKnown(c, in.Known, in.KnownDays)
	}
	return done()
}

func withNext(address, next string) string {
	if next == "" || next == home {
		return address
	}
	return address + "?next=" + url.QueryEscape(next)
}

// standsAt is where the browser stands, for passkeys.
func (s *Site) standsAt(c *fiber.Ctx) auth.Site {
	return auth.Site{Origin: visit.Of(c).Origin(), Name: s.brand(c).Name}
}

// answered is what a browser brought back of a passkey. Its challenge is let go of: it works once.
func (f Factors) answered(c *fiber.Ctx, typed form) auth.PasskeyAnswer {
	a := auth.PasskeyAnswer{Site: f.standsAt(c), Token: visit.Ceremony(c), Response: typed.get("credential")}
	if a.Response != "" {
		visit.ClearCeremony(c)
	}
	return a
}

// asks answers a script with what it is to ask an authenticator.
func asks(c *fiber.Ctx, asked auth.Ceremony, err error) error {
	if err != nil {
		return err
	}
	visit.SetCeremony(c, asked.Token)
	noStore(c)
	c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
	return c.Send(asked.Options)
}

// startOver leads back to the beginning of a sign-in that is over.
func (f Factors) startOver(c *fiber.Ctx, next string) error {
	visit.ClearChallenge(c)
	return f.done(c, withNext("/signin", next), themes.FlashSignInAgain, "")
}

// SignInOptions is what a sign-in page asks a passkey with. It changes nothing here: the challenge lies in the browser.
func (f Factors) SignInOptions(c *fiber.Ctx) error {
	asked, err := f.Auth.BeginPasskeySignIn(c.UserContext(), f.standsAt(c))
	return asks(c, asked, err)
}

// SignInByPasskey opens a session by a passkey alone; one that is refused leads back to the form.
func (f Factors) SignInByPasskey(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	next := visit.Local(typed.get("next"))
	in, err := f.Auth.SignInByPasskey(c.UserContext(), f.answered(c, typed), client(c))
	if err != nil {
		page, failed := Entry{Site: f.Site, Auth: f.Auth, SignOn: f.SignOn}.signInPage(c, themes.SignInForm{Next: next}, false)
		if failed != nil {
			return failed
		}
		return f.refused(c, err, func(p *fault.Fault) themes.Page { page.Problem = p; return page })
	}
	return f.entered(c, in, next, func() error { return f.to(c, onward(next)) })
}

// factorPage fills the page of the second step.
func (f Factors) factorPage(c *fiber.Ctx, next string) (themes.FactorPage, error) {
	challenge, err := f.Auth.OpenChallenge(c.UserContext(), visit.Challenge(c))
	if err != nil {
		return themes.FactorPage{}, err
	}
	days, err := f.Auth.RememberDays(c.UserContext())
	return themes.FactorPage{Challenge: challenge, RememberDays: days, Next: next}, err
}

// FactorForm shows the second step; who has none to wait for goes back to the first.
func (f Factors) FactorForm(c *fiber.Ctx) error {
	next := visit.Local(query(c, "next"))
	p, err := f.factorPage(c, next)
	switch {
	case errors.Is(err, auth.ErrChallengeOver):
		return f.to(c, withNext("/signin", next))
	case err != nil:
		return err
	case p.Challenge.Enrol:
		return f.to(c, withNext("/signin/factor/enrol", next))
	}
	noStore(c)
	return f.show(c, p)
}

// Factor opens the session when the answer is right.
func (f Factors) Factor(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	next := visit.Local(typed.get("next"))
	a := auth.FactorAnswer{
		Code: typed.get("code"), Recovery: typed.get("recovery"), Passkey: f.answered(c, typed), Remember: typed.get("remember") != "",
	}
	in, err := f.Auth.AnswerChallenge(c.UserContext(), visit.Challenge(c), a, client(c))
	if errors.Is(err, auth.ErrChallengeOver) {
		return f.startOver(c, next)
	}
	if err != nil {
		p, failed := f.factorPage(c, next)
		if errors.Is(failed, auth.ErrChallengeOver) {
			return f.startOver(c, next)
		}
		if failed != nil {
			return failed
		}
		p.Remember = a.Remember
		noStore(c)
		return f.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	if in.UsedRecovery && in.CodesLeft <= auth.RecoveryLow {
		visit.SetFlash(c, string(themes.FlashRecoveryFew), strconv.Itoa(in.CodesLeft))
	}
	return f.entered(c, in, next, func() error { return f.to(c, onward(next)) })
}

// ChallengeOptions is what the second step asks a passkey with: one of the person's, or a new one where they add one.
func (f Factors) ChallengeOptions(c *fiber.Ctx) error {
	asked, err := f.Auth.BeginPasskeyChallenge(c.UserContext(), visit.Challenge(c), f.standsAt(c))
	return asks(c, asked, err)
}

// enrolPage fills the page on which a factor is added before the session opens.
func (f Factors) enrolPage(c *fiber.Ctx, next string) (themes.EnrolPage, error) {
	ctx, secret := c.UserContext(), visit.Challenge(c)
	challenge, err := f.Auth.OpenChallenge(ctx, secret)
	if err != nil {
		return themes.EnrolPage{}, err
	}
	seed, err := f.Auth.ChallengeSeed(ctx, secret)
	return themes.EnrolPage{Challenge: challenge, Seed: seed, Next: next}, err
}

// EnrolForm shows how to add a second factor.
func (f Factors) EnrolForm(c *fiber.Ctx) error {
	next := visit.Local(query(c, "next"))
	p, err := f.enrolPage(c, next)
	switch {
	case errors.Is(err, auth.ErrChallengeOver):
		return f.to(c, withNext("/signin", next))
	case err != nil:
		return err
	case !p.Challenge.Enrol:
		return f.to(c, withNext("/signin/factor", next))
	}
	noStore(c)
	return f.show(c, p)
}

// Enrol adds a second factor, or puts it off, and opens the session. Who added one goes on to recovery codes.
func (f Factors) Enrol(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, secret, next := c.UserContext(), visit.Challenge(c), visit.Local(typed.get("next"))
	onTo := withNext(recoveryHome, next)
	var in auth.SignedIn
	switch passkey := f.answered(c, typed); {
	case typed.get("skip") != "":
		in, err = f.Auth.SkipEnrolment(ctx, secret, client(c))
		onTo = onward(next)
	case passkey.Response != "":
		in, err = f.Auth.EnrolPasskey(ctx, secret, passkey, "", client(c))
	default:
		in, err = f.Auth.EnrolTOTP(ctx, secret, typed.get("token"), typed.get("code"), "", client(c))
	}
	if errors.Is(err, auth.ErrChallengeOver) {
		return f.startOver(c, next)
	}
	if err != nil {
		p, failed := f.enrolPage(c, next)
		if errors.Is(failed, auth.ErrChallengeOver) {
			return f.startOver(c, next)
		}
		if failed != nil {
			return failed
		}
		noStore(c)
		return f.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return f.entered(c, in, next, func() error { return f.to(c, onTo) })
}

// page fills the page of one's own second factors and sessions.
func (f Factors) page(c *fiber.Ctx) (p themes.SecurityPage, err error) {
	ctx := c.UserContext()
	me := who(ctx)
	p.CurrentSession = me.SessionID
	p.Person = auth.Person{ID: me.PersonID, Email: me.Email, Name: me.Name}
	if p.Factors, err = f.Auth.Factors(ctx); err != nil {
		return p, err
	}
	p.Sessions, err = f.Auth.Sessions(ctx)
	return p, err
}

// Show shows them.
func (f Factors) Show(c *fiber.Ctx) error {
	p, err := f.page(c)
	if err != nil {
		return err
	}
	return f.show(c, p)
}

// again shows the page with what was refused.
func (f Factors) again(c *fiber.Ctx, refused error) error {
	p, err := f.page(c)
	if err != nil {
		return err
	}
	return f.refused(c, refused, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

// BeginApp shows the seed of an app to be added.
func (f Factors) BeginApp(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	seed, err := f.Auth.BeginTOTP(c.UserContext())
	if err != nil {
		return err
	}
	noStore(c)
	return f.show(c, themes.AppPage{Seed: seed, Name: typed.get("name")})
}

// ConfirmApp adds an app that shows the right code.
func (f Factors) ConfirmApp(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, token, name := c.UserContext(), typed.get("token"), typed.get("name")
	added, err := f.Auth.ConfirmTOTP(ctx, token, typed.get("code"), name)
	if err != nil {
		seed, failed := f.Auth.OpenTOTP(ctx, token)
		if failed != nil {
			return f.again(c, err)
		}
		noStore(c)
		return f.refused(c, err, func(wrong *fault.Fault) themes.Page { return themes.AppPage{Seed: seed, Name: name, Problem: wrong} })
	}
	return f.added(c, added)
}

// added goes on after a factor was added: to recovery codes while there are none.
func (f Factors) added(c *fiber.Ctx, added auth.Factor) error {
	p, err := f.page(c)
	if err != nil {
		return err
	}
	address := securityHome
	if p.Codes() == 0 {
		address = recoveryHome
	}
	return f.done(c, address, themes.FlashFactorAdded, added.Name)
}

// PasskeyOptions is what an authenticator is asked with for a new passkey.
func (f Factors) PasskeyOptions(c *fiber.Ctx) error {
	asked, err := f.Auth.BeginPasskey(c.UserContext(), f.standsAt(c))
	return asks(c, asked, err)
}

// AddPasskey adds the passkey that an authenticator made.
func (f Factors) AddPasskey(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	added, err := f.Auth.AddPasskey(c.UserContext(), f.answered(c, typed), typed.get("name"))
	if err != nil {
		return f.again(c, err)
	}
	return f.added(c, added)
}

// Remove takes one of one's own factors away.
func (f Factors) Remove(c *fiber.Ctx) error {
	factor, err := id(c, "id")
	if err != nil {
		return err
	}
	p, err := f.page(c)
	if err != nil {
		return err
	}
	name := ""
	for _, one := range p.Factors {
		if one.ID == factor && one.Kind.Proves() {
			name = one.Name
		}
	}
	if err := f.Auth.RemoveFactor(c.UserContext(), factor); err != nil {
		return f.again(c, err)
	}
	if name == "" {
		return f.done(c, securityHome, themes.FlashSaved, "")
	}
	return f.done(c, securityHome, themes.FlashFactorRemoved, name)
}

// Recovery offers recovery codes, and says how many are left.
func (f Factors) Recovery(c *fiber.Ctx) error {
	p, err := f.page(c)
	if err != nil {
		return err
	}
	return f.show(c, themes.RecoveryPage{Left: p.Codes(), Next: visit.Local(query(c, "next"))})
}

// MakeRecovery makes recovery codes and shows them, this once: there is no redirect, and the answer is kept nowhere.
func (f Factors) MakeRecovery(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	p := themes.RecoveryPage{Next: visit.Local(typed.get("next")), Portal: visit.Of(c).Origin()}
	noStore(c)
	if p.Codes, err = f.Auth.MakeRecoveryCodes(c.UserContext()); err != nil {
		return f.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return f.show(c, p)
}

// EndSession signs another browser out.
func (f Factors) EndSession(c *fiber.Ctx) error {
	session, err := id(c, "id")
	if err != nil {
		return err
	}
	if err := f.Auth.EndSession(c.UserContext(), session); err != nil {
		return err
	}
	return f.done(c, securityHome, themes.FlashSessionEnded, "")
}

// EndOthers signs every other browser out.
func (f Factors) EndOthers(c *fiber.Ctx) error {
	if _, err := f.Auth.EndOtherSessions(c.UserContext()); err != nil {
		return err
	}
	return f.done(c, securityHome, themes.FlashOtherSessionsEnded, "")
}

// EndAll signs every browser out, this one too.
func (f Factors) EndAll(c *fiber.Ctx) error {
	if _, err := f.Auth.EndOtherSessions(c.UserContext()); err != nil {
		return err
	}
	return SSO{Site: f.Site, Auth: f.Auth, SignOn: f.SignOn}.SignOut(c)
}
