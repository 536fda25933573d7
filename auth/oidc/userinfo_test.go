package oidc_test

import (
	"crypto/rsa"
	"io"
	"net/http"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/oidc"
)

func TestUserInfoOfAnotherPersonIsRefused(t *testing.T) {
	t.Parallel()
	says := func(c map[string]any) func(*rogue) {
		return func(g *rogue) { g.userInfo = func(w http.ResponseWriter, _ *http.Request) { answer(w, c) } }
	}
	signedBy := func(key *rsa.PrivateKey, c map[string]any) func(*rogue) {
		return func(g *rogue) {
			g.userInfo = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/jwt; charset=utf-8")
				_, _ = io.WriteString(w, signed(jose.RS256, key, "a", "JWT", c))
			}
		}
	}
	const jane = "248289761001"
	for _, c := range []evil{
		{name: "the same person", rogue: says(map[string]any{"sub": jane, "department": "Ships", "tid": "x", "email": "jane@example.com"})},
		{name: "another person", check: "userinfo_subject", rogue: says(map[string]any{"sub": "another"})},
		{name: "nobody", check: "userinfo_subject", rogue: says(map[string]any{"department": "Ships"})},
		{name: "no JSON", check: "userinfo", rogue: func(g *rogue) {
			g.userInfo = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{") }
		}},
		{name: "not found", check: "userinfo"},
		{name: "somewhere else", check: "userinfo", rogue: func(g *rogue) {
			g.userInfo = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://rogue.example.com/jwks", http.StatusTemporaryRedirect)
			}
		}},
		{name: "signed", rogue: signedBy(keyA(), map[string]any{"sub": jane, "department": "Ships", "iss": rogueIssuer, "aud": "lyceum"})},
		{name: "signed for another client", check: "userinfo", rogue: signedBy(keyA(), map[string]any{"sub": jane, "iss": rogueIssuer, "aud": "other"})},
		{name: "signed by another", check: "userinfo", rogue: signedBy(keyB(), map[string]any{"sub": jane})},
		{name: "no endpoint", check: "userinfo", rogue: func(g *rogue) { g.document = func(d map[string]any) { delete(d, "userinfo_endpoint") } }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(newHand())
			if c.rogue != nil {
				c.rogue(g)
			}
			a, report, err := g.meet(t, oidc.Settings{UseUserInfo: true})
			if c.check != "" {
				refused(t, c.check, report, err)
				return
			}
			if err != nil || a.Claim("department") != "Ships" || a.Claim("tid") != "" {
				t.Fatalf("%v %+v %+v", err, report, a.Claims)
			}
		})
	}
}

// One source's word that an address is verified does not count for an address of another source.
func TestAnAddressAndItsVerificationAreOfOneSource(t *testing.T) {
	t.Parallel()
	const jane = "248289761001"
	for _, c := range []struct {
		name            string
		token, userInfo map[string]any // email, email_verified
		email           string
		verified        bool
	}{
		{"both of UserInfo", map[string]any{}, map[string]any{"email": "j@example.com", "email_verified": true}, "j@example.com", true},
		{"the same address", map[string]any{"email": "j@example.com"}, map[string]any{"email": "J@example.com", "email_verified": true}, "j@example.com", true},
		{"another address", map[string]any{"email": "boss@example.com"}, map[string]any{"email": "j@example.com", "email_verified": true}, "boss@example.com", false},
		{"only the word", map[string]any{"email": "boss@example.com"}, map[string]any{"email_verified": true}, "boss@example.com", false},
		{"only the word, in the token", map[string]any{"email_verified": true}, map[string]any{"email": "boss@example.com"}, "", true},
		{"the token says no", map[string]any{"email": "j@example.com", "email_verified": false}, map[string]any{"email": "j@example.com", "email_verified": true}, "j@example.com", false},
	} {
		g := newRogue(newHand())
		g.claims = func(m map[string]any) {
			delete(m, "email")
			delete(m, "email_verified")
			for k, v := range c.token {
				m[k] = v
			}
		}
		g.userInfo = func(w http.ResponseWriter, _ *http.Request) { c.userInfo["sub"] = jane; answer(w, c.userInfo) }
		a, report, err := g.meet(t, oidc.Settings{UseUserInfo: true})
		if err != nil {
			t.Fatal(c.name, err, report)
		}
		if got := a.EmailVerified != nil && *a.EmailVerified; a.Claim("email") != c.email || got != c.verified {
			t.Errorf("%s: %q, verified %v", c.name, a.Claim("email"), got)
		}
	}
}
