package auth_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
)

// setRules changes the tenant's rules as an owner.
func (h *house) setRules(edit func(*auth.SecurityRules)) {
	h.t.Helper()
	ctx := h.as(h.person(policy.Owner))
	r, err := h.auth.SecurityRules(ctx)
	wants(h.t, err, nil)
	edit(&r)
	_, err = h.auth.SetSecurityRules(ctx, r)
	wants(h.t, err, nil)
}

// today asks roles for a second factor from now on.
func (h *house) today(roles ...policy.Role) func(*auth.SecurityRules) {
	return func(r *auth.SecurityRules) {
		r.FactorFrom = map[policy.Role]time.Time{}
		for _, role := range roles {
			r.FactorFrom[role] = h.w.Now.Now()
		}
	}
}

func TestRulesHaveBoundsAndAreForThoseWhoMaySetThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	_, err := h.auth.SecurityRules(h.as(h.person(policy.Instructor)))
	wants(t, err, policy.ErrForbidden)
	for field, edit := range map[string]func(*auth.SecurityRules){
		"idle_minutes":     func(r *auth.SecurityRules) { r.IdleMinutes = 4 },
		"lifetime_minutes": func(r *auth.SecurityRules) { r.LifetimeMinutes = 59 },
		"grace_days":       func(r *auth.SecurityRules) { r.GraceDays = -1 },
		"sessions_max":     func(r *auth.SecurityRules) { r.SessionsMax = 101 },
		"remember_days":    func(r *auth.SecurityRules) { r.RememberDays = 91 },
		"step_up_minutes":  func(r *auth.SecurityRules) { r.StepUpMinutes = 0 },
		"factor_from":      func(r *auth.SecurityRules) { r.FactorFrom = map[policy.Role]time.Time{"wizard": h.w.Now.Now()} },
		"password_off":     func(r *auth.SecurityRules) { r.PasswordOff = true },
	} {
		r, err := h.auth.SecurityRules(admin)
		wants(t, err, nil)
		edit(&r)
		_, err = h.auth.SetSecurityRules(admin, r)
		wantsField(t, err, field)
	}
	r := auth.DefaultSecurityRules()
	r.IdleMinutes, r.LifetimeMinutes = 120, 60
	_, err = h.auth.SetSecurityRules(admin, r)
	wantsField(t, err, "idle_minutes")

	r = auth.DefaultSecurityRules()
	first, err := h.auth.SetSecurityRules(admin, r)
	wants(t, err, nil)
	_, err = h.auth.SetSecurityRules(admin, r) // made on what was there before
	wants(t, err, auth.ErrRulesChanged)
	_, err = h.auth.SetSecurityRules(admin, first)
	wants(t, err, nil)
	h.told("security.policy_changed")
	other, err := h.w.Store.SecurityRules(h.w.Tenant(t))
	if wants(t, err, nil); other.Revision != 0 {
		t.Error("another tenant has these rules")
	}
}

func TestShorterTimesEndLivingSessionsOnEveryProcess(t *testing.T) {
	t.Parallel()
	for name, learn := range map[string]func(h *house, other *auth.Service){
		"told":     func(h *house, other *auth.Service) { other.Drop(tenantOf(h.ctx)) },
		"not told": func(h *house, _ *auth.Service) { h.w.Now.Advance(5 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			other := h.service(auth.Options{})
			resting, _ := h.opened(h.person(policy.Learner))
			h.w.Now.Advance(10 * time.Minute)
			used, _ := h.opened(h.person(policy.Learner))
			for _, secret := range []string{resting, used} {
				_, err := other.Resume(h.ctx, secret)
				wants(t, err, nil)
			}
			h.w.Now.Advance(6 * time.Minute)
			_, err := other.Resume(h.ctx, used) // writes its use down
			wants(t, err, nil)
			h.setRules(func(r *auth.SecurityRules) { r.IdleMinutes = 5 })
			learn(h, other)
			_, err = other.Resume(h.ctx, resting)
			wants(t, err, auth.ErrSignInFirst)
			_, err = other.Resume(h.ctx, used)
			wants(t, err, nil)
			// What has ended stays so under longer times.
			h.setRules(func(r *auth.SecurityRules) { r.IdleMinutes = 14 * 24 * 60 })
			other.Drop(tenantOf(h.ctx))
			_, err = other.Resume(h.ctx, resting)
			wants(t, err, auth.ErrSignInFirst)
		})
	}
}

func TestASessionRestsAndLastsAsLongAsTheRulesSay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.setRules(func(r *auth.SecurityRules) { r.IdleMinutes, r.LifetimeMinutes = 10, 60 })
	p := h.person(policy.Learner)
	secret, ctx := h.opened(p)
	idle, _ := h.opened(p)
	for range 6 {
		h.w.Now.Advance(9 * time.Minute)
		_, err := h.auth.Resume(h.ctx, secret)
		wants(t, err, nil)
	}
	_, err := h.auth.Resume(h.ctx, idle)
	wants(t, err, auth.ErrSignInFirst)
	if sessions, err := h.auth.Sessions(ctx); err != nil || len(sessions) != 1 {
		t.Errorf("lists %d sessions, %v; want the living one", len(sessions), err)
	}
	h.w.Now.Advance(6 * time.Minute)
	_, err = h.auth.Resume(h.ctx, secret)
	wants(t, err, auth.ErrSignInFirst)
}

func TestAnIdentityProvidersOwnEndHoldsHoweverOftenASessionIsUsed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ends := h.w.Now.Now().Add(30 * time.Minute)
	secret, err := h.auth.OpenVouchedSession(h.ctx, h.person().ID, client, auth.Proof{Method: auth.MethodSAML, EndsAt: &ends})
	wants(t, err, nil)
	h.w.Now.Advance(20 * time.Minute)
	_, err = h.auth.Resume(h.ctx, secret)
	wants(t, err, nil)
	h.w.Now.Advance(10 * time.Minute)
	_, err = h.auth.Resume(h.ctx, secret)
	wants(t, err, auth.ErrSignInFirst)
}

func TestOneSessionMoreEndsTheOneThatBeganFirst(t *testing.T) {
	t.Parallel()
	h := setup(t)
	other := h.service(auth.Options{})
	h.setRules(func(r *auth.SecurityRules) { r.SessionsMax = 2 })
	p, neighbour := h.person(policy.Learner), h.person(policy.Learner)
	theirs, _ := h.opened(neighbour)
	var secrets []string
	for range 3 {
		h.w.Now.Advance(time.Second)
		secret, _ := h.signIn(p)
		secrets = append(secrets, secret)
	}
	other.Drop(tenantOf(h.ctx))
	for i, want := range []error{auth.ErrSignInFirst, nil, nil} {
		for _, s := range []*auth.Service{h.auth, other} {
			_, err := s.Resume(h.ctx, secrets[i])
			wants(t, err, want)
		}
	}
	_, err := h.auth.Resume(h.ctx, theirs)
	wants(t, err, nil)
}

func TestALowerLimitEndsTheSessionsBeyondItAndSparesTheOneThatSetIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, p := h.person(policy.Owner), h.person(policy.Learner)
	mine, ctx := h.signIn(owner)
	var secrets, own []string
	for range 3 {
		h.w.Now.Advance(time.Second)
		secret, _ := h.signIn(p)
		secrets = append(secrets, secret)
		secret, _ = h.signIn(owner)
		own = append(own, secret)
	}
	resumes := func(secret string, want error) {
		t.Helper()
		_, err := h.auth.Resume(h.ctx, secret)
		wants(t, err, want)
	}
	set := func(most int) {
		t.Helper()
		rules, err := h.auth.SecurityRules(ctx)
		wants(t, err, nil)
		rules.SessionsMax = most
		_, err = h.auth.SetSecurityRules(ctx, rules)
		wants(t, err, nil)
	}
	set(3)
	for _, secret := range secrets {
		resumes(secret, nil)
	}
	set(1)
	resumes(secrets[0], auth.ErrSignInFirst)
	resumes(secrets[1], auth.ErrSignInFirst)
	resumes(secrets[2], nil)
	resumes(mine, nil)
	resumes(own[2], auth.ErrSignInFirst)
	set(0)
	resumes(secrets[2], nil)
}

func TestARoleThatNeedsAFactorAddsOneBeforeItsSession(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p, learner := h.person(policy.Admin), h.person(policy.Learner)
	h.setRules(h.today(policy.Admin, policy.Owner))
	h.signIn(learner)
	in, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	if wants(t, err, nil); in.Secret != "" || !in.Enrol {
		t.Fatalf("%+v", in)
	}
	_, err = h.auth.SkipEnrolment(h.ctx, in.Challenge, client)
	wants(t, err, auth.ErrChallengeOver)
	_, err = h.auth.AnswerChallenge(h.ctx, in.Challenge, auth.FactorAnswer{Code: "000000"}, client)
	wants(t, err, auth.ErrChallengeOver)
	seed, err := h.auth.ChallengeSeed(h.ctx, in.Challenge)
	wants(t, err, nil)
	if again, err := h.auth.ChallengeSeed(h.ctx, in.Challenge); err != nil || again.Text != seed.Text {
		t.Errorf("shown again it is %s, %v; want the same", again.Text, err)
	}
	_, err = h.auth.EnrolTOTP(h.ctx, in.Challenge, seed.Token, "000000", "", client)
	wantsField(t, err, "code")
	late, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	wants(t, err, nil)
	a := app{h, seed.Text}
	out, err := h.auth.EnrolTOTP(h.ctx, in.Challenge, seed.Token, a.code(0), "", client)
	wants(t, err, nil)
	ctx := h.with(out.Secret)
	// The other sign-in, begun without a factor, adds none now: it would be a way around the first.
	other, err := h.auth.ChallengeSeed(h.ctx, late.Challenge)
	wants(t, err, nil)
	_, err = h.auth.EnrolTOTP(h.ctx, late.Challenge, other.Token, app{h, other.Text}.code(0), "", client)
	wants(t, err, auth.ErrChallengeOver)
	factors, err := h.auth.Factors(ctx)
	wants(t, err, nil)
	wants(t, h.auth.RemoveFactor(ctx, factors[0].ID), auth.ErrFactorRequired)
	h.w.Now.Advance(time.Minute)
	wants(t, h.answer(h.challenged(p), auth.FactorAnswer{Code: a.code(0)}), nil)
}

func TestAPasskeyCanBeTheFactorThatIsAddedAtTheSignIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.setRules(h.today(policy.Learner))
	in, err := h.auth.SignIn(h.ctx, h.person(policy.Learner).Email, password, client)
	wants(t, err, nil)
	c, err := h.auth.BeginPasskeyChallenge(h.ctx, in.Challenge, site)
	wants(t, err, nil)
	a := newAuthenticator(t)
	out, err := h.auth.EnrolPasskey(h.ctx, in.Challenge, a.makes(c), "", client)
	wants(t, err, nil)
	_, err = h.auth.Resume(h.ctx, out.Secret)
	wants(t, err, nil)
	_, err = h.signInBy(a)
	wants(t, err, nil)
}

func TestAFactorCanBePutOffUntilItsDay(t *testing.T) {
	t.Parallel()
	h := setup(t)
	old := h.person(policy.Learner)
	h.w.Now.Advance(24 * time.Hour)
	from := h.w.Now.Now()
	h.setRules(func(r *auth.SecurityRules) {
		r.GraceDays, r.FactorFrom = 7, map[policy.Role]time.Time{policy.Learner: from.AddDate(0, 0, 1)}
	})
	h.signIn(old) // not yet
	h.w.Now.Advance(5 * 24 * time.Hour)
	fresh := h.person(policy.Learner) // their days begin today
	ask := func(p auth.Person) (auth.SignedIn, auth.Challenge) {
		t.Helper()
		in, err := h.auth.SignIn(h.ctx, p.Email, password, client)
		if wants(t, err, nil); !in.Enrol {
			t.Fatalf("%+v", in)
		}
		c, err := h.auth.OpenChallenge(h.ctx, in.Challenge)
		wants(t, err, nil)
		return in, c
	}
	in, c := ask(old)
	if want := from.AddDate(0, 0, 8); !c.SkipUntil.Equal(want) {
		t.Errorf("may be put off until %v, want %v", c.SkipUntil, want)
	}
	out, err := h.auth.SkipEnrolment(h.ctx, in.Challenge, client)
	wants(t, err, nil)
	_, err = h.auth.Resume(h.ctx, out.Secret)
	wants(t, err, nil)
	h.w.Now.Advance(3 * 24 * time.Hour)
	if _, c = ask(old); !c.SkipUntil.IsZero() {
		t.Errorf("may be put off until %v, want not any more", c.SkipUntil)
	}
	if _, c = ask(fresh); !c.SkipUntil.Equal(fresh.CreatedAt.AddDate(0, 0, 7)) {
		t.Errorf("who came later may put it off until %v, want 7 days from %v", c.SkipUntil, fresh.CreatedAt)
	}
}

func TestAnInvitedPersonAddsTheFactorThatTheirRoleNeeds(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.setRules(h.today(policy.Instructor))
	p, err := h.auth.Invite(h.as(h.person(policy.Owner)), auth.InviteInput{Email: "new@example.com", Name: "New", Role: policy.Instructor})
	wants(t, err, nil)
	in, err := h.auth.AcceptInvitation(h.ctx, h.link(auth.TokenInvitation, p), "", password, client)
	if wants(t, err, nil); in.Secret != "" || !in.Enrol {
		t.Errorf("%+v", in)
	}
}

func TestCompanySignOnIsAskedForAFactorOnlyWhereTheRulesSaySo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	a, _ := h.withApp(p)
	by := func(factors string) auth.SignedIn {
		t.Helper()
		in, err := h.auth.SignInVouched(h.ctx, p.ID, client, auth.Proof{Method: auth.MethodOIDC, Factors: factors})
		wants(t, err, nil)
		return in
	}
	h.setRules(h.today(policy.Learner))
	if in := by("fed"); in.Secret == "" {
		t.Error("asked without the rule")
	}
	h.setRules(func(r *auth.SecurityRules) { r.FactorSignOn = true })
	if in := by("fed mfa"); in.Secret == "" {
		t.Error("asked though the provider did")
	}
	in := by("fed")
	if in.Secret != "" {
		t.Fatal("not asked")
	}
	wants(t, h.answer(in.Challenge, auth.FactorAnswer{Code: a.code(0)}), nil)
	sessions, err := h.auth.Sessions(h.as(p))
	if wants(t, err, nil); sessions[0].Method != auth.MethodOIDC || sessions[0].Factors != "fed otp mfa" {
		t.Errorf("the session says %+v", sessions[0])
	}
}

func TestPasswordsCanBeTurnedOffWhereAnOwnerHasAPasskey(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner, p := h.person(policy.Owner), h.person(policy.Learner)
	a := newAuthenticator(t)
	h.registered(a, owner)
	h.setRules(func(r *auth.SecurityRules) { r.PasswordOff = true })
	_, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	wants(t, err, auth.ErrPasswordOff)
	_, err = h.auth.SignIn(h.ctx, p.Email, "not the password", client)
	wants(t, err, auth.ErrWrongCredentials)
	_, err = h.signInBy(a)
	wants(t, err, nil)
}

func TestWhoHasNoFactorIsCountedAndListed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.person(policy.Admin)
	var learners []auth.Person
	for range 3 {
		learners = append(learners, h.person(policy.Learner))
	}
	h.withApp(learners[0])
	wants(t, h.auth.Deactivate(h.as(admin), learners[1].ID), nil)
	counts, err := h.auth.FactorCounts(h.as(admin))
	wants(t, err, nil)
	want := []auth.FactorCount{{Role: policy.Admin, People: 1, Without: 1}, {Role: policy.Learner, People: 2, Without: 1}}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("counted %v, want %v", counts, want)
	}
	list, err := h.auth.WithoutFactor(h.as(admin), []policy.Role{policy.Learner}, page.Request{})
	if wants(t, err, nil); len(list.Items) != 1 || list.Items[0].ID != learners[2].ID || list.Items[0].PasswordHash != "" {
		t.Errorf("listed %+v", list.Items)
	}
	first, err := h.auth.WithoutFactor(h.as(admin), nil, page.Request{Limit: 1})
	wants(t, err, nil)
	second, err := h.auth.WithoutFactor(h.as(admin), nil, page.Request{Limit: 1, After: first.Next})
	if wants(t, err, nil); len(second.Items) != 1 || second.Items[0].ID == first.Items[0].ID || second.Next != "" {
		t.Errorf("second piece %+v", second)
	}
	_, err = h.auth.FactorCounts(h.as(learners[0]))
	wants(t, err, policy.ErrForbidden)
	err = h.w.Store.InTenant(h.w.Tenant(t), func(ctx context.Context) error {
		counts, err := h.w.Store.FactorCounts(ctx)
		if len(counts) != 0 {
			t.Errorf("another tenant counts %v", counts)
		}
		return err
	})
	wants(t, err, nil)
}
