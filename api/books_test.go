package api_test

import (
	"context"
	"net/url"
	"testing"

	"lyceum/auth/policy"
	"lyceum/billing/books"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

func TestWhereNoRealMoneyMovesTheOwnerPaysAsIf(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) {
		h.o.Books = books.New(books.Options{
			Keep: h.w.Store, Now: h.w.Now.Now,
			Page: func(_ context.Context, _ uid.ID, path string) (string, error) { return "http://" + h.host + path, nil },
			Told: func(ctx context.Context, e provider.Event) error {
				if e.Object != "subscription" {
					return nil
				}
				return h.o.Subscriptions.Refresh(ctx, e.Ref)
			},
		})
		h.o.Subscriptions.Provider = h.o.Books
	})
	h.stands(subscription.StatePastDue, false)
	tn, _ := tenant.From(h.ctx)
	customer, err := h.o.Books.EnsureCustomer(h.ctx, provider.Customer{TenantID: tn.ID, Name: tn.Name})
	if err != nil {
		t.Fatal(err)
	}
	address, err := h.o.Books.Checkout(h.ctx, provider.Checkout{
		Key: "k", TenantID: tn.ID, Customer: customer, SuccessURL: "/settings/billing?checkout=done", CancelURL: "/settings/billing",
		Version: plan.Version{ID: uid.New(), Number: 1, Currency: "EUR", Interval: plan.Month, Components: []plan.Component{{Code: "base", Name: "Base fee", Scheme: plan.Flat, Price: 49_000_000}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	h.as(h.person(policy.Admin)).get(u.Path).is(403)
	owner := h.as(h.person(policy.Owner))
	owner.get(u.Path).is(200).says("No real money moves").says("49.00").says("Pay as if").says("Decline as if")
	owner.post(u.Path, "answer", "perhaps").is(422)
	owner.post(u.Path, "answer", "pay").is(303).leads("/settings/billing?checkout=done")
	owner.get(u.Path).is(404)
	owner.get("/settings/billing").is(200).says("Active")

	owner.get("/settings/billing/books/card").is(200).says("No real money moves")
	owner.post("/settings/billing/books/card", "card", "fails").is(303)
	owner.get("/settings/billing/books/card").says(`value="fails" checked`)
	h.as(h.person(policy.Admin)).post("/settings/billing/books/card", "card", "works").is(403)
}
