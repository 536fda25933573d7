package themes_test

import (
	"net/netip"
	"time"

	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/themes"
)

// addressSpecimens shows a portal's name and domains.
func addressSpecimens(w *world) []specimen {
	const day = 24 * time.Hour
	at := func(d time.Duration) *time.Time { t := now.Add(d); return &t }
	live := address.Domain{Host: "learn.acme.example", Token: "k3v9q0t7m2x8c5b1n6z5k3v9q0t7m2x8", VerifiedAt: at(-90 * day), PointedAt: at(-3 * time.Hour), CheckedAt: at(-3 * time.Hour), CreatedAt: now.Add(-91 * day)}
	fresh := address.Domain{Host: "xn--bcher-kva.example", Token: "n6z5k3v9q0t7m2x8k3v9q0t7m2x8c5b1", Problem: address.ProblemRecord, CreatedAt: now}
	gone := live
	gone.Host, gone.MissingSince, gone.Problem = "acme.academy", at(-2*day), address.ProblemElsewhere
	off := fresh
	off.Host, off.LostAt, off.Problem = "old.acme.example", at(-5*day), address.ProblemNoAddress
	proven := live
	proven.Host, proven.PointedAt, proven.Problem = "study.acme.example", nil, address.ProblemPartly
	acme := tenant.Tenant{Slug: "acme", PrimaryHost: live.Host}
	all := address.Overview{Tenant: acme, Domains: []address.Domain{gone, live, off, proven, fresh}, Old: []string{"acme-inc"}, Target: "lyceum.example"}
	page := themes.AddressPage{Address: all, URL: "https://learn.acme.example", SubdomainURL: "acme.lyceum.example", Base: "lyceum.example", Form: themes.AddressForm{Slug: "acme"}}
	none := themes.AddressPage{Address: address.Overview{Tenant: tenant.Tenant{Slug: "acme"}}, URL: "https://acme.lyceum.example", SubdomainURL: "acme.lyceum.example", Base: "lyceum.example", Form: themes.AddressForm{Slug: "acrne", Domain: "*.acme.com"}}
	alike := none
	alike.RenameProblem = tenant.ErrLookAlike.With("slug", tenant.ErrLookAlike.Text)
	none.Problem = refused(map[string]string{"domain": "A domain with * stands for many. Enter each one by itself."})
	moved := page
	moved.Moved = true
	view := w.portal("/settings/address", may())
	return []specimen{
		{"address", view, page},
		{"address-none", view, none},
		{"address-alike", view, alike},
		{"address-moved", view, moved},
		{"address-domain", view, themes.AddressDomainPage{Domain: live, Primary: true, Target: "lyceum.example"}},
		{"address-domain-fresh", view, themes.AddressDomainPage{Domain: fresh, Target: "lyceum.example", Networks: []netip.Addr{netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::7")}, Problem: address.ErrUnproven}},
		{"address-domain-proven", view, themes.AddressDomainPage{Domain: proven, Target: "lyceum.example"}},
		{"address-domain-warned", view, themes.AddressDomainPage{Domain: gone, Target: "lyceum.example"}},
		{"address-domain-off", view, themes.AddressDomainPage{Domain: off, Target: "lyceum.example"}},
	}
}
