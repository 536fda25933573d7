package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"lyceum/internal/fault"
)

const (
	// MaxSVGBytes is the largest SVG taken.
	MaxSVGBytes = 256 << 10
	// maxSVGDepth is how deep elements may nest.
	maxSVGDepth = 48
	// maxSVGDrawn is how many elements may be drawn, each <use> and each reference counted with what it repeats.
	maxSVGDrawn = 20_000

	svgSpace   = "http://www.w3.org/2000/svg"
	xlinkSpace = "http://www.w3.org/1999/xlink"
	xmlSpace   = "http://www.w3.org/XML/1998/namespace"
)

var (
	// ErrSVGUnsound is an SVG that is no well-formed XML in UTF-8, or has no proper <svg> root.
	ErrSVGUnsound = fault.New(fault.KindInvalid, "svg_unsound", "This SVG file is damaged. Please export it again as plain SVG.")
	// ErrSVGRefused is an SVG with something in it that cannot simply be left out.
	ErrSVGRefused = fault.New(fault.KindInvalid, "svg_refused", "This SVG holds something that is not allowed.")
)

// SanitiseSVG reduces an SVG to shapes, text, gradients and plain filters, and writes it anew in a canonical form:
// sanitising the result changes nothing. What cannot be seen is left out silently: scripts, event attributes,
// foreign objects, animation, links (their content stays), editors' data, comments, styles beyond plain properties,
// and every address outside the file. What would change the picture or points to an attack is refused with a
// sentence that names it: a document type, processing instructions, embedded pictures, a second root, a size beyond
// MaxSVGBytes, nesting and repetition beyond measure. Errors are ErrTooLarge, ErrSVGUnsound and ErrSVGRefused.
func SanitiseSVG(data []byte) ([]byte, error) {
	if len(data) > MaxSVGBytes {
		return nil, ErrTooLarge.Saying("This SVG has %d KB; at most %d KB are allowed. Please simplify it or upload a PNG.", (len(data)+1023)>>10, MaxSVGBytes>>10)
	}
	root, err := parseSVG(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		return nil, err
	}
	if err := checkRoot(root); err != nil {
		return nil, err
	}
	if err := checkDrawing(root); err != nil {
		return nil, err
	}
	root.attrs = append([]attr{{"xmlns", svgSpace}}, root.attrs...)
	var b bytes.Buffer
	root.write(&b)
	return b.Bytes(), nil
}

// node is an element that passed, or a run of text when name is empty.
type node struct {
	name     string
	text     string
	attrs    []attr // in order of name
	children []*node
	rules    []rule // of a <style>
}

type attr struct{ name, value string }

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// svgParser keeps what is open while tokens come in.
type svgParser struct {
	decoder *xml.Decoder
	root    *node
	open    []*node
	ids     map[string]bool
}

func parseSVG(data []byte) (*node, error) {
	p := &svgParser{decoder: xml.NewDecoder(bytes.NewReader(data)), ids: map[string]bool{}}
	for {
		token, err := p.decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, unsoundXML(err)
		}
		if err := p.take(token); err != nil {
			return nil, err
		}
	}
	if p.root == nil {
		return nil, ErrSVGUnsound.Saying("This file has no <svg> element. Please export it again as plain SVG.")
	}
	return p.root, nil
}

func unsoundXML(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "encoding"):
		return ErrSVGUnsound.Saying("This SVG is not written in UTF-8. Please export it again as UTF-8.").Because(err)
	case strings.Contains(text, "entity"):
		return ErrSVGRefused.Saying("This SVG uses an entity of its own. Please export it again as plain SVG, without a document type.").Because(err)
	}
	return ErrSVGUnsound.Because(fmt.Errorf("read svg: %w", err))
}

func (p *svgParser) take(token xml.Token) error {
	switch t := token.(type) {
	case xml.ProcInst:
		if t.Target != "xml" || p.root != nil {
			return ErrSVGRefused.Saying("This SVG holds a processing instruction (<?%s …?>). Please export it again as plain SVG.", clip(t.Target))
		}
	case xml.Directive:
		return ErrSVGRefused.Saying("This SVG opens with a document type (<!DOCTYPE …>). Please export it again without one, as plain SVG.")
	case xml.CharData:
		return p.characters(string(t))
	case xml.StartElement:
		return p.start(t)
	case xml.EndElement:
		p.end()
	}
	return nil
}

func (p *svgParser) characters(text string) error {
	if len(p.open) == 0 {
		if strings.TrimSpace(text) != "" {
			return ErrSVGUnsound.Saying("This SVG has text outside its <svg> element. Please export it again as plain SVG.")
		}
		return nil
	}
	parent := p.open[len(p.open)-1]
	if !holdsText(parent.name) {
		return nil
	}
	if last := len(parent.children) - 1; last >= 0 && parent.children[last].name == "" {
		parent.children[last].text += text
		return nil
	}
	parent.children = append(parent.children, &node{text: text})
	return nil
}

func (p *svgParser) start(t xml.StartElement) error {
	name, verdict := judge(t.Name)
	switch {
	case p.root != nil && len(p.open) == 0:
		return ErrSVGUnsound.Saying("This file has more than one root element. Please export it again as plain SVG.")
	case p.root == nil && (name != "svg" || verdict != keep):
		return ErrSVGUnsound.Saying("This file has no <svg> element at its root. Please export it again as plain SVG.")
	case verdict == refuse:
		return ErrSVGRefused.Saying("This SVG embeds a picture (<%s>). Please export it with shapes only, or upload a PNG.", name)
	case verdict == drop:
		return p.skip()
	case len(p.open) >= maxSVGDepth:
		return ErrSVGRefused.Saying("The elements of this SVG are nested more than %d deep. Please flatten its groups and export it again.", maxSVGDepth)
	}
	n := &node{name: name, attrs: p.attributes(name, t.Attr)}
	if p.root == nil {
		p.root = n
	} else {
		parent := p.open[len(p.open)-1]
		parent.children = append(parent.children, n)
	}
	p.open = append(p.open, n)
	return nil
}

// skip reads past an element with everything in it, and still refuses a document type or the like in there.
func (p *svgParser) skip() error {
	for depth := 1; depth > 0; {
		token, err := p.decoder.Token()
		if err != nil {
			return unsoundXML(err)
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.Directive, xml.ProcInst:
			if err := p.take(token); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *svgParser) end() {
	n := p.open[len(p.open)-1]
	p.open = p.open[:len(p.open)-1]
	if n.name == "style" {
		text := ""
		for _, c := range n.children {
			text += c.text
		}
		n.rules, n.children = parseRules(text), nil
	}
	kept := n.children[:0]
	for _, c := range n.children {
		dead := c.name == "use" && c.attr("href") == "" || c.name == "style" && len(c.rules) == 0
		if !dead {
			kept = append(kept, c)
		}
	}
	n.children = kept
}

// attributes keeps what the allow-list knows and whose value has the form it must have. The first of two with one
// name stands; an id is kept for its first bearer only.
func (p *svgParser) attributes(element string, in []xml.Attr) []attr {
	var out []attr
	seen := map[string]bool{}
	for _, a := range in {
		name := a.Name.Local
		switch a.Name.Space {
		case "":
		case xlinkSpace, "xlink":
			if name != "href" {
				continue
			}
		case xmlSpace:
			if name != "space" {
				continue
			}
			name = "xml:space"
		default:
			continue
		}
		value, ok := cleanAttribute(element, name, a.Value)
		if !ok || seen[name] || name == "id" && p.ids[value] {
			continue
		}
		seen[name] = true
		if name == "id" {
			p.ids[value] = true
		}
		out = append(out, attr{name, value})
	}
	sortAttributes(out)
	return out
}

// clip shortens what a stranger wrote before it goes into a sentence.
func clip(s string) string {
	if r := []rune(s); len(r) > 24 {
		return string(r[:24]) + "…"
	}
	return s
}
