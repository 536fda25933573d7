package offer_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"lyceum/billing"
	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// turn lets one test at a time run migrations: a run goes on with all that there are.
var turn sync.Mutex

func alone(t *testing.T) {
	turn.Lock()
	t.Cleanup(turn.Unlock)
}

// change writes a subscription as a test wants it.
func (h *house) change(t *testing.T, tn tenant.Tenant, do func(*subscription.Subscription)) {
	t.Helper()
	err := h.Store.InControl(t.Context(), func(ctx context.Context) error {
		sub, err := h.Store.LockSubscription(ctx, tn.ID)
		if err != nil {
			return err
		}
		do(&sub)
		sub.Revision++
		return h.Store.SaveSubscription(ctx, sub)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAMigrationShowsBeforeWhatItDoes(t *testing.T) {
	t.Parallel()
	h, ctx := setup(t), t.Context()
	p, draft := h.made(t)
	old := h.priced(t, draft, 2)
	acme, blocked := h.on(t, old.ID, subscription.CollectInvoice), h.on(t, old.ID, subscription.CollectInvoice)
	h.change(t, blocked, func(s *subscription.Subscription) { s.AddOns = []provider.AddOn{{Component: "robot", Quantity: 1}} })
	young := h.next(t, p, 3)
	stranger := h.on(t, young.ID, subscription.CollectInvoice)
	h.used = plan.Quantities{billing.MeterActiveLearner: 10}

	o, err := h.m.Preview(ctx, old.ID, young.ID)
	if err != nil || o.Count != 2 || len(o.Rows) != 2 || o.Now.String() != "20.00 EUR" || o.Then.String() != "30.00 EUR" {
		t.Fatalf("%+v (%v)", o, err)
	}
	for _, r := range o.Rows {
		switch r.Subscription.TenantID {
		case acme.ID:
			if r.Refused != "" || r.Now.String() != "20.00 EUR" || r.Then.String() != "30.00 EUR" {
				t.Errorf("acme: %+v", r)
			}
		case blocked.ID:
			if r.Refused != subscription.RefusedAddOn {
				t.Errorf("who booked what is not there: %+v", r)
			}
		case stranger.ID:
			t.Error("an organization on another version is shown")
		}
	}
	if got := h.versionOf(t, acme); got != old.ID {
		t.Error("looking moved somebody")
	}
	for _, c := range []struct {
		from, to uid.ID
		want     error
	}{{old.ID, old.ID, offer.ErrSameVersion}, {young.ID, old.ID, offer.ErrNotPublished}, {old.ID, uid.New(), subscription.ErrNoPlan}} {
		if _, err := h.m.Preview(ctx, c.from, c.to); !errors.Is(err, c.want) {
			t.Errorf("from %s to %s: %v, want %v", c.from, c.to, err, c.want)
		}
	}
}

func TestAMigrationMovesEverybodyOnceAndForgivesNothing(t *testing.T) {
	t.Parallel()
	alone(t)
	h, ctx := setup(t), t.Context()
	p, draft := h.made(t)
	old := h.priced(t, draft, 2)
	invoiced, late, paying, blocked := h.on(t, old.ID, subscription.CollectInvoice), h.on(t, old.ID, subscription.CollectInvoice), h.on(t, old.ID, subscription.CollectProvider), h.on(t, old.ID, subscription.CollectInvoice)
	h.change(t, late, func(s *subscription.Subscription) {
		s.State, s.Cause, s.AddOns = subscription.StatePastDue, subscription.CauseNotPaid, []provider.AddOn{{Component: "support", Quantity: 2}}
	})
	h.change(t, paying, func(s *subscription.Subscription) {
		s.ProviderRef, s.ProviderState = "sub_"+s.TenantSlug, provider.StateActive
	})
	h.change(t, blocked, func(s *subscription.Subscription) { s.AddOns = []provider.AddOn{{Component: "robot", Quantity: 1}} })
	young := h.next(t, p, 3)
	bystander := h.on(t, young.ID, subscription.CollectInvoice)

	if _, err := h.m.Start(ctx, old.ID, young.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.m.Start(ctx, old.ID, young.ID); !errors.Is(err, offer.ErrMigrating) {
		t.Errorf("a second one beside it: %v", err)
	}
	h.till.err = provider.ErrUnavailable // the payment service is away: its customer waits, the others move
	if err := h.m.Run(ctx); !errors.Is(err, provider.ErrUnavailable) {
		t.Errorf("the first turn: %v", err)
	}
	if h.versionOf(t, paying) != old.ID || h.versionOf(t, invoiced) != young.ID || h.versionOf(t, late) != young.ID {
		t.Error("the first turn moved the wrong ones")
	}
	h.till.err = nil
	for range 3 { // again and again: nothing happens twice
		if err := h.m.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	list, err := h.m.History(ctx, old.ID)
	if err != nil || len(list) != 1 || list[0].FinishedAt == nil || list[0].Moved != 3 || len(list[0].Refused) != 1 || list[0].Refused[blocked.Slug] != string(subscription.RefusedAddOn) {
		t.Errorf("it says %+v (%v)", list, err)
	}
	if h.versionOf(t, paying) != young.ID || h.versionOf(t, blocked) != old.ID || h.versionOf(t, bystander) != young.ID || h.till.moves != 2 {
		t.Errorf("after it: %d moves at the payment service, one of them refused", h.till.moves)
	}
	a, err := h.subs.Look(ctx, late.ID)
	if err != nil || a.State != subscription.StatePastDue || a.Collect != subscription.CollectInvoice || !slices.Equal(a.AddOns, []provider.AddOn{{Component: "support", Quantity: 2}}) {
		t.Errorf("who owes is %+v (%v)", a.Subscription, err)
	}
}

// TestAMigrationThatIsCutShortGoesOn kills it after each organization in turn.
func TestAMigrationThatIsCutShortGoesOn(t *testing.T) {
	t.Parallel()
	alone(t)
	h, ctx := setup(t), t.Context()
	p, draft := h.made(t)
	old := h.priced(t, draft, 2)
	var all []tenant.Tenant
	for range 3 {
		all = append(all, h.on(t, old.ID, subscription.CollectInvoice))
	}
	young := h.next(t, p, 3)
	if _, err := h.m.Start(ctx, old.ID, young.ID); err != nil {
		t.Fatal(err)
	}
	dying := &mortal{Service: h.subs}
	m := &offer.Mover{Service: h.s, Subscriptions: dying, Rating: h.m.Rating}
	for range all {
		cut, cancel := context.WithCancel(ctx)
		dying.left, dying.kill = 1, cancel
		_ = m.Run(cut)
		cancel()
	}
	if err := h.m.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, tn := range all {
		if h.versionOf(t, tn) != young.ID {
			t.Errorf("%s stayed behind", tn.Slug)
		}
		letters := 0
		err := h.Store.InControl(ctx, func(ctx context.Context) error {
			list, err := h.Store.LettersOf(ctx, tn.ID)
			for _, l := range list {
				if l.Kind == "moved" {
					letters++
				}
			}
			return err
		})
		if err != nil || letters != 1 {
			t.Errorf("%s got %d letters (%v)", tn.Slug, letters, err)
		}
	}
}

// mortal moves so many and then its process is killed.
type mortal struct {
	*subscription.Service
	left int
	kill func()
}

func (m *mortal) Migrate(ctx context.Context, tenantID, from, to uid.ID) (bool, error) {
	moved, err := m.Service.Migrate(ctx, tenantID, from, to)
	if m.left--; m.left <= 0 {
		m.kill()
	}
	return moved, err
}

func TestAMigrationCanBeStopped(t *testing.T) {
	t.Parallel()
	alone(t)
	h, ctx := setup(t), t.Context()
	p, draft := h.made(t)
	old := h.priced(t, draft, 2)
	tn := h.on(t, old.ID, subscription.CollectInvoice)
	young := h.next(t, p, 3)
	if _, err := h.m.Start(ctx, old.ID, young.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.m.Stop(ctx, old.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.m.Run(ctx); err != nil || h.versionOf(t, tn) != old.ID {
		t.Errorf("it moved on (%v)", err)
	}
	if _, err := h.m.Start(ctx, old.ID, young.ID); err != nil {
		t.Errorf("it cannot be started again: %v", err)
	}
	if err := h.m.Stop(ctx, old.ID); err != nil {
		t.Fatal(err)
	}
}
