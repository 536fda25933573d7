package stripe_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lyceum/billing"
	"lyceum/billing/money"
	"lyceum/billing/plan"
	"lyceum/billing/provider"
	"lyceum/billing/stripe"
	"lyceum/internal/uid"
)

// mock starts Stripe's own mock, which checks each request against the published description of the API, and gives its
// address. .ci/setup gets the release whose description is that of our client's days.
func mock(t *testing.T) string {
	t.Helper()
	home, _ := os.UserHomeDir()
	program := ""
	for _, place := range []string{os.Getenv("LYCEUM_TEST_STRIPE_MOCK"), filepath.Join(home, "go", "bin", "stripe-mock"), "stripe-mock"} {
		if found, err := exec.LookPath(place); place != "" && err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("SKIPPED LOUDLY: no stripe-mock on this machine, so nothing is tested against Stripe's own description of its API. Get it with '.ci/setup stripe' (seconds), or name it in LYCEUM_TEST_STRIPE_MOCK")
	}
	cmd := exec.Command(program, "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	var reading sync.WaitGroup
	reading.Go(func() {
		defer close(address)
		for s := bufio.NewScanner(out); s.Scan(); {
			if _, at, ok := strings.Cut(s.Text(), "Listening for HTTP at address: "); ok {
				address <- "http://" + at
			}
		}
	})
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		reading.Wait()
		_ = cmd.Wait()
	})
	at, ok := <-address
	if !ok {
		t.Fatal("stripe-mock does not start")
	}
	return at
}

// between notes what is asked for, and puts into the mock's answers what it does not keep.
type between struct {
	mu     sync.Mutex
	asked  map[string]bool
	change func(call string, answer map[string]any)
}

// ids are what stands in an address for a thing.
var ids = regexp.MustCompile(`^(cus|in|sub|price|prod|mtr|meter|we|txi|lyceum)_|^WELCOME$`)

func (b *between) RoundTrip(r *http.Request) (*http.Response, error) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	for i, p := range parts {
		if ids.MatchString(p) && p != "meter_events" {
			parts[i] = "*"
		}
	}
	call := r.Method + " " + strings.Join(parts, "/")
	b.mu.Lock()
	b.asked[call] = true
	b.mu.Unlock()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || res.StatusCode >= 400 {
		return res, err
	}
	raw, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		return nil, err
	}
	b.change(call, answer)
	if raw, err = json.Marshal(answer); err != nil {
		return nil, err
	}
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	res.Header.Del("Content-Length")
	return res, nil
}

// TestStripesOwnDescriptionTakesWhatWeSend has every call that we make checked for its form. The mock keeps nothing: what
// comes of the calls is tested with the fake.
func TestStripesOwnDescriptionTakesWhatWeSend(t *testing.T) {
	t.Parallel()
	address := mock(t)
	tiers := []plan.Tier{{UpTo: 100, Price: 50_000, Flat: 1_000_000}, {Price: 10_000}}
	o := offer(5000,
		plan.Component{Code: "sandbox", Name: "Sandbox", Scheme: plan.Flat, AddOn: true, Price: 20_000_000},
		plan.Component{Code: "calls", Name: "Calls", Scheme: plan.PerUnit, Meter: billing.MeterAPICalls, Per: 1000, Price: 12_345},
		plan.Component{Code: "video", Name: "Video", Scheme: plan.Volume, Meter: billing.MeterVideo, Tiers: tiers},
		plan.Component{Code: "tokens", Name: "Tokens", Scheme: plan.Graduated, Meter: billing.MeterAITokens, Included: 10, Tiers: tiers},
	)
	tenant := uid.New()
	ours := map[string]any{"tenant_id": tenant.String(), "version_id": o.Version.ID.String(), "plan_id": o.Plan.ID.String()}
	empty, priced := true, false // the lists of what we look for before we make it; prices once they are published
	b := &between{asked: map[string]bool{}, change: func(call string, answer map[string]any) {
		lists := []string{"GET customers/search", "GET billing/meters", "GET products", "GET subscriptions", "GET customers/*/tax_ids", "GET promotion_codes", "GET webhook_endpoints"}
		switch {
		case empty && slices.Contains(lists, call):
			answer["data"] = []any{}
		case call == "GET prices" && !priced:
			answer["data"] = []any{}
		case call == "GET prices":
			one, _ := answer["data"].([]any)[0].(map[string]any)
			var all []any
			for _, c := range o.Version.Components {
				p := maps.Clone(one)
				p["id"], p["lookup_key"] = "price_"+c.Code, "lyceum:"+o.Version.ID.String()+":"+c.Code
				p["metadata"] = map[string]any{
					"version_id": o.Version.ID.String(), "component": c.Code, "meter": string(c.Meter), "plan_id": o.Plan.ID.String(),
				}
				all = append(all, p)
			}
			answer["data"] = all
		case answer["object"] == "subscription":
			answer["metadata"], answer["status"] = ours, "active"
		case call == "GET coupons/*":
			answer["valid"] = true
		}
	}}
	s, err := stripe.New(stripe.Options{Key: "sk_test_123", BaseURL: address, HTTP: &http.Client{Transport: b, Timeout: 20 * time.Second}, AutomaticTax: true})
	if err != nil {
		t.Fatal(err)
	}
	ctx, now := t.Context(), time.Now()
	check := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = s.Publish(ctx, []provider.Offer{o}, false)
	check("publish", err)
	priced = true
	if _, err = s.Publish(ctx, nil, false); err != nil { // archives
		t.Error(err)
	}
	ref, err := s.EnsureCustomer(ctx, provider.Customer{
		TenantID: tenant, Name: "Acme", Email: "a@acme.example", Locale: "de", TaxIDs: []provider.TaxID{{Kind: "eu_vat", Value: "DE123456789"}},
		Address: provider.Address{Line1: "Hafenstr. 7", Line2: "c/o", City: "Hamburg", State: "HH", PostalCode: "20457", Country: "DE"},
	})
	check("customer", err)
	end, addOns := now.AddDate(0, 0, 9), []provider.AddOn{{Component: "sandbox", Quantity: 2}}
	for _, coupon := range []string{"", "WELCOME"} {
		_, err = s.Checkout(ctx, provider.Checkout{
			Key: uid.New().String(), TenantID: tenant, Customer: ref, Version: o.Version, AddOns: addOns, Coupon: coupon, TrialEnd: &end, SuccessURL: "https://a.example", CancelURL: "https://a.example",
		})
		check("checkout "+coupon, err)
	}
	_, err = s.Portal(ctx, ref, "https://a.example")
	check("portal", err)
	check("tend", s.Tend(ctx, "sub_123"))
	move := provider.Move{Subscription: "sub_123", Version: o.Version, AddOns: addOns, At: now}
	_, err = s.Preview(ctx, move)
	check("preview", err)
	_, err = s.Move(ctx, uid.New().String(), move)
	check("move", err)
	check("apply", s.Apply(ctx, uid.New().String(), "sub_123", "WELCOME"))
	for _, at := range []bool{false, true} {
		_, err = s.Cancel(ctx, uid.New().String(), "sub_123", at)
		check("cancel", err)
	}
	_, err = s.Continue(ctx, uid.New().String(), "sub_123")
	check("continue", err)
	_, err = s.Invoices(ctx, ref, "in_1", 5)
	check("invoices", err)
	check("item", s.AddItem(ctx, uid.New().String(), provider.Item{Customer: ref, Text: "Late", Amount: money.Money{Minor: -5, Currency: "EUR"}, Period: billing.PeriodOf(now)}))
	check("report", s.Report(ctx, []provider.Usage{{Identifier: "i", Customer: ref, Meter: billing.MeterAPICalls, Quantity: -3, At: now}})[0])
	empty = false
	b.change = func(call string, answer map[string]any) {
		if call == "GET billing/meters" {
			answer["data"].([]any)[0].(map[string]any)["event_name"] = "lyceum_api_calls"
		}
	}
	_, err = s.Reported(ctx, ref, billing.MeterAPICalls, billing.PeriodOf(now).Start, billing.PeriodOf(now).End())
	check("reported", err)
	_, err = s.Undelivered(ctx, now.AddDate(0, 0, -3))
	check("undelivered", err)
	_, err = s.EnsureEndpoint(ctx, "https://lyceum.example/webhooks/stripe")
	check("endpoint", err)

	for _, call := range []string{
		"POST products", "POST prices", "POST prices/*", "POST billing/meters", "POST customers", "POST customers/*", "POST customers/*/tax_ids", "POST checkout/sessions",
		"POST billing_portal/sessions", "POST subscriptions", "POST subscriptions/*", "DELETE subscriptions/*", "GET invoices/upcoming", "GET invoices", "POST invoiceitems",
		"POST billing/meter_events", "GET billing/meters/*/event_summaries", "GET events", "POST webhook_endpoints",
	} {
		if !b.asked[call] {
			t.Errorf("%s was never asked for: %v", call, slices.Sorted(maps.Keys(b.asked)))
		}
	}
}
