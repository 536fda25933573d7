package report

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/internal/fault"
)

// What sending keeps to.
const (
	atOnce = 100
	// lease is how long a process that took rows has to say what became of them.
	lease = 5 * time.Minute
	// rememberedFor is how long a provider surely knows an identifier again; Stripe says a day. Later it is asked for its sum
	// instead.
	rememberedFor = 20 * time.Hour
	longestWait   = time.Hour
)

// Send tells the provider what waits, until nothing is due or it does not answer.
func (s *Service) Send(ctx context.Context) error {
	for {
		p := s.provider()
		if p == nil || !s.breaker.Allow() {
			return nil
		}
		var rows []Row
		err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
			rows, err = s.Keep.ClaimReports(ctx, s.Wall(), s.Wall().Add(lease), atOnce)
			return err
		})
		if err != nil {
			return fmt.Errorf("take usage to be told: %w", err)
		}
		if len(rows) == 0 {
			return nil
		}
		s.step("claimed")
		if err := s.tell(ctx, p, rows); err != nil {
			return err
		}
		if len(rows) < atOnce || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (s *Service) tell(ctx context.Context, p provider.Provider, rows []Row) error {
	var usage []provider.Usage
	var asked []Row
	var errs []error
	for _, r := range rows {
		if r.FirstTryAt != nil && s.Wall().Sub(*r.FirstTryAt) > rememberedFor {
			known, err := s.arrived(ctx, p, r)
			if err != nil || known {
				errs = append(errs, s.settle(ctx, p, r, err))
				continue
			}
		}
		usage = append(usage, provider.Usage{Identifier: r.Identifier(), Customer: r.CustomerRef, Meter: r.Meter, Quantity: r.Quantity, At: r.At})
		asked = append(asked, r)
	}
	if len(usage) > 0 {
		answers := p.Report(ctx, usage)
		s.step("told")
		for i, r := range asked {
			errs = append(errs, s.settle(ctx, p, r, answers[i]))
		}
	}
	return errors.Join(errs...)
}

// errUnsure is a row of which nobody can tell whether it arrived.
var errUnsure = provider.ErrRefused.Saying("It was sent long ago, and what the payment service has fits neither its having arrived nor its not having arrived.")

// arrived finds out by the provider's sum whether a row that was tried long ago is there.
func (s *Service) arrived(ctx context.Context, p provider.Provider, r Row) (bool, error) {
	month := billing.Period{Start: r.Period}
	var sums map[billing.Meter]Sums
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		sums, err = s.Keep.ReportSums(ctx, r.TenantID, month, month.End(), s.Wall())
		return err
	})
	if err != nil {
		return false, err
	}
	theirs, err := p.Reported(ctx, r.CustomerRef, r.Meter, month.Start, month.End())
	if err != nil {
		return false, err
	}
	switch theirs - sums[r.Meter].Sent {
	case r.Quantity:
		return true, nil
	case 0:
		return false, nil
	}
	return false, errUnsure
}

// settle writes what became of a row.
func (s *Service) settle(ctx context.Context, p provider.Provider, r Row, answer error) error {
	s.step("settling")
	code := ""
	if answer != nil {
		code = fault.Of(answer).Code
	}
	if code == provider.ErrTooLate.Code {
		if answer = s.billLate(ctx, p, r); answer == nil {
			r.State = StateLate
		} else {
			code = fault.Of(answer).Code
		}
	} else if answer == nil {
		r.State = StateSent
	}
	now := s.Wall()
	switch {
	case answer == nil:
		s.breaker.Succeeded()
		r.Error, r.DoneAt = "", &now
	case code == provider.ErrRefused.Code || code == provider.ErrUnsupported.Code:
		s.breaker.Succeeded() // it answers
		r.State, r.Error = StateParked, cause(answer)
		s.Log.ErrorContext(ctx, "the payment service refuses usage; an operator is to look at it", slog.String("report", r.Identifier()), slog.Any("err", answer))
	default:
		after := provider.RetryAfter(answer)
		s.breaker.Failed(after)
		r.Error, r.NextTryAt = cause(answer), now.Add(max(wait(r.Attempts), after))
	}
	err := s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.SettleReport(ctx, r) })
	s.step("settled")
	return err
}

// cause is what goes wrong in words for an operator, bounded.
func cause(err error) string {
	text := err.Error()
	if len(text) > 500 {
		text = text[:500]
	}
	return text
}

// wait doubles with each try, between ten seconds and an hour, a fifth more or less.
func wait(attempts int) time.Duration {
	d := min(10*time.Second<<min(attempts, 12), longestWait)
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64())) //nolint:gosec // it only spreads tries
}

// billLate puts what came after the month was closed on the customer's next bill: what the month would have cost with it,
// less what it cost without.
func (s *Service) billLate(ctx context.Context, p provider.Provider, r Row) error {
	offer, err := s.Plans.Version(ctx, r.VersionID)
	if err != nil {
		return err
	}
	var before int64
	err = s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		before, err = s.Keep.ReportedBefore(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	amount, name, err := difference(offer.Version, r.Meter, before, before+r.Quantity)
	if err != nil || amount.Minor == 0 {
		return err
	}
	month := billing.Period{Start: r.Period}
	return p.AddItem(ctx, r.Identifier(), provider.Item{
		Customer: r.CustomerRef, Amount: amount, Period: month,
		Text: fmt.Sprintf("%s in %s, counted after the month was billed: %+d", name, month.Start.Format("January 2006"), r.Quantity),
	})
}

// difference is what a meter costs at one quantity less what it costs at another, with the name that the bill has for it.
func difference(v plan.Version, m billing.Meter, from, to int64) (amount money.Money, name string, err error) {
	less, err := v.Bill(nil, plan.Quantities{m: from})
	if err != nil {
		return amount, "", err
	}
	more, err := v.Bill(nil, plan.Quantities{m: to})
	if err != nil {
		return amount, "", err
	}
	name = string(m)
	for _, c := range v.Components {
		if c.Meter == m {
			name = c.Name
			break
		}
	}
	return money.Money{Minor: more.Total.Minor - less.Total.Minor, Currency: v.Currency}, name, nil
}
