package signon_test

import (
	"errors"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
)

// TestADeletedConnectionTakesItsSessionsAlong: who deletes an identity provider that is not theirs any more must not find
// its people inside for another 90 days.
func TestADeletedConnectionTakesItsSessionsAlong(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	bad, good := o.connection("Bad", signon.StatusOn), o.connection("Good", signon.StatusOn)
	p, admin := o.person("anna@acme.example", policy.Learner), o.person("admin@acme.example", policy.Admin)
	over := func(p auth.Person, c signon.Connection) string {
		secret, err := o.auth.OpenVouchedSession(o.ctx, p.ID, client, auth.Proof{Method: auth.MethodSAML, ConnectionID: &c.ID})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	theirs, other, mine := over(p, bad), over(p, good), over(admin, bad)
	local, err := o.auth.SignIn(o.ctx, p.Email, password, client)
	if err != nil {
		t.Fatal(err)
	}
	who, err := o.auth.Resume(o.ctx, mine)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.signon.DeleteConnection(auth.WithPrincipal(o.ctx, who), bad.ID, "Bad"); err != nil {
		t.Fatal(err)
	}
	if _, err := o.auth.Resume(o.ctx, theirs); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a session that it opened goes on: %v", err)
	}
	for what, secret := range map[string]string{"another connection's": other, "one by password": local.Secret, "that of who deleted it": mine} {
		if _, err := o.auth.Resume(o.ctx, secret); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if o.happened("person.session_ended") != 1 {
		t.Error("nobody is told")
	}
}
