package scim_test

import (
	"context"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

// proven makes an e-mail domain the organization's.
func (s *stand) proven(domain string) {
	s.t.Helper()
	_, err := s.w.Admin.Exec(s.t.Context(), "insert into "+schemaOf(s.ctx)+".email_domains (domain, token, policy, verified_at, created_at) values ($1, 'x', '', now(), now())", domain)
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestATokenMakesNobodyAnOwner: linked, an owner would be whoever signs in under the externalId that the token gave them.
func TestATokenMakesNobodyAnOwner(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	s.proven("acme.example")
	owner := storetest.AddPerson(t, s.ctx, s.w, auth.Person{Email: "boss@acme.example", Name: "Boss"}, policy.Owner)
	storetest.Person(t, s.ctx, s.w, policy.Owner) // not the last one
	refused := s.ask("POST", "/Users", userJSON("boss@acme.example", `"externalId":"my own subject"`)).is(409, "uniqueness")
	if detail, _ := refused.body["detail"].(string); !strings.Contains(detail, "An owner can link") {
		t.Errorf("the reason does not help: %s", refused.Body)
	}
	s.ask("POST", "/Users", userJSON("boss@acme.example", `"active":false`)).is(409)
	if p := s.person(owner.ID.String()); p.Status != auth.PersonActive {
		t.Errorf("switched off: %+v", p)
	}
	boss := storetest.As(t, s.ctx, s.w, owner)
	fails(t, s.scim.Link(boss, s.dir.ID, owner.Email, "boss"), nil)
	if len(s.ask("GET", filtered("/Users", `userName eq "boss"`), "").is(200).at("Resources").([]any)) != 1 {
		t.Error("an owner cannot link themselves")
	}
}

// TestATokenLeadsNobodysResetMailElsewhere: whoever reads mail at an account's address can choose its password.
func TestATokenLeadsNobodysResetMailElsewhere(t *testing.T) {
	t.Parallel()
	s := setup(t, scim.ModeStandard)
	s.proven("acme.example")
	elsewhere := patchJSON(`{"op":"replace","path":"emails","value":[{"value":"me@evil.example","type":"work","primary":true}]}`)
	within := patchJSON(`{"op":"replace","path":"emails","value":[{"value":"renamed.%s@acme.example","type":"work","primary":true}]}`)
	address := func(id string) string { return s.person(id).Email }

	admin := storetest.AddPerson(t, s.ctx, s.w, auth.Person{Email: "anna@acme.example", Name: "Anna"}, policy.Admin)
	linked := s.user("anna@acme.example")
	if linked != admin.ID.String() {
		t.Fatal("not linked")
	}
	s.ask("PATCH", "/Users/"+linked, elsewhere).is(200)
	if got := address(linked); got != "anna@acme.example" {
		t.Errorf("an administrator's mail goes to %s", got)
	}
	s.ask("PATCH", "/Users/"+linked, strings.ReplaceAll(within, "%s", "anna")).is(200)
	if got := address(linked); got != "renamed.anna@acme.example" {
		t.Errorf("within the proven domain: %s", got)
	}

	promoted := s.user("owner@acme.example")
	one, _ := uid.Parse(promoted)
	if err := s.w.Store.InTenant(s.ctx, func(ctx context.Context) error { return s.w.Store.GiveRoles(ctx, one, []policy.Role{policy.Owner}) }); err != nil {
		t.Fatal(err)
	}
	s.ask("PATCH", "/Users/"+promoted, strings.ReplaceAll(within, "%s", "owner")).is(200)
	if got := address(promoted); got != "owner@acme.example" {
		t.Errorf("an owner's mail goes to %s", got)
	}

	own := s.user("ben@other.example")
	s.ask("PATCH", "/Users/"+own, patchJSON(`{"op":"replace","path":"emails","value":[{"value":"ben.b@other.example","type":"work"}]}`)).is(200)
	if got := address(own); got != "ben.b@other.example" {
		t.Errorf("whom the directory made keeps %s", got)
	}

	s.ask("DELETE", "/Users/"+linked, "").is(204)
	if back := s.ask("POST", "/Users", userJSON("anna@acme.example", `"emails":[{"value":"me@evil.example"}]`)).is(201).id(); back != linked {
		t.Fatal("somebody else came back")
	}
	if got := address(linked); strings.HasSuffix(got, "evil.example") {
		t.Errorf("who comes back has the mail %s", got)
	}
}
