package scim

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/internal/fault"
)

// Bounds of a resource.
const (
	textMax    = 4000   // characters of a text
	binaryMax  = 64_000 // characters of a certificate in base64
	valuesMax  = 100    // values of one attribute
	membersMax = 20_000 // members of a group in one request
)

// Decode reads a body as a JSON object; ErrInvalidSyntax.
func Decode(body []byte) (map[string]any, error) {
	if !utf8.Valid(body) {
		return nil, ErrInvalidSyntax.Saying("The body is not UTF-8.")
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return nil, ErrInvalidSyntax.Saying("The body is not JSON: %s.", err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return nil, ErrInvalidSyntax.Saying("The body is not a JSON object.")
	}
	return m, nil
}

// cleaner brings what a client sent into canonical form, against the schemas.
type cleaner struct {
	rt    *ResourceType
	q     Quirks
	notes []string // what was passed over, for the request log
}

func (c *cleaner) note(format string, args ...any) {
	if len(c.notes) < 20 {
		c.notes = append(c.notes, fmt.Sprintf(format, args...))
	}
}

// Clean checks a whole resource, as POST and PUT bring it, and gives its canonical form: names as the schemas write
// them, without what is unassigned or readOnly (RFC 7644 §3.3, §3.5.1). notes tells what was passed over. Failures are
// ErrInvalidSyntax and ErrInvalidValue.
func Clean(rt *ResourceType, raw map[string]any, q Quirks) (out Resource, notes []string, err error) {
	c := &cleaner{rt: rt, q: q}
	if err := c.schemas(raw, rt.Core.ID); err != nil {
		return nil, nil, err
	}
	out = Resource{}
	seen := map[string]bool{}
	for _, name := range sortedKeys(raw) {
		if seen[fold(name)] {
			return nil, nil, ErrInvalidSyntax.Saying("%q stands there twice, in different case.", short(name))
		}
		seen[fold(name)] = true
		if err := c.member(out, name, raw[name], ErrInvalidSyntax); err != nil {
			return nil, nil, err
		}
	}
	return out, c.notes, required(rt, out)
}

// schemas checks that a message says what it is (RFC 7643 §3).
func (c *cleaner) schemas(raw map[string]any, want string) error {
	v, _ := valueOf(raw, "schemas")
	listed, ok := v.([]any)
	if !ok || len(listed) == 0 {
		if c.q.MissingSchemas {
			return nil
		}
		return ErrInvalidSyntax.Saying("schemas is missing: it holds %q.", want)
	}
	found := false
	for _, one := range listed {
		urn, ok := one.(string)
		if !ok {
			return ErrInvalidSyntax.Saying("schemas holds something that is no text.")
		}
		found = found || strings.EqualFold(urn, want)
	}
	if !found && !c.q.MissingSchemas {
		return ErrInvalidSyntax.Saying("schemas does not hold %q.", want)
	}
	return nil
}

// valueOf gives a member of an object by its name in any case.
func valueOf(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

// member takes one top-level member of a resource into out. unknown is the failure for a name that nobody knows.
func (c *cleaner) member(out Resource, name string, raw any, unknown *fault.Fault) error {
	if strings.HasPrefix(fold(name), "urn:") {
		return c.extension(out, name, raw, unknown)
	}
	a := c.rt.find(name)
	if a == nil {
		if !c.q.PassUnknown {
			return unknown.Saying("%q is no attribute of a %s. Check it for typing errors, or map only attributes of the schemas.", short(name), c.rt.Name)
		}
		c.note("%q is unknown here and was passed over", short(name))
		return nil
	}
	if a.Mutability == ReadOnly || a.Name == "schemas" {
		return nil
	}
	v, err := c.attribute(a, a.Name, raw)
	if err != nil || v == nil {
		return err
	}
	out[a.Name] = v
	return nil
}

// extension takes the attributes of an extension. One that this service does not have is passed over in every mode: it
// is another's business (RFC 7643 §3.3).
func (c *cleaner) extension(out Resource, urn string, raw any, unknown *fault.Fault) error {
	s := c.rt.extension(urn)
	if s == nil {
		c.note("the schema %q is unknown here and was passed over", short(urn))
		return nil
	}
	if raw == nil {
		return nil
	}
	m, ok := raw.(map[string]any)
	if !ok {
		return ErrInvalidValue.Saying("%s is not an object.", s.ID)
	}
	ext := map[string]any{}
	for _, name := range sortedKeys(m) {
		a := s.attribute(name)
		if a == nil {
			if !c.q.PassUnknown {
				return unknown.Saying("%q is no attribute of %s.", short(name), s.ID)
			}
			c.note("%q is unknown here and was passed over", short(name))
			continue
		}
		v, err := c.attribute(a, s.ID+":"+a.Name, m[name])
		if err != nil {
			return err
		}
		if v != nil {
			ext[a.Name] = v
		}
	}
	if len(ext) > 0 {
		out[s.ID] = ext
	}
	return nil
}

// attribute brings the value of one attribute into canonical form; nil is unassigned (RFC 7643 §2.5).
func (c *cleaner) attribute(a *Attribute, at string, raw any) (any, error) {
	if a.Mutability == WriteOnly {
		if !c.q.PassPassword {
			return nil, ErrInvalidValue.Saying("%s is not taken here: people sign in through your identity provider. Do not send passwords.", at)
		}
		if raw != nil {
			c.note("%s was passed over: passwords are not kept", at)
		}
		return nil, nil
	}
	if !a.Multi {
		return c.single(a, at, raw)
	}
	list, ok := raw.([]any)
	switch {
	case raw == nil:
		return nil, nil
	case !ok && !c.q.PlainValues:
		return nil, ErrInvalidValue.Saying("%s is not a list.", at)
	case !ok:
		list = []any{raw}
	}
	return c.list(a, at, list)
}

// list brings several values into canonical form, each once.
func (c *cleaner) list(a *Attribute, at string, list []any) (any, error) {
	limit := valuesMax
	if a.Name == "members" {
		limit = membersMax
	}
	if len(list) > limit {
		return nil, ErrInvalidValue.Saying("%s has more than %d values.", at, limit)
	}
	var out []any
	known, primary := map[string]bool{}, false
	for _, one := range list {
		v, err := c.single(a, at, one)
		if err != nil {
			return nil, err
		}
		if v == nil || known[identity(a, v)] {
			continue
		}
		known[identity(a, v)] = true
		if m, ok := v.(map[string]any); ok && m["primary"] == true {
			if primary && !c.q.PassUnknown {
				return nil, ErrInvalidValue.Saying("%s has more than one primary value.", at)
			}
			if primary {
				c.note("%s has more than one primary value: the first was kept", at)
				m["primary"] = false
			}
			primary = true
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}

// identity is what makes a value of a list the same as another: a member's id, or all of it.
func identity(a *Attribute, v any) string {
	if m, ok := v.(map[string]any); ok && a.Name == "members" {
		s, _ := m["value"].(string)
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// single brings one value into canonical form.
func (c *cleaner) single(a *Attribute, at string, raw any) (any, error) {
	if raw == nil {
		return nil, nil
	}
	switch a.Type {
	case TypeComplex:
		return c.complex(a, at, raw)
	case TypeBoolean:
		if raw == "" {
			return nil, nil
		}
		b, ok := c.q.boolean(raw)
		if !ok {
			return nil, ErrInvalidValue.Saying("%s is neither true nor false.", at)
		}
		return b, nil
	case TypeInteger, TypeDecimal:
		n, ok := raw.(float64)
		if !ok || a.Type == TypeInteger && n != float64(int64(n)) {
			return nil, ErrInvalidValue.Saying("%s is no number of type %s.", at, a.Type)
		}
		return n, nil
	}
	s, ok := raw.(string)
	if !ok {
		return nil, ErrInvalidValue.Saying("%s is not a text.", at)
	}
	return c.text(a, at, s)
}

func (c *cleaner) text(a *Attribute, at, s string) (any, error) {
	limit := textMax
	if a.Type == TypeBinary {
		limit = binaryMax
	}
	switch {
	case s == "":
		return nil, nil
	case len(s) > 4*limit || utf8.RuneCountInString(s) > limit:
		return nil, ErrInvalidValue.Saying("%s is longer than %d characters.", at, limit)
	case strings.ContainsRune(s, 0):
		return nil, ErrInvalidValue.Saying("%s holds the character NUL.", at)
	}
	switch a.Type {
	case TypeDateTime:
		if _, err := time.Parse(time.RFC3339Nano, s); err != nil {
			return nil, ErrInvalidValue.Saying("%s is no time such as \"2026-01-31T08:00:00Z\".", at)
		}
	case TypeBinary:
		if _, err := base64.StdEncoding.DecodeString(s); err != nil {
			return nil, ErrInvalidValue.Saying("%s is not base64.", at)
		}
	}
	return s, nil
}

// complex brings a value with parts into canonical form.
func (c *cleaner) complex(a *Attribute, at string, raw any) (any, error) {
	if s, ok := raw.(string); ok && c.q.PlainValues && a.sub("value") != nil {
		raw = map[string]any{"value": s}
	}
	m, ok := raw.(map[string]any)
	if !ok {
		return nil, ErrInvalidValue.Saying("%s is not an object.", at)
	}
	out := map[string]any{}
	for _, name := range sortedKeys(m) {
		sub := a.sub(name)
		if sub == nil && c.q.OldNames && a.Name == "members" && strings.EqualFold(name, "displayName") {
			sub = a.sub("display")
		}
		if sub == nil {
			if !c.q.PassUnknown {
				return nil, ErrInvalidSyntax.Saying("%q is no part of %s.", short(name), at)
			}
			c.note("%q is no part of %s and was passed over", short(name), at)
			continue
		}
		if sub.Mutability == ReadOnly {
			continue
		}
		v, err := c.single(sub, at+"."+sub.Name, m[name])
		if err != nil {
			return nil, err
		}
		if v != nil {
			out[sub.Name] = v
		}
	}
	if c.q.PlainValues && a.Name == "roles" {
		unpackRole(out)
	}
	return c.whole(a, at, out)
}

// unpackRole brings a role that stands as JSON within a text to its value.
func unpackRole(role map[string]any) {
	text, _ := role["value"].(string)
	if value, display, ok := unpacked(text); ok {
		role["value"] = value
		if display != "" {
			role["display"] = display
		}
	}
}

// whole judges a complex value that has been read: without any part, or without the member it stands for, it is none.
func (c *cleaner) whole(a *Attribute, at string, out map[string]any) (any, error) {
	if len(out) == 0 {
		return nil, nil
	}
	if a.Name == "members" {
		if _, ok := out["value"]; !ok {
			return nil, ErrInvalidValue.Saying("A member without a value is nobody.")
		}
		if t, ok := out["type"].(string); ok && !strings.EqualFold(t, "User") {
			return nil, ErrInvalidValue.Saying("Groups within groups are not taken here: send the people themselves.")
		}
	}
	return out, nil
}

// required tells which required attribute a resource lacks.
func required(rt *ResourceType, r Resource) error {
	for i := range rt.Core.Attributes {
		a := &rt.Core.Attributes[i]
		if !a.Required {
			continue
		}
		if s, _ := r[a.Name].(string); strings.TrimSpace(s) == "" {
			return ErrInvalidValue.Saying("%s is required.", a.Name)
		}
	}
	return nil
}
