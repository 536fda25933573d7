package web

import (
	"errors"
	"strings"

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
	in, err := o.Operators.AnswerChallenge(c.UserContext(), visit.Challenge(c), typedCode(f), client(c))
	if errors.Is(err, auth.ErrChallengeOver) {
		return o.again(c, next)
	}
	if err != nil {
		noStore(c)
		return o.refused(c, err, func(p *fault.Fault) themes.Page { return themes.OperatorCodePage{Next: next, Problem: p} })
	}
	return o.entered(c, in, next)
}

// typedCode is the code of an app, or the recovery code that was typed in its place.
func typedCode(f form) string {
	if code := f.get("recovery"); code != "" {
		return code
	}
	return f.get("code")
}

// again leads to the beginning of a sign-in that took too long.
func (o Console) again(c *fiber.Ctx, next string) error {
	visit.ClearChallenge(c)
	return o.done(c, withNext("/operator/signin", next), themes.FlashSignInAgain, "")
}

// EnrolForm shows an operator who has no app yet how to add it.
func (o Console) EnrolForm(c *fiber.Ctx) error {
	next := visit.Local(query(c, "next"))
	seed, err := o.Operators.EnrolSeed(c.UserContext(), visit.Challenge(c))
	if errors.Is(err, auth.ErrChallengeOver) {
		return o.again(c, next)
	}
	if err != nil {
		return err
	}
	noStore(c)
	return o.show(c, themes.OperatorEnrolPage{Seed: seed, Next: next})
}

// Enrol adds an operator's first app, signs them in, and shows their recovery codes this once.
func (o Console) Enrol(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	next := visit.Local(f.get("next"))
	in, codes, err := o.Operators.Enrol(c.UserContext(), visit.Challenge(c), f.get("code"), client(c))
	if errors.Is(err, auth.ErrChallengeOver) {
		return o.again(c, next)
	}
	noStore(c)
	if err != nil {
		seed, failed := o.Operators.EnrolSeed(c.UserContext(), visit.Challenge(c))
		if failed != nil {
			return failed
		}
		return o.refused(c, err, func(p *fault.Fault) themes.Page { return themes.OperatorEnrolPage{Seed: seed, Next: next, Problem: p} })
	}
	visit.ClearChallenge(c)
	visit.SetOperatorSession(c, in.Secret)
	visit.Anchor(c, in.Secret) // the page's forms belong to the session that has just begun
	c.SetUserContext(route.WithOperator(c.UserContext(), in.Operator))
	return o.codes(c, codes, next)
}

func (o Console) codes(c *fiber.Ctx, codes []string, next string) error {
	if next == "" {
		next = consoleHome
	}
	noStore(c)
	return o.show(c, themes.OperatorCodesPage{Codes: codes, Next: next, Platform: visit.Of(c).Origin()})
}

const operatorSecurity = "/operator/security"

// Security shows how an operator signs in.
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
	if p.Left, err = o.Operators.CodesLeft(c.UserContext(), who); err != nil {
		return p, err
	}
	if token != "" {
		if p.Seed, err = o.Operators.OpenApp(who, token); err == nil {
			return p, nil
		}
	}
	p.Seed, err = o.Operators.BeginApp(who)
	return p, err
}

// ReplaceApp puts an app whose first code is right in the place of the one before.
func (o Console) ReplaceApp(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	who, _ := route.OperatorFrom(c.UserContext())
	if err := o.Operators.ReplaceApp(c.UserContext(), who, f.get("token"), f.get("code")); err != nil {
		p, failed := o.securityPage(c, f.get("token"))
		if failed != nil {
			return failed
		}
		noStore(c)
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return o.done(c, operatorSecurity, themes.FlashSaved, "")
}

// RenewCodes makes recovery codes and shows them, this once.
func (o Console) RenewCodes(c *fiber.Ctx) error {
	who, _ := route.OperatorFrom(c.UserContext())
	codes, err := o.Operators.RenewCodes(c.UserContext(), who)
	if err != nil {
		return err
	}
	return o.codes(c, codes, operatorSecurity)
}

// Fresh is around what is dangerous: the operator must have proved themselves lately. Else their form waits in the page
// that asks for the proof, and is answered when they have; a script is told so.
func (o Console) Fresh(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		who, _ := route.OperatorFrom(c.UserContext())
		err := o.Operators.Fresh(who)
		if err == nil {
			return h(c)
		}
		sent := c.Get(fiber.HeaderContentType)
		if visit.WantsJSON(c) || sent != fiber.MIMEApplicationForm && !strings.HasPrefix(sent, fiber.MIMEMultipartForm) {
			return err
		}
		back := place(c)
		sealed, err := o.Operators.Keep(who, auth.KeptRequest{Path: c.Path(), Type: sent, Body: c.Body(), Back: back})
		if err != nil {
			return err
		}
		noStore(c)
		return o.showWith(c, fiber.StatusForbidden, themes.OperatorStepUpPage{Kept: sealed, Back: back})
	}
}

// StepUp takes a fresh proof and then answers the form that waited as if it were posted now. It passes all that every
// request passes.
func (o Console) StepUp(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	who, _ := route.OperatorFrom(c.UserContext())
	sealed := f.get("kept")
	kept, err := o.Operators.Kept(who, sealed)
	if err != nil {
		return err
	}
	if err := o.Operators.StepUp(c.UserContext(), who, typedCode(f)); err != nil {
		noStore(c)
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.OperatorStepUpPage{Kept: sealed, Back: kept.Back, Problem: wrong}
		})
	}
	resend(c, kept)
	return c.RestartRouting()
}
