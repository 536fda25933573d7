package api_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/signon"
)

func TestAnIdentityProviderSignsInWhoItVouchesFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*company{"SAML": bySAML(t, nil), "OpenID Connect": byOIDC(t, nil)} {
		b := c.stranger()
		c.signsIn(b, "anna@acme.example").is(303).leads("/")
		b.get("/").is(200).says("Anna")
		p := c.who("anna@acme.example")
		if p.Name != "Anna Berg" || p.Status != auth.PersonActive || p.PasswordHash != "" || !slices.Equal(p.Roles, []policy.Role{policy.Instructor}) {
			t.Errorf("%s: %+v", name, p)
		}
		a := c.last(signon.OutcomeAdmitted, "")
		if a.PersonID == nil || *a.PersonID != p.ID || a.Result.V.Effect != signon.EffectCreated || a.Result.V.Role != policy.Instructor || a.Result.V.Rule != 1 {
			t.Errorf("%s: the trace says %+v", name, a)
		}
		for _, check := range a.Checks.V {
			if !check.OK {
				t.Errorf("%s: %+v failed and the person was let in", name, check)
			}
		}
		for _, typ := range []string{"person.created", "person.linked", "person.signed_in"} {
			if n := c.happened(typ); n != 1 {
				t.Errorf("%s: %d events %s", name, n, typ)
			}
		}
		if c.happened("sign_on.refused") != 0 {
			t.Errorf("%s: a refusal was told", name)
		}
		again := c.stranger()
		c.signsIn(again, "anna@acme.example").is(303)
		if c.last(signon.OutcomeAdmitted, "").Result.V.Effect != signon.EffectSignedIn || c.count("select count(*) from people") != 1 {
			t.Errorf("%s: the second sign-in made another person", name)
		}
	}
}

func TestASignOnGoesOnWithinTheSiteOnly(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	for next, want := range map[string]string{
		"/courses?q=fire": "/courses?q=fire", "//evil.example": "/", `/\evil.example`: "/", "https://evil.example/": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/",
	} {
		b := c.stranger()
		b.get(c.acs(c.answers(c.start(b, "?next="+url.QueryEscape(next)), "ben@acme.example")).path()).is(303).leads(want)
		b.get("/sso/start/" + c.connection.ID.String() + "?next=" + url.QueryEscape(next)).is(303).leads(want)
	}
}

func TestSeveralTabsSignInAtOnce(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	b := c.stranger()
	one, two := c.start(b, "?next=/courses"), c.start(b, "?next=/certificates")
	b.get(c.acs(c.answers(two, "ben@acme.example")).path()).is(303).leads("/certificates")
	b.get(c.acs(c.answers(one, "ben@acme.example")).path()).is(303).leads("/courses")
}

func TestAnAnswerIsTakenOnceInOneBrowserInTime(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	b := c.stranger()
	posted := c.answers(c.start(b, ""), "anna@acme.example")

	// The same answer again, before and after the first one was used.
	finish := c.acs(posted).path()
	c.acs(posted).is(403).says("You are not signed in", "Number for your IT team")
	c.last(signon.OutcomeRefused, saml.CheckInResponseTo)

	// Another browser: an attacker signs a victim in as themselves.
	victim := c.stranger()
	victim.get("/signin").is(200)
	victim.get(finish).is(403).says("begun in another browser")
	c.last(signon.OutcomeRefused, signon.CheckBrowser)
	victim.post(finish).is(403)
	victim.get("/").is(303)

	b.get(finish).is(303).leads("/")
	b.get(finish).is(404).says("has run out, or was finished already")

	late := c.stranger()
	request := c.start(late, "")
	c.w.Now.Advance(signon.HandshakeLifetime + time.Second)
	c.acs(c.answers(request, "anna@acme.example")).is(403)
	c.last(signon.OutcomeRefused, saml.CheckInResponseTo)

	slow := c.stranger()
	finish = c.acs(c.answers(c.start(slow, ""), "anna@acme.example")).path()
	c.w.Now.Advance(signon.HandshakeLifetime + time.Second)
	slow.get(finish).is(404)
	if c.count("select count(*) from people") != 1 || c.count("select count(*) from sessions") != 1 {
		t.Error("somebody else was let in")
	}
	if c.happened("sign_on.refused") != 4 {
		t.Errorf("%d refusals were told", c.happened("sign_on.refused"))
	}
}

func TestAnAnswerThatNobodyAskedForNeedsAYesAndASwitch(t *testing.T) {
	t.Parallel()
	c := bySAML(t, func(_ *signon.Connection, s *saml.Settings) { s.AllowIDPInitiated = true })
	entity := c.o.SignOn.Addresses(c.ctx, c.connection.ID).EntityID
	origin := "http://" + c.host
	for relay, want := range map[string]string{"/courses": "/courses", origin + "/certificates": "/certificates", "https://evil.example/x": "/", "//evil.example": "/", "deep": "/"} {
		posted := c.respond(demoidp.Reply{Person: "anna@acme.example", Service: entity, RelayState: relay})
		b := c.stranger()
		finish := c.acs(posted).path()
		page := b.get(finish).is(200).says("Continue as Anna Berg?", "anna@acme.example", "Acme Login").has("Cache-Control", "no-store")
		if strings.Contains(page.body, `http-equiv="refresh"`) {
			t.Error("it goes on by itself")
		}
		b.get("/").is(303) // not signed in by looking
		stranger := c.stranger()
		stranger.get("/signin").is(200)
		stranger.get(finish).is(403) // bound to the browser that looked first
		csrf := b.csrf
		b.csrf = ""
		b.post(finish).is(403) // no other site can say yes
		b.csrf = csrf
		b.post(finish).is(303).leads(want)
		b.get("/").is(200)
		c.acs(posted).is(403)
		c.last(signon.OutcomeRefused, signon.CheckReplay)
	}
	off := bySAML(t, nil)
	off.acs(off.respond(demoidp.Reply{Person: "anna@acme.example", Service: off.o.SignOn.Addresses(off.ctx, off.connection.ID).EntityID})).is(403)
	off.nobody("anna@acme.example")
}

func TestAnAssertionForOneTenantOpensNoOther(t *testing.T) {
	t.Parallel()
	one := bySAML(t, func(_ *signon.Connection, s *saml.Settings) { s.AllowIDPInitiated = true })
	two := &company{house: setup(t), saml: one.saml}
	two.addSAML(func(_ *signon.Connection, s *saml.Settings) { s.AllowIDPInitiated = true })
	two.verify("acme.example")
	posted := one.respond(demoidp.Reply{Person: "anna@acme.example", Service: one.o.SignOn.Addresses(one.ctx, one.connection.ID).EntityID})
	posted.URL = two.o.SignOn.Addresses(two.ctx, two.connection.ID).ACS
	two.acs(posted).is(403)
	two.last(signon.OutcomeRefused, saml.CheckDestination)
	two.nobody("anna@acme.example")

	// Nor does a request that was begun at the one end at the other.
	b := one.stranger()
	posted = one.answers(one.start(b, ""), "anna@acme.example")
	posted.URL = two.o.SignOn.Addresses(two.ctx, two.connection.ID).ACS
	two.acs(posted).is(403)
	two.nobody("anna@acme.example")
}

func TestAConnectionThatIsOffLetsNobodyIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*company{"SAML": bySAML(t, nil), "OpenID Connect": byOIDC(t, nil)} {
		b := c.stranger()
		var end func() answer
		if c.saml != nil {
			posted := c.answers(c.start(b, ""), "anna@acme.example")
			end = func() answer { return c.acs(posted) }
		} else {
			back := c.callback(b, "anna@acme.example")
			end = func() answer { return b.get(back) }
		}
		c.change(func(k *signon.Connection) { k.Status = signon.StatusOff })
		end().is(409).says("switched off")
		c.last(signon.OutcomeRefused, signon.CheckConnection)
		b.get("/sso/start/" + c.connection.ID.String()).is(409).says("switched off")
		c.nobody("anna@acme.example")
		if t.Failed() {
			t.Fatal(name)
		}
	}
	h := setup(t)
	h.stranger().get("/sso/start/0199c1f2-7c3a-7b60-9d2e-0c4f7e1a2b3c").is(404)
	h.stranger().get("/sso/start/x").is(404)
}

func TestADryRunShowsEverythingAndChangesNothing(t *testing.T) {
	t.Parallel()
	c := bySAML(t, func(k *signon.Connection, _ *saml.Settings) { k.Status = signon.StatusDryRun })
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(200).says("Nobody was signed in", "A new account would be made", "Anna Berg", "Trainers", "Instructor").saysNot("/attempts/")
	a := c.last(signon.OutcomeDryRun, "")
	if a.Result.V.Effect != signon.EffectCreated || a.PersonID != nil {
		t.Errorf("the trace says %+v", a)
	}
	b.get("/").is(303)
	if c.count("select count(*) from people")+c.count("select count(*) from identities")+c.count("select count(*) from sessions") != 0 {
		t.Error("a dry run wrote somebody down")
	}

	// An administrator tests a connection that is off, and stays who they are.
	c.change(func(k *signon.Connection) { k.Status = signon.StatusOff })
	admin := c.as(c.person(policy.Admin))
	test := "?test=1&next=" + url.QueryEscape("/settings/sign-on")
	page := admin.get(c.acs(c.answers(c.start(admin, test), "ben@acme.example")).path())
	page.is(200).says("A new account would be made", "/settings/sign-on/"+c.connection.ID.String()+"/attempts/"+c.last(signon.OutcomeDryRun, "").ID.String(), `href="/settings/sign-on"`)
	c.nobody("ben@acme.example")
	admin.get("/people").is(200)
	c.as(c.person(policy.Learner)).get("/sso/start/" + c.connection.ID.String() + "?test=1").is(403)
	c.stranger().get("/sso/start/" + c.connection.ID.String() + "?test=1").is(401)

	// One that would be refused says why, to administrators.
	c.change(func(k *signon.Connection) { k.Admission.V.AllowJIT = false })
	admin.get(c.acs(c.answers(c.start(admin, "?test=1"), "ben@acme.example")).path()).is(200).says("would be refused", "this connection makes none")
	c.last(signon.OutcomeDryRun, signon.ReasonNoAccount)

	// And one that would ask for a proof of the account that is here sends no mail and asks nobody.
	c.change(func(k *signon.Connection) { k.Admission.V.AllowJIT = true })
	known := c.person(policy.Learner)
	c.rename(known, "ben@acme.example")
	admin.get(c.acs(c.answers(c.start(admin, "?test=1"), "ben@acme.example")).path()).is(200).says("would be asked to prove it once")
	if c.count("select count(*) from handshakes where purpose = 'first_link'") != 0 || c.count("select count(*) from identities") != 0 {
		t.Error("a test asked for a proof")
	}
}

func TestOfTheTraceTheLastFiftyAreKeptAndNoSecretIsInThem(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(303)
	for range signon.AttemptsKept + 5 {
		c.foreign("http://"+c.host+"/sso/saml/"+c.connection.ID.String()+"/acs", url.Values{"SAMLResponse": {"PGE+"}}).is(403)
	}
	list := c.trace()
	if n := c.count("select count(*) from sign_on_attempts"); n != signon.AttemptsKept || len(list) != n {
		t.Fatalf("%d attempts are kept", n)
	}
	for _, a := range list {
		if a.Outcome != signon.OutcomeRefused {
			t.Fatal("an old attempt was kept in the place of a new one")
		}
	}
}

func TestTooManyAnswersFromOneAddressWait(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.Limits.SignOn = never{} })
	for _, path := range []string{"/sso/start/x", "/sso/oidc/callback?state=x", "/sso/saml/metadata", "/sso/saml/x/slo", "/sso/oidc/x/frontchannel"} {
		h.stranger().get(path).is(429)
	}
	h.foreign("http://"+h.host+"/sso/saml/x/acs", url.Values{}).is(429)
	h.foreign("http://"+h.host+"/sso/oidc/x/backchannel", url.Values{}).is(429)
}
