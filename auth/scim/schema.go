package scim

import (
	"maps"
	"slices"
	"strings"
)

// Names of schemas and messages (RFC 7643 §8.7, RFC 7644 §8.2).
const (
	SchemaUser           = "urn:ietf:params:scim:schemas:core:2.0:User"
	SchemaGroup          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	SchemaEnterprise     = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	SchemaProviderConfig = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	SchemaResourceType   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	SchemaSchema         = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	MessageList          = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	MessageSearch        = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
	MessagePatch         = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
	MessageBulkRequest   = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	MessageBulkResponse  = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
	MessageError         = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// Type is an attribute's data type (RFC 7643 §2.3).
type Type string

// The types.
const (
	TypeString    Type = "string"
	TypeBoolean   Type = "boolean"
	TypeDecimal   Type = "decimal"
	TypeInteger   Type = "integer"
	TypeDateTime  Type = "dateTime"
	TypeBinary    Type = "binary"
	TypeReference Type = "reference"
	TypeComplex   Type = "complex"
)

// Mutability is who may write an attribute and when (RFC 7643 §7).
type Mutability string

// The mutabilities.
const (
	ReadWrite Mutability = "readWrite"
	ReadOnly  Mutability = "readOnly"
	Immutable Mutability = "immutable"
	WriteOnly Mutability = "writeOnly"
)

// Returned is when an attribute stands in an answer (RFC 7643 §7).
type Returned string

// The returned values.
const (
	ReturnedAlways  Returned = "always"
	ReturnedNever   Returned = "never"
	ReturnedDefault Returned = "default"
	ReturnedRequest Returned = "request"
)

// Uniqueness is among whom a value is unique (RFC 7643 §7).
type Uniqueness string

// The uniquenesses.
const (
	UniqueNone   Uniqueness = "none"
	UniqueServer Uniqueness = "server"
)

// Attribute is what may stand in a resource (RFC 7643 §7). Its zero values are the defaults of §2.2: a readWrite,
// single-valued, optional string without regard to case, returned by default.
type Attribute struct {
	Name        string
	Type        Type
	Multi       bool
	Description string
	Required    bool
	Canonical   []string // suggested values; others are taken too
	CaseExact   bool
	Mutability  Mutability
	Returned    Returned
	Uniqueness  Uniqueness
	References  []string
	Sub         []Attribute
	index       map[string]*Attribute // lower-case name → one of Sub
}

// sub finds a sub-attribute by its name in any case.
func (a *Attribute) sub(name string) *Attribute { return a.index[strings.ToLower(name)] }

// Schema is a named set of attributes (RFC 7643 §7).
type Schema struct {
	ID          string
	Name        string
	Description string
	Attributes  []Attribute
	index       map[string]*Attribute
}

// attribute finds an attribute by its name in any case.
func (s *Schema) attribute(name string) *Attribute { return s.index[strings.ToLower(name)] }

// ResourceType is a kind of resource with an endpoint (RFC 7643 §6).
type ResourceType struct {
	ID          string
	Name        string
	Endpoint    string
	Description string
	Core        *Schema
	Extensions  []*Schema
}

// extension finds an extension by its URN in any case.
func (rt *ResourceType) extension(urn string) *Schema {
	for _, s := range rt.Extensions {
		if strings.EqualFold(s.ID, urn) {
			return s
		}
	}
	return nil
}

// finished fills in the defaults and the index of attributes.
func finished(attributes []Attribute) map[string]*Attribute {
	index := make(map[string]*Attribute, len(attributes))
	for i := range attributes {
		a := &attributes[i]
		if a.Type == "" {
			a.Type = TypeString
		}
		if a.Mutability == "" {
			a.Mutability = ReadWrite
		}
		if a.Returned == "" {
			a.Returned = ReturnedDefault
		}
		if a.Uniqueness == "" {
			a.Uniqueness = UniqueNone
		}
		if a.Type == TypeReference || a.Type == TypeBinary {
			a.CaseExact = true // RFC 7643 §2.3.6, §2.3.7
		}
		a.index = finished(a.Sub)
		index[strings.ToLower(a.Name)] = a
	}
	return index
}

func newSchema(id, name, description string, attributes ...Attribute) *Schema {
	s := &Schema{ID: id, Name: name, Description: description, Attributes: attributes}
	s.index = finished(s.Attributes)
	return s
}

// common are the attributes of every resource (RFC 7643 §3.1), and schemas (§3). No schema lists them.
var common = newSchema("", "", "",
	Attribute{Name: "schemas", Type: TypeReference, Multi: true, Required: true, Returned: ReturnedAlways},
	Attribute{Name: "id", CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, Uniqueness: UniqueServer},
	Attribute{Name: "externalId", CaseExact: true},
	Attribute{Name: "meta", Type: TypeComplex, Mutability: ReadOnly, Sub: []Attribute{
		{Name: "resourceType", CaseExact: true, Mutability: ReadOnly},
		{Name: "created", Type: TypeDateTime, Mutability: ReadOnly},
		{Name: "lastModified", Type: TypeDateTime, Mutability: ReadOnly},
		{Name: "location", Type: TypeReference, Mutability: ReadOnly},
		{Name: "version", CaseExact: true, Mutability: ReadOnly},
	}},
)

// find resolves a top-level name of a resource: common first, then the core schema's.
func (rt *ResourceType) find(name string) *Attribute {
	if a := common.attribute(name); a != nil {
		return a
	}
	return rt.Core.attribute(name)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
