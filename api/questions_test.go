package api_test

import (
	"regexp"
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
	b.post(at+"/export", "format", "gift").is(200).says("::Exit::")
	b.post(at+"/import/apply", "format", "gift", "text", "::Two::Is it?{T}", "publish", "1").is(303)
	b.get(at + "?kind=true_false").is(200).says("Two")
}
