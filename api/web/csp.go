package web

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/tenant"
)

// pagePolicy is what our pages may load and do: only what comes from this site, no inline script and no inline style.
var pagePolicy = []string{
	"default-src 'self'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:", "media-src 'self'", "frame-src 'self'",
	"object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
}

// PagePolicy is the Content-Security-Policy of every answer that says nothing else.
var PagePolicy = strings.Join(pagePolicy, "; ")

// policyWith is PagePolicy with other directives in place of those of the same name.
func policyWith(others ...string) string {
	out := make([]string, len(pagePolicy))
	for i, d := range pagePolicy {
		out[i] = d
		name, _, _ := strings.Cut(d, " ")
		for _, other := range others {
			if strings.HasPrefix(other, name+" ") {
				out[i] = other
			}
		}
	}
	return strings.Join(out, "; ")
}

// frameable lets our own pages frame this answer.
func frameable(c *fiber.Ctx) {
	c.Set(fiber.HeaderContentSecurityPolicy, policyWith("frame-ancestors 'self'"))
	c.Set(fiber.HeaderXFrameOptions, "SAMEORIGIN")
}

// leadsToPortals lets this page's form end on a portal: browsers hold a form's redirects to form-action too.
func leadsToPortals(c *fiber.Ctx, h tenant.Hosts) {
	portals := h.PortalURL(tenant.Tenant{Slug: "*"})
	c.Set(fiber.HeaderContentSecurityPolicy, policyWith("form-action 'self' "+portals))
}

// postsTo lets this page's form go to an identity provider, and on to wherever that leads: browsers hold a form's
// redirects to form-action too, and sign-in pages have several hosts.
func postsTo(c *fiber.Ctx, action string) {
	sources := "form-action 'self' https:"
	if u, err := url.Parse(action); err == nil && u.Scheme == "http" {
		sources += " http://" + u.Host
	}
	c.Set(fiber.HeaderContentSecurityPolicy, policyWith(sources))
}

// framedAnywhere lets an identity provider frame this answer while it signs a person out everywhere: there is nothing in it
// that could be clicked for someone.
func framedAnywhere(c *fiber.Ctx) {
	policy := string(c.Response().Header.Peek(fiber.HeaderContentSecurityPolicy))
	c.Set(fiber.HeaderContentSecurityPolicy, strings.Replace(policy, "frame-ancestors 'none'", "frame-ancestors *", 1))
	c.Response().Header.Del(fiber.HeaderXFrameOptions)
	c.Set("Cross-Origin-Resource-Policy", "cross-origin")
}
