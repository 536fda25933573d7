// Package rating knows what organizations used and works out what that costs, now and at the month's end. It reads the
// ledger's sums and prices them by a plan's version; it keeps nothing and charges nobody.
package rating

import (
	"context"
	"fmt"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// Keeper is where what was used is kept.
type Keeper interface {
	// UsageTotals sums every meter over a period; a meter without entries may be left out.
	UsageTotals(ctx context.Context, tenantID uid.ID, p billing.Period) (map[billing.Meter]int64, error)
	// UsageFrom is UsageTotals from a moment of the period on.
	UsageFrom(ctx context.Context, tenantID uid.ID, p billing.Period, from time.Time) (map[billing.Meter]int64, error)
	// UsageTotalsOfAll is UsageTotals of every tenant that used anything.
	UsageTotalsOfAll(ctx context.Context, p billing.Period) (map[uid.ID]map[billing.Meter]int64, error)
	// UsagePerDay sums a meter over the days of a period, in UTC; a day without entries may be left out.
	UsagePerDay(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period) ([]billing.DayCount, error)
}

// Rating is what subscription.Rating asks for.
type Rating struct{ keep Keeper }

// New makes it.
func New(keep Keeper) *Rating { return &Rating{keep} }

// Used is what a tenant used in a period, every meter named. What corrections brought below zero is 0.
func (r *Rating) Used(ctx context.Context, tenantID uid.ID, p billing.Period) (plan.Quantities, error) {
	totals, err := r.keep.UsageTotals(ctx, tenantID, p)
	if err != nil {
		return nil, fmt.Errorf("what %s used in %s: %w", tenantID, p.Start.Format("2006-01"), err)
	}
	return allNamed(totals), nil
}

// UsedFrom is Used from a moment of the period on: what a trial within it costs nothing.
func (r *Rating) UsedFrom(ctx context.Context, tenantID uid.ID, p billing.Period, from time.Time) (plan.Quantities, error) {
	totals, err := r.keep.UsageFrom(ctx, tenantID, p, from)
	if err != nil {
		return nil, fmt.Errorf("what %s used from %s: %w", tenantID, from.Format(time.RFC3339), err)
	}
	return allNamed(totals), nil
}

// UsedByAll is Used for every organization that used anything.
func (r *Rating) UsedByAll(ctx context.Context, p billing.Period) (map[uid.ID]plan.Quantities, error) {
	all, err := r.keep.UsageTotalsOfAll(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("what everybody used in %s: %w", p.Start.Format("2006-01"), err)
	}
	out := make(map[uid.ID]plan.Quantities, len(all))
	for id, totals := range all {
		out[id] = allNamed(totals)
	}
	return out, nil
}

func allNamed(totals map[billing.Meter]int64) plan.Quantities {
	q := plan.Quantities{}
	for _, m := range billing.Meters() {
		q[m] = max(totals[m], 0)
	}
	return q
}

// Bill prices a month's quantities. What is flat for a year counts a twelfth. plan.ErrTooLarge.
func (r *Rating) Bill(v plan.Version, addOns []provider.AddOn, q plan.Quantities) (plan.Bill, error) {
	booked := map[string]int64{}
	for _, a := range addOns {
		booked[a.Component] += a.Quantity
	}
	b, err := v.Bill(booked, q)
	if err != nil {
		return b, err
	}
	return b.PerMonth(v), nil
}

// Forecast is a month's sum as it may become: what Outlook expects of each meter, without what was used before from (a trial
// that ended within the month), priced. Where more use costs less (volume prices) the three sums are put in order, so that low is the least and high the most that is to be expected.
func (r *Rating) Forecast(ctx context.Context, tenantID uid.ID, v plan.Version, addOns []provider.AddOn, p billing.Period, from, now time.Time) (low, likely, high int64, err error) {
	free := map[billing.Meter]int64{}
	if from.After(p.Start) {
		if free, err = r.before(ctx, tenantID, p, from); err != nil {
			return 0, 0, 0, err
		}
	}
	var few, some, many plan.Quantities = map[billing.Meter]int64{}, map[billing.Meter]int64{}, map[billing.Meter]int64{}
	for _, m := range priced(v) {
		o, err := r.outlook(ctx, tenantID, m, p, now)
		if err != nil {
			return 0, 0, 0, err
		}
		few[m], some[m], many[m] = max(o.Low-free[m], 0), max(o.Likely-free[m], 0), max(o.High-free[m], 0)
	}
	var sums [3]money.Money
	for i, q := range []plan.Quantities{few, some, many} {
		b, err := r.Bill(v, addOns, q)
		if err != nil {
			return 0, 0, 0, err
		}
		sums[i] = b.Total
	}
	likely = sums[1].Minor
	return min(sums[0].Minor, likely, sums[2].Minor), likely, max(sums[0].Minor, likely, sums[2].Minor), nil
}

// before is what was used in a period before a moment of it.
func (r *Rating) before(ctx context.Context, tenantID uid.ID, p billing.Period, from time.Time) (map[billing.Meter]int64, error) {
	all, err := r.Used(ctx, tenantID, p)
	if err != nil {
		return nil, err
	}
	since, err := r.UsedFrom(ctx, tenantID, p, from)
	for m := range all {
		all[m] -= since[m]
	}
	return all, err
}

// priced lists the meters that a version bills by.
func priced(v plan.Version) (out []billing.Meter) {
	for _, m := range billing.Meters() {
		for _, c := range v.Components {
			if c.Meter == m {
				out = append(out, m)
				break
			}
		}
	}
	return out
}

// past is how many months before are looked at.
const past = 3

// outlook reads the days of the month and of those before.
func (r *Rating) outlook(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period, now time.Time) (Outlook, error) {
	h := History{Period: p, Now: now, Distinct: m == billing.MeterActiveLearner}
	var err error
	if h.Days, err = r.days(ctx, tenantID, m, p); err != nil {
		return Outlook{}, err
	}
	for back := 1; back <= past; back++ {
		month := billing.Period{Start: p.Start.AddDate(0, -back, 0)}
		days, err := r.days(ctx, tenantID, m, month)
		if err != nil {
			return Outlook{}, err
		}
		h.Before = append(h.Before, days)
	}
	return Expect(h), nil
}

func (r *Rating) days(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period) ([]int64, error) {
	list, err := r.keep.UsagePerDay(ctx, tenantID, m, p)
	if err != nil {
		return nil, fmt.Errorf("%s of %s by day: %w", m, tenantID, err)
	}
	days := make([]int64, p.Days())
	for _, d := range list {
		if d.Day >= 1 && d.Day <= len(days) {
			days[d.Day-1] += d.Count
		}
	}
	return days, nil
}
