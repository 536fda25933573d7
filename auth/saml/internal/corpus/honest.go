package corpus

import (
	"fmt"
	"time"

	"github.com/beevik/etree"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/xmlenc"
	"lyceum/auth/saml/internal/xmlsig"
)

func (m *maker) honest() {
	put := func(name, does string, change func(*answer.Answer), more ...func(*Entry)) {
		e := Entry{Name: name, Does: does}
		for _, f := range more {
			f(&e)
		}
		m.put(HonestDir, m.bytes(change), e)
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
		func(e *Entry) { e.Subject = "4711" })
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
	m.put(HonestDir, write(pretty), Entry{Name: "broken_lines", Does: "the signature's base64 has line breaks and spaces"})
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
	m.put(HonestDir, must(encryptedID.Bytes()), Entry{Name: "encrypted_id", Does: "the name ID alone is encrypted"})
}
