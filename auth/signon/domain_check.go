package signon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"lyceum/tenant"
)

const (
	// domainEvery is how often a domain's record is looked up; proofAwaited is for how long the record of a domain that is
	// not proven yet is looked for without being asked.
	domainEvery  = 23 * time.Hour
	proofAwaited = 30 * day
)

// due tells whether the domain's record is to be looked up again.
func (d Domain) due(now time.Time) bool {
	if !d.Verified() && now.After(d.CreatedAt.Add(proofAwaited)) {
		return false
	}
	return d.CheckedAt == nil || !now.Before(d.CheckedAt.Add(domainEvery))
}

// CheckDomains looks the records of those domains of the tenant of ctx up that were not looked up for a day: the hourly
// chore. A record that has gone is told at once (domain.warned) and costs the domain its proof 14 days later (domain.lost); one that appeared proves its
// domain. A DNS that does not answer says nothing. It also brings the claims in the control schema to what stands here. It
// asks nobody's permission, and what fails for one domain does not keep the others from being checked.
func (s *Service) CheckDomains(ctx context.Context) error {
	var all []Domain
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		all, err = s.Keep.EmailDomains(ctx)
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
			errs = append(errs, fmt.Errorf("domain %s: %w", d.Domain, err))
		}
	}
	return errors.Join(append(errs, s.releaseStrays(ctx))...)
}

func (s *Service) checkAgain(ctx context.Context, d Domain) error {
	found, err := s.proven(ctx, d)
	switch {
	case errors.Is(err, ErrDNS):
		s.Log.InfoContext(ctx, "the DNS gave no answer about an e-mail domain", slog.String("domain", d.Domain), slog.Any("err", err))
		return s.claimAgain(ctx, d)
	case err != nil:
		return err
	case found:
		if _, err = s.claim(ctx, d); errors.Is(err, ErrDomainElsewhere) {
			return s.lose(ctx, d, "elsewhere")
		}
		if errors.Is(err, ErrDomainNotFound) {
			return nil
		}
		return err
	case !d.Verified():
		// What a crash between losing a proof and giving its claim free has left is given free here.
		return errors.Join(s.noteChecked(ctx, d), s.release(ctx, d.Domain))
	case d.MissingSince != nil && !s.Now().Before(d.LostAt()):
		return s.lose(ctx, d, "record_missing")
	}
	if err := s.noteMissing(ctx, d); err != nil {
		return err
	}
	return s.claimAgain(ctx, d)
}

// claimAgain makes sure that a proven domain is claimed: a backup that was played back may have lost it.
func (s *Service) claimAgain(ctx context.Context, d Domain) error {
	if !d.Verified() {
		return nil
	}
	t, _ := tenant.From(ctx)
	taken := false
	err := s.Keep.InControl(ctx, func(ctx context.Context) error {
		owner, err := s.Keep.ClaimEmailDomain(ctx, d.Domain, t.ID, *d.VerifiedAt)
		taken = owner != t.ID
		return err
	})
	if err == nil && taken {
		return s.lose(ctx, d, "elsewhere")
	}
	return err
}

func (s *Service) noteChecked(ctx context.Context, d Domain) error {
	now := s.Now()
	err := s.setDomain(ctx, d.Domain, func(_ context.Context, held *Domain) error { held.CheckedAt = &now; return nil })
	if errors.Is(err, ErrDomainNotFound) {
		return nil
	}
	return err
}

// noteMissing notes that a proven domain's record is gone, and warns the first time.
func (s *Service) noteMissing(ctx context.Context, d Domain) error {
	now := s.Now()
	err := s.setDomain(ctx, d.Domain, func(ctx context.Context, held *Domain) error {
		held.CheckedAt = &now
		if held.MissingSince != nil || !held.Verified() {
			return nil
		}
		held.MissingSince = &now
		return s.tellDomain(ctx, "domain.warned", *held, map[string]any{"lost_at": held.LostAt().Format(time.RFC3339)})
	})
	if errors.Is(err, ErrDomainNotFound) {
		return nil
	}
	return err
}

// lose takes a domain's proof away: here first, then in the control schema.
func (s *Service) lose(ctx context.Context, d Domain, why string) error {
	if !d.Verified() {
		return s.noteChecked(ctx, d)
	}
	now := s.Now()
	err := s.setDomain(ctx, d.Domain, func(ctx context.Context, held *Domain) error {
		if !held.Verified() {
			return nil
		}
		held.VerifiedAt, held.MissingSince, held.CheckedAt = nil, nil, &now
		return s.tellDomain(ctx, "domain.lost", *held, map[string]any{"reason": why})
	})
	if errors.Is(err, ErrDomainNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	s.turned(ctx)
	return s.release(ctx, d.Domain)
}

// releaseStrays gives free what is claimed for the tenant and proven by no domain of it: what a crash left behind between
// here and the control schema.
func (s *Service) releaseStrays(ctx context.Context) error {
	t, _ := tenant.From(ctx)
	var claimed []string
	err := s.Keep.InControl(ctx, func(ctx context.Context) (err error) {
		claimed, err = s.Keep.ClaimedEmailDomains(ctx, t.ID)
		return err
	})
	if err != nil || len(claimed) == 0 {
		return err
	}
	// Read after the claims, never before: a claim made in between has its domain here by now, or soon will.
	var all []Domain
	err = s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		all, err = s.Keep.EmailDomains(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range claimed {
		if !slices.ContainsFunc(all, func(d Domain) bool { return d.Domain == name }) {
			if err := s.release(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}
