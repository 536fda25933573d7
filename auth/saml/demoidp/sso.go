package demoidp

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/xmlsig"
	"lyceum/auth/saml/internal/xmltree"
	"lyceum/internal/uid"
)

// asked is a request to sign somebody in that was read and found good.
type asked struct {
	service    provider
	acs        string
	id         string // empty: the person began here
	format     string // of the name id; empty: persistent
	passive    bool
	relayState string
}

// carried is a request as it came; the page carries it along, and it is read anew when the person has chosen.
type carried struct {
	Query       string // of the redirect binding, raw
	SAMLRequest string // of the POST binding
	RelayState  string
}

// unpack reads the message that came, of either binding and of either kind.
func (c carried) unpack() (root *etree.Element, query xmlsig.Query, err error) {
	packed := c.SAMLRequest
	if packed == "" {
		if query, err = xmlsig.ParseQuery(c.Query); err != nil {
			return nil, query, err
		}
		packed = query.Message
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(packed), ""))
	if err != nil {
		return nil, query, errors.New("the message is not base64")
	}
	if c.SAMLRequest == "" {
		if raw, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(raw)), saml.MaxMessage)); err != nil {
			return nil, query, errors.New("the message is not deflated")
		}
	}
	root, err = xmltree.Parse(raw)
	return root, query, err
}

// read takes a request apart and verifies its signature, where the service signs.
func (i *IdP) read(ctx context.Context, c carried) (asked, error) {
	root, query, err := c.unpack()
	if err != nil {
		return asked{}, err
	}
	state := c.RelayState
	if c.SAMLRequest == "" {
		state = query.RelayState
	}
	req, err := readRequest(root)
	if err != nil {
		return asked{}, err
	}
	service, err := i.service(ctx, req.Issuer.Value)
	if err != nil {
		return asked{}, err
	}
	if service.signsRequests {
		if err := service.verify(root, query, c.SAMLRequest != ""); err != nil {
			return asked{}, err
		}
	}
	a := asked{service: service, id: req.ID, relayState: state, acs: service.acs[0], passive: req.IsPassive != nil && *req.IsPassive}
	if req.NameIDPolicy != nil && req.NameIDPolicy.Format != nil {
		a.format = *req.NameIDPolicy.Format
	}
	if want := req.AssertionConsumerServiceURL; want != "" {
		if !slices.Contains(service.acs, want) {
			return asked{}, fmt.Errorf("the service's metadata does not name the address %.200q", want)
		}
		a.acs = want
	}
	return a, nil
}

func readRequest(root *etree.Element) (req crewjam.AuthnRequest, err error) {
	text, err := etree.NewDocumentWithRoot(root.Copy()).WriteToBytes()
	if err != nil {
		return req, err
	}
	if !xmltree.Is(root, protocolSAML2, "AuthnRequest") || xml.Unmarshal(text, &req) != nil || req.ID == "" || req.Issuer == nil {
		return req, errors.New("this is no request to sign somebody in")
	}
	return req, nil
}

func (p provider) verify(root *etree.Element, query xmlsig.Query, posted bool) error {
	var trust xmlsig.Trust
	for _, text := range p.signing {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return err
		}
		trust.Certificates = append(trust.Certificates, c)
	}
	if posted {
		_, err := xmlsig.Verify(root, trust)
		return err
	}
	_, _, err := query.Verify(trust)
	return err
}

// sso shows who one may be.
func (i *IdP) sso(w http.ResponseWriter, r *http.Request) error {
	c := carried{Query: r.URL.RawQuery}
	if r.Method == http.MethodPost {
		c = carried{SAMLRequest: r.PostFormValue("SAMLRequest"), RelayState: r.PostFormValue("RelayState")}
	}
	a, err := i.read(r.Context(), c)
	if err != nil {
		return err
	}
	if a.passive {
		return i.deliver(w, a, saml.Key{}, answer.Answer{Status: crewjam.StatusResponder, SubStatus: crewjam.StatusNoPassive})
	}
	return i.pages.choose(w, choosePage{Base: i.options.BaseURL, Service: a.service.entityID, People: i.options.People, Carried: c, Hint: r.FormValue("login_hint")})
}

// choose answers with the person that was chosen, or that nobody was.
func (i *IdP) choose(w http.ResponseWriter, r *http.Request) error {
	a, err := i.read(r.Context(), carried{Query: r.PostFormValue("query"), SAMLRequest: r.PostFormValue("SAMLRequest"), RelayState: r.PostFormValue("RelayState")})
	if err != nil {
		return err
	}
	if r.PostFormValue("decline") != "" {
		return i.deliver(w, a, saml.Key{}, answer.Answer{Status: crewjam.StatusResponder, SubStatus: crewjam.StatusAuthnFailed, StatusMessage: "The person did not want to sign in."})
	}
	who, err := i.person(r.PostFormValue("person"))
	if err != nil {
		return err
	}
	return i.deliver(w, a, saml.Key{}, i.about(a, who))
}

// initiate signs a person in at a service that did not ask.
func (i *IdP) initiate(w http.ResponseWriter, r *http.Request) error {
	service, err := i.service(r.Context(), r.PostFormValue("service"))
	if err != nil {
		return err
	}
	who, err := i.person(r.PostFormValue("person"))
	if err != nil {
		return err
	}
	a := asked{service: service, acs: service.acs[0], relayState: r.PostFormValue("RelayState")}
	return i.deliver(w, a, saml.Key{}, i.about(a, who))
}

// about is what is said of a person, and remembers that it was.
func (i *IdP) about(a asked, who Person) answer.Answer {
	out := answer.Answer{NameIDFormat: saml.NameIDPersistent, NameID: lasting(who), SessionIndex: "_" + uid.Opaque(24), Attributes: attributesOf(who)}
	switch a.format {
	case saml.NameIDEmail:
		out.NameIDFormat, out.NameID = saml.NameIDEmail, who.Email
	case saml.NameIDTransient:
		out.NameIDFormat, out.NameID = saml.NameIDTransient, uid.Opaque(24)
	}
	i.remember(session{index: out.SessionIndex, nameID: out.NameID, format: out.NameIDFormat, person: who, service: a.service.entityID})
	return out
}

func attributesOf(p Person) []answer.Attribute {
	list := []answer.Attribute{
		{Name: "urn:oid:0.9.2342.19200300.100.1.3", FriendlyName: "mail", Values: []string{p.Email}},
		{Name: "urn:oid:2.16.840.1.113730.3.1.241", FriendlyName: "displayName", Values: []string{p.Name}},
		{Name: "urn:oid:2.5.4.42", FriendlyName: "givenName", Values: []string{p.Given}},
		{Name: "urn:oid:2.5.4.4", FriendlyName: "sn", Values: []string{p.Family}},
		{Name: "department", Values: []string{p.Department}},
		{Name: "groups", Values: p.Groups},
	}
	return slices.DeleteFunc(list, func(a answer.Attribute) bool { return len(a.Values) == 0 || a.Values[0] == "" })
}

// complete fills in what every answer to a request says.
func (i *IdP) complete(a asked, key saml.Key, out answer.Answer) (answer.Answer, error) {
	if key == (saml.Key{}) {
		key = i.side().Keys[0]
	}
	signer, err := signerOf(key)
	if err != nil {
		return out, err
	}
	signer.Method = out.Signer.Method
	out.Signer = signer
	out.Issuer, out.ACS, out.Audience, out.InResponseTo = i.EntityID(), a.acs, a.service.entityID, a.id
	if out.Now.IsZero() {
		out.Now = i.options.Now()
	}
	out.SignAssertion = true
	out.Encrypt, out.Recipe.Content = a.service.encryption, a.service.content
	return out, nil
}

func signerOf(key saml.Key) (xmlsig.Signer, error) {
	block, _ := pem.Decode([]byte(key.PrivateKey))
	if block == nil {
		return xmlsig.Signer{}, errors.New("demoidp: the key is not PEM")
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return xmlsig.Signer{}, fmt.Errorf("demoidp: the key cannot be read: %w", err)
	}
	der, err := base64.StdEncoding.DecodeString(key.Certificate)
	if err != nil {
		return xmlsig.Signer{}, fmt.Errorf("demoidp: the certificate cannot be read: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return xmlsig.Signer{}, fmt.Errorf("demoidp: the certificate cannot be read: %w", err)
	}
	signer, ok := private.(crypto.Signer)
	if !ok {
		return xmlsig.Signer{}, errors.New("demoidp: the key cannot sign")
	}
	return xmlsig.Signer{Key: signer, Certificate: cert}, nil
}

// deliver sends an answer through the browser.
func (i *IdP) deliver(w http.ResponseWriter, a asked, key saml.Key, out answer.Answer) error {
	posted, err := i.post(a, key, out)
	if err != nil {
		return err
	}
	return i.pages.post(w, postPage{Base: i.options.BaseURL, Action: posted.URL, Fields: []saml.Field{{Name: "SAMLResponse", Value: posted.SAMLResponse}, {Name: "RelayState", Value: posted.RelayState}}})
}

func (i *IdP) post(a asked, key saml.Key, out answer.Answer) (Posted, error) {
	out, err := i.complete(a, key, out)
	if err != nil {
		return Posted{}, err
	}
	raw, err := out.Bytes()
	if err != nil {
		return Posted{}, err
	}
	return Posted{URL: a.acs, SAMLResponse: base64.StdEncoding.EncodeToString(raw), RelayState: a.relayState}, nil
}

// Posted is an answer as a browser would post it to the service.
type Posted struct{ URL, SAMLResponse, RelayState string }

// Reply is an answer that a test wants without a browser.
type Reply struct {
	Person string // an address among Options.People
	// Request is what the service sent; the zero Message: nobody asked, and Service names whom to tell.
	Request saml.Message
	Service string // entity id

	RelayState string // where nobody asked
	Age        time.Duration
	Key        saml.Key // signs instead; the zero Key: the current one
	SHA1       bool
	Clear      bool   // not encrypted, even where the service has a key for it
	Sign       bool   // the response too
	Decline    string // a second-level status such as "AuthnFailed" instead of an assertion
}

// Respond answers a request as the page would, with what the Reply wants to be odd.
func (i *IdP) Respond(ctx context.Context, r Reply) (Posted, error) {
	var a asked
	var err error
	switch {
	case r.Request.URL != "":
		var u *url.URL
		if u, err = url.Parse(r.Request.URL); err == nil {
			a, err = i.read(ctx, carried{Query: u.RawQuery})
		}
	case r.Request.SAMLRequest != "":
		a, err = i.read(ctx, carried{SAMLRequest: r.Request.SAMLRequest, RelayState: r.Request.RelayState})
	default:
		if a.service, err = i.service(ctx, r.Service); err == nil {
			a.acs, a.relayState = a.service.acs[0], r.RelayState
		}
	}
	if err != nil {
		return Posted{}, fmt.Errorf("demoidp: %w", err)
	}
	if r.Decline != "" {
		return i.post(a, r.Key, answer.Answer{Status: crewjam.StatusResponder, SubStatus: "urn:oasis:names:tc:SAML:2.0:status:" + r.Decline})
	}
	who, err := i.person(r.Person)
	if err != nil {
		return Posted{}, fmt.Errorf("demoidp: %w", err)
	}
	if r.Clear {
		a.service.encryption = nil
	}
	out := i.about(a, who)
	out.Now, out.SignResponse = i.options.Now().Add(-r.Age), r.Sign
	if r.SHA1 {
		out.Signer.Method = xmlsig.RSASHA1
	}
	return i.post(a, r.Key, out)
}
