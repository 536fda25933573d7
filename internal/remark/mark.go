package remark

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxText bounds a text in which passages are looked for, in bytes.
const maxText = 1 << 20

// letter is one of a text with white space as one space: where it stands.
type letter struct {
	node     int // which of the text nodes; -1: between two
	from, to int
}

// piece is a part of a text node that belongs to a passage.
type piece struct {
	from, to, number int
	last             bool
}

// blocks are elements whose text does not run on from what stands before them.
var blocks = []atom.Atom{
	atom.P, atom.Li, atom.Ul, atom.Ol, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Div, atom.Br, atom.Hr, atom.Tr, atom.Td, atom.Th, atom.Table,
	atom.Blockquote, atom.Pre, atom.Dl, atom.Dt, atom.Dd, atom.Figure, atom.Figcaption, atom.Section, atom.Details, atom.Summary,
}

// reader walks through a text.
type reader struct {
	nodes   []*html.Node
	words   strings.Builder
	letters []letter // by byte of words
}

func (r *reader) add(s string, l letter) {
	r.words.WriteString(s)
	for range len(s) {
		r.letters = append(r.letters, l)
	}
}

func (r *reader) space(l letter) {
	if n := len(r.letters); n > 0 && r.words.String()[n-1] != ' ' {
		r.add(" ", l)
	}
}

func (r *reader) walk(n *html.Node) {
	if n.Type == html.TextNode {
		at := len(r.nodes)
		r.nodes = append(r.nodes, n)
		for i := 0; i < len(n.Data); {
			c, size := utf8.DecodeRuneInString(n.Data[i:])
			if l := (letter{at, i, i + size}); unicode.IsSpace(c) {
				r.space(l)
			} else {
				r.add(n.Data[i:i+size], l)
			}
			i += size
		}
		return
	}
	apart := n.Type == html.ElementNode && slices.Contains(blocks, n.DataAtom)
	if apart {
		r.space(letter{node: -1})
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		r.walk(c)
	}
	if apart {
		r.space(letter{node: -1})
	}
}

// mark writes the text anew with marks around the passages that it has, and notes which those are.
func mark(text template.HTML, id string, said []Said) template.HTML {
	if len(text) > maxText {
		return text
	}
	top := &html.Node{Type: html.ElementNode, DataAtom: atom.Div, Data: "div"}
	nodes, err := html.ParseFragment(strings.NewReader(string(text)), top)
	if err != nil {
		return text // it is shown as it is
	}
	for _, n := range nodes {
		top.AppendChild(n)
	}
	r := &reader{}
	r.walk(top)
	words, pieces := r.words.String(), map[int][]piece{}
	taken := make([]bool, len(words))
	for i := range said {
		for k := range said[i].Notes {
			n := &said[i].Notes[k]
			at := strings.Index(words, n.Passage)
			if at < 0 || n.Passage == "" || slices.Contains(taken[at:at+len(n.Passage)], true) {
				continue
			}
			n.Found = true
			for b := range len(n.Passage) {
				taken[at+b] = true
			}
			r.cut(pieces, at, at+len(n.Passage), n.Number)
		}
	}
	for node, list := range pieces {
		slices.SortFunc(list, func(a, b piece) int { return a.from - b.from })
		around(r.nodes[node], list, id)
	}
	var out strings.Builder
	for c := top.FirstChild; c != nil; c = c.NextSibling {
		if err := html.Render(&out, c); err != nil {
			return text
		}
	}
	return template.HTML(out.String()) //nolint:gosec // of what was safe, with mark and a elements around
}

// cut notes which parts of text nodes a passage is made of.
func (r *reader) cut(pieces map[int][]piece, from, to, number int) {
	last := -1
	for _, l := range r.letters[from:to] {
		if l.node < 0 {
			continue
		}
		list := pieces[l.node]
		if n := len(list); n > 0 && list[n-1].number == number {
			list[n-1].to = l.to
		} else {
			list = append(list, piece{from: l.from, to: l.to, number: number})
		}
		pieces[l.node], last = list, l.node
	}
	if last >= 0 {
		pieces[last][len(pieces[last])-1].last = true
	}
}

func linkAround(n *html.Node) *html.Node {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.DataAtom == atom.A {
			return p
		}
	}
	return nil
}

// around puts marks around parts of a text node.
func around(n *html.Node, list []piece, id string) {
	at := 0
	put := func(c *html.Node) { n.Parent.InsertBefore(c, n) }
	words := func(s string) *html.Node { return &html.Node{Type: html.TextNode, Data: s} }
	for _, p := range list {
		if p.from > at {
			put(words(n.Data[at:p.from]))
		}
		m := &html.Node{Type: html.ElementNode, DataAtom: atom.Mark, Data: "mark", Attr: []html.Attribute{{Key: "class", Val: "remark"}}}
		m.AppendChild(words(n.Data[p.from:p.to]))
		if p.last {
			m.Attr = append(m.Attr, html.Attribute{Key: "id", Val: fmt.Sprintf("%s-%d", id, p.number)})
			a := &html.Node{Type: html.ElementNode, DataAtom: atom.A, Data: "a", Attr: []html.Attribute{{Key: "class", Val: "remark-number"}, {Key: "href", Val: fmt.Sprintf("#%s-said-%d", id, p.number)}}}
			a.AppendChild(words(fmt.Sprint(p.number)))
			if link := linkAround(n); link != nil {
				link.Parent.InsertBefore(a, link.NextSibling) // no link stands in another
			} else {
				m.AppendChild(a)
			}
		}
		put(m)
		at = p.to
	}
	if at < len(n.Data) {
		put(words(n.Data[at:]))
	}
	n.Parent.RemoveChild(n)
}
