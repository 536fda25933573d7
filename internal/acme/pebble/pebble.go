// Package pebble runs a real ACME server (RFC 8555), pebble, and its DNS on this machine, for tests.
package pebble

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Server is one that runs until its test ends. It issues for any name, and looks for every host on this machine.
type Server struct {
	Directory string         // its URL
	Roots     *x509.CertPool // what its own certificate is trusted by
	RootsFile string         // the same, in PEM
}

// Start runs one that asks for HTTP-01 at httpPort and for TLS-ALPN-01 at tlsPort. Without the programs, which `.ci/setup acme`
// builds, it skips the test and says so.
func Start(t *testing.T, httpPort, tlsPort string) Server {
	t.Helper()
	server, names := program(t, "pebble"), program(t, "pebble-challtestsrv")
	dir := t.TempDir()
	roots := authority(t, dir)
	directory, dns := Free(t), Free(t)
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": directory, "certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": json.Number(httpPort), "tlsPort": json.Number(tlsPort),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "Starting challenge", names, "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1", "-dnsserver", dns, "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-management", Free(t))
	run(t, "Listening on", server, "-config", file, "-dnsserver", dns)
	return Server{Directory: "https://" + directory + "/dir", Roots: roots, RootsFile: filepath.Join(dir, "cert.pem")}
}

// Free is an address of this machine where nothing listens yet.
func Free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
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
