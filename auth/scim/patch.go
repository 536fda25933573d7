package scim

import (
	"strings"
)

// operationsMax is how many operations one patch may hold.
const operationsMax = 1000

// Operation is one step of a patch (RFC 7644 §3.5.2). Value is what JSON said.
type Operation struct {
	Op    string // add, replace or remove
	Path  string // as it was written; empty without one
	Value any
}

// ParsePatch reads the body of a PATCH; ErrInvalidSyntax.
func ParsePatch(body map[string]any, q Quirks) ([]Operation, error) {
	c := cleaner{q: q}
	if err := c.schemas(body, MessagePatch); err != nil {
		return nil, err
	}
	v, _ := valueOf(body, "Operations")
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, ErrInvalidSyntax.Saying("Operations is missing or empty.")
	}
	if len(list) > operationsMax {
		return nil, ErrTooLarge.Saying("A patch holds at most %d operations.", operationsMax)
	}
	out := make([]Operation, 0, len(list))
	for i, one := range list {
		op, err := parseOperation(one, i+1, q)
		if err != nil {
			return nil, err
		}
		out = append(out, op)
	}
	return out, nil
}

func parseOperation(raw any, n int, q Quirks) (op Operation, err error) {
	m, ok := raw.(map[string]any)
	if !ok {
		return op, ErrInvalidSyntax.Saying("Operation %d is not an object.", n)
	}
	name, _ := valueOf(m, "op")
	op.Op, _ = name.(string)
	if q.AnyCaseOps {
		op.Op = strings.ToLower(op.Op)
	}
	if op.Op != "add" && op.Op != "replace" && op.Op != "remove" {
		return op, ErrInvalidSyntax.Saying("Operation %d: op is %q, not add, replace or remove.", n, short(op.Op))
	}
	path, _ := valueOf(m, "path")
	if op.Path, ok = path.(string); !ok && path != nil {
		return op, ErrInvalidPath.Saying("Operation %d: path is not a text.", n)
	}
	op.Path = strings.TrimSpace(op.Path)
	op.Value, ok = valueOf(m, "value")
	switch {
	case op.Op == "remove" && op.Path == "":
		return op, ErrNoTarget.Saying("Operation %d: a removal needs a path.", n)
	case op.Op != "remove" && !ok:
		return op, ErrInvalidSyntax.Saying("Operation %d: %s needs a value.", n, op.Op)
	}
	return op, nil
}

// Patch applies operations in their order to a copy of a resource in canonical form (RFC 7644 §3.5.2): all of them or
// none. notes tells what was passed over. Failures are ErrInvalidPath, ErrNoTarget, ErrMutability, ErrInvalidValue and
// ErrInvalidSyntax.
func Patch(rt *ResourceType, r Resource, ops []Operation, q Quirks) (out Resource, notes []string, err error) {
	p := &patcher{cleaner: cleaner{rt: rt, q: q}, r: cloned(r).(map[string]any)}
	for _, op := range ops {
		if op.Path == "" {
			err = p.whole(op)
		} else {
			err = p.at(op.Op, op.Path, op.Value)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return p.r, p.notes, required(rt, p.r)
}

// cloned copies a value of a resource in depth.
func cloned(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, one := range v {
			out[k] = cloned(one)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = cloned(one)
		}
		return out
	}
	return v
}

type patcher struct {
	cleaner
	r Resource
}

// whole applies an operation without a path: its value is an object whose members are attributes of the resource.
func (p *patcher) whole(op Operation) error {
	m, ok := op.Value.(map[string]any)
	if !ok {
		return ErrInvalidSyntax.Saying("Without a path the value of %s is an object.", op.Op)
	}
	for _, name := range sortedKeys(m) {
		if err := p.named(op.Op, name, m[name]); err != nil {
			return err
		}
	}
	return nil
}

// named applies one member of a value without a path: an attribute, an extension's object, or in some modes a path.
func (p *patcher) named(op, name string, value any) error {
	path := scope{rt: p.rt}.resolve(name)
	switch {
	case path.Schema != nil && path.Attr == nil:
		return p.extension(op, path.Schema, value)
	case path.Attr != nil && path.Schema == nil && path.Sub == nil:
		if path.Attr.Mutability == ReadOnly && p.q.PassReadOnly || path.Attr.Name == "schemas" {
			p.note("%s is readOnly and was passed over", path.Attr.Name)
			return nil
		}
		return p.at(op, name, value)
	case p.q.DottedKeys:
		return p.at(op, name, value)
	case p.q.PassUnknown:
		p.note("%q is unknown here and was passed over", short(name))
		return nil
	}
	return ErrInvalidPath.Saying("%q is no attribute of a %s.", short(name), p.rt.Name)
}

// extension applies an operation to each attribute of an extension that the value names.
func (p *patcher) extension(op string, s *Schema, value any) error {
	m, ok := value.(map[string]any)
	if !ok {
		return ErrInvalidValue.Saying("%s is not an object.", s.ID)
	}
	for _, name := range sortedKeys(m) {
		if err := p.at(op, s.ID+":"+name, m[name]); err != nil {
			return err
		}
	}
	return nil
}

// at applies an operation at a path.
func (p *patcher) at(op, text string, value any) error {
	path, err := ParsePath(p.rt, text, p.q)
	if err != nil {
		return err
	}
	if path.Unknown != "" {
		if p.q.PassUnknown {
			p.note("the path %q is unknown here and was passed over", short(text))
			return nil
		}
		return ErrInvalidPath.Saying("%q names no attribute of a %s.", short(text), p.rt.Name)
	}
	if path.Attr == nil {
		return p.extensionAt(op, path.Schema, value)
	}
	if err := changeable(path, op); err != nil {
		return err
	}
	home := p.home(path.Schema, op != "remove")
	if op != "remove" && path.Filter == nil && !path.Attr.Multi {
		err = p.setSingle(home, path, op, value)
	} else {
		switch op {
		case "add":
			err = p.addTo(home, path, value)
		case "replace":
			err = p.replaceIn(home, path, value)
		default:
			err = p.removeFrom(home, path, value)
		}
	}
	p.tidy(path.Schema)
	return err
}

// extensionAt applies an operation to an extension as a whole.
func (p *patcher) extensionAt(op string, s *Schema, value any) error {
	if op == "remove" || value == nil {
		delete(p.r, s.ID)
		return nil
	}
	if op == "replace" {
		delete(p.r, s.ID)
	}
	return p.extension(op, s, value)
}

// changeable refuses what may not be changed (RFC 7644 §3.5.2). A member of a group is added and removed whole; its
// parts are immutable.
func changeable(path PatchPath, op string) error {
	if path.Attr.Mutability == ReadOnly || path.Attr.Name == "schemas" || path.Sub != nil && path.Sub.Mutability == ReadOnly {
		return ErrMutability.Saying("%s is readOnly.", path)
	}
	if path.Sub != nil && path.Sub.Mutability == Immutable {
		return ErrMutability.Saying("%s is immutable: remove the value and add another.", path)
	}
	if op == "remove" && path.Attr.Required {
		return ErrMutability.Saying("%s is required and cannot be removed.", path)
	}
	return nil
}

// home is where an attribute's value stands: the resource itself or its extension's object.
func (p *patcher) home(s *Schema, create bool) map[string]any {
	if s == nil {
		return p.r
	}
	ext, ok := p.r[s.ID].(map[string]any)
	if !ok {
		ext = map[string]any{}
		if create {
			p.r[s.ID] = ext
		}
	}
	return ext
}

// tidy removes an extension that is left without attributes.
func (p *patcher) tidy(s *Schema) {
	if s == nil {
		return
	}
	if ext, ok := p.r[s.ID].(map[string]any); ok && len(ext) == 0 {
		delete(p.r, s.ID)
	}
}

// put writes a value, or removes it when it is none.
func put(home map[string]any, name string, v any) {
	if empty(v) {
		delete(home, name)
		return
	}
	home[name] = v
}

// setSingle adds or replaces a single-valued attribute or one of its parts. The parts of a complex value that the
// operation does not name stay as they are.
func (p *patcher) setSingle(home map[string]any, path PatchPath, op string, value any) error {
	a := path.Attr
	if path.Sub != nil {
		v, err := p.single(path.Sub, path.String(), value)
		if err != nil {
			return err
		}
		part := map[string]any{}
		if have, ok := home[a.Name].(map[string]any); ok {
			part = have
		}
		put(part, path.Sub.Name, v)
		put(home, a.Name, part)
		return nil
	}
	v, err := p.attribute(a, path.String(), value)
	if err != nil {
		return err
	}
	if v == nil && a.Required {
		return ErrInvalidValue.Saying("%s is required.", path)
	}
	parts, complex := v.(map[string]any)
	have, filled := home[a.Name].(map[string]any)
	if !complex || !filled {
		put(home, a.Name, v)
		return nil
	}
	for name, one := range parts {
		have[name] = one
	}
	return nil
}
