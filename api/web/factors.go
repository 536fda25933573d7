package web

import (
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
