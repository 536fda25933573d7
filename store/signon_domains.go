package store

import (
	"context"
	"time"

	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

const (
	emailDomains       = "email_domains"
	emailDomainsMax    = 200
	claimedDomainsMax  = 1000
	emailDomainColumns = "domain, token, connection_id, policy, policy_from, verified_at, checked_at, missing_since, created_at"
)

// EmailDomains lists all by name.
func (s *Store) EmailDomains(ctx context.Context) (list []signon.Domain, err error) {
	err = s.tx(ctx).Table(emailDomains).Select(emailDomainColumns).Order("domain").Limit(emailDomainsMax).Find(&list).Error
	return list, fail(err, "list e-mail domains")
}

// EmailDomain finds an e-mail domain.
func (s *Store) EmailDomain(ctx context.Context, name string) (d signon.Domain, err error) {
	err = s.tx(ctx).Table(emailDomains).Select(emailDomainColumns).Where("domain = ?", name).Take(&d).Error
	return d, notFound(err, signon.ErrDomainNotFound, "find e-mail domain %s", name)
}

// InsertEmailDomain adds an e-mail domain.
func (s *Store) InsertEmailDomain(ctx context.Context, d signon.Domain) error {
	return fail(s.tx(ctx).Table(emailDomains).Create(&d).Error, "add e-mail domain %s", d.Domain)
}

// SetEmailDomain writes connection, policy and what the checks of a domain found.
func (s *Store) SetEmailDomain(ctx context.Context, d signon.Domain) error {
	return s.changeOne(ctx, signon.ErrDomainNotFound, "change an e-mail domain",
		"update email_domains set connection_id = ?, policy = ?, policy_from = ?, verified_at = ?, checked_at = ?, missing_since = ? where domain = ?",
		d.ConnectionID, d.Policy, d.PolicyFrom, d.VerifiedAt, d.CheckedAt, d.MissingSince, d.Domain)
}

// DeleteEmailDomain removes an e-mail domain.
func (s *Store) DeleteEmailDomain(ctx context.Context, name string) error {
	return s.changeOne(ctx, signon.ErrDomainNotFound, "remove an e-mail domain", "delete from email_domains where domain = ?", name)
}

// ClaimEmailDomain gives a domain to a tenant unless another has it, and says who has it then.
func (s *Store) ClaimEmailDomain(ctx context.Context, name string, tenantID uid.ID, at time.Time) (owner uid.ID, err error) {
	err = s.tx(ctx).Exec("insert into control.email_domains (domain, tenant_id, verified_at) values (?, ?, ?) on conflict (domain) do nothing", name, tenantID, at).Error
	if err != nil {
		return owner, fail(err, "claim e-mail domain %s", name)
	}
	var row struct{ TenantID uid.ID }
	err = s.tx(ctx).Table("control.email_domains").Select("tenant_id").Where("domain = ?", name).Take(&row).Error
	return row.TenantID, fail(err, "owner of e-mail domain %s", name)
}

// ReleaseEmailDomain takes a domain from a tenant, where that one has it.
func (s *Store) ReleaseEmailDomain(ctx context.Context, name string, tenantID uid.ID) error {
	return fail(s.tx(ctx).Exec("delete from control.email_domains where domain = ? and tenant_id = ?", name, tenantID).Error, "release e-mail domain %s", name)
}

// ClaimedEmailDomains lists what a tenant has.
func (s *Store) ClaimedEmailDomains(ctx context.Context, tenantID uid.ID) (names []string, err error) {
	err = s.tx(ctx).Table("control.email_domains").Where("tenant_id = ?", tenantID).Order("domain").Limit(claimedDomainsMax).Pluck("domain", &names).Error
	return names, fail(err, "e-mail domains of a tenant")
}
