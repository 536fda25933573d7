package themes_test

import (
	"time"

	"lyceum/auth"
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
	list = append(list, duty.Duty{ID: id("done"), PersonID: id("p"), Name: "Maya Chen", RequirementName: "Code of conduct", State: duty.StateCompliant, CompletedAt: at(-3)}, duty.Duty{ID: id("ever"), PersonID: id("p"), Name: "Maya Chen", RequirementName: "Ladders", State: duty.StateWaived, WaivedReason: "Works at a desk."}, duty.Duty{ID: id("none"), PersonID: id("p"), Name: "Maya Chen", RequirementName: "Knots", State: duty.StateNotStarted})
	plain := duty.Shown{Requirement: duty.Requirement{ID: id("r2"), Name: "Code of conduct"}}
	choices := []duty.Group{{ID: id("g1"), Name: "Everyone in the workshop", Members: 312}, {ID: id("g2"), Name: "Cooks", Members: 1}}
	page := themes.RequirementPage{Requirement: fire, Duties: listOf(list...), Groups: choices, State: duty.StateExpiring}
	preview := page
	preview.State, preview.Problem = "", refused(map[string]string{"reason": "Say why, in at most 1,000 characters."})
	preview.Preview = &duty.Preview{GroupID: id("g2"), Name: "Cooks", Members: 3, New: 2, People: []auth.Person{{Name: "Maya Chen"}, {Email: "lee@example.com"}}}
	form := themes.RequirementForm{Name: "Fire safety", Framework: "OSHA", Valid: "12", Due: "30", Grace: "7", Renew: "60", KeepDay: true, Course: id("c1"), Chosen: map[uid.ID]bool{id("c1"): true, id("c2"): true}}
	at1 := "/compliance/x"
	return []specimen{
		{"compliance", w.portal("/compliance", may()), themes.CompliancePage{Requirements: []duty.Shown{fire, plain}}},
		{"compliance-empty", w.portal("/compliance", may()), themes.CompliancePage{}},
		{"requirement", w.portal(at1, may()), page},
		{"requirement-preview", w.portal(at1, may()), preview},
		{"requirement-empty", w.portal(at1, may()), themes.RequirementPage{Requirement: plain}},
		{"requirement-edit", w.portal(at1+"/edit", may()), themes.RequirementEditPage{Requirement: fire, Form: form, Courses: fire.Courses}},
		{"requirement-new-refused", w.portal("/compliance/new", may()), themes.RequirementEditPage{Courses: fire.Courses, Problem: refused(map[string]string{"name": "Use a name of 1 to 120 characters.", "courses": "Choose 1 to 20 courses."})}},
		{"duties", w.portal("/duties", may()), themes.DutiesPage{Duties: list}},
		{"duties-empty", w.portal("/duties", may()), themes.DutiesPage{}},
	}
}
