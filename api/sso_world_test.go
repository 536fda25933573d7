package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/auth/policy"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/signon"
	"lyceum/internal/uid"
)

// company is a house with an identity provider that vouches for its people over one connection.
type company struct {
	*house
	connection signon.Connection
	saml       *demoidp.IdP
	oidc       *demoop.Provider
}

var employees = []demoidp.Person{
	{Email: "anna@acme.example", Name: "Anna Berg", Given: "Anna", Family: "Berg", Department: "Assembly", Groups: []string{"Staff", "Trainers"}},
	{Email: "ben@acme.example", Name: "Ben Cole", Given: "Ben", Family: "Cole", Groups: []string{"Staff"}},
}

// keys are made once: it takes a moment. Two identity providers may have the same.
var idpKeys = sync.OnceValues(func() ([2]saml.Key, error) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	one, err := saml.NewKey("idp", at, 1000*24*time.Hour)
	if err != nil {
		return [2]saml.Key{}, err
	}
	two, err := saml.NewKey("idp", at.Add(time.Hour), 1000*24*time.Hour)
	return [2]saml.Key{one, two}, err
})

var opKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

const idpBase = "http://idp.localhost"

// usual is what a connection of a test has where it says nothing else.
func usual(w *house, kind auth.Protocol, settings any) signon.Connection {
	w.t.Helper()
	raw, err := json.Marshal(settings)
	if err != nil {
		w.t.Fatal(err)
	}
	now := w.w.Now.Now()
	return signon.Connection{
		ID: uid.New(), Kind: kind, Product: signon.ProductOther, Name: "Acme Login", Status: signon.StatusOn, Settings: raw, Revision: 1, CreatedAt: now, UpdatedAt: now,
		Mapping: signon.JSON[auth.Mapping]{V: auth.Mapping{
			{Field: auth.FieldEmail, From: []string{"email", "mail"}}, {Field: auth.FieldName, From: []string{"name", "displayName"}},
			{Field: "given_name", From: []string{"given_name", "givenName"}}, {Field: "department", From: []string{"department"}}, {Field: auth.FieldGroups, From: []string{"groups"}},
		}},
		RoleRules: signon.JSON[auth.RoleRules]{V: auth.RoleRules{Rules: []auth.RoleRule{{Group: "Trainers", Role: policy.Instructor}}, Default: policy.Learner}},
		Admission: signon.JSON[signon.Admission]{V: signon.NewAdmission()},
	}
}

// connect writes a connection, and the tenant's roles and verified domain.
func (h *house) connect(c signon.Connection) {
	h.t.Helper()
	h.inTenant(func(ctx context.Context) error {
		if err := h.w.Store.SeedPolicies(ctx); err != nil {
			return err
		}
		return h.w.Store.InsertConnection(ctx, c)
	})
}

func (h *house) inTenant(fn func(ctx context.Context) error) {
	h.t.Helper()
	if err := h.w.Store.InTenant(h.ctx, fn); err != nil {
		h.t.Fatal(err)
	}
}

// verify proves an e-mail domain.
func (h *house) verify(domain string) {
	h.t.Helper()
	now := h.w.Now.Now()
	h.inTenant(func(ctx context.Context) error {
		return h.w.Store.InsertEmailDomain(ctx, signon.Domain{Domain: domain, Token: uid.Opaque(32), VerifiedAt: &now, CreatedAt: now})
	})
}

// samlIdP makes an identity provider with the clock of the house.
func samlIdP(h *house) *demoidp.IdP {
	h.t.Helper()
	keys, err := idpKeys()
	if err != nil {
		h.t.Fatal(err)
	}
	idp, err := demoidp.New(demoidp.Options{BaseURL: idpBase, Key: keys[0], Next: keys[1], People: employees, Now: h.w.Now.Clock()})
	if err != nil {
		h.t.Fatal(err)
	}
	return idp
}

// bySAML makes a company that signs in by SAML; its domain acme.example is verified.
func bySAML(t testing.TB, edit func(*signon.Connection, *saml.Settings)) *company {
	t.Helper()
	h := setup(t)
	c := &company{house: h, saml: samlIdP(h)}
	c.addSAML(edit)
	h.verify("acme.example")
	return c
}

// addSAML connects the house with its identity provider and makes each known to the other.
func (c *company) addSAML(edit func(*signon.Connection, *saml.Settings)) {
	c.t.Helper()
	settings, err := c.saml.Settings()
	if err != nil {
		c.t.Fatal(err)
	}
	c.connection = usual(c.house, auth.ProtocolSAML, settings)
	if edit != nil {
		edit(&c.connection, &settings)
		c.connection.Settings, err = json.Marshal(settings)
		if err != nil {
			c.t.Fatal(err)
		}
	}
	c.connect(c.connection)
	only := uid.Nil
	if c.connection.Admission.V.OwnEntity {
		only = c.connection.ID
	}
	metadata, err := c.o.SignOn.SAMLMetadata(c.ctx, only)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.saml.Register(metadata); err != nil {
		c.t.Fatal(err)
	}
}

// byOIDC makes a company that signs in by OpenID Connect, its provider on a server of its own.
func byOIDC(t testing.TB, edit func(*signon.Connection, *oidc.Settings), people ...demoop.Person) *company {
	t.Helper()
	h := setup(t)
	c := &company{house: h}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	settings := oidc.Settings{Issuer: server.URL, ClientID: "lyceum"}
	c.connection = usual(h, auth.ProtocolOIDC, settings)
	if edit != nil {
		edit(&c.connection, &settings)
		var err error
		if c.connection.Settings, err = json.Marshal(settings); err != nil {
			t.Fatal(err)
		}
	}
	sealed, err := sealKey(t).Seal(h.tenant.ID, "connection", []byte("client secret"))
	if err != nil {
		t.Fatal(err)
	}
	c.connection.Secrets = sealed
	h.connect(c.connection)
	h.verify("acme.example")
	key, err := opKey()
	if err != nil {
		t.Fatal(err)
	}
	if len(people) == 0 {
		people = []demoop.Person{
			{Email: "anna@acme.example", EmailVerified: true, Name: "Anna Berg", Given: "Anna", Family: "Berg", Groups: []string{"Staff", "Trainers"}},
			{Email: "ben@acme.example", EmailVerified: true, Name: "Ben Cole", Groups: []string{"Staff"}},
		}
	}
	at := h.o.SignOn.Addresses(h.ctx, c.connection.ID)
	c.oidc, err = demoop.New(demoop.Options{
		BaseURL: server.URL, Key: key, People: people, Now: h.w.Now.Clock(), HTTP: &http.Client{Transport: inside{h}},
		Client: func(_ context.Context, id string) (demoop.Client, bool) {
			return demoop.Client{
				Secret: "client secret", BackChannelLogout: at.BackChannel,
				Redirect:       func(address string) bool { return address == at.RedirectURI },
				LogoutRedirect: func(address string) bool { return address == at.SignedOut },
			}, id == "lyceum"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	handler = c.oidc
	return c
}

// inside carries an identity provider's own calls to the server under test.
type inside struct{ h *house }

// RoundTrip answers.
func (i inside) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body) // its length is to be known
	if err != nil {
		return nil, err
	}
	again := httptest.NewRequest(r.Method, r.URL.RequestURI(), bytes.NewReader(body))
	again.Host, again.Header = r.URL.Host, r.Header.Clone()
	return i.h.srv.Test(again)
}

var refreshTo = regexp.MustCompile(`http-equiv="refresh" content="0;url=([^"]+)"`)

// onward is where a page leads that leaves for another site.
func (a answer) onward() string {
	a.t.Helper()
	m := refreshTo.FindStringSubmatch(a.is(200).body)
	if m == nil {
		a.t.Fatalf("the page leads nowhere:\n%s", firstOf(a.body, 1500))
	}
	return html.UnescapeString(m[1])
}

// path is where an answer leads, within the site.
func (a answer) path() string {
	a.t.Helper()
	u, err := url.Parse(a.is(303).Header.Get("Location"))
	if err != nil {
		a.t.Fatal(err)
	}
	return u.RequestURI()
}

// start begins in a browser and gives the request that it carries to the identity provider.
func (c *company) start(b *browser, query string) saml.Message {
	c.t.Helper()
	return saml.Message{Binding: saml.BindingRedirect, URL: b.get("/sso/start/" + c.connection.ID.String() + query).onward()}
}

// answers has the identity provider answer a request about a person.
func (c *company) answers(m saml.Message, email string) demoidp.Posted {
	c.t.Helper()
	return c.respond(demoidp.Reply{Person: email, Request: m})
}

func (c *company) respond(r demoidp.Reply) demoidp.Posted {
	c.t.Helper()
	posted, err := c.saml.Respond(c.t.Context(), r)
	if err != nil {
		c.t.Fatal(err)
	}
	return posted
}

// acs posts an answer as the identity provider's page makes a browser do it: with no cookie of ours.
func (c *company) acs(p demoidp.Posted) answer {
	c.t.Helper()
	return c.foreign(p.URL, url.Values{"SAMLResponse": {p.SAMLResponse}, "RelayState": {p.RelayState}})
}

// foreign posts as a page of another site does.
func (h *house) foreign(address string, form url.Values) answer {
	h.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		h.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, u.RequestURI(), strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", idpBase)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	return h.browser(u.Host).do(r)
}

// signsIn signs a person in over the company's connection and gives the answer that ends it.
func (c *company) signsIn(b *browser, email string) answer {
	c.t.Helper()
	if c.oidc != nil {
		return b.get(c.callback(b, email))
	}
	return b.get(c.acs(c.answers(c.start(b, ""), email)).path())
}

// callback has the OpenID provider answer, and gives where the browser is sent.
func (c *company) callback(b *browser, email string) string {
	c.t.Helper()
	address := b.get("/sso/start/" + c.connection.ID.String()).onward()
	back, err := c.oidc.SignIn(c.t.Context(), address, email)
	if err != nil {
		c.t.Fatal(err)
	}
	u, err := url.Parse(back)
	if err != nil {
		c.t.Fatal(err)
	}
	return u.RequestURI()
}
