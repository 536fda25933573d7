package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// HandshakePurpose is what a row of handshakes is under way for; auth/signon has others.
type HandshakePurpose string

const (
	purposeFactor  HandshakePurpose = "second_factor"
	purposeRequest HandshakePurpose = "kept_request"
)

// HandshakePurposes lists auth's own.
func HandshakePurposes() []HandshakePurpose { return []HandshakePurpose{purposeFactor, purposeRequest} }

// Handshake is something under way between here and a browser. It is a row of handshakes. The secret whose hash is kept
// lies in a cookie of the browser, and nowhere else.
type Handshake struct {
	ID        uid.ID
	Hash      []byte
	Purpose   HandshakePurpose
	PersonID  *uid.ID
	Sealed    []byte
	Tries     int
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
}

func (s *Service) handshake(ctx context.Context, purpose HandshakePurpose, hash []byte, person uid.ID, state any) (Handshake, error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return Handshake{}, fmt.Errorf("%s: %w", purpose, err)
	}
	t, _ := tenant.From(ctx)
	sealed, err := s.seal.Seal(t.ID, handshakePurpose, raw)
	if err != nil {
		return Handshake{}, fmt.Errorf("%s: %w", purpose, err)
	}
	now := s.now()
	return Handshake{
		ID: uid.New(), Hash: hash, Purpose: purpose, PersonID: &person, Sealed: sealed, CreatedAt: now, ExpiresAt: now.Add(ChallengeLifetime),
	}, nil
}

// openHandshake reads what a handshake of ours holds; ErrChallengeOver when it is over.
func (s *Service) openHandshake(ctx context.Context, purpose HandshakePurpose, secret string, state any) (h Handshake, err error) {
	if len(secret) != secretLength {
		return h, ErrChallengeOver
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		h, err = s.keep.ChallengeByHash(ctx, purpose, uid.Hash(secret))
		return err
	})
	if err != nil {
		return h, err
	}
	if h.UsedAt != nil || !s.now().Before(h.ExpiresAt) || h.PersonID == nil {
		return h, ErrChallengeOver
	}
	t, _ := tenant.From(ctx)
	raw, err := s.seal.Open(t.ID, handshakePurpose, h.Sealed)
	if err == nil {
		err = json.Unmarshal(raw, state)
	}
	if err != nil {
		return h, ErrChallengeOver.Because(err)
	}
	return h, nil
}
