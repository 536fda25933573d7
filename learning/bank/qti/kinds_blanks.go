package qti

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lyceum/learning/question"
)

var ncName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func (w *writer) blanks() (why string) {
	q := w.it.Body
	sum, places := "", map[string]string{}
	w.most = 0
	for i, g := range q.Gaps {
		id := g.ID
		if !ncName.MatchString(id) || slices.Contains([]string{"SCORE", "FEEDBACK", resultName}, id) {
			id = "gap_" + strconv.Itoa(i+1)
		}
		weight := float64(max(g.Weight, 1))
		w.most += weight
		scoring := q.Scoring
		if scoring == question.AllOrNothing {
			scoring = "" // the whole is all or nothing: see below
		}
		switch {
		case g.Texts != nil:
			right, more, why := w.patterns(g.Texts, scoring, weight)
			if why != "" {
				return why
			}
			w.declare(id, "single", "string", right, more)
			sum += fmt.Sprintf("<mapResponse identifier=%q/>", id)
			places[g.ID] = fmt.Sprintf(`<textEntryInteraction class="gap" responseIdentifier=%q/>`, id)
		case g.Numbers != nil:
			right, rules, why := w.numbers(g.Numbers, id, "SCORE_"+id, scoring, weight)
			if why != "" {
				return why
			}
			w.declare(id, "single", "float", right, "")
			w.score += rules
			sum += fmt.Sprintf("<variable identifier=\"SCORE_%s\"/>", id)
			places[g.ID] = fmt.Sprintf(`<textEntryInteraction class="gap" responseIdentifier=%q/>`, id)
		default:
			places[g.ID] = w.list(id, g, weight)
			sum += fmt.Sprintf("<mapResponse identifier=%q/>", id)
		}
	}
	for _, g := range q.Gaps {
		if id := g.ID; g.Numbers != nil && strings.Contains(sum, `"SCORE_`+id+`"`) {
			fmt.Fprintf(&w.declared, "<outcomeDeclaration identifier=\"SCORE_%s\" cardinality=\"single\" baseType=\"float\"><defaultValue><value>0</value></defaultValue></outcomeDeclaration>\n", id)
		}
	}
	w.score += `<setOutcomeValue identifier="SCORE"><sum>` + sum + "</sum></setOutcomeValue>\n"
	if q.Scoring == question.AllOrNothing {
		w.score += `<responseCondition><responseIf><lt><variable identifier="SCORE"/><baseValue baseType="float">` + figure(w.most) + `</baseValue></lt><setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue></setOutcomeValue></responseIf></responseCondition>` + "\n"
	}
	w.prompt(func(text string) string {
		return question.GapMark.ReplaceAllStringFunc(text, func(s string) string {
			if p := places[question.GapMark.FindStringSubmatch(s)[1]]; p != "" {
				return p
			}
			return s
		})
	})
	return ""
}

// list writes a gap that is filled from a list.
func (w *writer) list(id string, g question.Gap, weight float64) string {
	q := w.it.Body
	var right, entries []string
	var b strings.Builder
	fmt.Fprintf(&b, "<inlineChoiceInteraction responseIdentifier=%q shuffle=\"%t\">", id, !q.Keep)
	for i, o := range g.Options {
		name := "choice" + strconv.Itoa(i+1)
		if o.Feedback != "" {
			w.note("Feedback on single answers is left out.")
		}
		s := o.Share
		if q.Scoring != question.Weighted {
			s = min(max(s, 0)*question.Whole, question.Whole)
		}
		if s > 0 && right == nil {
			right = []string{name}
		}
		entries = append(entries, entry(name, figure(weight*float64(s)/float64(question.Whole)), ""))
		fmt.Fprintf(&b, "<inlineChoice identifier=%q>%s</inlineChoice>", name, inner(o.Text))
	}
	w.declare(id, "single", "identifier", right, mapping("", entries))
	return b.String() + "</inlineChoiceInteraction>"
}
