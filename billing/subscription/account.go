package subscription

import (
	"context"
	"strconv"

	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
)

// Account is what the billing page shows.
type Account struct {
	Subscription
	Offer    *provider.Offer // nil: no plan
	Next     *Due            // what time will do next; nil: nothing
	Period   billing.Period
	Used     plan.Quantities
	Stored   *int64     // bytes kept now; nil: not known
	Bill     *plan.Bill // the month so far; nil where it cannot be worked out
	Forecast *Forecast
	Invoices []Invoice
	Steps    []Step
	Offers   []provider.Offer
	Provider string // its name; "" where nothing is sold
	Live     bool   // real money moves
}

// Forecast is the month's sum as it may become.
type Forecast struct{ Low, Likely, High money.Money }

// Plan is the plan's name, "" without one.
func (a Account) Plan() string {
	if a.Offer == nil {
		return ""
	}
	return a.Offer.Plan.Name
}

// Account gives the billing page of the tenant of ctx. It needs billing:read. What the meters cannot say is left out: the
// page itself is always there.
func (s *Service) Account(ctx context.Context) (a Account, err error) {
	sub, _, err := s.mine(ctx, policy.BillingRead)
	if err != nil {
		return a, err
	}
	return s.account(ctx, sub)
}

func (s *Service) account(ctx context.Context, sub Subscription) (a Account, err error) {
	a = Account{Subscription: sub, Period: billing.PeriodOf(s.Now()), Live: s.Live()}
	if s.Provider != nil {
		a.Provider = s.Provider.Name()
	}
	if a.Offer, err = s.offer(ctx, sub.VersionID); err != nil {
		return a, err
	}
	l := plan.DefaultLife()
	if a.Offer != nil {
		l = a.Offer.Version.Life
	}
	if due, ok := sub.Next(l); ok && !sub.Held {
		a.Next = &due
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		if a.Invoices, err = s.Keep.InvoicesOf(ctx, sub.TenantID, 60); err != nil {
			return err
		}
		a.Steps, err = s.Keep.StepsOf(ctx, sub.TenantID, 20)
		return err
	})
	if err != nil {
		return a, err
	}
	if s.Plans != nil {
		if a.Offers, err = s.Plans.Offers(ctx); err != nil {
			return a, err
		}
	}
	s.figures(ctx, &a)
	return a, nil
}

// figures adds what was used and what it costs.
func (s *Service) figures(ctx context.Context, a *Account) {
	if s.Rating == nil {
		return
	}
	warn := func(what string, err error) {
		s.Log.WarnContext(ctx, "billing page without "+what, "tenant", a.TenantSlug, "err", err)
	}
	var err error
	if a.Used, err = s.Rating.Used(ctx, a.TenantID, a.Period); err != nil {
		warn("usage", err)
		return
	}
	if a.Offer == nil {
		return
	}
	if s.Stored != nil && a.Offer.Version.Limits.StorageBytes > 0 {
		if n, err := s.Stored(ctx, a.TenantID); err != nil {
			warn("what is stored", err)
		} else {
			a.Stored = &n
		}
	}
	v, charged, from := a.Offer.Version, a.Used, a.Period.Start
	if a.State != StateTrial { // a trial shows what it would cost
		from = a.From(a.Period)
	}
	if from.After(a.Period.Start) {
		if charged, err = s.Rating.UsedFrom(ctx, a.TenantID, a.Period, from); err != nil {
			warn("usage", err)
			return
		}
	}
	bill, err := s.Rating.Bill(v, a.AddOns, charged)
	if err != nil {
		warn("a sum", err)
		return
	}
	a.Bill = &bill
	low, likely, high, err := s.Rating.Forecast(ctx, a.TenantID, v, a.AddOns, a.Period, from, s.Now())
	if err != nil {
		warn("a forecast", err)
		return
	}
	of := func(minor int64) money.Money { return money.Money{Minor: minor, Currency: v.Currency} }
	a.Forecast = &Forecast{of(low), of(likely), of(high)}
}

// Tried is what a plan would have cost in a month that is over.
type Tried struct {
	Period billing.Period
	Now    *plan.Bill // under the plan of today; nil without one
	Then   plan.Bill
}

// Simulate prices the last three whole months' real usage under another choice, beside today's. It needs billing:read.
func (s *Service) Simulate(ctx context.Context, c Choice) (offer provider.Offer, out []Tried, err error) {
	sub, t, err := s.mine(ctx, policy.BillingRead)
	if err != nil {
		return offer, nil, err
	}
	if offer, err = s.check(ctx, sub, &c); err != nil {
		return offer, nil, err
	}
	if s.Rating == nil {
		return offer, nil, ErrNoPayments
	}
	today, err := s.offer(ctx, sub.VersionID)
	if err != nil {
		return offer, nil, err
	}
	running := billing.PeriodOf(s.Now())
	for back := 3; back >= 1; back-- {
		p := billing.Period{Start: running.Start.AddDate(0, -back, 0)}
		if p.End().Before(t.CreatedAt) && p.End().Before(sub.CreatedAt) {
			continue // nobody was here
		}
		q, err := s.Rating.Used(ctx, t.ID, p)
		if err != nil {
			return offer, nil, err
		}
		tried := Tried{Period: p}
		if tried.Then, err = s.Rating.Bill(offer.Version, c.AddOns, q); err != nil {
			return offer, nil, err
		}
		if today != nil {
			bill, err := s.Rating.Bill(today.Version, sub.AddOns, q)
			if err != nil {
				return offer, nil, err
			}
			tried.Now = &bill
		}
		out = append(out, tried)
	}
	return offer, out, nil
}

// WatchAll tells owners of limits that are near or reached, and of a budget that is passed or will be: each once a period.
func (s *Service) WatchAll(ctx context.Context) error {
	return s.each(ctx, s.watch)
}

func (s *Service) watch(ctx context.Context, sub Subscription) error {
	if sub.VersionID == nil || sub.State.rank() >= StateSuspended.rank() || s.Rating == nil {
		return nil
	}
	a := Account{Subscription: sub, Period: billing.PeriodOf(s.Now())}
	var err error
	if a.Offer, err = s.offer(ctx, sub.VersionID); err != nil {
		return err
	}
	s.figures(ctx, &a)
	if a.Used == nil {
		return nil // logged
	}
	month := a.Period.Start.Format("2006-01")
	return s.Keep.InControl(ctx, func(ctx context.Context) error {
		for _, g := range a.Gauges() {
			for _, at := range []int{100, 80} {
				if g.Percent < at {
					continue
				}
				data := LetterData{Meter: string(g.Meter), Percent: at, Used: g.Used, Limit: g.Limit, Hard: g.Hard}
				if err := s.write(ctx, &sub, "limit", month+" "+string(g.Meter)+" "+strconv.Itoa(at), false, data); err != nil {
					return err
				}
				break // 100 says more than 80
			}
		}
		if sub.BudgetMinor == nil || a.Bill == nil || sub.Free() || sub.State == StateTrial {
			return nil // nothing is charged that a budget could be for
		}
		budget := money.Money{Minor: *sub.BudgetMinor, Currency: a.Bill.Total.Currency}
		data := LetterData{Amount: budget.String()}
		switch {
		case a.Bill.Total.Minor >= budget.Minor:
			return s.write(ctx, &sub, "budget_passed", month+" "+budget.Decimal(), false, data)
		case a.Forecast != nil && a.Forecast.Likely.Minor >= budget.Minor:
			return s.write(ctx, &sub, "budget_forecast", month+" "+budget.Decimal(), false, data)
		}
		return nil
	})
}

// Gauge is how much of a limit is used; of storage in bytes.
type Gauge struct {
	Meter       billing.Meter
	Used, Limit int64
	Percent     int
	Hard        bool
}

// InBytes tells whether it counts bytes.
func (g Gauge) InBytes() bool { return g.Meter == billing.MeterStorage }

// Gauges lists the limits of the plan, as they are shown. Of storage it is what is kept now, where that is known.
func (a Account) Gauges() (out []Gauge) {
	if a.Offer == nil || a.Used == nil {
		return nil
	}
	l := a.Offer.Version.Limits
	st := Standing{Limits: &l}
	for _, m := range billing.Meters() {
		limit := LimitOf(l, m)
		used := a.Used[m]
		if m == billing.MeterStorage { // the meter counts byte-hours, the limit bytes
			if a.Stored == nil {
				continue
			}
			used = *a.Stored
		}
		if limit == plan.Unlimited || limit <= 0 {
			continue
		}
		_, stops := st.hard(m)
		out = append(out, Gauge{m, used, limit, int(float64(used) * 100 / float64(limit)), stops && m != billing.MeterActiveLearner})
	}
	return out
}

// each walks over all subscriptions; one that fails does not keep the others.
func (s *Service) each(ctx context.Context, do func(context.Context, Subscription) error) error {
	return walk(ctx, s.Keep, do)
}
