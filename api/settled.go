package api

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"lyceum/api/visit"
	"lyceum/tenant"
)

// moved is where a request to one of a portal's other addresses is led, "" when it is answered here: browsers go from every host
// that a portal had or has to the one it is shown under, and from http to https where we speak that. Forms and programs are
// answered at any host: an identity provider posts to where it was once told to, a program may follow no redirect.
func (s *Server) moved(c *fiber.Ctx, t tenant.Tenant) string {
	v, hosts := visit.Of(c), s.Directory.Hosts()
	if visit.Unsafe(c) || answeredAnywhere(c.Path()) {
		return ""
	}
	home := tenant.NormaliseHost(v.Host) == hosts.HostOf(t)
	if home && (!s.Secure || v.Scheme != "http") {
		return ""
	}
	return hosts.PortalURL(t) + c.OriginalURL()
}

// answeredAnywhere are the paths that programs ask for, which need not follow redirects, and the look of pages.
func answeredAnywhere(path string) bool {
	for _, below := range []string{"/api/", "/scim/", "/brand/", "/.well-known/", "/credentials/"} {
		if strings.HasPrefix(path, below) {
			return true
		}
	}
	// What identity providers fetch by themselves, at the address that they know.
	return strings.HasPrefix(path, "/sso/") && (strings.HasSuffix(path, "/metadata") || strings.HasSuffix(path, "/jwks"))
}
