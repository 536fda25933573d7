package markdown_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"lyceum/internal/fault"
	"lyceum/internal/markdown"
)

func TestEachConstructBecomesItsHTML(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ src, want string }{
		"paragraphs":           {"One *two* **three**\nfour\n\nFive  \nsix", "<p>One <em>two</em> <strong>three</strong>\nfour</p>\n<p>Five<br>\nsix</p>\n"},
		"headings":             {"# One\n\n###### Six", "<h1>One</h1>\n<h6>Six</h6>\n"},
		"lists":                {"- a\n- b\n\n3. c\n4. d", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<ol start=\"3\">\n<li>c</li>\n<li>d</li>\n</ol>\n"},
		"quote and rule":       {"> said\n\n---", "<blockquote>\n<p>said</p>\n</blockquote>\n<hr>\n"},
		"strikethrough":        {"~~gone~~", "<p><del>gone</del></p>\n"},
		"code":                 {"`a<b`\n\n```go\nx := \"<b>\"\n```", "<p><code>a&lt;b</code></p>\n<pre><code class=\"language-go\">x := &#34;&lt;b&gt;&#34;\n</code></pre>\n"},
		"tasks":                {"- [x] done\n- [ ] open", "<ul>\n<li>☑ done</li>\n<li>☐ open</li>\n</ul>\n"},
		"table":                {"| a | b |\n|:--|--:|\n| 1 | 2 |", "<table>\n<thead>\n<tr>\n<th align=\"left\">a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"left\">1</td>\n<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table>\n"},
		"link":                 {`[the *site*](https://example.com/?a=1&b=2 "A title")`, `<p><a href="https://example.com/?a=1&amp;b=2" title="A title" rel="nofollow noopener noreferrer">the <em>site</em></a></p>` + "\n"},
		"link by reference":    {"[site]\n\n[site]: https://example.com", `<p><a href="https://example.com" rel="nofollow noopener noreferrer">site</a></p>` + "\n"},
		"bare link":            {"see https://example.com/a now", `<p>see <a href="https://example.com/a" rel="nofollow noopener noreferrer">https://example.com/a</a> now</p>` + "\n"},
		"bare www":             {"www.example.com", `<p><a href="http://www.example.com" rel="nofollow noopener noreferrer">www.example.com</a></p>` + "\n"},
		"e-mail":               {"<ada@example.com>", `<p><a href="mailto:ada@example.com" rel="nofollow noopener noreferrer">ada@example.com</a></p>` + "\n"},
		"link within":          {"[next](/courses/fire-safety#exits)", `<p><a href="/courses/fire-safety#exits">next</a></p>` + "\n"},
		"HTML is text":         {"a <b>c</b>\n\n<div>d</div>", "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n<p>&lt;div&gt;d&lt;/div&gt;</p>\n"},
		"letters of the world": {"Größe, naïve, 漢字, עברית", "<p>Größe, naïve, 漢字, עברית</p>\n"},
		"nothing":              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := string(markdown.Render(c.src, markdown.Options{})); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestAPictureIsShownAtItsResolvedAddress(t *testing.T) {
	t.Parallel()
	var asked []string
	opts := markdown.Options{ResolveImage: func(dest string) (string, bool) {
		asked = append(asked, dest)
		return "/files/" + dest + "?v=1&w=2", strings.HasSuffix(dest, ".png")
	}}
	got := string(markdown.Render("![A red *exit* sign](exit&amp;sign.png \"Exit\") ![Plan](plan.exe) ![](deco.png)", opts))
	want := `<p><img src="/files/exit&amp;sign.png?v=1&amp;w=2" alt="A red exit sign" title="Exit" loading="lazy"> Plan <img src="/files/deco.png?v=1&amp;w=2" alt="" loading="lazy"></p>` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !slices.Equal(asked, []string{"exit&sign.png", "plan.exe", "deco.png"}) {
		t.Errorf("asked for %q", asked)
	}
}

func TestAnUnresolvedPictureLeavesItsAlternativeText(t *testing.T) {
	t.Parallel()
	got := string(markdown.Render("Before ![A *red* sign](http://evil.example/track.gif) after, [![linked](x.png)](https://example.com)", markdown.Options{}))
	want := `<p>Before A <em>red</em> sign after, <a href="https://example.com" rel="nofollow noopener noreferrer">linked</a></p>` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAResolverCannotBringInADangerousAddress(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"javascript:alert(1)", "data:image/svg+xml,<svg onload=alert(1)>", "vbscript:x", "\"><script>alert(1)</script>"} {
		got := string(markdown.Render("![x](y)", markdown.Options{ResolveImage: func(string) (string, bool) { return address, true }}))
		if err := harmless(got); err != nil {
			t.Errorf("%s: %v in %s", address, err, got)
		}
	}
}

func TestHeadingsMoveByTheOffsetAndStayWithinOneToSix(t *testing.T) {
	t.Parallel()
	for offset, want := range map[int]string{
		0: "<h1>a</h1>\n<h5>b</h5>\n", 1: "<h2>a</h2>\n<h6>b</h6>\n", 3: "<h4>a</h4>\n<h6>b</h6>\n", -3: "<h1>a</h1>\n<h2>b</h2>\n",
	} {
		if got := string(markdown.Render("# a\n\n##### b", markdown.Options{HeadingOffset: offset})); got != want {
			t.Errorf("offset %d: got %q, want %q", offset, got, want)
		}
	}
}

func TestFootnotesLeadThereAndBackUnderTheirPrefix(t *testing.T) {
	t.Parallel()
	const src = "Fact[^1] and again[^1].\n\n[^1]: The source."
	got := string(markdown.Render(src, markdown.Options{IDPrefix: "q7-"}))
	for _, want := range []string{`<sup id="q7-fnref:1">`, `href="#q7-fn:1"`, `<sup id="q7-fnref1:1">`, `<li id="q7-fn:1">`, `href="#q7-fnref:1"`, `role="doc-noteref"`, `<div class="footnotes" role="doc-endnotes">`, "The source."} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
	if plain := string(markdown.Render(src, markdown.Options{})); !strings.Contains(plain, `<li id="fn:1">`) {
		t.Errorf("without a prefix: %s", plain)
	}
	for _, evil := range []string{`"><script>alert(1)</script>`, "a b", "x\" onclick=\"alert(1)", strings.Repeat("a", 65)} {
		got := string(markdown.Render(src, markdown.Options{IDPrefix: evil}))
		if err := harmless(got); err != nil || strings.Contains(got, evil) {
			t.Errorf("prefix %q: %v in %s", evil, err, got)
		}
	}
}

func TestALinkThatMayNotBeIsShownAsItsText(t *testing.T) {
	t.Parallel()
	for _, dest := range []string{
		"javascript:alert(1)", "JaVaScRiPt:alert(1)", "java&Tab;script:alert(1)", "java&NewLine;script:alert(1)", "&#106;avascript:alert(1)", "javascript&colon;alert(1)", "javascript\\:alert(1)", "<javascript:alert(1)>",
		"vbscript:x", "data:text/html;base64,PHNjcmlwdD4=", "file:///etc/passwd", "ftp://example.com/", "blob:https://x/1", "tel:+1", "//evil.example", "/\\evil.example", "\\\\evil.example", "https:evil.example", "http:///x",
		"https://bank.example@evil.example/", "lesson-2", "example.com/page", "?a=b", "mailto:", "&#1;javascript:alert(1)",
	} {
		got := string(markdown.Render("[text]("+dest+")", markdown.Options{}))
		if strings.Contains(got, "<a") || !strings.Contains(got, "text") {
			t.Errorf("[text](%s) became %s", dest, got)
		}
	}
	if got := string(markdown.Render("<javascript:alert(1)> <ftp://example.com/x>", markdown.Options{})); strings.Contains(got, "<a") || !strings.Contains(got, "ftp://example.com/x") {
		t.Errorf("automatic links became %s", got)
	}
}

func TestNothingAnAuthorWritesRuns(t *testing.T) {
	t.Parallel()
	for _, src := range hostile {
		got := string(markdown.Render(src, showAll))
		if err := harmless(got); err != nil {
			t.Errorf("%q: %v in %s", src, err, got)
		}
	}
}

func TestPicturesAreListedWithWhatAuthorsWrote(t *testing.T) {
	t.Parallel()
	got := markdown.Images("![A *b* `c`](one.png)\n\n> - ![](two&amp;.png \"t\")\n\n![ref][r] `![no](x)` \\![no](y) ![dup](one.png)\n\n[r]: three.png\n\n| ![cell](four.png) |\n|--|\n\nx[^1]\n\n[^1]: ![note](five.png)")
	want := []markdown.Image{
		{Dest: "one.png", Alt: "A b c", Line: 1}, {Dest: "two&.png", Line: 3}, {Dest: "three.png", Alt: "ref", Line: 5}, {Dest: "one.png", Alt: "dup", Line: 5},
		{Dest: "four.png", Alt: "cell", Line: 9}, {Dest: "five.png", Alt: "note", Line: 14},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	without := "# Title\n\n![](one.png)\ntext\n![](two.png) and ![](three.png)\n\n- ![](four.png \"decorative\")\n- **![](five.png)**"
	want = []markdown.Image{{Dest: "one.png", Line: 3}, {Dest: "two.png", Line: 5}, {Dest: "three.png", Line: 5}, {Dest: "four.png", Decorative: true, Line: 7}, {Dest: "five.png", Line: 8}}
	if got := markdown.Images(without); !slices.Equal(got, want) {
		t.Errorf("without alternative texts: got %v\nwant %v", got, want)
	}
	if html := string(markdown.Render(without, showAll)); strings.Contains(html, "title=") || strings.Count(html, `alt=""`) != 5 {
		t.Errorf("shown as %s", html)
	}
	if markdown.Images("no pictures here") != nil {
		t.Error("pictures found where none are")
	}
}

func TestPlainTextHasTheWordsWithoutTheMarks(t *testing.T) {
	t.Parallel()
	src := "# Fire &amp; *smoke*\n\nLeave [the room](https://example.com) at\nonce, `don't run`. ~~Wait~~\n\n- one\n- [x] two\n\n| a | b |\n|---|---|\n| c | d |\n\n```\ncode  here\n```\n\n![An exit sign](exit.png) <https://example.com>"
	want := "Fire & smoke\nLeave the room at once, don't run. Wait\none\ntwo\na b\nc d\ncode  here\nAn exit sign https://example.com"
	if got := markdown.PlainText(src); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestWordsAreCountedAsPeopleCountThem(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]int{
		"": 0, "---": 0, "one": 1, "**one** _two_\n\n- three": 3, "don't re-use it": 3, "it – or not": 3, "[link text](https://example.com/a/b/c)": 2, "3 litres, 2.5 m": 5, "漢字かな": 4, "naïve Größe": 2, "cafe\u0301 bar": 2,
	} {
		if got := markdown.Words(src); got != want {
			t.Errorf("Words(%q) = %d, want %d", src, got, want)
		}
	}
}

func TestATextBeyondTheLimitIsRefusedAndStillShownSafely(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("**a** ![x](y) <script> ", markdown.MaxSource/22)
	err := markdown.Check(long)
	if !errors.Is(err, markdown.ErrTooLong) || !strings.Contains(fault.Of(err).Text, "67 KB; at most 64 KB") {
		t.Fatalf("got %v", err)
	}
	got := string(markdown.Render(long, showAll))
	if err := harmless(got); err != nil || !strings.HasPrefix(got, "<pre>**a** ![x](y) &lt;script&gt; ") {
		t.Errorf("%v: %.80s", err, got)
	}
	if markdown.Images(long) != nil || markdown.PlainText(long) != long {
		t.Error("a refused text was read as Markdown")
	}
	if markdown.Check(long[:markdown.MaxSource]) != nil {
		t.Error("a text of exactly the limit was refused")
	}
}

func TestATextThatNestsBeyondMeasureIsRefused(t *testing.T) {
	t.Parallel()
	for _, src := range []string{strings.Repeat(">", 41) + " a", "ok\n\n" + strings.Repeat("- ", 41) + "a", strings.Repeat("> 1. * ", 14) + "a"} {
		if err := markdown.Check(src); !errors.Is(err, markdown.ErrTooDeep) {
			t.Errorf("%q gave %v", src, err)
		}
		if got := markdown.Render(src, showAll); !strings.HasPrefix(string(got), "<pre>") {
			t.Errorf("%q was rendered as %s", src, got)
		}
	}
	for _, src := range []string{strings.Repeat(">", 40) + " a", strings.Repeat("-", 200), "a " + strings.Repeat("> ", 100), strings.Repeat("- a\n", 500), strings.Repeat("> a\n", 500), strings.Repeat("*a* ", 100)} {
		if err := markdown.Check(src); err != nil {
			t.Errorf("%.60q gave %v", src, err)
		}
	}
}

// Each of these makes some Markdown parser take time or stack by the square of its length.
func TestATextMadeToHurtTheParserIsReadInTime(t *testing.T) {
	t.Parallel()
	const n = 10_000
	for name, src := range map[string]string{
		"quotes in quotes": strings.Repeat(strings.Repeat(">", 40)+" a\n", 400), "lists in lists": strings.Repeat(strings.Repeat("- ", 40)+"a\n", 200), "open brackets": strings.Repeat("[", n), "closed brackets": strings.Repeat("[a](", n/4), "stars": strings.Repeat("*a ", n/3), "stars and lows": strings.Repeat("*a_ ", n/4),
		"back ticks": strings.Repeat("`a``b```", n/8), "pictures in pictures": strings.Repeat("![", n/2), "angles": strings.Repeat("<a:", n/3), "table": "|" + strings.Repeat("a|", 2000) + "\n|" + strings.Repeat("-|", 2000) + "\n" + strings.Repeat("|\n", 20),
		"references": strings.Repeat("[a]: x\n", n/7) + strings.Repeat("[a]", n/3), "footnotes": strings.Repeat("[^1]", n/8) + "\n\n[^1]: x", "tildes": strings.Repeat("~~a ", n/4), "entities": strings.Repeat("&", n),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			markdown.Render(src, showAll)
			if took := time.Since(start); took > 5*time.Second { // some tens of milliseconds on a quiet machine
				t.Errorf("%d bytes took %v", len(src), took)
			}
		})
	}
}

func FuzzRenderedMarkdownIsHarmless(f *testing.F) {
	for _, src := range hostile {
		f.Add(src)
	}
	f.Add("# a\n\n- [x] b\n\n| c |\n|--|\n| d |\n\ne[^1]\n\n[^1]: f\n\n```go\ng\n```\n\n![h](i.png \"j\") <k@l.m>")
	f.Fuzz(func(t *testing.T, src string) {
		got := string(markdown.Render(src, showAll))
		if err := harmless(got); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		markdown.Words(src)
		for _, img := range markdown.Images(src) {
			if strings.Contains(img.Alt, "\n\n") {
				t.Fatalf("alternative text %q", img.Alt)
			}
		}
	})
}

// showAll resolves every picture to what the author wrote, the worst a caller can do.
var showAll = markdown.Options{HeadingOffset: 1, IDPrefix: "p-", ResolveImage: func(dest string) (string, bool) { return dest, true }}

// harmless reads the output as a browser does. It shares no list with the sanitiser.
func harmless(out string) error {
	doc, err := html.Parse(strings.NewReader("<!DOCTYPE html><html><head></head><body><main>" + out + "</main></body></html>"))
	if err != nil {
		return err
	}
	for n := range doc.Descendants() {
		if n.Type == html.CommentNode {
			return fmt.Errorf("comment %q", n.Data)
		}
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "html", "head", "body", "main", "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "blockquote", "pre", "code", "ul", "ol", "li",
			"table", "thead", "tbody", "tr", "th", "td", "sup", "div", "a", "img":
		default:
			return fmt.Errorf("element <%s>", n.Data)
		}
		if n.Namespace != "" {
			return fmt.Errorf("<%s> of %s", n.Data, n.Namespace)
		}
		for _, a := range n.Attr {
			if err := harmlessAttribute(n, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func harmlessAttribute(n *html.Node, a html.Attribute) error {
	switch a.Key {
	case "href", "src":
		v := strings.ToLower(strings.Map(func(r rune) rune {
			if r <= ' ' {
				return -1
			}
			return r
		}, a.Val))
		scheme, _, has := strings.Cut(v, ":")
		if has && !strings.ContainsAny(scheme, "/?#") && scheme != "http" && scheme != "https" && scheme != "mailto" {
			return fmt.Errorf("%s=%q", a.Key, a.Val)
		}
		leaves := has || strings.HasPrefix(v, "//") || strings.HasPrefix(v, `/\`)
		if a.Key == "href" && leaves && !slices.ContainsFunc(n.Attr, func(r html.Attribute) bool {
			return r.Key == "rel" && strings.Contains(r.Val, "noopener") && strings.Contains(r.Val, "nofollow") && strings.Contains(r.Val, "noreferrer")
		}) && !strings.HasPrefix(v, "#") && (!strings.HasPrefix(v, "/") || strings.HasPrefix(v, "//")) {
			return fmt.Errorf("link %q without rel", a.Val)
		}
	case "title", "alt", "rel", "class", "role", "id", "start", "align", "loading":
	default:
		return fmt.Errorf("attribute %s=%q", a.Key, a.Val)
	}
	return nil
}
