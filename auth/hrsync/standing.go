package hrsync

import (
	"context"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/uid"
)

// factKey is a fact of a person: a kind, or custom.<code>.
type factKey struct {
	person uid.ID
	field  string
}

// standing is what is so of people and of the structure, with what a plan adds to it.
type standing struct {
	people  map[uid.ID]*auth.Person
	byEmail map[string]uid.ID
	facts   map[factKey]Fact
	own     map[string]org.Field // by code
	codes   map[uid.ID]string    // of own fields
	units   map[uid.ID]*org.Unit
	byCode  map[unitKey]uid.ID
	byPath  map[unitKey]uid.ID
	byName  map[unitKey][]uid.ID
}

// unitKey is what names an open unit of a kind, in small letters.
type unitKey struct {
	kind org.UnitKind
	text string
}

// stand loads what is so: of everybody, or of some people only. With hold these people stay as they are until the transaction ends.
func (s *Service) stand(ctx context.Context, ids []uid.ID, hold bool) (*standing, error) {
	people, err := s.Keep.PeopleForHR(ctx, ids, hold)
	if err != nil {
		return nil, err
	}
	facts, err := s.Keep.FactsForHR(ctx, ids)
	if err != nil {
		return nil, err
	}
	st, err := s.standUnits(ctx)
	if err != nil {
		return nil, err
	}
	own, err := s.Keep.PersonFields(ctx, true)
	if err != nil {
		return nil, err
	}
	st.people, st.byEmail, st.facts = make(map[uid.ID]*auth.Person, len(people)), make(map[string]uid.ID, len(people)), make(map[factKey]Fact, len(facts))
	st.own, st.codes = map[string]org.Field{}, map[uid.ID]string{}
	for i := range people {
		st.people[people[i].ID], st.byEmail[people[i].Email] = &people[i], people[i].ID
	}
	for _, f := range own {
		st.codes[f.ID] = f.Code
		if f.ArchivedAt == nil {
			st.own[f.Code] = f
		}
	}
	for _, f := range facts {
		field := string(f.Kind)
		if f.FieldID != nil {
			field = customPrefix + st.codes[*f.FieldID]
		}
		st.facts[factKey{f.PersonID, field}] = f
	}
	return st, nil
}

// standUnits loads the structure alone.
func (s *Service) standUnits(ctx context.Context) (*standing, error) {
	list, err := s.Keep.UnitsForHR(ctx)
	if err != nil {
		return nil, err
	}
	st := &standing{units: make(map[uid.ID]*org.Unit, len(list)), byCode: map[unitKey]uid.ID{}, byPath: map[unitKey]uid.ID{}, byName: map[unitKey][]uid.ID{}}
	for i := range list {
		st.units[list[i].ID] = &list[i]
	}
	for i := range list {
		if list[i].ClosedAt == nil {
			st.name(&list[i])
		}
	}
	return st, nil
}

// name has an open unit be found by its code, path and name.
func (st *standing) name(u *org.Unit) {
	if u.Code != "" {
		st.byCode[unitKey{u.Kind, strings.ToLower(u.Code)}] = u.ID
	}
	st.byPath[unitKey{u.Kind, strings.ToLower(st.path(u.ID))}] = u.ID
	at := unitKey{u.Kind, strings.ToLower(u.Name)}
	st.byName[at] = append(st.byName[at], u.ID)
}

// path is the names of a unit and of what it stands below, from the top down.
func (st *standing) path(id uid.ID) string {
	var names []string
	for depth := 0; depth < 25; depth++ {
		u := st.units[id]
		if u == nil {
			break
		}
		names = append(names, u.Name)
		if u.ParentID == nil {
			break
		}
		id = *u.ParentID
	}
	slices.Reverse(names)
	return strings.Join(names, " / ")
}

// unit finds the open unit that a text means: by code, by path, else by name; several is how many it may mean.
func (st *standing) unit(kind org.UnitKind, text string) (id uid.ID, several int) {
	at := unitKey{kind, strings.ToLower(text)}
	if id, ok := st.byCode[at]; ok {
		return id, 1
	}
	if id, ok := st.byPath[at]; ok {
		return id, 1
	}
	if found := st.byName[at]; len(found) > 0 {
		return found[0], len(found)
	}
	return uid.Nil, 0
}

// called is what somebody is called; "" for nobody.
func (st *standing) called(id uid.ID) string {
	p := st.people[id]
	switch {
	case p == nil:
		return ""
	case p.Name != "":
		return p.Name
	}
	return p.Email
}

// value is what a field of a person says, and whom or what it names.
func (st *standing) value(p *auth.Person, field string) (text string, id uid.ID) {
	switch field {
	case auth.FieldEmail:
		return p.Email, uid.Nil
	case auth.FieldName:
		return p.Name, uid.Nil
	case auth.FieldLocale:
		return p.Locale, uid.Nil
	case auth.FieldTimeZone:
		return p.TimeZone, uid.Nil
	case FieldManager:
		if p.ManagerID != nil {
			return st.called(*p.ManagerID), *p.ManagerID
		}
		return "", uid.Nil
	}
	if slices.Contains(attributes, field) {
		return p.Attributes[field], uid.Nil
	}
	f, ok := st.facts[factKey{p.ID, field}]
	switch {
	case !ok:
		return "", uid.Nil
	case f.UnitID != nil:
		return st.path(*f.UnitID), *f.UnitID
	case f.ManagerID != nil:
		return st.called(*f.ManagerID), *f.ManagerID
	}
	return f.Value, uid.Nil
}

// refers tells whether a field names a unit or a person, so that ids are compared and not words.
func refers(field string) bool {
	return slices.Contains(managed, field) || field == FieldDepartment || field == FieldLocation || field == FieldPosition
}

// is tells whether a field is what one side of a diff says.
func is(field, text string, id uid.ID, wantText string, wantID uid.ID) bool {
	if refers(field) {
		return id == wantID
	}
	return text == wantText
}
