package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/auth/scim"
	"lyceum/auth/signon"
	"lyceum/store/storetest"
)

const (
	newmanVersion = "6.2.2"
	// entraCollection is Microsoft's own; it stays outside the project, in a folder beside it.
	entraCollection = "shared/conformance/scim/entra-scim.postman_collection.json"
	// entraAssertions are 97 of its six folders with requests, 6 of their clearing away, and 2 of what is left then.
	entraAssertions = 97 + 6 + 2
)

// beside finds a file in a folder beside the project, or beside what the project's copy stands in.
func beside(name string) (path string, ok bool) {
	for path = filepath.Join("..", "..", name); len(path) < len(name)+20; path = filepath.Join("..", path) {
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return "", false
}

// newman installs npm's newman once for all runs, pinned, and gives the program. The test is skipped where it cannot be
// had.
func newman(t *testing.T) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("SKIPPED LOUDLY: npm is missing, so Microsoft's SCIM collection was not run. Install Node.js 20 with npm.")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("SKIPPED LOUDLY: there is no folder to keep newman in: %v", err)
	}
	home := filepath.Join(cache, "lyceum-test", "newman-"+newmanVersion)
	program := filepath.Join(home, "node_modules", ".bin", "newman")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	if err := os.MkdirAll(filepath.Dir(home), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(home), "newman-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	install := exec.CommandContext(t.Context(), npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", fresh, "newman@"+newmanVersion)
	if out, err := install.CombinedOutput(); err != nil {
		t.Skipf("SKIPPED LOUDLY: npm cannot install newman@%s, so Microsoft's SCIM collection was not run: %v\n%s", newmanVersion, err, out)
	}
	if err := os.Rename(fresh, home); err != nil && !errors.Is(err, os.ErrExist) {
		if _, there := os.Stat(program); there != nil { // another run may have put it there meanwhile
			t.Fatal(err)
		}
	}
	return program
}

// asHost serves on 127.0.0.1 what the server says to the portal's host: not every resolver knows names below localhost.
func (h *house) asHost() *httptest.Server {
	address := h.serve()
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", address, h.host
	}, Transport: &http.Transport{DisableKeepAlives: true}})
	h.t.Cleanup(proxy.Close)
	return proxy
}

// directory adds a SCIM directory that is on, with a token.
func (h *house) directory(mode scim.Mode, edit ...func(*scim.DirectoryInput)) (scim.Directory, string) {
	h.t.Helper()
	admin := storetest.As(h.t, h.ctx, h.w, h.person(policy.Admin))
	in := scim.DirectoryInput{Name: "Directory", Mode: mode, Status: signon.StatusOn, RoleRules: auth.RoleRules{Default: policy.Learner}}
	for _, e := range edit {
		e(&in)
	}
	d, err := h.o.SCIM.CreateDirectory(admin, in)
	if err != nil {
		h.t.Fatal(err)
	}
	secret, _, err := h.o.SCIM.CreateToken(admin, d.ID, scim.TokenInput{Name: "First"})
	if err != nil {
		h.t.Fatal(err)
	}
	return d, secret
}

// TestMicrosoftsOwnCollectionIsGreen runs what Microsoft publishes for services that Entra ID is to provision: each folder
// but the one that fetches a token from Microsoft's own sample.
func TestMicrosoftsOwnCollectionIsGreen(t *testing.T) {
	t.Parallel()
	file, ok := beside(entraCollection)
	if !ok {
		t.Skipf("SKIPPED LOUDLY: Microsoft's SCIM collection is not at ../%s. Get it from AzureAD/SCIMReferenceCode on GitHub.", entraCollection)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	program := newman(t)
	var collection struct {
		Item []struct{ Name string }
	}
	if err := json.Unmarshal(raw, &collection); err != nil {
		t.Fatal(err)
	}
	h := setup(t)
	_, token := h.directory(scim.ModeEntra)
	proxy := h.asHost()
	report := filepath.Join(t.TempDir(), "report.json")
	server, port, _ := strings.Cut(proxy.Listener.Addr().String(), ":")
	args := []string{
		"run", file, "--env-var", "Protocol=http", "--env-var", "Server=" + server, "--env-var", "Port=:" + port, "--env-var", "Api=scim/v2",
		"--env-var", "token=" + token, "--reporters", "cli,json", "--reporter-json-export", report,
	}
	for _, item := range collection.Item {
		if item.Name != "Get Token" {
			args = append(args, "--folder", item.Name)
		}
	}
	out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("newman: %v\n%s\n%s", err, out, h.log.String())
	}
	var told struct {
		Run struct {
			Stats struct {
				Assertions struct{ Total, Failed int }
			}
		}
	}
	if raw, err = os.ReadFile(report); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &told); err != nil {
		t.Fatal(err)
	}
	if got := told.Run.Stats.Assertions; got.Total != entraAssertions || got.Failed != 0 {
		t.Errorf("%d of %d assertions failed; there are to be %d, all green", got.Failed, got.Total, entraAssertions)
	}
}
