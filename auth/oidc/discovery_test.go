package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"lyceum/auth/oidc"
	"lyceum/internal/fault"
)

func TestTheSetUpPageLearnsWhatAnIssuerCanDo(t *testing.T) {
	t.Parallel()
	d := setup(t)
	found, err := d.Discover(t.Context(), demoIssuer)
	if err != nil {
		t.Fatal(err)
	}
	if found.EndSessionEndpoint == "" || !found.BackChannelLogout || !found.IssuerParameter || len(found.Keys) != 1 || found.Keys[0].Kind != "RSA 2048" || len(found.Warnings) != 0 {
		t.Errorf("%+v", found)
	}
	if w := found.Against(d.settings); len(w) != 0 {
		t.Errorf("%+v", w)
	}
	if w := found.Against(oidc.Settings{AuthMethod: oidc.AuthPrivateKey, Scopes: []string{"openid", "phone"}, Algorithms: []string{"ES256"}}); len(w) != 3 {
		t.Errorf("%+v", w)
	}
	// It asks anew each time.
	if _, err := d.Discover(t.Context(), demoIssuer); err != nil || d.net.count("/demo/.well-known/openid-configuration") != 2 {
		t.Error(err)
	}

	g := newRogue(newHand())
	g.keys = func() any { return jose.JSONWebKeySet{} }
	g.document = func(m map[string]any) {
		delete(m, "userinfo_endpoint")
		m["id_token_signing_alg_values_supported"] = []string{"HS256"}
		m["token_endpoint_auth_methods_supported"] = []string{"tls_client_auth"}
		m["response_types_supported"] = []string{"id_token"}
		m["scopes_supported"] = append(slices.Repeat([]string{"x"}, 5000), strings.Repeat("y", 5000))
	}
	rp := oidc.New(oidc.Options{HTTP: newWire("rogue.example.com", g).client(), Now: g.now.Now})
	found, err = rp.Discover(t.Context(), g.issuer)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, w := range found.Warnings {
		codes = append(codes, w.Code)
	}
	for _, want := range []string{"no_s256", "no_code_flow", "no_algorithm", "no_keys", "no_auth_method", "no_end_session", "no_backchannel_logout", "no_userinfo", "no_iss_parameter"} {
		if !slices.Contains(codes, want) {
			t.Errorf("no warning %s in %v", want, codes)
		}
	}
	if len(found.Scopes) > 200 {
		t.Errorf("%d scopes are kept", len(found.Scopes))
	}
}

func TestAnIssuerThatCannotBeUsedIsToldWhatToChange(t *testing.T) {
	t.Parallel()
	g := newRogue(newHand())
	net := newWire("rogue.example.com", g)
	rp := oidc.New(oidc.Options{HTTP: net.client(), Now: g.now.Now})
	for issuer, want := range map[string]string{
		"rogue.example.com":               "https address",
		rogueIssuer + "/":                 "write it just so",
		"https://rogue.example.com/realm": "404",
	} {
		_, err := rp.Discover(t.Context(), issuer)
		if !errors.Is(err, oidc.ErrIssuer) || !strings.Contains(fault.Of(err).Fields["issuer"], want) {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	net.pull(true)
	if _, err := rp.Discover(t.Context(), rogueIssuer); !errors.Is(err, oidc.ErrUnreachable) || fault.Of(err).Fields["issuer"] == "" {
		t.Error(err)
	}
	// What stands at an address is not shown to who made us call it.
	net.pull(false)
	net.mu.Lock()
	net.hosts["rogue.example.com"] = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte("the inner secret"))
	})
	net.mu.Unlock()
	if _, err := rp.Discover(t.Context(), rogueIssuer); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
}

func TestManyWhoAskAtOnceCauseOneFetchAndWhoHangsUpHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newRogue(newHand())
		net := newWire("rogue.example.com", nil)
		release := make(chan struct{})
		net.hosts["rogue.example.com"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-release
			g.ServeHTTP(w, r)
		})
		rp := oidc.New(oidc.Options{HTTP: net.client(), Now: g.now.Now})
		s := oidc.Settings{Issuer: g.issuer, ClientID: "lyceum"}
		var wg sync.WaitGroup
		begin := func(ctx context.Context, want error) {
			wg.Go(func() {
				if _, err := rp.Begin(ctx, s, newStart()); !errors.Is(err, want) {
					t.Error(err)
				}
			})
		}
		first, hangUp := context.WithCancel(t.Context())
		begin(first, nil) // it fetches for all, so its own hanging up ends nothing
		synctest.Wait()
		waiting, leave := context.WithCancel(t.Context())
		begin(waiting, context.Canceled)
		for range 20 {
			begin(t.Context(), nil)
		}
		synctest.Wait()
		hangUp()
		leave()
		synctest.Wait()
		close(release)
		wg.Wait()
		if n := net.count("/.well-known/openid-configuration"); n != 1 {
			t.Errorf("%d fetches", n)
		}
	})
}

func TestOnlySoManyIssuersAreRemembered(t *testing.T) {
	t.Parallel()
	now := newHand()
	net := &wire{hosts: map[string]http.Handler{}, calls: map[string]int{}}
	rp := oidc.New(oidc.Options{HTTP: net.client(), Now: now.Now, Issuers: 2})
	begin := func(host string) {
		g := newRogue(now)
		g.issuer = "https://" + host
		net.hosts[host] = g
		if _, err := rp.Begin(t.Context(), oidc.Settings{Issuer: g.issuer, ClientID: "lyceum"}, newStart()); err != nil {
			t.Fatal(err)
		}
	}
	const path = "/.well-known/openid-configuration"
	begin("a.example.com")
	begin("b.example.com")
	begin("a.example.com")
	if n := net.count(path); n != 2 {
		t.Fatalf("%d fetches", n)
	}
	begin("c.example.com") // b goes
	begin("a.example.com")
	if n := net.count(path); n != 3 {
		t.Errorf("%d fetches", n)
	}
	begin("b.example.com")
	if n := net.count(path); n != 4 {
		t.Errorf("%d fetches", n)
	}
}

func TestKeysOfAnIssuerThatIsDownServeOnAndANewKeyNeedsIt(t *testing.T) {
	t.Parallel()
	g := newRogue(newHand())
	net := newWire("rogue.example.com", g)
	rp := oidc.New(oidc.Options{HTTP: net.client(), Now: g.now.Now})
	if _, report, err := g.meetWith(t, rp, oidc.Settings{}); err != nil {
		t.Fatal(err, report)
	}
	down := false
	net.mu.Lock()
	net.hosts["rogue.example.com"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down && r.URL.Path != "/token" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		g.ServeHTTP(w, r)
	})
	net.mu.Unlock()
	down = true
	g.now.move(2 * time.Hour)
	if _, report, err := g.meetWith(t, rp, oidc.Settings{}); err != nil {
		t.Fatal(err, report)
	}
	g.sign = func(m map[string]any) string { return signed(jose.RS256, keyB(), "b", "JWT", m) }
	_, report, err := g.meetWith(t, rp, oidc.Settings{})
	refused(t, "signature", report, err)
	if !errors.Is(err, oidc.ErrUnreachable) {
		t.Error(err)
	}
}

func TestSettingsAreStoredAsJSON(t *testing.T) {
	t.Parallel()
	in := oidc.Settings{Issuer: "https://id.example.com", ClientID: "x", AuthMethod: oidc.AuthPost, EntraTenants: []string{"t"}, ClockSkew: 30}
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"issuer":"https://id.example.com","client_id":"x","auth_method":"client_secret_post","entra_tenants":["t"],"clock_skew":30}`
	if string(raw) != want {
		t.Errorf("%s", raw)
	}
}
