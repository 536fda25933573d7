package api

import (
	"context"
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/problem"
	"lyceum/api/visit"
	"lyceum/billing/subscription"
	"lyceum/tenant"
)

// enter finds the site that the host leads to and hands the request over to it: the platform's own or a portal.
func (s *Server) enter(c *fiber.Ctx) error {
	v := visit.Of(c)
	place, t, err := s.Directory.ByHost(c.UserContext(), v.Host)
	v.Place, v.Tenant = place, t
	switch {
	case err == nil && place == tenant.PlacePlatform:
		s.platform(c.Context())
		return nil
	case err == nil:
		return s.enterTenant(c, t)
	case errors.Is(err, tenant.ErrSuspended) && strings.HasPrefix(c.Path(), "/brand/"):
		return s.enterTenant(c, t) // the page that says so shows the portal's look
	case errors.Is(err, tenant.ErrSuspended) && s.Subscriptions != nil && t.SuspendedReason == subscription.SuspendReason && !visit.API(c):
		v.Unpaid = true // its owners may pay, and mandatory courses stay reachable: see unpaid
		return s.enterTenant(c, t)
	}
	return s.turnAway(c, err)
}

// enterTenant leads on to the host that the portal is shown under, or puts the tenant into the context: everything below works for this tenant and no other.
func (s *Server) enterTenant(c *fiber.Ctx, t tenant.Tenant) error {
	if home := s.moved(c, t); home != "" {
		return c.Redirect(home, fiber.StatusPermanentRedirect)
	}
	if done, err := s.closed(c, t); done {
		return err
	}
	leave, err := s.admit(c, t)
	if err != nil {
		return err
	}
	defer leave()
	c.SetUserContext(tenant.With(c.UserContext(), t))
	s.portal(c.Context())
	return nil
}

// turnAway answers for a host that leads to no portal, or to one that cannot be entered now.
func (s *Server) turnAway(c *fiber.Ctx, err error) error {
	if visit.WantsJSON(c) {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	switch {
	case errors.Is(err, tenant.ErrNotFound):
		return s.site.Unknown(c)
	case errors.Is(err, tenant.ErrSuspended):
		return s.site.Suspended(c)
	case errors.Is(err, tenant.ErrProvisioning):
		return s.site.Provisioning(c, false)
	case errors.Is(err, tenant.ErrSchemaVersion):
		return s.site.Provisioning(c, true)
	}
	return err
}

// healthy tells that the process answers; it asks nothing else, so that a slow database does not get it killed.
func (s *Server) healthy(c *fiber.Ctx) error { return c.SendString("ok\n") }

// ready tells whether requests can be answered now: not while the database is away, and not while stopping.
func (s *Server) ready(c *fiber.Ctx) error {
	err := error(nil)
	if s.stopping.Load() {
		err = errStopping
	} else {
		ctx, cancel := context.WithTimeout(c.UserContext(), readyFor)
		defer cancel()
		err = s.Ready(ctx)
	}
	if err != nil {
		if !errors.Is(err, errStopping) {
			problem.Note(c, err)
		}
		return c.Status(fiber.StatusServiceUnavailable).SendString("not ready\n")
	}
	return c.SendString("ready\n")
}

var errStopping = errors.New("stopping")
