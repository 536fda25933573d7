package rating_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/rating"
	"lyceum/internal/uid"
)

// ledger is a made-up one: for each meter, the days of each month.
type ledger struct {
	of   map[billing.Meter]map[string][]int64
	err  error
	mine uid.ID
}

func (l ledger) days(t uid.ID, m billing.Meter, p billing.Period) []int64 {
	if t != l.mine {
		return nil
	}
	return l.of[m][p.Start.Format("2006-01")]
}

func (l ledger) UsageTotals(_ context.Context, t uid.ID, p billing.Period) (map[billing.Meter]int64, error) {
	out := map[billing.Meter]int64{}
	for m := range l.of {
		for _, n := range l.days(t, m, p) {
			out[m] += n
		}
	}
	return out, l.err
}

func (l ledger) UsageFrom(ctx context.Context, t uid.ID, p billing.Period, from time.Time) (map[billing.Meter]int64, error) {
	out := map[billing.Meter]int64{}
	for m := range l.of {
		for i, n := range l.days(t, m, p) {
			if !p.Start.AddDate(0, 0, i).Before(from) {
				out[m] += n
			}
		}
	}
	return out, l.err
}

func (l ledger) UsageTotalsOfAll(ctx context.Context, p billing.Period) (map[uid.ID]map[billing.Meter]int64, error) {
	mine, err := l.UsageTotals(ctx, l.mine, p)
	return map[uid.ID]map[billing.Meter]int64{l.mine: mine}, err
}

func (l ledger) UsagePerDay(_ context.Context, t uid.ID, m billing.Meter, p billing.Period) (out []billing.DayCount, err error) {
	for i, n := range l.days(t, m, p) {
		if n != 0 {
			out = append(out, billing.DayCount{Day: i + 1, Count: n})
		}
	}
	return out, l.err
}

var perLearner = plan.Version{Currency: "EUR", Interval: plan.Month, Components: []plan.Component{
	{Code: "base", Scheme: plan.Flat, Price: 120_000_000},
	{Code: "learners", Scheme: plan.PerUnit, Meter: billing.MeterActiveLearner, Price: 2_000_000},
	{Code: "sandbox", Scheme: plan.Flat, AddOn: true, Price: 12_000_000},
}}

func TestAMonthIsPricedAsItStandsAndAsItMayEnd(t *testing.T) {
	t.Parallel()
	me, ctx := uid.New(), t.Context()
	r := rating.New(ledger{mine: me, of: map[billing.Meter]map[string][]int64{
		billing.MeterActiveLearner: {"2026-04": steady(10, 10), "2026-03": steady(10, 30)},
		billing.MeterAPICalls:      {"2026-04": {-7}},
	}})
	q, err := r.Used(ctx, me, april)
	if err != nil || q[billing.MeterActiveLearner] != 100 || q[billing.MeterAPICalls] != 0 || len(q) != len(billing.Meters()) {
		t.Fatalf("used %v (%v)", q, err)
	}
	if paid, err := r.UsedFrom(ctx, me, april, april.Start.AddDate(0, 0, 4)); err != nil || paid[billing.MeterActiveLearner] != 60 {
		t.Errorf("from the fifth day on used %v (%v)", paid, err)
	}
	if all, err := r.UsedByAll(ctx, april); err != nil || len(all) != 1 || !maps.Equal(all[me], q) {
		t.Errorf("everybody used %v (%v)", all, err)
	}
	addOns := []provider.AddOn{{Component: "sandbox", Quantity: 2}}
	b, err := r.Bill(perLearner, addOns, q)
	if err != nil || b.Total.String() != "344.00 EUR" {
		t.Errorf("the month so far is %s (%v), want 120 + 100 × 2 + 2 × 12", b.Total, err)
	}
	low, likely, high, err := r.Forecast(ctx, me, perLearner, addOns, april, april.Start, after(10))
	if err != nil || likely != 74400 || low < b.Total.Minor || low > likely || high < likely || high > 80000 {
		t.Errorf("forecast %d, %d, %d (%v), want 120 + 300 × 2 + 24 in the middle", low, likely, high, err)
	}
	// A trial that ended on the fifth day took 40 of those who learned: they cost nothing at the month's end either.
	_, without, _, err := r.Forecast(ctx, me, perLearner, addOns, april, april.Start.AddDate(0, 0, 4), after(10))
	if err != nil || without != likely-40*200 {
		t.Errorf("forecast after a trial %d (%v), want %d", without, err, likely-40*200)
	}
	if q, err := r.Used(ctx, uid.New(), april); err != nil || q[billing.MeterActiveLearner] != 0 {
		t.Errorf("another tenant used %v (%v)", q, err)
	}
}

func TestAYearlyPriceCountsATwelfthEachMonth(t *testing.T) {
	t.Parallel()
	v := perLearner
	v.Interval = plan.Year
	b, err := rating.New(ledger{}).Bill(v, []provider.AddOn{{Component: "sandbox", Quantity: 1}}, plan.Quantities{billing.MeterActiveLearner: 3})
	if err != nil || b.Total.String() != "17.00 EUR" || b.Lines[0].Amount.String() != "10.00 EUR" || b.Lines[1].Amount.String() != "6.00 EUR" {
		t.Errorf("got %+v (%v), want 120 / 12 + 3 × 2 + 12 / 12", b, err)
	}
}

func TestWhereMoreCostsLessTheSumsAreStillInOrder(t *testing.T) {
	t.Parallel()
	me := uid.New()
	v := plan.Version{Currency: "EUR", Components: []plan.Component{{Code: "learners", Scheme: plan.Volume, Meter: billing.MeterActiveLearner, Tiers: []plan.Tier{{UpTo: 290, Price: 2_000_000}, {Price: 500_000}}}}}
	r := rating.New(ledger{mine: me, of: map[billing.Meter]map[string][]int64{billing.MeterActiveLearner: {"2026-04": steady(10, 10)}}})
	low, likely, high, err := r.Forecast(t.Context(), me, v, nil, april, april.Start, after(10))
	if err != nil || low > likely || likely > high || low == high {
		t.Errorf("forecast %d, %d, %d (%v)", low, likely, high, err)
	}
}

func TestALedgerThatCannotBeReadIsNoUsage(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	r := rating.New(ledger{err: away})
	if _, err := r.Used(t.Context(), uid.New(), april); !errors.Is(err, away) {
		t.Errorf("used: %v", err)
	}
	if _, _, _, err := r.Forecast(t.Context(), uid.New(), perLearner, nil, april, april.Start, time.Now()); !errors.Is(err, away) {
		t.Errorf("forecast: %v", err)
	}
}
