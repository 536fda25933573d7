package enrolment

import (
	"fmt"
	"slices"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// checked gives the answers with each choice once and in the order of the options. It fails with a field
// answers.<question id> for each question without an answer, and for what was not asked or offered.
func checked(questions catalog.Questions, a Answers) (Answers, error) {
	f := fault.Fields{}
	asked := map[uid.ID]bool{}
	out := make(Answers, len(questions))
	for i, q := range questions {
		asked[q.ID] = true
		field := "answers." + q.ID.String()
		for _, o := range q.Options {
			if slices.Contains(a[q.ID], o.ID) {
				out[q.ID] = append(out[q.ID], o.ID)
			}
		}
		for _, id := range a[q.ID] {
			f.Check(slices.Contains(out[q.ID], id), field, fmt.Sprintf("Question %d: choose among the answers offered.", i+1))
		}
		f.Check(len(out[q.ID]) > 0, field, fmt.Sprintf("Question %d has no answer yet.", i+1))
	}
	for id := range a {
		f.Check(asked[id], "answers."+id.String(), "This question is not part of the quiz.")
	}
	return out, f.Err()
}

// Grade tells which questions were answered right: exactly the correct options chosen.
func Grade(questions catalog.Questions, a Answers) (right []uid.ID) {
	for _, q := range questions {
		chosen := a[q.ID]
		exact := len(chosen) > 0
		for _, o := range q.Options {
			exact = exact && o.Correct == slices.Contains(chosen, o.ID)
		}
		if exact {
			right = append(right, q.ID)
		}
	}
	return right
}

// score is the share of questions answered right in percent, rounded down.
func score(right, all int) int {
	if all == 0 {
		return 0
	}
	return 100 * right / all
}
