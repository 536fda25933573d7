package rest

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// finished is the document when every operation is in it, with what huma makes of types put right.
func (a *api) finished() *huma.OpenAPI {
	doc := a.huma.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own failures, which nobody meets
	delete(schemas, "ErrorDetail")
	for _, s := range schemas {
		neverNull(s)
	}
	sent := map[string]bool{}
	for _, p := range doc.Paths {
		for _, op := range operationsOf(p) {
			for _, param := range op.Parameters {
				param.Schema.Description = "" // it stands at the parameter
			}
			if op.RequestBody != nil {
				for _, m := range op.RequestBody.Content {
					markSent(schemas, m.Schema, sent)
				}
			}
		}
	}
	for name, s := range schemas {
		if !sent[name] && s.AdditionalProperties == false {
			s.AdditionalProperties = nil // answers may grow; only what is sent to us is closed
		}
	}
	describeProblem(schemas["Problem"], schemas["ProblemField"])
	return doc
}

// neverNull says of every list that it is none but a list: huma takes each for one that may be null; ours are [] then.
func neverNull(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
	}
	neverNull(s.Items)
	for _, p := range s.Properties {
		neverNull(p)
	}
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		neverNull(of)
	}
}

// markSent marks the schemas that a body is made of.
func markSent(schemas map[string]*huma.Schema, s *huma.Schema, sent map[string]bool) {
	if s == nil {
		return
	}
	if s.Ref != "" {
		name := lastPart(s.Ref)
		if sent[name] {
			return
		}
		sent[name] = true
		s = schemas[name]
	}
	markSent(schemas, s.Items, sent)
	for _, p := range s.Properties {
		markSent(schemas, p, sent)
	}
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		markSent(schemas, of, sent)
	}
}

// lastPart is the name at the end of a reference.
func lastPart(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }

// describeProblem says what the fields of a problem document are: api/problem serves pages too and knows no huma.
func describeProblem(problem, field *huma.Schema) {
	for name, text := range map[string]string{
		"type":       "Always about:blank: code tells problems apart.",
		"title":      "The status in words.",
		"status":     "The status of the answer.",
		"code":       "What went wrong, for programs. It never changes.",
		"detail":     "What went wrong and what to do next, for people.",
		"errors":     "What is wrong with which field.",
		"current":    "Where a change was made on an older state: what stands there now. The operation says what it is.",
		"request_id": "The number of the request, for asking us about it.",
	} {
		problem.Properties[name].Description = text
	}
	field.Properties["field"].Description = "The field, with its place in lists: questions.0.prompt."
	field.Properties["message"].Description = "What is wrong and what would be right, for people."
}
