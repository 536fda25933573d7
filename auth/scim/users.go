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
	in.Aliases = []string{w.d.Source().Alias(r.UserName)}
	if r.ExternalID != nil {
		in.Aliases = append(in.Aliases, w.d.Source().Alias(*r.ExternalID))
	}
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
