package saml_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"lyceum/auth/saml/internal/corpus"
)

// BenchmarkAccept is what a sign-in costs at the ACS without a database, whole; the parts under "crypto" are what the
// public-key operations alone cost, which no code of ours can save:
//
//	go test -run '^$' -bench Accept ./auth/saml
func BenchmarkAccept(b *testing.B) {
	w := world(b)
	for _, e := range entries(b, corpus.HonestDir, 25) {
		switch e.Name {
		case "assertion_signed", "encrypted_aes256gcm":
			field, err := e.Field(testdata, corpus.HonestDir)
			if err != nil {
				b.Fatal(err)
			}
			p, s, in := w.Meet(e, field)
			b.Run(e.Name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, _, err := p.Accept(s, in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
	block, _ := pem.Decode([]byte(w.Provider.Keys[0].PrivateKey))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		b.Fatal(err)
	}
	key := parsed.(*rsa.PrivateKey)
	digest := sha256.Sum256([]byte("x"))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	b.Run("crypto/verify_rsa2048", func(b *testing.B) {
		for b.Loop() {
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
				b.Fatal(err)
			}
		}
	})
	sealed, err := rsa.EncryptOAEP(crypto.SHA1.New(), rand.Reader, &key.PublicKey, make([]byte, 32), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("crypto/unwrap_rsa2048", func(b *testing.B) {
		for b.Loop() {
			if _, err := rsa.DecryptOAEP(crypto.SHA1.New(), nil, key, sealed, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("crypto/read_key", func(b *testing.B) {
		for b.Loop() {
			if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
				b.Fatal(err)
			}
		}
	})
}
