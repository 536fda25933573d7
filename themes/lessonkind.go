package themes

import (
	"net/url"
	"strconv"
	"strings"

	"lyceum/internal/fault"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
)

// LessonKindForm is what was typed about what a lesson is made of beside its text, and what completes it. It is drawn by
// parts/lesson_kind.html.
type LessonKindForm struct {
	URL                            string
	Rule, RuleSeconds, RulePercent string
	NoSkip                         bool
}

func newLessonKindForm(l catalog.Lesson) LessonKindForm {
	f := LessonKindForm{URL: l.URL, Rule: string(l.Completion.Rule), RuleSeconds: strconv.Itoa(l.Completion.Seconds), RulePercent: strconv.Itoa(l.Completion.Percent), NoSkip: l.NoSkip}
	if rules := l.Kind.Rules(); f.Rule == "" && len(rules) > 0 {
		f.Rule = string(rules[0])
	}
	if l.Completion.Percent == 0 {
		f.RulePercent = strconv.Itoa(catalog.DefaultWatched)
	}
	return f
}

// readLessonKindForm reads url, completion.rule, completion.seconds, completion.percent, no_skip.
func readLessonKindForm(get func(name string) string) LessonKindForm {
	return LessonKindForm{
		URL: strings.TrimSpace(get("url")), Rule: get("completion.rule"), RuleSeconds: get("completion.seconds"), RulePercent: get("completion.percent"),
		NoSkip: get("no_skip") != "",
	}
}

// Completion reads the rule. A field that is no number is noted as wrong.
func (f LessonKindForm) Completion(wrong fault.Fields) catalog.Completion {
	number := func(field, text string) int {
		if text = strings.TrimSpace(text); text == "" {
			return 0
		}
		n, err := strconv.Atoi(text)
		wrong.Check(err == nil, field, "Enter a whole number.")
		return n
	}
	c := catalog.Completion{Rule: catalog.Rule(f.Rule)}
	switch c.Rule {
	case catalog.RuleViewed:
		c.Seconds = number("completion.seconds", f.RuleSeconds)
	case catalog.RuleWatched:
		c.Percent = number("completion.percent", f.RulePercent)
	case catalog.RulePassed, catalog.RuleSubmitted, catalog.RuleMarked:
	}
	return c
}

// uploadOf says what the file control of a lesson of a kind takes.
func uploadOf(k catalog.LessonKind) (name, accept string, limit int64) {
	switch k {
	case catalog.LessonVideo:
		return "video", "video/mp4,video/webm", content.MaxVideo
	case catalog.LessonAudio:
		return "audio", "audio/*,.mp3,.m4a,.ogg,.oga,.opus,.wav,.flac", content.MaxAudio
	case catalog.LessonFile:
		return "office", ".docx,.xlsx,.pptx,.odt,.ods,.odp,.pdf,application/pdf,video/mp4,video/webm,audio/*", content.MaxDocument
	}
	return "document", "application/pdf", content.MaxDocument
}

// RuleTold says to a learner what completes a lesson.
func (c *Chrome) RuleTold(r catalog.Completion, kind catalog.LessonKind) (string, error) {
	switch r.Rule {
	case catalog.RuleWatched:
		key := "rule.watched"
		if kind == catalog.LessonAudio {
			key = "rule.heard"
		}
		return c.T(key, "Percent", c.Percent(r.Percent))
	case catalog.RuleViewed:
		if r.Seconds > 0 {
			return c.T("rule.viewed_for", "Time", c.Stopwatch(r.Seconds))
		}
	case catalog.RulePassed:
		if kind == catalog.LessonTest {
			return c.T("rule.passed_test")
		}
		return c.T("rule.passed", "Percent", c.Percent(r.Percent))
	case catalog.RuleSubmitted, catalog.RuleMarked:
	}
	return c.T("rule." + string(r.Rule))
}

// Stopwatch writes seconds as minutes and seconds: 1:05.
func (c *Chrome) Stopwatch(seconds int) string {
	s := strconv.Itoa(seconds % 60)
	if len(s) == 1 {
		s = "0" + s
	}
	return strconv.Itoa(seconds/60) + ":" + s
}

// Host is the site that the lesson shown leads to, "" for none.
func (p PlayerPage) Host() string {
	u, err := url.Parse(p.Player.Lesson.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
