package api_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/ldap/slapd"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/oidcprovider"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/simplesaml"
	"lyceum/auth/signon"
	"lyceum/tenant"
)

// today brings the clock of the house to the machine's: programs that nobody here wrote have no other.
func (h *house) today() {
	h.t.Helper()
	if d := time.Since(h.w.Now.Now()); d > 0 {
		h.w.Now.Advance(d)
	}
}

// bySimpleSAML makes a company whose identity provider is SimpleSAMLphp.
func bySimpleSAML(t *testing.T, o simplesaml.Options, edit func(*saml.Settings)) (*company, *simplesaml.IdP) {
	t.Helper()
	o.People = []simplesaml.Person{
		{Name: "anna", Password: "secret", Attributes: map[string][]string{"uid": {"anna"}, "mail": {"anna@acme.example"}, "displayName": {"Anna Berg"}, "groups": {"Staff", "Trainers"}}},
		{Name: "ben", Password: "secret", Attributes: map[string][]string{"uid": {"ben"}, "mail": {"ben@acme.example"}, "displayName": {"Ben Cole"}, "groups": {"Staff"}}},
	}
	idp := simplesaml.Start(t, o)
	c := &company{house: setup(t)}
	c.today()
	m, err := saml.ParseMetadata(idp.Metadata(), "", c.w.Now.Now())
	if err != nil {
		t.Fatal(err)
	}
	settings := saml.NewSettings()
	settings.Apply(m)
	settings.RequireEncrypted = o.Encrypt
	if edit != nil {
		edit(&settings)
	}
	c.connection = usual(c.house, auth.ProtocolSAML, settings)
	c.connect(c.connection)
	c.verify("acme.example")
	metadata, err := c.o.SignOn.SAMLMetadata(c.ctx, c.connection.ID)
	if err != nil {
		t.Fatal(err)
	}
	idp.Register(metadata)
	return c, idp
}

func TestSimpleSAMLphpSignsInAndOut(t *testing.T) {
	t.Parallel()
	c, idp := bySimpleSAML(t, simplesaml.Options{Encrypt: true}, nil)
	session := idp.Browser(c.host)
	b := c.stranger()
	form := session.SignIn(session.Send(c.start(b, "?next=/courses")), "anna", "secret")
	b.get(c.foreign(form.Action.String(), form.Fields).path()).is(303).leads("/courses")
	b.get("/").is(200)
	if p := c.who("anna@acme.example"); p.Name != "Anna Berg" || !slices.Equal(p.Roles, []policy.Role{policy.Instructor}) {
		t.Errorf("%+v", p)
	}
	// Signing out here ends the session there, and its answer comes back to us.
	page := session.Web.Get(b.post("/signout").onward())
	if page.Onward == nil {
		t.Fatalf("no answer to our logout request: %d %s", page.Status, firstOf(page.Body, 800))
	}
	b.get(page.Onward.RequestURI()).is(303)
	b.get("/signin").is(200).says("You are signed out, here and at your organization.")

	// And signing out there ends the session here.
	form = session.SignIn(session.Send(c.start(b, "")), "anna", "secret")
	b.get(c.foreign(form.Action.String(), form.Fields).path()).is(303)
	b.get("/").is(200)
	page = session.LogOut()
	if page.Onward == nil {
		t.Fatalf("no logout request: %d %s", page.Status, firstOf(page.Body, 800))
	}
	reply := c.stranger().get(page.Onward.RequestURI()).is(303)
	b.get("/").is(303)
	if end := session.Web.Get(reply.Header.Get("Location")); end.Status >= 400 {
		t.Errorf("it did not take our answer: %d %s", end.Status, firstOf(end.Body, 800))
	}
}

func TestSimpleSAMLphpRollsItsCertificateWhilePeopleSignIn(t *testing.T) {
	t.Parallel()
	c, idp := bySimpleSAML(t, simplesaml.Options{}, nil)
	signIn := func(during func()) answer {
		session, b := idp.Browser(c.host), c.stranger()
		request := session.Send(c.start(b, ""))
		if during != nil {
			during()
		}
		form := session.SignIn(request, "ben", "secret")
		return b.get(c.foreign(form.Action.String(), form.Fields).path())
	}
	refresh := func() {
		m, err := saml.ParseMetadata(idp.Metadata(), "", c.w.Now.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.change(func(k *signon.Connection) {
			var s saml.Settings
			if err := jsonOf(k.Settings, &s); err != nil {
				t.Fatal(err)
			}
			s.Apply(m)
			k.Settings = usual(c.house, auth.ProtocolSAML, s).Settings
		})
	}
	signIn(nil).is(303)
	signIn(func() { idp.AnnounceCertificate(); refresh() }).is(303)
	signIn(idp.RollCertificate).is(303)
	signIn(refresh).is(303)
	if c.happened("sign_on.refused") != 0 || c.happened("person.signed_in") != 4 {
		t.Error("a sign-in was lost")
	}
}

func TestSimpleSAMLphpBeginsASignIn(t *testing.T) {
	t.Parallel()
	c, idp := bySimpleSAML(t, simplesaml.Options{SignResponse: true}, func(s *saml.Settings) { s.AllowIDPInitiated = true })
	session, b := idp.Browser(c.host), c.stranger()
	form := session.SignIn(session.Begin(c.o.SignOn.Addresses(c.ctx, c.connection.ID).EntityID, "/certificates"), "anna", "secret")
	finish := c.foreign(form.Action.String(), form.Fields).path()
	b.get(finish).is(200).says("Continue as Anna Berg?")
	b.post(finish).is(303).leads("/certificates")
	b.get("/").is(200)
}

func TestOneSimpleSAMLphpForTwoTenantsOpensEachWithItsOwn(t *testing.T) {
	t.Parallel()
	one, idp := bySimpleSAML(t, simplesaml.Options{}, func(s *saml.Settings) { s.AllowIDPInitiated = true })
	other := &company{house: one.house, connection: usual(one.house, auth.ProtocolSAML, json.RawMessage(one.connection.Settings))}
	second := *one.house
	second.tenant = one.newTenant()
	second.host, second.ctx = second.hostOf(second.tenant), tenant.With(t.Context(), second.tenant)
	other.house = &second
	other.connect(other.connection)
	other.verify("acme.example")
	var metadata [][]byte
	for _, c := range []*company{one, other} {
		raw, err := c.o.SignOn.SAMLMetadata(c.ctx, c.connection.ID)
		if err != nil {
			t.Fatal(err)
		}
		metadata = append(metadata, raw)
	}
	idp.Register(metadata...)
	b, session := one.stranger(), idp.Browser(one.host)
	form := session.SignIn(session.Send(one.start(b, "")), "anna", "secret")
	stolen := strings.NewReplacer(one.host, other.host, one.connection.ID.String(), other.connection.ID.String()).Replace(form.Action.String())
	other.foreign(stolen, form.Fields).is(403)
	other.last(signon.OutcomeRefused, saml.CheckDestination)
	other.nobody("anna@acme.example")
	b.get(one.foreign(form.Action.String(), form.Fields).path()).is(303)
}

func TestOIDCProviderSignsInAndOutAndRollsItsKeys(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.today()
	connection := usual(h, auth.ProtocolOIDC, oidc.Settings{})
	at := h.o.SignOn.Addresses(h.ctx, connection.ID)
	op := oidcprovider.Start(t, oidcprovider.Options{
		Clients: []oidcprovider.Client{{ID: "lyceum", Secret: "client secret of some length here", RedirectURIs: []string{at.RedirectURI}, PostLogoutRedirectURIs: []string{at.SignedOut}}},
		People: map[string]map[string]any{
			"anna": {"email": "anna@acme.example", "email_verified": true, "name": "Anna Berg"},
		},
	})
	connection.Settings = usual(h, auth.ProtocolOIDC, oidc.Settings{Issuer: op.Issuer, ClientID: "lyceum", UseUserInfo: true}).Settings
	sealed, err := sealKey(t).Seal(h.tenant.ID, "connection", []byte("client secret of some length here"))
	if err != nil {
		t.Fatal(err)
	}
	connection.Secrets = sealed
	h.connect(connection)
	h.verify("acme.example")
	c := &company{house: h, connection: connection}
	b, web := h.stranger(), op.Browser(t)
	back := func(during func()) string {
		request := b.get("/sso/start/" + connection.ID.String()).onward()
		if during != nil {
			during()
		}
		u, err := url.Parse(web.SignIn(request, "anna"))
		if err != nil {
			t.Fatal(err)
		}
		return u.RequestURI()
	}
	b.get(back(nil)).is(303).leads("/")
	b.get("/").is(200)
	if p := c.who("anna@acme.example"); p.Name != "Anna Berg" || !slices.Equal(p.Roles, []policy.Role{policy.Learner}) {
		t.Errorf("%+v", p)
	}
	if got := web.SignOut(b.post("/signout").onward()); got != at.SignedOut {
		t.Errorf("signing out leads to %q", got)
	}
	b.get("/sso/signed-out").is(303)
	b.get("/").is(303)
	b.get(back(func() { op.Roll(t) })).is(303).leads("/")
	if c.happened("sign_on.refused") != 0 {
		t.Error("a sign-in was lost")
	}
}

func TestADirectoryChecksThePasswordsOfCompanyAccounts(t *testing.T) {
	t.Parallel()
	server := slapd.Start(t, slapd.Options{})
	c := &company{house: setup(t)}
	c.today()
	c.connection = usual(c.house, auth.ProtocolLDAP, server.Settings())
	c.connection.Mapping.V = auth.Mapping{{Field: auth.FieldEmail, From: []string{"mail"}}, {Field: auth.FieldName, From: []string{"cn"}}, {Field: auth.FieldGroups, From: []string{"groups"}}}
	var err error
	if c.connection.Secrets, err = sealKey(t).Seal(c.tenant.ID, "connection", []byte(slapd.BindPassword)); err != nil {
		t.Fatal(err)
	}
	c.connect(c.connection)
	c.verify("example.org")
	server.AddGroup("trainers", slapd.Person(1))
	b := c.stranger()
	form := b.get("/sso/start/" + c.connection.ID.String() + "?next=/courses&hint=" + url.QueryEscape("person0001@example.org")).path()
	b.get(form).is(200).says("Sign in with Acme Login", `value="person0001@example.org"`, `name="password"`)
	b.post(form, "login", slapd.Person(1), "password", "not the password").is(422).says("Name or password is not right", slapd.Person(1)).saysNot("not the password")
	c.last(signon.OutcomeRefused, "password")
	b.post(form, "login", "nobody", "password", "x").is(422).says("Name or password is not right")
	b.post(form, "login", slapd.Person(1), "password", slapd.Password(slapd.Person(1))).is(303).leads("/courses")
	b.get("/").is(200)
	p := c.who("person0001@example.org")
	if !slices.Equal(p.Roles, []policy.Role{policy.Instructor}) {
		t.Errorf("%+v", p)
	}
	b.post("/signout").is(303).leads("/signin")
	server.Disable(slapd.Person(1))
	b.get(form).is(200)
	b.post(form, "login", slapd.Person(1), "password", slapd.Password(slapd.Person(1))).is(422)
	server.Stop()
	b.post(form, "login", slapd.Person(1), "password", "x").is(503).says("cannot be asked")

	// A test needs an administrator, and signs nobody in.
	server.Restart()
	test := "/sso/ldap/" + c.connection.ID.String() + "?test=1"
	admin := c.as(c.person(policy.Admin))
	admin.get(test).is(200).says("nobody is signed in")
	admin.post(test, "login", slapd.Person(2), "password", slapd.Password(slapd.Person(2))).is(200).says("A new account would be made")
	c.nobody("person0002@example.org")
	c.stranger().get(test).is(401)
	c.change(func(k *signon.Connection) { k.Status = signon.StatusOff })
	b.get(form).is(409)
}
