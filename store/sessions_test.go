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

func session(w *storetest.World, person uid.ID) auth.Session {
	_, hash := uid.Secret()
	now := w.Now.Now()
	return auth.Session{
		ID: uid.New(), Hash: hash, PersonID: person, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour), IP: "2001:db8::1", UserAgent: "Browser",
	}
}

func TestASessionIsFoundByItsHashWithItsPersonInTheirTenantOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	p := storetest.AddPerson(t, mine, w, auth.Person{Locale: "de"}, policy.Learner, policy.Manager)
	kept := session(w, p.ID)
	within(t, w, mine, func(ctx context.Context) error { return w.Store.InsertSession(ctx, kept) })

	within(t, w, mine, func(ctx context.Context) error {
		got, who, err := w.Store.SessionByHash(ctx, kept.Hash)
		if got.ID != kept.ID || !bytes.Equal(got.Hash, kept.Hash) || got.IP != kept.IP || got.UserAgent != kept.UserAgent || !got.ExpiresAt.Equal(kept.ExpiresAt) ||
			!got.CreatedAt.Equal(kept.CreatedAt) || !got.SeenAt.Equal(kept.SeenAt) || got.PersonID != p.ID {
			t.Errorf("found %+v, want %+v", got, kept)
		}
		if who.ID != p.ID || who.Email != p.Email || who.Name != p.Name || who.Locale != "de" || who.Status != auth.PersonActive || len(who.Roles) != 2 {
			t.Errorf("held by %+v, want %+v", who, p)
		}
		return err
	})
	missing := func(ctx context.Context) error { _, _, err := w.Store.SessionByHash(ctx, kept.Hash); return err }
	meets(t, w, other, auth.ErrSessionNotFound, missing)
	meets(t, w, other, auth.ErrSessionNotFound, func(ctx context.Context) error { return w.Store.DeleteSession(ctx, p.ID, kept.ID) })
	within(t, w, other, func(ctx context.Context) error {
		n, err := w.Store.DeleteSessionsBut(ctx, p.ID, uid.Nil)
		if err != nil {
			return err
		}
		list, err := w.Store.SessionsOf(ctx, p.ID, w.Now.Now())
		if err != nil {
			return err
		}
		if n+len(list) != 0 {
			t.Errorf("another tenant ended %d and lists %v", n, list)
		}
		kept := kept
		kept.SeenAt = kept.SeenAt.Add(time.Minute)
		if err := w.Store.TouchSession(ctx, kept); err != nil {
			return err
		}
		return w.Store.DeleteExpiredSessions(ctx, p.ID, w.Now.Now().Add(240*time.Hour))
	})
	within(t, w, mine, func(ctx context.Context) error {
		got, _, err := w.Store.SessionByHash(ctx, kept.Hash)
		if !got.SeenAt.Equal(kept.SeenAt) {
			t.Errorf("another tenant touched the session: seen %v", got.SeenAt)
		}
		return err
	})
}

func TestAnEarlierUseDoesNotOverwriteALaterOne(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	kept := session(w, storetest.Person(t, ctx, w, policy.Learner).ID)
	later, earlier := kept, kept
	later.SeenAt, later.ExpiresAt = kept.SeenAt.Add(2*time.Minute), kept.ExpiresAt.Add(2*time.Minute)
	earlier.SeenAt, earlier.ExpiresAt = kept.SeenAt.Add(time.Minute), kept.ExpiresAt.Add(time.Minute)
	within(t, w, ctx, func(ctx context.Context) error {
		for _, step := range []func() error{
			func() error { return w.Store.InsertSession(ctx, kept) },
			func() error { return w.Store.TouchSession(ctx, later) },
			func() error { return w.Store.TouchSession(ctx, earlier) },
		} {
			if err := step(); err != nil {
				return err
			}
		}
		got, _, err := w.Store.SessionByHash(ctx, kept.Hash)
		if !got.SeenAt.Equal(later.SeenAt) || !got.ExpiresAt.Equal(later.ExpiresAt) {
			t.Errorf("seen %v, ends %v; want the later use", got.SeenAt, got.ExpiresAt)
		}
		return err
	})
}

func TestSessionsEndOnePersonAtATimeAndTheExpiredAreNotListed(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	p, neighbour := storetest.Person(t, ctx, w, policy.Learner), storetest.Person(t, ctx, w, policy.Learner)
	old, first, second, theirs := session(w, p.ID), session(w, p.ID), session(w, p.ID), session(w, neighbour.ID)
	old.ExpiresAt = w.Now.Now()
	second.SeenAt = second.SeenAt.Add(time.Minute)
	within(t, w, ctx, func(ctx context.Context) error {
		for _, s := range []auth.Session{old, first, second, theirs} {
			if err := w.Store.InsertSession(ctx, s); err != nil {
				return err
			}
		}
		list, err := w.Store.SessionsOf(ctx, p.ID, w.Now.Now())
		if len(list) != 2 || list[0].ID != second.ID || list[1].ID != first.ID || list[0].Hash != nil {
			t.Errorf("listed %+v; want the second, then the first, without hashes", list)
		}
		return err
	})
	meets(t, w, ctx, auth.ErrSessionNotFound, func(ctx context.Context) error { return w.Store.DeleteSession(ctx, neighbour.ID, first.ID) })
	within(t, w, ctx, func(ctx context.Context) error { return w.Store.DeleteExpiredSessions(ctx, p.ID, w.Now.Now()) })
	within(t, w, ctx, func(ctx context.Context) error {
		n, err := w.Store.DeleteSessionsBut(ctx, p.ID, second.ID)
		if n != 1 {
			t.Errorf("%d sessions ended, want the first alone", n)
		}
		return err
	})
	within(t, w, ctx, func(ctx context.Context) error {
		for _, s := range []auth.Session{second, theirs} {
			if _, _, err := w.Store.SessionByHash(ctx, s.Hash); err != nil {
				return err
			}
		}
		return nil
	})
}
