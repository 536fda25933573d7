package auth_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestAnAPIKeyActsForItsPersonWithinItsScopes(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Instructor)
	ctx := h.as(p)
	secret, k, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: " Export ", Scopes: []string{"course:read", "person:read", "course:read"}})
	wants(t, err, nil)
	if !strings.HasPrefix(secret, "lyc_") || len(secret) != 47 || !strings.HasPrefix(secret, k.Prefix) || len(k.Prefix) > 12 {
		t.Errorf("secret of %d characters with prefix %q", len(secret), k.Prefix)
	}
	if k.Name != "Export" || k.Scopes != "course:read person:read" || k.ExpiresAt.Sub(k.CreatedAt) != 365*24*time.Hour {
		t.Errorf("key %+v", k)
	}
	who, err := h.auth.KeyPrincipal(h.ctx, secret)
	wants(t, err, nil)
	if who.PersonID != p.ID || who.KeyID != k.ID || who.SessionID != uid.Nil || len(who.May) != 2 || !who.May.Has(policy.PersonRead) {
		t.Errorf("the key acts as %+v", who)
	}
	all, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "All", Scopes: []string{"course:read", "*"}})
	wants(t, err, nil)
	who, err = h.auth.KeyPrincipal(h.ctx, all)
	if wants(t, err, nil); !who.May.Has(policy.CourseEdit) || who.May.Has(policy.PersonManage) {
		t.Errorf("a key for all may %v; want what an instructor may", who.May)
	}
	h.told("api_key.created")
}

func TestAKeyGivesNoScopeThatItsMakerLacksAndNoneThatThereIsNot(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ctx := h.as(h.person(policy.Manager))
	for field, in := range map[string]auth.KeyInput{
		"scopes": {Name: "Key", Scopes: []string{"course:read", "course:edit"}},
		"name":   {Scopes: []string{"*"}},
		"days":   {Name: "Key", Scopes: []string{"*"}, Days: 3651},
	} {
		_, _, err := h.auth.CreateKey(ctx, in)
		wantsField(t, err, field)
	}
	for _, scopes := range [][]string{nil, {"course:fly"}, {""}, {"course:read person:manage"}} {
		_, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Key", Scopes: scopes})
		wantsField(t, err, "scopes")
	}
	_, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Key", Scopes: []string{"*"}, Days: -1})
	wantsField(t, err, "days")
	_, _, err = h.auth.CreateKey(ctx, auth.KeyInput{Name: "Key", Scopes: []string{"*"}, Days: 3650})
	wants(t, err, nil)
}

func TestAKeyCannotMakeAnother(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, _, err := h.auth.CreateKey(h.as(h.person(policy.Admin)), auth.KeyInput{Name: "Key", Scopes: []string{"api_key:manage"}})
	wants(t, err, nil)
	who, err := h.auth.KeyPrincipal(h.ctx, secret)
	wants(t, err, nil)
	_, _, err = h.auth.CreateKey(auth.WithPrincipal(h.ctx, who), auth.KeyInput{Name: "More", Scopes: []string{"*"}})
	wants(t, err, auth.ErrKeyMakesKey)
}

func TestAKeyExpiresAndARevokedOneEndsAtOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, neighbour := h.person(policy.Manager), h.person(policy.Manager)
	ctx := h.as(p)
	short, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Short", Scopes: []string{"*"}, Days: 1})
	wants(t, err, nil)
	long, k, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Long", Scopes: []string{"*"}})
	wants(t, err, nil)

	h.w.Now.Advance(24*time.Hour - time.Second)
	_, err = h.auth.KeyPrincipal(h.ctx, short)
	wants(t, err, nil)
	h.w.Now.Advance(time.Second)
	_, err = h.auth.KeyPrincipal(h.ctx, short)
	wants(t, err, auth.ErrKeyInvalid)

	_, err = h.auth.KeyPrincipal(h.ctx, long)
	wants(t, err, nil)
	wants(t, h.auth.RevokeKey(h.as(neighbour), k.ID), auth.ErrKeyNotFound)
	wants(t, h.auth.RevokeKey(ctx, k.ID), nil)
	_, err = h.auth.KeyPrincipal(h.ctx, long)
	wants(t, err, auth.ErrKeyInvalid)
	wants(t, h.auth.RevokeKey(ctx, k.ID), auth.ErrKeyNotFound)
	keys, err := h.auth.Keys(ctx)
	if wants(t, err, nil); len(keys) != 1 || keys[0].Name != "Short" || keys[0].Hash != nil {
		t.Errorf("keys %+v; want the one that is not revoked, without its hash", keys)
	}
	h.told("api_key.revoked")
}

func TestAKeysUseIsWrittenDownAtMostOnceAMinuteAndLoadedOnceForMany(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ctx := h.as(h.person(policy.Manager))
	secret, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Key", Scopes: []string{"*"}})
	wants(t, err, nil)
	used := func() *time.Time {
		t.Helper()
		keys, err := h.auth.Keys(ctx)
		wants(t, err, nil)
		return keys[0].LastUsedAt
	}
	if used() != nil {
		t.Error("a new key was used already")
	}
	h.together(100, func(int) {
		if _, err := h.auth.KeyPrincipal(h.ctx, secret); err != nil {
			t.Error(err)
		}
	})
	if n := h.keep.keyLoads.Load(); n != 1 {
		t.Errorf("the key was loaded %d times, want once", n)
	}
	first := h.w.Now.Now()
	for _, step := range []struct {
		wait time.Duration
		want time.Time
	}{{0, first}, {59 * time.Second, first}, {time.Second + 5*time.Second, first.Add(65 * time.Second)}} {
		h.w.Now.Advance(step.wait)
		_, err = h.auth.KeyPrincipal(h.ctx, secret)
		wants(t, err, nil)
		if got := used(); got == nil || !got.Equal(step.want) {
			t.Errorf("after %v: last used %v, want %v", step.wait, got, step.want)
		}
	}
}
