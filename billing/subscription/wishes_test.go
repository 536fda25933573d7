package subscription_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

func TestOnlyWhoMayReadsAndChangesTheBill(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, _ := h.begun(t)
	reader := auth.WithPrincipal(ctx, auth.Principal{PersonID: uid.New(), May: policy.Set{policy.BillingRead: {}}})
	learner := auth.WithPrincipal(ctx, auth.Principal{PersonID: uid.New(), May: policy.Set{}})
	if _, err := h.s.Account(reader); err != nil {
		t.Errorf("an administrator reads the bill: %v", err)
	}
	choice := subscription.Choice{VersionID: h.shelf.large.Version.ID}
	for name, act := range map[string]func(context.Context) error{
		"checkout": func(ctx context.Context) error { _, err := h.s.Checkout(ctx, choice); return err },
		"move":     func(ctx context.Context) error { _, err := h.s.Move(ctx, choice); return err },
		"cancel":   func(ctx context.Context) error { _, err := h.s.Cancel(ctx, true); return err },
		"continue": func(ctx context.Context) error { _, err := h.s.Continue(ctx); return err },
		"coupon":   func(ctx context.Context) error { _, err := h.s.Redeem(ctx, "SPRING"); return err },
		"details": func(ctx context.Context) error {
			_, err := h.s.SetDetails(ctx, subscription.Details{Email: "a@example.com"})
			return err
		},
		"budget": func(ctx context.Context) error { _, err := h.s.SetBudget(ctx, nil); return err },
		"portal": func(ctx context.Context) error { _, err := h.s.Portal(ctx); return err },
	} {
		if err := act(reader); !errors.Is(err, policy.ErrForbidden) {
			t.Errorf("%s by who may only read: %v", name, err)
		}
	}
	if _, err := h.s.Account(learner); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner reads the bill: %v", err)
	}
	if _, err := h.s.Account(tenant.With(t.Context(), h.TenantRow(t))); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a stranger reads the bill: %v", err)
	}
}

func TestWhatAnOwnerWishesIsDoneOnceAndCanBeTakenBack(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	if _, err := h.s.Checkout(ctx, subscription.Choice{VersionID: uid.New()}); !errors.Is(err, subscription.ErrNoPlan) {
		t.Errorf("a plan that is not on offer: %v", err)
	}
	bad := subscription.Choice{VersionID: h.shelf.trial.Version.ID, AddOns: []provider.AddOn{{Component: "rocket", Quantity: 1}}}
	if _, err := h.s.Checkout(ctx, bad); fault.Of(err).Fields["add_ons"] == "" {
		t.Errorf("an add-on that there is not: %v", err)
	}
	first, err := h.s.Checkout(ctx, subscription.Choice{VersionID: h.shelf.trial.Version.ID, Coupon: "SPRING"})
	if err != nil || first == "" {
		t.Fatalf("checkout: %q (%v)", first, err)
	}
	ref := "sub_" + tn.Slug
	h.pays(t, tn, ref, provider.StateActive)
	if _, err := h.s.Checkout(ctx, subscription.Choice{VersionID: h.shelf.trial.Version.ID}); !errors.Is(err, subscription.ErrWrongState) {
		t.Errorf("paid twice: %v", err)
	}
	sub, err := h.s.Move(ctx, subscription.Choice{VersionID: h.shelf.large.Version.ID, AddOns: []provider.AddOn{{Component: "sandbox", Quantity: 2}}})
	if err != nil || *sub.VersionID != h.shelf.large.Version.ID || len(sub.AddOns) != 1 || h.till.moves != 1 {
		t.Fatalf("moved to %+v (%v)", sub, err)
	}
	if sub, err = h.s.Cancel(ctx, false); err != nil || sub.CancelAt == nil || sub.State != subscription.StateActive {
		t.Fatalf("cancelled with the period: %+v (%v)", sub, err)
	}
	if sub, err = h.s.Continue(ctx); err != nil || sub.CancelAt != nil {
		t.Fatalf("taken back: %+v (%v)", sub, err)
	}
	if _, err := h.s.Continue(ctx); !errors.Is(err, subscription.ErrWrongState) {
		t.Errorf("taken back twice: %v", err)
	}
	if _, err := h.s.Assign(t.Context(), tn.ID, nil, subscription.CollectNone); !errors.Is(err, subscription.ErrWrongState) {
		t.Errorf("free while the payment service collects: %v", err)
	}
	if _, err := h.s.Redeem(ctx, "NOPE"); fault.Of(err).Fields["coupon"] == "" {
		t.Errorf("a coupon that there is not: %v", err)
	}
	if sub, err = h.s.Cancel(ctx, true); err != nil || sub.State != subscription.StateCancelled || h.status(t, tn.ID) != tenant.StatusSuspended {
		t.Fatalf("cancelled at once: %s (%v)", sub.State, err)
	}
	if _, err := h.s.Redeem(ctx, "SPRING"); !errors.Is(err, subscription.ErrNotCheckedOut) {
		t.Errorf("a coupon for what is over: %v", err)
	}
	h.pays(t, tn, "sub2_"+tn.Slug, provider.StateActive)
	if sub := h.row(t, tn.ID); sub.State != subscription.StateActive || h.status(t, tn.ID) != tenant.StatusActive {
		t.Errorf("came back as %s", sub.State)
	}
	d := subscription.Details{Email: "bills@example.com", Address: provider.Address{Line1: "Road 1", Country: "de"}, TaxIDs: []provider.TaxID{{Value: "de 123456789"}}}
	if sub, err = h.s.SetDetails(ctx, d); err != nil || sub.Address.Country != "DE" || sub.TaxIDs[0] != (provider.TaxID{Kind: "eu_vat", Value: "DE123456789"}) {
		t.Errorf("details %+v (%v)", sub, err)
	}
	d.Email, d.Address.Country = "nobody", "Germany"
	if _, err := h.s.SetDetails(ctx, d); len(fault.Of(err).Fields) != 2 {
		t.Errorf("bad details: %v", err)
	}
}

func TestAnOrganizationWithoutASubscriptionOrWithAFaultIsServed(t *testing.T) {
	t.Parallel()
	h := build(t)
	nobody := h.Tenant(t)
	if err := h.s.MayMake(nobody); err != nil {
		t.Errorf("without a subscription: %v", err)
	}
	if _, err := h.s.MayCall(nobody); err != nil {
		t.Errorf("without a subscription: %v", err)
	}
	ctx, _ := h.begun(t)
	h.scale.used, h.scale.err = plan.Quantities{billing.MeterAPICalls: 1e9}, errors.New("the meters are away")
	if _, err := h.s.MayCall(ctx); err != nil {
		t.Errorf("with the meters away: %v", err)
	}
	down, cancel := context.WithCancel(ctx)
	cancel()
	h.s.Drop(uid.Nil)
	if err := h.s.MayMake(down); err != nil {
		t.Errorf("with the database away: %v", err)
	}
}

func TestLimitsStopOnlyWhereThePlanSaysAndAreToldOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	h.scale.used = plan.Quantities{billing.MeterAPICalls: 85, billing.MeterActiveLearner: 50}
	if _, err := h.s.MayCall(ctx); err != nil {
		t.Errorf("85 of 100 calls: %v", err)
	}
	for range 2 {
		if err := h.s.WatchAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.s.Drop(tn.ID)
	h.scale.used = plan.Quantities{billing.MeterAPICalls: 100, billing.MeterActiveLearner: 50}
	reset, err := h.s.MayCall(ctx)
	if !errors.Is(err, subscription.ErrAPILimit) || reset < 24*time.Hour {
		t.Errorf("100 of 100 calls: %v, anew in %s", err, reset)
	}
	five := int64(5000)
	if _, err := h.s.SetBudget(ctx, &five); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.s.WatchAll(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := h.letters(t, tn.ID); !slices.Equal(got, []string{"limit", "limit", "limit"}) {
		t.Errorf("letters %v: want learners at 100 %%, calls at 80 and 100 %%, and nothing of a budget in a trial", got)
	}
	if bytes, ok := h.s.StorageLimit(ctx); !ok || bytes != 1000 {
		t.Errorf("storage stops at %d, %v", bytes, ok)
	}
	if err := h.s.MayAdd(ctx, subscription.FeatureSSO, 0); !errors.Is(err, subscription.ErrNotInPlan) {
		t.Errorf("sign-on on a plan without: %v", err)
	}
	if err := h.s.MayAdd(ctx, subscription.FeatureDomains, 0); err != nil {
		t.Errorf("the first of one domain: %v", err)
	}
	if err := h.s.MayAdd(ctx, subscription.FeatureDomains, 1); !errors.Is(err, subscription.ErrNotInPlan) {
		t.Errorf("the second of one domain: %v", err)
	}
	if _, err := h.s.Move(ctx, subscription.Choice{VersionID: h.shelf.large.Version.ID}); err != nil {
		t.Fatal(err)
	}
	if err := h.s.MayAdd(ctx, subscription.FeatureSSO, 0); err != nil {
		t.Errorf("sign-on on the large plan: %v", err)
	}
}

func TestInReadOnlyNothingNewIsMade(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	for range 36 {
		h.days(1)
		if err := h.s.MayMake(ctx); err != nil && h.row(t, tn.ID).State != subscription.StateReadOnly {
			t.Fatalf("in %s: %v", h.row(t, tn.ID).State, err)
		}
		h.advance(t, tn.ID)
	}
	if err := h.s.MayMake(ctx); !errors.Is(err, subscription.ErrReadOnly) {
		t.Errorf("in %s: %v", h.row(t, tn.ID).State, err)
	}
}

func TestWhoPaysByBankTransferIsBilledOnceAndMovesAsTheBillsSay(t *testing.T) {
	t.Parallel()
	h := build(t)
	ctx, tn := h.begun(t)
	_, other := h.begun(t)
	if _, err := h.s.Assign(t.Context(), tn.ID, nil, subscription.CollectInvoice); err == nil {
		t.Error("to pay without a plan")
	}
	if _, err := h.s.Assign(t.Context(), tn.ID, &h.shelf.large.Version.ID, subscription.CollectInvoice); err != nil {
		t.Fatal(err)
	}
	h.scale.used = plan.Quantities{billing.MeterActiveLearner: 7}
	h.days(30) // 3 April
	for range 2 {
		if err := h.s.WriteInvoices(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a, err := h.s.Account(ctx)
	if err != nil || len(a.Invoices) != 1 {
		t.Fatalf("%d bills (%v)", len(a.Invoices), err)
	}
	i := a.Invoices[0]
	if i.Status != "draft" || i.Total() != (money.Money{Minor: 700, Currency: "EUR"}) || i.Lines[0].Meter != billing.MeterActiveLearner {
		t.Fatalf("the bill is %+v", i)
	}
	paper := map[string]string{}
	for _, locale := range []string{"en", "de", "de-AT", "xx"} {
		pdf, err := subscription.PDF(i, a.Subscription, true, locale)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Fatalf("the bill on paper in %s: %v", locale, err)
		}
		paper[locale] = string(pdf)
	}
	if paper["de"] != paper["de-AT"] || paper["en"] != paper["xx"] || paper["en"] == paper["de"] {
		t.Error("the bill's language is not the reader's")
	}
	if _, err := h.s.Mark(t.Context(), tn.ID, i.Ref, "paid"); !errors.Is(err, subscription.ErrWrongState) {
		t.Errorf("a draft is paid: %v", err)
	}
	if _, err := h.s.Mark(t.Context(), other.ID, i.Ref, "sent"); !errors.Is(err, subscription.ErrInvoiceNotFound) {
		t.Errorf("another's bill is sent: %v", err)
	}
	if _, err := h.s.Mark(t.Context(), tn.ID, i.Ref, "sent"); err != nil {
		t.Fatal(err)
	}
	h.days(13)
	h.advance(t, tn.ID)
	if got := h.row(t, tn.ID).State; got != subscription.StateActive {
		t.Errorf("a day before the date: %s", got)
	}
	h.days(40)
	for range 9 {
		h.advance(t, tn.ID)
		h.days(6)
	}
	if got := h.row(t, tn.ID).State; got != subscription.StateSuspended && got != subscription.StateReadOnly {
		t.Errorf("weeks late: %s", got)
	}
	if _, err := h.s.Mark(t.Context(), tn.ID, i.Ref, "paid"); err != nil {
		t.Fatal(err)
	}
	if got := h.row(t, tn.ID).State; got != subscription.StateActive || h.status(t, tn.ID) != tenant.StatusActive {
		t.Errorf("paid: %s", got)
	}
}

func TestTheOverviewCountsWhatHappened(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.scale.used = plan.Quantities{billing.MeterActiveLearner: 7}
	_, paying := h.begun(t)
	h.pays(t, paying, "sub_"+paying.Slug, provider.StateActive)
	_, lapsed := h.begun(t)
	h.scale.everybody = []uid.ID{paying.ID}
	h.days(15)
	h.advance(t, lapsed.ID)
	o, err := h.s.Overview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Other tests share the database: only lower bounds hold.
	if o.Converted < 1 || o.Lapsed < 1 || o.Paying < 1 || o.Waiting < 1 || len(o.MRR) == 0 || len(o.Margins) > 50 {
		t.Errorf("got %+v", o)
	}
	first := o.Margins[0]
	if first.Subscription.TenantID != paying.ID || first.Revenue == nil || first.Revenue.Minor != 700 {
		t.Errorf("who uses most comes first: %+v", first)
	}
	if _, ok := (subscription.Overview{}).ConversionRate(); ok {
		t.Error("a rate of nothing")
	}
}
