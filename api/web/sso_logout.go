package web

import (
	"errors"
	"net/url"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// SignOut ends the session, here first, and goes on to the identity provider where one vouched for it. A session that has
// ended is no failure: who wants out is out.
func (h SSO) SignOut(c *fiber.Ctx) error {
	d, elsewhere, err := h.SignOn.SignOut(c.UserContext())
	if err != nil {
		return err
	}
	visit.ClearSession(c)
	if elsewhere {
		return h.leave(c, d)
	}
	return h.done(c, "/signin", themes.FlashSignedOut, "")
}

// SignedOut is where an OpenID provider sends who has signed out there too.
func (h SSO) SignedOut(c *fiber.Ctx) error {
	return h.done(c, "/signin", themes.FlashSignedOutEverywhere, "")
}

// SAMLLogout takes a single logout message of an identity provider, by either binding.
func (h SSO) SAMLLogout(c *fiber.Ctx) error {
	connection, err := h.called(c)
	if err != nil {
		return err
	}
	noStore(c)
	in := saml.Incoming{RawQuery: string(c.Context().URI().QueryString())}
	if visit.Unsafe(c) {
		f, err := readForm(c)
		if err != nil {
			return err
		}
		in = saml.Incoming{SAMLRequest: f.get("SAMLRequest"), SAMLResponse: f.get("SAMLResponse"), RelayState: f.get("RelayState")}
	}
	out, err := h.SignOn.SAMLLogout(c.UserContext(), connection, in)
	switch {
	case err != nil:
		return err
	case out.Reply != nil && out.Reply.Action != "":
		postsTo(c, out.Reply.Action)
		framedAnywhere(c)
		return h.show(c, themes.SSOLeavePage{Departure: *out.Reply})
	case out.Reply != nil:
		return h.to(c, out.Reply.URL)
	case out.Everywhere:
		return h.done(c, "/signin", themes.FlashSignedOutEverywhere, "")
	}
	return h.done(c, "/signin", themes.FlashSignedOutHere, "")
}

// SAMLMetadata describes the portal's SAML connections together.
func (h SSO) SAMLMetadata(c *fiber.Ctx) error { return h.metadata(c, uid.Nil) }

// OwnSAMLMetadata describes one SAML connection.
func (h SSO) OwnSAMLMetadata(c *fiber.Ctx) error {
	connection, err := id(c, "connection")
	if err != nil {
		return err
	}
	return h.metadata(c, connection)
}

func (h SSO) metadata(c *fiber.Ctx, connection uid.ID) error {
	if err := h.bounded(c); err != nil {
		return err
	}
	text, err := h.SignOn.SAMLMetadata(c.UserContext(), connection)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/samlmetadata+xml")
	c.Set(fiber.HeaderContentDisposition, `inline; filename="metadata.xml"`)
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(text)
}

// ClientKeys is the key set by which an issuer knows us (OIDC Core 1.0 §10.1).
func (h SSO) ClientKeys(c *fiber.Ctx) error {
	connection, err := h.called(c)
	if err != nil {
		return err
	}
	set, err := h.SignOn.ClientKeys(c.UserContext(), connection)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/jwk-set+json")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(set)
}

// BackChannelLogout takes a logout token that an OpenID provider sends itself (OIDC Back-Channel Logout 1.0 §2.8).
func (h SSO) BackChannelLogout(c *fiber.Ctx) error {
	connection, err := h.called(c)
	if err != nil {
		return err
	}
	f, err := readForm(c)
	if err != nil {
		return err
	}
	noStore(c)
	err = h.SignOn.BackChannelLogout(c.UserContext(), connection, f.get("logout_token"))
	if errors.Is(err, signon.ErrLogoutRefused) || fault.Of(err).Kind == fault.KindInvalid {
		return c.Status(fiber.StatusBadRequest).JSON(fiber.Map{"error": "invalid_request"})
	}
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusOK)
}

// FrontChannelLogout takes a call that an OpenID provider has the browser make in a frame. The answer is nothing to look at.
func (h SSO) FrontChannelLogout(c *fiber.Ctx) error {
	connection, err := h.called(c)
	if err != nil {
		return err
	}
	noStore(c)
	q, err := url.ParseQuery(string(c.Context().URI().QueryString()))
	if err == nil {
		err = h.SignOn.FrontChannelLogout(c.UserContext(), connection, q)
	}
	if err != nil {
		return err
	}
	framedAnywhere(c)
	c.Set(fiber.HeaderContentType, "text/plain; charset=utf-8")
	return c.SendString("signed out\n")
}
