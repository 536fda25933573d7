package gift

import (
	"fmt"
	"strconv"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

var escape = strings.NewReplacer(`\`, `\\`, "~", `\~`, "=", `\=`, "#", `\#`, "{", `\{`, "}", `\}`, ":", `\:`, "\n", `\n`)

// Write writes questions; what GIFT cannot hold is left out and told.
func Write(items []format.Item) (out []byte, left []format.Left) {
	var b strings.Builder
	folder := ""
	var silent format.Silent
	for _, it := range items {
		text, why := one(it.Body)
		if silent.Of(it.Body.Title); why != "" {
			b.WriteString("// " + strings.Join(strings.Fields(it.Body.Title), " ") + ": " + why + "\n\n")
			silent.Refuse(why)
			continue
		}
		changed(&silent, it)
		if it.Folder != folder {
			folder = it.Folder
			fmt.Fprintf(&b, "$CATEGORY: $course$/top/%s\n\n", strings.TrimPrefix(folder, "top/"))
		}
		if len(it.Tags) > 0 {
			b.WriteString("//")
			for _, t := range it.Tags {
				b.WriteString(" [tag:" + strings.NewReplacer("]", ")", "[", "(").Replace(t) + "]")
			}
			b.WriteByte('\n')
		}
		b.WriteString(text + "\n\n")
	}
	return []byte(b.String()), silent.Left
}

// changed tells what of a question is not in the file, or means something else there.
func changed(s *format.Silent, it format.Item) {
	q := it.Body
	texts, hints := q.Texts != nil && (q.Texts.Case || !q.Texts.Accents), false
	for _, g := range q.Gaps {
		texts = texts || g.Texts != nil && (g.Texts.Case || !g.Texts.Accents)
	}
	for _, p := range q.Pairs {
		hints = hints || p.Partner.Feedback != ""
	}
	s.Note(it.Difficulty > 0, "The difficulty is left out.")
	s.Note(texts, "In GIFT capital letters and accents are as the other system has them.")
	s.Note((q.Kind == question.Multiple || q.Kind == question.Matching) && q.Scoring == question.AllOrNothing, "Moodle gives marks for each part; here it is all or nothing.")
	s.Note(hints, "Feedback on single items is left out.")
	s.Note(q.Feedback.Right+q.Feedback.Partly != "" || q.Feedback.Wrong != "" && q.Kind != question.Numeric, "Feedback for right, partly right and wrong answers is left out.")
	s.Note(q.Keep && (q.Kind == question.Single || q.Kind == question.Multiple), "In GIFT choices are shuffled as the other system does.")
	s.Note(q.Hand != nil, "What is for who marks, and how long an answer may be, is left out.")
}

func one(q question.Question) (text, why string) {
	if q.Picture != nil {
		return "", "GIFT holds no pictures."
	}
	head, tail := q.Prompt, ""
	body := ""
	switch q.Kind {
	case question.Single, question.Multiple:
		body = options(q)
	case question.TrueFalse:
		body = statement(q)
	case question.ShortText:
		if body, why = patterns(q.Texts); why != "" {
			return "", why
		}
	case question.Numeric:
		if len(q.Numbers.Units) > 0 {
			return "", "GIFT knows no units."
		}
		body = "#" + ranges(q.Numbers)
		if q.Feedback.Wrong != "" {
			body += "\n\t~" + feedback(q.Feedback.Wrong)
		}
	case question.Matching:
		for _, p := range q.Pairs {
			body += "\n\t=" + escape.Replace(p.Item) + " -> " + escape.Replace(p.Partner.Text)
		}
		for _, d := range q.Decoys {
			body += "\n\t= -> " + escape.Replace(d.Text)
		}
	case question.Blanks:
		if len(q.Gaps) != 1 {
			return "", "GIFT holds one gap in a text, not several."
		}
		g := q.Gaps[0]
		head, tail, _ = strings.Cut(q.Prompt, "{{"+g.ID+"}}")
		switch {
		case g.Texts != nil:
			if body, why = patterns(g.Texts); why != "" {
				return "", why
			}
		case g.Numbers != nil && len(g.Numbers.Units) > 0:
			return "", "GIFT knows no units."
		case g.Numbers != nil:
			body = "#" + ranges(g.Numbers)
		default:
			body = options(question.Question{Kind: question.Single, Scoring: q.Scoring, Options: g.Options})
		}
	case question.Essay:
	default:
		return "", "GIFT does not know this kind of question."
	}
	if q.Feedback.Always != "" {
		body += "\n\t####" + escape.Replace(q.Feedback.Always)
	}
	return "::" + escape.Replace(q.Title) + "::[markdown]" + escape.Replace(head) + "{" + body + "\n}" + escape.Replace(tail), ""
}

func percent(s question.Share) string {
	return "%" + strconv.FormatFloat(float64(s)/10_000, 'f', -1, 64) + "%"
}

func feedback(s string) string {
	if s == "" {
		return ""
	}
	return "#" + escape.Replace(s)
}

func options(q question.Question) string {
	var rights question.Share
	for _, o := range q.Options {
		if o.Share > 0 {
			rights++
		}
	}
	var b strings.Builder
	for _, o := range q.Options {
		sign := "~"
		switch {
		case q.Kind == question.Single && (o.Share == question.Whole || o.Share > 0 && q.Scoring != question.Weighted):
			sign = "="
		case q.Scoring == question.Weighted && o.Share != 0:
			sign += percent(o.Share)
		case q.Kind == question.Multiple && o.Share > 0:
			sign += percent(question.Whole / rights)
		case q.Kind == question.Multiple:
			sign += percent(-question.Whole / rights)
		}
		b.WriteString("\n\t" + sign + escape.Replace(o.Text) + feedback(o.Feedback))
	}
	return b.String()
}

func statement(q question.Question) string {
	word, wrong, right := "FALSE", "", ""
	for _, o := range q.Options {
		if o.Share > 0 {
			right = o.Feedback
			if o.ID == "true" {
				word = "TRUE"
			}
		} else {
			wrong = o.Feedback
		}
	}
	if wrong != "" || right != "" {
		word += "#" + escape.Replace(wrong)
	}
	return word + feedback(right)
}

func patterns(t *question.Texts) (out, why string) {
	for _, p := range t.Patterns {
		if p.Match == question.Regexp {
			return "", "GIFT knows no regular expressions."
		}
		if p.Match == question.Exact && strings.Contains(p.Text, "*") {
			return "", "In GIFT a star stands for any text; this answer has one that means itself."
		}
		sign := "="
		if p.Share != question.Whole {
			sign += percent(p.Share)
		}
		out += "\n\t" + sign + escape.Replace(p.Text) + feedback(p.Feedback)
	}
	return out, ""
}

func ranges(n *question.Numbers) (out string) {
	for _, r := range n.Ranges {
		sign := "="
		if r.Share != question.Whole {
			sign += percent(r.Share)
		}
		text := r.Decimal()
		if t := r.Absolute(); t != "" {
			text += ":" + t
		}
		out += "\n\t" + sign + text + feedback(r.Feedback)
	}
	return out
}
