package stripe_test

import (
	"testing"
	"time"

	"lyceum/billing/provider/providertest"
	"lyceum/billing/stripe"
	"lyceum/billing/stripe/stripetest"
	"lyceum/internal/uid"
)

// house is Stripe as we speak it, with a fake of it.
type house struct {
	*stripe.Stripe
	fake *stripetest.Fake
}

func build(t *testing.T) *house {
	t.Helper()
	fake := stripetest.New(t, time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC))
	s, err := stripe.New(stripe.Options{Key: stripetest.Key, WebhookSecret: stripetest.Secret, BaseURL: fake.URL, Now: fake.Now})
	if err != nil {
		t.Fatal(err)
	}
	return &house{s, fake}
}

func TestStripeDoesWhatAProviderDoes(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t *testing.T) providertest.World {
		h := build(t)
		return providertest.World{
			Provider: h, Now: h.fake.Now, Coupon: "WELCOME20",
			Pass:   func(_ *testing.T, until time.Time) { h.fake.Pass(until) },
			Tenant: func(*testing.T) uid.ID { return uid.New() },
			Pay: func(t *testing.T, _ uid.ID, url string, works bool) string {
				t.Helper()
				ref, err := h.fake.Pay(url, works)
				if err != nil {
					t.Fatal(err)
				}
				return ref
			},
			Card: func(t *testing.T, id uid.ID, works bool) {
				t.Helper()
				h.fake.Card(h.fake.CustomerOf(id.String()), works)
			},
		}
	})
}
