package demoidp_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/saml/internal/browser"
	"lyceum/internal/clock"
)

// bench is the identity provider on a server of its own, and a service provider that it knows by its metadata.
type bench struct {
	idp      *demoidp.IdP
	us       saml.Provider
	settings saml.Settings
	now      time.Time
	web      *browser.Browser
}

func people() []demoidp.Person {
	return []demoidp.Person{
		{Email: "ann@acme.example", Name: "Ann Archer", Given: "Ann", Family: "Archer", Department: "Sales", Groups: []string{"sales", "emea"}},
		{Email: "bob@acme.example", Name: "Bob Baker"},
	}
}

func setup(t *testing.T, change func(*demoidp.Options)) bench {
	t.Helper()
	b := bench{now: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	key, err := saml.NewKey("us", b.now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b.us = saml.Provider{EntityID: "http://acme.localhost/saml", ACSURL: "http://acme.localhost/acs", SLOURL: "http://acme.localhost/slo", Keys: []saml.Key{key}}
	o := demoidp.Options{
		BaseURL: server.URL + "/dev/saml", People: people(), Now: clock.At(b.now), HostSuffix: "localhost",
		Fetch: func(_ context.Context, address string) ([]byte, error) {
			if address != b.us.EntityID {
				return nil, errors.New("nothing there")
			}
			return b.us.Metadata(b.now)
		},
	}
	if change != nil {
		change(&o)
	}
	if b.idp, err = demoidp.New(o); err != nil {
		t.Fatal(err)
	}
	handler = b.idp
	if b.settings, err = b.idp.Settings(); err != nil {
		t.Fatal(err)
	}
	b.web = browser.New(t, func(u *url.URL) bool { return u.Host == "acme.localhost" })
	return b
}

func (b bench) accept(f url.Values, at string, ids ...string) (auth.Assertion, auth.Report, error) {
	return b.us.Accept(b.settings, saml.Response{SAMLResponse: f.Get("SAMLResponse"), At: at, RequestIDs: ids, Now: b.now})
}

// begun sends a request to the page, as the browser does.
func (b bench) begun(t *testing.T, m saml.Message) browser.Page {
	t.Helper()
	if m.Binding == saml.BindingRedirect {
		return b.web.Get(m.URL)
	}
	fields := url.Values{}
	for _, f := range m.Fields() {
		fields.Set(f.Name, f.Value)
	}
	return b.web.Post(m.Destination, fields)
}

func form(t *testing.T, p browser.Page, field string) browser.Form {
	t.Helper()
	f, err := p.Form(field)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestOneClickSignsIn(t *testing.T) {
	t.Parallel()
	for _, binding := range []saml.Binding{saml.BindingRedirect, saml.BindingPost} {
		t.Run(string(binding), func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.settings.RequestBinding, b.settings.RequireEncrypted = binding, true
			m, err := b.us.Begin(b.settings, "state & more", "ann@acme.example", b.now)
			if err != nil {
				t.Fatal(err)
			}
			page := b.begun(t, m)
			choice := form(t, page, "RelayState")
			if !slices.Contains(choice.Buttons, "person=ann@acme.example") || !strings.Contains(page.Body, `class="hinted"`) || !strings.Contains(page.Body, "for trying out only") {
				t.Fatalf("the page offers %v:\n%s", choice.Buttons, page.Body)
			}
			back := form(t, b.web.Submit(choice, map[string]string{"person": "ann@acme.example"}), "SAMLResponse")
			if back.Action.String() != b.us.ACSURL || back.Fields.Get("RelayState") != "state & more" {
				t.Fatalf("it answers to %s with %q", back.Action, back.Fields.Get("RelayState"))
			}
			a, _, err := b.accept(back.Fields, b.us.ACSURL, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			if a.Claim("mail") != "ann@acme.example" || a.Claim("givenName") != "Ann" || a.Claim("sn") != "Archer" || a.Claim("department") != "Sales" || len(a.Claims["groups"]) != 2 || a.SubjectFormat != saml.NameIDPersistent {
				t.Errorf("the person is %+v", a)
			}
			if b.idp.Sessions() != 1 {
				t.Error("it forgot the session")
			}
		})
	}
}

func TestThePagesAreStrict(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	m, err := b.us.Begin(b.settings, "", "", b.now)
	if err != nil {
		t.Fatal(err)
	}
	page := b.begun(t, m)
	posted := b.web.Submit(form(t, page, "RelayState"), map[string]string{"person": "bob@acme.example"})
	home := b.web.Get(strings.TrimSuffix(b.idp.EntityID(), "metadata"))
	for name, p := range map[string]browser.Page{"choose": page, "post": posted, "home": home} {
		policy := p.Header.Get("Content-Security-Policy")
		if p.Status != http.StatusOK || !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(p.Body, "style=") || strings.Contains(p.Body, "onclick") {
			t.Errorf("%s: %d, policy %q", name, p.Status, policy)
		}
		if !strings.Contains(p.Body, `<html lang="en">`) || !strings.Contains(p.Body, "<h1>") || !strings.Contains(p.Body, "viewport") {
			t.Errorf("%s is no whole page", name)
		}
	}
	if policy := posted.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action http://acme.localhost") || !strings.Contains(policy, "script-src 'nonce-") {
		t.Errorf("the form could not be sent: %q", policy)
	}
	if !strings.Contains(home.Body, "Bob Baker") || !strings.Contains(home.Body, b.us.EntityID) {
		t.Errorf("the first page does not say who is signed in where:\n%s", home.Body)
	}
	if css := b.web.Get(strings.TrimSuffix(b.idp.EntityID(), "metadata") + "style.css"); css.Status != http.StatusOK || !strings.Contains(css.Body, "prefers-color-scheme") {
		t.Errorf("the style sheet: %d", css.Status)
	}
}

func TestNobodyMaySayNo(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	m, err := b.us.Begin(b.settings, "", "", b.now)
	if err != nil {
		t.Fatal(err)
	}
	back := form(t, b.web.Submit(form(t, b.begun(t, m), "RelayState"), map[string]string{"decline": "1"}), "SAMLResponse")
	_, _, err = b.accept(back.Fields, b.us.ACSURL, m.ID)
	if r, ok := auth.RefusalOf(err); !ok || r.Reason != saml.CheckStatus || !strings.Contains(r.Detail, "AuthnFailed") || !strings.Contains(r.Detail, "did not want") {
		t.Errorf("got %v", err)
	}
}

func TestStrangersAreTurnedAway(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	stranger := b.us
	stranger.EntityID = "http://evil.example/saml"
	elsewhere := b.us
	elsewhere.ACSURL = "http://evil.example/acs"
	other, err := saml.NewKey("other", b.now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	forged := b.us
	forged.Keys = []saml.Key{other}
	missing := b.us
	missing.EntityID = "http://globex.localhost/saml"
	for name, p := range map[string]saml.Provider{"an unknown host": stranger, "an address that the metadata does not name": elsewhere, "another key": forged, "no metadata": missing} {
		m, err := p.Begin(b.settings, "", "", b.now)
		if err != nil {
			t.Fatal(err)
		}
		if page := b.begun(t, m); page.Status != http.StatusBadRequest || len(page.Forms) > 0 {
			t.Errorf("%s: %d", name, page.Status)
		}
	}
	unsigned := b.settings
	unsigned.SignRequests = false
	m, err := b.us.Begin(unsigned, "", "", b.now)
	if err != nil {
		t.Fatal(err)
	}
	if page := b.begun(t, m); page.Status != http.StatusBadRequest {
		t.Errorf("unsigned: %d", page.Status)
	}
	if page := b.web.Get(b.settings.SSORedirect + "?SAMLRequest=%3Cscript%3E"); page.Status != http.StatusBadRequest || strings.Contains(page.Body, "<script>") {
		t.Errorf("nonsense: %d", page.Status)
	}
}

func TestLogoutFromBothSides(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	signIn := func() auth.Assertion {
		m, err := b.us.Begin(b.settings, "", "", b.now)
		if err != nil {
			t.Fatal(err)
		}
		back := form(t, b.web.Submit(form(t, b.begun(t, m), "RelayState"), map[string]string{"person": "ann@acme.example"}), "SAMLResponse")
		a, _, err := b.accept(back.Fields, b.us.ACSURL, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := signIn()
	m, err := b.us.LogoutRequest(b.settings, saml.SubjectOf(a), "bye", b.now)
	if err != nil {
		t.Fatal(err)
	}
	page := b.web.Get(m.URL)
	if page.Onward == nil {
		t.Fatalf("no answer: %d %s", page.Status, page.Body)
	}
	answer, _, err := b.us.AcceptLogoutResponse(b.settings, saml.Incoming{RawQuery: page.Onward.RawQuery, At: b.us.SLOURL, RequestIDs: []string{m.ID}, Now: b.now})
	if err != nil || answer.RelayState != "bye" || b.idp.Sessions() != 0 {
		t.Fatalf("%+v, %v, %d sessions left", answer, err, b.idp.Sessions())
	}

	a = signIn()
	home := b.web.Get(strings.TrimSuffix(b.idp.EntityID(), "metadata"))
	page = b.web.Submit(home.Forms[0], map[string]string{"session": a.Session})
	if page.Onward == nil {
		t.Fatalf("no request: %d %s", page.Status, page.Body)
	}
	got, _, err := b.us.AcceptLogoutRequest(b.settings, saml.Incoming{RawQuery: page.Onward.RawQuery, At: b.us.SLOURL, Now: b.now})
	if err != nil || got.Subject.NameID != a.Subject || !slices.Equal(got.Subject.SessionIndexes, []string{a.Session}) {
		t.Fatalf("%+v, %v", got, err)
	}
	m, err = b.us.LogoutResponse(b.settings, got.ID, saml.LogoutDone, got.RelayState, b.now)
	if err != nil {
		t.Fatal(err)
	}
	if page := b.web.Get(m.URL); page.Status != http.StatusOK || !strings.Contains(page.Body, "Signed out") {
		t.Errorf("the end: %d %s", page.Status, page.Body)
	}
}

func TestTestsMayAnswerWithoutABrowser(t *testing.T) {
	t.Parallel()
	next, err := saml.NewKey("next", time.Date(2026, 6, 1, 11, 0, 0, 0, time.UTC), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t, func(o *demoidp.Options) { o.Next = next })
	ctx := t.Context()
	if len(b.settings.SigningCertificates) != 2 {
		t.Fatal("the next certificate is not published")
	}
	post := b.settings
	post.RequestBinding = saml.BindingPost
	clear := b.settings
	clear.RequireEncrypted = true
	initiated := b.settings
	initiated.AllowIDPInitiated = true
	for name, c := range map[string]struct {
		settings  saml.Settings
		reply     demoidp.Reply
		initiated bool
		reason    string
	}{
		"as asked":       {b.settings, demoidp.Reply{}, false, ""},
		"asked by POST":  {post, demoidp.Reply{Sign: true}, false, ""},
		"another key":    {b.settings, demoidp.Reply{Key: next}, false, ""},
		"SHA-1":          {b.settings, demoidp.Reply{SHA1: true}, false, saml.CheckAlgorithm},
		"old":            {b.settings, demoidp.Reply{Age: 10 * time.Minute}, false, saml.CheckConditions},
		"in clear":       {clear, demoidp.Reply{Clear: true}, false, saml.CheckEncryption},
		"declined":       {b.settings, demoidp.Reply{Decline: "RequestDenied"}, false, saml.CheckStatus},
		"begun there":    {initiated, demoidp.Reply{Service: b.us.EntityID, RelayState: "deep"}, true, ""},
		"begun, refused": {b.settings, demoidp.Reply{Service: b.us.EntityID}, true, saml.CheckInResponseTo},
	} {
		c.reply.Person = "ann@acme.example"
		var ids []string
		if !c.initiated {
			m, err := b.us.Begin(c.settings, "state", "", b.now)
			if err != nil {
				t.Fatal(err)
			}
			c.reply.Request, ids = m, []string{m.ID}
		}
		posted, err := b.idp.Respond(ctx, c.reply)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, _, err = b.us.Accept(c.settings, saml.Response{SAMLResponse: posted.SAMLResponse, At: posted.URL, RequestIDs: ids, Now: b.now})
		if r, _ := auth.RefusalOf(err); c.reason == "" && err != nil || c.reason != "" && (r == nil || r.Reason != c.reason) {
			t.Errorf("%s: %v", name, err)
		}
		if want := map[bool]string{true: c.reply.RelayState, false: "state"}[c.initiated]; posted.RelayState != want {
			t.Errorf("%s: the relay state is %q", name, posted.RelayState)
		}
	}
	old := b.settings
	old.SigningCertificates = old.SigningCertificates[:1]
	if err := b.idp.Roll(); err != nil {
		t.Fatal(err)
	}
	posted, err := b.idp.Respond(ctx, demoidp.Reply{Person: "ann@acme.example", Service: b.us.EntityID})
	if err != nil {
		t.Fatal(err)
	}
	in := saml.Response{SAMLResponse: posted.SAMLResponse, At: posted.URL, Now: b.now}
	old.AllowIDPInitiated = true
	if _, _, err := b.us.Accept(old, in); err == nil {
		t.Error("after the roll-over the old certificate still signs")
	}
	if _, _, err := b.us.Accept(initiated, in); err != nil {
		t.Errorf("with both certificates a sign-in was lost: %v", err)
	}
	m, err := b.idp.Logout(ctx, "ann@acme.example", b.us.EntityID)
	if err != nil || m.URL == "" {
		t.Errorf("%+v, %v", m, err)
	}
	request, err := b.us.LogoutRequest(b.settings, saml.Subject{NameID: "nobody"}, "", b.now)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := b.idp.AnswerLogout(ctx, request); err != nil || answer.URL == "" {
		t.Errorf("%+v, %v", answer, err)
	}
	if _, err := b.idp.Respond(ctx, demoidp.Reply{Person: "nobody@acme.example", Service: b.us.EntityID}); err == nil {
		t.Error("it vouches for somebody it does not know")
	}
	if _, err := demoidp.New(demoidp.Options{BaseURL: "/dev/saml"}); err == nil {
		t.Error("half an address is taken")
	}
}

func TestAPassiveRequestGetsNoPage(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	raw, err := b.us.Metadata(b.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.idp.Register([]byte(strings.Replace(string(raw), `AuthnRequestsSigned="true"`, `AuthnRequestsSigned="false"`, 1))); err != nil {
		t.Fatal(err)
	}
	request := `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_p" Version="2.0" IssueInstant="2026-06-01T12:00:00Z" IsPassive="true"><saml:Issuer>` + b.us.EntityID + `</saml:Issuer></samlp:AuthnRequest>`
	page := b.web.Post(b.settings.SSOPost, url.Values{"SAMLRequest": {base64Of(request)}})
	_, _, err = b.accept(form(t, page, "SAMLResponse").Fields, b.us.ACSURL, "_p")
	if r, ok := auth.RefusalOf(err); !ok || !strings.Contains(r.Detail, "NoPassive") {
		t.Errorf("got %v", err)
	}
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
