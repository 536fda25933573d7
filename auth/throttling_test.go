package auth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/throttle"
)

// guarded makes a house whose service allows three attempts at a person from a network, twelve at them from everywhere
// and twenty from a network at all, then one a minute each.
func guarded(t *testing.T) *house {
	t.Helper()
	h := setup(t)
	now := h.w.Now.Clock()
	h.auth = h.service(auth.Options{
		Guess: throttle.New(now, 1, time.Minute, 3), GuessFrom: throttle.New(now, 1, time.Minute, 20),
		GuessAt: throttle.New(now, 1, time.Minute, 12),
	})
	return h
}

// from is a client at an address.
func from(ip string) auth.Client { return auth.Client{IP: ip} }

func TestGuessingAtAPersonIsHeldBackFromOneNetworkUntilTimePasses(t *testing.T) {
	t.Parallel()
	h := guarded(t)
	p, neighbour := h.person(policy.Learner), h.person(policy.Learner)
	for range 3 {
		_, err := h.auth.SignIn(h.ctx, p.Email, "not the password", client)
		wants(t, err, auth.ErrWrongCredentials)
	}
	before := h.auth.Verifications()
	_, err := h.auth.SignIn(h.ctx, strings.ToUpper(p.Email), password, client)
	wants(t, err, auth.ErrTooManyAttempts)
	if h.auth.Verifications() != before {
		t.Error("a throttled attempt was verified")
	}
	if f := fault.Of(err); !strings.Contains(f.Text, "Wait a minute") || !strings.Contains(f.Text, "reset your password") {
		t.Errorf("told %q; want how long to wait and what else to do", f.Text)
	}
	_, err = h.auth.SignIn(h.ctx, neighbour.Email, password, client)
	wants(t, err, nil)

	h.w.Now.Advance(time.Minute)
	_, err = h.auth.SignIn(h.ctx, p.Email, password, client)
	wants(t, err, nil)
}

func TestAStrangersWrongGuessesDoNotKeepThePersonOutElsewhere(t *testing.T) {
	t.Parallel()
	h := guarded(t)
	p := h.person(policy.Learner)
	for i := range 15 { // far more than a network is allowed: the refused ones take nothing from the person
		_, err := h.auth.SignIn(h.ctx, p.Email, "not the password", from("192.0.2.66"))
		if i < 3 {
			wants(t, err, auth.ErrWrongCredentials)
		} else {
			wants(t, err, auth.ErrTooManyAttempts)
		}
	}
	_, err := h.auth.SignIn(h.ctx, p.Email, password, from("198.51.100.1"))
	wants(t, err, nil)
}

func TestGuessingAtAPersonFromManyNetworksIsSlowedInTheEnd(t *testing.T) {
	t.Parallel()
	h := guarded(t)
	p, neighbour := h.person(policy.Learner), h.person(policy.Learner)
	for i := range 12 {
		_, err := h.auth.SignIn(h.ctx, p.Email, "not the password", from(fmt.Sprintf("192.0.2.%d", i)))
		wants(t, err, auth.ErrWrongCredentials)
	}
	_, err := h.auth.SignIn(h.ctx, p.Email, "not the password", from("192.0.2.99"))
	wants(t, err, auth.ErrTooManyAttempts)
	_, err = h.auth.SignIn(h.ctx, neighbour.Email, password, from("192.0.2.99"))
	wants(t, err, nil)
	h.w.Now.Advance(time.Minute)
	_, err = h.auth.SignIn(h.ctx, p.Email, password, from("192.0.2.100"))
	wants(t, err, nil)
}

func TestWithoutALimitOfItsOwnAPersonIsGuardedFromManyNetworksByTheAddressesLimit(t *testing.T) {
	t.Parallel()
	h := setup(t)
	now := h.w.Now.Clock()
	h.auth = h.service(auth.Options{Guess: throttle.New(now, 1, time.Minute, 2), GuessFrom: throttle.New(now, 1, time.Minute, 5)})
	p := h.person(policy.Learner)
	for i := range 6 {
		_, err := h.auth.SignIn(h.ctx, p.Email, "not the password", from(fmt.Sprintf("192.0.2.%d", i)))
		if i < 5 {
			wants(t, err, auth.ErrWrongCredentials)
		} else {
			wants(t, err, auth.ErrTooManyAttempts)
		}
	}
}

func TestGuessingFromAnAddressIsHeldBackForEverybodyAndSparesThePeopleGuessedAt(t *testing.T) {
	t.Parallel()
	h := guarded(t)
	p := h.person(policy.Learner)
	for i := range 20 {
		_, err := h.auth.SignIn(h.ctx, fmt.Sprintf("nobody%d@example.com", i), password, from("2001:db8:0:7::1"))
		wants(t, err, auth.ErrWrongCredentials)
	}
	for range 5 { // another address of the same visitor; these take nothing from the person's own allowance
		_, err := h.auth.SignIn(h.ctx, p.Email, password, from("2001:db8:0:7:ffff::2"))
		wants(t, err, auth.ErrTooManyAttempts)
	}
	_, err := h.auth.SignIn(h.ctx, p.Email, password, from("2001:db8:0:8::1"))
	wants(t, err, nil)
}

func TestAttemptsInOneTenantDoNotCountInAnother(t *testing.T) {
	t.Parallel()
	h := guarded(t)
	for range 4 {
		_, _ = h.auth.SignIn(h.ctx, "same@example.com", password, client)
	}
	_, err := h.auth.SignIn(h.ctx, "same@example.com", password, client)
	wants(t, err, auth.ErrTooManyAttempts)
	_, err = h.auth.SignIn(h.w.Tenant(t), "same@example.com", password, client)
	wants(t, err, auth.ErrWrongCredentials)
}

func TestResetsAndPasswordChangesAreHeldBackToo(t *testing.T) {
	t.Parallel()
	h := guarded(t)
	p := h.person(policy.Learner)
	ctx := h.as(p)
	for range 3 {
		wants(t, h.auth.RequestReset(h.ctx, p.Email, client), nil)
		wantsField(t, h.auth.ChangePassword(ctx, "not the password", "another good password"), "old_password")
	}
	wants(t, h.auth.RequestReset(h.ctx, p.Email, client), auth.ErrTooManyAttempts)
	wants(t, h.auth.ChangePassword(ctx, password, "another good password"), auth.ErrTooManyAttempts)
	h.w.Now.Advance(time.Minute)
	wants(t, h.auth.RequestReset(h.ctx, p.Email, client), nil)
	wants(t, h.auth.ChangePassword(ctx, password, "another good password"), nil)
}

func TestResetMailsToOneEmailAreFewFromWhereverTheyAreAsked(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.auth = h.service(auth.Options{Resets: throttle.New(h.w.Now.Clock(), 3, time.Hour, 3)})
	active := h.person(policy.Learner)
	invited, link := h.invite(policy.Learner)
	for _, email := range []string{active.Email, invited.Email, "nobody@example.com"} {
		for i := range 3 {
			wants(t, h.auth.RequestReset(h.ctx, email, from(fmt.Sprintf("192.0.2.%d", i))), nil)
		}
		before := len(h.events())
		wants(t, h.auth.RequestReset(h.ctx, strings.ToUpper(email), from("198.51.100.1")), auth.ErrTooManyAttempts)
		if log := h.events(); len(log) != before {
			t.Errorf("%s: refused and yet told %v", email, log[before:])
		}
	}
	_, err := h.auth.OpenLink(h.ctx, auth.TokenInvitation, link) // only a mail that goes out voids the link before
	wants(t, err, nil)
	h.signIn(active)
	h.w.Now.Advance(20 * time.Minute)
	wants(t, h.auth.RequestReset(h.ctx, invited.Email, client), nil)
	wants(t, h.auth.RequestReset(h.ctx, invited.Email, client), auth.ErrTooManyAttempts)
}

func TestGuessingAtAnOperatorIsHeldBackFromOneNetworkAndInTheEndFromMany(t *testing.T) {
	t.Parallel()
	w, _, who := operators(t)
	o := auth.NewOperators(w.Store, w.Now.Clock(), throttle.New(w.Now.Clock(), 1, time.Minute, 3), cheap).Sealing(sealKey(t))
	for range 3 {
		_, err := o.SignIn(t.Context(), who.Email, "not the password", client)
		wants(t, err, auth.ErrWrongCredentials)
	}
	_, err := o.SignIn(t.Context(), who.Email, password, client)
	wants(t, err, auth.ErrTooManyAttempts)
	_, err = o.SignIn(t.Context(), who.Email, password, from("198.51.100.1"))
	wants(t, err, nil)
	w.Now.Advance(time.Minute)
	_, err = o.SignIn(t.Context(), who.Email, password, client)
	wants(t, err, nil)

	w.Now.Advance(time.Hour)
	for i := range 120 {
		_, err = o.SignIn(t.Context(), who.Email, "not the password", from(fmt.Sprintf("203.0.113.%d", i)))
		wants(t, err, auth.ErrWrongCredentials)
	}
	_, err = o.SignIn(t.Context(), who.Email, "not the password", from("203.0.113.200"))
	wants(t, err, auth.ErrTooManyAttempts)
}

func TestAVisitorIsCountedByWhatTheyHoldOfTheAddresses(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.7":         "192.0.2.7",
		"::ffff:192.0.2.7":  "192.0.2.7",
		"2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"fe80::1%eth0":      "fe80::/64",
		"not an address":    "not an address",
		"":                  "",
	} {
		if got := auth.Network(ip); got != want {
			t.Errorf("%q counts as %q, want %q", ip, got, want)
		}
	}
}
