package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/uid"
)

func (s *Service) in(ctx context.Context, fn func(ctx context.Context, who auth.Principal) error) error {
	if err := auth.Require(ctx, policy.EnrolmentManage); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.Keep.InTenant(ctx, func(ctx context.Context) error { return fn(ctx, who) })
}

// all tells whether somebody looks after everybody's schedules.
func all(who auth.Principal) bool { return who.May.Has(policy.PersonManage) }

// own finds one that who asks may change: their own, and everybody's with person:manage.
func (s *Service) own(ctx context.Context, who auth.Principal, id uid.ID) (Schedule, error) {
	one, err := s.Keep.ScheduleByID(ctx, id)
	if err == nil && one.OwnerID != who.PersonID && !all(who) {
		err = ErrNotFound
	}
	return one, err
}

// Readers lists who may be sent reports: who may sign in and may see them, at most 500. It needs enrolment:manage.
func (s *Service) Readers(ctx context.Context) (list []Reader, err error) {
	err = s.in(ctx, func(ctx context.Context, _ auth.Principal) error {
		may, err := s.reading(ctx)
		if err == nil {
			list, err = s.Keep.ReportReaders(ctx, may, nil, readersMax)
		}
		return err
	})
	return list, err
}

// reading are the roles that may see reports.
func (s *Service) reading(ctx context.Context) ([]policy.Role, error) {
	roles, err := s.Keep.Roles(ctx)
	if err != nil {
		return nil, err
	}
	var may []policy.Role
	for _, role := range roles {
		set, err := s.May(ctx, []policy.Role{role})
		if err != nil {
			return nil, err
		}
		if set.Has(policy.EnrolmentManage) {
			may = append(may, role)
		}
	}
	return may, nil
}

// List gives one's own schedules, and everybody's to those with person:manage, by name. It needs enrolment:manage.
func (s *Service) List(ctx context.Context) (list []Schedule, err error) {
	err = s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		owner := who.PersonID
		if all(who) {
			owner = uid.Nil
		}
		list, err = s.Keep.Schedules(ctx, owner, readersMax)
		return err
	})
	return list, err
}

// Get finds one with its last 30 runs, the newest first. It needs enrolment:manage; ErrNotFound.
func (s *Service) Get(ctx context.Context, id uid.ID) (one Schedule, runs []Run, err error) {
	err = s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		if one, err = s.own(ctx, who, id); err != nil {
			return err
		}
		runs, err = s.Keep.ReportRuns(ctx, id, runsShown)
		return err
	})
	return one, runs, err
}

// Save keeps a schedule, a new one with uid.Nil; what was paused stays so. It needs enrolment:manage; faults at the fields, ErrPeople,
// ErrNotFound, ErrChanged, ErrTooMany, builder.ErrNotFound. Event report.schedule_saved.
func (s *Service) Save(ctx context.Context, id uid.ID, in Input) (out Schedule, err error) {
	if err := in.check(); err != nil {
		return out, err
	}
	if in.ReportID != nil {
		if _, err := s.Reports.Get(ctx, *in.ReportID); err != nil {
			return out, err
		}
	}
	wish, err := json.Marshal(in.Wish)
	if err != nil {
		return out, err
	}
	people, err := json.Marshal(in.People)
	if err != nil {
		return out, err
	}
	now := s.Now()
	err = s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		may, err := s.reading(ctx)
		if err != nil {
			return err
		}
		readers, err := s.Keep.ReportReaders(ctx, may, in.People, len(in.People))
		if err != nil {
			return err
		}
		for _, p := range in.People {
			if !slices.ContainsFunc(readers, func(r Reader) bool { return r.ID == p }) {
				return ErrPeople.With("people", ErrPeople.Text)
			}
		}
		out = Schedule{ID: uid.New(), OwnerID: who.PersonID, CreatedAt: now}
		if id != uid.Nil {
			if out, err = s.own(ctx, who, id); err != nil {
				return err
			}
		} else if list, err := s.Keep.Schedules(ctx, who.PersonID, ownMost); err != nil || len(list) >= ownMost {
			return errors.Join(err, given(len(list) >= ownMost, ErrTooMany))
		}
		out.Name, out.ReportID, out.Wish, out.Format, out.Times, out.People = in.Name, in.ReportID, string(wish), in.Format, in.Times, string(people)
		out.Revision, out.UpdatedAt, out.NextAt = in.Revision+1, now, in.Times.Next(now)
		if id == uid.Nil {
			out.Revision = 1
			err = s.Keep.AddSchedule(ctx, out)
		} else {
			err = s.Keep.SaveSchedule(ctx, out)
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, "report.schedule_saved", out, nil)
	})
	return out, err
}

func given(is bool, err error) error {
	if is {
		return err
	}
	return nil
}

func (s *Service) tell(ctx context.Context, typ string, one Schedule, more map[string]any) error {
	data := map[string]any{"person_id": one.OwnerID, "title": one.Name, "every": one.Every, "people": one.To(), "next_at": one.NextAt}
	for k, v := range more {
		data[k] = v
	}
	e, err := event.New(ctx, s.Now(), typ, "report_schedule", one.ID, data)
	if err != nil {
		return err
	}
	return s.Keep.AppendEvents(ctx, e)
}

// Pause holds one; Resume lets it be sent again, from its next time on. They need enrolment:manage; ErrNotFound. Events report.schedule_paused
// and report.schedule_resumed.
func (s *Service) Pause(ctx context.Context, id uid.ID) error {
	return s.change(ctx, id, "report.schedule_held", func(one *Schedule) { one.Paused = ByHand })
}

// Resume is the other way.
func (s *Service) Resume(ctx context.Context, id uid.ID) error {
	return s.change(ctx, id, "report.schedule_resumed", func(one *Schedule) {
		one.Paused, one.Failures, one.NextAt = "", 0, one.Next(s.Now())
	})
}

func (s *Service) change(ctx context.Context, id uid.ID, typ string, do func(*Schedule)) error {
	return s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		one, err := s.own(ctx, who, id)
		if err != nil {
			return err
		}
		do(&one)
		if err := s.Keep.MarkSchedule(ctx, one); err != nil {
			return err
		}
		return s.tell(ctx, typ, one, nil)
	})
}

// Delete removes one with its runs. It needs enrolment:manage; ErrNotFound. Event report.schedule_deleted.
func (s *Service) Delete(ctx context.Context, id uid.ID) error {
	return s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		one, err := s.own(ctx, who, id)
		if err != nil {
			return err
		}
		if err := s.Keep.DeleteSchedule(ctx, id); err != nil {
			return err
		}
		return s.tell(ctx, "report.schedule_deleted", one, nil)
	})
}

// RunNow sends one at once, beside its times. It needs enrolment:manage; ErrNotFound, ErrRunning. Event report.run_due.
func (s *Service) RunNow(ctx context.Context, id uid.ID) error {
	return s.in(ctx, func(ctx context.Context, who auth.Principal) error {
		one, err := s.own(ctx, who, id)
		if err != nil {
			return err
		}
		if open, err := s.Keep.OpenRuns(ctx, id); err != nil || open > 0 {
			return errors.Join(err, given(open > 0, ErrRunning))
		}
		_, err = s.begin(ctx, one, Run{ID: uid.New(), ScheduleID: id, DueAt: s.Now(), AskedBy: &who.PersonID, Status: Waiting})
		return err
	})
}
