package oidc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
)

// Start is what is made for one sign-in and kept, bound to the browser and used once: State, Nonce and Verifier are
// secrets of at least 43 characters of base64url (oauth2.GenerateVerifier makes such; RFC 7636 §4.1 sets the verifier's).
type Start struct {
	RedirectURL string
	State       string
	Nonce       string
	Verifier    string
	// LoginHint is the e-mail address that the person typed.
	LoginHint string
	// Prompt overrides the settings' prompt; none asks the provider to show no page at all.
	Prompt string
	// Locales are the person's languages, best first (ui_locales).
	Locales []string
}

var errStart = errors.New("oidc: a sign-in needs a redirect address, and a state, a nonce and a verifier of 43 to 128 characters")

// NewSecret makes a State, a Nonce or a Verifier: 256 bits in base64url.
func NewSecret() string { return oauth2.GenerateVerifier() }

// Begin gives the address that a browser is sent to (OIDC Core 1.0 §3.1.2.1). PKCE with S256 is always used.
func (c *Client) Begin(ctx context.Context, s Settings, in Start) (string, error) {
	for _, secret := range []string{in.State, in.Nonce, in.Verifier} {
		if len(secret) < 43 || len(secret) > 128 {
			return "", errStart
		}
	}
	if in.RedirectURL == "" {
		return "", errStart
	}
	if err := s.Validate(); err != nil {
		return "", err
	}
	d, err := c.discovery(ctx, s.Issuer)
	if err != nil {
		return "", fmt.Errorf("begin a sign-in at %s: %w", s.Issuer, err)
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(in.Verifier)}
	add := func(name, value string) {
		if value != "" {
			options = append(options, oauth2.SetAuthURLParam(name, value))
		}
	}
	prompt := in.Prompt
	if prompt == "" {
		prompt = s.Prompt
	}
	add("nonce", in.Nonce)
	add("prompt", prompt)
	add("login_hint", in.LoginHint)
	add("ui_locales", strings.Join(in.Locales, " "))
	add("acr_values", strings.Join(s.RequestedContext, " "))
	add("hd", s.HostedDomain)
	if s.MaxAge > 0 {
		add("max_age", strconv.Itoa(s.MaxAge))
	}
	return s.oauth(d, in.RedirectURL).AuthCodeURL(in.State, options...), nil
}

// oauth is the connection as x/oauth2 wants it, without its secret.
func (s Settings) oauth(d Discovery, redirect string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: s.ClientID, RedirectURL: redirect, Scopes: s.scopes(),
		Endpoint: oauth2.Endpoint{AuthURL: d.AuthorizationEndpoint, TokenURL: d.TokenEndpoint},
	}
}
