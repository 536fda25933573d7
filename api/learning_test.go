package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func TestALearnerEnrolsLearnsIsAssessedAndIsCertified(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Desk <safety>"))
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/").is(200).says("Desk &lt;safety&gt;")
	b.get("/courses?q=desk").is(200).says("Desk &lt;safety&gt;")
	course, learn := "/courses/"+o.Course.Slug, "/learn/"+o.Course.Slug
	b.get(learn).is(303).leads(course) // not in it yet
	b.get(course).is(200).says(course + "/enrol")
	b.post(course + "/enrol").is(303).leads(learn)
	text, quiz := o.Lessons()[0], o.Lessons()[1]
	b.get(learn).is(303).leads(learn + "/" + text.ID.String())
	b.get(learn+"/"+text.ID.String()).is(200).says("Lock your screen", "You are enrolled in")
	b.post(learn + "/" + text.ID.String() + "/continue").is(303).leads(learn + "/" + quiz.ID.String())
	at := learn + "/" + quiz.ID.String()
	b.get(at).is(200).says("Lock the screen", "Turn it to the wall").saysNot("An open screen is an open door.")
	b.post(at + "/continue").is(409).says("Answer the questions")
	b.post(at + "/quiz").is(422).says("has no answer yet")

	q := quiz.Questions[0]
	b.post(at+"/quiz", "q."+q.ID.String(), q.Options[1].ID.String()).is(303).leads(at + "#result")
	b.get(at).is(200).says("0%").saysNot("An open screen is an open door.")
	b.get(at + "?retry=1").is(200).says(`name="q.` + q.ID.String())
	b.post(at+"/quiz", "q."+q.ID.String(), q.Options[0].ID.String()).is(303)
	b.get(at).is(200).says("100%", "An open screen is an open door.")
	b.get(learn).is(200).says("Desk &lt;safety&gt;", `http-equiv="refresh"`)
	b.get("/certificates").is(200)

	mine, err := h.o.Enrolment.Mine(storetest.As(t, h.ctx, h.w, p), page.Request{})
	if err != nil || len(mine.Items) != 1 {
		t.Fatalf("%+v, %v", mine, err)
	}
	cert, err := h.o.Certificates.Issue(h.ctx, mine.Items[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	b.get(learn).is(200).says("/certificates/" + cert.Code + ".pdf").saysNot(`http-equiv="refresh"`)
	b.get("/").is(200).says(cert.Code)
	b.get(course).is(200).says(cert.Code)
	pdf := b.get("/certificates/"+cert.Code+".pdf").is(200).has("Content-Type", "application/pdf").hasIn("Content-Disposition", "inline")
	if !strings.HasPrefix(pdf.body, "%PDF-") {
		t.Error("the certificate is no PDF")
	}
	h.as(h.person(policy.Learner)).get("/certificates/" + cert.Code + ".pdf").is(404)
	h.as(h.person(policy.Manager)).get("/certificates/" + cert.Code + ".pdf").is(200)
	h.stranger().get("/verify/"+cert.Code).is(200).says(p.Name, "Desk &lt;safety&gt;")
	h.stranger().get("/verify/" + strings.Repeat("0", 20)).is(404)
	h.browser(h.hostOf(h.newTenant())).get("/verify/" + cert.Code).is(404)
}

// film uploads the sample video and gives its id.
func (h *house) film(b *browser) (file string, data []byte) {
	h.t.Helper()
	data, err := os.ReadFile("../internal/media/testdata/" + filmName(h.t))
	if err != nil {
		h.t.Fatal(err)
	}
	b.get("/studio").is(200)
	made := b.multipart("/files", nil, "file", "drill.mp4", data).is(201)
	var out struct {
		ID, Kind, URL string
		MediaType     string `json:"media_type"`
	}
	if err := json.Unmarshal([]byte(made.body), &out); err != nil || out.Kind != "video" || out.URL != made.Header.Get("Location") {
		h.t.Fatalf("%s, %v", made.body, err)
	}
	return out.ID, data
}

func filmName(t testing.TB) string {
	t.Helper()
	list, err := os.ReadDir("../internal/media/testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if strings.HasSuffix(f.Name(), ".mp4") {
			return f.Name()
		}
	}
	t.Fatal("no sample video in internal/media/testdata")
	return ""
}

func TestAVideoIsReportedByTheScriptAndByALeavingPage(t *testing.T) {
	t.Parallel()
	h := setup(t)
	author := h.as(h.person(policy.Instructor))
	file, _ := h.film(author)
	id, _ := uid.Parse(file)
	in := storetest.SmallCourse("Evacuation")
	in.Modules[0].Lessons = append([]catalog.LessonInput{{Kind: catalog.LessonVideo, Title: "The film", FileID: &id}}, in.Modules[0].Lessons...)
	o := storetest.PublishedCourse(t, h.ctx, h.w, in)
	b := h.as(h.person(policy.Learner))
	b.get("/courses/" + o.Course.Slug).is(200)
	b.post("/courses/" + o.Course.Slug + "/enrol").is(303)
	at := "/learn/" + o.Course.Slug + "/" + o.Lessons()[0].ID.String()
	b.get(at).is(200).says("<video", "/files/"+file+"/", at+"/reports")
	e := regexp.MustCompile(`data-enrolment="([0-9a-f-]{36})"`).FindStringSubmatch(b.get(at).body)
	if e == nil {
		t.Fatal("the page does not say whose reports it takes")
	}
	h.w.Now.Advance(time.Second)
	report := func(rest string) string {
		return `{"enrolment": "` + e[1] + `", "reports": [{"id": "` + uid.New().String() + `", ` + rest + `}]}`
	}
	b.json(http.MethodPost, at+"/reports", report(`"position": 0.2, "played": [[0, 0.2]], "seen": [[1, 0]]`)).is(200).says(`"position":0.2`, `"completed":false`)
	b.json(http.MethodPost, at+"/reports", report(`"position": -1, "played": []`)).is(422).says(`"field":"reports.0.position"`)
	b.json(http.MethodPost, at+"/reports", report(`"played": "all"`)).is(422).says("bad_request")
	b.json(http.MethodPost, at+"/reports", strings.Replace(report(`"played": []`), e[1], uid.New().String(), 1)).is(404)
	b.post(at+"/reports", "enrolment", e[1], "reports", `[{"id": "`+uid.New().String()+`", "position": 0.2, "played": [[0, 0.2]]}]`).is(200)
	b.post(at+"/reports", "enrolment", e[1], "reports", "all").is(422)
	b.get(at).is(200).says(`data-position="0.2"`)
}

func TestUsageAndTheLogAreShownWithTheirProof(t *testing.T) {
	t.Parallel()
	h := setup(t)
	course := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Counted"))
	learner, e := storetest.EnrolledLearner(t, h.ctx, h.w, course)
	if _, err := h.o.Enrolment.Open(learner, course.Course.Slug, nil); err != nil {
		t.Fatal(err)
	}
	admin := h.person(policy.Admin)
	b := h.as(admin)
	var started event.Event
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		list, err := h.w.Store.Events(ctx, event.Filter{Type: "lesson.started", Subject: e.ID})
		if err == nil {
			started = list.Items[0]
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.o.Billing.Count(h.ctx, started); err != nil {
		t.Fatal(err)
	}
	usage := b.get("/usage").is(200)
	proof := regexp.MustCompile(`/usage/([0-9a-f-]{36})`).FindStringSubmatch(usage.body)
	if proof == nil {
		t.Fatalf("no entry leads to its proof: %s", firstOf(usage.body, 4000))
	}
	b.get("/usage/" + proof[1]).is(200).says("Counted")
	b.get("/usage?month=2026-03").is(200)
	b.get("/usage?month=March").is(422)
	b.get("/usage/" + uid.New().String()).is(404)
	b.get("/audit").is(200).says(admin.Name, "Course published")
	b.get("/audit?type=course.published").is(200).says("Course published").saysNot("Signed in</strong>")
	b.get("/audit?after=nonsense").is(422)
}

func TestAFetchAheadOrFromElsewhereBeginsNoLesson(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Desk safety"))
	p := h.person(policy.Learner)
	b := h.as(p)
	b.get("/courses/" + o.Course.Slug)
	b.post("/courses/" + o.Course.Slug + "/enrol").is(303)
	ask := func(method, path string, header ...string) answer {
		r := httptest.NewRequest(method, path, http.NoBody)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return b.do(r)
	}
	begun := func() bool {
		mine, err := h.o.Enrolment.Mine(storetest.As(t, h.ctx, h.w, p), page.Request{})
		if err != nil || len(mine.Items) != 1 {
			t.Fatalf("%+v, %v", mine, err)
		}
		return mine.Items[0].StartedAt != nil
	}
	learn := "/learn/" + o.Course.Slug
	lesson := learn + "/" + o.Lessons()[0].ID.String()
	for _, path := range []string{learn, lesson} {
		ask(http.MethodHead, path).is(405)
		ask(http.MethodGet, path, "Sec-Purpose", "prefetch;prerender").is(204).has("Cache-Control", "no-store")
		ask(http.MethodGet, path, "Purpose", "prefetch").is(204)
		ask(http.MethodGet, path, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors").is(403).says("from this portal only")
		ask(http.MethodGet, path, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors").is(403)
	}
	if begun() {
		t.Error("the course has begun without its learner")
	}
	ask(http.MethodGet, lesson, "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate").is(200)
	if !begun() {
		t.Error("opening the lesson did not begin it")
	}
}

func TestWhatCannotBeReadIsToldSoAndIsNoMistakeOfOurs(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	key := keyFrom(t, b, "course:read")
	for _, path := range []string{"/courses/%00", "/courses/%ff", "/courses?q=a%00", "/courses?%ff=a", "/files/%00/%ff", "/nowhere/%c3%28", "/verify/%00/../x"} {
		b.get(path).is(422).says("cannot be read")
	}
	h.browser(platformHost).get("/signup/wait/%00").is(422).says("cannot be read")
	for _, path := range []string{"/api/v1/courses/%00", "/api/v1/courses?q=%00", "/api/v1/courses?q=%ff"} {
		h.stranger().json(http.MethodGet, path, "", "Authorization", "Bearer "+key).is(422).says(`"code":"illegible"`, "cannot be read")
	}
	b.get("/account").is(200)
	b.post("/account", "name", "Ada\x00").is(422).says("cannot be read")
	b.post("/account", "na\xffme", "Ada").is(422).says("cannot be read")
	b.get("/courses?q=%C3%9Cbung+100%25").is(200)
	if got := raw(t, h.serve(), []byte("GET /courses/%zz HTTP/1.1\r\nHost: "+h.host+"\r\nConnection: close\r\n\r\n")); !strings.HasPrefix(got, "HTTP/1.1 422") {
		t.Errorf("a broken escape: %s", firstOf(got, 200))
	}
}

func TestHostileValuesAreMessagesNotMistakes(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Owner))
	for _, path := range []string{
		"/people?q=%00%ff", "/people?role=%00", "/people?status=nonsense", "/people?after=%00", "/courses?q=%ff%00&after=x", "/studio?status=%00&q=%00", "/audit?type=%00",
		"/courses/%00", "/learn/%2e%2e/%2e%2e", "/verify/%00%ff", "/usage?after=%00", "/settings/brand/preview?theme=%00&name=%ff", "/settings/brand/check?colour=%00",
		"/settings/brand/preview.css?colour=%3c/style%3e", "/certificates/%00.pdf", "/people/" + strings.Repeat("a", 3000), "/learn/x/" + uid.New().String(),
	} {
		if got := b.get(path); got.StatusCode >= 500 {
			t.Errorf("%s: %d\n%s", path, got.StatusCode, firstOf(h.log.String(), 3000))
		}
	}
	b.get("/account").is(200)
	for _, post := range [][]string{
		{"/account", "name", "\x00\xff"}, {"/people/invite", "email", "\x00", "name", "\xff", "role", "\x00"}, {"/studio/courses", "title", "\x00", "language", "\xff\x00"},
		{"/settings/api-keys", "name", "\x00", "days", "99999999999999999999", "scopes", "\x00"}, {"/settings/brand", "name", "\x00", "colour", "\xff", "theme", "\x00"},
		{"/people/x/roles", "roles", "\x00"},
	} {
		if got := b.post(post[0], post[1:]...); got.StatusCode >= 500 || got.StatusCode < 300 {
			t.Errorf("%q: %d\n%s", post, got.StatusCode, firstOf(h.log.String(), 3000))
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/settings/brand", strings.NewReader("--x\r\nnonsense"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("X-CSRF-Token", b.csrf)
	b.do(r).is(422)
}
