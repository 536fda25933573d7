package books

import (
	"context"
	"slices"
	"time"

	"lyceum/billing"
	"lyceum/billing/provider"
)

// Preview says what a change would cost now: the unused rest of the old flat parts back, that of the new ones ahead, to the
// second.
func (b *Books) Preview(ctx context.Context, in provider.Move) (p provider.Preview, err error) {
	a, err := b.look(ctx, in.Subscription)
	if err != nil {
		return p, err
	}
	s, err := a.running(in.Subscription)
	if err != nil {
		return p, err
	}
	err = b.Keep.InControl(ctx, func(ctx context.Context) error {
		p, err = b.prorate(ctx, s, in)
		return err
	})
	return p, err
}

// prorate works a change out.
func (b *Books) prorate(ctx context.Context, s *Subscription, in provider.Move) (p provider.Preview, err error) {
	old, err := b.version(ctx, s.VersionID)
	if err != nil {
		return p, err
	}
	if old.Currency != in.Version.Currency {
		return p, errCurrency
	}
	p.Due.Currency = old.Currency
	if s.State == provider.StateTrialing {
		return p, nil
	}
	was, err := flat(old, s.AddOns)
	if err != nil {
		return p, err
	}
	becomes, err := flat(in.Version, in.AddOns)
	if err != nil {
		return p, err
	}
	left, whole := rest(in.At, s.PeriodStart, s.PeriodEnd)
	anew := old.Interval != in.Version.Interval // the new period begins at once, and is paid whole
	for _, l := range was {
		if anew || !slices.ContainsFunc(becomes, same(l)) {
			p.Lines = append(p.Lines, share(l, "Unused time on ", left, whole).negative())
		}
	}
	for _, l := range becomes {
		switch {
		case anew:
			p.Lines = append(p.Lines, l)
		case !slices.ContainsFunc(was, same(l)):
			p.Lines = append(p.Lines, provider.InvoiceLine(share(l, "Remaining time on ", left, whole)))
		}
	}
	p.Lines = slices.DeleteFunc(p.Lines, func(l provider.InvoiceLine) bool { return l.Amount.Minor == 0 })
	p.Due = sum(old.Currency, p.Lines)
	return p, nil
}

func same(l provider.InvoiceLine) func(provider.InvoiceLine) bool {
	return func(o provider.InvoiceLine) bool {
		return o.Component == l.Component && o.Quantity == l.Quantity && o.Amount == l.Amount
	}
}

// rest is how many seconds of a period are left, and how many it has.
func rest(at, from, until time.Time) (left, whole int64) {
	left, whole = int64(until.Sub(at)/time.Second), int64(until.Sub(from)/time.Second)
	return max(min(left, whole), 0), whole
}

type line provider.InvoiceLine

func share(l provider.InvoiceLine, text string, left, whole int64) line {
	l.Text, l.Amount = text+l.Text, l.Amount.Part(left, whole)
	return line(l)
}

func (l line) negative() provider.InvoiceLine {
	l.Amount = l.Amount.Times(-1)
	return provider.InvoiceLine(l)
}

// Move changes the plan, and bills or credits the difference at once. A card that is declined changes nothing.
func (b *Books) Move(ctx context.Context, key string, in provider.Move) (out provider.Subscription, err error) {
	return b.run(ctx, key, in.Subscription, func(ctx context.Context, a *Account, s *Subscription) error {
		p, err := b.prorate(ctx, s, in)
		if err != nil {
			return err
		}
		if a.CardFails && p.Due.Minor > 0 {
			return errDeclined
		}
		if err := b.note(ctx, in.Version); err != nil {
			return err
		}
		from, until := in.At, s.PeriodEnd
		if s.Interval != in.Version.Interval && s.State != provider.StateTrialing {
			s.Interval = in.Version.Interval
			s.begin(in.At)
			until = s.PeriodEnd
		}
		s.Interval, s.VersionID, s.AddOns = in.Version.Interval, in.Version.ID, in.AddOns
		if p.Due.Minor > 0 {
			return b.write(ctx, a, s, p.Due.Currency, p.Lines, from, until, in.At)
		}
		a.credit(s, p.Lines, in.At)
		a.moved(s, in.At)
		return nil
	})
}

// credit puts lines on the next bill.
func (a *Account) credit(s *Subscription, lines []provider.InvoiceLine, at time.Time) {
	for _, l := range lines {
		a.Ledger.Items = append(a.Ledger.Items, provider.Item{Customer: s.Customer, Text: l.Text, Amount: l.Amount, Period: billing.PeriodOf(at)})
	}
}

// run does something to a running subscription once for a key.
func (b *Books) run(ctx context.Context, key, ref string, do func(ctx context.Context, a *Account, s *Subscription) error) (out provider.Subscription, err error) {
	err = b.byRef(ctx, ref, func(ctx context.Context, a *Account) error {
		s, err := a.find(ref)
		if err != nil {
			return err
		}
		if a.once(key, b.Now()) {
			if s.State == provider.StateCancelled {
				return errEnded
			}
			if err := do(ctx, a, s); err != nil {
				return err
			}
		}
		out = s.told()
		return nil
	})
	return out, err
}

// Cancel ends a subscription at once, or with its period. One that is over stays so.
func (b *Books) Cancel(ctx context.Context, key, ref string, now bool) (provider.Subscription, error) {
	if s, err := b.Subscription(ctx, ref); err != nil || s.State == provider.StateCancelled {
		return s, err
	}
	return b.run(ctx, key, ref, func(ctx context.Context, a *Account, s *Subscription) error {
		if now {
			return b.end(ctx, a, s, b.Now())
		}
		end := s.PeriodEnd
		s.CancelAt = &end
		a.moved(s, b.Now())
		return nil
	})
}

// Continue takes a cancellation with the period back.
func (b *Books) Continue(ctx context.Context, key, ref string) (provider.Subscription, error) {
	return b.run(ctx, key, ref, func(_ context.Context, a *Account, s *Subscription) error {
		s.CancelAt = nil
		a.moved(s, b.Now())
		return nil
	})
}

// Apply gives a coupon to a subscription, in place of one before.
func (b *Books) Apply(ctx context.Context, key, ref, code string) error {
	_, err := b.run(ctx, key, ref, func(ctx context.Context, a *Account, s *Subscription) error {
		v, err := b.version(ctx, s.VersionID)
		if err != nil {
			return err
		}
		c, err := b.coupon(ctx, code, v)
		if err != nil {
			return err
		}
		s.redeem(c, b.Now())
		a.moved(s, b.Now())
		return nil
	})
	return err
}
