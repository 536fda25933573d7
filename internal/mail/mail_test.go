package mail_test

import (
	"errors"
	"strings"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/mail"
)

func good() mail.Message {
	return mail.Message{To: "ada@example.com", Subject: "Welcome", Text: "Hello Ada."}
}

func TestAMessageWithAllItMayHaveIsValid(t *testing.T) {
	t.Parallel()
	m := good()
	m.ToName, m.FromName, m.ReplyTo, m.ID = "Ada Lovelace, née Byron", "Größe & Söhne “Akademie”", "help+x@sub.example.com", "invite-018f.a_b"
	m.HTML, m.Subject, m.Headers = "<p>Hello</p>", "Ihre Einladung 🎓", map[string]string{"List-Unsubscribe": "<https://example.com/u>", "X-Tenant": "acme"}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestALineEndInAnyHeaderFieldIsRefused(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{"x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\rBcc: all@example.com", "x\x00y", "x\u2028y", "x\u0085y", "x\ty", "\xff\xfe", strings.Repeat("x", 2000)} {
		for field, change := range map[string]func(m *mail.Message){
			"to":        func(m *mail.Message) { m.To = "ada@example.com" + evil },
			"reply_to":  func(m *mail.Message) { m.ReplyTo = evil + "@example.com" },
			"to_name":   func(m *mail.Message) { m.ToName = evil },
			"from_name": func(m *mail.Message) { m.FromName = evil },
			"subject":   func(m *mail.Message) { m.Subject = evil },
			"id":        func(m *mail.Message) { m.ID = evil },
			"headers":   func(m *mail.Message) { m.Headers = map[string]string{"X-A": evil} },
		} {
			m := good()
			change(&m)
			got := fault.Of(m.Validate())
			if got.Kind != fault.KindInvalid || got.Fields[field] == "" {
				t.Errorf("%s with %.20q gave %v", field, evil, m.Validate())
			}
		}
		m := good()
		m.Headers = map[string]string{"X-" + evil: "a"}
		if fault.Of(m.Validate()).Fields["headers"] == "" {
			t.Errorf("header named %.20q passed", evil)
		}
	}
}

func TestWhatIsNotOneBareAddressIsRefused(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"", "ada", "ada@", "@example.com", "ada@example.com, bob@example.com", "Ada <ada@example.com>", "<ada@example.com>", "ada@exa mple.com", "ada(comment)@example.com", `"ada"@example.com`, "ada@example.com;", "a@b@c", "ada@[127.0.0.1]", strings.Repeat("a", 250) + "@example.com"} {
		m := good()
		m.To = address
		if fault.Of(m.Validate()).Fields["to"] == "" {
			t.Errorf("%q passed", address)
		}
	}
}

func TestHeaderFieldsThatSayWhereAMailGoesCannotBeSet(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Bcc", "bcc", "CC", "To", "From", "Sender", "Reply-To", "Subject", "Date", "Message-ID", "Return-Path", "Content-Type", "content-transfer-encoding", "MIME-Version", "Resent-To", "DKIM-Signature", "Auto-Submitted", "", "X:Y", "X Y", "Ünicode", "-X"} {
		m := good()
		m.Headers = map[string]string{name: "x"}
		if fault.Of(m.Validate()).Fields["headers"] == "" {
			t.Errorf("%q passed", name)
		}
	}
}

func TestAMessageNeedsASubjectAndAText(t *testing.T) {
	t.Parallel()
	got := fault.Of(mail.Message{To: "ada@example.com", Subject: "  "}.Validate())
	if got.Fields["subject"] == "" || got.Fields["text"] == "" || len(got.Fields) != 2 {
		t.Fatalf("got %v", got.Fields)
	}
	m := good()
	m.Text, m.HTML = "", "<p>only HTML</p>"
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestAConfigurationThatCannotWorkIsToldAtOnce(t *testing.T) {
	t.Parallel()
	for url, says := range map[string]string{
		"":                        "smtp://",
		"mail.example.com:587":    "smtp://",
		"http://mail.example.com": "smtp://",
		"smtp://":                 "smtp://",
		"smtp://h/path":           "smtp://",
		"smtp://h:99999":          "99999",
		"smtp://h:0":              "not a port",
		"smtp://h?tls=maybe":      "tls=maybe is not known",
		"smtp://h?starttls=1":     "starttls is not known",
		"smtp://u:secret@mail.example.com?tls=none": "in the open",
		"smtp://u:sec%ret@h":                        "percent-encode",
	} {
		_, err := mail.NewSMTP(mail.Config{URL: url, From: "Lyceum <no-reply@example.com>"})
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sec%ret") {
			t.Errorf("%q gave %v, want %q", url, err, says)
		}
	}
	for _, from := range []string{"", "Lyceum", "a@b, c@d", "A\r\nB <a@example.com>"} {
		if _, err := mail.NewSMTP(mail.Config{URL: "smtp://h", From: from}); err == nil {
			t.Errorf("sender %q passed", from)
		}
	}
	for _, url := range []string{"smtp://h", "smtp://u:p%40ss@h:2525?tls=tls", "smtp://localhost", "smtp://u:p@127.0.0.1:25", "smtp://[::1]:25?tls=none", "smtp://h?tls=none"} {
		if _, err := mail.NewSMTP(mail.Config{URL: url, From: "no-reply@example.com"}); err != nil {
			t.Errorf("%q gave %v", url, err)
		}
	}
}

func TestTheKindsOfFailureAreToldApart(t *testing.T) {
	t.Parallel()
	for f, kind := range map[*fault.Fault]fault.Kind{mail.ErrUnreachable: fault.KindUnavailable, mail.ErrRecipientRefused: fault.KindInvalid, mail.ErrRefused: fault.KindInternal, mail.ErrNoSuchMail: fault.KindNotFound} {
		if f.Kind != kind || errors.Is(f, mail.ErrNoSuchMail) != (f == mail.ErrNoSuchMail) {
			t.Errorf("%s is %s", f.Code, f.Kind)
		}
	}
}

func TestAnAddressBelowInvalidIsNowhere(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"ada.k3j@no-email.invalid": true, "ADA@NO-EMAIL.INVALID": true, "ada@no-email.invalid.": true,
		"ada@example.com": false, "invalid@example.com": false, "ada@invalid.example": false, "ada@notinvalid": false, "": false,
	} {
		if got := mail.Nowhere(address); got != want {
			t.Errorf("%q is nowhere: %v", address, got)
		}
	}
}
