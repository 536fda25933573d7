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
	for _, it := range items {
		text, why := one(it.Body)
		if why != "" {
			left = append(left, format.Left{Title: it.Body.Title, Why: why})
			continue
		}
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
	return []byte(b.String()), left
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
