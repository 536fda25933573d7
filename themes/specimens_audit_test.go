package themes_test

import (
	"encoding/json"

	"lyceum/auth/audit"
	"lyceum/internal/uid"
	"lyceum/themes"
)

func auditSpecimens(w *world) []specimen {
	actor := w.people[0].ID
	var entries []audit.Entry
	prev := audit.Genesis(id("tenant"))
	for i, one := range []struct {
		typ  string
		who  *uid.ID
		data map[string]any
	}{
		{"person.signed_in", &actor, map[string]any{"method": "saml", "ip": "192.0.2.7"}},
		{"course.published", &actor, map[string]any{"title": "Workplace safety", "version": 2}},
		{"person.roles_changed", &actor, map[string]any{"before": []string{"learner"}, "after": []string{"learner", "manager"}}},
		{"person.sign_in_failed", nil, map[string]any{"ip": "203.0.113.9"}},
		{"something.new", nil, nil},
	} {
		e := happened(one.typ, one.who, one.data)
		e.IP, e.RequestID, e.SubjectType = "192.0.2.7", "0199d2a4-77aa-7f00-8000-1234567890ab", "person"
		if e.SubjectID = w.people[1].ID; i == 0 {
			e.SubjectID = actor
		}
		if one.data == nil {
			e.Data = json.RawMessage("{}")
		}
		entry := audit.Of(e, int64(i+1), prev)
		prev, entries = entry.Hash, append(entries, entry)
	}
	names := map[uid.ID]string{actor: "Maya Chen", w.people[1].ID: w.people[1].Name}
	narrowed := themes.AuditForm{Type: "person.*", Actor: actor.String(), From: "2026-11-01", Until: "2026-11-30"}
	held := audit.Checked{Entries: 48211, Head: "9f2c1d0b7a6e5f4c3b2a19081726354433221100ffeeddccbbaa998877665544", Anchor: &audit.Anchor{Seq: 48003, At: now.AddDate(0, 0, -1)}, At: now}
	broken := audit.Checked{Entries: 12, Head: held.Head, Broken: audit.ErrBroken.Saying("Entry %d was changed after it was written.", 7), At: now}
	return []specimen{
		{"audit", w.portal("/audit", may()), themes.AuditPage{Entries: listOf(entries...), Names: names}},
		{"audit-narrowed", w.portal("/audit?type=person.*", may()), themes.AuditPage{Form: narrowed, Entries: listOf(entries[:1]...), Names: names}},
		{"audit-none", w.portal("/audit?type=brand.changed", may()), themes.AuditPage{Form: themes.AuditForm{Type: "brand.changed"}}},
		{"audit-check", w.portal("/audit/check", may()), themes.AuditCheckPage{Found: held}},
		{"audit-broken", w.portal("/audit/check", may()), themes.AuditCheckPage{Found: broken}},
	}
}
