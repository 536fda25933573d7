package qti

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"slices"
	"strconv"
	"strings"

	"lyceum/learning/question"
)

// declare opens a response declaration with its correct response.
func (w *writer) declare(id, cardinality, base string, right []string, more string) {
	fmt.Fprintf(&w.declared, "<responseDeclaration identifier=%q cardinality=%q baseType=%q>", id, cardinality, base)
	if len(right) > 0 {
		w.declared.WriteString("<correctResponse>")
		for _, v := range right {
			w.declared.WriteString("<value>" + esc(v) + "</value>")
		}
		w.declared.WriteString("</correctResponse>")
	}
	w.declared.WriteString(more + "</responseDeclaration>\n")
}

// mapping writes what answers give; bounds are attributes.
func mapping(bounds string, entries []string) string {
	return "<mapping" + bounds + ` defaultValue="0">` + strings.Join(entries, "") + "</mapping>"
}

func entry(key, value, more string) string {
	return fmt.Sprintf("<mapEntry mapKey=\"%s\" mappedValue=%q%s/>", esc(key), value, more)
}

// gives writes what a set of choices gives: how many are right, or shares.
func (w *writer) gives(ids []string, shares []question.Share) (right []string, more string) {
	q := w.it.Body
	var entries []string
	rights := 0
	for i, s := range shares {
		if s > 0 {
			rights++
			right = append(right, ids[i])
		}
	}
	several := q.Kind == question.Multiple || q.Kind == question.HotSpot
	alike := q.Kind == question.HotSpot || q.Scoring != question.Weighted
	switch {
	case several && q.Scoring == question.AllOrNothing, !several && alike && rights == 1:
		w.correct()
		return right, ""
	case several && alike:
		w.mapped()
		w.most = float64(rights)
		for i, s := range shares {
			v := "-1"
			if s > 0 {
				v = "1"
			}
			entries = append(entries, entry(ids[i], v, ""))
		}
		lower := 0
		if q.Scoring == question.Weighted {
			lower = -rights
		}
		return right, mapping(fmt.Sprintf(` lowerBound="%d" upperBound="%d"`, lower, rights), entries)
	}
	w.mapped()
	for i, s := range shares {
		if alike {
			s = min(max(s, 0)*question.Whole, question.Whole)
		}
		entries = append(entries, entry(ids[i], part(s), ""))
	}
	bounds := ` upperBound="1"`
	if !alike {
		bounds = ` lowerBound="-1" upperBound="1"`
	}
	return right, mapping(bounds, entries)
}

func (w *writer) choice() {
	q := w.it.Body
	several := q.Kind == question.Multiple
	w.kind = map[bool]string{true: "multiple", false: "single"}[several]
	var ids []string
	var shares []question.Share
	for i, o := range q.Options {
		id := "choice" + strconv.Itoa(i+1)
		if q.Kind == question.TrueFalse {
			id = o.ID
		}
		ids, shares = append(ids, id), append(shares, o.Share)
	}
	right, more := w.gives(ids, shares)
	if !several && len(right) > 1 {
		right = right[:1]
	}
	w.declare("RESPONSE", w.kind, "identifier", right, more)
	most := 1
	if several {
		most = 0
	}
	fmt.Fprintf(&w.body, "<choiceInteraction responseIdentifier=\"RESPONSE\" shuffle=\"%t\" maxChoices=\"%d\">\n", !q.Keep, most)
	for i, o := range q.Options {
		fmt.Fprintf(&w.body, "<simpleChoice identifier=%q>%s%s</simpleChoice>\n", ids[i], inner(o.Text), w.hint(ids[i], o.Feedback))
	}
	w.body.WriteString("</choiceInteraction>\n")
}

// hint writes feedback on a choice.
func (w *writer) hint(id, say string) string {
	if say == "" {
		return ""
	}
	w.hints = "<setOutcomeValue identifier=\"FEEDBACK\"><variable identifier=\"RESPONSE\"/></setOutcomeValue>\n"
	return fmt.Sprintf("<feedbackInline outcomeIdentifier=\"FEEDBACK\" identifier=%q showHide=\"show\">%s</feedbackInline>", id, inner(say))
}

func (w *writer) order() {
	q := w.it.Body
	if q.Scoring != question.AllOrNothing {
		w.note("Marks for an order that is right in part are left out: QTI knows all or nothing.")
	}
	w.correct()
	var ids []string
	for i := range q.Options {
		ids = append(ids, "item"+strconv.Itoa(i+1))
	}
	w.declare("RESPONSE", "ordered", "identifier", ids, "")
	w.body.WriteString("<orderInteraction responseIdentifier=\"RESPONSE\" shuffle=\"true\">\n")
	for i, o := range q.Options {
		if o.Feedback != "" {
			w.note("Feedback on single items is left out.")
		}
		fmt.Fprintf(&w.body, "<simpleChoice identifier=%q>%s</simpleChoice>\n", ids[i], inner(o.Text))
	}
	w.body.WriteString("</orderInteraction>\n")
}

// effective is what a share counts as where nothing takes marks away.
func effective(s question.Share, scoring question.Scoring) question.Share {
	switch {
	case scoring == question.AllOrNothing && s < question.Whole:
		return 0
	case scoring != question.Weighted:
		return max(s, 0)
	}
	return s
}

const byPattern = "QTI compares answers letter by letter; this question has patterns."

// patterns writes which texts are taken, each times a weight.
func (w *writer) patterns(t *question.Texts, scoring question.Scoring, weight float64) (right []string, more, why string) {
	var entries []string
	for _, p := range t.Patterns {
		if p.Match != question.Exact {
			return nil, "", byPattern
		}
		if p.Share == question.Whole && right == nil {
			right = []string{p.Text}
		}
		if p.Feedback != "" {
			w.note("Feedback on single answers is left out.")
		}
		s := effective(p.Share, scoring)
		entries = append(entries, entry(p.Text, figure(weight*float64(s)/float64(question.Whole)), fmt.Sprintf(" caseSensitive=\"%t\"", t.Case)))
	}
	if !t.Accents {
		w.note("In QTI accents count; here they do not.")
	}
	return right, mapping("", entries), ""
}

func (w *writer) entry() (why string) {
	q := w.it.Body
	right, more, why := w.patterns(q.Texts, q.Scoring, 1)
	if why != "" {
		return why
	}
	w.mapped()
	w.declare("RESPONSE", "single", "string", right, more)
	w.body.WriteString("<p><textEntryInteraction responseIdentifier=\"RESPONSE\"/></p>\n")
	return ""
}

// numbers writes the rules that set an outcome by a number.
func (w *writer) numbers(n *question.Numbers, id, outcome string, scoring question.Scoring, weight float64) (right []string, rules, why string) {
	if len(n.Units) > 0 {
		return nil, "", "QTI knows no units."
	}
	rules = "<responseCondition>"
	for i, x := range n.Ranges {
		name := "responseElseIf"
		if i == 0 {
			name = "responseIf"
		}
		if x.Share == question.Whole && right == nil {
			right = []string{x.Decimal()}
		}
		if x.Feedback != "" {
			w.note("Feedback on single answers is left out.")
		}
		how := `toleranceMode="exact"`
		if t := x.Absolute(); t != "" {
			how = fmt.Sprintf(`toleranceMode="absolute" tolerance="%s %s"`, t, t)
		}
		rules += fmt.Sprintf(`<%s><equal %s><variable identifier=%q/><baseValue baseType="float">%s</baseValue></equal><setOutcomeValue identifier=%q><baseValue baseType="float">%s</baseValue></setOutcomeValue></%s>`,
			name, how, id, x.Decimal(), outcome, figure(weight*float64(effective(x.Share, scoring))/float64(question.Whole)), name)
	}
	return right, rules + "</responseCondition>\n", ""
}

func (w *writer) number() (why string) {
	q := w.it.Body
	right, rules, why := w.numbers(q.Numbers, "RESPONSE", "SCORE", q.Scoring, 1)
	if why != "" {
		return why
	}
	w.score = rules
	w.declare("RESPONSE", "single", "float", right, "")
	w.body.WriteString("<p><textEntryInteraction responseIdentifier=\"RESPONSE\"/></p>\n")
	return ""
}

func (w *writer) match() {
	q := w.it.Body
	partners := []string{}
	ids := map[string]string{}
	add := func(o question.Option) string {
		if ids[o.Text] == "" {
			ids[o.Text] = "partner" + strconv.Itoa(len(ids)+1)
			partners = append(partners, o.Text)
		}
		if o.Feedback != "" {
			w.note("Feedback on single items is left out.")
		}
		return ids[o.Text]
	}
	var right, entries []string
	var items strings.Builder
	for i, p := range q.Pairs {
		id := "item" + strconv.Itoa(i+1)
		fmt.Fprintf(&items, "<simpleAssociableChoice identifier=%q matchMax=\"1\">%s</simpleAssociableChoice>\n", id, inner(p.Item))
		pair := id + " " + add(p.Partner)
		right, entries = append(right, pair), append(entries, entry(pair, "1", ""))
	}
	for _, d := range q.Decoys {
		add(d)
	}
	more := ""
	if w.correct(); q.Scoring != question.AllOrNothing {
		w.mapped()
		w.most = float64(len(q.Pairs))
		more = mapping("", entries)
	}
	w.declare("RESPONSE", "multiple", "directedPair", right, more)
	fmt.Fprintf(&w.body, "<matchInteraction responseIdentifier=\"RESPONSE\" shuffle=\"%t\" maxAssociations=\"%d\">\n<simpleMatchSet>\n%s</simpleMatchSet>\n<simpleMatchSet>\n", !q.Keep, len(q.Pairs), items.String())
	for _, text := range partners {
		fmt.Fprintf(&w.body, "<simpleAssociableChoice identifier=%q matchMax=\"0\">%s</simpleAssociableChoice>\n", ids[text], inner(text))
	}
	w.body.WriteString("</simpleMatchSet>\n</matchInteraction>\n")
}

func (w *writer) hotSpot() {
	q := w.it.Body
	width, height := 1000.0, 1000.0
	if c, _, err := image.DecodeConfig(bytes.NewReader(w.it.Image.Data)); err == nil && c.Width > 0 && c.Height > 0 {
		width, height = float64(c.Width), float64(c.Height)
	}
	var ids []string
	var shares []question.Share
	var places strings.Builder
	px := func(v int, side float64) string { return strconv.Itoa(int(math.Round(float64(v) * side / scale))) }
	for i, a := range q.Areas {
		id := a.ID
		if !ncName.MatchString(id) {
			id = "area_" + strconv.Itoa(i+1)
		}
		s := question.Share(0)
		if a.Right {
			s = question.Whole
		}
		ids, shares = append(ids, id), append(shares, s)
		shape, coords := "poly", []string{}
		switch a.Shape {
		case question.Circle:
			// How far the edge is, as a part of the picture: as wide as it is high only where the picture is.
			r := int(math.Round(math.Hypot(float64(a.Points[1].X-a.Points[0].X), float64(a.Points[1].Y-a.Points[0].Y))))
			shape, coords = "ellipse", []string{px(a.Points[0].X, width), px(a.Points[0].Y, height), px(r, width), px(r, height)}
			if width == height {
				shape, coords = "circle", coords[:3]
			}
		default:
			points := slices.Clone(a.Points)
			if a.Shape == question.Rectangle {
				shape = "rect"
				points[0].X, points[1].X = min(a.Points[0].X, a.Points[1].X), max(a.Points[0].X, a.Points[1].X)
				points[0].Y, points[1].Y = min(a.Points[0].Y, a.Points[1].Y), max(a.Points[0].Y, a.Points[1].Y)
			}
			for _, p := range points {
				coords = append(coords, px(p.X, width), px(p.Y, height))
			}
		}
		fmt.Fprintf(&places, "<hotspotChoice identifier=%q hotspotLabel=\"%s\" shape=%q coords=%q/>\n", id, esc(a.Label), shape, strings.Join(coords, ","))
	}
	right, more := w.gives(ids, shares)
	w.declare("RESPONSE", "multiple", "identifier", right, more)
	fmt.Fprintf(&w.body, "<hotspotInteraction responseIdentifier=\"RESPONSE\" maxChoices=\"0\">\n<object type=%q width=\"%s\" height=\"%s\" data=\"%s\">%s</object>\n%s</hotspotInteraction>\n",
		mediaType(w.it.Image.Name), figure(width), figure(height), esc(w.image()), esc(q.PictureOf), places.String())
}

func mediaType(name string) string {
	name = strings.ToLower(name)
	for _, x := range [][2]string{{".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".gif", "image/gif"}, {".webp", "image/webp"}, {".svg", "image/svg+xml"}} {
		if strings.HasSuffix(name, x[0]) {
			return x[1]
		}
	}
	return "image/png"
}

// hand writes what a person marks.
func (w *writer) hand() {
	q := w.it.Body
	h := question.HandRule{}
	if q.Hand != nil {
		h = *q.Hand
	}
	if q.Kind == question.Essay {
		begin := ""
		if h.Template != "" {
			begin = "<defaultValue><value>" + esc(h.Template) + "</value></defaultValue>"
		}
		if h.MinWords+h.MaxWords > 0 {
			w.note("How many words are asked for is left out.")
		}
		w.declare("RESPONSE", "single", "string", nil, begin)
		w.body.WriteString("<extendedTextInteraction responseIdentifier=\"RESPONSE\" expectedLines=\"10\"/>\n")
	} else {
		kind := ""
		for media, ending := range endings {
			if len(h.Accept) == 1 && ending == h.Accept[0] {
				kind = fmt.Sprintf(" type=%q", media)
			}
		}
		if len(h.Accept) > 0 && kind == "" {
			w.note("Which kinds of files are asked for is left out.")
		}
		if h.MaxFiles > 1 {
			w.note("In QTI one file is handed in.")
		}
		w.declare("RESPONSE", "single", "file", nil, "")
		fmt.Fprintf(&w.body, "<uploadInteraction responseIdentifier=\"RESPONSE\"%s/>\n", kind)
	}
	if h.Notes != "" {
		fmt.Fprintf(&w.body, "<rubricBlock view=\"scorer\">%s</rubricBlock>\n", xhtml(h.Notes, nil))
	}
}
