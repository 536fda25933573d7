package api_test

import (
	"strings"
	"testing"

	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
)

// TestNoDirectoryMakesAnyoneAnOwner: whoever holds a directory's token says what it knows people as, and could name their
// own company account as the owner's.
func TestNoDirectoryMakesAnyoneAnOwner(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, func(k *signon.Connection, _ *oidc.Settings) { k.Admission.V.ExternalIDClaim = "oid" },
		demoop.Person{Email: "anna.new@acme.example", EmailVerified: true, Name: "Anna Berg", More: map[string]any{"oid": "the-oid"}})
	owner := c.person(policy.Owner)
	c.directory("on", owner.ID, "the-oid", "boss")
	b := c.stranger()
	at := c.signsIn(b, "anna.new@acme.example").is(303).path()
	if !strings.HasPrefix(at, "/sso/confirm/") {
		t.Fatalf("signed in as an owner, and goes on to %s", at)
	}
	b.get("/").is(303)
	if c.count("select count(*) from identities") != 0 {
		t.Error("an owner is linked already")
	}
	b.get(at).is(200)
	b.post(at, "password", password).is(303)
	b.get("/").is(200)
	if a := c.last(signon.OutcomeAdmitted, ""); *a.PersonID != owner.ID || a.Result.V.Effect != signon.EffectLinked {
		t.Errorf("%+v", a)
	}
}
