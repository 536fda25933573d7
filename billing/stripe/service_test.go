package stripe_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/stripe/stripetest"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// shelf is what is on offer.
type shelf []provider.Offer

func (s shelf) Version(_ context.Context, id uid.ID) (provider.Offer, error) {
	for _, o := range s {
		if o.Version.ID == id {
			return o, nil
		}
	}
	return provider.Offer{}, subscription.ErrNoPlan
}
func (s shelf) Offers(context.Context) ([]provider.Offer, error)    { return s, nil }
func (s shelf) Trial(context.Context) (provider.Offer, bool, error) { return s[0], true, nil }

// doors close and open nothing.
type doors struct{}

func (doors) Suspend(context.Context, string, string) (tenant.Tenant, error) {
	return tenant.Tenant{}, nil
}
func (doors) Resume(context.Context, string) (tenant.Tenant, error) { return tenant.Tenant{}, nil }
func (doors) Delete(context.Context, string, string, string) error  { return nil }

// TestMessagesInAnyNumberAndOrderLeadToTheSame takes an organization from its trial through paying, a card that fails, one
// that works, and the end. Each time all messages come thrice, the newest first, while the service hears of Stripe by nothing
// else; some of its questions fail.
func TestMessagesInAnyNumberAndOrderLeadToTheSame(t *testing.T) {
	t.Parallel()
	w, h := storetest.New(t), build(t)
	small, large := offer(5000), offer(20_000)
	for _, o := range []*provider.Offer{&small, &large} {
		o.Version.TrialDays, o.Version.Life = 14, plan.DefaultLife()
	}
	h.publish(t, small, large)
	service := subscription.New(subscription.Options{
		Keep: w.Store, Portals: doors{}, Plans: shelf{small, large}, Provider: h, Now: h.fake.Now, Return: func(tenant.Tenant) string { return "https://acme.example/settings/billing" },
	})
	tn, stranger := w.TenantRow(t), w.TenantRow(t)
	for _, each := range []tenant.Tenant{tn, stranger} {
		if err := service.Begin(t.Context(), each); err != nil {
			t.Fatal(err)
		}
	}
	owner := auth.WithPrincipal(tenant.With(t.Context(), tn), auth.Principal{PersonID: uid.New(), May: policy.Set{policy.BillingRead: {}, policy.BillingManage: {}}})
	row := func(id uid.ID) (sub subscription.Subscription) {
		t.Helper()
		err := w.Store.InControl(t.Context(), func(ctx context.Context) (err error) {
			sub, err = w.Store.SubscriptionOf(ctx, id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return sub
	}
	failed := 0
	flood := func(want subscription.State) {
		t.Helper()
		h.fake.Break(stripetest.Fault{Status: 503, Path: "/subscriptions"}, stripetest.Fault{Lost: true, Path: "/subscriptions"}, stripetest.Fault{Lost: true, Path: "/subscriptions"})
		take := func(m stripetest.Message) bool {
			e, err := h.Read(m.Payload, m.Signature, h.fake.Now())
			if err != nil {
				t.Error(err)
				return false
			}
			if e.Object != "subscription" {
				return true
			}
			if err := service.Refresh(t.Context(), e.Ref); err != nil {
				if !errors.Is(err, provider.ErrUnavailable) {
					t.Errorf("%s: %v", m.Type, err)
				}
				failed++
				return false
			}
			return true
		}
		for range 3 { // what is done for a message makes others
			h.fake.Deliver(take, 3, true)
		}
		if sub := row(tn.ID); sub.State != want {
			t.Fatalf("it is %s instead of %s", sub.State, want)
		}
		if left := h.fake.Waiting(); len(left) != 0 {
			t.Errorf("%d messages were never taken", len(left))
		}
	}
	choice := subscription.Choice{VersionID: small.Version.ID}
	url, err := service.Checkout(owner, choice)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.fake.Pay(url, true); err != nil {
		t.Fatal(err)
	}
	flood(subscription.StateTrial) // its rest is kept
	customer := row(tn.ID).CustomerRef
	h.fake.Pass(h.fake.Now().AddDate(0, 0, 20)) // the trial ends on the way
	flood(subscription.StateActive)
	if errs := h.Report(t.Context(), []provider.Usage{{Identifier: tn.Slug, Customer: customer, Meter: billing.MeterActiveLearner, Quantity: 5, At: h.fake.Now()}}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	if _, err := service.Move(owner, subscription.Choice{VersionID: large.Version.ID}); err != nil {
		t.Fatal(err)
	}
	flood(subscription.StateActive)
	h.fake.Card(customer, false)
	h.fake.Pass(time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC))
	flood(subscription.StatePastDue)
	h.fake.Card(customer, true)
	flood(subscription.StateActive)
	if _, err := service.Cancel(owner, false); err != nil {
		t.Fatal(err)
	}
	h.fake.Pass(h.fake.Now().AddDate(0, 2, 0))
	flood(subscription.StateCancelled)
	if failed == 0 {
		t.Error("nothing ever failed")
	}
	if got := row(stranger.ID); got.State != subscription.StateTrial || got.CustomerRef != "" {
		t.Errorf("the stranger is %+v", got)
	}
	if _, err := h.Undelivered(t.Context(), h.fake.Now().AddDate(0, -5, 0)); err != nil {
		t.Error(err)
	}
}
