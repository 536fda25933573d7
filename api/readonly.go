package api

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/tenant"
)

// A portal that is read-only (its bill is not paid, or it is to be erased) writes nothing, but for what stands here. Reading goes on,
// exports too.

// pass is what is written all the same: a method, "" for any, and a path as the table writes it; * at the end stands for any rest.
type pass struct{ method, path string }

// Why some are let through.
const (
	whySignIn = "signing in and out, and proving who one is"
	whyTrying = "looking and trying: nothing is kept"
)

// passes are grouped by why they are let through.
var passes = map[string][]pass{
	whySignIn: {
		{"", "/signin*"}, {"", "/signout"}, {"", "/forgot"}, {"", "/reset/*"}, {"", "/sso/*"}, {"", "/step-up*"}, {"", "/break-glass*"}, {"", "/invitation/:token"},
	},
	"one's own account, its safety and what one is told": {
		{"", "/account*"}, {"", "/api/v1/me/*"}, {"", "/calendar/address*"}, {"", "/notifications/*"}, {"", "/announcements/:banner/dismiss"}, {"", "/preferences/*"},
	},
	"learning goes on: nobody misses a training for a bill": {
		{"", "/learn/*"}, {"", "/hand-ins*"}, {"", "/api/v1/submission-files"}, {"", "/api/v1/test-attempts/*"}, {"", "/api/v1/enrolments/:enrolment/lessons/*"}, {"POST", "/api/v1/courses/:course/open"},
		{"", "/paths/:slug/go-on"}, {"", "/api/v1/paths/:path/go-on"}, {"", "/courses/:slug/leave"}, {"", "/paths/:slug/leave"}, {"", "/courses/:slug/place/take-back"},
		{"DELETE", "/api/v1/courses/:course/place-requests/mine"}, {"", "/api/v1/files/:file/links"},
	},
	"marking what was handed in: learners wait for it": {
		{"", "/studio/marking/*"}, {"", "/api/v1/submissions/*"}, {"", "/studio/:course/lessons/:lesson/release"},
		{"POST", "/studio/:course/lessons/:lesson/test/attempts*"}, {"POST", "/api/v1/courses/:course/test-attempts/*"},
	},
	"the bill": {
		{"", "/settings/billing/*"}, {"", "/api/v1/billing/*"}, {"", "/usage/:entry/strike"}, {"", "/api/v1/usage/:entry/strike"},
	},
	"going and staying": {
		{"", "/settings/leaving*"}, {"", "/api/v1/portal/*"},
	},
	"people's right to their data and to be erased does not wait for a bill": {
		{"", "/privacy/retention*"}, {"PUT", "/api/v1/retention"}, {"", "/api/v1/retention/switch"}, {"", "/privacy/holds*"}, {"", "/api/v1/holds*"}, {"", "/privacy/people/:person/copies"}, {"", "/api/v1/people/:person/data-requests"},
		{"", "/privacy/people/:person/erase"}, {"", "/privacy/erasures/:erasure/*"}, {"", "/api/v1/people/:person/erasure"}, {"", "/api/v1/erasures/:erasure*"},
	},
	"taking people's access away, and rights": {
		{"", "/people/:id/deactivate"}, {"", "/people/:id/roles"}, {"", "/people/:id/factors/reset"}, {"", "/people/:id/accounts/:identity/unlink"},
		{"", "/api/v1/people/:person/deactivate"}, {"", "/api/v1/people/:person/roles"}, {"DELETE", "/api/v1/people/:person/factors"},
		{"", "/people/join-links/:link/revoke"}, {"DELETE", "/api/v1/people/join-links/:link"}, {"", "/settings/api-keys/:id/revoke"}, {"DELETE", "/api/v1/api-keys/:key"},
		{"", "/settings/support-access*"}, // gives none: takesRights
		{"", "/people/imports/:import/discard"}, {"DELETE", "/api/v1/people/imports/:import"},
		{"", "/people/hr/runs/:run/discard"}, {"DELETE", "/api/v1/hr-runs/:run"},
		{"PUT", "/scim/v2/Users/:id"}, {"PATCH", "/scim/v2/Users/:id"}, {"DELETE", "/scim/v2/*"}, {"PUT", "/scim/v2/Groups/:id"}, {"PATCH", "/scim/v2/Groups/:id"},
		{"", "/certificates/issued/:code/revoke"}, {"", "/api/v1/certificates/:code/revoke"},
	},
	"sign-on and safety are mended, so that nobody is locked out": {
		{"", "/settings/sign-on/*"}, {"", "/settings/security*"}, {"", "/settings/directories*"}, {"", "/setup/*"}, {"", "/api/v1/sign-on/*"}, {"", "/api/v1/connections/:connection*"},
		{"", "/api/v1/settings/security"}, {"", "/api/v1/directories/:directory*"}, {"", "/api/v1/ldap-directories/:directory*"},
	},
	"proof of what was done: an auditor does not wait for a bill": {
		{"POST", "/compliance/:requirement/evidence"}, {"POST", "/api/v1/requirements/:requirement/evidence"},
	},
	"files of what is there": {
		{"POST", "/reports/exports*"}, {"POST", "/api/v1/report-exports"}, {"DELETE", "/api/v1/report-exports/:export"}, {"POST", "/studio/questions/:bank/export"},
	},
	whyTrying: {
		{"", "/settings/brand/preview"}, {"", "/settings/certificates/preview"}, {"", "/settings/certificates/preview.pdf"}, {"", "/api/v1/certificate-designs/preview"}, {"", "/api/v1/roles/:role/preview"}, {"", "/api/v1/groups/preview"}, {"", "/api/v1/courses/import/check"}, {"", "/api/v1/question-banks/:bank/import/check"}, {"", "/api/v1/ldap-directories/try"},
		{"", "/studio/:course/lessons/:lesson/preview"}, {"", "/studio/:course/preview/:lesson/:step"}, {"", "/studio/:course/lessons/:lesson/test/try"}, {"", "/scim/v2/Users/.search"}, {"", "/scim/v2/Groups/.search"},
		{"POST", "/people/imports"}, {"", "/people/imports/:import/plan"}, {"POST", "/api/v1/people/imports"}, {"PUT", "/api/v1/people/imports/:import"},
		{"POST", "/people/hr/:source/lists"}, {"", "/people/hr/runs/:run/undo"}, {"POST", "/api/v1/hr-runs/:run/undo"},
		{"", "/settings/address/domains/:domain/check"}, {"", "/api/v1/address/domains/:domain/check"}, {"", "/first-steps/skip"}, {"", "/first-steps/dismiss"},
	},
}

// heldBack is written by nobody while a portal is read-only, though a pass would let them through: what brings something new.
var heldBack = []pass{
	{"", "/settings/sign-on/new"}, {"", "/settings/sign-on/links"}, {"", "/settings/directories"}, {"", "/settings/directories/ldap/new"}, {"", "/setup/:token/connection/new"}, {"POST", "/api/v1/sign-on/links"},
	{"", "/api/v1/directories/:directory/people"}, {"", "/settings/directories/:directory/people"}, {"", "/settings/support-access/:visit/approve"},
}

// fits tells whether a line is meant.
func (p pass) fits(method, path string) bool {
	if p.method != "" && p.method != method {
		return false
	}
	if rest, wild := strings.CutSuffix(p.path, "*"); wild {
		return strings.HasPrefix(path, rest)
	}
	return p.path == path
}

// passed gives why a line is let through while the portal is read-only; ok is false where it is not.
func passed(r route.Route) (why string, ok bool) {
	for _, p := range heldBack {
		if p.fits(r.Method, r.Path) {
			return "", false
		}
	}
	for why, list := range passes {
		for _, p := range list {
			if p.fits(r.Method, r.Path) {
				return why, true
			}
		}
	}
	return "", false
}

// writing gives what asks whether a portal's state, its bill and its maintenance allow a line; nil where they have no say.
func (s *Server) writing(r route.Route) fiber.Handler {
	if r.Method == fiber.MethodGet || r.Method == fiber.MethodHead {
		return nil
	}
	feature, asks := adding[r.Path]
	asks = asks && r.Method == fiber.MethodPost && s.Subscriptions != nil
	why, passes := passed(r)
	still := !whileMaintained[why]
	if passes && !asks && !still {
		return nil
	}
	takes := takesRights[r.Path]
	return func(c *fiber.Ctx) error {
		if still {
			if err := s.standsStill(c); err != nil {
				return err
			}
		}
		if passes && !asks && !takes {
			return c.Next()
		}
		err := s.mayMake(c)
		switch {
		case err != nil && takes:
			c.SetUserContext(auth.BarGrants(c.UserContext(), err))
		case err != nil:
			return err
		}
		if asks {
			if err := s.Subscriptions.MayAdd(c.UserContext(), feature, 0); err != nil {
				return err
			}
		}
		return c.Next()
	}
}

// takesRights are let through because they take rights away; while the portal is read-only they give none.
var takesRights = map[string]bool{
	"/people/:id/roles": true, "/api/v1/people/:person/roles": true,
	"/settings/support-access": true, "/api/v1/portal/support-access": true, "/api/v1/portal/support-access/visits/:visit/answer": true,
}

// mayMake fails while a portal makes nothing new: its owner goes or lets it rest, or its bill is not paid.
func (s *Server) mayMake(c *fiber.Ctx) error {
	if visit.Of(c).Tenant.LeavesAt != nil {
		return tenant.ErrLeaving
	}
	if visit.Of(c).Tenant.PausedAt != nil {
		return tenant.ErrPaused
	}
	if s.Subscriptions == nil {
		return nil
	}
	return s.Subscriptions.MayMake(c.UserContext())
}
