package retention

import (
	"context"
	"slices"
	"time"

	"lyceum/internal/uid"
	"lyceum/tenant"
)

// backOff is for how long somebody who left is let be whose erasure was taken back or refused.
const backOff = 365 * 24 * time.Hour

// Sweep deletes what is older than the schedule allows, where it is on. It is a job's: it asks for no permission. Each piece is a transaction of its
// own, in which it is counted too, so that a run which is killed anywhere, or that has used its time, is gone on with. Event retention.swept
// once a run, with what went.
func (s *Service) Sweep(ctx context.Context) error {
	end := time.Now().Add(budget) // of the machine's time, whatever the portal's clock says
	var lines []Line
	err := s.keep.InTenant(ctx, func(ctx context.Context) error {
		sc, err := s.schedule(ctx)
		if err != nil || !sc.On {
			return err
		}
		last, err := s.keep.LatestRetentionRun(ctx)
		if err != nil {
			return err
		}
		if last == nil || last.EndedAt != nil {
			if last != nil && s.now().Before(last.BeganAt.Add(every)) {
				return nil
			}
			if err := s.keep.InsertRetentionRun(ctx, Run{ID: uid.New(), BeganAt: s.now(), Counts: map[string]int64{}}); err != nil {
				return err
			}
		}
		lines = sc.Lines
		return nil
	})
	if err != nil || lines == nil {
		return err
	}
	for _, l := range lines {
		if done, err := s.line(ctx, l, end); err != nil || !done {
			return err
		}
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		r, err := s.keep.LatestRetentionRun(ctx)
		if err != nil || r == nil || r.EndedAt != nil {
			return err
		}
		now := s.now()
		r.EndedAt = &now
		if err := s.keep.SaveRetentionRun(ctx, *r); err != nil || r.Rows() == 0 {
			return err
		}
		return s.tell(ctx, "retention.swept", r.ID, map[string]any{"rows": r.Rows(), "counts": r.Counts})
	})
}

// line does a line; false where it is switched off meanwhile, or the time is used.
func (s *Service) line(ctx context.Context, l Line, end time.Time) (done bool, err error) {
	before, ok := l.Before(s.now())
	if !ok {
		return true, nil
	}
	n := piece
	if l.Few {
		n = few
	}
	if l.Clock == Left {
		_, on, err := s.part(ctx, l, func(ctx context.Context) (int64, error) {
			people, err := s.keep.PeopleLeft(ctx, before, s.now().Add(-backOff), few)
			for _, p := range people {
				if err = s.erase.ScheduleLeft(ctx, p); err != nil {
					return 0, err
				}
			}
			return int64(len(people)), err
		})
		return on, err // more of them in the next run: erasures take their time
	}
	for _, table := range l.Tables {
		for {
			if ctx.Err() != nil || time.Now().After(end) {
				return false, ctx.Err()
			}
			went, on, err := s.part(ctx, l, func(ctx context.Context) (int64, error) {
				if slices.Contains(owned, table) { // as somebody else: what is deleted there stays deleted if the count is lost
					t, _ := tenant.From(ctx)
					return s.owner.PruneOld(ctx, t, table, before, n)
				}
				return s.keep.DeleteOld(ctx, table, before, n)
			})
			if err != nil || !on {
				return false, err
			}
			if went < int64(n) {
				break
			}
		}
	}
	return true, nil
}

// part does a piece in a transaction of its own, in which it is counted; on is false where sweeps are switched off.
func (s *Service) part(ctx context.Context, l Line, do func(context.Context) (int64, error)) (went int64, on bool, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		r, err := s.keep.LatestRetentionRun(ctx)
		if err != nil || r == nil || r.EndedAt != nil {
			return err
		}
		if on, err = s.keep.RetentionOn(ctx); err != nil || !on {
			return err
		}
		if went, err = do(ctx); err != nil || went == 0 {
			return err
		}
		if r.Counts == nil {
			r.Counts = map[string]int64{}
		}
		r.Counts[l.Name] += went
		return s.keep.SaveRetentionRun(ctx, *r)
	})
	return went, on, err
}
