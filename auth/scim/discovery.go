package scim

// What the discovery endpoints tell (RFC 7644 §4), rendered from the schemas that resources are checked against.

// Limits that ServiceProviderConfig tells.
const (
	BulkOperationsMax = 1000
	BodyMax           = 1 << 20 // bytes of one request, a bulk one too
)

// ProviderConfig is the ServiceProviderConfig (RFC 7643 §5, RFC 9865 §4).
func ProviderConfig(base string) Resource {
	return Resource{
		"schemas":          []any{SchemaProviderConfig},
		"documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
		"patch":            map[string]any{"supported": true},
		"bulk":             map[string]any{"supported": true, "maxOperations": BulkOperationsMax, "maxPayloadSize": BodyMax},
		"filter":           map[string]any{"supported": true, "maxResults": PageMax},
		"changePassword":   map[string]any{"supported": false},
		"sort":             map[string]any{"supported": true},
		"etag":             map[string]any{"supported": true},
		"pagination": map[string]any{
			"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": PageDefault, "maxPageSize": PageMax,
		},
		"authenticationSchemes": []any{map[string]any{
			"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
			"description": "A token of the directory, made on its page in the portal, in the header Authorization: Bearer.",
			"specUri":     "https://www.rfc-editor.org/rfc/rfc6750",
		}},
		"meta": map[string]any{"resourceType": "ServiceProviderConfig", "location": base + "/ServiceProviderConfig"},
	}
}

// ResourceTypes lists the kinds of resource (RFC 7643 §6).
func ResourceTypes(base string) []Resource {
	var out []Resource
	for _, rt := range allTypes {
		extensions := []any{}
		for _, s := range rt.Extensions {
			extensions = append(extensions, map[string]any{"schema": s.ID, "required": false})
		}
		out = append(out, Resource{
			"schemas": []any{SchemaResourceType}, "id": rt.ID, "name": rt.Name, "endpoint": rt.Endpoint, "description": rt.Description,
			"schema": rt.Core.ID, "schemaExtensions": extensions,
			"meta": map[string]any{"resourceType": "ResourceType", "location": base + "/ResourceTypes/" + rt.ID},
		})
	}
	return out
}

// Schemas lists the schemas (RFC 7643 §7).
func Schemas(base string) []Resource {
	var out []Resource
	for _, s := range allSchemas {
		out = append(out, Resource{
			"schemas": []any{SchemaSchema}, "id": s.ID, "name": s.Name, "description": s.Description, "attributes": described(s.Attributes),
			"meta": map[string]any{"resourceType": "Schema", "location": base + "/Schemas/" + s.ID},
		})
	}
	return out
}

func described(attributes []Attribute) []any {
	out := make([]any, 0, len(attributes))
	for i := range attributes {
		a := &attributes[i]
		d := map[string]any{
			"name": a.Name, "type": string(a.Type), "multiValued": a.Multi, "description": a.Description, "required": a.Required,
			"mutability": string(a.Mutability), "returned": string(a.Returned), "uniqueness": string(a.Uniqueness),
		}
		if a.Type != TypeBoolean && a.Type != TypeComplex {
			d["caseExact"] = a.CaseExact
		}
		if len(a.Canonical) > 0 {
			d["canonicalValues"] = a.Canonical
		}
		if len(a.References) > 0 {
			d["referenceTypes"] = a.References
		}
		if len(a.Sub) > 0 {
			d["subAttributes"] = described(a.Sub)
		}
		out = append(out, d)
	}
	return out
}

// ListOf is a list response with everything on one page: the discovery endpoints page nothing (RFC 7644 §4).
func ListOf(resources []Resource) List {
	return List{Schemas: []string{MessageList}, TotalResults: len(resources), ItemsPerPage: len(resources), StartIndex: 1, Resources: resources}
}
