package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"lyceum/billing"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
)

// How often a month is looked at: once a day, often when it ends, at once when the provider is about to write its bill, and
// once a day again for what is told late, as long as anybody may still care.
const (
	daily      = 24 * time.Hour
	hourly     = time.Hour
	lastDay    = 24 * time.Hour
	lastHours  = 2 * time.Hour
	finalising = time.Hour
	lateMonths = 2
)

// every is how long a meter of a month is left alone after it was told. end is when the month, or the subscription, ends.
func every(now, end time.Time) time.Duration {
	switch left := end.Sub(now); {
	case left > lastDay:
		return daily
	case left > lastHours:
		return hourly
	case left > -finalising:
		return 0
	}
	return daily
}

// Collect works out what is to be told of everybody. One that fails does not keep the others.
func (s *Service) Collect(ctx context.Context) error {
	if s.provider() == nil {
		return nil
	}
	return s.each(ctx, "tell", func(ctx context.Context, sub subscription.Subscription) error { return s.collect(ctx, sub, false) })
}

// each does something for every subscription, 200 at a time; one that fails does not keep the others.
func (s *Service) each(ctx context.Context, what string, do func(context.Context, subscription.Subscription) error) error {
	var errs []error
	for after := uid.Nil; ; {
		var list []subscription.Subscription
		err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
			list, err = s.Keep.SubscriptionsAfter(ctx, after, 200)
			return err
		})
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, sub := range list {
			after = sub.TenantID
			if err := do(ctx, sub); err != nil {
				errs = append(errs, fmt.Errorf("%s the usage of %s: %w", what, sub.TenantSlug, err))
			}
		}
		if len(list) < 200 {
			return errors.Join(errs...)
		}
	}
}

// Flush tells at once what was used until now, before something ends. What it cannot tell stays in the outbox.
func (s *Service) Flush(ctx context.Context, tenantID uid.ID) error {
	if s.provider() == nil {
		return nil
	}
	var sub subscription.Subscription
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		sub, err = s.Keep.SubscriptionOf(ctx, tenantID)
		return err
	})
	if err == nil {
		err = s.collect(ctx, sub, true)
	}
	if err != nil {
		return fmt.Errorf("tell the usage of %s: %w", tenantID, err)
	}
	return s.Send(ctx)
}

// told tells whether a subscription's usage is the provider's to bill.
func told(sub subscription.Subscription) bool {
	return sub.Collect == subscription.CollectProvider && sub.ProviderRef != "" && sub.CustomerRef != "" && sub.VersionID != nil &&
		slices.Contains([]provider.State{provider.StateActive, provider.StateTrialing, provider.StatePastDue}, sub.ProviderState)
}

// dues are the months of a subscription that there is something to tell of.
func (s *Service) dues(ctx context.Context, sub subscription.Subscription, now bool) ([]Due, error) {
	if !told(sub) {
		return nil, nil
	}
	offer, err := s.Plans.Version(ctx, *sub.VersionID)
	if err != nil {
		return nil, err
	}
	var meters []billing.Meter
	for _, m := range billing.Meters() {
		for _, c := range offer.Version.Components {
			if c.Meter == m && !slices.Contains(meters, m) {
				meters = append(meters, m)
			}
		}
	}
	if len(meters) == 0 {
		return nil, nil
	}
	at := s.Now()
	var out []Due
	for back := range lateMonths + 1 {
		p := billing.Period{Start: billing.PeriodOf(at).Start.AddDate(0, -back, 0)}
		d := Due{TenantID: sub.TenantID, Customer: sub.CustomerRef, Version: *sub.VersionID, Meters: meters, Period: p, From: sub.From(p), Now: at}
		if !d.From.Before(p.End()) || d.From.After(at) || !sub.CreatedAt.Before(p.End()) {
			continue
		}
		end := p.End()
		if sub.CancelAt != nil && sub.CancelAt.Before(end) && sub.CancelAt.After(p.Start) {
			end = *sub.CancelAt
		}
		if d.Every = every(at, end); now {
			d.Every = 0
		}
		if d.At = p.End().Add(-time.Second); at.Before(d.At) {
			d.At = at
		}
		out = append(out, d)
	}
	return out, nil
}

func (s *Service) collect(ctx context.Context, sub subscription.Subscription, now bool) error {
	dues, err := s.dues(ctx, sub, now)
	if err != nil {
		return err
	}
	for _, d := range dues {
		err := s.Keep.InControl(ctx, func(ctx context.Context) error {
			_, err := s.Keep.CollectReports(ctx, d)
			s.step("collected")
			return err
		})
		if err != nil {
			return err
		}
		s.step("kept")
	}
	return nil
}
