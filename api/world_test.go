package api_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api"
	"lyceum/api/rest"
	"lyceum/api/route"
	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/blob"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/store/fleet"
	"lyceum/store/storetest"
	"lyceum/tenant"
	"lyceum/themes"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// allThemes are parsed once for all tests.
var allThemes = sync.OnceValues(func() (*themes.Set, error) { return themes.New(themes.Options{Dev: true}) })

var cheap = auth.PasswordCost{MemoryKiB: 64, Iterations: 1, Parallelism: 1}

const password = "correct horse battery"

// house is a server over the real store, with one tenant.
type house struct {
	t       testing.TB
	w       *storetest.World
	o       api.Options
	srv     *api.Server
	tenant  tenant.Tenant
	host    string
	ctx     context.Context // in the tenant
	log     *book
	address string
}

const platformHost = "lyceum.localhost:8080"

// setup builds it; edit may change the options before the server is made.
func setup(t testing.TB, edit ...func(*house)) *house {
	t.Helper()
	w := storetest.New(t)
	now := w.Now.Clock()
	h := &house{t: t, w: w, log: &book{}}
	h.tenant = h.newTenant()
	h.host, h.ctx = h.hostOf(h.tenant), tenant.With(t.Context(), h.tenant)
	set, err := allThemes()
	if err != nil {
		t.Fatal(err)
	}
	admin, err := fleet.Open(t.Context(), fleet.Options{URL: w.Admin.Config().ConnString()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(admin.Close)
	blobs, err := blob.Open(t.Context(), "mem://")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = blobs.Close() })
	hosts := tenant.Hosts{Base: "localhost", Platform: "lyceum.localhost", Scheme: "http", Port: "8080"}
	engine := policy.NewEngine(w.Store, now)
	service := auth.New(auth.Options{Keep: w.Store, Policy: engine, Now: now, Guess: freely{}, Cost: cheap})
	files := content.New(content.Options{Keep: w.Store, Blobs: blobs, Now: now})
	h.o = api.Options{
		Directory: tenant.NewDirectory(hosts, w.Store, 1, now), Brands: tenant.NewBrands(w.Store, now), Auth: service,
		Tenants:   tenant.New(tenant.Options{Keep: w.Store, Schemas: admin, Owners: owners{service}, Files: noFiles{}, Now: now, Log: slog.New(slog.DiscardHandler)}),
		Operators: auth.NewOperators(w.Store, now, freely{}, cheap), Policy: engine,
		Catalog: catalog.New(catalog.Options{Keep: w.Store, Now: now}), Enrolment: enrolment.New(enrolment.Options{Keep: w.Store, Now: now}),
		Content: files, Certificates: certificate.New(certificate.Options{Keep: w.Store, Now: now}), Billing: billing.New(w.Store, now),
		Events: events{w}, Themes: set, Limits: api.Limits{Strangers: freely{}, Lookups: freely{}},
		Ready: func(context.Context) error { return nil }, Log: slog.New(slog.NewTextHandler(h.log, nil)), Now: now, SchemaVersion: admin.Version(),
	}
	h.o.REST = func(portal fiber.Router) ([]route.Route, error) {
		return rest.Mount(portal, rest.Services{
			Auth: service, Catalog: h.o.Catalog, Enrolment: h.o.Enrolment, Content: files, Certificates: h.o.Certificates, Billing: h.o.Billing,
			Brands: h.o.Brands, Events: h.o.Events, Limit: freely{}, Rate: rest.Rate{Requests: 100, Window: time.Minute}, Hosts: hosts, Now: now,
		})
	}
	for _, e := range edit {
		e(h)
	}
	if h.srv, err = api.New(h.o); err != nil {
		t.Fatal(err)
	}
	h.srv.Tame()
	return h
}

func (h *house) newTenant() tenant.Tenant {
	h.t.Helper()
	tn := h.w.TenantRow(h.t)
	err := h.w.Store.InTenant(tenant.With(h.t.Context(), tn), func(ctx context.Context) error {
		return h.w.Store.SeedTenant(ctx, tenant.DefaultBrand(tn.Name), h.w.Now.Now())
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return tn
}

func (h *house) hostOf(t tenant.Tenant) string { return t.Slug + ".localhost:8080" }

// freely is a limiter that allows everything.
type freely struct{}

func (freely) Allow(string) (bool, time.Duration, int) { return true, 0, 99 }

type owners struct{ *auth.Service }

func (o owners) MakeOwner(ctx context.Context, email, name, hash string) error {
	_, err := o.CreateOwner(ctx, email, name, hash)
	return err
}

type noFiles struct{}

func (noFiles) RemoveTenantFiles(context.Context, tenant.Tenant) error { return nil }

// events reads the log.
type events struct{ w *storetest.World }

func (e events) Read(ctx context.Context, f event.Filter) (out page.Of[event.Event], err error) {
	if err := auth.Require(ctx, policy.AuditRead); err != nil {
		return out, err
	}
	err = e.w.Store.InTenant(ctx, func(ctx context.Context) (err error) {
		out, err = e.w.Store.Events(ctx, f)
		return err
	})
	return out, err
}

func (e events) Names(ctx context.Context, people []uid.ID) (map[uid.ID]string, error) {
	out := map[uid.ID]string{}
	err := e.w.Store.InTenant(ctx, func(ctx context.Context) error {
		for _, one := range people {
			p, err := e.w.Store.PersonByID(ctx, one)
			if err != nil {
				return err
			}
			out[one] = p.Name
		}
		return nil
	})
	return out, err
}

// book is a log that several goroutines write.
type book struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// person adds someone with a role and the password to the tenant.
func (h *house) person(roles ...policy.Role) auth.Person { return h.personIn(h.ctx, roles...) }

func (h *house) personIn(ctx context.Context, roles ...policy.Role) auth.Person {
	h.t.Helper()
	hash, err := h.o.Auth.HashPassword(h.t.Context(), password)
	if err != nil {
		h.t.Fatal(err)
	}
	return storetest.AddPerson(h.t, ctx, h.w, auth.Person{PasswordHash: hash}, roles...)
}

// browser keeps cookies for one host and the CSRF token of the page seen last, as a person's browser would.
type browser struct {
	*house
	host    string
	cookies map[string]string
	csrf    string
	header  map[string]string
}

func (h *house) browser(host string) *browser {
	return &browser{house: h, host: host, cookies: map[string]string{}, header: map[string]string{"Accept": "text/html,application/xhtml+xml"}}
}

// stranger is a browser on the tenant's portal that is not signed in.
func (h *house) stranger() *browser { return h.browser(h.host) }

// as is a browser signed in as someone of the tenant, by the sign-in form.
func (h *house) as(p auth.Person) *browser {
	h.t.Helper()
	b := h.stranger()
	b.signIn(p)
	return b
}

func (b *browser) signIn(p auth.Person) {
	b.t.Helper()
	b.get("/signin").is(200)
	b.post("/signin", "email", p.Email, "password", password).is(303)
}

// answer is what came back.
type answer struct {
	t testing.TB
	*http.Response
	body string
}

var csrfMeta = regexp.MustCompile(`<meta name="csrf" content="([^"]+)">`)

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	r.Host = b.host
	for name, value := range b.header {
		if r.Header.Get(name) == "" {
			r.Header.Set(name, value)
		}
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := b.srv.Test(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		b.t.Fatal(err)
	}
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 || !c.Expires.IsZero() && c.Expires.Before(time.Now()) && c.MaxAge <= 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	if m := csrfMeta.FindStringSubmatch(string(body)); m != nil {
		b.csrf = m[1]
	}
	return answer{b.t, res, string(body)}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.do(httptest.NewRequest(http.MethodGet, path, http.NoBody))
}

// post sends a form with the token of the page seen last.
func (b *browser) post(path string, pairs ...string) answer {
	b.t.Helper()
	form := url.Values{"csrf": {b.csrf}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// multipart sends a form with a file.
func (b *browser) multipart(path string, fields map[string]string, field, name string, data []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for _, err := range []error{m.WriteField("csrf", b.csrf), writeAll(m, fields)} {
		if err != nil {
			b.t.Fatal(err)
		}
	}
	part, err := m.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err = errors.Join(err, m.Close()); err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return b.do(r)
}

func writeAll(m *multipart.Writer, fields map[string]string) error {
	for name, value := range fields {
		if err := m.WriteField(name, value); err != nil {
			return err
		}
	}
	return nil
}

// onePixel is a PNG.
var onePixel = func() []byte {
	var b bytes.Buffer
	img := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

var keyShown = regexp.MustCompile(`lyc_[A-Za-z0-9_-]{43}`)

// keyFrom makes an API key in the browser and gives its secret.
func keyFrom(t testing.TB, b *browser, scopes ...string) string {
	t.Helper()
	b.get("/settings/api-keys").is(200)
	pairs := []string{"name", "Payroll", "days", "30"}
	for _, s := range scopes {
		pairs = append(pairs, "scopes", s)
	}
	page := b.post("/settings/api-keys", pairs...).is(200).has("Cache-Control", "no-store")
	key := keyShown.FindString(page.body)
	if key == "" {
		t.Fatalf("no key is shown: %s", firstOf(page.body, 2000))
	}
	return key
}

// json sends a body as one of our scripts does.
func (b *browser) json(method, path, body string, header ...string) answer {
	b.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("X-CSRF-Token", b.csrf)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func (a answer) is(status int) answer {
	a.t.Helper()
	if a.StatusCode != status {
		a.t.Fatalf("status %d (to %q), want %d\n%s", a.StatusCode, a.Header.Get("Location"), status, firstOf(a.body, 1500))
	}
	return a
}

func (a answer) says(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			a.t.Errorf("the answer does not say %q:\n%s", w, firstOf(a.body, 3000))
		}
	}
	return a
}

func (a answer) saysNot(words ...string) answer {
	a.t.Helper()
	for _, w := range words {
		if strings.Contains(a.body, w) {
			a.t.Errorf("the answer says %q:\n%s", w, firstOf(a.body, 3000))
		}
	}
	return a
}

// leads checks where the answer leads on to.
func (a answer) leads(to string) answer {
	a.t.Helper()
	if got := a.Header.Get("Location"); got != to {
		a.t.Errorf("leads to %q, want %q", got, to)
	}
	return a
}

func (a answer) has(header, value string) answer {
	a.t.Helper()
	if got := a.Header.Get(header); got != value {
		a.t.Errorf("%s: %q, want %q", header, got, value)
	}
	return a
}

// hasIn checks that a header holds a word.
func (a answer) hasIn(header, word string) answer {
	a.t.Helper()
	if got := a.Header.Get(header); !strings.Contains(got, word) {
		a.t.Errorf("%s: %q does not hold %q", header, got, word)
	}
	return a
}

func firstOf(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
