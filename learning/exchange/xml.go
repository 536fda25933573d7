package exchange

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
)

// Bounds of an XML file of a package.
const (
	maxDepth = 64
	maxNodes = 100_000
)

// node is an element of an XML file, by its local name.
type node struct {
	name string
	attr map[string]string // by local name
	kids []*node
	text string // of the element itself, without that of its children
	line int
}

// parseXML reads an XML file. A document type is refused, and with it every entity of one's own; so is what nests too deep
// or goes on too long.
func parseXML(file string, data []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) { return charset.NewReaderLabel(label, in) }
	root := &node{}
	stack := []*node{root}
	for count := 0; ; count++ {
		line, _ := d.InputPos()
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if at := (*xml.SyntaxError)(nil); errors.As(err, &at) {
				return nil, flawed(file, at.Line, "This is not well-formed XML: %s.", printable(at.Msg))
			}
			return nil, flawed(file, line, "This XML cannot be read.")
		}
		if count > maxNodes {
			return nil, flawed(file, line, "This XML has more than %d parts.", maxNodes)
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.Directive:
			return nil, flawed(file, line, "A document type is not taken: it may name files of ours or grow without end. Please take “<!DOCTYPE …>” out.")
		case xml.StartElement:
			if len(stack) > maxDepth {
				return nil, flawed(file, line, "More than %d elements stand inside one another.", maxDepth)
			}
			n := &node{name: t.Name.Local, attr: map[string]string{}, line: line}
			for _, a := range t.Attr {
				if _, twice := n.attr[a.Name.Local]; !twice {
					n.attr[a.Name.Local] = a.Value
				}
			}
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.text += string(t)
		}
	}
	if len(root.kids) != 1 {
		return nil, flawed(file, 1, "This XML has no root element.")
	}
	return root.kids[0], nil
}

// xml reads an XML file of the package.
func (a *archive) xml(name string) (*node, error) {
	data, err := a.read(name, maxText)
	if err != nil {
		return nil, err
	}
	return parseXML(name, data)
}

// at finds the first element along a path of names; nil for none.
func (n *node) at(path ...string) *node {
	for _, name := range path {
		if n = n.kid(name); n == nil {
			return nil
		}
	}
	return n
}

func (n *node) kid(name string) *node {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// all lists the children of a name.
func (n *node) all(name string) (out []*node) {
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

// each visits every element below, in order.
func (n *node) each(visit func(*node)) {
	if n == nil {
		return
	}
	for _, k := range n.kids {
		visit(k)
		k.each(visit)
	}
}

// words is the text of the element, trimmed; "" for none.
func (n *node) words() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.text)
}
