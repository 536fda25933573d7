package question

import (
	"strings"

	"lyceum/internal/uid"
)

// Solution is an answer that gets as many marks as the question gives: what an author wrote first where several do. It is
// empty where a person marks, and has no text where only an expression of RE2 says what is right.
func Solution(q Question) (a Answer) {
	switch q.Kind {
	case Single, TrueFalse:
		if o, ok := best(q.Options); ok {
			a.Choices = []string{o.ID}
		}
	case Multiple:
		for _, o := range q.Options {
			if o.Share > 0 {
				a.Choices = append(a.Choices, o.ID)
			}
		}
	case Ordering:
		for _, o := range q.Options {
			a.Choices = append(a.Choices, o.ID)
		}
	case ShortText:
		if q.Texts != nil {
			a.Text = q.Texts.solution()
		}
	case Numeric:
		if q.Numbers != nil {
			a.Text, a.Unit = q.Numbers.solution()
		}
	case Matching:
		a.Parts = map[string]string{}
		for _, p := range q.Pairs {
			a.Parts[p.ID] = p.Partner.ID
		}
	case Blanks:
		a.Parts = map[string]string{}
		for _, g := range q.Gaps {
			if text := g.solution(); text != "" {
				a.Parts[g.ID] = text
			}
		}
	case HotSpot:
		for _, area := range q.Areas {
			if area.Right {
				a.Choices = append(a.Choices, area.ID)
			}
		}
	}
	a, _ = Clean(q, a)
	return a
}

// best is the option of the greatest share above nothing.
func best(options []Option) (out Option, ok bool) {
	for _, o := range options {
		if o.Share > out.Share {
			out, ok = o, true
		}
	}
	return out, ok
}

// solution is the first text of the greatest share that is itself right; stars of a pattern stand for nothing in it.
func (t Texts) solution() (text string) {
	var most Share
	for _, p := range t.Patterns {
		say := p.Text
		if p.Match == Wildcard {
			say = strings.NewReplacer(`\*`, "*", `\\`, `\`, "*", "").Replace(say)
		}
		if hit, ok := t.first(say); p.Match == Regexp || !ok || hit.Share <= most {
			continue
		}
		hit, _ := t.first(say)
		most, text = hit.Share, say
	}
	return text
}

func (n Numbers) solution() (text, unit string) {
	var most Share
	if len(n.Units) > 0 {
		unit = n.Units[0].Name
	}
	for _, r := range n.Ranges {
		if hit, ok := n.first(r.Value, unit); ok && hit.Share > most {
			most, text = hit.Share, r.Value
		}
	}
	if text == "" {
		return "", ""
	}
	return text, unit
}

func (g Gap) solution() string {
	switch {
	case g.Texts != nil:
		return g.Texts.solution()
	case g.Numbers != nil:
		text, unit := g.Numbers.solution()
		if unit != "" {
			text += " " + unit
		}
		return text
	}
	o, _ := best(g.Options)
	return o.ID
}

// Pictures are the files that a question shows. Who is asked may see exactly these; who asks serves them
// (content.Service.Public after having looked here), since nobody else knows who is asked what.
func Pictures(q Question) (ids []uid.ID) {
	if q.Picture != nil {
		ids = append(ids, *q.Picture)
	}
	return ids
}
