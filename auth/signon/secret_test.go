package signon_test

import (
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/ldap/slapd"
	"lyceum/auth/oidc"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
)

// today brings the house's clock to the machine's, by which the servers' certificates are made.
func (h *house) today() *house {
	h.t.Helper()
	if d := time.Since(h.w.Now.Now()); d > 0 {
		h.w.Now.Advance(d)
	}
	return h
}

// directory is a connection to a server, with a kept password.
func (h *house) directory(st ldap.Settings, m auth.Mapping) signon.Connection {
	h.t.Helper()
	c, err := h.s.CreateConnection(h.admin, signon.ConnectionInput{
		Kind: auth.ProtocolLDAP, Product: signon.ProductOpenLDAP, Name: "LDAP", Settings: packed(h.t, st), Secret: slapd.BindPassword, Mapping: m,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

func TestAKeptPasswordGoesToNoOtherServerOrAccount(t *testing.T) {
	t.Parallel()
	server, thief := slapd.Start(t, slapd.Options{People: 1}), slapd.Start(t, slapd.Options{People: 1})
	h := setup(t).today()
	c := h.directory(server.Settings(), nil)
	empty := ""
	for name, change := range map[string]func(*ldap.Settings){
		"server":           func(s *ldap.Settings) { s.URLs, s.CACertificates = []string{thief.URL}, thief.CA },
		"a further server": func(s *ldap.Settings) { s.URLs = append([]string{thief.URL}, s.URLs...) },
		"authority":        func(s *ldap.Settings) { s.CACertificates += thief.CA },
		"name":             func(s *ldap.Settings) { s.ServerName = "directory.example.org" },
		"account":          func(s *ldap.Settings) { s.BindDN = slapd.RootDN },
		"no server yet":    func(s *ldap.Settings) { s.URLs = nil }, // half of a way around
	} {
		st := server.Settings()
		change(&st)
		if len(st.URLs) > 0 {
			for _, secret := range []*string{nil, &empty} {
				_, err := h.s.CheckDirectory(h.admin, c.ID, st, secret)
				if f := wrong(t, err, "secret"); !strings.Contains(f.Fields["secret"], "again") {
					t.Errorf("check with another %s: %v", name, err)
				}
			}
		}
		_, err := h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st)})
		if _ = wrong(t, err, "secret"); t.Failed() {
			t.Fatalf("another %s", name)
		}
	}
	thief.Shutdown() // its log is written to the end
	if strings.Contains(thief.Log(), " BIND ") {
		t.Error("the password was sent")
	}

	st, password := server.Settings(), slapd.BindPassword
	if seen, err := h.s.CheckDirectory(h.admin, c.ID, st, &empty); err != nil || !seen.OK {
		t.Errorf("the same account: %+v, %v", seen, err)
	}
	st.SyncFilter = "(uid=*)"
	c, err := h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st)})
	if err != nil || !c.HasSecret() {
		t.Fatalf("another filter: %+v, %v", c, err)
	}
	st.URLs = []string{"ldaps://elsewhere.example.org"}
	if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st), Secret: &empty}); err != nil || c.HasSecret() {
		t.Fatalf("forgotten: %+v, %v", c, err)
	}
	st.BindDN = slapd.RootDN // no secret is kept: nothing can be lost
	if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st)}); err != nil {
		t.Fatal(err)
	}
	if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, server.Settings()), Secret: &password}); err != nil || !c.HasSecret() {
		t.Errorf("typed again: %+v, %v", c, err)
	}
}

func TestAKeptClientSecretGoesToNoOtherIssuer(t *testing.T) {
	t.Parallel()
	h := setup(t)
	st := oidc.Settings{Issuer: "https://idp.example", ClientID: "portal"}
	c, err := h.s.CreateConnection(h.admin, signon.ConnectionInput{Kind: auth.ProtocolOIDC, Name: "OIDC", Settings: packed(t, st), Secret: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*oidc.Settings){
		"issuer":        func(s *oidc.Settings) { s.Issuer = "https://thief.example" },
		"issuer's path": func(s *oidc.Settings) { s.Issuer += "/thief" },
		"no issuer yet": func(s *oidc.Settings) { s.Issuer = "" },
		"client":        func(s *oidc.Settings) { s.ClientID = "another" },
	} {
		other := st
		change(&other)
		_, err := h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, other)})
		if f := wrong(t, err, "secret"); !strings.Contains(f.Fields["secret"], "again") {
			t.Errorf("another %s: %v", name, err)
		}
	}
	// What is not about who gets it, or comes with the secret, is taken.
	st.Scopes, st.AuthMethod = []string{"openid", "email"}, oidc.AuthPost
	if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st)}); err != nil || !c.HasSecret() {
		t.Fatalf("%+v, %v", c, err)
	}
	again := "an0ther"
	st.Issuer = "https://new.example"
	if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st), Secret: &again}); err != nil {
		t.Fatal(err)
	}
	if kept, err := h.s.Secret(h.ctx, c); err != nil || kept != again {
		t.Errorf("kept %q, %v", kept, err)
	}
}

func TestOnlyADirectoryIsTriedAsOne(t *testing.T) {
	t.Parallel()
	server := slapd.Start(t, slapd.Options{People: 1})
	h := setup(t).today()
	c, err := h.s.CreateConnection(h.admin, signon.ConnectionInput{Kind: auth.ProtocolOIDC, Name: "OIDC", Secret: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.s.CheckDirectory(h.admin, c.ID, server.Settings(), nil)
	meets(t, err, signon.ErrConnectionNotFound)
	server.Shutdown() // its log is written to the end
	if strings.Contains(server.Log(), " BIND ") {
		t.Error("a client secret was sent to a directory")
	}
}

func TestAMappingsOwnAttributesAreAskedForAtSignIn(t *testing.T) {
	t.Parallel()
	server := slapd.Start(t, slapd.Options{People: 2})
	server.Set(slapd.Person(1), "roomNumber", "4.12")
	server.Set(slapd.Person(1), "employeeType", "permanent")
	h := setup(t).today()
	c := h.directory(server.Settings(), auth.Mapping{
		{Field: auth.FieldEmail, From: []string{"mail"}}, {Field: auth.FieldName, From: []string{"cn"}},
		{Field: "department", From: []string{"{employeeType} in room {roomNumber}"}},
	})
	c, err := h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Rules: &auth.RoleRules{Default: policy.Learner}, Admission: &signon.Admission{AllowJIT: true, AllowUnverifiedDomains: true, ExternalIDClaim: "homePhone"}})
	if err != nil {
		t.Fatal(err)
	}
	server.Set(slapd.Person(1), "homePhone", "4711")
	c = h.set(c, signon.StatusOn)
	arrival, err := h.s.SignInByLDAP(h.ctx, c.ID, signon.LDAPLogin{Login: slapd.Person(1), Password: slapd.Password(slapd.Person(1))})
	if err != nil {
		t.Fatal(err, arrival)
	}
	trace, err := h.s.Attempts(h.admin, signon.AttemptFilter{Connection: c.ID})
	if err != nil || len(trace.Attempts) != 1 {
		t.Fatalf("%+v, %v", trace, err)
	}
	one := trace.Attempts[0]
	if got := c.Mapping.V.Apply(one.Claims.V).Profile.Attributes["department"]; got != "permanent in room 4.12" {
		t.Errorf("department %q of %v", got, one.Claims.V)
	}
	if len(one.Claims.V["homePhone"]) == 0 {
		t.Errorf("the claim of the external id was not asked for: %v", one.Claims.V)
	}
	// A test of the settings misses what the mapping wants and the directory does not show.
	seen, err := h.s.CheckDirectory(h.admin, c.ID, server.Settings(), nil)
	if err != nil || !seen.OK {
		t.Fatalf("%+v, %v", seen, err)
	}
	server.Set(slapd.Person(1), "roomNumber")
	if seen, err = h.s.CheckDirectory(h.admin, c.ID, server.Settings(), nil); err != nil || !strings.Contains(strings.Join(seen.Sample.Missing, " "), "roomNumber") {
		t.Errorf("missing %v, %v", seen.Sample.Missing, err)
	}
}
