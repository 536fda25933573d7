package oidc

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClaimsAreFlattened(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, payload string
		want          map[string][]string
	}{
		{"kinds", `{"a":"x","b":12345678901234567890,"c":true,"d":null,"e":1.5,"f":""}`,
			map[string][]string{"a": {"x"}, "b": {"12345678901234567890"}, "c": {"true"}, "e": {"1.5"}, "f": {""}}},
		{"nested", `{"address":{"country":"US","geo":{"lat":1}}}`, map[string][]string{"address.country": {"US"}, "address.geo.lat": {"1"}}},
		{"arrays", `{"groups":["b","a"],"none":[],"mixed":[1,null,"x",false]}`, map[string][]string{"groups": {"b", "a"}, "none": {}, "mixed": {"1", "x", "false"}}},
		{"objects in an array", `{"roles":[{"name":"a","id":1},{"name":"b"}]}`, map[string][]string{"roles.name": {"a", "b"}, "roles.id": {"1"}}},
		{"a literal name goes before a nested one", `{"x":{"y":"nested"},"x.y":"literal"}`, map[string][]string{"x.y": {"literal"}}},
		{"the nearer one has the name", `{"a":{"b.c":"near","b":{"c":"far"}}}`, map[string][]string{"a.b.c": {"near"}}},
		{"a NUL can be stored nowhere", `{"a\u0000b":"x\u0000y"}`, map[string][]string{"a\ufffdb": {"x\ufffdy"}}},
		{"the protocol's own", `{"nonce":"n","at_hash":"h","_claim_names":{"groups":"s"},"_claim_sources":{"s":{"access_token":"t"}},"sub":"s"}`, map[string][]string{"sub": {"s"}}},
	} {
		parsed, err := parseClaims([]byte(c.payload))
		if err != nil {
			t.Fatal(c.name, err)
		}
		got, err := parsed.flatten()
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v %v", c.name, got, err)
		}
	}
	many := `{"g":[` + strings.TrimSuffix(strings.Repeat(`"x",`, claimsValues+2), ",") + `]}`
	for _, payload := range []string{many, `{"a":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, `{"` + strings.Repeat("n", 600) + `":1}`} {
		parsed, err := parseClaims([]byte(payload))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parsed.flatten(); err == nil {
			t.Errorf("%.40s… is taken", payload)
		}
	}
	for _, payload := range []string{``, `null`, `[]`, `"x"`, `{}{}`, `{"a":}`} {
		if _, err := parseClaims([]byte(payload)); err == nil {
			t.Errorf("%q is taken for claims", payload)
		}
	}
}

func FuzzFlatten(f *testing.F) {
	f.Add([]byte(`{"sub":"s","groups":["a"],"address":{"country":"US"}}`)) // the other seeds are in testdata/fuzz
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := parseClaims(payload)
		if err != nil {
			return
		}
		for name := range c {
			c.text(name)
			c.list(name)
			c.yes(name)
			if at, ok := c.date(name); ok && (at.Year() < 1970 || at.Year() > 9999) {
				t.Errorf("%s is %s", name, at)
			}
		}
		first, err := c.flatten()
		second, err2 := c.flatten()
		if !reflect.DeepEqual(first, second) || (err == nil) != (err2 == nil) {
			t.Errorf("%v and then %v", first, second)
		}
		for name, values := range first {
			if strings.ContainsRune(name, 0) || !utf8.ValidString(name) {
				t.Errorf("the name %q cannot be stored", name)
			}
			for _, v := range values {
				if strings.ContainsRune(v, 0) || !utf8.ValidString(v) {
					t.Errorf("the value %q cannot be stored", v)
				}
			}
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"WKn-ZIGevcwGIyyrzFoZNBdaq9_TsqzGl96oc0CWuis","y":"y77t-RvAHRKTsSGdIYUfweuOvwrvDD-Q3Hv5J0fSKbE"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseKeys(body)
		if err != nil && keys != nil {
			t.Error("an error, and keys")
		}
		for _, k := range keys {
			if kind(k.jwk.Key) == "" {
				t.Errorf("%T is kept", k.jwk.Key)
			}
		}
	})
}
