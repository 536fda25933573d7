package catalog_test

import (
	"testing"

	"lyceum/learning/catalog"
	"lyceum/store/storetest"
)

func TestALessonSavedAfterTheReviewWasAskedForIsReadOverAgain(t *testing.T) {
	t.Parallel()
	h := setup(t)
	if err := h.catalog.SetRules(h.admin(t), catalog.Rules{ReviewRequired: true}); err != nil {
		t.Fatal(err)
	}
	reader := storetest.Instructor(t, h.tenant, h.w)
	id, first, _ := h.written(t)
	asked := func() int {
		t.Helper()
		o, err := h.catalog.Edit(h.instructor, id)
		if err == nil {
			err = h.catalog.AskReview(h.instructor, id, o.Course.Revision, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		return o.Course.Revision
	}
	read := asked()
	h.save(t, id, first, body("said while it is being read"))
	wantFault(t, h.catalog.Approve(reader, id, read, ""), catalog.ErrReviewNotAsked)

	now := asked()
	// The page that was opened before the save shows another text than the one that waits now.
	wantFault(t, h.catalog.Approve(reader, id, read, ""), catalog.ErrRevision)
	if err := h.catalog.Approve(reader, id, now, ""); err != nil {
		t.Fatal(err)
	}
	h.save(t, id, first, body("said while it is being read")) // says nothing new
	if err := h.catalog.Check(h.instructor, id); err != nil {
		t.Errorf("a save that changes nothing takes the approval away: %v", err)
	}
	w, err := h.catalog.Lesson(h.instructor, id, first)
	if err != nil {
		t.Fatal(err)
	}
	in := catalog.LessonSave{Revision: w.Lesson.Revision, Automatic: true, Lesson: body("slipped in after the approval")}
	if w, err = h.catalog.SaveLesson(h.instructor, id, first, in); err != nil || w.Course.Review != catalog.ReviewNone {
		t.Fatalf("stands at %q, %v", w.Course.Review, err)
	}
	wantFault(t, h.catalog.Check(h.instructor, id), catalog.ErrReviewNeeded)
	_, err = h.catalog.Publish(h.instructor, id, w.Course.Revision)
	wantFault(t, err, catalog.ErrReviewNeeded)
	told := 0
	for _, e := range storetest.EventTypes(t, h.tenant, h.w, id) {
		if e == "course.review_taken_back" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("that the review was taken back was told %d times", told)
	}
}
