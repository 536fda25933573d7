package themes_test

import (
	"maps"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/tenant"
	"lyceum/themes"
)

// typed is a form sent back with its problems: what must stand in it, and which fields must have their message.
type typed struct {
	view   themes.View
	page   themes.Page
	typed  []string
	fields []string
}

func problem(fields ...string) *fault.Fault {
	m := map[string]string{}
	for _, f := range fields {
		m[f] = "Mend " + f + "."
	}
	return fault.Invalid(m)
}

func TestWhatWasTypedIsKeptAndMessagesStandBesideTheirFields(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	cases := formsOfPeople(w)
	maps.Copy(cases, formsOfSettings(w))
	for name, c := range cases {
		doc := render(t, s, c.view, c.page)
		for _, want := range c.typed {
			if !strings.Contains(doc, want) {
				t.Errorf("%s: %q was not kept", name, want)
			}
		}
		for _, field := range c.fields {
			if !strings.Contains(doc, `id="`+field+`-error">Mend `) {
				t.Errorf("%s: no message beside %s", name, field)
			}
		}
		if strings.Contains(doc, "typed password") || !strings.Contains(doc, `role="alert"`) {
			t.Errorf("%s: a password was filled in again, or no box above the form", name)
		}
		checkDocument(t, name, doc)
	}
}

func formsOfPeople(w *world) map[string]typed {
	view, stranger := w.portal("/x", may()), w.stranger("/x")
	return map[string]typed{
		"sign-in": {
			stranger,
			themes.SignInPage{Form: themes.SignInForm{Email: "typed@e", Next: "/typed"},
				Problem: problem("email")},
			[]string{`value="typed@e"`, `value="/typed"`},
			[]string{"email"},
		},
		"forgot": {
			stranger,
			themes.ForgotPage{Form: themes.ForgotForm{Email: "typed@e"},
				Problem: problem("email")},
			[]string{`value="typed@e"`},
			[]string{"email"},
		},
		"invitation": {
			stranger,
			themes.InvitationPage{Form: themes.InvitationForm{Name: "typed name"},
				Problem: problem("name", "password")},
			[]string{`value="typed name"`},
			[]string{"name", "password"},
		},
		"account": {
			view,
			themes.AccountPage{Profile: themes.ProfileForm{Name: "typed name", Locale: "de", TimeZone: "Asia/Tokyo"}, TimeZones: []string{"Asia/Tokyo"},
				ProfileProblem: problem("name", "locale", "time_zone")},
			[]string{`value="typed name"`, `value="de" selected`, `<option selected>Asia/Tokyo`},
			[]string{"name", "locale", "time_zone"},
		},
		"invite": {
			view,
			themes.InvitePage{Form: themes.InviteForm{Email: "typed@e", Name: "typed name", Role: "manager"}, Roles: []policy.Role{"learner", "manager"},
				Problem: problem("email", "role")},
			[]string{`value="typed@e"`, `value="typed name"`, `value="manager" checked`},
			[]string{"email", "role"},
		},
		"new course": {
			view,
			themes.StudioPage{Form: themes.NewCourseForm{Title: "typed title", Language: "de"},
				Problem: problem("title", "language")},
			[]string{`value="typed title"`, `value="de" selected`},
			[]string{"title", "language"},
		},
	}
}

func formsOfSettings(w *world) map[string]typed {
	view, platform, o := w.portal("/x", may()), asAdmin(w.platform("/x")), w.outlines[0]
	quiz := themes.LessonForm{
		Title: "typed title", Minutes: "typed minutes", Body: "typed body", PassPercent: "typed pass",
		Questions: []themes.QuestionForm{{Prompt: "typed prompt", Explanation: "typed explanation", Options: []themes.OptionForm{{Text: "typed option", Correct: true}}}},
	}
	return map[string]typed{
		"course": {
			view,
			themes.CourseEditPage{Outline: o, Form: themes.CourseForm{Title: "typed title", Slug: "typed slug", Summary: "typed summary", Language: "fr", Minutes: "typed minutes"},
				Problem: problem("title", "slug", "summary", "language", "estimated_minutes", "cover")},
			[]string{`value="typed title"`, `value="typed slug"`, "typed summary</textarea>", `value="fr" selected`, `value="typed minutes"`},
			[]string{"title", "slug", "summary", "language", "estimated_minutes", "cover"},
		},
		"quiz": {
			view,
			themes.LessonEditPage{Outline: o, Lesson: lesson(o, "quiz"), Form: quiz,
				Problem: problem("title", "minutes", "body", "pass_percent", "picture", "questions.0.prompt", "questions.0.options", "questions.0.options.0.text", "questions.0.explanation")},
			[]string{`value="typed title"`, `value="typed minutes"`, "typed body</textarea>", `value="typed pass"`, "typed prompt</textarea>", "typed explanation</textarea>", `value="typed option"`, `name="questions.0.options.0.correct" value="1" checked`},
			[]string{"title", "minutes", "body", "pass_percent", "picture", "questions-0-prompt", "questions-0-options", "questions-0-options-0-text", "questions-0-explanation"},
		},
		"brand": {
			view,
			themes.BrandPage{Form: themes.BrandForm{Name: "typed name", Colour: "typed colour", Theme: "campus", LoginText: "typed login", MailHeader: "typed mail"},
				Problem: problem("name", "colour", "theme", "login_text", "mail_header", "logo", "favicon")},
			[]string{`value="typed name"`, `value="typed colour"`, `value="campus" checked`, "typed login</textarea>", `value="typed mail"`},
			[]string{"name", "colour", "theme", "login_text", "mail_header", "logo", "favicon"},
		},
		"key": {
			view,
			themes.APIKeysPage{Form: themes.KeyForm{Name: "typed name", Days: "180", Scopes: []policy.Permission{"course:read"}}, Scopes: []policy.Permission{"course:read", "course:edit"},
				Problem: problem("name", "days", "scopes")},
			[]string{`value="typed name"`, `value="180" selected`, `value="course:read" checked`},
			[]string{"name", "days", "scopes"},
		},
		"sign-up": {
			platform,
			themes.SignUpPage{Form: themes.SignUpForm{Organization: "typed org", Slug: "typed slug", Email: "typed@e", Name: "typed name"},
				Problem: problem("organization", "slug", "email", "name", "password")},
			[]string{`value="typed org"`, `value="typed slug"`, `value="typed@e"`, `value="typed name"`},
			[]string{"organization", "slug", "email", "name", "password"},
		},
		"operator": {
			platform,
			themes.OperatorSignInPage{Form: themes.SignInForm{Email: "typed@e"},
				Problem: problem("email")},
			[]string{`value="typed@e"`},
			[]string{"email"},
		},
		"delete": {
			platform,
			themes.TenantPage{URL: "https://acme.example", Tenant: tenant.Tenant{Slug: "acme", Status: tenant.StatusActive, ContactEmail: "it@acme.example"}, Form: themes.TenantForm{Reason: "typed reason", Confirm: "typed confirm"},
				Problem: problem("reason", "confirm")},
			[]string{`value="typed reason"`, `value="typed confirm"`},
			[]string{"reason", "confirm"},
		},
	}
}

func asAdmin(v themes.View) themes.View {
	v.Operator = &auth.Operator{ID: id("op"), Name: "Olga Petrova", Email: "operator@lyceum.example", Role: auth.OperatorAdmin}
	return v
}
