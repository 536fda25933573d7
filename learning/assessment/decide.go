package assessment

import (
	"strings"

	"lyceum/internal/uid"
	"lyceum/learning/question"
)

// Stage is what marking one answer has come to.
type Stage string

const (
	// StageWaits is without a mark.
	StageWaits Stage = ""
	// StageSecond has one mark where two are asked for.
	StageSecond Stage = "second"
	// StageApart has marks that lie too far apart: a third marker, or an agreement, is needed.
	StageApart Stage = "apart"
	// StageReady has what counts.
	StageReady Stage = "ready"
)

// Decision is what the marks of one answer come to.
type Decision struct {
	Stage  Stage
	Share  question.Share // once it is ready
	Counts []Mark         // that it comes from
	Own    []Mark         // the newest of each marker, while nothing was agreed on
}

// Decide works out what the marks of one answer come to, the oldest first. It is pure.
//
// Of one marker the newest mark counts. Of two, the mean counts when they are no further apart than the rules allow; else
// a third marks and the mean of the two that are closest counts (of two pairs as close, the higher one). What was agreed
// on, and the answer to an objection, count whatever else was given.
func (s Settings) Decide(given []Mark) (d Decision) {
	for _, m := range given {
		switch {
		case !s.TwoMarkers:
			d = Decision{Stage: StageReady, Share: m.Share, Counts: []Mark{m}}
		case m.Kind == MarkAgreed || m.Kind == MarkAppeal:
			d = Decision{Stage: StageReady, Share: m.Share, Counts: []Mark{m}}
		default:
			at := -1
			for i, o := range d.Own {
				if o.MarkerID == m.MarkerID {
					at = i
				}
			}
			if at < 0 {
				d.Own = append(d.Own, m)
			} else {
				d.Own[at] = m
			}
		}
	}
	if d.Stage == StageReady || len(d.Own) == 0 {
		return d
	}
	if len(d.Own) == 1 {
		d.Stage = StageSecond
		return d
	}
	a, b := d.Own[0], d.Own[1]
	if len(d.Own) == 2 && 100*distance(a, b) > question.Share(s.Apart)*question.Whole {
		d.Stage = StageApart
		return d
	}
	for i, x := range d.Own {
		for _, y := range d.Own[i+1:] {
			near, nearest := distance(x, y), distance(a, b)
			if near < nearest || near == nearest && x.Share+y.Share > a.Share+b.Share {
				a, b = x, y
			}
		}
	}
	d.Stage, d.Share, d.Counts = StageReady, (a.Share+b.Share+1)/2, []Mark{a, b}
	return d
}

func distance(a, b Mark) question.Share { return max(a.Share-b.Share, b.Share-a.Share) }

// mayMark says why somebody may not give a mark of their own now; nil when they may.
func (s Settings) mayMark(given []Mark, marker uid.ID) error {
	if !s.TwoMarkers {
		return nil
	}
	d := s.Decide(given)
	switch d.Stage {
	case StageReady:
		return ErrSettled
	case StageApart:
		if gave(d.Own, marker) {
			return ErrMarkedOnce
		}
	case StageWaits, StageSecond: // who gave the only mark may still mend it: they have seen no other
	}
	return nil
}

// mayAgree says why nothing may be agreed on; nil when something may.
func (s Settings) mayAgree(given []Mark) error {
	if stage := s.Decide(given).Stage; !s.TwoMarkers || stage != StageApart && stage != StageReady {
		return ErrNotApart
	}
	return nil
}

func gave(marks []Mark, marker uid.ID) bool {
	for _, m := range marks {
		if m.MarkerID == marker {
			return true
		}
	}
	return false
}

// seenBy keeps the marks of one answer back from who is still to give their own: two markers judge without each other.
func (s Settings) seenBy(given []Mark, marker uid.ID) (seen []Mark, others int) {
	if s.Decide(given).Stage != StageSecond {
		return given, 0
	}
	for _, m := range given {
		if m.MarkerID == marker {
			seen = append(seen, m)
		}
	}
	if len(seen) == 0 {
		others = 1
	}
	return seen, others
}

// bySlot sorts the marks of an attempt out by its slots.
func bySlot(given []Mark) map[int][]Mark {
	out := map[int][]Mark{}
	for _, m := range given {
		out[m.Slot] = append(out[m.Slot], m)
	}
	return out
}

// counting are what the marks of an attempt come to, and which of them it comes from; slots that are not decided are in
// neither.
func (s Settings) counting(given []Mark) (shares map[int]question.Share, marks map[int][]Mark) {
	shares, marks = map[int]question.Share{}, map[int][]Mark{}
	for slot, list := range bySlot(given) {
		if d := s.Decide(list); d.Stage == StageReady {
			shares[slot], marks[slot] = d.Share, d.Counts
		}
	}
	return shares, marks
}

// commentsOf are what markers said of an answer.
func commentsOf(marks []Mark) string {
	var out []string
	for _, m := range marks {
		if m.Comment != "" {
			out = append(out, m.Comment)
		}
	}
	return strings.Join(out, "\n\n")
}
