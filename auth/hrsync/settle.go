package hrsync

import (
	"slices"
	"strings"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/uid"
)

// place finds the unit that an entry names, and has it made where the source may.
func (p *planner) place(r *planned, field, codeField string, kind org.UnitKind) {
	code, text := r.entry.get(codeField), r.entry.get(field)
	if code == "" && text == "" {
		p.point(r, field, "", uid.Nil)
		return
	}
	id, several := uid.Nil, 0
	if code != "" {
		if id = p.st.byCode[unitKey{kind, strings.ToLower(code)}]; id != uid.Nil {
			several = 1
		} else if found, n := p.st.unit(kind, text); n == 1 && p.st.units[found].Code == "" {
			id, several = found, 1
		}
	} else {
		id, several = p.st.unit(kind, text)
	}
	called := text
	if called == "" {
		called = code
	}
	switch {
	case several > 1:
		r.refuse(field, "Several units are called “%s”. Name its code, or its path, for example “Sales / North”.", called)
		return
	case several == 0 && !p.src.MakesUnits:
		if code != "" {
			called = code
		}
		r.refuse(field, "No open unit has the code, path or name “%s”. Correct it, add it first, or have this source make what is missing.", called)
		return
	case several == 0:
		if id = p.makeUnit(r, field, kind, code, called); id == uid.Nil {
			return
		}
	}
	p.point(r, field, p.st.path(id), id)
}

// makeUnit plans a unit with what it stands below, as far as that is not here.
func (p *planner) makeUnit(r *planned, field string, kind org.UnitKind, code, path string) uid.ID {
	names := strings.Split(path, " / ")
	if kind == org.Position {
		names = []string{strings.ReplaceAll(path, " / ", " ")}
	}
	if len(names) > 20 || slices.ContainsFunc(names, func(n string) bool { return strings.TrimSpace(n) == "" || utf8.RuneCountInString(n) > 120 }) || utf8.RuneCountInString(code) > 100 {
		r.refuse(field, "“%s” cannot be the name of a unit. Use at most 120 characters, and at most 20 levels.", path)
		return uid.Nil
	}
	if len(p.st.units) >= org.UnitsMax {
		r.refuse(field, org.ErrUnitsFull.Text)
		return uid.Nil
	}
	var above *uid.ID
	at := ""
	for i, name := range names {
		name = strings.TrimSpace(name)
		if at += name; i > 0 {
			at = strings.TrimSuffix(at, name) + " / " + name
		}
		last := i == len(names)-1
		if id, here := p.st.byPath[unitKey{kind, strings.ToLower(at)}]; here {
			if last { // it has another code, or it would have been found
				r.refuse(field, "A unit called “%s” has another code. Correct the code here or there.", at)
				return uid.Nil
			}
			above = &id
			continue
		}
		now := p.Now()
		u := &org.Unit{ID: uid.New(), Kind: kind, ParentID: above, Name: name, Revision: 1, CreatedAt: now, UpdatedAt: now}
		if last {
			u.Code = code
		}
		p.st.units[u.ID] = u
		p.st.name(u)
		p.made = append(p.made, u)
		above = &u.ID
	}
	return *above
}

// settle refuses what would make a loop, and what names somebody who is refused, until nothing more follows.
func (p *planner) settle() {
	for p.cascade() || p.loops() {
	}
}

// cascade refuses rows that name somebody new who is refused.
func (p *planner) cascade() (again bool) {
	for _, r := range p.rows {
		for _, d := range r.Changes {
			one := p.new[d.NewID]
			if one == nil || one.Outcome == OutcomeCreate || !slices.Contains(managed, d.Field) {
				continue
			}
			if again = true; one.refused() {
				r.refuse(d.Field, "“%s” is refused in line %d. Mend that line first.", d.New, one.Line)
			} else {
				r.refuse(d.Field, "“%s” left, as line %d says, and is not here. Name somebody else.", d.New, one.Line)
			}
			break
		}
	}
	return again
}

// loops refuses rows whose managers would stand above one another.
func (p *planner) loops() bool {
	wished := map[uid.ID]*planned{}
	for _, r := range p.rows {
		if slices.ContainsFunc(r.Changes, func(d Diff) bool { return d.Field == FieldManager }) {
			wished[*r.PersonID] = r
		}
	}
	above := func(id uid.ID) uid.ID {
		if r := wished[id]; r != nil {
			return newOf(r.Changes, FieldManager)
		}
		if q := p.st.people[id]; q != nil && q.ManagerID != nil {
			return *q.ManagerID
		}
		return uid.Nil
	}
	looped, long := inLoops(wished, above)
	for _, ring := range looped {
		var names []string
		for _, id := range ring {
			name := p.st.called(id)
			if r := p.new[id]; r != nil {
				name = r.Name
			}
			names = append(names, name)
		}
		names = append(names, names[0])
		if len(names) > 7 {
			names = append(append(slices.Clone(names[:3]), "…"), names[len(names)-2:]...)
		}
		for _, id := range ring {
			if r := wished[id]; r != nil {
				r.refuse(FieldManager, "This makes a loop: %s. Correct the managers of these people.", strings.Join(names, " → "))
			}
		}
	}
	for _, id := range long {
		wished[id].refuse(FieldManager, auth.ErrLineLong.Text)
	}
	return len(looped)+len(long) > 0
}

func newOf(changes Diffs, field string) uid.ID {
	for _, d := range changes {
		if d.Field == field {
			return d.NewID
		}
	}
	return uid.Nil
}

// inLoops finds rings of people who would stand above one another through somebody whose manager is wished, and those of them whose line
// would be too long.
func inLoops[R any](wished map[uid.ID]R, above func(uid.ID) uid.ID) (rings [][]uid.ID, long []uid.ID) {
	const open, closed = 1, 2
	seen := map[uid.ID]int{}
	depth := map[uid.ID]int{}
	ids := make([]uid.ID, 0, len(wished))
	for id := range wished {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uid.ID) int { return strings.Compare(string(a[:]), string(b[:])) })
	for _, id := range ids {
		var way []uid.ID
		at := id
		for at != uid.Nil && seen[at] == 0 {
			seen[at] = open
			way = append(way, at)
			at = above(at)
		}
		n := 0
		if at != uid.Nil && seen[at] == open {
			ring := slices.Clone(way[slices.Index(way, at):])
			if slices.ContainsFunc(ring, func(one uid.ID) bool { _, ok := wished[one]; return ok }) {
				rings = append(rings, ring)
			}
		} else if at != uid.Nil {
			n = depth[at] + 1
		}
		for i := len(way) - 1; i >= 0; i-- {
			seen[way[i]], depth[way[i]] = closed, n
			if _, ok := wished[way[i]]; ok && n > auth.LineMax {
				long = append(long, way[i])
			}
			n++
		}
	}
	if len(rings) > 0 {
		long = nil // when the loops are out of the way
	}
	return rings, long
}

// missing has those leave who are in no line of a list of everybody.
func (p *planner) missing() {
	if !p.src.Whole {
		return
	}
	for _, l := range p.links {
		person := p.st.people[l.PersonID]
		if p.ext[l.ExternalID] != nil || l.LeftAt != nil || person == nil || person.Status == auth.PersonDeactivated {
			continue
		}
		r := &planned{Row: Row{Subject: SubjectPerson, Outcome: OutcomeLeave, State: RowWaiting, ExternalID: l.ExternalID, Email: person.Email, Name: person.Name, PersonID: &person.ID, Changes: Diffs{}}, person: person}
		p.mayGo(r)
		p.rows = append(p.rows, r)
	}
}

// result is the rows that are kept, in the order in which they are done: units, people, those who leave.
func (p *planner) result() (rows []Row, counts Counts) {
	counts = Counts{}
	needed := map[uid.ID]bool{}
	var come, go_ []Row
	for _, r := range p.rows {
		counts[r.Outcome]++
		if r.Outcome == OutcomeSame {
			continue
		}
		if r.person != nil && r.Email == "" {
			r.Email = r.person.Email
		}
		if r.person == nil && r.refused() {
			r.PersonID = nil
		}
		for _, d := range r.Changes {
			for id := d.NewID; id != uid.Nil && !needed[id]; {
				needed[id] = true
				if u := p.st.units[id]; u != nil && u.ParentID != nil {
					id = *u.ParentID
				}
			}
		}
		if r.Outcome == OutcomeLeave {
			go_ = append(go_, r.Row)
		} else {
			come = append(come, r.Row)
		}
	}
	for _, u := range p.made {
		if needed[u.ID] {
			counts[OutcomeCreate]++
			rows = append(rows, newUnitRow(p.st, u, 0))
		}
	}
	slices.SortFunc(go_, func(a, b Row) int { return strings.Compare(a.ExternalID, b.ExternalID) })
	rows = append(append(rows, come...), go_...)
	for i := range rows {
		rows[i].Position = i + 1
	}
	return rows, counts
}

// newUnitRow is the row that makes a unit.
func newUnitRow(st *standing, u *org.Unit, line int) Row {
	changes := Diffs{{Field: FieldKind, New: string(u.Kind)}, {Field: auth.FieldName, New: u.Name}}
	if u.Code != "" {
		changes = append(changes, Diff{Field: FieldCode, New: u.Code})
	}
	if u.ParentID != nil {
		changes = append(changes, Diff{Field: FieldParent, New: st.path(*u.ParentID), NewID: *u.ParentID})
	}
	return Row{Line: line, Subject: SubjectUnit, Outcome: OutcomeCreate, State: RowWaiting, ExternalID: u.Code, Name: st.path(u.ID), UnitID: &u.ID, Changes: changes}
}
