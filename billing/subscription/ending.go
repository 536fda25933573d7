package subscription

import (
	"context"
	"errors"

	"lyceum/billing/provider"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// endThere has the provider collect no more, after it was told what was used, and gives the state that it then says. What is
// over there already, and who never paid there, stays as it is.
func (s *Service) endThere(ctx context.Context, sub Subscription) (provider.State, error) {
	if sub.ProviderRef == "" || sub.ProviderState == provider.StateCancelled {
		return sub.ProviderState, nil
	}
	if s.Provider == nil {
		return sub.ProviderState, ErrNoPayments
	}
	if s.Flush != nil {
		if err := s.Flush(ctx, sub.TenantID); err != nil {
			s.Log.WarnContext(ctx, "usage could not be told before the end of a subscription", "tenant", sub.TenantSlug, "err", err)
		}
	}
	theirs, err := s.Provider.Cancel(ctx, key("end", sub, nil), sub.ProviderRef, true)
	if err != nil {
		return sub.ProviderState, err
	}
	return theirs.State, nil
}

// End ends what an organization pays before its portal is erased, and has whoever takes the payments forget who the payer was. It may
// be called again; it fails while they do not answer.
func (s *Service) End(ctx context.Context, tenantID uid.ID) error {
	sub, err := s.read(ctx, tenantID)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	theirs, err := s.endThere(ctx, sub)
	if err != nil {
		return err
	}
	if s.Provider != nil && sub.CustomerRef != "" {
		if err := s.Provider.Forget(ctx, sub.CustomerRef); err != nil {
			return err
		}
	}
	_, err = s.change(ctx, tenantID, func(ctx context.Context, sub *Subscription) error {
		if sub.ProviderState == theirs {
			return errUnchanged
		}
		sub.ProviderState = theirs
		return s.save(ctx, sub)
	})
	return err
}

// gone ends the subscription of an organization that was deleted otherwise, by an operator: nobody pays for what is no
// longer there. It waits where the provider does not answer.
func (s *Service) gone(ctx context.Context, sub Subscription) (bool, error) {
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		_, err := s.Keep.TenantByID(ctx, sub.TenantID)
		return err
	})
	if !errors.Is(err, tenant.ErrNotFound) {
		return false, err
	}
	theirs, err := s.endThere(ctx, sub)
	if err != nil {
		return true, err
	}
	_, err = s.change(ctx, sub.TenantID, func(ctx context.Context, sub *Subscription) error {
		if sub.State == StateErased {
			return errUnchanged
		}
		now := s.Now()
		step := Step{ID: uid.New(), TenantID: sub.TenantID, FromState: sub.State, ToState: StateErased, Why: "deleted", ActorKind: event.ActorFrom(ctx).Kind, At: now}
		sub.State, sub.Since, sub.ProviderState, sub.CancelAt, sub.ErasedAt = StateErased, now, theirs, nil, &now
		if sub.CancelledAt == nil {
			sub.CancelledAt = &now
		}
		if err := s.Keep.InsertStep(ctx, step); err != nil {
			return err
		}
		if err := s.note(ctx, "subscription.erased", sub, map[string]string{"from": string(step.FromState), "why": step.Why}); err != nil {
			return err
		}
		return s.save(ctx, sub)
	})
	return true, err
}

// double ends a second subscription that was paid for beside one that runs: two checkouts were open at once. Whoever runs the
// platform is told, to give the money back.
func (s *Service) double(ctx context.Context, sub Subscription, second provider.Subscription) (bool, error) {
	if sub.ProviderRef == "" || sub.ProviderRef == second.Ref || sub.State == StateErased || !alive(sub.ProviderState) || !alive(second.State) {
		return false, nil
	}
	first, err := s.Provider.Subscription(ctx, sub.ProviderRef)
	if err != nil || !alive(first.State) {
		return false, err
	}
	if _, err := s.Provider.Cancel(ctx, key("double", Subscription{TenantID: sub.TenantID}, second.Ref), second.Ref, true); err != nil {
		return true, err
	}
	s.Log.ErrorContext(ctx, "an organization paid for a second subscription; it is ended, and what was paid for it is to be given back",
		"tenant", sub.TenantSlug, "first", sub.ProviderRef, "second", second.Ref)
	return true, s.Keep.InControl(ctx, func(ctx context.Context) error {
		return s.note(ctx, "subscription.second_ended", &sub, map[string]string{"first": sub.ProviderRef, "second": second.Ref})
	})
}
