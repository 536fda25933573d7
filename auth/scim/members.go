package scim

import (
	"context"
	"strconv"
	"strings"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// memberChange is one step of what a request does to a group's members.
type memberChange struct {
	kind   string // add, replace, remove
	values []any  // members in canonical form
	named  bool   // the removal names whom by a filter: a miss is noTarget
}

// memberChanges takes what concerns members out of a patch. whole is set when it holds something that needs all members
// to be known; rest is all of it then.
func (w *work) memberChanges(ops []Operation) (rest []Operation, changes []memberChange, whole bool, err error) {
	c := &cleaner{rt: Groups, q: w.q}
	for _, op := range ops {
		value, path, found := op.Value, op.Path, false
		if path == "" {
			if value, op.Value, found = membersOf(op.Value); !found {
				rest = append(rest, op)
				continue
			}
			if m, _ := op.Value.(map[string]any); len(m) > 0 {
				rest = append(rest, op)
			}
			path = "members"
		}
		p, err := ParsePath(Groups, path, w.q)
		if err != nil {
			return nil, nil, false, err
		}
		if p.Attr == nil || p.Attr.Name != "members" {
			rest = append(rest, op)
			continue
		}
		change, ok, err := c.memberChange(op.Op, p, value)
		if err != nil {
			return nil, nil, false, err
		}
		if !ok {
			return ops, nil, true, nil
		}
		changes = append(changes, change)
	}
	w.notes(c.notes)
	return rest, changes, false, nil
}

// membersOf splits the value of an operation without a path into the members and the rest.
func membersOf(value any) (members, rest any, found bool) {
	m, ok := value.(map[string]any)
	if !ok {
		return nil, value, false
	}
	if members, found = valueOf(m, "members"); !found {
		return nil, value, false
	}
	without := map[string]any{}
	for name, one := range m {
		if !strings.EqualFold(name, "members") {
			without[name] = one
		}
	}
	return members, without, true
}

// memberChange reads one operation on members; ok is false when all of them have to be known for it.
func (c *cleaner) memberChange(op string, p PatchPath, value any) (out memberChange, ok bool, err error) {
	if p.Sub != nil {
		return out, false, nil
	}
	if p.Filter != nil {
		named := namedMembers(p.Filter)
		return memberChange{kind: "remove", values: named, named: true}, op == "remove" && named != nil, nil
	}
	if op == "remove" && (!c.q.RemoveByValue || len(listed(value)) == 0) {
		return memberChange{kind: "replace"}, true, nil
	}
	if _, isList := value.([]any); !isList && value != nil {
		value = []any{value}
	}
	v, err := c.attribute(p.Attr, "members", value)
	return memberChange{kind: op, values: listed(v)}, true, err
}

// namedMembers gives the members that a filter names one by one: value eq "x", joined by or. nil for any other.
func namedMembers(f Filter) []any {
	switch f := f.(type) {
	case Compare:
		id, ok := f.Value.(string)
		if ok && f.Op == Equal && f.Path.Attr != nil && f.Path.Attr.Name == "value" {
			return []any{map[string]any{"value": id}}
		}
	case Logical:
		var out []any
		for _, part := range f.Parts {
			named := namedMembers(part)
			if !f.Or || named == nil {
				return nil
			}
			out = append(out, named...)
		}
		return out
	}
	return nil
}

// members makes changes of a group's members and gives who came or went.
func (w *work) members(ctx context.Context, g auth.Group, changes []memberChange) (moved map[uid.ID]bool, err error) {
	moved = map[uid.ID]bool{}
	for _, c := range changes {
		var came, went []uid.ID
		switch c.kind {
		case "add":
			came, err = w.addMembers(ctx, g, c.values)
		case "remove":
			went, err = w.removeMembers(ctx, g, c)
		default:
			came, went, err = w.replaceMembers(ctx, g, c.values)
		}
		if err != nil {
			return nil, err
		}
		for _, p := range append(came, went...) {
			moved[p] = true
		}
		if len(came) > 0 {
			w.changed(g.Name, "members", "", plural(len(came), "+"))
		}
		if len(went) > 0 {
			w.changed(g.Name, "members", "", plural(len(went), "−"))
		}
	}
	return moved, nil
}

// addMembers puts those of the values who are in the directory into the group.
func (w *work) addMembers(ctx context.Context, g auth.Group, list []any) ([]uid.ID, error) {
	members, err := w.known(ctx, g, list)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	return w.keep.PutMembers(ctx, members)
}

// known resolves members. Who is not in the directory is refused, or passed over where the mode allows it.
func (w *work) known(ctx context.Context, g auth.Group, list []any) ([]Member, error) {
	var ids []uid.ID
	displays := map[uid.ID]string{}
	missing := []string{}
	for _, v := range list {
		m, _ := v.(map[string]any)
		value, _ := m["value"].(string)
		id, ok := uid.Parse(value)
		if !ok {
			missing = append(missing, value)
			continue
		}
		if _, twice := displays[id]; !twice {
			ids = append(ids, id)
		}
		displays[id], _ = m["display"].(string)
	}
	linked, err := w.keep.Linked(ctx, w.d.ID, ids)
	if err != nil {
		return nil, err
	}
	out, here := make([]Member, 0, len(linked)), map[uid.ID]bool{}
	for _, id := range linked {
		here[id] = true
		out = append(out, Member{g.ID, id, displays[id]})
	}
	for _, id := range ids {
		if !here[id] {
			missing = append(missing, id.String())
		}
	}
	if len(missing) > 0 {
		if !w.q.LooseReferences {
			return nil, ErrInvalidValue.Saying("members: there is no User %q in this directory.", clip(missing[0]))
		}
		w.note("members who are not in this directory were passed over: %d, the first is %q", len(missing), clip(missing[0]))
	}
	return out, nil
}

func (w *work) removeMembers(ctx context.Context, g auth.Group, c memberChange) ([]uid.ID, error) {
	ids := []uid.ID{}
	for _, v := range c.values {
		m, _ := v.(map[string]any)
		value, _ := m["value"].(string)
		if id, ok := uid.Parse(value); ok {
			ids = append(ids, id)
		}
	}
	var went []uid.ID
	if len(ids) > 0 {
		var err error
		if went, err = w.keep.TakeMembers(ctx, g.ID, ids); err != nil {
			return nil, err
		}
	}
	if len(went) == 0 && c.named {
		if !w.q.MissPasses {
			return nil, ErrNoTarget.Saying("No value of members matches the path.")
		}
		w.note("nobody of those to be removed was in the group: passed over")
	}
	return went, nil
}

// replaceMembers brings a group to exactly these members.
func (w *work) replaceMembers(ctx context.Context, g auth.Group, list []any) (came, went []uid.ID, err error) {
	wished, err := w.known(ctx, g, list)
	if err != nil {
		return nil, nil, err
	}
	stay := map[uid.ID]bool{}
	for _, m := range wished {
		stay[m.PersonID] = true
	}
	have, err := w.keep.GroupMembers(ctx, []uid.ID{g.ID})
	if err != nil {
		return nil, nil, err
	}
	gone := []uid.ID{}
	for _, m := range have {
		if !stay[m.PersonID] {
			gone = append(gone, m.PersonID)
		}
	}
	if len(gone) > 0 {
		if went, err = w.keep.TakeMembers(ctx, g.ID, gone); err != nil {
			return nil, nil, err
		}
	}
	if len(wished) > 0 {
		came, err = w.keep.PutMembers(ctx, wished)
	}
	return came, went, err
}

// tellMembers appends the event about who came and went.
func (w *work) tellMembers(ctx context.Context, g auth.Group, moved map[uid.ID]bool) error {
	if len(moved) == 0 {
		return nil
	}
	return w.tell(ctx, "group.members_changed", "group", g.ID, map[string]any{"group_id": g.ID, "name": g.Name, "people": len(moved), "directory_id": w.d.ID})
}

// reassignMoved brings the roles of who came and went to the rules; without rules groups decide nothing.
func (w *work) reassignMoved(ctx context.Context, moved map[uid.ID]bool) error {
	if len(w.d.RoleRules.V.Rules) == 0 {
		return nil
	}
	people := make([]uid.ID, 0, len(moved))
	for p := range moved {
		people = append(people, p)
	}
	return w.reassign(ctx, people)
}

func plural(n int, sign string) string {
	if n == 1 {
		return sign + "1 person"
	}
	return sign + strconv.Itoa(n) + " people"
}
