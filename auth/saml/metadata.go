package saml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	crewjam "github.com/crewjam/saml"

	"lyceum/auth/saml/internal/xmltree"
	"lyceum/internal/fault"
)

// MaxMetadata is the largest metadata that is read, in bytes. A federation's aggregate is larger: there the provider's own
// entity has an address of its own.
const MaxMetadata = 1 << 20

const (
	mdNamespace   = "urn:oasis:names:tc:SAML:2.0:metadata"
	saml2Protocol = "urn:oasis:names:tc:SAML:2.0:protocol"
	namedAtMost   = 20 // entities that a fault lists
)

// Faults of metadata. Each carries a sentence on what was met.
var (
	ErrMetadataTooLarge = fault.New(fault.KindTooLarge, "saml_metadata_too_large", "The metadata is larger than 1 MiB. Use the address or file of your own identity provider instead of the whole federation's.")
	ErrMetadataBroken   = fault.New(fault.KindInvalid, "saml_metadata_broken", "This is not SAML metadata. Download it again from your identity provider.")
	ErrMetadataExpired  = fault.New(fault.KindInvalid, "saml_metadata_expired", "The metadata is past its own date. Download it again from your identity provider.")
	ErrMetadataEntity   = fault.New(fault.KindInvalid, "saml_metadata_entity", "The metadata names several identity providers. Say which one is yours.")
	ErrMetadataNoIDP    = fault.New(fault.KindInvalid, "saml_metadata_no_idp", "The metadata describes no SAML 2.0 identity provider. Take the identity provider's file, not the service provider's.")
)

// Metadata is what a file or address says of one identity provider.
type Metadata struct {
	EntityID string `json:"entity_id"`
	Endpoints
	SigningCertificates []string  `json:"signing_certificates"`
	ValidUntil          time.Time `json:"valid_until,omitzero"`
	WantsSignedRequests bool      `json:"wants_signed_requests,omitempty"`
	NameIDFormats       []string  `json:"name_id_formats,omitempty"`
}

// ParseMetadata reads metadata (saml-metadata-2.0-os) of the identity provider with this entity id; an empty id takes the only
// one there is. What it gives can be applied to settings. A signature on it is not looked at: what makes it trusted is
// that an administrator gave it, or the https address that they gave. Expired certificates are kept, for they may be in use.
func ParseMetadata(raw []byte, entityID string, now time.Time) (Metadata, error) {
	if len(raw) > MaxMetadata {
		return Metadata{}, ErrMetadataTooLarge
	}
	root, err := xmltree.Parse(raw)
	if err != nil {
		return Metadata{}, brokenMetadata(err)
	}
	entities, until, err := entitiesOf(root)
	if err != nil {
		return Metadata{}, err
	}
	entity, err := pick(entities, entityID)
	if err != nil {
		return Metadata{}, err
	}
	for _, end := range []time.Time{until, entity.ValidUntil} {
		if !end.IsZero() && now.After(end) {
			return Metadata{}, ErrMetadataExpired.Saying("The metadata of %s was valid until %s. Download it again from your identity provider.", entity.EntityID, end.UTC().Format(time.RFC3339))
		}
	}
	m := Metadata{EntityID: entity.EntityID, ValidUntil: earlier(until, entity.ValidUntil)}
	for _, d := range entity.IDPSSODescriptors {
		if slices.Contains(strings.Fields(d.ProtocolSupportEnumeration), saml2Protocol) {
			if err := m.take(d); err != nil {
				return Metadata{}, err
			}
		}
	}
	if m.SSORedirect == "" && m.SSOPost == "" {
		return Metadata{}, ErrMetadataNoIDP
	}
	if len(m.SigningCertificates) == 0 {
		return Metadata{}, ErrMetadataBroken.Saying("The metadata of %s has no certificate for signing. Switch signing on at your identity provider.", m.EntityID)
	}
	if len(m.SigningCertificates) > MaxCertificates {
		return Metadata{}, ErrMetadataBroken.Saying("The metadata of %s has %d certificates for signing, and %d are the most. Remove old ones at your identity provider.", m.EntityID, len(m.SigningCertificates), MaxCertificates)
	}
	return m, nil
}

func brokenMetadata(err error) error {
	var p *xmltree.Problem
	if errors.As(err, &p) {
		return ErrMetadataBroken.Saying("This is not SAML metadata: %s. Download it again from your identity provider.", p.Detail).Because(err)
	}
	return ErrMetadataBroken.Because(err)
}

// entitiesOf gives every entity of a document and the earliest end of the groups around them.
func entitiesOf(root *etree.Element) (entities []crewjam.EntityDescriptor, until time.Time, err error) {
	text, err := etree.NewDocumentWithRoot(root).WriteToBytes()
	if err != nil {
		return nil, until, ErrMetadataBroken.Because(err)
	}
	switch {
	case xmltree.Is(root, mdNamespace, "EntityDescriptor"):
		var one crewjam.EntityDescriptor
		if err := xml.Unmarshal(text, &one); err != nil {
			return nil, until, ErrMetadataBroken.Saying("The metadata cannot be read: %s.", err).Because(err)
		}
		return []crewjam.EntityDescriptor{one}, until, nil
	case xmltree.Is(root, mdNamespace, "EntitiesDescriptor"):
		var many crewjam.EntitiesDescriptor
		if err := xml.Unmarshal(text, &many); err != nil {
			return nil, until, ErrMetadataBroken.Saying("The metadata cannot be read: %s.", err).Because(err)
		}
		var flatten func(crewjam.EntitiesDescriptor)
		flatten = func(group crewjam.EntitiesDescriptor) {
			if group.ValidUntil != nil {
				until = earlier(until, *group.ValidUntil)
			}
			entities = append(entities, group.EntityDescriptors...)
			for _, inner := range group.EntitiesDescriptors {
				flatten(inner)
			}
		}
		flatten(many)
		return entities, until, nil
	}
	return nil, until, ErrMetadataBroken.Saying("This is not SAML metadata: it begins with <%.60s>. Download it again from your identity provider.", root.Tag)
}

// pick finds the entity that is meant; without an id, service providers do not count.
func pick(entities []crewjam.EntityDescriptor, entityID string) (crewjam.EntityDescriptor, error) {
	var idps []crewjam.EntityDescriptor
	for _, e := range entities {
		if len(e.IDPSSODescriptors) > 0 && (entityID == "" || e.EntityID == entityID) {
			idps = append(idps, e)
		}
	}
	switch {
	case len(idps) == 1 && idps[0].EntityID != "" && len(idps[0].EntityID) <= maxEntityID:
		return idps[0], nil
	case len(idps) == 1:
		return crewjam.EntityDescriptor{}, ErrMetadataBroken.Saying("The metadata's entity ID is empty or longer than %d characters.", maxEntityID)
	case len(idps) == 0 && entityID != "":
		return crewjam.EntityDescriptor{}, ErrMetadataEntity.Saying("The metadata has no identity provider with the entity ID %.200s.", entityID)
	case len(idps) == 0:
		return crewjam.EntityDescriptor{}, ErrMetadataNoIDP
	case entityID != "":
		return crewjam.EntityDescriptor{}, ErrMetadataBroken.Saying("The metadata has the entity ID %.200s more than once.", entityID)
	}
	names := make([]string, 0, namedAtMost)
	for _, e := range idps[:min(len(idps), namedAtMost)] {
		names = append(names, fmt.Sprintf("%.200s", e.EntityID))
	}
	if more := len(idps) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return crewjam.EntityDescriptor{}, ErrMetadataEntity.Saying("The metadata names %d identity providers. Say which one is yours: %s.", len(idps), strings.Join(names, ", "))
}

// take reads one role of the entity: the first address for each binding, every certificate that may sign.
func (m *Metadata) take(d crewjam.IDPSSODescriptor) error {
	first := func(at *string, value string) {
		if *at == "" {
			*at = value
		}
	}
	for _, e := range d.SingleSignOnServices {
		switch e.Binding {
		case crewjam.HTTPRedirectBinding:
			first(&m.SSORedirect, e.Location)
		case crewjam.HTTPPostBinding:
			first(&m.SSOPost, e.Location)
		}
	}
	for _, e := range d.SingleLogoutServices {
		switch {
		case e.Binding == crewjam.HTTPRedirectBinding && m.SLORedirect == "":
			m.SLORedirect, m.SLORedirectResponse = e.Location, e.ResponseLocation
		case e.Binding == crewjam.HTTPPostBinding && m.SLOPost == "":
			m.SLOPost, m.SLOPostResponse = e.Location, e.ResponseLocation
		}
	}
	for _, k := range d.KeyDescriptors {
		if k.Use != "" && k.Use != "signing" {
			continue
		}
		for _, c := range k.KeyInfo.X509Data.X509Certificates {
			cert, err := parseCertificate(c.Data)
			if err != nil {
				return ErrMetadataBroken.Saying("A signing certificate of %s cannot be used: %s.", m.EntityID, err)
			}
			if text := encode(cert.Raw); !slices.Contains(m.SigningCertificates, text) {
				m.SigningCertificates = append(m.SigningCertificates, text)
			}
		}
	}
	m.WantsSignedRequests = m.WantsSignedRequests || d.WantAuthnRequestsSigned != nil && *d.WantAuthnRequestsSigned
	for _, f := range d.NameIDFormats {
		m.NameIDFormats = append(m.NameIDFormats, strings.TrimSpace(string(f)))
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// ChangeKind is what sort of thing changed in metadata.
type ChangeKind string

const (
	// ChangeEntityID is another provider altogether: alarm.
	ChangeEntityID ChangeKind = "entity_id"
	// ChangeCertificateAdded is a new signing certificate: a roll-over begins.
	ChangeCertificateAdded ChangeKind = "certificate_added"
	// ChangeCertificateRemoved is one that no longer signs.
	ChangeCertificateRemoved ChangeKind = "certificate_removed"
	// ChangeEndpoint is an address that moved.
	ChangeEndpoint ChangeKind = "endpoint"
	// ChangeSignRequests is that requests are signed from now on, because the provider wants it.
	ChangeSignRequests ChangeKind = "sign_requests"
)

// Change is one difference that Apply made: Field is the setting's JSON name; for certificates From and To are
// fingerprints.
type Change struct {
	Kind  ChangeKind `json:"kind"`
	Field string     `json:"field"`
	From  string     `json:"from,omitempty"`
	To    string     `json:"to,omitempty"`
}

// Apply takes over what metadata says and tells what changed, so that a poll can raise an alarm before people notice. Choices of the
// tenant stay, but a binding that the provider no longer offers is replaced, and requests are signed where it wants it. The
// same metadata twice changes nothing the second time.
func (s *Settings) Apply(m Metadata) (changed []Change) {
	note := func(kind ChangeKind, field, from, to string) {
		if from != to {
			changed = append(changed, Change{Kind: kind, Field: field, From: from, To: to})
		}
	}
	note(ChangeEntityID, "entity_id", s.EntityID, m.EntityID)
	for _, c := range s.SigningCertificates {
		if !hasCertificate(m.SigningCertificates, c) {
			note(ChangeCertificateRemoved, "signing_certificates", fingerprint(c), "")
		}
	}
	for _, c := range m.SigningCertificates {
		if !hasCertificate(s.SigningCertificates, c) {
			note(ChangeCertificateAdded, "signing_certificates", "", fingerprint(c))
		}
	}
	was, is := s.Endpoints, m.Endpoints
	note(ChangeEndpoint, "sso_redirect", was.SSORedirect, is.SSORedirect)
	note(ChangeEndpoint, "sso_post", was.SSOPost, is.SSOPost)
	note(ChangeEndpoint, "slo_redirect", was.SLORedirect, is.SLORedirect)
	note(ChangeEndpoint, "slo_post", was.SLOPost, is.SLOPost)
	note(ChangeEndpoint, "slo_redirect_response", was.SLORedirectResponse, is.SLORedirectResponse)
	note(ChangeEndpoint, "slo_post_response", was.SLOPostResponse, is.SLOPostResponse)
	s.EntityID, s.Endpoints, s.SigningCertificates, s.ValidUntil = m.EntityID, is, slices.Clone(m.SigningCertificates), m.ValidUntil
	if s.sso(s.RequestBinding) == "" || s.RequestBinding == "" {
		from := s.RequestBinding
		if s.RequestBinding = BindingRedirect; s.SSORedirect == "" {
			s.RequestBinding = BindingPost
		}
		note(ChangeEndpoint, "request_binding", string(from), string(s.RequestBinding))
	}
	if m.WantsSignedRequests && !s.SignRequests {
		s.SignRequests = true
		note(ChangeSignRequests, "sign_requests", "false", "true")
	}
	return changed
}

func fingerprint(text string) string {
	c, err := parseCertificate(text)
	if err != nil {
		return "unreadable"
	}
	return describe(c).Fingerprint
}

// hasCertificate compares certificates and not their spelling.
func hasCertificate(list []string, text string) bool {
	f := fingerprint(text)
	return slices.ContainsFunc(list, func(other string) bool { return fingerprint(other) == f })
}
