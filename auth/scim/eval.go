package scim

import (
	"cmp"
	"strings"
	"time"
)

// Resource is a resource in its canonical form: attribute names as the schemas write them, extensions under their URN,
// single values as string, bool or float64, complex ones as map[string]any, several as []any. SCIM's resources are open
// by design, so they are kept as what they are.
type Resource = map[string]any

// Matches tells whether a resource fulfils a filter. An attribute with several values matches when any of them does, in
// texts case counts only where the schema says so (RFC 7644 §3.4.2.2). An attribute without a value equals null, and is
// unequal to everything else.
func Matches(f Filter, r Resource) bool {
	switch f := f.(type) {
	case nil:
		return true
	case Logical:
		for _, part := range f.Parts {
			if Matches(part, r) == f.Or {
				return f.Or
			}
		}
		return !f.Or
	case Not:
		return !Matches(f.Of, r)
	case ValuePath:
		for _, v := range values(r, f.Path) {
			if m, ok := v.(map[string]any); ok && Matches(f.Of, m) {
				return true
			}
		}
		return false
	case Compare:
		return f.matches(r)
	}
	return false
}

// values gives every value that a path names, without those that are unassigned.
func values(r Resource, p Path) []any {
	if p.Unknown != "" {
		return nil
	}
	if p.Schema != nil {
		ext, _ := r[p.Schema.ID].(map[string]any)
		if p.Attr == nil {
			if len(ext) == 0 {
				return nil
			}
			return []any{ext}
		}
		r = ext
	}
	found := listed(r[p.Attr.Name])
	if p.Sub == nil {
		return found
	}
	var out []any
	for _, v := range found {
		if m, ok := v.(map[string]any); ok {
			out = append(out, listed(m[p.Sub.Name])...)
		}
	}
	return out
}

// listed is a value as a list, empty when it is unassigned (RFC 7643 §2.5).
func listed(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}

func (c Compare) matches(r Resource) bool {
	found := values(r, c.Path)
	switch {
	case c.Op == Present:
		for _, v := range found {
			if !empty(v) {
				return true
			}
		}
		return false
	case c.Value == nil:
		return (len(found) == 0) == (c.Op == Equal)
	case len(found) == 0:
		return c.Op == NotEqual
	case c.Path.Unknown != "":
		return false
	}
	for _, v := range found {
		if compares(c.Path.leaf(), c.Op, v, c.Value) {
			return true
		}
	}
	return false
}

// empty tells a value that counts as none for pr: an empty text, list or object.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, one := range v {
			if !empty(one) {
				return false
			}
		}
		return true
	}
	return false
}

// compares holds one value of a resource against the operand of a filter.
func compares(a *Attribute, op Op, have, want any) bool {
	switch want := want.(type) {
	case bool:
		b, ok := have.(bool)
		return ok && (b == want) == (op == Equal)
	case float64:
		n, ok := have.(float64)
		return ok && ordered(op, cmp.Compare(n, want))
	case time.Time:
		s, _ := have.(string)
		t, err := time.Parse(time.RFC3339Nano, s)
		return err == nil && ordered(op, t.Compare(want))
	case string:
		s, ok := have.(string)
		if !ok {
			return false
		}
		if !a.CaseExact {
			s, want = fold(s), fold(want)
		}
		switch op {
		case Contains:
			return strings.Contains(s, want)
		case StartsWith:
			return strings.HasPrefix(s, want)
		case EndsWith:
			return strings.HasSuffix(s, want)
		}
		return ordered(op, strings.Compare(s, want))
	}
	return false
}

// fold is the form in which texts are compared without regard to case. The store keeps userName in this form.
func fold(s string) string { return strings.ToLower(s) }

func ordered(op Op, c int) bool {
	switch op {
	case Equal:
		return c == 0
	case NotEqual:
		return c != 0
	case Greater:
		return c > 0
	case GreaterOrEqual:
		return c >= 0
	case Less:
		return c < 0
	case LessOrEqual:
		return c <= 0
	}
	return false
}
