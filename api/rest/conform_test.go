package rest_test

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// document is the golden document, and the schemas of it that were compiled so far.
type document struct {
	root     object
	compiler *jsonschema.Compiler
	mu       sync.Mutex
	schemas  map[string]*jsonschema.Schema
}

const documentURL = "file:///openapi.json"

var golden = sync.OnceValues(func() (*document, error) {
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		return nil, err
	}
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	d := &document{root: root.(map[string]any), compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	return d, d.compiler.AddResource(documentURL, root)
})

// conforms holds an answer against the document: its status is documented, and its body is of the schema.
func conforms(t testing.TB, method, path string, a answer) {
	t.Helper()
	path, _, _ = strings.Cut(path, "?")
	if path == "/api/v1/openapi.json" {
		return // it is the document itself, which may be about to be renewed
	}
	d, err := golden()
	if err != nil {
		t.Fatal(err)
	}
	template, ok := d.template(path, method)
	if !ok {
		return
	}
	at := "/paths/" + escape(template) + "/" + strings.ToLower(method) + "/responses/" + strconv.Itoa(a.StatusCode)
	response, _ := d.find(at).(map[string]any)
	if response == nil {
		t.Fatalf("%s %s answers %d, which the document does not know: %s", method, path, a.StatusCode, a.body)
	}
	if ref, ok := response["$ref"].(string); ok {
		at = strings.TrimPrefix(ref, "#")
	}
	mediaType, _, _ := strings.Cut(a.Header.Get("Content-Type"), ";")
	if method == "HEAD" || len(a.body) == 0 || !strings.HasSuffix(mediaType, "json") {
		return
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(a.body))
	if err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, a.body)
	}
	schema, err := d.schema(at + "/content/" + escape(mediaType) + "/schema")
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s %s answers what the document does not say: %v\n%s", method, path, err, a.body)
	}
}

// template finds the path of the document that an address is of; literal parts before parameters.
func (d *document) template(path, method string) (string, bool) {
	asked, best := strings.Split(path, "/"), ""
	for template, item := range d.root["paths"].(map[string]any) {
		if _, ok := item.(map[string]any)[strings.ToLower(method)]; !ok {
			continue
		}
		parts := strings.Split(template, "/")
		fits := len(parts) == len(asked)
		for i := 0; fits && i < len(parts); i++ {
			fits = parts[i] == asked[i] || strings.HasPrefix(parts[i], "{")
		}
		if fits && (best == "" || strings.Count(template, "{") < strings.Count(best, "{")) {
			best = template
		}
	}
	return best, best != ""
}

func (d *document) find(pointer string) any {
	var v any = map[string]any(d.root)
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		in, _ := v.(map[string]any)
		v = in[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	return v
}

func (d *document) schema(pointer string) (*jsonschema.Schema, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s, ok := d.schemas[pointer]; ok {
		return s, nil
	}
	fragment := strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pointer)
	s, err := d.compiler.Compile(documentURL + "#" + fragment)
	d.schemas[pointer] = s
	return s, err
}

// escape writes a name as a part of a JSON pointer (RFC 6901 §3).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
