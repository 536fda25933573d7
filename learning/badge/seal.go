package badge

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
)

// Sign signs something with the portal's current key as a JWS in compact form (RFC 7515 §3.1), its typ the media type; base is the portal's
// address, without a slash at its end. It asks for no permission: who may have it signed is the caller's to say.
func (s *Service) Sign(ctx context.Context, base, mediaType string, payload []byte) (jws string, err error) {
	var k private
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		k, err = s.current(ctx)
		return err
	})
	if err != nil {
		return "", err
	}
	return signed(k.secret, DID(base)+"#"+k.Name(), mediaType, payload)
}

// KeyOf finds the key that a portal (its address) gives under a name in its own document.
func KeyOf(base, kid string, from Source) (ed25519.PublicKey, error) {
	did := DID(base)
	url, err := documentURL(did)
	if err != nil {
		return nil, err
	}
	raw, err := from.Document(url)
	if err != nil {
		return nil, fmt.Errorf("the portal's keys: %w", err)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("the portal's keys: %w", err)
	}
	if d.ID != did {
		return nil, fmt.Errorf("the keys are those of %s, not of %s", d.ID, did)
	}
	return d.keyOf(kid)
}
