package address

import (
	"context"
	"errors"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// Add puts a domain on the list, to be proven by its TXT record. Faults at domain; ErrHere, ErrElsewhere, ErrTooMany, and what the plan
// says. Event address.domain_added.
func (s *Service) Add(ctx context.Context, wished string) (d Domain, err error) {
	t, err := s.mine(ctx)
	if err != nil {
		return d, err
	}
	host, err := Check(wished, s.Hosts)
	if err != nil {
		return d, err
	}
	d = Domain{TenantID: t.ID, Host: host, Token: uid.Opaque(tokenLength), Problem: ProblemRecord, CreatedAt: s.Now()}
	var all []Domain
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		all, err = s.Keep.WishedDomains(ctx, t.ID)
		return err
	})
	if err != nil {
		return d, err
	}
	if s.Plan != nil {
		if err := s.Plan(ctx, int64(len(all))); err != nil {
			return d, err
		}
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.HoldTenant(ctx, t.ID); err != nil { // of two wishes at once the second sees the first
			return err
		}
		now, err := s.Keep.WishedDomains(ctx, t.ID)
		if err != nil {
			return err
		}
		for _, one := range now {
			if one.Host == host {
				return ErrHere.With("domain", ErrHere.Text)
			}
		}
		switch {
		case len(now) > len(all):
			return ErrBusy // the plan was asked about fewer
		case len(now) >= wishesMax:
			return ErrTooMany
		}
		if err := s.Keep.InsertWishedDomain(ctx, d); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "domain.added", t.ID, map[string]string{"domain": host}, s.Now())
	})
	if err != nil {
		return d, err
	}
	return d, s.tell(ctx, t.ID, "address.domain_added", map[string]any{"domain": host})
}

// Check looks at the DNS now: a domain whose TXT record is there becomes the tenant's. ErrUnproven, ErrElsewhere, ErrDNS, and
// ErrNotPointing for one that is proven and does not lead here; what was found is kept in any case. Event
// address.domain_verified the first time.
func (s *Service) Check(ctx context.Context, host string) (d Domain, err error) {
	t, err := s.mine(ctx)
	if err != nil {
		return d, err
	}
	if d, err = s.domain(ctx, t.ID, host); err != nil {
		return d, err
	}
	f, err := s.look(ctx, d)
	if err != nil {
		return d, err
	}
	d, err = s.note(ctx, d, f)
	switch {
	case err != nil:
		return d, err
	case !f.proven:
		return d, ErrUnproven
	case f.problem != ProblemNone:
		return d, ErrNotPointing
	}
	return d, nil
}

// note keeps what a look at the DNS found.
func (s *Service) note(ctx context.Context, d Domain, f found) (Domain, error) {
	now, fresh := s.Now(), false
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		held, err := s.Keep.WishedDomain(ctx, d.TenantID, d.Host)
		if err != nil {
			return err
		}
		if f.proven {
			owner, err := s.Keep.ClaimHost(ctx, d.Host, d.TenantID, now)
			if err != nil {
				return err
			}
			if owner != d.TenantID {
				return ErrElsewhere
			}
		}
		fresh = f.proven && held.VerifiedAt == nil
		d = f.on(held, now)
		if err := s.Keep.SetWishedDomain(ctx, d); err != nil || !fresh {
			return err
		}
		return s.Keep.Audit(ctx, "domain.verified", d.TenantID, map[string]string{"domain": d.Host}, now)
	})
	if err != nil || !fresh {
		return d, err
	}
	_, err = s.turned(ctx, d.TenantID, "address.domain_verified", map[string]any{"domain": d.Host})
	return d, err
}

// MakePrimary shows the portal under a domain of its own, or under its subdomain when host is "". All its other addresses lead
// there from then on. ErrNotFound, ErrUnproven, ErrNotPointing. Event address.primary_changed.
func (s *Service) MakePrimary(ctx context.Context, host string) (t tenant.Tenant, err error) {
	if t, err = s.mine(ctx); err != nil {
		return t, err
	}
	same := false
	if host != "" {
		d, err := s.domain(ctx, t.ID, host)
		if err != nil {
			return t, err
		}
		host = d.Host
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		held, err := s.Keep.HoldTenant(ctx, t.ID)
		if err != nil {
			return err
		}
		if same = held.PrimaryHost == host; same {
			return nil
		}
		if host != "" {
			d, err := s.Keep.WishedDomain(ctx, t.ID, host)
			switch {
			case err != nil:
				return err
			case d.VerifiedAt == nil:
				return ErrUnproven
			case d.State() != StateLive:
				return ErrNotPointing
			}
		}
		if err := s.Keep.SetPrimaryHost(ctx, t.ID, host, s.Now()); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "domain.primary", t.ID, map[string]string{"domain": host, "was": held.PrimaryHost}, s.Now())
	})
	if err != nil || same {
		return t, err
	}
	return s.turned(ctx, t.ID, "address.primary_changed", map[string]any{"domain": host})
}

// Remove takes a domain off the list, with its certificate, and gives it free for others; the portal is shown under its subdomain
// then, if it was shown there. ErrNotFound. Event address.domain_removed.
func (s *Service) Remove(ctx context.Context, host string) error {
	t, err := s.mine(ctx)
	if err != nil {
		return err
	}
	d, err := s.domain(ctx, t.ID, host)
	if err != nil {
		return err
	}
	err = s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.Keep.DeleteWishedDomain(ctx, t.ID, d.Host); err != nil {
			return err
		}
		if err := s.free(ctx, d); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "domain.removed", t.ID, map[string]string{"domain": d.Host}, s.Now())
	})
	if err != nil {
		return err
	}
	_, err = s.turned(ctx, t.ID, "address.domain_removed", map[string]any{"domain": d.Host})
	return err
}

// free takes from a tenant what a domain gave it. A host that another tenant has meanwhile stays theirs.
func (s *Service) free(ctx context.Context, d Domain) error {
	held, err := s.Keep.HoldTenant(ctx, d.TenantID)
	if err != nil {
		return err
	}
	if held.PrimaryHost == d.Host {
		if err := s.Keep.SetPrimaryHost(ctx, d.TenantID, "", s.Now()); err != nil {
			return err
		}
	}
	if d.VerifiedAt == nil {
		return nil
	}
	return errors.Join(s.Keep.ReleaseHost(ctx, d.Host, d.TenantID), s.Keep.DropCertificates(ctx, d.Host))
}

// RemoveAll takes every domain and certificate of a tenant away, for its deletion. It may be called again, asks no permission and
// leaves the names of subdomains to the removal of the tenant's row.
func (s *Service) RemoveAll(ctx context.Context, t tenant.Tenant) error {
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		all, err := s.Keep.WishedDomains(ctx, t.ID)
		if err != nil {
			return err
		}
		for _, d := range all {
			if err := s.free(ctx, d); err != nil {
				return err
			}
			if err := s.Keep.DeleteWishedDomain(ctx, t.ID, d.Host); err != nil {
				return err
			}
		}
		slugs, err := s.Keep.SlugsOf(ctx, t.ID)
		for _, slug := range slugs {
			err = errors.Join(err, s.Keep.DropCertificates(ctx, s.Hosts.Subdomain(slug)))
		}
		return err
	})
	if err == nil {
		s.Keep.Announce(ctx, t.ID)
	}
	return err
}
