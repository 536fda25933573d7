package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/auth/oidc"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/signon"
)

// slo is where a logout message of the identity provider leads, within the site.
func slo(t *testing.T, m saml.Message) string {
	t.Helper()
	u, err := url.Parse(m.URL)
	if err != nil || m.URL == "" {
		t.Fatalf("no address: %+v, %v", m, err)
	}
	return u.RequestURI()
}

func TestSigningOutEndsTheSessionHereFirstAndThenThere(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(303)
	b.get("/").is(200)
	stolen := c.stranger()
	stolen.cookies["lyceum"] = b.cookies["lyceum"]
	request := saml.Message{Binding: saml.BindingRedirect, URL: b.post("/signout").onward()}
	stolen.get("/").is(303) // before the identity provider has heard of it
	if _, ok := b.cookies["lyceum"]; ok {
		t.Error("the cookie stays")
	}
	if c.saml.Sessions() != 1 {
		t.Fatal("the session there has ended already")
	}
	answer, err := c.saml.AnswerLogout(t.Context(), request)
	if err != nil || c.saml.Sessions() != 0 {
		t.Fatalf("the identity provider did not take our request: %v", err)
	}
	b.get(slo(t, answer)).is(303).leads("/signin")
	b.get("/signin").is(200).says("You are signed out, here and at your organization.")
	b.get(slo(t, answer)).is(403) // once
	b.get("/sso/saml/" + c.connection.ID.String() + "/slo?SAMLResponse=x").is(403)

	// Where it is switched off, nobody goes there; and a local session never does.
	c.change(func(k *signon.Connection) { k.Admission.V.SingleLogout = false })
	c.signsIn(b, "anna@acme.example").is(303)
	b.get("/").is(200)
	b.post("/signout").is(303).leads("/signin")
	local := c.as(c.person(policy.Learner))
	local.get("/").is(200)
	local.post("/signout").is(303).leads("/signin")
}

func TestTheIdentityProvidersLogoutEndsSessionsOnEveryProcess(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	other := c.secondProcess()
	anna, ben := c.stranger(), c.stranger()
	c.signsIn(anna, "anna@acme.example").is(303)
	c.signsIn(ben, "ben@acme.example").is(303)
	anna.get("/").is(200)
	elsewhere := other.stranger()
	elsewhere.cookies["lyceum"] = anna.cookies["lyceum"]
	elsewhere.get("/").is(200)
	service := c.o.SignOn.Addresses(c.ctx, c.connection.ID).EntityID
	m, err := c.saml.Logout(t.Context(), "anna@acme.example", service)
	if err != nil {
		t.Fatal(err)
	}

	// Not without its signature, nor with another request under it.
	plain, _, _ := strings.Cut(slo(t, m), "&SigAlg")
	c.stranger().get(plain).is(403)
	c.stranger().get(strings.Replace(slo(t, m), "RelayState=", "RelayState=x", 1)).is(303) // no relay state stands there to be changed
	anna.get("/").is(303)
	other.o.Auth.Drop(c.tenant.ID) // what the listener does when it hears the announcement
	elsewhere.get("/").is(303)
	ben.get("/").is(200)
	if c.happened("person.session_ended") != 1 {
		t.Error("no event tells it")
	}

	// The same request again ends nothing that was begun since.
	c.signsIn(anna, "anna@acme.example").is(303)
	back := c.stranger().get(slo(t, m)).is(303)
	if !strings.HasPrefix(back.Header.Get("Location"), idpBase+"/slo?SAMLResponse=") || !strings.Contains(back.Header.Get("Location"), "&Signature=") {
		t.Errorf("the answer goes to %s", back.Header.Get("Location"))
	}
	anna.get("/").is(200)
}

func TestALogoutByPostIsAnsweredByPost(t *testing.T) {
	t.Parallel()
	c := bySAML(t, func(_ *signon.Connection, s *saml.Settings) { s.SLORedirect = "" })
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(303)
	b.get("/").is(200)
	at := c.o.SignOn.Addresses(c.ctx, c.connection.ID)
	// The identity provider's side of single logout is the same as ours.
	keys, err := idpKeys()
	if err != nil {
		t.Fatal(err)
	}
	side := saml.Provider{EntityID: c.saml.EntityID(), Keys: keys[:1]}
	us := saml.Settings{EntityID: at.EntityID, Endpoints: saml.Endpoints{SLOPost: at.SLO}}
	var subject string
	for _, a := range c.trace() {
		subject = a.Subject
	}
	m, err := side.LogoutRequest(us, saml.Subject{NameID: subject, Format: saml.NameIDPersistent}, "state", c.w.Now.Now())
	if err != nil {
		t.Fatal(err)
	}
	forged := saml.Provider{EntityID: c.saml.EntityID(), Keys: []saml.Key{otherKey(t)}}
	bad, err := forged.LogoutRequest(us, saml.Subject{NameID: subject}, "", c.w.Now.Now())
	if err != nil {
		t.Fatal(err)
	}
	c.foreign(at.SLO, url.Values{"SAMLRequest": {bad.SAMLRequest}}).is(403)
	b.get("/").is(200)
	page := c.foreign(at.SLO, url.Values{"SAMLRequest": {m.SAMLRequest}, "RelayState": {"state"}}).is(200)
	page.says(`name="SAMLResponse"`, `name="RelayState" value="state"`, `action="`+idpBase+`/slo"`).saysNot(`id="leave" action="/`)
	page.hasIn("Content-Security-Policy", "form-action 'self' https: "+idpBase).hasIn("Content-Security-Policy", "frame-ancestors *").has("X-Frame-Options", "")
	b.get("/").is(303)
}

func otherKey(t *testing.T) saml.Key {
	t.Helper()
	k, err := saml.NewKey("other", time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 1000*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestARequestByPostIsSentByAForm(t *testing.T) {
	t.Parallel()
	c := bySAML(t, func(_ *signon.Connection, s *saml.Settings) { s.RequestBinding = saml.BindingPost })
	b := c.stranger()
	page := b.get("/sso/start/"+c.connection.ID.String()).is(200).says(`name="SAMLRequest"`, `name="RelayState"`, `action="`+idpBase+`/sso"`, "leave.js")
	page.hasIn("Content-Security-Policy", "form-action 'self' https: "+idpBase).has("Cache-Control", "no-store")
	field := func(name string) string {
		_, rest, _ := strings.Cut(page.body, `name="`+name+`" value="`)
		value, _, _ := strings.Cut(rest, `"`)
		return strings.ReplaceAll(value, "&#43;", "+")
	}
	posted := c.respond(demoidp.Reply{Person: "anna@acme.example", Request: saml.Message{Binding: saml.BindingPost, SAMLRequest: field("SAMLRequest"), RelayState: field("RelayState")}})
	b.get(c.acs(posted).path()).is(303).leads("/")
}

func TestAnOpenIDProvidersLogoutComesByTheBackChannel(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	anna, ben := c.stranger(), c.stranger()
	c.signsIn(anna, "anna@acme.example").is(303)
	c.signsIn(ben, "ben@acme.example").is(303)
	anna.get("/").is(200)
	if told := c.oidc.SignOut(t.Context(), "anna@acme.example"); len(told) != 1 {
		t.Fatalf("the provider told %v", told)
	}
	anna.get("/").is(303)
	ben.get("/").is(200)
	at := c.o.SignOn.Addresses(c.ctx, c.connection.ID).BackChannel
	post := func(token string) answer { return c.foreign(at, url.Values{"logout_token": {token}}) }
	var subject string
	for _, a := range c.trace() {
		if strings.Contains(a.Result.V.Profile.Email, "ben") {
			subject = a.Subject
		}
	}
	for name, token := range map[string]string{
		"nonsense": "x", "nothing": "", "another client's": must(c.oidc.LogoutToken("somebody else", subject, "")),
		"of nobody": must(c.oidc.LogoutToken("lyceum", "", "")),
	} {
		post(token).is(400).says(`"invalid_request"`).has("Cache-Control", "no-store")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	ben.get("/").is(200)
	token := must(c.oidc.LogoutToken("lyceum", subject, ""))
	post(token).is(200)
	ben.get("/").is(303)
	c.signsIn(ben, "ben@acme.example").is(303)
	post(token).is(200) // said before: who signed in since meant it
	ben.get("/").is(200)
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

func TestAnOpenIDProvidersLogoutComesByTheFrontChannelWithTheSessionsName(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(303)
	b.get("/").is(200)
	var settings oidc.Settings
	if err := jsonOf(c.connection.Settings, &settings); err != nil {
		t.Fatal(err)
	}
	var sid string
	c.scan(&sid, "select idp_session from sessions")
	path := "/sso/oidc/" + c.connection.ID.String() + "/frontchannel?"
	framed := c.stranger() // a frame carries no cookie of ours
	for _, q := range []url.Values{{}, {"sid": {sid}}, {"iss": {settings.Issuer}}, {"iss": {"https://evil.example"}, "sid": {sid}}, {"iss": {settings.Issuer}, "sid": {sid, sid}}} {
		framed.get(path + q.Encode()).is(403)
	}
	framed.get(path + url.Values{"iss": {settings.Issuer}, "sid": {"another"}}.Encode()).is(200)
	b.get("/").is(200)
	framed.get(path+url.Values{"iss": {settings.Issuer}, "sid": {sid}}.Encode()).is(200).has("X-Frame-Options", "").hasIn("Content-Security-Policy", "frame-ancestors *")
	b.get("/").is(303)
}

func TestSigningOutOfAnOpenIDProviderGoesThereWithItsToken(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(303)
	b.get("/").is(200)
	u, err := url.Parse(b.post("/signout").onward())
	if err != nil {
		t.Fatal(err)
	}
	at := c.o.SignOn.Addresses(c.ctx, c.connection.ID)
	if q := u.Query(); q.Get("client_id") != "lyceum" || q.Get("id_token_hint") == "" || q.Get("post_logout_redirect_uri") != at.SignedOut {
		t.Errorf("it goes to %s", u)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(client.CloseIdleConnections)
	res, err := client.Get(u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Location"); got != at.SignedOut {
		t.Fatalf("%d, it leads back to %q", res.StatusCode, got)
	}
	b.get("/sso/signed-out").is(303).leads("/signin")
	b.get("/signin").is(200).says("You are signed out, here and at your organization.")
}
