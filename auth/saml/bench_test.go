package saml_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"testing"

	"lyceum/auth/saml/internal/corpus"
)

// BenchmarkAccept is what a sign-in costs at the ACS without a database. Under "crypto" stand the public-key operations
// alone, which no code of ours can save; crypto-% is their share of the whole:
//
//	go test -run '^$' -bench Accept ./auth/saml
func BenchmarkAccept(b *testing.B) {
	w := world(b)
	key := signer(b, w.Provider.Keys[0]).Key.(*rsa.PrivateKey)
	digest := sha256.Sum256([]byte("x"))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	sealed, err := rsa.EncryptOAEP(crypto.SHA1.New(), rand.Reader, &key.PublicKey, make([]byte, 32), nil)
	if err != nil {
		b.Fatal(err)
	}
	var verify, unwrap float64 // ns
	b.Run("crypto/verify_rsa2048", func(b *testing.B) {
		for b.Loop() {
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
				b.Fatal(err)
			}
		}
		verify = float64(b.Elapsed()) / float64(b.N)
	})
	b.Run("crypto/unwrap_rsa2048", func(b *testing.B) {
		for b.Loop() {
			if _, err := rsa.DecryptOAEP(crypto.SHA1.New(), nil, key, sealed, nil); err != nil {
				b.Fatal(err)
			}
		}
		unwrap = float64(b.Elapsed()) / float64(b.N)
	})
	for _, e := range entries(b, corpus.HonestDir, 25) {
		ideal := verify
		switch e.Name {
		case "encrypted_aes256gcm":
			ideal += unwrap
		case "assertion_signed":
		default:
			continue
		}
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
			if ideal == 0 { // -bench chose this part alone
				return
			}
			b.ReportMetric(100*ideal*float64(b.N)/float64(b.Elapsed()), "crypto-%")
		})
	}
}
