package store

import (
	"context"

	"lyceum/internal/uid"
	"lyceum/tenant/flag"
)

// FlagSettings lists the shares that were set.
func (s *Store) FlagSettings(ctx context.Context) (list []flag.Setting, err error) {
	return list, fail(s.tx(ctx).Order("name").Limit(1000).Find(&list).Error, "list flags")
}

// FlagOverrides lists the portals for which a flag is on or off by itself, the newest first.
func (s *Store) FlagOverrides(ctx context.Context) (list []flag.Override, err error) {
	return list, fail(s.tx(ctx).Order("name, changed_at desc, tenant_id").Limit(20_000).Find(&list).Error, "list flags of tenants")
}

// SaveFlag writes a share over the revision before; flag.ErrChanged when that one is gone.
func (s *Store) SaveFlag(ctx context.Context, v flag.Setting) error {
	return s.changeOne(ctx, flag.ErrChanged, "set a flag",
		`insert into control.flags as f (name, percent, revision, by_name, changed_at) select ?, ?, ?, ?, ? where ? = 1 or exists (select from control.flags where name = ?)
		on conflict on constraint flags_pk do update set percent = excluded.percent, revision = excluded.revision, by_name = excluded.by_name, changed_at = excluded.changed_at where f.revision = excluded.revision - 1`,
		v.Name, v.Percent, v.Revision, v.ByName, v.ChangedAt, v.Revision, v.Name)
}

// SaveFlagOverride writes an override over the one that stood there.
func (s *Store) SaveFlagOverride(ctx context.Context, o flag.Override) error {
	return fail(s.tx(ctx).Exec(`insert into control.flag_overrides (name, tenant_id, is_on, by_name, changed_at) values (?, ?, ?, ?, ?)
		on conflict on constraint flag_overrides_pk do update set is_on = excluded.is_on, by_name = excluded.by_name, changed_at = excluded.changed_at`,
		o.Name, o.TenantID, o.IsOn, o.ByName, o.ChangedAt).Error, "set a flag of a tenant")
}

// RemoveFlagOverride takes an override away.
func (s *Store) RemoveFlagOverride(ctx context.Context, name string, tenantID uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from control.flag_overrides where name = ? and tenant_id = ?", name, tenantID).Error, "release a flag of a tenant")
}
