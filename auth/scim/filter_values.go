package scim

import (
	"encoding/json"
	"strings"
	"time"
)

// literal reads a JSON value: false, null, true, a number or a string. bare is set for a word without quotation marks,
// which only some modes take.
func (p *parser) literal() (value any, bare bool, err error) {
	from := p.at
	if p.peek() == '"' {
		value, err := p.quoted()
		return value, false, err
	}
	for p.at < len(p.text) && strings.IndexByte(" \t()[]\"", p.text[p.at]) < 0 {
		p.at++
	}
	word := p.text[from:p.at]
	var v any
	if json.Unmarshal([]byte(word), &v) == nil {
		return v, false, nil
	}
	switch {
	case word == "":
		return nil, false, p.wrong(from, "the value is missing")
	case !p.q.BareWords:
		return nil, false, p.wrong(from, "a text stands without quotation marks")
	}
	return word, true, nil
}

func (p *parser) quoted() (string, error) {
	from := p.at
	for p.at++; p.at < len(p.text); p.at++ {
		switch p.text[p.at] {
		case '\\':
			p.at++
		case '"':
			p.at++
			var s string
			if err := json.Unmarshal([]byte(p.text[from:p.at]), &s); err != nil {
				return "", p.wrong(from, "the text in quotation marks is no JSON string")
			}
			return s, nil
		}
	}
	p.at = len(p.text)
	return "", p.wrong(from, "the quotation mark is not closed")
}

// operand brings a literal to the attribute's type; what says why it cannot be.
func (q Quirks) operand(a *Attribute, op Op, raw any, bare bool) (value any, what string) {
	if raw == nil {
		if op != Equal && op != NotEqual {
			return nil, "null can only be compared with eq and ne"
		}
		return nil, ""
	}
	switch a.Type {
	case TypeBoolean:
		if b, ok := q.boolean(raw); ok {
			return b, ""
		}
		return nil, a.Name + " is compared with true or false"
	case TypeInteger, TypeDecimal:
		if n, ok := raw.(float64); ok {
			return n, ""
		}
		return nil, a.Name + " is compared with a number"
	case TypeDateTime:
		s, _ := raw.(string)
		t, err := time.Parse(time.RFC3339Nano, s)
		switch {
		case err == nil:
			return t, ""
		case s != "" && (op == Contains || op == StartsWith || op == EndsWith):
			return s, ""
		}
		return nil, a.Name + " is compared with a time such as \"2026-01-31T08:00:00Z\""
	}
	if s, ok := raw.(string); ok {
		return s, ""
	}
	if q.BareWords && !bare { // emp 12 or a number where a text is meant
		b, _ := json.Marshal(raw)
		return string(b), ""
	}
	return nil, a.Name + " is compared with a text in quotation marks"
}
