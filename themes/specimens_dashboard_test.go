package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/dashboard"
	"lyceum/learning/duty"
	"lyceum/themes"
)

// dashboardSpecimens are the figures, and the rows behind a month's.
func dashboardSpecimens(w *world) []specimen {
	s := dashboard.Standing{duty.StateCompliant: 211, duty.StateExpiring: 12, duty.StateNotStarted: 30, duty.StateInProgress: 9, duty.StateInGrace: 14, duty.StateNonCompliant: 22, duty.StateWaived: 8}
	d := dashboard.Dashboard{Zone: berlin, Now: s, Requirements: []dashboard.Of{{ID: uid.ID{1}, Name: "Fire safety", Standing: s}, {ID: uid.ID{2}, Name: longName, Standing: dashboard.Standing{}}}, Groups: []dashboard.Of{{ID: uid.ID{3}, Name: "Everyone in the workshop", Standing: s}}}
	for i := range 6 {
		at := now.AddDate(0, i-6, 0)
		d.Points = append(d.Points, dashboard.Point{Day: at.Format(time.DateOnly), At: at, Standing: dashboard.Standing{duty.StateCompliant: 100 + 20*i, duty.StateNonCompliant: 80 - 9*i, duty.StateNotStarted: 5}})
	}
	d.Points = append(d.Points, dashboard.Point{Day: now.Format(time.DateOnly), At: now, Now: true, Standing: s})
	for i := range 12 {
		at := now.AddDate(0, i-11, 0)
		d.Completions = append(d.Completions, dashboard.Month{Month: at.Format("2006-01"), From: at, N: i * i})
	}
	many := d
	many.Points, many.Groups = nil, nil
	return []specimen{
		{"dashboard", w.portal("/dashboard", may()), themes.DashboardPage{Dashboard: d}},
		{"dashboard-many", w.portal("/dashboard", may()), themes.DashboardPage{Dashboard: many}},
		{"dashboard-none", w.portal("/dashboard", may()), themes.DashboardPage{Dashboard: dashboard.Dashboard{Zone: time.UTC, Now: dashboard.Standing{}, Completions: d.Completions[:1]}}},
		{"completions", w.portal("/dashboard/completions", may()), themes.CompletionsPage{From: now.In(berlin), List: listOf(dashboard.Completion{ID: uid.ID{4}, PersonID: uid.ID{5}, Name: "Maya Chen", Title: longName, At: now}, dashboard.Completion{ID: uid.ID{6}, PersonID: uid.ID{5}, Email: "lee@example.com", Title: "Knots", At: now})}},
		{"completions-none", w.portal("/dashboard/completions", may()), themes.CompletionsPage{From: now}},
	}
}
