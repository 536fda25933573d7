package oidc_test

import (
	"net/url"
	"os"
	"testing"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/keycloak"
	"lyceum/auth/oidc/oidcprovider"
	"lyceum/internal/outbound"
)

func TestKeycloakSignsInAndOutAndRollsItsKeys(t *testing.T) {
	t.Parallel()
	portal := newLogouts(t)
	mapper := func(name, provider string, config map[string]string) map[string]any {
		for _, in := range []string{"id.token.claim", "userinfo.token.claim"} {
			config[in] = "true"
		}
		return map[string]any{"name": name, "protocol": "openid-connect", "protocolMapper": provider, "config": config}
	}
	kc := keycloak.Start(t, os.Getenv("LYCEUM_TEST_KEYCLOAK"), map[string]any{
		"realm": "globex", "enabled": true, "sslRequired": "none",
		"groups": []any{map[string]any{"name": "staff"}},
		"users": []any{map[string]any{
			"username": "linus", "enabled": true, "email": "linus@example.com", "emailVerified": true, "firstName": "Linus", "lastName": "T", "groups": []string{"staff"},
			"credentials": []any{map[string]any{"type": "password", "value": "pass word"}},
		}},
		"clients": []any{map[string]any{
			"clientId": "lyceum", "secret": "s3cret", "protocol": "openid-connect", "publicClient": false, "standardFlowEnabled": true, "redirectUris": []string{redirect},
			"attributes": map[string]any{
				"pkce.code.challenge.method": "S256", "backchannel.logout.url": portal.URL + "/backchannel", "backchannel.logout.session.required": "true",
				"post.logout.redirect.uris": "https://portal.example.org/bye",
			},
			"protocolMappers": []any{mapper("groups", "oidc-group-membership-mapper", map[string]string{"claim.name": "groups", "full.path": "false"})},
		}},
	})
	calls := outbound.Client(outbound.Options{AllowPrivate: true, MaxBody: 1 << 20})
	t.Cleanup(calls.CloseIdleConnections)
	rp := oidc.New(oidc.Options{HTTP: calls})
	s := oidc.Settings{Issuer: kc.Realm, ClientID: "lyceum", UseUserInfo: true, RequireVerifiedEmail: true, MaxAge: 3600}
	found, err := rp.Discover(t.Context(), s.Issuer)
	if err != nil || !found.BackChannelLogout || !found.IssuerParameter || len(found.Against(s)) != 0 {
		t.Fatalf("%v %+v", err, found)
	}
	signIn := func(b *oidcprovider.Browser) (auth.Assertion, auth.Report, error) {
		start := newStart()
		address, err := rp.Begin(t.Context(), s, start)
		if err != nil {
			t.Fatal(err)
		}
		back := b.Walk(address, func(form url.Values) {
			form.Set("username", "linus")
			form.Set("password", "pass word")
		})
		return rp.Complete(t.Context(), s, "s3cret", callbackOf(t, back, start))
	}
	b := oidcprovider.NewBrowser(t, kc.Origin)
	a, report, err := signIn(b)
	if err != nil || a.Claim("email") != "linus@example.com" || a.Claim("groups") != "staff" || a.Session == "" || a.Issuer != kc.Realm {
		t.Fatal(err, report, a.Claims)
	}
	kc.Roll(t)
	rolled, report, err := signIn(oidcprovider.NewBrowser(t, kc.Origin))
	if err != nil || rolled.Subject != a.Subject {
		t.Fatal(err, report)
	}
	address, ok, err := rp.LogoutURL(t.Context(), s, a.IDToken, "https://portal.example.org/bye", "st4te")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if to := b.Walk(address, func(url.Values) {}); to != "https://portal.example.org/bye?state=st4te" {
		t.Errorf("after signing out the browser is at %q", to)
	}
	portal.mu.Lock()
	defer portal.mu.Unlock()
	if len(portal.tokens) != 1 {
		t.Fatalf("%d back-channel calls", len(portal.tokens))
	}
	out, report, err := rp.VerifyLogoutToken(t.Context(), s, portal.tokens[0])
	if err != nil || out.Session != a.Session {
		t.Fatal(err, report, out)
	}
}
