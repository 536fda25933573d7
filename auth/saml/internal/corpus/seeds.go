package corpus

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lyceum/auth/saml/internal/answer"
)

// seeds are where the fuzz tests begin beside the corpus: each file is one input in Go's own form.
func (m *maker) seeds(metadata []byte) {
	put := func(test, name string, values ...any) {
		dir := filepath.Join(m.dir, "fuzz", test)
		must(0, os.MkdirAll(dir, 0o755))
		text := "go test fuzz v1\n"
		for _, v := range values {
			text += fmt.Sprintf("%T(%q)\n", v, v)
		}
		must(0, os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "[]uint8(", "[]byte(")), 0o644))
	}
	put("FuzzAccept", "both_signed_and_encrypted", m.bytes(func(a *answer.Answer) { a.SignResponse = true; a.Encrypt = m.us }), "encrypted")
	put("FuzzAccept", "unsolicited", m.bytes(func(a *answer.Answer) { a.InResponseTo = "" }), "idp_initiated")
	put("FuzzAccept", "declined", m.bytes(func(a *answer.Answer) { a.Status = "urn:oasis:names:tc:SAML:2.0:status:Requester" }), "")
	put("FuzzAccept", "other_prefixes", []byte(strings.NewReplacer("samlp:", "p:", ":samlp", ":p").Replace(string(m.bytes(nil)))), "")
	put("FuzzMetadata", "ours", metadata, "")
	put("FuzzMetadata", "group", []byte(`<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2030-01-01T00:00:00Z"><EntitiesDescriptor/><EntityDescriptor entityID="a"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>`+encoded(m.curve)+`</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://a.example"/></IDPSSODescriptor></EntityDescriptor></EntitiesDescriptor>`), "a")
	put("FuzzLogout", "signed_elsewhere", "SAMLRequest=fZA&RelayState=x%26y&SigAlg=http%3A%2F%2Fwww.w3.org%2F2000%2F09%2Fxmldsig%23rsa-sha1&Signature=AAAA")
	put("FuzzLogout", "both", "SAMLRequest=AA&SAMLResponse=AA")
	put("FuzzLogout", "encoded_name", "SAML%52equest=AA&SAMLEncoding=urn%3Aoasis%3Anames%3Atc%3ASAML%3A2.0%3Abindings%3AURL-Encoding%3ADEFLATE&SAMLResponse=AwA")
}
