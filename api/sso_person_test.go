package api_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/api"
	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
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

func TestTwoFirstSignInsAtOnceMakeOneAccount(t *testing.T) {
	t.Parallel()
	c := bySAML(t, nil)
	other := c.secondProcess()
	const n = 6
	browsers, paths := make([]*browser, n), make([]string, n)
	for i := range n {
		browsers[i] = c.stranger()
		paths[i] = c.acs(c.answers(c.start(browsers[i], ""), "anna@acme.example")).path()
	}
	var wg sync.WaitGroup
	for i := range n {
		if i%2 == 1 {
			browsers[i].house = other
		}
		wg.Add(1)
		go func() { defer wg.Done(); browsers[i].get(paths[i]) }()
	}
	wg.Wait()
	if people, links, sessions := c.count("select count(*) from people"), c.count("select count(*) from identities"), c.count("select count(*) from sessions"); people != 1 || links != 1 || sessions != n {
		t.Errorf("%d people, %d links, %d sessions", people, links, sessions)
	}
}

// secondProcess is another server on the same store, as in another process.
func (h *house) secondProcess() *house {
	h.t.Helper()
	other := *h
	other.o.Auth = auth.New(auth.Options{Keep: h.w.Store, Policy: policy.NewEngine(h.w.Store, h.w.Now.Clock()), Now: h.w.Now.Clock(), Guess: freely{}, Cost: cheap})
	o := h.o.SignOn.Options
	o.Auth = other.o.Auth
	other.o.SignOn = signon.New(o)
	var err error
	if other.srv, err = api.New(other.o); err != nil {
		h.t.Fatal(err)
	}
	other.srv.Tame()
	return &other
}

func TestAReplayIsRefusedOnEveryProcess(t *testing.T) {
	t.Parallel()
	c := bySAML(t, func(_ *signon.Connection, s *saml.Settings) { s.AllowIDPInitiated = true })
	posted := c.respond(demoidp.Reply{Person: "anna@acme.example", Service: c.o.SignOn.Addresses(c.ctx, c.connection.ID).EntityID})
	b := c.stranger()
	finish := c.acs(posted).path()
	b.get(finish).is(200)
	elsewhere := &company{house: c.secondProcess(), connection: c.connection, saml: c.saml}
	elsewhere.acs(posted).is(403)
	elsewhere.last(signon.OutcomeRefused, signon.CheckReplay)
	b.house = elsewhere.house // the yes may come to another process than the question
	b.post(finish).is(303)
	b.get("/").is(200)
	b.post(finish).is(404)
	if c.count("select count(*) from sessions") != 1 {
		t.Error("two sessions of one assertion")
	}
	// What has run out is forgotten, and only that.
	if err := c.o.SignOn.Sweep(c.ctx); err != nil || c.count("select count(*) from seen_assertions") != 1 || c.count("select count(*) from handshakes") != 1 {
		t.Errorf("the sweep took too much: %v", err)
	}
	c.w.Now.Advance(2 * time.Hour)
	if err := c.o.SignOn.Sweep(c.ctx); err != nil || c.count("select count(*) from seen_assertions")+c.count("select count(*) from handshakes") != 0 {
		t.Errorf("the sweep left something: %v", err)
	}
}

func TestSignInsGoOnWhileTheIdentityProviderRollsItsKey(t *testing.T) {
	t.Parallel()
	bySaml, byOidc := bySAML(t, nil), byOIDC(t, nil)
	for i := range 4 {
		b := bySaml.stranger()
		request := bySaml.start(b, "")
		if i%2 == 1 {
			if err := bySaml.saml.Roll(); err != nil {
				t.Fatal(err)
			}
		}
		b.get(bySaml.acs(bySaml.answers(request, "anna@acme.example")).path()).is(303).leads("/")

		b = byOidc.stranger()
		back := byOidc.callback(b, "anna@acme.example")
		if i%2 == 1 {
			if err := byOidc.oidc.RollKey(); err != nil {
				t.Fatal(err)
			}
		}
		b.get(back).is(http.StatusSeeOther).leads("/")
		byOidc.w.Now.Advance(time.Minute)
	}
}
