package api_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"lyceum/auth/saml"
	"lyceum/auth/saml/demoidp"
	"lyceum/auth/signon"
	"lyceum/tenant"
)

// tab is a page of a Chromium of its own.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// chromium opens one, or skips the test.
func chromium(t *testing.T) tab {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Skip("SKIPPED: the test of cookies and policies in a real browser needs Chromium: apt install chromium")
	}
	allocator, end := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancel(); end() })
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // the browser lives as long as this call's context
		t.Fatal(err)
	}
	return tab{t, ctx}
}

func (b tab) visit(address string) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address)); err != nil {
		b.t.Fatal(err)
	}
}

// presses waits for a button or form and presses or sends it.
func (b tab) presses(selector string) {
	b.t.Helper()
	b.waits("(e => e && (e.requestSubmit ? e.requestSubmit() : e.click(), true))(document.querySelector(" + strconv.Quote(selector) + "))")
}

// waits until an expression is true, on whatever page.
func (b tab) waits(expression string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("document.readyState === 'complete' && Boolean("+expression+")")); err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.t.Fatalf("never %s; at %s:\n%s", expression, b.value("location.href"), b.value("document.body.innerText"))
		case <-tick.C:
		}
	}
}

func (b tab) value(expression string) string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	s, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
	return s
}

// Browsers decide which cookies go along and which forms may be sent; only a real one can tell whether ours let them.
func TestARealBrowserCarriesASignOnAndASignOut(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	h := setup(t, func(h *house) {
		o := h.o.SignOn.Options
		o.Hosts = tenant.Hosts{Base: "localhost", Platform: "lyceum.localhost", Scheme: "http", Port: port}
		h.o.SignOn = signon.New(o)
		h.host = h.tenant.Slug + ".localhost:" + port
	})
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Listener(ln) }()
	t.Cleanup(func() {
		if err := h.srv.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		<-ended //nolint:errcheck // it was shut down
	})
	var handler http.Handler
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(idp.Close)
	keys, err := idpKeys()
	if err != nil {
		t.Fatal(err)
	}
	c := &company{house: h}
	if c.saml, err = demoidp.New(demoidp.Options{BaseURL: idp.URL, Key: keys[0], People: employees, Now: h.w.Now.Clock()}); err != nil {
		t.Fatal(err)
	}
	handler = c.saml
	h.verify("acme.example")
	for i, binding := range []saml.Binding{saml.BindingRedirect, saml.BindingPost} {
		c.addSAML(func(k *signon.Connection, s *saml.Settings) {
			s.RequestBinding, s.AllowIDPInitiated, k.Name = binding, true, "Acme "+string(binding)
		})
		at := "http://" + c.host
		b.visit(at + "/sso/start/" + c.connection.ID.String() + "?next=/certificates")
		b.presses(`button[value="` + employees[i].Email + `"]`)
		b.waits("location.href === " + strconv.Quote(at+"/certificates"))
		b.presses(`form[action="/signout"]`)
		b.waits("location.pathname === '/signin' && document.body.innerText.includes('You are signed out, here and at your organization.')")
		if c.saml.Sessions() != 0 {
			t.Errorf("%s: the session at the identity provider goes on", binding)
		}
	}
	b.visit(idp.URL + "/")
	b.presses(`form[action$="/initiate"] button[value="anna@acme.example"]`)
	b.waits("document.querySelector('h1').innerText === 'Continue as Anna Berg?'")
	b.presses(`form[action^="/sso/finish/"]`)
	b.waits("location.href === " + strconv.Quote("http://"+c.host+"/") + " && document.querySelector('form[action=\"/signout\"]')")
}
