package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"lyceum/auth"
	"lyceum/internal/outbound"
)

// Server is the server that answered.
type Server struct {
	URL string
	// Subject, Issuer and NotAfter are of its certificate; empty without TLS.
	Subject, Issuer string
	NotAfter        time.Time
}

// restFor is how long a server that could not be reached is tried last.
const restFor = time.Minute

// connect opens a connection to the first server that takes one, and binds the service account on it. Where the
// account is refused no other server is asked: each would count it as a wrong password.
func (c *Client) connect(ctx context.Context, s Settings, password string, r *auth.Report) (*session, error) {
	if password == "" {
		failed(r, "bind", "the service account has no password: a directory would take it for nobody and say that all went well (RFC 4513 §5.1.2); nothing was sent")
		return nil, ErrUnavailable
	}
	var last error
	for _, address := range c.order(s.URLs) {
		conn, err := c.open(ctx, s, address)
		if ctx.Err() != nil {
			return nil, ErrUnavailable.Because(context.Cause(ctx))
		}
		if err != nil {
			failed(r, "connect", "%s: %s", address, reason(err))
			last = err
			continue
		}
		describe(r, conn.server)
		err = conn.bind(ctx, s.BindDN, password, nil)
		if err == nil {
			r.Passed("bind", "the service account %s was taken", s.BindDN)
			return conn, nil
		}
		conn.close(ctx)
		failed(r, "bind", "the service account %s: %s", s.BindDN, reason(err))
		if last = err; !elsewhere(err) {
			break
		}
	}
	return nil, ErrUnavailable.Because(last)
}

// elsewhere tells failures of one server, which another of the same directory may not have.
func elsewhere(err error) bool {
	var answer *goldap.Error
	return !errors.As(err, &answer) || goldap.IsErrorAnyOf(err, goldap.LDAPResultBusy, goldap.LDAPResultUnavailable, goldap.LDAPResultOther, goldap.ErrorNetwork, goldap.ErrorMalformedPacket, goldap.ErrorUnexpectedResponse)
}

func describe(r *auth.Report, server Server) {
	r.Passed("connect", "%s", server.URL)
	if server.NotAfter.IsZero() {
		r.Passed("tls", "none")
		return
	}
	until := server.NotAfter.UTC()
	r.Passed("tls", "certificate of %s by %s, good until %s", server.Subject, server.Issuer, until.Format(time.DateOnly))
	(*r)[len(*r)-1].Until = &until
}

// order puts the servers that did not answer a while ago behind the others.
func (c *Client) order(urls []string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	resting := func(address string) int {
		if at, ok := c.rested[address]; ok && now.Sub(at) < restFor {
			return 1
		}
		return 0
	}
	list := slices.Clone(urls)
	slices.SortStableFunc(list, func(a, b string) int { return resting(a) - resting(b) })
	return list
}

func (c *Client) rest(address string, up bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if up {
		delete(c.rested, address)
		return
	}
	if len(c.rested) >= 1000 {
		clear(c.rested)
	}
	c.rested[address] = c.now()
}

// open connects to one server, and speaks TLS before anything else is said.
func (c *Client) open(ctx context.Context, s Settings, address string) (*session, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ldap": "389", "ldaps": "636"}[u.Scheme]
	}
	caller := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, s.timeout(), errSlow)
	defer cancel()
	dialer := &net.Dialer{Control: outbound.CheckDial(c.allowPrivate)}
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		if caller.Err() == nil && !errors.Is(err, outbound.ErrAddress) {
			c.rest(address, false)
		}
		return nil, err
	}
	c.rest(address, true)
	hangUp := context.AfterFunc(ctx, func() { _ = raw.Close() })
	conn, server, err := c.secure(ctx, s, u, raw)
	if !hangUp() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, err
	}
	server.URL = address
	return begin(conn, raw, server, s.timeout()), nil
}

func (c *Client) secure(ctx context.Context, s Settings, u *url.URL, raw net.Conn) (conn net.Conn, server Server, err error) {
	if u.Scheme == "ldap" && !s.StartTLS { // validate let it pass: Options.AllowPlain
		return raw, Server{}, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: s.ServerName, Time: c.now}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	if s.CACertificates != "" {
		pool, wrong := authorities(s.CACertificates)
		if wrong != "" {
			return nil, Server{}, errors.New(wrong)
		}
		config.RootCAs = pool
	}
	if u.Scheme == "ldap" {
		if err := startTLS(raw); err != nil {
			return nil, Server{}, err
		}
	}
	secured := tls.Client(raw, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, Server{}, fmt.Errorf("TLS: %w", err)
	}
	leaf := secured.ConnectionState().PeerCertificates[0]
	return secured, Server{Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(), NotAfter: leaf.NotAfter}, nil
}

// startTLS asks for TLS (RFC 4511 §4.14). The library's own would put its reader below the TLS, where no guard could
// measure what it reads; and a byte that came behind the answer was not protected, so the connection is given up.
func startTLS(raw net.Conn) error {
	const oid = "1.3.6.1.4.1.1466.20037"
	request := ber.NewSequence("LDAPMessage")
	request.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(1), "messageID"))
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationExtendedRequest, nil, "ExtendedRequest")
	op.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, oid, "requestName"))
	request.AppendChild(op)
	g := newGuard(raw)
	if _, err := g.Write(request.Bytes()); err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	message, err := g.next()
	if err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	answer, err := ber.DecodePacketErr(message)
	if err != nil || len(answer.Children) < 2 || answer.Children[0].Value != int64(1) || answer.Children[1].Tag != goldap.ApplicationExtendedResponse {
		return fmt.Errorf("StartTLS: %w", errMalformed)
	}
	if err := goldap.GetLDAPError(answer); err != nil {
		return fmt.Errorf("StartTLS: %w", err)
	}
	if g.in.Buffered() > 0 {
		return errors.New("StartTLS: the server said more before TLS began: somebody may be between")
	}
	return nil
}

// errSlow is a question that was not answered in time.
var errSlow = errors.New("no answer within the time allowed")

// reason puts a failure into words for the report.
func reason(err error) string {
	var (
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		answer  *goldap.Error
	)
	switch {
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that is not trusted here; add that authority's certificate"
	case errors.As(err, &host):
		return "its certificate is for another name: " + clean(host.Error())
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + clean(invalid.Error())
	case errors.As(err, &answer) && answer.ResultCode < goldap.ErrorNetwork:
		return diagnose(answer)
	}
	return clean(err.Error())
}
