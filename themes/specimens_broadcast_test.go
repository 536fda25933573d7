package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/tenant/broadcast"
	"lyceum/tenant/health"
	"lyceum/tenant/life"
	"lyceum/themes"
)

func broadcastSpecimens(w *world) []specimen {
	v := w.platform("/operator/announcements")
	v.Operator = &auth.Operator{ID: id("op"), Name: "Olga Petrova", Email: "operator@lyceum.example", Role: auth.OperatorAdmin}
	reader := v
	reader.Operator = &auth.Operator{ID: id("op2"), Name: "Rita Read", Email: "rita@lyceum.example", Role: auth.OperatorReader}
	info := broadcast.Banner{
		ID: id("banner"), Kind: broadcast.Info, Dismissible: true, Readers: broadcast.People, Texts: broadcast.Texts{"en": "The new reports are here. What you exported before looks as it did.", "de": "Die neuen Berichte sind da. Frühere Exporte sehen aus wie zuvor."},
		Link: "https://lyceum.example/news", FromAt: now.Add(-time.Hour), UntilAt: now.AddDate(0, 0, 6), Revision: 1, ByName: "Olga Petrova", CreatedAt: now.Add(-2 * time.Hour),
	}
	warning := info
	warning.ID, warning.Kind, warning.Dismissible, warning.Link, warning.Readers = id("banner2"), broadcast.Warning, false, "", broadcast.Everyone
	warning.Texts = broadcast.Texts{"en": "Signing in with Microsoft is slow at the moment. We are at it; a password works as always."}
	warning.Audience = broadcast.Audience{Plans: []string{"gold"}, States: []life.State{life.Active, life.PastDue}}
	coming := broadcast.Window{
		ID: id("window"), Mode: broadcast.ReadOnly, Texts: broadcast.Texts{"en": "The database moves to larger machines."}, HoldsJobs: true, AnnounceAt: now.Add(-time.Hour), FromAt: now.Add(25 * time.Hour), UntilAt: now.Add(26 * time.Hour), Revision: 1, ByName: "Otto Ops", CreatedAt: now,
		Audience: broadcast.Audience{Tenants: []uid.ID{id("tenant")}},
	}
	running, off := coming, coming
	running.ID, running.Mode, running.FromAt, running.AnnounceAt, running.UntilAt = id("window2"), broadcast.Closed, now.Add(-time.Minute), now.Add(-time.Hour), now.Add(time.Hour)
	off.ID, off.EndedAt = id("window3"), &now
	plans := []health.Plan{{Code: "gold", Name: "Gold"}, {Code: "base", Name: "Base"}}
	form := themes.BannerForm{Kind: "info", Readers: "people", Dismissible: true, Texts: info.Texts, Link: info.Link, From: themes.TypedTime(info.FromAt), Until: themes.TypedTime(info.UntilAt), Audience: themes.AudienceForm{Tenants: "acme, globex", Plans: []string{"gold"}, States: []string{"trial"}}}
	window := themes.WindowForm{Mode: "closed", HoldsJobs: true, Texts: coming.Texts, Announce: themes.TypedTime(coming.AnnounceAt), From: themes.TypedTime(coming.FromAt), Until: themes.TypedTime(coming.UntilAt)}
	told := w.portal("/certificates", learnerMay())
	told.Said = broadcast.Said{Banners: []broadcast.Banner{warning, info}, Windows: []broadcast.Window{coming}}
	stranger := w.stranger("/signin")
	stranger.Said = broadcast.Said{Banners: []broadcast.Banner{warning}}
	readOnly := running
	readOnly.Mode = broadcast.ReadOnly
	still := w.portal("/certificates", learnerMay())
	still.Said = broadcast.Said{Windows: []broadcast.Window{readOnly}}
	return []specimen{
		{"announcements", v, themes.AnnouncementsPage{Listed: broadcast.Listed{Banners: []broadcast.Banner{info, warning}, Windows: []broadcast.Window{coming, running, off}, Slugs: map[uid.ID]string{id("tenant"): "acme"}}}},
		{"announcements-none", reader, themes.AnnouncementsPage{}},
		{"banner-new", v, themes.BannerPage{Plans: plans, Form: themes.BannerForm{Kind: "info", Readers: "people", Dismissible: true, Until: "2026-12-01T12:00"}}},
		{"banner-preview", v, themes.BannerPage{ID: info.ID, Revision: 1, State: broadcast.Running, Plans: plans, Form: form, Preview: &info}},
		{"banner-wrong", v, themes.BannerPage{Plans: plans, Form: form, Problem: refused(map[string]string{"text_en": "Write what is to be said, at least in one language.", "tenants": "There is no portal “acmee”.", "until": "Choose an end after the beginning."})}},
		{"banner-over", v, themes.BannerPage{ID: info.ID, State: broadcast.Over, Form: form, Preview: &info}},
		{"banner-reader", reader, themes.BannerPage{ID: info.ID, State: broadcast.Running, Form: form}},
		{"maintenance-new", v, themes.WindowPage{State: broadcast.Planned, Plans: plans, Form: window}},
		{"maintenance-running", v, themes.WindowPage{ID: running.ID, State: broadcast.Running, Form: window}},
		{"maintenance-over", v, themes.WindowPage{ID: running.ID, State: broadcast.Cancelled, Form: window}},
		{"maintenance-wrong", v, themes.WindowPage{State: broadcast.Planned, Form: window, Problem: refused(map[string]string{"mode": "Choose what happens to the portals.", "until": "A window lasts 48 hours at most."})}},
		{"closed", w.stranger("/"), themes.ClosedPage{Window: running}},
		{"said", told, themes.CertificatesPage{}},
		{"said-stranger", stranger, themes.SignInPage{}},
		{"said-still", still, themes.CertificatesPage{}},
	}
}
