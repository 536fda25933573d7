package question

import "slices"

// Grade marks an answer. It is pure: the same question and answer always give the same result, whatever the order in
// which choices stand (of Ordering, the order is the answer). What the answer names and the question does not have,
// after a question was mended, counts as not answered.
func Grade(q Question, a Answer) Result {
	a, _ = Clean(q, a)
	r := Result{Parts: map[string]bool{}, Empty: empty(q, a)}
	switch {
	case q.Kind.ByHand():
		r.ByHand = true
		r.hint(q.Feedback.Always)
		return r
	case r.Empty:
		r.hint(q.Feedback.Always)
		return r
	}
	switch q.Kind {
	case Single, TrueFalse:
		q.gradeSingle(a, &r)
	case Multiple:
		q.gradeMultiple(a, &r)
	case ShortText:
		q.gradeText(a, &r)
	case Numeric:
		q.gradeNumber(a, &r)
	case Matching:
		q.gradeMatching(a, &r)
	case Ordering:
		q.gradeOrdering(a, &r)
	case Blanks:
		q.gradeBlanks(a, &r)
	case HotSpot:
		q.gradeHotSpot(a, &r)
	}
	r.Share = min(max(r.Share, -Whole), Whole)
	if q.Scoring == AllOrNothing && r.Share < Whole {
		r.Share = 0
	}
	if q.Scoring != Weighted {
		r.Share = max(r.Share, 0)
	}
	switch {
	case r.Share >= Whole:
		r.hint(q.Feedback.Right)
	case r.Share > 0:
		r.hint(q.Feedback.Partly)
	default:
		r.hint(q.Feedback.Wrong)
	}
	r.hint(q.Feedback.Always)
	return r
}

// hint tells something once.
func (r *Result) hint(text string) {
	if text != "" && !slices.Contains(r.Hints, text) {
		r.Hints = append(r.Hints, text)
	}
}

// empty tells whether nothing was answered.
func empty(q Question, a Answer) bool {
	switch q.Kind {
	case Matching, Blanks:
		return len(a.Parts) == 0
	case HotSpot:
		return len(a.Points) == 0 && len(a.Choices) == 0
	case ShortText, Numeric, Essay:
		return a.Text == ""
	case File:
		return len(a.Files) == 0
	default:
		return len(a.Choices) == 0
	}
}

// Empty tells whether an answer answers nothing of a question.
func Empty(q Question, a Answer) bool {
	a, _ = Clean(q, a)
	return empty(q, a)
}

func (q Question) gradeSingle(a Answer, r *Result) {
	for _, o := range q.Options {
		if o.ID != a.Choices[0] {
			continue
		}
		r.Parts[o.ID] = o.Share > 0
		r.Share = o.worth(q.Scoring)
		r.hint(o.Feedback)
	}
}

// worth is what choosing an option alone gives.
func (o Option) worth(s Scoring) Share {
	switch {
	case s == Weighted:
		return o.Share
	case o.Share > 0:
		return Whole
	}
	return 0
}

func (q Question) gradeMultiple(a Answer, r *Result) {
	var rights, hits, faults, sum Share
	for _, o := range q.Options {
		if o.Share > 0 {
			rights++
		}
		if !slices.Contains(a.Choices, o.ID) {
			continue
		}
		r.Parts[o.ID] = o.Share > 0
		r.hint(o.Feedback)
		sum += o.Share
		if o.Share > 0 {
			hits++
		} else {
			faults++
		}
	}
	switch {
	case q.Scoring == Weighted:
		r.Share = sum
	case rights > 0:
		r.Share = part(hits-faults, rights)
	}
}

// part is n of all as a share, rounded towards nothing; all of all is Whole.
func part(n, all Share) Share { return n * Whole / all }

func (q Question) gradeText(a Answer, r *Result) {
	if q.Texts == nil {
		return
	}
	p, _ := q.Texts.first(a.Text)
	r.Share = p.Share
	r.hint(p.Feedback)
}

func (q Question) gradeNumber(a Answer, r *Result) {
	if q.Numbers == nil {
		return
	}
	n, _ := q.Numbers.first(a.Text, a.Unit)
	r.Share = n.Share
	r.hint(n.Feedback)
}

func (q Question) gradeMatching(a Answer, r *Result) {
	texts := map[string]string{}
	for _, p := range q.Pairs {
		texts[p.Partner.ID] = p.Partner.Text
	}
	var hits Share
	for _, p := range q.Pairs {
		given, ok := a.Parts[p.ID]
		if !ok {
			continue
		}
		// Partners of the same text are the same partner: who is asked cannot tell them apart.
		text, partner := texts[given]
		r.Parts[p.ID] = partner && text == p.Partner.Text
		if r.Parts[p.ID] {
			hits++
			r.hint(p.Partner.Feedback)
		}
	}
	if len(q.Pairs) > 0 {
		r.Share = part(hits, Share(len(q.Pairs)))
	}
}

// gradeOrdering looks for the longest run of items that stand in their order among themselves: who puts one item of ten
// in the wrong place made one mistake, not ten. The first item of a run says nothing, so a reversed order gives nothing.
func (q Question) gradeOrdering(a Answer, r *Result) {
	place := map[string]int{}
	for i, o := range q.Options {
		place[o.ID] = i
	}
	best, from := make([]int, len(a.Choices)), make([]int, len(a.Choices))
	last, longest := -1, 0
	for i, id := range a.Choices {
		best[i], from[i] = 1, -1
		for j := range i {
			if place[a.Choices[j]] < place[id] && best[j]+1 > best[i] {
				best[i], from[i] = best[j]+1, j
			}
		}
		if best[i] > longest {
			last, longest = i, best[i]
		}
		r.Parts[id] = false
	}
	for ; last >= 0; last = from[last] {
		r.Parts[a.Choices[last]] = true
	}
	if len(q.Options) > 1 && longest > 0 {
		r.Share = part(Share(longest-1), Share(len(q.Options)-1))
	}
}

func (q Question) gradeBlanks(a Answer, r *Result) {
	var sum, weights Share
	for _, g := range q.Gaps {
		weight := Share(max(g.Weight, 1))
		weights += weight
		given, ok := a.Parts[g.ID]
		if !ok {
			continue
		}
		share, hint := g.grade(given, q.Scoring)
		if q.Scoring != Weighted {
			share = max(share, 0)
		}
		r.Parts[g.ID] = share >= Whole
		r.hint(hint)
		sum += share * weight
	}
	if weights > 0 {
		r.Share = sum / weights
	}
}

// grade marks one gap.
func (g Gap) grade(given string, s Scoring) (Share, string) {
	switch {
	case g.Texts != nil:
		p, _ := g.Texts.first(given)
		return p.Share, p.Feedback
	case g.Numbers != nil:
		n, _ := g.Numbers.first(given, "")
		return n.Share, n.Feedback
	}
	for _, o := range g.Options {
		if o.ID == given {
			return o.worth(s), o.Feedback
		}
	}
	return 0, ""
}
