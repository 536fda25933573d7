package rest

import (
	"context"
	"strings"
	"time"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// apiKey lets a program act as a person, within scopes.
type apiKey struct {
	ID         uid.ID     `json:"id"`
	Name       string     `json:"name"`
	Prefix     string     `json:"prefix" doc:"The first characters of the secret, to tell keys apart."`
	Scopes     []string   `json:"scopes" doc:"Permissions, or * for all that the person may."`
	CreatedAt  time.Time  `json:"created_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"To the minute."`
}

// newAPIKey is a key with its secret.
type newAPIKey struct {
	Secret string `json:"secret" doc:"Shown this once: keep it where your program finds it and nobody else does."`
	Key    apiKey `json:"key"`
}

// apiKeyWish is what a key is for.
type apiKeyWish struct {
	Name   string   `json:"name" example:"Payroll sync"`
	Scopes []string `json:"scopes" example:"course:read, enrolment:manage" doc:"Permissions within your own, or * alone."`
	Days   int      `json:"days,omitempty" doc:"How long it lasts, 1 to 3650. Left out means 365."`
}

type apiKeyWishIn struct{ Body apiKeyWish }

type apiKeyIn struct {
	ID uid.ID `path:"key" doc:"The key's id."`
}

type newAPIKeyOut struct{ Body newAPIKey }

func (a *api) keyOperations() {
	on(a, operation{
		method: get, path: "/api-keys", id: "list-api-keys", tag: tagKeys, need: route.For(policy.PersonSelf),
		summary: "One's own API keys, the newest first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[apiKey], error) {
		keys, err := a.Auth.Keys(ctx)
		if err != nil {
			return nil, err
		}
		return whole(ctx, keys, showKey), nil
	})
	on(a, operation{
		method: post, path: "/api-keys", id: "create-api-key", tag: tagKeys, need: route.For(policy.APIKeyManage), fresh: true, status: 201,
		summary: "Make an API key",
		about:   "Its secret is in this answer and never again. An API key cannot make another: this needs a session.",
		fails:   faults{auth.ErrKeyMakesKey},
	}, func(ctx context.Context, in *apiKeyWishIn) (*newAPIKeyOut, error) {
		secret, key, err := a.Auth.CreateKey(ctx, auth.KeyInput{Name: in.Body.Name, Scopes: in.Body.Scopes, Days: in.Body.Days})
		if err != nil {
			return nil, err
		}
		return &newAPIKeyOut{newAPIKey{Secret: secret, Key: showKey(&key)}}, nil
	})
	on(a, operation{
		method: del, path: "/api-keys/{key}", id: "revoke-api-key", tag: tagKeys, need: route.For(policy.PersonSelf),
		summary: "End an API key at once",
		fails:   faults{auth.ErrKeyNotFound},
	}, func(ctx context.Context, in *apiKeyIn) (*nothing, error) {
		return nil, a.Auth.RevokeKey(ctx, in.ID)
	})
}

func showKey(k *auth.APIKey) apiKey {
	return apiKey{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: strings.Fields(k.Scopes), CreatedAt: utc(k.CreatedAt),
		ExpiresAt: utc(k.ExpiresAt), LastUsedAt: utcOrNone(k.LastUsedAt),
	}
}
