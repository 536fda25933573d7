package main

import (
	"context"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/scim/drill"
	"lyceum/auth/signon"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

const (
	syncedPeople    = 10_000
	passwordSignIns = 20
)

// measureDirectory measures how long a directory takes to bring 10,000 people over SCIM, one by one as Entra ID and Okta do.
func (b *bench) measureDirectory(ctx context.Context) error {
	ctx = tenant.With(ctx, b.fleet[1].Tenant)
	owner, err := b.benchPerson(ctx, policy.Owner)
	if err != nil {
		return err
	}
	admin, err := b.app.auth.As(ctx, owner.ID)
	if err != nil {
		return err
	}
	free := throttle.New(b.app.now, 1_000_000, time.Second, 1_000_000)
	service := scim.New(scim.Options{Keep: b.app.store, Auth: b.app.auth, Policy: b.app.policy, Limit: free, Now: b.app.now, Log: b.app.log})
	d, err := service.CreateDirectory(admin, scim.DirectoryInput{Name: "Bench " + uid.Opaque(6), Mode: scim.ModeEntra, Status: signon.StatusOn})
	if err != nil {
		return err
	}
	f, err := drill.Sync(ctx, service, d, b.app.now, uid.Opaque(6), syncedPeople, drill.OneByOne)
	if err != nil {
		return err
	}
	b.note(fmt.Sprintf("%d people over SCIM, looked up and created one by one", syncedPeople), "%.1f s, %.2f ms each; all into one group %.1f s",
		f.Created.Seconds(), ms(f.Each()), f.Group.Seconds())
	return nil
}

// measurePassword holds a password sign-in against the hash that it computes.
func (b *bench) measurePassword(ctx context.Context) error {
	ctx = tenant.With(ctx, b.fleet[0].Tenant)
	p, err := b.benchPerson(ctx, policy.Learner)
	if err != nil {
		return err
	}
	free := throttle.New(b.app.now, 1_000_000, time.Second, 1_000_000)
	service := auth.New(auth.Options{Keep: b.app.store, Policy: b.app.policy, Now: b.app.now, Guess: free, Seal: b.app.seal})
	var hash, whole time.Duration
	for range passwordSignIns { // in turn: the machine's pace is the same for both
		began := time.Now()
		if _, err := service.HashPassword(ctx, demoPassword); err != nil {
			return err
		}
		hash += time.Since(began)
		began = time.Now()
		if _, err := service.SignIn(ctx, p.Email, demoPassword, auth.Client{IP: "192.0.2.1"}); err != nil {
			return err
		}
		whole += time.Since(began)
	}
	b.note("a sign-in by password, of one argon2id hash", "%.2f (%.1f of %.1f ms)", float64(whole)/float64(hash), ms(whole/passwordSignIns), ms(hash/passwordSignIns))
	return nil
}

// benchPerson adds an active person with the demo's password.
func (b *bench) benchPerson(ctx context.Context, role policy.Role) (auth.Person, error) {
	hash, err := b.app.auth.HashPassword(ctx, demoPassword)
	if err != nil {
		return auth.Person{}, err
	}
	now, word := b.app.now(), uid.Opaque(8)
	p := auth.Person{ID: uid.New(), Email: word + "@bench.example", Name: "Bench " + word, PasswordHash: hash, Status: auth.PersonActive, CreatedAt: now, UpdatedAt: now}
	err = b.app.store.InTenant(ctx, func(ctx context.Context) error {
		if err := b.app.store.SeedPolicies(ctx); err != nil {
			return err
		}
		if err := b.app.store.InsertPerson(ctx, p); err != nil {
			return err
		}
		return b.app.store.GiveRoles(ctx, p.ID, []policy.Role{role})
	})
	return p, err
}
