package enrolment_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"lyceum/auth/policy"
	"lyceum/learning/catalog"
	"lyceum/learning/certificate"
	"lyceum/learning/enrolment"
	"lyceum/store/storetest"
)

// second publishes another version of the small course: a lesson more.
func (h house) second(t *testing.T, o catalog.Outline) catalog.Outline {
	t.Helper()
	changed, _, err := h.catalog.AddLesson(h.manager, o.Course.ID, o.Course.Revision, o.Modules[0].ID, catalog.LessonInput{Kind: catalog.LessonText, Title: "New", Body: "Since this year."})
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.catalog.Publish(h.manager, o.Course.ID, changed.Course.Revision)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (h house) finishAll(t *testing.T, as context.Context, e enrolment.Enrolment, o catalog.Outline) {
	t.Helper()
	for _, l := range o.Lessons() {
		var err error
		if l.Kind == catalog.LessonQuiz {
			_, err = h.learn.Submit(as, e.ID, l.ID, storetest.RightAnswers(l.Questions))
		} else {
			_, err = h.learn.Continue(as, e.ID, l.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPeopleMoveToANewVersionByTheAuthorsChoiceAndNothingIsLost(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Moving")
	half, under := h.enrolled(t, o)
	if _, err := h.learn.Continue(half, under.ID, o.Lessons()[0].ID); err != nil {
		t.Fatal(err)
	}
	whole, done := h.enrolled(t, o)
	h.finishAll(t, whole, done, o)
	_, waiting := h.enrolled(t, o)
	_, gone := h.enrolled(t, o)
	if err := h.learn.Withdraw(h.manager, gone.ID); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(time.Hour)
	next := h.second(t, o)
	if e := h.read(t, waiting.ID); e.VersionID != next.Version.ID {
		t.Error("who had not started stays behind")
	}
	stand, err := h.learn.Standings(h.manager, o.Course.ID)
	if err != nil || len(stand) != 2 || stand[0].NotStarted != 1 || stand[1].InProgress != 1 || stand[1].Done != 1 {
		t.Fatalf("standings %+v, %v", stand, err)
	}
	if n, err := h.learn.MoveAll(h.tenant, o.Course.ID, []enrolment.Stage{enrolment.StageInProgress}, nil); n != 1 || err != nil {
		t.Fatalf("moved %d, %v", n, err)
	}
	if e := h.read(t, under.ID); e.VersionID != next.Version.ID || e.Percent != 33 || e.Status != enrolment.StatusActive {
		t.Errorf("under way: %+v", e)
	}
	if e := h.read(t, done.ID); e.VersionID != o.Version.ID || e.Status != enrolment.StatusCompleted {
		t.Errorf("who had completed was moved without being chosen: %+v", e)
	}
	for _, want := range []int{1, 0} { // run twice it moves once
		if n, err := h.learn.MoveAll(h.tenant, o.Course.ID, enrolment.Stages(), nil); n != want || err != nil {
			t.Fatalf("moved %d, %v; want %d", n, err, want)
		}
	}
	e := h.read(t, done.ID)
	if e.Status != enrolment.StatusActive || e.Percent != 66 || e.CompletedAt != nil {
		t.Errorf("who had completed has something to do: %+v", e)
	}
	moves, err := h.learn.History(whole, done.ID)
	if err != nil || len(moves) != 1 || moves[0].Status != enrolment.StatusCompleted || moves[0].Percent != 100 || moves[0].CompletedAt == nil || len(moves[0].Progress) != 2 {
		t.Fatalf("history %+v, %v", moves, err)
	}
	_, err = h.learn.History(half, done.ID)
	wantFault(t, err, enrolment.ErrEnrolmentNotFound)
	if e := h.read(t, gone.ID); e.VersionID != o.Version.ID {
		t.Error("who was withdrawn was moved")
	}
	if types := storetest.EventTypes(t, h.tenant, h.w, done.ID); !slices.Contains(types, "enrolment.moved") {
		t.Errorf("not told: %v", types)
	}
}

func TestWhoCompletesAgainGetsASecondCertificateAndKeepsTheFirst(t *testing.T) {
	t.Parallel()
	h := setup(t)
	certificates := certificate.New(certificate.Options{Keep: h.w.Store, Now: h.w.Now.Clock()})
	o := h.course(t, "Again")
	learner, e := h.enrolled(t, o)
	h.finishAll(t, learner, e, o)
	first, err := certificates.Issue(h.tenant, e.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(24 * time.Hour)
	next := h.second(t, o)
	if _, err = h.learn.MoveAll(h.tenant, o.Course.ID, []enrolment.Stage{enrolment.StageDone}, nil); err != nil {
		t.Fatal(err)
	}
	if same, err := certificates.Issue(h.tenant, e.ID); err != nil || same.ID != first.ID {
		t.Errorf("a late job gave %+v, %v", same, err)
	}
	for _, l := range next.Lessons() {
		if l.Title == "New" {
			if _, err = h.learn.Continue(learner, e.ID, l.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		second, err := certificates.Issue(h.tenant, e.ID)
		if err != nil || second.ID == first.ID || second.VersionNumber != 2 {
			t.Fatalf("second certificate %+v, %v", second, err)
		}
	}
	mine, err := certificates.Mine(learner)
	if err != nil || len(mine) != 2 {
		t.Fatalf("certificates %v, %v", mine, err)
	}
	if old, err := certificates.ByCode(h.tenant, first.Code); err != nil || old.RevokedAt != nil || old.ReplacedAt == nil {
		t.Errorf("the first one is %+v, %v", old, err)
	}
	if shown, err := h.learn.Show(learner, e.ID); err != nil || shown.CertificateCode != mine[0].Code {
		t.Errorf("the enrolment shows %q, %v", shown.CertificateCode, err)
	}
}

func TestAMoveThatLeavesNothingToDoCompletes(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Shorter")
	learner, e := h.enrolled(t, o)
	if _, err := h.learn.Continue(learner, e.ID, o.Lessons()[0].ID); err != nil {
		t.Fatal(err)
	}
	changed, err := h.catalog.DeleteLesson(h.manager, o.Course.ID, o.Course.Revision, o.Lessons()[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = h.catalog.Publish(h.manager, o.Course.ID, changed.Course.Revision); err != nil {
		t.Fatal(err)
	}
	if _, err = h.learn.MoveAll(h.tenant, o.Course.ID, []enrolment.Stage{enrolment.StageInProgress}, nil); err != nil {
		t.Fatal(err)
	}
	if e = h.read(t, e.ID); e.Status != enrolment.StatusCompleted || e.Percent != 100 || e.CompletedAt == nil {
		t.Errorf("it is %+v", e)
	}
	if types := storetest.EventTypes(t, h.tenant, h.w, e.ID); types[len(types)-1] != "enrolment.completed" {
		t.Errorf("told %v", types)
	}
}

func TestWhoMayMovePeople(t *testing.T) {
	t.Parallel()
	h := setup(t)
	o := h.course(t, "Whose")
	learner, e := h.enrolled(t, o)
	wantFault(t, h.learn.RequestMove(learner, o.Course.ID, enrolment.Stages()), policy.ErrForbidden)
	wantFields(t, h.learn.RequestMove(h.manager, o.Course.ID, nil), "stages")
	wantFields(t, h.learn.RequestMove(h.manager, o.Course.ID, []enrolment.Stage{"asleep"}), "stages")
	wantFault(t, h.learn.RequestMove(h.manager, o.Course.ID, enrolment.Stages()), enrolment.ErrNobodyToMove)
	h.open(t, learner, "whose", nil)
	h.second(t, o)
	if err := h.learn.RequestMove(h.manager, o.Course.ID, []enrolment.Stage{enrolment.StageInProgress, enrolment.StageInProgress}); err != nil {
		t.Fatal(err)
	}
	if types := storetest.EventTypes(t, h.tenant, h.w, o.Course.ID); !slices.Contains(types, "enrolment.move_requested") {
		t.Errorf("not told: %v", types)
	}
	_, err := h.learn.Standings(learner, o.Course.ID)
	wantFault(t, err, policy.ErrForbidden)
	_ = e
}
