package hrsync

import (
	"context"
	"errors"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// What follows asks nobody's permission: jobs do it, each safe to run twice.

// Work brings a run in for who asked for it, some rows in each transaction: one that is cut short goes on with the rest, and no row is done
// twice. Managers are set when everybody is here. Events of what happens to people and units, and hr_run.applied or hr_run.undone at the
// end; hr_run.failed when who asked for it may not do it any more.
func (s *Service) Work(ctx context.Context, id uid.ID) error {
	for {
		left, err := s.step(ctx, id)
		if errors.Is(err, ErrNoRun) {
			return nil
		}
		if err != nil {
			return err
		}
		s.Auth.Changed(ctx)
		if !left {
			return nil
		}
	}
}

// step brings in the next rows; left tells whether there may be more.
func (s *Service) step(ctx context.Context, id uid.ID) (left bool, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		r, err := s.Keep.LockHRRun(ctx, id)
		if err != nil || r.Status != StatusRunning {
			return err
		}
		src, err := s.Keep.HRSource(ctx, r.SourceID)
		if err != nil {
			return err
		}
		asking, err := s.asking(ctx, r)
		if errors.Is(err, errAskerGone) {
			return s.end(ctx, src, r, StatusFailed, errAskerGone.Text)
		}
		if err != nil {
			return err
		}
		rows, err := s.Keep.HRRowsIn(ctx, id, []State{RowWaiting}, batch)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			if rows, err = s.Keep.HRRowsIn(ctx, id, []State{RowPlaced}, 0); err != nil {
				return err
			}
			if len(rows) == 0 {
				return s.end(ctx, src, r, StatusDone, "")
			}
			err = s.report(asking, src, rows)
		} else {
			rows = alike(rows)
			err = s.do(asking, src, r, rows)
		}
		if err != nil {
			return err
		}
		left = true
		for _, row := range rows {
			switch row.State {
			case RowDone:
				r.Done++
			case RowFailed, RowPartly:
				r.Failed++
			}
		}
		if err := s.Keep.SaveHRRows(ctx, rows); err != nil {
			return err
		}
		return s.Keep.SaveHRRun(ctx, r)
	})
	return left, err
}

// asking is the context of who asked for a run; errAskerGone when they may not any more.
func (s *Service) asking(ctx context.Context, r Run) (context.Context, error) {
	if r.RequestedBy == nil {
		return nil, errAskerGone
	}
	asking, err := s.Auth.As(ctx, *r.RequestedBy)
	if err == nil {
		err = auth.Require(asking, policy.PersonManage)
	}
	if f := fault.Of(err); err != nil && f.Kind != fault.KindInternal {
		return nil, errAskerGone
	}
	return asking, err
}

func (s *Service) end(ctx context.Context, src Source, r Run, status Status, problem string) error {
	now := s.Now()
	r.Status, r.Problem, r.FinishedAt = status, problem, &now
	if err := s.Keep.SaveHRRun(ctx, r); err != nil {
		return err
	}
	typ := "hr_run.applied"
	switch {
	case status == StatusFailed:
		typ = "hr_run.failed"
	case r.UndoOf != nil:
		typ = "hr_run.undone"
	}
	return s.tell(ctx, typ, src, r)
}

// alike are the first rows that are done in the same way.
func alike(rows []Row) []Row {
	one := func(r Row) [2]bool { return [2]bool{r.Subject == SubjectUnit, r.Outcome == OutcomeLeave} }
	n := 1
	for n < len(rows) && one(rows[n]) == one(rows[0]) {
		n++
	}
	if rows[0].Subject == SubjectUnit || rows[0].Outcome == OutcomeLeave {
		n = min(n, leaveBatch)
	}
	return rows[:n]
}

// do brings rows in, and notes at each what became of it.
func (s *Service) do(ctx context.Context, src Source, r Run, rows []Row) error {
	one := s.unit
	switch {
	case rows[0].Subject == SubjectPerson && rows[0].Outcome == OutcomeLeave:
		one = s.leave
	case rows[0].Subject == SubjectPerson:
		return s.bringAll(ctx, src, r, rows)
	}
	for i := range rows {
		err := s.Keep.Try(ctx, func(ctx context.Context) error { return one(ctx, src, &rows[i]) })
		if err := rows[i].settle(err); err != nil {
			return err
		}
	}
	return nil
}

// settle notes that a row was done, or why not; a failure of ours is given back.
func (r *Row) settle(err error) error {
	if err == nil {
		r.State = RowDone
		return nil
	}
	f := fault.Of(err)
	if f.Kind == fault.KindInternal {
		return err // the job comes again
	}
	r.State, r.Problem = RowFailed, f.Text
	for field, text := range f.Fields {
		r.Field, r.Problem = field, text
	}
	return nil
}

// bringAll brings people in all at once; where one is refused by the database, each by themselves.
func (s *Service) bringAll(ctx context.Context, src Source, r Run, rows []Row) error {
	invite := src.Invites && r.UndoOf == nil
	before := slices.Clone(rows)
	err := s.Keep.Try(ctx, func(ctx context.Context) error { return s.bring(ctx, src, invite, rows) })
	if err == nil || fault.Of(err).Kind == fault.KindInternal {
		return err
	}
	copy(rows, before)
	for i := range rows {
		err := s.Keep.Try(ctx, func(ctx context.Context) error { return s.bring(ctx, src, invite, rows[i:i+1]) })
		if err == nil {
			continue // its state is noted
		}
		if err := rows[i].settle(err); err != nil {
			return err
		}
	}
	return nil
}

// Prune removes runs that are older than they are kept.
func (s *Service) Prune(ctx context.Context) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		_, err := s.Keep.DeleteHRRuns(ctx, s.Now().Add(-keptFor))
		return err
	})
}
