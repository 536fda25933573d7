package api_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/store/storetest"
)

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

	edit = b.get(at).is(200)
	b.post(at+"/modules", "revision", edit.revision(), "title", "Empty").is(303)
	b.get(at+"/publish").is(200).says("Empty", "no lessons").saysNot(`name="revision"`) // before it is tried
	edit = b.get(at).is(200)
	b.post(at+"/publish", "revision", edit.revision()).is(422).says("Empty", "no lessons")
	empty := regexp.MustCompile(`id="module-([0-9a-f-]{36})"`).FindAllStringSubmatch(edit.body, -1)[1][1]
	b.json(http.MethodPost, at+"/modules/"+empty+"/move", "", "Content-Type", "application/x-www-form-urlencoded").is(409)
	moved := httptest.NewRequest(http.MethodPost, at+"/modules/"+empty+"/move", strings.NewReader("position=0&revision="+edit.revision()))
	moved.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	moved.Header.Set("Accept", "application/json")
	moved.Header.Set("X-CSRF-Token", b.csrf)
	b.do(moved).is(204)
	edit = b.get(at).is(200)
	b.post(at+"/modules/"+empty+"/delete", "revision", edit.revision()).is(303)
	publish := b.get(at + "/publish").is(200).saysNot("no lessons")
	b.post(at+"/publish", "revision", publish.revision()).is(303).leads(at)
	edit = b.get(at).is(200).says("is published")
	b.get(at + "/publish").is(200).saysNot(`name="revision"`) // there is nothing new
	b.multipart(at, map[string]string{"revision": edit.revision(), "title": "Fire & smoke", "slug": "Fire Smoke", "language": "en"}, "cover", "c.png", onePixel).is(422).says("Fire Smoke", "cover_file_id")
	b.multipart(at, map[string]string{"revision": edit.revision(), "title": "Fire & smoke", "slug": "fire", "language": "en", "self_enrol": "1"}, "cover", "c.txt", []byte("text")).is(422)
	b.multipart(at, map[string]string{"revision": edit.revision(), "title": "Fire & smoke", "slug": "fire", "language": "en", "self_enrol": "1"}, "cover", "c.png", onePixel).is(303)
}

func TestPeopleArePutIntoACourseAndTakenOut(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Fire"))
	b, at := h.as(h.person(policy.Instructor)), "/studio/"+o.Course.ID.String()
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
	b.get("/courses/" + o.Course.Slug).is(409)
	b.post(at + "/restore").is(303)
	b.get("/courses/" + o.Course.Slug).is(200)
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
