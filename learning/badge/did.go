package badge

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// DID is the did:web of an address ("https://acme.example"): did:web:acme.example. A port is written as %3A8443 (did:web
// method specification, §2.2).
func DID(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return ""
	}
	return "did:web:" + strings.ReplaceAll(u.Host, ":", "%3A")
}

// documentURL is where a did:web is looked up. Names under localhost have no TLS; everything else has.
func documentURL(did string) (string, error) {
	host, ok := strings.CutPrefix(did, "did:web:")
	if host = strings.ReplaceAll(host, "%3A", ":"); !ok || host == "" || strings.ContainsAny(host, "/?#@%") {
		return "", fmt.Errorf("%q is no did:web of a host", did)
	}
	return scheme(host) + "://" + host + "/.well-known/did.json", nil
}

func scheme(host string) string {
	name, _, _ := strings.Cut(host, ":")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return "http"
	}
	return "https"
}

// jwk is an Ed25519 public key (RFC 8037, §2).
type jwk struct {
	KeyType string `json:"kty"`
	Curve   string `json:"crv"`
	X       string `json:"x"`
}

func (j jwk) key() (ed25519.PublicKey, error) {
	raw, err := base64.RawURLEncoding.DecodeString(j.X)
	if err != nil || j.KeyType != "OKP" || j.Curve != "Ed25519" || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("this is no Ed25519 key")
	}
	return raw, nil
}

type method struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Controller string `json:"controller"`
	Key        jwk    `json:"publicKeyJwk"`
}

// document is a DID document (W3C DID Core, §5), as far as it is written and read here.
type document struct {
	Context   []string  `json:"@context"`
	ID        string    `json:"id"`
	Methods   []method  `json:"verificationMethod"`
	Assertion []string  `json:"assertionMethod"`
	Services  []service `json:"service,omitempty"`
}

type service struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Endpoint string `json:"serviceEndpoint"`
}

// didDocument lists the keys of an issuer, the current one first: there are readers that look at the first alone.
func didDocument(base string, keys []Key) ([]byte, error) {
	did := DID(base)
	d := document{
		Context:  []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/suites/jws-2020/v1"},
		ID:       did,
		Services: []service{{ID: did + "#portal", Type: "LinkedDomains", Endpoint: base}},
	}
	for _, k := range keys {
		m := method{
			ID: did + "#" + k.Name(), Type: "JsonWebKey2020", Controller: did,
			Key: jwk{KeyType: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(k.Public)},
		}
		d.Methods, d.Assertion = append(d.Methods, m), append(d.Assertion, m.ID)
	}
	return json.Marshal(d)
}

// keyOf finds the key that a document gives for signing credentials under a name.
func (d document) keyOf(kid string) (ed25519.PublicKey, error) {
	for _, m := range d.Methods {
		if m.ID != kid {
			continue
		}
		for _, use := range d.Assertion {
			if use == kid {
				return m.Key.key()
			}
		}
		return nil, fmt.Errorf("the issuer lets key %s sign no credentials", kid)
	}
	return nil, fmt.Errorf("the issuer has no key %s", kid)
}
