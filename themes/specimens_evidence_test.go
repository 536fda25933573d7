package themes_test

import (
	"time"

	"lyceum/learning/report"
	"lyceum/learning/report/evidence"
	"lyceum/themes"
)

// evidenceSpecimens are signed files for auditors.
func evidenceSpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	about := report.Column{ID: id("r1"), Name: "Fire safety", Framework: "OSHA 1910.38"}
	pack := evidence.Pack{ID: id("e1"), RequirementID: about.ID, FromAt: *at(-300), UntilAt: *at(-10), Status: evidence.Ready, AskedAt: *at(-5), People: 312, Done: 312, Bytes: 123456, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ReadyAt: at(-5), ExpiresAt: at(25)}
	working, waiting, gone := pack, pack, pack
	working.ID, working.Status, working.Done, working.SHA256, working.ExpiresAt = id("e2"), evidence.Working, 100, "", nil
	waiting.ID, waiting.Status, waiting.People, waiting.ExpiresAt = id("e3"), evidence.Waiting, 0, nil
	gone.ID, gone.Status = id("e4"), evidence.Expired
	return []specimen{
		{"evidence", w.portal("/compliance/x/evidence", may()), themes.EvidencePage{Requirement: about, Packs: []evidence.Pack{pack, gone}, From: "2026-01-01", Until: "2026-03-31", Zone: "UTC"}},
		{"evidence-working", w.portal("/compliance/x/evidence", may()), themes.EvidencePage{Requirement: about, Packs: []evidence.Pack{working, waiting, pack}, Zone: "UTC"}},
		{"evidence-refused", w.portal("/compliance/x/evidence", may()), themes.EvidencePage{Requirement: report.Column{ID: id("r2"), Name: "Knots"}, Zone: "UTC", Problem: refused(map[string]string{"until": "Choose a day that is not before the first."})}},
	}
}
