package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/report/builder"
	"lyceum/learning/report/export"
)

// begin notes a run with its deliveries, and the event that the job is made of: all of it in one transaction. It is false where the run is
// there already.
func (s *Service) begin(ctx context.Context, one Schedule, r Run) (bool, error) {
	added, err := s.Keep.AddRun(ctx, r)
	if err != nil || !added {
		return false, err
	}
	var list []Delivery
	for _, p := range one.To() {
		list = append(list, Delivery{RunID: r.ID, PersonID: p, ExportID: uid.New(), Status: ToSend})
	}
	if err := s.Keep.AddDeliveries(ctx, list); err != nil {
		return false, err
	}
	return true, s.tell(ctx, "report.run_due", one, map[string]any{"run_id": r.ID, "due_at": r.DueAt})
}

// Look notes what is due, and says when to look next. What was missed while nobody looked is sent once. It is a chore's: it asks for no
// permission, and two at a time note nothing twice.
func (s *Service) Look(ctx context.Context) (next time.Time, err error) {
	const atOnce = 100
	now := s.Now()
	for more := true; more; {
		err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
			due, err := s.Keep.DueSchedules(ctx, now, atOnce)
			if err != nil {
				return err
			}
			for _, one := range due {
				was := one.NextAt
				one.NextAt = one.Next(now)
				if err := s.Keep.MarkSchedule(ctx, one); err != nil {
					return err
				}
				if _, err := s.begin(ctx, one, Run{ID: uid.New(), ScheduleID: one.ID, DueAt: was, Status: Waiting}); err != nil {
					return err
				}
			}
			more = len(due) == atOnce
			next, err = s.Keep.NextSchedule(ctx)
			return err
		})
		if err != nil {
			return now, err
		}
	}
	if last := now.Add(lookEvery); next.IsZero() || next.After(last) {
		next = last
	}
	return next, nil
}

// Run sends what was noted to those who may see it. It is a job's and may run twice: a mail that a mail server may have is not sent again.
// An error is worth another try. Events report.run_done, report.run_failed, and report.schedule_paused where it is held from then on.
func (s *Service) Run(ctx context.Context, id uid.ID) error {
	var r Run
	var one Schedule
	var ok bool
	err := s.Keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if r, ok, err = s.Keep.BeginRun(ctx, id); err != nil || !ok {
			return err
		}
		if one, err = s.Keep.ScheduleByID(ctx, r.ScheduleID); err != nil {
			return err
		}
		r.Deliveries, err = s.Keep.Deliveries(ctx, id)
		return err
	})
	if errors.Is(err, ErrNotFound) || err == nil && !ok {
		return nil // deleted meanwhile, or done
	}
	if err != nil {
		return err
	}
	sent, reached, err := s.deliver(ctx, one, r)
	problem := problemOf(err)
	switch {
	case err == nil && sent == 0:
		problem = Nobody
	case err == nil && reached == 0: // every address was refused: trying again now is of no use, and for ever neither
		problem = Failed
	case problem == Failed && r.Attempts < attempts:
		return fmt.Errorf("report schedule %s: %w", one.ID, err)
	}
	if ended := s.end(context.WithoutCancel(ctx), one, r, problem); ended != nil {
		return ended
	}
	return given(problem == Failed, err)
}

// problemOf says why nothing can be sent; what is not known is worth another try.
func problemOf(err error) Why {
	var f *fault.Fault
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errOwner):
		return Owner
	case errors.Is(err, export.ErrTooLong), errors.Is(err, export.ErrSheetTooLong):
		return Long
	case errors.Is(err, errGone), errors.As(err, &f) && (f.Kind == fault.KindNotFound || f.Kind == fault.KindInvalid):
		return Gone
	}
	return Failed
}

var (
	errOwner = errors.New("its owner may see reports no more")
	errGone  = errors.New("what it sends is gone")
)

func (s *Service) end(ctx context.Context, one Schedule, r Run, problem Why) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error {
		now := s.Now()
		r.Status, r.Problem, r.EndedAt = Done, problem, &now
		if problem != "" {
			r.Status = Broken
		}
		if ended, err := s.Keep.EndRun(ctx, r); err != nil || !ended {
			return err
		}
		one, err := s.Keep.ScheduleByID(ctx, one.ID) // as it is now
		if err != nil {
			return err
		}
		one.Failures++
		typ := "report.run_failed"
		if problem == "" {
			one.Failures, typ = 0, "report.run_done"
		}
		hold := one.Paused == "" && problem != "" && (problem != Failed || one.Failures >= failedMost)
		if hold {
			one.Paused = problem
		}
		if err := s.Keep.MarkSchedule(ctx, one); err != nil {
			return err
		}
		more := map[string]any{"run_id": r.ID, "problem": problem}
		if err := s.tell(ctx, typ, one, more); err != nil || !hold {
			return err
		}
		return s.tell(ctx, "report.schedule_paused", one, more)
	})
}

// wish is what is sent now: of a report that was kept, as it is kept now.
func (s *Service) wish(ctx context.Context, one Schedule) (w export.Wish, err error) {
	owner, err := s.As(ctx, one.OwnerID)
	if err == nil {
		err = auth.Require(owner, policy.EnrolmentManage)
	}
	switch {
	case errors.Is(err, auth.ErrPersonNotFound), errors.Is(err, policy.ErrForbidden):
		return w, errOwner
	case err != nil:
		return w, err
	}
	if one.ReportID == nil {
		w, err = one.Wished()
		w.Title = one.Name
		return w, err
	}
	kept, err := s.Reports.Get(owner, *one.ReportID)
	if errors.Is(err, builder.ErrNotFound) {
		return w, errGone
	}
	if err != nil {
		return w, err
	}
	d, err := kept.Defined()
	return export.Wish{Kind: export.Built, Title: one.Name, Definition: d}, err
}

// deliver makes each person's file and sends it. It says how many of them may have it, and how many of those were not refused.
func (s *Service) deliver(ctx context.Context, one Schedule, r Run) (sent, reached int, err error) {
	w, err := s.wish(ctx, one)
	if err != nil {
		return 0, 0, err
	}
	var errs []error
	for _, d := range r.Deliveries {
		if d.Status == ToSend {
			if d.Status, err = s.one(ctx, one, r, d, w); err != nil {
				errs = append(errs, err)
				if problemOf(err) != Failed {
					return sent, reached, err
				}
			}
		}
		if d.Status != NoRight {
			sent++
		}
		if d.Status != NoRight && d.Status != Refused {
			reached++
		}
	}
	return sent, reached, errors.Join(errs...)
}

func (s *Service) one(ctx context.Context, one Schedule, r Run, d Delivery, w export.Wish) (Sending, error) {
	acting, err := s.As(ctx, d.PersonID)
	if err == nil {
		err = auth.Require(acting, policy.EnrolmentManage)
	}
	switch {
	case errors.Is(err, auth.ErrPersonNotFound), errors.Is(err, policy.ErrForbidden):
		_, err = s.move(ctx, d, ToSend, NoRight)
		return NoRight, err
	case err != nil:
		return d.Status, err
	}
	who, _ := auth.PrincipalFrom(acting)
	e, err := s.Exports.MakeFor(ctx, d.ExportID, d.PersonID, w, one.Format, export.Look{Zone: one.Zone, Locale: who.Locale})
	if err != nil {
		return d.Status, err
	}
	switch {
	case e.Problem == export.NoRight:
		_, err = s.move(ctx, d, ToSend, NoRight)
		return NoRight, err
	case e.Problem == export.TooLong:
		return d.Status, export.ErrTooLong
	case e.Problem == export.SheetTooLong:
		return d.Status, export.ErrSheetTooLong
	case e.Status == export.Cancelled, e.Status == export.Expired:
		_, err = s.move(ctx, d, ToSend, Stopped)
		return Stopped, err
	case e.Problem == export.Internal:
		return d.Status, fmt.Errorf("export %s failed", e.ID)
	case e.Status != export.Ready:
		return d.Status, fmt.Errorf("%w: %s", errGone, e.Problem)
	}
	m := Mail{ID: d.ExportID, Schedule: one, Run: r, Person: d.PersonID, Export: e}
	how := Linked
	if e.Bytes <= AttachMost {
		how = Attached
		if m.File, err = s.Exports.Content(ctx, e); err != nil {
			return d.Status, err
		}
	}
	if taken, err := s.move(ctx, d, ToSend, Begun); err != nil || !taken {
		return Begun, err
	}
	err = s.Send(ctx, m)
	switch {
	case errors.Is(err, ErrRefused):
		how, err = Refused, nil
	case err != nil:
		how = ToSend
	}
	_, noted := s.move(context.WithoutCancel(ctx), d, Begun, how)
	return how, errors.Join(err, noted)
}

func (s *Service) move(ctx context.Context, d Delivery, from, to Sending) (moved bool, err error) {
	err = s.Keep.InTenant(ctx, func(ctx context.Context) error {
		moved, err = s.Keep.MoveDelivery(ctx, d.RunID, d.PersonID, from, to, s.Now())
		return err
	})
	return moved, err
}

// Forget removes runs of more than 400 days ago. It is a chore's.
func (s *Service) Forget(ctx context.Context) error {
	return s.Keep.InTenant(ctx, func(ctx context.Context) error { return s.Keep.ForgetRuns(ctx, s.Now().Add(-keptFor)) })
}
