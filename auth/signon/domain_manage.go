package signon

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// lookUpFor bounds a question to the DNS.
const lookUpFor = 5 * time.Second

// Domains lists the organization's e-mail domains by name. It needs connection:manage.
func (s *Service) Domains(ctx context.Context) (list []Domain, err error) {
	if err := s.maySetUpDomains(ctx); err != nil {
		return nil, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.Keep.EmailDomains(ctx)
		return err
	})
	return list, err
}

// Domain gives one. It needs connection:manage; ErrDomainNotFound.
func (s *Service) Domain(ctx context.Context, name string) (d Domain, err error) {
	if err := s.maySetUpDomains(ctx); err != nil {
		return d, err
	}
	return s.domain(ctx, name)
}

func (s *Service) domain(ctx context.Context, name string) (d Domain, err error) {
	name, ok := normaliseDomain(name)
	if !ok {
		return d, ErrDomainNotFound
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		d, err = s.Keep.EmailDomain(ctx, name)
		return err
	})
	return d, err
}

// AddDomain puts a domain on the list, to be proven by its TXT record. A public suffix and a mail provider where anyone gets
// an address are a fault at domain; ErrDomainHere, ErrTooManyDomains. It needs connection:manage. Event domain.added.
func (s *Service) AddDomain(ctx context.Context, name string) (d Domain, err error) {
	if err := s.maySetUpDomains(ctx); err != nil {
		return d, err
	}
	if name, err = checkDomain(name); err != nil {
		return d, err
	}
	d = Domain{Domain: name, Token: uid.Opaque(tokenLength), CreatedAt: s.Now()}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		all, err := s.Keep.EmailDomains(ctx)
		if err != nil {
			return err
		}
		if len(all) >= domainsMax {
			return ErrTooManyDomains
		}
		if err := s.Keep.InsertEmailDomain(ctx, d); err != nil {
			return err
		}
		return s.tellDomain(ctx, "domain.added", d, nil)
	})
	return d, err
}

// VerifyDomain looks for the TXT record now and claims the domain for the organization: in the control schema first, where a
// domain belongs to one tenant, then here; a crash in between is mended by the next call or the daily check.
// ErrDomainUnproven, ErrDomainElsewhere, ErrDNS. It needs connection:manage. Event domain.verified the first time.
func (s *Service) VerifyDomain(ctx context.Context, name string) (d Domain, err error) {
	if err := s.maySetUpDomains(ctx); err != nil {
		return d, err
	}
	if d, err = s.domain(ctx, name); err != nil {
		return d, err
	}
	found, err := s.proven(ctx, d)
	if err != nil {
		return d, err
	}
	if !found {
		now := s.Now()
		err = s.setDomain(ctx, d.Domain, func(ctx context.Context, d *Domain) error { d.CheckedAt = &now; return nil })
		return d, errors.Join(err, ErrDomainUnproven)
	}
	return s.claim(ctx, d)
}

// proven tells whether the DNS holds the domain's record. That it does not answer is ErrDNS, not a no.
func (s *Service) proven(ctx context.Context, d Domain) (bool, error) {
	var failed error
	for _, name := range []string{d.RecordName(), d.Domain} {
		values, err := s.lookUp(ctx, name)
		if err != nil {
			failed = err
			continue
		}
		if slices.ContainsFunc(values, d.isRecord) {
			return true, nil
		}
	}
	return false, failed
}

func (s *Service) lookUp(ctx context.Context, name string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, lookUpFor)
	defer cancel()
	// With the dot at its end the name is whole: no search domain of this machine is put behind it.
	values, err := s.Resolver.LookupTXT(ctx, name+".")
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, ErrDNS.Because(err)
	}
	return values, nil
}

// isRecord tells whether a TXT record's text is the domain's, as people paste it: in any case, with spaces or quotes around.
func (d Domain) isRecord(text string) bool {
	return strings.EqualFold(strings.Trim(text, " \t\"'"), d.RecordValue())
}

// claim takes a domain whose record was seen.
func (s *Service) claim(ctx context.Context, d Domain) (Domain, error) {
	t, _ := tenant.From(ctx)
	now := s.Now()
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		owner, err := s.Keep.ClaimEmailDomain(ctx, d.Domain, t.ID, now)
		if err == nil && owner != t.ID {
			err = ErrDomainElsewhere
		}
		return err
	})
	if err != nil {
		return d, err
	}
	fresh := false
	err = s.setDomain(ctx, d.Domain, func(ctx context.Context, held *Domain) error {
		fresh = !held.Verified()
		held.CheckedAt, held.MissingSince = &now, nil
		if fresh {
			held.VerifiedAt = &now
		}
		d = *held
		if !fresh {
			return nil
		}
		return s.tellDomain(ctx, "domain.verified", *held, nil)
	})
	if errors.Is(err, ErrDomainNotFound) { // removed meanwhile: nothing here would ever give it back
		return d, errors.Join(err, s.release(ctx, d.Domain))
	}
	if err == nil && fresh {
		s.turned(ctx)
	}
	return d, err
}

// release gives a domain free in the control schema.
func (s *Service) release(ctx context.Context, name string) error {
	t, _ := tenant.From(ctx)
	return s.Keep.InControl(ctx, func(ctx context.Context) error { return s.Keep.ReleaseEmailDomain(ctx, name, t.ID) })
}

// setDomain changes a domain in one transaction.
func (s *Service) setDomain(ctx context.Context, name string, change func(ctx context.Context, d *Domain) error) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		d, err := s.Keep.EmailDomain(ctx, name)
		if err != nil {
			return err
		}
		if err := change(ctx, &d); err != nil {
			return err
		}
		return s.Keep.SetEmailDomain(ctx, d)
	})
}

// DomainInput is what an administrator decides about a domain.
type DomainInput struct {
	ConnectionID *uid.ID // nil: its people are led nowhere by themselves
	Rule         Rule    // over the portal's; RequirementNone: the portal's holds
	// Confirmed says that the list of owners whom the rule locks out was looked at.
	Confirmed bool
}

// ChangeDomain sets where a domain's people are led and the rule for them. It needs connection:manage, and an administrator
// of the portal; another rule needs security:manage too, and is refused as SetRules refuses it. Event domain.changed.
func (s *Service) ChangeDomain(ctx context.Context, name string, in DomainInput) (d Domain, err error) {
	if err := s.portalAdmin(ctx); err != nil {
		return d, err
	}
	name, ok := normaliseDomain(name)
	if !ok {
		return d, ErrDomainNotFound
	}
	if in.Rule, err = s.checkRule(in.Rule, "policy_from"); err != nil {
		return d, err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		rules, err := s.Keep.LockSignOnRules(ctx)
		if err != nil {
			return err
		}
		if in.ConnectionID != nil {
			if _, err := s.Keep.ConnectionByID(ctx, *in.ConnectionID); errors.Is(err, ErrConnectionNotFound) {
				return fault.Invalid(map[string]string{"connection": "Choose a connection from the list."})
			} else if err != nil {
				return err
			}
		}
		was, err := s.Keep.EmailDomain(ctx, name)
		if err != nil {
			return err
		}
		if in.Rule.Require != was.Policy || !sameTime(in.Rule.From, was.PolicyFrom) {
			if err := auth.Require(ctx, policy.SecurityManage); err != nil {
				return err
			}
		}
		if in.Rule.Require == RequirementRequired {
			if !was.Verified() {
				return fault.Invalid(map[string]string{"policy": "Prove the domain first: nothing can be required of people at a domain that may be someone else's."})
			}
			look, err := s.preview(ctx, rules, at(name))
			if err != nil {
				return err
			}
			if err := look.refuse(in.Confirmed); err != nil {
				return err
			}
		}
		return s.setDomain(ctx, name, func(ctx context.Context, held *Domain) error {
			held.ConnectionID, held.Policy, held.PolicyFrom = in.ConnectionID, in.Rule.Require, in.Rule.From
			d = *held
			return s.tellDomain(ctx, "domain.changed", d, map[string]any{"connection_id": d.ConnectionID, "policy": d.Policy, "from": d.PolicyFrom})
		})
	})
	if err == nil {
		s.turned(ctx)
	}
	return d, err
}

// at tells who has an address at a domain.
func at(name string) func(Holder) bool {
	return func(h Holder) bool { own, _ := domainOf(h.Email); return own == name }
}

// PreviewDomainRule says whom a rule that requires would lock out of those with an address at a domain, and sets nothing. It
// needs security:manage.
func (s *Service) PreviewDomainRule(ctx context.Context, name string) (p Preview, err error) {
	if err := auth.Require(ctx, policy.SecurityManage); err != nil {
		return p, err
	}
	name, ok := normaliseDomain(name)
	if !ok {
		return p, ErrDomainNotFound
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		rules, err := s.Keep.SignOnRules(ctx)
		if err != nil {
			return err
		}
		p, err = s.preview(ctx, rules, at(name))
		return err
	})
	return p, err
}

func sameTime(a, b *time.Time) bool {
	return a == nil && b == nil || a != nil && b != nil && a.Equal(*b)
}

// RemoveDomain takes a domain off the list and gives it free for others: here first, for nobody may think it theirs once
// another can claim it. ErrDomainNotFound. It needs connection:manage, and an administrator of the portal. Event
// domain.removed.
func (s *Service) RemoveDomain(ctx context.Context, name string) error {
	if err := s.portalAdmin(ctx); err != nil {
		return err
	}
	d, err := s.domain(ctx, name)
	if err != nil {
		return err
	}
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.Keep.DeleteEmailDomain(ctx, d.Domain); err != nil {
			return err
		}
		return s.tellDomain(ctx, "domain.removed", d, nil)
	})
	if err != nil {
		return err
	}
	s.turned(ctx)
	return s.release(ctx, d.Domain)
}

// maySetUpDomains is nil for who looks after sign-on, and for who sets domains up by a link.
func (s *Service) maySetUpDomains(ctx context.Context) error {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return err
	}
	if l, ok := setupFrom(ctx); ok && l.Kind != SetupDomains {
		return policy.ErrForbidden
	}
	return nil
}

// portalAdmin is nil for who looks after sign-on by a role of theirs, not by a set-up link.
func (s *Service) portalAdmin(ctx context.Context) error {
	if err := auth.Require(ctx, policy.ConnectionManage); err != nil {
		return err
	}
	if _, ok := setupFrom(ctx); ok {
		return policy.ErrForbidden
	}
	return nil
}

// turned is called after the commit of anything that decides how people get in: every process forgets what it knew.
func (s *Service) turned(ctx context.Context) {
	if t, ok := tenant.From(ctx); ok {
		s.Gate.Drop(t.ID)
	}
	s.Auth.Changed(ctx)
}

// tellDomain appends an event about a domain. It is told of the tenant: a domain has a name and no id.
func (s *Service) tellDomain(ctx context.Context, typ string, d Domain, more map[string]any) error {
	t, _ := tenant.From(ctx)
	data := map[string]any{"domain": d.Domain}
	for k, v := range more {
		data[k] = v
	}
	return s.tell(ctx, typ, "email_domain", t.ID, data)
}
