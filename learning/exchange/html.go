package exchange

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page is what an HTML page says, as Markdown.
type page struct {
	title    string
	body     string
	video    string // of a page that shows one from the package
	captions string
	document string   // of a page that shows one
	lost     []string // elements that Markdown has no words for
}

// maxNested bounds how deep a page is followed; what stands deeper is read as plain text.
const maxNested = 60

// writer makes Markdown of a tree. Nothing of the page but text, links and pictures comes through: no script, style,
// attribute or element.
type writer struct {
	page
	b       strings.Builder
	resolve func(src string) (dest string, ok bool) // of pictures and files; what is not of the package is kept as it is
	depth   int
}

// readHTML reads a page; resolve finds the files it names in the package.
func readHTML(src string, resolve func(string) (string, bool)) (page, error) {
	doc, err := html.Parse(strings.NewReader(src))
	if err != nil {
		return page{}, err
	}
	w := &writer{resolve: resolve}
	var body *html.Node
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.DataAtom {
		case atom.Title:
			if w.title == "" && n.Parent != nil && n.Parent.DataAtom == atom.Head {
				w.title = strings.Join(strings.Fields(plainOf(n)), " ")
			}
		case atom.Body:
			body = n
		}
	}
	if body != nil {
		w.blocks(body)
	}
	w.body = tidied(w.b.String())
	return w.page, nil
}

// isBlock are the elements that stand on lines of their own.
func isBlock(n *html.Node) bool {
	if n.Type != html.ElementNode {
		return false
	}
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Center, atom.Details, atom.Dd, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption,
		atom.Figure, atom.Footer, atom.Form, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr, atom.Li, atom.Main, atom.Nav, atom.Ol, atom.P,
		atom.Pre, atom.Section, atom.Summary, atom.Table, atom.Ul, atom.Video, atom.Audio, atom.Iframe, atom.Object:
		return true
	}
	return false
}

// blocks writes what is in an element: runs of text become paragraphs.
func (w *writer) blocks(n *html.Node) {
	w.depth++
	defer func() { w.depth-- }()
	if w.depth > maxNested {
		w.para(escaped(plainOf(n)))
		return
	}
	var run []*html.Node
	flush := func() {
		var b strings.Builder
		for _, c := range run {
			w.inline(&b, c, 0)
		}
		run = nil
		w.para(b.String())
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if isBlock(c) || c.Type == html.ElementNode && holdsBlock(c, 0) {
			flush()
			w.block(c)
		} else {
			run = append(run, c)
		}
	}
	flush()
}

// holdsBlock tells whether an inline element holds blocks, as careless pages write it.
func holdsBlock(n *html.Node, depth int) bool {
	if depth > 12 {
		return false
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if isBlock(c) || holdsBlock(c, depth+1) {
			return true
		}
	}
	return false
}

func (w *writer) para(text string) {
	if text = trimmed(text); text != "" {
		w.b.WriteString(text + "\n\n")
	}
}

func (w *writer) block(n *html.Node) {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		var b strings.Builder
		w.children(&b, n, 0)
		if text := strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\\\n", " ")), " "); text != "" {
			w.b.WriteString(strings.Repeat("#", int(n.Data[1]-'0')) + " " + text + "\n\n")
		}
	case atom.Hr:
		w.b.WriteString("---\n\n")
	case atom.Pre:
		text := strings.Trim(plainOf(n), "\n")
		fence := "```"
		for strings.Contains(text, fence) {
			fence += "`"
		}
		w.b.WriteString(fence + language(n) + "\n" + text + "\n" + fence + "\n\n")
	case atom.Blockquote:
		w.indented(n, "> ", "> ")
	case atom.Ul, atom.Ol:
		w.list(n)
	case atom.Table:
		w.table(n)
	case atom.Video, atom.Audio, atom.Iframe, atom.Object:
		w.embedded(n)
	case atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Math, atom.Select, atom.Textarea, atom.Button:
		w.lose(n.Data)
	default:
		w.blocks(n)
	}
}

var languageRE = regexp.MustCompile(`(?:^|\s)language-([A-Za-z0-9+#.-]{1,30})`)

func language(n *html.Node) string {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if m := languageRE.FindStringSubmatch(attr(c, "class")); m != nil {
			return m[1]
		}
	}
	return ""
}

// indented writes an element within a quotation or list item: its first line behind first, the others behind rest.
func (w *writer) indented(n *html.Node, first, rest string) {
	inner := &writer{resolve: w.resolve, depth: w.depth}
	inner.blocks(n)
	w.take(inner.page)
	text := tidied(inner.b.String())
	if text == "" {
		return
	}
	sign := first
	for _, l := range strings.Split(text, "\n") {
		w.b.WriteString(strings.TrimRight(sign+l, " ") + "\n")
		sign = rest
	}
	w.b.WriteString("\n")
}

func (w *writer) take(p page) {
	for _, name := range p.lost {
		w.lose(name)
	}
	w.video, w.captions, w.document = firstOf(w.video, p.video), firstOf(w.captions, p.captions), firstOf(w.document, p.document)
}

func (w *writer) lose(name string) {
	if !slices.Contains(w.lost, name) && len(w.lost) < 20 {
		w.lost = append(w.lost, name)
	}
}

// list writes a list: close together when its items are lines, apart when they hold paragraphs.
func (w *writer) list(n *html.Node) {
	at := 1
	_, _ = fmt.Sscanf(attr(n, "start"), "%d", &at) // what is no number begins at 1
	var items []string
	loose := false
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type != html.ElementNode {
			continue
		}
		sign := "- "
		if n.DataAtom == atom.Ol && at >= 0 {
			sign = fmt.Sprintf("%d. ", at)
		}
		at++
		inner := &writer{resolve: w.resolve, depth: w.depth}
		inner.blocks(c)
		w.take(inner.page)
		text := tidied(inner.b.String())
		if text == "" {
			continue
		}
		if apart(c) {
			loose = true
		} else {
			text = strings.ReplaceAll(text, "\n\n", "\n")
		}
		items = append(items, sign+strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(sign))))
	}
	gap := "\n"
	if loose {
		gap = "\n\n"
	}
	text := strings.Join(items, gap)
	w.b.WriteString(blankRE.ReplaceAllString(text, "") + "\n\n")
}

var blankRE = regexp.MustCompile(`(?m)[ ]+$`)

// apart tells whether an item holds more than lines and lists.
func apart(item *html.Node) bool {
	for c := item.FirstChild; c != nil; c = c.NextSibling {
		if isBlock(c) && c.DataAtom != atom.Ul && c.DataAtom != atom.Ol {
			return true
		}
	}
	return false
}

// table writes a plain table; cells that span or hold blocks are read as text.
func (w *writer) table(n *html.Node) {
	var rows [][]string
	width := 0
	for r := range n.Descendants() {
		if r.DataAtom != atom.Tr || len(rows) >= 500 {
			continue
		}
		var row []string
		for c := r.FirstChild; c != nil; c = c.NextSibling {
			if c.DataAtom == atom.Td || c.DataAtom == atom.Th {
				var b strings.Builder
				w.children(&b, c, 0)
				row = append(row, cellRE.ReplaceAllString(strings.Join(strings.Fields(strings.ReplaceAll(b.String(), "\\\n", " ")), " "), `$1\|`))
			}
		}
		if len(row) > 0 && len(row) <= 50 {
			rows, width = append(rows, row), max(width, len(row))
		}
	}
	for i, row := range rows {
		for len(row) < width {
			row = append(row, "")
		}
		w.b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			w.b.WriteString(strings.Repeat("|---", width) + "|\n")
		}
	}
	w.b.WriteString("\n")
}

// cellRE finds what would end a cell: a bar in code, which is not escaped there.
var cellRE = regexp.MustCompile(`(^|[^\\])\|`)

// embedded takes a film or document of the package; anything else is told as lost, with its address as a link.
func (w *writer) embedded(n *html.Node) {
	src, captions := firstOf(attr(n, "src"), attr(n, "data")), ""
	for c := range n.Descendants() {
		switch c.DataAtom {
		case atom.Source:
			src = firstOf(src, attr(c, "src"))
		case atom.Track:
			captions = firstOf(captions, attr(c, "src"))
		}
	}
	file, ok := w.resolve(src)
	switch {
	case ok && n.DataAtom == atom.Video && w.video == "":
		w.video = file
		w.captions, _ = w.resolve(captions)
	case ok && (n.DataAtom == atom.Object || n.DataAtom == atom.Iframe) && strings.HasSuffix(strings.ToLower(file), ".pdf") && w.document == "":
		w.document = file
	default:
		w.lose(n.Data)
		if strings.HasPrefix(src, "https://") || strings.HasPrefix(src, "http://") {
			w.para("<" + strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20").Replace(src) + ">")
		}
	}
}

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
