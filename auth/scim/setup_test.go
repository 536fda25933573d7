package scim_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth/scim"
	"lyceum/internal/fault"
)

var (
	standard = scim.ModeStandard.Quirks()
	entra    = scim.ModeEntra.Quirks()
	okta     = scim.ModeOkta.Quirks()
)

// object reads JSON.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

// fails checks that an error is the failure that was declared, nil for none.
func fails(t testing.TB, err error, want *fault.Fault) {
	t.Helper()
	switch {
	case want == nil && err != nil:
		t.Fatalf("failed: %v", err)
	case want != nil && !errors.Is(err, want):
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}

// same compares a resource with JSON.
func same(t testing.TB, got any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%v in %s", err, want)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// anna is a person with a value in most places.
const anna = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"7","externalId":"EX-7","userName":"anna@acme.example",
"name":{"givenName":"Anna","familyName":"Álvarez"},"displayName":"Anna Álvarez","title":"Engineer","active":true,
"emails":[{"value":"anna@acme.example","type":"work","primary":true},{"value":"anna@home.example","type":"home"}],
"groups":[{"value":"g1","display":"Staff"}],
"meta":{"resourceType":"User","created":"2026-01-31T08:00:00Z","lastModified":"2026-02-01T08:00:00.5Z"},
"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Research","manager":{"value":"9","displayName":"Max"}}}`
