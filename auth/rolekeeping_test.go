package auth_test

import (
	"slices"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

func translator() auth.RoleInput {
	return auth.RoleInput{Name: "Translator", Description: "Translates courses", Inherits: []policy.Role{policy.Learner}, Permissions: []policy.Permission{policy.CourseEdit}}
}

func TestARoleOfOnesOwnIsMadeGivenChangedAndRemoved(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	role, err := h.auth.CreateRole(admin, translator())
	wants(t, err, nil)
	if role.BuiltIn || !role.May.Has(policy.CourseEdit) || !role.May.Has(policy.EnrolmentSelf) || role.May.Has(policy.CoursePublish) {
		t.Errorf("made %+v", role)
	}
	p := h.person(policy.Learner)
	session, _ := h.signIn(p)
	wants(t, h.auth.SetRoles(admin, p.ID, []policy.Role{role.Code}), nil)
	may := func(want policy.Permission, has bool) {
		t.Helper()
		who, err := h.auth.Resume(h.ctx, session)
		wants(t, err, nil)
		if who.May.Has(want) != has {
			t.Errorf("may %s: %v, want %v", want, !has, has)
		}
	}
	may(policy.CourseEdit, true)
	may(policy.CoursePublish, false)

	in := translator()
	in.Permissions = []policy.Permission{policy.CoursePublish}
	wants(t, h.auth.ChangeRole(admin, role.Code, in), nil) // shows at once in a session that is open
	may(policy.CourseEdit, false)
	may(policy.CoursePublish, true)

	wants(t, h.auth.DeleteRole(admin, role.Code), auth.ErrRoleInUse)
	wants(t, h.auth.SetRoles(admin, p.ID, []policy.Role{policy.Learner}), nil)
	wants(t, h.auth.DeleteRole(admin, role.Code), nil)
	wants(t, h.auth.DeleteRole(admin, role.Code), auth.ErrRoleNotFound)
	for _, typ := range []string{"role.created", "role.changed", "role.deleted"} {
		h.told(typ)
	}
}

func TestNobodyMakesARoleThatMayMoreThanTheyDo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	keeper, err := h.auth.CreateRole(admin, auth.RoleInput{Name: "Role keeper", Inherits: []policy.Role{policy.Learner}, Permissions: []policy.Permission{policy.RoleManage, policy.PersonRead}})
	wants(t, err, nil)
	strong, err := h.auth.CreateRole(admin, auth.RoleInput{Name: "Head of studio", Inherits: []policy.Role{policy.Instructor}})
	wants(t, err, nil)
	p := h.person(policy.Learner)
	wants(t, h.auth.SetRoles(admin, p.ID, []policy.Role{keeper.Code}), nil)
	ctx := h.as(p)

	_, err = h.auth.CreateRole(ctx, translator())
	wants(t, err, auth.ErrRoleExceeds)
	wants(t, h.auth.ChangeRole(ctx, strong.Code, auth.RoleInput{Name: "Nobody", Inherits: []policy.Role{policy.Learner}}), auth.ErrRoleExceeds)
	wants(t, h.auth.DeleteRole(ctx, strong.Code), auth.ErrRoleExceeds)
	_, err = h.auth.CreateRole(ctx, auth.RoleInput{Name: "Reader", Permissions: []policy.Permission{policy.PersonRead}})
	wants(t, err, nil)

	wants(t, h.auth.ChangeRole(admin, policy.Learner, translator()), auth.ErrRoleBuiltIn)
	wants(t, h.auth.DeleteRole(admin, policy.Manager), auth.ErrRoleBuiltIn)
	_, err = h.auth.CreateRole(admin, auth.RoleInput{Name: "READER", Permissions: []policy.Permission{policy.PersonRead}})
	wants(t, err, auth.ErrRoleTaken)
	_, err = h.auth.CreateRole(h.as(h.person(policy.Instructor)), translator())
	wants(t, err, policy.ErrForbidden)
	for field, in := range map[string]auth.RoleInput{
		"inherits": {Name: "X", Inherits: []policy.Role{policy.Owner}}, "permissions": {Name: "X"}, "name": {Inherits: []policy.Role{policy.Learner}},
	} {
		_, err = h.auth.CreateRole(admin, in)
		wantsField(t, err, field)
	}
	other := h.w.Tenant(t)
	wants(t, h.auth.ChangeRole(auth.WithPrincipal(other, mustPrincipal(t, admin)), strong.Code, translator()), auth.ErrRoleNotFound)
}

func TestAPreviewSaysWhoGainsAndWhoLoses(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin := h.as(h.person(policy.Admin))
	role, err := h.auth.CreateRole(admin, translator())
	wants(t, err, nil)
	for i := range 5 {
		also := policy.Learner
		if i >= 3 {
			also = policy.Instructor // may edit and publish anyway
		}
		p := h.person(policy.Learner)
		wants(t, h.auth.SetRoles(admin, p.ID, []policy.Role{role.Code, also}), nil)
		if i == 0 {
			wants(t, h.auth.Deactivate(admin, p.ID), nil) // does not count
		}
	}
	in := translator()
	in.Permissions = []policy.Permission{policy.CoursePublish, policy.UsageRead}
	got, err := h.auth.PreviewRole(admin, role.Code, in)
	wants(t, err, nil)
	if got.Gaining != 4 || got.Losing != 2 || got.Unchanged != 0 || !slices.Equal(got.Gained, []policy.Permission{policy.CoursePublish, policy.UsageRead}) || !slices.Equal(got.Lost, []policy.Permission{policy.CourseEdit}) {
		t.Errorf("previewed %+v", got)
	}
	in.Permissions = []policy.Permission{policy.CoursePublish}
	if got, err = h.auth.PreviewRole(admin, role.Code, in); err != nil || got.Gaining != 2 || got.Losing != 2 || got.Unchanged != 2 {
		t.Errorf("previewed %+v, %v", got, err)
	}
	now, err := h.auth.RoleByCode(admin, role.Code)
	wants(t, err, nil)
	if !now.May.Has(policy.CourseEdit) || now.People != 4 {
		t.Errorf("a preview changed something: %+v", now)
	}
}

func TestItIsExplainedWhoMayAndWhy(t *testing.T) {
	t.Parallel()
	h := setup(t)
	boss, owner, learner := h.person(policy.Admin), h.person(policy.Owner), h.person(policy.Learner)
	ctx := h.as(boss)
	people, rules, err := h.auth.WhoMay(ctx, policy.CoursePublish, page.Request{})
	wants(t, err, nil)
	if len(people.Items) != 2 || slices.ContainsFunc(people.Items, func(p auth.Person) bool { return p.ID == learner.ID }) {
		t.Errorf("people %+v", people.Items)
	}
	if !strings.Contains(rules[policy.Admin], "instructor, course, publish") || rules[policy.Learner] != "" {
		t.Errorf("rules %v", rules)
	}
	why, err := h.auth.Why(ctx, owner.ID, policy.CoursePublish)
	wants(t, err, nil)
	if !why.Allowed || why.ByRole != policy.Owner || !strings.Contains(why.Rule, "instructor, course, publish") {
		t.Errorf("why the owner may: %+v", why)
	}
	why, err = h.auth.Why(ctx, learner.ID, policy.CoursePublish)
	wants(t, err, nil)
	if why.Allowed || why.Rule != "" || !slices.Equal(why.Would, []policy.Role{policy.Admin, policy.Instructor, policy.Owner}) {
		t.Errorf("why the learner may not: %+v", why)
	}
	p := h.person(policy.Instructor)
	wants(t, h.auth.Deactivate(ctx, p.ID), nil)
	if why, err = h.auth.Why(ctx, p.ID, policy.CoursePublish); err != nil || why.Allowed || !why.Inactive {
		t.Errorf("why a deactivated instructor may not: %+v, %v", why, err)
	}
	_, err = h.auth.Why(ctx, uid.New(), policy.CoursePublish)
	wants(t, err, auth.ErrPersonNotFound)
	_, err = h.auth.Why(ctx, owner.ID, "course:fly")
	wants(t, err, auth.ErrPermissionNotFound)
	_, err = h.auth.Why(h.as(learner), owner.ID, policy.CoursePublish)
	wants(t, err, policy.ErrForbidden)
}
