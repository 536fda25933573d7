package report

import (
	"context"
	"log/slog"
	"time"

	"lyceum/billing"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// lag is how long a provider may take until what it took is in its sums.
const lag = 15 * time.Minute

// Reconcile compares, for everybody whom the provider bills, the ledger with what was told and what the provider has, in the
// running month and the last. A difference is kept, logged as an error and counted. What is on its way is left for the next
// time.
func (s *Service) Reconcile(ctx context.Context) error {
	p := s.provider()
	if p == nil {
		return nil
	}
	return s.each(ctx, "compare", func(ctx context.Context, sub subscription.Subscription) error { return s.compare(ctx, p, sub) })
}

func (s *Service) compare(ctx context.Context, p provider.Provider, sub subscription.Subscription) error {
	dues, err := s.dues(ctx, sub, false)
	if err != nil {
		return err
	}
	for _, d := range dues[:min(len(dues), 2)] {
		until := d.Period.End()
		if whole := s.Now().Truncate(time.Hour); whole.Before(until) {
			until = whole
		}
		if !until.After(d.Period.Start) {
			continue
		}
		sums, ledger, err := s.ours(ctx, d, until)
		if err != nil {
			return err
		}
		for _, m := range d.Meters {
			if sums[m].Open {
				continue
			}
			theirs, err := p.Reported(ctx, d.Customer, m, d.Period.Start, until)
			if err != nil {
				return err
			}
			c := Comparison{TenantID: sub.TenantID, Meter: m, Period: d.Period.Start, Ledger: ledger[m], Outbox: sums[m].All, Sent: sums[m].Sent, Provider: theirs, Difference: theirs - sums[m].Sent, At: s.Wall()}
			if c.Difference != 0 {
				s.Log.ErrorContext(ctx, "the payment service has other usage than it was told", slog.String("tenant", sub.TenantSlug), slog.String("meter", string(m)),
					slog.String("month", d.Period.Start.Format("2006-01")), slog.Int64("told", c.Sent), slog.Int64("has", c.Provider))
			}
			if err := s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.SaveComparison(ctx, c) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// ours are the ledger's sums and the outbox's.
func (s *Service) ours(ctx context.Context, d Due, until time.Time) (sums map[billing.Meter]Sums, ledger map[billing.Meter]int64, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if sums, err = s.Keep.ReportSums(ctx, d.TenantID, d.Period, until, s.Wall().Add(-lag)); err != nil {
			return err
		}
		ledger, err = s.Keep.UsageFrom(ctx, d.TenantID, d.Period, d.From)
		return err
	})
	return sums, ledger, err
}

// Standing is how telling the provider goes, for operators.
type Standing struct {
	Depth
	Summary
	Provider  string // its name; "" for none
	Live      bool
	OpenUntil *time.Time // the breaker's; nil while it is closed
}

// Standing gives it.
func (s *Service) Standing(ctx context.Context) (st Standing, err error) {
	if p := s.provider(); p != nil {
		st.Provider, st.Live = p.Name(), p.Live()
	}
	if until, open := s.breaker.Open(); open {
		st.OpenUntil = &until
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if st.Depth, err = s.Keep.ReportDepth(ctx); err != nil {
			return err
		}
		st.Summary, err = s.Keep.ComparisonSummary(ctx, s.Wall().AddDate(0, 0, -45))
		return err
	})
	return st, err
}

// Parked lists what the provider refused, for operators.
func (s *Service) Parked(ctx context.Context, r page.Request) (out page.Of[Row], err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		out, err = s.Keep.ParkedReports(ctx, r)
		return err
	})
	return out, err
}

// Comparisons lists what the last comparisons found, those with a difference or all, for operators.
func (s *Service) Comparisons(ctx context.Context, off bool, r page.Request) (out page.Of[Comparison], err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		out, err = s.Keep.Comparisons(ctx, off, r)
		return err
	})
	return out, err
}

// Retry sends what is parked again. Operators call it; ErrNotFound, ErrNotParked.
func (s *Service) Retry(ctx context.Context, id uid.ID) (r Row, err error) {
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if r, err = s.Keep.ReportByID(ctx, id); err != nil {
			return err
		}
		if r.State != StateParked {
			return ErrNotParked
		}
		r.State, r.NextTryAt = StateWaiting, s.Wall()
		if err := s.Keep.SettleReport(ctx, r); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "usage_report.retried", r.TenantID, map[string]string{"report": r.Identifier()}, s.Wall())
	})
	return r, err
}
