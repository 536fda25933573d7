package assignment_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
	"lyceum/store/storetest"
)

// house is a tenant with a course of one task, an author who marks, and a second marker.
type house struct {
	w              *storetest.World
	ctx            context.Context // nobody asks
	author, second context.Context
	learn          *enrolment.Service
	tasks          *assignment.Service
	files          map[uid.ID][]byte
	course         catalog.Outline
	lesson         uid.ID
}

// Raw is the bytes that a test says a file has.
func (h house) Raw(_ context.Context, id uid.ID, _ int64) ([]byte, content.File, error) {
	return h.files[id], content.File{ID: id}, nil
}

func setup(t *testing.T, settings assignment.Settings) house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	h := house{w: w, ctx: ctx, author: storetest.Instructor(t, ctx, w), second: storetest.Instructor(t, ctx, w), files: map[uid.ID][]byte{}}
	h.learn = enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	h.tasks = assignment.New(assignment.Options{Keep: w.Store, Enrolment: h.learn, Files: h, Now: w.Now.Clock()})
	in := storetest.SmallCourse("Escape routes")
	in.Modules[0].Lessons = []catalog.LessonInput{{Kind: catalog.LessonSubmission, Title: "Your escape route", Body: "Draw it.", Completion: catalog.Completion{Rule: catalog.RuleMarked}}}
	h.course = storetest.PublishedCourse(t, ctx, w, in)
	h.lesson = h.course.Modules[0].Lessons[0].ID
	h.rules(t, settings)
	return h
}

// rules sets the next version of the settings.
func (h house) rules(t *testing.T, settings assignment.Settings) {
	t.Helper()
	now, err := h.tasks.Rules(h.author, h.lesson)
	if err == nil {
		_, err = h.tasks.SetRules(h.author, assignment.SetRulesInput{Course: h.course.Course.ID, Lesson: h.lesson, Number: now.Number, Settings: settings})
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (h house) learner(t *testing.T) (context.Context, enrolment.Enrolment) {
	t.Helper()
	return storetest.EnrolledLearner(t, h.ctx, h.w, h.course)
}

func (h house) handIn(t *testing.T, as context.Context, e enrolment.Enrolment, text string) assignment.Submission {
	t.Helper()
	h.w.Now.Advance(time.Second)
	s, err := h.tasks.HandIn(as, assignment.HandInput{Enrolment: e.ID, Lesson: h.lesson, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h house) desk(t *testing.T, as context.Context, e enrolment.Enrolment) assignment.Desk {
	t.Helper()
	d, err := h.tasks.Desk(as, e.ID, h.lesson)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (h house) mark(t *testing.T, as context.Context, id uid.ID, points rubric.Points) assignment.Sheet {
	t.Helper()
	s, err := h.tasks.Mark(as, assignment.MarkInput{Submission: id, Given: rubric.Given{Points: points, Passed: points > 0}, Comment: "Seen."})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// status is how far a person is in the course.
func (h house) status(t *testing.T, e enrolment.Enrolment) (now enrolment.Enrolment) {
	t.Helper()
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) (err error) {
		now, err = h.w.Store.LockEnrolment(ctx, e.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return now
}

func (h house) upload(t *testing.T, as context.Context, name string, size int64) uid.ID {
	t.Helper()
	who, _ := auth.PrincipalFrom(as)
	f := content.File{ID: uid.New(), Name: name, Kind: content.FileOffice, MediaType: "application/octet-stream", Size: size, SHA256: uid.Opaque(64), Handed: true, CreatedBy: &who.PersonID, CreatedAt: h.w.Now.Now()}
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error { return h.w.Store.AddFile(ctx, f) })
	if err != nil {
		t.Fatal(err)
	}
	return f.ID
}

func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}

func wantField(t *testing.T, err error, field string) {
	t.Helper()
	if fault.Of(err).Fields[field] == "" {
		t.Errorf("got %v, want a fault of %s", err, field)
	}
}

func points(most, pass int) rubric.Scheme {
	return rubric.Scheme{Kind: rubric.ByPoints, Max: rubric.Points(most) * rubric.One, Pass: pass}
}
