package qti

import (
	"math"
	"regexp"
	"strconv"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// maker is how our own files say who wrote them (assessmentItem/@toolName).
const maker = "Lyceum"

// reader reads one item.
type reader struct {
	it       *format.Item
	item     *format.Node
	pack     pack
	dir      string // of the item's file in the package
	declared map[string]*format.Node
	rules    rules
	gaps     []*format.Node // interactions that stand in the text, in its order
	told     map[*format.Node]bool
	width    float64 // of the picture in pixels, 0 when it is not known
	height   float64
}

// read reads an assessmentItem (QTI 2.1 Information Model, 4).
func read(it *format.Item, item *format.Node, p pack, dir string) {
	r := reader{it: it, item: item, pack: p, dir: dir, declared: map[string]*format.Node{}, told: map[*format.Node]bool{}}
	it.Body.Title = item.Attr["title"]
	if it.Body.Title != "" {
		it.Name = it.Body.Title
	}
	if it.Name == "" {
		it.Name = item.Attr["identifier"]
	}
	if item.Attr["adaptive"] == "true" {
		it.Refuse("It changes while it is answered (adaptive), which is not possible here.")
		return
	}
	if item.Kid("templateDeclaration") != nil || item.Kid("templateProcessing") != nil {
		it.Refuse("Its values are drawn by rules (template), which is not possible here.")
		return
	}
	for _, d := range item.All("responseDeclaration") {
		r.declared[d.Attr["identifier"]] = d
	}
	r.rules = rulesOf(item.Kid("responseProcessing"), item.Attr["toolName"] == maker)
	r.interactions()
	r.feedback()
	if r.rules.foreign && it.Refused == "" && !it.Body.Kind.ByHand() {
		it.Note("The file has rules of its own for marking. They are read as well as can be: please check what is right.")
	}
}

// interactions finds what is asked.
func (r *reader) interactions() {
	body := r.item.Kid("itemBody")
	var list []*format.Node
	body.Walk(func(n *format.Node) {
		if strings.HasSuffix(n.Name, "Interaction") && n.Name != "endAttemptInteraction" {
			list = append(list, n)
		}
		if n.Name == "rubricBlock" {
			r.rubric(n)
		}
	})
	if len(list) == 0 {
		r.it.Refuse("This is a text without a question. Put it into a lesson.")
		return
	}
	blanks := true
	for _, n := range list {
		blanks = blanks && inText[n.Name]
	}
	switch first := list[0]; {
	case len(list) == 1 && first.Name == "textEntryInteraction" && !strings.Contains(first.Attr["class"], "gap") && alone(body, first):
		r.entry(body, first)
	case blanks:
		r.blanks(body, list)
	case len(list) > 1:
		r.it.Refuse("It asks several things at once. Make a question of each.")
	default:
		r.asked(body, first)
	}
}

func (r *reader) asked(body, n *format.Node) {
	q := &r.it.Body
	if n.Name != "gapMatchInteraction" {
		q.Prompt = strings.TrimSpace(r.text(body) + "\n\n" + r.text(n.Kid("prompt")))
	}
	if r.it.Name == "" {
		r.it.Name = format.Title(q.Prompt)
	}
	m := r.marks(n.Attr["responseIdentifier"])
	switch n.Name {
	case "choiceInteraction":
		r.choice(n, m)
	case "orderInteraction":
		r.order(n, m)
	case "matchInteraction":
		r.match(n, m)
	case "associateInteraction":
		r.associate(n, m)
	case "gapMatchInteraction":
		r.gapMatch(body, n, m)
	case "hotspotInteraction", "selectPointInteraction":
		r.hotSpot(n, m)
	case "sliderInteraction":
		r.it.Note("A slider becomes a number that is typed.")
		q.Kind, q.Numbers = question.Numeric, r.numbers(n.Attr["responseIdentifier"], m, 0)
	case "extendedTextInteraction":
		q.Kind = question.Essay
		r.hand().Template = format.Plain(r.declared[n.Attr["responseIdentifier"]].Kid("defaultValue").Words())
		if len(m.right)+len(m.list) > 0 {
			r.it.Note("A long text is marked by a person; the answers in the file are left out.")
		}
	case "uploadInteraction":
		q.Kind = question.File
		if kind := n.Attr["type"]; kind != "" {
			if ending := endings[kind]; ending != "" {
				r.hand().Accept = []string{ending}
			} else {
				r.it.Note("Which kind of file is asked for (%s) is left out.", kind)
			}
		}
	default:
		r.it.Refuse("Questions of the kind “%s” cannot be asked here.", n.Name)
	}
	if h := q.Hand; h != nil && h.Notes == "" && h.Template == "" && len(h.Accept) == 0 || !q.Kind.ByHand() {
		q.Hand = nil
	}
}

// endings are media types of files that are handed in.
var endings = map[string]string{"application/pdf": ".pdf", "text/plain": ".txt", "image/png": ".png", "image/jpeg": ".jpg", "application/zip": ".zip", "text/csv": ".csv", "audio/mpeg": ".mp3", "video/mp4": ".mp4",
	"application/msword": ".doc", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx", "application/vnd.oasis.opendocument.text": ".odt"}

func (r *reader) hand() *question.HandRule {
	if r.it.Body.Hand == nil {
		r.it.Body.Hand = &question.HandRule{}
	}
	return r.it.Body.Hand
}

// rubric is what stands for a marker; for others it is left out.
func (r *reader) rubric(n *format.Node) {
	if view := n.Attr["view"]; strings.Contains(view, "scorer") {
		r.hand().Notes = strings.TrimSpace(r.hand().Notes + "\n\n" + r.text(n))
	} else {
		r.it.Note("A text for %s is left out.", view)
	}
}

// optionOf is a choice with its feedback.
func (r *reader) optionOf(n *format.Node) question.Option {
	o := question.Option{}
	for _, f := range n.All("feedbackInline") {
		if f.Attr["identifier"] == n.Attr["identifier"] && f.Attr["showHide"] != "hide" {
			r.told[f] = true
			o.Feedback = r.text(f)
		}
	}
	o.Text = r.text(n)
	if o.Feedback == "" {
		for _, f := range r.item.All("modalFeedback") {
			if f.Attr["identifier"] == n.Attr["identifier"] && f.Attr["outcomeIdentifier"] != resultName && f.Attr["showHide"] != "hide" {
				r.told[f] = true
				o.Feedback = r.text(f)
			}
		}
	}
	return o
}

// shuffled tells whether choices are put anew each time, and notes those that were to stay.
func (r *reader) shuffled(n *format.Node, choices []*format.Node) bool {
	fixed := 0
	for _, c := range choices {
		if c.Attr["fixed"] == "true" {
			fixed++
		}
	}
	if n.Attr["shuffle"] != "true" || fixed == len(choices) {
		return false
	}
	if fixed > 0 {
		r.it.Note("Some choices had a fixed place; here all are shuffled.")
	}
	return true
}

func (r *reader) choice(n *format.Node, m marks) {
	q := &r.it.Body
	choices := n.All("simpleChoice")
	several := r.declared[n.Attr["responseIdentifier"]] != nil && r.declared[n.Attr["responseIdentifier"]].Attr["cardinality"] == "multiple"
	q.Kind = question.Single
	if several {
		q.Kind = question.Multiple
		if most, _ := strconv.Atoi(n.Attr["maxChoices"]); most > 0 && most < len(choices) {
			r.it.Note("Any number of choices can be chosen here.")
		}
	}
	var keys []string
	truth := len(choices) == 2 && !several
	for _, c := range choices {
		keys = append(keys, c.Attr["identifier"])
		truth = truth && (c.Attr["identifier"] == "true" || c.Attr["identifier"] == "false")
		q.Options = append(q.Options, r.optionOf(c))
	}
	shares, scoring := r.shares(keys, m, several)
	for i := range q.Options {
		q.Options[i].Share = shares[i]
	}
	q.Scoring, q.Keep = scoring, !r.shuffled(n, choices)
	if truth {
		q.Kind = question.TrueFalse
		for i := range q.Options {
			q.Options[i].ID = keys[i]
		}
	}
}

func (r *reader) order(n *format.Node, m marks) {
	q := &r.it.Body
	q.Kind, q.Scoring = question.Ordering, question.AllOrNothing
	r.shuffled(n, n.All("simpleChoice"))
	by := map[string]*format.Node{}
	for _, c := range n.All("simpleChoice") {
		by[c.Attr["identifier"]] = c
	}
	if len(m.right) != len(by) {
		r.it.Refuse("The file does not say the order of all items.")
		return
	}
	for _, id := range m.right {
		if by[id] == nil {
			r.it.Refuse("The file does not say the order of all items.")
			return
		}
		q.Options = append(q.Options, r.optionOf(by[id]))
	}
}

// entry is a short answer or a number behind the text.
func (r *reader) entry(body, n *format.Node) {
	q := &r.it.Body
	id := n.Attr["responseIdentifier"]
	q.Prompt = strings.TrimSpace(gapMark.ReplaceAllString(r.text(body), ""))
	if r.it.Name == "" {
		r.it.Name = format.Title(q.Prompt)
	}
	m := r.marks(id)
	if r.numeric(id) {
		q.Kind, q.Numbers = question.Numeric, r.numbers(id, m, 0)
		q.Scoring = weighted(nil, q.Numbers)
	} else {
		q.Kind, q.Texts = question.ShortText, r.texts(m)
		q.Scoring = weighted(q.Texts, nil)
	}
}

// prompt reads a text in which gaps stand.
func (r *reader) prompt(body *format.Node) {
	r.it.Body.Prompt = strings.ReplaceAll(r.text(body), "{{", "{ {")
	if r.it.Name == "" {
		r.it.Name = format.Title(gapMark.ReplaceAllString(r.it.Body.Prompt, "…"))
	}
}

// place puts the names of the gaps into the text.
func (r *reader) place() {
	q := &r.it.Body
	q.Prompt = gapMark.ReplaceAllStringFunc(q.Prompt, func(s string) string {
		i, _ := strconv.Atoi(gapMark.FindStringSubmatch(s)[1])
		if i < len(q.Gaps) {
			return "{{" + q.Gaps[i].ID + "}}"
		}
		return ""
	})
}

var gapName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func (r *reader) gapID(id string, i int) string {
	for _, g := range r.it.Body.Gaps {
		if g.ID == id {
			id = ""
		}
	}
	if gapName.MatchString(id) {
		return id
	}
	return "gap" + strconv.Itoa(i+1)
}

// weigh says how much gaps count against one another.
func (r *reader) weigh(tops []float64) {
	least := math.Inf(1)
	even := true
	for _, t := range tops {
		if t > 0 {
			least = min(least, t)
		}
		even = even && t == tops[0]
	}
	if even || math.IsInf(least, 1) {
		return
	}
	for k := 1.0; k <= question.MaxWeight; k++ {
		whole := true
		for _, t := range tops {
			w := t / least * k
			whole = whole && math.Abs(w-math.Round(w)) < 1e-6 && w <= question.MaxWeight && w >= 1
		}
		if whole {
			for i, t := range tops {
				r.it.Body.Gaps[i].Weight = int(math.Round(t / least * k))
			}
			return
		}
	}
	r.it.Note("The gaps count the same here.")
}

// resultName is the outcome by which feedback on the whole is shown in our files.
const resultName = "RESULT"

// feedback reads what is told afterwards.
func (r *reader) feedback() {
	for _, f := range r.item.All("modalFeedback") {
		if r.told[f] {
			continue
		}
		var into *string
		fb := &r.it.Body.Feedback
		switch name := strings.ToLower(f.Attr["identifier"]); {
		case f.Attr["showHide"] == "hide":
			into = &fb.Always
			if r.item.Attr["toolName"] != maker {
				r.it.Note("Feedback that is hidden in some cases is always shown here.")
			}
		case name == "right" || name == "correct":
			into = &fb.Right
		case name == "partly" || name == "partial" || name == "partially_correct":
			into = &fb.Partly
		case name == "wrong" || name == "incorrect":
			into = &fb.Wrong
		}
		if into == nil || *into != "" {
			r.it.Note("Feedback with a rule of its own is left out.")
			continue
		}
		*into = r.text(f)
	}
}
