// Package visit is what is known of one request while it is answered: its number, where it comes from, which site it
// wants, the cookies it carries and the ones it is given. It asks no service; the middleware fills it, handlers and
// problem answers read it.
package visit

import (
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/auth"
	"lyceum/tenant"
)

// Visit is one request. It lives as long as its fiber.Ctx and no longer.
type Visit struct {
	ID     string        // the request's number: in logs, on error pages, in the header X-Request-ID
	Client auth.Client   // the visitor's own address, behind trusted proxies too
	Host   string        // what was asked for: lower case, with its port, e.g. "acme.localhost:8080"
	Scheme string        // http or https, as the visitor sees it
	Secure bool          // the product is served over https: cookies are bound to it
	Place  tenant.Place  // what the host leads to
	Tenant tenant.Tenant // the portal's, when Place is tenant.PlaceTenant
	Route  string        // the pattern of the route that answers; "" when none does
	Unpaid bool          // the portal is closed because it is not paid

	anchor string // what the CSRF token is bound to: the session's secret, else the stranger's cookie
}

// localKey is where a Visit lies among a request's values.
type localKey struct{}

// Begin puts a fresh Visit on a request.
func Begin(c *fiber.Ctx) *Visit {
	v := &Visit{}
	c.Locals(localKey{}, v)
	return v
}

// Of gives the request's Visit, a fresh one for a request that no middleware has seen: one that failed before its
// header was read.
func Of(c *fiber.Ctx) *Visit {
	if v, ok := c.Locals(localKey{}).(*Visit); ok {
		return v
	}
	return Begin(c)
}

// Begun tells whether the middleware has seen the request.
func Begun(c *fiber.Ctx) bool {
	_, ok := c.Locals(localKey{}).(*Visit)
	return ok
}

// Origin is scheme and host of the site asked for, as browsers write it (RFC 6454 §6.2).
func (v *Visit) Origin() string { return v.Scheme + "://" + v.Host }

// Network is the part of the visitor's address that one visitor holds: all of an IPv4 address, the /64 of an IPv6 one
// (RFC 6177). Limits count by it.
func (v *Visit) Network() string {
	a, err := netip.ParseAddr(v.Client.IP)
	if err != nil || a.Is4() {
		return v.Client.IP
	}
	p, err := a.Prefix(64)
	if err != nil {
		return v.Client.IP
	}
	return p.String()
}

// Unsafe tells whether the request's method may change something (RFC 9110 §9.2.1).
func Unsafe(c *fiber.Ctx) bool {
	switch c.Method() {
	case fiber.MethodGet, fiber.MethodHead, fiber.MethodOptions, fiber.MethodTrace:
		return false
	}
	return true
}

// API tells whether the request is for the machines' side.
func API(c *fiber.Ctx) bool { return c.Path() == "/api" || strings.HasPrefix(c.Path(), "/api/") }

// SCIM tells whether the request is a directory's.
func SCIM(c *fiber.Ctx) bool { return strings.HasPrefix(c.Path(), "/scim/") }

// WantsJSON tells whether a problem is to be told to a machine: under /api and /scim, and to scripts that ask for JSON or send
// it, or bytes of an upload.
func WantsJSON(c *fiber.Ctx) bool {
	if API(c) || SCIM(c) {
		return true
	}
	accept := c.Get(fiber.HeaderAccept)
	if strings.Contains(accept, "text/html") {
		return false
	}
	sent := c.Get(fiber.HeaderContentType)
	return strings.Contains(accept, "json") || strings.HasPrefix(sent, "application/json") || strings.HasPrefix(sent, "application/offset+octet-stream")
}

// Local gives an address only when it is one within this site, else "": what stands in a form or a query as the place
// to go on to may come from a stranger. "//host", "/\host" and anything with a scheme leave the site; browsers drop
// tabs and line feeds from addresses (WHATWG URL §4.4), so those may not stand there either.
func Local(address string) string {
	if len(address) > 2000 || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
		return ""
	}
	for _, r := range address {
		if r <= ' ' || r >= 0x7f || r == '\\' {
			return ""
		}
	}
	return address
}
