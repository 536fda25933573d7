package rest

import (
	"context"
	"time"

	"lyceum/api/route"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// emailDomain is an e-mail domain of the organization.
type emailDomain struct {
	Domain       string     `json:"domain" example:"acme.com" doc:"As it stands in the DNS, international labels in their ASCII form."`
	RecordName   string     `json:"record_name" example:"_lyceum-challenge.acme.com" doc:"Where a TXT record proves the domain. The domain itself is the second place where it is looked for."`
	RecordValue  string     `json:"record_value" doc:"What the TXT record holds."`
	ConnectionID *uid.ID    `json:"connection_id,omitempty" doc:"The connection to which people with an address there are led."`
	Require      string     `json:"require,omitempty" enum:"optional,required" doc:"The rule for people with an address there, over the portal's. Left out: the portal's holds."`
	From         *time.Time `json:"from,omitempty" doc:"From when the rule holds."`
	VerifiedAt   *time.Time `json:"verified_at,omitempty" doc:"Left out while the domain is not proven: it leads nobody anywhere then."`
	CheckedAt    *time.Time `json:"checked_at,omitempty" doc:"When the DNS last answered."`
	MissingSince *time.Time `json:"missing_since,omitempty" doc:"Since when the record of a proven domain is gone. After 14 days the domain is no longer proven."`
}

type emailDomainOut struct{ Body emailDomain }

type emailDomainIn struct {
	Domain string `path:"domain" doc:"The domain." example:"acme.com"`
}

// emailDomainWish names a domain to be added.
type emailDomainWish struct {
	Domain string `json:"domain" example:"acme.com" doc:"The part of e-mail addresses behind the @. A subdomain is a domain of its own."`
}

type emailDomainWishIn struct{ Body emailDomainWish }

// emailDomainChange is what is decided about a domain. All of it is given; what is left out becomes empty.
type emailDomainChange struct {
	ConnectionID *uid.ID    `json:"connection_id,omitempty"`
	Require      string     `json:"require,omitempty" enum:"optional,required"`
	From         *time.Time `json:"from,omitempty" doc:"Left out: at once."`
	Confirmed    bool       `json:"confirmed,omitempty" doc:"Says that the owners whom the rule locks out were looked at."`
}

type emailDomainChangeIn struct {
	Domain string `path:"domain" doc:"The domain." example:"acme.com"`
	Body   emailDomainChange
}

func (a *api) domainOperations() {
	manage := route.For(policy.ConnectionManage)
	on(a, operation{
		method: get, path: "/sign-on/domains", id: "list-email-domains", tag: tagConnections, need: manage,
		summary: "The organization's e-mail domains, by name",
	}, func(ctx context.Context, _ *nothing) (*pageOut[emailDomain], error) {
		list, err := a.SignOn.Domains(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, list, showDomain), nil
	})
	on(a, operation{
		method: post, path: "/sign-on/domains", id: "add-email-domain", tag: tagConnections, need: manage, status: 201,
		summary: "Add an e-mail domain, to be proven by a TXT record",
		fails:   faults{signon.ErrDomainHere, signon.ErrTooManyDomains},
	}, func(ctx context.Context, in *emailDomainWishIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.AddDomain(ctx, in.Body.Domain))
	})
	on(a, operation{
		method: get, path: "/sign-on/domains/{domain}", id: "get-email-domain", tag: tagConnections, need: manage,
		summary: "One e-mail domain", fails: faults{signon.ErrDomainNotFound},
	}, func(ctx context.Context, in *emailDomainIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.Domain(ctx, in.Domain))
	})
	on(a, operation{
		method: put, path: "/sign-on/domains/{domain}", id: "update-email-domain", tag: tagConnections, need: manage, fresh: true,
		summary: "Set where a domain's people are led, and the rule for them",
		about:   "Another rule needs the permission `security:manage` too.",
		fails:   faults{signon.ErrDomainNotFound, signon.ErrLocksYouOut, signon.ErrNoProvenWay, signon.ErrLocksOwners},
	}, func(ctx context.Context, in *emailDomainChangeIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.ChangeDomain(ctx, in.Domain, signon.DomainInput{
			ConnectionID: in.Body.ConnectionID, Rule: signon.Rule{Require: signon.Requirement(in.Body.Require), From: in.Body.From}, Confirmed: in.Body.Confirmed,
		}))
	})
	on(a, operation{
		method: post, path: "/sign-on/domains/{domain}/verify", id: "verify-email-domain", tag: tagConnections, need: manage,
		summary: "Look for the domain's TXT record now",
		fails:   faults{signon.ErrDomainNotFound, signon.ErrDomainUnproven, signon.ErrDomainElsewhere, signon.ErrDNS},
	}, func(ctx context.Context, in *emailDomainIn) (*emailDomainOut, error) {
		return domainOut(a.SignOn.VerifyDomain(ctx, in.Domain))
	})
	on(a, operation{
		method: del, path: "/sign-on/domains/{domain}", id: "remove-email-domain", tag: tagConnections, need: manage, fresh: true,
		summary: "Take an e-mail domain off the list", fails: faults{signon.ErrDomainNotFound},
	}, func(ctx context.Context, in *emailDomainIn) (*nothing, error) {
		return nil, a.SignOn.RemoveDomain(ctx, in.Domain)
	})
}

func domainOut(d signon.Domain, err error) (*emailDomainOut, error) {
	if err != nil {
		return nil, err
	}
	return &emailDomainOut{showDomain(&d)}, nil
}

func showDomain(d *signon.Domain) emailDomain {
	return emailDomain{
		Domain: d.Domain, RecordName: d.RecordName(), RecordValue: d.RecordValue(), ConnectionID: d.ConnectionID, Require: string(d.Policy), From: utcOrNone(d.PolicyFrom),
		VerifiedAt: utcOrNone(d.VerifiedAt), CheckedAt: utcOrNone(d.CheckedAt), MissingSince: utcOrNone(d.MissingSince),
	}
}
