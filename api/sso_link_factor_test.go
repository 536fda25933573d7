package api_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/signon"
	"lyceum/store"
)

// asksToProve begins a sign-on whose person has an account here, and gives the page that asks them to prove it.
func (c *company) asksToProve(b *browser, email string) string {
	c.t.Helper()
	confirm := b.get(c.acs(c.answers(c.start(b, "?next=/courses"), email)).path()).path()
	if !strings.HasPrefix(confirm, "/sso/confirm/") {
		c.t.Fatalf("leads to %s", confirm)
	}
	return confirm
}

func TestAFirstLinkAsksForTheSecondFactorOfTheAccountThatIsHere(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	old := c.person(policy.Manager)
	seed, codes := c.as(old).withApp()
	c.w.Now.Advance(time.Minute)
	c.rename(old, "anna@acme.example")
	notYet := func(why string) {
		t.Helper()
		if c.count("select count(*) from identities") != 0 {
			t.Fatal(why)
		}
	}

	// Who has the password alone does not get the account.
	b := c.stranger()
	confirm := c.asksToProve(b, "anna@acme.example")
	b.post(confirm, "password", password).is(303).leads("/signin/factor?next=%2Fcourses")
	b.get("/").is(303)
	notYet("linked by the password alone")
	b.get("/signin/factor").is(200).saysNot(`name="remember"`)
	b.post("/signin/factor", "code", "000000").is(422)
	b.get(confirm).is(200).says("Is this account yours?") // it waits for the password, as before
	notYet("linked by a wrong code")

	// Nor who has the mailbox alone.
	b.post(confirm + "/mail").is(200)
	b.post(c.mailed()).is(303).leads("/signin/factor?next=%2Fcourses")
	notYet("linked by the mail alone")

	b.post("/signin/factor", "recovery", codes[0]).is(303).hasIn("Location", "/sso/confirm/")
	b.get("/").is(303)

	// With a code of the app it goes on, in this browser only and once.
	b = c.stranger()
	b.post(c.asksToProve(b, "anna@acme.example"), "password", password).is(303)
	proven := b.post("/signin/factor", "code", c.code(seed)).is(303).path()
	other := c.stranger()
	other.get("/signin").is(200)
	other.get(proven).is(403).says("begun in another browser")
	other.post(proven, "password", password).is(403)
	notYet("linked in another browser")
	b.get(proven).is(303).leads("/courses")
	b.get("/").is(200)
	b.get(proven).is(404)
	if p := c.who("anna@acme.example"); p.ID != old.ID {
		t.Error("another account than the one that was proven")
	}
	said := ""
	for _, check := range c.last(signon.OutcomeAdmitted, "").Checks.V {
		said += check.Detail + "\n"
	}
	if !strings.Contains(said, "by password and a second factor") {
		t.Errorf("the trace says %s", said)
	}
	c.signsIn(c.stranger(), "anna@acme.example").is(303).leads("/")
}

func TestAFirstLinkOfARoleThatNeedsASecondFactorHasOneAdded(t *testing.T) {
	t.Parallel()
	for name, invited := range map[string]bool{"by password": false, "by the mail of who was invited": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := bySAML(t, nil)
			old := c.person(policy.Manager)
			c.rename(old, "anna@acme.example")
			if invited {
				c.inTenant(func(ctx context.Context) error {
					_, err := store.Pgx(ctx).Exec(ctx, "update people set status = 'invited', password_hash = '' where id = $1", old.ID)
					return err
				})
			}
			c.rules(func(r *auth.SecurityRules) {
				r.FactorFrom = map[policy.Role]time.Time{policy.Manager: c.w.Now.Now().Add(-time.Hour)}
			})
			c.w.Now.Advance(time.Minute)
			b := c.stranger()
			confirm := c.asksToProve(b, "anna@acme.example")
			if invited {
				b.post(confirm + "/mail").is(200)
				b.post(c.mailed()).is(303).leads("/signin/factor/enrol?next=%2Fcourses")
			} else {
				b.post(confirm, "password", password).is(303).leads("/signin/factor/enrol?next=%2Fcourses")
			}
			seedOn(t, b.get("/signin/factor/enrol").is(200).saysNot("Not now"))
			b.post("/signin/factor/enrol", "skip", "1").is(303).leads("/signin")
			if c.count("select count(*) from identities") != 0 {
				t.Fatal("linked without a second factor")
			}
			b = c.stranger()
			confirm = c.asksToProve(b, "anna@acme.example")
			if invited {
				b.post(confirm + "/mail").is(200)
				b.post(c.mailed()).is(303)
			} else {
				b.post(confirm, "password", password).is(303)
			}
			token, seed := seedOn(t, b.get("/signin/factor/enrol").is(200))
			proven := b.post("/signin/factor/enrol", "token", token, "code", c.code(seed)).is(303).path()
			b.get(proven).is(303).leads("/courses")
			b.get("/").is(200)
			if c.happened("factor.added") != 1 || c.happened("person.linked") != 1 || c.who("anna@acme.example").Status != auth.PersonActive {
				t.Error("no factor, no link, or not active")
			}
		})
	}
}

// TestTheAddressOfWhoWasGivenMoreIsNotTheIdentityProvidersToChange: the password of an account is sent to its address.
func TestTheAddressOfWhoWasGivenMoreIsNotTheIdentityProvidersToChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		given string
		says  string
	}{"an owner, at a proven domain": {"owner", "anna@acme.example"}, "an administrator, at another": {"admin", "anna@elsewhere.example"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := byOIDC(t, func(k *signon.Connection, _ *oidc.Settings) { k.Admission.V.AllowUnverifiedDomains = true },
				demoop.Person{Email: test.says, EmailVerified: true, Name: "Anna Berg"})
			c.signsIn(c.stranger(), test.says).is(303)
			anna := c.who(test.says)
			c.rename(anna, "before@acme.example")
			c.inTenant(func(ctx context.Context) error {
				_, err := store.Pgx(ctx).Exec(ctx, "insert into person_roles (person_id, role) values ($1, $2)", anna.ID, test.given)
				return err
			})
			c.signsIn(c.stranger(), test.says).is(303)
			if c.who("before@acme.example").ID != anna.ID || c.last(signon.OutcomeAdmitted, "").Result.V.Left[auth.FieldEmail] == "" {
				t.Error("the address was changed, or the trace does not say that it was not")
			}
		})
	}
}
