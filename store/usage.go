package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"lyceum/billing"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

const usageEvents = "control.usage_events"

// usageMonths are the months whose partition is known to be there.
type usageMonths struct{ known sync.Map }

// dateOf writes a day in UTC for a date: as a moment it would be read in the time zone of the database, where statements are
// not prepared (behind a pooler).
func dateOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// MakeUsageMonths makes room in the ledger for months, unless it is there.
func (s *Store) MakeUsageMonths(ctx context.Context, months ...billing.Period) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		for _, m := range months {
			if err := s.tx(ctx).Exec("select control.make_usage_partition(?::date)", dateOf(m.Start)).Error; err != nil {
				return fail(err, "make room for the usage of %s", m.Start.Format("2006-01"))
			}
		}
		return nil
	})
}

// roomFor has the month of an entry ready. A month is known once it was seen from another transaction than the one that
// made it, which may still be rolled back.
func (s *Store) roomFor(ctx context.Context, month time.Time) error {
	if _, ok := s.usage.known.Load(month); ok {
		return nil
	}
	var there bool
	name := "control.usage_events_" + month.Format("2006_01")
	if err := s.tx(ctx).Raw("select to_regclass(?) is not null", name).Scan(&there).Error; err != nil {
		return fail(err, "look for the usage of a month")
	}
	r := current(ctx)
	if there {
		if r == nil || !r.months { // else this very transaction may have made it
			s.usage.known.Store(month, true)
		}
		return nil
	}
	if r != nil {
		r.months = true
	}
	return s.MakeUsageMonths(ctx, billing.Period{Start: month})
}

// usageRow is an entry as it travels: many of them are one argument.
type usageRow struct {
	ID          uid.ID        `json:"id"`
	TenantID    uid.ID        `json:"tenant_id"`
	Meter       billing.Meter `json:"meter"`
	SubjectID   uid.ID        `json:"subject_id"`
	SubjectName string        `json:"subject_name"`
	Period      string        `json:"period"`
	Kind        billing.Kind  `json:"kind"`
	Quantity    int64         `json:"quantity"`
	EventID     uid.ID        `json:"event_id"`
	EventType   string        `json:"event_type"`
	OccurredAt  time.Time     `json:"occurred_at"`
	RecordedAt  time.Time     `json:"recorded_at"`
	Reason      string        `json:"reason"`
	ByID        *uid.ID       `json:"by_id"`
	ByName      string        `json:"by_name"`
}

// The days are written in one order, so that two who write at once never wait for each other in a ring.
const recordUsageSQL = `with told as (
	insert into control.usage_events
		(id, tenant_id, meter, subject_id, subject_name, period, kind, quantity, event_id, event_type, occurred_at, recorded_at, reason, by_id, by_name)
	select id, tenant_id, meter, subject_id, subject_name, period, kind, quantity, event_id, event_type, occurred_at, recorded_at, reason, by_id, by_name
	from jsonb_to_recordset(?::jsonb) as e (id uuid, tenant_id uuid, meter text, subject_id uuid, subject_name text, period date, kind text,
		quantity bigint, event_id uuid, event_type text, occurred_at timestamptz, recorded_at timestamptz, reason text, by_id uuid, by_name text)
	on conflict (tenant_id, meter, period, subject_id, kind) do nothing
	returning tenant_id, meter, (occurred_at at time zone 'UTC')::date as day, quantity
), summed as (
	insert into control.usage_days (tenant_id, meter, day, quantity, entries)
	select tenant_id, meter, day, sum(quantity), count(*) from told group by 1, 2, 3 order by 1, 2, 3
	on conflict (tenant_id, meter, day) do update
	set quantity = usage_days.quantity + excluded.quantity, entries = usage_days.entries + excluded.entries
) select count(*) from told`

// RecordUsage writes entries of the ledger and adds them to its days, in one statement; an entry whose subject has one of
// this kind on the meter in the period already is left out. written is how many were not.
func (s *Store) RecordUsage(ctx context.Context, entries ...billing.UsageEvent) (written int, err error) {
	if len(entries) == 0 {
		return 0, nil
	}
	rows := make([]usageRow, len(entries))
	for i, e := range entries {
		if e.Kind == "" {
			e.Kind = billing.KindCounted
		}
		rows[i] = usageRow{
			ID: e.ID, TenantID: e.TenantID, Meter: e.Meter, SubjectID: e.SubjectID, SubjectName: e.SubjectName, Period: dateOf(e.Period),
			Kind: e.Kind, Quantity: e.Quantity, EventID: e.EventID, EventType: e.EventType, OccurredAt: e.OccurredAt.UTC(), RecordedAt: e.RecordedAt.UTC(),
			Reason: e.Reason, ByID: e.ByID, ByName: e.ByName,
		}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return 0, fmt.Errorf("record usage: %w", err)
	}
	err = s.InControl(ctx, func(ctx context.Context) error {
		for _, e := range entries {
			if err := s.roomFor(ctx, billing.PeriodOf(e.Period).Start); err != nil {
				return err
			}
		}
		return fail(s.tx(ctx).Raw(recordUsageSQL, string(raw)).Scan(&written).Error, "record usage")
	})
	return written, err
}

// UsageTotals sums every meter of a tenant over a period; a meter without entries is not in it.
func (s *Store) UsageTotals(ctx context.Context, tenantID uid.ID, p billing.Period) (map[billing.Meter]int64, error) {
	var rows []struct {
		Meter billing.Meter
		Total int64
	}
	err := s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select meter, sum(quantity)::bigint as total from control.usage_days
			where tenant_id = ? and day >= ?::date and day < ?::date and entries <> 0 group by meter`, tenantID, dateOf(p.Start), dateOf(p.End())).Scan(&rows).Error, "usage totals")
	})
	totals := make(map[billing.Meter]int64, len(rows))
	for _, r := range rows {
		totals[r.Meter] = r.Total
	}
	return totals, err
}

// UsagePerDay sums a meter over the days of a period, in UTC; days without entries are left out.
func (s *Store) UsagePerDay(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period) ([]billing.DayCount, error) {
	all, err := s.UsageDays(ctx, tenantID, p)
	return all[m], err
}

// UsageDays is UsagePerDay for every meter.
func (s *Store) UsageDays(ctx context.Context, tenantID uid.ID, p billing.Period) (map[billing.Meter][]billing.DayCount, error) {
	var rows []struct {
		Meter billing.Meter
		billing.DayCount
	}
	err := s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select meter, extract(day from day)::int as day, quantity as count from control.usage_days
			where tenant_id = ? and day >= ?::date and day < ?::date and entries <> 0 order by usage_days.day`, tenantID, dateOf(p.Start), dateOf(p.End())).Scan(&rows).Error, "usage per day")
	})
	days := map[billing.Meter][]billing.DayCount{}
	for _, r := range rows {
		days[r.Meter] = append(days[r.Meter], r.DayCount)
	}
	return days, err
}

// UsageMonths sums a meter over months, the newest first, from a period backwards; months without entries are left out.
func (s *Store) UsageMonths(ctx context.Context, tenantID uid.ID, m billing.Meter, until billing.Period, limit int) (out []billing.MonthTotal, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select date_trunc('month', day::timestamp) as month, sum(quantity)::bigint as total from control.usage_days
			where tenant_id = ? and meter = ? and day < ?::date and entries <> 0 group by 1 order by 1 desc limit ?`,
			tenantID, m, dateOf(until.End()), limit).Scan(&out).Error, "usage per month")
	})
	return out, err
}

// UsageRows lists a period's entries in the order in which they happened.
func (s *Store) UsageRows(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period, r page.Request) (out page.Of[billing.UsageEvent], err error) {
	limit := r.Bounded()
	err = s.InControl(ctx, func(ctx context.Context) error {
		q := s.tx(ctx).Table(usageEvents).Where("tenant_id = ? and meter = ? and period = ?::date", tenantID, m, dateOf(p.Start))
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

// UsageOf lists what is kept of a subject on a meter in a period: at most one entry of each kind.
func (s *Store) UsageOf(ctx context.Context, tenantID uid.ID, m billing.Meter, p billing.Period, subject uid.ID) (out []billing.UsageEvent, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table(usageEvents).Where("tenant_id = ? and meter = ? and period = ?::date and subject_id = ?", tenantID, m, dateOf(p.Start), subject).
			Order("recorded_at, id").Find(&out).Error, "usage of a subject")
	})
	return out, err
}

// LastUsage is a meter's newest entry since a moment; billing.ErrUsageNotFound when there is none.
func (s *Store) LastUsage(ctx context.Context, tenantID uid.ID, m billing.Meter, since time.Time) (e billing.UsageEvent, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return notFound(s.tx(ctx).Table(usageEvents).Where("tenant_id = ? and meter = ? and period >= ?::date and occurred_at >= ?", tenantID, m, dateOf(billing.PeriodOf(since).Start), since).
			Order("occurred_at desc").Take(&e).Error, billing.ErrUsageNotFound, "last usage")
	})
	return e, err
}

// UsageEventOf finds an entry of a tenant; billing.ErrUsageNotFound when it is not there, or another tenant's.
func (s *Store) UsageEventOf(ctx context.Context, tenantID, id uid.ID) (e billing.UsageEvent, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return notFound(s.tx(ctx).Table(usageEvents).Where("tenant_id = ? and id = ?", tenantID, id).Take(&e).Error, billing.ErrUsageNotFound, "find usage")
	})
	return e, err
}

// FirstEventOf gives the earliest event that is sought about the enrolments of a person of the running tenant;
// event.ErrNotFound. A person has few enrolments and each few events of the period, all found by index.
func (s *Store) FirstEventOf(ctx context.Context, q billing.Sought) (event.Event, error) {
	var row eventRow
	find := s.tx(ctx).Table("events").
		Where("subject_type = 'enrolment' and subject_id in (?)", s.tx(ctx).Table(rounds(ctx)).Select("id").Where("person_id = ?", q.Person)).
		Where("type in ? and at >= ? and at < ?", q.Types, q.From, q.Before)
	if q.Own {
		find = find.Where("actor_id = ? and actor_kind in ?", q.Person, billing.OwnActors())
	}
	if err := find.Order("at, id").Limit(1).Take(&row).Error; err != nil {
		return event.Event{}, notFound(err, event.ErrNotFound, "first event of person %s", q.Person)
	}
	return plainEvents([]eventRow{row})[0], nil
}
