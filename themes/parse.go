package themes

import (
	"fmt"
	"html/template"
	"maps"
	"sync"
	texttemplate "text/template"
	"text/template/parse"
)

var templateFuncs = template.FuncMap{
	"inc":     func(n int) int { return n + 1 },
	"dec":     func(n int) int { return n - 1 },
	"fieldID": fieldID,
}

// sheet is a page of an edition. html/template rewrites the trees of what it draws, so each page needs a copy of what it calls, and of
// nothing else. It is made when somebody first opens the page: copies of all pages in all editions were two hundred megabytes that
// hardly anybody looked at.
type sheet struct {
	name  string
	trees map[string]*parse.Tree // of what it calls; parts and layouts are those of all pages
	once  sync.Once
	made  *template.Template
	err   error
}

// template is the page, ready to draw.
func (s *sheet) template() (*template.Template, error) {
	s.once.Do(func() {
		root := template.New(s.name).Funcs(templateFuncs)
		for name, tree := range s.trees {
			if _, s.err = root.AddParseTree(name, tree.Copy()); s.err != nil {
				return
			}
		}
		s.made, s.trees = root.Lookup(s.name), nil
	})
	return s.made, s.err
}

// parsePages parses layouts, parts and pages, and sees to it that what each page calls is there.
func parsePages(f folder) (map[string]*sheet, error) {
	shared := map[string]*parse.Tree{}
	for _, dir := range []string{"layouts", "parts"} {
		for _, name := range f.in(dir, ".html") {
			if err := addTrees(shared, name, string(f[name])); err != nil {
				return nil, err
			}
		}
	}
	pages := map[string]*sheet{}
	for _, name := range f.in("pages", ".html") {
		trees := maps.Clone(shared)
		if err := addTrees(trees, name, string(f[name])); err != nil {
			return nil, err
		}
		called := map[string]bool{}
		reach(trees, name, called)
		for one := range called {
			if trees[one] == nil {
				return nil, fmt.Errorf("%s calls %q, which is no template", name, one)
			}
		}
		maps.DeleteFunc(trees, func(one string, _ *parse.Tree) bool { return !called[one] })
		pages[stem(name)] = &sheet{name: name, trees: trees}
	}
	return pages, nil
}

// addTrees parses a file and adds what it defines; an empty definition replaces nothing.
func addTrees(trees map[string]*parse.Tree, name, source string) error {
	t, err := texttemplate.New(name).Funcs(templateFuncs).Parse(source)
	if err != nil {
		return err
	}
	for _, one := range t.Templates() {
		if one.Tree == nil || trees[one.Name()] != nil && parse.IsEmptyTree(one.Root) {
			continue
		}
		trees[one.Name()] = one.Tree
	}
	return nil
}

// reach notes a template and all that it calls.
func reach(trees map[string]*parse.Tree, name string, called map[string]bool) {
	if called[name] {
		return
	}
	called[name] = true
	if t := trees[name]; t != nil && t.Root != nil {
		calls(t.Root, func(other string) { reach(trees, other, called) })
	}
}

// calls tells of each template that a piece of a tree calls.
func calls(n parse.Node, call func(name string)) {
	branch := func(b *parse.BranchNode) {
		calls(b.List, call)
		if b.ElseList != nil {
			calls(b.ElseList, call)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, one := range n.Nodes {
			calls(one, call)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.TemplateNode:
		call(n.Name)
	}
}
