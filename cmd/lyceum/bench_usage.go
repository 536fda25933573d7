package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/billing"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store"
)

// usageBenchTenants is how many tenants the entries belong to that are summed up.
const usageBenchTenants = 1_000

// measureUsage takes reports of progress with counting against those without, and the sums of a month's entries against
// the bare aggregate of the same rows.
func (b *bench) measureUsage(ctx context.Context) error {
	if err := b.measureCounting(ctx); err != nil {
		return err
	}
	return b.measureRollUp(ctx)
}

func (b *bench) measureCounting(ctx context.Context) error {
	list := make([]reporter, reporters)
	for i := range list {
		var err error
		if list[i], err = b.reporterOf(ctx, b.fleet[i]); err != nil {
			return err
		}
	}
	silent := enrolment.New(enrolment.Options{Keep: b.app.store, Now: b.app.now})
	report := func(s *enrolment.Service) func(time.Duration) (float64, error) {
		return func(d time.Duration) (float64, error) {
			return many(ctx, d, func(_ context.Context, client int) error {
				r := &list[client]
				position, until := r.play()
				_, _, err := s.Report(r.ctx, enrolment.ReportInput{Enrolment: r.enrolment, Lesson: r.lesson, Reports: []enrolment.Report{
					{ID: uid.New(), Position: &position, Played: enrolment.Intervals{{position, until}}, Seen: enrolment.Intervals{{0.1, 0}}},
				}})
				return err
			})
		}
	}
	counted := func(d time.Duration) (float64, error) {
		defer b.app.gatherUsage(ctx)() // writing what was counted is part of it
		return report(b.app.enrolment)(d)
	}
	var ratios, with, without []float64
	for round := -1; round < b.cmd.Rounds; round++ { // the first round warms up and is not counted
		one, err := counted(b.cmd.Round)
		if err != nil {
			return err
		}
		other, err := report(silent)(b.cmd.Round)
		if err != nil {
			return err
		}
		if round >= 0 {
			ratios, with, without = append(ratios, one/other), append(with, one), append(without, other)
		}
	}
	low, median, high := spread(ratios)
	_, rate, _ := spread(with)
	_, bareRate, _ := spread(without)
	var minutes int64
	for _, r := range list {
		totals, err := b.app.store.UsageTotals(ctx, r.Tenant.ID, billing.PeriodOf(b.app.now()))
		if err != nil {
			return err
		}
		minutes += totals[billing.MeterVideo]
	}
	if minutes == 0 {
		return fmt.Errorf("nothing was counted")
	}
	b.judge("progress reports that are counted, of those that are not", median >= 0.9, "≥ 0.9", "%.2f (%.2f–%.2f); %.0f of %.0f a second", median, low, high, rate, bareRate)
	return nil
}

// bareUsageSQL is what a roll-up is compared with.
const bareUsageSQL = `select tenant_id, meter, (occurred_at at time zone 'UTC')::date as day, sum(quantity) from control.usage_events where period = $1 group by 1, 2, 3`

func (b *bench) measureRollUp(ctx context.Context) error {
	month := billing.Period{Start: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)}
	admin, err := pgx.Connect(ctx, b.config.DatabaseURL)
	if err != nil {
		return fmt.Errorf("fill the ledger: %w", err)
	}
	defer admin.Close(ctx)
	if err := b.fillLedger(ctx, admin, month); err != nil {
		return fmt.Errorf("fill the ledger: %w", err)
	}
	var groups int
	bare := func() (took time.Duration, err error) {
		began := time.Now()
		err = b.app.store.InControl(ctx, func(ctx context.Context) error {
			rows, err := store.Pgx(ctx).Query(ctx, bareUsageSQL, month.Start)
			if err != nil {
				return err
			}
			defer rows.Close()
			for groups = 0; rows.Next(); groups++ {
			}
			return rows.Err()
		})
		return time.Since(began), err
	}
	rollUp := func() (took time.Duration, err error) {
		if _, err = admin.Exec(ctx, "delete from control.usage_days where day >= $1 and day < $2", month.Start, month.End()); err != nil {
			return 0, err
		}
		began := time.Now()
		n, err := b.app.store.RebuildUsage(ctx, month)
		if took = time.Since(began); err == nil && n != groups {
			err = fmt.Errorf("%d sums, want %d", n, groups)
		}
		return took, err
	}
	var ratios []float64
	var ours, theirs []time.Duration
	for round := -1; round < b.cmd.Rounds; round++ {
		one, err := bare()
		if err != nil {
			return err
		}
		two, err := rollUp()
		if err != nil {
			return err
		}
		if round >= 0 {
			ratios, ours, theirs = append(ratios, two.Seconds()/one.Seconds()), append(ours, two), append(theirs, one)
		}
	}
	low, median, high := spread(ratios)
	_, took, _ := spreadOf(ours)
	_, bareTook, _ := spreadOf(theirs)
	b.judge(fmt.Sprintf("rolling up %d entries into %d sums, of the bare aggregate", b.cmd.UsageEntries, groups), median <= 2, "≤ 2", "%.2f (%.2f–%.2f); %s of %s",
		median, low, high, took.Round(time.Millisecond), bareTook.Round(time.Millisecond))
	return b.measureTotals(ctx, admin, month)
}

// measureTotals tells how much room the entries take, and how long a tenant's figures of the month.
func (b *bench) measureTotals(ctx context.Context, admin *pgx.Conn, month billing.Period) error {
	var took []time.Duration
	for i := range 50 {
		began := time.Now()
		totals, err := b.app.store.UsageTotals(ctx, uid.Named("bench", fmt.Sprint(i)), month)
		if err != nil {
			return err
		}
		if len(totals) == 0 {
			return fmt.Errorf("a tenant of the ledger used nothing")
		}
		took = append(took, time.Since(began))
	}
	var size int64
	if err := admin.QueryRow(ctx, "select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'control.usage_events'::regclass").Scan(&size); err != nil {
		return err
	}
	b.note("  room that the entries take, with their indexes", "%.1f GB", float64(size)/(1<<30))
	_, median, _ := spreadOf(took)
	b.note("  a tenant's figures of that month", "%s", median.Round(10*time.Microsecond))
	return nil
}

// fillLedger writes the entries of a month, spread evenly over tenants, meters and days.
func (b *bench) fillLedger(ctx context.Context, admin *pgx.Conn, month billing.Period) error {
	if err := b.app.store.MakeUsageMonths(ctx, month); err != nil {
		return err
	}
	tenants := make([]uid.ID, usageBenchTenants)
	for i := range tenants {
		tenants[i] = uid.Named("bench", fmt.Sprint(i))
	}
	const atOnce = 500_000
	for from := 0; from < b.cmd.UsageEntries; from += atOnce {
		n := min(atOnce, b.cmd.UsageEntries-from)
		fmt.Fprintf(os.Stderr, "filling the ledger: %d of %d …\n", from, b.cmd.UsageEntries)
		_, err := admin.Exec(ctx, `insert into control.usage_events (id, tenant_id, meter, subject_id, subject_name, period, kind, quantity, event_id, event_type, occurred_at, recorded_at, reason, by_name)
			select md5('e' || i)::uuid, ($1::uuid[])[1 + i % $2], ($3::text[])[1 + (i / $2) % 5], md5('s' || i)::uuid, 'Ada', $4, 'counted', 1 + i % 7, md5('v' || i)::uuid, 'lesson.started', at, at, '', ''
			from (select i, $5::timestamptz + make_interval(mins => (i % 44640)::int) as at from generate_series($6::bigint, $7::bigint) i) e`,
			tenants, usageBenchTenants, meterNames(), month.Start, month.Start, from, from+n-1)
		if err != nil {
			return err
		}
	}
	_, err := admin.Exec(ctx, "vacuum analyze control.usage_events")
	return err
}

func meterNames() (out []string) {
	for _, m := range billing.Meters() {
		out = append(out, string(m))
	}
	return out
}
