package mail_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"lyceum/internal/clock"
	"lyceum/internal/mail"
)

// A second server that other people wrote, for what the first cannot: encryption, passwords, and bad manners.

func TestAPasswordIsGivenOnlyOverAnEncryptedConnection(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"starttls", "tls"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			s := startSecureServer(t, mode, &secureServer{})
			sender := s.sender(t, "lyceum:p%40ss%3Aword@", "?tls="+mode, s.trusted)
			if err := sender.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := sender.Send(t.Context(), good()); err != nil {
				t.Fatal(err)
			}
			if got := s.mails(); len(got) != 1 || !strings.Contains(got[0], "Subject: Welcome") {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestAWrongPasswordIsAMatterOfConfiguration(t *testing.T) {
	t.Parallel()
	s := startSecureServer(t, "starttls", &secureServer{})
	sender := s.sender(t, "lyceum:wrong@", "?tls=starttls", s.trusted)
	for what, err := range map[string]error{"sending": sender.Send(t.Context(), good()), "checking": sender.Check(t.Context())} {
		if !errors.Is(err, mail.ErrRefused) || strings.Contains(err.Error(), "wrong") {
			t.Errorf("%s gave %v", what, err)
		}
	}
	if err := s.sender(t, "", "?tls=starttls", s.trusted).Send(t.Context(), good()); !errors.Is(err, mail.ErrRefused) {
		t.Errorf("without a password: %v", err)
	}
}

func TestACertificateNobodyVouchesForIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"starttls", "tls"} {
		s := startSecureServer(t, mode, &secureServer{})
		sender := s.sender(t, "lyceum:p%40ss%3Aword@", "?tls="+mode, nil)
		if err := sender.Send(t.Context(), good()); !errors.Is(err, mail.ErrRefused) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s gave %v", mode, err)
		}
		if len(s.mails()) != 0 {
			t.Errorf("%s: the mail went out", mode)
		}
	}
}

func TestAServerThatAsksToComeLaterIsTriedAgainAndOneThatRefusesIsNot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer *smtp.SMTPError
		want   error
	}{
		"later":    {&smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "greylisted"}, mail.ErrUnreachable},
		"for good": {&smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "spam"}, mail.ErrRefused},
	} {
		s := startSecureServer(t, "starttls", &secureServer{answer: c.answer})
		if err := s.sender(t, "lyceum:p%40ss%3Aword@", "?tls=starttls", s.trusted).Send(t.Context(), good()); !errors.Is(err, c.want) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

// A mail that was taken over must not be sent again because the farewell failed.
func TestAMailTheServerTookIsSentEvenIfItHangsUpThen(t *testing.T) {
	t.Parallel()
	s := startSecureServer(t, "starttls", &secureServer{hangUp: true})
	if err := s.sender(t, "lyceum:p%40ss%3Aword@", "?tls=starttls", s.trusted).Send(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	if len(s.mails()) != 1 {
		t.Errorf("%d mails", len(s.mails()))
	}
}

// secureServer takes mail from lyceum with the password p@ss:word.
type secureServer struct {
	address string
	trusted *tls.Config
	answer  *smtp.SMTPError // to every mail; nil takes it
	hangUp  bool            // once a mail is acknowledged

	mu    sync.Mutex
	taken []string
}

func startSecureServer(t *testing.T, mode string, s *secureServer) *secureServer {
	t.Helper()
	certified := httptest.NewUnstartedServer(nil)
	certified.StartTLS() // for its certificate for 127.0.0.1
	certified.Close()
	roots := x509.NewCertPool()
	roots.AddCert(certified.Certificate())
	s.trusted = &tls.Config{RootCAs: roots}

	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{s, c, false}, nil }))
	server.Domain, server.TLSConfig, server.ErrorLog = "127.0.0.1", &tls.Config{Certificates: certified.TLS.Certificates}, log.New(io.Discard, "", 0)
	listener := listen(t)
	s.address = listener.Addr().String()
	if mode == "tls" {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(farewell{listener, s}) }) // returns when closed below
	t.Cleanup(func() {
		_ = server.Close()
		wg.Wait()
	})
	return s
}

func (s *secureServer) sender(t *testing.T, user, query string, trust *tls.Config) mail.Sender {
	t.Helper()
	sender, err := mail.NewSMTP(mail.Config{URL: "smtp://" + user + s.address + query, From: "Lyceum <no-reply@lyceum.example>", Clock: clock.At(noon), TLS: trust})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func (s *secureServer) mails() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

type session struct {
	server   *secureServer
	conn     *smtp.Conn
	signedIn bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if _, encrypted := s.conn.TLSConnectionState(); !encrypted || user != "lyceum" || password != "p@ss:word" {
			return smtp.ErrAuthFailed
		}
		s.signedIn = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.signedIn {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}
	}
	return nil
}

func (s *session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }

func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.server.answer != nil {
		return s.server.answer
	}
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.taken = append(s.server.taken, string(b))
	return nil
}

// farewell hands out connections that, for a server that hangs up, close once a mail was acknowledged.
type farewell struct {
	net.Listener
	server *secureServer
}

func (f farewell) Accept() (net.Conn, error) {
	c, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &rude{c, f.server}, nil
}

type rude struct {
	net.Conn
	server *secureServer
}

func (c *rude) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if c.server.hangUp && len(c.server.mails()) > 0 {
		_ = c.Close()
	}
	return n, err
}
