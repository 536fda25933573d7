package saml

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth/saml/internal/xmlenc"
	"lyceum/auth/saml/internal/xmlsig"
)

// metadataCache is how long an identity provider may keep our metadata before it asks again. It says no validUntil: many
// providers import a file once and would shut us out on that day.
const metadataCache = 24 * time.Hour

// Provider is our side of a connection: one entity with its keys. It is a value without state; what must be remembered
// (requests under way, assertions that came already) is the caller's.
type Provider struct {
	EntityID string
	ACSURL   string // where responses come, always by POST
	SLOURL   string // where logout messages come, by redirect and POST
	// Keys: the current one first; it signs. One that is younger than it is the next one, published beforehand so that
	// providers know it when it takes over. Older ones still open what was encrypted for them.
	Keys []Key
}

// Endpoint is where one more connection of the same entity answers.
type Endpoint struct{ ACSURL, SLOURL string }

var errNoKey = errors.New("saml: the provider has no key")

func (p Provider) signer() (xmlsig.Signer, error) {
	if len(p.Keys) == 0 {
		return xmlsig.Signer{}, errNoKey
	}
	return p.Keys[0].signer()
}

// published are the keys that identity providers should know: the current one and those that come after it.
func (p Provider) published() (keys []Key) {
	for i, k := range p.Keys {
		if i == 0 || k.NotBefore.After(p.Keys[0].NotBefore) {
			keys = append(keys, k)
		}
	}
	return keys
}

func (p Provider) decryptionKeys() (keys []*rsa.PrivateKey, err error) {
	for _, k := range p.Keys {
		private, err := k.private()
		if err != nil {
			return nil, err
		}
		keys = append(keys, private)
	}
	return keys, nil
}

// Metadata describes us to identity providers (saml-metadata-2.0-os §2.4.4), signed with the current key. More endpoints
// make one entity of all connections of a tenant: the order is their index, so it must not change. Keys whose certificate
// ended before now are left out, the current one excepted. The same input gives the same bytes.
func (p Provider) Metadata(now time.Time, more ...Endpoint) ([]byte, error) {
	signer, err := p.signer()
	if err != nil {
		return nil, err
	}
	yes := true
	role := crewjam.SPSSODescriptor{AuthnRequestsSigned: &yes, WantAssertionsSigned: &yes}
	role.ProtocolSupportEnumeration = saml2Protocol
	for _, use := range []string{"signing", "encryption"} {
		for i, k := range p.published() {
			if i == 0 || now.Before(k.NotAfter) {
				role.KeyDescriptors = append(role.KeyDescriptors, keyDescriptor(use, k))
			}
		}
	}
	for i, e := range append([]Endpoint{{ACSURL: p.ACSURL, SLOURL: p.SLOURL}}, more...) {
		acs := crewjam.IndexedEndpoint{Binding: crewjam.HTTPPostBinding, Location: e.ACSURL, Index: i}
		if i == 0 {
			acs.IsDefault = &yes
		}
		role.AssertionConsumerServices = append(role.AssertionConsumerServices, acs)
		if e.SLOURL != "" {
			role.SingleLogoutServices = append(role.SingleLogoutServices,
				crewjam.Endpoint{Binding: crewjam.HTTPRedirectBinding, Location: e.SLOURL}, crewjam.Endpoint{Binding: crewjam.HTTPPostBinding, Location: e.SLOURL})
		}
	}
	role.NameIDFormats = []crewjam.NameIDFormat{crewjam.PersistentNameIDFormat, crewjam.EmailAddressNameIDFormat, crewjam.UnspecifiedNameIDFormat}
	text, err := xml.Marshal(crewjam.EntityDescriptor{EntityID: p.EntityID, CacheDuration: metadataCache, SPSSODescriptors: []crewjam.SPSSODescriptor{role}})
	if err != nil {
		return nil, fmt.Errorf("saml: write metadata of %s: %w", p.EntityID, err)
	}
	return signMetadata(text, signer)
}

func keyDescriptor(use string, k Key) crewjam.KeyDescriptor {
	d := crewjam.KeyDescriptor{Use: use}
	d.KeyInfo.X509Data.X509Certificates = []crewjam.X509Certificate{{Data: k.Certificate}}
	if use == "encryption" {
		for _, a := range []string{xmlenc.AES256GCM, xmlenc.AES128GCM, xmlenc.OAEPMGF1P, xmlenc.OAEP, xmlenc.AES256CBC} {
			d.EncryptionMethods = append(d.EncryptionMethods, crewjam.EncryptionMethod{Algorithm: a})
		}
	}
	return d
}

// signMetadata signs with an ID made of the content, so that nothing random is in it.
func signMetadata(text []byte, signer xmlsig.Signer) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, fmt.Errorf("saml: read our metadata: %w", err)
	}
	sum := sha256.Sum256(text)
	doc.Root().RemoveAttr("validUntil") // crewjam writes the year 1 where none is set
	doc.Root().CreateAttr("ID", "_"+hex.EncodeToString(sum[:16]))
	if err := xmlsig.Sign(doc.Root(), signer); err != nil {
		return nil, fmt.Errorf("saml: sign metadata: %w", err)
	}
	return doc.WriteToBytes()
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
