package api_test

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth"
)

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
	log  *book
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
	return answer{b.t, res, string(body), b.log}
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
		if a.StatusCode >= http.StatusInternalServerError {
			a.t.Logf("the log ends:\n%s", lastOf(a.log.String(), 3000))
		}
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

func lastOf(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

func firstOf(s string, n int) string {
	if len(s) > n {
		return s[:n] + "…"
	}
	return s
}
