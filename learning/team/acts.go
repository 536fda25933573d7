package team

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth/policy"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

func note(text string) (string, error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	f := fault.Fields{}
	f.Check(utf8.ValidString(text) && !strings.ContainsRune(text, 0) && utf8.RuneCountInString(text) <= noteMax, "note", "Write at most 500 characters.")
	return text, f.Err()
}

// Nudge reminds one of one's people of what they have to do, in the app, by mail and on their devices as they chose. It is their one
// message of the day, whoever reminds: nobody reminds them who was reminded that day, by the portal either, and its reminder waits. It needs person:self; ErrNotYours, ErrNudged, ErrCannot; a fault at note. Event learner.nudged.
func (s *Service) Nudge(ctx context.Context, person uid.ID, text string) (n Nudge, err error) {
	if text, err = note(text); err != nil {
		return n, err
	}
	at := s.moment()
	err = s.within(ctx, person, func(ctx context.Context, r Reach) error {
		m, err := s.keep.TeamMember(ctx, r, person, at)
		if err != nil {
			return err
		}
		if m.Status != "active" {
			return ErrCannot
		}
		added := false
		if n, added, err = s.nudge(ctx, r.Me, person, text); err == nil && !added {
			err = ErrNudged
		}
		return err
	})
	return n, err
}

func (s *Service) nudge(ctx context.Context, by, person uid.ID, text string) (n Nudge, added bool, err error) {
	l, err := s.keep.LearnerByID(ctx, person)
	if err != nil {
		return n, false, err
	}
	now := s.now()
	here := now.In(l.Location())
	n = Nudge{ID: uid.New(), PersonID: person, Day: time.Date(here.Year(), here.Month(), here.Day(), 0, 0, 0, 0, time.UTC), Note: text, SentBy: &by, SentAt: now}
	if free, err := s.keep.ClaimDay(ctx, n.ID, person, n.Day, now); err != nil || !free {
		return n, false, err
	}
	if added, err = s.keep.AddNudge(ctx, n); err != nil || !added {
		return n, false, err
	}
	e, err := event.New(ctx, now, "learner.nudged", "person", person, map[string]any{"person_id": person, "person_name": l.Name, "note": text})
	if err != nil {
		return n, false, err
	}
	return n, true, s.keep.AppendEvents(ctx, e)
}

// NudgeOverdue reminds everybody within a scope who has something overdue, at most 500 at once, done again the next; who was
// reminded today or within 12 hours is left out. It gives how many were reminded. It needs person:self.
func (s *Service) NudgeOverdue(ctx context.Context, scope Scope, text string) (sent int, err error) {
	if text, err = note(text); err != nil {
		return 0, err
	}
	r, _, err := s.Reach(ctx, scope)
	if err != nil {
		return 0, err
	}
	at := s.moment()
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		sent = 0
		people, err := s.keep.TeamOverdue(ctx, r, at, nudgeMax)
		if err != nil {
			return err
		}
		for _, p := range people {
			_, added, err := s.nudge(ctx, r.Me, p, text)
			if err != nil {
				return err
			}
			if added {
				sent++
			}
		}
		return nil
	})
	return sent, err
}

// Enrol puts one of one's people into a course that one may find, by a day or without one. It needs person:self; ErrNotYours,
// ErrNotGiven, catalog.ErrCourseNotFound; a fault at due_on. Event enrolment.created.
func (s *Service) Enrol(ctx context.Context, person, course uid.ID, on *enrolment.Day) (c Course, err error) {
	who, _, err := asker(ctx)
	if err != nil {
		return c, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err = s.keep.CourseToGive(ctx, who.PersonID, who.May.Has(policy.EnrolmentManage), course)
		return err
	})
	if err != nil {
		return c, err
	}
	err = s.within(ctx, person, func(ctx context.Context, r Reach) error {
		added, err := s.enrol.Assign(ctx, enrolment.Assignment{Course: course, Person: person, By: &r.Me, On: on})
		if err == nil && !added {
			err = ErrNotGiven
		}
		return err
	})
	return c, err
}

// Decide grants or refuses a place that one of one's people asked for. It needs person:self; enrolment.ErrRequestNotFound for a
// request of somebody else, and what enrolment.DecidePlace fails with.
func (s *Service) Decide(ctx context.Context, d enrolment.Decision) (asked Asked, out enrolment.PlaceRequest, err error) {
	r, err := s.widest(ctx)
	if err != nil {
		return asked, out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if asked, err = s.keep.OpenRequest(ctx, r, d.Request); err != nil {
			return err
		}
		out, err = s.enrol.DecidePlaceFor(ctx, d)
		return err
	})
	return asked, out, err
}
