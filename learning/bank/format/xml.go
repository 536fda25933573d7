package format

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html/charset"
)

// Bounds of an XML file.
const (
	maxDepth = 64
	maxNodes = 300_000
)

// Node is an element of an XML file by its local name. Text and elements inside stand in Kids in their order; a text has
// no name.
type Node struct {
	Name string
	Attr map[string]string
	Kids []*Node
	Text string
	Line int
}

// XML reads a file. A document type is refused, and with it every entity of one's own: nothing is fetched and nothing
// grows. What nests too deep or goes on too long is refused by its line.
func XML(data []byte) (*Node, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) { return charset.NewReaderLabel(label, in) }
	root := &Node{}
	stack := []*Node{root}
	for count := 0; ; count++ {
		line, _ := d.InputPos()
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			if at := (*xml.SyntaxError)(nil); errors.As(err, &at) {
				line = at.Line
			}
			return nil, At(line, "This is not well-formed XML.")
		}
		if count > maxNodes {
			return nil, At(line, "This XML goes on for too long.")
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.Directive:
			return nil, At(line, "A document type is not taken. Please take “<!DOCTYPE …>” out.")
		case xml.StartElement:
			if len(stack) > maxDepth {
				return nil, At(line, "Too many elements stand inside one another.")
			}
			n := &Node{Name: t.Name.Local, Attr: map[string]string{}, Line: line}
			for _, a := range t.Attr {
				if _, twice := n.Attr[a.Name.Local]; !twice {
					n.Attr[a.Name.Local] = a.Value
				}
			}
			top.Kids = append(top.Kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			top.Kids = append(top.Kids, &Node{Text: string(t), Line: line})
		}
	}
	for _, k := range root.Kids {
		if k.Name != "" {
			return k, nil
		}
	}
	return nil, At(1, "This XML has no root element.")
}

// Kid finds the first child of a name; nil for none, and of nil.
func (n *Node) Kid(name string) *Node {
	if n == nil {
		return nil
	}
	for _, k := range n.Kids {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// All lists the children of a name.
func (n *Node) All(name string) (out []*Node) {
	if n == nil {
		return nil
	}
	for _, k := range n.Kids {
		if k.Name == name {
			out = append(out, k)
		}
	}
	return out
}

// Find finds the first element of a name at any depth; nil for none.
func (n *Node) Find(name string) *Node {
	if n == nil {
		return nil
	}
	for _, k := range n.Kids {
		if k.Name == name {
			return k
		}
		if f := k.Find(name); f != nil {
			return f
		}
	}
	return nil
}

// Walk does something with every element inside, and with the element itself.
func (n *Node) Walk(do func(*Node)) {
	if n == nil || n.Name == "" {
		return
	}
	do(n)
	for _, k := range n.Kids {
		k.Walk(do)
	}
}

// Words is all text inside, trimmed; "" of nil.
func (n *Node) Words() string {
	if n == nil {
		return ""
	}
	var b strings.Builder
	var walk func(*Node)
	walk = func(n *Node) {
		b.WriteString(n.Text)
		for _, k := range n.Kids {
			walk(k)
		}
	}
	walk(n)
	return strings.TrimSpace(b.String())
}

// Escape writes text for XML.
func Escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder never fails
	return b.String()
}
