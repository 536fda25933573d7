// Package simplesaml starts SimpleSAMLphp, an identity provider that nobody here wrote, for tests and for nothing else. It
// runs as it is installed, under PHP's own small server, with a configuration of its own in a temporary folder. Where PHP or
// SimpleSAMLphp is missing, the test is skipped and says what to install.
package simplesaml

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lyceum/auth/saml"
	"lyceum/auth/saml/internal/browser"
)

// Person is somebody who can sign in with a password.
type Person struct {
	Name, Password string
	Attributes     map[string][]string
}

// Options is what a test wants of it. The zero value signs assertions with SHA-256, in clear, and knows nobody.
type Options struct {
	ServiceProviders [][]byte // their metadata
	People           []Person
	SHA1             bool // sign with rsa-sha1
	Encrypt          bool // encrypt assertions
	EncryptNameID    bool // encrypt name IDs
	SignResponse     bool // the response instead of the assertion
	// NameIDAttribute is whose value is the name ID; empty: a hash of uid.
	NameIDAttribute string
}

// IdP is a running SimpleSAMLphp.
type IdP struct {
	URL         string // with a trailing slash
	MetadataURL string // also its entity ID

	t       testing.TB
	dir     string
	options Options
	key     saml.Key
	next    saml.Key // published beside key; the zero Key: none
}

// Missing is what a test needs, told when it is skipped.
const Missing = "apt install simplesamlphp php-cli php-xml php-mbstring"

// installed are the places where packages and tarballs put it.
var installed = []string{"/usr/share/simplesamlphp", "/var/simplesamlphp", "/opt/simplesamlphp"}

const (
	keyLife  = 365 * 24 * time.Hour
	patience = 60 * time.Second // a loaded machine takes its time to start PHP
)

// Start runs one until the test ends.
func Start(t testing.TB, o Options) *IdP {
	t.Helper()
	php, err := exec.LookPath("php")
	home := ""
	for _, dir := range installed {
		if _, err := os.Stat(filepath.Join(dir, "www", "saml2", "idp", "SSOService.php")); err == nil {
			home = dir
		}
	}
	if err != nil || home == "" {
		t.Skipf("SKIPPED: no SimpleSAMLphp here, so nothing was tried against it: %s", Missing)
	}
	if out, err := exec.CommandContext(t.Context(), php, "-r", `exit(extension_loaded("dom") && extension_loaded("mbstring") ? 0 : 1);`).CombinedOutput(); err != nil { //nolint:gosec // PHP as it was found
		t.Skipf("SKIPPED: PHP here lacks xml or mbstring, so nothing was tried against SimpleSAMLphp: %s (%s)", Missing, out)
	}
	idp := &IdP{t: t, dir: t.TempDir(), options: o}
	idp.key = idp.newKey()
	address := freeAddress(t)
	idp.URL = "http://" + address + "/"
	idp.MetadataURL = idp.URL + "saml2/idp/metadata.php"
	idp.configure()
	idp.run(php, home, address)
	return idp
}

func (i *IdP) newKey() saml.Key {
	i.t.Helper()
	k, err := saml.NewKey("SimpleSAMLphp", time.Now().Add(-time.Minute), keyLife)
	if err != nil {
		i.t.Fatal(err)
	}
	return k
}

// freeAddress finds a port that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// run starts the server and waits until it says that it listens.
func (i *IdP) run(php, home, address string) {
	i.t.Helper()
	cmd := exec.Command(php, "-d", "session.save_path="+i.dir, "-d", "display_errors=stderr", "-S", address, "-t", filepath.Join(home, "www")) //nolint:gosec // a test's own program
	cmd.Dir = i.dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "SIMPLESAMLPHP_CONFIG_DIR=" + filepath.Join(i.dir, "config"), "TZ=UTC"}
	out, err := cmd.StderrPipe()
	if err != nil {
		i.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	ready, said := make(chan bool, 1), make(chan string, 1)
	go func() { // ends with the pipe, when the server is killed
		var log strings.Builder
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "started") {
				select {
				case ready <- true:
				default:
				}
			}
			if strings.Contains(lines.Text(), "PHP") || strings.Contains(lines.Text(), "simplesamlphp") {
				log.WriteString(lines.Text() + "\n")
			}
		}
		close(ready)
		said <- log.String()
	}()
	i.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it has no other way to end, and keeps nothing
		log := <-said
		_ = cmd.Wait()
		if i.t.Failed() {
			i.t.Logf("SimpleSAMLphp said:\n%s%s", log, i.log())
		}
	})
	select {
	case ok := <-ready:
		if !ok {
			i.t.Fatal("PHP's server ended before it listened")
		}
	case <-time.After(patience):
		i.t.Fatalf("PHP's server did not listen within %s", patience)
	}
}

// log is the end of SimpleSAMLphp's own log.
func (i *IdP) log() string {
	raw, err := os.ReadFile(filepath.Join(i.dir, "log", "simplesamlphp.log"))
	if err != nil {
		return ""
	}
	return string(raw[max(0, len(raw)-4000):])
}

// configure writes the whole configuration. PHP reads it at each request, so writing it again is a change while people
// sign in. Everything of ours goes through JSON: nothing is spliced into PHP.
func (i *IdP) configure() {
	i.t.Helper()
	for _, dir := range []string{"config", "metadata", "cert", "log", "data", "tmp"} {
		if err := os.MkdirAll(filepath.Join(i.dir, dir), 0o755); err != nil {
			i.t.Fatal(err)
		}
	}
	path := func(parts ...string) string { return filepath.Join(append([]string{i.dir}, parts...)...) }
	sources := []map[string]string{{"type": "flatfile"}}
	for n, raw := range i.options.ServiceProviders {
		name := path("metadata", fmt.Sprintf("sp%d.xml", n))
		i.write(name, raw)
		sources = append(sources, map[string]string{"type": "xml", "file": name})
	}
	i.php(path("config", "config"), "$config", map[string]any{
		"baseurlpath": i.URL, "certdir": path("cert") + "/", "loggingdir": path("log") + "/", "datadir": path("data") + "/", "tempdir": path("tmp"),
		"metadatadir": path("metadata") + "/", "secretsalt": "only-for-tests-only-for-tests", "auth.adminpassword": "only-for-tests", "timezone": "UTC",
		"enable.saml20-idp": true, "module.enable": map[string]bool{"exampleauth": true, "core": true, "saml": true},
		"session.cookie.secure": false, "session.cookie.samesite": "Lax", "session.phpsession.savepath": path("tmp"), "language.cookie.secure": false, "language.cookie.samesite": "Lax",
		"logging.handler": "file", "logging.level": 6, "store.type": "phpsession", "metadata.sources": sources, "showerrors": true, "production": true,
	})
	users := map[string]any{"0": "exampleauth:UserPass"}
	for _, p := range i.options.People {
		users[p.Name+":"+p.Password] = p.Attributes
	}
	i.php(path("config", "authsources"), "$config", map[string]any{"passwords": users})

	i.writeKey("idp", i.key)
	algorithm := "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
	if i.options.SHA1 {
		algorithm = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
	}
	hosted := map[string]any{
		"host": "__DEFAULT__", "privatekey": "idp.pem", "certificate": "idp.crt", "auth": "passwords", "userid.attribute": "uid", "signature.algorithm": algorithm,
		"sign.logout": true, "validate.logout": true, "validate.authnrequest": true, "redirect.sign": true, "redirect.validate": true,
		"assertion.encryption": i.options.Encrypt, "nameid.encryption": i.options.EncryptNameID,
		"saml20.sign.response": i.options.SignResponse, "saml20.sign.assertion": !i.options.SignResponse,
		"SingleSignOnServiceBinding": []string{saml.BindingRedirect.URN(), saml.BindingPost.URN()}, "SingleLogoutServiceBinding": []string{saml.BindingRedirect.URN(), saml.BindingPost.URN()},
	}
	if i.options.NameIDAttribute != "" {
		hosted["simplesaml.nameidattribute"] = i.options.NameIDAttribute
	}
	if i.next != (saml.Key{}) {
		i.writeKey("next", i.next)
		hosted["new_privatekey"], hosted["new_certificate"] = "next.pem", "next.crt"
	}
	i.php(path("metadata", "saml20-idp-hosted"), "$metadata", map[string]any{i.MetadataURL: hosted})
}

func (i *IdP) writeKey(name string, k saml.Key) {
	i.t.Helper()
	i.write(filepath.Join(i.dir, "cert", name+".pem"), []byte(k.PrivateKey))
	var lines strings.Builder
	for rest := k.Certificate; rest != ""; {
		n := min(64, len(rest))
		lines.WriteString(rest[:n] + "\n")
		rest = rest[n:]
	}
	i.write(filepath.Join(i.dir, "cert", name+".crt"), []byte("-----BEGIN CERTIFICATE-----\n"+lines.String()+"-----END CERTIFICATE-----\n"))
}

// php writes a value as JSON and a file of PHP beside it that reads it into a variable.
func (i *IdP) php(path, variable string, value any) {
	i.t.Helper()
	raw, err := json.Marshal(value)
	if err != nil {
		i.t.Fatal(err)
	}
	i.write(path+".json", raw)
	i.write(path+".php", []byte("<?php "+variable+" = json_decode(file_get_contents(__DIR__ . '/"+filepath.Base(path)+".json'), true);\n"))
}

// write puts a file in its place at once: a request under way sees the old one or the new one.
func (i *IdP) write(path string, raw []byte) {
	i.t.Helper()
	if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
		i.t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		i.t.Fatal(err)
	}
}

// Register makes service providers known in place of those before.
func (i *IdP) Register(metadata ...[]byte) {
	i.t.Helper()
	i.options.ServiceProviders = metadata
	i.configure()
}

// Metadata fetches what it says of itself.
func (i *IdP) Metadata() []byte {
	i.t.Helper()
	p := browser.New(i.t, nil).Get(i.MetadataURL + "?output=xml")
	if p.Status != 200 {
		i.t.Fatalf("its metadata: %d %.400s", p.Status, p.Body)
	}
	return []byte(p.Body)
}

// AnnounceCertificate publishes the next certificate beside the one that signs: the first half of a roll-over.
func (i *IdP) AnnounceCertificate() {
	i.t.Helper()
	i.next = i.newKey()
	i.configure()
}

// RollCertificate makes the announced certificate sign, or a new one where none was announced, and withdraws the old one.
func (i *IdP) RollCertificate() {
	i.t.Helper()
	if i.key = i.next; i.key == (saml.Key{}) {
		i.key = i.newKey()
	}
	i.next = saml.Key{}
	i.configure()
}

// Session is a person's browser at this identity provider.
type Session struct {
	idp *IdP
	Web *browser.Browser
}

// Browser opens a browser. It stops at redirects to the host of a service, whose messages are for the test.
func (i *IdP) Browser(serviceHost string) *Session {
	return &Session{idp: i, Web: browser.New(i.t, func(u *url.URL) bool { return u.Host == serviceHost })}
}

// Send carries a message of a service to the identity provider, as the browser does.
func (s *Session) Send(m saml.Message) browser.Page {
	s.idp.t.Helper()
	if m.Binding == saml.BindingRedirect {
		return s.Web.Get(m.URL)
	}
	fields := url.Values{}
	for _, f := range m.Fields() {
		fields.Set(f.Name, f.Value)
	}
	return s.Web.Post(m.Destination, fields)
}

// SignIn fills in the login form, where it is asked for, and gives the form that goes to the service: its action, and its fields SAMLResponse and RelayState.
func (s *Session) SignIn(p browser.Page, name, password string) browser.Form {
	s.idp.t.Helper()
	if f, err := p.Form("password"); err == nil {
		p = s.Web.Submit(f, map[string]string{"username": name, "password": password})
	}
	f, err := p.Form("SAMLResponse")
	if err != nil {
		s.idp.t.Fatal(err)
	}
	return f
}

// Begin signs in without a request of the service.
func (s *Session) Begin(serviceEntityID, relayState string) browser.Page {
	s.idp.t.Helper()
	return s.Web.Get(s.idp.URL + "saml2/idp/SSOService.php?" + url.Values{"spentityid": {serviceEntityID}, "RelayState": {relayState}}.Encode())
}

// LogOut begins to sign out at the identity provider, which tells the services.
func (s *Session) LogOut() browser.Page {
	s.idp.t.Helper()
	return s.Web.Get(s.idp.URL + "saml2/idp/initSLO.php?" + url.Values{"RelayState": {s.idp.URL + "index.php"}}.Encode())
}
