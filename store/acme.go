package store

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"gorm.io/gorm"

	"lyceum/internal/acme"
	"lyceum/internal/uid"
)

const (
	acmeValues    = "control.acme_values"
	acmeListedMax = 100_000
	ordersKept    = 24 * time.Hour
)

// PutACME keeps a value under a name.
func (s *Store) PutACME(ctx context.Context, name string, value []byte, at time.Time) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec(`insert into control.acme_values (name, value, changed_at) values (?, ?, ?)
			on conflict (name) do update set value = excluded.value, changed_at = excluded.changed_at`, name, value, at).Error, "keep %s", name)
	})
}

// ACME gives a value; fs.ErrNotExist.
func (s *Store) ACME(ctx context.Context, name string) (v acme.Value, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		err := s.tx(ctx).Table(acmeValues).Select("name, value, changed_at").Where("name = ?", name).Take(&v).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fs.ErrNotExist
		}
		return fail(err, "read %s", name)
	})
	return v, err
}

// DeleteACME removes a value and all below it.
func (s *Store) DeleteACME(ctx context.Context, name string) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec(`delete from control.acme_values where name = ? or starts_with(name, ?)`, name, name+"/").Error, "remove %s", name)
	})
}

// ACMEBelow lists the names below one.
func (s *Store) ACMEBelow(ctx context.Context, name string) (names []string, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table(acmeValues).Where("starts_with(name, ?)", name).Order("name").Limit(acmeListedMax).Pluck("name", &names).Error, "list below %s", name)
	})
	return names, err
}

// LockACME takes a lock for a holder, or keeps it for one who has it, until a time; ok is false while another holds it.
func (s *Store) LockACME(ctx context.Context, name string, holder uid.ID, now, until time.Time) (ok bool, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		res := s.tx(ctx).Exec(`insert into control.acme_locks as l (name, holder, ends_at) values (?, ?, ?)
			on conflict (name) do update set holder = excluded.holder, ends_at = excluded.ends_at where l.holder = excluded.holder or l.ends_at < ?`, name, holder, until, now)
		ok = res.RowsAffected == 1
		return fail(res.Error, "lock %s", name)
	})
	return ok, err
}

// UnlockACME gives a lock free, where that holder has it.
func (s *Store) UnlockACME(ctx context.Context, name string, holder uid.ID) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec("delete from control.acme_locks where name = ? and holder = ?", name, holder).Error, "unlock %s", name)
	})
}

// OrderACME notes an order for a host of a tenant (uid.Nil: of the platform) unless as many were made since a time as are allowed:
// for that tenant, and in total. Only one orders at a time.
func (s *Store) OrderACME(ctx context.Context, host string, tenantID uid.ID, at, since time.Time, each, total int) (ok bool, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		tx := s.tx(ctx)
		if err := tx.Exec("lock table control.acme_orders in share row exclusive mode").Error; err != nil {
			return fail(err, "hold the orders")
		}
		var n struct{ Mine, All int }
		if err := tx.Raw("select count(*) filter (where tenant_id = ?) as mine, count(*) as \"all\" from control.acme_orders where at > ?", tenantID, since).Scan(&n).Error; err != nil {
			return fail(err, "count orders")
		}
		if ok = n.Mine < each && n.All < total; !ok {
			return nil
		}
		if err := tx.Exec("delete from control.acme_orders where at < ?", at.Add(-ordersKept)).Error; err != nil {
			return fail(err, "forget old orders")
		}
		return fail(tx.Exec("insert into control.acme_orders (id, host, tenant_id, at) values (?, ?, ?, ?)", uid.New(), host, tenantID, at).Error, "note an order")
	})
	return ok, err
}

// DropCertificates forgets certificate and key of a host, of whoever issued them.
func (s *Store) DropCertificates(ctx context.Context, host string) error {
	return fail(s.tx(ctx).Exec("delete from control.acme_values where starts_with(name, 'certificates/') and split_part(name, '/', 3) = ?", host).Error, "forget the certificate of %s", host)
}
