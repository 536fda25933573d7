package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestTheSeededPolicyReadsBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	within(t, w, mine, w.Store.SeedPolicies)
	within(t, w, mine, func(ctx context.Context) error {
		lines, err := w.Store.PolicyLines(ctx)
		want := policy.BuiltInLines()
		less := func(a, b policy.Line) int {
			return slices.Compare([]string{string(a.Kind), a.V0, a.V1, a.V2}, []string{string(b.Kind), b.V0, b.V1, b.V2})
		}
		slices.SortFunc(want, less)
		slices.SortFunc(lines, less)
		if !slices.Equal(lines, want) {
			t.Errorf("read %v, want %v", lines, want)
		}
		return err
	})
	within(t, w, other, func(ctx context.Context) error {
		lines, err := w.Store.PolicyLines(ctx)
		if err != nil {
			return err
		}
		roles, err := w.Store.Roles(ctx)
		if len(lines)+len(roles) != 0 {
			t.Errorf("another tenant reads %v and %v", lines, roles)
		}
		return err
	})
}

func TestRolesAreGivenOnceAndTaken(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	p := storetest.Person(t, mine, w, policy.Learner)
	storetest.Person(t, other, w, policy.Learner)
	both := []policy.Role{policy.Learner, policy.Manager}
	within(t, w, mine, func(ctx context.Context) error { return w.Store.GiveRoles(ctx, p.ID, both) })
	within(t, w, other, func(ctx context.Context) error { return w.Store.TakeRoles(ctx, p.ID, both) })
	of := func(want ...policy.Role) {
		t.Helper()
		within(t, w, mine, func(ctx context.Context) error {
			roles, err := w.Store.RolesOf(ctx, p.ID)
			if !slices.Equal(roles, want) {
				t.Errorf("roles %v, want %v", roles, want)
			}
			return err
		})
	}
	of(policy.Learner, policy.Manager)
	within(t, w, mine, func(ctx context.Context) error { return w.Store.TakeRoles(ctx, p.ID, both[:1]) })
	of(policy.Manager)
	// A person of one tenant gets no role in another: there is nobody to give it to.
	err := w.Store.InTenant(other, func(ctx context.Context) error { return w.Store.GiveRoles(ctx, p.ID, both) })
	if err == nil {
		t.Error("a stranger got a role")
	}
}

func TestActiveOwnersAreHeldUntilTheTransactionEnds(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	active := storetest.Person(t, ctx, w, policy.Owner, policy.Learner)
	storetest.AddPerson(t, ctx, w, auth.Person{Status: auth.PersonDeactivated}, policy.Owner)
	storetest.Person(t, ctx, w, policy.Admin)

	within(t, w, ctx, func(held context.Context) error {
		owners, err := w.Store.LockOwners(held)
		if !slices.Equal(owners, []uid.ID{active.ID}) {
			t.Errorf("owners %v, want %s alone", owners, active.ID)
		}
		// Another transaction cannot change what is held: it gives up at once when told not to wait.
		for _, sql := range []string{
			"select 1 from people where id = $1 for no key update nowait",
			"select 1 from person_roles where person_id = $1 and role = 'owner' for update nowait",
		} {
			if state := sqlstate(t, w.Store, ctx, sql, active.ID); state != "55P03" {
				t.Errorf("%s: SQLSTATE %q, want 55P03", sql, state)
			}
		}
		if state := sqlstate(t, w.Store, ctx, "select 1 from people where id = $1 for key share nowait", active.ID); state != "" {
			t.Errorf("an enrolment of an owner would wait: SQLSTATE %s", state)
		}
		return err
	})
}

func TestAuthQueriesOutsideATransactionCannotRun(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	for name, fn := range map[string]func() error{
		"person": func() error { _, err := w.Store.PersonByID(ctx, uid.New()); return err },
		// These two are transactions by themselves, within a tenant and nowhere else.
		"session":  func() error { _, _, err := w.Store.SessionByHash(t.Context(), []byte("x")); return err },
		"policy":   func() error { _, err := w.Store.PolicyLines(t.Context()); return err },
		"link":     func() error { return w.Store.UseToken(ctx, auth.TokenInvitation, []byte("x"), w.Now.Now()) },
		"key":      func() error { return w.Store.InsertAPIKey(ctx, auth.APIKey{}) },
		"operator": func() error { _, err := w.Store.OperatorByEmail(ctx, "x"); return err },
	} {
		t.Run(name, func(t *testing.T) {
			if err := fn(); !errors.Is(err, store.ErrNoTransaction) {
				t.Errorf("got error %v, want %v", err, store.ErrNoTransaction)
			}
		})
	}
}
