package store

import (
	"context"

	"lyceum/billing/offer"
	"lyceum/billing/subscription"
	"lyceum/internal/uid"
)

// SubscribersOf counts, for each version, the organizations that are on it and not erased.
func (s *Store) SubscribersOf(ctx context.Context, versions []uid.ID) (map[uid.ID]int, error) {
	out := map[uid.ID]int{}
	if len(versions) == 0 {
		return out, nil
	}
	var rows []struct {
		VersionID uid.ID
		Count     int
	}
	err := s.tx(ctx).Raw("select version_id, count(*)::int as count from control.subscriptions where version_id in ? and state <> 'erased' group by version_id", versions).Scan(&rows).Error
	for _, r := range rows {
		out[r.VersionID] = r.Count
	}
	return out, fail(err, "count subscribers")
}

// SubscriptionsOn walks over those on a version that are not erased, by tenant, n at a time.
func (s *Store) SubscriptionsOn(ctx context.Context, version, after uid.ID, n int) (list []subscription.Subscription, err error) {
	return list, fail(s.tx(ctx).Where("version_id = ? and state <> 'erased' and tenant_id > ?", version, after).Order("tenant_id").Limit(n).Find(&list).Error, "list subscribers")
}

// InsertMigration notes the wish to move those on a version; offer.ErrMigrating when one runs.
func (s *Store) InsertMigration(ctx context.Context, m offer.Migration) error {
	return fail(s.tx(ctx).Create(&m).Error, "start a migration of subscriptions")
}

// SaveMigration writes how far one is; offer.ErrChanged when it is finished or stopped.
func (s *Store) SaveMigration(ctx context.Context, m offer.Migration) error {
	res := s.tx(ctx).Model(&offer.Migration{}).Where("id = ? and finished_at is null", m.ID).Select("after", "moved", "refused", "finished_at").Updates(&m)
	if res.Error == nil && res.RowsAffected == 0 {
		return offer.ErrChanged
	}
	return fail(res.Error, "note a migration of subscriptions")
}

// MigrationsFrom lists the newest away from a version.
func (s *Store) MigrationsFrom(ctx context.Context, version uid.ID, n int) (list []offer.Migration, err error) {
	return list, fail(s.tx(ctx).Where("from_version = ?", version).Order("id desc").Limit(n).Find(&list).Error, "list migrations of subscriptions")
}

// RunningMigrations lists those that are not finished, the oldest first.
func (s *Store) RunningMigrations(ctx context.Context) (list []offer.Migration, err error) {
	return list, fail(s.tx(ctx).Where("finished_at is null").Order("id").Limit(100).Find(&list).Error, "list migrations of subscriptions")
}
