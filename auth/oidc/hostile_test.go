package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/oidc"
	"lyceum/internal/outbound"
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
		{name: "claims that are no object", check: "claims", rogue: signs(func(map[string]any) string {
			signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: keyA()}, nil)
			jws, _ := signer.Sign([]byte(`["iss"]`))
			raw, _ := jws.CompactSerialize()
			return raw
		})},

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
		{name: "at_hash in capitals beside a right one", check: "at_hash", rogue: func(g *rogue) {
			g.claims = func(c map[string]any) { c["at_hash"], c["AT_HASH"] = atHash("another"), atHash("access") }
		}},
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

func TestEntraLetsInOnlyTheListedDirectories(t *testing.T) {
	t.Parallel()
	const ours, theirs, host = "11111111-2222-3333-4444-555555555555", "99999999-2222-3333-4444-555555555555", "https://login.microsoftonline.com/"
	for _, c := range []struct {
		name, check, tid, iss, keyOf string
		overage                      bool
	}{
		{name: "our directory", tid: ours, iss: host + ours + "/v2.0"},
		{name: "our directory, a key for all", tid: ours, iss: host + ours + "/v2.0", keyOf: host + "{tenantid}/v2.0"},
		{name: "our directory, more groups than fit", tid: ours, iss: host + ours + "/v2.0", overage: true},
		{name: "another directory", check: "entra_tenant", tid: theirs, iss: host + theirs + "/v2.0"},
		{name: "tid of ours, issuer of another", check: "issuer", tid: ours, iss: host + theirs + "/v2.0"},
		{name: "tid of another, issuer of ours", check: "issuer", tid: theirs, iss: host + ours + "/v2.0"},
		{name: "the pattern itself", check: "issuer", tid: "{tenantid}", iss: host + "{tenantid}/v2.0"},
		{name: "no tid", check: "issuer", iss: host + ours + "/v2.0"},
		{name: "another host", check: "issuer", tid: ours, iss: "https://login.evil.example/" + ours + "/v2.0"},
		{name: "a key of another directory", check: "issuer", tid: ours, iss: host + ours + "/v2.0", keyOf: host + theirs + "/v2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(newHand())
			g.issuer = host + "organizations/v2.0"
			g.document = func(d map[string]any) { d["issuer"] = host + "{tenantid}/v2.0" }
			g.claims = func(m map[string]any) {
				m["iss"], m["tid"], m["oid"] = c.iss, c.tid, "0b1ec7"
				if c.overage {
					m["_claim_names"] = map[string]any{"groups": "src1"}
					m["_claim_sources"] = map[string]any{"src1": map[string]any{"endpoint": "https://graph.microsoft.com/", "access_token": "hush"}}
				}
			}
			if c.keyOf != "" {
				g.keys = func() any {
					k, _ := public("a", keyA().Public()).MarshalJSON()
					return map[string]any{"keys": []any{jsonWith(k, "issuer", c.keyOf)}}
				}
			}
			a, report, err := g.meet(t, oidc.Settings{EntraTenants: []string{strings.ToUpper(ours)}, SubjectClaim: "oid+tid"})
			if c.check != "" {
				refused(t, c.check, report, err)
				return
			}
			if err != nil || a.Issuer != c.iss || a.Subject != "0b1ec7@"+ours {
				t.Fatalf("%v %+v %+v", err, report, a)
			}
			if has(report, "group_overage") != c.overage {
				t.Errorf("%v", names(report))
			}
			if _, there := a.Claims["_claim_sources.src1.access_token"]; there {
				t.Error("an access token is among the claims")
			}
		})
	}
	g := newRogue(newHand())
	g.issuer = host + "organizations/v2.0"
	_, report, err := g.meet(t, oidc.Settings{EntraTenants: []string{ours}})
	refused(t, "discovery", report, err)
}

func TestGoogleMayLeaveTheSchemeOff(t *testing.T) {
	t.Parallel()
	g := newRogue(newHand())
	g.issuer = "https://accounts.google.com"
	g.claims = func(c map[string]any) { c["iss"], c["hd"] = "accounts.google.com", "example.com" }
	a, report, err := g.meet(t, oidc.Settings{HostedDomain: "example.com"})
	if err != nil || a.Issuer != g.issuer {
		t.Fatal(err, report, a.Issuer)
	}
}

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

func TestADocumentThatCannotBeWorkedWithIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(map[string]any){
		"another issuer":         func(d map[string]any) { d["issuer"] = "https://id.example.com" },
		"a slash more":           func(d map[string]any) { d["issuer"] = rogueIssuer + "/" },
		"no issuer":              func(d map[string]any) { delete(d, "issuer") },
		"no token endpoint":      func(d map[string]any) { delete(d, "token_endpoint") },
		"keys without TLS":       func(d map[string]any) { d["jwks_uri"] = "http://rogue.example.com/jwks" },
		"keys on this machine":   func(d map[string]any) { d["jwks_uri"] = "http://127.0.0.1/jwks" },
		"a script to sign in at": func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" },
		"a file for UserInfo":    func(d map[string]any) { d["userinfo_endpoint"] = "file:///etc/passwd" },
		"a script to sign out":   func(d map[string]any) { d["end_session_endpoint"] = "javascript:alert(1)" },
		"a list for an endpoint": func(d map[string]any) { d["token_endpoint"] = []string{"https://rogue.example.com/token"} },
	} {
		g := newRogue(newHand())
		g.document = spoil
		_, report, err := g.meet(t, oidc.Settings{})
		refused(t, "discovery", report, err)
		if !errors.Is(err, oidc.ErrIssuer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignInsWithUnknownKeysCauseNoFloodOfCalls(t *testing.T) {
	t.Parallel()
	g := newRogue(newHand())
	net := newWire("rogue.example.com", g)
	c := oidc.New(oidc.Options{HTTP: net.client(), Now: g.now.Now})
	g.sign = func(m map[string]any) string { return signed(jose.RS256, keyB(), rand.Text(), "JWT", m) }
	for range 50 {
		_, report, err := g.meetWith(t, c, oidc.Settings{})
		refused(t, "signature", report, err)
	}
	if n := net.count("/jwks"); n > 7 {
		t.Errorf("the keys were fetched %d times", n)
	}
	// A minute later the budget is there again, and a new key is found.
	g.now.move(time.Minute)
	g.keys = func() any { return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public("b", keyB().Public())}} }
	g.sign = func(m map[string]any) string { return signed(jose.RS256, keyB(), "b", "JWT", m) }
	if _, report, err := g.meetWith(t, c, oidc.Settings{}); err != nil {
		t.Fatal(err, report)
	}
	// The key that left counts a minute longer, for tokens on their way, and then no more.
	g.sign = nil
	_, report, err := g.meetWith(t, c, oidc.Settings{})
	if err != nil {
		t.Fatal(err, report)
	}
	g.now.move(2 * time.Minute)
	_, report, err = g.meetWith(t, c, oidc.Settings{})
	refused(t, "signature", report, err)
}

// TestARealNetworkThatMisbehaves has a server, since what is tested is the HTTP client's part.
func TestARealNetworkThatMisbehaves(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	for _, c := range []struct {
		name, check string
		path        string
		serve       http.HandlerFunc
		client      outbound.Options
	}{
		{name: "a token without end", check: "token_exchange", path: "/token", serve: endless},
		{name: "keys without end", check: "signature", path: "/jwks", serve: endless},
		{name: "a document without end", check: "discovery", path: "/.well-known/openid-configuration", serve: endless},
		{name: "a slow token endpoint", check: "token_exchange", path: "/token", serve: func(_ http.ResponseWriter, r *http.Request) {
			select { // until the client hangs up
			case <-r.Context().Done():
			case <-over:
			}
		}, client: outbound.Options{Timeout: 200 * time.Millisecond}},
		{name: "the code is sent on", check: "token_exchange", path: "/token", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}},
		{name: "keys behind a redirect into a private network", check: "signature", path: "/jwks", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		}},
		{name: "redirects in a circle", check: "discovery", path: "/.well-known/openid-configuration", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(newHand())
			mux := http.NewServeMux()
			mux.Handle("/", g)
			mux.HandleFunc(c.path, c.serve)
			mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { t.Error("the code and the secret went elsewhere") })
			srv := httptest.NewServer(mux)
			defer srv.Close()
			g.issuer = srv.URL
			c.client.AllowPrivate, c.client.MaxBody = true, 1<<20
			client := outbound.Client(c.client)
			client.Transport = noMetadata{client.Transport}
			_, report, err := g.meetWith(t, oidc.New(oidc.Options{HTTP: client, Now: g.now.Now}), oidc.Settings{})
			refused(t, c.check, report, err)
		})
	}
	// Without leave to call private addresses nothing of a private issuer is read at all.
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was called") }))
	defer srv.Close()
	g := newRogue(newHand())
	g.issuer = srv.URL
	_, report, err := g.meetWith(t, oidc.New(oidc.Options{Now: g.now.Now}), oidc.Settings{})
	if why := refused(t, "discovery", report, err); !strings.Contains(why, "private network") || !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("%s %v", why, err)
	}
	close(over)
}

// noMetadata stands for the guard of an installation that may call private addresses: a test calls nothing but this machine.
type noMetadata struct{ next http.RoundTripper }

func (n noMetadata) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() != "127.0.0.1" {
		return nil, fmt.Errorf("%w: %s", outbound.ErrAddress, r.URL.Hostname())
	}
	return n.next.RoundTrip(r)
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"x":"`)
	for range 3 << 10 {
		if _, err := io.WriteString(w, strings.Repeat("x", 1<<10)); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, `"}`)
}
