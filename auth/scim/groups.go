package scim

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"lyceum/auth"
	"lyceum/internal/uid"
)

// getGroup answers GET /Groups/<id> (RFC 7644 §3.4.1).
func (w *work) getGroup(ctx context.Context, id uid.ID, sel Selection, req Request) (Response, error) {
	g, err := w.keep.DirectoryGroup(ctx, w.d.ID, id, false)
	if err != nil {
		return Response{}, err
	}
	if req.IfNoneMatch != "" && Fulfils(req.IfNoneMatch, Version(g.UpdatedAt, g.Revision)) {
		return Response{Status: http.StatusNotModified, ETag: Version(g.UpdatedAt, g.Revision)}, nil
	}
	return w.answerGroup(ctx, http.StatusOK, g, sel)
}

func (w *work) answerGroup(ctx context.Context, status int, g auth.Group, sel Selection) (Response, error) {
	found, err := w.showGroups(ctx, []auth.Group{g}, sel)
	if err != nil {
		return Response{}, err
	}
	return w.resource(status, found[0], sel, Groups), nil
}

// showGroups writes groups as resources, with their members when they are selected.
func (w *work) showGroups(ctx context.Context, groups []auth.Group, sel Selection) ([]Resource, error) {
	out, at, ids := make([]Resource, len(groups)), map[uid.ID]int{}, make([]uid.ID, len(groups))
	for i, g := range groups {
		out[i] = groupResource(g)
		out[i]["schemas"], out[i]["id"] = []any{SchemaGroup}, g.ID.String()
		out[i]["meta"] = w.meta(Groups, g.ID, g.CreatedAt, g.UpdatedAt, g.Revision)
		at[g.ID], ids[i] = i, g.ID
	}
	if !sel.Wants("members") {
		return out, nil
	}
	members, err := w.keep.GroupMembers(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		one := map[string]any{"value": m.PersonID.String(), "type": "User", "$ref": w.base + Users.Endpoint + "/" + m.PersonID.String()}
		if m.Display != "" {
			one["display"] = m.Display
		}
		list, _ := out[at[m.GroupID]]["members"].([]any)
		out[at[m.GroupID]]["members"] = append(list, one)
	}
	return out, nil
}

// groupResource is what a group's own row says.
func groupResource(g auth.Group) Resource {
	out := Resource{"displayName": g.Name}
	if g.ExternalID != nil {
		out["externalId"] = *g.ExternalID
	}
	return out
}

// describe takes name and external id from a resource into a group.
func describe(g *auth.Group, r Resource) error {
	name, _ := r["displayName"].(string)
	external, _ := r["externalId"].(string)
	if len(external) > 4*externalIDMax {
		return ErrInvalidValue.Saying("externalId is longer than %d characters.", externalIDMax)
	}
	g.Name, g.ExternalID = strings.TrimSpace(name), nil
	if external != "" {
		g.ExternalID = &external
	}
	return nil
}

// createGroup answers POST /Groups (RFC 7644 §3.3).
func (w *work) createGroup(ctx context.Context, body map[string]any, sel Selection) (Response, error) {
	res, notes, err := Clean(Groups, body, w.q)
	if err != nil {
		return Response{}, err
	}
	w.notes(notes)
	now := w.now()
	g := auth.Group{ID: uid.New(), DirectoryID: &w.d.ID, Revision: 1, CreatedAt: now, UpdatedAt: now}
	if err := describe(&g, res); err != nil {
		return Response{}, err
	}
	if err := w.keep.InsertGroup(ctx, g); err != nil {
		return Response{}, err
	}
	w.changed(g.Name, "created", "", "")
	if err := w.tell(ctx, "group.created", "group", g.ID, map[string]any{"group_id": g.ID, "name": g.Name, "directory_id": w.d.ID}); err != nil {
		return Response{}, err
	}
	moved, err := w.members(ctx, g, []memberChange{{kind: "add", values: listed(res["members"])}})
	if err != nil {
		return Response{}, err
	}
	if err := w.tellMembers(ctx, g, moved); err != nil {
		return Response{}, err
	}
	if err := w.reassignMoved(ctx, moved); err != nil {
		return Response{}, err
	}
	return w.answerGroup(ctx, http.StatusCreated, g, sel)
}

// replaceGroup answers PUT /Groups/<id> (RFC 7644 §3.5.1).
func (w *work) replaceGroup(ctx context.Context, id uid.ID, body map[string]any, sel Selection, ifMatch string) (Response, error) {
	g, err := w.holdGroup(ctx, id, ifMatch)
	if err != nil {
		return Response{}, err
	}
	res, notes, err := Clean(Groups, body, w.q)
	if err != nil {
		return Response{}, err
	}
	w.notes(notes)
	if err := w.updateGroup(ctx, &g, res, []memberChange{{kind: "replace", values: listed(res["members"])}}); err != nil {
		return Response{}, err
	}
	return w.answerGroup(ctx, http.StatusOK, g, sel)
}

// patchGroup answers PATCH /Groups/<id> (RFC 7644 §3.5.2). Members come and go one by one where the operations allow it,
// so that adding one to ten thousand reads none of them.
func (w *work) patchGroup(ctx context.Context, id uid.ID, body map[string]any, sel Selection, ifMatch string) (Response, error) {
	ops, err := ParsePatch(body, w.q)
	if err != nil {
		return Response{}, err
	}
	g, err := w.holdGroup(ctx, id, ifMatch)
	if err != nil {
		return Response{}, err
	}
	rest, changes, whole, err := w.memberChanges(ops)
	if err != nil {
		return Response{}, err
	}
	before := groupResource(g)
	if whole {
		found, err := w.showGroups(ctx, []auth.Group{g}, Selection{})
		if err != nil {
			return Response{}, err
		}
		if members := found[0]["members"]; members != nil {
			before["members"] = members
		}
	}
	after, notes, err := Patch(Groups, before, rest, w.q)
	if err != nil {
		return Response{}, err
	}
	w.notes(notes)
	if whole {
		changes = []memberChange{{kind: "replace", values: listed(after["members"])}}
	}
	if err := w.updateGroup(ctx, &g, after, changes); err != nil {
		return Response{}, err
	}
	if w.q.NoContent && sel.only == nil {
		out := w.resource(http.StatusNoContent, Resource{"meta": w.meta(Groups, g.ID, g.CreatedAt, g.UpdatedAt, g.Revision)}, sel, Groups)
		out.Body = nil
		return out, nil
	}
	return w.answerGroup(ctx, http.StatusOK, g, sel)
}

// holdGroup gives a group for a change, when it still has the version that the client saw.
func (w *work) holdGroup(ctx context.Context, id uid.ID, ifMatch string) (auth.Group, error) {
	g, err := w.keep.DirectoryGroup(ctx, w.d.ID, id, true)
	if err != nil {
		return g, err
	}
	return g, guarded(ifMatch, g.UpdatedAt, g.Revision)
}

// updateGroup brings a group to what the directory says now. Without a difference nothing is written and the version
// stays.
func (w *work) updateGroup(ctx context.Context, g *auth.Group, res Resource, changes []memberChange) error {
	was := *g
	if err := describe(g, res); err != nil {
		return err
	}
	moved, err := w.members(ctx, *g, changes)
	if err != nil {
		return err
	}
	named := g.Name != was.Name || told(text(g.ExternalID)) != told(text(was.ExternalID))
	if !named && len(moved) == 0 {
		return nil
	}
	g.Revision, g.UpdatedAt = was.Revision+1, w.now()
	if err := w.keep.SetGroup(ctx, *g); err != nil {
		return err
	}
	if named {
		w.changed(g.Name, "displayName", was.Name, g.Name)
		if err := w.tell(ctx, "group.updated", "group", g.ID, map[string]any{"group_id": g.ID, "name": g.Name, "before": was.Name, "directory_id": w.d.ID}); err != nil {
			return err
		}
	}
	if err := w.tellMembers(ctx, *g, moved); err != nil {
		return err
	}
	if g.Name != was.Name { // rules speak of names: everyone in it may get another role
		all, err := w.keep.GroupMembers(ctx, []uid.ID{g.ID})
		if err != nil {
			return err
		}
		for _, m := range all {
			moved[m.PersonID] = true
		}
	}
	return w.reassignMoved(ctx, moved)
}

func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// deleteGroup answers DELETE /Groups/<id> (RFC 7644 §3.6).
func (w *work) deleteGroup(ctx context.Context, id uid.ID, ifMatch string) (Response, error) {
	g, err := w.holdGroup(ctx, id, ifMatch)
	if err != nil {
		return Response{}, err
	}
	gone, err := w.keep.TakeMembers(ctx, id, nil)
	if err != nil {
		return Response{}, err
	}
	if err := w.keep.DeleteGroup(ctx, id); err != nil {
		return Response{}, err
	}
	w.changed(g.Name, "deleted", "", "")
	if err := w.tell(ctx, "group.deleted", "group", id, map[string]any{"group_id": id, "name": g.Name, "directory_id": w.d.ID}); err != nil {
		return Response{}, err
	}
	moved := map[uid.ID]bool{}
	for _, p := range gone {
		moved[p] = true
	}
	return Response{Status: http.StatusNoContent}, w.reassignMoved(ctx, moved)
}

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
