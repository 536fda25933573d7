package catalog_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/internal/fault"
	"lyceum/internal/uid"
	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// house is a tenant with its catalog and an instructor who asks.
type house struct {
	w          *storetest.World
	catalog    *catalog.Service
	tenant     context.Context // nobody asks
	instructor context.Context
}

func setup(t *testing.T) house {
	t.Helper()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	return house{w: w, catalog: catalog.New(catalog.Options{Keep: w.Store, Now: w.Now.Clock()}), tenant: ctx, instructor: storetest.Instructor(t, ctx, w)}
}

// neighbour is another tenant on the same database, with an instructor of its own.
func (h house) neighbour(t *testing.T) context.Context {
	t.Helper()
	return storetest.Instructor(t, h.w.Tenant(t), h.w)
}

func (h house) create(t *testing.T, title string) catalog.Outline {
	t.Helper()
	o, err := h.catalog.Create(h.instructor, catalog.CourseInput{Title: title})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// save saves a lesson on its latest revision.
func (h house) save(t *testing.T, course, lesson uid.ID, in catalog.LessonInput) catalog.Written {
	t.Helper()
	w, err := h.catalog.Lesson(h.instructor, course, lesson)
	if err == nil {
		w, err = h.catalog.SaveLesson(h.instructor, course, lesson, catalog.LessonSave{Revision: w.Lesson.Revision, Lesson: in})
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// published is the small course, published.
func (h house) published(t *testing.T, title string) catalog.Outline {
	t.Helper()
	o, err := h.catalog.Import(h.instructor, storetest.SmallCourse(title))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// must gives the outline of a change that has to work.
func must(t *testing.T) func(catalog.Outline, error) catalog.Outline {
	return func(o catalog.Outline, err error) catalog.Outline {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
}

func wantFault(t *testing.T, err error, want *fault.Fault) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %s", err, want.Code)
	}
}

// wantFields fails unless the error has messages for exactly these fields.
func wantFields(t *testing.T, err error, fields ...string) {
	t.Helper()
	got := fault.Of(err).Fields
	for _, f := range fields {
		if got[f] == "" {
			t.Errorf("no message for field %s", f)
		}
	}
	if err == nil || len(got) != len(fields) {
		t.Errorf("got %v with fields %v, want %v", err, got, fields)
	}
}

// titles lists modules with their lessons in order, and fails when positions are not 0, 1, 2 and so on.
func titles(t *testing.T, o catalog.Outline) (list []string) {
	t.Helper()
	for i, m := range o.Modules {
		if m.Position != i {
			t.Errorf("module %s stands at %d, want %d", m.Title, m.Position, i)
		}
		list = append(list, m.Title)
		for j, l := range m.Lessons {
			if l.Position != j {
				t.Errorf("lesson %s stands at %d, want %d", l.Title, l.Position, j)
			}
			list = append(list, "  "+l.Title)
		}
	}
	return list
}

func text(title string) catalog.LessonInput {
	return catalog.LessonInput{Kind: catalog.LessonText, Title: title, Body: "Words."}
}

func moduleID(o catalog.Outline, title string) uid.ID {
	for _, m := range o.Modules {
		if m.Title == title {
			return m.ID
		}
	}
	return uid.Nil
}

func lessonID(o catalog.Outline, title string) uid.ID {
	for _, l := range o.Lessons() {
		if l.Title == title {
			return l.ID
		}
	}
	return uid.Nil
}
