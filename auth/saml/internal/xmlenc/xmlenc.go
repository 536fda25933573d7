// Package xmlenc opens and makes encrypted XML (XML Encryption 1.1) as SAML uses it: one element, encrypted with AES, its
// key wrapped with RSA-OAEP. RSA 1.5 and Triple DES, which padding oracles break, are not spoken at all. It is not crewjam's
// package of that name, which has no AES-256-GCM, takes MGF1 for the wrong hash and panics on a short message.
package xmlenc

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // the default hash of RSA-OAEP, where its weakness does not matter
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/beevik/etree"

	"lyceum/auth/saml/internal/xmltree"
	"lyceum/internal/uid"
)

// Namespaces of XML Encryption and of XML Signature, whose KeyInfo it uses.
const (
	Namespace   = "http://www.w3.org/2001/04/xmlenc#"
	Namespace11 = "http://www.w3.org/2009/xmlenc11#"
	dsNamespace = "http://www.w3.org/2000/09/xmldsig#"
)

// Algorithms for the content, strongest first (XML Encryption 1.1 §5.2).
const (
	AES256GCM = Namespace11 + "aes256-gcm"
	AES128GCM = Namespace11 + "aes128-gcm"
	AES256CBC = Namespace + "aes256-cbc"
	AES128CBC = Namespace + "aes128-cbc"
)

// Algorithms for the key (XML Encryption 1.1 §5.5.2).
const (
	// OAEPMGF1P always takes MGF1 with SHA-1.
	OAEPMGF1P = Namespace + "rsa-oaep-mgf1p"
	// OAEP names its mask function.
	OAEP = Namespace11 + "rsa-oaep"
)

// Algorithms that are known and refused.
const (
	RSA15     = Namespace + "rsa-1_5"
	TripleDES = Namespace + "tripledes-cbc"
)

// ErrAlgorithm is an algorithm that is not spoken; it says which and depends on no secret.
type ErrAlgorithm struct{ Algorithm string }

// Error names the algorithm.
func (e *ErrAlgorithm) Error() string {
	return fmt.Sprintf("the algorithm %.120q is not accepted", e.Algorithm)
}

// ErrOpaque is every other failure. It is one for all on purpose: a difference between a bad key, a bad padding and a bad
// tag would be an oracle that decrypts (Jager and Somorovsky, 2011).
var ErrOpaque = errors.New("it could not be decrypted with any of our keys")

type block struct {
	size int // of the key in bytes
	gcm  bool
}

var blocks = map[string]block{
	AES256GCM:                  {32, true},
	AES128GCM:                  {16, true},
	Namespace11 + "aes192-gcm": {24, true},
	AES256CBC:                  {32, false},
	Namespace + "aes192-cbc":   {24, false},
	AES128CBC:                  {16, false},
}

var digests = map[string]crypto.Hash{
	dsNamespace + "sha1":                            crypto.SHA1,
	Namespace + "sha256":                            crypto.SHA256,
	"http://www.w3.org/2001/04/xmldsig-more#sha384": crypto.SHA384,
	Namespace + "sha512":                            crypto.SHA512,
}

var masks = map[string]crypto.Hash{
	Namespace11 + "mgf1sha1":   crypto.SHA1,
	Namespace11 + "mgf1sha256": crypto.SHA256,
	Namespace11 + "mgf1sha384": crypto.SHA384,
	Namespace11 + "mgf1sha512": crypto.SHA512,
}

// maxWrapped bounds how many wrapped keys of one message are tried.
const maxWrapped = 4

// Opened is what was decrypted, and how.
type Opened struct {
	Plaintext []byte
	Algorithm string // of the content
	Key       int    // index of the key that fitted
}

// Decrypt opens the EncryptedData in an envelope (EncryptedAssertion, EncryptedID). Its key stands inside it or beside it
// (SAML 2.0 errata E43). Failures are *ErrAlgorithm or ErrOpaque.
func Decrypt(envelope *etree.Element, keys []*rsa.PrivateKey) (Opened, error) {
	data := xmltree.Child(envelope, Namespace, "EncryptedData")
	if data == nil {
		return Opened{}, ErrOpaque
	}
	wrapped := xmltree.Children(envelope, Namespace, "EncryptedKey")
	if info := xmltree.Child(data, dsNamespace, "KeyInfo"); info != nil {
		wrapped = append(wrapped, xmltree.Children(info, Namespace, "EncryptedKey")...)
	}
	algorithm := method(data)
	content, ok := blocks[algorithm]
	if !ok {
		return Opened{}, &ErrAlgorithm{algorithm}
	}
	for _, w := range wrapped {
		if m := method(w); m != OAEP && m != OAEPMGF1P {
			return Opened{}, &ErrAlgorithm{m}
		}
	}
	sealed, err := cipherValue(data)
	if err != nil || len(wrapped) > maxWrapped {
		return Opened{}, ErrOpaque
	}
	for _, w := range wrapped {
		for i, key := range keys {
			for _, secret := range unwrap(w, key) {
				if plain, ok := content.open(secret, sealed); ok {
					return Opened{Plaintext: plain, Algorithm: algorithm, Key: i}, nil
				}
			}
		}
	}
	return Opened{}, ErrOpaque
}

func method(el *etree.Element) string {
	if m := xmltree.Child(el, Namespace, "EncryptionMethod"); m != nil {
		return xmltree.Attr(m, "Algorithm")
	}
	return ""
}

func cipherValue(el *etree.Element) ([]byte, error) {
	data := xmltree.Child(el, Namespace, "CipherData")
	if data == nil {
		return nil, ErrOpaque
	}
	value := xmltree.Child(data, Namespace, "CipherValue")
	if value == nil {
		return nil, ErrOpaque
	}
	text, _ := xmltree.Text(value)
	return base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
}

// unwrap gives the content key as the standard reads the message, and, where rsa-oaep-mgf1p names a newer digest, also as
// libraries read it that take that digest for the mask too.
func unwrap(wrapped *etree.Element, key *rsa.PrivateKey) (secrets [][]byte) {
	sealed, err := cipherValue(wrapped)
	if err != nil {
		return nil
	}
	m := xmltree.Child(wrapped, Namespace, "EncryptionMethod")
	digest, mask := crypto.SHA1, crypto.SHA1
	if d := xmltree.Child(m, dsNamespace, "DigestMethod"); d != nil {
		if digest = digests[xmltree.Attr(d, "Algorithm")]; digest == 0 {
			return nil
		}
	}
	if g := xmltree.Child(m, Namespace11, "MGF"); g != nil && method(wrapped) == OAEP {
		if mask = masks[xmltree.Attr(g, "Algorithm")]; mask == 0 {
			return nil
		}
	}
	var label []byte
	if p := xmltree.Child(m, Namespace, "OAEPparams"); p != nil {
		text, _ := xmltree.Text(p)
		if label, err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil
		}
	}
	tries := []crypto.Hash{mask}
	if method(wrapped) == OAEPMGF1P && digest != crypto.SHA1 {
		tries = append(tries, digest)
	}
	for _, mgf := range tries {
		secret, err := key.Decrypt(nil, sealed, &rsa.OAEPOptions{Hash: digest, MGFHash: mgf, Label: label})
		if err == nil {
			secrets = append(secrets, secret)
		}
	}
	return secrets
}

func (b block) open(secret, sealed []byte) ([]byte, bool) {
	if len(secret) != b.size {
		return nil, false
	}
	c, err := aes.NewCipher(secret)
	if err != nil {
		return nil, false
	}
	if b.gcm {
		aead, err := cipher.NewGCM(c)
		if err != nil || len(sealed) < aead.NonceSize() {
			return nil, false
		}
		plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
		return plain, err == nil
	}
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, false
	}
	plain := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(c, sealed[:aes.BlockSize]).CryptBlocks(plain, sealed[aes.BlockSize:])
	// XML Encryption pads with any bytes and says in the last one how many (§5.2.1).
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, false
	}
	return plain[:len(plain)-padding], true
}

// Recipe is how to encrypt. The zero Recipe is AES-256-GCM with RSA-OAEP as every reader knows it (SHA-1, MGF1 with SHA-1).
type Recipe struct {
	Content string
	Key     string
	Digest  string // of OAEP; empty is SHA-1
}

// Encrypt seals plaintext for a certificate's key and gives the EncryptedData. It is what an identity provider does.
func Encrypt(plaintext []byte, to *x509.Certificate, r Recipe) (*etree.Element, error) {
	if r.Content == "" {
		r.Content = AES256GCM
	}
	if r.Key == "" {
		r.Key = OAEPMGF1P
	}
	public, ok := to.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("xmlenc: only a certificate with an RSA key can be encrypted for")
	}
	b, ok := blocks[r.Content]
	if !ok {
		return nil, &ErrAlgorithm{r.Content}
	}
	secret := make([]byte, b.size)
	rand.Read(secret)
	sealed, err := b.seal(secret, plaintext)
	if err != nil {
		return nil, err
	}
	wrapped, methodEl, err := r.wrap(public, secret)
	if err != nil {
		return nil, err
	}
	data := etree.NewElement("xenc:EncryptedData")
	data.CreateAttr("xmlns:xenc", Namespace)
	data.CreateAttr("Type", Namespace+"Element")
	data.CreateElement("xenc:EncryptionMethod").CreateAttr("Algorithm", r.Content)
	info := data.CreateElement("ds:KeyInfo")
	info.CreateAttr("xmlns:ds", dsNamespace)
	key := info.CreateElement("xenc:EncryptedKey")
	key.CreateAttr("Id", "_"+uid.Opaque(32))
	key.AddChild(methodEl)
	key.CreateElement("xenc:CipherData").CreateElement("xenc:CipherValue").SetText(base64.StdEncoding.EncodeToString(wrapped))
	data.CreateElement("xenc:CipherData").CreateElement("xenc:CipherValue").SetText(base64.StdEncoding.EncodeToString(sealed))
	return data, nil
}

func (r Recipe) wrap(public *rsa.PublicKey, secret []byte) ([]byte, *etree.Element, error) {
	el := etree.NewElement("xenc:EncryptionMethod")
	el.CreateAttr("Algorithm", r.Key)
	digest, mask := crypto.SHA1, crypto.SHA1
	if r.Digest != "" {
		if digest = digests[r.Digest]; digest == 0 {
			return nil, nil, &ErrAlgorithm{r.Digest}
		}
		el.CreateElement("ds:DigestMethod").CreateAttr("Algorithm", r.Digest)
	}
	if r.Key == OAEP {
		mask = crypto.SHA256
		g := el.CreateElement("xenc11:MGF")
		g.CreateAttr("xmlns:xenc11", Namespace11)
		g.CreateAttr("Algorithm", Namespace11+"mgf1sha256")
	}
	sealed, err := rsa.EncryptOAEPWithOptions(rand.Reader, public, secret, &rsa.OAEPOptions{Hash: digest, MGFHash: mask})
	return sealed, el, err
}

func (b block) seal(secret, plaintext []byte) ([]byte, error) {
	c, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	if b.gcm {
		aead, err := cipher.NewGCM(c)
		if err != nil {
			return nil, err
		}
		nonce := make([]byte, aead.NonceSize())
		rand.Read(nonce)
		return aead.Seal(nonce, nonce, plaintext, nil), nil
	}
	n := aes.BlockSize - len(plaintext)%aes.BlockSize
	padded := append(append([]byte(nil), plaintext...), make([]byte, n)...)
	padded[len(padded)-1] = byte(n)
	out := make([]byte, aes.BlockSize+len(padded))
	rand.Read(out[:aes.BlockSize])
	cipher.NewCBCEncrypter(c, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], padded) //nolint:gosec // the line above fills it
	return out, nil
}
