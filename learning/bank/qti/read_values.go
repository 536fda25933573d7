package qti

import (
	"lyceum/learning/question"
)

// weighted is Weighted where something takes marks away.
func weighted(t *question.Texts, n *question.Numbers) question.Scoring {
	if t != nil {
		for _, p := range t.Patterns {
			if p.Share < 0 {
				return question.Weighted
			}
		}
	}
	if n != nil {
		for _, x := range n.Ranges {
			if x.Share < 0 {
				return question.Weighted
			}
		}
	}
	return ""
}

func (r *reader) numeric(id string) bool {
	d := r.declared[id]
	return d != nil && (d.Attr["baseType"] == "float" || d.Attr["baseType"] == "integer")
}

// texts are the answers that are taken; they are compared letter by letter.
func (r *reader) texts(m marks) *question.Texts {
	t := &question.Texts{Accents: true, Case: true}
	if !m.mapped {
		for _, v := range m.right {
			t.Patterns = append(t.Patterns, question.Pattern{Text: v, Match: question.Exact, Share: question.Whole})
		}
		return t
	}
	best, loose := 0.0, 0
	for _, x := range m.list {
		best = max(best, x.points)
		if !x.sensitive {
			loose++
		}
	}
	if m.upper != nil && *m.upper > 0 && *m.upper < best {
		best = *m.upper
	}
	if best <= 0 {
		r.it.Refuse("The file does not say what is right.")
		return t
	}
	if loose > 0 && loose < len(m.list) {
		r.it.Note("Capital letters matter for some answers in the file, here for all of them.")
	}
	t.Case = loose < len(m.list)
	if m.fallback != 0 {
		r.it.Note("Answers that are not listed give nothing here.")
	}
	for _, x := range m.list {
		s := share(x.points, best)
		if m.floored() {
			s = max(s, 0)
		}
		t.Patterns = append(t.Patterns, question.Pattern{Text: x.key, Match: question.Exact, Share: s})
	}
	return t
}

// numbers are those that are taken; best is what all marks are, 0: the most that one gives.
func (r *reader) numbers(id string, m marks, best float64) *question.Numbers {
	out := &question.Numbers{}
	list := r.rules.numbers[id]
	switch {
	case len(list) > 0:
		for i := range list {
			if list[i].value == "" && len(m.right) > 0 {
				list[i].value = m.right[0]
			}
		}
	case m.mapped:
		for _, x := range m.list {
			list = append(list, numbered{value: x.key, points: x.points})
		}
	default:
		for _, v := range m.right {
			list = append(list, numbered{value: v, points: 1})
		}
	}
	for _, x := range list {
		best = max(best, x.points)
	}
	if best <= 0 {
		r.it.Refuse("The file does not say what is right.")
		return out
	}
	for _, x := range list {
		x.Range.Value, x.Range.Share = x.value, share(x.points, best)
		out.Ranges = append(out.Ranges, x.Range)
	}
	return out
}
