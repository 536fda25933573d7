// Package markdown turns what an author wrote into HTML that is safe to show, and tells what is in it: its pictures,
// its words, its plain text. It reads CommonMark with tables, strikethrough, task lists, bare links (GFM) and
// footnotes. HTML within Markdown is text like any other. It keeps no file and knows no address of a picture: the
// caller resolves them.
package markdown

import (
	"bytes"
	"html/template"
	"strconv"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"lyceum/internal/fault"
)

// Options say how a text is shown. The zero value shows no pictures, only their alternative texts.
type Options struct {
	// ResolveImage gives the address of a picture for the destination the author wrote. When it is nil or answers
	// false, the alternative text stands in the picture's place.
	ResolveImage func(dest string) (url string, ok bool)
	// Measure tells of the picture behind a destination that ResolveImage resolved; nil: nothing is known of any.
	Measure func(dest string) Measures
	// HeadingOffset is added to the level of each heading, so that a text fits under the page's own headings. A level
	// never goes below 1 or beyond 6.
	HeadingOffset int
	// IDPrefix makes the ids of footnotes unique where several texts stand on one page: letters, digits and hyphens,
	// up to 64. Anything else is left out, and with it the footnotes' links.
	IDPrefix string
}

// Measures is what is known of a picture: its size in pixels, and its smaller ones as in the attributes srcset and sizes. Zero
// values are left out. A srcset must be made of paths of this site; any other is dropped.
type Measures struct {
	Width, Height int
	Srcset, Sizes string
}

// MaxSource is the longest text read as Markdown, in bytes: some 10,000 words. The parser's time grows with the square
// of the length for texts made to hurt it; at this length the worst known takes one to two seconds.
const MaxSource = 64 << 10

// maxNesting is how many quotes and lists may open on one line, for the same reason.
const maxNesting = 40

var (
	// ErrTooLong is a text beyond MaxSource.
	ErrTooLong = fault.New(fault.KindTooLarge, "text_too_long", "This text is too long. Please split it into two lessons.")
	// ErrTooDeep is a text with too many quotes or lists inside one another.
	ErrTooDeep = fault.New(fault.KindInvalid, "text_too_deep", "This text has more than 40 quotes or lists inside one another. Please take some of them out.")

	nestingPattern = pattern(`(?m)^[ \t]*(?:(?:>|[-+*][ \t]|[0-9]{1,9}[.)][ \t])[ \t]*){` + strconv.Itoa(maxNesting+1) + `}`)
)

// Check tells whether a text may be kept. Its errors are ErrTooLong and ErrTooDeep; every other text is some Markdown.
func Check(src string) error {
	if len(src) > MaxSource {
		return ErrTooLong.Saying("This text has %d KB; at most %d KB are allowed. Please split it into two lessons.", (len(src)+1023)>>10, MaxSource>>10)
	}
	if nestingPattern.MatchString(src) {
		return ErrTooDeep
	}
	return nil
}

// Render gives the HTML of a text. Links go to http, https, mailto, a path of this site ("/…") or a footnote, and
// carry rel="nofollow noopener noreferrer" when they leave; any other link is shown as its text. Whatever the
// renderer makes passes the sanitiser's allow-list afterwards. A text that Check refuses is shown as it was written.
func Render(src string, opts Options) template.HTML {
	if Check(src) != nil {
		return verbatim(src)
	}
	pc := parser.NewContext()
	pc.Set(optionsKey, opts)
	source := []byte(src)
	doc := engine().Parser().Parse(text.NewReader(source), parser.WithContext(pc))
	var b bytes.Buffer
	if err := engine().Renderer().Render(&b, source, doc); err != nil {
		return verbatim(src) // a bytes.Buffer takes everything, so this is a node without a renderer
	}
	return template.HTML(policy().SanitizeBytes(b.Bytes())) //nolint:gosec // sanitised in this very line
}

// verbatim shows a text without reading it as Markdown.
func verbatim(src string) template.HTML {
	return template.HTML("<pre>" + template.HTMLEscapeString(src) + "</pre>") //nolint:gosec // escaped in this very line
}

// engine is the parser and renderer, made once: it is the same for all texts, what differs comes through the context.
var engine = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithParser(parser.NewParser(
			parser.WithBlockParsers(without[parser.BlockParser](parser.DefaultBlockParsers(), parser.NewHTMLBlockParser())...),
			parser.WithInlineParsers(without[parser.InlineParser](parser.DefaultInlineParsers(), parser.NewRawHTMLParser())...),
			parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
			parser.WithASTTransformers(util.Prioritized(transformer{}, 1000)), // behind the footnotes' own
		)),
		goldmark.WithExtensions(
			extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)),
			extension.Strikethrough, extension.TaskList, extension.Linkify,
			extension.NewFootnote(extension.WithFootnoteIDPrefixFunction(idPrefix)),
		),
	)
})

// without takes a parser out of goldmark's list: raw HTML is not even recognised.
func without[T comparable](all []util.PrioritizedValue, unwanted T) []util.PrioritizedValue {
	var out []util.PrioritizedValue
	for _, v := range all {
		if p, ok := v.Value.(T); !ok || p != unwanted {
			out = append(out, v)
		}
	}
	return out
}

// policy is the allow-list for what the renderer makes, and for nothing more.
var policy = sync.OnceValue(func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "blockquote", "pre", "code",
		"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "sup", "div")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnFullyQualifiedLinks(true)
	p.RequireNoReferrerOnFullyQualifiedLinks(true)
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("rel").Matching(pattern(`^nofollow noopener noreferrer$`)).OnElements("a")
	p.AllowAttrs("src", "alt", "title").OnElements("img")
	p.AllowAttrs("srcset").Matching(pattern(`^/[A-Za-z0-9/_-]+ [1-9][0-9]{0,4}w(, /[A-Za-z0-9/_-]+ [1-9][0-9]{0,4}w){0,9}$`)).OnElements("img")
	p.AllowAttrs("sizes").Matching(pattern(`^[a-z0-9(): .,-]{1,80}$`)).OnElements("img")
	p.AllowAttrs("width", "height").Matching(pattern(`^[1-9][0-9]{0,4}$`)).OnElements("img")
	p.AllowAttrs("loading").Matching(pattern(`^lazy$`)).OnElements("img")
	p.AllowAttrs("start").Matching(pattern(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("align").Matching(pattern(`^(left|center|right)$`)).OnElements("th", "td")
	p.AllowAttrs("class").Matching(pattern(`^language-[A-Za-z0-9_+#.-]{1,40}$`)).OnElements("code")
	p.AllowAttrs("class").Matching(pattern(`^footnote-(ref|backref)$`)).OnElements("a")
	p.AllowAttrs("role").Matching(pattern(`^doc-(noteref|backlink)$`)).OnElements("a")
	p.AllowAttrs("class").Matching(pattern(`^footnotes$`)).OnElements("div")
	p.AllowAttrs("role").Matching(pattern(`^doc-endnotes$`)).OnElements("div")
	p.AllowAttrs("id").Matching(pattern(`^[A-Za-z0-9-]{0,64}fn(ref[0-9]*)?:[0-9]+$`)).OnElements("sup", "li")
	return p
})
