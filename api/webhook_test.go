package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/billing/inbox"
	"lyceum/billing/provider"
	"lyceum/internal/page"
	"lyceum/internal/uid"
)

// signer is a payment provider of the tests, called stripe. A message is signed where its header is "good".
type signer struct{ provider.Provider }

func (signer) Name() string { return "stripe" }
func (signer) Live() bool   { return true }

func (signer) Read(payload []byte, header string, now time.Time) (e provider.Event, err error) {
	if header != "good" || json.Unmarshal(payload, &e) != nil {
		return e, provider.ErrForged
	}
	e.At = now
	return e, nil
}

type nothingRead struct{}

func (nothingRead) Refresh(context.Context, string) error        { return nil }
func (nothingRead) InvoiceChanged(context.Context, string) error { return nil }

func hooked(t *testing.T) *house {
	t.Helper()
	return setup(t, func(h *house) {
		h.o.Inbox = inbox.New(inbox.Options{Keep: h.w.Store, Subscriptions: nothingRead{}, Provider: func() provider.Provider { return signer{} }, Now: h.w.Now.Now})
	})
}

// hook posts a message as a program does: no cookie, no form.
func hook(t *testing.T, address, host, path, signature, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Stripe-Signature", signature)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

func (h *house) messages(eventID string) (found []inbox.Message) {
	h.t.Helper()
	list, err := h.o.Inbox.List(h.ctx, inbox.Filter{Page: page.Request{Limit: 200}})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, m := range list.Items {
		if m.EventID == eventID {
			found = append(found, m)
		}
	}
	return found
}

func TestASignedMessageIsKeptOnceAndAForgedOneNever(t *testing.T) {
	t.Parallel()
	h := hooked(t)
	at := h.serve()
	id := "evt_" + uid.Opaque(10)
	good := `{"ID":"` + id + `","Type":"invoice.paid","Object":"invoice","Ref":"in_1"}`
	for _, c := range []struct {
		name, host, path, signature, body string
		want                              int
	}{
		{"forged", platformHost, "/webhooks/stripe", "bad", good, 400},
		{"no signature", platformHost, "/webhooks/stripe", "", good, 400},
		{"another provider", platformHost, "/webhooks/other", "good", good, 404},
		{"too large", platformHost, "/webhooks/stripe", "good", strings.Repeat("x", 1<<20+1), 413},
		{"empty", platformHost, "/webhooks/stripe", "good", "", 400},
		{"not JSON", platformHost, "/webhooks/stripe", "good", "id=" + id, 400},
		{"JSON of another kind", platformHost, "/webhooks/stripe", "good", `["` + id + `"]`, 400},
		{"without an id", platformHost, "/webhooks/stripe", "good", `{"Type":"invoice.paid"}`, 400},
		{"a portal", h.host, "/webhooks/stripe", "good", good, 0},
	} {
		got := hook(t, at, c.host, c.path, c.signature, c.body)
		if c.want != 0 && got != c.want || c.want == 0 && got < 400 {
			t.Errorf("%s: %d", c.name, got)
		}
	}
	h.browser(platformHost).get("/webhooks/stripe").is(405) // nothing to read there
	if n := len(h.messages(id)); n != 0 {
		t.Fatalf("%d kept of what was refused", n)
	}
	for range 2 {
		if got := hook(t, at, platformHost, "/webhooks/stripe", "good", good); got != 200 {
			t.Errorf("a signed one: %d", got)
		}
	}
	if list := h.messages(id); len(list) != 1 || list[0].State != inbox.StateWaiting {
		t.Errorf("kept %+v", list)
	}
}

func TestOperatorsSeeWhatCameAndHaveItHandledAgain(t *testing.T) {
	t.Parallel()
	h := hooked(t)
	id := "evt_" + uid.Opaque(10)
	raw := `{"ID":"` + id + `","Type":"v1.billing.meter.no_meter_found"}`
	if err := h.o.Inbox.Accept(h.ctx, "stripe", []byte(raw), "good"); err != nil {
		t.Fatal(err)
	}
	if err := h.o.Inbox.Handle(h.ctx); err != nil {
		t.Fatal(err)
	}
	m := h.messages(id)[0]
	path := "/operator/payments/messages/" + m.ID.String()
	h.browser(platformHost).get(path).is(303)
	h.as(h.person(policy.Owner)).get(path).is(404)
	o := h.operator()
	o.get("/operator/payments").is(200).says("Stripe").says("v1.billing.meter.no_meter_found")
	o.get("/operator/payments/messages?state=parked&type=v1.").is(200).says(id)
	o.get(path).is(200).says("To look at").says("no_meter_found")
	o.post(path + "/replay").is(303)
	if m := h.messages(id)[0]; m.State != inbox.StateWaiting {
		t.Errorf("after the replay it is %s", m.State)
	}
	if err := h.o.Inbox.Handle(h.ctx); err != nil {
		t.Fatal(err)
	}
	o.post(path + "/settle").is(303)
	o.get(path).says("Handled")
	var n int
	err := h.w.Admin.QueryRow(t.Context(), "select count(*) from control.audit where action in ('provider_event.replayed', 'provider_event.settled') and data->>'event' = $1 and actor_id is not null", id).Scan(&n)
	if err != nil || n != 2 {
		t.Errorf("%d entries in the audit log that name an operator (%v)", n, err)
	}
}

func TestAMessageThatFailedSaysSoWhileItIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := hooked(t)
	id := "evt_" + uid.Opaque(10)
	raw := `{"ID":"` + id + `","Type":"customer.subscription.updated","Object":"subscription","Ref":"sub_1"}`
	if err := h.o.Inbox.Accept(h.ctx, "stripe", []byte(raw), "good"); err != nil {
		t.Fatal(err)
	}
	path := "/operator/payments/messages/" + h.messages(id)[0].ID.String()
	o := h.operator()
	o.get(path).is(200).says("Waiting").saysNot("Failed, tried again")
	if _, err := h.w.Admin.Exec(h.ctx, "update control.provider_events set attempts = 1, error = 'it does not answer' where event_id = $1", id); err != nil {
		t.Fatal(err)
	}
	o.get(path).is(200).says("Failed, tried again").says("it does not answer")
}

func TestTheFilterOfMessagesChoosesWhatIsHandledAgain(t *testing.T) {
	t.Parallel()
	h := hooked(t)
	typ := "test." + uid.Opaque(8)
	ids := map[string]string{typ + ".chosen": "evt_" + uid.Opaque(10), typ + ".other": "evt_" + uid.Opaque(10)}
	for typ, id := range ids {
		if err := h.o.Inbox.Accept(h.ctx, "stripe", []byte(`{"ID":"`+id+`","Type":"`+typ+`"}`), "good"); err != nil {
			t.Fatal(err)
		}
		if _, err := h.w.Admin.Exec(h.ctx, "update control.provider_events set state = 'ignored' where event_id = $1", id); err != nil {
			t.Fatal(err)
		}
	}
	states := func() [2]inbox.State {
		return [2]inbox.State{h.messages(ids[typ+".chosen"])[0].State, h.messages(ids[typ+".other"])[0].State}
	}
	o := h.operator()
	o.get("/operator/payments/messages?state=ignored&type=" + typ + ".chosen").is(200).says(`action="/operator/payments/replay"`).says(`value="` + typ + `.chosen"`)
	o.post("/operator/payments/replay", "state", "nonsense", "type", typ).is(303)
	o.post("/operator/payments/replay", "state", "parked", "type", typ).is(303)
	if got := states(); got != [2]inbox.State{inbox.StateIgnored, inbox.StateIgnored} {
		t.Errorf("of a state that none is in: %v", got)
	}
	o.post("/operator/payments/replay", "state", "ignored", "type", typ+".chosen").is(303)
	if got := states(); got != [2]inbox.State{inbox.StateWaiting, inbox.StateIgnored} {
		t.Errorf("the chosen and the other are %v", got)
	}
	var n int
	err := h.w.Admin.QueryRow(h.ctx, "select count(*) from control.audit where action = 'provider_event.all_replayed' and data->>'type' like $1 || '%' and data->>'count' = '1' and actor_id is not null", typ).Scan(&n)
	if err != nil || n != 1 {
		t.Errorf("%d entries in the audit log that name an operator (%v)", n, err)
	}
}
