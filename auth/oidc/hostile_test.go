package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/oidc"
)

// evil is one way to misbehave, and the check that has to refuse it; "" has to be let in.
type evil struct {
	name     string
	check    string
	settings oidc.Settings
	rogue    func(*rogue)
}

func claim(name string, value any) func(*rogue) {
	return func(g *rogue) {
		g.claims = func(c map[string]any) {
			if value == nil {
				delete(c, name)
				return
			}
			c[name] = value
		}
	}
}

func at(name string, d time.Duration) func(*rogue) {
	return func(g *rogue) {
		g.claims = func(c map[string]any) { c[name] = g.now.Now().Add(d).Unix() }
	}
}

func signs(f func(map[string]any) string) func(*rogue) { return func(g *rogue) { g.sign = f } }

func TestAHostileProviderIsRefusedByTheCheckThatIsMeantForIt(t *testing.T) {
	t.Parallel()
	cases := []evil{
		{name: "an honest token", check: ""},
		{name: "an honest token signed with ES256", rogue: signs(func(c map[string]any) string { return signed(jose.ES256, keyE(), "e", "JWT", c) })},
		{name: "an honest token without a key id and type", rogue: signs(func(c map[string]any) string { return signed(jose.RS256, keyA(), "", "", c) })},

		// Signatures.
		{name: "alg none", check: "algorithm", rogue: signs(func(c map[string]any) string { return part(map[string]any{"alg": "none"}) + "." + part(c) + "." })},
		{name: "alg None", check: "algorithm", rogue: signs(func(c map[string]any) string { return part(map[string]any{"alg": "NoNe"}) + "." + part(c) + "." })},
		{name: "HS256 with the public key as its secret", check: "algorithm", rogue: signs(func(c map[string]any) string {
			der, _ := x509.MarshalPKIXPublicKey(keyA().Public())
			return signed(jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), "a", "JWT", c)
		})},
		{name: "an algorithm that the settings do not allow", check: "algorithm", settings: oidc.Settings{Algorithms: []string{"ES256"}}},
		{name: "an encrypted token", check: "algorithm", rogue: signs(func(map[string]any) string { return "a.b.c.d.e" })},
		{name: "no token at all", check: "algorithm", rogue: signs(func(map[string]any) string { return "hello" })},
		{name: "a header that is no JSON", check: "algorithm", rogue: signs(func(c map[string]any) string { return "e30x." + part(c) + ".AA" })},
		{name: "a key of another", check: "signature", rogue: signs(func(c map[string]any) string { return signed(jose.RS256, keyB(), "a", "JWT", c) })},
		{name: "a key that it sends along", check: "signature", rogue: signs(func(c map[string]any) string {
			signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: keyB()}, (&jose.SignerOptions{EmbedJWK: true}).WithType("JWT"))
			jws, _ := signer.Sign([]byte(mustJSON(c)))
			raw, _ := jws.CompactSerialize()
			return raw
		})},
		{name: "an unknown key id", check: "signature", rogue: signs(func(c map[string]any) string { return signed(jose.RS256, keyA(), "zzz", "JWT", c) })},
		{name: "changed claims under a good signature", check: "signature", rogue: signs(func(c map[string]any) string {
			parts := strings.Split(signed(jose.RS256, keyA(), "a", "JWT", c), ".")
			c["sub"] = "somebody else"
			return parts[0] + "." + part(c) + "." + parts[2]
		})},
		{name: "no signature", check: "signature", rogue: signs(func(c map[string]any) string {
			return strings.TrimRight(signed(jose.RS256, keyA(), "a", "JWT", c), "-_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
		})},
		{name: "a weak key", check: "signature", rogue: func(g *rogue) {
			weak, _ := rsa.GenerateKey(rand.Reader, 1024)
			g.keys = func() any { return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public("w", weak.Public())}} }
			g.sign = func(c map[string]any) string { return signed(jose.RS256, weak, "w", "JWT", c) }
		}},
		{name: "a key that is for encryption", check: "signature", rogue: func(g *rogue) {
			g.keys = func() any {
				return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: keyA().Public(), KeyID: "a", Use: "enc"}}}
			}
		}},
		{name: "a symmetric key in the set", check: "signature", rogue: func(g *rogue) {
			g.keys = func() any {
				return map[string]any{"keys": []any{map[string]any{"kty": "oct", "kid": "a", "k": part("k")}}}
			}
		}},
		{name: "a logout token in the place of an ID token", check: "type", rogue: signs(func(c map[string]any) string { return signed(jose.RS256, keyA(), "a", "logout+jwt", c) })},
		{name: "an access token in the place of an ID token", check: "type", rogue: signs(func(c map[string]any) string { return signed(jose.RS256, keyA(), "a", "at+jwt", c) })},
		{name: "claims that are no object", check: "claims", rogue: signs(func(map[string]any) string { return signedRaw(`["iss"]`) })},

		// Claims of the protocol.
		{name: "another issuer", check: "issuer", rogue: claim("iss", "https://id.example.com")},
		{name: "an issuer with a slash more", check: "issuer", rogue: claim("iss", rogueIssuer+"/")},
		{name: "no issuer", check: "issuer", rogue: claim("iss", nil)},
		{name: "another audience", check: "audience", rogue: claim("aud", "another")},
		{name: "audiences without us", check: "audience", rogue: claim("aud", []string{"one", "two"})},
		{name: "an audience that is a number", check: "audience", rogue: claim("aud", 7)},
		{name: "no audience", check: "audience", rogue: claim("aud", nil)},
		{name: "many audiences without azp", check: "authorized_party", rogue: claim("aud", []string{"lyceum", "two"})},
		{name: "issued to another", check: "authorized_party", rogue: claim("azp", "another")},
		{name: "azp that is a number", check: "authorized_party", rogue: claim("azp", 7)},
		{name: "expired", check: "expiry", rogue: at("exp", -61*time.Second)},
		{name: "expired within the allowed difference of clocks", rogue: at("exp", -59*time.Second)},
		{name: "no expiry", check: "expiry", rogue: claim("exp", nil)},
		{name: "an expiry in text", check: "expiry", rogue: claim("exp", "tomorrow")},
		{name: "an expiry beyond all calendars", check: "expiry", rogue: claim("exp", 1e300)},
		{name: "an expiry in two years", check: "expiry", rogue: at("exp", 2*366*24*time.Hour)},
		{name: "not yet valid", check: "not_before", rogue: at("nbf", 61*time.Second)},
		{name: "valid from now on", rogue: at("nbf", 59*time.Second)},
		{name: "nbf that is no date", check: "not_before", rogue: claim("nbf", -5)},
		{name: "issued in the future", check: "issued_at", rogue: at("iat", 61*time.Second)},
		{name: "issued just now by a clock that is ahead", rogue: at("iat", 59*time.Second)},
		{name: "not issued at any time", check: "issued_at", rogue: claim("iat", nil)},
		{name: "another nonce", check: "nonce", rogue: claim("nonce", oidc.NewSecret())},
		{name: "no nonce", check: "nonce", rogue: claim("nonce", nil)},
		{name: "a nonce that is no text", check: "nonce", rogue: claim("nonce", []string{"a"})},
		{name: "another access token", check: "at_hash", rogue: claim("at_hash", atHash("another"))},
		{name: "at_hash that is no text", check: "id_token", rogue: claim("at_hash", 7)},
		{name: "at_hash in capitals after a wrong one", check: "at_hash", rogue: signs(func(c map[string]any) string {
			c["at_hash"] = atHash("another")
			return signedRaw(strings.TrimSuffix(mustJSON(c), "}") + `,"AT_HASH":"` + atHash("access") + `"}`)
		})},
		{name: "its own access token", rogue: claim("at_hash", atHash("access"))},
		{name: "no subject", check: "subject", rogue: claim("sub", nil)},
		{name: "an empty subject", check: "subject", rogue: claim("sub", "")},
		{name: "a subject with a NUL", check: "subject", rogue: claim("sub", "a\x00b")},
		{name: "a subject without end", check: "subject", rogue: claim("sub", strings.Repeat("a", 256))},
		{name: "a subject that is a number", check: "id_token", rogue: claim("sub", 7)},
		{name: "a session with a line break", check: "session", rogue: claim("sid", "a\nb")},

		// What the settings ask for.
		{name: "no auth_time though max_age was sent", check: "auth_time", settings: oidc.Settings{MaxAge: 300}},
		{name: "signed in too long ago", check: "auth_time", settings: oidc.Settings{MaxAge: 300}, rogue: at("auth_time", -361*time.Second)},
		{name: "signed in of late", settings: oidc.Settings{MaxAge: 300}, rogue: at("auth_time", -299*time.Second)},
		{name: "signed in in the future", check: "auth_time", rogue: at("auth_time", time.Hour)},
		{name: "no acr", check: "acr", settings: oidc.Settings{RequestedContext: []string{"mfa"}}},
		{name: "a weaker acr", check: "acr", settings: oidc.Settings{RequestedContext: []string{"mfa"}}, rogue: claim("acr", "pwd")},
		{name: "the second best acr", settings: oidc.Settings{RequestedContext: []string{"phr", "mfa"}}, rogue: claim("acr", "mfa")},
		{name: "no hd", check: "hosted_domain", settings: oidc.Settings{HostedDomain: "example.com"}},
		{name: "another hd", check: "hosted_domain", settings: oidc.Settings{HostedDomain: "example.com"}, rogue: claim("hd", "evil.example.com")},
		{name: "hd of the domain", settings: oidc.Settings{HostedDomain: "example.com"}, rogue: claim("hd", "Example.com")},
		{name: "an address that is not verified", check: "email_verified", settings: oidc.Settings{RequireVerifiedEmail: true}, rogue: claim("email_verified", false)},
		{name: "an address that is not verified, in text", check: "email_verified", settings: oidc.Settings{RequireVerifiedEmail: true}, rogue: claim("email_verified", "false")},
		{name: "an address of which nothing is said", check: "email_verified", settings: oidc.Settings{RequireVerifiedEmail: true}, rogue: claim("email_verified", nil)},
		{name: "an address verified by a number", check: "email_verified", settings: oidc.Settings{RequireVerifiedEmail: true}, rogue: claim("email_verified", 1)},
		{name: "no address", check: "email_verified", settings: oidc.Settings{RequireVerifiedEmail: true}, rogue: claim("email", nil)},
		{name: "an address that is verified, in text", settings: oidc.Settings{RequireVerifiedEmail: true}, rogue: claim("email_verified", "true")},
		{name: "no claim to name the person by", check: "subject", settings: oidc.Settings{SubjectClaim: "oid+tid"}, rogue: claim("oid", "x")},
		{name: "claims deeper than anyone needs", check: "claims", rogue: claim("deep", nested(20))},

		// The token endpoint.
		{name: "no id_token", check: "id_token", rogue: func(g *rogue) { g.answer = func(b map[string]any) { delete(b, "id_token") } }},
		{name: "an id_token that is no text", check: "id_token", rogue: func(g *rogue) { g.answer = func(b map[string]any) { b["id_token"] = 7 } }},
		{name: "an id_token without end", check: "id_token", rogue: claim("x", strings.Repeat("x", 300<<10))},
		{name: "an access token of another kind", check: "token_exchange", rogue: func(g *rogue) { g.answer = func(b map[string]any) { b["token_type"] = "DPoP" } }},
		{name: "no access token", check: "token_exchange", rogue: func(g *rogue) { g.answer = func(b map[string]any) { delete(b, "access_token") } }},
		{name: "a token endpoint that answers in HTML", check: "token_exchange", rogue: func(g *rogue) {
			g.token = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>maintenance</html>") }
		}},
		{name: "a failing token endpoint", check: "token_exchange", rogue: func(g *rogue) {
			g.token = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
		}},
		{name: "a key set that is none", check: "signature", rogue: func(g *rogue) { g.keys = func() any { return "keys" } }},
		{name: "a key set without end", check: "signature", rogue: func(g *rogue) {
			g.keys = func() any {
				keys := make([]jose.JSONWebKey, 51)
				for i := range keys {
					keys[i] = public(fmt.Sprint(i), keyE().Public())
				}
				return jose.JSONWebKeySet{Keys: append(keys, public("a", keyA().Public()))}
			}
		}},
		{name: "broken keys beside a good one", rogue: func(g *rogue) {
			g.keys = func() any {
				return map[string]any{"keys": []any{7, map[string]any{"kty": "RSA"}, map[string]any{"kty": "XYZ"}, public("a", keyA().Public())}}
			}
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(newHand())
			if c.rogue != nil {
				c.rogue(g)
			}
			a, report, err := g.meet(t, c.settings)
			if c.check == "" {
				if err != nil {
					t.Fatalf("%v %+v", err, report)
				}
				return
			}
			refused(t, c.check, report, err)
			if a.Subject != "" || a.Claims != nil {
				t.Errorf("it is refused, and gives %+v", a)
			}
		})
	}
}

func nested(depth int) any {
	if depth == 0 {
		return "bottom"
	}
	return map[string]any{"n": nested(depth - 1)}
}
