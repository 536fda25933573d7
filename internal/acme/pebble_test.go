package acme_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lyceum/internal/acme"
	"lyceum/internal/acme/pebble"
	"lyceum/internal/clock"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) {
	// certmagic's limits of what it asks an issuer for belong to the package and run on.
	storetest.Main(m, goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*RingBufferRateLimiter).loop"))
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// gate lets one host in.
type gate struct {
	host   string
	orders chan string
}

var errNo = errors.New("no")

func (g gate) Ask(_ context.Context, host string) error {
	if host != g.host {
		return errNo
	}
	return nil
}

func (g gate) Order(ctx context.Context, host string) error {
	g.orders <- host
	return g.Ask(ctx, host)
}

func TestARealACMEServerIssuesACertificateOnDemandOnceForAllProcesses(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	plain, first, second := listen(t), listen(t), listen(t)
	port := func(address string) string { _, p, _ := net.SplitHostPort(address); return p }
	issuer := pebble.Start(t, port(plain.Addr().String()), port(first.Addr().String()))

	master := make([]byte, seal.KeySize)
	_, _ = rand.Read(master)
	key, err := seal.New(master)
	if err != nil {
		t.Fatal(err)
	}
	host := "learn-" + strings.ToLower(uid.Opaque(8)) + ".example"
	g := gate{host, make(chan string, 10)}
	serve := func(ln net.Listener) *acme.Front {
		f, err := acme.New(acme.Options{Keep: w.Store, Seal: key, Gate: g, Now: clock.Real, CA: issuer.Directory, Roots: issuer.Roots})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(f.Close)
		srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "hello") })}
		go func() { _ = srv.Serve(f.Listener(ln)) }()
		t.Cleanup(func() { _ = srv.Close() })
		return f
	}
	front := serve(first)
	challenges := &http.Server{ReadHeaderTimeout: time.Second, Handler: front.Plain(port(first.Addr().String()))}
	go func() { _ = challenges.Serve(plain) }()
	t.Cleanup(func() { _ = challenges.Close() })
	serve(second) // another process of ours

	greet := func(address, name string) (*x509.Certificate, error) {
		d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 20 * time.Second}, Config: &tls.Config{ServerName: name, InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}} //nolint:gosec // pebble makes its root anew at each start
		c, err := d.DialContext(t.Context(), "tcp", address)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		state := c.(*tls.Conn).ConnectionState()
		if state.NegotiatedProtocol != "http/1.1" {
			t.Errorf("negotiated %q", state.NegotiatedProtocol)
		}
		return state.PeerCertificates[0], nil
	}
	cert, err := greet(first.Addr().String(), host)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.VerifyHostname(host); err != nil || !strings.Contains(cert.Issuer.CommonName, "Pebble") {
		t.Errorf("the certificate is for %v by %s", cert.DNSNames, cert.Issuer)
	}
	again, err := greet(second.Addr().String(), host)
	if err != nil || !again.Equal(cert) {
		t.Errorf("another process has another certificate: %v", err)
	}
	if n := len(g.orders); n != 1 {
		t.Errorf("%d certificates were ordered", n)
	}
	for _, name := range []string{"unknown.example", ""} {
		if _, err := greet(first.Addr().String(), name); err == nil {
			t.Errorf("%q gets a handshake", name)
		}
	}
	var kept []byte
	if err := w.Admin.QueryRow(t.Context(), "select value from control.acme_values where name like '%' || $1 || '.key'", host).Scan(&kept); err != nil || strings.Contains(string(kept), "PRIVATE KEY") {
		t.Errorf("the private key lies open in the database (%v)", err)
	}
	lead := func(name string) (int, string) {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+plain.Addr().String()+"/courses?x=1", nil)
		req.Host = name
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode, res.Header.Get("Location")
	}
	if status, to := lead(host); status != 308 || to != "https://"+host+":"+port(first.Addr().String())+"/courses?x=1" {
		t.Errorf("http leads with %d to %q", status, to)
	}
	if status, to := lead("evil.example"); status != 404 || to != "" {
		t.Errorf("an unknown host: %d to %q", status, to)
	}
}
