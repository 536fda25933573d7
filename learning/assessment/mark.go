package assessment

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/question"
	"lyceum/learning/rubric"
)

// MaxComment is how long a comment to an answer may be, in characters.
const MaxComment = 5_000

// MarkInput is a person's judgement of one answer.
type MarkInput struct {
	Attempt uid.ID
	Slot    int
	Share   question.Share // 0 to question.Whole; of a question with a rubric Picks say it
	Picks   []rubric.Pick
	Comment string
	Agreed  bool // it is what the markers agreed on
}

// MarkAll judges several answers, all or none of them. It is Mark for the rest. Fields: those of Mark behind marks.N.
func (s *Service) MarkAll(ctx context.Context, list []MarkInput) error {
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		for n, in := range list {
			if _, err := s.Mark(ctx, in); err != nil {
				return behind(fmt.Sprintf("marks.%d.", n), err)
			}
		}
		return nil
	})
}

// behind gives a failure with a prefix before the names of its fields.
func behind(prefix string, err error) error {
	var f *fault.Fault
	if !errors.As(err, &f) || len(f.Fields) == 0 {
		return err
	}
	out := *f
	out.Fields = make(map[string]string, len(f.Fields))
	for field, text := range f.Fields {
		out.Fields[prefix+field] = text
	}
	return &out
}

// Mark judges an answer that a person has to mark. The attempt has its outcome once the last one is judged; where two
// people mark, once Decide says so. Judging again changes the outcome of one marker; of two, what they agreed on does. All
// marks stay in the history. Told as test.marked, and once everything has a mark but a second or third person is needed as
// test.second_needed. It needs enrolment:mark. Fields: share, comment, criteria.<place>.
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
		if a, err = s.holdToMark(ctx, in.Attempt, in.Slot); err != nil {
			return err
		}
		before, err := s.outcome(ctx, a)
		if err != nil {
			return err
		}
		if !before.Slots[in.Slot].Result.ByHand {
			return ErrNotByHand
		}
		rules, err := s.rulesOf(ctx, a)
		if err != nil {
			return err
		}
		given, err := s.keep.TestMarks(ctx, a.ID)
		if err != nil {
			return err
		}
		m := Mark{AttemptID: a.ID, Slot: in.Slot, Number: len(given) + 1, Kind: MarkGiven, Share: in.Share, Comment: in.Comment, MarkerID: who.PersonID, At: s.moment()}
		ofSlot := bySlot(given)[in.Slot]
		if in.Agreed {
			m.Kind, err = MarkAgreed, rules.mayAgree(ofSlot)
		} else {
			err = rules.mayMark(ofSlot, who.PersonID)
		}
		if err != nil {
			return err
		}
		if m.Share, m.Picks, err = s.judged(ctx, before.Graded[in.Slot], in.Share, in.Picks); err != nil {
			return err
		}
		if err = s.keep.AddTestMark(ctx, m); err != nil {
			return err
		}
		return s.marked(ctx, &a, rules, before, given, m)
	})
	return a, err
}

// marked tells of a mark, and what the attempt comes to with it.
func (s *Service) marked(ctx context.Context, a *Attempt, rules Settings, before Outcome, given []Mark, m Mark) error {
	t := about(*a)
	t.Question = m.Slot + 1
	all := append(given[:len(given):len(given)], m)
	if rules.TwoMarkers {
		t.Stage = rules.Decide(bySlot(all)[m.Slot]).Stage
	}
	if err := s.tell(ctx, "test.marked", "enrolment", a.EnrolmentID, t); err != nil {
		return err
	}
	after, err := s.outcome(ctx, *a)
	if err != nil {
		return err
	}
	if stage := rules.needed(before, given, after, all, m.Slot); stage != StageWaits {
		t.Stage, t.ToMark, t.Anonymous = stage, true, rules.Anonymous
		if err = s.tell(ctx, "test.second_needed", "enrolment", a.EnrolmentID, t); err != nil {
			return err
		}
	}
	*a, err = s.settle(ctx, *a, after)
	return err
}

// needed tells what another person is needed for from now on: a second mark once everything has a first one, or a third
// once two are apart. StageWaits: for nothing, or it was told before.
func (s Settings) needed(before Outcome, given []Mark, after Outcome, all []Mark, slot int) Stage {
	if !s.TwoMarkers {
		return StageWaits
	}
	was, now := bySlot(given), bySlot(all)
	if s.Decide(now[slot]).Stage == StageApart && s.Decide(was[slot]).Stage != StageApart {
		return StageApart
	}
	missing := func(out Outcome, marks map[int][]Mark) bool {
		for i, one := range out.Slots {
			if one.Waits && len(marks[i]) == 0 {
				return true
			}
		}
		return false
	}
	if after.Waiting > 0 && missing(before, was) && !missing(after, now) {
		return StageSecond
	}
	return StageWaits
}

// holdToMark holds an attempt that ended and is not of who asks, which must have a slot.
func (s *Service) holdToMark(ctx context.Context, id uid.ID, slot int) (Attempt, error) {
	who, _ := auth.PrincipalFrom(ctx)
	a, err := s.hold(ctx, id)
	switch {
	case err != nil:
		return a, err
	case a.PersonID == who.PersonID:
		return a, ErrOwnAttempt
	case a.Status == StatusRunning:
		return a, ErrNotHanded
	case slot < 0 || slot >= len(a.Slots):
		return a, ErrNoSuchSlot
	}
	return a, nil
}

// judged is what a judgement comes to: by the rubric of the question as it is graded, or the share as it was given.
func (s *Service) judged(ctx context.Context, slot Slot, share question.Share, picks []rubric.Pick) (question.Share, []Picked, error) {
	body, err := s.body(ctx, slot.Ref)
	if err != nil || body.Hand == nil || body.Hand.Rubric == nil {
		return share, nil, err
	}
	r := *body.Hand.Rubric
	sum, err := r.Add(picks)
	if err != nil {
		return 0, nil, err
	}
	var out []Picked
	for _, p := range picks {
		c := r.Criteria[p.Criterion]
		out = append(out, Picked{Pick: p, Title: c.Title, Chosen: c.Levels[p.Level].Title, Points: c.Levels[p.Level].Points, Max: c.Max()})
	}
	most := r.Max()
	return (question.Whole*question.Share(sum)*2 + question.Share(most)) / (2 * question.Share(most)), out, nil
}
