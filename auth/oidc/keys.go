package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"lyceum/internal/throttle"
)

const (
	// keysMost bounds the keys that are read of a set; honest ones have two or three.
	keysMost = 50
	// bodyMost bounds a document, should the HTTP client not do it.
	bodyMost = 4 << 20
	// keyOverlap is how long a key still counts after the set came without it: tokens that it signed are on their way.
	keyOverlap = time.Minute
)

// key is one usable key of an issuer.
type key struct {
	jwk jose.JSONWebKey
	// issuer is Entra's: whose tokens this key may sign, where one set serves many directories.
	issuer string
	until  time.Time // zero: the newest set has it
}

// keySet is an issuer's key set as it was fetched, with keys that just left it. It never changes.
type keySet struct{ keys []key }

// describe names the keys, without those that left.
func (s keySet) describe() (infos []KeyInfo) {
	for _, k := range s.keys {
		if k.until.IsZero() {
			infos = append(infos, KeyInfo{ID: brief(k.jwk.KeyID), Algorithm: brief(k.jwk.Algorithm), Kind: kind(k.jwk.Key)})
		}
	}
	return infos
}

// kind names the kind of a public key, "" when it is none that we use: symmetric ones, private ones, weak ones, and ones so
// large that they are meant to keep us busy.
func kind(public any) string {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits >= 2048 && bits <= 8192 && k.E > 1 {
			return fmt.Sprintf("RSA %d", bits)
		}
	case *ecdsa.PublicKey:
		return "EC " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return ""
}

// verify checks a signature with the keys that its header allows.
func (s keySet) verify(jws *jose.JSONWebSignature, now time.Time) (payload []byte, by key, ok bool) {
	header := jws.Signatures[0].Header
	for _, k := range s.keys {
		if header.KeyID != "" && k.jwk.KeyID != header.KeyID || k.jwk.Algorithm != "" && k.jwk.Algorithm != header.Algorithm || !k.until.IsZero() && now.After(k.until) {
			continue
		}
		if payload, err := jws.Verify(k.jwk.Key); err == nil {
			return payload, k, true
		}
	}
	return nil, key{}, false
}

var errKeySet = errors.New("a key set that cannot be read")

// parseKeys reads a key set (RFC 7517 §5). What is not a usable signature key is passed over.
func parseKeys(body []byte) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, fmt.Errorf("%w: %w", errKeySet, err)
	}
	if len(set.Keys) > keysMost {
		return nil, fmt.Errorf("%w: %d keys, of which %d at most are read", errKeySet, len(set.Keys), keysMost)
	}
	var keys []key
	for _, raw := range set.Keys {
		var more struct {
			Issuer string `json:"issuer"`
		}
		var k key
		if json.Unmarshal(raw, &k.jwk) != nil || json.Unmarshal(raw, &more) != nil {
			continue
		}
		k.issuer = more.Issuer
		if k.jwk.Use != "" && k.jwk.Use != "sig" || kind(k.jwk.Key) == "" {
			continue
		}
		// The certificates of a set are not looked at, and they are the most of it.
		k.jwk.Certificates = nil
		keys = append(keys, k)
	}
	return keys, nil
}

// fetchKeys fetches the key set of a document; keys that left it count a little longer.
func (c *Client) fetchKeys(d Discovery, kept *renewed[keySet]) func(context.Context) (keySet, error) {
	return func(ctx context.Context) (keySet, error) {
		ctx, cancel := c.calling(ctx)
		defer cancel()
		body, _, err := get(ctx, c.http, d.KeysEndpoint, "application/json", "")
		if err != nil {
			return keySet{}, unreachable(fmt.Errorf("key set of %s: %w", d.Issuer, err))
		}
		keys, err := parseKeys(body)
		if err != nil {
			return keySet{}, unreachable(fmt.Errorf("key set of %s: %w", d.Issuer, err))
		}
		now := c.now()
		for _, old := range kept.look().value.keys {
			if old.until.IsZero() {
				old.until = now.Add(keyOverlap)
			}
			if now.Before(old.until) && len(keys) < 2*keysMost && !holds(keys, old) {
				keys = append(keys, old)
			}
		}
		return keySet{keys: keys}, nil
	}
}

func holds(keys []key, old key) bool {
	for _, k := range keys {
		if same, ok := k.jwk.Key.(interface{ Equal(any) bool }); k.jwk.KeyID == old.jwk.KeyID && ok && same.Equal(old.jwk.Key) {
			return true
		}
	}
	return false
}

// get fetches a document, with a bearer token when there is one; it gives the body and the media type.
func get(ctx context.Context, client *http.Client, address, accept, bearer string) (body []byte, mediaType string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Accept", accept)
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, "", statusError(res.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(res.Body, bodyMost))
	return body, res.Header.Get("Content-Type"), err
}

// errSignature is a signature that no key of the issuer made.
var errSignature = errors.New("no key of the issuer made this signature")

// proof checks one token's signature for go-oidc (it is a KeySet) and remembers what came of it: the library's own errors
// do not say what failed.
type proof struct {
	client  *Client
	name    string // the issuer as the settings have it
	about   Discovery
	fetches *throttle.Limiter
	allowed []jose.SignatureAlgorithm

	payload []byte // what was signed
	by      key
	err     error
}

var _ gooidc.KeySet = (*proof)(nil)

// VerifySignature checks the signature with the keys at hand and, when none fits, with newer ones.
func (p *proof) VerifySignature(ctx context.Context, token string) ([]byte, error) {
	p.payload, p.err = p.verify(ctx, token)
	return p.payload, p.err
}

func (p *proof) verify(ctx context.Context, token string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(token, p.allowed)
	if err != nil {
		return nil, errors.Join(errSignature, err)
	}
	kept := p.client.of(p.name).keys
	fetch := p.client.fetchKeys(p.about, kept)
	may := func() bool { ok, _, _ := p.fetches.Allow(p.name); return ok }
	s, err := kept.get(ctx, p.client.terms(), fetch)
	// A fetch that was under way may have read the set just before the key came into it. One that begins after it has the
	// key, so the third look is the last that can help.
	for look := 1; ; look++ {
		if err != nil {
			return nil, err
		}
		payload, by, ok := s.value.verify(jws, p.client.now())
		if ok {
			p.by = by
			return payload, nil
		}
		if look == 3 {
			return nil, errSignature
		}
		if s, err = kept.renew(ctx, p.client.terms(), s, may, fetch); err == nil {
			err = s.err
		}
	}
}
