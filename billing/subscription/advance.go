package subscription

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// AdvanceAll lets time do its part on every subscription. One that fails does not keep it from the others.
func (s *Service) AdvanceAll(ctx context.Context) error {
	return s.each(ctx, func(ctx context.Context, sub Subscription) error { return s.Advance(ctx, sub.TenantID) })
}

// Advance takes one subscription through all that is due, each step in a transaction of its own. It may be stopped
// anywhere and run again.
func (s *Service) Advance(ctx context.Context, tenantID uid.ID) error {
	for range 2 * len(States()) { // no state is passed twice in one run
		again, err := s.advanceOnce(ctx, tenantID)
		if err != nil || !again {
			return err
		}
	}
	return nil
}

func (s *Service) read(ctx context.Context, tenantID uid.ID) (sub Subscription, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		sub, err = s.Keep.SubscriptionOf(ctx, tenantID)
		return err
	})
	return sub, err
}

func (s *Service) advanceOnce(ctx context.Context, tenantID uid.ID) (again bool, err error) {
	sub, err := s.read(ctx, tenantID)
	if err != nil {
		return false, err
	}
	if sub.State == StateErased {
		return false, s.erase(ctx, sub)
	}
	if gone, err := s.gone(ctx, sub); err != nil || gone {
		return false, err
	}
	l, err := s.life(ctx, sub)
	if err != nil {
		return false, err
	}
	if sub.Collect == CollectInvoice {
		if again, err := s.settle(ctx, sub, l); err != nil || again {
			return again, err
		}
	}
	if sub, err = s.recheck(ctx, sub); err != nil {
		return false, err
	}
	if warned, err := s.remind(ctx, sub, l); err != nil || warned {
		return warned, err
	}
	due, ok := sub.Next(l)
	if !ok || sub.Held || s.Now().Before(due.At) {
		return false, nil
	}
	if days, waits := sub.lacks(l); due.To == StateErased && waits {
		return false, fmt.Errorf("the warning %d days before was not given", days) // unreachable: remind gives it first
	}
	if sub.ProviderRef != "" && (harsh(due.To) || due.Why == "asked") {
		// The provider is asked again: what it said last may be wrong by now, and its silence takes nothing away.
		fresh, err := s.refresh(ctx, tenantID, sub.ProviderRef)
		if err != nil {
			return false, fmt.Errorf("%s waits until the payment service answers: %w", due.To, err)
		}
		if alive(fresh.ProviderState) {
			return false, nil // paid, or a cancellation whose moment the provider still waits for
		}
		sub = fresh
	}
	theirs := sub.ProviderState
	if due.To == StateCancelled || due.To == StateErased {
		if theirs, err = s.endThere(ctx, sub); err != nil {
			return false, fmt.Errorf("%s waits until the payment service answers: %w", due.To, err)
		}
	}
	seen := sub.Revision
	_, err = s.change(ctx, tenantID, func(ctx context.Context, now *Subscription) error {
		if now.Revision != seen {
			return errUnchanged // somebody else was at it: look again
		}
		due, ok := now.Next(l)
		if !ok || now.Held || s.Now().Before(due.At) {
			return errUnchanged
		}
		switch due.Why {
		case "trial_over":
			now.Cause = CauseTrialOver
		case "asked":
			now.Cause = CauseAsked
		}
		again, now.ProviderState = true, theirs
		return s.move(ctx, now, due.To, due.Why, l)
	})
	if err != nil {
		again = false
	}
	return again, err
}

// recheckAfter is how long what the provider said is believed when no event comes: one may have been lost.
const recheckAfter = 24 * time.Hour

// recheck asks the provider again once a day. Its silence changes nothing.
func (s *Service) recheck(ctx context.Context, sub Subscription) (Subscription, error) {
	if s.Provider == nil || sub.ProviderRef == "" || sub.CheckedAt != nil && s.Now().Sub(*sub.CheckedAt) < recheckAfter {
		return sub, nil
	}
	fresh, err := s.refresh(ctx, sub.TenantID, sub.ProviderRef)
	if err == nil {
		err = s.Provider.Tend(ctx, sub.ProviderRef)
	}
	if err != nil {
		s.Log.WarnContext(ctx, "a subscription could not be read again", "tenant", sub.TenantSlug, "err", err)
		return s.read(ctx, sub.TenantID)
	}
	return fresh, nil
}

// lacks tells whether a warning before the erasure is still to be given.
func (s Subscription) lacks(l plan.Life) (days int, waits bool) {
	for _, d := range warnings(l.RetainedDays) {
		if s.State == StateRetained && (s.EraseWarned == 0 || d < s.EraseWarned) {
			return d, true
		}
	}
	return 0, false
}

// remind writes what is told ahead of a step: a trial's end, a second reminder, the erasure. warned tells that the row
// changed.
func (s *Service) remind(ctx context.Context, sub Subscription, l plan.Life) (warned bool, err error) {
	now := s.Now()
	if sub.Held {
		return false, nil
	}
	if days, due := sub.warning(l, now); due {
		_, err := s.change(ctx, sub.TenantID, func(ctx context.Context, sub *Subscription) error {
			if again, due := sub.warning(l, now); !due || again != days {
				return errUnchanged
			}
			if at := now.AddDate(0, 0, days); at.After(*sub.EraseAt) {
				sub.EraseAt = &at
			}
			sub.EraseWarned = days
			occasion := fmt.Sprintf("%s %d", sub.Since.Format(time.RFC3339), days)
			if err := s.write(ctx, sub, "erasing", occasion, days <= 7, LetterData{Days: days, At: sub.EraseAt, Next: StateErased}); err != nil {
				return err
			}
			if err := s.note(ctx, "subscription.erasure_warned", sub, map[string]string{"days": fmt.Sprint(days)}); err != nil {
				return err
			}
			return s.save(ctx, sub)
		})
		return err == nil, err
	}
	next, ok := sub.Next(l)
	if !ok {
		return false, nil
	}
	kind, days := "", 0
	left := next.At.Sub(now)
	switch {
	case sub.State == StateTrial && next.To == StatePastDue && left > 0 && left <= 24*time.Hour:
		kind, days = "trial_ending", 1
	case sub.State == StateTrial && next.To == StatePastDue && left > 0 && left <= 7*24*time.Hour && next.At.Sub(sub.CreatedAt) > 8*24*time.Hour:
		kind, days = "trial_ending", 7
	case sub.State.Dunning() && left > 0 && left <= 3*24*time.Hour && next.At.Sub(sub.Since) > 4*24*time.Hour:
		kind, days = "reminder", 3
	}
	if kind == "" {
		return false, nil
	}
	occasion := fmt.Sprintf("%s %s %d", sub.State, next.At.Format(time.RFC3339), days)
	return false, s.Keep.InControl(ctx, func(ctx context.Context) error {
		return s.write(ctx, &sub, kind, occasion, sub.State.rank() >= StateGrace.rank(), LetterData{Next: next.To, At: &next.At, Days: days})
	})
}

// settle moves a subscription that is paid by bank transfer as its bills say.
func (s *Service) settle(ctx context.Context, sub Subscription, l plan.Life) (again bool, err error) {
	_, err = s.change(ctx, sub.TenantID, func(ctx context.Context, sub *Subscription) error {
		overdue, err := s.Keep.OverdueInvoices(ctx, sub.TenantID, s.Now())
		if err != nil {
			return err
		}
		switch {
		case overdue > 0 && (sub.State == StateActive || sub.State == StateTrial) && !sub.Held:
			again, sub.Cause = true, CauseNotPaid
			return s.move(ctx, sub, StatePastDue, "not_paid", l)
		case overdue == 0 && sub.State.Dunning() && sub.Cause == CauseNotPaid:
			again = true
			return s.move(ctx, sub, StateActive, "paid", l)
		}
		return errUnchanged
	})
	if err != nil {
		again = false
	}
	return again, err
}

// erase removes what is left of an erased organization; a run that was cut short is gone on with by the next.
func (s *Service) erase(ctx context.Context, sub Subscription) error {
	if sub.ErasedAt != nil || sub.Held {
		return nil
	}
	err := s.Portals.Delete(ctx, sub.TenantSlug, sub.TenantSlug, SuspendReason)
	if err != nil && !errors.Is(err, tenant.ErrNotFound) {
		return err
	}
	_, err = s.change(ctx, sub.TenantID, func(ctx context.Context, sub *Subscription) error {
		now := s.Now()
		sub.ErasedAt = &now
		if err := s.note(ctx, "subscription.data_erased", sub, nil); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
	return err
}

// Refresh reads a subscription again at the provider and takes over what it says. It may be called for any event, in any
// order, any number of times: only what the provider says now counts, and a reading that another overtook is repeated.
// One that is none of ours is left alone.
func (s *Service) Refresh(ctx context.Context, providerRef string) error {
	if s.Provider == nil {
		return ErrNoPayments
	}
	theirs, err := s.Provider.Subscription(ctx, providerRef)
	if err != nil {
		return err
	}
	if theirs.TenantID == uid.Nil {
		return nil
	}
	_, err = s.refresh(ctx, theirs.TenantID, providerRef)
	if errors.Is(err, ErrNotFound) {
		s.Log.WarnContext(ctx, "the provider has a subscription of an organization that is not here", "ref", providerRef)
		return nil
	}
	return errors.Join(err, s.Provider.Tend(ctx, providerRef))
}

// refresh asks, then writes if nobody wrote meanwhile: so what is written is never older than what is there.
func (s *Service) refresh(ctx context.Context, tenantID uid.ID, ref string) (out Subscription, err error) {
	if s.Provider == nil {
		return out, ErrNoPayments
	}
	for range 5 {
		before, err := s.read(ctx, tenantID)
		if err != nil {
			return out, err
		}
		theirs, err := s.Provider.Subscription(ctx, ref)
		if err != nil {
			return before, err
		}
		if theirs.TenantID != tenantID {
			return before, nil
		}
		if double, err := s.double(ctx, before, theirs); err != nil || double {
			return before, err
		}
		out, err = s.change(ctx, tenantID, func(ctx context.Context, sub *Subscription) error {
			if sub.Revision != before.Revision {
				return ErrChanged
			}
			l, err := s.life(ctx, *sub)
			if err != nil {
				return err
			}
			return s.apply(ctx, sub, theirs, l)
		})
		if errors.Is(err, ErrChanged) {
			continue
		}
		return out, err
	}
	return out, ErrChanged
}

// apply takes over what the provider says.
func (s *Service) apply(ctx context.Context, sub *Subscription, p provider.Subscription, l plan.Life) error {
	if sub.State == StateErased {
		return errUnchanged
	}
	if sub.ProviderRef != "" && sub.ProviderRef != p.Ref && (alive(sub.ProviderState) || !alive(p.State)) {
		return errUnchanged // an old one of this organization, or a second one beside a good one
	}
	if sub.ProviderRef == "" && !alive(p.State) {
		return errUnchanged // a checkout that came to nothing
	}
	now := s.Now()
	if alive(p.State) {
		sub.paysFrom(now)
	}
	sub.ProviderRef, sub.ProviderState, sub.CheckedAt, sub.Collect = p.Ref, p.State, &now, CollectProvider
	if p.Customer != "" {
		sub.CustomerRef = p.Customer
	}
	if p.VersionID != uid.Nil {
		sub.VersionID = &p.VersionID
	}
	if p.AddOns != nil {
		sub.AddOns = p.AddOns
	}
	if sub.Coupon == "" {
		sub.Coupon = p.Coupon
	}
	sub.PeriodStart, sub.PeriodEnd = some(p.PeriodStart), some(p.PeriodEnd)
	if sub.State.rank() < StateCancelled.rank() {
		sub.CancelAt = p.CancelAt
	}
	switch {
	case p.State == provider.StateTrialing && sub.State == StateTrial:
		sub.TrialEnd = p.TrialEnd
	case alive(p.State) && sub.State != StateActive:
		sub.CancelAt = p.CancelAt
		return s.move(ctx, sub, StateActive, "paid", l)
	case sub.Held: // nothing gets worse; once released, the provider is asked again
	case (p.State == provider.StatePastDue || p.State == provider.StateUnpaid) && (sub.State == StateActive || sub.State == StateTrial):
		sub.Cause = CauseNotPaid
		return s.move(ctx, sub, StatePastDue, "not_paid", l)
	case p.State == provider.StateCancelled && (sub.State == StateActive || sub.State == StateTrial):
		// In dunning our own days go on counting instead: a provider that gives up early takes no day from anybody.
		sub.Cause = CauseAsked
		return s.move(ctx, sub, StateCancelled, "provider", l)
	}
	return s.save(ctx, sub)
}

func some(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
