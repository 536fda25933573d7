package stripe_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/stripe"
	"lyceum/billing/stripe/stripetest"
	"lyceum/internal/uid"
)

// subscribed is an organization that paid.
func (h *house) subscribed(t *testing.T, o provider.Offer, tenant uid.ID) (customer, ref string) {
	t.Helper()
	return h.begun(t, o, tenant, nil)
}

// trial is an organization in the last three days of its trial.
func (h *house) trial(t *testing.T, o provider.Offer) (customer, ref string) {
	t.Helper()
	end := h.fake.Now().AddDate(0, 0, 3)
	return h.begun(t, o, uid.New(), &end)
}

func (h *house) begun(t *testing.T, o provider.Offer, tenant uid.ID, trialEnd *time.Time) (customer, ref string) {
	t.Helper()
	ctx := t.Context()
	customer, err := h.EnsureCustomer(ctx, provider.Customer{TenantID: tenant, Name: "Acme", Email: "a@acme.example"})
	if err != nil {
		t.Fatal(err)
	}
	url, err := h.Checkout(ctx, provider.Checkout{Key: uid.New().String(), TenantID: tenant, Customer: customer, Version: o.Version, TrialEnd: trialEnd, SuccessURL: "https://a.example", CancelURL: "https://a.example"})
	if err != nil {
		t.Fatal(err)
	}
	if ref, err = h.fake.Pay(url, true); err != nil {
		t.Fatal(err)
	}
	return customer, ref
}

func (h *house) publish(t *testing.T, offers ...provider.Offer) {
	t.Helper()
	if _, err := h.Publish(t.Context(), offers, false); err != nil {
		t.Fatal(err)
	}
}

func TestMessagesAreReadWhenTheyAreSignedLatelyAndInOurVersion(t *testing.T) {
	t.Parallel()
	h := build(t)
	o := offer(5000)
	h.publish(t, o)
	customer, ref := h.subscribed(t, o, uid.New())
	now := h.fake.Now()
	about := map[string]bool{}
	for _, m := range h.fake.Waiting() {
		e, err := h.Read(m.Payload, m.Signature, now.Add(4*time.Minute))
		if err != nil || e.Type != m.Type || e.Customer != customer || e.ID == "" || !e.At.Equal(now) || len(e.Payload) == 0 {
			t.Errorf("%s: %+v, %v", m.Type, e, err)
		}
		if e.Object == "subscription" && e.Ref == ref {
			about[e.Type] = true
		}
		for name, c := range map[string]struct {
			payload   []byte
			signature string
			at        time.Time
		}{
			"an old one":            {m.Payload, m.Signature, now.Add(6 * time.Minute)},
			"one of the future":     {m.Payload, m.Signature, now.Add(-6 * time.Minute)},
			"another's signature":   {m.Payload, stripetest.Sign(m.Payload, "whsec_other", now), now},
			"one that was changed":  {append([]byte(" "), m.Payload...), m.Signature, now},
			"one of no signature":   {m.Payload, "", now},
			"one that is no JSON":   {[]byte("x"), stripetest.Sign([]byte("x"), stripetest.Secret, now), now},
			"one of another schema": {[]byte(strings.Replace(string(m.Payload), stripe.APIVersion, "2019-01-01", 1)), "", now},
		} {
			if name == "one of another schema" {
				c.signature = stripetest.Sign(c.payload, stripetest.Secret, now)
			}
			if _, err := h.Read(c.payload, c.signature, c.at); !errors.Is(err, provider.ErrForged) {
				t.Errorf("%s is read: %v", name, err)
			}
		}
	}
	if got := slices.Sorted(maps.Keys(about)); !slices.Equal(got, []string{"checkout.session.completed", "customer.subscription.created"}) {
		t.Errorf("about the subscription are %v", got)
	}
	deaf, err := stripe.New(stripe.Options{Key: stripetest.Key, BaseURL: h.fake.URL})
	if err != nil {
		t.Fatal(err)
	}
	m := h.fake.Waiting()[0]
	if _, err := deaf.Read(m.Payload, stripetest.Sign(m.Payload, "", now), now); !errors.Is(err, provider.ErrForged) {
		t.Errorf("without a secret anybody is believed: %v", err)
	}
}

func TestWhatWasNotDeliveredIsFoundAgainInItsOrder(t *testing.T) {
	t.Parallel()
	h := build(t)
	o := offer(5000)
	h.publish(t, o)
	_, ref := h.subscribed(t, o, uid.New())
	posted := 0
	h.fake.Deliver(func(stripetest.Message) bool { posted++; return true }, 3, true)
	if n := len(h.fake.Waiting()); n != 0 || posted < 9 {
		t.Fatalf("%d wait after %d posts", n, posted)
	}
	since := h.fake.Now()
	h.fake.Pass(since.AddDate(0, 2, 0))
	list, err := h.Undelivered(t.Context(), since)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d, %v", len(list), err)
	}
	renewed := 0
	for i, e := range list {
		if i > 0 && e.At.Before(list[i-1].At) {
			t.Errorf("%s comes before %s", list[i-1].At, e.At)
		}
		if !slices.Contains(stripe.Events(), e.Type) {
			t.Errorf("%s is nothing we asked for", e.Type)
		}
		if e.Type == "customer.subscription.updated" && e.Ref == ref {
			renewed++
		}
	}
	if renewed != 2 {
		t.Errorf("the subscription was renewed %d times", renewed)
	}
	late, err := h.Undelivered(t.Context(), h.fake.Now().Add(time.Second))
	if err != nil || len(late) != 0 {
		t.Errorf("since now: %d, %v", len(late), err)
	}
}

func TestTheEndpointIsMadeOnceInOurVersion(t *testing.T) {
	t.Parallel()
	h := build(t)
	const address = "https://lyceum.example/webhooks/stripe"
	secret, err := h.EnsureEndpoint(t.Context(), address)
	if err != nil || secret != stripetest.Secret {
		t.Fatalf("%q, %v", secret, err)
	}
	for range 2 {
		if secret, err := h.EnsureEndpoint(t.Context(), address); err != nil || secret != "" {
			t.Errorf("a second one is made: %q, %v", secret, err)
		}
	}
}

func TestUsageIsTendedHoweverLateTheEventComes(t *testing.T) {
	t.Parallel()
	h := build(t)
	o := offer(5000)
	h.publish(t, o)
	tenant := uid.New()
	customer, ref := h.subscribed(t, o, tenant)
	report := func(id string) {
		t.Helper()
		errs := h.Report(t.Context(), []provider.Usage{{Identifier: id, Customer: customer, Meter: billing.MeterActiveLearner, Quantity: 3, At: h.fake.Now()}})
		if errs[0] != nil {
			t.Fatal(errs[0])
		}
	}
	report("before the event came")
	h.fake.Pass(h.fake.Now().AddDate(0, 0, 3))
	for range 3 {
		if err := h.Tend(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	h.fake.Pass(time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC))
	if got, _ := h.total(t, customer); got != 5000+3*200 {
		t.Errorf("%d cents are billed", got)
	}

	// Who was not paid and is checked out anew has one subscription, and one of usage.
	h.fake.Card(customer, false)
	h.fake.Pass(h.fake.Now().AddDate(0, 0, 10))
	if s, err := h.Subscription(t.Context(), ref); err != nil || s.State != provider.StatePastDue {
		t.Fatalf("%+v, %v", s, err)
	}
	_, again := h.subscribed(t, o, tenant)
	if err := h.Tend(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	old, err := h.Subscription(t.Context(), ref)
	if err != nil || old.State != provider.StateCancelled {
		t.Errorf("%+v, %v", old, err)
	}
	fresh, err := h.Subscription(t.Context(), again)
	if err != nil || fresh.State != provider.StateActive {
		t.Errorf("%+v, %v", fresh, err)
	}
}

func TestUsageThatIsNotPaidMakesItPastDueByEitherReference(t *testing.T) {
	t.Parallel()
	h := build(t)
	o := offer(5000)
	o.Version.Interval = plan.Year
	h.publish(t, o)
	customer, ref := h.subscribed(t, o, uid.New())
	if err := h.Tend(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	h.Report(t.Context(), []provider.Usage{{Identifier: "u", Customer: customer, Meter: billing.MeterActiveLearner, Quantity: 3, At: h.fake.Now()}})
	h.fake.Card(customer, false)
	h.fake.Pass(h.fake.Now().AddDate(0, 1, 0))
	refs := map[string]bool{}
	for _, m := range h.fake.Waiting() {
		e, err := h.Read(m.Payload, m.Signature, h.fake.Now())
		if err != nil {
			t.Fatal(err)
		}
		if e.Object != "subscription" {
			continue
		}
		refs[e.Ref] = true
		s, err := h.Subscription(t.Context(), e.Ref)
		if err != nil || s.Ref != ref || s.State != provider.StatePastDue {
			t.Errorf("%s leads to %+v, %v", e.Ref, s, err)
		}
	}
	if len(refs) != 2 {
		t.Errorf("messages are about %v", refs)
	}
}

// Reports of usage that Stripe could not count come from an event destination: thin messages, signed with a secret of their
// own.
func TestAThinMessageIsReadWithTheDestinationsOwnSecret(t *testing.T) {
	t.Parallel()
	h := build(t)
	now := h.fake.Now()
	s, err := stripe.New(stripe.Options{Key: stripetest.Key, BaseURL: h.fake.URL, WebhookSecret: stripetest.Secret + ", whsec_destination"})
	if err != nil {
		t.Fatal(err)
	}
	payload := []byte(`{"id":"evt_65R","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","livemode":false,"created":"2026-03-04T08:59:58.123Z",
		"related_object":{"id":"mtr_1","type":"billing.meter","url":"/v1/billing/meters/mtr_1"}}`)
	e, err := s.Read(payload, stripetest.Sign(payload, "whsec_destination", now), now)
	if err != nil || e.ID != "evt_65R" || e.Type != "v1.billing.meter.error_report_triggered" || e.Object != "billing.meter" || e.Ref != "mtr_1" || e.At.Day() != 4 || len(e.Payload) == 0 {
		t.Errorf("read %+v (%v)", e, err)
	}
	if _, err := s.Read(payload, stripetest.Sign(payload, "whsec_destination", now), now.Add(6*time.Minute)); !errors.Is(err, provider.ErrForged) {
		t.Errorf("an old one is read: %v", err)
	}
	if _, err := h.Read(payload, stripetest.Sign(payload, "whsec_destination", now), now); !errors.Is(err, provider.ErrForged) {
		t.Errorf("one of a destination whose secret is not known is read: %v", err)
	}
	for _, m := range h.fake.Waiting() {
		if _, err := s.Read(m.Payload, m.Signature, now); err != nil {
			t.Errorf("%s of the endpoint: %v", m.Type, err)
		}
	}
}
