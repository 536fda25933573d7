package oidc_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/oidc"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

func TestALogoutTokenIsBelievedOnlyWhenAllRulesHold(t *testing.T) {
	t.Parallel()
	now := newHand()
	unix := func(d time.Duration) int64 { return now.Now().Add(d).Unix() }
	for _, c := range []struct {
		name, check string
		typ         jose.ContentType
		spoil       func(map[string]any)
		settings    oidc.Settings
	}{
		{name: "a session and a person"},
		{name: "typed JWT, as older providers do", typ: "JWT"},
		{name: "a session alone", spoil: func(c map[string]any) { delete(c, "sub") }},
		{name: "a person alone", spoil: func(c map[string]any) { delete(c, "sid") }},
		{name: "an access token", check: "type", typ: "at+jwt"},
		{name: "neither session nor person", check: "logout_token", spoil: func(c map[string]any) { delete(c, "sub"); delete(c, "sid") }},
		{name: "a person by a claim that we do not use", check: "subject", spoil: func(c map[string]any) { delete(c, "sid") }, settings: oidc.Settings{SubjectClaim: "oid"}},
		{name: "a person that is no text", check: "subject", spoil: func(c map[string]any) { c["sub"] = "" }},
		{name: "a session with a line break", check: "subject", spoil: func(c map[string]any) { c["sid"] = "a\nb" }},
		{name: "with a nonce", check: "nonce", spoil: func(c map[string]any) { c["nonce"] = "n" }},
		{name: "with a nonce that is null", check: "nonce", spoil: func(c map[string]any) { c["nonce"] = nil }},
		{name: "without events", check: "events", spoil: func(c map[string]any) { delete(c, "events") }},
		{name: "about something else", check: "events", spoil: func(c map[string]any) { c["events"] = map[string]any{"x": map[string]any{}} }},
		{name: "with an event that is no object", check: "events", spoil: func(c map[string]any) { c["events"] = map[string]any{logoutEvent: true} }},
		{name: "without an id", check: "logout_id", spoil: func(c map[string]any) { delete(c, "jti") }},
		{name: "of another issuer", check: "issuer", spoil: func(c map[string]any) { c["iss"] = "https://id.example.com" }},
		{name: "for another client", check: "audience", spoil: func(c map[string]any) { c["aud"] = "other" }},
		{name: "expired", check: "expiry", spoil: func(c map[string]any) { c["exp"] = unix(-2 * time.Minute) }},
		{name: "without an end", check: "expiry", spoil: func(c map[string]any) { delete(c, "exp") }},
		{name: "of long ago, though it does not end", check: "issued_at", spoil: func(c map[string]any) { c["iat"] = unix(-12 * time.Minute) }},
		{name: "of the future", check: "issued_at", spoil: func(c map[string]any) { c["iat"] = unix(2 * time.Minute) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(now)
			claims := map[string]any{
				"iss": g.issuer, "sub": "248289761001", "sid": "s1", "aud": "lyceum", "iat": unix(0), "exp": unix(time.Minute), "jti": "j1",
				"events": map[string]any{logoutEvent: map[string]any{}},
			}
			if c.spoil != nil {
				c.spoil(claims)
			}
			if c.typ == "" {
				c.typ = "logout+jwt"
			}
			rp := oidc.New(oidc.Options{HTTP: newWire("rogue.example.com", g).client(), Now: now.Now})
			c.settings.Issuer, c.settings.ClientID = g.issuer, "lyceum"
			out, report, err := rp.VerifyLogoutToken(t.Context(), c.settings, signed(jose.RS256, keyA(), "a", c.typ, claims))
			if c.check != "" {
				refused(t, c.check, report, err)
				if out != (oidc.Logout{}) {
					t.Errorf("it is refused, and gives %+v", out)
				}
				return
			}
			sub, _ := claims["sub"].(string)
			sid, _ := claims["sid"].(string)
			if err != nil || out.Issuer != g.issuer || out.Subject != sub || out.Session != sid || out.ID != "j1" || out.ExpiresAt.IsZero() || out.IssuedAt.IsZero() {
				t.Fatalf("%v %+v %+v", err, report, out)
			}
		})
	}
}

func TestAnIDTokenIsNoLogoutToken(t *testing.T) {
	t.Parallel()
	d := setup(t)
	a, _, err := d.Complete(t.Context(), d.settings, "secret of lyceum", d.signIn(t))
	if err != nil {
		t.Fatal(err)
	}
	_, report, err := d.VerifyLogoutToken(t.Context(), d.settings, a.IDToken)
	refused(t, "events", report, err)
	_, report, err = d.VerifyLogoutToken(t.Context(), d.settings, strings.Repeat("a", 300<<10))
	refused(t, "logout_token", report, err)
	token, err := d.op.LogoutToken("lyceum", "", a.Session)
	if err != nil {
		t.Fatal(err)
	}
	out, report, err := d.VerifyLogoutToken(t.Context(), d.settings, token)
	if err != nil || out.Session != a.Session || out.Issuer != a.Issuer {
		t.Fatal(err, report, out)
	}
}

func TestSigningOutGoesToTheProviderAndComesBack(t *testing.T) {
	t.Parallel()
	d := setup(t)
	a, _, err := d.Complete(t.Context(), d.settings, "secret of lyceum", d.signIn(t))
	if err != nil {
		t.Fatal(err)
	}
	const bye = "https://portal.example.org/bye"
	address, ok, err := d.LogoutURL(t.Context(), d.settings, a.IDToken, bye, "state")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	browser := &http.Client{Transport: d.net, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	if to := res.Header.Get("Location"); to != bye+"?state=state" {
		t.Errorf("%s leads to %q", address, to)
	}
	// A token that is too long for an address stays away; the provider knows us by the client id.
	address, _, _ = d.LogoutURL(t.Context(), d.settings, strings.Repeat("x", 5000), bye, "state")
	if u, _ := url.Parse(address); u.Query().Has("id_token_hint") || u.Query().Get("client_id") != "lyceum" {
		t.Error(address)
	}
	g := newRogue(newHand())
	rp := oidc.New(oidc.Options{HTTP: newWire("rogue.example.com", g).client(), Now: g.now.Now})
	if _, ok, err := rp.LogoutURL(t.Context(), oidc.Settings{Issuer: g.issuer, ClientID: "lyceum"}, "", "", ""); ok || err != nil {
		t.Error("an issuer without end_session_endpoint has a logout address", err)
	}
}

func TestAFrontChannelCallCountsOnlyForItsOwnSession(t *testing.T) {
	t.Parallel()
	const issuer = "https://id.example.com"
	if report, err := oidc.CheckFrontChannelLogout(issuer, "s1", url.Values{"iss": {issuer}, "sid": {"s1"}}); err != nil {
		t.Error(err, report)
	}
	for check, q := range map[string]url.Values{
		"parameters": {"sid": {"s1"}},
		"issuer":     {"iss": {"https://evil.example.com"}, "sid": {"s1"}},
		"session":    {"iss": {issuer}, "sid": {"s2"}},
	} {
		report, err := oidc.CheckFrontChannelLogout(issuer, "s1", q)
		refused(t, check, report, err)
	}
	report, err := oidc.CheckFrontChannelLogout(issuer, "s1", url.Values{"iss": {issuer}, "sid": {"s2", "s1"}})
	refused(t, "parameters", report, err)
	report, err = oidc.CheckFrontChannelLogout(issuer, "", url.Values{"iss": {issuer}, "sid": {""}})
	refused(t, "parameters", report, err)
}
