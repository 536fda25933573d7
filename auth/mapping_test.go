package auth_test

import (
	"slices"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
)

func TestClaimsBecomeFieldsAndWhatDoesNotFitIsNamed(t *testing.T) {
	t.Parallel()
	m := auth.Mapping{
		{Field: "email", From: []string{"upn", "mail"}},
		{Field: "name", From: []string{"displayName", "{givenName} {sn}"}},
		{Field: "given_name", From: []string{"givenName"}},
		{Field: "department", From: []string{"http://schemas.example/department"}},
		{Field: "locale", From: []string{"preferredLanguage"}},
		{Field: "time_zone", From: []string{"zone"}},
		{Field: "groups", From: []string{"groups"}},
		{Field: "title", From: []string{"title"}},
	}
	got := m.Apply(map[string][]string{
		"upn": {"anna.berg"}, "MAIL": {"Anna Berg <Anna@Example.com>"}, "givenName": {"Anna"}, "sn": {"Berg"}, "displayName": {" "},
		"http://schemas.example/department": {"Quality"}, "preferredLanguage": {"de_AT"}, "zone": {"Middle-earth"},
		"groups": {"Staff", "Quality", "Staff", ""}, "title": {"Head\nof"},
	})
	p := got.Profile
	if p.Email != "anna@example.com" || p.Name != "Anna Berg" || p.Attributes["department"] != "Quality" || p.Locale != "de-AT" || p.TimeZone != "" {
		t.Errorf("profile %+v", p)
	}
	if !slices.Equal(got.Groups, []string{"Quality", "Staff"}) {
		t.Errorf("groups %q", got.Groups)
	}
	if got.From["name"] != "{givenName} {sn}" || got.From["email"] != "mail" {
		t.Errorf("filled from %v", got.From)
	}
	if got.Left["time_zone"] == "" || got.Left["title"] == "" || got.Left["email"] != "" {
		t.Errorf("left out %v; the e-mail was found in the second claim", got.Left)
	}
	if _, filled := p.Attributes["title"]; filled {
		t.Error("a title with a line break was taken over")
	}
}

func TestANameIsMadeOfWhatThereIs(t *testing.T) {
	t.Parallel()
	email := auth.FieldRule{Field: "email", From: []string{"mail"}}
	if got := (auth.Mapping{email}).Apply(map[string][]string{"mail": {"a.berg@example.com"}}); got.Profile.Name != "a.berg" {
		t.Errorf("named %q", got.Profile.Name)
	}
	parts := auth.Mapping{{Field: "given_name", From: []string{"g"}}, {Field: "family_name", From: []string{"f"}}, email}
	if got := parts.Apply(map[string][]string{"g": {"Anna"}, "f": {"Berg"}, "mail": {"x@example.com"}}); got.Profile.Name != "Anna Berg" {
		t.Errorf("named %q", got.Profile.Name)
	}
}

func TestAMappingIsCheckedAndLaidOverItsPreset(t *testing.T) {
	t.Parallel()
	for field, m := range map[string]auth.Mapping{
		"mapping.shoe_size": {{Field: "shoe_size", From: []string{"x"}}},
		"mapping.email":     {{Field: "email", From: []string{"a"}}, {Field: "email", From: []string{"b"}}},
		"mapping.name":      {{Field: "name", From: []string{"{given name"}}},
		"mapping.title":     {{Field: "title"}},
	} {
		wantsField(t, m.Validate(), field)
	}
	mine := auth.Mapping{{Field: "email", From: []string{"upn"}}}
	over := mine.Over(auth.Mapping{{Field: "email", From: []string{"mail"}}, {Field: "name", From: []string{"cn"}}})
	if len(over) != 2 || over[0].From[0] != "upn" || over[1].Field != "name" {
		t.Errorf("laid over: %v", over)
	}
}

func TestTheFirstRoleRuleDecides(t *testing.T) {
	t.Parallel()
	known := func(r policy.Role) bool { return slices.Contains(policy.BuiltInRoles(), r) }
	r := auth.RoleRules{Rules: []auth.RoleRule{{Group: "LMS-Admins", Role: policy.Admin}, {Group: "Team Leads", Role: policy.Manager}}, Default: policy.Learner}
	if err := r.Validate(known); err != nil {
		t.Fatal(err)
	}
	for groups, want := range map[string]policy.Role{"team leads,lms-admins": policy.Admin, "Team Leads": policy.Manager, "Others": policy.Learner, "": policy.Learner} {
		if role, _, ok := r.For(strings.Split(groups, ",")); !ok || role != want {
			t.Errorf("in %q: %s, want %s", groups, role, want)
		}
	}
	if _, rule, _ := r.For([]string{"Team Leads"}); rule != 2 {
		t.Errorf("decided by rule %d", rule)
	}
	if _, _, ok := (auth.RoleRules{}).For([]string{"x"}); ok {
		t.Error("no rule gave a role")
	}
	wantsField(t, auth.RoleRules{Rules: []auth.RoleRule{{Group: "x", Role: "emperor"}}}.Validate(known), "role_rules.1")
	wantsField(t, auth.RoleRules{Rules: []auth.RoleRule{{Group: "x", Role: policy.Learner}, {Group: "X", Role: policy.Admin}}}.Validate(known), "role_rules.2")
	wantsField(t, auth.RoleRules{Default: "emperor"}.Validate(known), "role_default")
}
