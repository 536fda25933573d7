// Package answer makes the responses that an identity provider sends: for the demo's own identity provider, and, by its
// hooks, all that a broken or hostile one could send, for tests. It believes nothing and checks nothing.
package answer

import (
	"crypto/x509"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth/saml/internal/xmlenc"
	"lyceum/auth/saml/internal/xmlsig"
	"lyceum/internal/uid"
)

// Success is the status of an answer that went well.
const Success = "urn:oasis:names:tc:SAML:2.0:status:Success"

// Bearer is how the assertions are confirmed.
const Bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer" //nolint:gosec // a name of the standard

// Attribute is one attribute of the person.
type Attribute struct {
	Name, FriendlyName string
	Values             []string
}

// Answer is one response. The zero value of a field is what its comment says.
type Answer struct {
	Issuer       string
	ACS          string // destination and recipient
	Audience     string
	InResponseTo string // empty: begun by the provider

	ID, AssertionID string // empty: random
	NameID          string
	NameIDFormat    string
	SessionIndex    string
	SessionEnds     time.Time // zero: not said
	Context         string    // empty: password over TLS
	Attributes      []Attribute

	Now  time.Time
	Life time.Duration // 0: five minutes

	Signer        xmlsig.Signer
	SignResponse  bool
	SignAssertion bool
	Encrypt       *x509.Certificate // nil: in clear
	Recipe        xmlenc.Recipe

	// Status is the top-level code; empty: Success. With another one there is no assertion.
	Status, SubStatus, StatusMessage string

	// TamperAssertion and TamperResponse change an element before it is signed.
	TamperAssertion, TamperResponse func(*etree.Element)
}

// Make builds the response, signed and encrypted as it says.
func (a Answer) Make() (*etree.Element, error) {
	if a.Life == 0 {
		a.Life = 5 * time.Minute
	}
	response := a.envelope()
	if a.Status == "" || a.Status == Success {
		el, err := a.sealedAssertion()
		if err != nil {
			return nil, err
		}
		response.AddChild(el)
	}
	if a.TamperResponse != nil {
		a.TamperResponse(response)
	}
	if a.SignResponse {
		if err := xmlsig.Sign(response, a.Signer); err != nil {
			return nil, err
		}
	}
	return response, nil
}

// Bytes is Make, written.
func (a Answer) Bytes() ([]byte, error) {
	el, err := a.Make()
	if err != nil {
		return nil, err
	}
	return etree.NewDocumentWithRoot(el).WriteToBytes()
}

func (a Answer) instant() time.Time { return a.Now.UTC().Truncate(time.Millisecond) }

func (a Answer) envelope() *etree.Element {
	status := crewjam.StatusCode{Value: Success}
	if a.Status != "" {
		status.Value = a.Status
	}
	if a.SubStatus != "" {
		status.StatusCode = &crewjam.StatusCode{Value: a.SubStatus}
	}
	r := crewjam.Response{
		ID: orRandom(a.ID), InResponseTo: a.InResponseTo, Version: "2.0", IssueInstant: a.instant(), Destination: a.ACS,
		Issuer: &crewjam.Issuer{Value: a.Issuer}, Status: crewjam.Status{StatusCode: status},
	}
	if a.StatusMessage != "" {
		r.Status.StatusMessage = &crewjam.StatusMessage{Value: a.StatusMessage}
	}
	return r.Element()
}

func orRandom(id string) string {
	if id == "" {
		return "_" + uid.Opaque(32)
	}
	return id
}

// Assertion builds the assertion alone, in clear.
func (a Answer) Assertion() (*etree.Element, error) {
	now, context := a.instant(), a.Context
	if context == "" {
		context = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
	}
	authn := crewjam.AuthnStatement{
		AuthnInstant: now, SessionIndex: a.SessionIndex,
		AuthnContext: crewjam.AuthnContext{AuthnContextClassRef: &crewjam.AuthnContextClassRef{Value: context}},
	}
	if !a.SessionEnds.IsZero() {
		ends := a.SessionEnds.UTC()
		authn.SessionNotOnOrAfter = &ends
	}
	assertion := crewjam.Assertion{
		ID: orRandom(a.AssertionID), IssueInstant: now, Version: "2.0", Issuer: crewjam.Issuer{Value: a.Issuer},
		Subject: &crewjam.Subject{
			NameID: &crewjam.NameID{Value: a.NameID, Format: a.NameIDFormat},
			SubjectConfirmations: []crewjam.SubjectConfirmation{{Method: Bearer, SubjectConfirmationData: &crewjam.SubjectConfirmationData{
				InResponseTo: a.InResponseTo, Recipient: a.ACS, NotOnOrAfter: now.Add(a.Life),
			}}},
		},
		Conditions: &crewjam.Conditions{
			NotBefore: now, NotOnOrAfter: now.Add(a.Life),
			AudienceRestrictions: []crewjam.AudienceRestriction{{Audience: crewjam.Audience{Value: a.Audience}}},
		},
		AuthnStatements: []crewjam.AuthnStatement{authn},
	}
	if len(a.Attributes) > 0 {
		assertion.AttributeStatements = []crewjam.AttributeStatement{{Attributes: attributes(a.Attributes)}}
	}
	el := assertion.Element()
	if a.TamperAssertion != nil {
		a.TamperAssertion(el)
	}
	if a.SignAssertion {
		if err := xmlsig.Sign(el, a.Signer); err != nil {
			return nil, err
		}
	}
	return el, nil
}

func attributes(list []Attribute) []crewjam.Attribute {
	out := make([]crewjam.Attribute, len(list))
	for i, a := range list {
		out[i] = crewjam.Attribute{Name: a.Name, FriendlyName: a.FriendlyName, NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"}
		for _, v := range a.Values {
			out[i].Values = append(out[i].Values, crewjam.AttributeValue{Type: "xs:string", Value: v})
		}
	}
	return out
}

func (a Answer) sealedAssertion() (*etree.Element, error) {
	el, err := a.Assertion()
	if err != nil || a.Encrypt == nil {
		return el, err
	}
	return Seal(el, a.Encrypt, a.Recipe)
}

// Seal encrypts an assertion.
func Seal(assertion *etree.Element, to *x509.Certificate, r xmlenc.Recipe) (*etree.Element, error) {
	plain, err := etree.NewDocumentWithRoot(assertion).WriteToBytes()
	if err != nil {
		return nil, err
	}
	data, err := xmlenc.Encrypt(plain, to, r)
	if err != nil {
		return nil, err
	}
	out := etree.NewElement("saml:EncryptedAssertion")
	out.CreateAttr("xmlns:saml", "urn:oasis:names:tc:SAML:2.0:assertion")
	out.AddChild(data)
	return out, nil
}
