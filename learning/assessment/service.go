package assessment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/recall"
	"lyceum/internal/throttle"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
	"lyceum/learning/question"
)

// Keeper is what tests need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	EnrolmentRecord(ctx context.Context, id uid.ID) (enrolment.Record, error)
	LockEnrolment(ctx context.Context, id uid.ID) (enrolment.Enrolment, error)
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	VersionByID(ctx context.Context, id uid.ID) (catalog.Version, error)
	LessonToLearn(ctx context.Context, version, lesson uid.ID) (l catalog.Lesson, seconds float64, err error)
	LearnerByID(ctx context.Context, id uid.ID) (enrolment.Learner, error)
	// FileIsOf tells whether a person brought a file themselves.
	FileIsOf(ctx context.Context, file, person uid.ID) (bool, error)
	FileNames(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)

	// TestSettings reads the settings of a lesson in a version; 0 is the newest. Where there are none the number is 0.
	TestSettings(ctx context.Context, lesson uid.ID, number int) (s Settings, is int, err error)
	// AddTestSettings is ErrMoved when the number is taken.
	AddTestSettings(ctx context.Context, lesson uid.ID, number int, s Settings, by uid.ID, at time.Time) error

	AddTestAttempt(ctx context.Context, a Attempt) error
	// TestAttempts are those of an enrolment in a lesson, the newest first.
	TestAttempts(ctx context.Context, enrolment, lesson uid.ID) ([]Attempt, error)
	// LockTestAttempt holds an attempt until the transaction ends: alone when it is to end, else against its end only.
	LockTestAttempt(ctx context.Context, id uid.ID, alone bool) (Attempt, error)
	TestAttempt(ctx context.Context, id uid.ID) (Attempt, error)
	// EndTestAttempt writes what an attempt came to, as a whole and question by question.
	EndTestAttempt(ctx context.Context, a Attempt, out Outcome) error
	// EnterTestSection writes the section that was begun, and the end that follows from it.
	EnterTestSection(ctx context.Context, a Attempt) error
	// OverdueTestAttempts are those that run and whose end was before a moment, the longest first.
	OverdueTestAttempts(ctx context.Context, before time.Time, limit int) ([]uid.ID, error)

	// PutTestAnswer keeps an answer unless a later one is kept or the learner was told about the kept one, and tells which
	// is kept then.
	PutTestAnswer(ctx context.Context, a Answer) (kept Answer, err error)
	// SaveTestAnswer is PutTestAnswer for an attempt that runs and did not end before a moment, in one message to the
	// database: kept is false where it keeps nothing, for whatever reason.
	SaveTestAnswer(ctx context.Context, a Answer, notBefore time.Time) (kept bool, err error)
	TestAnswers(ctx context.Context, attempt uid.ID) ([]Answer, error)
	// LookAtTestAnswer notes that the learner was told about an answer.
	LookAtTestAnswer(ctx context.Context, attempt uid.ID, slot int) error
	// SetTestAnswerFiles writes which files an answer is made of.
	SetTestAnswerFiles(ctx context.Context, attempt uid.ID, slot int, files []uid.ID) error

	AddTestMark(ctx context.Context, m Mark) error
	// TestMarks are the marks of an attempt in the order in which they were given.
	TestMarks(ctx context.Context, attempt uid.ID) ([]Mark, error)

	// TestMends are the newest of a lesson; the zero ones where nothing was mended.
	TestMends(ctx context.Context, lesson uid.ID) (Mends, error)
	TestMendsAt(ctx context.Context, lesson uid.ID, number int) (Mends, error)
	// AddTestRegrade is ErrMoved when the number is taken.
	AddTestRegrade(ctx context.Context, r Regrade) error
	TestRegrades(ctx context.Context, lesson uid.ID, limit int) ([]Regrade, error)
	// OpenTestRegrades are those that have not reached every attempt, the oldest first.
	OpenTestRegrades(ctx context.Context, limit int) ([]Regrade, error)
	FinishTestRegrade(ctx context.Context, lesson uid.ID, number int, at time.Time) error
	// AskedQuestions are the questions that ended attempts at a test asked.
	AskedQuestions(ctx context.Context, lesson uid.ID) ([]AskedOften, error)
	QuestionHeads(ctx context.Context, ids []uid.ID) ([]bank.Question, error)
	// EndedTestAttempts are attempts at a test that ended and were graded by no regrade of the number or a later one, by
	// their ids from behind one on.
	EndedTestAttempts(ctx context.Context, lesson uid.ID, before int, after uid.ID, limit int) ([]Sitting, error)
	// AnswersOfTests and MarksOfTests read what belongs to many attempts.
	AnswersOfTests(ctx context.Context, attempts []uid.ID) (map[uid.ID][]Answer, error)
	MarksOfTests(ctx context.Context, attempts []uid.ID) (map[uid.ID][]Mark, error)
	// TestAppeals are the objections to marks of an attempt, by their slots.
	TestAppeals(ctx context.Context, attempt uid.ID) ([]Appeal, error)
	// AddTestAppeal is ErrAppealed where there is one already.
	AddTestAppeal(ctx context.Context, a Appeal) error
	// AnswerTestAppeal is ErrNoneOpen where none waits.
	AnswerTestAppeal(ctx context.Context, a Appeal) error
	// OpenTestAppeals are objections that wait, the longest first.
	OpenTestAppeals(ctx context.Context, p page.Request) (page.Of[Objection], error)
	// AppealedTests counts the objections that wait by attempts.
	AppealedTests(ctx context.Context, attempts []uid.ID) (map[uid.ID]int, error)
	AddRegradeChange(ctx context.Context, c RegradeChange) error
	RegradeChanges(ctx context.Context, attempt uid.ID) ([]RegradeChange, error)

	// Sittings lists attempts at a test with whose they are.
	Sittings(ctx context.Context, f SittingFilter) (page.Of[Sitting], error)
	SittingByID(ctx context.Context, attempt uid.ID) (Sitting, error)
	// TestsToMark are the tests with attempts that wait for a mark.
	TestsToMark(ctx context.Context, limit int) ([]TestToMark, error)
	PersonNames(ctx context.Context, ids []uid.ID) (map[uid.ID]string, error)

	// TestTotals, TestItems of them, and TestLatest are what item analysis counts.
	TestTotals(ctx context.Context, lesson uid.ID, firstOnly bool) (TotalsRow, error)
	TestItems(ctx context.Context, lesson uid.ID, firstOnly bool, of TotalsRow) ([]ItemRow, error)
	TestLatest(ctx context.Context, lesson uid.ID, firstOnly bool, latest int) ([]ChoiceRow, []TimeRow, error)

	AddTestAllowance(ctx context.Context, a Allowance) error
	// TestAllowance is the newest; the zero one where there is none.
	TestAllowance(ctx context.Context, enrolment, lesson uid.ID) (Allowance, error)
	// EnrolmentByEmail is the enrolment in a course of the person of a normalised e-mail; enrolment.ErrEnrolmentNotFound.
	EnrolmentByEmail(ctx context.Context, course uid.ID, email string) (uid.ID, error)
}

// Questions is where questions come from; a bank.Service is it.
type Questions interface {
	Bodies(ctx context.Context, refs []bank.Ref) (map[bank.Ref]question.Question, error)
	Pick(ctx context.Context, p bank.Pool) ([]bank.Ref, error)
	// Heads reads questions without their bodies, of banks that who asks may use; the rest are left out.
	Heads(ctx context.Context, ids []uid.ID) (map[uid.ID]bank.Question, error)
	PoolSize(ctx context.Context, p bank.Pool) (int, error)
}

// Lessons is told what an attempt came to, in the transaction that writes it: both are kept or neither.
type Lessons interface {
	// Begun notes that somebody is in a lesson; it fails where they may not be in it.
	Begun(ctx context.Context, enrolment, lesson uid.ID) error
	Tested(ctx context.Context, a Attempt) error
}

// Options is what the service works with.
type Options struct {
	Keep      Keeper
	Questions Questions
	Lessons   Lessons
	// Halts are the times in which the portal of ctx will stand still because it is maintained. Nil: it never does.
	Halts func(ctx context.Context) []Halt
	Now   clock.Clock
}

// Halt is a time in which nothing can be answered.
type Halt struct{ From, Until time.Time }

// How many access codes a person may try in how long, at whatever tests, the right ones among them.
const (
	codeTries   = 10
	codeTriesIn = 15 * time.Minute
)

// Service lets people take tests.
type Service struct {
	keep      Keeper
	questions Questions
	lessons   Lessons
	halts     func(ctx context.Context) []Halt
	now       clock.Clock
	asked     *recall.Cache[askedKey, question.Question]
	rules     *recall.Cache[rulesKey, Settings]
	codes     *throttle.Limiter              // tries at access codes, by person
	sat       *recall.Cache[satKey, Attempt] // what of an attempt never changes: whose it is and what it asks
}

// New makes the service.
func New(o Options) *Service {
	return &Service{
		keep: o.Keep, questions: o.Questions, lessons: o.Lessons, halts: o.Halts, now: o.Now,
		asked: recall.New[askedKey, question.Question](askedKept, keptFor, o.Now), rules: recall.New[rulesKey, Settings](rulesKept, keptFor, o.Now),
		sat: recall.New[satKey, Attempt](satKept, keptFor, o.Now), codes: throttle.New(o.Now, codeTries, codeTriesIn, codeTries),
	}
}

func (s *Service) moment() time.Time { return s.now().Truncate(time.Microsecond) }

// told is what events of this package carry.
type told struct {
	LessonID    uid.ID  `json:"lesson_id"`
	LessonTitle string  `json:"lesson_title,omitempty"`
	CourseTitle string  `json:"course_title,omitempty"`
	PersonName  string  `json:"person_name,omitempty"`
	PersonID    *uid.ID `json:"person_id,omitempty"`
	CourseID    *uid.ID `json:"course_id,omitempty"`
	AttemptID   *uid.ID `json:"attempt_id,omitempty"`
	Attempt     int     `json:"attempt,omitempty"`
	EndedBy     *Ended  `json:"ended_by,omitempty"`
	Percent     *int    `json:"percent,omitempty"`
	Passed      *bool   `json:"passed,omitempty"`
	Question    int     `json:"question,omitempty"` // from 1
	Version     int     `json:"version,omitempty"`
	Reason      string  `json:"reason,omitempty"`
	More        int     `json:"more_percent,omitempty"`
	Tries       int     `json:"more_attempts,omitempty"`
	Before      *int    `json:"percent_before,omitempty"`
	ToMark      bool    `json:"to_mark,omitempty"`   // a person has to mark some of it
	Anonymous   bool    `json:"anonymous,omitempty"` // who marks does not see whose it is
	Stage       Stage   `json:"stage,omitempty"`     // of marking, where two people mark
	Answer      string  `json:"answer,omitempty"`
	Changed     *bool   `json:"changed,omitempty"` // an objection led to another mark
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

// AllowInput gives one person more time or attempts. What is nil stays as it is.
type AllowInput struct {
	Enrolment   uid.ID
	Lesson      uid.ID
	MorePercent *int // of the time
	MoreTries   *int
	Reason      string
}

// AllowAfter is Allow for the person of an attempt, who need not be known to who gives it.
func (s *Service) AllowAfter(ctx context.Context, attempt uid.ID, in AllowInput) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		a, err := s.keep.TestAttempt(ctx, attempt)
		if err != nil {
			return err
		}
		in.Enrolment, in.Lesson = a.EnrolmentID, a.LessonID
		return s.Allow(ctx, in)
	})
}

// AllowPerson is Allow for who is in a course, by their e-mail address: also before their first attempt. Fields: email.
func (s *Service) AllowPerson(ctx context.Context, course uid.ID, email string, in AllowInput) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	address, ok := auth.NormaliseEmail(email)
	return s.keep.InTenant(ctx, func(ctx context.Context) (err error) {
		if ok {
			in.Enrolment, err = s.keep.EnrolmentByEmail(ctx, course, address)
		}
		if !ok || errors.Is(err, enrolment.ErrEnrolmentNotFound) {
			return fault.Invalid(map[string]string{"email": "Nobody with this address is in the course. Enter the address they sign in with."})
		}
		if err != nil {
			return err
		}
		return s.Allow(ctx, in)
	})
}

// Allow gives one person more time or attempts, with the reason, from their next attempt on. It needs enrolment:mark, and
// not for oneself.
// Fields: more_percent, more_attempts, reason.
func (s *Service) Allow(ctx context.Context, in AllowInput) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	f := fault.Fields{}
	f.Check(in.MorePercent == nil || *in.MorePercent >= 0 && *in.MorePercent <= 1000, "more_percent", "Give 0 to 1,000 percent more time.")
	f.Check(in.MoreTries == nil || *in.MoreTries >= 0 && *in.MoreTries <= MaxAttempts, "more_attempts", fmt.Sprintf("Give at most %d more attempts.", MaxAttempts))
	in.Reason = strings.TrimSpace(in.Reason)
	n := utf8.RuneCountInString(in.Reason)
	f.Check(n > 0 && n <= MaxReason, "reason", fmt.Sprintf("Say why, in at most %d characters.", MaxReason))
	if err := f.Err(); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, in.Enrolment) // what holds is read and replaced
		if err != nil {
			return err
		}
		if e.PersonID == who.PersonID {
			return ErrOwnAttempt
		}
		if err = s.isTest(ctx, e.VersionID, in.Lesson); err != nil {
			return err
		}
		a, err := s.keep.TestAllowance(ctx, in.Enrolment, in.Lesson)
		if err != nil {
			return err
		}
		if in.MorePercent != nil {
			a.MorePercent = *in.MorePercent
		}
		if in.MoreTries != nil {
			a.MoreTries = *in.MoreTries
		}
		a.ID, a.EnrolmentID, a.LessonID, a.Reason, a.GivenBy, a.GivenAt = uid.New(), in.Enrolment, in.Lesson, in.Reason, who.PersonID, s.moment()
		if err = s.keep.AddTestAllowance(ctx, a); err != nil {
			return err
		}
		return s.tell(ctx, "test.allowed", "enrolment", in.Enrolment, told{LessonID: in.Lesson, PersonID: &e.PersonID, CourseID: &e.CourseID, Reason: in.Reason, More: a.MorePercent, Tries: a.MoreTries})
	})
}
