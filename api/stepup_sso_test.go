package api_test

import (
	"context"
	"html"
	"net/url"
	"regexp"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
)

var freshLink = regexp.MustCompile(`href="(/sso/start/[^"]+purpose=step_up[^"]*)"`)

// TestTheIdentityProviderStepsUpTheSessionThatItVouchedFor goes the whole way: what was posted is kept, the provider is
// asked anew, the same session goes on, and what was kept is sent.
func TestTheIdentityProviderStepsUpTheSessionThatItVouchedFor(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]func(*testing.T) *company{
		"OpenID Connect": func(t *testing.T) *company { return byOIDC(t, nil) },
		"SAML":           func(t *testing.T) *company { return bySAML(t, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := by(t)
			b := c.stranger()
			c.signsIn(b, "anna@acme.example").is(303)
			anna := c.who("anna@acme.example")
			c.inTenant(func(ctx context.Context) error {
				return c.w.Store.GiveRoles(ctx, anna.ID, []policy.Role{policy.Admin})
			})
			c.o.Auth.Changed(c.ctx)
			p := c.person(policy.Learner)
			at := "/people/" + p.ID.String()
			c.w.Now.Advance(16 * time.Minute)
			b.get(at).is(200)
			session := b.cookies["lyceum"]
			stepUp := b.post(at + "/deactivate").is(303).Header.Get("Location")
			m := freshLink.FindStringSubmatch(b.get(stepUp).is(200).saysNot(`name="password"`).body)
			if m == nil {
				t.Fatal("the company account is not offered")
			}
			c.again(b, html.UnescapeString(m[1])).is(303).leads(stepUp)
			if b.cookies["lyceum"] != session {
				t.Error("another session was opened")
			}
			b.get(stepUp).is(200).says("Continue")
			b.post(stepUp).is(303).leads(at)
			b.get(at).is(200).says("Deactivated")
			if c.happened("person.stepped_up") != 1 {
				t.Error("it was not told")
			}
		})
	}
}

// again has the identity provider answer a sign-on that begins at an address, about Anna, and gives the answer that ends it.
func (c *company) again(b *browser, address string) answer {
	c.t.Helper()
	leads := b.get(address).onward()
	if c.saml != nil {
		return b.get(c.acs(c.answers(saml.Message{Binding: saml.BindingRedirect, URL: leads}, "anna@acme.example")).path())
	}
	back, err := c.oidc.SignIn(c.t.Context(), leads, "anna@acme.example")
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		c.t.Fatal(err)
	}
	return b.get(u.RequestURI())
}

func TestCompanySignOnWaitsForASecondFactorWhereTheRulesAskEveryone(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	c.signsIn(c.stranger(), "anna@acme.example").is(303).leads("/")
	c.rules(func(r *auth.SecurityRules) {
		r.FactorSignOn, r.FactorFrom = true, map[policy.Role]time.Time{policy.Learner: c.w.Now.Now(), policy.Instructor: c.w.Now.Now()}
	})
	b := c.stranger()
	c.signsIn(b, "anna@acme.example").is(303).leads("/signin/factor/enrol")
	b.get("/").is(303)
	token, seed := seedOn(t, b.get("/signin/factor/enrol").is(200))
	b.post("/signin/factor/enrol", "token", token, "code", c.code(seed)).is(303).leads("/account/security/recovery")
	b.get("/account/security").is(200).says("Company account")
	c.w.Now.Advance(time.Minute)
	b = c.stranger()
	c.signsIn(b, "anna@acme.example").is(303).leads("/signin/factor")
	b.get("/signin/factor").is(200)
	b.post("/signin/factor", "code", c.code(seed)).is(303).leads("/")
	b.get("/").is(200)
}
