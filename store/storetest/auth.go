package storetest

import (
	"context"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

// Person adds an active person with a role to the tenant of ctx, and the built-in roles when they are missing. Name and
// e-mail are the test's own; there is no password.
func Person(t testing.TB, ctx context.Context, w *World, roles ...policy.Role) auth.Person {
	t.Helper()
	return AddPerson(t, ctx, w, auth.Person{}, roles...)
}

// AddPerson is Person with what a test wants to choose: what is left zero is filled in.
func AddPerson(t testing.TB, ctx context.Context, w *World, p auth.Person, roles ...policy.Role) auth.Person {
	t.Helper()
	if p.ID == uid.Nil {
		p.ID = uid.New()
	}
	word := uid.Opaque(8)
	if p.Email == "" {
		p.Email = word + "@example.com"
	}
	if p.Name == "" {
		p.Name = "Person " + word
	}
	if p.Status == "" {
		p.Status = auth.PersonActive
	}
	p.CreatedAt, p.UpdatedAt = w.Now.Now(), w.Now.Now()
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		if err := w.Store.SeedPolicies(ctx); err != nil {
			return err
		}
		if err := w.Store.InsertPerson(ctx, p); err != nil || len(roles) == 0 {
			return err
		}
		return w.Store.GiveRoles(ctx, p.ID, roles)
	})
	if err != nil {
		t.Fatalf("add a person: %v", err)
	}
	p.Roles = roles
	return p
}

// As gives a context in which this person asks, with all that their roles allow and without a session.
func As(t testing.TB, ctx context.Context, w *World, p auth.Person) context.Context {
	t.Helper()
	may, err := policy.NewEngine(w.Store, w.Now.Clock()).For(ctx, p.Roles)
	if err != nil {
		t.Fatalf("what %v may: %v", p.Roles, err)
	}
	who := auth.Principal{PersonID: p.ID, Email: p.Email, Name: p.Name, Locale: p.Locale, TimeZone: p.TimeZone, Roles: p.Roles, May: may}
	return event.WithActor(auth.WithPrincipal(ctx, who), event.Actor{ID: p.ID, Kind: "person"})
}
