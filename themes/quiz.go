package themes

import (
	"slices"

	"lyceum/internal/uid"
)

// Asked is a question of a quiz as the player shows it, in its form or with its result.
type Asked struct {
	Number   int
	ID       uid.ID
	Name     string // of its controls: q.<id>
	Prompt   string
	Multiple bool
	Options  []Offered
	// Of a result:
	Right       bool
	Explanation string
}

// Offered is an option of a question.
type Offered struct {
	ID      uid.ID
	Text    string
	Chosen  bool
	Correct bool // told only when the quiz was passed: a failed one is taken again
}

// Questions are those of the lesson shown, with what was chosen. In a result each tells whether it was right.
func (p PlayerPage) Questions() []Asked {
	answers := p.Answers
	if p.Result != nil {
		answers = p.Result.Answers
	}
	var out []Asked
	for i, q := range p.Player.Lesson.Questions {
		a := Asked{Number: i + 1, ID: q.ID, Name: "q." + q.ID.String(), Prompt: q.Prompt, Multiple: q.Multiple()}
		for _, o := range q.Options {
			a.Options = append(a.Options, Offered{
				ID: o.ID, Text: o.Text, Chosen: slices.Contains(answers[q.ID], o.ID),
				Correct: o.Correct && p.Result != nil && p.Result.Passed,
			})
		}
		if p.Result != nil {
			a.Right, a.Explanation = slices.Contains(p.Result.Right, q.ID), q.Explanation
		}
		out = append(out, a)
	}
	return out
}

// RightCount counts the questions of the result that were right.
func (p PlayerPage) RightCount() int { return len(p.Result.Right) }
