package store

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/billing"
	"lyceum/internal/uid"
)

// lockUsageRebuild keeps two rebuilds apart; who writes entries waits for none.
const lockUsageRebuild = 7206210004

// What the ledger says of each day beside what is kept, where they differ. It only reads, so PostgreSQL may use all of its
// workers, and it reads both from one snapshot: the difference stays right however many entries are written meanwhile.
const usageDriftSQL = `with told as (
	select tenant_id, meter, (occurred_at at time zone 'UTC')::date as day, sum(quantity)::bigint as quantity, count(*) as entries
	from control.usage_events where period = $1 group by 1, 2, 3
), kept as (
	select tenant_id, meter, day, quantity, entries from control.usage_days where day >= $1 and day < $2
)
select coalesce(t.tenant_id, k.tenant_id), coalesce(t.meter, k.meter), coalesce(t.day, k.day),
	coalesce(t.quantity, 0) - coalesce(k.quantity, 0), coalesce(t.entries, 0) - coalesce(k.entries, 0)
from told t full join kept k on k.tenant_id = t.tenant_id and k.meter = t.meter and k.day = t.day
where coalesce(t.quantity, 0) <> coalesce(k.quantity, 0) or coalesce(t.entries, 0) <> coalesce(k.entries, 0)`

const mendUsageSQL = `insert into control.usage_days (tenant_id, meter, day, quantity, entries)
	select d.tenant_id::uuid, d.meter, d.day::date, d.quantity, d.entries
	from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[]) as d (tenant_id, meter, day, quantity, entries)
	on conflict (tenant_id, meter, day) do update
	set quantity = usage_days.quantity + excluded.quantity, entries = usage_days.entries + excluded.entries`

// mendedAtOnce is how many days one statement puts right.
const mendedAtOnce = 10_000

// drift is how far a day's sum is from its entries.
type drift struct {
	tenantID          uid.ID
	meter, day        string
	quantity, entries int64
}

// inOrder is that of the key: who writes days writes them in it, so that nobody waits in a ring, and the index grows at one
// end.
func (d drift) inOrder(other drift) int {
	return cmp.Or(bytes.Compare(d.tenantID[:], other.tenantID[:]), cmp.Compare(d.meter, other.meter), cmp.Compare(d.day, other.day))
}

// RebuildUsage works the days of a month out anew from the entries and puts right those that differ; wrong is how many
// did. Entries may be written meanwhile: what is added is the difference, not the sum.
func (s *Store) RebuildUsage(ctx context.Context, p billing.Period) (wrong int, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		tx := Pgx(ctx)
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1)", int64(lockUsageRebuild)); err != nil {
			return fmt.Errorf("rebuild usage: %w", err)
		}
		rows, err := tx.Query(ctx, usageDriftSQL, p.Start, p.End())
		if err != nil {
			return fmt.Errorf("rebuild usage: %w", err)
		}
		off, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d drift, err error) {
			var day time.Time
			err = row.Scan(&d.tenantID, &d.meter, &day, &d.quantity, &d.entries)
			d.day = day.Format(time.DateOnly)
			return d, err
		})
		if err != nil {
			return fmt.Errorf("rebuild usage: %w", err)
		}
		wrong = len(off)
		slices.SortFunc(off, drift.inOrder)
		for some := range slices.Chunk(off, mendedAtOnce) {
			if err := mendUsage(ctx, tx, some); err != nil {
				return fmt.Errorf("rebuild usage: %w", err)
			}
		}
		return nil
	})
	return wrong, err
}

func mendUsage(ctx context.Context, tx pgx.Tx, off []drift) error {
	tenants, meters, days := make([]string, len(off)), make([]string, len(off)), make([]string, len(off))
	quantities, entries := make([]int64, len(off)), make([]int64, len(off))
	for i, d := range off {
		tenants[i], meters[i], days[i], quantities[i], entries[i] = d.tenantID.String(), d.meter, d.day, d.quantity, d.entries
	}
	_, err := tx.Exec(ctx, mendUsageSQL, tenants, meters, days, quantities, entries)
	return err
}

// UsageMonthsKept lists the months for which there is room in the ledger, the oldest first.
func (s *Store) UsageMonthsKept(ctx context.Context) (out []billing.Period, err error) {
	var months []string
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select right(c.relname, 7) from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
			where i.inhparent = 'control.usage_events'::regclass order by 1`).Scan(&months).Error, "months of usage")
	})
	for _, m := range months {
		at, bad := time.Parse("2006_01", m)
		if bad != nil {
			return nil, fmt.Errorf("months of usage: %w", bad)
		}
		out = append(out, billing.Period{Start: at})
	}
	return out, err
}
