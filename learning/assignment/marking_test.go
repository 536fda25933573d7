package assignment_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
	"lyceum/store/storetest"
)

func TestTwoMarkersJudgeWithoutEachOtherAndAThirdDecides(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{TwoMarkers: true, Apart: 20, Scheme: points(10, 50)})
	as, e := h.learner(t)
	w := h.handIn(t, as, e, "Judge me.")
	if s := h.mark(t, h.author, w.ID, 300); s.Stage != assignment.StageSecond {
		t.Errorf("after one mark: %q", s.Stage)
	}
	_, err := h.tasks.Mark(h.author, assignment.MarkInput{Submission: w.ID, Given: rubric.Given{Points: 400}})
	wantFault(t, err, assignment.ErrMarkedOnce)
	sheet, err := h.tasks.Sheet(h.second, w.ID)
	if err != nil || len(sheet.Marks) != 0 || sheet.Others != 1 {
		t.Errorf("the second marker sees %v (%d kept back), %v", sheet.Marks, sheet.Others, err)
	}
	if s := h.mark(t, h.second, w.ID, 900); s.Stage != assignment.StageApart || len(s.Marks) != 2 {
		t.Errorf("60 apart: %q, %d marks seen", s.Stage, len(s.Marks))
	}
	if d := h.desk(t, as, e).Works[0]; d.Released() || d.Percent != nil || len(d.Marks) != 0 {
		t.Errorf("the learner sees %+v", d)
	}
	third := storetest.Instructor(t, h.ctx, h.w)
	h.mark(t, third, w.ID, 800)
	if d := h.desk(t, as, e).Works[0]; *d.Percent != 85 || d.Status != enrolment.SubmissionAccepted || d.Marks[0].MarkerName != "" {
		t.Errorf("the two closest are 90 and 80: %d, %s", *d.Percent, d.Status)
	}
}

func TestMarkersWhoAreApartMayAgree(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{TwoMarkers: true, Apart: 10, Scheme: points(10, 50)})
	as, e := h.learner(t)
	w := h.handIn(t, as, e, "Judge me.")
	agree := assignment.MarkInput{Submission: w.ID, Agreed: true, Given: rubric.Given{Points: 500}}
	_, err := h.tasks.Mark(h.author, agree)
	wantFault(t, err, assignment.ErrNotApart)
	h.mark(t, h.author, w.ID, 300)
	h.mark(t, h.second, w.ID, 900)
	if _, err = h.tasks.Mark(h.author, agree); err != nil {
		t.Fatal(err)
	}
	if d := h.desk(t, as, e).Works[0]; *d.Percent != 50 || len(d.Marks) != 3 {
		t.Errorf("agreed on 50: %d", *d.Percent)
	}
}

func TestMarksAreReleasedTogetherAndNamesStayHiddenUntilThen(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{Together: true, Anonymous: true, Scheme: points(10, 50)})
	a, ea := h.learner(t)
	b, eb := h.learner(t)
	one, two := h.handIn(t, a, ea, "One."), h.handIn(t, b, eb, "Two.")
	h.mark(t, h.author, one.ID, 900)
	wantFault(t, h.tasks.Release(h.author, two.ID), assignment.ErrNotReady)
	list, err := h.tasks.Works(h.author, assignment.Filter{})
	if err != nil || len(list.Items) != 2 || list.Items[0].ID != one.ID {
		t.Fatalf("%+v %v", list, err)
	}
	for _, w := range list.Items {
		if !w.Hidden() || w.PersonName != "" || w.PersonID != uid.Nil || w.EnrolmentID != uid.Nil {
			t.Errorf("the name is there: %+v", w)
		}
	}
	if h.desk(t, a, ea).Works[0].Released() || h.status(t, ea).Status == enrolment.StatusCompleted {
		t.Error("the mark is out before it is released")
	}
	h.mark(t, h.second, two.ID, 100)
	if n, err := h.tasks.ReleaseAll(h.author, h.lesson); err != nil || n != 2 {
		t.Errorf("released %d, %v", n, err)
	}
	if n, err := h.tasks.ReleaseAll(h.author, h.lesson); err != nil || n != 0 {
		t.Errorf("released %d more, %v", n, err)
	}
	if h.status(t, ea).Status != enrolment.StatusCompleted || h.desk(t, b, eb).Works[0].Status != enrolment.SubmissionFailed {
		t.Error("what was released did not arrive")
	}
	if s, err := h.tasks.Sheet(h.author, one.ID); err != nil || s.PersonName == "" {
		t.Errorf("after release the name is %q, %v", s.PersonName, err)
	}
	if types := storetest.EventTypes(t, h.ctx, h.w, ea.ID); !slices.Contains(types, "submission.mark_given") || !slices.Contains(types, "submission.accepted") || !slices.Contains(types, "lesson.completed") {
		t.Errorf("events: %v", types)
	}
}

func TestWorkIsClaimedByOneAndReturnedToBeRevised(t *testing.T) {
	t.Parallel()
	due := storetest.NewClock().Now().Add(time.Hour)
	h := setup(t, assignment.Settings{Due: assignment.DueOn, DueAt: &due, Scheme: points(10, 50)})
	as, e := h.learner(t)
	w := h.handIn(t, as, e, "Take one.")
	if err := h.tasks.Claim(h.author, w.ID, false); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.tasks.Claim(h.second, w.ID, false), assignment.ErrClaimed)
	_, err := h.tasks.Mark(h.second, assignment.MarkInput{Submission: w.ID, Given: rubric.Given{Points: 500}})
	wantFault(t, err, assignment.ErrClaimed)
	if list, err := h.tasks.Works(h.author, assignment.Filter{Mine: true}); err != nil || len(list.Items) != 1 {
		t.Errorf("mine: %v %v", list, err)
	}
	if list, err := h.tasks.Works(h.second, assignment.Filter{Mine: true}); err != nil || len(list.Items) != 0 {
		t.Errorf("theirs: %v %v", list, err)
	}
	_, err = h.tasks.Mark(h.author, assignment.MarkInput{Submission: w.ID, Return: true})
	wantField(t, err, "comment")
	back := h.upload(t, h.author, "notes.docx", 5)
	if _, err = h.tasks.Mark(h.author, assignment.MarkInput{Submission: w.ID, Return: true, Comment: "The second exit is missing.", Files: []uid.ID{back}}); err != nil {
		t.Fatal(err)
	}
	h.w.Now.Advance(48 * time.Hour) // the due date is over, but a revision was asked for
	d := h.desk(t, as, e)
	if d.Refused != nil || len(d.Works[0].Feedback) != 1 || d.Works[0].Comment != "The second exit is missing." || d.LateDays != 0 {
		t.Errorf("%v %+v", d.Refused, d.Works[0])
	}
	h.handIn(t, as, e, "Take two.")
}

func TestAMarkIsObjectedToOnceAndAnsweredWithItsHistory(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{Scheme: points(10, 50), AppealDays: 7})
	as, e := h.learner(t)
	w := h.handIn(t, as, e, "Judge me.")
	wantFault(t, h.tasks.Appeal(as, w.ID, "Too low."), assignment.ErrNoAppeal)
	h.mark(t, h.author, w.ID, 400)
	wantField(t, h.tasks.Appeal(as, w.ID, " "), "reason")
	stranger, _ := h.learner(t)
	wantFault(t, h.tasks.Appeal(stranger, w.ID, "Mine."), assignment.ErrNotFound)
	if err := h.tasks.Appeal(as, w.ID, "Page two was not read."); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.tasks.Appeal(as, w.ID, "Again."), assignment.ErrAppealed)
	if list, err := h.tasks.Works(h.author, assignment.Filter{Appealed: true}); err != nil || len(list.Items) != 1 {
		t.Errorf("appeals: %v %v", list, err)
	}
	in := assignment.AnswerInput{Submission: w.ID, Change: true, Given: rubric.Given{Points: 700}, Answer: "You are right."}
	if err := h.tasks.AnswerAppeal(h.second, in); err != nil {
		t.Fatal(err)
	}
	wantFault(t, h.tasks.AnswerAppeal(h.second, in), assignment.ErrNoAppealOpen)
	d := h.desk(t, as, e).Works[0]
	if *d.Percent != 70 || d.Appeal.Before.Percent != 40 || d.Appeal.After.Percent != 70 || !*d.Appeal.Changed || len(d.Marks) != 2 || d.MayAppeal {
		t.Errorf("%+v %+v", d, d.Appeal)
	}
	if h.status(t, e).Status != enrolment.StatusCompleted {
		t.Error("the changed mark passes, and completes nothing")
	}
}

func TestWorkIsMarkedByTheRulesItCameUnder(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{Scheme: points(10, 50)})
	as, e := h.learner(t)
	w := h.handIn(t, as, e, "Old rules.")
	h.rules(t, assignment.Settings{Scheme: points(100, 90)})
	if s := h.mark(t, h.author, w.ID, 600); *s.Percent != 60 || s.Status != enrolment.SubmissionAccepted {
		t.Errorf("%d %s", *s.Percent, s.Status)
	}
	_, err := h.tasks.SetRules(h.author, assignment.SetRulesInput{Course: h.course.Course.ID, Lesson: h.lesson, Number: 1})
	wantFault(t, err, assignment.ErrSettingsMoved)
}

const story = "On the evening of the drill the whole second floor left by the western stairs, because somebody had locked the door to the yard and nobody knew where the key was kept. We counted forty people in the street after six minutes, which is two more than last year."

func TestWorksOfACohortAreComparedAndTheTemplateIsNot(t *testing.T) {
	t.Parallel()
	template := "Describe in your own words how your floor was left during the last drill and what you would change about it."
	h := setup(t, assignment.Settings{Alike: true, Template: template})
	hand := func(text string) assignment.Submission {
		as, e := h.learner(t)
		w := h.handIn(t, as, e, text)
		for range 2 { // a job may run twice
			if err := h.tasks.Fingerprint(h.ctx, w.ID); err != nil {
				t.Fatal(err)
			}
		}
		return w
	}
	own := hand(template + " We went down the fire escape, as the sign at the lift tells everybody who can read it, and waited at the fountain.")
	first := hand(template + " " + story)
	copied := hand(template + " It was like this. " + strings.ToUpper(strings.ReplaceAll(story, ", ", "\n")) + " And then I went home by bus with my colleague from the first floor as on any other day of the week.")
	s, err := h.tasks.Sheet(h.author, copied.ID)
	if err != nil || len(s.Similar) != 1 || s.Similar[0].OtherID != first.ID || s.Similar[0].Percent < 40 || s.Similar[0].Percent > 90 {
		t.Errorf("%+v %v", s.Similar, err)
	}
	if s, err := h.tasks.Sheet(h.author, own.ID); err != nil || len(s.Similar) != 0 {
		t.Errorf("only the template is alike: %+v %v", s.Similar, err)
	}
	c, err := h.tasks.Compare(h.author, copied.ID, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if c.Back < 90 || !strings.HasPrefix(strings.ToLower(paired(c.InOne)), "on the evening of the drill") || !strings.HasSuffix(paired(c.InOther), "more than last year") {
		t.Errorf("%d\n%s\n%s", c.Back, paired(c.InOne), paired(c.InOther))
	}
	if list, err := h.tasks.Works(h.author, assignment.Filter{}); err != nil || list.Items[2].Alike != s.Similar[0].Percent {
		t.Errorf("%+v %v", list.Items, err)
	}
	as, _ := h.learner(t)
	if _, err = h.tasks.Compare(as, copied.ID, first.ID); err == nil {
		t.Error("a learner compares works")
	}
}

func paired(pieces []assignment.Piece) string {
	var parts []string
	for _, p := range pieces {
		if p.Pair > 0 {
			parts = append(parts, p.Text)
		}
	}
	return strings.Join(parts, " ")
}

// The guarantee of winnowing: whatever stands in both in a run of nine words is found, wherever it stands.
func TestARunOfNineWordsIsAlwaysFound(t *testing.T) {
	t.Parallel()
	run := "the key to the yard was kept by nobody"
	for n := range 40 {
		before := strings.Repeat("alpha", n%7+1) + strings.Repeat(" w"+strings.Repeat("x", n), n)
		text := before + " " + run + " " + strings.Repeat("y", n+1) + " and so on it went for a while until the end"
		if assignment.Alike(assignment.Prints(run, ""), assignment.Prints(text, "")) == 0 {
			t.Errorf("behind %d words the run is not found", n)
		}
	}
	if assignment.Alike(assignment.Prints(run, run), assignment.Prints(run, "")) != 0 {
		t.Error("what the template has is counted")
	}
	if got := assignment.Prints("five words are too few", ""); len(got) != 0 {
		t.Errorf("%v", got)
	}
}

func TestPassagesLoseNoByteOfEitherText(t *testing.T) {
	t.Parallel()
	a, b := "Ä: "+story+" … end", "begin — "+story+story
	inA, inB := assignment.Passages(a, b, "")
	join := func(list []assignment.Piece) (s string) {
		for _, p := range list {
			s += p.Text
		}
		return s
	}
	if join(inA) != a || join(inB) != b {
		t.Errorf("%q\n%q", join(inA), join(inB))
	}
}

func TestMarkingNeedsSomebodyElse(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{})
	_, err := h.tasks.Mark(context.WithoutCancel(h.ctx), assignment.MarkInput{Submission: uid.New(), Given: rubric.Given{Passed: true}})
	if err == nil {
		t.Error("nobody marks")
	}
}
