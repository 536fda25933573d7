package themes

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/question"
)

// AskedItem is a question of a test as it is drawn by parts/test.html. Its form fields are a.<slot>.<name>: choice (several),
// text, unit, part.<id>, item and place (in turn), keep (files that stay), file, flag, seq.
type AskedItem struct {
	assessment.Item
	Prompt  template.HTML // through the sanitiser
	Parts   []PromptPart  // of Blanks: text and gaps in turn
	Picture string        // its address, "" for none
	Hints   []template.HTML
}

// NewAskedItem fills in what is drawn; prose renders Markdown, pictures is the address below which pictures of the test are.
func NewAskedItem(i assessment.Item, pictures string, prose func(src, prefix string) template.HTML) AskedItem {
	at := fmt.Sprintf("q%d-", i.Number)
	out := AskedItem{Item: i}
	if i.Asked.Kind == question.Blanks {
		out.Parts = PromptParts(i.Asked)
	} else {
		out.Prompt = prose(i.Asked.Prompt, at)
	}
	if i.Asked.Picture != nil {
		out.Picture = pictures + "/" + i.Asked.Picture.String()
	}
	if i.Told != nil {
		for n, h := range i.Told.Hints {
			out.Hints = append(out.Hints, prose(h, fmt.Sprintf("%sh%d-", at, n)))
		}
	}
	return out
}

// PromptParts cuts the prompt of Blanks into text and gaps.
func PromptParts(a question.Asked) (parts []PromptPart) {
	gaps := slices.Clone(a.Gaps)
	slices.SortStableFunc(gaps, func(x, y question.AskedGap) int {
		return cmp.Compare(strings.Index(a.Prompt, "{{"+x.ID+"}}"), strings.Index(a.Prompt, "{{"+y.ID+"}}"))
	})
	rest := a.Prompt
	for _, g := range gaps {
		before, behind, _ := strings.Cut(rest, "{{"+g.ID+"}}")
		parts = append(parts, PromptPart{Text: before, Gap: &g})
		rest = behind
	}
	return append(parts, PromptPart{Text: rest})
}

// Name is the name of one of its form fields.
func (i AskedItem) Name(field string) string { return fmt.Sprintf("a.%d.%s", i.Slot, field) }

// Chosen tells whether a choice was taken.
func (i AskedItem) Chosen(id string) bool { return slices.Contains(i.Answer.Choices, id) }

// Place is where an item was put in order, from 1; 0 for nowhere.
func (i AskedItem) Place(id string) int { return slices.Index(i.Answer.Choices, id) + 1 }

// Places are the places that an item can be put at.
func (i AskedItem) Places() (list []int) {
	for n := range i.Asked.Options {
		list = append(list, n+1)
	}
	return list
}

// Part is what was given for an item or a gap.
func (i AskedItem) Part(id string) string { return i.Answer.Parts[id] }

// Say is Markdown as plain words, where a page needs a line.
func (i AskedItem) Say(s string) string { return markdown.PlainText(s) }

// Text is what was written, or what an essay begins with.
func (i AskedItem) Text() string {
	if i.Answer.Text == "" && i.Sequence == 0 {
		return i.Asked.Template
	}
	return i.Answer.Text
}

// State is what the list of questions says of it: answered, open or looked.
func (i AskedItem) State() string {
	switch {
	case i.Looked:
		return "looked"
	case i.Answered:
		return "answered"
	}
	return "open"
}

// Verdict is how its answer was marked: right, partly, wrong, waits; "" when it is not told.
func (i AskedItem) Verdict() string {
	switch {
	case i.Told == nil || !i.Told.Marks:
		return ""
	case i.Told.Waits:
		return "waits"
	case i.Told.Right:
		return "right"
	case i.Told.Share > 0:
		return "partly"
	}
	return "wrong"
}

// Given is the answer in words.
func (i AskedItem) Given() []string { return i.words(i.Answer) }

// Right is the solution in words; nil when it is not told.
func (i AskedItem) Right() []string {
	if i.Told == nil || i.Told.Solution == nil {
		return nil
	}
	return i.words(*i.Told.Solution)
}

// words says an answer.
func (i AskedItem) words(a question.Answer) (out []string) {
	name := func(list []question.Shown, id string) string {
		for _, o := range list {
			if o.ID == id {
				return markdown.PlainText(o.Text)
			}
		}
		return ""
	}
	switch i.Asked.Kind {
	case question.Single, question.Multiple, question.TrueFalse:
		for _, id := range a.Choices {
			out = append(out, name(i.Asked.Options, id))
		}
	case question.Ordering:
		for n, id := range a.Choices {
			out = append(out, strconv.Itoa(n+1)+". "+name(i.Asked.Options, id))
		}
	case question.HotSpot:
		for _, id := range a.Choices {
			out = append(out, name(i.Asked.Areas, id))
		}
		for _, p := range a.Points {
			out = append(out, fmt.Sprintf("%d %% / %d %%", p.X/100, p.Y/100))
		}
	case question.Matching:
		for _, item := range i.Asked.Items {
			if partner := a.Parts[item.ID]; partner != "" {
				out = append(out, markdown.PlainText(item.Text)+" → "+name(i.Asked.Partners, partner))
			}
		}
	case question.Blanks:
		for _, p := range PromptParts(i.Asked) {
			if p.Gap == nil || a.Parts[p.Gap.ID] == "" {
				continue
			}
			text := a.Parts[p.Gap.ID]
			if len(p.Gap.Options) > 0 {
				text = name(p.Gap.Options, text)
			}
			out = append(out, text)
		}
	case question.File:
		for _, id := range a.Files {
			out = append(out, i.Files[id])
		}
	case question.ShortText, question.Numeric, question.Essay:
		if text := strings.TrimSpace(a.Text + " " + a.Unit); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// Drawing is a question with what draws it.
type Drawing struct {
	*Chrome
	Item    AskedItem
	Problem *fault.Fault
}

// Asking gives a question with what draws it.
func (c *Chrome) Asking(i AskedItem, p *fault.Fault) Drawing { return Drawing{c, i, p} }

// Marks writes marks, in millionths, with up to two places.
func (c *Chrome) Marks(s question.Share) string {
	text := strconv.FormatFloat(float64(s/10_000)/100, 'f', -1, 64)
	if c.locale == "de" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return text
}

// MarksOf writes the marks that a question got.
func (c *Chrome) MarksOf(i AskedItem) string { return c.Marks(i.Told.Share * question.Share(i.Marks)) }

// Within writes seconds as people say them: 1 h 30 min, 45 min, 30 s.
func (c *Chrome) Within(seconds int) (string, error) {
	if seconds%60 == 0 {
		return c.Minutes(seconds / 60)
	}
	return c.Stopwatch(seconds), nil
}

// TestPage is GET /learn/:slug/:lesson/test/:attempt while the attempt runs: its questions; with ?review=1 what is to be
// looked at before handing in. It posts the fields of AskedItem and do (save, look.<slot>, next, review, hand_in) to its own
// address, and one answer as JSON to …/answers. With Preview it is what its author tries, and nothing is kept.
type TestPage struct {
	View    assessment.View
	Items   []AskedItem
	At      string // its address
	Back    string // the lesson
	Review  bool
	Preview bool
	Seed    uint64
	Stale   []int // numbers of answers that were newer in another window
	Problem *fault.Fault
}

func (p TestPage) in(c *Chrome) (string, any) { return "test", framed[TestPage]{c, p} }

// Sections are the questions with the section that they stand in.
func (p TestPage) Sections() (out []TestSection) {
	for _, i := range p.Items {
		if len(out) == 0 || out[len(out)-1].Index != i.Section {
			out = append(out, TestSection{Index: i.Section, Title: p.View.Settings.Sections[i.Section].Title})
		}
		out[len(out)-1].Items = append(out[len(out)-1].Items, i)
	}
	return out
}

// TestSection is a section of a test with its questions.
type TestSection struct {
	Index int
	Title string
	Items []AskedItem
}

// Number is its place from 1.
func (s TestSection) Number() int { return s.Index + 1 }

// More tells whether another section comes behind the one that is open.
func (p TestPage) More() bool {
	return p.View.SectionNow >= 0 && p.View.SectionNow+1 < len(p.View.Settings.Sections)
}

// Ends is when the time is over of what is shown; nil: never.
func (p TestPage) Ends() *time.Time {
	if p.View.SectionEnds != nil {
		return p.View.SectionEnds
	}
	return p.View.EndsAt
}

// Left is how many seconds are left.
func (p TestPage) Left() int {
	if p.Ends() == nil {
		return 0
	}
	return max(0, int(p.Ends().Sub(p.View.Now).Seconds()))
}

// Unanswered are the questions without an answer.
func (p TestPage) Unanswered() (list []AskedItem) {
	for _, i := range p.Items {
		if !i.Answered {
			list = append(list, i)
		}
	}
	return list
}

// Flagged are the questions to come back to.
func (p TestPage) Flagged() (list []AskedItem) {
	for _, i := range p.Items {
		if i.Flagged {
			list = append(list, i)
		}
	}
	return list
}

// LooksAt tells whether answers may be looked at one by one.
func (p TestPage) LooksAt() bool { return p.View.Settings.Feedback.When == assessment.WhenAnswered }

// Query leads back to what an author tried.
func (p TestPage) Query() string {
	if !p.Preview {
		return ""
	}
	return "?seed=" + strconv.FormatUint(p.Seed, 10)
}

// TestResultPage is GET /learn/:slug/:lesson/test/:attempt once the attempt has ended. It posts do=object.<slot> and
// reason.<slot> to its own address.
type TestResultPage struct {
	View    assessment.View
	Items   []AskedItem
	At      string
	Back    string
	Preview bool
	Objects int    // the number of the question that is objected about; 0: none
	Reason  string // that was typed
	Problem *fault.Fault
}

// Objection is what was typed about a question.
func (p TestResultPage) Objection(number int) string {
	if p.Objects != number {
		return ""
	}
	return p.Reason
}

func (p TestResultPage) in(c *Chrome) (string, any) {
	return "test_result", framed[TestResultPage]{c, p}
}

// Graded tells whether nothing waits any more.
func (p TestResultPage) Graded() bool { return p.View.Status == assessment.StatusGraded }

// ByTime tells whether time ended it.
func (p TestResultPage) ByTime() bool {
	return p.View.EndedBy != nil && *p.View.EndedBy == assessment.EndedByTime
}

// TestAt is the address of an attempt at the test of the lesson shown.
func (p PlayerPage) TestAt(attempt uid.ID) string { return p.Here() + "/test/" + attempt.String() }

// BestAttempt is the number of the attempt with the most percent that is graded; 0 for none.
func (p PlayerPage) BestAttempt() (n int) {
	most := -1
	for _, a := range p.Test.Attempts {
		if a.Status == assessment.StatusGraded && a.Percent >= most {
			most, n = a.Percent, a.Number
		}
	}
	return n
}
