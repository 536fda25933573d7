package assessment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/question"
)

// Mends are all that was mended of a test so far. Number counts the regrades; 0: there was none.
type Mends struct {
	Number int
	List   []Mend
}

// Regrade is one decision to grade a test anew. Mends are all that count with it, those of before among them.
type Regrade struct {
	LessonID uid.ID
	Number   int
	Mends    []Mend `gorm:"serializer:json"`
	Reason   string
	ByID     uid.ID
	At       time.Time
	DoneAt   *time.Time // nil: it has not reached every attempt yet
	ByName   string     `gorm:"->;-:migration"`
	Changed  int        `gorm:"->;-:migration"` // attempts that came to something else
}

// TableName is test_regrades.
func (Regrade) TableName() string { return "test_regrades" }

// RegradeChange is what a regrade did to an attempt. It is never changed.
type RegradeChange struct {
	AttemptID     uid.ID
	Number        int
	PointsBefore  question.Share
	PercentBefore int
	PassedBefore  bool
	Points        question.Share
	Percent       int
	Passed        bool
	At            time.Time
	Reason        string `gorm:"->;-:migration"`
}

// TableName is test_regrade_changes.
func (RegradeChange) TableName() string { return "test_regrade_changes" }

// AskedOften is a question that ended attempts asked.
type AskedOften struct {
	Question uid.ID
	Version  int // the newest that was asked
	Attempts int
	Title    string        `gorm:"-"` // as it stands in its bank
	Kind     question.Kind `gorm:"-"`
	Newest   int           `gorm:"-"` // version that is published
	Mend     *Mend         `gorm:"-"` // how it is graded by now
}

// Mendable is what grading a test anew begins with.
type Mendable struct {
	Asked    []AskedOften
	Number   int // of the newest regrade
	Running  bool
	Regrades []Regrade
	Titles   Titles
}

// How much is shown of a test's regrades.
const (
	regradesShown = 20
	changesShown  = 200
	atOnce        = 500
)

// Mendable lists what was asked in a test and how it is graded. It needs enrolment:mark.
func (s *Service) Mendable(ctx context.Context, course, lesson uid.ID) (out Mendable, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if out.Titles, err = s.named(ctx, course, lesson); err != nil {
			return err
		}
		mends, err := s.keep.TestMends(ctx, lesson)
		if err != nil {
			return err
		}
		out.Number = mends.Number
		if out.Asked, err = s.asks(ctx, lesson, mends); err != nil {
			return err
		}
		if out.Regrades, err = s.keep.TestRegrades(ctx, lesson, regradesShown); err != nil {
			return err
		}
		out.Running = len(out.Regrades) > 0 && out.Regrades[0].DoneAt == nil
		return nil
	})
	return out, err
}

func (s *Service) asks(ctx context.Context, lesson uid.ID, mends Mends) ([]AskedOften, error) {
	list, err := s.keep.AskedQuestions(ctx, lesson)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	ids := make([]uid.ID, len(list))
	for i, q := range list {
		ids[i] = q.Question
	}
	heads, err := s.keep.QuestionHeads(ctx, ids)
	if err != nil {
		return nil, err
	}
	by := map[uid.ID]bank.Question{}
	for _, h := range heads {
		by[h.ID] = h
	}
	for i, q := range list {
		h := by[q.Question]
		list[i].Title, list[i].Kind, list[i].Newest = h.Title, h.Kind, h.Version
		if n := slices.IndexFunc(mends.List, func(m Mend) bool { return m.Question == q.Question }); n >= 0 {
			m := mends.List[n]
			list[i].Mend = &m
		}
	}
	slices.SortStableFunc(list, func(a, b AskedOften) int { return strings.Compare(a.Title, b.Title) })
	return list, nil
}

// Regrading is a wish to grade a test anew. Number is that of the newest regrade when it was wished, so that two who do it at
// once do not undo each other's.
type Regrading struct {
	Course uid.ID
	Lesson uid.ID
	Number int
	Mends  []Mend // UpTo is filled in
	Reason string
}

// Change is what a regrade would do to an attempt.
type Change struct {
	Sitting
	PercentAfter int
	PointsAfter  question.Share
	PassedAfter  bool
}

// Preview is what a regrade would do.
type Preview struct {
	Attempts  int
	Changed   int
	Up        int
	Down      int
	NowPassed int
	NowFailed int      // completion and certificate that were given stay
	List      []Change // at most 200 of those that change
}

// PreviewRegrade tells whom a regrade would change and how; nothing is kept. It needs enrolment:mark. Fields: mends, mends.N.
func (s *Service) PreviewRegrade(ctx context.Context, in Regrading) (out Preview, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		mends, err := s.mends(ctx, in)
		if err != nil {
			return err
		}
		for after := uid.Nil; ; {
			list, err := s.keep.EndedTestAttempts(ctx, in.Lesson, mends.Number, after, atOnce)
			if err != nil || len(list) == 0 {
				return err
			}
			if err = s.foresee(ctx, list, mends, &out); err != nil {
				return err
			}
			after = list[len(list)-1].ID
		}
	})
	return out, err
}

func (s *Service) foresee(ctx context.Context, list []Sitting, mends Mends, out *Preview) error {
	ids := make([]uid.ID, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	answers, err := s.keep.AnswersOfTests(ctx, ids)
	if err != nil {
		return err
	}
	marks, err := s.keep.MarksOfTests(ctx, ids)
	if err != nil {
		return err
	}
	for _, a := range list {
		o, err := s.grade(ctx, a.Attempt, answersOf(answers[a.ID]), marks[a.ID], mends)
		if err != nil {
			return err
		}
		out.Attempts++
		then := a.with(o)
		if !differs(a.Attempt, then) {
			continue
		}
		out.Changed++
		switch {
		case then.Percent > a.Percent:
			out.Up++
		case then.Percent < a.Percent:
			out.Down++
		}
		switch {
		case then.Passed && !a.Passed:
			out.NowPassed++
		case a.Passed && !then.Passed:
			out.NowFailed++
		}
		if len(out.List) < changesShown {
			a.hide()
			out.List = append(out.List, Change{Sitting: a, PercentAfter: then.Percent, PointsAfter: then.Points, PassedAfter: then.Passed})
		}
	}
	return nil
}

// differs tells whether an attempt came to something else.
func differs(a, b Attempt) bool {
	return a.Points != b.Points || a.Most != b.Most || a.Percent != b.Percent || a.Passed != b.Passed || a.Status != b.Status
}

// mends checks a wish, and gives all that counts with it.
func (s *Service) mends(ctx context.Context, in Regrading) (out Mends, err error) {
	if _, err = s.named(ctx, in.Course, in.Lesson); err != nil {
		return out, err
	}
	before, err := s.keep.TestMends(ctx, in.Lesson)
	if err != nil {
		return out, err
	}
	if before.Number != in.Number {
		return out, ErrMoved
	}
	asked, err := s.asks(ctx, in.Lesson, before)
	if err != nil {
		return out, err
	}
	f := fault.Fields{}
	var list []Mend
	for i, m := range in.Mends {
		at := fmt.Sprintf("mends.%d", i)
		n := slices.IndexFunc(asked, func(q AskedOften) bool { return q.Question == m.Question })
		if n < 0 {
			f.Add(at, "No attempt at this test asked this question.")
			continue
		}
		m.UpTo = asked[n].Version
		f.Check(slices.Contains(CountsAll, m.Counts), at, "Choose how the question counts.")
		f.Check(m.Counts != CountsAsAnswered || m.Version >= 1 && m.Version <= asked[n].Newest, at, "Choose a published version of the question.")
		if m.Counts != CountsAsAnswered {
			m.Version = 0
		}
		list = append(list, m)
	}
	if err = f.Err(); err != nil {
		return out, err
	}
	if len(list) == 0 {
		return out, ErrNoMend
	}
	out = Mends{Number: before.Number + 1, List: merged(before.List, list)}
	left := slices.ContainsFunc(asked, func(q AskedOften) bool {
		return !slices.ContainsFunc(out.List, func(m Mend) bool { return m.Question == q.Question && m.Counts == CountsOut })
	})
	if !left {
		return out, fault.Invalid(map[string]string{"mends": "Leave at least one question that counts."})
	}
	return out, nil
}

// Regrade grades a test anew: every attempt that ended, and those that run when they end. It begins at once and goes on by
// the worker (RegradePending); what it changed is kept attempt by attempt. Passing now completes the lesson; what was
// completed stays completed. It needs enrolment:mark. Fields: reason and those of PreviewRegrade.
func (s *Service) Regrade(ctx context.Context, in Regrading) (number int, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return 0, err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(in.Reason); n == 0 || n > MaxReason {
		return 0, fault.Invalid(map[string]string{"reason": fmt.Sprintf("Say why, in at most %d characters.", MaxReason)})
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		running, err := s.keep.TestRegrades(ctx, in.Lesson, 1)
		if err != nil {
			return err
		}
		if len(running) > 0 && running[0].DoneAt == nil {
			return ErrRegrading
		}
		mends, err := s.mends(ctx, in)
		if err != nil {
			return err
		}
		number = mends.Number
		if err = s.keep.AddTestRegrade(ctx, Regrade{LessonID: in.Lesson, Number: number, Mends: mends.List, Reason: in.Reason, ByID: who.PersonID, At: s.moment()}); err != nil {
			return err
		}
		title, err := s.named(ctx, in.Course, in.Lesson)
		if err != nil {
			return err
		}
		return s.tell(ctx, "test.mended", "lesson", in.Lesson, told{LessonID: in.Lesson, LessonTitle: title.Lesson, CourseTitle: title.Course, CourseID: &in.Course, Version: number, Reason: in.Reason})
	})
	if err != nil {
		return 0, err
	}
	_, err = s.regrade(ctx, Regrade{LessonID: in.Lesson, Number: number}, atOnce)
	return number, err
}

// RegradePending goes on with regrades that have not reached every attempt, and tells how many attempts it graded; 0: all is
// done. It asks for no permission: the worker calls it.
func (s *Service) RegradePending(ctx context.Context) (n int, err error) {
	var open []Regrade
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		open, err = s.keep.OpenTestRegrades(ctx, regradesShown)
		return err
	})
	for _, r := range open {
		one, failed := s.regrade(ctx, r, atOnce)
		n += one
		err = errors.Join(err, failed)
	}
	return n, err
}

// regrade grades up to so many attempts by a regrade, each in a transaction of its own: one that is cut short goes on where it
// stood.
func (s *Service) regrade(ctx context.Context, r Regrade, limit int) (n int, err error) {
	var list []Sitting
	if err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		list, err = s.keep.EndedTestAttempts(ctx, r.LessonID, r.Number, uid.Nil, limit)
		return err
	}); err != nil {
		return 0, err
	}
	for _, a := range list {
		one := s.keep.InTenant(ctx, func(ctx context.Context) error { return s.regradeOne(ctx, a.ID, r.Number) })
		if err = errors.Join(err, one); one == nil {
			n++
		}
	}
	if err != nil || len(list) == limit {
		return n, err
	}
	return n, s.keep.InTenant(ctx, func(ctx context.Context) error {
		return s.keep.FinishTestRegrade(ctx, r.LessonID, r.Number, s.moment())
	})
}

func (s *Service) regradeOne(ctx context.Context, id uid.ID, number int) error {
	a, err := s.hold(ctx, id)
	if err != nil || a.Status == StatusRunning || a.Regrade >= number {
		return err
	}
	out, err := s.outcome(ctx, a)
	if err != nil {
		return err
	}
	then := a.with(out)
	if err = s.keep.EndTestAttempt(ctx, then, out); err != nil || !differs(a, then) {
		return err
	}
	c := RegradeChange{AttemptID: a.ID, Number: out.Regrade, PointsBefore: a.Points, PercentBefore: a.Percent, PassedBefore: a.Passed, Points: then.Points, Percent: then.Percent, Passed: then.Passed, At: s.moment()}
	if err = s.keep.AddRegradeChange(ctx, c); err != nil {
		return err
	}
	t := about(a)
	t.Percent, t.Passed, t.Before = &then.Percent, &then.Passed, &a.Percent
	if err = s.tell(ctx, "test.regraded", "enrolment", a.EnrolmentID, t); err != nil || then.Status == StatusToMark {
		return err
	}
	return s.lessons.Tested(ctx, then)
}

// named are the titles of a test in a course, also when its lesson is in no version of it any more but was taken.
func (s *Service) named(ctx context.Context, course, lesson uid.ID) (Titles, error) {
	c, err := s.keep.CourseByID(ctx, course)
	if err != nil {
		return Titles{}, err
	}
	t, err := s.inCourse(ctx, course, lesson)
	if err != nil && errors.Is(err, catalog.ErrLessonNotFound) {
		taken, failed := s.keep.Sittings(ctx, SittingFilter{Course: course, Lesson: lesson})
		if failed == nil && len(taken.Items) > 0 {
			return Titles{Lesson: taken.Items[0].LessonTitle, Slug: c.Slug}, nil
		}
	}
	return Titles{Course: t.course, Lesson: t.lesson, Slug: c.Slug}, err
}
