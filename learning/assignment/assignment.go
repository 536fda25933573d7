// Package assignment is work that learners hand in for a lesson: by which rules, drafts, what came late, groups, marking
// by one person or two, release, appeals, and how alike the works of a cohort are. What handing in and being accepted do
// to somebody's progress is learning/enrolment's: it is called in the same transaction. It knows no page and no store.
package assignment

import (
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
)

// Stage is what marking has come to while the learner sees nothing of it.
type Stage string

const (
	// StageWaits is without a mark.
	StageWaits Stage = ""
	// StageSecond has one mark where two are asked for.
	StageSecond Stage = "second"
	// StageApart has marks that lie too far apart: a third marker, or an agreement, is needed.
	StageApart Stage = "apart"
	// StageReady has its mark, which is to be released.
	StageReady Stage = "ready"
)

// Submission is work as it was handed in, with what has become of it.
type Submission struct {
	enrolment.Submission
	Rules     *int // the version of the settings it came under; nil: none
	GroupID   *uid.ID
	DueAt     *time.Time
	LateDays  int
	Receipt   string
	ClaimedBy *uid.ID
	ClaimedAt *time.Time
	Stage     Stage
	Verdict   *rubric.Verdict `gorm:"serializer:json"`
}

// TableName is submissions.
func (Submission) TableName() string { return "submissions" }

// Draft is what a learner has written and not handed in.
type Draft struct {
	EnrolmentID uid.ID
	LessonID    uid.ID
	Revision    int
	Text        string
	Files       []uid.ID `gorm:"serializer:json"`
	SavedAt     time.Time
}

// TableName is submission_drafts.
func (Draft) TableName() string { return "submission_drafts" }

// MarkKind is what a mark is given as.
type MarkKind string

const (
	// MarkGiven is a marker's own.
	MarkGiven MarkKind = "mark"
	// MarkAgreed is what markers who were apart agreed on.
	MarkAgreed MarkKind = "agreed"
	// MarkReturned sends the work back to be revised.
	MarkReturned MarkKind = "returned"
	// MarkAppeal is a mark changed after an appeal.
	MarkAppeal MarkKind = "appeal"
)

// Mark is one judgement of a submission. It is never changed; a newer one of the same marker replaces it.
type Mark struct {
	SubmissionID uid.ID
	Number       int
	Kind         MarkKind
	MarkerID     uid.ID
	Given        rubric.Given   `gorm:"serializer:json"`
	Verdict      rubric.Verdict `gorm:"serializer:json"`
	Comment      string
	At           time.Time
	MarkerName   string `gorm:"->;-:migration"`
}

// TableName is submission_marks.
func (Mark) TableName() string { return "submission_marks" }

// Extension gives one person more time for one lesson. The newest counts, also when it is earlier.
type Extension struct {
	ID          uid.ID
	EnrolmentID uid.ID
	LessonID    uid.ID
	Until       time.Time
	Reason      string
	GivenBy     uid.ID
	GivenAt     time.Time
}

// TableName is assignment_extensions.
func (Extension) TableName() string { return "assignment_extensions" }

// Appeal is a learner's objection to a mark, once, and the answer.
type Appeal struct {
	SubmissionID uid.ID
	EnrolmentID  uid.ID
	Reason       string
	AskedAt      time.Time
	Answer       string
	Changed      *bool
	Before       rubric.Verdict  `gorm:"serializer:json"`
	After        *rubric.Verdict `gorm:"serializer:json"`
	AnsweredBy   *uid.ID
	AnsweredAt   *time.Time
}

// TableName is submission_appeals.
func (Appeal) TableName() string { return "submission_appeals" }

// FileKind is whose file of a submission it is.
type FileKind string

const (
	// FileHanded came from the learner.
	FileHanded FileKind = "handed"
	// FileFeedback came from a marker.
	FileFeedback FileKind = "feedback"
)

// File is a file of a submission.
type File struct {
	SubmissionID uid.ID
	FileID       uid.ID
	Kind         FileKind
	Position     int
	Name         string `gorm:"->;-:migration"`
	Size         int64  `gorm:"->;-:migration"`
	MediaType    string `gorm:"->;-:migration"`
	SHA256       string `gorm:"->;-:migration;column:sha256"`
}

// TableName is submission_files.
func (File) TableName() string { return "submission_files" }

// Limits of texts, in characters.
const (
	MaxText    = 100_000
	MaxComment = enrolment.MaxComment
	MaxReason  = 2_000
	MaxFiles   = 10
)

// Failures of this package.
var (
	ErrNotFound      = enrolment.ErrSubmissionNotFound
	ErrClosed        = fault.New(fault.KindConflict, "assignment_closed", "This can be handed in no more: the time for it is over. Ask your instructor for an extension.")
	ErrNoAttemptLeft = fault.New(fault.KindConflict, "assignment_no_attempt", "You handed this in as often as it may be. Ask your instructor whether you may do it again.")
	ErrDraftChanged  = fault.New(fault.KindConflict, "draft_changed", "You wrote on this in another window meanwhile. Load the page again to see it; copy what you have here first.")
	ErrClaimed       = fault.New(fault.KindConflict, "submission_claimed", "Somebody else is marking this. Ask them to give it back, or take another one.")
	ErrNotReady      = fault.New(fault.KindConflict, "submission_not_ready", "This has no mark yet that could be released.")
	ErrMarkedOnce    = fault.New(fault.KindConflict, "submission_marked_by_you", "You have given your mark. Another person must give the second one.")
	ErrNotApart      = fault.New(fault.KindConflict, "submission_not_apart", "The markers are not apart. There is nothing to agree on.")
	ErrNoAppeal      = fault.New(fault.KindConflict, "appeal_not_now", "There is no mark yet that you could object to.")
	ErrAppealed      = fault.New(fault.KindConflict, "appeal_once", "You objected to this mark before. Talk to your instructor.")
	ErrNoAppealOpen  = fault.New(fault.KindConflict, "appeal_not_open", "No objection to this mark waits for an answer.")
	ErrAppealClosed  = fault.New(fault.KindConflict, "appeal_closed", "The time in which this mark could be objected to is over. Talk to your instructor.")
	ErrNoSettings    = fault.New(fault.KindNotFound, "assignment_not_found", "There is no such assignment.")
	ErrSettingsMoved = fault.New(fault.KindConflict, "assignment_changed", "Somebody else changed these rules meanwhile. Load the page again.")
)
