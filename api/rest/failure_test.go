package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"lyceum/api/problem"
	"lyceum/api/route"
	"lyceum/api/visit"
	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/tenant"
)

// bench serves operations of the test's own.
type bench struct {
	*api
	app *fiber.App
	log *bytes.Buffer
}

type allowing struct {
	ok        bool
	retry     time.Duration
	remaining int
}

func (a allowing) Allow(string) (bool, time.Duration, int) { return a.ok, a.retry, a.remaining }

func newBench(t *testing.T) bench {
	t.Helper()
	b := bench{log: &bytes.Buffer{}, app: fiber.New(fiber.Config{Immutable: true, BodyLimit: 12 << 20, DisableStartupMessage: true, DisableDefaultDate: true})}
	desk := &problem.Desk{Log: slog.New(slog.NewTextHandler(b.log, nil))}
	b.app.Use(func(c *fiber.Ctx) error {
		visit.Begin(c).ID = "request-7"
		problem.With(c, desk)
		c.SetUserContext(tenant.With(c.UserContext(), tenant.Tenant{ID: uid.New(), Slug: "acme"}))
		return c.Next()
	})
	b.api = &api{
		Services: Services{Limit: allowing{ok: true, remaining: 9}, Rate: Rate{Requests: 10, Window: time.Minute}},
		huma:     newHuma(b.app, portalPaper()), limit: "10",
	}
	b.app.Use(base, b.enter)
	return b
}

func (b bench) send(t *testing.T, method, path, mediaType, body string) (*http.Response, string) {
	t.Helper()
	req := httptest.NewRequest(method, base+path, strings.NewReader(body))
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	res, err := b.app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(got)
}

// failing registers an operation that fails with err.
func (b bench) failing(err error) {
	on(b.api, operation{method: get, path: "/fails", id: "fail", tag: tagMe, need: route.Public, summary: "Fail"},
		func(context.Context, *nothing) (*meOut, error) { return nil, err })
}

func TestEveryKindOfFailureIsAProblemDocumentOfItsStatus(t *testing.T) {
	t.Parallel()
	for kind, status := range map[fault.Kind]int{
		fault.KindInvalid: 422, fault.KindNotFound: 404, fault.KindConflict: 409, fault.KindForbidden: 403, fault.KindUnauthenticated: 401,
		fault.KindTooMany: 429, fault.KindTooLarge: 413, fault.KindUnavailable: 503,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			declared := fault.New(kind, "some_code", "A sentence for people.").With("title", "Enter a title.").With("body", "Too long.")
			b.failing(fmt.Errorf("publish course: %w", declared.Because(errors.New("the cause, which is ours"))))
			res, body := b.send(t, "GET", "/fails", "", "")
			var d problem.Document
			if err := json.Unmarshal([]byte(body), &d); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			want := problem.Document{
				Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: "A sentence for people.", Code: "some_code", RequestID: "request-7",
				Errors: []problem.FieldError{{Field: "body", Message: "Too long."}, {Field: "title", Message: "Enter a title."}},
			}
			if res.StatusCode != status || res.Header.Get("Content-Type") != "application/problem+json" || fmt.Sprint(d) != fmt.Sprint(want) {
				t.Errorf("status %d, %s: %+v, want %+v", res.StatusCode, res.Header.Get("Content-Type"), d, want)
			}
			if strings.Contains(body, "ours") || strings.Contains(body, "publish course") {
				t.Errorf("what the failure wraps reached the client: %s", body)
			}
			if res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("cache control %q", res.Header.Get("Cache-Control"))
			}
			if b.log.Len() > 0 {
				t.Errorf("a failure that is not ours was logged: %s", b.log)
			}
			if got := res.Header.Get("WWW-Authenticate"); (kind == fault.KindUnauthenticated) != strings.HasPrefix(got, "Bearer") {
				t.Errorf("WWW-Authenticate %q", got)
			}
			if got := res.Header.Get("Retry-After"); (kind == fault.KindTooMany || kind == fault.KindUnavailable) == (got == "") {
				t.Errorf("Retry-After %q", got)
			}
		})
	}
}

func TestThePlainTextOfOurOwnFailuresStaysWithUsAndIsLoggedWithTheRequestsNumber(t *testing.T) {
	t.Parallel()
	const secret = "pq: password authentication failed for user lyceum_app"
	for name, err := range map[string]error{
		"a plain error":     errors.New(secret),
		"a wrapped one":     fmt.Errorf("list people: %w", errors.New(secret)),
		"an internal fault": fault.New(fault.KindInternal, "internal", secret),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.failing(err)
			res, body := b.send(t, "GET", "/fails", "", "")
			if res.StatusCode != http.StatusInternalServerError || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("status %d, %s", res.StatusCode, res.Header.Get("Content-Type"))
			}
			for header, values := range res.Header {
				body += header + strings.Join(values, "")
			}
			if strings.Contains(body, "password") || strings.Contains(body, "lyceum_app") {
				t.Errorf("the text reached the client: %s", body)
			}
			if log := b.log.String(); !strings.Contains(log, "request-7") || !strings.Contains(log, "lyceum_app") || strings.Count(log, "\n") != 1 {
				t.Errorf("logged: %q", log)
			}
		})
	}
}

// vault takes what must never come back.
type vault struct {
	Name   string         `json:"name"`
	Age    int            `json:"age,omitempty" minimum:"1"`
	Open   bool           `json:"open,omitempty"`
	Kind   string         `json:"kind,omitempty" enum:"gold,silver"`
	Owner  *uid.ID        `json:"owner,omitempty"`
	Since  *time.Time     `json:"since,omitempty"`
	Small  int8           `json:"small,omitempty"`
	Keys   []vaultKey     `json:"keys,omitempty"`
	Named  map[uid.ID]int `json:"named,omitempty"`
	Span   [][2]float64   `json:"span,omitempty"`
	Secret string         `json:"secret,omitempty"`
}

type vaultKey struct {
	Pin string `json:"pin"`
}

type vaultIn struct {
	Paging
	ID   uid.ID `path:"vault"`
	Flag bool   `query:"flag"`
	Body vault
}

type vaultOut struct{ Body vault }

func newVault(t *testing.T) bench {
	b := newBench(t)
	on(b.api, operation{method: put, path: "/vaults/{vault}", id: "put-vault", tag: tagMe, need: route.Public, summary: "Keep"},
		func(_ context.Context, in *vaultIn) (*vaultOut, error) { return &vaultOut{in.Body}, nil })
	b.finished()
	return b
}

func TestInputThatDoesNotFitIsToldByFieldAndNeverComesBack(t *testing.T) {
	t.Parallel()
	const (
		id     = "0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2c"
		marker = "hunter2"
	)
	for name, c := range map[string]struct{ path, body, field, text string }{
		"an unknown field":            {id, `{"name":"a","passwrd":"hunter2"}`, "passwrd", "There is no such field here. Check its name."},
		"an unknown field in a list":  {id, `{"name":"a","keys":[{"pin":"1"},{"pin":"2","pim":"hunter2"}]}`, "keys.1.pim", "There is no such field here. Check its name."},
		"a number for a text":         {id, `{"name":4711}`, "name", "Use a text."},
		"an object for a text":        {id, `{"name":{"hunter2":"hunter2"}}`, "name", "Use a text."},
		"null for a text":             {id, `{"name":null}`, "name", "Use a text."},
		"a text for a number":         {id, `{"name":"a","age":"hunter2"}`, "age", "Use a whole number."},
		"a fraction":                  {id, `{"name":"a","age":1.5}`, "age", "Use a whole number."},
		"too small":                   {id, `{"name":"a","age":0}`, "age", "Use at least 1."},
		"beyond the type":             {id, `{"name":"a","small":4711}`, "small", "This value does not fit here."},
		"a text for a flag":           {id, `{"name":"a","open":"hunter2"}`, "open", "Use true or false."},
		"no choice":                   {id, `{"name":"a","kind":"hunter2"}`, "kind", "Choose one of gold, silver."},
		"no id":                       {id, `{"name":"a","owner":"hunter2"}`, "owner", "This is not an id: use the 36 characters that you were given."},
		"an id in another form":       {id, `{"name":"a","owner":"{` + id + `}"}`, "owner", "This is not an id: use the 36 characters that you were given."},
		"no time":                     {id, `{"name":"a","since":"hunter2"}`, "since", "Use a time such as 2026-03-01T08:00:00Z."},
		"a text for a list":           {id, `{"name":"a","keys":"hunter2"}`, "keys", "Use a list."},
		"null for a list":             {id, `{"name":"a","keys":[null]}`, "keys.0", "Use an object."},
		"missing":                     {id, `{"secret":"hunter2"}`, "name", "This is required."},
		"missing in a list":           {id, `{"name":"a","keys":[{}]}`, "keys.0.pin", "This is required."},
		"a name that is no id":        {id, `{"name":"a","named":{"hunter2":1}}`, "body", "This is not an id: use the 36 characters that you were given."},
		"a stretch of one":            {id, `{"name":"a","span":[[1]]}`, "span.0", "Use a list of as many values as the documentation says."},
		"a list":                      {id, `["hunter2"]`, "body", "Use an object."},
		"null":                        {id, `null`, "body", "Use an object."},
		"no body":                     {id, ``, "body", "Send a JSON object as the body."},
		"no JSON":                     {id, `{"name":"hunter2"`, "body", "This is not JSON: it ends too early."},
		"no JSON at all":              {id, `hunter2`, "body", "This is not JSON. Check its commas, quotes and brackets."},
		"no id in the path":           {marker, `{"name":"a"}`, "vault", "This is not an id: use the 36 characters that you were given."},
		"another form in the path":    {"urn:uuid:" + id, `{"name":"a"}`, "vault", "This is not an id: use the 36 characters that you were given."},
		"an unknown parameter":        {id + "?limti=hunter2", `{"name":"a"}`, "limti", "There is no such parameter here."},
		"a parameter of another type": {id + "?flag=hunter2", `{"name":"a"}`, "flag", "Use true or false."},
		"a limit that is no number":   {id + "?limit=hunter2", `{"name":"a"}`, "limit", "Use a whole number."},
		"a limit beyond the limit":    {id + "?limit=201", `{"name":"a"}`, "limit", "Use at most 200."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, body := newVault(t).send(t, "PUT", "/vaults/"+c.path, "application/json", c.body)
			var d problem.Document
			if err := json.Unmarshal([]byte(body), &d); err != nil || res.StatusCode != http.StatusUnprocessableEntity || d.Code != "invalid_input" {
				t.Fatalf("status %d, %v: %s", res.StatusCode, err, body)
			}
			if len(d.Errors) == 0 || d.Errors[0].Field != c.field || d.Errors[0].Message != c.text {
				t.Errorf("errors %+v, want %q: %q", d.Errors, c.field, c.text)
			}
			if strings.Contains(body, marker) {
				t.Errorf("a rejected value came back: %s", body)
			}
		})
	}
}

func TestTheFormOfABodyIsChecked(t *testing.T) {
	t.Parallel()
	const path = "/vaults/0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2c"
	full := `{"name":"` + strings.Repeat("a", maxJSON-len(`{"name":""}`)) + `"}`
	for name, c := range map[string]struct {
		mediaType, body string
		status          int
	}{
		"JSON":                         {"application/json", `{"name":"a"}`, 200},
		"JSON with a character set":    {"application/json; charset=utf-8", `{"name":"a"}`, 200},
		"1 MiB":                        {"application/json", full, 200},
		"a byte more":                  {"application/json", full + " ", 413},
		"no type":                      {"", `{"name":"a"}`, 415},
		"what a form of a page sends":  {"text/plain", `{"name":"a"}`, 415},
		"a form":                       {"application/x-www-form-urlencoded", `name=a`, 415},
		"another JSON than that of us": {"application/ld+json", `{"name":"a"}`, 415},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, body := newVault(t).send(t, "PUT", path, c.mediaType, c.body)
			if res.StatusCode != c.status {
				t.Errorf("status %d, want %d: %.300s", res.StatusCode, c.status, body)
			}
		})
	}
}

func TestAnEncodedBodyIsRefusedUnread(t *testing.T) {
	t.Parallel()
	b := newVault(t)
	req := httptest.NewRequest(http.MethodPut, base+"/vaults/0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2c", strings.NewReader("\x1f\x8bbomb"))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	res, err := b.app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestAnOperationThatNamesNoNeedKeepsEverythingFromStarting(t *testing.T) {
	t.Parallel()
	for _, need := range []route.Need{"", "course:fly"} {
		b := newBench(t)
		on(b.api, operation{method: get, path: "/x", id: "x", tag: tagMe, need: need, summary: "X"},
			func(context.Context, *nothing) (*meOut, error) { return &meOut{}, nil })
		if len(b.wrong) != 1 {
			t.Errorf("need %q: %v", need, b.wrong)
		}
		if res, body := b.send(t, "GET", "/x", "", ""); res.StatusCode == http.StatusOK {
			t.Errorf("need %q lets a stranger in: %s", need, body)
		}
	}
}

func TestOnAHostThatIsNoPortalThereIsNoOperation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	app := fiber.New(fiber.Config{DisableStartupMessage: true, DisableDefaultDate: true})
	b.huma = newHuma(app, portalPaper())
	app.Use(base, b.enter)
	b.failing(nil)
	res, err := app.Test(httptest.NewRequest(http.MethodGet, base+"/fails", nil), -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestWhatIsLeftOfTheRateIsToldAndBeyondItRequestsWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		limit                   allowing
		status                  int
		remaining, reset, retry string
	}{
		"some left": {allowing{true, 0, 4}, 204, "4", "36", ""},
		"all left":  {allowing{true, 0, 10}, 204, "10", "0", ""},
		"none left": {allowing{false, 1500 * time.Millisecond, 0}, 429, "0", "60", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.Limit = c.limit
			b.app = fiber.New(fiber.Config{DisableStartupMessage: true, DisableDefaultDate: true})
			b.app.Use(func(ctx *fiber.Ctx) error {
				ctx.SetUserContext(tenant.With(ctx.UserContext(), tenant.Tenant{ID: uid.New()}))
				return ctx.Next()
			})
			b.huma = newHuma(b.app, portalPaper())
			b.app.Use(base, b.enter)
			on(b.api, operation{method: del, path: "/x", id: "x", tag: tagMe, need: route.Public, summary: "X"},
				func(context.Context, *nothing) (*nothing, error) { return nil, nil })
			res, body := b.send(t, "DELETE", "/x", "", "")
			h := res.Header
			if res.StatusCode != c.status || h.Get("RateLimit-Limit") != "10" || h.Get("RateLimit-Remaining") != c.remaining || h.Get("RateLimit-Reset") != c.reset || h.Get("Retry-After") != c.retry {
				t.Errorf("status %d, headers %v: %s", res.StatusCode, h, body)
			}
		})
	}
}

func TestStrangersOfOneNetworkShareAnAllowanceAndEveryoneElseHasTheirOwn(t *testing.T) {
	t.Parallel()
	acme, globex := tenant.Tenant{ID: uid.New()}, tenant.Tenant{ID: uid.New()}
	anna, ben := uid.New(), uid.New()
	seen := map[string]string{}
	for _, c := range []struct {
		whose string
		in    tenant.Tenant
		ip    string
		who   *auth.Principal
	}{
		{"stranger at 192.0.2.1", acme, "192.0.2.1", nil},
		{"stranger at 192.0.2.2", acme, "192.0.2.2", nil},
		{"stranger at 192.0.2.1 in globex", globex, "192.0.2.1", nil},
		{"stranger in 2001:db8:1:2::/64", acme, "2001:db8:1:2::1", nil},
		{"stranger in 2001:db8:1:2::/64", acme, "2001:db8:1:2:ffff::9", nil},
		{"stranger in 2001:db8:1:3::/64", acme, "2001:db8:1:3::1", nil},
		{"anna", acme, "192.0.2.1", &auth.Principal{PersonID: anna}},
		{"anna", acme, "192.0.2.2", &auth.Principal{PersonID: anna}},
		{"ben", acme, "192.0.2.1", &auth.Principal{PersonID: ben}},
		{"anna's key", acme, "192.0.2.1", &auth.Principal{PersonID: anna, KeyID: uid.New()}},
	} {
		app := fiber.New(fiber.Config{DisableStartupMessage: true})
		fc := app.AcquireCtx(&fasthttp.RequestCtx{})
		visit.Begin(fc).Client.IP = c.ip
		ctx := tenant.With(t.Context(), c.in)
		if c.who != nil {
			ctx = auth.WithPrincipal(ctx, *c.who)
		}
		fc.SetUserContext(ctx)
		key := allowance(fc)
		if other, ok := seen[key]; ok && other != c.whose {
			t.Errorf("%s and %s share an allowance", c.whose, other)
		}
		for k, other := range seen {
			if other == c.whose && k != key {
				t.Errorf("%s has two allowances", c.whose)
			}
		}
		seen[key] = c.whose
		app.ReleaseCtx(fc)
	}
}
