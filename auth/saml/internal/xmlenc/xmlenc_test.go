package xmlenc_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"math/big"
	"testing"

	"github.com/beevik/etree"

	"lyceum/auth/saml/internal/xmlenc"
)

func keys(t *testing.T) (ours, other *rsa.PrivateKey, cert *x509.Certificate) {
	t.Helper()
	pair := make([]*rsa.PrivateKey, 2)
	for i := range pair {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		pair[i] = k
	}
	return pair[0], pair[1], certificate(t, pair[0])
}

func certificate(t *testing.T, key crypto.Signer) *x509.Certificate {
	t.Helper()
	c := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func envelope(data *etree.Element) *etree.Element {
	box := etree.NewElement("box")
	box.AddChild(data)
	return box
}

func TestWhatIsSealedIsOpenedByItsKeyOnly(t *testing.T) {
	t.Parallel()
	ours, other, cert := keys(t)
	plain := []byte("<a>fifteen chars</a>")
	for _, content := range []string{xmlenc.AES256GCM, xmlenc.AES128GCM, xmlenc.AES256CBC, xmlenc.AES128CBC} {
		for _, key := range []string{xmlenc.OAEPMGF1P, xmlenc.OAEP} {
			for _, digest := range []string{"", xmlenc.Namespace + "sha256", xmlenc.Namespace + "sha512"} {
				data, err := xmlenc.Encrypt(plain, cert, xmlenc.Recipe{Content: content, Key: key, Digest: digest})
				if err != nil {
					t.Fatal(err)
				}
				got, err := xmlenc.Decrypt(envelope(data), []*rsa.PrivateKey{other, ours})
				if err != nil || !bytes.Equal(got.Plaintext, plain) || got.Key != 1 || got.Algorithm != content {
					t.Errorf("%s, %s, %s: %+v, %v", content, key, digest, got, err)
				}
				if _, err := xmlenc.Decrypt(envelope(data), []*rsa.PrivateKey{other}); !errors.Is(err, xmlenc.ErrOpaque) {
					t.Errorf("another key: %v", err)
				}
			}
		}
	}
}

// TestTheMaskOfTheDigestIsUnderstoodToo: some libraries take the digest of rsa-oaep-mgf1p for the mask too, against the standard.
func TestTheMaskOfTheDigestIsUnderstoodToo(t *testing.T) {
	t.Parallel()
	ours, _, cert := keys(t)
	data, err := xmlenc.Encrypt([]byte("<a/>"), cert, xmlenc.Recipe{Digest: xmlenc.Namespace + "sha256"})
	if err != nil {
		t.Fatal(err)
	}
	value := data.FindElement("./KeyInfo/EncryptedKey/CipherData/CipherValue")
	sealed, err := base64.StdEncoding.DecodeString(value.Text())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := ours.Decrypt(nil, sealed, &rsa.OAEPOptions{Hash: crypto.SHA256, MGFHash: crypto.SHA1})
	if err != nil {
		t.Fatalf("we do not write as the standard says: %v", err)
	}
	wrapped, err := rsa.EncryptOAEP(crypto.SHA256.New(), rand.Reader, &ours.PublicKey, secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	value.SetText(base64.StdEncoding.EncodeToString(wrapped))
	if _, err := xmlenc.Decrypt(envelope(data), []*rsa.PrivateKey{ours}); err != nil {
		t.Error(err)
	}
}

func TestEveryFailureButTheAlgorithmLooksTheSame(t *testing.T) {
	t.Parallel()
	ours, _, cert := keys(t)
	for _, content := range []string{xmlenc.AES256GCM, xmlenc.AES256CBC} {
		fresh := func() *etree.Element {
			data, err := xmlenc.Encrypt([]byte("<a>something of a few blocks, long enough</a>"), cert, xmlenc.Recipe{Content: content})
			if err != nil {
				t.Fatal(err)
			}
			return data
		}
		// Each is cut under its own key: under another's, a whole block of noise ends like padding once in 256 times, and CBC has no
		// other check.
		data := fresh()
		value := data.FindElement("./CipherData/CipherValue")
		good, err := base64.StdEncoding.DecodeString(value.Text())
		if err != nil {
			t.Fatal(err)
		}
		for n := range len(good) {
			value.SetText(base64.StdEncoding.EncodeToString(good[:n]))
			if _, err := xmlenc.Decrypt(envelope(data), []*rsa.PrivateKey{ours}); !errors.Is(err, xmlenc.ErrOpaque) {
				t.Errorf("cut to %d bytes: %v", n, err)
			}
		}
		for path, key := range map[string]string{".": "", "./CipherData": "", "./CipherData/CipherValue": "", "./KeyInfo": "", "./KeyInfo/EncryptedKey/CipherData/CipherValue": ""} {
			data := fresh()
			el := data.FindElement(path)
			el.Child = nil
			_, err := xmlenc.Decrypt(envelope(data), []*rsa.PrivateKey{ours})
			var unknown *xmlenc.ErrAlgorithm
			if !errors.Is(err, xmlenc.ErrOpaque) && !errors.As(err, &unknown) {
				t.Errorf("%s emptied%s: %v", path, key, err)
			}
		}
	}
	if _, err := xmlenc.Decrypt(etree.NewElement("box"), nil); !errors.Is(err, xmlenc.ErrOpaque) {
		t.Errorf("an empty envelope: %v", err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := xmlenc.Encrypt(nil, certificate(t, curve), xmlenc.Recipe{}); err == nil {
		t.Error("encrypted for a key that cannot decrypt")
	}
	for _, weak := range []xmlenc.Recipe{{Content: xmlenc.TripleDES}, {Digest: "http://www.w3.org/2001/04/xmldsig-more#md5"}} {
		if _, err := xmlenc.Encrypt(nil, cert, weak); err == nil {
			t.Errorf("%+v is written", weak)
		}
	}
}
