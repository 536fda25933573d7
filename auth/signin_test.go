package auth_test

import (
	"context"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

func TestTheRightPasswordOpensASessionThatSaysWhoIsThere(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Instructor)

	in, err := h.auth.SignIn(h.ctx, "  "+strings.ToUpper(p.Email)+" ", password, client)
	wants(t, err, nil)
	if in.Person.ID != p.ID || in.Person.PasswordHash != "" || in.Challenge != "" {
		t.Errorf("signed in as %+v; want %s without a hash", in, p.ID)
	}
	got, err := h.auth.Resume(h.ctx, in.Secret)
	wants(t, err, nil)
	if got.PersonID != p.ID || got.Name != p.Name || !got.May.Has(policy.CourseEdit) || got.May.Has(policy.PersonManage) {
		t.Errorf("resumed %+v; want the instructor's permissions", got)
	}
	h.told("person.signed_in")
}

func TestEveryRefusedSignInAnswersAlikeAndVerifiesOneHash(t *testing.T) {
	t.Parallel()
	h := setup(t)
	active := h.person(policy.Learner)
	gone := h.person(policy.Learner)
	if err := h.auth.Deactivate(h.as(h.person(policy.Owner)), gone.ID); err != nil {
		t.Fatal(err)
	}
	invited := storetest.AddPerson(t, h.ctx, h.w, auth.Person{Status: auth.PersonInvited}, policy.Learner)

	for name, try := range map[string]struct{ email, password string }{
		"wrong password":          {active.Email, "not the password"},
		"empty password":          {active.Email, ""},
		"overlong password":       {active.Email, password + strings.Repeat("x", 2000)},
		"unknown e-mail":          {"nobody@example.com", password},
		"no e-mail at all":        {"nobody", password},
		"deactivated":             {gone.Email, password},
		"invited, no password":    {invited.Email, password},
		"invited, empty password": {invited.Email, ""},
	} {
		before := h.auth.Verifications()
		in, err := h.auth.SignIn(h.ctx, try.email, try.password, client)
		if wants(t, err, auth.ErrWrongCredentials); in.Secret != "" || in.Person.Email != "" {
			t.Errorf("%s: got a session for %q", name, in.Person.Email)
		}
		if n := h.auth.Verifications() - before; n != 1 {
			t.Errorf("%s: %d hashes verified, want 1", name, n)
		}
	}
	h.told("person.sign_in_failed")
}

func TestAPasswordTypedInAnotherUnicodeFormIsTheSamePassword(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	if err := h.auth.ChangePassword(h.as(p), password, "caf\u00e9 \u00fcber alles"); err != nil {
		t.Fatal(err)
	}
	_, err := h.auth.SignIn(h.ctx, p.Email, "cafe\u0301 u\u0308ber alles", client)
	wants(t, err, nil)
}

func TestAPasswordKeptAtAnOldCostIsHashedAnewAtTheNextSignIn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	dearer := h.service(auth.Options{Cost: auth.PasswordCost{MemoryKiB: 128, Iterations: 2, Parallelism: 1}})

	for range 2 {
		_, err := dearer.SignIn(h.ctx, p.Email, password, client)
		wants(t, err, nil)
	}
	var hash string
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		kept, err := h.w.Store.PersonByID(ctx, p.ID)
		hash = kept.PasswordHash
		return err
	})
	wants(t, err, nil)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=128,t=2,p=1$") {
		t.Errorf("kept hash is %q; want it at the new cost", hash)
	}
	_, err = dearer.SignIn(h.ctx, p.Email, "not the password", client)
	wants(t, err, auth.ErrWrongCredentials)
}

func TestASignInThatWasVerifiedBeforeThePasswordChangedOpensNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	h.keep.beforeLock = func(ctx context.Context) {
		if err := h.w.Store.SetPassword(ctx, p.ID, "changed", h.w.Now.Now()); err != nil {
			t.Error(err)
		}
	}
	_, err := h.auth.SignIn(h.ctx, p.Email, password, client)
	wants(t, err, auth.ErrWrongCredentials)
}

func TestChangingThePasswordEndsTheOtherSessionsAndKeepsThisOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	mine, ctx := h.signIn(p)
	other, _ := h.signIn(p)

	wantsField(t, h.auth.ChangePassword(ctx, "not the password", "another good password"), "old_password")
	wantsField(t, h.auth.ChangePassword(ctx, password, "short"), "password")
	wantsField(t, h.auth.ChangePassword(ctx, password, p.Email), "password")
	wants(t, h.auth.ChangePassword(ctx, password, "another good password"), nil)

	_, err := h.auth.Resume(h.ctx, mine)
	wants(t, err, nil)
	_, err = h.auth.Resume(h.ctx, other)
	wants(t, err, auth.ErrSignInFirst)
	_, err = h.auth.SignIn(h.ctx, p.Email, password, client)
	wants(t, err, auth.ErrWrongCredentials)
	_, err = h.auth.SignIn(h.ctx, p.Email, "another good password", client)
	wants(t, err, nil)
	h.told("person.password_changed")
}

func TestHashingWaitsForASlotNoLongerThanTheRequestLasts(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ctx, cancel := context.WithCancel(h.ctx)
	cancel()
	busy := h.service(auth.Options{HashSlots: 1})
	release := auth.TakeSlot(busy)
	_, err := busy.HashPassword(ctx, password)
	wants(t, err, auth.ErrHashBusy)
	release()
	_, err = busy.HashPassword(h.ctx, password)
	wants(t, err, nil)
}

func TestWhatATenantKnowsOfAPersonOpensNothingInAnother(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Owner)
	secret, ctx := h.signIn(p)
	key, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Export", Scopes: []string{"*"}})
	wants(t, err, nil)
	other := h.w.Tenant(t)

	_, err = h.auth.SignIn(other, p.Email, password, client)
	wants(t, err, auth.ErrWrongCredentials)
	_, err = h.auth.Resume(other, secret)
	wants(t, err, auth.ErrSignInFirst)
	_, err = h.auth.KeyPrincipal(other, key)
	wants(t, err, auth.ErrKeyInvalid)
	_, err = h.auth.As(other, p.ID)
	wants(t, err, auth.ErrPersonNotFound)
}
