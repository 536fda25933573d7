package address

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"lyceum/tenant"
)

// lookUpFor bounds a question to the DNS.
const lookUpFor = 5 * time.Second

// found is what a look at the DNS says about a domain.
type found struct {
	proven  bool    // the TXT record is there
	problem Problem // with proof or way here
}

// on gives the domain as it is after a look at the DNS.
func (f found) on(d Domain, now time.Time) Domain {
	d.CheckedAt, d.Problem = &now, f.problem
	if f.proven && d.VerifiedAt == nil {
		d.VerifiedAt, d.LostAt = &now, nil
	}
	was := d.PointedAt != nil || d.MissingSince != nil
	switch {
	case d.VerifiedAt == nil:
	case f.problem == ProblemNone:
		d.PointedAt, d.MissingSince = &now, nil
	case was && d.MissingSince == nil, !f.proven && d.MissingSince == nil:
		d.MissingSince = &now
	}
	return d
}

// look asks the DNS. That it does not answer is ErrDNS, not a no.
func (s *Service) look(ctx context.Context, d Domain) (f found, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*lookUpFor)
	defer cancel()
	// With the dot at its end the name is whole: no search domain of this machine is put behind it.
	values, err := s.Resolver.LookupTXT(ctx, d.RecordName()+".")
	if err = absent(err); err != nil {
		return f, err
	}
	f.proven = slices.ContainsFunc(values, func(text string) bool {
		return strings.EqualFold(strings.Trim(text, " \t\"'"), d.RecordValue())
	})
	if !f.proven {
		f.problem = ProblemRecord
		return f, nil
	}
	f.problem, err = s.pointing(ctx, d.Host)
	return f, err
}

// absent makes of an answer that there is nothing no failure, and ErrDNS of the others.
func absent(err error) error {
	var dns *net.DNSError
	if err == nil || errors.As(err, &dns) && dns.IsNotFound {
		return nil
	}
	return ErrDNS.Because(err)
}

// pointing tells what is wrong with where a host leads. A CNAME and address records are one to it: what counts is where
// browsers end.
func (s *Service) pointing(ctx context.Context, host string) (Problem, error) {
	theirs, err := s.Resolver.LookupNetIP(ctx, "ip", host+".")
	if err = absent(err); err != nil {
		return ProblemNone, err
	}
	if len(theirs) == 0 {
		return ProblemNoAddress, nil
	}
	own, err := s.Resolver.LookupNetIP(ctx, "ip", s.Target+".")
	if err = absent(err); err != nil {
		return ProblemNone, err
	}
	here := 0
	for _, a := range theirs {
		a = a.Unmap()
		if slices.ContainsFunc(own, func(o netip.Addr) bool { return o.Unmap() == a }) || slices.ContainsFunc(s.Networks, func(n netip.Prefix) bool { return n.Contains(a) }) {
			here++
		}
	}
	switch here {
	case len(theirs):
		return ProblemNone, nil
	case 0:
		return ProblemElsewhere, nil
	}
	return ProblemPartly, nil
}

// targetAddresses are what an A or AAAA record is to hold: single addresses that were set, else those of Target.
func (s *Service) targetAddresses(ctx context.Context) (list []netip.Addr) {
	for _, n := range s.Networks {
		if n.IsSingleIP() {
			list = append(list, n.Addr())
		}
	}
	if len(list) > 0 {
		return list
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	list, err := s.Resolver.LookupNetIP(ctx, "ip", s.Target+".")
	if err != nil {
		s.Log.InfoContext(ctx, "the addresses of the target of domains are not known", slog.String("target", s.Target), slog.Any("err", err))
		return nil
	}
	for i := range list {
		list[i] = list[i].Unmap()
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return slices.Compact(list)
}

// due tells whether the domain's records are to be looked up again.
func (d Domain) due(now time.Time) bool {
	if d.VerifiedAt == nil && (d.LostAt != nil || now.After(d.CreatedAt.Add(proofAwaited))) {
		return false
	}
	return d.CheckedAt == nil || !now.Before(d.CheckedAt.Add(checkEvery))
}

// CheckDue looks the records of those domains of the tenant of ctx up that were not looked up for a day: the hourly chore. What
// has gone is told at once (address.domain_warned) and switches the domain off 14 days later (address.domain_lost): it needs a new proof
// then, from whomever. A DNS that does not answer says nothing. It asks nobody's permission.
func (s *Service) CheckDue(ctx context.Context) error {
	t, ok := tenant.From(ctx)
	if !ok {
		return tenant.ErrNotFound
	}
	var all []Domain
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		all, err = s.Keep.WishedDomains(ctx, t.ID)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range all {
		if !d.due(s.Now()) {
			continue
		}
		if err := s.checkAgain(ctx, d); err != nil {
			errs = append(errs, fmt.Errorf("domain %s: %w", d.Host, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Service) checkAgain(ctx context.Context, d Domain) error {
	f, err := s.look(ctx, d)
	if errors.Is(err, ErrDNS) {
		s.Log.InfoContext(ctx, "the DNS gave no answer about a domain", slog.String("domain", d.Host), slog.Any("err", err))
		return nil
	}
	if err != nil {
		return err
	}
	if d.VerifiedAt != nil && f.problem != ProblemNone && d.MissingSince != nil && !s.Now().Before(d.OffAt()) {
		return s.lose(ctx, d, f.problem)
	}
	after, warned := f.on(d, s.Now()), d.MissingSince == nil
	if warned && after.MissingSince != nil {
		// Told before it is noted: a crash in between tells twice, never not at all.
		err = s.tell(ctx, d.TenantID, "address.domain_warned", map[string]any{"domain": d.Host, "problem": f.problem, "off_at": after.OffAt().Format(time.RFC3339)})
		if err != nil {
			return err
		}
	}
	_, err = s.note(ctx, d, f)
	if errors.Is(err, ErrElsewhere) || errors.Is(err, ErrNotFound) {
		return nil // another has proven it before, or it was removed meanwhile
	}
	return err
}

// lose switches a domain off.
func (s *Service) lose(ctx context.Context, d Domain, why Problem) error {
	if err := s.tell(ctx, d.TenantID, "address.domain_lost", map[string]any{"domain": d.Host, "problem": why}); err != nil {
		return err
	}
	now := s.Now()
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		if err := s.free(ctx, d); err != nil {
			return err
		}
		d.VerifiedAt, d.PointedAt, d.MissingSince, d.LostAt, d.CheckedAt, d.Problem = nil, nil, nil, &now, &now, why
		if err := s.Keep.SetWishedDomain(ctx, d); err != nil {
			return err
		}
		return s.Keep.Audit(ctx, "domain.lost", d.TenantID, map[string]string{"domain": d.Host, "problem": string(why)}, now)
	})
	if err == nil {
		s.Keep.Announce(ctx, d.TenantID)
	}
	return err
}
