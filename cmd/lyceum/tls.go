package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"time"

	"lyceum/internal/acme"
	"lyceum/tenant/address"
)

// Domains is where portals' own domains are to lead.
type Domains struct {
	Target    string   `name:"domain-target" placeholder:"HOST" help:"Host that portals' own domains point to by CNAME. Default: the platform's own host."`
	Addresses []string `name:"domain-addresses" placeholder:"CIDR" help:"Addresses that those domains may lead to besides that host's: of a proxy before us. Single ones are shown to owners for A and AAAA records."`

	networks []netip.Prefix
}

// AfterApply reads the addresses.
func (d *Domains) AfterApply() error {
	d.networks = nil // it is called for every struct that embeds this one
	for _, text := range d.Addresses {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, failed := netip.ParseAddr(text)
			if failed != nil {
				return fmt.Errorf("--domain-addresses %q: write an address or a network, for example 192.0.2.7 or 192.0.2.0/24", text)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		d.networks = append(d.networks, p)
	}
	return nil
}

// tlsOptions is how this process speaks TLS itself.
type tlsOptions struct {
	TLS     string `name:"tls" enum:"off,acme,files" default:"off" help:"off: a proxy before us speaks TLS, or nobody. acme: we do, with certificates that an ACME server issues on demand. files: as acme, with --tls-cert for the base domain."`
	Listen  string `name:"tls-listen" default:":8443" help:"Address for https; --listen then answers ACME challenges and leads to https."`
	Cert    string `name:"tls-cert" type:"path" placeholder:"FILE" help:"Certificate chain in PEM for the platform and *.<base-domain>."`
	Key     string `name:"tls-key" type:"path" placeholder:"FILE" help:"Its private key in PEM."`
	CA      string `name:"acme-directory" placeholder:"URL" default:"${acme_directory}" help:"Directory of the ACME server."`
	CARoots string `name:"acme-roots" type:"path" placeholder:"FILE" help:"Certificates in PEM that the ACME server's own is trusted by, where the system does not know them."`
	Email   string `name:"acme-email" placeholder:"ADDRESS" help:"Whom the issuer may write to."`
}

// certificateGate decides for which hosts there may be certificates.
func (a *app) certificateGate() address.Gate {
	return address.Gate{Directory: a.directory, Orders: a.store, Now: a.now}
}

// openTLS makes the front that has certificates.
func (a *app) openTLS(o tlsOptions) (*acme.Front, error) {
	if a.hosts.Scheme != "https" {
		return nil, errors.New("--tls needs --base-url with https://, so that links say so")
	}
	in := acme.Options{Keep: a.store, Seal: a.seal, Gate: a.certificateGate(), Now: a.now, CA: o.CA, Email: o.Email}
	if o.TLS == "files" {
		pair, err := tls.LoadX509KeyPair(o.Cert, o.Key)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert and --tls-key: %w", err)
		}
		in.Own = &pair
	}
	if o.CARoots != "" {
		pem, err := os.ReadFile(o.CARoots)
		if err != nil {
			return nil, fmt.Errorf("--acme-roots: %w", err)
		}
		if in.Roots = x509.NewCertPool(); !in.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--acme-roots: no certificate in %s", o.CARoots)
		}
	}
	return acme.New(in)
}

// secured puts TLS before the server: https on a listener of its own, and on ln what leads there.
func (a *app) secured(ctx context.Context, ln net.Listener, o tlsOptions) (_ net.Listener, stop func(), err error) {
	front, err := a.openTLS(o)
	if err != nil {
		return nil, nil, err
	}
	secure, err := net.Listen("tcp", o.Listen)
	if err != nil {
		front.Close()
		return nil, nil, fmt.Errorf("listen on %s: %w (choose another with --tls-listen)", o.Listen, err)
	}
	plain := &http.Server{Handler: front.Plain(a.hosts.Port), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := plain.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("plain port", slog.Any("err", err))
		}
	}()
	stop = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		_ = plain.Shutdown(ctx)
		<-done
		front.Close()
	}
	return front.Listener(secure), stop, nil
}

// askTLS answers a proxy that gets certificates on demand by itself, such as Caddy, whether it may for ?domain=: 200, 404, or 503
// while that cannot be known.
func (a *app) askTLS(w http.ResponseWriter, r *http.Request) {
	err := a.certificateGate().Ask(r.Context(), r.URL.Query().Get("domain"))
	switch {
	case err == nil:
		w.WriteHeader(http.StatusOK)
	case errors.Is(err, address.ErrNoCertificate):
		http.Error(w, "no portal there", http.StatusNotFound)
	default:
		a.log.ErrorContext(r.Context(), "asked for a certificate", slog.Any("err", err))
		http.Error(w, "not known now", http.StatusServiceUnavailable)
	}
}
