package themes

import (
	"fmt"
	"html/template"
	"maps"
	"math"
	"strconv"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
)

// TestPlace is a test of a course, as its pages for instructors are headed and linked.
type TestPlace struct {
	Course uid.ID
	Lesson uid.ID
	Titles assessment.Titles
	Tab    string // attempts, analysis, regrade
}

// At is the address of its test.
func (p TestPlace) At() string {
	return "/studio/" + p.Course.String() + "/lessons/" + p.Lesson.String() + "/test"
}

// TestSittingsPage is GET /studio/:course/lessons/:lesson/test/attempts?status=. It posts email, more_percent, more_attempts and reason to
// the same address.
type TestSittingsPage struct {
	TestPlace
	Status   assessment.Status // "": every one
	Sittings page.Of[assessment.Sitting]
	Allow    TestAllowForm
	Problem  *fault.Fault
}

// TestAllowForm is what was typed to give somebody more time or attempts. Empty fields leave it as it is.
type TestAllowForm struct {
	Open                   bool   // it was sent
	Email                  string // of whom, where no attempt says it
	Percent, Tries, Reason string
}

func (p TestSittingsPage) in(c *Chrome) (string, any) {
	return "test_sittings", framed[TestSittingsPage]{c, p}
}

// Statuses are what the list may be narrowed to.
func (TestSittingsPage) Statuses() []assessment.Status {
	return []assessment.Status{assessment.StatusToMark, assessment.StatusGraded, assessment.StatusRunning}
}

// TestMarkForm is what was typed for one answer.
type TestMarkForm struct {
	Points, Comment string
	Picks           map[int]rubric.Pick // by criterion
}

// Same tells whether two say the same.
func (f TestMarkForm) Same(o TestMarkForm) bool {
	return f.Points == o.Points && f.Comment == o.Comment && maps.Equal(f.Picks, o.Picks)
}

// TestAnswerForm is what was typed to answer an objection.
type TestAnswerForm struct {
	Answer string
	TestMarkForm
}

// TestReviewPage is GET /studio/:course/lessons/:lesson/test/attempts/:attempt. It posts to its own address do=mark with
// points.<slot>, comment.<slot>, criteria.<slot>.<n> and said.<slot>.<n>, do=agree.<slot> with those of the slot,
// do=keep.<slot> and do=change.<slot> with answer.<slot> and the same behind changed., or do=allow with more_percent,
// more_attempts and reason.
type TestReviewPage struct {
	TestPlace
	Review  assessment.Review
	Items   []AskedItem
	Marks   map[int]TestMarkForm
	Answers map[int]TestAnswerForm // to objections
	Allow   TestAllowForm
	Problem *fault.Fault
}

func (p TestReviewPage) in(c *Chrome) (string, any) {
	return "test_review", framed[TestReviewPage]{c, p}
}

// ByHand tells whether a person marks an answer.
func (p TestReviewPage) ByHand(slot int) bool { _, ok := p.Review.ByHand[slot]; return ok }

// Waiting are the numbers of answers that nobody has marked yet.
func (p TestReviewPage) Waiting() (list []int) {
	for _, i := range p.Items {
		if i.Told != nil && i.Told.Waits {
			list = append(list, i.Number)
		}
	}
	return list
}

// Typed is what was typed for an answer.
func (p TestReviewPage) Typed(slot int) TestMarkForm { return p.Marks[slot] }

// Notes are the author's for who marks an answer.
func (p TestReviewPage) Notes(slot int) string { return p.Review.Notes[slot] }

// MayNot says why who asks may give no mark of their own to an answer; nil: they may.
func (p TestReviewPage) MayNot(slot int) error { return p.Review.MayNot[slot] }

// MayAgree tells whether markers may write down what they agreed on.
func (p TestReviewPage) MayAgree(slot int) bool {
	stage := p.Review.Stages[slot]
	return p.Review.View.Settings.TwoMarkers && (stage == assessment.StageApart || stage == assessment.StageReady)
}

// Stage is what marking an answer has come to, where two people mark.
func (p TestReviewPage) Stage(slot int) assessment.Stage {
	if stage := p.Review.Stages[slot]; p.Review.View.Settings.TwoMarkers && stage != assessment.StageReady {
		return stage
	}
	return assessment.StageWaits
}

// Others is how many marks are kept back until who asks has given theirs.
func (p TestReviewPage) Others(slot int) int { return p.Review.Others[slot] }

// Rubric is what an answer is marked by; nil for marks alone.
func (p TestReviewPage) Rubric(slot int) *rubric.Rubric {
	if r, ok := p.Review.Rubrics[slot]; ok {
		return &r
	}
	return nil
}

// Objections are the questions that the learner objected about.
func (p TestReviewPage) Objections() (list []AskedItem) {
	for _, i := range p.Items {
		if i.Appeal != nil {
			list = append(list, i)
		}
	}
	return list
}

// Open are those of Objections that wait for an answer.
func (p TestReviewPage) Open() (list []AskedItem) {
	for _, i := range p.Objections() {
		if i.Appeal.AnsweredAt == nil {
			list = append(list, i)
		}
	}
	return list
}

// Answer is what was typed to answer an objection.
func (p TestReviewPage) Answer(slot int) TestAnswerForm { return p.Answers[slot] }

// Answerer names who answered an objection.
func (p TestReviewPage) Answerer(a assessment.Appeal) string {
	if a.AnsweredBy == nil {
		return ""
	}
	return p.Review.Names[*a.AnsweredBy]
}

// RubricFields are the fields in which a rubric is filled in: <at>criteria.<slot>.<n> and <at>said.<slot>.<n>.
type RubricFields struct {
	*Chrome
	Rubric  rubric.Rubric
	At      string
	Slot    int
	Picks   map[int]rubric.Pick
	Problem *fault.Fault
}

// RubricFields gives the fields of a rubric with what draws them.
func (c *Chrome) RubricFields(p *fault.Fault, at string, slot int, r *rubric.Rubric, picks map[int]rubric.Pick) RubricFields {
	return RubricFields{c, *r, at, slot, picks, p}
}

// AllowFields are what is allowed with what draws them.
type AllowFields struct {
	*Chrome
	Form    TestAllowForm
	Problem *fault.Fault
}

// Allowing gives the fields in which somebody is given more time or attempts with what draws them.
func (c *Chrome) Allowing(p *fault.Fault, f TestAllowForm) AllowFields { return AllowFields{c, f, p} }

// MarkAnswer is one answer with the fields in which it is marked.
type MarkAnswer struct {
	*Chrome
	Slot, Marks int
	Rubric      *rubric.Rubric
	Typed       TestMarkForm
	Problem     *fault.Fault
}

// MarkAnswer gives the fields in which an answer is marked with what draws them.
func (c *Chrome) MarkAnswer(p TestReviewPage, slot, marks int) MarkAnswer {
	return MarkAnswer{c, slot, marks, p.Rubric(slot), p.Typed(slot), p.Problem}
}

// Name is the name of a field.
func (f RubricFields) Name(field string, criterion int) string {
	return fmt.Sprintf("%s%s.%d.%d", f.At, field, f.Slot, criterion)
}

// Picked tells whether a level is chosen.
func (f RubricFields) Picked(criterion, level int) bool {
	p, ok := f.Picks[criterion]
	return ok && p.Level == level
}

// Said is what is said of a criterion.
func (f RubricFields) Said(criterion int) string { return f.Picks[criterion].Comment }

// Given are the marks that an answer got, in their order.
func (p TestReviewPage) Given(slot int) []assessment.Mark { return p.Review.History[slot] }

// Marker names who gave a mark.
func (p TestReviewPage) Marker(m assessment.Mark) string { return p.Review.Names[m.MarkerID] }

// SittingName is what an attempt is called: whose it is, or what stands for that.
func (c *Chrome) SittingName(t assessment.Sitting) (string, error) {
	if t.Hidden() {
		return c.T("test.hidden_name", "Code", t.Alias)
	}
	if t.PersonName != "" {
		return t.PersonName, nil
	}
	return t.PersonEmail, nil
}

// MarksIn writes what a share of a question's marks is in marks.
func (c *Chrome) MarksIn(s question.Share, of int) string {
	return c.Marks(s * question.Share(of))
}

// PointsTyped is a mark as its field has it.
func PointsTyped(s question.Share, of int) string {
	return strconv.FormatFloat(float64(s)*float64(of)/float64(question.Whole), 'f', -1, 64)
}

// ShareTyped reads marks that were typed as a share of a question's marks.
func ShareTyped(text string, of int) (question.Share, bool) {
	n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(text), ",", ".", 1), 64)
	if err != nil || n < 0 || n > float64(of) || math.IsNaN(n) {
		return 0, false
	}
	return question.Share(math.Round(n * float64(question.Whole) / float64(of))), true
}

// TestRegradePage is GET /studio/:course/lessons/:lesson/test/regrade. It posts to its own address number, mend.<question>
// ("", out, full or a version), reason and do (preview, apply).
type TestRegradePage struct {
	TestPlace
	Mendable assessment.Mendable
	Chosen   map[uid.ID]string
	Reason   string
	Preview  *assessment.Preview
	Problem  *fault.Fault
}

func (p TestRegradePage) in(c *Chrome) (string, any) {
	return "test_regrade", framed[TestRegradePage]{c, p}
}

// Pick tells whether a way of grading a question is chosen.
func (p TestRegradePage) Pick(q assessment.AskedOften, way string) bool {
	return p.Chosen[q.Question] == way
}

// Versions are those that a question may be graded by.
func (p TestRegradePage) Versions(q assessment.AskedOften) (list []int) {
	for n := q.Newest; n >= 1 && len(list) < 10; n-- {
		list = append(list, n)
	}
	return list
}

// Hidden tells how many changes are not listed.
func (p TestRegradePage) Hidden() int { return p.Preview.Changed - len(p.Preview.List) }

// TestAnalysisPage is GET /studio/:course/lessons/:lesson/test/analysis?all=1.
type TestAnalysisPage struct {
	TestPlace
	Analysis assessment.Analysis
}

func (p TestAnalysisPage) in(c *Chrome) (string, any) {
	return "test_analysis", framed[TestAnalysisPage]{c, p}
}

// Enough tells whether there are answers enough to flag anything.
func (p TestAnalysisPage) Enough() bool {
	return p.Analysis.Totals.Attempts >= assessment.MinForFlags
}

// Least is how many answers flags need.
func (TestAnalysisPage) Least() int { return assessment.MinForFlags }

// Flagged is how many questions have a flag.
func (p TestAnalysisPage) Flagged() (n int) {
	for _, i := range p.Analysis.Items {
		if len(i.Flags) > 0 {
			n++
		}
	}
	return n
}

// Grave tells whether a flag says that something is probably wrong.
func (TestAnalysisPage) Grave(f assessment.Flag) bool {
	return f == assessment.FlagKey || f == assessment.FlagDrawing
}

// Index writes a figure between −1 and 1 with two places; a dash where it cannot be told.
func (c *Chrome) Index(x *float64) string {
	if x == nil || math.IsNaN(*x) {
		return "–"
	}
	text := strconv.FormatFloat(*x, 'f', 2, 64)
	if c.locale == "de" {
		text = strings.Replace(text, ".", ",", 1)
	}
	return strings.Replace(text, "-", "−", 1)
}

// PercentOf writes a share from 0 to 1 as a percentage.
func (c *Chrome) PercentOf(x float64) string { return c.Percent(int(math.Round(100 * x))) }

// Rounded is the whole number next to a figure.
func (*Chrome) Rounded(x float64) int { return int(math.Round(x)) }

// Of is how many percent a count is of another.
func (*Chrome) Of(n, all int) int {
	if all <= 0 {
		return 0
	}
	return int(math.Round(100 * float64(n) / float64(all)))
}

// The drawing of an analysis, in its own units.
const (
	plotWide = 640
	plotTall = 300
	plotPad  = 36
)

// ItemPlot draws the questions of a test: how many have them right (across) against how well they tell who knows from who
// does not (up). What it shows stands in the table below it.
func (c *Chrome) ItemPlot(a assessment.Analysis, label, across, up string) template.HTML {
	var s strings.Builder
	x := func(p float64) float64 { return plotPad + p*(plotWide-2*plotPad) }
	y := func(r float64) float64 { return plotTall - plotPad - (r+1)/2*(plotTall-2*plotPad) }
	fmt.Fprintf(&s, `<svg class="item-plot" viewBox="0 0 %d %d" role="img" aria-label="%s"><rect class="plot-weak" x="%d" y="%.1f" width="%d" height="%.1f"/>`,
		plotWide, plotTall, template.HTMLEscapeString(label), plotPad, y(0.15), plotWide-2*plotPad, y(-1)-y(0.15))
	for i := 0; i <= 4; i++ {
		at := x(float64(i) / 4)
		fmt.Fprintf(&s, `<line class="plot-line" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/><text class="plot-text" x="%.1f" y="%d" text-anchor="middle">%d %%</text>`, at, at, plotPad, plotTall-plotPad, at, plotTall-plotPad+16, 25*i)
	}
	for _, r := range []float64{-1, -0.5, 0, 0.5, 1} {
		fmt.Fprintf(&s, `<line class="plot-line" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="plot-text" x="%d" y="%.1f" text-anchor="end">%s</text>`, plotPad, plotWide-plotPad, y(r), y(r), plotPad-5, y(r)+4, strings.TrimSuffix(c.Index(&r), "0"))
	}
	for _, i := range a.Items {
		if i.Rest == nil {
			continue
		}
		class := ""
		if len(i.Flags) > 0 {
			class = " flagged"
		}
		fmt.Fprintf(&s, `<g class="plot-item%s"><circle cx="%.1f" cy="%.1f" r="10"/><text x="%.1f" y="%.1f" text-anchor="middle">%d</text></g>`, class, x(max(0, i.Mean)), y(*i.Rest), x(max(0, i.Mean)), y(*i.Rest)+4, i.Number)
	}
	fmt.Fprintf(&s, `<text class="plot-text" x="%d" y="%d" text-anchor="end">%s</text><text class="plot-text" x="%d" y="%d">%s</text></svg>`, plotWide-plotPad, plotTall-2, template.HTMLEscapeString(across), 4, 14, template.HTMLEscapeString(up))
	return template.HTML(s.String()) //nolint:gosec // numbers and escaped words
}

// Say is Markdown as plain words.
func (TestAnalysisPage) Say(s string) string { return markdown.PlainText(s) }
