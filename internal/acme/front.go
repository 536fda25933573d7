package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"lyceum/internal/clock"
	"lyceum/internal/seal"
)

// LetsEncrypt is the directory of the ACME server that is asked by default.
const LetsEncrypt = certmagic.LetsEncryptProductionCA

// askFor bounds what the gate may take: a handshake waits for it.
const askFor = 5 * time.Second

// Gate decides about certificates. Both fail closed: any error means no.
type Gate interface {
	// Ask is nil for a host that there may be a certificate for.
	Ask(ctx context.Context, host string) error
	// Order is nil when one may be ordered now; it counts.
	Order(ctx context.Context, host string) error
}

// Options are what the front works with.
type Options struct {
	Keep  Keeper
	Seal  seal.Key
	Gate  Gate
	Now   clock.Clock
	CA    string         // the ACME server's directory; default LetsEncrypt
	Email string         // where the issuer writes to when a certificate is about to end; may be empty
	Roots *x509.CertPool // whom the ACME server's own certificate is trusted from; nil: the system's
	// Own is a certificate that is there already (of the base domain and all below); hosts that it is for need no other.
	Own *tls.Certificate
	// HTTPPort and TLSPort are where challenges come to when something before us maps 80 and 443; 0: those.
	HTTPPort, TLSPort int
}

// Front has the certificates of a process.
type Front struct {
	o      Options
	cache  *certmagic.Cache
	config *certmagic.Config
	issuer *certmagic.ACMEIssuer
}

// New makes the front. Close ends its care for what expires.
func New(o Options) (*Front, error) {
	if o.CA == "" {
		o.CA = LetsEncrypt
	}
	if o.Own != nil && o.Own.Leaf == nil {
		leaf, err := x509.ParseCertificate(o.Own.Certificate[0])
		if err != nil {
			return nil, fmt.Errorf("certificate of the base domain: %w", err)
		}
		o.Own.Leaf = leaf
	}
	f := &Front{o: o}
	f.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return f.config, nil },
		Capacity:         10_000, Logger: zap.NewNop(),
	})
	f.config = certmagic.New(f.cache, certmagic.Config{
		Storage: &storage{keep: o.Keep, seal: o.Seal, now: o.Now, held: map[string]heldLock{}},
		Logger:  zap.NewNop(), OnEvent: f.event,
		OnDemand: &certmagic.OnDemandConfig{DecisionFunc: f.ask},
	})
	f.issuer = certmagic.NewACMEIssuer(f.config, certmagic.ACMEIssuer{
		CA: o.CA, Email: o.Email, Agreed: true, TrustedRoots: o.Roots, AltHTTPPort: o.HTTPPort, AltTLSALPNPort: o.TLSPort,
		Logger: zap.NewNop(), CertObtainTimeout: 2 * time.Minute,
	})
	f.config.Issuers = []certmagic.Issuer{f.issuer}
	return f, nil
}

// Close ends the care for what expires.
func (f *Front) Close() { f.cache.Stop() }

// ask is asked before a certificate is loaded, ordered or renewed.
func (f *Front) ask(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	return f.o.Gate.Ask(ctx, host)
}

// event bounds what is ordered.
func (f *Front) event(ctx context.Context, name string, data map[string]any) error {
	if name != "cert_obtaining" {
		return nil
	}
	host, _ := data["identifier"].(string)
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	return f.o.Gate.Order(ctx, host)
}

// errNoName is a handshake without a server name (RFC 6066 §3): there is no host to have a certificate for.
var errNoName = errors.New("acme: the handshake names no host")

// Listener speaks TLS 1.2 and up on ln. It offers HTTP/1.1 alone: the server speaks no other.
func (f *Front) Listener(ln net.Listener) net.Listener {
	c := f.config.TLSConfig()
	c.NextProtos = append([]string{"http/1.1"}, c.NextProtos...)
	c.MinVersion = tls.VersionTLS12
	demand := c.GetCertificate
	c.GetCertificate = func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		switch {
		case hello.ServerName == "":
			return nil, errNoName
		case f.o.Own != nil && f.o.Own.Leaf.VerifyHostname(hello.ServerName) == nil:
			return f.o.Own, nil
		}
		return demand(hello)
	}
	return tls.NewListener(ln, c)
}

// Plain answers on the plain port: challenges of the ACME server (RFC 8555 §8.3), and for the rest the way to https. port is
// where TLS is answered; "" or 443 stays unsaid. Hosts that the gate refuses get 404: nobody is led to a host of his own choosing.
func (f *Front) Plain(port string) http.Handler {
	return f.issuer.HTTPChallengeHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if bare, _, err := net.SplitHostPort(host); err == nil {
			host = bare
		}
		if err := f.ask(r.Context(), host); err != nil {
			http.Error(w, "There is no portal at this address.", http.StatusNotFound)
			return
		}
		if port != "" && port != "443" {
			host = net.JoinHostPort(host, port)
		}
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
}
