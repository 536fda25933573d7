package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lyceum/auth"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func operators(t *testing.T) (*storetest.World, *auth.Operators, auth.Operator) {
	t.Helper()
	w := storetest.New(t)
	o := auth.NewOperators(w.Store, w.Now.Clock(), open{}, cheap)
	who, err := o.Create(t.Context(), uid.Opaque(8)+"@Lyceum.example", " Opal ", password)
	wants(t, err, nil)
	return w, o, who
}

func TestAnOperatorSignsInRollsOnAndSignsOut(t *testing.T) {
	t.Parallel()
	w, o, who := operators(t)
	in, err := o.SignIn(t.Context(), who.Email, password, client)
	secret, signedIn := in.Secret, in.Operator
	wants(t, err, nil)
	if signedIn.ID != who.ID || signedIn.Name != "Opal" || signedIn.PasswordHash != "" || who.PasswordHash != "" {
		t.Errorf("signed in as %+v, created %+v; want Opal without a hash", signedIn, who)
	}
	began := w.Now.Now()
	for w.Now.Now().Add(11 * time.Hour).Before(began.Add(auth.OperatorSessionMaximum)) {
		w.Now.Advance(11 * time.Hour)
		got, err := o.Resume(t.Context(), secret)
		if wants(t, err, nil); got.ID != who.ID {
			t.Fatalf("resumed %s, want %s", got.ID, who.ID)
		}
	}
	w.Now.Advance(11 * time.Hour)
	_, err = o.Resume(t.Context(), secret)
	wants(t, err, auth.ErrSignInFirst)

	in, err = o.SignIn(t.Context(), who.Email, password, client)
	secret = in.Secret
	wants(t, err, nil)
	wants(t, o.SignOut(t.Context(), secret), nil)
	wants(t, o.SignOut(t.Context(), secret), nil)
	_, err = o.Resume(t.Context(), secret)
	wants(t, err, auth.ErrSignInFirst)

	in, err = o.SignIn(t.Context(), who.Email, password, client)
	secret = in.Secret
	wants(t, err, nil)
	w.Now.Advance(auth.OperatorSessionLifetime)
	_, err = o.Resume(t.Context(), secret)
	wants(t, err, auth.ErrSignInFirst)
	_, err = o.Resume(t.Context(), "nonsense")
	wants(t, err, auth.ErrSignInFirst)
}

func TestAStrangerWhoSignsInAsOperatorCostsOneVerification(t *testing.T) {
	t.Parallel()
	_, o, who := operators(t)
	for _, email := range []string{who.Email, "nobody@lyceum.example", "nobody"} {
		before := o.Verifications()
		_, err := o.SignIn(t.Context(), email, "not the password", client)
		wants(t, err, auth.ErrWrongCredentials)
		if n := o.Verifications() - before; n != 1 {
			t.Errorf("%s: %d hashes verified, want 1", email, n)
		}
	}
}

func TestAnOperatorsFaultsNameTheirFieldsAndTheEmailIsTakenOnce(t *testing.T) {
	t.Parallel()
	_, o, who := operators(t)
	_, err := o.Create(t.Context(), "nobody", "", "short")
	for _, field := range []string{"email", "name", "password"} {
		wantsField(t, err, field)
	}
	_, err = o.Create(t.Context(), who.Email, "Again", password)
	wants(t, err, auth.ErrOperatorTaken)
}

func TestAnOperatorsPasswordIsHashedAnewWhenTheCostChanged(t *testing.T) {
	t.Parallel()
	w, _, who := operators(t)
	dearer := auth.NewOperators(w.Store, w.Now.Clock(), open{}, auth.PasswordCost{MemoryKiB: 128, Iterations: 1, Parallelism: 1})
	for range 2 {
		_, err := dearer.SignIn(t.Context(), who.Email, password, client)
		wants(t, err, nil)
	}
	var kept auth.Operator
	err := w.Store.InControl(t.Context(), func(ctx context.Context) (err error) {
		kept, err = w.Store.OperatorByEmail(ctx, who.Email)
		return err
	})
	wants(t, err, nil)
	if !strings.HasPrefix(kept.PasswordHash, "$argon2id$v=19$m=128,t=1,p=1$") {
		t.Errorf("kept hash is %q; want it at the new cost", kept.PasswordHash)
	}
}

func TestAnOperatorWithAnAppSignsInByItsCodeToo(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := auth.NewOperators(w.Store, w.Now.Clock(), throttle.New(w.Now.Clock(), 1, time.Minute, 12), cheap).Sealing(sealKey(t))
	email := uid.Opaque(10) + "@lyceum.example"
	who, err := o.Create(t.Context(), email, "Olga Operator", password)
	wants(t, err, nil)
	show := func(seed string) string {
		t.Helper()
		code, err := totp.GenerateCode(seed, w.Now.Now())
		wants(t, err, nil)
		return code
	}
	seed, err := o.BeginApp(who)
	wants(t, err, nil)
	wantsField(t, o.AddApp(t.Context(), who, seed.Token, "000000"), "code")
	again, err := o.OpenApp(who, seed.Token)
	if wants(t, err, nil); again.Text != seed.Text {
		t.Error("shown again it is another key")
	}
	wants(t, o.AddApp(t.Context(), who, seed.Token, show(seed.Text)), nil)
	wants(t, o.AddApp(t.Context(), who, seed.Token, show(seed.Text)), auth.ErrAppThere)

	in, err := o.SignIn(t.Context(), email, password, client)
	if wants(t, err, nil); in.Secret != "" || in.Challenge == "" || in.Operator.Email != "" {
		t.Fatalf("%+v", in)
	}
	_, err = o.Resume(t.Context(), in.Challenge)
	wants(t, err, auth.ErrSignInFirst)
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, show(seed.Text), client)
	wants(t, err, auth.ErrFactorWrong) // the code that added it
	w.Now.Advance(time.Minute)
	_, err = o.AnswerChallenge(t.Context(), "nonsense", show(seed.Text), client)
	wants(t, err, auth.ErrChallengeOver)
	out, err := o.AnswerChallenge(t.Context(), in.Challenge, show(seed.Text), client)
	wants(t, err, nil)
	got, err := o.Resume(t.Context(), out.Secret)
	if wants(t, err, nil); got.ID != who.ID || !got.HasApp() {
		t.Errorf("signed in %+v", got)
	}
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, show(seed.Text), client)
	wants(t, err, auth.ErrFactorWrong)

	w.Now.Advance(auth.ChallengeLifetime)
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, show(seed.Text), client)
	wants(t, err, auth.ErrChallengeOver)
	wantsField(t, o.RemoveApp(t.Context(), who, "000000"), "code")
	wants(t, o.RemoveApp(t.Context(), who, show(seed.Text)), nil)
	in, err = o.SignIn(t.Context(), email, password, client)
	if wants(t, err, nil); in.Secret == "" {
		t.Error("a code is asked after the app is gone")
	}
	wants(t, o.ResetApp(t.Context(), "nobody@lyceum.example"), auth.ErrOperatorNotFound)
	wants(t, o.ResetApp(t.Context(), email), nil)
}

func TestGuessingAtAnOperatorsCodeIsHeldBack(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := auth.NewOperators(w.Store, w.Now.Clock(), throttle.New(w.Now.Clock(), 1, time.Minute, 3), cheap).Sealing(sealKey(t))
	email := uid.Opaque(10) + "@lyceum.example"
	who, err := o.Create(t.Context(), email, "Olga Operator", password)
	wants(t, err, nil)
	seed, err := o.BeginApp(who)
	wants(t, err, nil)
	code, err := totp.GenerateCode(seed.Text, w.Now.Now())
	wants(t, err, nil)
	wants(t, o.AddApp(t.Context(), who, seed.Token, code), nil)
	in, err := o.SignIn(t.Context(), email, password, client)
	wants(t, err, nil)
	for range 3 {
		_, err = o.AnswerChallenge(t.Context(), in.Challenge, "000000", client)
		wants(t, err, auth.ErrFactorWrong)
	}
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, "000000", client)
	wants(t, err, auth.ErrTooManyAttempts)
}
