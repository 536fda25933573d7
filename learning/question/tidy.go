package question

import (
	"crypto/rand"
	"encoding/base32"
	"regexp"
	"strings"

	"lyceum/internal/uid"
)

// drawn is what an id looks like that Tidy drew.
var drawn = regexp.MustCompile(`^[a-z2-7]{10}$`)

// draw makes an id that says nothing: a1, a2, a3 would tell who is asked in which order things belong.
func draw() string {
	var b [7]byte
	_, _ = rand.Read(b[:]) // never fails, see crypto/rand
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))[:10]
}

// Tidy makes a question as it is kept: only the fields of its kind, texts trimmed, and ids that say nothing. Gaps and
// areas keep their names, since the text and who writes to the API name them.
func Tidy(q Question) Question {
	out := Question{Kind: q.Kind, Title: line(q.Title), Prompt: text(q.Prompt), Picture: q.Picture, PictureOf: line(q.PictureOf), Keep: q.Keep, Scoring: q.Scoring}
	if q.Picture != nil && *q.Picture == uid.Nil {
		out.Picture = nil
	}
	if out.Picture == nil {
		out.PictureOf = ""
	}
	out.Feedback = Feedback{text(q.Feedback.Always), text(q.Feedback.Right), text(q.Feedback.Partly), text(q.Feedback.Wrong)}
	switch q.Kind {
	case Single, Multiple, Ordering:
		out.Options = tidyOptions(q.Options)
		for i := range out.Options {
			if q.Kind == Ordering {
				out.Options[i].Share = 0
			}
		}
	case TrueFalse:
		out.Options = append(out.Options, q.Options...)
		for i := range out.Options {
			out.Options[i].Text, out.Options[i].Feedback = line(out.Options[i].Text), text(out.Options[i].Feedback)
			if out.Options[i].Text == "" {
				out.Options[i].Text = map[string]string{"true": "True", "false": "False"}[out.Options[i].ID]
			}
		}
	case ShortText:
		out.Texts = tidyTexts(q.Texts)
	case Numeric:
		out.Numbers = tidyNumbers(q.Numbers)
	case Matching:
		for _, p := range q.Pairs {
			partner := tidyOptions([]Option{p.Partner})[0]
			partner.Share = 0
			out.Pairs = append(out.Pairs, Pair{ID: fresh(p.ID), Item: text(p.Item), Partner: partner})
		}
		out.Decoys = tidyOptions(q.Decoys)
		for i := range out.Decoys {
			out.Decoys[i].Share = 0
		}
	case Blanks:
		for _, g := range q.Gaps {
			out.Gaps = append(out.Gaps, Gap{ID: strings.TrimSpace(g.ID), Texts: tidyTexts(g.Texts), Numbers: tidyNumbers(g.Numbers), Options: tidyOptions(g.Options), Weight: g.Weight})
		}
	case HotSpot:
		for _, a := range q.Areas {
			a.Label = line(a.Label)
			if a.ID == "" {
				a.ID = draw()
			}
			out.Areas = append(out.Areas, a)
		}
	case Essay, File:
		if q.Hand != nil {
			h := *q.Hand
			h.Notes, h.Template = text(h.Notes), text(h.Template)
			var accept []string
			for _, e := range h.Accept {
				if e = strings.ToLower(strings.TrimSpace(e)); e != "" {
					accept = append(accept, "."+strings.TrimPrefix(e, "."))
				}
			}
			h.Accept = accept
			if h.Rubric != nil {
				clean, _ := h.Rubric.Clean("hand.rubric") // Check says what is wrong with it
				h.Rubric = &clean
			}
			out.Hand = &h
		}
	}
	return out
}

// fresh keeps an id that says nothing and draws one in the place of any other.
func fresh(id string) string {
	if drawn.MatchString(id) {
		return id
	}
	return draw()
}

func tidyOptions(list []Option) (out []Option) {
	for _, o := range list {
		out = append(out, Option{ID: fresh(o.ID), Text: text(o.Text), Share: o.Share, Feedback: text(o.Feedback)})
	}
	return out
}

func tidyTexts(t *Texts) *Texts {
	if t == nil {
		return nil
	}
	out := Texts{Case: t.Case, Accents: t.Accents}
	for _, p := range t.Patterns {
		if p.Match == "" {
			p.Match = Exact
		}
		out.Patterns = append(out.Patterns, Pattern{Text: line(p.Text), Match: p.Match, Share: p.Share, Feedback: text(p.Feedback)})
	}
	return &out
}

func tidyNumbers(n *Numbers) *Numbers {
	if n == nil {
		return nil
	}
	out := Numbers{UnitFree: n.UnitFree && len(n.Units) > 0}
	for _, r := range n.Ranges {
		r.Value, r.Tolerance, r.Feedback = line(r.Value), line(r.Tolerance), text(r.Feedback)
		out.Ranges = append(out.Ranges, r)
	}
	for _, u := range n.Units {
		out.Units = append(out.Units, Unit{Name: line(u.Name), Factor: line(u.Factor)})
	}
	return &out
}

// line is clean text of one line, text is clean text of several.
func line(s string) string { return strings.TrimSpace(strings.Join(strings.Fields(legible(s)), " ")) }

func text(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(legible(s), "\r\n", "\n"))
}
