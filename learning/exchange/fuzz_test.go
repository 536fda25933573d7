package exchange

import (
	"archive/zip"
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/markdown"
)

// of packs one file, with another beside it.
func of(name, text string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range [][2]string{{name, text}, {"m/a.png", "\x89PNG\r\n\x1a\n"}} {
		w, err := z.Create(e[0])
		if err != nil {
			return nil
		}
		_, _ = w.Write([]byte(e[1]))
	}
	_ = z.Close()
	return b.Bytes()
}

// sound fails when a course that is not refused holds something that could not be kept or shown.
func sound(t *testing.T, data []byte) {
	t.Helper()
	_, c, err := readPackage(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		if fault.Of(err).Kind == fault.KindInternal {
			t.Fatalf("our own mistake: %v", err)
		}
		return
	}
	for _, n := range c.Notes {
		if !utf8.ValidString(n.File+n.Text) || strings.ContainsAny(n.File, "\x00\n") {
			t.Fatalf("a note that cannot be shown: %+v", n)
		}
	}
	if c.Refusal() != nil {
		return
	}
	for _, m := range c.Modules {
		for _, l := range m.Lessons {
			for _, p := range markdown.Images(l.Body) {
				if _, ok := fromPackage(p.Dest); !ok {
					t.Fatalf("a picture from elsewhere: %q in %q", p.Dest, l.Body)
				}
			}
		}
	}
}

func FuzzMarkdownFolder(f *testing.F) {
	for _, s := range []string{"---\ntitle: x\nkind: quiz\n---\n\n## Q?\n- [x] a\n- [ ] b\n\n> why", "![x](a.png) ![][r]\n\n[r]: a.png", "---\n---\n", "# T\n![a [b] c](<a.png> \"decorative\")", "---\nfile: ../m/a.png\n---", "![x](https://example.com/x.png)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { sound(t, of("m/a.md", text)) })
}

func FuzzManifest(f *testing.F) {
	for _, s := range []string{
		`<manifest><organizations><organization><item><item identifierref="a"><title>x</title></item></item></organization></organizations><resources><resource identifier="a" type="webcontent" href="m/a.png"><file href="m/a.png"/></resource></resources></manifest>`,
		`<!DOCTYPE x [<!ENTITY a "b">]><manifest>&a;</manifest>`, `<manifest><resources><resource identifier="a" type="imswl_xmlv1p3" href="../x"/></resources></manifest>`, `<?xml version="1.0" encoding="iso-8859-1"?><manifest/>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { sound(t, of(manifestName, text)) })
}

func FuzzQTI(f *testing.F) {
	f.Add(`<questestinterop><assessment title="t"><section><item ident="q"><presentation><material><mattext>x</mattext></material><response_lid><render_choice><response_label ident="a"><material><mattext>1</mattext></material></response_label><response_label ident="b"><material><mattext>2</mattext></material></response_label></render_choice></response_lid></presentation><resprocessing><respcondition><conditionvar><varequal>a</varequal></conditionvar><setvar>100</setvar></respcondition></resprocessing></item></section></assessment></questestinterop>`)
	f.Fuzz(func(t *testing.T, text string) {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, e := range [][2]string{{manifestName, `<manifest><resources><resource identifier="a" type="imsqti_xmlv1p2/imscc_xmlv1p3/assessment"><file href="q.xml"/></resource></resources></manifest>`}, {"q.xml", text}} {
			w, err := z.Create(e[0])
			if err != nil {
				t.Fatal(err)
			}
			_, _ = w.Write([]byte(e[1]))
		}
		_ = z.Close()
		sound(t, b.Bytes())
	})
}

func FuzzHTML(f *testing.F) {
	for _, s := range []string{"<p>a <b>b</b> <i>c</i><br>", "<ul><li>a<ul><li>b</ul></ul>", "<table><tr><td>a|b<td>c</table>", "<pre>```</pre>", "<img src=a.png alt='[x]'>", "<a href='javascript:x'>y</a>", "<b>**</b>", "<p>1. a<p># b<p>---", "<blockquote><blockquote>x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := readHTML(src, func(to string) (string, bool) { return "m/a.png", to == "a.png" })
		if err != nil {
			return
		}
		if html := string(markdown.Render(p.body, markdown.Options{})); strings.Contains(strings.ToLower(html), "javascript:") && strings.Contains(html, "<a") && strings.Contains(html, `href="javascript`) {
			t.Fatalf("%q became %q", src, html)
		}
	})
}

// What a page says in words stands in the Markdown as the same words: no sign of it turns into a mark.
func TestTextOfAPageStaysText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"# no heading", "1. no list", "- no list", "+ no", "*no* _emphasis_ `code` ~~x~~", "[no](link) ![no](picture)", "a | b", "<b>no tag</b>", "&amp; stays", "a\\b", "---", "> no quote", "===", "10) no", "https://example.com/a_b_c"} {
		p, err := readHTML("<p>"+strings.NewReplacer("&", "&amp;", "<", "&lt;").Replace(text)+"</p>", func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		html := string(markdown.Render(p.body, markdown.Options{}))
		if got := markdown.PlainText(p.body); got != text || !strings.HasPrefix(html, "<p>") || strings.Count(html, "<") > 4 {
			t.Errorf("%q became %q, read as %q: %s", text, p.body, got, html)
		}
	}
}
