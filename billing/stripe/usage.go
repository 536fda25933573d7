package stripe

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"lyceum/billing"
	"lyceum/billing/provider"
)

// What Stripe takes: a meter event's time lies at most 35 days back and five minutes ahead.
const (
	farthestBack  = 35 * 24 * time.Hour
	farthestAhead = 5 * time.Minute
)

// Report tells usage as meter events. Stripe remembers identifiers for a day at least: who tells for longer notes what was
// taken. A provider that is away is asked no further in one call.
func (s *Stripe) Report(ctx context.Context, usage []provider.Usage) []error {
	out := make([]error, len(usage))
	var away error
	for i, u := range usage {
		if away != nil {
			out[i] = away
			continue
		}
		out[i] = s.report(ctx, u)
		var later *provider.Later
		if errors.As(out[i], &later) {
			away = out[i]
		}
	}
	return out
}

func (s *Stripe) report(ctx context.Context, u provider.Usage) error {
	now := s.Now()
	month := billing.PeriodOf(u.At)
	switch {
	case u.At.After(now.Add(farthestAhead)):
		return provider.ErrUnavailable.Because(errors.New("usage of the future: its time will come"))
	case u.At.Before(now.Add(-farthestBack)), !now.Before(month.End().Add(s.Grace)):
		return provider.ErrTooLate
	}
	id := short(u.Identifier, 100)
	_, err := s.api.BillingMeterEvents.New(&stripego.BillingMeterEventParams{
		Params: s.does(ctx, "meter:"+id), EventName: stripego.String(eventName(u.Meter)), Identifier: &id, Timestamp: unix(u.At),
		Payload: map[string]string{"value": strconv.FormatInt(u.Quantity, 10), "stripe_customer_id": u.Customer},
	})
	var e *stripego.Error
	if errors.As(err, &e) && e.HTTPStatusCode == 400 && (e.Code == "duplicate_meter_event" || strings.Contains(e.Msg, "already exists with identifier")) {
		return nil
	}
	return s.failed(err, "report usage of %s", u.Customer)
}

// Reported is the sum that Stripe has for a customer's meter within [from, until), both cut to the hour. It may lag behind
// what was reported by some minutes.
func (s *Stripe) Reported(ctx context.Context, customer string, m billing.Meter, from, until time.Time) (int64, error) {
	id, err := s.meter(ctx, m)
	if err != nil || id == "" {
		return 0, err
	}
	list := s.api.BillingMeterEventSummaries.List(&stripego.BillingMeterEventSummaryListParams{
		ListParams: s.lists(ctx, 100), ID: &id, Customer: &customer, StartTime: unix(from.Truncate(time.Hour)), EndTime: unix(until.Truncate(time.Hour)),
	})
	var sum float64
	for list.Next() {
		sum += list.BillingMeterEventSummary().AggregatedValue
	}
	return int64(math.Round(sum)), s.failed(list.Err(), "sum the usage of %s", customer)
}

// meter finds the id of one; "" when it was never published.
func (s *Stripe) meter(ctx context.Context, m billing.Meter) (string, error) {
	s.mu.Lock()
	id := s.meters[m]
	s.mu.Unlock()
	if id != "" {
		return id, nil
	}
	list, err := s.listMeters(ctx)
	if err != nil || list[m] == nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.meters[m] = list[m].ID
	return list[m].ID, nil
}
