package demoop

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// logout ends a session that the relying party names with the token it got (OIDC RP-Initiated Logout 1.0), or the
// browser's own; then all clients of the session are told.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.fail(w, &refusal{code: "invalid_request", text: "The request cannot be read."})
		return
	}
	s, client, hinted := p.hinted(r.Form.Get("id_token_hint"))
	if named := r.Form.Get("client_id"); hinted && named != "" && named != client {
		p.fail(w, &refusal{code: "invalid_request", text: "The token was not issued to this application."})
		return
	}
	if s == nil {
		s, _ = p.sessionOf(r)
	}
	var told []string
	if s != nil {
		told = p.end(r.Context(), s)
		http.SetCookie(w, &http.Cookie{Name: cookieName, Path: p.base.Path + "/", MaxAge: -1, HttpOnly: true, Secure: p.base.Scheme == "https", SameSite: http.SameSiteLaxMode}) //nolint:gosec // it takes the cookie away
	}
	if back := r.Form.Get("post_logout_redirect_uri"); back != "" && hinted {
		known, ok := p.client(r.Context(), client)
		u, err := url.Parse(back)
		if !ok || err != nil || known.LogoutRedirect == nil || !known.LogoutRedirect(back) {
			p.fail(w, &refusal{code: "invalid_request", text: "You are signed out. The address to go on to is not this application's."})
			return
		}
		q := u.Query()
		if state := r.Form.Get("state"); state != "" {
			q.Set("state", state)
		}
		u.RawQuery = q.Encode()
		http.Redirect(w, r, u.String(), http.StatusFound) //nolint:gosec // the client was asked about it above
		return
	}
	p.showSignedOut(w, len(told))
}

// hinted reads an ID token of ours, however old (§2): its session, if that still lasts, and its client.
func (p *Provider) hinted(raw string) (s *session, client string, ok bool) {
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return nil, "", false
	}
	var c struct {
		jwt.Claims
		Session string `json:"sid"`
	}
	for _, k := range p.allKeys() {
		if token.Claims(k.Public().Key, &c) == nil && c.Issuer == p.issuer && len(c.Audience) == 1 {
			s, _ := p.sessions.Get(c.Session)
			return s, c.Audience[0], true
		}
	}
	return nil, "", false
}

// SignOut ends all sessions of a person, as an administrator of the identity provider would, and tells their clients.
// It gives the ids of the clients that took it.
func (p *Provider) SignOut(ctx context.Context, email string) []string {
	var told []string
	for _, key := range p.sessions.Keys() {
		if s, ok := p.sessions.Peek(key); ok && key == s.id && strings.EqualFold(s.person.Email, email) {
			told = append(told, p.end(ctx, s)...)
		}
	}
	return told
}

// end ends a session and calls its clients (OIDC Back-Channel Logout 1.0 §2.5), one after the other.
func (p *Provider) end(ctx context.Context, s *session) (told []string) {
	p.sessions.Remove(s.secret)
	if !p.sessions.Remove(s.id) || p.http == nil {
		return nil
	}
	s.mu.Lock()
	var clients []string
	for id := range s.clients {
		clients = append(clients, id)
	}
	s.mu.Unlock()
	slices.Sort(clients)
	for _, id := range clients {
		if client, ok := p.client(ctx, id); ok && client.BackChannelLogout != "" && p.tell(ctx, client.BackChannelLogout, id, s) == nil {
			told = append(told, id)
		}
	}
	return told
}

// LogoutToken makes a logout token as end sends it (§2.4).
func (p *Provider) LogoutToken(client, subject, session string) (string, error) {
	now := p.now()
	c := map[string]any{
		"iss": p.issuer, "aud": client, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": rand.Text(),
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}
	if subject != "" {
		c["sub"] = subject
	}
	if session != "" {
		c["sid"] = session
	}
	return p.sign("logout+jwt", c)
}

func (p *Provider) tell(ctx context.Context, address, client string, s *session) error {
	token, err := p.LogoutToken(client, s.person.Subject, s.id)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(url.Values{"logout_token": {token}}.Encode()))
	if err != nil {
		return fmt.Errorf("demoop: tell %s of a logout: %w", client, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := p.http.Do(req)
	if err != nil {
		return fmt.Errorf("demoop: tell %s of a logout: %w", client, err)
	}
	defer res.Body.Close()
	if res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("demoop: tell %s of a logout: it answered %s", client, res.Status)
	}
	return nil
}
