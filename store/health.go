package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant/health"
)

// JobBacklogs gives the jobs that are not done, by tenant. Before the jobs' tables are made there are none.
func (s *Store) JobBacklogs(ctx context.Context) (map[uid.ID]health.Backlog, error) {
	out := map[uid.ID]health.Backlog{}
	err := s.InControl(ctx, func(ctx context.Context) error {
		var there bool
		if err := s.tx(ctx).Raw("select to_regclass('river.river_job') is not null").Scan(&there).Error; err != nil || !there {
			return err
		}
		var rows []struct {
			Tenant           string
			Waiting, Failing int
			Oldest           time.Time
		}
		err := s.tx(ctx).Raw(`select args->>'tenant' as tenant, count(*)::int as waiting, count(*) filter (where state = 'retryable')::int as failing, min(created_at) as oldest
			from river.river_job where kind = 'consequence' and state in ('available', 'retryable', 'running', 'scheduled') group by 1`).Scan(&rows).Error
		for _, r := range rows {
			if id, ok := uid.Parse(r.Tenant); ok {
				out[id] = health.Backlog{Waiting: r.Waiting, Failing: r.Failing, Oldest: r.Oldest}
			}
		}
		return err
	})
	return out, fail(err, "jobs that wait, by tenant")
}

// FailureTallies counts what failed since a moment, by tenant.
func (s *Store) FailureTallies(ctx context.Context, since time.Time) (map[uid.ID]health.Tally, error) {
	out := map[uid.ID]health.Tally{}
	err := s.InControl(ctx, func(ctx context.Context) error {
		var rows []struct {
			TenantID        uid.ID
			Requests, Mails int
			Last            time.Time
		}
		err := s.tx(ctx).Raw(`select tenant_id, coalesce(sum(count) filter (where kind = 'request' and last_at > @since), 0)::int as requests,
			coalesce(sum(count) filter (where kind = 'mail' and last_at > @since), 0)::int as mails, max(last_at) as last
			from control.tenant_errors group by tenant_id`, map[string]any{"since": since}).Scan(&rows).Error
		for _, r := range rows {
			out[r.TenantID] = health.Tally{Requests: r.Requests, Mails: r.Mails, Last: r.Last}
		}
		return err
	})
	return out, fail(err, "failures by tenant")
}

// ActiveLearners gives how many counted since a day, by tenant.
func (s *Store) ActiveLearners(ctx context.Context, since time.Time) (map[uid.ID]int64, error) {
	out := map[uid.ID]int64{}
	err := s.InControl(ctx, func(ctx context.Context) error {
		var rows []struct {
			TenantID uid.ID
			Learners int64
		}
		err := s.tx(ctx).Raw("select tenant_id, sum(quantity)::bigint as learners from control.usage_days where meter = 'active_learner' and day >= ? group by tenant_id", since).Scan(&rows).Error
		for _, r := range rows {
			out[r.TenantID] = r.Learners
		}
		return err
	})
	return out, fail(err, "active learners by tenant")
}

// HealthInside reads what only the running tenant's schema knows: sign-on since a moment, what waits in the outbox, the owners.
func (s *Store) HealthInside(ctx context.Context, since time.Time) (in health.Inside, err error) {
	err = s.tx(ctx).Raw(`select (select event_id from outbox order by event_id limit 1) as oldest_event,
		(select count(*) from sign_on_attempts where id > @floor and outcome = 'admitted')::int as sign_ons,
		(select count(*) from sign_on_attempts where id > @floor and outcome = 'refused')::int as sign_ons_refused,
		(select coalesce(string_agg(distinct p.email, ' '), '') from people p join person_roles r on r.person_id = p.id where r.role = 'owner' and p.status = 'active') as owners`,
		map[string]any{"floor": uid.Floor(since)}).Scan(&in).Error
	return in, fail(err, "look at a tenant's health")
}

// SaveHealth keeps how tenants do; those that went meanwhile are passed over.
func (s *Store) SaveHealth(ctx context.Context, list []health.Health) error {
	if len(list) == 0 {
		return nil
	}
	rows := make([]map[string]any, len(list))
	for i, h := range list {
		reasons := h.Reasons
		if reasons == nil {
			reasons = []health.Reason{}
		}
		rows[i] = map[string]any{
			"tenant_id": h.TenantID, "verdict": h.Verdict, "reasons": reasons, "active_learners": h.ActiveLearners, "job_lag": h.JobLag, "jobs_waiting": h.JobsWaiting,
			"jobs_failing": h.JobsFailing, "event_lag": h.EventLag, "mails_failed": h.MailsFailed, "requests_failed": h.RequestsFailed, "sign_ons": h.SignOns,
			"sign_ons_refused": h.SignOnsRefused, "storage_used": h.StorageUsed, "storage_limit": h.StorageLimit, "owners": h.Owners, "last_error_at": h.LastErrorAt, "checked_at": h.CheckedAt,
		}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec(`insert into control.tenant_health as h (tenant_id, verdict, reasons, active_learners, job_lag, jobs_waiting, jobs_failing, event_lag, mails_failed,
				requests_failed, sign_ons, sign_ons_refused, storage_used, storage_limit, owners, last_error_at, checked_at)
			select r.tenant_id, r.verdict, r.reasons, r.active_learners, r.job_lag, r.jobs_waiting, r.jobs_failing, r.event_lag, r.mails_failed,
				r.requests_failed, r.sign_ons, r.sign_ons_refused, r.storage_used, r.storage_limit, r.owners, r.last_error_at, r.checked_at
			from jsonb_to_recordset(?::jsonb) as r(tenant_id uuid, verdict text, reasons jsonb, active_learners bigint, job_lag integer, jobs_waiting integer, jobs_failing integer,
				event_lag integer, mails_failed integer, requests_failed integer, sign_ons integer, sign_ons_refused integer, storage_used bigint, storage_limit bigint, owners text,
				last_error_at timestamptz, checked_at timestamptz)
			join control.tenants t on t.id = r.tenant_id
			on conflict (tenant_id) do update set verdict = excluded.verdict, reasons = excluded.reasons, active_learners = excluded.active_learners, job_lag = excluded.job_lag,
				jobs_waiting = excluded.jobs_waiting, jobs_failing = excluded.jobs_failing, event_lag = excluded.event_lag, mails_failed = excluded.mails_failed,
				requests_failed = excluded.requests_failed, sign_ons = excluded.sign_ons, sign_ons_refused = excluded.sign_ons_refused, storage_used = excluded.storage_used,
				storage_limit = excluded.storage_limit, owners = excluded.owners, last_error_at = excluded.last_error_at, checked_at = excluded.checked_at
			where h.checked_at <= excluded.checked_at`, string(raw)).Error, "keep the health of %d tenants", len(list))
	})
}

// AddFailures adds to what failed; tenants that went meanwhile are passed over.
func (s *Store) AddFailures(ctx context.Context, list []health.Failure) error {
	rows := make([]map[string]any, len(list))
	for i, f := range list {
		rows[i] = map[string]any{"tenant_id": f.TenantID, "kind": f.Kind, "what": f.What, "class": f.Class, "hour": f.Hour, "count": f.Count, "last_at": f.LastAt, "request_id": f.RequestID}
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("failures: %w", err)
	}
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec(`insert into control.tenant_errors as e (tenant_id, kind, what, class, hour, count, last_at, request_id)
			select r.tenant_id, r.kind, r.what, r.class, r.hour, r.count, r.last_at, r.request_id
			from jsonb_to_recordset(?::jsonb) as r(tenant_id uuid, kind text, what text, class text, hour timestamptz, count integer, last_at timestamptz, request_id text)
			join control.tenants t on t.id = r.tenant_id order by r.tenant_id, r.kind, r.what, r.class, r.hour
			on conflict (tenant_id, kind, what, class, hour) do update set count = e.count + excluded.count, last_at = greatest(e.last_at, excluded.last_at),
				request_id = case when excluded.last_at >= e.last_at then excluded.request_id else e.request_id end`, string(raw)).Error, "note %d failures", len(list))
	})
}

// SweepFailures forgets what failed before a moment.
func (s *Store) SweepFailures(ctx context.Context, before time.Time) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec("delete from control.tenant_errors where hour < ?", before).Error, "forget old failures")
	})
}

// FailuresOf lists what failed at a tenant, the newest first.
func (s *Store) FailuresOf(ctx context.Context, tenantID uid.ID, n int) (list []health.Failure, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table("control.tenant_errors").Where("tenant_id = ?", tenantID).Order("last_at desc, kind, what, class").Limit(n).Find(&list).Error, "failures of a tenant")
	})
	return list, err
}

// HealthOf gives how a tenant did when it was looked at, nil when it was not.
func (s *Store) HealthOf(ctx context.Context, tenantID uid.ID) (*health.Health, error) {
	var rows []health.Health
	err := s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table("control.tenant_health").Where("tenant_id = ?", tenantID).Limit(1).Find(&rows).Error, "health of a tenant")
	})
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// PlansInUse lists the plans that tenants have, by name.
func (s *Store) PlansInUse(ctx context.Context) (list []health.Plan, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw(`select code, name from control.plans p where exists (select from control.plan_versions v join control.subscriptions s on s.version_id = v.id where v.plan_id = p.id)
			order by name, code limit 200`).Scan(&list).Error, "plans in use")
	})
	return list, err
}

// rowOrder is one way of ordering the list of tenants: what it orders by, what comes behind a cursor, and what goes into one.
type rowOrder struct {
	by, after string
	check     func(string) (any, bool)
	key       func(listedTenant) string
}

func cursorTime(v string) (any, bool) {
	at, err := time.Parse(time.RFC3339Nano, v)
	return at, err == nil
}

func cursorNumber(v string) (any, bool) {
	n, err := strconv.ParseInt(v, 10, 64)
	return n, err == nil
}

var rowOrders = map[health.Sort]rowOrder{
	health.ByName: {
		by: "lower(t.name), t.id", after: "(lower(t.name), t.id) > (?, ?)",
		check: func(v string) (any, bool) { return v, !strings.ContainsRune(v, 0) }, key: func(r listedTenant) string { return r.SortName },
	},
	health.ByCreated: {
		by: "t.created_at desc, t.id desc", after: "(t.created_at, t.id) < (?, ?)",
		check: cursorTime, key: func(r listedTenant) string { return r.CreatedAt.Format(time.RFC3339Nano) },
	},
	health.ByUsage: {
		by: "coalesce(h.active_learners, 0) desc, t.id desc", after: "(coalesce(h.active_learners, 0), t.id) < (?, ?)",
		check: cursorNumber, key: func(r listedTenant) string { return strconv.FormatInt(r.ActiveLearners, 10) },
	},
	health.ByLag: {
		by: "coalesce(h.job_lag, 0) desc, t.id desc", after: "(coalesce(h.job_lag, 0), t.id) < (?, ?)",
		check: cursorNumber, key: func(r listedTenant) string { return strconv.Itoa(r.JobLag) },
	},
	health.ByError: {
		by: "coalesce(h.last_error_at, 'epoch') desc, t.id desc", after: "(coalesce(h.last_error_at, 'epoch'), t.id) < (?, ?)",
		check: cursorTime, key: func(r listedTenant) string {
			if r.LastErrorAt == nil {
				return time.Unix(0, 0).UTC().Format(time.RFC3339Nano)
			}
			return r.LastErrorAt.Format(time.RFC3339Nano)
		},
	},
}

const rowColumns = `t.id, t.slug, t.name, lower(t.name) as sort_name, t.status, coalesce(t.life, '') as life, t.schema_version, t.contact_email, t.created_at, coalesce(p.code, '') as plan_code, coalesce(p.name, '') as plan_name,
	case when t.status = 'active' then coalesce(h.verdict, '') else '' end as verdict, coalesce(h.active_learners, 0) as active_learners, coalesce(h.job_lag, 0) as job_lag, h.last_error_at`

// listedTenant is a row with its name as PostgreSQL orders it.
type listedTenant struct {
	health.Row
	SortName string
}

// TenantRows lists tenants as operators see them.
func (s *Store) TenantRows(ctx context.Context, f health.Filter) (out page.Of[health.Row], err error) {
	order, ok := rowOrders[f.Sort]
	if !ok {
		order = rowOrders[health.ByName]
	}
	limit := f.Page.Bounded()
	err = s.InControl(ctx, func(ctx context.Context) error {
		q := s.tx(ctx).Table("control.tenants t").Select(rowColumns).
			Joins("left join control.tenant_health h on h.tenant_id = t.id").
			Joins("left join control.subscriptions s on s.tenant_id = t.id").
			Joins("left join control.plan_versions v on v.id = s.version_id").
			Joins("left join control.plans p on p.id = v.plan_id")
		if f.Page.After != "" {
			after, err := page.Parts(f.Page.After, 2)
			if err != nil {
				return err
			}
			id, ok := uid.Parse(after[1])
			value, fits := order.check(after[0])
			if !ok || !fits {
				return page.ErrCursor
			}
			q = q.Where(order.after, value, id)
		}
		var rows []listedTenant
		if err := narrowedRows(q, f).Order(order.by).Limit(limit + 1).Find(&rows).Error; err != nil {
			return fail(err, "list tenants")
		}
		piece := page.Cut(rows, limit, func(r listedTenant) []string {
			return []string{order.key(r), r.ID.String()}
		})
		out.Next = piece.Next
		for _, r := range piece.Items {
			out.Items = append(out.Items, r.Row)
		}
		return nil
	})
	return out, err
}

func narrowedRows(q *gorm.DB, f health.Filter) *gorm.DB {
	if f.Query != "" {
		q = q.Where(`t.name ilike @like or t.contact_email ilike @like or h.owners ilike @like or t.id in (select tenant_id from control.slugs where slug ilike @like)
			or t.slug ilike @like or t.id in (select tenant_id from control.domains where host ilike @like)`, map[string]any{"like": "%" + escapeLike(f.Query) + "%"})
	}
	if f.State != "" {
		q = q.Where("t.life = ?", f.State)
	}
	if f.Plan != "" {
		q = q.Where("p.code = ?", f.Plan)
	}
	if f.Verdict != "" {
		q = q.Where("t.status = 'active' and h.verdict = ?", f.Verdict)
	}
	if f.Behind > 0 {
		q = q.Where("t.schema_version < ? and t.status <> 'deleting'", f.Behind)
	}
	return q
}
