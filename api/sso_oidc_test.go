package api_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/signon"
)

func TestAnOpenIDAnswerEndsTheSignOnThatItsBrowserBegan(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	b := c.stranger()
	back := c.callback(b, "anna@acme.example")

	// Login CSRF: an attacker's answer in the victim's browser, with and without a sign-on of the victim's own under way.
	victim := c.stranger()
	victim.get(back).is(403).says("begun in another browser")
	c.last(signon.OutcomeRefused, signon.CheckBrowser)
	victim.get("/sso/start/" + c.connection.ID.String()).is(200)
	victim.get(back).is(403)
	victim.get("/").is(303)

	for _, wrong := range []string{"/sso/oidc/callback", "/sso/oidc/callback?state=x&code=y", "/sso/oidc/callback?state=" + strings.Repeat("a", 43) + "&code=y"} {
		b.get(wrong).is(404).says("has run out, or was finished already").has("Cache-Control", "no-store")
	}
	b.get(back + "&state=" + strings.Repeat("a", 43)).is(403)
	b.get(back).is(303).leads("/")
	b.get(back).is(404).says("has run out, or was finished already")
	c.last(signon.OutcomeRefused, signon.CheckHandshake)

	late := c.stranger()
	back = c.callback(late, "anna@acme.example")
	c.w.Now.Advance(signon.HandshakeLifetime + time.Second)
	late.get(back).is(404)
	c.last(signon.OutcomeRefused, signon.CheckHandshake)
	if c.count("select count(*) from sessions") != 1 {
		t.Error("somebody else was let in")
	}
}

func TestAnOpenIDProviderThatSaysNoIsTakenAtItsWord(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	b := c.stranger()
	request, err := url.Parse(b.get("/sso/start/" + c.connection.ID.String() + "?next=/courses").onward())
	if err != nil {
		t.Fatal(err)
	}
	page := b.get("/sso/oidc/callback?" + url.Values{"state": {request.Query().Get("state")}, "iss": {request.Scheme + "://" + request.Host}, "error": {"access_denied"}}.Encode())
	a := c.last(signon.OutcomeRefused, "provider_error")
	page.is(403).says(signon.Number(a.ID), `href="/sso/start/`+c.connection.ID.String()+`?next=%2Fcourses"`).saysNot("access_denied")
	if c.newest("sign_on.refused").SubjectID != c.connection.ID {
		t.Error("the event is about something else")
	}
}

func TestAnIdentityProviderThatIsAwayIsWrittenDown(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	c.change(func(k *signon.Connection) {
		k.Settings = signon.Raw(`{"issuer": "http://127.0.0.1:1", "client_id": "lyceum"}`)
	})
	c.stranger().get("/sso/start/"+c.connection.ID.String()).is(503).says("does not answer as it should", "Try again")
	c.last(signon.OutcomeRefused, signon.CheckBegin)
}

func TestAFreshProofRefreshesTheSessionOfItsOwnPersonOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*company{"SAML": bySAML(t, nil), "OpenID Connect": byOIDC(t, nil)} {
		b := c.stranger()
		path := "/sso/start/" + c.connection.ID.String() + "?purpose=step_up&next=/account"
		b.get(path).is(401)
		c.signsIn(b, "anna@acme.example").is(303)
		b.get("/sso/start/" + c.connection.ID.String()).is(303).leads("/")
		session := b.cookies["lyceum"]
		c.w.Now.Advance(time.Hour)
		proves := func(email string) answer {
			address := b.get(path).onward()
			if c.saml != nil {
				return b.get(c.acs(c.answers(saml.Message{Binding: saml.BindingRedirect, URL: address}, email)).path())
			}
			if q := must(url.QueryUnescape(address)); !strings.Contains(q, "prompt=login") || !strings.Contains(q, "max_age=300") {
				t.Errorf("it asks %s", q)
			}
			back, err := c.oidc.SignIn(t.Context(), address, email)
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(back)
			if err != nil {
				t.Fatal(err)
			}
			return b.get(u.RequestURI())
		}
		proves("ben@acme.example").is(403).says("someone else")
		c.last(signon.OutcomeRefused, signon.ReasonOtherPerson)
		if c.happened("person.stepped_up") != 0 {
			t.Errorf("%s: somebody else's proof was taken", name)
		}
		proves("anna@acme.example").is(303).leads("/account")
		if b.cookies["lyceum"] != session || c.happened("person.stepped_up") != 1 || c.count("select count(*) from sessions") != 1 {
			t.Errorf("%s: the session did not go on", name)
		}
		var verified time.Time
		c.scan(&verified, "select verified_at from sessions")
		if !verified.Equal(c.w.Now.Now()) {
			t.Errorf("%s: the proof is of %s", name, verified)
		}
	}
}

func TestASecondFactorThatThePortalAsksForStandsBeforeTheSession(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil, demoop.Person{Email: "anna@acme.example", EmailVerified: true, Name: "Anna"},
		demoop.Person{Email: "ben@acme.example", EmailVerified: true, Name: "Ben", More: map[string]any{"amr": []string{"pwd", "mfa"}}})
	c.inTenant(func(ctx context.Context) error {
		rules, err := c.w.Store.SecurityRules(ctx)
		if err != nil {
			return err
		}
		rules.Revision++
		rules.FactorSignOn, rules.FactorFrom = true, map[policy.Role]time.Time{policy.Learner: c.w.Now.Now().Add(-time.Hour)}
		return c.w.Store.SaveSecurityRules(ctx, rules, c.w.Now.Now())
	})
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(303).leads("/signin/factor/enrol")
	b.get("/").is(303)
	c.signsIn(b, "ben@acme.example").is(303).leads("/")
	b.get("/").is(200)
}

func TestCompanyPasswordsAreGuessedNoMoreThanOurs(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) {
		o := h.o.SignOn.Options
		o.Auth = auth.New(auth.Options{Keep: h.w.Store, Policy: policy.NewEngine(h.w.Store, h.w.Now.Clock()), Now: h.w.Now.Clock(), Guess: never{}, Cost: cheap})
		h.o.SignOn = signon.New(o)
	})
	connection := usual(h, auth.ProtocolLDAP, ldap.Settings{})
	h.connect(connection)
	form := "/sso/ldap/" + connection.ID.String()
	b := h.stranger()
	b.get(form).is(200)
	b.post(form, "login", "anna", "password", "x").is(429).says("Too many attempts").saysNot("reset your password")
	b.csrf = ""
	b.post(form, "login", "anna", "password", "x").is(403)
}

func TestAnAddressOfAnotherKindAnswersNothing(t *testing.T) {
	t.Parallel()
	s, o := bySAML(t, nil), byOIDC(t, nil)
	s.stranger().get("/sso/ldap/" + s.connection.ID.String()).is(404)
	s.foreign("http://"+s.host+"/sso/oidc/"+s.connection.ID.String()+"/backchannel", url.Values{"logout_token": {"x"}}).is(404)
	s.stranger().get("/sso/oidc/" + s.connection.ID.String() + "/frontchannel?iss=x&sid=y").is(404)
	o.foreign("http://"+o.host+"/sso/saml/"+o.connection.ID.String()+"/acs", url.Values{"SAMLResponse": {"x"}}).is(404)
	o.stranger().get("/sso/saml/" + o.connection.ID.String() + "/slo?SAMLRequest=x").is(404)
	o.stranger().get("/sso/saml/" + o.connection.ID.String() + "/metadata").is(404)
	o.stranger().get("/sso/saml/metadata").is(404)

	own := bySAML(t, func(k *signon.Connection, _ *saml.Settings) { k.Admission.V.OwnEntity = true })
	own.stranger().get("/sso/saml/metadata").is(404)
	at := own.o.SignOn.Addresses(own.ctx, own.connection.ID)
	own.stranger().get("/sso/saml/"+own.connection.ID.String()+"/metadata").is(200).says(`entityID="`+at.OwnMetadata+`"`, at.ACS, at.SLO).has("Content-Type", "application/samlmetadata+xml")
	b := own.stranger()
	own.signsIn(b, "anna@acme.example").is(303).leads("/")
	s.stranger().get("/sso/saml/metadata").is(200).says(s.o.SignOn.Addresses(s.ctx, s.connection.ID).ACS)
}

func TestAPortalsOtherAddressLeadsToItsOwnFirst(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	if _, err := c.w.Admin.Exec(t.Context(), "insert into control.domains (host, tenant_id, created_at) values ($1, $2, $3)", c.tenant.Slug+".example.net", c.tenant.ID, c.w.Now.Now()); err != nil {
		t.Fatal(err)
	}
	path := "/sso/start/" + c.connection.ID.String() + "?next=/courses"
	c.browser(c.tenant.Slug + ".example.net").get(path).is(308).leads("http://" + c.host + path)
}
