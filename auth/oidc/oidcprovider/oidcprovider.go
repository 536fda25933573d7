// Package oidcprovider is for tests only: it starts oidc-provider, a certified OpenID provider that nobody here wrote, and
// drives its screens as a person with a browser does. Where node, npm or npm's registry is missing, a test that needs it is
// skipped with a line that says so.
package oidcprovider

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

//go:embed testdata/server.mjs testdata/package.json testdata/package-lock.json
var files embed.FS

// Client is a relying party in the words of OpenID Connect Dynamic Client Registration 1.0 §2.
type Client struct {
	ID                     string          `json:"client_id"`
	Secret                 string          `json:"client_secret,omitempty"`
	RedirectURIs           []string        `json:"redirect_uris"`
	PostLogoutRedirectURIs []string        `json:"post_logout_redirect_uris,omitempty"`
	BackChannelLogoutURI   string          `json:"backchannel_logout_uri,omitempty"`
	BackChannelLogoutSID   bool            `json:"backchannel_logout_session_required,omitempty"`
	AuthMethod             string          `json:"token_endpoint_auth_method,omitempty"` // default client_secret_basic
	Algorithm              string          `json:"id_token_signed_response_alg,omitempty"`
	KeySet                 json.RawMessage `json:"jwks,omitempty"` // for private_key_jwt
}

// Options says whom the provider knows.
type Options struct {
	Clients []Client
	// People are claims by the name that a person types to sign in; that name is the subject. Who is not there can sign in
	// all the same, without claims.
	People map[string]map[string]any
	// ClaimsInToken puts the claims of the scopes into the ID token; by default they are at the UserInfo endpoint only, as
	// OpenID Connect Core 1.0 §5.4 has it.
	ClaimsInToken bool
}

// Provider is a running provider. It ends with the test.
type Provider struct {
	Issuer string

	mu  sync.Mutex
	in  io.Writer
	out *bufio.Scanner
	log *log
}

// log keeps what the process writes, for the test that fails.
type log struct {
	mu  sync.Mutex
	out bytes.Buffer
}

// Write keeps the text.
func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.String()
}

// Start starts a provider on a free port of this machine, or skips the test.
func Start(t testing.TB, o Options) *Provider {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED: the tests against oidc-provider need node 20 or newer and npm: apt install nodejs npm")
	}
	folder, err := installed(t.Context())
	if err != nil {
		t.Skipf("SKIPPED: the tests against oidc-provider need npm and its registry: %v", err)
	}
	p := &Provider{log: &log{}}
	cmd := exec.Command(node, "server.mjs") //nolint:gosec // node, found on the path
	cmd.Dir, cmd.Stderr = folder, p.log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start oidc-provider: %v", err)
	}
	// The process ends when its input does, also when the test's process is killed.
	t.Cleanup(func() {
		_ = in.Close()
		timer := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		if t.Failed() {
			t.Logf("oidc-provider wrote:\n%s", p.log)
		}
	})
	p.in, p.out = in, bufio.NewScanner(out)
	if o.People == nil {
		o.People = map[string]map[string]any{}
	}
	p.Issuer = p.tell(t, map[string]any{"clients": o.Clients, "people": o.People, "claimsInToken": o.ClaimsInToken})
	return p
}

// Roll signs with new keys from now on; the key set keeps those before for a while.
func (p *Provider) Roll(t testing.TB) {
	t.Helper()
	p.tell(t, map[string]any{"command": "roll"})
}

// SetPerson changes a person's claims from the next sign-in on.
func (p *Provider) SetPerson(t testing.TB, name string, claims map[string]any) {
	t.Helper()
	p.tell(t, map[string]any{"command": "person", "id": name, "claims": claims})
}

// tell sends a line and reads the answer.
func (p *Provider) tell(t testing.TB, message any) (issuer string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		t.Fatalf("oidc-provider is gone: %v\n%s", err, p.log)
	}
	if !p.out.Scan() {
		t.Fatalf("oidc-provider is gone: %v\n%s", p.out.Err(), p.log)
	}
	var answer struct{ Issuer, Error string }
	if err := json.Unmarshal(p.out.Bytes(), &answer); err != nil || answer.Error != "" {
		t.Fatalf("oidc-provider: %v %s\n%s", err, answer.Error, p.log)
	}
	return answer.Issuer
}

// installed gives a folder with the pinned packages, installed once by npm's own client and kept beside the user's other
// caches. Several processes may come at once: each installs aside, and the first one's folder stays.
func installed(ctx context.Context) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is not there: apt install npm")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	hash := sha256.New()
	content := map[string][]byte{}
	for _, name := range []string{"server.mjs", "package.json", "package-lock.json"} {
		raw, err := files.ReadFile("testdata/" + name)
		if err != nil {
			return "", err
		}
		hash.Write(raw)
		content[name] = raw
	}
	parent := filepath.Join(cache, "lyceum-test")
	folder := filepath.Join(parent, "oidc-provider-"+hex.EncodeToString(hash.Sum(nil)[:8]))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	aside, err := os.MkdirTemp(parent, "installing-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(aside)
	for name, raw := range content {
		if err := os.WriteFile(filepath.Join(aside, name), raw, 0o600); err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund") //nolint:gosec // npm, found on the path
	cmd.Dir, cmd.WaitDelay = aside, 5*time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci: %w: %.500s", err, out)
	}
	if err := os.Rename(aside, folder); err != nil {
		if _, there := os.Stat(folder); there != nil {
			return "", err
		}
	}
	return folder, nil
}
