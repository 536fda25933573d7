package stripe_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lyceum/billing/inbox"
	"lyceum/billing/provider"
	"lyceum/billing/stripe/stripetest"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// read notes what was read again.
type read struct {
	mu              sync.Mutex
	subs, customers map[string]int
}

func (r *read) Refresh(_ context.Context, ref string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.subs[ref]++
	return nil
}

func (r *read) InvoiceChanged(_ context.Context, ref string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.customers[ref]++
	return nil
}

// The inbox takes what Stripe really sends: signed by its header, twice, and what it could not deliver is fetched. Both ways
// lead to one message each.
func TestTheInboxTakesWhatStripeSends(t *testing.T) {
	t.Parallel()
	w, h := storetest.New(t), build(t)
	small := offer(5000)
	h.publish(t, small)
	again := &read{subs: map[string]int{}, customers: map[string]int{}}
	box := inbox.New(inbox.Options{Keep: w.Store, Subscriptions: again, Provider: func() provider.Provider { return h }, Now: h.fake.Now})
	tenantID := uid.New()
	customer, err := h.EnsureCustomer(t.Context(), provider.Customer{TenantID: tenantID, Name: "Acme", Email: "acme@acme.example"})
	if err != nil {
		t.Fatal(err)
	}
	url, err := h.Checkout(t.Context(), provider.Checkout{Key: uid.New().String(), TenantID: tenantID, Customer: customer, Version: small.Version, SuccessURL: "https://a.example", CancelURL: "https://a.example"})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := h.fake.Pay(url, true)
	if err != nil {
		t.Fatal(err)
	}
	sent := h.fake.Waiting()
	if len(sent) < 3 {
		t.Fatalf("Stripe sends %d messages", len(sent))
	}
	for _, bad := range []string{"", "t=1,v1=00", stripetest.Sign(sent[0].Payload, "whsec_of_others", h.fake.Now()), stripetest.Sign(sent[0].Payload, stripetest.Secret, h.fake.Now().Add(-10*time.Minute))} {
		if err := box.Accept(t.Context(), "stripe", sent[0].Payload, bad); !errors.Is(err, provider.ErrForged) {
			t.Errorf("signed %q: %v", bad, err)
		}
	}
	if err := box.Gather(t.Context()); err != nil { // Stripe could not deliver any of them yet
		t.Fatal(err)
	}
	h.fake.Deliver(func(m stripetest.Message) bool {
		return box.Accept(t.Context(), "stripe", m.Payload, m.Signature) == nil
	}, 2, true)
	if left := h.fake.Waiting(); len(left) != 0 {
		t.Errorf("%d messages were refused", len(left))
	}
	if err := box.Handle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again.subs[ref] == 0 || again.customers[customer] == 0 {
		t.Errorf("read again: subscriptions %v, payers %v", again.subs, again.customers)
	}
	list, err := box.List(t.Context(), inbox.Filter{Page: page.Request{Limit: page.MaxLimit}})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, m := range list.Items {
		if m.Customer != customer && m.Ref != ref {
			continue
		}
		if seen[m.EventID] || m.State != inbox.StateDone && m.State != inbox.StateIgnored {
			t.Errorf("message %s %s is %s (%s)", m.EventID, m.Type, m.State, m.Error)
		}
		seen[m.EventID] = true
	}
	if len(seen) == 0 {
		t.Error("none is kept")
	}
}
