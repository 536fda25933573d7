package auth_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

func TestARoleChangeShowsInASessionAndAKeyAtOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	p := h.person(policy.Instructor)
	session, ctx := h.signIn(p)
	key, _, err := h.auth.CreateKey(ctx, auth.KeyInput{Name: "Export", Scopes: []string{"course:edit", "person:read"}})
	wants(t, err, nil)
	_, err = h.auth.KeyPrincipal(h.ctx, key)
	wants(t, err, nil)

	wants(t, h.auth.SetRoles(owner, p.ID, []policy.Role{policy.Manager, policy.Learner, policy.Manager}), nil)
	who, err := h.auth.Resume(h.ctx, session)
	wants(t, err, nil)
	if who.May.Has(policy.CourseEdit) || !who.May.Has(policy.PersonRead) || !slices.Equal(who.Roles, []policy.Role{policy.Learner, policy.Manager}) {
		t.Errorf("resumed with roles %v and %v; want what a manager may", who.Roles, who.May)
	}
	by, err := h.auth.KeyPrincipal(h.ctx, key)
	wants(t, err, nil)
	if by.May.Has(policy.CourseEdit) || !by.May.Has(policy.PersonRead) {
		t.Errorf("the key may %v; want the person's and the scopes' in common", by.May)
	}
	h.told("person.roles_changed")
}

func TestRolesAreChosenFromTheTenantsAndAtLeastOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	owner := h.as(h.person(policy.Owner))
	p := h.person(policy.Learner)
	wantsField(t, h.auth.SetRoles(owner, p.ID, nil), "roles")
	wantsField(t, h.auth.SetRoles(owner, p.ID, []policy.Role{policy.Learner, "emperor"}), "roles")
	wants(t, h.auth.SetRoles(owner, uid.New(), []policy.Role{policy.Learner}), auth.ErrPersonNotFound)
}

func TestOnlyOwnersMakeUnmakeOrSwitchOffOwners(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first, second, learner := h.person(policy.Owner), h.person(policy.Owner), h.person(policy.Learner)
	admin := h.as(h.person(policy.Admin))

	wants(t, h.auth.SetRoles(admin, learner.ID, []policy.Role{policy.Owner}), auth.ErrOwnersOnly)
	wants(t, h.auth.SetRoles(admin, second.ID, []policy.Role{policy.Learner}), auth.ErrOwnersOnly)
	wants(t, h.auth.Deactivate(admin, second.ID), auth.ErrOwnersOnly)
	_, err := h.auth.Invite(admin, auth.InviteInput{Email: "x@example.com", Name: "X", Role: policy.Owner})
	wants(t, err, auth.ErrOwnersOnly)
	wants(t, h.auth.SetRoles(admin, learner.ID, []policy.Role{policy.Admin}), nil)

	owner := h.as(first)
	wants(t, h.auth.SetRoles(owner, learner.ID, []policy.Role{policy.Owner}), nil)
	wants(t, h.auth.Deactivate(owner, second.ID), nil)
	wants(t, h.auth.Reactivate(admin, second.ID), auth.ErrOwnersOnly)
}

func TestNobodyGivesTakesOrSwitchesOffARoleThatMayMoreThanTheirs(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, learner := h.person(policy.Admin), h.person(policy.Learner)
	who, _ := auth.PrincipalFrom(h.as(h.person(policy.Admin)))
	who.May = who.May.Narrow("person:manage person:read course:read enrolment:self certificate:read person:self")
	people := auth.WithPrincipal(h.ctx, who) // may manage people and what learners may, nothing else

	wants(t, h.auth.SetRoles(people, learner.ID, []policy.Role{policy.Instructor}), auth.ErrRoleExceeds)
	wants(t, h.auth.SetRoles(people, admin.ID, []policy.Role{policy.Learner}), auth.ErrRoleExceeds)
	wants(t, h.auth.Deactivate(people, admin.ID), auth.ErrRoleExceeds)
	_, err := h.auth.Invite(people, auth.InviteInput{Email: "x@example.com", Name: "X", Role: policy.Manager})
	wants(t, err, auth.ErrRoleExceeds)
	_, err = h.auth.Invite(people, auth.InviteInput{Email: "x@example.com", Name: "X", Role: policy.Learner})
	wants(t, err, nil)
	wants(t, h.auth.Deactivate(people, learner.ID), nil)
}

func TestTheLastOwnerWhoMaySignInStays(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first, second := h.person(policy.Owner), h.person(policy.Owner)
	owner := h.as(first)
	invited, err := h.auth.Invite(owner, auth.InviteInput{Email: "third@example.com", Name: "Third", Role: policy.Owner})
	wants(t, err, nil)
	wants(t, h.auth.Deactivate(owner, second.ID), nil)

	wants(t, h.auth.Deactivate(owner, first.ID), auth.ErrLastOwner)
	wants(t, h.auth.SetRoles(owner, first.ID, []policy.Role{policy.Admin}), auth.ErrLastOwner)
	wants(t, h.auth.SetRoles(owner, first.ID, []policy.Role{policy.Owner, policy.Instructor}), nil)
	wants(t, h.auth.SetRoles(owner, invited.ID, []policy.Role{policy.Learner}), nil) // could not sign in anyway
}

func TestOfTwoOwnersDemotedAtTheSameMomentOneStays(t *testing.T) {
	t.Parallel()
	demote := map[string]func(*house, context.Context, uid.ID) error{
		"roles taken": func(h *house, ctx context.Context, id uid.ID) error {
			return h.auth.SetRoles(ctx, id, []policy.Role{policy.Learner})
		},
		"deactivated": func(h *house, ctx context.Context, id uid.ID) error { return h.auth.Deactivate(ctx, id) },
	}
	for name, act := range demote {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := setup(t)
			for range 5 {
				first, second := h.person(policy.Owner), h.person(policy.Owner)
				ctx := h.as(first)
				var done atomic.Int64
				h.together(2, func(i int) {
					switch err := act(h, ctx, []uid.ID{first.ID, second.ID}[i]); {
					case err == nil:
						done.Add(1)
					case !errors.Is(err, auth.ErrLastOwner):
						t.Errorf("got error %v", err)
					}
				})
				var left []uid.ID
				err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) (err error) {
					left, err = h.w.Store.LockOwners(ctx)
					return err
				})
				if err != nil || len(left) != 1 || done.Load() != 1 {
					t.Fatalf("%d of 2 demoted, owners left %v, %v; want one of each", done.Load(), left, err)
				}
				// Make room for the next round: its owners must be the only ones.
				extra := h.person(policy.Owner)
				wants(t, h.auth.SetRoles(h.as(extra), left[0], []policy.Role{policy.Learner}), nil)
				if err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
					return h.w.Store.TakeRoles(ctx, extra.ID, []policy.Role{policy.Owner})
				}); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
