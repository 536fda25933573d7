// Package saml is the service provider of SAML 2.0 Web Browser SSO and Single Logout (saml-profiles-2.0-os §4.1, §4.4): it
// makes requests and metadata, and decides whether an answer of an identity provider is believed. It is functions over
// values and no more: it keeps no connections, no requests under way and no seen assertions, serves no HTTP and knows no
// tenant; that is auth/signon.
//
// The messages are crewjam/saml's types, canonicalisation and digests are goxmldsig's. The verification is our own, because
// crewjam's is bound to process-wide clocks and tolerances and takes answers without audience or confirmation, with
// SHA-1, or with more than one assertion; auth/saml/testdata/hostile is what it must withstand.
package saml

import (
	"errors"
	"fmt"
	"time"

	"github.com/beevik/etree"

	"lyceum/auth"
	"lyceum/auth/saml/internal/xmlenc"
	"lyceum/auth/saml/internal/xmlsig"
	"lyceum/auth/saml/internal/xmltree"
)

// MaxMessage is the largest message that is read, decoded, in bytes.
const MaxMessage = 256 << 10

const (
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
)

var errTooLarge = errors.New("saml: the message is too large")

// Names of the checks of a report, in the order in which they are made. Those of the XML, the signature and the
// encryption are the reasons of their packages: "xml", "dtd", "comment", "ids", "signature_shape", "algorithm", "signature".
const (
	CheckSettings     = "settings"             // our own side of the connection is usable
	CheckSize         = "size"                 // at most MaxMessage
	CheckBase64       = "base64"               // the form's field is base64
	CheckXML          = xmltree.ReasonXML      // well-formed, unambiguous, bounded
	CheckDTD          = xmltree.ReasonDTD      // no document type declaration
	CheckComment      = xmltree.ReasonComment  // no comment inside a value
	CheckIDs          = xmltree.ReasonIDs      // no ID twice
	CheckMessage      = "message"              // the message that is due here, version 2.0
	CheckStatus       = "status"               // the provider says success
	CheckOneAssertion = "one_assertion"        // exactly one, where it belongs
	CheckShape        = xmlsig.ReasonShape     // signatures where and as SAML wants them
	CheckIssuer       = "issuer"               // the provider of this connection
	CheckDestination  = "destination"          // sent to us, and to where it came
	CheckInResponseTo = "in_response_to"       // the answer to a question of this browser
	CheckAlgorithm    = xmlsig.ReasonAlgorithm // one that is accepted
	CheckSignature    = xmlsig.ReasonSignature // by a pinned key, over what is read
	CheckEncryption   = "encryption"           // opened with a key of ours, where it must be encrypted
	CheckAssertion    = "assertion"            // the assertion is complete
	CheckIssued       = "issued"               // not in the future, not long ago
	CheckConditions   = "conditions"           // there, within their time, none that is unknown
	CheckAudience     = "audience"             // meant for our entity
	CheckConfirmation = "subject_confirmation" // bearer, for this address, this request, this moment
	CheckSubject      = "subject"              // a name that lasts
	CheckAuthn        = "authentication"       // when and how the person proved themselves
	CheckAttributes   = "attributes"           // within bounds
)

// Response is what a browser posted to the ACS.
type Response struct {
	SAMLResponse string // the form's field as it came
	At           string // the address that it was posted to, without a query; it must be the provider's ACSURL
	// RequestIDs are the requests of this browser that still wait for an answer. Empty: there is none, and only an answer
	// that the provider began may pass.
	RequestIDs []string
	Now        time.Time
}

// Accept decides whether a response is believed. What it gives comes from what was signed and from nothing else; the
// report says each thing that was looked at, in order, and what refused. Refusals are *auth.Refusal. It never panics.
//
// Three things remain for the caller, who has the memory: that the request named by InResponseTo is used once; that the
// pair of Issuer and ID was not seen before; and that it is remembered until ExpiresAt, after which Accept itself refuses.
func (p Provider) Accept(s Settings, in Response) (a auth.Assertion, report auth.Report, err error) {
	v := &visit{provider: p, settings: s, in: in}
	defer v.recovered(&report, &err)
	a, err = v.accept()
	return a, v.report, err
}

// visit is one response on its way through the checks.
type visit struct {
	provider Provider
	settings Settings
	in       Response
	report   auth.Report
	trust    xmlsig.Trust
	ids      map[string]bool
	// answered is the request that the response names; its assertion must then name the same.
	answered string
}

func (v *visit) refused(check, format string, args ...any) error {
	return v.refusedBecause(check, nil, format, args...)
}

// refusedBecause notes the refusal; the detail is bounded whatever a stranger put into it.
func (v *visit) refusedBecause(check string, cause error, format string, args ...any) error {
	return v.report.Refused(check, cause, "%.600s", fmt.Sprintf(format, args...))
}

// problem turns the refusal of a package below into ours.
func (v *visit) problem(err error) error {
	var tree *xmltree.Problem
	var sig *xmlsig.Problem
	switch {
	case errors.As(err, &tree):
		return v.refusedBecause(tree.Reason, tree.Cause, "%s", tree.Detail)
	case errors.As(err, &sig):
		return v.refusedBecause(sig.Reason, sig.Cause, "%s", sig.Detail)
	}
	return v.refusedBecause(CheckMessage, err, "the message cannot be read")
}

func (v *visit) accept() (auth.Assertion, error) {
	if err := v.prepare(); err != nil {
		return auth.Assertion{}, err
	}
	root, err := v.open(v.in.SAMLResponse)
	if err != nil {
		return auth.Assertion{}, err
	}
	if err := v.envelope(root); err != nil {
		return auth.Assertion{}, err
	}
	assertion, err := v.believed(root)
	if err != nil {
		return auth.Assertion{}, err
	}
	return v.read(assertion)
}

func (v *visit) prepare() (err error) {
	if v.trust, err = v.settings.trust(v.in.Now); err != nil {
		return v.refusedBecause(CheckSettings, err, "the connection's certificates cannot be read: %s", err)
	}
	if v.settings.EntityID == "" || v.provider.EntityID == "" || v.provider.ACSURL == "" || len(v.trust.Certificates) == 0 {
		return v.refused(CheckSettings, "the connection is not set up: its entity ID, a certificate, or our own address is missing")
	}
	v.ids = map[string]bool{}
	return nil
}

// open reads a posted field into a tree.
func (v *visit) open(field string) (*etree.Element, error) {
	if len(field) > MaxMessage*2 { // base64 grows by a third, and by its line breaks
		return nil, v.refused(CheckSize, "the message has %d bytes in base64; %d bytes decoded are the most", len(field), MaxMessage)
	}
	raw, err := decode(field)
	if err != nil {
		return nil, v.refusedBecause(CheckBase64, err, "the message is not base64")
	}
	return v.parse(raw)
}

func (v *visit) parse(raw []byte) (*etree.Element, error) {
	if len(raw) > MaxMessage {
		return nil, v.refused(CheckSize, "the message has %d bytes; %d are the most", len(raw), MaxMessage)
	}
	root, err := xmltree.Parse(raw)
	if err != nil {
		return nil, v.problem(err)
	}
	v.report.Passed(CheckXML, "%d bytes of well-formed XML without a DTD", len(raw))
	if err := xmltree.UniqueIDs(root, v.ids); err != nil {
		return nil, v.problem(err)
	}
	v.report.Passed(CheckIDs, "every ID stands once")
	return root, nil
}

// envelope checks what a response says before anything in it is believed. Nothing of it is kept: without a signature on
// the response these are words of whoever posted it.
func (v *visit) envelope(root *etree.Element) error {
	if err := v.message(root, "Response"); err != nil {
		return err
	}
	if err := v.status(root); err != nil {
		return err
	}
	if err := v.oneAssertion(root); err != nil {
		return err
	}
	if err := v.signaturePlaces(root); err != nil {
		return err
	}
	if issuers := xmltree.Children(root, nsAssertion, "Issuer"); len(issuers) > 0 {
		if err := v.issuer(root); err != nil {
			return err
		}
	}
	sig, err := xmlsig.Of(root)
	if err != nil {
		return v.problem(err)
	}
	if err := v.destination(root, v.provider.ACSURL, v.in.At, sig != nil); err != nil {
		return err
	}
	v.answered = xmltree.Attr(root, "InResponseTo")
	return v.answers(v.answered, "the response")
}

// message checks the name and version of a message (saml-core-2.0-os §3.2.2).
func (v *visit) message(root *etree.Element, name string) error {
	switch {
	case !xmltree.Is(root, nsProtocol, name):
		return v.refused(CheckMessage, "this is <%.60s>, and a SAML 2.0 <%s> is due", root.Tag, name)
	case xmltree.Attr(root, "Version") != "2.0":
		return v.refused(CheckMessage, "the version is %s, and 2.0 is due", quote(xmltree.Attr(root, "Version")))
	case xmltree.Attr(root, "ID") == "":
		return v.refused(CheckMessage, "the message has no ID")
	}
	v.report.Passed(CheckMessage, "a SAML 2.0 %s", name)
	return nil
}

// oneAssertion counts by local name in the whole tree: an assertion anywhere but directly in the response is there to
// be mistaken for another (signature wrapping).
func (v *visit) oneAssertion(root *etree.Element) error {
	all := xmltree.Count(root, "Assertion") + xmltree.Count(root, "EncryptedAssertion")
	direct := len(xmltree.Children(root, nsAssertion, "Assertion")) + len(xmltree.Children(root, nsAssertion, "EncryptedAssertion"))
	if direct != 1 || all != 1 {
		return v.refused(CheckOneAssertion, "the response has %d assertions, %d of them where one belongs; exactly one is due", all, direct)
	}
	v.report.Passed(CheckOneAssertion, "exactly one assertion")
	return nil
}

// signaturePlaces lets signatures stand directly in the response and directly in its assertion, nowhere else.
func (v *visit) signaturePlaces(root *etree.Element) error {
	var misplaced *etree.Element
	xmltree.Walk(root, func(el *etree.Element) {
		if el.Tag != "Signature" {
			return
		}
		up := el.Parent()
		if up != root && !(xmltree.Is(up, nsAssertion, "Assertion") && (up == root || up.Parent() == root)) {
			misplaced = el
		}
	})
	if misplaced != nil {
		return v.refused(CheckShape, "a signature stands in <%.60s>, where none belongs", misplaced.Parent().Tag)
	}
	return nil
}

// issuer demands the provider of this connection (saml-profiles-2.0-os §4.1.4.2).
func (v *visit) issuer(el *etree.Element) error {
	issuer := xmltree.Child(el, nsAssertion, "Issuer")
	if issuer == nil {
		return v.refused(CheckIssuer, "<%s> has not exactly one issuer", el.Tag)
	}
	name, ok := xmltree.Text(issuer)
	if f := xmltree.Attr(issuer, "Format"); f != "" && f != "urn:oasis:names:tc:SAML:2.0:nameid-format:entity" {
		return v.refused(CheckIssuer, "the issuer of <%s> has the format %s", el.Tag, quote(f))
	}
	if !ok || name != v.settings.EntityID {
		return v.refused(CheckIssuer, "the issuer of <%s> is %s, and this connection is with %s", el.Tag, quote(name), quote(v.settings.EntityID))
	}
	v.report.Passed(CheckIssuer, "<%s> was issued by %s", el.Tag, quote(name))
	return nil
}

// destination demands that a message was sent to where it arrived, and that this is our own address. A signed message must
// say where it was sent (saml-bindings-2.0-os §3.4.5.2, §3.5.5.2).
func (v *visit) destination(root *etree.Element, own, at string, signed bool) error {
	switch sentTo := xmltree.Attr(root, "Destination"); {
	case at != own:
		return v.refused(CheckDestination, "it arrived at %s, and this connection answers at %s", quote(at), quote(own))
	case sentTo == "" && signed:
		return v.refused(CheckDestination, "the message is signed and does not say where it was sent")
	case sentTo != "" && sentTo != own:
		return v.refused(CheckDestination, "it was sent to %s, and we are at %s", quote(sentTo), quote(own))
	}
	v.report.Passed(CheckDestination, "it was sent to where it arrived")
	return nil
}

// answers demands that something answers a question of this browser; "" answers none.
func (v *visit) answers(id, what string) error {
	if id == "" {
		return nil // whether that may be is decided by what is signed: confirmed
	}
	for _, asked := range v.in.RequestIDs {
		if asked == id {
			v.report.Passed(CheckInResponseTo, "%s answers a request of this browser", what)
			return nil
		}
	}
	if len(v.in.RequestIDs) == 0 {
		return v.refused(CheckInResponseTo, "%s answers the request %s, and this browser has none under way: it was begun elsewhere, used before, or has run out", what, quote(id))
	}
	return v.refused(CheckInResponseTo, "%s answers the request %s, which is not this browser's", what, quote(id))
}

// believed gives the assertion as the signatures covered it: out of the signed response, or by its own signature. A signature that is
// there must hold, even where another would do.
func (v *visit) believed(root *etree.Element) (*etree.Element, error) {
	signed := false
	sig, err := xmlsig.Of(root)
	if err != nil {
		return nil, v.problem(err)
	}
	if sig != nil {
		if root, err = v.verify(root, "the response"); err != nil {
			return nil, err
		}
		signed = true
	}
	el := xmltree.Child(root, nsAssertion, "Assertion")
	if sealed := xmltree.Child(root, nsAssertion, "EncryptedAssertion"); sealed != nil {
		if el, err = v.decrypt(sealed); err != nil {
			return nil, err
		}
	} else if v.settings.RequireEncrypted {
		return nil, v.refused(CheckEncryption, "the assertion is not encrypted, and this connection demands it")
	}
	if el == nil {
		return nil, v.refused(CheckOneAssertion, "what was signed has no assertion")
	}
	if sig, err = xmlsig.Of(el); err != nil {
		return nil, v.problem(err)
	}
	if sig != nil {
		return v.verify(el, "the assertion")
	}
	if !signed {
		return nil, v.refused(CheckSignature, "neither the response nor the assertion is signed")
	}
	return el, nil
}

func (v *visit) verify(el *etree.Element, what string) (*etree.Element, error) {
	id := xmltree.Attr(el, "ID")
	got, err := xmlsig.Verify(el, v.trust)
	if err != nil {
		return nil, v.problem(err)
	}
	if got.Element == nil || got.Element.Tag != el.Tag || got.Element.NamespaceURI() != el.NamespaceURI() || xmltree.Attr(got.Element, "ID") != id {
		return nil, v.refused(CheckSignature, "the signature covers something else than %s", what)
	}
	note := ""
	if c := describe(got.Certificate); c.Expired(v.in.Now) {
		note = "; the certificate expired on " + c.NotAfter.Format(time.DateOnly)
	}
	v.report.Passed(CheckSignature, "%s is signed with %s by the certificate %s%s", what, got.Method, xmlsig.Fingerprint(got.Certificate), note)
	return got.Element, nil
}

// decrypt opens an encrypted assertion. Everything that may go wrong with the key, the padding or the tag is one message.
func (v *visit) decrypt(sealed *etree.Element) (*etree.Element, error) {
	el, how, err := v.unseal(sealed)
	if err != nil {
		return nil, err
	}
	if !xmltree.Is(el, nsAssertion, "Assertion") || xmltree.Count(el, "Assertion") != 1 || xmltree.Count(el, "EncryptedAssertion") != 0 {
		return nil, v.refused(CheckOneAssertion, "what was encrypted is not exactly one assertion")
	}
	if err := v.signaturePlaces(el); err != nil {
		return nil, err
	}
	v.report.Passed(CheckEncryption, "the assertion was encrypted with %s", how)
	return el, nil
}

// unseal opens an EncryptedAssertion or EncryptedID.
func (v *visit) unseal(sealed *etree.Element) (el *etree.Element, how string, err error) {
	// Reading our keys costs as much as verifying a signature, so it waits until one is needed.
	keys, err := v.provider.decryptionKeys()
	if err != nil {
		return nil, "", v.refusedBecause(CheckSettings, err, "our own key cannot be read")
	}
	opened, err := xmlenc.Decrypt(sealed, keys)
	var unknown *xmlenc.ErrAlgorithm
	if errors.As(err, &unknown) {
		return nil, "", v.refusedBecause(CheckAlgorithm, err, "%s for encryption", unknown)
	}
	if err == nil {
		el, err = xmltree.Parse(opened.Plaintext)
	}
	if err == nil {
		// Encrypted in its place, it may lean on prefixes that were declared around it.
		xmltree.InheritScope(el, sealed)
		err = xmltree.UniqueIDs(el, v.ids)
	}
	if err != nil {
		return nil, "", v.refusedBecause(CheckEncryption, err, "what was encrypted for us %s, or is not a whole element: compare the encryption certificate that the identity provider has with ours", xmlenc.ErrOpaque)
	}
	how = opened.Algorithm
	if opened.Key > 0 {
		how += " for another of our keys than the current one"
	}
	return el, how, nil
}
