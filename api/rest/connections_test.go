package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

func TestConnectionsAreLookedAfterByProgramsToo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, _ := s.person(t, policy.Admin)
	made := s.call(t, admin, "POST", "/connections", object{"kind": "oidc", "product": "okta", "name": "Okta", "secret": "s3cret", "settings": object{"issuer": "https://eu.okta.example", "client_id": "abc", "use_user_info": true}})
	if at := made.want(t, 201).Header.Get("Location"); !strings.HasSuffix(at, made.object(t).text("id")) {
		t.Errorf("location %q", at)
	}
	c := made.object(t)
	if c.at("has_secret") != true || strings.Contains(string(made.body), "s3cret") || c.text("status") != "off" || c.text("mapping.0.field") != "email" || c.at("health.incomplete") != false {
		t.Errorf("made %s", made.body)
	}
	at := "/connections/" + c.text("id")
	s.call(t, admin, "GET", at, nil).want(t, 200)
	if list := s.call(t, admin, "GET", "/connections", nil).want(t, 200).object(t); list.text("items.0.name") != "Okta" {
		t.Errorf("list %v", list)
	}

	s.call(t, admin, "PATCH", at, object{"name": "Okta EU"}).failed(t, 422, "invalid_input")
	s.call(t, admin, "PATCH", at, object{"name": "Okta EU", "revision": 7}).failed(t, 409, "connection_changed")
	changed := s.call(t, admin, "PATCH", at, object{"name": "Okta EU", "role_rules": object{"rules": []object{{"group": "Leads", "role": "manager"}}}, "admission": object{
		"allow_jit": true, "allow_unverified_domains": false, "subject_is_user_name": false, "single_logout": false, "own_entity": false,
	}}, "If-Match", `"1"`).want(t, 200)
	if changed.Header.Get("ETag") != `"2"` || changed.object(t).text("role_rules.rules.0.role") != "manager" || changed.object(t).at("admission.single_logout") != false {
		t.Errorf("changed %s", changed.body)
	}
	if wrong := s.call(t, admin, "PATCH", at, object{"settings": object{"issuer": "http://x.example", "client_id": "a"}, "revision": 2}).failed(t, 422, "invalid_input"); wrong["issuer"] == "" {
		t.Errorf("faults %v", wrong)
	}
	s.call(t, admin, "PATCH", at, object{"settings": object{"isuer": "x"}, "revision": 2}).failed(t, 422, "settings_unreadable")
	s.call(t, admin, "PATCH", at, object{"role_rules": object{"rules": []object{{"group": "G", "role": "owner"}}}, "revision": 2}).failed(t, 422, "invalid_input")

	on := s.call(t, admin, "PUT", at+"/status", object{"status": "on", "revision": 2}).want(t, 200).object(t)
	if on.at("unproven") != true || on.text("connection.status") != "on" {
		t.Errorf("switched %v", on)
	}
	if wrong := s.call(t, admin, "DELETE", at+"?name=Okta", nil).failed(t, 422, "invalid_input"); wrong["name"] == "" {
		t.Errorf("faults %v", wrong)
	}
	s.call(t, admin, "DELETE", at+"?name=Okta%20EU", nil).want(t, 204)
	s.call(t, admin, "GET", at, nil).failed(t, 404, "connection_not_found")
}

func TestAConnectionIsNoBusinessOfOthers(t *testing.T) {
	t.Parallel()
	mine := newSite(t)
	theirs := newSiteIn(t, mine.World)
	admin, _ := mine.person(t, policy.Admin)
	instructor, _ := mine.person(t, policy.Instructor)
	other, _ := theirs.person(t, policy.Owner)
	c := theirs.call(t, other, "POST", "/connections", object{"kind": "saml", "name": "Theirs"}).want(t, 201).object(t)
	at := "/connections/" + c.text("id")
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", at, nil}, {"PATCH", at, object{"name": "x", "revision": 1}}, {"PUT", at + "/status", object{"status": "dry_run", "revision": 1}}, {"DELETE", at + "?name=Theirs", nil},
		{"GET", at + "/attempts", nil}, {"POST", at + "/mapping-preview", object{}}, {"POST", at + "/metadata", object{"metadata": "<x/>", "revision": 1}}, {"POST", at + "/refresh", nil},
		{"GET", at + "/outlook?at=2027-01-01T00:00:00Z", nil},
	} {
		mine.call(t, admin, call.method, call.path, call.body).failed(t, 404, "connection_not_found")
		mine.call(t, instructor, call.method, call.path, call.body).failed(t, 403, "forbidden")
		mine.call(t, stranger, call.method, call.path, call.body).failed(t, 401, "sign_in_first")
	}
	mine.call(t, instructor, "GET", "/connections", nil).failed(t, 403, "forbidden")
	if list := mine.call(t, admin, "GET", "/connections", nil).want(t, 200); strings.Contains(string(list.body), "Theirs") {
		t.Errorf("%s", list.body)
	}
}

func TestMetadataMappingAndOutlookAreTriedByPrograms(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, _ := s.person(t, policy.Admin)
	key, err := saml.NewKey("idp", s.Now.Now().Add(-time.Hour), 20*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	xml := fmt.Sprintf(`<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>%s</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`, key.Certificate)
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(xml)) }))
	defer idp.Close()
	at := "/connections/" + s.call(t, admin, "POST", "/connections", object{"kind": "saml", "name": "IdP"}).want(t, 201).object(t).text("id")

	dry := s.call(t, admin, "POST", at+"/metadata", object{"metadata": xml, "dry_run": true}).want(t, 200).object(t)
	if dry.text("changes.0.kind") != "entity_id" || dry.at("connection.revision") != float64(1) {
		t.Errorf("dry run %v", dry)
	}
	if wrong := s.call(t, admin, "POST", at+"/metadata", object{"url": "http://idp.example", "revision": 1}).failed(t, 422, "invalid_input"); wrong["url"] == "" {
		t.Errorf("faults %v", wrong)
	}
	s.call(t, admin, "POST", at+"/metadata", object{"metadata": "nonsense", "revision": 1}).failed(t, 422, "saml_metadata_broken")
	taken := s.call(t, admin, "POST", at+"/metadata", object{"url": idp.URL, "revision": 1}).want(t, 200).object(t)
	if taken.text("connection.settings.metadata_url") != idp.URL || taken.at("connection.health.incomplete") != false {
		t.Errorf("taken %v", taken)
	}
	if again := s.call(t, admin, "POST", at+"/refresh", nil).want(t, 200).object(t); len(again.at("changes").([]any)) != 0 { //nolint:forcetypeassert // the document says so
		t.Errorf("refreshed %v", again)
	}

	connection := parse(t, strings.TrimPrefix(at, "/connections/"))
	attempt := signon.Attempt{
		ID: uid.New(), ConnectionID: connection, Outcome: signon.OutcomeAdmitted, At: s.Now.Now(), Claims: signon.JSON[map[string][]string]{V: map[string][]string{"email": {"anna@acme.example"}, "groups": {"Leads"}, "shoe": {"42"}}},
		Checks: signon.JSON[auth.Report]{V: auth.Report{{Name: "signature", OK: true, Detail: "fine"}}},
	}
	if err := s.Store.InTenant(s.ctx, func(ctx context.Context) error { return s.Store.InsertAttempt(ctx, attempt, signon.AttemptsKept) }); err != nil {
		t.Fatal(err)
	}
	if list := s.call(t, admin, "GET", at+"/attempts?outcome=admitted", nil).want(t, 200).object(t); list.text("items.0.checks.0.name") != "signature" || list.text("items.0.number") != signon.Number(attempt.ID) {
		t.Errorf("attempts %v", list)
	}
	s.call(t, admin, "GET", at+"/attempts?outcome=loud", nil).failed(t, 422, "invalid_input")
	p := s.call(t, admin, "POST", at+"/mapping-preview", object{"role_rules": object{"rules": []object{{"group": "leads", "role": "manager"}}}}).want(t, 200).object(t)
	if p.text("fields.0.value") != "anna@acme.example" || p.text("role") != "manager" || p.at("rule") != float64(1) || p.text("unused.0") != "shoe" {
		t.Errorf("preview %v", p)
	}
	if look := s.call(t, admin, "GET", at+"/outlook?at="+s.Now.Now().AddDate(0, 1, 0).Format(time.RFC3339), nil).want(t, 200).object(t); look.text("items.0.code") != "idp_polled" || look.text("items.0.verdict") != "watch" {
		t.Errorf("outlook %v", look)
	}
}
