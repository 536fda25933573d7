package hrsync

import (
	"context"
	"slices"
	"strings"

	"lyceum/auth"
	"lyceum/auth/org"
	"lyceum/internal/uid"
)

// plannedUnit is a row about a unit while a plan is made.
type plannedUnit struct {
	planned
	unit   *org.Unit // as it is; nil: a new one
	id     uid.ID
	kind   org.UnitKind
	parent *uid.ID // where it is to stand
}

// kindOf reads what sort of unit a cell means; departments where nothing stands.
func kindOf(text string) (org.UnitKind, bool) {
	switch strings.ToLower(text) {
	case "", "department", "departments", "abteilung":
		return org.Department, true
	case "location", "locations", "standort":
		return org.Location, true
	case "position", "positions", "stelle", "job":
		return org.Position, true
	}
	return "", false
}

// planUnits says what a list of units would change. Units are known by their code.
func (s *Service) planUnits(ctx context.Context, src Source, entries []entry) ([]Row, Counts, int, error) {
	st, err := s.standUnits(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	coded, known := map[unitKey]*org.Unit{}, 0
	for _, u := range st.units {
		if u.Code == "" {
			continue
		}
		coded[unitKey{u.Kind, strings.ToLower(u.Code)}] = u
		if u.ClosedAt == nil {
			known++
		}
	}
	rows, listed, kinds := identifyUnits(entries, coded)
	for _, r := range rows {
		if !r.refused() {
			r.compare(st, listed)
		}
	}
	refuseUnitLoops(rows, st)
	if src.Whole {
		for _, u := range coded {
			if u.ClosedAt == nil && kinds[u.Kind] && listed[unitKey{u.Kind, strings.ToLower(u.Code)}] == nil {
				rows = append(rows, &plannedUnit{planned: planned{Row: Row{Subject: SubjectUnit, Outcome: OutcomeLeave, State: RowWaiting, ExternalID: u.Code, Name: st.path(u.ID), UnitID: &u.ID, Changes: Diffs{}}}, unit: u, id: u.ID})
			}
		}
	}
	out, counts := orderUnits(rows, st)
	return out, counts, known, nil
}

func identifyUnits(entries []entry, coded map[unitKey]*org.Unit) (rows []*plannedUnit, listed map[unitKey]*plannedUnit, kinds map[org.UnitKind]bool) {
	listed, kinds = map[unitKey]*plannedUnit{}, map[org.UnitKind]bool{}
	for _, e := range entries {
		r := &plannedUnit{planned: planned{Row: Row{Line: e.line, Subject: SubjectUnit, State: RowWaiting, ExternalID: e.get(FieldCode), Name: e.get(auth.FieldName), Changes: Diffs{}}, entry: e}}
		rows = append(rows, r)
		kind, ok := kindOf(e.get(FieldKind))
		if r.kind = kind; !ok {
			r.refuse(FieldKind, "Choose department, location or position.")
			continue
		}
		kinds[kind] = true
		if r.ExternalID == "" {
			r.refuse(FieldCode, "This line has no code. Fill in what the HR system calls the unit.")
			continue
		}
		key := unitKey{kind, strings.ToLower(r.ExternalID)}
		if before := listed[key]; before != nil {
			r.refuse(FieldCode, "This code stands in line %d already. Leave one of both out.", before.Line)
			continue
		}
		listed[key] = r
		if r.unit = coded[key]; r.unit != nil {
			r.id = r.unit.ID
		} else {
			r.id = uid.New()
		}
		r.UnitID = &r.id
	}
	return rows, listed, kinds
}

// compare says what an entry changes of its unit.
func (r *plannedUnit) compare(st *standing, listed map[unitKey]*plannedUnit) {
	e, u := r.entry, r.unit
	closed := yes(e.get(FieldClosed))
	switch {
	case closed && (u == nil || u.ClosedAt != nil):
		r.Outcome = OutcomeSame
		return
	case closed:
		r.Outcome, r.Name = OutcomeLeave, st.path(u.ID)
		return
	case u == nil:
		r.Outcome = OutcomeCreate
		r.add(Diff{Field: FieldKind, New: string(r.kind)})
		r.add(Diff{Field: FieldCode, New: r.ExternalID})
		if r.Name == "" {
			r.refuse(auth.FieldName, "A new unit needs a name. Fill it in.")
		}
	case u.ClosedAt != nil:
		r.Outcome = OutcomeReturn
	default:
		r.Outcome = OutcomeUpdate
	}
	was, wasAbove := "", (*uid.ID)(nil)
	if u != nil {
		was, wasAbove = u.Name, u.ParentID
	}
	if name := e.get(auth.FieldName); name != "" && name != was {
		r.add(Diff{Field: auth.FieldName, Old: was, New: name})
	} else if name == "" {
		r.Name = was
	}
	r.parent = wasAbove
	if e.says(FieldParent) {
		r.move(st, listed, wasAbove)
	}
	if r.Outcome == OutcomeUpdate && len(r.Changes) == 0 {
		r.Outcome = OutcomeSame
	}
}

// move finds what a unit is to stand below.
func (r *plannedUnit) move(st *standing, listed map[unitKey]*plannedUnit, was *uid.ID) {
	text := r.entry.get(FieldParent)
	var becomes, before uid.ID
	if was != nil {
		before = *was
	}
	called := text
	switch {
	case text == "":
	case r.kind == org.Position:
		r.refuse(FieldParent, "Positions stand in no tree.")
	default:
		if one := listed[unitKey{r.kind, strings.ToLower(text)}]; one != nil {
			becomes = one.id
			if called = one.Name; called == "" {
				called = text
			}
		} else if id, n := st.unit(r.kind, text); n == 1 {
			becomes, called = id, st.path(id)
		} else {
			r.refuse(FieldParent, "No open unit has the code, path or name “%s”. Correct it, or add it to the list.", text)
		}
	}
	if becomes == before || r.refused() {
		return
	}
	old := ""
	if before != uid.Nil {
		old = st.path(before)
	}
	r.add(Diff{Field: FieldParent, Old: old, New: called, OldID: before, NewID: becomes})
	if r.parent = nil; becomes != uid.Nil {
		r.parent = &becomes
	}
}

// refuseUnitLoops refuses rows by which units would stand below themselves, or below one that is refused.
func refuseUnitLoops(rows []*plannedUnit, st *standing) {
	byID := map[uid.ID]*plannedUnit{}
	for _, r := range rows {
		if r.id != uid.Nil {
			byID[r.id] = r
		}
	}
	for again := true; again; {
		again = false
		for _, r := range rows {
			if r.refused() || r.parent == nil {
				continue
			}
			if above := byID[*r.parent]; above != nil && above.unit == nil && above.refused() {
				r.refuse(FieldParent, "“%s” is refused in line %d. Mend that line first.", above.ExternalID, above.Line)
				again = true
			}
		}
		wished := map[uid.ID]*plannedUnit{}
		for id, r := range byID {
			if !r.refused() && slices.ContainsFunc(r.Changes, func(d Diff) bool { return d.Field == FieldParent }) {
				wished[id] = r
			}
		}
		rings, _ := inLoops(wished, func(id uid.ID) uid.ID {
			if r := wished[id]; r != nil {
				return newOf(r.Changes, FieldParent)
			}
			if u := st.units[id]; u != nil && u.ParentID != nil {
				return *u.ParentID
			}
			return uid.Nil
		})
		for _, ring := range rings {
			for _, id := range ring {
				if r := wished[id]; r != nil {
					r.refuse(FieldParent, org.ErrUnitLoop.Text)
					again = true
				}
			}
		}
	}
}

// orderUnits puts rows in the order in which they are done: from the top down, and what is closed from below.
func orderUnits(rows []*plannedUnit, st *standing) (out []Row, counts Counts) {
	counts = Counts{}
	byID := map[uid.ID]*plannedUnit{}
	for _, r := range rows {
		byID[r.id] = r
	}
	depth := func(r *plannedUnit) (n int) {
		for at := &r.id; at != nil && n < 50; n++ {
			if one := byID[*at]; one != nil && !one.refused() && one.Outcome != OutcomeLeave {
				at = one.parent
			} else if u := st.units[*at]; u != nil {
				at = u.ParentID
			} else {
				at = nil
			}
		}
		return n
	}
	kept := make([]*plannedUnit, 0, len(rows))
	deep := map[*plannedUnit]int{}
	for _, r := range rows {
		if counts[r.Outcome]++; r.Outcome != OutcomeSame {
			kept, deep[r] = append(kept, r), depth(r)
		}
	}
	slices.SortStableFunc(kept, func(a, b *plannedUnit) int {
		switch aLeaves, bLeaves := a.Outcome == OutcomeLeave, b.Outcome == OutcomeLeave; {
		case aLeaves && bLeaves:
			return deep[b] - deep[a]
		case aLeaves:
			return 1
		case bLeaves:
			return -1
		}
		return deep[a] - deep[b]
	})
	for i, r := range kept {
		r.Position = i + 1
		if r.unit == nil && r.refused() {
			r.UnitID = nil
		}
		out = append(out, r.Row)
	}
	return out, counts
}
