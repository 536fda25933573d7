package saml_test

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/xml"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/auth/saml/internal/xmlsig"
)

// unpacked reads the XML out of an address of the redirect binding.
func unpacked(t testing.TB, address, field string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := base64.StdEncoding.DecodeString(u.Query().Get(field))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(packed)))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestARequestByRedirectIsSignedOverItsAddress(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.toIDP.ForceAuthn, p.toIDP.NameIDFormat, p.toIDP.RequestedContext = true, saml.NameIDPersistent, "https://refeds.org/profile/mfa"
	const state = "a/b?c=d&e f+ü"
	m, err := p.us.Begin(p.toIDP, state, "ann+x@acme.example", p.now)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(m.URL)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if m.Binding != saml.BindingRedirect || m.Fields() != nil || q.Get("tenant") != "7" || q.Get("RelayState") != state || q.Get("login_hint") != "ann+x@acme.example" {
		t.Fatalf("the address is %s", m.URL)
	}
	var req crewjam.AuthnRequest
	if err := xml.Unmarshal([]byte(unpacked(t, m.URL, "SAMLRequest")), &req); err != nil {
		t.Fatal(err)
	}
	if req.ID != m.ID || req.Issuer.Value != p.us.EntityID || req.AssertionConsumerServiceURL != p.us.ACSURL || req.Destination != p.toIDP.SSORedirect ||
		!*req.ForceAuthn || *req.NameIDPolicy.Format != saml.NameIDPersistent || req.RequestedAuthnContext.AuthnContextClassRef != "https://refeds.org/profile/mfa" || !req.IssueInstant.Equal(p.now) {
		t.Errorf("the request is %+v", req)
	}
	// What is signed begins at SAMLRequest, whatever the provider's own address carries before it and we after it.
	query, err := xmlsig.ParseQuery(u.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	ours := xmlsig.Trust{Certificates: certificates(t, p.us.Keys[0])}
	if _, method, err := query.Verify(ours); err != nil || method != xmlsig.RSASHA256 {
		t.Errorf("the signature: %v %v", method, err)
	}
	tampered, err := xmlsig.ParseQuery(strings.Replace(u.RawQuery, "RelayState=a", "RelayState=b", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := tampered.Verify(ours); err == nil {
		t.Error("the relay state is not signed")
	}
	if strings.Contains(unpacked(t, m.URL, "SAMLRequest"), "Signature") {
		t.Error("a message of the redirect binding carries an enveloped signature")
	}
}

func TestARequestByPostIsSignedInItself(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.toIDP.RequestBinding, p.toIDP.NameIDFormat, p.toIDP.SubjectAttribute = saml.BindingPost, saml.NameIDTransient, "uid"
	m, err := p.us.Begin(p.toIDP, "state", "ann@acme.example", p.now)
	if err != nil {
		t.Fatal(err)
	}
	if m.URL != "" || m.Destination != "https://idp.example/sso/post?login_hint=ann%40acme.example" || len(m.Fields()) != 2 || m.Fields()[0].Name != "SAMLRequest" || m.Fields()[1].Value != "state" {
		t.Fatalf("the message is %+v", m)
	}
	raw, err := base64.StdEncoding.DecodeString(m.SAMLRequest)
	if err != nil {
		t.Fatal(err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	if _, err := xmlsig.Verify(doc.Root(), xmlsig.Trust{Certificates: certificates(t, p.us.Keys[0])}); err != nil {
		t.Error(err)
	}
	if kids := doc.Root().ChildElements(); kids[0].Tag != "Issuer" || kids[1].Tag != "Signature" {
		t.Error("the signature does not stand where the schema wants it")
	}
	if doc.Root().FindElement("./NameIDPolicy").SelectAttr("AllowCreate") != nil {
		t.Error("AllowCreate goes with a transient name ID")
	}
	if doc.Root().SelectAttrValue("Destination", "") != p.toIDP.SSOPost {
		t.Error("the hint went into the destination")
	}
}

func TestARequestMayBeUnsignedAndHasBounds(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.toIDP.SignRequests = false
	p.us.Keys = nil
	m, err := p.us.Begin(p.toIDP, "", "", p.now)
	if err != nil || strings.Contains(m.URL, "SigAlg=") || strings.Contains(m.URL, "Signature=") || strings.Contains(m.URL, "RelayState=") {
		t.Errorf("%s, %v", m.URL, err)
	}
	if _, err := p.us.Begin(p.toIDP, strings.Repeat("x", saml.MaxRelayState+1), "", p.now); err == nil {
		t.Error("a relay state of 81 bytes goes out")
	}
	again, err := p.us.Begin(p.toIDP, "", "", p.now)
	if err != nil || again.ID == m.ID || len(m.ID) < 40 {
		t.Errorf("the IDs are %q and %q, %v", m.ID, again.ID, err)
	}
	p.toIDP.SSORedirect = ""
	if _, err := p.us.Begin(p.toIDP, "", "", p.now); err == nil {
		t.Error("a request went nowhere")
	}
}

// crewjamRead reads our metadata as another implementation would.
func crewjamRead(t testing.TB, raw []byte) crewjam.EntityDescriptor {
	t.Helper()
	var e crewjam.EntityDescriptor
	if err := xml.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestMetadataPublishesTheNextKeyAndHidesThePreviousOne(t *testing.T) {
	t.Parallel()
	p := setup(t)
	current := p.us.Keys[0]
	next, previous, over := current, current, current
	next.NotBefore = current.NotBefore.Add(time.Hour)
	next.Certificate = world(t).Provider.Keys[0].Certificate
	previous.NotBefore = current.NotBefore.Add(-time.Hour)
	previous.Certificate = world(t).Provider.Keys[1].Certificate
	over.NotBefore, over.NotAfter = current.NotBefore.Add(time.Minute), p.now.Add(-time.Second)
	over.Certificate = p.idp.Keys[0].Certificate
	p.us.Keys = []saml.Key{current, previous, next, over}

	raw, err := p.us.Metadata(p.now, saml.Endpoint{ACSURL: "https://acme.example/sso/saml/8/acs", SLOURL: "https://acme.example/sso/saml/8/slo"}, saml.Endpoint{ACSURL: "https://acme.example/sso/saml/9/acs"})
	if err != nil {
		t.Fatal(err)
	}
	e := crewjamRead(t, raw)
	role := e.SPSSODescriptors[0]
	var found []string
	for _, k := range role.KeyDescriptors {
		name := map[string]string{current.Certificate: "current", next.Certificate: "next", previous.Certificate: "previous", over.Certificate: "over"}[k.KeyInfo.X509Data.X509Certificates[0].Data]
		found = append(found, k.Use+" "+name)
		if (len(k.EncryptionMethods) > 0) != (k.Use == "encryption") {
			t.Errorf("encryption methods of %s: %v", k.Use, k.EncryptionMethods)
		}
	}
	if strings.Join(found, ",") != "signing current,signing next,encryption current,encryption next" {
		t.Errorf("published: %v", found)
	}
	methods := role.KeyDescriptors[2].EncryptionMethods
	if !strings.HasSuffix(methods[0].Algorithm, "aes256-gcm") || !strings.HasSuffix(methods[1].Algorithm, "aes128-gcm") || !strings.HasSuffix(methods[len(methods)-1].Algorithm, "aes256-cbc") {
		t.Errorf("methods: %v", methods)
	}
	if e.EntityID != p.us.EntityID || !*role.AuthnRequestsSigned || !*role.WantAssertionsSigned || !e.ValidUntil.IsZero() || strings.Contains(string(raw), "0001-01-01") {
		t.Errorf("the entity is %+v", e)
	}
	if acs := role.AssertionConsumerServices; len(acs) != 3 || acs[0].Index != 0 || !*acs[0].IsDefault || acs[2].Index != 2 || acs[2].IsDefault != nil || acs[1].Location != "https://acme.example/sso/saml/8/acs" {
		t.Errorf("ACS: %+v", acs)
	}
	if len(role.SingleLogoutServices) != 4 {
		t.Errorf("SLO: %+v", role.SingleLogoutServices)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	if _, err := xmlsig.Verify(doc.Root(), xmlsig.Trust{Certificates: certificates(t, current)}); err != nil {
		t.Errorf("the metadata's signature: %v", err)
	}
	again, err := p.us.Metadata(p.now, saml.Endpoint{ACSURL: "https://acme.example/sso/saml/8/acs", SLOURL: "https://acme.example/sso/saml/8/slo"}, saml.Endpoint{ACSURL: "https://acme.example/sso/saml/9/acs"})
	if err != nil || !bytes.Equal(raw, again) {
		t.Error("the same input gives other bytes: no cache could hold it")
	}
}

func TestKeysRollWithoutALostSignIn(t *testing.T) {
	t.Parallel()
	p := setup(t)
	w := world(t)
	before, after := p.us.Keys[0], w.Provider.Keys[0]
	after.NotBefore = before.NotBefore.Add(time.Minute)
	in := saml.Response{At: p.us.ACSURL, RequestIDs: []string{corpus.RequestID}, Now: p.now}
	for _, step := range []struct {
		name string
		keys []saml.Key
	}{{"before", []saml.Key{before}}, {"the next one published", []saml.Key{before, after}}, {"rolled", []saml.Key{after, before}}} {
		p.us.Keys = step.keys
		for _, k := range step.keys {
			in.SAMLResponse = p.answered(t, func(a *answer.Answer) { a.Encrypt = certificates(t, k)[0] })
			if _, _, err := p.us.Accept(p.toIDP, in); err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
		}
	}
	p.us.Keys = []saml.Key{after}
	if _, _, err := p.us.Accept(p.toIDP, saml.Response{SAMLResponse: p.answered(t, func(a *answer.Answer) { a.Encrypt = certificates(t, before)[0] }), At: in.At, RequestIDs: in.RequestIDs, Now: in.Now}); err == nil {
		t.Error("a key that we no longer have opens")
	}
}
