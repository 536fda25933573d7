package subscription

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// What operators do. The API asks who they are.

// Filter narrows a list of subscriptions; zero values narrow nothing.
type Filter struct {
	State State
	Query string // in name or address
	Page  page.Request
}

// StepCount is how often a step was taken in a time.
type StepCount struct {
	FromState, ToState State
	Why                string
	Count              int
}

// List lists subscriptions by address.
func (s *Service) List(ctx context.Context, f Filter) (out page.Of[Subscription], err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		out, err = s.Keep.Subscriptions(ctx, f)
		return err
	})
	return out, err
}

// Names are the names of organizations, by their ids; those that never had a subscription are left out.
func (s *Service) Names(ctx context.Context, ids []uid.ID) (names map[uid.ID]string, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		names, err = s.Keep.SubscriptionNames(ctx, ids)
		return err
	})
	return names, err
}

// Look gives an organization's account to an operator.
func (s *Service) Look(ctx context.Context, tenantID uid.ID) (Account, error) {
	sub, err := s.read(ctx, tenantID)
	if err != nil {
		return Account{}, err
	}
	return s.account(ctx, sub)
}

// Hold stops the clock of a subscription: nothing gets worse until it is released.
func (s *Service) Hold(ctx context.Context, tenantID uid.ID, reason string) (Subscription, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len([]rune(reason)) > 300 {
		return Subscription{}, fault.Invalid(map[string]string{"reason": "Say why, in at most 300 characters: colleagues will read it."})
	}
	return s.change(ctx, tenantID, func(ctx context.Context, sub *Subscription) error {
		if sub.State == StateErased {
			return ErrErased
		}
		sub.Held, sub.HeldReason = true, reason
		if err := s.note(ctx, "subscription.held", sub, map[string]string{"reason": reason}); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
}

// Release lets the clock go on. The days of the state that it is in begin anew: being held took none from the customer.
func (s *Service) Release(ctx context.Context, tenantID uid.ID) (Subscription, error) {
	return s.change(ctx, tenantID, func(ctx context.Context, sub *Subscription) error {
		if !sub.Held {
			return errUnchanged
		}
		l, err := s.life(ctx, *sub)
		if err != nil {
			return err
		}
		now := s.Now()
		sub.Held, sub.HeldReason = false, ""
		if sub.State != StateActive && sub.State != StateTrial {
			sub.Since = now
			if sub.State == StateRetained {
				sub.enter(StateRetained, l, now)
			}
		}
		if err := s.note(ctx, "subscription.released", sub, nil); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
}

// ExtendTrial gives a trial more days, from its end or from now, whichever is later. One that ended without payment begins
// again.
func (s *Service) ExtendTrial(ctx context.Context, tenantID uid.ID, days int) (Subscription, error) {
	if days < 1 || days > 365 {
		return Subscription{}, fault.Invalid(map[string]string{"days": "Give between 1 and 365 days."})
	}
	return s.change(ctx, tenantID, func(ctx context.Context, sub *Subscription) error {
		over := sub.Cause == CauseTrialOver && sub.State.Dunning()
		if sub.State != StateTrial && !over || sub.ProviderRef != "" {
			return ErrWrongState.Saying("Only a trial that is not paid for can be made longer.")
		}
		end := s.Now()
		if sub.TrialEnd != nil && sub.TrialEnd.After(end) {
			end = *sub.TrialEnd
		}
		end = end.AddDate(0, 0, days)
		sub.TrialEnd = &end
		if err := s.note(ctx, "subscription.trial_extended", sub, map[string]string{"until": end.Format(time.DateOnly)}); err != nil {
			return err
		}
		if !over {
			return s.save(ctx, sub)
		}
		l, err := s.life(ctx, *sub)
		if err != nil {
			return err
		}
		return s.move(ctx, sub, StateTrial, "operator", l)
	})
}

// Assign puts an organization on a plan's version, of any status, and says how it pays. What was unpaid is forgiven where
// the provider does not collect.
func (s *Service) Assign(ctx context.Context, tenantID uid.ID, version *uid.ID, collect Collect) (Subscription, error) {
	if !slices.Contains([]Collect{CollectNone, CollectInvoice, CollectProvider}, collect) {
		return Subscription{}, fault.Invalid(map[string]string{"collect": "Choose how it pays: none, provider or invoice."})
	}
	offer, err := s.offer(ctx, version)
	if err != nil {
		return Subscription{}, err
	}
	if offer == nil && collect != CollectNone {
		return Subscription{}, fault.Invalid(map[string]string{"version": "Choose a plan: without one there is nothing to pay."})
	}
	before, err := s.read(ctx, tenantID)
	if err != nil {
		return before, err
	}
	paying := before.ProviderRef != "" && alive(before.ProviderState)
	if paying && collect != CollectProvider {
		return before, ErrWrongState.Saying("The payment service collects for this organization. Have the subscription cancelled there first.")
	}
	if collect == CollectProvider && !paying && (before.State == StateActive || before.Free()) {
		return before, ErrWrongState.Saying("Nothing runs at the payment service for this organization: its owner has to check out there first.")
	}
	if paying && offer != nil && s.Provider != nil {
		if _, err := s.Provider.Move(ctx, key("assign", before, version), provider.Move{Subscription: before.ProviderRef, Version: offer.Version, AddOns: before.AddOns, At: s.Now()}); err != nil {
			return before, err
		}
	}
	return s.change(ctx, tenantID, func(ctx context.Context, sub *Subscription) error {
		if sub.State == StateErased {
			return ErrErased
		}
		if collect != CollectNone {
			sub.paysFrom(s.Now())
		}
		sub.VersionID, sub.Collect = version, collect
		name, l := "", plan.DefaultLife()
		if offer != nil {
			name, l = offer.Plan.Code, offer.Version.Life
		}
		if err := s.note(ctx, "subscription.assigned", sub, map[string]string{"plan": name, "collect": string(collect)}); err != nil {
			return err
		}
		if collect != CollectProvider && sub.State != StateActive {
			sub.CancelAt = nil
			return s.move(ctx, sub, StateActive, "operator", l)
		}
		return s.save(ctx, sub)
	})
}

// Overview is how the platform does.
type Overview struct {
	At         time.Time
	ByState    map[State]int
	MRR        []money.Money // by currency
	Paying     int
	Churned    int // cancelled in the last 30 days, of those who paid
	ChurnRate  float64
	Converted  int // trials of the last 90 days that became paying
	Lapsed     int // and that did not
	Failed     int // payments that failed in the last 30 days
	Waiting    int // whose money is waited for
	Anomalies  []Anomaly
	Margins    []Margin
	Incomplete bool // the lists leave some out
}

// ConversionRate is how many of a hundred trials became paying; ok is false before any ended.
func (o Overview) ConversionRate() (percent float64, ok bool) {
	if o.Converted+o.Lapsed == 0 {
		return 0, false
	}
	return 100 * float64(o.Converted) / float64(o.Converted+o.Lapsed), true
}

// Anomaly is a meter that runs far from what it did.
type Anomaly struct {
	Subscription Subscription
	Meter        billing.Meter
	Pace         int64 // what the month comes to at today's pace
	Median       int64 // of the last three months
}

// Margin is what an organization brings and uses in the running month.
type Margin struct {
	Subscription Subscription
	Revenue      *money.Money // nil without a plan
	Used         plan.Quantities
}

// listed bounds how many organizations a list of an overview names; its sums count all.
const listed = 50

// months are what everybody used this month and in the three before.
type months [4]map[uid.ID]plan.Quantities

func (s *Service) months(ctx context.Context, running billing.Period) (m months, err error) {
	if s.Rating == nil {
		return m, nil
	}
	for i := range m {
		if m[i], err = s.Rating.UsedByAll(ctx, billing.Period{Start: running.Start.AddDate(0, -i, 0)}); err != nil {
			return m, err
		}
	}
	return m, nil
}

// Overview works out the platform's figures.
func (s *Service) Overview(ctx context.Context) (o Overview, err error) {
	now := s.Now()
	o = Overview{At: now, ByState: map[State]int{}}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		month, err := s.Keep.StepCounts(ctx, now.AddDate(0, 0, -30), now)
		if err != nil {
			return err
		}
		quarter, err := s.Keep.StepCounts(ctx, now.AddDate(0, 0, -90), now)
		if err != nil {
			return err
		}
		o.count(month, quarter)
		return nil
	})
	if err != nil {
		return o, err
	}
	used, err := s.months(ctx, billing.PeriodOf(now))
	if err != nil {
		return o, err
	}
	mrr := map[money.Currency]int64{}
	err = s.each(ctx, func(ctx context.Context, sub Subscription) error {
		o.ByState[sub.State]++
		if sub.State.Dunning() {
			o.Waiting++
		}
		if sub.State.Closed() {
			return nil
		}
		return s.weigh(ctx, &o, sub, used, mrr)
	})
	o.shorten()
	for _, c := range slices.Sorted(keysOf(mrr)) {
		o.MRR = append(o.MRR, money.Money{Minor: mrr[c], Currency: c})
	}
	if before := o.Paying + o.Churned; before > 0 {
		o.ChurnRate = 100 * float64(o.Churned) / float64(before)
	}
	return o, err
}

func keysOf(m map[money.Currency]int64) func(func(money.Currency) bool) {
	return func(yield func(money.Currency) bool) {
		for c := range m {
			if !yield(c) {
				return
			}
		}
	}
}

func (o *Overview) count(month, quarter []StepCount) {
	for _, c := range month {
		if c.ToState == StateCancelled && c.FromState != StateTrial && c.Why != "trial_over" {
			o.Churned += c.Count
		}
		if c.ToState == StatePastDue && c.Why == "not_paid" {
			o.Failed += c.Count
		}
	}
	for _, c := range quarter {
		switch {
		case c.FromState == StateTrial && c.ToState == StateActive && c.Why == "paid":
			o.Converted += c.Count
		case c.FromState == StateTrial && (c.ToState == StatePastDue || c.ToState == StateCancelled):
			o.Lapsed += c.Count
		}
	}
}

// shorten keeps those of the lists that matter most: the farthest from what they did, and who uses most for what they pay.
func (o *Overview) shorten() {
	far := func(a Anomaly) float64 {
		return math.Abs(math.Log(float64(max(a.Pace, 1)) / float64(max(a.Median, 1))))
	}
	slices.SortStableFunc(o.Anomalies, func(a, b Anomaly) int { return cmp.Compare(far(b), far(a)) })
	slices.SortStableFunc(o.Margins, func(a, b Margin) int {
		return cmp.Or(cmp.Compare(b.revenue(), a.revenue()), cmp.Compare(b.Storage(), a.Storage()))
	})
	o.Incomplete = len(o.Anomalies) > listed || len(o.Margins) > listed
	o.Anomalies, o.Margins = o.Anomalies[:min(len(o.Anomalies), listed)], o.Margins[:min(len(o.Margins), listed)]
}

// weigh adds one organization to the overview.
func (s *Service) weigh(ctx context.Context, o *Overview, sub Subscription, used months, mrr map[money.Currency]int64) error {
	if s.Rating == nil {
		return nil
	}
	var months [4]plan.Quantities // this one, then back
	for i := range months {
		months[i] = used[i][sub.TenantID]
	}
	o.Anomalies = append(o.Anomalies, anomalies(sub, months, billing.PeriodOf(s.Now()), s.Now())...)
	m := Margin{Subscription: sub, Used: months[0]}
	offer, err := s.offer(ctx, sub.VersionID)
	if err != nil {
		return err
	}
	if offer != nil && !sub.Free() {
		last, err := s.Rating.Bill(offer.Version, sub.AddOns, months[1])
		if err != nil {
			return err
		}
		running, err := s.Rating.Bill(offer.Version, sub.AddOns, months[0])
		if err != nil {
			return err
		}
		m.Revenue = &running.Total
		if sub.State != StateTrial {
			o.Paying++
			mrr[offer.Version.Currency] += last.Total.Minor
		}
	}
	o.Margins = append(o.Margins, m)
	return nil
}

// anomalies compares this month's pace with the median of the last three: one that is more than double or less than half
// stands out, once a fifth of the month is over and where there was anything to compare with.
func anomalies(sub Subscription, months [4]plan.Quantities, p billing.Period, now time.Time) (out []Anomaly) {
	share := now.Sub(p.Start).Hours() / p.End().Sub(p.Start).Hours()
	if share < 0.2 {
		return nil
	}
	for _, m := range billing.Meters() {
		before := []int64{months[1][m], months[2][m], months[3][m]}
		slices.Sort(before)
		median := before[1]
		pace := int64(float64(months[0][m]) / share)
		if median >= 10 && (pace > 2*median || pace < median/2) {
			out = append(out, Anomaly{sub, m, pace, median})
		}
	}
	return out
}

// Ended is how many trials of the last 90 days are over.
func (o Overview) Ended() int { return o.Converted + o.Lapsed }

func (m Margin) revenue() int64 {
	if m.Revenue == nil {
		return 0
	}
	return m.Revenue.Minor
}

// Storage is what was kept, in byte-hours.
func (m Margin) Storage() int64 { return m.Used[billing.MeterStorage] }

// Video is minutes served.
func (m Margin) Video() int64 { return m.Used[billing.MeterVideo] }

// Calls is calls of the API.
func (m Margin) Calls() int64 { return m.Used[billing.MeterAPICalls] }
