package assessment

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
)

// Objection is an appeal that waits, with whose it is and what it is about.
type Objection struct {
	Appeal
	PersonName  string
	CourseID    uid.ID
	LessonID    uid.ID
	CourseTitle string
	LessonTitle string
	Status      Status // of the attempt
	Anonymous   bool   // its rules hide names until it is marked
}

// appealsFor reads the objections to an attempt, and fills in until when one may object: so many days after the attempt
// ended, the last mark was given, it was graded anew or its answers were told of, whatever was last.
func (s *Service) appealsFor(ctx context.Context, rules Settings, v *View, given []Mark) (map[int]Appeal, error) {
	if rules.AppealDays == 0 || v.Status == StatusRunning {
		return nil, nil
	}
	list, err := s.keep.TestAppeals(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	out := map[int]Appeal{}
	for _, a := range list {
		out[a.Slot] = a
	}
	if !v.Tells || v.Status != StatusGraded {
		return out, nil
	}
	from := *v.EndedAt
	later := func(at time.Time) {
		if at.After(from) {
			from = at
		}
	}
	for _, m := range given {
		later(m.At)
	}
	if rules.Feedback.When == WhenClosed && rules.ClosesAt != nil {
		later(*rules.ClosesAt)
	}
	if v.Regrade > 0 {
		changes, err := s.keep.RegradeChanges(ctx, v.ID)
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			later(c.At)
		}
	}
	until := from.AddDate(0, 0, rules.AppealDays)
	v.AppealUntil = &until
	return out, nil
}

func sayWhy(field, text string) (string, error) {
	text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
	if n := utf8.RuneCountInString(text); n == 0 || n > MaxReason {
		return "", fault.Invalid(map[string]string{field: fmt.Sprintf("Say why, in at most %d characters.", MaxReason)})
	}
	return text, nil
}

// Appeal objects to how one answer of one's own attempt was marked, once for each question, with a reason; told as
// test.appealed. It needs enrolment:self. Fields: reason.
func (s *Service) Appeal(ctx context.Context, attempt uid.ID, slot int, reason string) error {
	reason, err := sayWhy("reason", reason)
	if err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		a, err := s.ours(ctx, attempt, true)
		if err != nil {
			return err
		}
		if slot < 0 || slot >= len(a.Slots) {
			return ErrNoSuchSlot
		}
		v, err := s.view(ctx, a)
		if err != nil {
			return err
		}
		if a.Status == StatusRunning || v.AppealUntil == nil {
			return ErrNoAppeal
		}
		item := v.Items[slot]
		switch {
		case item.Appeal != nil:
			return ErrAppealed
		case v.Now.After(*v.AppealUntil):
			return ErrAppealOver
		case !item.MayAppeal:
			return ErrNoAppeal
		}
		out, err := s.outcome(ctx, a)
		if err != nil {
			return err
		}
		if err = s.keep.AddTestAppeal(ctx, Appeal{AttemptID: a.ID, Slot: slot, Reason: reason, AskedAt: s.moment(), Before: out.Slots[slot].Share}); err != nil {
			return err
		}
		t := about(a)
		t.Question, t.Reason = slot+1, reason
		return s.tell(ctx, "test.appealed", "enrolment", a.EnrolmentID, t)
	})
}

// AnswerInput is the answer to an objection.
type AnswerInput struct {
	Attempt uid.ID
	Slot    int
	Change  bool           // another mark is given; else it stays as it is
	Share   question.Share // of the question's marks; of a question with a rubric Picks say it
	Picks   []rubric.Pick
	Answer  string // to the learner
}

// AnswerAppeal answers an objection by another mark, also where the question marked itself, or by leaving it as it is; told
// as test.appeal_answered. A lesson that was completed stays completed. It needs enrolment:mark, and not of one's own
// attempt. Fields: answer, share, criteria.<place>.
func (s *Service) AnswerAppeal(ctx context.Context, in AnswerInput) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	answer, err := sayWhy("answer", in.Answer)
	if err != nil {
		return err
	}
	if in.Change && (in.Share < 0 || in.Share > question.Whole) {
		return fault.Invalid(map[string]string{"share": "Give none to all of the marks."})
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		a, err := s.holdToMark(ctx, in.Attempt, in.Slot)
		if err != nil {
			return err
		}
		open, err := s.openAppeal(ctx, a.ID, in.Slot)
		if err != nil {
			return err
		}
		then, now := a, s.moment()
		if in.Change {
			if then, err = s.changeMark(ctx, a, in, answer, now); err != nil {
				return err
			}
		}
		out, err := s.outcome(ctx, then)
		if err != nil {
			return err
		}
		open.Answer, open.Changed, open.AnsweredBy, open.AnsweredAt, open.After = answer, &in.Change, &who.PersonID, &now, &out.Slots[in.Slot].Share
		if err = s.keep.AnswerTestAppeal(ctx, open); err != nil {
			return err
		}
		t := about(a)
		t.Question, t.Answer, t.Changed, t.Before, t.Percent, t.Passed = in.Slot+1, answer, &in.Change, &a.Percent, &then.Percent, &then.Passed
		return s.tell(ctx, "test.appeal_answered", "enrolment", a.EnrolmentID, t)
	})
}

func (s *Service) openAppeal(ctx context.Context, attempt uid.ID, slot int) (Appeal, error) {
	list, err := s.keep.TestAppeals(ctx, attempt)
	if err != nil {
		return Appeal{}, err
	}
	for _, a := range list {
		if a.Slot == slot && a.AnsweredAt == nil {
			return a, nil
		}
	}
	return Appeal{}, ErrNoneOpen
}

// changeMark gives the mark that an objection led to, and what the attempt comes to with it.
func (s *Service) changeMark(ctx context.Context, a Attempt, in AnswerInput, comment string, now time.Time) (Attempt, error) {
	before, err := s.outcome(ctx, a)
	if err != nil {
		return a, err
	}
	given, err := s.keep.TestMarks(ctx, a.ID)
	if err != nil {
		return a, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	m := Mark{AttemptID: a.ID, Slot: in.Slot, Number: len(given) + 1, Kind: MarkAppeal, Comment: comment, MarkerID: who.PersonID, At: now}
	if m.Share, m.Picks, err = s.judged(ctx, before.Graded[in.Slot], in.Share, in.Picks); err != nil {
		return a, err
	}
	if err = s.keep.AddTestMark(ctx, m); err != nil {
		return a, err
	}
	out, err := s.outcome(ctx, a)
	if err != nil {
		return a, err
	}
	then := a.with(out)
	if err = s.keep.EndTestAttempt(ctx, then, out); err != nil || then.Status == StatusToMark {
		return then, err
	}
	return then, s.lessons.Tested(ctx, then)
}

// Appeals lists objections that wait for an answer, the longest first. It needs enrolment:mark.
func (s *Service) Appeals(ctx context.Context, p page.Request) (out page.Of[Objection], err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.keep.OpenTestAppeals(ctx, p)
		return err
	})
	for i := range out.Items {
		if o := &out.Items[i]; o.Anonymous && o.Status != StatusGraded { // grading anew has it wait for a mark again
			o.PersonName = aliasOf(o.AttemptID)
		}
	}
	return out, err
}
