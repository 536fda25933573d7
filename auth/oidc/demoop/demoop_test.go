package demoop_test

import (
	"context"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/internal/outbound"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// portal is a relying party whose provider is a real server, mounted below a path.
type portal struct {
	*oidc.Client
	op       *demoop.Provider
	settings oidc.Settings
	issuer   string
	now      func(time.Duration)

	mu    sync.Mutex
	told  []string // logout tokens
	apart *httptest.Server
}

const redirect = "https://acme.example.com/callback"

func setup(t *testing.T) *portal {
	t.Helper()
	p := &portal{}
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return at }
	p.now = func(d time.Duration) { mu.Lock(); defer mu.Unlock(); at = at.Add(d) }
	p.apart = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.told = append(p.told, r.FormValue("logout_token"))
	}))
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	calls := outbound.Client(outbound.Options{AllowPrivate: true})
	t.Cleanup(func() { srv.Close(); p.apart.Close(); calls.CloseIdleConnections() })
	p.issuer = srv.URL + "/dev/oidc"
	op, err := demoop.New(demoop.Options{
		BaseURL: p.issuer, HTTP: calls, Now: clock, Organization: "Globex <Demo>",
		People: []demoop.Person{
			{Email: "ada@globex.example", EmailVerified: true, Name: "Ada Lovelace", Department: "Engines", Groups: []string{"staff"}},
			{Email: "mallory@globex.example", Name: `Mallory "<script>"`},
		},
		Client: func(_ context.Context, id string) (demoop.Client, bool) {
			return demoop.Client{
				Secret:   "s3:cret/%",
				Redirect: func(a string) bool { return a == redirect }, LogoutRedirect: func(a string) bool { return strings.HasPrefix(a, "https://acme.example.com/") },
				BackChannelLogout: p.apart.URL,
			}, id == "acme"
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/dev/oidc/", op)
	p.op = op
	p.Client = oidc.New(oidc.Options{HTTP: calls, Now: clock})
	p.settings = oidc.Settings{Issuer: p.issuer, ClientID: "acme", Scopes: []string{"openid", "email", "profile", "groups"}}
	return p
}

// browser follows nothing by itself and keeps cookies.
func browser(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func visit(t *testing.T, b *http.Client, address string) (status int, body, location string, h http.Header) {
	t.Helper()
	res, err := b.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw), res.Header.Get("Location"), res.Header
}

func (p *portal) begin(t *testing.T, prompt string) (string, oidc.Start) {
	t.Helper()
	start := oidc.Start{RedirectURL: redirect, State: oidc.NewSecret(), Nonce: oidc.NewSecret(), Verifier: oidc.NewSecret(), Prompt: prompt, LoginHint: "mallory@globex.example"}
	address, err := p.Begin(t.Context(), p.settings, start)
	if err != nil {
		t.Fatal(err)
	}
	return address, start
}

func (p *portal) complete(t *testing.T, location string, start oidc.Start) oidc.Callback {
	t.Helper()
	u, err := url.Parse(location)
	if err != nil || !strings.HasPrefix(location, redirect+"?") {
		t.Fatalf("the answer goes to %q", location)
	}
	in, err := oidc.CallbackOf(u.Query())
	if err != nil {
		t.Fatal(err)
	}
	in.RedirectURL, in.ExpectedState, in.Nonce, in.Verifier = start.RedirectURL, start.State, start.Nonce, start.Verifier
	return in
}

var choices = regexp.MustCompile(`href="(/dev/oidc/choose\?[^"]*)"`)

// clicks are the addresses of the page's choices.
func (p *portal) clicks(body string) (list []string) {
	for _, m := range choices.FindAllStringSubmatch(body, -1) {
		list = append(list, strings.TrimSuffix(p.issuer, "/dev/oidc")+html.UnescapeString(m[1]))
	}
	return list
}

func TestAClickOnAPersonSignsInAndSigningOutTellsTheClient(t *testing.T) {
	t.Parallel()
	p := setup(t)
	b := browser(t)
	address, start := p.begin(t, "")
	status, body, _, h := visit(t, b, address)
	clicks := p.clicks(body)
	if status != http.StatusOK || len(clicks) != 3 || strings.Contains(body, "<script>") || !strings.Contains(body, "for trying out only") || !strings.Contains(body, "Globex &lt;Demo&gt;") {
		t.Fatalf("%d %v %s", status, clicks, body)
	}
	if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(body, "style=") || strings.Contains(body, "<style") {
		t.Errorf("the policy is %q", csp)
	}
	// Who typed an address is on top.
	if !strings.Contains(clicks[0], "mallory") || !strings.Contains(clicks[1], "ada") {
		t.Errorf("%v", clicks)
	}
	_, _, location, _ := visit(t, b, clicks[1])
	a, report, err := p.Complete(t.Context(), p.settings, "s3:cret/%", p.complete(t, location, start))
	if err != nil || a.Claim("email") != "ada@globex.example" || a.Claim("groups") != "staff" {
		t.Fatal(err, report, a)
	}
	// The page counts once.
	if status, _, _, _ := visit(t, b, clicks[0]); status != http.StatusBadRequest {
		t.Errorf("a second click: %d", status)
	}
	// The browser is known there now.
	address, start = p.begin(t, "none")
	_, _, location, _ = visit(t, b, address)
	again, report, err := p.Complete(t.Context(), p.settings, "s3:cret/%", p.complete(t, location, start))
	if err != nil || again.Session != a.Session {
		t.Fatal(err, report)
	}
	address, _, err = p.LogoutURL(t.Context(), p.settings, a.IDToken, "https://acme.example.com/bye?a=b", "st")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, location, _ = visit(t, b, address); location != "https://acme.example.com/bye?a=b&state=st" {
		t.Errorf("after the logout: %q", location)
	}
	if len(p.told) != 1 {
		t.Fatalf("%d calls", len(p.told))
	}
	out, report, err := p.VerifyLogoutToken(t.Context(), p.settings, p.told[0])
	if err != nil || out.Session != a.Session || out.Subject != a.Subject {
		t.Fatal(err, report, out)
	}
	address, _ = p.begin(t, "none")
	if _, _, location, _ = visit(t, b, address); !strings.Contains(location, "error=login_required") || !strings.Contains(location, "iss=") {
		t.Errorf("after the logout: %s", location)
	}
}

func TestCancellingIsAnAnswerToo(t *testing.T) {
	t.Parallel()
	p := setup(t)
	b := browser(t)
	address, start := p.begin(t, "")
	_, body, _, _ := visit(t, b, address)
	_, _, location, _ := visit(t, b, p.clicks(body)[2])
	if in := p.complete(t, location, start); in.Error != "access_denied" || in.State != start.State {
		t.Errorf("%+v", in)
	}
}

func TestACodeIsBoundAndExpires(t *testing.T) {
	t.Parallel()
	p := setup(t)
	exchange := func(spoil func(url.Values), secret string) (int, string) {
		address, start := p.begin(t, "")
		back, err := p.op.SignIn(t.Context(), address, "ada@globex.example")
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(back)
		form := url.Values{"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {redirect}, "code_verifier": {start.Verifier}, "client_id": {"acme"}, "client_secret": {secret}}
		spoil(form)
		res, err := browser(t).PostForm(p.issuer+"/token", form)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var body struct {
			Error string `json:"error"`
		}
		_ = json.NewDecoder(res.Body).Decode(&body)
		return res.StatusCode, body.Error
	}
	if status, text := exchange(func(url.Values) {}, "s3:cret/%"); status != http.StatusOK {
		t.Errorf("honest: %d %s", status, text)
	}
	for name, c := range map[string]struct {
		spoil  func(url.Values)
		secret string
		want   string
	}{
		"another redirect": {func(f url.Values) { f.Set("redirect_uri", redirect+"/") }, "s3:cret/%", "invalid_grant"},
		"another verifier": {func(f url.Values) { f.Set("code_verifier", oidc.NewSecret()) }, "s3:cret/%", "invalid_grant"},
		"no verifier":      {func(f url.Values) { f.Del("code_verifier") }, "s3:cret/%", "invalid_grant"},
		"an old code":      {func(url.Values) { p.now(61 * time.Second) }, "s3:cret/%", "invalid_grant"},
		"a wrong secret":   {func(url.Values) {}, "x", "invalid_client"},
		"no secret":        {func(f url.Values) { f.Del("client_secret") }, "", "invalid_client"},
		"another grant":    {func(f url.Values) { f.Set("grant_type", "password") }, "s3:cret/%", "unsupported_grant_type"},
	} {
		if _, text := exchange(c.spoil, c.secret); text != c.want {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestARequestThatIsNotInOrderIsRefusedWhereItCanBeTold(t *testing.T) {
	t.Parallel()
	p := setup(t)
	b := browser(t)
	address, _ := p.begin(t, "")
	change := func(name, value string) string {
		u, _ := url.Parse(address)
		q := u.Query()
		if q.Del(name); value != "" {
			q.Set(name, value)
		}
		u.RawQuery = q.Encode()
		return u.String()
	}
	for name, value := range map[string]string{"client_id": "other", "redirect_uri": "https://evil.example.com/"} {
		if status, _, location, _ := visit(t, b, change(name, value)); status != http.StatusBadRequest || location != "" {
			t.Errorf("%s: %d %s", name, status, location)
		}
	}
	if status, _, location, _ := visit(t, b, address+"&redirect_uri=https%3A%2F%2Fevil.example.com"); status != http.StatusBadRequest || location != "" {
		t.Errorf("two redirects: %d %s", status, location)
	}
	for name, c := range map[string][2]string{
		"code_challenge": {"", "invalid_request"}, "code_challenge_method": {"plain", "invalid_request"}, "response_type": {"token", "unsupported_response_type"},
		"scope": {"email", "invalid_scope"}, "prompt": {"none login", "invalid_request"}, "max_age": {"soon", "invalid_request"},
	} {
		if _, _, location, _ := visit(t, b, change(name, c[0])); !strings.HasPrefix(location, redirect) || !strings.Contains(location, "error="+c[1]) {
			t.Errorf("%s: %s", name, location)
		}
	}
}

func TestAnAdministratorSignsAPersonOutAndAPersonChanges(t *testing.T) {
	t.Parallel()
	p := setup(t)
	sign := func() (string, string) {
		address, start := p.begin(t, "")
		back, err := p.op.SignIn(t.Context(), address, "ada@globex.example")
		if err != nil {
			t.Fatal(err)
		}
		a, report, err := p.Complete(t.Context(), p.settings, "s3:cret/%", p.complete(t, back, start))
		if err != nil {
			t.Fatal(err, report)
		}
		return a.Session, a.Claim("department")
	}
	first, _ := sign()
	second, department := sign()
	if first == second || department != "Engines" {
		t.Fatal(first, second, department)
	}
	if told := p.op.SignOut(t.Context(), "ADA@globex.example"); len(told) != 2 || len(p.told) != 2 {
		t.Errorf("%v %d", told, len(p.told))
	}
	if err := p.op.SetPerson(demoop.Person{Email: "Ada@globex.example", Department: "Poetry"}); err != nil {
		t.Fatal(err)
	}
	if err := p.op.RollKey(); err != nil {
		t.Fatal(err)
	}
	if _, department := sign(); department != "Poetry" {
		t.Error(department)
	}
}

func TestUserInfoNeedsAToken(t *testing.T) {
	t.Parallel()
	p := setup(t)
	p.settings.UseUserInfo = true
	address, start := p.begin(t, "")
	back, err := p.op.SignIn(t.Context(), address, "ada@globex.example")
	if err != nil {
		t.Fatal(err)
	}
	if _, report, err := p.Complete(t.Context(), p.settings, "s3:cret/%", p.complete(t, back, start)); err != nil {
		t.Fatal(err, report)
	}
	if status, _, _, _ := visit(t, browser(t), p.issuer+"/userinfo"); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
}

func TestAProviderThatCannotWorkIsNotMade(t *testing.T) {
	t.Parallel()
	anyone := func(context.Context, string) (demoop.Client, bool) { return demoop.Client{}, false }
	for _, o := range []demoop.Options{
		{BaseURL: "http://id.localhost/", Client: anyone}, {BaseURL: "id.localhost", Client: anyone}, {BaseURL: "http://id.localhost"},
		{BaseURL: "http://id.localhost", Client: anyone, People: []demoop.Person{{Name: "Nobody"}}},
	} {
		if _, err := demoop.New(o); err == nil {
			t.Errorf("%+v", o)
		}
	}
}
