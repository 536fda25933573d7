package rest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The document knows the fields of what is embedded only where its type is exported: embedded otherwise they are answered and
// described nowhere.
func TestNothingIsEmbeddedThatTheDocumentDoesNotSee(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	fset := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			s, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			tagged := false
			for _, f := range s.Fields.List {
				tagged = tagged || f.Tag != nil && strings.Contains(f.Tag.Value, "json:")
			}
			for _, f := range s.Fields.List {
				if id, ok := f.Type.(*ast.Ident); ok && len(f.Names) == 0 && tagged && !id.IsExported() {
					t.Errorf("%s embeds %s", fset.Position(f.Pos()), id.Name)
				}
			}
			return true
		})
	}
}
