package exchange_test

import (
	"strings"
	"testing"
)

// As other systems write it: every element with a prefix, folders named by XML Base (IMS CP 1.2), addresses with the
// escapes and the backslashes of the machine they were written on.
func TestACartridgeAsOtherSystemsWriteItBecomesACourse(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o, c := h.imported(t, packed(t,
		entry{"imsmanifest.xml", `<?xml version="1.0" encoding="UTF-8"?>
<cp:manifest identifier="M1" xmlns:cp="http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1" xmlns:m="http://ltsc.ieee.org/xsd/imsccv1p1/LOM/manifest" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<cp:metadata><cp:schema>IMS Common Cartridge</cp:schema><cp:schemaversion>1.1.0</cp:schemaversion><m:lom><m:general><m:title><m:string language="en">Scaffolds</m:string></m:title></m:general></m:lom></cp:metadata>
<cp:organizations><cp:organization identifier="O" structure="rooted-hierarchy"><cp:item identifier="LearningModules"><cp:item identifier="T1"><cp:title>Building</cp:title>
<cp:item identifier="A" identifierref="ra"><cp:title>First page</cp:title></cp:item><cp:item identifier="B" identifierref="rb"><cp:title>Second page</cp:title></cp:item>
<cp:item identifier="C" identifierref="rc"><cp:title>Read on</cp:title></cp:item><cp:item identifier="D" identifierref="rd"><cp:title>Talk</cp:title></cp:item></cp:item></cp:item></cp:organization></cp:organizations>
<cp:resources xml:base="course/"><cp:resource identifier="ra" type="webcontent" xml:base="pages" href="a%20b.html"><cp:file href="a%20b.html"/></cp:resource>
<cp:resource identifier="rb" type="associatedcontent/imscc_xmlv1p1/learning-application-resource" href="pages\deep\b.html"><cp:file href="pages\deep\b.html"/></cp:resource>
<cp:resource identifier="rc" type="imswl_xmlv1p1"><cp:file href="link.xml"/></cp:resource><cp:resource identifier="rd" type="imsdt_xmlv1p1"><cp:file href="talk.xml"/></cp:resource></cp:resources></cp:manifest>`},
		entry{"course/pages/a b.html", `<p>One <img src="deep\p%5Cl.png" alt="A plank"></p>`}, entry{"course/pages/deep/p/l.png", pngFile(t)},
		entry{"course/pages/deep/b.html", `<p>Two</p>`},
		entry{"course/link.xml", `<wl:webLink xmlns:wl="http://www.imsglobal.org/xsd/imsccv1p1/imswl_v1p1"><wl:title>Read on</wl:title><wl:url href="https://example.com/x" target="_blank"/></wl:webLink>`},
		entry{"course/talk.xml", `<dt:topic xmlns:dt="http://www.imsglobal.org/xsd/imsccv1p1/imsdt_v1p1"><dt:title>Talk</dt:title><dt:text texttype="text/plain">Why planks?</dt:text></dt:topic>`},
	))
	l := o.Lessons()
	if o.Version.Title != "Scaffolds" || len(o.Modules) != 1 || o.Modules[0].Title != "Building" || len(l) != 4 {
		t.Fatalf("%q, %d modules, %d lessons: %s", o.Version.Title, len(o.Modules), len(l), told(c))
	}
	if !strings.Contains(l[0].Body, "![A plank](file:") || l[1].Body != "Two" || l[2].Body != "[Read on](https://example.com/x)" || l[3].Body != "Why planks?" {
		t.Errorf("%q %q %q %q", l[0].Body, l[1].Body, l[2].Body, l[3].Body)
	}
	if strings.Contains(told(c), "not in the package") {
		t.Error(told(c))
	}
}

func TestABaseOrABackslashLeadsNotOutOfThePackage(t *testing.T) {
	t.Parallel()
	h := setup(t)
	item := `<item identifier="i" identifierref="p"><title>P</title></item>`
	for _, resource := range []string{
		`<resource identifier="p" type="webcontent" xml:base="../../" href="p.html"/>`,
		`<resource identifier="p" type="webcontent" xml:base="/" href="p.html"/>`,
		`<resource identifier="p" type="webcontent" href="..\..\p.html"/>`,
		`<resource identifier="p" type="webcontent" href="..%5C..%5Cp.html"/>`,
		`<resource identifier="p" type="webcontent" href="\\host\p.html"/>`,
		`<resource identifier="p" type="webcontent" xml:base="https://example.com/" href="p.html"/>`,
	} {
		f := h.refused(t, packed(t, entry{"imsmanifest.xml", manifest(item, resource)}, entry{"p.html", "x"}))
		if said := strings.Join(values(f.Fields), " "); !strings.Contains(said, "is not in the package") {
			t.Errorf("%s: %v %s", resource, f, said)
		}
	}
}

func values(m map[string]string) (all []string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}
