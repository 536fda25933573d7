package subscription_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// till is a payment provider of the tests: it keeps what it was told, and can be away.
type till struct {
	provider.Provider // what is not faked panics
	mu                sync.Mutex
	subs              map[string]provider.Subscription
	invoices          []provider.Invoice
	away              bool
	moves, calls      int
	heard             func() // what follows a cancellation before its answer comes; nil: nothing
}

func (p *till) Name() string { return "till" }
func (p *till) Live() bool   { return false }

func (p *till) EnsureCustomer(_ context.Context, c provider.Customer) (string, error) {
	return "cus_" + c.TenantID.String(), p.up()
}

func (p *till) up() error {
	if p.away {
		return provider.ErrUnavailable
	}
	return nil
}

func (p *till) Checkout(_ context.Context, in provider.Checkout) (string, error) {
	return "https://pay.example/" + in.Key, p.up()
}

func (p *till) Subscription(_ context.Context, ref string) (provider.Subscription, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.away {
		return provider.Subscription{}, provider.ErrUnavailable
	}
	return p.subs[ref], nil
}

func (p *till) Tend(context.Context, string) error { return p.up() }

func (p *till) Move(_ context.Context, _ string, in provider.Move) (provider.Subscription, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.moves++
	sub := p.subs[in.Subscription]
	sub.VersionID = in.Version.ID
	p.subs[in.Subscription] = sub
	return sub, p.up()
}

func (p *till) Cancel(_ context.Context, _, ref string, now bool) (provider.Subscription, error) {
	p.mu.Lock()
	sub := p.subs[ref]
	if now {
		sub.State = provider.StateCancelled
	} else {
		sub.CancelAt = &sub.PeriodEnd
	}
	p.subs[ref] = sub
	p.mu.Unlock()
	if p.heard != nil {
		p.heard()
	}
	return sub, p.up()
}

func (p *till) Continue(_ context.Context, _, ref string) (provider.Subscription, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sub := p.subs[ref]
	sub.CancelAt = nil
	p.subs[ref] = sub
	return sub, p.up()
}

func (p *till) Apply(_ context.Context, _, _, coupon string) error {
	if coupon != "SPRING" {
		return provider.ErrRefused
	}
	return p.up()
}

func (p *till) Invoices(context.Context, string, string, int) ([]provider.Invoice, error) {
	return p.invoices, p.up()
}

func (p *till) set(ref string, sub provider.Subscription) {
	p.mu.Lock()
	defer p.mu.Unlock()
	sub.Ref = ref
	p.subs[ref] = sub
}

// shelf is two plans.
type shelf struct{ trial, large provider.Offer }

func (s shelf) Version(_ context.Context, id uid.ID) (provider.Offer, error) {
	for _, o := range []provider.Offer{s.trial, s.large} {
		if o.Version.ID == id {
			return o, nil
		}
	}
	return provider.Offer{}, subscription.ErrNoPlan
}
func (s shelf) Offers(context.Context) ([]provider.Offer, error) {
	return []provider.Offer{s.trial, s.large}, nil
}
func (s shelf) Trial(context.Context) (provider.Offer, bool, error) { return s.trial, true, nil }

var onOffer = func() shelf {
	offer := func(code string, limits plan.Limits) provider.Offer {
		p := plan.Plan{ID: uid.New(), Code: code, Name: code, Public: true}
		return provider.Offer{Plan: p, Version: plan.Version{
			ID: uid.New(), PlanID: p.ID, Number: 1, Status: plan.StatusPublished, Currency: "EUR", Interval: plan.Month, TrialDays: 14, Limits: limits, Life: plan.DefaultLife(),
			Components: []plan.Component{{Code: "sandbox", Name: "Sandbox", Scheme: plan.Flat, AddOn: true}},
		}}
	}
	return shelf{
		offer("team", plan.Limits{ActiveLearners: 10, StorageBytes: 1000, APICalls: 100, VideoMinutes: -1, AITokens: -1, CustomDomains: 1, Hard: []billing.Meter{billing.MeterAPICalls, billing.MeterStorage}}),
		offer("enterprise", plan.Limits{ActiveLearners: -1, StorageBytes: -1, APICalls: -1, VideoMinutes: -1, AITokens: -1, CustomDomains: -1, SSO: true, Sandbox: true}),
	}
}()

// scale prices a learner at one euro.
type scale struct {
	mu   sync.Mutex
	used plan.Quantities
	err  error

	everybody []uid.ID // in UsedByAll
}

func (s *scale) Used(context.Context, uid.ID, billing.Period) (plan.Quantities, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used, s.err
}

func (s *scale) UsedFrom(ctx context.Context, id uid.ID, p billing.Period, _ time.Time) (plan.Quantities, error) {
	return s.Used(ctx, id, p)
}

// UsedByAll says that everybody who is asked for used the same.
func (s *scale) UsedByAll(context.Context, billing.Period) (map[uid.ID]plan.Quantities, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[uid.ID]plan.Quantities{}
	for _, id := range s.everybody {
		out[id] = s.used
	}
	return out, s.err
}

func (s *scale) Bill(v plan.Version, _ []provider.AddOn, q plan.Quantities) (plan.Bill, error) {
	sum := money.Money{Minor: 100 * q[billing.MeterActiveLearner], Currency: v.Currency}
	return plan.Bill{Total: sum, Lines: []plan.Line{{Component: "learners", Name: "Active learners", Meter: billing.MeterActiveLearner, Units: q[billing.MeterActiveLearner], Amount: sum}}}, nil
}

func (s *scale) Forecast(_ context.Context, _ uid.ID, _ plan.Version, _ []provider.AddOn, _ billing.Period, _, _ time.Time) (low, likely, high int64, err error) {
	n := 100 * s.used[billing.MeterActiveLearner]
	return n, 2 * n, 3 * n, nil
}

// portals closes and opens rows as tenant.Service does; a deleted one's row goes.
type portals struct {
	*tenant.Service
	store   *store.Store
	deleted map[string]int
	die     func() error
}

func (p *portals) Delete(ctx context.Context, slug, _, _ string) error {
	if err := p.die(); err != nil {
		return err
	}
	t, err := p.store.TenantBySlug(ctx, slug)
	if err != nil {
		return err
	}
	p.deleted[slug]++
	return p.store.RemoveTenant(ctx, t.ID)
}

// mortal is a store that dies before a chosen write.
type mortal struct {
	*store.Store
	left *int
}

var errKilled = errors.New("killed")

func (m mortal) die() error {
	if *m.left == 0 {
		return errKilled
	}
	if *m.left > 0 {
		*m.left--
	}
	return nil
}

func (m mortal) InsertStep(ctx context.Context, s subscription.Step) error {
	return errors.Join(m.die(), m.Store.InsertStep(ctx, s))
}
func (m mortal) InsertLetter(ctx context.Context, l subscription.Letter) (bool, error) {
	if err := m.die(); err != nil {
		return false, err
	}
	return m.Store.InsertLetter(ctx, l)
}
func (m mortal) SaveSubscription(ctx context.Context, s subscription.Subscription) error {
	return errors.Join(m.Store.SaveSubscription(ctx, s), m.die())
}

// house is what a test works in.
type house struct {
	*storetest.World
	s       *subscription.Service
	till    *till
	shelf   shelf
	scale   *scale
	portals *portals
	left    *int // writes until the process is killed; -1: never
}

func build(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	left := -1
	h := &house{World: w, till: &till{subs: map[string]provider.Subscription{}}, scale: &scale{used: plan.Quantities{}}, left: &left}
	h.shelf = onOffer // all tests share the database, and so the plans
	m := mortal{w.Store, h.left}
	h.portals = &portals{tenant.New(tenant.Options{Keep: w.Store, Now: w.Now.Now}), w.Store, map[string]int{}, m.die}
	h.s = subscription.New(subscription.Options{
		Keep: m, Portals: h.portals, Plans: h.shelf, Rating: h.scale, Provider: h.till, Now: w.Now.Now,
		Return: func(t tenant.Tenant) string { return "https://" + t.Slug + ".example/settings/billing" },
	})
	return h
}

// begun is a tenant in its trial, seen by its owner.
func (h *house) begun(t *testing.T) (context.Context, tenant.Tenant) {
	t.Helper()
	tn := h.TenantRow(t)
	ctx := tenant.With(t.Context(), tn)
	if err := h.s.Begin(ctx, tn); err != nil {
		t.Fatal(err)
	}
	return auth.WithPrincipal(ctx, auth.Principal{PersonID: uid.New(), May: policy.Set{policy.BillingRead: {}, policy.BillingManage: {}}}), tn
}

func (h *house) row(t *testing.T, id uid.ID) (sub subscription.Subscription) {
	t.Helper()
	err := h.Store.InControl(t.Context(), func(ctx context.Context) (err error) {
		sub, err = h.Store.SubscriptionOf(ctx, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func (h *house) letters(t *testing.T, id uid.ID) (kinds []string) {
	t.Helper()
	err := h.Store.InControl(t.Context(), func(ctx context.Context) error {
		list, err := h.Store.LettersOf(ctx, id)
		for _, l := range list {
			kind := l.Kind
			if l.Data.Days > 0 {
				kind = fmt.Sprintf("%s_%d", kind, l.Data.Days)
			}
			kinds = append(kinds, kind)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds
}

func (h *house) days(n int) { h.Now.Advance(time.Duration(n) * 24 * time.Hour) }

func (h *house) status(t *testing.T, id uid.ID) tenant.Status {
	t.Helper()
	tn, err := h.Store.TenantByID(t.Context(), id)
	if errors.Is(err, tenant.ErrNotFound) {
		return "gone"
	}
	if err != nil {
		t.Fatal(err)
	}
	return tn.Status
}

// pays has the provider hold a tenant's subscription for paid.
func (h *house) pays(t *testing.T, tn tenant.Tenant, ref string, state provider.State) {
	t.Helper()
	h.till.set(ref, provider.Subscription{
		Customer: "cus_" + tn.ID.String(), TenantID: tn.ID, VersionID: h.shelf.trial.Version.ID, State: state,
		PeriodStart: h.Now.Now(), PeriodEnd: h.Now.Now().AddDate(0, 1, 0),
	})
	if err := h.s.Refresh(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
}
