package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"lyceum/internal/clock"
	"lyceum/internal/uid"
)

// Config says how mail leaves.
type Config struct {
	// URL is smtp://user:password@host:port?tls=starttls|tls|none; user and password may be left out. tls=starttls
	// (the default, port 587) refuses a server that does not offer STARTTLS; tls=tls speaks TLS from the first byte
	// (port 465); tls=none does not encrypt (port 25), which is the default for the machine itself and, with a
	// password, allowed for nothing else.
	URL string
	// From is the sender of every mail, `Lyceum <no-reply@example.com>`.
	From string
	// TLS is how certificates are judged; default the system's roots and the URL's host.
	TLS *tls.Config
	// Timeout bounds each mail from connecting to the server's last word; default 30 s.
	Timeout time.Duration
	// Clock dates the mails; default clock.Real.
	Clock clock.Clock
}

// security is how a connection is kept from others' eyes.
type security string

const (
	securitySTARTTLS security = "starttls"
	securityTLS      security = "tls"
	securityNone     security = "none"
)

// smtpSender opens a connection for each mail: a portal sends few, and servers cut idle connections.
type smtpSender struct {
	host, user, password string
	port                 int
	security             security
	from                 mail.Address
	tls                  *tls.Config
	timeout              time.Duration
	clock                clock.Clock
}

// NewSMTP gives the sender of a configuration, without connecting. Errors say what to write instead.
func NewSMTP(c Config) (Sender, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, errors.New("mail URL: it cannot be read; write smtp://user:password@host:587 and percent-encode what is special in the password") // err would show the password
	}
	if u.Scheme != "smtp" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return nil, errors.New("mail URL: write smtp://user:password@host:587?tls=starttls")
	}
	s := &smtpSender{host: u.Hostname(), timeout: c.Timeout, clock: c.Clock}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	if s.security, err = securityOf(u.Query(), s.host, s.user != ""); err != nil {
		return nil, err
	}
	s.port = map[security]int{securitySTARTTLS: 587, securityTLS: 465, securityNone: 25}[s.security]
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, fmt.Errorf("mail URL: %s is not a port", p)
		}
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil || !isAddress(from.Address) || !isLine(from.Name) {
		return nil, fmt.Errorf("mail sender %q: write it as Name <address@example.com>", c.From)
	}
	s.from = *from
	if s.tls = c.TLS.Clone(); s.tls == nil {
		s.tls = &tls.Config{}
	}
	s.tls.MinVersion = max(s.tls.MinVersion, tls.VersionTLS12)
	if s.tls.ServerName == "" {
		s.tls.ServerName = s.host
	}
	if s.timeout <= 0 {
		s.timeout = 30 * time.Second
	}
	if s.clock == nil {
		s.clock = clock.Real
	}
	return s, nil
}

func securityOf(query url.Values, host string, hasPassword bool) (security, error) {
	for key := range query {
		if key != "tls" {
			return "", fmt.Errorf("mail URL: %s is not known; only tls=starttls, tls=tls and tls=none are", key)
		}
	}
	local := isLoopback(host)
	switch s := security(query.Get("tls")); s {
	case "":
		if local {
			return securityNone, nil
		}
		return securitySTARTTLS, nil
	case securityNone:
		if hasPassword && !local {
			return "", errors.New("mail URL: tls=none would send the password in the open; use tls=starttls or tls=tls")
		}
		return s, nil
	case securitySTARTTLS, securityTLS:
		return s, nil
	default:
		return "", fmt.Errorf("mail URL: tls=%s is not known; use starttls, tls or none", s)
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send implements Sender.
func (s *smtpSender) Send(ctx context.Context, m Message) error {
	if err := m.Validate(); err != nil {
		return err
	}
	msg, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("compose mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	client, done, err := s.client(ctx)
	if err != nil {
		return fmt.Errorf("prepare mail: %w", err)
	}
	defer done()
	err = client.DialAndSendWithContext(ctx, msg)
	if err == nil || msg.IsDelivered() { // a server that then forgets its manners has the mail all the same
		return nil
	}
	return judge(err)
}

// Check implements Sender: it connects, encrypts and signs in as Send would.
func (s *smtpSender) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	client, done, err := s.client(ctx)
	if err != nil {
		return fmt.Errorf("prepare mail: %w", err)
	}
	defer done()
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return judge(err)
	}
	_ = client.CloseWithSMTPClient(session) // who answers the sign-in is there, however it says goodbye
	return nil
}

// client prepares one conversation. done closes the connection whatever became of it, and the end of ctx closes it at
// once: the library itself watches ctx only while connecting, and leaves the connection open when a greeting fails.
func (s *smtpSender) client(ctx context.Context) (c *gomail.Client, done func(), err error) {
	var conn net.Conn
	stop := func() bool { return true }
	dial := func(dialCtx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		var err error
		if conn, err = d.DialContext(dialCtx, network, address); err != nil {
			return nil, err
		}
		raw := conn
		stop = context.AfterFunc(ctx, func() { _ = raw.Close() })
		if s.security != securityTLS {
			return conn, nil
		}
		secure := tls.Client(conn, s.tls)
		return secure, secure.HandshakeContext(dialCtx)
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.timeout), gomail.WithTLSConfig(s.tls), gomail.WithTLSPolicy(s.policy()),
		gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithoutRset(), // one mail a connection
		gomail.WithHELO(s.domain()), // the machine's own name, the default, is "localhost" or a container's id: servers refuse it
	}
	if s.user != "" {
		auth := []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5}
		if s.security == securityNone {
			auth = []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc, gomail.SMTPAuthCramMD5}
		}
		options = append(options, gomail.WithOpportunisticSMTPAuth(auth...), gomail.WithUsername(s.user), gomail.WithPassword(s.password))
	}
	c, err = gomail.NewClient(s.host, options...)
	if err != nil {
		return nil, nil, err
	}
	return c, func() {
		stop()
		if conn != nil {
			_ = conn.Close()
		}
	}, nil
}

// policy is what the library does about STARTTLS. With TLS from the first byte the connection is encrypted already;
// "opportunistic" makes the library notice, and there is no STARTTLS to take up within TLS.
func (s *smtpSender) policy() gomail.TLSPolicy {
	switch s.security {
	case securitySTARTTLS:
		return gomail.TLSMandatory
	case securityTLS:
		return gomail.TLSOpportunistic
	case securityNone:
	}
	return gomail.NoTLS
}

func (s *smtpSender) compose(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	from := s.from
	if m.FromName != "" {
		from.Name = m.FromName
	}
	msg.FromMailAddress(&from)
	msg.ToMailAddress(&mail.Address{Name: m.ToName, Address: m.To})
	if m.ReplyTo != "" {
		msg.ReplyToMailAddress(&mail.Address{Address: m.ReplyTo})
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(s.clock())
	id := m.ID
	if id == "" {
		id = uid.New().String()
	}
	msg.SetMessageIDWithValue(id + "@" + s.domain())
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no holiday notes in return
	for name, value := range m.Headers {
		msg.SetGenHeader(gomail.Header(textproto.CanonicalMIMEHeaderKey(name)), value)
	}
	switch {
	case m.Text != "" && m.HTML != "":
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	case m.HTML != "":
		msg.SetBodyString(gomail.TypeTextHTML, m.HTML)
	default:
		msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	}
	for _, a := range m.Files {
		if err := msg.AttachReader(a.Name, bytes.NewReader(a.Data), gomail.WithFileContentType(gomail.ContentType(a.MediaType))); err != nil {
			return nil, err
		}
	}
	if _, err := msg.GetSender(false); err != nil {
		return nil, err
	}
	return msg, nil
}

// domain is what stands behind the @ of the sender's address.
func (s *smtpSender) domain() string {
	return s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
}

// judge turns the library's error into one of ours, by what the server answered (RFC 5321 §4.2.1: 4yz for now, 5yz
// for good).
func judge(err error) error {
	kind := ErrUnreachable
	var sent *gomail.SendError
	var answer *textproto.Error
	switch {
	case errors.As(err, &sent) && sent.ErrorCode() >= 500 && sent.Reason == gomail.ErrSMTPRcptTo:
		kind = ErrRecipientRefused
	case errors.As(err, &sent) && sent.ErrorCode() >= 500, errors.As(err, &answer) && answer.Code >= 500, untrusted(err):
		kind = ErrRefused
	}
	return kind.Because(fmt.Errorf("smtp: %w", err))
}

// untrusted tells certificates that do not convince: no retry mends them.
func untrusted(err error) bool {
	var c *tls.CertificateVerificationError
	return errors.As(err, &c)
}
