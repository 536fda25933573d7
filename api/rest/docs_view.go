package rest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// view is the page of the document: what the template shows.
type view struct {
	Title   string
	Version string
	Server  string // an address to try it at
	Key     string // how a key looks
	About   [][]span
	Groups  []docsGroup
	Common  []docsAnswer // failures that many operations share
	Schemas []docsSchema
}

// docsGroup is the operations of a tag.
type docsGroup struct {
	Name       string
	Anchor     string
	About      string
	Operations []docsOperation
}

type docsOperation struct {
	Anchor     string
	Method     string
	Path       string
	Summary    string
	About      [][]span
	Parameters []docsField
	Body       *docsType
	Answers    []docsAnswer
	Common     []string // statuses of the common failures it may answer
	Curl       string
}

// docsField is a parameter of an operation or a property of a schema.
type docsField struct {
	Name     string
	In       string // path, query or header; "" for a property
	Type     docsType
	Required bool
	About    string
}

// docsType is a type in words: Before, then the schema it leads to, if any.
type docsType struct {
	Before string
	Schema string
}

type docsAnswer struct {
	Status string
	Fine   bool
	About  [][]span
	Type   *docsType
}

type docsSchema struct {
	Name   string
	Fields []docsField
}

// span is a piece of a paragraph.
type span struct {
	Text   string
	Code   bool
	Strong bool
}

// viewOf makes the page of a document, its operations in the given order of their ids.
func viewOf(doc *huma.OpenAPI, order []string) view {
	v := view{Title: doc.Info.Title, Version: doc.Info.Version, About: paragraphs(doc.Info.Description), Key: doc.Components.SecuritySchemes[schemeKey].BearerFormat}
	v.Server = "https://your-portal.example"
	if _, portal := doc.Components.SecuritySchemes[schemeSession]; !portal {
		v.Server = "https://the-platform.example"
	}
	byID := map[string]*huma.Operation{}
	for _, p := range doc.Paths {
		for _, op := range operationsOf(p) {
			byID[op.OperationID] = op
		}
	}
	for _, t := range doc.Tags {
		g := docsGroup{Name: t.Name, Anchor: "tag-" + strings.ReplaceAll(strings.ToLower(t.Name), " ", "-"), About: t.Description}
		for _, id := range order {
			if slices.Contains(byID[id].Tags, t.Name) {
				g.Operations = append(g.Operations, showOperation(doc, byID[id]))
			}
		}
		v.Groups = append(v.Groups, g)
	}
	for _, status := range slices.Sorted(maps.Keys(common)) {
		v.Common = append(v.Common, docsAnswer{Status: strconv.Itoa(status), About: paragraphs(doc.Components.Responses[common[status].name].Description)})
	}
	schemas := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		v.Schemas = append(v.Schemas, docsSchema{Name: name, Fields: fieldsOf(schemas[name])})
	}
	return v
}

// operationsOf lists the operations of a path: reading before changing before deleting.
func operationsOf(p *huma.PathItem) []*huma.Operation {
	all := []*huma.Operation{p.Get, p.Head, p.Post, p.Put, p.Patch, p.Delete}
	return slices.DeleteFunc(all, func(op *huma.Operation) bool { return op == nil })
}

func showOperation(doc *huma.OpenAPI, op *huma.Operation) docsOperation {
	out := docsOperation{
		Anchor: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, About: paragraphs(op.Description), Curl: curl(doc, op),
	}
	for _, p := range op.Parameters {
		out.Parameters = append(out.Parameters, docsField{Name: p.Name, In: p.In, Type: typeOf(p.Schema), Required: p.Required, About: p.Description})
	}
	if op.RequestBody != nil {
		media := slices.Sorted(maps.Keys(op.RequestBody.Content))
		t := typeIn(strings.Join(media, " or "), op.RequestBody.Content[media[0]])
		out.Body = &t
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if r.Ref != "" {
			out.Common = append(out.Common, status)
			continue
		}
		out.Answers = append(out.Answers, showAnswer(status, r))
	}
	return out
}

func showAnswer(status string, r *huma.Response) docsAnswer {
	if !strings.HasPrefix(status, "2") {
		return docsAnswer{Status: status, About: paragraphs(r.Description)}
	}
	for media, m := range r.Content {
		t := typeIn(media, m)
		return docsAnswer{Status: status, Fine: true, Type: &t}
	}
	return docsAnswer{Status: status, Fine: true, About: paragraphs(r.Description)}
}

func fieldsOf(s *huma.Schema) []docsField {
	var out []docsField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		out = append(out, docsField{Name: name, Type: typeOf(p), Required: slices.Contains(s.Required, name), About: p.Description})
	}
	return out
}

func typeIn(media string, m *huma.MediaType) docsType {
	if m.Schema == nil || m.Schema.Format == "binary" {
		return docsType{Before: media}
	}
	return typeOf(m.Schema)
}

// typeOf says a type in words.
func typeOf(s *huma.Schema) docsType {
	switch {
	case s.Ref != "":
		return docsType{Schema: lastPart(s.Ref)}
	case len(s.Enum) > 0:
		choices := make([]string, len(s.Enum))
		for i, c := range s.Enum {
			choices[i] = fmt.Sprint(c)
		}
		return docsType{Before: "one of " + strings.Join(choices, ", ")}
	case s.Type == huma.TypeArray:
		t := typeOf(s.Items)
		return docsType{Before: strings.TrimSpace("list of " + t.Before), Schema: t.Schema}
	case s.Type == huma.TypeObject:
		if item, ok := s.AdditionalProperties.(*huma.Schema); ok {
			t := typeOf(item)
			return docsType{Before: strings.TrimSpace("object of " + t.Before), Schema: t.Schema}
		}
		return docsType{Before: "object"}
	case s.Type == "":
		return docsType{Before: "any JSON"}
	case s.Format == "uuid":
		return docsType{Before: "id"}
	case s.Format == "date-time":
		return docsType{Before: "time"}
	}
	return docsType{Before: s.Type + bounds(s)}
}

func bounds(s *huma.Schema) string {
	out := ""
	if s.Minimum != nil {
		out += fmt.Sprintf(", at least %v", *s.Minimum)
	}
	if s.Maximum != nil {
		out += fmt.Sprintf(", at most %v", *s.Maximum)
	}
	if s.Default != nil {
		out += fmt.Sprintf(", default %v", s.Default)
	}
	return out
}

// Examples of types that have none of their own.
const (
	exampleID   = "0197c2a4-5b1e-7d3a-9f00-3c5d7e9a1b2c"
	exampleTime = "2026-03-01T08:00:00Z"
)

// curl is an operation as one may type it. PORTAL and KEY are set once, as the page says at its top.
func curl(doc *huma.OpenAPI, op *huma.Operation) string {
	path, query := op.Path, ""
	lines := []string{`-H "Authorization: Bearer $KEY"`}
	if op.Extensions["x-permission"] == "public" {
		lines = nil
	}
	for _, p := range op.Parameters {
		switch value := fmt.Sprint(exampleOf(doc, p.Schema)); {
		case p.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		case p.In == "query" && p.Required:
			query = "?" + p.Name + "=" + value
		case p.In == "header" && p.Required:
			lines = append(lines, "-H "+strconv.Quote(p.Name+": "+value))
		case p.Name == "If-Match":
			lines = append(lines, `-H 'If-Match: "7"'`)
		}
	}
	command := "curl -X " + op.Method
	switch op.Method {
	case http.MethodGet:
		command = "curl"
	case http.MethodHead:
		command = "curl --head"
	}
	if op.RequestBody != nil {
		lines = append(lines, bodyLines(doc, op)...)
	}
	first := command + ` "$PORTAL` + path + query + `"`
	return strings.Join(append([]string{first}, lines...), " \\\n  ")
}

func bodyLines(doc *huma.OpenAPI, op *huma.Operation) []string {
	media := slices.Sorted(maps.Keys(op.RequestBody.Content))[0]
	schema, header := op.RequestBody.Content[media].Schema, `-H "Content-Type: `+media+`"`
	if schema.Format == "binary" {
		return []string{header, "--data-binary @file"}
	}
	body, err := json.MarshalIndent(exampleOf(doc, schema), "", "  ")
	if err != nil {
		panic(err) // unreachable: examples are strings, numbers, lists and maps of such
	}
	return []string{header, "-d '" + strings.ReplaceAll(string(body), "'", `'\''`) + "'"}
}

// exampleOf makes a value of a schema.
func exampleOf(doc *huma.OpenAPI, s *huma.Schema) any {
	switch {
	case s.Ref != "":
		return exampleOf(doc, doc.Components.Schemas.SchemaFromRef(s.Ref))
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		return exampleObject(doc, s)
	case huma.TypeArray:
		return exampleList(doc, s)
	case huma.TypeInteger, huma.TypeNumber:
		if s.Minimum != nil {
			return *s.Minimum
		}
		return 7
	case huma.TypeBoolean:
		return true
	}
	switch s.Format {
	case "uuid":
		return exampleID
	case "date-time":
		return exampleTime
	}
	return "…"
}

// exampleObject shows what an object must have, or all it may have when it must have nothing.
func exampleObject(doc *huma.OpenAPI, s *huma.Schema) map[string]any {
	out := map[string]any{}
	for name, p := range s.Properties {
		if len(s.Required) == 0 || slices.Contains(s.Required, name) || len(p.Examples) > 0 {
			out[name] = exampleOf(doc, p)
		}
	}
	if item, ok := s.AdditionalProperties.(*huma.Schema); ok {
		out[exampleID] = exampleOf(doc, item)
	}
	return out
}

func exampleList(doc *huma.OpenAPI, s *huma.Schema) []any {
	n := 1
	if s.MinItems != nil {
		n = *s.MinItems
	}
	return slices.Repeat([]any{exampleOf(doc, s.Items)}, n)
}

// paragraphs reads the little Markdown that our descriptions are written in: paragraphs, `code` and **strong**.
func paragraphs(text string) [][]span {
	var out [][]span
	for p := range strings.SplitSeq(text, "\n\n") {
		if p != "" {
			out = append(out, spans(p))
		}
	}
	return out
}

func spans(paragraph string) []span {
	var out []span
	for i, piece := range strings.Split(paragraph, "`") {
		if i%2 == 1 {
			out = append(out, span{Text: piece, Code: true})
			continue
		}
		for j, part := range strings.Split(piece, "**") {
			if part != "" {
				out = append(out, span{Text: part, Strong: j%2 == 1})
			}
		}
	}
	return out
}
