package moodlexml_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"lyceum/internal/uid"
	"lyceum/learning/bank/format"
	"lyceum/learning/bank/moodlexml"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
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
	if plain, changed, refused := sheet.Counts(); plain != 8 || changed != 0 || refused != 1 {
		t.Errorf("%d, %d, %d", plain, changed, refused)
	}
	if it := sheet.Items[0]; it.Line != 4 || it.Body.Prompt != "How fast is *light*?" || len(it.Notes) != 0 || it.Image == nil || it.Image.Name != "a.png" || len(it.Image.Data) != 8 || it.Body.PictureOf != "A lamp" || it.Body.Picture == nil || it.Tags[0] != "light" || it.Body.Options[1].Share != 333_333 {
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
		if !reflect.DeepEqual(got.Image, it.Image) || got.Body.PictureOf != it.Body.PictureOf {
			t.Errorf("the picture of %s became %+v", it.Name, got.Image)
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

func TestTheFirstPictureOfATextIsTaken(t *testing.T) {
	t.Parallel()
	const data = "iVBORw0KGgo="
	ask := func(format, text, files string) string {
		return `<quiz><question type="essay"><name><text>Plan</text></name><questiontext format="` + format + `"><text><![CDATA[` + text + `]]></text>` + files + `</questiontext></question></quiz>`
	}
	file := func(name, data string) string {
		return `<file name="` + name + `" encoding="base64">` + data + `</file>`
	}
	for name, c := range map[string]struct {
		format, text, files  string
		prompt, image, about string
		notes                int
	}{
		"in HTML":               {"html", `<p>Where?</p><img alt='The "hall"' src="@@PLUGINFILE@@/my%20map.png?x=1" width="3">`, file("my map.png", data), "Where?", "my map.png", `The "hall"`, 0},
		"in Markdown":           {"markdown", "Where?\n\n![A \\[map\\]](@@PLUGINFILE@@/map.png)", file("map.png", "iVBO\nRw0K Ggo="), "Where?", "map.png", "A [map]", 0},
		"the second is told":    {"html", `Where?<img src="@@PLUGINFILE@@/a.png"><img src="@@PLUGINFILE@@/b.png">`, file("b.png", data) + file("a.png", data), "Where?", "a.png", "Picture", 2},
		"a film is told":        {"html", `Where? <a href="@@PLUGINFILE@@/a.mp4">film</a>`, file("a.mp4", data), "Where? film", "", "", 1},
		"none is there":         {"html", `Where?<img src="@@PLUGINFILE@@/a.png" alt="Map">`, "", "Where?Map", "", "", 1},
		"from elsewhere":        {"html", `Where?<img src="https://example.org/a.png">`, "", "Where?", "", "", 1},
		"no base64":             {"html", `Where?<img src="@@PLUGINFILE@@/a.png">`, file("a.png", "???"), "Where?", "", "", 1},
		"an empty file":         {"html", `Where?<img src="@@PLUGINFILE@@/a.png">`, file("a.png", ""), "Where?", "", "", 1},
		"a path that leads out": {"html", `Where?<img src="@@PLUGINFILE@@/..%2Fa.png">`, file("../a.png", data), "Where?", "a.png", "Picture", 1},
	} {
		sheet, err := moodlexml.Read([]byte(ask(c.format, c.text, c.files)))
		if err != nil || len(sheet.Items) != 1 {
			t.Fatalf("%s: %v", name, err)
		}
		it, image := sheet.Items[0], ""
		if it.Image != nil {
			image = it.Image.Name
		}
		if it.Refused != "" || it.Body.Prompt != c.prompt || image != c.image || it.Body.PictureOf != c.about || len(it.Notes) != c.notes {
			t.Errorf("%s: %q, picture %q of %q, %q, %q", name, it.Body.Prompt, image, it.Body.PictureOf, it.Notes, it.Refused)
		}
	}
}

func TestWhatCannotGoIsTold(t *testing.T) {
	t.Parallel()
	gone := uid.New()
	table := rubric.Rubric{Criteria: []rubric.Criterion{{Title: "Reasons", Levels: []rubric.Level{{Title: "Two", Points: rubric.One}, {Title: "None"}}}}}
	_, left := moodlexml.Write([]format.Item{
		{Body: question.Question{Kind: question.Essay, Title: "Map", Prompt: "?", Picture: &gone}},
		{Body: question.Question{Kind: question.Essay, Title: "Why", Prompt: "?", Hand: &question.HandRule{Rubric: &table}}},
	})
	if len(left) != 2 || left[0].Kept || left[1].Why != "The rubric is left out." || !left[1].Kept {
		t.Errorf("%+v", left)
	}
}

func FuzzReadNeverPanics(f *testing.F) {
	files, err := filepath.Glob("testdata/*.xml")
	if err != nil || len(files) == 0 {
		f.Fatal("nothing to begin with", err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`<quiz><question type="numerical"><answer fraction="1e99"><text>*</text></answer></question></quiz>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sheet, err := moodlexml.Read(data)
		if err != nil {
			return
		}
		for _, it := range sheet.Items {
			if it.Refused == "" && question.Check(it.Body) != nil {
				t.Errorf("%q gave a question with faults", data)
			}
		}
	})
}
