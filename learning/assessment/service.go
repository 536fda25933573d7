package assessment

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/enrolment"
	"lyceum/learning/question"
)

// Keeper is what tests need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	EnrolmentRecord(ctx context.Context, id uid.ID) (enrolment.Record, error)
	LockEnrolment(ctx context.Context, id uid.ID) (enrolment.Enrolment, error)

	// TestSettings reads the settings of a lesson in a version; 0 is the newest. Where there are none the number is 0.
	TestSettings(ctx context.Context, lesson uid.ID, number int) (s Settings, is int, err error)
	// AddTestSettings is ErrMoved when the number is taken.
	AddTestSettings(ctx context.Context, lesson uid.ID, number int, s Settings, by uid.ID, at time.Time) error

	AddTestAttempt(ctx context.Context, a Attempt) error
	// TestAttempts are those of an enrolment in a lesson, the newest first.
	TestAttempts(ctx context.Context, enrolment, lesson uid.ID) ([]Attempt, error)
	// LockTestAttempt holds an attempt until the transaction ends: alone when it is to end, else against its end only.
	LockTestAttempt(ctx context.Context, id uid.ID, alone bool) (Attempt, error)
	EndTestAttempt(ctx context.Context, a Attempt) error
	// OverdueTestAttempts are those that run and whose end was before a moment, the longest first.
	OverdueTestAttempts(ctx context.Context, before time.Time, limit int) ([]uid.ID, error)

	// PutTestAnswer keeps an answer unless a later one is kept, and tells which is kept then.
	PutTestAnswer(ctx context.Context, a Answer) (kept Answer, err error)
	TestAnswers(ctx context.Context, attempt uid.ID) ([]Answer, error)

	AddTestMark(ctx context.Context, m Mark) error
	// TestMarks are the marks of an attempt in the order in which they were given.
	TestMarks(ctx context.Context, attempt uid.ID) ([]Mark, error)

	AddTestAllowance(ctx context.Context, a Allowance) error
	// TestAllowance is the newest; the zero one where there is none.
	TestAllowance(ctx context.Context, enrolment, lesson uid.ID) (Allowance, error)
}

// Questions is where questions come from; a bank.Service is it.
type Questions interface {
	Bodies(ctx context.Context, refs []bank.Ref) (map[bank.Ref]question.Question, error)
	Pick(ctx context.Context, p bank.Pool) ([]bank.Ref, error)
}

// Lessons is told what an attempt came to, in the transaction that writes it: both are kept or neither.
type Lessons interface {
	Tested(ctx context.Context, a Attempt) error
}

// Options is what the service works with.
type Options struct {
	Keep      Keeper
	Questions Questions
	Lessons   Lessons
	Now       clock.Clock
}

// Service lets people take tests.
type Service struct {
	keep      Keeper
	questions Questions
	lessons   Lessons
	now       clock.Clock
}

// New makes the service.
func New(o Options) *Service {
	return &Service{keep: o.Keep, questions: o.Questions, lessons: o.Lessons, now: o.Now}
}

func (s *Service) moment() time.Time { return s.now().Truncate(time.Microsecond) }

// told is what events of this package carry.
type told struct {
	LessonID  uid.ID  `json:"lesson_id"`
	PersonID  *uid.ID `json:"person_id,omitempty"`
	CourseID  *uid.ID `json:"course_id,omitempty"`
	AttemptID *uid.ID `json:"attempt_id,omitempty"`
	Attempt   int     `json:"attempt,omitempty"`
	EndedBy   *Ended  `json:"ended_by,omitempty"`
	Percent   *int    `json:"percent,omitempty"`
	Passed    *bool   `json:"passed,omitempty"`
	Question  int     `json:"question,omitempty"` // from 1
	Version   int     `json:"version,omitempty"`
	Reason    string  `json:"reason,omitempty"`
	More      int     `json:"more_percent,omitempty"`
	Tries     int     `json:"more_attempts,omitempty"`
}

func (s *Service) tell(ctx context.Context, typ, subject string, id uid.ID, t told) error {
	ev, err := event.New(ctx, s.moment(), typ, subject, id, t)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, ev)
}

func about(a Attempt) told {
	return told{LessonID: a.LessonID, PersonID: &a.PersonID, CourseID: &a.CourseID, AttemptID: &a.ID, Attempt: a.Number}
}

// SetSettings writes the next version of a test's rules; number is the one they were made on, 0 for none. Attempts that
// run stay by theirs. It needs course:edit. Fields are those of Settings.Validate.
func (s *Service) SetSettings(ctx context.Context, lesson uid.ID, number int, in Settings) error {
	if err := auth.Require(ctx, policy.CourseEdit); err != nil {
		return err
	}
	if err := in.Validate(); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		_, is, err := s.keep.TestSettings(ctx, lesson, 0)
		if err != nil {
			return err
		}
		if is != number {
			return ErrMoved
		}
		for _, sec := range in.Sections {
			if _, err = s.questions.Bodies(ctx, sec.Fixed); err != nil {
				return err
			}
		}
		if err = s.keep.AddTestSettings(ctx, lesson, number+1, in, who.PersonID, s.moment()); err != nil {
			return err
		}
		return s.tell(ctx, "test.changed", "lesson", lesson, told{LessonID: lesson, Version: number + 1})
	})
}

// Allow gives one person more time or attempts, with the reason, from their next attempt on. It needs enrolment:mark.
// Fields: more_percent, more_attempts, reason.
func (s *Service) Allow(ctx context.Context, in Allowance) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	f := fault.Fields{}
	f.Check(in.MorePercent >= 0 && in.MorePercent <= 1000, "more_percent", "Give 0 to 1,000 percent more time.")
	f.Check(in.MoreTries >= 0 && in.MoreTries <= MaxAttempts, "more_attempts", fmt.Sprintf("Give at most %d more attempts.", MaxAttempts))
	n := utf8.RuneCountInString(in.Reason)
	f.Check(n > 0 && n <= MaxReason, "reason", fmt.Sprintf("Say why, in at most %d characters.", MaxReason))
	if err := f.Err(); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.EnrolmentRecord(ctx, in.EnrolmentID)
		if err != nil {
			return err
		}
		in.ID, in.GivenBy, in.GivenAt = uid.New(), who.PersonID, s.moment()
		if err = s.keep.AddTestAllowance(ctx, in); err != nil {
			return err
		}
		return s.tell(ctx, "test.allowed", "enrolment", in.EnrolmentID, told{LessonID: in.LessonID, PersonID: &e.PersonID, CourseID: &e.CourseID, Reason: in.Reason, More: in.MorePercent, Tries: in.MoreTries})
	})
}
