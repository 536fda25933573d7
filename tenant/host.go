package tenant

import (
	"net"
	"strings"
)

// Place is what a host name leads to.
type Place int

const (
	// PlaceUnknown is a name that is not ours to answer.
	PlaceUnknown Place = iota
	// PlacePlatform is the platform's own site: sign-up and the operators' console.
	PlacePlatform
	// PlaceTenant is a portal, by slug or by custom domain.
	PlaceTenant
)

// Hosts knows the shape of our addresses. Base is the domain below which portals live ("localhost",
// "lyceum.example"); Platform is the platform's own host ("lyceum.localhost").
type Hosts struct {
	Base     string
	Platform string
	Scheme   string // http or https; what links begin with
	Port     string // in links; empty for the scheme's own
}

// PortalURL is the address of a tenant's portal, without a slash at the end.
func (h Hosts) PortalURL(t Tenant) string { return h.url(h.HostOf(t)) }

// HostOf is the one host that a tenant's portal is shown under; its others lead there.
func (h Hosts) HostOf(t Tenant) string {
	if t.PrimaryHost != "" {
		return t.PrimaryHost
	}
	return h.Subdomain(t.Slug)
}

// Subdomain is the host of a subdomain.
func (h Hosts) Subdomain(slug string) string { return slug + "." + h.Base }

// SignOnURL is the address by which identity providers know a tenant's portal, without a slash at the end. It stays as it was
// when the portal is renamed or shown under another domain, so that nothing has to be changed at theirs.
func (h Hosts) SignOnURL(t Tenant) string {
	if t.SignOnSlug != "" {
		return h.url(h.Subdomain(t.SignOnSlug))
	}
	return h.url(h.Subdomain(t.Slug))
}

// PlatformURL is the address of the platform's own site, without a slash at the end.
func (h Hosts) PlatformURL() string { return h.url(h.Platform) }

func (h Hosts) url(host string) string {
	if h.Port != "" {
		host = net.JoinHostPort(host, h.Port)
	}
	return h.Scheme + "://" + host
}

// NormaliseHost strips port and trailing dot and lowers the case (RFC 4343). It is "" for what is no host name.
func NormaliseHost(host string) string {
	h := strings.TrimSpace(host)
	if bare, port, err := net.SplitHostPort(h); err == nil {
		if strings.Trim(port, "0123456789") != "" {
			return ""
		}
		h = bare
	}
	h = strings.ToLower(strings.TrimSuffix(h, "."))
	if len(h) > 253 || strings.ContainsAny(h, " /\\@?#%\x00") {
		return ""
	}
	return h
}

// Resolve tells what a host leads to, and by which slug when it is a direct child of the base domain. A host outside
// the base domain is a custom domain: PlaceTenant with an empty slug, to be looked up whole.
func (h Hosts) Resolve(host string) (place Place, slug, normal string) {
	normal = NormaliseHost(host)
	switch normal {
	case "":
		return PlaceUnknown, "", ""
	case h.Platform, h.Base:
		return PlacePlatform, "", normal
	}
	if label, below := strings.CutSuffix(normal, "."+h.Base); below {
		if strings.Contains(label, ".") || CheckSlug(label) != "" {
			return PlaceUnknown, "", normal
		}
		return PlaceTenant, label, normal
	}
	return PlaceTenant, "", normal
}
