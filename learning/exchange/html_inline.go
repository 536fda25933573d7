package exchange

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func (w *writer) children(b *strings.Builder, n *html.Node, depth int) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.inline(b, c, depth+1)
	}
}

func (w *writer) inline(b *strings.Builder, n *html.Node, depth int) {
	switch {
	case n.Type == html.TextNode:
		b.WriteString(escaped(n.Data))
		return
	case n.Type != html.ElementNode:
		return
	case depth > maxNested:
		b.WriteString(escaped(plainOf(n)))
		return
	}
	switch n.DataAtom {
	case atom.Strong, atom.B:
		w.marked(b, n, "**", depth)
	case atom.Em, atom.I, atom.Cite:
		w.marked(b, n, "*", depth)
	case atom.Del, atom.S:
		w.marked(b, n, "~~", depth)
	case atom.Code, atom.Kbd, atom.Samp:
		text := strings.Join(strings.Fields(plainOf(n)), " ")
		fence := "`"
		for strings.Contains(text, fence) {
			fence += "`"
		}
		if text != "" {
			pad := ""
			if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
				pad = " "
			}
			b.WriteString(fence + pad + text + pad + fence)
		}
	case atom.Br:
		b.WriteString("\\\n")
	case atom.A:
		w.link(b, n, depth)
	case atom.Img:
		w.image(b, n)
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Svg, atom.Math, atom.Iframe, atom.Video, atom.Audio, atom.Object, atom.Embed, atom.Input, atom.Select, atom.Textarea, atom.Button, atom.Canvas:
		w.lose(n.Data)
	default:
		w.children(b, n, depth)
	}
}

// marked writes emphasis so that Markdown takes it for that: the marks next to the words.
func (w *writer) marked(b *strings.Builder, n *html.Node, mark string, depth int) {
	var inner strings.Builder
	w.children(&inner, n, depth)
	text := inner.String()
	core := strings.TrimSpace(text)
	if core == "" || strings.Contains(core, mark) || strings.HasSuffix(core, "\\") {
		b.WriteString(text)
		return
	}
	at := strings.Index(text, core)
	b.WriteString(text[:at] + mark + core + mark + text[at+len(core):])
}

func (w *writer) link(b *strings.Builder, n *html.Node, depth int) {
	var inner strings.Builder
	w.children(&inner, n, depth)
	text, href := inner.String(), strings.TrimSpace(attr(n, "href"))
	outside := strings.HasPrefix(href, "https://") || strings.HasPrefix(href, "http://") || strings.HasPrefix(href, "mailto:")
	if !outside || strings.TrimSpace(text) == "" {
		if file, ok := w.resolve(href); ok && strings.HasSuffix(strings.ToLower(file), ".pdf") && w.document == "" {
			w.document = file
		}
		b.WriteString(text)
		return
	}
	b.WriteString("[" + strings.ReplaceAll(strings.TrimSpace(text), "\n", " ") + "](" + destination(href) + ")")
}

func (w *writer) image(b *strings.Builder, n *html.Node) {
	src := strings.TrimSpace(attr(n, "src"))
	alt, said := attrOf(n, "alt")
	if src == "" || strings.HasPrefix(src, "data:") {
		w.lose("img")
		b.WriteString(escaped(alt))
		return
	}
	to := destination(src)
	if file, ok := w.resolve(src); ok {
		to = inPackage(file)
	}
	decorative := ""
	if said && strings.TrimSpace(alt) == "" {
		decorative = ` "decorative"`
	}
	b.WriteString("![" + escaped(strings.Join(strings.Fields(alt), " ")) + "](" + to + decorative + ")")
}

func destination(to string) string {
	return strings.NewReplacer(" ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "\\", "%5C", "\n", "", "\t", "").Replace(to)
}

func attr(n *html.Node, name string) string {
	v, _ := attrOf(n, name)
	return v
}

func attrOf(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name && a.Namespace == "" {
			return a.Val, true
		}
	}
	return "", false
}

// plainOf is the text of an element and what is below it.
func plainOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
		if c.DataAtom == atom.Br {
			b.WriteString("\n")
		}
	}
	return b.String()
}

var (
	marks = regexp.MustCompile("([\\\\`*_\\[\\]<>~|])")
	runs  = regexp.MustCompile(`[ \t\r\n\f]+`)
	// begins are signs that mean something at the beginning of a line alone.
	begins = regexp.MustCompile(`^([-+#=]|\d{1,9}[.)])(\s|$|[-+#=])`)
)

// escaped is text so that Markdown reads it as nothing but text.
func escaped(text string) string {
	text = runs.ReplaceAllString(strings.ToValidUTF8(text, ""), " ")
	text = marks.ReplaceAllString(text, `\$1`)
	return strings.ReplaceAll(text, "&", "&amp;")
}

// trimmed takes blanks and line breaks off the ends of a paragraph, and disarms what only means something at its beginning.
func trimmed(text string) string {
	text = strings.TrimSpace(text)
	for strings.HasSuffix(text, "\\\n") || strings.HasSuffix(text, "\\") && !strings.HasSuffix(text, `\\`) {
		text = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\\"))
	}
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		l = strings.TrimLeft(l, " ")
		if m := begins.FindStringSubmatchIndex(l); m != nil {
			at := m[3] - 1 // the sign itself, or the stop behind a number
			l = l[:at] + `\` + l[at:]
		}
		lines[i] = l
	}
	return strings.Join(lines, "\n")
}

var gaps = regexp.MustCompile(`\n{3,}`)

func tidied(s string) string { return strings.Trim(gaps.ReplaceAllString(s, "\n\n"), "\n ") }
