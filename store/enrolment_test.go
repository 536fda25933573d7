package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lyceum/auth"
	"lyceum/internal/page"
	"lyceum/internal/uid"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

func TestAnEnrolmentIsKeptAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine := w.Tenant(t)
	o := small(t, w, mine)
	_, e := storetest.EnrolledLearner(t, mine, w, o)
	lesson, at := o.Lessons()[0].ID, w.Now.Now().Add(time.Hour)
	e.Percent, e.LastLessonID, e.StartedAt, e.Source, e.EnrolledBy = 50, &lesson, &at, enrolment.SourceAssigned, &e.PersonID
	session, attempt := uid.New(), uid.New()
	p := enrolment.Progress{
		EnrolmentID: e.ID, LessonID: lesson, Status: enrolment.ProgressStarted, Position: 12.25, PositionAt: 61.5, Watched: enrolment.Intervals{{0, 12.25}, {30, 40}}, Seen: enrolment.Intervals{{0, 61.5}},
		Evidence: enrolment.Evidence{Rule: "passed", SessionID: &session, AttemptID: &attempt, Percent: 80}, StartedAt: at, UpdatedAt: at,
	}
	a := enrolment.Attempt{ID: attempt, EnrolmentID: e.ID, LessonID: lesson, Number: 1, Answers: enrolment.Answers{uid.New(): {uid.New(), uid.New()}}, Percent: 80, Passed: true, SubmittedAt: at}
	within(t, w, mine, func(ctx context.Context) error {
		if err := w.Store.UpdateEnrolment(ctx, e); err != nil {
			return err
		}
		if err := w.Store.PutProgress(ctx, enrolment.Progress{EnrolmentID: e.ID, LessonID: lesson, Status: enrolment.ProgressStarted, StartedAt: at, UpdatedAt: at}); err != nil {
			return err
		}
		if err := w.Store.PutProgress(ctx, p); err != nil {
			return err
		}
		if err := w.Store.AddAttempt(ctx, a); err != nil {
			return err
		}
		got, err := w.Store.EnrolmentIn(ctx, e.PersonID, e.CourseID)
		if err != nil {
			return err
		}
		progress, begun, err := w.Store.LockProgress(ctx, e.ID, lesson)
		if err != nil {
			return err
		}
		all, err := w.Store.ProgressOf(ctx, e.ID)
		if err != nil {
			return err
		}
		attempts, err := w.Store.Attempts(ctx, e.ID, lesson, 5)
		if err != nil {
			return err
		}
		byID, err := w.Store.EnrolmentRecord(ctx, e.ID)
		if err != nil {
			return err
		}
		byCourse, err := w.Store.ShownIn(ctx, e.PersonID, "small")
		if diff := cmp.Diff(e, byID.Enrolment) + cmp.Diff(byID, byCourse.Record); diff != "" || byID.PersonName == "" || byID.PersonEmail == "" || byID.CertificateCode != "" {
			t.Errorf("the record is %+v: %s", byID, diff)
		}
		if diff := cmp.Diff(e, got) + cmp.Diff(p, progress) + cmp.Diff([]enrolment.Progress{p}, all) + cmp.Diff([]enrolment.Attempt{a}, attempts); diff != "" || !begun {
			t.Error(diff)
		}
		return err
	})
}

func TestATenantFindsAndChangesNoEnrolmentOfAnother(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	mine, other := w.Tenant(t), w.Tenant(t)
	o, s := small(t, w, mine), w.Store
	learner, e := storetest.EnrolledLearner(t, mine, w, o)
	if _, err := enrolment.New(enrolment.Options{Keep: s, Now: w.Now.Clock()}).Open(learner, "small", nil); err != nil {
		t.Fatal(err)
	}
	absent(t, w, other, enrolment.ErrEnrolmentNotFound, map[string]func(context.Context) error{
		"EnrolmentIn":     func(ctx context.Context) error { _, err := s.EnrolmentIn(ctx, e.PersonID, e.CourseID); return err },
		"EnrolmentRecord": func(ctx context.Context) error { _, err := s.EnrolmentRecord(ctx, e.ID); return err },
		"ShownIn": func(ctx context.Context) error {
			_, err := s.ShownIn(ctx, e.PersonID, "small")
			return err
		},
		"LockEnrolment":   func(ctx context.Context) error { _, err := s.LockEnrolment(ctx, e.ID); return err },
		"LockEnrolmentIn": func(ctx context.Context) error { _, err := s.LockEnrolmentIn(ctx, e.PersonID, "small"); return err },
		"UpdateEnrolment": func(ctx context.Context) error { return s.UpdateEnrolment(ctx, e) },
		"CompletionOf":    func(ctx context.Context) error { _, err := s.CompletionOf(ctx, e.ID); return err },
	})
	absent(t, w, other, auth.ErrPersonNotFound, map[string]func(context.Context) error{
		"LearnerByID": func(ctx context.Context) error { _, err := s.LearnerByID(ctx, e.PersonID); return err },
	})
	within(t, w, other, func(ctx context.Context) error {
		list, err := s.EnrolmentsOf(ctx, e.PersonID, page.Request{})
		if err != nil {
			return err
		}
		roster, err := s.RosterOf(ctx, e.CourseID, page.Request{})
		if err != nil {
			return err
		}
		progress, err := s.ProgressOf(ctx, e.ID)
		if err != nil {
			return err
		}
		all, done, err := s.LessonCounts(ctx, e.ID, e.VersionID)
		if n := len(list.Items) + len(roster.Items) + len(progress) + all + done; n != 0 {
			t.Errorf("reaches %d rows of another tenant", n)
		}
		return err
	})
	within(t, w, mine, func(ctx context.Context) error {
		all, done, err := s.LessonCounts(ctx, e.ID, e.VersionID)
		if all != 2 || done != 0 {
			t.Errorf("%d of %d lessons are done", done, all)
		}
		return err
	})
}

// What the course page reads in two messages is what GORM reads, column by column.
func TestTheCoursePageReadsWhatIsKept(t *testing.T) {
	t.Parallel()
	w := storetest.New(t)
	ctx := w.Tenant(t)
	o := small(t, w, ctx)
	learner, e := storetest.EnrolledLearner(t, ctx, w, o)
	learn := enrolment.New(enrolment.Options{Keep: w.Store, Now: w.Now.Clock()})
	lesson := o.Lessons()[0].ID
	if _, err := learn.Open(learner, "small", &lesson); err != nil {
		t.Fatal(err)
	}
	byID, err := learn.Show(learner, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // the first time statements are prepared; then they travel together
		bySlug, err := learn.In(learner, "small")
		if diff := cmp.Diff(byID, bySlug, cmpopts.EquateEmpty()); err != nil || diff != "" {
			t.Fatalf("%v\n%s", err, diff)
		}
	}
}
