package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"lyceum/internal/outbound"
)

// Discovery is what an issuer says of itself (OIDC Discovery 1.0 §3 and the logout specifications), read and bounded.
type Discovery struct {
	// Issuer is the one that tokens must name; for Entra's multi-tenant issuers a pattern with {tenantid}.
	Issuer                string `json:"issuer"`
	AuthorizationEndpoint string `json:"authorization_endpoint"`
	TokenEndpoint         string `json:"token_endpoint"`
	KeysEndpoint          string `json:"jwks_uri"`
	UserInfoEndpoint      string `json:"userinfo_endpoint,omitempty"`
	EndSessionEndpoint    string `json:"end_session_endpoint,omitempty"`

	Scopes           []string `json:"scopes_supported,omitempty"`
	Claims           []string `json:"claims_supported,omitempty"`
	ResponseTypes    []string `json:"response_types_supported,omitempty"`
	Algorithms       []string `json:"id_token_signing_alg_values_supported,omitempty"`
	AuthMethods      []string `json:"token_endpoint_auth_methods_supported,omitempty"`
	ChallengeMethods []string `json:"code_challenge_methods_supported,omitempty"`
	Contexts         []string `json:"acr_values_supported,omitempty"`

	// IssuerParameter: every answer carries the parameter iss (RFC 9207 §3), and one without it is refused.
	IssuerParameter           bool `json:"authorization_response_iss_parameter_supported,omitempty"`
	BackChannelLogout         bool `json:"backchannel_logout_supported,omitempty"`
	BackChannelLogoutSession  bool `json:"backchannel_logout_session_supported,omitempty"`
	FrontChannelLogout        bool `json:"frontchannel_logout_supported,omitempty"`
	FrontChannelLogoutSession bool `json:"frontchannel_logout_session_supported,omitempty"`

	FetchedAt time.Time `json:"-"`
	// Keys are the usable keys of the key set, and Warnings what an administrator should know; Discover fills both in.
	Keys     []KeyInfo `json:"-"`
	Warnings []Warning `json:"-"`
}

// KeyInfo names a key of an issuer.
type KeyInfo struct{ ID, Algorithm, Kind string }

// Warning is something that works badly, or not at all, with an issuer.
type Warning struct {
	Code string // stable, snake_case
	Text string // what it means and what to do, in English
}

// Discover asks an issuer anew what it says of itself, for the page where a connection is set up. Its fault ErrIssuer says
// what to change; ErrUnreachable that nothing answers there.
func (c *Client) Discover(ctx context.Context, name string) (Discovery, error) {
	if name == "" || !issuerAddress(name) {
		return Discovery{}, unusable("The issuer is an https address without a question mark or a #.")
	}
	kept := c.of(name)
	s, err := kept.document.renew(ctx, c.terms(), kept.document.look(), nil, c.fetchDocument(name))
	if err == nil {
		err = s.err
	}
	if err != nil {
		return Discovery{}, err
	}
	d := s.value
	keys, err := kept.keys.renew(ctx, c.terms(), kept.keys.look(), nil, c.fetchKeys(d, kept.keys))
	if err == nil {
		err = keys.err
	}
	if err != nil {
		return Discovery{}, err
	}
	d.Keys = keys.value.describe()
	d.Warnings = d.warnings()
	return d, nil
}

// discovery gives what an issuer says of itself, as remembered.
func (c *Client) discovery(ctx context.Context, name string) (Discovery, error) {
	s, err := c.of(name).document.get(ctx, c.terms(), c.fetchDocument(name))
	return s.value, err
}

func (c *Client) fetchDocument(name string) func(context.Context) (Discovery, error) {
	return func(ctx context.Context) (d Discovery, err error) {
		ctx, cancel := c.calling(ctx)
		defer cancel()
		body, _, err := get(ctx, c.http, strings.TrimSuffix(name, "/")+"/.well-known/openid-configuration", "application/json", "")
		if status := (statusError)(0); errors.As(err, &status) && status < http.StatusInternalServerError || errors.Is(err, outbound.ErrAddress) {
			return d, unusable("No OpenID Connect issuer answers there: " + why(err) + ".").Because(err)
		}
		if err != nil {
			return d, unreachable(fmt.Errorf("discovery of %s: %w", name, err))
		}
		if err := json.Unmarshal(body, &d); err != nil {
			return d, unusable("No OpenID Connect issuer answers there: its discovery document is no JSON.").Because(err)
		}
		expected := name
		if host, multi := entraMultiTenant(name); multi {
			expected = entraIssuer(host, entraPlaceholder)
		}
		d.FetchedAt = c.now()
		return d.bounded(), d.check(name, expected)
	}
}

func otherIssuer(typed, found string) string {
	if found = brief(found); found == "" {
		return "No OpenID Connect issuer answers there."
	}
	if strings.TrimSuffix(typed, "/") == strings.TrimSuffix(found, "/") {
		return "The issuer calls itself " + found + ": write it just so, the slash at the end counts."
	}
	return "The issuer there calls itself " + found + ". Write that one if it is your organization's."
}

// check refuses a document that cannot be worked with.
func (d Discovery) check(name, expected string) error {
	if d.Issuer != expected {
		return unusable(otherIssuer(name, d.Issuer))
	}
	local := strings.HasPrefix(strings.ToLower(name), "http:")
	for field, address := range map[string]string{
		"authorization_endpoint": d.AuthorizationEndpoint, "token_endpoint": d.TokenEndpoint, "jwks_uri": d.KeysEndpoint,
		"userinfo_endpoint": d.UserInfoEndpoint, "end_session_endpoint": d.EndSessionEndpoint,
	} {
		if optional := field == "userinfo_endpoint" || field == "end_session_endpoint"; address == "" && optional {
			continue
		}
		if !endpoint(address) || !local && !strings.HasPrefix(strings.ToLower(address), "https:") {
			return unusable("Its discovery document has no usable " + field + ": an https address is needed.")
		}
	}
	return nil
}

// bounded cuts the lists of a hostile document to what an honest one can have.
func (d Discovery) bounded() Discovery {
	const most, longest = 200, 200
	for _, list := range []*[]string{&d.Scopes, &d.Claims, &d.ResponseTypes, &d.Algorithms, &d.AuthMethods, &d.ChallengeMethods, &d.Contexts} {
		var kept []string
		for _, w := range *list {
			if len(kept) < most && len(w) <= longest && plain(w) {
				kept = append(kept, strings.Clone(w))
			}
		}
		*list = kept
	}
	return d
}

// authMethods are how the token endpoint lets a client prove itself; a document that does not say means client_secret_basic.
func (d Discovery) authMethods() []string {
	if len(d.AuthMethods) == 0 {
		return []string{string(AuthBasic)}
	}
	return d.AuthMethods
}

func (d Discovery) warnings() (w []Warning) {
	add := func(bad bool, code, text string) {
		if bad {
			w = append(w, Warning{code, text})
		}
	}
	add(!slices.Contains(d.ChallengeMethods, "S256"), "no_s256",
		"The issuer does not say that it checks PKCE with S256. We send it all the same; if sign-in fails with invalid_request, ask its maker.")
	add(len(d.ResponseTypes) > 0 && !slices.Contains(d.ResponseTypes, "code"), "no_code_flow", "The issuer does not offer the authorization code flow, the only one we use.")
	add(len(d.Algorithms) > 0 && !overlap(d.Algorithms, Algorithms()), "no_algorithm",
		"The issuer signs with no algorithm that we accept. Choose RS256 or ES256 for the ID token in its settings.")
	add(len(d.Keys) == 0, "no_keys", "The issuer's key set holds no key that we can use: no signature can be checked until it does.")
	add(!overlap(d.authMethods(), []string{string(AuthBasic), string(AuthPost), string(AuthNone), string(AuthPrivateKey)}), "no_auth_method",
		"The issuer's token endpoint asks for a kind of client authentication that we do not have.")
	add(d.EndSessionEndpoint == "", "no_end_session", "The issuer has no end_session_endpoint: who signs out here stays signed in there.")
	add(!d.BackChannelLogout, "no_backchannel_logout", "The issuer does not say that it tells us when someone signs out there (back-channel logout).")
	add(d.UserInfoEndpoint == "", "no_userinfo", "The issuer has no UserInfo endpoint: all claims must be in the ID token.")
	add(!d.IssuerParameter, "no_iss_parameter", "The issuer does not put its name into its answers (RFC 9207). Sign-in works; mixing up two issuers is prevented by a callback that belongs to one connection only.")
	return w
}

// Against tells what in a connection's settings this issuer will not go along with.
func (d Discovery) Against(s Settings) (w []Warning) {
	add := func(bad bool, code, text string) {
		if bad {
			w = append(w, Warning{code, text})
		}
	}
	method := s.AuthMethod
	if method == "" {
		method = AuthBasic
	}
	add(!slices.Contains(d.authMethods(), string(method)), "auth_method", "The token endpoint takes "+strings.Join(d.authMethods(), ", ")+", not "+string(method)+".")
	for _, scope := range s.scopes() {
		add(len(d.Scopes) > 0 && !slices.Contains(d.Scopes, scope), "scope", "The issuer does not list the scope "+scope+".")
	}
	add(len(d.Algorithms) > 0 && !overlap(d.Algorithms, s.algorithms()), "algorithms", "The issuer signs with "+strings.Join(d.Algorithms, ", ")+", none of which is allowed here.")
	add(s.UseUserInfo && d.UserInfoEndpoint == "", "userinfo", "UserInfo is to be asked, but the issuer has no such endpoint: every sign-in would be refused.")
	for _, acr := range s.RequestedContext {
		add(len(d.Contexts) > 0 && !slices.Contains(d.Contexts, acr), "requested_context", "The issuer does not list the authentication context "+brief(acr)+".")
	}
	return w
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}
