package oidc

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"lyceum/auth"
)

// Logout is a provider's word that someone signed out there (OIDC Back-Channel Logout 1.0). Session names one session;
// without it all sessions of Subject end. The caller refuses an ID that was used before.
type Logout struct {
	Issuer string
	// Subject is as in auth.Assertion; empty where the token names only the session, or lacks a claim of the settings' SubjectClaim.
	Subject             string
	Session             string
	ID                  string
	IssuedAt, ExpiresAt time.Time
}

const (
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
	// logoutAge is how old a logout token may be: it is sent when it is made.
	logoutAge = 10 * time.Minute
	// hintMost bounds the ID token in the address of a logout: servers and browsers cut long addresses.
	hintMost = 4096
)

// LogoutURL gives the address that a browser is sent to so that the person signs out at the provider as well
// (OIDC RP-Initiated Logout 1.0 §2); ok is false where the provider has none. hint is the assertion's IDToken: without it,
// or where it is too long for an address, the provider asks the person.
func (c *Client) LogoutURL(ctx context.Context, s Settings, hint, postLogoutRedirect, state string) (address string, ok bool, err error) {
	d, err := c.discovery(ctx, s.Issuer)
	if err != nil {
		return "", false, fmt.Errorf("sign out at %s: %w", s.Issuer, err)
	}
	if d.EndSessionEndpoint == "" {
		return "", false, nil
	}
	u, err := url.Parse(d.EndSessionEndpoint)
	if err != nil {
		return "", false, fmt.Errorf("sign out at %s: %w", s.Issuer, err)
	}
	q := u.Query()
	q.Set("client_id", s.ClientID)
	if hint != "" && len(hint) <= hintMost {
		q.Set("id_token_hint", hint)
	}
	if postLogoutRedirect != "" {
		q.Set("post_logout_redirect_uri", postLogoutRedirect)
		if state != "" {
			q.Set("state", state)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), true, nil
}

// VerifyLogoutToken verifies the logout_token of a back-channel call (OIDC Back-Channel Logout 1.0 §2.6). Anybody can send
// one: a flood of forged ones causes no more than a few calls to the issuer.
func (c *Client) VerifyLogoutToken(ctx context.Context, s Settings, raw string) (Logout, auth.Report, error) {
	v := &verification{client: c, settings: s, in: Callback{Now: c.now()}}
	out, err := v.logout(ctx, raw)
	if err != nil {
		return Logout{}, v.report, err
	}
	return out, v.report, nil
}

func (v *verification) logout(ctx context.Context, raw string) (out Logout, err error) {
	if len(raw) > tokenMost {
		return out, v.report.Refused("logout_token", nil, "the logout_token has %d bytes; %d at most are read", len(raw), tokenMost)
	}
	if err := v.discover(ctx); err != nil {
		return out, err
	}
	// The type keeps other tokens of the issuer from posing as this one; older providers write JWT or nothing.
	verifier, p, err := v.prove(raw, v.client.logoutFetches, func(typ string) bool { return typ == "logout+jwt" || typ == "jwt" || typ == "" })
	if err != nil {
		return out, err
	}
	_, library := verifier.VerifyLogout(ctx, raw)
	if err := v.signed(p, library); err != nil {
		return out, err
	}
	for _, check := range []func() error{v.checkIssuer, v.checkAudience, v.checkTimes, v.checkLogoutEvent} {
		if err := check(); err != nil {
			return out, err
		}
	}
	if library != nil {
		return out, v.report.Refused("logout_token", library, "the logout_token is not what OpenID Connect says it is")
	}
	out = Logout{Issuer: v.issuer(), Session: v.claims.text("sid"), ID: v.claims.text("jti")}
	out.Subject, _ = subjectOf(v.settings, v.claims)
	out.IssuedAt, _ = v.claims.date("iat")
	out.ExpiresAt, _ = v.claims.date("exp")
	if out.Session == "" && out.Subject == "" {
		return out, v.report.Refused("subject", nil, "the token names neither a session (sid) nor a person (%s)", strings.Join(v.settings.subjectClaims(), " and "))
	}
	v.report.Passed("subject", "session %q, person %q", out.Session, out.Subject)
	return out, nil
}

// checkLogoutEvent looks at what tells a logout token from all others: events, no nonce, jti, and who signed out.
func (v *verification) checkLogoutEvent() error {
	r := &v.report
	if issued, _ := v.claims.date("iat"); issued.Before(v.in.Now.Add(-logoutAge - v.settings.skew())) {
		return r.Refused("issued_at", nil, "the token was issued at %s, more than %s ago", stamp(issued), logoutAge)
	}
	events, _ := v.claims["events"].(map[string]any)
	if _, ok := events[logoutEvent].(map[string]any); !ok {
		return r.Refused("events", nil, "the token is not about a logout (events)")
	}
	r.Passed("events", "a logout")
	if v.claims.has("nonce") {
		return r.Refused("nonce", nil, "the token has a nonce: it is an id_token, not a logout_token")
	}
	if jti := v.claims.text("jti"); jti == "" || len(jti) > 255 || !plain(jti) {
		return r.Refused("logout_id", nil, "the token has no readable id (jti), without which a second use cannot be told")
	}
	for name, most := range map[string]int{"sub": 255, "sid": 1024} {
		if v.claims.has(name) && (v.claims.text(name) == "" || len(v.claims.text(name)) > most || !plain(v.claims.text(name))) {
			return r.Refused("subject", nil, "the claim %s is not readable", name)
		}
	}
	return nil
}

// CheckFrontChannelLogout tells whether a front-channel call (OIDC Front-Channel Logout 1.0 §3) is about the session that
// this browser has here: issuer and session are those of its assertion. Nothing in such a call is signed, so one that does
// not name both is refused: else any page could sign people out.
func CheckFrontChannelLogout(issuer, session string, q url.Values) (auth.Report, error) {
	var r auth.Report
	iss, sid := q["iss"], q["sid"]
	if len(iss) != 1 || len(sid) != 1 || iss[0] == "" || sid[0] == "" {
		return r, r.Refused("parameters", nil, "the call names no session: require iss and sid in the front-channel logout settings of the identity provider")
	}
	if iss[0] != issuer {
		return r, r.Refused("issuer", nil, "the call is of %s; this session is of %s", brief(iss[0]), issuer)
	}
	r.Passed("issuer", "%s", issuer)
	if session == "" || !same(sid[0], session) {
		return r, r.Refused("session", nil, "the call is about another session")
	}
	r.Passed("session", "this browser's")
	return r, nil
}
