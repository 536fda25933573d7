package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image/png"
	"net/url"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
	"lyceum/internal/webpush/webpushtest"
	"lyceum/learning/notice"
	"lyceum/learning/push"
	"lyceum/store/storetest"
)

// withPushService has the portal send to a push service that is played.
func withPushService(t *testing.T) (*house, *webpushtest.Service) {
	t.Helper()
	var s *webpushtest.Service
	h := setup(t, func(h *house) {
		s = webpushtest.New(t, h.w.Now.Clock())
		o := h.o.Push.Options
		o.HTTP, o.Anywhere = s.Client(), true
		h.o.Push = push.New(o)
	})
	return h, s
}

func pairsOf(b *webpushtest.Browser) []string {
	return []string{"endpoint", b.Endpoint, "p256dh", b.P256dh, "auth", b.Auth}
}

func TestABrowserIsRegisteredTriedAndRemovedOnItsPage(t *testing.T) {
	t.Parallel()
	h, s := withPushService(t)
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/notifications/settings").is(200).says("On my devices", "No device is registered.", "push.js", `name="push.enrolled" value="1" checked`).saysNot(`name="push.due" value="1" checked`)
	var key struct{ Key string }
	if err := json.Unmarshal([]byte(b.get("/notifications/devices/key").is(200).has("Cache-Control", "no-store").body), &key); err != nil || len(key.Key) != 87 {
		t.Fatal(key, err)
	}
	phone := s.Subscribe(key.Key)
	b.post("/notifications/devices", pairsOf(phone)...).is(200)
	b.post("/notifications/devices", "endpoint", "http://push.example.com/x", "p256dh", phone.P256dh, "auth", phone.Auth).is(422)
	b.post("/notifications/devices", "endpoint", phone.Endpoint, "p256dh", "x", "auth", "y").is(422)
	b.post("/notifications/devices/seen", "endpoint", phone.Endpoint).is(200).says(`{"mine":true}`)
	devices, err := h.o.Push.Devices(storetest.As(t, h.ctx, h.w, p))
	if err != nil || len(devices) != 1 || devices[0].SessionID == nil {
		t.Fatalf("%+v, %v", devices, err)
	}
	at := "/notifications/devices/" + devices[0].ID.String()
	b.get("/notifications/settings").is(200).says(at+"/try", at+"/remove").saysNot("No device is registered.")
	b.post(at + "/try").is(303)
	if got := phone.Got(); len(got) != 1 || !strings.Contains(got[0].Text, "It works") {
		t.Errorf("%+v", got)
	}
	other := h.as(h.person(policy.Learner))
	other.get("/notifications/settings").is(200)
	other.post(at + "/try").is(404)
	other.post(at + "/remove").is(404)
	phone.Answer(func(int) (int, map[string]string) { return 400, nil })
	b.post(at + "/try").is(409).says("did not take the message")

	b.post("/notifications/settings", "kind", "enrolled", "app.enrolled", "1", "devices", "1").is(303)
	b.get("/notifications/settings").is(200).saysNot(`name="push.enrolled" value="1" checked`)
	b.post("/notifications/settings", "kind", "marked", "app.marked", "1").is(303) // a page from before: nothing is said of devices
	b.get("/notifications/settings").is(200).says(`name="push.marked" value="1" checked`)

	next := s.Subscribe(key.Key)
	form := url.Values{"before": {phone.Endpoint}, "endpoint": {next.Endpoint}, "p256dh": {next.P256dh}, "auth": {next.Auth}}
	for who, want := range map[*browser]int{h.stranger(): 401, other: 404, b: 204} { // a service worker has no CSRF value
		csrf := who.csrf
		who.csrf = ""
		pairs := []string{}
		for k := range form {
			pairs = append(pairs, k, form.Get(k))
		}
		who.post("/notifications/devices/renew", pairs...).is(want)
		who.csrf = csrf
	}
	if mine, err := h.o.Push.Devices(storetest.As(t, h.ctx, h.w, p)); err != nil || len(mine) != 1 || mine[0].Endpoint != next.Endpoint {
		t.Errorf("%+v, %v", mine, err)
	}
	devices, _ = h.o.Push.Devices(storetest.As(t, h.ctx, h.w, p))
	b.post("/notifications/devices/" + devices[0].ID.String() + "/remove").is(303)
	b.get("/notifications/settings").is(200).says("The device was removed.", "No device is registered.")
	h.stranger().get("/notifications/devices/key").is(303)
	h.stranger().post("/notifications/devices", pairsOf(phone)...).is(403)
}

func TestAPortalCanBeInstalledInItsOwnLook(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Learner))
	b.get("/").is(200).says(`<link rel="manifest" href="/manifest.webmanifest">`, "apple-touch-icon")
	stranger := h.stranger()
	var m struct {
		Name, Display string
		Theme         string `json:"theme_color"`
		Icons         []struct{ Src, Sizes, Type, Purpose string }
	}
	if err := json.Unmarshal([]byte(stranger.get("/manifest.webmanifest").is(200).has("Content-Type", "application/manifest+json").body), &m); err != nil {
		t.Fatal(err)
	}
	brand, err := h.o.Brands.Get(h.ctx)
	if err != nil || m.Name != brand.Name || m.Theme != brand.Colour || m.Display != "standalone" || len(m.Icons) != 4 {
		t.Errorf("%+v, %v", m, err)
	}
	for _, i := range m.Icons {
		icon, err := png.Decode(bytes.NewReader([]byte(stranger.get(i.Src).is(200).has("Content-Type", i.Type).body)))
		if err != nil || i.Sizes != map[int]string{192: "192x192", 512: "512x512"}[icon.Bounds().Dx()] {
			t.Errorf("%+v: %v", i, err)
		}
	}
	stranger.get("/push-worker.js").is(200).has("Content-Type", "text/javascript; charset=utf-8").has("Cache-Control", "no-cache").says("showNotification")
}

// What is told reaches a device in the reader's language, and leads to the line in the app.
func TestADeviceIsToldInItsReadersLanguage(t *testing.T) {
	t.Parallel()
	h, s := withPushService(t)
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/account").is(200)
	b.post("/account", "name", "Lena", "locale", "de", "time_zone", "Europe/Berlin").is(303)
	me := storetest.As(t, h.ctx, h.w, p)
	key, err := h.o.Push.PublicKey(me)
	if err != nil {
		t.Fatal(err)
	}
	phone := s.Subscribe(key)
	b.post("/notifications/devices", pairsOf(phone)...).is(200)
	told := notice.Telling{Source: uid.New(), Kind: notice.KindEnrolled, People: []uid.ID{p.ID}, Data: notice.Data{"course": "Brandschutz", "by": "Maya", "as": "by"}, Path: "/courses/x"}
	if _, err := h.o.Notices.Tell(h.ctx, told); err != nil {
		t.Fatal(err)
	}
	if err := h.o.Push.Tell(h.ctx, told); err != nil {
		t.Fatal(err)
	}
	var batch uid.ID
	if err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		list, err := h.w.Store.Events(ctx, event.Filter{Type: "push.made"})
		if len(list.Items) == 1 {
			batch = list.Items[0].ID
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.o.Push.Send(h.ctx, batch); err != nil {
		t.Fatal(err)
	}
	got := phone.Got()
	if len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	var m struct{ Title, Body, Path string }
	if err := json.Unmarshal([]byte(got[0].Text), &m); err != nil || m.Title != h.tenant.Name || !strings.Contains(m.Body, "Maya hat Sie in") || !strings.HasPrefix(m.Path, "/notifications/") {
		t.Fatalf("%+v, %v", m, err)
	}
	b.get(m.Path).is(303).leads("/courses/x")
}
