package store

import (
	"context"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
	"lyceum/tenant/address"
)

const (
	wishedDomains       = "control.wished_domains"
	wishedDomainColumns = "tenant_id, host, token, problem, verified_at, pointed_at, checked_at, missing_since, lost_at, created_at"
	wishedDomainsMax    = 200
	slugsListedMax      = 100
)

// LooksAlike tells whether another tenant than id has or had a subdomain of a skeleton.
func (s *Store) LooksAlike(ctx context.Context, id uid.ID, skeleton string) (alike bool, err error) {
	err = s.InControl(ctx, func(ctx context.Context) error {
		return fail(s.tx(ctx).Raw("select exists (select 1 from control.slugs where skeleton = ? and tenant_id <> ?)", skeleton, id).Scan(&alike).Error, "look for names alike")
	})
	return alike, err
}

// HoldTenant makes others who hold or change the tenant's row wait until the transaction ends, and gives it.
func (s *Store) HoldTenant(ctx context.Context, id uid.ID) (t tenant.Tenant, err error) {
	if err := s.tx(ctx).Exec("select 1 from control.tenants where id = ? for update", id).Error; err != nil {
		return t, fail(err, "hold a tenant")
	}
	return s.TenantByID(ctx, id)
}

// SlugsOf lists the subdomains that a tenant has or had, oldest first.
func (s *Store) SlugsOf(ctx context.Context, id uid.ID) (slugs []string, err error) {
	err = s.tx(ctx).Table("control.slugs").Where("tenant_id = ?", id).Order("since, slug").Limit(slugsListedMax).Pluck("slug", &slugs).Error
	return slugs, fail(err, "names of a tenant")
}

// RenameTenant gives a tenant another subdomain and keeps the one before; tenant.ErrSlugTaken. Identity providers go on knowing
// it by its first.
func (s *Store) RenameTenant(ctx context.Context, t tenant.Tenant, slug string, at time.Time) error {
	keep := "insert into control.slugs (slug, skeleton, tenant_id, since) values (?, ?, ?, ?) on conflict (slug) do nothing"
	for _, name := range []string{t.Slug, slug} {
		if err := s.tx(ctx).Exec(keep, name, tenant.Skeleton(name), t.ID, at).Error; err != nil {
			return fail(err, "keep the name %s", name)
		}
	}
	var owners []uid.ID
	if err := s.tx(ctx).Raw("select tenant_id from control.slugs where slug = ?", slug).Scan(&owners).Error; err != nil {
		return fail(err, "owner of the name %s", slug)
	}
	if len(owners) != 1 || owners[0] != t.ID {
		return tenant.ErrSlugTaken
	}
	err := s.changeOne(ctx, tenant.ErrNotFound, "rename a tenant",
		"update control.tenants set slug = ?, sign_on_slug = coalesce(sign_on_slug, ?), updated_at = ? where id = ?", slug, t.Slug, at, t.ID)
	if err != nil {
		return err
	}
	return s.announceAtCommit(ctx, t.ID)
}

// SetPrimaryHost shows a tenant's portal under a domain of its own; "": under its subdomain.
func (s *Store) SetPrimaryHost(ctx context.Context, id uid.ID, host string, at time.Time) error {
	err := s.changeOne(ctx, tenant.ErrNotFound, "set the primary domain", "update control.tenants set primary_host = nullif(?, ''), updated_at = ? where id = ?", host, at, id)
	if err != nil {
		return err
	}
	return s.announceAtCommit(ctx, id)
}

// WishedDomains lists the domains of a tenant by host.
func (s *Store) WishedDomains(ctx context.Context, id uid.ID) (list []address.Domain, err error) {
	err = s.tx(ctx).Table(wishedDomains).Select(wishedDomainColumns).Where("tenant_id = ?", id).Order("host").Limit(wishedDomainsMax).Find(&list).Error
	return list, fail(err, "list domains")
}

// WishedDomain finds a domain of a tenant; address.ErrNotFound.
func (s *Store) WishedDomain(ctx context.Context, id uid.ID, host string) (d address.Domain, err error) {
	err = s.tx(ctx).Table(wishedDomains).Select(wishedDomainColumns).Where("tenant_id = ? and host = ?", id, host).Take(&d).Error
	return d, notFound(err, address.ErrNotFound, "find domain %s", host)
}

// InsertWishedDomain adds a domain; address.ErrHere.
func (s *Store) InsertWishedDomain(ctx context.Context, d address.Domain) error {
	return fail(s.tx(ctx).Table(wishedDomains).Create(&d).Error, "add domain %s", d.Host)
}

// SetWishedDomain writes what the DNS said about a domain; address.ErrNotFound.
func (s *Store) SetWishedDomain(ctx context.Context, d address.Domain) error {
	return s.changeOne(ctx, address.ErrNotFound, "change a domain",
		`update control.wished_domains set problem = ?, verified_at = ?, pointed_at = ?, checked_at = ?, missing_since = ?, lost_at = ?
		where tenant_id = ? and host = ?`, d.Problem, d.VerifiedAt, d.PointedAt, d.CheckedAt, d.MissingSince, d.LostAt, d.TenantID, d.Host)
}

// DeleteWishedDomain removes a domain; address.ErrNotFound.
func (s *Store) DeleteWishedDomain(ctx context.Context, id uid.ID, host string) error {
	return s.changeOne(ctx, address.ErrNotFound, "remove a domain", "delete from control.wished_domains where tenant_id = ? and host = ?", id, host)
}

// ClaimHost gives a host to a tenant unless another has it, and says who has it then.
func (s *Store) ClaimHost(ctx context.Context, host string, id uid.ID, at time.Time) (owner uid.ID, err error) {
	err = s.tx(ctx).Exec("insert into control.domains (host, tenant_id, created_at) values (?, ?, ?) on conflict (host) do nothing", host, id, at).Error
	if err != nil {
		return owner, fail(err, "claim domain %s", host)
	}
	var row struct{ TenantID uid.ID }
	err = s.tx(ctx).Table("control.domains").Select("tenant_id").Where("host = ?", host).Take(&row).Error
	if err != nil {
		return owner, fail(err, "owner of domain %s", host)
	}
	return row.TenantID, s.announceAtCommit(ctx, id)
}

// ReleaseHost takes a host from a tenant, where that one has it.
func (s *Store) ReleaseHost(ctx context.Context, host string, id uid.ID) error {
	if err := s.tx(ctx).Exec("delete from control.domains where host = ? and tenant_id = ?", host, id).Error; err != nil {
		return fail(err, "release domain %s", host)
	}
	return s.announceAtCommit(ctx, id)
}
