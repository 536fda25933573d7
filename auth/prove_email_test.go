package auth_test

import (
	"errors"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
)

func TestAnEmergencysProofAsksForTheSecondFactorOfWhoHasOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	plain, guarded := h.person(policy.Owner), h.person(policy.Owner)
	a, ctx := h.withApp(guarded)
	codes, err := h.auth.MakeRecoveryCodes(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		who            auth.Person
		password, code string
		want           error
	}{
		"no factor":              {plain, password, "", nil},
		"no factor and a code":   {plain, password, "123456", nil},
		"a wrong password":       {guarded, "wrong", a.code(0), auth.ErrWrongCredentials},
		"no code":                {guarded, password, " ", auth.ErrFactorNeeded},
		"a wrong code":           {guarded, password, "000000", auth.ErrFactorWrong},
		"a wrong recovery code":  {guarded, password, "aaaaa-aaaaa-aaaaa", auth.ErrFactorWrong},
		"another's password":     {auth.Person{Email: "nobody@example.com"}, password, "", auth.ErrWrongCredentials},
		"one of their own codes": {guarded, password, codes[0], nil},
	} {
		if _, err := h.auth.ProveByEmail(h.ctx, c.who.Email, c.password, c.code, client); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	code := a.code(0)
	p, err := h.auth.ProveByEmail(h.ctx, guarded.Email, password, code, client)
	if err != nil || p.ID != guarded.ID || p.PasswordHash != "" {
		t.Errorf("%+v, %v", p, err)
	}
	for _, used := range []string{code, codes[0]} {
		if _, err := h.auth.ProveByEmail(h.ctx, guarded.Email, password, used, client); err == nil {
			t.Errorf("%s works twice", used)
		}
	}
	h.told("factor.refused")
}
