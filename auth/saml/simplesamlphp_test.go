package saml_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/browser"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/auth/saml/simplesaml"
)

// Everything here is tried against SimpleSAMLphp, which nobody here wrote: what we send it must read, what it sends we must.
// Where it is missing the tests are skipped: apt install simplesamlphp php-cli php-xml php-mbstring

const ann = "ann"

func annAndBob() []simplesaml.Person {
	return []simplesaml.Person{
		{Name: ann, Password: "secret", Attributes: map[string][]string{"uid": {"ann"}, "mail": {corpus.Person}, "givenName": {"Ann"}, "groups": {"sales", "emea"}}},
		{Name: "bob", Password: "secret", Attributes: map[string][]string{"uid": {"bob"}, "mail": {"bob@acme.example"}}},
	}
}

// lab is SimpleSAMLphp with us as its service provider, known to each other by their metadata alone.
type lab struct {
	*simplesaml.IdP
	us       saml.Provider
	settings saml.Settings
}

func newLab(t *testing.T, o simplesaml.Options) *lab {
	t.Helper()
	keys, err := keysOfTheTests()
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{us: saml.Provider{EntityID: corpus.EntityID, ACSURL: corpus.ACSURL, SLOURL: corpus.SLOURL, Keys: keys[:1]}}
	// The next key is published too: the identity provider must cope with two.
	next := world(t).Provider.Keys[0]
	next.NotBefore, next.NotAfter = time.Now(), time.Now().Add(time.Hour)
	l.us.Keys = append(slices.Clone(l.us.Keys), next)
	raw, err := l.us.Metadata(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	o.ServiceProviders, o.People = [][]byte{raw}, annAndBob()
	l.IdP = simplesaml.Start(t, o)
	l.settings = saml.NewSettings()
	l.poll(t)
	return l
}

// poll takes over the provider's metadata, as the caller does from time to time.
func (l *lab) poll(t *testing.T) []saml.Change {
	t.Helper()
	m, err := saml.ParseMetadata(l.Metadata(), l.MetadataURL, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	changed := l.settings.Apply(m)
	if err := l.settings.Validate(); err != nil {
		t.Fatal(err)
	}
	return changed
}

func (l *lab) accept(f browser.Form, s saml.Settings, ids ...string) (auth.Assertion, auth.Report, error) {
	return l.us.Accept(s, saml.Response{SAMLResponse: f.Fields.Get("SAMLResponse"), At: f.Action.String(), RequestIDs: ids, Now: time.Now()})
}

// signIn goes the whole way from our sign-in page and back.
func (l *lab) signIn(t *testing.T, web *simplesaml.Session, s saml.Settings) auth.Assertion {
	t.Helper()
	m, err := l.us.Begin(s, "a state & more", ann, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f := web.SignIn(web.Send(m), ann, "secret")
	if f.Fields.Get("RelayState") != "a state & more" {
		t.Errorf("the relay state came back as %q", f.Fields.Get("RelayState"))
	}
	a, report, err := l.accept(f, s, m.ID)
	if err != nil {
		t.Fatalf("%v\n%+v", err, report)
	}
	return a
}

func host(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func (l *lab) open(t *testing.T) *simplesaml.Session { return l.Browser(host(t, l.us.ACSURL)) }

func TestSimpleSAMLphpSignsIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options simplesaml.Options
		binding saml.Binding
		check   string
	}{
		"by redirect":                     {simplesaml.Options{}, saml.BindingRedirect, ""},
		"by post":                         {simplesaml.Options{SignResponse: true}, saml.BindingPost, ""},
		"encrypted":                       {simplesaml.Options{Encrypt: true}, saml.BindingRedirect, saml.CheckEncryption},
		"encrypted, the response signed":  {simplesaml.Options{Encrypt: true, SignResponse: true}, saml.BindingPost, saml.CheckEncryption},
		"with an encrypted name":          {simplesaml.Options{EncryptNameID: true}, saml.BindingRedirect, ""},
		"with the e-mail address as name": {simplesaml.Options{NameIDAttribute: "mail"}, saml.BindingRedirect, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, c.options)
			s := l.settings
			s.RequestBinding, s.RequireEncrypted, s.NameIDFormat = c.binding, c.options.Encrypt, saml.NameIDPersistent
			a := l.signIn(t, l.open(t), s)
			if a.Issuer != l.MetadataURL || a.Claim("mail") != corpus.Person || !slices.Equal(a.Claims["groups"], []string{"sales", "emea"}) || a.Session == "" || a.SubjectFormat != saml.NameIDPersistent {
				t.Errorf("the assertion is %+v", a)
			}
			if c.options.NameIDAttribute != "" && a.Subject != corpus.Person {
				t.Errorf("the subject is %q", a.Subject)
			}
			again := l.signIn(t, l.open(t), s)
			if again.Subject != a.Subject || again.ID == a.ID {
				t.Errorf("the second time it is %+v", again)
			}
		})
	}
}

func TestSimpleSAMLphpRefusesAForgedRequest(t *testing.T) {
	t.Parallel()
	l := newLab(t, simplesaml.Options{})
	forged := l.us
	forged.Keys = setup(t).idp.Keys
	m, err := forged.Begin(l.settings, "", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.open(t).Send(m).Form("password"); err == nil {
		t.Error("it takes a request that another key signed: then it does not check ours, and the other tests say little")
	}
}

func TestSimpleSAMLphpBeginsASignIn(t *testing.T) {
	t.Parallel()
	l := newLab(t, simplesaml.Options{})
	web := l.open(t)
	f := web.SignIn(web.Begin(l.us.EntityID, "deep/link"), ann, "secret")
	if _, _, err := l.accept(f, l.settings); err == nil {
		t.Error("an answer to no question was taken, although the connection forbids it")
	}
	s := l.settings
	s.AllowIDPInitiated = true
	a, _, err := l.accept(f, s)
	if err != nil || a.InResponseTo != "" || a.Claim("mail") != corpus.Person || f.Fields.Get("RelayState") != "deep/link" {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestSimpleSAMLphpCannotDowngradeToSHA1(t *testing.T) {
	t.Parallel()
	l := newLab(t, simplesaml.Options{SHA1: true})
	web := l.open(t)
	m, err := l.us.Begin(l.settings, "", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	f := web.SignIn(web.Send(m), ann, "secret")
	_, _, err = l.accept(f, l.settings, m.ID)
	if r, ok := auth.RefusalOf(err); !ok || r.Reason != saml.CheckAlgorithm || !strings.Contains(r.Detail, "SHA-1") {
		t.Errorf("got %v", err)
	}
	until := time.Now().Add(time.Hour)
	s := l.settings
	s.AllowSHA1Until = &until
	if _, _, err := l.accept(f, s, m.ID); err != nil {
		t.Errorf("within the exception: %v", err)
	}
}

func TestSimpleSAMLphpLogsOutBothWays(t *testing.T) {
	t.Parallel()
	for binding, limit := range map[string]func(*saml.Settings){
		"by redirect": func(s *saml.Settings) { s.SLOPost, s.SLOPostResponse = "", "" },
		"by post":     func(s *saml.Settings) { s.SLORedirect, s.SLORedirectResponse = "", "" },
	} {
		t.Run(binding, func(t *testing.T) {
			t.Parallel()
			// By redirect the name ID is encrypted too, in the assertion and in its logout request.
			l := newLab(t, simplesaml.Options{Encrypt: true, EncryptNameID: binding == "by redirect"})
			limit(&l.settings)
			web := l.open(t)
			a := l.signIn(t, web, l.settings)

			// We ask.
			m, err := l.us.LogoutRequest(l.settings, saml.SubjectOf(a), "bye", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			in := l.came(t, web.Send(m), "SAMLResponse")
			in.RequestIDs = []string{m.ID}
			answer, report, err := l.us.AcceptLogoutResponse(l.settings, in)
			if err != nil || answer.InResponseTo != m.ID || answer.RelayState != "bye" {
				t.Fatalf("%+v, %v\n%+v", answer, err, report)
			}
			again, err := l.us.Begin(l.settings, "", "", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := web.Send(again).Form("password"); err != nil {
				t.Errorf("after the logout it knows the person still: %v", err)
			}

			// It asks.
			a = l.signIn(t, web, l.settings)
			in = l.came(t, web.LogOut(), "SAMLRequest")
			got, report, err := l.us.AcceptLogoutRequest(l.settings, in)
			if err != nil || got.Subject.NameID != a.Subject || !slices.Equal(got.Subject.SessionIndexes, []string{a.Session}) {
				t.Fatalf("%+v, %v\n%+v", got, err, report)
			}
			m, err = l.us.LogoutResponse(l.settings, got.ID, saml.LogoutDone, got.RelayState, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if p := web.Send(m); p.Status != http.StatusOK {
				t.Errorf("our answer got %d: %.500s", p.Status, p.Body)
			}
			if _, err := web.Send(again).Form("password"); err != nil {
				t.Errorf("after its own logout it knows the person still: %v", err)
			}
		})
	}
}

// came reads a logout message that a page carries to us, by a redirect or a form.
func (l *lab) came(t *testing.T, p browser.Page, field string) saml.Incoming {
	t.Helper()
	in := saml.Incoming{At: l.us.SLOURL, Now: time.Now()}
	if p.Onward != nil {
		in.RawQuery = p.Onward.RawQuery
		return in
	}
	f, err := p.Form(field)
	if err != nil {
		t.Fatal(err)
	}
	in.SAMLRequest, in.SAMLResponse, in.RelayState = f.Fields.Get("SAMLRequest"), f.Fields.Get("SAMLResponse"), f.Fields.Get("RelayState")
	return in
}

// TestSimpleSAMLphpRollsItsCertificateWhilePeopleSignIn: the next certificate is announced, we poll, it signs, we poll: people
// who sign in all the while, and answers that were under way across a step, are all admitted.
func TestSimpleSAMLphpRollsItsCertificateWhilePeopleSignIn(t *testing.T) {
	t.Parallel()
	l := newLab(t, simplesaml.Options{})
	var mu sync.Mutex // over the settings, which a poll replaces
	current := func() saml.Settings {
		mu.Lock()
		defer mu.Unlock()
		return l.settings
	}
	signIn := func(name string) {
		t.Helper()
		web := l.open(t)
		m, err := l.us.Begin(current(), "", "", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		f := web.SignIn(web.Send(m), ann, "secret")
		if _, _, err := l.accept(f, current(), m.ID); err != nil {
			t.Errorf("%s: a sign-in was lost: %v", name, err)
		}
	}
	poll := func(name string, want ...saml.ChangeKind) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		var kinds []saml.ChangeKind
		for _, c := range l.poll(t) {
			kinds = append(kinds, c.Kind)
		}
		if !slices.Equal(kinds, want) {
			t.Errorf("%s: the poll tells %v", name, kinds)
		}
	}
	old := l.settings
	signIn("before")
	l.AnnounceCertificate()
	signIn("announced, not polled")
	poll("announced", saml.ChangeCertificateAdded)
	signIn("announced")

	// One person is half-way when the certificate rolls.
	web := l.open(t)
	m, err := l.us.Begin(current(), "", "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	underWay := web.SignIn(web.Send(m), ann, "secret")
	l.RollCertificate()
	if _, _, err := l.accept(underWay, current(), m.ID); err != nil {
		t.Errorf("an answer that was under way is lost: %v", err)
	}
	var people sync.WaitGroup
	for range 3 {
		people.Go(func() { signIn("rolled") })
	}
	people.Wait()
	poll("rolled", saml.ChangeCertificateRemoved)
	signIn("after")

	// The old certificate alone would have lost them: the overlap is what saved them.
	web = l.open(t)
	if m, err = l.us.Begin(old, "", "", time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.accept(web.SignIn(web.Send(m), ann, "secret"), old, m.ID); err == nil {
		t.Error("the old certificate alone admits what the new one signed")
	}
}
