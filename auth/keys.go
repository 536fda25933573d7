package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// KeyKeeper is what the service needs kept of API keys.
type KeyKeeper interface {
	InsertAPIKey(ctx context.Context, k APIKey) error
	// APIKeyByHash gives a key, expired, revoked or not, and whose it is, with their roles; ErrKeyInvalid.
	APIKeyByHash(ctx context.Context, hash []byte) (APIKey, Person, error)
	// TouchAPIKey writes when a key was used unless a later time stands there already.
	TouchAPIKey(ctx context.Context, id uid.ID, at time.Time) error
	// APIKeysOf lists a person's keys that are not revoked, the newest first, without hashes, at most 200.
	APIKeysOf(ctx context.Context, person uid.ID) ([]APIKey, error)
	// RevokeAPIKey ends one key of a person; ErrKeyNotFound.
	RevokeAPIKey(ctx context.Context, person, id uid.ID, at time.Time) error
	// RevokeAPIKeysOf ends all keys of a person.
	RevokeAPIKeysOf(ctx context.Context, person uid.ID, at time.Time) error
}

// Shape and life of an API key.
const (
	KeyPrefix      = "lyc_" // before the secret, so that scanners find a key that leaked
	KeyDaysDefault = 365
	KeyDaysMax     = 3650
	keyPrefixShown = len(KeyPrefix) + 6
	// AllScopes is the scope that lets a key do all that its person may.
	AllScopes = "*"
)

// ErrKeyMakesKey is an API key that asks for another: a key that leaked would outlive its end.
var ErrKeyMakesKey = fault.New(fault.KindForbidden, "api_key_makes_key", "An API key cannot make another. Sign in to the portal and make it there.")

// KeyInput is what an API key is for. Days is how long it lasts, 1 to 3650; 0 is 365.
type KeyInput struct {
	Name   string
	Scopes []string // permissions, or AllScopes alone
	Days   int
}

// Validate gathers what is wrong with the input, and brings it into the form in which it is kept: sorted, once each,
// AllScopes alone when it is among them.
func (in *KeyInput) Validate() error {
	f := fault.Fields{}
	in.Name = checkName(f, "name", in.Name)
	if in.Days == 0 {
		in.Days = KeyDaysDefault
	}
	f.Check(in.Days > 0 && in.Days <= KeyDaysMax, "days", fmt.Sprintf("Choose 1 to %d days.", KeyDaysMax))
	f.Check(len(in.Scopes) > 0, "scopes", "Choose at least one permission.")
	for _, scope := range in.Scopes {
		f.Check(scope == AllScopes || policy.Known(policy.Permission(scope)), "scopes", "There is no such permission. Choose from the list.")
	}
	in.Scopes = slices.Compact(slices.Sorted(slices.Values(in.Scopes)))
	if slices.Contains(in.Scopes, AllScopes) {
		in.Scopes = []string{AllScopes}
	}
	return f.Err()
}

// CreateKey makes an API key for who asks and shows its secret this once. It needs api_key:manage, and each scope must
// be within one's own permissions; ErrKeyMakesKey for who asks with a key. Event api_key.created.
func (s *Service) CreateKey(ctx context.Context, in KeyInput) (secret string, k APIKey, err error) {
	who, err := requirePerson(ctx, policy.APIKeyManage)
	if err != nil {
		return "", k, err
	}
	if who.KeyID != uid.Nil {
		return "", k, ErrKeyMakesKey
	}
	if err := in.Validate(); err != nil {
		return "", k, err
	}
	for _, scope := range in.Scopes {
		if scope != AllScopes && !who.May.Has(policy.Permission(scope)) {
			return "", k, fault.Invalid(map[string]string{"scopes": fmt.Sprintf("You may not give %s: your own role does not allow it.", scope)})
		}
	}
	random, _ := uid.Secret()
	secret = KeyPrefix + random
	now := s.now()
	k = APIKey{
		ID: uid.New(), Name: in.Name, Prefix: secret[:keyPrefixShown], Hash: uid.Hash(secret),
		Scopes: strings.Join(in.Scopes, " "), PersonID: who.PersonID, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, in.Days),
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		p, err := s.keep.LockPerson(ctx, who.PersonID)
		if err != nil {
			return err
		}
		if p.Status != PersonActive {
			return ErrSignInFirst // deactivated a moment ago: their keys are revoked already
		}
		if err := s.keep.InsertAPIKey(ctx, k); err != nil {
			return err
		}
		return s.tell(ctx, "api_key.created", who.PersonID, map[string]any{"key_id": k.ID, "name": k.Name, "scopes": k.Scopes})
	})
	if err != nil {
		return "", APIKey{}, err
	}
	return secret, k, nil
}

// Keys lists one's own API keys that are not revoked, the newest first. It needs person:self only: who lost the right to
// make keys still sees and ends those they have.
func (s *Service) Keys(ctx context.Context) (keys []APIKey, err error) {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return nil, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		keys, err = s.keep.APIKeysOf(ctx, who.PersonID)
		return err
	})
	return keys, err
}

// RevokeKey ends one of one's own API keys at once; ErrKeyNotFound. It needs person:self. Event api_key.revoked.
func (s *Service) RevokeKey(ctx context.Context, id uid.ID) error {
	who, err := requirePerson(ctx, policy.PersonSelf)
	if err != nil {
		return err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if err := s.keep.RevokeAPIKey(ctx, who.PersonID, id, s.now()); err != nil {
			return err
		}
		return s.tell(ctx, "api_key.revoked", who.PersonID, map[string]any{"key_id": id})
	})
	if err == nil {
		s.changed(ctx)
	}
	return err
}

// revokeKeys ends all keys of a person who has no session yet and is held, and tells of each. A list shows only so many
// keys at once: it goes on until none is left.
func (s *Service) revokeKeys(ctx context.Context, person uid.ID) error {
	for {
		keys, err := s.keep.APIKeysOf(ctx, person)
		if err != nil || len(keys) == 0 {
			return err
		}
		for _, k := range keys {
			err := s.keep.RevokeAPIKey(ctx, person, k.ID, s.now())
			if errors.Is(err, ErrKeyNotFound) {
				continue // its person revoked it a moment ago
			}
			if err != nil {
				return err
			}
			if err := s.tellAs(ctx, "api_key.revoked", person, map[string]any{"key_id": k.ID}); err != nil {
				return err
			}
		}
	}
}

// KeyPrincipal gives who an API key acts for, narrowed to its scopes; ErrKeyInvalid when it is unknown, expired,
// revoked or belongs to someone deactivated. The answer is cached for up to 5 seconds; its use is written down at most
// once a minute.
func (s *Service) KeyPrincipal(ctx context.Context, secret string) (Principal, error) {
	t, ok := tenant.From(ctx)
	if !ok || len(secret) != len(KeyPrefix)+secretLength || !strings.HasPrefix(secret, KeyPrefix) {
		return Principal{}, ErrKeyInvalid
	}
	now, hash := s.now(), uid.Hash(secret)
	return s.memory.principal(ctx, t.ID, 'k', hash, now, func(ctx context.Context) (who Principal, until time.Time, err error) {
		k, p, err := s.keep.APIKeyByHash(ctx, hash)
		if err != nil {
			return who, until, err
		}
		if p.Status != PersonActive || k.RevokedAt != nil || !now.Before(k.ExpiresAt) {
			return who, until, ErrKeyInvalid
		}
		if k.LastUsedAt == nil || now.Sub(*k.LastUsedAt) >= seenEvery {
			err = s.keep.InTenant(ctx, func(ctx context.Context) error { return s.keep.TouchAPIKey(ctx, k.ID, now) })
			if err != nil {
				return who, until, err
			}
		}
		who, err = s.principalOf(ctx, p)
		who.KeyID, who.May = k.ID, who.May.Narrow(k.Scopes)
		return who, k.ExpiresAt, err
	})
}
