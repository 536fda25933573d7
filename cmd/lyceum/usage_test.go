package main

import (
	"path/filepath"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/tenant"
)

func TestUsageIsCountedWhileTheProcessRunsAndWhenItStops(t *testing.T) {
	t.Parallel()
	a := newTestApp(t)
	if _, err := a.fillDemo(t.Context(), filepath.Join(t.TempDir(), "demo.json")); err != nil {
		t.Fatal(err)
	}
	acme, err := a.tenants.Show(t.Context(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	globex, err := a.tenants.Suspend(t.Context(), "globex", "a holiday")
	if err != nil {
		t.Fatal(err)
	}
	for _, chore := range a.usageChores() {
		for range 2 { // each is safe to run twice
			if err := chore.Do(t.Context()); err != nil {
				t.Fatalf("%s: %v", chore.Name, err)
			}
		}
	}
	month := billing.PeriodOf(time.Now())
	total := func(tn tenant.Tenant, m billing.Meter) int64 {
		t.Helper()
		totals, err := a.store.UsageTotals(t.Context(), tn.ID, month)
		if err != nil {
			t.Fatal(err)
		}
		return totals[m]
	}
	for _, tn := range []tenant.Tenant{acme, globex} {
		bytes, err := a.storageBytes(tenant.With(t.Context(), tn))
		if err != nil || bytes == 0 {
			t.Fatalf("%s keeps %d bytes (%v)", tn.Slug, bytes, err)
		}
		if got := total(tn, billing.MeterStorage); got != bytes && got != 2*bytes { // an hour may have ended meanwhile
			t.Errorf("%s: %d byte-hours, want %d", tn.Slug, got, bytes)
		}
	}
	before := total(acme, billing.MeterAPICalls)
	stop := a.gatherUsage(t.Context())
	for range 3 {
		a.billing.Called(tenant.With(t.Context(), acme))
	}
	stop()
	if got := total(acme, billing.MeterAPICalls) - before; got != 3 {
		t.Errorf("%d calls after the stop, want 3", got)
	}
	months := 0
	if err := a.billing.Rebuild(t.Context(), nil, func(r billing.Rebuilt) {
		if months++; r.Wrong != 0 {
			t.Errorf("%s: %d sums are wrong", r.Period.Start.Format("2006-01"), r.Wrong)
		}
	}); err != nil || months < 3 {
		t.Errorf("%d months rebuilt (%v)", months, err)
	}
	var one usageRebuildCmd
	one.Month = "November"
	if err := one.Run(t.Context(), &Config{}); err == nil {
		t.Error("a month that is none was taken")
	}
}
