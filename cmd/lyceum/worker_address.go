package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing/subscription"
	"lyceum/internal/event"
	"lyceum/store/queue"
	"lyceum/tenant"
	"lyceum/tenant/address"
	"lyceum/themes"
)

// newAddresses puts the portals' addresses together.
func (a *app) newAddresses(c Domains) *address.Service {
	return address.New(address.Options{
		Keep: a.store, Hosts: a.hosts, Resolver: a.addressResolver(), Target: c.Target, Networks: c.networks, Now: a.now, Log: a.log,
		May: func(ctx context.Context) error { return auth.Require(ctx, policy.AddressManage) },
		Plan: func(ctx context.Context, have int64) error {
			return a.subscriptions.MayAdd(ctx, subscription.FeatureDomains, have)
		},
	})
}

// addressConsequences is what follows from a domain that no longer leads here, and from a portal that operators moved.
func (a *app) addressConsequences() []queue.Consequence {
	return []queue.Consequence{
		{When: "address.domain_warned", Name: "mail_address_warned", Do: a.mailAddress},
		{When: "address.domain_lost", Name: "mail_address_lost", Do: a.mailAddress},
		{When: "address.renamed", Name: "mail_moved", Do: a.mailMoved},
	}
}

// addressChores look each time only for what is due.
func (a *app) addressChores() []queue.Chore {
	return []queue.Chore{
		{Name: "check_addresses", Every: time.Hour, Do: func(ctx context.Context) error {
			return a.everywhereAtOnce(ctx, "domains", a.addresses.CheckDue)
		}},
	}
}

func (a *app) mailAddress(ctx context.Context, e event.Event) error {
	var d struct {
		Domain string    `json:"domain"`
		OffAt  time.Time `json:"off_at"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	owners, err := a.signon.Owners(ctx)
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/settings/address/domains/" + url.PathEscape(d.Domain)
	return a.letterToAll(ctx, e, owners, func(to auth.Person) themes.Mail {
		return themes.AddressMail{Name: to.Name, Domain: address.Domain{Host: d.Domain}.Shown(), Lost: e.Type == "address.domain_lost", OffAt: d.OffAt, Link: link}
	})
}

// mailMoved tells the owners of a portal that operators gave it another address; who does so themselves knows.
func (a *app) mailMoved(ctx context.Context, e event.Event) error {
	var d struct {
		Slug   string `json:"slug"`
		Was    string `json:"was"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(e.Data, &d); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	if d.Reason == "" {
		return nil
	}
	owners, err := a.signon.Owners(ctx)
	if err != nil {
		return err
	}
	t, _ := tenant.From(ctx)
	link := a.hosts.PortalURL(t) + "/settings/address"
	at := func(slug string) string { return a.hosts.PortalURL(tenant.Tenant{Slug: slug}) }
	return a.letterToAll(ctx, e, owners, func(to auth.Person) themes.Mail {
		return themes.MovedMail{Name: to.Name, Old: at(d.Was), New: at(d.Slug), Reason: d.Reason, Link: link}
	})
}
