package acme_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lyceum/internal/acme"
	"lyceum/internal/clock"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) {
	// certmagic's limits of what it asks an issuer for belong to the package and run on.
	storetest.Main(m, goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*RingBufferRateLimiter).loop"))
}

// program finds a program of pebble's, which `.ci/setup acme` builds.
func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if home, err := os.UserHomeDir(); err == nil {
		path := filepath.Join(home, "go", "bin", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skipf("SKIPPED: no %s, so nothing is tested against a real ACME server; get it with `.ci/setup acme`", name)
	return ""
}

func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
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

// authority makes the certificate that pebble's own directory is served with.
func authority(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pebble"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, data := range map[string][]byte{"cert.pem": cert, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return pool
}

// run starts a program, waits until it says a word, and stops it at the end of the test.
func run(t *testing.T, word, path string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		lines, seen := bufio.NewScanner(out), false
		for lines.Scan() {
			if !seen && strings.Contains(lines.Text(), word) {
				seen = true
				close(said)
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended; _ = cmd.Wait() })
	select {
	case <-said:
	case <-ended:
		t.Fatalf("%s ended", filepath.Base(path))
	case <-time.After(20 * time.Second):
		t.Fatalf("%s does not start", filepath.Base(path))
	}
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
	pebble, names := program(t, "pebble"), program(t, "pebble-challtestsrv")
	w, dir := storetest.New(t), t.TempDir()
	roots := authority(t, dir)
	plain, first, second := listen(t), listen(t), listen(t)
	port := func(address string) string { _, p, _ := net.SplitHostPort(address); return p }
	directory, dns := free(t), free(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": directory, "certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": json.Number(port(plain.Addr().String())), "tlsPort": json.Number(port(first.Addr().String())),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "Starting challenge", names, "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1", "-dnsserver", dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-management", free(t))
	run(t, "Listening on", pebble, "-config", file, "-dnsserver", dns)

	master := make([]byte, seal.KeySize)
	_, _ = rand.Read(master)
	key, err := seal.New(master)
	if err != nil {
		t.Fatal(err)
	}
	host := "learn-" + strings.ToLower(uid.Opaque(8)) + ".example"
	g := gate{host, make(chan string, 10)}
	serve := func(ln net.Listener) *acme.Front {
		f, err := acme.New(acme.Options{Keep: w.Store, Seal: key, Gate: g, Now: clock.Real, CA: "https://" + directory + "/dir", Roots: roots})
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
