package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/internal/page"
	"lyceum/tenant"
	"lyceum/tenant/flag"
	"lyceum/tenant/health"
	"lyceum/tenant/life"
	"lyceum/themes"
)

func tenantsSpecimens(w *world) []specimen {
	view := w.platform("/operator")
	view.Operator = &auth.Operator{ID: id("op"), Name: "Olga Petrova", Email: "operator@lyceum.example"}
	failed := now.Add(-7 * time.Minute)
	acme := health.Row{
		ID: id("t1"), Slug: "acme", Name: "Acme Tools", Status: tenant.StatusActive, Life: life.Active, SchemaVersion: 3, ContactEmail: "it@acme.example", CreatedAt: now.AddDate(0, -2, 0),
		PlanCode: "team", PlanName: "Team", Verdict: health.Good, ActiveLearners: 1234,
	}
	globex, initech, umbrella := acme, acme, acme
	globex.Slug, globex.Name, globex.Life, globex.Verdict, globex.JobLag, globex.LastErrorAt, globex.SchemaVersion = "globex", "Globex Corporation", life.PastDue, health.Bad, 4000, &failed, 2
	initech.Slug, initech.Name, initech.Life, initech.Verdict, initech.LastErrorAt = "initech", "Initech", life.Trial, health.Warn, &failed
	umbrella.Slug, umbrella.Name, umbrella.Status, umbrella.Life, umbrella.PlanName, umbrella.Verdict, umbrella.ActiveLearners = "umbrella", "Umbrella Health", tenant.StatusProvisioning, "", "", "", 0
	plans := []health.Plan{{Code: "business", Name: "Business"}, {Code: "team", Name: "Team"}}
	active := tenant.Tenant{ID: id("t1"), Slug: "acme", Name: "Acme Tools", Status: tenant.StatusActive, SchemaName: "t_0a1b2c3d4e5f", Node: "main", SchemaVersion: 3, ContactEmail: "it@acme.example", CreatedAt: acme.CreatedAt}
	sick := health.Health{
		TenantID: id("t1"), ActiveLearners: 1234, JobLag: 4000, JobsWaiting: 17, JobsFailing: 2, EventLag: 20, MailsFailed: 1, RequestsFailed: 25, SignOns: 30, SignOnsRefused: 20,
		StorageUsed: 95, StorageLimit: 100, LastErrorAt: &failed, CheckedAt: now.Add(-2 * time.Minute),
	}
	sick.Judge(2, health.Versions{Newest: 3, Oldest: 1})
	well := health.Health{TenantID: id("t1"), ActiveLearners: 7, CheckedAt: now}
	well.Judge(3, health.Versions{Newest: 3, Oldest: 1})
	failures := []health.Failure{
		{Kind: health.KindRequest, What: "/courses/:slug", Class: "database 42P01", Count: 24, LastAt: failed, RequestID: "0199c1f2-7c3a-7b60-9d2e-0c4f7e1a2b3c"},
		{Kind: health.KindMail, What: "mail_invitation", Class: "network", Count: 1, LastAt: failed},
		{Kind: health.KindJob, What: "issue_certificate", Class: "timeout", Count: 2, LastAt: failed},
	}
	return []specimen{
		{"tenants", view, themes.TenantsPage{Tenants: page.Of[health.Row]{Items: []health.Row{acme, globex, initech, umbrella}, Next: "more"}, Plans: plans, Newest: 3}},
		{"tenants-none", view, themes.TenantsPage{Filter: health.Filter{Query: "zz", State: life.Suspended, Plan: "team", Verdict: health.Bad, Behind: 3, Sort: health.ByLag}, Plans: plans}},
		{"tenant-sick", view, themes.TenantPage{Tenant: active, URL: "https://acme.lyceum.example", Newest: 3, Days: 14, Health: &sick, Failures: failures}},
		{"tenant-well", view, themes.TenantPage{Flags: []flag.State{{Flag: flag.All()[0], On: true}, {Flag: flag.All()[0], Single: true}}, Tenant: active, URL: "https://acme.lyceum.example", Newest: 3, Health: &well}},
	}
}
