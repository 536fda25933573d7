package themes_test

import (
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/learning/onboarding"
	"lyceum/learning/starter"
	"lyceum/tenant"
	"lyceum/themes"
)

func firstSpecimens(w *world) []specimen {
	courses := []starter.Course{
		{Slug: "workplace-safety", Title: "Workplace safety", Summary: "Tidy ways.", Language: "en-GB", Minutes: 45, Lessons: 10},
		{Slug: "one", Title: "One", Language: "en-GB", Minutes: 5, Lessons: 1},
	}
	some := onboarding.List{Items: []onboarding.Item{{Step: onboarding.StepLook, Done: true}, {Step: onboarding.StepCourse}, {Step: onboarding.StepPeople}, {Step: onboarding.StepSignOn, Skipped: true}}}
	all := onboarding.List{Items: []onboarding.Item{{Step: onboarding.StepLook, Done: true}, {Step: onboarding.StepPeople, Done: true}}, Dismissed: true}
	look := tenant.DefaultBrand("Acme")
	page := themes.FirstStepsPage{List: some, Saved: look, Colour: look.Colour, Courses: courses}
	refusedLook := page
	refusedLook.Colour, refusedLook.Problem = "yellow", refused(map[string]string{"colour": "Enter a colour as # and six hexadecimal digits, for example #3b4cc0."})
	roles := []policy.Role{policy.Admin, policy.Learner}
	many := auth.Many{Dry: true, Lines: []auth.InvitationLine{
		{Number: 1, Email: "anna@example.com", Name: "Anna Berg", Outcome: auth.OutcomeInvited}, {Number: 2, Email: "ben@example.com", Outcome: auth.OutcomeHere},
		{Number: 4, Email: "cem@example.com", Outcome: auth.OutcomeAgain},
		{Number: 5, Email: "nonsense", Outcome: auth.OutcomeRefused, Problem: fault.New(fault.KindInvalid, "invalid", "Enter an e-mail address, for example “anna@example.com”.")},
	}}
	sent := many
	sent.Dry, sent.Lines = false, many.Lines[:1]
	text := "anna@example.com, Anna Berg\nben@example.com"
	return []specimen{
		{"first-steps", w.portal("/first-steps", may()), page},
		{"first-steps-refused", w.portal("/first-steps", may()), refusedLook},
		{"home-first-steps", w.portal("/", may()), themes.HomePage{First: &some}},
		{"first-steps-done", w.portal("/first-steps", may()), themes.FirstStepsPage{List: all, Saved: look, Colour: look.Colour, Courses: courses}},
		{"invite-many", w.portal("/people/invite-many", may()), themes.InviteManyPage{Roles: roles, Role: policy.Learner}},
		{"invite-many-checked", w.portal("/people/invite-many", may()), themes.InviteManyPage{Roles: roles, Role: policy.Learner, Text: text, Done: &many}},
		{"invite-many-sent", w.portal("/people/invite-many", may()), themes.InviteManyPage{Roles: roles, Role: policy.Learner, Text: text, Done: &sent}},
		{"invite-many-refused", w.portal("/people/invite-many", may()), themes.InviteManyPage{Roles: roles, Role: policy.Learner, Problem: refused(map[string]string{"people": "Enter at least one e-mail address."})}},
	}
}
