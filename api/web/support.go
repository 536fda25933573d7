package web

import (
	"context"
	"encoding/base64"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/support"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/themes"
)

// OperatorSupport is where operators ask to look at a portal as one of its people.
type OperatorSupport struct {
	*Site
	Support *support.Service
	Tenants *tenant.Service
}

const (
	atOperatorSupport = "/operator/support"
	visitsListed      = 100
)

func (o OperatorSupport) page(c *fiber.Ctx) (p themes.OperatorSupportPage, err error) {
	p.Form = themes.SupportForm{Slug: query(c, "portal"), Minutes: 30}
	if p.Visits, err = o.Support.List(c.UserContext(), visitsListed); err != nil {
		return p, err
	}
	p.Ways = map[uid.ID]string{}
	who, _ := route.OperatorFrom(c.UserContext())
	p.Me = who.ID
	for _, v := range p.Visits {
		if v.OperatorID != who.ID || v.State != support.Approved && v.State != support.Open {
			continue
		}
		if _, t, err := o.Support.Find(c.UserContext(), v.ID); err == nil {
			p.Ways[v.ID] = o.hosts.PortalURL(t) + "/support/begin/" + v.ID.String()
		}
	}
	return p, nil
}

// List shows the form and the visits.
func (o OperatorSupport) List(c *fiber.Ctx) error {
	p, err := o.page(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// Ask asks for a visit.
func (o OperatorSupport) Ask(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	typed := themes.SupportForm{
		Slug: f.get("slug"), Email: f.get("email"), Reason: f.get("reason"), Ticket: f.get("ticket"), Minutes: f.number(wrong, "minutes"), Writes: f.get("writes") != "",
	}
	err = wrong.Err()
	if err == nil {
		err = o.ask(c, typed)
	}
	if err == nil {
		return o.to(c, atOperatorSupport)
	}
	p, failed := o.page(c)
	if failed != nil {
		return failed
	}
	p.Form = typed
	return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

func (o OperatorSupport) ask(c *fiber.Ctx, typed themes.SupportForm) error {
	t, err := o.Tenants.Show(c.UserContext(), typed.Slug)
	if err != nil {
		if fault.Of(err).Kind == fault.KindNotFound {
			return fault.Invalid(map[string]string{"slug": "There is no portal at this address."})
		}
		return err
	}
	who, _ := route.OperatorFrom(c.UserContext())
	_, err = o.Support.Ask(tenant.With(c.UserContext(), t), who, support.Wish{
		Email: typed.Email, Reason: typed.Reason, Ticket: typed.Ticket, Minutes: typed.Minutes, Writes: typed.Writes,
	})
	return err
}

// Code sends the operator's browser back to the portal, with the way in for that browser.
func (o OperatorSupport) Code(c *fiber.Ctx) error {
	at, err := id(c, "visit")
	if err != nil {
		return err
	}
	bound, err := base64.RawURLEncoding.DecodeString(query(c, "for"))
	if err != nil || len(bound) != len(uid.Hash("")) {
		return support.ErrCode
	}
	_, t, err := o.Support.Find(c.UserContext(), at)
	if err != nil {
		return err
	}
	who, _ := route.OperatorFrom(c.UserContext())
	code, err := o.Support.Code(tenant.With(c.UserContext(), t), who, at, bound)
	if err != nil {
		return err
	}
	noStore(c)
	return o.to(c, o.hosts.PortalURL(t)+"/support/enter/"+code)
}

// End ends one's own visit.
func (o OperatorSupport) End(c *fiber.Ctx) error {
	at, err := id(c, "visit")
	if err != nil {
		return err
	}
	_, t, err := o.Support.Find(c.UserContext(), at)
	if err != nil {
		return err
	}
	who, _ := route.OperatorFrom(c.UserContext())
	if err := o.Support.Leave(tenant.With(c.UserContext(), t), who.ID, at); err != nil {
		return err
	}
	return o.done(c, atOperatorSupport, themes.FlashSupportEnded, "")
}

// SupportVisit is an operator's way into a portal and out again.
type SupportVisit struct {
	*Site
	Support *support.Service
}

// Begin marks the browser and asks the console for a code that only this browser can use.
func (w SupportVisit) Begin(c *fiber.Ctx) error {
	at, err := id(c, "visit")
	if err != nil {
		return err
	}
	secret, hash := uid.Secret()
	visit.SetSupportBrowser(c, secret)
	noStore(c)
	return w.to(c, w.hosts.PlatformURL()+atOperatorSupport+"/"+at.String()+"/code?for="+base64.RawURLEncoding.EncodeToString(hash))
}

// Confirm shows what is about to begin. It uses the code not up.
func (w SupportVisit) Confirm(c *fiber.Ctx) error {
	v, err := w.Support.Peek(c.UserContext(), c.Params("code"), visit.SupportBrowser(c))
	if err != nil {
		return err
	}
	noStore(c)
	return w.show(c, themes.SupportEnterPage{Visit: v, Code: c.Params("code")})
}

// Enter begins the visit.
func (w SupportVisit) Enter(c *fiber.Ctx) error {
	secret, v, err := w.Support.Enter(c.UserContext(), c.Params("code"), visit.SupportBrowser(c))
	if err != nil {
		return err
	}
	visit.SetSupport(c, secret, v.EndsAt.Sub(w.now()))
	return w.to(c, "/")
}

// Leave ends the visit of this browser and goes back to the console.
func (w SupportVisit) Leave(c *fiber.Ctx) error {
	if g, ok := auth.GuiseFrom(c.UserContext()); ok {
		if err := w.Support.Leave(c.UserContext(), g.Operator, g.Visit); err != nil {
			return err
		}
	}
	visit.ClearSupport(c)
	return w.done(c, "/", themes.FlashSupportEnded, "")
}

// SupportAccess is where a portal rules what operators may.
type SupportAccess struct {
	*Site
	Support *support.Service
}

const atSupportAccess = "/settings/support-access"

func (a SupportAccess) page(c *fiber.Ctx) (p themes.SupportAccessPage, err error) {
	p.Access, err = a.Support.Access(c.UserContext())
	p.Form = themes.SupportRulesForm{Mode: "read", Approve: p.Access.Rules.Approve, Hours: 4}
	switch {
	case p.Access.Rules.Off:
		p.Form.Mode = "off"
	case p.Access.Rules.Grants(a.now()):
		p.Form.Mode = "write"
	}
	return p, err
}

// Show shows rules and visits.
func (a SupportAccess) Show(c *fiber.Ctx) error {
	p, err := a.page(c)
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// Save writes the rules.
func (a SupportAccess) Save(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	typed := themes.SupportRulesForm{Mode: f.get("mode"), Approve: f.get("approve") != ""}
	wanted := support.Wanted{Off: typed.Mode == "off", Approve: typed.Approve}
	wrong.Check(typed.Mode == "off" || typed.Mode == "read" || typed.Mode == "write", "mode", "Choose what support may do.")
	if typed.Mode == "write" {
		typed.Hours = f.number(wrong, "hours")
		wrong.Check(typed.Hours >= 1, "hours", "Choose between 1 and 72 hours.")
		wanted.Hours = typed.Hours
	}
	if err = wrong.Err(); err == nil {
		err = a.Support.SetRules(c.UserContext(), wanted)
	}
	if err == nil {
		return a.done(c, atSupportAccess, themes.FlashSaved, "")
	}
	p, failed := a.page(c)
	if failed != nil {
		return failed
	}
	p.Form = typed
	return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
}

func (a SupportAccess) about(c *fiber.Ctx, do func(ctx context.Context, id uid.ID) error, said themes.FlashKey) error {
	at, err := id(c, "visit")
	if err != nil {
		return err
	}
	if err := do(c.UserContext(), at); err != nil {
		return err
	}
	return a.done(c, atSupportAccess, said, "")
}

// Approve lets a visit that waits begin.
func (a SupportAccess) Approve(c *fiber.Ctx) error {
	return a.about(c, func(ctx context.Context, id uid.ID) error { return a.Support.Decide(ctx, id, true) }, themes.FlashSupportApproved)
}

// Refuse refuses a visit that waits.
func (a SupportAccess) Refuse(c *fiber.Ctx) error {
	return a.about(c, func(ctx context.Context, id uid.ID) error { return a.Support.Decide(ctx, id, false) }, themes.FlashSupportRefused)
}

// End ends a visit.
func (a SupportAccess) End(c *fiber.Ctx) error {
	return a.about(c, a.Support.End, themes.FlashSupportEnded)
}

// EndEvery ends all visits.
func (a SupportAccess) EndEvery(c *fiber.Ctx) error {
	if _, err := a.Support.EndEvery(c.UserContext()); err != nil {
		return err
	}
	return a.done(c, atSupportAccess, themes.FlashSupportEnded, "")
}
