package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/provider"
	"lyceum/billing/report"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/store"
)

// What a child process is told.
const (
	childStep    = "LYCEUM_TEST_REPORT_STEP"
	childURL     = "LYCEUM_TEST_REPORT_URL"
	childTill    = "LYCEUM_TEST_REPORT_TILL"
	childNow     = "LYCEUM_TEST_REPORT_NOW"
	childVersion = "LYCEUM_TEST_REPORT_VERSION"
)

// counter is a till in another process, over HTTP.
type counter struct {
	provider.Provider // what is not faked panics
	url               string
}

func (counter) Name() string { return "till" }
func (counter) Live() bool   { return false }

func (c counter) ask(path string, in, out any) {
	raw, err := json.Marshal(in)
	if err != nil {
		panic(err)
	}
	answer, err := http.Post(c.url+path, "application/json", bytes.NewReader(raw)) //nolint:noctx // it ends with its process
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		panic(err)
	}
}

func failure(code string) error {
	for _, err := range []*fault.Fault{provider.ErrTooLate, provider.ErrRefused, provider.ErrUnavailable} {
		if err.Code == code {
			return err
		}
	}
	return nil
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Code
}

func (c counter) Report(_ context.Context, usage []provider.Usage) []error {
	var codes []string
	c.ask("/report", usage, &codes)
	out := make([]error, len(codes))
	for i, code := range codes {
		out[i] = failure(code)
	}
	return out
}

type keyed struct {
	Key  string
	Item provider.Item
}

func (c counter) AddItem(_ context.Context, key string, in provider.Item) error {
	var code string
	c.ask("/item", keyed{key, in}, &code)
	return failure(code)
}

// open has a till asked by other processes.
func (p *till) open(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/report", func(w http.ResponseWriter, r *http.Request) {
		var in []provider.Usage
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		codes := []string{}
		for _, err := range p.Report(r.Context(), in) {
			codes = append(codes, codeOf(err))
		}
		_ = json.NewEncoder(w).Encode(codes)
	})
	mux.HandleFunc("/item", func(w http.ResponseWriter, r *http.Request) {
		var in keyed
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		_ = json.NewEncoder(w).Encode(codeOf(p.AddItem(r.Context(), in.Key, in.Item)))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

// child collects and sends, and is killed at a step.
func child() {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Options{URL: os.Getenv(childURL)})
	if err != nil {
		panic(err)
	}
	at, err := time.Parse(time.RFC3339Nano, os.Getenv(childNow))
	if err != nil {
		panic(err)
	}
	id, ok := uid.Parse(os.Getenv(childVersion))
	if !ok {
		panic("no version")
	}
	version.ID = id
	now := func() time.Time { return at }
	service := report.New(report.Options{Keep: s, Plans: shelf{}, Provider: func() provider.Provider { return counter{url: os.Getenv(childTill)} }, Now: now, Wall: now})
	service.BreakAt(func(name string) {
		if name == os.Getenv(childStep) {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	})
	if err := errors.Join(service.Collect(ctx), service.Send(ctx)); err != nil {
		panic(err)
	}
	os.Exit(3) // nothing killed us
}

// A process that is really killed (SIGKILL: nothing is unwound, the connection breaks) at any step of telling usage, in time
// or late, loses nothing and doubles nothing: the next one goes on where it stood.
func TestAProcessThatIsKilledLosesAndDoublesNoUsage(t *testing.T) {
	for _, late := range []bool{false, true} {
		for _, step := range []string{"collected", "kept", "claimed", "told", "settling", "settled"} {
			t.Run(fmt.Sprintf("%s, late %t", step, late), func(t *testing.T) {
				h := build(t, noon)
				for range 7 {
					h.learns(t, h.id, uid.New(), billing.KindCounted, noon)
				}
				if late {
					h.at = march.End().AddDate(0, 0, 2)
				}
				cmd := exec.CommandContext(t.Context(), os.Args[0])
				cmd.Env = append(os.Environ(), childStep+"="+step, childURL+"="+h.URL, childTill+"="+h.till.open(t), childNow+"="+h.now().Format(time.RFC3339Nano), childVersion+"="+version.ID.String())
				out, err := cmd.CombinedOutput()
				if err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("the child ended otherwise: %v\n%s", err, out)
				}
				h.go_(6 * time.Minute) // what it had taken is free again
				h.run(t, h.Collect)
				h.run(t, h.Send)
				if got, want := h.billed(t, march), h.owed(t, march); got != want || want.Minor != 5000+5*300+2*200 {
					t.Errorf("billed %s, owed %s; outbox %s", got, want, show(h.rows(t)))
				}
				for _, r := range h.rows(t) {
					if r.State != report.StateSent && r.State != report.StateLate {
						t.Errorf("left in the outbox: %s", show(h.rows(t)))
					}
				}
			})
		}
	}
}
