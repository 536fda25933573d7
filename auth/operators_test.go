package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lyceum/auth"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func operators(t *testing.T) (*storetest.World, *auth.Operators, auth.Operator) {
	t.Helper()
	w := storetest.New(t)
	o := auth.NewOperators(w.Store, w.Now.Clock(), open{}, cheap).Sealing(sealKey(t))
	who, err := o.Create(t.Context(), uid.Opaque(8)+"@Lyceum.example", " Opal ", password)
	wants(t, err, nil)
	return w, o, who
}

// shows is what an app with a key shows now.
func shows(t *testing.T, w *storetest.World, key string) string {
	t.Helper()
	code, err := totp.GenerateCode(key, w.Now.Now())
	wants(t, err, nil)
	return code
}

// enrolled adds an operator's app at their first sign-in.
func enrolled(t *testing.T, w *storetest.World, o *auth.Operators, email string) (in auth.OperatorIn, key string, codes []string) {
	t.Helper()
	in, err := o.SignIn(t.Context(), email, password, client)
	if wants(t, err, nil); !in.Enrol || in.Secret != "" {
		t.Fatalf("the first sign-in gives %+v; want an enrolment", in)
	}
	seed, err := o.EnrolSeed(t.Context(), in.Challenge)
	wants(t, err, nil)
	in, codes, err = o.Enrol(t.Context(), in.Challenge, shows(t, w, seed.Text), client)
	wants(t, err, nil)
	return in, seed.Text, codes
}

// signedIn signs an operator in by password and app, a minute later.
func signedIn(t *testing.T, w *storetest.World, o *auth.Operators, email, key string) (auth.OperatorIn, error) {
	t.Helper()
	w.Now.Advance(time.Minute)
	in, err := o.SignIn(t.Context(), email, password, client)
	wants(t, err, nil)
	return o.AnswerChallenge(t.Context(), in.Challenge, shows(t, w, key), client)
}

func TestAnOperatorSignsInRollsOnAndSignsOut(t *testing.T) {
	t.Parallel()
	w, o, who := operators(t)
	in, key, codes := enrolled(t, w, o, who.Email)
	if len(codes) != auth.RecoveryCodes {
		t.Errorf("%d recovery codes", len(codes))
	}
	secret, entered := in.Secret, in.Operator
	if entered.ID != who.ID || entered.Name != "Opal" || entered.PasswordHash != "" || who.PasswordHash != "" {
		t.Errorf("signed in as %+v, created %+v; want Opal without a hash", entered, who)
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
	_, err := o.Resume(t.Context(), secret)
	wants(t, err, auth.ErrSignInFirst)

	in, err = signedIn(t, w, o, who.Email, key)
	secret = in.Secret
	wants(t, err, nil)
	wants(t, o.SignOut(t.Context(), secret), nil)
	wants(t, o.SignOut(t.Context(), secret), nil)
	_, err = o.Resume(t.Context(), secret)
	wants(t, err, auth.ErrSignInFirst)

	in, err = signedIn(t, w, o, who.Email, key)
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
	dearer := auth.NewOperators(w.Store, w.Now.Clock(), open{}, auth.PasswordCost{MemoryKiB: 128, Iterations: 1, Parallelism: 1}).Sealing(sealKey(t))
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

func TestAnOperatorSignsInByPasswordAndAppOnly(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := auth.NewOperators(w.Store, w.Now.Clock(), throttle.New(w.Now.Clock(), 1, time.Minute, 30), cheap).Sealing(sealKey(t))
	email := uid.Opaque(10) + "@lyceum.example"
	who, err := o.Create(t.Context(), email, "Olga Operator", password)
	wants(t, err, nil)
	in, err := o.SignIn(t.Context(), email, password, client)
	wants(t, err, nil)
	_, err = o.Resume(t.Context(), in.Challenge)
	wants(t, err, auth.ErrSignInFirst)
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, "000000", client) // there is no app to answer with
	wants(t, err, auth.ErrChallengeOver)
	_, _, err = o.Enrol(t.Context(), in.Challenge, "000000", client)
	wantsField(t, err, "code")
	other, err := o.EnrolSeed(t.Context(), in.Challenge)
	wants(t, err, nil)
	first, key, codes := enrolled(t, w, o, email)
	got, err := o.Resume(t.Context(), first.Secret)
	if wants(t, err, nil); got.ID != who.ID || !got.HasApp() || got.Role != auth.OperatorAdmin || o.Fresh(got) != nil {
		t.Errorf("signed in %+v", got)
	}
	_, _, err = o.Enrol(t.Context(), in.Challenge, shows(t, w, other.Text), client) // the other sign-in cannot add a second one
	wants(t, err, auth.ErrChallengeOver)

	in, err = o.SignIn(t.Context(), email, password, client)
	if wants(t, err, nil); in.Secret != "" || in.Enrol {
		t.Fatalf("%+v", in)
	}
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, shows(t, w, key), client)
	wants(t, err, auth.ErrFactorWrong) // the code that added it
	_, err = o.AnswerChallenge(t.Context(), "nonsense", "000000", client)
	wants(t, err, auth.ErrChallengeOver)
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, codes[0], client)
	wants(t, err, nil)
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, codes[0], client)
	wants(t, err, auth.ErrFactorWrong)
	left, err := o.CodesLeft(t.Context(), who)
	if wants(t, err, nil); left != auth.RecoveryCodes-1 {
		t.Errorf("%d codes left", left)
	}
	w.Now.Advance(auth.ChallengeLifetime)
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, shows(t, w, key), client)
	wants(t, err, auth.ErrChallengeOver)

	got, err = o.Resume(t.Context(), first.Secret)
	wants(t, err, nil)
	w.Now.Advance(auth.OperatorFreshFor)
	wants(t, o.Fresh(got), auth.ErrOperatorStepUp)
	wants(t, o.StepUp(t.Context(), got, "000000"), auth.ErrFactorWrong)
	wants(t, o.StepUp(t.Context(), got, shows(t, w, key)), nil)
	got, err = o.Resume(t.Context(), first.Secret)
	wants(t, err, nil)
	wants(t, o.Fresh(got), nil)

	wants(t, o.ResetApp(t.Context(), "nobody@lyceum.example"), auth.ErrOperatorNotFound)
	wants(t, o.ResetApp(t.Context(), email), nil)
	_, err = o.Resume(t.Context(), first.Secret)
	wants(t, err, auth.ErrSignInFirst)
	enrolled(t, w, o, email)
}

func TestGuessingAtAnOperatorsCodeIsHeldBack(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	o := auth.NewOperators(w.Store, w.Now.Clock(), throttle.New(w.Now.Clock(), 1, time.Minute, 5), cheap).Sealing(sealKey(t))
	email := uid.Opaque(10) + "@lyceum.example"
	who, err := o.Create(t.Context(), email, "Olga Operator", password)
	wants(t, err, nil)
	enrolled(t, w, o, who.Email)
	in, err := o.SignIn(t.Context(), email, password, client)
	wants(t, err, nil)
	for range 4 { // the enrolment was the fifth
		_, err = o.AnswerChallenge(t.Context(), in.Challenge, "000000", client)
		wants(t, err, auth.ErrFactorWrong)
	}
	_, err = o.AnswerChallenge(t.Context(), in.Challenge, "000000", client)
	wants(t, err, auth.ErrTooManyAttempts)
}

func TestOneActiveAdminAlwaysStays(t *testing.T) {
	t.Parallel()
	w, o, who := operators(t)
	alone := errors.New("take back that the others are gone")
	for name, do := range map[string]func(ctx context.Context) error{
		"another role": func(ctx context.Context) error { return o.SetRole(ctx, who.ID, auth.OperatorReader) },
		"deactivated":  func(ctx context.Context) error { return o.Deactivate(ctx, who.ID, "Left the company") },
	} {
		err := w.Store.InControl(t.Context(), func(ctx context.Context) error {
			if _, err := w.Store.HoldOperatorAdmins(ctx); err != nil {
				return err
			}
			if _, err := store.Pgx(ctx).Exec(ctx, "update control.operators set deactivated_at = now() where role = 'admin' and id <> $1", who.ID); err != nil {
				return err
			}
			if err := do(ctx); !errors.Is(err, auth.ErrLastAdmin) {
				t.Errorf("%s: %v, want %v", name, err, auth.ErrLastAdmin)
			}
			return alone
		})
		wants(t, err, alone)
	}
}
