package auth_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

func TestASessionRollsOnWithUseAndEndsAtItsMaximum(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, ctx := h.signIn(h.person(policy.Learner))
	used := time.Duration(0)
	for used+13*24*time.Hour < auth.SessionMaximum {
		h.w.Now.Advance(13 * 24 * time.Hour)
		used += 13 * 24 * time.Hour
		if _, err := h.auth.Resume(h.ctx, secret); err != nil {
			t.Fatalf("after %v of use: %v", used, err)
		}
	}
	sessions, err := h.auth.Sessions(ctx)
	wants(t, err, nil)
	if got := sessions[0].ExpiresAt.Sub(sessions[0].CreatedAt); got != auth.SessionMaximum {
		t.Errorf("the session ends %v after it began, want %v", got, auth.SessionMaximum)
	}
	h.w.Now.Advance(auth.SessionMaximum - used)
	_, err = h.auth.Resume(h.ctx, secret)
	wants(t, err, auth.ErrSignInFirst)
}

func TestAnUnusedSessionEndsAfterItsLifetimeThoughItIsCached(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, _ := h.signIn(h.person(policy.Learner))
	h.w.Now.Advance(auth.SessionLifetime - time.Second)
	other, _ := h.signIn(h.person(policy.Learner))
	_, err := h.auth.Resume(h.ctx, other)
	wants(t, err, nil)
	h.w.Now.Advance(time.Second)
	_, err = h.auth.Resume(h.ctx, secret)
	wants(t, err, auth.ErrSignInFirst)
}

func TestUseIsWrittenDownAtMostOnceAMinute(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, ctx := h.signIn(h.person(policy.Learner))
	began := h.w.Now.Now()
	seen := func() time.Duration {
		t.Helper()
		if _, err := h.auth.Resume(h.ctx, secret); err != nil {
			t.Fatal(err)
		}
		sessions, err := h.auth.Sessions(ctx)
		if err != nil || len(sessions) != 1 {
			t.Fatalf("sessions %v, %v; want one", sessions, err)
		}
		return sessions[0].SeenAt.Sub(began)
	}
	h.w.Now.Advance(59 * time.Second)
	if got := seen(); got != 0 {
		t.Errorf("after 59 s of use: seen %v after the beginning, want nothing written yet", got)
	}
	h.w.Now.Advance(6 * time.Second)
	if got := seen(); got != 65*time.Second {
		t.Errorf("after 65 s of use: seen %v after the beginning, want 65 s", got)
	}
}

func TestAHundredRequestsAtOnceLoadTheirSessionOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	secret, err := h.auth.OpenSession(h.ctx, p.ID, client)
	wants(t, err, nil)
	h.together(100, func(int) {
		if who, err := h.auth.Resume(h.ctx, secret); err != nil || who.PersonID != p.ID {
			t.Errorf("resumed %s, %v; want %s", who.PersonID, err, p.ID)
		}
	})
	if n := h.keep.sessionLoads.Load(); n != 1 {
		t.Errorf("the session was loaded %d times, want once", n)
	}
	h.w.Now.Advance(6 * time.Second)
	_, err = h.auth.Resume(h.ctx, secret)
	wants(t, err, nil)
	if n := h.keep.sessionLoads.Load(); n != 2 {
		t.Errorf("after 6 s the session was loaded %d times in all, want twice", n)
	}
}

func TestARequestThatHangsUpDoesNotFailTheOthersThatWaitForItsLoad(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, err := h.auth.OpenSession(h.ctx, h.person(policy.Learner).ID, client)
	wants(t, err, nil)
	gone, cancel := context.WithCancel(h.ctx)
	cancel()
	_, err = h.auth.Resume(gone, secret)
	wants(t, err, nil)
}

func TestSignOutTakesEffectAtOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, ctx := h.signIn(h.person(policy.Learner))
	wants(t, h.auth.SignOut(ctx), nil)
	_, err := h.auth.Resume(h.ctx, secret)
	wants(t, err, auth.ErrSignInFirst)
	wants(t, h.auth.SignOut(ctx), nil)
	wants(t, h.auth.SignOut(h.ctx), auth.ErrSignInFirst)
	h.told("person.signed_out")
	if h.keep.announced.Load() == 0 {
		t.Error("the other processes were not told")
	}
}

func TestASessionThatEndsWhileItIsBeingLoadedIsNotRemembered(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, ctx := h.signIn(h.person(policy.Learner))
	h.w.Now.Advance(6 * time.Second)
	h.keep.afterSession = func() { wants(t, h.auth.SignOut(ctx), nil) }
	_, err := h.auth.Resume(h.ctx, secret)
	wants(t, err, nil) // it was read before it ended
	_, err = h.auth.Resume(h.ctx, secret)
	wants(t, err, auth.ErrSignInFirst)
}

func TestSignOutEverywhereEndsAllOtherSessions(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, neighbour := h.person(policy.Learner), h.person(policy.Learner)
	mine, ctx := h.signIn(p)
	second, _ := h.signIn(p)
	third, _ := h.signIn(p)
	theirs, theirCtx := h.signIn(neighbour)

	sessions, err := h.auth.Sessions(ctx)
	wants(t, err, nil)
	if len(sessions) != 3 || sessions[0].IP != client.IP || sessions[0].UserAgent != client.UserAgent || sessions[0].Hash != nil {
		t.Fatalf("sessions %+v; want three with where they come from and no hash", sessions)
	}
	who, _ := auth.PrincipalFrom(theirCtx)
	wants(t, h.auth.EndSession(ctx, who.SessionID), auth.ErrSessionNotFound)

	ended, err := h.auth.EndOtherSessions(ctx)
	if wants(t, err, nil); ended != 2 {
		t.Errorf("%d sessions ended, want 2", ended)
	}
	for _, secret := range []string{second, third} {
		_, err = h.auth.Resume(h.ctx, secret)
		wants(t, err, auth.ErrSignInFirst)
	}
	for _, secret := range []string{mine, theirs} {
		_, err = h.auth.Resume(h.ctx, secret)
		wants(t, err, nil)
	}
	who, _ = auth.PrincipalFrom(ctx)
	wants(t, h.auth.EndSession(ctx, who.SessionID), nil)
	_, err = h.auth.Resume(h.ctx, mine)
	wants(t, err, auth.ErrSignInFirst)
}

func TestAnotherProcessSeesAChangeWhenToldAndAfterFiveSecondsWhenNot(t *testing.T) {
	t.Parallel()
	for name, learn := range map[string]func(h *house, other *auth.Service){
		"told about the tenant": func(h *house, other *auth.Service) { tn, _ := tenant.From(h.ctx); other.Drop(tn.ID) },
		"told about everything": func(_ *house, other *auth.Service) { other.Drop(uid.Nil) },
		"not told":              func(h *house, _ *auth.Service) { h.w.Now.Advance(5 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			other := h.service(auth.Options{})
			secret, ctx := h.signIn(h.person(policy.Learner))
			_, err := other.Resume(h.ctx, secret)
			wants(t, err, nil)
			wants(t, h.auth.SignOut(ctx), nil)
			_, err = other.Resume(h.ctx, secret)
			wants(t, err, nil) // remembered
			learn(h, other)
			_, err = other.Resume(h.ctx, secret)
			wants(t, err, auth.ErrSignInFirst)
		})
	}
}

func TestSecretsThatNeverWereOnesAreRefused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	unknown, _ := uid.Secret()
	for _, secret := range []string{"", "x", unknown, unknown + "x", "'; drop table sessions; --"} {
		_, err := h.auth.Resume(h.ctx, secret)
		wants(t, err, auth.ErrSignInFirst)
		_, err = h.auth.KeyPrincipal(h.ctx, secret)
		wants(t, err, auth.ErrKeyInvalid)
		_, err = h.auth.OpenLink(h.ctx, auth.TokenInvitation, secret)
		wants(t, err, auth.ErrLinkInvalid)
	}
	_, err := h.auth.KeyPrincipal(h.ctx, auth.KeyPrefix+unknown)
	wants(t, err, auth.ErrKeyInvalid)
	_, err = h.auth.Resume(t.Context(), unknown)
	wants(t, err, auth.ErrSignInFirst)
}

func TestSigningInClearsAwayWhatHasExpiredAndCutsWhatABrowserSaysOfItself(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	h.signIn(p)
	h.w.Now.Advance(auth.SessionLifetime)
	long := auth.Client{IP: "192.0.2.7", UserAgent: "Zoë\x00\n\xff" + strings.Repeat("é", 1000)}
	if _, err := h.auth.SignIn(h.ctx, p.Email, password, long); err != nil {
		t.Fatal(err)
	}
	var rows int
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		sessions, err := h.w.Store.SessionsOf(ctx, p.ID, time.Time{})
		rows = len(sessions)
		if rows > 0 && (len(sessions[0].UserAgent) > 400 || !strings.HasPrefix(sessions[0].UserAgent, "Zoëé")) {
			t.Errorf("kept user agent %q", sessions[0].UserAgent)
		}
		return err
	})
	if wants(t, err, nil); rows != 1 {
		t.Errorf("%d sessions kept, want the new one only", rows)
	}
}

// together runs fn n times at once and waits for all.
func (h *house) together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-gate
			fn(i)
		})
	}
	close(gate)
	wg.Wait()
}
