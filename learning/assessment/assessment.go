// Package assessment is tests that people take: by which rules, attempts with the questions drawn for them, answers kept as
// they are given, the end by hand or by time, marks and the outcome. What an answer is worth is learning/question's, where
// questions come from learning/bank's, what passing does to somebody's progress the lessons' own (Lessons). It knows no
// page and no store.
package assessment

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/bank"
	"lyceum/learning/question"
)

// Status is what an attempt has come to.
type Status string

const (
	// StatusRunning takes answers.
	StatusRunning Status = "running"
	// StatusToMark is handed in and waits for a person to mark some of its answers.
	StatusToMark Status = "to_mark"
	// StatusGraded has its outcome.
	StatusGraded Status = "graded"
)

// Ended is how an attempt ended.
type Ended string

const (
	// EndedByHand is handed in by the learner.
	EndedByHand Ended = "hand"
	// EndedByTime had no time left.
	EndedByTime Ended = "time"
)

// Slot is a question of an attempt. The slots of an attempt never change.
type Slot struct {
	Ref     bank.Ref `json:"ref"`
	Section int      `json:"section"`
	Marks   int      `json:"marks"`
	Seed    uint64   `json:"seed"` // in which order its options stand
	Counts  Counts   `json:"-"`    // once it was mended
}

// Attempt is one go of one person at a test.
type Attempt struct {
	ID          uid.ID
	EnrolmentID uid.ID
	LessonID    uid.ID
	Number      int
	Rules       int    // the version of the settings it runs by, whatever the author changes meanwhile
	Slots       []Slot `gorm:"serializer:json"`
	Status      Status
	StartedAt   time.Time
	EndsAt      *time.Time // nil: no time limit
	EndedAt     *time.Time
	EndedBy     *Ended
	Points      question.Share // reached, in millionths of a mark
	Most        question.Share
	Percent     int // rounded down
	Passed      bool
	Section     int        // where sections have times: the one that was begun last
	SectionAt   *time.Time // when that was
	MorePercent int        // of the time, that the person was allowed
	Regrade     int        // the newest that it was graded by; 0: none
	PersonID    uid.ID     `gorm:"->;-:migration"`
	CourseID    uid.ID     `gorm:"->;-:migration"`
}

// TableName is test_attempts.
func (Attempt) TableName() string { return "test_attempts" }

// Answer is what was answered to one slot of an attempt.
type Answer struct {
	AttemptID uid.ID
	Slot      int
	Sequence  int64           // the browser's count: the later one wins
	Answer    question.Answer `gorm:"serializer:json"`
	Flagged   bool            // the learner wants to come back to it
	Looked    bool            // the learner was told how it was marked: it stays as it is
	SavedAt   time.Time
}

// TableName is test_answers.
func (Answer) TableName() string { return "test_answers" }

// Mark is a person's judgement of one answer. It is never changed; a newer one replaces it.
type Mark struct {
	AttemptID uid.ID
	Slot      int
	Number    int
	Share     question.Share
	Comment   string
	MarkerID  uid.ID
	At        time.Time
}

// TableName is test_marks.
func (Mark) TableName() string { return "test_marks" }

// Allowance gives one person more time or attempts. The newest counts.
type Allowance struct {
	ID          uid.ID
	EnrolmentID uid.ID
	LessonID    uid.ID
	MorePercent int // of the time
	MoreTries   int
	Reason      string
	GivenBy     uid.ID
	GivenAt     time.Time
}

// TableName is test_allowances.
func (Allowance) TableName() string { return "test_allowances" }

// Grace is how long after the end answers on their way are still taken.
const Grace = 5 * time.Second

// Failures of this package.
var (
	ErrNotFound   = fault.New(fault.KindNotFound, "test_not_found", "There is no such test.")
	ErrAttempt    = fault.New(fault.KindNotFound, "test_attempt_not_found", "There is no such attempt.")
	ErrMoved      = fault.New(fault.KindConflict, "test_changed", "Somebody else changed this test meanwhile. Load the page again.")
	ErrNotOpen    = fault.New(fault.KindConflict, "test_not_open", "This test is not open yet. Come back when it opens.")
	ErrClosed     = fault.New(fault.KindConflict, "test_closed", "This test is closed. Talk to your instructor.")
	ErrNoTryLeft  = fault.New(fault.KindConflict, "test_no_attempt", "You took this test as often as it may be taken. Talk to your instructor.")
	ErrTooSoon    = fault.New(fault.KindConflict, "test_too_soon", "You may try this test again later. The start page of the test tells when.")
	ErrTimeUp     = fault.New(fault.KindConflict, "test_time_up", "The time for this test is over. What was saved before is handed in.")
	ErrEnded      = fault.New(fault.KindConflict, "test_ended", "This attempt was handed in. Nothing more can be answered.")
	ErrNotHanded  = fault.New(fault.KindConflict, "test_still_runs", "This attempt still runs. Mark it when it was handed in.")
	ErrNotByHand  = fault.New(fault.KindConflict, "test_marked_itself", "This question is marked by itself. Mend the question instead.")
	ErrCode       = fault.New(fault.KindInvalid, "test_code", "This is not the code of this test. Ask whoever supervises it.")
	ErrNotATest   = fault.New(fault.KindConflict, "lesson_not_test", "This lesson is not a test.")
	ErrSection    = fault.New(fault.KindConflict, "test_section_over", "This section of the test is not open now. What was saved in it before counts.")
	ErrLooked     = fault.New(fault.KindConflict, "test_answer_looked_at", "You were told how this answer was marked. It stays as it is.")
	ErrNoLook     = fault.New(fault.KindConflict, "test_no_look", "This test does not tell how an answer was marked before it is handed in.")
	ErrNoAnswer   = fault.New(fault.KindConflict, "test_no_answer", "Answer this question first.")
	ErrOwnAttempt = fault.New(fault.KindForbidden, "own_test", "This is your own test. Someone else must decide about it.")
	ErrNoMend     = fault.New(fault.KindInvalid, "test_no_mend", "Choose at least one question that is graded in another way.")
	ErrRegrading  = fault.New(fault.KindConflict, "test_regrading", "This test is being graded anew. Wait until that is done.")
	ErrNoSuchSlot = fault.New(fault.KindNotFound, "test_question_not_found", "This attempt has no such question.")
)
