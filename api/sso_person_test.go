package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
)

func TestRolesFollowTheGroupsAtEachSignIn(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	roles := func(groups ...string) []policy.Role {
		t.Helper()
		if err := c.oidc.SetPerson(demoop.Person{Email: "anna@acme.example", EmailVerified: true, Name: "Anna Berg", Groups: groups}); err != nil {
			t.Fatal(err)
		}
		c.signsIn(c.stranger(), "anna@acme.example").is(303)
		return c.who("anna@acme.example").Roles
	}
	if got := roles("Staff", "trainers"); !slices.Equal(got, []policy.Role{policy.Instructor}) {
		t.Errorf("in the group: %v", got)
	}
	// A role given by hand stays; the connection's own comes and goes.
	anna := c.who("anna@acme.example")
	c.inTenant(func(ctx context.Context) error {
		return c.w.Store.GiveRoles(ctx, anna.ID, []policy.Role{policy.Manager})
	})
	if got := roles("Staff"); !slices.Equal(got, []policy.Role{policy.Learner, policy.Manager}) {
		t.Errorf("out of the group: %v", got)
	}
	// Rules in their order: the first that fits decides.
	c.change(func(k *signon.Connection) {
		k.RoleRules.V.Rules = []auth.RoleRule{{Group: "Staff", Role: policy.Admin}, {Group: "Trainers", Role: policy.Instructor}}
	})
	if got := roles("Trainers", "Staff"); !slices.Equal(got, []policy.Role{policy.Admin, policy.Manager}) {
		t.Errorf("by priority: %v", got)
	}
	// No rule makes an owner, and none unmakes one.
	c.change(func(k *signon.Connection) {
		k.RoleRules.V = auth.RoleRules{Rules: []auth.RoleRule{{Group: "Staff", Role: policy.Owner}}}
	})
	if got := roles("Staff"); !slices.Equal(got, []policy.Role{policy.Manager}) {
		t.Errorf("a rule for owners: %v", got)
	}
	c.inTenant(func(ctx context.Context) error { return c.w.Store.GiveRoles(ctx, anna.ID, []policy.Role{policy.Owner}) })
	c.change(func(k *signon.Connection) { k.RoleRules.V = auth.RoleRules{Default: policy.Learner} })
	if got := roles(); !slices.Equal(got, []policy.Role{policy.Manager, policy.Owner}) {
		t.Errorf("an owner: %v", got)
	}
}

func TestWhoGetsNoRoleIsRefusedAndLosesTheOneTheyHad(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	c.signsIn(c.stranger(), "anna@acme.example").is(303)
	c.change(func(k *signon.Connection) {
		k.RoleRules.V = auth.RoleRules{Rules: []auth.RoleRule{{Group: "Nobody", Role: policy.Learner}}}
	})
	c.signsIn(c.stranger(), "anna@acme.example").is(403).says("gives you no access to this portal")
	c.last(signon.OutcomeRefused, signon.ReasonNoRole)
	if got := c.who("anna@acme.example").Roles; len(got) != 0 {
		t.Errorf("still %v", got)
	}
	c.signsIn(c.stranger(), "ben@acme.example").is(403)
	c.nobody("ben@acme.example")
}

func TestTheProfileFollowsTheMappingAndNobodyElsesAddressIsTaken(t *testing.T) {
	t.Parallel()
	c := byOIDC(t, nil)
	sub := "the same person"
	say := func(p demoop.Person) auth.Person {
		t.Helper()
		p.Subject = sub
		if err := c.oidc.SetPerson(p); err != nil {
			t.Fatal(err)
		}
		c.signsIn(c.stranger(), p.Email).is(303)
		var id uid.ID
		c.inTenant(func(ctx context.Context) error {
			i, err := c.w.Store.IdentityBySubject(ctx, c.connection.ID, sub)
			id = i.PersonID
			return err
		})
		var out auth.Person
		c.inTenant(func(ctx context.Context) (err error) { out, err = c.w.Store.PersonByID(ctx, id); return err })
		return out
	}
	first := say(demoop.Person{Email: "eva@acme.example", EmailVerified: true, Name: "Eva Kern", Given: "Eva", Department: "Sales"})
	if got := say(demoop.Person{Email: "eva.lang@acme.example", EmailVerified: true, Name: "Eva Lang", Given: "Eva", Department: "Support"}); got.ID != first.ID ||
		got.Email != "eva.lang@acme.example" || got.Name != "Eva Lang" || got.Attributes["department"] != "Support" {
		t.Errorf("after a marriage: %+v", got)
	}
	taken := c.person(policy.Learner)
	c.rename(taken, "boss@acme.example")
	for email, verified := range map[string]bool{"boss@acme.example": true, "eva@elsewhere.example": true, "eva.new@acme.example": false} {
		if got := say(demoop.Person{Email: email, EmailVerified: verified, Name: "Eva Lang"}); got.Email != "eva.lang@acme.example" {
			t.Errorf("%s was taken over: %+v", email, got)
		}
		if a := c.last(signon.OutcomeAdmitted, ""); a.Result.V.Left[auth.FieldEmail] == "" {
			t.Errorf("the trace does not say why %s was left", email)
		}
	}
	// A name that the provider does not say is not made of the address again; a language of one's own stays.
	c.inTenant(func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "update people set locale = 'de' where id = $1", first.ID)
		return err
	})
	if got := say(demoop.Person{Email: "eva.lang@acme.example", EmailVerified: true, More: map[string]any{"locale": "en"}}); got.Name != "Eva Lang" || got.Locale != "de" {
		t.Errorf("without a name: %+v", got)
	}
}

func TestAccountsAreMadeOnlyWhereTheConnectionAdmitsThem(t *testing.T) {
	t.Parallel()
	no := false
	for name, c := range map[string]struct {
		edit   func(*signon.Connection)
		person demoop.Person
		reason string
		says   string
	}{
		"no accounts at all": {func(k *signon.Connection) { k.Admission.V.AllowJIT = false }, demoop.Person{Email: "x@acme.example", EmailVerified: true}, signon.ReasonNoAccount, "You have no account here"},
		"another domain":     {nil, demoop.Person{Email: "x@elsewhere.example", EmailVerified: true}, signon.ReasonDomainUnverified, "You have no account here"},
		"a subdomain":        {nil, demoop.Person{Email: "x@sub.acme.example", EmailVerified: true}, signon.ReasonDomainUnverified, "You have no account here"},
		"an unverified one":  {nil, demoop.Person{Email: "x@acme.example", More: map[string]any{"email_verified": no}}, signon.ReasonEmailUnverified, "was not accepted"},
		"no e-mail": {func(k *signon.Connection) {
			k.Mapping.V = auth.Mapping{{Field: auth.FieldName, From: []string{"name"}}}
		}, demoop.Person{Email: "x@acme.example", EmailVerified: true}, signon.ReasonNoEmail, "did not say your e-mail address"},
		"another, switched on": {func(k *signon.Connection) { k.Admission.V.AllowUnverifiedDomains = true }, demoop.Person{Email: "x@elsewhere.example", EmailVerified: true}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c1 := byOIDC(t, func(k *signon.Connection, _ *oidc.Settings) {
				if c.edit != nil {
					c.edit(k)
				}
			}, c.person)
			end := c1.signsIn(c1.stranger(), c.person.Email)
			if c.reason == "" {
				end.is(303)
				c1.last(signon.OutcomeAdmitted, "")
				return
			}
			a := c1.last(signon.OutcomeRefused, c.reason)
			end.is(403).says(c.says, signon.Number(a.ID)).saysNot("elsewhere.example is not verified")
			c1.nobody(c.person.Email)
		})
	}
}

func TestADirectoryTiedToTheConnectionKnowsWhoSomeoneIs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit    func(*signon.Admission)
		row     string // external id and user name of the directory's
		status  string
		reason  string
		matches bool
	}{
		"by the external id in a claim":  {func(a *signon.Admission) { a.ExternalIDClaim = "oid" }, "the-oid nobody", "on", "", true},
		"by the user name":               {func(a *signon.Admission) { a.SubjectIsUserName, a.ExternalIDClaim = true, "upn" }, "x Anna@ACME.example", "on", "", true},
		"not by a claim unnamed":         {nil, "the-oid nobody", "on", signon.ReasonNoAccount, false},
		"not by a directory that is off": {func(a *signon.Admission) { a.ExternalIDClaim = "oid" }, "the-oid nobody", "off", signon.ReasonNoAccount, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c1 := byOIDC(t, func(k *signon.Connection, _ *oidc.Settings) {
				k.Admission.V.AllowJIT = false
				if c.edit != nil {
					c.edit(&k.Admission.V)
				}
			}, demoop.Person{Email: "anna.new@acme.example", EmailVerified: true, Name: "Anna Berg", More: map[string]any{"oid": "the-oid", "upn": "anna@acme.example"}})
			known := c1.person(policy.Learner)
			external, user, _ := strings.Cut(c.row, " ")
			c1.directory(c.status, known.ID, external, user)
			end := c1.signsIn(c1.stranger(), "anna.new@acme.example")
			if !c.matches {
				end.is(403)
				c1.last(signon.OutcomeRefused, c.reason)
				return
			}
			end.is(303)
			if a := c1.last(signon.OutcomeAdmitted, ""); *a.PersonID != known.ID || a.Result.V.Effect != signon.EffectLinked {
				t.Errorf("%+v", a)
			}
		})
	}
}

// directory writes a directory that is tied to the connection and knows a person.
func (c *company) directory(status string, person uid.ID, external, user string) {
	c.t.Helper()
	c.inTenant(func(ctx context.Context) error {
		id, now := uid.New(), c.w.Now.Now()
		_, err := store.Pgx(ctx).Exec(ctx, `insert into directories (id, kind, name, status, mode, connection_id, settings, mapping, role_rules, revision, problem, created_at, updated_at)
			values ($1, 'scim', 'Directory', $2, '', $3, '{}', '[]', '{}', 1, '', $4, $4)`, id, status, c.connection.ID, now)
		if err != nil {
			return err
		}
		_, err = store.Pgx(ctx).Exec(ctx, `insert into directory_people (directory_id, person_id, external_id, user_name, active, resource, revision, created_at, updated_at)
			values ($1, $2, $3, $4, true, '{}', 1, $5, $5)`, id, person, external, user, now)
		return err
	})
}

func TestADeactivatedPersonIsToldSoAndLetInByNobody(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	c.signsIn(c.stranger(), "anna@acme.example").is(303)
	if err := c.o.Auth.Deactivate(c.acting(policy.Owner), c.who("anna@acme.example").ID); err != nil {
		t.Fatal(err)
	}
	b := c.stranger()
	a := c.signsIn(b, "anna@acme.example").is(403).says("has been deactivated").saysNot("Try again")
	if n := signon.Number(c.last(signon.OutcomeRefused, signon.ReasonDeactivated).ID); !strings.Contains(a.body, n) {
		t.Errorf("the page does not show %s", n)
	}
	b.get("/").is(303)
}
