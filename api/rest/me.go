package rest

import (
	"context"
	"slices"

	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// me is who asks, and what they may.
type me struct {
	ID          uid.ID        `json:"id"`
	Email       string        `json:"email"`
	Name        string        `json:"name"`
	Locale      string        `json:"locale" doc:"A BCP 47 language tag. Empty means the portal's."`
	TimeZone    string        `json:"time_zone" doc:"An IANA time zone. Empty means the portal's."`
	Roles       []policy.Role `json:"roles"`
	Permissions []string      `json:"permissions" doc:"What this request may: the person's permissions, narrowed to the scopes of the API key if one was used."`
	SessionID   *uid.ID       `json:"session_id,omitempty"`
	APIKeyID    *uid.ID       `json:"api_key_id,omitempty"`
	Portal      portal        `json:"portal"`
}

// portal is the organization whose portal this is.
type portal struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// profile is what people change about themselves.
type profile struct {
	Name     string `json:"name"`
	Locale   string `json:"locale,omitempty" doc:"A BCP 47 language tag. Left out means the portal's."`
	TimeZone string `json:"time_zone,omitempty" doc:"An IANA time zone, for example Europe/Berlin. Left out means the portal's."`
}

type meOut struct{ Body me }

type profileIn struct{ Body profile }

func (a *api) meOperations() {
	on(a, operation{
		method: get, path: "/me", id: "get-me", tag: tagMe, need: route.SignedIn,
		summary: "Who is asking, and what they may do",
	}, func(ctx context.Context, _ *struct{}) (*meOut, error) {
		who, ok := auth.PrincipalFrom(ctx)
		if !ok {
			return nil, auth.ErrSignInFirst
		}
		return &meOut{showMe(ctx, who)}, nil
	})
	on(a, operation{
		method: put, path: "/me/profile", id: "update-my-profile", tag: tagMe, need: route.For(policy.PersonSelf),
		summary: "Change one's own name, language and time zone",
	}, func(ctx context.Context, in *profileIn) (*nothing, error) {
		return nil, a.Auth.UpdateProfile(ctx, auth.ProfileInput{Name: in.Body.Name, Locale: in.Body.Locale, TimeZone: in.Body.TimeZone})
	})
}

func showMe(ctx context.Context, who auth.Principal) me {
	t, _ := tenant.From(ctx)
	out := me{
		ID: who.PersonID, Email: who.Email, Name: who.Name, Locale: who.Locale, TimeZone: who.TimeZone,
		Roles: listed(who.Roles), Permissions: make([]string, 0, len(who.May)),
		SessionID: unlessNil(who.SessionID), APIKeyID: unlessNil(who.KeyID),
		Portal: portal{Slug: t.Slug, Name: t.Name},
	}
	for p := range who.May {
		out.Permissions = append(out.Permissions, string(p))
	}
	slices.Sort(out.Permissions)
	return out
}
