// Package mail sends a message to one person: through an SMTP server, or into a mailbox that a developer can read.
// It knows no templates and no languages, queues nothing and tries nothing twice: that is for the job that calls it.
package mail

import (
	"context"
	"maps"
	"mime"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// Message is a mail to one person. To and Subject are required, and Text or HTML; with both, the reader's program
// chooses.
type Message struct {
	To       string            `json:"to"` // a bare address, ada@example.com
	ToName   string            `json:"to_name,omitempty"`
	Subject  string            `json:"subject"`
	Text     string            `json:"text,omitempty"`
	HTML     string            `json:"html,omitempty"`
	FromName string            `json:"from_name,omitempty"` // stands before the sender's own address; default the sender's own name
	ReplyTo  string            `json:"reply_to,omitempty"`  // a bare address
	ID       string            `json:"id,omitempty"`        // the part of the Message-ID before the @: equal for every attempt at one mail; default a new one
	Headers  map[string]string `json:"headers,omitempty"`   // further header fields, such as List-Unsubscribe
	Files    []Attachment      `json:"files,omitempty"`     // that come with it, 10 MiB in all at the most
}

// Attachment is a file that comes with a mail.
type Attachment struct {
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Data      []byte `json:"data"`
}

const maxFiles = 10 << 20

// Sender takes messages. Send is done when the next server has taken the message over, which is not yet in the
// person's hands. Its errors are faults: input that breaks a rule, ErrUnreachable, ErrRecipientRefused, ErrRefused.
type Sender interface {
	Send(ctx context.Context, m Message) error
	// Check finds out whether Send could work now, without sending: for `doctor`.
	Check(ctx context.Context) error
}

var (
	// ErrUnreachable is a server that cannot be reached or asks to come again later. Trying again is right.
	ErrUnreachable = fault.New(fault.KindUnavailable, "mail_unreachable", "Mail cannot be sent at the moment. Please try again in a few minutes.")
	// ErrRecipientRefused is an address the server will not deliver to. Trying again is of no use.
	ErrRecipientRefused = fault.New(fault.KindInvalid, "mail_recipient_refused", "The mail server does not accept this address. Please check it for mistakes.")
	// ErrRefused is a server that refuses us or the message for good. Somebody must look at the configuration.
	ErrRefused = fault.New(fault.KindInternal, "mail_refused", "The mail server refuses our messages. Please check the address, name and password in the mail configuration.")
)

const (
	maxAddress = 254 // RFC 5321 §4.5.3.1.3, less the angle brackets
	maxLine    = 900 // below the 998 of RFC 5322 §2.1.1, encoded words included
)

var (
	idPattern     = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	headerPattern = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
)

// Validate gathers what is wrong with a message. No field of a header may hold a line end or another control
// character: with one, a name could add header fields and recipients of its own.
func (m Message) Validate() error {
	f := fault.Fields{}
	f.Check(isAddress(m.To), "to", "This is not an e-mail address, such as ada@example.com.")
	f.Check(m.ReplyTo == "" || isAddress(m.ReplyTo), "reply_to", "This is not an e-mail address, such as ada@example.com.")
	f.Check(isLine(m.Subject), "subject", "A subject is one line without control characters.")
	f.Check(strings.TrimSpace(m.Subject) != "", "subject", "A subject is needed.")
	f.Check(isLine(m.ToName), "to_name", "A name is one line without control characters.")
	f.Check(isLine(m.FromName), "from_name", "A name is one line without control characters.")
	f.Check(m.Text != "" || m.HTML != "", "text", "A text is needed.")
	f.Check(utf8.ValidString(m.Text) && utf8.ValidString(m.HTML), "text", "A text must be UTF-8.")
	f.Check(m.ID == "" || len(m.ID) <= 120 && idPattern.MatchString(m.ID), "id", "An id has letters, digits, hyphens, low lines and dots, at most 120.")
	for _, name := range slices.Sorted(maps.Keys(m.Headers)) {
		f.Check(headerPattern.MatchString(name) && len(name) <= 60 && !reserved(name), "headers", "This header field cannot be set: "+strings.Map(printable, name)+".")
		f.Check(isLine(m.Headers[name]), "headers", "A header field is one line without control characters.")
	}
	size := 0
	for _, a := range m.Files {
		size += len(a.Data)
		_, _, err := mime.ParseMediaType(a.MediaType)
		f.Check(isLine(a.Name) && a.Name != "" && !strings.ContainsAny(a.Name, "/\\\""), "files", "A file needs a name of one line without slashes and quotes.")
		f.Check(err == nil && isLine(a.MediaType), "files", "A file needs a media type.")
	}
	f.Check(size <= maxFiles, "files", "Files may have 10 MiB in all.")
	return f.Err()
}

// isAddress wants a bare address: no name, no comment, no quotes, no control characters.
func isAddress(s string) bool {
	if s == "" || len(s) > maxAddress || !isLine(s) || strings.ContainsAny(s, "\" \t()<>[]:;,\\") {
		return false
	}
	a, err := mail.ParseAddress(s)
	return err == nil && a.Name == "" && a.Address == s
}

// Nowhere tells an address that no mail can reach: its domain is one of .invalid, which is nobody's (RFC 6761 §6.4).
// Directories that name no address for a person leave us with such a one.
func Nowhere(address string) bool {
	return strings.HasSuffix(strings.TrimSuffix(strings.ToLower(address), "."), ".invalid")
}

func isLine(s string) bool {
	return len(s) <= maxLine && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
	})
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return '·'
}

// reserved tells the header fields that are made of the message's own fields, and those that say where a mail goes.
func reserved(name string) bool {
	name = strings.ToLower(name)
	if strings.HasPrefix(name, "content-") || strings.HasPrefix(name, "resent-") {
		return true
	}
	switch name {
	case "from", "sender", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "return-path", "received", "dkim-signature", "auto-submitted":
		return true
	}
	return false
}
