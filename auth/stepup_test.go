package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

func tenantOf(ctx context.Context) uid.ID {
	t, _ := tenant.From(ctx)
	return t.ID
}

func TestAProofIsFreshForAsLongAsTheRulesSayAndCanBeRenewed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Admin)
	other := h.service(auth.Options{})
	secret, ctx := h.signIn(p)
	wants(t, h.auth.Fresh(ctx), nil)
	wants(t, h.auth.Fresh(h.ctx), auth.ErrSignInFirst)
	h.w.Now.Advance(15*time.Minute + time.Second)
	ctx = h.with(secret)
	wants(t, h.auth.Fresh(ctx), auth.ErrStepUp)
	_, err := other.Resume(h.ctx, secret)
	wants(t, err, nil)
	wantsField(t, h.auth.StepUp(ctx, auth.StepUpAnswer{Password: "not the password"}), "password")
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{}), auth.ErrFactorWrong)
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{Password: password}), nil)
	wants(t, h.auth.Fresh(h.with(secret)), nil)
	wants(t, h.auth.Fresh(h.auth.Refreshed(ctx)), nil)
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{Password: password}), nil)
	if sessions, err := h.auth.Sessions(ctx); err != nil || sessions[0].Factors != "pwd" {
		t.Errorf("proven %+v, %v; want each word once", sessions, err)
	}
	h.w.Now.Advance(5 * time.Second)
	who, err := other.Resume(h.ctx, secret)
	wants(t, err, nil)
	wants(t, other.Fresh(auth.WithPrincipal(h.ctx, who)), nil)
	h.told("person.stepped_up")

	h.setRules(func(r *auth.SecurityRules) { r.StepUpMinutes = 1 })
	h.w.Now.Advance(2 * time.Minute)
	wants(t, h.auth.Fresh(h.with(secret)), auth.ErrStepUp)
}

func TestASecondFactorOrAPasskeyIsAProofToo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Admin)
	a, ctx := h.withApp(p)
	codes, err := h.auth.MakeRecoveryCodes(ctx)
	wants(t, err, nil)
	key := newAuthenticator(t)
	h.registered(key, p)
	ways, err := h.auth.StepUpWays(ctx)
	if want := (auth.StepUpWays{Password: true, TOTP: true, Passkey: true, Recovery: true}); err != nil || ways != want {
		t.Errorf("ways %+v, %v", ways, err)
	}
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{FactorAnswer: auth.FactorAnswer{Code: a.code(0)}}), nil)
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{FactorAnswer: auth.FactorAnswer{Code: a.code(0)}}), auth.ErrFactorWrong)
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{FactorAnswer: auth.FactorAnswer{Recovery: codes[0]}}), nil)
	c, err := h.auth.BeginPasskeyStepUp(ctx, site)
	wants(t, err, nil)
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{FactorAnswer: auth.FactorAnswer{Passkey: key.signs(c)}}), nil)
	_, stranger := h.opened(h.person(policy.Learner))
	_, err = h.auth.BeginPasskeyStepUp(stranger, site)
	wants(t, err, auth.ErrFactorNotFound)
}

func TestWhereAnIdentityProviderVouchedItIsAskedAgainAndThePasswordIsNot(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, other := h.person(policy.Learner), h.person(policy.Learner)
	secret, err := h.auth.OpenVouchedSession(h.ctx, p.ID, client, auth.Proof{Method: auth.MethodSAML})
	wants(t, err, nil)
	h.w.Now.Advance(time.Hour)
	ctx := h.with(secret)
	wantsField(t, h.auth.StepUp(ctx, auth.StepUpAnswer{Password: password}), "password")
	wants(t, h.auth.StepUpVouched(ctx, other.ID, auth.Proof{}), auth.ErrStepUpOther)
	wants(t, h.auth.StepUpVouched(h.ctx, p.ID, auth.Proof{}), auth.ErrSignInFirst)
	wants(t, h.auth.Fresh(ctx), auth.ErrStepUp)
	wants(t, h.auth.StepUpVouched(ctx, p.ID, auth.Proof{Factors: "mfa"}), nil)
	h.auth.Changed(h.ctx)
	wants(t, h.auth.Fresh(h.with(secret)), nil)
}

func TestGuessingAtAProofIsHeldBack(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	_, ctx := h.opened(p)
	h.auth = h.service(auth.Options{Guess: throttle.New(h.w.Now.Clock(), 1, time.Minute, 3)})
	for range 3 {
		wantsField(t, h.auth.StepUp(ctx, auth.StepUpAnswer{Password: "not the password"}), "password")
	}
	wants(t, h.auth.StepUp(ctx, auth.StepUpAnswer{Password: password}), auth.ErrTooManyAttempts)
}

func TestAKeptFormIsFoundOnceByItsSessionAndWhenTheProofIsFresh(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Admin)
	secret, _ := h.signIn(p)
	_, elsewhere := h.signIn(p)
	h.w.Now.Advance(16 * time.Minute)
	ctx := h.with(secret)
	form := auth.KeptRequest{Path: "/people/x/roles", Type: "application/x-www-form-urlencoded", Body: []byte("roles=admin"), Back: "/people/x"}
	name, err := h.auth.KeepRequest(ctx, form)
	wants(t, err, nil)
	_, err = h.auth.TakeRequest(ctx, name)
	wants(t, err, auth.ErrStepUp)
	_, err = h.auth.PeekRequest(elsewhere, name)
	wants(t, err, auth.ErrRequestOver)
	got, err := h.auth.PeekRequest(ctx, name)
	if wants(t, err, nil); got.Path != form.Path || string(got.Body) != string(form.Body) || got.Back != form.Back {
		t.Errorf("kept %+v", got)
	}
	fresh := h.auth.Refreshed(ctx)
	_, err = h.auth.TakeRequest(fresh, name)
	wants(t, err, nil)
	_, err = h.auth.TakeRequest(fresh, name)
	wants(t, err, auth.ErrRequestOver)
	late, err := h.auth.KeepRequest(ctx, form)
	wants(t, err, nil)
	h.w.Now.Advance(10 * time.Minute)
	_, err = h.auth.PeekRequest(ctx, late)
	wants(t, err, auth.ErrRequestOver)
	form.Body = []byte(strings.Repeat("x", 64<<10+1))
	_, err = h.auth.KeepRequest(ctx, form)
	wants(t, err, auth.ErrRequestTooLarge)
}
