package assignment

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
)

// Appeal objects to a released mark, once, with a reason; told as submission.appealed. It needs enrolment:self. Fields:
// reason.
func (s *Service) Appeal(ctx context.Context, submission uid.ID, reason string) error {
	if err := auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return err
	}
	reason = tidyText(reason)
	f := fault.Fields{}
	f.Check(reason != "", "reason", "Say why the mark should be looked at again.")
	f.Check(utf8.RuneCountInString(reason) <= MaxReason, "reason", fmt.Sprintf("Use at most %d characters.", MaxReason))
	if err := f.Err(); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		if _, err := s.keep.LockWork(ctx, submission); err != nil {
			return err
		}
		w, err := s.keep.WorkByID(ctx, submission)
		if err != nil {
			return err
		}
		mine, err := s.isTheirs(ctx, w, asker(ctx).PersonID)
		if err != nil {
			return err
		}
		if mine == uid.Nil {
			return ErrNotFound
		}
		settings, err := s.rulesOf(ctx, w.Submission)
		if err != nil {
			return err
		}
		if err = s.appealable(settings, w.Submission); err != nil {
			return err
		}
		if _, found, err := s.keep.AppealOf(ctx, w.ID); err != nil || found {
			return errors.Join(err, ifThen(found, ErrAppealed))
		}
		a := Appeal{SubmissionID: w.ID, EnrolmentID: mine, Reason: reason, AskedAt: s.moment()}
		if w.Verdict != nil {
			a.Before = *w.Verdict
		}
		if err = s.keep.AddAppeal(ctx, a); err != nil {
			return err
		}
		t := aboutWork(w)
		t.Reason = reason
		return s.tell(ctx, "submission.appealed", w.EnrolmentID, t)
	})
}

func ifThen(is bool, err *fault.Fault) error {
	if is {
		return err
	}
	return nil
}

// appealable says why a mark may not be objected to.
func (s *Service) appealable(settings Settings, w Submission) error {
	switch {
	case settings.AppealDays == 0 || w.MarkedAt == nil || w.Status == enrolment.SubmissionOpen || w.Status == enrolment.SubmissionReturned:
		return ErrNoAppeal
	case s.now().After(w.MarkedAt.AddDate(0, 0, settings.AppealDays)):
		return ErrAppealClosed
	}
	return nil
}

// isTheirs gives the enrolment by which a submission is a person's, uid.Nil when it is not.
func (s *Service) isTheirs(ctx context.Context, w Work, person uid.ID) (uid.ID, error) {
	if w.PersonID == person {
		return w.EnrolmentID, nil
	}
	if w.GroupID == nil {
		return uid.Nil, nil
	}
	members, err := s.keep.WorkMembers(ctx, w.ID)
	for _, m := range members {
		if m.PersonID == person {
			return m.EnrolmentID, err
		}
	}
	return uid.Nil, err
}

// rulesOf are the rules that a submission came under.
func (s *Service) rulesOf(ctx context.Context, w Submission) (Settings, error) {
	if w.Rules == nil {
		return Settings{}, nil
	}
	settings, _, err := s.keep.AssignmentRules(ctx, w.LessonID, *w.Rules)
	return settings, err
}
