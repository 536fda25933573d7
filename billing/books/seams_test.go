package books_test

import (
	"errors"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/provider"
)

// A trial may be over before the month in which somebody pays. What was used between belongs to a month that these books
// never bill: it is refused as too late, so that it goes on the next bill as a line of its own.
func TestUsageOfAMonthBeforeTheSubscriptionIsNotTakenAndForgotten(t *testing.T) {
	t.Parallel()
	h := build(t)
	tn, ref := h.subscribed(t, monthly())
	at := billing.PeriodOf(h.World.Now.Now()).Start.Add(-time.Second)
	u := provider.Usage{Identifier: "before " + tn.Slug, Customer: "books_cus_" + tn.ID.String(), Meter: billing.MeterActiveLearner, Quantity: 3, At: at}
	if err := h.Report(t.Context(), []provider.Usage{u})[0]; !errors.Is(err, provider.ErrTooLate) {
		t.Errorf("usage before %s: %v, want too late", ref, err)
	}
	u.Identifier, u.At = "within "+tn.Slug, h.World.Now.Now()
	if err := h.Report(t.Context(), []provider.Usage{u})[0]; err != nil {
		t.Errorf("usage of the month: %v", err)
	}
}
