// Package catalog is what is taught: courses with versions, modules and lessons, and how they are written and
// published. It is not about who learns them (enrolment) nor about the bytes of files (content).
package catalog

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
)

// Status is whether a course may be taken.
type Status string

const (
	// StatusDraft is a course that was never published.
	StatusDraft Status = "draft"
	// StatusPublished is a course that people take.
	StatusPublished Status = "published"
	// StatusArchived is a course nobody new may start; those in it go on, history stays.
	StatusArchived Status = "archived"
)

// LessonKind is what a lesson is made of, and so what completes it.
type LessonKind string

const (
	// LessonText is Markdown with pictures; opened and confirmed by “continue”.
	LessonText LessonKind = "text"
	// LessonVideo is a video file; 90 % of its seconds watched complete it.
	LessonVideo LessonKind = "video"
	// LessonPDF is a PDF document; opened and confirmed by “continue”.
	LessonPDF LessonKind = "pdf"
	// LessonQuiz is a multiple-choice quiz; reaching the pass mark completes it.
	LessonQuiz LessonKind = "quiz"
	// LessonAudio is a sound file; 90 % of its seconds heard complete it.
	LessonAudio LessonKind = "audio"
	// LessonFile is an office document or another file to be read with a program of one's own.
	LessonFile LessonKind = "file"
	// LessonEmbed is a page of another site, shown inside the lesson; the tenant allows which sites.
	LessonEmbed LessonKind = "embed"
	// LessonLink is a page of another site, opened beside the lesson.
	LessonLink LessonKind = "link"
	// LessonSubmission asks the learner for a text or a file.
	LessonSubmission LessonKind = "submission"
	// LessonTest is a test of questions from banks, with rules of its own (learning/assessment); passing completes it.
	LessonTest LessonKind = "test"
)

// Rule is what completes a lesson.
type Rule string

const (
	// RuleViewed is looked at for a number of seconds (0: opened), and confirmed by “continue”.
	RuleViewed Rule = "viewed"
	// RuleWatched is a share of a recording's seconds really played.
	RuleWatched Rule = "watched"
	// RulePassed is a quiz passed.
	RulePassed Rule = "passed"
	// RuleSubmitted is something handed in.
	RuleSubmitted Rule = "submitted"
	// RuleMarked is something handed in and accepted by an instructor.
	RuleMarked Rule = "marked"
)

// Completion is what completes a lesson. The zero value is its kind's own rule.
type Completion struct {
	Rule    Rule `json:"rule,omitempty"`
	Seconds int  `json:"seconds,omitempty"` // of RuleViewed
	Percent int  `json:"percent,omitempty"` // of RuleWatched; 0 is 90
}

// Course is what an organization teaches: the stable thing that versions belong to. It is a row of courses.
type Course struct {
	ID          uid.ID
	Slug        string
	Status      Status
	SelfEnrol   bool
	Visibility  Visibility // "" is everyone
	CategoryID  *uid.ID
	Template    bool    // offered to begin new courses from; nobody learns in it
	Capacity    int     // how many may be in it at once; 0 is any number
	WaitingList bool    // who finds it full may wait
	DraftID     *uid.ID // the version being written, if any
	PublishedID *uid.ID // the version people are enrolled in today
	Revision    int     // counts changes of course and outline; an edit names the one it was made on
	Saves       int     // counts saves of its lessons, which have revisions of their own
	CreatedBy   *uid.ID
	CreatedAt   time.Time
	UpdatedAt   time.Time

	// Where the draft stands with whoever reads it over.
	Review           Review
	ReviewNote       string  // what was asked, or what the answer says
	ReviewAskedBy    *uid.ID // nil: nobody
	ReviewedBy       *uid.ID
	ReviewedRevision int // the revision that was approved: a later change asks anew
}

// State counts every change of course, outline and lessons: where it is the same, nothing has changed.
func (c Course) State() int { return c.Revision + c.Saves }

// Visibility is who finds a published course.
type Visibility string

const (
	// VisibleToAll is everyone of the portal.
	VisibleToAll Visibility = "everyone"
	// VisibleToGroups is the members of the course's groups, and who is in it.
	VisibleToGroups Visibility = "groups"
	// VisibleOnRequest is everyone, but a place must be asked for and granted.
	VisibleOnRequest Visibility = "request"
)

// Version is a state of a course. Once published it never changes. It is a row of course_versions.
type Version struct {
	ID               uid.ID
	CourseID         uid.ID
	Number           int
	Title            string
	Summary          string
	Language         string // BCP 47
	CoverFileID      *uid.ID
	EstimatedMinutes int
	CreatedAt        time.Time
	PublishedAt      *time.Time
	PublishedBy      *uid.ID // nil: unknown, or the system
}

// TableName is course_versions.
func (Version) TableName() string { return "course_versions" }

// Module is a chapter of a version. Its ID is the same in every version of the course.
type Module struct {
	VersionID uid.ID
	ID        uid.ID
	Position  int
	Title     string
}

// Lesson is a step of a module. Its ID is the same in every version of the course, so progress survives a new one.
type Lesson struct {
	VersionID      uid.ID
	ID             uid.ID
	ModuleID       uid.ID
	Position       int
	Kind           LessonKind
	Title          string
	Minutes        int
	Body           string // Markdown; pictures are ![alt](file:ID)
	FileID         *uid.ID
	CaptionsFileID *uid.ID
	PassPercent    int // quiz only, 1–100
	Questions      Questions
	URL            string // embed and link
	Completion     Completion
	NoSkip         bool // video and audio: playing on past what was played is not offered
	Revision       int  // counts changes of this lesson in its draft
}

// Question is a multiple-choice question. All correct options and no wrong one must be chosen.
type Question struct {
	ID          uid.ID   `json:"id"`
	Prompt      string   `json:"prompt"`
	Options     []Option `json:"options"`
	Explanation string   `json:"explanation"`
	// Many says that several options are correct where Hidden took away which ones; it is never kept.
	Many bool `json:"many,omitempty"`
}

// Option is an answer that may be chosen.
type Option struct {
	ID      uid.ID `json:"id"`
	Text    string `json:"text"`
	Correct bool   `json:"correct"`
}

// Multiple tells whether several options are correct, so that a page offers check boxes instead of radio buttons.
func (q Question) Multiple() bool {
	n := 0
	for _, o := range q.Options {
		if o.Correct {
			n++
		}
	}
	return q.Many || n > 1
}

// Hidden is the question as a learner may see it before it is passed: without what is correct and why.
func (q Question) Hidden() Question {
	h := Question{ID: q.ID, Prompt: q.Prompt, Many: q.Multiple(), Options: make([]Option, len(q.Options))}
	for i, o := range q.Options {
		h.Options[i] = Option{ID: o.ID, Text: o.Text}
	}
	return h
}

// Hidden is every question as a learner may see it before the quiz is passed.
func (q Questions) Hidden() Questions {
	h := make(Questions, len(q))
	for i := range q {
		h[i] = q[i].Hidden()
	}
	return h
}

// Value writes the JSON as a string: []byte fails in pgx's exec mode.
func (c Completion) Value() (driver.Value, error) {
	b, err := json.Marshal(c)
	return string(b), err
}

// Scan reads the JSON; null is the kind's own rule.
func (c *Completion) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), c)
	case []byte:
		return json.Unmarshal(v, c)
	case nil:
		*c = Completion{}
		return nil
	}
	return fmt.Errorf("completion: cannot read %T", src)
}

// Questions is kept as one JSON value in its lesson.
type Questions []Question

// Value writes the JSON as a string: []byte fails in pgx's exec mode.
func (q Questions) Value() (driver.Value, error) {
	if q == nil {
		return "[]", nil
	}
	b, err := json.Marshal([]Question(q))
	return string(b), err
}

// Scan reads the JSON.
func (q *Questions) Scan(src any) error {
	switch v := src.(type) {
	case string:
		return json.Unmarshal([]byte(v), (*[]Question)(q))
	case []byte:
		return json.Unmarshal(v, (*[]Question)(q))
	case nil:
		*q = nil
		return nil
	}
	return fmt.Errorf("questions: cannot read %T", src)
}

// Outline is a version with its modules and lessons in order.
type Outline struct {
	Course  Course
	Version Version
	Modules []OutlineModule
	// Meta is filled where learners read.
	Meta Meta
	// Languages are those the version can be read in, its own first; filled where learners read.
	Languages []string
	// Reading is the language it is shown in; "" is the version's own. What is not translated stands in the version's own.
	Reading string
	// Untranslated are the parts (the version's id for its title and summary) that stand in the version's own language.
	Untranslated map[uid.ID]bool
}

// OutlineModule is a module with its lessons in order.
type OutlineModule struct {
	Module
	Lessons []Lesson
}

// Lessons lists every lesson in the order in which they are taken.
func (o Outline) Lessons() []Lesson {
	all := make([]Lesson, 0, o.Count())
	for _, m := range o.Modules {
		all = append(all, m.Lessons...)
	}
	return all
}

// Count is how many lessons there are.
func (o Outline) Count() int {
	n := 0
	for i := range o.Modules {
		n += len(o.Modules[i].Lessons)
	}
	return n
}

// Lesson finds a lesson.
func (o Outline) Lesson(id uid.ID) (Lesson, bool) {
	for _, m := range o.Modules {
		for i := range m.Lessons {
			if m.Lessons[i].ID == id {
				return m.Lessons[i], true
			}
		}
	}
	return Lesson{}, false
}

// FileInfo is what the catalog asks of an uploaded file: what it is, and a video's duration (0 when unknown).
type FileInfo struct {
	ID      uid.ID
	Kind    string // as content.FileKind
	Seconds float64
}

// Card is a course as a list shows it.
type Card struct {
	ID               uid.ID
	Slug             string
	Status           Status
	SelfEnrol        bool
	Title            string
	Summary          string
	Language         string
	CoverFileID      *uid.ID
	EstimatedMinutes int
	Lessons          int
	UpdatedAt        time.Time
	HasDraft         bool // there are changes nobody learns from yet
	Visibility       Visibility
	CategoryID       *uid.ID
	Template         bool
	Review           Review
	Languages        []string   `gorm:"-"` // that it can be read in, its own first
	Reading          string     // the language of title and summary
	Mine             *CardPlace `gorm:"-"` // nil: not in it
}

// CardPlace is where who asks is in a course.
type CardPlace struct {
	Status  string // as enrolment says it: active or completed
	Started bool
	Percent int
}

// Failures of this package.
var (
	ErrCourseNotFound = fault.New(fault.KindNotFound, "course_not_found", "There is no such course here.")
	ErrLessonNotFound = fault.New(fault.KindNotFound, "lesson_not_found", "There is no such lesson in this course.")
	ErrModuleNotFound = fault.New(fault.KindNotFound, "module_not_found", "There is no such module in this course.")
	ErrSlugTaken      = fault.New(fault.KindConflict, "course_slug_taken", "Another course already has this address.")
	ErrRevision       = fault.New(fault.KindConflict, "course_changed", "Someone else changed this course meanwhile. Your text is still here: compare it with theirs, then save again.")
	ErrLessonChanged  = fault.New(fault.KindConflict, "lesson_changed", "Someone else saved this lesson meanwhile. Your text is still here: compare it with theirs, then save again.")
	ErrSaveNotFound   = fault.New(fault.KindNotFound, "lesson_save_not_found", "This state of the lesson is not kept any more.")
	ErrNothingToTeach = fault.New(fault.KindInvalid, "course_incomplete", "This course cannot be published yet.")
	ErrNotPublished   = fault.New(fault.KindConflict, "course_not_published", "This course is not published.")
	ErrNothingNew     = fault.New(fault.KindConflict, "course_unchanged", "There is nothing new to publish: people already learn from the latest version.")
	ErrCourseFull     = fault.New(fault.KindConflict, "course_full", "This course has as many parts as a course may have. Split it into two courses.")
	ErrVersionFixed   = fault.New(fault.KindConflict, "version_published", "A published version never changes.")
)
