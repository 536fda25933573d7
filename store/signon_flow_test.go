package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

// flow is a tenant with a connection and a person, and another tenant who must see nothing of them.
type flow struct {
	*storetest.World
	t             *testing.T
	ctx, stranger context.Context
	connection    uid.ID
	person        uid.ID
}

func flowSetup(t *testing.T) flow {
	t.Helper()
	w := storetest.New(t)
	f := flow{World: w, t: t, ctx: w.Tenant(t), stranger: w.Tenant(t), connection: uid.New()}
	f.person = storetest.Person(t, f.ctx, w, policy.Learner).ID
	now := w.Now.Now()
	f.in(f.ctx, func(ctx context.Context) error {
		return w.Store.InsertConnection(ctx, signon.Connection{ID: f.connection, Kind: auth.ProtocolSAML, Name: "Acme", Status: signon.StatusOn, Revision: 1, CreatedAt: now, UpdatedAt: now})
	})
	return f
}

func (f flow) in(ctx context.Context, fn func(context.Context) error) {
	f.t.Helper()
	if err := f.Store.InTenant(ctx, fn); err != nil {
		f.t.Fatal(err)
	}
}

// fails wants a failure of fn.
func (f flow) fails(ctx context.Context, want error, fn func(context.Context) error) {
	f.t.Helper()
	if err := f.Store.InTenant(ctx, fn); !errors.Is(err, want) {
		f.t.Errorf("got %v, want %v", err, want)
	}
}

func TestAHandshakeIsUsedOnceAndNoOtherTenantSeesIt(t *testing.T) {
	t.Parallel()
	f := flowSetup(t)
	now := f.Now.Now()
	h := signon.Handshake{
		ID: uid.New(), Hash: uid.Hash("state"), Purpose: signon.PurposeSignIn, ConnectionID: &f.connection, PersonID: &f.person, Sealed: []byte{1}, CreatedAt: now, ExpiresAt: now.Add(time.Minute),
	}
	f.in(f.ctx, func(ctx context.Context) error { return f.Store.InsertHandshake(ctx, h) })
	var got signon.Handshake
	f.in(f.ctx, func(ctx context.Context) (err error) {
		got, err = f.Store.HandshakeByHash(ctx, uid.Hash("state"))
		return err
	})
	if got.ID != h.ID || got.Purpose != h.Purpose || *got.ConnectionID != f.connection || got.Browser != nil || got.UsedAt != nil || !got.ExpiresAt.Equal(h.ExpiresAt) {
		t.Errorf("%+v", got)
	}
	f.fails(f.stranger, signon.ErrHandshakeOver, func(ctx context.Context) error { _, err := f.Store.HandshakeByHash(ctx, uid.Hash("state")); return err })
	f.fails(f.stranger, signon.ErrHandshakeOver, func(ctx context.Context) error { _, err := f.Store.HandshakeByID(ctx, h.ID); return err })
	f.fails(f.stranger, signon.ErrHandshakeOver, func(ctx context.Context) error { return f.Store.UseHandshake(ctx, h.ID, now) })
	f.fails(f.stranger, signon.ErrHandshakeOver, func(ctx context.Context) error { _, err := f.Store.CountTry(ctx, h.ID); return err })

	f.in(f.ctx, func(ctx context.Context) error { return f.Store.BindHandshake(ctx, h.ID, uid.Hash("browser")) })
	f.fails(f.ctx, signon.ErrHandshakeOver, func(ctx context.Context) error { return f.Store.BindHandshake(ctx, h.ID, uid.Hash("another")) })
	for want := 1; want < 3; want++ {
		f.in(f.ctx, func(ctx context.Context) error {
			if n, err := f.Store.CountTry(ctx, h.ID); err != nil || n != want {
				t.Errorf("try %d: %d, %v", want, n, err)
			}
			return nil
		})
	}
	f.fails(f.ctx, signon.ErrHandshakeOver, func(ctx context.Context) error { return f.Store.UseHandshake(ctx, h.ID, h.ExpiresAt) })
	f.in(f.ctx, func(ctx context.Context) error { return f.Store.UseHandshake(ctx, h.ID, now) })
	f.fails(f.ctx, signon.ErrHandshakeOver, func(ctx context.Context) error { return f.Store.UseHandshake(ctx, h.ID, now) })

	f.in(f.ctx, func(ctx context.Context) error {
		return f.Store.VoidHandshakes(ctx, signon.PurposeTest, f.person, f.connection)
	})
	f.in(f.ctx, func(ctx context.Context) error { return f.Store.DeleteHandshakes(ctx, h.ExpiresAt) })
	f.in(f.stranger, func(ctx context.Context) error { return f.Store.DeleteHandshakes(ctx, h.ExpiresAt.Add(time.Hour)) })
	f.in(f.ctx, func(ctx context.Context) error { _, err := f.Store.HandshakeByID(ctx, h.ID); return err })
	f.in(f.ctx, func(ctx context.Context) error {
		return f.Store.VoidHandshakes(ctx, signon.PurposeSignIn, f.person, f.connection)
	})
	f.fails(f.ctx, signon.ErrHandshakeOver, func(ctx context.Context) error { _, err := f.Store.HandshakeByID(ctx, h.ID); return err })
}

func TestWhatIsRememberedByOneIsNewToNobodyElseOfTheTenant(t *testing.T) {
	t.Parallel()
	f := flowSetup(t)
	until := f.Now.Now().Add(time.Minute)
	var mu sync.Mutex
	var wg sync.WaitGroup
	fresh := 0
	for range 8 {
		wg.Go(func() {
			err := f.Store.InTenant(f.ctx, func(ctx context.Context) error {
				first, err := f.Store.Remember(ctx, uid.Hash("assertion"), until)
				mu.Lock()
				defer mu.Unlock()
				if first {
					fresh++
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if fresh != 1 {
		t.Errorf("it was new to %d", fresh)
	}
	f.in(f.stranger, func(ctx context.Context) error {
		if first, err := f.Store.Remember(ctx, uid.Hash("assertion"), until); err != nil || !first {
			t.Errorf("another tenant's memory: %v, %v", first, err)
		}
		return nil
	})
	// One that is taken back was never accepted.
	taken := errors.New("taken back")
	f.fails(f.ctx, taken, func(ctx context.Context) error {
		if _, err := f.Store.Remember(ctx, uid.Hash("another"), until); err != nil {
			return err
		}
		return taken
	})
	f.in(f.stranger, func(ctx context.Context) error { return f.Store.ForgetSeen(ctx, until.Add(time.Second)) })
	f.in(f.ctx, func(ctx context.Context) error { return f.Store.ForgetSeen(ctx, until) })
	f.in(f.ctx, func(ctx context.Context) error {
		if first, err := f.Store.Remember(ctx, uid.Hash("another"), until); err != nil || !first {
			t.Errorf("one that was taken back: %v, %v", first, err)
		}
		if first, err := f.Store.Remember(ctx, uid.Hash("assertion"), until); err != nil || first {
			t.Errorf("another tenant's sweep made us forget: %v, %v", first, err)
		}
		return f.Store.ForgetSeen(ctx, until.Add(time.Second))
	})
	f.in(f.ctx, func(ctx context.Context) error {
		first, err := f.Store.Remember(ctx, uid.Hash("assertion"), until)
		if !first {
			t.Error("what has run out is remembered")
		}
		return err
	})
}

func TestASubjectBelongsToOnePerson(t *testing.T) {
	t.Parallel()
	f := flowSetup(t)
	now := f.Now.Now()
	i := signon.Identity{ID: uid.New(), PersonID: f.person, ConnectionID: f.connection, Issuer: "idp", Subject: "Anna", LinkedBy: signon.LinkedByProof, LinkedAt: now, SeenAt: now}
	f.in(f.ctx, func(ctx context.Context) error { return f.Store.InsertIdentity(ctx, i) })
	other := storetest.Person(t, f.ctx, f.World, policy.Learner).ID
	f.fails(f.ctx, signon.ErrIdentityKnown, func(ctx context.Context) error {
		again := i
		again.ID, again.PersonID = uid.New(), other
		return f.Store.InsertIdentity(ctx, again)
	})
	f.in(f.ctx, func(ctx context.Context) error { return f.Store.TouchIdentity(ctx, i.ID, now.Add(time.Hour)) })
	f.in(f.ctx, func(ctx context.Context) error {
		got, err := f.Store.IdentityBySubject(ctx, f.connection, "Anna")
		if err == nil && (got.PersonID != f.person || got.LinkedBy != signon.LinkedByProof || !got.SeenAt.Equal(now.Add(time.Hour))) {
			t.Errorf("%+v", got)
		}
		return err
	})
	f.fails(f.ctx, signon.ErrIdentityNotFound, func(ctx context.Context) error {
		_, err := f.Store.IdentityBySubject(ctx, f.connection, "anna")
		return err
	})
	f.fails(f.stranger, signon.ErrIdentityNotFound, func(ctx context.Context) error {
		_, err := f.Store.IdentityBySubject(ctx, f.connection, "Anna")
		return err
	})
	f.fails(f.stranger, signon.ErrIdentityNotFound, func(ctx context.Context) error { return f.Store.TouchIdentity(ctx, i.ID, now) })
	f.in(f.stranger, func(ctx context.Context) error {
		list, err := f.Store.IdentitiesOf(ctx, f.person)
		if len(list) != 0 {
			t.Errorf("another tenant sees %+v", list)
		}
		return err
	})
	f.fails(f.ctx, signon.ErrIdentityNotFound, func(ctx context.Context) error { _, err := f.Store.DeleteIdentity(ctx, other, i.ID); return err })
	f.in(f.ctx, func(ctx context.Context) error {
		if list, err := f.Store.IdentitiesOf(ctx, f.person); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		got, err := f.Store.DeleteIdentity(ctx, f.person, i.ID)
		if got.Subject != "Anna" {
			t.Errorf("%+v", got)
		}
		return err
	})
}

func TestOnlyTheNewestAttemptsOfAConnectionAreKept(t *testing.T) {
	t.Parallel()
	f := flowSetup(t)
	now := f.Now.Now()
	second := uid.New()
	f.in(f.ctx, func(ctx context.Context) error {
		return f.Store.InsertConnection(ctx, signon.Connection{ID: second, Kind: auth.ProtocolOIDC, Name: "Second", Status: signon.StatusOn, Revision: 1, CreatedAt: now, UpdatedAt: now})
	})
	var ids []uid.ID
	for i := range 7 {
		a := signon.Attempt{ID: uid.New(), ConnectionID: f.connection, Outcome: signon.OutcomeRefused, Reason: "signature", At: now}
		if i == 0 {
			a.ConnectionID = second
		} else {
			ids = append(ids, a.ID)
		}
		f.in(f.ctx, func(ctx context.Context) error { return f.Store.InsertAttempt(ctx, a, 4) })
	}
	f.in(f.ctx, func(ctx context.Context) error {
		list, err := f.Store.AttemptsOf(ctx, signon.AttemptFilter{Connection: f.connection})
		var got []uid.ID
		for _, a := range list {
			got = append(got, a.ID)
		}
		slices.Reverse(got)
		if !slices.Equal(got, ids[2:]) {
			t.Errorf("kept %v of %v", got, ids)
		}
		if list, err := f.Store.AttemptsOf(ctx, signon.AttemptFilter{Connection: second}); err != nil || len(list) != 1 {
			t.Errorf("another connection's: %v, %v", list, err)
		}
		return err
	})
	f.in(f.stranger, func(ctx context.Context) error {
		list, err := f.Store.AttemptsOf(ctx, signon.AttemptFilter{Connection: f.connection})
		if len(list) != 0 {
			t.Error("another tenant sees attempts")
		}
		return err
	})
}

func TestVouchedSessionsEndByTheProvidersWords(t *testing.T) {
	t.Parallel()
	f := flowSetup(t)
	now := f.Now.Now()
	elsewhere := uid.New()
	f.in(f.ctx, func(ctx context.Context) error {
		return f.Store.InsertConnection(ctx, signon.Connection{ID: elsewhere, Kind: auth.ProtocolSAML, Name: "Other", Status: signon.StatusOn, Revision: 1, CreatedAt: now, UpdatedAt: now})
	})
	session := func(connection *uid.ID, subject, name string) uid.ID {
		s := auth.Session{ID: uid.New(), PersonID: f.person, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)}
		_, s.Hash = uid.Secret()
		s.Method, s.ConnectionID, s.IdpSubject, s.IdpSession, s.IdpSealed = auth.MethodSAML, connection, subject, name, []byte("sealed")
		f.in(f.ctx, func(ctx context.Context) error { return f.Store.InsertSession(ctx, s) })
		return s.ID
	}
	for name, c := range map[string]struct {
		meant signon.Vouched
		ends  string
	}{
		"all of a person":           {signon.Vouched{Subject: "anna"}, "anna-one anna-two anna-none"},
		"one by name":               {signon.Vouched{Subject: "anna", Sessions: []string{"one"}}, "anna-one anna-none"},
		"one by name, whoever's":    {signon.Vouched{Sessions: []string{"one"}}, "anna-one ben-one"},
		"one that is not there":     {signon.Vouched{Sessions: []string{"three"}}, ""},
		"somebody who is not there": {signon.Vouched{Subject: "ANNA"}, ""},
	} {
		names := map[uid.ID]string{
			session(&f.connection, "anna", "one"): "anna-one", session(&f.connection, "anna", "two"): "anna-two", session(&f.connection, "anna", ""): "anna-none",
			session(&f.connection, "ben", "one"): "ben-one", session(&f.connection, "ben", ""): "ben-none", session(&elsewhere, "anna", "one"): "elsewhere", session(nil, "anna", "one"): "local",
		}
		c.meant.Connection = f.connection
		f.in(f.stranger, func(ctx context.Context) error {
			ended, err := f.Store.EndVouchedSessions(ctx, c.meant)
			if len(ended) != 0 {
				t.Errorf("%s: another tenant ended %v", name, ended)
			}
			return err
		})
		f.in(f.ctx, func(ctx context.Context) error {
			ended, err := f.Store.EndVouchedSessions(ctx, c.meant)
			var got []string
			for _, e := range ended {
				if e.PersonID != f.person {
					t.Errorf("%s: %+v", name, e)
				}
				got = append(got, names[e.ID])
			}
			want := map[string]bool{}
			for _, n := range strings.Fields(c.ends) {
				want[n] = true
			}
			for _, n := range got {
				if !want[n] {
					t.Errorf("%s: ended %s", name, n)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%s: ended %v, want %v", name, got, c.ends)
			}
			if _, err := store.Pgx(ctx).Exec(ctx, "delete from sessions"); err != nil {
				return err
			}
			return err
		})
	}
	if err := f.Store.InTenant(f.ctx, func(ctx context.Context) error {
		_, err := f.Store.EndVouchedSessions(ctx, signon.Vouched{Connection: f.connection})
		return err
	}); err == nil {
		t.Error("nobody was named, and sessions ended")
	}
	kept := session(&f.connection, "anna", "one")
	f.in(f.ctx, func(ctx context.Context) error {
		got, err := f.Store.VouchedSession(ctx, kept)
		if err == nil && (got.IdpSubject != "anna" || got.IdpSession != "one" || string(got.IdpSealed) != "sealed") {
			t.Errorf("%+v", got)
		}
		list, listed := f.Store.VouchedSessions(ctx, f.connection, "one")
		if listed != nil || len(list) != 1 || list[0].ID != kept {
			t.Errorf("%+v, %v", list, listed)
		}
		return err
	})
	f.fails(f.stranger, auth.ErrSessionNotFound, func(ctx context.Context) error { _, err := f.Store.VouchedSession(ctx, kept); return err })
}

func TestAllSessionsOfAConnectionEndButOne(t *testing.T) {
	t.Parallel()
	f := flowSetup(t)
	now, elsewhere := f.Now.Now(), uid.New()
	session := func(connection *uid.ID) uid.ID {
		s := auth.Session{ID: uid.New(), PersonID: f.person, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(time.Hour)}
		s.Hash = uid.Hash(s.ID.String())
		s.Method, s.ConnectionID = auth.MethodSAML, connection
		f.in(f.ctx, func(ctx context.Context) error { return f.Store.InsertSession(ctx, s) })
		return s.ID
	}
	gone, kept := session(&f.connection), session(&f.connection)
	session(&elsewhere)
	session(nil)
	end := func(ctx context.Context) (ended []signon.EndedSession) {
		f.in(ctx, func(ctx context.Context) (err error) {
			ended, err = f.Store.EndSessionsOf(ctx, f.connection, kept)
			return err
		})
		return ended
	}
	if ended := end(f.stranger); len(ended) != 0 {
		t.Errorf("another tenant ended %+v", ended)
	}
	if ended := end(f.ctx); len(ended) != 1 || ended[0].ID != gone || ended[0].PersonID != f.person {
		t.Errorf("%+v", ended)
	}
}
