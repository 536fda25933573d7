package store_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/gradebook"
	"lyceum/store/storetest"
)

// Grades, settings and history of a course are seen in its own tenant, by who marks, and by nobody else.
func TestGradesOfAnotherTenantAreNotSeen(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx, other := w.Tenant(t), w.Tenant(t)
	course := storetest.PublishedCourse(t, ctx, w, storetest.SmallCourse("Fire"))
	learner, e := storetest.EnrolledLearner(t, ctx, w, course)
	grades := gradebook.New(w.Store, w.Now.Clock())
	teacher, stranger := storetest.Instructor(t, ctx, w), storetest.Instructor(t, other, w)
	full := gradebook.Whole
	entry := gradebook.Entry{Course: course.Course.ID, Enrolment: e.ID, Grade: &full, Reason: "Said so."}
	if err := grades.Enter(teacher, entry); err != nil {
		t.Fatal(err)
	}
	if s, err := grades.Sheet(teacher, course.Course.ID, e.ID); err != nil || len(s.History) != 1 {
		t.Fatalf("%+v, %v", s.History, err)
	}
	if err := grades.Enter(learner, entry); !errors.Is(err, policy.ErrForbidden) {
		t.Errorf("a learner enters grades: %v", err)
	}
	_, err1 := grades.Book(stranger, course.Course.ID, page.Request{})
	_, err2 := grades.Sheet(stranger, course.Course.ID, e.ID)
	_, err3 := grades.Plan(stranger, course.Course.ID, [][]string{{"email", "Talk"}})
	for n, err := range []error{err1, err2, err3, grades.Enter(stranger, entry)} {
		if err == nil {
			t.Errorf("a stranger may do %d", n)
		}
	}
	if err := w.Store.InTenant(other, func(ctx context.Context) error {
		marks, err1 := w.Store.GradebookMarksOf(ctx, []uid.ID{e.ID})
		history, err2 := w.Store.GradebookHistory(ctx, e.ID, 10)
		list, err3 := w.Store.GradesOf(ctx, []uid.ID{e.ID})
		people, err4 := w.Store.GradedPeople(ctx, course.Course.ID, page.Request{})
		if len(marks)+len(history)+len(list)+len(people.Items) != 0 {
			t.Error("the other tenant sees rows")
		}
		return errors.Join(err1, err2, err3, err4)
	}); err != nil {
		t.Error(err)
	}
}
