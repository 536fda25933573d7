package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/notice"
	"lyceum/learning/path"
	"lyceum/store"
	"lyceum/store/storetest"
)

// tell makes a notice for a person.
func (h *house) tell(p auth.Person, kind notice.Kind, data notice.Data) {
	h.t.Helper()
	_, err := h.o.Notices.Tell(h.ctx, notice.Telling{Source: uid.New(), Kind: kind, People: []uid.ID{p.ID}, Data: data, Path: "/courses"})
	if err != nil {
		h.t.Fatal(err)
	}
}

// due enrols a person by a manager, to be done by a day.
func (h *house) due(p auth.Person, o catalog.Outline, day string) enrolment.Enrolment {
	h.t.Helper()
	manager := storetest.As(h.t, h.ctx, h.w, storetest.Person(h.t, h.ctx, h.w, policy.Manager))
	on, ok := enrolment.ParseDay(day)
	if !ok {
		h.t.Fatal(day)
	}
	e, err := h.o.Enrolment.EnrolBy(manager, o.Course.ID, p.ID, &on)
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// The issue asks for at most 6 queries a page; who asks is remembered from the page before.
func TestHomeAndCoursePageAskAtMostSixQuestions(t *testing.T) {
	t.Parallel()
	h := setup(t)
	in, water := storetest.SmallCourse("Fire"), storetest.SmallCourse("Water")
	cover := storetest.File(t, h.ctx, h.w, content.FilePicture, "image/png", 0)
	in.CoverFileID, water.CoverFileID = &cover.ID, &cover.ID
	o := storetest.PublishedCourse(t, h.ctx, h.w, in)
	storetest.PublishedCourse(t, h.ctx, h.w, water)
	p := h.person(policy.Learner)
	h.due(p, o, "2026-03-10")
	h.tell(p, notice.KindEnrolled, notice.Data{"course": "Fire"})
	b := h.as(p)
	for _, at := range []string{"/", "/courses/" + o.Course.Slug, "/courses/water", "/notifications", "/calendar", "/transcript"} {
		b.get(at).is(200)
		h.o.Notices.Changed(uid.Nil, uid.Nil) // the bell counts anew
		var got answer
		list := storetest.Statements(t, h.ctx, func() { got = b.get(at) })
		got.is(200)
		if len(list) > 6 || len(list) == 0 {
			t.Errorf("%s asks %d questions:\n%s", at, len(list), strings.Join(list, "\n"))
		}
		t.Logf("%s: %d", at, len(list))
	}
}

// A course with everything that may stand before it asks no more questions than a simple one: prerequisites of each kind,
// places that are taken, a waiting list, a place on request.
func TestACourseWithConditionsAsksAtMostSixQuestions(t *testing.T) {
	t.Parallel()
	h := setup(t)
	publish := func(title string) catalog.Outline {
		return storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse(title))
	}
	before, first, needing, full, asked := publish("Before"), publish("First"), publish("Needing"), publish("Full"), publish("Asked")
	author := storetest.Instructor(t, h.ctx, h.w)
	for course, need := range map[uid.ID]path.NeedInput{
		needing.Course.ID: {Kind: enrolment.NeedCourse, Course: before.Course.ID},
		before.Course.ID:  {Kind: enrolment.NeedCertificate, Course: first.Course.ID},
	} {
		if _, err := h.o.Paths.AddNeed(author, course, need); err != nil {
			t.Fatal(err)
		}
	}
	h.setting(t, full.Course.ID, func(c *catalog.Course) { c.Capacity, c.WaitingList = 1, true })
	h.setting(t, asked.Course.ID, func(c *catalog.Course) { c.Visibility = catalog.VisibleOnRequest })
	taker, waits, p := h.as(h.person(policy.Learner)), h.as(h.person(policy.Learner)), h.person(policy.Learner)
	taker.get("/courses/full").is(200)
	taker.post("/courses/full/enrol").is(303)
	waits.get("/courses/full").is(200)
	waits.post("/courses/full/place").is(303)
	b := h.as(p)
	b.get("/courses/full").is(200)
	b.post("/courses/full/place").is(303)
	b.post("/courses/asked/place").is(303)
	if _, err := h.o.Paths.AddNeed(author, full.Course.ID, path.NeedInput{Kind: enrolment.NeedCourse, Course: before.Course.ID}); err != nil {
		t.Fatal(err)
	}
	asksAtMostSix := func(at string) {
		t.Helper()
		b.get(at).is(200)
		h.o.Notices.Changed(uid.Nil, uid.Nil)
		var got answer
		list := storetest.Statements(t, h.ctx, func() { got = b.get(at) })
		got.is(200)
		if len(list) > 6 || len(list) == 0 {
			t.Errorf("%s asks %d questions:\n%s", at, len(list), strings.Join(list, "\n"))
		}
		t.Logf("%s: %d", at, len(list))
	}
	for _, at := range []string{"/courses/needing", "/courses/full", "/courses/asked", "/courses", "/"} {
		asksAtMostSix(at)
	}
	h.due(p, needing, "2026-03-10")
	asksAtMostSix("/courses/needing")
	asksAtMostSix("/")
}

func TestHomeLeadsIntoTheLessonAndSaysWhatIsDue(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire & smoke"))
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/").is(200).says("This is where your courses will be.", "Fire &amp; smoke", "New since")
	h.due(p, o, "2026-03-06")
	b.get("/").is(200).says("Due in 2 days", "/learn/"+o.Course.Slug)
	text := o.Lessons()[0]
	b.get("/learn/" + o.Course.Slug + "/" + text.ID.String()).is(200)
	b.get("/").is(200).says("Lesson 1 of 2", "Continue where you left off")
	b.post("/learn/" + o.Course.Slug + "/" + text.ID.String() + "/continue").is(303)
	b.get("/").is(200).says("Lesson 2 of 2", "Check yourself")
	h.w.Now.Advance(72 * time.Hour)
	b.get("/").is(200).says("One course is overdue.", "overdue")
}

func TestAManagerSetsAndTakesAwayADueDateOnTheRoster(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	p := h.person(policy.Learner)
	m := h.as(h.person(policy.Manager))
	at := "/studio/" + o.Course.ID.String() + "/people"
	m.get(at).is(200)
	m.post(at, "person", p.ID.String(), "due_on", "2026-02-01").is(422).says("This day is over where the learner is.")
	m.post(at, "person", p.ID.String(), "due_on", "soon").is(422).says("Write a day as year-month-day")
	m.post(at, "person", p.ID.String(), "due_on", "2026-03-20").is(303)
	m.get(at).is(200).says(`name="due_on" type="date" value="2026-03-20"`)
	var e uid.ID
	if err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select id from enrolments where person_id = $1", p.ID).Scan(&e)
	}); err != nil {
		t.Fatal(err)
	}
	m.post(at+"/"+e.String()+"/due", "due_on", "2026-03-25").is(303)
	m.get(at).is(200).says(`value="2026-03-25"`)
	m.post(at+"/"+e.String()+"/due", "due_on", "").is(303)
	m.get(at).is(200).saysNot(`value="2026-03-25"`)
	h.as(p).get(at).is(403)
}

func TestNotificationsAreListedReadAndChosen(t *testing.T) {
	t.Parallel()
	h := setup(t)
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/notifications").is(200).says("Nothing yet")
	h.tell(p, notice.KindEnrolled, notice.Data{"course": "Fire <1>", "by": "Maya", "as": "by"})
	h.tell(p, notice.KindDueSoon, notice.Data{"as": "over", "course": "Water", "due": "2026-03-01T22:59:59Z"})
	page := b.get("/notifications").is(200).says("Maya enrolled you in “Fire &lt;1&gt;”", "was due on 1 March 2026", "2 new notifications")
	list, err := h.o.Notices.Mine(storetest.As(t, h.ctx, h.w, p), pageAll)
	if err != nil || len(list.Items) != 2 || !strings.Contains(page.body, list.Items[0].ID.String()) {
		t.Fatalf("%+v, %v", list, err)
	}
	b.get("/notifications/" + list.Items[1].ID.String()).is(303).leads("/courses")
	b.get("/").is(200).says("One new notification")
	h.as(h.person(policy.Learner)).get("/notifications/" + list.Items[0].ID.String()).is(404)
	b.post("/notifications/read", "up_to", list.Items[0].ID.String()).is(303)
	b.get("/notifications").is(200).says("You have read everything.")
	b.get("/notifications/settings").is(200).says("Mails about your account").saysNot("Reviews wanted")
	b.post("/notifications/settings", "kind", "enrolled", "mail.enrolled", "1").is(303)
	b.post("/notifications/settings", "kind", "nonsense").is(422).says("There is no such kind of notification.")
	h.tell(p, notice.KindEnrolled, notice.Data{"course": "Air"})
	b.get("/notifications").is(200).saysNot("Air")
	h.stranger().get("/notifications").is(303)
}

func TestTheCalendarFeedIsReadWithoutACookieUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	h := setup(t)
	title := "Fire, smoke; \\ and what to do before, during and after them – für alle Mitarbeiterinnen und Mitarbeiter"
	in := storetest.SmallCourse("Fire")
	in.Title = title
	o := storetest.PublishedCourse(t, h.ctx, h.w, in)
	hash, err := h.o.Auth.HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	p := storetest.AddPerson(t, h.ctx, h.w, auth.Person{PasswordHash: hash, TimeZone: "Pacific/Auckland", Locale: "en"}, policy.Learner)
	e := h.due(p, o, "2026-03-20")
	b := h.as(p)
	b.get("/calendar").is(200).says("March 2026", "Make a secret address", "/courses/"+o.Course.Slug)
	b.get("/calendar?month=2026-04").is(200).says("April 2026")
	b.get("/calendar?month=nonsense&view=agenda").is(200).says("Friday")
	made := b.post("/calendar/address").is(200).has("Cache-Control", "no-store")
	address := between(made.body, `value="http://`+h.host, `"`)
	s := h.stranger()
	feed := s.get(address).is(200).has("Content-Type", "text/calendar; charset=utf-8")
	for line := range strings.SplitSeq(strings.TrimSuffix(feed.body, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d octets: %q", len(line), line)
		}
	}
	cal, err := ics.ParseCalendar(strings.NewReader(feed.body))
	if err != nil || len(cal.Events()) != 1 {
		t.Fatalf("%v in\n%s", err, feed.body)
	}
	ev := cal.Events()[0]
	value := func(p ics.ComponentProperty) string {
		if got := ev.GetProperty(p); got != nil {
			return got.Value
		}
		return ""
	}
	host, _, _ := strings.Cut(h.host, ":")
	for p, want := range map[ics.ComponentProperty]string{
		ics.ComponentPropertyUniqueId: "due-" + e.ID.String() + "@" + host, ics.ComponentPropertyDtStart: "20260320", ics.ComponentPropertyDtEnd: "20260321",
		ics.ComponentPropertySummary: "Due: " + title, ics.ComponentPropertyTransp: "TRANSPARENT",
	} {
		if got := value(p); got != want {
			t.Errorf("%s is %q, want %q", p, got, want)
		}
	}
	if !strings.Contains(feed.body, "DTSTART;VALUE=DATE:20260320\r\n") || !strings.HasPrefix(feed.body, "BEGIN:VCALENDAR\r\n") {
		t.Errorf("the feed is\n%s", feed.body)
	}
	etag := feed.Header.Get("ETag")
	again := httptest.NewRequest(http.MethodGet, address, http.NoBody)
	again.Header.Set("If-None-Match", `"x", W/`+etag)
	if got := s.do(again).is(304); got.body != "" {
		t.Error("304 with a body")
	}
	if strings.Contains(h.log.String(), strings.TrimSuffix(strings.TrimPrefix(address, "/calendar/feed/"), ".ics")) {
		t.Error("the secret address stands in the log")
	}
	h.browser(h.hostOf(h.newTenant())).get(address).is(404)
	manager := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Manager))
	day, _ := enrolment.ParseDay("2026-03-25")
	if _, err := h.o.Enrolment.SetDue(manager, e.ID, &day); err != nil {
		t.Fatal(err)
	}
	changed := httptest.NewRequest(http.MethodGet, address, http.NoBody)
	changed.Header.Set("If-None-Match", etag)
	s.do(changed).is(200).says("DTSTART;VALUE=DATE:20260325", "UID:due-"+e.ID.String())
	b.get("/calendar").is(200)
	b.post("/calendar/address/revoke").is(303)
	s.get(address).is(404)
}

// between is what stands between two words, the first of which is followed by it.
func between(s, before, after string) string {
	_, rest, _ := strings.Cut(s, before)
	found, _, _ := strings.Cut(rest, after)
	return found
}

func TestATranscriptIsShownDrawnAndChecked(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	p := h.person(policy.Learner)
	h.due(p, o, "2026-03-20")
	b := h.as(p)
	b.get("/transcript").is(200).says("Fire", "Not started")
	b.get("/transcript?from=2026-03-05").is(200).says("No courses here")
	b.get("/transcript?from=2026-03-05&until=2026-03-01").is(422).says("The period ends before it begins")
	b.get("/transcript?from=yesterday").is(422).says("Write a day as year-month-day")
	pdf := b.get("/transcript.pdf").is(200).has("Content-Type", "application/pdf")
	if !strings.HasPrefix(pdf.body, "%PDF-") || pdf.body != b.get("/transcript.pdf").body {
		t.Error("the transcript is no PDF, or another one each time")
	}
	var code string
	if err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		return store.Pgx(ctx).QueryRow(ctx, "select code from transcripts").Scan(&code)
	}); err != nil {
		t.Fatal(err)
	}
	h.stranger().get("/verify/transcript/"+code).is(200).says(p.Name, "This transcript is genuine")
	h.stranger().get("/verify/transcript/" + strings.Repeat("0", 20)).is(404).says("No transcript has this number")
	h.browser(h.hostOf(h.newTenant())).get("/verify/transcript/" + code).is(404)
	m := h.as(h.person(policy.Manager))
	m.get("/people/"+p.ID.String()+"/transcript").is(200).says("Fire", p.Name)
	m.get("/people/" + p.ID.String() + "/transcript.pdf").is(200)
	m.get("/people/" + uid.New().String() + "/transcript").is(404)
	h.as(h.person(policy.Learner)).get("/people/" + p.ID.String() + "/transcript").is(403)
}
