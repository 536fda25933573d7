package exchange

import (
	"strconv"
	"strings"

	"lyceum/internal/markdown"
	"lyceum/learning/catalog"
)

// quiz reads an assessment of QTI 1.2 as Common Cartridge narrows it (§4.9): questions with one or several right answers,
// and true or false. Others are told and left out.
func (k *cartridge) quiz(l *Lesson, name string) bool {
	root, err := k.a.xml(name)
	if err != nil {
		k.fail(err)
		return false
	}
	quiz := root.kid("assessment")
	if root.name != "questestinterop" || quiz == nil {
		k.stop(name, root.line, "This is no assessment of QTI 1.2.")
		return false
	}
	l.Kind = catalog.LessonQuiz
	l.Title = firstOf(l.Title, cut(quiz.attr["title"], catalog.MaxTitle))
	if text := materialOf(quiz.kid("rubric")); text != "" {
		l.Body = escaped(text)
	}
	quiz.each(func(n *node) {
		if n.name != "item" {
			return
		}
		if q, why := question(n); why != "" {
			k.note(name, n.line, "The question “%s” is left out: %s", printable(cut(firstOf(n.attr["title"], n.attr["ident"]), 80)), why)
		} else {
			l.Questions = append(l.Questions, q)
		}
	})
	if len(l.Questions) == 0 {
		k.note(name, quiz.line, "No question of this quiz can be taken: it comes empty.")
	}
	if len(l.Questions) > catalog.MaxQuestions {
		k.stop(name, quiz.line, "A quiz may have at most %d questions; this one has %d.", catalog.MaxQuestions, len(l.Questions))
	}
	return true
}

// field is a value of an item's metadata.
func field(item *node, label string) string {
	for _, f := range item.at("itemmetadata", "qtimetadata").all("qtimetadatafield") {
		if f.kid("fieldlabel").words() == label {
			return f.kid("fieldentry").words()
		}
	}
	return ""
}

// question reads an item, or says why it cannot be taken.
func question(item *node) (q catalog.Question, why string) {
	switch profile := field(item, "cc_profile"); profile {
	case "cc.multiple_choice.v0p1", "cc.multiple_response.v0p1", "cc.true_false.v0p1", "":
	default:
		return q, "questions of the kind " + printable(profile) + " cannot be asked here."
	}
	presentation := item.kid("presentation")
	var choice *node
	presentation.each(func(n *node) {
		if n.name == "response_lid" && choice == nil {
			choice = n
		}
	})
	if choice == nil {
		return q, "it offers no answers to choose from."
	}
	q.Prompt = strings.TrimSpace(materialOf(presentation))
	if q.Prompt == "" {
		return q, "it asks nothing."
	}
	right := rightAnswers(item)
	choice.each(func(n *node) {
		if n.name != "response_label" {
			return
		}
		text := strings.Join(strings.Fields(materialOf(n)), " ")
		q.Options = append(q.Options, catalog.Option{Text: text, Correct: right[n.attr["ident"]]})
	})
	q.Explanation = strings.TrimSpace(explanation(item))
	return q, unfit(q)
}

// unfit says why a question cannot be asked; "" when it can.
func unfit(q catalog.Question) string {
	correct := 0
	seen := map[string]bool{}
	for _, o := range q.Options {
		if o.Correct {
			correct++
		}
		if o.Text == "" || seen[o.Text] {
			return "one of its answers is empty, or two are the same."
		}
		if len([]rune(o.Text)) > catalog.MaxOption {
			return "one of its answers is longer than " + strconv.Itoa(catalog.MaxOption) + " characters."
		}
		seen[o.Text] = true
	}
	switch {
	case len(q.Options) > catalog.MaxOptions:
		return "it offers more than " + strconv.Itoa(catalog.MaxOptions) + " answers."
	case correct == 0 || correct == len(q.Options):
		return "it does not say which of its answers are right and which are wrong."
	case len([]rune(q.Prompt)) > catalog.MaxPrompt || len([]rune(q.Explanation)) > catalog.MaxExplanation:
		return "it is too long."
	}
	return ""
}

// rightAnswers are the answers that a condition wants chosen which gives points.
func rightAnswers(item *node) map[string]bool {
	right := map[string]bool{}
	for _, c := range item.kid("resprocessing").all("respcondition") {
		points := 0.0
		for _, s := range c.all("setvar") {
			if n, err := strconv.ParseFloat(s.words(), 64); err == nil {
				points += n
			}
		}
		if points <= 0 {
			continue
		}
		wanted(c.kid("conditionvar"), right)
	}
	return right
}

// wanted gathers what must be equal, leaving out what must not.
func wanted(n *node, right map[string]bool) {
	if n == nil {
		return
	}
	for _, c := range n.kids {
		switch c.name {
		case "not":
		case "varequal":
			right[c.words()] = true
		default:
			wanted(c, right)
		}
	}
}

// explanation is the feedback that is shown whatever was answered, else any that is there.
func explanation(item *node) string {
	other := ""
	for _, f := range item.all("itemfeedback") {
		text := materialOf(f)
		if f.attr["ident"] == "general_fb" {
			return text
		}
		other = firstOf(other, text)
	}
	return other
}

// materialOf is the text that an element shows, of its first material; HTML as its words.
func materialOf(n *node) string {
	if n == nil {
		return ""
	}
	text := ""
	var look func(*node)
	look = func(at *node) {
		for _, c := range at.kids {
			switch c.name {
			case "mattext":
				if text == "" {
					if text = c.words(); strings.EqualFold(c.attr["texttype"], "text/html") {
						if p, err := readHTML(text, func(string) (string, bool) { return "", false }); err == nil {
							text = markdown.PlainText(p.body)
						}
					}
				}
			case "material", "flow", "flow_mat", "flow_label":
				look(c)
			}
		}
	}
	look(n)
	return text
}
