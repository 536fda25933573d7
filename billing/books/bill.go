package books

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
)

// priced gives the lines of a bill: the flat ones, or those of what was used.
func priced(v plan.Version, addOns []provider.AddOn, q plan.Quantities, metered bool) (out []provider.InvoiceLine, err error) {
	booked := map[string]int64{}
	for _, a := range addOns {
		booked[a.Component] = a.Quantity
	}
	bill, err := v.Bill(booked, q)
	for _, l := range bill.Lines {
		if (l.Meter != "") == metered {
			out = append(out, provider.InvoiceLine{Text: l.Name, Component: l.Component, Meter: l.Meter, Quantity: l.Units, Amount: l.Amount})
		}
	}
	return out, err
}

func flat(v plan.Version, addOns []provider.AddOn) ([]provider.InvoiceLine, error) {
	return priced(v, addOns, nil, false)
}

func sum(c money.Currency, lines []provider.InvoiceLine) money.Money {
	total := money.Money{Currency: c}
	for _, l := range lines {
		total = total.Add(l.Amount)
	}
	return total
}

// off is the line by which a coupon lowers what lines come to; none where there is nothing to lower.
func (c Coupon) off(lines []provider.InvoiceLine, cur money.Currency) []provider.InvoiceLine {
	all := sum(cur, lines)
	less := all.Part(int64(c.Percent), 100)
	if c.Percent == 0 {
		less = money.Money{Minor: min(c.AmountOff, all.Minor), Currency: cur}
	}
	if less.Minor <= 0 || c.Percent == 0 && c.Currency != cur {
		return nil
	}
	return []provider.InvoiceLine{{Text: c.Code, Quantity: 1, Amount: less.Times(-1)}}
}

// billFlat bills the flat parts of the period that begins.
func (b *Books) billFlat(ctx context.Context, a *Account, s *Subscription, at time.Time) error {
	v, err := b.version(ctx, s.VersionID)
	if err != nil {
		return err
	}
	lines, err := flat(v, s.AddOns)
	if err != nil {
		return err
	}
	return b.write(ctx, a, s, v.Currency, lines, s.PeriodStart, s.PeriodEnd, at)
}

// billUsage bills what was used until a moment, by the prices of now.
func (b *Books) billUsage(ctx context.Context, a *Account, s *Subscription, until, at time.Time) error {
	v, err := b.version(ctx, s.VersionID)
	if err != nil {
		return err
	}
	q := plan.Quantities{}
	for _, m := range billing.Meters() {
		if q[m], err = b.Keep.SumBookUsage(ctx, a.TenantID, m, s.UsageFrom, until); err != nil {
			return err
		}
	}
	lines, err := priced(v, s.AddOns, q, true)
	if err != nil {
		return err
	}
	lines = slices.DeleteFunc(lines, func(l provider.InvoiceLine) bool { return l.Quantity == 0 && l.Amount.Minor == 0 })
	from := s.UsageFrom
	s.UsageFrom = until
	if until.After(a.Ledger.Closed) {
		a.Ledger.Closed = until
	}
	return b.write(ctx, a, s, v.Currency, lines, from, until, at)
}

// write writes a bill of lines with the items that wait, and has it paid. A bill below zero becomes a credit on the next;
// one without lines is not written.
func (b *Books) write(ctx context.Context, a *Account, s *Subscription, cur money.Currency, lines []provider.InvoiceLine, from, until, at time.Time) error {
	if s.Coupon != "" && (s.CouponUntil == nil || at.Before(*s.CouponUntil)) {
		c, err := b.Keep.BookCoupon(ctx, s.Coupon)
		usage := len(lines) > 0 && lines[0].Meter != ""
		if err == nil && (c.Percent > 0 || !usage) { // a fixed sum is taken off once a period
			lines = append(lines, c.off(lines, cur)...)
		}
	}
	var rest []provider.Item
	for _, i := range a.Ledger.Items {
		if i.Amount.Currency != cur {
			rest = append(rest, i)
			continue
		}
		lines = append(lines, provider.InvoiceLine{Text: i.Text, Quantity: 1, Amount: i.Amount})
	}
	a.Ledger.Items = rest
	if len(lines) == 0 {
		return nil
	}
	total := sum(cur, lines)
	if total.Minor < 0 {
		a.Ledger.Items = append(a.Ledger.Items, provider.Item{Customer: s.Customer, Text: "Credit", Amount: total, Period: billing.PeriodOf(at)})
		lines = append(lines, provider.InvoiceLine{Text: "Carried over to the next bill", Quantity: 1, Amount: total.Times(-1)})
		total.Minor = 0
	}
	n, err := b.Keep.NextBookNumber(ctx, at.UTC().Year())
	if err != nil {
		return err
	}
	i := provider.Invoice{
		Ref: numbered(invoiceRef, a.TenantID, a.count()), Number: fmt.Sprintf("B-%d-%05d", at.UTC().Year(), n), Status: "open", Total: total,
		Tax: money.Money{Currency: cur}, PeriodStart: from, PeriodEnd: until, CreatedAt: at, DueAt: &at, Lines: lines,
	}
	a.Ledger.Invoices = append(a.Ledger.Invoices, i)
	if total.Minor == 0 || !a.CardFails {
		a.pay(&a.Ledger.Invoices[len(a.Ledger.Invoices)-1], at)
		a.moved(s, at)
		return nil
	}
	a.happened("invoice.payment_failed", "invoice", i.Ref, at)
	if s.State != provider.StateCancelled {
		s.State = provider.StatePastDue
	}
	a.moved(s, at)
	return nil
}

func (a *Account) pay(i *provider.Invoice, at time.Time) {
	i.Status, i.PaidAt = "paid", &at
	a.happened("invoice.paid", "invoice", i.Ref, at)
}

// settle pays what is open; what was past due is active again.
func (a *Account) settle(at time.Time) {
	for i := range a.Ledger.Invoices {
		if a.Ledger.Invoices[i].Status == "open" {
			a.pay(&a.Ledger.Invoices[i], at)
		}
	}
	for i := range a.Ledger.Subscriptions {
		if s := &a.Ledger.Subscriptions[i]; s.State == provider.StatePastDue {
			s.State = provider.StateActive
			a.moved(s, at)
		}
	}
}

// end ends a subscription: what was used is billed, what was paid ahead is not given back.
func (b *Books) end(ctx context.Context, a *Account, s *Subscription, at time.Time) error {
	trial := s.State == provider.StateTrialing
	s.State, s.CancelledAt, s.CancelAt = provider.StateCancelled, &at, nil
	if trial || !s.UsageFrom.Before(at) {
		a.moved(s, at)
		return nil
	}
	before := len(a.Ledger.Invoices)
	if err := b.billUsage(ctx, a, s, at.Add(time.Microsecond), at); err != nil { // what is used this very moment counts
		return err
	}
	if len(a.Ledger.Invoices) == before {
		a.moved(s, at)
	}
	return nil
}
