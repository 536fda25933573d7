package signon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"lyceum/auth/saml"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// SigningKey is one of our keys towards identity providers. It is a row of signing_keys.
type SigningKey struct {
	ID          uid.ID
	Certificate string // base64 DER
	Sealed      []byte // the whole saml.Key
	CreatedAt   time.Time
	CurrentAt   *time.Time // when it began to sign; nil: it is published and does not sign yet
	RetiredAt   *time.Time // when it stopped signing
	ExpiresAt   time.Time
}

// KeyState is where one of our keys stands.
type KeyState string

const (
	// KeyNext is in our metadata and does not sign yet, so that identity providers know it when it does.
	KeyNext KeyState = "next"
	// KeyCurrent signs.
	KeyCurrent KeyState = "current"
	// KeyPrevious signs no more, and for a while opens what is still encrypted for it.
	KeyPrevious KeyState = "previous"
)

// State tells where the key stands.
func (k SigningKey) State() KeyState {
	switch {
	case k.RetiredAt != nil:
		return KeyPrevious
	case k.CurrentAt != nil:
		return KeyCurrent
	}
	return KeyNext
}

// RemovedAt is when a previous key is removed; the zero time for the others.
func (k SigningKey) RemovedAt() time.Time {
	if k.RetiredAt == nil {
		return time.Time{}
	}
	return k.RetiredAt.Add(keyKeptFor)
}

const (
	day = 24 * time.Hour
	// keyLife is how long a certificate of ours is valid.
	keyLife = 3 * 365 * day
	// keyPublishAhead and keySwitchAhead are how long before the current key ends the next one is published, and takes over.
	keyPublishAhead = 90 * day
	keySwitchAhead  = 30 * day
	// keyShownFor is how long the next key must have been published before it takes over by itself.
	keyShownFor = 14 * day
	// keyKeptFor is how long the previous key still decrypts.
	keyKeptFor = 30 * day

	sealSigningKey = "signing key"
)

// Failures of our keys.
var (
	ErrKeyNotFound  = fault.New(fault.KindNotFound, "signing_key_not_found", "There is no such signing key here. Reload the page.")
	ErrNextKeyThere = fault.New(fault.KindConflict, "signing_key_next_there", "The next key is published already. Give your identity providers time to read it, then switch.")
	ErrNoNextKey    = fault.New(fault.KindConflict, "signing_key_no_next", "There is no next key to switch to. Publish one first.")
)

// Ring is our keys by their state; Current is always there.
type Ring struct {
	Current  SigningKey
	Next     *SigningKey
	Previous []SigningKey
}

// SigningKeys gives our keys, without their private halves; the first one is made when there is none. It needs
// connection:manage, and an administrator of the portal.
func (s *Service) SigningKeys(ctx context.Context) (r Ring, err error) {
	if err := s.portalAdmin(ctx); err != nil {
		return r, err
	}
	keys, err := s.ownKeys(ctx)
	if err != nil {
		return r, err
	}
	for _, k := range keys {
		k.Sealed = nil
		switch k.State() {
		case KeyCurrent:
			r.Current = k
		case KeyNext:
			r.Next = &k
		case KeyPrevious:
			r.Previous = append(r.Previous, k)
		}
	}
	return r, nil
}

// samlKeys gives our keys as a saml.Provider takes them: the current one, the next, those before it.
func (s *Service) samlKeys(ctx context.Context) (out []saml.Key, err error) {
	keys, err := s.ownKeys(ctx)
	if err != nil {
		return nil, err
	}
	order := map[KeyState]int{KeyCurrent: 0, KeyNext: 1, KeyPrevious: 2}
	slices.SortStableFunc(keys, func(a, b SigningKey) int { return order[a.State()] - order[b.State()] })
	for _, k := range keys {
		var key saml.Key
		if err := s.openJSON(ctx, sealSigningKey, k.Sealed, &key); err != nil {
			return nil, fmt.Errorf("signing key %s: %w", k.ID, err)
		}
		out = append(out, key)
	}
	return out, nil
}

// ownKeys lists our keys, the oldest first; the first one is made when there is none. Two who ask at once get the same.
func (s *Service) ownKeys(ctx context.Context) (keys []SigningKey, err error) {
	list := func(ctx context.Context) error {
		keys, err = s.Keep.SigningKeys(ctx)
		return err
	}
	if err := s.Keep.InTenant(ctx, list); err != nil || slices.ContainsFunc(keys, isCurrent) {
		return keys, err
	}
	fresh, err := s.newKey(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	fresh.CurrentAt = &now
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.LockSignOnRules(ctx); err != nil {
			return err
		}
		if err := list(ctx); err != nil || slices.ContainsFunc(keys, isCurrent) {
			return err // another was quicker: theirs counts
		}
		if err := s.Keep.InsertSigningKey(ctx, fresh); err != nil {
			return err
		}
		keys = append(keys, fresh)
		return s.tellKey(ctx, "signing_key.published", fresh)
	})
	return keys, err
}

func isCurrent(k SigningKey) bool { return k.State() == KeyCurrent }
func isNext(k SigningKey) bool    { return k.State() == KeyNext }

// newKey makes a key. It is done outside of a transaction where one can be avoided: it takes a moment.
func (s *Service) newKey(ctx context.Context) (SigningKey, error) {
	now := s.Now()
	key, err := saml.NewKey(s.Addresses(ctx, uid.Nil).EntityID, now, keyLife)
	if err != nil {
		return SigningKey{}, err
	}
	raw, err := json.Marshal(key) //nolint:gosec // it is sealed before it is kept
	if err != nil {
		return SigningKey{}, fmt.Errorf("write a signing key: %w", err)
	}
	t, _ := tenant.From(ctx)
	sealed, err := s.Seal.Seal(t.ID, sealSigningKey, raw)
	if err != nil {
		return SigningKey{}, fmt.Errorf("seal a signing key: %w", err)
	}
	return SigningKey{ID: uid.New(), Certificate: key.Certificate, Sealed: sealed, CreatedAt: now, ExpiresAt: key.NotAfter}, nil
}

// PublishNextKey puts the next key into our metadata. ErrNextKeyThere. It needs connection:manage, and an administrator of
// the portal. Event signing_key.published.
func (s *Service) PublishNextKey(ctx context.Context) error {
	if err := s.portalAdmin(ctx); err != nil {
		return err
	}
	return s.publishNext(ctx)
}

func (s *Service) publishNext(ctx context.Context) error {
	if _, err := s.ownKeys(ctx); err != nil {
		return err
	}
	fresh, err := s.newKey(ctx)
	if err != nil {
		return err
	}
	return s.withKeys(ctx, func(ctx context.Context, keys []SigningKey) error {
		if slices.ContainsFunc(keys, isNext) {
			return ErrNextKeyThere
		}
		if err := s.Keep.InsertSigningKey(ctx, fresh); err != nil {
			return err
		}
		return s.tellKey(ctx, "signing_key.published", fresh)
	})
}

// SwitchKey has the next key sign from now on; the one before still decrypts for 30 days. ErrNoNextKey. It needs
// connection:manage, and an administrator of the portal. Event signing_key.switched.
func (s *Service) SwitchKey(ctx context.Context) error {
	if err := s.portalAdmin(ctx); err != nil {
		return err
	}
	return s.switchKey(ctx)
}

func (s *Service) switchKey(ctx context.Context) error {
	return s.withKeys(ctx, func(ctx context.Context, keys []SigningKey) error {
		next := slices.IndexFunc(keys, isNext)
		if next < 0 {
			return ErrNoNextKey
		}
		now := s.Now()
		for _, k := range keys { // first the old one: there is only one current key at a time
			if isCurrent(k) {
				k.RetiredAt = &now
				if err := s.Keep.SetSigningKey(ctx, k); err != nil {
					return err
				}
			}
		}
		keys[next].CurrentAt = &now
		if err := s.Keep.SetSigningKey(ctx, keys[next]); err != nil {
			return err
		}
		return s.tellKey(ctx, "signing_key.switched", keys[next])
	})
}

// withKeys runs fn with our keys, held until the transaction ends.
func (s *Service) withKeys(ctx context.Context, fn func(ctx context.Context, keys []SigningKey) error) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.Keep.LockSignOnRules(ctx); err != nil {
			return err
		}
		keys, err := s.Keep.SigningKeys(ctx)
		if err != nil {
			return err
		}
		return fn(ctx, keys)
	})
}

// TurnKeys is the daily chore for the tenant of ctx: it publishes the next key 90 days before the current one ends, has it
// take over 30 days before (when it has been published for 14), and removes a previous key 30 days after. Where there is no
// key it makes none. It asks nobody's permission.
func (s *Service) TurnKeys(ctx context.Context) error {
	var keys []SigningKey
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		keys, err = s.Keep.SigningKeys(ctx)
		return err
	})
	current := slices.IndexFunc(keys, isCurrent)
	if err != nil || current < 0 {
		return err
	}
	now, ends, next := s.Now(), keys[current].ExpiresAt, slices.IndexFunc(keys, isNext)
	switch {
	case next < 0 && !now.Before(ends.Add(-keyPublishAhead)):
		err = s.publishNext(ctx)
	case next >= 0 && !now.Before(ends.Add(-keySwitchAhead)) && !now.Before(keys[next].CreatedAt.Add(keyShownFor)):
		err = s.switchKey(ctx)
	}
	if err != nil && !errors.Is(err, ErrNextKeyThere) && !errors.Is(err, ErrNoNextKey) { // another process was quicker
		return err
	}
	return s.withKeys(ctx, func(ctx context.Context, keys []SigningKey) error {
		for _, k := range keys {
			if k.State() != KeyPrevious || now.Before(k.RemovedAt()) {
				continue
			}
			if err := s.Keep.DeleteSigningKey(ctx, k.ID); err != nil {
				return err
			}
			if err := s.tellKey(ctx, "signing_key.retired", k); err != nil {
				return err
			}
		}
		return nil
	})
}

// Describe says what people may know of the key's certificate.
func (k SigningKey) Describe() (saml.Certificate, error) {
	return saml.Key{Certificate: k.Certificate}.Describe()
}

func (s *Service) tellKey(ctx context.Context, typ string, k SigningKey) error {
	c, err := k.Describe()
	if err != nil {
		return err
	}
	return s.tell(ctx, typ, "signing_key", k.ID, map[string]any{"fingerprint": c.Fingerprint, "expires_at": k.ExpiresAt.Format(time.RFC3339)})
}
