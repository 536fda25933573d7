package oidc_test

import (
	"strings"
	"testing"

	"lyceum/auth/oidc"
)

func TestEntraLetsInOnlyTheListedDirectories(t *testing.T) {
	t.Parallel()
	const ours, theirs, host = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555", "https://login.microsoftonline.com/"
	for _, c := range []struct {
		name, check, tid, iss, keyOf string
		overage                      bool
	}{
		{name: "our directory", tid: ours, iss: host + ours + "/v2.0"},
		{name: "our directory, a key for all", tid: ours, iss: host + ours + "/v2.0", keyOf: host + "{tenantid}/v2.0"},
		{name: "our directory, more groups than fit", tid: ours, iss: host + ours + "/v2.0", overage: true},
		{name: "another directory", check: "entra_tenant", tid: theirs, iss: host + theirs + "/v2.0"},
		{name: "tid of ours, issuer of another", check: "issuer", tid: ours, iss: host + theirs + "/v2.0"},
		{name: "tid of another, issuer of ours", check: "issuer", tid: theirs, iss: host + ours + "/v2.0"},
		{name: "the pattern itself", check: "issuer", tid: "{tenantid}", iss: host + "{tenantid}/v2.0"},
		{name: "no tid", check: "issuer", iss: host + ours + "/v2.0"},
		{name: "another host", check: "issuer", tid: ours, iss: "https://login.evil.example/" + ours + "/v2.0"},
		{name: "a key of another directory", check: "issuer", tid: ours, iss: host + ours + "/v2.0", keyOf: host + theirs + "/v2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(newHand())
			g.issuer = host + "organizations/v2.0"
			g.document = func(d map[string]any) { d["issuer"] = host + "{tenantid}/v2.0" }
			g.claims = func(m map[string]any) {
				m["iss"], m["tid"], m["oid"] = c.iss, c.tid, "0b1ec7"
				if c.overage {
					m["_claim_names"] = map[string]any{"groups": "src1"}
					m["_claim_sources"] = map[string]any{"src1": map[string]any{"endpoint": "https://graph.microsoft.com/", "access_token": "hush"}}
				}
			}
			if c.keyOf != "" {
				g.keys = func() any {
					k, _ := public("a", keyA().Public()).MarshalJSON()
					return map[string]any{"keys": []any{jsonWith(k, "issuer", c.keyOf)}}
				}
			}
			a, report, err := g.meet(t, oidc.Settings{EntraTenants: []string{strings.ToUpper(ours)}, SubjectClaim: "oid+tid"})
			if c.check != "" {
				refused(t, c.check, report, err)
				return
			}
			if err != nil || a.Issuer != c.iss || a.Subject != "0b1ec7@"+ours {
				t.Fatalf("%v %+v %+v", err, report, a)
			}
			if has(report, "group_overage") != c.overage {
				t.Errorf("%v", names(report))
			}
			if _, there := a.Claims["_claim_sources.src1.access_token"]; there {
				t.Error("an access token is among the claims")
			}
		})
	}
	g := newRogue(newHand())
	g.issuer = host + "organizations/v2.0"
	_, report, err := g.meet(t, oidc.Settings{EntraTenants: []string{ours}})
	refused(t, "discovery", report, err)
}

func TestGoogleMayLeaveTheSchemeOff(t *testing.T) {
	t.Parallel()
	g := newRogue(newHand())
	g.issuer = "https://accounts.google.com"
	g.claims = func(c map[string]any) { c["iss"], c["hd"] = "accounts.google.com", "example.com" }
	a, report, err := g.meet(t, oidc.Settings{HostedDomain: "example.com"})
	if err != nil || a.Issuer != g.issuer {
		t.Fatal(err, report, a.Issuer)
	}
}
