package web

import (
	"errors"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// StepUpForm asks who is signed in to prove themselves anew, and then leads to next.
func (f Factors) StepUpForm(c *fiber.Ctx) error {
	next := visit.Local(query(c, "next"))
	if f.Auth.Fresh(c.UserContext()) == nil {
		return f.to(c, onward(next))
	}
	p, err := f.stepUpPage(c, "/step-up", next)
	if err != nil {
		return err
	}
	return f.show(c, p)
}

// stepUpPage fills the page. The identity provider that vouched is asked again at its own address and leads back here.
func (f Factors) stepUpPage(c *fiber.Ctx, action, next string) (themes.StepUpPage, error) {
	ways, err := f.Auth.StepUpWays(c.UserContext())
	p := themes.StepUpPage{Action: action, Next: next, Ways: ways}
	if ways.Connection != uid.Nil {
		back := action
		if next != "" {
			back = withNext(action, next)
		}
		p.SignOnTo = "/sso/start/" + ways.Connection.String() + "?purpose=step_up&next=" + url.QueryEscape(back)
	}
	return p, err
}

// StepUp takes a fresh proof and leads on.
func (f Factors) StepUp(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	next := visit.Local(typed.get("next"))
	if err := f.Auth.StepUp(c.UserContext(), f.proof(c, typed)); err != nil {
		p, failed := f.stepUpPage(c, "/step-up", next)
		if failed != nil {
			return failed
		}
		return f.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return f.done(c, onward(next), themes.FlashConfirmed, "")
}

func (f Factors) proof(c *fiber.Ctx, typed form) auth.StepUpAnswer {
	return auth.StepUpAnswer{
		Password:     typed.get("password"),
		FactorAnswer: auth.FactorAnswer{Code: typed.get("code"), Recovery: typed.get("recovery"), Passkey: f.answered(c, typed)},
	}
}

// CheckOptions is what a fresh proof asks a passkey with.
func (f Factors) CheckOptions(c *fiber.Ctx) error {
	asked, err := f.Auth.BeginPasskeyStepUp(c.UserContext(), f.standsAt(c))
	return asks(c, asked, err)
}

// keptPage fills the page of a form that is kept meanwhile; one that is over leads home with a word.
func (f Factors) keptPage(c *fiber.Ctx) (themes.StepUpPage, error) {
	kept, err := f.Auth.PeekRequest(c.UserContext(), c.Params("token"))
	if err != nil {
		return themes.StepUpPage{}, err
	}
	p, err := f.stepUpPage(c, c.Path(), "")
	p.Back = kept.Back
	return p, err
}

// KeptForm asks for a fresh proof while a form is kept; who has proved themselves meanwhile, at their identity provider,
// only sends it on.
func (f Factors) KeptForm(c *fiber.Ctx) error {
	p, err := f.keptPage(c)
	if err != nil {
		return err
	}
	p.Proven = f.Auth.Fresh(c.UserContext()) == nil
	noStore(c)
	return f.show(c, p)
}

// Kept takes a fresh proof and then answers the kept form as if it were posted now. It passes all that every request passes:
// who asks, the form's own token, what its address needs.
func (f Factors) Kept(c *fiber.Ctx) error {
	typed, err := readForm(c)
	if err != nil {
		return err
	}
	if f.Auth.Fresh(c.UserContext()) != nil {
		if err := f.Auth.StepUp(c.UserContext(), f.proof(c, typed)); err != nil {
			p, failed := f.keptPage(c)
			if failed != nil {
				return failed
			}
			return f.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
		}
		c.SetUserContext(f.Auth.Refreshed(c.UserContext()))
	}
	kept, err := f.Auth.TakeRequest(c.UserContext(), c.Params("token"))
	if err != nil {
		return err
	}
	resend(c, kept)
	return c.RestartRouting()
}

// resend makes a kept form the request that is being answered.
func resend(c *fiber.Ctx, kept auth.KeptRequest) {
	r := c.Request()
	r.SetBody(kept.Body)
	r.Header.SetContentType(kept.Type)
	r.PostArgs().Reset()
	if kept.Type == fiber.MIMEApplicationForm {
		r.PostArgs().ParseBytes(kept.Body) // it was read already, as the form of this page
	}
	r.Header.Set(fiber.HeaderReferer, visit.Of(c).Origin()+kept.Back)
	c.Path(kept.Path)
}

// Fresh is around what is dangerous: who asks must have proved themselves lately. Else a form is kept, and answered when
// they have; a script is told so, and anything else is asked for again.
func (f Factors) Fresh(h fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		err := f.Auth.Fresh(c.UserContext())
		switch {
		case err == nil:
			return h(c)
		case !errors.Is(err, auth.ErrStepUp) || visit.WantsJSON(c):
			return err
		case !visit.Unsafe(c):
			return f.to(c, withNext("/step-up", visit.Local(c.OriginalURL())))
		}
		back := place(c)
		if sent := c.Get(fiber.HeaderContentType); sent == fiber.MIMEApplicationForm || strings.HasPrefix(sent, fiber.MIMEMultipartForm) {
			name, err := f.Auth.KeepRequest(c.UserContext(), auth.KeptRequest{Path: c.Path(), Type: sent, Body: c.Body(), Back: back})
			if err == nil {
				return f.to(c, "/step-up/"+name)
			}
			if !errors.Is(err, auth.ErrRequestTooLarge) {
				return err
			}
		}
		return f.to(c, withNext("/step-up", back))
	}
}
