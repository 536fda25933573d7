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

func TestSessionsBeyondANumberEndInTheirTenantOnlyAndOneIsSpared(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	var sessions []auth.Session
	open := func(ctx context.Context, n int) {
		p := storetest.AddPerson(t, ctx, w, auth.Person{}, policy.Learner)
		for range n {
			w.Now.Advance(time.Second)
			s := session(w, p.ID)
			sessions = append(sessions, s)
			within(t, w, ctx, func(ctx context.Context) error { return w.Store.InsertSession(ctx, s) })
		}
	}
	open(mine, 3)
	open(mine, 1)
	open(other, 3)
	within(t, w, mine, func(ctx context.Context) error {
		n, err := w.Store.DeleteSessionsBeyond(ctx, 2, sessions[0].ID)
		if n != 1 {
			t.Errorf("%d sessions ended, want 1", n)
		}
		return err
	})
	for i, ended := range []bool{false, true, false, false} {
		want := error(nil)
		if ended {
			want = auth.ErrSessionNotFound
		}
		meets(t, w, mine, want, func(ctx context.Context) error { _, _, err := w.Store.SessionByHash(ctx, sessions[i].Hash); return err })
	}
	for _, s := range sessions[4:] {
		meets(t, w, other, nil, func(ctx context.Context) error { _, _, err := w.Store.SessionByHash(ctx, s.Hash); return err })
	}
	within(t, w, mine, func(ctx context.Context) error {
		n, err := w.Store.DeleteSessionsBeyond(ctx, 1, uid.Nil)
		if n != 1 {
			t.Errorf("%d sessions ended, want 1", n)
		}
		return err
	})
}
