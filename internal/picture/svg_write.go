package picture

import (
	"bytes"
	"strconv"
	"strings"
)

// checkRoot wants a size to be drawn at: a viewBox, or width and height.
func checkRoot(root *node) error {
	box := strings.FieldsFunc(root.attr("viewBox"), func(r rune) bool { return r == ' ' || r == ',' })
	if len(box) == 4 {
		w, errW := strconv.ParseFloat(box[2], 64)
		h, errH := strconv.ParseFloat(box[3], 64)
		if errW == nil && errH == nil && w > 0 && h > 0 {
			return nil
		}
	}
	if length(root.attr("width")) > 0 && length(root.attr("height")) > 0 {
		return nil
	}
	return ErrSVGUnsound.Saying("This SVG does not say how large it is. Please export it with a viewBox, or with width and height.")
}

// length reads an absolute length without regard to its unit; 0 for a percentage or anything else.
func length(v string) float64 {
	f, err := strconv.ParseFloat(strings.TrimRight(v, "pxtcmin"), 64)
	if err != nil {
		return 0
	}
	return f
}

// drawing counts what a renderer will have to draw.
type drawing struct {
	byID      map[string]*node
	rules     []rule        // those that point to something
	selectors int           // how many selectors those have together
	cost      map[*node]int // -1 while the node is being counted
}

// maxSVGPointers is how many selectors may set a reference: each is tried on each element.
const maxSVGPointers = 200

// checkDrawing refuses a picture that shows nothing, one that draws itself without end, and one that repeats itself
// beyond measure (a "billion laughs" of <use>).
func checkDrawing(root *node) error {
	d := drawing{byID: map[string]*node{}, cost: map[*node]int{}}
	shapes := d.gather(root)
	if shapes == 0 {
		return ErrSVGRefused.Saying("Nothing that may be shown is left of this SVG. Please export it with plain shapes, or upload a PNG.")
	}
	if d.selectors > maxSVGPointers {
		return ErrSVGRefused.Saying("The style sheet of this SVG points to more than %d gradients or clips. Please simplify it or upload a PNG.", maxSVGPointers)
	}
	total, loops := d.count(root)
	switch {
	case loops:
		return ErrSVGRefused.Saying("This SVG refers to itself in a circle. Please export it again as plain SVG.")
	case total > maxSVGDrawn:
		return ErrSVGRefused.Saying("This SVG draws more than %d elements. Please simplify it or upload a PNG.", maxSVGDrawn)
	}
	return nil
}

func (d *drawing) gather(n *node) (shapes int) {
	if id := n.attr("id"); id != "" {
		d.byID[id] = n
	}
	for _, r := range n.rules {
		if strings.Contains(joinDeclarations(r.body), "url(#") {
			d.rules, d.selectors = append(d.rules, r), d.selectors+len(r.selectors)
		}
	}
	if isShape(n.name) {
		shapes++
	}
	for _, c := range n.children {
		shapes += d.gather(c)
	}
	return shapes
}

// count gives how many elements a node stands for, at most maxSVGDrawn+1, and whether it leads back to itself.
func (d *drawing) count(n *node) (total int, loops bool) {
	if c, known := d.cost[n]; known {
		return c, c < 0
	}
	d.cost[n] = -1
	total = 1
	next := append(d.references(n), n.children...)
	for _, c := range next {
		more, loops := d.count(c)
		if loops {
			return 0, true
		}
		total = min(total+more, maxSVGDrawn+1)
	}
	d.cost[n] = total
	return total, false
}

// references gives the nodes a node points to, by href, by attribute, and by the style sheet.
func (d *drawing) references(n *node) []*node {
	var out []*node
	point := func(id string) {
		if target := d.byID[id]; target != nil {
			out = append(out, target)
		}
	}
	within := func(a attr) {
		if id, _, found := cutReference(a.value); found {
			point(id)
		}
	}
	for _, a := range n.attrs {
		switch a.name {
		case "href":
			point(strings.TrimPrefix(a.value, "#"))
		case "style":
			for _, s := range parseDeclarations(a.value) {
				within(s)
			}
		default:
			within(a)
		}
	}
	if n.name == "" {
		return out
	}
	for _, r := range d.rules {
		if r.hits(n) {
			for _, s := range r.body {
				within(s)
			}
		}
	}
	return out
}

// write puts the element with all inside in its canonical form. A namespace stands on the root alone, as one more
// attribute.
func (n *node) write(b *bytes.Buffer) {
	if n.name == "" {
		escape(b, n.text)
		return
	}
	b.WriteString("<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + a.name + `="`)
		escape(b, a.value)
		b.WriteByte('"')
	}
	if len(n.children) == 0 && len(n.rules) == 0 {
		b.WriteString("/>")
		return
	}
	b.WriteByte('>')
	for _, r := range n.rules {
		escape(b, r.String())
	}
	for _, c := range n.children {
		c.write(b)
	}
	b.WriteString("</" + n.name + ">")
}

// escape writes text so that neither an XML nor an HTML parser can take it for markup.
func escape(b *bytes.Buffer, s string) {
	for _, r := range s {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '"':
			b.WriteString("&#34;")
		case '\'':
			b.WriteString("&#39;")
		case '\r', '\u0085', '\u2028', '\u2029':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
}
