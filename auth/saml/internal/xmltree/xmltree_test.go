package xmltree_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"lyceum/auth/saml/internal/xmltree"
)

func TestADocumentIsReadInOneWayOnly(t *testing.T) {
	t.Parallel()
	scopes := `<a xmlns:a="1" xmlns:b="2" xmlns:c="3">`
	for text, reason := range map[string]string{
		`<a><b c="d">e &amp; f</b><!-- between --></a>`:                  "",
		"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a/>\n": "",
		`<a><![CDATA[<b>]]></a>`:                                         "",
		`<a xml:lang="en" x:y="1" xmlns:x="urn:x" z="2"/>`:               "",
		``:                 xmltree.ReasonXML,
		`<a>`:              xmltree.ReasonXML,
		`<a></b>`:          xmltree.ReasonXML,
		`<a/><b/>`:         xmltree.ReasonXML,
		`<a/>text`:         xmltree.ReasonXML,
		`<a>&x;</a>`:       xmltree.ReasonXML,
		`<a b=c/>`:         xmltree.ReasonXML,
		`<a b="1" b="2"/>`: xmltree.ReasonXML,
		`<a::b/>`:          xmltree.ReasonXML,
		`<a b:c:d="1"/>`:   xmltree.ReasonXML,
		`<?xml version="1.0" encoding="ISO-8859-1"?><a/>`: xmltree.ReasonXML,
		"<a>\xff</a>":              xmltree.ReasonXML,
		"<a>\x00</a>":              xmltree.ReasonXML,
		`<!DOCTYPE a><a/>`:         xmltree.ReasonDTD,
		`<a/><!DOCTYPE a>`:         xmltree.ReasonDTD,
		`<!ENTITY x "y"><a/>`:      xmltree.ReasonDTD,
		`<a>x<!-- -->y</a>`:        xmltree.ReasonComment,
		`<a><b>x<?php y?></b></a>`: xmltree.ReasonComment,
		strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65):              xmltree.ReasonXML,
		"<a>" + strings.Repeat("<b/>", 20000) + "</a>":                      xmltree.ReasonXML,
		"<a>" + strings.Repeat("<!---->", 101) + "</a>":                     xmltree.ReasonXML,
		strings.Repeat(scopes, 22) + strings.Repeat("</a>", 22):             xmltree.ReasonXML,
		"<a>" + strings.Repeat(scopes+"</a>", 22) + "</a>":                  "",
		"<a" + strings.Repeat(` b="1"`, 1) + strings.Repeat(" ", 10) + "/>": "",
	} {
		root, err := xmltree.Parse([]byte(text))
		if reason == "" {
			if err != nil || root == nil || root.Tag != "a" {
				t.Errorf("%.80q: %v", text, err)
			}
			continue
		}
		var p *xmltree.Problem
		if !errors.As(err, &p) || p.Reason != reason || p.Detail == "" {
			t.Errorf("%.80q: %v, and %s is due", text, err, reason)
		}
	}
}

func parse(t *testing.T, text string) *etree.Element {
	t.Helper()
	root, err := xmltree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func TestIDsAreUniqueWhateverTheirCase(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{
		`<a ID="1"><b Id="2"/><c id="3"/></a>`:               true,
		`<a ID="1"><b ID="1"/></a>`:                          false,
		`<a ID="1"><b Id="1"/></a>`:                          false,
		`<a ID=""/>`:                                         false,
		`<a xml:id="1"/>`:                                    false,
		`<a xmlns:x="urn:x" x:ID="1"/>`:                      false,
		`<a xmlns:id="urn:x" id:other="1"/>`:                 true,
		`<a ID="1"><b><c><d ID="2"/></c></b><e ID="2"/></a>`: false,
	} {
		if err := xmltree.UniqueIDs(parse(t, text), map[string]bool{}); (err == nil) != fine {
			t.Errorf("%s: %v", text, err)
		}
	}
	seen := map[string]bool{}
	if xmltree.UniqueIDs(parse(t, `<a ID="1"/>`), seen) != nil || xmltree.UniqueIDs(parse(t, `<b ID="1"/>`), seen) == nil {
		t.Error("two trees of one message may share an ID")
	}
}

func TestAnElementIsDetachedWithItsNamespaces(t *testing.T) {
	t.Parallel()
	root := parse(t, `<a xmlns="urn:one" xmlns:p="urn:p"><b xmlns:p="urn:q" xmlns:r="urn:r"><c xmlns:r="urn:s" p:x="1"/></b></a>`)
	c := root.FindElement(".//c")
	out := xmltree.Detach(c)
	if out.NamespaceURI() != "urn:one" || out.SelectAttrValue("xmlns:p", "") != "urn:q" || out.SelectAttrValue("xmlns:r", "") != "urn:s" || out.Parent() != nil || c.Parent() == nil {
		t.Errorf("detached: %+v", out.Attr)
	}
	if xmltree.Attr(c, "x") != "" || xmltree.Attr(parse(t, `<a x="1"/>`), "x") != "1" {
		t.Error("an attribute under a prefix is taken for one without")
	}
	if xmltree.Child(parse(t, `<a xmlns="u"><b/><b/></a>`), "u", "b") != nil {
		t.Error("one of two is taken for the one")
	}
	if text, ok := xmltree.Text(parse(t, `<a> x <b/></a>`)); ok || text != "" {
		t.Error("a value with an element in it is plain")
	}
}
