package saml_test

import (
	"crypto/elliptic"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/internal/fault"
)

// idpDocument is metadata of an identity provider with what a test wants to be odd.
type idpDocument struct {
	group        bool // an EntitiesDescriptor with a second provider and a service in it
	validUntil   string
	certificates []string // default: one
	use          string   // default: signing
	location     string   // of single sign-on; default: https://idp.example/sso
	signed       bool     // WantAuthnRequestsSigned
	protocol     string   // default: SAML 2.0
	prolog       string
}

func idpMetadata(t testing.TB, d idpDocument) string {
	t.Helper()
	if d.certificates == nil {
		d.certificates = world(t).Connections["plain"].SigningCertificates
	}
	if d.use == "" {
		d.use = ` use="signing"`
	}
	if d.location == "" {
		d.location = "https://idp.example/sso"
	}
	if d.protocol == "" {
		d.protocol = "urn:oasis:names:tc:SAML:2.0:protocol"
	}
	until := ""
	if d.validUntil != "" {
		until = ` validUntil="` + d.validUntil + `"`
	}
	keys := ""
	for _, c := range d.certificates {
		keys += `<md:KeyDescriptor` + d.use + `><ds:KeyInfo><ds:X509Data><ds:X509Certificate>` + c + `</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
	}
	entity := func(id string) string {
		return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="` + id + `"` + until + `>` +
			`<md:IDPSSODescriptor WantAuthnRequestsSigned="` + fmt.Sprint(d.signed) + `" protocolSupportEnumeration="` + d.protocol + `">` + keys +
			`<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/slo" ResponseLocation="https://idp.example/slo/done"/>` +
			`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="` + d.location + `/post"/>` +
			`<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="` + d.location + `"/>` +
			`</md:IDPSSODescriptor></md:EntityDescriptor>`
	}
	if !d.group {
		return d.prolog + entity(corpus.IDPEntityID)
	}
	return d.prolog + `<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"><md:EntitiesDescriptor>` + entity("https://other.example") + `</md:EntitiesDescriptor>` + entity(corpus.IDPEntityID) +
		`<md:EntityDescriptor entityID="https://service.example"><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://service.example/acs" index="1"/></md:SPSSODescriptor></md:EntityDescriptor></md:EntitiesDescriptor>`
}

func TestMetadataBecomesSettingsThatAreValid(t *testing.T) {
	t.Parallel()
	m, err := saml.ParseMetadata([]byte(idpMetadata(t, idpDocument{validUntil: "2026-07-01T00:00:00Z", signed: true, prolog: "\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- from the console -->"})), "", corpus.Now())
	if err != nil {
		t.Fatal(err)
	}
	var s saml.Settings
	changed := s.Apply(m)
	if err := s.Validate(); err != nil {
		t.Fatalf("%v: %v", err, fault.Of(err).Fields)
	}
	if s.EntityID != corpus.IDPEntityID || s.SSORedirect != "https://idp.example/sso" || s.SSOPost != "https://idp.example/sso/post" || s.SLORedirect != "https://idp.example/slo" ||
		s.SLORedirectResponse != "https://idp.example/slo/done" || !s.SignRequests || s.RequestBinding != saml.BindingRedirect || s.ValidUntil.Month() != time.July {
		t.Errorf("settings are %+v", s)
	}
	if len(changed) == 0 {
		t.Error("the first metadata changed nothing")
	}
	if again := s.Apply(m); len(again) > 0 {
		t.Errorf("the same metadata changes %v", again)
	}
}

func TestAPollTellsWhatChanged(t *testing.T) {
	t.Parallel()
	w := world(t)
	both := w.Connections["overlap"].SigningCertificates
	read := func(d idpDocument) saml.Metadata {
		m, err := saml.ParseMetadata([]byte(idpMetadata(t, d)), "", corpus.Now())
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	s := saml.NewSettings()
	s.AllowIDPInitiated, s.RequestBinding = true, saml.BindingPost
	s.Apply(read(idpDocument{certificates: both[:1]}))
	kinds := func(changed []saml.Change) (list []string) {
		for _, c := range changed {
			list = append(list, string(c.Kind)+" "+c.Field)
		}
		return list
	}
	// The roll-over of a certificate: added, then removed. Line breaks in the base64 are no change.
	broken := both[0][:60] + "\n   " + both[0][60:]
	if got := kinds(s.Apply(read(idpDocument{certificates: []string{broken, both[1]}}))); strings.Join(got, ",") != "certificate_added signing_certificates" {
		t.Errorf("changed: %v", got)
	}
	if got := kinds(s.Apply(read(idpDocument{certificates: both[1:]}))); strings.Join(got, ",") != "certificate_removed signing_certificates" {
		t.Errorf("changed: %v", got)
	}
	if got := kinds(s.Apply(read(idpDocument{certificates: both[1:], location: "https://new.example/sso"}))); strings.Join(got, ",") != "endpoint sso_redirect,endpoint sso_post" {
		t.Errorf("changed: %v", got)
	}
	if !s.AllowIDPInitiated || s.RequestBinding != saml.BindingPost {
		t.Error("a poll changed what the tenant chose")
	}
	moved := read(idpDocument{certificates: both[1:], location: "https://new.example/sso", signed: true})
	moved.SSOPost = ""
	if got := kinds(s.Apply(moved)); strings.Join(got, ",") != "endpoint sso_post,endpoint request_binding" || s.RequestBinding != saml.BindingRedirect {
		t.Errorf("changed: %v, binding %s", got, s.RequestBinding)
	}
	s.SignRequests = false
	if got := kinds(s.Apply(moved)); strings.Join(got, ",") != "sign_requests sign_requests" || !s.SignRequests {
		t.Errorf("changed: %v", got)
	}
}

func TestAnExpiredCertificateIsTakenAndTold(t *testing.T) {
	t.Parallel()
	w := world(t)
	m, err := saml.ParseMetadata([]byte(idpMetadata(t, idpDocument{certificates: w.Connections["expired"].SigningCertificates})), "", corpus.Now())
	if err != nil {
		t.Fatal(err)
	}
	s := saml.NewSettings()
	s.Apply(m)
	list, err := s.Certificates()
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	c := list[0]
	if !c.Expired(corpus.Now()) || c.Expired(c.NotAfter) || len(c.Fingerprint) != 95 || c.Key != "RSA 2048" || !strings.Contains(c.Subject, "expired") {
		t.Errorf("the certificate is told as %+v", c)
	}
	curve := w.Connections["curve"]
	if list, err := curve.Certificates(); err != nil || list[0].Key != "ECDSA P-256" {
		t.Errorf("%v %v", list, err)
	}
}

func TestMetadataOfSeveralProvidersNeedsAName(t *testing.T) {
	t.Parallel()
	group := []byte(idpMetadata(t, idpDocument{group: true}))
	_, err := saml.ParseMetadata(group, "", corpus.Now())
	if !errors.Is(err, saml.ErrMetadataEntity) {
		t.Fatalf("got %v", err)
	}
	if text := fault.Of(err).Text; !strings.Contains(text, "https://other.example") || !strings.Contains(text, corpus.IDPEntityID) || strings.Contains(text, "service.example") {
		t.Errorf("the list is %q", text)
	}
	m, err := saml.ParseMetadata(group, corpus.IDPEntityID, corpus.Now())
	if err != nil || m.EntityID != corpus.IDPEntityID {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := saml.ParseMetadata(group, "https://nobody.example", corpus.Now()); !errors.Is(err, saml.ErrMetadataEntity) {
		t.Errorf("got %v", err)
	}
}

func TestMetadataThatCannotBeUsedSaysWhy(t *testing.T) {
	t.Parallel()
	own, err := world(t).Provider.Metadata(corpus.Now())
	if err != nil {
		t.Fatal(err)
	}
	many := make([]string, 0, saml.MaxCertificates+1)
	for range saml.MaxCertificates + 1 {
		many = append(many, curveCertificate(t, elliptic.P256()))
	}
	for name, c := range map[string]struct {
		raw  string
		want *fault.Fault
		says string
	}{
		"too large":             {strings.Repeat(" ", saml.MaxMetadata) + "<a/>", saml.ErrMetadataTooLarge, "1 MiB"},
		"a DTD":                 {idpMetadata(t, idpDocument{prolog: `<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>`}), saml.ErrMetadataBroken, "document type declaration"},
		"no XML":                {"hello", saml.ErrMetadataBroken, "Download"},
		"a page of HTML":        {"<html><body>Sign in</body></html>", saml.ErrMetadataBroken, "<html>"},
		"the service's own":     {string(own), saml.ErrMetadataNoIDP, "service provider"},
		"SAML 1.1":              {idpMetadata(t, idpDocument{protocol: "urn:oasis:names:tc:SAML:1.1:protocol"}), saml.ErrMetadataNoIDP, "SAML 2.0"},
		"past its date":         {idpMetadata(t, idpDocument{validUntil: "2026-05-31T00:00:00Z"}), saml.ErrMetadataExpired, "2026-05-31"},
		"no certificate":        {idpMetadata(t, idpDocument{certificates: []string{}}), saml.ErrMetadataBroken, "certificate"},
		"for encryption only":   {idpMetadata(t, idpDocument{use: ` use="encryption"`}), saml.ErrMetadataBroken, "certificate"},
		"a broken certificate":  {idpMetadata(t, idpDocument{certificates: []string{"AAAA"}}), saml.ErrMetadataBroken, "X.509"},
		"a broken address":      {idpMetadata(t, idpDocument{location: "javascript:alert(1)"}), saml.ErrMetadataBroken, "scheme"},
		"too many certificates": {idpMetadata(t, idpDocument{certificates: many}), saml.ErrMetadataBroken, "13 certificates"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := saml.ParseMetadata([]byte(c.raw), "", corpus.Now())
			if !errors.Is(err, c.want) || !strings.Contains(fault.Of(err).Text, c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}
