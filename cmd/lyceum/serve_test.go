package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/internal/acme/pebble"
)

// served is a `lyceum serve` that speaks TLS with a real ACME server's certificates.
type served struct {
	exe, data, plain, secure string
	issuer                   pebble.Server
}

// run starts it and gives what stops it politely.
func (s served) run(t *testing.T) (stop func()) {
	t.Helper()
	_, port, _ := net.SplitHostPort(s.secure)
	cmd := exec.Command(s.exe, "serve", "--data", s.data, "--base-domain", "learn.example", "--base-url", "https://www.learn.example:"+port, "--listen", s.plain,
		"--tls", "acme", "--tls-listen", s.secure, "--acme-directory", s.issuer.Directory, "--acme-roots", s.issuer.RootsFile, "--spares", "0")
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = cmd.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "msg=serving") {
				close(ready)
			}
		}
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
		if err := cmd.Wait(); err != nil {
			t.Errorf("it did not stop cleanly: %v\n%s", err, said.String())
		}
	}
	t.Cleanup(stop)
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("it ended: %s", said.String())
	}
	return stop
}

// get asks for an address by name over TLS, without trusting the root that pebble makes anew at each start.
func (s served) get(t *testing.T, scheme, host, path string) (*http.Response, string, error) {
	t.Helper()
	to := map[string]string{"http": s.plain, "https": s.secure}[scheme]
	way := &http.Transport{
		DisableKeepAlives:   true,
		TLSHandshakeTimeout: 30 * time.Second,
		TLSClientConfig:     &tls.Config{ServerName: host, InsecureSkipVerify: true}, //nolint:gosec // it looks at the certificate itself
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+to+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(to)
	req.Host = host + ":" + port
	res, err := way.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

func TestServeGetsCertificatesByItselfAndKeepsThem(t *testing.T) {
	t.Parallel()
	plain, secure := pebble.Free(t), pebble.Free(t)
	port := func(address string) string { _, p, _ := net.SplitHostPort(address); return p }
	s := served{plain: plain, secure: secure, issuer: pebble.Start(t, port(plain), port(secure)), exe: filepath.Join(t.TempDir(), "lyceum")}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", s.exe, "lyceum/cmd/lyceum").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	s.data = folderOf(t)
	stop := s.run(t)
	made := exec.CommandContext(t.Context(), s.exe, "tenant", "create", "acme", "--name", "Acme", "--email", "owner@acme.example", "--owner", "Olga Owner", "--data", s.data, "--base-domain", "learn.example",
		"--base-url", "https://www.learn.example:"+port(secure))
	made.Stdin = strings.NewReader("a long enough passphrase\n")
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("tenant create: %v\n%s", err, out)
	}
	certificates := map[string]*x509.Certificate{}
	for host, path := range map[string]string{"www.learn.example": "/", "acme.learn.example": "/signin"} {
		res, body, err := s.get(t, "https", host, path)
		if err != nil || res.StatusCode >= 400 {
			t.Fatalf("%s: %v %+v", host, err, res)
		}
		cert := res.TLS.PeerCertificates[0]
		certificates[host] = cert
		if err := cert.VerifyHostname(host); err != nil || !strings.Contains(cert.Issuer.CommonName, "Pebble") {
			t.Errorf("%s has a certificate for %v by %s", host, cert.DNSNames, cert.Issuer)
		}
		if got := res.Header.Get("Strict-Transport-Security"); !strings.Contains(got, "max-age=31536000") {
			t.Errorf("%s: Strict-Transport-Security %q", host, got)
		}
		if host == "acme.learn.example" && !strings.Contains(body, "Acme") {
			t.Errorf("not the portal's own page: %.300s", body)
		}
		if res, _, err := s.get(t, "http", host, "/courses?x=1"); err != nil || res.StatusCode != 308 || res.Header.Get("Location") != "https://"+host+":"+port(secure)+"/courses?x=1" {
			t.Errorf("%s: http leads to %v (%v)", host, res, err)
		}
	}
	for _, stranger := range []string{"nobody.learn.example", "www.evil.example"} {
		if _, _, err := s.get(t, "https", stranger, "/"); err == nil {
			t.Errorf("%s gets a handshake", stranger)
		}
	}
	stop()
	s.run(t)
	res, _, err := s.get(t, "https", "acme.learn.example", "/signin")
	if err != nil || !res.TLS.PeerCertificates[0].Equal(certificates["acme.learn.example"]) {
		t.Errorf("started again it has another certificate (%v)", err)
	}
}

// folderOf is a folder that the database's own user may enter too.
func folderOf(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lyceum-serve-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
