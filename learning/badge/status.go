package badge

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"
)

// statusCredential is a BitstringStatusListCredential (Bitstring Status List v1.0, §2.2).
type statusCredential struct {
	Context   []string      `json:"@context"`
	ID        string        `json:"id"`
	Type      []string      `json:"type"`
	Issuer    string        `json:"issuer"`
	ValidFrom string        `json:"validFrom"`
	Subject   statusSubject `json:"credentialSubject"`

	Iss string `json:"iss"`
	Jti string `json:"jti"`
	Sub string `json:"sub"`
	Iat int64  `json:"iat"`
	Exp int64  `json:"exp"`
}

type statusSubject struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	Purpose string `json:"statusPurpose"`
	List    string `json:"encodedList"`
	TTL     int64  `json:"ttl"` // milliseconds
}

const (
	// ListFresh is how long a status list may be kept by who fetched it.
	ListFresh = 5 * time.Minute
	// listHolds is after how long a kept list says nothing any more.
	listHolds = 7 * 24 * time.Hour
)

func statusList(base string, n int, withdrawn []int, at time.Time) (statusCredential, error) {
	encoded, err := encodeBits(withdrawn)
	if err != nil {
		return statusCredential{}, err
	}
	url, did := listURL(base, n), DID(base)
	return statusCredential{
		Context: contexts[:1], ID: url, Type: []string{"VerifiableCredential", "BitstringStatusListCredential"}, Issuer: did, ValidFrom: stamp(at),
		Subject: statusSubject{ID: url + "#list", Type: "BitstringStatusList", Purpose: "revocation", List: encoded, TTL: ListFresh.Milliseconds()},
		Iss:     did, Jti: url, Sub: url + "#list", Iat: at.Unix(), Exp: at.Add(listHolds).Unix(),
	}, nil
}

// encodeBits writes a list with the bits of some places set: the first place is the leftmost bit, compressed, as base64url
// with the multibase prefix u (§3.3).
func encodeBits(set []int) (string, error) {
	bits := make([]byte, ListSize/8)
	for _, place := range set {
		if place < 0 || place >= ListSize {
			return "", fmt.Errorf("place %d is not on a status list", place)
		}
		bits[place/8] |= 0x80 >> (place % 8)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(bits); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return "u" + base64.RawURLEncoding.EncodeToString(packed.Bytes()), nil
}

// maxList bounds what a list may unpack to, in bytes: eight times ours.
const maxList = ListSize

// bitOf reads one place of an encoded list (§3.4).
func bitOf(encoded string, place int) (bool, error) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(encoded, "u"), "="))
	if err != nil {
		return false, fmt.Errorf("the status list is not base64url: %w", err)
	}
	r, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return false, fmt.Errorf("the status list is not compressed: %w", err)
	}
	bits, err := io.ReadAll(io.LimitReader(r, maxList+1))
	switch {
	case err != nil:
		return false, fmt.Errorf("the status list does not unpack: %w", err)
	case len(bits) > maxList:
		return false, fmt.Errorf("the status list is larger than %d bytes", maxList)
	case len(bits)*8 < ListSize:
		return false, fmt.Errorf("the status list is shorter than the standard allows")
	case place < 0 || place/8 >= len(bits):
		return false, fmt.Errorf("place %d is not on the status list", place)
	}
	return bits[place/8]&(0x80>>(place%8)) != 0, nil
}
