package xmlsig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"math/big"
	"net/url"
	"strings"

	"github.com/beevik/etree"
	dsig "github.com/russellhaering/goxmldsig"

	"lyceum/auth/saml/internal/xmltree"
)

// Signer is a key with its certificate.
type Signer struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
	Method      Method // empty: SHA-256 with the key's own algorithm
	OmitKeyInfo bool   // leave the certificate out of the message
}

func (s Signer) method() (Method, error) {
	if s.Method != "" {
		return s.Method, nil
	}
	return DefaultMethod(s.Key.Public())
}

// Sign puts an enveloped signature into an element that has an ID, after its Issuer as the schemas of SAML want it, else
// first. The element is changed in place.
func Sign(el *etree.Element, s Signer) error {
	m, err := s.method()
	if err != nil {
		return err
	}
	ctx, err := dsig.NewSigningContext(s.Key, [][]byte{s.Certificate.Raw})
	if err != nil {
		return err
	}
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	if err := ctx.SetSignatureMethod(string(m)); err != nil {
		return err
	}
	// Canonicalisation works in place: the digest is made of a copy with the same scope.
	sig, err := ctx.ConstructSignature(xmltree.Detach(el), true)
	if err != nil {
		return err
	}
	if s.OmitKeyInfo {
		sig.RemoveChild(sig.SelectElement(dsig.KeyInfoTag))
	}
	if key, ok := s.Key.Public().(*ecdsa.PublicKey); ok {
		value := sig.SelectElement(dsig.SignatureValueTag)
		raw, err := base64.StdEncoding.DecodeString(value.Text())
		if err != nil {
			return err
		}
		if raw, err = fromASN1(raw, key); err != nil {
			return err
		}
		value.SetText(base64.StdEncoding.EncodeToString(raw))
	}
	at := 0
	for _, c := range el.ChildElements() {
		if c.Tag == "Issuer" {
			at = c.Index() + 1
			break
		}
	}
	el.InsertChildAt(at, sig)
	return nil
}

// XML Signature writes an ECDSA signature as r and s side by side, each as long as the curve's order (RFC 6931 §2.3.6);
// Go writes ASN.1, as do identity providers made with it. Both are read, the standard's form is written.
type ecdsaValue struct{ R, S *big.Int }

func toASN1(raw []byte) []byte {
	var v ecdsaValue
	if rest, err := asn1.Unmarshal(raw, &v); err == nil && len(rest) == 0 {
		return raw
	}
	if len(raw) == 0 || len(raw)%2 != 0 {
		return raw
	}
	half := len(raw) / 2
	out, err := asn1.Marshal(ecdsaValue{new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:])})
	if err != nil {
		return raw
	}
	return out
}

func fromASN1(raw []byte, key *ecdsa.PublicKey) ([]byte, error) {
	var v ecdsaValue
	if _, err := asn1.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	size := (key.Params().N.BitLen() + 7) / 8
	return append(v.R.FillBytes(make([]byte, size)), v.S.FillBytes(make([]byte, size))...), nil
}

// SignQuery appends SigAlg and Signature to a query that consists of SAMLRequest or SAMLResponse and, where there is one,
// RelayState, in this order and escaped already (saml-bindings-2.0-os §3.4.4.1).
func SignQuery(query string, s Signer) (string, error) {
	m, err := s.method()
	if err != nil {
		return "", err
	}
	hash, ok := hashes[methods[m]]
	if !ok {
		return "", errors.New("xmlsig: unknown method " + string(m))
	}
	query += "&SigAlg=" + url.QueryEscape(string(m))
	h := hash.New()
	h.Write([]byte(query))
	raw, err := s.Key.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		return "", err
	}
	if key, ok := s.Key.Public().(*ecdsa.PublicKey); ok {
		if raw, err = fromASN1(raw, key); err != nil {
			return "", err
		}
	}
	return query + "&Signature=" + url.QueryEscape(base64.StdEncoding.EncodeToString(raw)), nil
}

var hashes = map[x509.SignatureAlgorithm]crypto.Hash{
	x509.SHA1WithRSA: crypto.SHA1, x509.SHA256WithRSA: crypto.SHA256, x509.SHA384WithRSA: crypto.SHA384, x509.SHA512WithRSA: crypto.SHA512,
	x509.ECDSAWithSHA1: crypto.SHA1, x509.ECDSAWithSHA256: crypto.SHA256, x509.ECDSAWithSHA384: crypto.SHA384, x509.ECDSAWithSHA512: crypto.SHA512,
}

// Query is a message of the redirect binding as it came: each value still escaped by the sender, because the signature is
// over the sender's own escaping.
type Query struct {
	raw map[string]string
	// Name is SAMLRequest or SAMLResponse; Message and RelayState are unescaped.
	Name, Message, RelayState string
}

// ParseQuery reads a raw query string (without "?"). One of the two messages must be there, and no parameter of SAML twice.
func ParseQuery(rawQuery string) (Query, error) {
	q := Query{raw: map[string]string{}}
	for part := range strings.SplitSeq(rawQuery, "&") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "SAMLRequest", "SAMLResponse", "RelayState", "SigAlg", "Signature", "SAMLEncoding":
			if _, twice := q.raw[name]; twice {
				return q, problem(ReasonShape, "the parameter %s stands twice", name)
			}
			q.raw[name] = value
		}
	}
	_, request := q.raw["SAMLRequest"]
	_, response := q.raw["SAMLResponse"]
	if request == response {
		return q, problem(ReasonShape, "the address has not exactly one of SAMLRequest and SAMLResponse")
	}
	if q.Name = "SAMLRequest"; response {
		q.Name = "SAMLResponse"
	}
	var err error
	if q.Message, err = url.QueryUnescape(q.raw[q.Name]); err != nil {
		return q, problem(ReasonShape, "%s is not escaped as an address wants it", q.Name)
	}
	if q.RelayState, err = url.QueryUnescape(q.raw["RelayState"]); err != nil {
		return q, problem(ReasonShape, "RelayState is not escaped as an address wants it")
	}
	if e, there := q.raw["SAMLEncoding"]; there {
		if name, err := url.QueryUnescape(e); err != nil || name != "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE" {
			return q, problem(ReasonShape, "the encoding %.120q is not DEFLATE", name)
		}
	}
	return q, nil
}

// Verify checks the query's signature against the trusted keys.
func (q Query) Verify(t Trust) (*x509.Certificate, Method, error) {
	signature, there := q.raw["Signature"]
	if !there {
		return nil, "", problem(ReasonSignature, "the message is not signed")
	}
	name, err := url.QueryUnescape(q.raw["SigAlg"])
	if err != nil {
		return nil, "", problem(ReasonShape, "SigAlg is not escaped as an address wants it")
	}
	m := Method(name)
	if err := acceptable(m, t.SHA1); err != nil {
		return nil, m, err
	}
	text, err := url.QueryUnescape(signature)
	if err != nil {
		return nil, m, problem(ReasonShape, "Signature is not escaped as an address wants it")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, m, problem(ReasonShape, "Signature is not base64")
	}
	if strings.HasPrefix(m.String(), "ecdsa-") {
		raw = toASN1(raw)
	}
	var signed bytes.Buffer
	signed.WriteString(q.Name + "=" + q.raw[q.Name])
	if state, there := q.raw["RelayState"]; there {
		signed.WriteString("&RelayState=" + state)
	}
	signed.WriteString("&SigAlg=" + q.raw["SigAlg"])
	var last error
	for _, cert := range t.Certificates[:min(len(t.Certificates), maxRelevant)] {
		if last = cert.CheckSignature(methods[m], signed.Bytes(), raw); last == nil {
			return cert, m, nil
		}
	}
	p := problem(ReasonSignature, "the signature of the address fits none of the %d certificates of this connection, or the message was changed", len(t.Certificates))
	p.Cause = last
	return nil, m, p
}
