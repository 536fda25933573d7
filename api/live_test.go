package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/notice"
	"lyceum/store/storetest"
)

var pageAll = page.Request{}

// stream is an open line to a page.
type stream struct {
	t    testing.TB
	res  *http.Response
	r    *bufio.Scanner
	stop context.CancelFunc
}

// said is an event of a stream.
type said struct {
	name, id string
	data     struct {
		ID, Text, Path string
		Unread         int
	}
}

// listen opens a line as a browser would, over a real connection.
func (b *browser) listen(address, last string) *stream {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.t.Context(), 30*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/notifications/live", http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Host = b.host
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	tr := &http.Transport{DisableKeepAlives: true}
	res, err := tr.RoundTrip(r)
	if err != nil {
		b.t.Fatal(err)
	}
	s := &stream{b.t, res, bufio.NewScanner(res.Body), stop}
	b.t.Cleanup(s.close)
	return s
}

func (s *stream) close() {
	s.stop()
	_ = s.res.Body.Close()
}

// next waits for the next event; ok is false when the line ended.
func (s *stream) next() (e said, ok bool) {
	s.t.Helper()
	for s.r.Scan() {
		switch name, value, _ := strings.Cut(s.r.Text(), ": "); name {
		case "event":
			e.name = value
		case "id":
			e.id = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.data); err != nil {
				s.t.Fatalf("%q: %v", value, err)
			}
		case "":
			if e.name != "" {
				return e, true
			}
		}
	}
	return e, false
}

func (s *stream) expect(name, text string, unread int) said {
	s.t.Helper()
	e, ok := s.next()
	if !ok || e.name != name || !strings.Contains(e.data.Text, text) || e.data.Unread != unread {
		s.t.Fatalf("heard %+v (%v), want %s %q with %d unread", e, ok, name, text, unread)
	}
	return e
}

func TestAnOpenPageHearsWhatIsNewAndWhatItMissed(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	b, address := h.as(p), h.serve()
	s := b.listen(address, "")
	if s.res.StatusCode != http.StatusOK || !strings.HasPrefix(s.res.Header.Get("Content-Type"), "text/event-stream") || s.res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%s %v", s.res.Status, s.res.Header)
	}
	s.expect("standing", "", 0)
	h.tell(p, notice.KindEnrolled, notice.Data{"course": "Fire", "by": "Maya", "as": "by"})
	first := s.expect("notice", "Maya enrolled you in “Fire”", 1)
	if first.id == "" || first.id != first.data.ID || first.data.Path != "/courses" {
		t.Errorf("%+v", first)
	}
	s.expect("standing", "", 1)
	h.tell(h.person(policy.Learner), notice.KindEnrolled, notice.Data{"course": "Secret"})
	s.close()

	h.tell(p, notice.KindCertificate, notice.Data{"course": "Water"})
	h.tell(p, notice.KindDueSoon, notice.Data{"course": "Air"})
	s = b.listen(address, first.id)
	s.expect("notice", "Water", 3)
	s.expect("notice", "Air", 3)
	s.expect("standing", "", 3)
	if err := h.o.Notices.ReadAll(storetest.As(t, h.ctx, h.w, p), nil); err != nil {
		t.Fatal(err)
	}
	s.expect("standing", "", 0)
}

func TestALineEndsWithItsSession(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	b, address := h.as(p), h.serve()
	s := b.listen(address, "")
	s.expect("standing", "", 0)
	other := h.as(p)
	other.get("/").is(200)
	other.post("/account/sessions/end-others").is(303)
	h.tell(p, notice.KindEnrolled, notice.Data{"course": "Fire"})
	if e, ok := s.next(); ok {
		t.Errorf("after the session ended it heard %+v", e)
	}
}

func TestTheServerHoldsAFewLinesAPersonAndLetsGoWhenItStops(t *testing.T) {
	t.Parallel()
	h := setup(t, func(h *house) {
		h.o.Notices = notice.New(notice.Options{Keep: h.w.Store, Announce: h.w.Store, Now: h.w.Now.Clock(), Hub: notice.HubOptions{PerPerson: 2}})
	})
	p := h.person(policy.Learner)
	b, address := h.as(p), h.serve()
	var open []*stream
	for range 2 {
		s := b.listen(address, "")
		s.expect("standing", "", 0)
		open = append(open, s)
	}
	if s := b.listen(address, ""); s.res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a third line: %s", s.res.Status)
	}
	h.as(h.person(policy.Learner)).listen(address, "").expect("standing", "", 0)
	h.o.Notices.Hang()
	for _, s := range open {
		if e, ok := s.next(); ok {
			t.Errorf("after the server stopped: %+v", e)
		}
	}
	if s := b.listen(address, ""); s.res.StatusCode != http.StatusTooManyRequests {
		t.Errorf("a line of a server that stops: %s", s.res.Status)
	}
	if s := h.stranger().listen(address, ""); s.res.StatusCode == http.StatusOK {
		t.Error("a stranger hears")
	}
}

func TestAPageThatCannotHearAsks(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	b := h.as(p)
	const at = "/notifications/live/standing?after="
	b.get(at+uid.Nil.String()).is(200).says(`"unread":0`, `"items":[]`)
	h.tell(p, notice.KindEnrolled, notice.Data{"course": "Fire"})
	b.get(at+uid.Nil.String()).is(200).says(`"unread":1`, "You are enrolled in “Fire”")
	list, err := h.o.Notices.Mine(storetest.As(t, h.ctx, h.w, p), pageAll)
	if err != nil {
		t.Fatal(err)
	}
	b.get(at+list.Items[0].ID.String()).is(200).says(`"unread":1`, `"items":[]`)
	b.get("/notifications/live/standing").is(200).says(`"items":[]`)
}

// An open page asks by itself: that must not keep a session alive that nobody uses.
func TestWhatAPageAsksByItselfIsNoUseOfTheSession(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	b := h.as(p)
	for range 15 {
		h.w.Now.Advance(24 * time.Hour)
		if got := b.get("/notifications/live/standing"); got.StatusCode != http.StatusOK {
			return // it ended, as it must after 14 days without use
		}
	}
	t.Error("a session lives on by what its page asks")
}
