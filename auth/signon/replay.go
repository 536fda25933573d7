package signon

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// seenSlack is how much longer than its life an assertion is remembered: the most that clocks may differ, and more.
const seenSlack = 5 * time.Minute

// once remembers an assertion until nobody would accept it any more; false when it was remembered already, by whichever
// process.
func (s *Service) once(ctx context.Context, a auth.Assertion) (bool, error) {
	until := a.ExpiresAt
	if least := s.Now().Add(HandshakeLifetime); until.Before(least) {
		until = least
	}
	return s.Keep.Remember(ctx, seenHash("assertion", a.Issuer, a.ID), until.Add(seenSlack))
}

// seenHash names what was accepted; the lengths keep one issuer's words from running into another's.
func seenHash(kind, issuer, id string) []byte {
	return uid.Hash(kind + "\x00" + issuer + "\x00" + id)
}

// notReplayed is once as a check of an attempt.
func (s *Service) notReplayed(ctx context.Context, t *attempt) error {
	fresh, err := s.once(ctx, t.assertion)
	if err != nil {
		return err
	}
	if !fresh {
		return t.report.Refused(CheckReplay, nil, "this assertion was used before")
	}
	t.report.Passed(CheckReplay, "the assertion was not used before")
	return nil
}

func equal(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func isOver(err error) bool { return errors.Is(err, ErrHandshakeOver) }
