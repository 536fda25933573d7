package saml

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"lyceum/auth/saml/internal/xmlsig"
	"lyceum/internal/fault"
)

// Bounds of a connection.
const (
	// DefaultClockSkew is how far the provider's clock may be off where a connection says nothing.
	DefaultClockSkew = 60 * time.Second
	// MaxClockSkew is the most that a connection may allow.
	MaxClockSkew = 180 * time.Second
	// MaxCertificates is how many signing certificates a connection may pin at once.
	MaxCertificates = 12

	maxURL          = 2048
	maxEntityID     = 1024 // saml-core-2.0-os §8.3.6
	minRSABits      = 2048
	minECDSABits    = 256
	maxNameOfAField = 512
)

// Binding is how a message travels through the browser (saml-bindings-2.0-os §3.4, §3.5).
type Binding string

const (
	// BindingRedirect carries the message, deflated, in an address.
	BindingRedirect Binding = "redirect"
	// BindingPost carries it in a form.
	BindingPost Binding = "post"
)

// URN is the binding's name in metadata and requests.
func (b Binding) URN() string {
	if b == BindingPost {
		return "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
	}
	return "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
}

// Formats of a NameID that have a meaning here (saml-core-2.0-os §8.3).
const (
	NameIDTransient  = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
	NameIDPersistent = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	NameIDEmail      = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
)

// Endpoints are the addresses of an identity provider, one for each binding; empty where it has none.
type Endpoints struct {
	SSORedirect string `json:"sso_redirect,omitempty"`
	SSOPost     string `json:"sso_post,omitempty"`
	SLORedirect string `json:"slo_redirect,omitempty"`
	SLOPost     string `json:"slo_post,omitempty"`
	// Answers to its logout requests go here where it differs from the two above (saml-metadata-2.0-os §2.2.2).
	SLORedirectResponse string `json:"slo_redirect_response,omitempty"`
	SLOPostResponse     string `json:"slo_post_response,omitempty"`
}

// Settings is one connection: who the identity provider is, what of it is trusted, and how strict we are. It is a plain
// value that is kept as JSON. Nothing in it is secret.
type Settings struct {
	EntityID string `json:"entity_id"`
	Endpoints
	// SigningCertificates are X.509 in base64 (DER), any of which may have signed. It is their keys that are trusted; an
	// expired one goes on working and is warned of (Certificates).
	SigningCertificates []string `json:"signing_certificates"`
	// MetadataURL is polled for changes by the caller; empty where the metadata was a file.
	MetadataURL string `json:"metadata_url,omitempty"`
	// ValidUntil is what the newest metadata says of itself; zero where it says nothing. It warns, and refuses nobody.
	ValidUntil time.Time `json:"valid_until,omitzero"`

	SignRequests   bool    `json:"sign_requests"`
	RequestBinding Binding `json:"request_binding"`
	// RequireEncrypted refuses an assertion that came in clear.
	RequireEncrypted bool `json:"require_encrypted,omitempty"`
	// AllowIDPInitiated takes an answer to no question: a person who began at the provider's own page. Whoever can make a
	// browser post can then sign it in as themselves (login CSRF), so it is off unless a tenant wants it.
	AllowIDPInitiated bool `json:"allow_idp_initiated,omitempty"`
	// AllowSHA1Until lets signatures with SHA-1 pass until this instant; nil: never.
	AllowSHA1Until *time.Time `json:"allow_sha1_until,omitempty"`
	// NameIDFormat is asked for in requests; empty leaves it to the provider.
	NameIDFormat string `json:"name_id_format,omitempty"`
	// SubjectAttribute names the attribute that holds the person's lasting id, where the NameID is transient or a
	// reusable e-mail address; empty: the NameID is the subject.
	SubjectAttribute string `json:"subject_attribute,omitempty"`
	// RequestedContext is the AuthnContextClassRef that is asked for and then demanded; empty: any.
	RequestedContext string `json:"requested_context,omitempty"`
	// ForceAuthn asks that the person proves themselves anew, and refuses an older proof.
	ForceAuthn bool `json:"force_authn,omitempty"`
	// ClockSkew is in seconds; 0 is DefaultClockSkew.
	ClockSkew int `json:"clock_skew,omitempty"`
}

// NewSettings gives what a new connection begins with: signed requests over redirect, and everything strict.
func NewSettings() Settings { return Settings{SignRequests: true, RequestBinding: BindingRedirect} }

// Skew is how far the two clocks may differ, within the bounds whatever is stored.
func (s Settings) Skew() time.Duration {
	if s.ClockSkew <= 0 {
		return DefaultClockSkew
	}
	return min(time.Duration(s.ClockSkew)*time.Second, MaxClockSkew)
}

// Validate gathers every fault by the JSON name of its field.
func (s Settings) Validate() error {
	f := fault.Fields{}
	f.Check(s.EntityID != "" && len(s.EntityID) <= maxEntityID, "entity_id", "Give the identity provider's entity ID (issuer), as its metadata says it.")
	f.Check(s.RequestBinding == BindingRedirect || s.RequestBinding == BindingPost, "request_binding", "Choose redirect or post.")
	if s.sso(s.RequestBinding) == "" {
		field := "sso_redirect"
		if s.RequestBinding == BindingPost {
			field = "sso_post"
		}
		f.Add(field, "Give the identity provider's sign-in address for the binding you chose.")
	}
	for field, address := range map[string]string{
		"sso_redirect": s.SSORedirect, "sso_post": s.SSOPost, "slo_redirect": s.SLORedirect, "slo_post": s.SLOPost,
		"slo_redirect_response": s.SLORedirectResponse, "slo_post_response": s.SLOPostResponse, "metadata_url": s.MetadataURL,
	} {
		f.Check(address == "" || safeURL(address), field, "Give a full https address; http works for this machine only.")
	}
	s.validateCertificates(f)
	f.Check(s.ClockSkew >= 0 && s.ClockSkew <= int(MaxClockSkew/time.Second), "clock_skew", "Give 0 to 180 seconds.")
	f.Check(len(s.NameIDFormat) <= maxNameOfAField, "name_id_format", "This is longer than any name identifier format.")
	f.Check(len(s.RequestedContext) <= maxNameOfAField, "requested_context", "This is longer than any authentication context.")
	f.Check(len(s.SubjectAttribute) <= maxNameOfAField, "subject_attribute", "This is longer than any attribute name.")
	f.Check(s.NameIDFormat != NameIDTransient || s.SubjectAttribute != "", "subject_attribute",
		"A transient name ID differs at each sign-in: name the attribute that tells who the person is.")
	return f.Err()
}

func (s Settings) validateCertificates(f fault.Fields) {
	f.Check(len(s.SigningCertificates) > 0, "signing_certificates", "Add the certificate with which the identity provider signs.")
	f.Check(len(s.SigningCertificates) <= MaxCertificates, "signing_certificates", fmt.Sprintf("Keep at most %d certificates: remove those that are no longer used.", MaxCertificates))
	for i, text := range s.SigningCertificates {
		if _, err := parseCertificate(text); err != nil {
			f.Add("signing_certificates", fmt.Sprintf("Certificate %d cannot be used: %s.", i+1, err))
		}
	}
}

// safeURL takes https, and http for addresses that do not leave the machine.
func safeURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(address) > maxURL {
		return false
	}
	host := u.Hostname()
	local := host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "::1" || strings.HasPrefix(host, "127.")
	return u.Scheme == "https" || u.Scheme == "http" && local
}

func (s Settings) sso(b Binding) string {
	if b == BindingPost {
		return s.SSOPost
	}
	return s.SSORedirect
}

// CanLogOut tells whether the provider takes part in single logout.
func (s Settings) CanLogOut() bool { return s.SLORedirect != "" || s.SLOPost != "" }

// slo gives where a logout message goes, and how: redirect where there is a choice, since it needs no form.
func (s Settings) slo(response bool) (Binding, string) {
	first := func(a ...string) string {
		if i := slices.IndexFunc(a, func(v string) bool { return v != "" }); i >= 0 {
			return a[i]
		}
		return ""
	}
	redirect, post := s.SLORedirect, s.SLOPost
	if response {
		redirect, post = first(s.SLORedirectResponse, redirect), first(s.SLOPostResponse, post)
	}
	if redirect != "" {
		return BindingRedirect, redirect
	}
	return BindingPost, post
}

func (s Settings) trust(now time.Time) (xmlsig.Trust, error) {
	t := xmlsig.Trust{SHA1: s.AllowSHA1Until != nil && now.Before(*s.AllowSHA1Until)}
	for i, text := range s.SigningCertificates {
		c, err := parseCertificate(text)
		if err != nil {
			return t, fmt.Errorf("certificate %d: %w", i+1, err)
		}
		t.Certificates = append(t.Certificates, c)
	}
	return t, nil
}

// Certificate is what people need to know of a pinned certificate.
type Certificate struct {
	Subject     string    `json:"subject"`
	Fingerprint string    `json:"fingerprint"` // SHA-256, upper-case hexadecimal with colons
	Key         string    `json:"key"`         // "RSA 2048", "ECDSA P-256"
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
}

// Expired tells whether the certificate's time is over. It is a reason to warn, not to refuse: identity providers go on
// signing with expired certificates, and what is trusted is the key that the tenant pinned.
func (c Certificate) Expired(now time.Time) bool { return now.After(c.NotAfter) }

// Certificates describes the pinned certificates in order, for the warnings before they expire.
func (s Settings) Certificates() ([]Certificate, error) {
	out := make([]Certificate, 0, len(s.SigningCertificates))
	for i, text := range s.SigningCertificates {
		c, err := parseCertificate(text)
		if err != nil {
			return nil, fmt.Errorf("certificate %d of %s: %w", i+1, s.EntityID, err)
		}
		out = append(out, describe(c))
	}
	return out, nil
}

func describe(c *x509.Certificate) Certificate {
	return Certificate{Subject: c.Subject.String(), Fingerprint: xmlsig.Fingerprint(c), Key: keyName(c), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC()}
}

func keyName(c *x509.Certificate) string {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	}
	return c.PublicKeyAlgorithm.String()
}

// parseCertificate reads base64 DER, with or without line breaks and PEM armour, and refuses keys that are too weak.
func parseCertificate(text string) (*x509.Certificate, error) {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "-----BEGIN CERTIFICATE-----"); ok {
		text, _, _ = strings.Cut(rest, "-----END")
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return nil, fmt.Errorf("it is not base64")
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("it is not an X.509 certificate")
	}
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < minRSABits {
			return nil, fmt.Errorf("its RSA key has %d bits, and %d are the least", bits, minRSABits)
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P224() || k.Curve.Params().BitSize < minECDSABits {
			return nil, fmt.Errorf("its curve %s is too small", k.Curve.Params().Name)
		}
	default:
		return nil, fmt.Errorf("its key is neither RSA nor ECDSA")
	}
	return c, nil
}
