package assignment_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"lyceum/auth"
	"lyceum/internal/uid"
	"lyceum/learning/assignment"
	"lyceum/learning/enrolment"
	"lyceum/learning/rubric"
	"lyceum/store/storetest"
)

func TestADraftSurvivesAndASecondWindowDoesNotOverwriteIt(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{})
	as, e := h.learner(t)
	file := h.upload(t, as, "map.docx", 10)
	in := assignment.DraftInput{Enrolment: e.ID, Lesson: h.lesson, Text: "First, the yard.", Files: []uid.ID{file}}
	d, err := h.tasks.SaveDraft(as, in)
	if err != nil || d.Revision != 1 {
		t.Fatal(d, err)
	}
	if again, err := h.tasks.SaveDraft(as, in); err != nil || again.Revision != 1 {
		t.Errorf("the same saved again is %+v, %v", again, err)
	}
	in.Text = "Another window."
	_, err = h.tasks.SaveDraft(as, in)
	wantFault(t, err, assignment.ErrDraftChanged)
	if now := h.desk(t, as, e); now.Draft.Text != "First, the yard." || len(now.DraftFiles) != 1 || now.DraftFiles[0].Name != "map.docx" {
		t.Errorf("the draft is %+v", now.Draft)
	}
	other, theirs := h.learner(t)
	if d, err := h.tasks.SaveDraft(other, assignment.DraftInput{Enrolment: theirs.ID, Lesson: h.lesson, Text: "Without a file."}); err != nil || d.Revision != 1 || h.desk(t, other, theirs).Draft.Text != "Without a file." {
		t.Errorf("a draft without a file: %+v, %v", d, err)
	}
	_, err = h.tasks.SaveDraft(other, in)
	wantFault(t, err, enrolment.ErrEnrolmentNotFound)
	in.Revision, in.Files = 1, []uid.ID{h.upload(t, other, "theirs.docx", 10)}
	_, err = h.tasks.SaveDraft(as, in)
	wantField(t, err, "files")
	h.handIn(t, as, e, "Done.")
	if now := h.desk(t, as, e); now.Draft.Text != "" {
		t.Error("the draft is still there after it was handed in")
	}
}

func TestTheRulesSayWhatIsTaken(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{Files: 2, Types: []string{"docx"}, FileMB: 1, MinWords: 3, MaxWords: 5})
	as, e := h.learner(t)
	try := func(text string, files ...uid.ID) error {
		_, err := h.tasks.HandIn(as, assignment.HandInput{Enrolment: e.ID, Lesson: h.lesson, Text: text, Files: files})
		return err
	}
	good, large, film := h.upload(t, as, "A.DOCX", 1<<20), h.upload(t, as, "b.docx", 1<<20+1), h.upload(t, as, "c.mp4", 1)
	wantField(t, try("two words", good), "text")
	wantField(t, try("one two three four five six", good), "text")
	wantField(t, try("one two three", large), "files")
	wantField(t, try("one two three", film), "files")
	wantField(t, try("one two three", good, good, good), "files")
	wantField(t, try("one two three", uid.New()), "files")
	wantField(t, try(""), "text")
	if err := try("one — two three", good, h.upload(t, as, "d.docx", 3)); err != nil {
		t.Fatal(err)
	}
	d := h.desk(t, as, e)
	if len(d.Works) != 1 || len(d.Works[0].Files) != 2 || len(d.Works[0].Receipt) != 64 || d.Refused == nil {
		t.Errorf("%+v", d.Works)
	}
}

func TestWhatComesLateIsTakenAndCostsWhatWasSaidBefore(t *testing.T) {
	t.Parallel()
	due := storetest.NewClock().Now().Add(time.Hour)
	h := setup(t, assignment.Settings{Due: assignment.DueOn, DueAt: &due, LateDays: 3, LateOff: 10, Floor: 65, Scheme: points(10, 50), AppealDays: 7})
	as, e := h.learner(t)
	late, el := h.learner(t)
	if d := h.desk(t, as, e); d.LateDays != 0 || d.Off != 0 || !d.Due.Equal(due) || !d.Closes.Equal(due.AddDate(0, 0, 3)) {
		t.Errorf("before: %+v", d)
	}
	h.w.Now.Advance(time.Hour + 25*time.Hour)
	if d := h.desk(t, as, e); d.LateDays != 2 || d.Off != 20 {
		t.Errorf("on the second day late: %d days, %d off", d.LateDays, d.Off)
	}
	w := h.handIn(t, as, e, "Late.")
	h.mark(t, h.author, w.ID, 800)
	d := h.desk(t, as, e).Works[0]
	if *d.Percent != 65 || d.Before != 80 || d.Off != 20 || d.Status != enrolment.SubmissionAccepted {
		t.Errorf("80 less 20 with a floor of 65 is %d of %d", *d.Percent, d.Before)
	}
	h.w.Now.Advance(72 * time.Hour)
	_, err := h.tasks.HandIn(late, assignment.HandInput{Enrolment: el.ID, Lesson: h.lesson, Text: "Too late."})
	wantFault(t, err, assignment.ErrClosed)
	_, err = h.tasks.Extend(h.author, assignment.ExtendInput{Enrolment: el.ID, Lesson: h.lesson, Until: h.w.Now.Now().Add(time.Hour)})
	wantField(t, err, "reason")
	if _, err = h.tasks.Extend(h.author, assignment.ExtendInput{Enrolment: el.ID, Lesson: h.lesson, Until: h.w.Now.Now().Add(time.Hour), Reason: "Was ill."}); err != nil {
		t.Fatal(err)
	}
	if w := h.handIn(t, late, el, "In time now."); w.LateDays != 0 {
		t.Errorf("with more time it is %d days late", w.LateDays)
	}
	if types := storetest.EventTypes(t, h.ctx, h.w, el.ID); !slices.Contains(types, "assignment.extended") {
		t.Errorf("events: %v", types)
	}
}

func TestADueDateAfterEnrollingEndsWithTheLearnersDay(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s := assignment.Settings{Due: assignment.DueAfter, DueDays: 7}
	// Enrolled at 23:30 UTC on the 20th, which is the 21st in Berlin; the clocks change on the 29th.
	got := s.DueFor(assignment.Whose{EnrolledAt: time.Date(2026, 3, 22, 23, 30, 0, 0, time.UTC), Place: berlin})
	if want := time.Date(2026, 3, 30, 21, 59, 59, 0, time.UTC); !got.Equal(want) {
		t.Errorf("due %s, want %s", got, want)
	}
}

func TestAttemptsAreCountedAndKept(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{Attempts: 2, Scheme: points(10, 50)})
	as, e := h.learner(t)
	first := h.handIn(t, as, e, "First.")
	_, err := h.tasks.HandIn(as, assignment.HandInput{Enrolment: e.ID, Lesson: h.lesson, Text: "Another."})
	wantFault(t, err, enrolment.ErrSubmissionWaits)
	again, err := h.tasks.HandIn(as, assignment.HandInput{Enrolment: e.ID, Lesson: h.lesson, Text: "First."})
	if err != nil || again.ID != first.ID {
		t.Errorf("the button pressed twice: %v, %v", again.ID, err)
	}
	h.mark(t, h.author, first.ID, 100)
	if d := h.desk(t, as, e); d.Refused != nil || d.Left != 1 || d.Works[0].Status != enrolment.SubmissionFailed {
		t.Errorf("after a failed attempt: %v, %d left", d.Refused, d.Left)
	}
	if h.status(t, e).Status == enrolment.StatusCompleted {
		t.Error("a failed attempt completes the course")
	}
	second := h.handIn(t, as, e, "Second.")
	if second.Number != 2 {
		t.Errorf("the second is number %d", second.Number)
	}
	h.mark(t, h.author, second.ID, 900)
	if h.status(t, e).Status != enrolment.StatusCompleted {
		t.Error("passing does not complete the course")
	}
	d := h.desk(t, as, e)
	if len(d.Works) != 2 || d.Works[0].Text != "Second." || d.Works[1].Text != "First." || d.Works[1].Comment != "Seen." {
		t.Errorf("history: %+v", d.Works)
	}
}

func TestMembersHandInForTheirGroupAndAllGetTheMark(t *testing.T) {
	t.Parallel()
	h := setup(t, assignment.Settings{})
	a, ea := h.learner(t)
	b, eb := h.learner(t)
	lone, el := h.learner(t)
	group := auth.Group{ID: uid.New(), Name: "Team red", CreatedAt: h.w.Now.Now(), UpdatedAt: h.w.Now.Now()}
	err := h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		if err := h.w.Store.InsertGroup(ctx, group); err != nil {
			return err
		}
		_, err := h.w.Store.AddMembers(ctx, group.ID, []uid.ID{ea.PersonID, eb.PersonID})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.rules(t, assignment.Settings{Groups: []uid.ID{group.ID}, Scheme: points(10, 50)})
	if d := h.desk(t, a, ea); d.Team != "Team red" || len(d.TeamMates) != 2 {
		t.Errorf("%q %v", d.Team, d.TeamMates)
	}
	// Both press at once: one submission is taken, and nothing is stuck.
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, c := range []struct {
		as context.Context
		e  enrolment.Enrolment
	}{{a, ea}, {b, eb}} {
		wg.Go(func() {
			_, errs[i] = h.tasks.HandIn(c.as, assignment.HandInput{Enrolment: c.e.ID, Lesson: h.lesson, Text: "Ours."})
		})
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("both at once: %v", errs)
	}
	d := h.desk(t, b, eb)
	if len(d.Works) != 1 || len(d.Works[0].Members) != 2 {
		t.Fatalf("%+v", d.Works)
	}
	// Who leaves the group afterwards keeps what they did.
	err = h.w.Store.InTenant(h.ctx, func(ctx context.Context) error {
		_, err := h.w.Store.RemoveMembers(ctx, group.ID, []uid.ID{eb.PersonID})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.mark(t, h.author, d.Works[0].ID, 900)
	for _, e := range []enrolment.Enrolment{ea, eb} {
		if h.status(t, e).Status != enrolment.StatusCompleted {
			t.Error("a member did not get the mark")
		}
	}
	if now := h.desk(t, b, eb); len(now.Works) != 1 || *now.Works[0].Percent != 90 {
		t.Errorf("who left sees %+v", now.Works)
	}
	if w := h.handIn(t, lone, el, "Alone."); w.GroupID != nil {
		t.Error("who is in no group hands in for one")
	}
}

func TestNobodySeesAnotherTenantsOrAnotherPersonsWork(t *testing.T) {
	t.Parallel()
	h, other := setup(t, assignment.Settings{}), setup(t, assignment.Settings{})
	as, e := h.learner(t)
	w := h.handIn(t, as, e, "Mine.")
	stranger, _ := h.learner(t)
	for _, ctx := range []context.Context{stranger, other.author} {
		_, err := h.tasks.Sheet(ctx, w.ID)
		wantFault(t, err, assignment.ErrNotFound)
	}
	if list, err := other.tasks.Works(other.author, assignment.Filter{}); err != nil || len(list.Items) != 0 {
		t.Errorf("another tenant sees %v, %v", list, err)
	}
	_, err := h.tasks.Works(as, assignment.Filter{})
	if err == nil {
		t.Error("a learner sees what others handed in")
	}
	_, err = h.tasks.Mark(as, assignment.MarkInput{Submission: w.ID, Given: rubric.Given{Passed: true}})
	if err == nil {
		t.Error("a learner marks")
	}
}
