package demoidp

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/xmlenc"
	"lyceum/auth/saml/internal/xmltree"
)

const protocolSAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"

// provider is a service provider as its metadata describes it.
type provider struct {
	entityID      string
	acs           []string // the default first
	slo           saml.Endpoints
	signing       []string
	encryption    *x509.Certificate
	content       string // the algorithm for encryption
	signsRequests bool
}

// Register makes a service provider known by its metadata.
func (i *IdP) Register(metadata []byte) error {
	p, err := readProvider(metadata)
	if err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.providers[p.entityID] = p
	return nil
}

// service finds a service provider by its entity id: a registered one, or one below the suffix whose metadata is read anew each time.
func (i *IdP) service(ctx context.Context, entityID string) (provider, error) {
	i.mu.Lock()
	p, known := i.providers[entityID]
	i.mu.Unlock()
	if known {
		return p, nil
	}
	u, err := url.Parse(entityID)
	suffix := i.options.HostSuffix
	if err != nil || i.options.Fetch == nil || suffix == "" || u.Scheme != "http" && u.Scheme != "https" ||
		u.Hostname() != suffix && !strings.HasSuffix(u.Hostname(), "."+suffix) {
		return provider{}, fmt.Errorf("the service %.200q is not known here", entityID)
	}
	raw, err := i.options.Fetch(ctx, entityID)
	if err != nil {
		return provider{}, fmt.Errorf("the metadata of %.200q cannot be had: %w", entityID, err)
	}
	if p, err = readProvider(raw); err != nil {
		return provider{}, err
	}
	if p.entityID != entityID {
		return provider{}, fmt.Errorf("the metadata at %.200q is of %.200q", entityID, p.entityID)
	}
	return p, nil
}

func readProvider(raw []byte) (provider, error) {
	if len(raw) > saml.MaxMetadata {
		return provider{}, errors.New("the metadata is too large")
	}
	root, err := xmltree.Parse(raw)
	if err != nil {
		return provider{}, err
	}
	text, err := etree.NewDocumentWithRoot(root).WriteToBytes()
	if err != nil {
		return provider{}, err
	}
	var e crewjam.EntityDescriptor
	if err := xml.Unmarshal(text, &e); err != nil {
		return provider{}, fmt.Errorf("the metadata cannot be read: %w", err)
	}
	if e.EntityID == "" || len(e.SPSSODescriptors) == 0 {
		return provider{}, errors.New("the metadata describes no service provider")
	}
	p := provider{entityID: e.EntityID}
	role := e.SPSSODescriptors[0]
	p.signsRequests = role.AuthnRequestsSigned != nil && *role.AuthnRequestsSigned
	for _, acs := range role.AssertionConsumerServices {
		if acs.Binding != crewjam.HTTPPostBinding {
			continue
		}
		if acs.IsDefault != nil && *acs.IsDefault {
			p.acs = append([]string{acs.Location}, p.acs...)
		} else {
			p.acs = append(p.acs, acs.Location)
		}
	}
	for _, slo := range role.SingleLogoutServices {
		switch slo.Binding {
		case crewjam.HTTPRedirectBinding:
			p.slo.SLORedirect, p.slo.SLORedirectResponse = slo.Location, slo.ResponseLocation
		case crewjam.HTTPPostBinding:
			p.slo.SLOPost, p.slo.SLOPostResponse = slo.Location, slo.ResponseLocation
		}
	}
	for _, k := range role.KeyDescriptors {
		if err := p.key(k); err != nil {
			return provider{}, err
		}
	}
	if len(p.acs) == 0 {
		return provider{}, errors.New("the metadata has no address for responses by POST")
	}
	return p, nil
}

func (p *provider) key(k crewjam.KeyDescriptor) error {
	for _, c := range k.KeyInfo.X509Data.X509Certificates {
		der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.Data), ""))
		if err != nil {
			return fmt.Errorf("a certificate of the metadata is not base64: %w", err)
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return fmt.Errorf("a certificate of the metadata cannot be read: %w", err)
		}
		if k.Use != "encryption" {
			p.signing = append(p.signing, base64.StdEncoding.EncodeToString(der))
		}
		if k.Use != "signing" && p.encryption == nil {
			p.encryption, p.content = cert, content(k.EncryptionMethods)
		}
	}
	return nil
}

// content chooses the first algorithm that both sides know; one that names none gets what everybody knows.
func content(methods []crewjam.EncryptionMethod) string {
	for _, m := range methods {
		switch m.Algorithm {
		case xmlenc.AES256GCM, xmlenc.AES128GCM, xmlenc.AES256CBC, xmlenc.AES128CBC:
			return m.Algorithm
		}
	}
	return xmlenc.AES128CBC
}

// settings is the service seen as the other end of single logout.
func (p provider) settings() saml.Settings {
	return saml.Settings{EntityID: p.entityID, Endpoints: p.slo, SigningCertificates: p.signing}
}

// Metadata describes the identity provider.
func (i *IdP) Metadata() ([]byte, error) {
	base := i.options.BaseURL
	role := crewjam.IDPSSODescriptor{}
	role.ProtocolSupportEnumeration = protocolSAML2
	for _, k := range i.side().Keys {
		d := crewjam.KeyDescriptor{Use: "signing"}
		d.KeyInfo.X509Data.X509Certificates = []crewjam.X509Certificate{{Data: k.Certificate}}
		role.KeyDescriptors = append(role.KeyDescriptors, d)
	}
	role.NameIDFormats = []crewjam.NameIDFormat{crewjam.PersistentNameIDFormat, crewjam.EmailAddressNameIDFormat, crewjam.TransientNameIDFormat}
	for _, binding := range []string{crewjam.HTTPRedirectBinding, crewjam.HTTPPostBinding} {
		role.SingleSignOnServices = append(role.SingleSignOnServices, crewjam.Endpoint{Binding: binding, Location: base + "/sso"})
		role.SingleLogoutServices = append(role.SingleLogoutServices, crewjam.Endpoint{Binding: binding, Location: base + "/slo"})
	}
	text, err := xml.Marshal(crewjam.EntityDescriptor{EntityID: i.EntityID(), IDPSSODescriptors: []crewjam.IDPSSODescriptor{role}})
	if err != nil {
		return nil, fmt.Errorf("demoidp: write metadata: %w", err)
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(text); err != nil {
		return nil, fmt.Errorf("demoidp: write metadata: %w", err)
	}
	// crewjam writes the year 1 and no time at all where none is set.
	doc.Root().RemoveAttr("validUntil")
	doc.Root().RemoveAttr("cacheDuration")
	return doc.WriteToBytes()
}

func (i *IdP) metadata(w http.ResponseWriter, _ *http.Request) error {
	raw, err := i.Metadata()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/samlmetadata+xml")
	_, _ = w.Write(raw) // whoever hung up needs no metadata
	return nil
}

// Settings are a connection's with this identity provider, for tests that read no metadata.
func (i *IdP) Settings() (saml.Settings, error) {
	raw, err := i.Metadata()
	if err != nil {
		return saml.Settings{}, err
	}
	m, err := saml.ParseMetadata(raw, "", i.options.Now())
	if err != nil {
		return saml.Settings{}, err
	}
	s := saml.NewSettings()
	s.Apply(m)
	s.MetadataURL = i.MetadataURL()
	return s, nil
}
