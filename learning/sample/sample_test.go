package sample

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"lyceum/internal/fault"
)

func courses(t *testing.T) []Course {
	t.Helper()
	all, err := Courses()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// eachLesson runs check once a lesson, named course/lesson.
func eachLesson(t *testing.T, check func(t *testing.T, c Course, l Lesson)) {
	t.Helper()
	for _, c := range courses(t) {
		for _, m := range c.Modules {
			for _, l := range m.Lessons {
				t.Run(c.Slug+"/"+l.Slug, func(t *testing.T) {
					t.Parallel()
					check(t, c, l)
				})
			}
		}
	}
}

func TestBothCoursesAreOfferedInAFixedOrder(t *testing.T) {
	t.Parallel()
	var got []string
	for _, c := range courses(t) {
		got = append(got, c.Slug+": "+c.Title)
	}
	want := []string{"information-security-awareness: Information security awareness", "workplace-safety: Workplace safety"}
	if !slices.Equal(got, want) {
		t.Errorf("courses are %q, want %q", got, want)
	}
}

func TestACourseIsFoundByItsSlugAndAnUnknownSlugIsNotFound(t *testing.T) {
	t.Parallel()
	c, err := BySlug("workplace-safety")
	if err != nil || c.Title != "Workplace safety" {
		t.Errorf("workplace-safety: got %q, %v", c.Title, err)
	}
	for _, slug := range []string{"", "brand", "workplace-safety/", "../sample"} {
		if _, err := BySlug(slug); !errors.Is(err, ErrCourseUnknown) || fault.Of(err).Kind != fault.KindNotFound {
			t.Errorf("slug %q: got %v, want ErrCourseUnknown of kind not_found", slug, err)
		}
	}
}

func TestACourseHasTheShapeALearnerWasPromised(t *testing.T) {
	t.Parallel()
	for _, c := range courses(t) {
		kinds, minutes, slugs, illustrated := map[string]int{}, 0, map[string]bool{}, 0
		for _, m := range c.Modules {
			if m.Title == "" || len(m.Lessons) == 0 {
				t.Errorf("%s: module %q is empty or unnamed", c.Slug, m.Title)
			}
			for _, l := range m.Lessons {
				kinds[l.Kind]++
				minutes += l.Minutes
				if slugs[l.Slug] || !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(l.Slug) {
					t.Errorf("%s: slug %q is used twice or malformed", c.Slug, l.Slug)
				}
				slugs[l.Slug] = true
				if l.Title == "" || l.Minutes < 1 || strings.TrimSpace(l.Body) == "" {
					t.Errorf("%s/%s lacks a title, minutes or a body", c.Slug, l.Slug)
				}
				if picture.MatchString(l.Body) {
					illustrated++
				}
			}
		}
		if n := len(c.Modules); n < 3 || n > 4 {
			t.Errorf("%s has %d modules, want 3 or 4", c.Slug, n)
		}
		if n := len(slugs); n < 7 || n > 10 {
			t.Errorf("%s has %d lessons, want 7 to 10", c.Slug, n)
		}
		if kinds[KindVideo] != 1 || kinds[KindPDF] != 1 || kinds[KindQuiz] != 1 {
			t.Errorf("%s has %v, want one video, one pdf and one quiz", c.Slug, kinds)
		}
		if illustrated < 3 {
			t.Errorf("%s shows pictures in %d lessons, want at least 3", c.Slug, illustrated)
		}
		if minutes != c.EstimatedMinutes {
			t.Errorf("%s promises %d minutes, its lessons add up to %d", c.Slug, c.EstimatedMinutes, minutes)
		}
		if c.Summary == "" || c.Language != "en-GB" || len(c.Tags) == 0 || c.Cover.MediaType != "image/svg+xml" {
			t.Errorf("%s lacks summary, language, tags or cover", c.Slug)
		}
	}
}

func TestEveryFileOfACourseIsUsed(t *testing.T) {
	t.Parallel()
	for _, c := range courses(t) {
		used := map[string]bool{"course.json": true, c.Cover.Name: true}
		for _, p := range c.Pictures() {
			used[p.Name] = true
		}
		bodies := 0
		for _, m := range c.Modules {
			for _, l := range m.Lessons {
				bodies++
				for _, a := range []*Asset{l.File, l.Captions} {
					if a != nil {
						used[a.Name] = true
					}
				}
			}
		}
		entries, err := fs.ReadDir(files, c.Slug)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if path.Ext(e.Name()) == ".md" {
				bodies--
			} else if !used[e.Name()] {
				t.Errorf("%s/%s is used by no lesson", c.Slug, e.Name())
			}
		}
		if bodies != 0 {
			t.Errorf("%s: lessons outnumber Markdown files by %d, want one each", c.Slug, bodies)
		}
	}
}

func TestAPictureIsFoundByTheNameTheTextGivesAndIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	c, err := BySlug("workplace-safety")
	if err != nil {
		t.Fatal(err)
	}
	a, ok := c.Asset("workstation.svg")
	if !ok || a.MediaType != "image/svg+xml" || len(a.Data) == 0 {
		t.Fatalf("workstation.svg: got %q, found %v", a.MediaType, ok)
	}
	clear(a.Data)
	if again, _ := c.Asset("workstation.svg"); !strings.HasPrefix(string(again.Data), "<svg") {
		t.Error("a caller who wrote into the bytes changed the picture for the next")
	}
	if _, ok := c.Asset("one-key.svg"); ok {
		t.Error("a picture of the other course was found")
	}
}

func TestEveryPictureHasAlternativeTextThatDescribesIt(t *testing.T) {
	t.Parallel()
	anyPicture := regexp.MustCompile(`!\[`)
	eachLesson(t, func(t *testing.T, c Course, l Lesson) {
		refs := picture.FindAllStringSubmatch(l.Body, -1)
		if len(anyPicture.FindAllString(l.Body, -1)) != len(refs) {
			t.Error("a picture is written in another form than ![alt](asset:NAME)")
		}
		for _, ref := range refs {
			if n := len(strings.Fields(ref[1])); n < 8 {
				t.Errorf("%s: alternative text of %d words says too little", ref[2], n)
			}
			if _, ok := c.Asset(ref[2]); !ok {
				t.Errorf("%s is not among the course's pictures", ref[2])
			}
		}
	})
}

// count leaves out Markdown's own signs and the alternative texts, and counts what holds a letter or a digit.
func count(body string) int {
	body = picture.ReplaceAllString(body, "")
	n := 0
	for _, w := range strings.Fields(body) {
		if strings.IndexFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			n++
		}
	}
	return n
}

func TestTextLessonsAreNeitherThinNorLong(t *testing.T) {
	t.Parallel()
	eachLesson(t, func(t *testing.T, _ Course, l Lesson) {
		if l.Kind != KindText {
			return
		}
		if n := count(l.Body); n < 250 || n > 500 {
			t.Errorf("%d words, want 250 to 500", n)
		}
		if !strings.Contains(l.Body, "\n## ") && !strings.HasPrefix(l.Body, "## ") {
			t.Error("no heading")
		}
	})
}

func TestProseKeepsToTheRulesOfTheHouse(t *testing.T) {
	t.Parallel()
	rules := map[string]*regexp.Regexp{
		"a top heading belongs to the page, not to the lesson": regexp.MustCompile(`(?m)^# `),
		"raw HTML has no place in a lesson":                    regexp.MustCompile(`<[a-zA-Z/!]`),
		"an emergency number of one country misleads others":   regexp.MustCompile(`\b(112|911|999|000|111)\b`),
		"American spelling": regexp.MustCompile(
			`(?i)\b(organiz|recogniz|realiz|enrollment|color|behavior|center\b|license\b|defense)`),
		"a link out of the course grows stale": regexp.MustCompile(`\]\((https?:|//)`),
		"a word that marks unfinished text":    regexp.MustCompile(`(?i)\b(todo|tbd|lorem|ipsum|xxx)\b`),
	}
	eachLesson(t, func(t *testing.T, c Course, l Lesson) {
		prose := l.Body + " " + l.Title + " " + c.Summary
		for _, q := range l.Questions {
			prose += " " + q.Prompt + " " + q.Explanation
			for _, o := range q.Options {
				prose += " " + o.Text
			}
		}
		for why, rule := range rules {
			if hit := rule.FindString(prose); hit != "" {
				t.Errorf("%q: %s", hit, why)
			}
		}
	})
}

func TestEachFinalQuizIsFairAndExplained(t *testing.T) {
	t.Parallel()
	for _, c := range courses(t) {
		module := c.Modules[len(c.Modules)-1]
		quiz := module.Lessons[len(module.Lessons)-1]
		if quiz.Kind != KindQuiz || quiz.PassPercent != 80 || len(quiz.Questions) != 8 {
			t.Fatalf("%s ends with a %s of %d questions and pass mark %d, want a quiz of 8 and 80", c.Slug, quiz.Kind, len(quiz.Questions), quiz.PassPercent)
		}
		several, places := 0, map[int]bool{}
		for _, q := range quiz.Questions {
			right, seen := 0, map[string]bool{}
			for i, o := range q.Options {
				if o.Text == "" || seen[o.Text] {
					t.Errorf("%q: option %q is empty or there twice", q.Prompt, o.Text)
				}
				seen[o.Text] = true
				if o.Correct {
					right++
					places[i] = true
				}
			}
			if n := len(q.Options); n < 3 || n > 4 {
				t.Errorf("%q has %d options, want 3 or 4", q.Prompt, n)
			}
			if right == 0 || right == len(q.Options) {
				t.Errorf("%q has %d right of %d options, want at least one right and one wrong", q.Prompt, right, len(q.Options))
			}
			if tick := strings.HasSuffix(q.Prompt, "Tick all that apply."); tick != (right > 1) {
				t.Errorf("%q has %d right options and says so: %v", q.Prompt, right, tick)
			}
			if len(strings.Fields(q.Explanation)) < 10 {
				t.Errorf("%q is hardly explained: %q", q.Prompt, q.Explanation)
			}
			if right > 1 {
				several++
			}
		}
		if several < 2 || len(places) < 3 {
			t.Errorf("%s: %d questions with several right answers, right answers at %d places; want 2 and 3 at least", c.Slug, several, len(places))
		}
	}
}

func TestLogosOfTheDemoOrganizationsAreThereAndNoOthers(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{"acme": "Acme Industries", "globex": "Globex Health"} {
		a, ok := Logo(name)
		if !ok || a.Name != name+".svg" || a.MediaType != "image/svg+xml" || !strings.Contains(string(a.Data), "<title>"+says+"</title>") {
			t.Errorf("logo %s: found %v, %q of %s", name, ok, a.Name, a.MediaType)
		}
	}
	for _, name := range []string{"", "Acme", "acme.svg", "../brand/acme"} {
		if _, ok := Logo(name); ok {
			t.Errorf("a logo was found for %q", name)
		}
	}
}
