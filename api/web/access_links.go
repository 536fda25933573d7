package web

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/themes"
)

func (a Access) linksPage(ctx context.Context) (p themes.SetupLinksPage, err error) {
	p.Form = themes.SetupLinkForm{Kind: string(signon.SetupAny), Hours: "72"}
	if p.Links, err = a.SignOn.SetupLinks(ctx); err != nil {
		return p, err
	}
	p.Connections, err = a.SignOn.Connections(ctx)
	return p, err
}

// Links shows the set-up links.
func (a Access) Links(c *fiber.Ctx) error {
	p, err := a.linksPage(c.UserContext())
	if err != nil {
		return err
	}
	return a.show(c, p)
}

// CreateLink makes a link and shows it, this once, unless it is mailed.
func (a Access) CreateLink(c *fiber.Ctx) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	ctx, wrong := c.UserContext(), fault.Fields{}
	typed := themes.SetupLinkForm{Kind: f.get("kind"), Connection: f.get("connection"), Name: f.get("name"), Email: f.get("email"), Hours: f.get("hours"), Mail: f.get("mail") != ""}
	in := signon.SetupInput{Kind: signon.SetupKind(typed.Kind), Name: typed.Name, Email: typed.Email, Hours: f.number(wrong, "hours"), Mail: typed.Mail}
	if in.Kind == signon.SetupExisting {
		in.ConnectionID = optionalID(typed.Connection)
	}
	secret, l := "", signon.SetupLink{}
	if err = wrong.Err(); err == nil {
		secret, l, err = a.SignOn.CreateSetupLink(ctx, in)
	}
	if err == nil && in.Mail {
		return a.done(c, atAccess+"links", themes.FlashLinkMailed, l.Email)
	}
	p, failed := a.linksPage(ctx)
	if failed != nil {
		return failed
	}
	noStore(c)
	if err != nil {
		p.Form = typed
		return a.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	p.Link = a.hosts.PortalURL(visit.Of(c).Tenant) + "/setup/" + secret
	return a.show(c, p)
}

// RevokeLink ends a link.
func (a Access) RevokeLink(c *fiber.Ctx) error {
	link, err := id(c, "id")
	if err != nil {
		return err
	}
	l, err := a.SignOn.RevokeSetupLink(c.UserContext(), link)
	if err != nil {
		return err
	}
	return a.done(c, atAccess+"links", themes.FlashLinkRevoked, l.Name)
}
