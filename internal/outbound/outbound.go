// Package outbound is the one way to call an address that a customer typed: an identity provider's metadata, its keys, its
// token endpoint. It refuses addresses inside our own network (server-side request forgery), bounds time and size, follows
// few redirects and uses no proxy of the environment. It knows no protocol.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// Options says what a client may reach.
type Options struct {
	// AllowPrivate lets it call loopback and private networks: for tests, for the demo, and for installations whose
	// identity provider stands in the same network.
	AllowPrivate bool
	// Timeout bounds one call with its answer; default 10 s.
	Timeout time.Duration
	// MaxBody bounds an answer in bytes; default 2 MiB. A longer one is an error while it is read.
	MaxBody int64
}

// ErrAddress is an address that customers may not have us call.
var ErrAddress = errors.New("this address lies in a private network; only public ones are called")

// ErrTooLong is an answer longer than MaxBody.
var ErrTooLong = errors.New("the answer is longer than we read")

const redirectsMax = 3

// Client makes an HTTP client. A name below .localhost leads to this machine (RFC 6761 §6.3), which counts as private.
func Client(o Options) *http.Client {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 2 << 20
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		return checkAddress(address, o.AllowPrivate)
	}}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, port, err := net.SplitHostPort(address); err == nil && localhost(host) {
				address = net.JoinHostPort("127.0.0.1", port)
			}
			return dialer.DialContext(ctx, network, address)
		},
		ForceAttemptHTTP2: true, MaxIdleConns: 50, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: o.Timeout, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Timeout: o.Timeout, Transport: bounded{transport, o.MaxBody},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > redirectsMax {
				return fmt.Errorf("more than %d redirects", redirectsMax)
			}
			if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
				return errors.New("a redirect from https to http")
			}
			return nil
		},
	}
}

func localhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// CheckDial is for what is dialled without HTTP (LDAP): it refuses private addresses as the client does. It fits
// net.Dialer.Control.
func CheckDial(allowPrivate bool) func(network, address string, c syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error { return checkAddress(address, allowPrivate) }
}

// checkAddress sees the address after the name was looked up, so that no name can lead inside at the second asking.
func checkAddress(address string, allowPrivate bool) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrAddress, address)
	}
	if a := ap.Addr().Unmap(); !allowPrivate && !public(a) {
		return fmt.Errorf("%w: %s", ErrAddress, a)
	}
	return nil
}

var inside = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
}

// public tells an address of the Internet (RFC 6890) from all others.
func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() {
		return false
	}
	for _, p := range inside {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// bounded bounds what is read of an answer.
type bounded struct {
	next http.RoundTripper
	max  int64
}

// RoundTrip calls, and bounds the answer's body.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = &limited{ReadCloser: res.Body, left: b.max}
	return res, nil
}

type limited struct {
	io.ReadCloser
	left int64
}

// Read reads until the bound.
func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, ErrTooLong
	}
	return n, err
}
