package oidc_test

import (
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth"
	"lyceum/auth/oidc"
)

// FuzzLogoutToken reads what strangers may send: raw tokens, and payloads that the issuer did sign. More seeds are in testdata/fuzz.
func FuzzLogoutToken(f *testing.F) {
	now := newHand()
	g := newRogue(now)
	rp := oidc.New(oidc.Options{HTTP: newWire("rogue.example.com", g).client(), Now: now.Now})
	s := oidc.Settings{Issuer: g.issuer, ClientID: "lyceum"}
	good := map[string]any{
		"iss": g.issuer, "sub": "s", "aud": "lyceum", "iat": now.Now().Unix(), "exp": now.Now().Add(time.Minute).Unix(), "jti": "j",
		"events": map[string]any{logoutEvent: map[string]any{}},
	}
	f.Add(signed(jose.RS256, keyA(), "a", "logout+jwt", good), false)
	f.Add(mustJSON(good), true)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: keyE(), KeyID: "e"}}, (&jose.SignerOptions{}).WithType("logout+jwt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw string, sign bool) {
		if sign {
			jws, err := signer.Sign([]byte(raw))
			if err != nil {
				t.Skip(err)
			}
			if raw, err = jws.CompactSerialize(); err != nil {
				t.Skip(err)
			}
		}
		out, report, err := rp.VerifyLogoutToken(t.Context(), s, raw)
		if r, ok := auth.RefusalOf(err); err != nil && (!ok || report[len(report)-1].Name != r.Reason) {
			t.Errorf("%v %+v", err, report)
		}
		if err == nil && (out.Issuer != g.issuer || out.ID == "" || out.Subject == "" && out.Session == "") {
			t.Errorf("%+v", out)
		}
	})
}
