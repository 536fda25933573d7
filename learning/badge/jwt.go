package badge

import (
	"crypto/ed25519"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// MediaType is that of a credential and of a status list (W3C, Securing Verifiable Credentials using JOSE and COSE, §6.1).
const MediaType = "application/vc+jwt"

// maxToken bounds a token that is read, in bytes.
const maxToken = 1 << 20

func signed(secret ed25519.PrivateKey, kid, media string, payload []byte) (string, error) {
	o := (&jose.SignerOptions{}).WithType(jose.ContentType(media)).WithHeader("kid", kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: secret}, o)
	if err != nil {
		return "", fmt.Errorf("sign a credential: %w", err)
	}
	sig, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign a credential: %w", err)
	}
	return sig.CompactSerialize()
}

// token is a JWT that was read and not yet believed.
type token struct {
	parsed *jose.JSONWebSignature
	kid    string
}

// readToken takes EdDSA alone: who wrote the token does not choose how it is checked.
func readToken(s string) (token, error) {
	if len(s) > maxToken {
		return token{}, fmt.Errorf("it is larger than %d bytes", maxToken)
	}
	parsed, err := jose.ParseSignedCompact(s, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return token{}, fmt.Errorf("it is no JWT signed with EdDSA: %w", err)
	}
	return token{parsed, parsed.Signatures[0].Header.KeyID}, nil
}

// unsafe is the payload before the signature was checked: to find out whose it claims to be.
func (t token) unsafe() []byte { return t.parsed.UnsafePayloadWithoutVerification() }

func (t token) verify(key ed25519.PublicKey) ([]byte, error) {
	payload, err := t.parsed.Verify(key)
	if err != nil {
		return nil, fmt.Errorf("the signature is not that of key %s, or a byte was changed", t.kid)
	}
	return payload, nil
}
