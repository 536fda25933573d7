package scim

import "strings"

// What a patch does to attributes with several values.

// matching gives the values that a path's filter matches, or all of them without one.
func matching(list []any, f Filter) []map[string]any {
	var out []map[string]any
	for _, v := range list {
		if m, ok := v.(map[string]any); ok && Matches(f, m) {
			out = append(out, m)
		}
	}
	return out
}

// addTo adds values to a list, or parts to the values that a path matches.
func (p *patcher) addTo(home map[string]any, path PatchPath, value any) error {
	if path.Sub != nil || path.Filter != nil {
		return p.setMatching(home, path, value, false)
	}
	added, err := p.valuesOf(path, value)
	if err != nil {
		return err
	}
	p.append(home, path.Attr, added)
	return nil
}

// valuesOf reads the values of an operation: a list, or one value alone, which RFC 7644 §3.5.2.1 allows for add.
func (p *patcher) valuesOf(path PatchPath, value any) ([]any, error) {
	if _, ok := value.([]any); !ok && value != nil {
		value = []any{value}
	}
	v, err := p.attribute(path.Attr, path.String(), value)
	if err != nil {
		return nil, err
	}
	return listed(v), nil
}

// append adds values that are not there yet. A new primary value takes the place of the old one (RFC 7644 §3.5.2).
func (p *patcher) append(home map[string]any, a *Attribute, added []any) {
	have := listed(home[a.Name])
	known := make(map[string]bool, len(have))
	for _, v := range have {
		known[identity(a, v)] = true
	}
	for _, v := range added {
		if known[identity(a, v)] {
			continue
		}
		known[identity(a, v)] = true
		if m, ok := v.(map[string]any); ok && m["primary"] == true {
			demote(have, m)
		}
		have = append(have, v)
	}
	put(home, a.Name, have)
}

// demote leaves one value as the only primary one.
func demote(list []any, but map[string]any) {
	for _, v := range list {
		if m, ok := v.(map[string]any); ok && m["primary"] == true {
			m["primary"] = false
		}
	}
	but["primary"] = true
}

// replaceIn replaces a list, the values that a filter matches, or a part of either.
func (p *patcher) replaceIn(home map[string]any, path PatchPath, value any) error {
	if path.Sub != nil || path.Filter != nil {
		return p.setMatching(home, path, value, true)
	}
	replaced, err := p.valuesOf(path, value)
	if err != nil {
		return err
	}
	put(home, path.Attr.Name, replaced)
	return nil
}

// setMatching writes parts of, or whole, values that a path matches. Where none does, some modes make the value that
// the filter describes; otherwise ErrNoTarget (RFC 7644 §3.5.2.3).
func (p *patcher) setMatching(home map[string]any, path PatchPath, value any, replace bool) error {
	have := listed(home[path.Attr.Name])
	found := matching(have, path.Filter)
	if len(found) == 0 {
		fresh, ok := map[string]any{}, p.q.CreateByFilter
		if path.Filter != nil {
			ok = ok && describes(path.Filter, fresh)
		}
		if !ok {
			return ErrNoTarget.Saying("No value of %s matches the path.", path.Attr.Name)
		}
		have, found = append(have, fresh), []map[string]any{fresh}
	}
	for _, m := range found {
		if err := p.setParts(m, path, value, replace); err != nil {
			return err
		}
		if m["primary"] == true {
			demote(have, m)
		}
	}
	return p.kept(home, path.Attr, have)
}

// kept writes a list back without the values that have lost all their parts, or the value they were about.
func (p *patcher) kept(home map[string]any, a *Attribute, list []any) error {
	var out []any
	for _, v := range list {
		m, ok := v.(map[string]any)
		if !ok || empty(m) || onlyDescribed(a, m) {
			continue
		}
		out = append(out, v)
	}
	put(home, a.Name, out)
	return nil
}

// onlyDescribed tells a value that holds nothing but what it would be for: Entra empties an address by replacing its
// value with "".
func onlyDescribed(a *Attribute, m map[string]any) bool {
	if a.sub("value") == nil {
		return false
	}
	for name := range m {
		if name != "type" && name != "primary" {
			return false
		}
	}
	return true
}

// setParts writes one matched value: the part that the path names, or the value itself.
func (p *patcher) setParts(m map[string]any, path PatchPath, value any, replace bool) error {
	at := path.String()
	if path.Sub != nil {
		v, err := p.single(path.Sub, at, value)
		if err != nil {
			return err
		}
		put(m, path.Sub.Name, v)
		return nil
	}
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	v, err := p.single(path.Attr, at, value)
	if err != nil {
		return err
	}
	parts, _ := v.(map[string]any)
	if replace {
		clear(m)
	}
	for name, one := range parts {
		m[name] = one
	}
	return nil
}

// describes fills in the value that a filter describes: comparisons by eq, joined by and. Anything else describes none.
func describes(f Filter, into map[string]any) bool {
	switch f := f.(type) {
	case Compare:
		if f.Op != Equal || f.Value == nil || f.Path.Attr == nil {
			return false
		}
		into[f.Path.Attr.Name] = f.Value
		return true
	case Logical:
		for _, part := range f.Parts {
			if f.Or || !describes(part, into) {
				return false
			}
		}
		return true
	}
	return false
}

// removeFrom removes an attribute, the values that a filter matches, or a part of either.
func (p *patcher) removeFrom(home map[string]any, path PatchPath, value any) error {
	a := path.Attr
	if !a.Multi {
		if path.Sub == nil {
			delete(home, a.Name)
			return nil
		}
		if part, ok := home[a.Name].(map[string]any); ok {
			delete(part, path.Sub.Name)
			put(home, a.Name, part)
		}
		return nil
	}
	have := listed(home[a.Name])
	if path.Filter == nil && path.Sub == nil {
		return p.removeValues(home, path, have, value)
	}
	found := matching(have, path.Filter)
	if len(found) == 0 {
		if p.q.MissPasses {
			p.note("nothing matches the path of a removal at %s: passed over", a.Name)
			return nil
		}
		return ErrNoTarget.Saying("No value of %s matches the path.", a.Name)
	}
	for _, m := range found {
		if path.Sub != nil {
			delete(m, path.Sub.Name)
		} else {
			clear(m)
		}
	}
	return p.kept(home, a, have)
}

// removeValues removes a whole list, or in some modes only the values that the operation names.
func (p *patcher) removeValues(home map[string]any, path PatchPath, have []any, value any) error {
	named := listed(value)
	if !p.q.RemoveByValue || len(named) == 0 {
		delete(home, path.Attr.Name)
		return nil
	}
	gone := map[string]bool{}
	for _, one := range named {
		if text, ok := partOf(one, "value"); ok {
			gone[fold(text)] = true
		}
	}
	var out []any
	for _, v := range have {
		if text, ok := partOf(v, "value"); ok && gone[fold(text)] {
			continue
		}
		out = append(out, v)
	}
	put(home, path.Attr.Name, out)
	return nil
}

// partOf gives a text part of a complex value, or a plain text itself.
func partOf(v any, name string) (string, bool) {
	if s, ok := v.(string); ok {
		return strings.TrimSpace(s), true
	}
	m, ok := v.(map[string]any)
	if !ok {
		return "", false
	}
	part, _ := valueOf(m, name)
	s, ok := part.(string)
	return s, ok
}
