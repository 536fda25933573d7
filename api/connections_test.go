package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// madeCertificate is an identity provider's.
func madeCertificate(t testing.TB, h *house, name string) string {
	t.Helper()
	k, err := saml.NewKey(name, h.w.Now.Now().Add(-time.Hour), 20*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return k.Certificate
}

func idpMetadata(certificates ...string) string {
	keys := ""
	for _, c := range certificates {
		keys += `<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>` + c + `</X509Certificate></X509Data></KeyInfo></KeyDescriptor>`
	}
	return `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/entity"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">` + keys +
		`<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"/></IDPSSODescriptor></EntityDescriptor>`
}

// newConnection makes one in the browser and gives where its pages stand.
func newConnection(b *browser, choice, name string) string {
	b.t.Helper()
	b.get("/settings/sign-on/new").is(200)
	made := b.post("/settings/sign-on/new", "choice", choice, "name", name).is(303)
	return strings.TrimSuffix(made.Header.Get("Location"), "/guide")
}

var foundMetadata = regexp.MustCompile(`name="found" value="([^"]*)"`)

// completeConnection makes one that could be switched on.
func completeConnection(b *browser, name string) string {
	b.t.Helper()
	at := newConnection(b, "saml:other", name)
	b.takes(at, "1", b.post(at+"/metadata", "metadata", idpMetadata(madeCertificate(b.t, b.house, name))).is(200), "")
	return at
}

// takes presses the button under what metadata said.
func (b *browser) takes(at, revision string, looked answer, url string) {
	b.t.Helper()
	packed := foundMetadata.FindStringSubmatch(looked.body)
	if packed == nil {
		b.t.Fatal("there is nothing to take over")
	}
	b.post(at+"/metadata/take", "revision", revision, "metadata_url", url, "found", html.UnescapeString(packed[1])).is(303).leads(at + "/settings")
}

func TestAnAdministratorSetsASAMLConnectionUpByItsMetadata(t *testing.T) {
	t.Parallel()
	h := setup(t)
	first, second := madeCertificate(t, h, "first"), madeCertificate(t, h, "second")
	text := idpMetadata(first)
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
	defer idp.Close()
	b := h.as(h.person(policy.Admin))
	b.get("/settings/sign-on").is(200).says("No connection yet")
	at := newConnection(b, "saml:entra", "")
	id := strings.TrimPrefix(at, "/settings/sign-on/")

	origin := "http://" + h.host
	b.get(at+"/guide").is(200).says("was added", "Microsoft", "Identifier (Entity ID)", `value="`+origin+`/sso/saml/metadata"`, `value="`+origin+"/sso/saml/"+id+`/acs"`, `data-copy="paste-2-acs"`)
	b.get(at+"/guide?for=okta").is(200).says("Audience URI (SP Entity ID)", "Use this guide")
	b.get(at).is(200).says("What is next", "Follow the guide", "Add the certificate with which the identity provider signs.")
	b.post(at+"/status", "revision", "1", "status", "on").is(422).says("not complete yet")

	looked := b.post(at+"/metadata", "metadata_url", idp.URL).is(200).says("Nothing is changed yet", "https://idp.example/entity", "RSA 2048", "Certificate comes", "CN=first")
	b.get(at + "/settings").is(200).says("No certificate yet")
	b.takes(at, "1", looked, idp.URL)
	settings := b.get(at+"/settings").is(200).says("taken over", "CN=first", `value="https://idp.example/sso"`, idp.URL)

	// By file, with its second certificate; and bad ones.
	b.multipart(at+"/metadata", nil, "metadata_file", "idp.xml", []byte(idpMetadata(first, second))).is(200).says("Read from your file", "CN=second")
	b.multipart(at+"/metadata", nil, "metadata_file", "idp.xml", []byte("PDF")).is(422).says("not SAML metadata")
	b.post(at+"/metadata", "metadata", "<EntitiesDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">"+idpMetadata(first)+strings.ReplaceAll(idpMetadata(second), "/entity", "/other")+"</EntitiesDescriptor>").
		is(422).says("names 2 identity providers", `id="which"`)

	// Certificates by hand.
	b.post(at+"/certificates", "revision", "2", "certificate", "nonsense").is(422).says("cannot be used as a signing certificate")
	b.post(at+"/certificates", "revision", "2", "certificate", second).is(303).leads(at + "/settings#certificates")
	fingerprint := regexp.MustCompile(`name="fingerprint" value="([^"]+)"`).FindStringSubmatch(b.get(at + "/settings").says("CN=second").body)
	b.post(at+"/certificates/remove", "revision", "3", "fingerprint", fingerprint[1]).is(303)
	if page := b.get(at + "/settings").is(200); strings.Contains(page.body, "CN=first") {
		t.Error("the certificate is still there")
	}
	if strings.Contains(settings.body, "CN=second") {
		t.Error("the second came before it was added")
	}

	// The settings themselves, and someone quicker.
	form := []string{"revision", "4", "name", "Acme account", "entity_id", "https://idp.example/entity", "sso_redirect", "https://idp.example/sso", "request_binding", "redirect", "sign_requests", "1", "own_entity", "1"}
	b.post(at+"/settings", form...).is(303)
	b.get(at + "/guide").is(200).says("/sso/saml/" + id + "/metadata")
	b.post(at+"/settings", form...).is(409).says("Someone else changed this connection meanwhile")
	b.post(at+"/settings", append([]string{"revision", "5", "clock_skew", "x", "allow_sha1_until", "soon"}, form[2:]...)...).is(422).says("Enter a whole number.", "Enter a date")
	b.post(at+"/status", "revision", "5", "status", "dry_run").is(303)
	b.post(at+"/status", "revision", "6", "status", "on").is(303)
	b.get(at).is(200).says("nobody has come through it yet")
	b.get("/settings/sign-on").is(200).says("Acme account", "Certificate ends in 20 days", ">On<")

	b.get(at + "/delete").is(200).says("Type “Acme account” to confirm")
	b.post(at+"/delete", "confirm", "acme").is(422).says("exactly as it stands")
	b.post(at+"/delete", "confirm", "Acme account").is(303).leads("/settings/sign-on")
	b.get(at).is(404)
}

func TestASecretIsTypedAndNeverShown(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	at := newConnection(b, "oidc:google", "Google account")
	page := b.get(at + "/settings").is(200).says("https://accounts.google.com")
	if strings.Contains(page.body, "never shown again\"") {
		t.Error("a secret is said to be kept")
	}
	form := []string{"name", "Google account", "issuer", "https://accounts.google.com", "client_id", "abc.apps.example", "hosted_domain", "ACME.example", "require_verified_email", "1"}
	b.post(at+"/settings", append(form, "revision", "1", "secret", "GOCSPX-very-secret")...).is(303)
	b.get(at+"/settings").is(200).saysNot("GOCSPX").says("Kept, never shown again", `value="acme.example"`)
	b.post(at+"/settings", append(form, "revision", "2")...).is(303) // left empty it stays
	b.post(at+"/status", "revision", "2", "status", "dry_run").is(303)
	b.post(at+"/settings", append(form, "revision", "3", "forget_secret", "1")...).is(303)
	b.post(at+"/status", "revision", "4", "status", "on").is(422).says("Paste the client secret")

	wrong := b.post(at+"/look", "name", "x", "issuer", "http://idp.example", "secret", "typed-secret").is(422).says("The issuer is an https address")
	wrong.saysNot("typed-secret")
	b.post(at+"/check", "name", "x").is(409).says("no such part")
}

func TestADirectoryIsTestedFromItsForm(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	at := newConnection(b, "ldap:active_directory", "Plant")
	form := []string{"name", "Plant", "kind", "active_directory", "urls", "ldaps://127.0.0.1:1", "bind_dn", "reader@acme.example", "base_dn", "DC=acme,DC=example", "secret", "p"}
	b.post(at+"/check", form...).is(200).says("Something is not right yet", "Server reached").saysNot(`value="p"`)
	b.post(at+"/check", "name", "Plant", "kind", "active_directory").is(422).says("Name one to five servers")
	b.post(at+"/settings", append(form, "revision", "1")...).is(303)
	b.post(at + "/refresh").is(409).says("nothing to fetch")
	b.post(at+"/metadata", "metadata_url", "https://x.example").is(409).says("no such part")
}

// attempted writes an attempt of a connection down.
func (h *house) attempted(at string, edit func(*signon.Attempt)) signon.Attempt {
	h.t.Helper()
	id, _ := uid.Parse(strings.TrimPrefix(at, "/settings/sign-on/"))
	a := signon.Attempt{
		ID: uid.New(), ConnectionID: id, Outcome: signon.OutcomeAdmitted, Subject: "subject-7", IP: "192.0.2.9", At: h.w.Now.Now(),
		Claims: signon.JSON[map[string][]string]{V: map[string][]string{"email": {"anna@acme.example"}, "groups": {"Leads", "Staff"}, "lang": {"klingon"}}},
		Checks: signon.JSON[auth.Report]{V: auth.Report{{Name: "signature", OK: true, Detail: "made by the pinned certificate"}}},
	}
	edit(&a)
	if err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error { return h.w.Store.InsertAttempt(ctx, a, signon.AttemptsKept) }); err != nil {
		h.t.Fatal(err)
	}
	return a
}

func TestAMappingIsPreviewedOnTheLastAnswer(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	at := newConnection(b, "saml:other", "IdP")
	b.get(at + "/mapping").is(200).says("No answer has come over this connection yet")
	h.attempted(at, func(*signon.Attempt) {})
	b.get(at+"/mapping").is(200).says(`<option value="lang">`, "anna@acme.example", "not used", "Shown on the last real answer")
	b.post(at+"/mapping", "revision", "1", "do", "preview", "from.email", "email", "from.locale", "lang", "from.title", "{email} of {nothing}").is(200).
		says("not a language (BCP 47)", "Not saved yet.", `value="{email} of {nothing}"`)
	b.post(at+"/mapping", "revision", "1", "do", "preview", "from.email", "{email").is(422).says("a text with claims in braces")
	b.post(at+"/mapping", "revision", "9", "do", "save", "from.email", "email").is(409)
	b.post(at+"/mapping", "revision", "1", "do", "save", "from.email", "email", "from.email", "mail", "from.email", "  ").is(303)
	b.get(at + "/mapping").is(200).says(`value="mail"`).saysNot(`value="displayName"`)
	b.post(at+"/mapping", "revision", "2", "do", "preset").is(200).says(`value="displayName"`, "Not saved yet.")
	b.post(at+"/guide", "revision", "2", "product", "okta").is(303)
	b.get(at + "/mapping").is(200).says(`value="{firstName} {lastName}"`)
}

func TestRolesByGroupAreArrangedWithButtonsAndPreviewed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	at := newConnection(b, "saml:other", "IdP")
	h.attempted(at, func(*signon.Attempt) {})
	two := []string{"revision", "1", "group", "Leads", "role", "manager", "group", "Staff", "role", "learner", "default", ""}
	order := func(a answer) string {
		var got []string
		for _, m := range regexp.MustCompile(`name="group" value="([^"]*)"`).FindAllStringSubmatch(a.body, -1) {
			got = append(got, m[1])
		}
		return strings.Join(got, ",")
	}
	b.get(at+"/access").is(200).says("No rule yet", "Make an account at the first sign-in").saysNot(`<option value="owner">`)
	for do, want := range map[string]string{"up.2": "Staff,Leads", "down.1": "Staff,Leads", "remove.1": "Staff", "add": "Leads,Staff,", "up.1": "Leads,Staff", "up.99": "Leads,Staff", "preview": "Leads,Staff"} {
		if got := order(b.post(at+"/roles", append(two, "do", do)...).is(200)); got != want {
			t.Errorf("%s gives %s, want %s", do, got, want)
		}
	}
	b.post(at+"/roles", append(two, "do", "preview")...).is(200).says("Rule 1 decides: Manager.", "Nobody is linked to this connection yet.")
	b.post(at+"/roles", append(two, "group", "leads", "role", "admin", "do", "save")...).is(422).says("only its first rule would ever count")
	b.post(at+"/roles", "revision", "1", "group", "G", "role", "owner", "do", "save").is(422).says("Groups cannot make owners")
	b.post(at+"/roles", append(two, "do", "save")...).is(303)
	b.get(at+"/access").is(200).says(`value="Leads"`, `value="Staff"`)
	b.post(at+"/access", "revision", "2", "allow_unverified_domains", "1").is(422).says("switch those on first")
	b.post(at+"/access", "revision", "2", "allow_jit", "1", "external_id_claim", "oid").is(303)
	b.get(at + "/access").is(200).says(`value="oid"`)
}

func TestTheTraceIsReadableAndOneAttemptIsExported(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	at := newConnection(b, "saml:other", "IdP")
	b.get(at + "/attempts").is(200).says("No attempts yet")
	good := h.attempted(at, func(*signon.Attempt) {})
	h.w.Now.Advance(time.Minute)
	bad := h.attempted(at, func(a *signon.Attempt) {
		a.Outcome, a.Reason, a.Claims.V = signon.OutcomeRefused, "audience", nil
		a.Checks.V = auth.Report{{Name: "issuer", OK: true}, {Name: "audience", Detail: `it is meant for "https://other.example"`}}
	})
	b.get(at+"/attempts").is(200).says(signon.Number(good.ID), signon.Number(bad.ID), "Meant for us", "https://other.example")
	b.get(at + "/attempts?outcome=refused").is(200).says(signon.Number(bad.ID)).saysNot(signon.Number(good.ID))
	b.get(at+"/attempts/"+bad.ID.String()).is(200).says("Meant for us", "https://other.example", "Compare its audience or entity ID")
	b.get(at+"/attempts/"+good.ID.String()).is(200).says("anna@acme.example", "Leads", "subject-7")
	file := b.get(at+"/attempts/"+bad.ID.String()+".json").is(200).hasIn("Content-Disposition", "sign-on-"+signon.Number(bad.ID)+".json")
	var out struct {
		Reason string
		Checks []auth.Check
	}
	if err := json.Unmarshal([]byte(file.body), &out); err != nil || out.Reason != "audience" || len(out.Checks) != 2 {
		t.Errorf("exported %s, %v", file.body, err)
	}
	b.get(at + "/attempts/" + uid.New().String()).is(404)
	b.get("/settings/sign-on").is(200).says("Last refusal", "Last sign-in")
	b.get(at+"/outlook?at=2031-01-01").is(200).says("sign-in is likely to fail", "No certificate is known")
	b.get(at + "/outlook?at=soon").is(200).says("Enter a date")
}

func TestConnectionsAreNoBusinessOfInstructorsAndOtherTenants(t *testing.T) {
	t.Parallel()
	h := setup(t)
	admin, instructor := h.as(h.person(policy.Admin)), h.as(h.person(policy.Instructor))
	at := newConnection(admin, "saml:other", "IdP")
	other := h.newTenant()
	h.host, h.ctx = h.hostOf(other), tenant.With(t.Context(), other)
	stranger := h.as(h.person(policy.Owner))
	for _, path := range []string{"", "/guide", "/settings", "/mapping", "/access", "/attempts", "/outlook", "/delete"} {
		instructor.get(at + path).is(403)
		stranger.get(at + path).is(404)
	}
	instructor.get("/").is(200).saysNot("/settings/sign-on")
	for _, path := range []string{"/status", "/settings", "/roles", "/access", "/mapping", "/delete", "/move", "/refresh", "/certificates", "/metadata/take", "/guide"} {
		instructor.post(at+path, "revision", "1", "status", "on", "position", "1").is(403)
		if got := stranger.post(at+path, "revision", "1", "status", "on", "position", "0", "found", "{}"); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s of another tenant answers %d", path, got.StatusCode)
		}
	}
	admin.get(at).is(200)
}

func TestTheOrderOfButtonsIsMovedOnTheList(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	newConnection(b, "saml:other", "First")
	second := newConnection(b, "oidc:okta", "Second")
	b.post(second+"/move", "position", "0").is(303).leads("/settings/sign-on")
	page := b.get("/settings/sign-on").is(200).body
	if strings.Index(page, ">Second<") > strings.Index(page, ">First<") {
		t.Error("the order stayed")
	}
	b.post(second+"/move", "position", "x").is(422)
	for _, choice := range []string{"", "kerberos:x", "saml:okta:x"} {
		b.post("/settings/sign-on/new", "choice", choice, "name", fmt.Sprint("x", choice)).is(422).says("Choose one of the kinds on offer.")
	}
	b.post("/settings/sign-on/new", "choice", "saml:okta", "name", "first").is(422).says("Another connection has this name")
}

func TestTheSignOnPageSaysWhatExpiresSoonAndWhereItIsRenewed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Admin))
	at := completeConnection(b, "Acme Login") // its certificate is good for 20 days
	b.get("/settings/sign-on").is(200).saysNot("Expires soon")
	b.get(at).is(200)
	b.post(at+"/status", "revision", "2", "status", "dry_run").is(303)
	b.get("/settings/sign-on").is(200).says("Expires soon", "Identity provider’s certificate", "in 20 days", `href="`+at+`/settings"`)
	b.get("/settings/sign-on/keys").is(200).says("Expires soon", "in 20 days")
}
