// Package oidc is the relying party of OpenID Connect Core 1.0: the authorization code flow with PKCE (RFC 7636), discovery,
// keys that are rolled while people sign in, and logout begun by either side. It answers with an auth.Assertion that has
// been verified, and with a report of every check on the way. It keeps no row, serves no page and knows no tenant: the
// caller keeps connections, their secrets, what was begun in which browser, and which assertions were used up.
package oidc

import (
	"context"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"lyceum/internal/clock"
	"lyceum/internal/outbound"
	"lyceum/internal/throttle"
)

// Options says how a Client calls and what it keeps.
type Options struct {
	// HTTP is a client of internal/outbound: what it may reach, how long a call lasts and how long an answer may be are
	// decided there. Default: one that reaches only public addresses and reads 1 MiB.
	HTTP *http.Client
	// Now tells the time; default the machine's clock.
	Now clock.Clock
	// DiscoveryLife is how long a discovery document and a key set are believed without asking again; default 1 h.
	DiscoveryLife time.Duration
	// KeepFor is how long the last good ones serve after their life while the issuer does not answer; default 24 h.
	KeepFor time.Duration
	// Issuers bounds the issuers that are remembered; default 2,000. Beyond it the one used longest ago is asked anew.
	Issuers int
}

const (
	// callTimeout bounds what a call may take when the HTTP client's own bound is longer. A fetch serves all who wait for
	// it, so that the first one's hanging up does not end it.
	callTimeout = 10 * time.Second
	// retryAfter is how long an issuer that failed is left alone.
	retryAfter = 15 * time.Second
)

// Client is the relying party of one process, for all its connections. It has no goroutine of its own.
type Client struct {
	http    *http.Client // follows redirects: for documents that anybody may read
	direct  *http.Client // follows none: for calls that carry a secret
	now     clock.Clock
	life    time.Duration
	keepFor time.Duration

	mu      sync.Mutex
	issuers *lru.Cache[string, *issuer]
	// An unknown key fetches the keys at once, but not for every forgery: what anybody may send (logout tokens) has a
	// budget of its own, so that a stranger's flood delays no sign-in.
	signInFetches *throttle.Limiter
	logoutFetches *throttle.Limiter
}

// issuer is what is remembered of one.
type issuer struct {
	document *renewed[Discovery]
	keys     *renewed[keySet]
}

// New makes the relying party.
func New(o Options) *Client {
	if o.HTTP == nil {
		o.HTTP = outbound.Client(outbound.Options{MaxBody: 1 << 20})
	}
	if o.Now == nil {
		o.Now = clock.Real
	}
	if o.DiscoveryLife <= 0 {
		o.DiscoveryLife = time.Hour
	}
	if o.KeepFor <= 0 {
		o.KeepFor = 24 * time.Hour
	}
	if o.Issuers <= 0 {
		o.Issuers = 2000
	}
	kept, err := lru.New[string, *issuer](o.Issuers)
	if err != nil {
		panic(err) // unreachable: the size is positive
	}
	direct := *o.HTTP
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		http: o.HTTP, direct: &direct, now: o.Now, life: o.DiscoveryLife, keepFor: o.KeepFor, issuers: kept,
		signInFetches: throttle.Sized(o.Now, 12, time.Minute, 6, o.Issuers),
		logoutFetches: throttle.Sized(o.Now, 2, time.Minute, 2, o.Issuers),
	}
}

// of gives what is remembered of an issuer.
func (c *Client) of(name string) *issuer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.issuers.Get(name); ok {
		return known
	}
	fresh := &issuer{document: newRenewed[Discovery](), keys: newRenewed[keySet]()}
	c.issuers.Add(name, fresh)
	return fresh
}

func (c *Client) terms() terms { return terms{now: c.now(), life: c.life, keepFor: c.keepFor} }

// calling gives a context for a call that outlives the request it began in.
func (c *Client) calling(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
}
