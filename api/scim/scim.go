// Package scim is the HTTP binding of SCIM 2.0 under /scim/v2 on every portal's host (RFC 7644): it finds the directory
// behind a bearer token, hands the request to auth/scim and writes what comes back. It decides nothing; failures that are
// met before a directory is known are api/problem's to answer, in SCIM's own words.
package scim

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/auth/scim"
	"lyceum/internal/fault"
)

const (
	// Root is where the binding stands.
	Root = "/scim/v2"
	// MediaType is that of every body (RFC 7644 §3.1).
	MediaType = "application/scim+json"
)

// Handler answers directories.
type Handler struct {
	Service *scim.Service
	Auth    *auth.Service
	// Guesses bounds tokens that do not hold, from one network in one tenant.
	Guesses auth.Limiter
	// Called is told of each call with a token or key that we answered; nil: nobody is.
	Called func(ctx context.Context)
}

// Serve answers every request below Root.
func (h Handler) Serve(c *fiber.Ctx) error {
	c.Set(fiber.HeaderCacheControl, "no-store")
	secret, ok := bearer(c)
	if !ok {
		return scim.ErrUnauthorised.Saying("Send a token of the directory in the header Authorization: Bearer.")
	}
	path := strings.TrimPrefix(c.Path(), Root)
	if strings.HasPrefix(secret, auth.KeyPrefix) {
		return h.me(c, secret, path)
	}
	d, retry, err := h.Service.Authenticate(c.UserContext(), secret)
	if err != nil {
		return h.turnedAway(c, err, retry)
	}
	if len(c.Body()) > 0 && !taken(c.Get(fiber.HeaderContentType)) {
		return fiber.ErrUnsupportedMediaType
	}
	raw := string(c.Request().URI().QueryString())
	out, err := h.Service.Serve(c.UserContext(), d, scim.Request{
		Method: c.Method(), Path: path, Query: scim.ReadQuery(raw), RawQuery: raw, Body: c.Body(),
		IfMatch: c.Get(fiber.HeaderIfMatch), IfNoneMatch: c.Get(fiber.HeaderIfNoneMatch), Base: base(c),
	})
	if err != nil {
		problem.Note(c, err)
	}
	if out.Status < fiber.StatusInternalServerError && out.Status != fiber.StatusTooManyRequests {
		h.called(c)
	}
	return write(c, out)
}

func (h Handler) called(c *fiber.Ctx) {
	if h.Called != nil {
		h.Called(c.UserContext())
	}
}

// me answers /Me to who holds a person's API key (RFC 7644 §3.11).
func (h Handler) me(c *fiber.Ctx, secret, path string) error {
	who, err := h.Auth.KeyPrincipal(c.UserContext(), secret)
	if err != nil {
		return h.turnedAway(c, err, 0)
	}
	if strings.TrimSuffix(path, "/") != "/Me" || c.Method() != fiber.MethodGet {
		return scim.ErrUnauthorised.Saying("An API key of a person may read /Me and nothing else. Use a token of the directory.")
	}
	out, err := h.Service.Me(auth.WithPrincipal(c.UserContext(), who), base(c))
	if kind := fault.Of(err).Kind; err == nil || kind != fault.KindInternal && kind != fault.KindTooMany {
		h.called(c)
	}
	if err != nil {
		return err
	}
	return write(c, out)
}

// turnedAway answers who holds no good token, and counts them.
func (h Handler) turnedAway(c *fiber.Ctx, err error, retry time.Duration) error {
	if errors.Is(err, scim.ErrUnauthorised) || errors.Is(err, auth.ErrKeyInvalid) {
		v := visit.Of(c)
		if ok, wait, _ := h.Guesses.Allow("scim " + v.Tenant.ID.String() + " " + v.Network()); !ok {
			return problem.After(scim.ErrTooManyRequests.Saying("Too many tokens that do not hold came from this network. Wait, and check the token."), wait)
		}
	}
	if retry > 0 {
		return problem.After(err, retry)
	}
	return err
}

func write(c *fiber.Ctx, out scim.Response) error {
	if out.ETag != "" {
		c.Set(fiber.HeaderETag, out.ETag)
	}
	if out.Location != "" {
		c.Set(fiber.HeaderLocation, out.Location)
	}
	c.Status(out.Status)
	if len(out.Body) == 0 {
		return nil
	}
	c.Set(fiber.HeaderContentType, MediaType)
	return c.Send(out.Body)
}

// base is the address of the binding as the client sees it.
func base(c *fiber.Ctx) string { return visit.Of(c).Origin() + Root }

// bearer gives the token that a request carries (RFC 6750 §2.1).
func bearer(c *fiber.Ctx) (token string, ok bool) {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// taken tells whether a body's media type is one of SCIM's (RFC 7644 §3.1).
func taken(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == MediaType || kind == fiber.MIMEApplicationJSON
}
