package themes_test

import (
	"lyceum/auth"
	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/offer"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/subscription"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// sold is a plan with a version on sale for a month and a year, one that is retired, and a draft.
func sold() offer.Opened {
	l := offer.Listed{Plan: plan.Plan{ID: uid.New(), Code: "team", Name: "Team", Public: true, Position: 20, SignUp: true, Revision: 3}, Subscribers: map[uid.ID]int{}}
	version := func(number int, status plan.Status, interval plan.Interval) plan.Version {
		v := plan.Version{
			ID: uid.New(), PlanID: l.ID, Number: number, Status: status, Currency: "EUR", Interval: interval, TrialDays: 14, Life: plan.DefaultLife(), CreatedAt: now, Revision: 2,
			Components: []plan.Component{
				{Code: "base", Name: "Base fee", Scheme: plan.Flat, Price: 49_000_000},
				{Code: "learners", Name: "Active learners", Scheme: plan.Graduated, Meter: billing.MeterActiveLearner, Included: 10, Tiers: []plan.Tier{{UpTo: 50, Price: 4_000_000}, {UpTo: 200, Price: 3_200_000, Flat: 25_000_000}, {Price: 2_500_000}}},
				{Code: "storage", Name: "Storage, gigabytes over the month", Scheme: plan.PerUnit, Meter: billing.MeterStorage, Per: 730 << 30, Included: 50, Price: 100_000},
				{Code: "support", Name: "Priority support", Scheme: plan.Flat, AddOn: true, Price: 99_000_000},
			},
			Limits: plan.Limits{ActiveLearners: 500, StorageBytes: 200 << 30, APICalls: 200_000, VideoMinutes: -1, AITokens: -1, CustomDomains: 1, Hard: []billing.Meter{billing.MeterAPICalls}},
		}
		if status != plan.StatusDraft {
			v.PublishedAt = &now
		}
		return v
	}
	l.Versions = []plan.Version{version(4, plan.StatusDraft, plan.Month), version(3, plan.StatusPublished, plan.Year), version(2, plan.StatusPublished, plan.Month), version(1, plan.StatusRetired, plan.Month)}
	l.Versions[0].Components[0].Price = 59_000_000
	l.Subscribers[l.Versions[2].ID], l.Subscribers[l.Versions[3].ID] = 31, 1
	return offer.Opened{Listed: l, Version: l.Versions[0]}
}

func planSpecimens(w *world) []specimen {
	view := w.platform("/operator/billing/plans")
	view.Operator = &auth.Operator{Name: "Olivia Operator", Email: "operator@lyceum.example"}
	draft := sold()
	published, retired := draft, draft
	published.Version, retired.Version = draft.Versions[1], draft.Versions[3]
	archived := offer.Listed{Plan: plan.Plan{ID: uid.New(), Code: "pilot", Name: "Pilot programme of the first year", ArchivedAt: &now}}
	form := themes.NewPlanForm(draft.Version)
	bad := form.Apply("add_component").Apply("add_tier.1")
	bad.Components[0].Price, bad.Components[1].Tiers[1].UpTo = "-4", "20"
	_, wrong := bad.Into(draft.Version)
	a, _, _ := billed()
	late := a.Subscription
	late.State, late.TenantName = subscription.StatePastDue, "Globex Health"
	eur := func(minor int64) *money.Money { return &money.Money{Minor: minor, Currency: "EUR"} }
	outlook := &offer.Outlook{
		From: provider.Offer{Plan: draft.Plan, Version: retired.Version}, To: provider.Offer{Plan: draft.Plan, Version: draft.Versions[2]}, Count: 203, Month: billing.PeriodOf(now.AddDate(0, -1, 0)),
		Rows: []offer.Fate{{Subscription: a.Subscription, Now: eur(106_50), Then: eur(116_50)}, {Subscription: late, Now: eur(1_234_50), Then: eur(1_300_00), Refused: subscription.RefusedAddOn}}, Now: *eur(106_50), Then: *eur(116_50),
	}
	targets := []provider.Offer{outlook.To}
	finished := now.AddDate(0, 0, -3)
	done := offer.Migration{ID: uid.New(), StartedAt: finished, FinishedAt: &finished, Moved: 17, Refused: map[string]string{"globex": "add_on", "umbrella": "payments_refused"}}
	before := offer.Examples(draft.Versions[2])
	return []specimen{
		{"plans", view, themes.OperatorPlansPage{Plans: []offer.Listed{draft.Listed, archived}, Provider: "stripe", Form: themes.NewPlanFields{Public: true}}},
		{"plans-none", view, themes.OperatorPlansPage{Problem: fault.Invalid(map[string]string{"code": "Another plan has this code. Choose a different one."})}},
		{"plan", view, themes.OperatorPlanPage{Plan: draft.Listed, Form: themes.NewPlanFields{Name: "Team", Position: "20", Public: true}}},
		{"plan-archived", view, themes.OperatorPlanPage{Plan: archived, Form: themes.NewPlanFields{Name: archived.Name}}},
		{"plan-review", view, themes.PlanVersionPage{Opened: draft, Examples: offer.Examples(draft.Version), Replaces: &draft.Versions[2], Before: before}},
		{"plan-version", view, themes.PlanVersionPage{Opened: published, Examples: offer.Examples(published.Version)}},
		{"plan-draft", view, themes.PlanDraftPage{Opened: draft, Revision: 2, Form: form, Examples: offer.Examples(draft.Version)}},
		{"plan-draft-wrong", view, themes.PlanDraftPage{Opened: draft, Revision: 2, Form: bad, Problem: fault.Of(wrong)}},
		{"plan-migrate", view, themes.PlanMovePage{Opened: retired, Targets: targets, To: outlook.To.Version.ID, Outlook: outlook, History: []offer.Migration{done}}},
		{"plan-migrating", view, themes.PlanMovePage{Opened: retired, Targets: targets, History: []offer.Migration{{ID: uid.New(), StartedAt: now, Moved: 12}}}},
	}
}
