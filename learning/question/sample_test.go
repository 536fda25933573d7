package question_test

import (
	"fmt"
	"math/rand/v2"

	"lyceum/internal/uid"
	"lyceum/learning/question"
)

// anyQuestion makes a question without faults of a kind.
func anyQuestion(r *rand.Rand, kind question.Kind) question.Question {
	q := question.Question{Kind: kind, Title: "A question", Prompt: "What is it?", Keep: r.IntN(2) == 0}
	q.Scoring = []question.Scoring{"", question.AllOrNothing, question.Partial, question.Weighted}[r.IntN(4)]
	options := func(name string, right int) (list []question.Option) {
		n := 2 + r.IntN(5)
		for i := range n {
			share := question.Share(-r.IntN(3)) * 250_000
			if i < right {
				share = question.Whole
			}
			list = append(list, question.Option{ID: fmt.Sprintf("%s%d", name, i), Text: fmt.Sprintf("%s %d", name, i), Share: share, Feedback: []string{"", "Mind it."}[r.IntN(2)]})
		}
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		return list
	}
	texts := func() *question.Texts {
		return &question.Texts{Case: r.IntN(2) == 0, Accents: r.IntN(2) == 0, Patterns: []question.Pattern{
			{Text: "Zürich", Match: question.Exact, Share: question.Whole}, {Text: "Z*ri*", Match: question.Wildcard, Share: 500_000}, {Text: "b[ae]rn", Match: question.Regexp, Share: -500_000},
		}}
	}
	numbers := func() *question.Numbers {
		return &question.Numbers{UnitFree: true, Ranges: []question.Range{{Value: "3.1", Tolerance: "0.1", Share: question.Whole}, {Value: "3", Tolerance: "0.5", Relative: true, Share: 300_000}},
			Units: []question.Unit{{Name: "m", Factor: "1"}, {Name: "cm", Factor: "0.01"}}}
	}
	switch kind {
	case question.Single:
		q.Options = options("o", 1)
	case question.Multiple:
		q.Options = options("o", 1+r.IntN(2))
	case question.Ordering:
		q.Options = options("o", 0)
	case question.TrueFalse:
		q.Options = []question.Option{{ID: "true", Text: "True", Share: question.Whole}, {ID: "false", Text: "False"}}
	case question.ShortText:
		q.Texts = texts()
	case question.Numeric:
		q.Numbers = numbers()
	case question.Matching:
		for i := range 2 + r.IntN(4) {
			q.Pairs = append(q.Pairs, question.Pair{ID: fmt.Sprintf("p%d", i), Item: fmt.Sprintf("item %d", i), Partner: question.Option{ID: fmt.Sprintf("q%d", i), Text: fmt.Sprintf("partner %d", i%3)}})
		}
		q.Decoys = []question.Option{{ID: "d", Text: "nothing"}}
	case question.Blanks:
		q.Prompt = "A {{a}}, a {{b}} and a {{c}}."
		q.Gaps = []question.Gap{{ID: "a", Texts: texts(), Weight: r.IntN(4)}, {ID: "b", Numbers: numbers()}, {ID: "c", Options: options("c", 1)}}
	case question.HotSpot:
		id := uid.New()
		q.Picture, q.PictureOf = &id, "A map"
		q.Areas = []question.Area{
			{ID: "r", Label: "North", Shape: question.Rectangle, Points: []question.Point{{X: 100, Y: 100}, {X: 2000, Y: 2000}}, Right: true},
			{ID: "c", Label: "South", Shape: question.Circle, Points: []question.Point{{X: 5000, Y: 5000}, {X: 6000, Y: 5000}}, Right: r.IntN(2) == 0},
			{ID: "p", Label: "West", Shape: question.Polygon, Points: []question.Point{{X: 8000, Y: 8000}, {X: 9000, Y: 8000}, {X: 9000, Y: 9000}}},
		}
	}
	return q
}

// anyAnswer makes an answer, with things in it that the question does not have.
func anyAnswer(r *rand.Rand, q question.Question) (a question.Answer) {
	ids := []string{"none", "true", "false"}
	for _, o := range q.Options {
		ids = append(ids, o.ID)
	}
	for _, area := range q.Areas {
		ids = append(ids, area.ID)
	}
	r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	a.Choices = ids[:r.IntN(len(ids)+1)]
	words := []string{"Zürich", "zurich", "Zarif", "bern", "3.2", "3,0 m", "310 cm", "5", "", "q0", "q1", "d", "c0", "c1", "none"}
	a.Text = words[r.IntN(len(words))]
	a.Unit = []string{"", "m", "cm", "kg"}[r.IntN(4)]
	a.Parts = map[string]string{}
	for _, id := range []string{"p0", "p1", "p2", "p3", "a", "b", "c", "none"} {
		if r.IntN(3) > 0 {
			a.Parts[id] = words[r.IntN(len(words))]
		}
	}
	for range r.IntN(6) {
		a.Points = append(a.Points, question.Point{X: r.IntN(11_000) - 500, Y: r.IntN(11_000) - 500})
	}
	for range r.IntN(3) {
		a.Files = append(a.Files, uid.New())
	}
	return a
}
