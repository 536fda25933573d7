package assessment

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/enrolment"
	"lyceum/learning/question"
)

// Start begins an attempt, or gives the one that runs: pressing twice, a reload and a second tab come to the same one. It
// needs enrolment:self, of one's own enrolment; ErrCodeTries. Fields: code.
func (s *Service) Start(ctx context.Context, enrol, lesson uid.ID, code string) (a Attempt, err error) {
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return Attempt{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	var halts []Halt
	if s.halts != nil {
		halts = s.halts(ctx)
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, enrol) // one start at a time
		switch {
		case err != nil:
			return err
		case e.PersonID != who.PersonID:
			return enrolment.ErrEnrolmentNotFound
		case e.Status == enrolment.StatusWithdrawn:
			return enrolment.ErrWithdrawn
		}
		if err = s.isTest(ctx, e.VersionID, lesson); err != nil {
			return err
		}
		if err = s.lessons.Begun(ctx, enrol, lesson); err != nil {
			return err
		}
		rules, number, err := s.keep.TestSettings(ctx, lesson, 0)
		if err != nil {
			return err
		}
		if number == 0 {
			return ErrNotFound
		}
		earlier, err := s.keep.TestAttempts(ctx, enrol, lesson)
		if err != nil {
			return err
		}
		now := s.moment()
		if len(earlier) > 0 && earlier[0].Status == StatusRunning {
			if a = earlier[0]; !a.over(now) {
				return nil
			}
			if a, err = s.end(ctx, a.ID, EndedByTime); err != nil {
				return err
			}
			earlier[0] = a
		}
		more, err := s.keep.TestAllowance(ctx, enrol, lesson)
		if err != nil {
			return err
		}
		if err = rules.refuses(now, earlier, more); err != nil {
			return err
		}
		if rules.halted(now, more, halts) {
			return ErrHalted
		}
		if err = s.admits(ctx, rules, code); err != nil {
			return err
		}
		id := uid.New()
		slots, err := s.draw(ctx, rules, binary.BigEndian.Uint64(uid.Hash(id.String())))
		if err != nil {
			return err
		}
		a = Attempt{ID: id, EnrolmentID: enrol, LessonID: lesson, Number: len(earlier) + 1, Rules: number, Slots: slots, Status: StatusRunning, StartedAt: now, EndsAt: rules.ends(now, more), MorePercent: more.MorePercent, PersonID: e.PersonID, CourseID: e.CourseID}
		if rules.Timed() {
			a.SectionAt = &now
		}
		if err = s.keep.AddTestAttempt(ctx, a); err != nil {
			return err
		}
		return s.tell(ctx, "test.started", "enrolment", enrol, about(a))
	})
	if err != nil {
		return Attempt{}, err
	}
	return a, nil
}

// admits fails unless a code opens a test. Tries are counted before they are looked at: who has none left learns nothing by the right one.
func (s *Service) admits(ctx context.Context, rules Settings, code string) error {
	if rules.Code != "" && strings.TrimSpace(code) != "" {
		who, _ := auth.PrincipalFrom(ctx)
		if ok, retry, _ := s.codes.Allow(home(ctx).String() + " " + who.PersonID.String()); !ok {
			return ErrCodeTries.Saying("Too many codes were tried. Wait %d minutes, and ask whoever supervises the test for its code.", int(retry/time.Minute)+1)
		}
	}
	if !rules.opens(code) {
		return fault.Invalid(map[string]string{"code": ErrCode.Text})
	}
	return nil
}

// over tells whether not even an answer on its way is taken any more.
func (a Attempt) over(at time.Time) bool { return a.EndsAt != nil && at.After(a.EndsAt.Add(Grace)) }

// draw chooses the questions of an attempt; none is asked twice.
func (s *Service) draw(ctx context.Context, rules Settings, seed uint64) (slots []Slot, err error) {
	dice := rand.New(rand.NewPCG(seed, 0))
	var taken []uid.ID
	for _, sec := range rules.Sections {
		for _, r := range sec.Fixed {
			taken = append(taken, r.Question)
		}
	}
	for i, sec := range rules.Sections {
		refs := append([]bank.Ref(nil), sec.Fixed...)
		for _, p := range sec.Pools {
			p.Seed, p.Without = dice.Uint64(), taken
			drawn, err := s.questions.Pick(ctx, p)
			if err != nil {
				return nil, err
			}
			for _, r := range drawn {
				taken = append(taken, r.Question)
			}
			refs = append(refs, drawn...)
		}
		if sec.Shuffle {
			dice.Shuffle(len(refs), func(a, b int) { refs[a], refs[b] = refs[b], refs[a] })
		}
		for _, r := range refs {
			slots = append(slots, Slot{Ref: r, Section: i, Marks: sec.Marks, Seed: dice.Uint64()})
		}
	}
	return slots, nil
}

// Saving is an answer on its way.
type Saving struct {
	Attempt  uid.ID
	Slot     int
	Sequence int64 // counts up with each change in the browser, from 1; browsers take the time in milliseconds
	Answer   question.Answer
	Flagged  bool
}

// Kept is what is kept now. Stale: something later was kept before, which stays.
type Kept struct {
	Answer
	Stale bool
}

// Save keeps an answer: it is kept when this returns. The same again changes nothing, and an older one than what is kept
// is put aside without a fault. It needs enrolment:self, of one's own attempt. Fields: slot, sequence, files and those of
// question.Clean.
func (s *Service) Save(ctx context.Context, in Saving) (out Kept, err error) {
	if in.Sequence < 1 {
		return Kept{}, fault.Invalid(map[string]string{"sequence": "Count answers from 1."})
	}
	if out, kept, err := s.saveKnown(ctx, in); kept || err != nil {
		return out, err
	}
	var a Attempt
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if a, err = s.ours(ctx, in.Attempt, false); err != nil {
			return err
		}
		now := s.moment()
		switch {
		case a.Status != StatusRunning:
			return ErrEnded
		case a.over(now):
			return ErrTimeUp
		case in.Slot < 0 || in.Slot >= len(a.Slots):
			return ErrNoSuchSlot
		}
		if a.SectionAt != nil {
			rules, err := s.rulesOf(ctx, a)
			if err != nil {
				return err
			}
			if !a.takes(rules, a.Slots[in.Slot].Section, now) {
				return ErrSection
			}
		}
		body, err := s.body(ctx, a.Slots[in.Slot].Ref)
		if err != nil {
			return err
		}
		clean, err := question.Clean(body, in.Answer)
		if err != nil {
			return err
		}
		if err = s.theirFiles(ctx, a, clean.Files); err != nil {
			return err
		}
		out.Answer, err = s.keep.PutTestAnswer(ctx, Answer{AttemptID: a.ID, Slot: in.Slot, Sequence: in.Sequence, Answer: clean, Flagged: in.Flagged, SavedAt: now})
		if err != nil {
			return err
		}
		out.Stale = out.Sequence > in.Sequence
		if out.Looked && !out.Stale {
			return ErrLooked
		}
		if body.Kind == question.File && !out.Stale {
			return s.keep.SetTestAnswerFiles(ctx, a.ID, in.Slot, clean.Files)
		}
		return nil
	})
	if err != nil {
		return Kept{}, err
	}
	s.sat.Put(satKey{home(ctx), a.ID}, a)
	return out, nil
}

// saveKnown keeps an answer in one message to the database, where everything else that saving asks is at hand already: what
// an attempt asks and whose it is never changes. kept is false wherever anything is not as it mostly is; Save finds out why.
func (s *Service) saveKnown(ctx context.Context, in Saving) (out Kept, kept bool, err error) {
	who, signedIn := auth.PrincipalFrom(ctx)
	a, known := s.sat.Peek(satKey{home(ctx), in.Attempt})
	if !signedIn || !known || who.Guise != nil || a.PersonID != who.PersonID || a.SectionAt != nil || in.Slot < 0 || in.Slot >= len(a.Slots) {
		return Kept{}, false, nil
	}
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return Kept{}, false, err
	}
	body, known := s.asked.Peek(askedKey{home(ctx), a.Slots[in.Slot].Ref})
	if !known || body.Kind == question.File {
		return Kept{}, false, nil
	}
	clean, err := question.Clean(body, in.Answer)
	if err != nil {
		return Kept{}, false, nil
	}
	now := s.moment()
	out.Answer = Answer{AttemptID: a.ID, Slot: in.Slot, Sequence: in.Sequence, Answer: clean, Flagged: in.Flagged, SavedAt: now}
	kept, err = s.keep.SaveTestAnswer(ctx, out.Answer, now.Add(-Grace))
	return out, kept, err
}

// theirFiles fails for files that the person of an attempt did not bring themselves.
func (s *Service) theirFiles(ctx context.Context, a Attempt, files []uid.ID) error {
	for _, id := range files {
		own, err := s.keep.FileIsOf(ctx, id, a.PersonID)
		if err != nil {
			return err
		}
		if !own {
			return fault.Invalid(map[string]string{"files": "A file is not here any more. Upload it again."})
		}
	}
	return nil
}

// ours holds an attempt of who asks.
func (s *Service) ours(ctx context.Context, id uid.ID, alone bool) (a Attempt, err error) {
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return Attempt{}, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	if alone {
		a, err = s.hold(ctx, id)
	} else {
		a, err = s.keep.LockTestAttempt(ctx, id, false)
	}
	if err == nil && a.PersonID != who.PersonID {
		err = ErrAttempt
	}
	return a, err
}

// hold holds an attempt alone, and its enrolment before it: everything that holds both takes them in this order.
func (s *Service) hold(ctx context.Context, id uid.ID) (Attempt, error) {
	a, err := s.keep.TestAttempt(ctx, id)
	if err != nil {
		return a, err
	}
	if _, err = s.keep.LockEnrolment(ctx, a.EnrolmentID); err != nil {
		return a, err
	}
	return s.keep.LockTestAttempt(ctx, id, true)
}

// HandIn ends an attempt and grades it, once: handing in again gives what it came to. After its time it ends by time. It
// needs enrolment:self, of one's own attempt.
func (s *Service) HandIn(ctx context.Context, id uid.ID) (a Attempt, err error) {
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if a, err = s.ours(ctx, id, true); err != nil || a.Status != StatusRunning {
			return err
		}
		by := EndedByHand
		if a.over(s.moment()) {
			by = EndedByTime
		}
		a, err = s.end(ctx, id, by)
		return err
	})
	return a, err
}

// EndOverdue ends attempts whose time is over, also when nobody comes, up to so many, and tells how many there were. One
// that fails does not keep the others. It asks for no permission: the worker calls it.
func (s *Service) EndOverdue(ctx context.Context, limit int) (n int, err error) {
	var ids []uid.ID
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		ids, err = s.keep.OverdueTestAttempts(ctx, s.moment().Add(-Grace), limit)
		return err
	})
	for _, id := range ids {
		one := s.keep.InTenant(ctx, func(ctx context.Context) error {
			_, err := s.end(ctx, id, EndedByTime)
			return err
		})
		if err = errors.Join(err, one); one == nil {
			n++
		}
	}
	return n, err
}

// end grades an attempt that runs; one that does not stays as it is.
func (s *Service) end(ctx context.Context, id uid.ID, by Ended) (Attempt, error) {
	a, err := s.hold(ctx, id)
	if err != nil || a.Status != StatusRunning {
		return a, err
	}
	at := s.moment()
	if by == EndedByTime {
		at = *a.EndsAt
	}
	a.EndedAt, a.EndedBy = &at, &by
	out, err := s.outcome(ctx, a)
	if err != nil {
		return a, err
	}
	t := about(a)
	rules, err := s.rulesOf(ctx, a)
	if err != nil {
		return a, err
	}
	t.EndedBy, t.ToMark, t.Anonymous = &by, out.Waiting > 0, rules.Anonymous
	if err = s.tell(ctx, "test.handed_in", "enrolment", a.EnrolmentID, t); err != nil {
		return a, err
	}
	return s.settle(ctx, a, out)
}

// outcome reads all that an attempt came to so far, with what was mended since.
func (s *Service) outcome(ctx context.Context, a Attempt) (Outcome, error) {
	kept, err := s.keep.TestAnswers(ctx, a.ID)
	if err != nil {
		return Outcome{}, err
	}
	given, err := s.keep.TestMarks(ctx, a.ID)
	if err != nil {
		return Outcome{}, err
	}
	mends, err := s.keep.TestMends(ctx, a.LessonID)
	if err != nil {
		return Outcome{}, err
	}
	return s.grade(ctx, a, answersOf(kept), given, mends)
}

// grade finds what answers and marks come to by the rules of an attempt.
func (s *Service) grade(ctx context.Context, a Attempt, answers map[int]question.Answer, given []Mark, mends Mends) (Outcome, error) {
	rules, err := s.rulesOf(ctx, a)
	if err != nil {
		return Outcome{}, err
	}
	slots := mended(a.Slots, mends.List)
	bodies, err := s.bodies(ctx, slots)
	if err != nil {
		return Outcome{}, err
	}
	marks, _ := rules.counting(given)
	out := Score(rules, slots, bodies, answers, marks)
	out.Graded, out.Regrade = slots, mends.Number
	return out, nil
}

// with is an attempt as it is after an outcome.
func (a Attempt) with(out Outcome) Attempt {
	a.Points, a.Most, a.Percent, a.Passed, a.Status, a.Regrade = out.Points, out.Most, out.Percent, out.Passed, StatusGraded, out.Regrade
	if out.Waiting > 0 {
		a.Status = StatusToMark
	}
	return a
}

// settle writes what an attempt came to, and tells its lesson once nothing waits.
func (s *Service) settle(ctx context.Context, a Attempt, out Outcome) (Attempt, error) {
	a = a.with(out)
	if err := s.keep.EndTestAttempt(ctx, a, out); err != nil || a.Status == StatusToMark {
		return a, err
	}
	t := about(a)
	t.Percent, t.Passed = &a.Percent, &a.Passed
	if err := s.tell(ctx, "test.graded", "enrolment", a.EnrolmentID, t); err != nil {
		return a, err
	}
	return a, s.lessons.Tested(ctx, a)
}
