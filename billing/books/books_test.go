package books_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/books"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/provider/providertest"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// shelf is the store as one test sees it: other tests have other clocks, and accounts of their own.
type shelf struct {
	*store.Store
	mu  sync.Mutex
	ids []uid.ID
}

func (s *shelf) BooksDue(ctx context.Context, at time.Time, _ int) ([]uid.ID, error) {
	list, err := s.Store.BooksDue(ctx, at, 10_000)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(list, func(id uid.ID) bool { return !slices.Contains(s.ids, id) }), err
}

type house struct {
	*storetest.World
	*books.Books
	shelf *shelf
}

func build(t *testing.T) *house {
	t.Helper()
	h := &house{World: storetest.New(t)}
	h.shelf = &shelf{Store: h.Store}
	h.Books = books.New(books.Options{
		Keep: h.shelf, Now: h.World.Now.Now,
		Page: func(_ context.Context, _ uid.ID, path string) (string, error) {
			return "https://acme.example" + path, nil
		},
	})
	return h
}

func (h *house) tenant(t *testing.T) tenant.Tenant {
	t.Helper()
	tn := h.TenantRow(t)
	h.shelf.mu.Lock()
	defer h.shelf.mu.Unlock()
	h.shelf.ids = append(h.shelf.ids, tn.ID)
	return tn
}

// owner is the owner of a tenant.
func owner(t *testing.T, id uid.ID) context.Context {
	t.Helper()
	ctx := tenant.With(t.Context(), tenant.Tenant{ID: id})
	return auth.WithPrincipal(ctx, auth.Principal{PersonID: uid.New(), May: policy.Set{policy.BillingManage: {}}})
}

func wishOf(url string) uid.ID {
	id, _ := uid.Parse(url[strings.LastIndex(url, "/")+1:])
	return id
}

func TestTheBooksDoWhatAProviderDoes(t *testing.T) {
	t.Parallel()
	providertest.Run(t, func(t *testing.T) providertest.World {
		h := build(t)
		return providertest.World{
			Provider: h.Books, Now: h.World.Now.Now, Coupon: "WELCOME20",
			Pass: func(t *testing.T, until time.Time) {
				t.Helper()
				h.World.Now.Advance(until.Sub(h.World.Now.Now()))
				if err := h.Advance(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
			Tenant: func(t *testing.T) uid.ID { return h.tenant(t).ID },
			Pay: func(t *testing.T, id uid.ID, url string, works bool) string {
				t.Helper()
				if _, err := h.Answer(owner(t, id), wishOf(url), works); err != nil {
					t.Fatal(err)
				}
				return h.newest(t, id)
			},
			Card: func(t *testing.T, id uid.ID, works bool) {
				t.Helper()
				if err := h.SetCard(owner(t, id), !works); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// newest is the reference of a tenant's newest subscription.
func (h *house) newest(t *testing.T, id uid.ID) (ref string) {
	t.Helper()
	err := h.Store.InControl(t.Context(), func(ctx context.Context) error {
		a, err := h.Store.LockBook(ctx, id)
		if n := len(a.Ledger.Subscriptions); n > 0 {
			ref = a.Ledger.Subscriptions[n-1].Ref
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// subscribed is a tenant whose owner paid as if.
func (h *house) subscribed(t *testing.T, v plan.Version) (tenant.Tenant, string) {
	t.Helper()
	tn := h.tenant(t)
	id := h.begun(t, tn, v)
	if _, err := h.Answer(owner(t, tn.ID), id, true); err != nil {
		t.Fatal(err)
	}
	return tn, h.newest(t, tn.ID)
}

func (h *house) begun(t *testing.T, tn tenant.Tenant, v plan.Version) uid.ID {
	t.Helper()
	ref, err := h.EnsureCustomer(t.Context(), provider.Customer{TenantID: tn.ID, Name: tn.Name})
	if err != nil {
		t.Fatal(err)
	}
	url, err := h.Checkout(t.Context(), provider.Checkout{Key: uid.New().String(), TenantID: tn.ID, Customer: ref, Version: v, SuccessURL: "https://acme.example/paid", CancelURL: "https://acme.example/not"})
	if err != nil {
		t.Fatal(err)
	}
	return wishOf(url)
}

func monthly() plan.Version {
	return plan.Version{ID: uid.New(), Number: 1, Currency: "EUR", Interval: plan.Month, Components: []plan.Component{
		{Code: "base", Name: "Base", Scheme: plan.Flat, Price: 10_000_000},
		{Code: "learners", Name: "Active learners", Scheme: plan.PerUnit, Meter: billing.MeterActiveLearner, Price: 1_000_000},
	}}
}

func (h *house) bills(t *testing.T, tn tenant.Tenant) []provider.Invoice {
	t.Helper()
	list, err := h.Invoices(t.Context(), "books_cus_"+tn.ID.String(), "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAYearIsCaughtUpWithInOrderAndEachPeriodIsBilledOnce(t *testing.T) {
	t.Parallel()
	h := build(t)
	began := h.World.Now.Now()
	tn, ref := h.subscribed(t, monthly())
	h.World.Now.Advance(365 * 24 * time.Hour)
	var at sync.WaitGroup
	for range 4 {
		at.Go(func() {
			if err := h.Advance(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	at.Wait()
	list := h.bills(t, tn)
	if len(list) != 13 {
		t.Fatalf("%d bills instead of 13 in a year and a moment: %+v", len(list), list)
	}
	slices.Reverse(list)
	numbers := map[string]bool{}
	for i, b := range list {
		if want := began.AddDate(0, i, 0); !b.PeriodStart.Equal(want) || !b.CreatedAt.Equal(want) || b.Total.Minor != 1000 {
			t.Errorf("bill %d is of %s, written %s, over %s instead of 10.00 EUR on %s", i, b.PeriodStart, b.CreatedAt, b.Total, want)
		}
		numbers[b.Number] = true
	}
	if len(numbers) != len(list) {
		t.Errorf("bills share numbers: %v", numbers)
	}
	s, err := h.Subscription(t.Context(), ref)
	if err != nil || !s.PeriodEnd.After(h.World.Now.Now()) {
		t.Errorf("the period ends %s, %v", s.PeriodEnd, err)
	}
}

func TestTheLastDayOfAMonthIsNotLostToAShorterOne(t *testing.T) {
	t.Parallel()
	h := build(t)
	h.World.Now.Advance(time.Date(2026, 8, 31, 12, 0, 0, 0, time.UTC).Sub(h.World.Now.Now()))
	tn, _ := h.subscribed(t, monthly())
	h.World.Now.Advance(100 * 24 * time.Hour)
	if err := h.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	var days []string
	for _, b := range h.bills(t, tn) {
		days = append(days, b.PeriodStart.Format("01-02"))
	}
	if got := strings.Join(days, " "); got != "11-30 10-31 09-30 08-31" {
		t.Errorf("periods begin on %s", got)
	}
}

func TestWhatNobodyTookIsToldAgain(t *testing.T) {
	t.Parallel()
	h := build(t)
	var heard []provider.Event
	deaf := true
	h.Told = func(_ context.Context, e provider.Event) error {
		if deaf {
			return errors.New("deaf")
		}
		heard = append(heard, e)
		return nil
	}
	tn, ref := h.subscribed(t, monthly())
	mine := func() (out []provider.Event) {
		t.Helper()
		list, err := h.Undelivered(t.Context(), h.World.Now.Now().Add(-time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if strings.Contains(e.Customer, tn.ID.String()) {
				out = append(out, e)
			}
		}
		return out
	}
	missed := mine()
	if len(missed) != 2 || missed[0].Type != "invoice.paid" || missed[1].Type != "customer.subscription.updated" || missed[1].Ref != ref || missed[1].Object != "subscription" {
		t.Fatalf("missed are %+v", missed)
	}
	deaf = false
	if _, err := h.Cancel(t.Context(), "k", ref, false); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 1 || heard[0].Ref != ref || len(mine()) != 2 {
		t.Errorf("heard %+v, still missed %+v", heard, mine())
	}
}

func TestOnlyTheOwnerOfTheOrganizationAnswersItsCheckout(t *testing.T) {
	t.Parallel()
	h := build(t)
	tn, stranger := h.tenant(t), h.tenant(t)
	id := h.begun(t, tn, monthly())
	_ = h.begun(t, stranger, monthly())
	nobody := auth.WithPrincipal(tenant.With(t.Context(), tn), auth.Principal{PersonID: uid.New(), May: policy.Set{policy.BillingRead: {}}})
	for name, c := range map[string]struct {
		ctx  context.Context
		want error
	}{"a stranger": {owner(t, stranger.ID), books.ErrNoWish}, "who only reads bills": {nobody, policy.ErrForbidden}} {
		if _, err := h.Answer(c.ctx, id, true); !errors.Is(err, c.want) {
			t.Errorf("%s answers: %v", name, err)
		}
		if _, err := h.Open(c.ctx, id); !errors.Is(err, c.want) {
			t.Errorf("%s looks: %v", name, err)
		}
	}
	till, err := h.Open(owner(t, tn.ID), id)
	if err != nil || till.Due.Due.Minor != 1000 {
		t.Errorf("%+v, %v", till.Due, err)
	}
	for range 2 { // the button is pressed twice
		if url, err := h.Answer(owner(t, tn.ID), id, true); err != nil || url != "https://acme.example/paid" {
			t.Errorf("back to %q, %v", url, err)
		}
	}
	if n := len(h.bills(t, tn)); n != 1 {
		t.Errorf("%d bills for one payment", n)
	}
	if _, err := h.Open(owner(t, tn.ID), id); !errors.Is(err, books.ErrNoWish) {
		t.Errorf("it can be answered again: %v", err)
	}
	if h.Live() || h.Name() != "books" {
		t.Error("the books pretend to be real")
	}
}

func TestWhoPaysAnewHasPaidWhatWasOpen(t *testing.T) {
	t.Parallel()
	h := build(t)
	v := monthly()
	tn, old := h.subscribed(t, v)
	if err := h.SetCard(owner(t, tn.ID), true); err != nil {
		t.Fatal(err)
	}
	h.World.Now.Advance(40 * 24 * time.Hour)
	if err := h.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	if fails, open, err := h.Card(owner(t, tn.ID)); err != nil || !fails || len(open) != 1 {
		t.Fatalf("open are %+v, %v", open, err)
	}
	if _, err := h.Answer(owner(t, tn.ID), h.begun(t, tn, v), true); err != nil {
		t.Fatal(err)
	}
	if _, open, err := h.Card(owner(t, tn.ID)); err != nil || len(open) != 0 {
		t.Errorf("open are %+v, %v", open, err)
	}
	if s, err := h.Subscription(t.Context(), old); err != nil || s.State != provider.StateCancelled {
		t.Errorf("the old one is %+v, %v", s, err)
	}
	if s, err := h.Subscription(t.Context(), h.newest(t, tn.ID)); err != nil || s.State != provider.StateActive {
		t.Errorf("the new one is %+v, %v", s, err)
	}
}

func TestACouponOfAFixedSumIsTakenOffOnceAPeriod(t *testing.T) {
	t.Parallel()
	h := build(t)
	tn, ref := h.subscribed(t, monthly())
	if err := h.Apply(t.Context(), "k", ref, "TENOFF"); err != nil {
		t.Fatal(err)
	}
	usage := provider.Usage{Identifier: "u", Customer: "books_cus_" + tn.ID.String(), Meter: billing.MeterActiveLearner, Quantity: 4, At: h.World.Now.Now()}
	if errs := h.Report(t.Context(), []provider.Usage{usage}); errs[0] != nil {
		t.Fatal(errs[0])
	}
	h.World.Now.Advance(32 * 24 * time.Hour)
	if err := h.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sums []int64
	for _, b := range h.bills(t, tn) {
		sums = append(sums, b.Total.Minor)
	}
	if !slices.Equal(sums, []int64{0, 400, 1000}) {
		t.Errorf("the bills, newest first, come to %v", sums)
	}
}
