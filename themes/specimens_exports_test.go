package themes_test

import (
	"time"

	"lyceum/learning/report/export"
	"lyceum/themes"
)

// exportSpecimens are files of reports.
func exportSpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	const matrix, late = `{"kind": "matrix"}`, `{"kind": "built", "title": "Late in the workshop", "definition": {"source": "duties"}}`
	ready := export.Export{ID: id("x1"), Wish: late, Format: export.XLSX, Zone: "UTC", Status: export.Ready, Lines: 128_000, Done: 128_000, Bytes: 7_340_032, AskedAt: *at(-1), ReadyAt: at(-1), ExpiresAt: at(6)}
	working, waiting, failed, gone := ready, ready, ready, ready
	working.ID, working.Status, working.Done, working.Wish, working.Format = id("x2"), export.Working, 47_500, matrix, export.CSV
	waiting.ID, waiting.Status, waiting.Done, waiting.Wish = id("x3"), export.Waiting, 0, `{"kind": "built", "definition": {"source": "enrolments"}}`
	failed.ID, failed.Status, failed.Problem, failed.Format = id("x4"), export.Failed, export.TooLong, export.PDF
	gone.ID, gone.Status, gone.Lines = id("x5"), export.Expired, 1
	one := ready
	one.Lines = 1
	return []specimen{
		{"exports", w.portal("/reports/exports", may()), themes.ExportsPage{List: []export.Export{working, waiting, ready, failed, gone}}},
		{"exports-watched", w.portal("/reports/exports", may()), themes.ExportsPage{List: []export.Export{working}, Watch: true}},
		{"exports-over", w.portal("/reports/exports", may()), themes.ExportsPage{List: []export.Export{one, gone}}},
		{"exports-none", w.portal("/reports/exports", may()), themes.ExportsPage{Problem: refused(map[string]string{"title": "Use at most 120 characters."})}},
	}
}
