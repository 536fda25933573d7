package stripe

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"lyceum/billing/provider"
)

// tolerance is how far the time in a signature may be off: an old message that somebody kept is refused.
const tolerance = 5 * time.Minute

// Events are those that a webhook endpoint is to get.
func Events() []string {
	return []string{
		"checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
		"customer.subscription.created", "customer.subscription.updated", "customer.subscription.deleted", "customer.subscription.trial_will_end",
		"invoice.finalized", "invoice.paid", "invoice.payment_failed", "invoice.payment_action_required", "invoice.voided", "invoice.marked_uncollectible", "invoice.updated",
	}
}

// Read checks an incoming message's signature and reads it. One of another API version is refused too: its fields may mean
// something else; EnsureEndpoint makes an endpoint of the right one. ErrForged.
func (s *Stripe) Read(payload []byte, header string, now time.Time) (provider.Event, error) {
	if s.WebhookSecret == "" {
		return provider.Event{}, provider.ErrForged.Because(errors.New("no webhook secret is set"))
	}
	secret, err := s.signer(payload, header)
	if err != nil {
		return provider.Event{}, provider.ErrForged.Because(err)
	}
	if off := now.Sub(signedAt(header)).Abs(); off > tolerance {
		return provider.Event{}, provider.ErrForged.Because(errors.New("the signature's time is off by " + off.String()))
	}
	if out, thin := thinEvent(payload); thin {
		return out, nil
	}
	e, err := webhook.ConstructEventWithOptions(payload, header, secret, webhook.ConstructEventOptions{IgnoreTolerance: true})
	if err != nil {
		return provider.Event{}, provider.ErrForged.Because(err)
	}
	out := eventOf(&e)
	out.Payload = payload
	return out, nil
}

// signer finds the secret that a message was signed with: an endpoint and an event destination have one each.
func (s *Stripe) signer(payload []byte, header string) (secret string, err error) {
	for _, secret = range strings.Split(s.WebhookSecret, ",") {
		if secret = strings.TrimSpace(secret); secret == "" {
			continue
		}
		if err = webhook.ValidatePayloadIgnoringTolerance(payload, header, secret); err == nil {
			return secret, nil
		}
	}
	return "", errors.Join(err, errors.New("signed with none of our secrets"))
}

// thinEvent reads a message of an event destination (an object of kind v2.core.event), which names what it is about and
// carries nothing of it. Reports of usage that Stripe could not count come so.
func thinEvent(payload []byte) (out provider.Event, ok bool) {
	var e struct {
		ID      string    `json:"id"`
		Object  string    `json:"object"`
		Type    string    `json:"type"`
		Created time.Time `json:"created"`
		Related struct {
			ID   string `json:"id"`
			Type string `json:"type"`
		} `json:"related_object"`
	}
	if json.Unmarshal(payload, &e) != nil || e.Object != "v2.core.event" {
		return out, false
	}
	return provider.Event{ID: e.ID, Type: e.Type, At: e.Created.UTC(), Object: e.Related.Type, Ref: e.Related.ID, Payload: payload}, true
}

// signedAt is the time in a signature's header, which is part of what was signed.
func signedAt(header string) time.Time {
	for _, part := range strings.Split(header, ",") {
		if text, ok := strings.CutPrefix(strings.TrimSpace(part), "t="); ok {
			n, _ := strconv.ParseInt(text, 10, 64)
			return time.Unix(n, 0)
		}
	}
	return time.Time{}
}

// eventOf reads what an event is about. A checkout is about the subscription that it began.
func eventOf(e *stripego.Event) provider.Event {
	out := provider.Event{ID: e.ID, Type: string(e.Type), At: moment(e.Created)}
	if e.Data == nil {
		return out
	}
	out.Payload = e.Data.Raw
	text := func(name string) string {
		switch v := e.Data.Object[name].(type) {
		case string:
			return v
		case map[string]any:
			id, _ := v["id"].(string)
			return id
		}
		return ""
	}
	out.Object, out.Ref, out.Customer = text("object"), text("id"), text("customer")
	if sub := text("subscription"); out.Object == "checkout.session" && sub != "" {
		out.Object, out.Ref = "subscription", sub
	}
	return out
}

// Undelivered lists events since a moment that Stripe could not deliver, the oldest first. Stripe keeps them for 30 days.
func (s *Stripe) Undelivered(ctx context.Context, since time.Time) ([]provider.Event, error) {
	params := &stripego.EventListParams{
		ListParams: s.lists(ctx, 100), DeliverySuccess: stripego.Bool(false), CreatedRange: &stripego.RangeQueryParams{GreaterThanOrEqual: since.Unix()},
	}
	var out []provider.Event
	list := s.api.Events.List(params)
	for list.Next() {
		if e := list.Event(); slices.Contains(Events(), string(e.Type)) {
			out = append(out, eventOf(e))
		}
	}
	slices.Reverse(out)
	slices.SortStableFunc(out, func(a, b provider.Event) int { return a.At.Compare(b.At) })
	return out, s.failed(list.Err(), "list undelivered events")
}

// EnsureEndpoint has Stripe send what we need to an address, in our API version. It gives the signing secret of an endpoint
// that it made, "" for one that was there: Stripe tells a secret once. One of another version is switched off.
func (s *Stripe) EnsureEndpoint(ctx context.Context, address string) (secret string, err error) {
	want := Events()
	list := s.api.WebhookEndpoints.List(&stripego.WebhookEndpointListParams{ListParams: s.lists(ctx, 100)})
	var stale []string
	for list.Next() {
		have := list.WebhookEndpoint()
		switch {
		case have.URL != address:
		case have.APIVersion != APIVersion:
			stale = append(stale, have.ID)
		case have.Status == "enabled" && same(have.EnabledEvents, want):
			return "", nil
		default:
			_, err := s.api.WebhookEndpoints.Update(have.ID, &stripego.WebhookEndpointParams{Params: s.sets(ctx), EnabledEvents: stripego.StringSlice(want), Disabled: stripego.Bool(false)})
			return "", s.failed(err, "update the webhook endpoint")
		}
	}
	if err := list.Err(); err != nil {
		return "", s.failed(err, "list webhook endpoints")
	}
	made, err := s.api.WebhookEndpoints.New(&stripego.WebhookEndpointParams{
		Params: s.sets(ctx), URL: &address, EnabledEvents: stripego.StringSlice(want), APIVersion: stripego.String(APIVersion), Description: stripego.String("Lyceum"),
	})
	if err != nil {
		return "", s.failed(err, "make a webhook endpoint")
	}
	for _, id := range stale {
		if _, err := s.api.WebhookEndpoints.Update(id, &stripego.WebhookEndpointParams{Params: s.sets(ctx), Disabled: stripego.Bool(true)}); err != nil {
			return made.Secret, s.failed(err, "switch off webhook endpoint %s", id)
		}
	}
	return made.Secret, nil
}

func same(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
