package markdown

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

var optionsKey = parser.NewContextKey()

func pattern(s string) *regexp.Regexp { return regexp.MustCompile(s) }

var prefixPattern = pattern(`^[A-Za-z0-9-]{0,64}$`)

const prefixMeta = "id_prefix"

// idPrefix finds the prefix of the text that a footnote belongs to.
func idPrefix(n ast.Node) []byte {
	if doc := n.OwnerDocument(); doc != nil {
		if s, ok := doc.Meta()[prefixMeta].(string); ok {
			return []byte(s)
		}
	}
	return nil
}

// transformer applies the options to a parsed text, and settles which links and pictures stay.
type transformer struct{}

// Transform implements parser.ASTTransformer. A text parsed without options (to look at, not to show) stays as it is.
func (transformer) Transform(doc *ast.Document, reader text.Reader, pc parser.Context) {
	opts, ok := pc.Get(optionsKey).(Options)
	if !ok {
		return
	}
	if prefixPattern.MatchString(opts.IDPrefix) {
		doc.AddMeta(prefixMeta, opts.IDPrefix)
	}
	var nodes []ast.Node // gathered first: a tree must not change under a walk
	each(doc, func(n ast.Node) { nodes = append(nodes, n) })
	for _, n := range nodes {
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = min(6, max(1, n.Level+opts.HeadingOffset))
		case *extast.TaskCheckBox:
			sign := "☐ " // a checkbox of a form would need a label of its own; the sign is read out
			if n.IsChecked {
				sign = "☑ "
			}
			replace(n, ast.NewString([]byte(sign)))
		case *ast.Image:
			showImage(n, opts)
		case *ast.Link:
			keepLink(n, destination(n.Destination), func() { unwrap(n) })
		case *ast.AutoLink:
			keepLink(n, autoDestination(n, reader.Source()), func() { replace(n, ast.NewString(n.Label(reader.Source()))) })
		}
	}
}

func showImage(n *ast.Image, opts Options) {
	if string(n.Title) == Decorative {
		n.Title = nil // said to us, not to readers
	}
	if opts.ResolveImage != nil {
		if address, ok := opts.ResolveImage(destination(n.Destination)); ok {
			if opts.Measure != nil {
				measure(n, opts.Measure(destination(n.Destination)))
			}
			n.Destination = []byte(address)
			n.SetAttributeString("loading", []byte("lazy"))
			return
		}
	}
	unwrap(n)
}

// measure gives a picture the attributes that are known.
func measure(n *ast.Image, m Measures) {
	if m.Width > 0 && m.Height > 0 {
		n.SetAttributeString("width", []byte(strconv.Itoa(m.Width)))
		n.SetAttributeString("height", []byte(strconv.Itoa(m.Height)))
	}
	if m.Srcset != "" {
		n.SetAttributeString("srcset", []byte(m.Srcset))
		n.SetAttributeString("sizes", []byte(m.Sizes))
	}
}

// keepLink marks a link that leaves the site, and calls undo for one that may not stay.
func keepLink(n ast.Node, dest string, undo func()) {
	switch u, err := url.Parse(dest); {
	case err != nil || strings.ContainsFunc(dest, func(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }):
		undo()
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil, u.Scheme == "mailto" && u.Opaque != "":
		n.SetAttributeString("rel", []byte("nofollow noopener noreferrer"))
	case u.Scheme == "" && u.Host == "" && (strings.HasPrefix(dest, "#") || strings.HasPrefix(dest, "/") && !strings.HasPrefix(dest, "//")):
	default:
		undo()
	}
}

// destination undoes the escapes of Markdown, as the renderer does.
func destination(raw []byte) string {
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(raw))))
}

func autoDestination(n *ast.AutoLink, source []byte) string {
	dest := string(n.URL(source))
	if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(dest), "mailto:") {
		return "mailto:" + dest
	}
	return dest
}

func replace(old, by ast.Node) { old.Parent().ReplaceChild(old.Parent(), old, by) }

// unwrap puts the children of a node in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for c := n.FirstChild(); c != nil; c = n.FirstChild() {
		parent.InsertBefore(parent, n, c)
	}
	parent.RemoveChild(parent, n)
}

// each visits every node below n in the order of the text.
func each(n ast.Node, visit func(ast.Node)) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // fails only when the visitor does
		if entering {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
}
