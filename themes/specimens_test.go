package themes_test

import (
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/tenant"
	"lyceum/themes"
)

// specimens shows every page in every state that looks different.
func specimens(t *testing.T, w *world) []specimen {
	t.Helper()
	var all []specimen
	for _, part := range [][]specimen{
		entrySpecimens(w), learnSpecimens(w), playerSpecimens(w), peopleSpecimens(w), studioSpecimens(w), lessonSpecimens(w), settingsSpecimens(w),
		auditSpecimens(w),
		editorSpecimens(w),
		filesSpecimens(w),
		homeSpecimens(w),
		rolesSpecimens(w), rolloutSpecimens(w), broadcastSpecimens(w), flagSpecimens(w), designSpecimens(t, w), supportSpecimens(w), tenantsSpecimens(w), firstSpecimens(w),
		catalogueSpecimens(w),
		groupSpecimens(w),
		searchSpecimens(w),
		placesSpecimens(w),
		billingSpecimens(w), paymentsSpecimens(w),
		planSpecimens(w),
		questionsSpecimens(w), testSpecimens(w), gradeSpecimens(w), dutySpecimens(w), teamSpecimens(w), reminderSpecimens(w), dashboardSpecimens(w), matrixSpecimens(w), reportSpecimens(w), evidenceSpecimens(w),
		exportSpecimens(w),
		scheduleSpecimens(w),
		structureSpecimens(w),
		hrSpecimens(w),
		pathsSpecimens(w),
		privacySpecimens(w),
		lessonsSpecimens(w),
		ssoSpecimens(w),
		accessSpecimens(w),
		addressSpecimens(w),
		leavingSpecimens(w),
		deskSpecimens(w),
		statusSpecimens(w),
		factorSpecimens(w),
		consoleSpecimens(w),
		operatorKeySpecimens(w),
		connectionSpecimens(t, w),
		directorySpecimens(w),
		ldapSpecimens(w),
		problemSpecimens(w), platformSpecimens(w), operatorSpecimens(w),
	} {
		all = append(all, part...)
	}
	return all
}

func entrySpecimens(w *world) []specimen {
	wrong := &fault.Fault{Kind: fault.KindUnauthenticated, Code: "wrong_credentials", Text: "E-mail or password is not right. Check both, or reset your password."}
	signedOut := w.stranger("/signin")
	signedOut.Flash = &themes.Flash{Key: themes.FlashSignedOut}
	person := w.people[1]
	account := themes.AccountPage{
		Person: w.people[0], Profile: themes.ProfileForm{Name: "Maya Chen", Locale: "en", TimeZone: "Europe/Berlin"}, TimeZones: []string{"Europe/Berlin", "Europe/London"},
		PasswordProblem: refused(map[string]string{"current": "This is not your password."}),
	}
	return []specimen{
		{"signin", signedOut, themes.SignInPage{LoginText: prose(w.brand.LoginText), Form: themes.SignInForm{Next: "/courses"}}},
		{"signin-wrong", w.stranger("/signin"), themes.SignInPage{Form: themes.SignInForm{Email: "maya@acme.example"}, Problem: wrong}},
		{"forgot", w.stranger("/forgot"), themes.ForgotPage{Form: themes.ForgotForm{Email: "maya"}, Problem: refused(map[string]string{"email": "Enter a complete e-mail address, for example ada@example.com."})}},
		{"forgot-sent", w.stranger("/forgot"), themes.ForgotPage{Form: themes.ForgotForm{Email: "maya@acme.example"}, Sent: true}},
		{"reset", w.stranger("/reset/secret"), themes.ResetPage{Person: person, Problem: refused(map[string]string{"password": "Use at least 10 characters. Three or four unrelated words make a good one."})}},
		{"invitation", w.stranger("/invitation/secret"), themes.InvitationPage{Person: person, Form: themes.InvitationForm{Name: "Jonas"}}},
		{"link-invalid", w.stranger("/reset/secret"), themes.LinkInvalidPage{Kind: auth.TokenPasswordReset}},
		{"link-invalid-invitation", w.stranger("/invitation/secret"), themes.LinkInvalidPage{Kind: auth.TokenInvitation}},
		{"account", w.portal("/account", learnerMay()), account},
	}
}

func learnSpecimens(w *world) []specimen {
	cards := []catalog.Card{
		plainCard("Giving feedback that helps", "Say what you saw, what it did, and what you would like instead. Three short lessons with examples to practise.", 25, 4, catalog.StatusPublished),
		plainCard("First aid at work", "What to do in the first three minutes, and how to call for help so that it arrives.", 40, 6, catalog.StatusPublished),
		plainCard("Lifting without pain", "Your back has to last. Learn four movements that protect it.", 15, 3, catalog.StatusPublished),
	}
	progress := w.player(lesson(w.outlines[0], catalog.LessonText)).Progress
	active := w.mine(0, 40).Enrolment
	done := w.mine(0, 100).Enrolment
	closed, archived := w.outlines[0], w.outlines[0]
	closed.Course.SelfEnrol = false
	archived.Course.Status = catalog.StatusArchived
	revoked := w.certificate()
	revoked.RevokedAt = &now
	again := revoked
	again.Code, again.RevokeReason = "a3v9q0t7m2x8c5b1n6z4", "Issued in error."
	cert := w.certificate()
	ends, over := w.certificate(), w.certificate()
	soon, past := now.AddDate(0, 0, 12), now.AddDate(0, 0, -3)
	ends.Code, ends.ValidUntil = "b3v9q0t7m2x8c5b1n6z4", &soon
	over.Code, over.ValidUntil = "c3v9q0t7m2x8c5b1n6z4", &past
	again.RevokeClass = certificate.ClassError
	return []specimen{
		{"catalogue", w.portal("/courses", learnerMay()), themes.CataloguePage{Cards: listOf(append([]catalog.Card{w.card(0), w.card(1)}, cards...)...)}},
		{"catalogue-nothing", w.portal("/courses?q=quantum", learnerMay()), themes.CataloguePage{Filter: catalog.CardFilter{Query: "quantum"}}},
		{"catalogue-empty", w.portal("/courses", may()), themes.CataloguePage{}},
		{"course-new", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: w.outlines[0], Summary: prose(w.outlines[0].Version.Summary)}},
		{"course-started", w.portal("/courses/x", may()), themes.CoursePage{Outline: w.outlines[0], Summary: prose(w.outlines[0].Version.Summary), Enrolment: &active, Progress: progress}},
		{"course-completed", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: w.outlines[0], Enrolment: &done, Progress: progress, CertificateCode: cert.Code}},
		{"course-completed-pending", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: w.outlines[0], Enrolment: &done, Progress: progress}},
		{"course-closed", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: closed, Problem: enrolment.ErrSelfEnrolClosed}},
		{"course-archived", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: archived}},
		{"certificates", w.portal("/certificates", learnerMay()), themes.CertificatesPage{Certificates: []certificate.Certificate{cert, ends, over, revoked}, Pending: []enrolment.Mine{w.mine(0, 100)}}},
		{"certificates-empty", w.portal("/certificates", learnerMay()), themes.CertificatesPage{}},
		{"issued", w.portal("/certificates/issued", may()), themes.IssuedPage{Certificates: page.Of[certificate.Certificate]{Items: []certificate.Certificate{cert, ends, over, again}, Next: "x"}}},
		{"issued-refused", w.portal("/certificates/issued", may()), themes.IssuedPage{Query: "Anna", Opened: cert.Code, Typed: certificate.Withdrawal{Class: certificate.ClassConditions}, Problem: fault.Of(fault.Invalid(map[string]string{"reason": "Say why, for whoever asks about it later."})), Certificates: page.Of[certificate.Certificate]{Items: []certificate.Certificate{cert}}}},
		{"issued-none", w.portal("/certificates/issued", may()), themes.IssuedPage{State: certificate.NarrowRevoked}},
		{"verify", w.stranger("/verify/x"), themes.VerifyPage{Code: cert.Code, Certificate: &cert}},
		{"issued-history", w.portal("/certificates/issued/x", may()), themes.IssuedHistoryPage{Certificates: []certificate.Certificate{ends, again}}},
		{"course-certificate", w.portal("/studio/x/certificate", may()), themes.CourseCertificatePage{Outline: w.outlines[0], Form: themes.CertificateRuleForm{Valid: "always"}}},
		{"course-certificate-wrong", w.portal("/studio/x/certificate", may()), themes.CourseCertificatePage{Outline: w.outlines[0], Form: themes.CertificateRuleForm{Valid: "months", Months: "999"}, Problem: fault.Of(fault.Invalid(map[string]string{"valid_months": "Enter a number of months from 1 to 240."}))}},
		{"verify-ends", w.stranger("/verify/x"), themes.VerifyPage{Code: ends.Code, Certificate: &ends}},
		{"verify-expired", w.stranger("/verify/x"), themes.VerifyPage{Code: over.Code, Certificate: &over}},
		{"verify-revoked", w.stranger("/verify/x"), themes.VerifyPage{Code: cert.Code, Certificate: &revoked}},
		{"verify-unknown", w.stranger("/verify/x"), themes.VerifyPage{Code: "k3v9q0t7m2x8c5b1n6z5"}},
		{"completed-withdrawn", w.portal("/learn/x", learnerMay()), themes.CompletedPage{Enrolment: done, Outline: w.outlines[0], Withdrawn: true}},
		{"course-withdrawn", w.portal("/courses/x", learnerMay()), themes.CoursePage{Outline: w.outlines[0], Enrolment: &done, Progress: progress, Withdrawn: true}},
		{"completed", w.portal("/learn/x", learnerMay()), themes.CompletedPage{Enrolment: done, Outline: w.outlines[0], Certificate: &cert}},
		{"completed-pending", w.portal("/learn/x", learnerMay()), themes.CompletedPage{Enrolment: done, Outline: w.outlines[0]}},
	}
}

func playerSpecimens(w *world) []specimen {
	o := w.outlines[0]
	text, video, pdf, quiz := lesson(o, catalog.LessonText), lesson(o, catalog.LessonVideo), lesson(o, catalog.LessonPDF), lesson(o, catalog.LessonQuiz)
	view := w.portal("/learn/x/y", learnerMay())
	video2 := w.player(video)
	film := themes.PlayerPage{Player: video2, Body: prose(video.Body), File: w.file(video.FileID, content.FileVideo)}
	if video.CaptionsFileID != nil {
		film.Captions = w.file(video.CaptionsFileID, content.FileCaptions)
	}
	first := quiz.Questions[0]
	answers := enrolment.Answers{first.ID: {first.Options[0].ID}}
	all := enrolment.Answers{}
	var right []uid.ID
	for _, q := range quiz.Questions {
		right = append(right, q.ID)
		for _, op := range q.Options {
			if op.Correct {
				all[q.ID] = append(all[q.ID], op.ID)
			}
		}
	}
	finished := w.player(text)
	finished.Enrolment.Status, finished.Enrolment.Percent = enrolment.StatusCompleted, 100
	return []specimen{
		{"player-text", view, themes.PlayerPage{Player: w.player(text), Body: prose(text.Body)}},
		{"player-video", view, film},
		{"player-video-missing", view, themes.PlayerPage{Player: w.player(video)}},
		{"player-pdf", view, themes.PlayerPage{Player: w.player(pdf), Body: prose(pdf.Body), File: w.file(pdf.FileID, content.FileDocument)}},
		{"player-quiz", view, themes.PlayerPage{Player: w.player(quiz), Body: prose(quiz.Body)}},
		{"player-quiz-open", view, themes.PlayerPage{Player: w.player(quiz), Answers: answers, Problem: refused(map[string]string{"answers." + quiz.Questions[1].ID.String(): "Choose an answer to question 2."})}},
		{"player-quiz-failed", view, themes.PlayerPage{Player: w.player(quiz), Result: &enrolment.Attempt{Number: 1, Answers: answers, Percent: 20, Right: right[:1]}}},
		{"player-quiz-passed", view, themes.PlayerPage{Player: w.player(quiz), Result: &enrolment.Attempt{Number: 2, Answers: all, Percent: 100, Passed: true, Right: right}}},
		{"player-finished", view, themes.PlayerPage{Player: finished, Body: prose(text.Body), CertificateCode: w.certificate().Code}},
	}
}

func peopleSpecimens(w *world) []specimen {
	roles := policy.BuiltInRoles()
	return []specimen{
		{"people", w.portal("/people", may()), themes.PeoplePage{People: listOf(w.people...)}},
		{"people-none", w.portal("/people?q=zz", may()), themes.PeoplePage{Query: "zz", Role: policy.Manager, Status: auth.PersonInvited}},
		{"invite", w.portal("/people/invite", may()), themes.InvitePage{Form: themes.InviteForm{Role: "learner"}, Roles: roles}},
		{"invite-taken", w.portal("/people/invite", may()), themes.InvitePage{Form: themes.InviteForm{Email: "maya@acme.example", Name: "Maya", Role: "manager"}, Roles: roles, Problem: auth.ErrEmailTaken.With("email", "This person is here already.")}},
		{"person", w.portal("/people/x", may()), themes.PersonPage{Person: w.people[1], Roles: roles, Chosen: w.people[1].Roles}},
		{"person-linked", w.portal("/people/x", may()), themes.PersonPage{Person: w.people[1], Roles: roles, Accounts: linkedAccounts(w)}},
		{"person-invited", w.portal("/people/x", may()), themes.PersonPage{Person: w.people[4], Roles: roles, Chosen: w.people[4].Roles}},
		{"person-self", w.portal("/people/x", may()), themes.PersonPage{Person: w.people[0], Roles: roles, Chosen: []policy.Role{policy.Learner}, Problem: auth.ErrLastOwner}},
		{"person-deactivated", w.portal("/people/x", may()), themes.PersonPage{Person: w.people[6], Roles: roles, Chosen: w.people[6].Roles}},
	}
}

func studioSpecimens(w *world) []specimen {
	o := w.outlines[0]
	draft := o.Version.ID
	changed := o
	changed.Course.DraftID = &draft
	empty := catalog.Outline{Course: catalog.Course{ID: id("empty"), Slug: "giving-feedback", Status: catalog.StatusDraft, DraftID: &draft, Revision: 1}, Version: catalog.Version{Title: "Giving feedback that helps", Language: "gsw", Number: 1}}
	archived := o
	archived.Course.Status = catalog.StatusArchived
	form := themes.CourseForm{Title: o.Version.Title, Slug: o.Course.Slug, Summary: o.Version.Summary, Language: "en", Minutes: "45", CoverFileID: o.Version.CoverFileID.String()}
	at := func(id uid.ID, rest string) string { return "/studio/" + id.String() + rest }
	var roster []enrolment.Roster
	for i, p := range w.people {
		e := w.mine(0, (i*37)%101).Enrolment
		e.ID, e.PersonID = id("roster"+p.Email), p.ID
		if i == 3 {
			e.Status, e.Percent, e.CompletedAt = enrolment.StatusCompleted, 100, &now
		}
		if i == 5 {
			e.StartedAt, e.Percent = nil, 0
		}
		roster = append(roster, enrolment.Roster{Enrolment: e, PersonName: p.Name, PersonEmail: p.Email})
	}
	missing := catalog.ErrNothingToTeach.With("lessons."+o.Lessons()[0].ID.String()+".body", "Lesson “"+o.Lessons()[0].Title+"” has no text yet.").With("modules."+o.Modules[1].ID.String()+".lessons", "Module “"+o.Modules[1].Title+"” has no lessons. Add one, or delete the module.").With("lessons", "Add at least one lesson.")
	cards := []catalog.Card{w.card(0), w.card(1), plainCard("Giving feedback that helps", "", 0, 0, catalog.StatusDraft), plainCard("Forklift licence 2024", "", 90, 12, catalog.StatusArchived)}
	return []specimen{
		{"studio", w.portal("/studio", may()), themes.StudioPage{Cards: listOf(cards...), Form: themes.NewCourseForm{Language: "en"}}},
		{"studio-wrong", w.portal("/studio", may()), themes.StudioPage{Cards: listOf(cards...), Form: themes.NewCourseForm{Language: "de"}, Problem: refused(map[string]string{"title": "Enter a title."})}},
		{"studio-empty", w.portal("/studio", may()), themes.StudioPage{Form: themes.NewCourseForm{Language: "en"}}},
		{"studio-none-found", w.portal("/studio?q=x", may()), themes.StudioPage{Query: "x", Status: catalog.StatusDraft}},
		{"course-edit", w.portal(at(o.Course.ID, ""), may()), themes.CourseEditPage{Outline: changed, Form: form}},
		{"course-edit-wrong", w.portal(at(o.Course.ID, ""), may()), themes.CourseEditPage{Outline: o, Form: themes.CourseForm{Title: "", Slug: "Fire Safety", Language: "en", Minutes: "lots"}, Problem: refused(map[string]string{"title": "Enter a title.", "slug": "Use small letters, digits and single hyphens, for example “fire-safety”.", "estimated_minutes": "Enter a number of minutes from 0 to 6000."})}},
		{"course-edit-empty", w.portal("/studio/x", may()), themes.CourseEditPage{Outline: empty, Form: themes.CourseForm{Title: empty.Version.Title, Slug: empty.Course.Slug, Language: "gsw"}, OutlineProblem: catalog.ErrRevision}},
		{"course-edit-archived", w.portal("/studio/x", may()), themes.CourseEditPage{Outline: archived, Form: form}},
		{"publish-missing", w.portal(at(o.Course.ID, "/publish"), may()), themes.PublishPage{Outline: changed, Missing: missing}},
		{"publish-ready", w.portal(at(o.Course.ID, "/publish"), may()), themes.PublishPage{Outline: changed}},
		{"publish-first", w.portal(at(o.Course.ID, "/publish"), may()), themes.PublishPage{Outline: empty, Problem: catalog.ErrRevision}},
		{"publish-nothing", w.portal(at(o.Course.ID, "/publish"), may()), themes.PublishPage{Outline: o}},
		{"roster", w.portal(at(o.Course.ID, "/people"), may()), themes.RosterPage{Outline: o, People: listOf(roster...), Find: "a", Found: w.people[:3], Inside: map[uid.ID]enrolment.Status{w.people[0].ID: enrolment.StatusActive, w.people[1].ID: enrolment.StatusWithdrawn}}},
		{"roster-empty", w.portal(at(o.Course.ID, "/people"), may()), themes.RosterPage{Outline: empty}},
		{"roster-nobody", w.portal(at(o.Course.ID, "/people"), may()), themes.RosterPage{Outline: o, Find: "zz", Problem: enrolment.ErrAlreadyEnrolled}},
	}
}

func lessonSpecimens(w *world) []specimen {
	o := w.outlines[0]
	text, video, pdf, quiz := lesson(o, catalog.LessonText), lesson(o, catalog.LessonVideo), lesson(o, catalog.LessonPDF), lesson(o, catalog.LessonQuiz)
	view := w.portal("/studio/x/lessons/y", may())
	form := themes.NewLessonForm
	film := themes.LessonEditPage{Outline: o, Lesson: video, Form: form(video), Preview: prose(video.Body), File: w.file(video.FileID, content.FileVideo)}
	if video.CaptionsFileID != nil {
		film.Captions = w.file(video.CaptionsFileID, content.FileCaptions)
	}
	wrong := form(quiz)
	wrong.PassPercent = "a lot"
	wrong.Questions[0].Prompt = ""
	wrong = wrong.Apply("add_question")
	return []specimen{
		{"lesson-text", view, themes.LessonEditPage{Outline: o, Lesson: text, Form: form(text), Preview: prose(text.Body)}},
		{"lesson-text-empty", view, themes.LessonEditPage{Outline: o, Lesson: text, Problem: refused(map[string]string{"title": "Enter a title.", "picture_alt": "Say what the picture shows, for those who cannot see it."})}},
		{"lesson-video", view, film},
		{"lesson-pdf", view, themes.LessonEditPage{Outline: o, Lesson: pdf, Form: form(pdf), Problem: refused(map[string]string{"file_id": "Choose a PDF document."})}},
		{"lesson-quiz", view, themes.LessonEditPage{Outline: o, Lesson: quiz, Form: form(quiz), Preview: prose(quiz.Body)}},
		{"lesson-quiz-wrong", view, themes.LessonEditPage{Outline: o, Lesson: quiz, Form: wrong, Problem: refused(map[string]string{"pass_percent": "Enter a pass mark from 1 to 100 percent.", "questions.0.prompt": "Write the question.", "questions.0.options.1.text": "Write this answer, or remove it.", "questions.0.options": "Offer at most 12 answers."})}},
	}
}

func settingsSpecimens(w *world) []specimen {
	logo := id("logo")
	branded := w.portal("/settings/brand", may())
	branded.LogoURL, branded.FaviconURL = "/brand/logo/acme", "/brand/favicon/acme"
	saved := w.brand
	saved.LogoFileID, saved.FaviconFileID = &logo, &logo
	pale := themes.NewBrandForm(w.brand)
	pale.Colour = "#ffd400"
	preview := w.portal("/settings/brand/preview", learnerMay())
	used := now.Add(-3 * time.Hour)
	keys := []auth.APIKey{
		{ID: id("k1"), Name: "HR import", Prefix: "lyc_9fQ2", Scopes: "person:read person:manage", ExpiresAt: now.AddDate(0, 2, 0), LastUsedAt: &used},
		{ID: id("k2"), Name: "Reporting", Prefix: "lyc_Tz81", Scopes: "*", ExpiresAt: now.AddDate(0, -1, 0)},
		{ID: id("k3"), Name: "Old script", Prefix: "lyc_0aXc", Scopes: "course:read", ExpiresAt: now.AddDate(0, 3, 0), RevokedAt: &used},
	}
	scopes := []policy.Permission{policy.CourseRead, policy.CourseEdit, policy.EnrolmentManage, policy.PersonRead}
	u := usage(w)
	quiet := u
	quiet.Rows, quiet.Total, quiet.PerDay = nil, 0, make([]int64, 30)
	calls := u
	calls.MeterUsage = u.Meters[3]
	calls.Rows = []billing.UsageEvent{{ID: id("calls"), Meter: billing.MeterAPICalls, Period: u.Period.Start, Kind: billing.KindCounted, Quantity: 1204, EventType: "api.called", OccurredAt: now, RecordedAt: now}}
	kept := u
	kept.MeterUsage = u.Meters[1]
	kept.Rows = []billing.UsageEvent{{ID: id("hour"), Meter: billing.MeterStorage, Period: u.Period.Start, Kind: billing.KindCounted, Quantity: 4 << 30, EventType: "storage.sampled", OccurredAt: now, RecordedAt: now}}
	correction := u.Rows[0]
	correction.ID, correction.Kind, correction.Quantity, correction.EventType, correction.Reason, correction.ByName = id("struck"), billing.KindStruck, -1, billing.EventStruck, "Opened the wrong course.", "Maya Chen"
	again := u.Rows[0]
	again.ID, again.Kind = id("again"), billing.KindAgain
	u.Rows = append(u.Rows, correction, again)
	actor := w.people[0].ID
	started := happened("lesson.started", &actor, map[string]any{"person_name": "Maya Chen", "course_title": w.outlines[0].Version.Title, "lesson_id": id("l").String(), "nested": map[string]any{"a": 1}})
	return []specimen{
		{"brand", branded, themes.BrandPage{Saved: saved, Form: themes.NewBrandForm(w.brand)}},
		{"brand-pale", w.portal("/settings/brand", may()), themes.BrandPage{Saved: w.brand, Form: pale, Problem: refused(map[string]string{"colour": "This colour is too close to white for buttons and links to be seen. The nearest that works is #8a7200.", "logo": "This SVG holds something that is not allowed."})}},
		{"brand-preview", preview, themes.BrandPreviewPage{LoginText: prose(w.brand.LoginText)}},
		{"api-keys", w.portal("/settings/api-keys", may()), themes.APIKeysPage{Keys: keys, Form: themes.KeyForm{Days: "90"}, Scopes: scopes, Secret: "lyc_9fQ2XmT5k0vR8bYw3sNz1cHgJ7pLdEaU4oIqK6xWtVe"}},
		{"api-keys-wrong", w.portal("/settings/api-keys", may()), themes.APIKeysPage{Form: themes.KeyForm{Name: "Reporting", Days: "365", Scopes: []policy.Permission{policy.CourseRead}}, Scopes: scopes, Problem: refused(map[string]string{"scopes": "Choose at least one."})}},
		{"usage", w.portal("/usage", may()), themes.UsagePage{Usage: u, First: now.AddDate(0, -5, 0)}},
		{"usage-none", w.portal("/usage", may()), themes.UsagePage{Usage: quiet, First: now}},
		{"usage-event", w.portal("/usage/x", may()), themes.UsageEventPage{Row: u.Rows[0], Event: &started}},
		{"usage-calls", w.portal("/usage", may()), themes.UsagePage{Usage: calls, First: now}},
		{"usage-storage", w.portal("/usage", may()), themes.UsagePage{Usage: kept, First: now}},
		{"usage-event-calls", w.portal("/usage/x", may()), themes.UsageEventPage{Row: calls.Rows[0]}},
		{"usage-event-strikable", w.portal("/usage/x", may()), themes.UsageEventPage{Row: u.Rows[0], Event: &started, Strikable: true, Until: now}},
		{"usage-event-strike-wrong", w.portal("/usage/x", may()), themes.UsageEventPage{Row: u.Rows[0], Event: &started, Strikable: true, Until: now, Reason: "no", Problem: refused(map[string]string{"reason": billing.ErrReasonMissing.Text})}},
		{"usage-event-struck", w.portal("/usage/x", may()), themes.UsageEventPage{Row: correction, Others: u.Rows[:1]}},
		{"usage-event-again", w.portal("/usage/x", may()), themes.UsageEventPage{Row: again, Event: &started, Others: []billing.UsageEvent{u.Rows[0], correction}}},
		{"usage-event-gone", w.portal("/usage/x", may()), themes.UsageEventPage{Row: u.Rows[1]}},
	}
}

func problemSpecimens(w *world) []specimen {
	at := func(status int, f *fault.Fault, after time.Duration) themes.Page {
		return themes.ProblemPage{Status: status, Fault: f, RetryAfter: after}
	}
	return []specimen{
		{"problem-400", w.stranger("/x"), at(400, refused(map[string]string{"month": "Write the month as year and month, for example 2026-03."}), 0)},
		{"problem-401", w.stranger("/x"), at(401, auth.ErrSignInFirst, 0)},
		{"problem-403", w.portal("/people", learnerMay()), at(403, policy.ErrForbidden, 0)},
		{"problem-404", w.portal("/nowhere", learnerMay()), at(404, catalog.ErrCourseNotFound, 0)},
		{"problem-409", w.portal("/x", may()), at(409, catalog.ErrRevision, 0)},
		{"problem-413", w.portal("/x", may()), at(413, content.ErrFileTooLarge, 0)},
		{"problem-429", w.stranger("/signin"), at(429, auth.ErrTooManyAttempts, 95*time.Second)},
		{"problem-500", w.portal("/x", may()), at(500, fault.Of(errPlain{}), 0)},
		{"problem-503", w.platform("/x"), at(503, tenant.ErrProvisioning, 2*time.Second)},
		{"suspended", w.stranger("/"), themes.SuspendedPage{Contact: "it@acme.example"}},
		{"provisioning", w.stranger("/"), themes.ProvisioningPage{}},
		{"updating", w.stranger("/"), themes.ProvisioningPage{Updating: true}},
	}
}

type errPlain struct{}

func (errPlain) Error() string { return "pq: password=secret" }

func platformSpecimens(w *world) []specimen {
	making := tenant.Tenant{Slug: "acme", Name: "Acme Tools", Status: tenant.StatusProvisioning}
	demo := w.platform("/")
	demo.DevMail = true
	return []specimen{
		{"landing", demo, themes.LandingPage{BaseDomain: "lyceum.example"}},
		{"signup", w.platform("/signup"), themes.SignUpPage{BaseDomain: "lyceum.example"}},
		{"signup-taken", w.platform("/signup"), themes.SignUpPage{BaseDomain: "lyceum.example", Form: themes.SignUpForm{Organization: "Acme Tools", Slug: "acme", Email: "maya@acme.example", Name: "Maya Chen"}, Problem: tenant.ErrSlugTaken.With("slug", "Another organization already has this address. Please choose another.")}},
		{"signup-wait", w.platform("/signup/wait/x"), themes.SignUpWaitPage{Tenant: making, PortalURL: "https://acme.lyceum.example"}},
		{"signup-ready", w.platform("/signup/wait/x"), themes.SignUpWaitPage{Tenant: making, PortalURL: "https://acme.lyceum.example", Enter: "https://acme.lyceum.example/enter/secret"}},
		{"unknown-portal", w.platform("/"), themes.UnknownPortalPage{Host: "acmee.lyceum.example", PlatformURL: "https://lyceum.example"}},
	}
}

func operatorSpecimens(w *world) []specimen {
	view := w.platform("/operator")
	view.Operator, view.DevMail = &auth.Operator{ID: id("op"), Name: "Olga Petrova", Email: "operator@lyceum.example", Role: auth.OperatorAdmin}, true
	activated := now.AddDate(0, -2, 0)
	active := tenant.Tenant{ID: id("t1"), Slug: "acme", Name: "Acme Tools", Status: tenant.StatusActive, SchemaName: "t_0a1b2c3d4e5f", Node: "main", SchemaVersion: 3, ContactEmail: "it@acme.example", CreatedAt: activated, ActivatedAt: &activated}
	suspended, deleting, making := active, active, active
	suspended.Slug, suspended.Name, suspended.Status, suspended.SuspendedAt, suspended.SuspendedReason, suspended.SchemaVersion = "globex", "Globex Corporation", tenant.StatusSuspended, &now, "Invoice 2026-09 unpaid", 2
	deleting.Slug, deleting.Name, deleting.Status = "initech", "Initech", tenant.StatusDeleting
	making.Slug, making.Name, making.Status, making.ActivatedAt = "umbrella", "Umbrella Health", tenant.StatusProvisioning, nil
	mail := themes.MailSeen{ID: "m1", From: "Acme Tools <no-reply@lyceum.example>", To: "jonas@acme.example", Subject: "You are invited to Acme Tools", Text: "Hello Jonas,\n\nhttps://acme.lyceum.example/invitation/s3cr3t\n\nSent by Acme Tools", HTML: true, At: now.Add(-12 * time.Minute)}
	plain := mail
	plain.HTML = false
	return []specimen{
		{"operator-signin", w.platform("/operator/signin"), themes.OperatorSignInPage{Form: themes.SignInForm{Email: "operator@lyceum.example", Next: "/operator"}, Problem: auth.ErrWrongCredentials}},
		{"tenant", view, themes.TenantPage{Tenant: active, URL: "https://acme.lyceum.example", Newest: 3, Days: 14, Form: themes.TenantForm{Reason: "Unpaid", Confirm: "acm"}, Problem: refused(map[string]string{"confirm": "Type the address exactly to delete the portal."})}},
		{"tenant-suspended", view, themes.TenantPage{Days: 14, Tenant: suspended, URL: "https://globex.lyceum.example", Newest: 3, Storage: &content.Storage{Used: 7 << 30, Limit: 10 << 30, Files: 412}}},
		{"tenant-deleting", view, themes.TenantPage{Tenant: deleting, URL: "https://initech.lyceum.example", Newest: 3}},
		{"mailbox", view, themes.MailboxPage{Mails: []themes.MailSeen{mail, plain}}},
		{"mailbox-empty", w.stranger("/dev/mail"), themes.MailboxPage{}},
		{"mail", view, themes.MailPage{Mail: mail}},
		{"mail-plain", w.stranger("/dev/mail/m1"), themes.MailPage{Mail: plain}},
	}
}
