// Package gift reads and writes GIFT, Moodle's plain text format for questions
// (docs.moodle.org, "GIFT format"): titles, text formats, weights, feedback, categories, and tags in comments.
package gift

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// block is the lines of one question.
type block struct {
	line int
	text string
	tags []string
}

var tagMark = regexp.MustCompile(`\[tag:([^\]]{1,100})\]`)

// Read reads a file; what cannot come says so in its item.
func Read(data []byte) (format.Sheet, error) {
	sheet := format.Sheet{Format: "gift"}
	if len(data) > format.MaxFile {
		return sheet, format.ErrTooLarge
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) {
		return sheet, format.ErrUnread.Saying("This file is not UTF-8. Please save it as UTF-8.")
	}
	folder := ""
	var b block
	flush := func() error {
		defer func() { b = block{tags: nil} }()
		if strings.TrimSpace(b.text) == "" {
			return nil
		}
		if len(sheet.Items) == format.MaxQuestions {
			return format.ErrTooMany
		}
		it := format.Item{Line: b.line, Folder: folder, Tags: b.tags}
		read(&it, strings.TrimSpace(b.text))
		sheet.Items = append(sheet.Items, it)
		return nil
	}
	for i, raw := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"), "\n") {
		line := strings.TrimSpace(raw)
		switch {
		case strings.HasPrefix(line, "//"):
			for _, m := range tagMark.FindAllStringSubmatch(line, -1) {
				b.tags = append(b.tags, m[1])
			}
		case strings.HasPrefix(line, "$CATEGORY:"):
			if err := flush(); err != nil {
				return sheet, err
			}
			folder = strings.TrimPrefix(strings.TrimSpace(strings.TrimPrefix(line, "$CATEGORY:")), "$course$/")
			folder = strings.TrimPrefix(folder, "top/")
		case line == "" && !open(b.text):
			if b.text != "" {
				if err := flush(); err != nil {
					return sheet, err
				}
			}
		default:
			if b.text == "" {
				b.line = i + 1
			}
			b.text += raw + "\n"
		}
	}
	if err := flush(); err != nil {
		return sheet, err
	}
	if len(sheet.Items) == 0 {
		return sheet, format.ErrNothing
	}
	sheet.Settle()
	return sheet, nil
}

// open tells whether a brace of the text is still open, so that an empty line ends nothing.
func open(s string) bool { return index(s, '{') >= 0 && index(s[index(s, '{'):], '}') < 0 }

// index finds a sign that no backslash stands before; −1 for none.
func index(s string, sign byte) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sign:
			return i
		}
	}
	return -1
}

var unescape = strings.NewReplacer(`\~`, "~", `\=`, "=", `\#`, "#", `\{`, "{", `\}`, "}", `\:`, ":", `\n`, "\n", `\\`, `\`)

// say reads a text in the format it is written in.
func say(it *format.Item, kind, s string) string {
	s = strings.TrimSpace(unescape.Replace(s))
	switch kind {
	case "html":
		return it.FromHTML(s)
	case "plain":
		return format.Plain(s)
	case "moodle", "":
		if strings.Contains(s, "</") || strings.Contains(s, "<br") {
			return it.FromHTML(s)
		}
		return format.Plain(s)
	}
	return s
}

var textKind = regexp.MustCompile(`^\s*\[(html|moodle|plain|markdown)\]`)

func read(it *format.Item, s string) {
	q := &it.Body
	if strings.HasPrefix(s, "::") {
		rest := s[2:]
		end := strings.Index(rest, "::")
		for end > 0 && rest[end-1] == '\\' {
			next := strings.Index(rest[end+1:], "::")
			if next < 0 {
				end = -1
				break
			}
			end += 1 + next
		}
		if end < 0 {
			it.Refuse("The title does not end: “::” is missing behind it.")
			return
		}
		q.Title, s = strings.TrimSpace(unescape.Replace(rest[:end])), rest[end+2:]
		it.Name = q.Title
	}
	kind := ""
	if m := textKind.FindStringSubmatch(s); m != nil {
		kind, s = m[1], s[len(m[0]):]
	}
	from := index(s, '{')
	if from < 0 {
		it.Name = firstOf(it.Name, format.Title(s))
		it.Refuse("This is a text without a question: no braces with answers are in it.")
		return
	}
	to := index(s[from:], '}')
	if to < 0 {
		it.Name = firstOf(it.Name, format.Title(s[:from]))
		it.Refuse("The answers do not end: “}” is missing.")
		return
	}
	before, body, after := s[:from], strings.TrimSpace(s[from+1:from+to]), s[from+to+1:]
	if index(after, '{') >= 0 {
		it.Refuse("More than one pair of braces: a question has its answers in one.")
	}
	// General feedback stands at the end of the answers.
	if i := strings.LastIndex(body, "####"); i >= 0 {
		q.Feedback.Always, body = say(it, kind, body[i+4:]), strings.TrimSpace(body[:i])
	}
	q.Prompt = say(it, kind, before)
	it.Name = firstOf(it.Name, format.Title(q.Prompt))
	answers(it, kind, body)
	if rest := say(it, kind, after); rest != "" {
		missing(it, rest)
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// missing makes a gap of a question in the middle of a text.
func missing(it *format.Item, rest string) {
	q := &it.Body
	gap := question.Gap{ID: "gap"}
	switch q.Kind {
	case question.Single, question.Multiple:
		if q.Kind == question.Multiple {
			it.Refuse("A gap takes one answer: several are right here.")
			return
		}
		gap.Options = q.Options
	case question.ShortText:
		gap.Texts = q.Texts
	case question.Numeric:
		gap.Numbers = q.Numbers
	default:
		q.Prompt += "\n\n" + rest
		return
	}
	sep := " "
	if strings.ContainsAny(rest[:1], ".,;:!?)") {
		sep = ""
	}
	*q = question.Question{Kind: question.Blanks, Title: q.Title, Prompt: strings.TrimSpace(q.Prompt + " {{gap}}" + sep + rest), Scoring: q.Scoring, Feedback: q.Feedback, Gaps: []question.Gap{gap}}
}

// part is one answer as it is written.
type part struct {
	right    bool // = instead of ~
	weight   *question.Share
	text     string
	feedback string
}

var weight = regexp.MustCompile(`^%(-?\d{1,3}(?:\.\d{1,10})?)%`)

// parts takes the answers apart.
func parts(it *format.Item, kind, body string) (list []part) {
	var starts []int
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '=', '~':
			starts = append(starts, i)
		}
	}
	for n, from := range starts {
		to := len(body)
		if n+1 < len(starts) {
			to = starts[n+1]
		}
		p := part{right: body[from] == '='}
		s := strings.TrimSpace(body[from+1 : to])
		if m := weight.FindStringSubmatch(s); m != nil {
			v, _ := strconv.ParseFloat(m[1], 64)
			w := question.Share(math.Round(min(max(v, -100), 100) * 10_000))
			p.weight, s = &w, s[len(m[0]):]
		}
		if i := index(s, '#'); i >= 0 {
			p.feedback, s = say(it, kind, s[i+1:]), s[:i]
		}
		p.text = strings.TrimSpace(s)
		list = append(list, p)
	}
	return list
}

// answers finds out which kind of question the answers make.
func answers(it *format.Item, kind, body string) {
	q := &it.Body
	switch {
	case body == "":
		q.Kind = question.Essay
		return
	case strings.HasPrefix(body, "#"):
		q.Kind = question.Numeric
		numeric(it, kind, strings.TrimSpace(body[1:]))
		return
	}
	if truth(it, kind, body) {
		return
	}
	list := parts(it, kind, body)
	if len(list) == 0 {
		it.Refuse("The answers cannot be told apart: each begins with = or ~.")
		return
	}
	rights, weights, arrows := 0, 0, 0
	for _, p := range list {
		if p.right {
			rights++
		}
		if p.weight != nil {
			weights++
		}
		if strings.Contains(p.text, "->") {
			arrows++
		}
	}
	switch {
	case rights == len(list) && arrows == len(list):
		matching(it, kind, list)
	case rights == len(list):
		q.Kind, q.Texts = question.ShortText, texts(list)
	default:
		q.Kind = question.Single
		if rights == 0 {
			q.Kind = question.Multiple
		}
		if weights > 0 {
			q.Scoring = question.Weighted
		}
		for _, p := range list {
			q.Options = append(q.Options, question.Option{Text: say(it, kind, p.text), Share: p.share(), Feedback: p.feedback})
		}
		if rights == 0 && weights > 0 {
			repair(it)
		}
	}
}

// repair makes thirds of a hundred full again, and of a question where one choice gives all a single one.
func repair(it *format.Item) {
	q := &it.Body
	full := 0
	for _, o := range q.Options {
		if o.Share == question.Whole {
			full++
		}
	}
	if full == 1 {
		for _, o := range q.Options {
			if o.Share > 0 && o.Share < question.Whole {
				q.Kind = question.Single
			}
		}
	}
}

func (p part) share() question.Share {
	switch {
	case p.weight != nil:
		return *p.weight
	case p.right:
		return question.Whole
	}
	return 0
}

var truths = regexp.MustCompile(`(?i)^(T|TRUE|F|FALSE)\s*(?:#([\s\S]*))?$`)

// truth reads {T}, {FALSE#for who is wrong#for who is right}.
func truth(it *format.Item, kind, body string) bool {
	m := truths.FindStringSubmatch(body)
	if m == nil {
		return false
	}
	q := &it.Body
	q.Kind = question.TrueFalse
	right := strings.HasPrefix(strings.ToUpper(m[1]), "T")
	yes, no := question.Option{ID: "true"}, question.Option{ID: "false"}
	good, bad := &yes, &no
	if !right {
		good, bad = &no, &yes
	}
	good.Share = question.Whole
	wrong, correct := m[2], ""
	if i := index(m[2], '#'); i >= 0 {
		wrong, correct = m[2][:i], m[2][i+1:]
	}
	bad.Feedback, good.Feedback = say(it, kind, wrong), say(it, kind, correct)
	q.Options = []question.Option{yes, no}
	return true
}

func matching(it *format.Item, kind string, list []part) {
	q := &it.Body
	q.Kind = question.Matching
	for _, p := range list {
		item, partner, _ := strings.Cut(p.text, "->")
		item, partner = say(it, kind, item), say(it, kind, partner)
		switch {
		case item == "" && partner != "":
			q.Decoys = append(q.Decoys, question.Option{Text: partner})
		case partner == "":
			it.Refuse("A pair has no partner behind “->”.")
		default:
			q.Pairs = append(q.Pairs, question.Pair{Item: item, Partner: question.Option{Text: partner, Feedback: p.feedback}})
		}
	}
}

func texts(list []part) *question.Texts {
	t := &question.Texts{Accents: true}
	for _, p := range list {
		x := question.Pattern{Text: unescape.Replace(p.text), Match: question.Exact, Share: p.share(), Feedback: p.feedback}
		if strings.Contains(x.Text, "*") {
			x.Match = question.Wildcard
		}
		t.Patterns = append(t.Patterns, x)
	}
	return t
}

func numeric(it *format.Item, kind, body string) {
	n := &question.Numbers{}
	list := parts(it, kind, body)
	if len(list) == 0 {
		s, feedback := body, ""
		if i := index(s, '#'); i >= 0 {
			s, feedback = s[:i], say(it, kind, s[i+1:])
		}
		list = []part{{right: true, text: strings.TrimSpace(s), feedback: feedback}}
	}
	for _, p := range list {
		r := question.Range{Share: p.share(), Feedback: p.feedback}
		if !p.right && p.text == "" {
			it.Body.Feedback.Wrong = p.feedback
			continue
		}
		if low, high, ok := strings.Cut(p.text, ".."); ok {
			if !r.Between(low, high) {
				it.Refuse("“%s” is no range of numbers.", p.text)
			}
		} else {
			value, tolerance, _ := strings.Cut(p.text, ":")
			r.Value, r.Tolerance = strings.TrimSpace(value), strings.TrimSpace(tolerance)
		}
		n.Ranges = append(n.Ranges, r)
	}
	it.Body.Numbers = n
}
