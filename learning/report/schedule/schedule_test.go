package schedule_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/blob"
	"lyceum/internal/uid"
	"lyceum/learning/report"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/export"
	"lyceum/learning/report/schedule"
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

func TestTheNextTimeIsThatOfItsPlacesClock(t *testing.T) {
	t.Parallel()
	const berlin = "Europe/Berlin"
	at := func(text string) time.Time { a, _ := time.Parse(time.RFC3339, text); return a }
	for name, c := range map[string]struct {
		times       schedule.Times
		after, want string
	}{
		"later today":          {schedule.Times{Every: schedule.Daily, Hour: 7, Zone: berlin}, "2026-11-27T05:59:59Z", "2026-11-27T06:00:00Z"},
		"at the hour itself":   {schedule.Times{Every: schedule.Daily, Hour: 7, Zone: berlin}, "2026-11-27T06:00:00Z", "2026-11-28T06:00:00Z"},
		"over a summer's end":  {schedule.Times{Every: schedule.Daily, Hour: 7, Zone: berlin}, "2026-10-24T05:00:00Z", "2026-10-25T06:00:00Z"},
		"an hour that is not":  {schedule.Times{Every: schedule.Daily, Hour: 2, Zone: berlin}, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		"an hour that is two":  {schedule.Times{Every: schedule.Daily, Hour: 2, Zone: berlin}, "2026-10-25T01:00:00Z", "2026-10-26T01:00:00Z"},
		"the next Monday":      {schedule.Times{Every: schedule.Weekly, Weekday: 1, Hour: 7, Zone: "UTC"}, "2026-11-23T07:00:00Z", "2026-11-30T07:00:00Z"},
		"a Sunday":             {schedule.Times{Every: schedule.Weekly, Weekday: 7, Hour: 0, Zone: "UTC"}, "2026-11-27T07:00:00Z", "2026-11-29T00:00:00Z"},
		"the last of February": {schedule.Times{Every: schedule.Monthly, Day: 31, Hour: 7, Zone: "UTC"}, "2027-02-01T00:00:00Z", "2027-02-28T07:00:00Z"},
		"the next month":       {schedule.Times{Every: schedule.Monthly, Day: 5, Hour: 7, Zone: "UTC"}, "2026-12-05T07:00:00Z", "2027-01-05T07:00:00Z"},
		"a day ahead of UTC":   {schedule.Times{Every: schedule.Weekly, Weekday: 1, Hour: 7, Zone: "Pacific/Auckland"}, "2026-11-29T12:00:00Z", "2026-11-29T18:00:00Z"},
	} {
		if got := c.times.Next(at(c.after)); !got.Equal(at(c.want)) {
			t.Errorf("%s: %s, want %s", name, got.Format(time.RFC3339), c.want)
		}
	}
}

type house struct {
	*storetest.World
	t           *testing.T
	ctx, asking context.Context
	boss, other auth.Person
	schedules   *schedule.Service
	blobs       *blob.Store
	sent        []schedule.Mail
	refuse      error
	only        uid.ID // whose mails are refused; uid.Nil: all
}

func words(locale, _ string, _ time.Time) export.Words {
	day := func(at time.Time) string { return at.Format(time.DateOnly) }
	return export.Words{Language: locale, Named: func(_ string, code any) string { return fmt.Sprint(code) }, Day: day, Moment: day, Page: func(n, of int) string { return fmt.Sprint(n, "/", of) }}
}

func service(s *store.Store, blobs *blob.Store, now func() time.Time, send func(context.Context, schedule.Mail) error) *schedule.Service {
	may := policy.NewEngine(s, now)
	as := func(ctx context.Context, id uid.ID) (context.Context, error) {
		var who auth.Principal
		err := s.InTenant(ctx, func(ctx context.Context) error {
			p, err := s.PersonByID(ctx, id)
			if err != nil {
				return err
			}
			set, err := may.For(ctx, p.Roles)
			who = auth.Principal{PersonID: p.ID, Roles: p.Roles, May: set}
			return err
		})
		return auth.WithPrincipal(ctx, who), err
	}
	built := builder.New(s, now)
	return schedule.New(schedule.Options{
		Keep: s, Reports: built, As: as, May: may.For, Send: send, Now: now,
		Exports: export.New(export.Options{
			Keep: s, Blobs: blobs, Built: built, Matrix: report.New(s, now), As: as, Words: words, Now: now,
			Brand: func(context.Context) (tenant.Brand, error) { return tenant.DefaultBrand("Harbour"), nil },
		}),
	})
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	h := &house{World: w, t: t, ctx: ctx, boss: storetest.Person(t, ctx, w, policy.Manager), other: storetest.Person(t, ctx, w, policy.Manager)}
	h.asking = storetest.As(t, ctx, w, h.boss)
	h.open("mem://")
	storetest.EnrolledLearner(t, ctx, w, storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Knots")))
	return h
}

func (h *house) open(address string) {
	h.t.Helper()
	var err error
	if h.blobs, err = blob.Open(h.ctx, address); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = h.blobs.Close() })
	h.schedules = service(h.Store, h.blobs, h.Now.Clock(), func(_ context.Context, m schedule.Mail) error {
		if h.refuse != nil && (h.only == uid.Nil || h.only == m.Person) {
			return h.refuse
		}
		h.sent = append(h.sent, m)
		return nil
	})
}

func (h *house) do(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// daily is a schedule of every day to both.
func (h *house) daily() schedule.Schedule {
	h.t.Helper()
	one, err := h.schedules.Save(h.asking, uid.Nil, schedule.Input{
		Name: "Who is in", Wish: export.Wish{Kind: export.Built, Definition: builder.Definition{Source: builder.Enrolments}}, Format: export.CSV,
		Times: schedule.Times{Every: schedule.Daily, Hour: 7, Zone: "UTC"}, People: []uid.ID{h.boss.ID, h.other.ID},
	})
	h.do(err)
	return one
}

// pass lets a day go by, looks what is due, and gives the newest run.
func (h *house) pass(one schedule.Schedule) schedule.Run {
	h.t.Helper()
	h.Now.Advance(24 * time.Hour)
	_, err := h.schedules.Look(h.ctx)
	h.do(err)
	return h.last(one)
}

func (h *house) last(one schedule.Schedule) schedule.Run {
	h.t.Helper()
	_, runs, err := h.schedules.Get(h.asking, one.ID)
	h.do(err)
	if len(runs) == 0 {
		return schedule.Run{}
	}
	return runs[0]
}

func (h *house) now(one schedule.Schedule) schedule.Schedule {
	h.t.Helper()
	got, _, err := h.schedules.Get(h.asking, one.ID)
	h.do(err)
	return got
}

func (h *house) take(p auth.Person) {
	h.t.Helper()
	h.do(h.Store.InTenant(h.ctx, func(ctx context.Context) error { return h.Store.TakeRoles(ctx, p.ID, p.Roles) }))
}

func TestAReportIsSentAtItsTimeOnceWithItsFile(t *testing.T) {
	t.Parallel()
	h := setup(t)
	one := h.daily()
	next, err := h.schedules.Look(h.ctx)
	h.do(err)
	if r := h.last(one); r.ID != uid.Nil || next.After(one.NextAt) {
		t.Fatalf("sent before its time: %+v, the next look is at %s", r, next)
	}
	r := h.pass(one)
	if r.Status != schedule.Waiting || !r.DueAt.Equal(one.NextAt) || len(r.Deliveries) != 2 {
		t.Fatalf("%+v", r)
	}
	for range 2 { // looking and sending twice is doing it once
		_, err := h.schedules.Look(h.ctx)
		h.do(err)
		h.do(h.schedules.Run(h.ctx, r.ID))
	}
	if len(h.sent) != 2 || !strings.HasPrefix(string(h.sent[0].File), "person_id,person,") || !strings.Contains(string(h.sent[0].File), "Knots") || h.sent[0].Person == h.sent[1].Person {
		t.Fatalf("%d mails: %+v", len(h.sent), h.sent)
	}
	if r = h.last(one); r.Status != schedule.Done || r.Deliveries[0].Status != schedule.Attached {
		t.Errorf("%+v", r)
	}
	if got := h.now(one); got.LastAt == nil || !got.NextAt.After(h.Now.Now()) {
		t.Errorf("%+v", got)
	}
	h.Now.Advance(72 * time.Hour) // nobody looked meanwhile: once
	if r = h.pass(one); r.Status != schedule.Waiting {
		t.Errorf("%+v", r)
	}
	if _, runs, err := h.schedules.Get(h.asking, one.ID); err != nil || len(runs) != 2 {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if err := h.schedules.RunNow(h.asking, one.ID); !errors.Is(err, schedule.ErrRunning) {
		t.Error(err)
	}
}

func TestWhoMayNotSeeReportsGetsNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	one := h.daily()
	h.take(h.other)
	r := h.pass(one)
	h.do(h.schedules.Run(h.ctx, r.ID))
	if len(h.sent) != 1 || h.sent[0].Person != h.boss.ID {
		t.Fatalf("%+v", h.sent)
	}
	for _, d := range h.last(one).Deliveries {
		if d.PersonID == h.other.ID && d.Status != schedule.NoRight {
			t.Errorf("%+v", d)
		}
	}
	input := schedule.Input{Name: "X", Wish: export.Wish{Kind: export.Matrix}, Format: export.PDF, Times: one.Times, People: []uid.ID{h.other.ID}}
	if _, err := h.schedules.Save(h.asking, uid.Nil, input); !errors.Is(err, schedule.ErrPeople) {
		t.Error(err)
	}
	h.take(h.boss) // now its owner neither
	r = h.pass(one)
	h.do(h.schedules.Run(h.ctx, r.ID))
	if got := h.now(one); got.Paused != schedule.Owner || len(h.sent) != 1 {
		t.Errorf("%+v", got)
	}
	list, err := h.schedules.Readers(h.asking)
	if err != nil || slices.ContainsFunc(list, func(r schedule.Reader) bool { return r.ID == h.boss.ID || r.ID == h.other.ID }) {
		t.Errorf("%v %v", list, err)
	}
	for name, ctx := range map[string]context.Context{
		"another manager": storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Manager)),
		"another portal": func() context.Context {
			o := h.World.Tenant(t)
			return storetest.As(t, o, h.World, storetest.Person(t, o, h.World, policy.Admin))
		}(),
	} {
		if _, _, err := h.schedules.Get(ctx, one.ID); !errors.Is(err, schedule.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if err := h.schedules.RunNow(ctx, one.ID); !errors.Is(err, schedule.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatFailsThriceIsPausedAndSaysWhy(t *testing.T) {
	t.Parallel()
	h := setup(t)
	one := h.daily()
	h.refuse = errors.New("the mail server is away")
	for n := range 3 {
		r := h.pass(one)
		if got := h.now(one); got.Paused != "" || got.Failures != n {
			t.Fatalf("%+v", got)
		}
		for range 8 {
			if err := h.schedules.Run(h.ctx, r.ID); err == nil {
				t.Fatal("no error")
			}
		}
		h.do(h.schedules.Run(h.ctx, r.ID)) // it is over
		if r = h.last(one); r.Status != schedule.Broken || r.Problem != schedule.Failed || r.Deliveries[0].Status != schedule.ToSend {
			t.Fatalf("%+v", r)
		}
	}
	if got := h.now(one); got.Paused != schedule.Failed {
		t.Errorf("%+v", got)
	}
	if r := h.pass(one); r.Status != schedule.Broken {
		t.Errorf("a paused one is due: %+v", r)
	}
	h.refuse = nil
	h.do(h.schedules.Resume(h.asking, one.ID))
	h.do(h.schedules.RunNow(h.asking, one.ID))
	h.do(h.schedules.Run(h.ctx, h.last(one).ID))
	if got := h.now(one); got.Paused != "" || got.Failures != 0 || len(h.sent) != 2 {
		t.Errorf("%+v, %d", got, len(h.sent))
	}
	h.refuse, h.only = schedule.ErrRefused, h.boss.ID // one address is no failure of the schedule
	r := h.pass(one)
	h.do(h.schedules.Run(h.ctx, r.ID))
	if r = h.last(one); r.Status != schedule.Done || h.now(one).Failures != 0 {
		t.Errorf("%+v", r)
	}
	h.only = uid.Nil // nobody is reached any more
	for range 3 {
		h.do(h.schedules.Run(h.ctx, h.pass(one).ID))
	}
	if r = h.last(one); r.Status != schedule.Broken || r.Problem != schedule.Failed || r.Deliveries[0].Status != schedule.Refused || h.now(one).Paused != schedule.Failed {
		t.Errorf("%+v", r)
	}
}

func TestAKeptReportIsSentAsItIsThenAndAGoneOneIsPaused(t *testing.T) {
	t.Parallel()
	h := setup(t)
	reports := builder.New(h.Store, h.Now.Clock())
	kept, err := reports.Save(h.asking, uid.Nil, builder.Input{Name: "In", Definition: builder.Definition{Source: builder.Enrolments, Columns: []string{"person"}}})
	h.do(err)
	one, err := h.schedules.Save(h.asking, uid.Nil, schedule.Input{Name: "In", ReportID: &kept.ID, Format: export.CSV, Times: schedule.Times{Every: schedule.Daily, Hour: 7, Zone: "UTC"}, People: []uid.ID{h.boss.ID}})
	h.do(err)
	_, err = reports.Save(h.asking, kept.ID, builder.Input{Name: "In", Revision: kept.Revision, Definition: builder.Definition{Source: builder.Enrolments, Columns: []string{"state"}}})
	h.do(err)
	h.do(h.schedules.Run(h.ctx, h.pass(one).ID))
	if len(h.sent) != 1 || !strings.HasPrefix(string(h.sent[0].File), "person_id,state\n") {
		t.Errorf("%+v", h.sent)
	}
	h.do(reports.Delete(h.asking, kept.ID))
	h.do(h.schedules.Run(h.ctx, h.pass(one).ID))
	if got := h.now(one); got.Paused != schedule.Gone {
		t.Errorf("%+v", got)
	}
	h.do(h.schedules.Delete(h.asking, one.ID))
	if _, _, err := h.schedules.Get(h.asking, one.ID); !errors.Is(err, schedule.ErrNotFound) {
		t.Error(err)
	}
}

// orders tell a child process which run to do.
const orders = "LYCEUM_TEST_SCHEDULES"

type order struct {
	URL, Blobs string
	Tenant     tenant.Tenant
	Now        time.Time
	Run        uid.ID
	Mails      int // that the mail server took before the process is killed
}

func child(text string) {
	var o order
	err := json.Unmarshal([]byte(text), &o)
	ctx := tenant.With(context.Background(), o.Tenant)
	var s *store.Store
	var blobs *blob.Store
	if err == nil {
		s, err = store.Open(ctx, store.Options{URL: o.URL})
	}
	if err == nil {
		blobs, err = blob.Open(ctx, o.Blobs)
	}
	if err == nil {
		err = service(s, blobs, func() time.Time { return o.Now }, func(context.Context, schedule.Mail) error {
			if o.Mails--; o.Mails >= 0 {
				return nil
			}
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}).Run(ctx, o.Run)
	}
	fmt.Fprintln(os.Stderr, "nothing killed us", err)
	os.Exit(3)
}

// A process that is really killed in the middle of a mail is followed by another one that sends what was not begun, and never what a mail
// server may have.
func TestAKilledProcessSendsNothingTwice(t *testing.T) {
	t.Parallel()
	for mails := range 2 {
		h := setup(t)
		at := "file://" + t.TempDir()
		h.open(at)
		one := h.daily()
		r := h.pass(one)
		o := order{URL: h.URL, Blobs: at, Now: h.Now.Now(), Run: r.ID, Mails: mails}
		o.Tenant, _ = tenant.From(h.ctx)
		text, err := json.Marshal(o)
		h.do(err)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), orders+"="+string(text))
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child ended otherwise: %v\n%s", err, out)
		}
		h.do(h.schedules.Run(h.ctx, r.ID))
		if len(h.sent) != 1-mails {
			t.Errorf("killed after %d mails: %d more were sent", mails, len(h.sent))
		}
		got := map[schedule.Sending]int{}
		for _, d := range h.last(one).Deliveries {
			got[d.Status]++
		}
		if got[schedule.Begun] != 1 || got[schedule.Attached] != 1 || h.last(one).Status != schedule.Done {
			t.Errorf("%v", got)
		}
	}
}
