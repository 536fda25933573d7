package journey

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killable starts the demo, waits until it is ready and gives it with what ends it by SIGKILL.
func killable(t *testing.T, exe, data string) (d demo, kill func()) {
	t.Helper()
	cmd := exec.Command(exe, "demo", "--listen", "127.0.0.1:0", "--data", data)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Signal(syscall.SIGKILL)
		_ = cmd.Wait()
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		d.hear(lines.Text())
		if strings.Contains(lines.Text(), "Ctrl-C") {
			return d, kill
		}
	}
	kill()
	t.Fatalf("the demo ended before it was ready:\n%s", d.said)
	return d, kill
}

// listed asks the API how many items a list has.
func listed(t *testing.T, d demo, key, path string) (n int) {
	t.Helper()
	dialer := &net.Dialer{}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, "127.0.0.1:"+d.port) // *.localhost is not in every resolver
		},
	}}
	defer client.CloseIdleConnections()
	for after := ""; ; {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.portal("acme")+"/api/v1/"+path+"?limit=200&after="+after, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+key)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page struct {
			Items []json.RawMessage `json:"items"`
			Next  string            `json:"next"`
		}
		err = json.NewDecoder(res.Body).Decode(&page)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %s, %v", path, res.Status, err)
		}
		n += len(page.Items)
		if after = page.Next; after == "" {
			return n
		}
	}
}

// key reads acme's API key as a script would: from the demo's own description.
func key(t *testing.T, exe, data string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), exe, "demo", "--describe", "--data", data).Output()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Tenants []struct {
			Slug   string `json:"slug"`
			APIKey string `json:"api_key"`
		} `json:"tenants"`
	}
	if err := json.Unmarshal(out, &d); err != nil || len(d.Tenants) != 2 || d.Tenants[0].Slug != "acme" {
		t.Fatalf("described as %s (%v)", out, err)
	}
	return d.Tenants[0].APIKey
}

func TestADemoKilledOutrightLosesNothingAndDoublesNothing(t *testing.T) {
	t.Parallel()
	exe, data := build(t), folder(t)
	d, kill := killable(t, exe, data)
	secret := key(t, exe, data)
	before := map[string]int{}
	for _, path := range []string{"people", "courses"} {
		before[path] = listed(t, d, secret, path)
	}
	kill()
	for range 2 { // killed twice: the second start had recovered what the first left
		d, kill = killable(t, exe, data)
		for path, want := range before {
			if got := listed(t, d, secret, path); got != want || want == 0 {
				t.Errorf("%s: %d after the kill, %d before", path, got, want)
			}
		}
		second := exec.CommandContext(t.Context(), exe, "demo", "--listen", "127.0.0.1:0", "--data", data)
		if out, err := second.CombinedOutput(); err == nil || !strings.Contains(string(out), "serves from") {
			t.Errorf("a second demo on the same data: %v\n%s", err, out)
		}
		kill()
	}
	last := start(t, exe, data) // and this one is stopped politely
	if got := listed(t, last, secret, "people"); got != before["people"] {
		t.Errorf("%d people in the end, want %d", got, before["people"])
	}
}
