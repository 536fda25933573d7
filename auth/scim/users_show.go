package scim

import (
	"context"

	"lyceum/internal/uid"
)

// showUsers writes records as Users, with what is selected of their groups and managers.
func (w *work) showUsers(ctx context.Context, records []Record, sel Selection) ([]Resource, error) {
	out := make([]Resource, len(records))
	managers := []uid.ID{}
	for i, r := range records {
		res, err := r.read()
		if err != nil {
			return nil, err
		}
		urns := []any{SchemaUser}
		if ext, ok := res[SchemaEnterprise].(map[string]any); ok {
			urns = append(urns, SchemaEnterprise)
			if m, ok := ext["manager"].(map[string]any); ok {
				value, _ := m["value"].(string)
				if id, ok := uid.Parse(value); ok {
					managers = append(managers, id)
				}
			}
		}
		res["schemas"], res["id"] = urns, r.PersonID.String()
		res["meta"] = w.meta(Users, r.PersonID, r.CreatedAt, r.UpdatedAt, r.Revision)
		out[i] = res
	}
	if len(managers) > 0 {
		names, err := w.keep.NamesOf(ctx, managers)
		if err != nil {
			return nil, err
		}
		w.nameManagers(out, names)
	}
	if sel.Wants("groups") {
		return out, w.showGroupsOf(ctx, records, out)
	}
	return out, nil
}

func (w *work) nameManagers(users []Resource, names map[uid.ID]string) {
	for _, res := range users {
		ext, _ := res[SchemaEnterprise].(map[string]any)
		m, ok := ext["manager"].(map[string]any)
		if !ok {
			continue
		}
		value, _ := m["value"].(string)
		if id, ok := uid.Parse(value); ok && names[id] != "" {
			m["displayName"], m["$ref"] = names[id], w.base+Users.Endpoint+"/"+value
		}
	}
}

func (w *work) showGroupsOf(ctx context.Context, records []Record, users []Resource) error {
	memberships, err := w.keep.MembershipsIn(ctx, w.d.ID, idsOf(records))
	if err != nil {
		return err
	}
	of := map[uid.ID][]any{}
	for _, m := range memberships {
		of[m.PersonID] = append(of[m.PersonID], map[string]any{
			"value": m.GroupID.String(), "display": m.Name, "type": "direct", "$ref": w.base + Groups.Endpoint + "/" + m.GroupID.String(),
		})
	}
	for i, r := range records {
		if groups := of[r.PersonID]; groups != nil {
			users[i]["groups"] = groups
		}
	}
	return nil
}

func idsOf(records []Record) []uid.ID {
	out := make([]uid.ID, len(records))
	for i, r := range records {
		out[i] = r.PersonID
	}
	return out
}
