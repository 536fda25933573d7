package api_test

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"lyceum/auth/policy"
	"lyceum/learning/question"
)

// Grades come from what was taken, are overridden with a reason, go out and come back; each learner sees their own.
func TestTheGradebookOfACourse(t *testing.T) {
	t.Parallel()
	x := newExam(t)
	page := x.begin()
	x.save(0, 1, question.Answer{Choices: []string{option(t, page, "Left")}}).is(200)
	x.learner.post(x.attempt, "do", "hand_in").is(303)
	studio := x.studio[:strings.Index(x.studio, "/lessons/")]
	at, own := studio+"/grades", "/courses"+strings.TrimPrefix(x.lesson[:strings.LastIndex(x.lesson, "/")], "/learn")+"/grades"

	x.author.get(at).is(200).says("Show it", x.person.Name, "50%")
	x.learner.get(at).is(403)
	x.learner.get(own).is(200).says("50%", "What if?")
	x.as(x.house.person(policy.Learner)).get(own).is(404)

	sheet := regexp.MustCompile(at + `/people/[0-9a-f-]{36}`).FindString(x.author.get(at).body)
	column := regexp.MustCompile(`/lessons/([0-9a-f-]{36})/`).FindStringSubmatch(x.studio)[1]
	x.author.get(sheet).is(200).says("Enter a grade", "50%")
	x.learner.get(own + "?if." + column + "=90").is(200).says("Your total would be 90%.")
	x.author.post(sheet, "do", "enter", "column", column, "grade", "201", "reason", "x").is(422).says("Enter 0 to 200 percent.")
	x.author.post(sheet, "do", "enter", "column", column, "grade", "80").is(422).says("Say why")
	x.author.post(sheet, "do", "enter", "column", column, "grade", "80,5", "reason", "Spoken test.").is(303)
	x.author.post(sheet, "do", "enter", "column", column, "grade", "80.5", "reason", "Spoken test.").is(303) // a second click
	body := x.author.get(sheet).is(200).says("80.5%", "50% → 80.5%", "Spoken test.").body
	if strings.Count(body, "→") != 1 {
		t.Error("the second click stands in the history too")
	}
	x.learner.get(own).is(200).says("80.5%", "Spoken test.")

	x.author.post(at+"/settings", "do", "add_item", "number", "0", "categories.0.id", column, "categories.0.weight", "100").is(200).says("items.0.title")
	x.author.post(at+"/settings", "do", "save", "number", "0", "categories.0.id", column, "categories.0.weight", "0").is(422).says("Let at least one category count.")
	x.author.post(at+"/settings", "do", "save", "number", "0", "categories.0.id", column, "categories.0.weight", "100", "items.0.id", x.question[0].String(), "items.0.title", "=Talk", "scale", "Passed 60\nFailed 0").is(303)
	x.author.post(at+"/settings", "do", "save", "number", "0", "categories.0.id", column, "categories.0.weight", "100").is(409).says("Somebody else changed this gradebook")
	x.author.get(at).is(200).says("=Talk", "Passed")

	out := x.author.get(at + ".csv").is(200)
	if !strings.Contains(out.body, "'=Talk") || !strings.Contains(out.body, "80.5") {
		t.Errorf("%s", out.body)
	}
	if book := x.author.get(at + ".xlsx").is(200); !strings.HasPrefix(book.body, "PK") {
		t.Error("no workbook")
	}
	filled := "email,=Talk,Show it\n" + x.person.Email + ",70,80.5\nnobody@example.org,1,1\n" + x.person.Email + ",71,80.5\n"
	plan := x.author.multipart(at+"/import", map[string]string{}, "file", "grades.csv", []byte(filled)).is(200).says("Nobody in this course has this", "stands in line 2 already", "70%")
	text := regexp.MustCompile(`(?s)<textarea name="text"[^>]*>(.*?)</textarea>`).FindStringSubmatch(plan.body)
	if text == nil {
		t.Fatal(plan.body)
	}
	x.author.multipart(at+"/import", map[string]string{}, "file", "grades.csv", []byte("PK no")).is(422).says("This file cannot be read as grades.")
	apply := func(reason string) answer {
		return x.author.post(at+"/import/apply", "text", html.UnescapeString(text[1]), "reason", reason)
	}
	apply(" ").is(422).says("Say why")
	apply("From the workshop.").is(303).leads(at)
	x.author.get(sheet).is(200).says("70%", "From the workshop.", "75.3%")
	apply("From the workshop.").is(303) // a second click changes nothing
	if got := strings.Count(x.author.get(sheet).body, "→"); got != 2 {
		t.Errorf("%d lines of history", got)
	}
	x.author.post(sheet, "do", "excuse", "column", column, "reason", "Was ill.").is(303)
	x.author.get(sheet).is(200).says("excused")
	x.author.post(sheet, "do", "clear", "column", column, "reason", "Came after all.").is(303)
	x.author.post(sheet, "do", "enter", "column", "total", "grade", "99", "reason", "The board said so.").is(303)
	x.learner.get(own).is(200).says("99%", "The board said so.")

	x.author.get(at+"/versions").is(200).says("Version 1", "in force", "Talk")
	x.author.post(at+"/settings", "do", "save", "number", "1", "categories.0.id", column, "categories.0.weight", "100", "missing", "zero").is(303)
	x.author.get(at+"/versions").is(200).says("Version 2", "Begin from these", "counts as nothing from the start")
	x.author.get(at+"/settings?version=1").is(200).says("These are the settings of version 1.", "=Talk", `name="number" value="2"`)
	x.author.get(at + "/settings?version=7").is(200).saysNot("These are the settings of")
	x.learner.get(at + "/versions").is(403)
}
