package assessment

import (
	"context"
	"fmt"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/question"
)

// MaxComment is how long a comment to an answer may be, in characters.
const MaxComment = 5_000

// MarkInput is a person's judgement of one answer.
type MarkInput struct {
	Attempt uid.ID
	Slot    int
	Share   question.Share // 0 to question.Whole
	Comment string
}

// MarkAll judges several answers, all or none of them. It is Mark for the rest.
func (s *Service) MarkAll(ctx context.Context, list []MarkInput) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		for _, in := range list {
			if _, err := s.Mark(ctx, in); err != nil {
				return err
			}
		}
		return nil
	})
}

// Mark judges an answer that a person has to mark. The attempt has its outcome once the last one is judged; judging again
// changes the outcome, and all marks stay in the history. It needs enrolment:mark. Fields: share, comment.
func (s *Service) Mark(ctx context.Context, in MarkInput) (a Attempt, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return Attempt{}, err
	}
	f := fault.Fields{}
	f.Check(in.Share >= 0 && in.Share <= question.Whole, "share", "Give none to all of the marks.")
	f.Check(utf8.RuneCountInString(in.Comment) <= MaxComment, "comment", fmt.Sprintf("Use at most %d characters.", MaxComment))
	if err = f.Err(); err != nil {
		return Attempt{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if a, err = s.hold(ctx, in.Attempt); err != nil {
			return err
		}
		if a.PersonID == who.PersonID {
			return ErrOwnAttempt
		}
		if a.Status == StatusRunning {
			return ErrNotHanded
		}
		if in.Slot < 0 || in.Slot >= len(a.Slots) {
			return ErrNoSuchSlot
		}
		before, err := s.outcome(ctx, a)
		if err != nil {
			return err
		}
		if !before.Slots[in.Slot].Result.ByHand {
			return ErrNotByHand
		}
		given, err := s.keep.TestMarks(ctx, a.ID)
		if err != nil {
			return err
		}
		m := Mark{AttemptID: a.ID, Slot: in.Slot, Number: len(given) + 1, Share: in.Share, Comment: in.Comment, MarkerID: who.PersonID, At: s.moment()}
		if err = s.keep.AddTestMark(ctx, m); err != nil {
			return err
		}
		t := about(a)
		t.Question = in.Slot + 1
		if err = s.tell(ctx, "test.marked", "enrolment", a.EnrolmentID, t); err != nil {
			return err
		}
		after, err := s.outcome(ctx, a)
		if err != nil {
			return err
		}
		a, err = s.settle(ctx, a, after)
		return err
	})
	return a, err
}
