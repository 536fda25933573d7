package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/duty"
	"lyceum/learning/report"
	"lyceum/themes"
)

// matrixSpecimens are people by requirements, and the record of a duty.
func matrixSpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	columns := []report.Column{{ID: id("r1"), Name: "Fire safety", Framework: "OSHA 1910.38"}, {ID: id("r2"), Name: "Code of conduct"}, {ID: id("r3"), Name: longName}}
	var rows []report.Row
	var totals []report.Total
	for i, s := range duty.States() {
		p := w.people[i%len(w.people)]
		row := report.Row{PersonID: id("row" + string(s)), Name: p.Name, Email: p.Email, Department: "Workshop", Cells: map[uid.ID]report.Cell{}}
		cell := report.Cell{RequirementID: columns[0].ID, State: s, DueAt: at(4)}
		if s == duty.StateCompliant || s == duty.StateExpiring {
			cell.CompletedAt, cell.ExpiresAt = at(-300), at(40)
		}
		row.Cells[columns[0].ID] = cell
		row.Cells[columns[i%2+1].ID] = report.Cell{State: duty.States()[(i+3)%7]}
		rows = append(rows, row)
		totals = append(totals, report.Total{RequirementID: columns[0].ID, State: s, N: 1200 - i*150})
	}
	choices := report.Choices{Requirements: columns, Groups: []report.Choice{{ID: id("g1"), Name: "Everyone in the workshop"}}, Managers: []report.Choice{{ID: id("m1"), Name: "Grace Hopper"}}, Departments: []string{"Kitchen", "Workshop"}}
	live := themes.MatrixPage{Matrix: report.Matrix{As: report.Moment{At: now, Known: now}, Columns: columns, Rows: listOf(rows...)}, Choices: choices, Live: true, Form: themes.MatrixForm{Zone: "Europe/Berlin"}}
	live.Matrix.Rows.Next = "more"
	then := live
	then.Live, then.Totals = false, totals
	then.Form = themes.MatrixForm{Zone: "UTC", Requirement: id("r1").String(), Group: id("g1").String(), Manager: id("m1").String(), Department: "Kitchen", State: duty.StateExpiring, Name: "a", AsOf: "2026-03-31", KnownOn: "2026-04-01", Figures: true}
	wide := live
	for range 60 {
		wide.Matrix.Columns = append(wide.Matrix.Columns, report.Column{ID: uid.New(), Name: "Knots"})
	}
	record := report.Record{Requirement: columns[0], PersonID: id("p"), Name: "Maya Chen", State: duty.StateCompliant, Entries: []report.Entry{
		{Revision: 3, Number: 1, Spell: 1, RecordedAt: now, BeganAt: *at(-90), GivenAt: *at(-90), DueAt: at(-60), CompletedAt: at(-1), CourseTitle: "Workplace safety", CourseSlug: "workplace-safety", Version: 3, Certificate: "ABCD", ExpiresAt: at(364), EndedAt: at(300), Reasons: "Everyone in the workshop"},
		{Revision: 2, Number: 1, Spell: 1, RecordedAt: *at(-70), BeganAt: *at(-90), GivenAt: *at(-90), WithdrawnAt: at(-50), DueAt: at(-60), CompletedAt: at(-1), CourseTitle: "Gone", WaivedAt: at(-70), WaivedUntil: at(-50), WaivedReason: "On leave.", WaivedBy: "Grace Hopper"},
		{Revision: 1, Number: 1, Spell: 1, RecordedAt: *at(-90), BeganAt: *at(-90), GivenAt: *at(-90), WaivedAt: at(-90), WaivedReason: "Works at a desk.", CompletedAt: at(-1)},
	}}
	return []specimen{
		{"matrix", w.portal("/compliance/matrix", may()), live},
		{"matrix-then", w.portal("/compliance/matrix", may()), then},
		{"matrix-wide", w.portal("/compliance/matrix", may()), wide},
		{"matrix-empty", w.portal("/compliance/matrix", may()), themes.MatrixPage{Live: true, Matrix: report.Matrix{As: report.Moment{At: now, Known: now}}, Form: themes.MatrixForm{Zone: "UTC"}}},
		{"matrix-refused", w.portal("/compliance/matrix", may()), themes.MatrixPage{Choices: choices, Problem: refused(map[string]string{"as_of": "Write a day as year-month-day, for example 2026-03-31."})}},
		{"duty-record", w.portal("/compliance/x/people/y", may()), themes.DutyRecordPage{Record: record}},
		{"duty-record-gone", w.portal("/compliance/x/people/y", may()), themes.DutyRecordPage{Record: report.Record{Requirement: columns[1], Entries: record.Entries[2:]}}},
	}
}
