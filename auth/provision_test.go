package auth_test

import (
	"context"
	"slices"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// within runs fn in the house's tenant.
func (h *house) within(fn func(ctx context.Context) error) error {
	return h.w.Store.InTenant(h.ctx, fn)
}

func source() auth.Source {
	return auth.Source{Kind: auth.SourceDirectory, ID: uid.New(), Name: "Entra ID"}
}

func TestASourceCreatesAPersonAndBringsThemToWhatItSays(t *testing.T) {
	t.Parallel()
	h, src := setup(t), source()
	boss := h.person(policy.Manager)
	var p auth.Person
	err := h.within(func(ctx context.Context) (err error) {
		p, _, err = h.auth.Provision(ctx, src, uid.Nil, auth.Profile{Email: "Anna@Example.com", Name: "Anna", Attributes: auth.Attributes{"department": "Lab", "shoe_size": "38"}})
		return err
	})
	wants(t, err, nil)
	if p.Status != auth.PersonActive || p.Email != "anna@example.com" {
		t.Errorf("created %+v", p)
	}
	var changed []string
	bring := func(in auth.Profile) auth.Person {
		t.Helper()
		var got auth.Person
		err := h.within(func(ctx context.Context) (err error) {
			if _, changed, err = h.auth.Provision(ctx, src, p.ID, in); err != nil {
				return err
			}
			got, err = h.w.Store.PersonByID(ctx, p.ID)
			return err
		})
		wants(t, err, nil)
		return got
	}
	got := bring(auth.Profile{Name: "Anna Berg", Attributes: auth.Attributes{"title": "Head", "department": ""}, ManagerID: &boss.ID})
	if got.Name != "Anna Berg" || got.Email != "anna@example.com" || got.Attributes["title"] != "Head" || len(got.Attributes) != 1 || got.ManagerID == nil || *got.ManagerID != boss.ID {
		t.Errorf("brought to %+v", got)
	}
	slices.Sort(changed)
	if !slices.Equal(changed, []string{"department", "manager", "name", "title"}) {
		t.Errorf("changed %v", changed)
	}
	before := len(h.events())
	if bring(auth.Profile{Name: "Anna Berg"}); len(changed) != 0 || len(h.events()) != before {
		t.Errorf("the same again changed %v and told of it", changed)
	}
	if got = bring(auth.Profile{ManagerID: &uid.Nil}); got.ManagerID != nil {
		t.Error("the manager stayed")
	}
	h.told("person.created")
	h.told("person.updated")
}

func TestASourceDoesNotTakeAnothersEmail(t *testing.T) {
	t.Parallel()
	h, src := setup(t), source()
	there, other := h.person(policy.Learner), h.person(policy.Learner)
	wants(t, h.within(func(ctx context.Context) error {
		_, _, err := h.auth.Provision(ctx, src, uid.Nil, auth.Profile{Email: there.Email, Name: "X"})
		return err
	}), auth.ErrEmailTaken)
	wants(t, h.within(func(ctx context.Context) error {
		_, _, err := h.auth.Provision(ctx, src, other.ID, auth.Profile{Email: there.Email})
		return err
	}), auth.ErrEmailTaken)
	wantsField(t, h.within(func(ctx context.Context) error {
		_, _, err := h.auth.Provision(ctx, src, uid.Nil, auth.Profile{Name: "X"})
		return err
	}), "email")
	strange := h.w.Tenant(t)
	wants(t, h.w.Store.InTenant(strange, func(ctx context.Context) error {
		_, _, err := h.auth.Provision(ctx, src, other.ID, auth.Profile{Name: "Stolen"})
		return err
	}), auth.ErrPersonNotFound)
}

func TestASourceTakesOnlyTheRolesItGave(t *testing.T) {
	t.Parallel()
	h, src, second := setup(t), source(), source()
	p := h.person(policy.Learner, policy.Instructor)
	assign := func(s auth.Source, roles ...policy.Role) {
		t.Helper()
		wants(t, h.within(func(ctx context.Context) error { _, err := h.auth.AssignFrom(ctx, s, p.ID, roles); return err }), nil)
	}
	has := func(want ...policy.Role) {
		t.Helper()
		err := h.within(func(ctx context.Context) error {
			got, err := h.w.Store.RolesOf(ctx, p.ID)
			if !slices.Equal(got, want) {
				t.Errorf("has %v, want %v", got, want)
			}
			return err
		})
		wants(t, err, nil)
	}
	assign(src, policy.Manager, policy.Learner)
	has(policy.Instructor, policy.Learner, policy.Manager)
	assign(second)
	has(policy.Instructor, policy.Learner, policy.Manager)
	assign(src) // the learner was there by hand
	has(policy.Instructor, policy.Learner)
	wants(t, h.within(func(ctx context.Context) error {
		_, err := h.auth.AssignFrom(ctx, src, p.ID, []policy.Role{policy.Owner})
		return err
	}), auth.ErrOwnersOnly)
	h.told("person.roles_changed")
}

func TestASourceEndsSessionsAndKeysButKeepsTheLastOwner(t *testing.T) {
	t.Parallel()
	h, src := setup(t), source()
	owner, p := h.person(policy.Owner), h.person(policy.Manager)
	session, ctx := h.signIn(p)
	key, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Export", Scopes: []string{auth.AllScopes}})
	wants(t, err, nil)
	off := func(id uid.ID) error {
		err := h.within(func(ctx context.Context) error { return h.auth.DeactivateFrom(ctx, src, id) })
		h.auth.Changed(h.ctx)
		return err
	}
	wants(t, off(p.ID), nil)
	wants(t, off(p.ID), nil) // twice is once
	_, err = h.auth.Resume(h.ctx, session)
	wants(t, err, auth.ErrSignInFirst)
	_, err = h.auth.KeyPrincipal(h.ctx, key)
	wants(t, err, auth.ErrKeyInvalid)
	wants(t, off(owner.ID), auth.ErrLastOwner)

	wants(t, h.within(func(ctx context.Context) error { return h.auth.ReactivateFrom(ctx, src, p.ID) }), nil)
	if _, err := h.auth.Resume(h.ctx, session); err == nil {
		t.Error("an ended session came back")
	}
	if types := storetest.EventTypes(t, h.ctx, h.w, p.ID); !slices.Contains(types, "person.deactivated") || !slices.Contains(types, "person.reactivated") {
		t.Errorf("told %v", types)
	}
}
