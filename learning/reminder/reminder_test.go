package reminder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/auth/group"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/duty"
	"lyceum/learning/enrolment"
	"lyceum/learning/notice"
	"lyceum/learning/reminder"
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
	t          *testing.T
	ctx, admin context.Context
	reminders  *reminder.Service
	notices    *notice.Service
	enrolments *enrolment.Service
	course     catalog.Outline
}

func setup(t *testing.T) *house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	now := w.Now.Clock()
	h := &house{World: w, t: t, ctx: ctx, admin: storetest.As(t, ctx, w, storetest.Person(t, ctx, w, policy.Admin)), notices: notice.New(notice.Options{Keep: w.Store, Announce: w.Store, Now: now})}
	h.reminders = reminder.New(w.Store, h.notices, now)
	h.enrolments = enrolment.New(enrolment.Options{Keep: w.Store, Now: now})
	h.course = storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Knots"))
	return h
}

func (h *house) do(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) exec(sql string, args ...any) {
	h.t.Helper()
	portal, _ := tenant.From(h.ctx)
	_, err := h.Admin.Exec(h.t.Context(), fmt.Sprintf(sql, portal.SchemaName), args...)
	h.do(err)
}

// due enrols somebody in a course that is due after so many days, at the end of the day.
func (h *house) due(p auth.Person, o catalog.Outline, days int) {
	h.t.Helper()
	at := h.Now.Now().AddDate(0, 0, days)
	_, err := h.enrolments.EnrolBy(h.admin, o.Course.ID, p.ID, &enrolment.Day{Year: at.Year(), Month: at.Month(), Day: at.Day()})
	h.do(err)
}

// sweep looks twice, as two processes might, and gives all that was told.
func (h *house) sweep() []reminder.Message {
	h.t.Helper()
	for range 2 {
		_, err := h.reminders.Sweep(h.ctx)
		h.do(err)
	}
	list, err := h.reminders.Sent(h.admin, uid.Nil, page.Request{})
	h.do(err)
	return list.Items
}

func (h *house) days(n int) { h.Now.Advance(time.Duration(n) * 24 * time.Hour) }

func titles(items reminder.Items) (out []string) {
	for _, i := range items {
		out = append(out, fmt.Sprintf("%s%+d", i.Title, i.Step))
	}
	return out
}

func TestOneMessageADayHoldsEverythingAndNothingTwice(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee := storetest.Person(t, h.ctx, h.World, policy.Learner)
	other := storetest.PublishedCourse(t, h.ctx, h.World, storetest.SmallCourse("Sails"))
	far := h.Tenant(t)
	h.due(lee, h.course, 10)
	h.due(lee, other, 10)
	if got := h.sweep(); len(got) != 0 {
		t.Fatalf("told at once: %+v", got)
	}
	h.days(3)
	got := h.sweep()
	if len(got) != 1 || got[0].PersonID != lee.ID || got[0].Day != "2026-03-07" || !got[0].App || got[0].Mail != reminder.MailWaiting || len(got[0].Items) != 2 || got[0].Items[0].Step != -7 {
		t.Fatalf("%+v", got)
	}
	me := storetest.As(t, h.ctx, h.World, lee)
	told, err := h.notices.Mine(me, page.Request{})
	h.do(err)
	if len(told.Items) != 1 || told.Items[0].Data["as"] != "several" || told.Items[0].Data["days"] != "2" {
		t.Errorf("in the app: %+v", told.Items)
	}
	if mine, err := h.reminders.Mine(me, got[0].ID); err != nil || len(mine.Own()) != 2 || len(mine.Team()) != 0 {
		t.Errorf("%+v, %v", mine, err)
	}
	colleague, _ := storetest.Learner(t, h.ctx, h.World)
	if _, err := h.reminders.Mine(colleague, got[0].ID); !errors.Is(err, reminder.ErrNotFound) {
		t.Errorf("a colleague reads it: %v", err)
	}
	if _, err := h.reminders.Sent(colleague, uid.Nil, page.Request{}); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner reads all: %v", err)
	}
	if types := storetest.EventTypes(t, h.ctx, h.World, got[0].ID); len(types) != 1 || types[0] != "reminder.sent" {
		t.Errorf("events %v", types)
	}
	for days, want := range []int{1, 1, 1, 1, 1, 1, 2, 2, 3} { // a week, a day, and the day after
		if got := h.sweep(); len(got) != want {
			t.Errorf("after %d more days: %d messages, want %d", days, len(got), want)
		}
		h.days(1)
	}
	if _, err := h.reminders.Sweep(far); err != nil {
		t.Fatal(err)
	}
	boss := storetest.As(t, far, h.World, storetest.Person(t, far, h.World, policy.Admin))
	if list, err := h.reminders.Sent(boss, uid.Nil, page.Request{}); err != nil || len(list.Items) != 0 {
		t.Errorf("another tenant sees %d, %v", len(list.Items), err)
	}
	if _, err := h.reminders.Mine(boss, got[0].ID); !errors.Is(err, reminder.ErrNotFound) {
		t.Errorf("another tenant reads it: %v", err)
	}
}

func TestNothingIsToldInQuietHoursOfTheReadersPlace(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee := storetest.AddPerson(t, h.ctx, h.World, auth.Person{TimeZone: "America/Los_Angeles"}, policy.Learner)
	early := storetest.AddPerson(t, h.ctx, h.World, auth.Person{TimeZone: "America/Los_Angeles"}, policy.Learner)
	h.do(h.reminders.SetHours(storetest.As(t, h.ctx, h.World, early), reminder.Hours{From: ptr(22), To: ptr(1)}))
	h.due(lee, h.course, 8)
	h.due(early, h.course, 8)
	h.days(1) // 9:00 in UTC: 1:00 in Los Angeles, of the same day
	if got := h.sweep(); len(got) != 1 || got[0].PersonID != early.ID {
		t.Fatalf("at one o'clock: %+v", got)
	}
	h.Now.Advance(6*time.Hour + 59*time.Minute)
	if got := h.sweep(); len(got) != 1 {
		t.Fatalf("before eight: %+v", got)
	}
	h.Now.Advance(time.Minute)
	if got := h.sweep(); len(got) != 2 || got[0].PersonID != lee.ID {
		t.Fatalf("at eight: %+v", got)
	}
	me := storetest.As(t, h.ctx, h.World, lee)
	if err := h.reminders.SetHours(me, reminder.Hours{From: ptr(22)}); fault.Of(err).Fields["quiet_to"] == "" {
		t.Errorf("one hour alone: %v", err)
	}
	if err := h.reminders.SetHours(me, reminder.Hours{From: ptr(22), To: ptr(24)}); fault.Of(err).Fields["quiet_to"] == "" {
		t.Errorf("an hour that is none: %v", err)
	}
	h.do(h.reminders.SetHours(me, reminder.Hours{}))
	own, from, to, err := h.reminders.Hours(me)
	if err != nil || own.From != nil || from != 20 || to != 8 {
		t.Errorf("%+v, %d to %d, %v", own, from, to, err)
	}
}

func ptr(n int) *int { return &n }

func TestAManagerHearsOnceOfAllTheirPeopleTogetherWithTheirOwn(t *testing.T) {
	t.Parallel()
	h := setup(t)
	boss := storetest.Person(t, h.ctx, h.World, policy.Learner)
	lee, ada := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	h.exec("update %s.people set manager_id = $1 where id in ($2, $3)", boss.ID, lee.ID, ada.ID)
	h.due(lee, h.course, 3)
	h.due(ada, h.course, 3)
	h.due(boss, h.course, 11)
	h.days(10) // overdue for a week, and a day is left for the manager's own
	var mine []reminder.Message
	for _, m := range h.sweep() {
		if m.PersonID == boss.ID {
			mine = append(mine, m)
		}
	}
	if len(mine) != 1 || len(mine[0].Own()) != 1 || len(mine[0].Team()) != 2 || mine[0].Team()[0].Step != 7 || mine[0].Own()[0].Step != -1 {
		t.Fatalf("%+v", mine)
	}
	h.exec("update %s.enrolments set status = 'completed', completed_at = $1 where person_id = $2", h.Now.Now(), boss.ID)
	for range 8 {
		h.days(1)
		for _, m := range h.sweep() {
			if m.PersonID == boss.ID && m.ID != mine[0].ID {
				t.Fatalf("told again: %+v", m)
			}
		}
	}
}

func TestADutyIsToldOfInPlaceOfItsEnrolmentAndNotWhileItIsWaived(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee, off := storetest.Person(t, h.ctx, h.World, policy.Learner), storetest.Person(t, h.ctx, h.World, policy.Learner)
	duties := duty.New(h.Store, h.enrolments, nil, h.Now.Clock())
	groups := group.New(h.Store, h.Now.Clock())
	r, err := duties.Save(h.admin, uid.Nil, duty.Input{Status: duty.StatusOn, Name: "Rigging", Courses: []uid.ID{h.course.Course.ID}, Terms: duty.Terms{DueDays: ptr(20), ValidMonths: ptr(12), RenewDays: 60}})
	h.do(err)
	g, err := groups.Create(h.admin, group.Input{Name: "Riggers"})
	h.do(err)
	_, err = groups.Add(h.admin, g.ID, []uid.ID{lee.ID, off.ID})
	h.do(err)
	_, err = duties.Apply(h.admin, r.ID, duty.Proposal{Do: duty.DoAdd, Group: g.ID})
	h.do(err)
	h.do(duties.RunAll(h.ctx))
	h.do(duties.Waive(h.admin, r.ID, off.ID, nil, "On leave."))
	days, more, err := h.reminders.Preview(h.admin)
	if err != nil || more || len(days) != 7 || days[0].People != 0 {
		t.Errorf("%+v, %v", days, err)
	}
	own := reminder.Default()
	own.BeforeDue = []int{18}
	if _, err := h.reminders.Save(h.admin, reminder.Policy{Scope: reminder.ScopeRequirement, ScopeID: r.ID, Rules: own}); err != nil {
		t.Fatal(err)
	}
	days, _, err = h.reminders.Preview(h.admin)
	if err != nil || days[1].People != 0 || days[2].People != 1 || days[2].Messages[0].PersonID != lee.ID || days[3].People != 0 {
		t.Errorf("ahead: %+v, %v", days, err)
	}
	h.days(2)
	if got := h.sweep(); len(got) != 1 || got[0].PersonID != lee.ID || fmt.Sprint(titles(got[0].Items)) != "[Rigging-18]" || got[0].Items[0].Kind != reminder.KindDuty {
		t.Fatalf("%+v", got)
	}
	h.exec("update %s.enrolments set status = 'completed', completed_at = $1 where person_id = $2", h.Now.Now(), lee.ID)
	h.do(duties.Advance(h.ctx, lee.ID))
	h.days(331)
	h.sweep()
	h.days(30)
	got := h.sweep()
	var steps []string
	for _, m := range got {
		steps = append(steps, titles(m.Items)...)
	}
	if len(got) != 2 || got[0].Items[0].Kind != reminder.KindRenewal {
		t.Errorf("over its year: %v", steps)
	}
}

func TestAMailIsForWhatIsStillOpenAndGoesOutOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	lee := storetest.Person(t, h.ctx, h.World, policy.Learner)
	other := storetest.PublishedCourse(t, h.ctx, h.World, storetest.SmallCourse("Sails"))
	h.due(lee, h.course, 8)
	h.due(lee, other, 8)
	h.days(1)
	id := h.sweep()[0].ID
	h.exec("update %s.enrolments set status = 'completed', completed_at = $1 where course_id = $2", h.Now.Now(), other.Course.ID)
	m, ok, err := h.reminders.Mail(h.ctx, id)
	if err != nil || !ok || fmt.Sprint(titles(m.Items)) != "[Knots-7]" {
		t.Fatalf("%+v, %v, %v", m, ok, err)
	}
	if _, ok, err = h.reminders.Mail(h.ctx, id); ok || err != nil {
		t.Errorf("a second process mails too: %v", err)
	}
	h.do(h.reminders.Mailed(h.ctx, id, reminder.MailWaiting)) // the server was away
	if _, ok, err = h.reminders.Mail(h.ctx, id); !ok || err != nil {
		t.Errorf("it is not tried again: %v", err)
	}
	h.do(h.reminders.Mailed(h.ctx, id, reminder.MailSent))
	h.do(h.reminders.Mailed(h.ctx, id, reminder.MailWaiting))
	if got := h.sweep(); got[0].Mail != reminder.MailSent {
		t.Errorf("%+v", got)
	}
	h.days(6)
	late := h.sweep()[0].ID
	h.Now.Advance(21 * time.Hour)
	if _, ok, err = h.reminders.Mail(h.ctx, late); ok || err != nil || h.sweep()[0].Mail == reminder.MailWaiting {
		t.Errorf("a mail of yesterday: %v, %v", ok, err)
	}
}

func TestWhoSwitchedItOffIsNotToldAndTheLedgerSaysSo(t *testing.T) {
	t.Parallel()
	h := setup(t)
	me, lee := storetest.Learner(t, h.ctx, h.World)
	h.do(h.notices.Choose(me, map[notice.Kind]notice.Wish{notice.KindDueSoon: {}, notice.KindOverdue: {Mail: true}})) // the second is told no more
	h.due(lee, h.course, 8)
	h.days(1)
	got := h.sweep()
	if len(got) != 1 || got[0].App || got[0].Mail != reminder.MailNone {
		t.Fatalf("%+v", got)
	}
	if told, err := h.notices.Mine(me, page.Request{}); err != nil || len(told.Items) != 0 {
		t.Errorf("%+v, %v", told, err)
	}
}

func TestRulesAreCheckedAndOnlyAdministratorsWriteThePortals(t *testing.T) {
	t.Parallel()
	h := setup(t)
	manager := storetest.As(t, h.ctx, h.World, storetest.Person(t, h.ctx, h.World, policy.Manager))
	portal := reminder.Policy{Scope: reminder.ScopePortal, Rules: reminder.Default()}
	if _, err := h.reminders.Save(manager, portal); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a manager: %v", err)
	}
	wrong := portal
	wrong.Rules = reminder.Rules{BeforeDue: []int{0}, BeforeExpiry: []int{366}, OverdueTimes: 53, EscalateAfter: -1, QuietFrom: 24}
	if _, err := h.reminders.Save(h.admin, wrong); len(fault.Of(err).Fields) != 6 {
		t.Errorf("%+v", fault.Of(err).Fields)
	}
	portal.Rules.On = false
	saved, err := h.reminders.Save(h.admin, portal)
	if err != nil || saved.Revision != 1 {
		t.Fatalf("%+v, %v", saved, err)
	}
	if _, err := h.reminders.Save(h.admin, portal); !errors.Is(err, reminder.ErrChanged) {
		t.Errorf("of an older revision: %v", err)
	}
	lee := storetest.Person(t, h.ctx, h.World, policy.Learner)
	h.due(lee, h.course, 8)
	h.days(1)
	if got := h.sweep(); len(got) != 0 {
		t.Errorf("told though it is off: %+v", got)
	}
	own := reminder.Policy{Scope: reminder.ScopeCourse, ScopeID: h.course.Course.ID, Rules: reminder.Default()}
	if _, err := h.reminders.Save(manager, own); err != nil {
		t.Fatal(err)
	}
	if list, err := h.reminders.Policies(manager); err != nil || len(list) != 2 || list[1].Name != "Knots" || list[0].Rules.On {
		t.Errorf("%+v, %v", list, err)
	}
	if got := h.sweep(); len(got) != 1 {
		t.Errorf("a course's own rules: %+v", got)
	}
	h.do(h.reminders.Remove(manager, reminder.ScopeCourse, h.course.Course.ID))
	if err := h.reminders.Remove(manager, reminder.ScopeCourse, h.course.Course.ID); !errors.Is(err, reminder.ErrNotFound) {
		t.Errorf("removed again: %v", err)
	}
	far := h.Tenant(t)
	stranger := storetest.As(t, far, h.World, storetest.Person(t, far, h.World, policy.Admin))
	if _, err := h.reminders.Policy(stranger, reminder.ScopeCourse, h.course.Course.ID); !errors.Is(err, reminder.ErrNoScope) {
		t.Errorf("another tenant's course: %v", err)
	}
}

// orders tell a child process what to do.
const orders = "LYCEUM_TEST_REMINDERS"

type order struct {
	URL    string
	Tenant tenant.Tenant
	Now    time.Time
	Do     string // sweep: be killed where everything is written and nothing committed; mail: with the mail server
	ID     uid.ID
}

// killer kills its own process where the events are written, the last thing of a sweep's transaction.
type killer struct{ *store.Store }

func (killer) AppendEvents(context.Context, ...event.Event) error { return die() }

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
	now := func() time.Time { return o.Now }
	r := reminder.New(killer{s}, notice.New(notice.Options{Keep: s, Announce: s, Now: now}), now)
	if o.Do == "sweep" {
		_, err = r.Sweep(ctx)
	} else if _, _, err = r.Mail(ctx, o.ID); err == nil {
		_ = die()
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

// A process that is really killed while it tells people has told nobody, and the next one tells everybody once; one that is killed with
// the mail server in the middle of a mail is followed by none that sends it again.
func TestAKilledProcessTellsNobodyTwice(t *testing.T) {
	t.Parallel()
	h := setup(t)
	me, lee := storetest.Learner(t, h.ctx, h.World)
	h.due(lee, h.course, 8)
	h.days(1)
	for range 2 {
		h.kill(order{Do: "sweep"})
	}
	if list, err := h.reminders.Sent(h.admin, uid.Nil, page.Request{}); err != nil || len(list.Items) != 0 {
		t.Fatalf("half done: %+v, %v", list, err)
	}
	got := h.sweep()
	told, err := h.notices.Mine(me, page.Request{})
	if err != nil || len(got) != 1 || len(told.Items) != 1 {
		t.Fatalf("%d messages, %d notices, %v", len(got), len(told.Items), err)
	}
	h.kill(order{Do: "mail", ID: got[0].ID})
	if _, ok, err := h.reminders.Mail(h.ctx, got[0].ID); ok || err != nil {
		t.Errorf("sent again: %v", err)
	}
	if got := h.sweep(); len(got) != 1 || got[0].Mail != reminder.MailSending {
		t.Errorf("%+v", got)
	}
}

// A portal in which nothing has a date is not looked through; what is due within a year, or is over, is found by the question before.
func TestAPortalWithoutDatesIsAskedOnce(t *testing.T) {
	t.Parallel()
	h := setup(t)
	dated := func(when string, want bool) {
		t.Helper()
		if got, err := h.reminders.Dated(h.ctx); err != nil || got != want {
			t.Errorf("%s: %v, %v", when, got, err)
		}
	}
	other := h.Tenant(t)
	dated("nothing", false)
	p := storetest.Person(t, h.ctx, h.World, policy.Learner)
	course := storetest.PublishedCourse(t, h.ctx, h.World, storetest.SmallCourse("Knots"))
	due := func(at *time.Time) {
		t.Helper()
		portal, _ := tenant.From(h.ctx)
		_, err := h.Admin.Exec(t.Context(), "insert into "+portal.SchemaName+`.enrolment_rounds (id, course_id, version_id, person_id, status, source, percent, enrolled_at, due_at) values ($1, $2, $3, $4, 'active', 'assigned', 0, $5, $6)
			on conflict (person_id, course_id) where superseded_at is null do update set due_at = excluded.due_at`, uid.New(), course.Course.ID, *course.Course.PublishedID, p.ID, h.Now.Now(), at)
		if err != nil {
			t.Fatal(err)
		}
	}
	due(nil)
	dated("a course without a date", false)
	for when, days := range map[string]int{"long over": -400, "in eleven months": 330} {
		at := h.Now.Now().AddDate(0, 0, days)
		due(&at)
		dated(when, true)
	}
	far := h.Now.Now().AddDate(3, 0, 0)
	due(&far)
	dated("in three years", false)
	if got, err := h.reminders.Dated(other); err != nil || got {
		t.Errorf("another portal: %v, %v", got, err)
	}
}
