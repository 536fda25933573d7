// Package xmlsig makes and verifies the two signatures of SAML: the enveloped one of XML Signature (saml-core-2.0-os §5.4)
// and the one of a query string (saml-bindings-2.0-os §3.4.4.1). goxmldsig does the canonicalisation and the digest; this
// package decides before it what shape and which algorithms are let through, and takes the key from the caller alone: what a
// message says of its own key is a hint for people.
package xmlsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"lyceum/auth/saml/internal/xmltree"
)

// Namespace of XML Signature.
const Namespace = dsig.Namespace

const (
	excC14N     = "http://www.w3.org/2001/10/xml-exc-c14n#"
	more        = "http://www.w3.org/2001/04/xmldsig-more#"
	sha1Digest  = Namespace + "sha1"
	maxRelevant = 12 // certificates that are tried for one signature
)

// Method is an algorithm of a signature, by its name in XML Signature.
type Method string

// Methods that are accepted. The two with SHA-1 only where the Trust says so.
const (
	RSASHA256   Method = more + "rsa-sha256"
	RSASHA384   Method = more + "rsa-sha384"
	RSASHA512   Method = more + "rsa-sha512"
	ECDSASHA256 Method = more + "ecdsa-sha256"
	ECDSASHA384 Method = more + "ecdsa-sha384"
	ECDSASHA512 Method = more + "ecdsa-sha512"
	RSASHA1     Method = Namespace + "rsa-sha1"
	ECDSASHA1   Method = more + "ecdsa-sha1"
)

var methods = map[Method]x509.SignatureAlgorithm{
	RSASHA256: x509.SHA256WithRSA, RSASHA384: x509.SHA384WithRSA, RSASHA512: x509.SHA512WithRSA,
	ECDSASHA256: x509.ECDSAWithSHA256, ECDSASHA384: x509.ECDSAWithSHA384, ECDSASHA512: x509.ECDSAWithSHA512,
	RSASHA1: x509.SHA1WithRSA, ECDSASHA1: x509.ECDSAWithSHA1,
}

var digests = map[string]bool{
	"http://www.w3.org/2001/04/xmlenc#sha256": true,
	more + "sha384": true,
	"http://www.w3.org/2001/04/xmlenc#sha512": true,
	sha1Digest: true,
}

var canonicalizations = map[string]bool{
	excC14N: true, excC14N + "WithComments": true,
	string(dsig.CanonicalXML10RecAlgorithmId): true, string(dsig.CanonicalXML11AlgorithmId): true,
}

func (m Method) sha1() bool { return m == RSASHA1 || m == ECDSASHA1 }

// String is the short name that people know, as in "rsa-sha256".
func (m Method) String() string { return string(m[strings.LastIndexAny(string(m), "#")+1:]) }

// Reasons of a Problem.
const (
	ReasonShape     = "signature_shape" // not the one form that SAML allows
	ReasonAlgorithm = "algorithm"       // one that is not accepted
	ReasonSignature = "signature"       // made by another key, or of something else
)

// Problem says why a signature is not believed.
type Problem struct {
	Reason string
	Detail string
	Cause  error
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Reason + ": " + p.Detail }

// Unwrap gives the library's own error.
func (p *Problem) Unwrap() error { return p.Cause }

func problem(reason, format string, args ...any) *Problem {
	return &Problem{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// Trust is whose signatures are believed. The dates of the certificates do not matter: they were pinned for their keys.
type Trust struct {
	Certificates []*x509.Certificate
	SHA1         bool // a dated exception of the tenant holds now
}

// Verified is what a signature covered. Element is built from the bytes that were digested, and nothing else may be read.
type Verified struct {
	Element     *etree.Element
	Certificate *x509.Certificate
	Method      Method
}

// Of gives the signature among the direct children of an element, nil where there is none.
func Of(el *etree.Element) (*etree.Element, error) {
	switch all := xmltree.Children(el, Namespace, dsig.SignatureTag); len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	default:
		return nil, problem(ReasonShape, "<%s> has more than one signature", el.Tag)
	}
}

// Verify checks the enveloped signature of an element against the trusted keys, one after the other. Failures are *Problem.
func Verify(el *etree.Element, t Trust) (Verified, error) {
	sig, err := Of(el)
	if err != nil {
		return Verified{}, err
	}
	if sig == nil {
		return Verified{}, problem(ReasonShape, "<%s> is not signed", el.Tag)
	}
	m, err := shape(el, sig, t.SHA1)
	if err != nil {
		return Verified{}, err
	}
	value, err := signatureValue(sig, m)
	if err != nil {
		return Verified{}, err
	}
	named := namedCertificate(sig)
	var last error
	for _, cert := range t.Certificates[:min(len(t.Certificates), maxRelevant)] {
		ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{cert}})
		ctx.Clock = dsig.NewFakeClockAt(cert.NotBefore)
		root, err := ctx.Validate(bare(el, value))
		if err == nil {
			return Verified{Element: root, Certificate: cert, Method: m}, nil
		}
		last = err
	}
	p := problem(ReasonSignature, "the signature of <%s> fits none of the %d certificates of this connection, or the content was changed after signing%s",
		el.Tag, len(t.Certificates), hint(named, t.Certificates))
	p.Cause = last
	return Verified{}, p
}

// shape lets through the one form of saml-core-2.0-os §5.4: one reference to the element by its ID, the enveloped-signature
// transform, a canonicalisation; nothing that computes (XPath, XSLT) and nothing that could hide content (Object).
func shape(el, sig *etree.Element, allowSHA1 bool) (Method, error) {
	if extra := other(sig, dsig.SignedInfoTag, dsig.SignatureValueTag, dsig.KeyInfoTag); extra != "" {
		return "", problem(ReasonShape, "the signature holds <%.60s>", extra)
	}
	info := xmltree.Child(sig, Namespace, dsig.SignedInfoTag)
	if info == nil || xmltree.Child(sig, Namespace, dsig.SignatureValueTag) == nil || len(xmltree.Children(sig, Namespace, dsig.KeyInfoTag)) > 1 {
		return "", problem(ReasonShape, "the signature has not exactly one SignedInfo, one SignatureValue and at most one KeyInfo")
	}
	if extra := other(info, dsig.CanonicalizationMethodTag, dsig.SignatureMethodTag, dsig.ReferenceTag); extra != "" {
		return "", problem(ReasonShape, "SignedInfo holds <%.60s>", extra)
	}
	c14n, method := xmltree.Child(info, Namespace, dsig.CanonicalizationMethodTag), xmltree.Child(info, Namespace, dsig.SignatureMethodTag)
	ref := xmltree.Child(info, Namespace, dsig.ReferenceTag)
	if c14n == nil || method == nil || ref == nil {
		return "", problem(ReasonShape, "SignedInfo has not exactly one CanonicalizationMethod, SignatureMethod and Reference")
	}
	if a := xmltree.Attr(c14n, dsig.AlgorithmAttr); !canonicalizations[a] {
		return "", problem(ReasonAlgorithm, "the canonicalisation %.120q is not accepted", a)
	}
	m := Method(xmltree.Attr(method, dsig.AlgorithmAttr))
	if err := acceptable(m, allowSHA1); err != nil {
		return "", err
	}
	if len(method.ChildElements()) > 0 {
		return "", problem(ReasonShape, "SignatureMethod has parameters")
	}
	return m, reference(el, ref, allowSHA1)
}

func acceptable(m Method, allowSHA1 bool) error {
	if _, ok := methods[m]; !ok {
		return problem(ReasonAlgorithm, "the signature algorithm %.120q is not accepted", string(m))
	}
	if m.sha1() && !allowSHA1 {
		return problem(ReasonAlgorithm, "the signature uses SHA-1 (%s): switch the identity provider to SHA-256", m)
	}
	return nil
}

func reference(el, ref *etree.Element, allowSHA1 bool) error {
	id := xmltree.Attr(el, dsig.DefaultIdAttr)
	if uri := xmltree.Attr(ref, dsig.URIAttr); id == "" || uri != "#"+id {
		return problem(ReasonShape, "the signature refers to %.120q, and stands in an element with another ID", uri)
	}
	if extra := other(ref, dsig.TransformsTag, dsig.DigestMethodTag, dsig.DigestValueTag); extra != "" {
		return problem(ReasonShape, "the reference holds <%.60s>", extra)
	}
	transforms, digest := xmltree.Child(ref, Namespace, dsig.TransformsTag), xmltree.Child(ref, Namespace, dsig.DigestMethodTag)
	if transforms == nil || digest == nil || xmltree.Child(ref, Namespace, dsig.DigestValueTag) == nil {
		return problem(ReasonShape, "the reference has not exactly one of Transforms, DigestMethod and DigestValue")
	}
	switch a := xmltree.Attr(digest, dsig.AlgorithmAttr); {
	case !digests[a]:
		return problem(ReasonAlgorithm, "the digest algorithm %.120q is not accepted", a)
	case a == sha1Digest && !allowSHA1:
		return problem(ReasonAlgorithm, "the digest uses SHA-1: switch the identity provider to SHA-256")
	}
	if extra := other(transforms, dsig.TransformTag); extra != "" {
		return problem(ReasonShape, "Transforms holds <%.60s>", extra)
	}
	list := xmltree.Children(transforms, Namespace, dsig.TransformTag)
	if len(list) == 0 || len(list) > 2 || xmltree.Attr(list[0], dsig.AlgorithmAttr) != string(dsig.EnvelopedSignatureAltorithmId) {
		return problem(ReasonShape, "the transforms are not enveloped-signature and one canonicalisation")
	}
	for i, t := range list {
		if a := xmltree.Attr(t, dsig.AlgorithmAttr); i > 0 && !canonicalizations[a] {
			return problem(ReasonShape, "the transform %.120q is not accepted", a)
		}
		for _, p := range t.ChildElements() {
			if i == 0 || !xmltree.Is(p, excC14N, dsig.InclusiveNamespacesTag) || len(p.ChildElements()) > 0 {
				return problem(ReasonShape, "a transform has the parameter <%.60s>", p.Tag)
			}
		}
	}
	return nil
}

// other gives the name of a child that is none of the expected ones, "" when there is none.
func other(el *etree.Element, expected ...string) string {
next:
	for _, c := range el.ChildElements() {
		for _, tag := range expected {
			if xmltree.Is(c, Namespace, tag) {
				continue next
			}
		}
		return c.Tag
	}
	return ""
}

// bare copies an element for goxmldsig: out of its document with the namespaces in scope, the signature first (it looks
// at no more than a thousand elements on its way to it, and the enveloped-signature transform takes it out wherever it
// stands), and without KeyInfo (it would ask for the very certificate named there).
func bare(el *etree.Element, value []byte) *etree.Element {
	out := xmltree.Detach(el)
	sig := xmltree.Child(out, Namespace, dsig.SignatureTag)
	out.RemoveChild(sig)
	out.InsertChildAt(0, sig)
	if info := xmltree.Child(sig, Namespace, dsig.KeyInfoTag); info != nil {
		sig.RemoveChild(info)
	}
	xmltree.Child(sig, Namespace, dsig.SignatureValueTag).SetText(base64.StdEncoding.EncodeToString(value))
	return out
}

func signatureValue(sig *etree.Element, m Method) ([]byte, error) {
	text, ok := xmltree.Text(xmltree.Child(sig, Namespace, dsig.SignatureValueTag))
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if !ok || err != nil {
		return nil, problem(ReasonShape, "SignatureValue is not base64")
	}
	if strings.HasPrefix(m.String(), "ecdsa-") {
		return toASN1(raw), nil
	}
	return raw, nil
}

// namedCertificate is the certificate that a signature names as its own, nil where it names none. It decides nothing.
func namedCertificate(sig *etree.Element) *x509.Certificate {
	info := xmltree.Child(sig, Namespace, dsig.KeyInfoTag)
	if info == nil {
		return nil
	}
	for _, data := range xmltree.Children(info, Namespace, dsig.X509DataTag) {
		for _, c := range xmltree.Children(data, Namespace, dsig.X509CertificateTag) {
			text, _ := xmltree.Text(c)
			raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
			if err != nil {
				continue
			}
			if cert, err := x509.ParseCertificate(raw); err == nil {
				return cert
			}
		}
	}
	return nil
}

func hint(named *x509.Certificate, pinned []*x509.Certificate) string {
	if named == nil {
		return ""
	}
	for _, c := range pinned {
		if c.Equal(named) {
			return "; it names the pinned certificate " + Fingerprint(c)
		}
	}
	return "; it names the certificate " + Fingerprint(named) + ", which this connection does not have"
}

// Fingerprint is a certificate's SHA-256 in upper-case hexadecimal with colons, as consoles of identity providers show it.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = strings.ToUpper(hex.EncodeToString([]byte{b}))
	}
	return strings.Join(parts, ":")
}

// DefaultMethod is the method for a key: SHA-256 with its own algorithm.
func DefaultMethod(key crypto.PublicKey) (Method, error) {
	switch key.(type) {
	case *rsa.PublicKey:
		return RSASHA256, nil
	case *ecdsa.PublicKey:
		return ECDSASHA256, nil
	}
	return "", fmt.Errorf("xmlsig: a key of type %T cannot sign", key)
}
