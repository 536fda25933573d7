package assignment

import (
	"context"
	"slices"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// whose reads what due dates depend on.
func (s *Service) whose(ctx context.Context, e enrolment.Enrolment, lesson uid.ID) (Whose, error) {
	l, err := s.keep.LearnerByID(ctx, e.PersonID)
	if err != nil {
		return Whose{}, err
	}
	w := Whose{EnrolledAt: e.EnrolledAt, CourseDue: e.DueAt, Place: l.Location()}
	given, err := s.keep.ExtensionsOf(ctx, e.ID, lesson)
	if len(given) > 0 {
		w.Extended = &given[0].Until
	}
	return w, err
}

// standing is what decides whether something may be handed in.
type standing struct {
	settings Settings
	rules    int
	due      *time.Time
	extended bool
	group    uid.ID
	team     string
	members  []Member
	works    []Submission
	handed   int // attempts that count
}

func (s *Service) standing(ctx context.Context, e enrolment.Enrolment, lesson uid.ID) (st standing, err error) {
	if st.settings, st.rules, err = s.keep.AssignmentRules(ctx, lesson, 0); err != nil {
		return st, err
	}
	w, err := s.whose(ctx, e, lesson)
	if err != nil {
		return st, err
	}
	st.due, st.extended = st.settings.DueFor(w), w.Extended != nil
	if len(st.settings.Groups) > 0 {
		if st.group, st.team, st.members, err = s.keep.TeamOf(ctx, e.PersonID, e.CourseID, st.settings.Groups); err != nil {
			return st, err
		}
	}
	if st.works, err = s.keep.WorksIn(ctx, e.ID, lesson, MaxShown); err != nil {
		return st, err
	}
	if st.group != uid.Nil { // one who joined the group late sees and continues what it handed in
		seen := map[uid.ID]bool{}
		for _, w := range st.works {
			seen[w.ID] = true
		}
		for _, m := range st.members {
			if m.EnrolmentID == e.ID {
				continue
			}
			theirs, err := s.keep.WorksIn(ctx, m.EnrolmentID, lesson, MaxShown)
			if err != nil {
				return st, err
			}
			for _, w := range theirs {
				if w.GroupID != nil && *w.GroupID == st.group && !seen[w.ID] {
					seen[w.ID] = true
					st.works = append(st.works, w)
				}
			}
		}
		slices.SortFunc(st.works, func(a, b Submission) int { return b.SubmittedAt.Compare(a.SubmittedAt) })
	}
	st.handed = len(st.works)
	return st, nil
}

// refuses says why nothing may be handed in at a moment; nil when something may.
func (st standing) refuses(at time.Time) error {
	if len(st.works) > 0 {
		switch st.works[0].Status {
		case enrolment.SubmissionOpen:
			return enrolment.ErrSubmissionWaits
		case enrolment.SubmissionAccepted:
			return enrolment.ErrSubmissionAccepted
		case enrolment.SubmissionReturned, enrolment.SubmissionFailed:
		}
		if st.settings.Attempts > 0 && st.handed >= st.settings.Attempts {
			return ErrNoAttemptLeft
		}
		if st.works[0].Status == enrolment.SubmissionFailed && st.settings.Attempts == 0 {
			return ErrNoAttemptLeft
		}
		if until := st.settings.AgainUntil; until != nil && at.After(*until) && !st.extended {
			return ErrClosed
		}
		if st.works[0].Status == enrolment.SubmissionReturned && st.settings.AgainUntil != nil {
			return nil // the time to revise is its own
		}
	}
	if end := st.settings.Closes(st.due); end != nil && at.After(*end) {
		if len(st.works) > 0 && st.works[0].Status == enrolment.SubmissionReturned {
			return nil // who was asked to revise may do so
		}
		return ErrClosed
	}
	return nil
}

// late is how many days count as late: a revision that was asked for is not late again.
func (st standing) late(at time.Time) int {
	if len(st.works) > 0 && st.works[0].Status == enrolment.SubmissionReturned {
		return st.works[0].LateDays
	}
	return DaysLate(st.due, at)
}

func (st standing) left() int {
	if st.settings.Attempts == 0 {
		return -1
	}
	return max(0, st.settings.Attempts-st.handed)
}
