package auth_test

import (
	"context"
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

func TestWhoMayNoLongerMakeKeysStillSeesAndEndsTheirOwn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, p := h.as(h.person(policy.Owner)), h.person(policy.Instructor)
	secret, k, err := h.auth.CreateKey(h.as(p), auth.KeyInput{Name: "Export", Scopes: []string{"*"}})
	wants(t, err, nil)
	wants(t, h.auth.SetRoles(owner, p.ID, []policy.Role{policy.Learner}), nil)

	demoted := h.as(p)
	_, _, err = h.auth.CreateKey(demoted, auth.KeyInput{Name: "More", Scopes: []string{"*"}})
	wants(t, err, policy.ErrForbidden)
	keys, err := h.auth.Keys(demoted)
	if wants(t, err, nil); len(keys) != 1 || keys[0].ID != k.ID {
		t.Errorf("keys %+v; want the one made before", keys)
	}
	wants(t, h.auth.RevokeKey(h.as(h.person(policy.Learner)), k.ID), auth.ErrKeyNotFound)
	wants(t, h.auth.RevokeKey(demoted, k.ID), nil)
	_, err = h.auth.KeyPrincipal(h.ctx, secret)
	wants(t, err, auth.ErrKeyInvalid)

	bare := auth.WithPrincipal(h.ctx, auth.Principal{PersonID: p.ID, May: policy.Set{policy.CourseRead: {}}})
	_, err = h.auth.Keys(bare)
	wants(t, err, policy.ErrForbidden)
	wants(t, h.auth.RevokeKey(bare, k.ID), policy.ErrForbidden)
	_, err = h.auth.Keys(h.ctx)
	wants(t, err, auth.ErrSignInFirst)
}

func TestAResetEndsAllAPIKeysAndAPasswordChangeNone(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, neighbour := h.person(policy.Manager), h.person(policy.Manager)
	ctx := h.as(p)
	key := func(ctx context.Context) string {
		t.Helper()
		secret, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Key", Scopes: []string{"*"}})
		wants(t, err, nil)
		_, err = h.auth.KeyPrincipal(h.ctx, secret)
		wants(t, err, nil)
		return secret
	}
	first, second, theirs := key(ctx), key(ctx), key(h.as(neighbour))

	wants(t, h.auth.ChangePassword(ctx, password, "another good password"), nil)
	for _, secret := range []string{first, second} {
		_, err := h.auth.KeyPrincipal(h.ctx, secret)
		wants(t, err, nil)
	}
	wants(t, h.auth.ResetPassword(h.ctx, h.link(auth.TokenPasswordReset, p), "a third good password"), nil)
	for _, secret := range []string{first, second} {
		_, err := h.auth.KeyPrincipal(h.ctx, secret)
		wants(t, err, auth.ErrKeyInvalid)
	}
	_, err := h.auth.KeyPrincipal(h.ctx, theirs)
	wants(t, err, nil)
	if n := strings.Count(strings.Join(h.events(), " "), "api_key.revoked"); n != 2 {
		t.Errorf("%d revoked keys told of, want 2", n)
	}
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
