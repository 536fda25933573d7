package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

const tenants = "control.tenants"

// TenantBySlug finds a tenant by the subdomain that it has or once had; tenant.ErrNotFound when there is none.
func (s *Store) TenantBySlug(ctx context.Context, slug string) (tenant.Tenant, error) {
	return s.oneTenant(ctx, tenantBySlug, slug)
}

// TenantByID finds a tenant; tenant.ErrNotFound when there is none.
func (s *Store) TenantByID(ctx context.Context, id uid.ID) (tenant.Tenant, error) {
	return s.oneTenant(ctx, tenantByID, id)
}

// TenantByDomain finds a tenant by a custom domain; tenant.ErrNotFound when there is none.
func (s *Store) TenantByDomain(ctx context.Context, host string) (tenant.Tenant, error) {
	return s.oneTenant(ctx, tenantByDomain, host)
}

const (
	tenantColumns = `select id, slug, name, status, schema_name, node, schema_version, contact_email, suspended_reason,
		created_at, updated_at, activated_at, suspended_at, coalesce(primary_host, '') primary_host, coalesce(sign_on_slug, '') sign_on_slug, coalesce(life, '') life, leaves_at, paused_at from control.tenants where `
	tenantBySlug   = tenantColumns + "slug = $1 or id = (select tenant_id from control.slugs where slug = $1) order by slug = $1 desc limit 1"
	tenantByID     = tenantColumns + "id = $1"
	tenantByDomain = tenantColumns + "id = (select tenant_id from control.domains where host = $1)"
)

// oneTenant asks without a transaction where none runs: every host that is not in the directory's memory costs this.
func (s *Store) oneTenant(ctx context.Context, sql string, arg any) (t tenant.Tenant, err error) {
	var asker interface {
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	} = s.control.pool
	if r := current(ctx); r != nil {
		if r.schema != "control" {
			return t, ErrMixed
		}
		asker = r.pgx
	}
	rows, err := asker.Query(ctx, sql, arg)
	if err != nil {
		return t, fail(err, "find tenant")
	}
	t, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[tenant.Tenant])
	if errors.Is(err, pgx.ErrNoRows) {
		return t, tenant.ErrNotFound
	}
	return t, fail(err, "find tenant")
}

// Tenants lists tenants by slug.
func (s *Store) Tenants(ctx context.Context, f tenant.Filter) (out page.Of[tenant.Tenant], err error) {
	limit := f.Page.Bounded()
	err = s.InControl(ctx, func(ctx context.Context) error {
		q := s.tx(ctx).Table(tenants)
		if f.Page.After != "" {
			after, err := page.Parts(f.Page.After, 1)
			if err != nil {
				return err
			}
			q = q.Where("slug > ?", after[0])
		}
		if f.Query != "" {
			like := "%" + escapeLike(f.Query) + "%"
			q = q.Where("slug ilike ? or name ilike ? or contact_email ilike ?", like, like, like)
		}
		if f.Status != "" {
			q = q.Where("status = ?", f.Status)
		}
		var rows []tenant.Tenant
		if err := q.Order("slug").Limit(limit + 1).Find(&rows).Error; err != nil {
			return fail(err, "list tenants")
		}
		out = page.Cut(rows, limit, func(t tenant.Tenant) []string { return []string{t.Slug} })
		return nil
	})
	return out, err
}

// TenantsIn lists every tenant in a state, oldest first; it is for states that few are in.
func (s *Store) TenantsIn(ctx context.Context, status tenant.Status) (list []tenant.Tenant, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table(tenants).Where("status = ?", status).Order("created_at").Limit(1000).Find(&list).Error, "list %s tenants", status)
	})
	return list, err
}

// TenantsAfter walks over all active tenants by id, n at a time.
func (s *Store) TenantsAfter(ctx context.Context, after uid.ID, n int) (list []tenant.Tenant, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Table(tenants).Where("id > ? and status = 'active'", after).Order("id").Limit(n).Find(&list).Error, "walk tenants")
	})
	return list, err
}

// TakeSpare takes a prepared schema of a version off the shelf; ok is false when there is none.
func (s *Store) TakeSpare(ctx context.Context, node string, version int) (schema string, ok bool, err error) {
	var taken []string
	err = s.tx(ctx).Raw(`delete from control.spares where schema_name = (
		select schema_name from control.spares where node = ? and schema_version = ? order by created_at limit 1 for update skip locked)
		returning schema_name`, node, version).Scan(&taken).Error
	if err != nil || len(taken) == 0 {
		return "", false, fail(err, "take a spare schema")
	}
	return taken[0], true, nil
}

// tenantRow is a tenant with what provisioning still needs.
type tenantRow struct {
	tenant.Tenant
	PendingOwner *string
}

// InsertTenant writes a new tenant; tenant.ErrSlugTaken when the name is gone.
func (s *Store) InsertTenant(ctx context.Context, t tenant.Tenant, owner tenant.PendingOwner) error {
	raw, err := json.Marshal(owner)
	if err != nil {
		return fmt.Errorf("owner of %s: %w", t.Slug, err)
	}
	text := string(raw)
	if err := s.tx(ctx).Table(tenants).Omit("life").Create(&tenantRow{t, &text}).Error; err != nil {
		return fail(err, "insert tenant %s", t.Slug)
	}
	err = s.tx(ctx).Exec("insert into control.slugs (slug, skeleton, tenant_id, since) values (?, ?, ?, ?)", t.Slug, tenant.Skeleton(t.Slug), t.ID, t.CreatedAt).Error
	if err != nil {
		return fail(err, "keep the name %s", t.Slug)
	}
	return s.settleLife(ctx, t.ID, "signed_up", t.CreatedAt)
}

// PendingOwnerOf gives the owner still to be made; zero when that is done.
func (s *Store) PendingOwnerOf(ctx context.Context, id uid.ID) (owner tenant.PendingOwner, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		var raw []string
		if err := s.tx(ctx).Raw("select pending_owner::text from control.tenants where id = ? and pending_owner is not null", id).Scan(&raw).Error; err != nil {
			return fail(err, "pending owner")
		}
		if len(raw) == 0 {
			return nil
		}
		return json.Unmarshal([]byte(raw[0]), &owner)
	})
	return owner, err
}

// ActivateTenant ends provisioning and wipes the pending owner. Activating twice changes nothing.
func (s *Store) ActivateTenant(ctx context.Context, id uid.ID, at time.Time) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		err := s.tx(ctx).Exec(`update control.tenants set status = 'active', pending_owner = null, activated_at = ?, updated_at = ?
			where id = ? and status = 'provisioning'`, at, at, id).Error
		if err != nil {
			return fail(err, "activate tenant")
		}
		if err := s.settleLife(ctx, id, "ready", at); err != nil {
			return err
		}
		return s.announceAtCommit(ctx, id)
	})
}

// ChangeStatus moves a tenant between states; tenant.ErrWrongStatus when it is in none of from.
func (s *Store) ChangeStatus(ctx context.Context, id uid.ID, from []tenant.Status, to tenant.Status, reason string, at time.Time) error {
	var suspended *time.Time
	if to == tenant.StatusSuspended {
		suspended = &at
	}
	res := s.tx(ctx).Exec(`update control.tenants set status = ?, suspended_reason = ?, suspended_at = ?, updated_at = ? where id = ? and status in ?`,
		to, reason, suspended, at, id, from)
	if res.Error != nil {
		return fail(res.Error, "change the state of a tenant")
	}
	if res.RowsAffected == 0 {
		return tenant.ErrWrongStatus
	}
	why := map[tenant.Status]string{tenant.StatusSuspended: "closed", tenant.StatusActive: "opened", tenant.StatusDeleting: "erasing"}[to]
	if err := s.settleLife(ctx, id, why, at); err != nil {
		return err
	}
	return s.announceAtCommit(ctx, id)
}

// RemoveTenant deletes a tenant's row and domains. Its usage stays in the ledger.
func (s *Store) RemoveTenant(ctx context.Context, id uid.ID) error {
	return s.InControl(ctx, func(ctx context.Context) error {
		if err := s.tx(ctx).Exec("delete from control.tenants where id = ?", id).Error; err != nil {
			return fail(err, "remove tenant")
		}
		return s.announceAtCommit(ctx, id)
	})
}

// Audit notes what an operator, the command line or the system did to the platform; tenantID is uid.Nil when it is about
// no tenant.
func (s *Store) Audit(ctx context.Context, action string, tenantID uid.ID, data map[string]string, at time.Time) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("audit %s: %w", action, err)
	}
	a := event.ActorFrom(ctx)
	var actor, about *uid.ID
	if a.ID != uid.Nil {
		actor = &a.ID
	}
	if tenantID != uid.Nil {
		about = &tenantID
	}
	return s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Exec("insert into control.audit (id, actor_kind, actor_id, action, tenant_id, data, at) values (?, ?, ?, ?, ?, ?, ?)",
			uid.New(), a.Kind, actor, action, about, string(raw), at).Error, "audit %s", action)
	})
}

// announceAtCommit tells every process about a change of a tenant's row in the commit that makes it.
func (s *Store) announceAtCommit(ctx context.Context, id uid.ID) error {
	return fail(s.tx(ctx).Exec("select pg_notify(?, ?)", changedChannel, id.String()).Error, "announce a change")
}

// Brand: one value of the tenant's settings.

// BrandOf reads the look of the running tenant.
func (s *Store) BrandOf(ctx context.Context) (b tenant.Brand, err error) {
	var raw []string
	if err = s.tx(ctx).Raw("select value::text from settings where name = 'brand'").Scan(&raw).Error; err != nil {
		return b, fail(err, "read the look")
	}
	if len(raw) == 0 {
		t, _ := tenant.From(ctx)
		return tenant.DefaultBrand(t.Name), nil
	}
	return b, json.Unmarshal([]byte(raw[0]), &b)
}

// SaveBrand writes the look over the one before it; tenant.ErrBrandChanged when that one is gone.
func (s *Store) SaveBrand(ctx context.Context, b tenant.Brand, at time.Time) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	res := s.tx(ctx).Exec("update settings set value = ?, updated_at = ? where name = 'brand' and (value->>'revision')::int = ?", string(raw), at, b.Revision-1)
	if res.Error != nil {
		return fail(res.Error, "save the look")
	}
	if res.RowsAffected == 0 {
		return tenant.ErrBrandChanged
	}
	return nil
}

// SeedTenant writes what every new tenant begins with: built-in roles, their permissions, the look. What is there
// already stays.
func (s *Store) SeedTenant(ctx context.Context, b tenant.Brand, at time.Time) error {
	raw, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("look: %w", err)
	}
	if err := s.SeedPolicies(ctx); err != nil {
		return err
	}
	return fail(s.tx(ctx).Exec("insert into settings (name, value, updated_at) values ('brand', ?, ?) on conflict (name) do nothing", string(raw), at).Error, "seed the look")
}

// EventByID finds an event of the running tenant.
func (s *Store) EventByID(ctx context.Context, id uid.ID) (event.Event, error) {
	var row eventRow
	err := s.tx(ctx).Table("events").Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return event.Event{}, event.ErrNotFound
	}
	row.Event.Data = json.RawMessage(row.Data)
	return row.Event, fail(err, "find event")
}
