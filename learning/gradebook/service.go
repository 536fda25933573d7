package gradebook

import (
	"context"
	"time"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/clock"
	"lyceum/internal/event"
	"lyceum/internal/fault"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/enrolment"
)

// Limits.
const (
	MaxCategories = 20
	MaxItems      = 100
	MaxSteps      = 20
	MaxWeight     = 1000
	MaxName       = 120
	MaxReason     = 2_000
)

// Person is somebody in the course.
type Person struct {
	EnrolmentID uid.ID
	PersonID    uid.ID
	Name        string
	Email       string
	Status      enrolment.Status
	DueAt       *time.Time
	Row         Row `gorm:"-"`
}

// Grade is what something came to that grades itself or was marked.
type Grade struct {
	EnrolmentID uid.ID
	LessonID    uid.ID
	Share       Share
}

// Due is when a lesson is due for somebody by a rule of its own.
type Due struct {
	EnrolmentID uid.ID
	LessonID    uid.ID
	At          time.Time
}

// Keeper is what the gradebook needs kept, all of it within InTenant.
type Keeper interface {
	event.Log
	InTenant(ctx context.Context, fn func(context.Context) error) error
	// CourseByID is catalog.ErrCourseNotFound for nobody's course.
	CourseByID(ctx context.Context, id uid.ID) (catalog.Course, error)
	CourseTitle(ctx context.Context, id uid.ID) (string, error)
	CourseBySlug(ctx context.Context, slug string) (catalog.Course, error)
	EnrolmentIn(ctx context.Context, person, course uid.ID) (enrolment.Enrolment, error)
	EnrolmentRecord(ctx context.Context, id uid.ID) (enrolment.Record, error)
	LockEnrolment(ctx context.Context, id uid.ID) (enrolment.Enrolment, error)
	// GradedLessons are the quizzes, tests and assignments of the published version, in their order.
	GradedLessons(ctx context.Context, course uid.ID) ([]Column, error)
	// GradebookSettings are the newest; number 0: there are none.
	GradebookSettings(ctx context.Context, course uid.ID) (s Settings, number int, err error)
	// GradebookVersions are all of them, the newest first.
	GradebookVersions(ctx context.Context, course uid.ID, limit int) ([]Version, error)
	// AddGradebookSettings is ErrMoved when the number is taken.
	AddGradebookSettings(ctx context.Context, course uid.ID, number int, s Settings, by uid.ID, at time.Time) error
	// GradedPeople lists active and completed people by name; only one where an enrolment is named.
	GradedPeople(ctx context.Context, course uid.ID, p page.Request) (page.Of[Person], error)
	GradedPerson(ctx context.Context, enrolment uid.ID) (Person, error)
	// GradesOf are the grades of enrolments, one for each lesson.
	GradesOf(ctx context.Context, enrolments []uid.ID) ([]Grade, error)
	// GradedDues are the due dates that assignments have of their own for enrolments.
	GradedDues(ctx context.Context, enrolments []uid.ID) ([]Due, error)
	// GradebookMarksOf are the newest marks of enrolments for each column.
	GradebookMarksOf(ctx context.Context, enrolments []uid.ID) ([]Mark, error)
	GradebookHistory(ctx context.Context, enrolment uid.ID, limit int) ([]Mark, error)
	// AddGradebookMarks is ErrMoved when somebody else entered one of them meanwhile.
	AddGradebookMarks(ctx context.Context, list []Mark) error
}

// Service is the gradebook.
type Service struct {
	keep Keeper
	now  clock.Clock
}

// New makes the service.
func New(keep Keeper, now clock.Clock) *Service { return &Service{keep, now} }

// Failures of this package.
var (
	ErrMoved  = fault.New(fault.KindConflict, "gradebook_changed", "Somebody else changed this gradebook meanwhile. Load the page again.")
	ErrColumn = fault.New(fault.KindNotFound, "grade_column_not_found", "This course has no such column of grades.")
	ErrOwn    = fault.New(fault.KindForbidden, "own_grade", "These are your own grades. Someone else must enter them.")
	ErrHidden = fault.New(fault.KindForbidden, "grades_hidden", "The grades of this course are not shown to learners.")
	ErrFile   = fault.New(fault.KindInvalid, "grades_file", "This file cannot be read as grades. Export the gradebook, fill in that file, and bring it back.")
)

// Book is a piece of a course's gradebook.
type Book struct {
	CourseID uid.ID
	Title    string
	Settings Settings
	Number   int // version of the settings; 0: nobody set any
	Columns  []Column
	People   page.Of[Person]
}

// columns are the columns of a course where the settings put them.
func (s *Service) columns(ctx context.Context, course uid.ID, in Settings) ([]Column, error) {
	list, err := s.keep.GradedLessons(ctx, course)
	for _, i := range in.Items {
		list = append(list, Column{ID: i.ID, Kind: KindManual, Title: i.Title})
	}
	for i := range list {
		list[i] = in.place(list[i])
	}
	return list, err
}

func (s *Service) settings(ctx context.Context, course uid.ID) (Settings, int, error) {
	in, number, err := s.keep.GradebookSettings(ctx, course)
	if number == 0 {
		in = DefaultSettings()
	}
	return in, number, err
}

// head reads a course with how it is graded.
func (s *Service) head(ctx context.Context, course uid.ID) (b Book, err error) {
	b.CourseID = course
	if _, err = s.keep.CourseByID(ctx, course); err != nil {
		return b, err
	}
	if b.Title, err = s.keep.CourseTitle(ctx, course); err != nil {
		return b, err
	}
	if b.Settings, b.Number, err = s.settings(ctx, course); err != nil {
		return b, err
	}
	b.Columns, err = s.columns(ctx, course, b.Settings)
	return b, err
}

// Book gives a piece of a course's gradebook. It needs enrolment:mark; catalog.ErrCourseNotFound.
func (s *Service) Book(ctx context.Context, course uid.ID, p page.Request) (b Book, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return b, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		if b, err = s.head(ctx, course); err != nil {
			return err
		}
		if b.People, err = s.keep.GradedPeople(ctx, course, p); err != nil {
			return err
		}
		return s.compute(ctx, b, b.People.Items)
	})
	return b, err
}

// compute fills in the rows of people.
func (s *Service) compute(ctx context.Context, b Book, people []Person) error {
	known, err := s.known(ctx, b.Settings, people)
	if err != nil {
		return err
	}
	for i, p := range people {
		people[i].Row = Compute(b.Settings, b.Columns, known[p.EnrolmentID])
	}
	return nil
}

func (s *Service) known(ctx context.Context, in Settings, people []Person) (map[uid.ID]Known, error) {
	out := map[uid.ID]Known{}
	var ids []uid.ID
	now, completed := s.now(), map[uid.ID]bool{}
	for _, p := range people {
		ids = append(ids, p.EnrolmentID)
		completed[p.EnrolmentID] = p.Status == enrolment.StatusCompleted
		out[p.EnrolmentID] = Known{Grades: map[uid.ID]Share{}, Marks: map[uid.ID]Mark{}, Own: map[uid.ID]bool{}, Over: p.Status == enrolment.StatusCompleted || p.DueAt != nil && p.DueAt.Before(now)}
	}
	if len(ids) == 0 {
		return out, nil
	}
	grades, err := s.keep.GradesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, g := range grades {
		out[g.EnrolmentID].Grades[g.LessonID] = g.Share
	}
	marks, err := s.keep.GradebookMarksOf(ctx, ids)
	for _, m := range marks {
		out[m.EnrolmentID].Marks[m.ColumnID] = m
	}
	if err != nil || in.Missing != MissingOverdue {
		return out, err
	}
	dues, err := s.keep.GradedDues(ctx, ids)
	for _, d := range dues {
		out[d.EnrolmentID].Own[d.LessonID] = completed[d.EnrolmentID] || d.At.Before(now)
	}
	return out, err
}
