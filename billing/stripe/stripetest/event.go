package stripetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// event is a message to be sent.
type event struct {
	id, typ   string
	created   int64
	raw       json.RawMessage // the object as it was
	delivered bool
}

func (f *Fake) happened(typ string, o object) {
	raw, err := json.Marshal(o)
	if err != nil {
		panic(err) // the fake's own objects
	}
	f.events = append(f.events, &event{id: f.id("evt"), typ: typ, created: f.now.Unix(), raw: raw})
}

func (e *event) object() object {
	return object{
		"id": e.id, "object": "event", "api_version": APIVersion, "created": e.created, "livemode": false, "type": e.typ, "data": object{"object": e.raw}, "pending_webhooks": 1,
	}
}

func (f *Fake) listEvents(form url.Values) (any, error) {
	var out []object
	for _, e := range slices.Backward(f.events) {
		if form.Get("delivery_success") == "false" && e.delivered || e.created < number(form.Get("created[gte]")) {
			continue
		}
		out = append(out, e.object())
	}
	return list(out, form), nil
}

// Sign writes the signature's header for a message at a moment.
func Sign(payload []byte, secret string, at time.Time) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), payload)
	return fmt.Sprintf("t=%d,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil)))
}

// Message is what is posted to a webhook endpoint.
type Message struct {
	Type      string
	Payload   []byte
	Signature string
}

// Waiting are the messages that were not delivered yet, the oldest first, signed now.
func (f *Fake) Waiting() (out []Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if !e.delivered {
			out = append(out, f.message(e))
		}
	}
	return out
}

func (f *Fake) message(e *event) Message {
	body, err := json.Marshal(e.object())
	if err != nil {
		panic(err)
	}
	return Message{e.typ, body, Sign(body, Secret, f.now)}
}

// Deliver posts what waits: each message as often as said, the newest first when asked. What post takes is delivered; the
// rest waits on.
func (f *Fake) Deliver(post func(Message) bool, times int, backwards bool) {
	f.mu.Lock()
	waiting := slices.DeleteFunc(slices.Clone(f.events), func(e *event) bool { return e.delivered })
	messages := make([]Message, len(waiting))
	for i, e := range waiting {
		messages[i] = f.message(e)
	}
	f.mu.Unlock() // who is told asks back
	taken := map[string]bool{}
	for range times {
		for i := range waiting {
			if backwards {
				i = len(waiting) - 1 - i
			}
			if post(messages[i]) {
				taken[waiting[i].id] = true
			}
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range waiting {
		e.delivered = e.delivered || taken[e.id]
	}
}
