package exchange

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"html/template"
	"strings"

	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Namespaces of Common Cartridge 1.3 (imscc_v1p3).
const (
	nsCartridge = "http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1"
	nsManifest  = "http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"
	nsResource  = "http://ltsc.ieee.org/xsd/imsccv1p3/LOM/resource"
	nsInstance  = "http://www.w3.org/2001/XMLSchema-instance"
	nsQTI       = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
	schemas     = nsCartridge + " http://www.imsglobal.org/profile/cc/ccv1p3/ccv1p3_imscp_v1p2_v1p0.xsd " +
		nsManifest + " http://www.imsglobal.org/profile/cc/ccv1p3/LOM/ccv1p3_lommanifest_v1p0.xsd " +
		nsResource + " http://www.imsglobal.org/profile/cc/ccv1p3/LOM/ccv1p3_lomresource_v1p0.xsd"
	schemaQTI = nsQTI + " http://www.imsglobal.org/profile/cc/ccv1p3/ccv1p3_qtiasiv1p2p1_v1p0.xsd"
)

// x makes text fit to stand in XML.
func x(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a buffer takes everything
	return b.String()
}

// ident is an id as XML takes it: it begins with a letter.
func ident(prefix string, id uid.ID) string { return prefix + "_" + id.String() }

// cartridge writes the course as a Common Cartridge 1.3.
func (p *pack) cartridge(o catalog.Outline) error {
	var items, resources strings.Builder
	for i, m := range o.Modules {
		fmt.Fprintf(&items, "        <item identifier=\"%s\">\n          <title>%s</title>\n", ident("M", m.ID), x(m.Title))
		for j, l := range m.Lessons {
			fmt.Fprintf(&items, "          <item identifier=\"%s\" identifierref=\"%s\">\n            <title>%s</title>\n          </item>\n", ident("I", l.ID), ident("R", l.ID), x(l.Title))
			if err := p.part(&resources, o.Version.Language, fmt.Sprintf("%02d-%02d", i+1, j+1), l); err != nil {
				return err
			}
		}
		items.WriteString("        </item>\n")
	}
	for _, id := range p.order {
		name := p.at[id]
		fmt.Fprintf(&resources, "    <resource identifier=\"%s\" type=\"webcontent\" href=\"%s\">\n      <file href=\"%s\"/>\n    </resource>\n", ident("F", id), x(name), x(name))
	}
	manifest := xml.Header + `<manifest identifier="` + ident("C", o.Version.ID) + `" xmlns="` + nsCartridge + `" xmlns:lom="` + nsResource + `" xmlns:lomm="` + nsManifest +
		`" xmlns:xsi="` + nsInstance + `" xsi:schemaLocation="` + schemas + `">
  <metadata>
    <schema>IMS Common Cartridge</schema>
    <schemaversion>1.3.0</schemaversion>
    <lomm:lom>
      <lomm:general>
        <lomm:title><lomm:string language="` + x(o.Version.Language) + `">` + x(o.Version.Title) + `</lomm:string></lomm:title>
        <lomm:language>` + x(o.Version.Language) + `</lomm:language>
        <lomm:description><lomm:string language="` + x(o.Version.Language) + `">` + x(o.Version.Summary) + `</lomm:string></lomm:description>
      </lomm:general>
    </lomm:lom>
  </metadata>
  <organizations>
    <organization identifier="O_1" structure="rooted-hierarchy">
      <item identifier="ROOT">
` + items.String() + `      </item>
    </organization>
  </organizations>
  <resources>
` + resources.String() + "  </resources>\n</manifest>\n"
	return p.write(manifestName, manifest)
}

// part writes a lesson and its line in the list of resources.
func (p *pack) part(resources *strings.Builder, language, number string, l catalog.Lesson) error {
	if l.Kind == catalog.LessonQuiz {
		name := "quizzes/" + number + ".xml"
		fmt.Fprintf(resources, "    <resource identifier=\"%s\" type=\"imsqti_xmlv1p2/imscc_xmlv1p3/assessment\">\n      <file href=\"%s\"/>\n    </resource>\n", ident("R", l.ID), name)
		return p.write(name, assessment(l))
	}
	name := "lessons/" + number + ".html"
	html, uses := p.html(language, l)
	fmt.Fprintf(resources, "    <resource identifier=\"%s\" type=\"webcontent\" href=\"%s\">\n      <file href=\"%s\"/>\n", ident("R", l.ID), name, name)
	for _, id := range uses {
		fmt.Fprintf(resources, "      <dependency identifierref=\"%s\"/>\n", ident("F", id))
	}
	resources.WriteString("    </resource>\n")
	return p.write(name, html)
}

// html is a lesson as a page, and the files it shows.
func (p *pack) html(language string, l catalog.Lesson) (page string, uses []uid.ID) {
	seen := map[uid.ID]bool{}
	at := func(id *uid.ID) string {
		if id == nil || p.at[*id] == "" {
			return ""
		}
		if !seen[*id] {
			seen[*id] = true
			uses = append(uses, *id)
		}
		return template.HTMLEscapeString("../" + strings.ReplaceAll(p.at[*id], " ", "%20"))
	}
	var b strings.Builder
	title := template.HTMLEscapeString(l.Title)
	b.WriteString("<!DOCTYPE html>\n<html lang=\"" + template.HTMLEscapeString(language) + "\">\n<head><meta charset=\"utf-8\"><title>" + title + "</title></head>\n<body>\n")
	if file := at(l.FileID); file != "" {
		switch l.Kind {
		case catalog.LessonVideo:
			b.WriteString("<video controls src=\"" + file + "\">")
			if captions := at(l.CaptionsFileID); captions != "" {
				b.WriteString("<track kind=\"captions\" src=\"" + captions + "\" srclang=\"" + template.HTMLEscapeString(language) + "\">")
			}
			b.WriteString("</video>\n")
		default:
			b.WriteString("<object data=\"" + file + "\" type=\"" + p.known[*l.FileID].MediaType + "\"><a href=\"" + file + "\">" + title + "</a></object>\n")
		}
	}
	b.WriteString(string(markdown.Render(l.Body, markdown.Options{ResolveImage: func(dest string) (string, bool) {
		id, ok := catalog.PictureFile(dest)
		if !ok || p.at[id] == "" {
			return "", false
		}
		if !seen[id] {
			seen[id] = true
			uses = append(uses, id)
		}
		return "../" + strings.ReplaceAll(p.at[id], " ", "%20"), true
	}})))
	b.WriteString("</body>\n</html>\n")
	return b.String(), uses
}

// assessment is a quiz as QTI 1.2 in the profile of Common Cartridge.
func assessment(l catalog.Lesson) string {
	var b strings.Builder
	b.WriteString(xml.Header + `<questestinterop xmlns="` + nsQTI + `" xmlns:xsi="` + nsInstance + `" xsi:schemaLocation="` + schemaQTI + "\">\n")
	fmt.Fprintf(&b, "  <assessment ident=\"%s\" title=\"%s\">\n", ident("A", l.ID), x(l.Title))
	b.WriteString("    <qtimetadata>\n")
	b.WriteString("      <qtimetadatafield><fieldlabel>cc_profile</fieldlabel><fieldentry>cc.exam.v0p1</fieldentry></qtimetadatafield>\n")
	b.WriteString("    </qtimetadata>\n")
	if l.Body != "" {
		fmt.Fprintf(&b, "    <rubric><material><mattext texttype=\"text/plain\">%s</mattext></material></rubric>\n", x(markdown.PlainText(l.Body)))
	}
	b.WriteString("    <section ident=\"root_section\">\n")
	for i, q := range l.Questions {
		item(&b, i+1, q)
	}
	b.WriteString("    </section>\n  </assessment>\n</questestinterop>\n")
	return b.String()
}

func item(b *strings.Builder, number int, q catalog.Question) {
	profile, cardinality := "cc.multiple_choice.v0p1", "Single"
	if q.Multiple() {
		profile, cardinality = "cc.multiple_response.v0p1", "Multiple"
	}
	fmt.Fprintf(b, "      <item ident=\"%s\" title=\"Question %d\">\n        <itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>cc_profile</fieldlabel><fieldentry>%s</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>\n", ident("Q", q.ID), number, profile)
	fmt.Fprintf(b, "        <presentation>\n          <material><mattext texttype=\"text/plain\">%s</mattext></material>\n          <response_lid ident=\"RESPONSE\" rcardinality=\"%s\"><render_choice>\n", x(q.Prompt), cardinality)
	var right, wrong strings.Builder
	for _, o := range q.Options {
		fmt.Fprintf(b, "            <response_label ident=\"%s\"><material><mattext texttype=\"text/plain\">%s</mattext></material></response_label>\n", ident("O", o.ID), x(o.Text))
		equal := `<varequal respident="RESPONSE">` + ident("O", o.ID) + `</varequal>`
		if o.Correct {
			right.WriteString(equal)
		} else {
			wrong.WriteString("<not>" + equal + "</not>")
		}
	}
	b.WriteString("          </render_choice></response_lid>\n        </presentation>\n        <resprocessing>\n          <outcomes><decvar maxvalue=\"100\" minvalue=\"0\" varname=\"SCORE\" vartype=\"Decimal\"/></outcomes>\n")
	if q.Explanation != "" {
		b.WriteString("          <respcondition continue=\"Yes\"><conditionvar><other/></conditionvar><displayfeedback feedbacktype=\"Response\" linkrefid=\"general_fb\"/></respcondition>\n")
	}
	condition := right.String()
	if q.Multiple() {
		condition = "<and>" + condition + wrong.String() + "</and>"
	}
	b.WriteString("          <respcondition continue=\"No\"><conditionvar>" + condition + "</conditionvar><setvar action=\"Set\" varname=\"SCORE\">100</setvar></respcondition>\n        </resprocessing>\n")
	if q.Explanation != "" {
		fmt.Fprintf(b, "        <itemfeedback ident=\"general_fb\"><flow_mat><material><mattext texttype=\"text/plain\">%s</mattext></material></flow_mat></itemfeedback>\n", x(q.Explanation))
	}
	b.WriteString("      </item>\n")
}
