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

// session is one signed-in browser.
type session struct {
	ID        uid.ID    `json:"id"`
	Current   bool      `json:"current" doc:"It is the one that asks."`
	IP        string    `json:"ip"`
	UserAgent string    `json:"user_agent"`
	Method    string    `json:"method" doc:"How it was opened: password, passkey, link, or by an identity provider: saml, oidc, ldap."`
	Factors   []string  `json:"factors" doc:"What was proven, in the words of RFC 8176: pwd, otp, hwk, mfa, fed and others."`
	CreatedAt time.Time `json:"created_at"`
	SeenAt    time.Time `json:"seen_at" doc:"To the minute."`
	ExpiresAt time.Time `json:"expires_at"`
}

// ended is how many sessions ended.
type ended struct {
	Ended int `json:"ended"`
}

type sessionIn struct {
	ID uid.ID `path:"session" doc:"The session's id."`
}

type endedOut struct{ Body ended }

func (a *api) sessionOperations() {
	on(a, operation{
		method: get, path: "/me/sessions", id: "list-my-sessions", tag: tagMe, need: route.For(policy.PersonSelf),
		summary: "Where one is signed in, the last used first",
	}, func(ctx context.Context, _ *nothing) (*pageOut[session], error) {
		sessions, err := a.Auth.Sessions(ctx)
		if err != nil {
			return nil, err
		}
		who, _ := auth.PrincipalFrom(ctx)
		return whole(ctx, sessions, func(s *auth.Session) session { return showSession(s, who.SessionID) }), nil
	})
	on(a, operation{
		method: del, path: "/me/sessions/{session}", id: "end-my-session", tag: tagMe, need: route.For(policy.PersonSelf),
		summary: "Sign out one browser",
		fails:   faults{auth.ErrSessionNotFound},
	}, func(ctx context.Context, in *sessionIn) (*nothing, error) {
		return nil, a.Auth.EndSession(ctx, in.ID)
	})
	on(a, operation{
		method: del, path: "/me/sessions", id: "end-my-other-sessions", tag: tagMe, need: route.For(policy.PersonSelf), status: 200,
		summary: "Sign out everywhere else",
		about:   "With an API key it is everywhere.",
	}, func(ctx context.Context, _ *nothing) (*endedOut, error) {
		n, err := a.Auth.EndOtherSessions(ctx)
		if err != nil {
			return nil, err
		}
		return &endedOut{ended{n}}, nil
	})
}

func showSession(s *auth.Session, current uid.ID) session {
	return session{
		ID: s.ID, Current: s.ID == current, IP: s.IP, UserAgent: s.UserAgent, Method: string(s.Method), Factors: listed(strings.Fields(s.Factors)),
		CreatedAt: utc(s.CreatedAt), SeenAt: utc(s.SeenAt), ExpiresAt: utc(s.ExpiresAt),
	}
}
