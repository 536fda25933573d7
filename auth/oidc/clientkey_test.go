package oidc_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"lyceum/auth/oidc"
)

func TestAClientProvesItselfWithAPrivateKey(t *testing.T) {
	t.Parallel()
	g := newRogue(newHand())
	secret, err := oidc.NewClientKey()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := oidc.ClientKeySet(secret, rsaSecret(t))
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) != 2 || !set.Keys[0].IsPublic() || strings.Contains(string(raw), `"d"`) {
		t.Fatalf("%v %s", err, raw)
	}
	var seen jwt.Claims
	g.token = func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" || r.FormValue("client_id") != "lyceum" || r.FormValue("client_secret") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("%v", r.Form)
		}
		token, err := jwt.ParseSigned(r.FormValue("client_assertion"), []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
		if err != nil {
			t.Error(err)
			return
		}
		known := set.Key(token.Headers[0].KeyID)
		if len(known) != 1 || token.Claims(known[0].Key, &seen) != nil {
			t.Errorf("not signed by a key of the set: %+v", token.Headers)
		}
		answer(w, map[string]any{"access_token": "access", "token_type": "bearer", "id_token": g.idToken()})
	}
	rp := oidc.New(oidc.Options{HTTP: newWire("rogue.example.com", g).client(), Now: g.now.Now})
	for _, private := range []string{secret, rsaSecret(t)} {
		in := oidc.Callback{Code: "c", State: "s", ExpectedState: "s", RedirectURL: redirect, Nonce: g.nonce, Verifier: oidc.NewSecret()}
		_, report, err := rp.Complete(t.Context(), oidc.Settings{Issuer: g.issuer, ClientID: "lyceum", AuthMethod: oidc.AuthPrivateKey}, private, in)
		if err != nil {
			t.Fatal(err, report)
		}
		if seen.Issuer != "lyceum" || seen.Subject != "lyceum" || seen.ID == "" || !seen.Audience.Contains(g.issuer+"/token") || seen.Expiry.Time().Sub(g.now.Now()) > time.Minute {
			t.Errorf("%+v", seen)
		}
	}
	for _, broken := range []string{"", "a secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		in := oidc.Callback{Code: "c", State: "s", ExpectedState: "s", Nonce: g.nonce}
		_, report, err := rp.Complete(t.Context(), oidc.Settings{Issuer: g.issuer, ClientID: "lyceum", AuthMethod: oidc.AuthPrivateKey}, broken, in)
		if why := refused(t, "token_exchange", report, err); !strings.Contains(why, "private key") {
			t.Error(why)
		}
		if _, err := oidc.ClientKeySet(broken); err == nil {
			t.Errorf("%q has a public half", broken)
		}
	}
}

func rsaSecret(t *testing.T) string {
	der, err := x509.MarshalPKCS8PrivateKey(keyA())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}
