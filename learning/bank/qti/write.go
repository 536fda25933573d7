package qti

import (
	"archive/zip"
	"bytes"
	"fmt"
	"path"
	"strings"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// Write writes a content package. What QTI cannot hold is told: questions that are left out, and parts of those that are
// not.
func Write(items []format.Item) (out []byte, left []format.Left) {
	var files bytes.Buffer
	z := zip.NewWriter(&files)
	add := func(name string, data []byte) {
		// A zip.Writer over a Buffer never fails.
		if f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate}); err == nil {
			_, _ = f.Write(data)
		}
	}
	var resources strings.Builder
	total := 0
	for i, it := range items {
		w := writer{it: it, id: fmt.Sprintf("q%04d", i+1)}
		text, why := w.item()
		if total += len(text); why == "" && it.Image != nil {
			if total += len(it.Image.Data); total > format.MaxFile-(2<<20) {
				why = "The package would have more than 20 MB with its picture. Export fewer questions at once."
			}
		}
		if why != "" {
			left = append(left, format.Left{Title: it.Body.Title, Why: why})
			continue
		}
		for _, n := range w.notes {
			left = append(left, format.Left{Title: it.Body.Title, Why: n, Kept: true})
		}
		add("items/"+w.id+".xml", []byte(text))
		fmt.Fprintf(&resources, "<resource identifier=%q type=\"imsqti_item_xmlv2p1\" href=\"items/%s.xml\">%s<file href=\"items/%s.xml\"/>", w.id, w.id, describe(it), w.id)
		if it.Image != nil {
			add("items/"+w.image(), it.Image.Data)
			fmt.Fprintf(&resources, "<file href=\"items/%s\"/>", w.image())
		}
		resources.WriteString("</resource>\n")
	}
	add(manifestName, []byte(`<?xml version="1.0" encoding="UTF-8"?>
<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1" xmlns:lom="http://ltsc.ieee.org/xsd/LOM" identifier="questions">
<metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion></metadata>
<organizations/>
<resources>
`+resources.String()+"</resources>\n</manifest>\n"))
	_ = z.Close()
	return files.Bytes(), left
}

// describe writes tags, difficulty and folder as metadata (IEEE LOM).
func describe(it format.Item) string {
	var b strings.Builder
	b.WriteString("<metadata><lom:lom><lom:general>")
	fmt.Fprintf(&b, "<lom:title><lom:string>%s</lom:string></lom:title>", esc(it.Body.Title))
	for _, t := range it.Tags {
		fmt.Fprintf(&b, "<lom:keyword><lom:string>%s</lom:string></lom:keyword>", esc(t))
	}
	b.WriteString("</lom:general>")
	if d := it.Difficulty; d > 0 && d < len(difficulties) {
		fmt.Fprintf(&b, "<lom:educational><lom:difficulty><lom:source>LOMv1.0</lom:source><lom:value>%s</lom:value></lom:difficulty></lom:educational>", difficulties[d])
	}
	if it.Folder != "" {
		b.WriteString("<lom:classification><lom:purpose><lom:source>LOMv1.0</lom:source><lom:value>discipline</lom:value></lom:purpose><lom:taxonPath>")
		for _, name := range strings.Split(it.Folder, "/") {
			fmt.Fprintf(&b, "<lom:taxon><lom:entry><lom:string>%s</lom:string></lom:entry></lom:taxon>", esc(name))
		}
		b.WriteString("</lom:taxonPath></lom:classification>")
	}
	return b.String() + "</lom:lom></metadata>"
}

// writer writes one item.
type writer struct {
	it       format.Item
	id       string
	notes    []string
	declared strings.Builder // response declarations
	body     strings.Builder // what stands in itemBody
	score    string          // rules that set SCORE
	plain    string          // the template that means the same, "" for none
	most     float64         // the most that SCORE can be
	hints    string          // feedback on choices: rules that set FEEDBACK
	kind     string          // cardinality of FEEDBACK
}

func esc(s string) string { return format.Escape(s) }

func (w *writer) note(text string) {
	for _, n := range w.notes {
		if n == text {
			return
		}
	}
	w.notes = append(w.notes, text)
}

func (w *writer) image() string {
	return "images/" + w.id + strings.ToLower(path.Ext(w.it.Image.Name))
}

const namespace = `xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.imsglobal.org/xsd/imsqti_v2p1 http://www.imsglobal.org/xsd/qti/qtiv2p1/imsqti_v2p1.xsd"`

func (w *writer) item() (text, why string) {
	q := w.it.Body
	if w.it.Image == nil && (q.Picture != nil || q.Kind == question.HotSpot) {
		return "", "Its picture cannot be read."
	}
	w.most = 1
	if strings.Contains(q.Prompt, "![") {
		w.note("Pictures within the text are left out.")
	}
	if q.Kind != question.HotSpot && q.Kind != question.Blanks {
		w.prompt(nil)
	}
	switch q.Kind {
	case question.Single, question.Multiple, question.TrueFalse:
		w.choice()
	case question.Ordering:
		w.order()
	case question.ShortText:
		why = w.entry()
	case question.Numeric:
		why = w.number()
	case question.Matching:
		w.match()
	case question.Blanks:
		why = w.blanks()
	case question.HotSpot:
		w.prompt(nil)
		w.hotSpot()
	case question.Essay, question.File:
		if w.hand(); q.Hand != nil && q.Hand.Rubric != nil {
			w.note("The rubric is left out.")
		}
	}
	if why != "" {
		return "", why
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<assessmentItem %s identifier=%q title=\"%s\" adaptive=\"false\" timeDependent=\"false\" toolName=%q>\n", namespace, w.id, esc(q.Title), maker)
	b.WriteString(w.declared.String())
	fmt.Fprintf(&b, "<outcomeDeclaration identifier=\"SCORE\" cardinality=\"single\" baseType=\"float\" normalMaximum=\"%s\"><defaultValue><value>0</value></defaultValue></outcomeDeclaration>\n", figure(w.most))
	told, rules := w.told()
	if w.hints != "" {
		fmt.Fprintf(&b, "<outcomeDeclaration identifier=\"FEEDBACK\" cardinality=%q baseType=\"identifier\"/>\n", w.kind)
	}
	if told != "" {
		fmt.Fprintf(&b, "<outcomeDeclaration identifier=%q cardinality=\"single\" baseType=\"identifier\"/>\n", resultName)
	}
	b.WriteString("<itemBody>\n" + w.body.String() + "</itemBody>\n")
	switch {
	case q.Kind.ByHand():
	case w.plain != "" && w.hints == "" && rules == "":
		fmt.Fprintf(&b, "<responseProcessing template=\"http://www.imsglobal.org/question/qti_v2p1/rptemplates/%s\"/>\n", w.plain)
	default:
		b.WriteString("<responseProcessing>\n" + w.score + w.hints + rules + "</responseProcessing>\n")
	}
	b.WriteString(told + "</assessmentItem>\n")
	return b.String(), ""
}

// Rules that mean the same as the templates match_correct and map_response.
const (
	matchCorrect = `<responseCondition><responseIf><match><variable identifier="RESPONSE"/><correct identifier="RESPONSE"/></match><setOutcomeValue identifier="SCORE"><baseValue baseType="float">1</baseValue></setOutcomeValue></responseIf><responseElse><setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue></setOutcomeValue></responseElse></responseCondition>
`
	mapResponse = `<responseCondition><responseIf><isNull><variable identifier="RESPONSE"/></isNull><setOutcomeValue identifier="SCORE"><baseValue baseType="float">0</baseValue></setOutcomeValue></responseIf><responseElse><setOutcomeValue identifier="SCORE"><mapResponse identifier="RESPONSE"/></setOutcomeValue></responseElse></responseCondition>
`
)

func (w *writer) correct() { w.plain, w.score = "match_correct", matchCorrect }
func (w *writer) mapped()  { w.plain, w.score = "map_response", mapResponse }

// told writes feedback on the whole, and the rules that show it.
func (w *writer) told() (text, rules string) {
	f := w.it.Body.Feedback
	if w.it.Body.Kind.ByHand() {
		f.Right, f.Partly, f.Wrong = "", "", ""
	}
	show := func(id, how, say string) {
		if say != "" {
			text += fmt.Sprintf("<modalFeedback outcomeIdentifier=%q identifier=%q showHide=%q>%s</modalFeedback>\n", resultName, id, how, xhtml(say, nil))
		}
	}
	show("right", "show", f.Right)
	show("partly", "show", f.Partly)
	show("wrong", "show", f.Wrong)
	show("never", "hide", f.Always)
	if f.Right+f.Partly+f.Wrong != "" {
		set := func(id string) string {
			return `<setOutcomeValue identifier="` + resultName + `"><baseValue baseType="identifier">` + id + `</baseValue></setOutcomeValue>`
		}
		rules = `<responseCondition><responseIf><gte><variable identifier="SCORE"/><baseValue baseType="float">` + figure(w.most) + `</baseValue></gte>` + set("right") + `</responseIf>` +
			`<responseElseIf><gt><variable identifier="SCORE"/><baseValue baseType="float">0</baseValue></gt>` + set("partly") + `</responseElseIf><responseElse>` + set("wrong") + "</responseElse></responseCondition>\n"
	}
	return text, rules
}

// prompt writes what is asked, with the picture of the question.
func (w *writer) prompt(gap func(text string) string) {
	q := w.it.Body
	w.body.WriteString(xhtml(q.Prompt, gap) + "\n")
	if w.it.Image != nil && q.Kind != question.HotSpot {
		fmt.Fprintf(&w.body, "<p><img src=\"%s\" alt=\"%s\"/></p>\n", esc(w.image()), esc(q.PictureOf))
	}
}
