package stripe

import (
	"context"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

var errEnded = provider.ErrRefused.Saying("This subscription has ended.")

// pair is a main subscription with the one of its usage.
type pair struct {
	main, usage *stripego.Subscription
	others      []*stripego.Subscription // of the same customer
}

// over tells that a subscription has ended.
func over(s *stripego.Subscription) bool {
	return s.Status == stripego.SubscriptionStatusCanceled || s.Status == stripego.SubscriptionStatusIncompleteExpired
}

// pair finds both, by the reference of either.
func (s *Stripe) pair(ctx context.Context, ref string) (p pair, err error) {
	if p.main, err = s.api.Subscriptions.Get(ref, &stripego.SubscriptionParams{Params: s.asks(ctx)}); err != nil {
		return p, s.failed(err, "read subscription %s", ref)
	}
	if parent := p.main.Metadata[ofParent]; parent != "" {
		if p.main, err = s.api.Subscriptions.Get(parent, &stripego.SubscriptionParams{Params: s.asks(ctx)}); err != nil {
			return p, s.failed(err, "read subscription %s", parent)
		}
	}
	if p.main.Metadata[ofTenant] == "" || p.main.Customer == nil {
		return p, nil // none of ours
	}
	list := s.api.Subscriptions.List(&stripego.SubscriptionListParams{ListParams: s.lists(ctx, 100), Customer: &p.main.Customer.ID, Status: stripego.String("all")})
	for list.Next() {
		switch other := list.Subscription(); {
		case other.Metadata[ofParent] == p.main.ID:
			if p.usage == nil || over(p.usage) {
				p.usage = other
			}
		case other.ID != p.main.ID:
			p.others = append(p.others, other)
		}
	}
	return p, s.failed(list.Err(), "list subscriptions of %s", p.main.Customer.ID)
}

// Subscription reads a tenant's as it is now: the main one, past due when its usage is. Either reference leads to it.
func (s *Stripe) Subscription(ctx context.Context, ref string) (provider.Subscription, error) {
	p, err := s.pair(ctx, ref)
	if err != nil {
		return provider.Subscription{}, err
	}
	return p.read(), nil
}

func (p pair) read() provider.Subscription {
	m := p.main
	out := provider.Subscription{
		Ref: m.ID, State: stateOf(m.Status), PeriodStart: moment(m.CurrentPeriodStart), PeriodEnd: moment(m.CurrentPeriodEnd),
		TrialEnd: some(m.TrialEnd), CancelAt: some(m.CancelAt), CancelledAt: some(m.CanceledAt),
	}
	if m.Customer != nil {
		out.Customer = m.Customer.ID
	}
	out.AddOns, out.Coupon = bookings(m), couponOf(m)
	out.TenantID, _ = uid.Parse(m.Metadata[ofTenant])
	out.VersionID, _ = uid.Parse(m.Metadata[ofVersion])
	if m.CancelAtPeriodEnd && out.CancelAt == nil {
		out.CancelAt = some(m.CurrentPeriodEnd)
	}
	if out.State != provider.StateCancelled {
		out.CancelledAt = nil // there it is when somebody asked for it
	}
	if at := some(m.EndedAt); at != nil {
		out.CancelledAt = at
	}
	if p.usage != nil && (out.State == provider.StateActive || out.State == provider.StateTrialing) {
		if u := stateOf(p.usage.Status); u == provider.StatePastDue || u == provider.StateUnpaid {
			out.State = u
		}
	}
	return out
}

// bookings are the add-ons of a main subscription.
func bookings(m *stripego.Subscription) []provider.AddOn {
	out := []provider.AddOn{}
	if m.Items != nil {
		for _, item := range m.Items.Data {
			if item.Price != nil && item.Price.Metadata["add_on"] != "" {
				out = append(out, provider.AddOn{Component: item.Price.Metadata[ofComponent], Quantity: item.Quantity})
			}
		}
	}
	for _, c := range strings.FieldsFunc(m.Metadata["metered_add_ons"], func(r rune) bool { return r == ',' }) {
		out = append(out, provider.AddOn{Component: c, Quantity: 1})
	}
	return out
}

// couponOf is the coupon of a subscription by its name, without one by its id.
func couponOf(m *stripego.Subscription) string {
	if m.Discount == nil || m.Discount.Coupon == nil {
		return ""
	}
	if m.Discount.Coupon.Name != "" {
		return m.Discount.Coupon.Name
	}
	return m.Discount.Coupon.ID
}

func stateOf(s stripego.SubscriptionStatus) provider.State {
	switch s {
	case stripego.SubscriptionStatusTrialing:
		return provider.StateTrialing
	case stripego.SubscriptionStatusActive:
		return provider.StateActive
	case stripego.SubscriptionStatusPastDue:
		return provider.StatePastDue
	case stripego.SubscriptionStatusUnpaid, stripego.SubscriptionStatusPaused:
		return provider.StateUnpaid
	case stripego.SubscriptionStatusIncomplete:
		return provider.StateIncomplete
	}
	return provider.StateCancelled
}

// changes are what makes the items of a subscription those that are wanted, by component.
func changes(sub *stripego.Subscription, want map[string]int64, ids map[string]string, counted bool) (out []*stripego.SubscriptionItemsParams) {
	there := map[string]bool{}
	for _, item := range sub.Items.Data {
		c := item.Price.Metadata[ofComponent]
		n, wanted := want[c]
		id, price := item.ID, ids[c]
		switch {
		case !wanted || there[c]:
			change := &stripego.SubscriptionItemsParams{ID: &id, Deleted: stripego.Bool(true)}
			out = append(out, change)
			continue
		case item.Price.ID != price || !counted && item.Quantity != n:
			change := &stripego.SubscriptionItemsParams{ID: &id, Price: &price}
			if !counted {
				change.Quantity = &n
			}
			out = append(out, change)
		}
		there[c] = true
	}
	for _, c := range sorted(want) {
		if there[c] {
			continue
		}
		price, n := ids[c], want[c]
		change := &stripego.SubscriptionItemsParams{Price: &price}
		if !counted {
			change.Quantity = &n
		}
		out = append(out, change)
	}
	return out
}

// Preview says what a change would cost now.
func (s *Stripe) Preview(ctx context.Context, in provider.Move) (provider.Preview, error) {
	out := provider.Preview{}
	out.Due.Currency = in.Version.Currency
	p, ids, err := s.moving(ctx, in)
	if err != nil {
		return out, err
	}
	items := changes(p.main, booked(in.Version, in.AddOns), ids, false)
	if len(items) == 0 || p.main.Status == stripego.SubscriptionStatusTrialing {
		return out, nil
	}
	anew := interval(p.main) != string(in.Version.Interval)
	i, err := s.api.Invoices.Upcoming(&stripego.InvoiceUpcomingParams{
		Params: s.asks(ctx), Customer: &p.main.Customer.ID, Subscription: &p.main.ID, SubscriptionItems: items,
		SubscriptionProrationBehavior: stripego.String("always_invoice"), SubscriptionProrationDate: unix(in.At),
	})
	if err != nil {
		return out, s.failed(err, "preview a change of %s", in.Subscription)
	}
	lines, err := s.lines(ctx, i)
	if err != nil {
		return out, err
	}
	for _, l := range lines {
		// What is billed at once is prorations, and with another interval the period that begins.
		if !l.Proration && (!anew || l.Type != stripego.InvoiceLineItemTypeSubscription) {
			continue
		}
		line := lineOf(l)
		for _, d := range l.DiscountAmounts {
			line.Amount.Minor -= d.Amount
		}
		for _, t := range l.TaxAmounts {
			if !t.Inclusive {
				line.Amount.Minor += t.Amount
			}
		}
		out.Lines = append(out.Lines, line)
		out.Due.Minor += line.Amount.Minor
	}
	return out, nil
}

// moving reads what a change needs.
func (s *Stripe) moving(ctx context.Context, in provider.Move) (p pair, ids map[string]string, err error) {
	if p, err = s.pair(ctx, in.Subscription); err != nil {
		return p, nil, err
	}
	if over(p.main) {
		return p, nil, errEnded
	}
	ids, err = s.priceIDs(ctx, in.Version)
	return p, ids, err
}

func interval(sub *stripego.Subscription) string {
	for _, item := range sub.Items.Data {
		if item.Price.Recurring != nil {
			return string(item.Price.Recurring.Interval)
		}
	}
	return ""
}

// Move changes the plan. Flat parts are prorated and billed at once; a payment that is declined changes nothing. Usage of the
// month is priced by the new version: what the month comes to is worked out when it is over.
//
// Nothing of the moment is sent along: a repeated wish must be the same to the letter. One that took effect is seen by its
// effect, however long ago it was.
func (s *Stripe) Move(ctx context.Context, key string, in provider.Move) (provider.Subscription, error) {
	p, ids, err := s.moving(ctx, in)
	if err != nil {
		return provider.Subscription{}, err
	}
	items := changes(p.main, booked(in.Version, in.AddOns), ids, false)
	meta := labels(uid.Nil, in.Version, in.AddOns)
	delete(meta, ofTenant) // stays
	if len(items) > 0 || p.main.Metadata[ofVersion] != meta[ofVersion] || p.main.Metadata["metered_add_ons"] != meta["metered_add_ons"] {
		params := &stripego.SubscriptionParams{Params: s.does(ctx, key), Items: items, Metadata: meta}
		if len(items) > 0 {
			params.ProrationBehavior, params.PaymentBehavior = stripego.String("always_invoice"), stripego.String("error_if_incomplete")
		}
		if p.main, err = s.api.Subscriptions.Update(p.main.ID, params); err != nil {
			return provider.Subscription{}, s.failed(err, "change %s", in.Subscription)
		}
	}
	if err := s.tend(ctx, &p); err != nil {
		return provider.Subscription{}, err
	}
	return p.read(), nil
}

// Cancel ends a subscription at once, or with its period. What was used is billed; what was paid ahead is not given back.
func (s *Stripe) Cancel(ctx context.Context, key, ref string, now bool) (provider.Subscription, error) {
	p, err := s.pair(ctx, ref)
	if err != nil || over(p.main) {
		return p.safe(), err
	}
	if !now {
		if !p.main.CancelAtPeriodEnd {
			params := &stripego.SubscriptionParams{Params: s.does(ctx, key), CancelAtPeriodEnd: stripego.Bool(true)}
			if p.main, err = s.api.Subscriptions.Update(p.main.ID, params); err != nil {
				return provider.Subscription{}, s.failed(err, "plan the end of %s", ref)
			}
		}
		return p.read(), nil
	}
	if p.main, err = s.end(ctx, key, p.main); err != nil {
		return provider.Subscription{}, err
	}
	return p.read(), s.tend(ctx, &p)
}

func (p pair) safe() provider.Subscription {
	if p.main == nil {
		return provider.Subscription{}
	}
	return p.read()
}

// end cancels a subscription and bills what was used.
func (s *Stripe) end(ctx context.Context, key string, sub *stripego.Subscription) (*stripego.Subscription, error) {
	out, err := s.api.Subscriptions.Cancel(sub.ID, &stripego.SubscriptionCancelParams{
		Params: s.does(ctx, key), InvoiceNow: stripego.Bool(true), Prorate: stripego.Bool(false),
	})
	return out, s.failed(err, "end %s", sub.ID)
}

// Continue takes a cancellation with the period back.
func (s *Stripe) Continue(ctx context.Context, key, ref string) (provider.Subscription, error) {
	p, err := s.pair(ctx, ref)
	if err != nil {
		return provider.Subscription{}, err
	}
	if over(p.main) {
		return provider.Subscription{}, errEnded
	}
	if p.main.CancelAtPeriodEnd || p.main.CancelAt != 0 {
		params := &stripego.SubscriptionParams{Params: s.does(ctx, key), CancelAtPeriodEnd: stripego.Bool(false)}
		if p.main, err = s.api.Subscriptions.Update(p.main.ID, params); err != nil {
			return provider.Subscription{}, s.failed(err, "go on with %s", ref)
		}
	}
	return p.read(), nil
}

// nextMonth is when the calendar month of a moment is over, in UTC.
func nextMonth(at time.Time) time.Time {
	at = at.UTC()
	return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, time.UTC)
}
