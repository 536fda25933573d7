// Package stripe is the payment provider Stripe, spoken to in the API version of its client (2023-10-16). It keeps nothing:
// plans, usage and what a subscription allows are ours; Stripe takes the money and writes the bills.
//
// A tenant has two subscriptions there. The main one holds the flat parts, in the plan's interval; it is begun by Checkout.
// The other holds the meters, by the calendar month in UTC, and hangs on the main one (Tend): in this API version one
// subscription has one interval, and Checkout either keeps a trial or moves the billing day, not both.
package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"lyceum/billing"
	"lyceum/billing/provider"
	"lyceum/internal/clock"
	"lyceum/internal/uid"
)

// APIVersion is the one that is spoken; a webhook endpoint must be made with the same.
const APIVersion = stripego.APIVersion

// Options are what Stripe is reached with.
type Options struct {
	Key           string // secret (sk_…) or restricted (rk_…); never logged
	WebhookSecret string // of the endpoint (whsec_…), and with a comma of an event destination; "" refuses every message
	Account       string // a connected account to act for; "" acts for the key's own
	BaseURL       string // default https://api.stripe.com; another for tests
	// HTTP is the client used; default one that gives up after 30 seconds.
	HTTP *http.Client
	// AutomaticTax has Stripe Tax work out taxes. It must be set up in the account.
	AutomaticTax bool
	// Grace is how long after a month usage of it is taken; default 50 minutes. Stripe keeps a bill a draft for an hour,
	// unless the account is set to something else.
	Grace time.Duration
	Now   clock.Clock // default clock.Real
}

// Stripe is a provider.Provider.
type Stripe struct {
	Options
	api *client.API

	mu     sync.Mutex
	prices map[uid.ID]map[string]string // by version and component: a published price never changes
	counts map[string]counting
	meters map[billing.Meter]string
}

var _ provider.Provider = (*Stripe)(nil)

// New makes the client. It calls nobody.
func New(o Options) (*Stripe, error) {
	if !strings.HasPrefix(o.Key, "sk_") && !strings.HasPrefix(o.Key, "rk_") {
		return nil, errors.New("the Stripe key must be a secret or restricted one: it begins with sk_ or rk_")
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: 30 * time.Second}
	}
	if o.Grace == 0 {
		o.Grace = 50 * time.Minute
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	backend := stripego.GetBackendWithConfig(stripego.APIBackend, &stripego.BackendConfig{
		HTTPClient: o.HTTP, MaxNetworkRetries: stripego.Int64(0), EnableTelemetry: stripego.Bool(false),
		LeveledLogger: &stripego.LeveledLogger{Level: stripego.LevelNull}, URL: url(o.BaseURL),
	})
	api := client.New(o.Key, &stripego.Backends{API: backend, Connect: backend, Uploads: backend})
	return &Stripe{Options: o, api: api, prices: map[uid.ID]map[string]string{}, counts: map[string]counting{}, meters: map[billing.Meter]string{}}, nil
}

func url(base string) *string {
	if base == "" {
		return nil
	}
	return stripego.String(strings.TrimSuffix(base, "/"))
}

// Name is stripe.
func (s *Stripe) Name() string { return "stripe" }

// Live tells whether the key moves real money; test keys do not.
func (s *Stripe) Live() bool { return strings.Contains(s.Key, "_live_") }

// asks are the parameters of a call that changes nothing.
func (s *Stripe) asks(ctx context.Context) stripego.Params {
	p := stripego.Params{Context: ctx}
	if s.Account != "" {
		p.SetStripeAccount(s.Account)
	}
	return p
}

// does are the parameters of a call that changes something, once for its key.
func (s *Stripe) does(ctx context.Context, key string) stripego.Params {
	p := s.asks(ctx)
	p.SetIdempotencyKey(short(key, 255))
	return p
}

// sets are the parameters of a call that may be made twice with the same effect: its key is new each time, for an old one
// would have it answered from memory.
func (s *Stripe) sets(ctx context.Context) stripego.Params { return s.does(ctx, uid.New().String()) }

func (s *Stripe) lists(ctx context.Context, limit int64) stripego.ListParams {
	p := stripego.ListParams{Context: ctx, Limit: stripego.Int64(limit)}
	if s.Account != "" {
		p.SetStripeAccount(s.Account)
	}
	return p
}

// failed turns what went wrong into a failure that callers tell apart. The key never stands in it.
func (s *Stripe) failed(err error, doing string, args ...any) error {
	if err == nil {
		return nil
	}
	doing = fmt.Sprintf(doing, args...)
	var e *stripego.Error
	if !errors.As(err, &e) {
		return provider.ErrUnavailable.Because(&provider.Later{Cause: fmt.Errorf("%s: %s", doing, s.hide(err.Error()))})
	}
	said := fmt.Errorf("%s: stripe answers %d %s %s: %s (request %s)", doing, e.HTTPStatusCode, e.Type, e.Code, s.hide(e.Msg), e.RequestID)
	switch code := e.HTTPStatusCode; {
	case code == http.StatusTooManyRequests, code == http.StatusConflict, code >= 500, code == http.StatusUnauthorized, code == http.StatusForbidden:
		later := &provider.Later{Cause: said}
		if e.LastResponse != nil {
			if n, err := strconv.Atoi(e.LastResponse.Header.Get("Retry-After")); err == nil && n > 0 {
				later.After = time.Duration(n) * time.Second
			}
		}
		return provider.ErrUnavailable.Because(later)
	case code == http.StatusPaymentRequired:
		return provider.ErrRefused.Saying("The payment was declined. Nothing was changed.").Because(said)
	}
	return provider.ErrRefused.Because(said)
}

func (s *Stripe) hide(text string) string { return strings.ReplaceAll(text, s.Key, "…") }

// metadata that our objects carry there.
const (
	ofTenant    = "tenant_id"
	ofVersion   = "version_id"
	ofPlan      = "plan_id"
	ofComponent = "component"
	ofMeter     = "meter"
	ofParent    = "usage_of" // on a subscription of usage: the main one
)
