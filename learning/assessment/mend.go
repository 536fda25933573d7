package assessment

import (
	"slices"

	"lyceum/internal/uid"
)

// Counts is how a question counts after it was mended.
type Counts string

const (
	// CountsAsAnswered grades the answers by another version of the question.
	CountsAsAnswered Counts = ""
	// CountsFull gives everybody who was asked all of its marks.
	CountsFull Counts = "full"
	// CountsOut counts it for nobody: its marks are not among those that can be reached.
	CountsOut Counts = "out"
)

// CountsAll are all of them in the order in which they are offered.
var CountsAll = []Counts{CountsAsAnswered, CountsFull, CountsOut}

// Mend says how a question that was asked is graded now. It reaches versions up to UpTo only: whoever is asked a newer one
// is graded by that.
type Mend struct {
	Question uid.ID `json:"question"`
	UpTo     int    `json:"up_to"`
	Version  int    `json:"version,omitempty"` // of CountsAsAnswered
	Counts   Counts `json:"counts,omitempty"`
}

// mended are slots as they are graded. It is pure, and mending twice is mending once.
func mended(slots []Slot, mends []Mend) []Slot {
	if len(mends) == 0 {
		return slots
	}
	by := make(map[uid.ID]Mend, len(mends))
	for _, m := range mends {
		by[m.Question] = m
	}
	out := slices.Clone(slots)
	for i, slot := range out {
		m, ok := by[slot.Ref.Question]
		if !ok || slot.Ref.Version > m.UpTo {
			continue
		}
		out[i].Counts = m.Counts
		if m.Counts == CountsAsAnswered && m.Version > 0 {
			out[i].Ref.Version = m.Version
		}
	}
	return out
}

// merged are earlier mends with later ones in their place.
func merged(earlier, later []Mend) []Mend {
	out := slices.Clone(earlier)
	for _, m := range later {
		at := slices.IndexFunc(out, func(o Mend) bool { return o.Question == m.Question })
		if at < 0 {
			out = append(out, m)
		} else {
			out[at] = m
		}
	}
	return out
}
