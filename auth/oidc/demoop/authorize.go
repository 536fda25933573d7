package demoop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// request is an authorization request that was found in order (OIDC Core 1.0 §3.1.2.1).
type request struct {
	client, name, redirect, state, nonce, challenge, hint string
	prompt, scopes                                        []string
	maxAge                                                time.Duration // below 0: none asked for
	until                                                 time.Time
}

// refusal is what is wrong with a request.
type refusal struct {
	code, text string
	// answerable: the redirect address is known to be the client's, so the client is told; else the person is.
	answerable bool
}

// Error says what is wrong.
func (r *refusal) Error() string { return r.code + ": " + r.text }

// read checks a request. Nothing is sent to an address before it is known to be the client's.
func (p *Provider) read(ctx context.Context, q url.Values) (r request, err error) {
	one := func(name string) string {
		if len(q[name]) > 1 && err == nil {
			err = &refusal{code: "invalid_request", text: "The parameter " + name + " comes twice."}
		}
		return q.Get(name)
	}
	r = request{
		client: one("client_id"), redirect: one("redirect_uri"), state: one("state"), nonce: one("nonce"), hint: one("login_hint"), challenge: one("code_challenge"),
		scopes: strings.Fields(one("scope")), prompt: strings.Fields(one("prompt")), maxAge: -1, until: p.now().Add(ticketLife),
	}
	kind, method, age := one("response_type"), one("code_challenge_method"), one("max_age")
	if err != nil {
		return r, err
	}
	client, known := p.client(ctx, r.client)
	if !known {
		return r, &refusal{code: "invalid_client", text: "This application is not known here."}
	}
	if r.redirect == "" || client.Redirect == nil || !client.Redirect(r.redirect) {
		return r, &refusal{code: "invalid_request", text: "The redirect address is not this application's."}
	}
	if r.name = client.Name; r.name == "" {
		r.name = r.client
	}
	no := func(code, text string) error { return &refusal{code: code, text: text, answerable: true} }
	if age != "" {
		seconds, err := strconv.Atoi(age)
		if err != nil || seconds < 0 {
			return r, no("invalid_request", "max_age is a number of seconds")
		}
		r.maxAge = time.Duration(min(seconds, 1<<30)) * time.Second
	}
	switch {
	case kind != "code":
		return r, no("unsupported_response_type", "only code is known here")
	case !slices.Contains(r.scopes, "openid"):
		return r, no("invalid_scope", "the scope openid is needed")
	case r.challenge == "" || method != "S256":
		return r, no("invalid_request", "PKCE with code_challenge_method S256 is needed")
	case slices.Contains(r.prompt, "none") && len(r.prompt) > 1:
		return r, no("invalid_request", "prompt none stands alone")
	}
	return r, nil
}

// authorize shows the people to choose from, or answers at once where the request says so.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		p.fail(w, &refusal{code: "invalid_request", text: "The request cannot be read."})
		return
	}
	in, err := p.read(r.Context(), r.Form)
	if err != nil {
		p.refuse(w, r, in, err)
		return
	}
	if slices.Contains(in.prompt, "none") {
		s, ok := p.sessionOf(r)
		if !ok || in.maxAge >= 0 && p.now().Sub(s.at) > in.maxAge {
			p.refuse(w, r, in, &refusal{code: "login_required", text: "nobody is signed in here", answerable: true})
			return
		}
		http.Redirect(w, r, p.answer(in, s), http.StatusFound)
		return
	}
	ticket := rand.Text()
	p.tickets.Add(ticket, in)
	p.showPeople(w, in, ticket)
}

// choose is the click on a person. The ticket is a secret of the page and counts once.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	in, ok := p.tickets.Peek(ticket)
	person, known := p.personOf(r.URL.Query().Get("person"))
	cancelled := r.URL.Query().Get("person") == ""
	if !ok || p.now().After(in.until) || !known && !cancelled || !p.tickets.Remove(ticket) {
		p.fail(w, &refusal{code: "invalid_request", text: "This page was used already or is too old. Go back to the application and sign in again."})
		return
	}
	if cancelled {
		p.refuse(w, r, in, &refusal{code: "access_denied", text: "the person cancelled", answerable: true})
		return
	}
	s := p.begin(person)
	// Secure follows the address: the demo runs on http on this machine.
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // see above
		Name: cookieName, Value: s.secret, Path: p.base.Path + "/", MaxAge: int(sessionLife / time.Second),
		HttpOnly: true, Secure: p.base.Scheme == "https", SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, p.answer(in, s), http.StatusFound) //nolint:gosec // the client's own address, as read found
}

const cookieName = "demoop_session"

func (p *Provider) begin(person Person) *session {
	s := &session{id: rand.Text(), secret: rand.Text(), person: person, at: p.now(), clients: map[string]bool{}}
	p.sessions.Add(s.id, s)
	p.sessions.Add(s.secret, s)
	return s
}

// sessionOf gives the session of a browser.
func (p *Provider) sessionOf(r *http.Request) (*session, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return nil, false
	}
	s, ok := p.sessions.Get(c.Value)
	return s, ok && s.secret == c.Value && p.now().Sub(s.at) < sessionLife
}

// answer gives the address with a code for a session.
func (p *Provider) answer(in request, s *session) string {
	s.mu.Lock()
	s.clients[in.client] = true
	s.mu.Unlock()
	code := rand.Text()
	p.codes.Add(code, grant{request: in, session: s, until: p.now().Add(codeLife)})
	return p.back(in, url.Values{"code": {code}})
}

// back gives the redirect address with an answer; it always names the issuer (RFC 9207).
func (p *Provider) back(in request, answer url.Values) string {
	u, err := url.Parse(in.redirect)
	if err != nil {
		return p.issuer + "/" // unreachable: the client takes no address that cannot be read
	}
	q := u.Query()
	for name, values := range answer {
		q[name] = values
	}
	if in.state != "" {
		q.Set("state", in.state)
	}
	q.Set("iss", p.issuer)
	u.RawQuery = q.Encode()
	return u.String()
}

// refuse tells the client, or the person where the client cannot be told.
func (p *Provider) refuse(w http.ResponseWriter, r *http.Request, in request, err error) {
	var why *refusal
	if errors.As(err, &why) && why.answerable {
		http.Redirect(w, r, p.back(in, url.Values{"error": {why.code}, "error_description": {why.text}}), http.StatusFound) //nolint:gosec // the client's own address, as read found
		return
	}
	p.fail(w, err)
}

// SignIn answers an authorization request as a click on a person does, and gives the address that the browser is sent to:
// for tests that need no browser.
func (p *Provider) SignIn(ctx context.Context, authorizeURL, email string) (string, error) {
	u, err := url.Parse(authorizeURL)
	if err != nil || !strings.HasPrefix(authorizeURL, p.issuer+"/authorize?") {
		return "", fmt.Errorf("demoop: %q is no request to this provider", authorizeURL)
	}
	person, ok := p.personOf(email)
	if !ok {
		return "", fmt.Errorf("demoop: nobody here is called %s", email)
	}
	in, err := p.read(ctx, u.Query())
	if err != nil {
		return "", fmt.Errorf("demoop: %w", err)
	}
	return p.answer(in, p.begin(person)), nil
}
