package oidc_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/oidc"
	"lyceum/internal/outbound"
)

func TestADocumentThatCannotBeWorkedWithIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(map[string]any){
		"another issuer":         func(d map[string]any) { d["issuer"] = "https://id.example.com" },
		"a slash more":           func(d map[string]any) { d["issuer"] = rogueIssuer + "/" },
		"no issuer":              func(d map[string]any) { delete(d, "issuer") },
		"no token endpoint":      func(d map[string]any) { delete(d, "token_endpoint") },
		"keys without TLS":       func(d map[string]any) { d["jwks_uri"] = "http://rogue.example.com/jwks" },
		"keys on this machine":   func(d map[string]any) { d["jwks_uri"] = "http://127.0.0.1/jwks" },
		"a script to sign in at": func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" },
		"a file for UserInfo":    func(d map[string]any) { d["userinfo_endpoint"] = "file:///etc/passwd" },
		"a script to sign out":   func(d map[string]any) { d["end_session_endpoint"] = "javascript:alert(1)" },
		"a list for an endpoint": func(d map[string]any) { d["token_endpoint"] = []string{"https://rogue.example.com/token"} },
	} {
		g := newRogue(newHand())
		g.document = spoil
		_, report, err := g.meet(t, oidc.Settings{})
		refused(t, "discovery", report, err)
		if !errors.Is(err, oidc.ErrIssuer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSignInsWithUnknownKeysCauseNoFloodOfCalls(t *testing.T) {
	t.Parallel()
	g := newRogue(newHand())
	net := newWire("rogue.example.com", g)
	c := oidc.New(oidc.Options{HTTP: net.client(), Now: g.now.Now})
	g.sign = func(m map[string]any) string { return signed(jose.RS256, keyB(), rand.Text(), "JWT", m) }
	for range 50 {
		_, report, err := g.meetWith(t, c, oidc.Settings{})
		refused(t, "signature", report, err)
	}
	if n := net.count("/jwks"); n > 7 {
		t.Errorf("the keys were fetched %d times", n)
	}
	// A minute later the budget is there again, and a new key is found.
	g.now.move(time.Minute)
	g.keys = func() any { return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{public("b", keyB().Public())}} }
	g.sign = func(m map[string]any) string { return signed(jose.RS256, keyB(), "b", "JWT", m) }
	if _, report, err := g.meetWith(t, c, oidc.Settings{}); err != nil {
		t.Fatal(err, report)
	}
	// The key that left counts a minute longer, for tokens on their way, and then no more.
	g.sign = nil
	_, report, err := g.meetWith(t, c, oidc.Settings{})
	if err != nil {
		t.Fatal(err, report)
	}
	g.now.move(2 * time.Minute)
	_, report, err = g.meetWith(t, c, oidc.Settings{})
	refused(t, "signature", report, err)
}

// TestARealNetworkThatMisbehaves has a server, since what is tested is the HTTP client's part.
func TestARealNetworkThatMisbehaves(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	for _, c := range []struct {
		name, check string
		path        string
		serve       http.HandlerFunc
		client      outbound.Options
	}{
		{name: "a token without end", check: "token_exchange", path: "/token", serve: endless},
		{name: "keys without end", check: "signature", path: "/jwks", serve: endless},
		{name: "a document without end", check: "discovery", path: "/.well-known/openid-configuration", serve: endless},
		{name: "a slow token endpoint", check: "token_exchange", path: "/token", serve: func(_ http.ResponseWriter, r *http.Request) {
			select { // until the client hangs up
			case <-r.Context().Done():
			case <-over:
			}
		}, client: outbound.Options{Timeout: 200 * time.Millisecond}},
		{name: "the code is sent on", check: "token_exchange", path: "/token", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}},
		{name: "keys behind a redirect into a private network", check: "signature", path: "/jwks", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		}},
		{name: "redirects in a circle", check: "discovery", path: "/.well-known/openid-configuration", serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			g := newRogue(newHand())
			mux := http.NewServeMux()
			mux.Handle("/", g)
			mux.HandleFunc(c.path, c.serve)
			mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { t.Error("the code and the secret went elsewhere") })
			srv := httptest.NewServer(mux)
			defer srv.Close()
			g.issuer = srv.URL
			c.client.AllowPrivate, c.client.MaxBody = true, 1<<20
			client := outbound.Client(c.client)
			client.Transport = noMetadata{client.Transport}
			_, report, err := g.meetWith(t, oidc.New(oidc.Options{HTTP: client, Now: g.now.Now}), oidc.Settings{})
			refused(t, c.check, report, err)
		})
	}
	// Without leave to call private addresses nothing of a private issuer is read at all.
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private address was called") }))
	defer srv.Close()
	g := newRogue(newHand())
	g.issuer = srv.URL
	_, report, err := g.meetWith(t, oidc.New(oidc.Options{Now: g.now.Now}), oidc.Settings{})
	if why := refused(t, "discovery", report, err); !strings.Contains(why, "private network") || !errors.Is(err, outbound.ErrAddress) {
		t.Errorf("%s %v", why, err)
	}
	close(over)
}

// noMetadata stands for the guard of an installation that may call private addresses: a test calls nothing but this machine.
type noMetadata struct{ next http.RoundTripper }

func (n noMetadata) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() != "127.0.0.1" {
		return nil, fmt.Errorf("%w: %s", outbound.ErrAddress, r.URL.Hostname())
	}
	return n.next.RoundTrip(r)
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"x":"`)
	for range 3 << 10 {
		if _, err := io.WriteString(w, strings.Repeat("x", 1<<10)); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, `"}`)
}
