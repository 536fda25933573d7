package signon_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
	"lyceum/store/storetest"
)

func TestAConnectionBeginsOffWithThePresetOfItsProduct(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolSAML, signon.ProductEntra, "  Acme   account ")
	if c.Name != "Acme account" || c.Status != signon.StatusOff || c.Revision != 1 || !c.Admission.V.AllowJIT || c.Complete() == nil {
		t.Errorf("made %+v", c)
	}
	st, err := c.SAML()
	if err != nil || !st.SignRequests || st.SubjectAttribute != "http://schemas.microsoft.com/identity/claims/objectidentifier" {
		t.Errorf("settings %+v, %v", st, err)
	}
	got := c.Mapping.V.Apply(map[string][]string{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": {"anna@acme.example"}})
	if got.Profile.Email != "anna@acme.example" {
		t.Errorf("the preset maps %+v", got)
	}
	if types := storetest.EventTypes(t, h.ctx, h.w, c.ID); !slices.Equal(types, []string{"connection.created"}) {
		t.Errorf("events %v", types)
	}
	other := h.create(auth.ProtocolOIDC, signon.ProductOkta, "Okta")
	if other.Position != 1 {
		t.Errorf("the second stands at %d", other.Position)
	}
	for field, in := range map[string]signon.ConnectionInput{
		"name": {Kind: auth.ProtocolOIDC, Product: signon.ProductOkta, Name: "acme ACCOUNT"},
		"kind": {Kind: auth.ProtocolLDAP, Product: signon.ProductOkta, Name: "x"},
	} {
		_, err := h.s.CreateConnection(h.admin, in)
		_ = wrong(t, err, field)
	}
	_, err = h.s.CreateConnection(h.admin, signon.ConnectionInput{Kind: "kerberos", Name: strings.Repeat("x", 81)})
	_ = wrong(t, err, "kind", "name")
}

func TestOnlyThoseWhoMayLookAfterConnections(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.complete("idp")
	calls := func(s *signon.Service, ctx context.Context) map[string]error {
		out := map[string]error{}
		note := func(name string, err error) { out[name] = err }
		_, err := s.Connections(ctx)
		note("list", err)
		_, err = s.Connection(ctx, c.ID)
		note("show", err)
		_, err = s.CreateConnection(ctx, signon.ConnectionInput{Kind: auth.ProtocolSAML, Name: "x"})
		note("create", err)
		name := "y"
		_, err = s.ChangeConnection(ctx, c.ID, c.Revision, signon.Change{Name: &name})
		note("change", err)
		_, err = s.SetStatus(ctx, c.ID, c.Revision, signon.StatusOn)
		note("status", err)
		note("move", s.MoveConnection(ctx, c.ID, 0))
		note("delete", s.DeleteConnection(ctx, c.ID, "idp"))
		_, err = s.Stakes(ctx, c.ID)
		note("stakes", err)
		_, err = s.Attempts(ctx, signon.AttemptFilter{Connection: c.ID})
		note("attempts", err)
		_, err = s.PreviewRules(ctx, c.ID, nil, auth.RoleRules{})
		note("preview", err)
		_, err = s.LookAtMetadata(ctx, c.ID, signon.MetadataSource{URL: "https://idp.example"})
		note("metadata", err)
		_, err = s.OutlookOf(ctx, c.ID, h.w.Now.Now())
		note("outlook", err)
		return out
	}
	for name, err := range calls(h.s, h.as(policy.Instructor)) {
		if !isForbidden(err) {
			t.Errorf("an instructor: %s gives %v", name, err)
		}
	}
	for name, err := range calls(h.s, h.ctx) {
		meetsNamed(t, "a stranger: "+name, err, auth.ErrSignInFirst)
	}
	other := setup(t)
	for name, err := range calls(other.s, other.admin) {
		if name != "list" && name != "create" && name != "preview" {
			meetsNamed(t, "another tenant: "+name, err, signon.ErrConnectionNotFound)
		}
	}
	if list, err := other.s.Connections(other.admin); err != nil || len(list) != 1 || list[0].ID == c.ID {
		t.Errorf("another tenant sees %v, %v", list, err)
	}
}

func TestWhoWasSentALinkWorksOnOneConnectionAndDecidesNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c, other := h.complete("theirs"), h.complete("other")
	guest := auth.WithPrincipal(h.ctx, auth.Principal{May: policy.Set{policy.ConnectionManage: {}}})
	ctx := signon.WithOnly(guest, signon.Only{Connection: c.ID})

	if list, err := h.s.Connections(ctx); err != nil || len(list) != 1 || list[0].ID != c.ID {
		t.Errorf("they see %v, %v", list, err)
	}
	_, err := h.s.Connection(ctx, other.ID)
	meets(t, err, signon.ErrConnectionNotFound)
	name := "Theirs, renamed"
	c, err = h.s.ChangeConnection(ctx, c.ID, c.Revision, signon.Change{Name: &name})
	meets(t, err, nil)
	tried, err := h.s.SetStatus(ctx, c.ID, c.Revision, signon.StatusDryRun)
	meets(t, err, nil)
	_, err = h.s.SetStatus(ctx, c.ID, tried.Connection.Revision, signon.StatusOn)
	meets(t, err, signon.ErrPortalDecides)
	_, err = h.s.ChangeConnection(ctx, c.ID, tried.Connection.Revision, signon.Change{Rules: &auth.RoleRules{Default: policy.Admin}})
	meets(t, err, signon.ErrPortalDecides)
	_, err = h.s.ChangeConnection(ctx, c.ID, tried.Connection.Revision, signon.Change{Admission: &signon.Admission{AllowUnverifiedDomains: true, AllowJIT: true}})
	meets(t, err, signon.ErrPortalDecides)
	meets(t, h.s.DeleteConnection(ctx, c.ID, name), signon.ErrPortalDecides)
	_, err = h.s.CreateConnection(ctx, signon.ConnectionInput{Kind: auth.ProtocolSAML, Name: "another"})
	meets(t, err, signon.ErrPortalDecides)

	fresh := signon.WithOnly(guest, signon.Only{Kind: auth.ProtocolOIDC})
	_, err = h.s.CreateConnection(fresh, signon.ConnectionInput{Kind: auth.ProtocolSAML, Name: "wrong kind"})
	meets(t, err, signon.ErrPortalDecides)
	_, err = h.s.CreateConnection(fresh, signon.ConnectionInput{Kind: auth.ProtocolOIDC, Name: "right kind"})
	meets(t, err, nil)
	_, err = h.s.Connection(fresh, uid.Nil)
	meets(t, err, signon.ErrConnectionNotFound)
	on := h.set(tried.Connection, signon.StatusOn)
	_, err = h.s.SetStatus(ctx, c.ID, on.Revision, signon.StatusOff)
	meets(t, err, signon.ErrPortalDecides)
}

func TestAChangeNamesItsFieldsAndLosesToAQuickerOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolOIDC, signon.ProductOther, "Okta")
	secret, name := "s3cret-value", "Okta EU"
	settings := signon.Raw(`{"issuer":"https://eu.okta.example","client_id":"abc"}`)
	changed, err := h.s.ChangeConnection(h.admin, c.ID, 1, signon.Change{Name: &name, Settings: settings, Secret: &secret})
	if err != nil || changed.Revision != 2 || changed.Name != name || !changed.HasSecret() {
		t.Fatalf("%+v, %v", changed, err)
	}
	if kept, err := h.s.Secret(h.ctx, changed); err != nil || kept != secret {
		t.Errorf("the secret is %q, %v", kept, err)
	}
	events := storetest.Events(t, h.ctx, h.w, c.ID)
	last := events[len(events)-1]
	if fields, _ := last.Data["changed"].([]any); last.Type != "connection.changed" || !slices.Equal(fields, []any{"name", "oidc.client_id", "oidc.issuer", "secret"}) {
		t.Errorf("told %+v", last)
	}
	h.within(func(ctx context.Context) error {
		var leaks int
		err := store.Pgx(ctx).QueryRow(ctx, "select (select count(*) from events where data::text like '%s3cret%') + (select count(*) from connections where settings::text like '%s3cret%' or encode(secrets, 'escape') like '%s3cret%')").Scan(&leaks)
		if leaks != 0 {
			t.Errorf("the secret stands in %d rows", leaks)
		}
		return err
	})
	_, err = h.s.ChangeConnection(h.admin, c.ID, 1, signon.Change{Name: &name})
	meets(t, err, signon.ErrStaleRevision)
	same, err := h.s.ChangeConnection(h.admin, c.ID, 2, signon.Change{Name: &name, Settings: settings})
	if err != nil || same.Revision != 2 || len(storetest.Events(t, h.ctx, h.w, c.ID)) != len(events) {
		t.Errorf("a change of nothing: %+v, %v", same, err)
	}
	none := ""
	without, err := h.s.ChangeConnection(h.admin, c.ID, 2, signon.Change{Secret: &none})
	if err != nil || without.HasSecret() {
		t.Errorf("the secret stays: %v", err)
	}
	if kept, err := h.s.Secret(h.ctx, without); err != nil || kept != "" {
		t.Errorf("%q, %v", kept, err)
	}
	// What another tenant's key sealed opens nowhere else.
	other := setup(t)
	if got, err := other.s.Secret(other.ctx, changed); err == nil || got != "" {
		t.Errorf("another tenant opened %q", got)
	}
}

func TestSettingsMayBeIncompleteButNotWrong(t *testing.T) {
	t.Parallel()
	h := setup(t)
	for _, c := range []struct {
		kind     auth.Protocol
		settings string
		field    string // "": it is taken
	}{
		{auth.ProtocolOIDC, `{"issuer":"https://idp.example"}`, ""},
		{auth.ProtocolOIDC, `{"issuer":"http://idp.example","client_id":"x"}`, "issuer"},
		{auth.ProtocolOIDC, `{"issuer":"https://login.microsoftonline.com/common/v2.0","client_id":"x","entra_tenants":["x"]}`, "entra_tenants"},
		{auth.ProtocolSAML, `{"entity_id":"https://idp.example","request_binding":"redirect"}`, ""},
		{auth.ProtocolSAML, `{"entity_id":"https://idp.example","request_binding":"artifact"}`, "request_binding"},
		{auth.ProtocolSAML, `{"request_binding":"redirect","sso_redirect":"http://idp.example/sso"}`, "sso_redirect"},
		{auth.ProtocolSAML, `{"request_binding":"redirect","signing_certificates":["bm8="]}`, "signing_certificates"},
		{auth.ProtocolSAML, `{"request_binding":"redirect","clock_skew":999}`, "clock_skew"},
		{auth.ProtocolLDAP, `{"kind":"openldap","urls":["ldap://plain.example"]}`, "urls"},
		{auth.ProtocolLDAP, `{"kind":"openldap","urls":["ldap://plain.example"],"start_tls":true}`, ""},
	} {
		_, err := h.s.CreateConnection(h.admin, signon.ConnectionInput{Kind: c.kind, Name: uid.Opaque(8), Settings: signon.Raw(c.settings)})
		if c.field == "" {
			meetsNamed(t, c.settings, err, nil)
			continue
		}
		if f := wrong(t, err, c.field); len(f.Fields) != 1 {
			t.Errorf("%s: %v", c.settings, f.Fields)
		}
	}
	for _, unreadable := range []string{`{"isuer":"https://idp.example"}`, `[]`, `{"issuer":7}`, `{"issuer":"` + strings.Repeat("x", 300<<10) + `"}`} {
		_, err := h.s.CreateConnection(h.admin, signon.ConnectionInput{Kind: auth.ProtocolOIDC, Name: uid.Opaque(8), Settings: signon.Raw(unreadable)})
		if err == nil {
			t.Errorf("%.40s is taken", unreadable)
		}
	}
}

func TestSwitchingDemandsCompleteSettingsAndWarnsWhenNobodyTried(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.create(auth.ProtocolOIDC, signon.ProductOther, "OIDC")
	for _, to := range []signon.Status{signon.StatusOn, signon.StatusDryRun} {
		_, err := h.s.SetStatus(h.admin, c.ID, 1, to)
		meets(t, err, signon.ErrIncomplete)
		_ = wrong(t, err, "issuer", "client_id", "secret")
	}
	_, err := h.s.SetStatus(h.admin, c.ID, 1, "loud")
	_ = wrong(t, err, "status")

	ready := h.complete("idp")
	out, err := h.s.SetStatus(h.admin, ready.ID, ready.Revision, signon.StatusOn)
	if err != nil || !out.Unproven || out.Connection.Status != signon.StatusOn {
		t.Fatalf("%+v, %v", out, err)
	}
	_, err = h.s.SetStatus(h.admin, ready.ID, ready.Revision, signon.StatusOff)
	meets(t, err, signon.ErrStaleRevision)
	off := h.set(out.Connection, signon.StatusOff)
	h.tried(off, signon.OutcomeDryRun, nil, nil)
	out, err = h.s.SetStatus(h.admin, off.ID, off.Revision, signon.StatusOn)
	if err != nil || out.Unproven {
		t.Errorf("after a try: %+v, %v", out, err)
	}
	// A connection that is on stays complete.
	st, _ := out.Connection.SAML()
	st.SigningCertificates = nil
	_, err = h.s.ChangeConnection(h.admin, off.ID, out.Connection.Revision, signon.Change{Settings: packed(t, st)})
	meets(t, err, signon.ErrIncomplete)
	if types := storetest.EventTypes(t, h.ctx, h.w, ready.ID); len(types) != 5 || types[2] != "connection.status_changed" {
		t.Errorf("events %v", types)
	}
}

func TestTheOrderOfTheButtonsIsSetByMoving(t *testing.T) {
	t.Parallel()
	h := setup(t)
	a, b, c := h.create(auth.ProtocolSAML, "", "A"), h.create(auth.ProtocolSAML, "", "B"), h.create(auth.ProtocolOIDC, "", "C")
	names := func() (s string) {
		list, err := h.s.Connections(h.admin)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range list {
			s += one.Name
		}
		return s
	}
	for _, step := range []struct {
		id   uid.ID
		to   int
		want string
	}{{c.ID, 0, "CAB"}, {c.ID, 1, "ACB"}, {a.ID, 99, "CBA"}, {b.ID, -5, "BCA"}, {b.ID, 0, "BCA"}} {
		meets(t, h.s.MoveConnection(h.admin, step.id, step.to), nil)
		if got := names(); got != step.want {
			t.Errorf("got %s, want %s", got, step.want)
		}
	}
	meets(t, h.s.MoveConnection(h.admin, uid.New(), 0), signon.ErrConnectionNotFound)
	if got, err := h.s.Connection(h.admin, c.ID); err != nil || got.Revision != 1 {
		t.Errorf("moving is a change of the revision: %+v, %v", got, err)
	}
}

func TestDeletingTakesTheNameAndSaysWhatHangsOnIt(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.set(h.complete("idp"), signon.StatusOn)
	p := h.link(c, policy.Learner)
	h.tried(c, signon.OutcomeAdmitted, &p.ID, nil)
	domain := func(requirement signon.Requirement) {
		h.within(func(ctx context.Context) error {
			_, err := store.Pgx(ctx).Exec(ctx, `insert into email_domains (domain, token, connection_id, policy, created_at) values ('acme.example', 't', $1, $2, $3)
				on conflict (domain) do update set policy = excluded.policy`, c.ID.String(), string(requirement), h.w.Now.Now())
			return err
		})
	}
	domain(signon.RequirementRequired)
	st, err := h.s.Stakes(h.admin, c.ID)
	if err != nil || st.People != 1 || st.OnlyWay != 1 || !slices.Equal(st.Domains, []string{"acme.example"}) || !slices.Equal(st.Required, st.Domains) {
		t.Errorf("stakes %+v, %v", st, err)
	}
	_ = wrong(t, h.s.DeleteConnection(h.admin, c.ID, "IDP"), "confirm")
	meets(t, h.s.DeleteConnection(h.admin, c.ID, "idp"), signon.ErrConnectionRequired)
	_, err = h.s.SetStatus(h.admin, c.ID, c.Revision, signon.StatusOff)
	meets(t, err, signon.ErrConnectionRequired)
	domain(signon.RequirementOptional)

	h.within(func(ctx context.Context) error {
		rules, err := h.w.Store.LockSignOnRules(ctx)
		if err != nil {
			return err
		}
		rules.Portal.Require = signon.RequirementRequired
		rules.Revision++
		return h.w.Store.SaveSignOnRules(ctx, rules, h.w.Now.Now())
	})
	_, err = h.s.SetStatus(h.admin, c.ID, c.Revision, signon.StatusDryRun)
	meets(t, err, signon.ErrConnectionRequired)
	second := h.set(h.complete("second"), signon.StatusOn)
	meets(t, h.s.DeleteConnection(h.admin, c.ID, " idp "), nil)
	meets(t, h.s.DeleteConnection(h.admin, second.ID, "second"), signon.ErrConnectionRequired)
	_, err = h.s.Connection(h.admin, c.ID)
	meets(t, err, signon.ErrConnectionNotFound)
	events := storetest.Events(t, h.ctx, h.w, c.ID)
	if last := events[len(events)-1]; last.Type != "connection.deleted" || last.Data["people"] != float64(1) {
		t.Errorf("told %+v", last)
	}
	h.within(func(ctx context.Context) error {
		var left int
		err := store.Pgx(ctx).QueryRow(ctx, "select (select count(*) from identities) + (select count(*) from sign_on_attempts)").Scan(&left)
		if left != 0 {
			t.Errorf("%d rows are left", left)
		}
		_, gone := h.w.Store.PersonByID(ctx, p.ID)
		meets(t, gone, nil)
		return err
	})
}

func TestCertificatesComeAndGoByHand(t *testing.T) {
	t.Parallel()
	h := setup(t)
	c := h.complete("idp")
	next := h.certificate("next", 400)
	var pem bytes.Buffer
	pem.WriteString("-----BEGIN CERTIFICATE-----\n" + next + "\n-----END CERTIFICATE-----\nnoise\n")
	pem.WriteString("-----BEGIN CERTIFICATE-----\n" + h.certificate("third", 30) + "\n-----END CERTIFICATE-----\n")
	c, err := h.s.AddCertificates(h.admin, c.ID, c.Revision, pem.String())
	if err != nil {
		t.Fatal(err)
	}
	certs := certificates(t, c)
	if len(certs) != 3 {
		t.Fatalf("%d certificates", len(certs))
	}
	again, err := h.s.AddCertificates(h.admin, c.ID, c.Revision, next)
	if err != nil || again.Revision != c.Revision {
		t.Errorf("the same certificate twice: %v", err)
	}
	for _, bad := range []string{"", "   ", "not a certificate", "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----"} {
		_, err := h.s.AddCertificates(h.admin, c.ID, c.Revision, bad)
		_ = wrong(t, err, "certificate")
	}
	c, err = h.s.RemoveCertificate(h.admin, c.ID, c.Revision, certs[0].Fingerprint)
	if err != nil || len(certificates(t, c)) != 2 {
		t.Errorf("removed: %v", err)
	}
}

func certificates(t *testing.T, c signon.Connection) []saml.Certificate {
	t.Helper()
	st, err := c.SAML()
	if err != nil {
		t.Fatal(err)
	}
	list, err := st.Certificates()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func isForbidden(err error) bool { return err != nil && strings.Contains(err.Error(), "forbidden") }

func meetsNamed(t *testing.T, name string, err, want error) {
	t.Helper()
	if want == nil && err != nil || want != nil && !is(err, want) {
		t.Errorf("%s: got %v, want %v", name, err, want)
	}
}
