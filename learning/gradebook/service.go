package gradebook

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
	// AddGradebookSettings is ErrMoved when the number is taken.
	AddGradebookSettings(ctx context.Context, course uid.ID, number int, s Settings, by uid.ID, at time.Time) error
	// GradedPeople lists active and completed people by name; only one where an enrolment is named.
	GradedPeople(ctx context.Context, course uid.ID, p page.Request) (page.Of[Person], error)
	GradedPerson(ctx context.Context, enrolment uid.ID) (Person, error)
	// GradesOf are the grades of enrolments, one for each lesson.
	GradesOf(ctx context.Context, enrolments []uid.ID) ([]Grade, error)
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

// DefaultSettings are how a course is graded when nobody said: everything counts alike.
func DefaultSettings() Settings {
	return Settings{Categories: []Category{{ID: uid.ID{0: 1}, Name: "", Weight: 100}}}
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
	known, err := s.known(ctx, people)
	if err != nil {
		return err
	}
	for i, p := range people {
		people[i].Row = Compute(b.Settings, b.Columns, known[p.EnrolmentID])
	}
	return nil
}

func (s *Service) known(ctx context.Context, people []Person) (map[uid.ID]Known, error) {
	out := map[uid.ID]Known{}
	var ids []uid.ID
	now := s.now()
	for _, p := range people {
		ids = append(ids, p.EnrolmentID)
		out[p.EnrolmentID] = Known{Grades: map[uid.ID]Share{}, Marks: map[uid.ID]Mark{}, Over: p.Status == enrolment.StatusCompleted || p.DueAt != nil && p.DueAt.Before(now)}
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
	return out, err
}

// Sheet is a person's grades with all that was entered.
type Sheet struct {
	Book
	Person  Person
	History []Mark // the newest first
}

// historyShown bounds a person's history.
const historyShown = 500

// Sheet gives a person's grades in a course. It needs enrolment:mark; enrolment.ErrEnrolmentNotFound.
func (s *Service) Sheet(ctx context.Context, course, enrol uid.ID) (out Sheet, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return out, err
	}
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		out, err = s.sheet(ctx, course, enrol)
		return err
	})
	return out, err
}

func (s *Service) sheet(ctx context.Context, course, enrol uid.ID) (out Sheet, err error) {
	e, err := s.keep.EnrolmentRecord(ctx, enrol)
	if err != nil {
		return out, err
	}
	if e.CourseID != course {
		return out, enrolment.ErrEnrolmentNotFound
	}
	if out.Book, err = s.head(ctx, course); err != nil {
		return out, err
	}
	if out.Person, err = s.keep.GradedPerson(ctx, enrol); err != nil {
		return out, err
	}
	list := []Person{out.Person}
	if err = s.compute(ctx, out.Book, list); err != nil {
		return out, err
	}
	out.Person = list[0]
	out.History, err = s.keep.GradebookHistory(ctx, enrol, historyShown)
	return out, err
}

// Own gives a learner their own grades, and what they would be if things without a grade came to those of if, by column. It
// needs enrolment:self. Nothing is kept. ErrHidden.
func (s *Service) Own(ctx context.Context, enrol uid.ID, ifs map[uid.ID]Share) (out Sheet, then *Row, err error) {
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return out, nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.EnrolmentRecord(ctx, enrol)
		if err != nil {
			return err
		}
		if e.PersonID != who.PersonID {
			return enrolment.ErrEnrolmentNotFound
		}
		if out, err = s.sheet(ctx, e.CourseID, enrol); err != nil {
			return err
		}
		if out.Settings.Hidden {
			return ErrHidden
		}
		if len(ifs) == 0 {
			return nil
		}
		known, err := s.known(ctx, []Person{out.Person})
		if err != nil {
			return err
		}
		k := known[enrol]
		for column, g := range ifs {
			if m, entered := k.Marks[column]; !entered || m.Cleared() {
				k.Grades[column] = max(0, min(Most, g))
			}
		}
		delete(k.Marks, uid.Nil) // it says what the grades lead to
		row := Compute(out.Settings, out.Columns, k)
		then = &row
		return nil
	})
	if err != nil {
		return Sheet{}, nil, err
	}
	return out, then, nil
}

// OwnIn is Own for the course of an address.
func (s *Service) OwnIn(ctx context.Context, slug string, ifs map[uid.ID]Share) (out Sheet, then *Row, err error) {
	if err = auth.Require(ctx, policy.EnrolmentSelf); err != nil {
		return out, nil, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		c, err := s.keep.CourseBySlug(ctx, slug)
		if err != nil {
			return err
		}
		e, err := s.keep.EnrolmentIn(ctx, who.PersonID, c.ID)
		if err == nil {
			out, then, err = s.Own(ctx, e.ID, ifs)
		}
		return err
	})
	return out, then, err
}

// SetInput is new settings; Number is that of the ones they were made from, 0 for none.
type SetInput struct {
	Course   uid.ID
	Number   int
	Settings Settings
}

// Validate gathers what is to be mended. Fields: categories, categories.N.name, .weight, .drop, .drop_highest, items.N.title, missing,
// round, scale, scale.N.name, .from, places.ID.
func (s Settings) Validate() error {
	f := fault.Fields{}
	f.Check(len(s.Categories) >= 1 && len(s.Categories) <= MaxCategories, "categories", fmt.Sprintf("Have 1 to %d categories.", MaxCategories))
	sum := 0
	for i, c := range s.Categories {
		at := fmt.Sprintf("categories.%d.", i)
		f.Check(utf8.RuneCountInString(c.Name) <= MaxName && (c.Name != "" || len(s.Categories) == 1), at+"name", fmt.Sprintf("Give the category a name of at most %d characters.", MaxName))
		f.Check(c.Weight >= 0 && c.Weight <= MaxWeight, at+"weight", fmt.Sprintf("Use a weight of 0 to %d.", MaxWeight))
		f.Check(c.Lowest >= 0 && c.Lowest <= MaxItems, at+"drop", fmt.Sprintf("Drop at most %d grades.", MaxItems))
		f.Check(c.Highest >= 0 && c.Highest <= MaxItems, at+"drop_highest", fmt.Sprintf("Drop at most %d grades.", MaxItems))
		f.Check(!slices.ContainsFunc(s.Categories[:i], func(o Category) bool { return o.ID == c.ID }), at+"name", "This category stands twice.")
		sum += c.Weight
	}
	f.Check(sum > 0 || len(s.Categories) == 0, "categories", "Let at least one category count.")
	f.Check(len(s.Items) <= MaxItems, "items", fmt.Sprintf("Have at most %d columns of your own.", MaxItems))
	for i, item := range s.Items {
		n := utf8.RuneCountInString(item.Title)
		f.Check(n > 0 && n <= MaxName, fmt.Sprintf("items.%d.title", i), fmt.Sprintf("Give the column a name of at most %d characters.", MaxName))
	}
	for id, p := range s.Places {
		f.Check(p.Weight >= 0 && p.Weight <= MaxWeight, "places."+id, fmt.Sprintf("Use a weight of 0 to %d.", MaxWeight))
	}
	f.Check(slices.Contains(Missings, s.Missing), "missing", "Choose how counts what has no grade.")
	f.Check(slices.Contains(Rounds, s.Round), "round", "Choose how totals are rounded.")
	f.Check(len(s.Scale) <= MaxSteps, "scale", fmt.Sprintf("Have at most %d steps.", MaxSteps))
	for i, step := range s.Scale {
		n := utf8.RuneCountInString(step.Name)
		f.Check(n > 0 && n <= 40, fmt.Sprintf("scale.%d.name", i), "Give the step a name of at most 40 characters.")
		f.Check(step.From >= 0 && step.From <= 200, fmt.Sprintf("scale.%d.from", i), "Let the step begin at 0 to 200 percent.")
		f.Check(!slices.ContainsFunc(s.Scale[:i], func(o Step) bool { return o.From == step.From }), fmt.Sprintf("scale.%d.from", i), "Two steps begin at the same percentage.")
	}
	return f.Err()
}

// SetSettings writes how a course is graded; every total follows at once. Versions of before are kept. It needs
// enrolment:mark. Fields are those of Settings.Validate; ErrMoved.
func (s *Service) SetSettings(ctx context.Context, in SetInput) (number int, err error) {
	if err = auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return 0, err
	}
	clean := func(text string) string {
		return strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), ""))
	}
	for i := range in.Settings.Categories {
		c := &in.Settings.Categories[i]
		if c.Name = clean(c.Name); c.ID == uid.Nil {
			c.ID = uid.New()
		}
	}
	for i := range in.Settings.Items {
		item := &in.Settings.Items[i]
		if item.Title = clean(item.Title); item.ID == uid.Nil {
			item.ID = uid.New()
		}
	}
	for i := range in.Settings.Scale {
		in.Settings.Scale[i].Name = clean(in.Settings.Scale[i].Name)
	}
	if err = in.Settings.Validate(); err != nil {
		return 0, err
	}
	who, _ := auth.PrincipalFrom(ctx)
	err = s.keep.InTenant(ctx, func(ctx context.Context) error {
		b, err := s.head(ctx, in.Course)
		if err != nil {
			return err
		}
		if b.Number != in.Number {
			return ErrMoved
		}
		number = b.Number + 1
		if err = s.keep.AddGradebookSettings(ctx, in.Course, number, in.Settings, who.PersonID, s.now()); err != nil {
			return err
		}
		ev, err := event.New(ctx, s.now(), "gradebook.changed", "course", in.Course, map[string]any{"course_id": in.Course, "course_title": b.Title, "version": number})
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, ev)
	})
	return number, err
}

// Entry is what an instructor enters for a column of a person, or for the total (uid.Nil).
type Entry struct {
	Course    uid.ID
	Enrolment uid.ID
	Column    uid.ID
	Grade     *Share
	Excused   bool // nil Grade and not excused: what was computed counts again
	Reason    string
}

// Enter enters a grade, excuses somebody, or takes that back. A reason is needed wherever something was computed or entered
// before. The same again changes nothing. It needs enrolment:mark, and not for oneself. Fields: grade, reason; ErrColumn.
func (s *Service) Enter(ctx context.Context, in Entry) error {
	if err := auth.Require(ctx, policy.EnrolmentMark); err != nil {
		return err
	}
	f := fault.Fields{}
	f.Check(in.Grade == nil || *in.Grade >= 0 && *in.Grade <= Most, "grade", "Enter 0 to 200 percent.")
	f.Check(in.Grade == nil || !in.Excused, "grade", "Enter a grade, or excuse the person.")
	f.Check(in.Column != uid.Nil || !in.Excused, "grade", "Nobody can be excused from the total.")
	in.Reason = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(in.Reason, "\x00", ""), ""))
	f.Check(utf8.RuneCountInString(in.Reason) <= MaxReason, "reason", fmt.Sprintf("Use at most %d characters.", MaxReason))
	if err := f.Err(); err != nil {
		return err
	}
	who, _ := auth.PrincipalFrom(ctx)
	return s.keep.InTenant(ctx, func(ctx context.Context) error {
		e, err := s.keep.LockEnrolment(ctx, in.Enrolment) // one entry at a time
		switch {
		case err != nil:
			return err
		case e.CourseID != in.Course:
			return enrolment.ErrEnrolmentNotFound
		case e.PersonID == who.PersonID:
			return ErrOwn
		}
		sheet, err := s.sheet(ctx, in.Course, in.Enrolment)
		if err != nil {
			return err
		}
		title, cell, err := sheet.at(in.Column)
		if err != nil {
			return err
		}
		same := func(a, b *Share) bool { return a == b || a != nil && b != nil && *a == *b }
		switch {
		case in.Excused && cell.Source == SourceExcused, in.Grade != nil && cell.Source == SourceEntered && same(cell.Grade, in.Grade) && (in.Reason == "" || in.Reason == cell.Reason),
			in.Grade == nil && !in.Excused && cell.Source != SourceEntered && cell.Source != SourceExcused:
			return nil
		case in.Reason == "" && (cell.Computed != nil && cell.Source != SourceMissing || cell.Source == SourceEntered || cell.Source == SourceExcused || in.Excused):
			return fault.Invalid(map[string]string{"reason": "Say why: it stands in the history of this grade."})
		}
		newest, err := s.keep.GradebookMarksOf(ctx, []uid.ID{in.Enrolment}) // the history of the sheet is not all of it
		if err != nil {
			return err
		}
		last := 0
		for _, m := range newest {
			if m.ColumnID == in.Column {
				last = m.Number
			}
		}
		m := Mark{EnrolmentID: in.Enrolment, ColumnID: in.Column, Number: last + 1, Grade: in.Grade, Excused: in.Excused, Reason: in.Reason, Before: cell.Grade, ByID: who.PersonID, At: s.now()}
		if err = s.keep.AddGradebookMarks(ctx, []Mark{m}); err != nil {
			return err
		}
		ev, err := entered(ctx, in.Course, sheet.Title, e.PersonID, title, m)
		if err != nil {
			return err
		}
		return s.keep.AppendEvents(ctx, ev)
	})
}

// entered is the event of a mark.
func entered(ctx context.Context, course uid.ID, courseTitle string, person uid.ID, title string, m Mark) (event.Event, error) {
	return event.New(ctx, m.At, "grade.entered", "enrolment", m.EnrolmentID, map[string]any{
		"course_id": course, "course_title": courseTitle, "person_id": person, "column_id": m.ColumnID, "title": title, "before": percent(m.Before), "grade": percent(m.Grade), "excused": m.Excused, "reason": m.Reason,
	})
}

// percent is a grade for events; nil: none.
func percent(g *Share) *float64 {
	if g == nil {
		return nil
	}
	p := float64(*g) / float64(Whole/100)
	return &p
}

// at finds a column of a sheet with what stands there; uid.Nil is the total.
func (s Sheet) at(column uid.ID) (title string, cell Cell, err error) {
	if column == uid.Nil {
		cell = Cell{Grade: s.Person.Row.Total.Grade, Computed: s.Person.Row.Computed, Source: SourceComputed, Reason: s.Person.Row.Reason}
		if s.Person.Row.Overridden {
			cell.Source = SourceEntered
		}
		return "", cell, nil
	}
	for i, c := range s.Columns {
		if c.ID == column {
			return c.Title, s.Person.Row.Cells[i], nil
		}
	}
	return "", cell, ErrColumn
}
