package offer_test

import (
	"context"
	"testing"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/rating"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// till is a payment provider that notes what it is told of.
type till struct {
	provider.Provider // what is not faked panics
	told              []provider.Offer
	moves             int
	err               error
}

func (p *till) Name() string { return "till" }
func (p *till) Live() bool   { return false }
func (p *till) Publish(_ context.Context, offers []provider.Offer, dry bool) ([]provider.Change, error) {
	if p.err != nil {
		return nil, p.err
	}
	if !dry {
		p.told = offers
	}
	return []provider.Change{{Verb: "create", Kind: "price", Name: "x"}}, nil
}
func (p *till) Move(_ context.Context, _ string, in provider.Move) (provider.Subscription, error) {
	p.moves++
	return provider.Subscription{VersionID: in.Version.ID}, p.err
}

// house is what a test works in. All tests share the database, and so the plans: each has codes of its own.
type house struct {
	*storetest.World
	s    *offer.Service
	m    *offer.Mover
	subs *subscription.Service
	till *till
	used plan.Quantities
}

// scale says that everybody used the same.
type scale struct {
	*rating.Rating
	h *house
}

func (s scale) Used(context.Context, uid.ID, billing.Period) (plan.Quantities, error) {
	return s.h.used, nil
}

func setup(t *testing.T) *house {
	t.Helper()
	h := &house{World: storetest.New(t), till: &till{}, used: plan.Quantities{}}
	take := func() provider.Provider { return h.till }
	h.s = offer.New(offer.Options{Keep: h.Store, Provider: take, Now: h.Now.Now})
	sc := scale{rating.New(h.Store), h}
	h.subs = subscription.New(subscription.Options{
		Keep: h.Store, Portals: tenant.New(tenant.Options{Keep: h.Store, Now: h.Now.Now}), Plans: h.s, Rating: sc, Provider: h.till, Now: h.Now.Now,
		Return: func(t tenant.Tenant) string { return "https://" + t.Slug + ".example" },
	})
	h.m = &offer.Mover{Service: h.s, Subscriptions: h.subs, Rating: sc}
	return h
}

// made is a new plan with its draft.
func (h *house) made(t *testing.T) (plan.Plan, plan.Version) {
	t.Helper()
	p, err := h.s.Create(t.Context(), plan.Plan{Code: "p-" + uid.Opaque(8), Name: "Plan", Public: true})
	if err != nil {
		t.Fatal(err)
	}
	l, err := h.s.Show(t.Context(), p.ID)
	if err != nil || l.Draft() == nil {
		t.Fatalf("a new plan has no draft (%v)", err)
	}
	return p, *l.Draft()
}

// priced is a published version that costs so much for a learner.
func (h *house) priced(t *testing.T, v plan.Version, price int64) plan.Version {
	t.Helper()
	v.Components = []plan.Component{
		{Code: "learners", Name: "Active learners", Scheme: plan.PerUnit, Meter: billing.MeterActiveLearner, Price: money.Micros(price * 1_000_000)},
		{Code: "support", Name: "Support", Scheme: plan.Flat, AddOn: true, Price: 5_000_000},
	}
	v, err := h.s.SaveDraft(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	v, told, err := h.s.Publish(t.Context(), v.ID, v.Revision)
	if err != nil || !told {
		t.Fatal(told, err)
	}
	return v
}

// next is a new published version of a plan.
func (h *house) next(t *testing.T, p plan.Plan, price int64) plan.Version {
	t.Helper()
	v, err := h.s.NewVersion(t.Context(), p.ID, uid.Nil)
	if err != nil {
		t.Fatal(err)
	}
	return h.priced(t, v, price)
}

// on is an organization on a version, in a state that the test chooses.
func (h *house) on(t *testing.T, version uid.ID, collect subscription.Collect) tenant.Tenant {
	t.Helper()
	tn := h.TenantRow(t)
	ctx := tenant.With(t.Context(), tn)
	if err := h.subs.Begin(ctx, tn); err != nil {
		t.Fatal(err)
	}
	assigned := collect
	if collect == subscription.CollectProvider { // nobody is put there by hand: its owner checked out
		assigned = subscription.CollectNone
	}
	if _, err := h.subs.Assign(ctx, tn.ID, &version, assigned); err != nil {
		t.Fatal(err)
	}
	if collect != assigned {
		h.change(t, tn, func(s *subscription.Subscription) {
			s.State, s.Collect, s.ProviderRef, s.ProviderState = subscription.StateActive, collect, "sub_"+tn.Slug, provider.StateActive
		})
	}
	return tn
}

func (h *house) versionOf(t *testing.T, tn tenant.Tenant) uid.ID {
	t.Helper()
	a, err := h.subs.Look(t.Context(), tn.ID)
	if err != nil || a.VersionID == nil {
		t.Fatalf("%+v (%v)", a.Subscription, err)
	}
	return *a.VersionID
}
