package subscription_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
)

func TestABudgetIsWatchedOnceSomethingIsCharged(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	five := int64(500)
	if _, err := h.s.SetBudget(ctx, &five); err != nil {
		t.Fatal(err)
	}
	h.scale.used = plan.Quantities{billing.MeterActiveLearner: 7}
	watched := func() bool {
		if err := h.s.WatchAll(t.Context()); err != nil {
			t.Fatal(err)
		}
		return slices.Contains(h.letters(t, tn.ID), "budget_passed")
	}
	if watched() {
		t.Error("a trial costs nothing, and its budget is passed")
	}
	h.pays(t, tn, "sub_"+tn.Slug, provider.StateActive)
	if !watched() {
		t.Error("the budget is passed, and nobody is told")
	}
}

func TestBillsThatWereMissedAreWrittenLater(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.large.Version.ID, subscription.CollectInvoice); err != nil {
		t.Fatal(err)
	}
	h.scale.used = plan.Quantities{billing.MeterActiveLearner: 7}
	h.days(20)
	first := billing.PeriodOf(h.row(t, tn.ID).From(billing.PeriodOf(h.Now.Now()))).Start
	h.days(75) // nothing ran for so long
	for range 2 {
		if err := h.s.WriteInvoices(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	list := h.invoices(t, ctx)
	months := map[string]bool{}
	for _, i := range list {
		months[i.PeriodStart.Format("2006-01")] = true
	}
	if len(list) < 2 || len(months) != len(list) || !months[first.Format("2006-01")] {
		t.Errorf("%d bills for %v: want one for each month from %s on", len(list), months, first.Format("2006-01"))
	}
}

func TestNobodyIsSaidToPayWhereNothingRuns(t *testing.T) {
	t.Parallel()
	h := build(t)
	_, tn := h.begun(t)
	if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.large.Version.ID, subscription.CollectNone); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.large.Version.ID, subscription.CollectProvider); !errors.Is(err, subscription.ErrWrongState) {
		t.Errorf("collected by nobody: %v", err)
	}
	if sub := h.row(t, tn.ID); sub.Collect != subscription.CollectNone {
		t.Errorf("it pays by %s", sub.Collect)
	}
}

func TestTheLimitOfStorageIsShownByWhatIsKept(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	other, _ := h.begun(t)
	if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.trial.Version.ID, subscription.CollectNone); err != nil {
		t.Fatal(err)
	}
	h.s.Stored = func(_ context.Context, id uid.ID) (int64, error) {
		if id != tn.ID {
			return 0, errors.New("away")
		}
		return 850, nil
	}
	gauge := func(ctx context.Context) (out []subscription.Gauge) {
		a, err := h.s.Account(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range a.Gauges() {
			if g.InBytes() {
				out = append(out, g)
			}
		}
		return out
	}
	if got := gauge(ctx); len(got) != 1 || got[0].Used != 850 || got[0].Limit != 1000 || got[0].Percent != 85 {
		t.Errorf("storage is %+v", got)
	}
	if got := gauge(other); len(got) != 0 {
		t.Errorf("nobody knows what is kept, and it shows %+v", got)
	}
}
