package store_test

import (
	"context"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/report"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

// TestTheOutboxIsTheSameBehindAPoolerAndInAnotherTimeZone: there, statements are not prepared, and a moment given for a date
// would be read in the database's own time zone. Another tenant's usage is never told.
func TestTheOutboxIsTheSameBehindAPoolerAndInAnotherTimeZone(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	for _, zone := range []string{"America/New_York", "Pacific/Auckland"} {
		for _, pooled := range []bool{true, false} {
			for _, trial := range []bool{true, false} {
				s, err := store.Open(t.Context(), store.Options{URL: w.URL + "&timezone=" + zone, Pooled: pooled})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				mine, other := tenantOf(w.Tenant(t)), tenantOf(w.Tenant(t))
				month := billing.Period{Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
				last := month.End().Add(-time.Microsecond)
				if _, err := s.RecordUsage(t.Context(), used(mine, billing.MeterAPICalls, 3, month.Start), used(mine, billing.MeterAPICalls, 4, last), used(mine, billing.MeterVideo, 9, last), used(other, billing.MeterAPICalls, 5, last)); err != nil {
					t.Fatal(err)
				}
				d := report.Due{TenantID: mine, Customer: "cus", Version: uid.New(), Meters: []billing.Meter{billing.MeterAPICalls}, Period: month, From: month.Start, At: last, Now: last}
				want := int64(7)
				if trial {
					d.From, want = month.Start.Add(time.Hour), 4
				}
				err = s.InControl(t.Context(), func(ctx context.Context) error {
					n, err := s.CollectReports(ctx, d)
					if err != nil || n != 1 {
						t.Errorf("%s, pooled %t, trial %t: %d rows (%v)", zone, pooled, trial, n, err)
					}
					sums, err := s.ReportSums(ctx, mine, month, month.End(), last)
					if err != nil || sums[billing.MeterAPICalls].All != want || len(sums) != 1 {
						t.Errorf("%s, pooled %t, trial %t: %+v (%v)", zone, pooled, trial, sums, err)
					}
					theirs, err := s.ReportSums(ctx, other, month, month.End(), last)
					if err != nil || len(theirs) != 0 {
						t.Errorf("another's usage is told: %+v (%v)", theirs, err)
					}
					used, err := s.UsageFrom(ctx, mine, month, d.From)
					if err != nil || used[billing.MeterAPICalls] != want {
						t.Errorf("%s, pooled %t, trial %t: used %v (%v)", zone, pooled, trial, used, err)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
