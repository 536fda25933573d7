package api

import (
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/api/web"
	"lyceum/internal/uid"
	"lyceum/tenant/status"
)

// onStatus is how well a portal works, for anyone: who cannot sign in asks most.
func (s *Server) onStatus(t *table) {
	h := web.Status{Site: s.site, Status: s.Status, Broadcast: s.Broadcast}
	t.get("/status", route.Public, h.Portal)
	t.get("/status.json", route.Public, h.PortalJSON)
}

// onPlatformStatus is how well the platform works, for anyone, and with its figures for operators.
func (s *Server) onPlatformStatus(t *table) {
	h := web.Status{Site: s.site, Status: s.Status, Broadcast: s.Broadcast}
	t.get("/status", route.Public, h.Platform)
	t.get("/status.json", route.Public, h.PlatformJSON)
	t.get("/operator/status", route.Operator, h.Operator)
}

// signIns are the routes by which people sign in, as the table writes them.
var signIns = []string{"/signin", "/sso/ldap/:connection", "/sso/saml/:connection/acs", "/sso/oidc/callback", "/signin/passkey"}

// count tells the meter how a request went. Assets and what asks whether we live are no use of a portal.
func (s *Server) count(c *fiber.Ctx, v *visit.Visit, code int) {
	if s.Meter == nil || v.Route == "" || v.Route == "/assets/:hash/:name" || v.Route == "/healthz" || v.Route == "/readyz" {
		return
	}
	s.Meter.Note(v.Tenant.ID, status.Pages, code < fiber.StatusInternalServerError, 0)
	if v.Tenant.ID != uid.Nil && slices.Contains(signIns, v.Route) && (c.Method() == fiber.MethodPost || v.Route == "/sso/oidc/callback") {
		s.Meter.Note(v.Tenant.ID, status.SignIns, code < fiber.StatusBadRequest, time.Duration(0))
	}
}
