package oidc_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"lyceum/auth"
	"lyceum/auth/oidc"
	"lyceum/auth/oidc/demoop"
	"lyceum/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hand is a clock that the test moves.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func newHand() *hand { return &hand{now: time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)} }

func (h *hand) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hand) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// wire is a network in memory: each host is a handler. It counts the calls to each path.
type wire struct {
	mu    sync.Mutex
	hosts map[string]http.Handler
	calls map[string]int
	down  bool
}

var errDown = errors.New("the cable is out")

func (n *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	h, down := n.hosts[r.URL.Host], n.down
	n.calls[r.URL.Path]++
	n.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if h == nil || down {
		return nil, fmt.Errorf("%s: %w", r.URL.Host, errDown)
	}
	in := httptest.NewRequest(r.Method, r.URL.String(), r.Body).WithContext(r.Context())
	in.Header = r.Header
	out := httptest.NewRecorder()
	h.ServeHTTP(out, in)
	res := out.Result()
	res.Request = r
	return res, nil
}

func (n *wire) count(path string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.calls[path]
}

func (n *wire) pull(out bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = out
}

func (n *wire) client() *http.Client { return &http.Client{Transport: n} }

func newWire(host string, h http.Handler) *wire {
	return &wire{hosts: map[string]http.Handler{host: h}, calls: map[string]int{}}
}

const (
	demoIssuer = "https://id.example.com/demo"
	redirect   = "https://portal.example.org/callback"
)

var grace = demoop.Person{
	Email: "grace@example.com", EmailVerified: true, Name: "Grace Hopper", Given: "Grace", Family: "Hopper",
	Department: "Compilers", Groups: []string{"admins", "navy"}, More: map[string]any{"address": map[string]any{"country": "US"}, "employee": 1906},
}

// demo is a relying party and the demo provider, wired in memory.
type demo struct {
	*oidc.Client
	op       *demoop.Provider
	net      *wire
	now      *hand
	settings oidc.Settings
}

func setup(t testing.TB) *demo {
	t.Helper()
	now := newHand()
	op, err := demoop.New(demoop.Options{BaseURL: demoIssuer, Key: keyA(), People: []demoop.Person{grace}, Now: now.Now,
		Client: func(_ context.Context, id string) (demoop.Client, bool) {
			return demoop.Client{
				Secret: "secret of " + id, Redirect: func(a string) bool { return a == redirect },
				LogoutRedirect: func(a string) bool { return a == "https://portal.example.org/bye" },
			}, id == "lyceum"
		}})
	if err != nil {
		t.Fatal(err)
	}
	net := newWire("id.example.com", op)
	return &demo{
		Client: oidc.New(oidc.Options{HTTP: net.client(), Now: now.Now}), op: op, net: net, now: now,
		settings: oidc.Settings{Issuer: demoIssuer, ClientID: "lyceum"},
	}
}

func newStart() oidc.Start {
	return oidc.Start{RedirectURL: redirect, State: oidc.NewSecret(), Nonce: oidc.NewSecret(), Verifier: oidc.NewSecret()}
}

// callbackOf is the answer at the redirect address, with what was kept of the start.
func callbackOf(t testing.TB, address string, start oidc.Start) oidc.Callback {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	in, err := oidc.CallbackOf(u.Query())
	if err != nil {
		t.Fatal(err)
	}
	in.RedirectURL, in.ExpectedState, in.Nonce, in.Verifier = start.RedirectURL, start.State, start.Nonce, start.Verifier
	return in
}

// signIn lets Grace sign in and gives the answer that her browser brings.
func (d *demo) signIn(t testing.TB) oidc.Callback {
	t.Helper()
	start := newStart()
	address, err := d.Begin(t.Context(), d.settings, start)
	if err != nil {
		t.Fatal(err)
	}
	back, err := d.op.SignIn(t.Context(), address, grace.Email)
	if err != nil {
		t.Fatal(err)
	}
	return callbackOf(t, back, start)
}

// refused asserts that an answer was refused by the check of this name, and that the report ends with it; it gives why.
func refused(t testing.TB, check string, report auth.Report, err error) (detail string) {
	t.Helper()
	r, ok := auth.RefusalOf(err)
	if !ok {
		t.Fatalf("no refusal: %v; report %+v", err, report)
	}
	if r.Reason != check {
		t.Errorf("refused by %s (%s), not by %s", r.Reason, r.Detail, check)
	}
	if last := report[len(report)-1]; last.OK || last.Name != r.Reason {
		t.Errorf("the report ends with %+v", last)
	}
	return r.Detail
}

func names(r auth.Report) (list []string) {
	for _, c := range r {
		list = append(list, c.Name)
	}
	return list
}

func has(r auth.Report, name string) bool { return slices.Contains(names(r), name) }

func faultFields(err error) map[string]string {
	if err == nil {
		return nil
	}
	return fault.Of(err).Fields
}
