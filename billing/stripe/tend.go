package stripe

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"lyceum/billing/plan"
)

// Tend keeps the subscription of usage beside a main one: it is begun when the main one is no longer in its trial, follows it
// to another version, and ends with it, which bills the rest. A main one that was not paid and has a successor is ended.
func (s *Stripe) Tend(ctx context.Context, ref string) error {
	p, err := s.pair(ctx, ref)
	if err != nil || p.main.Metadata[ofTenant] == "" {
		return err
	}
	return s.tend(ctx, &p)
}

func (s *Stripe) tend(ctx context.Context, p *pair) (err error) {
	running := p.main.Status == stripego.SubscriptionStatusActive || p.main.Status == stripego.SubscriptionStatusPastDue || p.main.Status == stripego.SubscriptionStatusUnpaid
	switch {
	case over(p.main):
		if p.usage != nil && !over(p.usage) {
			p.usage, err = s.end(ctx, "end:"+p.usage.ID, p.usage)
		}
		return err
	case !running:
		return nil
	}
	want, ids, err := s.counted(ctx, p.main)
	if err != nil {
		return err
	}
	if err := s.follow(ctx, p, want, ids); err != nil {
		return err
	}
	if p.main.Status != stripego.SubscriptionStatusActive {
		return nil
	}
	return s.succeed(ctx, p)
}

// succeed ends what came before a main subscription that is paid: one that was not paid, with its usage.
func (s *Stripe) succeed(ctx context.Context, p *pair) error {
	stale := map[string]bool{}
	for _, old := range p.others {
		unpaid := old.Status == stripego.SubscriptionStatusPastDue || old.Status == stripego.SubscriptionStatusUnpaid
		if old.Metadata[ofParent] == "" && old.Metadata[ofTenant] == p.main.Metadata[ofTenant] && old.Created <= p.main.Created && (unpaid || over(old)) {
			stale[old.ID] = true
		}
	}
	for _, old := range p.others {
		if !over(old) && (stale[old.ID] || stale[old.Metadata[ofParent]]) {
			if _, err := s.end(ctx, "end:"+old.ID, old); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow begins the subscription of usage, or brings it to the main one's version.
func (s *Stripe) follow(ctx context.Context, p *pair, want map[string]int64, ids map[string]string) (err error) {
	if p.usage != nil && !over(p.usage) {
		items := changes(p.usage, want, ids, true)
		if len(want) == 0 {
			p.usage, err = s.end(ctx, "end:"+p.usage.ID, p.usage)
			return err
		}
		if len(items) == 0 {
			return nil
		}
		p.usage, err = s.api.Subscriptions.Update(p.usage.ID, &stripego.SubscriptionParams{
			Params: s.sets(ctx), Items: items, ProrationBehavior: stripego.String("none"), Metadata: map[string]string{ofVersion: p.main.Metadata[ofVersion]},
		})
		return s.failed(err, "have usage follow %s", p.main.ID)
	}
	if len(want) == 0 {
		return nil
	}
	began := time.Unix(max(p.main.StartDate, p.main.TrialEnd), 0)
	now := s.Now()
	if month := nextMonth(now).AddDate(0, -1, 0); began.Before(month) {
		began = month
	}
	params := &stripego.SubscriptionParams{
		Customer: &p.main.Customer.ID, BackdateStartDate: unix(began), BillingCycleAnchor: unix(nextMonth(now)),
		ProrationBehavior: stripego.String("none"), OffSession: stripego.Bool(true), Metadata: maps.Clone(p.main.Metadata),
	}
	params.Metadata[ofParent] = p.main.ID
	if s.AutomaticTax {
		params.AutomaticTax = &stripego.SubscriptionAutomaticTaxParams{Enabled: stripego.Bool(true)}
	}
	if d := p.main.Discount; d != nil && d.Coupon != nil && d.Coupon.PercentOff > 0 {
		params.Coupon = &d.Coupon.ID
	}
	for _, c := range sorted(want) {
		params.Items = append(params.Items, &stripego.SubscriptionItemsParams{Price: stripego.String(ids[c])})
	}
	ended := ""
	if p.usage != nil {
		ended = p.usage.ID // another one after one that ended
	}
	params.Params = s.does(ctx, "usage:"+p.main.ID+":"+ended+":"+now.UTC().Format("2006-01"))
	p.usage, err = s.api.Subscriptions.New(params)
	return s.failed(err, "have the usage of %s billed", p.main.ID)
}

// counting are the metered prices of a version by component. add tells those that are only for who booked them.
type counting struct {
	ids map[string]string
	add map[string]bool
}

// counted are the metered components of a main subscription's version with their prices: what stands there is enough to know.
func (s *Stripe) counted(ctx context.Context, main *stripego.Subscription) (want map[string]int64, ids map[string]string, err error) {
	all, err := s.counting(ctx, main.Metadata[ofVersion])
	if err != nil {
		return nil, nil, err
	}
	want = map[string]int64{}
	booked := strings.Split(main.Metadata["metered_add_ons"], ",")
	for c := range all.ids {
		if !all.add[c] || slices.Contains(booked, c) {
			want[c] = 0 // of what a meter counts there is no number
		}
	}
	return want, all.ids, nil
}

func (s *Stripe) counting(ctx context.Context, version string) (counting, error) {
	s.mu.Lock()
	all, known := s.counts[version]
	s.mu.Unlock()
	if known {
		return all, nil
	}
	all = counting{map[string]string{}, map[string]bool{}}
	list := s.api.Prices.List(&stripego.PriceListParams{
		ListParams: s.lists(ctx, 100), Recurring: &stripego.PriceListRecurringParams{UsageType: stripego.String("metered"), Interval: stripego.String(string(plan.Month))},
	})
	for list.Next() {
		// One that was replaced has lost its key to its successor.
		if p := list.Price(); p.Metadata[ofVersion] == version && p.LookupKey != "" {
			all.ids[p.Metadata[ofComponent]], all.add[p.Metadata[ofComponent]] = p.ID, p.Metadata["add_on"] != ""
		}
	}
	if err := list.Err(); err != nil {
		return all, s.failed(err, "list metered prices")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[version] = all
	return all, nil
}
