package api_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
	"lyceum/store"
)

func TestAnAccountIsNeverLinkedByItsAddressAlone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		person demoop.Person
		reason string
	}{
		"at an unverified domain": {demoop.Person{Email: "boss@elsewhere.example", EmailVerified: true}, signon.ReasonEmailTaken},
		"unverified":              {demoop.Person{Email: "boss@acme.example"}, signon.ReasonEmailUnverified},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c1 := byOIDC(t, func(k *signon.Connection, _ *oidc.Settings) { k.Admission.V.AllowUnverifiedDomains = true }, c.person)
			boss := c1.person(policy.Owner)
			c1.rename(boss, c.person.Email)
			b := c1.stranger()
			c1.signsIn(b, c.person.Email).is(403).says("was not accepted")
			c1.last(signon.OutcomeRefused, c.reason)
			b.get("/").is(303)
			if c1.count("select count(*) from identities") != 0 || c1.count("select count(*) from handshakes where purpose = 'first_link'") != 0 {
				t.Error("it was linked, or could be")
			}
		})
	}
}

func TestTheOwnerOfAnAccountProvesItOnceByPassword(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	old := c.person(policy.Manager)
	c.rename(old, "anna@acme.example")
	b := c.stranger()
	confirm := b.get(c.acs(c.answers(c.start(b, "?next=/courses"), "anna@acme.example")).path()).path()
	if !strings.HasPrefix(confirm, "/sso/confirm/") {
		t.Fatalf("leads to %s", confirm)
	}
	c.last(signon.OutcomeRefused, signon.ReasonFirstLink)
	if c.happened("sign_on.refused") != 0 {
		t.Error("a question is told as a refusal")
	}
	b.get(confirm).is(200).says("Is this account yours?", "anna@acme.example", "Acme Login").has("Cache-Control", "no-store")
	b.get("/").is(303)
	other := c.stranger()
	other.get("/signin").is(200)
	other.get(confirm).is(403).says("begun in another browser")
	other.post(confirm, "password", password).is(403)

	b.post(confirm, "password", "not the password").is(422).says("not right")
	if c.count("select count(*) from identities") != 0 {
		t.Fatal("linked without a proof")
	}
	b.post(confirm, "password", password).is(303).leads("/courses")
	b.get("/").is(200)
	if p := c.who("anna@acme.example"); p.ID != old.ID || !slices.Equal(p.Roles, []policy.Role{policy.Instructor, policy.Manager}) || p.Name != "Anna Berg" {
		t.Errorf("%+v", p)
	}
	if a := c.last(signon.OutcomeAdmitted, ""); a.Result.V.Effect != signon.EffectLinked {
		t.Errorf("%+v", a.Result.V)
	}
	b.get("/").is(200)
	b.post(confirm, "password", password).is(404)
	c.signsIn(c.stranger(), "anna@acme.example").is(303).leads("/")
	if c.happened("person.linked") != 1 || c.happened("person.created") != 0 {
		t.Error("the events do not say what happened")
	}

	// A second subject with the same address does not get the account, whatever they prove.
	evil := &company{house: c.house, connection: c.connection, saml: c.saml}
	if err := evil.relink(old.ID); err != nil {
		t.Fatal(err)
	}
	evil.signsIn(evil.stranger(), "anna@acme.example").is(403)
	evil.last(signon.OutcomeRefused, signon.ReasonOtherSubject)

	// An administrator who knows better disconnects the one before; what it opened and gave ends with it.
	b.get("/").is(200)
	var identity uid.ID
	c.scan(&identity, "select id from identities")
	unlink := "/people/" + old.ID.String() + "/accounts/" + identity.String() + "/unlink"
	manager := c.as(c.person(policy.Manager))
	manager.get("/").is(200)
	manager.post(unlink).is(403)
	admin := c.as(c.person(policy.Admin))
	admin.get("/people/"+old.ID.String()).is(200).says("Company accounts", "someone before", unlink)
	admin.post("/people/" + uid.New().String() + "/accounts/" + identity.String() + "/unlink").is(404)
	admin.post(unlink).is(303)
	b.get("/").is(303)
	if roles := c.who("anna@acme.example").Roles; !slices.Equal(roles, []policy.Role{policy.Manager}) || c.happened("person.unlinked") != 1 {
		t.Errorf("after the disconnection: %v", roles)
	}
	evil.signsIn(evil.stranger(), "anna@acme.example").is(303).hasIn("Location", "/sso/confirm/")
}

// relink pretends that the person had come under another subject.
func (c *company) relink(person uid.ID) error {
	return c.w.Store.InTenant(c.ctx, func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "update identities set subject = 'someone before' where person_id = $1", person)
		return err
	})
}

var confirmLink = regexp.MustCompile(`/sso/confirm/[A-Za-z0-9_-]{43}`)

func TestWhoHasNoPasswordProvesTheAccountByMailInTheSameBrowser(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	invited := c.person(policy.Learner)
	c.rename(invited, "ben@acme.example")
	c.inTenant(func(ctx context.Context) error {
		_, err := store.Pgx(ctx).Exec(ctx, "update people set status = 'invited', password_hash = '' where id = $1", invited.ID)
		return err
	})
	b := c.stranger()
	confirm := b.get(c.acs(c.answers(c.start(b, ""), "ben@acme.example")).path()).path()
	b.get(confirm).is(200).says("has no password yet").saysNot(`type="password"`)
	b.post(confirm, "password", "").is(422)
	for range 3 {
		b.post(confirm + "/mail").is(200).says("A link is on its way to ben@acme.example")
	}
	b.post(confirm + "/mail").is(429).says("three times")
	if c.happened("sign_on.link_requested") != 3 {
		t.Fatalf("%d mails were asked for", c.happened("sign_on.link_requested"))
	}
	first, second := c.mailed(), c.mailed()

	// The attacker who began it has no mailbox; the victim who opens the link has another browser.
	victim := c.stranger()
	victim.get("/signin").is(200)
	victim.get(second).is(403).says("Open this link in the browser")
	victim.post(second).is(403)
	b.get(first).is(404) // a newer mail voids the one before
	b.post(confirm + "/mail").is(429)

	b.get(second).is(200).says("Connect and sign in").saysNot(`type="password"`)
	if c.count("select count(*) from identities") != 0 {
		t.Fatal("looking at the link was enough")
	}
	b.post(second).is(303).leads("/")
	if p := c.who("ben@acme.example"); p.ID != invited.ID || p.Status != auth.PersonActive {
		t.Errorf("%+v", p)
	}
	b.get("/").is(200)
	b.post(second).is(404)
	b.post(confirm, "password", "x").is(404)

	late := c.stranger()
	c.rename(c.person(policy.Learner), "anna@acme.example")
	confirm = late.get(c.acs(c.answers(c.start(late, ""), "anna@acme.example")).path()).path()
	c.w.Now.Advance(signon.FirstLinkLifetime + time.Second)
	late.get(confirm).is(404)
	late.post(confirm, "password", password).is(404)
}

// mailed mints the link as the mail job does, and gives its path.
func (c *company) mailed() string {
	c.t.Helper()
	var id uid.ID
	c.inTenant(func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select id from handshakes where purpose = 'first_link' order by id desc limit 1").Scan(&id)
	})
	secret, link, err := c.o.SignOn.MintFirstLink(c.ctx, id)
	if err != nil {
		c.t.Fatal(err)
	}
	if link.Person.PasswordHash != "" {
		c.t.Error("the mail job is given a password's hash")
	}
	path := "/sso/confirm/" + secret
	if !confirmLink.MatchString(path) {
		c.t.Fatal(path)
	}
	return path
}
