package push_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/outbound"
	"lyceum/internal/seal"
	"lyceum/internal/uid"
	"lyceum/internal/webpush/webpushtest"
	"lyceum/learning/notice"
	"lyceum/learning/push"
	"lyceum/store"
	"lyceum/store/storetest"
	"lyceum/tenant"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(orders); text != "" {
		child(text)
	}
	storetest.Main(m)
}

type house struct {
	*storetest.World
	t       *testing.T
	ctx     context.Context
	service *webpushtest.Service
	push    *push.Service
	notices *notice.Service
}

func options(keep push.Keeper, calls *http.Client, now func() time.Time) push.Options {
	key, err := seal.New(bytes.Repeat([]byte{1}, seal.KeySize))
	if err != nil {
		panic(err)
	}
	return push.Options{
		Keep: keep, Seal: key, HTTP: calls, Anywhere: true, Contact: "mailto:desk@example.com", Now: now,
		Quiet: func(context.Context) (notice.Quiet, error) { return notice.Quiet{From: 20, To: 8}, nil },
		Words: func(_ context.Context, n notice.Notice, locale, _ string) (push.Words, error) {
			return push.Words{Title: "Harbour", Text: string(n.Kind) + " " + n.Data["course"] + " " + locale}, nil
		},
	}
}

// setup begins at nine in the morning, UTC.
func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	s := webpushtest.New(t, w.Now.Clock())
	return &house{World: w, t: t, ctx: w.Tenant(t), service: s, push: push.New(options(w.Store, s.Client(), w.Now.Clock())), notices: notice.New(notice.Options{Keep: w.Store, Announce: w.Store, Now: w.Now.Clock()})}
}

func (h *house) do(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// person is somebody who may sign in, and their context.
func (h *house) person() (auth.Person, context.Context) {
	h.t.Helper()
	p := storetest.Person(h.t, h.ctx, h.World, policy.Learner)
	return p, storetest.As(h.t, h.ctx, h.World, p)
}

// device registers a browser of somebody.
func (h *house) device(me context.Context) (*webpushtest.Browser, push.Device) {
	h.t.Helper()
	key, err := h.push.PublicKey(me)
	h.do(err)
	b := h.service.Subscribe(key)
	d, _, err := h.push.Add(me, input(b))
	h.do(err)
	return b, d
}

func input(b *webpushtest.Browser) push.Input {
	return push.Input{Endpoint: b.Endpoint, P256dh: b.P256dh, Auth: b.Auth, UserAgent: "Firefox/140.0\n"}
}

func telling(kind notice.Kind, people ...uid.ID) notice.Telling {
	return notice.Telling{Source: uid.New(), Kind: kind, People: people, Data: notice.Data{"course": "Knots"}, Path: "/courses/knots"}
}

// tell tells people as a job does: in the app, and on their devices.
func (h *house) tell(t notice.Telling) {
	h.t.Helper()
	_, err := h.notices.Tell(h.ctx, t)
	h.do(err)
	h.do(h.push.Tell(h.ctx, t))
}

// batches are those that were made, the oldest first.
func (h *house) batches() (list []uid.ID) {
	h.t.Helper()
	h.do(h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		all, err := h.Store.Events(ctx, event.Filter{Type: "push.made"})
		for _, e := range slices.Backward(all.Items) {
			list = append(list, e.ID)
		}
		return err
	}))
	return list
}

// send sends all batches, by two processes at once, and gives how long after it there will be more of the last.
func (h *house) send() (again time.Duration) {
	h.t.Helper()
	for _, batch := range h.batches() {
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if _, err := h.push.Send(h.ctx, batch); err != nil {
					h.t.Error(err)
				}
			})
		}
		both.Wait()
		var err error
		again, err = h.push.Send(h.ctx, batch)
		h.do(err)
	}
	return again
}

func (h *house) states() (list []string) {
	h.t.Helper()
	at, _ := tenant.From(h.ctx)
	rows, err := h.Admin.Query(h.t.Context(), fmt.Sprintf("select state || ' ' || attempts || ' ' || status from %s.push_sends order by id", at.SchemaName))
	h.do(err)
	for rows.Next() {
		var s string
		h.do(rows.Scan(&s))
		list = append(list, s)
	}
	h.do(rows.Err())
	return list
}

type shown struct{ Title, Body, Path, Tag, Icon, Lang string }

func (h *house) read(g webpushtest.Got) (s shown) {
	h.t.Helper()
	h.do(json.Unmarshal([]byte(g.Text), &s))
	return s
}

func TestWhatIsToldReachesEachDeviceOnceAndNobodyElses(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ann, annCtx := h.person()
	ben, benCtx := h.person()
	none, _ := h.person()
	phone, _ := h.device(annCtx)
	desk, _ := h.device(annCtx)
	his, _ := h.device(benCtx)
	told := telling(notice.KindEnrolled, ann.ID, none.ID)
	h.tell(told)
	h.tell(told) // the job ran twice
	h.send()
	list, err := h.notices.After(annCtx, uid.Nil, 10)
	h.do(err)
	for _, b := range []*webpushtest.Browser{phone, desk} {
		got := b.Got()
		if len(got) != 1 || b.Calls() != 1 {
			t.Fatalf("%+v", got)
		}
		if s := h.read(got[0]); s != (shown{Title: "Harbour", Body: "enrolled Knots " + ann.Locale, Path: "/notifications/" + list[0].ID.String(), Tag: told.Source.String(), Lang: ann.Locale}) {
			t.Errorf("%+v", s)
		}
		if got[0].TTL != "72000" || got[0].Topic != "enrolled" || got[0].Urgency != "normal" || got[0].Subject != "mailto:desk@example.com" || len(got[0].Text)%256 != 0 {
			t.Errorf("%+v", got[0])
		}
	}
	if his.Calls() != 0 {
		t.Error("somebody else was told")
	}
	h.tell(telling(notice.KindDue, ben.ID)) // a kind that is none for devices unless chosen
	h.do(h.notices.Choose(benCtx, map[notice.Kind]notice.Wish{notice.KindMarked: {Mail: true, Push: new(bool)}, notice.KindMessage: {}}))
	h.tell(telling(notice.KindMarked, ben.ID))
	if his.Calls() != 0 || len(h.batches()) != 1 {
		t.Errorf("%d batches", len(h.batches()))
	}
	h.tell(telling(notice.KindMessage, ben.ID)) // not in the app, which said nothing of devices
	h.send()
	if got := his.Got(); len(got) != 1 || h.read(got[0]).Path != "/courses/knots" {
		t.Errorf("%+v", got)
	}
	if d, err := h.push.Devices(benCtx); err != nil || len(d) != 1 || d[0].UsedAt == nil || d[0].UserAgent != "Firefox/140.0" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestNothingIsSentInQuietHours(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, me := h.person()
	b, _ := h.device(me)
	h.Now.Advance(12 * time.Hour) // nine in the evening
	h.tell(telling(notice.KindEnrolled, lee.ID))
	if again := h.send(); b.Calls() != 0 || again != 11*time.Hour {
		t.Errorf("%d calls, again after %s", b.Calls(), again)
	}
	h.Now.Advance(11 * time.Hour)
	if again := h.send(); b.Calls() != 1 || again != 0 {
		t.Errorf("%d calls, again after %s", b.Calls(), again)
	}
	if got := b.Got(); len(got) != 1 || got[0].TTL != "32400" { // of twenty hours nine are left
		t.Errorf("%+v", got)
	}
}

func TestWhatAPushServiceAnswersIsHeeded(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, me := h.person()
	busy, _ := h.device(me)
	gone, _ := h.device(me)
	never, _ := h.device(me)
	busy.Answer(func(n int) (int, map[string]string) {
		if n < 3 {
			return http.StatusTooManyRequests, map[string]string{"Retry-After": "90"}
		}
		return http.StatusCreated, nil
	})
	gone.Answer(func(int) (int, map[string]string) { return http.StatusGone, nil })
	never.Answer(func(int) (int, map[string]string) { return http.StatusRequestEntityTooLarge, nil })
	h.tell(telling(notice.KindEnrolled, lee.ID))
	if again := h.send(); again != 90*time.Second || gone.Calls() != 1 || never.Calls() != 1 {
		t.Errorf("again after %s", again)
	}
	if got := h.states(); !slices.Equal(got, []string{"waiting 1 429", "gone 1 410", "refused 1 413"}) {
		t.Errorf("%q", got)
	}
	if list, err := h.push.Devices(me); err != nil || len(list) != 2 || !slices.Contains(storetest.EventTypes(t, h.ctx, h.World, lastRemoved(h)), "push_device.removed") {
		t.Errorf("%+v, %v", list, err)
	}
	h.Now.Advance(90 * time.Second)
	h.send()
	h.Now.Advance(2 * time.Minute)
	if again := h.send(); again != 0 || len(busy.Got()) != 1 || busy.Calls() != 3 {
		t.Errorf("again after %s, %d calls", again, busy.Calls())
	}
	busy.Answer(func(int) (int, map[string]string) { return http.StatusInternalServerError, nil })
	h.tell(telling(notice.KindEnrolled, lee.ID))
	for again := h.send(); again > 0; again = h.send() {
		h.Now.Advance(again)
	}
	if got := h.states(); !slices.Equal(got[3:], []string{"dropped 8 500", "refused 1 413"}) {
		t.Errorf("%q", got)
	}
}

// lastRemoved is the device that was removed last.
func lastRemoved(h *house) (id uid.ID) {
	h.do(h.Store.InTenant(h.ctx, func(ctx context.Context) error {
		all, err := h.Store.Events(ctx, event.Filter{Type: "push_device.removed"})
		if len(all.Items) > 0 {
			id = all.Items[0].SubjectID
		}
		return err
	}))
	return id
}

func TestADeviceIsOnePersonsAndGoesWithThem(t *testing.T) {
	t.Parallel()
	h := setup(t)
	ann, annCtx := h.person()
	_, benCtx := h.person()
	shared, first := h.device(annCtx)
	h.tell(telling(notice.KindEnrolled, ann.ID)) // not sent yet
	if again, added, err := h.push.Add(annCtx, input(shared)); err != nil || added || again.ID != first.ID {
		t.Errorf("registered again: %+v, %v", again, err)
	}
	if mine, err := h.push.Seen(annCtx, shared.Endpoint); err != nil || !mine {
		t.Errorf("%v, %v", mine, err)
	}
	second, added, err := h.push.Add(benCtx, input(shared)) // at the same computer
	if err != nil || !added || second.ID == first.ID {
		t.Fatalf("%+v, %v", second, err)
	}
	h.send()
	if shared.Calls() != 0 {
		t.Error("what was for the one was shown to the other")
	}
	if list, err := h.push.Devices(annCtx); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	if err := h.push.Remove(annCtx, second.ID); !errors.Is(err, push.ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := h.push.Try(annCtx, second.ID); !errors.Is(err, push.ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	far := h.Tenant(t)
	strangerIs := storetest.Person(t, far, h.World, policy.Learner)
	stranger := storetest.As(t, far, h.World, strangerIs)
	if mine, err := h.push.Seen(stranger, shared.Endpoint); err != nil || mine {
		t.Errorf("another portal: %v, %v", mine, err)
	}
	if key, err := h.push.PublicKey(stranger); err != nil || key == shared.Key {
		t.Errorf("another portal has the same key: %v", err)
	}
	if mine, err := h.push.Seen(annCtx, shared.Endpoint); err != nil || mine { // ann is back, ben had not signed out
		t.Errorf("%v, %v", mine, err)
	}
	if list, err := h.push.Devices(benCtx); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	for range 10 {
		h.device(annCtx)
	}
	if _, _, err := h.push.Add(annCtx, input(shared)); !errors.Is(err, push.ErrTooMany) {
		t.Errorf("an eleventh: %v", err)
	}
	h.do(h.push.SignedOut(h.ctx, ann.ID, push.Ended{}))
	if list, err := h.push.Devices(annCtx); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestSigningOutEndsWhatTheBrowserIsTold(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, me := h.person()
	who, _ := auth.PrincipalFrom(me)
	in := func(session uid.ID) context.Context {
		p := who
		p.SessionID = session
		return auth.WithPrincipal(h.ctx, p)
	}
	here, there, third := uid.New(), uid.New(), uid.New()
	for _, s := range []uid.ID{here, there, third} {
		h.device(in(s))
	}
	left := func() (n int) {
		list, err := h.push.Devices(me)
		h.do(err)
		return len(list)
	}
	h.do(h.push.SignedOut(h.ctx, lee.ID, push.Ended{Session: there}))
	if left() != 2 {
		t.Errorf("%d left", left())
	}
	h.do(h.push.SignedOut(h.ctx, lee.ID, push.Ended{Spared: here}))
	if list, err := h.push.Devices(me); err != nil || len(list) != 1 || *list[0].SessionID != here {
		t.Errorf("%+v, %v", list, err)
	}
	h.do(h.push.SignedOut(h.ctx, lee.ID, push.Ended{Closed: true})) // no such session is there
	if left() != 0 {
		t.Errorf("%d left", left())
	}
}

func TestABrowserThatGetsANewAddressGoesOn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, me := h.person()
	_, other := h.person()
	before, _ := h.device(me)
	after := h.service.Subscribe(before.Key)
	if err := h.push.Renew(other, before.Endpoint, input(after)); !errors.Is(err, push.ErrNotFound) {
		t.Errorf("somebody else: %v", err)
	}
	h.do(h.push.Renew(me, before.Endpoint, input(after)))
	h.tell(telling(notice.KindEnrolled, lee.ID))
	h.send()
	if before.Calls() != 0 || len(after.Got()) != 1 {
		t.Errorf("%d, %+v", before.Calls(), after.Got())
	}
}

func TestADeviceIsTried(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, me := h.person()
	b, d := h.device(me)
	h.Now.Advance(13 * time.Hour) // quiet hours are for others
	h.do(h.push.Try(me, d.ID))
	if got := b.Got(); len(got) != 1 || got[0].Urgency != "high" || h.read(got[0]).Path != "/notifications/settings" {
		t.Errorf("%+v", got)
	}
	b.Answer(func(int) (int, map[string]string) { return http.StatusForbidden, nil })
	if err := h.push.Try(me, d.ID); !errors.Is(err, push.ErrNotTaken) {
		t.Error(err)
	}
	b.Answer(func(int) (int, map[string]string) { return http.StatusNotFound, nil })
	if err := h.push.Try(me, d.ID); !errors.Is(err, push.ErrAway) {
		t.Error(err)
	}
	if list, err := h.push.Devices(me); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	_, d = h.device(me)
	var err error
	for range 5 {
		err = h.push.Try(me, d.ID)
	}
	if !errors.Is(err, push.ErrTrials) {
		t.Error(err)
	}
}

// A person names the address that the server calls: it must not lead into our own network, nor elsewhere than a browser's push service.
func TestAddressesThatLeadInsideAreNotCalled(t *testing.T) {
	t.Parallel()
	h := setup(t)
	_, me := h.person()
	o := options(h.Store, outbound.Client(outbound.Options{}), h.Now.Clock())
	o.Anywhere = false
	strict := push.New(o)
	b := h.service.Subscribe("")
	for _, endpoint := range []string{b.Endpoint, "https://127.0.0.1/x", "http://push.example.com/x", "https://push.example.com:22/x", "https://" + strings.Repeat("x", 1100)} {
		in := input(b)
		in.Endpoint = endpoint
		if _, _, err := strict.Add(me, in); fault.Of(err).Fields["endpoint"] == "" {
			t.Errorf("%.60s: %v", endpoint, err)
		}
	}
	in := input(b)
	in.Endpoint, in.Auth = "https://push.example.com/x", "short"
	if _, _, err := strict.Add(me, in); fault.Of(err).Fields["keys"] == "" {
		t.Error(err)
	}
	in = input(b)
	in.Endpoint = "https://inside.localhost/x" // a name that leads to this machine
	d, _, err := strict.Add(me, in)
	h.do(err)
	if err := strict.Try(me, d.ID); !errors.Is(err, push.ErrNotTaken) || !errors.Is(err, outbound.ErrAddress) {
		t.Error(err)
	}
}

func TestWhoMayNotSignInIsToldNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, me := h.person()
	b, _ := h.device(me)
	h.tell(telling(notice.KindEnrolled, lee.ID))
	at, _ := tenant.From(h.ctx)
	_, err := h.Admin.Exec(t.Context(), fmt.Sprintf("update %s.people set status = 'deactivated' where id = $1", at.SchemaName), lee.ID.String())
	h.do(err)
	h.send()
	if got := h.states(); b.Calls() != 0 || !slices.Equal(got, []string{"dropped 0 0"}) {
		t.Errorf("%q", got)
	}
	h.Now.Advance(30 * 365 * 24 * time.Hour) // ids are of this machine's clock
	h.do(h.push.Sweep(h.ctx))
	if got := h.states(); len(got) != 0 {
		t.Errorf("%q", got)
	}
}

// orders tell a child process what to do.
const orders = "LYCEUM_TEST_PUSH"

type order struct {
	URL    string
	Tenant tenant.Tenant
	Now    time.Time
	Tell   *notice.Telling // be killed where everything is written and nothing committed
	Batch  uid.ID          // be killed with the push service
}

// killer kills its own process where the events are written, the last thing of a transaction.
type killer struct{ *store.Store }

func (killer) AppendEvents(context.Context, ...event.Event) error { return die() }

// struck kills its own process when the push service is called.
type struck struct{}

func (struck) RoundTrip(*http.Request) (*http.Response, error) { return nil, die() }

func die() error {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

func child(text string) {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	ctx := tenant.With(context.Background(), o.Tenant)
	s, err := store.Open(ctx, store.Options{URL: o.URL})
	if err != nil {
		panic(err)
	}
	p := push.New(options(killer{s}, &http.Client{Transport: struck{}}, func() time.Time { return o.Now }))
	if o.Tell != nil {
		err = p.Tell(ctx, *o.Tell)
	} else {
		_, err = p.Send(ctx, o.Batch)
	}
	fmt.Fprintln(os.Stderr, "nothing killed us", err)
	os.Exit(3)
}

func (h *house) kill(o order) {
	h.t.Helper()
	o.Tenant, _ = tenant.From(h.ctx)
	o.URL, o.Now = h.URL, h.Now.Now()
	text, err := json.Marshal(o)
	h.do(err)
	cmd := exec.CommandContext(h.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), orders+"="+string(text))
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		h.t.Fatalf("the child ended otherwise: %v\n%s", err, out)
	}
}

// A process that is really killed while it writes has written nothing; one that is killed with the push service in the middle of a message
// is followed by none that sends it again.
func TestAKilledProcessSendsNothingTwice(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, me := h.person()
	b, _ := h.device(me)
	told := telling(notice.KindEnrolled, lee.ID)
	h.kill(order{Tell: &told})
	if got := h.states(); len(got) != 0 {
		t.Fatalf("half done: %q", got)
	}
	h.tell(told)
	h.kill(order{Batch: h.batches()[0]})
	if again := h.send(); again != 0 || b.Calls() != 0 {
		t.Errorf("sent again: %d calls", b.Calls())
	}
	if got := h.states(); !slices.Equal(got, []string{"sending 1 0"}) {
		t.Errorf("%q", got)
	}
	h.tell(telling(notice.KindEnrolled, lee.ID)) // what comes later is sent
	h.send()
	if len(b.Got()) != 1 {
		t.Errorf("%+v", b.Got())
	}
}
