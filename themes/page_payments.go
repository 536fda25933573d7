package themes

import (
	"bytes"
	"encoding/json"

	"lyceum/billing/inbox"
	"lyceum/internal/page"
)

// Messages of payments.
const (
	FlashMessageReplayed  FlashKey = "message_replayed" // Name: the message
	FlashMessageSettled   FlashKey = "message_settled"  // Name: the message
	FlashMessagesReplayed FlashKey = "messages_replayed"
)

// PaymentsPage is GET /operator/payments. It posts nothing to …/replay.
type PaymentsPage struct {
	Provider string // "": none takes payments
	Live     bool   // real money moves
	Inbox    inbox.Depth
	Parked   []inbox.Message // the newest
}

func (p PaymentsPage) in(c *Chrome) (string, any) {
	return "payments", framed[PaymentsPage]{c, p}
}

// MessagesPage is GET /operator/payments/messages?state=&type=&after=.
type MessagesPage struct {
	State    inbox.State
	Type     string
	Messages page.Of[inbox.Message]
}

func (p MessagesPage) in(c *Chrome) (string, any) {
	return "payment_messages", framed[MessagesPage]{c, p}
}

// MessagePage is GET /operator/payments/messages/:message. It posts nothing to …/replay and …/settle.
type MessagePage struct{ Message inbox.Message }

func (p MessagePage) in(c *Chrome) (string, any) {
	return "payment_message", framed[MessagePage]{c, p}
}

// Raw is what came, with its lines broken where it is JSON.
func (p MessagePage) Raw() string {
	var out bytes.Buffer
	if json.Indent(&out, p.Message.Payload, "", "  ") == nil {
		return out.String()
	}
	return string(bytes.ToValidUTF8(p.Message.Payload, []byte("?")))
}

// MessageStates lists them, for a choice.
func (c *Chrome) MessageStates() []inbox.State { return inbox.States() }

// MessageBadge names a message's state. One that failed and is tried again says so: it waits otherwise than one that just came.
func (c *Chrome) MessageBadge(m inbox.Message) (Badge, error) {
	name := string(m.State)
	if m.State == inbox.StateWaiting && m.Error != "" {
		name = "failed"
	}
	b, err := c.StatusBadge("message_state", name)
	switch m.State {
	case inbox.StateDone:
		b.Tone = "good"
	case inbox.StateParked:
		b.Tone = "bad"
	case inbox.StateWaiting:
		b.Tone = "warn"
	}
	return b, err
}
