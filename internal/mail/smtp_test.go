package mail_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"reflect"
	"strings"
	"testing"
	"time"

	smtpmock "github.com/mocktools/go-smtp-mock/v2"

	"lyceum/internal/clock"
	"lyceum/internal/fault"
	"lyceum/internal/mail"
)

// These tests hold the SMTP sender against a server that other people wrote.

func TestAMailArrivesWithBothItsFormsAndItsHeader(t *testing.T) {
	t.Parallel()
	server := startServer(t, smtpmock.ConfigurationAttr{})
	sender := senderTo(t, server, "")
	m := mail.Message{
		To: "ada@example.com", ToName: `Ada "the Countess" Lovelace, née Byron`, Subject: "Ihre Einladung zu „Brandschutz“ 🎓", FromName: "Größe & Söhne Akademie", ReplyTo: "help@example.com", ID: "invite-018f.1",
		Text: "Grüße,\n\n.\n.. ein Punkt am Anfang\nund eine sehr lange Zeile: " + strings.Repeat("wort ", 300) + "\n", HTML: "<p>Grüße &amp; mehr</p>", Headers: map[string]string{"list-unsubscribe": "<https://example.com/u?a=1>"},
	}
	if err := sender.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	envelope, got := received(t, server)
	if envelope.MailfromRequest() != "MAIL FROM:<no-reply@lyceum.example>" || envelope.RcpttoRequestResponse()[0][0] != "RCPT TO:<ada@example.com>" {
		t.Errorf("envelope: %s, %v", envelope.MailfromRequest(), envelope.RcpttoRequestResponse())
	}
	words := new(mime.WordDecoder)
	subject, err := words.DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	for field, want := range map[string]netmail.Address{
		"From": {Name: "Größe & Söhne Akademie", Address: "no-reply@lyceum.example"}, "To": {Name: m.ToName, Address: m.To}, "Reply-To": {Address: m.ReplyTo},
	} {
		if list, err := got.Header.AddressList(field); err != nil || len(list) != 1 || *list[0] != want {
			t.Errorf("%s: %q, %v", field, got.Header.Get(field), err)
		}
	}
	for field, want := range map[string]string{"Message-Id": "<invite-018f.1@lyceum.example>", "Auto-Submitted": "auto-generated", "List-Unsubscribe": "<https://example.com/u?a=1>", "Mime-Version": "1.0", "Date": noon.Format(time.RFC1123Z), "Bcc": ""} {
		if got.Header.Get(field) != want {
			t.Errorf("%s: %q, want %q", field, got.Header.Get(field), want)
		}
	}
	want := map[string]string{"text/plain": m.Text, "text/html": m.HTML}
	if parts := partsOf(t, got); !reflect.DeepEqual(parts, want) {
		t.Errorf("got  %q\nwant %q", parts, want)
	}
}

func TestAMailOfOneFormIsNoMultipart(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]mail.Message{"text/plain": {To: "a@example.com", Subject: "s", Text: "x\r\n"}, "text/html": {To: "a@example.com", Subject: "s", HTML: "<p>x</p>"}} {
		server := startServer(t, smtpmock.ConfigurationAttr{})
		if err := senderTo(t, server, "").Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		_, got := received(t, server)
		if !strings.HasPrefix(got.Header.Get("Content-Type"), name+"; charset=UTF-8") {
			t.Errorf("%s: %s", name, got.Header.Get("Content-Type"))
		}
		if id := got.Header.Get("Message-Id"); !strings.HasSuffix(id, "@lyceum.example>") || len(id) < 30 {
			t.Errorf("no Message-ID of our own: %q", id)
		}
		if from := got.Header.Get("From"); from != `"Lyceum" <no-reply@lyceum.example>` {
			t.Errorf("from %q", from)
		}
	}
}

func TestARefusedRecipientIsToldFromABusyServer(t *testing.T) {
	t.Parallel()
	server := startServer(t, smtpmock.ConfigurationAttr{NotRegisteredEmails: []string{"gone@example.com"}, BlacklistedRcpttoEmails: []string{"later@example.com"}, MsgRcpttoBlacklistedEmail: "450 mailbox busy"})
	sender := senderTo(t, server, "")
	for to, want := range map[string]*fault.Fault{"gone@example.com": mail.ErrRecipientRefused, "later@example.com": mail.ErrUnreachable} {
		m := good()
		m.To = to
		if err := sender.Send(t.Context(), m); !errors.Is(err, want) {
			t.Errorf("%s gave %v, want %s", to, err, want.Code)
		}
	}
	if err := sender.Send(t.Context(), good()); err != nil {
		t.Errorf("after a refusal: %v", err)
	}
}

func TestAServerThatRefusesUsIsAMatterOfConfiguration(t *testing.T) {
	t.Parallel()
	for name, attr := range map[string]smtpmock.ConfigurationAttr{
		"sender refused":  {BlacklistedMailfromEmails: []string{"no-reply@lyceum.example"}, MsgMailfromBlacklistedEmail: "550 not you"},
		"message refused": {MsgMsgReceived: "554 looks like spam"},
		"greeting":        {MsgGreeting: "554 no service here"},
	} {
		sender := senderTo(t, startServer(t, attr), "")
		if err := sender.Send(t.Context(), good()); !errors.Is(err, mail.ErrRefused) {
			t.Errorf("%s gave %v", name, err)
		}
	}
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	sender := senderAt(t, address, "")
	for what, err := range map[string]error{"sending": sender.Send(t.Context(), good()), "checking": sender.Check(t.Context())} {
		if !errors.Is(err, mail.ErrUnreachable) || fault.Of(err).Kind != fault.KindUnavailable || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s gave %v", what, err)
		}
	}
}

func TestAServerThatSaysNothingIsGivenUpWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	listener := listen(t) // accepts by the system's queue, never answers
	sender := senderAt(t, listener.Addr().String(), "")
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		},
		"cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			go func() { // once the connection stands
				if c, err := listener.Accept(); err == nil {
					cancel()
					_ = c.Close()
				}
			}()
			return ctx, cancel
		},
	} {
		ctx, cancel := end(t.Context())
		start := time.Now()
		if err := sender.Send(ctx, good()); !errors.Is(err, mail.ErrUnreachable) {
			t.Errorf("%s gave %v", name, err)
		}
		cancel()
		if took := time.Since(start); took > 10*time.Second { // the sender's own patience is 30 s
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestSTARTTLSIsNotGivenUpForAServerThatDoesNotOfferIt(t *testing.T) {
	t.Parallel()
	server := startServer(t, smtpmock.ConfigurationAttr{})
	sender := senderTo(t, server, "?tls=starttls")
	for what, err := range map[string]error{"sending": sender.Send(t.Context(), good()), "checking": sender.Check(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "STARTTLS") {
			t.Errorf("%s gave %v", what, err)
		}
	}
	for _, m := range server.Messages() {
		if m.Mailfrom() {
			t.Error("a mail went out in the open")
		}
	}
}

func TestAnInjectedHeaderNeverReachesTheServer(t *testing.T) {
	t.Parallel()
	server := startServer(t, smtpmock.ConfigurationAttr{})
	m := good()
	m.ToName = "Ada\r\nBcc: all@example.com"
	if err := senderTo(t, server, "").Send(t.Context(), m); fault.Of(err).Kind != fault.KindInvalid {
		t.Fatalf("got %v", err)
	}
	if n := len(server.Messages()); n != 0 {
		t.Errorf("%d conversations with the server", n)
	}
}

func TestTheCheckTalksToTheServerAndSendsNothing(t *testing.T) {
	t.Parallel()
	server := startServer(t, smtpmock.ConfigurationAttr{})
	if err := senderTo(t, server, "").Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, m := range server.Messages() {
		if m.Mailfrom() {
			t.Error("the check began a mail")
		}
	}
}

func startServer(t *testing.T, attr smtpmock.ConfigurationAttr) *smtpmock.Server {
	t.Helper()
	server := smtpmock.New(attr)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func senderTo(t *testing.T, server *smtpmock.Server, query string) mail.Sender {
	t.Helper()
	return senderAt(t, fmt.Sprint("127.0.0.1:", server.PortNumber()), query)
}

func senderAt(t *testing.T, address, query string) mail.Sender {
	t.Helper()
	s, err := mail.NewSMTP(mail.Config{URL: "smtp://" + address + query, From: "Lyceum <no-reply@lyceum.example>", Clock: clock.At(noon)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// received waits for the one mail the server took.
func received(t *testing.T, server *smtpmock.Server) (smtpmock.Message, *netmail.Message) {
	t.Helper()
	all, err := server.WaitForMessages(1, 5*time.Second)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d mails, %v", len(all), err)
	}
	got, err := netmail.ReadMessage(strings.NewReader(all[0].MsgRequest()))
	if err != nil {
		t.Fatalf("%v in %s", err, all[0].MsgRequest())
	}
	return all[0], got
}

// partsOf reads a multipart/alternative as a mail program does, line ends aside.
func partsOf(t *testing.T, m *netmail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("%s, %v", kind, err)
	}
	out := map[string]string{}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Errorf("encoded by %q", p.Header.Get("Content-Transfer-Encoding"))
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		out[kind] = strings.ReplaceAll(string(body), "\r\n", "\n")
	}
}
