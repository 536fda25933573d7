package billing_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/store/storetest"
)

func TestAnHourOfStorageCountsOnceAndMissedOnesAreCaughtUpWith(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	s := billing.New(w.Store, w.Now.Now)
	size := int64(100)
	sample := func() {
		t.Helper()
		var wg sync.WaitGroup
		for range 3 { // three workers at once
			wg.Go(func() {
				if err := s.SampleStorage(ctx, func(context.Context) (int64, error) { return size, nil }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	is := func(what string, want int64, entries int) {
		t.Helper()
		u := used(t, s, ctx, billing.MeterStorage, w.Now.Now())
		if u.Total != want || len(u.Rows) != entries {
			t.Errorf("%s: %d byte-hours in %d entries, want %d in %d", what, u.Total, len(u.Rows), want, entries)
		}
	}
	sample()
	is("the first hour", 100, 1)
	size = 500
	w.Now.Advance(59*time.Minute + 59*time.Second)
	sample()
	is("the same hour, another size", 100, 1)
	w.Now.Advance(time.Second)
	sample()
	is("the next hour", 600, 2)
	size = 1000
	w.Now.Advance(4 * time.Hour)
	sample()
	is("three missed hours", 600+3*500+1000, 6)
	size = 0
	w.Now.Advance(time.Hour)
	sample()
	w.Now.Advance(3 * time.Hour)
	size = 7
	sample()
	is("missed hours with nothing in them", 3107, 10)
	if u := used(t, s, ctx, billing.MeterStorage, w.Now.Now()); u.Rows[2].EventType != "storage.carried" || u.Rows[5].EventType != "storage.sampled" || !u.Rows[0].OccurredAt.Equal(w.Now.Now().Truncate(time.Hour).Add(-9*time.Hour)) {
		t.Errorf("entries %+v", u.Rows)
	}
	if u := used(t, s, other, billing.MeterStorage, w.Now.Now()); u.Total != 0 {
		t.Errorf("another tenant keeps %d", u.Total)
	}
	boom := errors.New("boom")
	w.Now.Advance(time.Hour)
	if err := s.SampleStorage(ctx, func(context.Context) (int64, error) { return 0, boom }); !errors.Is(err, boom) {
		t.Errorf("a size that cannot be read: %v", err)
	}
	is("when the size cannot be read", 3107, 10)
	if err := s.SampleStorage(context.Background(), func(context.Context) (int64, error) { return 1, nil }); err == nil {
		t.Error("sampled nobody's storage")
	}
}

func TestHoursOverAMonthsEndAreCountedInTheirMonths(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	s := billing.New(w.Store, w.Now.Now)
	sample := func() {
		t.Helper()
		if err := s.SampleStorage(ctx, func(context.Context) (int64, error) { return 10, nil }); err != nil {
			t.Fatal(err)
		}
	}
	end := billing.PeriodOf(w.Now.Now()).End()
	w.Now.Advance(end.Sub(w.Now.Now()) - 90*time.Minute) // half past ten in the last evening
	sample()
	w.Now.Advance(4 * time.Hour)
	sample()
	if a, b := used(t, s, ctx, billing.MeterStorage, end.Add(-time.Hour)), used(t, s, ctx, billing.MeterStorage, end); a.Total != 20 || b.Total != 30 || b.PerDay[0] != 30 {
		t.Errorf("%d and %d byte-hours, want 20 and 30", a.Total, b.Total)
	}
	w.Now.Advance(2 * billing.MaxCatchUp) // nobody was here for long
	sample()
	if got := used(t, s, ctx, billing.MeterStorage, w.Now.Now()); got.Total != 10 {
		t.Errorf("%d byte-hours this month, want the one hour", got.Total)
	}
}
