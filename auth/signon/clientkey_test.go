package signon_test

import (
	"encoding/json"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// TestAConnectionThatProvesItselfByAKeyGetsOne: nobody has to make a key, and each issuer knows another one.
func TestAConnectionThatProvesItselfByAKeyGetsOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	st := oidc.Settings{Issuer: "https://idp.example", ClientID: "lyceum"}
	c, err := h.s.CreateConnection(h.admin, signon.ConnectionInput{Kind: auth.ProtocolOIDC, Product: signon.ProductOther, Name: "OP", Settings: packed(t, st), Secret: "a client secret"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.s.ClientKeys(h.ctx, c.ID)
	meetsNamed(t, "keys of who has a secret", err, signon.ErrConnectionNotFound)
	keys := func(st oidc.Settings) (id string) {
		t.Helper()
		if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st)}); err != nil {
			t.Fatal(err)
		}
		raw, err := h.s.ClientKeys(h.ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		var set struct{ Keys []map[string]any }
		if err := json.Unmarshal(raw, &set); err != nil || len(set.Keys) != 1 {
			t.Fatalf("%s: %v", raw, err)
		}
		for _, private := range []string{"d", "p", "q"} {
			if _, told := set.Keys[0][private]; told {
				t.Fatalf("the private half is told: %s", private)
			}
		}
		id, _ = set.Keys[0]["kid"].(string)
		return id
	}
	st.AuthMethod = oidc.AuthPrivateKey
	first := keys(st)
	if first == "" || c.Complete() != nil {
		t.Errorf("key %q, incomplete: %v", first, c.Complete())
	}
	st.Prompt = "login"
	if again := keys(st); again != first {
		t.Error("a change beside it made another key")
	}
	st.Issuer = "https://other.example"
	second := keys(st)
	if second == first {
		t.Error("another issuer knows the same key")
	}
	typed := "no key at all"
	_, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Secret: &typed})
	if f := wrong(t, err, "secret"); !strings.Contains(f.Fields["secret"], "private key") {
		t.Errorf("%+v", f)
	}
	empty := ""
	if c, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Secret: &empty}); err != nil {
		t.Fatal(err)
	}
	if third := keys(st); third == second || third == "" {
		t.Error("taken away it was not replaced")
	}
	st.AuthMethod = oidc.AuthPost
	_, err = h.s.ChangeConnection(h.admin, c.ID, c.Revision, signon.Change{Settings: packed(t, st)})
	meetsNamed(t, "a private key as a secret", err, signon.ErrSecretAgain)
	_, err = setup(t).s.ClientKeys(setup(t).ctx, c.ID)
	meetsNamed(t, "another tenant", err, signon.ErrConnectionNotFound)
	_, err = h.s.ClientKeys(h.ctx, uid.New())
	meetsNamed(t, "an unknown connection", err, signon.ErrConnectionNotFound)
}
