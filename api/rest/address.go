package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/billing/subscription"
	"lyceum/tenant"
	"lyceum/tenant/address"
)

// portalAddress is where the portal answers.
type portalAddress struct {
	Slug    string   `json:"slug" example:"acme" doc:"The portal's name, the first part of its subdomain."`
	URL     string   `json:"url" example:"https://learn.acme.com" doc:"Where the portal is shown. All its other addresses lead there."`
	Former  []string `json:"former" doc:"Names that the portal once had. They stay its own and lead to it."`
	Target  string   `json:"target" example:"lyceum.example.com" doc:"What a CNAME record of a domain of one's own holds."`
	Primary string   `json:"primary,omitempty" example:"learn.acme.com" doc:"The domain of one's own under which the portal is shown. Left out: its subdomain."`
}

type portalAddressOut struct{ Body portalAddress }

// portalDomain is a domain of one's own.
type portalDomain struct {
	Domain       string     `json:"domain" example:"learn.acme.com" doc:"As it stands in the DNS, international labels in their ASCII form."`
	State        string     `json:"state" enum:"waiting,proven,live,warned,off" doc:"waiting: to be proven. proven: does not lead here. live: the portal answers there. warned: records have gone, switched off at off_at. off: switched off, to be proven anew."`
	Problem      string     `json:"problem,omitempty" enum:"no_record,no_address,elsewhere,partly" doc:"What the last look at the DNS found wrong."`
	RecordName   string     `json:"record_name" example:"_lyceum-portal.learn.acme.com" doc:"Where a TXT record proves the domain."`
	RecordValue  string     `json:"record_value" doc:"What the TXT record holds."`
	Apex         bool       `json:"apex" doc:"The domain is registered itself, so that it takes address records and no CNAME."`
	VerifiedAt   *time.Time `json:"verified_at,omitempty"`
	CheckedAt    *time.Time `json:"checked_at,omitempty" doc:"When the DNS last answered."`
	MissingSince *time.Time `json:"missing_since,omitempty" doc:"Since when records are gone."`
	OffAt        *time.Time `json:"off_at,omitempty" doc:"When the domain is switched off, unless the records come back."`
}

type portalDomainOut struct{ Body portalDomain }

type portalDomainIn struct {
	Domain string `path:"domain" doc:"The domain." example:"learn.acme.com"`
}

type portalDomainWish struct {
	Domain string `json:"domain" example:"learn.acme.com"`
}

type portalDomainWishIn struct{ Body portalDomainWish }

type portalName struct {
	Slug string `json:"slug" example:"acme-academy" doc:"3 to 40 small letters, digits and single hyphens."`
}

type portalNameIn struct{ Body portalName }

type portalPrimary struct {
	Domain string `json:"domain,omitempty" example:"learn.acme.com" doc:"A domain that is live. Left out: the subdomain."`
}

type portalPrimaryIn struct{ Body portalPrimary }

func (a *api) addressOperations() {
	manage := route.For(policy.AddressManage)
	on(a, operation{
		method: get, path: "/address", id: "get-address", tag: tagAddress, need: manage,
		summary: "Where the portal answers",
	}, func(ctx context.Context, _ *nothing) (*portalAddressOut, error) { return a.addressNow(ctx) })
	on(a, operation{
		method: put, path: "/address/name", id: "rename-portal", tag: tagAddress, need: manage, fresh: true,
		summary: "Give the portal another name",
		about:   "The name before stays the portal's for good and leads to it. People sign in anew; identity providers need no change.",
		fails:   faults{tenant.ErrSlugTaken, tenant.ErrLookAlike, address.ErrTooManyOld},
	}, func(ctx context.Context, in *portalNameIn) (*portalAddressOut, error) {
		if _, err := a.Addresses.Rename(ctx, in.Body.Slug); err != nil {
			return nil, err
		}
		return a.addressNow(ctx)
	})
	on(a, operation{
		method: put, path: "/address/primary", id: "set-primary-domain", tag: tagAddress, need: manage, fresh: true,
		summary: "Say under which address the portal is shown",
		fails:   faults{address.ErrNotFound, address.ErrUnproven, address.ErrNotPointing},
	}, func(ctx context.Context, in *portalPrimaryIn) (*portalAddressOut, error) {
		if _, err := a.Addresses.MakePrimary(ctx, in.Body.Domain); err != nil {
			return nil, err
		}
		return a.addressNow(ctx)
	})
	a.portalDomainOperations(manage)
}

func (a *api) portalDomainOperations(manage route.Need) {
	on(a, operation{
		method: get, path: "/address/domains", id: "list-portal-domains", tag: tagAddress, need: manage,
		summary: "The portal's own domains, by name",
	}, func(ctx context.Context, _ *nothing) (*pageOut[portalDomain], error) {
		v, err := a.Addresses.View(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, v.Domains, showPortalDomain), nil
	})
	on(a, operation{
		method: post, path: "/address/domains", id: "add-portal-domain", tag: tagAddress, need: manage, status: 201,
		summary: "Add a domain, to be proven by a TXT record and led here by a CNAME or address record",
		fails:   faults{address.ErrHere, address.ErrTooMany, address.ErrBusy, subscription.ErrNotInPlan, subscription.ErrPlanUnknown},
	}, func(ctx context.Context, in *portalDomainWishIn) (*portalDomainOut, error) {
		return portalDomainFrom(a.Addresses.Add(ctx, in.Body.Domain))
	})
	on(a, operation{
		method: get, path: "/address/domains/{domain}", id: "get-portal-domain", tag: tagAddress, need: manage,
		summary: "One domain", fails: faults{address.ErrNotFound},
	}, func(ctx context.Context, in *portalDomainIn) (*portalDomainOut, error) {
		return portalDomainFrom(a.Addresses.Domain(ctx, in.Domain))
	})
	on(a, operation{
		method: post, path: "/address/domains/{domain}/check", id: "check-portal-domain", tag: tagAddress, need: manage,
		summary: "Look at the domain's records now",
		fails:   faults{address.ErrNotFound, address.ErrUnproven, address.ErrNotPointing, address.ErrElsewhere, address.ErrDNS},
	}, func(ctx context.Context, in *portalDomainIn) (*portalDomainOut, error) {
		return portalDomainFrom(a.Addresses.Check(ctx, in.Domain))
	})
	on(a, operation{
		method: del, path: "/address/domains/{domain}", id: "remove-portal-domain", tag: tagAddress, need: manage, fresh: true,
		summary: "Take a domain off the list, with its certificate", fails: faults{address.ErrNotFound},
	}, func(ctx context.Context, in *portalDomainIn) (*nothing, error) {
		return nil, a.Addresses.Remove(ctx, in.Domain)
	})
}

func (a *api) addressNow(ctx context.Context) (*portalAddressOut, error) {
	v, err := a.Addresses.View(ctx)
	if err != nil {
		return nil, err
	}
	return &portalAddressOut{portalAddress{
		Slug: v.Tenant.Slug, URL: a.Hosts.PortalURL(v.Tenant), Former: append([]string{}, v.Old...), Target: v.Target, Primary: v.Tenant.PrimaryHost,
	}}, nil
}

func portalDomainFrom(d address.Domain, err error) (*portalDomainOut, error) {
	if err != nil {
		return nil, err
	}
	return &portalDomainOut{showPortalDomain(&d)}, nil
}

func showPortalDomain(d *address.Domain) portalDomain {
	out := portalDomain{
		Domain: d.Host, State: string(d.State()), Problem: string(d.Problem), RecordName: d.RecordName(), RecordValue: d.RecordValue(), Apex: d.Apex(),
		VerifiedAt: utcOrNone(d.VerifiedAt), CheckedAt: utcOrNone(d.CheckedAt), MissingSince: utcOrNone(d.MissingSince),
	}
	if at := d.OffAt(); !at.IsZero() {
		out.OffAt = utcOrNone(&at)
	}
	return out
}
