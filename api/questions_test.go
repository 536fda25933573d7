package api_test

import (
	"bytes"
	"html"
	"image"
	"image/png"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lyceum/auth/policy"
)

func TestQuestionsAreWrittenTriedAndPublishedWithoutJavaScript(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	l := h.as(h.person(policy.Learner))
	l.get("/studio/questions").is(403)
	b.get("/studio/questions").is(200).says("No question banks yet")
	b.post("/studio/questions", "name", " ").is(422).says("Give the question bank a name")
	b.post("/studio/questions", "name", "Fire <safety>").is(303)
	at := regexp.MustCompile(`/studio/questions/[0-9a-f-]{36}`).FindString(b.get("/studio/questions").is(200).says("Fire &lt;safety&gt;").body)
	b.get(at).is(200).says("No questions yet")
	b.get(at + "/new?kind=single").is(200).says("Single choice")
	fields := []string{"kind", "single", "title", "Exit", "prompt", "Where is the exit?", "rows.0.here", "1", "rows.0.text", "Left", "rows.0.right", "1", "rows.1.here", "1", "rows.1.text", "Right"}
	b.post(at+"/new", append([]string{"do", "add"}, fields...)...).is(200).says("rows.2.here")
	b.post(at+"/new", "do", "save", "kind", "single", "title", "Exit").is(422).says("Write what is asked")
	b.post(at+"/new", append([]string{"do", "publish"}, fields...)...).is(303)
	q := regexp.MustCompile(at + `/[0-9a-f-]{36}`).FindString(b.get(at).is(200).says("Published").body)
	page := b.get(q).is(200).says("Version 1").body
	right := regexp.MustCompile(`name="choice" value="([a-z2-7]{10})"[^>]*><span>Left`).FindStringSubmatch(page)
	if right == nil || strings.Count(page, `name="choice"`) != 2 {
		t.Fatalf("the preview offers no choices: %s", page)
	}
	b.post(q+"/try", "choice", right[1]).is(200).says("100 % of the marks")
	b.post(q + "/try").is(200).says("0 % of the marks")
	b.post(q + "/delete").is(409)

	// What was published stays to be read, and is brought back by saving it.
	changed := append([]string{"do", "save", "revision", "2"}, fields...)
	changed[slices.Index(changed, "Where is the exit?")] = "Where do you go?"
	b.post(q, changed...).is(303)
	b.get(q).is(200).says("Where do you go?").saysNot("Where is the exit?")
	b.get(q+"?version=1").is(200).says("Where is the exit?", "This is version 1", "Show the question as it is now").saysNot("Where do you go?")
	b.get(q + "?version=2").is(404)
	b.get(q + "?version=x").is(404)
	b.post(at+"/export", "format", "gift").is(200).says("::Exit::")
	b.post(at+"/import/apply", "format", "gift", "text", "::Two::Is it?{T}", "publish", "1").is(303)
	b.get(at + "?kind=true_false").is(200).says("Two")
}

// What a format cannot hold is told before the file is given; what another bank is given of it is the same question again,
// with its picture.
func TestQuestionsGoOutAndComeInAsQTI(t *testing.T) {
	t.Parallel()
	h := setup(t)
	b := h.as(h.person(policy.Instructor))
	b.get("/studio/questions").is(200)
	b.post("/studio/questions", "name", "Maps").is(303)
	at := regexp.MustCompile(`/studio/questions/[0-9a-f-]{36}`).FindString(b.get("/studio/questions").body)
	var sign bytes.Buffer
	if err := png.Encode(&sign, image.NewRGBA(image.Rect(0, 0, 200, 100))); err != nil {
		t.Fatal(err)
	}
	picture := b.multipart(at+"/new", map[string]string{"do": "save", "kind": "hot_spot", "title": "North", "prompt": "Where is north?", "picture_of": "A compass",
		"rows.0.here": "1", "rows.0.text": "Above", "rows.0.shape": "rectangle", "rows.0.points": "10,10 60,40", "rows.0.right": "1"}, "upload", "map.png", sign.Bytes())
	picture.is(303)
	b.post(at+"/export", "format", "moodlexml").is(200).says("Moodle XML cannot hold everything").says("1 question is left out").says("North")
	b.post(at+"/export", "format", "moodlexml", "anyway", "1").is(200).says("<quiz>")
	out := b.post(at+"/export", "format", "qti").is(200)
	if got := out.Header.Get("Content-Type"); got != "application/zip" {
		t.Fatalf("%s: %s", got, out.body)
	}
	b.post(at+"/export", "format", "odt").is(422)
	b.post("/studio/questions", "name", "Other").is(303)
	other := ""
	for _, x := range regexp.MustCompile(`/studio/questions/[0-9a-f-]{36}`).FindAllString(b.get("/studio/questions").body, -1) {
		if x != at {
			other = x
		}
	}
	page := b.multipart(other+"/import", map[string]string{"format": "qti"}, "file", "course.zip", []byte(out.body)).is(200).says("items/q0001.xml").says("1 question can come")
	text := regexp.MustCompile(`(?s)<textarea name="text"[^>]*>(.*?)</textarea>`).FindStringSubmatch(page.body)
	if text == nil {
		t.Fatal(page.body)
	}
	b.post(other+"/import/apply", "format", "qti", "text", html.UnescapeString(text[1])).is(303)
	q := regexp.MustCompile(other + `/[0-9a-f-]{36}`).FindString(b.get(other).is(200).says("North").body)
	b.get(q).is(200).says("10,10 60,40").says(`alt="A compass"`)
	b.post(other+"/import/apply", "format", "qti", "text", "!").is(422)
	b.multipart(other+"/import", map[string]string{"format": "qti"}, "file", "course.zip", []byte("PK no zip")).is(422).says("not a complete ZIP file")
}
