package auth_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
)

func TestRecoveryCodesWorkOnceEachAndOneOfTwoAtOnceWins(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	_, plain := h.opened(p)
	_, err := h.auth.MakeRecoveryCodes(plain)
	wants(t, err, auth.ErrNoFactor)
	_, ctx := h.withApp(p)
	old, err := h.auth.MakeRecoveryCodes(ctx)
	wants(t, err, nil)
	codes, err := h.auth.MakeRecoveryCodes(ctx)
	if wants(t, err, nil); len(codes) != auth.RecoveryCodes || len(codes[0]) != 19 {
		t.Fatalf("codes %v", codes)
	}
	wants(t, h.answer(h.challenged(p), auth.FactorAnswer{Recovery: old[0]}), auth.ErrFactorWrong) // void
	wants(t, h.answer(h.challenged(p), auth.FactorAnswer{Recovery: " " + strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))}), nil)
	wants(t, h.answer(h.challenged(p), auth.FactorAnswer{Recovery: codes[0]}), auth.ErrFactorWrong)

	var challenges []string
	for range 6 {
		challenges = append(challenges, h.challenged(p))
	}
	var in atomic.Int32
	h.together(len(challenges), func(i int) {
		_, err := h.auth.AnswerChallenge(h.ctx, challenges[i], auth.FactorAnswer{Recovery: codes[1]}, client)
		if err == nil {
			in.Add(1)
		} else {
			wantsOf(t, err, auth.ErrFactorWrong)
		}
	})
	if in.Load() != 1 {
		t.Errorf("%d came in with one code", in.Load())
	}
	factors, err := h.auth.Factors(ctx)
	wants(t, err, nil)
	left := 0
	for _, f := range factors {
		left += len(f.Data.Codes)
	}
	if left != auth.RecoveryCodes-2 {
		t.Errorf("%d codes left, want %d", left, auth.RecoveryCodes-2)
	}
	h.told("factor.used_recovery")
}

func TestARememberedBrowserIsSparedWhileTheRulesAllow(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	remembering := auth.FactorAnswer{Remember: true}
	remembering.Code = a.code(0)
	in, err := h.auth.AnswerChallenge(h.ctx, h.challenged(p), remembering, client)
	if wants(t, err, nil); in.Known != "" {
		t.Fatal("remembered against the rules")
	}
	h.setRules(func(r *auth.SecurityRules) { r.RememberDays = 30 })
	h.w.Now.Advance(time.Minute)
	remembering.Code = a.code(0)
	in, err = h.auth.AnswerChallenge(h.ctx, h.challenged(p), remembering, client)
	if wants(t, err, nil); in.Known == "" || in.KnownDays != 30 {
		t.Fatalf("not remembered: %+v", in)
	}
	known := client
	known.Known = in.Known
	spared := func(who auth.Person, c auth.Client) bool {
		t.Helper()
		in, err := h.auth.SignIn(h.ctx, who.Email, password, c)
		wants(t, err, nil)
		return in.Secret != ""
	}
	other := h.person(policy.Learner)
	h.withApp(other)
	if !spared(p, known) || spared(p, client) || spared(other, known) {
		t.Error("the browser is to be spared, for its person alone")
	}
	h.setRules(func(r *auth.SecurityRules) { r.RememberDays = 0 })
	if spared(p, known) {
		t.Error("spared after the rules changed")
	}
	h.setRules(func(r *auth.SecurityRules) { r.RememberDays = 30 })
	h.w.Now.Advance(30 * 24 * time.Hour)
	if spared(p, known) {
		t.Error("spared after its time")
	}
	h.w.Now.Advance(-29 * 24 * time.Hour)
	if !spared(p, known) {
		t.Error("not spared in its time")
	}
	_, ctx := h.opened(p)
	wants(t, h.auth.ChangePassword(ctx, password, password+"!"), nil)
	in, err = h.auth.SignIn(h.ctx, p.Email, password+"!", known)
	if wants(t, err, nil); in.Secret != "" {
		t.Error("spared after the password changed")
	}
}
