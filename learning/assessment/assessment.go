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
	"lyceum/learning/rubric"
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
	Kind      MarkKind
	Share     question.Share
	Picks     []Picked `gorm:"serializer:json"` // of the question's rubric; none: it has none
	Comment   string
	MarkerID  uid.ID
	At        time.Time
}

// MarkKind is what a mark is given as.
type MarkKind string

const (
	// MarkGiven is a marker's own.
	MarkGiven MarkKind = "mark"
	// MarkAgreed is what markers agreed on.
	MarkAgreed MarkKind = "agreed"
	// MarkAppeal is a mark changed after an appeal.
	MarkAppeal MarkKind = "appeal"
)

// Picked is a level that was chosen of a rubric, with what it said then: a rubric that is mended later changes no mark.
type Picked struct {
	rubric.Pick
	Title  string        `json:"title"` // of the criterion
	Chosen string        `json:"chosen"`
	Points rubric.Points `json:"points"`
	Max    rubric.Points `json:"max"`
}

// Appeal is a learner's objection to how one answer was marked, once, and the answer to it. Before and After are what the
// answer to the question counted.
type Appeal struct {
	AttemptID  uid.ID
	Slot       int
	Reason     string
	AskedAt    time.Time
	Before     question.Share
	Answer     string // "": it waits
	Changed    *bool
	After      *question.Share
	AnsweredBy *uid.ID
	AnsweredAt *time.Time
}

// Kept tells whether the mark was left as it was.
func (a Appeal) Kept() bool { return a.After != nil && *a.After == a.Before }

// TableName is test_appeals.
func (Appeal) TableName() string { return "test_appeals" }

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
	ErrHalted     = fault.New(fault.KindConflict, "test_halted", "This portal will be maintained before the time of this test is over. Start it when that is done.")
	ErrNoTryLeft  = fault.New(fault.KindConflict, "test_no_attempt", "You took this test as often as it may be taken. Talk to your instructor.")
	ErrTooSoon    = fault.New(fault.KindConflict, "test_too_soon", "You may try this test again later. The start page of the test tells when.")
	ErrTimeUp     = fault.New(fault.KindConflict, "test_time_up", "The time for this test is over. What was saved before is handed in.")
	ErrEnded      = fault.New(fault.KindConflict, "test_ended", "This attempt was handed in. Nothing more can be answered.")
	ErrNotHanded  = fault.New(fault.KindConflict, "test_still_runs", "This attempt still runs. Mark it when it was handed in.")
	ErrNotByHand  = fault.New(fault.KindConflict, "test_marked_itself", "This question is marked by itself. Mend the question instead.")
	ErrCode       = fault.New(fault.KindInvalid, "test_code", "This is not the code of this test. Ask whoever supervises it.")
	ErrCodeTries  = fault.New(fault.KindTooMany, "test_code_tries", "Too many codes were tried. Wait a few minutes, and ask whoever supervises the test for its code.")
	ErrNotATest   = fault.New(fault.KindConflict, "lesson_not_test", "This lesson is not a test.")
	ErrSection    = fault.New(fault.KindConflict, "test_section_over", "This section of the test is not open now. What was saved in it before counts.")
	ErrLooked     = fault.New(fault.KindConflict, "test_answer_looked_at", "You were told how this answer was marked. It stays as it is.")
	ErrNoLook     = fault.New(fault.KindConflict, "test_no_look", "This test does not tell how an answer was marked before it is handed in.")
	ErrNoAnswer   = fault.New(fault.KindConflict, "test_no_answer", "Answer this question first.")
	ErrOwnAttempt = fault.New(fault.KindForbidden, "own_test", "This is your own test. Someone else must decide about it.")
	ErrNoMend     = fault.New(fault.KindInvalid, "test_no_mend", "Choose at least one question that is graded in another way.")
	ErrRegrading  = fault.New(fault.KindConflict, "test_regrading", "This test is being graded anew. Wait until that is done.")
	ErrMarkedOnce = fault.New(fault.KindConflict, "test_marked_by_you", "You have given your mark. Another person must give theirs, or you write down together what you agreed on.")
	ErrSettled    = fault.New(fault.KindConflict, "test_mark_settled", "Both marks are there. To change what counts, write down what the markers agreed on.")
	ErrNotApart   = fault.New(fault.KindConflict, "test_not_apart", "There is nothing to agree on before two people have marked this answer.")
	ErrNoAppeal   = fault.New(fault.KindConflict, "test_appeal_not_now", "There is no mark that you could object to now.")
	ErrAppealed   = fault.New(fault.KindConflict, "test_appeal_once", "You objected to this mark before. Talk to your instructor.")
	ErrAppealOver = fault.New(fault.KindConflict, "test_appeal_closed", "The time in which this mark could be objected to is over. Talk to your instructor.")
	ErrNoneOpen   = fault.New(fault.KindConflict, "test_appeal_not_open", "No objection to this mark waits for an answer.")
	ErrNoSuchSlot = fault.New(fault.KindNotFound, "test_question_not_found", "This attempt has no such question.")
)
