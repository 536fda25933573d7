package store_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func apiKey(w *storetest.World, person uid.ID, name string) auth.APIKey {
	secret, hash := uid.Secret()
	now := w.Now.Now()
	return auth.APIKey{
		ID: uid.New(), Name: name, Prefix: secret[:6], Hash: hash, Scopes: "course:read person:read", PersonID: person, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
}

func TestAnAPIKeyIsFoundByItsHashWithItsPersonInTheirTenantOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	p := storetest.Person(t, mine, w, policy.Manager, policy.Learner)
	k := apiKey(w, p.ID, "Export")
	within(t, w, mine, func(ctx context.Context) error { return w.Store.InsertAPIKey(ctx, k) })
	find := func(ctx context.Context) error { _, _, err := w.Store.APIKeyByHash(ctx, k.Hash); return err }
	at := w.Now.Now().Add(time.Minute)

	meets(t, w, other, auth.ErrKeyInvalid, find)
	meets(t, w, other, auth.ErrKeyNotFound, func(ctx context.Context) error { return w.Store.RevokeAPIKey(ctx, p.ID, k.ID, at) })
	within(t, w, other, func(ctx context.Context) error {
		if err := w.Store.TouchAPIKey(ctx, k.ID, at); err != nil {
			return err
		}
		keys, err := w.Store.APIKeysOf(ctx, p.ID)
		if len(keys) != 0 {
			t.Errorf("another tenant lists %v", keys)
		}
		if err != nil {
			return err
		}
		return w.Store.RevokeAPIKeysOf(ctx, p.ID, at)
	})
	within(t, w, mine, func(ctx context.Context) error {
		got, who, err := w.Store.APIKeyByHash(ctx, k.Hash)
		if got.ID != k.ID || got.Name != k.Name || got.Prefix != k.Prefix || !bytes.Equal(got.Hash, k.Hash) || got.Scopes != k.Scopes || got.PersonID != p.ID ||
			!got.CreatedAt.Equal(k.CreatedAt) || !got.ExpiresAt.Equal(k.ExpiresAt) || got.LastUsedAt != nil || got.RevokedAt != nil {
			t.Errorf("found %+v, want %+v untouched", got, k)
		}
		if who.ID != p.ID || who.Name != p.Name || who.Email != p.Email || len(who.Roles) != 2 {
			t.Errorf("acts for %+v, want %+v", who, p)
		}
		return err
	})
}

func TestRevokedKeysAreNotListedAndStayRevoked(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	p, neighbour := storetest.Person(t, ctx, w, policy.Manager), storetest.Person(t, ctx, w, policy.Manager)
	first, second, theirs := apiKey(w, p.ID, "First"), apiKey(w, p.ID, "Second"), apiKey(w, neighbour.ID, "Theirs")
	second.CreatedAt = second.CreatedAt.Add(time.Second)
	at := w.Now.Now().Add(time.Minute)
	listed := func(person uid.ID, want ...string) {
		t.Helper()
		within(t, w, ctx, func(ctx context.Context) error {
			keys, err := w.Store.APIKeysOf(ctx, person)
			if len(keys) != len(want) {
				t.Fatalf("listed %v, want %v", keys, want)
			}
			for i, k := range keys {
				if k.Name != want[i] || k.Hash != nil {
					t.Errorf("listed %+v at %d, want %s without its hash", k, i, want[i])
				}
			}
			return err
		})
	}
	within(t, w, ctx, func(ctx context.Context) error {
		for _, k := range []auth.APIKey{first, second, theirs} {
			if err := w.Store.InsertAPIKey(ctx, k); err != nil {
				return err
			}
		}
		return nil
	})
	listed(p.ID, "Second", "First")
	meets(t, w, ctx, auth.ErrKeyNotFound, func(ctx context.Context) error { return w.Store.RevokeAPIKey(ctx, neighbour.ID, first.ID, at) })
	within(t, w, ctx, func(ctx context.Context) error { return w.Store.RevokeAPIKey(ctx, p.ID, first.ID, at) })
	meets(t, w, ctx, auth.ErrKeyNotFound, func(ctx context.Context) error { return w.Store.RevokeAPIKey(ctx, p.ID, first.ID, at.Add(time.Minute)) })
	listed(p.ID, "Second")
	within(t, w, ctx, func(ctx context.Context) error { return w.Store.RevokeAPIKeysOf(ctx, p.ID, at.Add(time.Hour)) })
	listed(p.ID)
	listed(neighbour.ID, "Theirs")
	within(t, w, ctx, func(ctx context.Context) error {
		got, _, err := w.Store.APIKeyByHash(ctx, first.Hash)
		if got.RevokedAt == nil || !got.RevokedAt.Equal(at) {
			t.Errorf("revoked %v, want it to stay at %v", got.RevokedAt, at)
		}
		return err
	})
}
