package scim

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// getUser answers GET /Users/<id> (RFC 7644 §3.4.1).
func (w *work) getUser(ctx context.Context, id uid.ID, sel Selection, req Request) (Response, error) {
	r, err := w.keep.RecordByID(ctx, w.d.ID, id, false)
	if err != nil {
		return Response{}, err
	}
	if req.IfNoneMatch != "" && Fulfils(req.IfNoneMatch, Version(r.UpdatedAt, r.Revision)) {
		return Response{Status: http.StatusNotModified, ETag: Version(r.UpdatedAt, r.Revision)}, nil
	}
	return w.answerUser(ctx, http.StatusOK, r, sel)
}

func (w *work) answerUser(ctx context.Context, status int, r Record, sel Selection) (Response, error) {
	found, err := w.showUsers(ctx, []Record{r}, sel)
	if err != nil {
		return Response{}, err
	}
	return w.resource(status, found[0], sel, Users), nil
}

// createUser answers POST /Users (RFC 7644 §3.3). Whom the directory had before, and deleted, is linked again; an account
// that is here already is linked when the domain of its e-mail address is proven, and is a conflict otherwise.
func (w *work) createUser(ctx context.Context, body map[string]any, sel Selection) (Response, error) {
	res, notes, err := Clean(Users, body, w.q)
	if err != nil {
		return Response{}, err
	}
	w.notes(notes)
	if _, ok := res["active"].(bool); !ok {
		res["active"] = true
	}
	now := w.now()
	r := Record{DirectoryID: w.d.ID, Revision: 1, CreatedAt: now, UpdatedAt: now}
	if err := r.write(res); err != nil {
		return Response{}, err
	}
	switch _, err := w.keep.RecordByUserName(ctx, w.d.ID, r.UserName); {
	case err == nil:
		return Response{}, ErrUniqueness.Saying("The userName %q is taken in this directory.", clip(told(res["userName"])))
	case !errors.Is(err, ErrNotFound):
		return Response{}, err
	}
	person, email, err := w.whose(ctx, r, res)
	if err != nil {
		return Response{}, err
	}
	if err := w.provision(ctx, &r, person, email, nil, res); err != nil {
		return Response{}, err
	}
	if err := w.keep.InsertRecord(ctx, r); err != nil {
		return Response{}, err
	}
	if person.ID == uid.Nil {
		return w.welcome(ctx, r, sel)
	}
	if err := w.settle(ctx, r, person.Status == auth.PersonActive); err != nil {
		return Response{}, err
	}
	return w.answerUser(ctx, http.StatusCreated, r, sel)
}

// welcome gives someone new their first role, and answers. They are active, and in no group yet: nothing has to be asked.
func (w *work) welcome(ctx context.Context, r Record, sel Selection) (Response, error) {
	if role, _, ok := w.d.RoleRules.V.For(nil); ok {
		if _, err := w.auth.AssignFrom(ctx, w.d.Source(), r.PersonID, []policy.Role{role}); err != nil {
			return Response{}, err
		}
		w.changed(r.UserName, "roles", "", string(role))
	}
	if !r.Active {
		if err := w.switchTo(ctx, r); err != nil {
			return Response{}, err
		}
	}
	found, err := w.showUsers(ctx, []Record{r}, Selection{without: []Path{{Attr: userSchema.attribute("groups")}}})
	if err != nil {
		return Response{}, err
	}
	return w.resource(http.StatusCreated, found[0], sel, Users), nil
}

// settle gives a person who was here before, and has just come into the directory, their roles and brings their status to
// what it says.
func (w *work) settle(ctx context.Context, r Record, active bool) error {
	if err := w.reassign(ctx, []uid.ID{r.PersonID}); err != nil {
		return err
	}
	w.touched = true
	if r.Active == active {
		return nil
	}
	return w.switchTo(ctx, r)
}

// switchTo brings a person's status to what the directory says.
func (w *work) switchTo(ctx context.Context, r Record) error {
	w.touched = true
	if r.Active {
		w.changed(r.UserName, "reactivated", "", "")
		return w.auth.ReactivateFrom(ctx, w.d.Source(), r.PersonID)
	}
	w.changed(r.UserName, "deactivated", "", "")
	return w.auth.DeactivateFrom(ctx, w.d.Source(), r.PersonID)
}

// noEmail is the domain of the addresses of people for whom the directory named none of their own (RFC 2606 §2): nothing
// can be sent there.
const noEmail = "@no-email.invalid"

// whose finds the person whom a new record is about, the zero Person for someone new, and the address they are to have.
func (w *work) whose(ctx context.Context, r Record, res Resource) (p auth.Person, email string, err error) {
	if p, err = w.unlinked(ctx, r); err != nil {
		return p, "", err
	}
	candidates := addresses(w.d.mapped(res), res)
	for i, candidate := range candidates {
		owner, err := w.keep.PersonByEmail(ctx, candidate)
		switch {
		case errors.Is(err, auth.ErrPersonNotFound):
			return p, candidate, nil
		case err != nil:
			return p, "", err
		case owner.ID == p.ID:
			return p, "", nil // it stays as it is
		}
		here, err := w.keep.Linked(ctx, w.d.ID, []uid.ID{owner.ID})
		if err != nil {
			return p, "", err
		}
		if len(here) > 0 || p.ID != uid.Nil || i > 0 {
			w.note("the address %s belongs to someone else: passed over", candidate)
			continue
		}
		if err := w.mayLink(ctx, candidate); err != nil {
			return p, "", err
		}
		w.changed(r.UserName, "linked", "", candidate)
		return owner, "", nil
	}
	if p.ID == uid.Nil {
		email = placeholder(r.UserName)
		w.note("no address is free: the person has a placeholder for one, and gets no mail")
	}
	return p, email, nil
}

// unlinked gives the person whom the directory deleted before under the same userName or externalId. A userName that
// comes back with another externalId is another person's; an externalId that several had names nobody.
func (w *work) unlinked(ctx context.Context, r Record) (p auth.Person, err error) {
	old, err := w.keep.Unlinked(ctx, w.d.ID, r.UserName, r.ExternalID)
	if err != nil {
		return p, err
	}
	var found []Record
	for _, o := range old {
		if o.UserName == r.UserName && (o.ExternalID == nil || r.ExternalID == nil || *o.ExternalID == *r.ExternalID) {
			found = []Record{o}
			break
		}
		if o.ExternalID != nil && r.ExternalID != nil && *o.ExternalID == *r.ExternalID {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		return p, nil
	}
	w.changed(r.UserName, "linked", "", found[0].UserName)
	return w.keep.PersonByID(ctx, found[0].PersonID)
}

// mayLink refuses to take over an account by its e-mail address alone: whoever holds a token could become anybody. A
// domain that was proven to be the organization's makes the address its directory's to give.
func (w *work) mayLink(ctx context.Context, email string) error {
	domain := email[strings.LastIndexByte(email, '@')+1:]
	proven, err := w.keep.DomainVerified(ctx, domain)
	if err != nil || proven {
		return err
	}
	return ErrUniqueness.Saying("%s has an account in the portal already. An administrator can link it on the directory's page, or prove the domain %s under Sign-on.", email, domain)
}

// placeholder makes an address for someone who has none.
func placeholder(userName string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return -1
	}, userName)
	if len(name) > 40 {
		name = name[:40]
	}
	if name == "" {
		name = "person"
	}
	return name + "." + uid.Opaque(10) + noEmail
}

// provision writes what the record says of the person into the portal. before is nil for a new record.
func (w *work) provision(ctx context.Context, r *Record, p auth.Person, email string, before, res Resource) error {
	mapped := w.d.mapped(res)
	in := mapped.Profile
	in.Email = email
	for field, why := range mapped.Left {
		w.note("%s was not taken over: %s", field, why)
	}
	if before != nil {
		was := w.d.mapped(before).Profile
		if was.Locale == in.Locale { // what people chose in the portal stays until the directory says something new
			in.Locale = ""
		}
		if was.TimeZone == in.TimeZone {
			in.TimeZone = ""
		}
	}
	if p.ID == uid.Nil && in.Name == "" {
		in.Name, _, _ = strings.Cut(email, "@")
	}
	manager, err := w.manager(ctx, res)
	if err != nil {
		return err
	}
	in.ManagerID = &manager
	done, fields, err := w.auth.Provision(ctx, w.d.Source(), p.ID, in)
	if err != nil {
		return taken(err, email)
	}
	if p.ID == uid.Nil {
		w.changed(r.UserName, "created", "", done.Email)
	} else if len(fields) > 0 {
		w.touched = true
	}
	r.PersonID = done.ID
	return nil
}

// manager finds the manager whom a User names; uid.Nil without one.
func (w *work) manager(ctx context.Context, res Resource) (uid.ID, error) {
	ext, _ := res[SchemaEnterprise].(map[string]any)
	m, _ := ext["manager"].(map[string]any)
	value, _ := m["value"].(string)
	if value == "" {
		return uid.Nil, nil
	}
	if id, ok := uid.Parse(value); ok {
		found, err := w.keep.Linked(ctx, w.d.ID, []uid.ID{id})
		if err != nil || len(found) == 1 {
			return id, err
		}
	}
	if !w.q.LooseReferences {
		return uid.Nil, ErrInvalidValue.Saying("manager: there is no User %q in this directory.", clip(value))
	}
	w.note("the manager %q is not in this directory: kept as it was written", clip(value))
	return uid.Nil, nil
}

// replaceUser answers PUT /Users/<id> (RFC 7644 §3.5.1). What the body leaves out is removed, but for active.
func (w *work) replaceUser(ctx context.Context, id uid.ID, body map[string]any, sel Selection, ifMatch string) (Response, error) {
	r, before, err := w.holdUser(ctx, id, ifMatch)
	if err != nil {
		return Response{}, err
	}
	after, notes, err := Clean(Users, body, w.q)
	if err != nil {
		return Response{}, err
	}
	w.notes(notes)
	if _, ok := after["active"].(bool); !ok {
		after["active"] = r.Active
	}
	if err := w.updateUser(ctx, &r, before, after); err != nil {
		return Response{}, err
	}
	return w.answerUser(ctx, http.StatusOK, r, sel)
}

// patchUser answers PATCH /Users/<id> (RFC 7644 §3.5.2).
func (w *work) patchUser(ctx context.Context, id uid.ID, body map[string]any, sel Selection, ifMatch string) (Response, error) {
	ops, err := ParsePatch(body, w.q)
	if err != nil {
		return Response{}, err
	}
	r, before, err := w.holdUser(ctx, id, ifMatch)
	if err != nil {
		return Response{}, err
	}
	after, notes, err := Patch(Users, before, ops, w.q)
	if err != nil {
		return Response{}, err
	}
	w.notes(notes)
	if _, ok := after["active"].(bool); !ok {
		after["active"] = r.Active // a removal lets nobody in, and nobody out
	}
	if err := w.updateUser(ctx, &r, before, after); err != nil {
		return Response{}, err
	}
	found, err := w.showUsers(ctx, []Record{r}, sel)
	if err != nil {
		return Response{}, err
	}
	return w.patchedResponse(found[0], sel, Users), nil
}

// holdUser gives a record for a change, when it still has the version that the client saw.
func (w *work) holdUser(ctx context.Context, id uid.ID, ifMatch string) (r Record, res Resource, err error) {
	if r, err = w.keep.RecordByID(ctx, w.d.ID, id, true); err != nil {
		return r, nil, err
	}
	if err := guarded(ifMatch, r.UpdatedAt, r.Revision); err != nil {
		return r, nil, err
	}
	res, err = r.read()
	return r, res, err
}

// updateUser brings a record and its person to what the directory says now. Without a difference nothing is written and
// the version stays.
func (w *work) updateUser(ctx context.Context, r *Record, before, after Resource) error {
	was := *r
	if err := r.write(after); err != nil {
		return err
	}
	if bytes.Equal(was.Resource, r.Resource) {
		return nil
	}
	changes := differences(r.UserName, before, after)
	if len(changes) == 0 {
		*r = was
		return nil
	}
	if r.UserName != was.UserName {
		if _, err := w.keep.RecordByUserName(ctx, w.d.ID, r.UserName); err == nil {
			return ErrUniqueness.Saying("The userName %q is taken in this directory.", clip(told(after["userName"])))
		} else if !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	p, err := w.keep.PersonByID(ctx, r.PersonID)
	if err != nil {
		return err
	}
	email, err := w.nextEmail(ctx, p, after)
	if err != nil {
		return err
	}
	if err := w.provision(ctx, r, p, email, before, after); err != nil {
		return err
	}
	r.Revision, r.UpdatedAt = r.Revision+1, w.now()
	if err := w.keep.SetRecord(ctx, *r); err != nil {
		return err
	}
	for _, c := range changes {
		w.changed(c.Subject, c.Field, c.Before, c.After)
	}
	if r.Active != was.Active {
		return w.switchTo(ctx, *r)
	}
	return nil
}

// nextEmail gives the address that a person is to have from now on: the first that is free or theirs; empty when theirs
// stays.
func (w *work) nextEmail(ctx context.Context, p auth.Person, res Resource) (string, error) {
	for _, candidate := range addresses(w.d.mapped(res), res) {
		owner, err := w.keep.PersonByEmail(ctx, candidate)
		switch {
		case errors.Is(err, auth.ErrPersonNotFound):
			return candidate, nil
		case err != nil:
			return "", err
		case owner.ID == p.ID:
			return "", nil
		}
		w.note("the address %s belongs to someone else: passed over", candidate)
	}
	return "", nil
}

// deleteUser answers DELETE /Users/<id> (RFC 7644 §3.6): the person is deactivated and leaves the directory; what they
// learned stays.
func (w *work) deleteUser(ctx context.Context, id uid.ID, ifMatch string) (Response, error) {
	r, _, err := w.holdUser(ctx, id, ifMatch)
	if err != nil {
		return Response{}, err
	}
	if err := w.auth.DeactivateFrom(ctx, w.d.Source(), id); err != nil {
		return Response{}, err
	}
	if _, err := w.auth.AssignFrom(ctx, w.d.Source(), id, nil); err != nil {
		return Response{}, err
	}
	if err := w.keep.UnlinkRecord(ctx, w.d.ID, id, w.now()); err != nil {
		return Response{}, err
	}
	w.touched = true
	w.changed(r.UserName, "deleted", "", "")
	return Response{Status: http.StatusNoContent}, nil
}

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
