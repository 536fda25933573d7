package auth_test

import (
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
)

// opened opens a session without asking for a factor.
func (h *house) opened(p auth.Person) (secret string, ctx context.Context) {
	h.t.Helper()
	secret, err := h.auth.OpenSession(h.ctx, p.ID, client)
	if err != nil {
		h.t.Fatal(err)
	}
	return secret, h.with(secret)
}

// app is an authenticator app with a seed.
type app struct {
	h    *house
	seed string
}

// code is what the app shows some time from now.
func (a app) code(in time.Duration) string {
	a.h.t.Helper()
	code, err := totp.GenerateCode(a.seed, a.h.w.Now.Now().Add(in))
	if err != nil {
		a.h.t.Fatal(err)
	}
	return code
}

// withApp adds an app to a person and goes on to the next step, so that its code is fresh.
func (h *house) withApp(p auth.Person) (app, context.Context) {
	h.t.Helper()
	_, ctx := h.opened(p)
	seed, err := h.auth.BeginTOTP(ctx)
	wants(h.t, err, nil)
	a := app{h, seed.Text}
	_, err = h.auth.ConfirmTOTP(ctx, seed.Token, a.code(0), "")
	wants(h.t, err, nil)
	h.w.Now.Advance(time.Minute)
	return a, ctx
}

// challenged signs in with the password and gives the challenge.
func (h *house) challenged(p auth.Person) string {
	h.t.Helper()
	in, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	if wants(h.t, err, nil); in.Challenge == "" || in.Secret != "" {
		h.t.Fatalf("no challenge: %+v", in)
	}
	return in.Challenge
}

func (h *house) answer(challenge string, a auth.FactorAnswer) error {
	h.t.Helper()
	in, err := h.auth.AnswerChallenge(h.ctx, challenge, a, client)
	if err == nil {
		_, err = h.auth.Resume(h.ctx, in.Secret)
	}
	return err
}

func TestAnAppIsAddedByItsFirstRightCode(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	_, ctx := h.opened(p)
	seed, err := h.auth.BeginTOTP(ctx)
	wants(t, err, nil)
	u, err := url.Parse(seed.URL)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || !strings.HasSuffix(u.Path, ":"+p.Email) || u.Query().Get("secret") != seed.Text {
		t.Errorf("the address is %s", seed.URL)
	}
	_, err = h.auth.ConfirmTOTP(ctx, seed.Token, "000000", "Phone")
	wantsField(t, err, "code")
	again, err := h.auth.OpenTOTP(ctx, seed.Token)
	if wants(t, err, nil); again.Text != seed.Text {
		t.Errorf("shown again: %s, want %s", again.Text, seed.Text)
	}
	_, stranger := h.opened(h.person(policy.Learner))
	_, err = h.auth.ConfirmTOTP(stranger, seed.Token, app{h, seed.Text}.code(0), "Phone")
	wants(t, err, auth.ErrSeedOver)
	code := app{h, seed.Text}.code(0)
	f, err := h.auth.ConfirmTOTP(ctx, again.Token, " "+code[:3]+" "+code[3:], " Phone ")
	if wants(t, err, nil); f.Name != "Phone" || f.Sealed != nil {
		t.Errorf("made %+v", f)
	}
	late, err := h.auth.BeginTOTP(ctx)
	wants(t, err, nil)
	h.w.Now.Advance(30 * time.Minute)
	_, err = h.auth.ConfirmTOTP(ctx, late.Token, app{h, late.Text}.code(0), "")
	wants(t, err, auth.ErrSeedOver)
	h.told("factor.added")
	factors, err := h.auth.Factors(ctx)
	if wants(t, err, nil); len(factors) != 1 || factors[0].ID != f.ID || factors[0].Sealed != nil {
		t.Errorf("lists %+v", factors)
	}
}

func TestARightPasswordOpensNothingUntilTheCodeIsRightToo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	challenge := h.challenged(p)
	_, err := h.auth.Resume(h.ctx, challenge)
	wants(t, err, auth.ErrSignInFirst)
	c, err := h.auth.OpenChallenge(h.ctx, challenge)
	if wants(t, err, nil); c.Person.ID != p.ID || !c.TOTP || c.Passkey || c.Recovery || c.Enrol {
		t.Errorf("asks %+v", c)
	}
	wants(t, h.answer(challenge, auth.FactorAnswer{Code: "000000"}), auth.ErrFactorWrong)
	wants(t, h.answer(challenge, auth.FactorAnswer{}), auth.ErrFactorWrong)
	_, err = h.auth.AnswerChallenge(h.w.Tenant(t), challenge, auth.FactorAnswer{Code: a.code(0)}, client)
	wants(t, err, auth.ErrChallengeOver)
	wants(t, h.answer(challenge, auth.FactorAnswer{Code: a.code(0)}), nil)
	h.w.Now.Advance(time.Minute)
	wants(t, h.answer(challenge, auth.FactorAnswer{Code: a.code(0)}), auth.ErrChallengeOver) // it was used up
	sessions, err := h.auth.Sessions(h.as(p))
	if wants(t, err, nil); sessions[0].Factors != "pwd otp mfa" || sessions[0].Method != auth.MethodPassword {
		t.Errorf("the session says %+v", sessions[0])
	}
	h.told("factor.refused")
}

func TestACodeWorksOnceAndHalfAMinuteAroundItsOwn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	for _, try := range []struct {
		off  time.Duration
		want error
	}{
		{-60 * time.Second, auth.ErrFactorWrong}, // two steps ago
		{60 * time.Second, auth.ErrFactorWrong},  // two steps ahead
		{-30 * time.Second, nil},                 // the clock of the phone goes slow
		{-30 * time.Second, auth.ErrFactorWrong}, // the same again: a replay
		{0, nil},
		{0, auth.ErrFactorWrong},
		{-30 * time.Second, auth.ErrFactorWrong}, // an older one than the last used
		{30 * time.Second, nil},                  // goes fast
		{30 * time.Second, auth.ErrFactorWrong},
	} {
		if err := h.answer(h.challenged(p), auth.FactorAnswer{Code: a.code(try.off)}); try.want == nil && err != nil || try.want != nil {
			wants(t, err, try.want)
		}
	}
}

func TestOfManyWhoUseOneCodeAtOnceOneComesIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	var challenges []string
	for range 8 {
		challenges = append(challenges, h.challenged(p))
	}
	code := a.code(0)
	var in atomic.Int32
	h.together(len(challenges), func(i int) {
		_, err := h.auth.AnswerChallenge(h.ctx, challenges[i], auth.FactorAnswer{Code: code}, client)
		if err == nil {
			in.Add(1)
		} else {
			wantsOf(t, err, auth.ErrFactorWrong)
		}
	})
	if in.Load() != 1 {
		t.Errorf("%d came in with one code", in.Load())
	}
}

func TestASignInTakesSixAnswersAndThenBeginsAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	challenge := h.challenged(p)
	var refused atomic.Int32
	h.together(20, func(int) { // all at once: a count that is read and then written would let more through
		if _, err := h.auth.AnswerChallenge(h.ctx, challenge, auth.FactorAnswer{Code: "000000"}, client); err != nil {
			refused.Add(1)
		}
	})
	if refused.Load() != 20 {
		t.Errorf("%d of 20 wrong codes refused", refused.Load())
	}
	tries := 0
	for _, typ := range h.events() {
		if typ == "factor.refused" {
			tries++
		}
	}
	if tries > auth.ChallengeTries {
		t.Errorf("%d codes were tried, want at most %d", tries, auth.ChallengeTries)
	}
	wants(t, h.answer(challenge, auth.FactorAnswer{Code: a.code(0)}), auth.ErrChallengeOver)
	_, err := h.auth.OpenChallenge(h.ctx, challenge)
	wants(t, err, auth.ErrChallengeOver)
	wants(t, h.answer(h.challenged(p), auth.FactorAnswer{Code: a.code(0)}), nil)
}

func TestTheLastWrongAnswerIsToldToThePerson(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	h.withApp(p)
	challenge := h.challenged(p)
	for i := range auth.ChallengeTries {
		want := auth.ErrFactorWrong
		if i == auth.ChallengeTries-1 {
			want = auth.ErrChallengeOver
		}
		wants(t, h.answer(challenge, auth.FactorAnswer{Code: "000000"}), want)
	}
	h.told("factor.exhausted")
}

func TestGuessingAtASecondFactorIsHeldBackHoweverOftenOneSignsIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	now := h.w.Now.Clock()
	h.auth = h.service(auth.Options{Guess: throttle.New(now, 1, time.Minute, 10), GuessFrom: open{}})
	var challenges []string
	for range 4 {
		challenges = append(challenges, h.challenged(p))
	}
	for i := range 10 {
		_, err := h.auth.AnswerChallenge(h.ctx, challenges[i%4], auth.FactorAnswer{Code: "000000"}, from("203.0.113."+string(rune('1'+i%9))))
		wants(t, err, auth.ErrFactorWrong)
	}
	_, err := h.auth.AnswerChallenge(h.ctx, challenges[0], auth.FactorAnswer{Code: a.code(0)}, client)
	wants(t, err, auth.ErrTooManyAttempts)
}

func TestASignInWaitsTenMinutesForItsSecondFactor(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	challenge := h.challenged(p)
	h.w.Now.Advance(auth.ChallengeLifetime)
	wants(t, h.answer(challenge, auth.FactorAnswer{Code: a.code(0)}), auth.ErrChallengeOver)
	wants(t, h.answer("not a secret", auth.FactorAnswer{Code: a.code(0)}), auth.ErrChallengeOver)
}

func TestAChangedPasswordVoidsTheSignInThatWaits(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, ctx := h.withApp(p)
	challenge := h.challenged(p)
	wants(t, h.auth.ChangePassword(ctx, password, "another good password"), nil)
	wants(t, h.answer(challenge, auth.FactorAnswer{Code: a.code(0)}), auth.ErrChallengeOver)
}

func TestAResetPasswordDoesNotSpareTheSecondFactor(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	h.withApp(p)
	wants(t, h.auth.ResetPassword(h.ctx, h.link(auth.TokenPasswordReset, p), "another good password"), nil)
	in, err := h.auth.SignIn(h.ctx, p.Email, "another good password", client)
	if wants(t, err, nil); in.Secret != "" || in.Challenge == "" || in.Enrol {
		t.Errorf("signed in: %+v", in)
	}
}

func TestFactorsAreTakenAwayByTheirPersonOrReset(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	_, ctx := h.withApp(p)
	_, err := h.auth.MakeRecoveryCodes(ctx)
	wants(t, err, nil)
	factors, err := h.auth.Factors(ctx)
	wants(t, err, nil)
	wants(t, h.auth.RemoveFactor(ctx, uid.New()), auth.ErrFactorNotFound)
	wants(t, h.auth.RemoveFactor(ctx, factors[0].ID), nil)
	if factors, err = h.auth.Factors(ctx); err != nil || len(factors) != 0 {
		t.Errorf("left %v, %v: recovery codes go with the last factor", factors, err)
	}
	h.told("factor.removed")

	owner, admin := h.person(policy.Owner), h.person(policy.Admin)
	h.withApp(p)
	h.withApp(owner)
	wants(t, h.auth.ResetFactors(h.as(h.person(policy.Manager)), p.ID), policy.ErrForbidden)
	wants(t, h.auth.ResetFactors(h.as(admin), owner.ID), auth.ErrOwnersOnly)
	wants(t, h.auth.ResetFactors(h.as(admin), uid.New()), auth.ErrPersonNotFound)
	challenge := h.challenged(p)
	wants(t, h.auth.ResetFactors(h.as(admin), p.ID), nil)
	_, err = h.auth.OpenChallenge(h.ctx, challenge)
	wants(t, err, auth.ErrChallengeOver)
	in, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	if wants(t, err, nil); in.Secret == "" {
		t.Error("a factor is asked after the reset")
	}
	h.told("factor.reset")
}

func TestAnAPIKeyChangesNoFactors(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Instructor)
	_, ctx := h.opened(p)
	secret, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "All", Scopes: []string{"*"}})
	wants(t, err, nil)
	who, err := h.auth.KeyPrincipal(h.ctx, secret)
	wants(t, err, nil)
	key := auth.WithPrincipal(h.ctx, who)
	_, err = h.auth.BeginTOTP(key)
	wants(t, err, auth.ErrKeyChangesFactors)
	_, err = h.auth.BeginPasskey(key, site)
	wants(t, err, auth.ErrKeyChangesFactors)
	_, err = h.auth.MakeRecoveryCodes(key)
	wants(t, err, auth.ErrKeyChangesFactors)
	wants(t, h.auth.RemoveFactor(key, uid.New()), auth.ErrKeyChangesFactors)
	wants(t, h.auth.Fresh(key), nil)
}

func TestFactorsOfATenantAreUnknownInAnother(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	h.withApp(p)
	other := h.w.Tenant(t)
	err := h.w.Store.InTenant(other, func(ctx context.Context) error {
		factors, err := h.w.Store.FactorsOf(ctx, p.ID)
		if len(factors) != 0 {
			t.Errorf("another tenant sees %v", factors)
		}
		return err
	})
	wants(t, err, nil)
}
