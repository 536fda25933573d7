package themes_test

import (
	"lyceum/auth"
	"lyceum/auth/bulk"
	"lyceum/auth/policy"
	"lyceum/internal/page"
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
	some := onboarding.List{Items: []onboarding.Item{{Step: onboarding.StepLook, Done: true}, {Step: onboarding.StepCourse}, {Step: onboarding.StepPeople}, {Step: onboarding.StepSignOn, Skipped: true}, {Step: onboarding.StepPlan}}}
	all := onboarding.List{Items: []onboarding.Item{{Step: onboarding.StepLook, Done: true}, {Step: onboarding.StepPeople, Done: true}}, Dismissed: true}
	look := tenant.DefaultBrand("Acme")
	steps := themes.FirstStepsPage{Offered: []string{"#0b6b3a", "#8a1c1c"}, Link: "https://acme.example.com", List: some, Saved: look, Colour: look.Colour, Courses: courses}
	refusedLook := steps
	refusedLook.Colour, refusedLook.Problem = "yellow", refused(map[string]string{"colour": "Enter a colour as # and six hexadecimal digits, for example #3b4cc0."})
	roles := []policy.Role{policy.Admin, policy.Learner}
	counts := bulk.Counts{bulk.OutcomeInvite: 1, bulk.OutcomeUpdate: 1, bulk.OutcomeSame: 1, bulk.OutcomeRefused: 1}
	list := bulk.Import{
		ID: id("import"), Name: "people.csv", Status: bulk.StatusPlanned, Header: bulk.List{"E-mail", ""}, Columns: bulk.List{"email", ""}, Role: policy.Learner, Revision: 1, Total: 4, Counts: counts,
	}
	person := id("person")
	lines := page.Of[bulk.Line]{Next: "more", Items: []bulk.Line{
		{Number: 2, Cells: bulk.List{"anna@example.com", "x"}, Email: "anna@example.com", Name: "Anna Berg", Outcome: bulk.OutcomeInvite, State: bulk.LineDone, PersonID: &person, Detail: bulk.Detail{Roles: []policy.Role{policy.Learner}, Groups: []string{"Roofers"}, Left: []string{"locale"}}},
		{Number: 3, Email: "ben@example.com", Name: "Ben", Outcome: bulk.OutcomeUpdate, State: bulk.LineFailed, Problem: "This person is deactivated. Reactivate them instead.", Detail: bulk.Detail{Roles: []policy.Role{policy.Learner}}},
		{Number: 4, Email: "cem@example.com", Name: "Cem", Outcome: bulk.OutcomeSame, State: bulk.LinePassed}, {Number: 5, Email: "nonsense", Outcome: bulk.OutcomeRefused, Problem: "Enter an e-mail address, for example “anna@example.com”."},
	}}
	running, done := list, list
	running.Status, running.Done = bulk.StatusRunning, 1
	done.Status, done.Done, done.Failed, done.Name = bulk.StatusDone, 1, 1, ""
	review := themes.PeopleImportPage{Import: list, Lines: lines, Sample: lines.Items, Roles: roles}
	misread := review
	misread.Problem = refused(map[string]string{"columns": "Two columns cannot be the same."})
	three, revoked := 3, now
	links := []bulk.Link{
		{ID: id("open"), Secret: "abcdef", Name: "Roofers of the North", Role: policy.Learner, GroupName: "Roofers", Domains: bulk.List{"example.com"}, MaxUses: &three, Used: 1, ExpiresAt: now.AddDate(0, 0, 7)},
		{ID: id("over"), Name: "Old", Role: policy.Learner, Used: 4, ExpiresAt: now.AddDate(0, 0, -7)}, {ID: id("revoked"), Name: "Revoked", Role: policy.Learner, ExpiresAt: now.AddDate(0, 0, 7), RevokedAt: &revoked},
	}
	join := themes.JoinLinksPage{Links: links, Roles: roles, Groups: []auth.Group{{ID: id("group"), Name: "Roofers"}}, Base: "https://acme.example.com", Form: themes.JoinLinkForm{Role: policy.Learner, Days: 30}}
	misjoin := join
	misjoin.Shown, misjoin.Problem = &links[0].ID, refused(map[string]string{"name": "Say what the link is for, in at most 100 characters.", "domains": "Name at most 50 domains."})
	return []specimen{
		{"first-steps", w.portal("/first-steps", may()), steps},
		{"first-steps-refused", w.portal("/first-steps", may()), refusedLook},
		{"home-first-steps", w.portal("/", may()), themes.HomePage{First: &some}},
		{"first-steps-done", w.portal("/first-steps", may()), themes.FirstStepsPage{List: all, Saved: look, Colour: look.Colour, Courses: courses}},
		{"imports", w.portal("/people/imports", may()), themes.PeopleImportsPage{Roles: roles, Wish: bulk.Wish{Role: policy.Learner}, Imports: page.Of[bulk.Import]{Items: []bulk.Import{list, running, done}}}},
		{"imports-refused", w.portal("/people/imports", may()), themes.PeopleImportsPage{Roles: roles, Wish: bulk.Wish{Role: policy.Learner, Quiet: true}, Text: "x", Problem: refused(map[string]string{"list": "Enter at least one e-mail address."})}},
		{"import-review", w.portal("/people/imports/1", may()), review},
		{"import-misread", w.portal("/people/imports/1", may()), misread},
		{"import-running", w.portal("/people/imports/1", may()), themes.PeopleImportPage{Import: running, Lines: lines}},
		{"import-done", w.portal("/people/imports/1", may()), themes.PeopleImportPage{Import: done, Lines: lines, Failed: true}},
		{"join-links", w.portal("/people/join-links", may()), join},
		{"join-links-refused", w.portal("/people/join-links", may()), misjoin},
		{"join", w.stranger("/join/abcdef"), themes.JoinPage{Domains: []string{"example.com", "example.org"}}},
		{"join-refused", w.stranger("/join/abcdef"), themes.JoinPage{Name: "Anna", Email: "x", Problem: refused(map[string]string{"email": "Use your address at the organization that gave you this link."})}},
		{"join-sent", w.stranger("/join/abcdef"), themes.JoinPage{Email: "anna@example.com", Sent: true}},
	}
}
