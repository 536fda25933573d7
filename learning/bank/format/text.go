package format

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"lyceum/internal/markdown"
)

// Title makes a title out of what is asked.
func Title(prompt string) string {
	words := strings.Fields(markdown.PlainText(prompt))
	s := strings.Join(words, " ")
	if r := []rune(s); len(r) > 80 {
		s = strings.TrimSpace(string(r[:79])) + "…"
	}
	return s
}

// special are the signs that mean something in Markdown.
var special = regexp.MustCompile("[\\\\`*_\\[\\]<>]")

// Plain writes plain text as Markdown that means the same.
func Plain(s string) string { return special.ReplaceAllString(s, `\$0`) }

// marks are how elements that stay begin and end in Markdown.
var marks = map[string][2]string{
	"b": {"**", "**"}, "strong": {"**", "**"}, "i": {"*", "*"}, "em": {"*", "*"}, "code": {"`", "`"}, "li": {"\n- ", ""}, "br": {"\n", ""}, "p": {"\n\n", "\n\n"}, "div": {"\n\n", "\n\n"},
	"h1": {"\n\n## ", "\n\n"}, "h2": {"\n\n## ", "\n\n"}, "h3": {"\n\n### ", "\n\n"}, "h4": {"\n\n### ", "\n\n"}, "ul": {"\n\n", "\n\n"}, "ol": {"\n\n", "\n\n"}, "tr": {"\n", ""}, "td": {" ", " "}, "th": {" ", " "}, "pre": {"\n\n", "\n\n"}, "blockquote": {"\n\n> ", "\n\n"},
}

var gaps = regexp.MustCompile(`\n[ \t]*\n\s*`)

// HTML writes HTML as Markdown: what Markdown has stays, scripts and the like go, the rest leaves its words. lost names
// what went, for the report.
func HTML(s string) (out string, lost []string) {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(s))
	skip := ""
	var ends []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			text := strings.ReplaceAll(b.String(), "\u00a0", " ")
			return strings.TrimSpace(gaps.ReplaceAllString(text, "\n\n")), lost
		case html.TextToken:
			if skip == "" {
				b.WriteString(Plain(strings.Join(strings.FieldsFunc(string(html.UnescapeString(string(z.Raw()))), func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " ")))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag, attr := string(name), map[string]string{}
			for more {
				var k, v []byte
				k, v, more = z.TagAttr()
				attr[string(k)] = string(v)
			}
			switch {
			case skip != "":
			case tag == "script" || tag == "style" || tag == "iframe" || tag == "object" || tag == "svg" || tag == "math":
				skip = tag
				lost = append(lost, tag)
			case tag == "img":
				b.WriteString(Plain(attr["alt"]))
				lost = append(lost, "img")
			case tag == "a" && (strings.HasPrefix(attr["href"], "https://") || strings.HasPrefix(attr["href"], "http://")) && !strings.ContainsAny(attr["href"], "()<> \n"):
				b.WriteString("[")
				ends = append(ends, "]("+attr["href"]+")")
			case tag == "a":
				ends = append(ends, "")
			default:
				b.WriteString(marks[tag][0])
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			tag := string(name)
			switch {
			case skip == tag:
				skip = ""
			case skip != "":
			case tag == "a" && len(ends) > 0:
				b.WriteString(ends[len(ends)-1])
				ends = ends[:len(ends)-1]
			default:
				b.WriteString(marks[tag][1])
			}
		}
	}
}

// Lost notes what HTML of a question could not be kept.
func (i *Item) Lost(lost []string) {
	for _, tag := range lost {
		if tag == "img" {
			i.Note("A picture in the text is left out. Upload it to the question afterwards.")
		} else {
			i.Note("<%s> is left out of the text.", tag)
		}
	}
}

// FromHTML is HTML with what is lost noted.
func (i *Item) FromHTML(s string) string {
	text, lost := HTML(s)
	i.Lost(lost)
	return text
}

// ToHTML writes Markdown as HTML.
func ToHTML(s string) string {
	return strings.TrimSpace(string(markdown.Render(s, markdown.Options{})))
}
