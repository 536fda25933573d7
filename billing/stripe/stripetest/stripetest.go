// Package stripetest is a Stripe that tests can break: an HTTP server on this machine that keeps customers, prices,
// subscriptions, meters and bills in memory, as Stripe documents them for the API version 2023-10-16, on a clock that tests
// move. It knows what billing/stripe asks for, and answers 404 to the rest. It is no measure of Stripe itself: the test
// against stripe-mock is.
package stripetest

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// APIVersion is the only one that is spoken.
const APIVersion = "2023-10-16"

// Key and Secret are what the fake takes.
const (
	Key    = "sk_test_fake"
	Secret = "whsec_fake"
)

// Fault is what becomes of a call that changes something.
type Fault struct {
	Status     int  // answered instead of doing it: 429, 500 …
	RetryAfter int  // seconds, with Status
	Cut        bool // the connection is cut before anything is done
	Lost       bool // it is done, and the answer is lost
	Path       string
}

// object is a resource in Stripe's form.
type object map[string]any

func (o object) text(name string) string { s, _ := o[name].(string); return s }

func (o object) meta() map[string]string { m, _ := o["metadata"].(map[string]string); return m }

// Fake is a Stripe.
type Fake struct {
	URL string

	mu       sync.Mutex
	now      time.Time
	counted  int
	order    []string // ids as they were made
	objects  map[string]object
	subs     map[string]*subscription
	invoices []*invoice
	pending  []object // invoice items for the next bill
	usage    []meterEvent
	cards    map[string]bool  // by customer: whether it works
	balance  map[string]int64 // by customer; negative is a credit
	answers  map[string]answer
	faults   []Fault
	events   []*event
	calls    int
}

type answer struct {
	asked  [32]byte
	status int
	body   []byte
}

type meterEvent struct {
	identifier, name, customer string
	value                      int64
	at                         int64
}

// New starts one that begins at a moment and ends with the test.
func New(t testing.TB, now time.Time) *Fake {
	t.Helper()
	f := &Fake{
		now: now.Truncate(time.Second), objects: map[string]object{}, subs: map[string]*subscription{}, cards: map[string]bool{}, balance: map[string]int64{}, answers: map[string]answer{},
	}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	f.URL = srv.URL
	f.objects["co_20"] = object{"id": "co_20", "object": "coupon", "valid": true, "percent_off": 20, "duration": "repeating", "duration_in_months": 3}
	f.objects["promo_20"] = object{"id": "promo_20", "object": "promotion_code", "code": "WELCOME20", "active": true, "coupon": f.objects["co_20"]}
	return f
}

// Now is the fake's clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Calls is how many requests came.
func (f *Fake) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Break has the next calls that change something go wrong, one each; one with a Path waits for a call to it.
func (f *Fake) Break(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, faults...)
}

// Mend takes back what was to go wrong.
func (f *Fake) Mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// problem is an error in Stripe's form.
type problem struct {
	status        int
	kind, code    string
	message       string
	declineReason string
}

func (p *problem) Error() string { return p.message }

func invalid(format string, args ...any) error {
	return &problem{status: 400, kind: "invalid_request_error", message: fmt.Sprintf(format, args...)}
}

func missing(what, id string) error {
	return &problem{status: 404, kind: "invalid_request_error", code: "resource_missing", message: fmt.Sprintf("No such %s: '%s'", what, id)}
}

// ServeHTTP answers as Stripe does.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	w.Header().Set("Request-Id", "req_"+strconv.Itoa(f.calls))
	w.Header().Set("Content-Type", "application/json")
	if p := refused(r); p != nil {
		send(w, p)
		return
	}
	changing := r.Method != http.MethodGet
	fault := f.fault(r, changing)
	switch {
	case fault.Cut:
		cut(w)
		return
	case fault.Status != 0:
		if fault.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfter))
		}
		send(w, &problem{status: fault.Status, kind: "api_error", message: "Something went wrong there."})
		return
	}
	status, body := f.answer(r, raw, changing)
	if fault.Lost {
		cut(w)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func refused(r *http.Request) *problem {
	switch {
	case r.Header.Get("Authorization") != "Bearer "+Key:
		return &problem{status: 401, kind: "invalid_request_error", message: "Invalid API Key provided"}
	case r.Header.Get("Stripe-Version") != APIVersion:
		return &problem{status: 400, kind: "invalid_request_error", message: "this fake speaks " + APIVersion}
	case r.Method != http.MethodGet && r.Header.Get("Idempotency-Key") == "":
		return &problem{status: 400, kind: "invalid_request_error", message: "a call that changes something lacks its key"}
	}
	return nil
}

// answer does what is asked, once for a key: the same wish gets the same answer, another wish is refused.
func (f *Fake) answer(r *http.Request, raw []byte, changing bool) (int, []byte) {
	key := r.Header.Get("Idempotency-Key")
	asked := sha256.Sum256([]byte(r.Method + r.URL.Path + string(raw)))
	if old, there := f.answers[key]; changing && there {
		if old.asked != asked {
			return encoded(nil, &problem{status: 400, kind: "idempotency_error", message: "Keys for idempotent requests can only be used with the same parameters they were first used with."})
		}
		return old.status, old.body
	}
	form, err := url.ParseQuery(string(raw))
	if !changing {
		form, err = r.URL.Query(), nil
	}
	var out any
	if err == nil {
		out, err = f.route(r.Method, strings.TrimPrefix(r.URL.Path, "/v1/"), form)
	}
	status, body := encoded(out, err)
	// What was refused before anything began is not remembered there.
	if changing && (status < 400 || status == 402) {
		f.answers[key] = answer{asked, status, body}
	}
	return status, body
}

func encoded(out any, err error) (int, []byte) {
	status := 200
	if err != nil {
		var p *problem
		if !errors.As(err, &p) {
			p = &problem{status: 500, kind: "api_error", message: err.Error()}
		}
		status = p.status
		out = object{"error": object{"type": p.kind, "code": p.code, "message": p.message, "decline_code": p.declineReason}}
	}
	body, err := json.Marshal(out)
	if err != nil {
		return 500, []byte(`{"error":{"type":"api_error","message":"the fake cannot encode this"}}`)
	}
	return status, body
}

func send(w http.ResponseWriter, p *problem) {
	status, body := encoded(nil, p)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func cut(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

func (f *Fake) fault(r *http.Request, changing bool) (out Fault) {
	for i, fault := range f.faults {
		if (changing || fault.Path != "") && strings.Contains(r.URL.Path, fault.Path) {
			f.faults = append(f.faults[:i:i], f.faults[i+1:]...)
			return fault
		}
	}
	return out
}

// id makes one.
func (f *Fake) id(prefix string) string {
	f.counted++
	return fmt.Sprintf("%s_%06d", prefix, f.counted)
}

// keep makes an object of a request's plain fields.
func (f *Fake) keep(id, kind string, form url.Values) object {
	o := object{"id": id, "object": kind, "created": f.now.Unix(), "livemode": false, "metadata": map[string]string{}}
	f.objects[id] = o
	f.order = append(f.order, id)
	f.set(o, form)
	return o
}

// set takes over a request's plain fields and metadata.
func (f *Fake) set(o object, form url.Values) {
	meta := map[string]string{}
	for k, v := range o.meta() {
		meta[k] = v
	}
	for k, v := range form {
		if name, ok := strings.CutPrefix(k, "metadata["); ok {
			meta[strings.TrimSuffix(name, "]")] = v[0]
		} else if !strings.Contains(k, "[") {
			o[k] = plain(v[0])
		}
	}
	o["metadata"] = meta
}

func plain(s string) any {
	switch s {
	case "true":
		return true
	case "false":
		return false
	}
	return s
}

// list answers a page of objects, the newest first.
func list(items []object, form url.Values) object {
	limit, _ := strconv.Atoi(form.Get("limit"))
	if limit <= 0 {
		limit = 10
	}
	if after := form.Get("starting_after"); after != "" {
		for i, o := range items {
			if o["id"] == after {
				items = items[i+1:]
				break
			}
		}
	}
	more := len(items) > limit
	if more {
		items = items[:limit]
	}
	if items == nil {
		items = []object{}
	}
	return object{"object": "list", "data": items, "has_more": more, "url": "/v1/"}
}

// all lists the kept objects of a kind, the newest first.
func (f *Fake) all(kind string, fits func(object) bool) (out []object) {
	for i := len(f.order) - 1; i >= 0; i-- {
		if o := f.objects[f.order[i]]; o["object"] == kind && o["deleted"] == nil && (fits == nil || fits(o)) {
			out = append(out, o)
		}
	}
	return out
}

// indexed reads the fields of a list in a form: items[0][price] is 0's price.
func indexed(form url.Values, name string) (out []map[string]string) {
	for i := 0; ; i++ {
		prefix := fmt.Sprintf("%s[%d][", name, i)
		found := map[string]string{}
		for k, v := range form {
			if rest, ok := strings.CutPrefix(k, prefix); ok {
				found[strings.TrimSuffix(rest, "]")] = v[0]
			}
		}
		if len(found) == 0 {
			return out
		}
		out = append(out, found)
	}
}

func number(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n }
