package assignment

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
)

// Keeper is what assignments need kept; every method joins the running transaction of the tenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error

	EnrolmentRecord(ctx context.Context, id uid.ID) (enrolment.Record, error)
	LockEnrolment(ctx context.Context, id uid.ID) (enrolment.Enrolment, error)
	LearnerByID(ctx context.Context, id uid.ID) (enrolment.Learner, error)
	VersionByID(ctx context.Context, id uid.ID) (catalog.Version, error)
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	LessonToLearn(ctx context.Context, version, lesson uid.ID) (l catalog.Lesson, seconds float64, err error)

	// AssignmentRules reads the settings of a lesson in a version; number 0 is the newest. Where there are none, the number is
	// 0 and the settings are the zero ones.
	AssignmentRules(ctx context.Context, lesson uid.ID, number int) (s Settings, is int, err error)
	// AddAssignmentRules is ErrSettingsMoved when the number is taken.
	AddAssignmentRules(ctx context.Context, lesson uid.ID, number int, s Settings, by uid.ID, at time.Time) error

	DraftIn(ctx context.Context, enrolment, lesson uid.ID) (d Draft, found bool, err error)
	PutDraft(ctx context.Context, d Draft) error
	DropDraft(ctx context.Context, enrolment, lesson uid.ID) error

	// WorksIn are the submissions of an enrolment in a lesson, with those of its groups, newest first.
	WorksIn(ctx context.Context, enrolment, lesson uid.ID, limit int) ([]Submission, error)
	WorkByID(ctx context.Context, id uid.ID) (Work, error)
	// LockWork holds a submission until the transaction ends.
	LockWork(ctx context.Context, id uid.ID) (Submission, error)
	UpdateWork(ctx context.Context, s Submission) error
	Works(ctx context.Context, f Filter) (page.Of[Work], error)
	// ReadyWorks are those of a lesson whose marks wait to be released.
	ReadyWorks(ctx context.Context, lesson uid.ID, limit int) ([]uid.ID, error)

	AddWorkFiles(ctx context.Context, files []File) error
	WorkFiles(ctx context.Context, submissions []uid.ID) ([]File, error)
	// FilesOf reads files that a person uploaded themselves.
	FilesOf(ctx context.Context, ids []uid.ID, person uid.ID) ([]File, error)

	AddWorkMembers(ctx context.Context, submission uid.ID, enrolments []uid.ID) error
	WorkMembers(ctx context.Context, submission uid.ID) ([]Member, error)
	// TeamOf is the first of the groups that a person is in, and the enrolments of its members in the course that are not
	// withdrawn; group is uid.Nil when they are in none.
	TeamOf(ctx context.Context, person, course uid.ID, groups []uid.ID) (group uid.ID, name string, members []Member, err error)
	TeamNames(ctx context.Context) ([]Team, error)

	AddMark(ctx context.Context, m Mark) error
	MarksOf(ctx context.Context, submissions []uid.ID) ([]Mark, error)

	AddExtension(ctx context.Context, e Extension) error
	ExtensionsOf(ctx context.Context, enrolment, lesson uid.ID) ([]Extension, error)

	AddAppeal(ctx context.Context, a Appeal) error
	AppealOf(ctx context.Context, submission uid.ID) (a Appeal, found bool, err error)
	AnswerAppeal(ctx context.Context, a Appeal) error

	AlikeKeeper
}

// Member is one of those whose work a submission is.
type Member struct {
	EnrolmentID uid.ID
	PersonID    uid.ID
	PersonName  string
}

// Team is a group that can be chosen to hand in together.
type Team struct {
	ID   uid.ID
	Name string
}

// Files opens files that were handed in, to compare what they say.
type Files interface {
	Raw(ctx context.Context, id uid.ID, most int64) ([]byte, content.File, error)
}

// Options is what the service works with.
type Options struct {
	Keep      Keeper
	Enrolment *enrolment.Service
	Files     Files
	Now       clock.Clock
}

// Service takes work in, and has it marked.
type Service struct {
	keep  Keeper
	enrol *enrolment.Service
	files Files
	now   clock.Clock
}

// New makes the service.
func New(o Options) *Service {
	return &Service{keep: o.Keep, enrol: o.Enrolment, files: o.Files, now: o.Now}
}

func (s *Service) moment() time.Time { return s.now().Truncate(time.Microsecond) }

// told is what events of this package carry.
type told struct {
	PersonID     uid.ID     `json:"person_id"`
	PersonName   string     `json:"person_name,omitempty"`
	CourseID     uid.ID     `json:"course_id"`
	CourseTitle  string     `json:"course_title"`
	LessonID     uid.ID     `json:"lesson_id"`
	LessonTitle  string     `json:"lesson_title"`
	SubmissionID *uid.ID    `json:"submission_id,omitempty"`
	Attempt      int        `json:"attempt,omitempty"`
	Stage        Stage      `json:"stage,omitempty"`
	Until        *time.Time `json:"until,omitempty"`
	Reason       string     `json:"reason,omitempty"`
	Answer       string     `json:"answer,omitempty"`
	Changed      *bool      `json:"changed,omitempty"`
	Number       int        `json:"number,omitempty"`
	Percent      *int       `json:"percent,omitempty"`
}

// tell appends an event about an enrolment.
func (s *Service) tell(ctx context.Context, typ string, subject uid.ID, t told) error {
	ev, err := event.New(ctx, s.moment(), typ, "enrolment", subject, t)
	if err != nil {
		return err
	}
	return s.keep.AppendEvents(ctx, ev)
}

// aboutWork is what events about a submission carry.
func aboutWork(w Work) told {
	return told{
		PersonID: w.PersonID, PersonName: w.PersonName, CourseID: w.CourseID, CourseTitle: w.CourseTitle, LessonID: w.LessonID, LessonTitle: w.LessonTitle,
		SubmissionID: &w.ID, Attempt: w.Submission.Number,
	}
}

func asker(ctx context.Context) auth.Principal {
	who, _ := auth.PrincipalFrom(ctx)
	return who
}
