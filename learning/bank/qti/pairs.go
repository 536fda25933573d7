package qti

import (
	"math"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// pairsOf are the right pairs of a response, from the correct response or from the mapping, and how they are marked.
func (r *reader) pairsOf(m marks) (pairs [][2]string, scoring question.Scoring) {
	add := func(s string) {
		if f := strings.Fields(s); len(f) == 2 {
			pairs = append(pairs, [2]string{f[0], f[1]})
		}
	}
	if !m.mapped {
		for _, v := range m.right {
			add(v)
		}
		return pairs, question.AllOrNothing
	}
	best, even, minus := 0.0, true, m.fallback < 0
	for _, x := range m.list {
		if x.points <= 0 {
			minus = minus || x.points < 0
			continue
		}
		even = even && (best == 0 || math.Abs(best-x.points) < 1e-9)
		best = max(best, x.points)
		add(x.key)
	}
	if !even {
		r.it.Note("Some pairs give more than others in the file; here all count the same.")
	}
	if minus {
		r.it.Note("Wrong pairs take marks away in the file; here they only give none.")
	}
	return pairs, ""
}

// match gives each item of the first set its partner of the second (QTI 2.1, 7.2.4).
func (r *reader) match(n *format.Node, m marks) {
	q := &r.it.Body
	q.Kind = question.Matching
	sets := n.All("simpleMatchSet")
	if len(sets) != 2 {
		r.it.Refuse("The file does not say what belongs to what.")
		return
	}
	items, partners := sets[0].All("simpleAssociableChoice"), sets[1].All("simpleAssociableChoice")
	pairs, scoring := r.pairsOf(m)
	q.Scoring = scoring
	q.Keep = n.Attr["shuffle"] != "true"
	partner := map[string]string{}
	for _, p := range pairs {
		if partner[p[0]] != "" {
			r.it.Refuse("An item has more than one partner, which is not possible here.")
			return
		}
		partner[p[0]] = p[1]
	}
	r.pair(items, partners, partner)
}

// pair writes items with their partners; partners of none are decoys.
func (r *reader) pair(items, partners []*format.Node, partner map[string]string) {
	q := &r.it.Body
	texts, used := map[string]string{}, map[string]bool{}
	for _, p := range partners {
		texts[p.Attr["identifier"]] = r.text(p)
	}
	for _, i := range items {
		to, ok := partner[i.Attr["identifier"]]
		if !ok || texts[to] == "" {
			r.it.Note("An item without a partner is left out.")
			continue
		}
		used[to] = true
		q.Pairs = append(q.Pairs, question.Pair{Item: r.text(i), Partner: question.Option{Text: texts[to]}})
	}
	for _, p := range partners {
		if id := p.Attr["identifier"]; !used[id] {
			q.Decoys = append(q.Decoys, question.Option{Text: texts[id]})
		}
	}
}

// associate makes items and partners of pairs that come out of one set (QTI 2.1, 7.2.3).
func (r *reader) associate(n *format.Node, m marks) {
	q := &r.it.Body
	q.Kind = question.Matching
	pairs, scoring := r.pairsOf(m)
	q.Scoring, q.Keep = scoring, n.Attr["shuffle"] != "true"
	partner, seen := map[string]string{}, map[string]bool{}
	for _, p := range pairs {
		if seen[p[0]] || seen[p[1]] {
			r.it.Refuse("Something belongs to more than one partner, which is not possible here.")
			return
		}
		seen[p[0]], seen[p[1]], partner[p[0]] = true, true, p[1]
	}
	var items, partners []*format.Node
	for _, c := range n.All("simpleAssociableChoice") {
		if _, item := partner[c.Attr["identifier"]]; item {
			items = append(items, c)
		} else {
			partners = append(partners, c)
		}
	}
	r.it.Note("Pairs out of one set become items that are each given a partner.")
	r.pair(items, partners, partner)
}

// gapMatch makes gaps with a list to choose from of words that are drawn into a text (QTI 2.1, 7.2.5).
func (r *reader) gapMatch(body, n *format.Node, m marks) {
	q := &r.it.Body
	q.Kind, q.Keep = question.Blanks, n.Attr["shuffle"] != "true"
	if len(n.All("gapImg")) > 0 {
		r.it.Refuse("Pictures that are drawn into a text cannot be asked here.")
		return
	}
	r.prompt(body)
	if p := r.text(n.Kid("prompt")); p != "" {
		q.Prompt = p + "\n\n" + q.Prompt
	}
	pairs, scoring := r.pairsOf(m)
	q.Scoring = scoring
	right := map[string]string{}
	for _, p := range pairs {
		right[p[1]] = p[0]
	}
	for i, gap := range r.gaps {
		id := gap.Attr["identifier"]
		g := question.Gap{ID: r.gapID(id, i)}
		for _, t := range n.All("gapText") {
			o := question.Option{Text: r.text(t)}
			if t.Attr["identifier"] == right[id] {
				o.Share = question.Whole
			}
			g.Options = append(g.Options, o)
		}
		q.Gaps = append(q.Gaps, g)
	}
	r.it.Note("Words that are drawn into the text become lists to choose from.")
	r.place()
}
