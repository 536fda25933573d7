package enrolment

import (
	"cmp"
	"database/sql/driver"
	"slices"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// FactKind is what a person did in a lesson, or what was said of it.
type FactKind string

const (
	// FactOpened is a lesson opened, for the first time or after another one.
	FactOpened FactKind = "opened"
	// FactReported is what a browser tells of what was seen and played.
	FactReported FactKind = "reported"
	// FactConfirmed is “continue” pressed when enough was seen.
	FactConfirmed FactKind = "confirmed"
	// FactAttempted is a quiz handed in and graded.
	FactAttempted FactKind = "attempted"
	// FactSubmitted is a text or file handed in.
	FactSubmitted FactKind = "submitted"
	// FactAccepted and FactReturned are what an instructor said of it.
	FactAccepted FactKind = "accepted"
	FactReturned FactKind = "returned"
	// FactMoved is the enrolment put onto another version; it is about no lesson.
	FactMoved FactKind = "moved"
	// FactCarried is progress as it stood before there was a log.
	FactCarried FactKind = "carried"
)

// Fact is one act of learning: a row of learning_log. All progress is derived from these, by Derive after the fact and
// by the same functions while it happens. Ids of reports are made by who reports, the rest by us.
type Fact struct {
	EnrolmentID uid.ID
	LessonID    uid.ID // uid.Nil: the enrolment as a whole
	ID          uid.ID
	VersionID   uid.ID // the version the enrolment was on: its rules hold
	Kind        FactKind
	SessionID   *uid.ID // the session it happened in
	Data        FactData
	At          time.Time // later than every fact of the lesson before
}

// TableName is learning_log.
func (Fact) TableName() string { return "learning_log" }

// FactData is what a fact says. It is kept once for every few seconds that anyone learns, so its names are short.
type FactData struct {
	Seen     Intervals `json:"s,omitempty"` // seconds since the lesson was first opened
	Watched  Intervals `json:"w,omitempty"` // seconds of the recording
	Position *float64  `json:"p,omitempty"` // second of the recording
	Moment   float64   `json:"m,omitempty"` // when the position was true, in seconds since the lesson was first opened
	Of       *uid.ID   `json:"o,omitempty"` // the attempt or submission
	Percent  int       `json:"c,omitempty"` // its score
	Passed   bool      `json:"y,omitempty"`
	Carried  *Carried  `json:"carried,omitempty"`
}

// Carried is a lesson's progress as it stood before there was a log.
type Carried struct {
	Status      ProgressStatus `json:"status"`
	Position    float64        `json:"position"`
	Watched     Intervals      `json:"watched"`
	Evidence    Evidence       `json:"evidence"`
	StartedAt   time.Time      `json:"started_at"`
	CompletedAt *time.Time     `json:"completed_at"`
}

// Value writes JSON as a string.
func (d FactData) Value() (driver.Value, error) { return text(d) }

// Scan reads JSON.
func (d *FactData) Scan(src any) error { return scan(src, d) }

// inOrder sorts facts as they happened.
func inOrder(facts []Fact) []Fact {
	out := slices.Clone(facts)
	slices.SortStableFunc(out, func(a, b Fact) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return out
}

// Rules is what completes a lesson of a version, with all that the answer depends on.
type Rules struct {
	VersionID  uid.ID
	LessonID   uid.ID
	Kind       catalog.LessonKind
	Completion catalog.Completion // as kept: Completes fills it in
	NoSkip     bool
	Pass       int     // of a quiz, in percent
	Seconds    float64 // of the recording, 0 when unknown
}

// Completes is what completes the lesson, with nothing left to a default.
func (r Rules) Completes() catalog.Completion {
	return catalog.Lesson{Kind: r.Kind, Completion: r.Completion, PassPercent: r.Pass}.Completes(r.Seconds)
}

func rulesOf(l catalog.Lesson, seconds float64) Rules {
	return Rules{VersionID: l.VersionID, LessonID: l.ID, Kind: l.Kind, Completion: l.Completion, NoSkip: l.NoSkip, Pass: l.PassPercent, Seconds: seconds}
}
