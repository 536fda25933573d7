package question

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// Limits of a question, in characters where it is text.
const (
	MaxTitle    = 200
	MaxPrompt   = 20_000
	MaxPart     = 2_000 // an option, an item, a pattern, a feedback
	MaxOptions  = 50    // options, pairs, decoys, patterns, ranges, units, areas
	MaxGaps     = 50
	MaxCorners  = 50 // of a polygon
	MaxWeight   = 100
	MaxAccepted = 30 // endings of files
)

// id is what a part of a question may be called.
var id = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// GapMark finds where the gaps of a Blanks text are; its group is the gap's id.
var GapMark = regexp.MustCompile(`\{\{([A-Za-z0-9_-]{1,40})\}\}`)

// checker gathers what an author has to mend.
type checker struct {
	q Question
	fault.Fields
	ids map[string]bool
}

// Check says what an author has to mend, by field: prompt, options, options.2.text and so on, counted from 0.
func Check(q Question) error {
	c := checker{q, fault.Fields{}, map[string]bool{}}
	c.Check(slices.Contains(Kinds, q.Kind), "kind", "Choose what kind of question this is.")
	c.Check(strings.TrimSpace(q.Title) != "", "title", "Give the question a title by which you find it.")
	c.fits("title", q.Title, MaxTitle)
	c.Check(strings.TrimSpace(q.Prompt) != "", "prompt", "Write what is asked.")
	c.fits("prompt", q.Prompt, MaxPrompt)
	c.fits("picture_of", q.PictureOf, MaxPart)
	c.Check(q.Picture == nil || strings.TrimSpace(q.PictureOf) != "", "picture_of", "Say what the picture shows, for people who do not see it.")
	c.Check(slices.Contains([]Scoring{"", AllOrNothing, Partial, Weighted}, q.Scoring), "scoring", "Choose how answers that are right in part are marked.")
	for name, text := range map[string]string{"always": q.Feedback.Always, "right": q.Feedback.Right, "partly": q.Feedback.Partly, "wrong": q.Feedback.Wrong} {
		c.fits("feedback."+name, text, MaxPart)
	}
	switch q.Kind {
	case Single, Multiple:
		c.options("options", q.Options, 2)
		c.right("options", q.Options)
	case TrueFalse:
		c.truth()
	case Ordering:
		c.options("options", q.Options, 2)
	case ShortText:
		c.texts("texts", q.Texts)
	case Numeric:
		c.numbers("numbers", q.Numbers)
	case Matching:
		c.matching()
	case Blanks:
		c.blanks()
	case HotSpot:
		c.hotSpot()
	case Essay, File:
		c.hand()
	}
	return c.Err()
}

func (c checker) fits(field, text string, most int) {
	c.Check(utf8.RuneCountInString(text) <= most, field, fmt.Sprintf("Use at most %d characters.", most))
}

// named checks that a part has an id of its own.
func (c checker) named(field, name string) {
	c.Check(id.MatchString(name), field, "Name this part by up to 40 letters, digits, - and _.")
	c.Check(!c.ids[name], field, "Another part has this name. Choose one of its own.")
	c.ids[name] = true
}

func (c checker) count(field string, n, least, most int) {
	c.Check(n >= least, field, fmt.Sprintf("Write at least %d.", least))
	c.Check(n <= most, field, fmt.Sprintf("Write at most %d.", most))
}

func (c checker) share(field string, s Share) {
	c.Check(s >= -Whole && s <= Whole, field, "Give from −100 % to 100 % of the marks.")
}

func (c checker) options(field string, list []Option, least int) {
	c.count(field, len(list), least, MaxOptions)
	seen := map[string]bool{}
	for i, o := range list {
		at := fmt.Sprintf("%s.%d", field, i)
		c.named(at+".id", o.ID)
		text := strings.TrimSpace(o.Text)
		c.Check(text != "", at+".text", "Write something to choose.")
		c.Check(!seen[text], at+".text", "This stands there twice. Change one.")
		seen[text] = true
		c.fits(at+".text", o.Text, MaxPart)
		c.fits(at+".feedback", o.Feedback, MaxPart)
		c.share(at+".share", o.Share)
	}
}

// right checks that full marks can be reached.
func (c checker) right(field string, list []Option) {
	_, some := best(list)
	c.Check(some, field, "Mark what is right.")
	if c.q.Scoring != Weighted || !some {
		return
	}
	var sum, most Share
	for _, o := range list {
		sum, most = sum+max(o.Share, 0), max(most, o.Share)
	}
	if c.q.Kind == Multiple {
		// Thirds and sevenths of all marks leave something over.
		c.Check(sum >= Whole-Share(len(list)), field, "What is right must add up to 100 %.")
	} else {
		c.Check(most == Whole, field, "One choice must give 100 %.")
	}
}

func (c checker) truth() {
	ok := len(c.q.Options) == 2 && slices.ContainsFunc(c.q.Options, func(o Option) bool { return o.ID == "true" }) &&
		slices.ContainsFunc(c.q.Options, func(o Option) bool { return o.ID == "false" })
	c.Check(ok, "options", "A statement is true or false: give both and nothing else.")
	if !ok {
		return
	}
	for i, o := range c.q.Options {
		c.fits(fmt.Sprintf("options.%d.text", i), o.Text, MaxPart)
		c.fits(fmt.Sprintf("options.%d.feedback", i), o.Feedback, MaxPart)
		c.share(fmt.Sprintf("options.%d.share", i), o.Share)
	}
	c.Check((c.q.Options[0].Share > 0) != (c.q.Options[1].Share > 0), "options", "Say whether the statement is true or false.")
}

func (c checker) texts(field string, t *Texts) {
	if t == nil {
		c.Add(field, "Write which answers are accepted.")
		return
	}
	c.count(field, len(t.Patterns), 1, MaxOptions)
	full := false
	for i, p := range t.Patterns {
		at := fmt.Sprintf("%s.%d", field, i)
		c.Check(strings.TrimSpace(p.Text) != "", at+".text", "Write an answer that is accepted.")
		c.fits(at+".text", p.Text, MaxPart)
		c.fits(at+".feedback", p.Feedback, MaxPart)
		c.share(at+".share", p.Share)
		c.Check(slices.Contains([]Match{Exact, Wildcard, Regexp}, p.Match), at+".match", "Choose how the answer is compared.")
		if p.Match == Regexp {
			_, err := p.compile(*t)
			c.Check(err == nil, at+".text", "This is no expression that can be read. Check its brackets and signs.")
		}
		full = full || p.Share == Whole
	}
	c.Check(full || len(t.Patterns) == 0, field, "One answer must give 100 %.")
}

func (c checker) numbers(field string, n *Numbers) {
	if n == nil {
		c.Add(field, "Write which numbers are accepted.")
		return
	}
	c.count(field, len(n.Ranges), 1, MaxOptions)
	c.count(field+".units", len(n.Units), 0, MaxOptions)
	full := false
	for i, r := range n.Ranges {
		at := fmt.Sprintf("%s.%d", field, i)
		_, ok := exact(r.Value)
		c.Check(ok, at+".value", "Write a number such as 3.1.")
		t, ok := exact(r.Tolerance)
		c.Check(r.Tolerance == "" || ok && t.Sign() >= 0, at+".tolerance", "Write how far off an answer may be, a number such as 0.1.")
		c.fits(at+".feedback", r.Feedback, MaxPart)
		c.share(at+".share", r.Share)
		full = full || r.Share == Whole
	}
	c.Check(full || len(n.Ranges) == 0, field, "One answer must give 100 %.")
	seen := map[string]bool{}
	for i, u := range n.Units {
		at := fmt.Sprintf("%s.units.%d", field, i)
		name := plain(u.Name)
		c.Check(name != "" && utf8.RuneCountInString(name) <= 30 && strings.Trim(name, "0123456789.,+-") == name, at+".name", "Write a unit such as km/h, without digits at its ends.")
		c.Check(!seen[name], at+".name", "This unit stands there twice.")
		seen[name] = true
		factor, ok := exact(u.Factor)
		c.Check(ok && factor.Sign() > 0, at+".factor", "Write how many of the first unit this one is, a number above 0.")
		c.Check(i > 0 || !ok || factor.IsInt() && factor.Num().IsInt64() && factor.Num().Int64() == 1, at+".factor", "The first unit has the factor 1.")
	}
}
