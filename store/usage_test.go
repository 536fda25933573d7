package store_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"lyceum/billing"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func tenantOf(ctx context.Context) uid.ID {
	t, _ := tenant.From(ctx)
	return t.ID
}

// used makes an entry.
func used(t uid.ID, m billing.Meter, quantity int64, at time.Time) billing.UsageEvent {
	return billing.UsageEvent{
		ID: uid.New(), TenantID: t, Meter: m, SubjectID: uid.New(), SubjectName: "Ada", Period: billing.PeriodOf(at).Start, Quantity: quantity,
		EventType: "lesson.started", OccurredAt: at, RecordedAt: at,
	}
}

func record(t *testing.T, w *storetest.World, entries ...billing.UsageEvent) int {
	t.Helper()
	n, err := w.Store.RecordUsage(t.Context(), entries...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func totals(t *testing.T, w *storetest.World, id uid.ID, p billing.Period) map[billing.Meter]int64 {
	t.Helper()
	out, err := w.Store.UsageTotals(t.Context(), id, p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnEntryIsWrittenOnceAndSummedOnce(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := tenantOf(w.Tenant(t)), tenantOf(w.Tenant(t))
	at := time.Date(2026, 3, 31, 23, 59, 59, 999_000_000, time.UTC)
	march, april := billing.PeriodOf(at), billing.PeriodOf(at.Add(time.Hour))
	ada := used(mine, billing.MeterActiveLearner, 1, at)
	calls := used(mine, billing.MeterAPICalls, 40, at.AddDate(0, 0, -3))
	var wg sync.WaitGroup
	for range 6 { // the same, by many at once
		wg.Go(func() {
			again := ada
			again.ID = uid.New()
			if _, err := w.Store.RecordUsage(context.Background(), again, calls); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	next := ada
	next.ID, next.OccurredAt, next.Period = uid.New(), april.Start, april.Start
	struck := ada
	struck.ID, struck.Kind, struck.Quantity, struck.Reason = uid.New(), billing.KindStruck, -1, "a mistake"
	if n := record(t, w, next, struck, calls); n != 2 {
		t.Errorf("%d written, want the one in April and the correction", n)
	}
	if got, want := totals(t, w, mine, march), (map[billing.Meter]int64{billing.MeterActiveLearner: 0, billing.MeterAPICalls: 40}); !maps.Equal(got, want) {
		t.Errorf("March: %v, want %v", got, want)
	}
	if got, want := totals(t, w, mine, april), (map[billing.Meter]int64{billing.MeterActiveLearner: 1}); !maps.Equal(got, want) {
		t.Errorf("April: %v, want %v", got, want)
	}
	if got := totals(t, w, other, march); len(got) != 0 {
		t.Errorf("another tenant used %v", got)
	}
	days, err := w.Store.UsagePerDay(t.Context(), mine, billing.MeterAPICalls, march)
	if err != nil || len(days) != 1 || days[0] != (billing.DayCount{Day: 28, Count: 40}) {
		t.Errorf("days %v (%v)", days, err)
	}
	months, err := w.Store.UsageMonths(t.Context(), mine, billing.MeterActiveLearner, april, 13)
	if err != nil || len(months) != 2 || !months[0].Month.Equal(april.Start) || months[0].Total != 1 || months[1].Total != 0 {
		t.Errorf("months %v (%v)", months, err)
	}
	rows, err := w.Store.UsageRows(t.Context(), mine, billing.MeterActiveLearner, march, page.Request{})
	if err != nil || len(rows.Items) != 2 || rows.Items[0].Kind != billing.KindCounted || rows.Items[1].Kind != billing.KindStruck || rows.Items[1].Reason != "a mistake" {
		t.Errorf("rows %+v (%v)", rows.Items, err)
	}
	same, err := w.Store.UsageOf(t.Context(), mine, billing.MeterActiveLearner, march, ada.SubjectID)
	if err != nil || len(same) != 2 {
		t.Errorf("of Ada: %v (%v)", same, err)
	}
	if same, err := w.Store.UsageOf(t.Context(), other, billing.MeterActiveLearner, march, ada.SubjectID); err != nil || len(same) != 0 {
		t.Errorf("another tenant finds %v (%v)", same, err)
	}
	last, err := w.Store.LastUsage(t.Context(), mine, billing.MeterActiveLearner, march.Start)
	if err != nil || last.ID != next.ID {
		t.Errorf("the last is %+v (%v)", last, err)
	}
	if _, err := w.Store.LastUsage(t.Context(), other, billing.MeterActiveLearner, march.Start); !errors.Is(err, billing.ErrUsageNotFound) {
		t.Errorf("another tenant's last: %v", err)
	}
	if _, err := w.Store.UsageEventOf(t.Context(), other, struck.ID); !errors.Is(err, billing.ErrUsageNotFound) {
		t.Errorf("another tenant opens the correction: %v", err)
	}
}

func TestAMonthWithoutRoomMakesItsOwn(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	id := tenantOf(w.Tenant(t))
	past := time.Date(2031+int(uid.New()[15])%100, 7, 4, 5, 0, 0, 0, time.UTC) // one that no other test has used
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := w.Store.RecordUsage(context.Background(), used(id, billing.MeterVideo, 1, past)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := totals(t, w, id, billing.PeriodOf(past))[billing.MeterVideo]; got != 4 {
		t.Errorf("%d minutes", got)
	}
	months, err := w.Store.UsageMonthsKept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, m := range months {
		found = found || m == billing.PeriodOf(past)
	}
	if !found {
		t.Errorf("%v is not among %v", billing.PeriodOf(past), months)
	}
	// Again is no fault, and a rolled back transaction that made a month leaves none behind that others would rely on.
	if err := w.Store.MakeUsageMonths(t.Context(), billing.PeriodOf(past), billing.PeriodOf(past)); err != nil {
		t.Error(err)
	}
	far := past.AddDate(0, 1, 0)
	boom := errors.New("boom")
	err = w.Store.InControl(t.Context(), func(ctx context.Context) error {
		if _, err := w.Store.RecordUsage(ctx, used(id, billing.MeterVideo, 1, far)); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if n := record(t, w, used(id, billing.MeterVideo, 1, far)); n != 1 {
		t.Errorf("%d written after a rollback", n)
	}
	if err := w.Store.MakeUsageMonths(t.Context(), billing.Period{Start: time.Date(1066, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("room was made for 1066")
	}
}

func TestTheLedgerIsAppendOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	id := tenantOf(w.Tenant(t))
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	record(t, w, used(id, billing.MeterActiveLearner, 1, at))
	state := func(sql string) string {
		err := w.Store.InControl(t.Context(), func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, sql)
			return err
		})
		var pg *pgconn.PgError
		if errors.As(err, &pg) {
			return pg.Code
		}
		return ""
	}
	for sql, want := range map[string]string{
		"update control.usage_events set quantity = 0":                                        "42501",
		"delete from control.usage_events":                                                    "42501",
		"truncate control.usage_events":                                                       "42501",
		"update control.usage_events_2026_03 set quantity = 0":                                "42501",
		"delete from control.usage_events_2026_03":                                            "42501",
		"insert into control.usage_events_2026_03 select * from control.usage_events limit 1": "42501",
		"drop table control.usage_events_2026_03":                                             "42501",
		"alter table control.usage_events detach partition control.usage_events_2026_03":      "42501",
		"delete from control.usage_days":                                                      "42501",
		"create table control.mine (id int)":                                                  "42501",
	} {
		if got := state(sql); got != want {
			t.Errorf("%s: SQLSTATE %q, want %s", sql, got, want)
		}
	}
	bad := used(id, billing.MeterActiveLearner, 1, at)
	for what, change := range map[string]func(*billing.UsageEvent){
		"a correction that adds":            func(e *billing.UsageEvent) { e.Kind, e.Reason = billing.KindStruck, "why" },
		"a correction without a reason":     func(e *billing.UsageEvent) { e.Kind, e.Quantity = billing.KindStruck, -1 },
		"an entry that takes away":          func(e *billing.UsageEvent) { e.Quantity = -1 },
		"a kind that is none":               func(e *billing.UsageEvent) { e.Kind = "guessed" },
		"an entry in another month":         func(e *billing.UsageEvent) { e.Period = e.Period.AddDate(0, 1, 0) },
		"a period that is no month's first": func(e *billing.UsageEvent) { e.Period = e.Period.AddDate(0, 0, 1) },
	} {
		e := bad
		e.ID, e.SubjectID = uid.New(), uid.New()
		change(&e)
		if _, err := w.Store.RecordUsage(t.Context(), e); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

func TestRebuildingGivesWhatCountingGave(t *testing.T) { //nolint:paralleltest // it works on all tenants' months
	w := storetest.New(t)
	mine, other := tenantOf(w.Tenant(t)), tenantOf(w.Tenant(t))
	year := 2131 + int(uid.New()[15])%50 // months that no other test has used
	first := time.Date(year, 1, 31, 23, 0, 0, 0, time.UTC)
	for _, id := range []uid.ID{mine, other} {
		for i, m := range billing.Meters() {
			for day := range 20 {
				record(t, w, used(id, m, int64(day*(i+1)), first.AddDate(0, 0, -day)))
			}
			record(t, w, used(id, m, 7, first.Add(2*time.Hour)))
		}
	}
	january, february := billing.PeriodOf(first), billing.PeriodOf(first.Add(2*time.Hour))
	want := map[uid.ID]map[billing.Meter]int64{mine: totals(t, w, mine, january), other: totals(t, w, other, january)}
	if want[mine][billing.MeterStorage] != 380 {
		t.Fatalf("counted %v", want)
	}
	rebuild := func(p billing.Period) int {
		t.Helper()
		n, err := w.Store.RebuildUsage(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	same := func(when string) {
		t.Helper()
		for id, sum := range want {
			if got := totals(t, w, id, january); !maps.Equal(got, sum) {
				t.Errorf("%s: %v, want %v", when, got, sum)
			}
		}
	}
	if n := rebuild(january); n != 0 {
		t.Errorf("%d sums were wrong before anything was spoilt", n)
	}
	same("untouched")
	spoil := func(sql string, args ...any) {
		t.Helper()
		err := w.Store.InControl(t.Context(), func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, sql, args...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	spoil("update control.usage_days set quantity = 0, entries = 0 where tenant_id = any($1)", []uid.ID{mine, other})
	if got := totals(t, w, mine, january); len(got) != 0 {
		t.Fatalf("not spoilt: %v", got)
	}
	if n := rebuild(january); n != 2*len(billing.Meters())*20 {
		t.Errorf("%d sums put right, want all", n)
	}
	same("from nothing")
	if got := totals(t, w, mine, february); len(got) != 0 {
		t.Errorf("another month was rebuilt too: %v", got)
	}
	rebuild(february)
	spoil("update control.usage_days set quantity = quantity + 5 where tenant_id = $1 and day = $2 and meter = 'api_calls'", mine, first.AddDate(0, 0, -3))
	spoil("insert into control.usage_days (tenant_id, meter, day, quantity, entries) values ($1, 'api_calls', $2, 5, 1)", mine, first.AddDate(0, 0, -25))
	if n := rebuild(january); n != 2 {
		t.Errorf("%d sums put right, want 2", n)
	}
	same("with two sums wrong")

	// Counting goes on meanwhile.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				if _, err := w.Store.RecordUsage(context.Background(), used(mine, billing.MeterVideo, 1, first)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			if _, err := w.Store.RebuildUsage(context.Background(), january); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want[mine][billing.MeterVideo] += 40
	same("while counting goes on")
	if n := rebuild(january); n != 0 {
		t.Errorf("%d sums are wrong after all that", n)
	}
}

func TestTotalsOfAllAreThoseOfEach(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := tenantOf(w.Tenant(t)), tenantOf(w.Tenant(t))
	at := time.Date(2026, 3, 31, 23, 59, 59, 0, time.UTC)
	if _, err := w.Store.RecordUsage(t.Context(), used(mine, billing.MeterAPICalls, 40, at), used(mine, billing.MeterAPICalls, 2, at), used(other, billing.MeterVideo, 5, at), used(other, billing.MeterVideo, 9, at.Add(time.Second))); err != nil {
		t.Fatal(err)
	}
	all, err := w.Store.UsageTotalsOfAll(t.Context(), billing.PeriodOf(at))
	if err != nil || all[mine][billing.MeterAPICalls] != 42 || len(all[mine]) != 1 || all[other][billing.MeterVideo] != 5 {
		t.Errorf("mine %v, another's %v (%v)", all[mine], all[other], err)
	}
}
