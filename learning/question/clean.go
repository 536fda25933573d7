package question

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Limits of an answer, in characters where it is text.
const (
	MaxTyped  = 1_000   // a short text, a number, a gap
	MaxEssay  = 100_000 // an essay
	MaxPoints = 50      // places pointed at
	MaxFiles  = 20
)

// Clean brings an answer into the one form that is kept: only the fields of the question's kind, without what the
// question does not know, choices that are a set in the order of their ids. An answer that is too long is refused and
// named by its field, since cutting it would lose what somebody wrote; the answer given back then is what can be kept.
func Clean(q Question, a Answer) (Answer, error) {
	out, f := Answer{}, fault.Fields{}
	switch q.Kind {
	case Single, TrueFalse:
		out.Choices = known(q.Options, a.Choices)
		out.Choices = out.Choices[:min(len(out.Choices), 1)]
	case Multiple:
		out.Choices = known(q.Options, a.Choices)
		slices.Sort(out.Choices)
	case Ordering:
		out.Choices = known(q.Options, a.Choices)
	case ShortText:
		out.Text = typed(f, "text", a.Text, MaxTyped)
	case Numeric:
		out.Text = typed(f, "text", a.Text, MaxTyped)
		if out.Text != "" && q.Numbers != nil && slices.ContainsFunc(q.Numbers.Units, func(u Unit) bool { return u.Name == a.Unit }) {
			out.Unit = a.Unit
		}
	case Essay:
		out.Text = strings.TrimSpace(legible(a.Text))
		f.Check(utf8.RuneCountInString(out.Text) <= MaxEssay, "text", fmt.Sprintf("Use at most %d characters.", MaxEssay))
	case Matching:
		out.Parts = q.matched(a.Parts)
	case Blanks:
		out.Parts = q.filled(f, a.Parts)
	case HotSpot:
		out.Choices = chosenAreas(q.Areas, a.Choices)
		out.Points = places(f, a.Points)
	case File:
		out.Files = files(a.Files)
		most := MaxFiles
		if q.Hand != nil {
			most = min(max(q.Hand.MaxFiles, 1), MaxFiles)
		}
		f.Check(len(out.Files) <= most, "files", fmt.Sprintf("Hand in at most %d files.", most))
	}
	if len(out.Choices) == 0 {
		out.Choices = nil
	}
	if len(out.Parts) == 0 {
		out.Parts = nil
	}
	return out, f.Err()
}

// legible drops what no page and no database can show.
func legible(s string) string { return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "") }

func typed(f fault.Fields, field, s string, most int) string {
	s = strings.Join(strings.Fields(legible(s)), " ")
	if utf8.RuneCountInString(s) > most {
		f.Add(field, fmt.Sprintf("Use at most %d characters.", most))
		s = string([]rune(s)[:most])
	}
	return s
}

// known keeps each id that an option has, once.
func known(options []Option, ids []string) (out []string) {
	for _, id := range ids {
		if !slices.Contains(out, id) && slices.ContainsFunc(options, func(o Option) bool { return o.ID == id }) {
			out = append(out, id)
		}
	}
	return out
}

func chosenAreas(areas []Area, ids []string) (out []string) {
	for _, a := range areas {
		if slices.Contains(ids, a.ID) {
			out = append(out, a.ID)
		}
	}
	slices.Sort(out)
	return out
}

// matched keeps partners that were offered, each under one id for all partners of the same text.
func (q Question) matched(parts map[string]string) map[string]string {
	out := map[string]string{}
	offered := q.partners()
	for _, p := range q.Pairs {
		given, ok := parts[p.ID]
		if !ok {
			continue
		}
		text, ok := q.partnerText(given)
		if !ok {
			continue
		}
		for _, o := range offered {
			if o.Text == text {
				out[p.ID] = o.ID
			}
		}
	}
	return out
}

// partners are what items are matched with: every text once.
func (q Question) partners() (out []Option) {
	add := func(o Option) {
		if !slices.ContainsFunc(out, func(have Option) bool { return have.Text == o.Text }) {
			out = append(out, o)
		}
	}
	for _, p := range q.Pairs {
		add(p.Partner)
	}
	for _, o := range q.Decoys {
		add(o)
	}
	return out
}

func (q Question) partnerText(id string) (string, bool) {
	for _, p := range q.Pairs {
		if p.Partner.ID == id {
			return p.Partner.Text, true
		}
	}
	for _, o := range q.Decoys {
		if o.ID == id {
			return o.Text, true
		}
	}
	return "", false
}

func (q Question) filled(f fault.Fields, parts map[string]string) map[string]string {
	out := map[string]string{}
	for _, g := range q.Gaps {
		given, ok := parts[g.ID]
		if !ok {
			continue
		}
		if len(g.Options) > 0 {
			if len(known(g.Options, []string{given})) == 1 {
				out[g.ID] = given
			}
		} else if given = typed(f, "parts."+g.ID, given, MaxTyped); given != "" {
			out[g.ID] = given
		}
	}
	return out
}

// places keeps points of the picture, each once, from left to right.
func places(f fault.Fields, points []Point) (out []Point) {
	for _, p := range points {
		if p.X < 0 || p.Y < 0 || p.X > scale || p.Y > scale || slices.Contains(out, p) {
			continue
		}
		if len(out) == MaxPoints {
			f.Add("points", fmt.Sprintf("Point at no more than %d places.", MaxPoints))
			break
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Point) int {
		if a.X != b.X {
			return a.X - b.X
		}
		return a.Y - b.Y
	})
	return out
}

func files(ids []uid.ID) (out []uid.ID) {
	for _, id := range ids {
		if !slices.Contains(out, id) && id != uid.Nil && len(out) <= MaxFiles {
			out = append(out, id)
		}
	}
	return out
}
