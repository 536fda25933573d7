package report_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/report"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childStep) != "" {
		child()
	}
	storetest.Main(m)
}

// version prices learners in two steps, and what is stored.
var version = plan.Version{
	ID: uid.New(), Number: 1, Status: plan.StatusPublished, Currency: "EUR", Interval: plan.Month, Life: plan.DefaultLife(),
	Components: []plan.Component{
		{Code: "base", Name: "Base", Scheme: plan.Flat, Price: 50_000_000},
		{Code: "learners", Name: "Active learners", Scheme: plan.Graduated, Meter: billing.MeterActiveLearner, Tiers: []plan.Tier{{UpTo: 5, Price: 3_000_000}, {Price: 2_000_000}}},
		{Code: "calls", Name: "API calls", Scheme: plan.PerUnit, Meter: billing.MeterAPICalls, Per: 100, Price: 500_000},
	},
}

type shelf struct{}

func (shelf) Version(_ context.Context, id uid.ID) (provider.Offer, error) {
	if id != version.ID {
		return provider.Offer{}, subscription.ErrNoPlan
	}
	return provider.Offer{Version: version}, nil
}

// till is a provider that keeps what it is told, once for each identifier, and breaks as networks do.
type till struct {
	provider.Provider // what is not faked panics
	now               func() time.Time

	mu    sync.Mutex
	told  map[string]provider.Usage
	items map[string]provider.Item
	dice  *rand.Rand // nil: it never breaks
	away  error      // it answers this to everything
	calls int
	seen  []provider.Usage // in the order in which they came
}

func newTill(now func() time.Time) *till {
	return &till{now: now, told: map[string]provider.Usage{}, items: map[string]provider.Item{}}
}

func (*till) Name() string { return "till" }
func (*till) Live() bool   { return false }

// broken decides whether a call breaks before or after it had its effect.
func (p *till) broken() (before, after error) {
	if p.away != nil {
		return p.away, nil
	}
	if p.dice == nil {
		return nil, nil
	}
	switch p.dice.IntN(6) {
	case 0:
		return provider.ErrUnavailable.Because(errors.New("503")), nil
	case 1:
		return nil, provider.ErrUnavailable.Because(errors.New("time-out after success"))
	case 2:
		return provider.ErrUnavailable.Because(&provider.Later{After: time.Minute, Cause: errors.New("429")}), nil
	}
	return nil, nil
}

func (p *till) Report(_ context.Context, usage []provider.Usage) []error {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]error, len(usage))
	for i, u := range usage {
		p.calls++
		u.At = u.At.UTC() // the same moment, from whatever process
		before, after := p.broken()
		if before != nil {
			out[i] = before
			continue
		}
		if month := billing.PeriodOf(u.At); !p.now().Before(month.End().Add(50 * time.Minute)) {
			out[i] = provider.ErrTooLate
			continue
		}
		if was, there := p.told[u.Identifier]; there && was != u {
			out[i] = provider.ErrRefused.Saying("The identifier was used for something else.")
			continue
		}
		p.told[u.Identifier] = u
		p.seen = append(p.seen, u)
		out[i] = after
	}
	return out
}

func (p *till) AddItem(_ context.Context, key string, in provider.Item) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	before, after := p.broken()
	if before != nil {
		return before
	}
	if was, there := p.items[key]; there && was != in {
		return provider.ErrRefused.Saying("The key was used for something else.")
	}
	p.items[key] = in
	return after
}

func (p *till) Reported(_ context.Context, customer string, m billing.Meter, from, until time.Time) (sum int64, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away != nil {
		return 0, p.away
	}
	for _, u := range p.told {
		if u.Customer == customer && u.Meter == m && !u.At.Before(from) && u.At.Before(until) {
			sum += u.Quantity
		}
	}
	return sum, nil
}

func (p *till) sum(customer string, m billing.Meter, month billing.Period) int64 {
	n, _ := (&till{told: p.told}).Reported(context.Background(), customer, m, month.Start, month.End())
	return n
}

// house is a service, its provider, and an organization that the provider bills.
type house struct {
	*storetest.World
	*report.Service
	till *till
	id   uid.ID
	at   time.Time
	mu   sync.Mutex
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) go_(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func build(t *testing.T, at time.Time) *house {
	t.Helper()
	h := &house{World: storetest.New(t), at: at}
	err := h.Store.InControl(t.Context(), func(ctx context.Context) error { // what other tests left is not this one's
		_, err := store.Pgx(ctx).Exec(ctx, "update control.usage_reports set state = 'sent' where state in ('waiting', 'parked')")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.till = newTill(h.now)
	h.restart()
	h.id = h.customer(t, nil)
	return h
}

// restart is a process that begins anew.
func (h *house) restart() {
	h.Service = report.New(report.Options{Keep: h.Store, Plans: shelf{}, Provider: func() provider.Provider { return h.till }, Now: h.now, Wall: h.now})
}

func customerOf(id uid.ID) string { return "cus_" + id.String() }

// customer makes an organization whose subscription is paid for through the provider.
func (h *house) customer(t *testing.T, change func(*subscription.Subscription)) uid.ID {
	t.Helper()
	row := h.TenantRow(t)
	began := h.now().AddDate(0, -6, 0)
	sub := subscription.Subscription{
		TenantID: row.ID, TenantSlug: row.Slug, TenantName: row.Name, VersionID: &version.ID, State: subscription.StateActive, Collect: subscription.CollectProvider, Since: began,
		CustomerRef: customerOf(row.ID), ProviderRef: "sub_" + row.ID.String(), ProviderState: provider.StateActive, AddOns: []provider.AddOn{}, TaxIDs: []provider.TaxID{},
		Revision: 1, CreatedAt: began, UpdatedAt: began,
	}
	if change != nil {
		change(&sub)
	}
	if err := h.Store.InControl(t.Context(), func(ctx context.Context) error { return h.Store.InsertSubscription(ctx, sub) }); err != nil {
		t.Fatal(err)
	}
	return row.ID
}

// learns writes that somebody learned for the first time in a month.
func (h *house) learns(t *testing.T, tenantID, person uid.ID, kind billing.Kind, at time.Time) {
	t.Helper()
	e := billing.UsageEvent{
		ID: uid.New(), TenantID: tenantID, Meter: billing.MeterActiveLearner, SubjectID: person, SubjectName: "Ada", Period: billing.PeriodOf(at).Start, Kind: kind,
		Quantity: 1, EventType: "lesson.started", OccurredAt: at, RecordedAt: h.now(),
	}
	if kind == billing.KindStruck {
		e.Quantity, e.Reason = -1, "a mistake"
	}
	if _, err := h.Store.RecordUsage(t.Context(), e); err != nil {
		t.Fatal(err)
	}
}

func (h *house) ledger(t *testing.T, p billing.Period) int64 {
	t.Helper()
	totals, err := h.Store.UsageTotals(t.Context(), h.id, p)
	if err != nil {
		t.Fatal(err)
	}
	return totals[billing.MeterActiveLearner]
}

// run does something that may fail as its provider does.
func (h *house) run(t *testing.T, do func(context.Context) error) {
	t.Helper()
	if err := do(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// billed is what the provider will bill for a month: the usage it has, and the lines it was given for it.
func (h *house) billed(t *testing.T, p billing.Period) money.Money {
	t.Helper()
	b, err := version.Bill(nil, plan.Quantities{billing.MeterActiveLearner: max(h.till.sum(customerOf(h.id), billing.MeterActiveLearner, p), 0)})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range h.till.items {
		if i.Customer == customerOf(h.id) && i.Period == p {
			b.Total.Minor += i.Amount.Minor
		}
	}
	return b.Total
}

// owed is what the ledger says that the month costs.
func (h *house) owed(t *testing.T, p billing.Period) money.Money {
	t.Helper()
	b, err := version.Bill(nil, plan.Quantities{billing.MeterActiveLearner: h.ledger(t, p)})
	if err != nil {
		t.Fatal(err)
	}
	return b.Total
}

func (h *house) rows(t *testing.T) (out []report.Row) {
	t.Helper()
	err := h.Store.InControl(t.Context(), func(ctx context.Context) error {
		rows, err := store.Pgx(ctx).Query(ctx, "select id, meter, seq, quantity, state, error, at from control.usage_reports where tenant_id = $1 order by meter, period, seq", h.id)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r report.Row
			if err := rows.Scan(&r.ID, &r.Meter, &r.Seq, &r.Quantity, &r.State, &r.Error, &r.At); err != nil {
				return err
			}
			out = append(out, r)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func show(rows []report.Row) (out string) {
	for _, r := range rows {
		out += fmt.Sprintf("%d:%+d:%s ", r.Seq, r.Quantity, r.State)
	}
	return out
}
