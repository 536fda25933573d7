package api

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/api/web"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

// What follows holds for every request, in this order: recovered, welcome, observed, guarded, deadline, then the site is
// found (sites.go), and there: plain, resumed, limited, legible, checked (body.go, session.go). How much is read at all is
// decided before any of it (body.go); the size of the body and what the route needs are asked last, by the route itself
// (table.go).

// recovered turns a panic into a logged 500 page, and the server lives.
func (s *Server) recovered(c *fiber.Ctx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = problem.Answer(c, fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	return c.Next()
}

var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

// welcome begins the visit: the request's number (one that a trusted proxy gave is kept), where the visitor comes from
// and what they ask for.
func (s *Server) welcome(c *fiber.Ctx) error {
	s.greet(c)
	return c.Next()
}

func (s *Server) greet(c *fiber.Ctx) *visit.Visit {
	v := visit.Begin(c)
	problem.With(c, &s.desk)
	v.Secure = s.Secure
	v.Client.IP, v.Client.UserAgent = s.proxies.client(c), c.Get(fiber.HeaderUserAgent)
	v.Scheme, v.Host = s.proxies.site(c, s.Secure)
	v.ID = uid.New().String()
	if _, trusted := s.proxies.peer(c); trusted {
		if given := c.Get(fiber.HeaderXRequestID); saneID.MatchString(given) {
			v.ID = given
		}
	}
	c.Set(fiber.HeaderXRequestID, v.ID)
	return v
}

// observed writes one line for each request, whatever became of it, and tells the metrics. Neither the query nor a
// link's secret is written.
func (s *Server) observed(c *fiber.Ctx) error {
	began, status := s.Now(), fiber.StatusInternalServerError // what a panic passing by will be answered with
	defer func() {
		v, took := visit.Of(c), s.Now().Sub(began)
		s.Observe(c.Method(), v.Route, status, took)
		s.count(c, v, status)
		s.Log.InfoContext(c.UserContext(), "request",
			slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.String("method", c.Method()), slog.String("path", loggedPath(c.Path(), v.Route)),
			slog.Int("status", status), slog.Duration("dur", took), slog.String("ip", v.Client.IP))
	}()
	if err := c.Next(); err != nil {
		if err = problem.Answer(c, err); err != nil {
			return err
		}
	}
	status = c.Response().StatusCode()
	return nil
}

// loggedPath is the path as it may be written: a secret in it is named, not shown.
func loggedPath(path, route string) string {
	if strings.Contains(route, ":token") || strings.Contains(route, ":signature") {
		return route
	}
	for _, links := range []string{"/reset/", "/invitation/", "/welcome/", "/setup/", "/sso/finish/", "/sso/confirm/", "/step-up/", "/calendar/feed/", "/support/enter/"} {
		if strings.HasPrefix(path, links) {
			return links + "…"
		}
	}
	if len(path) > 300 {
		path = path[:300] + "…"
	}
	return strings.ToValidUTF8(path, "?")
}

// guarded sets what browsers are to hold this site to. A handler may set another policy for its own answer.
func (s *Server) guarded(c *fiber.Ctx) error {
	guard(c, s.Secure)
	return c.Next()
}

func guard(c *fiber.Ctx, secure bool) {
	for _, h := range held {
		c.Set(h.name, h.value)
	}
	if secure {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}

var held = []struct{ name, value string }{
	{fiber.HeaderContentSecurityPolicy, web.PagePolicy},
	{fiber.HeaderXContentTypeOptions, "nosniff"},
	{fiber.HeaderXFrameOptions, "DENY"},
	{fiber.HeaderReferrerPolicy, "same-origin"},
	{fiber.HeaderPermissionsPolicy, "camera=(), microphone=(), geolocation=(), payment=(), usb=()"},
	{"Cross-Origin-Opener-Policy", "same-origin"},
	{"Cross-Origin-Resource-Policy", "same-origin"},
}

// deadline bounds the request: a client that hangs up does not end its context. What happens under it is known to have
// come from here.
func (s *Server) deadline(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), s.RequestTimeout)
	defer cancel()
	v := visit.Of(c)
	c.SetUserContext(event.WithOrigin(ctx, event.Origin{IP: v.Client.IP, RequestID: v.ID}))
	return c.Next()
}

// failed answers what no middleware has seen: a request that could not be read.
func (s *Server) failed(c *fiber.Ctx, err error) error {
	if why := s.bodies.leave(&c.Context().Request.Header); why != nil {
		err = why
	}
	if !visit.Begun(c) {
		v := s.greet(c)
		guard(c, s.Secure)
		if place, t, found := s.Directory.ByHost(c.UserContext(), v.Host); found == nil {
			v.Place, v.Tenant = place, t
		}
		lingerOn(c)
		defer func() {
			s.Observe(c.Method(), "", c.Response().StatusCode(), 0)
			s.Log.InfoContext(c.UserContext(), "request refused",
				slog.String("request_id", v.ID), slog.String("tenant", v.Tenant.Slug), slog.String("method", c.Method()),
				slog.String("path", loggedPath(c.Path(), "")), slog.Int("status", c.Response().StatusCode()), slog.String("ip", v.Client.IP))
		}()
	}
	return problem.Answer(c, err)
}
