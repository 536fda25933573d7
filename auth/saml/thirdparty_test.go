package saml_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/corpus"
)

// These tests hold our XML against programs that nobody here wrote: the schemas of OASIS as libxml2 reads them (through PHP), and
// xmlsec1. Where a program is missing they are skipped: apt install xmlsec1 simplesamlphp php-cli php-xml

func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("SKIPPED: no %s here, so our XML was not held against it: apt install xmlsec1 simplesamlphp php-cli php-xml", program)
	}
	return path
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// messages are one of everything that we send, by the schema that rules it.
func messages(t *testing.T) (protocol map[string]string, metadata string) {
	t.Helper()
	p := setup(t)
	p.toIDP.ForceAuthn, p.toIDP.NameIDFormat, p.toIDP.RequestedContext, p.toIDP.SLORedirect = true, saml.NameIDPersistent, "https://refeds.org/profile/mfa", ""
	protocol = map[string]string{}
	plain := func(name, text string, err error) {
		raw, decoding := base64.StdEncoding.DecodeString(text)
		if err != nil || decoding != nil {
			t.Fatal(err, decoding)
		}
		protocol[name] = string(raw)
	}
	byRedirect, err := p.us.Begin(p.toIDP, "", "", p.now)
	if err != nil {
		t.Fatal(err)
	}
	protocol["request by redirect"] = unpacked(t, byRedirect.URL, "SAMLRequest")
	p.toIDP.RequestBinding = saml.BindingPost
	m, err := p.us.Begin(p.toIDP, "", "", p.now)
	plain("AuthnRequest", m.SAMLRequest, err)
	m, err = p.us.LogoutRequest(p.toIDP, saml.Subject{NameID: "ann", Format: saml.NameIDPersistent, SessionIndexes: []string{"a", "b"}}, "", p.now)
	plain("LogoutRequest", m.SAMLRequest, err)
	m, err = p.us.LogoutResponse(p.toIDP, "id-1", saml.LogoutDone, "", p.now)
	plain("LogoutResponse", m.SAMLResponse, err)
	raw, err := p.us.Metadata(p.now, saml.Endpoint{ACSURL: "https://acme.example/8/acs"})
	if err != nil {
		t.Fatal(err)
	}
	return protocol, string(raw)
}

func TestWhatWeSendIsValidByTheSchemasOfOASIS(t *testing.T) {
	t.Parallel()
	php := need(t, "php")
	const schemas = "/usr/share/simplesamlphp/schemas/"
	if _, err := os.Stat(schemas); err != nil {
		t.Skip("SKIPPED: the schemas of SAML come with SimpleSAMLphp: apt install simplesamlphp php-cli php-xml")
	}
	script := file(t, "validate.php", `<?php
libxml_use_internal_errors(true);
$d = new DOMDocument();
$ok = $d->load($argv[1]) && $d->schemaValidate($argv[2]);
foreach (libxml_get_errors() as $e) echo trim($e->message), "\n";
exit($ok ? 0 : 1);`)
	protocol, metadata := messages(t)
	for name, text := range protocol {
		run(t, php, script, file(t, "message.xml", text), schemas+"saml-schema-protocol-2.0.xsd")
		if broken := strings.Replace(text, `Version="2.0"`, "", 1); exec.Command(php, script, file(t, "message.xml", broken), schemas+"saml-schema-protocol-2.0.xsd").Run() == nil {
			t.Errorf("%s without a version is valid too: the schema is not asked", name)
		}
	}
	run(t, php, script, file(t, "metadata.xml", metadata), schemas+"saml-schema-metadata-2.0.xsd")
}

func TestXmlsecVerifiesWhatWeSign(t *testing.T) {
	t.Parallel()
	xmlsec := need(t, "xmlsec1")
	protocol, metadata := messages(t)
	certificate := file(t, "us.pem", pemOf("CERTIFICATE", signer(t, setup(t).us.Keys[0]).Certificate.Raw))
	for _, name := range []string{"AuthnRequest", "LogoutRequest", "LogoutResponse"} {
		id := "urn:oasis:names:tc:SAML:2.0:protocol:" + name
		run(t, xmlsec, "--verify", "--pubkey-cert-pem", certificate, "--enabled-key-data", "rsa", "--id-attr:ID", id, file(t, "message.xml", protocol[name]))
		tampered := file(t, "message.xml", strings.Replace(protocol[name], corpus.EntityID, "https://evil.example", 1))
		if exec.Command(xmlsec, "--verify", "--pubkey-cert-pem", certificate, "--enabled-key-data", "rsa", "--id-attr:ID", id, tampered).Run() == nil {
			t.Errorf("xmlsec1 verifies a changed %s", name)
		}
	}
	run(t, xmlsec, "--verify", "--pubkey-cert-pem", certificate, "--enabled-key-data", "rsa", "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor", file(t, "metadata.xml", metadata))
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// template puts an empty signature into an assertion, for xmlsec1 to fill in.
func template(t *testing.T, assertion *etree.Element, method, digest string) string {
	t.Helper()
	doc := etree.NewDocument()
	err := doc.ReadFromString(`<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod Algorithm="` + method +
		`"/><ds:Reference URI="#` + assertion.SelectAttrValue("ID", "") + `"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="xs"/></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="` + digest +
		`"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/></ds:Signature>`)
	if err != nil {
		t.Fatal(err)
	}
	assertion.InsertChildAt(assertion.FindElement("./Issuer").Index()+1, doc.Root())
	text, err := etree.NewDocumentWithRoot(assertion).WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestXmlsecsSignaturesAreAdmitted: xmlsec1 canonicalises and signs, with ECDSA as the standard writes it too.
func TestXmlsecsSignaturesAreAdmitted(t *testing.T) {
	t.Parallel()
	xmlsec := need(t, "xmlsec1")
	p := setup(t)
	const more = "http://www.w3.org/2001/04/xmldsig-more#"
	curve := func(c elliptic.Curve) (key, certificate string) {
		private, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "idp"}, NotBefore: p.now, NotAfter: p.now.Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, cert, cert, private.Public(), private)
		if err != nil {
			t.Fatal(err)
		}
		pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		return pemOf("PRIVATE KEY", pkcs8), base64.StdEncoding.EncodeToString(der)
	}
	p256, cert256 := curve(elliptic.P256())
	p521, cert521 := curve(elliptic.P521())
	for name, c := range map[string]struct{ key, certificate, method, digest string }{
		"rsa-sha256":            {p.idp.Keys[0].PrivateKey, p.idp.Keys[0].Certificate, more + "rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"},
		"rsa-sha512":            {p.idp.Keys[0].PrivateKey, p.idp.Keys[0].Certificate, more + "rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"},
		"rsa-sha384":            {p.idp.Keys[0].PrivateKey, p.idp.Keys[0].Certificate, more + "rsa-sha384", more + "sha384"},
		"ecdsa-sha256 on P-256": {p256, cert256, more + "ecdsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"},
		"ecdsa-sha512 on P-521": {p521, cert521, more + "ecdsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := answer.Answer{Issuer: p.idp.EntityID, ACS: p.us.ACSURL, Audience: p.us.EntityID, InResponseTo: corpus.RequestID, NameID: corpus.Person, NameIDFormat: saml.NameIDPersistent, Now: p.now,
				Attributes: []answer.Attribute{{Name: "mail", Values: []string{"é & <ü>"}}}}
			assertion, err := a.Assertion()
			if err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "signed.xml")
			run(t, xmlsec, "--sign", "--privkey-pem", file(t, "key.pem", c.key), "--id-attr:ID", "urn:oasis:names:tc:SAML:2.0:assertion:Assertion", "--output", out, file(t, "unsigned.xml", template(t, assertion, c.method, c.digest)))
			signed := etree.NewDocument()
			if err := signed.ReadFromFile(out); err != nil {
				t.Fatal(err)
			}
			response, err := a.Make()
			if err != nil {
				t.Fatal(err)
			}
			response.RemoveChild(response.FindElement("./Assertion"))
			response.RemoveAttr("xmlns:xs") // in the prefix list above, and not in scope where xmlsec1 signed
			response.AddChild(signed.Root())
			s := p.toIDP
			s.SigningCertificates = []string{c.certificate}
			got, _, err := p.us.Accept(s, saml.Response{SAMLResponse: posted(t, response), At: p.us.ACSURL, RequestIDs: []string{corpus.RequestID}, Now: p.now})
			if err != nil || got.Claim("mail") != "é & <ü>" {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

// TestXmlsecsEncryptionIsOpened: xmlsec1 encrypts a signed assertion for our certificate.
func TestXmlsecsEncryptionIsOpened(t *testing.T) {
	t.Parallel()
	xmlsec := need(t, "xmlsec1")
	p := setup(t)
	for name, c := range map[string]struct{ content, session string }{
		"AES-256-GCM": {"http://www.w3.org/2009/xmlenc11#aes256-gcm", "aes-256"},
		"AES-128-GCM": {"http://www.w3.org/2009/xmlenc11#aes128-gcm", "aes-128"},
		"AES-192-CBC": {"http://www.w3.org/2001/04/xmlenc#aes192-cbc", "aes-192"},
		"AES-256-CBC": {"http://www.w3.org/2001/04/xmlenc#aes256-cbc", "aes-256"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			field := p.answered(t, nil)
			raw, err := base64.StdEncoding.DecodeString(field)
			if err != nil {
				t.Fatal(err)
			}
			recipe := file(t, "recipe.xml", `<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element"><xenc:EncryptionMethod Algorithm="`+c.content+
				`"/><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"/><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>`)
			out := filepath.Join(t.TempDir(), "encrypted.xml")
			run(t, xmlsec, "--encrypt", "--pubkey-cert-pem", file(t, "us.pem", pemOf("CERTIFICATE", signer(t, p.us.Keys[0]).Certificate.Raw)), "--session-key", c.session,
				"--xml-data", file(t, "response.xml", string(raw)), "--node-xpath", "//*[local-name()='Assertion']", "--output", out, recipe)
			doc := etree.NewDocument()
			if err := doc.ReadFromFile(out); err != nil {
				t.Fatal(err)
			}
			data := doc.FindElement("//EncryptedData")
			box := etree.NewElement("saml:EncryptedAssertion")
			data.Parent().InsertChildAt(data.Index(), box)
			box.AddChild(data)
			s := p.toIDP
			s.RequireEncrypted = true
			got, report, err := p.us.Accept(s, saml.Response{SAMLResponse: posted(t, doc.Root()), At: p.us.ACSURL, RequestIDs: []string{corpus.RequestID}, Now: p.now})
			if err != nil || got.Subject != corpus.Person {
				t.Errorf("%v\n%+v", err, report)
			}
		})
	}
}
