package signon

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// byKey tells whether the connection proves itself to its issuer by a private key of ours.
func (c Connection) byKey() bool {
	if c.Kind != auth.ProtocolOIDC {
		return false
	}
	st, err := c.OIDC()
	return err == nil && st.AuthMethod == oidc.AuthPrivateKey
}

// withKey makes the key of a connection that proves itself by one and has none, and refuses a secret that is no key.
func (s *Service) withKey(ctx context.Context, c Connection) (Connection, error) {
	if !c.byKey() {
		return c, nil
	}
	key, err := s.Secret(ctx, c)
	if err != nil {
		return c, err
	}
	if key != "" {
		if _, err := oidc.ClientKeySet(key); err != nil {
			return c, fault.Invalid(map[string]string{"secret": "This is no private key that can be used. Leave the field empty, and one is made."}) //nolint:gosec // a sentence
		}
		return c, nil
	}
	if key, err = oidc.NewClientKey(); err != nil {
		return c, err
	}
	c.Secrets, err = s.seal(ctx, key)
	return c, err
}

// ClientKeys is the public half of the key by which an OpenID Connect connection proves itself, as a key set (RFC 7517 §5)
// for its issuer to read at Addresses.KeySet. Anyone may know it. ErrConnectionNotFound where there is none.
func (s *Service) ClientKeys(ctx context.Context, connection uid.ID) (set []byte, err error) {
	var c Connection
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		c, err = s.Keep.ConnectionByID(ctx, connection)
		return err
	})
	if err == nil && (!c.byKey() || !c.HasSecret()) {
		err = ErrConnectionNotFound
	}
	if err != nil {
		return nil, err
	}
	key, err := s.Secret(ctx, c)
	if err != nil {
		return nil, err
	}
	return oidc.ClientKeySet(key)
}
