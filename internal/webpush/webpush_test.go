package webpush

import (
	"context"
	"crypto/ecdh"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/internal/outbound"
	"lyceum/internal/webpush/webpushtest"
)

func raw(t *testing.T, text string) []byte {
	t.Helper()
	out, err := decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// RFC 8291, appendix A.
func TestAMessageIsClosedAsTheStandardShows(t *testing.T) {
	t.Parallel()
	own, err := ecdh.P256().NewPrivateKey(raw(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
	if err != nil {
		t.Fatal(err)
	}
	to := Subscription{P256dh: raw(t, "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"), Auth: raw(t, "BTBZMqHH6r4Tts7J_aSIgg")}
	got, err := encrypt(to, []byte("When I grow up, I want to be a watermelon"), raw(t, "DGv6ra1nlYgDCS1FRnbzlw"), own)
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if err != nil || b64.EncodeToString(got) != want {
		t.Errorf("%v\n%s\n%s", err, b64.EncodeToString(got), want)
	}
}

func TestABrowserOpensWhatItIsSentAndNobodyElse(t *testing.T) {
	t.Parallel()
	s := webpushtest.New(t, time.Now)
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	secret, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if key, err = ParseKey(secret); err != nil {
		t.Fatal(err)
	}
	public, err := key.Public()
	if err != nil || len(raw(t, public)) != 65 {
		t.Fatal(public, err)
	}
	b := s.Subscribe(public)
	to, err := Parse(b.Endpoint, b.P256dh, b.Auth+"==", true)
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(s.Client(), "mailto:desk@example.com", time.Now)
	longest := strings.Repeat("x", PayloadMax)
	for _, text := range []string{"Hällo", string(Pad([]byte("{}"))), longest} {
		if r := c.Send(t.Context(), key, to, Message{Payload: []byte(text), TTL: time.Hour, Urgency: Normal, Topic: "due_soon"}); r.State != Sent || r.Status != http.StatusCreated {
			t.Errorf("%d bytes: %+v", len(text), r)
		}
	}
	if r := c.Send(t.Context(), key, to, Message{Payload: []byte(longest + "x")}); r.State != Refused {
		t.Errorf("%+v", r)
	}
	got := b.Got()
	if len(got) != 3 || got[0] != (webpushtest.Got{Text: "Hällo", TTL: "3600", Urgency: "normal", Topic: "due_soon", Subject: "mailto:desk@example.com"}) || len(got[1].Text) != paddedTo || got[2].Text != longest {
		t.Errorf("%+v", got)
	}
}

func TestWhatAPushServiceSays(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	s := webpushtest.New(t, func() time.Time { return now })
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	c := NewClient(s.Client(), "https://example.com", func() time.Time { return now })
	for _, one := range []struct {
		status int
		header map[string]string
		want   State
		after  time.Duration
	}{
		{201, nil, Sent, 0}, {202, nil, Sent, 0}, {404, nil, Gone, 0}, {410, nil, Gone, 0}, {400, nil, Refused, 0}, {403, nil, Refused, 0}, {413, nil, Refused, 0},
		{429, map[string]string{"Retry-After": "120"}, Later, 2 * time.Minute}, {503, map[string]string{"Retry-After": "Sat, 28 Nov 2026 10:00:30 GMT"}, Later, 30 * time.Second},
		{500, nil, Later, 0}, {429, map[string]string{"Retry-After": "soon"}, Later, 0}, {307, map[string]string{"Location": s.URL + "/push/1"}, Refused, 0},
	} {
		b := s.Subscribe("")
		b.Answer(func(int) (int, map[string]string) { return one.status, one.header })
		to, err := Parse(b.Endpoint, b.P256dh, b.Auth, true)
		if err != nil {
			t.Fatal(err)
		}
		if r := c.Send(t.Context(), key, to, Message{Payload: []byte("x"), TTL: time.Minute, Urgency: Low}); r.State != one.want || r.After != one.after || r.Status != one.status || b.Calls() != 1 {
			t.Errorf("%d: %+v, %d calls", one.status, r, b.Calls())
		}
	}
	s.Close()
	b := s.Subscribe("")
	to, _ := Parse(b.Endpoint, b.P256dh, b.Auth, true)
	if r := c.Send(t.Context(), key, to, Message{Payload: []byte("x")}); r.State != Later || r.Status != 0 || r.Err == nil {
		t.Errorf("nobody answers: %+v", r)
	}
}

// A browser names the address that we are to call: it must not lead inside.
func TestASubscriptionLeadsNowhereInside(t *testing.T) {
	t.Parallel()
	s := webpushtest.New(t, time.Now)
	b := s.Subscribe("")
	for _, endpoint := range []string{
		"", "http://push.example.com/x", "https:///x", "https://a:b@push.example.com/x", "https://127.0.0.1/x", "https://[::1]/x", "https://push.example.com:8443/x", "https://push.example.com/x#y",
		"https://push.example.com/" + strings.Repeat("x", EndpointMax), "ftp://push.example.com/", "https://push.example.com/\x00",
	} {
		if _, err := Parse(endpoint, b.P256dh, b.Auth, false); !errors.Is(err, ErrEndpoint) {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
	if _, err := Parse("https://push.example.com/x", b.P256dh, b.Auth, false); err != nil {
		t.Error(err)
	}
	off := make([]byte, 65)
	off[0] = 4
	for _, keys := range [][2]string{{"", b.Auth}, {b.P256dh, ""}, {b.P256dh, "c2hvcnQ"}, {b64.EncodeToString(off), b.Auth}, {b.P256dh[:40], b.Auth}, {"%%%", b.Auth}} {
		if _, err := Parse("https://push.example.com/x", keys[0], keys[1], false); !errors.Is(err, ErrKeys) {
			t.Errorf("%q: %v", keys, err)
		}
	}
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	outside := outbound.Client(outbound.Options{})
	defer outside.CloseIdleConnections()
	to, err := Parse(b.Endpoint, b.P256dh, b.Auth, true) // a name that leads to 127.0.0.1
	if err != nil {
		t.Fatal(err)
	}
	if r := NewClient(outside, "https://example.com", time.Now).Send(context.Background(), key, to, Message{Payload: []byte("x")}); r.State != Refused || !errors.Is(r.Err, outbound.ErrAddress) || b.Calls() != 0 {
		t.Errorf("%+v, %d calls", r, b.Calls())
	}
}
