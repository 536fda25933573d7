package web

import (
	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// Account is what people change about themselves.
type Account struct {
	*Site
	Auth *auth.Service
}

// page fills the page with what is kept.
func (a Account) page(c *fiber.Ctx) (themes.AccountPage, error) {
	ctx := c.UserContext()
	p, err := a.Auth.Person(ctx, who(ctx).PersonID)
	if err != nil {
		return themes.AccountPage{}, err
	}
	return themes.AccountPage{
		Person: p, Profile: themes.ProfileForm{Name: p.Name, Locale: p.Locale, TimeZone: p.TimeZone},
		TimeZones: timeZones(p.TimeZone),
	}, nil
}

// again shows the page with a refused form; edit puts in what was typed.
func (a Account) again(c *fiber.Ctx, refused error, edit func(*themes.AccountPage, *fault.Fault)) error {
	p, err := a.page(c)
	if err != nil {
		return err
	}
	return a.refused(c, refused, func(f *fault.Fault) themes.Page { edit(&p, f); return p })
}

// Show shows it.
func (a Account) Show(c *fiber.Ctx) error {
	p, err := a.page(c)
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// Save changes name, language and time zone.
func (a Account) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.ProfileForm{Name: f.get("name"), Locale: f.get("locale"), TimeZone: f.get("time_zone")}
	if err := a.Auth.UpdateProfile(c.UserContext(), auth.ProfileInput(typed)); err != nil {
		return a.again(c, err, func(p *themes.AccountPage, wrong *fault.Fault) { p.Profile, p.ProfileProblem = typed, wrong })
	}
	visit.SetLocale(c, typed.Locale)
	return a.done(c, "/account", themes.FlashSaved, "")
}

// ChangePassword sets another password and ends the other sessions.
func (a Account) ChangePassword(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	err = a.Auth.ChangePassword(c.UserContext(), f.get("current"), f.get("password"))
	if err != nil {
		err = renamed(err, func(field string) string {
			if field == "old_password" {
				return "current"
			}
			return field
		})
		return a.again(c, err, func(p *themes.AccountPage, wrong *fault.Fault) { p.PasswordProblem = wrong })
	}
	return a.done(c, "/account", themes.FlashPasswordChanged, "")
}
