package themes

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assessment"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/rubric"
)

// MarkingPage is GET /studio/marking?show=&lesson=&after=: what learners handed in, what waits longest first.
type MarkingPage struct {
	Show   string // waits, mine, appeals, returned, accepted, failed
	Lesson uid.ID // uid.Nil: of every one
	Works  page.Of[assignment.Work]
	Tests  []assessment.TestToMark // with attempts that wait

	Objections []assessment.Objection // to marks of tests
}

func (p MarkingPage) in(c *Chrome) (string, any) { return "marking", framed[MarkingPage]{c, p} }

// MarkingShows lists what the list may be narrowed to.
var MarkingShows = []string{"waits", "mine", "appeals", "returned", "accepted", "failed"}

// Shows is MarkingShows.
func (MarkingPage) Shows() []string { return MarkingShows }

// LessonWish is the lesson as the address has it, "" for every one.
func (p MarkingPage) LessonWish() string {
	if p.Lesson == uid.Nil {
		return ""
	}
	return p.Lesson.String()
}

// ObjectionAt is where an objection to a mark of a test is answered.
func (MarkingPage) ObjectionAt(o assessment.Objection) string {
	return fmt.Sprintf("/studio/%s/lessons/%s/test/attempts/%s#objection-%d", o.CourseID, o.LessonID, o.AttemptID, o.Slot+1)
}

// MarkForm is what was typed.
type MarkForm struct {
	Percent, Points, Comment, FileID, Until, Reason, Answer string
	Picks                                                   map[int]rubric.Pick
}

// SubmissionPage is GET /studio/marking/:submission. It posts do (mark, fail, return, agree), points, percent, comment,
// criteria.<n>, said.<n> and file to its own address; do (claim, back) to …/claim, nothing to …/release, until and reason
// to …/extend, do (keep, change), answer and a mark to …/appeal.
type SubmissionPage struct {
	Sheet   assignment.Sheet
	Task    template.HTML // what the lesson asks for, through the sanitiser
	Text    template.HTML // what was written, through the sanitiser
	Form    MarkForm
	Problem *fault.Fault
}

func (p SubmissionPage) in(c *Chrome) (string, any) {
	return "submission", framed[SubmissionPage]{c, p}
}

// At is the page's own address.
func (p SubmissionPage) At() string { return "/studio/marking/" + p.Sheet.ID.String() }

// Open tells whether it waits for a mark.
func (p SubmissionPage) Open() bool { return p.Sheet.Status == "submitted" }

// MayMark tells whether who looks may mark it now.
func (p SubmissionPage) MayMark() bool { return p.Sheet.Refused == nil && p.Open() }

// MayAgree tells whether markers who are apart may write down what they agreed on.
func (p SubmissionPage) MayAgree() bool { return p.Open() && p.Sheet.Stage == assignment.StageApart }

// Scheme is how it is marked.
func (p SubmissionPage) Scheme() rubric.Scheme { return p.Sheet.Settings.Scheme }

// ByPoints tells whether it is marked by a number of points.
func (p SubmissionPage) ByPoints() bool { return p.Scheme().Kind == rubric.ByPoints }

// ByRubric tells whether it is marked by a rubric.
func (p SubmissionPage) ByRubric() bool { return p.Scheme().Kind == rubric.ByRubric }

// Picked tells whether a level was chosen in what was typed.
func (p SubmissionPage) Picked(criterion, level int) bool {
	pick, ok := p.Form.Picks[criterion]
	return ok && pick.Level == level
}

// Said is the comment on a criterion in what was typed.
func (p SubmissionPage) Said(criterion int) string { return p.Form.Picks[criterion].Comment }

// WorkName is whose work it is, or what stands for the name while that is hidden.
func (c *Chrome) WorkName(w assignment.Work) (string, error) {
	switch {
	case w.Hidden():
		return c.T("marking.hidden_name", "Alias", w.Alias)
	case w.GroupName != "":
		return w.GroupName, nil
	}
	return w.PersonName, nil
}

// Chosen writes what a mark's rubric picks were, for its history.
func Chosen(scheme rubric.Scheme, m assignment.Mark) (out []ChosenLevel) {
	for _, p := range m.Given.Picks {
		if p.Criterion < len(scheme.Rubric.Criteria) && p.Level < len(scheme.Rubric.Criteria[p.Criterion].Levels) {
			c := scheme.Rubric.Criteria[p.Criterion]
			out = append(out, ChosenLevel{c.Title, c.Levels[p.Level].Title, p.Comment, c.Levels[p.Level].Points, c.Max()})
		}
	}
	return out
}

// ChosenLevel is a criterion with the level that was chosen.
type ChosenLevel struct {
	Criterion, Level, Comment string
	Points, Max               rubric.Points
}

// Chosen is the rubric's levels that a mark chose.
func (c *Chrome) Chosen(s rubric.Scheme, m assignment.Mark) []ChosenLevel { return Chosen(s, m) }

// HasPoints tells whether a scheme gives points.
func (c *Chrome) HasPoints(s rubric.Scheme) bool {
	return s.Kind == rubric.ByPoints || s.Kind == rubric.ByRubric
}

// ComparePage is GET /studio/marking/:submission/compare/:other: two works side by side.
type ComparePage struct{ Comparison assignment.Comparison }

func (p ComparePage) in(c *Chrome) (string, any) {
	return "submission_compare", framed[ComparePage]{c, p}
}

// Pairs are the numbers of the passages that stand in both.
func (p ComparePage) Pairs() (n int) {
	for _, piece := range p.Comparison.InOne {
		n = max(n, piece.Pair)
	}
	return n
}

// AssignmentForm is the rules as they are typed.
type AssignmentForm struct {
	Text, TakesFiles, Anonymous, TwoMarkers, Together, Alike                                          bool
	Files, Types, FileMB, MinWords, MaxWords, Template, Due, DueAt, DueDays, LateDays, LateOff, Floor string
	Attempts, AgainUntil, Kind, Max, Pass, Rubric, Apart, AppealDays                                  string
	Groups                                                                                            []uid.ID
}

// NewAssignmentForm fills a form in; moment writes a moment as its field has it.
func NewAssignmentForm(s assignment.Settings, moment func(s assignment.Settings) (dueAt, againUntil string)) AssignmentForm {
	number := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	f := AssignmentForm{
		Text: !s.NoText, TakesFiles: !s.NoFiles, Anonymous: s.Anonymous, TwoMarkers: s.TwoMarkers, Together: s.Together, Alike: s.Alike,
		Files: number(s.Files), Types: strings.Join(s.Types, ", "), FileMB: number(s.FileMB), MinWords: number(s.MinWords), MaxWords: number(s.MaxWords), Template: s.Template,
		Due: string(s.Due), DueDays: number(s.DueDays), LateDays: number(s.LateDays), LateOff: number(s.LateOff), Floor: number(s.Floor), Attempts: number(s.Attempts),
		Kind: string(s.Scheme.Kind), Pass: number(s.Scheme.Pass), Rubric: s.Scheme.Rubric.String(), Apart: number(s.Apart), AppealDays: number(s.AppealDays), Groups: s.Groups,
	}
	f.DueAt, f.AgainUntil = moment(s)
	if f.Kind == "" {
		f.Kind = string(rubric.ByPass)
	}
	if s.Scheme.Max > 0 {
		f.Max = s.Scheme.Max.String()
	}
	return f
}

// AssignmentPage is GET /studio/:course/lessons/:lesson/assignment: the rules. It posts the fields of AssignmentForm and
// number to its own address.
type AssignmentPage struct {
	Course  catalog.Course
	Lesson  catalog.Lesson
	Rules   assignment.Rules
	Form    AssignmentForm
	Problem *fault.Fault
}

func (p AssignmentPage) in(c *Chrome) (string, any) {
	return "assignment", framed[AssignmentPage]{c, p}
}

// Chose tells whether a group was chosen.
func (p AssignmentPage) Chose(team uid.ID) bool {
	for _, g := range p.Form.Groups {
		if g == team {
			return true
		}
	}
	return false
}

// Dues are what a due date may be reckoned from.
func (AssignmentPage) Dues() []assignment.DueBy { return assignment.DueBys }

// Kinds are the forms of a mark.
func (AssignmentPage) Kinds() []rubric.Kind { return rubric.Kinds }

// Filed is files with what draws them.
type Filed struct {
	*Chrome
	Files []assignment.File
}

// Filed gives files with what draws them.
func (c *Chrome) Filed(files []assignment.File) Filed { return Filed{c, files} }

// FaultOf is what an error says to a person.
func (c *Chrome) FaultOf(err error) string { return c.FaultText(fault.Of(err)) }
