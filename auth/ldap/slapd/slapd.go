// Package slapd gives a test a real OpenLDAP server with people and groups in it: nobody here wrote it, so it is the
// judge of what auth/ldap says to directories. It is for tests only. Each server has its own folder, authority and free
// ports on 127.0.0.1, and ends with its test.
package slapd

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lyceum/auth/ldap"
)

// Names in every server's tree. The reader sees all but passwords; the root sees and may all.
const (
	BaseDN       = "dc=example,dc=org"
	PeopleDN     = "ou=people," + BaseDN
	GroupsDN     = "ou=groups," + BaseDN
	BindDN       = "cn=reader,ou=services," + BaseDN
	BindPassword = "the reader's password"
	RootDN       = "cn=root," + BaseDN
	RootPassword = "the root's password"
)

// Options says what a server begins with.
type Options struct {
	// People is how many are made: uid person0001 and so on, see Person. Default 20.
	People int
	// SizeLimit is how many entries an account may get of one search, paged or not; default no limit.
	SizeLimit int
}

// Server is a running slapd.
type Server struct {
	URL      string // ldaps://127.0.0.1:…
	PlainURL string // ldap://127.0.0.1:…, which takes StartTLS
	CA       string // PEM of the authority that signed its certificate

	t       testing.TB
	dir     string
	binary  string
	process *exec.Cmd
	ended   chan struct{} // closed when the process is gone
	log     *journal
}

// Start makes a server and waits until it answers. Where there is no slapd the test is skipped, and says how to get it.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	if o.People == 0 {
		o.People = 20
	}
	s := &Server{t: t, dir: t.TempDir(), log: &journal{}}
	modules, schemas := s.find()
	files := Certificates(t, s.dir)
	s.CA = files.CA
	s.write("slapd.conf", s.config(o, files, modules, schemas))
	if err := os.Mkdir(filepath.Join(s.dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.write("people.ldif", tree(o.People))
	add := exec.Command(s.binary, "-Tadd", "-q", "-f", s.path("slapd.conf"), "-l", s.path("people.ldif")) //nolint:gosec // the program was found by find
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("fill slapd: %v\n%s", err, out)
	}
	secure, plain := freeAddresses(t)
	s.URL, s.PlainURL = "ldaps://"+secure, "ldap://"+plain
	s.Restart()
	t.Cleanup(s.Stop)
	return s
}

// Settings are the settings that fit the server, over LDAPS. BindPassword goes with them.
func (s *Server) Settings() ldap.Settings {
	return ldap.Settings{Kind: ldap.KindOpenLDAP, URLs: []string{s.URL}, CACertificates: s.CA, BindDN: BindDN, BaseDN: PeopleDN, GroupBaseDN: GroupsDN}
}

// Restart begins a stopped server again, at the same addresses with the same people.
func (s *Server) Restart() {
	s.t.Helper()
	s.process = exec.Command(s.binary, "-d", "stats", "-f", s.path("slapd.conf"), "-h", s.URL+"/ "+s.PlainURL+"/") //nolint:gosec // the program was found by find
	s.process.Stdout, s.process.Stderr = s.log, s.log
	if err := s.process.Start(); err != nil {
		s.t.Fatalf("start slapd: %v", err)
	}
	s.ended = make(chan struct{})
	go func(process *exec.Cmd, ended chan struct{}) {
		_ = process.Wait() // how it ended stands in its log
		close(ended)
	}(s.process, s.ended)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for _, url := range []string{s.URL, s.PlainURL} {
		if err := s.answers(ctx, url[strings.LastIndex(url, "/")+1:]); err != nil {
			s.Stop()
			s.t.Fatalf("slapd does not answer: %v\n%s", err, s.log)
		}
	}
}

func (s *Server) answers(ctx context.Context, address string) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-s.ended:
			return fmt.Errorf("it ended: %w", err)
		case <-again.C:
		}
	}
}

// Stop ends the server; its people stay for Restart. Connections are cut in the middle of what they were saying.
func (s *Server) Stop() {
	_ = s.process.Process.Kill() // a database without sync is not for keeping: it is of one test
	<-s.ended
}

// Shutdown asks the server to end as an operator would, and waits.
func (s *Server) Shutdown() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	<-s.ended
}

// Log is what the server wrote: a line for each operation (loglevel stats).
func (s *Server) Log() string { return s.log.String() }

// find looks for the server's program, modules and schemas where the distributions put them.
func (s *Server) find() (modules, schemas string) {
	s.t.Helper()
	s.binary = first("/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/local/libexec/slapd", "/opt/homebrew/opt/openldap/libexec/slapd")
	modules = first("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap", "/usr/libexec/openldap", "/opt/homebrew/opt/openldap/libexec/openldap")
	schemas = first("/etc/ldap/schema", "/etc/openldap/schema", "/opt/homebrew/etc/openldap/schema")
	if s.binary == "" || schemas == "" {
		s.t.Skip("SKIPPED: no slapd on this machine, so nothing of LDAP is tested against a real directory. Get it: apt install slapd")
	}
	if first("/etc/apparmor.d/usr.sbin.slapd") != "" {
		// The profile lets the program at that path read its own folders only; a copy is not held by it.
		program, err := os.ReadFile(s.binary)
		if err != nil {
			s.t.Fatal(err)
		}
		s.binary = s.path("slapd")
		if err := os.WriteFile(s.binary, program, 0o700); err != nil { //nolint:gosec // the test's own folder
			s.t.Fatal(err)
		}
	}
	return modules, schemas
}

func first(paths ...string) string {
	for _, p := range paths {
		if _, err := os.Stat(p); err == nil {
			return p
		}
	}
	return ""
}

// freeAddresses gives two addresses that nobody listens at.
func freeAddresses(t testing.TB) (one, two string) {
	t.Helper()
	var found [2]string
	for i := range found {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		found[i] = l.Addr().String()
	}
	return found[0], found[1]
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) write(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// journal keeps what a process writes.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write keeps what is written.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

// String gives what was written.
func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
