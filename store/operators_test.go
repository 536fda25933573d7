package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func control(t *testing.T, w *storetest.World, want error, fn func(ctx context.Context) error) {
	t.Helper()
	if err := w.Store.InControl(t.Context(), fn); !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func TestOperatorsAndTheirSessionsAreKeptInTheControlSchema(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	now := w.Now.Now()
	o := auth.Operator{ID: uid.New(), Email: uid.Opaque(8) + "@lyceum.example", Name: "Opal", PasswordHash: "hash", Role: auth.OperatorAdmin, CreatedAt: now}
	_, hash := uid.Secret()
	s := auth.OperatorSession{ID: uid.New(), Hash: hash, OperatorID: o.ID, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour), IP: "192.0.2.1", UserAgent: "Browser"}

	control(t, w, nil, func(ctx context.Context) error {
		if err := w.Store.InsertOperator(ctx, o); err != nil {
			return err
		}
		return w.Store.InsertOperatorSession(ctx, s)
	})
	twin := o
	twin.ID = uid.New()
	control(t, w, auth.ErrOperatorTaken, func(ctx context.Context) error { return w.Store.InsertOperator(ctx, twin) })
	control(t, w, auth.ErrOperatorNotFound, func(ctx context.Context) error {
		_, err := w.Store.OperatorByEmail(ctx, "nobody@lyceum.example")
		return err
	})
	control(t, w, auth.ErrOperatorNotFound, func(ctx context.Context) error { return w.Store.SetOperatorPassword(ctx, o.ID, "not the old", "new") })
	control(t, w, nil, func(ctx context.Context) error { return w.Store.SetOperatorPassword(ctx, o.ID, "hash", "new") })
	control(t, w, nil, func(ctx context.Context) error {
		got, err := w.Store.OperatorByEmail(ctx, o.Email)
		if got.ID != o.ID || got.Name != o.Name || got.PasswordHash != "new" || !got.CreatedAt.Equal(now) {
			t.Errorf("found %+v, want %+v with the new hash", got, o)
		}
		return err
	})

	codes := [][]byte{[]byte("one"), []byte("two")}
	control(t, w, nil, func(ctx context.Context) error {
		return w.Store.SetOperatorCodes(ctx, o.ID, append(codes, []byte("three")))
	})
	control(t, w, nil, func(ctx context.Context) error { return w.Store.SetOperatorCodes(ctx, o.ID, codes) })
	control(t, w, nil, func(ctx context.Context) error { return w.Store.SpendOperatorCode(ctx, o.ID, codes[0]) })
	control(t, w, auth.ErrFactorSpent, func(ctx context.Context) error { return w.Store.SpendOperatorCode(ctx, o.ID, codes[0]) })
	control(t, w, auth.ErrFactorSpent, func(ctx context.Context) error { return w.Store.SpendOperatorCode(ctx, uid.New(), codes[1]) })
	control(t, w, nil, func(ctx context.Context) error {
		n, err := w.Store.OperatorCodes(ctx, o.ID)
		if n != 1 {
			t.Errorf("%d codes left, want 1", n)
		}
		return err
	})

	later := s
	later.SeenAt, later.ExpiresAt = now.Add(time.Minute), now.Add(2*time.Hour)
	control(t, w, nil, func(ctx context.Context) error { return w.Store.TouchOperatorSession(ctx, later) })
	control(t, w, nil, func(ctx context.Context) error { return w.Store.TouchOperatorSession(ctx, s) })
	control(t, w, nil, func(ctx context.Context) error {
		got, who, err := w.Store.OperatorSessionByHash(ctx, hash)
		if got.ID != s.ID || got.OperatorID != o.ID || got.IP != s.IP || !got.SeenAt.Equal(later.SeenAt) || !got.ExpiresAt.Equal(later.ExpiresAt) {
			t.Errorf("found session %+v, want %+v", got, later)
		}
		if who.ID != o.ID || who.Email != o.Email || who.Name != o.Name {
			t.Errorf("held by %+v, want %+v", who, o)
		}
		return err
	})
	find := func(ctx context.Context) error { _, _, err := w.Store.OperatorSessionByHash(ctx, hash); return err }
	control(t, w, nil, func(ctx context.Context) error {
		return w.Store.DeleteExpiredOperatorSessions(ctx, o.ID, later.ExpiresAt.Add(-time.Second))
	})
	control(t, w, nil, find)
	control(t, w, nil, func(ctx context.Context) error {
		return w.Store.DeleteExpiredOperatorSessions(ctx, o.ID, later.ExpiresAt)
	})
	control(t, w, auth.ErrSessionNotFound, find)
	control(t, w, nil, func(ctx context.Context) error { return w.Store.InsertOperatorSession(ctx, s) })
	control(t, w, nil, func(ctx context.Context) error { return w.Store.DeleteOperatorSession(ctx, hash) })
	control(t, w, nil, func(ctx context.Context) error { return w.Store.DeleteOperatorSession(ctx, hash) })
	control(t, w, auth.ErrSessionNotFound, find)
}

func TestATenantsTransactionReachesNoOperator(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	for _, sql := range []string{"select email from control.operators", "select hash from control.operator_sessions", "delete from control.operator_sessions"} {
		if state := sqlstate(t, w.Store, ctx, sql); state != "42501" {
			t.Errorf("%s: SQLSTATE %q, want 42501 (permission denied)", sql, state)
		}
	}
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		return w.Store.InControl(ctx, func(ctx context.Context) error { _, err := w.Store.OperatorByEmail(ctx, "x"); return err })
	})
	if !errors.Is(err, store.ErrMixed) {
		t.Errorf("got error %v, want %v", err, store.ErrMixed)
	}
}
