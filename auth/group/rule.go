package group

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Match is how many of a rule's conditions must hold.
type Match string

const (
	// MatchAll is each of them.
	MatchAll Match = "all"
	// MatchAny is at least one.
	MatchAny Match = "any"
)

// Field is what a condition asks of a person: one of auth.AttributeNames, or one of these.
type Field string

// Fields that are no attributes of a directory.
const (
	FieldName     Field = "name"
	FieldEmail    Field = "email"
	FieldLanguage Field = "locale"
	FieldTimeZone Field = "time_zone"
	FieldRole     Field = "role"
	FieldManager  Field = "manager"
	FieldGroup    Field = "group"
	FieldHired    Field = "hire_date"
	FieldCreated  Field = "created_at"
	// FieldCompleted is the courses that the person ever completed, FieldCertificate those of whose certificate they hold one that is valid.
	FieldCompleted   Field = "completed"
	FieldCertificate Field = "certificate"
	// FieldUnit is a department, location or position that the person is in; Under takes what stands below it too.
	FieldUnit Field = "unit"
	// customPrefix begins a field of the portal's own, by its code: custom.shift.
	customPrefix = "custom."
)

// CustomField is the field of a rule for one of the portal's own fields, by its code.
func CustomField(code string) Field { return Field(customPrefix + code) }

// Custom gives the code of one of the portal's own fields; ok is false for any other.
func (f Field) Custom() (code string, ok bool) { return strings.CutPrefix(string(f), customPrefix) }

// Fields lists what a condition may ask, in the order in which a page offers it.
func Fields() []Field {
	return []Field{
		"department", "title", "location", "user_type", "division", "organization", "cost_center", "employee_number",
		FieldUnit, FieldManager, FieldRole, FieldGroup, FieldLanguage, FieldTimeZone, FieldHired, FieldCreated, FieldCompleted, FieldCertificate, FieldName, FieldEmail,
	}
}

// Op is how a condition compares.
type Op string

// The comparisons. Texts are compared in any case. Several values are one of them (Is), or none of them (IsNot).
const (
	Is          Op = "is"
	IsNot       Op = "is_not"
	StartsWith  Op = "starts_with"
	Contains    Op = "contains"
	ContainsNot Op = "contains_not"
	Before      Op = "before" // a day, exclusive
	After       Op = "after"  // a day, exclusive
	Within      Op = "within" // at most so many days ago, and not in the future
	Under       Op = "under"  // reports to this person, directly or through others; of a unit: is in it or below it
	Empty       Op = "empty"
	Filled      Op = "filled"
)

// Ops lists all comparisons.
func Ops() []Op {
	return []Op{Is, IsNot, StartsWith, Contains, ContainsNot, Before, After, Within, Under, Empty, Filled}
}

// Ops lists how a field may be compared.
func (f Field) Ops() []Op {
	if _, own := f.Custom(); own {
		return []Op{Is, IsNot, StartsWith, Contains, ContainsNot, Before, After, Within, Empty, Filled}
	}
	switch f {
	case FieldManager:
		return []Op{Is, IsNot, Under, Empty, Filled}
	case FieldUnit:
		return []Op{Is, IsNot, Under}
	case FieldRole, FieldGroup, FieldLanguage, FieldCompleted, FieldCertificate:
		return []Op{Is, IsNot}
	case FieldHired:
		return []Op{Before, After, Within, Empty, Filled}
	case FieldCreated:
		return []Op{Before, After, Within}
	}
	return []Op{Is, IsNot, StartsWith, Contains, ContainsNot, Empty, Filled}
}

// Bare tells whether the comparison takes no value.
func (o Op) Bare() bool { return o == Empty || o == Filled }

// Condition asks one thing of a person.
type Condition struct {
	Field  Field    `json:"field"`
	Op     Op       `json:"op"`
	Values []string `json:"values,omitempty"`
}

// Rule says who is in a group: who is not deactivated and fits the conditions. It is kept as one JSON value.
type Rule struct {
	Match      Match       `json:"match"`
	Conditions []Condition `json:"conditions"`
}

// Limits of a rule.
const (
	conditionsMax = 20
	valuesMax     = 50
	valueMax      = 300
	daysMax       = 36500
)

// Validate gathers what is wrong with the rule, by the place of the condition: conditions.0.values.
func (r *Rule) Validate() error {
	f := fault.Fields{}
	f.Check(r.Match == MatchAll || r.Match == MatchAny, "match", "Choose whether all conditions must hold, or any.")
	f.Check(len(r.Conditions) > 0, "conditions", "Add at least one condition.")
	f.Check(len(r.Conditions) <= conditionsMax, "conditions", fmt.Sprintf("Use at most %d conditions.", conditionsMax))
	for i := range r.Conditions {
		r.Conditions[i].check(f, "conditions."+strconv.Itoa(i))
	}
	return f.Err()
}

func (c *Condition) check(f fault.Fields, at string) {
	if _, own := c.Field.Custom(); !own && !slices.Contains(Fields(), c.Field) {
		f.Check(false, at+".field", "There is no such field. Choose one from the list.")
		return
	}
	if !slices.Contains(c.Field.Ops(), c.Op) {
		f.Check(false, at+".op", "This field cannot be compared like that. Choose another comparison.")
		return
	}
	if c.Op.Bare() {
		c.Values = nil
		return
	}
	var values []string
	for _, v := range c.Values {
		if v = strings.TrimSpace(v); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	c.Values = values
	at += ".values"
	f.Check(len(values) > 0, at, "Enter a value.")
	f.Check(len(values) <= valuesMax, at, fmt.Sprintf("Use at most %d values.", valuesMax))
	for _, v := range values {
		f.Check(utf8.RuneCountInString(v) <= valueMax && utf8.ValidString(v) && !strings.ContainsRune(v, 0), at, fmt.Sprintf("Use at most %d characters.", valueMax))
	}
	if c.Op != Before && c.Op != After && c.Op != Within {
		return
	}
	f.Check(len(values) <= 1, at, "Enter one value only.")
	if len(values) == 0 {
		return
	}
	if c.Op == Within {
		n, err := strconv.Atoi(values[0])
		f.Check(err == nil && n > 0 && n <= daysMax, at, "Enter a number of days, for example 30.")
		return
	}
	_, err := time.Parse(time.DateOnly, values[0])
	f.Check(err == nil, at, "Enter a day, for example 2026-01-31.")
}

// ids gives the ids among the values of a field's conditions.
func (r *Rule) ids(field Field) (ids []uid.ID) {
	for _, c := range r.Conditions {
		if c.Field != field {
			continue
		}
		for _, v := range c.Values {
			if id, ok := uid.Parse(v); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// customs gives the codes of the portal's own fields that it asks.
func (r *Rule) customs() (codes []string) {
	for _, c := range r.Conditions {
		if code, own := c.Field.Custom(); own {
			codes = append(codes, code)
		}
	}
	return codes
}

// Asks tells whether a condition looks at a group.
func (r *Rule) Asks(group uid.ID) bool { return slices.Contains(r.ids(FieldGroup), group) }

// wide tells whether a change of one person may change who else fits.
func (r *Rule) wide() bool {
	return slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.Op == Under && c.Field == FieldManager })
}

// learned tells whether a condition asks what people did.
func (r *Rule) learned() bool {
	return slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.Field == FieldCompleted || c.Field == FieldCertificate })
}

// Value writes the JSON as a string: []byte fails in pgx's exec mode.
func (r Rule) Value() (driver.Value, error) {
	b, err := json.Marshal(r)
	return string(b), err
}

// Scan reads the JSON.
func (r *Rule) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), r)
	case []byte:
		return json.Unmarshal(v, r)
	case nil:
		*r = Rule{}
		return nil
	}
	return fmt.Errorf("rule: cannot read %T", src)
}

// GormDataType names the column's type.
func (Rule) GormDataType() string { return "jsonb" }
