package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"lyceum/internal/uid"
	"lyceum/tenant/status"
)

const (
	addPortalStatus = `insert into control.status_counts (tenant_id, part, slot, good, bad, worst_ms)
		select t.id, c.part, c.slot, c.good, c.bad, c.worst from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::bigint[]) with ordinality c (tenant, part, slot, good, bad, worst, n)
		join control.tenants t on t.id = c.tenant order by c.n
		on conflict on constraint status_counts_pk do update set good = status_counts.good + excluded.good, bad = status_counts.bad + excluded.bad, worst_ms = greatest(status_counts.worst_ms, excluded.worst_ms)`
	addPlatformStatus = `insert into control.platform_status_counts (part, slot, good, bad, worst_ms)
		select part, slot, good, bad, worst from unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::bigint[]) with ordinality c (part, slot, good, bad, worst, n) order by n
		on conflict on constraint platform_status_counts_pk do update set good = platform_status_counts.good + excluded.good, bad = platform_status_counts.bad + excluded.bad, worst_ms = greatest(platform_status_counts.worst_ms, excluded.worst_ms)`
)

// AddStatus adds counts to those that are kept; see status.Adder.
func (s *Store) AddStatus(ctx context.Context, portals, platform []status.Count) error {
	columns := func(list []status.Count) (of []uid.ID, part []string, slot []time.Time, good, bad, worst []int64) {
		for _, c := range list {
			of, part, slot = append(of, c.TenantID), append(part, string(c.Part)), append(slot, c.Slot)
			good, bad, worst = append(good, c.Good), append(bad, c.Bad), append(worst, c.WorstMS)
		}
		return of, part, slot, good, bad, worst
	}
	_, part, slot, good, bad, worst := columns(platform)
	if _, err := Pgx(ctx).Exec(ctx, addPlatformStatus, part, slot, good, bad, worst); err != nil {
		return fail(err, "count for the platform")
	}
	of, part, slot, good, bad, worst := columns(portals)
	_, err := Pgx(ctx).Exec(ctx, addPortalStatus, of, part, slot, good, bad, worst)
	return fail(err, "count for portals")
}

// StatusCounts are those of a portal (uid.Nil: of the platform) from a moment on.
func (s *Store) StatusCounts(ctx context.Context, tenantID uid.ID, since time.Time) (list []status.Count, err error) {
	if tenantID == uid.Nil {
		err = s.tx(ctx).Raw("select part, slot, good, bad, worst_ms from control.platform_status_counts where slot >= ? order by part, slot", since).Scan(&list).Error
	} else {
		err = s.tx(ctx).Raw("select tenant_id, part, slot, good, bad, worst_ms from control.status_counts where tenant_id = ? and slot >= ? order by part, slot", tenantID, since).Scan(&list).Error
	}
	return list, fail(err, "counts of status")
}

const (
	oldestOfAny    = "select min(scheduled_at) from river.river_job where state = 'available'"
	oldestOfTenant = "select min(scheduled_at) from river.river_job where state = 'available' and kind = 'consequence' and args->>'tenant' = $1"
)

// OldestJob is since when the oldest job waits whose time has come, of a portal or (uid.Nil) of any; zero: none waits, as where
// no worker ever ran.
func (s *Store) OldestJob(ctx context.Context, tenantID uid.ID) (at time.Time, err error) {
	var oldest *time.Time
	err = pgx.BeginFunc(ctx, Pgx(ctx), func(tx pgx.Tx) error { // a savepoint
		if tenantID == uid.Nil {
			return tx.QueryRow(ctx, oldestOfAny).Scan(&oldest)
		}
		return tx.QueryRow(ctx, oldestOfTenant, tenantID.String()).Scan(&oldest)
	})
	if lacking(err) {
		return at, nil
	}
	if oldest != nil {
		at = *oldest
	}
	return at, fail(err, "the oldest job")
}

// PruneStatus drops counts from before two moments.
func (s *Store) PruneStatus(ctx context.Context, portals, platform time.Time) error {
	if err := s.tx(ctx).Exec("delete from control.status_counts where slot < ?", portals).Error; err != nil {
		return fail(err, "drop old counts of portals")
	}
	return fail(s.tx(ctx).Exec("delete from control.platform_status_counts where slot < ?", platform).Error, "drop old counts of the platform")
}
