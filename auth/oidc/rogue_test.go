package oidc_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"lyceum/auth"
	"lyceum/auth/oidc"
)

// rogue is an issuer that can misbehave in each place; what is nil behaves.
type rogue struct {
	issuer   string
	now      *hand
	document func(map[string]any)
	keys     func() any
	claims   func(map[string]any)
	sign     func(map[string]any) string
	// answer changes what the token endpoint says; token does in its place.
	answer   func(map[string]any)
	token    http.HandlerFunc
	userInfo http.HandlerFunc
	nonce    string
}

const rogueIssuer = "https://rogue.example.com"

func newRogue(now *hand) *rogue {
	return &rogue{issuer: rogueIssuer, now: now, nonce: oidc.NewSecret()}
}

func (g *rogue) base() string {
	u, _ := url.Parse(g.issuer)
	return u.Scheme + "://" + u.Host
}

func (g *rogue) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u, _ := url.Parse(g.issuer)
	switch {
	case r.URL.Path == u.Path+"/.well-known/openid-configuration":
		d := map[string]any{
			"issuer": g.issuer, "authorization_endpoint": g.base() + "/authorize", "token_endpoint": g.base() + "/token", "jwks_uri": g.base() + "/jwks",
			"userinfo_endpoint": g.base() + "/userinfo",
		}
		if g.document != nil {
			g.document(d)
		}
		answer(w, d)
	case r.URL.Path == "/jwks":
		if g.keys != nil {
			answer(w, g.keys())
			return
		}
		answer(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public("a", keyA().Public()), public("e", keyE().Public())}})
	case r.URL.Path == "/token" && g.token != nil:
		g.token(w, r)
	case r.URL.Path == "/token":
		body := map[string]any{"access_token": "access", "token_type": "Bearer", "id_token": g.idToken()}
		if g.answer != nil {
			g.answer(body)
		}
		answer(w, body)
	case r.URL.Path == "/userinfo" && g.userInfo != nil:
		g.userInfo(w, r)
	default:
		http.NotFound(w, r)
	}
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func public(kid string, k any) jose.JSONWebKey {
	return jose.JSONWebKey{Key: k, KeyID: kid, Use: "sig"}
}

func (g *rogue) idToken() string {
	now := g.now.Now()
	c := map[string]any{
		"iss": g.issuer, "sub": "248289761001", "aud": "lyceum", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": g.nonce,
		"email": "jane@example.com", "email_verified": true,
	}
	if g.claims != nil {
		g.claims(c)
	}
	if g.sign != nil {
		return g.sign(c)
	}
	return signed(jose.RS256, keyA(), "a", "JWT", c)
}

// signed makes a token.
func signed(alg jose.SignatureAlgorithm, key any, kid string, typ jose.ContentType, c map[string]any) string {
	o := &jose.SignerOptions{}
	if typ != "" {
		o = o.WithType(typ)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, o)
	if err != nil {
		panic(err)
	}
	raw, err := jwt.Signed(signer).Claims(c).Serialize()
	if err != nil {
		panic(err)
	}
	return raw
}

// signedRaw signs a payload as it is written.
func signedRaw(payload string) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: keyA(), KeyID: "a"}}, nil)
	if err != nil {
		panic(err)
	}
	jws, err := signer.Sign([]byte(payload))
	if err != nil {
		panic(err)
	}
	raw, err := jws.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return raw
}

// part is one part of a token.
func part(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

func atHash(access string) string {
	sum := sha256.Sum256([]byte(access))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// meet lets someone come back from the rogue, and gives what became of it.
func (g *rogue) meet(t testing.TB, s oidc.Settings) (auth.Assertion, auth.Report, error) {
	t.Helper()
	u, _ := url.Parse(g.issuer)
	c := oidc.New(oidc.Options{HTTP: newWire(u.Host, g).client(), Now: g.now.Now})
	return g.meetWith(t, c, s)
}

func (g *rogue) meetWith(t testing.TB, c *oidc.Client, s oidc.Settings) (auth.Assertion, auth.Report, error) {
	t.Helper()
	state := rand.Text()
	if s.Issuer == "" {
		s.Issuer = g.issuer
	}
	s.ClientID = "lyceum"
	return c.Complete(t.Context(), s, "secret", oidc.Callback{
		Code: "code", State: state, ExpectedState: state, RedirectURL: redirect, Nonce: g.nonce, Verifier: oidc.NewSecret(),
	})
}

func mustJSON(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func jsonWith(object []byte, name string, value any) map[string]any {
	m := map[string]any{}
	if err := json.Unmarshal(object, &m); err != nil {
		panic(err)
	}
	m[name] = value
	return m
}
