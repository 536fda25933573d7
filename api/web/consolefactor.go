package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/themes"
)

// CodeForm asks an operator for the code of their app; who has no sign-in to wait for goes back to its beginning.
func (o Console) CodeForm(c *fiber.Ctx) error {
	next := visit.Local(query(c, "next"))
	if visit.Challenge(c) == "" {
		return o.to(c, withNext("/operator/signin", next))
	}
	noStore(c)
	return o.show(c, themes.OperatorCodePage{Next: next})
}

// Code opens the session of an operator whose code is right.
func (o Console) Code(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	next := visit.Local(f.get("next"))
	in, err := o.Operators.AnswerChallenge(c.UserContext(), visit.Challenge(c), f.get("code"), client(c))
	if errors.Is(err, auth.ErrChallengeOver) {
		visit.ClearChallenge(c)
		return o.done(c, withNext("/operator/signin", next), themes.FlashSignInAgain, "")
	}
	if err != nil {
		noStore(c)
		return o.refused(c, err, func(p *fault.Fault) themes.Page { return themes.OperatorCodePage{Next: next, Problem: p} })
	}
	return o.entered(c, in, next)
}

// Security shows an operator's app, or how to add one.
func (o Console) Security(c *fiber.Ctx) error {
	p, err := o.securityPage(c, "")
	if err != nil {
		return err
	}
	noStore(c)
	return o.show(c, p)
}

// securityPage fills the page; the seed is the one of a token, or a new one.
func (o Console) securityPage(c *fiber.Ctx, token string) (p themes.OperatorSecurityPage, err error) {
	who, _ := route.OperatorFrom(c.UserContext())
	if p.HasApp = who.HasApp(); p.HasApp {
		return p, nil
	}
	if token != "" {
		if p.Seed, err = o.Operators.OpenApp(who, token); err == nil {
			return p, nil
		}
	}
	p.Seed, err = o.Operators.BeginApp(who)
	return p, err
}

// AddApp adds an app whose first code is right.
func (o Console) AddApp(c *fiber.Ctx) error {
	return o.changeApp(c, func(who auth.Operator, f form) error {
		return o.Operators.AddApp(c.UserContext(), who, f.get("token"), f.get("code"))
	})
}

// RemoveApp takes the app away, by its own code.
func (o Console) RemoveApp(c *fiber.Ctx) error {
	return o.changeApp(c, func(who auth.Operator, f form) error {
		return o.Operators.RemoveApp(c.UserContext(), who, f.get("code"))
	})
}

func (o Console) changeApp(c *fiber.Ctx, do func(auth.Operator, form) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	who, _ := route.OperatorFrom(c.UserContext())
	if err := do(who, f); err != nil {
		p, failed := o.securityPage(c, f.get("token"))
		if failed != nil {
			return failed
		}
		noStore(c)
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return o.done(c, "/operator/security", themes.FlashSaved, "")
}
