package qti

import (
	"regexp"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

var gapMark = regexp.MustCompile(gapBegins + `(\d+)` + gapEnds)

// alone tells whether an interaction is all that its block holds, and the last of the text.
func alone(body, n *format.Node) bool {
	var block *format.Node
	for _, k := range body.Kids {
		if block != nil && (k.Name != "" || strings.TrimSpace(k.Text) != "") && k.Name != "rubricBlock" {
			return false
		}
		k.Walk(func(x *format.Node) {
			if x == n {
				block = k
			}
		})
	}
	return block != nil && block != n && block.Words() == "" || block == n
}

// blanks is a text with gaps.
func (r *reader) blanks(body *format.Node, list []*format.Node) {
	q := &r.it.Body
	q.Kind, q.Keep = question.Blanks, true
	r.prompt(body)
	tops := make([]float64, len(list))
	for i, n := range list {
		id := n.Attr["responseIdentifier"]
		m := r.marks(id)
		g := question.Gap{ID: r.gapID(id, i)}
		tops[i] = 1
		if m.mapped {
			tops[i] = 0
			for _, x := range m.list {
				tops[i] = max(tops[i], x.points)
			}
		}
		if len(r.rules.numbers[id]) > 0 {
			tops[i] = 0
		}
		for _, x := range r.rules.numbers[id] {
			tops[i] = max(tops[i], x.points)
		}
		switch {
		case n.Name == "inlineChoiceInteraction":
			var keys []string
			for _, c := range n.All("inlineChoice") {
				keys = append(keys, c.Attr["identifier"])
				g.Options = append(g.Options, r.optionOf(c))
			}
			if n.Attr["shuffle"] == "true" {
				q.Keep = false
			}
			shares, scoring := r.shares(keys, m, false)
			for j := range g.Options {
				g.Options[j].Share = shares[j]
			}
			if scoring == question.Weighted {
				q.Scoring = question.Weighted
			}
		case r.numeric(id):
			g.Numbers = r.numbers(id, m, 0)
		default:
			g.Texts = r.texts(m)
		}
		if weighted(g.Texts, g.Numbers) == question.Weighted {
			q.Scoring = question.Weighted
		}
		q.Gaps = append(q.Gaps, g)
	}
	r.weigh(tops)
	if q.Scoring == "" && r.rules.wholly {
		q.Scoring = question.AllOrNothing
	}
	r.place()
}
