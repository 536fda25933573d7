package store

import (
	"context"
	"time"

	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const usageEvents = "control.usage_events"

// RecordUsage writes an entry of the ledger; counted is false when the subject counts in the period already.
func (s *Store) RecordUsage(ctx context.Context, e billing.UsageEvent) (counted bool, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		res := s.tx(ctx).Exec(`insert into control.usage_events
			(id, tenant_id, meter, subject_id, subject_name, period, quantity, event_id, event_type, occurred_at, recorded_at)
			values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (tenant_id, meter, period, subject_id) do nothing`,
			e.ID, e.TenantID, e.Meter, e.SubjectID, e.SubjectName, e.Period, e.Quantity, e.EventID, e.EventType, e.OccurredAt, e.RecordedAt)
		counted = res.RowsAffected == 1
		return fail(res.Error, "record usage")
	})
	return counted, err
}

// UsageTotals sums every meter of a tenant over a period; a meter without entries is not in it.
func (s *Store) UsageTotals(ctx context.Context, tenantID uid.ID, p billing.Period) (map[billing.Meter]int64, error) {
	var rows []struct {
		Meter billing.Meter
		Total int64
	}
	err := s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select meter, sum(quantity)::bigint as total from control.usage_events where tenant_id = ? and period = ? group by meter`,
			tenantID, p.Start).Scan(&rows).Error, "usage totals")
	})
	totals := make(map[billing.Meter]int64, len(rows))
	for _, r := range rows {
		totals[r.Meter] = r.Total
	}
	return totals, err
}

// UsagePerDay sums a meter over the days of a period, in UTC.
func (s *Store) UsagePerDay(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period) (days []billing.DayCount, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select extract(day from occurred_at at time zone 'UTC')::int as day, sum(quantity)::bigint as count
			from control.usage_events where tenant_id = ? and meter = ? and period = ? group by 1 order by 1`, tenantID, m, p.Start).Scan(&days).Error, "usage per day")
	})
	return days, err
}

// UsageRows lists a period's entries in the order in which they happened.
func (s *Store) UsageRows(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period, r page.Request) (out page.Of[billing.UsageEvent], err error) {
	limit := r.Bounded()
	err = s.InControl(ctx, func(ctx context.Context) error {
		q := s.tx(ctx).Table(usageEvents).Where("tenant_id = ? and meter = ? and period = ?", tenantID, m, p.Start)
		if r.After != "" {
			at, id, err := timeCursor(r.After)
			if err != nil {
				return err
			}
			q = q.Where("(occurred_at, id) > (?, ?)", at, id)
		}
		var rows []billing.UsageEvent
		if err := q.Order("occurred_at, id").Limit(limit + 1).Find(&rows).Error; err != nil {
			return fail(err, "list usage")
		}
		out = page.Cut(rows, limit, func(e billing.UsageEvent) []string {
			return []string{e.OccurredAt.UTC().Format(time.RFC3339Nano), e.ID.String()}
		})
		return nil
	})
	return out, err
}

// UsageEventOf finds an entry of a tenant; billing.ErrUsageNotFound when it is not there, or another tenant's.
func (s *Store) UsageEventOf(ctx context.Context, tenantID, id uid.ID) (e billing.UsageEvent, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return notFound(s.tx(ctx).Table(usageEvents).Where("tenant_id = ? and id = ?", tenantID, id).Take(&e).Error, billing.ErrUsageNotFound, "find usage")
	})
	return e, err
}

// FirstEventOf gives the earliest event of these types within [from, before) about the enrolments of a person of the
// running tenant; event.ErrNotFound. A person has few enrolments and each few events of the period, all found by index.
func (s *Store) FirstEventOf(ctx context.Context, person uid.ID, types []string, from, before time.Time) (event.Event, error) {
	var row eventRow
	err := s.tx(ctx).Table("events").
		Where("subject_type = 'enrolment' and subject_id in (select id from enrolments where person_id = ?)", person).
		Where("type in ? and at >= ? and at < ?", types, from, before).Order("at, id").Limit(1).Take(&row).Error
	if err != nil {
		return event.Event{}, notFound(err, event.ErrNotFound, "first event of person %s", person)
	}
	return plainEvents([]eventRow{row})[0], nil
}
