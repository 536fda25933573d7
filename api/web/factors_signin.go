package web

import (
	"errors"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// entered gives the browser what a sign-in led to: a session, and done goes on; or the way to the second factor.
func (s *Site) entered(c *fiber.Ctx, in auth.SignedIn, next string, done func() error) error {
	if in.Person.Locale != "" {
		visit.SetLocale(c, in.Person.Locale)
	}
	if in.Waited != "" { // a first link, which its own page ends
		visit.ClearChallenge(c)
		return s.to(c, "/sso/confirm/"+in.Waited)
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
		page, failed := Entry(f).signInPage(c, themes.SignInForm{Next: next}, false)
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
	if challenge.Waits {
		days = 0
	}
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
