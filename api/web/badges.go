package web

import (
	"context"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/internal/fault"
	"lyceum/learning/badge"
	"lyceum/learning/certificate"
	"lyceum/themes"
)

// Badges is certificates as Open Badges, what anyone needs to check them, and what was issued to everyone.
type Badges struct {
	*Site
	Certificates *certificate.Service
	Badges       *badge.Service
}

// asked is the address of the portal as it was asked for: an issuer's document is that of its address.
func (b Badges) asked(c *fiber.Ctx) string {
	return b.hosts.Scheme + "://" + strings.ToLower(string(c.Request().Host()))
}

// Credential gives a certificate as a credential, a JWT.
func (b Badges) Credential(c *fiber.Ctx) error {
	code := c.Params("code")
	jwt, err := b.Badges.Credential(c.UserContext(), b.hosts.PortalURL(visit.Of(c).Tenant), b.brand(c), code)
	if err != nil {
		return err
	}
	return b.give(c, badge.MediaType, "badge-"+code+".jwt", []byte(jwt))
}

// Picture gives a certificate as a picture that carries the credential.
func (b Badges) Picture(c *fiber.Ctx) error {
	code := c.Params("code")
	svg, err := b.Badges.Baked(c.UserContext(), b.hosts.PortalURL(visit.Of(c).Tenant), b.brand(c), code)
	if err != nil {
		return err
	}
	return b.give(c, "image/svg+xml", "badge-"+code+".svg", svg)
}

func (b Badges) give(c *fiber.Ctx, media, name string, data []byte) error {
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderCacheControl, "private, no-cache")
	c.Set(fiber.HeaderContentDisposition, disposition(name))
	return c.Send(data)
}

// forAnyone lets pages of other sites read the answer, and keeps it for a while: who checks a badge is anyone.
func forAnyone(c *fiber.Ctx, media string) {
	c.Set(fiber.HeaderContentType, media)
	c.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	c.Set(fiber.HeaderCacheControl, "public, max-age="+strconv.Itoa(int(badge.ListFresh.Seconds())))
}

// Issuer shows with which keys the portal signs, its DID document.
func (b Badges) Issuer(c *fiber.Ctx) error {
	doc, err := b.Badges.Issuer(c.UserContext(), b.asked(c))
	if err != nil {
		return err
	}
	forAnyone(c, "application/did+json")
	return c.Send(doc)
}

// StatusList shows what was withdrawn.
func (b Badges) StatusList(c *fiber.Ctx) error {
	n, err := strconv.Atoi(c.Params("list"))
	if err != nil {
		return badge.ErrNoList
	}
	jwt, err := b.Badges.StatusList(c.UserContext(), b.asked(c), n)
	if err != nil {
		return err
	}
	forAnyone(c, badge.MediaType)
	return c.SendString(jwt)
}

// Issued lists the certificates of everyone.
func (b Badges) Issued(c *fiber.Ctx) error {
	p, err := b.issued(c)
	if err != nil {
		return err
	}
	return b.show(c, p)
}

func (b Badges) issued(c *fiber.Ctx) (p themes.IssuedPage, err error) {
	f := certificate.Filter{Query: query(c, "q"), State: certificate.Narrow(query(c, "state")), Page: after(c)}
	p = themes.IssuedPage{Query: f.Query, State: f.State}
	p.Certificates, err = b.Certificates.Issued(c.UserContext(), f)
	return p, err
}

// History shows every certificate of an enrolment.
func (b Badges) History(c *fiber.Ctx) error {
	list, err := b.Certificates.History(c.UserContext(), c.Params("code"))
	if err != nil {
		return err
	}
	return b.show(c, themes.IssuedHistoryPage{Certificates: list})
}

// Revoke withdraws a certificate.
func (b Badges) Revoke(c *fiber.Ctx) error {
	return b.change(c, themes.FlashCertificateRevoked, b.Certificates.Revoke)
}

// Reissue withdraws a certificate and issues another in its place.
func (b Badges) Reissue(c *fiber.Ctx) error {
	return b.change(c, themes.FlashCertificateReissued, b.Certificates.Reissue)
}

func (b Badges) change(c *fiber.Ctx, key themes.FlashKey, do func(context.Context, certificate.Withdrawal) (certificate.Certificate, error)) error {
	f, err := readForm(c)
	if err != nil {
		return err
	}
	w := certificate.Withdrawal{Code: c.Params("code"), Reason: f.get("reason"), Class: certificate.Class(f.get("class")), Renew: f.get("renew") != ""}
	done, err := do(c.UserContext(), w)
	if err != nil {
		p, failed := b.issued(c)
		if failed != nil {
			return failed
		}
		p.Opened, p.Typed = w.Code, w
		return b.refused(c, err, func(wrong *fault.Fault) themes.Page { p.Problem = wrong; return p })
	}
	return b.done(c, "/certificates/issued", key, done.PersonName)
}
