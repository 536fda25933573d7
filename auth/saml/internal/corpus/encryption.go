package corpus

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/xmlenc"
)

// ciphers are encrypted for others, with what is not spoken, or were changed.
func (m *maker) ciphers() {
	put := func(name, reason, does string, change func(*answer.Answer), more ...func(*Entry)) {
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
	put("encrypted_and_unsigned", "signature", "encrypted for us by anybody, signed by nobody", func(a *answer.Answer) { a.Encrypt, a.SignAssertion, a.NameID = m.us, false, Mallory })
	put("encrypted_and_signed_by_another", "signature", "encrypted for us, signed by the attacker", func(a *answer.Answer) { a.Encrypt, a.Signer, a.NameID = m.us, m.attacker, Mallory })
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

}

// sealed are those in which the wrong thing was encrypted for us.
func (m *maker) sealed() {
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
	seal("encrypted_comment", "encryption", "what was encrypted has a comment in its name", []byte(strings.Replace(string(assertion), ">"+Person+"<", ">ann<!-- -->@acme.example<", 1)))
	seal("encrypted_text", "encryption", "what was encrypted is no XML", []byte("hello"))
}
