package api_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strconv"
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

func TestAVideoIsReportedByTheScriptAndByAForm(t *testing.T) {
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
	b.get(at).is(200).says("<video", "/files/"+file+"/", at+"/watch")
	h.w.Now.Advance(time.Second)
	b.json(http.MethodPost, at+"/watch", `{"position": 0.2, "played": [[0, 0.2]], "duration": 99}`).is(200).says(`"position":0.2`, `"completed":false`)
	b.json(http.MethodPost, at+"/watch", `{"position": -1, "played": []}`).is(422).says(`"field":"position"`)
	b.json(http.MethodPost, at+"/watch", `{"played": "all"}`).is(422).says("bad_request")
	b.post(at+"/watch", "position", "0.2", "played", "[[0,0.2]]").is(303).leads(at)
	b.post(at+"/watch", "position", "somewhere", "played", "all").is(422)
	b.get(at).is(200).says(`data-position="0.2"`)
}

func TestAVideoIsGivenInRanges(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	file, data := h.film(b)
	address, size := "/files/"+file+"/drill.mp4", strconv.Itoa(len(data))
	ask := func(method string, header ...string) answer {
		r := httptest.NewRequest(method, address, http.NoBody)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return b.do(r)
	}
	whole := ask("GET").is(200).has("Content-Type", "video/mp4").has("Accept-Ranges", "bytes").has("Content-Length", size).
		has("Cache-Control", "private, max-age=31536000, immutable").hasIn("Content-Security-Policy", "sandbox").has("X-Content-Type-Options", "nosniff")
	if whole.body != string(data) {
		t.Errorf("%d bytes, want %d", len(whole.body), len(data))
	}
	tag := whole.Header.Get("ETag")
	for _, c := range []struct {
		header   []string
		status   int
		span     string
		from, to int
	}{
		{[]string{"Range", "bytes=0-0"}, 206, "bytes 0-0/" + size, 0, 1},
		{[]string{"Range", "bytes=100-199"}, 206, "bytes 100-199/" + size, 100, 200},
		{[]string{"Range", "bytes=-50"}, 206, "bytes " + strconv.Itoa(len(data)-50) + "-" + strconv.Itoa(len(data)-1) + "/" + size, len(data) - 50, len(data)},
		{[]string{"Range", "bytes=100-", "If-Range", tag}, 206, "bytes 100-" + strconv.Itoa(len(data)-1) + "/" + size, 100, len(data)},
		{[]string{"Range", "bytes=100-", "If-Range", `"another"`}, 200, "", 0, len(data)},
		{[]string{"Range", "bytes=0-1,5-6"}, 200, "", 0, len(data)},
		{[]string{"Range", "bytes=" + size + "-"}, 416, "bytes */" + size, 0, 0},
	} {
		got := ask("GET", c.header...).is(c.status).has("Content-Range", c.span)
		if c.status != 416 && got.body != string(data[c.from:c.to]) {
			t.Errorf("%v: %d bytes, want those from %d to %d", c.header, len(got.body), c.from, c.to)
		}
	}
	if got := ask("GET", "If-None-Match", tag).is(304); got.body != "" {
		t.Error("304 has a body")
	}
	if got := ask("HEAD").is(200).has("Content-Length", size); got.body != "" {
		t.Error("HEAD has a body")
	}
	h.as(h.person(policy.Learner)).get(address).is(200)
	h.stranger().get(address).is(303)
	picture := h.stranger()
	picture.header["Sec-Fetch-Dest"] = "video"
	picture.get(address).is(401)
	b.get("/files/" + uid.New().String() + "/x").is(404)
	b.get("/files/../../etc/passwd").is(404)
	there := h.browser(h.hostOf(h.newTenant()))
	there.cookies = b.cookies
	there.get(address).is(303)
}

func TestAnUploadComesInPartsAndGoesOnAfterABreak(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio").is(200)
	data, err := os.ReadFile("../internal/media/testdata/" + filmName(t))
	if err != nil {
		t.Fatal(err)
	}
	begun := b.json(http.MethodPost, "/files/uploads", `{"name": "../../etc/drill.mp4", "size": `+strconv.Itoa(len(data))+`}`).is(201)
	var u struct {
		ID       string `json:"id"`
		Received int    `json:"received"`
		FileID   string `json:"file_id"`
	}
	read := func(a answer) {
		t.Helper()
		if err := json.Unmarshal([]byte(a.body), &u); err != nil {
			t.Fatal(err)
		}
	}
	read(begun)
	at := "/files/uploads/" + u.ID
	begun.has("Location", at).has("Upload-Offset", "0")
	part := func(offset int, data []byte) answer {
		t.Helper()
		return b.json(http.MethodPatch, at, string(data), "Content-Type", "application/offset+octet-stream", "Upload-Offset", strconv.Itoa(offset))
	}
	half := len(data) / 2
	part(0, data[:half]).is(200).has("Upload-Offset", strconv.Itoa(half))
	part(half+1, data[half+1:]).is(409).says("upload_offset")
	b.json(http.MethodPatch, at, "x", "Upload-Offset", "0").is(415)
	b.json(http.MethodPatch, at, "x", "Content-Type", "application/offset+octet-stream").is(422).says("Upload-Offset")
	b.do(httptest.NewRequest(http.MethodHead, at, http.NoBody)).is(200).has("Upload-Offset", strconv.Itoa(half)).has("Upload-Length", strconv.Itoa(len(data)))
	done := part(half, data[half:]).is(200)
	read(done)
	got := b.get("/files/"+u.FileID+"/x").is(200).hasIn("Content-Disposition", "drill.mp4")
	if got.body != string(data) || strings.Contains(got.Header.Get("Content-Disposition"), "..") {
		t.Errorf("%d bytes as %s", len(got.body), got.Header.Get("Content-Disposition"))
	}
	b.json(http.MethodPost, "/files/uploads", `{"name": "x", "size": 99999999999}`).is(413)
	b.json(http.MethodPost, "/files/uploads", `nonsense`).is(422).says("bad_request")
	other := h.as(h.person(policy.Instructor))
	other.do(httptest.NewRequest(http.MethodHead, at, http.NoBody)).is(404)
	b.multipart("/files", nil, "file", "evil.png", []byte("<script>alert(1)</script>")).is(422)
	b.multipart("/files", nil, "file", "big.png", append(append([]byte{}, onePixel...), make([]byte, 8<<20)...)).is(422).says("8 MB")
}

func TestAnSVGRunsNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio").is(200)
	made := b.multipart("/files", nil, "file", "Übersicht \"1\".svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><rect width="9" height="9"/></svg>`)).is(201)
	b.get(made.Header.Get("Location")).is(200).has("Content-Type", "image/svg+xml").saysNot("script").
		hasIn("Content-Security-Policy", "sandbox").hasIn("Content-Security-Policy", "default-src 'none'").hasIn("Content-Disposition", "filename*=UTF-8''%C3%9Cbersicht")
}

var revisionField = regexp.MustCompile(`name="revision" value="(\d+)"`)

// revision is the state that the page's forms name.
func (a answer) revision() string {
	a.t.Helper()
	m := revisionField.FindStringSubmatch(a.body)
	if m == nil {
		a.t.Fatalf("no revision on the page: %s", firstOf(a.body, 500))
	}
	return m[1]
}

func TestACourseIsWrittenPublishedAndGivenToPeople(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio").is(200)
	b.post("/studio/courses", "title", "", "language", "en").is(422).says("Enter a title.")
	at := b.post("/studio/courses", "title", "Fire & smoke", "language", "en").is(303).Header.Get("Location")
	edit := b.get(at).is(200).says("Fire &amp; smoke")
	b.post(at+"/modules", "revision", edit.revision(), "title", "Basics").is(303).leads(at)
	b.post(at+"/modules", "revision", edit.revision(), "title", "Too late").is(409).says("Someone else changed this course")
	edit = b.get(at).is(200).says("Basics")
	module := regexp.MustCompile(`id="module-([0-9a-f-]{36})"`).FindStringSubmatch(edit.body)[1]
	b.post(at+"/modules/"+module, "revision", edit.revision(), "title", "First things").is(303)
	edit = b.get(at).is(200).says("First things")
	lesson := b.post(at+"/modules/"+module+"/lessons", "revision", edit.revision(), "kind", "text", "title", "Read this").is(303).Header.Get("Location")
	page := b.get(lesson).is(200).says("Read this")
	b.post(lesson+"/preview", "body", "**Bold** <script>alert(1)</script>").is(200).says("<strong>Bold</strong>").saysNot("<script>")
	b.post(lesson, "revision", page.revision(), "do", "preview", "title", "Read this", "body", "**Bold**").is(200).says("<strong>Bold</strong>")
	b.multipart(lesson, map[string]string{"revision": page.revision(), "do": "add_picture", "title": "Read this", "body": "See:"}, "picture", "dot.png", onePixel).is(422).says("Say what the picture shows")
	with := b.multipart(lesson, map[string]string{"revision": page.revision(), "do": "add_picture", "title": "Read this", "body": "See:", "picture_alt": "A dot"}, "picture", "dot.png", onePixel).is(200).says("![A dot](file:")
	picture := regexp.MustCompile(`file:([0-9a-f-]{36})`).FindStringSubmatch(with.body)[1]
	b.post(lesson, "revision", page.revision(), "do", "save", "title", "Read this", "minutes", "soon", "body", "Leave.").is(422).says("Enter a whole number.", "Leave.")
	b.post(lesson, "revision", page.revision(), "do", "save", "title", "Read this", "minutes", "3", "body", "Leave. ![A dot](file:"+picture+")").is(303)
	b.get("/files/"+picture+"/picture").is(200).has("Content-Type", "image/png")

	publish := b.get(at + "/publish").is(200)
	edit = b.get(at).is(200)
	b.post(at+"/modules", "revision", edit.revision(), "title", "Empty").is(303)
	publish = b.get(at + "/publish").is(200)
	b.post(at+"/publish", "revision", publish.revision()).is(422).says("Empty", "no lessons")
	edit = b.get(at).is(200)
	empty := regexp.MustCompile(`id="module-([0-9a-f-]{36})"`).FindAllStringSubmatch(edit.body, -1)[1][1]
	b.json(http.MethodPost, at+"/modules/"+empty+"/move", "", "Content-Type", "application/x-www-form-urlencoded").is(409)
	moved := httptest.NewRequest(http.MethodPost, at+"/modules/"+empty+"/move", strings.NewReader("position=0&revision="+edit.revision()))
	moved.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	moved.Header.Set("Accept", "application/json")
	moved.Header.Set("X-CSRF-Token", b.csrf)
	b.do(moved).is(204)
	edit = b.get(at).is(200)
	b.post(at+"/modules/"+empty+"/delete", "revision", edit.revision()).is(303)
	publish = b.get(at + "/publish").is(200)
	b.post(at+"/publish", "revision", publish.revision()).is(303).leads(at)
	edit = b.get(at).is(200).says("is published")
	b.multipart(at, map[string]string{"revision": edit.revision(), "title": "Fire & smoke", "slug": "Fire Smoke", "language": "en"}, "cover", "c.png", onePixel).is(422).says("Fire Smoke", "cover_file_id")
	b.multipart(at, map[string]string{"revision": edit.revision(), "title": "Fire & smoke", "slug": "fire", "language": "en", "self_enrol": "1"}, "cover", "c.txt", []byte("text")).is(422)
	b.multipart(at, map[string]string{"revision": edit.revision(), "title": "Fire & smoke", "slug": "fire", "language": "en", "self_enrol": "1"}, "cover", "c.png", onePixel).is(303)

	learner := h.person(policy.Learner)
	b.get(at + "/people?find=" + learner.Email).is(200).says(learner.Name)
	b.post(at+"/people", "person", learner.ID.String()).is(303).leads(at + "/people")
	b.post(at+"/people", "person", learner.ID.String()).is(409).says("in the course already")
	b.post(at+"/people", "person", "nobody").is(422)
	roster := b.get(at + "/people").is(200).says(learner.Name)
	withdraw := regexp.MustCompile(`/people/([0-9a-f-]{36})/withdraw`).FindStringSubmatch(roster.body)
	if withdraw == nil {
		t.Fatalf("nobody to withdraw: %s", firstOf(roster.body, 3000))
	}
	b.post(at + "/people/" + withdraw[1] + "/withdraw").is(303)
	b.get(at + "/people").is(200).says(learner.Name + " is no longer in this course.")
	b.post(at + "/archive").is(303)
	b.get("/courses/fire").is(409)
	b.post(at + "/restore").is(303)
	b.get("/courses/fire").is(200)
	b.get("/studio/" + uid.New().String()).is(404)
	b.get("/studio/nonsense").is(404)
}

func TestAQuizIsWrittenQuestionByQuestion(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio").is(200)
	at := b.post("/studio/courses", "title", "Quizzed").is(303).Header.Get("Location")
	b.post(at+"/modules", "revision", b.get(at).is(200).revision(), "title", "M").is(303)
	edit := b.get(at).is(200)
	module := regexp.MustCompile(`id="module-([0-9a-f-]{36})"`).FindStringSubmatch(edit.body)[1]
	lesson := b.post(at+"/modules/"+module+"/lessons", "revision", edit.revision(), "kind", "quiz", "title", "Check").is(303).Header.Get("Location")
	page := b.get(lesson).is(200)
	b.post(lesson, "revision", page.revision(), "do", "add_question", "title", "Check", "pass_percent", "80").is(200).says(`name="questions.0.prompt"`)
	question := []string{
		"revision", page.revision(), "do", "save", "title", "Check", "pass_percent", "80", "questions.0.here", "1", "questions.0.prompt", "Why?",
		"questions.0.options.0.here", "1", "questions.0.options.0.text", "Because", "questions.0.options.0.correct", "1",
		"questions.0.options.1.here", "1", "questions.0.options.1.text", "Because",
	}
	b.post(lesson, question...).is(422).says("stands there already", "Why?")
	question[len(question)-1] = "No"
	b.post(lesson, question...).is(303).leads(lesson)
	b.get(lesson).is(200).says("Why?", "Because", "No")
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
