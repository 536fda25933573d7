package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api"
	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/mail"
	"lyceum/internal/uid"
)

func mailbox(t testing.TB) *mail.Mailbox {
	t.Helper()
	b, err := mail.NewMailbox(time.Now, 10, "")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// operator is a browser signed in to the console, as an admin or with another role.
func (h *house) operator(role ...auth.OperatorRole) *browser {
	h.t.Helper()
	b, _, _ := h.operatorWith(role...)
	return b
}

// operatorWith also gives the operator, and the key of their app.
func (h *house) operatorWith(role ...auth.OperatorRole) (b *browser, who auth.Operator, seed string) {
	h.t.Helper()
	who, err := h.o.Operators.Create(h.t.Context(), uid.Opaque(8)+"@lyceum.example", "Olga Operator", password, role...)
	if err != nil {
		h.t.Fatal(err)
	}
	b = h.browser(platformHost)
	b.get("/operator/signin").is(200)
	b.post("/operator/signin", "email", who.Email, "password", password).is(303).leads("/operator/signin/app")
	seed = seedIn(h.t, b.get("/operator/signin/app").is(200))
	b.post("/operator/signin/app", "code", h.code(seed)).is(200)
	return b, who, seed
}

// failing mounts routes that fail in the way a test wants.
func failing(routes map[string]fiber.Handler) func(*house) {
	return func(h *house) {
		h.o.REST = func(r fiber.Router) ([]route.Route, error) {
			var out []route.Route
			for path, do := range routes {
				r.Add(http.MethodGet, path, do)
				out = append(out, route.Route{Method: http.MethodGet, Path: path, Need: route.Public})
			}
			return out, nil
		}
	}
}

func TestAPanicIsA500PageWithTheRequestsNumberAndTheServerLives(t *testing.T) {
	t.Parallel()
	boom := func(*fiber.Ctx) error { panic("the secret of db-7") }
	h := setup(t, behindProxy, failing(map[string]fiber.Handler{"/boom": boom, "/api/v1/boom": boom}))
	s := h.stranger()
	s.header["X-Request-ID"] = "proxy-00000001"
	s.get("/boom").is(500).says("proxy-00000001", h.tenant.Name).saysNot("db-7", "goroutine").has("X-Request-ID", "proxy-00000001").has("Cache-Control", "no-store")
	machine := s.get("/api/v1/boom").is(500).saysNot("db-7")
	var doc problem.Document
	if err := json.Unmarshal([]byte(machine.body), &doc); err != nil || doc.RequestID != "proxy-00000001" || doc.Code != "internal" || doc.Type != "about:blank" || doc.Title != "Internal Server Error" {
		t.Errorf("document %+v, %v", doc, err)
	}
	for _, word := range []string{"db-7", "guard_test.go", "request_id=proxy-00000001", "status=500", "path=/boom"} {
		if !strings.Contains(h.log.String(), word) {
			t.Errorf("the log lacks %q", word)
		}
	}
	s.get("/signin").is(200)
}

func TestOnlyOurOwnMistakesAreLoggedAndNoneIsShown(t *testing.T) {
	t.Parallel()
	h := setup(t, failing(map[string]fiber.Handler{
		"/ours":   func(*fiber.Ctx) error { return errors.New("select * from secrets") },
		"/slow":   func(*fiber.Ctx) error { return fmt.Errorf("query: %w", context.DeadlineExceeded) },
		"/theirs": func(*fiber.Ctx) error { return auth.ErrPersonNotFound.Because(errors.New("a cause not to be shown")) },
		"/later":  func(*fiber.Ctx) error { return problem.After(auth.ErrTooManyAttempts, 90*time.Second) },
	}))
	s := h.stranger()
	s.get("/ours").is(500).saysNot("secrets")
	s.get("/slow").is(503).has("Retry-After", "5").saysNot("query")
	s.get("/theirs").is(404).saysNot("cause")
	s.get("/later").is(429).has("Retry-After", "90")
	log := h.log.String()
	if strings.Count(log, "level=ERROR") != 2 || !strings.Contains(log, "secrets") {
		t.Errorf("the log: %s", log)
	}
}

func TestARequestHasAndEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.RequestTimeout = time.Minute }, failing(map[string]fiber.Handler{
		"/when": func(c *fiber.Ctx) error {
			at, ok := c.UserContext().Deadline()
			if left := time.Until(at); !ok || left <= 0 || left > time.Minute {
				return fmt.Errorf("a deadline in %v (%v)", left, ok)
			}
			return c.SendString("in time")
		},
	}))
	h.stranger().get("/when").is(200).says("in time")
}

func TestEveryAnswerHoldsBrowsersToTheSite(t *testing.T) {
	t.Parallel()
	h := setup(t)
	s := h.stranger()
	for _, a := range []answer{s.get("/signin"), s.get("/nothing"), s.json(http.MethodGet, "/api/v1/me", ""), h.browser("nobody.example").get("/"), s.get("/healthz")} {
		a.hasIn("Content-Security-Policy", "default-src 'self'").hasIn("Content-Security-Policy", "frame-ancestors 'none'").
			hasIn("Content-Security-Policy", "object-src 'none'").hasIn("Content-Security-Policy", "form-action 'self'").
			has("X-Content-Type-Options", "nosniff").has("X-Frame-Options", "DENY").has("Referrer-Policy", "same-origin").
			has("Cross-Origin-Opener-Policy", "same-origin").has("Strict-Transport-Security", "").has("Server", "").
			hasIn("X-Request-Id", "-")
		if csp := a.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") {
			t.Errorf("the policy allows the unsafe: %s", csp)
		}
	}
	safe := setup(t, func(h *house) { h.o.Secure = true })
	safe.stranger().get("/signin").has("Strict-Transport-Security", "max-age=31536000")
}

// behindProxy has the server believe who asks in tests that use no network.
func behindProxy(h *house) { h.o.TrustedProxies = []string{"0.0.0.0"} }

func TestARequestNumberIsATrustedProxysToGive(t *testing.T) {
	t.Parallel()
	s := setup(t).stranger()
	s.header["X-Request-ID"] = "stranger-00000001"
	got := s.get("/nothing").is(404).saysNot("stranger-00000001").Header.Get("X-Request-ID")
	if _, ok := uid.Parse(got); !ok {
		t.Errorf("a stranger's number became %q", got)
	}
}

func TestOnlyASaneRequestNumberIsKept(t *testing.T) {
	t.Parallel()
	h := setup(t, behindProxy)
	s := h.stranger()
	for _, given := range []string{"short", strings.Repeat("a", 65), `0123456789"><script>`, "0123456789 level=ERROR"} {
		s.header["X-Request-ID"] = given
		got := s.get("/nothing").is(404).saysNot("<script>alert", given+"<").Header.Get("X-Request-ID")
		if _, ok := uid.Parse(got); !ok {
			t.Errorf("%q became %q", given, got)
		}
	}
}

func TestThePathOfALinkIsNotLogged(t *testing.T) {
	t.Parallel()
	h := setup(t)
	secret, _ := uid.Secret()
	s := h.stranger()
	for _, path := range []string{"/reset/" + secret, "/invitation/" + secret, "/welcome/" + secret, "/reset/" + secret + "/more", "/signin?next=/" + secret} {
		s.get(path)
	}
	if log := h.log.String(); strings.Contains(log, secret) || !strings.Contains(log, "path=/reset/:token") {
		t.Errorf("the log: %s", log)
	}
	// Refused before a route is found: a form without its token.
	for _, at := range []string{"/reset/", "/invitation/", "/setup/", "/sso/finish/", "/sso/confirm/", "/step-up/"} {
		h.stranger().post(at + secret).is(403)
	}
	if log := h.log.String(); strings.Contains(log, secret) {
		t.Errorf("the log of what was refused: %s", log)
	}
	if got := api.LoggedPath("/"+strings.Repeat("a", 1000), ""); len(got) > 310 {
		t.Errorf("a path of %d bytes is logged", len(got))
	}
}

func TestAFormIsTakenOnlyFromAPageOfThisSite(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	type change func(b *browser, r *http.Request)
	send := func(b *browser, do change) int {
		form := "name=Ada&csrf=" + b.csrf
		r := httptest.NewRequest(http.MethodPost, "/account", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if do != nil {
			do(b, r)
		}
		return b.do(r).StatusCode
	}
	for name, c := range map[string]struct {
		do   change
		want int
	}{
		"as it should be":   {nil, 303},
		"same origin":       {func(_ *browser, r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, 303},
		"the site's origin": {func(_ *browser, r *http.Request) { r.Header.Set("Origin", "http://"+h.host) }, 303},
		"token as header": {func(b *browser, r *http.Request) {
			r.Body, r.ContentLength = http.NoBody, 0
			r.Header.Set("X-CSRF-Token", b.csrf)
		}, 422}, // taken, and refused for the missing name
		"another site":        {func(_ *browser, r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"a neighbour":         {func(_ *browser, r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, 403},
		"another origin":      {func(_ *browser, r *http.Request) { r.Header.Set("Origin", "http://globex.localhost:8080") }, 403},
		"an opaque origin":    {func(_ *browser, r *http.Request) { r.Header.Set("Origin", "null") }, 403},
		"no token":            {func(_ *browser, r *http.Request) { r.Body, r.ContentLength = http.NoBody, 0 }, 403},
		"somebody's token":    {func(_ *browser, r *http.Request) { r.Header.Set("X-CSRF-Token", tokenOf(h.stranger())) }, 403},
		"a token of nonsense": {func(_ *browser, r *http.Request) { r.Header.Set("X-CSRF-Token", "AAAA") }, 403},
		"token in the query": {func(b *browser, r *http.Request) {
			r.URL.RawQuery = "csrf=" + b.csrf
			r.Body, r.ContentLength = http.NoBody, 0
		}, 403},
	} {
		b := h.as(p)
		b.get("/account").is(200)
		if got := send(b, c.do); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func tokenOf(b *browser) string { b.get("/signin").is(200); return b.csrf }

func TestATokenIsAnotherOnEveryPageAndAllOfASessionWork(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Learner))
	b.get("/account").is(200)
	first := b.csrf
	b.get("/account").is(200)
	if b.csrf == first {
		t.Error("two pages carry the same token: compressed, it could be guessed")
	}
	b.csrf = first
	b.post("/account", "name", "Ada").is(303)
}

func TestAnExpiredFormSaysSo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.stranger()
	b.get("/signin").is(200)
	b.cookies = map[string]string{}
	b.post("/signin", "email", "a@example.com", "password", password).is(403).says("expired")
	b.cookies = map[string]string{}
	b.json(http.MethodPost, "/signin", "{}").is(403).says("form_expired")
}

func TestTheRESTSideTakesAKeyWithoutATokenAndACookieOnlyWithOne(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	key := keyFrom(t, b, "*")
	course := `{"title": "Fire drill"}`
	token := b.csrf
	b.csrf = ""
	b.json(http.MethodPost, "/api/v1/courses", course).is(403).says("form_expired").has("Content-Type", "application/problem+json")
	b.csrf = token
	b.json(http.MethodPost, "/api/v1/courses", course).is(201)
	program := h.stranger()
	program.json(http.MethodPost, "/api/v1/courses", course, "Authorization", "Bearer "+key).is(201)
	program.json(http.MethodPost, "/api/v1/courses", course).is(401)
	program.json(http.MethodPost, "/api/v1/courses", course, "Authorization", "Bearer lyc_wrong").is(401)
	// A key opens the machines' side only.
	program.header["Authorization"] = "Bearer " + key
	program.get("/people").is(303)
}

func TestCookiesAreBoundToTheHost(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		h := setup(t, func(h *house) { h.o.Secure = secure })
		p := h.person(policy.Learner)
		b := h.stranger()
		prefix := ""
		if secure {
			prefix = "__Host-"
		}
		seen := map[string]*http.Cookie{}
		for _, a := range []answer{b.get("/signin"), b.post("/signin", "email", p.Email, "password", password), b.get("/"), b.post("/preferences/appearance", "appearance", "dark")} {
			for _, c := range a.Cookies() {
				if _, there := seen[c.Name]; !there {
					seen[c.Name] = c
				}
			}
		}
		for _, name := range []string{prefix + "lyceum", prefix + "lyceum-visitor", "theme"} {
			c := seen[name]
			if c == nil {
				t.Errorf("secure %v: no cookie %s among %v", secure, name, seen)
				continue
			}
			if !c.HttpOnly || c.Secure != secure || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
				t.Errorf("secure %v: %s", secure, c.Raw)
			}
		}
		if c := seen[prefix+"lyceum"]; c != nil && c.MaxAge != int(auth.SessionMaximum/time.Second) {
			t.Errorf("the session's cookie lasts %d s", c.MaxAge)
		}
		b.get("/").is(200)
		b.post("/signout").is(303).leads("/signin")
		if left, ok := b.cookies[prefix+"lyceum"]; ok {
			t.Errorf("the session's cookie stays: %s", left)
		}
	}
}

func TestACompressedBodyIsRefusedUnread(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.stranger()
	b.get("/signin").is(200)
	r := httptest.NewRequest(http.MethodPost, "/signin", strings.NewReader("\x1f\x8b\x08"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Content-Encoding", "gzip")
	b.do(r).is(415)
}

func TestALargeFormOnARouteWithoutFilesIsRefused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Learner))
	b.get("/account").is(200)
	// Its header could be that of the course's form, which takes files.
	b.multipart("/studio/courses", map[string]string{"title": "Ada"}, "x", "x.bin", make([]byte, 2<<20)).is(413).says("8 MiB")
}

func TestAnAddressThatTakesOtherMethodsSaysWhich(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Learner))
	b.get("/account").is(200)
	r := httptest.NewRequest(http.MethodDelete, "/account", http.NoBody)
	r.Header.Set("X-CSRF-Token", b.csrf)
	got := b.do(r).is(405)
	if allow := got.Header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") || strings.Contains(allow, "DELETE") {
		t.Errorf("Allow: %s", allow)
	}
}

func TestEachAnsweredRequestIsObservedByItsPattern(t *testing.T) {
	t.Parallel()
	var seen []string
	h := setup(t, func(h *house) {
		h.o.Observe = func(method, pattern string, status int, _ time.Duration) {
			seen = append(seen, fmt.Sprintf("%s %s %d", method, pattern, status))
		}
	})
	s := h.stranger()
	for _, path := range []string{"/signin", "/verify/abc", "/people", "/nothing/at/all", "/api/v1/courses"} {
		s.get(path)
	}
	want := "GET /signin 200, GET /verify/:code 404, GET /people 303, GET  404, GET /api/v1/courses 401"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("observed %s, want %s", got, want)
	}
}

// hidden is the token in a page's forms.
var hidden = regexp.MustCompile(`<input type="hidden" name="csrf" value="[^"]+">`)

var letter = mail.Message{To: "ada@example.com", Subject: "Welcome aboard", Text: "Hello Ada in plain words", HTML: "<b>Hello Ada</b><script>alert(1)</script>"}
