package question

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// fold puts aside what a comparison does not look at: spaces at the ends and repeated ones always, capitals and accents
// when they are not asked for. Both sides are in Unicode's composed form, so that é typed in two characters is é.
func (t Texts) fold(s string) string {
	s = norm.NFC.String(strings.Join(strings.Fields(s), " "))
	if !t.Accents {
		s = bare(s)
	}
	if !t.Case {
		s = cases.Fold().String(s)
	}
	return s
}

// bare takes the accents off letters.
func bare(s string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(s)))
}

// match tells whether what was typed fits a pattern. A pattern that cannot be read fits nothing.
func (t Texts) match(p Pattern, typed string) bool {
	typed = t.fold(typed)
	switch p.Match {
	case Wildcard:
		re, err := regexp.Compile(t.wild(p.Text))
		return err == nil && re.MatchString(typed)
	case Regexp:
		re, err := p.compile(t)
		return err == nil && re.MatchString(typed)
	default:
		return t.fold(p.Text) == typed
	}
}

// wild turns a pattern with stars into an expression. What stands between stars is folded like the answer; a space
// beside a star stays, so that "a *" asks for something after the a.
func (t Texts) wild(s string) string {
	var out, run strings.Builder
	out.WriteString(`(?s)\A`)
	flush := func() {
		text := run.String()
		run.Reset()
		left, right := "", ""
		if strings.TrimLeft(text, " ") != text && out.Len() > len(`(?s)\A`) {
			left = " "
		}
		if strings.TrimSpace(text) != "" && strings.TrimRight(text, " ") != text {
			right = " "
		}
		out.WriteString(regexp.QuoteMeta(left + t.fold(text) + right))
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '*' || s[i+1] == '\\'):
			i++
			run.WriteByte(s[i])
		case s[i] == '*':
			flush()
			out.WriteString(".*")
		default:
			run.WriteByte(s[i])
		}
	}
	// A space at the very end belongs to nothing.
	rest := strings.TrimRight(run.String(), " ")
	run.Reset()
	run.WriteString(rest)
	flush()
	out.WriteString(`\z`)
	return out.String()
}

// compile reads an RE2 expression, which takes time in line with the answer's length whatever the author wrote. Capitals
// are put aside by the expression's own flag: folding an expression would change what \S and \s mean.
func (p Pattern) compile(t Texts) (*regexp.Regexp, error) {
	text := norm.NFC.String(strings.TrimSpace(p.Text))
	if !t.Accents {
		text = bare(text)
	}
	flags := "s"
	if !t.Case {
		flags = "si"
	}
	return regexp.Compile(`(?` + flags + `)\A(?:` + text + `)\z`)
}

// first finds the first pattern that fits.
func (t Texts) first(typed string) (p Pattern, found bool) {
	for _, p := range t.Patterns {
		if t.match(p, typed) {
			return p, true
		}
	}
	return Pattern{}, false
}
