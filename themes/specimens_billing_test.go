package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/billing"
	"lyceum/billing/books"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/report"
	"lyceum/billing/subscription"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// billed is an organization in its trial that used something, and has bills.
func billed() (subscription.Account, provider.Offer, provider.Offer) {
	eur := func(minor int64) money.Money { return money.Money{Minor: minor, Currency: "EUR"} }
	team := provider.Offer{Plan: plan.Plan{ID: uid.New(), Code: "team", Name: "Team"}, Version: plan.Version{
		ID: uid.New(), Number: 2, Currency: "EUR", Interval: plan.Month, Life: plan.DefaultLife(),
		Components: []plan.Component{
			{Code: "base", Name: "Base fee", Scheme: plan.Flat, Price: 49_000_000},
			{Code: "learners", Name: "Active learners", Scheme: plan.PerUnit, Meter: billing.MeterActiveLearner, Included: 10, Price: 2_500_000},
			{Code: "sandbox", Name: "Sandbox", Scheme: plan.Flat, Price: 19_000_000, AddOn: true},
		},
		Limits: plan.Limits{ActiveLearners: 50, StorageBytes: 50 << 30, APICalls: 10_000, VideoMinutes: -1, AITokens: -1, CustomDomains: 1, Hard: []billing.Meter{billing.MeterAPICalls}},
	}}
	large := team
	large.Plan.Name, large.Version.ID, large.Version.Interval, large.Version.Limits.SSO = "Enterprise", uid.New(), plan.Year, true
	trial, budget := now.AddDate(0, 0, 5), int64(25_000)
	due, paid := now.AddDate(0, 0, 9), now.AddDate(0, -1, 4)
	bill := plan.Bill{Total: eur(10_650), Lines: []plan.Line{
		{Component: "base", Name: "Base fee", Units: 1, Amount: eur(4_900)},
		{Component: "learners", Name: "Active learners", Meter: billing.MeterActiveLearner, Used: 33, Units: 33, Included: 10, Amount: eur(5_750)},
	}}
	p := billing.PeriodOf(now)
	line := []provider.InvoiceLine{{Text: "Base fee", Quantity: 1, Amount: eur(4_900)}, {Text: "Active learners", Meter: billing.MeterActiveLearner, Quantity: 23, Amount: eur(5_750)}}
	a := subscription.Account{
		Subscription: subscription.Subscription{
			TenantID: uid.New(), TenantSlug: "acme", TenantName: "Acme Industries", VersionID: &team.Version.ID, State: subscription.StateTrial, Collect: subscription.CollectProvider,
			Since: now.AddDate(0, 0, -9), TrialEnd: &trial, BillingEmail: "bills@acme.example", BudgetMinor: &budget, AddOns: []provider.AddOn{{Component: "sandbox", Quantity: 1}},
			Address: provider.Address{Line1: "Harbour Road 7", PostalCode: "20457", City: "Hamburg", Country: "DE"}, TaxIDs: []provider.TaxID{{Kind: "eu_vat", Value: "DE123456789"}},
		},
		Offer: &team, Next: &subscription.Due{To: subscription.StatePastDue, At: trial, Why: "trial_over"}, Period: p,
		Used: plan.Quantities{billing.MeterActiveLearner: 43, billing.MeterAPICalls: 10_400}, Bill: &bill,
		Forecast: &subscription.Forecast{Low: eur(12_000), Likely: eur(14_500), High: eur(123_456_00)}, Offers: []provider.Offer{team, large}, Provider: "books",
		Invoices: []subscription.Invoice{
			{Ref: "own-2026-10", Number: "2026-00007", Source: subscription.SourceOwn, Status: "open", Currency: "EUR", TotalMinor: 10_650, PeriodStart: p.Start.AddDate(0, -1, 0), PeriodEnd: p.Start, CreatedAt: p.Start, DueAt: &due, Lines: line},
			{Ref: "in_1", Number: "A-1", Source: subscription.SourceProvider, Status: "paid", Currency: "EUR", TotalMinor: 4_900, PeriodStart: p.Start.AddDate(0, -2, 0), PeriodEnd: p.Start.AddDate(0, -1, 0), CreatedAt: p.Start, PaidAt: &paid, URL: "https://pay.example/1", Receipt: "https://pay.example/r"},
		},
		Steps: []subscription.Step{{ID: uid.New(), FromState: subscription.StatePastDue, ToState: subscription.StateActive, Why: "paid", At: now.Add(-48 * time.Hour)}},
	}
	return a, team, large
}

func billingSpecimens(w *world) []specimen {
	a, team, large := billed()
	late := a
	late.State, late.ProviderRef, late.ProviderState, late.Live = subscription.StateReadOnly, "sub_1", provider.StatePastDue, true
	late.Next = &subscription.Due{To: subscription.StateSuspended, At: now.AddDate(0, 0, 9), Why: "time"}
	ends := now.AddDate(0, 0, 12)
	late.CancelAt = &ends
	free := subscription.Account{Subscription: subscription.Subscription{TenantID: a.TenantID, TenantName: a.TenantName, TenantSlug: "acme", State: subscription.StateActive, Collect: subscription.CollectNone, Since: now}, Period: a.Period}
	held := a
	held.Held, held.HeldReason = true, "Contract is being signed"
	form := themes.BillingForm{Email: a.BillingEmail, Line1: a.Address.Line1, PostalCode: "20457", City: "Hamburg", Country: "DE", TaxID: "DE123456789", Budget: "250.00"}
	wrong := fault.Invalid(map[string]string{"country": "Write the country as its two letters, for example DE."})
	bill := *a.Bill
	tried := []subscription.Tried{{Period: billing.PeriodOf(now.AddDate(0, -1, 0)), Now: &bill, Then: bill}, {Period: billing.PeriodOf(now.AddDate(0, -2, 0)), Then: bill}}
	paying := themes.PlanPage{Account: late, Offer: large, AddOns: []themes.AddOnChoice{{Component: team.Version.Components[2], Quantity: 1}}, Tried: tried}
	paying.Account.ProviderState = provider.StateActive
	paying.Preview = &provider.Preview{Due: money.Money{Minor: -1_250, Currency: "EUR"}, Lines: []provider.InvoiceLine{{Text: "Unused time on Team", Amount: money.Money{Minor: -1_250, Currency: "EUR"}}}}
	o := subscription.Overview{
		At: now, ByState: map[subscription.State]int{subscription.StateTrial: 4, subscription.StateActive: 31, subscription.StateReadOnly: 1}, MRR: []money.Money{{Minor: 1_234_500, Currency: "EUR"}},
		Paying: 31, Churned: 1, ChurnRate: 3.1, Converted: 7, Lapsed: 2, Failed: 3, Waiting: 2, Incomplete: true,
		Anomalies: []subscription.Anomaly{{Subscription: a.Subscription, Meter: billing.MeterAPICalls, Pace: 41_000, Median: 9_000}},
		Margins:   []subscription.Margin{{Subscription: a.Subscription, Revenue: &bill.Total, Used: a.Used}, {Subscription: free.Subscription}},
	}
	due := now.AddDate(0, 0, 3)
	view := w.platform("/operator/billing")
	view.Operator = &auth.Operator{Name: "Olivia Operator", Email: "operator@lyceum.example"}
	return []specimen{
		{"billing", w.portal("/settings/billing", may()), themes.BillingPage{Account: a, Form: form, Returned: true}},
		{"billing-late", w.portal("/settings/billing", may()), themes.BillingPage{Account: late, Form: form, Problem: wrong}},
		{"billing-free", w.portal("/settings/billing", may()), themes.BillingPage{Account: free}},
		{"billing-plans", w.portal("/settings/billing/plans", may()), themes.PlansPage{Account: a}},
		{"billing-plan", w.portal("/settings/billing/plans/x", may()), themes.PlanPage{Account: a, Offer: large}},
		{"billing-plan-move", w.portal("/settings/billing/plans/x", may()), paying},
		{"billing-invoice", w.portal("/settings/billing/invoices/x", may()), themes.InvoicePage{Invoice: a.Invoices[0], Subscription: a.Subscription}},
		{"billing-invoice-paid", w.portal("/settings/billing/invoices/x", may()), themes.InvoicePage{Invoice: a.Invoices[1], Subscription: a.Subscription, Live: true}},
		{"books-checkout", w.portal("/settings/billing/books/checkout/x", may()), themes.BooksCheckoutPage{Till: books.Till{Wish: books.Wish{ID: uid.New()}, Offer: large, Due: *paying.Preview}}},
		{"books-checkout-trial", w.portal("/settings/billing/books/checkout/x", may()), themes.BooksCheckoutPage{Till: books.Till{Wish: books.Wish{ID: uid.New(), Checkout: provider.Checkout{TrialEnd: &ends}}, Offer: large, Due: provider.Preview{Due: money.Money{Currency: "EUR"}}}}},
		{"books-card", w.portal("/settings/billing/books/card", may()), themes.BooksCardPage{Fails: true, Open: []provider.Invoice{{Number: "B-2026-00007", Total: bill.Total, CreatedAt: now}}}},
		{"suspended-unpaid", w.portal("/", learnerMay()), themes.SuspendedPage{Contact: "it@acme.example", Unpaid: true, Courses: []themes.MandatoryCourse{{Slug: "fire", Title: "Fire safety", DueAt: &due}, {Slug: "data", Title: "Data protection"}}}},
		{"suspended-owner", w.portal("/", may()), themes.SuspendedPage{Contact: "it@acme.example", Unpaid: true, Bill: true}},
		{"operator-billing", view, themes.OperatorBillingPage{Overview: o}},
		{"operator-subscriptions", view, themes.SubscriptionsPage{Subscriptions: listOf(a.Subscription, held.Subscription)}},
		{"operator-told", w.platform("/operator/payments/usage"), toldSpecimen(a.Subscription.TenantID)},
		{"operator-told-none", w.platform("/operator/payments/usage"), themes.ToldPage{All: true}},
		{"operator-subscriptions-none", view, themes.SubscriptionsPage{Query: "x"}},
		{"operator-subscription", view, themes.SubscriptionPage{Account: a, Form: themes.SubscriptionForm{Days: "14"}}},
		{"operator-subscription-held", view, themes.SubscriptionPage{Account: held}},
	}
}

// toldSpecimen is a payment service that is away, with something that it refused and something that it has too much of.
func toldSpecimen(id uid.ID) themes.ToldPage {
	at := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	month := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	p := themes.ToldPage{Names: map[uid.ID]string{id: "Acme Industries"}}
	p.Standing = report.Standing{Depth: report.Depth{Waiting: 12, Parked: 1, Oldest: &at}, Summary: report.Summary{Compared: 40, Off: 1, At: &at}, Provider: "stripe", Live: true, OpenUntil: &at}
	p.Parked = listOf(report.Row{ID: uid.New(), TenantID: id, Meter: billing.MeterAPICalls, Period: month, Quantity: 1200, State: report.StateParked, Error: "No such customer: cus_123"})
	p.Comparisons = listOf(
		report.Comparison{TenantID: id, Meter: billing.MeterActiveLearner, Period: month, Ledger: 41, Outbox: 41, Sent: 41, Provider: 43, Difference: 2, At: at},
		report.Comparison{TenantID: uid.New(), Meter: billing.MeterAPICalls, Period: month, Ledger: 90_000, Outbox: 88_000, Sent: 88_000, Provider: 88_000, At: at},
	)
	return p
}
