package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/catalog"
	"lyceum/learning/content"
	"lyceum/learning/enrolment"
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

// noFiles has no files.
type noFiles struct{}

func (noFiles) Raw(context.Context, uid.ID, int64) ([]byte, content.File, error) {
	return nil, content.File{}, nil
}

// What has no grade counts as nothing once it is due: by its own date where it has one, by an extension of that, or else by the
// person's date in the course.
func TestWhatIsMissingIsOverdueByItsOwnDate(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	in := storetest.SmallCourse("Escape routes")
	in.Modules[0].Lessons = []catalog.LessonInput{
		{Kind: catalog.LessonSubmission, Title: "Plan", Body: "Draw it.", Completion: catalog.Completion{Rule: catalog.RuleMarked}},
		{Kind: catalog.LessonSubmission, Title: "Report", Body: "Write it.", Completion: catalog.Completion{Rule: catalog.RuleMarked}},
	}
	course := storetest.PublishedCourse(t, ctx, w, in)
	teacher := storetest.Instructor(t, ctx, w)
	_, one := storetest.EnrolledLearner(t, ctx, w, course)
	_, two := storetest.EnrolledLearner(t, ctx, w, course)
	tasks := assignment.New(assignment.Options{Keep: w.Store, Enrolment: enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()}), Files: noFiles{}, Now: w.Now.Clock()})
	plan, due := course.Lessons()[0].ID, w.Now.Now().Add(48*time.Hour)
	if _, err := tasks.SetRules(teacher, assignment.SetRulesInput{Course: course.Course.ID, Lesson: plan, Settings: assignment.Settings{Due: assignment.DueOn, DueAt: &due}}); err != nil {
		t.Fatal(err)
	}
	if _, err := tasks.Extend(teacher, assignment.ExtendInput{Enrolment: two.ID, Lesson: plan, Until: due.AddDate(0, 0, 7), Reason: "Was ill."}); err != nil {
		t.Fatal(err)
	}
	grades := gradebook.New(w.Store, w.Now.Clock())
	settings := gradebook.DefaultSettings()
	settings.Missing = gradebook.MissingOverdue
	if _, err := grades.SetSettings(teacher, gradebook.SetInput{Course: course.Course.ID, Settings: settings}); err != nil {
		t.Fatal(err)
	}
	missing := func(e enrolment.Enrolment) (titles []string) {
		t.Helper()
		s, err := grades.Sheet(teacher, course.Course.ID, e.ID)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range s.Person.Row.Cells {
			if c.Source == gradebook.SourceMissing {
				titles = append(titles, s.Columns[i].Title)
			}
		}
		return titles
	}
	for _, step := range []struct {
		days     int
		one, two []string
	}{{0, nil, nil}, {3, []string{"Plan"}, nil}, {7, []string{"Plan"}, []string{"Plan"}}} {
		w.Now.Advance(time.Duration(step.days) * 24 * time.Hour)
		if a, b := missing(one), missing(two); !slices.Equal(a, step.one) || !slices.Equal(b, step.two) {
			t.Errorf("after %d more days: %q and %q", step.days, a, b)
		}
	}
}
