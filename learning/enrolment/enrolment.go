// Package enrolment is who learns what, how far they are, and the evidence of it: enrolling, the player's progress,
// quiz attempts, completion. It is not about writing courses (catalog) nor about certificates.
package enrolment

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
)

// Status is where a person is in a course.
type Status string

const (
	// StatusActive is enrolled, started or not.
	StatusActive Status = "active"
	// StatusCompleted is every lesson of the version completed.
	StatusCompleted Status = "completed"
	// StatusWithdrawn is out of the course, by themselves (LeftAt) or taken out by another; the record stays.
	StatusWithdrawn Status = "withdrawn"
)

// Source is how the enrolment came about.
type Source string

const (
	// SourceSelf is a person who enrolled themselves.
	SourceSelf Source = "self"
	// SourceAssigned is a person whom someone else enrolled.
	SourceAssigned Source = "assigned"
	// SourceRequested is a person who asked for a place, or waited for one, and got it.
	SourceRequested Source = "requested"
)

// Enrolment is one person in one course, on one version of it.
type Enrolment struct {
	ID           uid.ID
	CourseID     uid.ID
	VersionID    uid.ID
	PersonID     uid.ID
	Status       Status
	Source       Source
	Percent      int // lessons completed, of all, rounded down; 100 only when completed
	LastLessonID *uid.ID
	EnrolledBy   *uid.ID
	EnrolledAt   time.Time
	StartedAt    *time.Time
	CompletedAt  *time.Time
	DueAt        *time.Time // nil: no date
	LeftAt       *time.Time // when they left by themselves; nil for everyone who is in it, or was taken out of it
}

// ProgressStatus is where a person is in a lesson.
type ProgressStatus string

const (
	// ProgressStarted is opened.
	ProgressStarted ProgressStatus = "started"
	// ProgressCompleted is done.
	ProgressCompleted ProgressStatus = "completed"
)

// Progress is one person in one lesson.
type Progress struct {
	EnrolmentID uid.ID
	LessonID    uid.ID
	Status      ProgressStatus
	Position    float64   // recording: second to resume at
	PositionAt  float64   // when the position was told, in seconds since StartedAt
	Watched     Intervals // recording: the seconds that were really played
	Seen        Intervals // when the lesson was in front of the person, or playing: seconds since StartedAt
	Evidence    Evidence
	StartedAt   time.Time
	UpdatedAt   time.Time
	CompletedAt *time.Time
}

// Evidence is why a lesson counts as completed. When is the progress's CompletedAt.
type Evidence struct {
	Rule         catalog.Rule `json:"rule,omitempty"`
	EventID      *uid.ID      `json:"event_id,omitempty"`      // the fact of the learning log that met the rule
	SessionID    *uid.ID      `json:"session_id,omitempty"`    // the session it happened in
	AttemptID    *uid.ID      `json:"attempt_id,omitempty"`    // the quiz attempt that passed
	SubmissionID *uid.ID      `json:"submission_id,omitempty"` // what was handed in
	Percent      int          `json:"percent,omitempty"`       // watched or scored
	Seconds      int          `json:"seconds,omitempty"`       // viewed
	Needed       int          `json:"needed,omitempty"`        // what the rule asked for: seconds viewed, percent watched or scored
}

// Intervals are covered seconds, sorted and disjoint: [[0,12.5],[30,41]].
type Intervals [][2]float64

// Attempt is a quiz handed in. Answers maps question to the options chosen.
type Attempt struct {
	ID          uid.ID
	EnrolmentID uid.ID
	LessonID    uid.ID
	Number      int
	Answers     Answers
	Percent     int
	Passed      bool
	SubmittedAt time.Time
	// Right names the questions that were answered right. It is worked out where an attempt is shown, never kept.
	Right []uid.ID `gorm:"-"`
}

// TableName is quiz_attempts.
func (Attempt) TableName() string { return "quiz_attempts" }

// TableName is lesson_progress.
func (Progress) TableName() string { return "lesson_progress" }

// Answers maps a question's id to the ids of the options chosen.
type Answers map[uid.ID][]uid.ID

// Mine is an enrolment as its owner's list shows it.
type Mine struct {
	Enrolment
	CourseSlug       string
	Title            string
	Summary          string
	CoverFileID      *uid.ID
	EstimatedMinutes int
	CertificateCode  string // empty until issued
}

// Roster is an enrolment as the course's list shows it.
type Roster struct {
	Enrolment
	PersonName     string
	PersonEmail    string
	PersonTimeZone string
}

// DueOn is the day by which the person is to be done, where they are; "" without one.
func (r Roster) DueOn() string {
	if r.DueAt == nil {
		return ""
	}
	return r.DueAt.In(location(r.PersonTimeZone)).Format(time.DateOnly)
}

// Player is everything the player page needs. The outline's lessons come without body and questions; the lesson shown
// has both, its questions without what is correct until the quiz is passed.
type Player struct {
	Enrolment Enrolment
	Outline   catalog.Outline
	Progress  map[uid.ID]Progress // by lesson
	Attempts  []Attempt           // of the lesson shown, the newest MaxAttemptsShown, newest first
	Lesson    catalog.Lesson      // the lesson shown
	Seconds   float64             // of its recording; 0 when unknown or none
	Handed    []Submission        // what was handed in of the lesson shown, the newest MaxAttemptsShown, newest first
	Previous  *uid.ID
	Next      *uid.ID
}

// MaxAttemptsShown is how many attempts of a quiz the player shows.
const MaxAttemptsShown = 20

// Rules are those of the lesson shown.
func (p Player) Rules() Rules { return rulesOf(p.Lesson, p.Seconds) }

// Completes is what completes the lesson shown.
func (p Player) Completes() catalog.Completion { return p.Rules().Completes() }

// ByContinue tells whether “continue” completes the lesson shown, once it was seen for as long as its rule asks.
func (p Player) ByContinue() bool { return p.Completes().Rule == catalog.RuleViewed }

// Left is how many seconds the lesson shown must still be looked at before “continue” completes it.
func (p Player) Left() int { return p.Progress[p.Lesson.ID].Left(p.Rules()) }

// Left is how many seconds a lesson must still be looked at before “continue” completes it, 0 when that is not its rule.
func (p Progress) Left(r Rules) int {
	c := r.Completes()
	if c.Rule != catalog.RuleViewed || p.Status == ProgressCompleted || p.seenEnough(c) {
		return 0
	}
	return max(1, c.Seconds-int(p.Seen.Seconds()))
}

// Looked is how many seconds the lesson shown was in front of the person.
func (p Player) Looked() int { return int(p.Progress[p.Lesson.ID].Seen.Seconds()) }

// Reached is how far the person is with what completes the lesson shown, in percent.
func (p Player) Reached() int {
	now, c := p.Progress[p.Lesson.ID], p.Completes()
	switch {
	case now.Status == ProgressCompleted:
		return 100
	case c.Rule == catalog.RuleWatched:
		return min(99, 100*now.WatchedPercent(p.Rules())/c.Percent)
	case c.Rule == catalog.RuleViewed && c.Seconds > 0:
		return min(99, int(100*now.Seen.Seconds()/float64(c.Seconds)))
	}
	return 0
}

// Learner is what enrolling asks of a person.
type Learner struct {
	ID          uid.ID
	Name        string
	Deactivated bool
	TimeZone    string // IANA name; empty is UTC
}

// Location is where the learner's days begin and end.
func (l Learner) Location() *time.Location { return location(l.TimeZone) }

func location(zone string) *time.Location {
	place, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	return place
}

// Failures of this package.
var (
	ErrEnrolmentNotFound = fault.New(fault.KindNotFound, "enrolment_not_found", "There is no such enrolment.")
	ErrAlreadyEnrolled   = fault.New(fault.KindConflict, "already_enrolled", "This person is in the course already.")
	ErrSelfEnrolClosed   = fault.New(fault.KindForbidden, "self_enrol_closed", "This course does not take self-enrolment. Ask your manager or instructor.")
	ErrTemplate          = fault.New(fault.KindConflict, "course_template", "This course is a template. Make a copy of it and put people into that.")
	ErrCompleted         = fault.New(fault.KindConflict, "enrolment_completed", "This person has completed the course. The record stays.")
	ErrDeactivated       = fault.New(fault.KindConflict, "person_deactivated", "This person's account is deactivated. Activate it first.")
	ErrNotByContinue     = fault.New(fault.KindConflict, "lesson_not_by_continue", "This lesson is not completed by going on.")
	ErrTooSoon           = fault.New(fault.KindConflict, "lesson_too_soon", "This lesson asks to be looked at for longer. Only the time in which it is in front of you counts.")
	ErrNotAVideo         = fault.New(fault.KindConflict, "lesson_not_video", "This lesson has no video to watch.")
	ErrNotAQuiz          = fault.New(fault.KindConflict, "lesson_not_quiz", "This lesson has no questions to answer.")
	ErrWatchedTooFast    = fault.New(fault.KindConflict, "watched_too_fast", "More seconds were reported than can have been played since the last report. Go on playing; they count when enough time has passed.")
	ErrLeft              = fault.New(fault.KindConflict, "enrolment_left", "You left this course. Its page lets you come back; what you did so far is kept.")
	ErrNotYoursToLeave   = fault.New(fault.KindForbidden, "enrolment_assigned", "Someone asked you to take this course. Ask them to take you out of it.")
	ErrWithdrawn         = fault.New(fault.KindConflict, "enrolment_withdrawn", "You were taken out of this course. Ask your manager or instructor.")
)

// Value writes JSON as a string.
func (i Intervals) Value() (driver.Value, error) {
	if i == nil {
		return "[]", nil
	}
	return text(i)
}

// Scan reads JSON; null is none.
func (i *Intervals) Scan(src any) error {
	if src == nil {
		*i = nil
		return nil
	}
	return scan(src, i)
}

// Value writes JSON as a string.
func (e Evidence) Value() (driver.Value, error) { return text(e) }

// Scan reads JSON. What was kept as watched_90_percent is the rule watched that needed 90.
func (e *Evidence) Scan(src any) error {
	err := scan(src, e)
	if e.Rule == "watched_90_percent" {
		e.Rule, e.Needed = catalog.RuleWatched, catalog.DefaultWatched
	}
	return err
}

// Value writes JSON as a string.
func (a Answers) Value() (driver.Value, error) {
	if a == nil {
		return "{}", nil
	}
	return text(a)
}

// Scan reads JSON.
func (a *Answers) Scan(src any) error { return scan(src, a) }

func text(v any) (driver.Value, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

func scan(src, into any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), into)
	case []byte:
		return json.Unmarshal(v, into)
	}
	return fmt.Errorf("cannot read %T as JSON", src)
}

// Mandatory tells whether the person is to complete this: someone assigned it, or it has a date; and it is not done.
func (e Enrolment) Mandatory() bool {
	return e.Status == StatusActive && (e.Source == SourceAssigned || e.DueAt != nil)
}

// MayLeave tells whether its person may leave the course by themselves: they are in it because they wished it, and have
// not completed it.
func (e Enrolment) MayLeave() bool { return e.Status == StatusActive && !e.Mandatory() }

// Left tells whether its person left by themselves, and so may come back by themselves.
func (e Enrolment) Left() bool { return e.Status == StatusWithdrawn && e.LeftAt != nil }
