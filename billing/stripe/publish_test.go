package stripe_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

func verbs(list []provider.Change, kind string) string {
	var out []string
	for _, c := range list {
		if c.Kind == kind {
			out = append(out, c.Verb)
		}
	}
	return strings.Join(out, " ")
}

func TestAPublishedPriceIsReplacedNotChanged(t *testing.T) {
	t.Parallel()
	h := build(t)
	o := offer(5000)
	h.publish(t, o)
	customer, ref := h.subscribed(t, o, uid.New())
	dearer := o
	dearer.Version.Components = append([]plan.Component(nil), o.Version.Components...)
	dearer.Version.Components[0].Price = 60_000_000
	tried, err := h.Publish(t.Context(), []provider.Offer{dearer}, true)
	if err != nil || verbs(tried, "price") != "replace keep" {
		t.Errorf("a dry run says %q, %v", verbs(tried, "price"), err)
	}
	done, err := h.Publish(t.Context(), []provider.Offer{dearer}, false)
	if err != nil || verbs(done, "price") != "replace keep archive" {
		t.Errorf("it says %q, %v", verbs(done, "price"), err)
	}
	h.fake.Pass(h.fake.Now().AddDate(0, 1, 1))
	if got, _ := h.total(t, customer); got != 2*5000 {
		t.Errorf("who has the old price pays %d", got)
	}
	other, _ := h.subscribed(t, dearer, uid.New())
	if got, _ := h.total(t, other); got != 6000 {
		t.Errorf("who is new pays %d", got)
	}
	// Off the shelf, what runs goes on; a trial that ends then has its usage billed all the same.
	trial, waiting := h.trial(t, dearer)
	gone, err := h.Publish(t.Context(), nil, false)
	if err != nil || verbs(gone, "price") != "archive" {
		t.Errorf("it says %q, %v", verbs(gone, "price"), err)
	}
	if s, err := h.Subscription(t.Context(), ref); err != nil || s.State != provider.StateActive {
		t.Errorf("%+v, %v", s, err)
	}
	h.fake.Pass(h.fake.Now().AddDate(0, 0, 5))
	if err := h.Tend(t.Context(), waiting); err != nil {
		t.Error(err)
	}
	h.Report(t.Context(), []provider.Usage{{Identifier: "after the trial", Customer: trial, Meter: billing.MeterActiveLearner, Quantity: 1, At: h.fake.Now()}})
	h.fake.Pass(h.fake.Now().AddDate(0, 1, 0))
	if got, _ := h.total(t, trial); got != 2*6000+200 {
		t.Errorf("after the trial %d are billed", got)
	}
	back, err := h.Publish(t.Context(), []provider.Offer{dearer}, false)
	if err != nil || verbs(back, "price") != "update keep" {
		t.Errorf("back on the shelf: %q, %v", verbs(back, "price"), err)
	}
}

// TestWhatIsBilledThereIsWhatThePlanSays compares each way to price with the plan's own sum.
func TestWhatIsBilledThereIsWhatThePlanSays(t *testing.T) {
	t.Parallel()
	calls := func(c plan.Component) plan.Component {
		c.Code, c.Name, c.Meter = "calls", "API calls", billing.MeterAPICalls
		return c
	}
	tiers := []plan.Tier{{UpTo: 100, Price: 50_000}, {UpTo: 1000, Price: 30_000, Flat: 4_000_000}, {Price: 10_000}}
	for name, c := range map[string]plan.Component{
		"each":                 calls(plan.Component{Scheme: plan.PerUnit, Price: 12_345}),
		"after what is free":   calls(plan.Component{Scheme: plan.PerUnit, Included: 150, Price: 12_345}),
		"by the started dozen": calls(plan.Component{Scheme: plan.PerUnit, Per: 12, Price: 1_234_500}),
		"graduated":            calls(plan.Component{Scheme: plan.Graduated, Tiers: tiers}),
		"graduated after some": calls(plan.Component{Scheme: plan.Graduated, Included: 150, Tiers: tiers}),
		"volume":               calls(plan.Component{Scheme: plan.Volume, Tiers: tiers}),
	} {
		for _, used := range []int64{0, 1, 100, 101, 163, 1000, 1001, 98_765} {
			h := build(t)
			o := offer(5000, c)
			h.publish(t, o)
			customer, ref := h.subscribed(t, o, uid.New())
			if err := h.Tend(t.Context(), ref); err != nil {
				t.Fatal(err)
			}
			if used > 0 {
				errs := h.Report(t.Context(), []provider.Usage{{Identifier: "u", Customer: customer, Meter: c.Meter, Quantity: used, At: h.fake.Now()}})
				if errs[0] != nil {
					t.Fatal(errs[0])
				}
			}
			h.fake.Pass(time.Date(2026, 4, 1, 2, 0, 0, 0, time.UTC))
			want, err := o.Version.Bill(nil, plan.Quantities{c.Meter: used})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := h.total(t, customer); got != want.Total.Minor {
				t.Errorf("%s, %d used: %d cents instead of %d", name, used, got, want.Total.Minor)
			}
		}
	}
}

func TestAPriceThatCannotBeSaidThereIsRefusedBeforeItIsSold(t *testing.T) {
	t.Parallel()
	h := build(t)
	storage := func(c plan.Component) provider.Offer {
		c.Code, c.Name, c.Meter = "storage", "Storage", billing.MeterStorage
		return offer(5000, c)
	}
	for name, c := range map[string]struct {
		offer provider.Offer
		fine  bool
	}{
		"a cent for a gigabyte-hour":                 {storage(plan.Component{Scheme: plan.PerUnit, Per: 1e9, Included: 10, Price: 10_000}), true},
		"a price of too many decimals":               {storage(plan.Component{Scheme: plan.PerUnit, Per: 730e9, Included: 10, Price: 100_000}), false},
		"the same in packs":                          {storage(plan.Component{Scheme: plan.PerUnit, Per: 730e9, Price: 100_000}), true},
		"included units where the volume sets it":    {storage(plan.Component{Scheme: plan.Volume, Included: 5, Tiers: []plan.Tier{{Price: 100}}}), false},
		"a plan that costs nothing but what is used": {func() provider.Offer { o := offer(0); o.Version.Components = o.Version.Components[1:]; return o }(), true},
	} {
		_, err := h.Publish(t.Context(), []provider.Offer{c.offer}, true)
		if c.fine != (err == nil) || err != nil && !errors.Is(err, provider.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACustomerThatWasForgottenIsFoundAgain(t *testing.T) {
	t.Parallel()
	h := build(t)
	c := provider.Customer{
		TenantID: uid.New(), Name: "Acme", Email: "a@acme.example", TaxIDs: []provider.TaxID{{Kind: "eu_vat", Value: "DE111111111"}},
		Address: provider.Address{Line1: "Hafenstr. 7", City: "Hamburg", PostalCode: "20457", Country: "DE"},
	}
	first, err := h.EnsureCustomer(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	h.fake.Pass(h.fake.Now().AddDate(0, 0, 3)) // keys are forgotten by then
	c.TaxIDs[0].Value = "DE222222222"
	again, err := h.EnsureCustomer(t.Context(), c)
	if err != nil || again != first {
		t.Errorf("%s, then %s, %v", first, again, err)
	}
	if ids := h.fake.TaxIDs(first); len(ids) != 1 || ids[0] != "DE222222222" {
		t.Errorf("tax ids %v", ids)
	}
	c.TaxIDs[0].Value = "nonsense"
	if _, err := h.EnsureCustomer(t.Context(), c); !errors.Is(err, provider.ErrRefused) {
		t.Errorf("a wrong tax id: %v", err)
	}
}
