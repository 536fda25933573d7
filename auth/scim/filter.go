package scim

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Bounds of a filter or path.
const (
	filterMax      = 4096 // bytes
	filterTermsMax = 100  // comparisons
	filterDepthMax = 20   // brackets within brackets
)

// Op is a comparison (RFC 7644 §3.4.2.2, table 3).
type Op string

// The comparisons.
const (
	Equal          Op = "eq"
	NotEqual       Op = "ne"
	Contains       Op = "co"
	StartsWith     Op = "sw"
	EndsWith       Op = "ew"
	Present        Op = "pr"
	Greater        Op = "gt"
	GreaterOrEqual Op = "ge"
	Less           Op = "lt"
	LessOrEqual    Op = "le"
)

var operators = map[Op]bool{
	Equal: true, NotEqual: true, Contains: true, StartsWith: true, EndsWith: true, Present: true,
	Greater: true, GreaterOrEqual: true, Less: true, LessOrEqual: true,
}

// Filter is a condition over resources: Logical, Not, Compare or ValuePath.
type Filter interface{ filter() }

// Logical holds when all of its parts do, or with Or any of them.
type Logical struct {
	Or    bool
	Parts []Filter
}

// Not holds when its part does not.
type Not struct{ Of Filter }

// Compare holds when any value of the attribute compares so. Value is nil (null), bool, float64, string or, for a
// dateTime, time.Time.
type Compare struct {
	Path  Path
	Op    Op
	Value any
}

// ValuePath holds when one value of a multi-valued attribute fulfils the whole of the filter within the brackets.
type ValuePath struct {
	Path Path
	Of   Filter
}

func (Logical) filter()   {}
func (Not) filter()       {}
func (Compare) filter()   {}
func (ValuePath) filter() {}

// ParseFilter reads a filter (RFC 7644 §3.4.2.2). `and` binds before `or`, `not` before both; words are read in any
// case. ErrInvalidFilter names the position, counted in bytes from 1.
func ParseFilter(rt *ResourceType, text string, q Quirks) (Filter, error) {
	if len(text) > filterMax {
		return nil, ErrInvalidFilter.Saying("The filter is longer than %d bytes.", filterMax)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return nil, ErrInvalidFilter.Saying("The filter is not valid UTF-8.")
	}
	p := parser{text: text, in: scope{rt: rt}, q: q}
	f, err := p.or()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return nil, ErrInvalidFilter.Saying("The filter cannot be read: %s.", err.Error())
	}
	return f, nil
}

// parser reads filters and paths by recursive descent.
type parser struct {
	text  string
	at    int
	depth int
	terms int
	in    scope
	q     Quirks
}

// misread is what is wrong and where. It becomes the detail of a fault.
type misread struct {
	at   int
	what string
}

func (m misread) Error() string { return fmt.Sprintf("at position %d %s", m.at+1, m.what) }

func (p *parser) wrong(at int, format string, args ...any) error {
	return misread{at, fmt.Sprintf(format, args...)}
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) spaces() {
	for p.peek() == ' ' || p.peek() == '\t' {
		p.at++
	}
}

func (p *parser) end() error {
	if p.spaces(); p.at < len(p.text) {
		return p.wrong(p.at, "something stands that does not belong there")
	}
	return nil
}

// word takes a name, with its URN before it and its sub-attribute behind it. No filter begins with a digit.
func (p *parser) word() (string, int) {
	p.spaces()
	from := p.at
	for p.at < len(p.text) && nameByte(p.text[p.at]) {
		p.at++
	}
	return p.text[from:p.at], from
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_$.:", c) >= 0
}

// keyword takes the word when it is next, in any case, and a name ends there.
func (p *parser) keyword(word string) bool {
	p.spaces()
	end := p.at + len(word)
	if end > len(p.text) || !strings.EqualFold(p.text[p.at:end], word) || end < len(p.text) && nameByte(p.text[end]) {
		return false
	}
	p.at = end
	return true
}

func (p *parser) or() (Filter, error)  { return p.joined("or", p.and) }
func (p *parser) and() (Filter, error) { return p.joined("and", p.term) }

func (p *parser) joined(word string, next func() (Filter, error)) (Filter, error) {
	first, err := next()
	if err != nil {
		return nil, err
	}
	parts := []Filter{first}
	for p.keyword(word) {
		more, err := next()
		if err != nil {
			return nil, err
		}
		parts = append(parts, more)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return Logical{Or: word == "or", Parts: parts}, nil
}

func (p *parser) term() (Filter, error) {
	p.spaces()
	from := p.at
	if p.keyword("not") {
		if p.spaces(); p.peek() == '(' {
			of, err := p.grouped()
			return Not{of}, err
		}
		p.at = from // an attribute may be called so
	}
	if p.peek() == '(' {
		return p.grouped()
	}
	if p.terms++; p.terms > filterTermsMax {
		return nil, p.wrong(from, "there are more than %d comparisons", filterTermsMax)
	}
	word, at := p.word()
	if word == "" {
		return nil, p.wrong(at, "the name of an attribute is missing")
	}
	path := p.in.resolve(word)
	if path.Unknown != "" && !p.q.PassUnknown {
		return nil, p.wrong(at, "%q is no attribute here", short(word))
	}
	if p.peek() == '[' {
		return p.valuePath(path, at)
	}
	return p.comparison(path, at)
}

// deeper runs fn one level down.
func (p *parser) deeper(fn func() (Filter, error)) (Filter, error) {
	if p.depth++; p.depth > filterDepthMax {
		return nil, p.wrong(p.at, "brackets are nested more than %d deep", filterDepthMax)
	}
	f, err := fn()
	p.depth--
	return f, err
}

func (p *parser) grouped() (Filter, error) {
	from := p.at
	p.at++
	f, err := p.deeper(p.or)
	if err != nil {
		return nil, err
	}
	if p.spaces(); p.peek() != ')' {
		return nil, p.wrong(from, "a bracket is not closed")
	}
	p.at++
	return f, nil
}

// bracketed reads the filter over the sub-attributes of one attribute.
func (p *parser) bracketed(attr *Attribute) (Filter, error) {
	from, outer := p.at, p.in
	if outer.within != nil {
		return nil, p.wrong(from, "brackets stand within brackets")
	}
	p.at++
	p.in = scope{within: attr}
	f, err := p.deeper(p.or)
	p.in = outer
	if err != nil {
		return nil, err
	}
	if p.spaces(); p.peek() != ']' {
		return nil, p.wrong(from, "the bracket is not closed")
	}
	p.at++
	return f, nil
}

// valuePath reads `emails[…]`, and what Entra ID asks when an e-mail address is its matching attribute:
// `emails[type eq "work"].value eq "x"`, which means the same as the comparison within the brackets.
func (p *parser) valuePath(path Path, at int) (Filter, error) {
	if path.Attr == nil || path.Sub != nil || !path.Attr.Multi || path.Attr.Type != TypeComplex {
		return nil, p.wrong(at, "only an attribute with several values may have a filter in brackets")
	}
	of, err := p.bracketed(path.Attr)
	if err != nil || p.peek() != '.' {
		return ValuePath{path, of}, err
	}
	p.at++
	name, at := p.word()
	sub := scope{within: path.Attr}.resolve(name)
	if sub.Attr == nil {
		return nil, p.wrong(at, "%q is no sub-attribute of %s", short(name), path.Attr.Name)
	}
	compare, err := p.comparison(sub, at)
	if err != nil {
		return nil, err
	}
	return ValuePath{path, Logical{Parts: []Filter{of, compare}}}, nil
}

// comparison reads the operator and the value behind an attribute.
func (p *parser) comparison(path Path, at int) (Filter, error) {
	word, opAt := p.word()
	op := Op(strings.ToLower(word))
	if !operators[op] {
		return nil, p.wrong(opAt, "an operator is missing: eq, ne, co, sw, ew, pr, gt, ge, lt or le")
	}
	if op == Present {
		return Compare{Path: path, Op: op}, nil
	}
	path, err := p.comparable(path, op, at)
	if err != nil {
		return nil, err
	}
	p.spaces()
	valueAt := p.at
	raw, bare, err := p.literal()
	if err != nil {
		return nil, err
	}
	if path.Attr == nil {
		return Compare{path, op, raw}, nil
	}
	value, what := p.q.operand(path.leaf(), op, raw, bare)
	if what != "" {
		return nil, p.wrong(valueAt, "%s", what)
	}
	return Compare{path, op, value}, nil
}

// comparable brings a complex attribute to its value (RFC 7644 §3.4.2.2: emails means emails.value), and refuses what the
// attribute's type cannot be asked.
func (p *parser) comparable(path Path, op Op, at int) (Path, error) {
	if path.Unknown != "" {
		return path, nil
	}
	if path.Attr == nil {
		return path, p.wrong(at, "%s is a schema: name an attribute of it", path)
	}
	if path.leaf().Type == TypeComplex {
		if path.Sub = path.Attr.sub("value"); path.Sub == nil {
			return path, p.wrong(at, "%s has parts: name the one to compare", path.Attr.Name)
		}
	}
	switch t := path.leaf().Type; {
	case t == TypeBoolean && op != Equal && op != NotEqual,
		t == TypeBinary && op != Equal && op != NotEqual && op != Contains && op != StartsWith && op != EndsWith:
		return path, p.wrong(at, "%s is %s and cannot be compared with %s", path, t, op)
	}
	return path, nil
}
