package auth_test

import (
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

// A password sign-in costs what argon2id costs: compare Argon2id (the hash alone, at production's cost) with
// SignInButArgon2id (everything else, the second factor's rules and look-up included, at a hash that costs nearly
// nothing). go test ./auth -run none -bench 'Argon2id|SignIn' says what each takes.

func BenchmarkArgon2id(b *testing.B) {
	s := auth.New(auth.Options{Keep: storetest.New(b).Store, Policy: &policy.Engine{}, Guess: open{}, HashSlots: 1})
	for b.Loop() {
		if _, err := s.HashPassword(b.Context(), password); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSignInButArgon2id(b *testing.B) { benchmarkSignIn(b, cheap) }

func BenchmarkSignIn(b *testing.B) { benchmarkSignIn(b, auth.ProductionCost) }

func benchmarkSignIn(b *testing.B, cost auth.PasswordCost) {
	w := storetest.New(b)
	ctx := w.Tenant(b)
	s := auth.New(auth.Options{Keep: w.Store, Policy: policy.NewEngine(w.Store, w.Now.Clock()), Now: w.Now.Clock(), Guess: open{}, Cost: cost})
	hash, err := s.HashPassword(ctx, password)
	if err != nil {
		b.Fatal(err)
	}
	p := storetest.AddPerson(b, ctx, w, auth.Person{PasswordHash: hash}, policy.Learner)
	for b.Loop() {
		in, err := s.SignIn(ctx, p.Email, password, client)
		if err != nil || in.Secret == "" {
			b.Fatalf("%+v, %v", in, err)
		}
	}
}
