package assessment

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/question"
)

// Item analysis after the classical test theory: how hard each question is, whether it tells those who know from those who do
// not, which wrong answers draw people, and how far the whole score can be relied on.

// ItemRow is what was counted of one version of a question, over graded attempts. Shares are of the question's marks, from 0
// to 1.
type ItemRow struct {
	Question uid.ID
	Version  int
	Count    int
	Mean     float64  // of the share: the difficulty index p (1: everybody has it)
	Rest     *float64 // correlation of the share with the rest of the score; nil: it cannot be told
	Upper    *float64 // mean share of the best 27 %
	Lower    *float64 // and of the weakest 27 %
	Variance float64  // of the marks, for the reliability
}

// TotalsRow is what was counted of whole attempts. Variance is of marks.
type TotalsRow struct {
	Attempts  int
	Mean      float64 // percent
	Median    float64 // percent
	Deviation float64 // percent
	Variance  float64
	Passed    int
	Items     int // questions of an attempt; 0: attempts differ
	Most      float64
	Weakest   float64 // the share of the points at which the weakest 27 % end
	Best      float64 // and at which the best begin
}

// ChoiceRow counts who chose an option, and how good they were in the whole.
type ChoiceRow struct {
	Question uid.ID
	Version  int
	Choice   string
	Count    int
	Mean     float64 // percent of the whole test
}

// TimeRow is the time from one answer to the next: the median of when an answer was given after the one before it.
type TimeRow struct {
	Question uid.ID
	Seconds  float64
}

// Flag is what an author should look at.
type Flag string

// The flags. Below MinForFlags answers there are none.
const (
	FlagKey     Flag = "key"     // the good answer it wrong: the key may be wrong
	FlagWeak    Flag = "weak"    // it hardly tells who knows from who does not
	FlagHard    Flag = "hard"    // hardly anybody has it
	FlagEasy    Flag = "easy"    // nearly everybody has it
	FlagDead    Flag = "dead"    // an option that nobody chose
	FlagDrawing Flag = "drawing" // a wrong option draws better people than the right one
)

// Flags are all of them, the gravest first.
var Flags = []Flag{FlagKey, FlagDrawing, FlagWeak, FlagHard, FlagEasy, FlagDead}

// Bounds of the analysis.
const (
	MinForFlags  = 20   // answers
	latestShown  = 2000 // attempts that choices and times are counted over
	weakBelow    = 0.15 // correlation
	hardBelow    = 0.20
	easyAbove    = 0.95
	usefulAlpha  = 2 // questions, at least
	upperPortion = 27
)

// Choice is an option of a question as people took it.
type Choice struct {
	Text  string // Markdown
	Right bool
	Count int
	Mean  float64 // percent of the whole test of those who chose it
}

// ItemFigures is a question with its figures.
type ItemFigures struct {
	ItemRow
	Title    string
	Kind     question.Kind
	Spread   *float64 // Upper − Lower: the discrimination index D
	Choices  []Choice
	Seconds  *float64 // median
	Flags    []Flag
	Number   int // from 1
	Answered int // choices were counted over so many
}

// Analysis is the item analysis of a test.
type Analysis struct {
	Totals   TotalsRow
	Items    []ItemFigures
	Alpha    *float64 // Cronbach's alpha; of questions that are right or wrong the same as KR-20. nil: attempts asked different questions, or there are too few
	Error    *float64 // standard error of measurement, in percent
	First    bool     // first attempts only
	Latest   int      // choices and times are over at most so many attempts
	Titles   Titles
	MadeAt   time.Time
	Portions int
}

// Analyse analyses the graded attempts at a test, or everybody's first one only. It needs enrolment:mark.
func (s *Service) Analyse(ctx context.Context, course, lesson uid.ID, firstOnly bool) (out Analysis, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	out = Analysis{First: firstOnly, Latest: latestShown, MadeAt: s.moment(), Portions: upperPortion}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out.Titles, err = s.named(ctx, course, lesson); err != nil {
			return err
		}
		if out.Totals, err = s.keep.TestTotals(ctx, lesson, firstOnly); err != nil {
			return err
		}
		rows, err := s.keep.TestItems(ctx, lesson, firstOnly, out.Totals)
		if err != nil {
			return err
		}
		choices, times, err := s.keep.TestLatest(ctx, lesson, firstOnly, latestShown)
		if err != nil {
			return err
		}
		bodies, err := s.questions.Bodies(ctx, refsOf(rows))
		if err != nil {
			return err
		}
		out.Items = figures(rows, bodies, choices, times)
		out.Alpha, out.Error = reliability(out.Totals, rows)
		return nil
	})
	return out, err
}

func refsOf(rows []ItemRow) (refs []bank.Ref) {
	for _, r := range rows {
		refs = append(refs, bank.Ref{Question: r.Question, Version: r.Version})
	}
	return refs
}

// figures puts together what was counted. It is pure.
func figures(rows []ItemRow, bodies map[bank.Ref]question.Question, choices []ChoiceRow, times []TimeRow) []ItemFigures {
	taken := map[bank.Ref]map[string]ChoiceRow{}
	for _, c := range choices {
		ref := bank.Ref{Question: c.Question, Version: c.Version}
		if taken[ref] == nil {
			taken[ref] = map[string]ChoiceRow{}
		}
		taken[ref][c.Choice] = c
	}
	seconds := map[uid.ID]float64{}
	for _, t := range times {
		seconds[t.Question] = t.Seconds
	}
	out := make([]ItemFigures, 0, len(rows))
	for _, r := range rows {
		ref := bank.Ref{Question: r.Question, Version: r.Version}
		body := bodies[ref]
		one := ItemFigures{ItemRow: r, Title: body.Title, Kind: body.Kind}
		if r.Upper != nil && r.Lower != nil {
			d := *r.Upper - *r.Lower
			one.Spread = &d
		}
		if t, ok := seconds[r.Question]; ok {
			one.Seconds = &t
		}
		one.Choices = choicesOf(body, taken[ref])
		for _, c := range one.Choices {
			one.Answered += c.Count
		}
		one.Flags = flagsOf(one)
		out = append(out, one)
	}
	slices.SortStableFunc(out, func(a, b ItemFigures) int { return cmp.Compare(a.Title, b.Title) })
	for i := range out {
		out[i].Number = i + 1
	}
	return out
}

// choicesOf are the options of a question with who took them.
func choicesOf(body question.Question, taken map[string]ChoiceRow) (list []Choice) {
	add := func(id, text string, right bool) {
		c := taken[id]
		list = append(list, Choice{Text: text, Right: right, Count: c.Count, Mean: c.Mean})
	}
	switch body.Kind {
	case question.Single, question.Multiple, question.TrueFalse:
		for _, o := range body.Options {
			add(o.ID, o.Text, o.Share > 0)
		}
	case question.HotSpot:
		for _, a := range body.Areas {
			add(a.ID, a.Label, a.Right)
		}
	case question.ShortText, question.Numeric, question.Matching, question.Ordering, question.Blanks, question.Essay, question.File:
	}
	return list
}

// flagsOf says what to look at.
func flagsOf(i ItemFigures) (list []Flag) {
	if i.Count < MinForFlags {
		return nil
	}
	var best *Choice
	dead, drawing := false, false
	for n, c := range i.Choices {
		if c.Right && (best == nil || c.Mean > best.Mean) {
			best = &i.Choices[n]
		}
		dead = dead || c.Count == 0 && i.Answered >= MinForFlags
	}
	for _, c := range i.Choices {
		drawing = drawing || !c.Right && best != nil && c.Count >= 5 && best.Count > 0 && c.Mean > best.Mean
	}
	for _, f := range Flags {
		on := false
		switch f {
		case FlagKey:
			on = i.Rest != nil && *i.Rest < 0
		case FlagDrawing:
			on = drawing
		case FlagWeak:
			on = i.Rest != nil && *i.Rest >= 0 && *i.Rest < weakBelow
		case FlagHard:
			on = i.Mean < hardBelow
		case FlagEasy:
			on = i.Mean > easyAbove
		case FlagDead:
			on = dead
		}
		if on {
			list = append(list, f)
		}
	}
	return list
}

// reliability is Cronbach's alpha, k/(k−1)·(1 − Σσ²ᵢ/σ²), and the standard error of measurement that follows, in percent. It
// is nil where attempts asked different questions, there are too few of either, or everybody came to the same.
func reliability(t TotalsRow, rows []ItemRow) (alpha, deviation *float64) {
	k := float64(len(rows))
	if t.Attempts < MinForFlags || len(rows) < usefulAlpha || t.Items != len(rows) || t.Variance <= 0 {
		return nil, nil
	}
	sum := 0.0
	for _, r := range rows {
		if r.Count != t.Attempts {
			return nil, nil
		}
		sum += r.Variance
	}
	a := k / (k - 1) * (1 - sum/t.Variance)
	e := t.Deviation * math.Sqrt(max(0, 1-a))
	return &a, &e
}
