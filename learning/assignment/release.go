package assignment

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
)

// Release gives a learner the mark that is ready; ErrNotReady when none is. It needs enrolment:mark.
func (s *Service) Release(ctx context.Context, id uid.ID) error {
	return s.onWork(ctx, id, func(ctx context.Context, w Work, settings Settings, marks []Mark) error {
		if w.Status != enrolment.SubmissionOpen || w.Stage != StageReady {
			return ErrNotReady
		}
		return s.release(ctx, w, settings, marks, false)
	})
}

// ReleaseAll gives all learners of a lesson the marks that are ready, and tells how many. Each is a transaction of its
// own: one that is broken off goes on when it is asked for again. It needs enrolment:mark.
func (s *Service) ReleaseAll(ctx context.Context, lesson uid.ID) (n int, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return 0, err
	}
	for {
		var ids []uid.ID
		err = s.keep.InTenant(ctx, func(ctx context.Context) error {
			ids, err = s.keep.ReadyWorks(ctx, lesson, 100)
			return err
		})
		if err != nil || len(ids) == 0 {
			return n, err
		}
		for _, id := range ids {
			if err = s.Release(ctx, id); err != nil {
				return n, fmt.Errorf("release submission %s: %w", id, err)
			}
			n++
		}
	}
}

// ExtendInput is more time for one person, with the reason.
type ExtendInput struct {
	Enrolment uid.ID
	Lesson    uid.ID
	Until     time.Time
	Reason    string
}

// Extend gives one person another due date for a lesson, with a reason; told as assignment.extended. It needs
// enrolment:mark, and not for oneself. Fields: until, reason.
func (s *Service) Extend(ctx context.Context, in ExtendInput) (out Extension, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	in.Reason = tidyText(in.Reason)
	f := fault.Fields{}
	f.Check(in.Until.After(s.now()), "until", "Choose a moment that is still to come.")
	f.Check(in.Until.Before(s.now().AddDate(5, 0, 0)), "until", "Choose a moment within the next five years.")
	f.Check(in.Reason != "", "reason", "Say why. It is kept with the date.")
	f.Check(utf8.RuneCountInString(in.Reason) <= MaxReason, "reason", fmt.Sprintf("Use at most %d characters.", MaxReason))
	if err = f.Err(); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, in.Enrolment)
		if err != nil {
			return err
		}
		if e.PersonID == asker(ctx).PersonID {
			return enrolment.ErrOwnSubmission
		}
		l, _, err := s.keep.LessonToLearn(ctx, e.VersionID, in.Lesson)
		if err != nil {
			return err
		}
		r, err := s.keep.EnrolmentRecord(ctx, e.ID)
		if err != nil {
			return err
		}
		out = Extension{ID: uid.New(), EnrolmentID: e.ID, LessonID: in.Lesson, Until: in.Until.UTC().Truncate(time.Microsecond), Reason: in.Reason, GivenBy: asker(ctx).PersonID, GivenAt: s.moment()}
		if err = s.keep.AddExtension(ctx, out); err != nil {
			return err
		}
		v, err := s.keep.VersionByID(ctx, e.VersionID)
		if err != nil {
			return err
		}
		return s.tell(ctx, "assignment.extended", e.ID, told{
			PersonID: e.PersonID, PersonName: r.PersonName, CourseID: e.CourseID, CourseTitle: v.Title, LessonID: in.Lesson, LessonTitle: l.Title, Until: &out.Until, Reason: in.Reason,
		})
	})
	return out, err
}

// ExtendFor is Extend for whose work a submission is: so a marker who does not see the name can give more time.
func (s *Service) ExtendFor(ctx context.Context, submission uid.ID, until time.Time, reason string) (out Extension, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		w, err := s.keep.WorkByID(ctx, submission)
		if err != nil {
			return err
		}
		out, err = s.Extend(ctx, ExtendInput{Enrolment: w.EnrolmentID, Lesson: w.LessonID, Until: until, Reason: reason})
		return err
	})
	return out, err
}

// AnswerInput is the answer to an objection.
type AnswerInput struct {
	Submission uid.ID
	Change     bool // the mark is changed to Given; else it is kept
	Given      rubric.Given
	Answer     string // to the learner
}

// AnswerAppeal answers an objection by a changed mark or by keeping it; told as submission.appeal_answered. A lesson that
// was completed stays completed, also when the new mark does not pass. It needs enrolment:mark, and not of one's own
// work. Fields: answer, points, criteria.<place>.
func (s *Service) AnswerAppeal(ctx context.Context, in AnswerInput) error {
	in.Answer = tidyText(in.Answer)
	f := fault.Fields{}
	f.Check(in.Answer != "", "answer", "Say why the mark is kept or changed.")
	f.Check(utf8.RuneCountInString(in.Answer) <= MaxReason, "answer", fmt.Sprintf("Use at most %d characters.", MaxReason))
	if err := f.Err(); err != nil {
		return err
	}
	return s.onWork(ctx, in.Submission, func(ctx context.Context, w Work, settings Settings, marks []Mark) error {
		a, found, err := s.keep.AppealOf(ctx, w.ID)
		if err != nil {
			return err
		}
		if !found || a.AnsweredAt != nil {
			return ErrNoAppealOpen
		}
		theirs, err := s.isTheirs(ctx, w, asker(ctx).PersonID)
		if err != nil {
			return err
		}
		if theirs != uid.Nil {
			return enrolment.ErrOwnSubmission
		}
		now, who := s.moment(), asker(ctx).PersonID
		a.Answer, a.Changed, a.AnsweredBy, a.AnsweredAt, a.After = in.Answer, &in.Change, &who, &now, &a.Before
		if in.Change {
			m := Mark{SubmissionID: w.ID, Number: 1, Kind: MarkAppeal, MarkerID: who, Given: in.Given, Comment: in.Answer, At: now}
			if len(marks) > 0 {
				m.Number = marks[len(marks)-1].Number + 1
			}
			if m.Verdict, err = settings.Scheme.Judge(in.Given); err != nil {
				return err
			}
			if err = s.keep.AddMark(ctx, m); err != nil {
				return err
			}
			marks = append(marks, m)
			v := settings.verdict(w.Submission, marks)
			a.After = &v
		}
		if err = s.keep.AnswerAppeal(ctx, a); err != nil {
			return err
		}
		t := aboutWork(w)
		t.Answer, t.Changed = in.Answer, &in.Change
		if err = s.tell(ctx, "submission.appeal_answered", w.EnrolmentID, t); err != nil || !in.Change {
			return err
		}
		return s.release(ctx, w, settings, marks, false)
	})
}
