package saml

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"time"

	"lyceum/auth/saml/internal/xmlsig"
)

// KeyBits is the size of a new key. It is enough until 2030 (NIST SP 800-57 part 1, table 4), a key lives for a few years,
// and each step beyond it multiplies what a sign-in costs; NewKeyOf makes larger ones.
const KeyBits = 2048

// Key is our own key of one entity, known as older or younger than others by NotBefore: it signs what we send and opens what is encrypted for us. It is kept as JSON, which
// the caller seals: PrivateKey is a secret.
type Key struct {
	Certificate string    `json:"certificate"` // self-signed, base64 DER
	PrivateKey  string    `json:"private_key"` // PKCS#8 in PEM
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
}

// NewKey makes an RSA key of KeyBits with a certificate that is valid from now for life.
func NewKey(entityID string, now time.Time, life time.Duration) (Key, error) {
	return NewKeyOf(entityID, KeyBits, now, life)
}

// NewKeyOf is NewKey with another size, 2048 bits or more.
func NewKeyOf(entityID string, bits int, now time.Time, life time.Duration) (Key, error) {
	if bits < minRSABits || life <= 0 {
		return Key{}, fmt.Errorf("saml: a key needs %d bits or more and a life", minRSABits)
	}
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return Key{}, fmt.Errorf("saml: make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return Key{}, fmt.Errorf("saml: make a key: %w", err)
	}
	// A common name holds 64 characters (RFC 5280, ub-common-name).
	name := strings.ToValidUTF8(entityID[:min(len(entityID), 64)], "")
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.UTC().Truncate(time.Second), NotAfter: now.Add(life).UTC().Truncate(time.Second),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return Key{}, fmt.Errorf("saml: make a certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("saml: write a key: %w", err)
	}
	return Key{
		Certificate: base64.StdEncoding.EncodeToString(der),
		PrivateKey:  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		NotBefore:   template.NotBefore, NotAfter: template.NotAfter,
	}, nil
}

// Describe says what people may know of the key: everything but its private half.
func (k Key) Describe() (Certificate, error) {
	c, err := parseCertificate(k.Certificate)
	if err != nil {
		return Certificate{}, fmt.Errorf("saml: our certificate: %w", err)
	}
	return describe(c), nil
}

// String and LogValue hide the private half from logs.
func (k Key) String() string { return "saml.Key until " + k.NotAfter.Format(time.DateOnly) }

// LogValue is String for slog.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Key) private() (*rsa.PrivateKey, error) {
	b, _ := pem.Decode([]byte(k.PrivateKey))
	if b == nil {
		return nil, errors.New("saml: our private key is not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		return nil, fmt.Errorf("saml: our private key: %w", err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("saml: our private key is not RSA")
	}
	return private, nil
}

func (k Key) signer() (xmlsig.Signer, error) {
	private, err := k.private()
	if err != nil {
		return xmlsig.Signer{}, err
	}
	c, err := parseCertificate(k.Certificate)
	if err != nil {
		return xmlsig.Signer{}, fmt.Errorf("saml: our certificate: %w", err)
	}
	return xmlsig.Signer{Key: private, Certificate: c}, nil
}
