package api_test

import (
	"net/url"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/auth/saml"
)

func TestASignOnSetUpBeforeARenameGoesOnWithoutAChangeAtTheIdentityProvider(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*company{"SAML": bySAML(t, nil), "OpenID Connect": byOIDC(t, nil)} {
		was := c.tenant.Slug + ".localhost:8080"
		now := "renamed-" + c.tenant.Slug
		owner := c.as(c.person(policy.Owner))
		owner.get("/settings/address").is(200)
		owner.post("/settings/address/name", "slug", now).is(200)
		c.o.Directory.Drop(c.tenant.ID) // what an announcement does in every process
		now += ".localhost:8080"

		b := c.browser(now)
		out := b.get("/sso/start/" + c.connection.ID.String() + "?next=/certificates").onward()
		var back string // where the identity provider, which knows nothing of the rename, sends the browser
		if c.oidc != nil {
			var err error
			if back, err = c.oidc.SignIn(t.Context(), out, "anna@acme.example"); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !strings.HasPrefix(back, "http://"+was+"/") {
				t.Errorf("%s: the provider is told to answer at %s", name, back)
			}
			status, to := c.atHost("GET", was, strings.TrimPrefix(back, "http://"+was))
			if status != 308 {
				t.Fatalf("%s: the former address answers %d", name, status)
			}
			back = to
		} else {
			posted := c.answers(saml.Message{Binding: saml.BindingRedirect, URL: out}, "anna@acme.example")
			if !strings.HasPrefix(posted.URL, "http://"+was+"/") {
				t.Errorf("%s: the provider is told to answer at %s", name, posted.URL)
			}
			back = c.acs(posted).is(303).Header.Get("Location")
		}
		u, err := url.Parse(back)
		if err != nil || u.Host != now {
			t.Fatalf("%s: it goes on to %s (%v), not to %s", name, back, err, now)
		}
		b.get(u.RequestURI()).is(303).leads("/certificates")
		b.get("/").is(200).says("Anna")
	}
}
