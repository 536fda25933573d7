package themes_test

import (
	"time"

	"lyceum/auth/hrsync"
	"lyceum/auth/org"
	"lyceum/internal/page"
	"lyceum/themes"
)

// hrSpecimens are lists of HR systems: where they come from, and what they change.
func hrSpecimens(w *world) []specimen {
	at := func(hours int) *time.Time { t := now.Add(time.Duration(hours) * time.Hour); return &t }
	people := hrsync.Source{ID: id("hr1"), Name: "Personio", Code: "personio", Kind: hrsync.KindPeople, Columns: map[string]string{"external_id": "Pers.-Nr."}, Whole: true, LeaversMax: 5, ChangesMax: 20, MakesUnits: true, Auto: true, Revision: 3, CreatedAt: now, UpdatedAt: now}
	units := hrsync.Source{ID: id("hr2"), Name: longName, Code: "structure", Kind: hrsync.KindUnits, LeaversMax: 5, ChangesMax: 20, Revision: 1, CreatedAt: now, UpdatedAt: now, ArchivedAt: at(-24)}
	own := []org.Field{{ID: id("f2"), Code: "shift", Name: "Shift", Kind: org.FieldChoice, Choices: []string{"Early", "Late"}}}
	waits := hrsync.Run{
		ID: id("run1"), SourceID: people.ID, Name: "staff-2026-11.csv", Status: hrsync.StatusPlanned, Held: hrsync.HeldLeavers, Total: 9812, Known: 9900, CreatedAt: now,
		Columns: map[string]string{"Pers.-Nr.": "external_id", "Mail": "email", "Shoe size": "", "custom.shift": "custom.shift", "Vorgesetzter": "manager"},
		Counts:  hrsync.Counts{hrsync.OutcomeCreate: 12, hrsync.OutcomeUpdate: 87, hrsync.OutcomeReturn: 1, hrsync.OutcomeLeave: 612, hrsync.OutcomeRefused: 3, hrsync.OutcomeSame: 9709},
	}
	running := waits
	running.ID, running.Status, running.Held, running.Done, running.Failed = id("run2"), hrsync.StatusRunning, "", 300, 2
	done := running
	done.ID, done.Status, done.Done, done.FinishedAt, done.Name = id("run3"), hrsync.StatusDone, 710, at(1), ""
	failed := hrsync.Run{ID: id("run4"), SourceID: people.ID, Status: hrsync.StatusFailed, Problem: "No column is called “Pers.-Nr.”. Name it so, or say in the settings of the source what it is called.", Counts: hrsync.Counts{}, CreatedAt: now}
	undo := hrsync.Run{ID: id("run5"), SourceID: people.ID, UndoOf: &done.ID, Status: hrsync.StatusPlanned, Held: hrsync.HeldUndo, Total: 2, Counts: hrsync.Counts{hrsync.OutcomeUpdate: 1, hrsync.OutcomeRefused: 1}, CreatedAt: now}
	anna, sales := w.people[0].ID, id("sales")
	row := func(line int, outcome hrsync.Outcome, state hrsync.State, who string, changes ...hrsync.Diff) hrsync.Row {
		return hrsync.Row{Line: line, Subject: hrsync.SubjectPerson, Outcome: outcome, State: state, ExternalID: "4711", Email: "anna.berg@example.com", Name: who, Changes: changes}
	}
	rows := []hrsync.Row{
		{Subject: hrsync.SubjectUnit, Outcome: hrsync.OutcomeCreate, State: hrsync.RowWaiting, ExternalID: "S-N", Name: "Sales / North", UnitID: &sales, Changes: hrsync.Diffs{{Field: "kind", New: "department"}, {Field: "name", New: "North"}}},
		row(2, hrsync.OutcomeUpdate, hrsync.RowWaiting, w.people[0].Name, hrsync.Diff{Field: "department", Old: "Sales", New: "Sales / North"}, hrsync.Diff{Field: "manager", Old: "Maya Chen"}, hrsync.Diff{Field: "custom.shift", Old: "Early", New: "Late"}, hrsync.Diff{Field: "custom.gone", New: longName}),
		row(3, hrsync.OutcomeCreate, hrsync.RowWaiting, longName, hrsync.Diff{Field: "email", New: "a.very.long.address.indeed@subsidiary.example.com"}),
		row(0, hrsync.OutcomeLeave, hrsync.RowWaiting, "Ben Cole"),
		{Line: 17, Subject: hrsync.SubjectPerson, Outcome: hrsync.OutcomeRefused, State: hrsync.RowPassed, Field: "custom.shift", Problem: "Choose one of: Early, Late."},
		{Line: 18, Subject: hrsync.SubjectPerson, Outcome: hrsync.OutcomeRefused, State: hrsync.RowPassed, ExternalID: "99", Name: "Cy Dorn", Field: "manager", Problem: "Nobody is known as “4700”. Correct it, or add them to the list."},
	}
	rows[1].PersonID, rows[1].Day = &anna, at(-72)
	did := []hrsync.Row{rows[1], rows[2], rows[5]}
	did[0].State, did[1].State, did[1].Field, did[1].Problem = hrsync.RowDone, hrsync.RowPartly, "manager", "This person is not here any more."
	form := themes.NewHRForm(people)
	wrong := form
	wrong.LeaversMax, wrong.Columns = "many", map[string]string{"external_id": "Nr", "email": "Nr"}
	const api = "https://harbour.example/api/v1/hr-sources/personio/runs"
	of := func(rows ...hrsync.Row) page.Of[hrsync.Row] { return page.Of[hrsync.Row]{Items: rows, Next: "x"} }
	return []specimen{
		{"hr-sources", w.portal("/people/hr", may()), themes.HRSourcesPage{Sources: []hrsync.Source{people, units}, Waiting: []hrsync.Run{waits}, Form: themes.HRForm{Name: "personio", Code: "Personio", Kind: "people"}, Problem: refused(map[string]string{"code": "Use small letters, digits, - and _, at most 40, and begin with a letter."})}},
		{"hr-sources-empty", w.portal("/people/hr", may()), themes.HRSourcesPage{Form: themes.HRForm{Kind: "people"}}},
		{"hr-source", w.portal("/people/hr/x", may()), themes.HRSourcePage{Source: people, Own: own, Form: form, API: api, Runs: page.Of[hrsync.Run]{Items: []hrsync.Run{waits, running, done, failed, undo}, Next: "x"}}},
		{"hr-source-refused", w.portal("/people/hr/x", may()), themes.HRSourcePage{Source: people, Own: own, Form: wrong, API: api, Changes: true, Problem: refused(map[string]string{"leavers_max": "Enter a whole number.", "columns.external_id": "Two fields cannot be the same column.", "list": "This list is empty."})}},
		{"hr-source-archived", w.portal("/people/hr/x", may()), themes.HRSourcePage{Source: units, Form: themes.NewHRForm(units), API: api}},
		{"hr-run", w.portal("/people/hr/runs/x", may()), themes.HRRunPage{Run: waits, Source: people, Own: own, Rows: of(rows...)}},
		{"hr-run-running", w.portal("/people/hr/runs/x", may()), themes.HRRunPage{Run: running, Source: people, Own: own, Rows: of(did...)}},
		{"hr-run-done", w.portal("/people/hr/runs/x", may()), themes.HRRunPage{Run: done, Source: people, Own: own, Rows: of(did...), Failed: true, Query: "anna", Problem: hrsync.ErrUndone}},
		{"hr-run-failed", w.portal("/people/hr/runs/x", may()), themes.HRRunPage{Run: failed, Source: people}},
		{"hr-run-undo", w.portal("/people/hr/runs/x", may()), themes.HRRunPage{Run: undo, Source: people, Own: own, Rows: of(rows[1]), Outcome: hrsync.OutcomeUpdate}},
	}
}
