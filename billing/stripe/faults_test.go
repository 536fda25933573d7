package stripe_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/stripe"
	"lyceum/billing/stripe/stripetest"
	"lyceum/internal/uid"
)

// offer is a plan with a flat part and learners.
func offer(flat int64, more ...plan.Component) provider.Offer {
	p := plan.Plan{ID: uid.New(), Code: "team", Name: "Team"}
	return provider.Offer{Plan: p, Version: plan.Version{ID: uid.New(), PlanID: p.ID, Number: 1, Currency: "EUR", Interval: plan.Month, Components: append([]plan.Component{
		{Code: "base", Name: "Base", Scheme: plan.Flat, Price: money.Micros(flat * 10_000)},
		{Code: "learners", Name: "Active learners", Scheme: plan.PerUnit, Meter: billing.MeterActiveLearner, Price: 2_000_000},
	}, more...)}}
}

// journey is an organization's way through everything that changes something. Each step is repeated until it succeeds, as
// callers do; after is called between tries.
func (h *house) journey(t *testing.T, small, large provider.Offer, after func(error)) (customer string) {
	t.Helper()
	ctx, tenant := t.Context(), uid.New()
	until := func(do func() error) {
		t.Helper()
		for range 200 {
			err := do()
			if err == nil {
				return
			}
			if !errors.Is(err, provider.ErrUnavailable) {
				t.Fatal(err)
			}
			after(err)
		}
		t.Fatal("never succeeded")
	}
	var url, ref string
	until(func() error { _, err := h.Publish(ctx, []provider.Offer{small, large}, false); return err })
	until(func() (err error) {
		customer, err = h.EnsureCustomer(ctx, provider.Customer{TenantID: tenant, Ref: customer, Name: "Acme", Email: "a@acme.example"})
		return err
	})
	in := provider.Checkout{Key: "c:" + tenant.String(), TenantID: tenant, Customer: customer, Version: small.Version, SuccessURL: "https://a.example", CancelURL: "https://a.example"}
	until(func() (err error) { url, err = h.Checkout(ctx, in); return err })
	ref, err := h.fake.Pay(url, true)
	if err != nil {
		t.Fatal(err)
	}
	until(func() error { return h.Tend(ctx, ref) })
	for _, id := range []string{"a", "b", "c"} {
		u := []provider.Usage{{Identifier: tenant.String() + id, Customer: customer, Meter: billing.MeterActiveLearner, Quantity: 7, At: h.fake.Now()}}
		until(func() error { return h.Report(ctx, u)[0] })
	}
	h.fake.Pass(h.fake.Now().AddDate(0, 0, 9))
	until(func() error {
		_, err := h.Move(ctx, "m:"+tenant.String(), provider.Move{Subscription: ref, Version: large.Version, At: h.fake.Now()})
		return err
	})
	until(func() error {
		return h.AddItem(ctx, "i:"+tenant.String(), provider.Item{Customer: customer, Text: "Late", Amount: money.Money{Minor: 300, Currency: "EUR"}, Period: billing.PeriodOf(h.fake.Now())})
	})
	until(func() error { return h.Apply(ctx, "p:"+tenant.String(), ref, "WELCOME20") })
	until(func() error { _, err := h.Cancel(ctx, "x:"+tenant.String(), ref, false); return err })
	until(func() error { _, err := h.Continue(ctx, "y:"+tenant.String(), ref); return err })
	h.fake.Pass(h.fake.Now().AddDate(0, 1, 3))
	until(func() error { _, err := h.Cancel(ctx, "z:"+tenant.String(), ref, true); return err })
	h.fake.Pass(h.fake.Now().AddDate(0, 0, 1))
	return customer
}

func (h *house) total(t *testing.T, customer string) (cents int64, bills int) {
	t.Helper()
	list, err := h.Invoices(t.Context(), customer, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range list {
		cents += i.Total.Minor
	}
	return cents, len(list)
}

func TestWhateverGoesWrongOnTheWayEachWishHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	small, large := offer(5000), offer(20_000)
	calm := build(t)
	want, wantBills := calm.total(t, calm.journey(t, small, large, func(err error) { t.Fatal(err) }))
	if want == 0 {
		t.Fatal("the journey costs nothing")
	}
	for seed := range uint64(25) {
		dice := rand.New(rand.NewPCG(seed, 7))
		h := build(t)
		storm := func(error) {
			for range dice.IntN(3) {
				h.fake.Break([]stripetest.Fault{{Lost: true}, {Lost: true}, {Cut: true}, {Status: 500}, {Status: 503}, {Status: 429, RetryAfter: 2}}[dice.IntN(6)])
			}
		}
		for range 6 {
			storm(nil)
		}
		customer := h.journey(t, small, large, storm)
		if got, bills := h.total(t, customer); got != want || bills != wantBills {
			t.Errorf("storm %d: %d cents on %d bills instead of %d on %d", seed, got, bills, want, wantBills)
		}
		if n, sum := h.fake.Used(customer); n != 3 || sum != 21 {
			t.Errorf("storm %d: usage counted %d times, %d in all", seed, n, sum)
		}
	}
}

func TestEveryLossOfAnAnswerIsSurvived(t *testing.T) {
	t.Parallel()
	small, large := offer(5000), offer(20_000)
	calm := build(t)
	want, _ := calm.total(t, calm.journey(t, small, large, func(err error) { t.Fatal(err) }))
	for _, path := range []string{"/customers", "/products", "/prices", "/billing/meters", "/checkout", "/subscriptions", "/meter_events", "/invoiceitems"} {
		h := build(t)
		h.fake.Break(stripetest.Fault{Lost: true, Path: path}, stripetest.Fault{Lost: true, Path: path})
		met := 0
		customer := h.journey(t, small, large, func(error) { met++ })
		if got, _ := h.total(t, customer); got != want || met == 0 {
			t.Errorf("answers of %s were lost %d times: %d cents instead of %d", path, met, got, want)
		}
	}
}

func TestFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx := t.Context()
	customer := func() error {
		_, err := h.EnsureCustomer(ctx, provider.Customer{TenantID: uid.New(), Name: "A", Email: "a@acme.example"})
		return err
	}
	for _, c := range []struct {
		fault stripetest.Fault
		want  error
		after time.Duration
	}{
		{stripetest.Fault{Status: 429, RetryAfter: 30}, provider.ErrUnavailable, 30 * time.Second},
		{stripetest.Fault{Status: 500}, provider.ErrUnavailable, 0},
		{stripetest.Fault{Status: 409}, provider.ErrUnavailable, 0},
		{stripetest.Fault{Cut: true}, provider.ErrUnavailable, 0},
		{stripetest.Fault{Lost: true}, provider.ErrUnavailable, 0},
		{stripetest.Fault{Status: 400}, provider.ErrRefused, 0},
		{stripetest.Fault{Status: 402}, provider.ErrRefused, 0},
	} {
		h.fake.Break(c.fault, c.fault) // net/http itself repeats what has a key when a connection that was kept breaks
		err := customer()
		h.fake.Mend()
		if !errors.Is(err, c.want) || provider.RetryAfter(err) != c.after {
			t.Errorf("%+v: %v, again after %s", c.fault, err, provider.RetryAfter(err))
		}
	}
	stranger, err := stripe.New(stripe.Options{Key: "sk_live_very_secret", BaseURL: h.fake.URL, Now: h.fake.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = stranger.Subscription(ctx, "sub_1")
	if !errors.Is(err, provider.ErrUnavailable) || strings.Contains(err.Error(), "very_secret") {
		t.Errorf("a wrong key: %v", err)
	}
	if !stranger.Live() || h.Live() {
		t.Error("a live key moves real money, a test key does not")
	}
	if _, err := stripe.New(stripe.Options{Key: "pk_live_public"}); err == nil || strings.Contains(err.Error(), "pk_live") {
		t.Errorf("a public key: %v", err)
	}
}

func TestAStormIsNotMadeWorse(t *testing.T) {
	t.Parallel()
	h := build(t)
	small := offer(5000)
	if _, err := h.Publish(t.Context(), []provider.Offer{small}, false); err != nil {
		t.Fatal(err)
	}
	customer, err := h.EnsureCustomer(t.Context(), provider.Customer{TenantID: uid.New(), Name: "A", Email: "a@acme.example"})
	if err != nil {
		t.Fatal(err)
	}
	var usage []provider.Usage
	for _, id := range []string{"a", "b", "c", "d"} {
		usage = append(usage, provider.Usage{Identifier: id, Customer: customer, Meter: billing.MeterActiveLearner, Quantity: 1, At: h.fake.Now()})
	}
	usage[0].Customer = "cus_of_nobody"
	before := h.fake.Calls()
	h.fake.Break(stripetest.Fault{}, stripetest.Fault{}, stripetest.Fault{Status: 429, RetryAfter: 7})
	errs := h.Report(t.Context(), usage)
	if !errors.Is(errs[0], provider.ErrRefused) || errs[1] != nil || provider.RetryAfter(errs[2]) != 7*time.Second || provider.RetryAfter(errs[3]) != 7*time.Second {
		t.Errorf("%v", errs)
	}
	if n := h.fake.Calls() - before; n != 3 {
		t.Errorf("%d calls: one that is told to wait asks no more", n)
	}
	if errs := h.Report(t.Context(), usage[1:]); errors.Join(errs...) != nil {
		t.Error(errs)
	}
	// An identifier that is known by another key than this call's counts once too.
	usage[1].At = usage[1].At.Add(-time.Second)
	if n, _ := h.fake.Used(customer); n != 3 {
		t.Errorf("counted %d times", n)
	}
}
