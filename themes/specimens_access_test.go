package themes_test

import (
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// accessSpecimens shows e-mail domains, rules, set-up links, our keys and break-glass.
func accessSpecimens(w *world) []specimen {
	at := func(d time.Duration) *time.Time { t := now.Add(d); return &t }
	const day = 24 * time.Hour
	entra := signon.Connection{ID: id("entra"), Name: "Acme Entra ID", Kind: auth.ProtocolSAML, Status: signon.StatusOn}
	partner := signon.Connection{ID: id("partner"), Name: "Partners", Kind: auth.ProtocolOIDC, Status: signon.StatusOff}
	connections := []signon.Connection{entra, partner}
	proven := signon.Domain{Domain: "acme.example", Token: "k3v9q0t7m2x8c5b1n6z5k3v9q0t7m2x8", ConnectionID: &entra.ID, Policy: signon.RequirementRequired, PolicyFrom: at(20 * day), VerifiedAt: at(-90 * day), CheckedAt: at(-3 * time.Hour), CreatedAt: now.Add(-91 * day)}
	fresh := signon.Domain{Domain: "xn--bcher-kva.example", Token: "n6z5k3v9q0t7m2x8k3v9q0t7m2x8c5b1", CreatedAt: now}
	gone := proven
	gone.Domain, gone.MissingSince, gone.Policy, gone.PolicyFrom = "acme-tools.example", at(-2*day), "", nil
	out := []specimen{
		{"domains", w.portal("/settings/sign-on/domains", may()), themes.DomainsPage{Domains: []signon.Domain{gone, proven, fresh}, Connections: map[uid.ID]string{entra.ID: entra.Name}}},
		{"domains-none", w.portal("/settings/sign-on/domains", may()), themes.DomainsPage{Form: themes.DomainForm{Domain: "gmail.com"}, Problem: refused(map[string]string{"domain": "Anyone can have an address at this mail provider, so no organization can own it. Enter your organization's own domain."})}},
		{"domain", w.portal("/settings/sign-on/domains/acme.example", may()), themes.DomainPage{Domain: proven, Connections: connections, MayRule: true, Form: themes.DomainRuleForm{Connection: entra.ID.String(), Rule: themes.RuleForm{Require: "required", From: "2026-12-10"}}, Confirm: true, Problem: signon.ErrLocksOwners, Preview: &signon.Preview{Requires: true, Proven: true, Owners: w.people[1:2], Unlinked: 41, All: 48}}},
		{"domain-fresh", w.portal("/settings/sign-on/domains/x", may()), themes.DomainPage{Domain: fresh, Connections: connections, CheckProblem: signon.ErrDomainUnproven}},
		{"domain-missing", w.portal("/settings/sign-on/domains/x", may()), themes.DomainPage{Domain: gone, Connections: connections, MayRule: true, Form: themes.DomainRuleForm{Connection: entra.ID.String()}}},
	}
	out = append(out, rulesSpecimens(w, []signon.Domain{proven, fresh})...)
	return append(out, linkSpecimens(w, connections, []signon.Domain{proven, fresh})...)
}

func rulesSpecimens(w *world, domains []signon.Domain) []specimen {
	maya, jonas := w.people[0], w.people[1]
	jonas.Roles = []policy.Role{policy.Owner}
	named := maya
	named.PasswordHash = "argon2id"
	owners := []signon.Holder{{Person: named, Linked: true}, {Person: jonas}}
	from := now.AddDate(0, 0, 12)
	until, asked := now.Add(40*time.Minute), now.Add(-10*time.Minute)
	open := signon.Emergency{ID: id("e1"), Reason: "Entra ID answers nobody since 8:50; ticket 4711 is open.", RequestedBy: maya.ID, RequestedAt: asked, ExpiresAt: asked.Add(30 * time.Minute), Minutes: 60, ApprovedBy: &jonas.ID, ApprovedAt: &asked, OpenUntil: &until}
	waiting := signon.Emergency{ID: id("e2"), Reason: open.Reason, RequestedBy: maya.ID, RequestedAt: now, ExpiresAt: now.Add(30 * time.Minute), Minutes: 60}
	old := open
	old.ID, old.EndedBy, old.EndedAt = id("e3"), &maya.ID, &asked
	names := map[uid.ID]string{maya.ID: maya.Name, jonas.ID: jonas.Name}
	form := themes.SignOnRulesForm{
		Revision: 4, Portal: themes.RuleForm{Require: "required", From: "2026-12-02"}, BreakGlass: []uid.ID{maya.ID},
		Groups: []themes.GroupRuleForm{{GroupID: id("pilots"), Name: "Pilots", Rule: themes.RuleForm{Require: "required", From: "2026-11-01"}}},
	}
	groups := []auth.Group{{ID: id("pilots"), Name: "Pilots"}, {ID: id("partners"), Name: "Partners"}}
	view := w.portal("/settings/sign-on/rules", may())
	alarmed := view
	alarmed.Notices = []signon.Notice{{Kind: signon.NoticeEmergencyOpen, At: until}, {Kind: signon.NoticeRuleComing, At: from}}
	learner := w.portal("/", may())
	learner.Notices = []signon.Notice{{Kind: signon.NoticeEmergencyWaiting, At: waiting.ExpiresAt}}
	return []specimen{
		{"sign-on-rules", alarmed, themes.SignOnRulesPage{Form: form, Groups: groups, Owners: owners, Owner: true, Domains: domains, Emergencies: []signon.Emergency{open, old}, Names: names}},
		{"sign-on-rules-preview", view, themes.SignOnRulesPage{Form: form, Groups: groups, Owners: owners, Preview: &signon.Preview{Requires: true, Owners: []auth.Person{jonas, w.people[2]}, Unlinked: 41, All: 48}, Problem: signon.ErrLocksOwners, Confirm: true, Emergencies: []signon.Emergency{waiting}, Names: names}},
		{"sign-on-rules-locked-out", view, themes.SignOnRulesPage{Form: form, Owners: owners, Owner: true, Preview: &signon.Preview{Requires: true, You: true, Unlinked: 48, All: 48}, Problem: refused(map[string]string{"break_glass": "Name at least two owners: one alone cannot open local sign-in."})}},
		{"sign-on-rules-none", view, themes.SignOnRulesPage{Owners: owners, Owner: true, Preview: &signon.Preview{}}},
		{"sign-on-rules-fine", learner, themes.SignOnRulesPage{Owners: owners, Owner: true, Preview: &signon.Preview{Requires: true, Proven: true, Unlinked: 3, All: 48}}},
		{"break-glass", w.stranger("/break-glass"), themes.BreakGlassPage{Form: themes.BreakGlassForm{Email: "maya@acme.example"}, Problem: auth.ErrWrongCredentials}},
		{"break-glass-ask", w.stranger("/break-glass"), themes.BreakGlassPage{Form: themes.BreakGlassForm{Minutes: "60"}, Standing: &signon.Standing{Ticket: "t", You: maya}, Problem: refused(map[string]string{"reason": "Say what has happened: every owner reads it."})}},
		{"break-glass-yours", w.stranger("/break-glass"), themes.BreakGlassPage{Standing: &signon.Standing{Ticket: "t", You: maya, Last: waiting, State: signon.EmergencyWaiting, Asker: maya.Name, Yours: true}}},
		{"break-glass-approve", w.stranger("/break-glass"), themes.BreakGlassPage{Standing: &signon.Standing{Ticket: "t", You: jonas, Last: waiting, State: signon.EmergencyWaiting, Asker: maya.Name}}},
		{"break-glass-open", w.stranger("/break-glass"), themes.BreakGlassPage{Standing: &signon.Standing{Ticket: "t", You: jonas, Last: open, State: signon.EmergencyOpen, Asker: maya.Name}}},
	}
}

func linkSpecimens(w *world, connections []signon.Connection, domains []signon.Domain) []specimen {
	opened := now.Add(-time.Hour)
	link := signon.SetupLink{ID: id("l1"), Name: "Lena Hart", Email: "lena@it.acme.example", Kind: signon.SetupAny, CreatedBy: w.people[0].ID, CreatedAt: now.Add(-2 * time.Hour), ExpiresAt: now.Add(70 * time.Hour)}
	working := link
	working.ID, working.OpenedAt, working.ConnectionID, working.Name, working.Email = id("l2"), &opened, &connections[0].ID, "Sam Okafor", ""
	done, over, forDomains := working, link, working
	done.ID, done.FinishedAt = id("l3"), &now
	over.ID, over.ExpiresAt, over.Kind = id("l4"), now.Add(-time.Minute), signon.SetupExisting
	forDomains.Kind, forDomains.ConnectionID = signon.SetupDomains, nil
	ring := signon.Ring{Current: signingKey("current", -1000*24*time.Hour, now.Add(80*24*time.Hour)), Previous: []signon.SigningKey{signingKey("old", -2000*24*time.Hour, now.Add(-5*24*time.Hour))}}
	ring.Previous[0].RetiredAt = &opened
	ring.Current.CurrentAt = &opened
	rolling := ring
	next := signingKey("next", -24*time.Hour, now.AddDate(3, 0, 0))
	rolling.Next = &next
	view := w.portal("/settings/sign-on/links", may())
	form := themes.SetupLinkForm{Kind: "any", Hours: "72"}
	expiring := []signon.Expiry{{Kind: signon.ExpiryIdP, Name: "Acme Entra ID", At: now.Add(5 * 24 * time.Hour)}, {Kind: signon.ExpiryOurKey, At: now.Add(50 * 24 * time.Hour)}}
	offers := []signon.Offer{{ID: connections[0].ID, Kind: auth.ProtocolSAML, Name: "Acme Entra ID"}, {ID: connections[1].ID, Kind: auth.ProtocolOIDC, Name: "Partners"}}
	from, until := now.AddDate(0, 0, 12), now.Add(40*time.Minute)
	return []specimen{
		{"setup-links", view, themes.SetupLinksPage{Links: []signon.SetupLink{link, working, done, over}, Connections: connections, Form: form}},
		{"setup-links-made", view, themes.SetupLinksPage{Links: []signon.SetupLink{link}, Form: form, Link: "https://acme.lyceum.example/setup/8mLq2rVxkz1c9NwYdT4bJf0sHgPaEuRi7oQvXyK3tZ5"}},
		{"setup-links-wrong", view, themes.SetupLinksPage{Connections: connections, Form: themes.SetupLinkForm{Kind: "connection", Name: "Lena", Email: "lena@", Hours: "72", Mail: true}, Problem: refused(map[string]string{"email": "Enter an e-mail address, for example “anna@example.com”.", "connection": "Choose the connection that is to be set up."})}},
		{"signing-keys", w.portal("/settings/sign-on/keys", may()), themes.SigningKeysPage{Ring: ring, Metadata: "https://acme.lyceum.example/sso/saml/metadata", Expiring: expiring}},
		{"signing-keys-rolling", w.portal("/settings/sign-on/keys", may()), themes.SigningKeysPage{Ring: rolling, Metadata: "https://acme.lyceum.example/sso/saml/metadata"}},
		{"setup-invited", w.stranger("/setup/secret"), themes.SetupPage{Base: "/setup/secret", Link: link}},
		{"setup-begin", w.stranger("/setup/secret"), themes.SetupPage{Base: "/setup/secret", Link: link, Entered: true}},
		{"setup-going-on", w.stranger("/setup/secret"), themes.SetupPage{Base: "/setup/secret", Link: working, Entered: true, Connection: &connections[0]}},
		{"setup-domains", w.stranger("/setup/secret"), themes.SetupPage{Base: "/setup/secret", Link: forDomains, Entered: true, Domains: domains, Problem: signon.ErrDomainUnproven}},
		{"setup-over", w.stranger("/setup/secret"), themes.SetupOverPage{}},
		{"setup-elsewhere", w.stranger("/setup/secret"), themes.SetupOverPage{Elsewhere: true}},
		{"setup-done", w.stranger("/setup/secret"), themes.SetupOverPage{Finished: true}},
		{"signin-email", w.stranger("/signin"), themes.SignInPage{Entrance: signon.Entrance{Offers: offers, Coming: &from}, From: &from}},
		{"signin-required", w.stranger("/signin"), themes.SignInPage{LoginText: prose(w.brand.LoginText), Entrance: signon.Entrance{Offers: offers, Required: true, Emergency: true, OpenUntil: &until}}},
		{"signin-password", w.stranger("/signin"), themes.SignInPage{Password: true, Form: themes.SignInForm{Email: "maya@acme.example", Next: "/courses"}, Entrance: signon.Entrance{Offers: offers}}},
	}
}

// signingKey is a key of ours with a real certificate.
func signingKey(name string, age time.Duration, ends time.Time) signon.SigningKey {
	made, err := saml.NewKey("https://acme.lyceum.example/sso/saml/metadata", now.Add(age), ends.Sub(now.Add(age)))
	if err != nil {
		panic(err) // only the machine's randomness can fail
	}
	return signon.SigningKey{ID: id("key " + name), Certificate: made.Certificate, CreatedAt: now.Add(age), ExpiresAt: ends}
}
