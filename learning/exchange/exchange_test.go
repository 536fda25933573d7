package exchange_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/markdown"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/exchange"
	"lyceum/learning/sample"
	"lyceum/store/storetest"
)

func TestAFolderOfMarkdownBecomesACourse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o, c := h.imported(t, packed(t,
		entry{"fire/course.md", "---\ntitle: Fire safety\nlanguage: de\n---\n\nWhat to do when it burns."},
		entry{"fire/02 Afterwards/01 Count.md", "Count heads."},
		entry{"fire/10 Last/a.md", "x"},
		entry{"fire/01 Leaving/_module.md", "---\ntitle: Leaving the building\n---\n"},
		entry{"fire/01 Leaving/02_The_way_out.md", "# The way out\n\n![A green sign](../pictures/exit%20sign.png)\n\n![](../pictures/exit%20sign.png \"decorative\")"},
		entry{"fire/01 Leaving/01 Read.md", "---\ntitle: \"Read: this\"\nminutes: 4\n---\nGo."},
		entry{"fire/01 Leaving/03 Quiz.md", "---\nkind: quiz\npass: 60\n---\nShort.\n\n## What do you do?\nThink first.\n\n- [x] Leave\n- [ ] Wait\n\n> Fire is fast.\n\n## And in C#?\n- [x] a\n- [x] b\n- [ ] c"},
		entry{"fire/01 Leaving/04 Plan.md", "---\nfile: ../pictures/plan.pdf\n---\n"},
		entry{"fire/pictures/exit sign.png", pngFile(t)},
		entry{"fire/pictures/plan.pdf", pdfFile},
		entry{"fire/notes.txt", "mine"},
		entry{"__MACOSX/._x", "rubbish"},
	))
	if o.Version.Title != "Fire safety" || o.Version.Language != "de" || o.Version.Summary != "What to do when it burns." || o.Course.Status != catalog.StatusDraft {
		t.Errorf("the course: %+v", o.Version)
	}
	var got []string
	for _, m := range o.Modules {
		got = append(got, m.Title)
		for _, l := range m.Lessons {
			got = append(got, fmt.Sprintf("  %s %s %d", l.Kind, l.Title, l.Minutes))
		}
	}
	want := []string{"Leaving the building", "  text Read: this 4", "  text The way out 0", "  quiz Quiz 0", "  pdf Plan 0", "Afterwards", "  text Count 0", "Last", "  text a 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	lessons := o.Lessons()
	if id, ok := catalog.PictureFile(markdown.Images(lessons[1].Body)[0].Dest); !ok || !strings.HasPrefix(lessons[1].Body, "![A green sign](file:"+id.String()+")") {
		t.Errorf("the picture: %q", lessons[1].Body)
	}
	quiz := lessons[2]
	if quiz.PassPercent != 60 || quiz.Body != "Short." || len(quiz.Questions) != 2 || quiz.Questions[0].Prompt != "What do you do?\nThink first." || quiz.Questions[0].Explanation != "Fire is fast." ||
		!quiz.Questions[0].Options[0].Correct || quiz.Questions[1].Prompt != "And in C#?" || !quiz.Questions[1].Multiple() {
		t.Errorf("the quiz: %+v", quiz)
	}
	if notes := told(c); notes != "notes.txt: No lesson uses this file: it is left out." {
		t.Errorf("told: %s", notes)
	}
}

// manifest is a cartridge's, with items and resources.
func manifest(items, resources string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>
<manifest identifier="m" xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1" xmlns:lomimscc="http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest">
<metadata><schema>IMS Common Cartridge</schema><schemaversion>1.3.0</schemaversion><lomimscc:lom><lomimscc:general><lomimscc:title><lomimscc:string>Ladders</lomimscc:string></lomimscc:title></lomimscc:general></lomimscc:lom></metadata>
<organizations><organization identifier="o" structure="rooted-hierarchy"><item identifier="root">` + items + `</item></organization></organizations>
<resources>` + resources + `</resources></manifest>`
}

func TestACommonCartridgeBecomesACourse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	qti := `<questestinterop xmlns="http://www.imsglobal.org/xsd/ims_qtiasiv1p2"><assessment ident="a" title="Check"><section ident="s">
<item ident="q1" title="one"><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>cc_profile</fieldlabel><fieldentry>cc.true_false.v0p1</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>
<presentation><material><mattext texttype="text/html">&lt;p&gt;Is a &lt;b&gt;ladder&lt;/b&gt; a chair?&lt;/p&gt;</mattext></material><response_lid ident="r" rcardinality="Single"><render_choice><response_label ident="t"><material><mattext>True</mattext></material></response_label><response_label ident="f"><material><mattext>False</mattext></material></response_label></render_choice></response_lid></presentation>
<resprocessing><outcomes><decvar varname="SCORE"/></outcomes><respcondition><conditionvar><other/></conditionvar><displayfeedback linkrefid="general_fb"/></respcondition><respcondition><conditionvar><varequal respident="r">f</varequal></conditionvar><setvar action="Set" varname="SCORE">100</setvar></respcondition></resprocessing>
<itemfeedback ident="general_fb"><flow_mat><material><mattext>It is to climb.</mattext></material></flow_mat></itemfeedback></item>
<item ident="q2" title="two"><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>cc_profile</fieldlabel><fieldentry>cc.multiple_response.v0p1</fieldentry></qtimetadatafield></qtimetadata></itemmetadata>
<presentation><material><mattext>Which?</mattext></material><response_lid ident="r" rcardinality="Multiple"><render_choice><response_label ident="1"><material><mattext>A</mattext></material></response_label><response_label ident="2"><material><mattext>B</mattext></material></response_label><response_label ident="3"><material><mattext>C</mattext></material></response_label></render_choice></response_lid></presentation>
<resprocessing><respcondition><conditionvar><and><varequal respident="r">1</varequal><varequal respident="r">2</varequal><not><varequal respident="r">3</varequal></not></and></conditionvar><setvar>100</setvar></respcondition></resprocessing></item>
<item ident="q3" title="an essay"><itemmetadata><qtimetadata><qtimetadatafield><fieldlabel>cc_profile</fieldlabel><fieldentry>cc.essay.v0p1</fieldentry></qtimetadatafield></qtimetadata></itemmetadata><presentation><material><mattext>Write.</mattext></material></presentation></item>
</section></assessment></questestinterop>`
	o, c := h.imported(t, packed(t,
		entry{"imsmanifest.xml", manifest(
			`<item identifier="m1"><title>First steps</title>
<item identifier="i1" identifierref="page"><title>Set it up</title></item><item identifier="sub"><title>Deeper</title><item identifier="i2" identifierref="quiz"><title>Check yourself</title></item></item>
<item identifier="i3" identifierref="topic"><title>Talk</title></item><item identifier="i4" identifierref="link"><title>Read on</title></item><item identifier="i5" identifierref="lti"><title>A tool</title></item></item>
<item identifier="i6" identifierref="film"><title>Film</title></item>`,
			`<resource identifier="page" type="webcontent" href="pages/set%20up.html"><file href="pages/set%20up.html"/><dependency identifierref="pic"/></resource>
<resource identifier="pic" type="webcontent" href="web_resources/ladder.png"><file href="web_resources/ladder.png"/></resource>
<resource identifier="quiz" type="imsqti_xmlv1p2/imscc_xmlv1p3/assessment"><file href="quiz.xml"/></resource>
<resource identifier="topic" type="imsdt_xmlv1p3"><file href="topic.xml"/></resource><resource identifier="link" type="imswl_xmlv1p3"><file href="link.xml"/></resource>
<resource identifier="lti" type="imsbasiclti_xmlv1p0"><file href="lti.xml"/></resource><resource identifier="film" type="webcontent" href="film.mp4"><file href="film.mp4"/></resource>
<resource identifier="bank" type="imsqti_xmlv1p2/imscc_xmlv1p3/question-bank"><file href="bank.xml"/></resource>`)},
		entry{"pages/set up.html", `<html><head><title>Other</title><style>p{}</style></head><body><h2>Angle &amp; feet</h2><p>Four <b>up</b>, one <em>out</em>: see <a href="https://example.com/a_(b)">here</a>.<br>Always.</p>
<ul><li>one<ul><li>inner</li></ul></li><li>two</li></ul><script>alert(1)</script><p onclick="x()">1. no list <img src="$IMS-CC-FILEBASE$/ladder.png" alt="A ladder at 75&deg;"> *stars*</p><table><tr><th>a</th><th>b</th></tr><tr><td>1|2</td><td>3</td></tr></table><iframe src="https://video.example/1"></iframe></body></html>`},
		entry{"web_resources/ladder.png", pngFile(t)}, entry{"quiz.xml", qti}, entry{"bank.xml", "<x/>"}, entry{"lti.xml", "<x/>"}, entry{"film.mp4", mp4File},
		entry{"topic.xml", `<topic xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imsdt_v1p3"><title>Talk</title><text texttype="text/html">&lt;p&gt;What went wrong?&lt;/p&gt;</text></topic>`},
		entry{"link.xml", `<webLink xmlns="http://www.imsglobal.org/xsd/imsccv1p3/imswl_v1p3"><title>Read on</title><url href="https://example.com/ladders?a=1&amp;b=2"/></webLink>`},
	))
	var got []string
	for _, m := range o.Modules {
		got = append(got, m.Title)
		for _, l := range m.Lessons {
			got = append(got, fmt.Sprintf("  %s %s", l.Kind, l.Title))
		}
	}
	want := []string{"First steps", "  text Set it up", "  quiz Check yourself", "  text Talk", "  text Read on", "Ladders", "  video Film"}
	if diff := cmp.Diff(want, got); diff != "" || o.Version.Title != "Ladders" {
		t.Error(diff)
	}
	lessons := o.Lessons()
	file := regexp.MustCompile(`file:[0-9a-f-]{36}`).FindString(lessons[0].Body)
	text := "## Angle &amp; feet\n\nFour **up**, one *out*: see [here](https://example.com/a_%28b%29).\\\nAlways.\n\n- one\n  - inner\n- two\n\n1\\. no list ![A ladder at 75°](" + file + ") \\*stars\\*\n\n| a | b |\n|---|---|\n| 1\\|2 | 3 |\n\n<https://video.example/1>"
	if diff := cmp.Diff(text, lessons[0].Body); diff != "" {
		t.Error(diff)
	}
	q := lessons[1].Questions
	if len(q) != 2 || q[0].Prompt != "Is a ladder a chair?" || q[0].Explanation != "It is to climb." || q[0].Options[0].Correct || !q[0].Options[1].Correct || !q[1].Multiple() || q[1].Options[2].Correct {
		t.Errorf("the quiz: %+v", q)
	}
	if lessons[2].Body != "What went wrong?" || lessons[3].Body != "[Read on](https://example.com/ladders?a=1&b=2)" {
		t.Errorf("topic %q, link %q", lessons[2].Body, lessons[3].Body)
	}
	for _, part := range []string{"imsmanifest.xml:6: “A tool” is a tool of another site (LTI), which cannot be imported", "a question bank and not in the outline", "quiz.xml:9: The question “an essay” is left out: questions of the kind cc.essay.v0p1", "pages/set up.html: What cannot be written as Markdown is left out of this page: script, iframe", "topic.xml:1: This discussion comes as a text", "The folder “Deeper” stands within another"} {
		if !strings.Contains(told(c), part) {
			t.Errorf("not told: %s\nin %s", part, told(c))
		}
	}
}

// sampled publishes a sample course, with its pictures, films and documents.
func (h house) sampled(t *testing.T, slug string) catalog.Outline {
	t.Helper()
	c, err := sample.BySlug(slug)
	if err != nil {
		t.Fatal(err)
	}
	put := func(a *sample.Asset) *uid.ID {
		if a == nil {
			return nil
		}
		f, err := h.files.Put(h.author, a.Name, a.Data)
		if err != nil {
			t.Fatal(err)
		}
		return &f.ID
	}
	in := catalog.ImportCourse{CourseInput: catalog.CourseInput{Title: c.Title, Summary: c.Summary, Language: c.Language, Slug: c.Slug}}
	for _, m := range c.Modules {
		module := catalog.ImportModule{Title: m.Title}
		for _, l := range m.Lessons {
			lesson := catalog.LessonInput{Kind: catalog.LessonKind(l.Kind), Title: l.Title, Minutes: l.Minutes, PassPercent: l.PassPercent, FileID: put(l.File), CaptionsFileID: put(l.Captions), Body: l.Body}
			for _, p := range markdown.Images(l.Body) {
				a, ok := c.Asset(strings.TrimPrefix(p.Dest, "asset:"))
				if !ok {
					t.Fatalf("no picture %s", p.Dest)
				}
				lesson.Body = strings.ReplaceAll(lesson.Body, p.Dest, "file:"+put(&a).String())
			}
			for _, q := range l.Questions {
				question := catalog.Question{Prompt: q.Prompt, Explanation: q.Explanation}
				for _, o := range q.Options {
					question.Options = append(question.Options, catalog.Option{Text: o.Text, Correct: o.Correct})
				}
				lesson.Questions = append(lesson.Questions, question)
			}
			module.Lessons = append(module.Lessons, lesson)
		}
		in.Modules = append(in.Modules, module)
	}
	o, err := h.catalog.Import(h.author, in)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

var anyFile = regexp.MustCompile(`file:[0-9a-f-]{36}`)

// essence is what a course says, without ids. What a cartridge has no place for is left out of it: minutes and pass marks;
// and texts are compared as they are shown.
func essence(o catalog.Outline, shown bool) (all []string) {
	all = append(all, o.Version.Title, o.Version.Summary, o.Version.Language)
	for _, m := range o.Modules {
		all = append(all, "# "+m.Title)
		for _, l := range m.Lessons {
			body, rest := anyFile.ReplaceAllString(l.Body, "file:x"), fmt.Sprint(l.Minutes, l.PassPercent)
			if shown {
				rest = ""
				body = string(markdown.Render(l.Body, markdown.Options{ResolveImage: func(string) (string, bool) { return "/x", true }}))
				body = strings.Join(strings.Fields(body), " ")
				if l.Kind == catalog.LessonQuiz {
					body = strings.Join(strings.Fields(markdown.PlainText(l.Body)), " ")
				}
			}
			all = append(all, fmt.Sprintf("%s %s %v %v %s\n%s", l.Kind, l.Title, l.FileID != nil, l.CaptionsFileID != nil, rest, body))
			for _, q := range l.Questions {
				all = append(all, "? "+q.Prompt+" / "+q.Explanation)
				for _, o := range q.Options {
					all = append(all, fmt.Sprint(o.Correct, " ", o.Text))
				}
			}
		}
	}
	return all
}

func TestWhatIsExportedComesBackTheSame(t *testing.T) {
	t.Parallel()
	for _, slug := range []string{"information-security-awareness", "workplace-safety"} {
		for _, format := range []exchange.Format{exchange.FormatMarkdown, exchange.FormatCartridge} {
			t.Run(slug+" as "+string(format), func(t *testing.T) {
				t.Parallel()
				h := setup(t)
				o := h.sampled(t, slug)
				back, c := h.imported(t, exported(t, h, o.Course.ID, format))
				if c.Format != format || len(c.Notes) != 0 {
					t.Errorf("read as %s with notes:\n%s", c.Format, told(c))
				}
				shown := format == exchange.FormatCartridge
				if diff := cmp.Diff(essence(o, shown), essence(back, shown)); diff != "" {
					t.Error(diff)
				}
				if back.Course.ID == o.Course.ID || back.Course.Slug != slug+"-2" && back.Course.Slug == slug {
					t.Errorf("the same course: %s", back.Course.Slug)
				}
			})
		}
	}
}

// The clauses of Common Cartridge 1.3 that other systems check first: the names of its spaces, its version, one rooted
// outline, each reference answered once, each file there, identifiers that XML takes.
func TestAnExportedCartridgeSaysWhatTheStandardAsks(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.sampled(t, "workplace-safety")
	files := unpacked(t, exported(t, h, o.Course.ID, exchange.FormatCartridge))
	type item struct {
		ID    string `xml:"identifier,attr"`
		Ref   string `xml:"identifierref,attr"`
		Title string `xml:"http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1 title"`
		Items []item `xml:"http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1 item"`
	}
	var m struct {
		XMLName xml.Name `xml:"http://www.imsglobal.org/xsd/imsccv1p3/imscp_v1p1 manifest"`
		Schema  string   `xml:"metadata>schema"`
		Version string   `xml:"metadata>schemaversion"`
		Title   string   `xml:"metadata>lom>general>title>string"`
		Orgs    []struct {
			Structure string `xml:"structure,attr"`
			Items     []item `xml:"item"`
		} `xml:"organizations>organization"`
		Resources []struct {
			ID    string `xml:"identifier,attr"`
			Type  string `xml:"type,attr"`
			Href  string `xml:"href,attr"`
			Files []struct {
				Href string `xml:"href,attr"`
			} `xml:"file"`
			Needs []struct {
				Ref string `xml:"identifierref,attr"`
			} `xml:"dependency"`
		} `xml:"resources>resource"`
	}
	if err := xml.Unmarshal([]byte(files["imsmanifest.xml"]), &m); err != nil {
		t.Fatal(err)
	}
	if m.Schema != "IMS Common Cartridge" || m.Version != "1.3.0" || m.Title != o.Version.Title || !strings.Contains(files["imsmanifest.xml"], `xmlns:lomm="http://ltsc.ieee.org/xsd/imsccv1p3/LOM/manifest"`) {
		t.Errorf("metadata: %q %q %q", m.Schema, m.Version, m.Title)
	}
	if len(m.Orgs) != 1 || m.Orgs[0].Structure != "rooted-hierarchy" || len(m.Orgs[0].Items) != 1 || m.Orgs[0].Items[0].Title != "" {
		t.Fatalf("outline: %+v", m.Orgs)
	}
	ids, listed := map[string]bool{}, map[string]bool{"imsmanifest.xml": true}
	name := regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	for _, r := range m.Resources {
		if ids[r.ID] || !name.MatchString(r.ID) || len(r.Files) == 0 {
			t.Errorf("resource %q: %+v", r.ID, r)
		}
		ids[r.ID] = true
		if r.Type != "webcontent" && r.Type != "imsqti_xmlv1p2/imscc_xmlv1p3/assessment" {
			t.Errorf("type %q", r.Type)
		}
		for _, f := range r.Files {
			if _, there := files[f.Href]; !there {
				t.Errorf("%q is not in the package", f.Href)
			}
			listed[f.Href] = true
		}
	}
	for file := range files {
		if !listed[file] {
			t.Errorf("%q is in no resource", file)
		}
	}
	for _, r := range m.Resources {
		for _, n := range r.Needs {
			if !ids[n.Ref] {
				t.Errorf("%s needs %s, which is not there", r.ID, n.Ref)
			}
		}
	}
	lessons := 0
	var walk func(items []item)
	walk = func(items []item) {
		for _, i := range items {
			if !name.MatchString(i.ID) || i.Ref != "" && !ids[i.Ref] {
				t.Errorf("item %+v", i)
			}
			if i.Ref != "" {
				lessons++
			}
			walk(i.Items)
		}
	}
	walk(m.Orgs[0].Items)
	if lessons != len(o.Lessons()) {
		t.Errorf("%d lessons of %d", lessons, len(o.Lessons()))
	}
}

func TestTheSameCourseIsExportedAsTheSameBytes(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.sampled(t, "workplace-safety")
	for _, format := range []exchange.Format{exchange.FormatMarkdown, exchange.FormatCartridge} {
		if !bytes.Equal(exported(t, h, o.Course.ID, format), exported(t, h, o.Course.ID, format)) {
			t.Errorf("%s differs from time to time", format)
		}
	}
}

func TestWhoMayNotWriteCoursesBringsNoneInAndTakesNoneOut(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.sampled(t, "workplace-safety")
	learner, _ := storetest.Learner(t, h.tenant, h.w)
	data := packed(t, entry{"a.md", "x"})
	r, size := bytes.NewReader(data), int64(len(data))
	for name, do := range map[string]func() error{
		"Inspect": func() error { _, err := h.exchange.Inspect(learner, r, size); return err },
		"Import":  func() error { _, _, err := h.exchange.Import(learner, r, size); return err },
		"Export":  func() error { return h.exchange.Export(learner, o.Course.ID, exchange.FormatMarkdown, &bytes.Buffer{}) },
	} {
		if err := do(); !errors.Is(err, policy.ErrForbidden) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.exchange.Inspect(h.tenant, r, size); !errors.Is(err, auth.ErrSignInFirst) {
		t.Errorf("a stranger: %v", err)
	}
	other := storetest.Instructor(t, h.w.Tenant(t), h.w)
	if err := h.exchange.Export(other, o.Course.ID, exchange.FormatMarkdown, &bytes.Buffer{}); !errors.Is(err, catalog.ErrCourseNotFound) {
		t.Errorf("another tenant takes it out: %v", err)
	}
	if err := h.exchange.Export(h.author, o.Course.ID, "scorm", &bytes.Buffer{}); fault.Of(err).Fields["format"] == "" {
		t.Errorf("an unknown format: %v", err)
	}
}

func TestInspectingKeepsNothing(t *testing.T) {
	t.Parallel()
	h := setup(t)
	data := packed(t, entry{"One/a.md", "![x](a.png)"}, entry{"One/a.png", pngFile(t)})
	c, err := h.exchange.Inspect(h.author, bytes.NewReader(data), int64(len(data)))
	if err != nil || c.Lessons() != 1 || h.rows(t, "files") != 0 || h.rows(t, "courses") != 0 {
		t.Errorf("%v %+v", err, c)
	}
}
