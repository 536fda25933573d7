package signon_test

import (
	"errors"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// TestALocalSessionEndsWhereSignOnIsRequired: a password that was typed before the rule must not last 90 days beyond it.
func TestALocalSessionEndsWhereSignOnIsRequired(t *testing.T) {
	t.Parallel()
	o := furnished(t)
	p, owner := o.person("anna@acme.example", policy.Learner), o.person("owner@acme.example", policy.Owner)
	in, err := o.auth.SignIn(o.ctx, p.Email, password, client)
	if err != nil {
		t.Fatal(err)
	}
	vouched, err := o.auth.OpenVouchedSession(o.ctx, p.ID, client, auth.Proof{Method: auth.MethodSAML, ConnectionID: &uid.ID{1}})
	if err != nil {
		t.Fatal(err)
	}
	there := func(secret string) error { _, err := o.auth.Resume(o.ctx, secret); return err }
	o.rules(signon.Rules{Portal: signon.Rule{Require: signon.RequirementRequired, From: o.after(time.Hour)}, BreakGlass: []uid.ID{owner.ID, p.ID}})
	if err := there(in.Secret); err != nil {
		t.Fatalf("before the rule's date: %v", err)
	}
	o.w.Now.Advance(time.Hour + 6*time.Second)
	if err := there(in.Secret); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a session by password goes on: %v", err)
	}
	if err := there(vouched); err != nil {
		t.Errorf("a session that the identity provider vouched for: %v", err)
	}
}

// TestASecondFactorTypedAfterAnEmergencyOpensNothing: the password was right while local sign-in was open, and that is over.
func TestASecondFactorTypedAfterAnEmergencyOpensNothing(t *testing.T) {
	t.Parallel()
	o, a, b, third := locked(t)
	seed := o.app(third)
	if _, err := o.signon.AskEmergency(o.ctx, o.prove(a).Ticket, "down", 240); err != nil {
		t.Fatal(err)
	}
	if _, err := o.signon.OpenEmergency(o.ctx, o.prove(b).Ticket); err != nil {
		t.Fatal(err)
	}
	in, err := o.auth.SignIn(o.ctx, third.Email, password, client)
	if err != nil || in.Challenge == "" {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, err := o.signon.EndEmergency(o.as(a)); err != nil {
		t.Fatal(err)
	}
	o.w.Now.Advance(time.Minute)
	code, err := totp.GenerateCode(seed, o.w.Now.Now())
	if err != nil {
		t.Fatal(err)
	}
	if out, err := o.auth.AnswerChallenge(o.ctx, in.Challenge, auth.FactorAnswer{Code: code}, client); !errors.Is(err, auth.ErrUseSignOn) {
		t.Errorf("signed in after it was over: %q, %v", out.Secret, err)
	}
}

// app gives a person an authenticator app, and its seed.
func (o *office) app(p auth.Person) string {
	o.t.Helper()
	ctx := o.as(p)
	who, _ := auth.PrincipalFrom(ctx)
	who.SessionID = uid.New()
	ctx = auth.WithPrincipal(ctx, who)
	seed, err := o.auth.BeginTOTP(ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	code, err := totp.GenerateCode(seed.Text, o.w.Now.Now())
	if err == nil {
		_, err = o.auth.ConfirmTOTP(ctx, seed.Token, code, "")
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return seed.Text
}
