package api_test

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"

	"lyceum/auth/policy"
	"lyceum/internal/webpush/webpushtest"
	"lyceum/learning/push"
)

// push service of a browser's vendor: none is here, so what subscribe gives is played. Everything else is Chromium's own: permission, the
// service worker, what is shown.
const playedSubscription = `(() => {
	const made = () => sessionStorage.getItem('subscribed');
	const subscription = { endpoint: %q, options: {}, toJSON: () => ({ endpoint: %[1]q, keys: { p256dh: %q, auth: %q } }), unsubscribe: async () => { sessionStorage.removeItem('subscribed'); return true; } };
	PushManager.prototype.getSubscription = async () => (made() ? subscription : null);
	PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
		if (!userVisibleOnly || applicationServerKey.length !== 65 || applicationServerKey[0] !== 4) throw new Error('a wrong key');
		sessionStorage.setItem('subscribed', '1');
		return subscription;
	};
})()`

// calls sends a command to the browser.
func calls[P, R any](b tab, c cdp.Command[P, R], params P) {
	b.t.Helper()
	err := chromedp.Do(b.ctx, func(ctx context.Context, t *chromedp.Target) (out chromedp.Void, err error) {
		_, err = cdp.Call(ctx, t, c, params)
		return out, err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b tab) allows(origin string, how cdpbrowser.PermissionSetting) {
	b.t.Helper()
	calls(b, cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{Permission: &cdpbrowser.PermissionDescriptor{Name: "notifications"}, Setting: how, Origin: origin})
}

func TestARealBrowserIsRegisteredAndShowsWhatItIsSent(t *testing.T) {
	t.Parallel()
	b := chromium(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	var s *webpushtest.Service
	h := setup(t, func(h *house) {
		s = webpushtest.New(t, h.w.Now.Clock())
		o := h.o.Push.Options
		o.HTTP, o.Anywhere = s.Client(), true
		h.o.Push = push.New(o)
		h.host = h.tenant.Slug + ".localhost:" + port
	})
	ended := make(chan error, 1)
	go func() { ended <- h.srv.Listener(ln) }()
	t.Cleanup(func() {
		if err := h.srv.Shutdown(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		<-ended //nolint:errcheck // it was shut down
	})
	p := h.person(policy.Learner)
	phone := s.Subscribe("")
	at := "http://" + h.host
	calls(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: fmt.Sprintf(playedSubscription, phone.Endpoint, phone.P256dh, phone.Auth)})
	b.allows(at, cdpbrowser.PermissionSettingDenied)
	b.visit(at + "/signin?step=password&next=/notifications/settings")
	b.waits(`(e => e && (e.value = ` + strconv.Quote(p.Email) + `, true))(document.querySelector('[name="email"]'))`)
	b.waits(`(e => e && (e.value = ` + strconv.Quote(password) + `, true))(document.querySelector('[name="password"]'))`)
	b.waits(`(e => (e.form.requestSubmit(), true))(document.querySelector('[name="password"]'))`)
	b.waits(`document.getElementById('this-device')?.dataset.now === 'denied' && document.body.innerText.includes('does not let the portal tell you')`)

	b.allows(at, cdpbrowser.PermissionSettingGranted)
	b.visit(at + "/notifications/settings")
	b.waits(`document.getElementById('this-device').dataset.now === 'off'`)
	b.presses("[data-on]")
	b.waits(`document.getElementById('this-device').dataset.now === 'on' && document.querySelector('#my-devices').innerText.includes('Chrome')`)
	b.presses(`form[action$="/try"]`)
	b.waits(`document.body.innerText.includes('A message is on its way')`)
	got := phone.Got()
	if len(got) != 1 {
		t.Fatalf("%+v", got)
	}
	calls(b, serviceworker.Enable, cdp.Empty{})
	b.waits(`(window.active ?? (navigator.serviceWorker.ready.then((r) => { if (r.active?.state === 'activated') window.active = true; }), null))`)
	// What the protocol delivers while the browser is still starting the worker is lost on a busy machine; a push service keeps it.
	shows := `(window.shown ?? (navigator.serviceWorker.ready.then(async (r) => { const list = await r.getNotifications(); if (list.length) window.shown = list[0]; }), null))?.body?.includes('It works')`
	delivered := func() bool {
		calls(b, serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{Origin: at + "/", RegistrationID: "0", Data: got[0].Text})
		for range 60 {
			if b.value("Boolean("+shows+")") == "true" {
				return true
			}
			time.Sleep(50 * time.Millisecond)
		}
		return false
	}
	for n := 0; !delivered(); n++ {
		if n == 20 {
			t.Fatal("the service worker shows nothing")
		}
	}

	b.presses(`form[action$="/remove"]`)
	b.waits(`document.body.innerText.includes('No device is registered') && document.getElementById('this-device').dataset.now === 'off' && !sessionStorage.getItem('subscribed')`)
}
