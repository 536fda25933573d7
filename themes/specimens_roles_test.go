package themes_test

import (
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/themes"
)

func rolesSpecimens(w *world) []specimen {
	own := auth.Role{
		Code: "own-4f7k2m9a", Name: "Translator", Description: "Brings courses into other languages", Inherits: []policy.Role{policy.Learner}, Own: []policy.Permission{policy.CourseEdit},
		May: policy.Set{policy.CourseEdit: {}, policy.CourseRead: {}, policy.PersonSelf: {}}, People: 12,
	}
	idle := own
	idle.People = 0
	admin := auth.Role{Code: policy.Admin, Name: "Administrator", BuiltIn: true, Inherits: []policy.Role{policy.Instructor, policy.Manager}, May: policy.Set{policy.CourseEdit: {}, policy.BrandEdit: {}, policy.PersonManage: {}}, People: 3}
	page := themes.RolePage{
		Role: own, Form: themes.NewRoleForm(own), Inheritable: []policy.Role{policy.Admin, policy.Instructor, policy.Manager, policy.Learner},
		Permissions: []policy.Permission{policy.CourseRead, policy.CourseEdit, policy.CoursePublish, policy.PersonRead, policy.UsageRead},
	}
	preview, wrong, unused := page, page, page
	preview.Preview = &auth.RolePreview{Gained: []policy.Permission{policy.CoursePublish}, Lost: []policy.Permission{policy.CourseEdit}, Gaining: 12, Losing: 3, Unchanged: 1}
	wrong.Role, wrong.Form, wrong.Problem = auth.Role{}, themes.RoleForm{Name: "Translator"}, refused(map[string]string{"permissions": "Choose what the role may do: a role it inherits, or permissions."})
	unused.Role = idle
	at := func(path string) themes.View {
		v := w.portal(path, may())
		v.RoleNames = map[policy.Role]string{own.Code: own.Name}
		return v
	}
	maya := w.people[0]
	maya.Roles = []policy.Role{own.Code, policy.Learner}
	rules := map[policy.Role]string{policy.Admin: "admin: p, instructor, course, edit", own.Code: "own-4f7k2m9a: p, own-4f7k2m9a, course, edit"}
	return []specimen{
		{"roles", at("/settings/roles"), themes.RolesPage{Roles: []auth.Role{admin, own}}},
		{"role", at("/settings/roles/x"), unused},
		{"role-preview", at("/settings/roles/x"), preview},
		{"role-new-wrong", at("/settings/roles"), wrong},
		{"role-built-in", at("/settings/roles/admin"), themes.RolePage{Role: admin}},
		{"who-may", at("/settings/roles/who"), themes.WhoMayPage{Permission: policy.CourseEdit, People: listOf(maya), Rules: rules}},
		{"who-may-ask", at("/settings/roles/who"), themes.WhoMayPage{}},
		{"why-yes", at("/settings/roles/why"), themes.WhyPage{Person: "Maya", Permission: policy.CourseEdit, Reason: &auth.Reason{Person: maya, Permission: policy.CourseEdit, Allowed: true, ByRole: own.Code, Rule: rules[own.Code]}}},
		{"why-no", at("/settings/roles/why"), themes.WhyPage{Person: "Maya", Permission: policy.CoursePublish, Reason: &auth.Reason{Person: maya, Permission: policy.CoursePublish, Would: []policy.Role{policy.Admin, policy.Owner}}}},
		{"why-which", at("/settings/roles/why"), themes.WhyPage{Person: "a", Permission: policy.CoursePublish, Found: w.people}},
	}
}
