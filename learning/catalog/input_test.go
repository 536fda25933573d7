package catalog_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

func TestASlugIsShortWordsOfSmallLettersAndDigits(t *testing.T) {
	t.Parallel()
	for slug, ok := range map[string]bool{
		"fire-safety": true, "a": true, "iso-27001": true, "2026": true, strings.Repeat("a", 80): true,
		"": false, "Fire": false, "fire safety": false, "fire--safety": false, "-fire": false, "fire-": false, "fire/safety": false,
		"führung": false, "new": false, "..": false, strings.Repeat("a", 81): false,
		"0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2c": false, // it would be taken for an id
	} {
		if got := catalog.CheckSlug(slug); (got == "") != ok {
			t.Errorf("%q: %q", slug, got)
		}
	}
}

func TestASlugIsMadeOfATitle(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"Fire safety":                "fire-safety",
		"  GDPR & privacy: year 1! ": "gdpr-and-privacy-year-1",
		"Überprüfung der Maßnahmen":  "uberprufung-der-massnahmen",
		"L'été à Łódź":               "lete-a-lodz",
		"Don’t panic":                "dont-panic",
		"安全":                         "course",
		"New":                        "course",
		strings.Repeat("words ", 40): strings.Repeat("words-", 12) + "word",
		"Nguyễn Văn A: câu hỏi":      "nguyen-van-a-cau-hoi",
	} {
		got := catalog.SlugFrom(title)
		if got != want || catalog.CheckSlug(got) != "" {
			t.Errorf("%q gives %q, want %q", title, got, want)
		}
	}
}

func TestEveryFaultOfACourseIsToldAtOnce(t *testing.T) {
	t.Parallel()
	in := catalog.CourseInput{Title: " ", Slug: "No Good", Summary: strings.Repeat("a", 1001), Language: "english!", EstimatedMinutes: -1}
	in.Normalise()
	wantFields(t, in.Validate(), "title", "slug", "summary", "language", "estimated_minutes")

	in = catalog.CourseInput{Title: "A\r\n title\x00 ", Slug: " FIRE ", Summary: "One.\r\nTwo.", Language: "pt-BR", EstimatedMinutes: 60}
	in.Normalise()
	if err := in.Validate(); err != nil || in.Title != "A title" || in.Slug != "fire" || in.Summary != "One.\nTwo." {
		t.Errorf("got %+v, %v", in, err)
	}
}

func TestEveryFaultOfALessonIsToldAtItsField(t *testing.T) {
	t.Parallel()
	option := func(s string) catalog.Option { return catalog.Option{Text: s} }
	in := catalog.LessonInput{Kind: catalog.LessonQuiz, Minutes: -1, PassPercent: 101, Questions: catalog.Questions{
		{Prompt: " ", Options: []catalog.Option{option("yes"), option(" ")}},
		{Prompt: "Which?", Explanation: strings.Repeat("a", 2001), Options: []catalog.Option{option("same"), option("same")}},
		{Prompt: strings.Repeat("a", 1001), Options: make([]catalog.Option, 13)},
	}}
	in.Normalise()
	fields := []string{"title", "minutes", "pass_percent", "questions.0.prompt", "questions.0.options.1.text",
		"questions.1.explanation", "questions.1.options.1.text", "questions.2.prompt", "questions.2.options"}
	for i := range 13 {
		fields = append(fields, fmt.Sprintf("questions.2.options.%d.text", i))
	}
	wantFields(t, in.Validate(), fields...)
	wantFields(t, catalog.LessonInput{Kind: "game", Title: "Play", Body: strings.Repeat("a", 200_001)}.Validate(), "kind", "body")
}

func TestALessonKeepsOnlyWhatItsKindUses(t *testing.T) {
	t.Parallel()
	file, captions := uid.New(), uid.New()
	full := catalog.LessonInput{Title: "All", Body: "Notes", FileID: &file, CaptionsFileID: &captions, PassPercent: 50, Questions: catalog.Questions{{Prompt: "?"}}}
	for kind, want := range map[catalog.LessonKind]struct {
		file, captions bool
		pass           int
	}{
		catalog.LessonText: {false, false, 0}, catalog.LessonVideo: {true, true, 0}, catalog.LessonPDF: {true, false, 0}, catalog.LessonQuiz: {false, false, 50},
	} {
		in := full
		in.Kind = kind
		in.Normalise()
		if (in.FileID != nil) != want.file || (in.CaptionsFileID != nil) != want.captions || in.PassPercent != want.pass || (len(in.Questions) > 0) != (want.pass > 0) {
			t.Errorf("%s keeps %+v", kind, in)
		}
	}
}

func TestQuestionsKeepTheirIDsAndNewOnesGetTheirOwn(t *testing.T) {
	t.Parallel()
	q, o := uid.New(), uid.New()
	in := catalog.LessonInput{Kind: catalog.LessonQuiz, Questions: catalog.Questions{
		{ID: q, Options: []catalog.Option{{ID: o}, {ID: o}, {}}}, // the second copies the first one's id
		{ID: q},
	}}
	in.Normalise()
	if in.Questions[0].ID != q || in.Questions[0].Options[0].ID != o {
		t.Error("an id changed")
	}
	seen := map[uid.ID]bool{uid.Nil: true}
	for _, q := range in.Questions {
		ids := []uid.ID{q.ID}
		for _, o := range q.Options {
			ids = append(ids, o.ID)
		}
		for _, id := range ids {
			if seen[id] {
				t.Errorf("id %s stands twice", id)
			}
			seen[id] = true
		}
	}
	if in.PassPercent != catalog.DefaultPass {
		t.Errorf("pass mark is %d", in.PassPercent)
	}
}

func TestAHiddenQuestionSaysNothingOfWhatIsCorrect(t *testing.T) {
	t.Parallel()
	q := catalog.Question{ID: uid.New(), Prompt: "Which?", Explanation: "Because.", Options: []catalog.Option{
		{ID: uid.New(), Text: "a", Correct: true}, {ID: uid.New(), Text: "b", Correct: true}, {ID: uid.New(), Text: "c"}}}
	h := catalog.Questions{q}.Hidden()
	raw, err := json.Marshal(h)
	if err != nil || strings.Contains(string(raw), `"correct":true`) || strings.Contains(string(raw), "Because") {
		t.Errorf("told: %s", raw)
	}
	if !h[0].Multiple() || len(h[0].Options) != 3 || h[0].Options[2].ID != q.Options[2].ID {
		t.Errorf("a learner cannot answer %+v", h[0])
	}
	if !q.Options[0].Correct || q.Explanation == "" {
		t.Error("hiding changed the question itself")
	}
}
