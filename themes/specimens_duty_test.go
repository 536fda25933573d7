package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/themes"
)

// dutySpecimens are requirements, who must meet them, and one's own duties.
func dutySpecimens(w *world) []specimen {
	year, soon := 12, 30
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	fire := duty.Shown{
		Requirement: duty.Requirement{ID: id("r1"), Name: "Fire safety", Framework: "OSHA 1910.38", ValidMonths: &year, DueDays: &soon, GraceDays: 7, RenewDays: 60, KeepDay: true, Revision: 2},
		Courses:     []duty.Course{{ID: id("c1"), Title: "Workplace safety", Slug: "workplace-safety"}, {ID: id("c2"), Title: longName, Slug: "long"}},
		Groups:      []duty.Group{{ID: id("g1"), Name: "Everyone in the workshop", Members: 312}},
	}
	var list []duty.Duty
	for i, s := range duty.States() {
		fire.Counts = append(fire.Counts, duty.Count{State: s, N: 40 - i*5})
		p := w.people[i%len(w.people)]
		d := duty.Duty{ID: id("d" + string(s)), RequirementID: fire.ID, RequirementName: fire.Name, Framework: fire.Framework, PersonID: p.ID, Name: p.Name, Email: p.Email, State: s, Reasons: "Everyone in the workshop, Cooks", CourseSlug: "workplace-safety", CourseTitle: "Workplace safety"}
		switch s {
		case duty.StateCompliant, duty.StateExpiring:
			d.CompletedAt, d.ExpiresAt = at(-300), at(40)
		case duty.StateWaived:
			d.WaivedReason, d.WaivedUntil = "On parental leave.", at(90)
		default:
			d.DueAt = at(10 - i)
		}
		list = append(list, d)
	}
	list = append(list, duty.Duty{ID: id("done"), PersonID: id("p"), Name: "Maya Chen", RequirementName: "Code of conduct", State: duty.StateCompliant, CompletedAt: at(-3)}, duty.Duty{ID: id("ever"), PersonID: id("p"), Name: "Maya Chen", RequirementName: "Ladders", State: duty.StateWaived, WaivedReason: "Works at a desk."}, duty.Duty{ID: id("walked"), PersonID: id("p"), Name: "Maya Chen", RequirementName: "Working at heights", State: duty.StateInProgress, DueAt: at(20), PathSlug: "heights", PathTitle: "Heights, step by step"}, duty.Duty{ID: id("none"), PersonID: id("p"), Name: "Maya Chen", RequirementName: "Knots", State: duty.StateNotStarted})
	plain := duty.Shown{Requirement: duty.Requirement{ID: id("r2"), Name: "Code of conduct"}}
	choices := []duty.Group{{ID: id("g1"), Name: "Everyone in the workshop", Members: 312}, {ID: id("g2"), Name: "Cooks", Members: 1}}
	page := themes.RequirementPage{Requirement: fire, Duties: listOf(list...), Groups: choices, State: duty.StateExpiring}
	day := now.AddDate(0, 0, 60)
	fire.DueAt = &day
	page.Requirement.Groups = append(page.Requirement.Groups, duty.Group{ID: id("g3"), Name: longName, Members: 4, Excepted: true}, duty.Group{ID: id("g4"), Name: "Cooks", Members: 9, Spared: 8})
	page.Requirement.People = []duty.Named{{PersonID: id("p"), Name: "Maya Chen", Email: "maya@example.com", Reason: "Works on the roof on Fridays."}, {PersonID: id("q"), Email: "lee@example.com", Excepted: true, Reason: "Has a certificate of the fire brigade."}}
	about := id("g1")
	causes := []duty.Cause{duty.CauseSettled, duty.CauseGroupAdded, duty.CauseGroupExcepted, duty.CauseGroupRemoved, duty.CauseExceptionRemoved, duty.CausePersonAdded, duty.CausePersonExcepted, duty.CausePersonRemoved, duty.CausePersonExceptionRemoved, duty.CauseSwitchedOn, duty.CauseSwitchedOff, duty.CauseUndone}
	var runs []duty.Run
	for i, cause := range causes {
		one := duty.Run{ID: id("run" + string(cause)), RequirementID: fire.ID, Cause: cause, AboutID: &about, AboutName: "Everyone in the workshop", At: now.Add(-time.Duration(i) * time.Hour), Given: 312 - i*20, Withdrawn: i, Enrolled: 300 - i*20}
		if cause == duty.CausePersonAdded {
			one.UndoneAt = &day
		}
		if cause != duty.CauseSettled {
			one.ByName = "Maya Chen"
		}
		runs = append(runs, one)
	}
	page.Runs = listOf(runs...)
	preview := page
	preview.State, preview.Problem = "", refused(map[string]string{"reason": "Say why, in at most 1,000 characters."})
	preview.Requirement.Status, preview.Requirement.DueAt = duty.StatusDraft, &day
	preview.Find, preview.Found = "ma", []auth.Person{{ID: id("p"), Name: "Maya Chen", Email: "maya@example.com"}, {ID: id("q"), Email: "lee@example.com"}}
	plan := duty.Plan{Proposal: duty.Proposal{Do: duty.DoAdd, Group: id("g2")}, GroupName: "Cooks", Given: 312, Withdrawn: 4, Kept: 1206}
	plan.People = listOf(duty.Planned{PersonID: id("p"), Name: "Maya Chen", Change: "given"}, duty.Planned{PersonID: id("q"), Email: "lee@example.com", Change: "withdrawn"})
	changes := listOf(duty.RunChange{PersonID: id("p"), Name: "Maya Chen", Change: "enrolled", At: now}, duty.RunChange{PersonID: id("p"), Name: "Maya Chen", Change: "given", At: now}, duty.RunChange{PersonID: id("q"), Email: "lee@example.com", Change: "left", At: now}, duty.RunChange{PersonID: id("q"), Email: "lee@example.com", Change: "withdrawn", At: now})
	form := themes.RequirementForm{Name: "Fire safety", Framework: "OSHA", Valid: "12", Due: "30", Grace: "7", Renew: "60", KeepDay: true, Leave: true, DueOn: "2026-03-31", Course: id("c1"), Chosen: map[uid.ID]bool{id("c1"): true, id("c2"): true}}
	form.Hired, form.Certificate, form.Role, form.RoleWhile = true, true, policy.Instructor, duty.RoleWhileValid
	teaches, while := policy.Instructor, duty.RoleWhileValid
	preview.Requirement.DueFromHired, preview.Requirement.UntilCertificate, preview.Requirement.Role, preview.Requirement.RoleWhile = true, true, &teaches, &while
	at1 := "/compliance/x"
	walked := duty.Shown{Requirement: duty.Requirement{ID: id("r3"), Name: "Working at heights"}, Path: &duty.Path{ID: id("w1"), Title: "Heights, step by step", Slug: "heights"}, Courses: fire.Courses}
	choose := duty.Choices{Courses: fire.Courses, Paths: []duty.Path{*walked.Path, {ID: id("w2"), Title: longName, Slug: "long"}}}
	return []specimen{
		{"compliance", w.portal("/compliance", may()), themes.CompliancePage{Requirements: []duty.Shown{fire, plain}}},
		{"compliance-empty", w.portal("/compliance", may()), themes.CompliancePage{}},
		{"requirement", w.portal(at1, may()), page},
		{"requirement-preview", w.portal(at1, may()), preview},
		{"requirement-plan", w.portal(at1+"/plan", may()), themes.RequirementPlanPage{Requirement: fire, Plan: plan}},
		{"requirement-plan-off", w.portal(at1+"/plan", may()), themes.RequirementPlanPage{Requirement: fire, Plan: duty.Plan{Proposal: duty.Proposal{Do: duty.DoOff}}}},
		{"requirement-run", w.portal(at1+"/runs/x", may()), themes.RequirementRunPage{Requirement: fire, Run: runs[5], Changes: changes}},
		{"requirement-run-empty", w.portal(at1+"/runs/x", may()), themes.RequirementRunPage{Requirement: fire, Run: runs[0]}},
		{"requirement-empty", w.portal(at1, may()), themes.RequirementPage{Requirement: plain}},
		{"requirement-edit", w.portal(at1+"/edit", may()), themes.RequirementEditPage{Requirement: fire, Form: form, Choices: choose, Roles: []policy.Role{policy.Instructor, policy.Manager}}},
		{"requirement-new-refused", w.portal("/compliance/new", may()), themes.RequirementEditPage{Choices: duty.Choices{Courses: fire.Courses}, Problem: refused(map[string]string{"name": "Use a name of 1 to 120 characters.", "courses": "Choose 1 to 20 courses."})}},
		{"requirement-path", w.portal(at1, may()), themes.RequirementPage{Requirement: walked}},
		{"requirement-path-edit", w.portal(at1+"/edit", may()), themes.RequirementEditPage{Requirement: walked, Form: themes.RequirementForm{Name: walked.Name, Grace: "0", Renew: "30", Path: walked.Path.ID}, Choices: choose, Problem: refused(map[string]string{"path": "Choose a path that is published and has courses."})}},
		{"duties", w.portal("/duties", may()), themes.DutiesPage{Duties: list}},
		{"duties-empty", w.portal("/duties", may()), themes.DutiesPage{}},
	}
}
