package scim

import "time"

// Field is what the store can look resources up by. It is a closed list: the store knows a column for each, and nothing
// that a client writes ever becomes part of a statement.
type Field string

// The fields.
const (
	FieldID           Field = "id"
	FieldUserName     Field = "userName"
	FieldExternalID   Field = "externalId"
	FieldDisplayName  Field = "displayName"
	FieldGivenName    Field = "name.givenName"
	FieldFamilyName   Field = "name.familyName"
	FieldFormatted    Field = "name.formatted"
	FieldEmail        Field = "emails.value"
	FieldActive       Field = "active"
	FieldCreated      Field = "meta.created"
	FieldLastModified Field = "meta.lastModified"
	FieldGroup        Field = "groups.value"  // of a person
	FieldMember       Field = "members.value" // of a group
)

var (
	userFields = map[string]Field{
		"id": FieldID, "userName": FieldUserName, "externalId": FieldExternalID, "displayName": FieldDisplayName,
		"name.givenName": FieldGivenName, "name.familyName": FieldFamilyName, "name.formatted": FieldFormatted,
		"emails.value": FieldEmail, "active": FieldActive, "meta.created": FieldCreated, "meta.lastModified": FieldLastModified,
		"groups.value": FieldGroup,
	}
	groupFields = map[string]Field{
		"id": FieldID, "externalId": FieldExternalID, "displayName": FieldDisplayName,
		"meta.created": FieldCreated, "meta.lastModified": FieldLastModified, "members.value": FieldMember,
	}
)

// Condition is a filter as the store asks it: All, Any, None or Test. nil holds for everything.
type Condition interface{ condition() }

// All holds when each part does.
type All []Condition

// Any holds when one part does.
type Any []Condition

// None holds when its part does not.
type None struct{ Of Condition }

// Test compares a field. Value is a string, bool or time.Time.
type Test struct {
	Field Field
	Op    Op
	Value any
}

func (All) condition()  {}
func (Any) condition()  {}
func (None) condition() {}
func (Test) condition() {}

// Translate gives the part of a filter that the store can ask. The condition holds for everything that the filter
// matches; with exact it holds for nothing else, and without it what the store gives is still to be held against the
// filter.
func Translate(rt *ResourceType, f Filter) (c Condition, exact bool) {
	fields := userFields
	if rt == Groups {
		fields = groupFields
	}
	return translate(fields, f)
}

func translate(fields map[string]Field, f Filter) (Condition, bool) {
	switch f := f.(type) {
	case nil:
		return nil, true
	case Logical:
		if f.Or {
			return translateAny(fields, f.Parts)
		}
		return translateAll(fields, f.Parts)
	case Not:
		c, exact := translate(fields, f.Of)
		if !exact || c == nil {
			return nil, false
		}
		return None{c}, true
	case Compare:
		if t, ok := test(fields, f); ok {
			return t, true
		}
		return nil, false
	case ValuePath:
		return within(fields, f)
	}
	return nil, false
}

// translateAll keeps what can be asked of the parts: the rest only narrows further.
func translateAll(fields map[string]Field, parts []Filter) (Condition, bool) {
	var out All
	whole := true
	for _, part := range parts {
		c, exact := translate(fields, part)
		whole = whole && exact
		if c != nil {
			out = append(out, c)
		}
	}
	if len(out) == 0 {
		return nil, whole
	}
	return out, whole
}

// translateAny needs all of the parts: one that cannot be asked may hold for anything.
func translateAny(fields map[string]Field, parts []Filter) (Condition, bool) {
	var out Any
	whole := true
	for _, part := range parts {
		c, exact := translate(fields, part)
		if c == nil {
			return nil, false
		}
		whole = whole && exact
		out = append(out, c)
	}
	return out, whole
}

// within asks what brackets say of the value itself. They speak of one value and the store of any, so that only a single
// comparison is exact.
func within(fields map[string]Field, f ValuePath) (Condition, bool) {
	inner := map[string]Field{}
	if field, ok := fields[f.Path.Attr.Name+".value"]; ok {
		inner["value"] = field
	}
	c, exact := translate(inner, f.Of)
	if _, single := c.(Test); single {
		return c, exact
	}
	if negates(c) {
		return nil, false // `not (value eq "x")` within brackets asks for another value, not for the absence of x
	}
	return c, false
}

// negates tells a condition that holds for the absence of something.
func negates(c Condition) bool {
	switch c := c.(type) {
	case All:
		for _, part := range c {
			if negates(part) {
				return true
			}
		}
	case Any:
		for _, part := range c {
			if negates(part) {
				return true
			}
		}
	case None:
		return true
	}
	return false
}

// test turns one comparison into a question that the store answers just as Matches would.
func test(fields map[string]Field, f Compare) (Test, bool) {
	if f.Path.Unknown != "" || f.Path.Schema != nil {
		return Test{}, false
	}
	field, ok := fields[f.Path.String()]
	if !ok {
		return Test{}, false
	}
	t := Test{Field: field, Op: f.Op, Value: f.Value}
	switch v := f.Value.(type) {
	case string:
		return t, v != "" && askable(field, f.Op) && (foldedHere(field) || ascii(v))
	case bool:
		return t, field == FieldActive
	case time.Time:
		return t, field == FieldCreated || field == FieldLastModified
	}
	return Test{}, false
}

// foldedHere tells the fields that are compared as they are, or whose small letters this package has made. Those of the
// others PostgreSQL makes, and beyond ASCII perhaps not as fold does.
func foldedHere(field Field) bool {
	switch field {
	case FieldDisplayName, FieldGivenName, FieldFamilyName, FieldFormatted:
		return false
	}
	return true
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// askable tells which comparisons of texts the store answers. ne over several values, or where a value may be absent, is
// left to Matches.
func askable(field Field, op Op) bool {
	switch field {
	case FieldID, FieldGroup, FieldMember:
		return op == Equal
	case FieldCreated, FieldLastModified:
		return false // parts of a time as a text
	}
	switch op {
	case Equal, Contains, StartsWith, EndsWith:
		return true
	case NotEqual, Greater, GreaterOrEqual, Less, LessOrEqual:
		return field == FieldUserName
	}
	return false
}
