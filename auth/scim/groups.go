package scim

import (
	"context"
	"net/http"
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
