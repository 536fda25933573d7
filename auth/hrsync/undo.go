package hrsync

import (
	"context"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
)

// Undo plans a run that puts back what another changed, as far as nobody has changed it since; it waits to be reviewed as any other. Who was
// made is deactivated and not deleted, who left comes back, units that were made are closed and those that were closed are opened. What was
// changed since stays, with the reason. Event hr_run.planned. It needs person:manage; ErrNoRun, ErrNotDone, ErrUndone, ErrOpen.
func (s *Service) Undo(ctx context.Context, id uid.ID) (r Run, err error) {
	if err := auth.Require(ctx, policy.PersonManage); err != nil {
		return r, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		was, err := s.Keep.LockHRRun(ctx, id)
		if err != nil {
			return err
		}
		if was.Status != StatusDone || was.Work() == 0 {
			return ErrNotDone
		}
		src, err := s.Keep.LockHRSource(ctx, was.SourceID)
		if err != nil {
			return err
		}
		if err := s.makeRoom(ctx, src.ID); err != nil {
			return err
		}
		done, err := s.Keep.HRRowsIn(ctx, id, []State{RowDone, RowPartly}, 0)
		if err != nil {
			return err
		}
		st, err := s.stand(ctx, nil, false)
		if err != nil {
			return err
		}
		links, err := s.Keep.HRLinks(ctx, src.ID)
		if err != nil {
			return err
		}
		known := map[uid.ID]Link{}
		for _, l := range links {
			known[l.PersonID] = l
		}
		r = Run{
			ID: uid.New(), SourceID: src.ID, SourceRevision: src.Revision, UndoOf: &was.ID, Name: was.Name, Digest: []byte{}, Status: StatusPlanned, Held: HeldUndo, Columns: map[string]string{},
			Total: len(done), Known: was.Known, Counts: Counts{}, CreatedBy: &who.PersonID, CreatedAt: s.Now(),
		}
		rows := inverse(done, st, known)
		for i := range rows {
			rows[i].RunID, rows[i].Position = r.ID, i+1
			r.Counts[rows[i].Outcome]++
		}
		r.Counts[OutcomeSame] = len(done) - len(rows)
		if err := s.Keep.AddHRRun(ctx, r, rows); err != nil {
			return err
		}
		return s.tell(ctx, "hr_run.planned", src, r)
	})
	return r, err
}

// inverse is the rows that put back what rows did, in the order in which they are done: units that are opened or renamed, people, those who
// leave, units that are closed.
func inverse(done []Row, st *standing, links map[uid.ID]Link) []Row {
	var parts [4][]Row
	for i := len(done) - 1; i >= 0; i-- {
		r, part := done[i], 1
		var back Row
		var changed bool
		if r.Subject == SubjectUnit {
			if back, changed = inverseUnit(r, st); back.Outcome != OutcomeLeave {
				part = 0
			} else {
				part = 3
			}
		} else if back, changed = inversePerson(r, st, links); back.Outcome == OutcomeLeave {
			part = 2
			if r.Outcome == OutcomeReturn && len(r.Changes) > 0 { // what came with the return is put back first
				r.Outcome = OutcomeUpdate
				if before, moved := inversePerson(r, st, links); moved {
					parts[1] = append(parts[1], before)
				}
			}
		}
		if changed {
			parts[part] = append(parts[part], back)
		}
	}
	return slices.Concat(parts[0], parts[1], parts[2], parts[3])
}

const movedSince = "Somebody changed this since; it stays as it is."

// inversePerson is what puts a row about a person back; false where nothing is to be done.
func inversePerson(r Row, st *standing, links map[uid.ID]Link) (Row, bool) {
	back := Row{Subject: r.Subject, State: RowWaiting, ExternalID: r.ExternalID, Email: r.Email, Name: r.Name, PersonID: r.PersonID, Changes: Diffs{}}
	p := st.people[*r.PersonID]
	if p == nil {
		return back, false
	}
	back.Email, back.Name = p.Email, p.Name
	switch r.Outcome {
	case OutcomeCreate, OutcomeReturn:
		back.Outcome = OutcomeLeave
		return back, p.Status != auth.PersonDeactivated
	case OutcomeLeave:
		back.Outcome = OutcomeReturn
		if p.Status != auth.PersonDeactivated {
			return back, false
		}
	default:
		back.Outcome = OutcomeUpdate
	}
	var kept []Diff
	for _, d := range slices.Backward(r.Changes) {
		text, id := links[p.ID].ExternalID, uid.Nil
		if d.Field != FieldExternalID {
			text, id = st.value(p, d.Field)
		}
		switch {
		case is(d.Field, text, id, d.Old, d.OldID):
		case is(d.Field, text, id, d.New, d.NewID):
			back.Changes = append(back.Changes, Diff{Field: d.Field, Old: d.New, New: d.Old, OldID: d.NewID, NewID: d.OldID})
		default:
			kept = append(kept, d)
		}
	}
	return back.leaving(kept)
}

// leaving says of what somebody changed since that it stays.
func (r Row) leaving(kept []Diff) (Row, bool) {
	if len(kept) > 0 {
		r.Field, r.Problem = kept[0].Field, movedSince
	}
	if len(r.Changes) == 0 && r.Outcome == OutcomeUpdate {
		r.Outcome, r.State = OutcomeRefused, RowPassed
		return r, len(kept) > 0
	}
	return r, true
}

// inverseUnit is what puts a row about a unit back; false where nothing is to be done.
func inverseUnit(r Row, st *standing) (Row, bool) {
	back := Row{Subject: r.Subject, State: RowWaiting, ExternalID: r.ExternalID, Name: r.Name, UnitID: r.UnitID, Changes: Diffs{}}
	u := st.units[*r.UnitID]
	if u == nil {
		return back, false
	}
	back.Name = st.path(u.ID)
	switch r.Outcome {
	case OutcomeCreate, OutcomeReturn:
		back.Outcome = OutcomeLeave
		return back, u.ClosedAt == nil
	case OutcomeLeave:
		back.Outcome = OutcomeReturn
		return back, u.ClosedAt != nil
	}
	back.Outcome = OutcomeUpdate
	var kept []Diff
	for _, d := range r.Changes {
		text, id := unitSays(*u, d.Field)
		switch {
		case unitIs(d.Field, text, id, d.Old, d.OldID):
		case unitIs(d.Field, text, id, d.New, d.NewID):
			back.Changes = append(back.Changes, Diff{Field: d.Field, Old: d.New, New: d.Old, OldID: d.NewID, NewID: d.OldID})
		default:
			kept = append(kept, d)
		}
	}
	return back.leaving(kept)
}
