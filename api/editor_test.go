package api_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/store/storetest"
)

func TestTwoAuthorsOfOneLessonLoseNothingWithoutAScript(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Desks"))
	ada, ben := h.as(h.person(policy.Instructor)), h.as(h.person(policy.Instructor))
	at := "/studio/" + o.Course.ID.String() + "/lessons/" + o.Lessons()[0].ID.String()
	on := ada.get(at).is(200).revision()
	ben.get(at).is(200)
	ben.post(at, "revision", on, "do", "save", "title", "Read this", "minutes", "10", "body", "Lock your screen.\n\nTheirs.").is(303)
	page := ada.post(at, "revision", on, "do", "save", "title", "Read this first", "minutes", "10", "body", "Mine, locked.").is(409).
		says("Someone else saved this lesson while you wrote", "Theirs.", "Mine, locked.", "Read this first")
	merged := regexp.MustCompile(`(?s)<textarea id="body"[^>]*>\n(.*?)</textarea>`).FindStringSubmatch(page.body)[1]
	if !strings.Contains(merged, "Mine, locked.") || !strings.Contains(merged, "Theirs.") {
		t.Errorf("the proposal is %q", merged)
	}
	mine := regexp.MustCompile(`name="mine" value="([^"]*)"`).FindStringSubmatch(page.body)
	if mine == nil {
		t.Fatal("what could not be saved is not carried along")
	}
	json := strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&#43;", "+", "&lt;", "<").Replace(mine[1])
	theirs := ada.post(at, "revision", page.revision(), "do", "take_theirs", "mine", json, "mine_revision", on, "title", "x", "body", "x").is(200)
	if body := regexp.MustCompile(`(?s)<textarea id="body"[^>]*>\n(.*?)</textarea>`).FindStringSubmatch(theirs.body)[1]; body != "Lock your screen.\n\nTheirs." {
		t.Errorf("theirs is %q", body)
	}
	again := ada.post(at, "revision", theirs.revision(), "do", "take_mine", "mine", json, "mine_revision", on, "title", "x", "body", "x").is(200).says("Read this first")
	ada.post(at, "revision", again.revision(), "do", "save", "title", "Read this first", "minutes", "10", "body", merged).is(303)
	history := ada.get(at+"/history").is(200).says("As it is now", "As it was before")
	ada.get(at+"/history?state=1").is(200).says("Theirs.", "Restore this state")
	ada.get(at + "/history?state=99").is(404)
	ada.post(at+"/history?state=0", "revision", "0", "state", "0").is(409).says("Someone else saved this lesson")
	_ = history
	ada.post(at+"/history?state=0", "revision", "2", "state", "0").is(303).leads(at)
	ada.get(at).is(200).says("Lock your screen when you leave your desk.")
}

func TestTheEditorSavesByItselfAndTellsOfOthers(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Desks"))
	colleague := h.person(policy.Instructor)
	ada, ben, learner := h.as(h.person(policy.Instructor)), h.as(colleague), h.as(h.person(policy.Learner))
	at := "/studio/" + o.Course.ID.String() + "/lessons/" + o.Lessons()[0].ID.String()
	save := func(b *browser, revision int, body string) answer {
		t.Helper()
		sent, err := json.Marshal(map[string]any{"revision": revision, "fields": map[string]string{"title": "Read this", "minutes": "10", "body": body}})
		if err != nil {
			t.Fatal(err)
		}
		return b.json(http.MethodPost, at+"/autosave", string(sent))
	}
	for _, b := range []*browser{ada, ben} {
		b.get(at).is(200)
	}
	learner.get("/courses").is(200)
	save(ada, 0, "One.").is(200).says(`"revision":1`)
	save(ada, 0, "One.").is(200).says(`"revision":1`) // the answer was lost
	save(ada, 1, "One.\n\n![](file:"+o.Course.ID.String()+")").is(200).says(`"revision":2`, "Line 3:")
	save(ben, 1, "Two.").is(409).says("lesson_changed", `"current":{"revision":2,"name":"`)
	save(learner, 2, "x").is(403)
	ada.json(http.MethodPost, at+"/autosave", `{"revision":2,"fields":{"title":""}}`).is(422).says("Enter a title.")
	ada.json(http.MethodPost, at+"/autosave", `no json`).is(422)
	ben.json(http.MethodPost, at+"/here", "").is(200).says(`"others":[]`)
	ada.json(http.MethodPost, at+"/here", "").is(200).says(colleague.Name)
}

func TestADraftIsLookedAtAsLearnersWillAndNothingIsRecorded(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Desks"))
	b, at := h.as(h.person(policy.Instructor)), "/studio/"+o.Course.ID.String()+"/preview"
	quiz := o.Lessons()[1]
	b.get(at).is(200).says("Nothing you do here is recorded", "Lock your screen", at+"/"+quiz.ID.String())
	q := quiz.Questions[0]
	shown := b.get(at + "/" + quiz.ID.String()).is(200).says(q.Prompt).saysNot(q.Explanation)
	_ = shown
	b.post(at+"/"+quiz.ID.String()+"/quiz", "q."+q.ID.String(), q.Options[0].ID.String()).is(200).says(q.Explanation)
	b.post(at + "/" + o.Lessons()[0].ID.String() + "/continue").is(303).leads(at + "/" + quiz.ID.String())
	b.get(at + "/" + o.Course.ID.String()).is(404)
	h.as(h.person(policy.Learner)).get(at).is(403)
	b.get("/studio/" + o.Course.ID.String() + "/people").is(200).says("Nobody")
}

func TestAPackageIsLookedIntoAndThenImported(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := storetest.PublishedCourse(t, h.ctx, h.w, storetest.SmallCourse("Desks"))
	b := h.as(h.person(policy.Instructor))
	b.get("/studio/import").is(200).says("Common Cartridge")
	out := b.get("/studio/"+o.Course.ID.String()+"/export?format=cartridge").is(200).has("Content-Type", "application/zip")
	report := b.multipart("/studio/import", map[string]string{"do": "look"}, "file", "desks.imscc", []byte(out.body)).is(200).says("Desks", "Read this", "Import as a draft")
	file := regexp.MustCompile(`name="file_id" value="([0-9a-f-]{36})"`).FindStringSubmatch(report.body)[1]
	b.post("/studio/import", "do", "import", "file_id", file).is(303)
	b.get("/studio?q=Desks").is(200)
	b.post("/studio/import", "do", "look").is(422).says("Choose a Common Cartridge")
	b.multipart("/studio/import", map[string]string{"do": "look"}, "file", "x.png", onePixel).is(422).says("Choose a Common Cartridge")
	var bad bytes.Buffer
	z := zip.NewWriter(&bad)
	w, err := z.Create("One/a.md")
	if err == nil {
		_, err = w.Write([]byte("![x](gone.png)"))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	refused := b.multipart("/studio/import", map[string]string{"do": "look"}, "file", "bad.zip", bad.Bytes()).is(200).says("Stops the import", "One/a.md:1").saysNot("Import as a draft")
	file = regexp.MustCompile(`name="file_id" value="([0-9a-f-]{36})"`).FindStringSubmatch(refused.body)[1]
	b.post("/studio/import", "do", "import", "file_id", file).is(422).says("One/a.md:1")
	h.as(h.person(policy.Learner)).get("/studio/import").is(403)
}
