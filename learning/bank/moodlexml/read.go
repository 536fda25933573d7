// Package moodlexml reads and writes Moodle XML (docs.moodle.org, "Moodle XML format"). Of embedded files the first picture
// in the text of a question is taken, as the question's own; the report names the questions that had more.
package moodlexml

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// Read reads a file; what cannot come says so in its item.
func Read(data []byte) (format.Sheet, error) {
	sheet := format.Sheet{Format: "moodlexml"}
	if len(data) > format.MaxFile {
		return sheet, format.ErrTooLarge
	}
	root, err := format.XML(data)
	if err != nil {
		return sheet, err
	}
	if root.Name != "quiz" {
		return sheet, format.At(root.Line, "This is no Moodle XML: it begins with <%s> instead of <quiz>.", root.Name)
	}
	folder := ""
	for _, n := range root.All("question") {
		if n.Attr["type"] == "category" {
			folder = strings.TrimPrefix(strings.TrimPrefix(n.Kid("category").Words(), "$course$/"), "top/")
			if folder == "top" {
				folder = ""
			}
			continue
		}
		if len(sheet.Items) == format.MaxQuestions {
			return sheet, format.ErrTooMany
		}
		it := format.Item{Line: n.Line, Folder: folder}
		read(&it, n)
		sheet.Items = append(sheet.Items, it)
	}
	if len(sheet.Items) == 0 {
		return sheet, format.ErrNothing
	}
	sheet.Settle()
	return sheet, nil
}

// text reads an element with a format and a <text> inside.
func text(it *format.Item, n *format.Node) string {
	if n == nil {
		return ""
	}
	s := n.Kid("text").Words()
	if len(n.All("file")) > 0 && !strings.Contains(s, "<img") {
		it.Note("A file that is attached is left out.")
	}
	switch n.Attr["format"] {
	case "markdown":
		return s
	case "plain_text":
		return format.Plain(s)
	}
	if strings.ContainsAny(s, "<&") {
		return it.FromHTML(s)
	}
	return format.Plain(s)
}

func number(n *format.Node) float64 {
	v, err := strconv.ParseFloat(n.Words(), 64)
	if err != nil {
		return 0
	}
	return v
}

func fraction(n *format.Node) question.Share {
	v, err := strconv.ParseFloat(n.Attr["fraction"], 64)
	if err != nil {
		return 0
	}
	return question.Share(math.Round(min(max(v, -100), 100) * 10_000))
}

func yes(n *format.Node) bool { w := n.Words(); return w == "1" || w == "true" }

func read(it *format.Item, n *format.Node) {
	q := &it.Body
	q.Title = n.Kid("name").Words()
	it.Name = q.Title
	picture(it, n.Kid("questiontext"))
	q.Prompt = text(it, n.Kid("questiontext"))
	if it.Name == "" {
		it.Name = format.Title(q.Prompt)
	}
	q.Feedback = question.Feedback{Always: text(it, n.Kid("generalfeedback")), Right: text(it, n.Kid("correctfeedback")), Partly: text(it, n.Kid("partiallycorrectfeedback")), Wrong: text(it, n.Kid("incorrectfeedback"))}
	for _, t := range n.Kid("tags").All("tag") {
		it.Tags = append(it.Tags, t.Words())
	}
	if n.Kid("shuffleanswers") != nil && !yes(n.Kid("shuffleanswers")) {
		q.Keep = true
	}
	if p := number(n.Kid("penalty")); p > 0 && len(n.All("hint")) > 0 {
		it.Note("Hints and what further tries cost are left out: a test says how often is tried.")
	}
	switch kind := n.Attr["type"]; kind {
	case "multichoice":
		choice(it, n)
	case "truefalse":
		truth(it, n)
	case "shortanswer":
		q.Kind = question.ShortText
		q.Texts = &question.Texts{Case: yes(n.Kid("usecase")), Accents: true}
		for _, a := range n.All("answer") {
			p := question.Pattern{Text: a.Kid("text").Words(), Match: question.Exact, Share: fraction(a), Feedback: text(it, a.Kid("feedback"))}
			if strings.Contains(p.Text, "*") {
				p.Match = question.Wildcard
			}
			q.Texts.Patterns = append(q.Texts.Patterns, p)
		}
	case "numerical":
		numeric(it, n)
	case "matching":
		q.Kind = question.Matching
		for _, s := range n.All("subquestion") {
			item, partner := text(it, s), s.Kid("answer").Kid("text").Words()
			if item == "" {
				q.Decoys = append(q.Decoys, question.Option{Text: format.Plain(partner)})
				continue
			}
			q.Pairs = append(q.Pairs, question.Pair{Item: item, Partner: question.Option{Text: format.Plain(partner)}})
		}
	case "ordering":
		q.Kind = question.Ordering
		for _, a := range n.All("answer") {
			q.Options = append(q.Options, question.Option{Text: text(it, a)})
		}
	case "cloze":
		cloze(it)
	case "essay":
		essay(it, n)
	case "description":
		it.Refuse("This is a text without a question. Put it into a lesson.")
	default:
		it.Refuse("Questions of the kind “%s” cannot be asked here.", kind)
	}
}

func choice(it *format.Item, n *format.Node) {
	q := &it.Body
	q.Kind = question.Multiple
	if n.Kid("single") == nil || yes(n.Kid("single")) {
		q.Kind = question.Single
	}
	weighted := false
	for _, a := range n.All("answer") {
		o := question.Option{Text: text(it, a), Share: fraction(a), Feedback: text(it, a.Kid("feedback"))}
		weighted = weighted || o.Share != 0 && o.Share != question.Whole
		q.Options = append(q.Options, o)
	}
	if weighted || q.Kind == question.Multiple {
		q.Scoring = question.Weighted
	}
}

func truth(it *format.Item, n *format.Node) {
	q := &it.Body
	q.Kind = question.TrueFalse
	yes, no := question.Option{ID: "true"}, question.Option{ID: "false"}
	for _, a := range n.All("answer") {
		o := &no
		if strings.EqualFold(a.Kid("text").Words(), "true") {
			o = &yes
		}
		o.Share, o.Feedback = fraction(a), text(it, a.Kid("feedback"))
	}
	q.Options = []question.Option{yes, no}
}

func numeric(it *format.Item, n *format.Node) {
	q := &it.Body
	q.Kind, q.Numbers = question.Numeric, &question.Numbers{}
	for _, a := range n.All("answer") {
		r := question.Range{Value: a.Kid("text").Words(), Tolerance: a.Kid("tolerance").Words(), Share: fraction(a), Feedback: text(it, a.Kid("feedback"))}
		if r.Value == "*" {
			if q.Feedback.Wrong == "" {
				q.Feedback.Wrong = r.Feedback
			}
			continue
		}
		if r.Tolerance == "0" {
			r.Tolerance = ""
		}
		q.Numbers.Ranges = append(q.Numbers.Ranges, r)
	}
	for _, u := range n.Kid("units").All("unit") {
		// Moodle says how many of this unit are one of the first; here it is the other way round.
		m := number(u.Kid("multiplier"))
		if m <= 0 {
			it.Note("A unit without a multiplier is left out.")
			continue
		}
		q.Numbers.Units = append(q.Numbers.Units, question.Unit{Name: u.Kid("unit_name").Words(), Factor: strconv.FormatFloat(1/m, 'f', -1, 64)})
	}
	if len(q.Numbers.Units) > 0 {
		q.Numbers.UnitFree = n.Kid("unitgradingtype").Words() != "1" && n.Kid("unitgradingtype").Words() != "2"
	}
}

func essay(it *format.Item, n *format.Node) {
	q := &it.Body
	q.Kind = question.Essay
	h := &question.HandRule{Notes: text(it, n.Kid("graderinfo")), Template: text(it, n.Kid("responsetemplate"))}
	count := func(name string) int { return int(min(max(number(n.Kid(name)), -1), 20_000)) }
	h.MinWords, h.MaxWords = max(count("minwordlimit"), 0), max(count("maxwordlimit"), 0)
	files := count("attachments")
	switch {
	case n.Kid("responseformat").Words() == "noinline" && files != 0:
		q.Kind = question.File
		h.MaxFiles = min(files, question.MaxFiles)
		if files < 0 {
			h.MaxFiles = question.MaxFiles
		}
		for _, e := range strings.FieldsFunc(n.Kid("filetypeslist").Words(), func(r rune) bool { return r == ',' || r == ' ' }) {
			if strings.HasPrefix(e, ".") {
				h.Accept = append(h.Accept, e)
			}
		}
		h.MinWords, h.MaxWords, h.Template = 0, 0, ""
	case files != 0:
		it.Note("Files beside the text are not asked for. Make a question for files of its own.")
	}
	if h.Notes != "" || h.Template != "" || h.MinWords+h.MaxWords+h.MaxFiles > 0 {
		q.Hand = h
	}
}

var embedded = regexp.MustCompile(`\\?\{(\d*):([A-Z_]+):((?:\\\\.|\\[^\\]|[^\\}])*)\\?\}`)

// cloze reads gaps that stand in the text: {1:SHORTANSWER:=right~%50%nearly#feedback}.
func cloze(it *format.Item) {
	q := &it.Body
	q.Kind = question.Blanks
	// The text went through Markdown's escapes on its way here: those of the signs that gaps are made of are taken back.
	raw := strings.NewReplacer(`\_`, "_", `\*`, "*").Replace(q.Prompt)
	n := 0
	q.Prompt = embedded.ReplaceAllStringFunc(raw, func(s string) string {
		m := embedded.FindStringSubmatch(s)
		n++
		g := question.Gap{ID: "g" + strconv.Itoa(n)}
		if w, err := strconv.Atoi(m[1]); err == nil {
			g.Weight = min(w, question.MaxWeight)
		}
		var options []question.Option
		var patterns []question.Pattern
		var ranges []question.Range
		for _, a := range strings.Split(strings.ReplaceAll(m[3], `\~`, "\x01"), "~") {
			share := question.Share(0)
			a = strings.TrimSpace(a)
			switch {
			case strings.HasPrefix(a, "="):
				share, a = question.Whole, a[1:]
			case strings.HasPrefix(a, "%"):
				if p, rest, ok := strings.Cut(a[1:], "%"); ok {
					v, _ := strconv.ParseFloat(p, 64)
					share, a = question.Share(math.Round(min(max(v, -100), 100)*10_000)), rest
				}
			}
			a, feedback, _ := strings.Cut(a, "#")
			a, feedback = strings.ReplaceAll(strings.TrimSpace(a), "\x01", "~"), strings.ReplaceAll(feedback, "\x01", "~")
			if a == "" {
				continue
			}
			options = append(options, question.Option{Text: a, Share: share, Feedback: feedback})
			p := question.Pattern{Text: a, Match: question.Exact, Share: share, Feedback: feedback}
			if strings.Contains(a, "*") {
				p.Match = question.Wildcard
			}
			patterns = append(patterns, p)
			v, tol, _ := strings.Cut(a, ":")
			ranges = append(ranges, question.Range{Value: v, Tolerance: tol, Share: share, Feedback: feedback})
		}
		switch m[2] {
		case "SHORTANSWER", "SA", "MW":
			g.Texts = &question.Texts{Accents: true, Patterns: patterns}
		case "SHORTANSWER_C", "SAC", "MWC":
			g.Texts = &question.Texts{Accents: true, Case: true, Patterns: patterns}
		case "NUMERICAL", "NM":
			g.Numbers = &question.Numbers{Ranges: ranges}
		case "MULTICHOICE", "MC", "MULTICHOICE_H", "MCH", "MULTICHOICE_V", "MCV", "MULTICHOICE_S", "MCS", "MULTICHOICE_HS", "MCHS", "MULTICHOICE_VS", "MCVS":
			g.Options = options
			if strings.HasSuffix(m[2], "V") || strings.HasSuffix(m[2], "H") {
				it.Note("Choices of a gap are shown as a list to choose from.")
			}
		default:
			it.Refuse("Gaps of the kind “%s” cannot be asked here.", m[2])
		}
		q.Gaps = append(q.Gaps, g)
		return "{{" + g.ID + "}}"
	})
	if n == 0 {
		it.Refuse("This text has no gaps that can be read.")
	}
}
