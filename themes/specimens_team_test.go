package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/page"
	"lyceum/learning/enrolment"
	"lyceum/learning/team"
	"lyceum/themes"
)

// teamSpecimens are a manager's people, and one of them.
func teamSpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	var list []team.Member
	for i, s := range team.Shows() {
		p := w.people[i%len(w.people)]
		m := team.Member{PersonID: p.ID, Name: p.Name, Email: p.Email, Status: auth.PersonActive, Depth: 1 + i%2, State: s, Courses: 8, Completed: 3 + i, Percent: 40 + i*20, SeenAt: at(-2 * i)}
		switch s {
		case team.ShowOverdue:
			m.Overdue, m.Soon, m.Open, m.NextDue, m.NudgedAt = 2, 1, 4, at(-9), at(-1)
		case team.ShowSoon:
			m.Soon, m.NextDue = 1, at(5)
		case team.ShowOpen:
			m.Open, m.Courses, m.SeenAt = 3, 0, nil
		case team.ShowClear:
		}
		list = append(list, m)
	}
	list = append(list, team.Member{PersonID: id("long"), Name: longName, Email: "someone.with.a.very.long.address@subsidiary.example.com", State: team.ShowOpen, Open: 1, Depth: 3})
	asked := team.Asked{ID: id("ask"), PersonID: w.people[1].ID, Name: w.people[1].Name, Email: w.people[1].Email, CourseID: id("c1"), Course: "Forklift licence", Slug: "forklift", Kind: enrolment.RequestApproval, Note: "I start in the warehouse in May.", AskedAt: *at(-3)}
	counts := team.Counts{People: 1312, Overdue: 3, Soon: 1, Open: 17, Clear: 1291, Requests: 1}
	full := themes.TeamPage{Look: team.Look{Scope: team.ScopeLine, Counts: counts, Members: page.Of[team.Member]{Items: list, Next: "more"}}, Requests: []team.Asked{asked}}
	overdue := themes.TeamPage{Look: team.Look{Scope: team.ScopeEveryone, Counts: counts, Members: listOf(list[0])}, Show: team.ShowOverdue, Query: "m", Note: "Please", Problem: refused(map[string]string{"note": "Write at most 500 characters."})}
	person := themes.TeamPersonPage{
		Sheet: team.Sheet{
			Member: list[0], Requests: []team.Asked{asked},
			Things: []team.Thing{
				{Kind: team.ThingDuty, ID: id("t1"), Name: "Fire safety", Slug: "fire", State: team.ShowOverdue, DueAt: at(-9)},
				{Kind: team.ThingDuty, ID: id("t2"), Name: longName, State: team.ShowSoon, DueAt: at(6), Renewal: true},
				{Kind: team.ThingCourse, ID: id("t3"), Name: "Workplace safety", Slug: "workplace-safety", State: team.ShowOpen, Percent: 35},
			},
			Done:   []team.Done{{CourseID: id("c2"), Title: "Code of conduct", Slug: "conduct", CompletedAt: *at(-40)}},
			Awards: []team.Award{{Code: "K7QF2M9X", CourseTitle: "First aid", IssuedAt: *at(-100), ValidUntil: at(265)}, {Code: "K7QF2M9Y", CourseTitle: "Code of conduct", IssuedAt: *at(-40)}},
			Nudges: []team.Nudge{{ID: id("n"), Note: "Shall we look at it together?\nCall me.", SentByName: "Maya Chen", SentAt: *at(-1)}, {ID: id("n2"), SentAt: *at(-8)}},
		},
		Courses: []team.Course{{ID: id("c1"), Title: "Forklift licence"}, {ID: id("c3"), Title: longName}},
	}
	wrong := person
	wrong.Sheet = team.Sheet{Member: team.Member{PersonID: id("x"), Email: "new@example.com", State: team.ShowClear, Depth: 3}}
	wrong.Course, wrong.Due, wrong.Problem = id("c3"), "2025-01-01", refused(map[string]string{"due_on": "This day is over where the learner is. Choose today or a later day.", "course": "Choose a course."})
	none := themes.TeamPersonPage{Sheet: wrong.Sheet, Problem: team.ErrNudged}
	led := w.portal("/team", learnerMay())
	led.Leads = true
	first := func(d int) org.Day { return org.DayOf(*at(d)) }
	node := func(i, reports int) org.Node {
		return org.Node{PersonID: w.people[i].ID, Name: w.people[i].Name, Email: w.people[i].Email, Status: auth.PersonActive, Reports: reports, Below: reports * 7}
	}
	whose, gone := node(0, 3), node(1, 0)
	gone.Status = auth.PersonDeactivated
	tree := themes.StructurePage{Structure: org.Structure{When: org.When{Day: first(-200), Known: *at(-190)}, Whose: &whose, Above: []org.Node{node(2, 9), {PersonID: id("up"), Email: "up@example.com"}}, Nodes: []org.Node{node(1, 4), gone, {PersonID: id("l"), Name: longName}}}, On: "2026-03-31", Known: "2026-04-01"}
	spans := themes.SpansPage{Place: org.Place{Person: w.people[0], Manager: &w.people[1], Reports: 3}, Manager: w.people[1].Email, Since: "2030-01-01", Problem: refused(map[string]string{"since": "Choose today or a day that is over."}), Spans: []org.Span{
		{ManagerID: w.people[1].ID, Name: w.people[1].Name, ValidFrom: *at(-40), RecordedAt: *at(-39), RecordedByName: "Maya Chen"}, {ManagerID: id("m"), Email: "left@example.com", ValidFrom: *at(-400), ValidTo: at(-40), RecordedAt: *at(-400)},
	}}
	away := themes.AwayPage{Delegations: []org.Delegation{
		{ID: id("d1"), GiverID: w.people[0].ID, Giver: w.people[0].Name, TakerID: w.people[1].ID, Taker: w.people[1].Name, First: first(-2), Last: first(12)},
		{ID: id("d2"), GiverID: id("x"), Giver: longName, TakerID: w.people[0].ID, Taker: w.people[0].Name, First: first(20), Last: first(30)},
	}}
	typed := themes.AwayPage{To: "me@example.com", First: "2026-04-02", Last: "2026-04-01", Problem: refused(map[string]string{"last_day": "Choose a day that is not over, and not before the first.", "to": "Enter an e-mail address, for example “anna@example.com”.", "first_day": "Choose a day."})}
	return []specimen{
		{"structure", w.portal("/people/structure", may()), tree},
		{"structure-empty", w.portal("/people/structure", may()), themes.StructurePage{Structure: org.Structure{When: org.When{Day: first(0), Known: now}}}},
		{"spans", w.portal("/people/x/managers", may()), spans},
		{"spans-empty", w.portal("/people/x/managers", learnerMay()), themes.SpansPage{Place: org.Place{Person: w.people[0]}}},
		{"away", w.portal("/team/away", may()), away},
		{"away-refused", led, typed},
		{"team", led, full},
		{"team-narrowed", w.portal("/team?show=overdue", may()), overdue},
		{"team-nobody", led, themes.TeamPage{Look: team.Look{Scope: team.ScopeDirect}, Show: team.ShowSoon}},
		{"team-empty", w.portal("/team", learnerMay()), themes.TeamPage{Look: team.Look{Scope: team.ScopeLine}}},
		{"team-person", led, person},
		{"team-person-refused", led, wrong},
		{"team-person-nothing", led, none},
	}
}
