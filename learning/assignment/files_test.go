package assignment_test

import (
	"context"
	"errors"
	"testing"

	"lyceum/auth/policy"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/content"
	"lyceum/learning/rubric"
	"lyceum/store/storetest"
)

// What is handed in is read by those whose it is and by those who mark; what is given back with a mark by the same, but by
// learners only once they have the mark, and by nobody else ever: not by who is in the course, who writes courses, a manager, or
// another tenant.
func TestFilesOfWorkAreReadByWhomTheyConcern(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{Scheme: points(10, 50), Together: true})
	as, e := h.learner(t)
	other, _ := h.learner(t)
	strange := h.w.Tenant(t)
	stranger := storetest.Instructor(t, strange, h.w)
	manager := storetest.As(t, h.ctx, h.w, storetest.Person(t, h.ctx, h.w, policy.Manager))
	read := func(who context.Context, file uid.ID) bool {
		t.Helper()
		_, err := content.New(content.Options{Keep: h.w.Store, Now: h.w.Now.Clock()}).File(who, file) // nothing remembered
		if err != nil && !errors.Is(err, content.ErrFileNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	check := func(when string, file uid.ID, learner bool) {
		t.Helper()
		for name, c := range map[string]struct {
			who  context.Context
			want bool
		}{
			"whose it is": {as, learner}, "another learner": {other, false}, "who marks": {h.author, true}, "another who marks": {h.second, true}, "a manager": {manager, false}, "another tenant": {stranger, false},
		} {
			if got := read(c.who, file); got != c.want {
				t.Errorf("%s: %s reads it: %v", when, name, got)
			}
		}
	}
	handed := h.upload(t, as, "map.docx", 10)
	w, err := h.tasks.HandIn(as, assignment.HandInput{Enrolment: e.ID, Lesson: h.lesson, Files: []uid.ID{handed}})
	if err != nil {
		t.Fatal(err)
	}
	check("handed in", handed, true)
	back := h.upload(t, h.author, "notes.docx", 5)
	if _, err = h.tasks.Mark(h.author, assignment.MarkInput{Submission: w.ID, Given: rubric.Given{Points: 8 * rubric.One}, Comment: "See my notes.", Files: []uid.ID{back}}); err != nil {
		t.Fatal(err)
	}
	check("marked, and not released", back, false)
	if d := h.desk(t, as, e); len(d.Works[0].Feedback) != 0 {
		t.Errorf("its name is told before: %+v", d.Works[0].Feedback)
	}
	if err = h.tasks.Release(h.author, w.ID); err != nil {
		t.Fatal(err)
	}
	check("released", back, true)
	check("released", handed, true)
}
