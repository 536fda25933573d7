package store

import (
	"context"
	"time"

	"lyceum/billing"
	"lyceum/billing/report"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// What the ledger sums to in a month: by its days, or from a moment within it by its entries.
const (
	ledgerOfMonth = `select meter, sum(quantity)::bigint as total from control.usage_days where tenant_id = $1 and day >= $2::date and day < $3::date group by meter`
	ledgerFrom    = `select meter, sum(quantity)::bigint as total from control.usage_events where tenant_id = $1 and period = $2::date and occurred_at >= $3::timestamptz group by meter`
)

// The rows that are missing in the outbox. While a row waits there is no second of its meter and month: so it can always be
// told from the provider's sum whether it arrived. The ledger and the outbox are read as of one moment; two at once make rows of the
// same number, of which one is kept.
const missingReports = `
	insert into control.usage_reports (id, tenant_id, meter, period, seq, quantity, customer_ref, version_id, at, state, attempts, next_try_at, error, created_at)
	select gen_random_uuid(), $1, meter, $2::date, coalesce(r.seq, 0) + 1, coalesce(l.total, 0) - coalesce(r.total, 0), $4, $5, $6, 'waiting', 0, $7, '', $8
	from ledger l full join (select meter, sum(quantity)::bigint as total, max(seq) as seq, max(created_at) as last, bool_or(state = 'waiting') as open
		from control.usage_reports where tenant_id = $1 and period = $2::date group by meter) r using (meter)
	where meter = any($9) and coalesce(l.total, 0) <> coalesce(r.total, 0) and (r.last is null or r.last <= $10 and not r.open)
	on conflict (tenant_id, meter, period, seq) do nothing`

const (
	missingOfMonth = "with ledger as (" + ledgerOfMonth + ")" + missingReports
	missingFrom    = "with ledger as (" + ledgerFrom + ")" + missingReports
)

// CollectReports writes a row for each meter whose outbox is not the ledger's sum, unless one of the meter is younger than
// d.Every.
func (s *Store) CollectReports(ctx context.Context, d report.Due) (written int, err error) {
	meters := make([]string, len(d.Meters))
	for i, m := range d.Meters {
		meters[i] = string(m)
	}
	sql, bound := missingOfMonth, any(d.Period.End())
	if d.From.After(d.Period.Start) {
		sql, bound = missingFrom, d.From
	}
	tag, err := Pgx(ctx).Exec(ctx, sql, d.TenantID, d.Period.Start, bound, d.Customer, d.Version, d.At, time.Time{}, d.Now, meters, d.Now.Add(-d.Every))
	return int(tag.RowsAffected()), fail(err, "write usage to be told")
}

// UsageFrom sums every meter of a tenant over a month from a moment on.
func (s *Store) UsageFrom(ctx context.Context, tenantID uid.ID, p billing.Period, from time.Time) (map[billing.Meter]int64, error) {
	sql, bound := ledgerOfMonth, any(p.End())
	if from.After(p.Start) {
		sql, bound = ledgerFrom, from
	}
	out := map[billing.Meter]int64{}
	err := s.InControl(ctx, func(ctx context.Context) error {
		rows, err := Pgx(ctx).Query(ctx, sql, tenantID, p.Start, bound)
		if err != nil {
			return fail(err, "usage from a moment")
		}
		defer rows.Close()
		for rows.Next() {
			var m billing.Meter
			var total int64
			if err := rows.Scan(&m, &total); err != nil {
				return fail(err, "usage from a moment")
			}
			out[m] = total
		}
		return fail(rows.Err(), "usage from a moment")
	})
	return out, err
}

// ClaimReports takes rows that are due and keeps them from others until a moment.
func (s *Store) ClaimReports(ctx context.Context, now, until time.Time, n int) (list []report.Row, err error) {
	err = s.tx(ctx).Raw(`update control.usage_reports set attempts = attempts + 1, first_try_at = coalesce(first_try_at, ?), next_try_at = ?
		where id in (select id from control.usage_reports where state = 'waiting' and next_try_at <= ? order by next_try_at, id limit ? for update skip locked)
		returning *`, now, until, now, n).Scan(&list).Error
	return list, fail(err, "take usage to be told")
}

// SettleReport writes what became of a row.
func (s *Store) SettleReport(ctx context.Context, r report.Row) error {
	return s.changeOne(ctx, report.ErrNotFound, "settle a report", "update control.usage_reports set state = ?, next_try_at = ?, error = ?, done_at = ? where id = ?",
		r.State, r.NextTryAt, r.Error, r.DoneAt, r.ID)
}

// ReportByID finds a row; report.ErrNotFound.
func (s *Store) ReportByID(ctx context.Context, id uid.ID) (r report.Row, err error) {
	return r, notFound(s.tx(ctx).Where("id = ?", id).Take(&r).Error, report.ErrNotFound, "find a report")
}

// ReportSums sums the outbox of a tenant's month by meter.
func (s *Store) ReportSums(ctx context.Context, tenantID uid.ID, p billing.Period, before, settled time.Time) (map[billing.Meter]report.Sums, error) {
	var rows []struct {
		Meter billing.Meter
		report.Sums
	}
	err := s.tx(ctx).Raw(`select meter, sum(quantity)::bigint as "all", coalesce(sum(quantity) filter (where state = 'sent' and at < ?), 0)::bigint as sent,
			coalesce(bool_or(at < ? and (state in ('waiting', 'parked') and first_try_at is not null or state = 'sent' and done_at > ?)), false) as open
		from control.usage_reports where tenant_id = ? and period = ? group by meter`, before, before, settled, tenantID, p.Start).Scan(&rows).Error
	out := map[billing.Meter]report.Sums{}
	for _, r := range rows {
		out[r.Meter] = r.Sums
	}
	return out, fail(err, "sum reports")
}

// ReportedBefore sums the rows of the same meter and month that come before one.
func (s *Store) ReportedBefore(ctx context.Context, r report.Row) (sum int64, err error) {
	return sum, fail(s.tx(ctx).Raw("select coalesce(sum(quantity), 0)::bigint from control.usage_reports where tenant_id = ? and meter = ? and period = ? and seq < ?",
		r.TenantID, r.Meter, r.Period, r.Seq).Scan(&sum).Error, "sum reports before one")
}

// ParkedReports lists rows that are parked, the oldest first.
func (s *Store) ParkedReports(ctx context.Context, r page.Request) (out page.Of[report.Row], err error) {
	limit := r.Bounded()
	q := s.tx(ctx).Where("state = 'parked'")
	if r.After != "" {
		at, id, err := timeCursor(r.After)
		if err != nil {
			return out, err
		}
		q = q.Where("(created_at, id) > (?, ?)", at, id)
	}
	var rows []report.Row
	if err := q.Order("created_at, id").Limit(limit + 1).Find(&rows).Error; err != nil {
		return out, fail(err, "list parked reports")
	}
	return page.Cut(rows, limit, func(r report.Row) []string {
		return []string{r.CreatedAt.UTC().Format(time.RFC3339Nano), r.ID.String()}
	}), nil
}

// ReportDepth counts what waits.
func (s *Store) ReportDepth(ctx context.Context) (d report.Depth, err error) {
	return d, fail(s.tx(ctx).Raw(`select count(*) filter (where state = 'waiting') as waiting, count(*) filter (where state = 'parked') as parked,
		min(created_at) filter (where state = 'waiting') as oldest from control.usage_reports where state in ('waiting', 'parked')`).Scan(&d).Error, "count reports")
}

// SaveComparison writes what a comparison found, over the one before.
func (s *Store) SaveComparison(ctx context.Context, c report.Comparison) error {
	return fail(s.tx(ctx).Exec(`insert into control.usage_reconciliations (tenant_id, meter, period, ledger, outbox, sent, provider, difference, at) values (?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (tenant_id, meter, period) do update set ledger = excluded.ledger, outbox = excluded.outbox, sent = excluded.sent, provider = excluded.provider,
			difference = excluded.difference, at = excluded.at`, c.TenantID, c.Meter, c.Period, c.Ledger, c.Outbox, c.Sent, c.Provider, c.Difference, c.At).Error, "keep a comparison")
}

// Comparisons lists what was found, the newest month first.
func (s *Store) Comparisons(ctx context.Context, off bool, r page.Request) (out page.Of[report.Comparison], err error) {
	limit := r.Bounded()
	q := s.tx(ctx).Model(&report.Comparison{})
	if off {
		q = q.Where("difference <> 0")
	}
	if r.After != "" {
		parts, err := page.Parts(r.After, 3)
		if err != nil {
			return out, err
		}
		id, ok := uid.Parse(parts[1])
		month, bad := time.Parse(time.DateOnly, parts[0])
		if !ok || bad != nil {
			return out, page.ErrCursor
		}
		q = q.Where("(period < ? or period = ? and (tenant_id, meter) > (?, ?))", month, month, id, parts[2])
	}
	var rows []report.Comparison
	if err := q.Order("period desc, tenant_id, meter").Limit(limit + 1).Find(&rows).Error; err != nil {
		return out, fail(err, "list comparisons")
	}
	return page.Cut(rows, limit, func(c report.Comparison) []string {
		return []string{c.Period.Format(time.DateOnly), c.TenantID.String(), string(c.Meter)}
	}), nil
}

// ComparisonSummary counts what the comparisons since a moment found.
func (s *Store) ComparisonSummary(ctx context.Context, since time.Time) (sum report.Summary, err error) {
	return sum, fail(s.tx(ctx).Raw("select count(*) as compared, count(*) filter (where difference <> 0) as off, max(at) as at from control.usage_reconciliations where at > ?", since).Scan(&sum).Error, "count comparisons")
}
