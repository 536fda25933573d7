package qti

import (
	"strconv"
	"strings"

	"golang.org/x/net/html"

	"lyceum/learning/bank/format"
	"lyceum/learning/question"
)

// allowed are the elements of XHTML that QTI takes (QTI 2.1, 6.2) and Markdown has.
var allowed = map[string]bool{"p": true, "strong": true, "em": true, "code": true, "pre": true, "ul": true, "ol": true, "li": true, "a": true, "br": true, "hr": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true,
	"blockquote": true, "table": true, "thead": true, "tbody": true, "tr": true, "td": true, "th": true, "sub": true, "sup": true}

// xhtml writes Markdown as XHTML; text passes through gap, which may put interactions into it.
func xhtml(md string, gap func(text string) string) string {
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(format.ToHTML(md)))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(b.String())
		case html.TextToken:
			text := esc(html.UnescapeString(string(z.Raw())))
			text = strings.ReplaceAll(text, "&#xA;", "\n")
			if gap != nil {
				text = gap(text)
			}
			b.WriteString(text)
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := string(name)
			if !allowed[tag] {
				continue
			}
			b.WriteString("<" + tag)
			for more {
				var k, v []byte
				if k, v, more = z.TagAttr(); tag == "a" && string(k) == "href" {
					b.WriteString(` href="` + esc(string(v)) + `"`)
				}
			}
			if tag == "br" || tag == "hr" {
				b.WriteString("/")
			}
			b.WriteString(">")
		case html.EndTagToken:
			name, _ := z.TagName()
			if tag := string(name); allowed[tag] && tag != "br" && tag != "hr" {
				b.WriteString("</" + tag + ">")
			}
		}
	}
}

// inner is xhtml without the paragraph when there is but one.
func inner(md string) string {
	s := xhtml(md, nil)
	if rest, ok := strings.CutPrefix(s, "<p>"); ok && strings.Count(s, "<p>") == 1 {
		if rest, ok = strings.CutSuffix(rest, "</p>"); ok {
			return rest
		}
	}
	return s
}

func figure(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// part is a share as a figure.
func part(s question.Share) string { return figure(float64(s) / float64(question.Whole)) }
