package assignment

import (
	"slices"

	"lyceum/learning/rubric"
)

// Decide works out what marks come to under the rules, from the marks as they were given, the oldest first. The verdict
// is there when the stage is StageReady, before anything is taken off for being late.
//
// One marker decides alone. Of two, the mean counts when they are no further apart than the rules allow; else a third
// marks, and the mean of the two that are closest counts (of two pairs as close, the higher one), or somebody writes down
// what they agreed on, which counts whatever came before it.
func (s Settings) Decide(marks []Mark) (Stage, rubric.Verdict) {
	var own []Mark // the newest of each marker
	for _, m := range marks {
		switch m.Kind {
		case MarkAgreed, MarkAppeal:
			own = nil
			if rest := after(marks, m.Number); !slices.ContainsFunc(rest, decides) {
				return StageReady, m.Verdict
			}
		case MarkReturned:
			own = nil
		case MarkGiven:
			own = slices.DeleteFunc(own, func(o Mark) bool { return o.MarkerID == m.MarkerID })
			own = append(own, m)
		}
	}
	switch {
	case len(own) == 0:
		return StageWaits, rubric.Verdict{}
	case !s.TwoMarkers:
		return StageReady, own[len(own)-1].Verdict
	case len(own) == 1:
		return StageSecond, rubric.Verdict{}
	case len(own) == 2:
		if rubric.Apart(own[0].Verdict, own[1].Verdict) > s.Apart {
			return StageApart, rubric.Verdict{}
		}
		return StageReady, s.Scheme.Mean(own[0].Verdict, own[1].Verdict)
	}
	if s.Scheme.Kind != rubric.ByPoints && s.Scheme.Kind != rubric.ByRubric {
		return StageReady, s.Scheme.Mean(own[0].Verdict, own[1].Verdict, own[2].Verdict)
	}
	return StageReady, s.closest(own)
}

func decides(m Mark) bool {
	return m.Kind == MarkAgreed || m.Kind == MarkAppeal || m.Kind == MarkReturned
}

func after(marks []Mark, number int) (rest []Mark) {
	for _, m := range marks {
		if m.Number > number {
			rest = append(rest, m)
		}
	}
	return rest
}

// closest is the mean of the two marks that lie closest together.
func (s Settings) closest(own []Mark) (best rubric.Verdict) {
	least := 101
	for i, a := range own {
		for _, b := range own[i+1:] {
			mean, apart := s.Scheme.Mean(a.Verdict, b.Verdict), rubric.Apart(a.Verdict, b.Verdict)
			if apart < least || apart == least && mean.Percent > best.Percent {
				least, best = apart, mean
			}
		}
	}
	return best
}

// MayMark says why a person may not give a mark of their own now; nil when they may.
func (s Settings) MayMark(marks []Mark, marker string) error {
	stage, _ := s.Decide(marks)
	if !s.TwoMarkers || stage == StageWaits || stage == StageReady {
		return nil
	}
	for _, m := range marks {
		if m.Kind == MarkGiven && m.MarkerID.String() == marker {
			return ErrMarkedOnce
		}
	}
	return nil
}
