package themes_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth/policy"
	"lyceum/billing"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/themes"
)

func TestTheLessonFormReadsWhatItsPagePosts(t *testing.T) {
	t.Parallel()
	posted := map[string]string{
		"title": "Quiz", "minutes": "5", "body": "one\r\ntwo", "pass_percent": "80", "file_id": "f", "captions_file_id": "c", "remove_captions": "1",
		"questions.0.here": "1", "questions.0.id": "q", "questions.0.prompt": "Why?", "questions.0.explanation": "Because.",
		"questions.0.options.0.here": "1", "questions.0.options.0.id": "o", "questions.0.options.0.text": "Yes", "questions.0.options.0.correct": "1",
		"questions.0.options.1.here": "1", "questions.1.here": "1",
	}
	want := themes.LessonForm{Title: "Quiz", Minutes: "5", Body: "one\ntwo", PassPercent: "80", FileID: "f", Questions: []themes.QuestionForm{
		{ID: "q", Prompt: "Why?", Explanation: "Because.", Options: []themes.OptionForm{{ID: "o", Text: "Yes", Correct: true}, {}}}, {},
	}}
	got := themes.ReadLessonForm(func(name string) string { return posted[name] })
	if d := cmp.Diff(want, got); d != "" {
		t.Fatal(d)
	}
	tidy := got.Tidy()
	if len(tidy.Questions) != 1 || len(tidy.Questions[0].Options) != 1 || len(got.Questions) != 2 || len(got.Questions[0].Options) != 2 {
		t.Fatalf("tidy: %+v, and before it %+v", tidy, got)
	}
}

func TestTheLessonFormStopsOneBeyondWhatIsAllowed(t *testing.T) {
	t.Parallel()
	f := themes.ReadLessonForm(func(string) string { return "1" })
	if len(f.Questions) != catalog.MaxQuestions+1 || len(f.Questions[0].Options) != catalog.MaxOptions+1 {
		t.Fatalf("%d questions with %d options", len(f.Questions), len(f.Questions[0].Options))
	}
}

func TestTheButtonsOfTheQuizEditorChangeOnlyACopy(t *testing.T) {
	t.Parallel()
	form := func(prompts ...string) themes.LessonForm {
		var f themes.LessonForm
		for _, p := range prompts {
			f.Questions = append(f.Questions, themes.QuestionForm{Prompt: p, Options: []themes.OptionForm{{Text: p + "1"}, {Text: p + "2"}}})
		}
		return f
	}
	shape := func(f themes.LessonForm) string {
		var s []string
		for _, q := range f.Questions {
			one := q.Prompt
			for _, o := range q.Options {
				one += "-" + o.Text
			}
			s = append(s, one)
		}
		return strings.Join(s, " ")
	}
	for do, want := range map[string]string{
		"add_question":      "a-a1-a2 b-b1-b2 ---",
		"add_option.1":      "a-a1-a2 b-b1-b2-",
		"remove_question.0": "b-b1-b2",
		"remove_option.0.1": "a-a1 b-b1-b2",
		"up.1":              "b-b1-b2 a-a1-a2",
		"down.0":            "b-b1-b2 a-a1-a2",
		"up.0":              "a-a1-a2 b-b1-b2", "down.1": "a-a1-a2 b-b1-b2", "remove_option.0.9": "a-a1-a2 b-b1-b2",
		"remove_question.9": "a-a1-a2 b-b1-b2", "up.-1": "a-a1-a2 b-b1-b2", "up": "a-a1-a2 b-b1-b2", "": "a-a1-a2 b-b1-b2", "save": "a-a1-a2 b-b1-b2",
	} {
		f := form("a", "b")
		if got := shape(f.Apply(do)); got != want {
			t.Errorf("%s: %q, want %q", do, got, want)
		}
		if got := shape(f); got != "a-a1-a2 b-b1-b2" {
			t.Errorf("%s changed what it was given: %q", do, got)
		}
	}
}

func TestAPictureIsAddedWithItsAlternativeText(t *testing.T) {
	t.Parallel()
	file := id("picture")
	got := themes.LessonForm{Body: "Text.\n", PictureAlt: " A ladder [safe]\n"}.AddPicture(file)
	if want := "Text.\n\n![A ladder (safe)](file:" + file.String() + ")\n"; got.Body != want || got.PictureAlt != "" {
		t.Fatalf("got %q, %q", got.Body, got.PictureAlt)
	}
	if got := (themes.LessonForm{PictureAlt: "x"}).AddPicture(file).Body; !strings.HasPrefix(got, "![x]") {
		t.Fatalf("into an empty text: %q", got)
	}
}

func TestAQuizKeepsItsIdsAndGetsNewOnes(t *testing.T) {
	t.Parallel()
	known := id("q")
	f := themes.NewLessonForm(catalog.Lesson{Questions: catalog.Questions{{ID: known, Prompt: "Why?", Options: []catalog.Option{{ID: id("o"), Text: "Yes", Correct: true}}}}})
	f.Questions = append(f.Questions, themes.QuestionForm{Prompt: " New? ", Options: []themes.OptionForm{{Text: " No "}}})
	q := f.Quiz()
	if q[0].ID != known || q[0].Options[0].ID != id("o") || !q[0].Options[0].Correct {
		t.Errorf("the first question: %+v", q[0])
	}
	if q[1].ID == uid.Nil || q[1].Options[0].ID == uid.Nil || q[1].Prompt != "New?" || q[1].Options[0].Text != "No" {
		t.Errorf("the new question: %+v", q[1])
	}
}

func TestTheUsageChartFitsItsHighestDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		days []int64
		top  int64
	}{{[]int64{0, 0}, 2}, {[]int64{2}, 2}, {[]int64{3}, 4}, {[]int64{5, 1}, 6}, {[]int64{7}, 10}, {[]int64{11}, 20}, {[]int64{41}, 60}, {[]int64{100}, 100}, {[]int64{1234}, 2000}} {
		chart := themes.UsagePage{Usage: billing.Usage{Period: billing.PeriodOf(now), MeterUsage: billing.MeterUsage{PerDay: c.days}}}.Chart()
		if chart.Top != c.top || chart.Half*2 != c.top || len(chart.Bars) != len(c.days) || chart.Width != 10*len(c.days) {
			t.Errorf("%v: top %d, want %d", c.days, chart.Top, c.top)
		}
		for i, b := range chart.Bars {
			if b.Count != c.days[i] || b.Y < 0 || b.Y+b.H < 99.99 || b.Y+b.H > 100.01 {
				t.Errorf("%v: bar %+v", c.days, b)
			}
		}
	}
}

func TestTheUsagePageOffersTheMonthsThereAre(t *testing.T) {
	t.Parallel()
	month := func(s string) time.Time {
		at, err := time.Parse("2006-01", s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	p := themes.UsagePage{Usage: billing.Usage{Period: billing.Period{Start: month("2026-11")}}, First: month("2026-10").AddDate(0, 0, 20)}
	if before := p.Before(); before == nil || p.MonthURL(*before) != "/usage?month=2026-10" {
		t.Errorf("before November: %v", before)
	}
	if after := p.After(now); after != nil {
		t.Errorf("after the running month: %v", after)
	}
	if after := p.After(month("2026-12")); after == nil || p.MonthURL(*after) != "/usage?month=2026-12" {
		t.Errorf("in December, after November: %v", after)
	}
	p.First = month("2026-11")
	if before := p.Before(); before != nil {
		t.Errorf("before the first month: %v", before)
	}
}

func TestDatesAndNumbersAreWrittenAsTheReaderWritesThem(t *testing.T) {
	t.Parallel()
	s := newSet(t)
	at := time.Date(2026, 3, 29, 23, 30, 0, 0, time.UTC) // the next day in Berlin, in summer time
	en, de := s.TalkIn("en", "America/New_York", at), s.TalkIn("de", "Europe/Berlin", at)
	for got, want := range map[string]string{
		string(en.Date(at)):     `<time datetime="2026-03-29">29 Mar 2026</time>`,
		string(de.Date(at)):     `<time datetime="2026-03-30">30. März 2026</time>`,
		string(en.DateTime(at)): `<time datetime="2026-03-29T19:30:00-04:00">29 Mar 2026, 19:30</time>`,
		de.LongDateTime(at):     "30. März 2026, 01:30 CEST",
		en.Month(at):            "March 2026",
		en.Number(1234567):      "1,234,567",
		de.Number(-1234):        "-1.234",
		en.Number(999):          "999",
		de.Percent(40):          "40\u00a0%",
		en.Percent(40):          "40%",
		en.Bytes(0):             "0\u00a0B",
		en.Bytes(1536):          "1.5\u00a0KB",
		de.Bytes(1536):          "1,5\u00a0KB",
		en.Bytes(4 << 30):       "4\u00a0GB",
		s.TalkIn("xx", "Nowhere/X", at).Month(at): "March 2026",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for minutes, want := range map[int]string{1: "1 minute", 45: "45 minutes", 60: "1 hour", 90: "1 h 30 min", 120: "2 hours"} {
		if got, err := en.Minutes(minutes); err != nil || got != want {
			t.Errorf("%d minutes: %q, %v", minutes, got, err)
		}
	}
	for ago, want := range map[time.Duration]string{0: "just now", time.Minute: "1 minute ago", 3 * time.Hour: "3 hours ago", 50 * time.Hour: "2 days ago", 400 * time.Hour: "13 Mar 2026"} {
		if got, err := en.Ago(at.Add(-ago)); err != nil || !strings.Contains(string(got), ">"+want+"<") {
			t.Errorf("%v ago: %q, %v", ago, got, err)
		}
	}
}

func TestTheNavigationShowsOnlyWhereOneMayGo(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	learner := render(t, s, w.portal("/", learnerMay()), themes.HomePage{})
	for _, hidden := range []string{`href="/studio"`, `href="/people"`, `href="/usage"`, `href="/settings/brand"`, `href="/audit"`, `popovertarget="more"`} {
		if strings.Contains(learner, hidden) {
			t.Errorf("a learner sees %s", hidden)
		}
	}
	manager := policy.Set{policy.PersonSelf: {}, policy.PersonRead: {}}
	people := render(t, s, w.portal("/people?q=a", manager), themes.PeoplePage{})
	if !strings.Contains(people, `href="/people" aria-current="page"`) || strings.Contains(people, "/people/invite") {
		t.Error("a manager sees people marked as the current page, and no invitation")
	}
	if owner := render(t, s, w.portal("/", may()), themes.HomePage{}); !strings.Contains(owner, `href="/usage"`) || !strings.Contains(owner, `href="/" aria-current="page"`) {
		t.Error("an owner sees everything")
	}
}

func TestWhatIsLeftOfACourseIsAtLeastAMinute(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]int{{45, 40, 27}, {45, 100, 0}, {0, 10, 0}, {1, 99, 1}} {
		if got := themes.LeftMinutes(c[0], c[1]); got != c[2] {
			t.Errorf("%d minutes, %d%%: %d left", c[0], c[1], got)
		}
	}
}

func TestAQuizTellsTheRightAnswersOnlyWhenItIsPassed(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	quiz := lesson(w.outlines[0], catalog.LessonQuiz)
	v := w.portal("/learn/x/y", learnerMay())
	badge := ">Right answer<"
	if doc := render(t, s, v, themes.PlayerPage{Player: w.player(quiz)}); strings.Contains(doc, quiz.Questions[0].Explanation) || strings.Contains(doc, badge) {
		t.Error("the form gives answers away")
	}
	failed := render(t, s, v, themes.PlayerPage{Player: w.player(quiz), Result: &enrolment.Attempt{}})
	if strings.Contains(failed, badge) || !strings.Contains(failed, "?retry=1#quiz") {
		t.Error("a failed quiz gives the right answers away or offers no new try")
	}
	passed := render(t, s, v, themes.PlayerPage{Player: w.player(quiz), Result: &enrolment.Attempt{Passed: true, Percent: 100}})
	if !strings.Contains(passed, badge) || strings.Contains(passed, "?retry=1") {
		t.Error("a passed quiz does not show the right answers, or asks for another try")
	}
}

func TestPagesThatWaitOrLeaveGoOnByThemselves(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	refresh := `<meta http-equiv="refresh"`
	for _, sp := range specimens(t, w) {
		doc := render(t, s, sp.view, sp.page)
		waits := strings.HasSuffix(sp.name, "completed-pending") && !strings.HasPrefix(sp.name, "course") || sp.name == "signup-wait" || sp.name == "provisioning" || sp.name == "updating" || sp.name == "sso-leave" || sp.name == "import-running" || sp.name == "hr-run-running" || sp.name == "rollout-running" || sp.name == "leaving-running" || sp.name == "closed"
		if strings.Contains(doc, refresh) != waits {
			t.Errorf("%s: refresh is %v, want %v", sp.name, !waits, waits)
		}
	}
}

func TestAnUnknownFlashShowsNothing(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := w.portal("/", learnerMay())
	v.Flash = &themes.Flash{Key: "made_up", Name: "x"}
	if doc := render(t, s, v, themes.HomePage{}); strings.Contains(doc, `class="flash"`) {
		t.Error("a made-up message was shown")
	}
	v.Flash = &themes.Flash{Key: themes.FlashEnrolled, Name: "Fire & ice"}
	if doc := render(t, s, v, themes.HomePage{}); !strings.Contains(doc, "You are enrolled in “Fire &amp; ice”.") {
		t.Error("the message is missing")
	}
}

func TestTheAppearanceChosenIsMarkedAndSentBack(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	v := w.portal("/courses?q=fire", learnerMay())
	v.Appearance = themes.AppearanceDark
	doc := render(t, s, v, themes.CataloguePage{})
	for _, want := range []string{`data-appearance="dark"`, `value="dark" aria-pressed="true"`, `name="back" value="/courses?q=fire"`} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %s", want)
		}
	}
	if themes.ParseAppearance("light") != themes.AppearanceLight || themes.ParseAppearance(`"><x`) != themes.AppearanceAuto {
		t.Error("ParseAppearance")
	}
}

func TestNoPageShowsMarkupAsText(t *testing.T) {
	t.Parallel()
	s, w := newSet(t), newWorld(t)
	for _, sp := range specimens(t, w) {
		if doc := render(t, s, sp.view, sp.page); strings.Contains(doc, "&lt;time ") {
			t.Errorf("%s: a moment is drawn for a page and put into a sentence: use LongDateTime or LongDate there", sp.name)
		}
	}
}
