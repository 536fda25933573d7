package markdown

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// Image is a picture that a text shows: its destination as the author wrote it, and its alternative text, which is
// empty when the author gave none. Decorative is one whose author says that it tells nothing: its title is Decorative.
// Line is where it stands, counted from 1.
type Image struct {
	Dest       string
	Alt        string
	Decorative bool
	Line       int
}

// Decorative is the title that says that a picture tells nothing, so that it needs no alternative text:
// ![](file:ID "decorative"). It is never shown.
const Decorative = "decorative"

// Images lists the pictures of a text in order, one that is shown twice twice. A text that Check refuses shows none.
func Images(src string) []Image {
	if Check(src) != nil {
		return nil
	}
	source := []byte(src)
	var out []Image
	each(parse(source), func(n ast.Node) {
		if img, ok := n.(*ast.Image); ok {
			out = append(out, Image{Dest: destination(img.Destination), Alt: plain(img, source), Decorative: string(img.Title) == Decorative, Line: lineOf(img, source)})
		}
	})
	return out
}

// lineOf tells on which line a picture stands: that of its own text, else that of what stands before it.
func lineOf(n ast.Node, source []byte) int {
	if t, ok := n.FirstChild().(*ast.Text); ok {
		return lineAt(source, t.Segment.Start)
	}
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock {
			if n.Lines() != nil && n.Lines().Len() > 0 {
				return lineAt(source, n.Lines().At(0).Start)
			}
			continue
		}
		down := 0
		for before := n.PreviousSibling(); before != nil; before = before.PreviousSibling() {
			switch t := before.(type) {
			case *ast.Text:
				if t.SoftLineBreak() || t.HardLineBreak() {
					down++
				}
				if t.Segment.Stop > 0 {
					return lineAt(source, t.Segment.Stop-1) + down
				}
			case *ast.Image:
				return lineOf(t, source) + down
			}
		}
	}
	return 1
}

func lineAt(source []byte, offset int) int {
	return 1 + bytes.Count(source[:min(offset, len(source))], []byte("\n"))
}

// PlainText gives the words of a text without its marks, a line for each block, for search and excerpts. Pictures
// give their alternative text, links their text, code its lines. A text that Check refuses is given as it is.
func PlainText(src string) string {
	if Check(src) != nil {
		return src
	}
	source := []byte(src)
	return plain(parse(source), source)
}

// Words counts the words of a text: runs of letters and digits. In scripts without spaces each character counts.
func Words(src string) int {
	n, within := 0, false
	for _, r := range PlainText(src) {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
			n, within = n+1, false
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if !within {
				n, within = n+1, true
			}
		case within && (unicode.IsMark(r) || strings.ContainsRune("'’-", r)): // don’t, re-use
		default:
			within = false
		}
	}
	return n
}

func parse(source []byte) ast.Node { return engine().Parser().Parse(text.NewReader(source)) }

// plain gathers the text of a node and what is below it.
func plain(root ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // fails only when the visitor does
		if !entering {
			switch {
			case n.Kind() == extast.KindTableCell:
				b.WriteByte(' ')
			case n.Type() == ast.TypeBlock:
				b.WriteByte('\n')
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			value := n.Segment.Value(source)
			if n.IsRaw() || n.Parent() != nil && n.Parent().Kind() == ast.KindCodeSpan {
				b.Write(value)
			} else {
				b.WriteString(destination(value))
			}
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(source))
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			lines := n.Lines()
			for i := range lines.Len() {
				line := lines.At(i)
				b.Write(line.Value(source))
			}
		}
		return ast.WalkContinue, nil
	})
	return tidy(b.String())
}

// tidy drops empty lines and blanks at the ends of lines.
func tidy(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
