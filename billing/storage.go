package billing

import (
	"context"
	"errors"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// MaxCatchUp is how far back missed hours of storage are counted.
const MaxCatchUp = 60 * 24 * time.Hour

// SampleStorage counts the hour of now for the tenant of ctx, unless it is counted, with the size that its files have now.
// Hours that were missed since the last one are counted with the size of that one, at most MaxCatchUp of them. It may run
// as often as one likes, and in several processes at once.
func (s *Service) SampleStorage(ctx context.Context, size func(context.Context) (bytes int64, err error)) error {
	t, ok := tenant.From(ctx)
	if !ok {
		return errors.New("sample storage: no tenant in the context")
	}
	hour := s.now().UTC().Truncate(time.Hour)
	last, err := s.keep.LastUsage(ctx, t.ID, MeterStorage, hour.Add(-MaxCatchUp))
	if err != nil && !errors.Is(err, ErrUsageNotFound) {
		return err
	}
	known := err == nil
	if known && !last.OccurredAt.Before(hour) {
		return nil
	}
	bytes, err := size(ctx)
	if err != nil {
		return err
	}
	entry := func(at time.Time, bytes int64, how string) UsageEvent {
		return UsageEvent{
			ID: uid.New(), TenantID: t.ID, Meter: MeterStorage, SubjectID: uid.Named("storage hour", t.ID.String(), at.Format(time.RFC3339)),
			Period: PeriodOf(at).Start, Quantity: bytes, EventType: how, OccurredAt: at, RecordedAt: s.now(),
		}
	}
	var entries []UsageEvent
	if known {
		for at := last.OccurredAt.UTC().Add(time.Hour); at.Before(hour); at = at.Add(time.Hour) {
			entries = append(entries, entry(at, last.Quantity, "storage.carried"))
		}
	}
	_, err = s.keep.RecordUsage(ctx, append(entries, entry(hour, bytes, "storage.sampled"))...)
	return err
}
