package saml

import (
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth/saml/internal/xmlsig"
)

// MaxRelayState is the most that a provider must give back, in bytes (saml-bindings-2.0-os §3.4.3).
const MaxRelayState = 80

// Message is something of ours for the identity provider, on its way through the browser. With BindingRedirect the browser
// goes to URL; with BindingPost it posts a form with the fields SAMLRequest or SAMLResponse, and RelayState where it is not
// empty, to Destination. Fields gives them in order.
type Message struct {
	ID          string // keep it: the answer names it
	Binding     Binding
	URL         string
	Destination string
	SAMLRequest,
	SAMLResponse,
	RelayState string
}

// Field is one hidden field of a form.
type Field struct{ Name, Value string }

// Fields gives the form of a message that is posted; nothing for one that is not.
func (m Message) Fields() (fields []Field) {
	if m.Binding != BindingPost {
		return nil
	}
	for _, f := range []Field{{"SAMLRequest", m.SAMLRequest}, {"SAMLResponse", m.SAMLResponse}, {"RelayState", m.RelayState}} {
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// Begin asks the identity provider to sign somebody in (saml-profiles-2.0-os §4.1.4.1). Keep the message's ID bound to the browser, for one
// use: it is what Accept wants among the RequestIDs. RelayState comes back as it is; it holds at most MaxRelayState bytes
// and proves nothing. The hint is an e-mail address that the person typed, passed on as login_hint, which Entra ID, Okta
// and Keycloak take (Entra ID refuses a Subject in the request).
func (p Provider) Begin(s Settings, relayState, loginHint string, now time.Time) (Message, error) {
	destination := s.sso(s.RequestBinding)
	if destination == "" {
		return Message{}, fmt.Errorf("saml: %s has no address for the binding %q", s.EntityID, s.RequestBinding)
	}
	create := true
	req := crewjam.AuthnRequest{
		ID: newID(), Version: "2.0", IssueInstant: instant(now), Destination: destination, Issuer: p.issuer(),
		AssertionConsumerServiceURL: p.ACSURL, ProtocolBinding: crewjam.HTTPPostBinding,
		NameIDPolicy: &crewjam.NameIDPolicy{AllowCreate: &create},
	}
	if s.NameIDFormat != "" {
		req.NameIDPolicy.Format = &s.NameIDFormat
	}
	if s.NameIDFormat == NameIDTransient {
		req.NameIDPolicy.AllowCreate = nil // saml-core-2.0-os §3.4.1.1
	}
	if s.ForceAuthn {
		req.ForceAuthn = &s.ForceAuthn
	}
	if s.RequestedContext != "" {
		req.RequestedAuthnContext = &crewjam.RequestedAuthnContext{Comparison: "exact", AuthnContextClassRef: s.RequestedContext}
	}
	m := Message{ID: req.ID, Binding: s.RequestBinding, Destination: destination, RelayState: relayState}
	m, err := p.send(m, "SAMLRequest", req.Element(), s.SignRequests)
	if err != nil || loginHint == "" {
		return m, err
	}
	hint := "login_hint=" + url.QueryEscape(loginHint)
	if m.Binding == BindingPost {
		m.Destination = withQuery(m.Destination, hint)
	} else {
		m.URL += "&" + hint // after the signature, which covers SAML's own parameters only
	}
	return m, nil
}

func (p Provider) issuer() *crewjam.Issuer { return &crewjam.Issuer{Value: p.EntityID} }

// send puts a message into its binding, signed as that binding signs.
func (p Provider) send(m Message, name string, el *etree.Element, signed bool) (Message, error) {
	if len(m.RelayState) > MaxRelayState {
		return Message{}, fmt.Errorf("saml: a RelayState of %d bytes; %d are the most", len(m.RelayState), MaxRelayState)
	}
	var signer xmlsig.Signer
	if signed {
		var err error
		if signer, err = p.signer(); err != nil {
			return Message{}, err
		}
	}
	if m.Binding == BindingPost {
		if signed {
			if err := xmlsig.Sign(el, signer); err != nil {
				return Message{}, fmt.Errorf("saml: sign a message: %w", err)
			}
		}
		text, err := etree.NewDocumentWithRoot(el).WriteToBytes()
		if err != nil {
			return Message{}, fmt.Errorf("saml: write a message: %w", err)
		}
		if m.SAMLRequest = encode(text); name == "SAMLResponse" {
			m.SAMLRequest, m.SAMLResponse = "", encode(text)
		}
		return m, nil
	}
	packed, err := deflate(el)
	if err != nil {
		return Message{}, fmt.Errorf("saml: write a message: %w", err)
	}
	query := name + "=" + url.QueryEscape(encode(packed))
	if m.RelayState != "" {
		query += "&RelayState=" + url.QueryEscape(m.RelayState)
	}
	if signed {
		if query, err = xmlsig.SignQuery(query, signer); err != nil {
			return Message{}, fmt.Errorf("saml: sign a message: %w", err)
		}
	}
	m.URL = withQuery(m.Destination, query)
	return m, nil
}

func withQuery(address, query string) string {
	if strings.Contains(address, "?") {
		return address + "&" + query
	}
	return address + "?" + query
}

func deflate(el *etree.Element) ([]byte, error) {
	text, err := etree.NewDocumentWithRoot(el).WriteToBytes()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil { // only now the last bytes are out
		return nil, err
	}
	return out.Bytes(), nil
}

// inflate unpacks a message of the redirect binding; what would grow beyond the bound is cut off there and refused.
func inflate(packed []byte) ([]byte, error) {
	r := flate.NewReader(bytes.NewReader(packed))
	defer r.Close()
	out, err := io.ReadAll(io.LimitReader(r, MaxMessage+1))
	if err != nil {
		return nil, err
	}
	if len(out) > MaxMessage {
		return nil, errTooLarge
	}
	return out, nil
}

// decode reads base64 as forms and addresses carry it, line breaks and all.
func decode(text string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
}

// newID makes an ID of 160 random bits; the letter in front makes it an xs:ID (saml-core-2.0-os §1.3.4).
func newID() string {
	b := make([]byte, 20)
	rand.Read(b)
	return "id-" + hex.EncodeToString(b)
}

// instant is a time as SAML writes it: UTC, no finer than a millisecond (saml-core-2.0-os §1.3.3).
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
