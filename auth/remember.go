package auth

import (
	"bytes"
	"context"
	"slices"
	"time"

	"lyceum/internal/uid"
)

// remember makes the secret of a browser that is spared the second factor for a while, and clears away those whose time
// is over.
func (s *Service) remember(ctx context.Context, rules SecurityRules, person uid.ID, factors []Factor, c Client) (string, error) {
	secret, hash := uid.Secret()
	now := s.now()
	kept := 0
	for _, f := range slices.Backward(factors) {
		if f.Kind != FactorBrowser {
			continue
		}
		if kept++; kept >= factorsMax || !rules.remembers(f, now) {
			if err := s.keep.DeleteFactor(ctx, person, f.ID); err != nil {
				return "", err
			}
		}
	}
	return secret, s.keep.InsertFactor(ctx, Factor{
		ID: uid.New(), PersonID: person, Kind: FactorBrowser, Name: printable(c.UserAgent, nameMax), CredentialID: hash, CreatedAt: now, ConfirmedAt: &now, LastUsedAt: &now,
	})
}

// recognise tells whether a sign-in comes from a browser that is remembered under today's rules.
func (s *Service) recognise(ctx context.Context, rules SecurityRules, factors []Factor, c Client) (bool, error) {
	if len(c.Known) != secretLength {
		return false, nil
	}
	hash, now := uid.Hash(c.Known), s.now()
	for _, f := range factors {
		if f.Kind == FactorBrowser && bytes.Equal(f.CredentialID, hash) && rules.remembers(f, now) {
			f.LastUsedAt = &now
			return true, s.keep.SetFactor(ctx, f)
		}
	}
	return false, nil
}

// remembers tells whether a browser is still spared the second factor.
func (r SecurityRules) remembers(f Factor, now time.Time) bool {
	return now.Before(f.CreatedAt.AddDate(0, 0, r.RememberDays))
}
