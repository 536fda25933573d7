// Package xmltree reads the XML of strangers into a tree that can be trusted to be what its bytes say: no DTD, one
// reading only (bytes that Go's XML parser reads twice in two ways are refused), bounded depth and number of elements, no
// attribute twice, no comment in the middle of a value. It knows namespaces, and nothing of SAML or signatures.
package xmltree

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"
	roundtrip "github.com/mattermost/xml-roundtrip-validator"
)

// Bounds of one document. An honest response has about fifty elements and one more for every group of a person. The last two
// are there because canonicalisation takes comments out one by one, and copies the namespaces in scope for each element.
const (
	maxDepth      = 64
	maxElements   = 20000
	maxAttributes = 64  // of one element
	maxScope      = 64  // namespace declarations on an element and all around it
	maxComments   = 100 // comments and processing instructions
)

// Reasons of a Problem.
const (
	ReasonXML     = "xml"     // not well-formed, ambiguous, or beyond the bounds
	ReasonDTD     = "dtd"     // a document type declaration: entities, external files
	ReasonComment = "comment" // a comment or processing instruction inside a value
	ReasonIDs     = "ids"     // an ID twice, empty, or under a prefix
)

// Problem says why a document is not read.
type Problem struct {
	Reason string
	Detail string
	Cause  error
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Reason + ": " + p.Detail }

// Unwrap gives the parser's own error.
func (p *Problem) Unwrap() error { return p.Cause }

func problem(reason string, cause error, format string, args ...any) *Problem {
	return &Problem{Reason: reason, Detail: fmt.Sprintf(format, args...), Cause: cause}
}

// Parse reads one document and gives its root. All faults are *Problem.
func Parse(raw []byte) (*etree.Element, error) {
	raw = bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(raw) {
		return nil, problem(ReasonXML, nil, "the document is not UTF-8")
	}
	if err := scan(raw); err != nil {
		return nil, err
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{MaxDepth: maxDepth, PreserveDuplicateAttrs: true}
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, problem(ReasonXML, err, "the document is not well-formed XML")
	}
	root, err := onlyRoot(doc)
	if err != nil {
		return nil, err
	}
	return root, wholeValues(root)
}

// scan walks the tokens without building anything: a bomb must not cost memory.
func scan(raw []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(raw))
	dec.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("charset %q", charset)
	}
	elements, comments := 0, 0
	scope := []int{0} // namespace declarations in scope, by depth
	for {
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return problem(ReasonXML, err, "the document is not well-formed XML in UTF-8")
		}
		// Go's decoder and encoder disagree on some names and prefixes; what does not survive a round trip was made for that.
		if err := roundtrip.CheckToken(token); err != nil {
			return problem(ReasonXML, err, "the document does not survive being read and written again")
		}
		switch t := token.(type) {
		case xml.Directive:
			return problem(ReasonDTD, nil, "the document has a document type declaration; SAML has none")
		case xml.StartElement:
			elements++
			scope = append(scope, scope[len(scope)-1]+declarations(t))
			if len(scope) > maxDepth+1 || elements > maxElements || len(t.Attr) > maxAttributes || scope[len(scope)-1] > maxScope {
				return problem(ReasonXML, nil, "the document is too deep or has too many elements, attributes or namespaces")
			}
			if err := names(t); err != nil {
				return err
			}
		case xml.EndElement:
			if len(scope) > 1 { // tags that do not match are found by the tree
				scope = scope[:len(scope)-1]
			}
		case xml.Comment, xml.ProcInst:
			if comments++; comments > maxComments {
				return problem(ReasonXML, nil, "the document has more than %d comments", maxComments)
			}
		}
	}
}

func declarations(el xml.StartElement) (n int) {
	for _, a := range el.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			n++
		}
	}
	return n
}

// names refuses an attribute that stands twice, and names with a colon beyond the one after a prefix (Namespaces in XML
// §4), which readers split in different places.
func names(el xml.StartElement) error {
	seen := make(map[xml.Name]bool, len(el.Attr))
	plain := func(n xml.Name) bool { return !strings.Contains(n.Space, ":") && !strings.Contains(n.Local, ":") }
	if !plain(el.Name) {
		return problem(ReasonXML, nil, "the name of an element has a colon where none belongs")
	}
	for _, a := range el.Attr {
		if !plain(a.Name) {
			return problem(ReasonXML, nil, "the name of an attribute has a colon where none belongs")
		}
		if seen[a.Name] {
			return problem(ReasonXML, nil, "an element has the attribute %.60q twice", a.Name.Local)
		}
		seen[a.Name] = true
	}
	return nil
}

func onlyRoot(doc *etree.Document) (*etree.Element, error) {
	var root *etree.Element
	for _, token := range doc.Child {
		switch t := token.(type) {
		case *etree.Element:
			if root != nil {
				return nil, problem(ReasonXML, nil, "the document has more than one root")
			}
			root = t
		case *etree.CharData:
			if strings.TrimSpace(t.Data) != "" {
				return nil, problem(ReasonXML, nil, "the document has text outside its root")
			}
		}
	}
	if root == nil {
		return nil, problem(ReasonXML, nil, "the document is empty")
	}
	return root, nil
}

// wholeValues refuses a value that a comment or a processing instruction splits: parsers differ in which part they take
// (the comment injection of 2018, CVE-2017-11427 and its kin), and canonicalisation removes comments before signing.
func wholeValues(el *etree.Element) error {
	text, split := false, false
	for _, token := range el.Child {
		switch t := token.(type) {
		case *etree.CharData:
			text = text || strings.TrimSpace(t.Data) != ""
		case *etree.Comment, *etree.ProcInst:
			split = true
		case *etree.Element:
			if err := wholeValues(t); err != nil {
				return err
			}
		}
	}
	if text && split {
		return problem(ReasonComment, nil, "the value of <%.60s> has a comment or processing instruction in it", el.Tag)
	}
	return nil
}

// UniqueIDs refuses a tree in which an ID stands twice, whatever its letter case, is empty or has a prefix: two readers
// could hold different elements for the one that was signed. Both the tree and what was decrypted in it go through one seen.
func UniqueIDs(el *etree.Element, seen map[string]bool) error {
	for _, a := range el.Attr {
		if !strings.EqualFold(a.Key, "ID") || a.Space == "xmlns" {
			continue
		}
		switch {
		case a.Space != "":
			return problem(ReasonIDs, nil, "<%.60s> has an ID under a prefix", el.Tag)
		case a.Value == "":
			return problem(ReasonIDs, nil, "<%.60s> has an empty ID", el.Tag)
		case seen[a.Value]:
			return problem(ReasonIDs, nil, "an ID stands twice, the second time at <%.60s>", el.Tag)
		}
		seen[a.Value] = true
	}
	for _, c := range el.ChildElements() {
		if err := UniqueIDs(c, seen); err != nil {
			return err
		}
	}
	return nil
}

// Is tells whether an element has this name in this namespace.
func Is(el *etree.Element, namespace, tag string) bool {
	return el != nil && el.Tag == tag && el.NamespaceURI() == namespace
}

// Children gives the direct children of this name, in order.
func Children(el *etree.Element, namespace, tag string) (out []*etree.Element) {
	for _, c := range el.ChildElements() {
		if Is(c, namespace, tag) {
			out = append(out, c)
		}
	}
	return out
}

// Child gives the one direct child of this name: nil where there is none or more than one.
func Child(el *etree.Element, namespace, tag string) *etree.Element {
	if all := Children(el, namespace, tag); len(all) == 1 {
		return all[0]
	}
	return nil
}

// Count counts the elements of a local name in the whole tree, in any namespace.
func Count(el *etree.Element, tag string) (n int) {
	Walk(el, func(e *etree.Element) {
		if e.Tag == tag {
			n++
		}
	})
	return n
}

// Walk visits an element and everything in it.
func Walk(el *etree.Element, visit func(*etree.Element)) {
	visit(el)
	for _, c := range el.ChildElements() {
		Walk(c, visit)
	}
}

// Attr gives an attribute without a prefix, "" where it is missing. (etree's own look-up takes any prefix.)
func Attr(el *etree.Element, key string) string {
	for _, a := range el.Attr {
		if a.Space == "" && a.Key == key {
			return a.Value
		}
	}
	return ""
}

// Text gives the value of an element, trimmed; ok is false when it has child elements, which no plain value has.
func Text(el *etree.Element) (text string, ok bool) {
	var b strings.Builder
	for _, token := range el.Child {
		switch t := token.(type) {
		case *etree.CharData:
			b.WriteString(t.Data)
		case *etree.Element:
			return "", false
		}
	}
	return strings.TrimSpace(b.String()), true
}

// Detach copies an element out of its document together with the namespace declarations that are in scope there.
func Detach(el *etree.Element) *etree.Element {
	out := el.Copy()
	InheritScope(out, el.Parent())
	return out
}

// InheritScope gives el the namespace declarations in scope at parent that it does not make itself.
func InheritScope(el, parent *etree.Element) {
	declared := map[string]bool{}
	note := func(a etree.Attr) (name string, declares bool) {
		if a.Space == "xmlns" {
			return "xmlns:" + a.Key, true
		}
		return "xmlns", a.Space == "" && a.Key == "xmlns"
	}
	for _, a := range el.Attr {
		if name, declares := note(a); declares {
			declared[name] = true
		}
	}
	for up := parent; up != nil; up = up.Parent() {
		for _, a := range up.Attr {
			if name, declares := note(a); declares && !declared[name] {
				declared[name] = true
				el.CreateAttr(name, a.Value)
			}
		}
	}
}
