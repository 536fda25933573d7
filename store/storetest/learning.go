package storetest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"lyceum/auth"
	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
	"lyceum/store"
)

// Instructor adds an instructor to the tenant of ctx and gives a context in which they ask.
func Instructor(t testing.TB, ctx context.Context, w *World) context.Context {
	t.Helper()
	return As(t, ctx, w, Person(t, ctx, w, policy.Instructor))
}

// Learner adds a learner to the tenant of ctx and gives a context in which they ask.
func Learner(t testing.TB, ctx context.Context, w *World) (context.Context, auth.Person) {
	t.Helper()
	p := Person(t, ctx, w, policy.Learner)
	return As(t, ctx, w, p), p
}

// File adds the row of an uploaded file to the tenant of ctx; its bytes are nowhere. Seconds is a video's duration.
func File(t testing.TB, ctx context.Context, w *World, kind content.FileKind, mediaType string, seconds float64) content.File {
	t.Helper()
	f := content.File{ID: uid.New(), Name: "file " + uid.Opaque(6), Kind: kind, MediaType: mediaType, Size: 1000, SHA256: uid.Opaque(64), Seconds: seconds, CreatedAt: w.Now.Now()}
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		if err := w.Store.TouchBytes(ctx, f.SHA256, f.Size, f.CreatedAt); err != nil {
			return err
		}
		if err := w.Store.AddFile(ctx, f); err != nil {
			return err
		}
		return w.Store.CountBytes(ctx, f.SHA256, 1, 0, f.CreatedAt)
	})
	if err != nil {
		t.Fatalf("add a file: %v", err)
	}
	return f
}

// SmallCourse is a course to publish: a text, then a quiz of one question with two answers, the first of them right.
func SmallCourse(title string) catalog.ImportCourse {
	return catalog.ImportCourse{
		CourseInput: catalog.CourseInput{Title: title, Slug: catalog.SlugFrom(title), Language: "en", EstimatedMinutes: 15, SelfEnrol: true},
		Modules: []catalog.ImportModule{{Title: "Basics", Lessons: []catalog.LessonInput{
			{Kind: catalog.LessonText, Title: "Read this", Minutes: 10, Body: "Lock your screen when you leave your desk."},
			{Kind: catalog.LessonQuiz, Title: "Check yourself", Minutes: 5, PassPercent: 80, Questions: catalog.Questions{{
				Prompt: "What do you do when you leave your desk?", Explanation: "An open screen is an open door.",
				Options: []catalog.Option{{Text: "Lock the screen", Correct: true}, {Text: "Turn it to the wall"}},
			}}},
		}}},
	}
}

// PublishedCourse publishes a course in the tenant of ctx, by a new instructor.
func PublishedCourse(t testing.TB, ctx context.Context, w *World, in catalog.ImportCourse) catalog.Outline {
	t.Helper()
	o, err := catalog.New(catalog.Options{Keep: w.Store, Now: w.Now.Clock()}).Import(Instructor(t, ctx, w), in)
	if err != nil {
		t.Fatalf("publish a course: %v", err)
	}
	return o
}

// EnrolledLearner adds a learner to the tenant of ctx, enrols them in a course that takes self-enrolment, and gives a
// context in which they ask.
func EnrolledLearner(t testing.TB, ctx context.Context, w *World, course catalog.Outline) (context.Context, enrolment.Enrolment) {
	t.Helper()
	learner, _ := Learner(t, ctx, w)
	e, err := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()}).SelfEnrol(learner, course.Course.Slug)
	if err != nil {
		t.Fatalf("enrol a learner: %v", err)
	}
	return learner, e
}

// RightAnswers are the answers that pass a quiz of the course with every question right.
func RightAnswers(questions catalog.Questions) enrolment.Answers {
	answers := enrolment.Answers{}
	for _, q := range questions {
		for _, o := range q.Options {
			if o.Correct {
				answers[q.ID] = append(answers[q.ID], o.ID)
			}
		}
	}
	return answers
}

// WrongAnswers are answers to every question, none of them right.
func WrongAnswers(questions catalog.Questions) enrolment.Answers {
	answers := enrolment.Answers{}
	for _, q := range questions {
		for _, o := range q.Options {
			if !o.Correct {
				answers[q.ID] = append(answers[q.ID], o.ID)
			}
		}
	}
	return answers
}

// EventTypes lists what happened to a subject in the tenant of ctx, in order.
func EventTypes(t testing.TB, ctx context.Context, w *World, subject uid.ID) (types []string) {
	t.Helper()
	for _, e := range Events(t, ctx, w, subject) {
		types = append(types, e.Type)
	}
	return types
}

// Happened is an event as it stands in a tenant's log.
type Happened struct {
	Type string
	Data map[string]any
}

// Events lists what happened to a subject in the tenant of ctx, in order.
func Events(t testing.TB, ctx context.Context, w *World, subject uid.ID) (list []Happened) {
	t.Helper()
	err := w.Store.InTenant(ctx, func(ctx context.Context) error {
		rows, err := store.Pgx(ctx).Query(ctx, "select type, data from events where subject_id = $1 order by id", subject.String())
		if err != nil {
			return err
		}
		list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Happened])
		return err
	})
	if err != nil {
		t.Fatalf("read events: %v", err)
	}
	return list
}
