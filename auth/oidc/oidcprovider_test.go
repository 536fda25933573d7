package oidc_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/oidcprovider"
	"lyceum/internal/outbound"
)

// foreign is a relying party and a provider that nobody here wrote.
type foreign struct {
	*oidc.Client
	op       *oidcprovider.Provider
	settings oidc.Settings
	secret   string
}

// logouts is a portal's back-channel address.
type logouts struct {
	*httptest.Server
	mu     sync.Mutex
	tokens []string
}

func newLogouts(t *testing.T) *logouts {
	l := &logouts{}
	l.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.tokens = append(l.tokens, r.FormValue("logout_token"))
	}))
	t.Cleanup(l.Close)
	return l
}

func meetForeign(t *testing.T, o oidcprovider.Options) *foreign {
	t.Helper()
	calls := outbound.Client(outbound.Options{AllowPrivate: true, MaxBody: 1 << 20})
	t.Cleanup(calls.CloseIdleConnections)
	if o.People == nil {
		o.People = map[string]map[string]any{"linus": {"email": "linus@example.com", "email_verified": true, "name": "Linus", "groups": []string{"kernel", "git"}}}
	}
	op := oidcprovider.Start(t, o)
	return &foreign{
		Client: oidc.New(oidc.Options{HTTP: calls}), op: op, secret: o.Clients[0].Secret,
		settings: oidc.Settings{Issuer: op.Issuer, ClientID: o.Clients[0].ID, Scopes: []string{"openid", "email", "profile", "groups"}},
	}
}

func (f *foreign) signIn(t *testing.T, b *oidcprovider.Browser) (auth.Assertion, auth.Report, error) {
	t.Helper()
	start := newStart()
	address, err := f.Begin(t.Context(), f.settings, start)
	if err != nil {
		t.Fatal(err)
	}
	return f.Complete(t.Context(), f.settings, f.secret, callbackOf(t, b.SignIn(address, "linus"), start))
}

func TestACertifiedProviderSignsInAndOut(t *testing.T) {
	t.Parallel()
	portal := newLogouts(t)
	f := meetForeign(t, oidcprovider.Options{Clients: []oidcprovider.Client{{
		ID: "lyceum", Secret: "s3:cret/% of the portal", RedirectURIs: []string{redirect}, PostLogoutRedirectURIs: []string{"https://portal.example.org/bye"},
		BackChannelLogoutURI: portal.URL + "/backchannel", BackChannelLogoutSID: true,
	}}})
	found, err := f.Discover(t.Context(), f.settings.Issuer)
	if err != nil || !found.IssuerParameter || !found.BackChannelLogout || found.EndSessionEndpoint == "" || len(found.Keys) == 0 || len(found.Against(f.settings)) != 0 {
		t.Fatalf("%v %+v", err, found)
	}
	f.settings.UseUserInfo = true
	b := f.op.Browser(t)
	a, report, err := f.signIn(t, b)
	if err != nil {
		t.Fatal(err, report)
	}
	if a.Subject != "linus" || a.Claim("email") != "linus@example.com" || len(a.Claims["groups"]) != 2 || a.EmailVerified == nil || !*a.EmailVerified || a.Session == "" {
		t.Errorf("%+v", a)
	}
	for _, name := range []string{"issuer_parameter", "at_hash", "userinfo_subject"} {
		if !has(report, name) {
			t.Errorf("no check %s in %v", name, names(report))
		}
	}
	address, ok, err := f.LogoutURL(t.Context(), f.settings, a.IDToken, "https://portal.example.org/bye", "st4te")
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if to := b.SignOut(address); to != "https://portal.example.org/bye?state=st4te" {
		t.Errorf("after signing out the browser is at %q", to)
	}
	portal.mu.Lock()
	defer portal.mu.Unlock()
	if len(portal.tokens) != 1 {
		t.Fatalf("%d back-channel calls", len(portal.tokens))
	}
	out, report, err := f.VerifyLogoutToken(t.Context(), f.settings, portal.tokens[0])
	if err != nil || out.Session != a.Session || out.Subject != "linus" || out.Issuer != a.Issuer {
		t.Fatal(err, report, out)
	}
	// For another client, or as an ID token, it is worth nothing.
	other := f.settings
	other.ClientID = "another"
	_, report, err = f.VerifyLogoutToken(t.Context(), other, portal.tokens[0])
	refused(t, "audience", report, err)
	_, report, err = f.VerifyLogoutToken(t.Context(), f.settings, a.IDToken)
	refused(t, "events", report, err)
}

func TestACertifiedProviderTakesEachWayOfProvingTheClient(t *testing.T) {
	t.Parallel()
	private, err := oidc.NewClientKey()
	if err != nil {
		t.Fatal(err)
	}
	public, err := oidc.ClientKeySet(private)
	if err != nil {
		t.Fatal(err)
	}
	at := []string{redirect}
	clients := []oidcprovider.Client{
		{ID: "post", Secret: "s3:cret/%", RedirectURIs: at, AuthMethod: "client_secret_post", Algorithm: "ES256"},
		{ID: "public", RedirectURIs: at, AuthMethod: "none", Algorithm: "PS256"},
		{ID: "signing", RedirectURIs: at, AuthMethod: "private_key_jwt", KeySet: public},
	}
	f := meetForeign(t, oidcprovider.Options{Clients: clients, ClaimsInToken: true})
	for i, secret := range []string{"s3:cret/%", "", private} {
		f.settings.ClientID, f.settings.AuthMethod, f.secret = clients[i].ID, oidc.AuthMethod(clients[i].AuthMethod), secret
		a, report, err := f.signIn(t, f.op.Browser(t))
		if err != nil || a.Claim("email") != "linus@example.com" {
			t.Errorf("%s: %v %+v", clients[i].ID, err, report)
		}
	}
	f.settings.ClientID, f.settings.AuthMethod, f.secret = "post", oidc.AuthPost, "a wrong secret"
	_, report, err := f.signIn(t, f.op.Browser(t))
	if why := refused(t, "token_exchange", report, err); !strings.Contains(why, "invalid_client") {
		t.Error(why)
	}
}

func TestNoSignInIsLostWhileACertifiedProviderRollsItsKeys(t *testing.T) {
	t.Parallel()
	f := meetForeign(t, oidcprovider.Options{ClaimsInToken: true, Clients: []oidcprovider.Client{{ID: "lyceum", Secret: "secret", RedirectURIs: []string{redirect}}}})
	const people, times = 4, 6
	var done atomic.Int32
	kids := make(chan string, people*times)
	var wg sync.WaitGroup
	for range people {
		b := f.op.Browser(t)
		wg.Go(func() {
			for range times {
				start := newStart()
				address, err := f.Begin(t.Context(), f.settings, start)
				if err != nil {
					t.Error(err)
					return
				}
				in := callbackOf(t, b.SignIn(address, "linus"), start)
				// Between the code and the token the keys may be rolled, here by this very sign-in.
				if done.Add(1)%8 == 0 {
					f.op.Roll(t)
				}
				a, report, err := f.Complete(t.Context(), f.settings, f.secret, in)
				if err != nil {
					t.Errorf("%v %+v", err, report)
					return
				}
				kids <- strings.SplitN(a.IDToken, ".", 2)[0]
			}
		})
	}
	wg.Wait()
	close(kids)
	seen := map[string]bool{}
	for kid := range kids {
		seen[kid] = true
	}
	if done.Load() != people*times || len(seen) < 3 {
		t.Errorf("%d sign-ins with %d keys", done.Load(), len(seen))
	}
}

func TestACertifiedProviderSaysWhenNobodyIsSignedIn(t *testing.T) {
	t.Parallel()
	f := meetForeign(t, oidcprovider.Options{Clients: []oidcprovider.Client{{ID: "lyceum", Secret: "secret", RedirectURIs: []string{redirect}}}})
	start := newStart()
	start.Prompt = "none"
	address, err := f.Begin(t.Context(), f.settings, start)
	if err != nil {
		t.Fatal(err)
	}
	_, report, err := f.Complete(t.Context(), f.settings, f.secret, callbackOf(t, f.op.Browser(t).SignIn(address, "linus"), start))
	if why := refused(t, "provider_error", report, err); !strings.HasPrefix(why, "login_required") {
		t.Error(why)
	}
	f.settings.MaxAge, f.settings.RequestedContext = 600, []string{"urn:lyceum:test"}
	_, report, err = f.signIn(t, f.op.Browser(t))
	refused(t, "acr", report, err) // it knows the context, and did not sign in with it
	if !has(report, "auth_time") {
		t.Error("max_age was not looked at")
	}
}
