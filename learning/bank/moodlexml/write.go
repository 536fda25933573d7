package moodlexml

import (
	"fmt"
	"strconv"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// Write writes questions; what Moodle XML cannot hold is left out and told.
func Write(items []format.Item) (out []byte, left []format.Left) {
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<quiz>\n")
	folder, total := "", 0
	var silent format.Silent
	for _, it := range items {
		text, why := one(it)
		if total += len(text); why == "" && total > format.MaxFile-(1<<20) {
			why = "The file would have more than 20 MB with it. Export fewer questions at once."
		}
		if silent.Of(it.Body.Title); why != "" {
			silent.Refuse(why)
			continue
		}
		changed(&silent, it)
		if it.Folder != folder {
			folder = it.Folder
			fmt.Fprintf(&b, "<question type=\"category\"><category><text>$course$/top/%s</text></category></question>\n", format.Escape(folder))
		}
		b.WriteString(text)
	}
	b.WriteString("</quiz>\n")
	return []byte(b.String()), silent.Left
}

// changed tells what of a question is not in the file, or means something else there.
func changed(s *format.Silent, it format.Item) {
	q := it.Body
	accents, hints := q.Texts != nil && !q.Texts.Accents, false
	for _, g := range q.Gaps {
		accents = accents || g.Texts != nil && !g.Texts.Accents
	}
	for _, o := range q.Options {
		hints = hints || q.Kind == question.Ordering && o.Feedback != ""
	}
	for _, p := range q.Pairs {
		hints = hints || p.Partner.Feedback != ""
	}
	parts := q.Kind == question.Multiple || q.Kind == question.Matching || q.Kind == question.Blanks || q.Kind == question.Ordering
	s.Note(it.Difficulty > 0, "The difficulty is left out.")
	s.Note(q.Hand != nil && q.Hand.Rubric != nil, "The rubric is left out.")
	s.Note(accents, "In Moodle accents count; here they do not.")
	s.Note(parts && q.Scoring == question.AllOrNothing, "Moodle gives marks for each part; here it is all or nothing.")
	s.Note(hints, "Feedback on single items is left out.")
}

func tag(b *strings.Builder, name, attr, text string) {
	fmt.Fprintf(b, "<%s%s><text>%s</text></%s>\n", name, attr, format.Escape(text), name)
}

const md = ` format="markdown"`

func answer(b *strings.Builder, share question.Share, kind, text, feedback, more string) {
	fmt.Fprintf(b, "<answer fraction=%q%s><text>%s</text>", strconv.FormatFloat(float64(share)/10_000, 'f', -1, 64), kind, format.Escape(text))
	if feedback != "" {
		tag(b, "feedback", md, feedback)
	}
	b.WriteString(more + "</answer>\n")
}

func one(it format.Item) (text, why string) {
	q := it.Body
	if q.Picture != nil && it.Image == nil {
		return "", "Its picture cannot be read."
	}
	var b strings.Builder
	kind := map[question.Kind]string{question.Single: "multichoice", question.Multiple: "multichoice", question.TrueFalse: "truefalse", question.ShortText: "shortanswer", question.Numeric: "numerical", question.Matching: "matching", question.Ordering: "ordering", question.Blanks: "cloze", question.Essay: "essay", question.File: "essay"}[q.Kind]
	if kind == "" {
		return "", "Moodle XML does not know this kind of question."
	}
	prompt := q.Prompt
	if q.Kind == question.Blanks {
		if prompt, why = gaps(q); why != "" {
			return "", why
		}
	}
	fmt.Fprintf(&b, "<question type=%q>\n", kind)
	tag(&b, "name", "", q.Title)
	prompt, file := embed(it, prompt)
	fmt.Fprintf(&b, "<questiontext%s><text>%s</text>%s</questiontext>\n", md, format.Escape(prompt), file)
	tag(&b, "generalfeedback", md, q.Feedback.Always)
	for _, f := range [][2]string{{"correctfeedback", q.Feedback.Right}, {"partiallycorrectfeedback", q.Feedback.Partly}, {"incorrectfeedback", q.Feedback.Wrong}} {
		if f[1] != "" {
			tag(&b, f[0], md, f[1])
		}
	}
	fmt.Fprintf(&b, "<shuffleanswers>%t</shuffleanswers>\n", !q.Keep)
	switch q.Kind {
	case question.Single, question.Multiple:
		fmt.Fprintf(&b, "<single>%t</single>\n", q.Kind == question.Single)
		for _, o := range q.Options {
			answer(&b, fractionOf(q, o), md, o.Text, o.Feedback, "")
		}
	case question.TrueFalse:
		for _, o := range q.Options {
			answer(&b, max(min(o.Share*question.Whole, question.Whole), 0), "", o.ID, o.Feedback, "")
		}
	case question.ShortText:
		if q.Texts.Case {
			b.WriteString("<usecase>1</usecase>\n")
		}
		for _, p := range q.Texts.Patterns {
			if p.Match == question.Regexp {
				return "", "Moodle knows no regular expressions."
			}
			answer(&b, p.Share, "", p.Text, p.Feedback, "")
		}
	case question.Numeric:
		for _, r := range q.Numbers.Ranges {
			answer(&b, r.Share, "", r.Decimal(), r.Feedback, "<tolerance>"+orZero(r.Absolute())+"</tolerance>")
		}
		b.WriteString(units(q.Numbers))
	case question.Matching:
		for _, p := range q.Pairs {
			fmt.Fprintf(&b, "<subquestion%s><text>%s</text><answer><text>%s</text></answer></subquestion>\n", md, format.Escape(p.Item), format.Escape(p.Partner.Text))
		}
		for _, d := range q.Decoys {
			fmt.Fprintf(&b, "<subquestion%s><text></text><answer><text>%s</text></answer></subquestion>\n", md, format.Escape(d.Text))
		}
	case question.Ordering:
		for i, o := range q.Options {
			answer(&b, question.Share(i+1)*10_000, md, o.Text, "", "")
		}
	case question.Essay, question.File:
		hand(&b, q)
	}
	if len(it.Tags) > 0 {
		b.WriteString("<tags>")
		for _, t := range it.Tags {
			tag(&b, "tag", "", t)
		}
		b.WriteString("</tags>\n")
	}
	b.WriteString("</question>\n")
	return b.String(), ""
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// fractionOf is what choosing an option gives, as Moodle adds it up.
func fractionOf(q question.Question, o question.Option) question.Share {
	var rights question.Share
	for _, x := range q.Options {
		if x.Share > 0 {
			rights++
		}
	}
	switch {
	case q.Scoring == question.Weighted || rights == 0:
		return o.Share
	case q.Kind == question.Single && o.Share > 0:
		return question.Whole
	case q.Kind == question.Single:
		return 0
	case o.Share > 0:
		return question.Whole / rights
	}
	return -question.Whole / rights
}

func units(n *question.Numbers) string {
	if len(n.Units) == 0 {
		return ""
	}
	var b strings.Builder
	if !n.UnitFree {
		b.WriteString("<unitgradingtype>1</unitgradingtype>\n")
	}
	b.WriteString("<units>")
	for _, u := range n.Units {
		f, err := strconv.ParseFloat(strings.ReplaceAll(u.Factor, ",", "."), 64)
		if err != nil || f <= 0 {
			continue
		}
		fmt.Fprintf(&b, "<unit><multiplier>%s</multiplier><unit_name>%s</unit_name></unit>", strconv.FormatFloat(1/f, 'f', -1, 64), format.Escape(u.Name))
	}
	return b.String() + "</units>\n"
}

func hand(b *strings.Builder, q question.Question) {
	h := question.HandRule{}
	if q.Hand != nil {
		h = *q.Hand
	}
	if q.Kind == question.File {
		fmt.Fprintf(b, "<responseformat>noinline</responseformat><attachments>%d</attachments><filetypeslist>%s</filetypeslist>\n", max(h.MaxFiles, 1), format.Escape(strings.Join(h.Accept, ",")))
	} else {
		fmt.Fprintf(b, "<responseformat>editor</responseformat><attachments>0</attachments><minwordlimit>%d</minwordlimit><maxwordlimit>%d</maxwordlimit>\n", h.MinWords, h.MaxWords)
	}
	if h.Notes != "" {
		tag(b, "graderinfo", md, h.Notes)
	}
	if h.Template != "" {
		tag(b, "responsetemplate", md, h.Template)
	}
}

var inGap = strings.NewReplacer("~", `\~`, "}", `\}`, "#", `\#`)

// gaps writes a text with its gaps in it.
func gaps(q question.Question) (text, why string) {
	text = q.Prompt
	for _, g := range q.Gaps {
		kind, body := "", []string{}
		add := func(share question.Share, text, feedback string) {
			s := inGap.Replace(text)
			if share == question.Whole {
				s = "=" + s
			} else {
				s = "%" + strconv.FormatFloat(float64(share)/10_000, 'f', -1, 64) + "%" + s
			}
			if feedback != "" {
				s += "#" + inGap.Replace(feedback)
			}
			if strings.ContainsAny(text+feedback, "}#") {
				why = "A gap has a } or a # in its answers, which Moodle XML cannot hold safely."
			}
			body = append(body, s)
		}
		switch {
		case g.Texts != nil:
			kind = "SHORTANSWER"
			if g.Texts.Case {
				kind = "SHORTANSWER_C"
			}
			for _, p := range g.Texts.Patterns {
				if p.Match == question.Regexp {
					return "", "Moodle knows no regular expressions."
				}
				add(p.Share, p.Text, p.Feedback)
			}
		case g.Numbers != nil:
			if len(g.Numbers.Units) > 0 {
				return "", "In a text with gaps Moodle knows no units."
			}
			kind = "NUMERICAL"
			for _, r := range g.Numbers.Ranges {
				v := r.Decimal()
				if t := r.Absolute(); t != "" {
					v += ":" + t
				}
				add(r.Share, v, r.Feedback)
			}
		default:
			kind = "MULTICHOICE"
			for _, o := range g.Options {
				share := o.Share
				if q.Scoring != question.Weighted && share > 0 {
					share = question.Whole
				}
				add(share, o.Text, o.Feedback)
			}
		}
		text = strings.Replace(text, "{{"+g.ID+"}}", fmt.Sprintf("{%d:%s:%s}", max(g.Weight, 1), kind, strings.Join(body, "~")), 1)
	}
	return text, why
}
