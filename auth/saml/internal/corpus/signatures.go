package corpus

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the weak hash is the point
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"strings"

	dsig "github.com/russellhaering/goxmldsig"

	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/xmlsig"
	"lyceum/auth/saml/internal/xmltree"
)

// keys are signatures by other keys than the pinned one.
func (m *maker) keys() {
	m.hostile("unsigned", "signature", "nothing is signed", m.bytes(func(a *answer.Answer) { a.SignAssertion = false }))
	m.hostile("signed_by_another", "signature", "signed by a key that is not pinned, its certificate beside it", m.bytes(func(a *answer.Answer) { a.Signer = m.attacker }))
	m.hostile("signed_by_another_without_key_info", "signature", "signed by a key that is not pinned", m.bytes(func(a *answer.Answer) { a.Signer = m.attacker; a.Signer.OmitKeyInfo = true }))
	r := m.tree(func(a *answer.Answer) { a.Signer = m.attacker })
	find(r, "//X509Certificate").SetText(encoded(m.idp))
	m.hostile("borrowed_certificate", "signature", "signed by the attacker, KeyInfo names the pinned certificate", write(r))
	r = m.tree(func(a *answer.Answer) { a.Signer = m.attacker })
	public := m.attacker.Key.Public().(*rsa.PublicKey)
	info := find(r, "//KeyInfo")
	info.RemoveChild(find(info, "./X509Data"))
	v := info.CreateElement("ds:KeyValue").CreateElement("ds:RSAKeyValue")
	v.CreateElement("ds:Modulus").SetText(base64.StdEncoding.EncodeToString(public.N.Bytes()))
	v.CreateElement("ds:Exponent").SetText("AQAB")
	m.hostile("key_value", "signature", "the attacker's bare key stands in KeyInfo", write(r))
	m.hostile("certificate_that_was_replaced", "signature", "signed by the provider's old certificate after it was removed", m.bytes(func(a *answer.Answer) { a.Signer = m.expired }))

	for _, key := range []struct {
		name string
		key  []byte
	}{
		{"key_confusion_pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.idp.Certificate.Raw})},
		{"key_confusion_der", m.idp.Certificate.RawSubjectPublicKeyInfo},
	} {
		r := m.tree(nil)
		find(r, "./Assertion/Subject/NameID").SetText(Mallory)
		find(r, "//SignatureMethod").CreateAttr("Algorithm", more+"hmac-sha256")
		mac := hmac.New(sha256.New, key.key)
		mac.Write(write(find(r, "//SignedInfo").Copy()))
		find(r, "//SignatureValue").SetText(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		m.hostile(key.name, "algorithm", "HMAC with the provider's public key as its secret", write(r))
	}
}

// algorithms are those that are too weak, unknown, or compute.
func (m *maker) algorithms() {
	m.hostile("sha1", "algorithm", "signed with SHA-1", m.bytes(func(a *answer.Answer) { a.Signer.Method = xmlsig.RSASHA1 }))
	m.hostile("sha1_after_its_exception", "algorithm", "signed with SHA-1 a day after the exception ended", m.bytes(func(a *answer.Answer) { a.Signer.Method = xmlsig.RSASHA1 }), under("sha1_over"))
	r := m.tree(nil)
	find(r, "//SignatureMethod").CreateAttr("Algorithm", ds+"rsa-sha1")
	signed := must(dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("").Canonicalize(xmltree.Detach(find(r, "//SignedInfo"))))
	sum := sha1.Sum(signed) //nolint:gosec // the weak hash is the point
	value := must(m.idp.Key.Sign(rand.Reader, sum[:], crypto.SHA1))
	find(r, "//SignatureValue").SetText(base64.StdEncoding.EncodeToString(value))
	m.hostile("sha1_over_a_sha256_digest", "algorithm", "a good signature with SHA-1 over a digest with SHA-256", write(r))
	swap := func(name, reason, does, path, attr, value string) {
		r := m.tree(nil)
		find(r, path).CreateAttr(attr, value)
		m.hostile(name, reason, does, write(r))
	}
	swap("algorithm_none", "algorithm", "no signature algorithm", "//SignatureMethod", "Algorithm", "")
	swap("algorithm_md5", "algorithm", "RSA with MD5", "//SignatureMethod", "Algorithm", more+"rsa-md5")
	swap("algorithm_dsa", "algorithm", "DSA with SHA-1", "//SignatureMethod", "Algorithm", ds+"dsa-sha1")
	swap("algorithm_other_family", "signature", "ECDSA claimed for an RSA key", "//SignatureMethod", "Algorithm", more+"ecdsa-sha256")
	swap("digest_md5", "algorithm", "the digest is MD5", "//DigestMethod", "Algorithm", more+"md5")
	swap("digest_sha1", "algorithm", "the digest is SHA-1 under a SHA-256 signature", "//DigestMethod", "Algorithm", ds+"sha1")
	swap("canonicalization_unknown", "algorithm", "an unknown canonicalisation", "//CanonicalizationMethod", "Algorithm", "urn:example:c14n")
	swap("reference_empty", "signature_shape", "the reference is the whole document", "//Reference", "URI", "")
	swap("reference_elsewhere", "signature_shape", "the reference is another ID", "//Reference", "URI", "#_elsewhere")
	swap("reference_external", "signature_shape", "the reference is an address", "//Reference", "URI", "https://evil.example/assertion.xml")
	swap("reference_xpointer", "signature_shape", "the reference is an XPointer", "//Reference", "URI", "#xpointer(id('x'))")
	swap("transform_xpath", "signature_shape", "an XPath transform", "//Transform[2]", "Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")
	swap("transform_xslt", "signature_shape", "an XSLT transform", "//Transform[2]", "Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
	swap("transform_base64", "signature_shape", "a base64 transform", "//Transform[1]", "Algorithm", ds+"base64")

}

// shapes are signatures of another form than the one that SAML allows.
func (m *maker) shapes() {
	r := m.tree(nil)
	transforms := find(r, "//Transforms")
	for range 200 {
		transforms.AddChild(find(r, "//Transform[2]").Copy())
	}
	m.hostile("transforms_many", "signature_shape", "two hundred transforms", write(r))
	r = m.tree(nil)
	find(r, "//Transform[2]").CreateElement("ds:XPath").SetText("count(//. | //@* | //namespace::*)")
	m.hostile("transform_parameter", "signature_shape", "an XPath expression inside a transform", write(r))
	r = m.tree(nil)
	info := find(r, "//SignedInfo")
	info.AddChild(find(r, "//Reference").Copy())
	m.hostile("two_references", "signature_shape", "two references in one signature", write(r))
	r = m.tree(nil)
	sig := find(r, "./Assertion/Signature")
	second := info.Copy()
	sig.AddChild(second)
	m.hostile("two_signed_infos", "signature_shape", "two SignedInfo in one signature", write(r))
	r = m.tree(nil)
	find(r, "./Assertion").AddChild(find(r, "./Assertion/Signature").Copy())
	m.hostile("two_signatures", "signature_shape", "two signatures directly in the assertion", write(r))
	r = m.tree(nil)
	find(r, "./Assertion/Signature").CreateElement("ds:Object").SetText("hidden")
	m.hostile("signature_object", "signature_shape", "an Object in the signature", write(r))
	r = m.tree(nil)
	find(r, "./Assertion/Signature").CreateElement("ds:" + strings.Repeat("Long", 2000))
	m.hostile("long_element_name", "signature_shape", "an element whose name would fill the trace", write(r))
	r = m.tree(nil)
	find(r, "//SignatureMethod").CreateElement("ds:HMACOutputLength").SetText("0")
	m.hostile("hmac_truncation", "signature_shape", "an output length in the signature method", write(r))
	r = m.tree(nil)
	find(r, "//SignatureValue").SetText("")
	m.hostile("signature_value_empty", "signature", "the signature's value is empty", write(r))
	r = m.tree(nil)
	find(r, "//DigestValue").SetText("")
	m.hostile("digest_value_empty", "signature", "the digest's value is empty", write(r))
}
