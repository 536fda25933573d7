package oidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"lyceum/internal/uid"
)

var errClientKey = errors.New("oidc: a client's key is a PKCS #8 private key in PEM, EC P-256 or RSA of at least 2048 bits")

// NewClientKey makes a key for AuthPrivateKey: the connection's secret.
func NewClientKey() (string, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make a client key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return "", fmt.Errorf("make a client key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// ClientKeySet is the public half of client keys as a key set (RFC 7517 §5), for the identity provider to know.
func ClientKeySet(secrets ...string) ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, secret := range secrets {
		k, err := clientKey(secret)
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, k.Public())
	}
	return json.Marshal(set)
}

// clientKey reads a key; its id is its thumbprint (RFC 7638), so that both halves agree without a list.
func clientKey(secret string) (k jose.JSONWebKey, err error) {
	block, _ := pem.Decode([]byte(secret))
	if block == nil {
		return k, errClientKey
	}
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return k, errClientKey
	}
	k = jose.JSONWebKey{Key: private, Use: "sig"}
	switch private := private.(type) {
	case *ecdsa.PrivateKey:
		if private.Curve != elliptic.P256() {
			return k, errClientKey
		}
		k.Algorithm = string(jose.ES256)
	case *rsa.PrivateKey:
		if private.N.BitLen() < 2048 {
			return k, errClientKey
		}
		k.Algorithm = string(jose.RS256)
	default:
		return k, errClientKey
	}
	thumb, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return k, fmt.Errorf("name a client key: %w", err)
	}
	k.KeyID = base64.RawURLEncoding.EncodeToString(thumb)
	return k, nil
}

// clientAssertion signs who we are for one call (RFC 7523 §3, OIDC Core 1.0 §9).
func clientAssertion(secret, client, audience string, now time.Time) (string, error) {
	k, err := clientKey(secret)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.Algorithm), Key: k}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("sign a client assertion: %w", err)
	}
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: client, Subject: client, Audience: jwt.Audience{audience}, ID: uid.New().String(),
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
}
