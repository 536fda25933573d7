package oidc

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/oauth2"

	"lyceum/auth"
)

// tokens are what the token endpoint gave; both are secrets.
type tokens struct{ access, id string }

// tokenMost bounds an ID token in bytes: one with thousands of groups has 100 kB.
const tokenMost = 256 << 10

// exchange turns the code into tokens (OIDC Core 1.0 §3.1.3). No redirect is followed: it would carry the code and the
// secret to a place that the issuer did not name.
func (c *Client) exchange(ctx context.Context, s Settings, d Discovery, secret string, in Callback, r *auth.Report) (tokens, error) {
	config := s.oauth(d, in.RedirectURL)
	options := []oauth2.AuthCodeOption{oauth2.VerifierOption(in.Verifier)}
	switch s.AuthMethod {
	case AuthBasic, "":
		config.Endpoint.AuthStyle, config.ClientSecret = oauth2.AuthStyleInHeader, secret
	case AuthPost:
		config.Endpoint.AuthStyle, config.ClientSecret = oauth2.AuthStyleInParams, secret
	case AuthPrivateKey:
		assertion, err := clientAssertion(secret, s.ClientID, d.TokenEndpoint, c.now())
		if err != nil {
			return tokens{}, r.Refused("token_exchange", err, "the client's private key cannot be used: make a new one")
		}
		config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
		options = append(options, oauth2.SetAuthURLParam("client_assertion", assertion),
			oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
	default:
		config.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	token, err := config.Exchange(context.WithValue(ctx, oauth2.HTTPClient, c.direct), in.Code, options...)
	if err != nil {
		return tokens{}, refuseExchange(err, r)
	}
	if kind := token.TokenType; kind != "" && !strings.EqualFold(kind, "bearer") {
		return tokens{}, r.Refused("token_exchange", nil, "the access token is of the kind %s, not Bearer", brief(kind))
	}
	r.Passed("token_exchange", "the code was taken")
	id, _ := token.Extra("id_token").(string)
	switch {
	case id == "":
		return tokens{}, r.Refused("id_token", nil, "the token endpoint gave no id_token: the scope openid is missing, or the client is not registered for OpenID Connect")
	case len(id) > tokenMost:
		return tokens{}, r.Refused("id_token", nil, "the id_token has %d bytes; %d at most are read", len(id), tokenMost)
	}
	return tokens{access: token.AccessToken, id: id}, nil
}

func refuseExchange(err error, r *auth.Report) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) {
		refusal := r.Refused("token_exchange", err, "the token endpoint: %s", why(err))
		return ErrUnreachable.Because(refusal)
	}
	// The library's error holds the answer's body, which can hold anything; neither trace nor log gets it.
	cause := fmt.Errorf("token endpoint: %s %s", answer.Response.Status, brief(answer.ErrorCode))
	if answer.ErrorCode != "" {
		return r.Refused("token_exchange", cause, "%s", inWords(tokenErrors, answer.ErrorCode, answer.ErrorDescription))
	}
	refusal := r.Refused("token_exchange", cause, "the token endpoint answered %s", brief(answer.Response.Status))
	if answer.Response.StatusCode >= http.StatusInternalServerError {
		return ErrUnreachable.Because(refusal)
	}
	return refusal
}
