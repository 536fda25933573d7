// Package demoop is a small OpenID provider for trying Lyceum out and for tests: its people sign in with one click and
// without a password. It follows OpenID Connect Core 1.0 and Discovery 1.0 (authorization code flow, PKCE with S256 only),
// RP-Initiated Logout 1.0 and Back-Channel Logout 1.0 so that the relying party meets the real protocol. It is no identity
// provider for anyone's real people, and says so on each page. Everything is in memory and bounded.
package demoop

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	lru "github.com/hashicorp/golang-lru/v2"

	"lyceum/internal/clock"
)

// Options says where the provider is and whom it knows.
type Options struct {
	// BaseURL is the issuer, without a slash at its end; its path is where the handler is mounted.
	BaseURL string
	// Key signs; default one that is made. At least 2048 bits.
	Key *rsa.PrivateKey
	// People are who can sign in.
	People []Person
	// Client finds a relying party by its id.
	Client func(ctx context.Context, id string) (Client, bool)
	// HTTP makes the back-channel logout calls; without it there are none.
	HTTP *http.Client
	// Now tells the time; default the machine's clock.
	Now clock.Clock
	// Organization names whose provider it plays, on its pages.
	Organization string
}

// Person is one who can sign in.
type Person struct {
	// Subject is the claim sub; default one that follows from the e-mail address.
	Subject       string
	Email         string
	EmailVerified bool
	Name          string
	Given, Family string
	Department    string
	Groups        []string
	// More are further claims, or others in the place of the above.
	More map[string]any
}

// Client is a relying party.
type Client struct {
	// Name is shown to the person; default the client's id.
	Name string
	// Secret proves the client at the token endpoint; empty is a public client (PKCE alone).
	Secret string
	// Redirect tells whether a code may be sent to this address, and LogoutRedirect whether a browser may be after a logout.
	Redirect, LogoutRedirect func(address string) bool
	// BackChannelLogout is called when a session with this client ends; empty: nothing is called.
	BackChannelLogout string
}

const (
	codeLife    = time.Minute
	ticketLife  = 10 * time.Minute
	tokenLife   = 10 * time.Minute
	sessionLife = 12 * time.Hour
	keysKept    = 3
	remembered  = 10_000 // of each: tickets, codes, tokens, sessions
)

// Provider is the OpenID provider; it is an http.Handler and safe for many goroutines.
type Provider struct {
	issuer   string
	base     *url.URL
	client   func(ctx context.Context, id string) (Client, bool)
	http     *http.Client
	now      clock.Clock
	whose    string
	routes   *http.ServeMux
	tickets  *lru.Cache[string, request] // a page of people to choose from, once
	codes    *lru.Cache[string, grant]
	tokens   *lru.Cache[string, grant] // access tokens
	sessions *lru.Cache[string, *session]

	mu     sync.Mutex
	people []Person
	keys   []jose.JSONWebKey // the newest first: it signs
}

// session is one browser's, with one person.
type session struct {
	id, secret string // the secret is the cookie's
	person     Person
	at         time.Time
	mu         sync.Mutex
	clients    map[string]bool
}

// New makes a provider.
func New(o Options) (*Provider, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || strings.HasSuffix(o.BaseURL, "/") || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("demoop: the base address %q has to be http or https, without a slash, a question mark or a # at its end", o.BaseURL)
	}
	if o.Client == nil {
		return nil, errors.New("demoop: a provider without clients has nobody to tell")
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.Organization == "" {
		o.Organization = "Demo organization"
	}
	p := &Provider{
		issuer: o.BaseURL, base: base, client: o.Client, http: o.HTTP, now: o.Now, whose: o.Organization,
		tickets: remember[request](), codes: remember[grant](), tokens: remember[grant](), sessions: remember[*session](),
	}
	for _, person := range o.People {
		if err := p.SetPerson(person); err != nil {
			return nil, err
		}
	}
	if o.Key == nil {
		err = p.RollKey()
	} else {
		err = p.addKey(o.Key)
	}
	if err != nil {
		return nil, err
	}
	p.route()
	return p, nil
}

func remember[V any]() *lru.Cache[string, V] {
	kept, err := lru.New[string, V](remembered)
	if err != nil {
		panic(err) // unreachable: the size is positive
	}
	return kept
}

// RollKey signs with a new key from now on; the key set keeps the ones before for what they signed.
func (p *Provider) RollKey() error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("demoop: make a key: %w", err)
	}
	return p.addKey(private)
}

func (p *Provider) addKey(private *rsa.PrivateKey) error {
	if private.N.BitLen() < 2048 {
		return errors.New("demoop: a key has at least 2048 bits")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	k := jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"}
	p.keys = append([]jose.JSONWebKey{k}, p.keys...)
	p.keys = p.keys[:min(len(p.keys), keysKept)]
	return nil
}

func (p *Provider) allKeys() []jose.JSONWebKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]jose.JSONWebKey(nil), p.keys...)
}

// route is the table of contents.
func (p *Provider) route() {
	at, mux := p.base.Path, http.NewServeMux()
	mux.HandleFunc("GET "+at+"/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET "+at+"/jwks", p.keySet)
	mux.HandleFunc("GET "+at+"/authorize", p.authorize)
	mux.HandleFunc("POST "+at+"/authorize", p.authorize)
	mux.HandleFunc("GET "+at+"/choose", p.choose)
	mux.HandleFunc("POST "+at+"/token", p.token)
	mux.HandleFunc("GET "+at+"/userinfo", p.userInfo)
	mux.HandleFunc("POST "+at+"/userinfo", p.userInfo)
	mux.HandleFunc("GET "+at+"/logout", p.logout)
	mux.HandleFunc("POST "+at+"/logout", p.logout)
	mux.HandleFunc("GET "+at+"/style.css", stylesheet)
	mux.HandleFunc("GET "+at+"/{$}", p.front)
	if at != "" {
		mux.HandleFunc("GET "+at, p.front)
	}
	p.routes = mux
}

// ServeHTTP answers below the base address.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Referrer-Policy", "no-referrer")
	p.routes.ServeHTTP(w, r)
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]any{
		"issuer": p.issuer, "authorization_endpoint": p.issuer + "/authorize", "token_endpoint": p.issuer + "/token",
		"userinfo_endpoint": p.issuer + "/userinfo", "jwks_uri": p.issuer + "/jwks", "end_session_endpoint": p.issuer + "/logout",
		"response_types_supported": []string{"code"}, "response_modes_supported": []string{"query"}, "grant_types_supported": []string{"authorization_code"},
		"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"RS256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "none"},
		"code_challenge_methods_supported":      []string{"S256"}, "scopes_supported": []string{"openid", "email", "profile", "groups"},
		"claims_supported":                               []string{"sub", "email", "email_verified", "name", "given_name", "family_name", "department", "groups", "auth_time", "sid"},
		"prompt_values_supported":                        []string{"none", "login", "select_account"},
		"authorization_response_iss_parameter_supported": true,
		"backchannel_logout_supported":                   true, "backchannel_logout_session_supported": true,
	})
}

func (p *Provider) keySet(w http.ResponseWriter, _ *http.Request) {
	set := jose.JSONWebKeySet{}
	for _, k := range p.allKeys() {
		set.Keys = append(set.Keys, k.Public())
	}
	write(w, http.StatusOK, set)
}

// claims are what a person's tokens say, by the scopes that were granted.
func (person Person) claims(scopes []string) map[string]any {
	c := map[string]any{"sub": person.Subject}
	put := func(name, value string) {
		if value != "" {
			c[name] = value
		}
	}
	for _, scope := range scopes {
		switch scope {
		case "email":
			c["email"], c["email_verified"] = person.Email, person.EmailVerified
		case "profile":
			put("name", person.Name)
			put("given_name", person.Given)
			put("family_name", person.Family)
			put("department", person.Department)
			put("preferred_username", person.Email)
			if len(person.Groups) > 0 {
				c["groups"] = person.Groups
			}
		case "groups":
			c["groups"] = append([]string{}, person.Groups...)
		}
	}
	for name, value := range person.More {
		c[name] = value
	}
	return c
}

// SetPerson adds a person, or changes the one with this e-mail address from the next sign-in on.
func (p *Provider) SetPerson(person Person) error {
	if person.Email == "" {
		return errors.New("demoop: each person needs an e-mail address")
	}
	if person.Subject == "" {
		sum := sha256.Sum256([]byte(strings.ToLower(person.Email)))
		person.Subject = hex.EncodeToString(sum[:16])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.people {
		if strings.EqualFold(p.people[i].Email, person.Email) {
			p.people[i] = person
			return nil
		}
	}
	p.people = append(p.people, person)
	return nil
}

func (p *Provider) everybody() []Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Person(nil), p.people...)
}

func (p *Provider) personOf(email string) (Person, bool) {
	for _, person := range p.everybody() {
		if strings.EqualFold(person.Email, email) {
			return person, true
		}
	}
	return Person{}, false
}
