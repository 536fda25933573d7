package api_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"lyceum/api"
	"lyceum/api/visit"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// serve runs the server on a port of its own until the test ends, and gives the address.
func (h *house) serve() string {
	h.t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		h.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Listener(ln) }()
	h.t.Cleanup(func() {
		if err := h.srv.Shutdown(h.t.Context()); err != nil && h.t.Context().Err() == nil {
			h.t.Error(err)
		}
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
	})
	return ln.Addr().String()
}

// raw sends bytes and gives everything that comes back until the server closes.
func raw(t testing.TB, address string, request []byte) string {
	t.Helper()
	c, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(request); err != nil {
		t.Logf("writing ended early: %v", err)
	}
	var got bytes.Buffer
	if _, err := io.Copy(&got, c); err != nil {
		t.Errorf("the answer did not end well: %v (so far %q)", err, firstOf(got.String(), 300))
	}
	return got.String()
}

func TestOnlyATrustedProxyIsBelieved(t *testing.T) {
	t.Parallel()
	forwarded := func(h *house) string {
		return raw(t, h.serveOnce(), fmt.Appendf(nil, "GET /whence HTTP/1.1\r\nHost: %s\r\nX-Forwarded-Proto: https\r\n"+
			"X-Forwarded-For: 203.0.113.9, 198.51.100.7, 127.0.0.1\r\nConnection: close\r\n\r\n", h.host))
	}
	whence := failing(map[string]fiber.Handler{"/whence": func(c *fiber.Ctx) error { return c.SendString(visit.Of(c).Scheme) }})
	believing := setup(t, whence, func(h *house) { h.o.TrustedProxies = []string{"127.0.0.0/8"} })
	if got := forwarded(believing); !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.HasSuffix(got, "\r\n\r\nhttps") {
		t.Errorf("behind a trusted proxy: %s", firstOf(got, 200))
	}
	if log := believing.log.String(); !strings.Contains(log, "ip=198.51.100.7") {
		t.Errorf("the visitor is not the last address that no proxy of ours has: %s", log)
	}
	doubting := setup(t, whence)
	if got := forwarded(doubting); !strings.HasSuffix(got, "\r\n\r\nhttp") {
		t.Errorf("a stranger chose the scheme: %s", firstOf(got, 200))
	}
	if log := doubting.log.String(); !strings.Contains(log, "ip=127.0.0.1") {
		t.Errorf("a stranger chose the address: %s", log)
	}
}

func TestTheHostIsThatOfTheHostHeaderWhoeverElseIsNamed(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.TrustedProxies = []string{"127.0.0.0/8"} })
	for asked, want := range map[[2]string]string{{"unknown.example", h.host}: "HTTP/1.1 404", {h.host, "unknown.example"}: "HTTP/1.1 200"} {
		got := raw(t, h.serveOnce(), fmt.Appendf(nil, "GET /signin HTTP/1.1\r\nHost: %s\r\nX-Forwarded-Host: %s\r\nConnection: close\r\n\r\n", asked[0], asked[1]))
		if !strings.HasPrefix(got, want) {
			t.Errorf("Host %s, X-Forwarded-Host %s: %s, want %s", asked[0], asked[1], firstOf(got, 200), want)
		}
	}
}

func TestAProxyThatIsNoNetworkIsAMistakeAtStart(t *testing.T) {
	t.Parallel()
	h := setup(t)
	h.o.TrustedProxies = []string{"everyone"}
	if _, err := api.New(h.o); err == nil || !strings.Contains(err.Error(), "everyone") {
		t.Errorf("got %v", err)
	}
	h.o.TrustedProxies = []string{"", " 10.0.0.0/8"}
	if _, err := api.New(h.o); err != nil {
		t.Errorf("a setting left empty: %v", err)
	}
}

func TestABodyBeyondTheLimitIsToldSo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	address := h.serve()
	post := func(contentType string, size int) string {
		head := fmt.Sprintf("POST /signin HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", h.host, contentType, size)
		return raw(t, address, append([]byte(head), bytes.Repeat([]byte("a"), size)...))
	}
	for _, c := range []struct {
		contentType string
		size        int
	}{
		{"application/x-www-form-urlencoded", 1<<20 + 1}, {"application/x-www-form-urlencoded", 20 << 20}, {"text/plain", 3 << 20},
		{"multipart/form-data; boundary=x", 20 << 20}, {"application/offset+octet-stream", 9 << 20},
	} {
		got := post(c.contentType, c.size)
		if !strings.HasPrefix(got, "HTTP/1.1 413") || !strings.Contains(got, "8 MiB") || !strings.Contains(got, "nosniff") {
			t.Errorf("%d bytes of %s: %s", c.size, c.contentType, firstOf(got, 400))
		}
	}
	if !strings.Contains(h.log.String(), "status=413") {
		t.Error("the refusals are not in the log")
	}
	if got := post("application/x-www-form-urlencoded", 1<<20); !strings.HasPrefix(got, "HTTP/1.1 403") {
		t.Errorf("a form at the limit is not refused for its size: %s", firstOf(got, 200))
	}
}

func TestALargeBodyIsReadOnlyWhereFilesAreTakenAndWithASessionOrAKey(t *testing.T) {
	t.Parallel()
	h := setup(t)
	address := h.serve()
	const form, chunk, bytesType = "multipart/form-data; boundary=x", "application/offset+octet-stream", "application/octet-stream"
	session, key, id := "Cookie: theme=dark; lyceum=abc\r\n", "Authorization: Bearer abc\r\n", uid.New().String()
	for _, c := range []struct {
		line, header, contentType string
		read                      bool
	}{
		{"POST /files", session, form, true},
		{"POST /files/", session, form, true},
		{"POST http://elsewhere.example/files?x=1", session, form, true},
		{"PATCH /files/uploads/" + id, session, chunk, true},
		{"POST /studio/fire", session, form, true},
		{"POST /studio/fire/lessons/" + id, session, form, true},
		{"POST /settings/brand", session, form, true},
		{"POST /settings/brand/preview", session, form, true},
		{"POST /api/v1/files", key, bytesType, true},
		{"PATCH /api/v1/uploads/" + id, key, chunk, true},
		{"PATCH /api/v1/uploads/" + id, session, chunk, true},
		{"POST /files", "", form, false},
		{"POST /files", "Cookie: lyceum=\r\n", form, false},
		{"POST /files", key, form, false},
		{"POST /files", session, "application/json", false},
		{"PUT /files", session, form, false},
		{"POST /signin", session, form, false},
		{"POST /files/uploads", session, form, false},
		{"POST /studio/fire/modules", session, form, false},
		{"POST /studio/fire/lessons/" + id + "/preview", session, form, false},
		{"POST /signup", session, form, false},
		{"POST /nowhere", session, chunk, false},
		{"PATCH /api/v1/uploads/" + id, "", chunk, false},
		{"POST /api/v1/courses", key, form, false},
	} {
		const size = 2 << 20
		head := fmt.Sprintf("%s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", c.line, h.host, c.header, c.contentType, size)
		got := raw(t, address, append([]byte(head), bytes.Repeat([]byte("a"), size)...))
		if refused := strings.HasPrefix(got, "HTTP/1.1 413"); refused == c.read || got == "" {
			t.Errorf("%s with %q as %s: %s", c.line, c.header, c.contentType, firstOf(got, 120))
		}
	}
	if !h.srv.Bounded() {
		t.Error("the server holds any number of connections")
	}
}

func TestAForgedSessionBringsNoLargeBodyAndRealOnesShareTheMemory(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) { h.o.BodyMemory = 5 << 20 })
	address := h.serve()
	b := h.as(h.person(policy.Instructor))
	const size = 3 << 20
	head := func(cookie string) []byte {
		return fmt.Appendf(nil, "PATCH /files/uploads/%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/offset+octet-stream\r\nAccept: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n",
			uid.New(), h.host, cookie, size)
	}
	for _, forged := range []string{"lyceum=abc", "lyceum=" + strings.Repeat("a", len(b.cookies["lyceum"]))} {
		// Not a byte of the body is sent: the answer comes at once.
		if got := raw(t, address, head(forged)); !strings.HasPrefix(got, "HTTP/1.1 401") {
			t.Errorf("a forged session: %s", firstOf(got, 200))
		}
	}
	real := "lyceum=" + b.cookies["lyceum"]
	slow, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if _, err := slow.Write(append(head(real), make([]byte, 1<<20)...)); err != nil {
		t.Fatal(err)
	}
	h.srv.WaitForBodies(t.Context(), size)
	got := raw(t, address, head(real))
	if !strings.HasPrefix(got, "HTTP/1.1 503") || !strings.Contains(got, "uploads_busy") || !strings.Contains(got, "Retry-After: 60") {
		t.Errorf("beyond the memory: %s", firstOf(got, 400))
	}
	if err := slow.Close(); err != nil {
		t.Fatal(err)
	}
	h.srv.WaitForBodies(t.Context(), 0)
	if got := raw(t, address, append(head(real), make([]byte, size)...)); strings.HasPrefix(got, "HTTP/1.1 5") || strings.HasPrefix(got, "HTTP/1.1 401") {
		t.Errorf("after the slow one has gone: %s", firstOf(got, 200))
	}
	h.srv.WaitForBodies(t.Context(), 0)
}

func TestTLSIsSeenAsSuchAndATooLargeBodyIsToldThereToo(t *testing.T) {
	t.Parallel()
	h := setup(t, failing(map[string]fiber.Handler{"/scheme": func(c *fiber.Ctx) error { return c.SendString(visit.Of(c).Scheme) }}))
	made := httptest.NewUnstartedServer(nil) // for its certificate
	made.StartTLS()
	defer made.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- h.srv.Listener(tls.NewListener(ln, &tls.Config{Certificates: made.TLS.Certificates, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS13}))
	}()
	client := made.Client()
	defer client.CloseIdleConnections()
	ask := func(method, path string, body io.Reader) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "https://"+ln.Addr().String()+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = h.host
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		said, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(said)
	}
	if status, said := ask(http.MethodGet, "/scheme", http.NoBody); status != 200 || said != "https" {
		t.Errorf("%d, %q", status, said)
	}
	if status, _ := ask(http.MethodPost, "/signin", bytes.NewReader(make([]byte, 20<<20))); status != 413 {
		t.Errorf("a body of 20 MiB: %d", status)
	}
	client.CloseIdleConnections()
	if err := h.srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestHeadersBeyondTheLimitAreToldSo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	request := "GET /signin HTTP/1.1\r\nHost: " + h.host + "\r\nCookie: a=" + strings.Repeat("b", 30<<10) + "\r\nConnection: close\r\n\r\n"
	if got := raw(t, h.serve(), []byte(request)); !strings.HasPrefix(got, "HTTP/1.1 431") {
		t.Errorf("got %s", firstOf(got, 300))
	}
}

// The rest of a body that a handler leaves unread must never be taken for the next request (LIBRARIES.md B2, 1).
func TestNoRequestIsSmuggledInABody(t *testing.T) {
	t.Parallel()
	h := setup(t)
	if h.srv.Streams() {
		t.Error("an app streams request bodies")
	}
	inner := "GET /healthz HTTP/1.1\r\nHost: " + h.host + "\r\n\r\n"
	body := strings.Repeat("a", 10_000) + inner
	last := "GET /readyz HTTP/1.1\r\nHost: " + h.host + "\r\nConnection: close\r\n\r\n"
	for _, head := range []string{
		fmt.Sprintf("POST /account HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", h.host, len(body), body),
		fmt.Sprintf("POST /api/v1/courses HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", h.host, len(body), body),
		fmt.Sprintf("GET /signin HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", h.host, len(body), body),
	} {
		got := raw(t, h.serveOnce(), []byte(head+last))
		if strings.Contains(got, "\r\n\r\nok\n") {
			t.Errorf("the request within the body was answered: %s", firstOf(got, 600))
		}
		if n := strings.Count(got, "HTTP/1.1 "); n != 2 || !strings.HasSuffix(got, "ready\n") {
			t.Errorf("%d answers, want 2, the last one to /readyz: %s", n, firstOf(got, 600))
		}
	}
}

// serveOnce is serve, at the address that the first call gave.
func (h *house) serveOnce() string {
	if h.address == "" {
		h.address = h.serve()
	}
	return h.address
}

func TestShutdownWaitsForWhatRuns(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}), make(chan struct{})
	h := setup(t, func(h *house) {
		h.o.Ready = func(context.Context) error {
			close(asked)
			<-release
			return nil
		}
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Listener(ln) }()
	answered := make(chan string, 1)
	go func() {
		res, err := http.Get("http://" + ln.Addr().String() + "/readyz")
		if err != nil {
			answered <- err.Error()
			return
		}
		defer res.Body.Close()
		answered <- res.Status
	}()
	<-asked
	down := make(chan error, 1)
	go func() { down <- h.srv.Shutdown(t.Context()) }()
	select {
	case err := <-down:
		t.Errorf("shut down while a request ran: %v", err)
	case err := <-ended: // the listener is closed first
		if err != nil {
			t.Error(err)
		}
	}
	close(release)
	if got := <-answered; got != "200 OK" {
		t.Errorf("the running request got %s", got)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}
