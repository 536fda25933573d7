package rest_test

import (
	"context"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/billing/books"
	"lyceum/billing/offer"
	"lyceum/billing/provider"
	"lyceum/billing/rating"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// sells gives the site plans and a provider that moves no money.
func (s *site) sells(t *testing.T) {
	t.Helper()
	now := s.services.Now
	b := books.New(books.Options{
		Keep: s.Store, Now: now,
		Page: func(_ context.Context, _ uid.ID, path string) (string, error) {
			return "https://acme.example" + path, nil
		},
	})
	offers := offer.New(offer.Options{Keep: s.Store, Now: now, Provider: func() provider.Provider { return b }})
	if _, err := offers.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.services.Subscriptions = subscription.New(subscription.Options{
		Keep: s.Store, Plans: offers, Rating: rating.New(s.Store), Provider: b, Now: now,
		Return: func(tenant.Tenant) string { return "https://acme.example/settings/billing" },
	})
	s.mount(t)
}

func TestAnOwnerBuysByTheAPIAndOthersOnlyLook(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.sells(t)
	owner, _ := s.person(t, policy.Owner)
	admin, _ := s.person(t, policy.Admin)
	learner, _ := s.person(t, policy.Learner)

	s.call(t, learner, "GET", "/billing", nil).failed(t, 403, "forbidden")
	if a := s.call(t, admin, "GET", "/billing", nil).want(t, 200).object(t); a.text("state") != "trial" || a.at("real_money") != false || a.text("plan.name") == "" {
		t.Errorf("billing %v", a)
	}
	plans := s.call(t, admin, "GET", "/billing/plans", nil).want(t, 200).object(t)
	version := ""
	for _, p := range plans.at("items").([]any) { //nolint:forcetypeassert // the document says so
		if p := object(p.(map[string]any)); p.text("code") == "business" && p.text("interval") == "month" { //nolint:forcetypeassert // the document says so
			version = p.text("version_id")
		}
	}
	if version == "" {
		t.Fatalf("no business plan by the month in %v", plans)
	}
	choice := object{"version_id": version}
	s.call(t, admin, "POST", "/billing/preview", choice).want(t, 200)
	if m := s.call(t, admin, "POST", "/billing/simulation", choice).want(t, 200).object(t); m.at("months") == nil {
		t.Errorf("simulated %v", m)
	}
	s.call(t, admin, "POST", "/billing/preview", object{"version_id": uid.New()}).failed(t, 404, "plan_version_not_found")
	s.call(t, admin, "POST", "/billing/preview", object{"version_id": version, "add_ons": []any{object{"component": "rocket", "quantity": 1}}}).failed(t, 422, "invalid_input")

	s.call(t, admin, "POST", "/billing/checkout", choice).failed(t, 403, "forbidden")
	s.call(t, owner, "POST", "/billing/coupon", object{"coupon": "HALF"}).failed(t, 409, "subscription_not_paid_yet")
	s.call(t, owner, "POST", "/billing/portal", nil).failed(t, 409, "subscription_not_paid_yet")
	if c := s.call(t, owner, "POST", "/billing/checkout", choice).want(t, 200).object(t); !strings.HasPrefix(c.text("url"), "https://acme.example"+books.Path) {
		t.Errorf("to pay at %v", c)
	}
	s.call(t, owner, "POST", "/billing/portal", nil).want(t, 200)

	s.call(t, owner, "PUT", "/billing/details", object{"email": "nobody"}).failed(t, 422, "invalid_input")
	if wrong := s.call(t, owner, "PUT", "/billing/details", object{"email": "accounts@example.com", "address": object{"street": "Main Street 1", "city": "Graz"}}).failed(t, 422, "invalid_input"); wrong["country"] == "" {
		t.Errorf("an address without its country: %v", wrong)
	}
	details := object{"email": "accounts@example.com", "address": object{"street": "Main Street 1", "city": "Graz", "country": "at"}, "tax_ids": []any{object{"value": "atu 12345678"}}}
	s.call(t, admin, "PUT", "/billing/details", details).failed(t, 403, "forbidden")
	if d := s.call(t, owner, "PUT", "/billing/details", details).want(t, 200).object(t); d.text("details.address.country") != "AT" || d.text("details.tax_ids.0.value") != "ATU12345678" || d.text("details.tax_ids.0.kind") != "eu_vat" {
		t.Errorf("details %v", d.at("details"))
	}
	s.call(t, owner, "POST", "/billing/budget", object{"amount": "-5"}).failed(t, 422, "invalid_input")
	s.call(t, owner, "POST", "/billing/budget", object{"amount": "250.00"}).want(t, 200)

	s.call(t, owner, "POST", "/billing/continue", nil).failed(t, 409, "subscription_wrong_state")
	if c := s.call(t, owner, "POST", "/billing/cancel", object{"now": false}).want(t, 200).object(t); c.text("cancel_at") == "" || c.text("state") != "trial" {
		t.Errorf("cancelled %v", c)
	}
	if c := s.call(t, owner, "POST", "/billing/continue", nil).want(t, 200).object(t); c.at("cancel_at") != nil {
		t.Errorf("not taken back: %v", c)
	}
	if c := s.call(t, owner, "POST", "/billing/move", choice).want(t, 200).object(t); c.text("plan.code") != "business" {
		t.Errorf("moved to %v", c.at("plan"))
	}
}
