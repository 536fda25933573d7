package picture

import (
	"regexp"
	"strings"
)

// rule is one rule of a <style>: selectors and what they set.
type rule struct {
	selectors []string
	body      []attr
}

// selectorPattern takes elements, classes and ids, and one inside another. No attribute selectors: with them a style
// can read what it stands beside.
var selectorPattern = regexp.MustCompile(`^[A-Za-z]*([.#]-?[A-Za-z_][A-Za-z0-9_-]{0,127})*( [A-Za-z]*([.#]-?[A-Za-z_][A-Za-z0-9_-]{0,127})*){0,3}$`)

var commentPattern = regexp.MustCompile(`(?s)/\*.*?\*/`)

// parseRules reads a style sheet. At-rules are left out whole (@import, @font-face, @media); so is a rule with a
// selector it does not know, and a declaration with another property or value than the attribute may have.
func parseRules(css string) []rule {
	css = commentPattern.ReplaceAllString(css, " ")
	var out []rule
	for {
		css = strings.TrimLeft(css, " \t\r\n\f;")
		if strings.HasPrefix(css, "@") {
			css = skipAtRule(css)
			continue
		}
		head, rest, ok := strings.Cut(css, "{")
		if !ok {
			return out
		}
		body, after, ok := strings.Cut(rest, "}")
		if !ok || strings.Contains(body, "{") {
			return out // nested or unclosed: what follows cannot be told apart
		}
		css = after
		r := rule{selectors: cleanSelectors(head), body: parseDeclarations(body)}
		if len(r.selectors) > 0 && len(r.body) > 0 {
			out = append(out, r)
		}
	}
}

// skipAtRule cuts off an at-rule: up to its semicolon, or past its block with the blocks inside.
func skipAtRule(css string) string {
	depth := 0
	for i, c := range css {
		switch c {
		case ';':
			if depth == 0 {
				return css[i+1:]
			}
		case '{':
			depth++
		case '}':
			if depth--; depth <= 0 {
				return css[i+1:]
			}
		}
	}
	return ""
}

// cleanSelectors gives the selectors of a list, or none when one of them is not understood.
func cleanSelectors(head string) []string {
	var out []string
	for s := range strings.SplitSeq(head, ",") {
		s = strings.Join(strings.Fields(s), " ")
		if s == "" || !selectorPattern.MatchString(s) {
			return nil
		}
		out = append(out, s)
	}
	return out
}

// parseDeclarations reads the inside of a rule or of a style attribute.
func parseDeclarations(body string) []attr {
	var out []attr
	for d := range strings.SplitSeq(commentPattern.ReplaceAllString(body, " "), ";") {
		name, value, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		if value, ok = cleanValue(propertyForm(name), value); ok {
			out = append(out, attr{name, value})
		}
	}
	return out
}

func joinDeclarations(d []attr) string {
	parts := make([]string, len(d))
	for i, a := range d {
		parts[i] = a.name + ":" + a.value
	}
	return strings.Join(parts, ";")
}

func (r rule) String() string {
	return strings.Join(r.selectors, ",") + "{" + joinDeclarations(r.body) + "}"
}

// hits says whether the rule may apply to an element, judged by the last part of each selector: rather too often
// than too rarely.
func (r rule) hits(n *node) bool {
	for _, s := range r.selectors {
		last := s[strings.LastIndexByte(s, ' ')+1:]
		tag := last
		if i := strings.IndexAny(last, ".#"); i >= 0 {
			tag = last[:i]
		}
		if (tag == "" || tag == n.name) && hitsMarks(last[len(tag):], n) {
			return true
		}
	}
	return false
}

// hitsMarks compares the classes and ids of a compound selector (".a#b") with an element's.
func hitsMarks(marks string, n *node) bool {
	for marks != "" {
		end := strings.IndexAny(marks[1:], ".#") + 1
		if end == 0 {
			end = len(marks)
		}
		word := marks[1:end]
		if marks[0] == '#' && n.attr("id") != word {
			return false
		}
		if marks[0] == '.' && !strings.Contains(" "+n.attr("class")+" ", " "+word+" ") {
			return false
		}
		marks = marks[end:]
	}
	return true
}
