package oidc

import (
	"context"
	"errors"
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth"
)

// tokenOnly are claims that only the ID token can make: of who signed in where, when and how.
var tokenOnly = []string{"iss", "aud", "azp", "exp", "nbf", "iat", "jti", "sid", "nonce", "at_hash", "auth_time", "acr", "amr", "tid", "oid", "hd"}

// withUserInfo gives the ID token's claims with those of the UserInfo endpoint that it lacks (OIDC Core 1.0 §5.3). What the
// ID token says stands.
func (v *verification) withUserInfo(ctx context.Context, access string) (claims, error) {
	if !v.settings.UseUserInfo {
		return v.claims, nil
	}
	if v.about.UserInfoEndpoint == "" {
		return nil, v.report.Refused("userinfo", nil, "the issuer has no UserInfo endpoint: switch it off in the settings")
	}
	more, err := v.fetchUserInfo(ctx, access)
	if err != nil {
		return nil, err
	}
	if sub := more.text("sub"); sub == "" || sub != v.claims.text("sub") {
		return nil, v.report.Refused("userinfo_subject", nil, "UserInfo speaks of another person than the id_token (OIDC Core 5.3.2)")
	}
	v.report.Passed("userinfo_subject", "the same person as in the id_token")
	// An address and whether it was verified belong together: one source's word does not count for another's address.
	if v.claims.has("email") && !strings.EqualFold(v.claims.text("email"), more.text("email")) || v.claims.has("email_verified") {
		delete(more, "email_verified")
	}
	if !v.claims.has("email") && v.claims.has("email_verified") {
		delete(more, "email")
	}
	all := maps.Clone(v.claims)
	for name, value := range more {
		if !all.has(name) && !slices.Contains(tokenOnly, name) {
			all[name] = value
		}
	}
	return all, nil
}

// fetchUserInfo asks for the claims, as JSON or as a signed token (§5.3.2). No redirect is followed: the access token goes
// only where the issuer said.
func (v *verification) fetchUserInfo(ctx context.Context, access string) (claims, error) {
	calling, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, mediaType, err := get(calling, v.client.direct, v.about.UserInfoEndpoint, "application/json, application/jwt", access)
	if err != nil {
		return nil, ErrUnreachable.Because(v.report.Refused("userinfo", err, "the UserInfo endpoint: %s", why(err)))
	}
	signed := false
	if kind, _, _ := mime.ParseMediaType(mediaType); kind == "application/jwt" {
		if body, err = v.signedUserInfo(ctx, string(body)); err != nil {
			return nil, v.report.Refused("userinfo", err, "UserInfo is signed, and its signature is not good")
		}
		signed = true
	}
	more, err := parseClaims(body)
	if err != nil {
		return nil, v.report.Refused("userinfo", err, "UserInfo: %s", err)
	}
	if signed {
		audience, _ := more.list("aud")
		if more.has("iss") && more.text("iss") != v.claims.text("iss") || more.has("aud") && !slices.Contains(audience, v.settings.ClientID) {
			return nil, v.report.Refused("userinfo", nil, "UserInfo is of another issuer or for another client")
		}
	}
	v.report.Passed("userinfo", "%d claims", len(more))
	return more, nil
}

func (v *verification) signedUserInfo(ctx context.Context, token string) ([]byte, error) {
	var allowed []jose.SignatureAlgorithm
	for _, a := range v.settings.algorithms() {
		allowed = append(allowed, jose.SignatureAlgorithm(a))
	}
	p := &proof{client: v.client, name: v.settings.Issuer, about: v.about, fetches: v.client.signInFetches, allowed: allowed}
	payload, err := p.VerifySignature(ctx, token)
	if err != nil {
		return nil, errors.Join(auth.ErrSignOnRefused, err)
	}
	return payload, nil
}
