package themes_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"lyceum/learning/certificate"
)

// checkDocument checks what every page must be: well-formed, one h1, names for controls, texts for pictures, nothing
// that the content security policy would refuse, and a CSRF field in every form that posts.
func checkDocument(t *testing.T, name, doc string) {
	t.Helper()
	wellFormed(t, name, doc)
	for _, name := range certificate.Variables() { // people write these in the text of a certificate
		doc = strings.ReplaceAll(doc, "{{"+name+"}}", "{"+name+"}")
	}
	for _, bad := range []string{"&lt;no value&gt;", "<no value>", "%!", "ZgotmplZ", "{{"} {
		if strings.Contains(doc, bad) {
			t.Errorf("%s: contains %q", name, bad)
		}
	}
	root, err := html.Parse(strings.NewReader(doc))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	d := &document{t: t, name: name, ids: map[string]int{}, labels: map[string]bool{}}
	d.collect(root)
	d.check(root, nil)
	if d.headings != 1 {
		t.Errorf("%s: %d h1", name, d.headings)
	}
	for id, n := range d.ids {
		if n > 1 {
			t.Errorf("%s: id %q %d times", name, id, n)
		}
	}
}

type document struct {
	t        *testing.T
	name     string
	ids      map[string]int
	labels   map[string]bool
	headings int
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func (d *document) collect(n *html.Node) {
	if n.Type == html.ElementNode {
		if id, ok := attr(n, "id"); ok {
			d.ids[id]++
		}
		if n.Data == "label" {
			if target, ok := attr(n, "for"); ok {
				d.labels[target] = true
			}
		}
		if n.Data == "h1" {
			d.headings++
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		d.collect(c)
	}
}

func (d *document) check(n *html.Node, above []*html.Node) {
	if n.Type == html.ElementNode {
		d.attributes(n)
		switch n.Data {
		case "img":
			if _, ok := attr(n, "alt"); !ok {
				d.t.Errorf("%s: a picture without alt", d.name)
			}
		case "input", "select", "textarea":
			d.control(n, above)
		case "button", "a", "summary":
			d.named(n)
		case "iframe":
			if title, _ := attr(n, "title"); title == "" {
				d.t.Errorf("%s: an iframe without title", d.name)
			}
		case "script":
			if src, _ := attr(n, "src"); !strings.HasPrefix(src, "/assets/") || n.FirstChild != nil {
				d.t.Errorf("%s: a script that is not a module of ours", d.name)
			}
		case "style":
			d.t.Errorf("%s: a style element", d.name)
		case "form":
			d.form(n)
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		d.check(c, append(above[:len(above):len(above)], n))
	}
}

func (d *document) attributes(n *html.Node) {
	for _, a := range n.Attr {
		switch {
		case a.Key == "style", strings.HasPrefix(a.Key, "on"):
			d.t.Errorf("%s: <%s> has %s", d.name, n.Data, a.Key)
		case slices.Contains([]string{"href", "src", "action", "formaction"}, a.Key) && strings.Contains(strings.ToLower(a.Val), "javascript:"):
			d.t.Errorf("%s: <%s %s=%q>", d.name, n.Data, a.Key, a.Val)
		case slices.Contains([]string{"aria-describedby", "aria-labelledby", "for", "popovertarget"}, a.Key):
			for _, id := range strings.Fields(a.Val) {
				if d.ids[id] == 0 {
					d.t.Errorf("%s: <%s %s=%q> leads nowhere", d.name, n.Data, a.Key, id)
				}
			}
		}
	}
}

// control wants a name: a label for it, a label around it, or aria-label.
func (d *document) control(n *html.Node, above []*html.Node) {
	kind, _ := attr(n, "type")
	if _, unseen := attr(n, "hidden"); unseen || kind == "hidden" {
		return
	}
	id, _ := attr(n, "id")
	label, _ := attr(n, "aria-label")
	inLabel := slices.ContainsFunc(above, func(p *html.Node) bool { return p.Data == "label" && words(p) != "" })
	if !d.labels[id] && label == "" && !inLabel {
		name, _ := attr(n, "name")
		d.t.Errorf("%s: control %q has no label", d.name, name)
	}
}

// named wants words in what can be pressed.
func (d *document) named(n *html.Node) {
	label, _ := attr(n, "aria-label")
	if label == "" && words(n) == "" {
		d.t.Errorf("%s: a <%s> without words (%v)", d.name, n.Data, n.Attr)
	}
}

// form wants the CSRF field where it posts to this site, and nowhere else: another site must not learn it.
func (d *document) form(n *html.Node) {
	method, _ := attr(n, "method")
	if method != "post" {
		return
	}
	found := false
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if name, _ := attr(n, "name"); n.Data == "input" && name == "csrf" {
			value, _ := attr(n, "value")
			found = value == "csrf-value"
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	if action, _ := attr(n, "action"); found != strings.HasPrefix(action, "/") {
		d.t.Errorf("%s: form %q posts without the CSRF value, to another site with it, or without an address", d.name, action)
	}
}

// words are the text of an element, the alternative texts of its pictures included.
func words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if alt, ok := attr(n, "alt"); ok {
			b.WriteString(alt)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.TrimSpace(b.String())
}

var void = strings.Fields("area base br col embed hr img input link meta source track wbr")

// wellFormed checks that every element is closed where it was opened: the parser of browsers would mend it silently.
func wellFormed(t *testing.T, name, doc string) {
	t.Helper()
	if !strings.HasPrefix(doc, "<!doctype html>") {
		t.Errorf("%s: does not begin with its doctype but with %.40q", name, doc)
	}
	var open []string
	z := html.NewTokenizer(strings.NewReader(doc))
	for {
		switch z.Next() {
		case html.ErrorToken:
			if len(open) > 0 {
				t.Errorf("%s: not closed: %v", name, open)
			}
			return
		case html.StartTagToken:
			tag, _ := z.TagName()
			if !slices.Contains(void, string(tag)) {
				open = append(open, string(tag))
			}
		case html.EndTagToken:
			tag, _ := z.TagName()
			if len(open) == 0 || open[len(open)-1] != string(tag) {
				t.Errorf("%s: </%s> closes %v", name, tag, open)
				return
			}
			open = open[:len(open)-1]
		}
	}
}
