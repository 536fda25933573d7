package rest_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"lyceum/api/route"
)

var update = flag.Bool("update", false, "write the golden document anew")

// The golden document is what clients are made from: a change of it is a change of the contract. To renew it, look at
// the difference and run: go test ./api/rest -run OpenAPI -update
func TestTheOpenAPIDocumentIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	got := s.call(t, stranger, "GET", "/openapi.json", nil).want(t, 200)
	if kind := got.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %q", kind)
	}
	const file = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(file, append(got.body, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSpace(string(want)), "\n"), strings.Split(string(got.body), "\n")); diff != "" {
		t.Errorf("the document changed (-golden +now):\n%s", diff)
	}
}

func TestTheOpenAPIDocumentIsTheSameEachTimeItIsMade(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := s.call(t, stranger, "GET", "/openapi.json", nil).want(t, 200)
	s.mount(t)
	second := s.call(t, stranger, "GET", "/openapi.json", nil).want(t, 200)
	if string(first.body) != string(second.body) {
		t.Error("two documents of the same operations differ")
	}
	again := s.call(t, stranger, "GET", "/openapi.json", nil, "If-None-Match", first.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || len(again.body) != 0 {
		t.Errorf("asked again with its ETag: status %d and %d bytes", again.StatusCode, len(again.body))
	}
}

func TestTheOpenAPIDocumentIsValid31(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	if doc.OpenAPI != "3.1.0" || len(doc.Servers) != 1 || doc.Servers[0].URL != "/" || doc.Info.Contact != nil {
		t.Errorf("version %s, servers %v, contact %v", doc.OpenAPI, doc.Servers, doc.Info.Contact)
	}
}

// described is what the document says of an operation.
type described struct {
	ID         string            `json:"operationId"`
	Summary    string            `json:"summary"`
	About      string            `json:"description"`
	Tags       []string          `json:"tags"`
	Permission string            `json:"x-permission"`
	Responses  map[string]any    `json:"responses"`
	Security   *[]map[string]any `json:"security"`
	Parameters []map[string]any  `json:"parameters"`
	Body       map[string]any    `json:"requestBody"`
}

func TestEveryOperationIsDescribedAndNamesWhatItNeeds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	var doc struct {
		Tags []struct {
			Name string `json:"name"`
		} `json:"tags"`
		Paths map[string]map[string]described `json:"paths"`
	}
	s.call(t, stranger, "GET", "/openapi.json", nil).want(t, http.StatusOK).into(t, &doc)
	var tags []string
	for _, tag := range doc.Tags {
		tags = append(tags, tag.Name)
	}
	needs := map[string]route.Need{}
	for _, r := range s.routes {
		needs[r.Method+" "+r.Path] = r.Need
	}
	ids, operations := map[string]bool{}, 0
	for path, methods := range doc.Paths {
		for method, op := range methods {
			operations++
			at := strings.ToUpper(method) + " " + strings.NewReplacer("{", ":", "}", "").Replace(path)
			op.check(t, at, needs[at])
			if ids[op.ID] || len(op.Tags) != 1 || !slices.Contains(tags, op.Tags[0]) {
				t.Errorf("%s: id %q stands twice, or tags %v are not among %v", at, op.ID, op.Tags, tags)
			}
			ids[op.ID] = true
		}
	}
	if operations != len(s.routes)-3 {
		t.Errorf("%d operations in the document, %d routes beside the document, its page and its style", operations, len(s.routes)-3)
	}
}

func (op described) check(t *testing.T, at string, need route.Need) {
	t.Helper()
	if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(op.ID) {
		t.Errorf("%s: operation id %q is not kebab-case", at, op.ID)
	}
	if op.Summary == "" || strings.HasSuffix(op.Summary, ".") {
		t.Errorf("%s: summary %q", at, op.Summary)
	}
	if need == "" || string(need) != op.Permission {
		t.Errorf("%s: the document says %q, the routes %q", at, op.Permission, need)
	}
	if _, ok := need.Permission(); ok && !strings.Contains(op.About, "`"+op.Permission+"`") {
		t.Errorf("%s: the description does not say that it needs %s: %q", at, need, op.About)
	}
	if open := op.Security != nil && len(*op.Security) == 0; open != (need == route.Public) {
		t.Errorf("%s: open is %v, the need %s", at, open, need)
	}
	want := []string{"401", "422", "429", "500", "503"}
	if strings.Contains(at, ":") {
		want = append(want, "404")
	}
	if op.Body != nil {
		want = append(want, "413", "415")
	}
	for _, status := range want {
		if op.Responses[status] == nil {
			t.Errorf("%s: no answer %s", at, status)
		}
	}
	for _, p := range op.Parameters {
		if p["description"] == nil {
			t.Errorf("%s: parameter %v has no description", at, p["name"])
		}
	}
}

func TestTheDocumentKeepsTheHousesWords(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, word := range []string{"nrollment", "$schema", "http://", "ErrorModel", `"contact"`} {
		if strings.Contains(text, word) {
			t.Errorf("the document says %q", word)
		}
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]json.RawMessage `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	for name, s := range doc.Components.Schemas {
		for field := range s.Properties {
			if !regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`).MatchString(field) {
				t.Errorf("%s.%s is not snake_case", name, field)
			}
		}
	}
}
