package moodlexml_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"lyceum/learning/bank/format"
	"lyceum/learning/bank/moodlexml"
	"lyceum/learning/question"
)

func course(t *testing.T) format.Sheet {
	t.Helper()
	data, err := os.ReadFile("testdata/course.xml")
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := moodlexml.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return sheet
}

func TestAFileOfACourseIsReadWithAReport(t *testing.T) {
	t.Parallel()
	sheet := course(t)
	kinds := []question.Kind{question.Single, question.TrueFalse, question.Numeric, question.Blanks, question.Matching, question.ShortText, question.Ordering, question.Essay}
	for i, kind := range kinds {
		if it := sheet.Items[i]; it.Refused != "" || it.Body.Kind != kind || it.Folder != "Physics" || it.Line == 0 {
			t.Errorf("%s: %s, %q", it.Name, it.Body.Kind, it.Refused)
		}
	}
	if plain, changed, refused := sheet.Counts(); plain != 7 || changed != 1 || refused != 1 {
		t.Errorf("%d, %d, %d", plain, changed, refused)
	}
	if it := sheet.Items[0]; it.Line != 4 || it.Body.Prompt != "How fast is *light*?\n\nA lamp" || len(it.Notes) != 1 || it.Tags[0] != "light" || it.Body.Options[1].Share != 333_333 {
		t.Errorf("%+v", it)
	}
	if last := sheet.Items[8]; !strings.Contains(last.Refused, "ddimageortext") {
		t.Errorf("%+v", last)
	}
	for answer, share := range map[string]question.Share{"4.9 m": question.Whole, "490 cm": question.Whole, "4.7": 0} {
		if got := question.Grade(sheet.Items[2].Body, question.Answer{Text: answer}); got.Share != share {
			t.Errorf("%s gets %d", answer, got.Share)
		}
	}
	gaps := sheet.Items[3].Body
	if got := question.Grade(gaps, question.Answer{Parts: map[string]string{"g1": "100.5", "g3": "every_body"}}); got.Share != 625_000 {
		t.Errorf("gaps get %d: %s", got.Share, gaps.Prompt)
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	t.Parallel()
	items := course(t).Items[:8]
	out, left := moodlexml.Write(items)
	if len(left) != 0 {
		t.Fatalf("left out: %v", left)
	}
	again, err := moodlexml.Read(out)
	if err != nil || len(again.Items) != len(items) {
		t.Fatalf("%v\n%s", err, out)
	}
	for i, it := range items {
		got := again.Items[i]
		if got.Refused != "" || len(got.Notes) > 0 || got.Body.Kind != it.Body.Kind || got.Body.Title != it.Body.Title || got.Body.Prompt != it.Body.Prompt || got.Folder != it.Folder || !reflect.DeepEqual(got.Tags, it.Tags) || !reflect.DeepEqual(got.Body.Hand, it.Body.Hand) {
			t.Errorf("%+v\nbecame\n%+v", it, got)
		}
		for j, o := range it.Body.Options {
			if g := got.Body.Options[j]; g.Text != o.Text || g.Share != o.Share || g.Feedback != o.Feedback {
				t.Errorf("%+v became %+v", o, g)
			}
		}
	}
}

func TestWhatCouldHarmIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an entity":  `<?xml version="1.0"?><!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz><question type="essay"><name><text>&x;</text></name></question></quiz>`,
		"depth":      "<quiz>" + strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100) + "</quiz>",
		"no end":     "<quiz><question>",
		"other":      "<html/>",
		"nothing":    "<quiz/>",
		"no XML":     "::GIFT::",
		"an unknown": `<quiz><question type="essay">&x;</question></quiz>`,
	} {
		if _, err := moodlexml.Read([]byte(text)); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}
