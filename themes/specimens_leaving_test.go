package themes_test

import (
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant/leaving"
	"lyceum/tenant/takeout"
	"lyceum/themes"
)

// leavingSpecimens shows how an owner goes, and what is left.
func leavingSpecimens(w *world) []specimen {
	at := func(d time.Duration) *time.Time { t := now.Add(d); return &t }
	v := w.portal("/settings/leaving", may())
	going := v
	going.LeavesAt = at(9 * 24 * time.Hour)
	wish := leaving.Leaving{ID: uid.New(), TenantSlug: "acme", TenantName: "Acme Industries", ByKind: "person", ByName: "Maya Chen", AskedAt: now.Add(-5 * 24 * time.Hour), EraseAt: now.Add(9 * 24 * time.Hour), Token: "k3v9q0t7m2x8"}
	ready := takeout.Takeout{ID: uid.New(), Status: takeout.Ready, AskedAt: now.Add(-26 * time.Hour), Parts: 46, Done: 46, Bytes: 1_834_221_990, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ReadyAt: at(-25 * time.Hour), ExpiresAt: at(6 * 24 * time.Hour)}
	working := takeout.Takeout{ID: uid.New(), Status: takeout.Working, AskedAt: now.Add(-time.Minute), Parts: 46, Done: 17, Part: "enrolments"}
	expired := ready
	expired.ID, expired.Status, expired.AskedAt = uid.New(), takeout.Expired, now.Add(-40*24*time.Hour)
	receiptView := w.platform("/receipts/k3v9q0t7m2x8")
	page := themes.LeavingPage{Slug: "acme", Days: 14}
	wrong := page
	wrong.Confirm, wrong.Problem = "acne", refused(map[string]string{"confirm": "Type “acme” to have this portal erased."})
	done := wish
	done.ErasedAt = at(0)
	var steps []leaving.ReceiptStep
	for i, step := range leaving.Steps() {
		steps = append(steps, leaving.ReceiptStep{Step: step, DoneAt: now.Add(time.Duration(i-8) * time.Second)})
	}
	rests := v
	rests.PausedAt = at(-3 * time.Hour)
	return []specimen{
		{"leaving", v, page},
		{"leaving-refused", v, wrong},
		{"leaving-rests", rests, themes.LeavingPage{Slug: "acme", Days: 14, PausedAt: at(-3 * time.Hour)}},
		{"leaving-running", v, themes.LeavingPage{Slug: "acme", Days: 14, Takeouts: []takeout.Takeout{working, ready, expired}}},
		{"leaving-asked", going, themes.LeavingPage{Slug: "acme", Days: 14, Leaving: &wish, Takeouts: []takeout.Takeout{ready}}},
		{"receipt", receiptView, themes.ReceiptPage{Leaving: done, Steps: steps}},
	}
}
