package web

import (
	"math"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/themes"
)

// Platform is the product's own site: what it is, and signing up for a portal.
type Platform struct {
	*Site
	Tenants *tenant.Service
	Auth    *auth.Service
	SignUps auth.Limiter // bounds how many portals an address may sign up for
	Lookups auth.Limiter // bounds how often an address may ask which names are free
}

// baseDomain is the domain of portals as people type it, with the port where one is needed.
func (p Platform) baseDomain() string {
	if p.hosts.Port != "" {
		return p.hosts.Base + ":" + p.hosts.Port
	}
	return p.hosts.Base
}

// Landing shows what this is.
func (p Platform) Landing(c *fiber.Ctx) error {
	return p.show(c, themes.LandingPage{BaseDomain: p.baseDomain()})
}

// SignUpForm shows the form.
func (p Platform) SignUpForm(c *fiber.Ctx) error {
	leadsToPortals(c, p.hosts)
	return p.show(c, themes.SignUpPage{BaseDomain: p.baseDomain()})
}

// SignUp makes a portal and hands its owner over to it, signed in. A portal that was begun and not finished is finished
// by a job; its owner waits on a page of its own.
func (p Platform) SignUp(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	leadsToPortals(c, p.hosts)
	typed := themes.SignUpForm{Organization: f.get("organization"), Slug: f.get("slug"), Email: f.get("email"), Name: f.get("name")}
	again := func(wrong *fault.Fault) themes.Page {
		return themes.SignUpPage{Form: typed, BaseDomain: p.baseDomain(), Problem: wrong}
	}
	if ok, retry, _ := p.SignUps.Allow("signup " + visit.Of(c).Network()); !ok {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(retry.Seconds()))))
		return p.refused(c, errTooManySignUps, again)
	}
	t, err := p.Tenants.SignUp(c.UserContext(), tenant.SignUp{
		Organization: typed.Organization, Slug: typed.Slug, OwnerName: typed.Name, Email: typed.Email, Password: f.get("password"),
		CheckEmail: auth.NormaliseEmail, CheckPassword: auth.CheckPassword,
	})
	if err != nil {
		if t.ID != uid.Nil {
			problem.Note(c, err)
			return p.to(c, "/signup/wait/"+t.Slug)
		}
		return p.refused(c, err, again)
	}
	return p.handOver(c, t, typed)
}

// handOver leads the new owner to the portal by a link that signs in once. Provisioning has made the owner: asking for
// them again finds them.
func (p Platform) handOver(c *fiber.Ctx, t tenant.Tenant, typed themes.SignUpForm) error {
	inside := tenant.With(c.UserContext(), t)
	owner, err := p.Auth.CreateOwner(inside, typed.Email, typed.Name, "")
	if err != nil {
		return err
	}
	link, _, err := p.Auth.MintLink(inside, auth.TokenHandover, owner.ID)
	if err != nil {
		return err
	}
	noStore(c)
	return p.to(c, p.hosts.PortalURL(t)+"/welcome/"+link)
}

// Wait shows whether a portal is ready. Its owner signs in there with the password chosen.
func (p Platform) Wait(c *fiber.Ctx) error {
	t, err := p.Tenants.Show(c.UserContext(), c.Params("slug"))
	if err != nil {
		return err
	}
	page := themes.SignUpWaitPage{Tenant: t, PortalURL: p.hosts.PortalURL(t)}
	switch t.Status {
	case tenant.StatusActive:
		page.Enter = page.PortalURL + "/signin"
	case tenant.StatusProvisioning:
	default:
		return tenant.ErrNotFound
	}
	return p.show(c, page)
}

// Available tells the sign-up form's script whether a name is free.
func (p Platform) Available(c *fiber.Ctx) error {
	if ok, retry, _ := p.Lookups.Allow("available " + visit.Of(c).Network()); !ok {
		return problem.After(errTooManyLookups, retry)
	}
	slug := strings.ToLower(strings.TrimSpace(query(c, "slug")))
	why, err := p.Tenants.Available(c.UserContext(), slug)
	if err != nil {
		return err
	}
	text := why
	if why == "" {
		text = "This address is free."
	}
	return c.JSON(struct {
		Slug      string `json:"slug"`
		Available bool   `json:"available"`
		Text      string `json:"text"`
	}{slug, why == "", text})
}

var errTooManyLookups = fault.New(fault.KindTooMany, "too_many_lookups", "Too many names were tried. Wait a minute and try again.")

var errTooManySignUps = fault.New(fault.KindTooMany, "too_many_sign_ups", "Too many organizations were signed up from your network. Wait a while and send this again; the password has to be typed anew.")
