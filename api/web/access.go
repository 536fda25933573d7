package web

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// Access is where administrators decide how people get in beside the connections themselves: e-mail domains, rules, set-up
// links, our own keys; and where two owners open local sign-in in an emergency.
type Access struct {
	*Site
	SignOn *signon.Service
}

const atAccess = "/settings/sign-on/"

// day reads a day as a date field has it: its beginning in the time zone of who asks; nil for none.
func (f form) day(ctx context.Context, wrong fault.Fields, name string) *time.Time {
	text := f.get(name)
	if text == "" {
		return nil
	}
	zone, err := time.LoadLocation(who(ctx).TimeZone)
	if err != nil {
		zone = time.UTC
	}
	at, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		wrong.Add(name, "Choose a day.")
		return nil
	}
	at = at.UTC()
	return &at
}

// dayOf writes a day as a date field has it.
func dayOf(ctx context.Context, at *time.Time) string {
	if at == nil {
		return ""
	}
	zone, err := time.LoadLocation(who(ctx).TimeZone)
	if err != nil {
		zone = time.UTC
	}
	return at.In(zone).Format(time.DateOnly)
}

func (a Access) domainsPage(ctx context.Context) (p themes.DomainsPage, err error) {
	if p.Domains, err = a.SignOn.Domains(ctx); err != nil {
		return p, err
	}
	connections, err := a.SignOn.Connections(ctx)
	p.Connections = make(map[uid.ID]string, len(connections))
	for _, one := range connections {
		p.Connections[one.ID] = one.Name
	}
	return p, err
}

// Domains lists the e-mail domains.
func (a Access) Domains(c *fiber.Ctx) error {
	p, err := a.domainsPage(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// AddDomain puts a domain on the list and leads on to its record.
func (a Access) AddDomain(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	d, err := a.SignOn.AddDomain(c.UserContext(), f.get("domain"))
	if err != nil {
		p, failed := a.domainsPage(c.UserContext())
		if failed != nil {
			return failed
		}
		p.Form.Domain = f.get("domain")
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return a.done(c, atAccess+"domains/"+d.Domain, themes.FlashDomainAdded, d.Shown())
}

func (a Access) domainPage(c *fiber.Ctx) (p themes.DomainPage, err error) {
	ctx := c.UserContext()
	if p.Domain, err = a.SignOn.Domain(ctx, c.Params("domain")); err != nil {
		return p, err
	}
	p.MayRule = who(ctx).May.Has(policy.SecurityManage)
	p.Form.Rule = themes.RuleForm{Require: string(p.Domain.Policy), From: dayOf(ctx, p.Domain.PolicyFrom)}
	if p.Domain.ConnectionID != nil {
		p.Form.Connection = p.Domain.ConnectionID.String()
	}
	p.Connections, err = a.SignOn.Connections(ctx)
	return p, err
}

// Domain shows a domain's record and what holds for its people.
func (a Access) Domain(c *fiber.Ctx) error {
	p, err := a.domainPage(c)
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// SaveDomain sets where a domain's people are led, and the rule for them.
func (a Access) SaveDomain(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx := c.UserContext()
	p, err := a.domainPage(c)
	if err != nil {
		return err
	}
	wrong := fault.Fields{}
	in := signon.DomainInput{ConnectionID: optionalID(f.get("connection")), Confirmed: f.get("confirmed") != ""}
	in.Rule = signon.Rule{Require: p.Domain.Policy, From: p.Domain.PolicyFrom}
	if p.MayRule {
		in.Rule = signon.Rule{Require: signon.Requirement(f.get("policy")), From: sameDay(ctx, f.day(ctx, wrong, "policy_from"), p.Domain.PolicyFrom)}
		p.Form.Rule = themes.RuleForm{Require: f.get("policy"), From: f.get("policy_from")}
	}
	p.Form.Connection = f.get("connection")
	if err = wrong.Err(); err == nil {
		_, err = a.SignOn.ChangeDomain(ctx, p.Domain.Domain, in)
	}
	if err != nil {
		if p.Confirm = errors.Is(err, signon.ErrLocksOwners); p.Confirm || errors.Is(err, signon.ErrNoProvenWay) || errors.Is(err, signon.ErrLocksYouOut) {
			look, failed := a.SignOn.PreviewDomainRule(ctx, p.Domain.Domain)
			if failed != nil {
				return failed
			}
			p.Preview = &look
		}
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return a.done(c, atAccess+"domains/"+p.Domain.Domain, themes.FlashDomainSaved, p.Domain.Shown())
}

// sameDay keeps the instant that stands when the form names its day: a rule that began at ten does not begin at midnight
// because somebody else's field was saved.
func sameDay(ctx context.Context, typed, stands *time.Time) *time.Time {
	if typed != nil && stands != nil && dayOf(ctx, typed) == dayOf(ctx, stands) {
		return stands
	}
	return typed
}

// VerifyDomain looks for the record now.
func (a Access) VerifyDomain(c *fiber.Ctx) error {
	d, err := a.SignOn.VerifyDomain(c.UserContext(), c.Params("domain"))
	if err != nil {
		p, failed := a.domainPage(c)
		if failed != nil {
			return failed
		}
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.CheckProblem = wrong; return p })
	}
	return a.done(c, atAccess+"domains/"+d.Domain, themes.FlashDomainVerified, d.Shown())
}

// RemoveDomain takes a domain off the list.
func (a Access) RemoveDomain(c *fiber.Ctx) error {
	d, err := a.SignOn.Domain(c.UserContext(), c.Params("domain"))
	if err != nil {
		return err
	}
	if err := a.SignOn.RemoveDomain(c.UserContext(), d.Domain); err != nil {
		return err
	}
	return a.done(c, atAccess+"domains", themes.FlashDomainRemoved, d.Shown())
}

// Keys shows our keys, and what expires soon.
func (a Access) Keys(c *fiber.Ctx) error { return a.keys(c, nil) }

func (a Access) keys(c *fiber.Ctx, failed error) error {
	ctx := c.UserContext()
	ring, err := a.SignOn.SigningKeys(ctx)
	if err != nil {
		return err
	}
	expiring, err := a.SignOn.Expiring(ctx)
	if err != nil {
		return err
	}
	p := themes.SigningKeysPage{Ring: ring, Metadata: a.SignOn.Addresses(ctx, uid.Nil).EntityID, Expiring: expiring}
	if failed != nil {
		return a.refused(c, failed, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return a.show(c, p)
}

// PublishKey puts the next key into our metadata.
func (a Access) PublishKey(c *fiber.Ctx) error {
	if err := a.SignOn.PublishNextKey(c.UserContext()); err != nil {
		return a.keys(c, err)
	}
	return a.done(c, atAccess+"keys", themes.FlashKeyPublished, "")
}

// SwitchKey has the next key sign from now on.
func (a Access) SwitchKey(c *fiber.Ctx) error {
	if err := a.SignOn.SwitchKey(c.UserContext()); err != nil {
		return a.keys(c, err)
	}
	return a.done(c, atAccess+"keys", themes.FlashKeySwitched, "")
}
