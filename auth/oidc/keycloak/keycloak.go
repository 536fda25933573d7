// Package keycloak is for tests only: it starts a Keycloak that is unpacked on this machine, with a realm of the test's own
// for OpenID Connect or SAML. Keycloak is large (160 MB) and slow to start (a minute), so no test fetches it: where it is
// not there, a test that needs it is skipped with a line that says how to get it.
package keycloak

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// HowToGet says how a machine gets what Start needs. Maven's own client fetches it.
const HowToGet = "SKIPPED: the tests against Keycloak need its distribution and Java 17 or newer. Get it with\n" +
	"  mvn org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack -Dartifact=org.keycloak:keycloak-quarkus-dist:26.4.0:zip -DoutputDirectory=FOLDER\n" +
	"and set LYCEUM_TEST_KEYCLOAK=FOLDER/keycloak-26.4.0"

// Server is a running Keycloak with one realm. It ends with the test.
type Server struct {
	// Origin is where it is: its screens are below it.
	Origin string
	// Realm is the realm's address: the issuer of OpenID Connect; SAML's metadata is at Realm + "/protocol/saml/descriptor".
	Realm string

	admin  string // an administrator's access token
	name   string
	client *http.Client
}

// Start starts the Keycloak in a folder and makes a realm in it, a realm representation of Keycloak's admin API: realm,
// enabled, clients, users. It waits up to five minutes. Two tests at once need two folders.
func Start(t testing.TB, folder string, realm map[string]any) *Server {
	t.Helper()
	script := filepath.Join(folder, "bin", "kc.sh")
	if _, err := os.Stat(script); folder == "" || err != nil {
		t.Skip(HowToGet)
	}
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip(HowToGet)
	}
	s := &Server{name: realm["realm"].(string), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{}}}
	s.run(t, script)
	t.Cleanup(s.client.CloseIdleConnections)
	s.Realm = s.Origin + "/realms/" + s.name
	s.signIn(t)
	s.Admin(t, http.MethodPost, "/admin/realms", realm, nil)
	return s
}

const password = "for tests only"

// run starts the server on a free port, with its database in memory, and waits for the line that says where it listens.
func (s *Server) run(t testing.TB, script string) {
	t.Helper()
	cmd := exec.Command("/bin/sh", script, "start-dev", "--http-host=127.0.0.1", "--http-port=0", "--db=dev-mem", "--cache=local") //nolint:gosec // the folder that the developer named
	cmd.Env = append(cmd.Environ(), "KC_BOOTSTRAP_ADMIN_USERNAME=admin", "KC_BOOTSTRAP_ADMIN_PASSWORD="+password)
	// The script starts Java as its child: both are of one group, which is ended as one.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Keycloak: %v", err)
	}
	listening, ended := make(chan string, 1), make(chan struct{})
	var wrote bytes.Buffer
	go func() {
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if _, at, ok := strings.Cut(lines.Text(), "Listening on: "); ok {
				at, _, _ = strings.Cut(strings.Fields(at)[0], ",")
				select {
				case listening <- strings.TrimSuffix(at, "."):
				default: // only the first line counts
				}
			}
			if wrote.Len() < 1<<20 {
				wrote.WriteString(lines.Text() + "\n")
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("Keycloak wrote:\n%s", wrote.String())
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	select {
	case s.Origin = <-listening:
	case <-ended:
		t.Fatalf("Keycloak ended before it listened:\n%s", wrote.String())
	case <-ctx.Done():
		t.Fatal("Keycloak does not listen after five minutes")
	}
}

// signIn gets an administrator's token.
func (s *Server) signIn(t testing.TB) {
	t.Helper()
	res, err := s.client.PostForm(s.Origin+"/realms/master/protocol/openid-connect/token", url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {password},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&token); err != nil || token.Access == "" {
		t.Fatalf("Keycloak gives its administrator no token: %s %v", res.Status, err)
	}
	s.admin = token.Access
}

// Admin calls Keycloak's admin API; out is filled with the answer unless it is nil.
func (s *Server) Admin(t testing.TB, method, path string, in, out any) {
	t.Helper()
	raw, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.Origin+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+s.admin)
	res, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("Keycloak: %s %s: %s %v %s", method, path, res.Status, err, body)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			t.Fatalf("Keycloak: %s %s: %v", method, path, err)
		}
	}
}

// Roll makes a new RSA key that signs from now on; those before stay in the key set.
func (s *Server) Roll(t testing.TB) {
	t.Helper()
	var realm struct {
		ID string `json:"id"`
	}
	s.Admin(t, http.MethodGet, "/admin/realms/"+s.name, nil, &realm)
	now := time.Now().Unix()
	s.Admin(t, http.MethodPost, "/admin/realms/"+s.name+"/components", map[string]any{
		"name": fmt.Sprint("rolled ", now), "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider", "parentId": realm.ID,
		"config": map[string][]string{"priority": {fmt.Sprint(now)}, "enabled": {"true"}, "active": {"true"}, "keySize": {"2048"}},
	}, nil)
}
