package store

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant/broadcast"
)

// Banners lists them, the last to end first; with a moment only those that are not over then.
func (s *Store) Banners(ctx context.Context, notOver time.Time, n int) (list []broadcast.Banner, err error) {
	q := s.tx(ctx).Order("until_at desc, id desc").Limit(n)
	if !notOver.IsZero() {
		q = q.Where("until_at > ? and ended_at is null", notOver)
	}
	return list, fail(q.Find(&list).Error, "list banners")
}

// Windows lists windows of maintenance, as Banners.
func (s *Store) Windows(ctx context.Context, notOver time.Time, n int) (list []broadcast.Window, err error) {
	q := s.tx(ctx).Order("until_at desc, id desc").Limit(n)
	if !notOver.IsZero() {
		q = q.Where("until_at > ? and ended_at is null", notOver)
	}
	return list, fail(q.Find(&list).Error, "list windows of maintenance")
}

// BannerByID finds a banner; broadcast.ErrNotFound.
func (s *Store) BannerByID(ctx context.Context, id uid.ID) (b broadcast.Banner, err error) {
	return b, notFound(s.tx(ctx).Where("id = ?", id).Take(&b).Error, broadcast.ErrNotFound, "find banner %s", id)
}

// WindowByID finds a window of maintenance; broadcast.ErrNotFound.
func (s *Store) WindowByID(ctx context.Context, id uid.ID) (w broadcast.Window, err error) {
	return w, notFound(s.tx(ctx).Where("id = ?", id).Take(&w).Error, broadcast.ErrNotFound, "find window %s", id)
}

// InsertBanner adds a banner.
func (s *Store) InsertBanner(ctx context.Context, b broadcast.Banner) error {
	return fail(s.tx(ctx).Create(&b).Error, "add a banner")
}

// InsertWindow adds a window of maintenance.
func (s *Store) InsertWindow(ctx context.Context, w broadcast.Window) error {
	return fail(s.tx(ctx).Create(&w).Error, "add a window of maintenance")
}

// SaveBanner writes over the revision before; broadcast.ErrChanged when that one is gone.
func (s *Store) SaveBanner(ctx context.Context, b broadcast.Banner) error {
	res := s.tx(ctx).Model(&broadcast.Banner{}).Where("id = ? and revision = ?", b.ID, b.Revision-1).Select("*").Omit("id", "created_at", "by_name").UpdateColumns(&b)
	if res.Error == nil && res.RowsAffected == 0 {
		return broadcast.ErrChanged
	}
	return fail(res.Error, "save banner %s", b.ID)
}

// SaveWindow writes over the revision before; broadcast.ErrChanged when that one is gone.
func (s *Store) SaveWindow(ctx context.Context, w broadcast.Window) error {
	res := s.tx(ctx).Model(&broadcast.Window{}).Where("id = ? and revision = ?", w.ID, w.Revision-1).Select("*").Omit("id", "created_at", "by_name").UpdateColumns(&w)
	if res.Error == nil && res.RowsAffected == 0 {
		return broadcast.ErrChanged
	}
	return fail(res.Error, "save window %s", w.ID)
}

// PlanOfTenants gives the code of each tenant's plan.
func (s *Store) PlanOfTenants(ctx context.Context) (map[uid.ID]string, error) {
	var rows []struct {
		TenantID uid.ID
		Code     string
	}
	err := s.tx(ctx).Raw(`select s.tenant_id, p.code from control.subscriptions s join control.plan_versions v on v.id = s.version_id join control.plans p on p.id = v.plan_id`).Scan(&rows).Error
	out := make(map[uid.ID]string, len(rows))
	for _, r := range rows {
		out[r.TenantID] = r.Code
	}
	return out, fail(err, "the plans of tenants")
}

type idAndSlug struct {
	ID   uid.ID
	Slug string
}

// TenantsBySlug gives the ids of these slugs, as far as they are there.
func (s *Store) TenantsBySlug(ctx context.Context, slugs []string) (map[string]uid.ID, error) {
	out := make(map[string]uid.ID, len(slugs))
	if len(slugs) == 0 {
		return out, nil
	}
	var rows []idAndSlug
	err := s.tx(ctx).Raw("select id, slug from control.tenants where slug in ? and status <> 'deleting'", slugs).Scan(&rows).Error
	for _, r := range rows {
		out[r.Slug] = r.ID
	}
	return out, fail(err, "find tenants by their slugs")
}

// TenantSlugs gives the slugs of these tenants, as far as they are there.
func (s *Store) TenantSlugs(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error) {
	out := make(map[uid.ID]string, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []idAndSlug
	err := s.tx(ctx).Raw("select id, slug from control.tenants where id in ?", ids).Scan(&rows).Error
	for _, r := range rows {
		out[r.ID] = r.Slug
	}
	return out, fail(err, "find the slugs of tenants")
}

// Dismissed lists the banners that a person has put away.
func (s *Store) Dismissed(ctx context.Context, tenantID, person uid.ID) (ids []uid.ID, err error) {
	return ids, fail(s.tx(ctx).Raw("select banner_id from control.banner_dismissals where tenant_id = ? and person_id = ? order by at desc limit 1000", tenantID, person).Scan(&ids).Error, "banners put away")
}

// Dismiss notes that a person has put a banner away.
func (s *Store) Dismiss(ctx context.Context, banner, tenantID, person uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("insert into control.banner_dismissals (banner_id, tenant_id, person_id, at) values (?, ?, ?, ?) on conflict do nothing", banner, tenantID, person, at).Error, "put a banner away")
}

// UntoldWindows lists windows that are announced and tell owners, but have not told all.
func (s *Store) UntoldWindows(ctx context.Context, now time.Time) (list []broadcast.Window, err error) {
	err = s.tx(ctx).Where("tells_owners and told_at is null and ended_at is null and announce_at <= ? and until_at > ?", now, now).Order("from_at, id").Limit(100).Find(&list).Error
	return list, fail(err, "windows to tell of")
}

// TellPortal notes that a portal is being told of a window, and gives the number of the event for it.
func (s *Store) TellPortal(ctx context.Context, window, tenantID, event uid.ID) (id uid.ID, told bool, err error) {
	err = s.tx(ctx).Exec("insert into control.maintenance_told (window_id, tenant_id, event_id) values (?, ?, ?) on conflict do nothing", window, tenantID, event).Error
	if err != nil {
		return id, false, fail(err, "tell a portal of maintenance")
	}
	var row struct {
		EventID uid.ID
		ToldAt  *time.Time
	}
	err = s.tx(ctx).Raw("select event_id, told_at from control.maintenance_told where window_id = ? and tenant_id = ?", window, tenantID).Scan(&row).Error
	return row.EventID, row.ToldAt != nil, fail(err, "tell a portal of maintenance")
}

// PortalTold notes that a portal was told of a window.
func (s *Store) PortalTold(ctx context.Context, window, tenantID uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update control.maintenance_told set told_at = ? where window_id = ? and tenant_id = ?", at, window, tenantID).Error, "note that a portal was told")
}

// WindowTold notes that all portals were told of a window.
func (s *Store) WindowTold(ctx context.Context, window uid.ID, at time.Time) error {
	return fail(s.tx(ctx).Exec("update control.maintenance_windows set told_at = ? where id = ?", at, window).Error, "note that a window was told")
}
