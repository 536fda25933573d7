package themes

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
)

// QuestionRow is one row of the editor; each kind uses some of the fields.
type QuestionRow struct {
	ID, Text, Partner, Match, Tolerance, Share, Feedback, Weight, Shape, Points string
	Right, Relative                                                             bool
}

// QuestionEditForm is what was typed in the editor of a question.
type QuestionEditForm struct {
	Kind                                       question.Kind
	Title, Prompt, Picture, PictureOf, Scoring string
	Folder, Tags, Difficulty                   string
	Keep, Case, Accents, UnitFree              bool
	Units                                      string // a line for each: name = factor
	Truth                                      string // TrueFalse: true or false
	Always, Correct, Partly, Wrong             string // feedback
	Notes, MinWords, MaxWords, Template        string
	MaxFiles, Accept, Rubric                   string
	Rows                                       []QuestionRow
}

// Has tells whether rows of the kind have a column.
func (f QuestionEditForm) Has(column string) bool {
	has := map[question.Kind]string{
		question.Single: "text right feedback", question.Multiple: "text right feedback", question.TrueFalse: "", question.ShortText: "text match share feedback", question.Numeric: "text tolerance share feedback",
		question.Matching: "text partner", question.Ordering: "text", question.Blanks: "id gap weight", question.HotSpot: "text shape right",
	}[f.Kind]
	if column == "rows" {
		return has != ""
	}
	if column == "share" && f.Scoring == string(question.Weighted) && (f.Kind == question.Single || f.Kind == question.Multiple) {
		return true
	}
	if column == "right" && f.Scoring == string(question.Weighted) && f.Kind != question.HotSpot {
		return false
	}
	return slices.Contains(strings.Fields(has), column)
}

// ByHand tells whether a person marks.
func (f QuestionEditForm) ByHand() bool { return f.Kind.ByHand() }

func percentText(s question.Share) string { return strconv.FormatFloat(float64(s)/10_000, 'f', -1, 64) }

func shareOf(s string) question.Share {
	v, err := strconv.ParseFloat(strings.TrimSuffix(strings.ReplaceAll(strings.TrimSpace(s), ",", "."), "%"), 64)
	if err != nil || v != v {
		return 0
	}
	return question.Share(min(max(v, -1000), 1000) * 10_000)
}

func pointsText(list []question.Point) string {
	var out []string
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s,%s", strconv.FormatFloat(float64(p.X)/100, 'f', -1, 64), strconv.FormatFloat(float64(p.Y)/100, 'f', -1, 64)))
	}
	return strings.Join(out, " ")
}

// pointsOf reads percentages of width and height: 10,20 30,45.5. What is none gives no points, which Check then names.
func pointsOf(s string) (list []question.Point) {
	for _, pair := range strings.Fields(s) {
		x, y, ok := strings.Cut(pair, ",")
		fx, err := strconv.ParseFloat(x, 64)
		fy, err2 := strconv.ParseFloat(y, 64)
		if !ok || err != nil || err2 != nil || !(fx >= -1 && fx <= 101 && fy >= -1 && fy <= 101) {
			return nil
		}
		list = append(list, question.Point{X: int(fx*100 + 0.5), Y: int(fy*100 + 0.5)})
	}
	return list
}

// bracketed is how authors write where a gap is.
var bracketed = regexp.MustCompile(`\[\[([A-Za-z0-9_-]{1,40})\]\]`)

// NewQuestionForm fills the editor with a question.
func NewQuestionForm(q question.Question, place bank.Question) QuestionEditForm {
	f := QuestionEditForm{Kind: q.Kind, Title: q.Title, Prompt: q.Prompt, PictureOf: q.PictureOf, Scoring: string(q.Scoring), Folder: place.Folder, Tags: strings.Join(place.Tags, ", "), Keep: q.Keep,
		Always: q.Feedback.Always, Correct: q.Feedback.Right, Partly: q.Feedback.Partly, Wrong: q.Feedback.Wrong}
	if q.Kind == question.Blanks {
		f.Prompt = question.GapMark.ReplaceAllString(q.Prompt, "[[$1]]")
	}
	if place.Difficulty > 0 {
		f.Difficulty = strconv.Itoa(place.Difficulty)
	}
	if q.Picture != nil {
		f.Picture = q.Picture.String()
	}
	for _, o := range q.Options {
		f.Rows = append(f.Rows, QuestionRow{ID: o.ID, Text: o.Text, Share: percentText(o.Share), Right: o.Share > 0, Feedback: o.Feedback})
		if q.Kind == question.TrueFalse && o.Share > 0 {
			f.Truth = o.ID
		}
	}
	if t := q.Texts; t != nil {
		f.Case, f.Accents = t.Case, t.Accents
		for _, p := range t.Patterns {
			f.Rows = append(f.Rows, QuestionRow{Text: p.Text, Match: string(p.Match), Share: percentText(p.Share), Feedback: p.Feedback})
		}
	}
	if n := q.Numbers; n != nil {
		f.UnitFree = n.UnitFree
		for _, r := range n.Ranges {
			f.Rows = append(f.Rows, QuestionRow{Text: r.Value, Tolerance: r.Tolerance, Relative: r.Relative, Share: percentText(r.Share), Feedback: r.Feedback})
		}
		for _, u := range n.Units {
			f.Units += u.Name + " = " + u.Factor + "\n"
		}
	}
	for _, p := range q.Pairs {
		f.Rows = append(f.Rows, QuestionRow{ID: p.ID + " " + p.Partner.ID, Text: p.Item, Partner: p.Partner.Text})
	}
	for _, d := range q.Decoys {
		f.Rows = append(f.Rows, QuestionRow{ID: "- " + d.ID, Partner: d.Text})
	}
	for _, g := range q.Gaps {
		f.Rows = append(f.Rows, gapRow(g))
	}
	for _, a := range q.Areas {
		f.Rows = append(f.Rows, QuestionRow{ID: a.ID, Text: a.Label, Shape: a.Shape, Points: pointsText(a.Points), Right: a.Right})
	}
	if h := q.Hand; h != nil {
		f.Notes, f.Template, f.Accept = h.Notes, h.Template, strings.Join(h.Accept, " ")
		if h.MinWords > 0 {
			f.MinWords = strconv.Itoa(h.MinWords)
		}
		if h.MaxWords > 0 {
			f.MaxWords = strconv.Itoa(h.MaxWords)
		}
		if h.MaxFiles > 0 {
			f.MaxFiles = strconv.Itoa(h.MaxFiles)
		}
		if h.Rubric != nil {
			f.Rubric = h.Rubric.String()
		}
	}
	return f
}

// The ways in which a gap is filled.
const (
	gapText   = "text"
	gapNumber = "number"
	gapChoice = "choice"
)

// gapRow writes the answers of a gap in lines: what is right as it is, what gives a part with it in front (50% nearly), what
// is wrong behind a ~.
func gapRow(g question.Gap) QuestionRow {
	r := QuestionRow{ID: g.ID, Shape: gapChoice}
	if g.Weight > 1 {
		r.Weight = strconv.Itoa(g.Weight)
	}
	var lines []string
	add := func(s question.Share, text string) {
		switch {
		case s == question.Whole:
		case s == 0:
			text = "~" + text
		default:
			text = percentText(s) + "% " + text
		}
		lines = append(lines, text)
	}
	switch {
	case g.Texts != nil:
		r.Shape, r.Right, r.Relative = gapText, g.Texts.Case, g.Texts.Accents
		for _, p := range g.Texts.Patterns {
			add(p.Share, p.Text)
		}
	case g.Numbers != nil:
		r.Shape = gapNumber
		for _, x := range g.Numbers.Ranges {
			text := x.Decimal()
			if t := x.Absolute(); t != "" {
				text += " ± " + t
			}
			add(x.Share, text)
		}
	default:
		for _, o := range g.Options {
			add(o.Share, o.Text)
		}
	}
	r.Text = strings.Join(lines, "\n")
	return r
}

// gap reads a row of a gap.
func (r QuestionRow) gap(was *question.Gap) question.Gap {
	g := question.Gap{ID: strings.TrimSpace(r.ID)}
	g.Weight, _ = strconv.Atoi(r.Weight)
	var texts question.Texts
	var numbers question.Numbers
	for _, line := range strings.Split(r.Text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		share := question.Whole
		if rest, wrong := strings.CutPrefix(line, "~"); wrong {
			share, line = 0, strings.TrimSpace(rest)
		} else if p, rest, ok := strings.Cut(line, "% "); ok && strings.Trim(p, "-0123456789.,") == "" {
			share, line = shareOf(p), strings.TrimSpace(rest)
		}
		x := question.Pattern{Text: line, Match: question.Exact, Share: share}
		if strings.Contains(line, "*") {
			x.Match = question.Wildcard
		}
		texts.Patterns = append(texts.Patterns, x)
		v, t, _ := strings.Cut(line, "±")
		numbers.Ranges = append(numbers.Ranges, question.Range{Value: strings.TrimSpace(v), Tolerance: strings.TrimSpace(t), Share: share})
		o := question.Option{Text: line, Share: share}
		if was != nil {
			// A choice that reads as before stays the same one, so that answers to it go on meaning it.
			if i := slices.IndexFunc(was.Options, func(x question.Option) bool { return x.Text == line }); i >= 0 {
				o.ID, o.Feedback = was.Options[i].ID, was.Options[i].Feedback
			}
		}
		g.Options = append(g.Options, o)
	}
	switch r.Shape {
	case gapNumber:
		if was != nil && was.Numbers != nil {
			numbers.Units, numbers.UnitFree = was.Numbers.Units, was.Numbers.UnitFree
		}
		g.Numbers, g.Options = &numbers, nil
	case gapText, "":
		texts.Case, texts.Accents = r.Right, r.Relative
		g.Texts, g.Options = &texts, nil
	}
	return g
}

// Question makes a question of what was typed; was is what it was before.
func (f QuestionEditForm) Question(was question.Question) question.Question {
	q := question.Question{Kind: f.Kind, Title: f.Title, Prompt: f.Prompt, PictureOf: f.PictureOf, Scoring: question.Scoring(f.Scoring), Keep: f.Keep,
		Feedback: question.Feedback{Always: f.Always, Right: f.Correct, Partly: f.Partly, Wrong: f.Wrong}}
	if id, ok := uid.Parse(f.Picture); ok {
		q.Picture = &id
	}
	if f.Kind == question.Blanks {
		q.Prompt = bracketed.ReplaceAllString(q.Prompt, "{{$1}}")
	}
	texts, numbers := question.Texts{Case: f.Case, Accents: f.Accents}, question.Numbers{UnitFree: f.UnitFree}
	for i, r := range f.Rows {
		if r.blank() {
			continue
		}
		share := shareOf(r.Share)
		switch f.Kind {
		case question.Single, question.Multiple:
			if f.Scoring != string(question.Weighted) {
				share = 0
				if r.Right {
					share = question.Whole
				}
			}
			q.Options = append(q.Options, question.Option{ID: r.ID, Text: r.Text, Share: share, Feedback: r.Feedback})
		case question.Ordering:
			q.Options = append(q.Options, question.Option{ID: r.ID, Text: r.Text})
		case question.ShortText:
			texts.Patterns = append(texts.Patterns, question.Pattern{Text: r.Text, Match: question.Match(r.Match), Share: share, Feedback: r.Feedback})
		case question.Numeric:
			numbers.Ranges = append(numbers.Ranges, question.Range{Value: r.Text, Tolerance: r.Tolerance, Relative: r.Relative, Share: share, Feedback: r.Feedback})
		case question.Matching:
			item, partner, _ := strings.Cut(r.ID, " ")
			if strings.TrimSpace(r.Text) == "" {
				q.Decoys = append(q.Decoys, question.Option{ID: partner, Text: r.Partner})
			} else {
				q.Pairs = append(q.Pairs, question.Pair{ID: item, Item: r.Text, Partner: question.Option{ID: partner, Text: r.Partner}})
			}
		case question.Blanks:
			var before *question.Gap
			if n := slices.IndexFunc(was.Gaps, func(g question.Gap) bool { return g.ID == strings.TrimSpace(r.ID) }); n >= 0 {
				before = &was.Gaps[n]
			}
			q.Gaps = append(q.Gaps, r.gap(before))
		case question.HotSpot:
			if r.ID == "" {
				r.ID = "area" + strconv.Itoa(i+1) + "x" + uid.New().String()[30:]
			}
			q.Areas = append(q.Areas, question.Area{ID: r.ID, Label: r.Text, Shape: r.Shape, Points: pointsOf(r.Points), Right: r.Right})
		}
	}
	switch f.Kind {
	case question.TrueFalse:
		for _, id := range []string{"true", "false"} {
			o := question.Option{ID: id}
			if f.Truth == id {
				o.Share = question.Whole
			}
			q.Options = append(q.Options, o)
		}
	case question.ShortText:
		q.Texts = &texts
	case question.Numeric:
		for _, line := range strings.Split(f.Units, "\n") {
			if name, factor, ok := strings.Cut(line, "="); ok || strings.TrimSpace(line) != "" {
				if strings.TrimSpace(factor) == "" {
					factor = "1"
				}
				numbers.Units = append(numbers.Units, question.Unit{Name: strings.TrimSpace(name), Factor: strings.TrimSpace(factor)})
			}
		}
		q.Numbers = &numbers
	case question.Essay, question.File:
		h := question.HandRule{Notes: f.Notes, Template: f.Template, Accept: strings.FieldsFunc(f.Accept, func(r rune) bool { return r == ' ' || r == ',' })}
		h.MinWords, _ = strconv.Atoi(f.MinWords)
		h.MaxWords, _ = strconv.Atoi(f.MaxWords)
		h.MaxFiles, _ = strconv.Atoi(f.MaxFiles)
		h.Rubric, _ = f.Marking() // the caller says what is wrong with it
		q.Hand = &h
	}
	return question.Tidy(q)
}

// Marking reads the rubric that was typed; nil for none. Fields: rubric.
func (f QuestionEditForm) Marking() (*rubric.Rubric, error) {
	if !f.ByHand() || strings.TrimSpace(f.Rubric) == "" {
		return nil, nil
	}
	r, err := rubric.Read(f.Rubric, "rubric")
	if err != nil {
		return nil, err
	}
	return &r, nil
}

// blank tells whether nothing was typed into a row, which then is none.
func (r QuestionRow) blank() bool {
	return strings.TrimSpace(r.Text+r.Partner+r.Feedback+r.Points+r.Tolerance) == ""
}

// Apply does what a button of the editor asks: add, remove.N, up.N, down.N.
func (f QuestionEditForm) Apply(do string) QuestionEditForm {
	f.Rows = slices.Clone(f.Rows)
	verb, at, _ := strings.Cut(do, ".")
	n, err := strconv.Atoi(at)
	switch {
	case verb == "add" && len(f.Rows) < question.MaxOptions:
		r := QuestionRow{Share: "100"}
		if f.Kind == question.Single || f.Kind == question.Multiple {
			r.Share = "0"
		}
		if f.Kind == question.Blanks {
			r.ID = "gap" + strconv.Itoa(len(f.Rows)+1)
		}
		f.Rows = append(f.Rows, r)
	case err != nil || n < 0 || n >= len(f.Rows):
	case verb == "remove":
		f.Rows = slices.Delete(f.Rows, n, n+1)
	case verb == "up" && n > 0:
		f.Rows[n], f.Rows[n-1] = f.Rows[n-1], f.Rows[n]
	case verb == "down" && n < len(f.Rows)-1:
		f.Rows[n], f.Rows[n+1] = f.Rows[n+1], f.Rows[n]
	}
	return f
}

// EmptyQuestionForm is the editor of a new question of a kind, with rows to begin with.
func EmptyQuestionForm(kind question.Kind, folder string) QuestionEditForm {
	f := QuestionEditForm{Kind: kind, Folder: folder, Truth: "true"}
	if f.Has("rows") {
		for range map[bool]int{true: 3, false: 1}[kind == question.Single || kind == question.Multiple || kind == question.Matching || kind == question.Ordering] {
			f = f.Apply("add")
		}
	}
	return f
}

// ReadQuestionForm reads the posted fields.
func ReadQuestionForm(get func(name string) string) QuestionEditForm {
	text := func(name string) string { return strings.ReplaceAll(get(name), "\r\n", "\n") }
	f := QuestionEditForm{
		Kind: question.Kind(get("kind")), Title: get("title"), Prompt: text("prompt"), Picture: get("picture"), PictureOf: get("picture_of"), Scoring: get("scoring"), Folder: get("folder"), Tags: get("tags"), Difficulty: get("difficulty"),
		Keep: get("keep") != "", Case: get("case") != "", Accents: get("accents") != "", UnitFree: get("unit_free") != "", Units: text("units"), Truth: get("truth"),
		Always: text("always"), Correct: text("correct"), Partly: text("partly"), Wrong: text("wrong"), Notes: text("notes"), MinWords: get("min_words"), MaxWords: get("max_words"), Template: text("template"), MaxFiles: get("max_files"), Accept: get("accept"), Rubric: text("rubric"),
	}
	for i := 0; i <= question.MaxOptions && get(fmt.Sprintf("rows.%d.here", i)) != ""; i++ {
		at := fmt.Sprintf("rows.%d.", i)
		f.Rows = append(f.Rows, QuestionRow{ID: get(at + "id"), Text: text(at + "text"), Partner: get(at + "partner"), Match: get(at + "match"), Tolerance: get(at + "tolerance"), Share: get(at + "share"), Feedback: text(at + "feedback"),
			Weight: get(at + "weight"), Shape: get(at + "shape"), Points: get(at + "points"), Right: get(at+"right") != "", Relative: get(at+"relative") != ""})
	}
	return f
}
