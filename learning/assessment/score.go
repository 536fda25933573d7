package assessment

import (
	"lyceum/learning/bank"
	"lyceum/learning/question"
)

// Outcome is what an attempt came to.
type Outcome struct {
	Points  question.Share
	Most    question.Share
	Percent int
	Passed  bool // never while something waits
	Waiting int  // answers that a person has to mark
	Slots   []Scored
	Graded  []Slot // the slots as they were graded
	Regrade int    // the newest by which they were
}

// Scored is what one slot came to.
type Scored struct {
	Result question.Result
	Share  question.Share // what counts, by the rules of the test and a person's mark
	Waits  bool
	Out    bool // it counts for nobody
}

// Score finds the outcome of answers. It is pure: the same answers, marks and versions of questions always come to the
// same, so grading again is grading anew. Marks are those that count by now; they stand where a person marks, and where an
// objection to what marked itself was answered with one. An empty answer needs none.
func Score(s Settings, slots []Slot, bodies map[bank.Ref]question.Question, answers map[int]question.Answer, marks map[int]question.Share) (out Outcome) {
	for i, slot := range slots {
		r := question.Grade(bodies[slot.Ref], answers[i])
		one := Scored{Result: r, Share: r.Share}
		given, marked := marks[i]
		byPerson := r.ByHand || marked
		if r.ByHand {
			one.Share, one.Waits = given, !marked && !r.Empty
		} else if marked {
			one.Share = given // an objection was answered so
		}
		if s.Whole && one.Share > 0 && one.Share < question.Whole && !byPerson {
			one.Share = 0
		}
		if !s.Negative {
			one.Share = max(0, one.Share)
		}
		switch slot.Counts {
		case CountsFull:
			one.Share, one.Waits = question.Whole, false
		case CountsOut:
			out.Slots = append(out.Slots, Scored{Result: r, Out: true})
			continue
		case CountsAsAnswered:
		}
		if one.Waits {
			out.Waiting++
		}
		out.Points += one.Share * question.Share(slot.Marks)
		out.Most += question.Whole * question.Share(slot.Marks)
		out.Slots = append(out.Slots, one)
	}
	out.Points = max(0, out.Points)
	if out.Most > 0 {
		out.Percent = int(100 * out.Points / out.Most)
	}
	out.Passed = out.Waiting == 0 && out.Percent >= s.Pass
	return out
}
