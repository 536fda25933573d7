package scim

import "strings"

// Selection is which attributes an answer holds (RFC 7644 §3.9): by default those returned by default, else only the
// wished ones or all but the unwished. id and schemas stand in every answer, a password in none.
type Selection struct {
	only    []Path
	without []Path
}

// ParseSelection reads the parameters attributes and excludedAttributes, each names separated by commas. A filter in
// brackets behind a name is passed over, as Entra's tests want it; a name that nobody knows selects nothing.
// ErrInvalidValue when both are given.
func ParseSelection(rt *ResourceType, attributes, excluded string) (Selection, error) {
	if attributes != "" && excluded != "" {
		return Selection{}, ErrInvalidValue.Saying("attributes and excludedAttributes exclude each other: give one.")
	}
	return Selection{only: selected(rt, attributes), without: selected(rt, excluded)}, nil
}

// selected resolves names. The result is non-nil as soon as anything was asked for.
func selected(rt *ResourceType, list string) []Path {
	if list == "" {
		return nil
	}
	out := []Path{}
	for _, name := range split(list) {
		name = strings.TrimSpace(name)
		if i := strings.IndexByte(name, '['); i >= 0 {
			name = name[:i]
		}
		if p := (scope{rt: rt}).resolve(name); p.Unknown == "" {
			out = append(out, p)
		}
	}
	return out
}

// split cuts a list at its commas, but not within brackets.
func split(list string) []string {
	var out []string
	from, depth := 0, 0
	for i := 0; i < len(list); i++ {
		switch list[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth <= 0 {
				out = append(out, list[from:i])
				from = i + 1
			}
		}
	}
	return append(out, list[from:])
}

// Wants tells whether a top-level attribute of the core schema is to stand in the answer, so that what is costly to
// gather (members, groups) need not be.
func (s Selection) Wants(name string) bool {
	for _, p := range s.without {
		if p.Schema == nil && p.Sub == nil && p.Attr.Name == name {
			return false
		}
	}
	if s.only == nil {
		return true
	}
	for _, p := range s.only {
		if p.Schema == nil && p.Attr.Name == name {
			return true
		}
	}
	return false
}

// Apply gives the selected part of a resource.
func (s Selection) Apply(rt *ResourceType, r Resource) Resource {
	var out Resource
	if s.only != nil {
		out = Resource{}
		for _, p := range s.only {
			pick(out, r, p)
		}
	} else {
		out = shallow(r)
		for _, p := range s.without {
			if p.leaf() == nil || p.leaf().Returned != ReturnedAlways {
				omit(out, p)
			}
		}
	}
	for _, name := range []string{"schemas", "id"} {
		if v, ok := r[name]; ok {
			out[name] = v
		}
	}
	delete(out, "password")
	return out
}

func shallow(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// pick copies what a path names.
func pick(out, r Resource, p Path) {
	if p.Schema != nil {
		from, ok := r[p.Schema.ID].(map[string]any)
		if !ok {
			return
		}
		if p.Attr == nil {
			out[p.Schema.ID] = from
			return
		}
		to, ok := out[p.Schema.ID].(map[string]any)
		if !ok {
			to = map[string]any{}
		}
		pickAttribute(to, from, p)
		if len(to) > 0 {
			out[p.Schema.ID] = to
		}
		return
	}
	pickAttribute(out, r, p)
}

func pickAttribute(out, r map[string]any, p Path) {
	v, ok := r[p.Attr.Name]
	if !ok {
		return
	}
	if p.Sub == nil {
		out[p.Attr.Name] = v
		return
	}
	if !p.Attr.Multi {
		from, _ := v.(map[string]any)
		to, ok := out[p.Attr.Name].(map[string]any)
		if !ok {
			to = map[string]any{}
		}
		if one, ok := from[p.Sub.Name]; ok {
			to[p.Sub.Name] = one
			out[p.Attr.Name] = to
		}
		return
	}
	from := listed(v)
	to, ok := out[p.Attr.Name].([]any)
	if !ok {
		to = make([]any, len(from))
		for i := range to {
			to[i] = map[string]any{}
		}
	}
	if len(to) != len(from) {
		return // the whole attribute is there already
	}
	for i, one := range from {
		m, _ := one.(map[string]any)
		if part, ok := m[p.Sub.Name]; ok {
			to[i] = with(to[i], p.Sub.Name, part)
		}
	}
	out[p.Attr.Name] = to
}

// with copies an object with one member more: the resource itself stays as it is.
func with(v any, name string, part any) map[string]any {
	m, _ := v.(map[string]any)
	out := shallow(m)
	out[name] = part
	return out
}

// omit leaves out what a path names.
func omit(out Resource, p Path) {
	home := out
	if p.Schema != nil {
		ext, ok := out[p.Schema.ID].(map[string]any)
		if !ok {
			return
		}
		if p.Attr == nil {
			delete(out, p.Schema.ID)
			return
		}
		home = shallow(ext)
		out[p.Schema.ID] = home
	}
	if p.Sub == nil {
		delete(home, p.Attr.Name)
		return
	}
	if !p.Attr.Multi {
		if m, ok := home[p.Attr.Name].(map[string]any); ok {
			m = shallow(m)
			delete(m, p.Sub.Name)
			home[p.Attr.Name] = m
		}
		return
	}
	var list []any
	for _, one := range listed(home[p.Attr.Name]) {
		m, _ := one.(map[string]any)
		m = shallow(m)
		delete(m, p.Sub.Name)
		list = append(list, m)
	}
	if list != nil {
		home[p.Attr.Name] = list
	}
}
