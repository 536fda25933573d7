package scim

import (
	"strings"
)

// Path names an attribute of a resource, or a whole extension (RFC 7644 §3.10). An attribute that the resource type does
// not have leaves Attr nil and Unknown set.
type Path struct {
	Schema  *Schema    // the extension it is in; nil for the core schema and the common attributes
	Attr    *Attribute // nil when the path names the extension itself, or is unknown
	Sub     *Attribute // nil when it names the whole attribute
	Unknown string     // the name as it was written, when nothing has it
}

// String is the path as the standard writes it.
func (p Path) String() string {
	if p.Unknown != "" {
		return p.Unknown
	}
	var b strings.Builder
	if p.Schema != nil {
		b.WriteString(p.Schema.ID)
		if p.Attr == nil {
			return b.String()
		}
		b.WriteByte(':')
	}
	b.WriteString(p.Attr.Name)
	if p.Sub != nil {
		b.WriteByte('.')
		b.WriteString(p.Sub.Name)
	}
	return b.String()
}

// leaf is the attribute whose value the path names in the end.
func (p Path) leaf() *Attribute {
	if p.Sub != nil {
		return p.Sub
	}
	return p.Attr
}

// scope is what names are looked up in: a resource type, or within brackets one complex attribute of it.
type scope struct {
	rt     *ResourceType
	within *Attribute
}

// resolve finds what a written path names. The core schema's URN may stand before a name of its own.
func (s scope) resolve(word string) Path {
	if s.within != nil {
		if sub := s.within.sub(word); sub != nil {
			return Path{Attr: sub}
		}
		return Path{Unknown: word}
	}
	name, in := word, (*Schema)(nil)
	find := s.rt.find
	if strings.HasPrefix(strings.ToLower(word), "urn:") {
		schema, rest, ok := s.rt.prefixed(word)
		switch {
		case !ok, rest == "" && schema == s.rt.Core:
			return Path{Unknown: word}
		case rest == "":
			return Path{Schema: schema}
		case schema == s.rt.Core:
		default:
			in, find = schema, schema.attribute
		}
		name = rest
	}
	name, subName, dotted := strings.Cut(name, ".")
	attr := find(name)
	if attr == nil {
		return Path{Unknown: word}
	}
	p := Path{Schema: in, Attr: attr}
	if dotted {
		if p.Sub = attr.sub(subName); p.Sub == nil {
			return Path{Unknown: word}
		}
	}
	return p
}

// prefixed finds the schema whose URN a word begins with, and what stands after the colon behind it.
func (rt *ResourceType) prefixed(word string) (schema *Schema, rest string, ok bool) {
	for _, s := range append([]*Schema{rt.Core}, rt.Extensions...) {
		if len(word) < len(s.ID) || !strings.EqualFold(word[:len(s.ID)], s.ID) {
			continue
		}
		if len(word) == len(s.ID) {
			return s, "", true
		}
		if word[len(s.ID)] == ':' {
			return s, word[len(s.ID)+1:], true
		}
	}
	return nil, "", false
}

// PatchPath is the path of a patch operation (RFC 7644 §3.5.2, figure 7): an attribute, the values of a multi-valued one
// that a filter matches, or a sub-attribute of either.
type PatchPath struct {
	Path
	Filter Filter // nil without brackets
}

// ParsePath reads the path of a patch operation. What the resource type does not have comes back as Unknown, for the
// mode to judge. ErrInvalidPath.
func ParsePath(rt *ResourceType, text string, q Quirks) (PatchPath, error) {
	if len(text) > filterMax {
		return PatchPath{}, ErrInvalidPath.Saying("The path is longer than %d bytes.", filterMax)
	}
	p := parser{text: text, in: scope{rt: rt}, q: q}
	out, err := p.patchPath()
	if err != nil {
		return PatchPath{}, ErrInvalidPath.Saying("The path %q cannot be read: %s.", short(text), err.Error())
	}
	return out, nil
}

func (p *parser) patchPath() (PatchPath, error) {
	word, at := p.word()
	if word == "" {
		return PatchPath{}, p.wrong(at, "the name of an attribute is missing")
	}
	out := PatchPath{Path: p.in.resolve(word)}
	if p.peek() == '[' {
		if out.Unknown != "" {
			return out, p.skipBrackets()
		}
		if out.Attr == nil || out.Sub != nil || !out.Attr.Multi || out.Attr.Type != TypeComplex {
			return out, p.wrong(p.at, "only an attribute with several values may have a filter")
		}
		var err error
		if out.Filter, err = p.bracketed(out.Attr); err != nil {
			return out, err
		}
		if p.peek() == '.' {
			p.at++
			name, at := p.word()
			if out.Sub = out.Attr.sub(name); out.Sub == nil {
				if name == "" {
					return out, p.wrong(at, "the name of a sub-attribute is missing")
				}
				return PatchPath{Path: Path{Unknown: p.text}}, p.end()
			}
		}
	}
	return out, p.end()
}

// skipBrackets passes over the filter of an attribute that nobody knows: brackets must close, and that is all.
func (p *parser) skipBrackets() error {
	if i := strings.LastIndexByte(p.text, ']'); i > p.at {
		return nil
	}
	return p.wrong(p.at, "the bracket is not closed")
}

// short is a text as a message may hold it.
func short(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
