package books

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/billing/provider"
	"lyceum/internal/uid"
)

// atOnce is how many accounts one look for what is due takes.
const atOnce = 100

// Advance does what time has made due on all accounts: periods begin, months are billed, cancellations come true. Each
// happens once, in order and at its own time, however late it is looked for. One account that fails does not keep others.
func (b *Books) Advance(ctx context.Context) error {
	now := b.Now()
	failed := map[uid.ID]bool{}
	var errs []error
	for {
		var ids []uid.ID
		err := b.Keep.InControl(ctx, func(ctx context.Context) (err error) {
			ids, err = b.Keep.BooksDue(ctx, now, atOnce+len(failed))
			return err
		})
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		worked := false
		for _, id := range ids {
			if failed[id] {
				continue
			}
			worked = true
			if err := b.change(ctx, id, func(ctx context.Context, a *Account) error { return b.advance(ctx, a, now) }); err != nil {
				failed[id] = true
				errs = append(errs, fmt.Errorf("books of %s: %w", id, err))
			}
		}
		if !worked {
			return errors.Join(errs...)
		}
	}
}

// most bounds how much one transaction catches up with; the rest is due still.
const most = 48

func (b *Books) advance(ctx context.Context, a *Account, now time.Time) error {
	for range most {
		var next *Subscription
		var at time.Time
		for i := range a.Ledger.Subscriptions {
			s := &a.Ledger.Subscriptions[i]
			if due, ok := s.due(b.Grace); ok && !due.After(now) && (next == nil || due.Before(at)) {
				next, at = s, due
			}
		}
		if next == nil {
			return nil
		}
		if err := b.step(ctx, a, next, at); err != nil {
			return err
		}
	}
	return nil
}

// step does the one thing that is due on a subscription at a moment.
func (b *Books) step(ctx context.Context, a *Account, s *Subscription, at time.Time) error {
	over := !s.PeriodEnd.After(at)
	switch {
	case s.State == provider.StateTrialing && s.CancelAt == nil:
		s.State, s.UsageFrom = provider.StateActive, at // what was used in the trial is free
		a.Ledger.Closed = at
		s.begin(at)
		return b.billFlat(ctx, a, s, at)
	case s.State != provider.StateTrialing && !s.usageEnd().Add(b.Grace).After(at):
		return b.billUsage(ctx, a, s, s.usageEnd(), at)
	case over && s.CancelAt != nil:
		return b.end(ctx, a, s, at)
	default:
		s.PeriodStart, s.PeriodEnd = s.PeriodEnd, s.after(s.PeriodEnd)
		return b.billFlat(ctx, a, s, at)
	}
}
