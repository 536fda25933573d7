package themes_test

import (
	"encoding/json"
	"time"

	"lyceum/auth"
	"lyceum/auth/privacy"
	"lyceum/auth/privacy/access"
	"lyceum/auth/privacy/hold"
	"lyceum/auth/privacy/retention"
	"lyceum/internal/page"
	"lyceum/themes"
)

// privacySpecimens are people's data: what is kept, and having it erased.
func privacySpecimens(w *world) []specimen {
	at := func(days int) *time.Time { t := now.Add(time.Duration(days) * 24 * time.Hour); return &t }
	zora := auth.Person{ID: id("zora"), Name: "Zora Quill", Email: "zora@acme.example", Status: auth.PersonActive}
	asked := privacy.Erasure{ID: id("e1"), PersonID: zora.ID, Pseudonym: privacy.PseudonymOf(zora.ID), Status: privacy.Asked, BySelf: true, AskedAt: *at(-2), PersonName: zora.Name, PersonEmail: zora.Email}
	scheduled, done, refusedOne := asked, asked, asked
	scheduled.ID, scheduled.Status, scheduled.DecidedAt, scheduled.EraseAt = id("e2"), privacy.Scheduled, at(-1), at(6)
	done.ID, done.Status, done.PersonName, done.DecidedAt, done.EraseAt, done.ErasedAt, done.Receipt = id("e3"), privacy.Erased, "", at(-20), at(-13), at(-13), "eyJ"
	refusedOne.ID, refusedOne.Status, refusedOne.DecidedAt, refusedOne.Answer = id("e4"), privacy.Refused, at(-1), "The law wants your records for another year."
	var steps []privacy.Step
	for i, name := range privacy.Steps() {
		steps = append(steps, privacy.Step{ErasureID: done.ID, Step: name, DoneAt: *at(-13), Counts: map[string]int64{"deleted": int64(i * 40), "marks": 2}})
	}
	lines := privacy.Overview()
	for i := range lines {
		lines[i].Rows = int64(i*i*3 + 1)
	}
	copyOf := func(name string, status access.Status, bySelf bool) access.Request {
		c := access.Request{ID: id(name), PersonID: zora.ID, BySelf: bySelf, Status: status, AskedAt: *at(-2), Parts: 60, Done: 24, PersonName: zora.Name}
		if status == access.Ready {
			c.Bytes, c.SHA256, c.ReadyAt, c.ExpiresAt = 482_113, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", at(-2), at(12)
		}
		return c
	}
	copies := []access.Request{copyOf("c1", access.Working, true), copyOf("c2", access.Ready, false), copyOf("c3", access.Expired, true), copyOf("c4", access.Failed, false)}
	mine := []access.Request{copyOf("c5", access.Ready, true), copyOf("c3", access.Expired, true)}
	all := page.Of[privacy.Erasure]{Items: []privacy.Erasure{asked, scheduled, done, refusedOne}}
	dispute := hold.Hold{ID: id("h1"), Name: "Dispute with the works council", CaseNumber: "4 Ca 812/26", Reason: "The court asked for all records of trainings since March.", MadeAt: *at(-30), MadeByName: "Maya Chen", People: 12}
	everybody := hold.Hold{ID: id("h2"), Name: "Audit of the authority", Reason: "By letter.", Whole: true, MadeAt: *at(-3)}
	released := hold.Hold{ID: id("h3"), Name: "Accident in hall 2", Reason: "Insurance.", MadeAt: *at(-300), ReleasedAt: at(-20), ReleaseReason: "The insurer has closed the case.", People: 1}
	groups := []hold.Group{{ID: id("g1"), Name: "Welders", Members: 1204}}
	older := retention.Preview{Counts: []retention.Count{{Line: "identity.account", Rows: 37, People: 37}, {Line: "technical.log", Rows: 1167, People: 30}}, Rows: 1204, People: 37}
	under := page.Of[hold.Person]{Items: []hold.Person{{PersonID: zora.ID, Name: zora.Name, Email: zora.Email, AddedAt: *at(-30), GroupName: "Welders"}, {PersonID: id("x"), AddedAt: *at(-30)}}}
	return []specimen{
		{"holds", w.portal("/privacy/holds", may()), themes.HoldsPage{List: page.Of[hold.Hold]{Items: []hold.Hold{dispute, everybody, released}}}},
		{"holds-none", w.portal("/privacy/holds", may()), themes.HoldsPage{}},
		{"hold-new", w.portal("/privacy/holds/new", may()), themes.HoldNewPage{Groups: groups, Problem: refused(map[string]string{"emails": "Nobody here has this e-mail: x@acme.example"}), Emails: "x@acme.example", Group: groups[0].ID.String(), Whole: true}},
		{"hold", w.portal("/privacy/holds/x", may()), themes.HoldPage{Hold: dispute, People: under, Groups: groups}},
		{"hold-aside", w.portal("/privacy/holds/x", may()), themes.HoldPage{Hold: dispute, People: under, Groups: groups, Aside: 2}},
		{"hold-rows", w.portal("/privacy/holds/x/rows", may()), themes.HoldRowsPage{Hold: dispute, List: page.Of[hold.Row]{Next: "n", Items: []hold.Row{
			{ID: id("r1"), PersonID: zora.ID, Place: "path_enrolments", Data: json.RawMessage(`{"path_id": "0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2c", "person_id": "0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2d", "enrolled_at": "2026-01-14T08:30:00+00:00", "completed_at": null}`), RemovedAt: *at(-2), Name: zora.Name, Email: zora.Email},
			{ID: id("r2"), PersonID: id("x"), Place: "sessions", Data: json.RawMessage(`{"ip": "192.0.2.7", "user_agent": "<b>Firefox</b>"}`), RemovedAt: *at(-9)},
		}}}},
		{"hold-rows-none", w.portal("/privacy/holds/x/rows", may()), themes.HoldRowsPage{Hold: everybody}},
		{"hold-whole", w.portal("/privacy/holds/x", may()), themes.HoldPage{Hold: everybody, ReleaseReason: "Over"}},
		{"hold-released", w.portal("/privacy/holds/x", may()), themes.HoldPage{Hold: released, People: under}},
		{"retention", w.portal("/privacy/retention", may()), themes.RetentionPage{Schedule: retention.Schedule{On: true, Lines: retention.Lines(), Runs: []retention.Run{{ID: id("r1"), BeganAt: *at(0), Counts: map[string]int64{"technical.log": 1200}}, {ID: id("r2"), BeganAt: *at(-1), EndedAt: at(-1)}}}, Preview: older}},
		{"retention-off", w.portal("/privacy/retention", may()), themes.RetentionPage{Schedule: retention.Schedule{Lines: retention.Lines()}, Typed: map[string]string{"compliance.duties": "30"}, Problem: refused(map[string]string{"compliance.duties": "Keep it for at least 1095 days: the law or the product needs it that long."})}},
		{"privacy-person-held", w.portal("/privacy/people/x", may()), themes.PrivacyPersonPage{Preview: privacy.Preview{Person: zora, Lines: lines, Open: &asked, Holds: []hold.Hold{dispute, everybody}}, Days: 7}},
		{"privacy", w.portal("/privacy", may()), themes.PrivacyPage{Erasures: all, Copies: copies}},
		{"copies", w.portal("/privacy/copies", may()), themes.CopiesPage{List: page.Of[access.Request]{Items: copies}}},
		{"copies-none", w.portal("/privacy/copies", may()), themes.CopiesPage{}},
		{"privacy-none", w.portal("/privacy", may()), themes.PrivacyPage{Email: "x@acme.example", Problem: refused(map[string]string{"email": "Nobody with this e-mail was erased here."})}},
		{"privacy-register", w.portal("/privacy/register", may()), themes.PrivacyRegisterPage{Lines: privacy.Overview()}},
		{"privacy-person", w.portal("/privacy/people/x", may()), themes.PrivacyPersonPage{Preview: privacy.Preview{Person: zora, Lines: lines}, Days: 7, Copies: copies}},
		{"privacy-person-asked", w.portal("/privacy/people/x", may()), themes.PrivacyPersonPage{Preview: privacy.Preview{Person: zora, Lines: lines, Open: &asked}, Days: 7, Copies: []access.Request{copyOf("c6", access.Working, false)}, Confirm: "Nora", Problem: refused(map[string]string{"confirm": "Type the person’s name or e-mail as it stands above."})}},
		{"erasure-asked", w.portal("/privacy/erasures/x", may()), themes.ErasurePage{Erasure: asked}},
		{"erasure-scheduled", w.portal("/privacy/erasures/x", may()), themes.ErasurePage{Erasure: scheduled}},
		{"erasure-done", w.portal("/privacy/erasures/x", may()), themes.ErasurePage{Erasure: done, Steps: steps}},
		{"erasure-refused", w.portal("/privacy/erasures/x", may()), themes.ErasurePage{Erasure: refusedOne}},
		{"account-data", w.portal("/account/data", may()), themes.AccountDataPage{Lines: privacy.Overview()}},
		{"account-data-refused", w.portal("/account/data", may()), themes.AccountDataPage{Refused: &refusedOne, Lines: privacy.Overview()}},
		{"account-data-asked", w.portal("/account/data", may()), themes.AccountDataPage{Erasure: &asked, Copies: mine}},
		{"account-data-scheduled", w.portal("/account/data", may()), themes.AccountDataPage{Erasure: &scheduled, Copies: copies[:1]}},
	}
}
