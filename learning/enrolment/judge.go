package enrolment

import (
	"context"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Judged is what became of work, for one of those whose it is.
type Judged struct {
	Enrolment  uid.ID
	Lesson     uid.ID
	Submission uid.ID
	Number     int
	Status     SubmissionStatus // accepted, returned or failed
	Percent    *int
}

// Judge notes in somebody's learning what their work was judged: accepted completes its lesson where its rule is marked.
// What was completed stays completed. It is told as submission.<status>. It joins a running transaction and needs
// enrolment:mark. The submission itself is the caller's to write.
func (s *Service) Judge(ctx context.Context, j Judged) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	return s.noteFor(ctx, j.Enrolment, j.Lesson, func(st *step) {
		data, kind := FactData{Of: &j.Submission}, FactReturned
		if j.Percent != nil {
			data.Percent = *j.Percent
		}
		if j.Status == SubmissionAccepted {
			kind = FactAccepted
		}
		st.tellLater("submission."+string(j.Status), func(t *told) { t.SubmissionID, t.Attempt, t.Percent = &j.Submission, j.Number, j.Percent })
		st.note(kind, data)
	})
}

// HandedFor notes in somebody's learning that another member of their group handed in for them, told as
// submission.shared. It completes the lesson where its rule is submitted. It joins a running transaction.
func (s *Service) HandedFor(ctx context.Context, enrolment, lesson, submission uid.ID, number int) error {
	return s.noteFor(ctx, enrolment, lesson, func(st *step) {
		st.tellLater("submission.shared", func(t *told) { t.SubmissionID, t.Attempt = &submission, number })
		if st.rules.Completes().Rule == catalog.RuleSubmitted {
			st.note(FactSubmitted, FactData{Of: &submission})
		}
	})
}

// noteFor does something in the learning of somebody who does not ask.
func (s *Service) noteFor(ctx context.Context, enrolment, lesson uid.ID, do func(*step)) error {
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, enrolment)
		if err != nil {
			return err
		}
		st, err := s.stepFor(ctx, who, e, lesson)
		if err != nil {
			return err
		}
		do(st)
		return st.save(ctx)
	})
}
