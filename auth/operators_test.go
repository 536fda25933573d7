package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
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
	secret, signedIn, err := o.SignIn(t.Context(), who.Email, password, client)
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

	secret, _, err = o.SignIn(t.Context(), who.Email, password, client)
	wants(t, err, nil)
	wants(t, o.SignOut(t.Context(), secret), nil)
	wants(t, o.SignOut(t.Context(), secret), nil)
	_, err = o.Resume(t.Context(), secret)
	wants(t, err, auth.ErrSignInFirst)

	secret, _, err = o.SignIn(t.Context(), who.Email, password, client)
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
		_, _, err := o.SignIn(t.Context(), email, "not the password", client)
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
		_, _, err := dearer.SignIn(t.Context(), who.Email, password, client)
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
