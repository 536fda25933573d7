package store_test

import (
	"context"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func token(w *storetest.World, person uid.ID, kind auth.TokenKind) auth.Token {
	_, hash := uid.Secret()
	return auth.Token{Hash: hash, Kind: kind, PersonID: person, CreatedAt: w.Now.Now(), ExpiresAt: w.Now.Now().Add(time.Hour)}
}

func TestALinkIsUsedOnceInItsTenantBeforeItsEndAndForItsKind(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	p := storetest.Person(t, mine, w, policy.Learner)
	link := token(w, p.ID, auth.TokenPasswordReset)
	within(t, w, mine, func(ctx context.Context) error { return w.Store.InsertToken(ctx, link) })

	use := func(kind auth.TokenKind, at time.Time) func(context.Context) error {
		return func(ctx context.Context) error { return w.Store.UseToken(ctx, kind, link.Hash, at) }
	}
	now := w.Now.Now()
	meets(t, w, other, auth.ErrLinkInvalid, use(auth.TokenPasswordReset, now))
	meets(t, w, other, auth.ErrLinkInvalid, func(ctx context.Context) error {
		_, _, err := w.Store.TokenByHash(ctx, auth.TokenPasswordReset, link.Hash)
		return err
	})
	within(t, w, other, func(ctx context.Context) error { return w.Store.DeleteTokens(ctx, p.ID, auth.TokenPasswordReset) })
	meets(t, w, mine, auth.ErrLinkInvalid, use(auth.TokenInvitation, now))
	meets(t, w, mine, auth.ErrLinkInvalid, use(auth.TokenPasswordReset, link.ExpiresAt))
	within(t, w, mine, use(auth.TokenPasswordReset, now))
	meets(t, w, mine, auth.ErrLinkInvalid, use(auth.TokenPasswordReset, now))
	within(t, w, mine, func(ctx context.Context) error {
		got, who, err := w.Store.TokenByHash(ctx, auth.TokenPasswordReset, link.Hash)
		if got.UsedAt == nil || !got.UsedAt.Equal(now) || !got.ExpiresAt.Equal(link.ExpiresAt) || who.ID != p.ID || who.Email != p.Email {
			t.Errorf("found %+v of %+v", got, who)
		}
		return err
	})
}

func TestVoidingLinksSparesOtherKindsAndOtherPeople(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	p, neighbour := storetest.Person(t, ctx, w, policy.Learner), storetest.Person(t, ctx, w, policy.Learner)
	reset, invitation, theirs := token(w, p.ID, auth.TokenPasswordReset), token(w, p.ID, auth.TokenInvitation), token(w, neighbour.ID, auth.TokenPasswordReset)
	found := func(link auth.Token) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := w.Store.TokenByHash(ctx, link.Kind, link.Hash)
			return err
		}
	}
	within(t, w, ctx, func(ctx context.Context) error {
		for _, link := range []auth.Token{reset, invitation, theirs} {
			if err := w.Store.InsertToken(ctx, link); err != nil {
				return err
			}
		}
		return w.Store.DeleteTokens(ctx, p.ID, auth.TokenPasswordReset)
	})
	meets(t, w, ctx, auth.ErrLinkInvalid, found(reset))
	within(t, w, ctx, found(invitation))
	within(t, w, ctx, found(theirs))
	within(t, w, ctx, func(ctx context.Context) error {
		return w.Store.DeleteTokens(ctx, p.ID, auth.TokenPasswordReset, auth.TokenInvitation)
	})
	meets(t, w, ctx, auth.ErrLinkInvalid, found(invitation))
}
