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
