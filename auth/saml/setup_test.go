package saml_test

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net/url"
	"sync"
	"testing"
	"time"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/answer"
	"lyceum/auth/saml/internal/corpus"
	"lyceum/auth/saml/internal/xmlsig"
)

// keysOfTheTests are made once: an RSA key takes a tenth of a second.
var keysOfTheTests = sync.OnceValues(func() ([2]saml.Key, error) {
	var keys [2]saml.Key
	for i, name := range []string{corpus.EntityID, corpus.IDPEntityID} {
		k, err := saml.NewKey(name, corpus.Now().Add(-time.Hour), 365*24*time.Hour)
		if err != nil {
			return keys, err
		}
		keys[i] = k
	}
	return keys, nil
})

// pair is a service provider and an identity provider that know each other, each seen from its own side.
type pair struct {
	us, idp saml.Provider
	toIDP   saml.Settings // our connection with it
	toUs    saml.Settings // what it knows of us, in the same shape: logout is symmetrical
	now     time.Time
}

func setup(t testing.TB) pair {
	t.Helper()
	keys, err := keysOfTheTests()
	if err != nil {
		t.Fatal(err)
	}
	p := pair{now: corpus.Now()}
	p.us = saml.Provider{EntityID: corpus.EntityID, ACSURL: corpus.ACSURL, SLOURL: corpus.SLOURL, Keys: keys[:1]}
	p.idp = saml.Provider{EntityID: corpus.IDPEntityID, ACSURL: "https://idp.example/none", SLOURL: "https://idp.example/slo", Keys: keys[1:]}
	p.toIDP = saml.NewSettings()
	p.toIDP.EntityID, p.toIDP.SigningCertificates = corpus.IDPEntityID, []string{keys[1].Certificate}
	p.toIDP.Endpoints = saml.Endpoints{SSORedirect: "https://idp.example/sso?tenant=7", SSOPost: "https://idp.example/sso/post", SLORedirect: p.idp.SLOURL, SLOPost: p.idp.SLOURL}
	p.toUs = saml.NewSettings()
	p.toUs.EntityID, p.toUs.SigningCertificates = corpus.EntityID, []string{keys[0].Certificate}
	p.toUs.Endpoints = saml.Endpoints{SLORedirect: p.us.SLOURL, SLOPost: p.us.SLOURL}
	return p
}

// signer opens a key for the packages below.
func signer(t testing.TB, k saml.Key) xmlsig.Signer {
	t.Helper()
	block, _ := pem.Decode([]byte(k.PrivateKey))
	private, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := base64.StdEncoding.DecodeString(k.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return xmlsig.Signer{Key: private.(crypto.Signer), Certificate: c}
}

// answered is an honest answer of the pair's identity provider, changed by a test.
func (p pair) answered(t testing.TB, change func(*answer.Answer)) string {
	t.Helper()
	a := answer.Answer{
		Issuer: p.idp.EntityID, ACS: p.us.ACSURL, Audience: p.us.EntityID, InResponseTo: corpus.RequestID, NameID: corpus.Person, NameIDFormat: saml.NameIDPersistent,
		SessionIndex: "s1", Now: p.now, Signer: signer(t, p.idp.Keys[0]), SignAssertion: true,
	}
	if change != nil {
		change(&a)
	}
	raw, err := a.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// curveCertificate is a cheap self-signed certificate.
func curveCertificate(t testing.TB, curve elliptic.Curve) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "curve"}, NotBefore: corpus.Now(), NotAfter: corpus.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func certificates(t testing.TB, keys ...saml.Key) (list []*x509.Certificate) {
	t.Helper()
	for _, k := range keys {
		list = append(list, signer(t, k).Certificate)
	}
	return list
}

// bomb is a deflated message of 64 MiB of spaces, as the value of a parameter.
func bomb(t testing.TB) string {
	t.Helper()
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for range 64 {
		if _, err := w.Write(bytes.Repeat([]byte(" "), 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return url.QueryEscape(base64.StdEncoding.EncodeToString(out.Bytes()))
}
