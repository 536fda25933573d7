package themes_test

import (
	"encoding/json"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/themes"
)

// madeCertificate is a certificate that ends in so many days.
func madeCertificate(t *testing.T, name string, days int) string {
	t.Helper()
	k, err := saml.NewKey(name, now.AddDate(-2, 0, days), now.AddDate(0, 0, days).Sub(now.AddDate(-2, 0, days)))
	if err != nil {
		t.Fatal(err)
	}
	return k.Certificate
}

func raw(t *testing.T, v any) signon.Raw {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// connections are one of each kind: SAML that is on, OpenID Connect in a dry run, a directory that is off and fresh.
func connections(t *testing.T) (byKind map[auth.Protocol]signon.Connection, certificates []saml.Certificate) {
	t.Helper()
	s := saml.NewSettings()
	s.EntityID, s.SSORedirect, s.SLORedirect = "https://sts.windows.net/8c1b6e1a-1f0e-4b73-9d55-2f0a9b1c7e11/", "https://login.microsoftonline.com/8c1b6e1a/saml2", "https://login.microsoftonline.com/8c1b6e1a/saml2"
	s.MetadataURL = "https://login.microsoftonline.com/8c1b6e1a/federationmetadata/2007-06/federationmetadata.xml?appid=6a7b"
	s.SigningCertificates = []string{madeCertificate(t, "Microsoft Azure Federated SSO Certificate", 12), madeCertificate(t, "Microsoft Azure Federated SSO Certificate 2", 400)}
	certificates, err := s.Certificates()
	if err != nil {
		t.Fatal(err)
	}
	entra, _ := signon.GuideFor(auth.ProtocolSAML, signon.ProductEntra)
	okta, _ := signon.GuideFor(auth.ProtocolOIDC, signon.ProductOkta)
	ad, _ := signon.GuideFor(auth.ProtocolLDAP, signon.ProductAD)
	checked := now.Add(-3 * time.Hour)
	rules := auth.RoleRules{Rules: []auth.RoleRule{{Group: "LMS Administrators", Role: policy.Admin}, {Group: "People leads", Role: policy.Manager}}, Default: policy.Learner}
	return map[auth.Protocol]signon.Connection{
		auth.ProtocolSAML: {
			ID: id("saml"), Kind: auth.ProtocolSAML, Product: signon.ProductEntra, Name: "Acme account", Status: signon.StatusOn, Settings: raw(t, s), Revision: 7,
			Mapping: signon.JSON[auth.Mapping]{V: entra.Mapping}, RoleRules: signon.JSON[auth.RoleRules]{V: rules}, CheckedAt: &checked, CreatedAt: now, UpdatedAt: now,
			Admission: signon.JSON[signon.Admission]{V: signon.NewAdmission()},
		},
		auth.ProtocolOIDC: {
			ID: id("oidc"), Kind: auth.ProtocolOIDC, Product: signon.ProductOkta, Name: "Contractors", Status: signon.StatusDryRun, Secrets: []byte{1}, Revision: 2,
			Settings: raw(t, oidc.Settings{Issuer: "https://contractors.okta.com", ClientID: "0oa1b2c3d4", UseUserInfo: true, Scopes: []string{"openid", "email", "profile", "groups"}}),
			Mapping:  signon.JSON[auth.Mapping]{V: okta.Mapping}, CheckedAt: &checked, CreatedAt: now, UpdatedAt: now,
			Problem: "The server there did not answer in time. Try again, or upload the metadata as a file.",
		},
		auth.ProtocolLDAP: {
			ID: id("ldap"), Kind: auth.ProtocolLDAP, Product: signon.ProductAD, Name: "Plant in Győr", Status: signon.StatusOff, Revision: 1, Settings: ad.Settings,
			Mapping: signon.JSON[auth.Mapping]{V: ad.Mapping}, CreatedAt: now, UpdatedAt: now,
		},
	}, certificates
}

const identity = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"

func attempts(person uid.ID, connection uid.ID, m auth.Mapping) []signon.Attempt {
	claims := map[string][]string{
		identity + "emailaddress": {"priya.raman@acme.example"}, identity + "givenname": {"Priya"}, identity + "surname": {"Raman"},
		"http://schemas.microsoft.com/identity/claims/displayname":       {"Priya Raman"},
		"http://schemas.microsoft.com/identity/claims/objectidentifier":  {"0f9d3c1e-6a55-4b3e-8a51-d1b9d6f7a001"},
		"http://schemas.microsoft.com/ws/2008/06/identity/claims/groups": {"LMS Administrators", "Munich", "All staff"},
		"http://schemas.microsoft.com/claims/authnmethodsreferences":     {"http://schemas.microsoft.com/claims/multipleauthn"},
		"http://schemas.microsoft.com/identity/claims/tenantid":          {"8c1b6e1a-1f0e-4b73-9d55-2f0a9b1c7e11"},
		"preferredLanguage": {"klingon"},
	}
	mapped := m.Apply(claims)
	good := auth.Report{
		{Name: "xml", OK: true, Detail: "9120 bytes of well-formed XML without a DTD"}, {Name: "status", OK: true, Detail: "the identity provider says success"},
		{Name: "issuer", OK: true, Detail: "<Response> was issued by \"https://sts.windows.net/8c1b6e1a/\""}, {Name: "signature", OK: true, Detail: "<Assertion> is signed with rsa-sha256 by the certificate 4F:11:9A"},
		{Name: "audience", OK: true, Detail: "the assertion is meant for \"https://acme.example/sso/saml/metadata\""}, {Name: "replay", OK: true, Detail: "it comes for the first time"},
	}
	bad := auth.Report{good[0], good[1], good[2], {Name: "signature", Detail: "no pinned certificate made the signature; the message names 7A:C0:33:91, which is not among the 2 of this connection"}}
	result := signon.Result{Profile: mapped.Profile, Groups: mapped.Groups, From: mapped.From, Left: map[string]string{"locale": "not a language (BCP 47)"}, Role: policy.Admin, Rule: 1, Effect: "signed_in"}
	return []signon.Attempt{
		{ID: id("a1"), ConnectionID: connection, Outcome: signon.OutcomeAdmitted, PersonID: &person, Subject: "0f9d3c1e-6a55-4b3e-8a51-d1b9d6f7a001", IP: "198.51.100.7", At: now.Add(-40 * time.Minute),
			Checks: signon.JSON[auth.Report]{V: good}, Claims: signon.JSON[map[string][]string]{V: claims}, Result: signon.JSON[signon.Result]{V: result}},
		{ID: id("a2"), ConnectionID: connection, Outcome: signon.OutcomeRefused, Reason: "signature", IP: "203.0.113.9", At: now.Add(-3 * time.Hour), Checks: signon.JSON[auth.Report]{V: bad}},
		{ID: id("a3"), ConnectionID: connection, Outcome: signon.OutcomeDryRun, Subject: "2", IP: "198.51.100.7", At: now.AddDate(0, 0, -3), Checks: signon.JSON[auth.Report]{V: good},
			Result: signon.JSON[signon.Result]{V: signon.Result{Profile: auth.Profile{Email: "new@acme.example"}, Effect: "created"}}},
	}
}

func connectionSpecimens(t *testing.T, w *world) []specimen {
	t.Helper()
	const base = "/settings/sign-on"
	view := w.portal(base, may())
	all, certificates := connections(t)
	heads := map[auth.Protocol]themes.ConnectionHead{}
	var rows []themes.ConnectionRow
	for _, kind := range []auth.Protocol{auth.ProtocolSAML, auth.ProtocolOIDC, auth.ProtocolLDAP} {
		h := signon.Health{Missing: kind == auth.ProtocolLDAP}
		if kind == auth.ProtocolSAML {
			h = signon.Health{LastAdmitted: now.Add(-40 * time.Minute), LastRefused: now.Add(-3 * time.Hour), Ends: now.AddDate(0, 0, 12)}
		}
		heads[kind] = themes.ConnectionHead{Base: base, Connection: all[kind], Health: h}
		rows = append(rows, themes.ConnectionRow{Connection: all[kind], Health: h})
	}
	s, o, l := heads[auth.ProtocolSAML], heads[auth.ProtocolOIDC], heads[auth.ProtocolLDAP]
	sent := l
	sent.Base, sent.Restricted = "/setup/secret/connection", true
	person := w.people[2].ID
	trace := signon.Trace{Connection: s.Connection, Attempts: attempts(person, s.Connection.ID, s.Connection.Mapping.V), Names: map[uid.ID]string{person: "Priya Raman"}}
	seen := signon.Seen{Last: &trace.Attempts[0], Groups: []string{"All staff", "LMS Administrators", "Munich"}}
	for name, values := range trace.Attempts[0].Claims.V {
		seen.Claims = append(seen.Claims, signon.SeenClaim{Name: name, Values: values, Count: len(values) + 1})
	}
	m := s.Connection.Mapping.V
	preview := signon.PreviewMapping(append(m, auth.FieldRule{Field: "locale", From: []string{"preferredLanguage"}}), trace.Attempts[0].Claims.V)
	settings, err := s.Connection.SAML()
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := o.Connection.OIDC()
	if err != nil {
		t.Fatal(err)
	}
	findings, err := signon.Outlook(s.Connection, certificates[1:], signon.LastAnswer{Fingerprint: certificates[0].Fingerprint}, now.AddDate(0, 0, 20))
	if err != nil {
		t.Fatal(err)
	}
	breaks, err := signon.Outlook(s.Connection, certificates[:1], signon.LastAnswer{}, now.AddDate(3, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	out := []specimen{
		{"connections", view, themes.ConnectionsPage{Base: base, Rows: rows, Expiring: []signon.Expiry{
			{Kind: signon.ExpiryIdP, Name: "Acme Entra ID", ID: id("c1"), At: now.Add(5 * 24 * time.Hour)}, {Kind: signon.ExpiryToken, Name: "Okta", At: now.Add(20 * 24 * time.Hour)},
			{Kind: signon.ExpiryServer, Name: "Head office", ID: id("c3"), At: now.Add(21 * 24 * time.Hour)}, {Kind: signon.ExpirySyncAuthority, Name: "Works", ID: id("d1"), At: now.Add(22 * 24 * time.Hour)}, {Kind: signon.ExpirySyncServer, Name: "Works", ID: id("d1"), At: now.Add(22 * 24 * time.Hour)},
			{Kind: signon.ExpiryOurKey, At: now.Add(50 * 24 * time.Hour)},
		}}},
		{"connections-none", view, themes.ConnectionsPage{Base: base}},
		{"connections-sent", w.stranger("/setup/secret/connection"), themes.ConnectionsPage{Base: "/setup/secret/connection", Rows: rows[2:], Restricted: true}},
		{"connection-new", view, themes.ConnectionNewPage{Base: base, Form: themes.ConnectionNewForm{Choice: "saml:entra"}}},
		{"connection-new-refused", view, themes.ConnectionNewPage{Base: base, Problem: refused(map[string]string{"kind": "Choose one of the kinds on offer.", "name": "Another connection has this name. People could not tell their buttons apart."})}},
		{"connection", view, themes.ConnectionPage{Head: s, Stakes: signon.Stakes{People: 312, SignedIn: 41, Domains: []string{"acme.example"}}}},
		{"connection-off-asked", view, themes.ConnectionPage{Head: s, Off: true, Stakes: signon.Stakes{People: 312, SignedIn: 41}, Problem: refused(map[string]string{"end_sessions": "People are signed in through this connection, and switching it off signs them out. Tick that this is meant."})}},
		{"connection-dry", view, themes.ConnectionPage{Head: o}},
		{"connection-fresh", view, themes.ConnectionPage{Head: l, Incomplete: refused(map[string]string{"urls": "Name one to five servers, such as ldaps://dc1.example.com.", "secret": "Give the password of the service account."})}},
		{"connection-sent", w.stranger("/setup/secret/connection/x"), themes.ConnectionPage{Head: sent, Problem: signon.ErrPortalDecides}},
		{"connection-settings-saml", view, themes.ConnectionSettingsPage{Head: s, OwnersDecide: true, Form: themes.ConnectionForm{Name: "Acme account", SAML: themes.SAMLFormOf(settings)}, Metadata: themes.MetadataForm{URL: settings.MetadataURL}, Certificates: certificates}},
		{"connection-settings-saml-refused", view, themes.ConnectionSettingsPage{Head: s, Form: themes.ConnectionForm{Name: "Acme account", SAML: themes.SAMLFormOf(settings)}, Metadata: themes.MetadataForm{URL: "https://idp"}, MetaProblem: refused(map[string]string{"entity_id": "The metadata names 2 identity providers. Say which one is yours: a, b."})}},
		{"connection-settings-saml-certificate", view, themes.ConnectionSettingsPage{Head: s, CertProblem: refused(map[string]string{"certificate": "Paste a certificate, with or without its BEGIN and END lines."}), Form: themes.ConnectionForm{Name: "Acme account", SAML: themes.SAMLForm{NameIDFormat: "urn:x:unknown"}}}},
		{"connection-settings-oidc", view, themes.ConnectionSettingsPage{Head: o, Secret: true, Form: themes.ConnectionForm{Name: "Contractors", OIDC: themes.OIDCFormOf(issuer)}, Issuer: &signon.FoundIssuer{
			Discovery: oidc.Discovery{Issuer: "https://contractors.okta.com", AuthorizationEndpoint: "https://contractors.okta.com/oauth2/v1/authorize", TokenEndpoint: "https://contractors.okta.com/oauth2/v1/token", UserInfoEndpoint: "https://contractors.okta.com/oauth2/v1/userinfo", EndSessionEndpoint: "https://contractors.okta.com/oauth2/v1/logout", Keys: []oidc.KeyInfo{{ID: "k", Algorithm: "RS256", Kind: "RSA 2048"}}},
			Warnings:  []oidc.Warning{{Code: "no_backchannel_logout", Text: "The issuer does not say that it tells us when someone signs out there (back-channel logout)."}},
		}}},
		{"connection-settings-oidc-refused", view, themes.ConnectionSettingsPage{Head: o, Form: themes.ConnectionForm{Name: "", OIDC: themes.OIDCForm{Issuer: "http://idp", Prompt: "login consent", ClockSkew: "x"}}, Problem: refused(map[string]string{"issuer": "The issuer is an https address without a question mark or a #.", "clock_skew": "Enter a whole number.", "prompt": "Choose login, consent or select_account, or several with a space between.", "secret": "Paste the client secret that your identity provider shows once."})}},
		{"connection-settings-oidc-key", view, themes.ConnectionSettingsPage{Head: o, Secret: true, KeySet: "https://acme.lyceum.example/sso/oidc/018f0000-0000-7000-8000-000000000001/jwks", Form: themes.ConnectionForm{Name: "Contractors", OIDC: themes.OIDCForm{Issuer: "https://contractors.okta.com", ClientID: "lyceum", AuthMethod: "private_key_jwt"}}}},
		{"connection-settings-ldap", view, themes.ConnectionSettingsPage{Head: l, Form: themes.ConnectionForm{Name: "Plant in Győr", LDAP: themes.LDAPForm{Kind: "active_directory", URLs: "ldaps://dc1.gyor.acme.example", BindDN: "lyceum@gyor.acme.example", BaseDN: "OU=Staff,DC=gyor,DC=acme,DC=example"}}, Directory: &signon.CheckedDirectory{
			Report: auth.Report{{Name: "connect", OK: true, Detail: "ldaps://dc1.gyor.acme.example"}, {Name: "tls", OK: true, Detail: "certificate of CN=dc1 by CN=Acme Root, good until 2027-04-02"}, {Name: "bind", Detail: "the service account lyceum@gyor.acme.example: result 49, Invalid Credentials: wrong password (52e)"}},
			Sample: ldap.Sample{Attributes: []string{"cn", "mail", "sn"}, Missing: []string{"employeeID"}},
		}}},
		{"connection-metadata", view, themes.ConnectionMetadataPage{Head: s, Packed: "{}", Found: signon.FoundMetadata{
			URL: settings.MetadataURL, Fetched: true, Certificates: certificates, Metadata: saml.Metadata{EntityID: settings.EntityID, Endpoints: settings.Endpoints, ValidUntil: now.AddDate(0, 1, 0), WantsSignedRequests: true},
			Changes: []saml.Change{{Kind: saml.ChangeCertificateAdded, Field: "signing_certificates", To: certificates[1].Fingerprint}, {Kind: saml.ChangeEndpoint, Field: "sso_redirect", From: "https://old.example/sso", To: "https://new.example/sso"}},
		}}},
		{"connection-metadata-same", view, themes.ConnectionMetadataPage{Head: s, Found: signon.FoundMetadata{Metadata: saml.Metadata{EntityID: "x", Endpoints: saml.Endpoints{SSOPost: "https://idp.example"}}, Certificates: certificates[:1]}}},
		{"connection-mapping", view, themes.ConnectionMappingPage{Head: s, Mapping: m, Seen: seen, Preview: &preview}},
		{"connection-mapping-typed", view, themes.ConnectionMappingPage{Head: s, Mapping: m, Seen: seen, Preview: &preview, Unsaved: true, Problem: refused(map[string]string{"mapping.name": "Write a claim's name, or a text with claims in braces, for example “{given_name} {family_name}”."})}},
		{"connection-mapping-unseen", view, themes.ConnectionMappingPage{Head: l, Mapping: l.Connection.Mapping.V}},
		{"connection-access", view, themes.ConnectionAccessPage{Head: s, Admission: signon.NewAdmission(), Rules: s.Connection.RoleRules.V, Roles: policy.BuiltInRoles()[1:], Seen: seen}},
		{"connection-access-preview", view, themes.ConnectionAccessPage{Head: s, Admission: signon.NewAdmission(), Rules: s.Connection.RoleRules.V, Roles: policy.BuiltInRoles()[2:], Seen: seen, Unsaved: true, Effect: &signon.Effect{
			People: 312, Gain: 12, Lose: 3, Unknown: 40, Same: 257, Who: []signon.RoleEffect{{Name: "Jonas Albrecht", Gain: policy.Manager}, {Name: "Kenji Watanabe", Lose: []policy.Role{policy.Admin}}},
		}}},
		{"connection-access-refused", view, themes.ConnectionAccessPage{Head: l, Rules: auth.RoleRules{Rules: []auth.RoleRule{{Group: "", Role: policy.Learner}}}, Roles: policy.BuiltInRoles()[4:], Problem: refused(map[string]string{"role_rules.1": "Name the group as your directory sends it.", "role_default": "There is no such role. Choose one from the list."}), Effect: &signon.Effect{}}},
		{"connection-attempts", view, themes.ConnectionAttemptsPage{Head: s, Trace: trace}},
		{"connection-attempts-none", view, themes.ConnectionAttemptsPage{Head: o, Outcome: signon.OutcomeRefused}},
		{"connection-attempt", view, themes.ConnectionAttemptPage{Head: s, Attempt: trace.Attempts[0], Names: trace.Names}},
		{"connection-attempt-refused", view, themes.ConnectionAttemptPage{Head: s, Attempt: trace.Attempts[1]}},
		{"connection-outlook", view, themes.ConnectionOutlookPage{Head: s, At: now.AddDate(0, 0, 20), Findings: findings}},
		{"connection-outlook-breaks", view, themes.ConnectionOutlookPage{Head: s, At: now.AddDate(3, 0, 0), Findings: breaks, Problem: refused(map[string]string{"at": "Enter a date, for example 2027-01-31."})}},
		{"connection-delete", view, themes.ConnectionDeletePage{Head: s, Stakes: signon.Stakes{People: 312, SignedIn: 41, OnlyWay: 288, Domains: []string{"acme.example"}, Directories: 1}}},
		{"connection-delete-required", view, themes.ConnectionDeletePage{Head: s, Stakes: signon.Stakes{Required: []string{"acme.example"}, Domains: []string{"acme.example"}}, Confirm: "acme", Problem: refused(map[string]string{"confirm": "Type the connection's name exactly as it stands above."})}},
	}
	addresses := signon.Addresses{
		EntityID: "https://acme.lyceum.example/sso/saml/metadata", OwnMetadata: "https://acme.lyceum.example/sso/saml/0190/metadata", ACS: "https://acme.lyceum.example/sso/saml/0190f2c3-7d7b-7cc0-9d6f-2b1a3c4d5e6f/acs",
		SLO: "https://acme.lyceum.example/sso/saml/0190f2c3-7d7b-7cc0-9d6f-2b1a3c4d5e6f/slo", RedirectURI: "https://acme.lyceum.example/sso/oidc/callback", SignedOut: "https://acme.lyceum.example/sso/signed-out",
		BackChannel: "https://acme.lyceum.example/sso/oidc/0190/backchannel", FrontChannel: "https://acme.lyceum.example/sso/oidc/0190/frontchannel", Start: "https://acme.lyceum.example/sso/start/0190f2c3-7d7b-7cc0-9d6f-2b1a3c4d5e6f",
	}
	for _, g := range signon.Guides() {
		out = append(out, specimen{"connection-guide-" + string(g.Kind) + "-" + string(g.Product), view, themes.ConnectionGuidePage{Head: heads[g.Kind], Guide: g, Addresses: addresses}})
	}
	return out
}

// Every step of every guide, and every field into which something is pasted, is put into words.
func TestEveryStepOfEveryGuideHasWords(t *testing.T) {
	t.Parallel()
	en := messages(t, "en")
	for _, g := range signon.Guides() {
		for _, s := range g.Steps {
			stem := string(g.Kind) + "_" + string(g.Product) + "_" + s.Key
			for _, key := range []string{"guide_title." + stem, "guide_text." + stem} {
				if en[key].Other == "" {
					t.Errorf("%s is missing", key)
				}
			}
			for _, p := range s.Pastes {
				if key := "guide_field." + themes.GuideFieldKey(p.Field); en[key].Other == "" {
					t.Errorf("%s is missing", key)
				}
			}
		}
		if en["guide_needs."+g.Needs].Other == "" {
			t.Errorf("guide_needs.%s is missing", g.Needs)
		}
	}
}
