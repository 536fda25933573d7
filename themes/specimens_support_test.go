package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/support"
	"lyceum/internal/uid"
	"lyceum/themes"
)

func supportSpecimens(w *world) []specimen {
	until := now.Add(20 * time.Minute)
	v := support.Visit{ID: id("visit"), OperatorID: id("olivia"), OperatorName: "Olivia Operator", PersonName: "Anna Berg", Reason: "The course list stays empty for her", Ticket: "T-4711", Minutes: 30, State: support.Open, AskedAt: now.Add(-time.Hour), EndsAt: &until}
	waits, over := v, v
	waits.ID, waits.State, waits.EndsAt = id("waits"), support.Waiting, nil
	over.ID, over.State, over.Why = id("over"), support.Ended, support.WhyPortal
	listed := support.Listed{ID: v.ID, TenantSlug: "acme", OperatorID: v.OperatorID, OperatorName: v.OperatorName, Reason: v.Reason, Ticket: v.Ticket, State: v.State, AskedAt: v.AskedAt, EndsAt: v.EndsAt}
	ended := listed
	ended.ID, ended.State, ended.Why = id("ended"), support.Ended, support.WhyTime
	console := w.platform("/operator/support")
	console.Operator = &auth.Operator{ID: v.OperatorID, Name: "Olivia Operator", Email: "operator@lyceum.example"}
	portal := w.portal("/settings/support-access", policy.Set{policy.SecurityManage: {}, policy.PersonSelf: {}})
	guised := w.portal("/", learnerMay())
	who := *guised.Who
	who.Guise = &auth.Guise{Visit: v.ID, Operator: v.OperatorID, Name: v.OperatorName, Reason: v.Reason, Ticket: v.Ticket, EndsAt: until}
	guised.Who = &who
	changing := guised
	changer := who
	granted := *who.Guise
	granted.Writes = true
	changer.Guise, changing.Who = &granted, &changer
	hours := now.Add(4 * time.Hour)
	return []specimen{
		{"support-console", console, themes.OperatorSupportPage{Me: v.OperatorID, Visits: []support.Listed{listed, ended}, Ways: map[uid.ID]string{v.ID: "https://acme.lyceum.example/support/begin/" + v.ID.String()}, Form: themes.SupportForm{Minutes: 30}}},
		{"support-console-wrong", console, themes.OperatorSupportPage{Form: themes.SupportForm{Slug: "acme", Minutes: 3}, Problem: refused(map[string]string{"minutes": "Choose between 5 and 120 minutes."})}},
		{"support-enter", w.portal("/support/enter/x", nil), themes.SupportEnterPage{Visit: v, Code: "x"}},
		{"support-access", portal, themes.SupportAccessPage{Access: support.Access{Visits: []support.Visit{waits, v, over}, Rules: support.Rules{WritesUntil: &hours}}, Form: themes.SupportRulesForm{Mode: "write", Hours: 4, Approve: true}}},
		{"support-access-none", portal, themes.SupportAccessPage{Form: themes.SupportRulesForm{Mode: "read", Hours: 4}, Problem: refused(map[string]string{"hours": "Choose between 1 and 72 hours."})}},
		{"support-banner", guised, themes.ProblemPage{Status: 403, Fault: auth.ErrGuiseReads}},
		{"support-banner-writes", changing, themes.ProblemPage{Status: 403, Fault: auth.ErrGuiseNever}},
	}
}
