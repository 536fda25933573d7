package typecheck_test

import (
	"html/template"
	"reflect"
	"strings"
	"testing"
	"text/template/parse"

	"lyceum/tenant"
	"lyceum/themes"

	"github.com/jba/templatecheck"
)

// TestEveryPageOfEveryThemeUsesOnlyWhatItsStructHas type-checks the templates. A page's dot is a frame whose Page is an interface; here .Page
// is read as a call of a function that gives the page's own struct, and .Chrome as another. A type of dot for each page would make the compiler write
// the Chrome's methods anew for each of them: gigabytes and minutes.
func TestEveryPageOfEveryThemeUsesOnlyWhatItsStructHas(t *testing.T) {
	t.Parallel()
	s, err := themes.New(themes.Options{Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range themes.Pages() {
		for _, theme := range tenant.Themes() {
			tmpl := s.Template(theme, p)
			if tmpl == nil {
				t.Errorf("%s: no template for %T", theme, p)
				continue
			}
			if err := templatecheck.CheckHTML(typed(t, tmpl, p), &themes.Chrome{}); err != nil {
				t.Errorf("%s, %T: %v", theme, p, err)
			}
		}
	}
}

// TestTheCheckFindsWhatAStructLacks: a check that passes everything would be no check.
func TestTheCheckFindsWhatAStructLacks(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{{.Page.Nonsense}}`, `{{$.Page.Nonsense}}`, `{{range .Page.Requirements}}{{.Nonsense}}{{end}}`, `{{with $p := .Page}}{{$p.Nonsense}}{{end}}`,
		`{{.Nonsense}}`, `{{if eq .Page.Nonsense 1}}{{end}}`, `{{define "x"}}{{.Page.Nonsense}}{{end}}{{template "x" .}}`,
	} {
		tmpl := template.Must(template.New("page").Parse(text))
		if err := templatecheck.CheckHTML(typed(t, tmpl, themes.CompliancePage{}), &themes.Chrome{}); err == nil {
			t.Errorf("passes: %s", text)
		}
	}
	tmpl := template.Must(template.New("page").Parse(`{{range .Page.Requirements}}{{.Name}}{{$.Page.Requirements}}{{end}}`))
	if err := templatecheck.CheckHTML(typed(t, tmpl, themes.CompliancePage{}), &themes.Chrome{}); err != nil {
		t.Error(err)
	}
}

// typed is a copy of a template in which .Page is the function page, which gives a struct of the type of p.
func typed(t *testing.T, tmpl *template.Template, p themes.Page) *template.Template {
	t.Helper()
	c, err := tmpl.Clone()
	if err != nil {
		t.Fatal(err)
	}
	of := reflect.TypeOf(p)
	give := reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{of}, false), func([]reflect.Value) []reflect.Value { return []reflect.Value{reflect.Zero(of)} })
	c.Funcs(template.FuncMap{"page": give.Interface(), "chrome": func() *themes.Chrome { return nil }})
	for _, one := range c.Templates() {
		if one.Tree != nil && one.Tree.Root != nil {
			rewrite(one.Tree.Root)
		}
	}
	return c
}

// rewrite puts the call into a tree.
func rewrite(n parse.Node) {
	branch := func(b *parse.BranchNode) {
		rewrite(b.Pipe)
		rewrite(b.List)
		if b.ElseList != nil {
			rewrite(b.ElseList)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, one := range n.Nodes {
			rewrite(one)
		}
	case *parse.ActionNode:
		rewrite(n.Pipe)
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			rewrite(n.Pipe)
		}
	case *parse.PipeNode:
		for _, cmd := range n.Cmds {
			for i, arg := range cmd.Args {
				cmd.Args[i] = called(arg)
			}
		}
	}
}

// called is an argument with the call in it.
func called(n parse.Node) parse.Node {
	switch n := n.(type) {
	case *parse.FieldNode:
		return pageOr(n, n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return pageOr(n, n.Ident[1:])
		}
	case *parse.ChainNode:
		n.Node = called(n.Node)
	case *parse.PipeNode:
		rewrite(n)
	}
	return n
}

func pageOr(n parse.Node, path []string) parse.Node {
	if len(path) == 0 || path[0] != "Page" && path[0] != "Chrome" {
		return n
	}
	call := parse.NewIdentifier(strings.ToLower(path[0])).SetPos(n.Position())
	if len(path) == 1 {
		return call
	}
	cmd := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Position(), Args: []parse.Node{call}}
	pipe := &parse.PipeNode{NodeType: parse.NodePipe, Pos: n.Position(), Cmds: []*parse.CommandNode{cmd}}
	return &parse.ChainNode{NodeType: parse.NodeChain, Pos: n.Position(), Node: pipe, Field: path[1:]}
}
