package leaving

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/internal/uid"
)

// ReceiptType is the media type in a receipt's header (RFC 7515 §4.1.9), by which it is told from anything else that is signed.
const ReceiptType = "lyceum-erasure+jws"

// maxReceipt bounds a receipt that is read, in bytes.
const maxReceipt = 64 << 10

// Receipt is what is signed: that an organization's data were erased. It names nobody but who asked.
type Receipt struct {
	Version      int           `json:"version"`
	ID           uid.ID        `json:"id"`
	Issuer       string        `json:"issuer"` // the platform's address
	Organization string        `json:"organization"`
	Address      string        `json:"address"` // its name in addresses
	TenantID     uid.ID        `json:"tenant_id"`
	AskedBy      string        `json:"asked_by"` // person, operator, command_line or system
	AskedByName  string        `json:"asked_by_name,omitempty"`
	AskedAt      time.Time     `json:"asked_at"`
	ErasedAt     time.Time     `json:"erased_at"`
	Steps        []ReceiptStep `json:"steps"`
	Stays        []string      `json:"stays"` // what the law or the books want kept
}

// ReceiptStep is a step that was done.
type ReceiptStep struct {
	Step   string           `json:"step"`
	DoneAt time.Time        `json:"done_at"`
	Counts map[string]int64 `json:"counts,omitempty"`
}

// stays is what an erasure leaves, in words; docs/LIFE.md says why.
var stays = []string{
	"bills, payments and the subscription's steps, as the law wants books kept",
	"the ledger of usage behind the bills, with the names that were billed",
	"the platform's own record of this erasure, and this receipt",
	"backups, until their retention ends",
}

// key is the platform's for receipts: of the master key, so that every process has it and none is kept.
func (s *Service) key() (ed25519.PrivateKey, string, error) {
	seed, err := s.Seal.Derive(uid.Nil, "erasure receipts")
	if err != nil {
		return nil, "", err
	}
	secret := ed25519.NewKeyFromSeed(seed)
	public, _ := secret.Public().(ed25519.PublicKey)
	return secret, keyID(public), nil
}

func keyID(public ed25519.PublicKey) string {
	sum := sha256.Sum256(public)
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func (s *Service) sign(l Leaving, done []Step, at time.Time) (string, error) {
	secret, kid, err := s.key()
	if err != nil {
		return "", err
	}
	r := Receipt{
		Version: 1, ID: l.ID, Issuer: s.Hosts.PlatformURL(), Organization: l.TenantName, Address: l.TenantSlug, TenantID: l.TenantID,
		AskedBy: l.ByKind, AskedByName: l.ByName, AskedAt: l.AskedAt.UTC(), ErasedAt: at.UTC(), Stays: stays,
	}
	for _, d := range done {
		r.Steps = append(r.Steps, ReceiptStep{Step: d.Step, DoneAt: d.DoneAt.UTC(), Counts: d.Counts})
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	o := (&jose.SignerOptions{}).WithType(ReceiptType).WithHeader("kid", kid)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: secret}, o)
	if err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("receipt: %w", err)
	}
	return signed.CompactSerialize()
}

// Keys is the platform's public key as a JSON Web Key Set (RFC 7517), for whoever checks a receipt without us.
func (s *Service) Keys() (json.RawMessage, error) {
	secret, kid, err := s.key()
	if err != nil {
		return nil, err
	}
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: secret.Public(), KeyID: kid, Algorithm: string(jose.EdDSA), Use: "sig"}}})
}

// IsReceipt tells whether a text says of itself that it is a receipt; nothing is checked.
func IsReceipt(text string) bool {
	parsed, err := parse(text)
	return err == nil && parsed.Signatures[0].Header.ExtraHeaders["typ"] == ReceiptType
}

func parse(text string) (*jose.JSONWebSignature, error) {
	if len(text) > maxReceipt {
		return nil, fmt.Errorf("it is larger than %d bytes", maxReceipt)
	}
	return jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.EdDSA})
}

// Verify reads a receipt and checks it against the platform's keys.
func Verify(text string, keys []byte) (r Receipt, err error) {
	parsed, err := parse(text)
	if err != nil {
		return r, fmt.Errorf("it is no receipt: %w", err)
	}
	head := parsed.Signatures[0].Header
	if head.ExtraHeaders["typ"] != ReceiptType {
		return r, errors.New("it is signed, but is no receipt of an erasure")
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(keys, &set); err != nil {
		return r, fmt.Errorf("the keys cannot be read: %w", err)
	}
	for _, k := range set.Key(head.KeyID) {
		public, ok := k.Key.(ed25519.PublicKey)
		if !ok {
			continue
		}
		payload, err := parsed.Verify(public)
		if err != nil {
			return r, errors.New("the signature is not that of the platform's key, or a byte was changed")
		}
		return r, json.Unmarshal(payload, &r)
	}
	return r, fmt.Errorf("the platform has no key %q", head.KeyID)
}

// Issuer is the platform that a receipt says it is from; nothing is checked.
func Issuer(text string) (string, error) {
	parsed, err := parse(text)
	if err != nil {
		return "", fmt.Errorf("it is no receipt: %w", err)
	}
	var r Receipt
	if err := json.Unmarshal(parsed.UnsafePayloadWithoutVerification(), &r); err != nil {
		return "", fmt.Errorf("it is no receipt: %w", err)
	}
	return r.Issuer, nil
}
