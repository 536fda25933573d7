package subscription_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
)

// invoices are the bills that a tenant has.
func (h *house) invoices(t *testing.T, ctx context.Context) []subscription.Invoice {
	t.Helper()
	a, err := h.s.Account(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return a.Invoices
}

func TestWhoCancelledABankTransferIsBilledForNoLaterMonth(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.large.Version.ID, subscription.CollectInvoice); err != nil {
		t.Fatal(err)
	}
	h.scale.used = plan.Quantities{billing.MeterActiveLearner: 7}
	h.days(20) // the trial is over
	if _, err := h.s.Cancel(ctx, false); err != nil {
		t.Fatal(err)
	}
	end := *h.row(t, tn.ID).CancelAt
	h.Now.Advance(end.Add(40 * time.Second).Sub(h.Now.Now())) // the chore comes a little later
	h.advance(t, tn.ID)
	if sub := h.row(t, tn.ID); sub.State != subscription.StateRetained || sub.CancelledAt == nil || !sub.CancelledAt.Equal(end) {
		t.Fatalf("it is %s, over since %v, want %v", sub.State, sub.CancelledAt, end)
	}
	for range 3 { // the months after
		h.days(20)
		if err := h.s.WriteInvoices(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	list := h.invoices(t, ctx)
	if len(list) != 1 || !list[0].PeriodEnd.Equal(end) {
		t.Errorf("%d bills, want the one of the last month", len(list))
	}
}

func TestAnEndThatIsHeardOfWhileItIsAskedForIsOneStep(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	ref := "sub_" + tn.Slug
	h.pays(t, tn, ref, provider.StateActive)
	h.till.heard = func() { // the message comes before the answer
		if err := h.s.Refresh(t.Context(), ref); err != nil {
			t.Error(err)
		}
		h.advance(t, tn.ID)
	}
	if _, err := h.s.Cancel(ctx, true); err != nil {
		t.Fatal(err)
	}
	h.till.heard = nil
	h.advance(t, tn.ID)
	a, err := h.s.Account(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var to []subscription.State
	for _, s := range a.Steps {
		to = append(to, s.ToState)
	}
	if ended := slices.DeleteFunc(slices.Clone(to), func(s subscription.State) bool { return s != subscription.StateCancelled }); len(ended) != 1 || a.State != subscription.StateRetained || a.Cause != subscription.CauseAsked {
		t.Errorf("it is %s for %q by the steps %v", a.State, a.Cause, to)
	}
	if got := h.letters(t, tn.ID); !slices.Equal(got, []string{"begun", "cancelled"}) {
		t.Errorf("told %v", got)
	}
}

func TestACheckoutThatNobodyPaysChangesNoBill(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	booked := []provider.AddOn{{Component: "sandbox", Quantity: 2}}
	choice := subscription.Choice{VersionID: h.shelf.large.Version.ID, AddOns: booked}
	if _, err := h.s.Checkout(ctx, choice); err != nil {
		t.Fatal(err)
	}
	if sub := h.row(t, tn.ID); len(sub.AddOns) != 0 {
		t.Errorf("before it is paid, %v are booked", sub.AddOns)
	}
	ref := "sub_" + tn.Slug
	h.till.set(ref, provider.Subscription{
		Customer: "cus_" + tn.ID.String(), TenantID: tn.ID, VersionID: h.shelf.large.Version.ID, State: provider.StateActive, AddOns: booked,
		PeriodStart: h.Now.Now(), PeriodEnd: h.Now.Now().AddDate(0, 1, 0),
	})
	if err := h.s.Refresh(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	if sub := h.row(t, tn.ID); !slices.Equal(sub.AddOns, booked) {
		t.Errorf("paid, %v are booked", sub.AddOns)
	}
}

func TestNothingGetsWorseWhileHeldWhateverTheProviderSays(t *testing.T) {
	t.Parallel()
	for _, said := range []provider.State{provider.StatePastDue, provider.StateUnpaid, provider.StateCancelled} {
		t.Run(string(said), func(t *testing.T) {
			t.Parallel()
			h := build(t)
			_, tn := h.begun(t)
			ref := "sub_" + tn.Slug
			h.pays(t, tn, ref, provider.StateActive)
			if _, err := h.s.Hold(t.Context(), tn.ID, "in talks"); err != nil {
				t.Fatal(err)
			}
			h.pays(t, tn, ref, said)
			if sub := h.row(t, tn.ID); sub.State != subscription.StateActive || sub.ProviderState != said {
				t.Errorf("held, it is %s, and the provider's %s", sub.State, sub.ProviderState)
			}
			if _, err := h.s.Release(t.Context(), tn.ID); err != nil {
				t.Fatal(err)
			}
			h.days(1)
			h.advance(t, tn.ID)
			if sub := h.row(t, tn.ID); sub.State == subscription.StateActive {
				t.Error("released, what the provider says is never taken over")
			}
		})
	}
}

func TestABankTransferThatComesAfterTheEndOpensAgain(t *testing.T) {
	t.Parallel()
	for _, as := range []string{"paid", "void"} {
		t.Run(as, func(t *testing.T) {
			t.Parallel()
			h := build(t)
			ctx, tn := h.begun(t)
			if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.large.Version.ID, subscription.CollectInvoice); err != nil {
				t.Fatal(err)
			}
			h.days(30)
			if err := h.s.WriteInvoices(t.Context()); err != nil {
				t.Fatal(err)
			}
			ref := h.invoices(t, ctx)[0].Ref
			if _, err := h.s.Mark(t.Context(), tn.ID, ref, "sent"); err != nil {
				t.Fatal(err)
			}
			for range 120 {
				h.days(1)
				h.advance(t, tn.ID)
			}
			if got := h.row(t, tn.ID).State; got != subscription.StateRetained {
				t.Fatalf("unpaid for months it is %s", got)
			}
			if _, err := h.s.Mark(t.Context(), tn.ID, ref, as); err != nil {
				t.Fatal(err)
			}
			want := map[string]subscription.State{"paid": subscription.StateActive, "void": subscription.StateRetained}[as] // written off, nothing is paid
			if got := h.row(t, tn.ID).State; got != want {
				t.Errorf("%s, it is %s, want %s", as, got, want)
			}
		})
	}
}

func TestATrialThatLapsedIsNoCustomerWhoLeft(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	for range 85 {
		h.days(1)
		h.advance(t, tn.ID)
	}
	a, err := h.s.Account(ctx)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(a.Steps, func(s subscription.Step) bool { return s.ToState == subscription.StateCancelled })
	if at < 0 {
		t.Fatalf("it is %s", a.State)
	}
	o, end := subscription.Overview{}, a.Steps[at]
	o.Count([]subscription.StepCount{
		{FromState: end.FromState, ToState: end.ToState, Why: end.Why, Count: 3},
		{FromState: subscription.StateSuspended, ToState: subscription.StateCancelled, Why: "time", Count: 2},
	}, nil)
	if o.Churned != 2 {
		t.Errorf("%d customers left, want the 2 who had paid", o.Churned)
	}
}
