package themes_test

import (
	"time"

	"lyceum/learning/duty"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
	"lyceum/themes"
)

// reportSpecimens are reports that people put together.
func reportSpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	saved := builder.Saved{ID: id("s1"), Name: "Late in the workshop", OwnerID: w.people[0].ID, OwnerName: "Grace Hopper", Shared: true, Revision: 3}
	duties := builder.Definition{Source: builder.Duties, Columns: builder.Duties.Columns(), Group: "subject", States: []string{"non_compliant"}, Subject: id("r1"), Members: id("g1"), Manager: id("m1"), Department: "Kitchen", Moment: "expires", Days: -60}
	choices := builder.Choices{Choices: report.Choices{Requirements: []report.Column{{ID: id("r1"), Name: "Fire safety"}}, Groups: []report.Choice{{ID: id("g1"), Name: "Cooks"}}, Managers: []report.Choice{{ID: id("m1"), Name: "Grace Hopper"}}, Departments: []string{"Kitchen"}}, Courses: []report.Choice{{ID: id("c1"), Name: "Knots"}}}
	line := builder.Line{ID: id("d1"), PersonID: id("p"), Person: longName, Email: "maya@example.com", Department: "Kitchen", SubjectID: id("r1"), Subject: "Fire safety", Framework: "OSHA", State: string(duty.StateNonCompliant), GivenAt: at(-90), DueAt: at(-60), GraceUntil: at(-53)}
	done := builder.Line{ID: id("e1"), PersonID: id("p"), Email: "lee@example.com", SubjectID: id("c1"), Subject: "Knots", State: "completed", Version: 3, Percent: 100, GivenAt: at(-9), StartedAt: at(-8), CompletedAt: at(-7)}
	own := themes.ReportPage{Result: builder.Result{Definition: duties, At: now, Lines: listOf(line), Counts: []builder.Count{{ID: id("r1"), Label: "Fire safety", N: 1200}, {Label: "Knots", N: 7}}}, Choices: choices, Saved: &saved, Own: true, Name: saved.Name, Shared: true, Zone: "UTC"}
	own.Result.Lines.Next = "more"
	other := themes.ReportPage{Result: builder.Result{Definition: builder.Definition{Source: builder.Enrolments, Columns: builder.Enrolments.Columns(), Group: "department", Moment: "completed", Days: 30}, At: now, Lines: listOf(done), Counts: []builder.Count{{Label: "", N: 3}, {Label: "Kitchen", N: 1}}}, Choices: choices, Saved: &saved, Name: saved.Name, Zone: "Europe/Berlin"}
	states := other
	states.Result.Definition.Group, states.Result.Counts = "state", []builder.Count{{Label: "active", N: 4}, {Label: "completed", N: 2}}
	drawn := func(chart builder.Chart, parts ...builder.Value) themes.ReportPage {
		p := other
		p.Result.Counts, p.Result.Definition.Chart, p.Result.Definition.Group, p.Result.Definition.Split = nil, chart, "subject", "department"
		w := &builder.Drawn{Parts: parts}
		for i := range 6 {
			r := builder.Row{Value: builder.Value{ID: id("c1"), Label: []string{"Knots", "Information security awareness for everyone", "Sails", "Oars", "Fire safety", "First aid"}[i]}}
			if chart == builder.ChartLine {
				r.From = time.Date(2026, time.Month(3+i), 1, 0, 0, 0, 0, time.UTC)
				r.Until, r.Label = r.From.AddDate(0, 1, 0), r.From.Format(time.DateOnly)
			}
			for part := range parts {
				n := (i*7+part*5)%11 + (6-i)*(8-part)
				r.Parts, r.N = append(r.Parts, n), r.N+n
			}
			w.Rows = append(w.Rows, r)
		}
		if chart == builder.ChartLine {
			p.Result.Definition.Group, p.Result.Definition.Step = "", builder.StepMonth
		}
		p.Result.Drawn = w
		return p
	}
	parts := []builder.Value{{Label: "Kitchen"}, {Label: "Bar"}, {Label: ""}, {Label: "Laundry"}, {Label: "Reception"}, {Label: "Garden"}, {Label: "Office"}, {Rest: true}}
	single := drawn(builder.ChartLine, builder.Value{})
	single.Result.Definition.Split = ""
	bare := drawn(builder.ChartShare)
	bare.Result.Drawn = &builder.Drawn{}
	return []specimen{
		{"report-stacked", w.portal("/reports/run", may()), drawn(builder.ChartStacked, parts[:3]...)},
		{"report-share", w.portal("/reports/run", may()), drawn(builder.ChartShare, parts...)},
		{"report-line", w.portal("/reports/run", may()), single},
		{"report-lines", w.portal("/reports/run", may()), drawn(builder.ChartLine, parts...)},
		{"report-undrawn", w.portal("/reports/run", may()), bare},
		{"reports", w.portal("/reports", may()), themes.ReportsPage{Saved: []builder.Saved{saved, {ID: id("s2"), Name: "Mine", OwnerID: id("p")}}}},
		{"reports-none", w.portal("/reports", may()), themes.ReportsPage{}},
		{"report-own", w.portal("/reports/x", may()), own},
		{"report-shared", w.portal("/reports/x", may()), other},
		{"report-states", w.portal("/reports/run", may()), states},
		{"report-empty", w.portal("/reports/run", may()), themes.ReportPage{Result: builder.Result{Definition: builder.Definition{Source: builder.Duties}, At: now}, Zone: "UTC"}},
		{"report-refused", w.portal("/reports/run", may()), themes.ReportPage{Result: builder.Result{Definition: duties}, Choices: choices, Zone: "UTC", Problem: refused(map[string]string{"name": "Use a name of 1 to 120 characters."})}},
	}
}
