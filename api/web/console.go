package web

import (
	"context"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/content"
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/flag"
	"lyceum/tenant/health"
	"lyceum/tenant/leaving"
	"lyceum/tenant/life"
	"lyceum/themes"
)

// Console is where operators look after tenants.
type Console struct {
	*Site
	Operators *auth.Operators
	Tenants   *tenant.Service
	Addresses *address.Service
	Content   *content.Service
	Leaving   *leaving.Service
	Health    *health.Service
	Flags     *flag.Service
	Broadcast *broadcast.Service
	Newest    int // the newest tenant migration
}

// consoleHome is where a signed-in operator begins.
const consoleHome = "/operator"

// SignInForm shows the form; who is signed in goes on.
func (o Console) SignInForm(c *fiber.Ctx) error {
	next := visit.Local(query(c, "next"))
	if _, in := route.OperatorFrom(c.UserContext()); in {
		return o.to(c, consoleHome)
	}
	return o.show(c, themes.OperatorSignInPage{Form: themes.SignInForm{Next: next}})
}

// SignIn opens an operator's session.
func (o Console) SignIn(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.SignInForm{Email: f.get("email"), Next: visit.Local(f.get("next"))}
	in, err := o.Operators.SignIn(c.UserContext(), typed.Email, f.get("password"), client(c))
	if err != nil {
		return o.refused(c, err, func(p *fault.Fault) themes.Page { return themes.OperatorSignInPage{Form: typed, Problem: p} })
	}
	visit.SetChallenge(c, in.Challenge)
	if in.Enrol {
		return o.to(c, withNext("/operator/signin/app", typed.Next))
	}
	return o.to(c, withNext("/operator/signin/code", typed.Next))
}

// entered signs the browser in to the console.
func (o Console) entered(c *fiber.Ctx, in auth.OperatorIn, next string) error {
	visit.ClearChallenge(c)
	visit.SetOperatorSession(c, in.Secret)
	if next == "" {
		next = consoleHome
	}
	return o.to(c, next)
}

// SignOut ends the session.
func (o Console) SignOut(c *fiber.Ctx) error {
	if err := o.Operators.SignOut(c.UserContext(), visit.OperatorSession(c)); err != nil {
		return err
	}
	visit.ClearOperatorSession(c)
	return o.done(c, "/operator/signin", themes.FlashSignedOut, "")
}

// List shows the tenants.
func (o Console) List(c *fiber.Ctx) error {
	f := health.Filter{
		Query: query(c, "q"), State: life.State(query(c, "state")), Plan: query(c, "plan"), Verdict: health.Verdict(query(c, "health")), Sort: health.Sort(query(c, "sort")), Page: after(c),
	}
	if query(c, "behind") != "" {
		f.Behind = o.Newest
	}
	tenants, err := o.Health.List(c.UserContext(), f)
	if err != nil {
		return err
	}
	plans, err := o.Health.Plans(c.UserContext())
	if err != nil {
		return err
	}
	return o.show(c, themes.TenantsPage{Filter: f, Tenants: tenants, Plans: plans, Newest: o.Newest})
}

// NewForm shows the form for a portal.
func (o Console) NewForm(c *fiber.Ctx) error {
	return o.show(c, themes.NewTenantPage{Base: o.hosts.Base})
}

// New makes a portal, whose owner is invited by mail.
func (o Console) New(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	typed := themes.SignUpForm{Organization: f.get("organization"), Slug: f.get("slug"), Email: f.get("email"), Name: f.get("name")}
	t, err := o.Tenants.SignUp(c.UserContext(), tenant.SignUp{
		Organization: typed.Organization, Slug: typed.Slug, OwnerName: typed.Name, Email: typed.Email, Invited: true, CheckEmail: auth.NormaliseEmail,
	})
	if err != nil && t.ID == uid.Nil {
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page {
			return themes.NewTenantPage{Base: o.hosts.Base, Form: typed, Problem: wrong}
		})
	}
	if err != nil { // begun, and finished by a job
		problem.Note(c, err)
	}
	return o.done(c, "/operator/tenants/"+t.Slug, themes.FlashTenantCreated, t.Name)
}

func (o Console) page(c *fiber.Ctx) (themes.TenantPage, error) {
	t, err := o.Tenants.Show(c.UserContext(), c.Params("slug"))
	if err != nil {
		return themes.TenantPage{}, err
	}
	p := themes.TenantPage{Tenant: t, URL: o.hosts.PortalURL(t), Newest: o.Newest}
	at, err := o.Addresses.ForOperators().View(tenant.With(c.UserContext(), t))
	if err != nil {
		return p, err
	}
	p.Windows = o.Broadcast.WindowsOf(c.UserContext(), t)
	p.Flags = o.Flags.Of(c.UserContext(), t)
	p.Domains, p.Former, p.Days, p.Base = at.Domains, at.Old, o.Leaving.Days, o.hosts.Base
	if p.Steps, err = o.Tenants.Steps(c.UserContext(), t.ID); err != nil {
		return p, err
	}
	if p.Health, p.Failures, err = o.Health.Of(c.UserContext(), t.ID); err != nil {
		return p, err
	}
	// A portal whose files cannot be counted now can still be suspended and deleted.
	if st, err := o.Content.StorageNow(tenant.With(c.UserContext(), t)); err == nil {
		p.Storage = &st
	} else {
		o.log.WarnContext(c.UserContext(), "the storage of a tenant is not known", "tenant", t.Slug, "err", err)
	}
	return p, nil
}

// Show shows one tenant.
func (o Console) Show(c *fiber.Ctx) error {
	p, err := o.page(c)
	if err != nil {
		return err
	}
	return o.show(c, p)
}

// change does something to the tenant of the path, and shows it again when that was refused.
func (o Console) change(c *fiber.Ctx, key themes.FlashKey, do func(ctx context.Context, slug string, typed themes.TenantForm) error) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := o.page(c)
	if err != nil {
		return err
	}
	p.Form = themes.TenantForm{Reason: f.get("reason"), Confirm: f.get("confirm"), EraseReason: f.get("erase_reason"), EraseConfirm: f.get("erase_confirm")}
	if err := do(c.UserContext(), p.Tenant.Slug, p.Form); err != nil {
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	address := "/operator/tenants/" + p.Tenant.Slug
	if key == themes.FlashTenantDeleted {
		address = consoleHome
	}
	return o.done(c, address, key, p.Tenant.Name)
}

// Suspend closes a portal.
func (o Console) Suspend(c *fiber.Ctx) error {
	return o.change(c, themes.FlashTenantSuspended, func(ctx context.Context, slug string, typed themes.TenantForm) error {
		_, err := o.Tenants.Suspend(ctx, slug, typed.Reason)
		return err
	})
}

// Resume opens a suspended portal again.
func (o Console) Resume(c *fiber.Ctx) error {
	return o.change(c, themes.FlashTenantResumed, func(ctx context.Context, slug string, _ themes.TenantForm) error {
		_, err := o.Tenants.Resume(ctx, slug)
		return err
	})
}

// Move gives a portal another address; the one before leads there.
func (o Console) Move(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	p, err := o.page(c)
	if err != nil {
		return err
	}
	p.Form = themes.TenantForm{MoveSlug: f.get("move_slug"), MoveReason: f.get("move_reason"), MoveConfirm: f.get("move_confirm")}
	moved, err := o.Addresses.ForOperators().Move(tenant.With(c.UserContext(), p.Tenant), address.Move{Slug: p.Form.MoveSlug, Typed: p.Form.MoveConfirm, Reason: p.Form.MoveReason})
	if err != nil {
		err = renamed(err, func(field string) string { return "move_" + strings.ReplaceAll(field, "typed", "confirm") })
		return o.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return o.done(c, "/operator/tenants/"+moved.Slug, themes.FlashTenantMoved, moved.Name)
}

// Keep takes back that a portal is to be erased.
func (o Console) Keep(c *fiber.Ctx) error {
	return o.change(c, themes.FlashTenantKept, func(ctx context.Context, slug string, _ themes.TenantForm) error { return o.Leaving.Restore(ctx, slug) })
}

// Delete has a portal erased with everything in it, when its name was typed and its owners had days to object.
func (o Console) Delete(c *fiber.Ctx) error {
	return o.change(c, themes.FlashTenantLeaving, func(ctx context.Context, slug string, typed themes.TenantForm) error {
		_, err := o.Leaving.Schedule(ctx, slug, typed.Confirm)
		return renamed(err, func(field string) string { return strings.ReplaceAll(field, "typed", "confirm") })
	})
}

// Erase removes a portal with everything in it at once.
func (o Console) Erase(c *fiber.Ctx) error {
	return o.change(c, themes.FlashTenantDeleted, func(ctx context.Context, slug string, typed themes.TenantForm) error {
		return renamed(o.Tenants.Delete(ctx, slug, typed.EraseConfirm, typed.EraseReason), func(field string) string {
			return "erase_" + strings.ReplaceAll(field, "typed", "confirm")
		})
	})
}
